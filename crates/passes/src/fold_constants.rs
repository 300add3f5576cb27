//! Computes at compile time what constants determine.
//!
//! ```text
//! v2: i64 = mul 3i64, 4i64                  (gone: v2 is the constant 12i64)
//! v3: f64 = div v1, 4.0f64          ⇒       v3: f64 = mul v1, 0.25f64
//! v4: bool = lt v2, 20i64                   (gone: v4 is the constant true)
//! if v4 { store b0[v0], v3 }                store b0[v0], v3
//! ```
//!
//! An identity is applied only if it gives the same bits for every operand. So for floats `x * 1.0`,
//! `x / 1.0`, `x + -0.0` and `x - 0.0` are `x`, and division by a power of two is multiplication by its
//! reciprocal, but `x + 0.0`, `x * 0.0` and `x - x` stay.

use crate::Changed;
use crate::renames::Renames;
use parfuse_ir::loops::walk::blocks_mut;
use parfuse_ir::loops::{Block, Expr, Loops, Origin, Stmt, Value, trips};
use parfuse_ir::{Class, DType, Scalar, ScalarOp};

/// Evaluates operations on constants, applies exact identities and resolves branches and loops whose
/// conditions or extents are constants.
pub fn fold_constants(loops: &mut Loops) -> Changed {
    let mut body = std::mem::take(&mut loops.body);
    let renames = Renames::new(loops);
    let mut folding = Folding { loops, renames, space: None, changed: false };
    folding.block(&mut body);
    let Folding { renames, mut changed, .. } = folding;
    changed |= renames.results(&mut loops.results);
    loops.body = body;
    changed.into()
}

struct Folding<'a> {
    loops: &'a mut Loops,
    renames: Renames,
    /// The indices of the parallel loop around.
    space: Option<Vec<Value>>,
    changed: bool,
}

/// What an expression turned out to be.
enum Folded {
    Constant(Scalar),
    Same(Value),
    Expr(Expr),
}

