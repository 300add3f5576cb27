//! Arrays: element-wise operators and methods, `mapv`, sums, updates of wholes and of elements, shapes.

use crate::cases::ways::{SIZES, every_way};
use ndarray::{Array1, Array2, Array3, ArrayRef1, ArrayRef2, ArrayRef3, array};
use parfuse::prelude::*;

#[kernel]
fn methods(a: &ArrayRef1<f64>) -> Array1<f64> {
    let wave = a.sin() + a.cos() * a.tanh();
    let growth = (a / 10.0).exp() - a.abs().sqrt() + (a.abs() + 1.0).ln();
    let steps = a.floor() + a.ceil() - a.round() + a.trunc().fract() + a.signum();
    wave + growth + steps + a.powi(2) - a.abs().powf(0.5) + (a + 100.0).recip() + a.to_degrees().to_radians()
}

#[kernel]
fn functions(a: &ArrayRef1<f64>) -> Array1<f64> {
    let powers = a.exp2() - a.exp_m1() + a.sinh() / a.cosh();
    let positive = a.abs() + 1.5;
    let logarithms = positive.log2() + positive.log10() * positive.log(3.0) - positive.ln_1p();
    let inverses = a.asinh() - positive.acosh() + (a / 20.0).atanh();
    powers + logarithms + inverses + a.cbrt() * a.hypot(2.0)
}

#[kernel]
fn singles(a: &ArrayRef1<f32>) -> Array1<f32> {
    (a * 0.5).exp() + a.sqrt() - 1.0
}

#[kernel]
fn maps(a: &ArrayRef1<f64>, limit: f64) -> (Array1<f64>, Array1<i64>, Array1<bool>) {
    let clipped = a.mapv(|x| if x > limit { limit } else { x });
    let counted = a.mapv(|x| {
        let mut k = 0;
        let mut rest = x.abs();
        while rest > 1.0 {
            rest /= 2.0;
            k += 1;
        }
        k
    });
    let roots = a.mapv(f64::abs).mapv_into(f64::sqrt);
    (clipped + roots, counted, a.mapv(|x| x > 0.0))
}

#[test]
fn elements_are_mapped_by_operators_methods_and_closures() {
    for n in SIZES {
        let a = Array1::from_shape_fn(n, |i| (i % 41) as f64 * 0.37 - 5.0);
        every_way!(methods(&a));
        every_way!(functions(&a));
        every_way!(singles(&a.mapv(|x| x.abs() as f32)));
        every_way!(maps(&a, 3.0));
    }
}

#[kernel]
fn in_place_maps(a: &mut ArrayRef1<f64>) {
    a.mapv_inplace(|x| x * 2.0 + 1.0);
    *a -= 0.5;
    *a *= 3.0;
    *a /= 7.0;
}

#[kernel]
fn updates(a: &mut Array2<f64>, b: &Array2<f64>, v: &Array1<f64>) {
    *a += b;
    *a -= v;
    *a *= &(b + 1.0);
    a.scaled_add(0.5, b);
    a[[0, 0]] = 9.0;
    a[[0, 1]] += 2.0;
    a[[1, 0]] *= 3.0;
    a[(1, 1)] -= 4.0;
}

#[kernel]
fn assigned(a: &mut ArrayRef2<f64>, v: &ArrayRef1<f64>, x: f64) -> f64 {
    let before = a.sum();
    a.assign(v);
    let between = a.sum();
    a.fill(x);
    before + between * 10.0 + a.sum() * 100.0
}

#[test]
fn wholes_and_elements_are_updated_in_order() {
    for n in SIZES {
        every_way!(in_place_maps(&mut a) with a = Array1::from_shape_fn(n, |i| i as f64));
    }
    let b = Array2::from_shape_fn((40, 3), |(i, j)| (i + j) as f64 * 0.25);
    let v = array![1.0, 2.0, 3.0];
    every_way!(updates(&mut a, &b, &v) with a = b.clone() * 2.0);
    every_way!(assigned(&mut a, &v, 4.0) with a = b.clone());
}

#[kernel]
fn summaries(a: &ArrayRef2<f64>) -> (f64, f64, f64, f64) {
    let mean = a.mean().unwrap_or(-1.0);
    let centred = a - mean;
    let spread = (&centred * &centred).mean().unwrap_or_default();
    ((a + 1.0).sum(), mean, spread, (a / 8.0).product())
}

#[kernel]
fn is_there_a_mean(a: &ArrayRef1<f64>) -> (bool, bool) {
    (a.mean().is_some(), a.mean().is_none())
}

#[test]
fn sums_products_and_means() {
    for (h, w) in [(1, 1), (3, 4), (9, 1000), (200, 170)] {
        every_way!(summaries(&Array2::from_shape_fn((h, w), |(i, j)| 8.0 + ((i * w + j) % 5) as f64 * 1e-3)));
    }
    assert_eq!(every_way!(summaries(&Array2::zeros((0, 4)))).0, (0.0, -1.0, 0.0, 1.0));
    assert_eq!(every_way!(is_there_a_mean(&array![1.0])).0, (true, false));
    assert_eq!(every_way!(is_there_a_mean(&Array1::zeros(0))).0, (false, true));
}

