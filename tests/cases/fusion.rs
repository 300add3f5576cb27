//! What fuses: the parallel regions left, and the arrays allocated.
//!
//! Calls of functions outside between loops are in `language/hosts.rs`, extremes with totals in `array_forms.rs`. Fusion is
//! on or off as a whole.

use super::ways::{engines, every_way};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, array};
use parfuse::prelude::*;
use parfuse::{Engine, Kernel};

/// Regions left and arrays allocated.
fn counts(kernel: Kernel) -> (usize, usize) {
    let explanation = kernel.explain().unwrap();
    (explanation.regions.len(), explanation.arrays_allocated)
}

/// Whether the kernel's refusals give this reason.
fn refuses(kernel: Kernel, reason: &str) -> bool {
    kernel.explain().unwrap().refusals.iter().any(|refusal| refusal.reason.contains(reason))
}

#[kernel]
fn chain_of_loops(a: &ArrayRef1<f64>) -> f64 {
    let (n1, mut total) = (a.len(), 0.0);
    let mut scaled = Array1::zeros(n1);
    for i in prange(0..n1) {
        scaled[i] = a[i] * 1.2;
    }
    let n2 = scaled.len();
    let mut shifted = Array1::zeros(n2);
    for i in prange(0..n2) {
        shifted[i] = scaled[i] - 1.3;
    }
    let n3 = shifted.len();
    for i in prange(0..n3) {
        total += shifted[i];
    }
    total
}

#[test]
fn lengths_are_followed_through_arrays() {
    let total = every_way!(chain_of_loops(&Array1::from_shape_fn(10, |i| i as f64))).0;
    assert!((total - 41.0).abs() < 1e-9, "{total}");
    assert_eq!(counts(chain_of_loops::kernel()), (1, 0));
}

#[kernel]
fn two_passes(a: &ArrayRef1<f64>, b: &ArrayRef1<f64>, data: &mut ArrayRef1<f64>) {
    for i in prange(0..data.len()) {
        data[i] = a[i];
    }
    for i in prange(0..data.len()) {
        data[i] += b[i];
    }
}

#[test]
fn effects_keep_their_order_when_fused() {
    let (a, b) = (array![1.0, 2.0], array![10.0, 20.0]);
    assert_eq!(every_way!(two_passes(&a, &b, &mut data) with data = Array1::zeros(2)).1, array![11.0, 22.0]);
    assert_eq!(counts(two_passes::kernel()), (1, 0));
}

#[kernel]
fn reversed_second(a: &mut ArrayRef2<f64>, b: &mut ArrayRef2<f64>) {
    let n = a.nrows();
    for i in prange(0..n) {
        for j in 0..n {
            a[[i, j]] = b[[i, j]] + 1.0;
        }
    }
    for i in prange(0..n) {
        for j in 0..n {
            b[[n - 1 - i, j]] = 3.0;
        }
    }
}

#[kernel]
fn one_element_after(a: &mut ArrayRef1<f64>, b: &mut ArrayRef1<f64>) {
    for i in prange(0..a.len()) {
        a[i] = i as f64;
    }
    for i in prange(0..a.len()) {
        b[i] += a[5];
    }
}

#[kernel]
fn one_element_before(a: &mut ArrayRef1<f64>, b: &mut ArrayRef1<f64>) {
    for i in prange(0..a.len()) {
        b[i] = a[5];
    }
    for i in prange(0..a.len()) {
        a[i] = i as f64;
    }
}

#[kernel]
fn transposed_second(a: &mut ArrayRef2<f64>, b: &mut ArrayRef2<f64>) {
    let n = a.nrows();
    for i in prange(0..n) {
        for j in 0..n {
            a[[i, j]] = b[[i, j]] + 1.0;
        }
    }
    for i in prange(0..n) {
        for j in 0..n {
            b[[j, i]] = 3.0;
        }
    }
}

