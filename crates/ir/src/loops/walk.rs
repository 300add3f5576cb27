//! What expressions and statements of Loops use, define and contain.
//!
//! ```text
//! operands     what an expression uses
//! uses         what a statement itself uses; not what its expression or the blocks inside it use
//! reads        what a statement itself uses, its expression included
//! buffers      the arrays that a statement itself mentions; not those of its expression or the blocks inside it
//! access       the element that a statement loads or stores; `accesses`, those of a block
//! defined      the values that a statement makes visible: its own or, for loops, those of the indices
//! blocks       the blocks directly inside
//! ```

use super::{Buffer, Expr, Loops, Nest, Parfor, Stmt, Target, Value};
use crate::host::CallArgument;
use crate::walk::{Blocks, BlocksMut, Statement};
pub use crate::walk::{blocks_mut as each_block_mut, nesting, retain, statements, visit_mut, visit_within};
use smallvec::{SmallVec, smallvec};

macro_rules! operands {
    ($expr:expr, $iter:ident, $f:ident) => {
        match $expr {
            Expr::Const(_)
            | Expr::Param(_)
            | Expr::Var(_)
            | Expr::Bound
            | Expr::Dim { .. }
            | Expr::LinearIndex
            | Expr::Threads => {}
            Expr::Op(_, args) | Expr::Load { index: args, .. } => args.$iter().for_each($f),
            Expr::Cast(arg) => $f(arg),
            Expr::Trips { start: a, end: b, step: c } | Expr::Random { stream: a, element: b, draw: c } => {
                [a, b, c].into_iter().for_each($f)
            }
        }
    };
}

macro_rules! uses {
    ($stmt:expr, $iter:ident, $f:ident) => {
        match $stmt {
            Stmt::Let(_) | Stmt::Move { .. } | Stmt::Nest(_) => {}
            Stmt::Set { value, .. } => $f(value),
            Stmt::Resize { length, .. } => $f(length),
            Stmt::Alloc { shape, .. } => shape.$iter().for_each($f),
            Stmt::Store { index, value, .. } => {
                index.$iter().for_each(&mut $f);
                $f(value);
            }
            Stmt::Call(call) => call.arguments.$iter().for_each(|argument| {
                if let CallArgument::Scalar(value) = argument {
                    $f(value)
                }
            }),
            Stmt::Check { ok, args, iteration, .. } => {
                $f(ok);
                args.$iter().chain(iteration).for_each($f);
            }
            Stmt::If { cond, .. } | Stmt::While { cond, .. } => $f(cond),
            Stmt::For { extent, .. } => $f(extent),
            Stmt::Parfor(parfor) => parfor.extents.$iter().for_each($f),
        }
    };
}

macro_rules! buffers {
    ($stmt:expr, $iter:ident, $f:ident) => {
        match $stmt {
            Stmt::Alloc { buffer, .. } | Stmt::Resize { buffer, .. } | Stmt::Store { buffer, .. } => {
                $f(buffer)
            }
            Stmt::Move { to, from } => {
                $f(from);
                $f(to);
            }
            Stmt::Call(call) => call.arguments.$iter().for_each(|argument| match argument {
                CallArgument::Scalar(_) => {}
                CallArgument::Read(buffer) | CallArgument::Written(buffer) => $f(buffer),
            }),
            Stmt::Parfor(parfor) => parfor.reductions.$iter().for_each(|reduction| {
                if let Target::Elements { buffers, .. } = reduction_target!(reduction, $iter) {
                    buffers.$iter().flatten().for_each(&mut $f);
                }
            }),
            Stmt::Let(_)
            | Stmt::Set { .. }
            | Stmt::Check { .. }
            | Stmt::If { .. }
            | Stmt::While { .. }
            | Stmt::For { .. }
            | Stmt::Nest(_) => {}
        }
    };
}

macro_rules! reduction_target {
    ($reduction:ident, iter) => {
        &$reduction.into
    };
    ($reduction:ident, iter_mut) => {
        &mut $reduction.into
    };
}

macro_rules! blocks {
    ($stmt:expr) => {{
        let inside: SmallVec<[_; 2]> = match $stmt {
            Stmt::Let(_)
            | Stmt::Set { .. }
            | Stmt::Alloc { .. }
            | Stmt::Move { .. }
            | Stmt::Resize { .. }
            | Stmt::Store { .. }
            | Stmt::Call(_)
            | Stmt::Check { .. } => smallvec![],
            Stmt::If { then: first, otherwise: second, .. }
            | Stmt::While { header: first, body: second, .. } => smallvec![first, second],
            Stmt::For { body, .. } => smallvec![body],
            Stmt::Parfor(Parfor { body, .. }) | Stmt::Nest(Nest { body, .. }) => smallvec![body],
        };
        inside.into_iter()
    }};
}

