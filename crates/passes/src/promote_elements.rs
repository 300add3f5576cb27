//! Keeps an element of an array in a variable while a serial loop works on it.
//!
//! ```text
//!                                            v7: bool = ne v2, 0usize
//!                                            x0 = 0.0f64
//!                                            if v7 { v8: f64 = load b0[v1]  x0 = v8 }
//! for v3 in v2 {                             for v3 in v2 {
//!   v4: f64 = load b0[v1]                      v4: f64 = x0
//!   v6: f64 = add v4, v5               ⇒       v6: f64 = add v4, v5
//!   store b0[v1], v6                           x0 = v6
//! }                                          }
//!                                            if v7 { v9: f64 = x0  store b0[v1], v9 }
//! ```
//!
//! That is right if nothing else in the loop can touch the element: arrays that are stored to share no memory with others,
//! and every other access of the array has an index on some axis that differs from this one's, as [`crate::bounds`] knows.
//!
//! In front of the loop the element is loaded only if the loop will come by: it has iterations, the first access is
//! behind no branch in them, and if the loop has checks the index fits. (Outside parallel loops an argument's element that exists
//! may be loaded and stored back in any case.) If a check fails on the way the element keeps what it held in front of
//! the loop; what `&mut` arrays hold after an error is not said.
//!
//! What an innermost loop outside parallel loops only loads it has in a variable, too, without a store behind it, where it is not
//! known whether the loop runs: otherwise the load leaves the loop as it is ([`crate::hoist_loads`]).

use crate::Changed;
use crate::bounds::Bounds;
use crate::effects::Effects;
use crate::hash::FastSet;
use parfuse_ir::loops::walk::{self, blocks_mut};
use parfuse_ir::loops::{Block, Buffer, Expr, Loops, Origin, Stmt, Value, Var, VarData};
use parfuse_ir::{DType, Loc, Scalar, ScalarOp};

/// Makes elements that a serial loop loads, or loads and stores, again and again variables of the loop.
pub fn promote_elements(loops: &mut Loops) -> Changed {
    let is_serial = |stmt: &Stmt| matches!(stmt, Stmt::For { .. } | Stmt::While { .. });
    if !walk::statements(&loops.body).any(is_serial) {
        return Changed::No;
    }
    let mut body = std::mem::take(&mut loops.body);
    let changed = in_block(loops, &mut Bounds::default(), &mut body, false);
    loops.body = body;
    changed.into()
}

fn in_block(loops: &mut Loops, bounds: &mut Bounds, block: &mut Block, in_parallel: bool) -> bool {
    let mut changed = false;
    for mut stmt in std::mem::take(block) {
        let mut after = Block::new();
        // Outer loops first: the fewer loads and stores, the better.
        if matches!(stmt, Stmt::For { .. } | Stmt::While { .. }) {
            for element in elements(loops, bounds, &stmt, in_parallel) {
                replace(loops, &mut stmt, element, block, &mut after);
                changed = true;
            }
        }
        bounds.pass(loops, &stmt);
        let in_parallel = in_parallel || matches!(stmt, Stmt::Parfor(_));
        let (scope, outside) = (bounds.scope(loops, &stmt), bounds.mark());
        for (number, inner) in blocks_mut(&mut stmt).enumerate() {
            bounds.open(loops, &scope, number, outside);
            changed |= in_block(loops, bounds, inner, in_parallel);
        }
        bounds.close(&scope, outside);
        block.push(stmt);
        block.append(&mut after);
    }
    changed
}

/// An access of an array in a loop.
struct Access {
    buffer: Buffer,
    index: Vec<Value>,
    stores: bool,
    /// Whether every iteration comes by, if no check fails.
    certain: bool,
    /// Whether it stands in a parallel loop inside.
    in_parallel: bool,
}

/// An element to keep in a variable.
struct Element {
    buffer: Buffer,
    index: Vec<Value>,
    /// Whether it is loaded only if the loop has iterations.
    if_it_runs: bool,
    /// Whether it is loaded only if the index fits.
    if_it_fits: bool,
    /// Whether what it holds in front of the loop counts.
    holds: bool,
    /// Whether the loop stores to it.
    stored: bool,
}

