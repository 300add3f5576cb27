//! Random numbers and arrays of them.

use super::{check, check_mistakes, line, trace};
use crate::{Method, Tracer, Value};
use parfuse_ir::DType;
use parfuse_ir::program::Type;

#[test]
fn functions_become_distributions() {
    check(
        |t| {
            let n = t.scalar::<usize>("n");
            let eyes = t.random_range(1i64..=6);
            let place = t.random_range((0, n));
            let x = t.random_range(0.5..2.0);
            let chance = t.random_bool(0.25);
            let noise = t.random_normal_array::<f32>(&[n]);
            let delays = t.random_exponential_array::<f64>(&[n, n]);
            let dice = t.random_range_array(&[n], 1..=6);
            t.tuple(&[eyes, place, x, chance, noise, delays, dice])
        },
        "program kernel(n: usize) -> (i64, usize, f64, bool, [f32; 1], [f64; 2], [i32; 1]) {
           v3: i64 = random_range_inclusive 1i64, 6i64
           v5: usize = random_range 0usize, n
           v8: f64 = random_range 0.5f64, 2.0f64
           v10: bool = random_bool 0.25f64
           v11: [f32; 1] = random_normal[n]
           v12: [f64; 2] = random_exponential[n, n]
           v15: [i32; 1] = random_range_inclusive[n] 1i32, 6i32
           return v3, v5, v8, v10, v11, v12, v15
         }",
    );
}

fn die<'t>(t: &'t Tracer) -> Value<'t> {
    let (one, six) = (t.int_literal(1, line(1)), t.int_literal(6, line(1)));
    t.random_number("random_range", None, &[t.range(one, six, true, line(1))], line(1))
}

#[test]
fn the_type_of_a_range_comes_from_its_use() {
    let program = trace(|t| t.binary("+", die(t), t.lift(1i64, line(1)), line(1)));
    assert_eq!(program.ty(program.results[0]), Type::scalar(DType::I64));
    let program = trace(die);
    assert_eq!(program.ty(program.results[0]), Type::scalar(DType::I32));
    let program = trace(|t| t.random_number("random_normal", None, &[], line(1)));
    assert_eq!(program.ty(program.results[0]), Type::scalar(DType::F64));
}

#[test]
fn mistakes_name_the_function() {
    check_mistakes(
        |t| {
            let draw = |name, arg, at| t.random_number(name, None, &[arg], line(at));
            draw("random_range", t.lift(1i64, line(1)), 2);
            let range = t.range(t.int_literal(1, line(3)), t.int_literal(6, line(3)), false, line(3));
            draw("random_range", t.method(range, Method::rev, &[], line(3)), 4);
            draw("random_bool", t.lift(0.5f32, line(5)), 5);
            draw("random_normal", t.lift(0.5, line(6)), 6);
            t.random_number("random_range", None, &[], line(7));
            t.random_number("random_exponential", Some(DType::I64.into()), &[], line(8));
            let floats = t.range(t.lift(0.5, line(9)), t.lift(1.5, line(9)), false, line(9));
            t.for_(floats, |_| {}, line(10))
        },
        &[
            "kernel.rs:2:5: `random_range` takes a range: `random_range(0..n)`",
            "kernel.rs:4:5: `random_range` takes a range: `random_range(0..n)`",
            "kernel.rs:5:5: a probability: expected f64, found f32",
            "kernel.rs:6:5: `random_normal` takes no argument, not 1",
            "kernel.rs:7:5: `random_range` takes one argument, not 0",
            "kernel.rs:8:5: the type of `random_exponential`: expected {float}, found i64",
            "kernel.rs:10:5: the bounds of a range: expected {integer}, found f64",
        ],
    );
    check_mistakes(
        |t| {
            let flags = t.range(t.lift(false, line(9)), t.lift(true, line(9)), false, line(9));
            t.random_number("random_range", None, &[flags], line(9))
        },
        &["kernel.rs:9:5: `random_range` does not apply to bool"],
    );
}
