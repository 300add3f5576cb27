//! Every way to load and store: addresses, masks, element types, rows.

use crate::build::Kernel;
use crate::machine::{Array, End, Machine, with_all};
use parfuse_ir::DType;
use parfuse_ir::grid::BlockRange;
use parfuse_ir::lane::{Inst, LaneOp, LaneType, Lanes, Value};

/// Lengths around those of steps.
pub const LENGTHS: [usize; 12] = [0, 1, 3, 4, 5, 8, 9, 16, 31, 32, 33, 100];

fn values(dtype: DType, len: usize) -> Vec<u64> {
    let mask = match dtype {
        DType::Bool => 1,
        DType::I32 | DType::F32 => 0xffff_ffff,
        _ => u64::MAX,
    };
    (0..len as u64).map(|i| (i + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 7 & mask).collect()
}

/// Copies `b0` to `b1` through addresses that a closure makes, with and without a mask, and compares with
/// a plain loop: `load(i)` and `store(i)` are the elements, `active(i)` the mask.
fn copy(
    build: impl Fn(&mut crate::build::Body) -> ((Value, Lanes), (Value, Lanes)),
    load: impl Fn(usize) -> usize,
    store: impl Fn(usize) -> usize,
) {
    for dtype in [DType::Bool, DType::I32, DType::I64, DType::F32, DType::F64] {
        let ty = LaneType::of(dtype);
        for masks in [[false, false], [true, false], [false, true], [true, true]] {
            for narrow in [false, true] {
                let mut kernel = Kernel::new(&[dtype, dtype, DType::I64, DType::I32], &[]);
                let extent = kernel.slot();
                kernel.region(vec![extent], |body| {
                    let ((load_base, load_lanes), (store_base, store_lanes)) = build(body);
                    // Masks of either width; some steps are all true.
                    let (key, zero) = if narrow {
                        (body.element(3, LaneType::I32), body.bits(0, LaneType::I32))
                    } else {
                        (body.element(2, LaneType::I64), body.int(0))
                    };
                    let active = body.op(LaneOp::INe, &[key, zero]);
                    let mask = |wanted: bool| wanted.then_some(active);
                    let value = body.load(0, ty, load_base, load_lanes, mask(masks[0]));
                    body.store(1, store_base, store_lanes, value, mask(masks[1]));
                });
                with_all(&kernel.lane, |code| {
                    for n in LENGTHS {
                        let source = values(dtype, 400);
                        let active: Vec<bool> = (0..n).map(|i| i / 16 % 2 == 1 || i % 3 != 1).collect();
                        let mut expected = vec![0; 400];
                        for i in 0..n {
                            let value = if masks[0] && !active[i] { 0 } else { source[load(i)] };
                            if !masks[1] || active[i] {
                                expected[store(i)] = value;
                            }
                        }
                        let keys: Vec<u64> = active.iter().map(|active| *active as u64 * 5).collect();
                        let arrays = vec![
                            Array::new(dtype, source),
                            Array::zeros(dtype, 400),
                            Array::new(DType::I64, keys.iter().copied()),
                            Array::new(DType::I32, keys.iter().copied()),
                        ];
                        let mut machine = Machine::new(&kernel.lane, code, arrays);
                        machine.set(extent, n as u64);
                        assert_eq!(machine.run(), End::Ok);
                        assert_eq!(machine.array(1).bits(), expected, "{dtype} {masks:?} {narrow} {n}");
                    }
                });
            }
        }
    }
}

#[test]
fn neighbours() {
    copy(
        |body| {
            let (base, five) = (body.int(0), body.int(5));
            ((five, Lanes::Unit), (base, Lanes::Unit))
        },
        |i| i + 5,
        |i| i,
    );
}

#[test]
fn strided() {
    copy(
        |body| {
            let (start, two, three) = (body.int(399), body.int(2), body.int(-3));
            let one = body.int(1);
            ((start, Lanes::Strided(three)), (one, Lanes::Strided(two)))
        },
        |i| 399 - 3 * i,
        |i| 1 + 2 * i,
    );
}

#[test]
fn falling_neighbours() {
    copy(
        |body| {
            let (start, end, back) = (body.int(120), body.int(99), body.int(-1));
            ((start, Lanes::Strided(back)), (end, Lanes::Strided(back)))
        },
        |i| 120 - i,
        |i| 99 - i,
    );
}

#[test]
fn every_other_neighbour() {
    let up = |body: &mut crate::build::Body| {
        let (start, two, back) = (body.int(3), body.int(2), body.int(-2));
        let end = body.int(399);
        ((start, Lanes::Strided(two)), (end, Lanes::Strided(back)))
    };
    copy(up, |i| 3 + 2 * i, |i| 399 - 2 * i);
    copy(
        |body| {
            let (load, store) = up(body);
            (store, load)
        },
        |i| 399 - 2 * i,
        |i| 3 + 2 * i,
    );
}

#[test]
fn gathered() {
    copy(
        |body| {
            let (lane, three, seven, base) = (body.lane_index(), body.int(3), body.int(7), body.int(2));
            let index = body.op(LaneOp::IMul, &[lane, three]);
            // Seven elements, over and over: the last of the lanes that store to one stays.
            let target = body.op(LaneOp::URem, &[lane, seven]);
            ((base, Lanes::Gather(index)), (base, Lanes::Gather(target)))
        },
        |i| 2 + 3 * i,
        |i| 2 + i % 7,
    );
}

#[test]
fn one_for_all() {
    copy(
        |body| {
            let (base, other) = (body.int(17), body.int(3));
            ((base, Lanes::Uniform), (other, Lanes::Uniform))
        },
        |_| 17,
        |_| 3,
    );
    copy(
        |body| {
            let (base, other) = (body.int(0), body.int(3));
            ((base, Lanes::Unit), (other, Lanes::Uniform))
        },
        |i| i,
        |_| 3,
    );
}

#[test]
fn any_nonzero_byte_is_true() {
    let mut kernel = Kernel::new(&[DType::Bool, DType::Bool], &[]);
    let extent = kernel.slot();
    kernel.region(vec![extent], |body| {
        let value = body.element(0, LaneType::Bool);
        let value = body.op(LaneOp::BNot, &[value]);
        body.set_element(1, value);
    });
    with_all(&kernel.lane, |code| {
        let bytes: Vec<u8> = (0..45).map(|i| [0, 1, 2, 128, 255][i % 5]).collect();
        let expected: Vec<u64> = bytes.iter().map(|byte| (*byte == 0) as u64).collect();
        let arrays = vec![Array { dtype: DType::Bool, bytes }, Array::zeros(DType::Bool, 45)];
        let mut machine = Machine::new(&kernel.lane, code, arrays);
        machine.set(extent, 45);
        assert_eq!(machine.run(), End::Ok);
        assert_eq!(machine.array(1).bits(), expected);
    });
}

/// `out[linear] = linear * 1000000 + row0 * 10000 + row1 * 100 + lane`, in three dimensions.
#[test]
fn rows_know_where_they_are() {
    let extents = [3usize, 4, 21];
    let mut kernel = Kernel::new(&[DType::I64], &[]);
    let slots: Vec<_> = extents.iter().map(|_| kernel.slot()).collect();
    let region = kernel.region(slots.clone(), |body| {
        let (lane, linear) = (body.lane_index(), body.linear_index());
        let (plane, row) = (body.row_index(0), body.row_index(1));
        let weights = [1_000_000, 10_000, 100].map(|weight| body.int(weight));
        let inner = body.once(Inst::Slot(slots[1]), LaneType::I64);
        let columns = body.once(Inst::Slot(slots[2]), LaneType::I64);
        let once = |body: &mut crate::build::Body, op, a, b| {
            body.once(Inst::Op(op, [a, b].into_iter().collect()), LaneType::I64)
        };
        let base = once(body, LaneOp::IMul, plane, inner);
        let base = once(body, LaneOp::IAdd, base, row);
        let base = once(body, LaneOp::IMul, base, columns);
        let mut sum = lane;
        for (value, weight) in [(linear, weights[0]), (plane, weights[1]), (row, weights[2])] {
            let term = body.op(LaneOp::IMul, &[value, weight]);
            sum = body.op(LaneOp::IAdd, &[sum, term]);
        }
        body.store(0, base, Lanes::Unit, sum, None);
    });
    let expected = |positions: &mut dyn Iterator<Item = usize>| -> Vec<(usize, u64)> {
        positions
            .map(|i| {
                let (plane, row, lane) = (i / 84, i / 21 % 4, i % 21);
                (i, (i * 1_000_000 + plane * 10_000 + row * 100 + lane) as u64)
            })
            .collect()
    };
    with_all(&kernel.lane, |code| {
        let mut machine = Machine::new(&kernel.lane, code, vec![Array::zeros(DType::I64, 252)]);
        for (slot, extent) in slots.iter().zip(extents) {
            machine.set(*slot, extent as u64);
        }
        // A block in the middle: rows 2 to 9, columns 3 to 20.
        let range = BlockRange { row_start: 2, row_end: 10, column_start: 3, column_end: 20 };
        assert_eq!(machine.block(region, range), Ok(Vec::new()));
        let inside = |i: &usize| (2..10).contains(&(i / 21)) && (3..20).contains(&(i % 21));
        let mut want = vec![0; 252];
        for (i, value) in expected(&mut (0..252).filter(inside)) {
            want[i] = value;
        }
        assert_eq!(machine.array(0).bits(), want);
        // And everything.
        assert_eq!(machine.run(), End::Ok);
        for (i, value) in expected(&mut (0..252)) {
            want[i] = value;
        }
        assert_eq!(machine.array(0).bits(), want);
    });
}
