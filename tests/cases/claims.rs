//! What is said of the iterations of a `prange`: a promise in place of the proof that they do not meet, and how many a thread
//! takes at a time.
#![allow(unsafe_code, reason = "promises are what this is about")]

use super::ways::{SIZES, agrees_with_plain, error_of, every_way, exactly, same_bits};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, array};
use parfuse::prelude::*;
use parfuse::{CallOptions, Executor, Job};
use std::sync::atomic::{AtomicUsize, Ordering};

#[kernel]
fn hashed_without(x: &ArrayRef1<f64>, by: usize, out: &mut ArrayRef1<f64>) {
    for i in prange(0..x.len()) {
        out[i * by % x.len()] = x[i];
    }
}

#[kernel]
fn exchange_disjoint(from: &ArrayRef1<usize>, to: &ArrayRef1<usize>, x: &mut ArrayRef1<f64>) {
    // SAFETY: the tests give pairs that have no element in common.
    for e in unsafe { prange(0..from.len()).assume_disjoint() } {
        let kept = x[from[e]];
        x[from[e]] = x[to[e]];
        x[to[e]] = kept;
    }
}

#[kernel]
fn hashed(x: &ArrayRef1<f64>, by: usize, out: &mut ArrayRef1<f64>) -> f64 {
    let n = x.len();
    let mut most = 0.0f64;
    // SAFETY: the tests give factors that have no divisor in common with the length.
    unsafe {
        for (i, &value) in prange(x.iter().enumerate()).assume_disjoint() {
            out[i * by % n] = value;
            most = most.max(value);
        }
    }
    most
}

#[kernel]
fn hashed_rows(a: &ArrayRef2<f64>, by: usize, out: &mut ArrayRef2<f64>) {
    let (n, m) = a.dim();
    // SAFETY: as in `hashed`.
    for (i, j) in unsafe { prange2((n, m)).grain(7).assume_disjoint() } {
        out[[i * by % n, m - 1 - j]] = a[[i, j]];
    }
}

#[test]
fn iterations_that_nobody_sees_to_be_apart_are_taken_on_a_promise() {
    for n in SIZES {
        let x = Array1::from_shape_fn(n, |i| i as f64);
        let pairs = n / 2;
        let from = Array1::from_shape_fn(pairs, |e| (e * 3) % pairs.max(1) + pairs);
        let from = if pairs % 3 == 0 { Array1::from_shape_fn(pairs, |e| e + pairs) } else { from };
        let to = Array1::from_shape_fn(pairs, |e| pairs - 1 - e);
        exactly!(exchange_disjoint(&from, &to, &mut x) with x = x.clone());
        if n % 7 != 0 {
            exactly!(hashed(&x, 7, &mut out) with out = Array1::from_elem(n, -1.0));
        }
    }
    let a = Array2::from_shape_fn((300, 41), |(i, j)| (i * 41 + j) as f64);
    exactly!(hashed_rows(&a, 7, &mut out) with out = Array2::zeros((300, 41)));
    let error = error_of!(hashed_without(&array![0.0, 1.0], 7, &mut array![1.0, 2.0]));
    assert!(matches!(error, Error::PossibleRace { .. }), "{error}");
    assert!(error.to_string().contains(".assume_disjoint()"), "{error}");
    let explanation = exchange_disjoint::kernel().explain().unwrap();
    assert_eq!(explanation.regions[0].sources[0].0, "prange assumed to be disjoint", "{explanation}");
}

#[kernel]
fn sorted_into(perm: &ArrayRef1<usize>, x: &ArrayRef1<f64>, h: &mut ArrayRef1<f64>) -> (Array1<f64>, f64) {
    let mut out = Array1::zeros(x.len());
    let mut sum = 0.0;
    for i in prange(0..x.len()) {
        out[perm[i]] = x[i];
        h[i % 5] += x[i];
        sum += x[i];
    }
    (out, sum)
}

#[kernel]
fn sorted_into_disjoint(
    perm: &ArrayRef1<usize>,
    x: &ArrayRef1<f64>,
    h: &mut ArrayRef1<f64>,
) -> (Array1<f64>, f64) {
    let mut out = Array1::zeros(x.len());
    let mut sum = 0.0;
    // SAFETY: the tests give permutations.
    for i in unsafe { prange(0..x.len()).assume_disjoint() } {
        out[perm[i]] = x[i];
        h[i % 5] += x[i];
        sum += x[i];
    }
    (out, sum)
}

#[test]
fn what_is_proven_or_tested_gives_the_same_bits_with_the_promise() {
    for n in [1, 9, 1000, 40_001] {
        let perm = Array1::from_shape_fn(n, |i| n - 1 - i);
        let x = Array1::from_shape_fn(n, |i| 0.1 + i as f64 * 0.37);
        let with_tests = every_way!(sorted_into(&perm, &x, &mut h) with h = Array1::ones(5));
        let promised = every_way!(sorted_into_disjoint(&perm, &x, &mut h) with h = Array1::ones(5));
        assert_eq!(with_tests, promised);
    }
    let tests = |kernel: Kernel| kernel.explain().unwrap().tests.len();
    assert!(tests(sorted_into::kernel()) > 0);
    assert_eq!(tests(sorted_into_disjoint::kernel()), 0);
}

#[kernel]
fn last_disjoint(n: usize) -> usize {
    let mut last = 0;
    // SAFETY: nothing is stored.
    for i in unsafe { prange(0..n).assume_disjoint() } {
        last = i;
    }
    last
}

