//! The pipeline changes no result and no reported fault: random kernels run before it and after every pass.

use parfuse_interp::{Array, Failure, Outcome, Value, run_loops};
use parfuse_ir::loops::{Event, Layout, Loops};
use parfuse_ir::program::Program;
use parfuse_ir::{DType, Scalar};
use parfuse_passes::pipeline::{Options, optimize_observed};
use parfuse_passes::{check_parallel, lower_arrays, private_totals};
use std::fmt::Write;

/// How many kernels to try.
const SEEDS: u64 = 150;

/// A small generator of random numbers (xorshift64*), so that failures can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % n
    }
    fn pick<'a, T: ?Sized>(&mut self, items: &[&'a T]) -> &'a T {
        items[self.below(items.len())]
    }
    fn one_of(&mut self, items: &[String]) -> String {
        items[self.below(items.len())].clone()
    }
}

/// Writes a random program over arrays `a`, `b` and `m` (to be written) and scalars `n`, `x`.
struct Generator<'r> {
    random: &'r mut Random,
    text: String,
    next: usize,
    arrays: Vec<String>,
    scalars: Vec<String>,
}

impl Generator<'_> {
    fn index(&mut self) -> String {
        self.next += 1;
        format!("v{}", self.next - 1)
    }

    fn value(&mut self, ty: &str, expression: &str) -> String {
        let name = self.index();
        writeln!(self.text, "{name}: {ty} = {expression} @{}:1", self.next).unwrap();
        name
    }

    fn statement(&mut self) {
        match self.random.below(12) {
            0..5 => {
                let op = self.random.pick(&["add", "sub", "mul", "div", "max"]);
                let left = self.random.one_of(&self.arrays);
                let scalar = self.random.below(3) == 0;
                let right = self.random.one_of(if scalar { &self.scalars } else { &self.arrays });
                let array = self.value("[f64; 1]", &format!("{op} {left}, {right}"));
                self.arrays.push(array);
            }
            5 => {
                let (op, array) =
                    (self.random.pick(&["sqrt", "neg", "abs"]), self.random.one_of(&self.arrays));
                let array = self.value("[f64; 1]", &format!("{op} {array}"));
                self.arrays.push(array);
            }
            6 => {
                let (op, array) = (self.random.pick(&["sum", "max"]), self.random.one_of(&self.arrays));
                let scalar = self.value("f64", &format!("reduce {op} {array}"));
                self.scalars.push(scalar);
            }
            7 => {
                let length = self.value("usize", "len a");
                let element = self.random.pick(&["0.0f64", "x", "1.5f64"]);
                let array = self.value("[f64; 1]", &format!("fill[{length}] {element}"));
                self.arrays.push(array);
            }
            8 => {
                let (old, array) = (self.value("[f64; 1]", "x0"), self.random.one_of(&self.arrays));
                let new = self.value("[f64; 1]", &format!("add {old}, {array}"));
                writeln!(self.text, "update x0, {new}").unwrap();
            }
            9 => {
                let (old, array) = (self.value("[f64; 1]", "x2"), self.random.one_of(&self.arrays));
                let new = self.value("[f64; 1]", &format!("mul {old}, {array}"));
                writeln!(self.text, "x2 = {new}").unwrap();
            }
            _ => self.prange(),
        }
    }

    /// A parallel loop that loads at an offset or in an inner loop, perhaps out of range; stores or sums.
    fn prange(&mut self) {
        let index = self.index();
        let end = self.random.pick(&["n", "n", "6i64", "40i64", "0i64"]);
        let start = self.random.pick(&["0i64", "0i64", "1i64", "-1i64"]);
        writeln!(self.text, "prange {index}: i64 in {start}..{end} step 1usize {{").unwrap();
        let array = self.random.one_of(&self.arrays);
        let inner = self.random.below(4) == 0;
        let at = if inner {
            let inner = self.index();
            writeln!(self.text, "x3 = x\nfor {inner}: i64 in 0i64..3i64 step 1usize {{").unwrap();
            self.value("i64", &format!("add {index}, {inner}"))
        } else {
            let offset = self.random.pick(&["0i64", "0i64", "0i64", "1i64", "-1i64", "n"]);
            self.value("i64", &format!("add {index}, {offset}"))
        };
        let at = self.value("usize", &format!("cast {at}"));
        let element = self.value("f64", &format!("index {array}[{at}]"));
        let result = if inner {
            let sum = self.value("f64", "x3");
            let sum = self.value("f64", &format!("add {sum}, {element}"));
            writeln!(self.text, "x3 = {sum}\n}}").unwrap();
            self.value("f64", "x3")
        } else {
            self.value("f64", &format!("mul {element}, 1.25f64"))
        };
        if self.random.below(2) == 0 {
            let at = self.value("usize", &format!("cast {index}"));
            writeln!(self.text, "store x0[{at}], {result} @{}:2", self.next).unwrap();
        } else {
            let sum = self.value("f64", "x1");
            let sum = self.value("f64", &format!("add {sum}, {result}"));
            writeln!(self.text, "x1 = {sum}").unwrap();
        }
        writeln!(self.text, "}}").unwrap();
    }
}

