//! Kernels from closures: handles with Rust's operators.

use super::{check, check_mistakes, trace};

#[test]
fn monte_carlo_pi() {
    check(
        |t| {
            let n = t.scalar::<i64>("n");
            let acc = t.var("acc", 0i64);
            t.prange(..n, |t, _| {
                let (x, y) = (t.random::<f64>(), t.random::<f64>());
                t.when((x * x + y * y).lt(1.0), || acc.add(1));
            });
            4.0 * acc.cast::<f64>() / n.cast::<f64>()
        },
        "program kernel(n: i64) -> f64 {
           var x0 acc: i64
           x0 = 0i64
           prange v4: i64 in 0i64..n step 1usize {
             v5: f64 = random
             v6: f64 = random
             v7: f64 = mul v5, v5
             v8: f64 = mul v6, v6
             v9: f64 = add v7, v8
             v11: bool = lt v9, 1.0f64
             if v11 {
               v13: i64 = x0
               v14: i64 = add v13, 1i64
               x0 = v14
             }
           }
           v15: i64 = x0
           v16: f64 = cast v15
           v18: f64 = mul 4.0f64, v16
           v19: f64 = cast n
           v20: f64 = div v18, v19
           return v20
         }",
    );
}

#[test]
fn gaussians() {
    check(
        |t| {
            let x = t.scalar::<f64>("x");
            let (means, widths) = (t.array::<f64>("means", 1), t.array::<f64>("widths", 1));
            let z = (x - means) / widths;
            (-0.5 * z.powi(2)).exp() / widths
        },
        "program kernel(x: f64, means: [f64; 1], widths: [f64; 1]) -> [f64; 1] {
           v3: [f64; 1] = sub x, means
           v4: [f64; 1] = div v3, widths
           v6: [f64; 1] = powi v4, 2i32
           v8: [f64; 1] = mul -0.5f64, v6
           v9: [f64; 1] = exp v8
           v10: [f64; 1] = div v9, widths
           return v10
         }",
    );
}

#[test]
fn numbers_of_the_default_types_adapt_and_others_do_not() {
    trace(|t| t.array::<f32>("a", 1) * 2.0 + 1.0);
    trace(|t| 1 + t.scalar::<usize>("n"));
    let tracer = crate::Tracer::new("kernel");
    let sum = tracer.scalar::<f64>("x") + 1i64;
    assert!(tracer.finish(sum, crate::ReturnKind::Any).is_err());
}

#[test]
fn places_are_those_of_the_calls() {
    let program = trace(|t| {
        let x = t.scalar::<f64>("x");
        x * x
    });
    let product = program.results[0];
    let place = program.files.describe(program.values[product].loc);
    assert!(place.contains("closures.rs:") && place.ends_with(":9"), "{place}");
}

#[test]
fn arrays_compare_and_choose_by_element() {
    check(
        |t| {
            let a = t.array::<f64>("a", 1);
            a.lt(0.0).select(0.0, a.min(1.0))
        },
        "program kernel(a: [f64; 1]) -> [f64; 1] {
           v2: [bool; 1] = lt a, 0.0f64
           v4: [f64; 1] = min a, 1.0f64
           v6: [f64; 1] = select v2, 0.0f64, v4
           return v6
         }",
    );
}

#[test]
fn elements_and_shapes() {
    let program = trace(|t| {
        let a = t.array::<f64>("a", 2);
        let out = t.var("out", t.zeros::<f64>(&[a.nrows()]));
        t.prange((0usize, a.shape(0)), |t, i| {
            let row = t.var("row", 0.0);
            t.for_each(..a.ncols(), |_, j| row.add(a.at(&[i, j]).sqrt()));
            out.store(&[i], row);
        });
        out
    });
    assert!(program.to_string().contains("prange"));
}

#[test]
fn the_places_of_faults_are_those_of_the_calls() {
    let program = trace(|t| {
        let (a, k) = (t.array::<i64>("a", 1), t.scalar::<i64>("k"));
        a.sum().pow(2) % k
    });
    let checks = program.body.iter().filter_map(|stmt| match stmt {
        parfuse_ir::program::Stmt::Check { loc, .. } => Some(program.files.describe(*loc)),
        _ => None,
    });
    let places: Vec<String> = checks.collect();
    assert!(places.len() == 1 && places[0].contains("closures.rs"), "{places:?}");
}

#[test]
fn values_of_another_kernel_are_refused() {
    let other = crate::Tracer::new("other");
    let foreign = other.scalar::<f64>("x");
    let tracer = crate::Tracer::new("kernel");
    let sum = tracer.binary("+", foreign, foreign, crate::At::NONE);
    let error = tracer.finish(sum, crate::ReturnKind::Any).unwrap_err();
    assert!(error.to_string().contains("a value of one kernel is used in another"), "{error}");
}

#[test]
fn wrong_operations_are_found_in_the_end() {
    check_mistakes(
        |t| t.bind("x", t.unary("-", t.scalar::<usize>("n"), super::line(1)), None, super::line(1)),
        &["kernel.rs:1:5: the operation `neg` does not apply to usize"],
    );
}
