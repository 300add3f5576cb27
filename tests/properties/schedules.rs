//! Blocks run in any order on any number of threads: kernels give the bits of serial code.
//!
//! ```text
//! helper 1   runs before the caller, as much as there is
//! helper 2   begins at once, on a thread of its own
//! helper 3   begins some microseconds later                 which of these a helper is, chance decides
//! ```

use ndarray::Array1;
use parfuse::prelude::*;
use parfuse::{CallOptions, Engine, Executor, Job, Variant};
use parfuse_testing::executors::called;
use parfuse_testing::{Case, Choices, first_difference, same};
use std::sync::Mutex;
use std::time::Duration;

/// Threads that begin when chance says so.
struct Shuffled {
    threads: usize,
    choices: Mutex<Choices>,
}

impl Shuffled {
    fn new(threads: usize, seed: u64) -> Shuffled {
        Shuffled { threads, choices: Mutex::new(Choices::seeded(seed)) }
    }

    fn below(&self, n: usize) -> usize {
        self.choices.lock().unwrap().below(n)
    }
}

impl Executor for Shuffled {
    fn threads(&self) -> usize {
        self.threads
    }
    fn run(&self, job: &Job) {
        for _ in 0..job.helpers() {
            let (job, chance) = (job.clone(), self.below(6));
            match chance {
                0 => job.run(),
                1..3 => drop(std::thread::spawn(move || job.run())),
                _ => {
                    let wait = Duration::from_micros(self.below(200) as u64);
                    drop(std::thread::spawn(move || {
                        std::thread::sleep(wait);
                        job.run();
                    }));
                }
            }
        }
        std::thread::sleep(Duration::from_micros(self.below(100) as u64));
    }
}

#[test]
fn random_programs_give_the_same_bits_whatever_runs_when() {
    let cases = std::env::var("PARFUSE_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(3);
    let cases = (1 << 34..).filter_map(Case::large_arrays).take(cases);
    let engine = Engine::new().unwrap();
    for case in cases {
        let (sample, arguments) = case.make();
        let kernel = engine.kernel_of(sample.program.clone());
        let call = |options: &CallOptions<'_>, variant| {
            called(&kernel, &sample.program, &arguments, case.seed, options, variant)
        };
        let serial = call(&CallOptions::new(), Variant::Serial);
        for threads in 1..=8 {
            let workers = Shuffled::new(threads, case.seed ^ threads as u64);
            let parallel = call(&CallOptions::new().workers(&workers), Variant::Parallel);
            let difference = first_difference(&serial, &parallel, same);
            assert_eq!(difference, None, "{case:?}, {threads} threads\n{}", sample.program);
        }
    }
}

#[kernel]
fn sorted_parts(x: &mut [i64], start: &[usize]) -> (i64, f64, Vec<i64>) {
    for g in prange(0..start.len() - 1) {
        x[start[g]..start[g + 1]].sort();
    }
    let (mut best, mut total) = (i64::MIN, 0.0);
    let mut counts = vec![0; 64];
    for i in prange(0..x.len()) {
        best = best.max(x[i]);
        total += x[i] as f64 / 3.0;
        counts[(x[i] % 64) as usize] += 1;
    }
    (best, total, counts)
}

#[kernel]
fn running_chunks(x: &mut Array1<f64>, perm: &[usize], out: &mut Array1<f64>) {
    for mut chunk in prange(x.exact_chunks_mut(25)) {
        for i in 1..chunk.len() {
            let before = chunk[i - 1];
            chunk[i] = chunk[i] * 0.75 + before;
        }
    }
    for i in prange(0..perm.len()) {
        out[perm[i]] = x[i].sin();
    }
}

#[test]
fn kernels_give_the_same_bits_whatever_runs_when() {
    const N: usize = 60_000;
    let x: Vec<i64> = (0..N as i64).map(|i| i * 7919 % 100_003).collect();
    let start: Vec<usize> = (0..=N / 40).map(|g| g * 40).collect();
    let y = Array1::from_shape_fn(N, |i| (i * 31 % 1009) as f64 / 7.0);
    let perm: Vec<usize> = (0..N).map(|i| i * 7919 % N).collect();
    let run = |variant: Variant| {
        let (mut x, mut y, mut out) = (x.clone(), y.clone(), Array1::zeros(N));
        let (found, stored) = match variant {
            Variant::Serial => {
                (sorted_parts::serial(&mut x, &start), running_chunks::serial(&mut y, &perm, &mut out))
            }
            _ => (sorted_parts::parallel(&mut x, &start), running_chunks::parallel(&mut y, &perm, &mut out)),
        };
        stored.unwrap();
        (found.unwrap(), x, y, out)
    };
    let engine = Engine::new().unwrap();
    let serial = engine.install(|| run(Variant::Serial));
    for threads in 1..=8 {
        for seed in 0..2 {
            let workers = Shuffled::new(threads, seed * 8 + threads as u64);
            let options = CallOptions::new().workers(&workers);
            let parallel = engine.install(|| options.install(|| run(Variant::Parallel)));
            assert!(serial == parallel, "{threads} threads, seed {seed}");
        }
    }
}
