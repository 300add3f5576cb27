//! Which plain loops become parallel, and why others do not.

use super::*;
use crate::testing::{check, run, unchanged};

/// A kernel over vectors, a matrix and some variables.
fn kernel(body: &str) -> String {
    format!(
        "loops f(n: usize, m: usize, b0 x: f64[unit], mut b1 y: f64[unit], mut b2 c: f64[_, unit], b3 k: i64[unit]) {{
           var x0 s: f64
           var x1 count: i64
           var x2 any: bool
           {body}
         }}"
    )
}

/// Why the plain loops of a kernel stay.
fn reasons(body: &str) -> Vec<SerialReason> {
    let text = kernel(body);
    unchanged(parallelize_loops, &text);
    let notes = run(parallelize_loops, &text).notes.into_iter();
    let reason = |note: Note| match note.event {
        Event::StaysSerial(reason) => Some(reason),
        _ => None,
    };
    notes.filter_map(reason).collect()
}

/// The heads of the parallel loops of what becomes of a kernel.
fn heads(body: &str) -> Vec<String> {
    let text = run(parallelize_loops, &kernel(body)).to_string();
    let head =
        |line: &str| line.trim().strip_prefix("parfor ").map(|head| head.trim_end_matches(" {").to_string());
    text.lines().filter_map(head).collect()
}

fn carried(variable: &str) -> SerialReason {
    SerialReason::Carried { variable: variable.into() }
}

fn shared(array: &str) -> SerialReason {
    SerialReason::CrossIteration { array: array.into() }
}

const SCALE: &str = "v2: f64 = load b0[v1] v3: f64 = mul v2, 2.0f64 store b1[v1], v3";

#[test]
fn a_loop_over_elements_becomes_parallel() {
    check(
        parallelize_loops,
        &kernel(&format!("for v1 in n {{ {SCALE} }}")),
        &kernel(&format!("parfor v1 in n {{ source for {SCALE} }}")),
    );
}

#[test]
fn neighbours_that_others_write_keep_it_serial() {
    let left = "v2: usize = add v1, 1usize v3: f64 = load b1[v2] store b1[v1], v3";
    assert_eq!(reasons(&format!("for v1 in n {{ {left} }}")), [shared("y")]);
    assert_eq!(reasons("for v1 in n { store b1[m], 1.0f64 }"), [shared("y")]);
    // What wraps around comes back to elements that others have.
    let wrapped = "v2: i32 = cast v1 v3: usize = cast v2 store b1[v3], 1.0f64";
    assert_eq!(reasons(&format!("for v1 in n {{ {wrapped} }}")), [shared("y")]);
}

#[test]
fn variables_of_an_iteration_are_its_own() {
    let own = "v2: f64 = load b0[v1] x0 = v2 v3: f64 = x0 v4: f64 = exp v3 store b1[v1], v4";
    assert_eq!(heads(&format!("for v1 in n {{ {own} }}")), ["v1 in n"]);
    let behind = format!("for v1 in n {{ {own} }} v5: f64 = x0 store b1[0usize], v5");
    assert_eq!(reasons(&behind), [carried("s")]);
    let before = "v2: f64 = x0 store b1[v1], v2 v3: f64 = load b0[v1] x0 = v3";
    assert_eq!(reasons(&format!("for v1 in n {{ {before} }}")), [carried("s")]);
    // The next iteration of a loop around reads it.
    let around = format!("for v9 in 2usize {{ v5: f64 = x0 store b2[v9, m], v5 for v1 in n {{ {own} }} }}");
    assert!(reasons(&around).contains(&carried("s")));
}

#[test]
fn counts_become_reductions_and_sums_of_floats_keep_their_order() {
    let count = "v2: f64 = load b0[v1] v3: bool = gt v2, 0.5f64
                 if v3 { v4: i64 = x1 v5: i64 = add v4, 1i64 x1 = v5 }";
    let text = kernel(&format!(
        "x1 = 7i64 for v1 in n {{ {count} }} v6: i64 = x1 v7: f64 = cast v6 store b1[0usize], v7"
    ));
    let result = run(parallelize_loops, &text).to_string();
    assert!(result.contains("reduce sum x3 into x1"), "{result}");
    assert!(result.contains("v4: i64 = x3") && result.contains("v6: i64 = x1"), "{result}");
    let sum = "v2: f64 = load b0[v1] v3: f64 = x0 v4: f64 = add v3, v2 x0 = v4";
    assert_eq!(
        reasons(&format!("x0 = 0.0f64 for v1 in n {{ {sum} }} v6: f64 = x0 store b1[0usize], v6")),
        [carried("s")]
    );
    let all = "v2: f64 = load b0[v1] v3: bool = gt v2, 0.5f64 v4: bool = x2 v5: bool = and v4, v3 x2 = v5";
    let text = kernel(&format!(
        "x2 = true for v1 in n {{ {all} }} v6: bool = x2 v7: f64 = cast v6 store b1[0usize], v7"
    ));
    assert!(run(parallelize_loops, &text).to_string().contains("reduce and x3 into x2"));
    // The last one wins, which is no operator.
    let last = "v2: i64 = load b3[v1] x1 = v2";
    assert_eq!(
        reasons(&format!(
            "x1 = 0i64 for v1 in n {{ {last} }} v6: i64 = x1 v7: f64 = cast v6 store b1[0usize], v7"
        )),
        [carried("count")]
    );
}

