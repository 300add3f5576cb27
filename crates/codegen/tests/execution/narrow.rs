//! Rows of short integers, which wide code computes in lanes as short: random ones against [`LaneOp::eval`], and which
//! instructions some become.

use crate::build::{Body, Kernel};
use crate::machine::{Array, End, Machine, with_all};
use parfuse_codegen::{Compiler, Effort, Isa, Options};
use parfuse_ir::lane::{Inst, Lane, LaneOp, LaneType, Lanes, Slot, Value};
use parfuse_ir::{DType, ReduceOp};
use std::collections::HashMap;

const ELEMENTS: [DType; 5] = [DType::U8, DType::I8, DType::U16, DType::I16, DType::Bool];
const LENGTHS: [usize; 9] = [0, 1, 15, 31, 33, 64, 100, 130, 300];
const LEN: usize = 300;

/// Numbers without an end.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }
    fn of<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

/// The bits of an element as lanes of its type have them.
fn widened(dtype: DType, bits: u64) -> u64 {
    match dtype {
        DType::I8 => bits as i8 as u32 as u64,
        DType::I16 => bits as i16 as u32 as u64,
        _ => bits,
    }
}

/// A program under construction, with the values of all elements so far.
struct Rows<'a> {
    body: &'a mut Body,
    values: HashMap<Value, Vec<u64>>,
    numbers: Vec<Value>,
    truths: Vec<Value>,
}

impl Rows<'_> {
    fn op(&mut self, op: LaneOp, args: &[Value]) -> Value {
        let columns: Vec<Vec<u64>> = args.iter().map(|arg| self.column(*arg)).collect();
        let ty = self.body.code.values[args[(op == LaneOp::Select) as usize]].ty;
        let of_element = |i: usize| {
            let operands: Vec<u64> = columns.iter().map(|column| column[i]).collect();
            op.eval(ty, &operands)
        };
        let column = (0..LEN).map(of_element).collect();
        let value = self.body.op(op, args);
        self.values.insert(value, column);
        value
    }

    fn column(&self, value: Value) -> Vec<u64> {
        match self.body.code.values[value].inst {
            Inst::Const(bits) => vec![bits; LEN],
            _ => self.values[&value].clone(),
        }
    }

    fn constant(&mut self, number: i32) -> Value {
        self.body.bits(number as u32 as u64, LaneType::I32)
    }

    /// One more value.
    fn grow(&mut self, dice: &mut Dice) {
        use LaneOp::*;
        let [a, mut b] = [(); 2].map(|()| dice.of(&self.numbers));
        if dice.below(4) == 0 {
            let constants = [0, 1, 3, -1, 127, 128, 255, 77, -128, 256, 1000];
            b = self.constant(dice.of(&constants));
        }
        let [c, d] = [(); 2].map(|()| dice.of(&self.truths));
        let number = match dice.below(10) {
            0 => {
                let op = dice.of(&[IAdd, ISub, IMul, IAnd, IOr, IXor]);
                self.op(op, &[a, b])
            }
            1 => {
                let count = self.constant(dice.of(&[0, 1, 3, 7, 8, 15]));
                let op = dice.of(&[Shl, UShr, SShr]);
                self.op(op, &[a, count])
            }
            2 => {
                let bits = self.constant(dice.of(&[255, 15, 65535, 127]));
                self.op(IAnd, &[a, bits])
            }
            3 => {
                let count = self.constant(dice.of(&[24, 16, 28]));
                let up = self.op(Shl, &[a, count]);
                self.op(SShr, &[up, count])
            }
            4 => {
                let op = dice.of(&[SLt, SLe, ULt, ULe]);
                let less = self.op(op, &[a, b]);
                if dice.below(2) == 0 {
                    self.op(Select, &[less, a, b])
                } else {
                    self.op(Select, &[less, b, a])
                }
            }
            5 => self.op(Select, &[c, a, b]),
            6 => self.op(INot, &[a]),
            7 => {
                // A tenth, a ninth, a third of some.
                let multiplier = self.constant(dice.of(&[0x1999_999a, 0x1c71_c71d, 0xcccc_cccd_u32 as i32]));
                let op = dice.of(&[UMulHigh, SMulHigh]);
                self.op(op, &[a, multiplier])
            }
            8 => {
                let op = dice.of(&[IEq, INe, SLt, SLe, ULt, ULe]);
                let truth = self.op(op, &[a, b]);
                return self.truths.push(truth);
            }
            _ => {
                let op = dice.of(&[BAnd, BOr, BXor]);
                let truth = self.op(op, &[c, d]);
                return self.truths.push(truth);
            }
        };
        self.numbers.push(number);
    }
}

