//! Divides lanes of integers as floats, where these give the same.
//!
//! ```text
//! srem v0, v1        a, b = v0, v1 as f64                  exact if they are of 51 bits
//!               ⇒    r = a - b * trunc(a / b), as i64
//!                    r = select(v1 == 0, 0, r)
//!                    if any lane's v0 or v1 is larger than that { r = srem v0, v1 }
//! ```
//!
//! Vector registers have no divider of integers, so each lane would be taken out and put back again; that of floats divides
//! all lanes in the time of one of the other.
//!
//! For integers `|a| < 2^53` the rounded quotient never reaches the next integer: below it, by `1 / |b|` at least, lie
//! floats at half a distance of at most `2^-53 |a / b| < 1 / |b|`. So its whole part is right, and the remainder is a
//! difference of integers that floats hold. Numbers below `2^51` become floats, and floats numbers, by adding `1.5 * 2^52`,
//! whose last bits then are the number. Numbers of 32 bits need no test.
//!
//! Divisions by constants have become multiplications by now (`vectorize`), and what is the same for all lanes stays.

use crate::Changed;
use crate::hash::{FastMap, FastSet};
use parfuse_ir::lane::{Block, Code, Inst, Lane, LaneOp, LaneType, Merge, Node, Region, Value};
use std::mem::take;

/// `1.5 * 2^52`, in bits.
const MAGIC: u64 = 0x4338_0000_0000_0000;

/// Numbers of so many bits, and a sign, become floats by adding [`MAGIC`].
const BITS: u64 = 51;

/// Replaces the divisions of integers that differ between lanes in all regions.
pub fn divide_in_floats(lane: &mut Lane) -> Changed {
    let mut changed = Changed::No;
    for region in lane.regions.iter_mut().map(|(_, region)| region) {
        changed |= Division::run(region);
    }
    changed
}

/// The numerator and divisor of a division, and whether they have signs.
type Operands = (Value, Value, bool);

/// What divisions of the same numbers share.
#[derive(Clone, Copy)]
struct Quotient {
    numerator: Value,
    divisor: Value,
    /// The whole part.
    whole: Value,
    /// Whether the divisor is zero.
    is_zero: Value,
    /// Whether the numbers of any lane are too large; of 32 bits none are.
    any_large: Option<Value>,
}

/// The work on a region.
struct Division<'a> {
    code: &'a mut Code,
    /// What the prologue computes, and what is added to it.
    in_prologue: FastSet<Value>,
    prologue: Block,
    /// The quotients that can be seen.
    quotients: FastMap<Operands, Quotient>,
    changed: Changed,
}

