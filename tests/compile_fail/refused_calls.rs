//! Arguments of refused calls are looked at too, so that all mistakes come at once.

use ndarray::{Array1, ArrayRef1, ArrayRef2, Axis, Zip};
use parfuse::prelude::*;

#[kernel]
fn arguments(a: &mut ArrayRef2<f64>, x: f64, k: i64) -> f64 {
    let largest = std::cmp::max(k.ilog(2), 3);
    let folded = a.iter().fold(0.0, |total, value| total + value.next_up());
    let lanes = a.map_axis_mut(Axis(k.to_be() as usize), |row| k.to_be() as f64);
    let made = Array1::linspace(0.0, x.total_cmp(&x) as u128 as f64, 3);
    largest as f64
}

#[kernel]
fn zipped(a: &ArrayRef1<f64>, b: &mut ArrayRef1<f64>) {
    Zip::from(a).and(b).for_each(|x, y| *y = x.copysign(*x).is_sign_negative() as i64 as f64);
}

fn main() {}
