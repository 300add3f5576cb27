//! The least times of a function and of its kernel, which take turns.
//!
//! ```text
//! round 1   function  serial  parallel  by hand        before each call the arrays that it writes are restored
//! round 2   function  serial  parallel  by hand        …
//! first     serial on an engine of its own, three times: with all compilation
//! ```
//!
//! On one thread it is the processor's time that counts, on several the clock's.

use crate::clock::thread_time;
use crate::kernels::row::{Case, Row, Way};
use parfuse::{Engine, Error};
use std::time::{Duration, Instant};

/// How long to measure a kernel of a size.
#[derive(Clone, Copy)]
pub struct Budget {
    /// As many rounds at least …
    pub rounds: usize,
    /// … and for so long.
    pub time: Duration,
}

/// From this time of the function on a first call is measured, too.
const FIRST_CALLS_FROM: Duration = Duration::from_millis(5);
const FIRST_CALLS: usize = 3;
/// The threads of parallel calls, of rayon, and of Numba.
pub const THREADS: usize = 2;

/// The least times of a kernel.
pub struct Times {
    /// Of the function.
    pub function: Duration,
    /// Of thorough code on the calling thread.
    pub serial: Duration,
    /// Of thorough code on the threads.
    pub parallel: Duration,
    /// Of the same loops by hand on rayon's threads.
    pub rayon: Option<Duration>,
    /// Of the first call on the calling thread, compilation included.
    pub first: Option<Duration>,
    /// The sum of all that the function computes.
    pub total: f64,
}

/// The time of one call.
pub fn time(case: &mut dyn Case, way: Way) -> Result<Duration, Error> {
    case.restore();
    match way {
        Way::Function | Way::Serial => {
            let start = thread_time();
            case.run(way)?;
            Ok(thread_time() - start)
        }
        Way::Rayon | Way::Parallel => {
            let start = Instant::now();
            case.run(way)?;
            Ok(start.elapsed())
        }
    }
}

/// Measures a kernel.
///
/// # Errors
/// If compiled code fails, or computes something else than the function.
pub fn times(row: &Row, n: usize, budget: Budget) -> Result<Times, Box<dyn std::error::Error>> {
    let engine = Engine::builder().threads(THREADS).thorough(true).build()?;
    let mut case = (row.prepare)(n);
    let ways = [Way::Function, Way::Serial, Way::Parallel, Way::Rayon];
    let ways = if row.has_rayon { &ways[..] } else { &ways[..3] };
    let timed = |case: &mut dyn Case, way| engine.install(|| time(case, way));
    let mut least = [Duration::MAX; 4];
    let mut total = 0.0;
    // First untimed, for compilation, and to see that all compute the same.
    for way in ways {
        timed(&mut *case, *way)?;
        if *way == Way::Function {
            total = case.total();
            case.keep();
        }
        let agreement = case.agreement();
        let is_right = if row.exact && *way != Way::Rayon { agreement.same_bits } else { agreement.agrees() };
        if !is_right {
            return Err(format!("{} of {n}: {way:?} does not agree with the function", row.name).into());
        }
    }
    let (start, mut round) = (Instant::now(), 0);
    while round < budget.rounds || start.elapsed() < budget.time * ways.len() as u32 {
        for (least, way) in least.iter_mut().zip(ways) {
            *least = timed(&mut *case, *way)?.min(*least);
        }
        round += 1;
    }
    let [function, serial, parallel, rayon] = least;
    let mut first = None;
    if function >= FIRST_CALLS_FROM {
        for _ in 0..FIRST_CALLS {
            let engine = Engine::builder().threads(1).build()?;
            let elapsed = engine.install(|| time(&mut *case, Way::Serial))?;
            first = Some(first.map_or(elapsed, |first: Duration| first.min(elapsed)));
        }
    }
    Ok(Times { function, serial, parallel, rayon: row.has_rayon.then_some(rayon), first, total })
}

/// What to show of a kernel.
#[derive(Clone, Copy)]
pub enum Show {
    Explanation,
    Program,
    Loops,
    Lane,
    Asm,
}

/// What a kernel has become, in thorough code for the larger size.
///
/// # Errors
/// If compiled code fails.
pub fn shown(row: &Row, show: Show) -> Result<String, Error> {
    let engine = Engine::builder().threads(THREADS).thorough(true).build()?;
    engine.install(|| {
        time(&mut *(row.prepare)(row.sizes[1]), Way::Serial)?;
        let kernel = (row.kernel)();
        match show {
            Show::Explanation => Ok(kernel.explain()?.to_string()),
            Show::Program => kernel.program(),
            Show::Loops => kernel.loops(),
            Show::Lane => kernel.lane(),
            Show::Asm => kernel.asm(),
        }
    })
}
