//! Calls with options: whose threads they run on, what stops them, and what is not theirs.

use ndarray::{Array1, ArrayRef1};
use parfuse::prelude::*;
use parfuse::{CallOptions, CancelToken, Executor, Isa, Job, ScopedThreads, Serial};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

#[kernel]
fn sines(a: &ArrayRef1<f64>) -> (Array1<f64>, f64) {
    let mut result = Array1::<f64>::zeros(a.len());
    let mut total = 0.0;
    for i in prange(0..a.len()) {
        let mut x = a[i];
        for _ in 0..5 {
            x = x.sin() + 0.5;
        }
        result[i] = x;
        total += x;
    }
    (result, total)
}

#[kernel]
fn quotients(a: &ArrayRef1<i64>) -> Array1<i64> {
    1000 / a
}

#[kernel]
fn draws(n: i64) -> i64 {
    let mut hash = 0;
    for i in prange(0..n) {
        hash ^= random::<i64>().wrapping_mul(i + 1);
    }
    hash
}

/// Does with a job what a closure does.
struct With<F>(usize, F);

impl<F: Fn(&Job) + Sync> Executor for With<F> {
    fn threads(&self) -> usize {
        self.0
    }
    fn run(&self, job: &Job) {
        (self.1)(job)
    }
}

/// Keeps a closure that takes jobs to its type.
fn with<F: Fn(&Job) + Sync>(threads: usize, run: F) -> With<F> {
    With(threads, run)
}

fn numbers(n: usize) -> Array1<f64> {
    Array1::from_shape_fn(n, |i| i as f64 * 0.37 - 100.0)
}

/// The bits of a parallel call, and the lowest failure of another, are those of serial calls.
#[track_caller]
fn is_right(options: &CallOptions<'_>) {
    let a = numbers(5000);
    let expected = sines::serial(&a).unwrap();
    assert_eq!(options.install(|| sines::parallel(&a)), Ok(expected.clone()));
    assert_eq!(sines::kernel().with(options).parallel((&a,)), Ok(expected));
    let mut divisors = Array1::from_elem(100_000, 3);
    divisors[77_000] = 0;
    divisors[90_000] = 0;
    let fault = options.install(|| quotients::parallel(&divisors)).unwrap_err();
    assert!(matches!(fault, Error::DivisionByZero { iteration: Some(77_000), .. }), "{fault}");
    let seeded = || options.install(|| draws::parallel(40_000));
    assert_eq!(with_seed(5, seeded).unwrap(), with_seed(5, || draws(40_000)));
}

#[test]
fn numbers_of_threads_pools_and_executors_give_the_same_bits() {
    for workers in [0, 1, 2, 5] {
        is_right(&CallOptions::new().workers(workers));
    }
    is_right(&CallOptions::new().workers(&Serial));
    is_right(&CallOptions::new().workers(&ScopedThreads::new(3)));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
    is_right(&CallOptions::new().workers(&pool));
    is_right(&CallOptions::new().workers(&pool as &dyn Executor));
    pool.install(|| is_right(&CallOptions::new().workers(&pool)));
    pool.install(|| is_right(&CallOptions::new().workers(2)));
}

#[test]
fn executors_that_run_jobs_never_twice_late_or_on_many_threads_are_right() {
    is_right(&CallOptions::new().workers(&with(4, |_| ())));
    is_right(&CallOptions::new().workers(&with(0, |job| job.run())));
    is_right(&CallOptions::new().workers(&with(4, |job| (0..2).for_each(|_| job.run()))));
    is_right(&CallOptions::new().workers(&with(usize::MAX, |job| {
        thread::scope(|scope| (0..20).for_each(|_| drop(scope.spawn(|| (0..3).for_each(|_| job.run())))));
    })));
    let kept = Mutex::new(Vec::new());
    is_right(&CallOptions::new().workers(&with(4, |job| kept.lock().unwrap().push(job.clone()))));
    // When the calls are long over.
    let kept = kept.into_inner().unwrap();
    assert!(!kept.is_empty());
    thread::spawn(move || kept.iter().for_each(Job::run)).join().unwrap();
    for _ in 0..5 {
        is_right(&CallOptions::new().workers(&with(4, |job| {
            for _ in 0..job.helpers() {
                let job = job.clone();
                thread::spawn(move || job.run());
            }
        })));
    }
}

#[test]
fn an_executor_that_panics_is_an_error_and_the_next_call_works() {
    let a = numbers(5000);
    let runs = AtomicUsize::new(0);
    let panics = with(3, |job| {
        if runs.fetch_add(1, Ordering::Relaxed) == 0 {
            thread::scope(|scope| drop(scope.spawn(|| job.run())));
            panic!("out of order");
        }
        job.run();
    });
    let options = CallOptions::new().workers(&panics);
    assert_eq!(options.install(|| sines::parallel(&a)), Err(Error::Panic("out of order".to_string())));
    is_right(&options);
}

