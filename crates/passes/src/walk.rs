//! Ways through Loops: every statement, every operand, and replacing values by others.
//!
//! ```text
//! visit          each statement of a block and of the blocks inside it, outermost first
//! operands       what an expression uses
//! uses           what a statement itself uses, not the blocks inside it
//! Renames        v7 stands for v3 from now on
//! ```
//!
//! The blocks of a kernel nest as deep as the user's own loops do, so recursion over them is bounded by
//! the source text.

use parfuse_ir::Scalar;
use parfuse_ir::arena::Id;
use parfuse_ir::loops::{Block, Expr, Loops, Output, Stmt, Value};

/// Calls `f` with each value that an expression uses.
pub(crate) fn operands(expr: &Expr, mut f: impl FnMut(Value)) {
    match expr {
        Expr::Const(_)
        | Expr::Param(_)
        | Expr::Var(_)
        | Expr::Bound
        | Expr::Dim { .. }
        | Expr::LinearIndex => {}
        Expr::Op(_, args) | Expr::Load { index: args, .. } => args.iter().for_each(|arg| f(*arg)),
        Expr::Cast(arg) => f(*arg),
        Expr::Random { stream, element, draw } => [stream, element, draw].into_iter().for_each(|arg| f(*arg)),
    }
}

/// Calls `f` with each value that a statement uses itself. What the expression of a `Let` uses is the
/// expression's affair.
pub(crate) fn uses(stmt: &Stmt, mut f: impl FnMut(Value)) {
    match stmt {
        Stmt::Let(_) | Stmt::Move { .. } => {}
        Stmt::Set { value, .. } => f(*value),
        Stmt::Alloc { shape, .. } => shape.iter().for_each(|v| f(*v)),
        Stmt::Store { index, value, .. } => {
            index.iter().for_each(|v| f(*v));
            f(*value);
        }
        Stmt::Check { ok, args, iteration, .. } => {
            f(*ok);
            args.iter().chain(iteration).for_each(|v| f(*v));
        }
        Stmt::If { cond, .. } | Stmt::While { cond, .. } => f(*cond),
        Stmt::For { extent, .. } => f(*extent),
        Stmt::Parfor(parfor) => parfor.extents.iter().for_each(|v| f(*v)),
    }
}

/// Changes each value that a statement uses itself.
pub(crate) fn uses_mut(stmt: &mut Stmt, mut f: impl FnMut(&mut Value)) {
    match stmt {
        Stmt::Let(_) | Stmt::Move { .. } => {}
        Stmt::Set { value, .. } => f(value),
        Stmt::Alloc { shape, .. } => shape.iter_mut().for_each(f),
        Stmt::Store { index, value, .. } => {
            index.iter_mut().for_each(&mut f);
            f(value);
        }
        Stmt::Check { ok, args, iteration, .. } => {
            f(ok);
            args.iter_mut().chain(iteration).for_each(f);
        }
        Stmt::If { cond, .. } | Stmt::While { cond, .. } => f(cond),
        Stmt::For { extent, .. } => f(extent),
        Stmt::Parfor(parfor) => parfor.extents.iter_mut().for_each(f),
    }
}

/// The blocks directly inside a statement, in the order in which they run.
pub(crate) fn blocks(stmt: &Stmt) -> impl Iterator<Item = &Block> {
    let (first, second) = match stmt {
        Stmt::If { then, otherwise, .. } => (Some(then), Some(otherwise)),
        Stmt::While { header, body, .. } => (Some(header), Some(body)),
        Stmt::For { body, .. } => (Some(body), None),
        Stmt::Parfor(parfor) => (Some(&parfor.body), None),
        _ => (None, None),
    };
    first.into_iter().chain(second)
}

