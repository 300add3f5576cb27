//! `==` and `!=` of what has parts: tuples, shapes, and how numbers compare.
//!
//! ```text
//! (a, b) == (c, d)              a == c & b == d
//! a.shape() == b.shape()        the lengths of all axes; false for another number of axes
//! best == Some(3)               there is something, and it is 3; or neither has anything
//! a.cmp(&b) == Ordering::Less   both are less, or neither, and so for greater
//! ```

use crate::errors::{At, Step};
use crate::state::{Held, Kind, State};
use parfuse_ir::ScalarOp;
use parfuse_ir::program::Value;

impl State {
    /// Whether two handles stand for the same parts: nothing, if one has no parts.
    pub(crate) fn equal_parts(&mut self, a: u32, b: u32, at: At) -> Step<Option<Value>> {
        let pairs = match (self.kind(a), self.kind(b)) {
            (Kind::Tuple(a), Kind::Tuple(b)) if a.len() == b.len() => a.into_iter().zip(b).collect(),
            (Kind::Lengths(a), Kind::Lengths(b)) if a.len() != b.len() => {
                return Ok(Some(self.bool_constant(false, at)));
            }
            (Kind::Lengths(a), Kind::Lengths(b)) => self.handles(a.into_iter().zip(b)),
            (Kind::Ordering { less, greater }, Kind::Ordering { less: l, greater: g }) => {
                self.handles([(less, l), (greater, g)].into_iter())
            }
            (Kind::Optional(_), Kind::Optional(_)) => return self.equal_options(a, b, at).map(Some),
            _ => return Ok(None),
        };
        let mut all = None;
        for (a, b) in pairs {
            let same = self.equal_wholes(a, b, at)?;
            all = Some(match all {
                Some(all) => self.op(ScalarOp::And, &[all, same], at)?,
                None => same,
            });
        }
        Ok(Some(all.unwrap_or_else(|| self.bool_constant(true, at))))
    }

    /// Whether two values are the same: numbers, or what has parts.
    fn equal_wholes(&mut self, a: u32, b: u32, at: At) -> Step<Value> {
        if let Some(same) = self.equal_parts(a, b, at)? {
            return Ok(same);
        }
        let (a, b) = (self.scalar(a, "what is compared", at)?, self.scalar(b, "what is compared", at)?);
        self.binary("==", a, b, at)
    }

    /// Whether two options have nothing, or the same.
    fn equal_options(&mut self, a: u32, b: u32, at: At) -> Step<Value> {
        let is_nothing = |kind: &Kind| matches!(kind, Kind::Optional(Held::Nothing));
        let either_is_nothing = is_nothing(&self.kind(a)) || is_nothing(&self.kind(b));
        let ((has_a, a), (has_b, b)) = (self.option(a, at)?, self.option(b, at)?);
        let as_many = self.op(ScalarOp::Eq, &[has_a, has_b], at)?;
        if either_is_nothing {
            return Ok(as_many);
        }
        let same = self.equal_wholes(a, b, at)?;
        let neither = self.op(ScalarOp::Not, &[has_a], at)?;
        let same = self.op(ScalarOp::Or, &[neither, same], at)?;
        self.op(ScalarOp::And, &[as_many, same], at)
    }

    fn handles(&mut self, pairs: impl Iterator<Item = (Value, Value)>) -> Vec<(u32, u32)> {
        pairs.map(|(a, b)| (self.handle(Kind::Plain(a)), self.handle(Kind::Plain(b)))).collect()
    }
}
