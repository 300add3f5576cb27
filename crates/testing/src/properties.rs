//! The property that holds for every program: all executors give the same bits, or the same fault.
//!
//! ```text
//! Program ── interpreter ─────────────────────────────────┐
//!    │ lower_arrays, private_totals                       │
//! Loops ──── interpreter, no two iterations race ─────────┤
//!    │ optimize, fusion on and off, pass by pass          │  all equal
//! Loops ──── interpreter, no two iterations race, in any order
//!    │ vectorize                                          │
//! Lane ───── interpreter, 1, 4 and 7 lanes ───────────────┤
//!    │ compile                                            │
//! Code ───── serial, and parallel on 1, 2, 3, 7 threads ──┘
//! ```
//!
//! Code for all instruction sets and efforts at all numbers of threads would take long: a program runs in a few of these
//! combinations, the next seed's in others.

use crate::agreement::{Seen, close, first_difference, same, seen};
use crate::arguments::{plain, rearranged};
use crate::executors::layout;
use crate::layouts::Arguments;
use crate::{Choices, Rounding, Sample};
use parfuse::{AllocationError, Engine, Error, Isa, Kernel, Variant, with_seed};
use parfuse_codegen::Effort;
use parfuse_interp::{
    Array, Failure, Race, Value, run_lane, run_loops_apart, run_loops_shuffled, run_program,
};
use parfuse_ir::lane::Lane;
use parfuse_ir::loops::{Layout, Loops};
use parfuse_ir::program::Program;
use parfuse_ir::random::seed_key;
use parfuse_ir::{FaultKind, Loc};
use parfuse_passes::pipeline::{Options, optimize_observed};
use parfuse_passes::{
    check_parallel, divide_in_floats, invert_divisors, lower_arrays, private_totals, relax_floats,
    structure_exits, track_best, unordered_extremes, vectorize,
};
use std::sync::LazyLock;

/// What came of a program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ran {
    /// It gave results.
    Finished,
    /// It failed, everywhere in the same way.
    Failed,
    /// A pass refuses it.
    Refused,
}

const THREADS: [usize; 4] = [1, 2, 3, 7];

/// An engine of each kind: number of threads, instruction set that this processor has, whether code is thorough.
static ENGINES: LazyLock<Vec<Engine>> = LazyLock::new(|| {
    let mut engines = Vec::new();
    for isa in Isa::ALL.into_iter().rev().filter(|isa| isa.is_available()) {
        for thorough in [true, false] {
            for threads in THREADS {
                let builder = Engine::builder().threads(threads).isa(isa).thorough(thorough);
                engines.push(builder.build().expect("this machine is supported"));
            }
        }
    }
    engines
});

static UNFUSED: LazyLock<Engine> =
    LazyLock::new(|| Engine::builder().threads(2).fuse(false).build().expect("this machine is supported"));

/// Checks that all executors agree on a program. `seed` decides the random numbers, and in which layouts the
/// compiled code gets its arguments.
///
/// # Errors
/// Which executor differs, where, and the programs concerned.
pub fn check_same_bits(sample: &Sample, arguments: &[Value], seed: u64) -> Result<Ran, String> {
    let mut sample = sample.clone();
    let before = sample.clone();
    if structure_exits(&mut sample.program).yes() {
        stays("structure_exits", &before, &sample, arguments, seed)?;
    }
    let before = sample.clone();
    if track_best(&mut sample.program).yes() {
        stays("track_best", &before, &sample, arguments, seed)?;
        if track_best(&mut sample.program.clone()).yes() {
            return Err(format!("track_best finds more to do in\n{}", sample.program));
        }
    }
    let before = sample.clone();
    if unordered_extremes(&mut sample.program).yes() {
        stays("unordered_extremes", &before, &sample, arguments, seed)?;
    }
    // What fast mathematics makes of a program is the program that all agree on.
    let _ = relax_floats(&mut sample.program);
    let sample = &sample;
    let program = &sample.program;
    let text = program.to_string();
    if relax_floats(&mut program.clone()).yes() {
        return Err(format!("relax_floats finds more to do in\n{text}"));
    }
    program.verify().map_err(|error| format!("the program: {error}\n{text}"))?;
    let reread = Program::parse(&text).map_err(|error| format!("the text: {error}\n{text}"))?;
    if reread.to_string() != text {
        return Err(format!("the text reads back as\n{reread}\ninstead of\n{text}"));
    }
    let layouts: Vec<Option<Layout>> = arguments.iter().map(layout).collect();
    let Ok(mut lowered) = lower_arrays(program, &layouts) else { return Ok(Ran::Refused) };
    lowered.verify().map_err(|error| format!("lowered: {error}\n{text}\n{lowered}"))?;
    if check_parallel(&mut lowered).is_err() {
        return Ok(Ran::Refused);
    }
    lowered.verify().map_err(|error| format!("with tests: {error}\n{text}\n{lowered}"))?;
    if private_totals(&mut lowered).yes() {
        lowered.verify().map_err(|error| format!("private_totals: {error}\n{text}\n{lowered}"))?;
    }
    let check = Check { sample, arguments, seed, text };
    let expected = check.loops(&lowered).map_err(|race| check.race("lower_arrays", &race, &lowered))?;
    check.against_program(&expected)?;
    for fuse in [true, false] {
        let optimized = check.optimized(&lowered, fuse, &expected)?;
        check.lanes(&optimized, &expected, fuse)?;
    }
    if taken_in_any_layout(program, &layouts) {
        check.compiled(&expected)?;
    }
    Ok(if expected.is_ok() { Ran::Finished } else { Ran::Failed })
}

