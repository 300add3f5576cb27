//! The table: for each kernel, size and instruction set, our time beside that of a hand-written loop.
//!
//! ```text
//! loops/     the loops, one file a kind, over
//! math       exp and ln of vectors, over
//! isa        the instructions by common names: avx512, avx2
//! ```

mod avx2;
mod avx512;
#[path = "../../clock.rs"]
mod clock;
mod isa;
mod loops;
mod math;
mod timing;
// The parallel variant is for comparing with others.
#[allow(dead_code)]
#[path = "../../workloads.rs"]
mod workloads;

use isa::Instructions;
use lexopt::prelude::*;
use loops::{Contest, ENTRIES, Entry};
use parfuse::{Engine, Isa};
use std::error::Error;
use std::time::Duration;
use workloads::Variant;

/// Elements that fit the second cache with all arrays, and elements that fit none.
const SIZES: [usize; 2] = [16 << 10, 8 << 20];

struct Options {
    kernels: Vec<String>,
    isa: Option<String>,
    n: Option<usize>,
    seconds: f64,
}

impl Options {
    fn from_args() -> Result<Options, lexopt::Error> {
        let mut options = Options { kernels: Vec::new(), isa: None, n: None, seconds: 1.0 };
        let mut parser = lexopt::Parser::from_env();
        while let Some(arg) = parser.next()? {
            match arg {
                Long("kernel") => options.kernels.push(parser.value()?.string()?),
                Long("isa") => options.isa = Some(parser.value()?.string()?),
                Long("n") => options.n = Some(parser.value()?.parse()?),
                Long("seconds") => options.seconds = parser.value()?.parse()?,
                // What cargo says to every benchmark.
                Long("bench") => {}
                other => return Err(other.unexpected()),
            }
        }
        Ok(options)
    }

    fn has(&self, kernel: &str) -> bool {
        self.kernels.is_empty() || self.kernels.iter().any(|name| name == kernel)
    }
}

/// The engine that competes with these instructions.
fn engine(isa: Instructions) -> Result<Engine, parfuse::Error> {
    let isa = match isa {
        Instructions::Avx512(_) => Isa::Avx512,
        Instructions::Avx2(_) => Isa::Avx2,
    };
    Engine::builder().threads(1).thorough(true).isa(isa).build()
}

/// Prints the table.
pub fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::from_args()?;
    println!("kernel          isa            n       ours       hand  ours / hand");
    for entry in ENTRIES.iter().filter(|entry| options.has(entry.name)) {
        for n in options.n.map_or(SIZES.to_vec(), |n| vec![n]) {
            let mut contest = (entry.make)(n);
            for isa in Instructions::detect() {
                if options.isa.as_ref().is_none_or(|name| name == isa.name()) {
                    let engine = engine(isa)?;
                    engine.install(|| line(entry, isa, &mut *contest, options.seconds))?;
                }
            }
        }
    }
    Ok(())
}

type Subject = dyn Contest;

/// One line of the table.
fn line(entry: &Entry, isa: Instructions, contest: &mut Subject, seconds: f64) -> Result<(), Box<dyn Error>> {
    contest.run(Variant::Serial)?;
    let ours = contest.results();
    contest.run_by_hand(isa);
    let hand = contest.results();
    for (at, (ours, hand)) in ours.iter().zip(&hand).enumerate() {
        let agrees = entry.tolerance.allows(*ours, *hand);
        assert!(agrees, "{} at {at}: {ours:e} is not {hand:e}, by {:?}", entry.name, entry.tolerance);
    }

    let run_ours = |contest: &mut Subject| contest.run(Variant::Serial).expect("it has run before");
    let run_hand = |contest: &mut Subject| contest.run_by_hand(isa);
    let best = timing::alternate(contest, [&run_ours, &run_hand], Duration::from_secs_f64(seconds));
    let n = contest.elements();
    let [ours, hand] = best.map(|time| time.as_nanos() as f64 / n as f64);
    println!("{:<16}{:<8}{n:>8}{ours:>8.3} ns{hand:>8.3} ns{:>13.2}", entry.name, isa.name(), ours / hand);
    Ok(())
}
