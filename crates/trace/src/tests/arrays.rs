//! Elements, shapes, reductions, `mapv` and division checks on arrays.

use super::{check, check_mistakes, line, trace};
use crate::Method;
use ndarray::Array2;
use parfuse_ir::FaultKind;
use parfuse_ir::program::Stmt;

#[test]
fn elements_are_read_and_written_by_usize() {
    check(
        |t| {
            let (h, i) = (t.array_mut::<i64>("h", 2), t.scalar::<usize>("i"));
            let one = t.int_literal(1, line(1));
            t.store_op("+=", h, &[i, t.int_literal(0, line(1))], one, line(1));
            t.index(h, &[t.tuple(&[i, i])], line(2))
        },
        "program kernel(mut h: [i64; 2], i: usize) -> i64 {
           var x0 h: [i64; 2] is p0
           v3: [i64; 2] = x0
           v4: i64 = index v3[i, 0usize]
           v5: i64 = add v4, 1i64
           store x0[i, 0usize], v5
           v6: [i64; 2] = x0
           v7: i64 = index v6[i, i]
           return v7
         }",
    );
}

#[test]
fn shapes_come_from_numbers_tuples_and_other_arrays() {
    check(
        |t| {
            let a = t.array::<f64>("a", 2);
            let like = t.array_function::<Array2<f64>>(
                "zeros",
                &[t.method(a, Method::raw_dim, &[], line(1))],
                line(1),
            );
            let dim = t.method(a, Method::dim, &[], line(2));
            let one = t.float_literal(1.0, line(2));
            let full = t.array_function::<Array2<f64>>("from_elem", &[dim, one], line(2));
            let lengths = t.method(a, Method::shape, &[], line(3));
            let columns = t.index(lengths, &[t.int_literal(1, line(3))], line(3));
            t.tuple(&[t.binary("+", like, full, line(4)), columns])
        },
        "program kernel(a: [f64; 2]) -> ([f64; 2], usize) {
           v1: usize = dim a, 0
           v2: usize = dim a, 1
           v4: [f64; 2] = fill[v1, v2] 0.0f64
           v5: usize = dim a, 0
           v6: usize = dim a, 1
           v8: [f64; 2] = fill[v5, v6] 1.0f64
           v9: usize = dim a, 0
           v10: usize = dim a, 1
           v12: [f64; 2] = add v4, v8
           return v12, v10
         }",
    );
}

#[test]
fn the_mean_is_an_option() {
    check(
        |t| {
            let a = t.array::<f32>("a", 1);
            t.method(t.method(a, Method::mean, &[], line(1)), Method::unwrap, &[], line(1))
        },
        "program kernel(a: [f32; 1]) -> f32 {
           v1: usize = len a
           v3: bool = gt v1, 0usize
           v4: f32 = reduce sum a
           v5: f32 = cast v1
           v6: f32 = div v4, v5
           check v3, empty_mean
           return v6
         }",
    );
    let program = trace(|t| {
        let a = t.array::<f64>("a", 1);
        t.method(
            t.method(a, Method::mean, &[], line(1)),
            Method::unwrap_or,
            &[t.float_literal(0.0, line(1))],
            line(1),
        )
    });
    assert!(!program.body.iter().any(|stmt| matches!(stmt, Stmt::Check { .. })));
}

#[test]
fn mapv_computes_with_scalars() {
    check(
        |t| {
            let (a, k) = (t.array::<i64>("a", 1), t.scalar::<f64>("k"));
            t.mapv(a, Method::mapv, |x| t.binary("*", t.cast::<f64>(x, line(1)), k, line(1)), line(1))
        },
        "program kernel(a: [i64; 1], k: f64) -> [f64; 1] {
           v5: [f64; 1] = map v2: i64 in a {
             v3: f64 = cast v2
             v4: f64 = mul v3, k
             yield v4
           }
           return v5
         }",
    );
}

