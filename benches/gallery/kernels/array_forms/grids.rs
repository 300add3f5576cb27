//! Stencils as sums of slices, and time steps over grids.
//!
//! ```text
//! jacobi_1d_arrays  jacobi_2d_arrays  heat_3d_arrays  seidel_2d_arrays  fdtd_2d_arrays  adi_arrays  deriche_arrays
//! life_arrays  wave_2d_arrays  horizontal_diffusion_arrays  vertical_advection_arrays  cavity_arrays  channel_arrays
//! ```

use super::data::{below, scaled, uniform, zeros};
use super::row::{Row, row};
use ndarray::{Array1, Array2, Array3, Axis, Zip, s};
use parfuse::prelude::*;

#[kernel]
fn jacobi_1d_arrays(a: &mut Array1<f64>, b: &mut Array1<f64>, steps: usize) {
    for _ in 0..steps {
        b.slice_mut(s![1..-1])
            .assign(&(0.33333 * (&a.slice(s![..-2]) + &a.slice(s![1..-1]) + &a.slice(s![2..]))));
        a.slice_mut(s![1..-1])
            .assign(&(0.33333 * (&b.slice(s![..-2]) + &b.slice(s![1..-1]) + &b.slice(s![2..]))));
    }
}

#[kernel]
fn jacobi_2d_arrays(a: &mut Array2<f64>, b: &mut Array2<f64>, steps: usize) {
    for _ in 0..steps {
        let next = 0.2
            * (&a.slice(s![1..-1, 1..-1])
                + &a.slice(s![1..-1, ..-2])
                + &a.slice(s![1..-1, 2..])
                + &a.slice(s![2.., 1..-1])
                + &a.slice(s![..-2, 1..-1]));
        b.slice_mut(s![1..-1, 1..-1]).assign(&next);
        let next = 0.2
            * (&b.slice(s![1..-1, 1..-1])
                + &b.slice(s![1..-1, ..-2])
                + &b.slice(s![1..-1, 2..])
                + &b.slice(s![2.., 1..-1])
                + &b.slice(s![..-2, 1..-1]));
        a.slice_mut(s![1..-1, 1..-1]).assign(&next);
    }
}

#[kernel]
fn heat_3d_arrays(a: &Array3<f64>, steps: usize) -> Array3<f64> {
    let mut a = a.clone();
    for _ in 0..steps {
        let here = a.slice(s![1..-1, 1..-1, 1..-1]);
        let twice = 2.0 * &here;
        let next = 0.125 * (&a.slice(s![2.., 1..-1, 1..-1]) - &twice + &a.slice(s![..-2, 1..-1, 1..-1]))
            + 0.125 * (&a.slice(s![1..-1, 2.., 1..-1]) - &twice + &a.slice(s![1..-1, ..-2, 1..-1]))
            + 0.125 * (&a.slice(s![1..-1, 1..-1, 2..]) - &twice + &a.slice(s![1..-1, 1..-1, ..-2]))
            + &here;
        a.slice_mut(s![1..-1, 1..-1, 1..-1]).assign(&next);
    }
    a
}

/// The sums of eight neighbours by slices, those of the row itself one after the other.
#[kernel]
fn seidel_2d_arrays(a: &mut Array2<f64>, steps: usize) {
    let (n, m) = a.dim();
    for _ in 0..steps {
        for i in 1..n - 1 {
            let others = &a.slice(s![i - 1, ..-2])
                + &a.slice(s![i - 1, 1..-1])
                + &a.slice(s![i - 1, 2..])
                + &a.slice(s![i, 2..])
                + &a.slice(s![i + 1, ..-2])
                + &a.slice(s![i + 1, 1..-1])
                + &a.slice(s![i + 1, 2..]);
            for j in 1..m - 1 {
                a[[i, j]] = (a[[i, j]] + others[j - 1] + a[[i, j - 1]]) / 9.0;
            }
        }
    }
}

#[kernel]
fn fdtd_2d_arrays(ex: &mut Array2<f64>, ey: &mut Array2<f64>, hz: &mut Array2<f64>, source: &Array1<f64>) {
    for t in 0..source.len() {
        ey.row_mut(0).fill(source[t]);
        let change = 0.5 * (&hz.slice(s![1.., ..]) - &hz.slice(s![..-1, ..]));
        let mut inner = ey.slice_mut(s![1.., ..]);
        inner -= &change;
        let change = 0.5 * (&hz.slice(s![.., 1..]) - &hz.slice(s![.., ..-1]));
        let mut inner = ex.slice_mut(s![.., 1..]);
        inner -= &change;
        let curl = &ex.slice(s![..-1, 1..]) - &ex.slice(s![..-1, ..-1]) + &ey.slice(s![1.., ..-1])
            - &ey.slice(s![..-1, ..-1]);
        hz.slice_mut(s![..-1, ..-1]).scaled_add(-0.7, &curl);
    }
}