fn program(random: &mut Random) -> String {
    let mut generator = Generator {
        random,
        text: String::new(),
        next: 0,
        arrays: vec!["a".into(), "b".into()],
        scalars: vec!["x".into(), "2.0f64".into()],
    };
    let copy = generator.value("[f64; 1]", "copy a");
    writeln!(generator.text, "x1 = 0.5f64\nx2 = {copy}").unwrap();
    for _ in 0..1 + generator.random.below(9) {
        generator.statement();
    }
    let (sum, last) = (generator.value("f64", "x1"), generator.value("[f64; 1]", "x2"));
    let (array, scalar) = (generator.arrays.last().unwrap(), generator.scalars.last().unwrap());
    let expression = format!("add {array}, {scalar}");
    let result = generator.value("[f64; 1]", &expression);
    format!(
        "program f(a: [f64; 1], b: [f64; 1], mut m: [f64; 1], n: i64, x: f64) -> (f64, [f64; 1], [f64; 1]) {{\n\
         var x0 m: [f64; 1] is p2\nvar x1 s: f64\nvar x2 y: [f64; 1]\nvar x3 t: f64\n\
         {}return {sum}, {last}, {result}\n}}\n",
        generator.text
    )
}

fn array(random: &mut Random, length: usize) -> Value {
    let elements = (0..length).map(|_| Scalar::F64(random.below(2000) as f64 / 64.0 - 15.0)).collect();
    Value::Array(Array::new(DType::F64, &[length], elements))
}

/// A result with every NaN made the same one: which of two NaNs an addition returns is left open.
fn canonical(value: &Value) -> Value {
    let one_nan = |x: Scalar| match x {
        Scalar::F64(x) if x.is_nan() => Scalar::F64(f64::NAN),
        x => x,
    };
    match value {
        Value::Scalar(x) => Value::Scalar(one_nan(*x)),
        Value::Array(array) => {
            let elements = array.elements.iter().map(|x| x.map(one_nan)).collect();
            Value::Array(Array { elements, ..array.clone() })
        }
    }
}

/// What the user sees of a run. A failed kernel's outputs mean nothing.
fn seen(result: Result<Outcome, Failure>) -> Result<Vec<Value>, Failure> {
    let outcome = result?;
    Ok(outcome.results.iter().chain(&outcome.arguments).map(canonical).collect())
}

/// A kernel lowered for its arguments; `None` for one that is refused.
fn kernel(random: &mut Random) -> Option<(Loops, [Value; 5])> {
    let text = program(random);
    let program = Program::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    program.verify().unwrap_or_else(|error| panic!("{error}\n{text}"));
    let length = [0, 1, 6, 40][random.below(4)];
    let other = if random.below(8) == 0 { 3 } else { length };
    let n = random.below(length + 2) as i64;
    let arguments = [
        array(random, length),
        array(random, length),
        array(random, other),
        Value::Scalar(Scalar::I64(n)),
        Value::Scalar(Scalar::F64(0.75)),
    ];
    let layout = |argument: &Value| match argument {
        Value::Array(array) => Some(Layout { single: vec![array.shape[0] == 1], ..Layout::rows(1) }),
        Value::Scalar(_) => None,
    };
    let mut loops = lower_arrays(&program, &arguments.each_ref().map(layout)).ok()?;
    check_parallel(&mut loops).ok()?;
    let _ = private_totals(&mut loops);
    Some((loops, arguments))
}

fn optimized(lowered: &Loops, fuse: bool, mut observe: impl FnMut(&str, &Loops)) -> Loops {
    let mut loops = lowered.clone();
    optimize_observed(&mut loops, &Options { fuse }, &mut |pass, loops: &Loops| {
        loops.verify().unwrap_or_else(|error| panic!("{pass}: {error}\n{lowered}\n{loops}"));
        observe(pass, loops);
    });
    loops
}

#[test]
fn no_pass_changes_what_a_kernel_computes_or_reports() {
    let (mut ran, mut failed, mut fused, mut hoisted) = (0, 0, 0, 0);
    for seed in 1..=SEEDS {
        let random = &mut Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let Some((lowered, arguments)) = kernel(random) else { continue };
        let expected = seen(run_loops(&lowered, &arguments, 7));
        let agrees = |loops: &Loops| seen(run_loops(loops, &arguments, 7)) == expected;
        for fuse in [true, false] {
            let loops = optimized(&lowered, fuse, |_, _| {});
            if !agrees(&loops) {
                optimized(&lowered, fuse, |pass, loops| {
                    assert!(agrees(loops), "seed {seed}, {pass}:\n{lowered}\n{loops}");
                });
            }
            fused += loops.notes.iter().filter(|note| note.event == Event::Fused).count();
            hoisted += loops.to_string().contains("not ") as usize;
        }
        ran += 1;
        failed += expected.is_err() as usize;
    }
    // The kernels are such that the passes have something to do.
    let many = SEEDS as usize / 10;
    let counts = [ran, failed, ran - failed, fused, hoisted];
    assert!(counts.iter().all(|count| *count > many), "{counts:?}");
}

