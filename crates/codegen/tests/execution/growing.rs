//! Nests that have the host make, exchange and resize arrays: what is in registers stays, and addresses are found anew.

use crate::lane_loops::{agrees, lane};
use crate::machine::{Array, End, Machine, with_all};
use parfuse_interp::Array as Elements;
use parfuse_ir::{DType, Scalar};

/// A vector that grows beside many variables, floats and integers, which are all used to the end: more than there are
/// registers that calls preserve.
fn beside(variables: usize) -> String {
    let mut text = String::from(
        "loops f(mut b0 out: i64[unit], mut b1 sums: f64[unit], n: usize) {
  buffer b2 items: [i64; 1]
",
    );
    let [items, floats, ints] = [0, 1, 1 + variables];
    text += &format!("  var x{items} count: usize\n");
    (0..variables).for_each(|k| text += &format!("  var x{} f{k}: f64\n", floats + k));
    (0..variables).for_each(|k| text += &format!("  var x{} i{k}: i64\n", ints + k));
    text += "  alloc b2[0usize]\n  x0 = 0usize\n";
    (0..variables)
        .for_each(|k| text += &format!("  x{} = {}.0f64\n  x{} = {k}i64\n", floats + k, k, ints + k));
    text += "  nest {
    source for
    for v0 in n {
      v1: usize = x0
      v2: usize = dim b2, 0
      v3: bool = ge v1, v2
      if v3 {
        v4: usize = mul v1, 2usize
        v5: usize = add v4, 1usize
        resize b2 to v5
      }
      v6: i64 = cast v0
      store b2[v1], v6
      v7: usize = add v1, 1usize
      x0 = v7
";
    let mut value = 8;
    for k in 0..variables {
        let (float, int) = (floats + k, ints + k);
        let [a, b, c, d] = [0, 1, 2, 3].map(|n| value + n);
        text += &format!(
            "      v{a}: f64 = x{float}\n      v{b}: f64 = mul v{a}, 1.5f64\n      x{float} = v{b}\n"
        );
        text += &format!("      v{c}: i64 = x{int}\n      v{d}: i64 = add v{c}, v6\n      x{int} = v{d}\n");
        value += 4;
    }
    text += "    }\n  }\n";
    for k in 0..variables {
        let [a, b] = [value, value + 1];
        text += &format!("  v{a}: f64 = x{}\n  store b1[{k}usize], v{a}\n", floats + k);
        text += &format!("  v{b}: i64 = x{}\n  store b0[{k}usize], v{b}\n", ints + k);
        value += 2;
    }
    let [index, count, item, at] = [0, 1, 2, 3].map(|n| value + n);
    text += &format!(
        "  v{count}: usize = x0
  for v{index} in v{count} {{
    v{item}: i64 = load b2[v{index}]
    v{at}: usize = add v{index}, {variables}usize
    store b0[v{at}], v{item}
  }}
}}
"
    );
    text
}

fn zeros(dtype: DType, len: usize) -> Elements {
    Elements::new(dtype, &[len], vec![dtype.zero(); len])
}

#[test]
fn registers_stay_where_vectors_grow() {
    for variables in [1, 6, 15] {
        let text = beside(variables);
        for n in [0, 1, 2, 9, 40] {
            agrees(
                &text,
                &[zeros(DType::I64, variables + n), zeros(DType::F64, variables)],
                &[Scalar::Usize(n)],
            );
        }
    }
}

#[test]
fn nests_end_where_the_host_refuses() {
    let (_, lane) = lane(&beside(3));
    with_all(&lane, |code| {
        let arrays = vec![Array::zeros(DType::I64, 20), Array::zeros(DType::F64, 3)];
        let mut machine = Machine::new(&lane, code, arrays);
        machine.set(lane.frame.param(2), 9);
        machine.refuses_to_resize = true;
        assert_eq!(machine.run(), End::Stopped);
        assert_eq!(machine.log.last().map(String::as_str), Some("resize 2 to 1"));
    });
}

/// Steps of a wave: an array is made anew in each, filled in lanes, and takes the place of the last one.
#[test]
fn nests_make_and_exchange_arrays() {
    let text = "loops f(mut b0 out: f64[unit], n: usize, steps: usize) {
  buffer b1 now: [f64; 1]
  buffer b2 next: [f64; 1]
  alloc b1[n] zeroed
  nest {
    source for
    for v0 in steps {
      alloc b2[n]
      v1: f64 = cast v0
      parfor v2 in n {
        source for
        v3: f64 = load b1[v2]
        v4: f64 = mul v3, 1.25f64
        v5: f64 = add v4, v1
        store b2[v2], v5
      }
      v6: usize = dim b2, 0
      v7: bool = gt v6, 0usize
      if v7 {
        v8: f64 = load b2[0usize]
        v9: f64 = add v8, 0.5f64
        store b2[0usize], v9
      }
      move b2 to b1
    }
  }
  for v10 in n {
    v11: f64 = load b1[v10]
    store b0[v10], v11
  }
}
";
    for n in [0, 1, 7, 40] {
        for steps in [0, 1, 5] {
            agrees(text, &[zeros(DType::F64, n)], &[Scalar::Usize(n), Scalar::Usize(steps)]);
        }
    }
}

/// Lengths behind a resizing are those after it, at the head of a nest too.
#[test]
fn lengths_are_measured_where_they_are_asked_for() {
    let text = "loops f(mut b0 out: i64[unit], n: usize) {
  buffer b1 v: [i64; 1]
  var x0 sum: i64
  alloc b1[3usize] zeroed
  x0 = 0i64
  nest {
    source for
    v0: usize = dim b1, 0
    resize b1 to n
    v1: usize = dim b1, 0
    for v2 in v1 {
      v3: i64 = cast v2
      store b1[v2], v3
    }
    for v4 in v1 {
      v5: i64 = load b1[v4]
      v6: i64 = x0
      v7: i64 = add v6, v5
      x0 = v7
    }
    v8: i64 = cast v0
    store b0[0usize], v8
    v9: i64 = cast v1
    store b0[1usize], v9
  }
  v10: i64 = x0
  store b0[2usize], v10
  v11: usize = dim b1, 0
  v12: i64 = cast v11
  store b0[3usize], v12
}
";
    for n in [0, 2, 3, 30] {
        agrees(text, &[zeros(DType::I64, 4)], &[Scalar::Usize(n)]);
    }
}