#[test]
fn checks_and_early_ends_stay() {
    let checked = format!("v9: bool = lt v1, m check v9, empty_mean {SCALE}");
    assert_eq!(reasons(&format!("for v1 in n {{ {checked} }}")), [SerialReason::Checks]);
    let until = format!("x2 = false for v1 in n until x2 {{ {SCALE} v9: bool = eq v1, m x2 = v9 }}");
    assert_eq!(reasons(&until), [SerialReason::Ends]);
    // What only checks is there to find the fault.
    assert_eq!(reasons("for v1 in n { v9: bool = lt v1, m check v9, empty_mean }"), []);
}

#[test]
fn what_lanes_do_badly_stays() {
    let gather = "v2: i64 = load b3[v1] v3: usize = cast v2 v4: f64 = load b0[v3] store b1[v1], v4";
    assert_eq!(reasons(&format!("for v1 in n {{ {gather} }}")), [SerialReason::Dear]);
    // With something to compute, it is worth it.
    let computes = gather.replace("store b1[v1], v4", "v5: f64 = exp v4 store b1[v1], v5");
    assert_eq!(heads(&format!("for v1 in n {{ {computes} }}")), ["v1 in n"]);
    let quotient = "v2: i64 = load b3[v1] v3: i64 = div v2, 10i64 v4: f64 = cast v3 store b1[v1], v4";
    assert_eq!(reasons(&format!("for v1 in n {{ {quotient} }}")), [SerialReason::Dear]);
    assert_eq!(reasons(&format!("for v1 in 3usize {{ {SCALE} }}")), [SerialReason::Dear]);
    let rows =
        "x0 = 0.0f64 for v2 in m { v3: f64 = load b2[v1, v2] v4: f64 = load b0[v2] v5: f64 = mul v3, v4
                v6: f64 = x0 v7: f64 = add v6, v5 x0 = v7 } v8: f64 = x0 store b1[v1], v8";
    // Lanes load tiles of rows, but for those that are stored to.
    assert_eq!(heads(&format!("for v1 in n {{ {rows} }}")), ["v1 in n"]);
    let stored = rows.replace("x0 = v7 }", "x0 = v7 store b2[v1, v2], v7 }");
    assert_eq!(reasons(&format!("for v1 in n {{ {stored} }}")), [SerialReason::Dear, carried("s")]);
}

#[test]
fn loops_in_loops_are_launched_where_that_is_worth_it() {
    let row = "v4: f64 = load b2[v1, v2] v5: f64 = exp v4 store b2[v1, v2], v5";
    let nest = format!("for v1 in n {{ for v2 in m {{ {row} }} }}");
    assert_eq!(heads(&nest), ["v1 in n"]);
    // The time loop is none, for each step reads what the last one has written.
    let steps = format!("for v0 in m {{ {nest} v6: f64 = load b1[v0] store b2[0usize, 0usize], v6 }}");
    assert_eq!(heads(&steps), ["v1 in n"]);
    let lines =
        format!("for v0 in m {{ for v1 in n {{ {SCALE} }} v6: f64 = load b1[0usize] store b1[1usize], v6 }}");
    assert_eq!(reasons(&lines), [shared("y"), SerialReason::Small]);
    let swapped = format!("alloc b4[n] alloc b5[n] {lines}")
        .replace("store b1[1usize], v6", "store b1[1usize], v6 move b5 to b4 alloc b5[n]");
    let text = kernel(&swapped).replace("var x0 s", "buffer b4 p: [f64; 1] buffer b5 q: [f64; 1] var x0 s");
    assert!(run(parallelize_loops, &text).to_string().contains("parfor v1 in n"));
    // A loop between that launches nothing else is a nest itself, whatever stands around it.
    let between = lines.replace("for v0 in m", "for v7 in m { alloc b4[n] for v0 in m");
    let text = kernel(&format!("{between} }}")).replace("var x0 s", "buffer b4 p: [f64; 1] var x0 s");
    assert!(!run(parallelize_loops, &text).to_string().contains("parfor"));
}

#[test]
fn a_parallel_loop_inside_moves_out() {
    // Rows of the product, in the order k, i, j.
    let product = "for v0 in n { for v1 in n { v2: f64 = load b0[v0] for v3 in m {
        v4: f64 = load b2[v1, v3] v5: f64 = add v4, v2 store b2[v1, v3], v5 } } }";
    let result = run(parallelize_loops, &kernel(product));
    let text = result.to_string();
    assert!(text.contains("parfor v1 in n {") && text.contains("for v0 in n {"), "{text}");
    assert_eq!(result.notes[0].event, Event::Exchanged);
    // In the order of the sum the elements of the first loop are not touched by others.
    let sums = "for v0 in n { for v1 in m { v2: f64 = load b1[v1] v3: f64 = load b2[v0, v1] v4: f64 = add v2, v3 store b1[v1], v4 } }";
    assert_eq!(heads(sums), ["v1 in m"]);
    let checked = sums
        .replace("v2: f64 = load b1[v1]", "v9: bool = lt v1, n check v9, empty_mean v2: f64 = load b1[v1]");
    assert!(heads(&checked).is_empty());
}