#[kernel]
fn rows_below(u: &mut ArrayRef2<f64>, v: &mut ArrayRef2<f64>) {
    let (n, m) = (u.nrows() - 1, u.ncols());
    for i in prange(0..n) {
        for j in 0..m {
            v[[i, j]] = u[[i + 1, j]] + 1.0;
        }
    }
    for i in prange(0..n) {
        for j in 0..m {
            u[[i, j]] = v[[i + 1, j]] + 1.0;
        }
    }
}

#[kernel]
fn neighbours(c: &ArrayRef1<f64>) -> (Array1<f64>, Array1<f64>) {
    let n = c.len();
    let mut sums = Array1::<f64>::zeros(n);
    for i in prange(0..n) {
        sums[i] += c[i] * i as f64;
    }
    let mut steps = Array1::<f64>::zeros(n);
    for i in prange(0..n) {
        if i > 0 {
            steps[i] = sums[i] - sums[i - 1];
        }
    }
    (sums, steps)
}

#[kernel]
fn total_of_all(x: &ArrayRef1<f64>) -> Array1<f64> {
    let cosines = x.cos();
    let mut result = Array1::zeros(x.len());
    for i in prange(0..x.len()) {
        let mut total = 0.0;
        for k in 0..cosines.len() {
            total += cosines[k];
        }
        result[i] = total;
    }
    result
}

#[test]
fn elements_of_other_iterations_keep_loops_apart() {
    let (a, b) = (Array2::zeros((9, 9)), Array2::ones((9, 9)));
    let (_, a, b) = every_way!(reversed_second(&mut a, &mut b) with a = a.clone(), b = b.clone());
    assert_eq!((a.sum(), b.sum()), (162.0, 243.0));
    let fresh = || Array1::from_elem(20_000, 2.0);
    let (_, _, b) = every_way!(one_element_after(&mut a, &mut b) with a = fresh(), b = fresh());
    assert_eq!(b, Array1::from_elem(20_000, 7.0));
    let (_, _, b) = every_way!(one_element_before(&mut a, &mut b) with a = fresh(), b = fresh());
    assert_eq!(b, fresh());
    let (_, steps) = every_way!(neighbours(&Array1::ones(15))).0;
    assert_eq!(steps.sum(), 14.0);
    every_way!(total_of_all(&Array1::ones(300)));
    let square = || Array2::from_shape_fn((9, 9), |(i, j)| (i * 9 + j) as f64);
    every_way!(transposed_second(&mut a, &mut b) with a = square(), b = square());
    every_way!(rows_below(&mut u, &mut v) with u = square(), v = square());
    for (kernel, reason) in [
        // The second goes down columns.
        (transposed_second::kernel(), "their lengths"),
        (rows_below::kernel(), "a statement between"),
        (reversed_second::kernel(), "`b`"),
        // The element is read once, between the loops.
        (one_element_after::kernel(), "a statement between"),
        (one_element_before::kernel(), "`a`"),
        (neighbours::kernel(), "`sums`"),
        (total_of_all::kernel(), "`cosines`"),
    ] {
        assert_eq!(counts(kernel.clone()).0, 2, "{}", kernel.name());
        assert!(refuses(kernel.clone(), reason), "{}", kernel.explain().unwrap());
    }
}

#[kernel]
fn weighted_twice(a: &ArrayRef2<f64>) -> f64 {
    let weights = [0.5, 1.5, 2.5];
    let mut scaled = Array2::<f64>::zeros(a.raw_dim());
    for i in prange(0..a.nrows()) {
        scaled[[i, 0]] = a[[i, 0]] * weights[i % 3];
    }
    let mut total = 0.0;
    for i in prange(0..a.nrows()) {
        total += scaled[[i, 0]] * weights[0];
    }
    total
}

#[test]
fn a_table_at_any_place_keeps_no_loops_apart() {
    every_way!(weighted_twice(&Array2::from_shape_fn((100, 1), |(i, _)| i as f64)));
    assert_eq!(counts(weighted_twice::kernel()).0, 1, "{}", weighted_twice::kernel().explain().unwrap());
}

