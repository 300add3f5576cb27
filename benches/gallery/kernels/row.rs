//! One kernel of the gallery, whatever its arguments are.
//!
//! ```text
//! row!(axpy [10_000, 8_000_000] |n| reads x = uniform(n, 1); writes y = uniform(n, 2); call(2.0, &x, y))
//!   sizes: cache, memory ──┘                 │                      │                    └ the function's arguments
//!   what is only read ───────────────────────┘                      │
//!   what is written, and has these contents before each call ───────┘
//! ```
//!
//! After the size may stand `least k`: there is no call for less than `k`; before the size `rounded`: the function
//! sums in another order, or calls another library's mathematics. After the call may stand `rayon f`, the same loops by
//! hand with the same arguments.

use ndarray::{Array, Dimension};
use parfuse::prelude::*;
use parfuse::{Agreement, DType, Element, Returned, Scalar};

/// Who computes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// The function, as rustc compiles it.
    Function,
    /// The same loops by hand, on rayon's threads.
    Rayon,
    /// Compiled code on the calling thread.
    Serial,
    /// Compiled code on the engine's threads.
    Parallel,
}

/// A kernel.
pub struct Row {
    /// The name of the function.
    pub name: &'static str,
    /// The sizes to measure: one whose arrays fit the second cache, and one whose arrays fit none, or is as long as
    /// patience.
    pub sizes: [usize; 2],
    /// The least size that there is a call for.
    pub least: usize,
    /// Whether the function gives the very bits of compiled code.
    pub exact: bool,
    /// Whether there are loops by hand.
    pub has_rayon: bool,
    /// The handle of the kernel on the engine that is current.
    pub kernel: fn() -> Kernel,
    /// The arguments of a size.
    pub prepare: fn(usize) -> Box<dyn Case>,
}

/// A kernel with arguments.
pub trait Case {
    /// Gives the arrays that calls write their contents of the beginning.
    fn restore(&mut self);
    /// One call.
    ///
    /// # Errors
    /// Those of compiled code.
    fn run(&mut self, way: Way) -> Result<(), Error>;
    /// Keeps what the last call computed, to compare later ones with.
    fn keep(&mut self);
    /// How what the last call computed agrees with what is kept.
    fn agreement(&self) -> Agreement;
    /// The sum of all that the last call computed, to compare with other languages.
    fn total(&self) -> f64;
}

/// Arrays of a row, and what its function returns.
pub trait Outputs: Returned + Clone {
    /// Takes on the contents of another, in the memory that is there.
    fn restore(&mut self, other: &Self);
    /// The sum of all elements.
    fn total(&self) -> f64;
}

impl<T: Element, D: Dimension> Outputs for Array<T, D>
where
    Array<T, D>: Returned,
{
    fn restore(&mut self, other: &Self) {
        self.clone_from(other);
    }
    fn total(&self) -> f64 {
        self.iter().map(|element| number(element.scalar())).sum()
    }
}

impl<T: Element> Outputs for Vec<T>
where
    Vec<T>: Returned,
{
    fn restore(&mut self, other: &Self) {
        self.clone_from(other);
    }
    fn total(&self) -> f64 {
        self.iter().map(|element| number(element.scalar())).sum()
    }
}

fn number(x: Scalar) -> f64 {
    x.cast(DType::F64).as_float().expect("it was made a float")
}

macro_rules! scalar_outputs {
    ($($ty:ident),*) => { $(impl Outputs for $ty {
        fn restore(&mut self, other: &Self) {
            *self = *other;
        }
        fn total(&self) -> f64 {
            number(self.scalar())
        }
    })* };
}
scalar_outputs!(bool, f32, f64, i32, i64, u32, u64, usize);

macro_rules! tuple_outputs {
    ($(($($name:ident $index:tt),*)),*) => { $(impl<$($name: Outputs),*> Outputs for ($($name,)*) {
        fn restore(&mut self, _other: &Self) {
            $(self.$index.restore(&_other.$index);)*
        }
        fn total(&self) -> f64 {
            0.0 $(+ self.$index.total())*
        }
    })* };
}
tuple_outputs!((), (A 0), (A 0, B 1), (A 0, B 1, C 2), (A 0, B 1, C 2, D 3));

/// The arguments of a call, and how to make it.
pub struct Prepared<W, R, F> {
    start: W,
    written: W,
    result: Option<R>,
    kept: Option<(W, R)>,
    call: F,
}

/// The seed of the random numbers of a call.
const SEED: u64 = 42;

impl<W: Outputs, R: Outputs, F: Fn(Way, &mut W) -> Result<R, Error>> Prepared<W, R, F> {
    /// With arrays to write, which have contents already.
    pub fn new(start: W, call: F) -> Self {
        Prepared { written: start.clone(), start, result: None, kept: None, call }
    }

    fn result(&self) -> &R {
        self.result.as_ref().expect("a call was made")
    }
}

impl<W: Outputs, R: Outputs, F: Fn(Way, &mut W) -> Result<R, Error>> Case for Prepared<W, R, F> {
    fn restore(&mut self) {
        self.written.restore(&self.start);
        self.result = None;
    }
    fn run(&mut self, way: Way) -> Result<(), Error> {
        self.result = Some(with_seed(SEED, || (self.call)(way, &mut self.written))?);
        Ok(())
    }
    fn keep(&mut self) {
        self.kept = Some((self.written.clone(), self.result().clone()));
    }
    fn agreement(&self) -> Agreement {
        let (written, result) = self.kept.as_ref().expect("a result is kept");
        let mut agreement = Agreement::default();
        self.written.compare_elements(written, &mut agreement);
        self.result().compare_elements(result, &mut agreement);
        agreement
    }
    fn total(&self) -> f64 {
        self.written.total() + self.result().total()
    }
}

/// A row of a table: see the head of this file.
macro_rules! row {
    (
        $kernel:ident $($rounded:ident)? [$cache:expr, $memory:expr] $(least $least:literal)? |$n:ident|
        $(reads $($read:ident = $contents:expr),+ ;)?
        $(writes $($written:ident = $start:expr),+ ;)?
        call $arguments:tt
        $(rayon $by_hand:ident)?
    ) => {
        super::row::Row {
            name: stringify!($kernel),
            sizes: [$cache, $memory],
            least: 0 $(+ $least)?,
            exact: row!(@exact $($rounded)?),
            has_rayon: row!(@has $($by_hand)?),
            kernel: $kernel::kernel,
            prepare: |$n| {
                $($(let $read = $contents;)+)?
                $($(let $written = $start;)+)?
                let start = ($($($written,)+)?);
                Box::new(super::row::Prepared::new(start, move |way, written| {
                    let ($($($written,)+)?) = written;
                    match way {
                        super::row::Way::Function => Ok($kernel $arguments),
                        super::row::Way::Rayon => row!(@by_hand $arguments $($by_hand)?),
                        super::row::Way::Serial => $kernel::serial $arguments,
                        super::row::Way::Parallel => $kernel::parallel $arguments,
                    }
                }))
            },
        }
    };
    (@exact) => { true };
    (@exact rounded) => { false };
    (@has) => { false };
    (@has $by_hand:ident) => { true };
    (@by_hand $arguments:tt) => { unreachable!("there are no loops by hand") };
    (@by_hand $arguments:tt $by_hand:ident) => { Ok($by_hand $arguments) };
}

pub(crate) use row;
