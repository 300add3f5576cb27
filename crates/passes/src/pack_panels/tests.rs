//! What is copied, and what is not.

use super::*;
use crate::testing::{run, unchanged};

/// `r[i, j] = sum of a[i, k] * b[k, j]`, in panels, the second factor read at some indices.
fn product(b: &str, more: &str) -> String {
    format!(
        "loops f(n: usize, m: usize, l: usize, b0 a: f64[_, unit], b1 b: f64[_, unit], mut b2 r: f64[_, unit]) {{
           var x0 s: f64
           parfor v0, v1 in n, m {{
             source prange @1:1
             panels
             x0 = 0.0f64
             for v2 in l {{
               v3: f64 = load b0[v0, v2] {more} v4: f64 = load b1[{b}] v5: f64 = mul v3, v4
               v6: f64 = x0 v7: f64 = add v6, v5 x0 = v7
             }}
             v8: f64 = x0
             store b2[v0, v1], v8
           }}
         }}"
    )
}

fn count(text: &str, part: &str) -> usize {
    text.matches(part).count()
}

#[test]
fn columns_that_all_rows_read_are_copied() {
    for (indices, least) in [("v2, v1", LEAST_LENGTH), ("v1, v2", LEAST_ACROSS)] {
        let after = run(pack_panels, &product(indices, "")).to_string();
        assert_eq!((count(&after, "parfor"), count(&after, "alloc")), (3, 1), "{after}");
        // Those that are left are read where they are.
        assert_eq!((count(&after, "load b1"), count(&after, "load b3")), (2, 1), "{after}");
        assert!(after.contains(&format!("ge l, {least}usize")), "{after}");
    }
}

#[test]
fn what_differs_from_row_to_row_is_not() {
    unchanged(pack_panels, &product("v0, v1", ""));
    unchanged(pack_panels, &product("v2, v2", ""));
    unchanged(pack_panels, &product("v2, v1", "").replace("panels", ""));
}

#[test]
fn what_the_loop_stores_to_is_not() {
    unchanged(pack_panels, &product("v2, v1", "").replace("load b1[v2", "load b2[v2"));
}

#[test]
fn what_only_some_load_is_not() {
    let some = product("v0, v0", "v9: bool = lt v3, 1.0f64 if v9 { v10: f64 = load b1[v2, v1] x0 = v10 }");
    unchanged(pack_panels, &some);
    unchanged(pack_panels, &product("v2, v1", "").replace("for v2 in l", "for v2 in v0"));
}

#[test]
fn loops_in_loops_are_dimensions_of_the_copy() {
    let twice = product("v2, v1", "")
        .replace("for v2 in l {", "for v9 in l { for v2 in l {")
        .replace("x0 = v7", "x0 = v7 }");
    let after = run(pack_panels, &twice).to_string();
    assert!(after.contains("l, 16usize]"), "{after}");
    let volume = twice
        .replace("b1 b: f64[_, unit]", "b1 b: f64[_, _, unit]")
        .replace("load b1[v2, v1]", "load b1[v9, v2, v1]");
    let after = run(pack_panels, &volume).to_string();
    assert!(after.contains("l, l, 16usize]"), "{after}");
}
