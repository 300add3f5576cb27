//! Element types are inferred as rustc infers them.

use super::{check, check_mistakes, line, trace};
use crate::{Infer, ReturnKind, Tracer};
use ndarray::Array1;
use parfuse_ir::DType;
use parfuse_ir::program::Type;

#[test]
fn literals_adapt_to_a_type_met_later() {
    check(
        |t| {
            let x = t.scalar::<f32>("x");
            let half = t.bind("half", t.float_literal(0.5, line(1)), None, line(1));
            t.binary("*", half, x, line(2))
        },
        "program kernel(x: f32) -> f32 {
           v2: f32 = mul 0.5f32, x
           return v2
         }",
    );
}

#[test]
fn accumulators_take_the_type_of_what_is_added() {
    let program = trace(|t| {
        let n = t.scalar::<i64>("n");
        let acc = t.variable("acc", t.int_literal(0, line(1)), line(1));
        t.assign_op("+=", acc, n, line(2));
        acc
    });
    assert_eq!(program.vars.iter().next().unwrap().1.ty, Type::scalar(DType::I64));
}

#[test]
fn open_literals_become_i32_and_f64() {
    let program = trace(|t| {
        let a = t.variable("a", t.int_literal(1, line(1)), line(1));
        let b = t.variable("b", t.float_literal(1.0, line(1)), line(1));
        t.tuple(&[a, b])
    });
    let types: Vec<Type> = program.results.iter().map(|value| program.ty(*value)).collect();
    assert_eq!(types, [Type::scalar(DType::I32), Type::scalar(DType::F64)]);
}

#[test]
fn a_literal_under_as_takes_the_target_type() {
    check(
        |t| {
            let five = t.cast::<usize>(t.int_literal(5, line(1)), line(1));
            let minus = t.unary("-", t.int_literal(1, line(1)), line(1));
            let minus = t.cast::<i64>(minus, line(1));
            let half = t.cast::<f32>(t.float_literal(0.5, line(1)), line(1));
            let whole = t.cast::<f64>(t.int_literal(2, line(1)), line(1));
            t.tuple(&[five, minus, half, whole])
        },
        "program kernel() -> (usize, i64, f32, f64) {
           v8: f64 = cast 2i32
           return 5usize, -1i64, 0.5f32, v8
         }",
    );
}

#[test]
fn a_named_literal_keeps_its_own_type_under_as() {
    let program = trace(|t| {
        let x = t.bind("x", t.int_literal(5, line(1)), None, line(1));
        let y = t.cast::<i64>(x, line(2));
        let a = t.array::<f64>("a", 1);
        let element = t.index(a, &[x], line(3));
        t.binary("*", element, t.cast::<f64>(y, line(3)), line(3))
    });
    assert!(program.to_string().contains("cast 5usize"));
}

#[test]
fn arrays_without_element_type_take_it_from_what_is_stored() {
    let program = trace(|t| {
        let n = t.scalar::<usize>("n");
        let out = t.variable("out", t.array_function::<Array1<Infer>>("zeros", &[n], line(1)), line(1));
        t.store(out, &[t.int_literal(0, line(2))], t.lift(1.5f32, line(2)), line(2));
        out
    });
    assert_eq!(program.ty(program.results[0]), Type::array(DType::F32, 1));
}

#[test]
fn random_takes_its_type_from_its_use() {
    let program = trace(|t| {
        t.binary("*", t.random_number("random", None, &[], line(1)), t.lift(2.0f32, line(1)), line(1))
    });
    assert_eq!(program.ty(program.results[0]), Type::scalar(DType::F32));
    check_mistakes(
        |t| t.random_number("random", None, &[], line(7)),
        &["kernel.rs:7:5: the element type cannot be inferred of `random`: write `random::<f64>()`"],
    );
}

#[test]
fn the_declared_result_decides_about_literals() {
    let t = Tracer::new("kernel");
    let program = t.finish(t.float_literal(1.0, line(1)), &[Type::scalar(DType::F32)]).unwrap();
    assert_eq!(program.ty(program.results[0]), Type::scalar(DType::F32));
    let t = Tracer::new("kernel");
    assert!(t.finish(t.unit(), &[]).is_ok());
}

