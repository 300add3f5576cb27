//! Divides lanes by a uniform number without dividing: by its reciprocal, corrected to the same bits.
//!
//! A divider takes many cycles for each register; the multipliers beside it, idle meanwhile, need three operations:
//!
//! ```text
//! prologue   y = 1 / c                            once
//! body       q = a * y                            within two units in the last place
//!            r = a - c * q                        what is left, exactly
//!            a / c = q + r * y                    correctly rounded
//!            if any lane's a is too large or too small for that { a / c by division }
//! ```
//!
//! That this is `a / c` to the last bit for every `a` and `c`, as long as nothing overflows or underflows, is the
//! theorem of Brisebarre, Muller and Raina, Accelerating correctly rounded floating-point division when the divisor is
//! known in advance, IEEE Transactions on Computers 53 (2004), after Markstein. The ranges in [`Limits`] see to the
//! rest. With negative divisors one goes the long way, too, and with negative zeros, whose quotients would lose the sign.
//!
//! Quotients of quotients, `a / c / d`, share one test. Lanes that have left a loop that others are still in may hold
//! anything, and would often fail the test: there divisions stay.

use crate::Changed;
use crate::hash::{FastMap, FastSet};
use parfuse_ir::arena::Id;
use parfuse_ir::lane::{Block, Code, Inst, Lane, LaneOp, LaneType, Merge, Node, Region, Value, walk};
use smallvec::SmallVec;

use std::mem::take;

/// Replaces the divisions of lanes by uniform numbers in all regions.
pub fn invert_divisors(lane: &mut Lane) -> Changed {
    let mut changed = Changed::No;
    for region in lane.regions.iter_mut().map(|(_, region)| region) {
        changed |= Inversion::run(region);
    }
    changed
}

/// Between which powers of two numbers may lie so that nothing overflows or underflows, in a float type.
struct Limits {
    /// Of the bits of a float, those of the mantissa.
    mantissa: u32,
    /// The exponent of one.
    bias: u64,
    /// Of numerators: between `2^-numerator` and `2^numerator`.
    numerator: u64,
    /// Of divisors, which are positive.
    divisor: u64,
    /// The most divisors of a chain.
    ///
    /// A quotient then is normal and finite: `numerator + chain * divisor` is below the largest exponent. What is left
    /// of its numerator is a multiple of `2^(e - 2 * mantissa - 1)`, where `2^e` is the smallest numerator in the
    /// chain, and that is no less than the smallest float.
    chain: usize,
}

impl Limits {
    fn of(ty: LaneType) -> Limits {
        match ty {
            LaneType::F64 => Limits { mantissa: 52, bias: 1023, numerator: 700, divisor: 64, chain: 4 },
            _ => Limits { mantissa: 23, bias: 127, numerator: 60, divisor: 30, chain: 2 },
        }
    }

    /// The bits of `2^exponent`.
    fn power(&self, exponent: i64) -> u64 {
        ((self.bias as i64 + exponent) as u64) << self.mantissa
    }

    /// Whether a constant may be a divisor.
    fn holds_divisor(&self, bits: u64) -> bool {
        (self.power(-(self.divisor as i64))..self.power(self.divisor as i64)).contains(&bits)
    }

    fn sign(&self) -> u64 {
        (2 * self.bias + 2) << self.mantissa
    }
}

/// A divisor, ready to be multiplied by.
#[derive(Clone, Copy)]
struct Inverse {
    reciprocal: Value,
    negated: Value,
    /// Whether it is positive and neither too large nor too small; of a constant that is known.
    fits: Option<Value>,
}

/// Whether the divisors of a chain fit.
#[derive(Clone, Copy)]
struct Fits {
    /// Unless all are constants.
    all: Option<Value>,
    /// Whether that is known in the prologue.
    in_prologue: bool,
}

/// The work on a region.
struct Inversion<'a> {
    code: &'a mut Code,
    prologue: &'a mut Block,
    /// What the prologue computes.
    in_prologue: FastSet<Value>,
    /// How often each value is read.
    reads: Vec<u32>,
    /// The divisors inverted in the prologue.
    inverses: FastMap<Value, Inverse>,
    changed: Changed,
}

