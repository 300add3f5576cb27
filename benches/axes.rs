//! How fast arrays are reduced, along axes and to what takes several words of state, beside `ndarray`.
//!
//! ```text
//! reduction                  ndarray       ours   ours / ndarray       GB/s
//! sum_axis(0) 3000×3000      9.21 ms    7.02 ms             0.76       10.3
//! ```
//!
//! Both take turns on one thread of one process; the least time of many rounds is shown. The last column is what we read
//! in that time, to be held against that of `sum`, which does nothing but read.
//!
//! `cargo bench --bench axes -- [--kernel NAME] [--seconds S] [--asm NAME]`

mod clock;

use clock::thread_time;
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, ArrayRef3, Axis, ShapeBuilder};
use parfuse::prelude::*;
use std::hint::black_box;
use std::time::Duration;

#[kernel]
fn sums_of_columns(a: &ArrayRef2<f64>) -> Array1<f64> {
    a.sum_axis(Axis(0))
}

#[kernel]
fn sums_of_rows(a: &ArrayRef2<f64>) -> Array1<f64> {
    a.sum_axis(Axis(1))
}

#[kernel]
fn sums_over_planes(a: &ArrayRef3<f64>) -> Array2<f64> {
    a.sum_axis(Axis(0))
}

#[kernel]
fn sums_in_planes(a: &ArrayRef3<f64>) -> Array2<f64> {
    a.sum_axis(Axis(1))
}

#[kernel]
fn sums_of_short_rows(a: &ArrayRef3<f64>) -> Array2<f64> {
    a.sum_axis(Axis(2))
}

#[kernel]
fn deviations_of_columns(a: &ArrayRef2<f64>) -> Array1<f64> {
    a.std_axis(Axis(0), 1.0)
}

#[kernel]
fn deviations_of_rows(a: &ArrayRef2<f64>) -> Array1<f64> {
    a.std_axis(Axis(1), 1.0)
}

#[kernel]
fn sum(a: &ArrayRef1<f64>) -> f64 {
    a.sum()
}

#[kernel]
fn deviation(a: &ArrayRef1<f64>) -> f64 {
    a.std(1.0)
}

#[kernel]
fn smallest(a: &ArrayRef1<f64>) -> usize {
    a.argmin()
}

struct Choice {
    kernel: Option<String>,
    asm: Option<String>,
    time: Duration,
}

impl Choice {
    fn of_arguments() -> Result<Choice, lexopt::Error> {
        use lexopt::prelude::*;
        let mut choice = Choice { kernel: None, asm: None, time: Duration::from_millis(800) };
        let mut arguments = lexopt::Parser::from_env();
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("kernel") => choice.kernel = Some(arguments.value()?.string()?),
                Long("asm") => choice.asm = Some(arguments.value()?.string()?),
                Long("seconds") => choice.time = Duration::from_secs_f64(arguments.value()?.parse()?),
                // `cargo bench` says that it is one.
                Long("bench") => {}
                argument => return Err(argument.unexpected()),
            }
        }
        Ok(choice)
    }

    fn takes(&self, name: &str) -> bool {
        self.kernel.as_ref().is_none_or(|kernel| name.contains(kernel.as_str()))
    }
}

/// The least times of `ndarray` and of a kernel that reads so many elements, which take turns.
fn compare<R>(
    choice: &Choice,
    name: &str,
    elements: usize,
    mut plain: impl FnMut() -> R,
    mut ours: impl FnMut() -> Result<R, Error>,
) {
    if !choice.takes(name) {
        return;
    }
    let timed = |f: &mut dyn FnMut()| {
        let start = thread_time();
        f();
        thread_time() - start
    };
    let (mut least, mut total) = ([Duration::MAX; 2], Duration::ZERO);
    while total < choice.time {
        let times = [
            timed(&mut || drop(black_box(plain()))),
            timed(&mut || drop(black_box(ours().expect("the kernel runs")))),
        ];
        for (least, time) in least.iter_mut().zip(times) {
            *least = time.min(*least);
            total += time;
        }
    }
    let [plain, ours] = least.map(|time| time.as_secs_f64() * 1e3);
    let speed = (elements * size_of::<f64>()) as f64 / ours / 1e6;
    println!("{name:<26} {plain:>9.2} ms {ours:>9.2} ms {:>8.2} {speed:>8.1}", ours / plain);
}

fn numbers(n: usize) -> Array1<f64> {
    Array1::from_shape_fn(n, |i| ((i as f64) * 0.618).fract())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let choice = &Choice::of_arguments()?;
    if let Some(name) = &choice.asm {
        let kernel = match name.as_str() {
            "columns" => sums_of_columns::kernel(),
            "rows" => sums_of_rows::kernel(),
            "std" => deviation::kernel(),
            "argmin" => smallest::kernel(),
            other => return Err(format!("no kernel {other}").into()),
        };
        println!("{}\n{}\n{}", kernel.loops()?, kernel.lane()?, kernel.asm()?);
        return Ok(());
    }
    println!("{:<26} {:>12} {:>12} {:>8} {:>8}", "reduction", "ndarray", "ours", "ratio", "GB/s");
    for (rows, columns) in
        [(3000, 3000), (300, 300), (1_000_000, 3), (3, 1_000_000), (100_000, 100), (10, 1_000_000)]
    {
        let n = rows * columns;
        let a = numbers(n).into_shape_with_order((rows, columns))?;
        let shape = format!("{rows}×{columns}");
        let name = format!("sum_axis(0) {shape}");
        compare(choice, &name, n, || sums_of_columns(&a), || sums_of_columns::serial(&a));
        let name = format!("sum_axis(1) {shape}");
        compare(choice, &name, n, || sums_of_rows(&a), || sums_of_rows::serial(&a));
    }
    let n = 3000 * 3000;
    let a = numbers(n).into_shape_with_order((3000, 3000))?;
    compare(
        choice,
        "std_axis(0) 3000×3000",
        n,
        || deviations_of_columns(&a),
        || deviations_of_columns::serial(&a),
    );
    compare(choice, "std_axis(1) 3000×3000", n, || deviations_of_rows(&a), || deviations_of_rows::serial(&a));
    let f: Array2<f64> = Array2::from_shape_vec((3000, 3000).f(), a.into_raw_vec_and_offset().0)?;
    compare(choice, "sum_axis(0) by columns", n, || sums_of_columns(&f), || sums_of_columns::serial(&f));
    compare(choice, "sum_axis(1) by columns", n, || sums_of_rows(&f), || sums_of_rows::serial(&f));
    let n = 1000 * 1000 * 3;
    let c = numbers(n).into_shape_with_order((1000, 1000, 3))?;
    compare(choice, "sum_axis(0) 1000×1000×3", n, || sums_over_planes(&c), || sums_over_planes::serial(&c));
    compare(choice, "sum_axis(1) 1000×1000×3", n, || sums_in_planes(&c), || sums_in_planes::serial(&c));
    compare(
        choice,
        "sum_axis(2) 1000×1000×3",
        n,
        || sums_of_short_rows(&c),
        || sums_of_short_rows::serial(&c),
    );
    let x = numbers(10_000_000);
    compare(choice, "sum 1e7", x.len(), || sum(&x), || sum::serial(&x));
    compare(choice, "std 1e7", x.len(), || deviation(&x), || deviation::serial(&x));
    compare(choice, "argmin 1e7", x.len(), || smallest(&x), || smallest::serial(&x));
    Ok(())
}
