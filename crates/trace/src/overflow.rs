//! Overflow of integers as an error, in kernels that ask for it.
//!
//! ```text
//! a + b    v0 = add a, b;  check ge and (xor a, v0), (xor b, v0), 0; overflow        numbers with a sign
//!                          check ge v0, a; overflow                                  others
//! a * 3    v0 = mul a, 3;  check and (ge a, MIN / 3), (le a, MAX / 3); overflow
//! ```
//!
//! The operators of the user's own are watched while they are traced, and get their checks when all types are known. What
//! a parallel loop adds up in a variable from outside is left alone: nobody sees what it is in between.

use crate::state::State;
use parfuse_ir::program::{Block, Expr, Program, Stmt, Type, Value, Var, walk};
use parfuse_ir::{DType, FaultKind, Loc, ReduceOp, Scalar, ScalarOp};
use std::collections::HashSet;

impl State {
    /// Notes an operation of the user's, which may overflow.
    pub(crate) fn watch_overflow(&mut self, value: Value) {
        if self.checked {
            self.watched.insert(value);
        }
    }

    /// Checks the operations noted, of those that turned out to be of integers.
    pub(crate) fn check_overflow(&mut self) {
        if self.watched.is_empty() {
            return;
        }
        let summed = summed_outside(&self.program);
        let watched = std::mem::take(&mut self.watched);
        let mut blocks = std::mem::take(&mut self.program.body);
        let mut checks = Checks { program: &mut self.program, block: Block::new() };
        let add = |block: &mut Block, checks: &mut Checks<'_>| {
            for stmt in std::mem::take(block) {
                let noted = match &stmt {
                    Stmt::Let(value) if watched.contains(value) && !summed.contains(value) => Some(*value),
                    _ => None,
                };
                block.push(stmt);
                if let Some(value) = noted {
                    checks.of(value);
                    block.append(&mut checks.block);
                }
            }
        };
        walk::each_block_in_mut(&mut blocks, |block| add(block, &mut checks));
        for value in checks.program.values.ids() {
            let Expr::Map { body, .. } = &mut checks.program.values[value].expr else { continue };
            let mut body = std::mem::take(body);
            walk::each_block_in_mut(&mut body, |block| add(block, &mut checks));
            if let Expr::Map { body: own, .. } = &mut checks.program.values[value].expr {
                *own = body;
            }
        }
        self.program.body = blocks;
    }
}

/// What is computed in parallel loops of variables that have their first values from outside, and are changed there.
fn summed_outside(program: &Program) -> HashSet<Value> {
    let (mut inside, mut outside) = (HashSet::new(), HashSet::new());
    walk::visit_within(program, &program.body, false, |stmt, parallel: bool| {
        if let Stmt::Assign { var, .. } = stmt {
            if parallel {
                inside.insert(*var)
            } else {
                outside.insert(*var)
            };
        }
        parallel || is_parallel(stmt)
    });
    let summed: HashSet<Var> = inside.intersection(&outside).copied().collect();
    let mut found = HashSet::new();
    walk::visit_within(program, &program.body, false, |stmt, parallel: bool| {
        if let (true, Stmt::Let(value)) = (parallel, stmt) {
            let depends = match &program.values[*value].expr {
                Expr::Var(var) => summed.contains(var) && program.vars[*var].ty.rank().is_none(),
                Expr::Op(_, operands) => operands.iter().any(|operand| found.contains(operand)),
                Expr::Cast(operand) => found.contains(operand),
                _ => false,
            };
            if depends {
                found.insert(*value);
            }
        }
        parallel || is_parallel(stmt)
    });
    found
}

fn is_parallel(stmt: &Stmt) -> bool {
    matches!(stmt, Stmt::For { order, .. } if order.is_parallel())
}

struct Checks<'p> {
    program: &'p mut Program,
    block: Block,
}

