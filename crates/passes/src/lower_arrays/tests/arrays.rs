//! Whole-array operations: broadcasting, assignment, and no more buffers, loops and checks than needed.

use super::{array, count, integer, lowered, run};
use parfuse_interp::Value;
use parfuse_ir::{FaultKind, Scalar};

const ADD: &str = "program add(a: [i64; 2], b: [i64; 2]) -> [i64; 2] {
  v0: [i64; 2] = add a, b
  return v0
}";

#[test]
fn operands_broadcast_as_the_layouts_say() {
    for shapes in [[[3, 4], [3, 4]], [[3, 1], [3, 4]], [[1, 4], [3, 1]], [[1, 1], [1, 1]], [[0, 4], [1, 4]]] {
        let [a, b] = shapes;
        run(ADD, &[array(&a, 10), array(&b, 20)]).expect("the shapes fit");
    }
    let failure = run(ADD, &[array(&[3, 4], 0), array(&[3, 5], 0)]).unwrap_err();
    assert_eq!((failure.kind, &failure.args[..]), (FaultKind::ShapeMismatch { axis: 1 }, &[4, 5][..]));
}

#[test]
fn ranks_align_at_the_last_axis() {
    let text = "program f(a: [i64; 2], b: [i64; 1], c: i64) -> [i64; 2] {
  v0: [i64; 2] = sub b, a
  v1: [i64; 2] = mul v0, c
  return v1
}";
    run(text, &[array(&[2, 3], 1), array(&[3], 5), integer(3)]).expect("the shapes fit");
    run(text, &[array(&[2, 3], 1), array(&[1], 5), integer(3)]).expect("the shapes fit");
}

#[test]
fn local_arrays_of_unrelated_lengths_broadcast_at_run_time() {
    let text = "program f(n: usize, m: usize, a: [i64; 1]) -> [i64; 1] {
  v0: [i64; 1] = fill[n] 3i64
  v1: [i64; 1] = fill[m] 4i64
  v2: [i64; 1] = add v0, v1
  v3: [i64; 1] = add v2, a
  v4: [i64; 1] = add a, v3
  return v4
}";
    let size = |n: usize| Value::Scalar(Scalar::Usize(n));
    for (n, m, a) in [(5, 5, 5), (1, 5, 5), (5, 1, 5), (1, 1, 5), (1, 1, 1), (5, 1, 1), (0, 1, 1)] {
        run(text, &[size(n), size(m), array(&[a], 1)]).expect("the shapes fit");
    }
    assert!(run(text, &[size(5), size(4), array(&[5], 1)]).is_err());
    assert!(run(text, &[size(4), size(1), array(&[5], 1)]).is_err());
}

#[test]
fn equal_lengths_are_checked_once() {
    let loops = lowered(
        "program gaussians(x: f64, means: [f64; 1], widths: [f64; 1]) -> [f64; 1] {
  v0: usize = len means
  v1: [f64; 1] = sub x, means
  v2: [f64; 1] = div v1, widths
  v3: [f64; 1] = mul v2, v1
  v4: [f64; 1] = div widths, v3
  v5: [f64; 1] = fill[v0] 1.0f64
  v6: [f64; 1] = add v5, v4
  return v6
}",
    )
    .unwrap();
    assert_eq!(count(&loops, "check"), 1, "{loops}");
    assert_eq!(count(&loops, "parfor"), 6, "{loops}");
    assert_eq!(count(&loops, "alloc"), 6, "{loops}");
    assert!(!loops.to_string().contains("select"), "{loops}");
}

#[test]
fn array_reductions_and_maps() {
    let text = "program f(a: [i64; 2], b: [i64; 1]) -> (i64, i64, [i64; 2]) {
  v0: i64 = reduce sum a
  v1: i64 = reduce min a
  v2: [i64; 2] = map v3: i64 in a, v4: i64 in b {
    v5: i64 = mul v3, v4
    v6: i64 = add v5, v0
    yield v6
  }
  return v0, v1, v2
}";
    run(text, &[array(&[3, 4], 1), array(&[4], 2)]).expect("it runs");
    run(text, &[array(&[0, 4], 1), array(&[1], 2)]).expect("it runs");
}

#[test]
fn an_array_variable_takes_over_a_fresh_array_without_a_copy() {
    let text = "program f(a: [i64; 1], n: i64) -> ([i64; 1], [i64; 1]) {
  var x0 y: [i64; 1]
  v0: [i64; 1] = mul a, 2i64
  x0 = v0
  for v1: i64 in 0i64..n step 1usize {
    v2: [i64; 1] = x0
    v3: [i64; 1] = add v2, a
    x0 = v3
  }
  v4: [i64; 1] = x0
  return v4, a
}";
    run(text, &[array(&[4], 1), integer(3)]).expect("it runs");
    let loops = lowered(text).unwrap();
    // The variable's array and the copy of `a`; the loop adds in place.
    assert_eq!((count(&loops, "alloc"), count(&loops, "move"), count(&loops, "check")), (2, 0, 0), "{loops}");
}

#[test]
fn an_array_variable_may_change_its_shape() {
    let text = "program f(a: [i64; 1], b: [i64; 2], n: i64) -> [i64; 1] {
  var x0 y: [i64; 1]
  x0 = a
  for v1: i64 in 0i64..n step 1usize {
    v2: [i64; 1] = x0
    v3: usize = len v2
    v4: usize = add v3, 1usize
    v5: [i64; 1] = fill[v4] 1i64
    v6: [i64; 1] = add v5, v1
    x0 = v6
  }
  v7: bool = lt n, 2i64
  if v7 {
    v8: [i64; 1] = x0
    v9: [i64; 1] = mul v8, v8
    x0 = v9
  } else {
    v10: [i64; 1] = fill[1usize] 8i64
    x0 = v10
  }
  v11: [i64; 1] = x0
  v12: [i64; 1] = add v11, 1i64
  return v12
}";
    for n in 0..4 {
        run(text, &[array(&[2], 1), array(&[2, 2], 1), integer(n)]).expect("it runs");
    }
}

#[test]
fn results_that_share_a_buffer_are_copied() {
    let text = "program f(a: [i64; 1]) -> ([i64; 1], [i64; 1]) {
  v0: [i64; 1] = neg a
  return v0, v0
}";
    run(text, &[array(&[4], 1)]).expect("it runs");
}

#[test]
fn array_parameters_are_updated_in_place() {
    let text = "program f(mut a: [i64; 2], b: [i64; 1]) {
  var x0 a: [i64; 2] is p0
  v0: [i64; 2] = x0
  v1: [i64; 2] = add v0, b
  update x0, v1
  update x0, b
  store x0[1usize, 0usize], 9i64
}";
    run(text, &[array(&[2, 3], 1), array(&[3], 5)]).expect("it runs");
    run(text, &[array(&[2, 3], 1), array(&[1], 5)]).expect("it runs");
    assert!(run(text, &[array(&[2, 3], 1), array(&[2], 5)]).is_err());
    assert!(run(text, &[array(&[1, 3], 1), array(&[3], 5)]).is_err());
}

#[test]
fn scalar_arrays_need_no_loop() {
    let text = "program f(x: i64) -> ([i64; 0], i64) {
  v0: [i64; 0] = fill[] x
  v1: [i64; 0] = add v0, 1i64
  v2: i64 = reduce sum v1
  return v1, v2
}";
    run(text, &[integer(4)]).expect("it runs");
}
