//! Literals and types that do not fit, programs as long and as wide as they come, and numbers at the ends of their range.
//!
//! | input | here |
//! |---|---|
//! | literals out of range, sums of unlike types, differences of truth values | a mistake where traced; rustc's where written |
//! | chains of a hundred thousand operations, a thousand arrays in one, doubled sixty-four times | kernels |
//! | arrays whose elements share memory | not to be written to, by `ndarray` |
//! | a part assigned to an overlapping part | as if it had been copied |

use super::ways::{compiled_ways, every_way};
use ndarray::{Array1, ArrayRef1, ArrayViewMut1, ShapeBuilder, array, s};
use parfuse::prelude::*;
use parfuse::{ArgumentList, CallOptions, Executor, Job, Kernel, SliceItem, Tracer, Value};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The mistakes in a traced closure.
#[track_caller]
fn mistakes(body: impl for<'t> FnOnce(&'t Tracer) -> Value<'t>) -> String {
    match Engine::current().trace("wrong", body) {
        Err(error @ Error::Trace(_)) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn literals_and_types_that_do_not_fit_are_mistakes() {
    let message = mistakes(|t| t.array::<u8>("a", 1) + 300);
    assert!(message.contains("300") && message.contains("u8"), "{message}");
    let message = mistakes(|t| t.array::<u64>("a", 1) + -1);
    assert!(message.contains("-1") && message.contains("u64"), "{message}");
    let message = mistakes(|t| t.array::<i64>("a", 1) + t.array::<u64>("b", 1));
    assert!(message.contains("i64") && message.contains("u64"), "{message}");
    let message = mistakes(|t| t.array::<bool>("a", 1) - t.array::<bool>("b", 1));
    assert!(message.contains("bool"), "{message}");
    let message = mistakes(|t| t.array::<i32>("a", 1) * 0.5);
    assert!(message.contains("i32"), "{message}");
}

#[kernel]
fn halves(a: &ArrayRef1<f32>) -> Array1<f32> {
    a * 1.5 + 0.1
}

#[test]
fn literals_take_the_type_that_they_meet() {
    let a = array![1.0f32, 1e30, f32::MAX];
    assert_eq!(every_way!(halves(&a)).0, a.mapv(|x| x * 1.5 + 0.1));
    let kernel = Engine::current().trace("halves", |t| t.array::<f32>("a", 1) * 1.5 + 0.1).unwrap();
    assert_eq!(kernel.serial((&a,)), Ok(halves(&a)));
    // Nothing is narrowed on the way out.
    let error = kernel.serial::<Array1<f64>>((&a,)).unwrap_err();
    assert!(matches!(error, Error::Result { .. }), "{error}");
}

/// Counts the jobs that it gets.
struct Counting(AtomicUsize);

impl Executor for Counting {
    fn threads(&self) -> usize {
        4
    }
    fn run(&self, _: &Job) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[kernel]
fn scaled(a: &ArrayRef1<f64>) -> (Array1<f64>, f64, f64) {
    (a * 2.0, a.sum(), a.product())
}

#[test]
fn nobody_is_asked_to_help_with_nothing() {
    let counting = Counting(AtomicUsize::new(0));
    let options = CallOptions::new().workers(&counting);
    let nothing = options.install(|| scaled::parallel(&Array1::zeros(0)));
    assert_eq!(nothing, Ok((array![], 0.0, 1.0)));
    assert_eq!(counting.0.load(Ordering::Relaxed), 0);
    options.install(|| scaled::parallel(&Array1::ones(1 << 20))).unwrap();
    assert!(counting.0.load(Ordering::Relaxed) > 0);
}

#[test]
fn elements_that_share_memory_cannot_be_written_to() {
    let mut numbers = [1.0, 2.0, 3.0];
    assert!(ArrayViewMut1::from_shape((3,).strides((0,)), &mut numbers).is_err());
    assert!(ndarray::ArrayViewMut2::from_shape((2, 2).strides((1, 1)), &mut numbers).is_err());
}

#[kernel]
fn shifted(a: &mut ArrayRef1<f64>) {
    let n = a.len();
    let before = a.slice(s![..n - 1]).to_owned();
    a.slice_mut(s![1..]).assign(&(before + 1.0));
}

#[kernel]
fn squared(a: &mut ArrayRef1<f64>) {
    a.mapv_inplace(|x| x * x);
}

#[test]
fn parts_are_assigned_to_overlapping_parts_as_if_copied() {
    let shift = |t: &Tracer| {
        let a = t.array_mut::<f64>("a", 1);
        let n = a.shape(0);
        let from = a.slice([SliceItem::from(..n - 1usize)]);
        a.slice_mut([SliceItem::from(1..)]).assign(from + 1.0);
    };
    let engine = Engine::builder().threads(3).build().unwrap();
    let traced = engine.trace("shift", |t| {
        shift(t);
        t.unit()
    });
    let traced = traced.unwrap();
    for n in [2, 3, 9, 1000, 40_000] {
        let fresh = || Array1::from_shape_fn(n, |i| (i * i % 101) as f64);
        let expected = every_way!(shifted(&mut a) with a = fresh()).1;
        for parallel in [false, true] {
            let mut a = fresh();
            match parallel {
                true => traced.parallel::<()>((&mut a,)).unwrap(),
                false => traced.serial::<()>((&mut a,)).unwrap(),
            }
            assert_eq!(a, expected);
        }
    }
    // The very same elements in and out need no copy.
    every_way!(squared(&mut a) with a = Array1::linspace(0.0, 1.0, 1000));
    let explanation = squared::kernel().explain().unwrap();
    assert_eq!((explanation.regions.len(), explanation.arrays_allocated), (1, 0), "{explanation}");
}

#[kernel]
fn least_and_negated(a: &ArrayRef1<i64>) -> (Array1<i64>, Array1<i64>) {
    (a.mapv(|x| x.abs()), a.mapv(|x| -x))
}

#[test]
fn the_least_integer_has_no_magnitude_and_no_opposite() {
    let a = array![i64::MIN, i64::MIN + 1, 0, 7];
    let (magnitudes, opposites) = compiled_ways!(least_and_negated(&a)).0;
    assert_eq!(magnitudes, array![i64::MIN, i64::MAX, 0, 7]);
    assert_eq!(opposites, array![i64::MIN, i64::MAX, 0, -7]);
}

#[kernel]
fn extremes(a: &ArrayRef1<f64>) -> (f64, f64, f64, f64) {
    let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
    for i in prange(0..a.len()) {
        least = least.min(a[i]);
        most = most.max(a[i]);
    }
    (least, most, a.min(), a.max())
}

#[test]
fn extremes_pass_over_nan_wherever_it_stands() {
    for n in [1, 7, 31, 32, 33, 8191, 8192, 8193, 40_000] {
        for at in [0, n / 3, n / 2, n - 1] {
            let mut a = Array1::from_shape_fn(n, |i| 1.0 + i as f64);
            a[at] = f64::NAN;
            let (least, most, min, max) = every_way!(extremes(&a)).0;
            assert_eq!((least, most), (min, max));
            assert!(!least.is_nan() && !most.is_nan());
        }
    }
}

#[kernel]
fn zeros_of_both_signs(a: &ArrayRef1<f64>, b: &ArrayRef1<f64>) -> (Array1<f64>, Array1<f64>) {
    let mut least = Array1::zeros(a.len());
    let mut most = Array1::zeros(a.len());
    for i in prange(0..a.len()) {
        least[i] = a[i].min(b[i]);
        most[i] = a[i].max(b[i]);
    }
    (least, most)
}

#[test]
fn of_two_zeros_the_receiver_is_taken() {
    let (a, b) = (array![0.0, -0.0, 0.0, -0.0], array![-0.0, 0.0, 0.0, -0.0]);
    let (least, most) = compiled_ways!(zeros_of_both_signs(&a, &b)).0;
    for found in [least, most] {
        assert!(found.iter().zip(&a).all(|(x, a)| x.to_bits() == a.to_bits()), "{found}");
    }
    // A sum starts from 0, and of negative zeros alone is 0; one that is added up in a `prange` stays what it was.
    for n in [1, 33, 8193] {
        let zeros = Array1::from_elem(n, -0.0);
        assert_eq!(compiled_ways!(scaled(&zeros)).0.1.to_bits(), 0.0f64.to_bits());
    }
}

#[kernel(fast)]
fn fast_classes(a: &ArrayRef1<f64>, s: f64) -> (Array1<bool>, Array1<bool>, Array1<f64>) {
    let b = a / s * 2.0;
    (b.mapv(|x| x.is_nan()), b.mapv(|x| x.is_infinite()), b)
}

#[test]
fn fast_kernels_know_nan_and_infinity() {
    let a = array![f64::NAN, f64::INFINITY, -f64::INFINITY, 0.0, 1e-310, 3.0];
    let (nan, infinite, scaled) = compiled_ways!(fast_classes(&a, 2.0)).0;
    assert_eq!(nan, array![true, false, false, false, false, false]);
    assert_eq!(infinite, array![false, true, true, false, false, false]);
    // Numbers too small to be normal are kept.
    assert_eq!(scaled[4], 1e-310);
}

#[kernel]
fn halved(a: &ArrayRef1<f64>, b: &ArrayRef1<f32>) -> (Array1<f64>, Array1<f32>) {
    (a * 0.5, b * 0.5)
}

#[test]
fn numbers_too_small_to_be_normal_are_kept() {
    let (a, b) = (array![1e-308, 5e-324, f64::MIN_POSITIVE, -3e-310], array![2e-38f32, 1e-45, -1e-40, 4.0]);
    let (of_a, of_b) = compiled_ways!(halved(&a, &b)).0;
    assert_eq!((of_a, of_b), (&a * 0.5, &b * 0.5));
    assert!(halved(&a, &b).0[0] > 0.0);
}

/// `((a + 1) / 2 + 1) / 2 …`
fn chain(engine: &Engine, length: usize) -> Kernel {
    let chain = engine.trace("chain", |t| {
        let a = t.array::<f64>("a", 1);
        (0..length).fold(a, |x, k| if k.is_multiple_of(2) { x + 1.0 } else { x * 0.5 })
    });
    chain.unwrap()
}

#[test]
fn chains_of_a_hundred_thousand_operations_are_kernels() {
    let engine = Engine::builder().threads(2).build().unwrap();
    chain(&engine, 100_000).check().unwrap();
    let a = array![0.0, 2.0, 100.0];
    let step = |x: Array1<f64>, k: usize| if k.is_multiple_of(2) { x + 1.0 } else { x * 0.5 };
    let expected = (0..3000).fold(a.clone(), step);
    assert_eq!(chain(&engine, 3000).serial((&a,)), Ok(expected));
}

#[test]
fn a_thousand_arrays_go_into_one_kernel() {
    let count = 1000;
    let engine = Engine::builder().threads(2).build().unwrap();
    let wide = engine.trace("wide", |t| {
        let arrays: Vec<Value> = (0..count).map(|k| t.array::<f64>(&format!("a{k}"), 1)).collect();
        arrays.into_iter().reduce(|a, b| a + b).unwrap()
    });
    let arrays: Vec<Array1<f64>> = (0..count).map(|k| Array1::from_elem(5, k as f64)).collect();
    let mut arguments = ArgumentList::new();
    arrays.iter().for_each(|array| {
        arguments.push(array);
    });
    let expected = (count * (count - 1) / 2) as f64;
    assert_eq!(wide.unwrap().parallel(arguments), Ok(Array1::from_elem(5, expected)));
}

#[test]
fn what_is_doubled_sixty_four_times_is_computed_once() {
    let engine = Engine::builder().threads(2).build().unwrap();
    let doubled = engine.trace("doubled", |t| (0..64).fold(t.array::<f64>("a", 1), |x, _| x + x));
    let kernel = doubled.unwrap();
    assert_eq!(kernel.serial((&array![1.0, -0.5],)), Ok(array![2f64.powi(64), -(2f64.powi(63))]));
    let explanation = kernel.explain().unwrap();
    assert_eq!((explanation.regions.len(), explanation.arrays_allocated), (1, 1), "{explanation}");
    let one = array![1.0];
    let lazy: Array1<f64> = engine.eval(|s| (0..64).fold(s.lift(&one), |x, _| x + x)).unwrap();
    assert_eq!(lazy[0], 2f64.powi(64));
}

#[test]
fn lengths_below_zero_are_no_lengths() {
    let engine = Engine::builder().threads(1).build().unwrap();
    let zeros = engine.trace("zeros", |t| t.zeros::<f64>(&[t.scalar::<i64>("n").cast::<usize>()])).unwrap();
    assert_eq!(zeros.serial((3i64,)), Ok(Array1::<f64>::zeros(3)));
    let error = zeros.serial::<Array1<f64>>((-1i64,)).unwrap_err();
    assert!(matches!(error, Error::Allocation { .. }), "{error}");
}
