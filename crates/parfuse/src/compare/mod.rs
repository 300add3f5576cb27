//! Comparing the variants of a kernel: the original function, serial code and parallel code, with times,
//! speedups and the proof that the results agree.
//!
//! ```text
//! first calls     reference   serial, of a kernel never called   parallel, likewise
//! (thorough code is made, and each variant runs once untimed)
//! round 1         reference   serial      parallel
//! round 2                     serial      parallel    reference
//! round 3                                 parallel    reference   serial         …
//! ```
//!
//! What disturbs the machine for a while disturbs all variants, and none profits from another's having run before it.

mod agreement;
mod json;
mod runs;
mod svg;
mod table;

pub use agreement::Agreement;
pub use runs::{Step, Steps};

use crate::argument::Arguments;
use crate::error::Error;
use crate::kernel::{Kernel, Variant};
use crate::plain::with_seed;
use crate::returned::Returned;
use parfuse_ir::Scalar;
use runs::{AnyRuns, Given, Runs, Shown};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// How to compare.
#[derive(Clone, Debug)]
pub struct CompareOptions {
    repetitions: usize,
    seed: u64,
    elements: Option<usize>,
    progress: Option<fn(&str)>,
}

impl Default for CompareOptions {
    /// Seven repetitions of each variant.
    fn default() -> Self {
        CompareOptions { repetitions: 7, seed: 0x5eed, elements: None, progress: None }
    }
}

impl CompareOptions {
    /// How many rounds there are, in each of which each variant runs once. At least one. The first call of each variant
    /// and one more that is not timed come before them.
    pub fn repetitions(mut self, repetitions: usize) -> Self {
        self.repetitions = repetitions.max(1);
        self
    }
    /// The seed of the random numbers, the same for all variants.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }
    /// The number of elements to report a rate for; by default the length of the longest array taken or returned.
    pub fn elements(mut self, elements: usize) -> Self {
        self.elements = Some(elements);
        self
    }
    /// Is told the name of each variant before it runs, in each round.
    pub fn progress(mut self, progress: fn(&str)) -> Self {
        self.progress = Some(progress);
        self
    }
}

/// The times of one variant, and how its results agree with the reference's.
#[derive(Clone, Debug)]
pub struct Measurement {
    /// `reference`, `serial` or `parallel`.
    pub variant: &'static str,
    /// The number of threads it runs on.
    pub threads: usize,
    /// The time of the first call, which compiles for the arguments; of the reference its first run.
    pub first: Duration,
    /// The shortest time of a run in thorough code.
    pub best: Duration,
    /// The median time of a run.
    pub median: Duration,
    /// The longest time of a run.
    pub worst: Duration,
    /// How its results agree with the reference's.
    pub agreement: Agreement,
}

/// What comparing the variants of a kernel showed. `Display` prints a table.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The kernel's name.
    pub kernel: String,
    /// The number of elements that rates are given for, if known.
    pub elements: Option<usize>,
    /// From the program to the first callable code, for these arguments.
    pub compile_time: Duration,
    /// Whether the kernel draws random numbers. The reference then draws the same ones, each by a call of this library's
    /// plain functions with the same seed.
    pub draws: bool,
    /// The original function, serial code, parallel code.
    pub measurements: Vec<Measurement>,
    /// Whether serial and parallel code gave the same bits in every run.
    pub same_bits: bool,
}

impl Comparison {
    /// The measurement of a variant: `reference`, `serial` or `parallel`.
    pub fn of(&self, variant: &str) -> Option<&Measurement> {
        self.measurements.iter().find(|m| m.variant == variant)
    }

    /// How many times faster `variant` is than `than`, by best times.
    pub fn speedup(&self, variant: &str, than: &str) -> Option<f64> {
        let (fast, slow) = (self.of(variant)?, self.of(than)?);
        Some(slow.best.as_secs_f64() / fast.best.as_secs_f64())
    }

    /// Whether all variants agree with the reference, and serial and parallel code to the last bit.
    pub fn agrees(&self) -> bool {
        self.same_bits && self.measurements.iter().all(|m| m.agreement.agrees())
    }
}

/// The contents of arrays that a run may have written to.
type Written = Vec<Option<Vec<Scalar>>>;

/// What is run: its name, the number of threads, and which compiled variant, if it is one.
struct Runner {
    variant: &'static str,
    threads: usize,
    which: Option<Variant>,
}