#[kernel]
fn pure_calls_between(n: usize, x: f64) -> Array1<f64> {
    let a = Array1::<f64>::ones(n);
    let c = x.ceil().max(1.5) as i64;
    let b = Array1::<f64>::ones(n);
    a + b + c as f64
}

#[kernel]
fn everything_of_one_size(n: usize) -> f64 {
    let a = Array1::<f64>::ones(n);
    let b = &a * 2.0 + 1.0;
    let mut c = Array1::zeros(n);
    for i in prange(0..n) {
        c[i] = a[i] + b[i];
    }
    c.sum()
}

#[kernel]
fn extremes_with_arrays(n: usize) -> Array1<f64> {
    let a = Array1::<f64>::ones(n);
    let c = &a * 1.0;
    let (mut sum, mut least) = (0.0, f64::INFINITY);
    for i in prange(0..n) {
        sum += c[i];
        least = least.min(a[i]);
    }
    Array1::<f64>::from_elem(1, sum + least)
}

#[test]
fn one_size_is_one_region() {
    assert_eq!(every_way!(pure_calls_between(9, 1.2)).0, Array1::from_elem(9, 4.0));
    assert_eq!(counts(pure_calls_between::kernel()), (1, 1));
    assert_eq!(every_way!(everything_of_one_size(100)).0, 400.0);
    assert_eq!(counts(everything_of_one_size::kernel()), (1, 0));
    assert_eq!(every_way!(extremes_with_arrays(256)).0, array![257.0]);
    assert_eq!(counts(extremes_with_arrays::kernel()), (2, 1), "the second makes the result of one element");
}

#[test]
fn without_fusion_results_are_the_same_but_regions_are_more() {
    let apart = Engine::builder().fuse(false).build().unwrap();
    let expected = engines()[0].install(|| everything_of_one_size::serial(10_000)).unwrap();
    apart.install(|| {
        assert_eq!(everything_of_one_size::serial(10_000).unwrap(), expected);
        assert_eq!(everything_of_one_size::parallel(10_000).unwrap(), expected);
        let (regions, arrays) = counts(everything_of_one_size::kernel());
        // The ones, twice them and one more, the zeros, the loop, the sum.
        assert_eq!((regions, arrays), (5, 4));
    });
}

#[kernel]
fn randoms(n: usize) -> Array1<f64> {
    let (a, b) = (Array1::<f64>::random(n), Array1::<f64>::random(n));
    let (c, d) = (Array1::<f64>::random(n), Array1::<f64>::random(n));
    a + b + c + d + Array1::<f64>::random(n) + Array1::<f64>::random(n)
}

#[kernel]
fn unused_randoms(n: usize) -> usize {
    let a = Array1::<f64>::random(n);
    let b = Array1::<f64>::random(n);
    a.len() + b.len()
}

#[test]
fn random_arrays_fuse_and_unused_ones_vanish() {
    for n in [0, 1, 9, 9000, 40_000] {
        let found = super::ways::same_bits(|parallel| {
            with_seed(5, || if parallel { randoms::parallel(n) } else { randoms::serial(n) })
        });
        assert_eq!(found, with_seed(5, || randoms(n)));
    }
    assert_eq!(counts(randoms::kernel()), (1, 1));
    assert_eq!(unused_randoms::serial(7).unwrap(), 14);
    assert_eq!(counts(unused_randoms::kernel()), (0, 0));
}

#[kernel]
fn shorter_each_time(n: usize) -> (Array1<f64>, Array1<f64>) {
    let mut a = Array1::<f64>::ones(n + 2);
    let mut b = Array1::<f64>::ones(n + 2);
    for i in prange(0..n) {
        a[i] += 1.0;
    }
    for i in prange(0..n + 1) {
        b[i] += 1.0;
    }
    (a, b)
}

#[kernel]
fn one_more(n: usize) -> f64 {
    let a = Array1::<f64>::ones(n + 1);
    let mut total = 0.0;
    for i in prange(0..n) {
        total += a[i];
    }
    total
}

