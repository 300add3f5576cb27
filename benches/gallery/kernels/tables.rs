//! Dynamic programming: tables whose elements depend on those before.
//!
//! ```text
//! edit_distance  smith_waterman  common_subsequence  nussinov  knapsack  matrix_chain  option_tree  time_warping
//! ```

use super::data::{below, uniform, zeros};
use super::row::{Row, row};
use ndarray::{Array1, ArrayRef1, ArrayRef2};
use parfuse::prelude::*;

#[kernel]
fn edit_distance(a: &ArrayRef1<u8>, b: &ArrayRef1<u8>, table: &mut ArrayRef2<i32>) -> i32 {
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
fn smith_waterman(a: &ArrayRef1<u8>, b: &ArrayRef1<u8>, h: &mut ArrayRef2<i32>) -> i32 {
    let mut best = 0;
    for i in 0..a.len() {
        for j in 0..b.len() {
            let score = if a[i] == b[j] { 3 } else { -3 };
            let diagonal = h[[i, j]] + score;
            let up = h[[i, j + 1]] - 2;
            let left = h[[i + 1, j]] - 2;
            let cell = diagonal.max(up).max(left).max(0);
            h[[i + 1, j + 1]] = cell;
            best = best.max(cell);
        }
    }
    best
}

#[kernel]
fn common_subsequence(a: &ArrayRef1<u8>, b: &ArrayRef1<u8>, table: &mut ArrayRef2<i32>) -> i32 {
    let (n, m) = (a.len(), b.len());
    for i in 1..=n {
        for j in 1..=m {
            table[[i, j]] = if a[i - 1] == b[j - 1] {
                table[[i - 1, j - 1]] + 1
            } else {
                table[[i - 1, j]].max(table[[i, j - 1]])
            };
        }
    }
    table[[n, m]]
}

/// How an RNA folds.
#[kernel]
fn nussinov(bases: &ArrayRef1<i32>, table: &mut ArrayRef2<i32>) {
    let n = bases.len();
    for i in (0..n).rev() {
        for j in i + 1..n {
            table[[i, j]] = table[[i, j]].max(table[[i, j - 1]]);
            table[[i, j]] = table[[i, j]].max(table[[i + 1, j]]);
            let pair = if i < j - 1 && bases[i] + bases[j] == 3 { 1 } else { 0 };
            table[[i, j]] = table[[i, j]].max(table[[i + 1, j - 1]] + pair);
            for k in i + 1..j {
                table[[i, j]] = table[[i, j]].max(table[[i, k]] + table[[k + 1, j]]);
            }
        }
    }
}

#[kernel]
fn knapsack(weight: &ArrayRef1<usize>, value: &ArrayRef1<i64>, best: &mut ArrayRef1<i64>) -> i64 {
    let capacity = best.len() - 1;
    for item in 0..weight.len() {
        for room in (weight[item]..capacity + 1).rev() {
            let with = best[room - weight[item]] + value[item];
            if with > best[room] {
                best[room] = with;
            }
        }
    }
    best[capacity]
}

/// The cheapest order of a product of matrices.
#[kernel]
fn matrix_chain(dimensions: &ArrayRef1<i64>, cost: &mut ArrayRef2<i64>) {
    let n = dimensions.len() - 1;
    for length in 2..n + 1 {
        for i in 0..n + 1 - length {
            let j = i + length - 1;
            let mut best = i64::MAX;
            for k in i..j {
                let c =
                    cost[[i, k]] + cost[[k + 1, j]] + dimensions[i] * dimensions[k + 1] * dimensions[j + 1];
                if c < best {
                    best = c;
                }
            }
            cost[[i, j]] = best;
        }
    }
}

/// An American put by a binomial tree.
#[kernel]
fn option_tree(spot: f64, strike: f64, up: f64, discount: f64, chance: f64, steps: usize) -> f64 {
    let mut values = Array1::<f64>::zeros(steps + 1);
    let mut prices = Array1::<f64>::zeros(steps + 1);
    let mut price = spot;
    for _ in 0..steps {
        price /= up;
    }
    for i in 0..steps + 1 {
        prices[i] = price;
        values[i] = (strike - price).max(0.0);
        price *= up * up;
    }
    for step in (0..steps).rev() {
        for i in 0..step + 1 {
            prices[i] *= up;
            let held = discount * (chance * values[i + 1] + (1.0 - chance) * values[i]);
            values[i] = held.max(strike - prices[i]);
        }
    }
    values[0]
}

#[kernel]
fn time_warping(a: &ArrayRef1<f64>, b: &ArrayRef1<f64>, table: &mut ArrayRef2<f64>) -> f64 {
    let (n, m) = (a.len(), b.len());
    for i in 0..n + 1 {
        for j in 0..m + 1 {
            table[[i, j]] = f64::INFINITY;
        }
    }
    table[[0, 0]] = 0.0;
    for i in 1..n + 1 {
        for j in 1..m + 1 {
            let cost = (a[i - 1] - b[j - 1]).abs();
            table[[i, j]] = cost + table[[i - 1, j]].min(table[[i, j - 1]]).min(table[[i - 1, j - 1]]);
        }
    }
    table[[n, m]]
}

/// The kernels of this file.
pub const ROWS: &[Row] = &[
    row!(edit_distance [250, 2500] |n| reads a = below(4, n, 1), b = below(4, n + 3, 2);
        writes table = zeros((n + 1, n + 4)); call(&a, &b, table)),
    row!(smith_waterman [250, 2500] |n| reads a = below(4, n, 1), b = below(4, n + 3, 2);
        writes h = zeros((n + 1, n + 4)); call(&a, &b, h)),
    row!(common_subsequence [250, 2500] |n| reads a = below(4, n, 1), b = below(4, n + 3, 2);
        writes table = zeros((n + 1, n + 4)); call(&a, &b, table)),
    row!(nussinov [120, 450] |n| reads bases = below(4, n, 1); writes table = zeros((n, n)); call(&bases, table)),
    row!(knapsack [2000, 200_000] |n| reads weight = below(500, 40, 1), value = below(1000, 40, 2);
        writes best = zeros(n + 1); call(&weight, &value, best)),
    row!(matrix_chain [120, 400] least 1 |n| reads dimensions = below(50, n + 1, 1); writes cost = zeros((n, n));
        call(&dimensions, cost)),
    row!(option_tree [300, 5000] |n| call(100.0, 105.0, 1.01, 0.9999, 0.503, n)),
    row!(time_warping [200, 2000] |n| reads a = uniform(n, 1), b = uniform(n + 3, 2);
        writes table = zeros((n + 1, n + 4)); call(&a, &b, table)),
];
