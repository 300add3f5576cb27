//! Which loops are distributed, and into what.

use super::*;
use crate::testing::{run, unchanged};

fn kernel(body: &str) -> String {
    format!(
        "loops f(n: usize, m: usize, b0 a: f64[_, unit], b1 x: f64[unit], mut b2 y: f64[unit], mut b3 z: f64[unit]) {{
           var x0 s: f64
           var x1 total: f64
           {body}
         }}"
    )
}

/// The sum of row `v0`, as `x0`.
const SUM: &str = "x0 = 0.0f64 for v1 in m { v2: f64 = load b0[v0, v1] v3: f64 = load b1[v1]
                   v4: f64 = mul v2, v3 v5: f64 = x0 v6: f64 = add v5, v4 x0 = v6 }";

/// `y[j] += s a[i, j]` for all `j`.
const ROW: &str = "v7: f64 = x0 for v8 in m { v9: f64 = load b0[v0, v8] v10: f64 = mul v9, v7
                   v11: f64 = load b2[v8] v12: f64 = add v11, v10 store b2[v8], v12 }";

fn arrays(text: &str) -> usize {
    run(distribute_loops, &kernel(text)).to_string().matches("buffer").count()
}

#[test]
fn sums_of_rows_are_added_up_ahead_of_what_becomes_of_them() {
    let text = format!("for v0 in n {{ {SUM} {ROW} }}");
    let after = run(distribute_loops, &kernel(&text)).to_string();
    // The iterations ahead, those in order with a row each, and the rest with both.
    assert_eq!(after.matches("for ").count(), 1 + (1 + 1) + (1 + 1) + (1 + 2), "{after}");
    assert!(after.contains("alloc b4[16usize]"), "{after}");
}

#[test]
fn indices_are_computed_again_and_other_values_kept() {
    let text = format!(
        "for v0 in n {{ v20: usize = add v0, 1usize v21: f64 = load b1[v20] {SUM} {ROW} store b3[0usize], v21 }}"
    );
    assert_eq!(arrays(&text), 2);
}

#[test]
fn iterations_that_need_the_one_before_stay() {
    // The rows that are added up change, the sum goes on, or what is added depends on what was.
    let stays = |text: String| unchanged(distribute_loops, &kernel(&text));
    stays(format!("for v0 in n {{ {} {ROW} }}", SUM.replace("b1[v1]", "b2[v1]")));
    stays(format!("x0 = 0.0f64 for v0 in n {{ {} {ROW} }}", SUM.replace("x0 = 0.0f64 for", "for")));
    let carried = SUM.replace("mul v2, v3", "mul v2, v20");
    stays(format!("x1 = 0.0f64 for v0 in n {{ v20: f64 = x1 {carried} {ROW} v22: f64 = x0 x1 = v22 }}"));
}

#[test]
fn loops_that_do_not_wait_or_cost_more_in_lanes_stay() {
    unchanged(distribute_loops, &kernel(&format!("for v0 in n {{ v7: f64 = load b1[v0] {} }}", &ROW[13..])));
    let looked_up = "v30: f64 = load b1[v1] v31: usize = cast v30 v32: f64 = load b0[v0, v31] v33: usize = add v31, 1usize
                     v34: f64 = load b0[v0, v33] v3: f64 = add v32, v34";
    let anywhere = SUM.replace("v3: f64 = load b1[v1]", looked_up);
    unchanged(distribute_loops, &kernel(&format!("for v0 in n {{ {anywhere} {ROW} }}")));
}

/// `z[i] = exp(x[i])`, as `v3`.
const WEIGHT: &str = "v2: f64 = load b1[v0] v3: f64 = exp v2 store b3[v0], v3";

/// `total += v3`
const TOTAL: &str = "v4: f64 = x1 v5: f64 = add v4, v3 x1 = v5";

#[test]
fn what_is_stored_for_each_iteration_needs_no_array_to_be_added_up() {
    let text = format!("x1 = 0.0f64 for v0 in n {{ {WEIGHT} {TOTAL} }} v9: f64 = x1 store b3[0usize], v9");
    let after = run(distribute_loops, &kernel(&text)).to_string();
    assert!(after.contains("64usize") && !after.contains("buffer"), "{after}");
}

#[test]
fn what_is_stored_twice_is_not_read_there() {
    let twice = format!("{WEIGHT} v6: f64 = neg v3 store b3[v0], v6");
    let text = format!("x1 = 0.0f64 for v0 in n {{ {twice} {TOTAL} }} v9: f64 = x1 store b3[0usize], v9");
    assert_eq!(arrays(&text), 1);
}

