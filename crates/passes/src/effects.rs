//! What a statement reads and writes, and hence whether two statements may change places.
//!
//! ```text
//! v4: usize = dim b0, 0      defines v4, measures b0
//! alloc b3[v4]               uses v4, shapes b3
//! parfor v5 in v4 { … }      uses, loads, stores, checks: all that its body does
//! ```

use crate::walk;
use parfuse_ir::loops::{Buffer, Expr, Loops, Stmt, Value, Var};

/// What a statement, with all the blocks inside it, reads and writes.
#[derive(Default, Debug)]
pub(crate) struct Effects {
    /// Values defined, loop indices among them.
    pub(crate) defined: Vec<Value>,
    /// Values used.
    pub(crate) used: Vec<Value>,
    /// Variables read.
    pub(crate) vars_read: Vec<Var>,
    /// Variables set, reductions' included.
    pub(crate) vars_set: Vec<Var>,
    /// Buffers with elements loaded.
    pub(crate) loaded: Vec<Buffer>,
    /// Buffers with elements stored.
    pub(crate) stored: Vec<Buffer>,
    /// Buffers whose lengths are read.
    pub(crate) measured: Vec<Buffer>,
    /// Buffers that get or lose their array.
    pub(crate) shaped: Vec<Buffer>,
    /// Whether it contains a check.
    pub(crate) checks: bool,
}

impl Effects {
    /// The effects of one statement.
    pub(crate) fn of(loops: &Loops, stmt: &Stmt) -> Effects {
        let mut effects = Effects::default();
        walk::visit(std::slice::from_ref(stmt), &mut |stmt| effects.add(loops, stmt));
        effects
    }

    /// The effects of a block.
    pub(crate) fn of_block(loops: &Loops, block: &[Stmt]) -> Effects {
        let mut effects = Effects::default();
        walk::visit(block, &mut |stmt| effects.add(loops, stmt));
        effects
    }

    /// Makes these the effects of two statements made one.
    pub(crate) fn append(&mut self, mut other: Effects) {
        self.defined.append(&mut other.defined);
        self.used.append(&mut other.used);
        other.vars_read.into_iter().for_each(|var| insert(&mut self.vars_read, var));
        other.vars_set.into_iter().for_each(|var| insert(&mut self.vars_set, var));
        let buffers = [
            (&mut self.loaded, other.loaded),
            (&mut self.stored, other.stored),
            (&mut self.measured, other.measured),
            (&mut self.shaped, other.shaped),
        ];
        for (ours, theirs) in buffers {
            theirs.into_iter().for_each(|buffer| insert(ours, buffer));
        }
        self.checks |= other.checks;
    }

    fn add(&mut self, loops: &Loops, stmt: &Stmt) {
        walk::uses(stmt, |value| self.used.push(value));
        match stmt {
            Stmt::Let(value) => {
                self.defined.push(*value);
                let expr = &loops.values[*value].expr;
                walk::operands(expr, |value| self.used.push(value));
                match expr {
                    Expr::Var(var) => insert(&mut self.vars_read, *var),
                    Expr::Load { buffer, .. } => insert(&mut self.loaded, *buffer),
                    Expr::Dim { buffer, .. } => insert(&mut self.measured, *buffer),
                    _ => {}
                }
            }
            Stmt::Set { var, .. } => insert(&mut self.vars_set, *var),
            Stmt::Alloc { buffer, .. } => insert(&mut self.shaped, *buffer),
            Stmt::Move { to, from } => {
                insert(&mut self.shaped, *to);
                insert(&mut self.shaped, *from);
            }
            Stmt::Store { buffer, .. } => insert(&mut self.stored, *buffer),
            Stmt::Check { .. } => self.checks = true,
            Stmt::If { .. } | Stmt::While { .. } => {}
            Stmt::For { index, .. } => self.defined.push(*index),
            Stmt::Parfor(parfor) => {
                self.defined.extend(&parfor.indices);
                for reduction in &parfor.reductions {
                    insert(&mut self.vars_set, reduction.local);
                    insert(&mut self.vars_set, reduction.target);
                    insert(&mut self.vars_read, reduction.target);
                }
            }
        }
    }

    /// Whether a statement with the effects `later`, standing behind this one, must stay behind it.
    ///
    /// A check guards the memory accesses behind it and reports before the checks behind it; but it may
    /// itself move before a store, since a failed kernel's outputs mean nothing.
    pub(crate) fn must_precede(&self, later: &Effects) -> bool {
        meet(&self.defined, &later.used)
            || meet(&self.vars_set, &later.vars_read)
            || meet(&self.vars_set, &later.vars_set)
            || meet(&self.vars_read, &later.vars_set)
            || meet(&self.stored, &later.loaded)
            || meet(&self.stored, &later.stored)
            || meet(&self.loaded, &later.stored)
            || self.shapes_what_is_used_by(later)
            || later.shapes_what_is_used_by(self)
            || self.checks && (later.checks || !later.loaded.is_empty() || !later.stored.is_empty())
    }

    fn shapes_what_is_used_by(&self, other: &Effects) -> bool {
        [&other.loaded, &other.stored, &other.measured, &other.shaped]
            .into_iter()
            .any(|used| meet(&self.shaped, used))
    }

    /// Whether it loads or stores elements of a buffer.
    pub(crate) fn accesses(&self, buffer: Buffer) -> bool {
        self.loaded.contains(&buffer) || self.stored.contains(&buffer)
    }
}

fn insert<T: PartialEq>(set: &mut Vec<T>, item: T) {
    if !set.contains(&item) {
        set.push(item);
    }
}

fn meet<T: PartialEq>(a: &[T], b: &[T]) -> bool {
    a.iter().any(|item| b.contains(item))
}
