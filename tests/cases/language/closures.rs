//! Closures over elements, pairs of elements and rows, and rows reduced inside iterations.

use crate::cases::ways::{error_of, every_way, exactly};
use ndarray::{Array1, Array2, Array3, ArrayRef1, ArrayRef2, ArrayRef3, Axis, array, s};
use parfuse::prelude::*;

fn matrix(rows: usize, columns: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, columns), |(i, j)| ((i * 7 + j * 3) % 11) as f64 - 4.0)
}

#[kernel]
fn changed(a: &mut ArrayRef2<f64>, b: &ArrayRef1<f64>, limit: f64) {
    a.map_inplace(|x| *x = x.abs() + 1.0);
    a.map_inplace(|x| {
        if *x > limit {
            *x -= limit;
        }
    });
    a.zip_mut_with(b, |x, &y| *x += 2.0 * y);
    a.row_mut(0).zip_mut_with(b, |x, y| {
        let before = *x;
        *x = y - before;
        *x *= before;
    });
    let mut part = a.slice_mut(s![1.., ..;2]);
    part.map_inplace(|x| *x = -*x);
}

#[test]
fn closures_change_elements() {
    let b = array![1.0, -2.0, 0.5, 3.0];
    for rows in [1, 2, 9] {
        exactly!(changed(&mut a, &b, 2.5) with a = matrix(rows, 4));
    }
}

#[kernel]
fn rows_mapped(a: &ArrayRef2<f64>, w: &ArrayRef1<f64>) -> (Array1<f64>, Array1<f64>, Array1<i64>) {
    let largest = a.map_axis(Axis(1), |row| {
        let mut largest = row[0];
        for j in 1..row.len() {
            largest = largest.max(row[j]);
        }
        largest
    });
    let weighted = a.map_axis(Axis(0), |column| column[0] * 2.0 + w[0]);
    let negative = a.map_axis(Axis(1), |row| {
        let mut count = 0i64;
        for j in 0..row.len() {
            if row[j] < 0.0 {
                count += 1;
            }
        }
        count
    });
    (largest, weighted, negative)
}

#[kernel]
fn lengths(a: &ArrayRef2<f64>) -> Array1<f64> {
    a.map_axis(Axis(1), |row| row.mapv(|x| x * x).sum().sqrt())
}

#[kernel]
fn of_planes(a: &ArrayRef3<f64>) -> (Array2<f64>, Array2<f64>) {
    let sums = a.map_axis(Axis(1), |row| row.sum());
    (sums, a.fold_axis(Axis(0), 1.0, |&acc, &x| acc * 0.5 + x))
}

#[test]
fn rows_are_mapped_to_scalars() {
    for (rows, columns) in [(1, 1), (3, 5), (70, 33), (200, 40)] {
        let a = matrix(rows, columns);
        exactly!(rows_mapped(&a, &array![0.25]));
        // Sums of integers of a few digits are exact in every order.
        exactly!(lengths(&a));
    }
    let cube = Array3::from_shape_fn((4, 6, 5), |(i, j, k)| (i * 31 + j * 5 + k) as f64);
    exactly!(of_planes(&cube));
}

#[kernel]
fn folded(a: &ArrayRef2<f64>) -> (Array1<f64>, Array1<f64>, Array1<usize>) {
    let ordered = a.fold_axis(Axis(1), 0.0, |&sum, &x| sum * 0.5 + x);
    let columns = a.fold_axis(Axis(0), f64::INFINITY, |least, x| least.min(*x));
    let counted = a.fold_axis(Axis(1), 0usize, |&n, &x| if x > 0.0 { n + 1 } else { n });
    (ordered, columns, counted)
}

#[test]
fn rows_are_folded_in_their_order() {
    for (rows, columns) in [(1, 1), (3, 5), (40, 70), (0, 3), (3, 0)] {
        exactly!(folded(&matrix(rows, columns)));
    }
}

#[kernel]
fn accumulated(a: &mut ArrayRef2<f64>, v: &mut ArrayRef1<f64>) -> Array2<f64> {
    a.accumulate_axis_inplace(Axis(0), |&sum, x| *x += sum);
    a.accumulate_axis_inplace(Axis(1), |sum, x| *x = sum * 0.5 + *x);
    v.accumulate_axis_inplace(Axis(0), |&before, x| *x = x.max(before));
    a.cumprod(Axis(1))
}

#[test]
fn elements_are_accumulated_along_an_axis() {
    for (rows, columns) in [(1, 1), (3, 5), (20, 33), (0, 3)] {
        let v = Array1::from_shape_fn(columns * 3, |i| ((i * 13) % 7) as f64);
        let found = every_way!(accumulated(&mut a, &mut v) with a = matrix(rows, columns), v = v.clone());
        let (mut a, mut v) = (matrix(rows, columns), v.clone());
        let products = accumulated(&mut a, &mut v);
        assert_eq!(found, (products, a, v));
    }
}

#[kernel]
fn reduced_inside(
    a: &ArrayRef2<f64>,
    deviations: &mut ArrayRef1<f64>,
    first: &mut ArrayRef1<usize>,
) -> (usize, f64) {
    let mut last = 0;
    let mut all = 0.0;
    for i in prange(0..a.nrows()) {
        let row = a.row(i);
        deviations[i] = row.std(1.0) + row.mapv(|x| x + 1.0).var(0.0);
        let smallest = row.argmin();
        first[i] = smallest + (&row * 2.0).argmax();
        last = last.max(smallest);
        all += a.row(0).argmax() as f64;
    }
    (last, all)
}

#[test]
fn rows_are_reduced_inside_iterations() {
    for (rows, columns) in [(1, 2), (5, 7), (300, 40), (3, 3000)] {
        let a = matrix(rows, columns);
        let ((positions, all), deviations, first) = every_way!(
            reduced_inside(&a, &mut deviations, &mut first)
                with deviations = Array1::zeros(rows), first = Array1::zeros(rows)
        );
        let (mut expected, mut places) = (Array1::zeros(rows), Array1::zeros(rows));
        assert_eq!((positions, all), reduced_inside(&a, &mut expected, &mut places));
        assert_eq!(first, places);
        assert!((deviations - expected).iter().all(|difference| difference.abs() < 1e-9));
    }
    let message =
        error_of!(reduced_inside(&Array2::zeros((1, 0)), &mut Array1::zeros(1), &mut Array1::zeros(1)));
    assert!(message.to_string().contains("closures.rs"), "{message}");
}
