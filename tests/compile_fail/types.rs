//! Types that kernels do not know are each reported in one line, together with all other mistakes.

use ndarray::{Array1, ArrayD, ArrayRef, ArrayRef1, ArrayView1, CowArray, Ix1, IxDyn};
use parfuse::prelude::*;

type Deep = ArrayD<String>;

#[kernel]
fn parameters(a: ArrayD<f64>, b: &mut ArrayRef<String, IxDyn>, c: &ArrayRef1<Option<f64>>, d: &ArrayD<u128>) -> f64 {
    let first = a.iter().next();
    loop {}
}

#[kernel]
fn views(a: &ArrayView1<f64>, b: &CowArray<f64, Ix1>, c: [f64; 3], d: &mut [u128], e: Option<f64>) -> f64 {
    1.0
}

#[kernel]
fn aliased(a: &Deep) -> f64 {
    loop {}
}

#[kernel]
fn results(n: usize) -> (ArrayD<f64>, Option<u128>) {
    let local: Array1<Option<u128>> = Array1::default(n);
    (ArrayD::zeros(IxDyn(&[n, n])), local[0])
}

fn main() {
    let _ = results::serial_into(3, &mut 0);
}
