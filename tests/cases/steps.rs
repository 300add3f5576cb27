//! Arrays that are stepped again and again: each element goes through all steps at once, and stops when it is at rest.
//!
//! ```text
//! for _ in 0..steps { x = r * &x * (1.0 - &x) }                   one region, the steps inside, x in a register
//! for _ in 0..steps { x = select(&m, &(&x * 0.5), &x) }           an element ends with the first step that leaves it
//! for _ in 0..steps { x = x.slice(s![..;-1]) * 0.5 }              steps need what other elements were: one region a step
//! ```
#![allow(clippy::manual_is_multiple_of, reason = "as users write it")]

use super::ways::every_way;
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, s};
use num_complex::Complex64;
use parfuse::Kernel;
use parfuse::prelude::*;

fn numbers(n: usize) -> Array1<f64> {
    Array1::from_shape_fn(n, |i| ((i * 7) % 11) as f64 / 11.0)
}

/// How many regions run, and how many of these have steps of plain loops inside.
fn regions(kernel: &Kernel) -> (usize, usize) {
    let explanation = kernel.explain().unwrap();
    let inside = explanation.regions.iter().filter(|region| !region.exchanged.is_empty());
    (explanation.regions.len(), inside.count())
}

#[kernel]
fn logistic(start: &ArrayRef1<f64>, r: f64, steps: usize) -> Array1<f64> {
    let mut x = start.to_owned();
    for _ in 0..steps {
        x = r * &x * (1.0 - &x);
    }
    x
}

#[kernel]
fn falling(
    height: &mut ArrayRef1<f64>,
    speed: &mut ArrayRef1<f64>,
    forces: &ArrayRef1<f64>,
    dt: f64,
    steps: usize,
) {
    for step in 0..steps {
        let force = forces * (1.0 + step as f64);
        speed.scaled_add(dt, &force);
        height.scaled_add(dt, &*speed);
    }
}

#[kernel]
fn stepped_in_plain_loops(a: &mut ArrayRef2<f64>, factors: &ArrayRef1<f64>) {
    for t in 0..factors.len() {
        for i in 0..a.nrows() {
            for j in 0..a.ncols() {
                a[[i, j]] = a[[i, j]] * factors[t] + 1.0;
            }
        }
    }
}

#[test]
fn elements_go_through_all_steps_at_once() {
    for n in [0, 1, 7, 64, 1001] {
        for steps in [0, 1, 2, 9] {
            every_way!(logistic(&numbers(n), 3.7, steps));
            every_way!(falling(&mut numbers(n), &mut numbers(n), &numbers(n), 0.1, steps));
            let table = || Array2::from_shape_fn((n / 7 + 1, 7), |(i, j)| (i * 3 + j) as f64);
            every_way!(stepped_in_plain_loops(&mut table(), &numbers(steps)));
        }
    }
    assert_eq!(regions(&logistic::kernel()), (1, 1), "{}", logistic::kernel().explain().unwrap());
    let made = logistic::kernel().explain().unwrap().arrays_allocated;
    assert_eq!(made, 1);
    let explanation = falling::kernel().explain().unwrap();
    assert_eq!(regions(&falling::kernel()), (1, 1), "{explanation}");
}

#[kernel]
fn turned(start: &ArrayRef1<f64>, steps: usize) -> Array1<f64> {
    let mut x = start.to_owned();
    for _ in 0..steps {
        x = &x.slice(s![..;-1]) * 0.5 + &x;
    }
    x
}

#[kernel]
fn by_halves(x: &mut ArrayRef1<f64>, steps: usize) {
    // In even steps the even iterations have element i / 2, in odd ones the odd ones.
    for t in 0..steps {
        for i in 0..2 * x.len() {
            if i % 2 == t % 2 {
                x[i / 2] = x[i / 2] * 0.5 + i as f64;
            }
        }
    }
}

#[kernel]
fn with_sum(start: &ArrayRef1<f64>, steps: usize) -> f64 {
    let mut x = start.to_owned();
    let mut total = 0.0;
    for _ in 0..steps {
        x = &x * 0.5;
        total += x.sum();
    }
    total
}

