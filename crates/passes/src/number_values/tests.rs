//! What becomes one value, and what must not.

use super::*;
use crate::testing::{check, unchanged};

#[test]
fn equal_expressions_become_one_where_one_dominates() {
    check(
        number_values,
        "loops f(x: f64, y: f64, c: bool, mut b0 a: f64[unit]) {
           v0: f64 = add y, x
           v1: f64 = add x, y
           if c { v2: f64 = mul v0, v1 store b0[0usize], v2 } else { v3: f64 = mul v0, v0 store b0[0usize], v3 }
           v4: f64 = mul v1, v1
           store b0[1usize], v4
         }",
        "loops f(x: f64, y: f64, c: bool, mut b0 a: f64[unit]) {
           v0: f64 = add y, x
           if c { v2: f64 = mul v0, v0 store b0[0usize], v2 } else { v3: f64 = mul v0, v0 store b0[0usize], v3 }
           v4: f64 = mul v0, v0
           store b0[1usize], v4
         }",
    );
}

#[test]
fn what_is_checked_if_a_loop_runs_holds_in_the_loop() {
    check(
        number_values,
        "loops f(n: usize, b0 a: f64[unit], mut b1 b: f64[unit]) {
           v0: usize = dim b0, 0
           v1: usize = dim b1, 0
           v2: bool = eq v0, v1
           v3: bool = ne n, 0usize
           if v3 { check v2, shape_mismatch(0) with v0, v1 @1:1 }
           for v4 in n { parfor v5 in v1 { source one @2:1 v6: f64 = cast v5 store b1[v5], v6 } }
           for v7 in v0 { parfor v8 in v1 { source two @3:1 v9: f64 = cast v8 store b1[v8], v9 } }
         }",
        "loops f(n: usize, b0 a: f64[unit], mut b1 b: f64[unit]) {
           v0: usize = dim b0, 0
           v1: usize = dim b1, 0
           v2: bool = eq v0, v1
           v3: bool = ne n, 0usize
           if v3 { check v2, shape_mismatch(0) with v0, v1 @1:1 }
           for v4 in n { parfor v5 in v0 { source one @2:1 v6: f64 = cast v5 store b1[v5], v6 } }
           for v7 in v0 { parfor v8 in v1 { source two @3:1 v9: f64 = cast v8 store b1[v8], v9 } }
         }",
    );
}

#[test]
fn a_passed_check_makes_two_lengths_one() {
    check(
        number_values,
        "loops f(b0 a: f64[unit], b1 b: f64[unit], mut b2 c: f64[unit]) {
           v0: usize = dim b0, 0
           v1: usize = dim b1, 0
           v2: bool = eq v0, v1
           check v2, shape_mismatch(0) with v0, v1
           check v2, shape_mismatch(0) with v0, v1
           parfor v3 in v1 { v4: f64 = cast v1 store b2[v3], v4 }
         }",
        "loops f(b0 a: f64[unit], b1 b: f64[unit], mut b2 c: f64[unit]) {
           v0: usize = dim b0, 0
           v1: usize = dim b1, 0
           v2: bool = eq v0, v1
           check v2, shape_mismatch(0) with v0, v1
           parfor v3 in v0 { v4: f64 = cast v0 store b2[v3], v4 }
         }",
    );
}

#[test]
fn what_a_branch_knows_is_forgotten_behind_it() {
    check(
        number_values,
        "loops f(n: usize, m: usize, mut b0 a: usize[unit]) {
           v0: bool = eq n, m
           if v0 { store b0[n], m } else { store b0[0usize], m }
           store b0[1usize], m
         }",
        "loops f(n: usize, m: usize, mut b0 a: usize[unit]) {
           v0: bool = eq n, m
           if v0 { store b0[n], n } else { store b0[0usize], m }
           store b0[1usize], m
         }",
    );
}