/// What is expected of all elements.
#[derive(Default)]
struct Expected {
    /// By array: what is stored, and under which mask.
    stored: Vec<(Vec<u64>, Option<Vec<u64>>)>,
    /// Sums of 32 bits, and what they are of.
    sums: Vec<(Slot, Vec<u64>)>,
    /// The greatest of the first array.
    most: Option<Slot>,
    /// The parity of truth values.
    parity: Option<(Slot, Vec<u64>)>,
}

/// Runs a kernel of the elements and as many results at several lengths.
fn run(lane: &Lane, extent: Slot, sources: &[Vec<u64>], expected: &Expected) {
    with_all(lane, |code| {
        for n in LENGTHS {
            let mut arrays: Vec<Array> = ELEMENTS
                .iter()
                .zip(sources)
                .map(|(dtype, source)| Array::new(*dtype, source.iter().copied()))
                .collect();
            arrays.extend(ELEMENTS.map(|dtype| Array::zeros(dtype, LEN)));
            let mut machine = Machine::new(lane, code, arrays);
            machine.set(extent, n as u64);
            assert_eq!(machine.run(), End::Ok);
            for (slot, column) in &expected.sums {
                let sum = column[..n].iter().fold(0, |sum: u32, own| sum.wrapping_add(*own as u32));
                assert_eq!(machine.frame[slot.index()] as u32, sum, "the sum of {n}\n{lane}");
            }
            if let (Some(slot), true) = (expected.most, n > 0) {
                let most = sources[0][..n].iter().max();
                assert_eq!(machine.frame[slot.index()] & 0xff, *most.unwrap(), "the greatest of {n}\n{lane}");
            }
            if let Some((slot, column)) = &expected.parity {
                let parity = column[..n].iter().fold(0, |parity, own| parity ^ (own & 1));
                assert_eq!(machine.frame[slot.index()] & 1, parity, "the parity of {n}\n{lane}");
            }
            for (k, (column, mask)) in expected.stored.iter().enumerate() {
                let dtype = ELEMENTS[k];
                let stored = |i: usize| i < n && mask.as_ref().is_none_or(|mask| mask[i] & 1 == 1);
                let element = |i: usize| if stored(i) { column[i] } else { 0 };
                let wanted = Array::new(dtype, (0..LEN).map(element));
                assert_eq!(machine.array((ELEMENTS.len() + k) as u32), &wanted, "{dtype} of {n}\n{lane}");
            }
        }
    });
}

