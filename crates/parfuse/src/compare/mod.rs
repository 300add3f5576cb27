//! Comparing the variants of a kernel: the original function, serial code and parallel code, with times,
//! speedups and the proof that the results agree.

mod agreement;
mod json;
mod svg;
mod table;

pub use agreement::Agreement;

use crate::argument::Arguments;
use crate::error::Error;
use crate::kernel::{Kernel, Variant};
use crate::plain::with_seed;
use crate::returned::Returned;
use parfuse_ir::Scalar;
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
    /// How often each variant runs, after one run that is not timed. At least once.
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
    /// Is told the name of each variant before it runs.
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
    /// The shortest time of a run.
    pub best: Duration,
    /// The median time of a run.
    pub median: Duration,
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
    /// From the program to callable code, for these arguments.
    pub compile_time: Duration,
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

/// What a run left behind: its result, and the arrays it may have written to.
struct Outcome<R> {
    result: R,
    written: Vec<Option<Vec<Scalar>>>,
}

impl<R: Returned> Outcome<R> {
    fn agreement(&self, reference: &Outcome<R>) -> Agreement {
        let mut agreement = Agreement::default();
        self.result.compare_elements(&reference.result, &mut agreement);
        for (own, other) in self.written.iter().zip(&reference.written) {
            if let (Some(own), Some(other)) = (own, other) {
                own.iter().zip(other).for_each(|(a, b)| agreement.add(*a, *b));
            }
        }
        agreement
    }
}

impl Kernel {
    /// Runs the original function, serial code and parallel code on the same arguments and random numbers, checks
    /// that the results agree, and times them. Arrays passed as `&mut` are restored before each run and hold the
    /// result of one run at the end.
    ///
    /// # Errors
    /// If the kernel does not run on these arguments.
    pub fn compare<R: Returned, A: Arguments>(
        &self,
        options: &CompareOptions,
        mut args: A,
        mut reference: impl FnMut(&mut A) -> R,
    ) -> Result<Comparison, Error> {
        let saved = args.save_all();
        let longest_argument = args.longest();
        let say = |variant| options.progress.map_or((), |progress| progress(variant));
        let mut run = |variant: Option<Variant>| -> Result<(Duration, Outcome<R>), Error> {
            args.restore_all(&saved);
            let (elapsed, result) = with_seed(options.seed, || {
                let start = Instant::now();
                let result = match variant {
                    None => Ok(reference(&mut args)),
                    Some(variant) => self.call(variant, |binder| args.bind_all(binder)),
                };
                (start.elapsed(), black_box(result))
            });
            Ok((elapsed, Outcome { result: result?, written: args.save_all() }))
        };

        // Compiled code first: where the function itself would panic, it returns an error.
        run(Some(Variant::Serial))?;
        say("reference");
        let expected = run(None)?.1;
        let longest = longest_argument.max(expected.result.longest());
        let mut measurements = Vec::new();
        let mut same_bits = true;
        let mut serial = None;
        let variants = [
            ("reference", 1, None),
            ("serial", 1, Some(Variant::Serial)),
            ("parallel", self.threads(), Some(Variant::Parallel)),
        ];
        for (variant, threads, which) in variants {
            say(variant);
            let outcome = run(which)?.1;
            let mut times = Vec::new();
            for _ in 0..options.repetitions {
                let (elapsed, repeated) = run(which)?;
                times.push(elapsed);
                same_bits &= which.is_none() || repeated.agreement(&outcome).same_bits;
            }
            times.sort_unstable();
            let agreement = outcome.agreement(&expected);
            measurements.push(Measurement {
                variant,
                threads,
                best: times[0],
                median: times[times.len() / 2],
                agreement,
            });
            match (which, &serial) {
                (Some(Variant::Serial), _) => serial = Some(outcome),
                (Some(Variant::Parallel), Some(serial)) => same_bits &= outcome.agreement(serial).same_bits,
                _ => {}
            }
        }
        Ok(Comparison {
            kernel: self.name().to_string(),
            elements: options.elements.or((longest > 0).then_some(longest)),
            compile_time: self.compile_time()?,
            measurements,
            same_bits,
        })
    }
}
