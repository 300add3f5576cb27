//! What a statement reads and writes, and hence whether two statements may change places.
//!
//! ```text
//! v4: usize = dim b0, 0      defines v4, measures b0
//! alloc b3[v4]               uses v4, shapes b3
//! parfor v5 in v4 { … }      uses, loads, stores, checks: all that its body does
//! ```

use crate::ordered_set::OrderedSet;
use parfuse_ir::loops::walk;
use parfuse_ir::loops::{Buffer, Expr, Loops, Stmt, Value, Var};

/// What a statement, with all the blocks inside it, reads and writes.
#[derive(Default, Debug)]
pub(crate) struct Effects {
    /// Values defined, loop indices among them.
    pub(crate) defined: OrderedSet<Value>,
    /// Values used.
    pub(crate) used: OrderedSet<Value>,
    /// Variables read.
    pub(crate) vars_read: OrderedSet<Var>,
    /// Buffers with elements loaded.
    pub(crate) loaded: OrderedSet<Buffer>,
    /// Buffers whose lengths are read.
    pub(crate) measured: OrderedSet<Buffer>,
    /// What is not the same behind it.
    pub(crate) changes: Changes,
    /// Whether it contains a check.
    pub(crate) checks: bool,
}

/// What a statement, with all the blocks inside it, changes.
#[derive(Default, Debug)]
pub(crate) struct Changes {
    /// Variables set, reductions' included.
    pub(crate) vars_set: OrderedSet<Var>,
    /// Buffers with elements stored.
    pub(crate) stored: OrderedSet<Buffer>,
    /// Buffers that get or lose their array.
    pub(crate) shaped: OrderedSet<Buffer>,
}

impl Changes {
    /// What a block changes.
    pub(crate) fn of_block(block: &[Stmt]) -> Changes {
        let mut changes = Changes::default();
        walk::statements(block).for_each(|stmt| changes.add(stmt));
        changes
    }

    /// What one statement changes.
    pub(crate) fn of(stmt: &Stmt) -> Changes {
        Changes::of_block(std::slice::from_ref(stmt))
    }

    fn append(&mut self, other: &Changes) {
        self.vars_set.extend(other.vars_set.iter());
        self.stored.extend(other.stored.iter());
        self.shaped.extend(other.shaped.iter());
    }

    fn add(&mut self, stmt: &Stmt) {
        match stmt {
            Stmt::Set { var, .. } => self.vars_set.insert(*var),
            Stmt::Alloc { buffer, .. } | Stmt::Resize { buffer, .. } => self.shaped.insert(*buffer),
            Stmt::Move { to, from } => {
                self.shaped.insert(*to);
                self.shaped.insert(*from);
            }
            Stmt::Store { buffer, .. } => self.stored.insert(*buffer),
            Stmt::Call(call) => {
                call.written().for_each(|buffer| self.stored.insert(buffer));
                call.written().for_each(|buffer| self.shaped.insert(buffer));
            }
            Stmt::Parfor(parfor) => {
                for reduction in &parfor.reductions {
                    self.vars_set.extend(&reduction.locals);
                    reduction.target_vars().for_each(|target| self.vars_set.insert(target));
                    reduction.target_buffers().for_each(|buffer| self.stored.insert(buffer));
                }
            }
            Stmt::Let(_)
            | Stmt::Check { .. }
            | Stmt::If { .. }
            | Stmt::While { .. }
            | Stmt::For { .. }
            | Stmt::Nest(_) => {}
        }
    }
}

impl Effects {
    /// The effects of one statement.
    pub(crate) fn of(loops: &Loops, stmt: &Stmt) -> Effects {
        let mut effects = Effects::default();
        walk::statements(std::slice::from_ref(stmt)).for_each(|stmt| effects.add(loops, stmt));
        effects
    }

    /// The effects of one statement without those of the blocks inside it.
    pub(crate) fn of_itself(loops: &Loops, stmt: &Stmt) -> Effects {
        let mut effects = Effects::default();
        effects.add(loops, stmt);
        effects
    }

    /// The effects of a block.
    pub(crate) fn of_block(loops: &Loops, block: &[Stmt]) -> Effects {
        let mut effects = Effects::default();
        walk::statements(block).for_each(|stmt| effects.add(loops, stmt));
        effects
    }

    /// Makes these the effects of two statements made one.
    pub(crate) fn append(&mut self, other: &Effects) {
        self.defined.extend(other.defined.iter());
        self.used.extend(other.used.iter());
        self.vars_read.extend(other.vars_read.iter());
        self.loaded.extend(other.loaded.iter());
        self.measured.extend(other.measured.iter());
        self.changes.append(&other.changes);
        self.checks |= other.checks;
    }

    fn add(&mut self, loops: &Loops, stmt: &Stmt) {
        walk::uses(stmt, |value| self.used.insert(value));
        self.changes.add(stmt);
        match stmt {
            Stmt::Let(value) => {
                self.defined.insert(*value);
                let expr = &loops.values[*value].expr;
                walk::operands(expr, |value| self.used.insert(value));
                match expr {
                    Expr::Var(var) => self.vars_read.insert(*var),
                    Expr::Load { buffer, .. } => self.loaded.insert(*buffer),
                    Expr::Dim { buffer, .. } => self.measured.insert(*buffer),
                    _ => {}
                }
            }
            // It may fail, and what else it does keeps its place among what may.
            Stmt::Call(call) => {
                self.checks = true;
                call.read().for_each(|buffer| self.loaded.insert(buffer));
            }
            Stmt::Check { .. } => self.checks = true,
            Stmt::For { index, until, .. } => {
                self.defined.insert(*index);
                self.vars_read.extend(until);
            }
            Stmt::Parfor(parfor) => {
                self.defined.extend(&parfor.indices);
                let targets = parfor.reductions.iter().flat_map(|reduction| reduction.target_vars());
                targets.for_each(|target| self.vars_read.insert(target));
            }
            Stmt::Set { .. }
            | Stmt::Alloc { .. }
            | Stmt::Move { .. }
            | Stmt::Resize { .. }
            | Stmt::Store { .. }
            | Stmt::If { .. }
            | Stmt::While { .. }
            | Stmt::Nest(_) => {}
        }
    }

    /// Whether a statement with the effects `later`, standing behind this one, must stay behind it.
    ///
    /// A check guards the memory accesses behind it and reports before the checks behind it; but it may
    /// itself move before a store, since a failed kernel's outputs mean nothing.
    pub(crate) fn must_precede(&self, later: &Effects) -> bool {
        let (ours, theirs) = (&self.changes, &later.changes);
        self.defined.meets(&later.used)
            || ours.vars_set.meets(&later.vars_read)
            || ours.vars_set.meets(&theirs.vars_set)
            || self.vars_read.meets(&theirs.vars_set)
            || ours.stored.meets(&later.loaded)
            || ours.stored.meets(&theirs.stored)
            || self.loaded.meets(&theirs.stored)
            || self.shapes_what_is_used_by(later)
            || later.shapes_what_is_used_by(self)
            || self.checks && (later.checks || !later.loaded.is_empty() || !theirs.stored.is_empty())
    }

    fn shapes_what_is_used_by(&self, other: &Effects) -> bool {
        [&other.loaded, &other.changes.stored, &other.measured, &other.changes.shaped]
            .into_iter()
            .any(|used| self.changes.shaped.meets(used))
    }

    /// Whether it loads or stores elements of a buffer.
    pub(crate) fn accesses(&self, buffer: Buffer) -> bool {
        self.loaded.contains(&buffer) || self.changes.stored.contains(&buffer)
    }
}
