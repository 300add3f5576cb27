//! Variables assigned in a `prange`: reductions, private variables, and what is refused.

use super::{array, integer, lowered, run, total};
use crate::rejection::{ReductionFlaw, Rejection};
use parfuse_interp::Value;
use parfuse_ir::{FaultKind, Scalar};

/// A `prange` over `0..n` around statements that use `x0`, its index `v1` (`i64`) and element `v2` of `a`.
fn reducing(body: &str) -> String {
    format!(
        "program f(a: [i64; 1], n: i64) -> i64 {{
  var x0 acc: i64
  var x1 other: i64
  x0 = 3i64
  prange v1: i64 in 0i64..n step 1usize {{
    v0: usize = cast v1
    v2: i64 = index a[v0]
{body}
  }}
  v99: i64 = x0
  return v99
}}"
    )
}

#[test]
fn assignments_of_one_group_are_reductions() {
    for body in [
        "v3: i64 = x0\nv4: i64 = add v3, v2\nx0 = v4",
        "v3: i64 = x0\nv4: i64 = sub v3, v2\nv5: i64 = add v1, v4\nx0 = v5",
        "v3: i64 = x0\nv4: i64 = mul v2, v3\nx0 = v4",
        "v3: i64 = x0\nv4: i64 = max v2, v3\nx0 = v4",
        "v3: i64 = x0\nv4: i64 = xor v3, v2\nx0 = v4",
        "v3: bool = lt v1, 2i64\nif v3 {\nv4: i64 = x0\nv5: i64 = add v4, v2\nx0 = v5\n}",
        "v3: bool = lt v1, 2i64\nif v3 {\nv4: i64 = x0\nv5: i64 = add v4, v2\nx0 = v5\n} else {\n\
         v6: i64 = x0\nv7: i64 = sub v6, 3i64\nx0 = v7\n}\nv8: i64 = x0\nv9: i64 = add v8, 1i64\nx0 = v9",
        "for v3: i64 in 0i64..v1 step 1usize {\nv4: i64 = x0\nv5: i64 = add v4, v3\nx0 = v5\n}",
    ] {
        for n in [0, 1, 5] {
            run(&reducing(body), &[array(&[5], 2), integer(n)]).expect("it runs");
        }
    }
}

#[test]
fn a_contribution_alone_is_not_combined_with_the_identity() {
    let loops = lowered(&reducing("v3: i64 = x0\nv4: i64 = add v2, v3\nx0 = v4")).unwrap();
    assert!(!loops.to_string().contains("add"), "{loops}");
}

#[test]
fn sums_of_negative_zeros_and_extrema_of_nan_start_from_the_identity() {
    let text = "program f() -> (f64, f64) {
  var x0 s: f64
  var x1 m: f64
  x0 = 0.0f64
  x1 = 5.0f64
  prange v0: i64 in 0i64..3i64 step 1usize {
    v1: f64 = x0
    v2: f64 = add v1, -0.0f64
    x0 = v2
    v3: f64 = x1
    v4: f64 = min v3, f64(0x7ff8000000000000)
    x1 = v4
  }
  v5: f64 = x0
  v6: f64 = x1
  return v5, v6
}";
    run(text, &[]).expect("it runs");
}

#[test]
fn variables_of_the_body_are_private() {
    let body = "x1 = 0i64\nfor v3: i64 in 0i64..v1 step 1usize {\nv4: i64 = x1\nv5: i64 = add v4, v2\nx1 = v5\n}\n\
                v6: i64 = x0\nv7: i64 = x1\nv8: i64 = add v6, v7\nx0 = v8";
    assert_eq!(total(run(&reducing(body), &[array(&[4], 1), integer(4)])), 3 + 2 + 2 * 3 + 3 * 4);
}

#[test]
fn an_index_out_of_range_is_reported_of_the_first_iteration() {
    let body = "v3: i64 = x0\nv4: i64 = add v3, v2\nx0 = v4";
    let failure = run(&reducing(body), &[array(&[5], 2), integer(9)]).unwrap_err();
    assert_eq!((failure.kind, &failure.args[..]), (FaultKind::IndexOutOfRange { axis: 0 }, &[5, 5][..]));
}

