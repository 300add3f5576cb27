//! Arrays of arrays, whose elements are rows, and parts of slices by ranges.

use crate::cases::ways::{error_of, exactly};
use ndarray::{Array1, Array2, ArrayView1, arr2, array};
use parfuse::prelude::*;

const KERNEL: [[f64; 3]; 2] = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];

type Matrix = [[f64; 3]; 3];

#[kernel]
fn constant_rows(x: f64) -> (f64, usize) {
    let mut sum = 0.0;
    for (i, row) in KERNEL.iter().enumerate() {
        for (j, v) in row.iter().enumerate() {
            sum += v * x * (10 * i + j) as f64;
        }
    }
    for row in KERNEL {
        sum = sum * 2.0 + row[0];
    }
    (sum, 100 * KERNEL.len() + 10 * KERNEL[1].len() + KERNEL.iter().count())
}

#[kernel]
fn rows_of_a_parameter(m: &Matrix, x: f64) -> (f64, usize) {
    let mut sum = 0.0;
    for row in m {
        sum += row[1] * x;
    }
    (sum, m.len())
}

#[kernel]
fn rows_change(x: f64) -> (Matrix, f64) {
    let mut m = [[x, 1.0, 2.0], [3.0, 4.0, 5.0], [6.0, 7.0, 8.0]];
    let first = m[0];
    m[0][0] = 9.0;
    m[1] = [x, x, -x];
    for row in m.iter_mut() {
        for v in row.iter_mut() {
            *v += 1.0;
        }
    }
    m[2].swap(0, 1);
    let last = &mut m[2];
    last[2] = 0.5;
    (m, first[0] + first.len() as f64)
}

#[kernel]
fn product(a: Matrix, b: Matrix) -> Matrix {
    let mut c = [[0.0; 3]; 3];
    for i in 0..3 {
        for j in 0..3 {
            for k in 0..3 {
                c[i][j] += a[i][k] * b[k][j];
            }
        }
    }
    c
}

#[kernel]
fn power(m: Matrix, n: usize) -> (Matrix, usize) {
    let mut result = m;
    for _ in 0..n {
        result = product(result, m);
    }
    (result, result.len())
}

#[kernel]
fn with_axes(x: f64) -> (Array2<f64>, usize) {
    let m = [[x, 1.0], [2.0, 3.0], [4.0, 5.0]];
    let (a, b) = (arr2(&m), array![[x, 1.0], [2.0, 3.0], [4.0, 5.0]]);
    let count = 100 * m.len() + 10 * a.len() + b.len() + arr2(&[[x, 2.0]]).len();
    (a + b, count)
}

#[kernel]
fn cubes(x: i64) -> (usize, i64) {
    let t = [[[x; 2]; 3]; 4];
    let mut count = 0;
    let mut sum = 0;
    for plane in t.iter() {
        count += 10 * plane.len();
        for row in plane.iter() {
            count += row.len();
            sum += row.iter().sum::<i64>();
        }
    }
    (count + 1000 * t.len() + t[1].len(), sum)
}

#[test]
fn the_elements_of_an_array_of_arrays_are_rows() {
    let m = [[1.0, 2.0, 0.5], [0.25, 0.5, 1.0], [0.1, 0.2, 0.3]];
    exactly!(constant_rows(1.5));
    exactly!(rows_of_a_parameter(&m, 0.5));
    exactly!(rows_change(1.5));
    exactly!(power(m, 4));
    exactly!(with_axes(1.5));
    exactly!(cubes(3));
}

#[kernel]
fn rows_swap(m: &mut [[f64; 3]; 2]) {
    m.swap(0, 1);
}

#[kernel]
fn rows_turn_around(m: &mut [[f64; 3]; 2]) {
    m.reverse();
}

#[kernel]
fn first_row(m: &[[f64; 3]; 2]) -> f64 {
    m.first().unwrap()[0]
}

#[kernel]
fn rows_rotate(m: &mut [[f64; 3]; 2]) {
    m.rotate_left(1);
}

