//! Puts a serial loop around the serial loop that it stands in.
//!
//! ```text
//! for v1 in v0 {                               for v3 in v2 {
//!   v4: f64 = load b0[v1]                        for v1 in v0 {
//!   for v3 in v2 {                      ⇒          v4: f64 = load b0[v1]
//!     …                                            …
//!   }                                            }
//! }                                            }
//! ```
//!
//! That is right if iterations of the inner loop with different indices do not need one another, whichever iterations of
//! the outer loop they are in. What follows from the text of the inner loop is checked here: it carries no variable from
//! iteration to iteration. That no two iterations touch an element that one of them writes, and that no variable goes from
//! one iteration of the loop that then stands outside to another, is for who makes that loop parallel to show, of the very
//! loop that is returned.

use crate::vectorize::{VarSet, assigned, live_before};
use parfuse_ir::loops::{Block, Loops, Stmt, Value, walk};

/// A loop moves out of this many others at most.
pub(crate) const MOST_LEVELS: usize = 2;

/// The loop that stands `levels` deep in a nest, with the loops around it inside, in their order. Nothing if there is no
/// such nest: loops that all but compute in front of the next one. `combined` are variables that the iterations of the
/// inner loop may combine.
pub(crate) fn moved_out(loops: &Loops, nest: &Stmt, levels: usize, combined: &VarSet) -> Option<Stmt> {
    let mut around: Vec<(Value, Value, &[Stmt])> = Vec::new();
    let mut inner = nest;
    for _ in 0..levels {
        let Stmt::For { index, extent, until: None, body } = inner else { return None };
        let (last, front) = body.split_last()?;
        if !only_computes(front) {
            return None;
        }
        around.push((*index, *extent, front));
        inner = last;
    }
    let Stmt::For { index, extent, until: None, body } = inner else { return None };
    if is_defined(*extent, &around) || walk::statements(body).any(stays) {
        return None;
    }
    let mut carried = &assigned(body) & &live_before(loops, body, &VarSet::new());
    carried.retain(|var| !combined.contains(var));
    if !carried.is_empty() {
        return None;
    }
    let mut block: Block = body.clone();
    for (index, extent, front) in around.into_iter().rev() {
        block = vec![Stmt::For {
            index,
            extent,
            until: None,
            body: front.iter().cloned().chain(block).collect(),
        }];
    }
    Some(Stmt::For { index: *index, extent: *extent, until: None, body: block })
}

/// Whether a block does nothing but compute: it may be done again.
pub(crate) fn only_computes(block: &[Stmt]) -> bool {
    let works = |stmt: &Stmt| match stmt {
        Stmt::Let(_) | Stmt::Set { .. } | Stmt::If { .. } => false,
        Stmt::Alloc { .. }
        | Stmt::Move { .. }
        | Stmt::Resize { .. }
        | Stmt::Store { .. }
        | Stmt::Call(_)
        | Stmt::Check { .. }
        | Stmt::While { .. }
        | Stmt::For { .. }
        | Stmt::Parfor(_)
        | Stmt::Nest(_) => true,
    };
    !walk::statements(block).any(works)
}

/// Whether a statement makes or exchanges arrays, is a region, or calls what is outside of compiled code.
pub(crate) fn launches(stmt: &Stmt) -> bool {
    matches!(
        stmt,
        Stmt::Alloc { .. }
            | Stmt::Move { .. }
            | Stmt::Resize { .. }
            | Stmt::Call(_)
            | Stmt::Parfor(_)
            | Stmt::Nest(_)
    )
}

/// Whether a statement is a region, or calls what is outside of compiled code: it belongs to the driver.
pub(crate) fn is_of_driver(stmt: &Stmt) -> bool {
    matches!(stmt, Stmt::Call(_) | Stmt::Parfor(_) | Stmt::Nest(_))
}

/// What cannot change its place among the iterations.
fn stays(stmt: &Stmt) -> bool {
    launches(stmt) || matches!(stmt, Stmt::Check { .. })
}

/// Whether a value is defined by some loops, or in front of the next one in them.
fn is_defined(value: Value, around: &[(Value, Value, &[Stmt])]) -> bool {
    around.iter().any(|(index, _, front)| {
        let mut found = *index == value;
        walk::statements(front).for_each(|stmt| walk::defined(stmt, |defined| found |= defined == value));
        found
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::parse;

    /// What becomes of the first loop of a kernel when the loop so deep in it moves out.
    fn moved(body: &str, levels: usize) -> Option<String> {
        let text = format!(
            "loops f(n: usize, m: usize, b0 a: f64[_, unit], mut b1 c: f64[_, unit]) {{
               var x0 s: f64
               var x1 t: f64
               {body}
             }}"
        );
        let mut loops = parse(&text);
        let nest = loops.body.remove(0);
        let moved = moved_out(&loops, &nest, levels, &VarSet::new())?;
        loops.body = vec![moved];
        loops.verify().unwrap_or_else(|error| panic!("{error}\n{loops}"));
        let words = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
        Some(words(loops.to_string()).split("f64 for").last()?.to_string())
    }

    #[test]
    fn a_loop_and_what_stands_in_front_of_it_change_places() {
        let product = "for v0 in n { v1: f64 = load b0[v0, v0] x0 = v1
                         for v2 in m { v3: f64 = x0 v4: f64 = load b1[v2, v0] v5: f64 = mul v3, v4 store b1[v2, v0], v5 } }";
        let outside = moved(product, 1).expect("nothing is carried");
        let loads = "v1: f64 = load b0[v0, v0] x0 = v1 v3: f64 = x0";
        assert!(outside.contains(&format!("v2 in m {{ for v0 in n {{ {loads}")), "{outside}");
        assert_eq!(moved(product, 2), None);
    }

    #[test]
    fn the_innermost_of_three_loops_moves_out_of_both() {
        let nest = "for v0 in n { for v1 in m { for v2 in 9usize { store b1[v1, v2], 0.0f64 } } }";
        let outside = moved(nest, 2).expect("nothing is carried");
        assert!(outside.contains("v2 in 9usize { for v0 in n { for v1 in m {"), "{outside}");
    }

    #[test]
    fn sums_from_iteration_to_iteration_stay() {
        let sum = "for v0 in n { x0 = 0.0f64
                     for v1 in m { v2: f64 = x0 v3: f64 = load b0[v0, v1] v4: f64 = add v2, v3 x0 = v4 store b1[v1, v0], v4 } }";
        assert_eq!(moved(sum, 1), None);
    }

    #[test]
    fn work_around_and_lengths_of_their_own_stay() {
        let store = "store b1[v1, v0], 0.0f64";
        let text = |front: &str, extent: &str, inside: &str| {
            format!("for v0 in n {{ {front} for v1 in {extent} {{ {inside} }} }}")
        };
        assert!(moved(&text("", "m", store), 1).is_some());
        assert_eq!(moved(&text("", "v0", store), 1), None);
        assert_eq!(moved(&text("v3: usize = add v0, m", "v3", store), 1), None);
        assert_eq!(moved(&text("store b1[v0, v0], 1.0f64", "m", store), 1), None);
        let check = format!("v2: bool = lt v1, m check v2, empty_mean {store}");
        assert_eq!(moved(&text("", "m", &check), 1), None);
    }
}
