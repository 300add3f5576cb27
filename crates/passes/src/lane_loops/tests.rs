//! Which loops run in lanes inside scalar code.

use super::*;
use crate::testing::{check, run, unchanged};

fn kernel(body: &str) -> String {
    format!(
        "loops f(n: usize, m: usize, b0 x: f64[unit], mut b1 y: f64[unit], mut b2 c: f64[_, unit], b3 k: i64[unit]) {{
           var x0 s: f64
           var x1 count: i64
           {body}
         }}"
    )
}

/// The heads of the parallel loops and nests of what becomes of a kernel.
fn heads(body: &str) -> Vec<String> {
    let text = run(lane_loops, &kernel(body)).to_string();
    let is_head = |line: &&str| line.starts_with("parfor") || line.starts_with("nest");
    text.lines().map(str::trim).filter(is_head).map(|line| line.trim_end_matches(" {").to_string()).collect()
}

const ROW: &str = "v4: f64 = load b2[v0, v1] v5: f64 = mul v4, v2 store b2[v0, v1], v5";

#[test]
fn a_row_behind_a_scalar_runs_in_lanes_in_a_nest() {
    let before = |head: &str| {
        format!("v3: f64 = load b1[v0] v2: f64 = add v3, 1.0f64 store b1[0usize], v2 {head} {{ {ROW} }}")
    };
    check(
        lane_loops,
        &kernel(&format!("for v0 in n {{ {} }}", before("for v1 in m"))),
        &kernel(&format!(
            "nest {{ source for for v0 in n {{ {} }} }}",
            before("parfor v1 in m").replace(&format!("{{ {ROW}"), &format!("{{ source for {ROW}"))
        )),
    );
}

#[test]
fn lengths_may_differ_and_there_may_be_several_loops() {
    let several = format!(
        "for v0 in n {{ v2: f64 = load b1[v0] store b1[0usize], v2 for v1 in v0 {{ {ROW} }}
           if true {{ for v6 in m {{ store b2[v0, v6], 0.0f64 }} }} else {{ for v7 in m {{ store b2[v0, v7], v2 }} }} }}"
    );
    assert_eq!(heads(&several), ["nest", "parfor v1 in v0", "parfor v6 in m", "parfor v7 in m"]);
}

#[test]
fn counts_in_a_row_run_in_lanes_and_sums_of_floats_do_not() {
    let count = "x1 = 0i64 for v1 in m { v2: f64 = load b2[v0, v1] v3: bool = gt v2, 0.5f64 v4: i64 = x1
                 v5: i64 = cast v3 v6: i64 = add v4, v5 x1 = v6 } v7: i64 = x1 v8: f64 = cast v7 store b1[v0], v8";
    assert_eq!(heads(&format!("parfor v0 in n {{ {count} }}")), ["parfor v0 in n", "parfor v1 in m"]);
    let sum =
        "x0 = 0.0f64 for v1 in m { v2: f64 = load b2[v0, v1] v3: f64 = x0 v4: f64 = add v3, v2 x0 = v4 }
               v5: f64 = x0 store b1[v0], v5";
    unchanged(lane_loops, &kernel(&format!("parfor v0 in n {{ {sum} }}")));
}

#[test]
fn what_is_read_behind_a_loop_or_checked_in_it_stays_serial() {
    let last = "for v1 in m { v2: f64 = load b2[v0, v1] x0 = v2 store b2[v0, v1], 0.0f64 } v3: f64 = x0 store b1[v0], v3";
    unchanged(lane_loops, &kernel(&format!("for v0 in n {{ x0 = 1.0f64 {last} }}")));
    let checked = "for v1 in m { v2: bool = lt v1, n check v2, empty_mean store b2[v0, v1], 0.0f64 }";
    unchanged(lane_loops, &kernel(&format!("for v0 in n {{ {checked} }}")));
    let short = "for v1 in 3usize { store b2[v0, v1], 0.0f64 }";
    unchanged(lane_loops, &kernel(&format!("for v0 in n {{ {short} }}")));
}

#[test]
fn lanes_of_a_region_stay_where_they_gain_more() {
    let columns = "for v1 in m { v2: f64 = load b2[v1, v0] store b2[v1, v0], v2 } store b1[v0], 0.0f64";
    unchanged(lane_loops, &kernel(&format!("parfor v0 in n {{ {columns} }}")));
    let rows = columns.replace("[v1, v0]", "[v0, v1]");
    assert_eq!(heads(&format!("parfor v0 in n {{ {rows} }}")), ["parfor v0 in n", "parfor v1 in m"]);
}

#[test]
fn loops_beside_allocations_are_nests_of_their_own() {
    let text = kernel(&format!(
        "for v9 in m {{ alloc b4[n] for v0 in n {{ v2: f64 = load b1[v0] store b1[0usize], v2 for v1 in m {{ {ROW} }} }} }}"
    ))
    .replacen("var x0", "buffer b4 t: [f64; 1] var x0", 1);
    let result = run(lane_loops, &text).to_string();
    assert!(result.contains("alloc b4[n]\n    nest {") && result.contains("parfor v1 in m"), "{result}");
}