/// Half steps along columns, then along rows, each with a sweep there and back over whole rows.
#[kernel]
fn adi_arrays(u: &mut Array2<f64>, steps: usize) {
    let n = u.nrows();
    let (a, b, c, d, e, f) = (-0.1, 1.2, -0.1, -0.2, 1.4, -0.2);
    let mut v = Array2::<f64>::zeros((n, n));
    let mut p = Array2::<f64>::zeros((n, n));
    let mut q = Array2::<f64>::zeros((n, n));
    for _ in 0..steps {
        v.slice_mut(s![0, 1..-1]).fill(1.0);
        p.slice_mut(s![1..-1, 0]).fill(0.0);
        q.slice_mut(s![1..-1, 0]).fill(1.0);
        for j in 1..n - 1 {
            let below = 1.0 / (a * &p.slice(s![1..-1, j - 1]) + b);
            p.slice_mut(s![1..-1, j]).assign(&(-c * &below));
            let right = -d * &u.slice(s![j, ..-2]) + (1.0 + 2.0 * d) * &u.slice(s![j, 1..-1])
                - f * &u.slice(s![j, 2..])
                - a * &q.slice(s![1..-1, j - 1]);
            q.slice_mut(s![1..-1, j]).assign(&(right * &below));
        }
        v.slice_mut(s![n - 1, 1..-1]).fill(1.0);
        for j in (1..n - 1).rev() {
            let row = &p.slice(s![1..-1, j]) * &v.slice(s![j + 1, 1..-1]) + &q.slice(s![1..-1, j]);
            v.slice_mut(s![j, 1..-1]).assign(&row);
        }
        u.slice_mut(s![1..-1, 0]).fill(1.0);
        p.slice_mut(s![1..-1, 0]).fill(0.0);
        q.slice_mut(s![1..-1, 0]).fill(1.0);
        for j in 1..n - 1 {
            let below = 1.0 / (d * &p.slice(s![1..-1, j - 1]) + e);
            p.slice_mut(s![1..-1, j]).assign(&(-f * &below));
            let right = -a * &v.slice(s![..-2, j]) + (1.0 + 2.0 * a) * &v.slice(s![1..-1, j])
                - c * &v.slice(s![2.., j])
                - d * &q.slice(s![1..-1, j - 1]);
            q.slice_mut(s![1..-1, j]).assign(&(right * &below));
        }
        u.slice_mut(s![1..-1, n - 1]).fill(1.0);
        for j in (1..n - 1).rev() {
            let column = &p.slice(s![1..-1, j]) * &u.slice(s![1..-1, j + 1]) + &q.slice(s![1..-1, j]);
            u.slice_mut(s![1..-1, j]).assign(&column);
        }
    }
}

/// A recursive filter along rows and columns, both ways.
#[kernel]
fn deriche_arrays(image: &Array2<f64>) -> Array2<f64> {
    let (w, h) = image.dim();
    let (a1, a2, a3, a4, b1, b2) = (0.35, -0.22, 0.31, -0.15, 0.9, -0.2);
    let mut y1 = Array2::<f64>::zeros((w, h));
    let mut y2 = Array2::<f64>::zeros((w, h));
    y1.column_mut(0).assign(&(a1 * &image.column(0)));
    let next = a1 * &image.column(1) + a2 * &image.column(0) + b1 * &y1.column(0);
    y1.column_mut(1).assign(&next);
    for j in 2..h {
        let next = a1 * &image.column(j)
            + a2 * &image.column(j - 1)
            + b1 * &y1.column(j - 1)
            + b2 * &y1.column(j - 2);
        y1.column_mut(j).assign(&next);
    }
    y2.column_mut(h - 2).assign(&(a3 * &image.column(h - 1)));
    for j in (0..h - 2).rev() {
        let next = a3 * &image.column(j + 1)
            + a4 * &image.column(j + 2)
            + b1 * &y2.column(j + 1)
            + b2 * &y2.column(j + 2);
        y2.column_mut(j).assign(&next);
    }
    let smooth = &y1 + &y2;
    y1.row_mut(0).assign(&(a1 * &smooth.row(0)));
    let next = a1 * &smooth.row(1) + a2 * &smooth.row(0) + b1 * &y1.row(0);
    y1.row_mut(1).assign(&next);
    for i in 2..w {
        let next = a1 * &smooth.row(i) + a2 * &smooth.row(i - 1) + b1 * &y1.row(i - 1) + b2 * &y1.row(i - 2);
        y1.row_mut(i).assign(&next);
    }
    y2.row_mut(w - 1).fill(0.0);
    y2.row_mut(w - 2).assign(&(a3 * &smooth.row(w - 1)));
    for i in (0..w - 2).rev() {
        let next =
            a3 * &smooth.row(i + 1) + a4 * &smooth.row(i + 2) + b1 * &y2.row(i + 1) + b2 * &y2.row(i + 2);
        y2.row_mut(i).assign(&next);
    }
    y1 + y2
}

