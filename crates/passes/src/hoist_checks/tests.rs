//! Where the checks of loops go, and which stay.

mod known;
mod variables;

use super::*;
use crate::testing::{check, run, unchanged};

#[test]
fn one_test_in_front_answers_for_all_iterations() {
    check(
        hoist_checks,
        "loops f(n: usize, b0 a: f64[unit], mut b1 r: f64[unit]) {
           v0: usize = dim b0, 0
           parfor v1 in n {
             v2: bool = lt v1, v0
             check v2, index_out_of_range(0) of a with v1, v0 @3:7
             v3: f64 = load b0[v1]
             store b1[v1], v3
           }
         }",
        "loops f(n: usize, b0 a: f64[unit], mut b1 r: f64[unit]) {
           v0: usize = dim b0, 0
           v8: bool = le n, v0
           v9: bool = not v8
           if v9 {
             for v5 in n {
               v6: bool = lt v5, v0
               check v6, index_out_of_range(0) of a with v5, v0 in v5 @3:7
             }
           }
           parfor v1 in n {
             v2: bool = lt v1, v0
             v3: f64 = load b0[v1]
             store b1[v1], v3
           }
         }",
    );
}

fn checks_inside(text: &str) -> usize {
    let loops = run(hoist_checks, text);
    let mut inside = 0;
    walk::statements(&loops.body).for_each(|stmt| {
        if let Stmt::Parfor(parfor) = stmt {
            walk::statements(&parfor.body)
                .for_each(|stmt| inside += matches!(stmt, Stmt::Check { .. }) as usize);
        }
    });
    inside
}

#[test]
fn offsets_factors_and_inner_loops_are_understood() {
    let text = "loops f(n: usize, m: usize, s: i64, b0 a: f64[unit], b1 w: f64[unit], mut b2 r: f64[unit]) {
           v0: usize = dim b0, 0
           v1: usize = dim b1, 0
           v2: usize = dim b2, 0
           var x0 t: f64
           parfor v3 in n {
             x0 = 0.0f64
             for v4 in m {
               v5: usize = mul v3, 2usize
               v6: i64 = cast v5
               v7: i64 = add v6, s
               v8: i64 = cast v4
               v9: i64 = add v7, v8
               v10: usize = cast v9
               v11: bool = lt v10, v0
               check v11, index_out_of_range(0) of a with v10, v0
               v12: bool = lt v4, v1
               check v12, index_out_of_range(0) of w with v4, v1
               v13: f64 = load b0[v10]
               x0 = v13
             }
             v14: bool = ne s, 0i64
             check v14, division_by_zero
             v15: bool = lt v3, v2
             check v15, index_out_of_range(0) of r with v3, v2
             v16: f64 = x0
             store b2[v3], v16
           }
         }";
    // Declarations of variables stand in front of the statements.
    let text = text.replacen("var x0 t: f64\n", "", 1).replacen('{', "{\nvar x0 t: f64\n", 1);
    // The division's check is not an index and not invariant before invariants are hoisted.
    assert_eq!(checks_inside(&text), 1);
    let mut loops = crate::testing::parse(&text);
    let _ = crate::hoist_invariants(&mut loops);
    assert_eq!(checks_inside(&loops.to_string()), 0);
}

#[test]
fn a_check_that_depends_on_loaded_indices_stays_beside_hoisted_ones() {
    let text = "loops f(n: usize, b0 a: f64[unit], b1 i: usize[unit], mut b2 r: f64[unit]) {
           v0: usize = dim b0, 0
           v1: usize = dim b1, 0
           parfor v2 in n {
             v3: bool = lt v2, v1
             check v3, index_out_of_range(0) of i with v2, v1
             v4: usize = load b1[v2]
             v5: bool = lt v4, v0
             check v5, index_out_of_range(0) of a with v4, v0
             v6: f64 = load b0[v4]
             store b2[v2], v6
           }
         }";
    assert_eq!(checks_inside(text), 1);
}

#[test]
fn nothing_is_hoisted_if_the_lowest_fault_could_change() {
    // The second check depends on a variable that the iteration sets.
    unchanged(
        hoist_checks,
        "loops f(n: usize, m: usize, l: usize, mut b0 r: f64[unit]) {
           var x0 k: usize
           parfor v0 in n {
             x0 = v0
             v1: bool = lt v0, m
             check v1, index_out_of_range(0) with v0, m
             v2: usize = x0
             v3: bool = lt v2, l
             check v3, index_out_of_range(0) with v2, l
             store b0[v0], 1.0f64
           }
         }",
    );
}

