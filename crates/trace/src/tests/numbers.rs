//! Compositions give the bits of the Rust methods they stand for.

use super::trace;
use crate::{Lift, Method, Tracer, Value};
use parfuse_ir::program::{Block, Expr, Program, Stmt};
use parfuse_ir::{Element, Scalar, ScalarOp};
use std::collections::HashMap;

/// Computes a traced program without parameters and arrays.
fn run(program: &Program) -> Scalar {
    #[derive(Default)]
    struct Machine {
        values: HashMap<u32, Scalar>,
        vars: HashMap<u32, Scalar>,
    }
    impl Machine {
        fn get(&self, program: &Program, value: parfuse_ir::program::Value) -> Scalar {
            program.constant(value).unwrap_or_else(|| self.values[&value.0])
        }
        fn block(&mut self, program: &Program, block: &Block) {
            for stmt in block {
                match stmt {
                    Stmt::Let(value) => {
                        let data = &program.values[*value];
                        let result = match &data.expr {
                            Expr::Op(op, operands) => {
                                let operands: Vec<Scalar> =
                                    operands.iter().map(|operand| self.get(program, *operand)).collect();
                                op.eval(&operands)
                            }
                            Expr::Cast(operand) => self.get(program, *operand).cast(data.ty.dtype()),
                            Expr::Var(var) => self.vars[&var.0],
                            other => panic!("{other:?} in a program of scalars"),
                        };
                        self.values.insert(value.0, result);
                    }
                    Stmt::Assign { var, value } => {
                        let value = self.get(program, *value);
                        self.vars.insert(var.0, value);
                    }
                    Stmt::While { header, cond, body } => loop {
                        self.block(program, header);
                        if self.get(program, *cond) != Scalar::Bool(true) {
                            break;
                        }
                        self.block(program, body);
                    },
                    Stmt::Check { ok, .. } => assert_eq!(self.get(program, *ok), Scalar::Bool(true)),
                    other => panic!("{other:?} in a program of scalars"),
                }
            }
        }
    }
    let mut machine = Machine::default();
    machine.block(program, &program.body);
    machine.get(program, program.results[0])
}

/// `receiver.name(args)` of constants, traced and computed.
fn method<T: Element + for<'t> Lift<'t>>(receiver: T, name: &'static str, args: &[T]) -> Scalar {
    run(&trace(|t: &Tracer| {
        let at = super::line(1);
        // Variables, so that nothing is known about the operands while tracing.
        let variable = |x: T| t.variable("x", t.lift(x, at), at);
        let args: Vec<Value> = args.iter().map(|arg| variable(*arg)).collect();
        t.method(variable(receiver), Method::named(name).unwrap(), &args, at)
    }))
}

const FLOATS: [f64; 12] =
    [0.0, -0.0, 1.0, -1.0, 2.5, -2.5, 7.0, -1e300, 5e-324, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];

fn same(found: Scalar, expected: f64) -> bool {
    found == expected.scalar() || (f64::from_scalar(found).is_some_and(f64::is_nan) && expected.is_nan())
}

#[test]
fn floats_of_one_operand() {
    for x in FLOATS {
        assert!(same(method(x, "signum", &[]), x.signum()), "{x}");
        assert!(same(method(x, "recip", &[]), x.recip()), "{x}");
        assert!(same(method(x, "fract", &[]), x.fract()), "{x}");
        assert!(same(method(x, "to_degrees", &[]), x.to_degrees()), "{x}");
        assert!(same(method(x, "to_radians", &[]), x.to_radians()), "{x}");
        assert_eq!(method(x, "is_finite", &[]), x.is_finite().scalar(), "{x}");
        assert_eq!(method(x, "is_infinite", &[]), x.is_infinite().scalar(), "{x}");
        let y = x as f32;
        if !y.is_nan() {
            assert_eq!(method(y, "signum", &[]), y.signum().scalar(), "{x}");
            assert_eq!(method(y, "to_degrees", &[]), y.to_degrees().scalar(), "{x}");
            assert_eq!(method(y, "to_radians", &[]), y.to_radians().scalar(), "{x}");
        }
    }
}

