//! Small whole programs, of the kind that kernels are for: stencils, matrices, searches, sorts, simulations.

use crate::cases::ways::{every_way, same_bits};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, array};
use parfuse::prelude::*;

#[kernel]
fn heat(start: &ArrayRef2<f64>, steps: usize) -> Array2<f64> {
    let (h, w) = start.dim();
    let mut now = start.to_owned();
    let mut next = start.to_owned();
    for _ in 0..steps {
        for i in prange(1..h - 1) {
            for j in 1..w - 1 {
                let around = now[[i - 1, j]] + now[[i + 1, j]] + now[[i, j - 1]] + now[[i, j + 1]];
                next[[i, j]] = 0.25 * around;
            }
        }
        (now, next) = (next, now);
    }
    now
}

#[kernel]
fn life(cells: &ArrayRef2<bool>) -> Array2<bool> {
    let (h, w) = cells.dim();
    let mut next = Array2::<bool>::default((h, w));
    for i in prange(0..h) {
        for j in 0..w {
            let mut neighbours = 0;
            for di in 0..3 {
                for dj in 0..3 {
                    let (y, x) = ((i + h + di - 1) % h, (j + w + dj - 1) % w);
                    if cells[[y, x]] && !(di == 1 && dj == 1) {
                        neighbours += 1;
                    }
                }
            }
            next[[i, j]] = neighbours == 3 || cells[[i, j]] && neighbours == 2;
        }
    }
    next
}

#[kernel]
fn smooth(a: &ArrayRef1<f64>) -> Array1<f64> {
    let n = a.len();
    let mut r = a.to_owned();
    for i in prange(1..n.max(1) - 1) {
        r[i] = (a[i - 1] + 2.0 * a[i] + a[i + 1]) / 4.0;
    }
    r
}

#[test]
fn stencils() {
    for n in [2, 3, 9, 40] {
        let start = Array2::from_shape_fn((n, n + 1), |(i, j)| (i * j % 7) as f64);
        for steps in [0, 1, 2, 9] {
            every_way!(heat(&start, steps));
        }
        every_way!(life(&start.mapv(|x| x > 2.0)));
    }
    for n in [2, 3, 8, 9, 1000, 40_000] {
        every_way!(smooth(&Array1::from_shape_fn(n, |i| (i * i % 11) as f64)));
    }
}

#[kernel]
fn sort_rows(a: &mut ArrayRef2<f64>) {
    let (h, w) = a.dim();
    for i in prange(0..h) {
        for k in 1..w {
            let x = a[[i, k]];
            let mut j = k;
            while j > 0 && a[[i, j - 1]] > x {
                a[[i, j]] = a[[i, j - 1]];
                j -= 1;
            }
            a[[i, j]] = x;
        }
    }
}

