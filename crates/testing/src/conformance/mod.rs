//! The conformance suite: small kernels with known results, which every executor passes.
//!
//! ```text
//! conformance!(four_lanes: |program, arguments, seed| …);     a module with a test for each kernel
//! ```
//!
//! A kernel is a [`Case`]: a program as text, arguments of a length, and its results in plain Rust. None of our
//! own interpreters has a say in what is right. An executor runs a program on arguments and answers the results
//! and the arrays it has written to, or the fault. The lengths are those where vectors, rows and blocks end.

mod cases;
mod forms;
mod widths;

use crate::agreement::{Seen, first_difference, same};
use parfuse_interp::{Array, Value};
use parfuse_ir::program::Program;
use parfuse_ir::{Element, FaultKind, Loc};

/// What a kernel must compute.
#[derive(Clone, Copy)]
pub struct Case {
    /// Its name.
    pub name: &'static str,
    /// The program.
    pub program: &'static str,
    /// Arguments of a length.
    pub arguments: fn(usize) -> Vec<Value>,
    /// The results, or what is reported: the kind, the iteration, the values.
    pub expected: fn(&[Value]) -> Expected,
}

/// What a kernel must answer: its results and written arrays, or the fault.
pub type Expected = Result<Vec<Value>, (FaultKind, Option<u64>, Vec<u64>)>;

/// The lengths that a case is run with.
pub const LENGTHS: &[usize] = &[0, 1, 2, 3, 4, 5, 7, 8, 13, 15, 16, 17, 31, 32, 33, 100, 8193];

/// All kernels of the suite.
pub fn cases() -> impl Iterator<Item = &'static Case> {
    [cases::CASES, widths::CASES, forms::CASES].into_iter().flatten()
}

/// Runs a case at every length.
///
/// # Panics
/// If the executor answers anything but what is expected.
pub fn check(name: &str, executor: impl Fn(&Program, &[Value], u64) -> Seen) {
    let case = cases().find(|case| case.name == name).unwrap_or_else(|| panic!("no case {name}"));
    let program = Program::parse(case.program).unwrap_or_else(|error| panic!("{name}: {error}"));
    program.verify().unwrap_or_else(|error| panic!("{name}: {error}"));
    for &length in LENGTHS {
        let arguments = (case.arguments)(length);
        let expected = (case.expected)(&arguments);
        // Where it was written is the parser's affair.
        let found = executor(&program, &arguments, 1)
            .map_err(|failure| (failure.kind, failure.iteration, failure.args.clone()));
        let difference = match (&expected, &found) {
            (Ok(_), Ok(_)) => first_difference(&as_seen(&expected), &as_seen(&found), same),
            _ if expected == found => None,
            _ => Some(format!("expected {expected:?}, found {found:?}")),
        };
        if let Some(difference) = difference {
            panic!("{name}, length {length}: {difference}\n{program}");
        }
    }
}

fn as_seen(expected: &Expected) -> Seen {
    expected.clone().map_err(|(kind, iteration, args)| parfuse_interp::Failure {
        kind,
        loc: Loc::NONE,
        iteration,
        args,
    })
}

/// A one-dimensional array.
pub fn array<T: Element>(elements: impl IntoIterator<Item = T>) -> Value {
    let elements: Vec<_> = elements.into_iter().map(T::scalar).collect();
    Value::Array(Array::new(T::DTYPE, &[elements.len()], elements))
}

/// An array of two dimensions, from its elements row by row.
pub fn matrix<T: Element>(rows: usize, columns: usize, elements: impl IntoIterator<Item = T>) -> Value {
    let elements: Vec<_> = elements.into_iter().map(T::scalar).collect();
    Value::Array(Array::new(T::DTYPE, &[rows, columns], elements))
}

/// A scalar.
pub fn scalar<T: Element>(x: T) -> Value {
    Value::Scalar(x.scalar())
}

/// The elements of an argument.
///
/// # Panics
/// If it is no array of these.
pub fn elements<T: Element>(value: &Value) -> Vec<T> {
    let scalars = value.array().scalars();
    scalars.into_iter().map(|x| T::from_scalar(x).expect("an array of this type")).collect()
}

/// Floats of both signs, small enough to be told apart.
fn numbers(n: usize) -> impl Iterator<Item = f64> {
    (0..n).map(|i| ((i * 37 + 11) % 101) as f64 / 8.0 - 5.0)
}

/// Integers, some of them from the ends of the range.
fn whole(i: usize) -> i64 {
    match i % 9 {
        4 => i64::MIN,
        7 => i64::MAX,
        _ => (i as i64).wrapping_mul(0x1234_5678_9abc) >> 20,
    }
}

/// A module with a test for each kernel of the suite, run by an executor: a closure that takes a program, its
/// arguments and a seed, and answers the results followed by the written arrays, or the fault.
#[macro_export]
macro_rules! conformance {
    ($module:ident: $executor:expr) => {
        mod $module {
            #[allow(unused_imports)]
            use super::*;

            $crate::conformance!(@tests $executor;
                elementwise, rows, select, divergent_branch, divergent_while, inner_loop, gather, neighbours,
                integers, shifts, saturating_casts, narrow_types, truth_values, count, extrema, wrapping_product,
                matrix_sum, masked_store, first_fault, fault_in_a_branch, division_by_zero, written_in_place, width_i8,
                width_i16, width_i32, width_i64, width_isize, width_u8, width_u16, width_u32, width_u64,
                width_usize, rows_folded, long_steps, exits, views);

            #[test]
            fn all_cases_are_tested() {
                assert_eq!($crate::conformance::cases().count(), 36);
            }
        }
    };
    (@tests $executor:expr; $($case:ident),*) => {
        $(#[test]
        fn $case() {
            $crate::conformance::check(stringify!($case), $executor);
        })*
    };
}
