//! Rust's operators: `-` `!` `*` `&`, the binary ones, `as`, `&&` and `||`.
//!
//! ```text
//! a / b      check ne b, 0 → division_by_zero     (integers, unless b is a constant other than 0)
//!            div a, b
//! a << b     shl a, (b as type of a)
//! a && b     and a, b                             (b cannot fail and has no effects)
//!            if a { b } else { false }            (otherwise)
//! ```
//!
//! Both operands of an arithmetic operator have one element type. Either may be an array.

use crate::closures;
use crate::errors::{At, Step, mistake};
use crate::records::{Items, Whole};
use crate::state::{Held, IntegerCheck, Kind, Literal, State, Ty};
use crate::types::Class;
use crate::{CastTarget, Tracer, Value};
use parfuse_ir::program::{self, Block, Expr, Stmt};
use parfuse_ir::{DType, FaultKind, ReduceOp, Scalar, ScalarOp};

impl Tracer {
    /// `-v`, `!v`, `*v`, `&v`, `&mut v`.
    pub fn unary(&self, op: &'static str, v: Value<'_>, at: At) -> Value<'_> {
        if let Some(vector) = self.referred_vector(op, v) {
            return vector;
        }
        if matches!(op, "&" | "&mut" | "*") && self.is_list(v) {
            return Value { tracer: self, id: v.id };
        }
        if let Some(value) = self.own_unary(op, Value { tracer: self, id: v.id }, at) {
            return value;
        }
        let v = self.id(v);
        self.step(at, |state| match op {
            "-" => {
                state.doing = "`-`".into();
                let value = state.read(v, at)?;
                let negated = state.negate(value, at)?;
                state.watch_overflow(negated);
                Ok(Kind::Plain(negated))
            }
            "!" => {
                state.doing = "`!`".into();
                let value = state.read(v, at)?;
                Ok(Kind::Plain(state.op(ScalarOp::Not, &[value], at)?))
            }
            "&mut" if matches!(state.kind(v), Kind::Optional(Held::Variable { .. })) => {
                state.option_to_change(v, &[], at)
            }
            "&" | "&mut" => Ok(state.borrow(v)),
            "*" => Ok(state.dereference(v)),
            _ => mistake(format!("the operator `{op}` is not supported in a kernel")),
        })
    }

    /// A binary operator other than `&&` and `||`.
    pub fn binary(&self, op: &'static str, a: Value<'_>, b: Value<'_>, at: At) -> Value<'_> {
        let (a, b) = (self.id(a), self.id(b));
        let [first, second] = [a, b].map(|id| Value { tracer: self, id });
        if matches!(op, "==" | "!=") && self.with(|state| state.are_arrays(a, b)) {
            let same = self.equal_arrays(first, second, at);
            return if op == "==" { same } else { self.unary("!", same, at) };
        }
        if let Some(value) = self.own_binary(op, first, second, at) {
            return value;
        }
        self.step(at, |state| {
            state.doing = format!("`{op}`").into();
            if matches!(op, "==" | "!=")
                && let Some(same) = state.equal_parts(a, b, at)?
            {
                return Ok(Kind::Plain(if op == "==" {
                    same
                } else {
                    state.op(ScalarOp::Not, &[same], at)?
                }));
            }
            if matches!(op, "<" | "<=" | ">" | ">=")
                && let (Kind::Tuple(_), Kind::Tuple(_)) = (state.kind(a), state.kind(b))
                && state.record_array(a).is_none()
            {
                return state.tuple_comparison(op, a, b, at).map(Kind::Plain);
            }
            let (a, b) = (state.read(a, at)?, state.read(b, at)?);
            let is_comparison = matches!(op, "==" | "!=" | "<" | "<=" | ">" | ">=");
            if is_comparison && (state.ty(a).rank.is_some() || state.ty(b).rank.is_some()) {
                return mistake(format!(
                    "`{op}` of whole arrays is not supported in a kernel; compare their elements"
                ));
            }
            let result = state.binary(op, a, b, at)?;
            state.watch_overflow(result);
            Ok(Kind::Plain(result))
        })
    }

    /// `v as T`.
    pub fn cast<T: CastTarget>(&self, v: Value<'_>, at: At) -> Value<'_> {
        self.cast_to(v, T::DTYPE, at)
    }
    /// `v as dtype`; an array is converted element by element.
    pub fn cast_to(&self, v: Value<'_>, dtype: DType, at: At) -> Value<'_> {
        let v = self.id(v);
        self.step(at, |state| {
            state.doing = "`as`".into();
            let value = state.read(state.number_of(v), at)?;
            state.close_type(state.ty(value).dtype)?;
            let class = state.class(value);
            let to = state.types.known(dtype);
            // A literal right under `as` takes the target's type if it can, as in rustc.
            let bound_to_a_name = state.program.values[value].name.is_some();
            let literal = state.literals.get(&value).copied().filter(|_| !bound_to_a_name);
            match (literal, class) {
                (Some(literal @ Literal::Integer(_)), Class::Integer) if dtype.is_int() => {
                    return Ok(Kind::Plain(state.replace_literal(value, literal, to, at)));
                }
                (Some(literal @ Literal::Float(_)), Class::Float) if dtype.is_float() => {
                    return Ok(Kind::Plain(state.replace_literal(value, literal, to, at)));
                }
                _ => {}
            }
            if dtype.is_bool() && class != Class::Known(DType::Bool) {
                let shown = state.types.show(state.ty(value).dtype);
                return mistake(format!("{shown} cannot be cast to bool; compare with zero: `x != 0`"));
            }
            if class == Class::Known(dtype) {
                return Ok(Kind::Plain(value));
            }
            if let Class::Complex(_) = class {
                return mistake("`as` of a complex number; convert its parts, `z.re as f32`");
            }
            if class == Class::Any {
                return mistake("`as` of a value whose type is not known yet; annotate it");
            }
            Ok(Kind::Plain(state.cast(value, to, at)?))
        })
    }

    /// `a && b` or `a || b`. The right side is traced, and evaluated by the kernel only if the left side does
    /// not decide, or if evaluating it cannot be noticed.
    pub(crate) fn trace_logical<'t>(
        &'t self,
        is_and: bool,
        a: Value<'t>,
        b: &mut dyn closures::Block<(), Value<'t>>,
        at: At,
    ) -> Value<'t> {
        if let Some(refused) = self.too_deep(at) {
            return refused;
        }
        let a = self.id(a);
        let left = self.with(|state| {
            let left = state.condition(a, at);
            state.open();
            left
        });
        let b = self.value_of(b, ());
        let b = self.id(b);
        self.step(at, |state| {
            let right = state.condition(b, at);
            let block = state.close();
            let (left, right) = (left?, right?);
            if block.iter().all(|stmt| state.is_quiet(stmt)) {
                state.splice(block);
                let op = if is_and { ScalarOp::And } else { ScalarOp::Or };
                return Ok(Kind::Plain(state.op(op, &[left, right], at)?));
            }
            let dtype = state.types.known(DType::Bool);
            let var = state.new_var(
                if is_and { "and" } else { "or" },
                Ty { dtype, rank: None, of_arrays: false },
                None,
            );
            let decided = state.constant(Scalar::Bool(!is_and), at);
            let mut evaluate: Block = block;
            evaluate.push(Stmt::Assign { var, value: right });
            let skip = vec![Stmt::Assign { var, value: decided }];
            let (then, otherwise) = if is_and { (evaluate, skip) } else { (skip, evaluate) };
            state.push(Stmt::If { cond: left, then, otherwise });
            Ok(Kind::Plain(state.read_var(var, at)?))
        })
    }
}