#[test]
fn random_rows_are_right() {
    let mut dice = Dice(7);
    let mut sources: Vec<Vec<u64>> = Vec::new();
    for dtype in ELEMENTS {
        let end = if dtype.is_bool() { 2 } else { 1 << dtype.bits() };
        sources.push((0..LEN).map(|_| dice.below(end) as u64).collect());
    }
    for program in 0..60 {
        let types: Vec<DType> = ELEMENTS.iter().chain(&ELEMENTS).copied().collect();
        let mut kernel = Kernel::new(&types, &[]);
        let extent = kernel.slot();
        let slots = [(); 4].map(|()| kernel.slot());
        let mut expected = Expected::default();
        // Bytes alone in every other program.
        let elements = if program % 2 == 0 { 2 } else { 4 };
        kernel.region(vec![extent], |body| {
            let mut rows = Rows { body, values: HashMap::new(), numbers: Vec::new(), truths: Vec::new() };
            let truths = rows.body.element(4, LaneType::Bool);
            rows.values.insert(truths, sources[4].clone());
            rows.truths.push(truths);
            for k in 0..elements {
                let mask = (dice.below(3) == 0).then_some(truths);
                let base = rows.body.int(0);
                let value = rows.body.load(k as u32, LaneType::I32, base, Lanes::Unit, mask);
                let element = |i: usize| match mask {
                    Some(_) if sources[4][i] == 0 => 0,
                    _ => widened(ELEMENTS[k], sources[k][i]),
                };
                rows.values.insert(value, (0..LEN).map(element).collect());
                rows.numbers.push(value);
            }
            for _ in 0..4 + dice.below(12) {
                rows.grow(&mut dice);
            }
            for (k, dtype) in ELEMENTS.into_iter().enumerate() {
                let mask = (dice.below(3) == 0).then(|| dice.of(&rows.truths));
                let value = match dtype {
                    DType::Bool => dice.of(&rows.truths),
                    _ if k < elements => *rows.numbers.last().expect("loaded"),
                    _ => {
                        expected.stored.push((vec![0; LEN], None));
                        continue;
                    }
                };
                let base = rows.body.int(0);
                rows.body.store((ELEMENTS.len() + k) as u32, base, Lanes::Unit, value, mask);
                expected.stored.push((rows.column(value), mask.map(|mask| rows.column(mask))));
            }
            if dice.below(2) == 0 {
                for slot in &slots[..2] {
                    let number = dice.of(&rows.numbers);
                    rows.body.reduce(ReduceOp::Sum, DType::U32, number, *slot);
                    expected.sums.push((*slot, rows.column(number)));
                }
                let base = rows.body.int(0);
                let first = rows.body.load(0, LaneType::I32, base, Lanes::Unit, None);
                rows.body.reduce(ReduceOp::Max, DType::U8, first, slots[3]);
                expected.most = Some(slots[3]);
                let truth = dice.of(&rows.truths);
                rows.body.reduce(ReduceOp::Xor, DType::Bool, truth, slots[2]);
                expected.parity = Some((slots[2], rows.column(truth)));
            }
        });
        kernel.lane.verify().unwrap_or_else(|error| panic!("{error}\n{}", kernel.lane));
        run(&kernel.lane, extent, &sources, &expected);
    }
}

/// The instructions of a region over bytes, `b2[i] = f(b0[i], b1[i])`.
fn listing(dtype: DType, build: impl Fn(&mut Body, Value, Value) -> Value) -> Option<String> {
    let mut kernel = Kernel::new(&[dtype; 3], &[]);
    let extent = kernel.slot();
    kernel.region(vec![extent], |body| {
        let [a, b] = [0, 1].map(|buffer| body.element(buffer, LaneType::I32));
        let value = build(body, a, b);
        body.set_element(2, value);
    });
    if !Isa::Avx512.is_available() {
        return None;
    }
    let compiler = Compiler::new(Options { isa: Isa::Avx512, ..Options::default() }).unwrap();
    Some(compiler.listing(&kernel.lane, Effort::Thorough).unwrap().asm)
}

#[test]
fn bytes_are_computed_in_bytes() {
    let least = |body: &mut Body, a: Value, b: Value| {
        let less = body.op(LaneOp::SLt, &[b, a]);
        body.op(LaneOp::Select, &[less, b, a])
    };
    for (dtype, instruction) in
        [(DType::U8, "vpminub zmm"), (DType::I8, "vpminsb zmm"), (DType::U16, "vpminuw zmm")]
    {
        if let Some(text) = listing(dtype, least) {
            assert!(text.contains(instruction), "{dtype}\n{text}");
        }
    }
    let mean = |body: &mut Body, a: Value, b: Value| {
        let one = body.bits(1, LaneType::I32);
        let sum = body.op(LaneOp::IAdd, &[a, b]);
        body.op(LaneOp::UShr, &[sum, one])
    };
    if let Some(text) = listing(DType::U8, mean) {
        assert!(text.contains("vpaddw zmm") && text.contains("vpmovwb"), "{text}");
    }
}