#[test]
fn conditional_checks_stay() {
    unchanged(
        hoist_checks,
        "loops f(n: usize, m: usize, c: bool, mut b0 r: f64[unit]) {
           parfor v0 in n {
             if c {
               v1: bool = lt v0, m
               check v1, index_out_of_range(0) with v0, m
             }
             store b0[0usize], 1.0f64
           }
         }",
    );
}

#[test]
fn falling_indices_are_tested_at_the_first_iteration_and_at_the_last() {
    let front = front(
        "loops f(n: usize, m: usize, mut b0 r: f64[unit]) {
           parfor v0 in n {
             v1: usize = sub m, v0
             v2: bool = lt v1, n
             check v2, index_out_of_range(0) with v1, n
             store b0[v0], 1.0f64
           }
         }",
    );
    // The first index is m, the last one m - n + 1: `-1 <= m - n` and `m < n`, or nothing runs.
    let expected = [
        "v9: i64 = cast m",
        "v10: i64 = cast n",
        "v11: i64 = sub v9, v10",
        "v13: bool = le -1i64, v11",
        "v15: usize = or n, m",
        "v17: bool = lt v15, 2199023255552usize",
        "v18: bool = and v13, v17",
        "v19: bool = lt m, n",
        "v21: bool = eq n, 0usize",
        "v22: bool = or v19, v21",
        "v23: bool = and v18, v22",
        "v24: bool = not v23",
    ];
    assert_eq!(front, expected);
}

/// What a pass puts in front of the first branch or loop, line by line.
fn front(text: &str) -> Vec<String> {
    let text = run(hoist_checks, text).to_string();
    let lines = text.lines().skip(1).map(str::trim);
    lines.take_while(|line| line.starts_with('v')).map(str::to_string).collect()
}

#[test]
fn checks_of_plain_loops_go_in_front_of_them_too() {
    check(
        hoist_checks,
        "loops f(n: usize, b0 a: f64[unit], mut b1 r: f64[unit]) {
           v0: usize = dim b0, 0
           for v1 in n {
             v2: bool = lt v1, v0
             check v2, index_out_of_range(0) of a with v1, v0 @3:7
             v3: f64 = load b0[v1]
             store b1[v1], v3
           }
         }",
        "loops f(n: usize, b0 a: f64[unit], mut b1 r: f64[unit]) {
           v0: usize = dim b0, 0
           v8: bool = le n, v0
           v9: bool = not v8
           if v9 {
             for v5 in n {
               v6: bool = lt v5, v0
               check v6, index_out_of_range(0) of a with v5, v0 @3:7
             }
           }
           for v1 in n {
             v2: bool = lt v1, v0
             v3: f64 = load b0[v1]
             store b1[v1], v3
           }
         }",
    );
}

#[test]
fn loops_that_make_arrays_keep_the_checks_against_their_lengths() {
    let kernel = |length: &str, index: &str| {
        format!(
            "loops f(n: usize, b0 a: f64[unit]) {{
               buffer b1 r: [f64; 1]
               v0: usize = dim b0, 0
               for v1 in n {{
                 alloc b1[n]
                 {length}
                 v2: bool = lt v1, {index}
                 check v2, index_out_of_range(0) of a with v1, v0 @3:7
               }}
             }}"
        )
    };
    unchanged(hoist_checks, &kernel("v3: usize = dim b1, 0", "v3"));
    let others = run(hoist_checks, &kernel("", "v0"));
    let last = std::slice::from_ref(others.body.last().expect("the loop itself"));
    assert!(!walk::statements(last).any(|stmt| matches!(stmt, Stmt::Check { .. })), "{others}");
}

#[test]
fn nothing_is_read_in_front_of_a_loop_from_arrays_that_it_makes() {
    unchanged(
        hoist_checks,
        "loops f(n: usize, k: usize, b0 a: f64[unit], mut b2 r: f64[unit]) {
           buffer b1 own: [usize; 1]
           v0: usize = dim b0, 0
           for v1 in n {
             v2: bool = lt v1, v0
             check v2, index_out_of_range(0) of a with v1, v0 @3:7
             alloc b1[8usize] zeroed
             v3: usize = load b1[k]
             v4: bool = lt v3, v0
             check v4, index_out_of_range(0) of a with v3, v0 @3:9
             v5: f64 = load b0[v3]
             store b2[v1], v5
           }
         }",
    );
}

