//! Our side of the comparison with other array compilers: answers the requests of `run.py`, as the Python files beside
//! it do.
//!
//! ```text
//! stdin    gaussians 1000000 0.2                          a kernel, its elements, and for how long to repeat it
//! stdout   {"best_ns": 2713411, "check": 1234.5}          the shortest call, and the sum of the results
//! ```

#[path = "../clock.rs"]
mod clock;
#[allow(dead_code)]
#[path = "../workloads.rs"]
mod workloads;

use parfuse::Engine;
use std::error::Error;
use std::io::BufRead;
use std::time::{Duration, Instant};
use workloads::{Variant, Workload};

fn workload(kernel: &str, n: usize) -> Option<Box<dyn Workload>> {
    Some(match kernel {
        "gaussians" => Box::new(workloads::Gaussians::new(n)),
        "kde" => Box::new(workloads::Kde::new(n)),
        "monte_carlo_pi" => Box::new(workloads::MonteCarloPi::new(n)),
        "mandelbrot" => Box::new(workloads::Mandelbrot::new(n)),
        "add" => Box::new(workloads::Add::new(n)),
        "add_fresh" => Box::new(workloads::AddFresh::new(n)),
        "sum" => Box::new(workloads::Sum::new(n)),
        "deviation" => Box::new(workloads::Deviation::new(n)),
        "black_scholes" => Box::new(workloads::BlackScholes::new(n)),
        "polynomial" => Box::new(workloads::Polynomial::new(n)),
        _ => return None,
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    if std::env::args().any(|arg| arg == "--bench") {
        println!("For the comparison with other compilers: python3 benches/peers/run.py");
        return Ok(());
    }
    let threads: usize = std::env::var("PEER_THREADS").map_or(Ok(0), |threads| threads.parse())?;
    let variant = if threads == 1 { Variant::Serial } else { Variant::Parallel };
    let engine = Engine::builder().threads(threads).thorough(true).build()?;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let mut words = line.split_whitespace();
        let mut word = || words.next().ok_or("a request is: kernel, elements, seconds");
        let (kernel, n, seconds): (_, usize, f64) = (word()?, word()?.parse()?, word()?.parse()?);
        let mut workload = workload(kernel, n).ok_or_else(|| format!("no kernel {kernel}"))?;
        let best = engine.install(|| best_time(&mut *workload, variant, Duration::from_secs_f64(seconds)))?;
        let check: f64 = workload.results().iter().sum();
        println!(r#"{{"best_ns": {}, "check": {check:?}}}"#, best.as_nanos());
    }
    Ok(())
}

/// The shortest time of a call, after one that is not timed: on one thread the processor's time, on several the
/// clock's.
fn best_time(
    workload: &mut dyn Workload,
    variant: Variant,
    budget: Duration,
) -> Result<Duration, parfuse::Error> {
    let start = Instant::now();
    let now = || if variant == Variant::Serial { clock::thread_time() } else { start.elapsed() };
    workload.run(variant)?;
    let mut best = Duration::MAX;
    while best == Duration::MAX || start.elapsed() < budget {
        let before = now();
        workload.run(variant)?;
        best = best.min(now() - before);
    }
    Ok(best)
}