/// Whether a program is taken though nothing is known of how its arguments lie. Lengths that a layout tells can be what keeps
/// iterations apart, and compiled code gets its arguments in others.
fn taken_in_any_layout(program: &Program, layouts: &[Option<Layout>]) -> bool {
    let unknown = |layout: &Layout| Layout { unit: None, packed: None, ..layout.clone() };
    let layouts: Vec<Option<Layout>> = layouts.iter().map(|own| own.as_ref().map(unknown)).collect();
    lower_arrays(program, &layouts).is_ok_and(|mut loops| check_parallel(&mut loops).is_ok())
}

/// That what a pass makes of a program does the same.
fn stays(pass: &str, before: &Sample, after: &Sample, arguments: &[Value], seed: u64) -> Result<(), String> {
    let text = before.program.to_string();
    before.program.verify().map_err(|error| format!("the program: {error}\n{text}"))?;
    let reread = Program::parse(&text).map_err(|error| format!("the text: {error}\n{text}"))?;
    if reread.to_string() != text {
        return Err(format!("the text reads back as\n{reread}\ninstead of\n{text}"));
    }
    let run =
        |sample: &Sample| seen(&sample.program, run_program(&sample.program, arguments, seed_key(seed)));
    match first_difference(&run(before), &run(after), same) {
        None => Ok(()),
        Some(difference) => Err(format!("{pass}: {difference}\n{text}\n{}", after.program)),
    }
}

struct Check<'a> {
    sample: &'a Sample,
    arguments: &'a [Value],
    seed: u64,
    text: String,
}

