//! Slices of several arrays, whose lengths are equal in some calls and not in others.
//!
//! ```text
//! &x.slice(s![1..]) * &y.slice(s![1..])     one loop where x and y are as long; y of two elements broadcasts
//! out += &x.slice(s![k..k + n])             n is the length of `out`: as many elements, without a look
//! ```
#![allow(clippy::op_ref, reason = "as users write it")]
// Negative bounds of slices count from the end.
#![allow(clippy::reversed_empty_ranges)]

use super::ways::{error_of, exactly, same_error};
use ndarray::{Array1, Array2, array, s};
use parfuse::prelude::*;
use parfuse::{Engine, Explanation};

fn numbers(n: usize) -> Array1<f64> {
    Array1::from_shape_fn(n, |i| ((i * 37) % 101) as f64 / 7.0 - 3.0)
}

fn table(shape: (usize, usize)) -> Array2<f64> {
    Array2::from_shape_fn(shape, |(i, j)| ((i * 31 + j * 17) % 101) as f64 / 7.0)
}

#[kernel]
fn trapezoids(x: &Array1<f64>, y: &Array1<f64>) -> Array1<f64> {
    let widths = &x.slice(s![1..]) - &x.slice(s![..-1]);
    widths * (&y.slice(s![1..]) + &y.slice(s![..-1]))
}

#[test]
fn slices_of_arrays_that_are_as_long_are_computed_in_one_loop() {
    for n in [1, 2, 3, 33, 1000] {
        exactly!(trapezoids(&numbers(n), &numbers(n)));
    }
    let engine = Engine::new().unwrap();
    let kernel = engine.kernel::<trapezoids>();
    let (x, y) = (numbers(100), numbers(100));
    let _: Array1<f64> = kernel.serial((&x, &y)).unwrap();
    let explanation: Explanation = kernel.explain().unwrap();
    assert_eq!((explanation.regions.len(), explanation.arrays_allocated), (1, 1), "{explanation}");
}

#[test]
fn the_same_kernel_broadcasts_where_a_slice_has_one_element() {
    // In any order of calls, each has code that fits its lengths.
    for (n, m) in [(100, 100), (100, 2), (2, 100), (50, 50), (2, 2), (100, 2), (7, 7)] {
        exactly!(trapezoids(&numbers(n), &numbers(m)));
    }
}

#[test]
fn lengths_that_do_not_fit_are_an_error_whatever_was_called_before() {
    let (x, y) = (numbers(100), numbers(50));
    exactly!(trapezoids(&x, &numbers(100)));
    let error = same_error(|parallel| match parallel {
        false => trapezoids::serial(&x, &y),
        true => trapezoids::parallel(&x, &y),
    });
    assert!(matches!(error, Error::ShapeMismatch { left: 99, right: 49, .. }), "{error}");
}

#[kernel]
fn fields(u: &mut Array2<f64>, v: &Array2<f64>, p: &Array2<f64>) {
    let next = &u.slice(s![1..-1, 1..-1]) - &v.slice(s![1..-1, 1..-1]) * 0.5
        + (&p.slice(s![1..-1, 2..]) - &p.slice(s![1..-1, ..-2]));
    u.slice_mut(s![1..-1, 1..-1]).assign(&next);
}

#[test]
fn the_inner_parts_of_several_fields_are_one_loop() {
    for shape in [(2, 2), (3, 3), (5, 40), (70, 66)] {
        exactly!(fields(&mut u, &table(shape), &table(shape)) with u = table(shape));
    }
    // A row of the one for all rows of the others.
    exactly!(fields(&mut u, &table((3, 40)), &table((20, 40))) with u = table((20, 40)));
    let kernel = Engine::new().unwrap().kernel::<fields>();
    let () = kernel.serial((&mut table((9, 9)), &table((9, 9)), &table((9, 9)))).unwrap();
    let explanation = kernel.explain().unwrap();
    assert!(explanation.regions.iter().all(|region| region.scattered_accesses == 0), "{explanation}");
}

#[kernel]
fn moving_sums(x: &Array1<f64>, width: usize) -> Array1<f64> {
    let mut out = Array1::<f64>::zeros(x.len() + 1 - width);
    let n = out.len();
    for k in 0..width {
        out += &x.slice(s![k..k + n]);
    }
    out
}

#[test]
fn a_slice_of_as_many_elements_as_an_array_has_needs_no_broadcast() {
    for (n, width) in [(1, 1), (10, 3), (1000, 8), (40, 40)] {
        exactly!(moving_sums(&numbers(n), width));
    }
    let explanation = moving_sums::kernel().explain().unwrap();
    assert!(explanation.regions.iter().all(|region| region.scattered_accesses == 0), "{explanation}");
}