#[test]
fn a_promise_is_of_elements_and_nothing_else() {
    assert!(matches!(error_of!(last_disjoint(3)), Error::NotAReduction { .. }));
    let mut from = Array1::from_shape_fn(20_000, |e| 2 * e);
    (from[7000], from[19_000]) = (1 << 40, 1 << 41);
    let to = Array1::from_shape_fn(20_000, |e| 2 * e + 1);
    let error = error_of!(exchange_disjoint(&from, &to, &mut Array1::zeros(40_000)));
    assert!(matches!(error, Error::Index { iteration: Some(7000), .. }), "{error}");
}

#[test]
fn handles_promise_in_unsafe_blocks() {
    let engine = Engine::builder().threads(3).build().unwrap();
    let scattered = engine.trace("scattered", |t| {
        let (n, by) = (t.scalar::<usize>("n"), t.scalar::<usize>("by"));
        let out = t.var("out", t.zeros::<i64>(&[n]));
        // SAFETY: the factor has no divisor in common with the length.
        let disjoint = unsafe { t.prange_of((0, n)).grain(100).assume_disjoint() };
        t.prange(disjoint, |_, i| out.store(&[i * by % n], i.cast::<i64>()));
        out
    });
    let scattered = scattered.unwrap();
    let found: Array1<i64> = scattered.parallel((30_000usize, 7usize)).unwrap();
    assert!((0..30_000).all(|i| found[i * 7 % 30_000] == i as i64));
}

#[kernel]
fn totals_by_grain<const GRAIN: usize>(a: &ArrayRef1<f64>) -> (f64, f64, Array1<f64>) {
    let (mut sum, mut longest) = (0.0, 0.0f64);
    let mut roots = Array1::zeros(a.len());
    for i in prange(0..a.len()).grain(GRAIN) {
        sum += a[i] * 0.1;
    }
    for i in prange(0..a.len()).grain(GRAIN) {
        let mut x = a[i];
        while x > 1.5 {
            x = x.sqrt();
        }
        roots[i] = x;
        longest = longest.max(x);
    }
    (sum, longest, roots)
}

fn totals_of<const GRAIN: usize>(a: &ArrayRef1<f64>) -> (f64, f64, Array1<f64>) {
    let found = same_bits(|parallel| match parallel {
        true => totals_by_grain::<GRAIN>::parallel(a),
        false => totals_by_grain::<GRAIN>::serial(a),
    });
    agrees_with_plain(&totals_by_grain::<GRAIN>(a), &found);
    found
}

#[test]
fn how_many_iterations_a_thread_takes_changes_no_bit() {
    for n in SIZES {
        let a = Array1::from_shape_fn(n, |i| i as f64 * 0.37);
        let expected = totals_of::<0>(&a);
        for found in
            [totals_of::<1>(&a), totals_of::<100>(&a), totals_of::<10_000>(&a), totals_of::<{ 1 << 40 }>(&a)]
        {
            assert_eq!(found, expected);
        }
    }
}

#[kernel]
fn sum_by_grain<const GRAIN: usize>(n: usize) -> i64 {
    let mut sum = 0;
    for i in prange(0..n).grain(GRAIN) {
        sum += (i as i64) ^ 1;
    }
    sum
}

#[kernel]
fn counts<const GRAIN: usize>(a: &ArrayRef2<i64>) -> Array1<i64> {
    let mut counts = Array1::zeros(a.nrows());
    for i in prange(0..a.nrows()).grain(GRAIN) {
        let mut count = 0;
        for j in 0..a.ncols() {
            count += a[[i, j]] & 1;
        }
        counts[i] = count;
    }
    counts
}

/// Notes how many threads are asked to help.
#[derive(Default)]
struct Asked(AtomicUsize);

impl Executor for Asked {
    fn threads(&self) -> usize {
        1000
    }
    fn run(&self, job: &Job) {
        self.0.fetch_max(job.helpers(), Ordering::Relaxed);
    }
}

#[test]
fn as_many_threads_are_asked_as_there_are_grains() {
    let helpers = |sum: &dyn Fn() -> Result<i64, Error>| {
        let asked = Asked::default();
        CallOptions::new().workers(&asked).install(|| sum().unwrap());
        asked.0.into_inner()
    };
    type Call<'c> = &'c dyn Fn(&ArrayRef2<i64>) -> Result<Array1<i64>, Error>;
    let rows = |rows, call: Call<'_>| {
        let a = Array2::from_shape_fn((rows, 3000), |(i, j)| ((i * 31 + j * 17) % 53) as i64);
        helpers(&|| {
            assert_eq!(call(&a)?, counts::<0>(&a));
            Ok(0)
        })
    };
    assert!(counts::<1>::kernel().explain().unwrap().regions[0].one_by_one);
    assert_eq!(rows(6, &|a| counts::<0>::parallel(a)), 0);
    assert_eq!(rows(6, &|a| counts::<1>::parallel(a)), 5);
    assert_eq!(rows(6, &|a| counts::<4>::parallel(a)), 1);
    assert_eq!(rows(100, &|a| counts::<0>::parallel(a)), 12);
    assert_eq!(rows(100, &|a| counts::<30>::parallel(a)), 3);
    // Without a word, too, if they take long.
    let long = Array1::from_shape_fn(1_000_000, |j| j as i64);
    let long = long.broadcast((20, 1_000_000)).unwrap();
    assert_eq!(helpers(&|| counts::<0>::parallel(&long).map(|counts| counts.sum())), 19);
    let n = 20 * 8192;
    assert_eq!(helpers(&|| sum_by_grain::<0>::parallel(n)), 19);
    assert_eq!(helpers(&|| sum_by_grain::<8000>::parallel(n)), 19);
    assert_eq!(helpers(&|| sum_by_grain::<40_000>::parallel(n)), 3);
    assert_eq!(helpers(&|| sum_by_grain::<163_000>::parallel(n)), 0);
}
