//! Random parallel loops whose iterations may or may not be apart, with arguments to try them on.
//!
//! ```text
//! prange i in k + 1..n { for j in 0..w { if (i + j) % 2 == 1 { store a[i w + j]   a[i w + j - 1] + 1 } } }
//!     taken?     no call that passes its tests has two iterations at one element; the order of iterations makes no
//!                difference; all executors agree
//!     refused?   counted, and how often no call was found in which two iterations meet; with a promise it does what it says
//! ```
//!
//! Indices are those that users compute: affine ones, rows in one axis, residues, mirrored and flipped ones, those of segments and
//! permuted ones, with what stands around them; in every third nest any ones inside of parts of an array, which iterations may have for
//! themselves. Numbers are small, so that the arguments tried are about all there are.

use crate::executors::layout;
use crate::{Choices, Ran, Rounding, Sample, check_same_bits};
use parfuse_interp::{Array, Failure, Value, run_lane, run_loops, run_loops_apart, run_loops_shuffled};
use parfuse_ir::loops::{Layout, Loops};
use parfuse_ir::program::Program;
use parfuse_ir::{DType, FaultKind, Scalar};
use parfuse_passes::pipeline::Options;
use parfuse_passes::{check_parallel, lower_arrays, optimize, private_totals, vectorize};
use std::fmt::Write;

/// What came of a nest.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Nest {
    /// It is taken.
    Taken {
        /// Whether something is tested in front of it.
        tested: bool,
        /// Whether the tests ended a call in which no two iterations meet.
        carefully: bool,
    },
    /// It is refused.
    Refused {
        /// Whether there is a call in which two iterations meet; nothing if hardly any call comes to its end.
        rightly: Option<bool>,
    },
}

/// The nest that a seed makes.
pub fn nest_text(seed: u64) -> String {
    Text::of(seed, &mut Choices::seeded(seed)).text
}

/// Makes a nest and tries it on some arguments.
///
/// # Errors
/// If it is taken and a call of it has a race, or executors differ.
pub fn check_nest(seed: u64, calls: usize) -> Result<Nest, String> {
    let choices = &mut Choices::seeded(seed);
    let nest = Text::of(seed, choices);
    let text = nest.text;
    let fail = |what: &dyn std::fmt::Display| format!("seed {seed}: {what}\n{text}");
    let program = Program::parse(&text).map_err(|error| fail(&error))?;
    program.verify().map_err(|error| fail(&error))?;
    let arguments: Vec<Vec<Value>> = (0..calls).map(|_| arguments(choices, nest.rank)).collect();
    let layouts: Vec<Option<Layout>> =
        program.params.iter().map(|param| param.ty.rank().map(Layout::rows)).collect();
    let plain = lower_arrays(&program, &layouts).map_err(|rejection| fail(&rejection))?;
    let mut checked = plain.clone();
    let taken = check_parallel(&mut checked).is_ok();
    checked.verify().map_err(|error| fail(&error))?;

    let (mut met, mut carefully, mut finished) = (false, false, 0);
    for arguments in &arguments {
        let run = run_loops_apart(&plain, arguments, 0);
        let meets = run.is_err();
        met |= meets;
        finished += (matches!(run, Ok(Ok(_))) && has_iterations(arguments)) as usize;
        if !taken {
            continue;
        }
        match run_loops_apart(&checked, arguments, 0) {
            Err(race) => return Err(fail(&format!("{race}\nwith {arguments:?}\n{checked}"))),
            Ok(Err(failure)) if is_test(&failure) => carefully |= !meets,
            Ok(_) if meets => return Err(fail(&format!("no race is left with {arguments:?}\n{checked}"))),
            Ok(_) => {}
        }
    }
    if !taken {
        if seed.is_multiple_of(4) {
            check_promised(&text, &layouts, &arguments).map_err(|message| fail(&message))?;
        }
        return Ok(Nest::Refused { rightly: (met || finished > calls / 10).then_some(met) });
    }
    for (number, arguments) in (0u64..).zip(arguments.iter().take(8)) {
        let [in_order, shuffled] =
            [run_loops(&checked, arguments, 0), run_loops_shuffled(&checked, arguments, 0, seed ^ number)];
        if in_order != shuffled {
            return Err(fail(&format!("the order of iterations shows with {arguments:?}\n{checked}")));
        }
    }
    if seed.is_multiple_of(16) {
        let sample = Sample { program, rounding: Rounding::Exact };
        // Kernels are made for the layouts of their arguments.
        let usual = |arguments: &&Vec<Value>| {
            arguments.iter().map(layout).zip(&layouts).all(|(own, known)| own == *known)
        };
        for arguments in arguments.iter().filter(usual).take(2) {
            if check_same_bits(&sample, arguments, seed)? == Ran::Refused {
                return Err(fail(&"refused for these arguments"));
            }
        }
    }
    Ok(Nest::Taken { tested: has_tests(&checked), carefully })
}