#[test]
fn functions_are_operations_of_the_same_name() {
    let names =
        ["exp", "exp2", "exp_m1", "ln", "log2", "log10", "ln_1p", "sin", "cos", "tan", "asin", "acos"];
    for name in names.into_iter().chain([
        "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "cbrt", "erf", "erfc", "tgamma", "lgamma",
    ]) {
        let op = ScalarOp::from_name(name).unwrap();
        for x in FLOATS {
            let expected = f64::from_scalar(op.eval(&[x.scalar()])).unwrap();
            assert!(same(method(x, name, &[]), expected), "{name} {x}");
        }
    }
    let (x, y) = (5.0f64, 12.0f64);
    assert_eq!(method(x, "hypot", &[y]), 13.0.scalar());
    assert_eq!(method(x, "atan2", &[y]), ScalarOp::Atan2.eval(&[x.scalar(), y.scalar()]));
    let [numerator, denominator] =
        [x, y].map(|x| f64::from_scalar(ScalarOp::Ln.eval(&[x.scalar()])).unwrap());
    assert!(same(method(x, "log", &[y]), numerator / denominator));
}

#[test]
fn clamp() {
    for x in FLOATS {
        assert!(same(method(x, "clamp", &[-1.0, 2.0]), x.clamp(-1.0, 2.0)), "{x}");
    }
    for x in [i64::MIN, -2, 0, 3, i64::MAX] {
        assert_eq!(method(x, "clamp", &[-1, 2]), x.clamp(-1, 2).scalar());
    }
}

#[test]
fn integers_of_one_operand() {
    for x in [i32::MIN, -7, -1, 0, 1, 9, i32::MAX] {
        assert_eq!(method(x, "signum", &[]), x.signum().scalar());
        assert_eq!(method(x, "is_negative", &[]), x.is_negative().scalar());
        assert_eq!(method(x, "is_positive", &[]), x.is_positive().scalar());
        assert_eq!(method(x, "wrapping_neg", &[]), x.wrapping_neg().scalar());
        assert_eq!(method(x, "abs", &[]), x.wrapping_abs().scalar());
    }
}

#[test]
fn integers_of_two_operands() {
    let numbers = [i64::MIN, -7, -2, 1, 3, 9, i64::MAX];
    for x in numbers {
        for y in numbers {
            assert_eq!(method(x, "rem_euclid", &[y]), x.wrapping_rem_euclid(y).scalar(), "{x} {y}");
            assert_eq!(method(x, "div_euclid", &[y]), x.wrapping_div_euclid(y).scalar(), "{x} {y}");
            assert_eq!(method(x, "wrapping_mul", &[y]), x.wrapping_mul(y).scalar(), "{x} {y}");
            assert_eq!(method(x, "min", &[y]), x.min(y).scalar(), "{x} {y}");
        }
    }
    for x in [0usize, 1, 5, usize::MAX] {
        for y in [1usize, 2, 9, usize::MAX] {
            assert_eq!(method(x, "abs_diff", &[y]), x.abs_diff(y).scalar(), "{x} {y}");
            assert_eq!(method(x, "saturating_sub", &[y]), x.saturating_sub(y).scalar(), "{x} {y}");
            assert_eq!(method(x, "saturating_add", &[y]), x.saturating_add(y).scalar(), "{x} {y}");
            assert_eq!(method(x, "rem_euclid", &[y]), x.rem_euclid(y).scalar(), "{x} {y}");
        }
    }
}

#[test]
fn remainders_of_floats() {
    for x in [-7.5f64, 0.0, 2.0, 1e300] {
        for y in [-2.0, 0.3, 5.0] {
            assert_eq!(method(x, "rem_euclid", &[y]), x.rem_euclid(y).scalar(), "{x} {y}");
            assert_eq!(method(x, "div_euclid", &[y]), x.div_euclid(y).scalar(), "{x} {y}");
        }
    }
}

#[test]
fn integer_powers_with_known_and_unknown_exponents() {
    for x in [-3i64, 0, 1, 2, 10] {
        for exponent in [0i64, 1, 2, 5, 13, 70] {
            let expected = x.wrapping_pow(exponent as u32).scalar();
            assert_eq!(method(x, "pow", &[exponent]), expected, "{x} {exponent}");
            let at = super::line(1);
            let program = trace(|t| {
                let exponent = t.int_literal(exponent as u128, at);
                t.method(t.lift(x, at), Method::pow, &[exponent], at)
            });
            assert_eq!(run(&program), expected, "{x} {exponent}");
        }
    }
}
