//! Operations on whole arrays inside a `prange` that can be seen by their form.

use ndarray::{Array1, ArrayRef1, ArrayRef2};
use parfuse::prelude::*;

#[kernel]
fn work_arrays(m: &ArrayRef2<f64>, out: &mut ArrayRef1<f64>) {
    let mut total = Array1::<f64>::zeros(m.ncols());
    for i in prange(0..m.nrows()) {
        let mut work = Array1::<f64>::zeros(m.ncols());
        for k in 0..m.ncols() {
            work[k] = m[[i, k]];
        }
        work.fill(out[i]);
        let roots = work.mapv(f64::sqrt);
        total += &roots;
        out[i] = roots[0];
    }
    out.fill(total.sum());
}

fn main() {}
