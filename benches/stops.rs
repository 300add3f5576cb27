//! What it costs that a call can be stopped: the same kernels with and without a token, turn by turn, and the time from a
//! cancellation to the return of an endless call.
//!
//! ```text
//! loop                    ns an iteration    with a token     ratio   cancelled after
//! integer recurrence                1.236           1.237     1.001             61 µs
//! ```
//!
//! The time of each is the least of many rounds. `cargo bench --bench stops`

use ndarray::{Array1, ArrayRef1};
use parfuse::prelude::*;
use parfuse::{CallOptions, CancelToken};
use std::thread;
use std::time::{Duration, Instant};

#[kernel]
fn recurrence(n: i64) -> i64 {
    let mut hash = 1i64;
    for i in 0..n {
        hash = (hash * 31) ^ i;
    }
    hash
}

#[kernel]
fn counted(n: i64) -> i64 {
    let (mut i, mut odd) = (0i64, 0i64);
    while i < n {
        odd += i & 1;
        i += 1;
    }
    odd
}

#[kernel]
fn running_sum(a: &ArrayRef1<f64>, n: usize) -> f64 {
    let mut total = 0.0;
    for i in 0..n {
        total += a[i % a.len()];
    }
    total
}

#[kernel]
fn prefix(out: &mut ArrayRef1<f64>, n: usize) {
    for _ in 0..n / out.len() {
        for i in 1..out.len() {
            out[i] += out[i - 1] * 0.5;
        }
    }
}

#[kernel]
fn maximum(out: &mut ArrayRef1<i64>, n: usize) -> i64 {
    let mut largest = 0;
    for k in 0..n / out.len() {
        for i in 0..out.len() {
            largest = largest.max(out[i] ^ k as i64);
        }
    }
    largest
}

#[kernel]
fn orbit(out: &mut ArrayRef1<f64>, n: usize) {
    let steps = n / out.len();
    for i in prange(0..out.len()) {
        let mut x = i as f64 * 0.001;
        for _ in 0..steps {
            x = x * x * 0.5 + 0.1;
        }
        out[i] = x;
    }
}

#[kernel]
fn escape(out: &mut ArrayRef1<i64>, n: usize) {
    let steps = (n / out.len()) as i64;
    for i in prange(0..out.len()) {
        let c = i as f64 * 0.000_001;
        let (mut x, mut y, mut k) = (0.0, 0.0, 0i64);
        while x * x + y * y < 4.0 && k < steps {
            let next = x * x - y * y + c;
            y = 2.0 * x * y + 0.1;
            x = next;
            k += 1;
        }
        out[i] = k;
    }
}

#[kernel]
fn bits(n: i64) -> i64 {
    let mut total = 0;
    for i in prange(0..n) {
        total += i ^ (i >> 3);
    }
    total
}

/// So many iterations are timed.
const MANY: usize = 4_000_000;

/// And so many never end.
const ENDLESS: usize = 1 << 44;

fn least(times: &mut Duration, run: impl FnOnce()) {
    let start = Instant::now();
    run();
    *times = start.elapsed().min(*times);
}

fn main() {
    let engine = Engine::builder().threads(1).thorough(true).build().expect("this machine is supported");
    let a = Array1::from_elem(1000, 0.25);
    let (floats, integers) = (Array1::<f64>::zeros(1000), Array1::<i64>::from_elem(1000, 5));
    type Run<'r> = &'r (dyn Fn(usize) -> Result<(), Error> + Sync);
    let kernels: [(&str, Run<'_>); 8] = [
        ("integer recurrence", &|n| recurrence::serial(n as i64).map(drop)),
        ("counting while", &|n| counted::serial(n as i64).map(drop)),
        ("running sum", &|n| running_sum::serial(&a, n).map(drop)),
        ("prefix in an array", &|n| prefix::serial(&mut floats.clone(), n)),
        ("maximum of an array", &|n| maximum::serial(&mut integers.clone(), n).map(drop)),
        ("orbits in lanes", &|n| orbit::serial(&mut floats.clone(), n)),
        ("escape in lanes", &|n| escape::serial(&mut integers.clone(), n)),
        ("bits in lanes", &|n| bits::serial(n as i64).map(drop)),
    ];
    println!(
        "{:<22}{:>17}{:>16}{:>10}{:>18}",
        "loop", "ns an iteration", "with a token", "ratio", "cancelled after"
    );
    for (name, kernel) in kernels {
        let token = CancelToken::new();
        let options = CallOptions::new().cancel(&token);
        let plain = |n| engine.install(|| kernel(n));
        let stoppable = |n| engine.install(|| options.install(|| kernel(n)));
        let mut times = [Duration::MAX; 2];
        for _ in 0..200 {
            least(&mut times[0], || plain(MANY).expect("it runs"));
            least(&mut times[1], || stoppable(MANY).expect("it runs"));
        }
        let cancelled = thread::scope(|scope| {
            let call = scope.spawn(|| {
                assert_eq!(stoppable(ENDLESS), Err(Error::Cancelled));
                Instant::now()
            });
            thread::sleep(Duration::from_millis(20));
            let start = Instant::now();
            token.cancel();
            call.join().expect("no panic").duration_since(start)
        });
        let [without, with] = times.map(|time| time.as_secs_f64() * 1e9 / MANY as f64);
        let (ratio, after) = (with / without, cancelled.as_secs_f64() * 1e6);
        println!("{name:<22}{without:>17.3}{with:>16.3}{ratio:>10.3}{after:>15.0} µs");
    }
}
