//! What tracing knows of the numbers of axes: an array says how many it has, so that what is computed of them is known, too.
//!
//! ```text
//! a.sum_axis(Axis(a.ndim() - 1))           along the last axis, whichever that is
//! if a.ndim() == 1 { … } else { … }        the side that is taken, and nothing of the other
//! ```

use crate::errors::{At, Step, mistake};
use crate::state::{Kind, State};
use crate::{Tracer, Value};
use parfuse_ir::ScalarOp;
use parfuse_ir::program::{self, Expr};

/// Expressions of numbers of axes are looked into so deep.
const DEPTH: usize = 8;

impl Tracer {
    /// The same array, which has to have so many axes.
    pub fn of_rank<'t>(&'t self, array: Value<'t>, rank: Option<u8>, at: At) -> Value<'t> {
        let array = self.id(array);
        self.step(at, |state| {
            let axes = state.axes_of(array)?;
            match rank.filter(|rank| *rank != axes) {
                Some(rank) => mistake(format!("an array with {axes} axes is not one with {rank}")),
                None => Ok(state.kind(array)),
            }
        })
    }
}

impl State {
    /// How many axes there are, as a value that branches may depend on.
    pub(crate) fn number_of_axes(&mut self, axes: usize, at: At) -> program::Value {
        let number = self.usize_constant(axes, at);
        self.numbers_of_axes.push(number);
        number
    }

    /// The integer that a value is, if it is a constant or computed of constants: an index of an axis, say.
    pub(crate) fn computed_integer(&self, value: program::Value) -> Option<i128> {
        self.integer_within(value, DEPTH)
    }

    fn integer_within(&self, value: program::Value, depth: usize) -> Option<i128> {
        if let Some(known) = self.known_integer(value) {
            return Some(known);
        }
        let Expr::Op(op, operands) = &self.program.values[value].expr else { return None };
        let (&[a, b], Some(depth)) = (&operands[..], depth.checked_sub(1)) else { return None };
        let (a, b) = (self.integer_within(a, depth)?, self.integer_within(b, depth)?);
        let result = match op {
            ScalarOp::Add => a.checked_add(b)?,
            ScalarOp::Sub => a.checked_sub(b)?,
            ScalarOp::Mul => a.checked_mul(b)?,
            ScalarOp::Div => a.checked_div(b)?,
            ScalarOp::Rem => a.checked_rem(b)?,
            ScalarOp::Min => a.min(b),
            ScalarOp::Max => a.max(b),
            _ => return None,
        };
        // What no type has too few bits for, and no unsigned one wraps.
        (0..=i128::from(i8::MAX)).contains(&result).then_some(result)
    }

    /// Whether a condition holds that is on numbers of axes, and on nothing else that is not constant.
    pub(crate) fn condition_on_axes(&self, condition: program::Value) -> Option<bool> {
        let mut of_axes = false;
        let holds = self.holds_within(condition, DEPTH, &mut of_axes)?;
        of_axes.then_some(holds)
    }

    fn holds_within(&self, condition: program::Value, depth: usize, of_axes: &mut bool) -> Option<bool> {
        let Expr::Op(op, operands) = &self.program.values[condition].expr else { return None };
        let depth = depth.checked_sub(1)?;
        if let (ScalarOp::Not, &[inner]) = (op, &operands[..]) {
            return self.holds_within(inner, depth, of_axes).map(|holds| !holds);
        }
        let &[a, b] = &operands[..] else { return None };
        if let ScalarOp::And | ScalarOp::Or = op {
            let (a, b) = (self.holds_within(a, depth, of_axes)?, self.holds_within(b, depth, of_axes)?);
            return Some(if *op == ScalarOp::And { a && b } else { a || b });
        }
        let (left, right) = (self.integer_within(a, depth)?, self.integer_within(b, depth)?);
        *of_axes |= self.mentions_axes(a, depth) || self.mentions_axes(b, depth);
        match op {
            ScalarOp::Eq => Some(left == right),
            ScalarOp::Ne => Some(left != right),
            ScalarOp::Lt => Some(left < right),
            ScalarOp::Le => Some(left <= right),
            ScalarOp::Gt => Some(left > right),
            ScalarOp::Ge => Some(left >= right),
            _ => None,
        }
    }

    fn mentions_axes(&self, value: program::Value, depth: usize) -> bool {
        if self.numbers_of_axes.contains(&value) {
            return true;
        }
        match (&self.program.values[value].expr, depth.checked_sub(1)) {
            (Expr::Op(_, operands), Some(depth)) => {
                operands.iter().any(|operand| self.mentions_axes(*operand, depth))
            }
            _ => false,
        }
    }

    /// An array in a type that says how many axes it has, or leaves it open: a `Result`.
    pub(crate) fn in_dimensionality(&mut self, receiver: u32, _: &[u32], _: At) -> Step<Kind> {
        self.axes_of(receiver)?;
        let content = self.kind(receiver);
        Ok(self.sure(content))
    }
}
