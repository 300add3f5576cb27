//! Kernels that are generic over element types and constants: one kernel for each, made where it is used.

use crate::cases::ways::{error_of, every_way, exactly};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, LinalgScalar, ScalarOperand, array};
use num_traits::{Float, FloatConst, FromPrimitive, NumCast, ToPrimitive};
use parfuse::prelude::*;
use parfuse::{DType, TypeArgument};
use std::ops::{Add, AddAssign, Mul};

#[kernel]
fn axpy<T: Float>(a: T, x: &Array1<T>, y: &mut Array1<T>) {
    for i in prange(0..x.len()) {
        y[i] = a * x[i] + y[i];
    }
}

#[test]
fn the_type_is_that_of_the_arguments() {
    exactly!(axpy(2.0, &array![1.0, 2.0, 3.0], &mut y) with y = array![10.0, 20.0, 30.0]);
    exactly!(axpy(2.0, &array![1.0f32, 2.0], &mut y) with y = array![0.5f32, 0.25]);
}

#[test]
fn each_type_has_a_kernel_of_its_own() {
    assert_eq!(axpy::<f32>::kernel().program().unwrap().lines().next().unwrap().matches("f32").count(), 3);
    assert_eq!(axpy::<f64>::kernel().program().unwrap().lines().next().unwrap().matches("f64").count(), 3);
    let engine = Engine::builder().threads(1).build().unwrap();
    let kernel = engine.kernel::<axpy<f32>>();
    let mut y = array![1.0f32];
    kernel.serial::<()>((3.0f32, &array![2.0f32], &mut y)).unwrap();
    assert_eq!(y, array![7.0]);
}

#[kernel]
fn weighted<T>(weights: &[T], x: &[T]) -> T
where
    T: Copy + Default + Add<Output = T> + Mul<Output = T>,
{
    let mut sum = T::default();
    for i in 0..x.len() {
        sum = sum + weights[i] * x[i];
    }
    sum
}

#[test]
fn bounds_are_any_that_element_types_have() {
    assert_eq!(exactly!(weighted(&[1, 2, 3], &[4, 5, 6])).0, 32);
    assert_eq!(exactly!(weighted(&[1u8, 2], &[4, 5])).0, 14);
    assert_eq!(exactly!(weighted(&[0.5f32, 2.0], &[4.0, 5.0])).0, 12.0);
}

#[kernel]
fn constants<T: Float + FloatConst>(x: T) -> (T, T, T, T) {
    let half = T::from(0.5).unwrap();
    let two = T::one() + T::one();
    let area = T::PI() * x * x * half;
    let small = if x < T::epsilon() { T::zero() } else { x.max(T::from(1).unwrap()).powi(2) };
    (area, two.recip() - half, small, T::infinity().min(<T as Float>::max_value()))
}

#[test]
fn what_is_computed_of_the_type_alone_is_a_constant() {
    exactly!(constants(1.5));
    exactly!(constants(1.5f32));
    exactly!(constants(f32::EPSILON * 0.5));
}

#[kernel]
fn mean_of_squares<T: Float + AddAssign + ScalarOperand>(a: &ArrayRef2<T>) -> Array1<T> {
    let (rows, columns) = a.dim();
    let mut means = Array1::<T>::zeros(rows);
    for i in prange(0..rows) {
        let mut sum: T = T::zero();
        for j in 0..columns {
            sum += a[[i, j]] * a[[i, j]];
        }
        means[i] = sum / T::from(columns).unwrap();
    }
    means * T::from(2.0).unwrap()
}

#[test]
fn numbers_are_converted_to_the_type() {
    let a = Array2::from_shape_fn((5, 7), |(i, j)| (i * 7 + j) as f64 / 8.0);
    exactly!(mean_of_squares(&a));
    exactly!(mean_of_squares(&a.mapv(|x| x as f32)));
}

#[kernel]
fn positions<T: Float>(a: &ArrayRef1<T>, width: T) -> Array1<usize> {
    a.mapv(|x| (x / width).floor().to_usize().unwrap())
}

#[kernel]
fn narrowed<T: ToPrimitive + Copy>(x: T) -> (u8, i8, i64, usize) {
    let bytes = (x.to_u8().unwrap_or(99), x.to_i8().unwrap_or(-99));
    (bytes.0, bytes.1, x.to_i64().unwrap_or(-1), x.to_usize().unwrap_or(x.to_f32().unwrap() as usize))
}

#[test]
fn conversions_say_whether_the_number_fits() {
    assert_eq!(exactly!(positions(&array![0.0, 0.7, 2.2], 0.5)).0, array![0, 1, 4]);
    assert!(matches!(error_of!(positions(&array![1.0, -1.0], 0.5)), Error::NoValue { .. }));
    for x in
        [0.0, -0.9, 127.9, 128.0, -128.5, -129.0, 255.99, 256.0, 1e18, 1e19, 2e19, f64::NAN, f64::INFINITY]
    {
        exactly!(narrowed(x));
    }
    for x in [0.0f32, 127.9, 128.0, -128.0, -129.0, 255.5, 256.0, 9.3e18, 1.9e19, f32::NEG_INFINITY] {
        exactly!(narrowed(x));
    }
    for x in [0i64, 127, 128, -128, -129, 255, 256, i64::MIN, i64::MAX] {
        exactly!(narrowed(x));
    }
    for x in [0u64, 127, 128, 255, 256, u64::MAX, 1 << 63] {
        exactly!(narrowed(x));
    }
    for x in [-1i8, 0, i8::MIN, i8::MAX] {
        exactly!(narrowed(x));
    }
}

