//! Branches and loops, uniform and masked.

use crate::accesses::LENGTHS;
use crate::build::Kernel;
use crate::machine::{Array, End, Machine, with_all};
use parfuse_ir::DType;
use parfuse_ir::lane::{Carried, Inst, LaneOp, LaneType, Merge, Node};

/// The escape time of `z = z * z + c`, with lanes that leave at different times.
#[test]
fn masked_loops_run_until_no_lane_is_left() {
    let mut kernel = Kernel::new(&[DType::F64, DType::F64, DType::I64], &[]);
    let (extent, limit) = (kernel.slot(), kernel.slot());
    kernel.region(vec![extent], |body| {
        let (c_re, c_im) = (body.element(0, LaneType::F64), body.element(1, LaneType::F64));
        let limit = body.once(Inst::Slot(limit), LaneType::I64);
        let [re, im] = [(); 2].map(|()| body.bound(LaneType::F64, true));
        let count = body.bound(LaneType::I64, true);
        let active = body.bound(LaneType::Bool, true);
        let trip = body.bound(LaneType::I64, false);
        let (zero, four, one, none) = (body.float(0.0), body.float(4.0), body.int(1), body.int(0));
        let yes = body.bits(1, LaneType::Bool);
        let mut cond = None;
        let header = body.block(|body| {
            let any = body.any(active);
            let more = body.op(LaneOp::SLt, &[trip, limit]);
            cond = Some(body.op(LaneOp::BAnd, &[any, more]));
        });
        let mut next = Vec::new();
        let inner = body.block(|body| {
            let re_squared = body.op(LaneOp::FMul, &[re, re]);
            let im_squared = body.op(LaneOp::FMul, &[im, im]);
            let size = body.op(LaneOp::FAdd, &[re_squared, im_squared]);
            let inside = body.op(LaneOp::FLe, &[size, four]);
            let active_next = body.op(LaneOp::BAnd, &[active, inside]);
            let product = body.op(LaneOp::FMul, &[re, im]);
            let doubled = body.op(LaneOp::FAdd, &[product, product]);
            let im_next = body.op(LaneOp::FAdd, &[doubled, c_im]);
            let difference = body.op(LaneOp::FSub, &[re_squared, im_squared]);
            let re_next = body.op(LaneOp::FAdd, &[difference, c_re]);
            let counted = body.op(LaneOp::IAdd, &[count, one]);
            next.push(body.op(LaneOp::Select, &[active_next, re_next, re]));
            next.push(body.op(LaneOp::Select, &[active_next, im_next, im]));
            next.push(body.op(LaneOp::Select, &[active_next, counted, count]));
            next.push(active_next);
            next.push(body.op(LaneOp::IAdd, &[trip, one]));
        });
        let values = [re, im, count, active, trip];
        let inits = [zero, zero, none, yes, none];
        let carried = (0..5).map(|k| Carried { value: values[k], init: inits[k], next: next[k] }).collect();
        body.node(Node::Loop { carried, header, cond: cond.expect("set in the header"), body: inner });
        body.set_element(2, count);
    });
    let point = |i: usize| (-2.0 + 0.03 * i as f64, 0.4 - 0.01 * i as f64);
    let escape = |(c_re, c_im): (f64, f64)| {
        let (mut re, mut im, mut count) = (0.0, 0.0, 0);
        while count < 50 && re * re + im * im <= 4.0 {
            (re, im) = (re * re - im * im + c_re, re * im + re * im + c_im);
            count += 1;
        }
        count
    };
    with_all(&kernel.lane, |code| {
        for n in LENGTHS {
            let arrays = vec![
                Array::floats((0..n).map(|i| point(i).0)),
                Array::floats((0..n).map(|i| point(i).1)),
                Array::zeros(DType::I64, n),
            ];
            let mut machine = Machine::new(&kernel.lane, code, arrays);
            machine.set(extent, n as u64);
            machine.set(limit, 50);
            assert_eq!(machine.run(), End::Ok);
            assert_eq!(*machine.array(2), Array::ints((0..n).map(|i| escape(point(i)))), "{n}");
        }
    });
}

