//! What checks before, and quotients, say of an index.

use super::*;

#[test]
fn what_a_check_says_is_known_behind_it() {
    // Where there is a second element, the length is not zero, and the range before the last one does not wrap.
    let text = "loops f(b0 a: f64[unit], mut b1 r: bool[unit]) {
         v0: usize = dim b0, 0
         v1: usize = sub v0, 1usize
         v2: usize = trips 1usize, v1, 1usize
         parfor v3 in v2 {
           v4: usize = add v3, 1usize
           v5: bool = lt v4, v0
           check v5, index_out_of_range(0) of a with v4, v0
           v6: f64 = load b0[v4]
           v7: bool = lt v6, 0.0f64
           if v7 {
             v8: usize = add v3, 2usize
             v9: bool = lt v8, v0
             check v9, index_out_of_range(0) of a with v8, v0
             v10: f64 = load b0[v8]
             v11: bool = lt v10, 0.0f64
             store b1[v3], v11
           }
         }
       }";
    assert_eq!(checks_inside(text), 0);
}

#[test]
fn a_check_does_not_make_the_test_for_others_harder() {
    // The first check says of the index less than the loop does.
    let text = "loops f(b0 a: f64[unit], b1 b: f64[unit], mut b2 r: f64[unit]) {
         v0: usize = dim b0, 0
         v1: usize = dim b1, 0
         v2: usize = sub v0, 1usize
         v3: usize = trips 1usize, v2, 1usize
         parfor v4 in v3 {
           v5: bool = lt v4, v0
           check v5, index_out_of_range(0) of a with v4, v0
           v6: f64 = load b0[v4]
           v7: usize = add v4, 1usize
           v8: bool = lt v7, v1
           check v8, index_out_of_range(0) of b with v7, v1
           v9: f64 = load b1[v7]
           v10: f64 = add v6, v9
           store b2[v4], v10
         }
       }";
    let after = run(hoist_checks, text).to_string();
    // Arrays of the same length are long enough, by one.
    assert!(!after.contains("lt v0, v1") && !after.contains("le v0, v1"), "{after}");
}

#[test]
fn a_quotient_of_a_range_is_in_range_where_the_range_is_as_long_as_so_many_lengths() {
    let text = "loops f(n: usize, b0 a: f64[unit], mut b1 r: f64[unit]) {
         v0: usize = dim b0, 0
         parfor v1 in n {
           v2: usize = div v1, 3usize
           v3: bool = lt v2, v0
           check v3, index_out_of_range(0) of a with v2, v0
           v4: f64 = load b0[v2]
           store b1[v1], v4
         }
       }";
    let after = run(hoist_checks, text).to_string();
    // `n` may be three times the length, and no more.
    assert!(after.contains("mul v11, 3i64") && after.contains("bool = le 0i64, v15"), "{after}");
    assert_eq!(checks_inside(text), 0);
}

#[test]
fn neighbours_under_a_guard_ask_no_more_than_elements_that_are_touched_in_any_case() {
    let text = "loops f(n: usize, b0 a: f64[unit], mut b1 r: f64[unit]) {
           v0: usize = dim b1, 0
           for v1 in n {
             v2: f64 = load b0[v1]
             v3: bool = lt 0.5f64, v2
             if v3 {
               v4: bool = lt v1, v0
               check v4, index_out_of_range(0) of r with v1, v0
             } else {
               v5: bool = lt 0usize, v1
               if v5 {
                 v6: usize = sub v1, 1usize
                 v7: bool = lt v6, v0
                 check v7, index_out_of_range(0) of r with v6, v0
               }
             }
             store b1[v1], v2
           }
         }";
    let after = run(hoist_checks, text);
    let last = after.body.last().expect("the loop itself");
    assert!(
        !walk::statements(std::slice::from_ref(last)).any(|stmt| matches!(stmt, Stmt::Check { .. })),
        "{after}"
    );
}