/// Conway's cells: sums of eight slices, and a rule.
#[kernel]
fn life_arrays(cells: &mut Array2<u8>, steps: usize) {
    for _ in 0..steps {
        let neighbours = &cells.slice(s![..-2, ..-2])
            + &cells.slice(s![..-2, 1..-1])
            + &cells.slice(s![..-2, 2..])
            + &cells.slice(s![1..-1, ..-2])
            + &cells.slice(s![1..-1, 2..])
            + &cells.slice(s![2.., ..-2])
            + &cells.slice(s![2.., 1..-1])
            + &cells.slice(s![2.., 2..]);
        cells
            .slice_mut(s![1..-1, 1..-1])
            .zip_mut_with(&neighbours, |cell, &n| *cell = (n == 3 || (n == 2 && *cell == 1)) as u8);
    }
}

#[kernel]
fn wave_2d_arrays(u: &Array2<f64>, steps: usize, c: f64) -> Array2<f64> {
    let mut before = u.clone();
    let mut now = u.clone();
    for _ in 0..steps {
        let mut after = now.clone();
        let here = now.slice(s![1..-1, 1..-1]);
        let around = &now.slice(s![..-2, 1..-1])
            + &now.slice(s![2.., 1..-1])
            + &now.slice(s![1..-1, ..-2])
            + &now.slice(s![1..-1, 2..])
            - 4.0 * &here;
        after
            .slice_mut(s![1..-1, 1..-1])
            .assign(&(2.0 * &here - &before.slice(s![1..-1, 1..-1]) + c * around));
        before = now;
        now = after;
    }
    now
}

/// Weather models' fourth-order diffusion with limited fluxes.
#[kernel]
fn horizontal_diffusion_arrays(field: &Array3<f64>, coefficient: &Array3<f64>) -> Array3<f64> {
    let laplacian = 4.0 * &field.slice(s![1..-1, 1..-1, ..])
        - (&field.slice(s![2.., 1..-1, ..])
            + &field.slice(s![..-2, 1..-1, ..])
            + &field.slice(s![1..-1, 2.., ..])
            + &field.slice(s![1..-1, ..-2, ..]));
    let flow = &laplacian.slice(s![1.., 1..-1, ..]) - &laplacian.slice(s![..-1, 1..-1, ..]);
    let slope = &field.slice(s![2..-1, 2..-2, ..]) - &field.slice(s![1..-2, 2..-2, ..]);
    let flux_x = Zip::from(&flow).and(&slope).map_collect(|&f, &d| if f * d > 0.0 { 0.0 } else { f });
    let flow = &laplacian.slice(s![1..-1, 1.., ..]) - &laplacian.slice(s![1..-1, ..-1, ..]);
    let slope = &field.slice(s![2..-2, 2..-1, ..]) - &field.slice(s![2..-2, 1..-2, ..]);
    let flux_y = Zip::from(&flow).and(&slope).map_collect(|&f, &d| if f * d > 0.0 { 0.0 } else { f });
    &field.slice(s![2..-2, 2..-2, ..])
        - coefficient
            * &(&flux_x.slice(s![1.., .., ..]) - &flux_x.slice(s![..-1, .., ..])
                + &flux_y.slice(s![.., 1.., ..])
                - &flux_y.slice(s![.., ..-1, ..]))
}

