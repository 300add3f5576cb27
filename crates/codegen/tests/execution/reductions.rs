//! Every reduction operator on every type, against the rules of [`parfuse_ir::grid`].

use crate::accesses::LENGTHS;
use crate::build::Kernel;
use crate::machine::{Array, End, Machine, combine, same, with_all};
use crate::ops::special;
use parfuse_ir::grid::{BlockRange, LANES, fold_lanes};
use parfuse_ir::lane::{LaneOp, LaneType, Lanes, Reduction};
use parfuse_ir::{DType, ReduceOp, Scalar};

/// The partial result of a block, by the rules.
fn partial(reduction: &Reduction, rows: &[&[u64]]) -> u64 {
    let mut lanes = [reduction.op.identity(reduction.dtype).to_bits(); LANES];
    for row in rows {
        for (position, value) in row.iter().enumerate() {
            let lane = &mut lanes[position % LANES];
            *lane = combine(reduction, *lane, *value);
        }
    }
    fold_lanes(lanes, |a, b| combine(reduction, a, b))
}

#[test]
fn operators_combine_by_the_rules() {
    for dtype in DType::ALL {
        let ops: Vec<ReduceOp> = ReduceOp::ALL.iter().copied().filter(|op| op.applies_to(*dtype)).collect();
        let ty = LaneType::of(*dtype);
        let mut kernel = Kernel::new(&[*dtype], &[]);
        let (extent, totals) = (kernel.slot(), ops.iter().map(|_| kernel.slot()).collect::<Vec<_>>());
        let region = kernel.region(vec![extent], |body| {
            let value = body.element(0, ty);
            for (op, total) in ops.iter().zip(&totals) {
                body.reduce(*op, *dtype, value, *total);
            }
        });
        let reductions = kernel.lane.regions[region].reductions.clone();
        // Once ordinary values, so that sums show their order; once the special ones.
        let ordinary = |i: usize| match ty {
            LaneType::F64 => (1.0 / (i as f64 + 1.0)).to_bits(),
            LaneType::F32 => (1.0 / (i as f32 + 1.0)).to_bits() as u64,
            LaneType::Bool => (i % 3 == 1) as u64,
            LaneType::I32 => (i as i32 * 7 + 1) as u32 as u64,
            LaneType::I64 => (i as i64 * 7 + 1) as u64,
        };
        let odd = special(ty);
        let kinds: [Box<dyn Fn(usize) -> u64>; 2] =
            [Box::new(ordinary), Box::new(move |i| odd[i % odd.len()])];
        with_all(&kernel.lane, |code| {
            for kind in &kinds {
                for n in LENGTHS {
                    let values: Vec<u64> = (0..n).map(kind).collect();
                    let array = Array::new(*dtype, values.iter().copied());
                    let mut machine = Machine::new(&kernel.lane, code, vec![array]);
                    machine.set(extent, n as u64);
                    let range = BlockRange { row_start: 0, row_end: 1, column_start: 0, column_end: n };
                    let partials = machine.block(region, range).expect("no checks");
                    for (reduction, got) in reductions.iter().zip(partials) {
                        let want = partial(reduction, &[&values]);
                        // Bits above those of the type are whatever the lanes had.
                        let got = Scalar::from_bits(*dtype, got).to_bits();
                        assert!(same(ty, got, want), "{:?} {dtype} {n}: {got:#x} {want:#x}", reduction.op);
                    }
                }
            }
        });
    }
}

#[test]
fn rows_and_the_fold_behind_them_may_need_the_same_constant() {
    // Unsigned numbers are compared by way of this constant where there are but signed comparisons.
    let sign = i64::MIN;
    let mut kernel = Kernel::new(&[DType::I64], &[]);
    let (extent, least, most) = (kernel.slot(), kernel.slot(), kernel.slot());
    let region = kernel.region(vec![extent], |body| {
        let (element, sign) = (body.element(0, LaneType::I64), body.int(sign));
        let value = body.op(LaneOp::IXor, &[element, sign]);
        body.reduce(ReduceOp::Min, DType::Usize, value, least);
        body.reduce(ReduceOp::Max, DType::Usize, value, most);
    });
    let reductions = kernel.lane.regions[region].reductions.clone();
    with_all(&kernel.lane, |code| {
        for n in LENGTHS {
            let elements: Vec<i64> = (0..n as i64).map(|i| (i - 20).wrapping_mul(0x1234_5678_9abc)).collect();
            let values: Vec<u64> = elements.iter().map(|element| (element ^ sign) as u64).collect();
            let mut machine = Machine::new(&kernel.lane, code, vec![Array::ints(elements)]);
            machine.set(extent, n as u64);
            let range = BlockRange { row_start: 0, row_end: 1, column_start: 0, column_end: n };
            let expected = reductions.iter().map(|reduction| partial(reduction, &[&values])).collect();
            assert_eq!(machine.block(region, range), Ok(expected));
            // Without rows there are no constants of rows.
            let range = BlockRange { row_end: 0, ..range };
            let expected = reductions.iter().map(|reduction| partial(reduction, &[])).collect();
            assert_eq!(machine.block(region, range), Ok(expected));
        }
    });
}

#[test]
fn rows_start_again_at_the_first_accumulator() {
    let mut kernel = Kernel::new(&[DType::F64], &[]);
    let (rows, columns, total) = (kernel.slot(), kernel.slot(), kernel.slot());
    let region = kernel.region(vec![rows, columns], |body| {
        let position = body.linear_index();
        let zero = body.int(0);
        let value = body.load(0, LaneType::F64, zero, Lanes::Gather(position), None);
        body.reduce(ReduceOp::Sum, DType::F64, value, total);
    });
    let reduction = kernel.lane.regions[region].reductions[0];
    let values: Vec<u64> = (0..5 * 39).map(|i| (1.0 / (i as f64 + 1.0)).to_bits()).collect();
    with_all(&kernel.lane, |code| {
        let mut machine =
            Machine::new(&kernel.lane, code, vec![Array::new(DType::F64, values.iter().copied())]);
        machine.set(rows, 5);
        machine.set(columns, 39);
        let range = BlockRange { row_start: 1, row_end: 5, column_start: 2, column_end: 39 };
        let segments: Vec<&[u64]> = (1..5).map(|row| &values[row * 39 + 2..(row + 1) * 39]).collect();
        assert_eq!(machine.block(region, range), Ok(vec![partial(&reduction, &segments)]));
        assert_eq!(machine.run(), End::Ok);
        assert_eq!(machine.frame[total.index()], {
            let segments: Vec<&[u64]> = values.chunks(39).collect();
            partial(&reduction, &segments)
        });
    });
}

#[test]
fn a_uniform_contribution_counts_for_each_element() {
    let mut kernel = Kernel::new(&[], &[]);
    let (extent, total) = (kernel.slot(), kernel.slot());
    kernel.region(vec![extent], |body| {
        let one = body.int(1);
        body.reduce(ReduceOp::Sum, DType::I64, one, total);
    });
    with_all(&kernel.lane, |code| {
        for n in [0, 1, 37, 20_000] {
            let mut machine = Machine::new(&kernel.lane, code, Vec::new());
            machine.set(extent, n);
            assert_eq!(machine.run(), End::Ok);
            assert_eq!(machine.frame[total.index()], n);
        }
    });
}
