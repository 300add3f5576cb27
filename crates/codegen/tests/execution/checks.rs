//! Which fault is reported, and for which element.

use crate::build::{Body, Kernel};
use crate::machine::{Array, End, Machine, with_all};
use parfuse_codegen::abi::FaultRecord;
use parfuse_ir::DType;
use parfuse_ir::grid::BlockRange;
use parfuse_ir::lane::{Carried, FaultId, Inst, LaneOp, LaneType, Lanes, Node};

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
    let record = |fault: parfuse_ir::lane::FaultId, column: u64, [a, b]: [u64; 2]| {
        Some(FaultRecord { fault: fault.0, iteration: 50 + column, args: [a, b, 0, 0] })
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

/// A kernel of two arrays `a` and `b` of which the elements are checked, with what goes on around the checks.
fn first_failure(build: impl Fn(&mut Body, [FaultId; 2])) -> impl Fn(&[i64], &[i64]) -> Option<FaultRecord> {
    let mut kernel = Kernel::new(&[DType::I64, DType::I64], &[]);
    let extent = kernel.slot();
    let faults = [kernel.fault(0), kernel.fault(1)];
    let region = kernel.region(vec![extent], |body| build(body, faults));
    move |a, b| {
        let mut ends = Vec::new();
        with_all(&kernel.lane, |code| {
            let arrays = [a, b].map(|elements| Array::ints(elements.iter().copied())).into();
            let mut machine = Machine::new(&kernel.lane, code, arrays);
            machine.set(extent, a.len() as u64);
            let range = BlockRange { row_start: 0, row_end: 1, column_start: 0, column_end: a.len() };
            ends.push(machine.block(region, range).err());
        });
        assert!(ends.windows(2).all(|pair| pair[0] == pair[1]), "{ends:?}");
        ends[0]
    }
}

/// Zeros, and these elements of 100.
fn elements(others: &[(usize, i64)]) -> Vec<i64> {
    let mut all = vec![0; 100];
    others.iter().for_each(|(at, value)| all[*at] = *value);
    all
}

#[test]
fn what_is_overwritten_before_it_is_checked_is_reported() {
    let failure = first_failure(|body, [first, second]| {
        let a = body.element(0, LaneType::I64);
        let zero = body.int(0);
        body.set_element(0, zero);
        let ok = body.op(LaneOp::IEq, &[a, zero]);
        body.check(ok, first, &[a], None);
        // The second array is rewritten, too, and depends on the first.
        let b = body.element(1, LaneType::I64);
        let one = body.int(1);
        body.set_element(1, one);
        let sum = body.op(LaneOp::IAdd, &[a, b]);
        let ok = body.op(LaneOp::SLt, &[sum, one]);
        body.check(ok, second, &[sum, b], None);
    });
    let none = elements(&[]);
    let record =
        |fault, iteration, [a, b]: [u64; 2]| Some(FaultRecord { fault, iteration, args: [a, b, 0, 0] });
    assert_eq!(failure(&none, &none), None);
    for at in (0..100).step_by(7) {
        assert_eq!(failure(&elements(&[(at, 5), (99, 7)]), &none), record(0, at as u64, [5, 0]));
        assert_eq!(failure(&none, &elements(&[(at, 5), (99, 7)])), record(1, at as u64, [5, 5]));
    }
    // A later check of an earlier element counts more, an earlier check of the same one.
    assert_eq!(failure(&elements(&[(37, 5)]), &elements(&[(34, 6)])), record(1, 34, [6, 6]));
    assert_eq!(failure(&elements(&[(37, 5)]), &elements(&[(32, 6), (33, 6)])), record(1, 32, [6, 6]));
    assert_eq!(failure(&elements(&[(37, 5)]), &elements(&[(37, 6)])), record(0, 37, [5, 0]));
    assert_eq!(failure(&elements(&[(37, 5)]), &elements(&[(38, 6)])), record(0, 37, [5, 0]));
}

#[test]
fn checks_of_what_is_not_overwritten_keep_their_steps() {
    let mut kernel = Kernel::new(&[DType::I64, DType::I64], &[]);
    let (extent, fault) = (kernel.slot(), kernel.fault(0));
    let region = kernel.region(vec![extent], |body| {
        let (a, b, zero) = (body.element(0, LaneType::I64), body.element(1, LaneType::I64), body.int(0));
        let sum = body.op(LaneOp::IAdd, &[a, b]);
        body.set_element(0, sum);
        let ok = body.op(LaneOp::IEq, &[b, zero]);
        body.check(ok, fault, &[b], None);
    });
    with_all(&kernel.lane, |code| {
        let own = &code.regions[region.0 as usize];
        assert!(own.is_interpreted() || own.lanes() >= 4);
        let arrays = vec![Array::ints(elements(&[(71, 4)])), Array::ints(elements(&[(71, 8), (72, 9)]))];
        let mut machine = Machine::new(&kernel.lane, code, arrays);
        machine.set(extent, 100);
        let range = BlockRange { row_start: 0, row_end: 1, column_start: 0, column_end: 100 };
        let record = machine.block(region, range).unwrap_err();
        assert_eq!((record.fault, record.iteration, record.args[0]), (fault.0, 71, 8));
    });
}

#[test]
fn loops_and_branches_report_the_lowest_element_and_its_first_turn() {
    // For `turn` in 0..4: a[i] += 10, which is checked to be below 100; then b[i] is, where a[i] is above 35.
    let failure = first_failure(|body, [first, second]| {
        let (zero, one, turns) = (body.int(0), body.int(1), body.int(4));
        let turn = body.bound(LaneType::I64, false);
        let mut cond = turn;
        let header = body.block(|body| cond = body.op(LaneOp::SLt, &[turn, turns]));
        let mut next = turn;
        let inner = body.block(|body| {
            let a = body.element(0, LaneType::I64);
            let (ten, limit, most) = (body.int(10), body.int(100), body.int(35));
            let sum = body.op(LaneOp::IAdd, &[a, ten]);
            body.set_element(0, sum);
            let ok = body.op(LaneOp::SLt, &[sum, limit]);
            body.check(ok, first, &[sum, turn], None);
            let large = body.op(LaneOp::SLt, &[most, sum]);
            let any = body.evaluate(Inst::Any(large), LaneType::Bool, false);
            let then = body.block(|body| {
                let b = body.load(1, LaneType::I64, zero, Lanes::Unit, Some(large));
                let ok = body.op(LaneOp::IEq, &[b, zero]);
                body.check(ok, second, &[b, turn], Some(large));
            });
            body.node(Node::If { cond: any, then, otherwise: Vec::new(), results: Vec::new() });
            next = body.op(LaneOp::IAdd, &[turn, one]);
        });
        let carried = vec![Carried { value: turn, init: zero, next }];
        body.node(Node::Loop { carried, header, cond, body: inner });
    });
    let none = elements(&[]);
    let record =
        |fault, iteration, [a, b]: [u64; 2]| Some(FaultRecord { fault, iteration, args: [a, b, 0, 0] });
    assert_eq!(failure(&none, &none), None);
    for at in (0..100).step_by(9) {
        assert_eq!(failure(&elements(&[(at, 75)]), &none), record(0, at as u64, [105, 2]));
        assert_eq!(failure(&none, &elements(&[(at, 5)])), record(1, at as u64, [5, 3]));
        assert_eq!(failure(&elements(&[(at, 20)]), &elements(&[(at, 5)])), record(1, at as u64, [5, 1]));
    }
    // One fails in the first turn, one below it in the last.
    assert_eq!(failure(&elements(&[(39, 95)]), &elements(&[(33, 5)])), record(1, 33, [5, 3]));
    assert_eq!(failure(&elements(&[(39, 95), (34, 65)]), &elements(&[(36, 5)])), record(0, 34, [105, 3]));
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
        let record = FaultRecord { fault: fault.0, iteration: 6 * 20 + 3, args: [6, 6, 0, 0] };
        assert_eq!(machine.block(region, range), Err(record));
        machine.set(limit, 9);
        assert_eq!(machine.block(region, range), Ok(Vec::new()));
        assert_eq!(machine.run(), End::Ok);
    });
}