/// That a nest which is refused does what it says if it is promised that its iterations do not meet, in calls in which that is
/// true.
fn check_promised(text: &str, layouts: &[Option<Layout>], calls: &[Vec<Value>]) -> Result<(), String> {
    let promised = |line: &str| match line.strip_suffix('{') {
        Some(line) if line.starts_with("prange") => format!("{line}assumed {{\n"),
        _ => format!("{line}\n"),
    };
    let text: String = text.lines().map(promised).collect();
    let program = Program::parse(&text).map_err(|error| error.to_string())?;
    let mut loops = lower_arrays(&program, layouts).map_err(|rejection| rejection.to_string())?;
    check_parallel(&mut loops).map_err(|rejection| format!("refused in spite of a promise: {rejection}"))?;
    let _ = private_totals(&mut loops);
    let mut optimized = loops.clone();
    optimize(&mut optimized, &Options::default());
    let lane = vectorize(&optimized);
    let apart = |arguments: &&Vec<Value>| run_loops_apart(&loops, arguments, 0).is_ok();
    for arguments in calls.iter().filter(apart).take(8) {
        let expected = run_loops(&loops, arguments, 0);
        let others = [
            run_loops(&optimized, arguments, 0),
            run_loops_shuffled(&optimized, arguments, 0, 1),
            run_lane(&lane, arguments, 0, 4),
        ];
        if others.iter().any(|found| *found != expected) {
            return Err(format!("a promise that is kept shows with {arguments:?}\n{optimized}\n{lane}"));
        }
    }
    Ok(())
}

/// Whether the numbers of a call are such that most ranges have several iterations.
fn has_iterations(arguments: &[Value]) -> bool {
    let number = |at: usize| match &arguments[at] {
        Value::Scalar(number) => number.as_integer().unwrap_or_default(),
        Value::Array(_) => 0,
    };
    let [n, m, w, k] = [3, 4, 5, 6].map(number);
    m > 0 && w > 0 && n > 2 + k.max(w)
}

fn has_tests(loops: &Loops) -> bool {
    loops.notes.iter().any(|note| note.pass == "check_parallel")
}

fn is_test(failure: &Failure) -> bool {
    matches!(
        failure.kind,
        FaultKind::Decreasing
            | FaultKind::EqualElements
            | FaultKind::IterationsOverlap
            | FaultKind::IndicesTooLarge
    )
}

/// The arguments of a call: the array, bounds of segments, indices, and four numbers.
fn arguments(choices: &mut Choices, rank: usize) -> Vec<Value> {
    let array = |dtype: DType, shape: &[usize], element: &mut dyn FnMut(usize) -> usize| {
        let elements = (0..shape.iter().product()).map(|at| Scalar::Usize(element(at)).cast(dtype)).collect();
        Value::Array(Array::new(dtype, shape, elements))
    };
    let shape = if rank == 1 { vec![90] } else { vec![2 + choices.below(13), 2 + choices.below(13)] };
    let len = 2 + choices.below(12);
    let (mut end, in_order) = (0, !choices.one_in(5));
    let mut segment = |_| {
        end = if in_order { end + choices.below(4) } else { choices.below(20) };
        end
    };
    let segments = array(DType::Usize, &[len], &mut segment);
    let mut order: Vec<usize> = (0..len).collect();
    for at in 1..len {
        order.swap(at, choices.below(at + 1));
    }
    if choices.one_in(5) {
        order[0] = order[len - 1];
    }
    let indices = array(DType::I64, &[len], &mut |at| order[at]);
    let a = array(DType::I64, &shape, &mut |at| at * 7 % 23);
    let mut numbers: Vec<usize> = (0..4).map(|_| choices.below(8)).collect();
    // Loops mostly run, and rows are mostly as long as they are used.
    numbers[0] += 2;
    if choices.below(3) > 0 {
        numbers[2] = numbers[1] + choices.below(2);
    }
    let numbers = numbers.into_iter().map(|number| Value::Scalar(Scalar::Usize(number)));
    [a, segments, indices].into_iter().chain(numbers).collect()
}