#[kernel]
fn sums_of_neighbours(values: &mut Array1<f64>) {
    for step in (0..values.len() - 1).rev() {
        let held = 0.5 * (&values.slice(s![1..step + 2]) + &values.slice(s![..step + 1]));
        values.slice_mut(s![..step + 1]).assign(&held);
    }
}

#[kernel]
fn slice_to(values: &Array1<f64>, end: usize) -> f64 {
    (&values.slice(s![1..end.wrapping_add(1)]) * &values.slice(s![..end])).sum()
}

#[test]
fn slices_up_to_an_index_are_as_long_as_they_look() {
    for n in [1, 2, 3, 50] {
        exactly!(sums_of_neighbours(&mut values) with values = numbers(n));
    }
    let explanation = sums_of_neighbours::kernel().explain().unwrap();
    assert!(explanation.regions.iter().all(|region| region.scattered_accesses == 0), "{explanation}");
    let error = slice_to::serial(&numbers(5), usize::MAX).unwrap_err();
    assert!(matches!(error, Error::Slice { bound: usize::MAX, .. }), "{error}");
    assert!(slice_to::serial(&numbers(5), 4).is_ok());
}

#[test]
fn a_length_that_no_array_has_is_an_error() {
    let error = moving_sums::serial(&numbers(10), 12).unwrap_err();
    assert!(matches!(&error, Error::Allocation { shape, .. } if shape == &[usize::MAX]), "{error}");
}

#[kernel]
fn total_of_a_new_array(n: usize) -> f64 {
    (Array1::<f64>::zeros(n) + 1.0).sum()
}

#[test]
fn also_of_an_array_that_is_never_made() {
    assert_eq!(total_of_a_new_array::serial(10).unwrap(), 10.0);
    let error = total_of_a_new_array::serial(usize::MAX).unwrap_err();
    assert!(matches!(error, Error::Allocation { .. }), "{error}");
}

#[kernel]
fn doubled_bytes(a: &Array2<u8>) -> Array2<u8> {
    a * 2 + 1
}

#[kernel]
fn halves(a: &Array2<f64>) -> Array2<f64> {
    a * 0.5 - 1.0
}

#[kernel]
fn doubled_in_place(a: &mut Array2<f64>) {
    a.mapv_inplace(|x| x * 2.0 + 1.0);
}

#[test]
fn the_last_elements_of_rows_of_any_length_are_right() {
    for columns in 1..140 {
        let a = table((3, columns));
        exactly!(halves(&a));
        exactly!(doubled_in_place(&mut a) with a = table((3, columns)));
        exactly!(doubled_bytes(&a.mapv(|x| x as u8)));
        // Rows that do not follow one on the other.
        exactly!(halves(&table((3, columns + 5)).slice(s![.., 2..-3]).to_owned()));
    }
}

#[kernel]
fn largest(a: &Array2<f64>) -> f64 {
    a.fold(f64::NEG_INFINITY, |largest, &x| largest.max(x))
}

#[kernel]
fn joined(a: &Array1<i64>) -> i64 {
    a.fold(0, |all, x| all * 31 + x)
}

#[test]
fn arrays_fold_row_by_row() {
    exactly!(largest(&table((0, 3))));
    exactly!(largest(&table((30, 41))));
    exactly!(joined(&array![1, 2, 3, 4, 5]));
}

#[kernel]
fn epidemic(n: usize, rates: &Array1<f64>, steps: usize) -> Array1<f64> {
    let mut healthy = Array1::from_elem(n, 0.99);
    let mut ill = Array1::from_elem(n, 0.01);
    for _ in 0..steps {
        let new = rates * &healthy * &ill;
        healthy -= &new;
        ill += &(&new - &(&ill * 0.1));
    }
    ill
}

#[test]
fn a_number_that_is_a_length_is_known_to_be_one() {
    for (n, m) in [(1, 1), (7, 1), (0, 0), (40, 40), (300, 300), (40, 40)] {
        exactly!(epidemic(n, &numbers(m), 3));
    }
    error_of!(epidemic(5, &numbers(4), 3));
    let engine = Engine::new().unwrap();
    let kernel = engine.kernel::<epidemic>();
    let _: Array1<f64> = kernel.serial((100usize, &numbers(100), 3usize)).unwrap();
    let explanation: Explanation = kernel.explain().unwrap();
    assert_eq!((explanation.regions.len(), explanation.arrays_allocated), (1, 1), "{explanation}");
}
