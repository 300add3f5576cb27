//! `#[kernel(checked)]`: integers that do not fit into their type.

use crate::cases::ways::{compiled_ways, error_of, exactly};
use ndarray::{Array1, ArrayRef1, array};
use parfuse::prelude::*;

/// The iteration in which an integer overflows.
#[track_caller]
fn overflow(error: Error) -> Option<usize> {
    let Error::Overflow { iteration, place } = error else { panic!("{error}") };
    assert!(place.as_str().contains("overflow.rs"), "{place}");
    iteration
}

macro_rules! operators {
    ($($name:ident $ty:ty),*) => { $(
        mod $name {
            use super::*;

            #[kernel(checked)]
            fn sums(a: &ArrayRef1<$ty>, b: &ArrayRef1<$ty>) -> Array1<$ty> {
                let mut r = Array1::<$ty>::zeros(a.len());
                for i in prange(0..a.len()) {
                    r[i] = a[i] + b[i];
                }
                r
            }
            #[kernel(checked)]
            fn differences(a: &ArrayRef1<$ty>, b: &ArrayRef1<$ty>) -> Array1<$ty> {
                let mut r = a.to_owned();
                for i in prange(0..a.len()) {
                    r[i] -= b[i];
                }
                r
            }
            #[kernel(checked)]
            fn products(a: &ArrayRef1<$ty>, b: &ArrayRef1<$ty>) -> Array1<$ty> {
                let mut r = Array1::<$ty>::zeros(a.len());
                for i in prange(0..a.len()) {
                    r[i] = a[i] * b[i];
                }
                r
            }
            #[kernel(checked)]
            fn multiples(a: &ArrayRef1<$ty>) -> Array1<$ty> {
                let mut r = Array1::<$ty>::zeros(a.len());
                for i in prange(0..a.len()) {
                    r[i] = a[i] * 3 + 7 * a[i];
                }
                r
            }
            #[kernel(checked)]
            fn whole_arrays(a: &ArrayRef1<$ty>, b: &ArrayRef1<$ty>) -> Array1<$ty> {
                a + b
            }

            /// Pairs on both sides of the limits, one by one.
            #[test]
            fn operators_fail_where_rust_says_so() {
                let (least, greatest) = (<$ty>::MIN, <$ty>::MAX);
                let numbers = [least, least + 1, least / 2, 0, 1, 2, 3, 5, 11, greatest / 3, greatest / 2 + 1, greatest - 1, greatest];
                for a in numbers {
                    for b in numbers {
                        let (x, y) = (array![1, a], array![1, b]);
                        let expected = [a.checked_add(b), a.checked_sub(b), a.checked_mul(b)];
                        let found = [sums::serial(&x, &y), differences::serial(&x, &y), products::parallel(&x, &y)];
                        for (expected, found) in expected.into_iter().zip(found) {
                            match (expected, found) {
                                (Some(expected), found) => assert_eq!(found.map(|r| r[1]), Ok(expected), "{a} {b}"),
                                (None, Ok(found)) => panic!("{a} {b}: {found}"),
                                (None, Err(error)) => assert_eq!(overflow(error), Some(1), "{a} {b}"),
                            }
                        }
                        let sums = whole_arrays::serial(&x, &y);
                        assert_eq!(sums.is_ok(), a.checked_add(b).is_some(), "{a} {b}");
                    }
                    let tenfold = a.checked_mul(3).zip(a.checked_mul(7)).and_then(|(x, y)| x.checked_add(y));
                    let found = multiples::parallel(&array![1, a]).map(|r| r[1]);
                    assert_eq!(found.as_ref().ok(), tenfold.as_ref(), "{a}");
                }
            }

            #[test]
            fn the_lowest_iteration_is_told() {
                for n in [1, 33, 9000] {
                    let (mut a, b) = (Array1::<$ty>::ones(n), Array1::<$ty>::ones(n));
                    exactly!(sums(&a, &b));
                    a[n - 1] = <$ty>::MAX;
                    assert_eq!(overflow(error_of!(sums(&a, &b))), Some(n - 1));
                    a[n / 2] = <$ty>::MAX;
                    assert_eq!(overflow(error_of!(sums(&a, &b))), Some(n / 2));
                    assert_eq!(overflow(error_of!(multiples(&a))), Some(n / 2));
                }
            }
        }
    )* };
}
operators!(of_i64 i64, of_u64 u64, of_i32 i32, of_u32 u32, of_i8 i8, of_u8 u8, of_usize usize);

#[kernel(checked)]
fn of_one_sign(a: i32, b: i32, count: i32) -> (i32, i32, i32) {
    (-a, a / b, a << count)
}

#[kernel(checked)]
fn factorial(n: i64) -> i64 {
    let mut product = 1;
    for k in 1..=n {
        product *= k;
    }
    product
}

/// A sum in the parallel loop wraps; what stands beside it does not.
#[kernel(checked)]
fn hashed(a: &ArrayRef1<i64>, scale: i64) -> (i64, f64) {
    let mut hash = 0;
    let mut offset = 1;
    offset += scale;
    let mut total = 0.0;
    for i in prange(0..a.len()) {
        hash += a[i] + offset;
        total += a[i] as f64 * 2.0;
    }
    (hash, total)
}

#[kernel]
fn wrapping(a: i32) -> i32 {
    a.wrapping_mul(3) + 1
}

#[kernel(fast, checked)]
fn mapped(a: &ArrayRef1<i32>) -> Array1<i32> {
    a.mapv(|x| x - 5)
}

#[test]
fn other_operators_and_serial_code_are_checked_too() {
    assert_eq!(compiled_ways!(of_one_sign(7, -2, 3)).0, (-7, -3, 56));
    for (a, b, count) in [(i32::MIN, 2, 0), (i32::MIN + 1, -1, 32), (5, 1, -1)] {
        assert_eq!(overflow(error_of!(of_one_sign(a, b, count))), None);
    }
    exactly!(factorial(20));
    assert_eq!(overflow(error_of!(factorial(21))), None);
    let a = Array1::from_elem(20_000, i64::MAX - 10);
    let sum = a.iter().fold(0i64, |sum, x| sum.wrapping_add(x + 4));
    assert_eq!(compiled_ways!(hashed(&a, 3)).0.0, sum);
    assert_eq!(overflow(error_of!(hashed(&a, 10))), Some(0));
    assert_eq!(overflow(error_of!(hashed(&a, i64::MAX))), None);
    assert_eq!(
        compiled_ways!(wrapping(i32::MAX / 3 + 9)).0,
        (i32::MAX / 3 + 9).wrapping_mul(3).wrapping_add(1)
    );
    exactly!(mapped(&array![7, 5, -1]));
    assert!(matches!(error_of!(mapped(&array![7, i32::MIN + 4, -1])), Error::Overflow { .. }));
}