/// A nest as text.
struct Text {
    text: String,
    next: usize,
    rank: usize,
}

/// What indices may be made of.
struct Place {
    index: String,
    inner: Option<String>,
}

impl Text {
    fn of(seed: u64, choices: &mut Choices) -> Text {
        if seed % 3 == 2 { Text::of_parts(choices) } else { Text::of_indices(choices) }
    }

    fn begin(rank: usize) -> Text {
        let mut nest = Text { text: String::new(), next: 100, rank };
        writeln!(
            nest.text,
            "program f(mut a: [i64; {rank}], s: [usize; 1], p: [i64; 1], n: usize, m: usize, w: usize, k: usize) {{\n\
             var x0 a: [i64; {rank}] is p0"
        )
        .expect("a text grows");
        nest
    }

    /// Iterations with a part of the array, chunks and segments, and accesses inside of it.
    fn of_parts(choices: &mut Choices) -> Text {
        let mut nest = Text::begin(1);
        let first = choices.pick(&["0usize", "0usize", "1usize", "k"]);
        writeln!(nest.text, "prange v1: usize in {first}..n step 1usize {{\nv2: [i64; 1] = x0")
            .expect("a text grows");
        let (start, end) = nest.part(choices);
        nest.text += &format!("v4: [i64; 1] = view v2[{start}..{end}]\nv5: usize = len v4\n");
        let mut parts = vec!["v4"];
        if choices.one_in(3) {
            let middle = nest.moved("v5", "div", 2);
            nest.text += &format!("v6: [i64; 1] = view v4[..{middle}]\nv7: [i64; 1] = view v4[{middle}..]\n");
            parts = vec!["v6", "v7"];
        }
        let end = choices.pick(&["v5", "m", "w"]);
        writeln!(nest.text, "for v3: usize in 0usize..{end} step 1usize {{").expect("a text grows");
        let place = Place { index: "v1".into(), inner: Some("v3".into()) };
        for number in 0..1 + choices.below(3) {
            let kind = choices.pick(&[0, 5, 8, 8, 9, 12]);
            let (index, part) = (nest.axis(choices, kind, &place, number), choices.pick(&parts));
            if number == 0 || choices.one_in(3) {
                writeln!(nest.text, "store {part} of x0[{index}], {number}i64").expect("a text grows");
            } else {
                nest.value(&format!("i64 = index {part}[{index}]"));
            }
        }
        nest.text += "}\n}\n}\n";
        nest
    }

    /// Where the part of an iteration begins and ends.
    fn part(&mut self, choices: &mut Choices) -> (String, String) {
        if choices.one_in(3) {
            let next = self.moved("v1", "add", 1);
            let [start, end] = ["v1", &next].map(|at| self.value(&format!("usize = index s[{at}]")));
            return (start, end);
        }
        let by = choices.pick(&["3usize", "w"]);
        let start = self.op("mul", "v1", by);
        let reach = choices.pick(&[by, by, by, "m", "4usize"]);
        let end = self.op("add", &start, reach);
        let len = self.value("usize = len v2");
        match choices.below(3) {
            0 => (start, self.op("min", &end, &len)),
            1 => (start, self.op("min", &len, &end)),
            _ => (start, end),
        }
    }

