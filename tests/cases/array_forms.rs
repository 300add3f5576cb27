//! Whole-array forms as users of array languages write them: what is made, gathered and reduced, the regions left, and the
//! arrays allocated.

use super::ways::{every_way, exactly};
use ndarray::{
    Array0, Array1, Array2, Array6, ArrayRef0, ArrayRef1, ArrayRef2, ArrayRef6, Axis, array, azip, s,
};
use num_complex::Complex64;
use parfuse::Kernel;
use parfuse::prelude::*;

/// Regions left and arrays allocated.
fn counts(kernel: Kernel) -> (usize, usize) {
    let explanation = kernel.explain().unwrap();
    (explanation.regions.len(), explanation.arrays_allocated)
}

/// The checks that are left in loops.
fn checks(kernel: Kernel) -> usize {
    kernel.explain().unwrap().regions.iter().map(|region| region.checks_in_loop).sum()
}

fn numbers(n: usize) -> Array1<f64> {
    Array1::from_shape_fn(n, |i| ((i * 37 + 11) % 101) as f64 * 0.37 - 17.0)
}

fn matrix(rows: usize, columns: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, columns), |(i, j)| ((i * 31 + j * 17) % 103) as f64 / 7.0 - 5.0)
}

#[kernel]
fn complex_ones(n: usize, z: Complex64) -> (Array1<Complex64>, Array2<Complex64>) {
    (Array1::<Complex64>::ones(n), Array2::<Complex64>::ones((n, 2)) + z)
}

#[kernel]
fn every_twentieth(n: usize) -> Array2<f64> {
    let a = Array2::<f64>::ones((n, n));
    a.slice(s![..;20, ..]).to_owned()
}

#[kernel]
fn six_axes(a: &ArrayRef6<f64>) -> Array6<f64> {
    a * 5.0
}

#[test]
fn arrays_are_made_of_complex_numbers_of_parts_and_of_many_axes() {
    let z = Complex64::new(0.5, -2.0);
    let (ones, sums) = exactly!(complex_ones(3, z)).0;
    assert_eq!(
        (ones, sums),
        (Array1::from_elem(3, Complex64::new(1.0, 0.0)), Array2::from_elem((3, 2), z + 1.0))
    );
    assert_eq!(exactly!(every_twentieth(10)).0, Array2::from_elem((1, 10), 1.0));
    assert_eq!(exactly!(every_twentieth(41)).0, Array2::from_elem((3, 41), 1.0));
    let six = Array6::from_elem([2, 2, 2, 2, 2, 15], 1.5);
    assert_eq!(exactly!(six_axes(&six)).0, &six * 5.0);
    assert_eq!(counts(six_axes::kernel()), (1, 1));
}

#[kernel]
fn products(m: &ArrayRef2<f64>, v: &ArrayRef1<f64>) -> (Array1<f64>, f64) {
    (m.dot(v), v.dot(v))
}

#[kernel]
fn ranges(n: usize, start: f64) -> (Array1<f64>, Array1<f32>, Array1<f64>) {
    (
        Array1::range(0.0, n as f64, 1.0),
        Array1::<f32>::range(1.0, n as f32, 0.5),
        Array1::linspace(start, start + 3.0, n),
    )
}

#[kernel]
fn bits(a: &ArrayRef1<u8>, b: &ArrayRef1<u8>) -> (Array1<u8>, Array1<u8>, Array1<u8>) {
    (a & b, a | b, a ^ b)
}

#[test]
fn products_ranges_and_bits_are_those_of_the_function() {
    let m = matrix(30, 40);
    every_way!(products(&m, &numbers(40)));
    let explanation = products::kernel().explain().unwrap();
    assert!(explanation.plain_loops.is_empty() && !explanation.regions.is_empty(), "{explanation}");
    for (n, start) in [(11, 0.0), (128, -1.5), (30, 2.0), (1, 7.0), (2, -0.25)] {
        exactly!(ranges(n, start));
    }
    let (a, b) = (array![0u8, 255, 0xaa, 0x0f], array![1u8, 0x0f, 0x55, 0xff]);
    exactly!(bits(&a, &b));
}

#[host]
fn argsort(a: &ArrayRef1<f64>) -> Array1<usize> {
    let mut order: Vec<usize> = (0..a.len()).collect();
    order.sort_by(|i, j| a[*i].total_cmp(&a[*j]));
    Array1::from_vec(order)
}

#[kernel]
fn ranks(a: &ArrayRef1<f64>) -> Array1<usize> {
    argsort(a) + 1
}

#[kernel]
fn add_in_place(a: &ArrayRef1<f64>, b: &mut ArrayRef1<f64>) {
    *b += a;
}

#[kernel]
fn above_least(a: &ArrayRef1<f64>) -> Array1<f64> {
    a - a.min()
}

#[kernel]
fn three_shapes(
    a: &ArrayRef1<f64>,
    b: &ArrayRef2<f64>,
    c: &ArrayRef0<f64>,
) -> (Array1<f64>, Array2<f64>, Array2<f64>) {
    let line = a.view().insert_axis(Axis(0));
    (a + a + c, a + b + c, &line + &a.view())
}

