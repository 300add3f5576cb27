//! Which loops are promoted, to what, and which are not.

use super::*;
use crate::testing::{check, run, unchanged};

/// A matrix computed row by row, `body` in the inner loop and `front` before it.
fn rows(front: &str, body: &str) -> String {
    format!(
        "loops f(n: usize, m: usize, b0 a: f64[_, unit], b1 t: f64[unit], mut b2 r: f64[_, unit]) {{
           var x0 s: f64
           parfor v0 in n {{ source prange @1:1 {front} for v1 in m {{ {body} }} }}
         }}"
    )
}

/// The reasons for which loops were not promoted.
fn refusals(text: &str) -> Vec<PromotionRefusal> {
    unchanged(promote_loops, text);
    let notes = run(promote_loops, text).notes.into_iter();
    let reason = |note: Note| match note.event {
        Event::NotPromoted(reason) => Some(reason),
        _ => None,
    };
    notes.filter_map(reason).collect()
}

#[test]
fn a_row_becomes_a_dimension() {
    check(
        promote_loops,
        &rows(
            "v2: f64 = load b1[v0] v3: f64 = exp v2",
            "v4: f64 = load b0[v0, v1] v5: f64 = mul v4, v3 store b2[v0, v1], v5",
        ),
        "loops f(n: usize, m: usize, b0 a: f64[_, unit], b1 t: f64[unit], mut b2 r: f64[_, unit]) {
           var x0 s: f64
           parfor v0, v1 in n, m { source prange @1:1
             v2: f64 = load b1[v0] v3: f64 = exp v2
             v4: f64 = load b0[v0, v1] v5: f64 = mul v4, v3 store b2[v0, v1], v5
           }
         }",
    );
}

#[test]
fn what_is_noted_has_the_place_of_the_loop() {
    let notes = run(promote_loops, &rows("", "store b2[v0, v1], 1.0f64")).notes;
    assert_eq!(notes.len(), 1);
    assert_eq!((&notes[0].event, notes[0].locs.len()), (&Event::Promoted, 2));
}

#[test]
fn columns_stay_the_lanes_of_what_is_read_by_columns() {
    assert_eq!(refusals(&rows("", "v2: f64 = load b0[v1, v0] store b2[v1, v0], v2")), []);
}

#[test]
fn short_rows_stay_unless_they_merge() {
    let short = |body: &str| rows("", body).replace("v1 in m", "v1 in 3usize");
    unchanged(promote_loops, &short("v2: f64 = load b1[v1] store b2[v0, v1], v2"));
    let merges = run(promote_loops, &short("v2: f64 = load b0[v0, v1] store b2[v0, v1], v2"));
    assert!(merges.to_string().contains("parfor v0, v1 in n, 3usize"), "{merges}");
}

#[test]
fn a_sum_in_a_row_is_carried() {
    let body = "v2: f64 = x0 v3: f64 = load b0[v0, v1] v4: f64 = add v2, v3 x0 = v4";
    let carried = PromotionRefusal::Carried { variable: "s".into() };
    assert_eq!(refusals(&rows("x0 = 0.0f64", body)), [carried]);
}

#[test]
fn work_around_stays_where_it_is() {
    let store = "store b2[v0, v1], 0.0f64";
    let text = rows("store b2[v0, 0usize], 1.0f64", store);
    assert_eq!(refusals(&text), [PromotionRefusal::WorkAround]);
    let behind = format!("{store} }} store b2[v0, 0usize], 1.0f64 if true {{");
    let text = rows("", &behind).replace("if true { }", "");
    assert_eq!(refusals(&text), [PromotionRefusal::WorkAround]);
}

#[test]
fn triangles_are_no_spaces() {
    let text = rows("", "store b2[v0, v1], 0.0f64").replace("v1 in m", "v1 in v0");
    assert_eq!(refusals(&text), [PromotionRefusal::LengthDiffers]);
}

