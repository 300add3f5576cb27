//! The property that holds for every program: all executors give the same bits, or the same fault.
//!
//! ```text
//! Program ── interpreter ─────────────────────────────────┐
//!    │ lower_arrays                                       │
//! Loops ──── interpreter ─────────────────────────────────┤
//!    │ optimize, fusion on and off, pass by pass          │  all equal
//! Loops ──── interpreter ─────────────────────────────────┤
//!    │ vectorize                                          │
//! Lane ───── interpreter, 1, 4 and 7 lanes ───────────────┤
//!    │ compile                                            │
//! Code ───── serial, and parallel on 1, 2, 3, 7 threads ──┘
//! ```

use crate::agreement::{Seen, close, first_difference, same, seen};
use crate::arguments::{plain, rearranged};
use crate::executors::layout;
use crate::{Choices, Rounding, Sample};
use parfuse::{Dynamic, Engine, Error, Isa, Kernel, Variant, with_seed};
use parfuse_interp::{Failure, Value, run_lane, run_loops, run_program};
use parfuse_ir::loops::{Layout, Loops};
use parfuse_ir::program::Program;
use parfuse_ir::random::seed_key;
use parfuse_ir::{FaultKind, Loc};
use parfuse_passes::pipeline::{Options, optimize_observed};
use parfuse_passes::{check_parallel, invert_divisors, lower_arrays, relax_floats, vectorize};
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

