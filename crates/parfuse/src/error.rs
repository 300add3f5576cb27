//! Everything that can go wrong, as one type.
//!
//! Errors name the user's file and line wherever there is one. After any error the engine, its pool and the
//! kernel stay usable; results are then not returned, and arrays passed as `&mut` may be partly written.

use crate::host_function::HostFailure;
use parfuse_ir::message::{MOST_REPORTED, filled};
use parfuse_ir::{Fault, FaultKind, Files, Loc};
use parfuse_passes::Rejection;
use parfuse_runtime::{AllocationError, StopReason};
use parfuse_trace::TraceError;
use std::fmt;

/// A place in the user's source: `file:line:column`, or empty if unknown.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Place(String);

impl Place {
    pub(crate) fn new(files: &Files, loc: Loc) -> Place {
        Place(files.describe(loc))
    }
    /// The place as `file:line:column`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "an unknown place" } else { &self.0 })
    }
}

/// As `Display`.
impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a kernel was not made, or a call gave no result.
#[derive(Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The kernel's text makes no sense: the types do not fit, or it uses something that is not supported.
    #[error(transparent)]
    Trace(#[from] TraceError),

    /// Two iterations of a `prange` may touch one element of an array, at least one of them writing.
    #[error(
        "{first}: two iterations of the `prange` may touch the same element of `{array}`{}; {}",
        also_at(first, second),
        parfuse_passes::race_advice(array, first == second)
    )]
    PossibleRace {
        /// The user's name of the array.
        array: String,
        /// One access.
        first: Place,
        /// The other.
        second: Place,
    },

    /// A variable from outside a `prange` is assigned in it, but not as a reduction.
    #[error("{place}: {message}")]
    NotAReduction {
        /// The user's name of the variable.
        variable: String,
        /// Where it is assigned.
        place: Place,
        /// What is wrong and what to write instead.
        message: String,
    },

    /// Something that kernels cannot do.
    #[error("{place}: {message}")]
    Unsupported {
        /// Where it stands.
        place: Place,
        /// What to write instead.
        message: String,
    },

    /// Several of the three kinds of mistakes above, in the order of the source.
    #[error("{}", lines(.0))]
    Several(Vec<Error>),

    /// The code generator failed: a limit or a defect of ours, not the user's mistake.
    #[error("the code generator failed: {0}")]
    Compile(String),

    /// A call has too many arguments, or too few.
    #[error("`{kernel}` takes {expected} argument{}, not {found}", if *expected == 1 { "" } else { "s" })]
    ArgumentCount {
        /// The kernel's name.
        kernel: String,
        /// The number of its parameters.
        expected: usize,
        /// The number of arguments.
        found: usize,
    },

    /// An argument of a call does not fit the kernel's parameter.
    #[error("argument `{parameter}` of `{kernel}`: expected {expected}, found {found}")]
    Argument {
        /// The kernel's name.
        kernel: String,
        /// Which argument, from 0.
        position: usize,
        /// The parameter's name.
        parameter: String,
        /// The parameter's type.
        expected: String,
        /// The argument's type.
        found: String,
    },

    /// The result type asked for is not what the kernel returns.
    #[error("`{kernel}` returns {returned}, not {expected}")]
    Result {
        /// The kernel's name.
        kernel: String,
        /// The types it returns.
        returned: String,
        /// The types asked for.
        expected: String,
    },

    /// An index is outside its array.
    #[error(
        "{place}: index {} is out of range for axis {axis} of {array} with length {len}{}",
        as_written(*index),
        in_iteration(*iteration)
    )]
    Index {
        /// The user's name of the array, or `an array`.
        array: String,
        /// The axis.
        axis: usize,
        /// The index. A negative number is what it is as `usize`.
        index: usize,
        /// The axis's length.
        len: usize,
        /// The iteration of the parallel loop, from 0, if it happened in one. The lowest that fails.
        iteration: Option<usize>,
        /// Where it is written.
        place: Place,
    },

    /// A bound of a slice is above the length of its axis.
    #[error(
        "{place}: the bound {} of a slice is out of range for axis {axis} of {array} with length {len}{}",
        as_written(*bound),
        in_iteration(*iteration)
    )]
    Slice {
        /// The user's name of the array, or `an array`.
        array: String,
        /// The axis.
        axis: usize,
        /// The bound. A negative number, which counts from the end, is what it is as `usize`.
        bound: usize,
        /// The axis's length.
        len: usize,
        /// The iteration of the parallel loop, from 0, if it happened in one. The lowest that fails.
        iteration: Option<usize>,
        /// Where it is written.
        place: Place,
    },

    /// An integer is divided by zero.
    #[error("{place}: division by zero{}", in_iteration(*iteration))]
    DivisionByZero {
        /// The iteration of the parallel loop, from 0, if it happened in one. The lowest that fails. For arrays, the
        /// position of the first zero in the divisor, row by row.
        iteration: Option<usize>,
        /// Where it is written.
        place: Place,
    },

    /// Two arrays of one expression do not broadcast together.
    #[error("{place}: shapes do not broadcast together: lengths {left} and {right} along axis {axis}")]
    ShapeMismatch {
        /// The axis of the result.
        axis: usize,
        /// The length in the left operand.
        left: usize,
        /// The length in the right operand.
        right: usize,
        /// Where it is written.
        place: Place,
    },

    /// Vectors or matrices are multiplied, by `dot`, whose lengths do not fit.
    #[error(
        "{place}: `dot` sums over as many products as both operands have, but the left one has {left} and the right \
         one {right}"
    )]
    ProductMismatch {
        /// The length of the left operand's last axis.
        left: usize,
        /// The length of the right operand's first axis.
        right: usize,
        /// Where it is written.
        place: Place,
    },

    /// The mean of an empty array was unwrapped.
    #[error("{place}: the mean of an empty array")]
    EmptyMean {
        /// Where it is written.
        place: Place,
    },

    /// An `Option` without a value was unwrapped: the smallest item of none, or what a search has not found.
    #[error("{place}: `unwrap` of an `Option` that has no value")]
    NoValue {
        /// Where it is written.
        place: Place,
    },

    /// The smallest or largest element of an array that has none, or of rows that have none along an axis, or its
    /// position.
    #[error("{place}: the smallest or largest element of an empty array")]
    EmptyExtreme {
        /// Where it is written.
        place: Place,
    },

    /// The degrees of freedom taken off in a variance are less than none, or more than there are elements.
    #[error("{place}: `ddof` is less than zero or greater than the number of elements")]
    DegreesOfFreedom {
        /// Where it is written.
        place: Place,
    },

    /// A range is stepped through with a step of zero.
    #[error("{place}: a range cannot be stepped through with step 0")]
    ZeroStep {
        /// Where it is written.
        place: Place,
    },

    /// An integer does not fit into its type, in a kernel that asks for an error then: `#[kernel(checked)]`.
    #[error("{place}: an integer overflows{}", in_iteration(*iteration))]
    Overflow {
        /// The first iteration of the parallel loop in which it happens.
        iteration: Option<usize>,
        /// The place in the source.
        place: Place,
    },

    /// A random number was to come from a range without numbers: an empty one, or one of floats whose length is
    /// not finite.
    #[error("{place}: there are no numbers to draw from in this range{}", in_iteration(*iteration))]
    EmptyRange {
        /// The iteration of the parallel loop, from 0, if it happened in one. The lowest that fails.
        iteration: Option<usize>,
        /// Where it is written.
        place: Place,
    },

    /// The iterations of a `prange` store to segments of an array whose bounds, elements of another array, are not in order.
    #[error(
        "{place}: {array} decreases behind element {position}, so iterations of the `prange` might store to the same \
         elements: its elements, the bounds of segments, must not decrease; otherwise write `for` over a plain range"
    )]
    Decreasing {
        /// The user's name of the array with the bounds.
        array: String,
        /// The position of the element that the next one is less than.
        position: usize,
        /// What is stored.
        place: Place,
    },

    /// Two iterations of a `prange` take the same number from an array and store to the element that it stands for.
    #[error(
        "{place}: {array} holds the same number at {} and at {}, so two iterations of the `prange` store to the same \
         element; let no number come twice, or write `for` over a plain range",
        positions[0], positions[1]
    )]
    EqualElements {
        /// The user's name of the array with the numbers.
        array: String,
        /// Where it holds the same number, along its first axis.
        positions: [usize; 2],
        /// What is stored.
        place: Place,
    },

    /// The iterations of a `prange` store to elements that lie less far apart than each iteration reaches.
    #[error(
        "{place}: iterations of the `prange` meet in {array}: they lie {apart} elements apart, but each reaches over {needed}"
    )]
    IterationsOverlap {
        /// The user's name of the array that is stored to.
        array: String,
        /// How far iterations lie apart.
        apart: usize,
        /// How far they would have to lie apart at least.
        needed: usize,
        /// What is stored.
        place: Place,
    },

    /// Numbers that indices are computed from in a `prange` are so large that iterations might meet where these wrap around.
    #[error(
        "{place}: the numbers that indices of {array} are computed from are too large to tell whether iterations of the \
         `prange` meet"
    )]
    IndicesTooLarge {
        /// The user's name of the array that is stored to.
        array: String,
        /// What is stored.
        place: Place,
    },

    /// An `assert!` of the kernel does not hold, or it has come to a `panic!` or the like.
    #[error("{place}: {message}{}", in_iteration(*iteration))]
    Assertion {
        /// What the kernel says, as it is written there, or else the condition.
        message: String,
        /// The iteration of the parallel loop, from 0, if it happened in one. The lowest that fails.
        iteration: Option<usize>,
        /// Where it is written.
        place: Place,
    },

    /// A `#[host]` function that the kernel calls has panicked, or returned an error.
    #[error("{place}: `{function}`: {message}")]
    Host {
        /// The function's name.
        function: String,
        /// What it panicked with, or what the error says.
        message: String,
        /// The error that it returned.
        #[source]
        cause: Option<HostFailure>,
        /// Where the kernel calls it.
        place: Place,
    },

    /// An array made by the kernel could not be allocated.
    #[error("{place}: cannot make an array of shape {shape:?}: {cause}")]
    Allocation {
        /// The shape asked for, or the one length in it that no array has.
        shape: Vec<usize>,
        /// Too large for any address space, or out of memory.
        cause: AllocationError,
        /// Where it is made.
        place: Place,
    },

    /// An array offered for a result has another shape than the result. It was not written to.
    #[error("the result has shape {expected:?}, the array offered for it {found:?}")]
    OutputShape {
        /// The result's shape.
        expected: Vec<usize>,
        /// The offered array's shape.
        found: Vec<usize>,
    },

    /// The call was cancelled by its token.
    #[error("the call was cancelled")]
    Cancelled,

    /// The call had not ended when its time was over.
    #[error("the call did not end before its deadline")]
    DeadlineExceeded,

    /// A panic while the call ran, contained.
    #[error("a panic while the kernel ran: {0}")]
    Panic(String),
}

