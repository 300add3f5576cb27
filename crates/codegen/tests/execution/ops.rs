//! Every operation, on every type it takes, against [`LaneOp::eval`].
//!
//! One kernel per operation and type computes it on lanes, with a constant, with a uniform value, and as a
//! uniform value: `out[k * n + i]`, where `k` numbers the ways. The lengths make steps and a tail.

use crate::build::Kernel;
use crate::machine::{Array, End, Machine, same, with_all};
use parfuse_ir::DType;
use parfuse_ir::grid::BlockRange;
use parfuse_ir::lane::{Inst, LaneOp, LaneType, Lanes, Shape, Slot, Value};

fn dtype(ty: LaneType) -> DType {
    match ty {
        LaneType::Bool => DType::Bool,
        LaneType::I32 => DType::I32,
        LaneType::I64 => DType::I64,
        LaneType::F32 => DType::F32,
        LaneType::F64 => DType::F64,
    }
}

/// Values at which operations are likely to go wrong.
pub fn special(ty: LaneType) -> Vec<u64> {
    let floats = [
        0.0,
        -0.0,
        1.0,
        f64::NAN,
        -2.5,
        f64::INFINITY,
        2147483648.5,
        -1e300,
        0.5,
        1.5,
        -1.0,
        3.0,
        f64::NEG_INFINITY,
        f64::MAX,
        f64::MIN_POSITIVE,
        -1e-310,
        1e300,
        0.49999999999999994,
        4503599627370497.5,
        -7.0e9,
        2147483647.0,
        2147483647.5,
        -2147483648.0,
        -2147483649.0,
        9223372036854775808.0,
        -9223372036854775808.0,
        1.8446744073709552e19,
        1.0e-45,
        3.4e38,
        16777217.0,
    ];
    let integers = [
        0,
        1,
        -1,
        7,
        32,
        64,
        i64::MIN,
        31,
        -7,
        63,
        i64::MAX,
        2,
        -2,
        5,
        33,
        65,
        1 << 31,
        1 << 32,
        -1 << 33,
        1 << 40,
        u32::MAX as i64,
        i32::MAX as i64,
        i32::MIN as i64,
        (1 << 53) + 1,
        (1 << 53) - 1,
        // Just above what lies between two `f32`, and just below it.
        (1 << 60) + (1 << 36) + 1,
        -(1 << 60) - (1 << 36) - 1,
        (1 << 60) + (3 << 36) - 1,
        i64::MIN + 1,
        -1 << 62,
        0x1234_5678_9abc_def0,
    ];
    match ty {
        LaneType::Bool => vec![0, 1],
        LaneType::I64 => integers.map(|x: i64| x as u64).to_vec(),
        LaneType::I32 => integers.map(|x: i64| x as u32 as u64).to_vec(),
        LaneType::F64 => floats.map(f64::to_bits).to_vec(),
        LaneType::F32 => floats.map(|x| (x as f32).to_bits() as u64).to_vec(),
    }
}

/// The operand types an operation applies to.
fn typings(op: LaneOp) -> Vec<Vec<LaneType>> {
    let mut typings = Vec::new();
    for ty in LaneType::ALL {
        let mut types = vec![*ty; op.arity()];
        if op == LaneOp::Select {
            types[0] = LaneType::Bool;
        }
        if op.result_type(&types).is_some() {
            typings.push(types);
        }
    }
    typings
}

/// All combinations of special values, one column per operand; a length that leaves a tail.
fn columns(types: &[LaneType]) -> Vec<Vec<u64>> {
    let lists: Vec<Vec<u64>> = types
        .iter()
        .map(|ty| {
            let mut values = special(*ty);
            values.truncate(if types.len() == 3 { 12 } else { usize::MAX });
            values
        })
        .collect();
    let total: usize = lists.iter().map(Vec::len).product();
    let mut columns = vec![Vec::new(); types.len()];
    for i in 0..total + (16 - total % 16) + 5 {
        let mut rest = i % total;
        for (column, list) in columns.iter_mut().zip(&lists) {
            column.push(list[rest % list.len()]);
            rest /= list.len();
        }
    }
    columns
}

