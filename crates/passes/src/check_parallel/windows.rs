//! Parts of an array that each iteration has for itself: what a view shows, and where in it accesses are.
//!
//! ```text
//! v6 = mul v1, 16   v13 = sub v12, v6           the part begins at v6 and has v13 elements
//! check lt v16, v13                             an index of the part
//! load b0[v6 + v16]                             so this is inside it, whatever v16 is
//! ```
//!
//! Where two parts are apart, all accesses inside them are: one look at both answers for as many as there are, however
//! their indices are computed.

use super::Access;
use super::around::Around;
use parfuse_ir::loops::{Expr, Loops, Value};
use parfuse_ir::{Scalar, ScalarOp};

/// The indices from `start` to below `start + length` of an axis.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Window {
    pub(super) axis: usize,
    pub(super) start: Value,
    pub(super) length: Value,
    /// What stands around all that touch it.
    pub(super) around: Vec<Around>,
}

/// The windows of one array.
#[derive(Default)]
pub(super) struct Windows {
    pub(super) all: Vec<Window>,
    /// By access, those that it is inside of.
    of: Vec<Vec<usize>>,
}

/// How much of what is known around an access is looked at.
const MOST_KNOWN: usize = 12;

impl Windows {
    /// Adds those of an access, what stands around which is given.
    pub(super) fn add(&mut self, loops: &Loops, access: &Access<'_>, around: &[Around]) {
        let is_part = |(_, length): &(Value, Value)| !matches!(loops.values[*length].expr, Expr::Dim { .. });
        let known = around.iter().rev().filter_map(|around| below(loops, *around)).filter(is_part);
        let mut own = Vec::new();
        for (index, length) in known.take(MOST_KNOWN) {
            for (axis, position) in access.index.iter().enumerate() {
                if let Some(start) = start_of(loops, *position, index) {
                    own.push(self.window(axis, start, length, around));
                }
            }
        }
        self.of.push(own);
    }

    /// The number of a window around which this stands, too.
    fn window(&mut self, axis: usize, start: Value, length: Value, around: &[Around]) -> usize {
        let is_this = |window: &Window| (window.axis, window.start, window.length) == (axis, start, length);
        if let Some(number) = self.all.iter().position(is_this) {
            let known = &mut self.all[number].around;
            let both = known.iter().zip(around).take_while(|(a, b)| a == b).count();
            known.truncate(both);
            return number;
        }
        self.all.push(Window { axis, start, length, around: around.to_vec() });
        self.all.len() - 1
    }

    /// The pairs of windows of one axis that two accesses are inside of.
    pub(super) fn of_both(&self, a: usize, b: usize) -> Vec<(usize, usize)> {
        let pairs = self.of[a].iter().flat_map(|a| self.of[b].iter().map(move |b| (*a, *b)));
        pairs.filter(|(a, b)| self.all[*a].axis == self.all[*b].axis).collect()
    }
}

/// An index and the length that it is below, as a check, a branch or a loop says.
fn below(loops: &Loops, around: Around) -> Option<(Value, Value)> {
    let (cond, holds) = match around {
        Around::Loop(index, extent) => return Some((index, extent)),
        Around::Check(cond) => (cond, true),
        Around::Branch(cond, holds) => (cond, holds),
    };
    let Expr::Op(op, args) = &loops.values[cond].expr else { return None };
    let (index, length) = match (op, holds) {
        (ScalarOp::Lt, true) | (ScalarOp::Ge, false) => (args[0], args[1]),
        (ScalarOp::Gt, true) | (ScalarOp::Le, false) => (args[1], args[0]),
        _ => return None,
    };
    let dtype = loops.dtype(index);
    (dtype.is_wide_int() && dtype.is_unsigned()).then_some((index, length))
}

/// What an index is added to for a position.
fn start_of(loops: &Loops, position: Value, index: Value) -> Option<Value> {
    match &loops.values[position].expr {
        Expr::Op(ScalarOp::Add, args) if args[1] == index => Some(args[0]),
        Expr::Op(ScalarOp::Add, args) if args[0] == index => Some(args[1]),
        _ if loops.constant(index) == Some(Scalar::Usize(0)) => Some(position),
        _ => None,
    }
}