/// `if flag { a * 2, a < 0, 1 } else { 7, b, 2 }`: results of all kinds, some uniform on one side.
#[test]
fn branches_give_results_of_every_kind() {
    let mut kernel = Kernel::new(&[DType::F32, DType::Bool, DType::F32, DType::Bool, DType::I64], &[]);
    let (extent, flag) = (kernel.slot(), kernel.slot());
    kernel.region(vec![extent], |body| {
        let (a, b) = (body.element(0, LaneType::F32), body.element(1, LaneType::Bool));
        let flag = body.once(Inst::Slot(flag), LaneType::Bool);
        let two = body.bits(2f32.to_bits() as u64, LaneType::F32);
        let seven = body.bits(7f32.to_bits() as u64, LaneType::F32);
        let zero = body.bits(0, LaneType::F32);
        let numbers = [body.int(1), body.int(2)];
        let mut from_then = Vec::new();
        let then = body.block(|body| {
            from_then.push(body.op(LaneOp::FMul, &[a, two]));
            from_then.push(body.op(LaneOp::FLt, &[a, zero]));
        });
        let results = [
            (body.bound(LaneType::F32, true), from_then[0], seven),
            (body.bound(LaneType::Bool, true), from_then[1], b),
            (body.bound(LaneType::I64, false), numbers[0], numbers[1]),
        ];
        let merges = results.iter().map(|(value, then, otherwise)| Merge {
            value: *value,
            then: *then,
            otherwise: *otherwise,
        });
        let results_node = merges.collect();
        body.node(Node::If { cond: flag, then, otherwise: Vec::new(), results: results_node });
        body.set_element(2, results[0].0);
        body.set_element(3, results[1].0);
        body.set_element(4, results[2].0);
    });
    with_all(&kernel.lane, |code| {
        for (n, flag_value) in LENGTHS.iter().flat_map(|n| [(*n, 0), (*n, 1)]) {
            let a: Vec<f32> = (0..n).map(|i| 3.0 - i as f32).collect();
            let b: Vec<u64> = (0..n as u64).map(|i| (i % 3 == 0) as u64).collect();
            let arrays = vec![
                Array::new(DType::F32, a.iter().map(|x| x.to_bits() as u64)),
                Array::new(DType::Bool, b.iter().copied()),
                Array::zeros(DType::F32, n),
                Array::zeros(DType::Bool, n),
                Array::zeros(DType::I64, n),
            ];
            let mut machine = Machine::new(&kernel.lane, code, arrays);
            machine.set(extent, n as u64);
            machine.set(flag, flag_value);
            assert_eq!(machine.run(), End::Ok);
            let taken = flag_value == 1;
            let number = |x: &f32| (if taken { x * 2.0 } else { 7.0 }).to_bits() as u64;
            let truth = |(x, b): (&f32, &u64)| if taken { (*x < 0.0) as u64 } else { *b };
            assert_eq!(machine.array(2).bits(), a.iter().map(number).collect::<Vec<_>>());
            assert_eq!(machine.array(3).bits(), a.iter().zip(&b).map(truth).collect::<Vec<_>>());
            assert_eq!(machine.array(4).bits(), vec![2 - flag_value; n]);
        }
    });
}

/// A sum over a serial loop whose loads walk along with the loop, and a mask made in one branch and used,
/// in the other width, in another.
#[test]
fn what_a_block_computed_is_forgotten_after_it() {
    let mut kernel = Kernel::new(&[DType::F64, DType::I32], &[]);
    let (extent, flag) = (kernel.slot(), kernel.slot());
    kernel.region(vec![extent], |body| {
        let a = body.element(0, LaneType::F64);
        let flag = body.once(Inst::Slot(flag), LaneType::Bool);
        let (half, one, two, three) = (
            body.float(0.5),
            body.bits(1, LaneType::I32),
            body.bits(2, LaneType::I32),
            body.bits(3, LaneType::I32),
        );
        let mask = body.op(LaneOp::FLt, &[a, half]);
        // Both sides and the code after convert the mask to the width of i32.
        let mut sides = Vec::new();
        let then = body.block(|body| sides.push(body.op(LaneOp::Select, &[mask, one, two])));
        let otherwise = body.block(|body| sides.push(body.op(LaneOp::Select, &[mask, two, one])));
        let merged = body.bound(LaneType::I32, true);
        let results = vec![Merge { value: merged, then: sides[0], otherwise: sides[1] }];
        body.node(Node::If { cond: flag, then, otherwise, results });
        let chosen = body.op(LaneOp::Select, &[mask, merged, three]);
        body.set_element(1, chosen);
    });
    with_all(&kernel.lane, |code| {
        for flag_value in [0, 1] {
            let arrays = vec![Array::floats((0..21).map(|i| i as f64 / 20.0)), Array::zeros(DType::I32, 21)];
            let mut machine = Machine::new(&kernel.lane, code, arrays);
            machine.set(extent, 21);
            machine.set(flag, flag_value);
            assert_eq!(machine.run(), End::Ok);
            let want: Vec<u64> = (0..21).map(|i| if i < 10 { 2 - flag_value } else { 3 }).collect();
            assert_eq!(machine.array(1).bits(), want);
        }
    });
}