impl Division<'_> {
    fn run(region: &mut Region) -> Changed {
        let mut body = take(&mut region.code.body);
        let mut division = Division {
            in_prologue: lets(&region.prologue).collect(),
            prologue: take(&mut region.prologue),
            code: &mut region.code,
            quotients: FastMap::default(),
            changed: Changed::No,
        };
        division.block(&mut body);
        let Division { prologue, changed, .. } = division;
        (region.prologue, region.code.body) = (prologue, body);
        changed
    }

    /// The operation, numerator and divisor of a division that can be replaced.
    fn division(&self, value: Value) -> Option<(LaneOp, Operands)> {
        let data = &self.code.values[value];
        let Inst::Op(op, operands) = &data.inst else { return None };
        let signed = match op {
            LaneOp::SDiv | LaneOp::SRem => true,
            LaneOp::UDiv | LaneOp::URem => false,
            _ => return None,
        };
        data.varying.then(|| (*op, (operands[0], operands[1], signed)))
    }

    fn block(&mut self, block: &mut Block) {
        let mut own = Vec::new();
        for mut node in take(block) {
            match &mut node {
                Node::Let(value) => {
                    if let Some((op, operands)) = self.division(*value) {
                        self.replace(*value, op, operands, block, &mut own);
                        continue;
                    }
                }
                // A division that stands behind the test already.
                Node::If { cond, otherwise, results, .. }
                    if matches!(self.code.values[*cond].inst, Inst::Any(_))
                        && otherwise.is_empty()
                        && results.iter().any(|merge| self.division(merge.then).is_some()) => {}
                Node::If { then, otherwise, .. } => {
                    self.block(then);
                    self.block(otherwise);
                }
                Node::Loop { header, body, .. } => {
                    // The body sees what the header computes.
                    let mut header_own = Vec::new();
                    self.header(header, &mut header_own);
                    self.block(body);
                    self.forget(&header_own);
                }
                Node::Lanes(lanes) => {
                    let known = take(&mut self.in_prologue);
                    let outside = std::mem::replace(&mut self.prologue, take(&mut lanes.prologue));
                    self.in_prologue = lets(&self.prologue).collect();
                    self.block(&mut lanes.body);
                    lanes.prologue = std::mem::replace(&mut self.prologue, outside);
                    self.in_prologue = known;
                }
                _ => {}
            }
            block.push(node);
        }
        self.forget(&own);
    }

    /// Leaves the block that these quotients were found in.
    fn forget(&mut self, own: &[Operands]) {
        for operands in own {
            self.quotients.remove(operands);
        }
    }

    fn header(&mut self, header: &mut Block, own: &mut Vec<Operands>) {
        for node in take(header) {
            match &node {
                Node::Let(value) if let Some((op, operands)) = self.division(*value) => {
                    self.replace(*value, op, operands, header, own);
                }
                _ => header.push(node),
            }
        }
    }

    /// Replaces a division, the value of which becomes what the floats give, or what a branch does.
    fn replace(
        &mut self,
        value: Value,
        op: LaneOp,
        operands: Operands,
        block: &mut Block,
        own: &mut Vec<Operands>,
    ) {
        self.changed = Changed::Yes;
        let quotient = match self.quotients.get(&operands) {
            Some(known) => *known,
            None => {
                let quotient = self.quotient(operands, block);
                self.quotients.insert(operands, quotient);
                own.push(operands);
                quotient
            }
        };
        let float = match op {
            LaneOp::SDiv | LaneOp::UDiv => quotient.whole,
            _ => {
                let product = self.op(block, LaneOp::FMul, &[quotient.whole, quotient.divisor]);
                self.op(block, LaneOp::FSub, &[quotient.numerator, product])
            }
        };
        let ty = self.code.values[value].ty;
        let magic = self.code.constant(LaneType::F64, MAGIC);
        let moved = self.op(block, LaneOp::FAdd, &[float, magic]);
        let bits = self.op(block, LaneOp::Bitcast, &[moved]);
        let number = match ty {
            // The last bits of the magic number are zeros.
            LaneType::I32 => self.op(block, LaneOp::Wrap, &[bits]),
            _ => {
                let magic = self.code.constant(LaneType::I64, MAGIC);
                self.op(block, LaneOp::ISub, &[bits, magic])
            }
        };
        let zero = self.code.constant(ty, 0);
        let chosen = Inst::Op(LaneOp::Select, [quotient.is_zero, zero, number].as_slice().into());
        let Some(cond) = quotient.any_large else {
            self.code.values[value].inst = chosen;
            block.push(Node::Let(value));
            return;
        };
        let chosen = self.code.value(chosen, ty, true);
        block.push(Node::Let(chosen));
        let division = std::mem::replace(&mut self.code.values[value].inst, Inst::Bound);
        let exact = self.code.value(division, ty, true);
        let results = vec![Merge { value, then: exact, otherwise: chosen }];
        block.push(Node::If { cond, then: vec![Node::Let(exact)], otherwise: Vec::new(), results });
    }

    fn quotient(&mut self, (a, b, signed): Operands, block: &mut Block) -> Quotient {
        let ty = self.code.values[a].ty;
        let [numerator, divisor] = [a, b].map(|number| self.float(number, signed, block));
        let quotient = self.op(block, LaneOp::FDiv, &[numerator, divisor]);
        let whole = self.op(block, LaneOp::FTrunc, &[quotient]);
        let zero = self.code.constant(ty, 0);
        let is_zero = self.uniform_op(block, LaneOp::IEq, &[b, zero]);
        let any_large = (ty == LaneType::I64).then(|| {
            let [a, b] = [a, b].map(|number| self.above_sign(number, signed, block));
            let both = self.op(block, LaneOp::IOr, &[a, b]);
            let bits = self.code.constant(ty, BITS + signed as u64);
            let beyond = self.op(block, LaneOp::UShr, &[both, bits]);
            let large = self.op(block, LaneOp::INe, &[beyond, zero]);
            let any = self.code.value(Inst::Any(large), LaneType::Bool, false);
            block.push(Node::Let(any));
            any
        });
        Quotient { numerator, divisor, whole, is_zero, any_large }
    }

    /// What has no bits beyond the limit if the number is small enough.
    fn above_sign(&mut self, number: Value, signed: bool, block: &mut Block) -> Value {
        if !signed {
            return number;
        }
        let least = self.code.constant(LaneType::I64, 1 << BITS);
        self.uniform_op(block, LaneOp::IAdd, &[number, least])
    }

    /// A number that is small enough, as a float.
    fn float(&mut self, number: Value, signed: bool, block: &mut Block) -> Value {
        let mut wide = number;
        if self.code.values[number].ty == LaneType::I32 {
            if signed {
                return self.uniform_op(block, LaneOp::SToF64, &[number]);
            }
            wide = self.uniform_op(block, LaneOp::UExtend, &[number]);
        }
        let [int, float] = [LaneType::I64, LaneType::F64].map(|ty| self.code.constant(ty, MAGIC));
        let moved = self.uniform_op(block, LaneOp::IAdd, &[wide, int]);
        let bits = self.uniform_op(block, LaneOp::Bitcast, &[moved]);
        self.uniform_op(block, LaneOp::FSub, &[bits, float])
    }

    /// An operation on a number, evaluated in the prologue if the number is known there.
    fn uniform_op(&mut self, block: &mut Block, op: LaneOp, operands: &[Value]) -> Value {
        let known = |value: &Value| match self.code.values[*value].inst {
            Inst::Const(_) => true,
            _ => self.in_prologue.contains(value),
        };
        if !operands.iter().all(known) {
            return self.op(block, op, operands);
        }
        let value = self.code.operation(&mut self.prologue, op, operands);
        self.in_prologue.insert(value);
        value
    }

    fn op(&mut self, block: &mut Block, op: LaneOp, operands: &[Value]) -> Value {
        self.code.operation(block, op, operands)
    }
}

