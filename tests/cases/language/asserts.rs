//! `assert!`, `panic!` and their kin: errors with a message and a place.

use crate::cases::ways::{compiled_ways, error_of, exactly};
use ndarray::{Array1, ArrayRef1, ArrayRef2, array};
use parfuse::prelude::*;

/// What an error of an assertion says, where, and in which iteration.
#[track_caller]
fn assertion(error: Error) -> (String, String, Option<usize>) {
    let Error::Assertion { message, iteration, place } = error else { panic!("{error}") };
    let line = place.as_str().split(':').nth(1).unwrap().to_string();
    assert!(place.as_str().contains("asserts.rs"), "{place}");
    (message, line, iteration)
}

#[kernel]
fn weighted(a: &ArrayRef1<f64>, b: &ArrayRef1<f64>, n: usize) -> f64 {
    assert!(n > 0);
    assert_eq!(a.len(), b.len(), "as many weights as values");
    assert_ne!(n, 7);
    debug_assert!(n < 100, "n is {n}, which is too large: {}", n);
    (a * b).sum() / n as f64
}

#[test]
fn what_is_asserted_is_checked_in_order() {
    let (a, b, long) = (array![1.0, 2.0], array![3.0, 4.0], array![1.0, 2.0, 3.0]);
    exactly!(weighted(&a, &b, 4));
    let says = |error| {
        let (message, _, iteration) = assertion(error);
        assert_eq!(iteration, None);
        message
    };
    assert_eq!(says(error_of!(weighted(&a, &long, 0))), "assertion failed: n > 0");
    assert_eq!(says(error_of!(weighted(&a, &long, 7))), "as many weights as values");
    assert_eq!(says(error_of!(weighted(&a, &b, 7))), "assertion failed: n != 7");
    assert_eq!(says(error_of!(weighted(&a, &b, 100))), "n is 100, which is too large: 100");
}

#[kernel]
fn roots(a: &ArrayRef1<f64>) -> (Array1<f64>, f64) {
    let mut r = Array1::zeros(a.len());
    let mut sum = 0.0;
    for i in prange(0..a.len()) {
        assert!(a[i] >= 0.0, "a negative number");
        r[i] = a[i].sqrt();
        sum += if a[i] < 1e6 { a[i] } else { panic!("too large") };
    }
    (r, sum)
}

#[test]
fn the_lowest_iteration_that_fails_is_reported() {
    for n in [1, 20, 1000, 50_000] {
        let mut a = Array1::from_elem(n, 2.0);
        exactly!(roots(&a));
        a[n - 1] = -1.0;
        let (message, first, iteration) = assertion(error_of!(roots(&a)));
        assert_eq!((message.as_str(), iteration), ("a negative number", Some(n - 1)));
        a[n / 2] = 1e7;
        let (message, second, iteration) = assertion(error_of!(roots(&a)));
        assert_eq!((message.as_str(), iteration), ("too large", Some(n / 2)));
        assert_eq!(first.parse::<usize>().unwrap() + 2, second.parse().unwrap());
    }
}

#[kernel]
fn power(x: f64, kind: u8, a: &ArrayRef1<f64>) -> (f64, Array1<f64>) {
    let y = match kind {
        0 => 1.0,
        1 => x,
        2 => x * x,
        9 => todo! {},
        k if k > 100 => unimplemented! { "large ones" },
        _ => unreachable!("kinds are 0, 1 and 2"),
    };
    let b = if kind == 2 {
        a * y
    } else if kind == 0 {
        panic!();
    } else {
        a + y
    };
    (y, b)
}

#[test]
fn what_panics_has_any_type() {
    let a = array![1.0, 2.0];
    for kind in [1, 2] {
        exactly!(power(3.0, kind, &a));
    }
    for (kind, expected) in [
        (0, "explicit panic"),
        (9, "not yet implemented"),
        (101, "not implemented: large ones"),
        (3, "internal error: entered unreachable code: kinds are 0, 1 and 2"),
    ] {
        assert_eq!(assertion(error_of!(power(3.0, kind, &a))).0, expected);
    }
}

#[kernel]
fn first_above(a: &ArrayRef1<i64>, limit: i64) -> usize {
    for i in 0..a.len() {
        if a[i] > limit {
            return i;
        }
    }
    panic!("none is above")
}