/// The numbers of parallel loops, allocations and checks that are left of a program whose arrays have no
/// axis of length one.
fn left(text: &str) -> [usize; 3] {
    let loops = optimized_text(text);
    ["parfor", "alloc", "check"]
        .map(|word| loops.lines().filter(|line| line.trim_start().starts_with(word)).count())
}

/// What the pipeline makes of a program whose arrays have no axis of length one.
fn optimized_text(text: &str) -> String {
    let program = Program::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    program.verify().unwrap_or_else(|error| panic!("{error}\n{text}"));
    let layout = Layout::rows;
    let layouts: Vec<Option<Layout>> =
        program.params.iter().map(|param| param.ty.rank().map(layout)).collect();
    let mut lowered =
        lower_arrays(&program, &layouts).unwrap_or_else(|rejection| panic!("{rejection}\n{text}"));
    check_parallel(&mut lowered).unwrap_or_else(|rejection| panic!("{rejection}\n{text}"));
    optimized(&lowered, true, |_, _| {}).to_string()
}

#[test]
fn an_expression_of_arrays_is_one_loop_with_one_allocation() {
    let gaussians = "program gaussians(x: f64, means: [f64; 1], widths: [f64; 1]) -> [f64; 1] {
      v0: usize = len means
      v1: [f64; 1] = sub x, means
      v2: [f64; 1] = div v1, widths
      v3: [f64; 1] = powi v2, 2i32
      v4: [f64; 1] = mul -0.5f64, v3
      v5: [f64; 1] = exp v4
      v6: [f64; 1] = div v5, widths
      v7: [f64; 1] = div v6, 2.5066282746310002f64
      v8: f64 = cast v0
      v9: [f64; 1] = div v7, v8
      return v9
    }";
    assert_eq!(left(gaussians), [1, 1, 1]);
}

#[test]
fn a_sum_of_an_expression_allocates_nothing() {
    let density = "program density(x: f64, data: [f64; 1], h: f64) -> f64 {
      v0: [f64; 1] = sub x, data
      v1: [f64; 1] = div v0, h
      v2: [f64; 1] = mul v1, v1
      v3: [f64; 1] = neg v2
      v4: [f64; 1] = exp v3
      v5: f64 = reduce sum v4
      v6: usize = len data
      v7: f64 = cast v6
      v8: f64 = mul v7, h
      v9: f64 = div v5, v8
      return v9
    }";
    assert_eq!(left(density), [1, 0, 0]);
}

#[test]
fn an_expression_of_matrices_and_rows_is_one_loop() {
    let rows = "program rows(a: [f64; 2], r: [f64; 1]) -> [f64; 2] {
      v0: [f64; 2] = sub a, r
      v1: [f64; 2] = mul v0, a
      v2: [f64; 2] = add v1, r
      return v2
    }";
    assert_eq!(left(rows), [1, 1, 1]);
}

#[test]
fn a_mean_that_is_subtracted_keeps_two_loops() {
    let centred = "program centred(a: [f64; 1]) -> [f64; 1] {
      v0: f64 = reduce sum a
      v1: usize = len a
      v2: f64 = cast v1
      v3: f64 = div v0, v2
      v4: [f64; 1] = sub a, v3
      v5: [f64; 1] = mul v4, v4
      return v5
    }";
    assert_eq!(left(centred), [2, 1, 0]);
}

#[test]
fn indices_are_checked_in_front_of_the_loop() {
    let text = "program kernel(x: [f64; 1], w: [f64; 1], n: i64) -> [f64; 1] {
      var x0 out: [f64; 1]
      var x1 s: f64
      v0: usize = cast n
      v1: [f64; 1] = fill[v0] 0.0f64
      x0 = v1
      v2: usize = len w
      v3: i64 = cast v2
      prange v4: i64 in 0i64..n step 1usize {
        x1 = 0.0f64
        for v5: i64 in 0i64..v3 step 1usize {
          v6: i64 = add v4, v5
          v7: usize = cast v6
          v8: f64 = index x[v7]
          v9: usize = cast v5
          v10: f64 = index w[v9]
          v11: f64 = mul v8, v10
          v12: f64 = x1
          v13: f64 = add v12, v11
          x1 = v13
        }
        v14: f64 = x1
        v15: usize = cast v4
        store x0[v15], v14
      }
      v16: [f64; 1] = x0
      return v16
    }";
    assert_eq!(left(text)[..2], [1, 1]);
    let inside = |line: &&str| line.trim_start().starts_with("check");
    let loops = optimized_text(text);
    // The fill has become part of the loop, and is overwritten there.
    assert_eq!(loops.matches("store").count(), 1, "{loops}");
    // That `w` and the array have these elements needs no test; that there can be such an array does.
    let (front, parallel) = loops.split_once("parfor").expect("a parallel loop");
    assert_eq!(
        (front.lines().filter(inside).count(), parallel.lines().filter(inside).count()),
        (2, 0),
        "{loops}"
    );
    assert_eq!(front.matches("array_too_large").count(), 1, "{loops}");
}
