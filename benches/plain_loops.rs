//! How far kernels of plain loops are from the functions they are made of, and first calls from warm ones.
//!
//! ```text
//! kernel               plain       ours   ours / plain
//! cumulative sum    97.20 µs   98.11 µs           1.01
//!
//! first call        first       warm   first / warm
//! plain loop    100.9 ms   100.1 ms           1.01
//! ```
//!
//! Both take turns on one thread of one process; the least time of many rounds is shown.
//!
//! `cargo bench --bench plain_loops -- [--kernel NAME] [--seconds S] [--asm NAME]`

// Kernels are written as users write them.
#![allow(clippy::assign_op_pattern)]

mod clock;

use clock::thread_time;
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2};
use parfuse::prelude::*;
use std::hint::black_box;
use std::time::Duration;

#[kernel]
fn cumulative_sum(x: &ArrayRef1<f64>, out: &mut ArrayRef1<f64>) {
    let mut sum = 0.0;
    for i in 0..x.len() {
        sum += x[i];
        out[i] = sum;
    }
}

#[kernel]
fn exponential_average(x: &ArrayRef1<f64>, alpha: f64, out: &mut ArrayRef1<f64>) {
    let mut average = x[0];
    for i in 0..x.len() {
        average = alpha * x[i] + (1.0 - alpha) * average;
        out[i] = average;
    }
}

#[kernel]
fn histogram(x: &ArrayRef1<f64>, bins: &mut ArrayRef1<i64>) {
    let scale = bins.len() as f64;
    for i in 0..x.len() {
        let k = (x[i] * scale) as usize;
        bins[k] += 1;
    }
}

#[kernel]
fn kahan_sum(x: &ArrayRef1<f64>) -> f64 {
    let mut sum = 0.0;
    let mut lost = 0.0;
    for i in 0..x.len() {
        let y = x[i] - lost;
        let t = sum + y;
        lost = (t - sum) - y;
        sum = t;
    }
    sum
}

#[kernel]
fn edit_distance(a: &ArrayRef1<i32>, b: &ArrayRef1<i32>, table: &mut ArrayRef2<i32>) -> i32 {
    for i in 0..a.len() + 1 {
        table[[i, 0]] = i as i32;
    }
    for j in 0..b.len() + 1 {
        table[[0, j]] = j as i32;
    }
    for i in 1..a.len() + 1 {
        for j in 1..b.len() + 1 {
            let cost = if a[i - 1] == b[j - 1] { 0 } else { 1 };
            let mut best = table[[i - 1, j - 1]] + cost;
            if table[[i - 1, j]] + 1 < best {
                best = table[[i - 1, j]] + 1;
            }
            if table[[i, j - 1]] + 1 < best {
                best = table[[i, j - 1]] + 1;
            }
            table[[i, j]] = best;
        }
    }
    table[[a.len(), b.len()]]
}

#[kernel]
fn collatz(lengths: &mut ArrayRef1<i64>) {
    for i in 0..lengths.len() {
        let mut k = i + 1;
        let mut steps = 0;
        while k != 1 {
            if k % 2 == 0 {
                k = k / 2;
            } else {
                k = 3 * k + 1;
            }
            steps += 1;
        }
        lengths[i] = steps;
    }
}

#[kernel]
fn heat(start: &ArrayRef1<f64>, steps: usize) -> Array1<f64> {
    let mut a = start.to_owned();
    let mut b = start.to_owned();
    for _ in 0..steps {
        for i in 1..a.len() - 1 {
            b[i] = a[i] + 0.25 * (a[i - 1] - 2.0 * a[i] + a[i + 1]);
        }
        (a, b) = (b, a);
    }
    a
}

#[kernel]
fn n_body(position: &ArrayRef2<f64>, mass: &ArrayRef1<f64>, acc: &mut ArrayRef2<f64>) {
    for i in 0..mass.len() {
        acc[[i, 0]] = 0.0;
        acc[[i, 1]] = 0.0;
        acc[[i, 2]] = 0.0;
        for j in 0..mass.len() {
            let dx = position[[j, 0]] - position[[i, 0]];
            let dy = position[[j, 1]] - position[[i, 1]];
            let dz = position[[j, 2]] - position[[i, 2]];
            let r2 = dx * dx + dy * dy + dz * dz + 1e-9;
            let f = mass[j] / (r2 * r2.sqrt());
            acc[[i, 0]] += f * dx;
            acc[[i, 1]] += f * dy;
            acc[[i, 2]] += f * dz;
        }
    }
}

#[kernel]
fn parallel_n_body(position: &ArrayRef2<f64>, mass: &ArrayRef1<f64>, acc: &mut ArrayRef2<f64>) {
    for i in prange(0..mass.len()) {
        acc[[i, 0]] = 0.0;
        acc[[i, 1]] = 0.0;
        acc[[i, 2]] = 0.0;
        for j in 0..mass.len() {
            let dx = position[[j, 0]] - position[[i, 0]];
            let dy = position[[j, 1]] - position[[i, 1]];
            let dz = position[[j, 2]] - position[[i, 2]];
            let r2 = dx * dx + dy * dy + dz * dz + 1e-9;
            let f = mass[j] / (r2 * r2.sqrt());
            acc[[i, 0]] += f * dx;
            acc[[i, 1]] += f * dy;
            acc[[i, 2]] += f * dz;
        }
    }
}

