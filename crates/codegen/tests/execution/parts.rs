//! Parts of neighbours: what is shuffled apart and together is what elements one by one are, and nothing else is touched.
#![cfg(unix)]

use crate::build::Kernel;
use crate::machine::{Array, End, Machine, with_all};
use crate::pages::Fenced;
use parfuse_ir::DType;
use parfuse_ir::lane::{LaneType, Lanes};
use parfuse_ir::loops::{Buffer, MOST_PACKED};

/// What a kernel does with neighbours `b0[i, ..]`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Variant {
    /// Stores them to `b1[i, ..]`, each one place further on.
    Turned,
    /// The same in a region that has 64-bit lanes, too.
    Wide,
    /// Stores the even ones only.
    Some,
    /// Reads each again when the one before it has been stored over it, in `b1` as well.
    InTurn,
    /// Exchanges them with those of `b1`, one after the other.
    Exchanged,
}

pub fn kernel(dtype: DType, of: u8, variant: Variant) -> Kernel {
    let ty = LaneType::of(dtype);
    let mut kernel = Kernel::new(&[dtype, dtype, DType::I64], &[]);
    let extent = kernel.slot();
    kernel.region(vec![extent], |body| {
        let zero = body.int(0);
        let part = |part: u8| Lanes::Part { of, part: part % of };
        if variant == Variant::InTurn {
            for k in 0..of {
                let value = body.load(0, ty, zero, part(k), None);
                body.store(1, zero, part(k), value, None);
                let again = body.load(1, ty, zero, part(k), None);
                body.store(0, zero, part(k + 1), again, None);
            }
            return;
        }
        if variant == Variant::Exchanged {
            for k in 0..of {
                let values = [0, 1].map(|buffer| body.load(buffer, ty, zero, part(k), None));
                body.store(0, zero, part(k), values[1], None);
                body.store(1, zero, part(k), values[0], None);
            }
            return;
        }
        let values: Vec<_> = (0..of).map(|k| body.load(0, ty, zero, part(k), None)).collect();
        for (k, value) in (0..of).zip(values) {
            if variant != Variant::Some || k % 2 == 0 {
                body.store(1, zero, part(k + 1), value, None);
            }
        }
        if variant == Variant::Wide {
            let lane = body.lane_index();
            body.set_element(2, lane);
        }
    });
    kernel
}

#[test]
fn parts_through_registers_are_parts_one_by_one() {
    let mut memory = [Fenced::new(), Fenced::new()];
    let dtypes = [DType::Bool, DType::U8, DType::I16, DType::F32, DType::I32, DType::F64, DType::I64];
    for dtype in dtypes {
        for of in 2..=MOST_PACKED {
            let variants: &[Variant] = match of {
                2 => &[Variant::Turned, Variant::InTurn, Variant::Exchanged],
                3 => &[Variant::Turned, Variant::Wide, Variant::Some, Variant::InTurn, Variant::Exchanged],
                4 => &[Variant::Turned, Variant::Wide],
                _ => &[Variant::Turned],
            };
            for variant in variants.iter().copied() {
                let (kernel, all) = (kernel(dtype, of, variant), of as usize);
                let extent = kernel.lane.regions.iter().next().expect("one region").1.extents[0];
                let addresses = [0, 1].map(|buffer| kernel.lane.frame.address(Buffer(buffer)));
                with_all(&kernel.lane, |code| {
                    for n in [0, 1, 3, 8, 11, 37, 64] {
                        let bytes = n * all * dtype.size();
                        let mut present = [vec![0u8; bytes], vec![0u8; bytes]];
                        for (position, byte) in present.iter_mut().flatten().enumerate() {
                            let truth = dtype == DType::Bool;
                            *byte =
                                if truth { (position * 7 / 3 % 2) as u8 } else { (position * 37 + 1) as u8 };
                        }
                        let mut starts = [0; 2];
                        for (number, fenced) in memory.iter_mut().enumerate() {
                            let all = fenced.bytes();
                            starts[number] = all.len() - bytes;
                            all.fill(0);
                            all[starts[number]..].copy_from_slice(&present[number]);
                        }
                        let place = |i: usize, k: usize| {
                            let start = (i * all + k % all) * dtype.size();
                            start..start + dtype.size()
                        };
                        for i in 0..n {
                            let [first, second] = &mut present;
                            for k in 0..all {
                                if variant == Variant::InTurn {
                                    second[place(i, k)].copy_from_slice(&first[place(i, k)]);
                                    first[place(i, k + 1)].copy_from_slice(&second[place(i, k)]);
                                } else if variant == Variant::Exchanged {
                                    first[place(i, k)].swap_with_slice(&mut second[place(i, k)]);
                                } else if variant != Variant::Some || k % 2 == 0 {
                                    second[place(i, k + 1)].copy_from_slice(&first[place(i, k)]);
                                }
                            }
                        }
                        let arrays =
                            vec![Array::zeros(dtype, 0), Array::zeros(dtype, 0), Array::zeros(DType::I64, n)];
                        let mut machine = Machine::new(&kernel.lane, code, arrays);
                        machine.set(extent, n as u64);
                        for number in 0..2 {
                            let start = &memory[number].bytes()[starts[number]..];
                            machine.set(addresses[number], start.as_ptr() as u64);
                        }
                        assert_eq!(machine.run(), End::Ok);
                        for number in 0..2 {
                            let (outside, found) = memory[number].bytes().split_at(starts[number]);
                            assert_eq!(found, &present[number][..], "{dtype} {of} {variant:?} {n} b{number}");
                            assert!(outside.iter().all(|byte| *byte == 0), "{dtype} {of} {variant:?} {n}");
                        }
                    }
                });
            }
        }
    }
}
