//! All mistakes are reported, each once, and nothing panics.

use super::{check_mistakes, line};
use crate::{DeclaredType, Method, Record, ReturnKind, Tracer, Value};
use parfuse_ir::program::Type;
use parfuse_ir::{DType, ElementType};

const F64: ElementType = ElementType::Real(DType::F64);

#[test]
fn independent_mistakes_are_all_reported_and_consequences_are_not() {
    check_mistakes(
        |t| {
            let (x, n) = (t.scalar::<f64>("x"), t.scalar::<i64>("n"));
            let wrong = t.binary("+", x, n, line(1));
            let consequence = t.method(wrong, Method::sqrt, &[], line(2));
            let bound = t.bind("y", consequence, None, line(2));
            t.method(x, Method::len, &[x], line(3));
            bound
        },
        &[
            "kernel.rs:1:5: `+` of f64 and i64: both sides must have one type; convert one with `as`",
            "kernel.rs:3:5: `.len()` is a method of arrays, iterators and shapes, not of f64",
        ],
    );
}

#[test]
fn methods_know_their_arguments_and_receivers() {
    check_mistakes(
        |t| {
            let (x, n) = (t.scalar::<f64>("x"), t.scalar::<i64>("n"));
            t.method(x, Method::sqrt, &[x], line(1));
            t.method(x, Method::powi, &[x], line(2));
            t.method(n, Method::recip, &[], line(3));
            t.method(x, Method::pow, &[n], line(4));
            t.method(n, Method::div_ceil, &[n], line(5));
            let range = t.range(n, n, false, line(6));
            t.method(range, Method::sqrt, &[], line(6));
            t.method(t.tuple(&[x, x]), Method::sqrt, &[], line(7));
            t.field(x, 0, line(8));
            t.cast::<bool>(n, line(9))
        },
        &[
            "kernel.rs:1:5: `.sqrt()` takes no arguments, not 1",
            "kernel.rs:2:5: the argument of `powi`: expected i32, found f64",
            "kernel.rs:3:5: `.recip()` is a method of floats and arrays, not of i64",
            "kernel.rs:4:5: `.pow()` is a method of integers, not of f64",
            "kernel.rs:5:5: `.div_ceil()` is a method of unsigned integers, not of i64",
            "kernel.rs:6:5: `.sqrt()` is a method of floats, arrays and complex numbers, not of a range; \
             go through it with `for`, or end it with `sum()`, `fold(…)` and the like",
            "kernel.rs:7:5: a tuple is not supported here; use its fields",
            "kernel.rs:8:5: only tuples have a field `.0`",
            "kernel.rs:9:5: i64 cannot be cast to bool; compare with zero: `x != 0`",
        ],
    );
}

