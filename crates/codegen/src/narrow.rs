//! Which rows are computed with integers in lanes of 8 or 16 bits, though their type has more.
//!
//! ```text
//! v1: i32 lanes = load b0[…], of u8      0 to 255
//! v2: i32 lanes = load b1[…], of u8      0 to 255
//! v3: bool lanes = slt v1, v2            of 8 bits without a sign
//! v4: i32 lanes = select v3, v1, v2      0 to 255
//! store b2[…], v4                        of u8
//! ```
//!
//! A short lane holds what its number is modulo two to the power of its bits. Sums, products, bits, shifts to the left and
//! choices of such are right again, and so is what is stored to elements of no more bits. Comparisons, shifts to the right
//! and totals look at whole numbers: theirs have to be in the range of the lane, with a sign or without. All rows of a
//! region, or of a lane loop, are computed so or none, such that all lanes have one length.

use crate::uses::{Contribution, Rows};
use parfuse_ir::arena::Id;
use parfuse_ir::lane::{
    Buffer, Carried, Code, Inst, Lane, LaneOp, LaneType, Lanes, Merge, Node, Shape, Value, walk,
};
use parfuse_ir::{DType, ReduceOp};

/// So often a loop is followed until what it carries is taken for any number, by the loops around it.
const TURNS: [usize; 3] = [3, 2, 0];

/// Rows in short lanes.
#[derive(Debug, PartialEq)]
pub(crate) struct Narrow {
    /// The bytes of an integer in lanes: 1 or 2.
    pub(crate) bytes: usize,
    forms: Vec<Form>,
    /// What has a sign of what is added up.
    signed: Vec<Value>,
}

/// How an operation takes its operands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Form {
    /// As they come.
    Any,
    /// The first as it is: the bits that are cleared are none of a short lane.
    First,
    Signed,
    Unsigned,
    /// To the right what has been shifted to the left: the number that so many lowest bits are, with their sign.
    SignOf(u8),
    /// As the upper half of a product with this, of 16 bits.
    High(u16),
}

impl Narrow {
    /// How rows are computed in short lanes, if they can be.
    pub(crate) fn of(lane: &Lane, rows: &Rows<'_>) -> Option<Narrow> {
        let needed = needed_bytes(lane, rows)?;
        let mut ranges = Ranges { lane, code: rows.code, known: vec![None; rows.code.values.len()] };
        ranges.block(rows.prologue, 0);
        ranges.block(rows.body, 0);
        (needed..=2).find_map(|bytes| {
            let forms = ranges.forms(rows.body, bytes)?;
            let mut signed = Vec::new();
            for Contribution { value, dtype, .. } in &rows.contributions {
                let summed = if dtype.is_bool() { Form::Any } else { ranges.common(&[*value], bytes)? };
                if summed == Form::Signed && ranges.range(*value).0 < 0 {
                    signed.push(*value);
                }
            }
            Some(Narrow { bytes, forms, signed })
        })
    }

    /// Whether what is added up has a sign.
    pub(crate) fn is_signed(&self, contribution: Value) -> bool {
        self.signed.contains(&contribution)
    }

    /// The operation that computes a value from short lanes.
    pub(crate) fn op(&self, value: Value, op: LaneOp) -> LaneOp {
        use LaneOp::{SLe, SLt, SShr, ULe, ULt, UShr};
        match (self.forms[value.index()], op) {
            (Form::Signed, ULt) => SLt,
            (Form::Signed, ULe) => SLe,
            (Form::Unsigned, SLt) => ULt,
            (Form::Unsigned, SLe) => ULe,
            (Form::Unsigned, SShr) => UShr,
            (_, op) => op,
        }
    }

    /// Whether a value is what its first operand is.
    pub(crate) fn is_first(&self, value: Value) -> bool {
        self.forms[value.index()] == Form::First
    }

    /// If a value is the upper half of a product with a constant: that of 16 bits which gives the same.
    pub(crate) fn multiplier(&self, value: Value) -> Option<u16> {
        match self.forms[value.index()] {
            Form::High(multiplier) => Some(multiplier),
            _ => None,
        }
    }

