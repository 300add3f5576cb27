//! What a call allocates: its result, and nothing else.
#![allow(unsafe_code, missing_docs)]

use ndarray::{Array1, ArrayRef1};
use parfuse::prelude::*;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// Counts the allocations of each thread.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator unchanged; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, address: *mut u8, layout: Layout) {
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
