//! `==` and `!=` of what has parts: tuples, shapes, and how numbers compare.
//!
//! ```text
//! (a, b) == (c, d)              a == c & b == d
//! a.shape() == b.shape()        the lengths of all axes; false for another number of axes
//! a.cmp(&b) == Ordering::Less   both are less, or neither, and so for greater
//! ```

use crate::errors::{At, Step};
use crate::state::{Kind, State};
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
            _ => return Ok(None),
        };
        let mut all = None;
        for (a, b) in pairs {
            let same = match self.equal_parts(a, b, at)? {
                Some(same) => same,
                None => {
                    let (a, b) =
                        (self.scalar(a, "what is compared", at)?, self.scalar(b, "what is compared", at)?);
                    self.binary("==", a, b, at)?
                }
            };
            all = Some(match all {
                Some(all) => self.op(ScalarOp::And, &[all, same], at)?,
                None => same,
            });
        }
        Ok(Some(all.unwrap_or_else(|| self.bool_constant(true, at))))
    }

    fn handles(&mut self, pairs: impl Iterator<Item = (Value, Value)>) -> Vec<(u32, u32)> {
        pairs.map(|(a, b)| (self.handle(Kind::Plain(a)), self.handle(Kind::Plain(b)))).collect()
    }
}