#[test]
fn mapv_does_nothing_else() {
    check_mistakes(
        |t| {
            let a = t.array::<f64>("a", 1);
            let acc = t.var("acc", 0.0);
            t.mapv(
                a,
                Method::mapv,
                |x| {
                    acc.add(x);
                    x
                },
                line(1),
            );
            t.mapv(a, Method::mapv, |_| t.method(a, Method::sum, &[], line(2)), line(2));
            t.mapv(a, Method::mapv, |_| t.random_number("random", None, &[], line(3)), line(3));
            t.mapv(a, Method::sum, |x| x, line(4))
        },
        &[
            "kernel.rs:1:5: the closure of `mapv` changes a variable outside of it; use a loop over the indices",
            "kernel.rs:2:5: operations on whole arrays are not supported inside the closure of `mapv`; \
             compute the array before it",
            "kernel.rs:3:5: `random` is not supported inside the closure of `mapv`; use a `prange` loop",
            "kernel.rs:4:5: `.sum()` takes no closure; use `mapv` or a loop",
        ],
    );
}

#[test]
fn integer_divisors_are_checked_unless_they_cannot_be_zero() {
    check(
        |t| {
            let (a, b) = (t.scalar::<i64>("a"), t.scalar::<i64>("b"));
            let half = t.binary("/", a, t.int_literal(2, line(1)), line(1));
            t.binary("%", half, b, line(2))
        },
        "program kernel(a: i64, b: i64) -> i64 {
           v3: i64 = div a, 2i64
           v5: bool = ne b, 0i64
           check v5, division_by_zero
           v6: i64 = rem v3, b
           return v6
         }",
    );
}

#[test]
fn division_checks_of_what_turns_out_a_float_go_away() {
    let program = trace(|t| {
        let n = t.scalar::<usize>("n");
        let a = t.array_function::<ndarray::Array1<crate::Infer>>("zeros", &[n], line(1));
        let quotient = t.binary("/", a, a, line(2));
        t.binary("+", quotient, t.lift(1.0f64, line(3)), line(3))
    });
    assert_eq!(program.body.len(), 3, "{program}");
}

#[test]
fn arrays_of_integers_are_divided_if_there_is_something_to_divide() {
    let program = trace(|t| {
        let (a, n) = (t.array::<i64>("a", 1), t.scalar::<i64>("n"));
        t.binary("/", a, n, line(1))
    });
    let checks = program
        .body
        .iter()
        .filter(|stmt| matches!(stmt, Stmt::Check { kind: FaultKind::DivisionByZero, .. }));
    assert_eq!(checks.count(), 1);
    assert!(program.to_string().contains("len a"), "{program}");
}

#[test]
fn mistakes_with_arrays_say_what_fits() {
    check_mistakes(
        |t| {
            let (a, x) = (t.array::<f64>("a", 2), t.scalar::<f64>("x"));
            t.index(a, &[t.int_literal(0, line(1))], line(1));
            t.index(a, &[x, x], line(2));
            t.index(x, &[t.int_literal(0, line(3))], line(3));
            t.binary("<", a, a, line(4));
            t.method(a, Method::atan2, &[a], line(5));
            t.method(a, Method::fill, &[x], line(6));
            t.array_function::<Array2<f64>>("zeros", &[t.int_literal(3, line(7))], line(7));
            t.if_(a, || t.unit(), || t.unit(), line(8))
        },
        &[
            "kernel.rs:1:5: an array of rank 2 is indexed with 1 indices",
            "kernel.rs:2:5: an index: expected usize, found f64",
            "kernel.rs:3:5: indexing needs an array, not a scalar",
            "kernel.rs:4:5: `<` of whole arrays is not supported in a kernel; compare their elements",
            "kernel.rs:5:5: `.atan2()` is a method of floats, not of an array of f64 with 2 axes; use `mapv` \
             with the methods of numbers, or a loop over the indices",
            "kernel.rs:6:5: `fill`: `a` cannot be changed; declare it with `let mut`",
            "kernel.rs:7:5: `zeros` of an array of rank 2 is given a shape of 1 lengths",
            "kernel.rs:8:5: a condition must be a scalar, not an array",
        ],
    );
}