#[test]
fn indices_from_what_a_plain_loop_stores_are_checked_inside() {
    unchanged(
        hoist_checks,
        "loops f(n: usize, m: usize, mut b0 a: usize[unit]) {
           v0: usize = dim b0, 0
           for v1 in n {
             v2: bool = lt v1, v0
             check v2, index_out_of_range(0) of a with v1, v0 @3:7
             v3: usize = load b0[v1]
             v4: bool = lt v3, v0
             check v4, index_out_of_range(0) of a with v3, v0 @3:9
             store b0[v3], m
           }
         }",
    );
}

#[test]
fn checks_in_branches_leave_if_their_index_is_taken_in_any_case() {
    let clipped = |branch: &str| {
        checks_inside(&format!(
            "loops f(n: usize, b0 a: f64[unit], mut b1 r: f64[unit]) {{
               v0: usize = dim b0, 0
               v1: usize = dim b1, 0
               parfor v2 in n {{
                 v3: bool = lt v2, v0
                 check v3, index_out_of_range(0) of a with v2, v0
                 v4: f64 = load b0[v2]
                 v5: bool = lt v4, 1.0f64
                 if v5 {{
                   {branch}
                   check v7, index_out_of_range(0) of r with v6, v1
                   store b1[v6], v4
                 }}
               }}
             }}"
        ))
    };
    assert_eq!(clipped("v6: usize = add v2, 0usize v7: bool = lt v6, v1"), 0);
    // The branch may be there to keep this index in range.
    assert_eq!(clipped("v6: usize = sub v2, 1usize v7: bool = lt v6, v1"), 1);
}

/// How many checks are left, replays included.
fn checks_left(text: &str) -> usize {
    let loops = run(hoist_checks, text);
    walk::statements(&loops.body).filter(|stmt| matches!(stmt, Stmt::Check { .. })).count()
}

/// A kernel of these statements; the first axis of `a` has the length `v0`.
fn of_array(statements: &str) -> String {
    format!(
        "loops f(n: usize, w: usize, s: i64, mut b0 a: f64[unit], b1 start: usize[unit]) {{
           v0: usize = dim b0, 0
           v1: usize = dim b1, 0
           {statements}
         }}"
    )
}

#[test]
fn checks_that_the_loops_around_imply_are_gone() {
    let triangle = |inner: &str| {
        of_array(&format!(
            "for v2 in v0 {{
               {inner}
               v5: bool = lt v4, v0
               check v5, index_out_of_range(0) of a with v4, v0
               store b0[v4], 1.0f64
             }} }}"
        ))
    };
    // `for j in 0..i { a[j] }`
    assert_eq!(checks_left(&triangle("for v3 in v2 { v4: usize = add v3, 0usize")), 0);
    // `for j in 0..=i { a[j] }`
    assert_eq!(
        checks_left(&triangle("v6: usize = add v2, 1usize for v3 in v6 { v4: usize = add v3, 0usize")),
        0
    );
    // `for j in i + 1..n { a[j - i - 1] }`
    let rest = "v6: usize = add v2, 1usize v7: usize = trips v6, v0, 1usize for v3 in v7 {";
    assert_eq!(checks_left(&triangle(&format!("{rest} v4: usize = add v3, 0usize"))), 0);
    // `for j in i + 1..n { a[i + 1] }`: where the inner loop runs there is such an element.
    assert_eq!(checks_left(&triangle(&format!("{rest} v4: usize = add v2, 1usize"))), 0);
    // `for j in (0..n).rev() { a[j] }`
    let falling = "v6: usize = sub v0, 1usize for v3 in v0 { v4: usize = sub v6, v3";
    assert_eq!(checks_left(&triangle(falling)), 0);
    // `for j in (i % 2..n).step_by(2) { a[j] }`
    let halves = "v6: usize = rem v2, 2usize v7: usize = trips v6, v0, 2usize for v3 in v7 {
                  v8: usize = mul v3, 2usize v4: usize = add v6, v8";
    assert_eq!(checks_left(&triangle(halves)), 0);
    // `for j in (i..n).step_by(i + 1) { a[j] }`
    let multiples =
        "v6: usize = add v2, 1usize v7: usize = trips v2, v0, v6 for v3 in v7 { v8: usize = mul v6, v3";
    assert_eq!(checks_left(&triangle(&format!("{multiples} v4: usize = add v2, v8"))), 0);
    // `for j in (i..n).step_by(i + 1) { a[j + 1] }` is one too many at the end.
    assert_ne!(checks_left(&triangle(&format!("{multiples} v4: usize = add v6, v8"))), 0);
    // `for j in 0..=i + 1 { a[j] }` is one too many at the end.
    assert_ne!(
        checks_left(&triangle("v6: usize = add v2, 2usize for v3 in v6 { v4: usize = add v3, 0usize")),
        0
    );
}