impl State {
    /// One of two values of one type.
    pub(crate) fn select(
        &mut self,
        cond: program::Value,
        yes: program::Value,
        no: program::Value,
        at: At,
    ) -> Step<program::Value> {
        let (a, b) = (self.ty(yes).dtype, self.ty(no).dtype);
        self.unify(a, b, "the two choices")?;
        self.op(ScalarOp::Select, &[cond, yes, no], at)
    }

    /// `&v`: a reference to a variable stays one when it is bound to a name.
    pub(crate) fn borrow(&mut self, handle: u32) -> Kind {
        self.referred(handle, true)
    }

    /// `*v`: the variable or element that a reference refers to.
    fn dereference(&mut self, handle: u32) -> Kind {
        self.referred(handle, false)
    }

    fn referred(&mut self, handle: u32, borrowed: bool) -> Kind {
        match self.kind(handle) {
            Kind::Variable { var, .. } => Kind::Variable { var, borrowed },
            Kind::Element { place, index, .. } => Kind::Element { place, index, borrowed },
            Kind::Place(place)
                if self.is_row_by_value(&Kind::Place(place)) || self.is_of_vector(&Kind::Place(place)) =>
            {
                self.row_by_reference(place)
            }
            Kind::Tuple(items) if items.of != Whole::Tuples => {
                let of = items.of;
                let fields = items.into_iter().map(|item| {
                    let kind = self.referred(item, borrowed);
                    self.handle(kind)
                });
                Kind::Tuple(Items::with(of, fields.collect()))
            }
            kind => kind,
        }
    }