/// Calls `f` with each value that an expression uses.
#[inline]
pub fn operands(expr: &Expr, mut f: impl FnMut(Value)) {
    let mut f = |value: &Value| f(*value);
    operands!(expr, iter, f)
}

/// Calls `f` with each value that an expression uses, for changing it.
#[inline]
pub fn operands_mut(expr: &mut Expr, mut f: impl FnMut(&mut Value)) {
    operands!(expr, iter_mut, f)
}

/// Calls `f` with each value that a statement uses itself. What the expression of a `Let` uses is left to
/// [`operands`].
#[inline]
pub fn uses(stmt: &Stmt, mut f: impl FnMut(Value)) {
    let mut f = |value: &Value| f(*value);
    uses!(stmt, iter, f)
}

/// Calls `f` with each value that a statement uses itself, for changing it.
#[inline]
pub fn uses_mut(stmt: &mut Stmt, mut f: impl FnMut(&mut Value)) {
    uses!(stmt, iter_mut, f)
}

/// Calls `f` with each value that a statement uses itself, what the expression of a `Let` uses among them.
#[inline]
pub fn reads(loops: &Loops, stmt: &Stmt, f: impl FnMut(Value)) {
    match stmt {
        Stmt::Let(value) => operands(&loops.values[*value].expr, f),
        _ => uses(stmt, f),
    }
}

/// Calls `f` with each array that a statement itself mentions. That of the expression of a `Let` is left to [`Expr::buffer`].
#[inline]
pub fn buffers(stmt: &Stmt, mut f: impl FnMut(Buffer)) {
    let mut f = |buffer: &Buffer| f(*buffer);
    buffers!(stmt, iter, f)
}

/// Calls `f` with each array that a statement itself mentions, for changing it.
#[inline]
pub fn buffers_mut(stmt: &mut Stmt, mut f: impl FnMut(&mut Buffer)) {
    buffers!(stmt, iter_mut, f)
}

/// The array and the index of the element that a statement itself loads or stores.
#[inline]
pub fn access<'a>(loops: &'a Loops, stmt: &'a Stmt) -> Option<(Buffer, &'a [Value])> {
    match stmt {
        Stmt::Store { buffer, index, .. } => Some((*buffer, index)),
        Stmt::Let(value) => match &loops.values[*value].expr {
            Expr::Load { buffer, index } => Some((*buffer, index)),
            _ => None,
        },
        _ => None,
    }
}

/// The elements that a block loads and stores, in the order of the text.
pub fn accesses<'a>(loops: &'a Loops, block: &'a [Stmt]) -> impl Iterator<Item = (Buffer, &'a [Value])> {
    statements(block).filter_map(|stmt| access(loops, stmt))
}

/// Calls `f` with each value that a statement defines, for itself or for the blocks inside it.
#[inline]
pub fn defined(stmt: &Stmt, mut f: impl FnMut(Value)) {
    match stmt {
        Stmt::Let(value) | Stmt::For { index: value, .. } => f(*value),
        Stmt::Parfor(parfor) => parfor.indices.iter().for_each(|index| f(*index)),
        Stmt::Set { .. }
        | Stmt::Alloc { .. }
        | Stmt::Move { .. }
        | Stmt::Resize { .. }
        | Stmt::Store { .. }
        | Stmt::Call(_)
        | Stmt::Check { .. }
        | Stmt::If { .. }
        | Stmt::While { .. }
        | Stmt::Nest(_) => {}
    }
}

/// The blocks directly inside a statement, in the order in which they run.
#[inline]
pub fn blocks(stmt: &Stmt) -> Blocks<'_, Stmt> {
    blocks!(stmt)
}

/// The blocks directly inside a statement, for changing them.
#[inline]
pub fn blocks_mut(stmt: &mut Stmt) -> BlocksMut<'_, Stmt> {
    blocks!(stmt)
}

impl Statement for Stmt {
    fn blocks(&self) -> Blocks<'_, Stmt> {
        blocks(self)
    }
    fn blocks_mut(&mut self) -> BlocksMut<'_, Stmt> {
        blocks_mut(self)
    }
}

impl Expr {
    /// The array of which it reads an element or a length.
    pub fn buffer(&self) -> Option<Buffer> {
        match self {
            Expr::Load { buffer, .. } | Expr::Dim { buffer, .. } => Some(*buffer),
            _ => None,
        }
    }
    /// The same, for changing it.
    pub fn buffer_mut(&mut self) -> Option<&mut Buffer> {
        match self {
            Expr::Load { buffer, .. } | Expr::Dim { buffer, .. } => Some(buffer),
            _ => None,
        }
    }
    /// The values it uses.
    pub fn operands(&self) -> Vec<Value> {
        let mut values = Vec::new();
        operands(self, |value| values.push(value));
        values
    }
}