#[test]
fn seeds_engines_and_options_do_not_leak_into_what_an_executor_does() {
    let engine = Engine::builder().threads(7).build().unwrap();
    let token = CancelToken::new();
    let found = Mutex::new(Vec::new());
    let looks = with(3, |job| {
        // As a rayon worker does that takes up another job while it waits.
        let own = draws::serial(10);
        found.lock().unwrap().push((Engine::current().threads(), own.unwrap(), random::<i64>()));
        job.run();
    });
    let options = CallOptions::new().workers(&looks).cancel(&token);
    for _ in 0..2 {
        let call = || engine.install(|| options.install(|| draws::parallel(40_000)));
        assert_eq!(with_seed(3, call).unwrap(), with_seed(3, || draws(40_000)));
    }
    let found = found.into_inner().unwrap();
    assert!(found.len() == 2 && found.iter().all(|(threads, ..)| *threads != 7));
    assert!(found[0].1 != found[1].1 && found[0].2 != found[1].2, "{found:?}");
}

#[test]
fn a_seed_of_a_call_is_that_of_a_scope() {
    let options = CallOptions::new().seed(11);
    let kernel = draws::kernel();
    for _ in 0..2 {
        let drawn = kernel.with(&options).parallel::<i64>((40_000i64,)).unwrap();
        assert_eq!(drawn, with_seed(11, || draws(40_000)));
    }
}

#[kernel]
fn counts(limit: i64) -> i64 {
    let mut hash = 1i64;
    let mut i = 0;
    while i < limit {
        hash = hash * 31 % 1_000_003 + i % 7;
        i += 1;
    }
    hash
}

#[kernel]
fn writes(limit: i64, out: &mut ArrayRef1<f64>) {
    for i in 0..limit {
        let k = (i % 10) as usize;
        if k < out.len() {
            out[k] += 1.0;
        }
    }
}

#[kernel]
fn sums(n: i64) -> i64 {
    let mut total = 0;
    for i in prange(0..n) {
        total += i ^ (i >> 3);
    }
    total
}

#[kernel]
fn orbits(a: &ArrayRef1<f64>, limit: i64) -> Array1<f64> {
    let mut result = Array1::<f64>::zeros(a.len());
    for i in prange(0..a.len()) {
        let mut x = a[i];
        for _ in 0..limit {
            x = x * 0.999 + 0.1;
        }
        result[i] = x;
    }
    result
}

/// More iterations than any machine does while a test runs.
const ENDLESS: i64 = 1_000_000_000_000;

/// Engines of each kind of code.
fn engines() -> Vec<Engine> {
    let isas = Isa::ALL.into_iter().filter(|isa| isa.is_available());
    isas.map(|isa| Engine::builder().threads(2).isa(isa).build().unwrap()).collect()
}

#[test]
fn endless_loops_of_every_kind_are_cancelled_and_run_into_deadlines() {
    let a = numbers(100);
    for engine in engines() {
        let calls: [&(dyn Fn() -> Result<(), Error> + Sync); 7] = [
            &|| counts::serial(ENDLESS).map(drop),
            &|| counts::parallel(ENDLESS).map(drop),
            &|| writes::serial(ENDLESS, &mut Array1::zeros(10)),
            &|| sums::serial(ENDLESS).map(drop),
            &|| sums::parallel(ENDLESS).map(drop),
            &|| orbits::serial(&a, ENDLESS).map(drop),
            &|| orbits::parallel(&a, ENDLESS).map(drop),
        ];
        for call in calls {
            let token = CancelToken::new();
            let result = thread::scope(|scope| {
                scope.spawn(|| {
                    thread::sleep(Duration::from_millis(2));
                    token.cancel();
                });
                engine.install(|| CallOptions::new().cancel(&token).install(call))
            });
            assert_eq!(result, Err(Error::Cancelled));
            let hasty = CallOptions::new().timeout(Duration::from_millis(2));
            assert_eq!(engine.install(|| hasty.install(call)), Err(Error::DeadlineExceeded));
        }
    }
}

#[test]
fn what_stops_first_counts() {
    let token = CancelToken::new();
    let hasty = CallOptions::new().cancel(&token).timeout(Duration::from_millis(1));
    assert_eq!(hasty.install(|| counts::serial(ENDLESS)), Err(Error::DeadlineExceeded));
    assert!(!token.is_cancelled(), "a deadline is the call's own");
    token.cancel();
    assert_eq!(hasty.install(|| counts::serial(10)), Err(Error::Cancelled));
    let late = CallOptions::new().deadline(Instant::now());
    assert_eq!(late.install(|| counts::serial(10)), Err(Error::DeadlineExceeded));
    let hour = Instant::now() + Duration::from_secs(3600);
    let patient = CallOptions::new().timeout(Duration::MAX).deadline(hour);
    assert_eq!(patient.install(|| counts::serial(1000)), Ok(counts(1000)));
}

#[test]
fn calls_that_may_stop_give_the_bits_of_others() {
    let token = CancelToken::new();
    let options = CallOptions::new().cancel(&token);
    is_right(&options);
    let a = numbers(1000);
    for engine in engines() {
        engine.install(|| {
            assert_eq!(options.install(|| orbits::parallel(&a, 50)), Ok(orbits(&a, 50)));
            assert_eq!(options.install(|| sums::serial(100_000)), Ok(sums(100_000)));
            assert_eq!(options.install(|| counts::serial(1000)), Ok(counts(1000)));
        });
    }
}
