//! Plain loops whose iterations do not need one another: they run in lanes, and nothing else changes.

use super::ways::every_way;
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2};
use parfuse::prelude::*;
use parfuse::{Error, Explanation, Kernel};

fn matrix(n: usize, m: usize) -> Array2<f64> {
    Array2::from_shape_fn((n, m), |(i, j)| ((i * 7 + j * 3) % 23) as f64 / 8.0 - 1.0)
}

fn vector(n: usize) -> Array1<f64> {
    Array1::from_shape_fn(n, |i| (i as f64 * 0.754_877_666) % 1.0)
}

/// A kernel that has so many regions and plain loops left.
#[track_caller]
fn explained(kernel: Kernel, regions: usize, plain: usize) -> Explanation {
    let explanation = kernel.explain().unwrap();
    let found = (explanation.regions.len(), explanation.plain_loops.len());
    assert_eq!(found, (regions, plain), "{explanation}");
    explanation
}

#[kernel]
fn axpy(a: f64, x: &ArrayRef1<f64>, y: &mut ArrayRef1<f64>) {
    for i in 0..y.len() {
        y[i] += a * x[i];
    }
}

#[kernel]
fn strided(x: &ArrayRef1<f64>, y: &mut ArrayRef1<f64>) -> (usize, i64, bool) {
    let (mut above, mut most, mut all) = (10, i64::MIN, true);
    for i in (1..x.len()).step_by(2) {
        let t = x[i].exp() + i as f64;
        if t > 1.5 {
            above += 1;
        }
        most = most.max((t * 8.0) as i64);
        all &= t < 40.0;
        y[i] = t - y[i - 1];
    }
    (above, most, all)
}

#[test]
fn elements_are_computed_in_lanes() {
    for n in [0, 1, 2, 3, 7, 8, 33, 1000, 8193] {
        every_way!(axpy(1.5, &vector(n), &mut y) with y = vector(n));
        every_way!(strided(&vector(n), &mut y) with y = vector(n));
    }
    let explanation = explained(axpy::kernel(), 1, 0);
    let region = &explanation.regions[0];
    assert_eq!((region.plain_loops.len(), region.contiguous_accesses), (1, 3), "{explanation}");
    assert!(explanation.to_string().contains("do not need one another"), "{explanation}");
    let region = &explained(strided::kernel(), 1, 0).regions[0];
    assert_eq!(region.reductions, ["sum usize", "max i64", "and bool"]);
}

#[test]
fn indices_beyond_the_end_are_reported_as_by_the_plain_loop() {
    let mut y = vector(40);
    let error = axpy::parallel(1.0, &vector(33), &mut y).unwrap_err();
    assert!(matches!(error, Error::Index { index: 33, len: 33, iteration: None, .. }), "{error}");
}

#[kernel]
fn heat(start: &ArrayRef2<f64>, steps: usize) -> Array2<f64> {
    let (n, m) = start.dim();
    let mut a = start.to_owned();
    let mut b = start.to_owned();
    for _ in 0..steps {
        for i in 1..n - 1 {
            for j in 1..m - 1 {
                b[[i, j]] = 0.25 * (a[[i - 1, j]] + a[[i + 1, j]] + a[[i, j - 1]] + a[[i, j + 1]]);
            }
        }
        (a, b) = (b, a);
    }
    a
}

#[kernel]
fn smooth(a: &mut ArrayRef2<f64>, steps: usize) {
    let (n, m) = a.dim();
    for _ in 0..steps {
        for i in 1..n - 1 {
            for j in 1..m - 1 {
                a[[i, j]] = 0.5 * a[[i, j]] + 0.25 * (a[[i - 1, j]] + a[[i + 1, j]]);
            }
        }
    }
}

#[test]
fn steps_of_a_simulation_are_regions() {
    for (n, m) in [(2, 2), (3, 3), (3, 40), (17, 35)] {
        for steps in [0, 1, 2, 5] {
            every_way!(heat(&matrix(n, m), steps));
            every_way!(smooth(&mut a, steps) with a = matrix(n, m));
        }
    }
    // One is the copy.
    let explanation = explained(heat::kernel(), 2, 1);
    let region = &explanation.regions[1];
    assert_eq!((region.rank, region.plain_loops.len()), (2, 1), "{explanation}");
    // Rows depend on the rows above; elements of a row on none beside them, so their loop moves out of both.
    let explanation = explained(smooth::kernel(), 1, 0);
    assert_eq!(explanation.regions[0].exchanged.len(), 1, "{explanation}");
    assert_eq!(explanation.regions[0].scattered_accesses, 0, "{explanation}");
}

