//! Whether two index tuples name the same element, as far as the program text tells.

use crate::hash::FastSet;
use parfuse_ir::loops::{Buffer, Expr, Loops, Value};

/// Expressions deeper than this are not compared: an index that intricate is rarely written twice.
const MAX_DEPTH: u32 = 8;

/// Compares values by how they are computed.
pub(crate) struct Same<'a> {
    loops: &'a Loops,
    /// Pairs of values taken to be the same, such as the indices of two loops.
    pairs: Vec<(Value, Value)>,
    /// Where elements count as the same that are loaded from the same place: the arrays stored to, which do not.
    stored: Option<&'a FastSet<Buffer>>,
}

impl<'a> Same<'a> {
    /// Compares values of one scope.
    pub(crate) fn new(loops: &'a Loops) -> Same<'a> {
        Same { loops, pairs: Vec::new(), stored: None }
    }
    /// Compares values of one block that stores to these arrays only.
    pub(crate) fn in_block(loops: &'a Loops, stored: &'a FastSet<Buffer>) -> Same<'a> {
        Same { stored: Some(stored), ..Same::new(loops) }
    }
    /// Compares values inside one loop with values inside another, whose indices count as the same.
    pub(crate) fn between(loops: &'a Loops, first: &[Value], second: &[Value]) -> Same<'a> {
        let pairs = first.iter().copied().zip(second.iter().copied()).collect();
        Same { pairs, ..Same::new(loops) }
    }
    /// Whether two tuples are the same.
    pub(crate) fn tuples(&self, a: &[Value], b: &[Value]) -> bool {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| self.values(*a, *b, 0))
    }

    fn values(&self, a: Value, b: Value, depth: u32) -> bool {
        if a == b || self.pairs.contains(&(a, b)) || self.pairs.contains(&(b, a)) {
            return true;
        }
        let (x, y) = (&self.loops.values[a], &self.loops.values[b]);
        let operands_are = |a: &[Value], b: &[Value]| {
            depth < MAX_DEPTH
                && a.len() == b.len()
                && a.iter().zip(b).all(|(a, b)| self.values(*a, *b, depth + 1))
        };
        x.dtype == y.dtype
            && match (&x.expr, &y.expr) {
                (Expr::Const(a), Expr::Const(b)) => a == b,
                (Expr::Param(a), Expr::Param(b)) => a == b,
                (Expr::Op(f, a), Expr::Op(g, b)) => f == g && operands_are(a, b),
                (Expr::Cast(a), Expr::Cast(b)) => operands_are(&[*a], &[*b]),
                (Expr::LinearIndex, Expr::LinearIndex) | (Expr::Threads, Expr::Threads) => true,
                (Expr::Dim { buffer: a, axis }, Expr::Dim { buffer: b, axis: other }) => {
                    a == b && axis == other && self.stored.is_some()
                }
                (Expr::Load { buffer: a, index }, Expr::Load { buffer: b, index: other }) => {
                    a == b
                        && self.stored.is_some_and(|stored| !stored.contains(a))
                        && operands_are(index, other)
                }
                _ => false,
            }
    }
}
