//! Products of matrices that are long enough for copies of their columns: whatever the layout and the type, and whatever is
//! not there to be copied.

use super::ways::every_way;
use ndarray::{Array2, Array3, ArrayRef2, ArrayRef3};
use parfuse::prelude::*;

fn matrix(n: usize, m: usize) -> Array2<f64> {
    Array2::from_shape_fn((n, m), |(i, j)| ((i * 7 + j * 3) % 23) as f64 / 8.0 - 1.1)
}

#[kernel]
fn product(a: &ArrayRef2<f64>, b: &ArrayRef2<f64>, c: &mut ArrayRef2<f64>) {
    for i in prange(0..a.nrows()) {
        for j in 0..b.ncols() {
            c[[i, j]] = 0.0;
        }
        for k in 0..a.ncols() {
            for j in 0..b.ncols() {
                c[[i, j]] += a[[i, k]] * b[[k, j]];
            }
        }
    }
}

#[kernel]
fn with_transposed(a: &ArrayRef2<f32>, b: &ArrayRef2<f32>, c: &mut ArrayRef2<f32>) {
    for i in prange(0..a.nrows()) {
        for j in 0..b.nrows() {
            let mut sum = 0.5;
            for k in 0..a.ncols() {
                sum += a[[i, k]] * b[[j, k]];
            }
            c[[i, j]] -= sum;
        }
    }
}

#[kernel]
fn many(a: &ArrayRef3<f64>, b: &ArrayRef2<f64>, c: &mut ArrayRef3<f64>) {
    let (e, n, l) = a.dim();
    for e in prange(0..e) {
        for i in 0..n {
            for j in 0..c.dim().2 {
                let mut sum = 0.0;
                for k in 0..l {
                    sum += a[[e, i, k]] * b[[k, j]];
                }
                c[[e, i, j]] = sum;
            }
        }
    }
}

#[test]
fn sums_have_the_bits_of_the_loop_in_each_layout() {
    for (n, l, m) in [(32, 64, 32), (37, 65, 70), (33, 5, 130)] {
        let (a, b) = (matrix(n, l), matrix(l, m));
        every_way!(product(&a, &b, &mut c) with c = matrix(n, m));
        let columns = b.t().as_standard_layout().to_owned().reversed_axes();
        every_way!(product(&a, &columns, &mut c) with c = matrix(n, m));
        every_way!(product(&a, &b, &mut c) with c = matrix(m, n).reversed_axes());
    }
}

#[test]
fn neighbours_along_the_sum_are_copied_to_where_lanes_find_them() {
    for (n, l, m) in [(32, 4, 64), (35, 19, 133)] {
        let [a, b] = [matrix(n, l), matrix(m, l)].map(|matrix| matrix.mapv(|x| x as f32));
        every_way!(with_transposed(&a, &b, &mut c) with c = Array2::<f32>::ones((n, m)));
    }
    let kernel = with_transposed::kernel().explain().unwrap();
    assert_eq!(kernel.arrays_allocated, 1, "{kernel}");
}

#[test]
fn nothing_is_copied_for_loops_that_do_not_run() {
    // There are fewer rows and columns than copies would have.
    for (e, b) in [(0, matrix(2, 3)), (2, matrix(66, 75))] {
        let a = Array3::from_shape_fn((e, 36, 66), |(e, i, j)| (e * 5 + i * 3 + j) as f64 / 7.0);
        every_way!(many(&a, &b, &mut c) with c = Array3::<f64>::zeros((e, 36, 75)));
    }
}
