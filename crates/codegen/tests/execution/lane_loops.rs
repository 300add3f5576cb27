//! Loops in lanes inside scalar code compute what the interpreter of Loops says, for all numbers of iterations around
//! those of a register and of a step.

use crate::machine::{Array, End, Machine, same, with_all};
use parfuse_codegen::abi::FaultRecord;
use parfuse_interp::{Array as Elements, Value, run_loops};
use parfuse_ir::lane::{Lane, LaneOutput, LaneType};
use parfuse_ir::loops::Loops;
use parfuse_ir::{DType, ReduceOp, Scalar};
use parfuse_passes::vectorize;

/// One more than the most iterations.
const N: usize = 71;

/// A program in both languages.
pub(crate) fn lane(text: &str) -> (Loops, Lane) {
    let loops = Loops::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    loops.verify().unwrap_or_else(|error| panic!("{error}\n{text}"));
    let lane = vectorize(&loops);
    lane.verify().unwrap_or_else(|error| panic!("{error} in\n{lane}"));
    (loops, lane)
}

/// Runs loops in all ways with these arrays and numbers as arguments, and compares what they leave.
#[track_caller]
pub(crate) fn agrees(text: &str, arrays: &[Elements], numbers: &[Scalar]) {
    let (loops, lane) = lane(text);
    let arguments: Vec<Value> =
        arrays.iter().cloned().map(Value::Array).chain(numbers.iter().copied().map(Value::Scalar)).collect();
    let expected = run_loops(&loops, &arguments, 3);
    with_all(&lane, |code| {
        let memory =
            |array: &Elements| Array::new(array.dtype, array.scalars().into_iter().map(Scalar::to_bits));
        let given = arrays.iter().map(memory).collect();
        let mut machine = Machine::new(&lane, code, given);
        for (number, scalar) in numbers.iter().enumerate() {
            machine.set(lane.frame.param((arrays.len() + number) as u32), scalar.to_bits());
        }
        let end = machine.run();
        let outcome = match &expected {
            Ok(outcome) => outcome,
            Err(failure) => {
                assert!(matches!(end, End::Fault(_) | End::Stopped), "{end:?} in\n{lane}");
                let record = machine.fault();
                let iteration = (record.iteration != FaultRecord::NOWHERE).then_some(record.iteration);
                let kind = lane.faults[parfuse_ir::lane::FaultId(record.fault)].kind;
                assert_eq!((kind, iteration), (failure.kind, failure.iteration), "{lane}");
                assert_eq!(record.args[..failure.args.len()], failure.args[..], "{lane}");
                return;
            }
        };
        assert_eq!(end, End::Ok, "{lane}");
        for (number, after) in outcome.arguments[..arrays.len()].iter().enumerate() {
            let ty = LaneType::of(after.array().dtype);
            let found = machine.array(number as u32).bits();
            for (position, (found, expected)) in
                found.into_iter().zip(memory(after.array()).bits()).enumerate()
            {
                let what = || format!("element {position} of array {number} in\n{lane}");
                assert!(same(ty, found, expected), "{found:x}, not {expected:x}: {}", what());
            }
        }
        for (output, expected) in lane.results.iter().zip(&outcome.results) {
            let LaneOutput::Scalar(slot, dtype) = output else { panic!("a scalar") };
            let found = Scalar::from_bits(*dtype, machine.frame[slot.index()]).to_bits();
            let ty = LaneType::of(*dtype);
            assert!(same(ty, found, expected.scalar().to_bits()), "{expected:?}, not {found:x}, in\n{lane}");
        }
    });
}

/// Elements that differ, of a type.
pub(crate) fn elements(dtype: DType, len: usize) -> Elements {
    let number = |i: usize| ((i * 37 + 11) % 101) as f64 - 50.0;
    let element = |i: usize| match dtype {
        DType::Bool => Scalar::Bool(i * i % 5 < 2),
        _ if dtype.is_float() => Scalar::F64(number(i) / 16.0).cast(dtype),
        _ => Scalar::I64(number(i) as i64 * 3_000_000_019).cast(dtype),
    };
    Elements::new(dtype, &[len], (0..len).map(element).collect())
}

fn floats(len: usize) -> Elements {
    elements(DType::F64, len)
}

