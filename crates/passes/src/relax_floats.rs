//! In programs with fast mathematics: fewer and cheaper operations on floats in place of those that were written.
//!
//! ```text
//! v3: [f64; 1] = mul a, b        ⇒   (v3 is needed no longer)
//! v4: [f64; 1] = add v3, c           v4: [f64; 1] = mul_add a, b, c
//!
//! v3: [f64; 1] = div a, s        ⇒   v5: f64 = div 1.0f64, s
//! v4: [f64; 1] = mul v3, 0.5f64      v6: f64 = mul v5, 0.5f64
//!                                    v4: [f64; 1] = mul a, v6
//! ```
//!
//! * A product that is added to something becomes one operation with one rounding.
//! * Division by what is the same for many dividends (a constant, a scalar under an array, a value from outside of the
//!   loop), or divides several of them, becomes multiplication by the reciprocal.
//! * Factors that are the same for many elements are multiplied with each other first.
//!
//! This is the one pass that changes bits, and the only place that knows of [`Math::Fast`]: the program that comes out
//! says what is computed, as any other does, so that all who run it agree. It is therefore a pass over programs, before
//! loops are made and fused, which depends on layouts and options.
//!
//! What is accumulated in a `prange` stays as it is: reductions are known by their form. The values that are needed no
//! longer stay too, for the checks of shapes that belong to them; later passes drop what nobody uses.

use crate::Changed;
use crate::hash::{FastMap, FastSet};
use parfuse_ir::program::{Block, Expr, Math, Program, Stmt, Type, Value, Var, walk};
use parfuse_ir::{Loc, Scalar, ScalarOp};

/// Makes the operations on floats fewer and cheaper, if the program allows it.
pub fn relax_floats(program: &mut Program) -> Changed {
    if program.math == Math::Strict {
        return Changed::No;
    }
    let mut body = std::mem::take(&mut program.body);
    let shared = shared_variables(program, &body);
    let mut relaxing = Relaxing {
        program,
        shared,
        carried: FastSet::default(),
        levels: FastMap::default(),
        spans: FastMap::default(),
        span: 0,
        depth: 0,
        in_prange: false,
        changed: false,
    };
    relaxing.block(&mut body);
    let changed = relaxing.changed;
    program.body = body;
    changed.into()
}

/// How often a value changes: a constant never, an array from element to element.
type Level = u32;

const CONSTANT: Level = 0;
const ARRAY: Level = Level::MAX;

struct Relaxing<'p> {
    program: &'p mut Program,
    /// The variables that may be reductions of a `prange`.
    shared: FastSet<Var>,
    /// The values computed from them inside it.
    carried: FastSet<Value>,
    levels: FastMap<Value, Level>,
    /// By value, the span of code that computes it; no variable changes within a span.
    spans: FastMap<Value, u32>,
    span: u32,
    /// The loops and closures around.
    depth: u32,
    in_prange: bool,
    changed: bool,
}

/// What is known while a block is rewritten.
struct Here {
    /// What stands before this place, rewritten.
    done: Block,
    /// The statements passed that may change variables.
    changes: usize,
    /// How often a value divides, by [`Here::key`].
    divisions: FastMap<(Value, usize), usize>,
    /// Reciprocals computed before, likewise.
    reciprocals: FastMap<(Value, usize), Value>,
}

impl Here {
    /// A divisor, where it is the same: an array until a variable changes, a scalar throughout.
    fn key(divisor: Value, ty: Type, changes: usize) -> (Value, usize) {
        (divisor, if ty.rank().is_some() { changes } else { 0 })
    }
}

/// Whether a statement may change a variable.
fn changes_variables(stmt: &Stmt) -> bool {
    !matches!(stmt, Stmt::Let(_) | Stmt::Check { .. })
}