#[kernel]
fn search(sorted: &ArrayRef1<f64>, wanted: &ArrayRef1<f64>) -> Array1<usize> {
    let mut places = Array1::zeros(wanted.len());
    for i in prange(0..wanted.len()) {
        let (mut low, mut high) = (0, sorted.len());
        while low < high {
            let middle = (low + high) / 2;
            if sorted[middle] < wanted[i] {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        places[i] = low;
    }
    places
}

#[kernel]
fn count_per_row(bins: &ArrayRef2<usize>, kinds: usize) -> Array2<i64> {
    let (h, w) = bins.dim();
    let mut counts = Array2::zeros((h, kinds));
    for i in prange(0..h) {
        for j in 0..w {
            counts[[i, bins[[i, j]]]] += 1;
        }
    }
    counts
}

#[test]
fn sorts_searches_and_counts() {
    for (h, w) in [(0, 4), (1, 1), (7, 9), (50, 31), (200, 5)] {
        let a = Array2::from_shape_fn((h, w), |(i, j)| ((i * 31 + j * 17) % 23) as f64);
        let (_, sorted) = every_way!(sort_rows(&mut a) with a = a.clone());
        for row in sorted.rows() {
            assert!(row.iter().zip(row.iter().skip(1)).all(|(x, y)| x <= y));
        }
        let counts = every_way!(count_per_row(&a.mapv(|x| x as usize), 23)).0;
        assert_eq!(counts.sum() as usize, h * w);
    }
    let sorted = Array1::from_shape_fn(1000, |i| 3.0 * i as f64);
    for n in [0, 1, 9, 5000] {
        let places = every_way!(search(&sorted, &Array1::from_shape_fn(n, |i| i as f64))).0;
        assert!(places.iter().enumerate().all(|(i, at)| *at == i.div_ceil(3).min(1000)));
    }
}

#[kernel]
fn shortest_paths(distances: &ArrayRef2<f64>) -> Array2<f64> {
    let n = distances.nrows();
    let mut d = distances.to_owned();
    for k in 0..n {
        let before = d.clone();
        for i in prange(0..n) {
            for j in 0..n {
                d[[i, j]] = before[[i, j]].min(before[[i, k]] + before[[k, j]]);
            }
        }
    }
    d
}

#[kernel]
fn power_iteration(m: &ArrayRef2<f64>, rounds: usize) -> (f64, Array1<f64>) {
    let n = m.nrows();
    let mut v = Array1::<f64>::ones(n);
    let mut size = 0.0;
    for _ in 0..rounds {
        let mut w = Array1::<f64>::zeros(n);
        for i in prange(0..n) {
            for j in 0..n {
                w[i] += m[[i, j]] * v[j];
            }
        }
        size = (&w * &w).sum().sqrt();
        v = w / size;
    }
    (size, v)
}

#[kernel]
fn pull(dx: f64, dy: f64) -> (f64, f64) {
    let distance = dx * dx + dy * dy + 0.01;
    let strength = 1.0 / (distance * distance.sqrt());
    (dx * strength, dy * strength)
}

#[kernel]
fn bodies(x: &mut ArrayRef1<f64>, y: &mut ArrayRef1<f64>, steps: usize) {
    let n = x.len();
    let (mut vx, mut vy) = (Array1::<f64>::zeros(n), Array1::<f64>::zeros(n));
    for _ in 0..steps {
        for i in prange(0..n) {
            let (mut fx, mut fy) = (0.0, 0.0);
            for j in 0..n {
                if i != j {
                    let (px, py) = pull(x[j] - x[i], y[j] - y[i]);
                    fx += px;
                    fy += py;
                }
            }
            vx[i] += 0.01 * fx;
            vy[i] += 0.01 * fy;
        }
        x.scaled_add(0.01, &vx);
        y.scaled_add(0.01, &vy);
    }
}

#[test]
fn matrices_and_simulations() {
    for n in [0, 1, 2, 9, 33] {
        let m = Array2::from_shape_fn((n, n), |(i, j)| 1.0 + ((i * 7 + j * 3) % 10) as f64);
        every_way!(shortest_paths(&m));
        every_way!(power_iteration(&m, 7));
        let fresh = |k: f64| Array1::from_shape_fn(n, |i| (i as f64 * k).sin());
        every_way!(bodies(&mut x, &mut y, 5) with x = fresh(1.3), y = fresh(2.7));
    }
}

#[kernel]
fn sieve(n: usize) -> (Array1<bool>, i64) {
    let mut prime = Array1::<bool>::from_elem(n, true);
    for i in prange(0..n) {
        let mut is_prime = i > 1;
        let mut d = 2;
        while is_prime && d * d <= i {
            is_prime = i % d != 0;
            d += 1;
        }
        prime[i] = is_prime;
    }
    let count = prime.mapv(|p| p as i64).sum();
    (prime, count)
}

#[kernel]
fn horner(coefficients: &ArrayRef1<f64>, x: &ArrayRef1<f64>) -> Array1<f64> {
    let mut y = Array1::zeros(x.len());
    for i in prange(0..x.len()) {
        let mut sum = 0.0;
        for k in (0..coefficients.len()).rev() {
            sum = sum * x[i] + coefficients[k];
        }
        y[i] = sum;
    }
    y
}

#[kernel]
fn table(a: &ArrayRef1<i32>, values: &ArrayRef1<f32>) -> Array1<f32> {
    a.mapv(|k| values[k as usize] * 2.0)
}

#[kernel]
fn run_lengths(a: &ArrayRef1<i64>) -> (i64, usize) {
    let (mut longest, mut at) = (0, 0);
    let mut run = 0;
    for i in 0..a.len() {
        if i > 0 && a[i] == a[i - 1] {
            run += 1;
        } else {
            run = 1;
        }
        if run > longest {
            longest = run;
            at = i + 1 - run as usize;
        }
    }
    (longest, at)
}

#[test]
fn numbers_polynomials_tables_and_runs() {
    assert_eq!(every_way!(sieve(100)).0.1, 25);
    for n in [0, 1, 2, 3, 9, 1000] {
        every_way!(sieve(n));
        let x = Array1::from_shape_fn(n, |i| i as f64 / 100.0 - 3.0);
        every_way!(horner(&array![1.0, -2.0, 0.5, 0.25], &x));
        every_way!(horner(&Array1::zeros(0), &x));
        every_way!(table(&Array1::from_shape_fn(n, |i| i as i32 % 3), &array![0.5, 1.5, 2.5]));
    }
    assert_eq!(every_way!(run_lengths(&array![1, 1, 2, 2, 2, 1])).0, (3, 2));
}

#[kernel]
fn walk(n: usize, steps: usize) -> (Array1<i64>, f64, i64) {
    let offset = random::<f64>();
    let mut ends = Array1::zeros(n);
    let mut total = 0;
    for i in prange(0..n) {
        let mut x = 0;
        for _ in 0..steps {
            if random::<bool>() {
                x += 1;
            } else if random::<f32>() < 0.5 {
                x -= 2;
            }
        }
        ends[i] = x;
        total += x;
    }
    let noise = Array2::<f64>::random((3, n)).sum();
    let last: i64 = random();
    (ends, offset + noise, total ^ last)
}

#[kernel]
fn nested_draws(n: usize) -> (i64, i64) {
    let (mut forwards, mut backwards) = (0, 0);
    for i in prange((1..n).step_by(3)) {
        for _ in prange(0..i % 4) {
            forwards ^= random::<i32>() as i64;
        }
        forwards ^= random::<i64>();
    }
    for i in prange((0..n).rev()) {
        backwards ^= random::<i64>().wrapping_mul(i as i64);
    }
    (forwards, backwards)
}

#[test]
fn random_numbers_are_those_of_the_plain_function() {
    for n in [0, 1, 2, 9, 100, 9000] {
        for seed in [0, 7] {
            let found = same_bits(|parallel| {
                with_seed(seed, || if parallel { walk::parallel(n, 20) } else { walk::serial(n, 20) })
            });
            crate::cases::ways::agrees_with_plain(&with_seed(seed, || walk(n, 20)), &found);
            let found = same_bits(|parallel| {
                with_seed(seed, || if parallel { nested_draws::parallel(n) } else { nested_draws::serial(n) })
            });
            assert_eq!(found, with_seed(seed, || nested_draws(n)));
        }
    }
}