#[test]
fn rows_of_all_lengths_are_scaled_and_added() {
    for dtype in ["f64", "f32"] {
        let text = format!(
            "loops f(mut b0 c: {dtype}[unit], b1 b: {dtype}[unit], n: usize) {{
               parfor v0 in n {{
                 v1: usize = mul v0, {N}usize
                 v2: {dtype} = load b1[v0]
                 parfor v3 in v0 {{
                   v4: usize = add v1, v3
                   v5: {dtype} = load b0[v4]
                   v6: {dtype} = load b1[v3]
                   v7: {dtype} = mul v2, v6
                   v8: {dtype} = add v5, v7
                   store b0[v4], v8
                 }}
                 v9: usize = add v1, v0
                 store b0[v9], v2
               }}
             }}"
        );
        let dtype = if dtype == "f64" { DType::F64 } else { DType::F32 };
        agrees(&text, &[elements(dtype, N * N), elements(dtype, N)], &[Scalar::Usize(N)]);
    }
}

#[test]
fn several_in_sequence_in_branches_and_in_loops() {
    agrees(
        &format!(
            "loops f(mut b0 a: f64[unit], b1 b: f64[unit], n: usize) {{
               var x0 k: usize
               parfor v0 in n {{
                 v1: usize = mul v0, {N}usize
                 parfor v2 in v0 {{ v3: usize = add v1, v2 v4: f64 = load b0[v3] v5: f64 = add v4, 1.0f64 store b0[v3], v5 }}
                 x0 = v0
                 while {{ v6: usize = x0 v7: bool = gt v6, 4usize test v7 }} do {{
                   v8: usize = x0
                   v9: usize = sub v8, 5usize
                   x0 = v9
                   v10: usize = rem v9, 2usize
                   v11: bool = eq v10, 0usize
                   if v11 {{
                     parfor v12 in v9 {{ v13: usize = add v1, v12 v14: f64 = load b0[v13] v15: f64 = load b1[v12] v16: f64 = mul v14, v15 store b0[v13], v16 }}
                   }} else {{
                     for v17 in 2usize {{
                       parfor v18 in v9 {{ v19: usize = add v1, v18 v20: f64 = load b0[v19] v21: f64 = neg v20 v22: f64 = sqrt v21 store b0[v19], v22 }}
                     }}
                   }}
                 }}
                 parfor v23 in n {{ v24: usize = add v1, v23 v25: f64 = load b0[v24] v26: f64 = mul v25, 0.5f64 store b0[v24], v26 }}
               }}
             }}"
        ),
        &[floats(N * N), floats(N)],
        &[Scalar::Usize(N)],
    );
}

#[test]
fn every_exact_reduction_of_every_type() {
    for dtype in DType::ALL.iter().copied().filter(|dtype| !dtype.is_float()) {
        let ops = ReduceOp::ALL.iter().filter(|op| op.applies_to(dtype));
        // Two at a time, so that they meet.
        for pair in ops.collect::<Vec<_>>().chunks(2) {
            let (one, other, name) = (pair[0].name(), pair[pair.len() - 1].name(), dtype.name());
            let text = format!(
                "loops f(b0 a: {name}[unit], mut b1 b: {name}[unit], mut b2 c: {name}[unit], start: {name}, n: usize) {{
                   var x0 own: {name}
                   var x1 total: {name}
                   var x2 own2: {name}
                   var x3 total2: {name}
                   parfor v0 in n {{
                     x1 = start
                     x3 = start
                     parfor v1 in v0 {{
                       reduce {one} x0 into x1
                       reduce {other} x2 into x3
                       v2: {name} = load b0[v1]
                       x0 = v2
                       v3: usize = sub v0, v1
                       v4: {name} = load b0[v3]
                       x2 = v4
                     }}
                     v5: {name} = x1
                     v6: {name} = x3
                     store b1[v0], v5
                     store b2[v0], v6
                   }}
                 }}"
            );
            let arrays = [0, 1, 2].map(|_| elements(dtype, N));
            agrees(&text, &arrays, &[elements(dtype, 9).scalars()[7], Scalar::Usize(N)]);
        }
    }
}

#[test]
fn counts_under_conditions() {
    agrees(
        &format!(
            "loops f(mut b0 a: f64[unit], mut b1 counts: i64[unit], n: usize) {{
               var x0 own: i64
               var x1 count: i64
               var x2 any: bool
               var x3 found: bool
               parfor v0 in n {{
                 v1: usize = mul v0, {N}usize
                 x1 = 0i64
                 x3 = false
                 parfor v2 in v0 {{
                   reduce sum x0 into x1
                   reduce or x2 into x3
                   v3: usize = add v1, v2
                   v4: f64 = load b0[v3]
                   v5: bool = gt v4, 1.0f64
                   if v5 {{
                     x0 = 1i64
                     v6: f64 = mul v4, v4
                     v7: f64 = sub v6, 0.5f64
                     store b0[v3], v7
                     v8: bool = gt v7, 8.0f64
                     x2 = v8
                   }} else {{
                     v9: bool = lt v4, -3.0f64
                     if v9 {{ store b0[v3], 0.0f64 }}
                   }}
                 }}
                 v10: i64 = x1
                 v11: bool = x3
                 if v11 {{ v12: i64 = neg v10 store b1[v0], v12 }} else {{ store b1[v0], v10 }}
               }}
             }}"
        ),
        &[floats(N * N), elements(DType::I64, N)],
        &[Scalar::Usize(N)],
    );
}

