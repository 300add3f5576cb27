//! Makes that dimension of a parallel loop the last, and so the lanes, along which its arrays lie in memory.
//!
//! ```text
//! b0 a: f64[unit, _]   b1 b: f64[unit, _]      columns are neighbours
//!
//! parfor v2, v3 in v0, v1 {                    parfor v3, v2 in v1, v0 {
//!   v4: f64 = load b0[v2, v3]            ⇒       v4: f64 = load b0[v2, v3]
//!   store b1[v2, v3], v4                         store b1[v2, v3], v4
//! }                                            }
//! ```
//!
//! Iterations of a parallel loop have no order but in two things, and a loop with one of them stays as it is: a sum of
//! floats combines its contributions in the order of the space, and of several failing checks that of the lowest
//! iteration is reported. Random numbers are numbered by the position in the space, which is computed from the indices.
//!
//! This runs when loops have been fused, for loops over one space must name its dimensions in one order.

use crate::Changed;
use crate::lane_cost::lane_cost;
use crate::positions::keep_positions;
use crate::replace_loops::in_body;
use parfuse_ir::loops::walk::{self, blocks_mut};
use parfuse_ir::loops::{Block, Event, Loops, Note, Parfor, Stmt};

/// Makes the dimension with the cheapest accesses the last one.
pub fn interchange_loops(loops: &mut Loops) -> Changed {
    in_body(loops, in_block)
}

fn in_block(loops: &mut Loops, block: &mut Block) -> bool {
    let mut changed = false;
    for stmt in block {
        if let Stmt::Parfor(parfor) = stmt {
            changed |= in_parfor(loops, parfor);
        } else {
            blocks_mut(stmt).for_each(|inner| changed |= in_block(loops, inner));
        }
    }
    changed
}

fn in_parfor(loops: &mut Loops, parfor: &mut Parfor) -> bool {
    let outer = parfor.indices.len().saturating_sub(1);
    if outer == 0 || !may_change_order(loops, parfor) {
        return false;
    }
    let own = lane_cost(loops, parfor, 0);
    // Of equal ones the inner: rows then lie closer together.
    let costs = (0..outer).rev().map(|axis| (lane_cost(loops, &with_last(parfor, axis), 0), axis));
    let Some((least, axis)) = costs.min_by_key(|(cost, _)| *cost) else { return false };
    if least >= own {
        return false;
    }
    let before = parfor.clone();
    *parfor = with_last(parfor, axis);
    keep_positions(loops, &before, parfor);
    let locs = parfor.sources.iter().map(|source| source.loc).collect();
    loops.notes.push(Note { pass: "interchange_loops", event: Event::Interchanged { axis }, locs });
    true
}

/// Whether nobody can tell in which order the dimensions of a loop are.
pub(crate) fn may_change_order(loops: &Loops, parfor: &Parfor) -> bool {
    let rounds = parfor.reductions.iter().any(|reduction| {
        reduction.as_simple().is_none_or(|(_, local, _)| loops.vars[local].dtype.is_float())
    });
    !rounds && !walk::statements(&parfor.body).any(|stmt| matches!(stmt, Stmt::Check { .. }))
}

/// The loop with a dimension moved behind the others.
pub(crate) fn with_last(parfor: &Parfor, axis: usize) -> Parfor {
    let mut turned = parfor.clone();
    turned.indices[axis..].rotate_left(1);
    turned.extents[axis..].rotate_left(1);
    turned
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{check, run, unchanged};

    /// A loop over two matrices of these layouts.
    fn planes(layout: &str, head: &str, body: &str) -> String {
        format!(
            "loops f(n: usize, m: usize, b0 a: f64[{layout}], mut b1 r: f64[{layout}], b2 t: f64[unit]) {{
               parfor {head} in {} {{ {body} }}
             }}",
            if head == "v1, v0" { "m, n" } else { "n, m" }
        )
    }

    #[test]
    fn columns_become_the_lanes() {
        let body = "v2: f64 = load b0[v0, v1] store b1[v0, v1], v2";
        check(interchange_loops, &planes("unit, _", "v0, v1", body), &planes("unit, _", "v1, v0", body));
        unchanged(interchange_loops, &planes("_, unit", "v0, v1", body));
        unchanged(interchange_loops, &planes("_, _", "v0, v1", body));
    }

    #[test]
    fn the_first_of_three_dimensions_becomes_the_last() {
        let volume = |head: &str| {
            format!(
                "loops f(n: usize, m: usize, mut b0 r: f64[unit, _, _]) {{
                   parfor {head} {{ store b0[v0, v1, v2], 0.0f64 }}
                 }}"
            )
        };
        check(
            interchange_loops,
            &volume("v0, v1, v2 in n, m, 9usize"),
            &volume("v1, v2, v0 in m, 9usize, n"),
        );
    }

    #[test]
    fn checks_keep_their_order() {
        let body =
            "v2: f64 = load b0[v0, v1] v3: bool = lt v2, 9.0f64 check v3, empty_mean store b1[v0, v1], v2";
        unchanged(interchange_loops, &planes("unit, _", "v0, v1", body));
    }

    #[test]
    fn sums_of_floats_keep_their_order_and_sums_of_integers_need_not() {
        let sum = |ty: &str| {
            format!(
                "loops f(n: usize, m: usize, b0 a: {ty}[unit, _]) {{
                   var x0 s: {ty}
                   var x1 total: {ty}
                   x1 = 1{ty}
                   parfor v0, v1 in n, m {{ reduce sum x0 into x1
                     v2: {ty} = load b0[v0, v1] v3: {ty} = x0 v4: {ty} = add v3, v2 x0 = v4
                   }}
                   v5: {ty} = x1
                   return v5
                 }}"
            )
        };
        unchanged(interchange_loops, &sum("f64").replace("1f64", "1.0f64"));
        assert!(run(interchange_loops, &sum("i64")).to_string().contains("parfor v1, v0 in m, n"));
    }

    #[test]
    fn random_numbers_stay_those_of_the_position() {
        let after = run(
            interchange_loops,
            &planes(
                "unit, _",
                "v0, v1",
                "v2: usize = linear_index v3: i64 = cast v2 v4: f64 = random 0i64, v3, 0i64 store b1[v0, v1], v4",
            ),
        )
        .to_string();
        assert!(after.contains("parfor v1, v0 in m, n") && after.contains("mul v0, m"), "{after}");
        assert!(!after.contains("linear_index"), "{after}");
    }

    #[test]
    fn short_rows_that_do_not_merge_make_room_for_long_ones() {
        let body = "v2: f64 = load b2[v0] v3: f64 = cast v1 v4: f64 = mul v2, v3 store b1[v0, v1], v4";
        let short = planes("_, unit", "v0, v1", body).replace("n, m {", "n, 3usize {");
        assert!(run(interchange_loops, &short).to_string().contains("parfor v1, v0 in 3usize, n"));
    }
}