#[kernel]
fn to_other<T: NumCast + Copy, U: NumCast + FromPrimitive + Copy + Default>(x: T, n: usize) -> (U, U, U) {
    (U::from(x).unwrap_or_default(), U::from_usize(n).unwrap(), U::from(3).unwrap())
}

#[test]
fn there_may_be_several_types() {
    let same = |compiled: (i16, i16, i16), plain| assert_eq!(compiled, plain);
    for x in [1.5, -4.5, 1e9] {
        same(to_other::serial(x, 7).unwrap(), to_other(x, 7));
    }
    assert_eq!(to_other::<u64, f32>::parallel(9, 2).unwrap(), (9.0, 2.0, 3.0));
    assert!(matches!(to_other::<f64, u8>::serial(1.0, 256), Err(Error::NoValue { .. })));
}

#[kernel]
fn square<T: Copy + Mul<Output = T>>(x: T) -> T {
    x * x
}

#[kernel]
fn zeros_of<T: LinalgScalar>(n: usize) -> Array1<T> {
    Array1::zeros(n)
}

#[kernel]
fn calls(a: &ArrayRef1<f32>, n: i64) -> (Array1<f32>, i64, f64, Array1<f32>) {
    let mut squares = zeros_of::<f32>(a.len());
    for i in 0..a.len() {
        squares[i] = square(a[i]);
    }
    (squares, square(n) + square::<i64>(2), square(1.5), a.mapv(square))
}

#[kernel]
fn calls_on<T: LinalgScalar + Float>(a: &ArrayRef1<T>) -> T {
    let half = square(T::from(0.5).unwrap());
    let mut sum = T::zero();
    for i in prange(0..a.len()) {
        sum = sum + square(a[i]) * half;
    }
    square::<T>(sum)
}

#[test]
fn kernels_call_generic_ones() {
    exactly!(calls(&array![1.0f32, 2.5], 7));
    exactly!(calls_on(&array![1.0f32, 2.5]));
    exactly!(calls_on(&array![1.0, 2.5]));
}

#[kernel]
fn untold() -> Array1<f64> {
    zeros_of(3)
}

#[test]
fn a_call_that_does_not_tell_the_type_says_what_to_write() {
    let error = untold::serial().unwrap_err().to_string();
    assert!(error.contains("`zeros_of::<f64>(…)`") && error.contains("generics.rs"), "{error}");
}

#[kernel]
fn polynomial<const DEGREE: usize>(x: f64, factor: &[f64]) -> f64 {
    let mut y = 0.0;
    for k in (0..DEGREE + 1).rev() {
        y = y * x + factor[k];
    }
    y
}

#[kernel]
fn scaled<T: LinalgScalar, const BY: i32, const NEGATED: bool>(x: &ArrayRef1<T>, factor: T) -> Array1<T> {
    let mut y = x.mapv(|x| x * factor);
    for _ in 0..BY {
        y = y.mapv(|y| if NEGATED { T::zero() - y } else { y + y });
    }
    y
}

#[kernel]
fn of_degree_two(x: f64, factors: &[f64]) -> f64 {
    polynomial::<2>(x, factors)
}

#[test]
fn constants_are_those_of_the_kernel() {
    let plain = polynomial::<2>(2.0, &[1.0, 2.0, 3.0, 4.0]);
    assert_eq!(polynomial::<2>::serial(2.0, &[1.0, 2.0, 3.0, 4.0]), Ok(plain));
    assert_eq!(polynomial::<3>::parallel(2.0, &[1.0, 2.0, 3.0, 4.0]), Ok(plain + 32.0));
    assert_eq!(exactly!(of_degree_two(2.0, &[1.0, 2.0, 3.0, 4.0])).0, plain);
    let x = array![1, -2];
    assert_eq!(scaled::<i32, 3, false>::serial(&x, 2).unwrap(), scaled::<i32, 3, false>(&x, 2));
    assert_eq!(scaled::<i32, 3, true>::serial(&x, 2).unwrap(), scaled::<i32, 3, true>(&x, 2));
}

/// The generic function of a user's, that runs a kernel.
fn on_any<T: Float + TypeArgument>(x: &Array1<T>) -> Result<Array1<T>, Error> {
    let mut y = Array1::from_elem(x.len(), T::one());
    axpy::parallel(T::one(), x, &mut y)?;
    assert!([DType::F32, DType::F64].contains(&T::DTYPE));
    Ok(y)
}

#[test]
fn generic_functions_run_generic_kernels() {
    assert_eq!(on_any(&array![1.0, 2.0]).unwrap(), array![2.0, 3.0]);
    assert_eq!(on_any(&array![1.0f32, 2.0]).unwrap(), array![2.0, 3.0]);
}

#[test]
fn generic_kernels_are_compared_and_write_into_memory() {
    let x = Array1::linspace(0.0, 1.0, 100);
    let comparison = mean_of_squares::compare(&x.to_shape((10, 10)).unwrap()).unwrap();
    assert!(comparison.agrees());
    let mut into = Array1::zeros(10);
    mean_of_squares::serial_into(&x.to_shape((10, 10)).unwrap(), &mut into).unwrap();
    assert_eq!(into, every_way!(mean_of_squares(&x.to_shape((10, 10)).unwrap())).0);
}
