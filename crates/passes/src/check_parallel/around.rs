//! What stands around an access: loops, branches and checks, and what a loop defines and stores.
//!
//! ```text
//! for v1 in v0 { if v2 { check v3  load b0[v1] } }        Loop v1 v0, Branch v2 true, Check v3
//! ```

use crate::hash::FastSet;
use parfuse_ir::FaultKind;
use parfuse_ir::loops::walk;
use parfuse_ir::loops::{Buffer, Stmt, Value};

/// What stands around an access.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Around {
    /// A loop, with its index and how often it runs.
    Loop(Value, Value),
    /// A condition, and whether it holds.
    Branch(Value, bool),
    /// A condition that has been checked, of an index say.
    Check(Value),
}

impl Around {
    /// Whether it says something of the loop that holds anyway, not by a check of an index alone: of these there are many.
    pub(super) fn is_certain(&self) -> bool {
        !matches!(self, Around::Check(_))
    }
}

/// The values that a loop defines.
pub(super) fn defined_in(stmt: &Stmt) -> FastSet<Value> {
    let mut inside = FastSet::default();
    walk::statements(std::slice::from_ref(stmt)).for_each(|stmt| {
        walk::defined(stmt, |value| {
            inside.insert(value);
        });
    });
    inside
}

/// The arrays that a loop makes, or stores to.
pub(super) fn stored_in(stmt: &Stmt) -> FastSet<Buffer> {
    let mut stored = FastSet::default();
    walk::statements(std::slice::from_ref(stmt)).for_each(|stmt| match stmt {
        Stmt::Store { buffer, .. } | Stmt::Alloc { buffer, .. } => drop(stored.insert(*buffer)),
        Stmt::Move { to, from } => stored.extend([*to, *from]),
        Stmt::Call(call) => stored.extend(call.written()),
        Stmt::Parfor(parfor) => {
            stored.extend(parfor.reductions.iter().flat_map(|reduction| reduction.target_buffers()));
        }
        _ => {}
    });
    stored
}

/// What is known in a block of a statement, the first or the second.
pub(super) fn entered(stmt: &Stmt, number: usize) -> Vec<Around> {
    match stmt {
        Stmt::If { cond, .. } => vec![Around::Branch(*cond, number == 0)],
        Stmt::While { cond, .. } if number == 1 => vec![Around::Branch(*cond, true)],
        Stmt::For { index, extent, .. } => vec![Around::Loop(*index, *extent)],
        Stmt::Parfor(parfor) => {
            let dimensions = parfor.indices.iter().zip(&parfor.extents);
            dimensions.map(|(index, extent)| Around::Loop(*index, *extent)).collect()
        }
        _ => Vec::new(),
    }
}

/// What is known behind a statement: what the user has asserted, and what else has been checked.
pub(super) fn passed(stmt: &Stmt) -> Option<Around> {
    let Stmt::Check { ok, fault, .. } = stmt else { return None };
    match fault.kind {
        FaultKind::Asserted { .. } => Some(Around::Branch(*ok, true)),
        _ => Some(Around::Check(*ok)),
    }
}
