//! Arithmetic of bounds and lengths in a normal form, so that lengths that are equal are one value.
//!
//! ```text
//! a[1..-1]                  max(n, 2) - 2
//! a[..-2]      check 2 <= n     n - 2            from here on max(n, 2) is n: the same length
//! zeros(n - 1 - 1)              n - 2            and so is this
//! ```
//!
//! A form is a sum of multiples of values and a constant, modulo 2^64: the arithmetic that computes lengths. Two values
//! with the same form are the same number, whatever wraps around.

use super::Lowering;
use crate::affine::{Linear, Term};
use parfuse_ir::loops::{Expr, Value};
use parfuse_ir::{DType, FaultKind, Loc, Scalar, ScalarOp, program};

/// A form follows this many operations, then takes values as they are.
const MAX_OPERATIONS: usize = 64;

/// Numbers behind lengths are looked at up to this one.
const MAX_OFFSET: i64 = 1 << 32;

/// An index into an axis, or a bound of a slice of it.
pub(super) struct Bound {
    /// It as `usize`, counted from the start.
    pub(super) value: Value,
    /// As the user wrote it, for messages.
    written: Value,
    /// How it lies to the length.
    side: Side,
}

#[derive(Clone, Copy, PartialEq)]
enum Side {
    /// This many from the start.
    Start(usize),
    /// This many before the end.
    End(usize),
    Unknown,
}

impl Bound {
    /// The start of an axis.
    pub(super) fn first(zero: Value) -> Bound {
        Bound { value: zero, written: zero, side: Side::Start(0) }
    }
    /// The end of an axis of a length.
    pub(super) fn last(length: Value) -> Bound {
        Bound { value: length, written: length, side: Side::End(0) }
    }
}