    fn of_indices(choices: &mut Choices) -> Text {
        let rank = choices.pick(&[1, 1, 2]);
        let mut nest = Text::begin(rank);
        let range = match choices.below(8) {
            0 => {
                let start = nest.moved("k", "add", 1);
                format!("{start}..n step 1usize")
            }
            1 => "1usize..n step 1usize".into(),
            2 => "0usize..n step 2usize".into(),
            3 => {
                let step = nest.moved("w", "max", 1);
                format!("0usize..n step {step}")
            }
            4 => "k..n step 1usize".into(),
            _ => "0usize..n step 1usize".into(),
        };
        writeln!(nest.text, "prange v1: usize in {range} {{\nv2: [i64; {rank}] = x0").expect("a text grows");
        let mut place = Place { index: "v1".into(), inner: None };
        let mut blocks = 1;
        let segments = choices.one_in(6);
        if segments || choices.below(3) > 0 {
            let range = match choices.below(6) {
                _ if segments => {
                    let next = nest.moved("v1", "add", 1);
                    let [start, end] = ["v1", &next].map(|at| nest.value(&format!("usize = index s[{at}]")));
                    format!("{start}..{end} step 1usize")
                }
                0 => "0usize..w step 1usize".into(),
                1 => "0usize..v1 step 1usize".into(),
                2 => {
                    let start = nest.moved("v1", "add", 1);
                    format!("{start}..n step 1usize")
                }
                3 => {
                    let start = nest.moved("v1", "rem", 2);
                    format!("{start}..m step 2usize")
                }
                _ => "0usize..m step 1usize".into(),
            };
            writeln!(nest.text, "for v3: usize in {range} {{").expect("a text grows");
            place.inner = Some("v3".into());
            blocks += 1;
        }
        if let Some(cond) = nest.condition(choices, &place) {
            writeln!(nest.text, "if {cond} {{").expect("a text grows");
            blocks += 1;
        }
        let kinds: Vec<usize> = (0..rank).map(|_| if segments { 8 } else { choices.below(13) }).collect();
        for number in 0..1 + choices.below(3) {
            let index: Vec<String> = kinds
                .iter()
                .map(|kind| {
                    let kind = if choices.one_in(8) { choices.below(13) } else { *kind };
                    nest.axis(choices, kind, &place, number)
                })
                .collect();
            let index = index.join(", ");
            if number == 0 || choices.below(3) == 0 {
                writeln!(nest.text, "store x0[{index}], {number}i64").expect("a text grows");
            } else {
                nest.value(&format!("i64 = index v2[{index}]"));
            }
        }
        nest.text += &"}\n".repeat(blocks);
        nest.text += "}\n";
        nest
    }

    fn value(&mut self, definition: &str) -> String {
        self.next += 1;
        writeln!(self.text, "v{}: {definition}", self.next).expect("a text grows");
        format!("v{}", self.next)
    }

    fn op(&mut self, op: &str, a: &str, b: &str) -> String {
        self.value(&format!("usize = {op} {a}, {b}"))
    }

    fn moved(&mut self, value: &str, op: &str, by: usize) -> String {
        self.op(op, value, &format!("{by}usize"))
    }

    fn condition(&mut self, choices: &mut Choices, place: &Place) -> Option<String> {
        let inner = place.inner.as_deref().unwrap_or("m");
        match choices.below(9) {
            0 => Some(self.value(&format!("bool = ne {}, k", place.index))),
            1 => Some(self.value(&format!("bool = lt {}, k", place.index))),
            2 => Some(self.value(&format!("bool = lt {inner}, {}", place.index))),
            3 => {
                let sum = self.op("add", &place.index, inner);
                let by = choices.pick(&[2, 3]);
                let rest = self.moved(&sum, "rem", by);
                Some(self.value(&format!("bool = eq {rest}, 1usize")))
            }
            4 => {
                let bits = self.moved(&place.index, "and", 1);
                Some(self.value(&format!("bool = eq {bits}, 0usize")))
            }
            _ => None,
        }
    }

    /// An index of a kind; that of another access than the first is mostly beside it.
    fn axis(&mut self, choices: &mut Choices, kind: usize, place: &Place, number: usize) -> String {
        let (index, inner) = (place.index.as_str(), place.inner.as_deref().unwrap_or("k"));
        let found = match kind {
            0 | 1 => index.to_string(),
            2 => {
                let by = choices.pick(&[2, 2, 3]);
                self.moved(index, "mul", by)
            }
            3 => {
                let row = self.op("mul", index, "w");
                self.op("add", &row, inner)
            }
            4 => {
                let row = self.op("mul", index, "m");
                let row = self.op("add", &row, inner);
                let row = self.op("mul", &row, "w");
                self.moved(&row, "add", 0)
            }
            5 => {
                let by = choices.pick(&[1, 1, 2]);
                let element = self.value(&format!("i64 = index p[{index}]"));
                let element = self.value(&format!("usize = cast {element}"));
                self.moved(&element, "mul", by)
            }
            6 => {
                let last = self.moved("n", "sub", 1);
                self.op("sub", &last, index)
            }
            7 => self.op("sub", "k", index),
            8 => inner.to_string(),
            9 => self.moved(index, "xor", 1),
            10 => self.moved(index, "div", 2),
            // Turned around by as much as `n`.
            11 => {
                let before = self.value(&format!("bool = lt {index}, k"));
                let over = self.op("add", index, "n");
                self.value(&format!("usize = select {before}, {over}, {index}"))
            }
            _ => choices.pick(&["k", "0usize", "m"]).to_string(),
        };
        match choices.below(5) {
            0 => self.moved(&found, "add", 1),
            1 if number > 0 => self.moved(&found, "add", 1),
            2 if number > 0 => self.moved(&found, "sub", 1),
            _ => found,
        }
    }
}
