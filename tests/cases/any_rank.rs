//! Arrays that say at each call how many axes they have, `ArrayD<f64>`: one kernel, as many programs as there are numbers.

use super::ways::{error_of, every_way};
use ndarray::{
    Array1, Array2, ArrayD, ArrayRef, ArrayRef1, ArrayRef2, ArrayView, ArrayViewMutD, Axis, IxDyn, Zip,
    array, s,
};
use num_complex::Complex;
use parfuse::prelude::*;
use parfuse::{CompareOptions, Dynamic, Error, Variant, host};

#[kernel]
fn combined(a: &ArrayRef<f64, IxDyn>, b: &ArrayRef<f64, IxDyn>) -> ArrayD<f64> {
    let scaled = a * 2.0;
    scaled + b - 1.0
}

#[kernel]
fn totals(a: &ArrayD<f64>) -> (f64, f64, f64, f64) {
    (a.sum(), a.mean().unwrap(), a.product(), a.std(0.0))
}

#[kernel]
fn shapes(a: &ArrayRef<u8, IxDyn>) -> (usize, usize, usize, usize) {
    let last = a.ndim() - 1;
    (a.ndim(), a.len(), a.shape()[0], a.len_of(Axis(last)))
}

#[kernel]
fn centred(a: &ArrayD<f64>) -> ArrayD<f64> {
    let last = Axis(a.ndim() - 1);
    let mean = a.mean_axis(last).unwrap().insert_axis(last);
    a - &mean
}

#[kernel]
fn softmax(a: &ArrayRef<f64, IxDyn>) -> ArrayD<f64> {
    let last = Axis(a.ndim() - 1);
    let weights = (a - a.max_axis(last).insert_axis(last)).exp();
    let sums = weights.sum_axis(last).insert_axis(last);
    weights / sums
}

#[kernel]
fn folded(a: &ArrayRef<i64, IxDyn>) -> (ArrayD<i64>, ArrayD<i64>) {
    (a.sum_axis(Axis(0)), a.product_axis(Axis(a.ndim() - 1)))
}

#[kernel]
fn weighted(a: &ArrayRef<f32, IxDyn>, w: &ArrayRef1<f32>) -> ArrayD<f32> {
    a * w
}

#[kernel]
fn raised(a: &mut ArrayD<f32>, low: f32) -> f32 {
    a.mapv_inplace(|x| x.max(low));
    a.sum()
}

#[kernel]
fn added(mut a: ArrayViewMutD<i32>, b: &ArrayRef<i32, IxDyn>) {
    a.zip_mut_with(b, |x, y| *x += y);
    Zip::from(&mut a).and(b).for_each(|x, y| *x = *x * 3 - y);
}

#[kernel]
fn rotated(z: &ArrayRef<Complex<f64>, IxDyn>, by: Complex<f64>) -> (ArrayD<Complex<f64>>, Complex<f64>) {
    let turned = z * by;
    let total = turned.sum();
    (turned, total)
}

/// The side that is not taken makes no sense for the array.
#[kernel]
fn rows_or_all(a: &ArrayRef<f64, IxDyn>) -> ArrayD<f64> {
    if a.ndim() == 1 {
        a * 2.0
    } else if a.ndim() <= 2 && a.ndim() > 1 {
        a.sum_axis(Axis(1))
    } else {
        a.sum_axis(Axis(2)).sum_axis(Axis(1))
    }
}

#[kernel]
fn by_number(a: &ArrayD<f64>) -> f64 {
    match a.ndim() {
        0 => a.sum() + 0.5,
        1 => a.iter().fold(0.0, |sum, x| sum * 0.5 + x),
        _ => a.max_axis(Axis(1)).sum(),
    }
}

#[kernel]
fn element_by_element(a: &ArrayRef<f64, IxDyn>) -> ArrayD<f64> {
    let mut out: ArrayD<f64> = ArrayD::zeros(a.raw_dim());
    for (o, x) in out.iter_mut().zip(a.iter()) {
        if *x > 0.0 {
            *o = x.sqrt();
        }
    }
    out
}

#[kernel]
fn made(n: usize, a: &ArrayRef<f64, IxDyn>) -> ArrayD<f64> {
    let ones = ArrayD::<f64>::from_elem(IxDyn(&[n, 3]), 0.5);
    let row: ArrayD<f64> = ArrayD::<f64>::zeros(IxDyn(&[3])) + 1.0;
    ones + row + a
}

/// Numbers of axes that this kernel's own arrays have.
#[kernel]
fn calls_others(a: &ArrayRef2<f64>, b: &ArrayRef1<f64>) -> (ArrayD<f64>, f64) {
    let both = combined(&a.view().into_dyn(), &b.view().into_dyn());
    (both, by_number(&b.to_owned().into_dyn()))
}

