//! Best numbers with which nothing goes: which of equal ones was found cannot be told, but for zeros and their signs.
//!
//! ```text
//! for i in 0..n {                        m = -inf
//!   if a[i] > best { best = a[i] }       unordered i in 0..n { m = max(m, a[i]) }
//! }                                ⇒     if m > best {
//!                                          if m == 0.0 { unordered i in 0..n { if a[i] > best { best = a[i] } } }
//!                                          else { best = m }
//!                                        }
//! ```
//!
//! So nobody has to remember where the best number was, unless it is zero.

use super::Block;
use crate::hash::{FastMap, FastSet};
use crate::lower_arrays::mirrored;
use parfuse_ir::program::{Expr, Order, Program, Stmt, Type, Value, ValueData, Var, VarData, walk};
use parfuse_ir::{Loc, ReduceOp, ScalarOp};

/// A variable that a branch of a loop replaces by better numbers.
struct Best {
    var: Var,
    /// Where the branch stands in the body.
    place: usize,
    /// What is read of the variable to compare with it, the comparison, and the number that it is compared with.
    read: Value,
    cond: Value,
    number: Value,
    /// How the best number compares with the others.
    compare: ScalarOp,
    op: ReduceOp,
}

/// What becomes of a loop that does nothing but replace these variables by better numbers, if that is all of each branch and
/// floats are among them.
pub(super) fn without_places(program: &mut Program, stmt: &Stmt, declared: &FastSet<Var>) -> Option<Block> {
    let Stmt::For { body, .. } = stmt else { return None };
    let bests: Vec<Best> =
        body.iter().enumerate().filter_map(|(place, stmt)| best(program, place, stmt)).collect();
    let found: FastSet<Var> = bests.iter().map(|best| best.var).collect();
    let is_float = |best: &Best| program.vars[best.var].ty.dtype().is_float();
    if found != *declared || bests.len() != declared.len() || !bests.iter().any(is_float) {
        return None;
    }
    let mut block = Block::new();
    let mut own = Vec::new();
    for best in &bests {
        let VarData { name, ty, .. } = program.vars[best.var].clone();
        let var = program.vars.push(VarData { name, ty, param: None });
        let identity = best.op.identity(ty.dtype());
        let value = program.value(Expr::Const(identity), ty, Loc::NONE);
        block.push(Stmt::Assign { var, value });
        own.push(var);
    }
    block.push(found_alone(program, stmt, &bests, &own));
    let mut otherwise = Block::new();
    let mut zeros: Option<Value> = None;
    for (best, own) in bests.iter().zip(own) {
        let ty = program.vars[own].ty;
        let mut emit = |expr: Expr, ty: Type, block: &mut Block| {
            let value = program.value(expr, ty, Loc::NONE);
            block.push(Stmt::Let(value));
            value
        };
        let [total, before] = [own, best.var].map(|var| emit(Expr::Var(var), ty, &mut block));
        let better = emit(Expr::Op(best.compare, vec![total, before]), Type::BOOL, &mut block);
        let then = vec![Stmt::Assign { var: best.var, value: total }];
        otherwise.push(Stmt::If { cond: better, then, otherwise: Block::new() });
        if ty.dtype().is_float() {
            let zero = program.value(Expr::Const(ty.dtype().zero()), ty, Loc::NONE);
            let mut emit = |expr: Expr| {
                let value = program.value(expr, Type::BOOL, Loc::NONE);
                block.push(Stmt::Let(value));
                value
            };
            let is_zero = emit(Expr::Op(ScalarOp::Eq, vec![total, zero]));
            let both = emit(Expr::Op(ScalarOp::And, vec![better, is_zero]));
            zeros = Some(match zeros {
                Some(others) => emit(Expr::Op(ScalarOp::Or, vec![others, both])),
                None => both,
            });
        }
    }
    let mut then = vec![stmt.clone()];
    if let Stmt::For { order, .. } = &mut then[0] {
        *order = Order::Unordered;
    }
    block.push(Stmt::If { cond: zeros.expect("there is a float"), then, otherwise });
    Some(block)
}

