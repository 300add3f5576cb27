//! Stencils in one to three dimensions, with borders that are fixed and borders that wrap.
//!
//! ```text
//! heat_1d  wave_1d  jacobi_2d  jacobi_2d_swapped  jacobi_slices  heat_3d  red_black  seidel_2d
//! periodic_by_remainder  periodic_by_if  life  fdtd_2d  adi  upwind  horizontal_diffusion  vertical_advection
//! ```

use super::data::{below, scaled, uniform, zeros};
use super::row::{Row, row};
use ndarray::{Array1, Array2, Array3, ArrayRef1, ArrayRef2, ArrayRef3, s};
use parfuse::prelude::*;
use rayon::prelude::*;

#[kernel]
fn heat_1d(start: &ArrayRef1<f64>, steps: usize) -> Array1<f64> {
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

/// A ring: every neighbour by a remainder.
#[kernel]
fn wave_1d(before: &ArrayRef1<f64>, now: &ArrayRef1<f64>, after: &mut ArrayRef1<f64>, c: f64) {
    let n = now.len();
    for i in 0..n {
        let left = now[(i + n - 1) % n];
        let right = now[(i + 1) % n];
        after[i] = 2.0 * now[i] - before[i] + c * (left - 2.0 * now[i] + right);
    }
}

/// Sweeps there and back, in one call.
#[kernel]
fn jacobi_2d(a: &mut ArrayRef2<f64>, b: &mut ArrayRef2<f64>, steps: usize) {
    let (n, m) = a.dim();
    for _ in 0..steps {
        for i in prange(1..n - 1) {
            for j in 1..m - 1 {
                b[[i, j]] = 0.2 * (a[[i, j]] + a[[i, j - 1]] + a[[i, j + 1]] + a[[i + 1, j]] + a[[i - 1, j]]);
            }
        }
        for i in prange(1..n - 1) {
            for j in 1..m - 1 {
                a[[i, j]] = 0.2 * (b[[i, j]] + b[[i, j - 1]] + b[[i, j + 1]] + b[[i + 1, j]] + b[[i - 1, j]]);
            }
        }
    }
}

fn jacobi_2d_by_hand(a: &mut ArrayRef2<f64>, b: &mut ArrayRef2<f64>, steps: usize) {
    let (n, m) = a.dim();
    let sweep = |from: &ArrayRef2<f64>, to: &mut ArrayRef2<f64>| {
        let from = from.as_slice().expect("neighbours");
        let rows = to.as_slice_mut().expect("neighbours")[m..(n - 1) * m].par_chunks_mut(m);
        rows.enumerate().for_each(|(i, row)| {
            let [above, here, below] = [i, i + 1, i + 2].map(|i| &from[i * m..(i + 1) * m]);
            for j in 1..m - 1 {
                row[j] = 0.2 * (here[j] + here[j - 1] + here[j + 1] + below[j] + above[j]);
            }
        });
    };
    for _ in 0..steps {
        sweep(a, b);
        sweep(b, a);
    }
}

#[kernel]
fn jacobi_2d_swapped(start: &ArrayRef2<f64>, steps: usize) -> Array2<f64> {
    let (n, m) = start.dim();
    let mut a = start.to_owned();
    let mut b = start.to_owned();
    for _ in 0..steps {
        for i in 1..n - 1 {
            for j in 1..m - 1 {
                b[[i, j]] = 0.25 * (a[[i, j - 1]] + a[[i, j + 1]] + a[[i + 1, j]] + a[[i - 1, j]]);
            }
        }
        std::mem::swap(&mut a, &mut b);
    }
    a
}

#[kernel]
fn jacobi_slices(u: &ArrayRef2<f64>) -> Array2<f64> {
    let across = &u.slice(s![..-2, 1..-1]) + &u.slice(s![2.., 1..-1]);
    let along = &u.slice(s![1..-1, ..-2]) + &u.slice(s![1..-1, 2..]);
    (across + along) * 0.25
}

#[kernel]
fn heat_3d(a: &ArrayRef3<f64>, b: &mut ArrayRef3<f64>) {
    let (n, m, p) = a.dim();
    for i in prange(1..n - 1) {
        for j in 1..m - 1 {
            for k in 1..p - 1 {
                b[[i, j, k]] = 0.125 * (a[[i + 1, j, k]] - 2.0 * a[[i, j, k]] + a[[i - 1, j, k]])
                    + 0.125 * (a[[i, j + 1, k]] - 2.0 * a[[i, j, k]] + a[[i, j - 1, k]])
                    + 0.125 * (a[[i, j, k + 1]] - 2.0 * a[[i, j, k]] + a[[i, j, k - 1]])
                    + a[[i, j, k]];
            }
        }
    }
}

#[kernel]
fn red_black(u: &mut ArrayRef2<f64>, f: &ArrayRef2<f64>) {
    let (n, m) = u.dim();
    for colour in 0..2 {
        for i in 1..n - 1 {
            let first = 1 + (i + colour) % 2;
            for j in (first..m - 1).step_by(2) {
                u[[i, j]] =
                    0.25 * (u[[i - 1, j]] + u[[i + 1, j]] + u[[i, j - 1]] + u[[i, j + 1]] - f[[i, j]]);
            }
        }
    }
}

#[kernel]
fn seidel_2d(a: &mut ArrayRef2<f64>) {
    let (n, m) = a.dim();
    for i in 1..n - 1 {
        for j in 1..m - 1 {
            a[[i, j]] = (a[[i - 1, j - 1]]
                + a[[i - 1, j]]
                + a[[i - 1, j + 1]]
                + a[[i, j - 1]]
                + a[[i, j]]
                + a[[i, j + 1]]
                + a[[i + 1, j - 1]]
                + a[[i + 1, j]]
                + a[[i + 1, j + 1]])
                / 9.0;
        }
    }
}

#[kernel]
fn periodic_by_remainder(a: &ArrayRef2<f64>, b: &mut ArrayRef2<f64>) {
    let (n, m) = a.dim();
    for i in prange(0..n) {
        for j in 0..m {
            b[[i, j]] =
                a[[(i + 1) % n, j]] + a[[(i + n - 1) % n, j]] + a[[i, (j + 1) % m]] + a[[i, (j + m - 1) % m]]
                    - 4.0 * a[[i, j]];
        }
    }
}

#[kernel]
fn periodic_by_if(a: &ArrayRef2<f64>, b: &mut ArrayRef2<f64>) {
    let (n, m) = a.dim();
    for i in prange(0..n) {
        let above = if i == 0 { n - 1 } else { i - 1 };
        let below = if i == n - 1 { 0 } else { i + 1 };
        for j in 0..m {
            let left = if j == 0 { m - 1 } else { j - 1 };
            let right = if j == m - 1 { 0 } else { j + 1 };
            b[[i, j]] = a[[above, j]] + a[[below, j]] + a[[i, left]] + a[[i, right]] - 4.0 * a[[i, j]];
        }
    }
}

#[kernel]
fn life(cells: &ArrayRef2<u8>, next: &mut ArrayRef2<u8>) {
    let (n, m) = cells.dim();
    for i in prange(0..n) {
        let (up, down) = ((i + n - 1) % n, (i + 1) % n);
        for j in 0..m {
            let (left, right) = ((j + m - 1) % m, (j + 1) % m);
            let alive = cells[[up, left]]
                + cells[[up, j]]
                + cells[[up, right]]
                + cells[[i, left]]
                + cells[[i, right]]
                + cells[[down, left]]
                + cells[[down, j]]
                + cells[[down, right]];
            next[[i, j]] = if alive == 3 || (alive == 2 && cells[[i, j]] == 1) { 1 } else { 0 };
        }
    }
}

#[kernel]
fn fdtd_2d(
    ex: &mut ArrayRef2<f64>,
    ey: &mut ArrayRef2<f64>,
    hz: &mut ArrayRef2<f64>,
    source: &ArrayRef1<f64>,
) {
    let (n, m) = hz.dim();
    for t in 0..source.len() {
        for j in 0..m {
            ey[[0, j]] = source[t];
        }
        for i in prange(1..n) {
            for j in 0..m {
                ey[[i, j]] -= 0.5 * (hz[[i, j]] - hz[[i - 1, j]]);
            }
        }
        for i in prange(0..n) {
            for j in 1..m {
                ex[[i, j]] -= 0.5 * (hz[[i, j]] - hz[[i, j - 1]]);
            }
        }
        for i in prange(0..n - 1) {
            for j in 0..m - 1 {
                hz[[i, j]] -= 0.7 * (ex[[i, j + 1]] - ex[[i, j]] + ey[[i + 1, j]] - ey[[i, j]]);
            }
        }
    }
}

/// One step in alternating directions: columns, then rows.
#[kernel]
fn adi(u: &mut ArrayRef2<f64>, v: &mut ArrayRef2<f64>, p: &mut ArrayRef2<f64>, q: &mut ArrayRef2<f64>) {
    let n = u.nrows();
    let (a, b, c, d, f) = (-0.3, 1.6, -0.3, -0.2, -0.2);
    for i in 1..n - 1 {
        v[[0, i]] = 1.0;
        p[[i, 0]] = 0.0;
        q[[i, 0]] = v[[0, i]];
        for j in 1..n - 1 {
            p[[i, j]] = -c / (a * p[[i, j - 1]] + b);
            q[[i, j]] =
                (-d * u[[j, i - 1]] + (1.0 + 2.0 * d) * u[[j, i]] - f * u[[j, i + 1]] - a * q[[i, j - 1]])
                    / (a * p[[i, j - 1]] + b);
        }
        v[[n - 1, i]] = 1.0;
        for j in (1..n - 1).rev() {
            v[[j, i]] = p[[i, j]] * v[[j + 1, i]] + q[[i, j]];
        }
    }
    for i in 1..n - 1 {
        u[[i, 0]] = 1.0;
        p[[i, 0]] = 0.0;
        q[[i, 0]] = u[[i, 0]];
        for j in 1..n - 1 {
            p[[i, j]] = -f / (d * p[[i, j - 1]] + b);
            q[[i, j]] =
                (-a * v[[i - 1, j]] + (1.0 + 2.0 * a) * v[[i, j]] - c * v[[i + 1, j]] - d * q[[i, j - 1]])
                    / (d * p[[i, j - 1]] + b);
        }
        u[[i, n - 1]] = 1.0;
        for j in (1..n - 1).rev() {
            u[[i, j]] = p[[i, j]] * u[[i, j + 1]] + q[[i, j]];
        }
    }
}

/// Transport against the wind, which blows both ways.
#[kernel]
fn upwind(c: &ArrayRef2<f64>, wind: &ArrayRef2<f64>, next: &mut ArrayRef2<f64>) {
    let (n, m) = c.dim();
    for i in prange(0..n) {
        for j in 1..m - 1 {
            let w = wind[[i, j]];
            let slope = if w > 0.0 { c[[i, j]] - c[[i, j - 1]] } else { c[[i, j + 1]] - c[[i, j]] };
            next[[i, j]] = c[[i, j]] - 0.1 * w * slope;
        }
    }
}

/// Weather: fluxes of a Laplacian, limited.
#[kernel]
fn horizontal_diffusion(input: &ArrayRef3<f64>, coefficient: &ArrayRef3<f64>) -> Array3<f64> {
    let lap = 4.0 * &input.slice(s![1..-1, 1..-1, ..])
        - (&input.slice(s![2.., 1..-1, ..])
            + &input.slice(s![..-2, 1..-1, ..])
            + &input.slice(s![1..-1, 2.., ..])
            + &input.slice(s![1..-1, ..-2, ..]));
    let fx = &lap.slice(s![1.., 1..-1, ..]) - &lap.slice(s![..-1, 1..-1, ..]);
    let dx = &input.slice(s![2..-1, 2..-2, ..]) - &input.slice(s![1..-2, 2..-2, ..]);
    let x = (&fx * &dx).mapv(|p| if p > 0.0 { 0.0 } else { 1.0 }) * fx;
    let fy = &lap.slice(s![1..-1, 1.., ..]) - &lap.slice(s![1..-1, ..-1, ..]);
    let dy = &input.slice(s![2..-2, 2..-1, ..]) - &input.slice(s![2..-2, 1..-2, ..]);
    let y = (&fy * &dy).mapv(|p| if p > 0.0 { 0.0 } else { 1.0 }) * fy;
    let divergence = &x.slice(s![1.., .., ..]) - &x.slice(s![..-1, .., ..]) + &y.slice(s![.., 1.., ..])
        - &y.slice(s![.., ..-1, ..]);
    &input.slice(s![2..-2, 2..-2, ..]) - coefficient * divergence
}

/// Weather: an implicit equation in each column of air.
#[kernel]
fn vertical_advection(
    speed: &ArrayRef3<f64>,
    wind: &ArrayRef3<f64>,
    position: &ArrayRef3<f64>,
    tendency: &mut ArrayRef3<f64>,
    c: &mut ArrayRef3<f64>,
    d: &mut ArrayRef3<f64>,
) {
    let (ni, nj, nk) = tendency.dim();
    let (dt, beta) = (0.15, 0.6);
    for i in prange(0..ni) {
        for j in 0..nj {
            let w = 0.25 * (wind[[i + 1, j, 1]] + wind[[i, j, 1]]);
            let upper = w * beta;
            let correction = -w * (1.0 - beta) * (speed[[i, j, 1]] - speed[[i, j, 0]]);
            let b = dt - upper;
            c[[i, j, 0]] = upper / b;
            d[[i, j, 0]] = (dt * position[[i, j, 0]] + tendency[[i, j, 0]] + correction) / b;
            for k in 1..nk - 1 {
                let below = -0.25 * (wind[[i + 1, j, k]] + wind[[i, j, k]]);
                let above = 0.25 * (wind[[i + 1, j, k + 1]] + wind[[i, j, k + 1]]);
                let a = below * beta;
                let upper = above * beta;
                let b = dt - a - upper;
                let correction = -below * (1.0 - beta) * (speed[[i, j, k - 1]] - speed[[i, j, k]])
                    - above * (1.0 - beta) * (speed[[i, j, k + 1]] - speed[[i, j, k]]);
                let right = dt * position[[i, j, k]] + tendency[[i, j, k]] + correction;
                let divided = 1.0 / (b - c[[i, j, k - 1]] * a);
                c[[i, j, k]] = upper * divided;
                d[[i, j, k]] = (right - d[[i, j, k - 1]] * a) * divided;
            }
            let mut value = d[[i, j, nk - 2]];
            tendency[[i, j, nk - 2]] = dt * (value - position[[i, j, nk - 2]]);
            for k in (0..nk - 2).rev() {
                value = d[[i, j, k]] - c[[i, j, k]] * value;
                tendency[[i, j, k]] = dt * (value - position[[i, j, k]]);
            }
        }
    }
}

/// To a grid twice as coarse, as multigrid solvers do.
#[kernel]
fn restrict(fine: &ArrayRef2<f64>, coarse: &mut ArrayRef2<f64>) {
    let (h, w) = coarse.dim();
    for i in prange(0..h) {
        for j in 0..w {
            let (y, x) = (2 * i + 1, 2 * j + 1);
            coarse[[i, j]] = 0.25 * fine[[y, x]]
                + 0.125 * (fine[[y - 1, x]] + fine[[y + 1, x]] + fine[[y, x - 1]] + fine[[y, x + 1]])
                + 0.0625
                    * (fine[[y - 1, x - 1]]
                        + fine[[y - 1, x + 1]]
                        + fine[[y + 1, x - 1]]
                        + fine[[y + 1, x + 1]]);
        }
    }
}

/// The kernels of this file.
pub const ROWS: &[Row] = &[
    row!(heat_1d [10_000, 1_000_000] least 1 |n| reads start = uniform(n, 1); call(&start, 20)),
    row!(wave_1d [10_000, 4_000_000] |n| reads before = uniform(n, 1), now = uniform(n, 2);
        writes after = zeros(n); call(&before, &now, after, 0.3)),
    row!(jacobi_2d [150, 1500] least 2 |n| writes a = uniform((n, n + 1), 1), b = uniform((n, n + 1), 2);
        call(a, b, 3) rayon jacobi_2d_by_hand),
    row!(jacobi_2d_swapped [150, 1000] least 1 |n| reads start = uniform((n, n + 1), 1); call(&start, 6)),
    row!(jacobi_slices [150, 2500] least 2 |n| reads u = uniform((n, n + 1), 1); call(&u)),
    row!(heat_3d [30, 180] least 1 |n| reads a = uniform((n, n + 1, n + 2), 1); writes b = zeros((n, n + 1, n + 2));
        call(&a, b)),
    row!(red_black [150, 2000] least 1 |n| reads f = uniform((n, n + 1), 2); writes u = uniform((n, n + 1), 1);
        call(u, &f)),
    row!(seidel_2d [200, 1500] least 1 |n| writes a = uniform((n, n + 1), 1); call(a)),
    row!(periodic_by_remainder [150, 2500] |n| reads a = uniform((n, n + 1), 1); writes b = zeros((n, n + 1));
        call(&a, b)),
    row!(periodic_by_if [150, 2500] |n| reads a = uniform((n, n + 1), 1); writes b = zeros((n, n + 1));
        call(&a, b)),
    row!(life [300, 5000] |n| reads cells = below(2, (n, n + 1), 1); writes next = zeros((n, n + 1));
        call(&cells, next)),
    row!(fdtd_2d [120, 900] least 1 |n| reads source = uniform(4, 4);
        writes ex = uniform((n, n + 1), 1), ey = uniform((n, n + 1), 2), hz = uniform((n, n + 1), 3);
        call(ex, ey, hz, &source)),
    row!(adi [100, 1000] least 2 |n| writes u = uniform((n, n), 1), v = zeros((n, n)), p = zeros((n, n)),
        q = zeros((n, n)); call(u, v, p, q)),
    row!(upwind [120, 2000] |n| reads c = uniform((n, n + 2), 1), wind = scaled(uniform((n, n + 2), 2), 2.0, -1.0);
        writes next = zeros((n, n + 2)); call(&c, &wind, next)),
    row!(horizontal_diffusion [36, 200] least 1 |n| reads input = uniform((n + 4, n + 5, n / 2 + 3), 1),
        coefficient = uniform((n, n + 1, n / 2 + 3), 2); call(&input, &coefficient)),
    row!(vertical_advection [24, 128] |n| reads speed = uniform((n, n + 1, n / 2 + 3), 1),
        wind = uniform((n + 1, n + 1, n / 2 + 3), 2), position = uniform((n, n + 1, n / 2 + 3), 3);
        writes tendency = uniform((n, n + 1, n / 2 + 3), 4), c = zeros((n, n + 1, n / 2 + 3)), d = zeros((n, n + 1, n / 2 + 3));
        call(&speed, &wind, &position, tendency, c, d)),
    row!(restrict [120, 1500] |n| reads fine = uniform((2 * n + 1, 2 * n + 3), 1); writes coarse = zeros((n, n + 1));
        call(&fine, coarse)),
];
