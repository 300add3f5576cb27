//! Makes straight code of loops that are known to be short.
//!
//! ```text
//! for v1 in 2usize {                   v4: f64 = load b0[v0, 0usize]
//!   v2: f64 = load b0[v0, v1]          x0 = v4
//!   x0 = v2                      ⇒     v5: f64 = load b0[v0, 1usize]
//! }                                    x0 = v5
//! ```
//!
//! What counts iterations and decides whether to go on takes longer than such a loop does; its indices become constants,
//! and elements that they name may live in registers. The innermost loops go first, so a loop of short loops may be short
//! code, too.
//!
//! A loop in lanes stays where each lane walks along a row of its own: whole tiles of these are loaded at once.

use crate::Changed;
use crate::copies::write_out;
use crate::hash::FastSet;
use crate::replace_loops::in_body;
use crate::vectorize::Varying;
use parfuse_ir::loops::walk::{self, blocks_mut};
use parfuse_ir::loops::{Block, Expr, Loops, Parfor, Stmt, Value};
use parfuse_ir::math::is_expansion;
use parfuse_ir::{Scalar, ScalarOp};

/// The most iterations of a loop that is unrolled.
const MOST_ITERATIONS: usize = 8;

/// The most where the index says by how much bits are shifted: as many as a short integer has of them.
const MOST_BITS: usize = 16;

/// The most statements that a loop may become.
const MOST_STATEMENTS: usize = 96;

/// The most where distances of shifts become constants.
const MOST_OF_SHIFTS: usize = 384;

/// About as many operations compute a function such as `sin`.
const FUNCTION: usize = 24;

/// As many iterations load a tile.
const TILE: usize = 4;

/// Makes straight code of loops that are known to be short.
pub fn unroll_loops(loops: &mut Loops) -> Changed {
    in_body(loops, |loops, body| in_block(loops, body, None))
}

/// The indices of loops in lanes that load tiles.
type Tiles = FastSet<Value>;

fn in_block(loops: &mut Loops, block: &mut Block, in_lanes: Option<&Tiles>) -> bool {
    let mut changed = false;
    for mut stmt in std::mem::take(block) {
        let own = if let Stmt::Parfor(parfor) = &stmt { Some(tiles(loops, parfor)) } else { None };
        let inside = own.as_ref().or(in_lanes);
        blocks_mut(&mut stmt).for_each(|inner| changed |= in_block(loops, inner, inside));
        match short(loops, &stmt, in_lanes) {
            Some((index, iterations, body)) => {
                write_out(loops, index, iterations, body, block);
                changed = true;
            }
            None => block.push(stmt),
        }
    }
    changed
}

/// The index, the number of iterations and the body of a loop that is to be unrolled.
fn short<'a>(loops: &Loops, stmt: &'a Stmt, in_lanes: Option<&Tiles>) -> Option<(Value, usize, &'a Block)> {
    let Stmt::For { index, extent, until: None, body } = stmt else { return None };
    let Some(Scalar::Usize(iterations @ ..=MOST_BITS)) = loops.constant(*extent) else { return None };
    let is_straight = walk::statements(body).all(|stmt| match stmt {
        Stmt::Let(_) | Stmt::Set { .. } | Stmt::Store { .. } | Stmt::Check { .. } | Stmt::If { .. } => true,
        Stmt::For { .. }
        | Stmt::While { .. }
        | Stmt::Alloc { .. }
        | Stmt::Move { .. }
        | Stmt::Resize { .. }
        | Stmt::Call(_)
        | Stmt::Nest(_)
        | Stmt::Parfor(_) => false,
    });
    let text = Text::of(loops, *index, body);
    let fits = match text {
        Text { shifts: true, statements, .. } => iterations * statements <= MOST_OF_SHIFTS,
        _ if iterations > MOST_ITERATIONS => false,
        Text { uses_index: true, statements, .. } => iterations * statements <= MOST_STATEMENTS,
        // Each function takes longer than to count.
        Text { functions, statements, .. } => {
            iterations * (statements + FUNCTION * functions) <= MOST_STATEMENTS
        }
    };
    let by_tiles = in_lanes.is_some_and(|tiles| tiles.contains(index));
    (is_straight && fits && !by_tiles).then_some((*index, iterations, body))
}

/// What an iteration is.
#[derive(Default)]
struct Text {
    statements: usize,
    /// Those that compute functions of many operations.
    functions: usize,
    /// Whether the index becomes a constant in it.
    uses_index: bool,
    /// Whether the distance of a shift does.
    shifts: bool,
}

impl Text {
    fn of(loops: &Loops, index: Value, body: &Block) -> Text {
        let mut text = Text::default();
        let mut constant = FastSet::from_iter([index]);
        for stmt in walk::statements(body) {
            text.statements += 1;
            walk::reads(loops, stmt, |value| text.uses_index |= value == index);
            let Stmt::Let(value) = stmt else { continue };
            let expr = &loops.values[*value].expr;
            if let Expr::Op(op, args) = expr {
                text.functions += is_expansion(*op) as usize;
                text.shifts |= matches!(op, ScalarOp::Shl | ScalarOp::Shr) && constant.contains(&args[1]);
            }
            if let Expr::Op(..) | Expr::Cast(_) = expr {
                let mut operands = expr.operands().into_iter();
                if operands.all(|value| constant.contains(&value) || loops.constant(value).is_some()) {
                    constant.insert(*value);
                }
            }
        }
        text
    }
}

