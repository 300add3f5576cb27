//! When two runs agree: the same bits, NaN equal to NaN, or the same fault.

use parfuse_interp::{Array, Failure, Outcome, Value};
use parfuse_ir::program::Program;
use parfuse_ir::{DType, Scalar};

/// What can be seen of a run: results and written arguments, or the fault. (What a failed run has written
/// means nothing.)
pub type Seen = Result<Vec<Value>, Failure>;

/// What can be seen of a run.
pub(crate) fn seen(program: &Program, run: Result<Outcome, Failure>) -> Seen {
    run.map(|outcome| {
        let written = outcome.arguments.into_iter().zip(&program.params).filter(|(_, param)| param.mutable);
        outcome.results.into_iter().chain(written.map(|(argument, _)| argument)).collect()
    })
}

/// Whether two scalars are the same: equal bits, or both NaN.
pub fn same(a: Scalar, b: Scalar) -> bool {
    a == b || a.dtype() == b.dtype() && a.is_nan() && b.is_nan()
}

/// Whether two scalars are the same but for the rounding of so many additions of numbers about one.
pub fn close(a: Scalar, b: Scalar, additions: usize) -> bool {
    let (Scalar::F64(x), Scalar::F64(y)) = (a.cast(DType::F64), b.cast(DType::F64)) else { return false };
    let epsilon = if a.dtype().bits() == 32 { 1e-6 } else { 1e-14 };
    let scale = x.abs().max(y.abs()).max(1.0);
    same(a, b) || a.dtype().is_float() && (x - y).abs() <= epsilon * scale * additions.max(1) as f64
}

/// The first place where two runs do not agree, in words; `agree` compares scalars.
pub fn first_difference(
    expected: &Seen,
    found: &Seen,
    agree: impl Fn(Scalar, Scalar) -> bool,
) -> Option<String> {
    let (expected, found) = match (expected, found) {
        (Ok(expected), Ok(found)) => (expected, found),
        (Err(expected), Err(found)) if expected == found => return None,
        _ => return Some(format!("expected {}, found {}", brief(expected), brief(found))),
    };
    if expected.len() != found.len() {
        return Some(format!("{} results, expected {}", found.len(), expected.len()));
    }
    expected.iter().zip(found).enumerate().find_map(|(number, (expected, found))| {
        let (left, right) = (scalars(expected), scalars(found));
        if expected.ty() != found.ty() || shape(expected) != shape(found) {
            return Some(format!(
                "output {number} has shape {:?}, expected {:?}",
                shape(found),
                shape(expected)
            ));
        }
        let position = left.iter().zip(&right).position(|(a, b)| !agree(*a, *b))?;
        let (a, b) = (left[position], right[position]);
        Some(format!("output {number} at {position} is {b}, expected {a}"))
    })
}

fn brief(seen: &Seen) -> String {
    match seen {
        Ok(outputs) => format!("{} outputs", outputs.len()),
        Err(failure) => format!("{failure:?}"),
    }
}

fn shape(value: &Value) -> &[usize] {
    match value {
        Value::Scalar(_) => &[],
        Value::Array(Array { shape, .. }) => shape,
    }
}

fn scalars(value: &Value) -> Vec<Scalar> {
    match value {
        Value::Scalar(x) => vec![*x],
        Value::Array(array) => array.scalars(),
    }
}
