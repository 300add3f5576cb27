//! What a call allocates: its result, and nothing else; and what becomes of it where memory is refused.
#![allow(unsafe_code, missing_docs)]

use ndarray::{Array1, ArrayRef1};
use parfuse::AllocationError;
use parfuse::prelude::*;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// Counts the allocations of each thread, and refuses large ones where that is asked for.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
    /// Bytes that are not freed.
    static LIVE: Cell<isize> = const { Cell::new(0) };
    static LARGEST: Cell<usize> = const { Cell::new(usize::MAX) };
}

// SAFETY: every call goes to the system's allocator unchanged or is refused; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        LIVE.set(LIVE.get() + layout.size() as isize);
        if layout.size() > LARGEST.get() {
            return std::ptr::null_mut();
        }
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, address: *mut u8, layout: Layout) {
        LIVE.set(LIVE.get() - layout.size() as isize);
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(address, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

#[kernel]
fn scaled(x: f64, a: &ArrayRef1<f64>, b: &ArrayRef1<f64>) -> Array1<f64> {
    (a - b) * x
}

#[kernel]
fn total(a: &ArrayRef1<f64>) -> f64 {
    a.sum()
}

/// The allocations of a call, once the kernel is compiled.
fn allocations(mut call: impl FnMut()) -> usize {
    call();
    let before = ALLOCATIONS.get();
    call();
    ALLOCATIONS.get() - before
}

#[test]
fn a_small_call_allocates_its_result_alone() {
    let (a, b) = (Array1::from_elem(1000, 3.0), Array1::from_elem(1000, 1.0));
    assert_eq!(allocations(|| drop(scaled::serial(2.0, &a, &b).unwrap())), 1);
    assert_eq!(allocations(|| drop(scaled::parallel(2.0, &a, &b).unwrap())), 1);
    assert_eq!(allocations(|| assert_eq!(total::serial(&a).unwrap(), 3000.0)), 0);
}

#[test]
fn a_call_into_an_array_allocates_nothing() {
    let (a, b) = (Array1::from_elem(1000, 3.0), Array1::from_elem(1000, 1.0));
    let mut out = Array1::zeros(1000);
    assert_eq!(allocations(|| scaled::serial_into(2.0, &a, &b, &mut out).unwrap()), 0);
    assert_eq!(out, Array1::from_elem(1000, 4.0));
}

/// The error of a call where no block larger than this is to be had.
fn refused<R: std::fmt::Debug>(largest: usize, mut call: impl FnMut() -> Result<R, Error>) -> Error {
    // Compiled once and for all by the first call.
    Engine::builder().thorough(true).build().unwrap().install(|| {
        call().unwrap();
        LARGEST.set(largest);
        let result = call();
        LARGEST.set(usize::MAX);
        result.unwrap_err()
    })
}

#[kernel]
fn extremes(a: &ArrayRef1<f64>) -> (f64, f64) {
    let mut low = f64::INFINITY;
    let mut high = f64::NEG_INFINITY;
    for i in prange(0..a.len()) {
        low = low.min(a[i]);
        high = high.max(a[i]);
    }
    (low, high)
}

#[test]
fn memory_refused_for_partial_results_is_an_error() {
    let a = Array1::<f64>::ones(200 * 8192);
    for error in [refused(1000, || total::serial(&a)), refused(2000, || extremes::parallel(&a))] {
        let Error::Allocation { ref shape, cause: AllocationError::OutOfMemory { bytes }, ref place } = error
        else {
            panic!("{error}")
        };
        assert!(shape.iter().product::<usize>() * 8 == bytes && bytes >= 200 * 8, "{error}");
        assert!(place.as_str().contains("allocations.rs:"), "{error}");
    }
}

#[test]
fn memory_refused_for_a_result_is_an_error() {
    let (a, b) = (Array1::from_elem(1000, 3.0), Array1::from_elem(1000, 1.0));
    let error = refused(7999, || scaled::serial(2.0, &a, &b));
    assert!(matches!(error, Error::Allocation { .. }), "{error}");
}

#[kernel]
fn fails_at_last(a: &ArrayRef1<f64>, limit: f64) -> Array1<f64> {
    let squares = a * a;
    let mut out = Array1::zeros(a.len());
    for i in prange(0..a.len()) {
        let mut work = Array1::<f64>::zeros(50);
        for j in 0..work.len() {
            work[j] = squares[(i + j) % squares.len()];
        }
        if a[i] > limit {
            fail!("{limit} is exceeded at {i}");
        }
        out[i] = work.sum();
    }
    out
}

#[test]
fn what_a_call_has_made_is_freed_when_it_fails() {
    let a = Array1::from_shape_fn(50_000, |i| i as f64);
    fails_at_last::serial(&a, 1e9).unwrap();
    let fail = || assert!(matches!(fails_at_last::serial(&a, 49_990.0), Err(Error::Assertion { .. })));
    fail();
    let before = LIVE.get();
    (0..100).for_each(|_| fail());
    assert!((LIVE.get() - before).abs() < 10_000, "{} bytes", LIVE.get() - before);
}
