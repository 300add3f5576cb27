//! Lowered kernels do what the program says, allocate and check no more than needed, and refuse what has
//! no meaning in parallel.

mod arrays;
mod loops;
mod reductions;
mod views;

use super::lower_arrays;
use crate::check_parallel;
use crate::rejection::Rejection;
use parfuse_interp::{Array, Failure, Outcome, Value, run_loops, run_program};
use parfuse_ir::loops::{Layout, Loops};
use parfuse_ir::program::Program;
use parfuse_ir::{DType, Scalar};

fn parse(text: &str) -> Program {
    let program = Program::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    program.verify().unwrap_or_else(|error| panic!("{error}\n{text}"));
    program
}

/// Lowers a program for array parameters of these shapes.
fn lower(program: &Program, shapes: &[Option<Vec<usize>>]) -> Result<Loops, Rejection> {
    let layout = |shape: &Vec<usize>| Layout::row_major(shape);
    let layouts: Vec<Option<Layout>> = shapes.iter().map(|shape| shape.as_ref().map(layout)).collect();
    let loops = lower_arrays(program, &layouts)?;
    loops.verify().unwrap_or_else(|error| panic!("{error}\n{program}\n{loops}"));
    Ok(loops)
}

/// Runs a kernel before and after lowering, which must agree.
fn run(text: &str, arguments: &[Value]) -> Result<Outcome, Failure> {
    let program = parse(text);
    let shapes: Vec<Option<Vec<usize>>> = arguments
        .iter()
        .map(|argument| match argument {
            Value::Array(array) => Some(array.shape.clone()),
            Value::Scalar(_) => None,
        })
        .collect();
    let mut loops = lower(&program, &shapes).unwrap_or_else(|rejection| panic!("{rejection}\n{program}"));
    check_parallel(&mut loops).unwrap_or_else(|rejection| panic!("{rejection}\n{program}\n{loops}"));
    let (expected, found) = (run_program(&program, arguments, 7), run_loops(&loops, arguments, 7));
    match (&expected, &found) {
        (Err(expected), Err(found)) => {
            assert_eq!(
                (expected.kind, expected.loc, &expected.args),
                (found.kind, found.loc, &found.args),
                "{loops}"
            );
        }
        _ => assert_eq!(expected, found, "{program}\n{loops}"),
    }
    found
}

/// Lowers a program whose array parameters have no axis of length one.
fn lowered(text: &str) -> Result<Loops, Rejection> {
    let program = parse(text);
    let shapes: Vec<_> =
        program.params.iter().map(|param| param.ty.rank().map(|rank| vec![9; rank as usize])).collect();
    let mut loops = lower(&program, &shapes)?;
    check_parallel(&mut loops)?;
    Ok(loops)
}

fn array(shape: &[usize], first: i64) -> Value {
    let elements = (first..).take(shape.iter().product()).map(Scalar::I64).collect();
    Value::Array(Array::new(DType::I64, shape, elements))
}

fn integer(x: i64) -> Value {
    Value::Scalar(Scalar::I64(x))
}

fn count(loops: &Loops, word: &str) -> usize {
    loops.to_string().lines().filter(|line| line.trim_start().starts_with(word)).count()
}

/// The only result of a run, an integer.
fn total(outcome: Result<Outcome, Failure>) -> i64 {
    match outcome.expect("it runs").results[..] {
        [Value::Scalar(Scalar::I64(x))] => x,
        ref other => panic!("{other:?}"),
    }
}
