//! How numbers compare: `partial_cmp`, `total_cmp`, `cmp`.
//!
//! ```text
//! a.partial_cmp(&b)    (neither is NaN, (lt a b, gt a b))
//! a.total_cmp(&b)      (lt r s, gt r s), r and s the bits as integers, those of negative numbers turned around
//! (a, b).cmp(&(c, d))  (lt a c | eq a c & lt b d, …)      the first parts that differ
//! Reverse(a)           a tuple of one part, which compares the other way around
//! ```

use crate::errors::{At, Problem, Step};
use crate::records::{Items, Whole};
use crate::state::{Held, Kind, State};
use crate::types::Class;
use crate::{Method, Tracer, Value};
use parfuse_ir::{FaultKind, ScalarOp, program};

/// How two values compare.
pub(crate) struct Compared {
    pub(crate) less: program::Value,
    pub(crate) greater: program::Value,
    /// Whether no number that decided is NaN.
    pub(crate) present: program::Value,
}

impl Tracer {
    /// `Reverse(value)`.
    pub fn turned_around(&self, value: Value<'_>, at: At) -> Value<'_> {
        let value = self.id(value);
        self.step(at, |state| {
            let value = state.snapshot(value, at)?;
            let value = state.handle(value);
            Ok(Kind::Tuple(Items::with(Whole::TurnedAround, vec![value])))
        })
    }

    /// `order.then(other)`, `order.then_with(closure)`.
    pub(crate) fn order_then<'t>(
        &'t self,
        method: Method,
        order: Value<'t>,
        args: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        let is_equal = self.method(order, Method::is_eq, &[], at);
        let other = || match method {
            Method::then_with => self.apply(args[0], &[], at),
            _ => args[0],
        };
        self.if_(is_equal, other, || order, at)
    }

    /// `order.is_lt()` and its kin.
    pub(crate) fn ordering_is<'t>(
        &'t self,
        method: Method,
        order: Value<'t>,
        _: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        self.step(at, |state| {
            let Kind::Ordering { less, greater } = state.kind(order.id) else {
                return Err(Problem::Reported);
            };
            let (deciding, wanted) = match method {
                Method::is_lt => (less, true),
                Method::is_gt => (greater, true),
                Method::is_ge => (less, false),
                Method::is_le => (greater, false),
                _ => (state.op(ScalarOp::Or, &[less, greater], at)?, method == Method::is_ne),
            };
            let value = if wanted { deciding } else { state.op(ScalarOp::Not, &[deciding], at)? };
            Ok(Kind::Plain(value))
        })
    }
}

impl State {
    /// Whether a value is a float, as far as is known.
    pub(crate) fn is_float(&self, value: program::Value) -> bool {
        match self.class(value) {
            Class::Float => true,
            Class::Known(dtype) => dtype.is_float(),
            Class::Any | Class::Integer | Class::Complex(_) => false,
        }
    }

    /// `a.partial_cmp(&b)`: nothing if one is NaN.
    pub(crate) fn partial_order(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let Compared { less, greater, present } = self.compare(receiver, args[0], at)?;
        let value = self.handle(Kind::Ordering { less, greater });
        Ok(Kind::Optional(Held::Value { present, value, fault: FaultKind::NoValue }))
    }

    /// `a.cmp(&b)` of integers, and of tuples of them.
    pub(crate) fn whole_order(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let Compared { less, greater, .. } = self.compare(receiver, args[0], at)?;
        Ok(Kind::Ordering { less, greater })
    }