#[kernel]
fn shapes(a: &ArrayRef3<f64>, m: &ArrayRef2<f64>, v: &ArrayRef1<f64>) -> (Array1<usize>, bool) {
    let (x, y, z) = a.dim();
    let (h, w) = m.dim();
    let mut r = Array1::zeros(9);
    r[0] = x;
    r[1] = y;
    r[2] = z;
    r[3] = h * 100 + w;
    r[4] = v.dim() + v.len();
    r[5] = a.len();
    r[6] = m.nrows() * 10 + m.ncols();
    r[7] = a.shape()[1] + m.shape()[0];
    r[8] = a.ndim() + m.ndim();
    (r, v.is_empty())
}

#[kernel]
fn like(m: &ArrayRef2<f64>) -> (Array2<f64>, Array2<i32>, Array2<bool>) {
    let zeros = Array2::<f64>::zeros(m.dim());
    let (h, w) = m.dim();
    (zeros + m, Array2::<i32>::from_elem((h, w), 7), Array2::<bool>::default(m.raw_dim()))
}

#[test]
fn shapes_are_numbers() {
    let a = Array3::zeros((2, 3, 4));
    every_way!(shapes(&a, &Array2::zeros((5, 6)), &Array1::zeros(0)));
    every_way!(shapes(&a, &Array2::zeros((0, 6)), &Array1::zeros(8)));
    every_way!(like(&Array2::from_shape_fn((5, 7), |(i, j)| (i * j) as f64)));
}

#[kernel]
fn literal_sizes() -> (Array1<f64>, Array2<i64>, Array3<f32>) {
    (Array1::ones(3), Array2::from_elem((2, 2), 5), Array3::<f32>::zeros([1, 2, 3]))
}

#[kernel]
fn transposed_copy(m: &ArrayRef2<f64>) -> Array2<f64> {
    let (h, w) = m.dim();
    let mut t = Array2::zeros((w, h));
    for j in prange(0..w) {
        for i in 0..h {
            t[[j, i]] = m[[i, j]];
        }
    }
    t
}

#[kernel]
fn product_of_matrices(a: &ArrayRef2<f64>, b: &ArrayRef2<f64>) -> Array2<f64> {
    let (h, inner, w) = (a.nrows(), a.ncols(), b.ncols());
    let mut c = Array2::zeros((h, w));
    for i in prange(0..h) {
        for j in 0..w {
            let mut sum = 0.0;
            for k in 0..inner {
                sum += a[[i, k]] * b[[k, j]];
            }
            c[[i, j]] = sum;
        }
    }
    c
}

#[kernel]
fn prefix_sums(a: &ArrayRef1<f64>) -> Array1<f64> {
    let mut r = a.to_owned();
    for i in 1..r.len() {
        r[i] += r[i - 1];
    }
    r
}

#[test]
fn loops_over_elements() {
    every_way!(literal_sizes());
    let m = Array2::from_shape_fn((31, 17), |(i, j)| (i * 17 + j) as f64);
    assert_eq!(every_way!(transposed_copy(&m)).0, m.t());
    assert_eq!(every_way!(product_of_matrices(&m, &m.t())).0, m.dot(&m.t()));
    for n in SIZES {
        every_way!(prefix_sums(&Array1::from_shape_fn(n, |i| i as f64)));
    }
}

#[kernel]
fn moved_and_rebuilt(n: usize, rounds: usize) -> Array1<f64> {
    let mut a = Array1::<f64>::zeros(n);
    for round in 0..rounds {
        let b = &a + round as f64;
        a = b * 0.5 + 1.0;
    }
    a
}

#[kernel]
fn either_array(flag: bool, a: &Array1<f64>, b: &Array1<f64>) -> Array1<f64> {
    let mut chosen = if flag { a + 1.0 } else { b * 2.0 };
    if chosen.len() > 2 {
        chosen = &chosen * &chosen;
    }
    chosen
}

#[kernel]
fn growing(rounds: usize) -> Array1<i64> {
    let mut a = Array1::<i64>::ones(1);
    for _ in 0..rounds {
        let n = a.len();
        let mut longer = Array1::<i64>::zeros(n + 1);
        for i in prange(0..n) {
            longer[i] = a[i] + 1;
        }
        longer[n] = 1;
        a = longer;
    }
    a
}

#[test]
fn array_variables_take_new_arrays() {
    for n in [0, 1, 9, 9000] {
        every_way!(moved_and_rebuilt(n, 0));
        every_way!(moved_and_rebuilt(n, 5));
    }
    let (a, b) = (Array1::ones(5), Array1::from_elem(2, 3.0));
    assert_eq!(every_way!(either_array(true, &a, &b)).0, Array1::from_elem(5, 4.0));
    assert_eq!(every_way!(either_array(false, &a, &b)).0, Array1::from_elem(2, 6.0));
    assert_eq!(every_way!(growing(4)).0, array![5, 4, 3, 2, 1]);
}