/// The blocks directly inside a statement, for changing them.
pub(crate) fn blocks_mut(stmt: &mut Stmt) -> impl Iterator<Item = &mut Block> {
    let (first, second) = match stmt {
        Stmt::If { then, otherwise, .. } => (Some(then), Some(otherwise)),
        Stmt::While { header, body, .. } => (Some(header), Some(body)),
        Stmt::For { body, .. } => (Some(body), None),
        Stmt::Parfor(parfor) => (Some(&mut parfor.body), None),
        _ => (None, None),
    };
    first.into_iter().chain(second)
}

/// Calls `f` with each statement of a block and of the blocks inside it, in program order.
pub(crate) fn visit<'a>(block: &'a [Stmt], f: &mut impl FnMut(&'a Stmt)) {
    for stmt in block {
        f(stmt);
        blocks(stmt).for_each(|inner| visit(inner, f));
    }
}

/// Whether some statement of a block, or of a block inside it, has a property.
pub(crate) fn any(block: &[Stmt], property: &mut impl FnMut(&Stmt) -> bool) -> bool {
    block.iter().any(|stmt| property(stmt) || blocks(stmt).any(|inner| any(inner, property)))
}

/// Keeps the statements for which `keep` answers yes, in a block and the blocks inside it.
pub(crate) fn retain(block: &mut Block, keep: &mut impl FnMut(&Stmt) -> bool) {
    block.retain_mut(|stmt| {
        let kept = keep(stmt);
        if kept {
            blocks_mut(stmt).for_each(|inner| retain(inner, keep));
        }
        kept
    });
}

/// Which values stand for which others.
pub(crate) struct Renames {
    to: Vec<Value>,
}

impl Renames {
    /// Every value stands for itself.
    pub(crate) fn new(loops: &Loops) -> Renames {
        Renames { to: loops.values.ids().collect() }
    }
    /// The value to use in a value's place.
    pub(crate) fn get(&self, mut value: Value) -> Value {
        // Values younger than the table stand for themselves.
        while let Some(next) = self.to.get(value.index()).filter(|next| **next != value) {
            value = *next;
        }
        value
    }
    /// Makes `to` stand for `from`.
    pub(crate) fn set(&mut self, from: Value, to: Value) {
        while self.to.len() <= from.index() {
            self.to.push(Value::from_index(self.to.len()));
        }
        debug_assert_ne!(self.get(to), from, "a value would stand for itself through others");
        self.to[from.index()] = to;
    }
    /// Makes a value stand for itself again.
    pub(crate) fn reset(&mut self, value: Value) {
        self.to[value.index()] = value;
    }
    /// Replaces the values that an expression uses; answers whether there was one to replace.
    pub(crate) fn expr(&self, expr: &mut Expr) -> bool {
        let mut changed = false;
        expr.map_operands(|old| {
            let new = self.get(old);
            changed |= new != old;
            new
        });
        changed
    }
    /// Replaces the values that a statement uses itself; answers whether there was one to replace.
    pub(crate) fn stmt(&self, stmt: &mut Stmt) -> bool {
        let mut changed = false;
        uses_mut(stmt, |value| {
            let new = self.get(*value);
            changed |= new != *value;
            *value = new;
        });
        changed
    }
    /// Replaces the returned values.
    pub(crate) fn results(&self, results: &mut [Output]) -> bool {
        let mut changed = false;
        for output in results {
            if let Output::Scalar(value) = output {
                let new = self.get(*value);
                changed |= new != *value;
                *value = new;
            }
        }
        changed
    }
    /// Replaces values everywhere in a block whose expressions are in `loops`.
    pub(crate) fn block(&self, loops: &mut Loops, block: &mut Block) {
        for stmt in block {
            if let Stmt::Let(value) = stmt {
                self.expr(&mut loops.values[*value].expr);
            }
            self.stmt(stmt);
            blocks_mut(stmt).for_each(|inner| self.block(loops, inner));
        }
    }
}

/// Whether a value is a constant with these bits that mean `true` or `false`.
pub(crate) fn constant_bool(loops: &Loops, value: Value) -> Option<bool> {
    match loops.constant(value) {
        Some(Scalar::Bool(known)) => Some(known),
        _ => None,
    }
}
