//! How large integers can be, taken without a sign.
//!
//! ```text
//! v1 = load b0[…], of u8      255
//! v2 = iand v1, 63            63
//! v3 = ushr v0, 59            31, of 64 bits
//! loop v4 = 0 {…} next v2     63: what it begins with, and what it goes on with
//! ```
//!
//! Shifts by less than the width, and signs of numbers that are not negative, take fewer instructions.

use parfuse_ir::lane::{Code, Inst, Lane, LaneOp, LaneType, Node, Value, walk};
use std::collections::HashMap;

/// So many operations back at most.
const DEPTH: u32 = 6;

/// What is known of the integers of some code.
pub(crate) struct Ranges<'a> {
    lane: &'a Lane,
    code: &'a Code,
    /// Where what loops carry and branches yield comes from.
    sources: HashMap<Value, [Value; 2]>,
}

impl<'a> Ranges<'a> {
    /// Of the code of a driver or a region.
    pub(crate) fn of(lane: &'a Lane, code: &'a Code) -> Ranges<'a> {
        let mut sources = HashMap::new();
        for node in walk::statements(&code.body) {
            match node {
                Node::Loop { carried, .. } => {
                    sources.extend(carried.iter().map(|carry| (carry.value, [carry.init, carry.next])));
                }
                Node::If { results, .. } => {
                    sources.extend(results.iter().map(|merge| (merge.value, [merge.then, merge.otherwise])));
                }
                _ => {}
            }
        }
        Ranges { lane, code, sources }
    }

    /// Whether a number is below another one, both taken without a sign.
    pub(crate) fn is_below(&self, value: Value, limit: u64) -> bool {
        self.most(value, DEPTH) < limit
    }

    /// Whether a number is not negative.
    pub(crate) fn has_no_sign(&self, value: Value) -> bool {
        self.is_below(value, self.all(value) / 2 + 1)
    }

    /// The largest number of a value's type.
    fn all(&self, value: Value) -> u64 {
        match self.code.values[value].ty {
            LaneType::Bool => 1,
            LaneType::I32 | LaneType::F32 => u32::MAX.into(),
            LaneType::I64 | LaneType::F64 => u64::MAX,
        }
    }

    fn most(&self, value: Value, depth: u32) -> u64 {
        let all = self.all(value);
        let Some(depth) = depth.checked_sub(1) else { return all };
        let of = |operand: &Value| self.most(*operand, depth);
        match &self.code.values[value].inst {
            Inst::Const(bits) => bits & all,
            Inst::Load { buffer, .. } => {
                let dtype = self.lane.buffers[*buffer].dtype;
                match dtype.is_unsigned() && u64::from(dtype.bits()) < 32 {
                    true => dtype.greatest().to_bits(),
                    false => all,
                }
            }
            Inst::Bound => match self.sources.get(&value) {
                Some(sources) => sources.iter().map(of).fold(0, u64::max),
                None => all,
            },
            Inst::Op(op, args) => match op {
                LaneOp::IAnd => of(&args[0]).min(of(&args[1])),
                LaneOp::IOr | LaneOp::IXor => {
                    let bits = (of(&args[0]) | of(&args[1])).checked_ilog2().map_or(0, |bit| bit + 1);
                    u64::MAX.checked_shl(bits).map_or(all, |above| !above)
                }
                LaneOp::IAdd => {
                    of(&args[0]).checked_add(of(&args[1])).filter(|sum| *sum <= all).unwrap_or(all)
                }
                LaneOp::UShr => match self.code.values[args[1]].inst {
                    Inst::Const(count) => of(&args[0]).checked_shr((count & all).min(64) as u32).unwrap_or(0),
                    _ => of(&args[0]),
                },
                // Of a number without a sign it is the same.
                LaneOp::SShr if self.has_no_sign_within(args[0], depth) => match self.code.values[args[1]]
                    .inst
                {
                    Inst::Const(count) => of(&args[0]).checked_shr((count & all).min(64) as u32).unwrap_or(0),
                    _ => of(&args[0]),
                },
                LaneOp::UDiv => of(&args[0]),
                LaneOp::URem => match of(&args[1]) {
                    0 => 0,
                    divisor => (divisor - 1).min(of(&args[0])),
                },
                LaneOp::UExtend => of(&args[0]),
                LaneOp::SExtend if self.has_no_sign_within(args[0], depth) => of(&args[0]),
                LaneOp::Wrap => Some(of(&args[0])).filter(|most| *most <= all).unwrap_or(all),
                LaneOp::Select => of(&args[1]).max(of(&args[2])),
                _ => all,
            },
            _ => all,
        }
    }

    fn has_no_sign_within(&self, value: Value, depth: u32) -> bool {
        self.most(value, depth) <= self.all(value) / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_come_from_types_masks_and_what_loops_carry() {
        let lane = Lane::parse(
            "lane f params 1 frame 8 {
              buffer b0 a: u8[unit] is p0 at 2
              driver {
                v0: i64 = dim b0, 0
                loop v1: i32 = 0i32, v2: i64 = 0i64, v3: i32 = 5i32 {
                  v4: bool = ult v2, v0
                  test v4
                } do {
                  v5: i32 = load b0[v2]
                  v6: i32 = iadd v1, v5
                  v7: i32 = iand v6, 63i32
                  v8: i64 = ushr v0, 59i64
                  v9: i64 = sextend v5
                  v10: i32 = if v4 { yield v7 } else { yield 31i32 }
                  v11: i64 = sextend v3
                  v12: i32 = iadd v3, v5
                  v13: i64 = iadd v2, 1i64
                  v14: i32 = ixor v10, v5
                  v15: i32 = wrap v8
                  next v10, v13, v12
                }
                slot 5 = v9
                slot 6 = v11
                slot 7 = v14
              }
            }",
        );
        let lane = lane.unwrap_or_else(|error| panic!("{error}"));
        let ranges = Ranges::of(&lane, &lane.driver);
        let by_op = |wanted: LaneOp| -> Vec<u64> {
            let values = lane.driver.values.iter();
            let found = values.filter(|(_, data)| matches!(&data.inst, Inst::Op(op, _) if *op == wanted));
            found.map(|(value, _)| ranges.most(value, DEPTH)).collect()
        };
        assert_eq!(by_op(LaneOp::IAnd), [63]);
        assert_eq!(by_op(LaneOp::UShr), [31]);
        assert_eq!(by_op(LaneOp::SExtend), [255, u64::MAX]);
        assert_eq!(by_op(LaneOp::IXor), [255]);
        assert_eq!(by_op(LaneOp::Wrap), [31]);
    }
}