#[kernel]
fn apart(a: &ArrayRef1<f64>) -> Array2<f64> {
    let column = a.view().insert_axis(Axis(1));
    &column - &a.view()
}

#[kernel]
fn same_shape(a: &Array2<f64>, b: &Array1<f64>, d: &Array2<f64>) -> Array2<f64> {
    let c = a + b;
    a + &c - d
}

#[test]
fn expressions_take_a_region_each_and_their_result() {
    assert_eq!(exactly!(ranks(&array![0.5, -1.0, 7.0, 0.0])).0, array![2, 4, 1, 3]);
    assert_eq!(counts(ranks::kernel()).0, 1);
    exactly!(add_in_place(&numbers(100), &mut b) with b = Array1::ones(100));
    assert_eq!(counts(add_in_place::kernel()), (1, 0));
    assert_eq!(exactly!(above_least(&numbers(100))).0.min(), 0.0);
    assert_eq!(counts(above_least::kernel()), (2, 1), "the least is known when all have been looked at");
    exactly!(three_shapes(&numbers(10), &matrix(3, 10), &ndarray::arr0(0.5)));
    assert_eq!(checks(three_shapes::kernel()), 0);
    exactly!(apart(&numbers(40)));
    assert_eq!(counts(apart::kernel()), (1, 1));
    exactly!(same_shape(&matrix(7, 5), &numbers(5), &matrix(1, 5)));
    assert_eq!((counts(same_shape::kernel()), checks(same_shape::kernel())), ((1, 1), 0));
}

#[kernel]
fn no_axes(x: f64) -> Array0<f64> {
    Array0::<f64>::ones(()) * x
}

#[test]
fn an_array_without_axes_is_a_number() {
    assert_eq!(exactly!(no_axes(2.5)).0, ndarray::arr0(2.5));
    assert_eq!(counts(no_axes::kernel()), (0, 1), "no loop for one number");
}

#[kernel]
fn least_of_ones(n: usize) -> f64 {
    let a = Array1::<f64>::ones(n);
    a.min() + a.sum()
}

#[kernel]
fn most_of_ones(n: usize) -> f64 {
    let a = Array1::<f64>::ones(n);
    a.max() + a.sum()
}

#[kernel]
fn first_least_of_ones(n: usize) -> f64 {
    let a = Array1::<f64>::ones(n);
    a.argmin() as f64 + a.sum()
}

#[kernel]
fn first_most_of_ones(n: usize) -> f64 {
    let a = Array1::<f64>::ones(n);
    a.argmax() as f64 + a.sum()
}

#[test]
fn an_extreme_and_a_total_of_one_array_take_one_pass_over_what_is_never_an_array() {
    assert_eq!(every_way!(least_of_ones(256)).0, 257.0);
    assert_eq!(every_way!(most_of_ones(256)).0, 257.0);
    assert_eq!(every_way!(first_least_of_ones(256)).0, 256.0);
    assert_eq!(every_way!(first_most_of_ones(256)).0, 256.0);
    for kernel in [least_of_ones::kernel(), most_of_ones::kernel()] {
        assert_eq!(counts(kernel.clone()), (1, 0), "{}", kernel.explain().unwrap());
    }
    for kernel in [first_least_of_ones::kernel(), first_most_of_ones::kernel()] {
        let explanation = kernel.explain().unwrap();
        // What several words are combined of is stored block by block, for a second region to combine.
        assert_eq!(
            (explanation.regions.len(), explanation.regions[0].sources.len()),
            (2, 3),
            "{explanation}"
        );
        assert_eq!(explanation.arrays_contracted, ["a"], "{explanation}");
    }
}

#[kernel]
fn three_arrays(n: usize) -> Array1<f64> {
    let a = Array1::<f64>::ones(n);
    let b = Array1::<f64>::zeros(n);
    a + b
}

#[kernel]
fn masked_fill(n: usize) -> (Array1<f64>, usize) {
    let mut a = Array1::<f64>::linspace(0.0, 1.0, n);
    let high = a.mapv(|x| x > 0.5);
    azip!((x in &mut a, &m in &high) if m { *x = 7.0 });
    (a, high.iter().filter(|&&m| m).count())
}

#[test]
fn explain_tells_what_a_region_is_made_of() {
    assert_eq!(exactly!(three_arrays(9)).0, Array1::ones(9));
    let explanation = three_arrays::kernel().explain().unwrap();
    assert_eq!((explanation.regions.len(), explanation.arrays_allocated), (1, 1), "{explanation}");
    let sources: Vec<&str> = explanation.regions[0].sources.iter().map(|source| &*source.0).collect();
    assert!(sources.contains(&"add") && sources.len() >= 2, "{sources:?}");
    let (filled, count) = exactly!(masked_fill(11)).0;
    assert_eq!((filled[10], filled[5], count), (7.0, 0.5, 5));
    assert_eq!(counts(masked_fill::kernel()), (1, 1), "the mask is never an array");
}
