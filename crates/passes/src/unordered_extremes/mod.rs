//! Lets plain loops go through their iterations in any order that do nothing but look for the best numbers.
//!
//! ```text
//! for i in 0..n {                                    unordered i in 0..n {
//!   if a[i] < best { best = a[i]; at = i }     ⇒       if a[i] < best { best = a[i]; at = i }
//! }                                                  }
//! ```
//!
//! Where numbers and what goes with them are replaced by better ones, and nothing else is left of an iteration, the first of
//! the best is the same in whatever order they are tried (`lower_arrays/extremes.rs`): in lanes, and on several threads. That is
//! for loops of some length that run once. Those inside others are launched again and again for little, and stay what they
//! are; so do loops whose indices are looked up, for where each iteration may fail in its turn, all of them would have to
//! keep what they have found.

mod alone;

use crate::Changed;
use crate::hash::FastSet;
use crate::lower_arrays::replaces_all;
use crate::track_best::{assignments, declared_outside};
use parfuse_ir::program::{Block, Expr, Order, Program, Stmt, Type, Value, walk};

/// Shorter loops are not worth it.
const FEW: i128 = 64;

/// Lets plain loops go through their iterations in any order that do nothing but replace numbers by better ones.
pub fn unordered_extremes(program: &mut Program) -> Changed {
    let mut found = outside_loops(program, |stmt| only_replaces(program, stmt));
    if found.is_empty() {
        return Changed::No;
    }
    let assigned = assignments(program, &program.body);
    let mut body = std::mem::take(&mut program.body);
    walk::each_block_in_mut(&mut body, |block| {
        for mut stmt in std::mem::take(block) {
            if let Stmt::For { index, order, body, .. } = &mut stmt
                && found.remove(index)
            {
                *order = Order::Unordered;
                let declared = declared_outside(program, &assigned, body);
                if let Some(mut others) = alone::without_places(program, &stmt, &declared) {
                    block.append(&mut others);
                    continue;
                }
            }
            block.push(stmt);
        }
    });
    program.body = body;
    Changed::Yes
}

/// The plain loops of some length outside of others that may do nothing but look for the best numbers, by their indices.
pub(crate) fn plain_searches(program: &Program) -> FastSet<Value> {
    outside_loops(program, |stmt| {
        body_of_some_length(program, stmt).is_some_and(|body| only_looks(program, body, Lookups::Allowed))
    })
}

/// The loops outside of others of which this holds, by their indices.
fn outside_loops(program: &Program, holds: impl Fn(&Stmt) -> bool) -> FastSet<Value> {
    let (mut found, mut blocks) = (FastSet::default(), vec![&program.body]);
    while let Some(block) = blocks.pop() {
        for stmt in block {
            match stmt {
                Stmt::For { index, .. } if holds(stmt) => drop(found.insert(*index)),
                Stmt::If { then, otherwise, .. } => blocks.extend([then, otherwise]),
                _ => {}
            }
        }
    }
    found
}

/// The body of a plain loop that runs to its end, unless that comes soon.
fn body_of_some_length<'s>(program: &Program, stmt: &'s Stmt) -> Option<&'s Block> {
    let Stmt::For { start, end, order: Order::Serial, until: None, body, .. } = stmt else { return None };
    let ends = [start, end].map(|value| program.constant(*value)?.as_integer());
    let is_short = matches!(ends, [Some(start), Some(end)] if end.saturating_sub(start) < FEW);
    (!is_short).then_some(body)
}

/// Whether a plain loop of some length does nothing but replace numbers by better ones.
fn only_replaces(program: &Program, stmt: &Stmt) -> bool {
    let (Stmt::For { index, .. }, Some(body)) = (stmt, body_of_some_length(program, stmt)) else {
        return false;
    };
    if !only_looks(program, body, Lookups::Forbidden) {
        return false;
    }
    let declared = declared_outside(program, &assignments(program, &program.body), body);
    !declared.is_empty() && replaces_all(program, *index, body, &declared)
}

/// Whether indices may be found in arrays or set by iterations.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lookups {
    Allowed,
    Forbidden,
}

/// Whether a body computes numbers of elements and sets variables, and does nothing else.
///
/// What stands in a branch may be evaluated in more iterations than in order, so that nothing may fail there that the body has
/// not done in any case.
fn only_looks(program: &Program, body: &Block, lookups: Lookups) -> bool {
    let assigned = assignments(program, body);
    // What depends on elements, or on what iterations set.
    let mut found: FastSet<Value> = FastSet::default();
    // Elements and views that every iteration looks at.
    let mut certain: Vec<&Expr> = Vec::new();
    let (mut fits, in_front) = (true, true);
    walk::visit_within(program, body, in_front, |stmt, in_any_case| {
        let Stmt::Let(value) = stmt else {
            fits &= matches!(stmt, Stmt::Assign { .. } | Stmt::If { .. });
            return false;
        };
        let expr = &program.values[*value].expr;
        let is_found = |value: &Value| lookups == Lookups::Forbidden && found.contains(value);
        let is_scalar = matches!(program.ty(*value), Type::Scalar(_));
        let is_known = match expr {
            Expr::Const(_) | Expr::Param(_) | Expr::Bound | Expr::Dim { .. } | Expr::Len(_) => true,
            Expr::Var(var) => !assigned.contains_key(var),
            Expr::Op(..) | Expr::Cast(_) if is_scalar => !expr.operands().iter().any(is_found),
            Expr::Index { .. } | Expr::View { .. } => {
                fits &= in_any_case || certain.contains(&expr);
                certain.push(expr);
                let places = match expr {
                    Expr::Index { index, .. } => index.clone(),
                    _ => expr.operands().into_iter().collect(),
                };
                fits &= !places.iter().any(is_found);
                matches!(expr, Expr::View { .. })
            }
            _ => {
                fits = false;
                false
            }
        };
        if !is_known {
            found.insert(*value);
        }
        false
    });
    fits
}