#[test]
fn a_wrong_result_is_a_mistake() {
    let t = Tracer::new("kernel");
    let error = t.finish(t.lift(1i64, line(1)), &[Type::scalar(DType::F64)]).unwrap_err();
    assert!(error.to_string().contains("declared to return f64, but gives i64"), "{error}");
    let t = Tracer::new("kernel");
    let error = t.finish(t.unit(), vec![Type::scalar(DType::F64)]).unwrap_err();
    assert!(error.to_string().contains("declared to return 1 values, but gives 0"), "{error}");
    let t = Tracer::new("kernel");
    assert!(t.finish(t.lift(1i64, line(1)), ReturnKind::Any).is_ok());
}

#[test]
fn conflicts_name_both_types_and_the_place() {
    check_mistakes(
        |t| {
            let (x, n) = (t.scalar::<f64>("x"), t.scalar::<i64>("n"));
            t.binary("*", x, n, line(3))
        },
        &["kernel.rs:3:5: `*` of f64 and i64: both sides must have one type; convert one with `as`"],
    );
    check_mistakes(
        |t| {
            let x = t.scalar::<f64>("x");
            t.binary("+", x, t.int_literal(1, line(4)), line(4))
        },
        &["kernel.rs:4:5: `+` of f64 and {integer}: both sides must have one type; convert one with `as`"],
    );
}

#[test]
fn a_literal_needs_to_fit_only_where_it_counts() {
    check(
        |t| {
            let lowest = t.unary("-", t.int_literal(2_147_483_648, line(1)), line(1));
            let large = t.cast::<i64>(t.int_literal(3_000_000_000, line(2)), line(2));
            t.tuple(&[lowest, large])
        },
        "program kernel() -> (i32, i64) {
           return -2147483648i32, 3000000000i64
         }",
    );
    check_mistakes(
        |t| {
            let large = t.bind("large", t.int_literal(2_147_483_648, line(1)), None, line(1));
            t.tuple(&[large, t.unary("-", large, line(2))])
        },
        &["kernel.rs:1:5: the literal 2147483648 is out of range for i32"],
    );
}

#[test]
fn literals_must_fit_their_type() {
    check_mistakes(
        |t| t.int_literal(3_000_000_000, line(2)),
        &["kernel.rs:2:5: the literal 3000000000 is out of range for i32"],
    );
    check_mistakes(
        |t| {
            let n = t.scalar::<usize>("n");
            t.binary("+", n, t.unary("-", t.int_literal(1, line(2)), line(2)), line(2))
        },
        &["kernel.rs:2:5: the literal -1 is out of range for usize"],
    );
}

#[test]
#[allow(clippy::excessive_precision)]
fn decimal_literals_are_rounded_once() {
    // As an f64 this number is the middle between two f32, as a decimal it is not.
    assert_ne!(1.5184609293937683f64 as f32, 1.5184609293937683f32);
    let program = trace(|t| {
        let literal = t.float_literal(1.5184609293937683, line(1));
        t.bind("x", literal, Some(Type::scalar(DType::F32).into()), line(1))
    });
    assert_eq!(program.constant(program.results[0]), Some(parfuse_ir::Scalar::F32(1.5184609293937683)));
}

#[test]
fn shift_counts_are_of_any_integer_type() {
    check(
        |t| {
            let (x, n) = (t.scalar::<i64>("x"), t.scalar::<i32>("n"));
            let a = t.binary("<<", x, t.int_literal(3, line(1)), line(1));
            let b = t.binary(">>", x, n, line(1));
            t.binary("|", a, b, line(1))
        },
        "program kernel(x: i64, n: i32) -> i64 {
           v4: i64 = shl x, 3i64
           v5: i64 = cast n
           v6: i64 = shr x, v5
           v7: i64 = or v4, v6
           return v7
         }",
    );
}