#[test]
fn what_the_last_of_several_steps_takes_is_tested_in_front() {
    let twos = |step: &str| {
        of_array(&format!(
            "v2: usize = trips 0usize, v0, {step}
             for v3 in v2 {{
               v4: usize = mul v3, {step}
               v5: usize = add v4, 1usize
               v6: bool = lt v5, v0
               check v6, index_out_of_range(0) of a with v5, v0
               store b0[v5], 1.0f64
             }}"
        ))
    };
    // Twice as many as there are steps, and not one more than the last number below the length, which may be the last step.
    let loops = run(hoist_checks, &twos("2usize")).to_string();
    assert!(loops.contains("v16: i64 = cast v2") && loops.contains("mul v16, -2i64"), "{loops}");
    // Of steps that are not known nothing is asked in front.
    assert_eq!(checks_left(&twos("w")), 1);
}

#[test]
fn checks_behind_conditions_that_imply_them_are_gone() {
    let guarded = |cond: &str, index: &str| {
        of_array(&format!(
            "for v2 in v0 {{
               v3: bool = {cond}
               if v3 {{
                 v4: usize = {index}
                 v5: bool = lt v4, v0
                 check v5, index_out_of_range(0) of a with v4, v0
                 store b0[v4], 1.0f64
               }}
             }}"
        ))
    };
    assert_eq!(checks_left(&guarded("lt 0usize, v2", "sub v2, 1usize")), 0);
    assert_eq!(checks_left(&guarded("ne v2, 0usize", "sub v2, 1usize")), 0);
    assert_eq!(checks_left(&guarded("le 2usize, v2", "sub v2, 2usize")), 0);
    assert_eq!(checks_left(&guarded("ge v2, w", "sub v2, w")), 0);
    assert_eq!(checks_left(&guarded("le 1usize, v2", "sub v2, 2usize")), 1);
    assert_eq!(checks_left(&guarded("lt v2, w", "sub v2, w")), 1);
}

#[test]
fn bounds_that_may_wrap_imply_nothing() {
    // `for j in 0..n - 1 { a[j] }` over no elements counts up to 2^64 - 1.
    let wrapping = of_array(
        "v2: usize = sub v0, 1usize
         for v3 in v2 {
           v4: bool = lt v3, v0
           check v4, index_out_of_range(0) of a with v3, v0
           store b0[v3], 1.0f64
         }",
    );
    assert_eq!(checks_left(&wrapping), 1);
    // Where it is known that there are elements, it does not.
    let known = of_array(
        "v2: usize = sub v0, 1usize
         v5: bool = lt w, v0
         if v5 {
           for v3 in v2 {
             v4: bool = lt v3, v0
             check v4, index_out_of_range(0) of a with v3, v0
             store b0[v3], 1.0f64
           }
         }",
    );
    assert_eq!(checks_left(&known), 0);
    // `for j in i..i + w`: for a large `w` there are no iterations, or others.
    let window = of_array(
        "for v2 in n {
           v3: usize = add v2, w
           v4: usize = trips v2, v3, 1usize
           for v5 in v4 {
             v6: usize = add v2, v5
             v7: bool = lt v6, v0
             check v7, index_out_of_range(0) of a with v6, v0
             store b0[v6], 1.0f64
           }
         }",
    );
    assert!(
        front(&window).iter().any(|line| line.ends_with(": bool = lt v27, 2199023255552usize")),
        "{:?}",
        front(&window)
    );
}

#[test]
fn rows_of_lengths_that_are_loaded_are_tested_one_by_one() {
    let rows = of_array(
        "parfor v2 in v1 {
           v3: usize = load b1[v2]
           for v4 in v3 {
             v5: bool = lt v4, v0
             check v5, index_out_of_range(0) of a with v4, v0
             store b0[v4], 1.0f64
           }
         }",
    );
    let loops = run(hoist_checks, &rows).to_string();
    let expected = "v9: bool = le v3, v0 v10: bool = not v9 if v10 { for v7 in v3 {";
    let words: Vec<&str> = loops.split_whitespace().collect();
    assert!(words.join(" ").contains(expected), "{loops}");
    assert_eq!(checks_left(&rows), 1);
}