/// A tridiagonal solve along the last axis for every column of air, level by level.
#[kernel]
fn vertical_advection_arrays(wind: &Array3<f64>, field: &Array3<f64>) -> Array3<f64> {
    let levels = field.dim().0;
    let mut c = Array3::<f64>::zeros(field.raw_dim());
    let mut d = Array3::<f64>::zeros(field.raw_dim());
    for k in 0..levels {
        let weight = 0.25 * &wind.index_axis(Axis(0), k);
        if k == 0 {
            c.index_axis_mut(Axis(0), 0).assign(&weight);
            d.index_axis_mut(Axis(0), 0).assign(&field.index_axis(Axis(0), 0));
        } else {
            let below = 1.0 / (1.0 + &weight * &c.index_axis(Axis(0), k - 1));
            let right = &field.index_axis(Axis(0), k) + &weight * &d.index_axis(Axis(0), k - 1);
            c.index_axis_mut(Axis(0), k).assign(&(&weight * &below));
            d.index_axis_mut(Axis(0), k).assign(&(right * below));
        }
    }
    let mut out = d.clone();
    for k in (0..levels - 1).rev() {
        let next = &d.index_axis(Axis(0), k) - &c.index_axis(Axis(0), k) * &out.index_axis(Axis(0), k + 1);
        out.index_axis_mut(Axis(0), k).assign(&next);
    }
    out
}

/// Flow in a box whose lid moves: pressure by sweeps, velocities by one step.
#[kernel]
fn cavity_arrays(u: &mut Array2<f64>, v: &mut Array2<f64>, p: &mut Array2<f64>, steps: usize) {
    let (rho, nu, dt, dx, dy) = (1.0, 0.1, 0.0001, 0.1, 0.1);
    for _ in 0..steps {
        let du = (&u.slice(s![1..-1, 2..]) - &u.slice(s![1..-1, ..-2])) / (2.0 * dx);
        let dv = (&v.slice(s![2.., 1..-1]) - &v.slice(s![..-2, 1..-1])) / (2.0 * dy);
        let cross = (&u.slice(s![2.., 1..-1]) - &u.slice(s![..-2, 1..-1])) / (2.0 * dy)
            * &(&v.slice(s![1..-1, 2..]) - &v.slice(s![1..-1, ..-2]))
            / (2.0 * dx);
        let source = rho * ((&du + &dv) / dt - &du * &du - 2.0 * cross - &dv * &dv);
        for _ in 0..4 {
            let old = p.clone();
            let next = ((&old.slice(s![1..-1, 2..]) + &old.slice(s![1..-1, ..-2])) * (dy * dy)
                + (&old.slice(s![2.., 1..-1]) + &old.slice(s![..-2, 1..-1])) * (dx * dx))
                / (2.0 * (dx * dx + dy * dy))
                - dx * dx * dy * dy / (2.0 * (dx * dx + dy * dy)) * &source;
            p.slice_mut(s![1..-1, 1..-1]).assign(&next);
            let edge = p.slice(s![.., -2]).to_owned();
            p.slice_mut(s![.., -1]).assign(&edge);
            let edge = p.slice(s![1, ..]).to_owned();
            p.slice_mut(s![0, ..]).assign(&edge);
            p.slice_mut(s![-1, ..]).fill(0.0);
        }
        let (old_u, old_v) = (u.clone(), v.clone());
        let here = old_u.slice(s![1..-1, 1..-1]);
        let there = old_v.slice(s![1..-1, 1..-1]);
        let next = &here
            - &here * (dt / dx) * &(&here - &old_u.slice(s![1..-1, ..-2]))
            - &there * (dt / dy) * &(&here - &old_u.slice(s![..-2, 1..-1]))
            - dt / (2.0 * rho * dx) * (&p.slice(s![1..-1, 2..]) - &p.slice(s![1..-1, ..-2]))
            + nu * (dt / (dx * dx)
                * (&old_u.slice(s![1..-1, 2..]) - 2.0 * &here + &old_u.slice(s![1..-1, ..-2]))
                + dt / (dy * dy)
                    * (&old_u.slice(s![2.., 1..-1]) - 2.0 * &here + &old_u.slice(s![..-2, 1..-1])));
        u.slice_mut(s![1..-1, 1..-1]).assign(&next);
        u.row_mut(0).fill(0.0);
        u.slice_mut(s![-1, ..]).fill(1.0);
        let next = &there
            - &here * (dt / dx) * &(&there - &old_v.slice(s![1..-1, ..-2]))
            - &there * (dt / dy) * &(&there - &old_v.slice(s![..-2, 1..-1]))
            - dt / (2.0 * rho * dy) * (&p.slice(s![2.., 1..-1]) - &p.slice(s![..-2, 1..-1]))
            + nu * (dt / (dx * dx)
                * (&old_v.slice(s![1..-1, 2..]) - 2.0 * &there + &old_v.slice(s![1..-1, ..-2]))
                + dt / (dy * dy)
                    * (&old_v.slice(s![2.., 1..-1]) - 2.0 * &there + &old_v.slice(s![..-2, 1..-1])));
        v.slice_mut(s![1..-1, 1..-1]).assign(&next);
    }
}