/// The values that a block itself evaluates.
fn lets(block: &Block) -> impl Iterator<Item = Value> + '_ {
    block.iter().filter_map(|node| match node {
        Node::Let(value) => Some(*value),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::parse;
    use crate::vectorize;
    use parfuse_interp::{Array, Value as Argument, run_lane};
    use parfuse_ir::random::seed_key;
    use parfuse_ir::{DType, Scalar};

    /// A kernel that stores `a[i] / b[i]` and `a[i] % b[i]`, or divides by `x`.
    fn quotients(dtype: DType, divisor: &str) -> Lane {
        let text = format!(
            "loops quotients(x: {dtype}, b0 a: {dtype}[unit], b1 b: {dtype}[unit]) {{
                buffer b2 quotient: [{dtype}; 1]
                buffer b3 rest: [{dtype}; 1]
                v0: usize = dim b0, 0
                alloc b2[v0]
                alloc b3[v0]
                parfor v1 in v0 {{
                    source quotients @1:1
                    v2: {dtype} = load b0[v1]
                    v3: {dtype} = load b1[v1]
                    v4: {dtype} = div v2, {divisor}
                    v5: {dtype} = rem v2, {divisor}
                    store b2[v1], v4
                    store b3[v1], v5
                }}
                return b2, b3
            }}"
        );
        vectorize(&parse(&text))
    }

    fn divided(lane: &Lane) -> Lane {
        let mut divided = lane.clone();
        assert_eq!(divide_in_floats(&mut divided), Changed::Yes, "{lane}");
        divided.verify().unwrap_or_else(|error| panic!("{error} in\n{divided}"));
        assert_eq!(divide_in_floats(&mut divided.clone()), Changed::No, "{divided}");
        divided
    }

    fn run(lane: &Lane, x: Scalar, numbers: &[(Scalar, Scalar)]) -> Vec<Vec<Scalar>> {
        let [a, b] = [0, 1].map(|side| {
            let numbers = numbers.iter().map(|pair| if side == 0 { pair.0 } else { pair.1 });
            Argument::Array(Array::new(x.dtype(), &[numbers.len()], numbers.collect()))
        });
        // One lane, so that a number that goes the long way takes no others with it.
        let outcome = run_lane(lane, &[Argument::Scalar(x), a, b], seed_key(0), 1).unwrap();
        let results = outcome.results.iter().map(|result| match result {
            Argument::Array(array) => array.scalars(),
            Argument::Scalar(_) => unreachable!("arrays are returned"),
        });
        results.collect()
    }

    /// Numbers near powers of two, of both signs.
    fn samples(dtype: DType) -> Vec<Scalar> {
        let powers = (0..dtype.bits() as u64).step_by(9).chain([31, 51, 53, 63]);
        let near = powers.flat_map(|bits| [-1i64, 0, 1].map(|more| (1u64 << bits).wrapping_add_signed(more)));
        let both = near.flat_map(|bits| [bits, bits.wrapping_neg()]).chain([0, 3, 7, 10, 1_000_003]);
        both.map(|bits| Scalar::U64(bits).cast(dtype)).collect()
    }

    const TYPES: [DType; 6] = [DType::I64, DType::Usize, DType::I32, DType::U32, DType::U8, DType::I16];

    #[test]
    fn quotients_and_remainders_are_those_of_integers() {
        for dtype in TYPES {
            let lane = quotients(dtype, "v3");
            let divided = divided(&lane);
            let samples = samples(dtype);
            let pairs: Vec<(Scalar, Scalar)> =
                samples.iter().flat_map(|a| samples.iter().map(|b| (*a, *b))).collect();
            let [found, expected] = [&divided, &lane].map(|lane| run(lane, dtype.zero(), &pairs));
            for (k, (found, expected)) in found.iter().zip(&expected).enumerate() {
                for ((found, expected), pair) in found.iter().zip(expected).zip(&pairs) {
                    assert_eq!(found, expected, "{k}: {pair:?}");
                }
            }
        }
    }

    #[test]
    fn multiples_and_their_neighbours_are_divided_exactly() {
        for dtype in [DType::I64, DType::Usize] {
            let lane = quotients(dtype, "v3");
            let divided = divided(&lane);
            let mut state = 1u64;
            let mut number = |bits: u64| {
                state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
                (state >> (64 - bits)) | 1
            };
            let pairs: Vec<(Scalar, Scalar)> = (0..600)
                .flat_map(|k| {
                    let divisor = number(1 + k % 50);
                    let multiple = number(50 - k % 50) * divisor;
                    [-1i64, 0, 1].map(|more| {
                        let near = Scalar::U64(multiple.wrapping_add_signed(more)).cast(dtype);
                        (near, Scalar::U64(divisor).cast(dtype))
                    })
                })
                .collect();
            let [found, expected] = [&divided, &lane].map(|lane| run(lane, dtype.zero(), &pairs));
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn divisors_that_are_the_same_for_all_lanes_are_prepared_once() {
        for dtype in TYPES {
            let lane = quotients(dtype, "x");
            let divided = divided(&lane);
            let region = divided.regions.iter().next().unwrap().1;
            assert!(region.prologue.len() > lane.regions.iter().next().unwrap().1.prologue.len());
            let numbers: Vec<(Scalar, Scalar)> = samples(dtype).iter().map(|a| (*a, *a)).collect();
            for x in samples(dtype).into_iter().step_by(5) {
                let [found, expected] = [&divided, &lane].map(|lane| run(lane, x, &numbers));
                assert_eq!(found, expected, "{dtype} by {x:?}");
            }
        }
    }

    #[test]
    fn quotient_and_remainder_of_the_same_numbers_share_a_division() {
        let divided = divided(&quotients(DType::I64, "v3"));
        let region = divided.regions.iter().next().unwrap().1;
        let is_division = |data: &parfuse_ir::lane::ValueData| matches!(data.inst, Inst::Op(LaneOp::FDiv, _));
        assert_eq!(region.code.values.iter().filter(|(_, data)| is_division(data)).count(), 1, "{divided}");
    }
}
