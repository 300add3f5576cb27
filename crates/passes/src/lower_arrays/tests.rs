//! Lowered kernels do what the program says, allocate and check no more than needed, and refuse what has
//! no meaning in parallel.

use super::lower_arrays;
use crate::check_parallel;
use crate::rejection::{ReductionFlaw, Rejection};
use parfuse_interp::{Array, Failure, Outcome, Value, run_loops, run_program};
use parfuse_ir::loops::{Event, Layout, Loops};
use parfuse_ir::program::Program;
use parfuse_ir::{DType, FaultKind, Scalar};

fn parse(text: &str) -> Program {
    let program = Program::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    program.verify().unwrap_or_else(|error| panic!("{error}\n{text}"));
    program
}

/// Lowers a program for array parameters of these shapes.
fn lower(program: &Program, shapes: &[Option<Vec<usize>>]) -> Result<Loops, Rejection> {
    let layout = |shape: &Vec<usize>| Layout { unit: true, single: shape.iter().map(|n| *n == 1).collect() };
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
    let loops = lower(&program, &shapes).unwrap_or_else(|rejection| panic!("{rejection}\n{program}"));
    check_parallel(&loops).unwrap_or_else(|rejection| panic!("{rejection}\n{program}\n{loops}"));
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
    let loops = lower(&program, &shapes)?;
    check_parallel(&loops)?;
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
fn a_zero_fill_needs_no_loop() {
    let loops = lowered("program f(n: usize) -> [f64; 1] {\n  v0: [f64; 1] = fill[n] 0.0f64\n  return v0\n}")
        .unwrap();
    assert_eq!((count(&loops, "parfor"), count(&loops, "alloc")), (0, 1), "{loops}");
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
  for v1: i64 in 0i64..n step 1i64 {
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
  for v1: i64 in 0i64..n step 1i64 {
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

/// A `prange` or `for` of any range that records its indices.
fn ranged(word: &str, dtype: &str, start: &str, end: &str, step: &str) -> String {
    format!(
        "program f() -> (i64, i64) {{
  var x0 s: i64
  var x1 n: i64
  x0 = 0i64
  x1 = 0i64
  {word} v0: {dtype} in {start}{dtype}..{end}{dtype} step {step}{dtype} {{
    v1: i64 = cast v0
    v2: i64 = mul v1, v1
    v3: i64 = x0
    v4: i64 = add v3, v2
    x0 = v4
    v5: i64 = x1
    v6: i64 = add 1i64, v5
    x1 = v6
  }}
  v7: i64 = x0
  v8: i64 = x1
  return v7, v8
}}"
    )
}

#[test]
fn ranges_of_any_type_start_and_step() {
    for (start, end, step) in
        [("0", "5", "1"), ("3", "20", "2"), ("7", "7", "1"), ("9", "2", "3"), ("1", "11", "5")]
    {
        for dtype in ["i32", "i64", "usize"] {
            for word in ["for", "prange"] {
                run(&ranged(word, dtype, start, end, step), &[]).expect("it runs");
            }
        }
    }
    for (start, end, step) in [("-9", "5", "1"), ("-3", "-1", "1"), ("4", "-7", "1"), ("-10", "10", "7")] {
        for dtype in ["i32", "i64"] {
            run(&ranged("prange", dtype, start, end, step), &[]).expect("it runs");
        }
    }
}

#[test]
fn ranges_do_not_overflow() {
    for (dtype, start, end, step) in [
        ("i32", "-2147483648", "2147483647", "2000000000"),
        ("i64", "-9223372036854775808", "9223372036854775807", "9000000000000000000"),
        ("i64", "9223372036854775806", "9223372036854775807", "5"),
        ("usize", "1", "18446744073709551615", "9223372036854775808"),
    ] {
        run(&ranged("for", dtype, start, end, step), &[]).expect("it runs");
    }
}

/// A `prange` over `0..n` around statements that use `x0`, its index `v1` (`i64`) and element `v2` of `a`.
fn reducing(body: &str) -> String {
    format!(
        "program f(a: [i64; 1], n: i64) -> i64 {{
  var x0 acc: i64
  var x1 other: i64
  x0 = 3i64
  prange v1: i64 in 0i64..n step 1i64 {{
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
        "for v3: i64 in 0i64..v1 step 1i64 {\nv4: i64 = x0\nv5: i64 = add v4, v3\nx0 = v5\n}",
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
  prange v0: i64 in 0i64..3i64 step 1i64 {
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
    let body = "x1 = 0i64\nfor v3: i64 in 0i64..v1 step 1i64 {\nv4: i64 = x1\nv5: i64 = add v4, v2\nx1 = v5\n}\n\
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
            "v3: i64 = x0\nfor v4: i64 in 0i64..n step 1i64 {\nv5: i64 = add v3, v4\nx0 = v5\n}",
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
  prange v0: i64 in 0i64..10i64 step 1i64 {
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
fn nested_pranges_run_serially_with_a_note() {
    let text = "program f(mut a: [i64; 2]) -> i64 {
  var x0 a: [i64; 2] is p0
  var x1 acc: i64
  x1 = 0i64
  prange v0: usize in 0usize..3usize step 1usize {
    prange v1: usize in 0usize..v0 step 1usize {
      v2: [i64; 2] = x0
      v3: i64 = index v2[v0, v1]
      v4: i64 = x1
      v5: i64 = add v4, v3
      x1 = v5
      store x0[v0, v1], 7i64
    }
  }
  v6: i64 = x1
  return v6
}";
    run(text, &[array(&[3, 3], 1)]).expect("it runs");
    let loops = lowered(text).unwrap();
    assert!(loops.notes.iter().any(|note| note.event == Event::NestedSerial));
}

#[test]
fn random_numbers_are_numbered_by_stream_iteration_and_draw() {
    let text = "program f(n: i64) -> (i64, [f64; 1], f64) {
  var x0 acc: i64
  x0 = 0i64
  v0: f64 = random
  for v1: i64 in 0i64..3i64 step 1i64 {
    prange v2: i64 in 0i64..n step 1i64 {
      v3: i64 = random
      v4: bool = lt v3, 0i64
      if v4 {
        v5: i64 = random
        v6: i64 = x0
        v7: i64 = xor v6, v5
        x0 = v7
      }
      v8: i64 = random
      v9: i64 = x0
      v10: i64 = xor v9, v8
      x0 = v10
    }
  }
  v11: i64 = x0
  v12: usize = cast n
  v13: [f64; 1] = random[v12]
  return v11, v13, v0
}";
    run(text, &[integer(10)]).expect("it runs");
}

#[test]
fn a_program_that_draws_nothing_has_no_counter() {
    let loops = lowered(&reducing("v3: i64 = x0\nv4: i64 = add v3, v2\nx0 = v4")).unwrap();
    assert_eq!(loops.vars.iter().filter(|(_, var)| var.name == "streams").count(), 0);
}

#[test]
fn whole_array_operations_inside_a_prange_are_refused() {
    let rejection = lowered(&reducing("v3: [i64; 1] = add a, v2\nv4: i64 = reduce sum v3")).unwrap_err();
    assert!(matches!(rejection, Rejection::ArrayOperationInside { ref operation, .. } if operation == "add"));
}

#[test]
fn a_private_variable_has_no_value_after_the_loop() {
    let text = reducing("x1 = v2").replace("v99: i64 = x0", "v99: i64 = x1");
    assert!(matches!(
        lowered(&text),
        Err(Rejection::NotAReduction { variable, why: ReductionFlaw::LastValue, .. }) if variable == "other"
    ));
}

#[test]
fn while_loops_read_their_variables_anew() {
    let text = "program f(n: i64) -> i64 {
  var x0 i: i64
  var x1 s: i64
  x0 = 0i64
  x1 = 5i64
  while {
    v0: i64 = x0
    v1: bool = lt v0, n
    test v1
  } do {
    v2: i64 = x1
    v3: i64 = x0
    v4: i64 = add v2, v3
    x1 = v4
    v5: i64 = add v3, 1i64
    x0 = v5
  }
  v6: i64 = x1
  return v6
}";
    assert_eq!(total(run(text, &[integer(4)])), 5 + 1 + 2 + 3);
}