/// What [`Display`](fmt::Display) says, for `unwrap` and a `main` that returns the error print this.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn lines(errors: &[Error]) -> String {
    errors.iter().map(Error::to_string).collect::<Vec<_>>().join("\n")
}

/// The second place, unless it is the first.
fn also_at(first: &Place, second: &Place) -> String {
    if first == second { String::new() } else { format!(", here and at {second}") }
}

/// An index, where it has a sign with that.
fn as_written(index: usize) -> String {
    let signed = index as isize;
    if signed < 0 { format!("{signed} (as `usize` {index})") } else { index.to_string() }
}

fn in_iteration(iteration: Option<usize>) -> String {
    iteration.map_or_else(String::new, |k| format!(", in iteration {k}"))
}

impl Error {
    /// The error for a fault that machine code reported.
    pub(crate) fn from_fault(
        fault: &Fault,
        files: &Files,
        iteration: u64,
        args: [u64; MOST_REPORTED],
    ) -> Error {
        let place = Place::new(files, fault.loc);
        let iteration = (iteration != u64::MAX).then_some(iteration as usize);
        let [first, second, ..] = args.map(|x| x as usize);
        let array = || match &fault.array {
            Some(name) => format!("`{name}`"),
            None => "an array".to_string(),
        };
        // All fields of structs have the shape of their array, `p` of `p.x`.
        let indexed = || match &fault.array {
            Some(name) => format!("`{}`", name.split('.').next().unwrap_or_default()),
            None => array(),
        };
        match fault.kind {
            FaultKind::SliceOutOfRange { axis } => Error::Slice {
                array: indexed(),
                axis: axis as usize,
                bound: first,
                len: second,
                iteration,
                place,
            },
            FaultKind::IndexOutOfRange { axis } => Error::Index {
                array: indexed(),
                axis: axis as usize,
                index: first,
                len: second,
                iteration,
                place,
            },
            FaultKind::DivisionByZero => Error::DivisionByZero { iteration, place },
            FaultKind::ShapeMismatch { axis } => {
                Error::ShapeMismatch { axis: axis as usize, left: first, right: second, place }
            }
            FaultKind::ProductMismatch => Error::ProductMismatch { left: first, right: second, place },
            FaultKind::EmptyMean => Error::EmptyMean { place },
            FaultKind::NoValue => Error::NoValue { place },
            FaultKind::ArrayTooLarge { lengths } => {
                let shape = [first, second][..usize::from(lengths)].to_vec();
                Error::Allocation { shape, cause: AllocationError::TooLarge, place }
            }
            FaultKind::EmptyExtreme => Error::EmptyExtreme { place },
            FaultKind::DegreesOfFreedom => Error::DegreesOfFreedom { place },
            FaultKind::ZeroStep => Error::ZeroStep { place },
            FaultKind::Overflow => Error::Overflow { iteration, place },
            FaultKind::EmptyRange => Error::EmptyRange { iteration, place },
            FaultKind::Decreasing => Error::Decreasing { array: array(), position: first, place },
            FaultKind::EqualElements => {
                Error::EqualElements { array: array(), positions: [first, second], place }
            }
            FaultKind::IterationsOverlap => {
                Error::IterationsOverlap { array: array(), apart: first, needed: second, place }
            }
            FaultKind::IndicesTooLarge => Error::IndicesTooLarge { array: array(), place },
            FaultKind::Asserted { message } => {
                Error::Assertion { message: filled(files.message(message), &args), iteration, place }
            }
        }
    }

