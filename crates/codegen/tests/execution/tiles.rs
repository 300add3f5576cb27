//! Loops in which each lane walks along a row: tiles must give what elements one by one give, and touch no others.
#![cfg(unix)]

use crate::build::{Body, Kernel};
use crate::machine::{Array, End, Machine, with_all};
use crate::pages::Fenced;
use parfuse_ir::DType;
use parfuse_ir::lane::{Carried, Inst, LaneOp, LaneType, Lanes, Node, Slot, Value};
use parfuse_ir::loops::Buffer;

/// `for j in 0..trips { body(j) }`, which carries one number more; returns what that is at the end.
fn count_to(
    body: &mut Body,
    trips: Value,
    start: Value,
    inside: impl FnOnce(&mut Body, Value, Value) -> Value,
) -> Value {
    let ty = body.code.values[start].ty;
    let (total, j) = (body.bound(ty, true), body.bound(LaneType::I64, false));
    let (zero, one) = (body.int(0), body.int(1));
    let mut cond = None;
    let header = body.block(|body| cond = Some(body.op(LaneOp::ULt, &[j, trips])));
    let mut next = Vec::new();
    let nodes = body.block(|body| {
        next.push(inside(body, j, total));
        next.push(body.op(LaneOp::IAdd, &[j, one]));
    });
    let carried = vec![
        Carried { value: total, init: start, next: next[0] },
        Carried { value: j, init: zero, next: next[1] },
    ];
    body.node(Node::Loop { carried, header, cond: cond.expect("set in the header"), body: nodes });
    total
}

/// What a kernel does with the elements of its rows.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Variant {
    /// Multiplies the total by three and adds the element.
    Plain,
    /// The same in a region that has 64-bit lanes, too.
    Wide,
    /// Twice, by elements three apart.
    Pair,
    /// And stores totals to the array that is read, behind what is still to be read.
    Stores,
}

pub struct Slots {
    extent: Slot,
    trips: Slot,
    stride: Slot,
    offset: Slot,
}

/// `result[i]` is a total over `j` of elements `b0[offset + j + stride * i]`, in order.
pub fn kernel(dtype: DType, variant: Variant) -> (Kernel, Slots) {
    let ty = LaneType::of(dtype);
    let mut kernel = Kernel::new(&[dtype, dtype, DType::I64], &[]);
    let [extent, trips, stride, offset] = [(); 4].map(|()| kernel.slot());
    kernel.region(vec![extent], |body| {
        let [trips, stride, offset] =
            [trips, stride, offset].map(|slot| body.once(Inst::Slot(slot), LaneType::I64));
        let (zero, three) = (body.bits(0, ty), body.int(3));
        let factor = if ty.is_float() { float(ty, 3.0) } else { 3 };
        let (factor, lanes) = (body.bits(factor, ty), Lanes::Strided(stride));
        let (times, plus) =
            if ty.is_float() { (LaneOp::FMul, LaneOp::FAdd) } else { (LaneOp::IMul, LaneOp::IAdd) };
        let total = count_to(body, trips, zero, |body, j, total| {
            let first = body.op(LaneOp::IAdd, &[offset, j]);
            let mut sum = body.op(times, &[total, factor]);
            let element = body.load(0, ty, first, lanes, None);
            sum = body.op(plus, &[sum, element]);
            if variant == Variant::Pair {
                let second = body.op(LaneOp::IAdd, &[first, three]);
                let element = body.load(0, ty, second, lanes, None);
                sum = body.op(plus, &[sum, element]);
            }
            if variant == Variant::Stores {
                body.store(0, offset, lanes, sum, None);
            }
            sum
        });
        body.set_element(1, total);
        if variant == Variant::Wide {
            let lane = body.lane_index();
            body.set_element(2, lane);
        }
    });
    (kernel, Slots { extent, trips, stride, offset })
}

