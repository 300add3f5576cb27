//! Programs of a hundred to ten thousand statements, and blocks nested to the limit: what comes out grows as what goes in,
//! on a small stack.
//!
//! ```text
//! 100, 1 000, 10 000 statements      each stage has ten times the nodes, and no more
//! 1, 16, 256 blocks in each other    each level adds as much as the one before; many more are an error
//! ```

use parfuse_ir::lane::{self, Lane};
use parfuse_ir::loops::{self, Layout, Loops};
use parfuse_ir::program::{self, Program};
use parfuse_passes::pipeline::{Options, optimize};
use parfuse_passes::{
    check_parallel, divide_in_floats, invert_divisors, lower_arrays, relax_floats, vectorize,
};
use std::fmt::Write;

/// How deep the tracer lets blocks nest.
const LIMIT: usize = 256;

/// How many statements a program has at each stage.
#[derive(Debug)]
struct Counts {
    program: usize,
    loops: usize,
    lane: usize,
}

fn counts(text: &str) -> Counts {
    let mut program = Program::parse(text).unwrap_or_else(|error| panic!("{error}"));
    program.verify().unwrap_or_else(|error| panic!("{error}"));
    let _ = relax_floats(&mut program);
    let layouts: Vec<Option<Layout>> =
        program.params.iter().map(|param| param.ty.rank().map(Layout::rows)).collect();
    let mut loops: Loops = lower_arrays(&program, &layouts).unwrap();
    check_parallel(&mut loops).unwrap();
    optimize(&mut loops, &Options::default());
    loops.verify().unwrap_or_else(|error| panic!("{error}"));
    let mut lane: Lane = vectorize(&loops);
    let _ = divide_in_floats(&mut lane);
    let _ = invert_divisors(&mut lane);
    let regions = lane.regions.iter().map(|(_, region)| lane::walk::statements(&region.code.body).count());
    Counts {
        program: program::walk::statements(&program, &program.body).count(),
        loops: loops::walk::statements(&loops.body).count(),
        lane: regions.sum::<usize>() + lane::walk::statements(&lane.driver.body).count(),
    }
}

/// Has each stage of a program of `size` be at most in proportion to that of a program of `size / factor`.
fn grows_in_proportion(sizes: &[usize], text: impl Fn(usize) -> String) {
    let mut before: Option<(usize, Counts)> = None;
    for &size in sizes {
        let now = counts(&text(size));
        assert!(now.program >= size, "{now:?}");
        if let Some((smaller, before)) = &before {
            // A constant part only makes the larger one smaller than in proportion.
            let most = |nodes: usize| nodes * size / smaller + size / 4 + 64;
            assert!(now.loops <= most(before.loops), "{size}: {now:?} after {before:?}");
            assert!(now.lane <= most(before.lane), "{size}: {now:?} after {before:?}");
        }
        before = Some((size, now));
    }
}

const STATEMENTS: [usize; 3] = [100, 1_000, 10_000];

#[test]
fn long_chains_of_scalars_grow_in_proportion() {
    grows_in_proportion(&STATEMENTS, |size| {
        let mut text = "program f(mut a: [f64; 1], b: [f64; 1], s: f64) {
            math fast
            var x0 a: [f64; 1] is p0
            v1: usize = len b
            prange v2: usize in 0usize..v1 step 1usize {
              v3: f64 = index b[v2]\n"
            .to_string();
        for k in 4..4 + size {
            let op = ["add", "mul", "sub", "div"][k % 4];
            writeln!(text, "v{k}: f64 = {op} v{}, s", k - 1).unwrap();
        }
        text + &format!("store x0[v2], v{}\n }}\n }}", 3 + size)
    });
}

#[test]
fn many_array_operations_grow_in_proportion() {
    // Each uses the one before and the one before that: all are one loop in the end.
    grows_in_proportion(&STATEMENTS, |size| {
        let mut text =
            "program f(a: [f64; 1], b: [f64; 1]) -> [f64; 1] {\nv2: [f64; 1] = add a, b\n".to_string();
        for k in 3..3 + size {
            let other = if k % 5 == 0 { "b".to_string() } else { format!("v{}", (k - 2).max(2)) };
            writeln!(text, "v{k}: [f64; 1] = sub v{}, {other}", k - 1).unwrap();
        }
        text + &format!("return v{}\n}}", 2 + size)
    });
}

#[test]
fn many_branches_and_loops_side_by_side_grow_in_proportion() {
    grows_in_proportion(&[30, 300, 3_000], |size| {
        let mut text = "program f(n: usize, s: f64) -> f64 {\nvar x0 t: f64\nx0 = 0.0f64\n".to_string();
        for k in 0..size / 3 {
            let v = 10 + 10 * k;
            writeln!(text, "v{v}: f64 = x0 v{}: f64 = add v{v}, {k}.5f64", v + 1).unwrap();
            writeln!(text, "v{}: bool = lt v{}, s if v{} {{ x0 = v{} }}", v + 2, v + 1, v + 2, v + 1)
                .unwrap();
            writeln!(text, "for v{}: usize in 0usize..n step 1usize {{", v + 3).unwrap();
            writeln!(text, "v{}: f64 = x0 v{}: f64 = mul v{}, s x0 = v{} }}", v + 4, v + 5, v + 4, v + 5)
                .unwrap();
        }
        text + "v9: f64 = x0\nreturn v9\n}"
    });
}

/// Blocks of a kind, so many in each other.
fn nested(kind: &str, levels: usize) -> String {
    let mut text = "program f(n: usize, s: f64) -> f64 {\nvar x0 t: f64\nx0 = 0.0f64\n".to_string();
    for level in 0..levels {
        let [v, below, index, again, still] = [10, 11, 12, 13, 14].map(|v| v + 10 * level);
        writeln!(text, "v{v}: f64 = x0 v{below}: bool = lt v{v}, s").unwrap();
        match kind {
            "if" => writeln!(text, "if v{below} {{"),
            "for" => writeln!(text, "for v{index}: usize in 0usize..n step 1usize {{"),
            _ => {
                writeln!(
                    text,
                    "while {{ v{again}: f64 = x0 v{still}: bool = lt v{again}, s test v{still} }} do {{"
                )
            }
        }
        .unwrap();
    }
    text += "v3: f64 = x0 v4: f64 = add v3, s x0 = v4\n";
    text + &"}".repeat(levels) + "v9: f64 = x0\nreturn v9\n}"
}

#[test]
fn blocks_nested_to_the_limit_grow_in_proportion() {
    let deep = || {
        for kind in ["if", "for", "while"] {
            grows_in_proportion(&[1, 16, LIMIT], |levels| nested(kind, levels));
            let error = Program::parse(&nested(kind, 2 * LIMIT)).unwrap_err().to_string();
            assert!(error.contains("blocks nest too deeply"), "{error}");
        }
    };
    // What the facade makes room for.
    let thread = std::thread::Builder::new().stack_size(LIMIT * (16 << 10) + (1 << 20));
    thread.spawn(deep).unwrap().join().unwrap();
}