/// Flow in a channel: the first and last columns are neighbours, until nothing changes much.
#[kernel]
fn channel_arrays(u: &mut Array2<f64>, v: &Array2<f64>, p: &Array2<f64>) -> usize {
    let (dt, dx, dy, nu, force) = (0.001, 0.1, 0.1, 0.1, 1.0);
    let mut change = 1.0;
    let mut steps = 0;
    while change > 0.0005 && steps < 20 {
        let old = u.clone();
        let here = old.slice(s![1..-1, 1..-1]);
        let next = &here
            - &here * (dt / dx) * &(&here - &old.slice(s![1..-1, ..-2]))
            - &v.slice(s![1..-1, 1..-1]) * (dt / dy) * &(&here - &old.slice(s![..-2, 1..-1]))
            - dt / (2.0 * dx) * (&p.slice(s![1..-1, 2..]) - &p.slice(s![1..-1, ..-2]))
            + nu * (dt / (dx * dx)
                * (&old.slice(s![1..-1, 2..]) - 2.0 * &here + &old.slice(s![1..-1, ..-2])))
            + force * dt;
        u.slice_mut(s![1..-1, 1..-1]).assign(&next);
        let around =
            &old.slice(s![1..-1, 0]) + &(dt * (&old.slice(s![1..-1, 1]) - &old.slice(s![1..-1, -1])));
        u.slice_mut(s![1..-1, 0]).assign(&around);
        u.slice_mut(s![1..-1, -1]).assign(&around);
        u.row_mut(0).fill(0.0);
        change = (u.sum() - old.sum()) / u.sum();
        steps += 1;
    }
    steps
}

pub const ROWS: &[Row] = &[
    row!(jacobi_1d_arrays [4_000, 2_000_000] least 3 |n| writes a = uniform(n, 1), b = uniform(n, 2); call(a, b, 10)),
    row!(jacobi_2d_arrays [150, 1_500] least 3 |n|
        writes a = uniform((n, n), 1), b = uniform((n, n), 2); call(a, b, 4)),
    row!(heat_3d_arrays [24, 160] least 3 |n| reads a = uniform((n, n, n), 1); call(&a, 4)),
    row!(seidel_2d_arrays [150, 1_500] least 3 |n| writes a = uniform((n, n), 1); call(a, 4)),
    row!(fdtd_2d_arrays [100, 900] least 3 |n| reads source = uniform(5, 4);
        writes ex = uniform((n, n), 1), ey = uniform((n, n), 2), hz = uniform((n, n), 3); call(ex, ey, hz, &source)),
    row!(adi_arrays [100, 800] least 3 |n| writes u = uniform((n, n), 1); call(u, 2)),
    row!(deriche_arrays [120, 1_200] least 3 |n| reads image = uniform((n, n), 1); call(&image)),
    row!(life_arrays [250, 2_000] least 3 |n| writes cells = below(2, (n, n), 1); call(cells, 5)),
    row!(wave_2d_arrays [120, 1_200] least 3 |n| reads u = uniform((n, n), 1); call(&u, 5, 0.1)),
    row!(horizontal_diffusion_arrays [30, 130] least 5 |n|
        reads field = uniform((n, n, n), 1), coefficient = uniform((n - 4, n - 4, n), 2); call(&field, &coefficient)),
    row!(vertical_advection_arrays [24, 120] least 1 |n|
        reads wind = uniform((n, n, n), 1), field = uniform((n, n, n), 2); call(&wind, &field)),
    row!(cavity_arrays [60, 500] least 3 |n|
        writes u = zeros((n, n)), v = zeros((n, n)), p = scaled(uniform((n, n), 1), 0.01, 0.0); call(u, v, p, 5)),
    row!(channel_arrays rounded [80, 600] least 3 |n|
        reads v = scaled(uniform((n, n), 1), 0.1, 0.0), p = uniform((n, n), 2);
        writes u = uniform((n, n), 3); call(u, &v, &p)),
];