    /// If a value is the number that some lowest bits of another are, with their sign: how many bits.
    pub(crate) fn sign_of(&self, value: Value) -> Option<u8> {
        match self.forms[value.index()] {
            Form::SignOf(bits) => Some(bits),
            _ => None,
        }
    }
}

/// The bytes that lanes need for the elements that rows load and store; nothing if something in them is no matter of short
/// lanes.
fn needed_bytes(lane: &Lane, rows: &Rows<'_>) -> Option<usize> {
    let code = rows.code;
    // Truth values are collected, numbers added up in lanes of eight bytes, or compared.
    let is_collected = |own: &Contribution| {
        let index = matches!(code.values[own.value].inst, Inst::LaneIndex | Inst::LinearIndex);
        let fits = match own.op {
            ReduceOp::Sum => own.dtype.size() >= 4,
            // None of no elements is one of short lanes.
            ReduceOp::Min | ReduceOp::Max => own.dtype.size() <= 2,
            _ => false,
        };
        own.dtype.is_bool() || own.dtype.is_int() && fits && !index
    };
    if !rows.contributions.iter().all(is_collected) {
        return None;
    }
    let bytes_of = |buffer: Buffer| {
        let dtype = lane.buffers[buffer].dtype;
        (dtype.is_bool() || dtype.is_int() && dtype.size() <= 2).then_some(dtype.size())
    };
    let extremes = rows.contributions.iter().filter(|own| own.op != ReduceOp::Sum && own.dtype.is_int());
    let mut needed = extremes.map(|own| own.dtype.size()).fold(1, usize::max);
    for node in walk::statements(rows.body) {
        let mut indices = false;
        walk::reads(code, node, |value| {
            indices |= matches!(code.values[value].inst, Inst::LaneIndex | Inst::LinearIndex);
        });
        if indices {
            return None;
        }
        match node {
            Node::Let(value) => {
                let data = &code.values[*value];
                match &data.inst {
                    Inst::Load { buffer, address, .. } if data.varying => {
                        let near = matches!(address.lanes, Lanes::Unit | Lanes::Uniform);
                        needed = needed.max(bytes_of(*buffer).filter(|_| near)?);
                    }
                    _ if data.varying && data.ty.is_float() => return None,
                    _ => {}
                }
            }
            Node::Store { buffer, address, .. } => {
                needed = needed.max(bytes_of(*buffer).filter(|_| matches!(address.lanes, Lanes::Unit))?);
            }
            Node::If { results, .. } => {
                let mut bound = results.iter().map(|merge| &code.values[merge.value]);
                bound.all(|data| !data.varying || !data.ty.is_float()).then_some(())?;
            }
            Node::Loop { carried, .. } => {
                let mut bound = carried.iter().map(|carry| &code.values[carry.value]);
                bound.all(|data| !data.varying || !data.ty.is_float()).then_some(())?;
            }
            _ => return None,
        }
    }
    Some(needed)
}

/// From the least to the greatest number.
type Range = (i128, i128);

/// How large the integers of some code can be, with their sign.
struct Ranges<'a> {
    lane: &'a Lane,
    code: &'a Code,
    known: Vec<Option<Range>>,
}

/// All numbers of a type.
fn all(ty: LaneType) -> Range {
    match ty {
        LaneType::Bool => (0, 1),
        LaneType::I32 | LaneType::F32 => (i32::MIN.into(), i32::MAX.into()),
        LaneType::I64 | LaneType::F64 => (i64::MIN.into(), i64::MAX.into()),
    }
}

fn union(a: Range, b: Range) -> Range {
    (a.0.min(b.0), a.1.max(b.1))
}

/// All numbers without a sign that have no more bits than these.
fn bits_of(range: Range) -> Range {
    (0, (1 << (128 - range.1.leading_zeros())) - 1)
}