#[test]
fn methods_that_are_of_numbers_are_refused_of_rows() {
    exactly!(rows_swap(&mut m) with m = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    exactly!(rows_turn_around(&mut m) with m = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    exactly!(first_row(&[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]));
    let error = rows_rotate::kernel().check().unwrap_err().to_string();
    assert!(
        error.contains("`.rotate_left()` of an array of arrays") && error.contains("loop over its rows"),
        "{error}"
    );
}

#[kernel]
fn sums_of_segments(start: &[usize], x: &[f64]) -> Vec<f64> {
    let mut sums = vec![0.0; start.len() - 1];
    for g in prange(0..sums.len()) {
        for &v in &x[start[g]..start[g + 1]] {
            sums[g] += v;
        }
    }
    sums
}

#[kernel]
fn ends_and_middle(x: &[i64], k: usize) -> (i64, i64, i64, usize) {
    let range = 1..k;
    let inner = &x[range.clone()];
    (x[..k].iter().sum(), x[k..].iter().sum(), x[1..=k][1..][0] * inner[0], x[range].len() + x[..].len())
}

#[kernel]
fn parts_change(x: &mut [f64], y: &[f64], k: usize) {
    x[..k].copy_from_slice(&y[k..2 * k]);
    x[k..].fill(0.5);
    for v in x[1..3].iter_mut() {
        *v *= 2.0;
    }
    x[2..].swap(0, 1);
    let last = &mut x[k + 1..];
    last[0] = -1.0;
    x[1..][0] += 10.0;
}

#[test]
fn slices_have_parts() {
    let x: Vec<f64> = (0..9).map(|i| i as f64).collect();
    exactly!(sums_of_segments(&[0, 2, 2, 7, 9], &x));
    exactly!(ends_and_middle(&[1, 2, 3, 4, 5, 6, 7], 4));
    exactly!(parts_change(&mut z, &x, 4) with z = x.clone());
    let n = 3000;
    let start: Vec<usize> = (0..=n).map(|i| 7 * i).collect();
    let long: Vec<f64> = (0..7 * n).map(|i| (i % 13) as f64).collect();
    exactly!(sums_of_segments(&start, &long));
}

#[test]
fn parts_out_of_range_are_errors() {
    let x = [1.0, 2.0, 3.0];
    assert!(matches!(error_of!(sums_of_segments(&[0, 4], &x)), Error::Slice { .. }));
    assert!(matches!(error_of!(sums_of_segments(&[2, 1], &x)), Error::Slice { .. }));
}

#[kernel]
#[allow(clippy::type_complexity, reason = "tuples in tuples are what it is about")]
fn vectors(x: &Array1<f64>, t: f64) -> (Vec<f64>, (Vec<usize>, (f64, usize))) {
    let scaled = x.iter().map(|v| v * t).collect();
    let above = (0..x.len()).filter(|&i| x[i] > t).collect::<Vec<usize>>();
    let count = above.len();
    (scaled, (above, (x.sum(), count)))
}

#[test]
fn vectors_and_nested_tuples_are_results() {
    for n in [0, 1, 33, 10_001] {
        let x = Array1::from_shape_fn(n, |i| ((i * 37) % 64) as f64);
        exactly!(vectors(&x, 7.0));
    }
    let mut into = ([0.0; 3], ([0; 2], (0.0, 0)));
    let (sums, positions) = (&mut into.0[..], &mut into.1.0[..]);
    let (last, count) = (&mut into.1.1.0, &mut into.1.1.1);
    vectors::parallel_into(&array![1.0, 9.0, 8.0], 7.0, (sums, (positions, (last, count)))).unwrap();
    assert_eq!(into, ([7.0, 63.0, 56.0], ([1, 2], (18.0, 2))));
}

#[kernel]
fn places(sorted: &[f64], x: &Array1<f64>) -> (Array1<usize>, usize) {
    (x.mapv(|v| sorted.partition_point(|&s| s < v)), sorted[1..].partition_point(|s| *s < 5.0))
}

#[test]
fn sorted_slices_are_searched() {
    let sorted: Vec<f64> = (0..20).map(|i| (i / 2) as f64).collect();
    exactly!(places(&sorted, &Array1::linspace(-1.0, 12.0, 101)));
}

#[kernel]
fn overwritten(a: &mut Array1<f64>, b: &Array1<f64>, m: &mut Array2<f64>) {
    *a = &*a * 0.5 + b * b;
    for i in prange(0..m.nrows()) {
        let row = [i as f64, 1.0, a[0]];
        m.row_mut(i).assign(&ArrayView1::<f64>::from(&row));
    }
}

#[test]
fn array_parameters_get_the_elements_of_others() {
    for n in [1, 3, 1000] {
        let (x, m) = (Array1::from_shape_fn(n, |i| i as f64), Array2::zeros((n, 3)));
        exactly!(overwritten(&mut a, &x, &mut b) with a = x.clone(), b = m.clone());
    }
    let (mut a, b, mut m) = (Array1::zeros(3), Array1::zeros(1), Array2::zeros((1, 3)));
    assert!(overwritten::serial(&mut a, &b, &mut m).is_ok(), "one element broadcasts");
}

#[kernel]
fn noise(n: usize, seed: u32) -> Array1<f32> {
    fn hash(x: u32, seed: u32) -> f32 {
        fn mix(n: u32) -> u32 {
            (n ^ (n >> 13)).wrapping_mul(1_274_126_177)
        }
        let n = mix(x.wrapping_mul(374_761_393) ^ seed);
        (n ^ (n >> 16)) as f32 / u32::MAX as f32
    }
    Array1::from_shape_fn(n, |i| hash(i as u32, seed))
}

#[test]
fn functions_inside_are_kernels() {
    exactly!(noise(1001, 7));
}

#[kernel]
fn joined(x: f64) -> Array1<f64> {
    [x, 1.0].iter().chain([2.0, 3.0].iter()).zip([1.0, 0.5, 2.0, 4.0]).map(|(a, b)| a * b).collect()
}

#[test]
fn arrays_that_are_written_out_are_iterators_of_others() {
    exactly!(joined(3.0));
}

#[kernel]
fn rows(a: [f64; 3], b: &[f64; 3], n: usize) -> (Vec<[f64; 3]>, f64) {
    let mut v = vec![a];
    for i in 0..n {
        let [x, y, z] = v[i];
        v.push([y, z, x + b[i % 3]]);
    }
    let w = [a, *b];
    let mut q = vec![*b, a, a];
    q[1] = [1.0, 2.0, 3.0];
    q.push(*b);
    let s: f64 = w.iter().map(|r| r[0] * 2.0 + r[2]).sum::<f64>() + w[1][1] + q[1][2] + q.len() as f64;
    (v, s)
}
#[kernel]
fn trie(words: &[u8]) -> Vec<u32> {
    let mut next: Vec<[u32; 26]> = vec![[0; 26]];
    let mut count = vec![0u32];
    for word in words.split(|&b| b == 0) {
        let mut node = 0usize;
        for &b in word {
            let c = (b - b'a') as usize;
            if next[node][c] == 0 {
                next.push([0; 26]);
                count.push(0);
                next[node][c] = (next.len() - 1) as u32;
            }
            node = next[node][c] as usize;
            count[node] += 1;
        }
    }
    count
}
#[kernel]
fn lorenz_rk4(y0: [f64; 3], dt: f64, n: usize) -> Vec<[f64; 3]> {
    fn f(y: [f64; 3]) -> [f64; 3] {
        let [x, y, z] = y;
        [10.0 * (y - x), x * (28.0 - z) - y, x * y - 8.0 / 3.0 * z]
    }
    fn add(a: [f64; 3], b: [f64; 3], s: f64) -> [f64; 3] {
        std::array::from_fn(|i| a[i] + s * b[i])
    }
    let mut y = y0;
    let mut out = vec![y];
    for _ in 0..n {
        let k1 = f(y);
        let k2 = f(add(y, k1, dt / 2.0));
        let k3 = f(add(y, k2, dt / 2.0));
        let k4 = f(add(y, k3, dt));
        for i in 0..3 {
            y[i] += dt / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i]);
        }
        out.push(y);
    }
    out
}

#[test]
fn vectors_begin_with_rows_and_grow() {
    for n in [0, 1, 50] {
        exactly!(rows([1.0, 2.0, 3.0], &[0.1, 0.2, 0.3], n));
        exactly!(lorenz_rk4([1.0, 1.0, 1.0], 0.01, n));
    }
    exactly!(trie(b"abc\0abd\0x"));
}
