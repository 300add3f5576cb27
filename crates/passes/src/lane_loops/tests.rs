//! Which loops run in lanes inside scalar code.

use super::*;
use crate::testing::{check, run, unchanged};
use parfuse_ir::loops::Ways;

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
    assert_eq!(heads(&format!("for v0 in n {{ x0 = 1.0f64 {last} }}")), ["nest"]);
    let checked = "for v1 in m { v2: bool = lt v1, n check v2, empty_mean store b2[v0, v1], 0.0f64 }";
    assert_eq!(heads(&format!("for v0 in n {{ {checked} }}")), ["nest"]);
    let short = "for v1 in 3usize { store b2[v0, v1], 0.0f64 }";
    assert_eq!(heads(&format!("for v0 in n {{ {short} }}")), ["nest"]);
}

#[test]
fn loops_that_load_what_later_iterations_store_to_run_in_lanes() {
    let row = |index: &str, order: &str| {
        let (load, store) = (format!("{index} v3: f64 = load b2[v0, v2]"), "v4: f64 = load b2[v0, v1]");
        let both = match order {
            "first" => format!("{load} {store} v5: f64 = add v3, v4 store b2[v0, v1], v5"),
            _ => format!("store b2[v0, v1], 1.0f64 {load} v5: usize = add v1, m store b2[v0, v5], v3"),
        };
        heads(&format!("for v0 in n {{ for v1 in m {{ {both} }} }}"))
    };
    let (ahead, behind) = ("v2: usize = add v1, 1usize", "v2: usize = sub v1, 1usize");
    assert_eq!(row(ahead, "first"), ["nest", "parfor v1 in m"]);
    assert_eq!([row(behind, "first"), row(ahead, "last")], [["nest"], ["nest"]]);
    // Going down, what lies before is what later iterations store to.
    let falling = "v2: usize = sub m, v1 v3: usize = sub v2, 1usize
                   v4: f64 = load b2[v0, v3] v5: f64 = load b2[v0, v2] v6: f64 = add v4, v5 store b2[v0, v2], v6";
    assert_eq!(heads(&format!("for v0 in n {{ for v1 in m {{ {falling} }} }}")), ["nest", "parfor v1 in m"]);
}

#[test]
fn lanes_of_a_region_stay_where_they_gain_more() {
    let columns = "for v1 in m { v2: f64 = load b2[v1, v0] store b2[v1, v0], v2 } store b1[v0], 0.0f64";
    unchanged(lane_loops, &kernel(&format!("parfor v0 in n {{ {columns} }}")));
    let rows = columns.replace("[v1, v0]", "[v0, v1]");
    assert_eq!(heads(&format!("parfor v0 in n {{ {rows} }}")), ["parfor v0 in n", "parfor v1 in m"]);
}

#[test]
fn loops_that_make_arrays_are_nests_with_lanes_inside() {
    let text = kernel(&format!(
        "for v9 in m {{ alloc b4[n] for v0 in n {{ v2: f64 = load b1[v0] store b1[0usize], v2 for v1 in m {{ {ROW} }} }} }}"
    ))
    .replacen("var x0", "buffer b4 t: [f64; 1] var x0", 1);
    let result = run(lane_loops, &text).to_string();
    assert!(result.contains("    for v9 in m {\n      alloc b4[n]\n      for v0 in n {"), "{result}");
    assert!(result.contains("nest {\n") && result.contains("parfor v1 in m"), "{result}");
}

#[test]
fn loops_of_the_driver_are_nests_unless_they_are_launched_again_and_again_or_only_check() {
    let fold =
        "for v0 in n { v1: f64 = load b1[v0] v2: f64 = x0 v3: f64 = add v1, v2 x0 = v3 store b1[v0], v3 }";
    assert_eq!(heads(fold), ["nest"]);
    assert_eq!(heads("while { v0: i64 = x1 v1: bool = gt v0, 0i64 test v1 } do { x1 = 0i64 }"), ["nest"]);
    let region = "parfor v10 in n { v11: f64 = load b0[v10] store b1[v10], v11 }";
    let text = kernel(&format!("for v9 in m {{ {region} {fold} }}"));
    assert!(!run(lane_loops, &text).to_string().contains("nest"));
    unchanged(lane_loops, &kernel("for v0 in n { v1: bool = lt v0, m check v1, empty_mean }"));
}

/// Whether a parallel loop runs one by one, without lanes, and what the ways were estimated to take.
fn runs_alone(body: &str) -> (bool, Ways) {
    let loops = run(lane_loops, &kernel(&format!("parfor v0 in n {{ {body} }}")));
    let Stmt::Parfor(parfor) = &loops.body[0] else { panic!("{loops}") };
    let ways = loops.notes.iter().find_map(|note| match note.event {
        Event::Chosen(ways) => Some(ways),
        _ => None,
    });
    (parfor.elements, ways.expect("each parallel loop has ways"))
}