impl Ranges<'_> {
    fn constant(&self, value: Value) -> Option<u64> {
        match self.code.values[value].inst {
            Inst::Const(bits) => Some(bits),
            _ => None,
        }
    }

    fn range(&self, value: Value) -> Range {
        let ty = self.code.values[value].ty;
        match self.constant(value) {
            Some(bits) if ty == LaneType::I32 => (i128::from(bits as i32), i128::from(bits as i32)),
            Some(bits) if ty == LaneType::I64 => (i128::from(bits as i64), i128::from(bits as i64)),
            _ => self.known[value.index()].unwrap_or(all(ty)),
        }
    }

    fn block(&mut self, nodes: &[Node], depth: usize) {
        for node in nodes {
            match node {
                Node::Let(value) => self.known[value.index()] = Some(self.computed(*value)),
                Node::If { then, otherwise, results, .. } => {
                    self.block(then, depth);
                    self.block(otherwise, depth);
                    for Merge { value, then, otherwise } in results {
                        let range = union(self.range(*then), self.range(*otherwise));
                        self.known[value.index()] = Some(range);
                    }
                }
                Node::Loop { carried, header, body, .. } => self.repeat(carried, [header, body], depth),
                _ => {}
            }
        }
    }

    fn repeat(&mut self, carried: &[Carried], blocks: [&[Node]; 2], depth: usize) {
        for Carried { value, init, .. } in carried {
            self.known[value.index()] = Some(self.range(*init));
        }
        let turns = TURNS[depth.min(TURNS.len() - 1)];
        let mut left: Vec<&Carried> = carried.iter().collect();
        for turn in 0.. {
            blocks.into_iter().for_each(|block| self.block(block, depth + 1));
            let mut grows = false;
            // What goes on growing, as a counter does, may be any number; others may still be found to stay.
            left.retain(|Carried { value, next, .. }| {
                let (before, next) = (self.range(*value), self.range(*next));
                let all = union(before, next);
                grows |= all != before;
                let given_up = turn >= turns && all != before || turn > turns + 2;
                grows |= given_up;
                self.known[value.index()] = if given_up { None } else { Some(all) };
                !given_up
            });
            if !grows {
                return;
            }
        }
    }

    /// The range of a value whose operands are known.
    fn computed(&self, value: Value) -> Range {
        let data = &self.code.values[value];
        let all = all(data.ty);
        let within = |range: Range| if union(all, range) == all { range } else { all };
        match &data.inst {
            Inst::Load { buffer, .. } => {
                let dtype = self.lane.buffers[*buffer].dtype;
                if dtype.is_int() && dtype.bits() <= 16 { of_dtype(dtype) } else { all }
            }
            Inst::Op(op, args) => within(self.of_op(*op, args, data.ty).unwrap_or(all)),
            _ => all,
        }
    }

    fn of_op(&self, op: LaneOp, args: &[Value], ty: LaneType) -> Option<Range> {
        let all = all(ty);
        let of = |position: usize| self.range(args[position]);
        let count = || self.constant(args[1]).filter(|count| *count < 32);
        let natural = |range: Range| range.0 >= 0;
        Some(match op {
            LaneOp::IAdd => (of(0).0 + of(1).0, of(0).1 + of(1).1),
            LaneOp::ISub => (of(0).0 - of(1).1, of(0).1 - of(1).0),
            LaneOp::IMul => {
                let (a, b) = (of(0), of(1));
                let products = [a.0 * b.0, a.0 * b.1, a.1 * b.0, a.1 * b.1];
                products[1..].iter().fold((products[0], products[0]), |range, own| union(range, (*own, *own)))
            }
            LaneOp::UMulHigh | LaneOp::SMulHigh => {
                let multiplier = self.multiplier(op, args).filter(|_| natural(of(0)))?;
                ((of(0).0 * multiplier) >> 32, (of(0).1 * multiplier) >> 32)
            }
            LaneOp::IAnd => match (natural(of(0)), natural(of(1))) {
                (true, true) => (0, of(0).1.min(of(1).1)),
                (true, false) => (0, of(0).1),
                (false, true) => (0, of(1).1),
                (false, false) => return None,
            },
            LaneOp::IOr | LaneOp::IXor if natural(of(0)) && natural(of(1)) => bits_of(union(of(0), of(1))),
            LaneOp::INot => (!of(0).1, !of(0).0),
            LaneOp::Shl => (of(0).0 << count()?, of(0).1 << count()?),
            LaneOp::SShr => (of(0).0 >> count()?, of(0).1 >> count()?),
            LaneOp::UShr if natural(of(0)) => (of(0).0 >> count()?, of(0).1 >> count()?),
            LaneOp::UShr if count()? > 0 => (0, (all.1 - all.0) >> count()?),
            LaneOp::UExtend if self.code.values[args[0]].ty == LaneType::I32 && !natural(of(0)) => {
                (0, u32::MAX.into())
            }
            LaneOp::SExtend | LaneOp::UExtend | LaneOp::Wrap => of(0),
            LaneOp::Select => match extreme(self.code, args) {
                Some(Extreme { op: LaneOp::ULt | LaneOp::ULe, .. }) if of(1).0.min(of(2).0) < 0 => {
                    union(of(1), of(2))
                }
                Some(Extreme { least: true, .. }) => (of(1).0.min(of(2).0), of(1).1.min(of(2).1)),
                Some(_) => (of(1).0.max(of(2).0), of(1).1.max(of(2).1)),
                None => union(of(1), of(2)),
            },
            _ => return None,
        })
    }

    /// What the upper half of a product of 32 bits is of, if that is a constant that is no less than zero.
    fn multiplier(&self, op: LaneOp, args: &[Value]) -> Option<i128> {
        let multiplier = self.constant(args[1])?;
        let fits =
            self.code.values[args[0]].ty == LaneType::I32 && (op == LaneOp::UMulHigh || multiplier < 1 << 31);
        fits.then_some(multiplier.into())
    }

    /// A multiplier of 16 bits that gives the same upper halves as one of 32 bits, of all these numbers.
    fn short_multiplier(&self, op: LaneOp, args: &[Value]) -> Option<u16> {
        let multiplier = self.multiplier(op, args)?;
        let (least, most) = self.range(args[0]);
        let same = |short: &i128| (least..=most).all(|x| (x * multiplier) >> 32 == (x * short) >> 16);
        let short = [multiplier >> 16, (multiplier >> 16) + 1].into_iter().find(same)?;
        u16::try_from(short).ok()
    }

    /// How lanes of so many bytes are taken such that they are all of these numbers.
    fn common(&self, values: &[Value], bytes: usize) -> Option<Form> {
        let bits = 8 * bytes as u32;
        let all = |least: i128, end: i128| {
            values.iter().all(|value| least <= self.range(*value).0 && self.range(*value).1 < end)
        };
        if all(-(1 << (bits - 1)), 1 << (bits - 1)) {
            return Some(Form::Signed);
        }
        all(0, 1 << bits).then_some(Form::Unsigned)
    }

    /// How the operations of nodes take their operands from lanes of so many bytes, if all can.
    fn forms(&self, nodes: &[Node], bytes: usize) -> Option<Vec<Form>> {
        let mut forms = vec![Form::Any; self.code.values.len()];
        for node in walk::statements(nodes) {
            if let Node::Let(value) = node
                && let data = &self.code.values[*value]
                && let Inst::Op(op, args) = &data.inst
                && data.varying
            {
                forms[value.index()] = self.form(*op, args, bytes)?;
            }
        }
        Some(forms)
    }

    fn form(&self, op: LaneOp, args: &[Value], bytes: usize) -> Option<Form> {
        let bits = 8 * bytes as u64;
        let whole = |value: Value| self.common(&[value], bytes);
        let natural = |value: Value| self.range(value).0 >= 0;
        match op {
            LaneOp::IAnd
                if self.constant(args[1]).is_some_and(|kept| kept | u64::MAX << bits == u64::MAX) =>
            {
                Some(Form::First)
            }
            LaneOp::IMul => (bytes == 2).then_some(Form::Any),
            LaneOp::IAdd | LaneOp::ISub | LaneOp::IAnd | LaneOp::IOr | LaneOp::IXor | LaneOp::INot => {
                Some(Form::Any)
            }
            LaneOp::UMulHigh | LaneOp::SMulHigh if bytes == 2 && natural(args[0]) => {
                whole(args[0])?;
                self.short_multiplier(op, args).map(Form::High)
            }
            LaneOp::SExtend | LaneOp::UExtend | LaneOp::Wrap => Some(Form::Any),
            LaneOp::Select | LaneOp::BAnd | LaneOp::BOr | LaneOp::BXor | LaneOp::BNot => Some(Form::Any),
            LaneOp::Shl => self.constant(args[1]).map(|_| Form::Any),
            LaneOp::UShr => {
                self.constant(args[1])?;
                whole(args[0]).filter(|_| natural(args[0])).map(|_| Form::Unsigned)
            }
            LaneOp::SShr => {
                let count = self.constant(args[1])?;
                match self.code.values[args[0]].inst {
                    _ if whole(args[0]).is_some() => {
                        Some(if natural(args[0]) { Form::Unsigned } else { Form::Signed })
                    }
                    Inst::Op(LaneOp::Shl, ref inner) => {
                        let width = if self.code.values[args[0]].ty == LaneType::I64 { 64 } else { 32 };
                        let same = self.constant(inner[1]) == Some(count);
                        let kept = width - count.min(width);
                        (same && (1..=bits).contains(&kept)).then_some(Form::SignOf(kept as u8))
                    }
                    _ => None,
                }
            }
            _ if op.shape() == Shape::IntCompare => {
                let natural = args.iter().all(|arg| self.range(*arg).0 >= 0);
                self.common(args, bytes).filter(|_| natural || !matches!(op, LaneOp::ULt | LaneOp::ULe))
            }
            _ => None,
        }
    }
}