#[test]
fn other_assignments_are_refused_with_the_reason() {
    for (body, flaw) in [
        (
            "v3: i64 = x0\nv4: i64 = add v3, v2\nx0 = v4\nv5: i64 = x0\nv6: i64 = mul v5, v2\nx0 = v6",
            ReductionFlaw::MixedOperators,
        ),
        ("v3: i64 = x0\nv4: i64 = add v3, v2\nv5: i64 = mul v4, v2\nx0 = v5", ReductionFlaw::MixedOperators),
        ("v3: i64 = x0\nv4: i64 = div v3, 2i64\nx0 = v4", ReductionFlaw::IntegerDivision),
        ("v3: i64 = x0\nv4: i64 = abs v3\nx0 = v4", ReductionFlaw::NotOfTheForm),
        ("v3: i64 = x0\nv4: i64 = sub v2, v3\nx0 = v4", ReductionFlaw::NotOfTheForm),
        ("v3: i64 = x0\nv4: i64 = add v3, v3\nx0 = v4", ReductionFlaw::NotOfTheForm),
        ("v3: i64 = x0\nx0 = v3", ReductionFlaw::NotOfTheForm),
        ("x0 = v2", ReductionFlaw::LastValue),
        ("x0 = 0i64\nv3: i64 = x0\nv4: i64 = add v3, v2\nx0 = v4", ReductionFlaw::LastValue),
        ("v3: i64 = x0\nv4: i64 = add v3, v2\nx0 = v4\nx1 = v4", ReductionFlaw::ReadElsewhere),
        (
            "v3: i64 = x0\nv4: i64 = add v3, v2\nx0 = v4\nv5: bool = lt v3, 2i64\nif v5 {\nx1 = 1i64\n}",
            ReductionFlaw::ReadElsewhere,
        ),
        (
            "x1 = 0i64\nwhile {\nv3: i64 = x0\nv4: bool = lt v3, 9i64\ntest v4\n} do {\nv5: i64 = x0\nv6: i64 = add v5, v2\nx0 = v6\n}",
            ReductionFlaw::ReadElsewhere,
        ),
        // The second assignment drops what the first has added.
        (
            "v3: i64 = x0\nv4: i64 = add v3, 1i64\nv5: i64 = add v3, 2i64\nx0 = v4\nx0 = v5",
            ReductionFlaw::NotOfTheForm,
        ),
        (
            "v3: i64 = x0\nfor v4: i64 in 0i64..n step 1usize {\nv5: i64 = add v3, v4\nx0 = v5\n}",
            ReductionFlaw::NotOfTheForm,
        ),
    ] {
        match lowered(&reducing(body)) {
            Err(Rejection::NotAReduction { variable, why, .. }) => {
                assert_eq!((variable.as_str(), why), ("acc", flaw), "{body}");
            }
            other => panic!("{other:?}\n{body}"),
        }
    }
}

#[test]
fn a_float_division_is_a_product() {
    let text = "program f() -> f64 {
  var x0 s: f64
  x0 = 10.0f64
  prange v0: i64 in 0i64..10i64 step 1usize {
    v1: f64 = x0
    v2: f64 = div v1, 2.0f64
    x0 = v2
  }
  v3: f64 = x0
  return v3
}";
    assert_eq!(run(text, &[]).unwrap().results, [Value::Scalar(Scalar::F64(0.009765625))]);
}

#[test]
fn a_program_that_draws_nothing_has_no_counter() {
    let loops = lowered(&reducing("v3: i64 = x0\nv4: i64 = add v3, v2\nx0 = v4")).unwrap();
    assert_eq!(loops.vars.iter().filter(|(_, var)| var.name == "streams").count(), 0);
}

#[test]
fn arrays_of_random_numbers_are_refused_inside() {
    let rejection = lowered(&reducing("v3: [i64; 1] = random[3usize]\nv4: i64 = reduce sum v3")).unwrap_err();
    assert!(
        matches!(rejection, Rejection::ArrayOperationInside { ref operation, .. } if operation == "random")
    );
}

#[test]
fn an_array_from_outside_is_no_iterations_own() {
    let text = reducing("v3: [i64; 1] = fill[3usize] v2\nx2 = v3").replacen(
        "  x0 = ",
        "  var x2 work: [i64; 1]\n  v90: [i64; 1] = fill[3usize] 0i64\n  x2 = v90\n  x0 = ",
        1,
    );
    let rejection = lowered(&text).unwrap_err();
    assert!(
        matches!(rejection, Rejection::NotAReduction { ref variable, .. } if variable == "work"),
        "{rejection:?}"
    );
}

#[test]
fn a_private_variable_has_no_value_after_the_loop() {
    let text = reducing("x1 = v2").replace("v99: i64 = x0", "v99: i64 = x1");
    assert!(matches!(
        lowered(&text),
        Err(Rejection::NotAReduction { variable, why: ReductionFlaw::LastValue, .. }) if variable == "other"
    ));
}