impl Relaxing<'_> {
    fn block(&mut self, block: &mut Block) {
        let divisions = self.divisions(block);
        let mut here = Here { done: Block::new(), changes: 0, divisions, reciprocals: FastMap::default() };
        for mut stmt in std::mem::take(block) {
            match &mut stmt {
                Stmt::Let(value) => {
                    self.closure(*value);
                    self.value(*value, &mut here);
                }
                Stmt::If { then, otherwise, .. } => {
                    self.block(then);
                    self.block(otherwise);
                }
                Stmt::While { header, body, .. } => self.repeated(&[], &mut [header, body]),
                Stmt::For { index, order, body, .. } => {
                    let around = self.in_prange;
                    self.in_prange |= order.is_parallel();
                    self.repeated(&[*index], &mut [body]);
                    self.in_prange = around;
                }
                Stmt::Scope { body } => self.block(body),
                Stmt::Assign { .. }
                | Stmt::Store { .. }
                | Stmt::Update { .. }
                | Stmt::Resize { .. }
                | Stmt::Leave { .. }
                | Stmt::Call { .. }
                | Stmt::Check { .. } => {}
            }
            if changes_variables(&stmt) {
                here.changes += 1;
                self.span += 1;
            }
            here.done.push(stmt);
        }
        *block = here.done;
    }

    /// The blocks of a loop or closure, which binds these values.
    fn repeated(&mut self, bound: &[Value], blocks: &mut [&mut Block]) {
        self.span += 1;
        self.depth += 1;
        for value in bound {
            self.levels.insert(*value, self.depth + 1);
        }
        blocks.iter_mut().for_each(|block| self.block(block));
        self.depth -= 1;
    }

    /// The code inside a value.
    fn closure(&mut self, value: Value) {
        let Expr::Map { params, body, .. } = &mut self.program.values[value].expr else { return };
        let (params, mut code) = (params.clone(), std::mem::take(body));
        self.repeated(&params, &mut [&mut code]);
        if let Expr::Map { body, .. } = &mut self.program.values[value].expr {
            *body = code;
        }
    }

    /// How often each value divides floats in a block.
    fn divisions(&self, block: &Block) -> FastMap<(Value, usize), usize> {
        let (mut counts, mut changes) = (FastMap::default(), 0);
        for stmt in block {
            if let Stmt::Let(value) = stmt
                && let Expr::Op(ScalarOp::Div, args) = &self.program.values[*value].expr
                && !self.is_one(args[0])
            {
                *counts.entry(Here::key(args[1], self.program.ty(args[1]), changes)).or_insert(0) += 1;
            }
            changes += changes_variables(stmt) as usize;
        }
        counts
    }

    fn value(&mut self, value: Value, here: &mut Here) {
        self.define(value);
        let data = &self.program.values[value];
        let loc = data.loc;
        let carried = match &data.expr {
            Expr::Var(var) => self.in_prange && self.shared.contains(var),
            Expr::Op(_, args) => args.iter().any(|arg| self.carried.contains(arg)),
            _ => false,
        };
        if carried {
            self.carried.insert(value);
            return;
        }
        let Expr::Op(op, args) = &data.expr else { return };
        let (op, &[a, b], true) = (*op, &args[..], data.ty.dtype().is_float()) else { return };
        let relaxed = match op {
            ScalarOp::Add => self.sum(a, b),
            ScalarOp::Sub => self.difference(a, b, loc, here),
            ScalarOp::Mul => self.scaled(a, b, loc, here),
            ScalarOp::Div => self.quotient(a, b, loc, here),
            _ => None,
        };
        if let Some(expr) = relaxed {
            self.program.values[value].expr = expr;
            self.changed = true;
        }
    }

    /// `p * q + c` in place of a sum.
    fn sum(&self, a: Value, b: Value) -> Option<Expr> {
        [(b, a), (a, b)].into_iter().find_map(|(product, c)| {
            let (p, q) = self.product(product, c)?;
            Some(Expr::Op(ScalarOp::MulAdd, vec![p, q, c]))
        })
    }

    /// `-p * q + c`, if negating a factor costs nothing, or `p * q + -c`, if negating `c` does not.
    fn difference(&mut self, a: Value, b: Value, loc: Loc, here: &mut Here) -> Option<Expr> {
        if let Some((p, q)) = self.product(b, a) {
            let (x, factor) = self.by_level(p, q)?;
            let factor = self.negated(factor, loc, here);
            return Some(Expr::Op(ScalarOp::MulAdd, vec![x, factor, a]));
        }
        let (p, q) = self.product(a, b)?;
        if self.level(b) >= self.level(a) {
            return None;
        }
        let b = self.negated(b, loc, here);
        Some(Expr::Op(ScalarOp::MulAdd, vec![p, q, b]))
    }

    /// `x * (w * factor)` in place of `(x * w) * factor`, if both change more seldom than `x`.
    fn scaled(&mut self, a: Value, b: Value, loc: Loc, here: &mut Here) -> Option<Expr> {
        let (product, factor) = self.by_level(a, b)?;
        let (p, q) = match &self.program.values[product].expr {
            Expr::Op(ScalarOp::Mul, args) if self.may_look_into(product) => (args[0], args[1]),
            _ => return None,
        };
        let (x, w) = self.by_level(p, q)?;
        if self.level(factor) >= self.level(x) {
            return None;
        }
        let both = match (self.program.constant(w), self.program.constant(factor)) {
            (Some(w), Some(factor)) => self.constant(ScalarOp::Mul.eval(&[w, factor]), loc)?,
            _ => {
                let relaxed = self.scaled(w, factor, loc, here);
                let expr = relaxed.unwrap_or(Expr::Op(ScalarOp::Mul, vec![w, factor]));
                self.compute(expr, self.program.ty(w), loc, here)
            }
        };
        Some(Expr::Op(ScalarOp::Mul, vec![x, both]))
    }

    /// `a * (1 / b)` in place of `a / b`.
    fn quotient(&mut self, a: Value, b: Value, loc: Loc, here: &mut Here) -> Option<Expr> {
        if self.is_one(a) {
            return None;
        }
        let ty = self.program.ty(b);
        let one = ty.dtype().one();
        let reciprocal = match self.program.constant(b) {
            Some(b) => self.constant(ScalarOp::Div.eval(&[one, b]), loc)?,
            None => {
                let key = Here::key(b, ty, here.changes);
                let often = here.divisions.get(&key).is_some_and(|count| *count > 1);
                if !often && self.level(b) >= self.level(a) {
                    return None;
                }
                match here.reciprocals.get(&key) {
                    Some(known) => *known,
                    None => {
                        let one = self.program.value(Expr::Const(one), Type::scalar(one.dtype()), loc);
                        let made = self.compute(Expr::Op(ScalarOp::Div, vec![one, b]), ty, loc, here);
                        here.reciprocals.insert(key, made);
                        made
                    }
                }
            }
        };
        Some(self.scaled(a, reciprocal, loc, here).unwrap_or(Expr::Op(ScalarOp::Mul, vec![a, reciprocal])))
    }

    /// The factors of a product that is added to `c`, if computing it there costs nothing.
    fn product(&self, value: Value, c: Value) -> Option<(Value, Value)> {
        let factors = match &self.program.values[value].expr {
            Expr::Op(ScalarOp::Mul, args) => (args[0], args[1]),
            Expr::Op(ScalarOp::Powi, args) if self.program.constant(args[1]) == Some(Scalar::I32(2)) => {
                (args[0], args[0])
            }
            _ => return None,
        };
        (self.may_look_into(value) && self.level(value) >= self.level(c)).then_some(factors)
    }

    /// Whether the operands of a value are now what they were when it was computed, and it may be taken apart.
    fn may_look_into(&self, value: Value) -> bool {
        let Expr::Op(_, args) = &self.program.values[value].expr else { return false };
        let arrays = args.iter().any(|arg| self.program.ty(*arg).rank().is_some());
        !self.carried.contains(&value) && (!arrays || self.spans.get(&value) == Some(&self.span))
    }

    /// Two values, the one that changes more often first; nothing if both are alike.
    fn by_level(&self, a: Value, b: Value) -> Option<(Value, Value)> {
        match self.level(a).cmp(&self.level(b)) {
            std::cmp::Ordering::Greater => Some((a, b)),
            std::cmp::Ordering::Less => Some((b, a)),
            std::cmp::Ordering::Equal => None,
        }
    }

    fn level(&self, value: Value) -> Level {
        let data = &self.program.values[value];
        match data.expr {
            Expr::Const(_) => CONSTANT,
            _ if data.ty.rank().is_some() => ARRAY,
            Expr::Param(_) => 1,
            _ => self.levels.get(&value).copied().unwrap_or(ARRAY - 1),
        }
    }

    fn is_one(&self, value: Value) -> bool {
        self.program.constant(value).is_some_and(|constant| constant == constant.dtype().one())
    }

    /// Notes where a value is computed. What is computed from the values of an outer loop belongs there.
    fn define(&mut self, value: Value) {
        let level = match &self.program.values[value].expr {
            Expr::Op(_, args) => args.iter().map(|arg| self.level(*arg)).max().unwrap_or(CONSTANT),
            Expr::Cast(arg) => self.level(*arg),
            _ => self.depth + 1,
        };
        self.levels.insert(value, level.max(1));
        self.spans.insert(value, self.span);
    }

    /// A new value, computed here.
    fn compute(&mut self, expr: Expr, ty: Type, loc: Loc, here: &mut Here) -> Value {
        let value = self.program.value(expr, ty, loc);
        self.define(value);
        here.done.push(Stmt::Let(value));
        value
    }

    /// A constant, if it is a number with all its digits.
    fn constant(&mut self, scalar: Scalar, loc: Loc) -> Option<Value> {
        let is_normal = match scalar {
            Scalar::F64(x) => x.is_normal(),
            Scalar::F32(x) => x.is_normal(),
            _ => false,
        };
        is_normal.then(|| self.program.value(Expr::Const(scalar), Type::scalar(scalar.dtype()), loc))
    }

    fn negated(&mut self, value: Value, loc: Loc, here: &mut Here) -> Value {
        let ty = self.program.ty(value);
        match self.program.constant(value) {
            Some(constant) => self.program.value(Expr::Const(ScalarOp::Neg.eval(&[constant])), ty, loc),
            None => self.compute(Expr::Op(ScalarOp::Neg, vec![value]), ty, loc, here),
        }
    }
}

