//! Proves that the iterations of each parallel loop write disjoint elements, or names two statements that
//! might race.
//!
//! ```text
//! parfor v1 in v0 { store b0[v1]; load b0[v1] }                   fine: each iteration has its own element
//! parfor v1 in v0 { store b0[2 v1]; store b0[2 v1 + 1] }          fine: each has its own pair
//! parfor v1 in v0 { store b0[v1, v2] }                            fine: each has its own row
//! parfor v1 in v0 { store b0[v1]; load b0[v1 + 1] }               refused: the neighbour writes it
//! ```
//!
//! For each dimension of the loop, some axis of the buffer must be indexed, in every access, by the same
//! nonzero multiple of the loop's index plus offsets that are equal or constants less than that multiple
//! apart: then two iterations that differ in this dimension differ in that axis.

use crate::affine::{Affine, AffineForms, Linear, Term, Width};
use crate::rejection::Rejection;
use parfuse_ir::loops::{Block, Buffer, Expr, Loops, Parfor, Stmt, Value};
use parfuse_ir::{FaultKind, Loc, Scalar, ScalarOp};
use std::collections::{BTreeMap, HashSet};

/// Checks all parallel loops.
///
/// # Errors
/// If two iterations might touch one element that one of them writes.
pub fn check_parallel(loops: &Loops) -> Result<(), Rejection> {
    let mut steps = HashSet::new();
    check_block(loops, &loops.body, &mut steps)
}

/// Walks a block; `steps` are the values that checks passed before have found to be no zero steps.
fn check_block(loops: &Loops, block: &Block, steps: &mut HashSet<Value>) -> Result<(), Rejection> {
    for stmt in block {
        match stmt {
            Stmt::Check { ok, fault, .. } if fault.kind == FaultKind::ZeroStep => {
                if let Expr::Op(_, operands) = &loops.values[*ok].expr {
                    steps.extend(operands.iter().filter(|operand| loops.constant(**operand).is_none()));
                }
            }
            Stmt::Parfor(parfor) => check_loop(loops, parfor, steps)?,
            Stmt::If { then, otherwise, .. } => {
                check_block(loops, then, &mut steps.clone())?;
                check_block(loops, otherwise, &mut steps.clone())?;
            }
            Stmt::While { header, body, .. } => {
                check_block(loops, header, &mut steps.clone())?;
                check_block(loops, body, &mut steps.clone())?;
            }
            Stmt::For { body, .. } => check_block(loops, body, &mut steps.clone())?,
            Stmt::Let(_)
            | Stmt::Set { .. }
            | Stmt::Alloc { .. }
            | Stmt::Move { .. }
            | Stmt::Store { .. }
            | Stmt::Check { .. } => {}
        }
    }
    Ok(())
}

/// A load or store of a buffer.
struct Access<'a> {
    index: &'a [Value],
    store: bool,
    loc: Loc,
}

fn check_loop(loops: &Loops, parfor: &Parfor, steps: &HashSet<Value>) -> Result<(), Rejection> {
    let one_iteration = |extent: &Value| matches!(loops.constant(*extent), Some(Scalar::Usize(0 | 1)));
    let mut dimensions: Vec<AffineForms> = parfor
        .indices
        .iter()
        .zip(&parfor.extents)
        .filter(|(_, extent)| !one_iteration(extent))
        .map(|(index, _)| AffineForms::new(loops, parfor, *index))
        .collect();
    for (buffer, accesses) in accesses(loops, parfor) {
        if !accesses.iter().any(|access| access.store) {
            continue;
        }
        for forms in &mut dimensions {
            if !disjoint(loops, forms, steps, &accesses.iter().collect::<Vec<_>>()) {
                let (first, second) = culprits(loops, forms, steps, &accesses);
                let array = loops.buffers[buffer].name.clone();
                return Err(Rejection::PossibleRace { array, first, second });
            }
        }
    }
    Ok(())
}