/// The short loops in a parallel loop that load elements which their index counts along the last axis, each lane those of a
/// row of its own.
fn tiles(loops: &Loops, parfor: &Parfor) -> Tiles {
    let short = |extent| matches!(loops.constant(extent), Some(Scalar::Usize(TILE..=MOST_ITERATIONS)));
    let mut inside = walk::statements(&parfor.body)
        .filter_map(|stmt| match stmt {
            Stmt::For { index, extent, body, .. } if short(*extent) => Some((*index, body)),
            _ => None,
        })
        .peekable();
    if inside.peek().is_none() {
        return Tiles::default();
    }
    let lanes = Varying::of(loops, parfor);
    let walks_along_rows = |(index, body): &(Value, &Block)| {
        let along = Varying::along(loops, body, *index);
        walk::statements(body).any(|stmt| match stmt {
            Stmt::Let(value) => match &loops.values[*value].expr {
                Expr::Load { index, .. } => {
                    index.last().is_some_and(|last| along.value(*last) && !lanes.value(*last))
                }
                _ => false,
            },
            _ => false,
        })
    };
    inside.filter(walks_along_rows).map(|(index, _)| index).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{check, run, unchanged};

    fn kernel(body: &str) -> String {
        format!(
            "loops f(n: usize, m: usize, c: bool, b0 a: f64[_, unit], mut b1 r: f64[unit]) {{
               var x0 s: f64
               {body}
             }}"
        )
    }

    #[test]
    fn each_iteration_has_its_own_copy_and_its_number() {
        let text = "x0 = 0.0f64 for v0 in n { for v1 in 2usize { v2: f64 = load b0[v0, v1] v3: f64 = x0 \
                    v4: f64 = add v3, v2 x0 = v4 } }";
        let after = "x0 = 0.0f64 for v0 in n { v9: f64 = load b0[v0, 0usize] v10: f64 = x0 v11: f64 = add v10, v9 \
                     x0 = v11 v13: f64 = load b0[v0, 1usize] v14: f64 = x0 v15: f64 = add v14, v13 x0 = v15 }";
        check(unroll_loops, &kernel(text), &kernel(after));
    }

    #[test]
    fn branches_are_copied_with_what_they_hold() {
        let text = "for v0 in 3usize { v1: bool = lt v0, m if v1 { v2: f64 = cast v0 store b1[v0], v2 } else { \
                    store b1[v0], 1.0f64 } }";
        let after = run(unroll_loops, &kernel(text)).to_string();
        assert_eq!((after.matches("if ").count(), after.matches("store").count()), (3, 6), "{after}");
    }

    #[test]
    fn loops_of_short_loops_are_short_code() {
        let inner = "v2: f64 = load b0[v0, v1] store b1[v1], v2";
        let after =
            run(unroll_loops, &kernel(&format!("for v0 in 3usize {{ for v1 in 3usize {{ {inner} }} }}")));
        let after = after.to_string();
        assert_eq!((after.matches("for ").count(), after.matches("store").count()), (0, 9), "{after}");
    }

    #[test]
    fn long_loops_and_large_bodies_stay() {
        let body = "v2: f64 = load b0[v0, v0] store b1[v0], v2 ";
        unchanged(unroll_loops, &kernel(&format!("for v0 in 9usize {{ {body} }}")));
        unchanged(unroll_loops, &kernel(&format!("for v0 in n {{ {body} }}")));
        let large = format!("{body} {}", "store b1[v0], v2 ".repeat(20));
        unchanged(unroll_loops, &kernel(&format!("for v0 in 8usize {{ {large} }}")));
    }

    #[test]
    fn functions_are_large_where_nothing_becomes_constant() {
        let steps = "v1: f64 = x0 v2: f64 = sin v1 x0 = v2";
        unchanged(unroll_loops, &kernel(&format!("x0 = 1.0f64 for v0 in 6usize {{ {steps} }}")));
        let elements = "v1: f64 = load b1[v0] v2: f64 = sin v1 store b1[v0], v2";
        let after = run(unroll_loops, &kernel(&format!("for v0 in 6usize {{ {elements} }}"))).to_string();
        assert_eq!(after.matches("sin").count(), 6, "{after}");
    }

    #[test]
    fn the_bits_of_a_number_are_gone_through_by_themselves() {
        let shift = "v1: i64 = cast v0 v2: i64 = shr 12345i64, v1 v3: f64 = cast v2 store b1[v0], v3";
        let after = run(unroll_loops, &kernel(&format!("for v0 in 16usize {{ {shift} }}"))).to_string();
        assert_eq!((after.matches("for ").count(), after.matches("shr").count()), (0, 16), "{after}");
    }

    #[test]
    fn loops_that_hold_loops_stay() {
        unchanged(unroll_loops, &kernel("for v0 in 2usize { for v1 in n { store b1[v1], 1.0f64 } }"));
    }

    #[test]
    fn tiles_of_rows_stay_loops() {
        let row = |columns: usize| {
            kernel(&format!(
                "parfor v0 in n {{ source prange @1:1 x0 = 0.0f64 for v1 in {columns}usize {{ \
                 v2: f64 = load b0[v0, v1] v3: f64 = x0 v4: f64 = add v3, v2 x0 = v4 }} v5: f64 = x0 \
                 store b1[v0], v5 }}"
            ))
        };
        unchanged(unroll_loops, &row(4));
        let window = kernel(
            "parfor v0 in n { source prange @1:1 x0 = 0.0f64 for v1 in 4usize { v9: usize = add v0, v1 \
             v2: f64 = load b1[v9] v3: f64 = x0 v4: f64 = add v3, v2 x0 = v4 } v5: f64 = x0 }",
        );
        let after = run(unroll_loops, &window).to_string();
        assert_eq!(after.matches("load b1").count(), 4, "neighbours of all lanes are no rows: {after}");
        let after = run(unroll_loops, &row(3)).to_string();
        assert_eq!(after.matches("load b0").count(), 3, "{after}");
    }
}
