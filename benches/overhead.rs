//! What a call costs beyond its arithmetic: a serial call on few elements beside the same loop in plain Rust.

use criterion::{Criterion, criterion_group, criterion_main};
use ndarray::{Array1, ArrayRef1};
use parfuse::prelude::*;
use std::hint::black_box;

#[kernel]
fn scale(x: f64, a: &ArrayRef1<f64>) -> Array1<f64> {
    a * x + 1.0
}

fn bare(x: f64, a: &[f64], out: &mut [f64]) {
    for (out, a) in out.iter_mut().zip(a) {
        *out = a * x + 1.0;
    }
}

fn overhead(c: &mut Criterion) {
    for n in [1, 1000] {
        let a = Array1::from_elem(n, 0.5);
        let mut out = Array1::zeros(n);
        let mut group = c.benchmark_group(format!("{n} elements"));
        group.bench_function("bare loop", |b| {
            b.iter(|| bare(black_box(2.0), a.as_slice().unwrap(), out.as_slice_mut().unwrap()));
        });
        group.bench_function("serial_into", |b| {
            b.iter(|| scale::serial_into(black_box(2.0), &a, &mut out).unwrap());
        });
        group.bench_function("serial", |b| b.iter(|| scale::serial(black_box(2.0), &a).unwrap()));
        group.bench_function("the function itself", |b| b.iter(|| scale(black_box(2.0), &a)));
        group.finish();
    }
}

criterion_group!(benches, overhead);
criterion_main!(benches);
