//! What kernels take and return: every spelling of arrays to read and to write, tuples, results in place.

use crate::cases::ways::{engines, every_way, same_bits};
use ndarray::{
    Array, Array0, Array1, Array2, Array3, ArrayRef, ArrayRef0, ArrayRef1, ArrayRef2, ArrayView, ArrayView1,
    ArrayView2, ArrayViewMut1, ArrayViewMut2, Ix1, Ix2, array, s,
};
use parfuse::Error;
use parfuse::prelude::*;

type Vector = Array1<f64>;
type Numbers = ArrayRef1<f64>;

#[kernel]
fn read_all(
    a: &ArrayRef1<f64>,
    b: &Array1<f64>,
    c: ArrayView1<f64>,
    d: &[f64],
    e: ArrayView<'_, f64, Ix1>,
    f: &Numbers,
    g: &ArrayRef<f64, Ix1>,
) -> Vector {
    let mut r = Array1::zeros(a.len());
    for i in prange(0..a.len()) {
        r[i] = a[i] + 2.0 * b[i] + 3.0 * c[i] + 4.0 * d[i] + 5.0 * e[i] + 6.0 * f[i] + 7.0 * g[i];
    }
    r
}

#[test]
fn every_spelling_is_read() {
    for n in [0, 1, 9, 1000] {
        let a = Array1::from_shape_fn(n, |i| i as f64);
        let r = every_way!(read_all(&a, &a, a.view(), a.as_slice().unwrap(), a.view(), &a, &a)).0;
        assert_eq!(r, &a * 28.0);
    }
}

#[kernel]
fn write_all(
    a: &mut ArrayRef1<f64>,
    b: &mut Array1<f64>,
    mut c: ArrayViewMut1<f64>,
    d: &mut [f64],
    e: &mut ArrayRef<f64, Ix1>,
) {
    for i in prange(0..a.len()) {
        a[i] += 1.0;
        b[i] += 2.0;
        c[i] += 3.0;
        d[i] += 4.0;
        e[i] += 5.0;
    }
}

#[test]
fn every_spelling_is_written() {
    for n in [0, 1, 9, 9000] {
        let found = same_bits(|parallel| {
            let fresh = || Array1::from_shape_fn(n, |i| i as f64);
            let (mut a, mut b, mut c, mut d, mut e) = (fresh(), fresh(), fresh(), fresh(), fresh());
            let (c_view, d_slice) = (c.view_mut(), d.as_slice_mut().unwrap());
            match parallel {
                true => write_all::parallel(&mut a, &mut b, c_view, d_slice, &mut e)?,
                false => write_all::serial(&mut a, &mut b, c_view, d_slice, &mut e)?,
            }
            Ok((a, b, (c, d, e)))
        });
        let expected = |x: f64| Array1::from_shape_fn(n, |i| i as f64 + x);
        let (c, d, e) = found.2;
        assert_eq!([found.0, found.1, c, d, e], [1.0, 2.0, 3.0, 4.0, 5.0].map(expected));
    }
}

#[kernel]
fn ranks(
    a: &ArrayRef0<i64>,
    b: &mut ArrayRef2<i64>,
    c: ArrayView2<i64>,
    mut d: ArrayViewMut2<i64>,
) -> Array0<i64> {
    *b += 1;
    b.scaled_add(1, &c);
    d.assign(&c);
    d += 1;
    let mut r = Array0::<i64>::zeros(());
    r[()] = a[()] * 2;
    r
}

#[test]
fn ranks_and_views_of_matrices() {
    let c = Array2::from_shape_fn((6, 8), |(i, j)| (i * 8 + j) as i64);
    let a = ndarray::arr0(21);
    let (r, b, d) = every_way!(ranks(&a, &mut b, c.slice(s![..;-1, ..;2]), d.slice_mut(s![1..7, ..;2]))
        with b = Array2::ones((6, 4)), d = Array2::zeros((8, 8)));
    assert_eq!(r[()], 42);
    assert_eq!(b, &c.slice(s![..;-1, ..;2]) + 2);
    assert_eq!(d.slice(s![1..7, ..;2]), &c.slice(s![..;-1, ..;2]) + 1);
    assert_eq!(d.slice(s![.., 1..;2]).sum() + d.row(0).sum() + d.row(7).sum(), 0);
}

#[kernel]
fn every_scalar(a: f64, b: f32, c: i64, d: i32, e: usize, f: bool) -> (f64, f32, i64, i32) {
    let sign = if f { 1.0 } else { -1.0 };
    (a * sign, b * 2.0, c + e as i64, d - f as i32)
}

#[kernel]
fn four_kinds(n: usize) -> (Array1<f64>, Array2<f32>, usize, Array3<bool>) {
    (Array1::ones(n), Array2::from_elem((n, 2), 0.5), n * n, Array3::from_elem((1, n, 1), true))
}

#[kernel]
fn same_twice(a: &Array1<f64>) -> (Array1<f64>, Array1<f64>) {
    let b = a + 1.0;
    (b.clone(), b)
}

#[kernel]
fn as_it_came(a: &ArrayRef1<f64>, x: i64) -> (Array1<f64>, i64) {
    (a.to_owned(), x)
}