#[kernel]
fn as_matrix(a: &ArrayRef<f64, IxDyn>) -> Array2<f64> {
    let matrix = a.view().into_dimensionality::<ndarray::Ix2>().unwrap();
    matrix.dot(&matrix.t())
}

#[kernel]
fn is_matrix(a: &ArrayRef<f64, IxDyn>) -> Array1<f64> {
    let matrix: Array2<f64> = a.to_owned().into_dimensionality().unwrap();
    matrix.row(0).to_owned()
}

#[kernel]
fn three(a: &ArrayRef<f64, IxDyn>, b: &ArrayRef<f64, IxDyn>, c: &ArrayRef<f64, IxDyn>) -> f64 {
    (a.sum() * 2.0 + b.sum()) * 2.0 + c.sum()
}

#[host]
fn largest_length(a: &ArrayRef<f64, IxDyn>, mut b: ArrayViewMutD<f64>) -> usize {
    b.fill(a.ndim() as f64);
    a.shape().iter().copied().max().unwrap_or(0)
}

#[host]
fn open_result(a: &ArrayRef<f64, IxDyn>) -> ArrayD<f64> {
    a.to_owned()
}

#[kernel]
fn calls_functions(a: &ArrayRef<f64, IxDyn>, m: &ArrayRef2<f64>) -> (ArrayD<f64>, usize, usize) {
    let mut b: ArrayD<f64> = a.to_owned();
    let first = largest_length(a, b.view_mut());
    let mut c = m.to_owned().into_dyn();
    let second = largest_length(&m.view().into_dyn(), c.view_mut());
    b += c.sum();
    (b, first, second)
}

#[kernel]
fn takes_what_is_open(a: &ArrayRef<f64, IxDyn>) -> f64 {
    open_result(a).sum()
}

fn numbers(shape: &[usize]) -> ArrayD<f64> {
    let mut next = 0.0;
    ArrayD::from_shape_simple_fn(shape, || {
        next += 0.375;
        (next % 5.0) - 1.5
    })
}

const SHAPES: [&[usize]; 8] =
    [&[], &[7], &[3, 5], &[1, 4, 3], &[2, 3, 1, 4], &[2, 1, 2, 2, 3], &[1, 2, 1, 3, 2, 2], &[120, 90]];

#[test]
fn one_kernel_for_all_numbers_of_axes() {
    for shape in SHAPES {
        let (a, b) = (numbers(shape), numbers(shape) * 0.25);
        every_way!(combined(&a, &b));
        every_way!(totals(&a));
        every_way!(by_number(&a));
        every_way!(element_by_element(&a));
        // In another layout, too.
        let turned = a.t();
        every_way!(combined(&turned, &b.t()));
        assert_eq!(every_way!(element_by_element(&turned)).0.shape(), turned.shape());
    }
}

#[test]
fn arrays_of_different_numbers_of_axes_broadcast() {
    let a = numbers(&[4, 1, 5]);
    for other in [&[][..], &[5], &[3, 1], &[3, 5], &[4, 3, 5], &[2, 1, 3, 5]] {
        let b = numbers(other);
        every_way!(combined(&a, &b));
        every_way!(combined(&b, &a));
    }
    let w = array![1.0f32, -2.0, 0.5];
    for shape in [&[3][..], &[4, 3], &[2, 2, 3], &[1, 2, 1, 1, 2, 3]] {
        every_way!(weighted(&numbers(shape).mapv(|x| x as f32), &w));
    }
    let error = error_of!(combined(&numbers(&[4, 2]), &numbers(&[3])));
    assert!(matches!(error, Error::ShapeMismatch { axis: 1, left: 2, right: 3, .. }), "{error}");
}

#[test]
fn axes_are_counted_from_the_end() {
    for shape in &SHAPES[1..] {
        let a = numbers(shape);
        every_way!(centred(&a));
        every_way!(softmax(&a));
        let bytes = a.mapv(|x| x.abs() as u8);
        assert_eq!(every_way!(shapes(&bytes)).0, shapes(&bytes));
        let integers = a.mapv(|x| (x * 4.0) as i64);
        assert_eq!(every_way!(folded(&integers)).0, folded(&integers));
    }
}

#[test]
fn branches_on_the_number_of_axes_are_settled() {
    for shape in [&[6][..], &[3, 4], &[2, 3, 4], &[2, 3, 4, 2]] {
        every_way!(rows_or_all(&numbers(shape)));
    }
}

