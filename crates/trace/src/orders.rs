//! How numbers compare: `partial_cmp`, `total_cmp`, `cmp`.
//!
//! ```text
//! a.partial_cmp(&b)    (neither is NaN, (lt a b, gt a b))
//! a.total_cmp(&b)      (-0 below 0, NaN above all)
//! ```

use crate::errors::{At, Problem, Step};
use crate::state::{Held, Kind, State};
use crate::types::Class;
use crate::{Method, Tracer, Value};
use parfuse_ir::{FaultKind, ScalarOp, program};

impl Tracer {
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
        let (a, b) = self.compared(receiver, args[0], at)?;
        let order = self.order(a, b, at)?;
        let mut present = self.bool_constant(true, at);
        if self.is_float(a) {
            let [x, y] = [a, b].map(|value| self.op(ScalarOp::IsNan, &[value], at));
            let nan = self.op(ScalarOp::Or, &[x?, y?], at)?;
            present = self.op(ScalarOp::Not, &[nan], at)?;
        }
        Ok(Kind::Optional(Held::Value { present, value: self.handle(order), fault: FaultKind::NoValue }))
    }

    /// `a.cmp(&b)` of integers.
    pub(crate) fn whole_order(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let (a, b) = self.compared(receiver, args[0], at)?;
        self.order(a, b, at)
    }

    /// `a.total_cmp(&b)`: -0 is below 0, and NaN above all.
    pub(crate) fn total_order(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let (a, b) = self.compared(receiver, args[0], at)?;
        let less = self.totally_below(a, b, at)?;
        let greater = self.totally_below(b, a, at)?;
        Ok(Kind::Ordering { less, greater })
    }

    fn totally_below(&mut self, a: program::Value, b: program::Value, at: At) -> Step<program::Value> {
        let one = self.small(1, a, at);
        let below = self.op(ScalarOp::Lt, &[a, b], at)?;
        let equal = self.op(ScalarOp::Eq, &[a, b], at)?;
        let [x, y] = [a, b].map(|value| self.op(ScalarOp::Div, &[one, value], at));
        let signs = self.op(ScalarOp::Lt, &[x?, y?], at)?;
        let zeros = self.op(ScalarOp::And, &[equal, signs], at)?;
        let below = self.op(ScalarOp::Or, &[below, zeros], at)?;
        let [x, y] = [a, b].map(|value| self.op(ScalarOp::IsNan, &[value], at));
        let number = self.op(ScalarOp::Not, &[x?], at)?;
        let nan = self.op(ScalarOp::And, &[number, y?], at)?;
        self.op(ScalarOp::Or, &[below, nan], at)
    }

    fn compared(&mut self, a: u32, b: u32, at: At) -> Step<(program::Value, program::Value)> {
        let a = self.scalar(a, "what is compared", at)?;
        let b = self.scalar(b, "what is compared", at)?;
        self.same_types("cmp", a, b)?;
        Ok((a, b))
    }

    fn order(&mut self, a: program::Value, b: program::Value, at: At) -> Step<Kind> {
        let less = self.op(ScalarOp::Lt, &[a, b], at)?;
        let greater = self.op(ScalarOp::Gt, &[a, b], at)?;
        Ok(Kind::Ordering { less, greater })
    }

    pub(crate) fn reversed_order(&mut self, receiver: u32, _: &[u32], _: At) -> Step<Kind> {
        match self.kind(receiver) {
            Kind::Ordering { less, greater } => Ok(Kind::Ordering { less: greater, greater: less }),
            _ => Err(Problem::Reported),
        }
    }
}