/// The elements that a loop can keep in variables.
fn elements(loops: &Loops, bounds: &mut Bounds, around: &Stmt, in_parallel: bool) -> Vec<Element> {
    // What is called may look at any element.
    if walk::statements(std::slice::from_ref(around)).any(|stmt| matches!(stmt, Stmt::Call(_))) {
        return Vec::new();
    }
    let stores =
        walk::statements(std::slice::from_ref(around)).any(|stmt| matches!(stmt, Stmt::Store { .. }));
    let keeps_loads = !in_parallel && may_keep_loads(loops, bounds, around);
    if !stores && !keeps_loads {
        return Vec::new();
    }
    let effects = Effects::of(loops, around);
    let inside: FastSet<Value> = effects.defined.iter().copied().collect();
    let mut accesses = Vec::new();
    let is_for = matches!(around, Stmt::For { until: None, .. });
    walk::blocks(around).for_each(|block| collect(loops, block, is_for, &mut accesses));

    let mut found: Vec<Element> = Vec::new();
    for access in accesses.iter().filter(|access| {
        access.stores || keeps_loads && access.certain && !effects.changes.stored.contains(&access.buffer)
    }) {
        let Access { buffer, index, stores, .. } = access;
        let is_same = |other: &Access| other.buffer == *buffer && other.index == *index;
        let of_argument = matches!(loops.buffers[*buffer].origin, Origin::Param { .. });
        // What is only loaded needs no question but whether the loop runs.
        let at_will = of_argument && !in_parallel && *stores;
        let first = accesses.iter().find(|other| is_same(other)).unwrap_or(access);
        let known = found.iter().any(|element| element.buffer == *buffer && element.index == *index);
        let fits = !known
            && index.iter().all(|value| !inside.contains(value))
            && !effects.changes.shaped.contains(buffer)
            && accesses.iter().filter(|other| is_same(other)).all(|other| !other.in_parallel)
            && (at_will || first.certain)
            && (!stores || is_alone(loops, bounds, around, access));
        if fits {
            found.push(Element {
                buffer: *buffer,
                index: index.clone(),
                if_it_runs: !at_will,
                if_it_fits: at_will || effects.checks,
                // A new array may hold nothing yet.
                holds: at_will || !first.stores,
                stored: *stores,
            });
        }
    }
    found
}

/// Whether a loop may have variables for what it only loads: one without loops inside, which may have no iterations.
fn may_keep_loads(loops: &Loops, bounds: &mut Bounds, around: &Stmt) -> bool {
    let Stmt::For { extent, until: None, body, .. } = around else { return false };
    let runs = matches!(loops.constant(*extent), Some(Scalar::Usize(1..))) || bounds.runs(loops, *extent);
    let repeats =
        |stmt: &Stmt| matches!(stmt, Stmt::For { .. } | Stmt::While { .. } | Stmt::Parfor(_) | Stmt::Nest(_));
    !runs && !walk::statements(body).any(repeats)
}

fn collect(loops: &Loops, block: &Block, certain: bool, accesses: &mut Vec<Access>) {
    walk::visit_within(block, (certain, false), |stmt, (certain, in_parallel)| {
        match stmt {
            Stmt::Let(value) => {
                if let Expr::Load { buffer, index } = &loops.values[*value].expr {
                    let (buffer, index) = (*buffer, index.clone());
                    accesses.push(Access { buffer, index, stores: false, certain, in_parallel });
                }
            }
            Stmt::Store { buffer, index, .. } => {
                let (buffer, index) = (*buffer, index.clone());
                accesses.push(Access { buffer, index, stores: true, certain, in_parallel });
            }
            _ => {}
        }
        let runs = matches!(stmt, Stmt::For { extent, until: None, .. }
            if matches!(loops.constant(*extent), Some(Scalar::Usize(1..))));
        (certain && runs, in_parallel || matches!(stmt, Stmt::Parfor(_)))
    });
}

