//! Lengths that calls bring and that, if they were known to be equal, would spare the loops a broadcast.
//!
//! ```text
//! &x.slice(s![1..]) * &y.slice(s![1..])      x - 1 and y - 1: either may be one, so each is indexed by a choice
//!                                            wished for: x and y are as long
//! Array1::zeros(n) + x                       n may be one; wished for: n is the length of x
//! ```
//!
//! Lowering writes down what it wishes for; who calls it looks at the arguments of a call, and lowers again with those wishes
//! that come true.

use super::Lowering;
use crate::affine::{Linear, Term};
use parfuse_ir::ScalarOp;
use parfuse_ir::loops::{Expr, Origin, Value};

/// A length that a call brings.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum GivenLength {
    /// A number.
    Number {
        /// The number of the parameter, a `usize`.
        param: u32,
    },
    /// The length of an axis of an array.
    Axis {
        /// The number of the parameter.
        param: u32,
        /// The number of the axis.
        axis: u8,
    },
}

/// What is known of the lengths that calls bring, and what it would help to know.
#[derive(Clone, Default)]
pub(super) struct EqualAxes<'a> {
    known: &'a [[GivenLength; 2]],
    pub(super) wished: Vec<[GivenLength; 2]>,
}

impl<'a> EqualAxes<'a> {
    pub(super) fn new(known: &'a [[GivenLength; 2]]) -> EqualAxes<'a> {
        EqualAxes { known, wished: Vec::new() }
    }

    /// The first length that is known to be equal to this one: a number, if there is one.
    pub(super) fn first(&self, length: GivenLength) -> GivenLength {
        let mut class = vec![length];
        let leaves = |class: &[GivenLength], pair: &[GivenLength; 2]| {
            class.contains(&pair[0]) != class.contains(&pair[1])
        };
        while let Some([one, other]) = self.known.iter().find(|pair| leaves(&class, pair)) {
            class.push(if class.contains(one) { *other } else { *one });
        }
        class.into_iter().min().expect("a length is equal to itself")
    }
}

impl Lowering<'_> {
    /// Writes down, of forms of lengths that differ by two lengths that calls bring, that these should be equal.
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
        if let (Some(one), Some(other)) = (self.given(one), self.given(other)) {
            let pair = [one.min(other), one.max(other)];
            if one != other && !self.axes.wished.contains(&pair) {
                self.axes.wished.push(pair);
            }
        }
    }

    /// The length that a value is, or that and a least one: `max(n, 2)`, of a slice from 1 to -1.
    fn given(&self, length: Value) -> Option<GivenLength> {
        match &self.output.values[length].expr {
            Expr::Dim { buffer, axis } => match self.output.buffers[*buffer].origin {
                Origin::Param { index, .. } => Some(GivenLength::Axis { param: index, axis: *axis }),
                Origin::Local => None,
            },
            Expr::Param(param) if self.output.dtype(length).is_index() => {
                Some(GivenLength::Number { param: *param })
            }
            Expr::Op(ScalarOp::Max, operands) if self.output.constant(operands[1]).is_some() => {
                self.given(operands[0])
            }
            _ => None,
        }
    }
}
