//! Which fault is reported, and for which element.

use crate::build::Kernel;
use crate::machine::{Array, End, Machine, with_all};
use parfuse_codegen::abi::FaultRecord;
use parfuse_ir::DType;
use parfuse_ir::grid::BlockRange;
use parfuse_ir::lane::{Inst, LaneOp, LaneType, Node};

#[test]
fn the_lowest_iteration_is_reported_with_its_values() {
    let mut kernel = Kernel::new(&[DType::I64, DType::I64], &[]);
    let (rows, columns) = (kernel.slot(), kernel.slot());
    let (first, second) = (kernel.fault(0), kernel.fault(1));
    // A failed `first` in a later element must lose against a failed `second` in an earlier one.
    let region = kernel.region(vec![rows, columns], |body| {
        let (a, b) = (body.element(0, LaneType::I64), body.element(1, LaneType::I64));
        let (limit, zero) = (body.int(100), body.int(0));
        let ok = body.op(LaneOp::ULt, &[a, limit]);
        body.check(ok, first, &[a, limit], None);
        let masked = body.op(LaneOp::INe, &[a, zero]);
        let ok = body.op(LaneOp::SLt, &[b, limit]);
        body.check(ok, second, &[b], Some(masked));
    });
    let run = |failing_a: &[usize], failing_b: &[usize]| {
        let mut ends = Vec::new();
        with_all(&kernel.lane, |code| {
            // `a` is zero, and the second check therefore masked, in every fourth element.
            let mut a: Vec<u64> = (0..50).map(|i| i % 4).collect();
            let mut b = vec![0; 50];
            failing_a.iter().for_each(|i| a[*i] = 1000 + *i as u64);
            failing_b.iter().for_each(|i| b[*i] = 2000 + *i as u64);
            let arrays = vec![Array::new(DType::I64, a), Array::new(DType::I64, b)];
            let mut machine = Machine::new(&kernel.lane, code, arrays);
            machine.set(rows, 3);
            machine.set(columns, 50);
            let range = BlockRange { row_start: 1, row_end: 3, column_start: 1, column_end: 50 };
            ends.push(machine.block(region, range).err());
        });
        assert!(ends.windows(2).all(|pair| pair[0] == pair[1]), "{ends:?}");
        ends[0]
    };
    let record = |fault: parfuse_ir::lane::FaultId, column: u64, args| {
        Some(FaultRecord { fault: fault.0, iteration: 50 + column, args })
    };
    assert_eq!(run(&[], &[]), None);
    assert_eq!(run(&[0], &[0]), None, "element 0 is outside the block");
    assert_eq!(run(&[], &[4, 8, 48]), None, "the mask is off there");
    for i in 1..50 {
        assert_eq!(run(&[i], &[]), record(first, i as u64, [1000 + i as u64, 100]));
    }
    assert_eq!(run(&[5, 6, 30], &[6]), record(first, 5, [1005, 100]));
    assert_eq!(run(&[7], &[6]), record(second, 6, [2006, 0]));
    assert_eq!(run(&[7], &[7]), record(first, 7, [1007, 100]));
    assert_eq!(run(&[], &[49]), record(second, 49, [2049, 0]));
}

#[test]
fn a_fault_that_a_second_run_hides_is_still_a_fault() {
    let mut kernel = Kernel::new(&[DType::I64], &[]);
    let (extent, fault) = (kernel.slot(), kernel.fault(0));
    let region = kernel.region(vec![extent], |body| {
        let a = body.element(0, LaneType::I64);
        let zero = body.int(0);
        // The element is overwritten before it is checked.
        body.set_element(0, zero);
        let ok = body.op(LaneOp::IEq, &[a, zero]);
        body.check(ok, fault, &[a], None);
    });
    with_all(&kernel.lane, |code| {
        let values = (0..64).map(|i| (i == 37) as i64);
        let mut machine = Machine::new(&kernel.lane, code, vec![Array::ints(values)]);
        machine.set(extent, 64);
        let range = BlockRange { row_start: 0, row_end: 1, column_start: 0, column_end: 64 };
        let lanes = code.lanes(region) as u64;
        let record = FaultRecord { fault: fault.0, iteration: 37 / lanes * lanes, args: [0; 2] };
        assert_eq!(machine.block(region, range), Err(record));
    });
}

#[test]
fn prologues_report_the_start_of_the_row() {
    let mut kernel = Kernel::new(&[DType::I64], &[]);
    let (rows, columns, limit, fault) = (kernel.slot(), kernel.slot(), kernel.slot(), kernel.fault(0));
    let region = kernel.region(vec![rows, columns], |body| {
        let row = body.row_index(0);
        let limit = body.once(Inst::Slot(limit), LaneType::I64);
        let ok = body.once(Inst::Op(LaneOp::SLt, [row, limit].into_iter().collect()), LaneType::Bool);
        let args = [row, limit].into_iter().collect();
        body.prologue.push(Node::Check { ok, fault, args, iteration: None, mask: None });
        body.set_element(0, row);
    });
    with_all(&kernel.lane, |code| {
        let mut machine = Machine::new(&kernel.lane, code, vec![Array::ints(0..20)]);
        machine.set(rows, 9);
        machine.set(columns, 20);
        machine.set(limit, 6);
        let range = BlockRange { row_start: 2, row_end: 9, column_start: 3, column_end: 20 };
        let record = FaultRecord { fault: fault.0, iteration: 6 * 20 + 3, args: [6, 6] };
        assert_eq!(machine.block(region, range), Err(record));
        machine.set(limit, 9);
        assert_eq!(machine.block(region, range), Ok(Vec::new()));
        assert_eq!(machine.run(), End::Ok);
    });
}
