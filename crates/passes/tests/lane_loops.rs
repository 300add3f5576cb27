//! Lane loops and nests compute in Lane what they compute in Loops, whatever the number of lanes.
//!
//! ```text
//! parfor v1 in n { …; parfor v2 in v1 { … } … }
//!     run_loops   =   vectorize, run_lane with 1, 3, 8 and 32 lanes
//! ```

use parfuse_interp::{Array, Value, run_lane, run_loops, run_loops_apart};
use parfuse_ir::loops::Loops;
use parfuse_ir::{DType, Scalar};
use parfuse_passes::vectorize;

/// The length of arrays, and of the axes of square ones.
const N: usize = 37;

fn parse(text: &str) -> Loops {
    let loops = Loops::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    loops.verify().unwrap_or_else(|error| panic!("{error}\n{text}"));
    loops
}

/// An `N` by `N` array `a` of `f64`, an array `v` of `N` `i64`, and the number `n`.
fn arguments(n: usize) -> Vec<Value> {
    let element = |i: usize| Scalar::F64(((i * 37 + 11) % 101) as f64 / 64.0 - 0.5);
    let a = Array::new(DType::F64, &[N, N], (0..N * N).map(element).collect());
    let v = (0..N).map(|i| Scalar::I64((i * i) as i64 % 23 - 7));
    let v = Array::new(DType::I64, &[N], v.collect());
    vec![Value::Array(a), Value::Array(v), Value::Scalar(Scalar::Usize(n))]
}

/// The same in both languages, and no two iterations of a parallel loop or of a lane loop meet.
#[track_caller]
fn same(vars: &str, body: &str) {
    let text = format!("loops f(mut b0 a: f64[_, unit], mut b1 v: i64[unit], n: usize) {{ {vars} {body} }}");
    let loops = parse(&text);
    let lane = vectorize(&loops);
    lane.verify().unwrap_or_else(|error| panic!("{error} in\n{lane}"));
    for n in [0, 1, 2, 7, 8, 9, 31, 32, 33, N] {
        let expected = run_loops_apart(&loops, &arguments(n), 5).unwrap_or_else(|race| panic!("{race}"));
        for lanes in [1, 3, 8, 32] {
            assert_eq!(
                run_lane(&lane, &arguments(n), 5, lanes),
                expected,
                "n = {n}, {lanes} lanes of\n{lane}"
            );
        }
    }
}

#[test]
fn lane_loops_beside_other_work() {
    same(
        "",
        "parfor v0 in n {
           v1: f64 = load b0[v0, v0]
           parfor v2 in v0 { v3: f64 = load b0[v0, v2] v4: f64 = div v3, v1 store b0[v0, v2], v4 }
           v5: usize = sub n, v0
           parfor v6 in v5 {
             v7: usize = add v6, v0
             v8: f64 = load b0[v0, v7]
             v9: f64 = mul v8, v1
             store b0[v0, v7], v9
           }
           v10: i64 = cast v1
           store b1[v0], v10
         }",
    );
}

#[test]
fn lane_loops_in_branches_and_loops() {
    same(
        "var x0 k: usize",
        "parfor v0 in n {
           x0 = v0
           while { v1: usize = x0 v2: bool = gt v1, 2usize test v2 } do {
             v3: usize = x0
             v4: usize = sub v3, 3usize
             x0 = v4
             v5: usize = rem v4, 2usize
             v6: bool = eq v5, 0usize
             if v6 {
               parfor v7 in v4 { v8: f64 = load b0[v0, v7] v9: f64 = add v8, 1.0f64 store b0[v0, v7], v9 }
             } else {
               parfor v10 in n { v11: f64 = load b0[v0, v10] v12: f64 = neg v11 store b0[v0, v10], v12 }
             }
           }
         }",
    );
}

#[test]
fn lane_loops_reduce_into_variables_around() {
    same(
        "var x0 own: i64 var x1 count: i64 var x2 all: i64 var x3 least: i64 var x4 total: i64 x4 = 100i64",
        "parfor v0 in n {
           reduce sum x2 into x4
           x1 = 3i64
           x3 = 1000i64
           parfor v1 in v0 {
             reduce sum x0 into x1
             v2: f64 = load b0[v0, v1]
             v3: bool = gt v2, 0.25f64
             if v3 { x0 = 2i64 }
           }
           parfor v4 in n { reduce min x0 into x3 v5: i64 = load b1[v4] v6: usize = add v4, v0 v7: i64 = cast v6 v8: i64 = mul v7, v5 x0 = v8 }
           v10: i64 = x1
           v11: i64 = x3
           v12: i64 = add v10, v11
           x2 = v12
           v13: f64 = cast v12
           store b0[v0, 0usize], v13
         }
         v14: i64 = x4
         return v14",
    );
}

#[test]
fn nests_set_variables_and_run_in_order() {
    same(
        "var x0 carried: f64 var x1 own: i64 var x2 count: i64 x0 = 1.0f64 x2 = 0i64",
        "nest {
           for v0 in n {
             v1: f64 = x0
             v2: f64 = load b0[v0, v0]
             v3: f64 = mul v1, 0.5f64
             v4: f64 = add v3, v2
             x0 = v4
             parfor v5 in n {
               reduce sum x1 into x2
               v6: f64 = load b0[v0, v5]
               v7: f64 = mul v6, v4
               store b0[v0, v5], v7
               v8: bool = lt v7, 0.0f64
               v9: i64 = cast v8
               x1 = v9
             }
           }
         }
         v10: f64 = x0
         v11: i64 = x2
         return v10, v11",
    );
}

#[test]
fn faults_are_those_of_the_code_around_lane_loops() {
    same(
        "",
        "parfor v0 in n {
           parfor v1 in v0 { store b0[v0, v1], 0.25f64 }
           v2: bool = ne v0, 8usize
           check v2, index_out_of_range(0) with v0, n @3:4
           parfor v3 in v0 { store b0[v0, v3], 0.75f64 }
         }
         nest {
           for v4 in n {
             v5: bool = ne v4, 7usize
             check v5, division_by_zero @5:6
             parfor v6 in v4 { store b0[v6, v4], 0.0f64 }
           }
         }",
    );
}

#[test]
fn iterations_of_a_lane_loop_that_meet_are_found() {
    let loops = parse(
        "loops f(mut b0 a: f64[_, unit], b1 v: i64[unit], n: usize) {
           parfor v0 in n {
             parfor v1 in n { v2: usize = div v1, 2usize store b0[v0, v2], 1.0f64 }
           }
         }",
    );
    assert!(run_loops(&loops, &arguments(2), 0).is_ok());
    assert!(run_loops_apart(&loops, &arguments(1), 0).is_ok());
    let race = run_loops_apart(&loops, &arguments(2), 0).expect_err("iterations 0 and 1 meet");
    assert_eq!(race.iterations, [0, 1]);
}