/// Whether the other accesses in a loop touch other elements.
fn is_alone(loops: &Loops, bounds: &mut Bounds, around: &Stmt, access: &Access) -> bool {
    let mut is_alone = true;
    bounds.look_inside(loops, around, &mut |bounds, stmt| {
        is_alone &= walk::access(loops, stmt).is_none_or(|(buffer, index)| {
            buffer != access.buffer
                || index == access.index
                || is_alone && index.iter().zip(&access.index).any(|(a, b)| bounds.differ(loops, *a, *b))
        });
    });
    is_alone
}

/// Puts a variable in an element's place throughout a loop.
fn replace(loops: &mut Loops, around: &mut Stmt, element: Element, before: &mut Block, after: &mut Block) {
    let Element { buffer, index, .. } = &element;
    let (name, dtype) = (loops.buffers[*buffer].name.clone(), loops.buffers[*buffer].dtype);
    let var = loops.vars.push(VarData { name, dtype });
    let loc = blocks_mut(around).find_map(|block| rewrite(loops, block, &element, var)).unwrap_or(Loc::NONE);

    let guard = guard(loops, around, &element, before);
    let load = loops.value(Expr::Load { buffer: *buffer, index: index.clone() }, dtype, loc);
    let mut fetch = vec![Stmt::Let(load), Stmt::Set { var, value: load }];
    let mut give_back = Block::new();
    if element.stored {
        let last = loops.value(Expr::Var(var), dtype, loc);
        give_back.push(Stmt::Let(last));
        give_back.push(Stmt::Store { buffer: *buffer, index: index.clone(), value: last, loc });
    }
    if guard.is_some() || !element.holds {
        let zero = loops.value(Expr::Const(dtype.zero()), dtype, Loc::NONE);
        before.push(Stmt::Set { var, value: zero });
    }
    match guard {
        None if element.holds => before.append(&mut fetch),
        Some(cond) if element.holds => {
            before.push(Stmt::If { cond, then: fetch, otherwise: Block::new() });
        }
        _ => {}
    }
    match guard {
        _ if give_back.is_empty() => {}
        None => after.append(&mut give_back),
        Some(cond) => after.push(Stmt::If { cond, then: give_back, otherwise: Block::new() }),
    }
}

/// Makes accesses of an element those of a variable; returns where the last store was, or else the last load.
fn rewrite(loops: &mut Loops, block: &mut Block, element: &Element, var: Var) -> Option<Loc> {
    let mut place = None;
    walk::visit_mut(block, |stmt| match stmt {
        Stmt::Let(value) => {
            let expr = &mut loops.values[*value].expr;
            let is_it = matches!(expr, Expr::Load { buffer, index }
                if *buffer == element.buffer && *index == element.index);
            if is_it {
                *expr = Expr::Var(var);
                if !element.stored {
                    place = Some(loops.values[*value].loc);
                }
            }
        }
        Stmt::Store { buffer, index, value, loc } if *buffer == element.buffer && *index == element.index => {
            place = Some(*loc);
            *stmt = Stmt::Set { var, value: *value };
        }
        _ => {}
    });
    place
}

/// Whether the element may be loaded in front of the loop, if that is a question.
fn guard(loops: &mut Loops, around: &Stmt, element: &Element, before: &mut Block) -> Option<Value> {
    let mut conditions = Vec::new();
    let mut define = |loops: &mut Loops, expr: Expr, dtype: DType| {
        let value = loops.value(expr, dtype, Loc::NONE);
        before.push(Stmt::Let(value));
        value
    };
    if let Stmt::For { extent, until: None, .. } = around
        && element.if_it_runs
        && !matches!(loops.constant(*extent), Some(Scalar::Usize(1..)))
    {
        let zero = loops.value(Expr::Const(Scalar::Usize(0)), DType::Usize, Loc::NONE);
        conditions.push(define(loops, Expr::Op(ScalarOp::Ne, vec![*extent, zero]), DType::Bool));
    }
    for (axis, index) in element.index.iter().enumerate().filter(|_| element.if_it_fits) {
        let length = Expr::Dim { buffer: element.buffer, axis: axis as u8 };
        let length = define(loops, length, DType::Usize);
        conditions.push(define(loops, Expr::Op(ScalarOp::Lt, vec![*index, length]), DType::Bool));
    }
    conditions.into_iter().reduce(|a, b| define(loops, Expr::Op(ScalarOp::And, vec![a, b]), DType::Bool))
}