#[test]
fn what_every_iteration_finds_the_same_is_checked_once() {
    let with_index = |index: &str| {
        of_array(&format!(
            "for v2 in v1 {{
               for v3 in n {{
                 {index}
                 v5: bool = lt v4, v0
                 check v5, index_out_of_range(0) of a with v4, v0
                 store b0[v4], 1.0f64
               }}
             }}"
        ))
    };
    let in_front = with_index("v4: usize = load b1[v2]");
    let loops = run(hoist_checks, &in_front).to_string();
    let expected = "v11: bool = ne n, 0usize if v11 { v8: usize = load b1[v2] v9: bool = lt v8, v0 check v9,";
    let words: Vec<&str> = loops.split_whitespace().collect();
    assert!(words.join(" ").contains(expected), "{loops}");
    // This one is another in every iteration.
    unchanged(hoist_checks, &with_index("v6: usize = rem v3, v1 v4: usize = load b1[v6]"));
}

#[test]
fn an_index_that_every_iteration_touches_is_tested_in_front_of_branches_with_it() {
    let in_branch = |touched: &str| {
        of_array(&format!(
            "for v2 in v1 {{
               v3: usize = load b1[{touched}]
               v4: bool = lt v3, n
               if v4 {{
                 v5: bool = lt v2, v0
                 check v5, index_out_of_range(0) of a with v2, v0
                 store b0[v2], 1.0f64
               }}
             }}"
        ))
    };
    // That of the load needed no check, or has none any more.
    assert_eq!(checks_left(&in_branch("v2")), 1);
    unchanged(hoist_checks, &in_branch("0usize"));
}

#[test]
fn the_least_of_numbers_is_a_number_like_others() {
    let least = of_array(
        "v2: i64 = cast v1
         for v3 in v1 {
           v4: i64 = cast v3
           v5: bool = lt v4, -9223372036854775808i64
           if v5 { store b0[v3], 1.0f64 }
         }",
    );
    unchanged(hoist_checks, &least);
}

#[test]
fn windows_that_end_at_the_borders_ask_for_their_width_alone() {
    let window = of_array(
        "for v2 in n {
           v3: bool = lt v2, w
           v4: usize = sub v2, w
           v5: usize = select v3, 0usize, v4
           v6: usize = add v2, w
           v7: usize = add v6, 1usize
           v8: usize = min v7, n
           v9: usize = trips v5, v8, 1usize
           for v10 in v9 {
             v11: usize = add v5, v10
             v12: usize = add v11, w
             v13: usize = sub v12, v2
             v14: bool = lt v13, v0
             check v14, index_out_of_range(0) of a with v13, v0
             store b0[v13], 1.0f64
           }
         }",
    );
    assert_eq!(checks_left(&window), 1);
    // The last element of a window is the one of twice its half: 2 w < v0. The first is not asked for.
    let front = front(&window).join(" ");
    assert!(front.contains("mul") && !front.contains("le -1i64"), "{front}");
}

#[test]
fn quotients_of_short_loops_are_rounded_down() {
    // `for i in 1..n { for k in 0..6 { a[i + k / 3 - 1] } }`
    let rows = |length: &str| {
        of_array(&format!(
            "v3: usize = trips 1usize, v0, 1usize
             for v4 in v3 {{
               v5: usize = add v4, 1usize
               for v6 in {length} {{
                 v7: usize = div v6, 3usize
                 v8: usize = add v5, v7
                 v9: usize = sub v8, 1usize
                 v10: bool = lt v9, v0
                 check v10, index_out_of_range(0) of a with v9, v0
                 store b0[v9], 1.0f64
               }}
             }}"
        ))
    };
    assert_eq!(checks_left(&rows("6usize")), 0);
    assert_ne!(checks_left(&rows("7usize")), 0);
}

#[test]
fn checks_at_borders_that_some_iteration_is_at_leave() {
    let at = |position: &str| {
        checks_inside(&format!(
            "loops f(n: usize, k: usize, mut b0 a: f64[unit]) {{
               v0: usize = dim b0, 0
               v1: usize = sub n, 1usize
               parfor v2 in n {{
                 v3: bool = eq v2, {position}
                 if v3 {{
                   v4: bool = lt 1usize, v0
                   check v4, index_out_of_range(0) of a with 1usize, v0
                   store b0[1usize], 2.0f64
                 }}
               }}
             }}"
        ))
    };
    assert_eq!([at("0usize"), at("v1")], [0; 2]);
    // No iteration may be this one.
    assert_eq!([at("1usize"), at("k")], [1; 2]);
}