    pub(crate) fn negate(&mut self, value: program::Value, at: At) -> Step<program::Value> {
        let dtype = self.ty(value).dtype;
        match self.literals.get(&value) {
            Some(Literal::Integer(number)) => {
                let negated = Literal::Integer(-number);
                Ok(self.replace_literal(value, negated, dtype, at))
            }
            Some(Literal::Float(number)) => {
                let negated = Literal::Float(-number);
                Ok(self.replace_literal(value, negated, dtype, at))
            }
            _ => self.op(ScalarOp::Neg, &[value], at),
        }
    }

    /// A binary operator applied element by element; comparisons included.
    pub(crate) fn binary(
        &mut self,
        op: &str,
        a: program::Value,
        b: program::Value,
        at: At,
    ) -> Step<program::Value> {
        let operation = match op {
            "+" => ScalarOp::Add,
            "-" => ScalarOp::Sub,
            "*" => ScalarOp::Mul,
            "/" => ScalarOp::Div,
            "%" => ScalarOp::Rem,
            "&" => ScalarOp::And,
            "|" => ScalarOp::Or,
            "^" => ScalarOp::Xor,
            "<<" => ScalarOp::Shl,
            ">>" => ScalarOp::Shr,
            "==" => ScalarOp::Eq,
            "!=" => ScalarOp::Ne,
            "<" => ScalarOp::Lt,
            "<=" => ScalarOp::Le,
            ">" => ScalarOp::Gt,
            ">=" => ScalarOp::Ge,
            _ => return mistake(format!("the operator `{op}` is not supported in a kernel")),
        };
        match operation {
            ScalarOp::Shl | ScalarOp::Shr => {
                let count = self.shift_count(a, b, at)?;
                self.op(operation, &[a, count], at)
            }
            _ => {
                let dtype = self.operand_types(op, operation, a, b)?;
                if matches!(operation, ScalarOp::Div | ScalarOp::Rem) {
                    self.check_divisor(a, b, at)?;
                }
                let rank = [a, b].iter().filter_map(|operand| self.ty(*operand).rank).max();
                self.emit(Expr::Op(operation, vec![a, b]), Ty { dtype, rank, of_arrays: false }, at)
            }
        }
    }

    pub(crate) fn same_types(&mut self, op: &str, a: program::Value, b: program::Value) -> Step<()> {
        let (left, right) = (self.ty(a).dtype, self.ty(b).dtype);
        self.types.unify(left, right).or_else(|(left, right)| {
            mistake(format!(
                "`{op}` of {left} and {right}: both sides must have one type; convert one with `as`"
            ))
        })
    }