/// All numbers of a type of elements.
fn of_dtype(dtype: DType) -> Range {
    let end = |scalar: parfuse_ir::Scalar| scalar.as_integer().expect("of an integer type");
    (end(dtype.least()), end(dtype.greatest()))
}

/// A choice of the lesser or the greater of two integers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Extreme {
    /// Whether of the lesser.
    pub(crate) least: bool,
    /// The value that says which it is.
    pub(crate) comparison: Value,
    /// The comparison.
    pub(crate) op: LaneOp,
}

/// Whether a `select` of these operands chooses the lesser or the greater of two integers.
pub(crate) fn extreme(code: &Code, args: &[Value]) -> Option<Extreme> {
    let Inst::Op(op @ (LaneOp::SLt | LaneOp::SLe | LaneOp::ULt | LaneOp::ULe), compared) =
        &code.values[args[0]].inst
    else {
        return None;
    };
    let same = |a: Value, b: Value| match (&code.values[a].inst, &code.values[b].inst) {
        (Inst::Const(a), Inst::Const(b)) => a == b,
        _ => a == b,
    };
    let in_order = |first: Value, second: Value| same(compared[0], first) && same(compared[1], second);
    let least = in_order(args[1], args[2]);
    (least || in_order(args[2], args[1])).then_some(Extreme { least, comparison: args[0], op: *op })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_do_not_keep_what_loops_carry_from_being_short() {
        let lane = Lane::parse(
            "lane f params 2 frame 12 {
              buffer b0 a: u8[unit] is p0 at 3
              buffer b1 r: u8[unit] is p1 at 6
              driver { v0: i64 = dim b0, 0 slot 10 = v0 launch r0 }
              region r0 extents [10] fine {
                body {
                  loop v0: i32 lanes = 255i32, v1: i64 = 0i64 {
                    v2: bool = ult v1, 3i64
                    test v2
                  } do {
                    v3: i32 lanes = load b0[v1 + lanes]
                    v4: bool lanes = slt v3, v0
                    v5: i32 lanes = select v4, v3, v0
                    v6: i64 = iadd v1, 1i64
                    next v5, v6
                  }
                  store b1[0i64 + lanes], v0
                }
              }
            }",
        );
        let lane = lane.unwrap_or_else(|error| panic!("{error}"));
        let (_, region) = lane.regions.iter().next().expect("one");
        assert_eq!(Narrow::of(&lane, &Rows::of(region)).map(|narrow| narrow.bytes), Some(1));
    }
}