#[test]
fn arrays_are_written_to() {
    for shape in SHAPES {
        let fresh = numbers(shape).mapv(|x| x as f32);
        let mut plain = fresh.clone();
        let sum = raised(&mut plain, 0.25);
        for parallel in [false, true] {
            let mut own = fresh.clone();
            let found =
                if parallel { raised::parallel(&mut own, 0.25) } else { raised::serial(&mut own, 0.25) };
            assert!((found.unwrap() - sum).abs() <= 1e-3 * sum.abs());
            assert_eq!(own, plain);
        }
        let (mut one, mut other) = (numbers(shape).mapv(|x| x as i32), numbers(shape).mapv(|x| x as i32));
        let b = one.mapv(|x| x + 2);
        added(one.view_mut(), &b);
        added::parallel(other.view_mut(), &b).unwrap();
        assert_eq!(one, other);
    }
}

#[test]
fn complex_numbers_have_axes_too() {
    let by = Complex::new(0.5, -2.0);
    for shape in &SHAPES[..6] {
        every_way!(rotated(&numbers(shape).mapv(|x| Complex::new(x, 1.0 - x)), by));
    }
    let six = ArrayD::<Complex<f64>>::zeros(IxDyn(&[1; 6]));
    let error = error_of!(rotated(&six, by));
    assert_eq!(
        error.to_string(),
        "argument `z` of `rotated`: expected &ArrayD<Complex<f64>> of at most 5 axes, found &Array6<Complex<f64>>"
    );
}

#[test]
fn arrays_are_made_and_handed_on() {
    every_way!(made(4, &numbers(&[2, 4, 3])));
    every_way!(made(4, &numbers(&[])));
    let (a, b) = (Array2::from_shape_fn((3, 4), |(i, j)| (i + 2 * j) as f64), array![1.0, 2.0, 3.0, 4.0]);
    every_way!(calls_others(&a, &b));
    let matrix = a.view().into_dyn();
    every_way!(as_matrix(&matrix));
    every_way!(is_matrix(&matrix));
}

#[test]
fn functions_outside_take_them() {
    for shape in &SHAPES[..5] {
        every_way!(calls_functions(&numbers(shape), &Array2::zeros((3, 5))));
    }
    let error = error_of!(takes_what_is_open(&numbers(&[2]))).to_string();
    assert!(error.contains("declare that it returns an `Array2<f64>`"), "{error}");
}

#[test]
fn results_go_where_the_caller_wants_them() {
    let (a, b) = (numbers(&[3, 4]), numbers(&[4]));
    let mut into = ArrayD::zeros(IxDyn(&[3, 4]));
    combined::parallel_into(&a, &b, &mut into).unwrap();
    assert_eq!(into, combined::serial(&a, &b).unwrap());
    let mut turned = ArrayD::zeros(IxDyn(&[4, 3])).reversed_axes();
    combined::serial_into(&a, &b, &mut turned).unwrap();
    assert_eq!(into, turned);
    for wrong in [&[4, 3][..], &[12], &[1, 3, 4]] {
        let error = combined::serial_into(&a, &b, &mut ArrayD::zeros(wrong)).unwrap_err();
        assert_eq!(error, Error::OutputShape { expected: vec![3, 4], found: wrong.to_vec() });
    }
    let typed: Array2<f64> = combined::kernel().serial((&a, &b)).unwrap();
    assert_eq!(typed.into_dyn(), into);
    let error = combined::kernel().serial::<Array1<f64>>((&a, &b)).unwrap_err();
    assert_eq!(error.to_string(), "`combined` returns Array2<f64>, not Array1<f64>");
    let arguments = &mut [Dynamic::F64(a.clone()), Dynamic::F64(b.clone())];
    let results = combined::kernel().run_dynamic(Variant::Parallel, arguments).unwrap();
    assert_eq!(results, [Dynamic::F64(into)]);
}

