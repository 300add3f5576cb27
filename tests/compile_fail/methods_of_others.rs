//! Methods and functions of ndarray, num and the standard library that kernels do not have.

use ndarray::{Array1, ArrayRef1, Zip};
use parfuse::prelude::*;

#[kernel]
fn arrays(a: &ArrayRef1<f64>, n: usize) -> f64 {
    let summed = a.iter().fuse().sum::<f64>();
    let largest = a.iter().cloned().by_ref().fold(0.0, f64::max);
    let column = a.to_owned().into_shared();
    let grid = Array1::from(vec![1.0, 2.0]);
    Zip::from(a).all(|x| true).then(|| 1);
    summed + largest + column.sum() + grid.sum()
}

#[kernel]
fn numbers(k: i64, x: f64) -> f64 {
    let swapped = k.to_be().ilog(2);
    let larger = std::cmp::max(k, 3);
    let magnitude = x.copysign(2.0);
    swapped as f64 + larger as f64 + magnitude
}

#[kernel]
fn labelled(n: usize) -> usize {
    let mut k = 0;
    'outer: for i in prange(0..n) {
        if i > 3 {
            break 'outer;
        }
        k += 1;
    }
    k
}

fn main() {}
