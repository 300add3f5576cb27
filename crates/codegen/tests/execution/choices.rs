//! Integers that loops choose are what the interpreter of Loops says, whether branches or moves choose them.
//!
//! ```text
//! if a[i] < a[p] { p = i }                               the place of an extreme: a branch
//! if a[m] < key { low = m } else { high = m }            a search by halves: moves
//! ```

use crate::lane_loops::{agrees, elements};
use parfuse_ir::{DType, Scalar};

const N: usize = 40;

/// Runs a loop alone, and in each iteration of a nest and of a region.
#[track_caller]
fn agrees_everywhere(dtype: DType, before: &str, body: &str) {
    let name = dtype.name();
    for n in [0, 1, 2, 9, N] {
        for (open, close) in
            [("", ""), ("nest { for v90 in 3usize {", "} }"), ("parfor v90 in 1usize {", "}")]
        {
            let text = format!(
                "loops f(b0 a: {name}[unit], mut b1 found: u64[unit], n: usize, key: {name}) {{
                   var x0 first: usize
                   var x1 second: usize
                   {open}
                   x0 = 0usize
                   x1 = 0usize
                   {before}
                   {body}
                   v91: usize = x0
                   v92: u64 = cast v91
                   store b1[0usize], v92
                   v93: usize = x1
                   v94: u64 = cast v93
                   store b1[1usize], v94
                   {close}
                 }}"
            );
            let a = elements(dtype, N);
            let key = a.scalars()[7];
            agrees(&text, &[a, elements(DType::U64, 2)], &[Scalar::Usize(n), key]);
        }
    }
}

#[test]
fn places_of_extremes() {
    for dtype in [DType::F64, DType::F32, DType::I64, DType::U8] {
        let name = dtype.name();
        agrees_everywhere(
            dtype,
            "",
            &format!(
                "for v1 in n {{
                   v2: {name} = load b0[v1]
                   v3: usize = x0
                   v4: {name} = load b0[v3]
                   v5: bool = lt v2, v4
                   v6: usize = select v5, v1, v3
                   x0 = v6
                   v7: usize = x1
                   v8: {name} = load b0[v7]
                   v9: bool = lt v8, v2
                   v10: bool = not v9
                   v11: usize = select v10, v7, v1
                   x1 = v11
                 }}"
            ),
        );
    }
}

#[test]
fn places_of_extremes_of_which_one_holds_off_the_other() {
    agrees_everywhere(
        DType::F64,
        "",
        "for v1 in n {
           v2: f64 = load b0[v1]
           v3: usize = x0
           v4: f64 = load b0[v3]
           v5: f64 = sub v2, v4
           v6: bool = lt v5, 0.0f64
           if v6 {
             x1 = v3
             x0 = v1
           } else {
             v7: bool = lt v2, key
             if v7 {
               x1 = v1
             }
           }
         }",
    );
}

#[test]
fn one_choice_after_the_other() {
    agrees_everywhere(
        DType::I32,
        "",
        "for v1 in n {
           v2: i32 = load b0[v1]
           v3: usize = x0
           v4: i32 = load b0[v3]
           v5: bool = lt v2, v4
           v6: usize = select v5, v1, v3
           v7: i32 = load b0[v6]
           v8: bool = lt key, v7
           v9: usize = select v8, v6, 0usize
           v10: bool = eq v7, key
           v11: usize = select v10, v1, v9
           x0 = v11
           x1 = v6
         }",
    );
}

#[test]
fn searches_by_halves() {
    agrees_everywhere(
        DType::F64,
        "x1 = n",
        "for v1 in 6usize {
           v2: usize = x0
           v3: usize = x1
           v4: usize = add v2, v3
           v5: usize = div v4, 2usize
           v6: usize = rem v5, 40usize
           v7: f64 = load b0[v6]
           v8: bool = lt v7, key
           v9: usize = select v8, v6, v2
           v10: usize = select v8, v3, v6
           x0 = v9
           x1 = v10
         }",
    );
}
