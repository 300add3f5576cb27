//! Threads of the program's own: a map over rows, whose blocks run wherever the program says.
//!
//! ```text
//! caller ── run(job) ──► Crew: a channel that threads of the program listen to ──► job.run() on each
//!   ╰─ computes blocks, too; a job that comes late finds nothing left to do
//! ```
//!
//! `cargo run --release --example 08_own_executor`

use ndarray::{Array2, ArrayRef2};
use parfuse::prelude::*;
use parfuse::{CallOptions, CancelToken, Executor, Job};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// Threads that do what comes through a channel, as a server's or a game's may.
struct Crew {
    jobs: Mutex<Sender<Job>>,
    threads: usize,
}

impl Crew {
    fn new(threads: usize) -> Crew {
        let (sender, receiver) = channel::<Job>();
        let receiver = Arc::new(Mutex::new(receiver));
        for _ in 0..threads {
            let receiver = receiver.clone();
            thread::spawn(move || {
                loop {
                    let job = receiver.lock().expect("no thread panics").recv();
                    match job {
                        Ok(job) => job.run(),
                        Err(_) => return,
                    }
                }
            });
        }
        Crew { jobs: Mutex::new(sender), threads }
    }
}

impl Executor for Crew {
    fn threads(&self) -> usize {
        1 + self.threads
    }
    fn run(&self, job: &Job) {
        let jobs = self.jobs.lock().expect("no thread panics");
        (0..job.helpers()).for_each(|_| jobs.send(job.clone()).expect("the threads listen"));
    }
}

#[kernel]
fn norms(points: &ArrayRef2<f64>, softening: f64) -> Array2<f64> {
    (points * points + softening).sqrt()
}

/// The kernel as a function from arrays to arrays that some executor drives, with at most so much time for each.
fn mapped<'e>(
    executor: &'e dyn Executor,
    time: Duration,
) -> impl Fn(&Array2<f64>) -> Result<Array2<f64>, Error> + 'e {
    let kernel = norms::kernel();
    move |points| {
        let options = CallOptions::new().workers(executor).timeout(time);
        kernel.with(&options).parallel((points, 1e-9))
    }
}

fn main() -> Result<(), Error> {
    let points = Array2::from_shape_fn((2_000, 300), |(i, j)| (i as f64 - j as f64) / 10.0);
    let crew = Crew::new(3);
    let map = mapped(&crew, Duration::from_secs(60));
    let all: Vec<Array2<f64>> =
        [1.0, 2.0, 3.0].iter().map(|k| map(&(&points * *k))).collect::<Result<_, _>>()?;

    // Whoever runs the blocks, the bits are those of the serial variant.
    assert_eq!(all[1], norms::serial(&(&points * 2.0), 1e-9)?);
    println!("{} arrays by {} threads", all.len(), crew.threads());

    // A rayon pool, or a number of the engine's threads, for all calls of a scope.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().expect("two threads");
    for options in [CallOptions::new().workers(&pool), CallOptions::new().workers(2)] {
        assert_eq!(options.install(|| norms::parallel(&points, 1e-9))?, map(&points)?);
    }

    // A call that is not wanted any more.
    let token = CancelToken::new();
    token.cancel();
    let cancelled = CallOptions::new().cancel(&token).install(|| norms::parallel(&points, 1e-9));
    assert_eq!(cancelled, Err(Error::Cancelled));
    Ok(())
}