#[test]
fn elements_that_others_write_are_not_read() {
    let shared = [PromotionRefusal::CrossIteration { array: "r".into() }];
    let left = "v2: usize = add v1, 1usize v3: f64 = load b2[v0, v2] store b2[v0, v1], v3";
    assert_eq!(refusals(&rows("", left)), shared);
    let first = "v2: f64 = load b2[v0, 0usize]";
    assert_eq!(refusals(&rows(first, "store b2[v0, v1], v2")), shared);
    let own = "v2: f64 = load b2[v0, v1] v3: f64 = exp v2 store b2[v0, v1], v3";
    assert!(run(promote_loops, &rows("", own)).to_string().contains("parfor v0, v1 in n, m"));
}

#[test]
fn checks_report_the_iteration_that_they_belonged_to() {
    check(
        promote_loops,
        &rows("", "v2: f64 = load b0[v0, v1] v3: bool = lt v2, 0.0f64 check v3, empty_mean store b2[v0, v1], v2"),
        "loops f(n: usize, m: usize, b0 a: f64[_, unit], b1 t: f64[unit], mut b2 r: f64[_, unit]) {
           var x0 s: f64
           parfor v0, v1 in n, m { source prange @1:1
             v2: f64 = load b0[v0, v1] v3: bool = lt v2, 0.0f64 check v3, empty_mean in v0 store b2[v0, v1], v2
           }
         }",
    );
    let overwritten =
        "v2: f64 = load b2[v0, v1] v3: bool = lt v2, 0.0f64 check v3, empty_mean store b2[v0, v1], 1.0f64";
    assert_eq!(
        refusals(&rows("", overwritten)),
        [PromotionRefusal::CrossIteration { array: "r".into() }],
        "a step done again would read what it has stored"
    );
}

#[test]
fn random_numbers_stay_those_of_the_iteration() {
    check(
        promote_loops,
        "loops f(n: usize, m: usize, mut b0 r: f64[_, _, unit]) {
           parfor v0, v1 in n, m {
             v2: usize = linear_index
             v3: i64 = cast v2
             v4: f64 = random 0i64, v3, 0i64
             for v5 in m { store b0[v0, v1, v5], v4 }
           }
         }",
        "loops f(n: usize, m: usize, mut b0 r: f64[_, _, unit]) {
           parfor v0, v1, v5 in n, m, m {
             v9: usize = mul v0, m
             v10: usize = add v9, v1
             v3: i64 = cast v10
             v4: f64 = random 0i64, v3, 0i64
             store b0[v0, v1, v5], v4
           }
         }",
    );
}

/// A count or sum over a matrix, of a type.
fn total(ty: &str, element: &str) -> String {
    format!(
        "loops f(n: usize, m: usize, b0 a: {ty}[_, unit]) -> {ty} {{
           var x0 s: {ty}
           var x1 total: {ty}
           x1 = {element}
           parfor v0 in n {{ reduce sum x0 into x1
             for v1 in m {{ v2: {ty} = load b0[v0, v1] v3: {ty} = x0 v4: {ty} = add v3, v2 x0 = v4 }}
           }}
           v5: {ty} = x1
           return v5
         }}"
    )
    .replace(&format!(" -> {ty}"), "")
}

#[test]
fn sums_of_integers_take_in_elements() {
    let result = run(promote_loops, &total("i64", "1i64")).to_string();
    assert!(
        result.contains("parfor v0, v1 in n, m fine") || result.contains("parfor v0, v1 in n, m {"),
        "{result}"
    );
}

#[test]
fn sums_of_floats_keep_their_order() {
    let rounding = PromotionRefusal::Rounding { variable: "total".into() };
    assert_eq!(refusals(&total("f64", "0.0f64")), [rounding]);
}

#[test]
fn deep_nests_become_as_many_dimensions_as_are_good_for_memory() {
    let nest = |index: &str| {
        format!(
            "loops f(n: usize, mut b0 r: f64[_, _, unit]) {{
               parfor v0 in n {{ for v1 in n {{ for v2 in n {{ store b0[{index}], 0.0f64 }} }} }}
             }}"
        )
    };
    let promoted = |index: &str| run(promote_loops, &nest(index)).to_string();
    assert!(promoted("v0, v1, v2").contains("parfor v0, v1, v2 in n, n, n"));
    let middle = promoted("v0, v2, v1");
    assert!(middle.contains("parfor v0, v1 in n, n") && middle.contains("for v2 in n"), "{middle}");
}

