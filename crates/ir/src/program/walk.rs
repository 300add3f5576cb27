//! What expressions and statements of Program use, define and contain.
//!
//! ```text
//! operands     what an expression uses; of a `map` its arrays and its result, not what its block uses
//! uses         what a statement itself uses; not what its expression or the blocks inside it use
//! reads        what a statement itself uses, its expression included
//! defined      the values that a statement makes visible: its own, the index of a loop, the elements of a `map`
//! blocks       the blocks directly inside, that of a `map` among them
//! statements   each statement of a block and of the blocks inside it
//! ```
//!
//! The block of a `map` stands in an expression, so that the walks that change statements see it only by way of the
//! values: [`each_block_mut`] does so for a whole program.

use super::{Block, CallArgument, Expr, Program, Stmt, Value};
use crate::walk::{self, Blocks, BlocksMut, Statement, Statements};
pub use crate::walk::{blocks_mut as each_block_in_mut, visit_mut};
use smallvec::{SmallVec, smallvec};

macro_rules! operands {
    ($expr:expr, $iter:ident, $f:ident) => {
        match $expr {
            Expr::Const(_) | Expr::Param(_) | Expr::Var(_) | Expr::Bound => {}
            Expr::Op(_, args) => args.$iter().for_each($f),
            Expr::Cast(value) | Expr::Len(value) | Expr::Copy(value) => $f(value),
            Expr::Complex { re, im } => {
                $f(re);
                $f(im);
            }
            Expr::Part { complex, .. } => $f(complex),
            Expr::View { array, view } => {
                $f(array);
                view.cuts.$iter().flat_map(|cut| cut.$iter()).for_each(&mut $f);
                view.axes.$iter().flat_map(|axis| axis.$iter()).for_each($f);
            }
            Expr::Index { array, index } => {
                $f(array);
                index.$iter().for_each($f);
            }
            Expr::Dim { array, .. } | Expr::Reduce { array, .. } => $f(array),
            Expr::Reshape { array, shape } => {
                $f(array);
                shape.$iter().for_each($f);
            }
            Expr::Fill { shape, value } => {
                shape.$iter().for_each(&mut $f);
                $f(value);
            }
            Expr::Random { operands, shape, .. } => operands.$iter().chain(shape).for_each($f),
            Expr::Map { arrays, results, .. } => {
                arrays.$iter().for_each(&mut $f);
                results.$iter().for_each($f);
            }
        }
    };
}

macro_rules! uses {
    ($stmt:expr, $iter:ident, $value:ident, $f:ident) => {
        match $stmt {
            Stmt::Let(_) | Stmt::Scope { .. } | Stmt::Leave { .. } => {}
            Stmt::Assign { value, .. } => $f(value),
            Stmt::Resize { length, .. } => $f(length),
            Stmt::Update { place, value, .. } => {
                place.view.$iter().for_each(&mut $f);
                $f(value);
            }
            Stmt::Store { place, index, value, .. } => {
                place.view.$iter().for_each(&mut $f);
                index.$iter().for_each(&mut $f);
                $f(value);
            }
            Stmt::Call { arguments, .. } => {
                arguments.$iter().filter_map(CallArgument::$value).for_each($f);
            }
            Stmt::If { cond, .. } | Stmt::While { cond, .. } => $f(cond),
            Stmt::For { start, end, step, .. } => [start, end, step].into_iter().for_each($f),
            Stmt::Check { ok, args, .. } => {
                $f(ok);
                args.$iter().for_each($f);
            }
        }
    };
}

