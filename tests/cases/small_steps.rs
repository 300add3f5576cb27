//! Arrays of a few elements in the steps of plain loops: filters, integrators, windows.

use super::ways::every_way;
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, Zip, array};
use parfuse::prelude::*;

/// A filter of position and speed, in matrices as the textbook has them.
#[kernel]
fn filtered(z: &ArrayRef1<f64>, q: f64, r: f64) -> Array2<f64> {
    let f = array![[1.0, 1.0], [0.0, 1.0]];
    let mut x = array![0.0, 0.0];
    let mut p = Array2::<f64>::eye(2);
    let mut out = Array2::<f64>::zeros((z.len(), 2));
    for (k, &measured) in z.iter().enumerate() {
        x = f.dot(&x);
        p = f.dot(&p).dot(&f.t()) + q * Array2::<f64>::eye(2);
        let gain = p.column(0).to_owned() / (p[[0, 0]] + r);
        let innovation = measured - x[0];
        x = x + &gain * innovation;
        let row = p.row(0).to_owned();
        for i in 0..2 {
            for j in 0..2 {
                p[[i, j]] -= gain[i] * row[j];
            }
        }
        out.row_mut(k).assign(&x);
    }
    out
}

/// Runge and Kutta's steps of a state in an array.
#[kernel]
fn pendulum(steps: usize, dt: f64) -> (f64, f64) {
    let slope = |y: &Array1<f64>| array![y[1], -y[0].sin() - 0.1 * y[1]];
    let mut y = array![1.0, 0.0];
    for _ in 0..steps {
        let k1 = slope(&y);
        let k2 = slope(&(&y + 0.5 * dt * &k1));
        let k3 = slope(&(&y + 0.5 * dt * &k2));
        let k4 = slope(&(&y + dt * &k3));
        y = y + dt / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4);
    }
    (y[0], y[1])
}

#[test]
fn steps_over_a_few_elements_launch_nothing() {
    for n in [0, 1, 2, 50] {
        every_way!(filtered(&vector(n), 0.01, 0.1));
        every_way!(pendulum(n, 0.05));
    }
    // The unit matrix is made by a loop of its own, once, in front of the steps.
    let explanation = filtered::kernel().explain().unwrap();
    assert_eq!(explanation.regions.len(), 1, "{explanation}");
    let explanation = pendulum::kernel().explain().unwrap();
    assert_eq!((explanation.regions.len(), explanation.arrays_allocated), (0, 0), "{explanation}");
}

/// Sums of windows, in the order of an array of that shape.
#[kernel]
fn window_sums(a: &ArrayRef2<f64>) -> (Array2<f64>, Array2<f64>) {
    let shape = (a.nrows() - 1, a.ncols() - 2);
    let (mut sums, mut least) = (Array2::<f64>::zeros(shape), Array2::<f64>::zeros(shape));
    Zip::from(&mut sums).and(a.windows((2, 3))).for_each(|sum, window| *sum = window.sum());
    Zip::from(&mut least)
        .and(a.windows((2, 3)))
        .for_each(|least, window| *least = window.fold(f64::INFINITY, |m, x| m.min(*x)));
    (sums, least)
}

#[test]
fn windows_of_a_few_elements_are_summed_without_launches() {
    for (h, w) in [(2, 3), (3, 8), (20, 41)] {
        every_way!(window_sums(&matrix(h, w)));
    }
    let explanation = window_sums::kernel().explain().unwrap();
    assert!(explanation.regions.is_empty(), "{explanation}");
}

fn vector(n: usize) -> Array1<f64> {
    Array1::from_shape_fn(n, |i| (i as f64 * 0.7).sin())
}

fn matrix(rows: usize, columns: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, columns), |(i, j)| ((i * 13 + j * 7) as f64 * 0.3).sin())
}