impl Checks<'_> {
    /// Writes the check of an operation, if it can overflow.
    fn of(&mut self, result: Value) {
        let data = &self.program.values[result];
        let Expr::Op(op, operands) = &data.expr else { return };
        let (op, operands, ty, loc) = (*op, operands.clone(), data.ty, data.loc);
        let Some(dtype) = ty.element().real().filter(|dtype| dtype.is_int()) else { return };
        let first = operands[0];
        let ok = match (op, operands.get(1)) {
            (ScalarOp::Add | ScalarOp::Sub, Some(&second)) => {
                self.of_sum(op, dtype, [first, second, result], loc)
            }
            (ScalarOp::Mul, Some(&second)) => self.of_product(dtype, [first, second, result], loc),
            (ScalarOp::Neg | ScalarOp::Abs, None) if dtype.is_signed() => {
                let least = self.constant(dtype.least(), loc);
                self.op(ScalarOp::Ne, [first, least], loc)
            }
            (ScalarOp::Div | ScalarOp::Rem, Some(&second)) if dtype.is_signed() => {
                let (least, minus_one) = (self.constant(dtype.least(), loc), self.integer(-1, dtype, loc));
                let [in_range, other] = [(first, least), (second, minus_one)]
                    .map(|(number, limit)| self.op(ScalarOp::Ne, [number, limit], loc));
                self.op(ScalarOp::Or, [in_range, other], loc)
            }
            (ScalarOp::Shl | ScalarOp::Shr, Some(&count)) => {
                let (zero, bits) =
                    (self.constant(dtype.zero(), loc), self.integer(dtype.bits().into(), dtype, loc));
                let positive = self.op(ScalarOp::Ge, [count, zero], loc);
                let below = self.op(ScalarOp::Lt, [count, bits], loc);
                self.op(ScalarOp::And, [positive, below], loc)
            }
            _ => return,
        };
        let ok = self.of_all(ok, loc);
        self.block.push(Stmt::Check { ok, kind: FaultKind::Overflow, args: Vec::new(), loc });
    }

    /// A sum has left the range if its sign is that of neither term, a difference if the signs differ and it has not that of
    /// the first. Numbers without a sign wrap around.
    fn of_sum(&mut self, op: ScalarOp, dtype: DType, [first, second, result]: [Value; 3], loc: Loc) -> Value {
        if dtype.is_unsigned() {
            let (large, small) = if op == ScalarOp::Add { (result, first) } else { (first, second) };
            return self.op(ScalarOp::Ge, [large, small], loc);
        }
        let with_first = self.op(ScalarOp::Xor, [first, result], loc);
        let other = match op {
            ScalarOp::Add => self.op(ScalarOp::Xor, [second, result], loc),
            _ => self.op(ScalarOp::Xor, [first, second], loc),
        };
        let signs = self.op(ScalarOp::And, [with_first, other], loc);
        let zero = self.constant(dtype.zero(), loc);
        self.op(ScalarOp::Ge, [signs, zero], loc)
    }

    fn of_product(&mut self, dtype: DType, [first, second, result]: [Value; 3], loc: Loc) -> Value {
        let constant = |value: Value| match self.program.values[value].expr {
            Expr::Const(scalar) => scalar.as_integer(),
            _ => None,
        };
        for (factor, other) in [(constant(second), first), (constant(first), second)] {
            if let Some(factor) = factor {
                return self.of_multiple(dtype, factor, other, loc);
            }
        }
        if dtype.bits() <= 32 {
            let wide = if dtype.is_signed() { DType::I64 } else { DType::U64 };
            let [first, second, result] = [first, second, result].map(|value| self.cast(value, wide, loc));
            let product = self.op(ScalarOp::Mul, [first, second], loc);
            return self.op(ScalarOp::Eq, [product, result], loc);
        }
        // What the quotient of the product is not is lost; that by zero is zero.
        let zero = self.constant(dtype.zero(), loc);
        let none = self.op(ScalarOp::Eq, [first, zero], loc);
        let quotient = self.op(ScalarOp::Div, [result, first], loc);
        let mut same = self.op(ScalarOp::Eq, [quotient, second], loc);
        if dtype.is_signed() {
            let (least, minus_one) = (self.constant(dtype.least(), loc), self.integer(-1, dtype, loc));
            let [in_range, other] = [(second, least), (first, minus_one)]
                .map(|(number, limit)| self.op(ScalarOp::Ne, [number, limit], loc));
            let fits = self.op(ScalarOp::Or, [in_range, other], loc);
            same = self.op(ScalarOp::And, [same, fits], loc);
        }
        self.op(ScalarOp::Or, [none, same], loc)
    }

    /// Of a number times a constant: whether the number is between the quotients of the limits.
    fn of_multiple(&mut self, dtype: DType, factor: i128, number: Value, loc: Loc) -> Value {
        let limit = |limit: Scalar| limit.as_integer().expect("of an integer type");
        let (least, greatest) = (limit(dtype.least()), limit(dtype.greatest()));
        // Both are rounded towards zero, which is inside of the range.
        let (low, high) = match factor {
            0 => (least, greatest),
            1.. => (least / factor, greatest / factor),
            _ => (greatest / factor, (least / factor).min(greatest)),
        };
        let [low, high] = [low, high].map(|limit| self.integer(limit, dtype, loc));
        let above = self.op(ScalarOp::Ge, [number, low], loc);
        let below = self.op(ScalarOp::Le, [number, high], loc);
        self.op(ScalarOp::And, [above, below], loc)
    }

    /// Whether it is so of all elements.
    fn of_all(&mut self, ok: Value, loc: Loc) -> Value {
        if self.program.ty(ok).rank().is_none() {
            return ok;
        }
        let fold = ReduceOp::And.into();
        self.emit(Expr::Reduce { fold, array: ok, axis: None }, Type::scalar(DType::Bool), loc)
    }

    fn op(&mut self, op: ScalarOp, operands: [Value; 2], loc: Loc) -> Value {
        let types = operands.map(|operand| self.program.ty(operand));
        let dtypes = types.map(|ty| ty.dtype());
        let dtype = op.result_type(&dtypes).expect("operands of one type");
        let rank = types.iter().filter_map(|ty| ty.rank()).max();
        let ty = rank.map_or(Type::scalar(dtype), |rank| Type::array(dtype, rank));
        self.emit(Expr::Op(op, operands.to_vec()), ty, loc)
    }

    fn cast(&mut self, value: Value, dtype: DType, loc: Loc) -> Value {
        let ty = self.program.ty(value).with_element(parfuse_ir::ElementType::Real(dtype));
        self.emit(Expr::Cast(value), ty, loc)
    }

    fn integer(&mut self, number: i128, dtype: DType, loc: Loc) -> Value {
        self.constant(dtype.integer(number).expect("a limit of the type"), loc)
    }

    fn constant(&mut self, scalar: Scalar, loc: Loc) -> Value {
        self.program.value(Expr::Const(scalar), Type::scalar(scalar.dtype()), loc)
    }

    fn emit(&mut self, expr: Expr, ty: Type, loc: Loc) -> Value {
        let value = self.program.value(expr, ty, loc);
        self.block.push(Stmt::Let(value));
        value
    }
}