#[test]
fn totals_of_narrow_elements() {
    for dtype in [DType::U8, DType::I8, DType::U16, DType::I16] {
        let (name, least) = (dtype.name(), dtype.least().as_integer().expect("an integer"));
        let text = format!(
            "loops f(b0 a: {name}[unit], mut b1 sums: i64[unit], mut b2 most: {name}[unit], n: usize) {{
               var x0 own: i64
               var x1 sum: i64
               var x2 element: {name}
               var x3 greatest: {name}
               parfor v0 in n {{
                 x1 = 0i64
                 x3 = {least}{name}
                 parfor v1 in v0 {{
                   reduce sum x0 into x1
                   reduce max x2 into x3
                   v2: {name} = load b0[v1]
                   x2 = v2
                   v3: i64 = cast v2
                   x0 = v3
                 }}
                 v4: i64 = x1
                 store b1[v0], v4
                 v5: {name} = x3
                 store b2[v0], v5
               }}
             }}"
        );
        let arrays = [elements(dtype, N), elements(DType::I64, N), elements(dtype, N)];
        agrees(&text, &arrays, &[Scalar::Usize(N)]);
    }
}

#[test]
fn narrow_elements_and_truth_values() {
    for dtype in DType::ALL {
        let name = dtype.name();
        let (op, cast) = match dtype {
            DType::Bool => ("xor v4, v5", String::new()),
            _ => ("add v4, v5", String::new()),
        };
        let text = format!(
            "loops f(mut b0 a: {name}[unit], b1 b: {name}[unit], n: usize) {{
               parfor v0 in n {{
                 v1: usize = mul v0, {N}usize
                 parfor v2 in v0 {{
                   v3: usize = add v1, v2
                   v4: {name} = load b0[v3]
                   v5: {name} = load b1[v2]
                   v6: {name} = {op}{cast}
                   store b0[v3], v6
                 }}
               }}
             }}"
        );
        agrees(&text, &[elements(*dtype, N * N), elements(*dtype, N)], &[Scalar::Usize(N)]);
    }
}

#[test]
fn strided_gathered_and_uniform_accesses() {
    agrees(
        &format!(
            "loops f(mut b0 a: f64[unit], b1 b: f64[unit], b2 at: i64[unit], n: usize) {{
               parfor v0 in n {{
                 parfor v1 in v0 {{
                   v2: usize = mul v1, {N}usize
                   v3: usize = add v2, v0
                   v4: f64 = load b0[v3]
                   v5: i64 = load b2[v1]
                   v6: usize = cast v5
                   v7: usize = rem v6, {N}usize
                   v8: f64 = load b1[v7]
                   v9: f64 = load b1[v0]
                   v10: f64 = mul v8, v9
                   v11: f64 = add v4, v10
                   v12: f64 = cast v1
                   v13: f64 = add v11, v12
                   store b0[v3], v13
                 }}
               }}
             }}"
        ),
        &[floats(N * N), floats(N), elements(DType::I64, N)],
        &[Scalar::Usize(N)],
    );
}

#[test]
fn loops_inside_lane_loops() {
    agrees(
        "loops f(mut b0 a: f64[unit], b1 b: f64[unit], mut b2 steps: i64[unit], n: usize) {
           var x0 x: f64
           var x1 count: i64
           var x2 own: i64
           var x3 total: i64
           parfor v0 in n {
             x3 = 0i64
             parfor v1 in v0 {
               reduce max x2 into x3
               v2: f64 = load b1[v1]
               x0 = v2
               x1 = 0i64
               for v3 in v1 { v4: f64 = x0 v5: f64 = load b1[v3] v6: f64 = mul_add v4, 0.5f64, v5 x0 = v6 }
               while { v7: f64 = x0 v8: f64 = abs v7 v9: bool = gt v8, 0.25f64 test v9 } do {
                 v10: f64 = x0
                 v11: f64 = mul v10, 0.5f64
                 x0 = v11
                 v12: i64 = x1
                 v13: i64 = add v12, 1i64
                 x1 = v13
               }
               v14: i64 = x1
               x2 = v14
             }
             v15: i64 = x3
             store b2[v0], v15
             v16: f64 = cast v15
             store b0[v0], v16
           }
         }",
        &[floats(N), floats(N), elements(DType::I64, N)],
        &[Scalar::Usize(N)],
    );
}