/// The variables that are assigned outside of the `prange`, or in several: all its reductions are among them.
fn shared_variables(program: &Program, body: &Block) -> FastSet<Var> {
    let mut found = FastSet::default();
    let mut places: FastMap<Var, usize> = FastMap::default();
    let mut pranges = 0;
    // The context is the number of the `prange` that a block belongs to; 0 outside.
    walk::visit_within(program, body, 0, |stmt, place| match stmt {
        Stmt::Assign { var, .. } => {
            if place == 0 || *places.entry(*var).or_insert(place) != place {
                found.insert(*var);
            }
            place
        }
        Stmt::For { order, .. } if place == 0 && order.is_parallel() => {
            pranges += 1;
            pranges
        }
        _ => place,
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the pass makes of a program; it must be well-formed, and a second run find nothing to do.
    fn relaxed(text: &str) -> String {
        let mut program = Program::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        program.verify().unwrap_or_else(|error| panic!("{error}\n{text}"));
        let changed = relax_floats(&mut program);
        program.verify().unwrap_or_else(|error| panic!("{error}\n{program}"));
        let result = program.to_string();
        assert_eq!(relax_floats(&mut program), Changed::No, "a second run finds more to do\n{program}");
        assert_eq!(changed.yes(), Program::parse(text).unwrap().to_string() != result);
        result
    }

    #[test]
    fn strict_programs_stay_as_they_are() {
        let text = "program f(a: [f64; 1]) -> [f64; 1] {
            MATH
            v2: [f64; 1] = div a, 3.0f64
            v3: [f64; 1] = add v2, a
            return v3
        }";
        assert!(relaxed(&text.replace("MATH", "math fast")).contains("mul_add a, 0.3333333333333333f64, a"));
        assert!(!relaxed(&text.replace("MATH", "")).contains("mul"));
    }

    #[test]
    fn a_product_of_an_array_that_has_changed_since_stays() {
        let text = "program f(mut a: [f64; 1], s: f64) -> [f64; 1] {
            math fast
            var x0 a: [f64; 1] is p0
            v2: [f64; 1] = x0
            v3: [f64; 1] = mul v2, s
            CHANGE
            v4: [f64; 1] = add v3, s
            return v4
        }";
        assert!(relaxed(&text.replace("CHANGE", "")).contains("mul_add"));
        assert!(!relaxed(&text.replace("CHANGE", "update x0, 1.0f64")).contains("mul_add"));
    }

    #[test]
    fn constants_without_a_normal_reciprocal_divide() {
        for divisor in ["0.0f64", "1e-310f64", "f64(0x7ff0000000000000)"] {
            let text = format!(
                "program f(a: [f64; 1]) -> [f64; 1] {{ math fast v2: [f64; 1] = div a, {divisor} return v2 }}"
            );
            assert!(relaxed(&text).contains("div a"), "{divisor}");
        }
    }
}