#[test]
fn a_loop_that_lanes_like_moves_out_of_one_that_sums_up() {
    let product = |row: &str| {
        rows(
            "",
            &format!(
                "v2: f64 = load b0[v0, v1] for v3 in n {{
                   v4: f64 = load b2[v0, {row}] v5: f64 = load b0[v1, v3] v6: f64 = mul v2, v5 v7: f64 = add v4, v6
                   store b2[v0, {row}], v7 }}"
            ),
        )
    };
    let result = run(promote_loops, &product("v3")).to_string();
    assert!(result.contains("parfor v0, v3 in n, n") && result.contains("for v1 in m {"), "{result}");
    let carried = [PromotionRefusal::CrossIteration { array: "r".into() }];
    let pairs = product("v10").replace("v4: f64", "v10: usize = div v3, 2usize v4: f64");
    assert_eq!(refusals(&pairs), carried);
}

/// A kernel of products: what sets `r` to zero, and what adds to it.
fn products(body: &str) -> String {
    format!(
        "loops f(n: usize, m: usize, l: usize, b0 a: f64[_, unit], b1 b: f64[_, unit], mut b2 r: f64[_, unit]) {{
           parfor v0 in n {{ source prange @1:1 {body} }}
         }}"
    )
}

const ADDS: &str = "v5: f64 = load b0[v0, v2] v6: f64 = load b1[v2, v3] v7: f64 = mul v5, v6
                    v8: f64 = load b2[v0, v3] v9: f64 = add v8, v7 store b2[v0, v3], v9";

#[test]
fn several_loops_inside_become_loops_over_the_same_space() {
    let zeros = "for v1 in m { store b2[v0, v1], 0.0f64 }";
    check(
        promote_loops,
        &products(&format!("{zeros} for v2 in l {{ for v3 in m {{ {ADDS} }} }}")),
        &products("").replace(
            "parfor v0 in n { source prange @1:1  }",
            &format!(
                "parfor v0, v1 in n, m {{ source prange @1:1 store b2[v0, v1], 0.0f64 }}
                 parfor v13, v3 in n, m {{ source prange @1:1 for v2 in l {{ {} }} }}",
                ADDS.replace("v0", "v13")
            ),
        ),
    );
}

#[test]
fn loops_inside_that_touch_elements_of_others_stay_together() {
    let others = "for v1 in m { store b2[v0, v1], 0.0f64 }
                  for v2 in m { v3: usize = sub v2, 1usize v4: f64 = load b2[v0, v3] v5: f64 = load b0[v0, v2]
                    v6: f64 = add v4, v5 store b3[v0, v2], v6 }";
    let text = products(others).replace("mut b2 r", "mut b3 q: f64[_, unit], mut b2 r");
    let text = text.replace("b3 q", "b9 q").replace("b2 r", "b3 r").replace("b9 q", "b2 q");
    let text = text.replace("store b3[v0, v2]", "store b9[").replace("b2[v0, v", "b3[v0, v");
    unchanged(promote_loops, &text.replace("store b9[", "store b2[v0, v2]"));
}

#[test]
fn loops_of_several_lengths_stay_together() {
    let other = "for v1 in l { store b2[v0, v1], 0.0f64 }";
    unchanged(promote_loops, &products(&format!("{other} for v2 in l {{ for v3 in m {{ {ADDS} }} }}")));
}

#[test]
fn rows_inside_columns_are_dimensions_too() {
    let sum =
        "x0 = 0.0f64 for v2 in l { v3: f64 = load b0[v1, v2] v4: f64 = load b1[v2, v0] v5: f64 = mul v3, v4
               v6: f64 = x0 v7: f64 = add v6, v5 x0 = v7 } v8: f64 = x0 store b2[v1, v0], v8";
    let text = products(&format!("for v1 in m {{ {sum} }}")).replace("parfor", "var x0 s: f64 parfor");
    assert!(run(promote_loops, &text).to_string().contains("parfor v0, v1 in n, m"));
    // What would be computed again for each of them keeps them apart.
    let front = text.replace("for v1 in m", "v9: f64 = load b0[v0, v0] v10: f64 = exp v9 for v1 in m");
    unchanged(
        promote_loops,
        &front.replace("store b2[v1, v0], v8", "v11: f64 = add v8, v10 store b2[v1, v0], v11"),
    );
}