impl Check<'_> {
    fn key(&self) -> u64 {
        seed_key(self.seed)
    }

    fn loops(&self, loops: &Loops) -> Result<Seen, Race> {
        let run = run_loops_apart(loops, self.arguments, self.key());
        run.map(|outcome| seen(&self.sample.program, outcome))
    }

    /// That `check_parallel` took what races, or that another pass made it.
    fn race(&self, what: &str, race: &Race, loops: &Loops) -> String {
        format!("{what}: {race}\n{}\n{loops}", self.text)
    }

    /// Fails unless two runs agree to the bit; `what` says which they are.
    fn agree(&self, what: &str, expected: &Seen, found: &Seen, ir: &dyn ToString) -> Result<(), String> {
        match first_difference(expected, found, same) {
            None => Ok(()),
            Some(difference) => Err(format!("{what}: {difference}\n{}\n{}", self.text, ir.to_string())),
        }
    }

    fn against_program(&self, expected: &Seen) -> Result<(), String> {
        if let Err(failure) = expected
            && is_of_loops(failure.kind)
        {
            // A program has its iterations one after the other.
            return Ok(());
        }
        let run = run_program(&self.sample.program, self.arguments, self.key());
        let mut found = seen(&self.sample.program, run);
        // Only the loops that a user wrote have iterations in a program.
        if let (Err(found), Err(expected)) = (&mut found, expected)
            && found.iteration.is_none()
        {
            found.iteration = expected.iteration;
        }
        let additions = self.arguments.iter().map(elements).max().unwrap_or(0) * 8;
        let difference = match self.sample.rounding {
            Rounding::Exact => first_difference(&found, expected, same),
            Rounding::Close => first_difference(&found, expected, |a, b| close(a, b, additions)),
            Rounding::Free => None,
        };
        difference.map_or(Ok(()), |difference| Err(format!("lower_arrays: {difference}\n{}", self.text)))
    }

    fn optimized(&self, lowered: &Loops, fuse: bool, expected: &Seen) -> Result<Loops, String> {
        let mut ill_formed = None;
        let mut optimized = lowered.clone();
        optimize_observed(&mut optimized, &Options { fuse }, &mut |pass, loops| {
            if let (None, Err(error)) = (&ill_formed, loops.verify()) {
                ill_formed = Some(format!("after {pass}: {error}\n{}\n{lowered}\n{loops}", self.text));
            }
        });
        if let Some(message) = ill_formed {
            return Err(message);
        }
        let right = |loops: &Loops, what: &str| match self.loops(loops) {
            Ok(found) => self.agree(what, expected, &found, loops),
            Err(race) => Err(self.race(what, &race, loops)),
        };
        if right(&optimized, "").is_ok() {
            let shuffled = run_loops_shuffled(&optimized, self.arguments, self.key(), self.seed);
            let found = seen(&self.sample.program, shuffled);
            return self
                .agree("iterations in another order", expected, &found, &optimized)
                .map(|()| optimized);
        }
        // Which pass was it?
        let mut before = lowered.clone();
        let mut guilty = Ok(());
        optimize_observed(&mut lowered.clone(), &Options { fuse }, &mut |pass, loops| {
            if guilty.is_ok() {
                guilty = right(loops, &format!("{pass} (fusion {fuse})"))
                    .map_err(|message| format!("{message}\nbefore it:\n{before}"));
                before = loops.clone();
            }
        });
        guilty.map(|()| optimized)
    }

    fn lanes(&self, loops: &Loops, expected: &Seen, fused: bool) -> Result<(), String> {
        let vectorized = vectorize(loops);
        let mut divided = vectorized.clone();
        let divides = divide_in_floats(&mut divided).yes();
        let mut inverted = divided.clone();
        let inverts = invert_divisors(&mut inverted).yes();
        self.verify_code(&divided, &inverted, fused)?;
        let stages = [
            ("vectorize", &vectorized, true),
            ("divide_in_floats", &divided, divides),
            ("invert_divisors", &inverted, inverts),
        ];
        for (what, lane, changed) in stages {
            if !changed {
                continue;
            }
            lane.verify().map_err(|error| format!("{what}: {error}\n{loops}\n{lane}"))?;
            for width in [1, 4, 7] {
                let found = seen(&self.sample.program, run_lane(lane, self.arguments, self.key(), width));
                let what = format!("{width} lanes after {what}");
                self.agree(&what, expected, &found, &format!("{loops}\n{lane}"))?;
            }
        }
        Ok(())
    }

    /// Compiles for long registers, also those that this processor does not have, and has the code verified. (The other
    /// code is run, and that for all of them would take longer than everything else: other seeds have others.)
    fn verify_code(&self, divided: &Lane, inverted: &Lane, fused: bool) -> Result<(), String> {
        let isas = [Isa::Avx2, Isa::Avx512At256, Isa::Avx512];
        let turn = self.seed as usize + fused as usize;
        for (turn, effort) in
            [(turn, Effort::Quick), (turn + 1 + self.seed as usize / 3 % 2, Effort::Thorough)]
        {
            let isa = isas[turn % isas.len()];
            let lane = if isa == Isa::Avx2 { divided } else { inverted };
            parfuse_codegen::verify(lane, isa, effort)
                .map_err(|error| format!("code for {isa}, {effort:?}: {error}\n{}\n{lane}", self.text))?;
        }
        Ok(())
    }

    fn compiled(&self, expected: &Seen) -> Result<(), String> {
        let number = self.seed as usize % ENGINES.len();
        // The other one differs in the number of threads and in another property, over the seeds in each.
        let other = (number + 5 + 2 * (self.seed as usize / ENGINES.len() % 4)) % ENGINES.len();
        for number in [number, other] {
            let engine = &ENGINES[number];
            let effort = if (number / THREADS.len()).is_multiple_of(2) { "thorough" } else { "quick" };
            let kernel = engine.kernel_of(self.sample.program.clone());
            let variants = [("serial", Variant::Serial), ("parallel", Variant::Parallel)];
            for (what, variant) in variants {
                let (isa, threads) = (engine.isa(), engine.threads());
                let what = format!("compiled for {isa}, {effort}, {what}, {threads} threads");
                self.agree_compiled(&what, &kernel, expected, &self.run(&kernel, variant))?;
            }
            // Called from the worker of another pool, a kernel runs there.
            let turn = (number + 1 + self.seed as usize / 64) % THREADS.len();
            let found = POOLS[turn].install(|| self.run(&kernel, Variant::Parallel));
            let what = format!("compiled, {effort}, in a pool of {} threads", THREADS[turn]);
            self.agree_compiled(&what, &kernel, expected, &found)?;
            let what = format!("compiled, {effort}, into existing arrays");
            self.written_into(&what, &kernel, expected)?;
        }
        let kernel = UNFUSED.kernel_of(self.sample.program.clone());
        let found = self.run(&kernel, Variant::Parallel);
        self.agree_compiled("compiled, without fusion", &kernel, expected, &found)
    }

    /// Has the results written into arrays that are there, in any layout, now and then of another shape.
    fn written_into(&self, what: &str, kernel: &Kernel, expected: &Seen) -> Result<(), String> {
        let Ok(outputs) = expected else { return Ok(()) };
        let choices = &mut Choices::seeded(self.seed ^ 0x5eed);
        let mut into = Vec::new();
        let mut wrong = false;
        for output in &outputs[..self.sample.program.results.len()] {
            let mut place = cleared(output);
            if let Value::Array(array) = &mut place
                && choices.one_in(24)
                && let Some(length) = array.shape.last_mut()
            {
                *length += 1;
                let elements = vec![array.dtype.one(); array.shape.iter().product()];
                *array = Array::new(array.dtype, &array.shape.clone(), elements);
                wrong = true;
            }
            into.push(rearranged(&place, choices));
        }
        let mut arguments = self.laid_out();
        let variant = choices.pick(&[Variant::Serial, Variant::Parallel]);
        let run = with_seed(self.seed, || {
            kernel.run_bound_into(variant, |binder| arguments.bind(binder), &mut into)
        });
        let found = match run {
            Err(Error::OutputShape { .. }) if wrong => return Ok(()),
            Ok(()) if wrong => {
                return Err(format!("{what}: an array of another shape was taken\n{}", self.text));
            }
            Ok(()) => Ok(into.iter().flat_map(plain).chain(arguments.written()).collect()),
            Err(error) => match failure(&error) {
                Ok(failure) => Err(failure),
                Err(error) => return Err(format!("{what}: {error}\n{}", self.text)),
            },
        };
        self.agree_compiled(what, kernel, expected, &Ok(found))
    }

    /// The arguments as the library takes them.
    fn laid_out(&self) -> Arguments {
        Arguments::new(self.arguments, &self.sample.program.params, &mut Choices::seeded(self.seed))
    }

    fn agree_compiled(
        &self,
        what: &str,
        kernel: &Kernel,
        expected: &Seen,
        found: &Result<Seen, Error>,
    ) -> Result<(), String> {
        let found = found.as_ref().map_err(|error| format!("{what}: {error}\n{}", self.text))?;
        // The shapes that do not broadcast have no iteration, nor has any fault of another kind than these.
        let comparable = |seen: &Seen| {
            seen.clone().map_err(|failure| match failure.kind {
                FaultKind::IndexOutOfRange { .. }
                | FaultKind::SliceOutOfRange { .. }
                | FaultKind::DivisionByZero
                | FaultKind::Overflow
                | FaultKind::EmptyRange => failure,
                // What is reported has become part of the message.
                FaultKind::Asserted { .. } => Failure { args: Vec::new(), ..failure },
                _ => Failure { iteration: None, ..failure },
            })
        };
        let listing = kernel.loops().unwrap_or_default() + &kernel.lane().unwrap_or_default();
        self.agree(what, &comparable(expected), &comparable(found), &listing)
    }

    fn run(&self, kernel: &Kernel, variant: Variant) -> Result<Seen, Error> {
        let mut arguments = self.laid_out();
        match with_seed(self.seed, || kernel.run_bound(variant, |binder| arguments.bind(binder))) {
            Ok(results) => Ok(Ok(results.iter().flat_map(plain).chain(arguments.written()).collect())),
            Err(error) => failure(&error).map(Err),
        }
    }
}