impl Inversion<'_> {
    fn run(region: &mut Region) -> Changed {
        let mut body = take(&mut region.code.body);
        let lets = region.prologue.iter().filter_map(|node| match node {
            Node::Let(value) => Some(*value),
            _ => None,
        });
        let in_prologue = lets.collect();
        let mut reads = vec![0; region.code.values.len()];
        for reduction in &region.reductions {
            reads[reduction.contribution.index()] += 1;
        }
        for node in walk::statements(&body) {
            walk::reads(&region.code, node, |value| reads[value.index()] += 1);
        }
        let mut inversion = Inversion {
            code: &mut region.code,
            prologue: &mut region.prologue,
            in_prologue,
            reads,
            inverses: FastMap::default(),
            changed: Changed::No,
        };
        inversion.block(&mut body);
        let changed = inversion.changed;
        region.code.body = body;
        changed
    }

    /// Numerator and divisor of a division that can be replaced.
    fn quotient(&self, node: &Node) -> Option<(Value, Value, Value)> {
        let Node::Let(value) = node else { return None };
        let Inst::Op(LaneOp::FDiv, operands) = &self.code.values[*value].inst else { return None };
        let (numerator, divisor) = (operands[0], operands[1]);
        let varies = |value: Value| self.code.values[value].varying;
        let limits = Limits::of(self.code.values[*value].ty);
        let fits = match self.code.values[divisor].inst {
            Inst::Const(bits) => limits.holds_divisor(bits),
            _ => true,
        };
        (varies(numerator) && !varies(divisor) && fits).then_some((*value, numerator, divisor))
    }

    fn block(&mut self, block: &mut Block) {
        // The numerators that only a division here reads wait for it.
        let quotients: Vec<(Value, Value, Value)> = block.iter().filter_map(|n| self.quotient(n)).collect();
        let read_once = |value: &Value| self.reads[value.index()] == 1;
        let waiting: FastSet<Value> = quotients.iter().map(|(_, a, _)| *a).filter(read_once).collect();
        let mut chains: FastMap<Value, SmallVec<[Value; 4]>> = FastMap::default();
        for mut node in take(block) {
            let asks_lanes = |cond: Value| matches!(self.code.values[cond].inst, Inst::Any(_));
            match &mut node {
                // Seldom run.
                Node::If { cond, otherwise, .. } if asks_lanes(*cond) && otherwise.is_empty() => {}
                Node::If { then, otherwise, .. } => {
                    self.block(then);
                    self.block(otherwise);
                }
                Node::Loop { cond, body, .. } if !asks_lanes(*cond) => self.block(body),
                _ => {}
            }
            let Some((value, numerator, _)) = self.quotient(&node) else {
                block.push(node);
                continue;
            };
            let mut chain = chains.remove(&numerator).unwrap_or_default();
            chain.push(value);
            if waiting.contains(&value) && chain.len() < Limits::of(self.code.values[value].ty).chain {
                chains.insert(value, chain);
            } else {
                self.replace(&chain, block);
            }
        }
    }

    /// Replaces divisions, each of the one before.
    fn replace(&mut self, chain: &[Value], block: &mut Block) {
        self.changed = Changed::Yes;
        let operands = |code: &Code, value: Value| match &code.values[value].inst {
            Inst::Op(LaneOp::FDiv, operands) => (operands[0], operands[1]),
            other => unreachable!("a division, not {other:?}"),
        };
        let (first, _) = operands(self.code, chain[0]);
        let mut quotient = first;
        let mut fits = Fits { all: None, in_prologue: true };
        for value in chain {
            let (_, divisor) = operands(self.code, *value);
            let inverse = self.inverse(divisor, block);
            let rough = self.op(block, LaneOp::FMul, &[quotient, inverse.reciprocal]);
            let rest = self.op(block, LaneOp::Fma, &[inverse.negated, rough, quotient]);
            quotient = self.op(block, LaneOp::Fma, &[rest, inverse.reciprocal, rough]);
            fits.in_prologue &= inverse.fits.is_none() || self.inverses.contains_key(&divisor);
            fits.all = match (fits.all, inverse.fits) {
                (Some(one), Some(other)) => Some(self.uniform(fits, block, LaneOp::BAnd, &[one, other])),
                (one, other) => one.or(other),
            };
        }
        let unfit = self.unfit(first, fits, block);
        let any = self.code.value(Inst::Any(unfit), LaneType::Bool, false);
        block.push(Node::Let(any));

        // The last division becomes the result of a branch, in which all are done.
        let (&value, others) = chain.split_last().expect("there is a division");
        let data = &mut self.code.values[value];
        let (ty, division) = (data.ty, std::mem::replace(&mut data.inst, Inst::Bound));
        let exact = self.code.value(division, ty, true);
        let then = others.iter().chain([&exact]).map(|value| Node::Let(*value)).collect();
        let results = vec![Merge { value, then: exact, otherwise: quotient }];
        block.push(Node::If { cond: any, then, otherwise: Vec::new(), results });
    }

    /// Where a numerator is too large, too small, or a negative zero; everywhere if the divisors do not fit.
    ///
    /// ```text
    /// magnitude + shift    moves the largest numerator to the largest integer: what is larger becomes negative
    ///           < least    so that one comparison finds what is too small and what is too large
    /// ```
    fn unfit(&mut self, numerator: Value, fits: Fits, block: &mut Block) -> Value {
        let ty = self.code.values[numerator].ty;
        let limits = Limits::of(ty);
        let largest = limits.sign() - 1;
        let int = integers(ty);
        let shift = largest - limits.power(limits.numerator as i64);
        let least = self.constant(int, limits.power(-(limits.numerator as i64)) + shift);
        let mut shift = self.constant(int, shift);
        let mut zero = self.constant(int, 0);
        if let Some(all) = fits.all {
            // Then every number becomes negative, and none passes for zero but a NaN, which may: its quotient is one.
            let (minimum, minus_one) =
                (self.constant(int, limits.sign()), self.constant(int, (limits.sign() << 1).wrapping_sub(1)));
            shift = self.uniform(fits, block, LaneOp::Select, &[all, shift, minimum]);
            zero = self.uniform(fits, block, LaneOp::Select, &[all, zero, minus_one]);
        }
        let bits = self.op(block, LaneOp::Bitcast, &[numerator]);
        let mask = self.constant(int, largest);
        let magnitude = self.op(block, LaneOp::IAnd, &[bits, mask]);
        let shifted = self.op(block, LaneOp::IAdd, &[magnitude, shift]);
        let outside = self.op(block, LaneOp::SLt, &[shifted, least]);
        let nonzero = self.op(block, LaneOp::INe, &[bits, zero]);
        self.op(block, LaneOp::BAnd, &[outside, nonzero])
    }

    /// A divisor's inverse; computed in the prologue if the divisor is known there, or else in this block.
    fn inverse(&mut self, divisor: Value, block: &mut Block) -> Inverse {
        if let Some(inverse) = self.inverses.get(&divisor) {
            return *inverse;
        }
        let data = &self.code.values[divisor];
        let (ty, inst) = (data.ty, data.inst.clone());
        if let Inst::Const(bits) = inst {
            let one = one(ty);
            let reciprocal = LaneOp::FDiv.eval(ty, &[one, bits]);
            let negated = LaneOp::FNeg.eval(ty, &[bits]);
            let (reciprocal, negated) = (self.constant(ty, reciprocal), self.constant(ty, negated));
            return Inverse { reciprocal, negated, fits: None };
        }
        if !self.in_prologue.contains(&divisor) {
            return self.inverted(divisor, block);
        }
        let mut prologue = take(self.prologue);
        let inverse = self.inverted(divisor, &mut prologue);
        *self.prologue = prologue;
        self.inverses.insert(divisor, inverse);
        inverse
    }

    fn inverted(&mut self, divisor: Value, block: &mut Block) -> Inverse {
        let ty = self.code.values[divisor].ty;
        let limits = Limits::of(ty);
        let int = integers(ty);
        let one = self.constant(ty, one(ty));
        let reciprocal = self.op(block, LaneOp::FDiv, &[one, divisor]);
        let negated = self.op(block, LaneOp::FNeg, &[divisor]);
        let bits = self.op(block, LaneOp::Bitcast, &[divisor]);
        let [least, most] = [-(limits.divisor as i64), limits.divisor as i64].map(|e| limits.power(e));
        let (least, range) = (self.constant(int, least), self.constant(int, most - least));
        let above = self.op(block, LaneOp::ISub, &[bits, least]);
        let fits = self.op(block, LaneOp::ULt, &[above, range]);
        Inverse { reciprocal, negated, fits: Some(fits) }
    }

    /// An operation on what is known of divisors, evaluated in the prologue if that is known there.
    fn uniform(&mut self, fits: Fits, block: &mut Block, op: LaneOp, operands: &[Value]) -> Value {
        if !fits.in_prologue {
            return self.op(block, op, operands);
        }
        let mut prologue = take(self.prologue);
        let value = self.op(&mut prologue, op, operands);
        *self.prologue = prologue;
        value
    }

    fn constant(&mut self, ty: LaneType, bits: u64) -> Value {
        self.code.constant(ty, bits)
    }

    /// An operation, evaluated at the end of a block.
    fn op(&mut self, block: &mut Block, op: LaneOp, operands: &[Value]) -> Value {
        self.code.operation(block, op, operands)
    }
}