static ENGINES: LazyLock<Vec<Engine>> = LazyLock::new(|| {
    // Half of them with the code that hot kernels get; each with other instructions, as far as there are any.
    let builder = |threads, isa| Engine::builder().threads(threads).isa(isa).thorough(threads > 2);
    let engine = |(threads, isa)| builder(threads, isa).build().expect("this machine is supported");
    let isas = Isa::ALL.into_iter().rev().flat_map(|isa| THREADS.map(|threads| (threads, isa)));
    isas.map(engine).collect()
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
    let Ok(lowered) = lower_arrays(program, &layouts) else { return Ok(Ran::Refused) };
    lowered.verify().map_err(|error| format!("lowered: {error}\n{text}\n{lowered}"))?;
    if check_parallel(&lowered).is_err() {
        return Ok(Ran::Refused);
    }
    let check = Check { sample, arguments, seed, text };
    let expected = check.loops(&lowered);
    check.against_program(&expected)?;
    for fuse in [true, false] {
        let optimized = check.optimized(&lowered, fuse, &expected)?;
        check.lanes(&optimized, &expected)?;
    }
    check.compiled(&expected)?;
    Ok(if expected.is_ok() { Ran::Finished } else { Ran::Failed })
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

    fn loops(&self, loops: &Loops) -> Seen {
        seen(&self.sample.program, run_loops(loops, self.arguments, self.key()))
    }

    /// Fails unless two runs agree to the bit; `what` says which they are.
    fn agree(&self, what: &str, expected: &Seen, found: &Seen, ir: &dyn ToString) -> Result<(), String> {
        match first_difference(expected, found, same) {
            None => Ok(()),
            Some(difference) => Err(format!("{what}: {difference}\n{}\n{}", self.text, ir.to_string())),
        }
    }

    fn against_program(&self, expected: &Seen) -> Result<(), String> {
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
        if first_difference(expected, &self.loops(&optimized), same).is_none() {
            return Ok(optimized);
        }
        // Which pass was it?
        let mut before = lowered.clone();
        let mut guilty = Ok(());
        optimize_observed(&mut lowered.clone(), &Options { fuse }, &mut |pass, loops| {
            if guilty.is_ok() {
                let what = format!("{pass} (fusion {fuse})");
                guilty = self
                    .agree(&what, expected, &self.loops(loops), loops)
                    .map_err(|message| format!("{message}\nbefore it:\n{before}"));
                before = loops.clone();
            }
        });
        guilty.map(|()| optimized)
    }

    fn lanes(&self, loops: &Loops, expected: &Seen) -> Result<(), String> {
        let vectorized = vectorize(loops);
        let mut inverted = vectorized.clone();
        let inverts = invert_divisors(&mut inverted).yes();
        for (what, lane) in [("vectorize", &vectorized), ("invert_divisors", &inverted)] {
            if what == "invert_divisors" && !inverts {
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

    fn compiled(&self, expected: &Seen) -> Result<(), String> {
        let engine = self.seed as usize % ENGINES.len();
        let (turn, isa) = (engine % THREADS.len(), ENGINES[engine].isa());
        let kernel = ENGINES[engine].kernel_of(self.sample.program.clone());
        for (what, variant) in [("serial", Variant::Serial), ("parallel", Variant::Parallel)] {
            let what = format!("compiled for {isa}, {what}, {} threads", THREADS[turn]);
            self.agree_compiled(&what, &kernel, expected, &self.run(&kernel, variant))?;
        }
        // Called from the worker of another pool, a kernel runs there.
        for other in [(turn + 1) % THREADS.len(), (turn + 2) % THREADS.len()] {
            let pool = &POOLS[other];
            let found = pool.install(|| self.run(&kernel, Variant::Parallel));
            let what = format!("compiled, in a pool of {} threads", THREADS[other]);
            self.agree_compiled(&what, &kernel, expected, &found)?;
        }
        let kernel = UNFUSED.kernel_of(self.sample.program.clone());
        self.agree_compiled(
            "compiled, without fusion",
            &kernel,
            expected,
            &self.run(&kernel, Variant::Parallel),
        )
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
                FaultKind::IndexOutOfRange { .. } | FaultKind::DivisionByZero | FaultKind::EmptyRange => {
                    failure
                }
                _ => Failure { iteration: None, ..failure },
            })
        };
        let listing = kernel.loops().unwrap_or_default() + &kernel.lane().unwrap_or_default();
        self.agree(what, &comparable(expected), &comparable(found), &listing)
    }

    fn run(&self, kernel: &Kernel, variant: Variant) -> Result<Seen, Error> {
        let choices = &mut Choices::seeded(self.seed);
        let mut arguments: Vec<Dynamic> = self.arguments.iter().map(|x| rearranged(x, choices)).collect();
        let results = with_seed(self.seed, || kernel.run_dynamic(variant, &mut arguments));
        let failure = match results {
            Ok(results) => {
                let params = &self.sample.program.params;
                let written = arguments.iter().zip(params).filter(|(_, param)| param.mutable);
                return Ok(Ok(results.iter().chain(written.map(|(array, _)| array)).map(plain).collect()));
            }
            Err(error) => failure(&error),
        };
        failure.map(Err)
    }
}

static POOLS: LazyLock<Vec<rayon::ThreadPool>> = LazyLock::new(|| {
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads start");
    THREADS.into_iter().map(pool).collect()
});

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
        Error::DivisionByZero { iteration, place } => (FaultKind::DivisionByZero, place, *iteration, vec![]),
        Error::ShapeMismatch { axis, left, right, place } => {
            (FaultKind::ShapeMismatch { axis: *axis as u8 }, place, None, vec![*left, *right])
        }
        Error::EmptyMean { place } => (FaultKind::EmptyMean, place, None, vec![]),
        Error::ZeroStep { place } => (FaultKind::ZeroStep, place, None, vec![]),
        Error::EmptyRange { iteration, place } => (FaultKind::EmptyRange, place, *iteration, vec![]),
        other => return Err(other.clone()),
    };
    let mut numbers = place.as_str().split(':').map(|number| number.parse().unwrap_or(0));
    let loc = Loc { file: 0, line: numbers.next().unwrap_or(0), column: numbers.next().unwrap_or(0) };
    let iteration = iteration.map(|iteration| iteration as u64);
    Ok(Failure { kind, loc, iteration, args: args.into_iter().map(|arg| arg as u64).collect() })
}