#[test]
fn scalar_code_of_parallel_loops_is_distributed_if_that_needs_no_array() {
    let nested = |weight: &str| {
        let inner = weight.replace("v0", "v1");
        format!(
            "parfor v0 in n {{ elements x1 = 0.0f64 for v1 in m {{ {} {TOTAL} }} v9: f64 = x1 store b2[v0], v9 }}",
            inner.replace("b3[v1]", "b4[v0, v1]")
        )
    };
    let with_rows = |text: &str| {
        kernel(text).replace("mut b3 z: f64[unit])", "mut b3 z: f64[unit], mut b4 w: f64[_, unit])")
    };
    let after = run(distribute_loops, &with_rows(&nested(WEIGHT))).to_string();
    assert!(after.contains("64usize"), "{after}");
    let unstored = WEIGHT.replace("store b3[v0], v3", "");
    unchanged(distribute_loops, &with_rows(&nested(&unstored)));
}

#[test]
fn a_variable_that_only_some_iterations_set_goes_on() {
    let some = "v12: bool = lt v3, 0.5f64 if v12 { x0 = v3 }";
    let text = format!(
        "x0 = 0.0f64 x1 = 0.0f64 for v0 in n {{ {WEIGHT} {some} {TOTAL} }} v9: f64 = x0 store b3[0usize], v9"
    );
    let after = run(distribute_loops, &kernel(&text)).to_string();
    assert!(after.contains("64usize") && !after.contains("buffer"), "{after}");
}

#[test]
fn the_variable_has_the_last_sum_behind_the_loop() {
    let text = format!("for v0 in n {{ {SUM} {ROW} }} v40: f64 = x0 store b3[0usize], v40");
    assert_eq!(arrays(&text), 2);
}

/// `total += x[i]`, as `v6`.
const RUNNING: &str = "v4: f64 = x1 v5: f64 = load b1[v0] v6: f64 = add v4, v5 x1 = v6";

#[test]
fn what_becomes_of_a_running_total_is_computed_behind_it() {
    let text = format!("x1 = 0.0f64 for v0 in n {{ {RUNNING} v7: f64 = ln v6 store b2[v0], v7 }}");
    let after = run(distribute_loops, &kernel(&text)).to_string();
    // The total is put aside, and the last iterations do both.
    assert_eq!((after.matches("ln ").count(), after.matches("buffer").count()), (2, 1), "{after}");
    assert_eq!(after.matches("for ").count(), 1 + 2 + 1, "{after}");
    // The variable itself goes on: what is behind has one of its own.
    let of_var = RUNNING.replace("x1 = v6", "x1 = v6 v8: f64 = x1");
    let text = format!("x1 = 0.0f64 for v0 in n {{ {of_var} v7: f64 = ln v8 store b2[v0], v7 }}");
    assert!(run(distribute_loops, &kernel(&text)).to_string().contains("64usize"));
}

#[test]
fn what_others_need_or_find_by_the_total_is_not_behind() {
    let stays = |rest: &str| {
        unchanged(
            distribute_loops,
            &kernel(&format!("x1 = 0.0f64 for v0 in n {{ {RUNNING} v7: f64 = ln v6 {rest} }}")),
        );
    };
    // The place, what is added later, and a variable that somebody reads behind the loop.
    stays("v8: usize = cast v6 store b2[v8], v7");
    stays("store b2[v0], v7 v9: f64 = load b2[0usize] v10: f64 = add v6, v9 x1 = v10");
    let text = format!(
        "x1 = 0.0f64 for v0 in n {{ {RUNNING} v7: f64 = ln v6 x0 = v7 }} v9: f64 = x0 store b2[0usize], v9"
    );
    unchanged(distribute_loops, &kernel(&text));
}

#[test]
fn where_something_is_stored_is_known_to_who_reads_it_there() {
    let shifted = WEIGHT.replace("store b3[v0], v3", "v20: usize = add v0, m store b3[v20], v3");
    let text = format!("x1 = 0.0f64 for v0 in n {{ {shifted} {TOTAL} }} v9: f64 = x1 store b3[0usize], v9");
    let after = run(distribute_loops, &kernel(&text)).to_string();
    assert!(after.contains("64usize") && !after.contains("buffer"), "{after}");
}