fn integers(float: LaneType) -> LaneType {
    if float == LaneType::F64 { LaneType::I64 } else { LaneType::I32 }
}

fn one(ty: LaneType) -> u64 {
    if ty == LaneType::F64 { 1f64.to_bits() } else { 1f32.to_bits() as u64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::parse;
    use crate::vectorize;
    use parfuse_interp::{Array, Value as Argument, run_lane};
    use parfuse_ir::random::seed_key;
    use parfuse_ir::{DType, Scalar};

    /// A kernel that stores `a[i] / x / y`, and `a[i] / 3`, with divisors as arguments or constants.
    fn quotients(dtype: DType, divisors: &str) -> Lane {
        let text = format!(
            "loops quotients(x: {dtype}, y: {dtype}, b0 a: {dtype}[unit]) {{
                buffer b1 q: [{dtype}; 1]
                buffer b2 thirds: [{dtype}; 1]
                v0: usize = dim b0, 0
                alloc b1[v0]
                alloc b2[v0]
                parfor v1 in v0 {{
                    source quotients @1:1
                    v2: {dtype} = load b0[v1]
                    {divisors}
                    v5: {dtype} = div v2, 3{dtype}
                    store b1[v1], v4
                    store b2[v1], v5
                }}
                return b1, b2
            }}"
        );
        vectorize(&parse(&text))
    }

    fn inverted(lane: &Lane) -> Lane {
        let mut inverted = lane.clone();
        assert_eq!(invert_divisors(&mut inverted), Changed::Yes, "{lane}");
        inverted.verify().unwrap_or_else(|error| panic!("{error} in\n{inverted}"));
        assert_eq!(invert_divisors(&mut inverted.clone()), Changed::No, "{inverted}");
        inverted
    }

    fn divisions(lane: &Lane) -> usize {
        let region = lane.regions.iter().next().unwrap().1;
        let is_division = |node: &&Node| match node {
            Node::Let(v) => matches!(region.code.values[*v].inst, Inst::Op(LaneOp::FDiv, _)),
            _ => false,
        };
        region.code.body.iter().filter(is_division).count()
    }

    /// Powers of two from end to end, each with a few mantissas, of both signs; zeros, infinities and NaN.
    fn samples(dtype: DType) -> Vec<Scalar> {
        let (mantissa, exponents) = if dtype.bits() == 64 { (52, 2048) } else { (23, 256u64) };
        let step = (exponents / 32) as usize;
        let mantissas =
            [0u64, 1, 0x000a_5a5a_5a5a_5a5a, u64::MAX, 0x0003_3333_3333_3334, 1 << (mantissa - 1)];
        let edges = [0, 1, 2, exponents - 2, exponents - 1];
        let all = (0..exponents).step_by(step).chain(edges).flat_map(|exponent| {
            mantissas.map(|fraction| exponent << mantissa | fraction & ((1 << mantissa) - 1))
        });
        all.flat_map(|bits| [bits, bits | exponents << mantissa])
            .map(|bits| Scalar::from_bits(dtype, bits))
            .collect()
    }

    fn run(lane: &Lane, dtype: DType, divisors: [Scalar; 2], numerators: &[Scalar]) -> Vec<Vec<Scalar>> {
        let array = Array::new(dtype, &[numerators.len()], numerators.to_vec());
        let arguments = [divisors[0], divisors[1]].map(Argument::Scalar);
        let arguments = [&arguments[..], &[Argument::Array(array)]].concat();
        // One lane, so that a numerator that goes the long way takes no others with it.
        let outcome = run_lane(lane, &arguments, seed_key(0), 1).unwrap();
        let results = outcome.results.iter().map(|result| match result {
            Argument::Array(array) => array.scalars(),
            Argument::Scalar(_) => unreachable!("arrays are returned"),
        });
        results.collect()
    }

    fn same(a: Scalar, b: Scalar) -> bool {
        let is_nan = |x: Scalar| matches!(x.cast(DType::F64), Scalar::F64(x) if x.is_nan());
        a.to_bits() == b.to_bits() || is_nan(a) && is_nan(b)
    }

    #[test]
    fn quotients_are_the_same_to_the_last_bit() {
        for dtype in [DType::F64, DType::F32] {
            let chain = format!("v3: {dtype} = div v2, x\nv4: {dtype} = div v3, y");
            let lane = quotients(dtype, &chain);
            let inverted = inverted(&lane);
            let numerators = samples(dtype);
            for x in samples(dtype).into_iter().step_by(29) {
                for y in [49.0, 1e7] {
                    let divisors = [x, Scalar::F64(y).cast(dtype)];
                    let expected = run(&lane, dtype, divisors, &numerators);
                    let found = run(&inverted, dtype, divisors, &numerators);
                    for (k, (found, expected)) in found.iter().zip(&expected).enumerate() {
                        for ((found, expected), a) in found.iter().zip(expected).zip(&numerators) {
                            assert!(
                                same(*found, *expected),
                                "{k}: {a} / {divisors:?}: {found}, not {expected}"
                            );
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn numerators_at_random_give_the_same_quotients() {
        let lane = quotients(DType::F64, "v3: f64 = div v2, x\nv4: f64 = div v3, y");
        let inverted = inverted(&lane);
        let mut state = 1u64;
        let mut number = |low: f64| {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            Scalar::F64(low * (1.0 + (state >> 11) as f64 / (1u64 << 53) as f64))
        };
        for _ in 0..200 {
            let divisors = [number(1.0), number(64.0)];
            let numerators: Vec<Scalar> = (0..200).map(|_| number(1.0)).collect();
            let [found, expected] =
                [&inverted, &lane].map(|lane| run(lane, DType::F64, divisors, &numerators));
            assert_eq!(found, expected, "{divisors:?}");
        }
    }

    #[test]
    fn a_chain_has_one_test_and_the_divisions_stand_in_its_branch() {
        let lane = inverted(&quotients(DType::F64, "v3: f64 = div v2, x\nv4: f64 = div v3, y"));
        assert_eq!(divisions(&lane), 0, "{lane}");
        let region = lane.regions.iter().next().unwrap().1;
        let tests = region.code.body.iter().filter(|node| matches!(node, Node::If { .. })).count();
        assert_eq!(tests, 2, "one for the chain, one for the thirds\n{lane}");
    }

    #[test]
    fn divisors_that_never_fit_stay() {
        let lane = quotients(DType::F64, "v3: f64 = div v2, 0f64\nv4: f64 = div v3, 1e100f64");
        assert_eq!(divisions(&lane), 3, "{lane}");
        assert_eq!(divisions(&inverted(&lane)), 2, "{lane}");
    }

    #[test]
    fn a_quotient_with_other_readers_starts_a_chain_of_its_own() {
        let lane = quotients(DType::F64, "v3: f64 = div v2, x\nv6: f64 = div v3, y\nv4: f64 = add v6, v3");
        let inverted = inverted(&lane);
        let numerators = samples(DType::F64);
        let divisors = [Scalar::F64(0.7), Scalar::F64(7.0)];
        let [found, expected] = [&inverted, &lane].map(|lane| run(lane, DType::F64, divisors, &numerators));
        assert!(found.iter().flatten().zip(expected.iter().flatten()).all(|(a, b)| same(*a, *b)));
    }
}
