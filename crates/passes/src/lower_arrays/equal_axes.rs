//! Axes of parameters whose lengths, if they were known to be equal, would spare the loops a broadcast.
//!
//! ```text
//! &x.slice(s![1..]) * &y.slice(s![1..])      x - 1 and y - 1: either may be one, so each is indexed by a choice
//!                                            wished for: x and y are as long
//! ```
//!
//! Lowering writes down what it wishes for; who calls it looks at the arguments of a call, and lowers again with those wishes
//! that come true.

use super::Lowering;
use crate::affine::{Linear, Term};
use parfuse_ir::ScalarOp;
use parfuse_ir::loops::{Expr, Origin, Value};

/// An axis of an array parameter.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Axis {
    /// The number of the parameter.
    pub param: u32,
    /// The number of the axis.
    pub axis: u8,
}

/// What is known of the lengths of parameters, and what it would help to know.
#[derive(Clone, Default)]
pub(super) struct EqualAxes<'a> {
    known: &'a [[Axis; 2]],
    pub(super) wished: Vec<[Axis; 2]>,
}

impl<'a> EqualAxes<'a> {
    pub(super) fn new(known: &'a [[Axis; 2]]) -> EqualAxes<'a> {
        EqualAxes { known, wished: Vec::new() }
    }

    /// The first axis that is known to be as long as this one.
    pub(super) fn first(&self, axis: Axis) -> Axis {
        let mut class = vec![axis];
        let leaves = |class: &[Axis], pair: &[Axis; 2]| class.contains(&pair[0]) != class.contains(&pair[1]);
        while let Some([one, other]) = self.known.iter().find(|pair| leaves(&class, pair)) {
            class.push(if class.contains(one) { *other } else { *one });
        }
        class.into_iter().min().expect("an axis is as long as itself")
    }
}

impl Lowering<'_> {
    /// Writes down, of forms of lengths that differ by two lengths of parameters, that these should be equal.
    pub(super) fn wish_equal(&mut self, a: &Linear, b: &Linear) {
        let difference = a.minus(b);
        let ([(Term::Value(one), 1), (Term::Value(other), -1)]
        | [(Term::Value(one), -1), (Term::Value(other), 1)]) = difference.terms[..]
        else {
            return;
        };
        if difference.constant != 0 {
            return;
        }
        if let (Some(one), Some(other)) = (self.axis_of(one), self.axis_of(other)) {
            let pair = [one.min(other), one.max(other)];
            if one != other && !self.axes.wished.contains(&pair) {
                self.axes.wished.push(pair);
            }
        }
    }

    /// The axis of a parameter that a value is the length of, or that and a least one: `max(n, 2)`, of a slice from 1 to -1.
    fn axis_of(&self, length: Value) -> Option<Axis> {
        match &self.output.values[length].expr {
            Expr::Dim { buffer, axis } => match self.output.buffers[*buffer].origin {
                Origin::Param { index, .. } => Some(Axis { param: index, axis: *axis }),
                Origin::Local => None,
            },
            Expr::Op(ScalarOp::Max, operands) if self.output.constant(operands[1]).is_some() => {
                self.axis_of(operands[0])
            }
            _ => None,
        }
    }
}