macro_rules! product {
    ($name:ident: $i:ident, $j:ident, $k:ident in $outer:ident, $middle:ident, $inner:ident) => {
        #[kernel]
        fn $name(a: &ArrayRef2<f64>, b: &ArrayRef2<f64>, c: &mut ArrayRef2<f64>) {
            let ($i, $j, $k) = (a.nrows(), b.ncols(), b.nrows());
            for $outer in 0..$outer {
                for $middle in 0..$middle {
                    for $inner in 0..$inner {
                        c[[$i, $j]] += a[[$i, $k]] * b[[$k, $j]];
                    }
                }
            }
        }
    };
}

product!(ijk: i, j, k in i, j, k);
product!(ikj: i, j, k in i, k, j);
product!(kij: i, j, k in k, i, j);
product!(kji: i, j, k in k, j, i);
product!(jik: i, j, k in j, i, k);
product!(jki: i, j, k in j, k, i);

#[kernel]
fn parallel_ikj(a: &ArrayRef2<f64>, b: &ArrayRef2<f64>, c: &mut ArrayRef2<f64>) {
    for i in prange(0..a.nrows()) {
        for k in 0..b.nrows() {
            let f = a[[i, k]];
            for j in 0..b.ncols() {
                c[[i, j]] += f * b[[k, j]];
            }
        }
    }
}

#[test]
fn products_of_matrices_in_every_order_of_loops_are_one_region() {
    for (n, k, m) in [(0, 2, 3), (4, 0, 5), (3, 2, 0), (1, 1, 1), (5, 7, 33)] {
        let (a, b) = (matrix(n, k), matrix(k, m));
        every_way!(ijk(&a, &b, &mut c) with c = matrix(n, m));
        every_way!(ikj(&a, &b, &mut c) with c = matrix(n, m));
        every_way!(kij(&a, &b, &mut c) with c = matrix(n, m));
        every_way!(kji(&a, &b, &mut c) with c = matrix(n, m));
        every_way!(jik(&a, &b, &mut c) with c = matrix(n, m));
        every_way!(jki(&a, &b, &mut c) with c = matrix(n, m));
        every_way!(parallel_ikj(&a, &b, &mut c) with c = matrix(n, m));
    }
    let plain = [ijk::kernel(), ikj::kernel(), kij::kernel(), kji::kernel(), jik::kernel(), jki::kernel()];
    for kernel in plain.into_iter().chain([parallel_ikj::kernel()]) {
        let explanation = explained(kernel, 1, 0);
        assert_eq!(explanation.regions[0].scattered_accesses, 0, "{explanation}");
    }
    let [two, one] = [ikj::kernel(), kji::kernel()].map(|kernel| explained(kernel, 1, 0).regions[0].rank);
    assert_eq!((two, one), (2, 1));
}

#[kernel]
fn order_matters(x: &ArrayRef1<f64>, y: &mut ArrayRef1<f64>) -> (f64, usize) {
    let (mut sum, mut last) = (0.0, 0);
    for i in 0..x.len() {
        sum += x[i];
    }
    for i in 0..x.len() {
        if x[i] > 0.5 {
            last = i;
        }
    }
    for i in 1..y.len() {
        y[i] += 0.5 * y[i - 1];
    }
    (sum, last)
}

#[test]
fn loops_in_which_order_matters_stay_and_say_why() {
    for n in [0, 1, 9, 100] {
        every_way!(order_matters(&vector(n), &mut y) with y = vector(n));
    }
    let explanation = explained(order_matters::kernel(), 0, 3);
    let reasons = explanation.plain_loops.iter().map(|plain| plain.reason.clone().unwrap_or_default());
    let reasons: Vec<String> = reasons.collect();
    assert!(reasons[0].starts_with("`sum` passes") && reasons[1].starts_with("`last` passes"), "{reasons:?}");
    assert!(reasons[2].contains("elements of `y`"), "{reasons:?}");
}