    /// The right side of a shift, in the type of the left: it may be of any integer type in Rust.
    fn shift_count(&mut self, a: program::Value, b: program::Value, at: At) -> Step<program::Value> {
        let (to, from) = (self.ty(a).dtype, self.ty(b).dtype);
        let fresh_literal = self.class(b) == Class::Integer && self.program.values[b].name.is_none();
        if let (Some(literal), true) = (self.literals.get(&b).copied(), fresh_literal) {
            return Ok(self.replace_literal(b, literal, to, at));
        }
        if self.types.dtype(to).is_some() && self.types.dtype(from) == self.types.dtype(to) {
            return Ok(b);
        }
        match self.types.class(from) {
            Class::Known(dtype) if !dtype.is_int() => {
                mistake(format!("a shift by {dtype}; shift by an integer"))
            }
            Class::Float => mistake("a shift by a float; shift by an integer"),
            class => {
                let count = match (class, self.types.dtype(to)) {
                    (Class::Known(from), Some(to)) if from.bits() > to.bits() => {
                        self.short_count(b, to, at)?
                    }
                    _ => b,
                };
                self.cast(count, to, at)
            }
        }
    }

    /// The count of a shift of a number with fewer bits than the count has: one that is the width or more stays so when
    /// its high bits are gone.
    fn short_count(&mut self, count: program::Value, dtype: DType, at: At) -> Step<program::Value> {
        let [none, width] = [0, dtype.bits() as i32].map(|number| self.small(number, count, at));
        let is_less = self.op(ScalarOp::Lt, &[count, width], at)?;
        let is_count = self.op(ScalarOp::Ge, &[count, none], at)?;
        let is_short = self.op(ScalarOp::And, &[is_less, is_count], at)?;
        self.op(ScalarOp::Select, &[is_short, count, width], at)
    }

    /// Checks that an integer divisor is not zero.
    pub(crate) fn check_divisor(&mut self, a: program::Value, b: program::Value, at: At) -> Step<()> {
        let class = self.class(b);
        let cannot_be_zero = self.known_integer(b).is_some_and(|number| number != 0);
        let is_float = matches!(class, Class::Float | Class::Complex(_))
            || matches!(class, Class::Known(dtype) if dtype.is_float());
        if cannot_be_zero || is_float {
            return Ok(());
        }
        let first = self.program.values.len();
        let zero = self.small(0, b, at);
        let mut ok = self.op(ScalarOp::Ne, &[b, zero], at)?;
        let bool_type = self.types.known(DType::Bool);
        if self.ty(ok).rank.is_some() {
            let scalar = Ty { dtype: bool_type, rank: None, of_arrays: false };
            ok = self.emit(Expr::Reduce { fold: ReduceOp::And.into(), array: ok, axis: None }, scalar, at)?;
        }
        if self.ty(a).rank.is_some() {
            // Nothing is divided if there is nothing to divide.
            let usize_type = self.types.known(DType::Usize);
            let len = self.emit(Expr::Len(a), Ty { dtype: usize_type, rank: None, of_arrays: false }, at)?;
            let none = self.constant(Scalar::Usize(0), at);
            let empty = self.op(ScalarOp::Eq, &[len, none], at)?;
            ok = self.op(ScalarOp::Or, &[ok, empty], at)?;
        }
        let dtype = self.ty(b).dtype;
        self.integer_checks.push(IntegerCheck { divisor: dtype, values: first..self.program.values.len() });
        self.check(ok, FaultKind::DivisionByZero, at);
        Ok(())
    }

    /// Whether a statement can be executed although the user's program would not, without a difference.
    pub(crate) fn is_quiet(&self, stmt: &Stmt) -> bool {
        let Stmt::Let(value) = stmt else { return false };
        if self.ty(*value).rank.is_some() {
            return false;
        }
        match &self.program.values[*value].expr {
            Expr::Op(..) | Expr::Cast(_) | Expr::Complex { .. } | Expr::Part { .. } => true,
            Expr::Var(_) | Expr::Dim { .. } | Expr::Len(_) => true,
            Expr::Const(_) | Expr::Param(_) | Expr::Bound => true,
            Expr::Index { .. }
            | Expr::View { .. }
            | Expr::Fill { .. }
            | Expr::Copy(_)
            | Expr::Reshape { .. }
            | Expr::Random { .. }
            | Expr::Map { .. }
            | Expr::Reduce { .. } => false,
        }
    }
}
