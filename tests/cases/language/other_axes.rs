//! Views with other axes than the array: permuted, drawn out, removed, the diagonal; parts along one axis; arrays in two.

use crate::cases::ways::{error_of, every_way, exactly};
use ndarray::{
    Array1, Array2, Array3, ArrayRef1, ArrayRef2, ArrayRef3, ArrayView2, ArrayView3, Axis, Slice, array, s,
};
use parfuse::prelude::*;

fn matrix(rows: usize, columns: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, columns), |(i, j)| (i * 100 + j) as f64)
}

fn cube(a: usize, b: usize, c: usize) -> Array3<f64> {
    Array3::from_shape_fn((a, b, c), |(i, j, k)| (i * 1000 + j * 100 + k) as f64)
}

#[kernel]
fn permuted(a: &ArrayRef3<f64>, v: ArrayView3<f64>) -> (Array3<f64>, Array3<f64>, f64) {
    let channels_last = v.permuted_axes([1, 2, 0]);
    let own = a.to_owned().permuted_axes((2, 0, 1));
    let element = own[[1, 0, 2]] + channels_last[[2, 1, 0]];
    (channels_last.to_owned() * 2.0, own + 1.0, element)
}

#[test]
fn axes_stand_in_any_order() {
    let a = cube(3, 4, 5);
    exactly!(permuted(&a, a.view()));
    exactly!(permuted(&a.slice(s![.., ..;-1, ..]), a.view().permuted_axes([2, 1, 0])));
}

#[kernel]
fn diagonals(a: &ArrayRef2<f64>, b: &mut ArrayRef2<f64>) -> (Array1<f64>, f64) {
    let trace = a.diag().sum();
    let mut diagonal = b.diag_mut();
    diagonal += 10.0;
    diagonal.assign(&(&a.diag() * 2.0));
    for i in 1..b.nrows() {
        let mut upper = b.slice_mut(s![..i, ..i]);
        let mut corner = upper.diag_mut();
        corner += i as f64;
    }
    let own = a.to_owned().into_diag();
    (own + a.slice(s![.., ..;-1]).diag(), trace)
}

#[kernel]
fn diagonal_of_three(a: &ArrayRef3<f64>) -> Array1<f64> {
    a.diag().mapv(|x| x + 0.5)
}

#[test]
fn diagonals_are_read_and_written() {
    for n in [1, 2, 7, 40] {
        exactly!(diagonals(&matrix(n, n), &mut b) with b = matrix(n, n) - 3.0);
    }
    exactly!(diagonal_of_three(&cube(3, 4, 5)));
    exactly!(diagonal_of_three(&cube(3, 2, 2)));
}

#[kernel]
fn drawn_out(a: &ArrayRef1<f64>, column: &ArrayRef2<f64>, n: usize) -> (Array2<f64>, f64) {
    let rows = a.broadcast((n, a.len())).unwrap();
    let all = column.broadcast((n, a.len())).unwrap();
    let last = rows.row(n - 1).sum() + all[[n - 1, 2]];
    (&rows * &all, last)
}

#[test]
fn arrays_are_drawn_out_to_a_shape() {
    let a = array![1.0, 2.0, 3.0];
    exactly!(drawn_out(&a, &matrix(4, 1), 4));
    exactly!(drawn_out(&a, &matrix(4, 3), 4));
    exactly!(drawn_out(&a, &matrix(1, 1), 4));
    exactly!(drawn_out(&a, &matrix(1, 3), 1));
    let message = error_of!(drawn_out(&a, &matrix(3, 3), 4)).to_string();
    assert!(message.contains("shapes do not broadcast") && message.contains("other_axes.rs"), "{message}");
}

#[kernel]
fn along_one_axis(a: &ArrayRef2<f64>, out: &mut ArrayRef2<f64>, k: usize) -> (Array2<f64>, Array1<f64>) {
    let n = a.len_of(Axis(0));
    let head = a.slice_axis(Axis(0), Slice::from(..k));
    let tail = a.slice_axis(Axis(1), Slice::from(1..).step_by(2));
    let backwards = a.slice_axis(Axis(0), Slice::new(1, Some(-1), -1));
    let mut part = out.slice_axis_mut(Axis(0), Slice::new(1, None, 2));
    part.fill(-1.0);
    let first = tail.index_axis_move(Axis(0), n - 1);
    let both = head.to_owned().slice_move(s![.., 0]).sum() + backwards.remove_axis(Axis(0)).sum();
    (head.to_owned() * both, first.to_owned())
}

