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
fn products_of_matrices_in_every_order_of_loops_are_without_gathers() {
    for (n, k, m) in [(0, 2, 3), (4, 0, 5), (3, 2, 0), (1, 1, 1), (5, 7, 33), (35, 66, 71)] {
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
        // Copies of columns in strips, several rows at a time of these and of the last columns, and the last rows; of six, two
        // of the last ones at a time.
        let six = kernel.explain().unwrap().to_string().contains("6 rows at a time");
        let explanation = explained(kernel, 4 + six as usize, 0);
        let in_lanes = |region: &parfuse::RegionReport| region.rank >= 2 && region.scattered_accesses == 0;
        assert!(explanation.regions.iter().all(in_lanes), "{explanation}");
    }
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

#[kernel]
fn lu(a: &mut ArrayRef2<f64>) {
    let n = a.nrows();
    for k in 0..n {
        for i in k + 1..n {
            a[[i, k]] /= a[[k, k]];
            for j in k + 1..n {
                a[[i, j]] -= a[[i, k]] * a[[k, j]];
            }
        }
    }
}

#[kernel]
fn triangular_update(a: &ArrayRef2<f64>, c: &mut ArrayRef2<f64>, alpha: f64, beta: f64) {
    for i in prange(0..c.nrows()) {
        for j in 0..i + 1 {
            c[[i, j]] *= beta;
        }
        for k in 0..a.ncols() {
            for j in 0..i + 1 {
                c[[i, j]] += alpha * a[[i, k]] * a[[j, k]];
            }
        }
    }
}

#[kernel]
fn row_counts(x: &ArrayRef2<f64>, limit: f64) -> (Array1<i64>, Array1<usize>) {
    let mut counts = Array1::zeros(x.nrows());
    let mut lengths = Array1::zeros(x.nrows());
    for i in prange(0..x.nrows()) {
        let mut count = 0;
        let mut length = 0;
        for j in 0..x.ncols() {
            if x[[i, j]] > limit {
                count += 1;
            }
        }
        if count > 2 {
            for j in 0..x.ncols() {
                length += (x[[i, j]] * 3.0) as usize;
            }
        } else {
            for j in 0..x.ncols() / 2 {
                length = length.max(j * count as usize);
            }
        }
        counts[i] = count;
        lengths[i] = length;
    }
    (counts, lengths)
}

#[kernel]
fn shortest_paths(d: &mut ArrayRef2<f64>) {
    let n = d.nrows();
    for k in 0..n {
        for i in 0..n {
            let through = d[[i, k]];
            for j in 0..n {
                d[[i, j]] = d[[i, j]].min(through + d[[k, j]]);
            }
        }
    }
}

#[kernel]
fn sparse_times_columns(
    rows: &ArrayRef1<usize>,
    columns: &ArrayRef1<usize>,
    values: &ArrayRef1<f64>,
    x: &ArrayRef2<f64>,
    y: &mut ArrayRef2<f64>,
) {
    for i in prange(0..y.nrows()) {
        for p in rows[i]..rows[i + 1] {
            let v = values[p];
            let c = columns[p];
            for j in 0..y.ncols() {
                y[[i, j]] += v * x[[c, j]];
            }
        }
    }
}

#[kernel]
fn waves(a: &mut ArrayRef1<f64>, b: &mut ArrayRef1<f64>, steps: usize) -> f64 {
    let n = a.len();
    let mut energy = 0.0;
    let mut t = 0;
    while t < steps {
        for i in 1..n {
            b[i] += 0.5 * (a[i] - a[i - 1]);
        }
        for i in 0..n - 1 {
            a[i] += 0.5 * (b[i + 1] - b[i]);
        }
        energy += a[n / 2] * a[n / 2];
        t += 1;
    }
    energy
}

#[test]
fn loops_inside_scalar_code_run_in_lanes() {
    for n in [0, 1, 2, 3, 8, 17, 40] {
        let dominant =
            Array2::from_shape_fn(
                (n, n),
                |(i, j)| {
                    if i == j { 40.0 } else { ((i * 7 + j * 3) % 5) as f64 - 2.0 }
                },
            );
        every_way!(lu(&mut a) with a = dominant.clone());
        every_way!(triangular_update(&matrix(n, 5), &mut c, 1.5, 0.5) with c = matrix(n, n));
        every_way!(row_counts(&matrix(n, 2 * n).mapv(f64::abs), 0.4));
        every_way!(shortest_paths(&mut d) with d = matrix(n, n).mapv(|x| x.abs() + 0.1));
        let rows = Array1::from_shape_fn(n + 1, |i| i * 2);
        let columns = Array1::from_shape_fn(2 * n, |p| (p * 5) % n.max(1));
        every_way!(
            sparse_times_columns(&rows, &columns, &vector(2 * n), &matrix(n, 16), &mut y)
                with y = matrix(n, 16)
        );
        if n > 0 {
            every_way!(waves(&mut a, &mut b, 7) with a = vector(n), b = vector(n));
        }
    }
    // Shortest paths have rows above the one that all need, that row, and rows below it.
    let kernels = [lu::kernel(), shortest_paths::kernel(), waves::kernel()];
    for (kernel, lanes) in kernels.into_iter().zip([1, 3, 2]) {
        let explanation = kernel.explain().unwrap();
        assert_eq!(explanation.lane_loops.len(), lanes, "{explanation}");
        assert!(explanation.to_string().contains("loops in lanes inside scalar code"), "{explanation}");
    }
}

#[kernel]
fn clipped(x: &ArrayRef1<f64>, y: &mut ArrayRef1<f64>, limit: f64) -> i64 {
    let mut over = 0;
    for i in 1..x.len() {
        let rise = x[i] - x[i - 1];
        if rise > limit {
            over += 1;
            y[i] = limit;
        } else {
            y[i] = rise * 0.5;
        }
    }
    over
}

#[test]
fn both_sides_of_a_branch_run_in_lanes() {
    for n in [0, 1, 2, 9, 40] {
        let x = Array1::from_shape_fn(n, |i| (i * 7 % 11) as f64);
        every_way!(clipped(&x, &mut y, 3.0) with y = Array1::<f64>::zeros(n));
    }
    explained(clipped::kernel(), 1, 0);
    // The first element that is too far away is the one that is reported.
    let (x, mut y) = (Array1::zeros(9), Array1::zeros(5));
    let error = clipped::parallel(&x, &mut y, 3.0).unwrap_err().to_string();
    assert!(error.contains("index 5 is out of range for axis 0 of `y` with length 5"), "{error}");
}