#[test]
fn variables_elements_and_lengths_are_remembered_until_they_change() {
    check(
        number_values,
        "loops f(x: f64, n: usize, mut b0 a: f64[unit]) {
           buffer b1 t: [f64; 1]
           var x0 s: f64
           x0 = x
           v0: f64 = x0
           v1: f64 = load b0[n]
           v2: f64 = load b0[n]
           v3: f64 = add v1, v2
           x0 = v3
           store b0[n], v0
           v4: f64 = load b0[n]
           v5: f64 = x0
           alloc b1[n]
           v6: usize = dim b1, 0
           store b1[v6], v4
           store b0[0usize], v5
           v7: f64 = load b0[n]
           store b0[1usize], v7
         }",
        "loops f(x: f64, n: usize, mut b0 a: f64[unit]) {
           buffer b1 t: [f64; 1]
           var x0 s: f64
           x0 = x
           v1: f64 = load b0[n]
           v3: f64 = add v1, v1
           x0 = v3
           store b0[n], x
           alloc b1[n]
           store b1[n], x
           store b0[0usize], v3
           v7: f64 = load b0[n]
           store b0[1usize], v7
         }",
    );
}

#[test]
fn what_a_loop_changes_is_read_anew() {
    unchanged(
        number_values,
        "loops f(x: f64, n: usize, mut b0 a: f64[unit]) {
           var x0 s: f64
           x0 = x
           v0: f64 = load b0[n]
           for v1 in n {
             v2: f64 = x0
             v3: f64 = load b0[n]
             v4: f64 = add v2, v3
             x0 = v4
             store b0[v1], v4
           }
           v5: f64 = x0
           v6: f64 = load b0[n]
           v7: f64 = add v5, v6
           store b0[0usize], v7
           store b0[1usize], v0
         }",
    );
}

#[test]
fn a_range_up_to_a_length_counts_the_length() {
    check(
        number_values,
        "loops f(n: i64, b0 a: f64[unit], mut b1 r: f64[unit]) {
           buffer b2 t: [f64; 1]
           v0: usize = dim b0, 0
           v1: i64 = cast v0
           v3: usize = trips 0i64, v1, 1usize
           parfor v4 in v3 { store b1[v4], 1.0f64 }
           v5: usize = cast n
           v7: usize = trips 0i64, n, 1usize
           parfor v8 in v7 { store b1[v8], 1.0f64 }
           alloc b2[v5]
           v9: usize = trips 0i64, n, 1usize
           parfor v10 in v9 { store b2[v10], 1.0f64 }
           return b2
         }",
        "loops f(n: i64, b0 a: f64[unit], mut b1 r: f64[unit]) {
           buffer b2 t: [f64; 1]
           v0: usize = dim b0, 0
           v1: i64 = cast v0
           parfor v4 in v0 { store b1[v4], 1.0f64 }
           v5: usize = cast n
           v7: usize = trips 0i64, n, 1usize
           parfor v8 in v7 { store b1[v8], 1.0f64 }
           alloc b2[v5]
           parfor v10 in v5 { store b2[v10], 1.0f64 }
           return b2
         }",
    );
}

#[test]
fn comparisons_point_one_way() {
    check(
        number_values,
        "loops f(x: f64, y: f64, mut b0 a: bool[unit]) {
           v0: bool = lt x, y
           v1: bool = gt y, x
           store b0[0usize], v1
         }",
        "loops f(x: f64, y: f64, mut b0 a: bool[unit]) {
           v0: bool = lt x, y
           store b0[0usize], v0
         }",
    );
}

#[test]
fn what_was_known_of_an_array_is_no_more_known_once_it_has_another_length() {
    unchanged(
        number_values,
        "loops f(n: usize, m: usize) {
           buffer b0 a: [f64; 1]
           alloc b0[n] zeroed
           store b0[m], 1.0f64
           resize b0 to m
           v0: usize = dim b0, 0
           v1: f64 = load b0[n]
           store b0[v0], v1
           return b0
         }",
    );
}