    /// How two numbers compare, or the first parts of two tuples that differ.
    pub(crate) fn compare(&mut self, a: u32, b: u32, at: At) -> Step<Compared> {
        match (self.kind(a), self.kind(b)) {
            (Kind::Tuple(a), Kind::Tuple(b)) if [a.of, b.of] == [Whole::TurnedAround; 2] => {
                let Compared { less, greater, present } = self.compare(a[0], b[0], at)?;
                Ok(Compared { less: greater, greater: less, present })
            }
            (Kind::Tuple(a), Kind::Tuple(b)) if a.len() == b.len() && !a.is_empty() => {
                if let Some(record) = a.of.record() {
                    self.compares_by_fields(record)?;
                }
                let parts: Step<Vec<Compared>> =
                    a.into_iter().zip(b).map(|(a, b)| self.compare(a, b, at)).collect();
                let mut parts = parts?.into_iter().rev();
                let last = parts.next().ok_or(Problem::Reported)?;
                parts.try_fold(last, |behind, first| self.compare_further(first, behind, at))
            }
            _ => {
                let (a, b) = self.compared(a, b, at)?;
                let less = self.op(ScalarOp::Lt, &[a, b], at)?;
                let greater = self.op(ScalarOp::Gt, &[a, b], at)?;
                let mut present = self.bool_constant(true, at);
                if self.is_float(a) {
                    let [x, y] = [a, b].map(|value| self.op(ScalarOp::IsNan, &[value], at));
                    let nan = self.op(ScalarOp::Or, &[x?, y?], at)?;
                    present = self.op(ScalarOp::Not, &[nan], at)?;
                }
                Ok(Compared { less, greater, present })
            }
        }
    }

    /// `<` and its kin of tuples.
    pub(crate) fn tuple_comparison(
        &mut self,
        op: &'static str,
        a: u32,
        b: u32,
        at: At,
    ) -> Step<program::Value> {
        let Compared { less, greater, present } = self.compare(a, b, at)?;
        match op {
            "<" | ">" => {
                let wanted = if op == "<" { less } else { greater };
                self.op(ScalarOp::And, &[wanted, present], at)
            }
            _ => {
                let refused = if op == "<=" { greater } else { less };
                let holds = self.op(ScalarOp::Not, &[refused], at)?;
                self.op(ScalarOp::And, &[holds, present], at)
            }
        }
    }

    /// How parts compare, and where they are equal those behind them.
    fn compare_further(&mut self, first: Compared, behind: Compared, at: At) -> Step<Compared> {
        let differs = self.op(ScalarOp::Or, &[first.less, first.greater], at)?;
        let equal = self.op(ScalarOp::Not, &[differs], at)?;
        let mut or_behind = |first, behind| {
            let behind = self.op(ScalarOp::And, &[equal, behind], at)?;
            self.op(ScalarOp::Or, &[first, behind], at)
        };
        let less = or_behind(first.less, behind.less)?;
        let greater = or_behind(first.greater, behind.greater)?;
        let known = self.op(ScalarOp::Or, &[differs, behind.present], at)?;
        let present = self.op(ScalarOp::And, &[first.present, known], at)?;
        Ok(Compared { less, greater, present })
    }

    /// `a.total_cmp(&b)`: by the bits, of which those behind a sign are turned around.
    pub(crate) fn total_order(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let (a, b) = self.compared(receiver, args[0], at)?;
        let [a, b] = [self.total_rank(a, at)?, self.total_rank(b, at)?];
        let less = self.op(ScalarOp::Lt, &[a, b], at)?;
        let greater = self.op(ScalarOp::Gt, &[a, b], at)?;
        Ok(Kind::Ordering { less, greater })
    }

    /// An integer that is below another if a float is totally below another.
    fn total_rank(&mut self, value: program::Value, at: At) -> Step<program::Value> {
        let bits = self.op(ScalarOp::ToBits, &[value], at)?;
        let unsigned = self.settled(bits, "the bits of a float")?;
        let (signed, last) = (unsigned.with_sign(), unsigned.bits() as i32 - 1);
        let signed_type = self.types.known(signed);
        let number = self.cast(bits, signed_type, at)?;
        let last = self.small(last, number, at);
        let sign = self.op(ScalarOp::Shr, &[number, last], at)?;
        let limit = self.constant(signed.greatest(), at);
        let turned = self.op(ScalarOp::And, &[sign, limit], at)?;
        self.op(ScalarOp::Xor, &[number, turned], at)
    }

    fn compared(&mut self, a: u32, b: u32, at: At) -> Step<(program::Value, program::Value)> {
        let a = self.scalar(a, "what is compared", at)?;
        let b = self.scalar(b, "what is compared", at)?;
        self.same_types("cmp", a, b)?;
        Ok((a, b))
    }

    pub(crate) fn reversed_order(&mut self, receiver: u32, _: &[u32], _: At) -> Step<Kind> {
        match self.kind(receiver) {
            Kind::Ordering { less, greater } => Ok(Kind::Ordering { less: greater, greater: less }),
            _ => Err(Problem::Reported),
        }
    }
}