impl Folding<'_> {
    fn block(&mut self, block: &mut Block) {
        for mut stmt in std::mem::take(block) {
            self.changed |= self.renames.stmt(&mut stmt);
            match stmt {
                Stmt::Let(value) if self.value(value) => block.push(stmt),
                Stmt::Let(_) => self.changed = true,
                _ => self.statement(stmt, block),
            }
        }
    }

    /// Folds a value; answers whether it still needs its `Let`.
    fn value(&mut self, value: Value) -> bool {
        let data = &mut self.loops.values[value];
        self.changed |= self.renames.expr(&mut data.expr);
        // One rewriting may enable another; each makes the expression smaller, so few rounds suffice.
        for _ in 0..4 {
            match self.fold(value) {
                None => break,
                Some(Folded::Constant(scalar)) => self.loops.values[value].expr = Expr::Const(scalar),
                Some(Folded::Expr(expr)) => self.loops.values[value].expr = expr,
                Some(Folded::Same(other)) => {
                    self.renames.set(value, other);
                    return false;
                }
            }
            self.changed = true;
        }
        !self.loops.values[value].expr.is_leaf()
    }

    fn fold(&mut self, value: Value) -> Option<Folded> {
        let dtype = self.loops.dtype(value);
        match &self.loops.values[value].expr {
            Expr::Op(op, args) => {
                let (op, args) = (*op, args.as_slice());
                let mut constants = [Scalar::Bool(false); 3];
                let mut known = true;
                for (slot, arg) in constants.iter_mut().zip(args) {
                    match self.loops.constant(*arg) {
                        Some(scalar) => *slot = scalar,
                        None => known = false,
                    }
                }
                if known {
                    return Some(Folded::Constant(op.eval(&constants[..args.len()])));
                }
                match *args {
                    [a] => self.fold_unary(op, a),
                    [a, b] => self.fold_binary(op, a, b),
                    [condition, yes, no] if op == ScalarOp::Select => {
                        match self.loops.constant_bool(condition) {
                            Some(chosen) => Some(Folded::Same(if chosen { yes } else { no })),
                            None if yes == no => Some(Folded::Same(yes)),
                            None => None,
                        }
                    }
                    _ => None,
                }
            }
            Expr::Cast(arg) => self.fold_cast(dtype, *arg),
            Expr::Trips { start, end, step } => self.fold_trips(*start, *end, *step),
            Expr::Dim { buffer, axis } => match &self.loops.buffers[*buffer].origin {
                Origin::Param { layout, .. } => {
                    layout.length(*axis).map(|length| Folded::Constant(Scalar::Usize(length)))
                }
                Origin::Local => None,
            },
            Expr::LinearIndex => match self.space.as_deref() {
                Some([]) => Some(Folded::Constant(Scalar::Usize(0))),
                Some([index]) => Some(Folded::Same(*index)),
                _ => None,
            },
            _ => None,
        }
    }

    /// How often a range is gone through: known for known numbers, and the end itself from zero on by ones, if that has no
    /// sign.
    fn fold_trips(&self, start: Value, end: Value, step: Value) -> Option<Folded> {
        match [start, end, step].map(|value| self.loops.constant(value)) {
            [Some(start), Some(end), Some(step)] => Some(Folded::Constant(trips(start, end, step))),
            [Some(Scalar::Usize(0)), _, Some(Scalar::Usize(1))] => Some(Folded::Same(end)),
            _ if start == end => Some(Folded::Constant(Scalar::Usize(0))),
            _ => None,
        }
    }

    /// Whether a number of iterations is no more than another value: the end of a range that starts at zero is as much.
    fn is_at_most(&self, a: Value, b: Value) -> bool {
        let Expr::Trips { start, end, .. } = self.loops.values[a].expr else { return false };
        let from_zero = self.loops.constant(start).is_some_and(|start| start.to_bits() == 0);
        from_zero && (b == end || self.loops.values[b].expr == Expr::Cast(end))
    }

    fn fold_unary(&self, op: ScalarOp, a: Value) -> Option<Folded> {
        match &self.loops.values[a].expr {
            Expr::Op(inner, args) if *inner == op && matches!(op, ScalarOp::Neg | ScalarOp::Not) => {
                Some(Folded::Same(args[0]))
            }
            _ => None,
        }
    }

    fn fold_binary(&mut self, op: ScalarOp, a: Value, b: Value) -> Option<Folded> {
        let operand = self.loops.dtype(a);
        let (left, right) = (self.loops.constant(a), self.loops.constant(b));
        if op.commutes() && left.is_some() && right.is_none() {
            return self.fold_binary(op, b, a).or(Some(Folded::Expr(Expr::Op(op, vec![b, a]))));
        }
        if let ScalarOp::Powi | ScalarOp::Powf = op {
            return None;
        }
        if operand.is_float() {
            self.fold_float(op, a, b, left, right)
        } else {
            self.fold_exact(op, operand, a, b, left, right)
        }
    }

    /// Identities of floats that hold to the last bit.
    fn fold_float(
        &mut self,
        op: ScalarOp,
        a: Value,
        b: Value,
        left: Option<Scalar>,
        right: Option<Scalar>,
    ) -> Option<Folded> {
        if let ScalarOp::Min | ScalarOp::Max = op {
            // These pass over a NaN.
            return match (left, right) {
                _ if a == b => Some(Folded::Same(a)),
                (_, Some(right)) if is_nan(right) => Some(Folded::Same(a)),
                (Some(left), _) if is_nan(left) => Some(Folded::Same(b)),
                _ => None,
            };
        }
        let constant = right?;
        let dtype = constant.dtype();
        let zero = dtype.zero();
        let neutral = match op {
            ScalarOp::Mul | ScalarOp::Div => constant == dtype.one(),
            ScalarOp::Add => constant == ScalarOp::Neg.eval(&[zero]),
            ScalarOp::Sub => constant == zero,
            _ => false,
        };
        if neutral {
            return Some(Folded::Same(a));
        }
        if op == ScalarOp::Div {
            let reciprocal = exact_reciprocal(constant)?;
            let loc = self.loops.values[b].loc;
            let factor = self.loops.value(Expr::Const(reciprocal), dtype, loc);
            return Some(Folded::Expr(Expr::Op(ScalarOp::Mul, vec![a, factor])));
        }
        None
    }

    /// Identities of integers and truth values.
    fn fold_exact(
        &mut self,
        op: ScalarOp,
        dtype: DType,
        a: Value,
        b: Value,
        left: Option<Scalar>,
        right: Option<Scalar>,
    ) -> Option<Folded> {
        use ScalarOp::*;
        let (zero, one) = (dtype.zero(), dtype.one());
        let ones = dtype.all_ones();
        let truth = |known| Some(Folded::Constant(Scalar::Bool(known)));
        if a == b {
            match op {
                Sub | Xor => return Some(Folded::Constant(zero)),
                And | Or | Min | Max => return Some(Folded::Same(a)),
                Eq | Le | Ge => return truth(true),
                Ne | Lt | Gt => return truth(false),
                _ => {}
            }
        }
        if left == Some(zero) && matches!(op, Div | Rem | Shl | Shr) {
            return Some(Folded::Constant(zero));
        }
        let unsigned = !dtype.is_signed();
        if unsigned && left == Some(zero) {
            match op {
                Gt => return truth(false),
                Le => return truth(true),
                _ => {}
            }
        }
        if op == Le && self.is_at_most(a, b) {
            return truth(true);
        }
        let constant = right?;
        match op {
            Add | Sub | Or | Xor | Shl | Shr if constant == zero => Some(Folded::Same(a)),
            Mul | Div if constant == one => Some(Folded::Same(a)),
            Mul | And if constant == zero => Some(Folded::Constant(zero)),
            Rem if constant == one => Some(Folded::Constant(zero)),
            And if constant == ones => Some(Folded::Same(a)),
            Or if constant == ones => Some(Folded::Constant(ones)),
            Max if unsigned && constant == zero => Some(Folded::Same(a)),
            Min if unsigned && constant == zero => Some(Folded::Constant(zero)),
            Lt if unsigned && constant == zero => truth(false),
            Ge if unsigned && constant == zero => truth(true),
            Eq if dtype.is_bool() && constant == one => Some(Folded::Same(a)),
            Ne if dtype.is_bool() && constant == zero => Some(Folded::Same(a)),
            // x - 1 is x + -1, and (x + 1) + 2 is x + 3: integers wrap.
            Sub if dtype.is_signed() => {
                Some(Folded::Expr(Expr::Op(Add, vec![a, self.constant_like(b, Sub.eval(&[zero, constant]))])))
            }
            Add | Sub if unsigned => self.fold_sum(op, dtype, a, b, constant),
            Add | Mul => match &self.loops.values[a].expr {
                Expr::Op(inner, args) if *inner == op => {
                    let (x, inner_constant) = (args[0], self.loops.constant(args[1])?);
                    let sum = self.constant_like(b, op.eval(&[inner_constant, constant]));
                    Some(Folded::Expr(Expr::Op(op, vec![x, sum])))
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// A sum of a sum and a constant, or a difference: (x + 3) - 1 is x + 2, and (x - 3) + 1 is x - 2, for integers wrap.
    fn fold_sum(
        &mut self,
        op: ScalarOp,
        dtype: DType,
        a: Value,
        b: Value,
        constant: Scalar,
    ) -> Option<Folded> {
        use ScalarOp::{Add, Sub};
        let Expr::Op(inner @ (Add | Sub), args) = &self.loops.values[a].expr else { return None };
        let (x, known) = (args[0], self.loops.constant(args[1])?);
        let negated = |scalar: Scalar| Sub.eval(&[dtype.zero(), scalar]);
        let signed = |op, scalar| if op == Add { scalar } else { negated(scalar) };
        let sum = Add.eval(&[signed(*inner, known), signed(op, constant)]);
        // The nearer way around.
        let down = negated(sum);
        let (op, distance) = if down.to_bits() < sum.to_bits() { (Sub, down) } else { (Add, sum) };
        if distance == dtype.zero() {
            return Some(Folded::Same(x));
        }
        Some(Folded::Expr(Expr::Op(op, vec![x, self.constant_like(b, distance)])))
    }

    fn constant_like(&mut self, value: Value, scalar: Scalar) -> Value {
        let loc = self.loops.values[value].loc;
        self.loops.value(Expr::Const(scalar), scalar.dtype(), loc)
    }

    fn fold_cast(&self, to: DType, arg: Value) -> Option<Folded> {
        let from = self.loops.dtype(arg);
        if from == to {
            return Some(Folded::Same(arg));
        }
        match self.loops.values[arg].expr {
            Expr::Const(scalar) => Some(Folded::Constant(scalar.cast(to))),
            Expr::Cast(origin) => {
                let original = self.loops.dtype(origin);
                if original == to && survives(original, from) {
                    return Some(Folded::Same(origin));
                }
                // Narrowing twice keeps the bits that narrowing once keeps, and so does another sign before.
                let ints = original.is_int() && from.is_int() && to.is_int();
                let skip = ints && original.bits() >= from.bits() && from.bits() >= to.bits();
                skip.then_some(Folded::Expr(Expr::Cast(origin)))
            }
            _ => None,
        }
    }

    fn statement(&mut self, mut stmt: Stmt, out: &mut Block) {
        match &mut stmt {
            Stmt::Check { ok, .. } if self.loops.constant_bool(*ok) == Some(true) => {
                self.changed = true;
                return;
            }
            Stmt::If { cond, then, otherwise } => {
                if let Some(known) = self.loops.constant_bool(*cond) {
                    let mut taken = std::mem::take(if known { then } else { otherwise });
                    self.block(&mut taken);
                    out.append(&mut taken);
                    self.changed = true;
                    return;
                }
            }
            Stmt::While { header, cond, body } => {
                self.block(header);
                *cond = self.renames.get(*cond);
                if self.loops.constant_bool(*cond) == Some(false) {
                    out.append(header);
                    self.changed = true;
                    return;
                }
                self.block(body);
                out.push(stmt);
                return;
            }
            Stmt::For { index, extent, until, body } => match self.loops.constant(*extent) {
                Some(Scalar::Usize(0)) => {
                    self.changed = true;
                    return;
                }
                Some(Scalar::Usize(1)) if until.is_none() => {
                    self.loops.values[*index].expr = Expr::Const(Scalar::Usize(0));
                    self.block(body);
                    out.append(body);
                    self.changed = true;
                    return;
                }
                _ => {}
            },
            Stmt::Parfor(parfor) => {
                let empty = |extent: &Value| self.loops.constant(*extent) == Some(Scalar::Usize(0));
                // Combining with the identity can turn -0.0 into 0.0, so an empty loop that reduces stays.
                if parfor.reductions.is_empty() && parfor.extents.iter().any(empty) {
                    self.changed = true;
                    return;
                }
                self.space = Some(parfor.indices.clone());
                self.block(&mut parfor.body);
                self.space = None;
                out.push(stmt);
                return;
            }
            _ => {}
        }
        blocks_mut(&mut stmt).for_each(|inner| self.block(inner));
        out.push(stmt);
    }
}

fn is_nan(constant: Scalar) -> bool {
    constant.is_nan()
}

/// `1 / c` if `c` is a power of two and both are normal: then `x / c` and `x * (1 / c)` round the same number.
fn exact_reciprocal(constant: Scalar) -> Option<Scalar> {
    let c = constant.as_float()?;
    let normal = |x: Scalar| match x {
        Scalar::F32(x) => x.is_normal(),
        _ => x.as_float().is_some_and(f64::is_normal),
    };
    let power_of_two = c.is_normal() && c.to_bits() << 12 == 0;
    let reciprocal = Scalar::F64(c.recip()).cast(constant.dtype());
    (power_of_two && normal(constant) && normal(reciprocal)).then_some(reciprocal)
}

/// Whether each value of a type is the same again after it was converted to another type and back.
fn survives(dtype: DType, between: DType) -> bool {
    match (dtype.class(), between.class()) {
        (Class::Bool, _) => true,
        (Class::Float, Class::Float) => between.bits() >= dtype.bits(),
        // The mantissas of floats have 24 bits and 53.
        (Class::Signed | Class::Unsigned, Class::Float) => dtype.bits() < between.bits(),
        (Class::Signed | Class::Unsigned, Class::Signed | Class::Unsigned) => between.bits() >= dtype.bits(),
        (_, _) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{check, unchanged};

    #[test]
    fn constants_decide_branches_and_loops() {
        check(
            fold_constants,
            "loops f(mut b0 a: f64[unit]) {
               v0: i64 = mul 3i64, 4i64
               v1: bool = lt v0, 20i64
               if v1 { store b0[0usize], 1.0f64 } else { store b0[1usize], 1.0f64 }
               for v2 in 0usize { store b0[v2], 2.0f64 }
               for v3 in 1usize { store b0[v3], 3.0f64 }
               while { v4: bool = gt v0, 100i64 test v4 } do { store b0[0usize], 4.0f64 }
               check v1, division_by_zero
             }",
            "loops f(mut b0 a: f64[unit]) {
               store b0[0usize], 1.0f64
               store b0[0usize], 3.0f64
             }",
        );
    }

    #[test]
    fn float_identities_that_keep_all_bits_apply() {
        check(
            fold_constants,
            "loops f(x: f64, mut b0 a: f64[unit]) {
               v0: f64 = mul x, 1.0f64
               v1: f64 = div v0, 1.0f64
               v2: f64 = add -0.0f64, v1
               v3: f64 = sub v2, 0.0f64
               v4: f64 = div v3, 4.0f64
               v5: f64 = neg v4
               v6: f64 = neg v5
               store b0[0usize], v6
             }",
            "loops f(x: f64, mut b0 a: f64[unit]) {
               v4: f64 = mul x, 0.25f64
               v5: f64 = neg v4
               store b0[0usize], v4
             }",
        );
    }

    #[test]
    fn float_identities_that_lose_zeros_or_nans_do_not() {
        unchanged(
            fold_constants,
            "loops f(x: f64, mut b0 a: f64[unit]) {
               v0: f64 = add x, 0.0f64
               v1: f64 = mul v0, 0.0f64
               v2: f64 = sub v1, v1
               v3: f64 = div v2, 3.0f64
               v4: bool = eq v3, v3
               v5: f64 = select v4, v0, v3
               store b0[0usize], v5
             }",
        );
    }

    #[test]
    fn integers_simplify() {
        check(
            fold_constants,
            "loops f(n: i64, mut b0 a: i64[unit]) {
               v0: i64 = add n, 1i64
               v1: i64 = sub v0, 3i64
               v2: i64 = sub v1, v1
               v3: i64 = add v2, v1
               v4: usize = cast v3
               v5: i64 = cast v4
               v6: bool = lt v4, 0usize
               v7: i64 = select v6, n, v5
               store b0[0usize], v7
             }",
            "loops f(n: i64, mut b0 a: i64[unit]) {
               v0: i64 = add n, 1i64
               v1: i64 = add n, -2i64
               v4: usize = cast v1
               store b0[0usize], v1
             }",
        );
    }

    #[test]
    fn counts_of_ranges_fold() {
        check(
            fold_constants,
            "loops f(n: usize, m: i32, mut b0 a: bool[unit]) {
               v1: usize = trips 0usize, n, 1usize
               v2: usize = trips 0i32, m, 2usize
               v3: usize = cast m
               v4: bool = le v2, v3
               v5: usize = trips -3i32, 8i32, 2usize
               v6: usize = trips m, m, 1usize
               store b0[v1], v4
               store b0[v5], true
               store b0[v6], true
             }",
            "loops f(n: usize, m: i32, mut b0 a: bool[unit]) {
               v2: usize = trips 0i32, m, 2usize
               v3: usize = cast m
               store b0[n], true
               store b0[6usize], true
               store b0[0usize], true
             }",
        );
    }

    #[test]
    fn counts_of_other_ranges_stay() {
        unchanged(
            fold_constants,
            "loops f(n: usize, m: i32, mut b0 a: bool[unit]) {
               v0: usize = trips 0usize, n, 2usize
               v1: usize = trips 1i32, m, 1usize
               v2: usize = cast m
               v3: bool = le v1, v2
               v4: usize = trips -1i32, m, 1usize
               v5: bool = le v4, v2
               store b0[v0], v3
               store b0[0usize], v5
             }",
        );
    }

    #[test]
    fn known_lengths_and_positions_fold() {
        check(
            fold_constants,
            "loops f(b0 a: f64[1 unit], mut b1 c: f64[unit]) {
               v0: usize = dim b0, 0
               v1: usize = dim b1, 0
               v2: usize = mul v0, v1
               parfor v3 in v2 { v4: usize = linear_index v5: f64 = cast v4 store b1[v3], v5 }
             }",
            "loops f(b0 a: f64[1 unit], mut b1 c: f64[unit]) {
               v1: usize = dim b1, 0
               parfor v3 in v1 { v5: f64 = cast v3 store b1[v3], v5 }
             }",
        );
    }
}