#[test]
fn regions_reduce_over_elements_in_their_order() {
    for dtype in DType::ALL {
        for op in ReduceOp::ALL.iter().filter(|op| op.applies_to(*dtype)) {
            let (name, op) = (dtype.name(), op.name());
            let text = format!(
                "loops f(b0 a: {name}[unit], mut b1 b: {name}[unit], start: {name}, n: usize, m: usize) {{
                   var x0 own: {name}
                   var x1 total: {name}
                   x1 = start
                   parfor v0, v1 in n, m {{
                     reduce {op} x0 into x1
                     parfor v2 in v1 {{
                       v9: usize = mul v0, m
                       v10: usize = add v9, v1
                       v3: usize = mul v10, m
                       v4: usize = add v3, v2
                       v5: {name} = load b0[v2]
                       store b1[v4], v5
                     }}
                     v6: usize = linear_index
                     v7: usize = rem v6, {N}usize
                     v8: {name} = load b0[v7]
                     x0 = v8
                   }}
                   v20: {name} = x1
                   return v20
                 }}"
            );
            let arrays = [elements(*dtype, N), elements(*dtype, 5 * 13 * 13)];
            let start = elements(*dtype, 9).scalars()[7];
            agrees(&text, &arrays, &[start, Scalar::Usize(5), Scalar::Usize(13)]);
        }
    }
}

#[test]
fn nests_run_in_order_and_leave_what_they_set() {
    for n in [0, 1, 2, 9, N] {
        agrees(
            &format!(
                "loops f(mut b0 a: f64[unit], mut b1 v: f32[unit], n: usize, flag: bool) {{
                   var x0 carried: f64
                   var x1 own: i64
                   var x2 count: i64
                   var x3 single: f32
                   var x4 small: u8
                   var x5 odd: bool
                   x0 = 1.0f64
                   x2 = 0i64
                   x3 = 0.5f32
                   x4 = 250u8
                   x5 = flag
                   nest {{
                     for v0 in n {{
                       v1: f64 = x0
                       v20: usize = mul v0, {N}usize
                       v21: usize = add v20, v0
                       v2: f64 = load b0[v21]
                       v3: f64 = mul v1, 0.5f64
                       v4: f64 = add v3, v2
                       x0 = v4
                       parfor v5 in n {{
                         reduce sum x1 into x2
                         v22: usize = add v20, v5
                         v6: f64 = load b0[v22]
                         v7: f64 = mul v6, v4
                         store b0[v22], v7
                         v8: bool = lt v7, 0.0f64
                         v9: i64 = cast v8
                         x1 = v9
                       }}
                       v10: f32 = x3
                       v11: f32 = load b1[v0]
                       v12: f32 = add v10, v11
                       x3 = v12
                       v13: u8 = x4
                       v14: u8 = add v13, 3u8
                       x4 = v14
                       v15: bool = x5
                       v16: bool = not v15
                       x5 = v16
                     }}
                   }}
                   v30: f64 = x0
                   v31: i64 = x2
                   v32: f32 = x3
                   v33: u8 = x4
                   v34: bool = x5
                   return v30, v31, v32, v33, v34
                 }}"
            ),
            &[floats(N * N), elements(DType::F32, N)],
            &[Scalar::Usize(n), Scalar::Bool(true)],
        );
    }
}

#[test]
fn faults_are_those_of_the_elements() {
    for n in [5, 8, 9, 40] {
        agrees(
            &format!(
                "loops f(mut b0 a: f64[unit], n: usize, m: usize) {{
                   parfor v0, v1 in n, m {{
                     v2: usize = mul v0, m
                     v3: usize = add v2, v1
                     parfor v4 in v1 {{ v5: usize = mul v3, {N}usize v6: usize = rem v5, {N}usize v7: usize = add v6, v4 store b0[v7], 0.25f64 }}
                     v8: bool = ne v3, 60usize
                     check v8, index_out_of_range(0) with v0, v1 @3:4
                     parfor v9 in v0 {{ store b0[v9], 0.75f64 }}
                   }}
                 }}"
            ),
            &[floats(N * N)],
            &[Scalar::Usize(n), Scalar::Usize(7)],
        );
        agrees(
            "loops f(mut b0 a: f64[unit], n: usize, m: usize) {
               nest {
                 for v4 in n {
                   parfor v6 in v4 { store b0[v6], 0.0f64 }
                   v5: bool = ne v4, m
                   check v5, division_by_zero with v4 @5:6
                 }
               }
             }",
            &[floats(N * N)],
            &[Scalar::Usize(n), Scalar::Usize(8)],
        );
    }
}