fn check(op: LaneOp, types: &[LaneType]) {
    let result = op.result_type(types).expect("the operation applies");
    let params: Vec<DType> = types.iter().chain([&result]).map(|ty| dtype(*ty)).collect();
    let out = types.len() as u32;
    let columns = columns(types);
    let n = columns[0].len();
    let last = types.len() - 1;
    // The last operand takes these values as a constant and as a uniform value.
    let mut uniforms = special(types[last]);
    uniforms.truncate(6);
    let mut kernel = Kernel::new(&params, &[]);
    let extent = kernel.slot();
    let slots: Vec<Slot> = uniforms.iter().map(|_| kernel.slot()).collect();
    let region = kernel.region(vec![extent], |body| {
        let args: Vec<Value> = types.iter().enumerate().map(|(k, ty)| body.element(k as u32, *ty)).collect();
        let mut row = 0;
        let mut put = |body: &mut crate::build::Body, value: Value| {
            let base = body.int((row * n) as i64);
            body.store(out, base, Lanes::Unit, value, None);
            row += 1;
        };
        let value = body.op(op, &args);
        put(body, value);
        for (bits, slot) in uniforms.iter().zip(&slots) {
            let constant = body.bits(*bits, types[last]);
            let uniform = body.once(Inst::Slot(*slot), types[last]);
            for operand in [constant, uniform] {
                let mut args = args.clone();
                args[last] = operand;
                let value = body.op(op, &args);
                put(body, value);
            }
            if last > 0 && op != LaneOp::Select {
                // The first operand constant, the others lanes.
                let mut args = args.clone();
                args[0] = constant;
                let value = body.op(op, &args);
                put(body, value);
            }
            let one = body.bits(1, types[0]);
            let uniforms: Vec<Value> =
                types.iter().map(|ty| if *ty == types[last] { uniform } else { one }).collect();
            let value = body.op(op, &uniforms);
            put(body, value);
        }
    });
    // What the kernel above stores, row by row.
    let operand_type = if op == LaneOp::Select { types[1] } else { types[0] };
    let mut expected = Vec::new();
    let mut row = |overrides: &[Option<u64>]| {
        for i in 0..n {
            let operands: Vec<u64> =
                columns.iter().zip(overrides).map(|(column, value)| value.unwrap_or(column[i])).collect();
            expected.push((op.eval(operand_type, &operands), operands));
        }
    };
    row(&vec![None; types.len()]);
    for bits in &uniforms {
        let mut overrides = vec![None; types.len()];
        overrides[last] = Some(*bits);
        row(&overrides);
        row(&overrides);
        if last > 0 && op != LaneOp::Select {
            let mut overrides = vec![None; types.len()];
            overrides[0] = Some(*bits);
            row(&overrides);
        }
        row(&types.iter().map(|ty| Some(if *ty == types[last] { *bits } else { 1 })).collect::<Vec<_>>());
    }
    let compare = |results: &Array| {
        for (i, (got, (want, operands))) in results.bits().iter().zip(&expected).enumerate() {
            assert!(
                same(result, *got, *want),
                "{op} on {types:?} of {operands:x?}: {got:#x} instead of {want:#x} (row {}, element {})",
                i / n,
                i % n
            );
        }
    };
    with_all(&kernel.lane, |code| {
        let mut arrays: Vec<Array> = columns
            .iter()
            .zip(&params)
            .map(|(column, dtype)| Array::new(*dtype, column.iter().copied()))
            .collect();
        arrays.push(Array::zeros(dtype(result), expected.len()));
        let mut machine = Machine::new(&kernel.lane, code, arrays);
        machine.set(extent, n as u64);
        for (slot, bits) in slots.iter().zip(&uniforms) {
            machine.set(*slot, *bits);
        }
        // In steps, and then all in the tail: blocks of three columns hold no step.
        assert_eq!(machine.run(), End::Ok);
        compare(machine.array(out));
        machine.arrays[out as usize].as_mut().expect("the results").bytes.fill(0);
        for column_start in (0..n).step_by(3) {
            let column_end = n.min(column_start + 3);
            let range = BlockRange { row_start: 0, row_end: 1, column_start, column_end };
            assert_eq!(machine.block(region, range), Ok(Vec::new()));
        }
        compare(machine.array(out));
    });
}

fn check_all(keep: impl Fn(LaneOp) -> bool) {
    for op in LaneOp::ALL.iter().filter(|op| keep(**op)) {
        for types in typings(op.to_owned()) {
            check(*op, &types);
        }
    }
}

#[test]
fn float_operations_give_the_same_bits() {
    check_all(|op| matches!(op.shape(), Shape::Float | Shape::FloatCompare));
}

#[test]
fn integer_operations_give_the_same_bits() {
    check_all(|op| matches!(op.shape(), Shape::Int | Shape::IntCompare));
}

#[test]
fn mask_operations_give_the_same_bits() {
    check_all(|op| matches!(op.shape(), Shape::Bool | Shape::Select));
}

#[test]
fn conversions_give_the_same_bits() {
    check_all(|op| matches!(op.shape(), Shape::FromInt(_) | Shape::FromFloat(_) | Shape::Bitcast));
}
