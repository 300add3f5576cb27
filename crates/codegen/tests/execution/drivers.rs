//! The serial code: slots, allocation, loops around launches, faults, being stopped.

use crate::build::Kernel;
use crate::machine::{Array, End, Machine, with_all};
use parfuse_codegen::abi::FaultRecord;
use parfuse_ir::DType;
use parfuse_ir::Loc;
use parfuse_ir::lane::{Carried, Code, Inst, LaneOp, LaneType, Node, Value};
use parfuse_ir::loops::Buffer;

fn evaluate(code: &mut Code, block: &mut Vec<Node>, inst: Inst, ty: LaneType) -> Value {
    let value = code.value(inst, ty, false);
    block.push(Node::Let(value));
    value
}

/// Adds one to every element of a new array, `trips` times, through two arrays in turn.
#[test]
fn drivers_allocate_launch_and_move() {
    let mut kernel = Kernel::new(&[DType::F64], &[DType::F64, DType::F64]);
    let (extent, trips, done) = (kernel.slot(), kernel.slot(), kernel.slot());
    let add = kernel.region(vec![extent], |body| {
        let one = body.float(1.0);
        let value = body.element(1, LaneType::F64);
        let value = body.op(LaneOp::FAdd, &[value, one]);
        body.set_element(2, value);
    });
    let (first, second) = (Buffer(1), Buffer(2));
    let mut body = Vec::new();
    let code = &mut kernel.lane.driver;
    let length = evaluate(code, &mut body, Inst::Dim(Buffer(0), 0), LaneType::I64);
    body.push(Node::SetSlot { slot: extent, value: length });
    body.push(Node::Alloc {
        buffer: first,
        shape: [length].into_iter().collect(),
        zeroed: true,
        loc: Loc::NONE,
    });
    let trips_value = evaluate(code, &mut body, Inst::Slot(trips), LaneType::I64);
    let trip = code.value(Inst::Bound, LaneType::I64, false);
    let (zero, one) =
        (code.value(Inst::Const(0), LaneType::I64, false), code.value(Inst::Const(1), LaneType::I64, false));
    let mut header = Vec::new();
    let less = Inst::Op(LaneOp::SLt, [trip, trips_value].into_iter().collect());
    let cond = evaluate(code, &mut header, less, LaneType::Bool);
    let mut inner = vec![Node::Alloc {
        buffer: second,
        shape: [length].into_iter().collect(),
        zeroed: false,
        loc: Loc::NONE,
    }];
    inner.push(Node::Launch(add));
    inner.push(Node::Move { to: first, from: second });
    let next =
        evaluate(code, &mut inner, Inst::Op(LaneOp::IAdd, [trip, one].into_iter().collect()), LaneType::I64);
    body.push(Node::Loop {
        carried: vec![Carried { value: trip, init: zero, next }],
        header,
        cond,
        body: inner,
    });
    body.push(Node::SetSlot { slot: done, value: trip });
    kernel.lane.driver.body = body;
    with_all(&kernel.lane, |code| {
        let mut machine = Machine::new(&kernel.lane, code, vec![Array::floats([0.0; 13])]);
        machine.set(trips, 3);
        assert_eq!(machine.run(), End::Ok);
        assert_eq!(*machine.array(1), Array::floats([3.0; 13]));
        assert_eq!(machine.frame[done.index()], 3);
        let turn = ["allocate 2[13] 0", "launch 0", "move 1 2"];
        assert_eq!(machine.log[0], "allocate 1[13] 1");
        assert_eq!(machine.log[1..], turn.repeat(3));

        let mut machine = Machine::new(&kernel.lane, code, vec![Array::floats([0.0; 13])]);
        machine.set(trips, 3);
        machine.stop_at = Some(0);
        assert_eq!(machine.run(), End::Stopped);
        assert_eq!(machine.log.len(), 3);
    });
}