#[kernel]
fn cholesky(a: &ArrayRef2<f64>, l: &mut ArrayRef2<f64>) {
    let n = a.dim().0;
    for i in 0..n {
        for j in 0..i + 1 {
            let mut sum = a[[i, j]];
            for k in 0..j {
                sum -= l[[i, k]] * l[[j, k]];
            }
            if i == j {
                l[[i, j]] = sum.sqrt();
            } else {
                l[[i, j]] = sum / l[[j, j]];
            }
        }
    }
}

#[kernel]
fn lu(a: &ArrayRef2<f64>, m: &mut ArrayRef2<f64>) {
    let n = a.dim().0;
    for i in 0..n {
        for j in 0..n {
            m[[i, j]] = a[[i, j]];
        }
    }
    for k in 0..n {
        for i in k + 1..n {
            m[[i, k]] /= m[[k, k]];
            for j in k + 1..n {
                m[[i, j]] -= m[[i, k]] * m[[k, j]];
            }
        }
    }
}

#[kernel]
fn mandelbrot(n: usize) -> Array2<i64> {
    let mut counts = Array2::zeros((n, n));
    for i in prange(0..n) {
        for j in 0..n {
            let (cx, cy) = (-2.0 + 3.0 * i as f64 / n as f64, -1.5 + 3.0 * j as f64 / n as f64);
            let (mut x, mut y, mut k) = (0.0, 0.0, 0i64);
            while k < 200 && x * x + y * y < 4.0 {
                (x, y) = (x * x - y * y + cx, 2.0 * x * y + cy);
                k += 1;
            }
            counts[[i, j]] = k;
        }
    }
    counts
}

#[kernel]
fn jacobi(start: &ArrayRef1<f64>, steps: usize) -> Array1<f64> {
    let mut a = start.to_owned();
    let mut b = start.to_owned();
    for _ in 0..steps {
        for i in prange(1..a.len() - 1) {
            b[i] = (a[i - 1].sqrt() + a[i + 1].sqrt()).sin();
        }
        for i in prange(1..a.len() - 1) {
            a[i] = (b[i - 1].sqrt() + b[i + 1].sqrt()).sin();
        }
    }
    a
}

#[kernel]
fn logistic(n: usize) -> f64 {
    let mut x = 0.5;
    for _ in 0..n {
        x = 3.9 * x * (1.0 - x);
    }
    x
}

/// What is asked for on the command line.
struct Choice {
    kernel: Option<String>,
    time: Duration,
    asm: Option<String>,
}

impl Choice {
    fn of_arguments() -> Result<Choice, lexopt::Error> {
        use lexopt::prelude::*;
        let mut choice = Choice { kernel: None, time: Duration::from_millis(600), asm: None };
        let mut parser = lexopt::Parser::from_env();
        while let Some(argument) = parser.next()? {
            match argument {
                Long("kernel") => choice.kernel = Some(parser.value()?.string()?),
                Long("asm") => choice.asm = Some(parser.value()?.string()?),
                Long("seconds") => choice.time = Duration::from_secs_f64(parser.value()?.parse()?),
                Long("bench") => {}
                other => return Err(other.unexpected()),
            }
        }
        Ok(choice)
    }

    fn takes(&self, name: &str) -> bool {
        self.kernel.as_ref().is_none_or(|kernel| name.contains(kernel))
    }
}

fn timed<R>(f: impl FnOnce() -> R) -> Duration {
    let start = thread_time();
    black_box(f());
    thread_time() - start
}

/// The least times of the function and of its kernel, which take turns.
fn compare<R>(
    choice: &Choice,
    name: &str,
    mut plain: impl FnMut() -> R,
    mut ours: impl FnMut() -> Result<R, Error>,
) {
    if !choice.takes(name) {
        return;
    }
    let (mut least, mut total) = ([Duration::MAX; 2], Duration::ZERO);
    while total < choice.time {
        let times = [timed(&mut plain), timed(|| ours().expect("the kernel runs"))];
        for (least, time) in least.iter_mut().zip(times) {
            *least = time.min(*least);
            total += time;
        }
    }
    let [plain, ours] = least.map(|time| time.as_secs_f64() * 1e6);
    println!("{name:<20} {plain:>10.2} µs {ours:>10.2} µs {:>8.2}", ours / plain);
}

/// The first call on an engine of its own against the least of later ones.
fn first<R>(choice: &Choice, name: &str, call: impl Fn() -> Result<R, Error>) {
    if !choice.takes(name) {
        return;
    }
    let (mut firsts, mut warm) = (Duration::MAX, Duration::MAX);
    for _ in 0..3 {
        let engine = Engine::builder().threads(1).build().expect("there is a code generator");
        engine.install(|| {
            firsts = firsts.min(timed(|| call().expect("the kernel runs")));
            for _ in 0..3 {
                warm = warm.min(timed(|| call().expect("the kernel runs")));
            }
        });
    }
    let [firsts, warm] = [firsts, warm].map(|time| time.as_secs_f64() * 1e3);
    println!("{name:<20} {firsts:>10.2} ms {warm:>10.2} ms {:>8.2}", firsts / warm);
}