#[kernel]
fn shrinking(start: &ArrayRef1<f64>) -> Array1<f64> {
    let mut x = start.to_owned();
    for step in 0..start.len() {
        x = &x.slice(s![..start.len() - step]) * 0.5;
    }
    x
}

#[kernel]
fn moved_and_kept(start: &ArrayRef1<f64>, steps: usize) -> (Array1<f64>, Array1<f64>) {
    let mut x = start.to_owned();
    let mut before = start.to_owned();
    for _ in 0..steps {
        let next = &x + &before;
        before = x;
        x = next;
    }
    (x, before)
}

#[test]
fn steps_that_need_one_another_stay() {
    for n in [1, 2, 7, 64, 301] {
        for steps in [0, 1, 2, 9] {
            every_way!(turned(&numbers(n), steps));
            every_way!(by_halves(&mut numbers(n), steps));
            every_way!(with_sum(&numbers(n), steps));
            every_way!(moved_and_kept(&numbers(n), steps));
        }
        every_way!(shrinking(&numbers(n)));
    }
    for kernel in [turned::kernel(), by_halves::kernel(), with_sum::kernel()] {
        assert_eq!(regions(&kernel).1, 0, "{}", kernel.explain().unwrap());
    }
}

#[kernel]
fn escape(c: &ArrayRef2<Complex64>, limit: i32) -> Array2<i32> {
    let mut z = Array2::<Complex64>::zeros(c.raw_dim());
    let mut counts = Array2::<i32>::zeros(c.raw_dim());
    for n in 0..limit {
        let inside = z.mapv(|z| z.norm_sqr() <= 4.0);
        counts = select(&inside, n, &counts);
        z = select(&inside, &(&z * &z + c), &z);
    }
    counts
}

#[kernel]
fn collatz(starts: &ArrayRef1<u64>, limit: usize) -> Array1<u32> {
    let mut steps = Array1::<u32>::zeros(starts.len());
    for i in prange(0..starts.len()) {
        let mut n = starts[i];
        for _ in 0..limit {
            if n != 1 {
                n = if n % 2 == 0 { n / 2 } else { 3 * n + 1 };
                steps[i] += 1;
            }
        }
    }
    steps
}

#[kernel]
fn newton(a: &ArrayRef1<f64>, limit: usize) -> Array1<f64> {
    let mut x = Array1::<f64>::ones(a.len());
    for i in prange(0..a.len()) {
        let (mut root, mut settled) = (1.0, false);
        for _ in 0..limit {
            let next = 0.5 * (root + (a[i] + 0.5) / root);
            if !settled {
                settled = (next - root).abs() < 1e-12;
                root = next;
            }
        }
        x[i] = root;
    }
    x
}

#[kernel]
fn never_at_rest(a: &ArrayRef1<f64>, limit: usize) -> Array1<f64> {
    let mut x = Array1::<f64>::zeros(a.len());
    for i in prange(0..a.len()) {
        let mut s = 0.0;
        for step in 0..limit {
            // What the condition says depends on the step, and what it says of the sum is not all that happens.
            if step % 3 != 1 {
                s += a[i];
            }
            if s < 1.0 {
                s += 0.25;
            }
            s *= 0.5;
        }
        x[i] = s;
    }
    x
}

#[test]
fn loops_end_where_nothing_happens_any_more() {
    for n in [1, 5, 17, 130] {
        let c = Array2::from_shape_fn((n, 9), |(i, j)| {
            Complex64::new(j as f64 / 3.0 - 2.0, i as f64 / n as f64 - 0.5)
        });
        let starts = Array1::from_shape_fn(n, |i| i as u64 + 1);
        for limit in [0, 1, 2, 50] {
            every_way!(escape(&c, limit as i32));
            every_way!(collatz(&starts, limit));
            every_way!(newton(&numbers(n), limit));
            every_way!(never_at_rest(&numbers(n), limit));
        }
    }
    for kernel in [escape::kernel(), collatz::kernel(), newton::kernel()] {
        let loops = kernel.loops().unwrap();
        assert!(loops.contains("while {"), "{loops}");
    }
    assert!(!never_at_rest::kernel().loops().unwrap().contains("while {"));
    assert_eq!(regions(&escape::kernel()), (1, 1), "{}", escape::kernel().explain().unwrap());
}