/// Gives an array the length of another, and looks at its length behind that.
#[test]
fn drivers_resize_arrays() {
    let mut kernel = Kernel::new(&[DType::F64], &[DType::F64]);
    let (before, after) = (kernel.slot(), kernel.slot());
    let own = Buffer(1);
    let mut body = Vec::new();
    let code = &mut kernel.lane.driver;
    let first = evaluate(code, &mut body, Inst::Slot(before), LaneType::I64);
    body.push(Node::Alloc {
        buffer: own,
        shape: [first].into_iter().collect(),
        zeroed: true,
        loc: Loc::NONE,
    });
    let length = evaluate(code, &mut body, Inst::Dim(Buffer(0), 0), LaneType::I64);
    body.push(Node::Resize { buffer: own, length, loc: Loc::NONE });
    let new = evaluate(code, &mut body, Inst::Dim(own, 0), LaneType::I64);
    body.push(Node::SetSlot { slot: after, value: new });
    kernel.lane.driver.body = body;
    with_all(&kernel.lane, |code| {
        let mut machine = Machine::new(&kernel.lane, code, vec![Array::floats([0.0; 13])]);
        machine.set(before, 3);
        assert_eq!(machine.run(), End::Ok);
        assert_eq!(machine.frame[after.index()], 13);
        assert_eq!(machine.log, ["allocate 1[3] 1", "resize 1 to 13"]);
    });
}

#[test]
fn slots_hold_zero_extended_bits() {
    let mut kernel = Kernel::new(&[], &[]);
    let types = LaneType::ALL;
    let slots: Vec<_> = types.iter().map(|_| (kernel.slot(), kernel.slot())).collect();
    let mut body = Vec::new();
    for (ty, (from, to)) in types.iter().zip(&slots) {
        let value = evaluate(&mut kernel.lane.driver, &mut body, Inst::Slot(*from), *ty);
        body.push(Node::SetSlot { slot: *to, value });
    }
    kernel.lane.driver.body = body;
    with_all(&kernel.lane, |code| {
        let mut machine = Machine::new(&kernel.lane, code, Vec::new());
        for (from, _) in &slots {
            machine.set(*from, 0xfedc_ba98_7654_3211);
        }
        assert_eq!(machine.run(), End::Ok);
        for (ty, (_, to)) in types.iter().zip(&slots) {
            let want = match ty {
                LaneType::Bool => 1,
                LaneType::I32 | LaneType::F32 => 0x7654_3211,
                LaneType::I64 | LaneType::F64 => 0xfedc_ba98_7654_3211,
            };
            assert_eq!(machine.frame[to.index()], want, "{ty}");
        }
    });
}

#[test]
fn faults_of_the_driver_have_no_iteration() {
    let mut kernel = Kernel::new(&[], &[]);
    let (slot, unused, fault) = (kernel.slot(), kernel.fault(0), kernel.fault(1));
    let mut body = Vec::new();
    let code = &mut kernel.lane.driver;
    let value = evaluate(code, &mut body, Inst::Slot(slot), LaneType::I64);
    let limit = code.value(Inst::Const(10), LaneType::I64, false);
    let less = Inst::Op(LaneOp::ULt, [value, limit].into_iter().collect());
    let ok = evaluate(code, &mut body, less, LaneType::Bool);
    let yes = code.value(Inst::Const(1), LaneType::Bool, false);
    let args = [value, limit].into_iter().collect();
    body.push(Node::Check { ok: yes, fault: unused, args: Default::default(), iteration: None, mask: None });
    body.push(Node::Check { ok, fault, args, iteration: None, mask: None });
    kernel.lane.driver.body = body;
    with_all(&kernel.lane, |code| {
        let mut machine = Machine::new(&kernel.lane, code, Vec::new());
        machine.set(slot, 9);
        assert_eq!(machine.run(), End::Ok);
        machine.set(slot, 12);
        let record = FaultRecord { fault: fault.0, iteration: FaultRecord::NOWHERE, args: [12, 10, 0, 0] };
        assert_eq!(machine.run(), End::Fault(record));
    });
}