fn numbers(n: usize) -> Array1<f64> {
    Array1::from_shape_fn(n, |i| (i as f64 * 0.754_877_666) % 1.0)
}

fn letters(n: usize, salt: usize) -> Array1<i32> {
    Array1::from_shape_fn(n, |i| ((i * i + salt * i + 3 * salt) % 7 % 4) as i32)
}

/// What a kernel becomes.
fn listing(name: &str) -> Result<String, Error> {
    let engine = Engine::current();
    let kernel = match name {
        "cumulative_sum" => engine.kernel::<cumulative_sum>(),
        "exponential_average" => engine.kernel::<exponential_average>(),
        "histogram" => engine.kernel::<histogram>(),
        "kahan_sum" => engine.kernel::<kahan_sum>(),
        "edit_distance" => engine.kernel::<edit_distance>(),
        "collatz" => engine.kernel::<collatz>(),
        "heat" => engine.kernel::<heat>(),
        "cholesky" => engine.kernel::<cholesky>(),
        "parallel_n_body" => engine.kernel::<parallel_n_body>(),
        "lu" => engine.kernel::<lu>(),
        _ => engine.kernel::<n_body>(),
    };
    Ok(format!("{}\n{}\n{}", kernel.loops()?, kernel.lane()?, kernel.asm()?))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let choice = &Choice::of_arguments()?;
    if let Some(name) = &choice.asm {
        println!("{}", listing(name)?);
        return Ok(());
    }
    println!("{:<20} {:>13} {:>13} {:>8}", "kernel", "plain", "ours", "ratio");
    let n = 100_000;
    let x = numbers(n);
    let [mut out, mut out2] = [(); 2].map(|()| Array1::<f64>::zeros(n));
    compare(
        choice,
        "cumulative sum",
        || cumulative_sum(&x, &mut out),
        || cumulative_sum::serial(&x, &mut out2),
    );
    compare(
        choice,
        "exponential average",
        || exponential_average(&x, 0.1, &mut out),
        || exponential_average::serial(&x, 0.1, &mut out2),
    );
    let [mut bins, mut bins2] = [(); 2].map(|()| Array1::<i64>::zeros(256));
    compare(choice, "histogram", || histogram(&x, &mut bins), || histogram::serial(&x, &mut bins2));
    compare(choice, "kahan sum", || kahan_sum(&x), || kahan_sum::serial(&x));
    let (a, b) = (letters(300, 1), letters(350, 5));
    let [mut table, mut table2] = [(); 2].map(|()| Array2::<i32>::zeros((301, 351)));
    compare(
        choice,
        "edit distance",
        || edit_distance(&a, &b, &mut table),
        || edit_distance::serial(&a, &b, &mut table2),
    );
    let [mut lengths, mut lengths2] = [(); 2].map(|()| Array1::<i64>::zeros(3_000));
    compare(choice, "collatz", || collatz(&mut lengths), || collatz::serial(&mut lengths2));
    let start = numbers(1_000);
    compare(choice, "heat", || heat(&start, 100), || heat::serial(&start, 100));
    let bodies = 150;
    let mass = numbers(bodies);
    let position = Array2::from_shape_fn((bodies, 3), |(i, k)| ((i * 7 + k * 13) as f64 * 0.37).sin());
    let [mut acc, mut acc2] = [(); 2].map(|()| Array2::<f64>::zeros((bodies, 3)));
    compare(
        choice,
        "n-body",
        || n_body(&position, &mass, &mut acc),
        || n_body::serial(&position, &mass, &mut acc2),
    );
    compare(
        choice,
        "n-body, prange",
        || parallel_n_body(&position, &mass, &mut acc),
        || parallel_n_body::serial(&position, &mass, &mut acc2),
    );
    let size = 120;
    let matrix = Array2::from_shape_fn((size, size), |(i, j)| {
        if i == j { size as f64 } else { 1.0 / (1.0 + i.abs_diff(j) as f64) }
    });
    let [mut m, mut m2] = [(); 2].map(|()| Array2::<f64>::zeros((size, size)));
    compare(choice, "cholesky", || cholesky(&matrix, &mut m), || cholesky::serial(&matrix, &mut m2));
    compare(choice, "lu", || lu(&matrix, &mut m), || lu::serial(&matrix, &mut m2));

    println!("\n{:<20} {:>13} {:>13} {:>8}", "first call", "first", "warm", "ratio");
    first(choice, "region", || mandelbrot::serial(2_000));
    let start = numbers(20_000);
    first(choice, "many regions", || jacobi::serial(&start, 800));
    first(choice, "plain loop", || logistic::serial(50_000_000));
    Ok(())
}