#[test]
fn tuples_of_results() {
    every_way!(every_scalar(1.5, 2.5, -3, 4, 5, true));
    every_way!(every_scalar(1.5, 2.5, -3, 4, 5, false));
    for n in [0, 1, 9, 1000] {
        every_way!(four_kinds(n));
        let a = Array1::from_shape_fn(n, |i| i as f64);
        every_way!(same_twice(&a));
        assert_eq!(every_way!(as_it_came(&a, 3)).0, (a.clone(), 3));
    }
}

#[kernel]
fn doubled(a: &ArrayRef1<f64>) -> Array1<f64> {
    a * 2.0
}

#[kernel]
fn several(a: &ArrayRef1<f64>) -> (f64, Array1<f64>, Array2<i64>) {
    (a.sum(), a + 1.0, Array2::from_elem((2, a.len()), 3))
}

#[test]
fn results_are_written_into_what_the_caller_has() {
    for engine in engines() {
        engine.install(|| {
            for n in [0, 1, 9, 1000, 40_000] {
                let a = Array1::from_shape_fn(n, |i| i as f64);
                let expected = doubled(&a);
                let mut plain = Array1::from_elem(n, f64::NAN);
                doubled::serial_into(&a, &mut plain).unwrap();
                assert_eq!(plain, expected);
                let mut gaps = Array1::from_elem(3 * n, -1.0);
                doubled::parallel_into(&a, &mut gaps.slice_mut(s![..;3])).unwrap();
                assert_eq!(gaps.slice(s![..;3]), expected);
                assert!(gaps.iter().enumerate().all(|(i, x)| i % 3 == 0 || *x == -1.0));
                let mut backwards = Array1::from_elem(n, f64::NAN);
                doubled::parallel_into(&a, &mut backwards.slice_mut(s![..;-1])).unwrap();
                assert_eq!(backwards.slice(s![..;-1]), expected);

                let (mut sum, mut more, mut threes) = (0.0, Array1::zeros(n), Array2::zeros((n, 2)));
                several::parallel_into(&a, (&mut sum, &mut more, &mut threes.view_mut().reversed_axes()))
                    .unwrap();
                assert_eq!(
                    (sum, more, threes),
                    (several::serial(&a).unwrap().0, &a + 1.0, Array2::from_elem((n, 2), 3))
                );
            }
        });
    }
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

#[kernel]
fn refilled(n: usize) -> Array1<i64> {
    let mut a = Array1::<i64>::ones(n + 3);
    let sum = a.sum();
    a = Array1::<i64>::from_elem(n, sum);
    a
}

#[kernel]
fn exchanged(n: usize, flag: bool) -> (Array1<i64>, Array1<i64>) {
    let mut a = Array1::<i64>::ones(n);
    let mut b = Array1::<i64>::zeros(n);
    for i in prange(0..n) {
        b[i] = i as i64;
    }
    for _ in 0..3 {
        if flag {
            (a, b) = (b, a);
        }
        a += 1;
    }
    (a, b)
}

#[test]
fn variables_that_held_other_arrays_are_written_too() {
    for n in [0, 1, 4, 30] {
        let mut out = Array1::from_elem(n + 1, -7);
        growing::serial_into(n, &mut out).unwrap();
        assert_eq!(out, growing(n));
        let mut out = Array1::from_elem(n, -7);
        refilled::parallel_into(n, &mut out).unwrap();
        assert_eq!(out, refilled(n));
        let mut wrong = Array1::from_elem(n + 2, -9);
        assert!(
            growing::parallel_into(n, &mut wrong).is_err() && refilled::serial_into(n, &mut wrong).is_err()
        );
        assert_eq!(wrong, Array1::from_elem(n + 2, -9));
        for flag in [false, true] {
            let (mut a, mut b) = (Array1::zeros(n), Array1::zeros(2 * n));
            exchanged::serial_into(n, flag, (&mut a, &mut b.slice_mut(s![..;2]))).unwrap();
            assert_eq!((a, b.slice(s![..;2]).to_owned()), exchanged(n, flag));
        }
    }
}

#[test]
fn results_of_another_shape_leave_the_array_alone() {
    let a = Array1::<f64>::ones(9);
    for n in [0, 8, 10] {
        let mut other = Array1::from_elem(n, -1.0);
        let error = doubled::serial_into(&a, &mut other).unwrap_err();
        assert_eq!(error, Error::OutputShape { expected: vec![9], found: vec![n] });
        let error = doubled::parallel_into(&a, &mut other.slice_mut(s![..;-1])).unwrap_err();
        assert_eq!(error, Error::OutputShape { expected: vec![9], found: vec![n] });
        assert_eq!(other, Array1::from_elem(n, -1.0));
    }
}

#[kernel]
fn generic_spelling(a: &Array<f64, Ix2>) -> Array<f64, Ix2> {
    a.mapv(|x| x + 1.0)
}

#[test]
fn arrays_may_be_spelled_with_their_dimension() {
    assert_eq!(every_way!(generic_spelling(&array![[1.0, 2.0]])).0, array![[2.0, 3.0]]);
}
