//! Arguments whose number is known at run time only.
//!
//! ```text
//! (2.0, &x, &mut y)                                a tuple: the number and the types are rustc's affair
//! list.push(2.0).push(&x).push(&mut y)             a list: made in a loop, for a kernel traced from the user's text
//! ```
//!
//! Whether they fit the kernel is checked by the call in either case.

use crate::argument::{Argument, Arguments, Binder};
use parfuse_ir::Scalar;

/// The arguments of a kernel, as many as are known at run time. For as many as 64 there are tuples.
///
/// ```
/// use ndarray::{Array1, array};
/// use parfuse::{ArgumentList, Engine};
///
/// let columns = vec![array![1.0, 2.0], array![10.0, 20.0], array![100.0, 200.0]];
/// let engine = Engine::new()?;
/// let sum = engine.trace("sum", |t| {
///     let names: Vec<String> = (0..columns.len()).map(|i| format!("column{i}")).collect();
///     let arrays: Vec<_> = names.iter().map(|name| t.array::<f64>(name, 1)).collect();
///     arrays.into_iter().reduce(|a, b| a + b).unwrap()
/// })?;
/// let mut arguments = ArgumentList::new();
/// for column in &columns {
///     arguments.push(column);
/// }
/// let total: Array1<f64> = sum.serial(arguments)?;
/// assert_eq!(total, array![111.0, 222.0]);
/// # Ok::<(), parfuse::Error>(())
/// ```
#[derive(Default)]
pub struct ArgumentList<'l>(Vec<Box<dyn AnyArgument + 'l>>);

impl<'l> ArgumentList<'l> {
    /// No arguments yet.
    pub fn new() -> ArgumentList<'l> {
        ArgumentList::default()
    }
    /// Adds the next argument.
    pub fn push(&mut self, argument: impl Argument + 'l) -> &mut Self {
        self.0.push(Box::new(argument));
        self
    }
    /// The number of arguments.
    pub fn len(&self) -> usize {
        self.0.len()
    }
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl std::fmt::Debug for ArgumentList<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ArgumentList of {}", self.0.len())
    }
}

/// An argument of any type.
#[doc(hidden)]
#[allow(missing_docs, reason = "what `Argument` has, for any type of it")]
pub trait AnyArgument {
    fn bind_any<'a>(&'a mut self, binder: &mut Binder<'a>);
    fn save_any(&self) -> Option<Vec<Scalar>>;
    fn restore_any(&mut self, saved: &[Scalar]);
    fn elements_any(&self) -> usize;
}

impl<A: Argument> AnyArgument for A {
    fn bind_any<'a>(&'a mut self, binder: &mut Binder<'a>) {
        self.reborrow().bind(binder);
    }
    fn save_any(&self) -> Option<Vec<Scalar>> {
        self.save()
    }
    fn restore_any(&mut self, saved: &[Scalar]) {
        self.restore(saved);
    }
    fn elements_any(&self) -> usize {
        self.elements()
    }
}

impl Arguments for ArgumentList<'_> {
    fn bind_all<'a>(&'a mut self, binder: &mut Binder<'a>) {
        self.0.iter_mut().for_each(|argument| argument.bind_any(binder));
    }
    fn save_all(&self) -> Vec<Option<Vec<Scalar>>> {
        self.0.iter().map(|argument| argument.save_any()).collect()
    }
    fn longest(&self) -> usize {
        self.0.iter().map(|argument| argument.elements_any()).max().unwrap_or(0)
    }
    fn restore_all(&mut self, saved: &[Option<Vec<Scalar>>]) {
        for (argument, saved) in self.0.iter_mut().zip(saved) {
            if let Some(saved) = saved {
                argument.restore_any(saved);
            }
        }
    }
}