    /// The error of a call that was told to stop.
    pub(crate) fn from_stop(reason: StopReason) -> Error {
        match reason {
            StopReason::Cancelled => Error::Cancelled,
            StopReason::DeadlineExceeded => Error::DeadlineExceeded,
        }
    }

    /// The error for a program that the passes refuse for these reasons, of which there is at least one.
    pub(crate) fn from_rejections(rejections: Vec<Rejection>, files: &Files) -> Error {
        let mut errors: Vec<Error> =
            rejections.into_iter().map(|one| Error::from_rejection(one, files)).collect();
        match errors.len() {
            1 => errors.remove(0),
            _ => Error::Several(errors),
        }
    }

    fn from_rejection(rejection: Rejection, files: &Files) -> Error {
        let place = |loc| Place::new(files, loc);
        let message = rejection.to_string();
        let first = place(rejection.locs().first().copied().unwrap_or(Loc::NONE));
        match rejection {
            Rejection::PossibleRace { array, first, second } => {
                Error::PossibleRace { array, first: place(first), second: place(second) }
            }
            Rejection::NotAReduction { variable, .. } => {
                Error::NotAReduction { variable, place: first, message }
            }
            Rejection::UnevenArray { .. }
            | Rejection::ArrayOperationInside { .. }
            | Rejection::RandomInMap { .. } => Error::Unsupported { place: first, message },
        }
    }
}