#[test]
fn slices_are_taken_of_one_axis() {
    exactly!(along_one_axis(&matrix(6, 5), &mut out, 3) with out = matrix(6, 5));
    let message = error_of!(along_one_axis(&matrix(6, 5), &mut matrix(6, 5), 7)).to_string();
    assert!(message.contains("the bound 7"), "{message}");
}

#[kernel]
fn in_two(a: ArrayView2<f64>, out: &mut ArrayRef2<f64>, k: usize) -> f64 {
    let (left, right) = a.split_at(Axis(1), k);
    let (mut above, mut below) = out.multi_slice_mut((s![..k, ..], s![k.., ..;2]));
    above += 1.0;
    below.assign(&(&right * 2.0));
    left.sum() - right.sum()
}

#[test]
fn arrays_are_divided_in_two() {
    let a = matrix(3, 5);
    exactly!(in_two(a.view(), &mut out, 2) with out = matrix(5, 5));
    exactly!(in_two(a.view(), &mut out, 3) with out = matrix(6, 3));
}

#[kernel]
fn exchanged(a: &mut ArrayRef1<f64>, m: &mut ArrayRef2<f64>, i: usize, j: usize) -> bool {
    a.swap(i, j);
    m.swap([i, j], [j, i]);
    m.column_mut(0).swap(0, i);
    m.is_square()
}

#[test]
fn elements_change_places() {
    for (i, j) in [(0, 2), (1, 1), (3, 0)] {
        let (a, m) = (array![1.0, 2.0, 3.0, 4.0], matrix(4, 4));
        let found = every_way!(exchanged(&mut a, &mut m, i, j) with a = a.clone(), m = m.clone());
        let (mut a, mut m) = (a.clone(), m.clone());
        let square = exchanged(&mut a, &mut m, i, j);
        assert_eq!(found, (square, a, m));
    }
}

#[kernel]
fn inside_iterations(a: &ArrayRef3<f64>, out: &mut ArrayRef2<f64>) {
    for i in prange(0..out.nrows()) {
        let plane = a.index_axis(Axis(0), i);
        let weight = plane.diag().sum();
        let mut row = out.row_mut(i);
        row.assign(&(&plane.t().row(1) * weight));
        row += &plane.slice_axis(Axis(0), Slice::from(1..)).column(0).broadcast(row.len()).unwrap();
    }
}

#[test]
fn iterations_have_views_with_other_axes() {
    exactly!(inside_iterations(&cube(5, 2, 2), &mut out) with out = matrix(5, 2));
}

#[kernel]
fn reshaped(a: &ArrayRef2<f64>, v: &ArrayRef1<f64>, h: usize) -> (Array2<f64>, Array1<f64>, Array3<f64>) {
    let n = a.len();
    let turned = a.to_shape((h, n / h)).unwrap().to_owned();
    let column = v.to_owned().into_shape_with_order((v.len(), 1)).unwrap();
    let outer = &column * &column.t();
    let flat = outer.flatten().to_owned() + 1.0;
    let deep = a.to_owned().into_shape_with_order((a.nrows(), 1, a.ncols())).unwrap();
    (turned * 2.0, flat, deep)
}

#[kernel]
fn flat_products(images: &ArrayRef3<f64>, weights: &ArrayRef2<f64>) -> Array2<f64> {
    let (n, h, w) = images.dim();
    let flat = images.to_shape((n, h * w)).unwrap();
    flat.dot(weights)
}

#[kernel]
fn reshaped_again(a: &ArrayRef1<f64>, rows: usize) -> Array1<f64> {
    let mut grid = a.to_owned().into_shape_with_order((rows, a.len() / rows)).unwrap();
    for _ in 0..3 {
        grid = grid.t().to_shape((rows, a.len() / rows)).unwrap().to_owned() * 0.5;
    }
    grid.into_flat()
}

#[test]
fn arrays_have_other_shapes() {
    let v = array![1.0, 2.0, 3.0];
    exactly!(reshaped(&matrix(4, 6), &v, 3));
    exactly!(reshaped(&matrix(4, 6), &v, 24));
    exactly!(reshaped(&matrix(1, 1), &array![2.0], 1));
    let images = cube(5, 3, 4);
    let weights = Array2::from_shape_fn((12, 2), |(i, j)| (i + 2 * j) as f64);
    exactly!(flat_products(&images, &weights));
    exactly!(flat_products(&images.view().permuted_axes([0, 2, 1]), &weights));
    exactly!(reshaped_again(&Array1::from_shape_fn(24, |i| i as f64), 4));
    for h in [5, 7] {
        let message = error_of!(reshaped(&matrix(4, 6), &v, h)).to_string();
        assert!(
            message.contains("shapes do not broadcast") && message.contains("other_axes.rs"),
            "{message}"
        );
    }
}