#[test]
fn different_lengths_stay_apart() {
    for n in [0, 1, 100] {
        every_way!(shorter_each_time(n));
        assert_eq!(every_way!(one_more(n)).0, n as f64);
    }
    assert!(refuses(shorter_each_time::kernel(), "lengths"));
    assert_eq!(counts(one_more::kernel()).0, 2);
}

#[kernel]
fn filled_again(n: usize) -> Array1<f64> {
    let mut a = Array1::<f64>::ones(n);
    a.fill(7.0);
    a
}

#[kernel]
fn overwritten(n: usize) -> Array1<f64> {
    let mut a = Array1::<f64>::zeros(n);
    for i in prange(0..n) {
        a[i] = i as f64;
    }
    a
}

#[test]
fn fills_that_nobody_sees_cost_nothing() {
    assert_eq!(every_way!(filled_again(9)).0, Array1::from_elem(9, 7.0));
    assert_eq!(counts(filled_again::kernel()), (1, 1));
    every_way!(overwritten(9000));
    let explanation = overwritten::kernel().explain().unwrap();
    assert_eq!((explanation.regions.len(), explanation.regions[0].stores), (1, 1), "{explanation}");
}

#[kernel]
fn total_decides(a: &ArrayRef1<i64>) -> (i64, i64) {
    let (mut m, mut n) = (10, 0);
    for i in prange(0..a.len()) {
        m += a[i];
    }
    for i in prange(0..a.len()) {
        if m > 19 {
            n += a[i];
        }
    }
    (m, n)
}

#[kernel]
fn mean_then_distances(a: &ArrayRef1<f64>) -> f64 {
    let mean = a.mean().unwrap();
    let mut squares = 0.0;
    for i in prange(0..a.len()) {
        squares += (a[i] - mean).powi(2);
    }
    squares / a.len() as f64
}

#[test]
fn loops_that_need_a_total_come_after_it() {
    assert_eq!(every_way!(total_decides(&Array1::ones(9))).0, (19, 0));
    assert_eq!(every_way!(total_decides(&Array1::ones(10))).0, (20, 10));
    let a = Array1::from_shape_fn(9000, |i| (i % 13) as f64);
    every_way!(mean_then_distances(&a));
    let kernel = mean_then_distances::kernel();
    assert_eq!(counts(kernel.clone()), (2, 0));
    assert!(refuses(kernel.clone(), "needs the total"), "{}", kernel.explain().unwrap());
}

#[kernel]
fn in_a_serial_loop(x: &ArrayRef2<f64>, steps: usize) -> Array1<f64> {
    let (rows, columns) = x.dim();
    let mut w = Array1::<f64>::ones(columns);
    for _ in 0..steps {
        let mut products = Array1::<f64>::zeros(rows);
        for i in prange(0..rows) {
            let mut product = 0.0;
            for k in 0..columns {
                product += x[[i, k]] * w[k];
            }
            products[i] = product;
        }
        let scaled = 1.0 / (1.0 + (-products).exp()) - 1.0;
        let mut gradient = Array1::<f64>::zeros(columns);
        for k in prange(0..columns) {
            let mut slope = 0.0;
            for i in 0..rows {
                slope += x[[i, k]] * scaled[i];
            }
            gradient[k] = slope;
        }
        w -= &(0.01 * gradient);
    }
    w
}

#[test]
fn regression_steps_are_two_regions_inside_the_loop() {
    let x = Array2::from_shape_fn((200, 9), |(i, k)| ((i * 9 + k) as f64 * 0.7).sin());
    every_way!(in_a_serial_loop(&x, 0));
    every_way!(in_a_serial_loop(&x, 20));
    let (regions, arrays) = counts(in_a_serial_loop::kernel());
    assert!(regions <= 4 && arrays <= 4, "{}", in_a_serial_loop::kernel().explain().unwrap());
}