static POOLS: LazyLock<Vec<rayon::ThreadPool>> = LazyLock::new(|| {
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads start");
    THREADS.into_iter().map(pool).collect()
});

/// Whether a fault is that iterations might meet.
fn is_of_loops(kind: FaultKind) -> bool {
    matches!(
        kind,
        FaultKind::Decreasing
            | FaultKind::EqualElements
            | FaultKind::IterationsOverlap
            | FaultKind::IndicesTooLarge
    )
}

/// An array or scalar of the same shape that says nothing.
fn cleared(value: &Value) -> Value {
    match value {
        Value::Scalar(x) => Value::Scalar(x.dtype().zero()),
        Value::Array(array) => {
            let elements = vec![array.dtype.one(); array.elements.len()];
            Value::Array(Array::new(array.dtype, &array.shape, elements))
        }
    }
}

fn elements(value: &Value) -> usize {
    match value {
        Value::Scalar(_) => 1,
        Value::Array(array) => array.elements.len(),
    }
}

/// An error of the library as the interpreters report it.
pub(crate) fn failure(error: &Error) -> Result<Failure, Error> {
    let (kind, place, iteration, args) = match error {
        Error::Index { axis, index, len, iteration, place, .. } => {
            (FaultKind::IndexOutOfRange { axis: *axis as u8 }, place, *iteration, vec![*index, *len])
        }
        Error::Slice { axis, bound, len, iteration, place, .. } => {
            (FaultKind::SliceOutOfRange { axis: *axis as u8 }, place, *iteration, vec![*bound, *len])
        }
        Error::DivisionByZero { iteration, place } => (FaultKind::DivisionByZero, place, *iteration, vec![]),
        Error::ShapeMismatch { axis, left, right, place } => {
            (FaultKind::ShapeMismatch { axis: *axis as u8 }, place, None, vec![*left, *right])
        }
        Error::ProductMismatch { left, right, place } => {
            (FaultKind::ProductMismatch, place, None, vec![*left, *right])
        }
        Error::Allocation { shape, cause: AllocationError::TooLarge, place } if shape.len() <= 2 => {
            (FaultKind::ArrayTooLarge { lengths: shape.len() as u8 }, place, None, shape.clone())
        }
        Error::NoValue { place } => (FaultKind::NoValue, place, None, vec![]),
        Error::EmptyMean { place } => (FaultKind::EmptyMean, place, None, vec![]),
        Error::EmptyExtreme { place } => (FaultKind::EmptyExtreme, place, None, vec![]),
        Error::DegreesOfFreedom { place } => (FaultKind::DegreesOfFreedom, place, None, vec![]),
        Error::ZeroStep { place } => (FaultKind::ZeroStep, place, None, vec![]),
        Error::Overflow { iteration, place } => (FaultKind::Overflow, place, *iteration, vec![]),
        Error::EmptyRange { iteration, place } => (FaultKind::EmptyRange, place, *iteration, vec![]),
        Error::Decreasing { position, place, .. } => (FaultKind::Decreasing, place, None, vec![*position]),
        Error::EqualElements { positions, place, .. } => {
            (FaultKind::EqualElements, place, None, positions.to_vec())
        }
        Error::IterationsOverlap { apart, needed, place, .. } => {
            (FaultKind::IterationsOverlap, place, None, vec![*apart, *needed])
        }
        Error::IndicesTooLarge { place, .. } => (FaultKind::IndicesTooLarge, place, None, vec![]),
        // Programs that are made up have one message, if any.
        Error::Assertion { iteration, place, .. } => {
            (FaultKind::Asserted { message: 0 }, place, *iteration, vec![])
        }
        other => return Err(other.clone()),
    };
    let mut numbers = place.as_str().split(':').map(|number| number.parse().unwrap_or(0));
    let loc = Loc { file: 0, line: numbers.next().unwrap_or(0), column: numbers.next().unwrap_or(0) };
    let iteration = iteration.map(|iteration| iteration as u64);
    Ok(Failure { kind, loc, iteration, args: args.into_iter().map(|arg| arg as u64).collect() })
}
