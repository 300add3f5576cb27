//! Indices that wrap around or stop at a border: what is loaded between the borders and at them, for all lengths around
//! those of a register and of a step.

use crate::lane_loops::agrees;
use parfuse_interp::Array;
use parfuse_ir::{DType, Scalar};

/// Numbers that differ.
fn numbers(dtype: DType, len: usize) -> Array {
    let elements = (0..len).map(|k| Scalar::Usize(k * 7 % 113).cast(dtype));
    Array::new(dtype, &[len], elements.collect())
}

/// Indices of an element's neighbours, as loops have them once `%` and branches are choices; `v1` of `v0`.
const NEIGHBOURS: [&str; 7] = [
    // The next one on a ring, and the one before.
    "v2: usize = add v1, 1usize v3: bool = lt v2, v0 v4: usize = sub v2, v0 v5: usize = select v3, v2, v4",
    "v10: usize = add v1, v0 v2: usize = sub v10, 1usize v3: bool = lt v2, v0 v4: usize = sub v2, v0
     v5: usize = select v3, v2, v4",
    // The same by comparing with the border.
    "v2: usize = sub v0, 1usize v3: bool = eq v1, v2 v4: usize = add v1, 1usize
     v5: usize = select v3, 0usize, v4",
    "v2: usize = sub v0, 1usize v3: bool = gt v1, 0usize v4: usize = sub v1, 1usize
     v5: usize = select v3, v4, v2",
    // At the border, the element itself.
    "v3: bool = lt v1, 1usize v4: usize = sub v1, 1usize v5: usize = select v3, 0usize, v4",
    "v2: usize = sub v0, 1usize v4: usize = add v1, 3usize v5: usize = min v2, v4",
    // Half way around.
    "v2: usize = div v0, 2usize v10: usize = add v1, v2 v3: bool = lt v10, v0 v4: usize = sub v10, v0
     v5: usize = select v3, v10, v4",
];

#[test]
fn neighbours_are_those_that_the_index_says() {
    for neighbour in NEIGHBOURS {
        for dtype in [DType::F64, DType::F32, DType::U8] {
            let text = format!(
                "loops f(b0 a: {dtype}[unit], mut b1 r: {dtype}[unit]) {{
                   v0: usize = dim b0, 0
                   parfor v1 in v0 {{
                     {neighbour}
                     v6: {dtype} = load b0[v5]
                     v7: {dtype} = load b0[v1]
                     v8: {dtype} = max v6, v7
                     v9: {dtype} = add v6, v8
                     store b1[v1], v9
                   }}
                 }}"
            );
            for n in [0, 1, 2, 3, 5, 8, 9, 17, 33, 71] {
                agrees(&text, &[numbers(dtype, n), numbers(dtype, n)], &[]);
            }
        }
    }
}

#[test]
fn rows_of_a_loop_in_lanes_have_borders_of_their_own() {
    for neighbour in NEIGHBOURS {
        let text = format!(
            "loops f(b0 a: f64[unit], mut b1 r: f64[unit], n: usize) {{
               v0: usize = max n, 0usize
               nest {{
                 for v21 in 3usize {{
                   v22: usize = mul v21, v0
                   parfor v1 in v0 {{
                     {neighbour}
                     v23: usize = add v22, v5
                     v24: usize = add v22, v1
                     v6: f64 = load b0[v23]
                     v7: f64 = load b1[v24]
                     v8: f64 = add v6, v7
                     store b1[v24], v8
                   }}
                 }}
               }}
             }}"
        );
        for n in [1, 2, 9, 67] {
            agrees(&text, &[numbers(DType::F64, 3 * n), numbers(DType::F64, 3 * n)], &[Scalar::Usize(n)]);
        }
    }
}

#[test]
fn some_lanes_and_loops_inside_find_the_same_neighbours() {
    for neighbour in NEIGHBOURS {
        let text = format!(
            "loops f(b0 a: f64[unit], mut b1 r: f64[unit]) {{
               var x0 sum: f64
               v0: usize = dim b1, 0
               parfor v1 in v0 {{
                 x0 = 0.0f64
                 {neighbour}
                 for v21 in 3usize {{
                   v22: usize = mul v21, v0
                   v23: usize = add v22, v5
                   v6: f64 = load b0[v23]
                   v7: bool = gt v6, 50.0f64
                   if v7 {{
                     v8: f64 = load b0[v5]
                     v9: f64 = x0
                     v11: f64 = add v9, v8
                     x0 = v11
                   }}
                 }}
                 v12: f64 = x0
                 store b1[v1], v12
               }}
             }}"
        );
        for n in [1, 7, 35] {
            agrees(&text, &[numbers(DType::F64, 3 * n), numbers(DType::F64, n)], &[]);
        }
    }
}

#[test]
fn lengths_that_are_too_large_for_a_sum_make_no_borders() {
    // `v1 + far` wraps around within the loop: below `n` there again.
    let text = "loops f(b0 a: f64[unit], mut b1 r: f64[unit], n: usize) {
           v0: usize = dim b1, 0
           parfor v1 in v0 {
             v2: usize = sub n, 5usize
             v3: usize = add v1, v2
             v4: bool = lt v3, n
             v5: usize = select v4, 0usize, v1
             v6: f64 = load b0[v5]
             store b1[v1], v6
           }
         }";
    for n in [3usize, 5, 40, usize::MAX, usize::MAX - 7, usize::MAX / 2, usize::MAX / 2 + 3] {
        let arrays = [numbers(DType::F64, 67), numbers(DType::F64, 67)];
        agrees(text, &arrays, &[Scalar::Usize(n)]);
    }
}