#[test]
fn the_error_lists_all_mistakes_under_the_name_of_the_kernel() {
    let t = Tracer::new("area");
    t.mistake("one thing", line(1));
    t.mistake("another", line(2));
    let error = t.finish(t.unit(), ReturnKind::Any).unwrap_err();
    let expected =
        "`area` cannot be compiled as a kernel:\n  kernel.rs:1:5: one thing\n  kernel.rs:2:5: another";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn ranges_are_not_results() {
    check_mistakes(
        |t| t.range(t.int_literal(0, line(1)), t.int_literal(1, line(1)), false, line(1)),
        &["a range is not supported here; ranges are for `for` loops and `random_range`"],
    );
}

/// Floors of a tower of kernels, each of which calls the one below twice.
struct Floor<const N: usize>;

macro_rules! tower {
    ($($name:ident: $floor:literal -> $below:ident),*) => { $(
        fn $name<'t>(t: &'t Tracer, x: Value<'t>) -> Value<'t> {
            t.call::<Floor<$floor>>(stringify!($name), line($floor), || $below(t, $below(t, x)))
        }
    )* };
}
fn ground<'t>(t: &'t Tracer, x: Value<'t>) -> Value<'t> {
    t.binary("*", x, x, line(100))
}
tower!(
    k1: 1 -> ground, k2: 2 -> k1, k3: 3 -> k2, k4: 4 -> k3, k5: 5 -> k4, k6: 6 -> k5, k7: 7 -> k6, k8: 8 -> k7,
    k9: 9 -> k8, k10: 10 -> k9, k11: 11 -> k10, k12: 12 -> k11, k13: 13 -> k12, k14: 14 -> k13, k15: 15 -> k14,
    k16: 16 -> k15, k17: 17 -> k16, k18: 18 -> k17, k19: 19 -> k18, k20: 20 -> k19, k21: 21 -> k20, k22: 22 -> k21,
    k23: 23 -> k22, k24: 24 -> k23, k25: 25 -> k24, k26: 26 -> k25, k27: 27 -> k26, k28: 28 -> k27, k29: 29 -> k28,
    k30: 30 -> k29, k31: 31 -> k30, k32: 32 -> k31, k33: 33 -> k32
);

/// The complaints about a kernel of one number.
fn complaints(body: for<'t> fn(&'t Tracer, Value<'t>) -> Value<'t>) -> Vec<String> {
    let tracer = Tracer::new("kernel");
    let result = body(&tracer, tracer.scalar::<f64>("x"));
    match tracer.finish(result, ReturnKind::Any) {
        Ok(_) => Vec::new(),
        Err(error) => error.complaints.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn calls_of_kernels_have_an_end() {
    assert_eq!(complaints(k10), [""; 0]);
    let [complaint] = &complaints(k30)[..] else { panic!("one complaint") };
    assert!(complaint.contains("too many calls of kernels"), "{complaint}");
    assert!(complaint.contains("10000 calls here (`k30` → `k29` → `k28` → `k27` → … → `k"), "{complaint}");
    let found = complaints(k33);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].contains("the chain of calls `k33` → `k32`") && found[0].contains("than 32"),
        "{found:?}"
    );
}

#[test]
fn kernels_that_call_each_other_are_named() {
    fn even<'t>(t: &'t Tracer, x: Value<'t>) -> Value<'t> {
        t.call::<Floor<0>>("even", line(1), || odd(t, x))
    }
    fn odd<'t>(t: &'t Tracer, x: Value<'t>) -> Value<'t> {
        t.call::<Floor<1>>("odd", line(2), || even(t, x))
    }
    let expected = "kernel.rs:1:5: a kernel cannot call itself, not even through others (`even` → `odd` → `even`): \
                    write a `while` loop";
    assert_eq!(complaints(even), [expected]);
}

#[test]
fn arrays_of_random_numbers_are_not_made_inside_a_prange() {
    check_mistakes(
        |t| {
            let n = t.scalar::<usize>("n");
            let range = t.parallel(t.range(t.int_literal(0, line(1)), n, false, line(1)), line(1));
            let body = |_| {
                t.new_array("random", Some(parfuse_ir::DType::F64.into()), Some(1), &[n], line(2));
            };
            t.for_(range, body, line(1))
        },
        &[
            "kernel.rs:2:5: an array of random numbers inside a `prange` is not supported; make it in front with one axis \
           more, as long as the loop, and use the row at the loop's own index, or draw single numbers in a `for`",
        ],
    );
}

#[test]
fn methods_that_nobody_knows_are_mistakes_of_their_receivers() {
    static BODY: Record = Record {
        name: "Body",
        methods: &[],
        operators: &[],
        by_fields: crate::ByFields::ALL,
        is_enum: false,
        fields: &[("x", DeclaredType::Known(Type::Scalar(F64)))],
    };
    check_mistakes(
        |t| {
            let (x, a) = (t.scalar::<f64>("x"), t.array::<f64>("a", 1));
            let body = t.record(&BODY, &[("x", x)], None, line(1));
            let bodies = t.record_array(&BODY, &[a], line(1));
            t.record_method(x, x, "frobnicate", &[], line(2));
            t.record_method(body, body, "step", &[x], line(3));
            t.record_function(&BODY, "new", &[x], line(4));
            t.method(bodies, Method::sum, &[], line(5));
            t.method(bodies, Method::len, &[], line(6));
            t.record_method(bodies, bodies, "step", &[x], line(7))
        },
        &[
            "kernel.rs:2:5: kernels have no method `frobnicate`: if it is yours, put `#[kernel]` on the `impl` of the \
             struct, or write it as a function with `#[kernel]` and call that",
            "kernel.rs:3:5: kernels have no method `step`: if it is yours, put `#[kernel]` on the `impl` of the struct, \
             or write it as a function with `#[kernel]` and call that",
            "kernel.rs:4:5: kernels have no function `Body::new`: put `#[kernel]` on the `impl` of `Body` that it stands in",
            "kernel.rs:5:5: `.sum()` is not a method of arrays of structs in a kernel: go through them by a loop, or by \
             `p.iter().map(|q| q.x)`",
            "kernel.rs:7:5: kernels have no method `step`: if it is yours, put `#[kernel]` on the `impl` of the struct, \
             or write it as a function with `#[kernel]` and call that",
        ],
    );
}