impl Lowering<'_> {
    /// An index or bound of an axis of a length. One of a signed type counts from the end if it is negative.
    pub(super) fn bound(&mut self, bound: program::Value, length: Value, loc: Loc) -> Bound {
        let narrow = self.scalar(bound);
        let written = self.wide_index(bound, loc);
        let signed = self.output.dtype(narrow).is_signed();
        if let Some(Scalar::Usize(bits)) = self.output.constant(written) {
            if signed && (bits as i64) < 0 {
                let back = (bits as i64).unsigned_abs() as usize;
                let back_value = self.usize(back);
                let value = self.difference(length, back_value, loc);
                return Bound { value, written, side: Side::End(back) };
            }
            return Bound { value: written, written, side: Side::Start(bits) };
        }
        if !signed {
            return Bound { value: written, written, side: Side::Unknown };
        }
        let backwards = self.is_negative(narrow, loc);
        let from_end = self.sum(length, written, loc);
        let value = self.pure(ScalarOp::Select, &[backwards, from_end, written], loc);
        Bound { value, written, side: Side::Unknown }
    }

    /// An integer as `usize`, sign-extended.
    fn wide_index(&mut self, index: program::Value, loc: Loc) -> Value {
        match self.wide.get(&index) {
            Some(wide) => *wide,
            None => {
                let narrow = self.scalar(index);
                self.cast(narrow, DType::Usize, loc)
            }
        }
    }

    /// Whether an integer is negative.
    pub(super) fn is_negative(&mut self, narrow: Value, loc: Loc) -> Value {
        let dtype = self.output.dtype(narrow);
        if dtype.is_unsigned() {
            return self.constant(Scalar::Bool(false));
        }
        let zero = self.constant(dtype.zero());
        self.pure(ScalarOp::Lt, &[narrow, zero], loc)
    }

    /// Checks that an index is below the length, or that a bound is not above it.
    pub(super) fn check_bound(
        &mut self,
        bound: &Bound,
        length: Value,
        kind: FaultKind,
        name: Option<&str>,
        loc: Loc,
    ) {
        let is_index = matches!(kind, FaultKind::IndexOutOfRange { .. });
        let needed = match bound.side {
            Side::Start(count) => count.saturating_add(is_index.into()),
            Side::End(count) => count,
            Side::Unknown => {
                let op = if is_index { ScalarOp::Lt } else { ScalarOp::Le };
                let ok = self.pure(op, &[bound.value, length], loc);
                self.check(ok, kind, loc, name.map(Into::into), vec![bound.written, length]);
                let form = self.form(bound.value);
                self.known.small.insert(form);
                return;
            }
        };
        if self.is_at_least(length, needed) {
            return;
        }
        let least = self.usize(needed);
        let ok = self.pure(ScalarOp::Ge, &[length, least], loc);
        self.check(ok, kind, loc, name.map(Into::into), vec![bound.written, length]);
        let length = self.canonical(length);
        self.known.at_least.insert(length, needed);
        for plainer in self.known.saturated.remove(&length).unwrap_or_default() {
            self.first_equal(plainer);
            self.known.saturated.entry(length).or_default().push(plainer);
        }
    }

    /// The first length that is known to be equal to this one.
    pub(super) fn first_equal(&mut self, length: Value) -> Value {
        let length = self.canonical(length);
        let form = self.form(length);
        let first = *self.known.lengths.entry(form).or_insert(length);
        self.same_length(first, length);
        self.canonical(length)
    }

    /// The number of indices from one bound up to another, both checked; none if the other one is below.
    pub(super) fn distance(&mut self, start: &Bound, end: &Bound, length: Value, loc: Loc) -> Value {
        // Bounds that were checked are below 2^63, so their difference has a sign.
        let between = self.form(end.value).minus(&self.form(start.value));
        if let Some(known) = between.as_constant() {
            return self.usize(known.max(0) as usize);
        }
        let is_ordered = match (start.side, end.side) {
            (Side::Start(0), _) | (_, Side::End(0)) => true,
            (Side::Start(first), Side::Unknown)
                if first <= MAX_OFFSET as usize && self.is_length_and(&between, MAX_OFFSET) =>
            {
                true
            }
            _ if self.is_length_and(&between, 0) => true,
            (Side::Start(start), Side::End(end)) => self.is_at_least(length, start.saturating_add(end)),
            _ => false,
        };
        match (start.side, end.side) {
            _ if is_ordered => self.difference(end.value, start.value, loc),
            (Side::Start(start), Side::End(end)) => {
                let both = self.usize(start.saturating_add(end));
                let enough = self.pure(ScalarOp::Max, &[length, both], loc);
                let distance = self.difference(enough, both, loc);
                let length = self.canonical(length);
                self.known.saturated.entry(length).or_default().push(distance);
                distance
            }
            _ => {
                let parts = self.form(end.value).terms.len() + self.form(start.value).terms.len();
                let end = self.pure(ScalarOp::Max, &[end.value, start.value], loc);
                let distance = self.difference(end, start.value, loc);
                if between.terms.len() < parts {
                    let distance = self.canonical(distance);
                    self.known.between.insert(distance, between);
                }
                distance
            }
        }
    }

    /// The same length, of `a[i..i + w]` without looking at `i`: it is `w`, or nothing if that is negative, since both bounds
    /// have been checked.
    pub(super) fn steady(&mut self, length: Value, loc: Loc) -> Value {
        let length = self.canonical(length);
        let Some(between) = self.known.between.get(&length).cloned() else { return length };
        let zero = self.constant(DType::Isize.zero());
        let distance = self.value_of(between, loc);
        let signed = self.cast(distance, DType::Isize, loc);
        let signed = self.pure(ScalarOp::Max, &[signed, zero], loc);
        self.cast(signed, DType::Usize, loc)
    }

    /// Checks that an array can have these lengths. From here on they are known to be lengths, also if the array never comes
    /// to be.
    pub(super) fn check_lengths(&mut self, shape: &[Value], loc: Loc) {
        for length in shape {
            let form = self.form(*length);
            if self.is_length_and(&form, 0) {
                continue;
            }
            let most = self.usize(isize::MAX as usize);
            let ok = self.pure(ScalarOp::Le, &[*length, most], loc);
            let (kind, reported) = FaultKind::array_too_large(shape, *length);
            self.check(ok, kind, loc, None, reported);
            self.known.small.insert(form);
        }
    }

    /// Whether a form is the length of an axis or a bound of a slice, which is below 2^63, and a number that is not negative nor above a limit.
    /// Of two bounds that far apart the second one is then not below the first: they are below 2^63 themselves, so their
    /// distance would have to be 2^64 less otherwise. With a number behind the length, that takes a first bound near 2^63.
    fn is_length_and(&self, form: &Linear, limit: i64) -> bool {
        match form.terms[..] {
            _ if self.known.small.contains(form) => true,
            [(Term::Value(length), 1)] => {
                let is_length = matches!(self.output.values[length].expr, Expr::Dim { .. });
                is_length && (0..=limit).contains(&form.constant)
            }
            _ => false,
        }
    }

    /// Whether a length is known to be at least this.
    fn is_at_least(&self, length: Value, least: usize) -> bool {
        let length = self.canonical(length);
        match self.output.constant(length) {
            Some(Scalar::Usize(length)) => length >= least,
            _ => least == 0 || self.known.at_least.get(&length).is_some_and(|known| *known >= least),
        }
    }

    /// The normal form of a value of 64 bits.
    pub(super) fn form(&self, value: Value) -> Linear {
        self.form_of(value, true)
    }

    /// The same; without looking through maxima it needs no form of anything else.
    fn form_of(&self, value: Value, through_maxima: bool) -> Linear {
        let mut form = Linear::default();
        let mut pending = vec![(value, 1i64)];
        let mut operations = 0;
        while let Some((value, factor)) = pending.pop() {
            let value = self.canonical(value);
            if let Some(scalar) = self.output.constant(value) {
                form = form.plus(&Linear::constant((scalar.to_bits() as i64).wrapping_mul(factor)));
                continue;
            }
            operations += 1;
            let parts = if operations > MAX_OPERATIONS { None } else { self.parts(value, through_maxima) };
            match parts {
                Some(parts) => {
                    pending.extend(parts.into_iter().map(|(part, by)| (part, factor.wrapping_mul(by))));
                }
                None => form = form.plus(&Linear::term(Term::Value(value)).times(factor)),
            }
        }
        form
    }

    /// The values, with factors, that a value is the sum of.
    fn parts(&self, value: Value, through_maxima: bool) -> Option<Vec<(Value, i64)>> {
        let data = &self.output.values[value];
        if !is_wide(data.dtype) {
            return None;
        }
        let factor = |value: Value| self.output.constant(value).map(|scalar| scalar.to_bits() as i64);
        match &data.expr {
            Expr::Op(ScalarOp::Add, operands) => Some(vec![(operands[0], 1), (operands[1], 1)]),
            Expr::Op(ScalarOp::Sub, operands) => Some(vec![(operands[0], 1), (operands[1], -1)]),
            Expr::Op(ScalarOp::Mul, operands) => match (factor(operands[0]), factor(operands[1])) {
                (Some(by), _) => Some(vec![(operands[1], by)]),
                (_, Some(by)) => Some(vec![(operands[0], by)]),
                _ => None,
            },
            Expr::Op(ScalarOp::Max, operands) if data.dtype.is_index() && through_maxima => {
                let least = factor(operands[1])?;
                // What is less than that, less that, is no length.
                let rest = || self.form_of(operands[0], false).minus(&Linear::constant(least));
                let is_larger = self.is_at_least(operands[0], least as usize)
                    || (0..=MAX_OFFSET).contains(&least) && self.known.small.contains(&rest());
                is_larger.then(|| vec![(operands[0], 1)])
            }
            Expr::Cast(from) if is_wide(self.output.dtype(*from)) => Some(vec![(*from, 1)]),
            _ => None,
        }
    }

    /// The value of a form, computed once.
    fn value_of(&mut self, form: Linear, loc: Loc) -> Value {
        if let Some(constant) = form.as_constant() {
            return self.usize(constant as usize);
        }
        if let [(Term::Value(value), 1)] = form.terms[..]
            && form.constant == 0
            && self.output.dtype(value).is_index()
        {
            return value;
        }
        if let Some(value) = self.known.sums.get(&form) {
            return *value;
        }
        let mut sum: Option<Value> = None;
        let (added, taken): (Vec<_>, Vec<_>) = form.terms.iter().copied().partition(|(_, by)| *by > 0);
        let constant = (form.constant != 0).then_some(form.constant);
        for (term, by) in added.into_iter().chain(taken) {
            let Term::Value(value) = term else { unreachable!("lengths are values here") };
            let value = self.cast(value, DType::Usize, loc);
            sum = Some(self.accumulated(sum, value, by, loc));
        }
        if let Some(constant) = constant {
            let size = self.usize(constant.unsigned_abs() as usize);
            sum = Some(self.accumulated(sum, size, constant.signum(), loc));
        }
        let value = sum.expect("the form has a term");
        self.known.sums.insert(form, value);
        value
    }

    /// A sum and a multiple of a value.
    fn accumulated(&mut self, sum: Option<Value>, value: Value, by: i64, loc: Loc) -> Value {
        let factor = self.usize(by.unsigned_abs() as usize);
        let size = self.plain_op(ScalarOp::Mul, value, factor, loc);
        match (sum, by > 0) {
            (None, true) => size,
            (Some(sum), true) => self.op(ScalarOp::Add, &[sum, size], loc),
            (sum, false) => {
                let zero = self.usize(0);
                self.op(ScalarOp::Sub, &[sum.unwrap_or(zero), size], loc)
            }
        }
    }

    /// `a + b`.
    pub(super) fn sum(&mut self, a: Value, b: Value, loc: Loc) -> Value {
        let form = self.form(a).plus(&self.form(b));
        self.value_of(form, loc)
    }

    /// `a - b`.
    pub(super) fn difference(&mut self, a: Value, b: Value, loc: Loc) -> Value {
        let form = self.form(a).minus(&self.form(b));
        self.value_of(form, loc)
    }

    /// `a · b`.
    pub(super) fn product(&mut self, a: Value, b: Value, loc: Loc) -> Value {
        match self.form(a).product(&self.form(b)) {
            Some(form) => self.value_of(form, loc),
            None => self.pure(ScalarOp::Mul, &[a, b], loc),
        }
    }

    /// `start + i · step`.
    pub(super) fn displaced(&mut self, start: Value, i: Value, step: Value, loc: Loc) -> Value {
        let distance = self.product(i, step, loc);
        self.sum(start, distance, loc)
    }

    /// An operation of this pass that may have been performed before.
    pub(super) fn pure(&mut self, op: ScalarOp, operands: &[Value], loc: Loc) -> Value {
        match (op, operands) {
            (ScalarOp::Select, [_, a, b]) if a == b => return *a,
            (ScalarOp::Select, [cond, a, b]) => {
                if let Some(cond) = self.output.constant(*cond) {
                    return if cond == Scalar::Bool(true) { *a } else { *b };
                }
            }
            _ => {}
        }
        let operands: Vec<Value> = operands.iter().map(|operand| self.canonical(*operand)).collect();
        if let Some(value) = self.known.results.get(&(op, operands.clone())) {
            return *value;
        }
        let value = self.op(op, &operands, loc);
        self.known.results.insert((op, operands), value);
        value
    }
}

fn is_wide(dtype: DType) -> bool {
    dtype.is_wide_int()
}