macro_rules! blocks {
    ($stmt:expr) => {{
        let inside: SmallVec<[_; 2]> = match $stmt {
            Stmt::Let(_)
            | Stmt::Assign { .. }
            | Stmt::Store { .. }
            | Stmt::Update { .. }
            | Stmt::Resize { .. }
            | Stmt::Leave { .. }
            | Stmt::Call { .. }
            | Stmt::Check { .. } => smallvec![],
            Stmt::If { then: first, otherwise: second, .. }
            | Stmt::While { header: first, body: second, .. } => smallvec![first, second],
            Stmt::For { body, .. } | Stmt::Scope { body } => smallvec![body],
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
    uses!(stmt, iter, value, f)
}

/// Calls `f` with each value that a statement uses itself, for changing it.
#[inline]
pub fn uses_mut(stmt: &mut Stmt, mut f: impl FnMut(&mut Value)) {
    uses!(stmt, iter_mut, value_mut, f)
}

/// Calls `f` with each value that a statement uses itself, what the expression of a `Let` uses among them.
#[inline]
pub fn reads(program: &Program, stmt: &Stmt, f: impl FnMut(Value)) {
    match stmt {
        Stmt::Let(value) => operands(&program.values[*value].expr, f),
        _ => uses(stmt, f),
    }
}

/// Calls `f` with each value that a statement defines, for itself or for the blocks inside it.
#[inline]
pub fn defined(program: &Program, stmt: &Stmt, mut f: impl FnMut(Value)) {
    match stmt {
        Stmt::Let(value) => {
            f(*value);
            if let Expr::Map { params, .. } = &program.values[*value].expr {
                params.iter().for_each(|param| f(*param));
            }
        }
        Stmt::For { index, .. } => f(*index),
        Stmt::Assign { .. }
        | Stmt::Store { .. }
        | Stmt::Update { .. }
        | Stmt::Resize { .. }
        | Stmt::If { .. }
        | Stmt::While { .. }
        | Stmt::Scope { .. }
        | Stmt::Leave { .. }
        | Stmt::Call { .. }
        | Stmt::Check { .. } => {}
    }
}

/// The blocks directly inside a statement, in the order in which they run.
#[inline]
pub fn blocks<'a>(program: &'a Program, stmt: &'a Stmt) -> Blocks<'a, Stmt> {
    if let Stmt::Let(value) = stmt
        && let Expr::Map { body, .. } = &program.values[*value].expr
    {
        let inside: SmallVec<[_; 2]> = smallvec![body];
        return inside.into_iter();
    }
    blocks!(stmt)
}

/// Each statement of a block and of the blocks inside it, in the order of the text.
pub fn statements<'a>(
    program: &'a Program,
    block: &'a [Stmt],
) -> Statements<'a, Stmt, impl Fn(&'a Stmt) -> Blocks<'a, Stmt>> {
    Statements::new(block, move |stmt| blocks(program, stmt))
}

/// Calls `f` with each statement of a block and of the blocks inside it, in the order of the text, and with the context of
/// its block; `f` returns the context of the blocks inside the statement.
pub fn visit_within<'a, C: Clone>(
    program: &'a Program,
    block: &'a [Stmt],
    context: C,
    f: impl FnMut(&'a Stmt, C) -> C,
) {
    walk::visit_blocks_within(block, |stmt| blocks(program, stmt), context, f);
}

/// Calls `f` with each block of a program, those of `map`s too.
pub fn each_block_mut(program: &mut Program, mut f: impl FnMut(&mut Block)) {
    each_block_in_mut(&mut program.body, &mut f);
    for (_, data) in program.values.iter_mut() {
        if let Expr::Map { body, .. } = &mut data.expr {
            each_block_in_mut(body, &mut f);
        }
    }
}

/// How deep blocks nest in the blocks of a program.
pub fn nesting(program: &Program) -> usize {
    let mut deepest = 0;
    visit_within(program, &program.body, 0, |stmt, depth| {
        deepest = deepest.max(depth + (blocks(program, stmt).len() > 0) as usize);
        depth + 1
    });
    deepest
}

/// Without the blocks of `map`s.
impl Statement for Stmt {
    fn blocks(&self) -> Blocks<'_, Stmt> {
        blocks!(self)
    }
    fn blocks_mut(&mut self) -> BlocksMut<'_, Stmt> {
        blocks!(self)
    }
}

impl Expr {
    /// The values it uses, without those used in the block of a `map`.
    pub fn operands(&self) -> Vec<Value> {
        let mut values = Vec::new();
        operands(self, |value| values.push(value));
        values
    }
}