/// The accesses of each buffer, in program order.
fn accesses<'a>(loops: &'a Loops, parfor: &'a Parfor) -> BTreeMap<Buffer, Vec<Access<'a>>> {
    let mut accesses: BTreeMap<Buffer, Vec<Access<'a>>> = BTreeMap::new();
    let mut pending: Vec<&Stmt> = parfor.body.iter().rev().collect();
    while let Some(stmt) = pending.pop() {
        match stmt {
            Stmt::Let(value) => {
                let data = &loops.values[*value];
                if let Expr::Load { buffer, index } = &data.expr {
                    let access = Access { index, store: false, loc: data.loc };
                    accesses.entry(*buffer).or_default().push(access);
                }
            }
            Stmt::Store { buffer, index, loc, .. } => {
                let access = Access { index, store: true, loc: *loc };
                accesses.entry(*buffer).or_default().push(access);
            }
            Stmt::If { then, otherwise, .. } => {
                pending.extend(otherwise.iter().rev());
                pending.extend(then.iter().rev());
            }
            Stmt::While { header, body, .. } => {
                pending.extend(body.iter().rev());
                pending.extend(header.iter().rev());
            }
            Stmt::For { body, .. } => pending.extend(body.iter().rev()),
            Stmt::Parfor(nested) => pending.extend(nested.body.iter().rev()),
            Stmt::Set { .. } | Stmt::Alloc { .. } | Stmt::Move { .. } | Stmt::Check { .. } => {}
        }
    }
    accesses
}

/// Whether iterations that differ in one dimension touch different elements.
fn disjoint(loops: &Loops, forms: &mut AffineForms, steps: &HashSet<Value>, accesses: &[&Access]) -> bool {
    let rank = accesses[0].index.len();
    (0..rank).any(|axis| {
        let forms: Option<Vec<Affine>> = accesses.iter().map(|access| forms.of(access.index[axis])).collect();
        forms.is_some_and(|forms| separates(loops, &forms, steps))
    })
}

/// Whether an axis indexed in these ways has its own elements for each iteration.
fn separates(loops: &Loops, forms: &[Affine], steps: &HashSet<Value>) -> bool {
    let first = forms.first().expect("there is an access");
    let alike = |form: &Affine| form.coefficient == first.coefficient && form.width == first.width;
    if !forms.iter().all(alike) || !moves(loops, first, steps) {
        return false;
    }
    let distances: Option<Vec<i64>> =
        forms.iter().map(|form| form.offset.minus(&first.offset).as_constant()).collect();
    let Some(distances) = distances else { return false };
    let least = distances.iter().min().expect("there is a form");
    let most = distances.iter().max().expect("there is a form");
    let spread = most.abs_diff(*least);
    let narrow = first.width == Width::Bits32;
    spread == 0 || (!narrow && first.coefficient.as_constant().is_some_and(|by| spread < by.unsigned_abs()))
}

/// Whether a form has different values in all iterations, also in wrapping arithmetic.
///
/// A multiple with few factors of two repeats itself modulo 2^64 only after more iterations than can
/// be run; an odd multiple modulo 2^32 only after 2^32 iterations. A step of a range reaches its last
/// index without wrapping.
fn moves(loops: &Loops, form: &Affine, steps: &HashSet<Value>) -> bool {
    const MOST: u64 = 1 << 24;
    match (&form.coefficient, form.width) {
        (Linear { terms, constant }, width) if terms.is_empty() => match width {
            Width::Bits64 => *constant != 0 && constant.unsigned_abs() <= MOST,
            Width::Bits32 => constant % 2 != 0,
        },
        (Linear { terms, constant: 0 }, Width::Bits64) => match terms[..] {
            [(Term::Value(value), 1 | -1)] => steps.contains(&bare_step(loops, value)),
            _ => false,
        },
        _ => false,
    }
}

/// The step that a value is made from by conversions and by bounding it with a constant that is not zero.
fn bare_step(loops: &Loops, mut value: Value) -> Value {
    loop {
        value = match &loops.values[value].expr {
            Expr::Cast(from) => *from,
            Expr::Op(ScalarOp::Min, operands) => match loops.constant(operands[1]) {
                Some(bound) if bound.to_bits() != 0 => operands[0],
                _ => return value,
            },
            _ => return value,
        }
    }
}

/// Two accesses that are not disjoint, a store first.
fn culprits(
    loops: &Loops,
    forms: &mut AffineForms,
    steps: &HashSet<Value>,
    accesses: &[Access],
) -> (Loc, Loc) {
    let stores = || accesses.iter().filter(|access| access.store);
    for store in stores() {
        if !disjoint(loops, forms, steps, &[store]) {
            return (store.loc, store.loc);
        }
    }
    for store in stores() {
        for other in accesses {
            if !disjoint(loops, forms, steps, &[store, other]) {
                return (store.loc, other.loc);
            }
        }
    }
    // Each pair is disjoint by an axis of its own, but all of them together are not known to be.
    let first = stores().next().expect("there is a store");
    let last = accesses.iter().rev().find(|access| access.loc != first.loc).unwrap_or(first);
    (first.loc, last.loc)
}