#[test]
fn arguments_that_do_not_fit_are_errors() {
    let seven = ArrayD::<f64>::zeros(IxDyn(&[1; 7]));
    let error = error_of!(totals(&seven));
    assert_eq!(
        error.to_string(),
        "argument `a` of `totals`: expected &ArrayD<f64> of at most 6 axes, found &Array7<f64>"
    );
    let kernel = weighted::kernel();
    let error = kernel.serial::<ArrayD<f32>>((&seven,)).unwrap_err();
    assert!(matches!(error, Error::ArgumentCount { expected: 2, found: 1, .. }), "{error}");
    let error = kernel.serial::<ArrayD<f32>>((1.0f32, &array![1.0f32])).unwrap_err();
    assert_eq!(error.to_string(), "argument `a` of `weighted`: expected &ArrayD<f32>, found f32");
    let error = raised::kernel().serial::<f32>((&array![1.0f32], 1.0f32)).unwrap_err();
    assert_eq!(error.to_string(), "argument `a` of `raised`: expected &mut ArrayD<f32>, found &Array1<f32>");
    // The function itself panics.
    let error = error_of!(as_matrix(&numbers(&[2, 2, 2]))).to_string();
    assert!(
        error.starts_with("`as_matrix` cannot be compiled as a kernel where `a` has 3 axes:\n"),
        "{error}"
    );
    assert!(
        error.contains("any_rank.rs:") && error.ends_with("an array with 3 axes is not one with 2"),
        "{error}"
    );
    let error = error_of!(is_matrix(&numbers(&[2])));
    let Error::Trace(error) = error else { panic!("{error}") };
    assert_eq!(error.ranks, [("a".to_string(), 1)]);
    let error = error_of!(shapes(&ArrayD::zeros(IxDyn(&[])))).to_string();
    assert!(error.contains("where `a` has 0 axes:"), "{error}");
    // Others go on.
    every_way!(as_matrix(&numbers(&[2, 3])));
}

#[test]
fn kernels_are_looked_at_before_and_after_calls() {
    let engine = Engine::builder().threads(2).build().unwrap();
    engine.install(|| {
        for kernel in [combined::kernel(), as_matrix::kernel(), rows_or_all::kernel(), by_number::kernel()] {
            kernel.check().unwrap();
        }
        // As few axes as it needs.
        assert!(as_matrix::kernel().program().unwrap().contains("a: [f64; 2]"));
        let explanation = combined::kernel().explain().unwrap();
        assert_eq!(explanation.signature, "(a: &Array1<f64>, b: &Array1<f64>) -> Array1<f64>");
        combined::serial(&numbers(&[2, 3, 4]), &numbers(&[4])).unwrap();
        let explanation = combined::kernel().explain().unwrap();
        assert_eq!(explanation.signature, "(a: &Array3<f64>, b: &Array1<f64>) -> Array3<f64>");
        assert_eq!(explanation.regions.len(), 1);
        assert!(combined::kernel().asm().is_ok() && combined::kernel().compile_time().is_ok());
        // Called for arrays that it cannot be for.
        as_matrix::serial(&numbers(&[2])).unwrap_err();
        assert!(matches!(as_matrix::kernel().check(), Err(Error::Trace(_))));
    });
}

#[test]
fn variants_are_compared() {
    let options = CompareOptions::default().repetitions(2);
    let mut a = numbers(&[20, 30, 4]).mapv(|x| x as f32);
    let comparison = raised::compare_with(&options, &mut a, 0.5).unwrap();
    assert!(comparison.agrees(), "{comparison}");
    let comparison = combined::compare_with(&options, &numbers(&[9, 5]), &numbers(&[5])).unwrap();
    assert!(comparison.agrees() && comparison.elements == Some(45), "{comparison}");
}

#[test]
fn expressions_take_such_arrays() {
    let engine = Engine::new().unwrap();
    for shape in [&[4][..], &[2, 3], &[2, 3, 2]] {
        let a = numbers(shape);
        let found: ArrayD<f64> = engine.eval(|s| s.lift(&a) * 2.0 + 1.0).unwrap();
        assert_eq!(found, &a * 2.0 + 1.0);
    }
}

/// More combinations than are kept: those that went are made again.
#[test]
fn any_number_of_combinations() {
    let engine = Engine::builder().threads(1).build().unwrap();
    let arrays: Vec<ArrayD<f64>> = (0..5).map(|rank| numbers(&vec![2; rank])).collect();
    engine.install(|| {
        for _ in 0..2 {
            for (a, b, c) in (0..125).map(|n| (&arrays[n % 5], &arrays[n / 5 % 5], &arrays[n / 25])) {
                assert_eq!(three::serial(a, b, c), Ok(three(a, b, c)));
            }
        }
        let compilations = engine.compilations();
        assert_eq!(
            three::serial(&arrays[4], &arrays[4], &arrays[4]),
            Ok(three(&arrays[4], &arrays[4], &arrays[4]))
        );
        assert_eq!(engine.compilations(), compilations, "the last one is kept");
    });
}

#[test]
fn views_are_passed_without_copies() {
    let mut a = numbers(&[6, 4, 3]);
    let part: ArrayView<f64, IxDyn> = a.slice(s![..;2, 1.., ..;-1]).into_dyn();
    every_way!(combined(&part, &part));
    let mut part = a.slice_mut(s![..;-2, .., 1]).into_dyn();
    part.fill(1.0);
    assert_eq!(every_way!(totals(&part.to_owned())).0.0, 12.0);
}