/// A small number as bits of a type.
fn float(ty: LaneType, number: f64) -> u64 {
    if ty == LaneType::F32 { (number as f32).to_bits() as u64 } else { number.to_bits() }
}

fn element(ty: LaneType, position: usize) -> u64 {
    let number = position * 7 % 31;
    if ty.is_float() { float(ty, number as f64 * 0.25) } else { number as u64 }
}

fn step(ty: LaneType, total: u64, element: u64) -> u64 {
    match ty {
        LaneType::F32 => {
            (f32::from_bits(total as u32) * 3.0 + f32::from_bits(element as u32)).to_bits() as u64
        }
        LaneType::F64 => (f64::from_bits(total) * 3.0 + f64::from_bits(element)).to_bits(),
        LaneType::I32 => (total as u32).wrapping_mul(3).wrapping_add(element as u32) as u64,
        _ => total.wrapping_mul(3).wrapping_add(element),
    }
}

fn plus(ty: LaneType, total: u64, element: u64) -> u64 {
    match ty {
        LaneType::F32 => (f32::from_bits(total as u32) + f32::from_bits(element as u32)).to_bits() as u64,
        LaneType::F64 => (f64::from_bits(total) + f64::from_bits(element)).to_bits(),
        LaneType::I32 => (total as u32).wrapping_add(element as u32) as u64,
        _ => total.wrapping_add(element),
    }
}

#[test]
fn rows_by_tiles_are_rows_by_elements() {
    let mut memory = Fenced::new();
    for dtype in [DType::F64, DType::F32, DType::I32, DType::I64] {
        for variant in [Variant::Plain, Variant::Wide, Variant::Pair, Variant::Stores] {
            let (kernel, slots) = kernel(dtype, variant);
            let (ty, size) = (LaneType::of(dtype), dtype.size());
            let address = kernel.lane.frame.address(Buffer(0));
            with_all(&kernel.lane, |code| {
                for (n, trips) in [1, 7, 8, 9, 16, 35].into_iter().flat_map(|n| (0..10).map(move |t| (n, t)))
                {
                    let reach = trips + if variant == Variant::Pair { 3 } else { 0 };
                    // Rows side by side, with gaps, and from the last one to the first.
                    for (stride, offset) in [(10, 2), (13, 0), (-11, 11 * (n as i64 - 1))] {
                        let row = |i: usize| (offset + stride * i as i64) as usize;
                        let elements = row(0).max(row(n - 1)) + reach;
                        let source = memory.bytes();
                        let start = source.len() - elements * size;
                        for position in 0..elements {
                            let bytes = element(ty, position).to_le_bytes();
                            source[start + position * size..][..size].copy_from_slice(&bytes[..size]);
                        }
                        let mut present: Vec<u64> = (0..elements).map(|at| element(ty, at)).collect();
                        let expected: Vec<u64> = (0..n)
                            .map(|i| {
                                let mut total = 0;
                                for j in 0..trips {
                                    total = step(ty, total, present[row(i) + j]);
                                    if variant == Variant::Pair {
                                        total = plus(ty, total, present[row(i) + j + 3]);
                                    }
                                    if variant == Variant::Stores {
                                        present[row(i)] = total;
                                    }
                                }
                                total
                            })
                            .collect();
                        let arrays =
                            vec![Array::zeros(dtype, 0), Array::zeros(dtype, n), Array::zeros(DType::I64, n)];
                        let mut machine = Machine::new(&kernel.lane, code, arrays);
                        machine.set(slots.extent, n as u64);
                        machine.set(slots.trips, trips as u64);
                        machine.set(slots.stride, stride as u64);
                        machine.set(slots.offset, offset as u64);
                        machine.set(address, source[start..].as_ptr() as u64);
                        assert_eq!(machine.run(), End::Ok);
                        let case = format!("{dtype} {variant:?} {n} × {trips}, {stride}");
                        assert_eq!(machine.array(1).bits(), expected, "{case}");
                    }
                }
            });
        }
    }
}
