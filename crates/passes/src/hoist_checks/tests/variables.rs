//! What is known of variables, and of what headers define.

use super::*;

/// A `while` that goes down from `v2`, with this condition, setting the variable so, as rows are sorted.
fn going_down(least: &str, next: &str) -> String {
    of_array(&format!(
        "for v2 in v0 {{
           x0 = v2
           while {{
             v3: usize = x0
             v4: bool = lt {least}, v3
             if v4 {{
               v5: usize = sub v3, 1usize
               v6: bool = lt v5, v0
               check v6, index_out_of_range(0) of a with v5, v0
               v7: f64 = load b0[v5]
               v8: bool = lt v7, 1.0f64
               x1 = v8
             }} else {{
               x1 = false
             }}
             v9: bool = x1
             test v9
           }} do {{
             v10: usize = x0
             v11: usize = sub v10, 1usize
             v12: bool = lt v11, v0
             check v12, index_out_of_range(0) of a with v11, v0
             v13: f64 = load b0[v11]
             v14: bool = lt v10, v0
             check v14, index_out_of_range(0) of a with v10, v0
             store b0[v10], v13
             {next}
           }}
           v16: usize = x0
           v17: bool = lt v16, v0
           check v17, index_out_of_range(0) of a with v16, v0
           store b0[v16], 2.0f64
         }}"
    ))
    .replacen("{\n", "{ var x0 j: usize var x1 and: bool\n", 1)
}

#[test]
fn a_variable_that_only_falls_stays_below_where_it_began() {
    assert_eq!(checks_left(&going_down("0usize", "x0 = v11")), 0);
    assert_eq!(checks_left(&going_down("1usize", "v15: usize = sub v10, 2usize x0 = v15")), 0);
    // From 1 it falls below 0.
    assert_eq!(checks_left(&going_down("0usize", "v15: usize = sub v10, 2usize x0 = v15")), 4);
    // It may begin anew, or rise.
    assert_eq!(checks_left(&going_down("0usize", "x0 = n")), 4);
    assert_eq!(checks_left(&going_down("0usize", "v15: usize = add v10, 1usize x0 = v15")), 4);
    let now_and_then = "v15: bool = lt v13, 0.5f64 if v15 { x0 = v11 } else { x0 = n }";
    assert_eq!(checks_left(&going_down("0usize", now_and_then)), 4);
    let sometimes = "v15: bool = lt v13, 0.5f64 if v15 { x0 = v11 }";
    assert_eq!(checks_left(&going_down("0usize", sometimes)), 0);
}

#[test]
fn what_a_branch_sets_is_not_known_behind_it() {
    let text = of_array(
        "for v2 in v0 {
           x0 = v2
           v3: bool = lt w, v2
           if v3 { x0 = w } else { x0 = n }
           v4: usize = x0
           v5: bool = lt v4, v0
           check v5, index_out_of_range(0) of a with v4, v0
           store b0[v4], 1.0f64
           x0 = v2
           v6: usize = x0
           v7: bool = lt v6, v0
           check v7, index_out_of_range(0) of a with v6, v0
           store b0[v6], 1.0f64
         }",
    );
    assert_eq!(checks_left(&text.replacen("{\n", "{ var x0 j: usize\n", 1)), 1);
}

#[test]
fn what_the_header_of_a_while_defines_is_asked_for_by_the_name_that_its_body_has_for_it() {
    let text = |in_body: &str, in_loop: &str| {
        format!(
            "loops f(n: usize, b0 a: f64[unit], mut b1 r: f64[unit]) {{
               var x0 first: usize
               v0: usize = dim b0, 0
               x0 = n
               while {{
                 v1: usize = x0
                 v2: bool = lt 0usize, v1
                 test v2
               }} do {{
                 {in_body}
                 for v3 in n {{
                   {in_loop}
                   v5: usize = add v4, v3
                   v6: bool = lt v5, v0
                   check v6, index_out_of_range(0) of a with v5, v0
                   v7: f64 = load b0[v5]
                   store b1[v3], v7
                 }}
                 x0 = 0usize
               }}
             }}"
        )
    };
    let read = "v4: usize = x0";
    let in_front = run(hoist_checks, &text(read, "")).to_string();
    assert!(in_front.contains("v15: i64 = cast v4"), "{in_front}");
    unchanged(hoist_checks, &text("", read));
}
