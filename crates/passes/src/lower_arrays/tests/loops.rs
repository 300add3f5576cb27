//! Loops: ranges of any kind, nesting, conditions and the numbering of random numbers in them.

use super::{array, integer, lowered, run, total};
use parfuse_ir::loops::Event;

/// A `prange` or `for` of any range that records its indices.
fn ranged(word: &str, dtype: &str, start: &str, end: &str, step: &str) -> String {
    format!(
        "program f() -> (i64, i64) {{
  var x0 s: i64
  var x1 n: i64
  x0 = 0i64
  x1 = 0i64
  {word} v0: {dtype} in {start}{dtype}..{end}{dtype} step {step}usize {{
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
        ("i8", "-128", "127", "200"),
        ("i64", "-9223372036854775808", "9223372036854775807", "18446744073709551615"),
        ("i64", "-9223372036854775808", "9223372036854775807", "9000000000000000000"),
        ("i64", "9223372036854775806", "9223372036854775807", "5"),
        ("usize", "1", "18446744073709551615", "9223372036854775808"),
    ] {
        run(&ranged("for", dtype, start, end, step), &[]).expect("it runs");
    }
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
  for v1: i64 in 0i64..3i64 step 1usize {
    prange v2: i64 in 0i64..n step 1usize {
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