#[track_caller]
fn alone(body: &str) {
    let (alone, ways) = runs_alone(body);
    assert!(alone, "{ways:?}");
}

#[track_caller]
fn in_lanes(body: &str) {
    let (alone, ways) = runs_alone(body);
    assert!(!alone && ways.inside.is_none(), "{ways:?}");
}

/// Reads the bounds of a row of a sparse matrix, and adds up its elements.
const SPARSE_ROW: &str =
    "v1: i64 = load b3[v0] v2: usize = cast v1 v3: usize = add v0, 1usize v4: i64 = load b3[v3]
    v5: usize = cast v4 v6: usize = sub v5, v2 x0 = 0.0f64
    for v7 in v6 {
      v8: usize = add v2, v7 v9: i64 = load b3[v8] v10: usize = cast v9 v11: f64 = load b0[v10]
      v12: f64 = x0 v13: f64 = add v12, v11 x0 = v13
    }
    v14: f64 = x0 store b1[v0], v14";

#[test]
fn rows_of_different_lengths_that_look_up_elements_run_one_by_one() {
    alone(SPARSE_ROW);
}

#[test]
fn rows_of_bytes_run_one_by_one_and_rows_of_floats_load_tiles() {
    let sum =
        "x0 = 0.0f64 for v1 in m { v2: f64 = load b2[v0, v1] v3: f64 = x0 v4: f64 = add v3, v2 x0 = v4 }
               v5: f64 = x0 store b1[v0], v5";
    in_lanes(sum);
    let text = kernel(&format!("parfor v0 in n {{ {sum} }}"))
        .replace("mut b2 c: f64", "b2 c: u8")
        .replace("v2: f64 = load b2[v0, v1]", "v9: u8 = load b2[v0, v1] v2: f64 = cast v9");
    assert!(run(lane_loops, &text).to_string().contains("elements"));
}

#[test]
fn rows_that_go_on_from_what_they_store_run_one_by_one() {
    alone(
        "x0 = 0.0f64 for v1 in m { v2: f64 = load b2[v0, v1] v3: f64 = x0 v4: f64 = add v3, v2 x0 = v4
           store b2[v0, v1], v4 }",
    );
}

#[test]
fn what_waits_for_its_own_results_runs_in_lanes() {
    // An escape time: each iteration needs the one before, and as many as there are lanes wait together.
    in_lanes(
        "x0 = 0.0f64 x1 = 0i64
         while { v1: f64 = x0 v2: bool = lt v1, 4.0f64 test v2 } do {
           v3: f64 = x0 v4: f64 = mul v3, v3 v5: f64 = mul v4, v3 v6: f64 = add v5, 0.3f64 x0 = v6
           v7: i64 = x1 v8: i64 = add v7, 1i64 x1 = v8
         }
         v9: f64 = x0 store b1[v0], v9",
    );
    // A search by halves, whose branches nobody foresees.
    in_lanes(
        "v1: f64 = load b1[v0] x1 = 0i64 x0 = 1.0f64
         while { v2: f64 = x0 v3: bool = lt v2, 1000.0f64 test v3 } do {
           v4: f64 = x0 v5: f64 = mul v4, 2.0f64 x0 = v5
           v6: i64 = x1 v7: usize = cast v6 v8: f64 = load b0[v7] v9: bool = lt v8, v1
           if v9 { v10: i64 = mul v6, 2i64 v11: i64 = add v10, 1i64 x1 = v11 }
         }
         v12: i64 = x1 v13: f64 = cast v12 store b1[v0], v13",
    );
}

#[test]
fn neighbours_and_single_lookups_run_in_lanes() {
    in_lanes("v1: f64 = load b1[v0] v2: f64 = mul v1, 2.0f64 store b1[v0], v2");
    in_lanes("v1: i64 = load b3[v0] v2: usize = cast v1 v3: f64 = load b0[v2] store b1[v0], v3");
}

#[test]
fn a_loop_that_runs_one_by_one_still_has_lanes_where_they_are_faster() {
    // What stands behind the sparse row gains by lanes of its own.
    let fill = "for v20 in m { v21: f64 = load b2[v0, v20] v22: f64 = exp v21 store b2[v0, v20], v22 }";
    assert_eq!(
        heads(&format!("parfor v0 in n {{ {SPARSE_ROW} {fill} }}")),
        ["parfor v0 in n", "parfor v20 in m"]
    );
}
