//! What is compared: arguments of any kinds, the function itself, and results of one type.
//!
//! ```text
//! Given    a value of `Arguments` and a closure of it      Kernel::compare    ┐
//! Shown    arguments that are shown one by one             name::compare      ┴─▶ Runs<R> ─▶ dyn AnyRuns
//! ```
//!
//! The comparison itself knows of no types, so that it is compiled once and not for each kernel.

use super::Agreement;
use crate::argument::{Arguments, Binder, Offers};
use crate::argument_list::AnyArgument;
use crate::error::Error;
use crate::kernel::{Kernel, Variant};
use crate::returned::Returned;
use crate::room::Nested;
use crate::specialise::Specialisation;
use parfuse_ir::Scalar;
use std::hint::black_box;
use std::sync::Arc;

/// What a comparison asks of whoever has the arguments.
#[doc(hidden)]
#[allow(missing_debug_implementations, reason = "it holds a closure")]
pub enum Step<'s, R> {
    /// Show the arguments.
    Arguments(&'s mut dyn FnMut(&mut [&mut dyn AnyArgument])),
    /// Run the function itself on them, and leave its result here.
    Reference(&'s mut Option<R>),
}

/// Who has the arguments: a closure that does what is asked of it.
#[doc(hidden)]
pub trait Steps<R> {
    /// Does it.
    fn step(&mut self, step: Step<'_, R>);
}

impl<R, F: FnMut(Step<'_, R>)> Steps<R> for F {
    #[cold]
    fn step(&mut self, step: Step<'_, R>) {
        self(step);
    }
}

/// The arguments of all runs.
pub(super) trait Subject {
    fn bind(&mut self, then: &mut dyn FnMut(&Binder<'_>));
    fn save(&mut self) -> Vec<Option<Vec<Scalar>>>;
    fn restore(&mut self, saved: &[Option<Vec<Scalar>>]);
    /// The number of elements of the largest array.
    fn longest(&mut self) -> usize;
}

/// With the function itself.
pub(super) trait SubjectOf<R>: Subject {
    fn reference(&mut self) -> R;
}

/// Arguments as a value, and a closure of them.
pub(super) struct Given<A, F> {
    pub(super) args: A,
    pub(super) reference: F,
}

impl<A: Arguments, F> Subject for Given<A, F> {
    fn bind(&mut self, then: &mut dyn FnMut(&Binder<'_>)) {
        let mut binder = Binder::default();
        self.args.bind_all(&mut binder);
        then(&binder);
    }
    fn save(&mut self) -> Vec<Option<Vec<Scalar>>> {
        self.args.save_all()
    }
    fn restore(&mut self, saved: &[Option<Vec<Scalar>>]) {
        self.args.restore_all(saved);
    }
    fn longest(&mut self) -> usize {
        self.args.longest()
    }
}

impl<R, A: Arguments, F: FnMut(&mut A) -> R> SubjectOf<R> for Given<A, F> {
    fn reference(&mut self) -> R {
        (self.reference)(&mut self.args)
    }
}

/// Arguments that whoever has them shows one by one.
pub(super) struct Shown<'s, R>(pub(super) &'s mut dyn Steps<R>);

impl<R> Subject for Shown<'_, R> {
    fn bind(&mut self, then: &mut dyn FnMut(&Binder<'_>)) {
        self.0.step(Step::Arguments(&mut |arguments| {
            let mut binder = Binder::default();
            arguments.iter_mut().for_each(|argument| argument.bind_any(&mut binder));
            then(&binder);
        }));
    }
    fn save(&mut self) -> Vec<Option<Vec<Scalar>>> {
        let mut saved = Vec::new();
        self.0.step(Step::Arguments(&mut |arguments| {
            saved = arguments.iter().map(|argument| argument.save_any()).collect();
        }));
        saved
    }
    fn restore(&mut self, saved: &[Option<Vec<Scalar>>]) {
        self.0.step(Step::Arguments(&mut |arguments| {
            for (argument, saved) in arguments.iter_mut().zip(saved) {
                if let Some(saved) = saved {
                    argument.restore_any(saved);
                }
            }
        }));
    }
    fn longest(&mut self) -> usize {
        let mut longest = 0;
        self.0.step(Step::Arguments(&mut |arguments| {
            longest = arguments.iter().map(|argument| argument.elements_any()).max().unwrap_or(0);
        }));
        longest
    }
}

impl<R> SubjectOf<R> for Shown<'_, R> {
    fn reference(&mut self) -> R {
        let mut result = None;
        self.0.step(Step::Reference(&mut result));
        result.expect("the function has been run")
    }
}

/// The runs on a subject, with the results of the last one and of those that are to be kept.
pub(super) struct Runs<'s, R> {
    subject: &'s mut dyn SubjectOf<R>,
    last: Option<R>,
    kept: Vec<R>,
}

impl<'s, R> Runs<'s, R> {
    pub(super) fn of(subject: &'s mut dyn SubjectOf<R>) -> Runs<'s, R> {
        Runs { subject, last: None, kept: Vec::new() }
    }
}

/// Runs with results of some type.
pub(super) trait AnyRuns {
    fn arguments(&mut self) -> &mut dyn Subject;
    /// The specialisation of a kernel for the arguments, in thorough code from now on.
    fn made_thorough(&mut self, kernel: &Kernel) -> Result<Arc<Nested<Specialisation>>, Error>;
    /// Runs the function itself, or a compiled variant.
    fn run(&mut self, kernel: &Kernel, which: Option<Variant>) -> Result<(), Error>;
    /// Frees the result of the last run, so that the next one need not.
    fn forget(&mut self);
    /// Keeps the result of the last run.
    fn keep(&mut self);
    /// How the result of a run, of the last one if it is not one of those kept, agrees with one of those kept.
    fn agreement(&self, of: Option<usize>, with: usize) -> Agreement;
    /// The length of the longest array in a result.
    fn longest(&self) -> usize;
}

impl<R: Returned> AnyRuns for Runs<'_, R> {
    fn arguments(&mut self) -> &mut dyn Subject {
        self.subject
    }
    fn made_thorough(&mut self, kernel: &Kernel) -> Result<Arc<Nested<Specialisation>>, Error> {
        let mut made = None;
        self.subject.bind(&mut |binder| made = Some(kernel.made_thorough::<R>(binder)));
        made.expect("the arguments have been shown")
    }
    fn run(&mut self, kernel: &Kernel, which: Option<Variant>) -> Result<(), Error> {
        let Some(variant) = which else {
            self.last = Some(black_box(self.subject.reference()));
            return Ok(());
        };
        let mut result = None;
        self.subject.bind(&mut |binder| {
            result = Some(kernel.invoke::<R, R>(variant.into(), binder, &Offers::none(), R::take));
        });
        self.last = Some(black_box(result.expect("the arguments have been shown")?));
        Ok(())
    }
    fn forget(&mut self) {
        self.last = None;
    }
    fn keep(&mut self) {
        self.kept.extend(self.last.take());
    }
    fn agreement(&self, of: Option<usize>, with: usize) -> Agreement {
        let mut agreement = Agreement::default();
        let own = of.map_or(self.last.as_ref(), |of| self.kept.get(of));
        own.expect("there has been a run").compare_elements(&self.kept[with], &mut agreement);
        agreement
    }
    fn longest(&self) -> usize {
        self.kept.iter().map(R::longest).max().unwrap_or(0)
    }
}