impl Kernel {
    /// Runs the original function, serial code and parallel code on the same arguments and random numbers, checks
    /// that the results agree, and times them: first calls by themselves, then all in thorough code, round by round.
    /// Arrays passed as `&mut` are restored before each run and hold the result of one run at the end.
    ///
    /// # Errors
    /// If the kernel does not run on these arguments.
    pub fn compare<R: Returned, A: Arguments>(
        &self,
        options: &CompareOptions,
        args: A,
        reference: impl FnMut(&mut A) -> R,
    ) -> Result<Comparison, Error> {
        self.compare_runs(options, &mut Runs::of(&mut Given { args, reference }))
    }

    /// As [`compare`](Kernel::compare), with arguments that are shown one by one.
    pub(crate) fn compare_steps<R: Returned>(
        &self,
        options: &CompareOptions,
        subject: &mut dyn Steps<R>,
    ) -> Result<Comparison, Error> {
        self.compare_runs(options, &mut Runs::of(&mut Shown(subject)))
    }

    /// Compiled once, for results of every type.
    fn compare_runs(&self, options: &CompareOptions, runs: &mut dyn AnyRuns) -> Result<Comparison, Error> {
        let saved = runs.arguments().save();
        let longest_argument = runs.arguments().longest();
        let specialisation = runs.made_thorough(self)?;
        // The time of a run, and what it has written; the runs keep its result.
        let run = |runs: &mut dyn AnyRuns, kernel: &Kernel, which: Option<Variant>| {
            runs.arguments().restore(&saved);
            runs.forget();
            let (elapsed, ran) = with_seed(options.seed, || {
                let start = Instant::now();
                let ran = runs.run(kernel, which);
                (start.elapsed(), black_box(ran))
            });
            ran.map(|()| (elapsed, runs.arguments().save()))
        };
        let runners = [
            Runner { variant: "reference", threads: 1, which: None },
            Runner { variant: "serial", threads: 1, which: Some(Variant::Serial) },
            Runner { variant: "parallel", threads: self.threads(), which: Some(Variant::Parallel) },
        ];
        let say = |runner: &Runner| options.progress.map_or((), |progress| progress(runner.variant));

        // Compiled code first: where the function itself would panic, it returns an error.
        let first_serial = run(runs, &self.uncalled(), Some(Variant::Serial))?.0;
        say(&runners[0]);
        let first_reference = run(runs, self, None)?.0;
        let first_parallel = run(runs, &self.uncalled(), Some(Variant::Parallel))?.0;
        let firsts = [first_reference, first_serial, first_parallel];

        let mut written = Vec::with_capacity(runners.len());
        for runner in &runners {
            written.push(run(runs, self, runner.which)?.1);
            runs.keep();
        }
        let agreement = |runs: &dyn AnyRuns, of: Option<usize>, last: &Written, with: usize| {
            let mut agreement = runs.agreement(of, with);
            let own = of.map_or(last, |of| &written[of]);
            for (own, other) in own.iter().zip(&written[with]) {
                if let (Some(own), Some(other)) = (own, other) {
                    agreement.add_shapes(&[own.len()], &[other.len()]);
                    own.iter().zip(other).for_each(|(a, b)| agreement.add(*a, *b));
                }
            }
            agreement
        };
        let none = Written::new();
        let mut same_bits = agreement(runs, Some(2), &none, 1).same_bits;
        let mut times = [const { Vec::new() }; 3];
        for round in 0..options.repetitions {
            for turn in 0..runners.len() {
                let index = (round + turn) % runners.len();
                let runner = &runners[index];
                say(runner);
                let (elapsed, repeated) = run(runs, self, runner.which)?;
                times[index].push(elapsed);
                same_bits &= runner.which.is_none() || agreement(runs, None, &repeated, index).same_bits;
            }
        }
        let longest = longest_argument.max(runs.longest());
        let mut measurements = Vec::new();
        for (index, runner) in runners.iter().enumerate() {
            let times = &mut times[index];
            times.sort_unstable();
            measurements.push(Measurement {
                variant: runner.variant,
                threads: runner.threads,
                first: firsts[index],
                best: times[0],
                median: times[times.len() / 2],
                worst: times[times.len() - 1],
                agreement: agreement(runs, Some(index), &none, 0),
            });
        }
        Ok(Comparison {
            kernel: self.name().to_string(),
            elements: options.elements.or((longest > 0).then_some(longest)),
            compile_time: specialisation.compile_time(),
            draws: specialisation.draws,
            measurements,
            same_bits,
        })
    }
}