#[kernel]
fn checked_row(a: &ArrayRef2<f64>, i: usize) -> f64 {
    let row = if i < a.nrows() { a.row(i).to_owned() } else { unreachable!("no such row") };
    assert!(row.len() == a.ncols());
    row.sum()
}

#[kernel]
fn calls(a: &ArrayRef1<i64>, b: &ArrayRef2<f64>, limit: i64) -> f64 {
    checked_row(b, first_above(a, limit))
}

#[test]
fn a_kernel_may_give_up_where_it_ends() {
    let (a, b) = (array![1, 5, 9], array![[1.0, 2.0], [3.0, 4.0]]);
    exactly!(calls(&a, &b, 0));
    exactly!(calls(&a, &b, 4));
    assert_eq!(
        assertion(error_of!(calls(&a, &b, 5))).0,
        "internal error: entered unreachable code: no such row"
    );
    assert_eq!(assertion(error_of!(calls(&a, &b, 10))).0, "none is above");
}

#[kernel]
fn in_closures(a: &ArrayRef1<f64>) -> Array1<f64> {
    a.mapv(|x| {
        assert!(x.is_finite(), "not a number that is finite");
        x + 1.0
    })
}

#[test]
fn closures_assert() {
    exactly!(in_closures(&array![1.0, 2.0]));
    let (message, ..) = assertion(error_of!(in_closures(&array![1.0, f64::NAN, f64::INFINITY])));
    assert_eq!(message, "not a number that is finite");
}

#[test]
fn traced_kernels_assert() {
    let engine = Engine::new().unwrap();
    let half = engine
        .trace("half", |t| {
            let n = t.scalar::<i64>("n");
            t.assert((n % 2).eq(0), "an even number");
            n / 2
        })
        .unwrap();
    assert_eq!(half.serial((4i64,)), Ok(2i64));
    assert_eq!(assertion(half.parallel::<i64>((3i64,)).unwrap_err()).0, "an even number");
    assert_eq!(compiled_ways!(first_above(&array![1, 2], 1)).0, 1);
}

#[kernel]
fn shown(a: &ArrayRef1<f64>, flags: &ArrayRef1<u8>, scale: f32) -> Array1<f64> {
    let mut r = Array1::zeros(a.len());
    for i in prange(0..a.len()) {
        let (x, negative) = (a[i], a[i] < 0.0);
        assert!(!negative, "{x:.2} at {}: {negative} {{{:e}}} {0:?}, {scale}", i, a[i] / 2.0);
        if flags[i] != 0 {
            fail!("{:>4} is no flag, {} and {0}", flags[i], -(i as i32) - 1);
        }
        assert_eq!(flags[i] as usize + i, i, "none of {:?}", flags);
        r[i] = x;
    }
    r
}

#[test]
fn messages_show_numbers_as_rust_does() {
    for n in [1, 40, 20_000] {
        let (mut a, mut flags) = (Array1::from_elem(n, 2.5), Array1::zeros(n));
        exactly!(shown(&a, &flags, 0.1));
        flags[n - 1] = 200u8;
        let (message, _, iteration) = assertion(error_of!(shown(&a, &flags, 0.1)));
        assert_eq!(message, format!(" 200 is no flag, -{n} and 200"));
        assert_eq!(iteration, Some(n - 1));
        let i = n / 2;
        a[i] = -0.125;
        let (message, _, iteration) = assertion(error_of!(shown(&a, &flags, 0.1)));
        // No more than four are shown.
        let expected = format!("{:.2} at {i}: true {{{:e}}} {{…}}, {{…}}", -0.125, -0.0625);
        assert_eq!(message, expected);
        assert_eq!(iteration, Some(i));
    }
}

#[kernel]
fn diverges(limit: i64) -> i64 {
    let mut k = 0;
    while k < 100 {
        k += 1;
        if k == limit {
            fail!("stopped at {k} of {}", limit * 2);
        }
    }
    k
}

#[test]
fn serial_code_fails_with_values_too() {
    exactly!(diverges(1000));
    assert_eq!(assertion(error_of!(diverges(7))).0, "stopped at 7 of 14");
}