/// What a statement of a body replaces, if it is a branch on a comparison that does nothing else.
fn best(program: &Program, place: usize, stmt: &Stmt) -> Option<Best> {
    let Stmt::If { cond, then, otherwise } = stmt else { return None };
    let (Some(Stmt::Assign { var, .. }), []) = (then.last(), &otherwise[..]) else { return None };
    let is_let = |stmt: &Stmt| matches!(stmt, Stmt::Let(_));
    let Expr::Op(op, operands) = &program.values[*cond].expr else { return None };
    let ([a, b], true) = (&operands[..], then[..then.len() - 1].iter().all(is_let)) else { return None };
    let is_read = |value: &Value| program.values[*value].expr == Expr::Var(*var);
    let (compare, number, read) = match (is_read(a), is_read(b)) {
        (false, true) => (*op, *a, *b),
        (true, false) => (mirrored(*op)?, *b, *a),
        _ => return None,
    };
    let op = match compare {
        ScalarOp::Lt | ScalarOp::Le => ReduceOp::Min,
        ScalarOp::Gt | ScalarOp::Ge => ReduceOp::Max,
        _ => return None,
    };
    Some(Best { var: *var, place, read, cond: *cond, number, compare, op })
}

/// The loop that finds the best numbers alone, in variables of their own.
fn found_alone(program: &mut Program, stmt: &Stmt, bests: &[Best], own: &[Var]) -> Stmt {
    let Stmt::For { index, start, end, step, until, body, loc, .. } = stmt else { unreachable!("a loop") };
    let mut copying = Copying { program, values: FastMap::default(), vars: FastMap::default() };
    let index = copying.define(*index);
    let spare: FastSet<Value> = bests.iter().flat_map(|best| [best.read, best.cond]).collect();
    let mut to = Block::new();
    for (place, stmt) in body.iter().enumerate() {
        match bests.iter().position(|best| best.place == place) {
            Some(at) => copying.combine(&bests[at], own[at], &mut to),
            None if matches!(stmt, Stmt::Let(value) if spare.contains(value)) => {}
            None => to.push(copying.statement(stmt)),
        }
    }
    let (start, end, step, until, loc) = (*start, *end, *step, *until, *loc);
    Stmt::For { index, start, end, step, order: Order::Unordered, until, body: to, loc }
}

/// Copies statements: values, and variables that they set, get others.
struct Copying<'a> {
    program: &'a mut Program,
    values: FastMap<Value, Value>,
    vars: FastMap<Var, Var>,
}

impl Copying<'_> {
    fn value(&self, value: Value) -> Value {
        self.values.get(&value).copied().unwrap_or(value)
    }

    fn define(&mut self, value: Value) -> Value {
        let ValueData { mut expr, ty, loc, name } = self.program.values[value].clone();
        walk::operands_mut(&mut expr, |operand| *operand = self.value(*operand));
        if let Expr::Var(var) = &mut expr {
            *var = self.vars.get(var).copied().unwrap_or(*var);
        }
        let copy = self.program.value(expr, ty, loc);
        self.program.values[copy].name = name;
        self.values.insert(value, copy);
        copy
    }

    fn statement(&mut self, stmt: &Stmt) -> Stmt {
        match stmt {
            Stmt::Let(value) => Stmt::Let(self.define(*value)),
            Stmt::Assign { var, value } => {
                let value = self.value(*value);
                let program = &mut *self.program;
                let copy = || {
                    let data = program.vars[*var].clone();
                    program.vars.push(data)
                };
                Stmt::Assign { var: *self.vars.entry(*var).or_insert_with(copy), value }
            }
            Stmt::If { cond, then, otherwise } => {
                let cond = self.value(*cond);
                let [then, otherwise] =
                    [then, otherwise].map(|block| block.iter().map(|stmt| self.statement(stmt)).collect());
                Stmt::If { cond, then, otherwise }
            }
            _ => unreachable!("such loops only look: {stmt:?}"),
        }
    }

    /// Takes in a number.
    fn combine(&mut self, best: &Best, own: Var, to: &mut Block) {
        let ty = self.program.vars[own].ty;
        let loc = self.program.values[best.cond].loc;
        let number = self.value(best.number);
        let before = self.program.value(Expr::Var(own), ty, loc);
        let better = Expr::Op(best.op.combine(), vec![before, number]);
        let better = self.program.value(better, ty, loc);
        to.extend([Stmt::Let(before), Stmt::Let(better), Stmt::Assign { var: own, value: better }]);
    }
}
