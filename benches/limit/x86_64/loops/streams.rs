//! Loops that do little with each element: bound by loads and stores, out of cache by memory.
//!
//! Stores past the caches did not make them faster where it was tried, so they are left out.

use super::super::isa::{Instructions, Isa, Loop};
use super::super::math::{load, store};
use super::super::workloads::{Add, Deviation, Polynomial, Sum};
use super::{Contest, slice, slice_mut};

struct AddArrays<'a> {
    a: &'a [f64],
    b: &'a [f64],
    sums: &'a mut [f64],
}

impl Loop for AddArrays<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        // Aligned stores do not touch two cache lines.
        let vector = I::LANES * size_of::<f64>();
        let head = self.sums.as_ptr().align_offset(vector).min(self.sums.len());
        let (sums_head, sums) = self.sums.split_at_mut(head);
        let ((a_head, a), (b_head, b)) = (self.a.split_at(head), self.b.split_at(head));
        a_head.iter().zip(b_head).zip(sums_head).for_each(|((a, b), to)| *to = a + b);

        let step = 4 * I::LANES;
        let (mut a, mut b) = (a.chunks_exact(step), b.chunks_exact(step));
        let mut sums = sums.chunks_exact_mut(step);
        for ((a, b), to) in (&mut a).zip(&mut b).zip(&mut sums) {
            // All loads before the stores: one to the same place of a page would wait for the other.
            let (mut group, b): ([_; 4], [_; 4]) = (load(isa, a), load(isa, b));
            for (a, b) in group.iter_mut().zip(b) {
                *a = isa.add(*a, b);
            }
            store(isa, to, group);
        }
        let rest = a.remainder().iter().zip(b.remainder()).zip(sums.into_remainder());
        rest.for_each(|((a, b), to)| *to = a + b);
    }
}

impl Contest for Add {
    fn run_by_hand(&mut self, isa: Instructions) {
        isa.run(AddArrays { a: slice(&self.a), b: slice(&self.b), sums: slice_mut(&mut self.sums) });
    }
}

/// Sums that grow side by side.
const SUMS: usize = 8;

/// The sum of some vectors, in pairs.
#[inline(always)]
fn fold<I: Isa>(isa: I, mut sums: [I::F64; SUMS]) -> f64 {
    let mut width = SUMS / 2;
    while width > 0 {
        for k in 0..width {
            sums[k] = isa.add(sums[k], sums[k + width]);
        }
        width /= 2;
    }
    isa.total(sums[0])
}

struct SumOf<'a>(&'a [f64]);

impl Loop for SumOf<'_> {
    type Output = f64;

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> f64 {
        let mut sums = [isa.splat(0.0); SUMS];
        let mut chunks = self.0.chunks_exact(SUMS * I::LANES);
        for chunk in &mut chunks {
            for (k, sum) in sums.iter_mut().enumerate() {
                *sum = isa.add(*sum, isa.load(&chunk[k * I::LANES..]));
            }
        }
        fold(isa, sums) + chunks.remainder().iter().sum::<f64>()
    }
}

impl Contest for Sum {
    fn run_by_hand(&mut self, isa: Instructions) {
        self.total = isa.run(SumOf(slice(&self.a)));
    }
}

struct SumAndSquares<'a>(&'a [f64]);

impl Loop for SumAndSquares<'_> {
    type Output = (f64, f64);

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> (f64, f64) {
        let (mut sums, mut squares) = ([isa.splat(0.0); SUMS], [isa.splat(0.0); SUMS]);
        let mut chunks = self.0.chunks_exact(SUMS * I::LANES);
        for chunk in &mut chunks {
            for k in 0..SUMS {
                let x = isa.load(&chunk[k * I::LANES..]);
                sums[k] = isa.add(sums[k], x);
                squares[k] = isa.add(squares[k], isa.mul(x, x));
            }
        }
        let rest = chunks.remainder();
        let squares = fold(isa, squares) + rest.iter().map(|x| x * x).sum::<f64>();
        (fold(isa, sums) + rest.iter().sum::<f64>(), squares)
    }
}

impl Contest for Deviation {
    fn run_by_hand(&mut self, isa: Instructions) {
        let n = self.a.len() as f64;
        let (sum, squares) = isa.run(SumAndSquares(slice(&self.a)));
        let mean = sum / n;
        self.deviation = (squares / n - mean * mean).sqrt();
    }
}

struct Values<'a> {
    a: &'a [f32],
    values: &'a mut [f32],
}

impl Loop for Values<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let [first, others @ ..] = SERIES;
        let lanes = 2 * I::LANES;
        let mut a = self.a.chunks_exact(4 * lanes);
        let mut values = self.values.chunks_exact_mut(4 * lanes);
        for (a, to) in (&mut a).zip(&mut values) {
            for k in 0..4 {
                let x = isa.load_f32(&a[k * lanes..]);
                let mut value = isa.splat_f32(first);
                for coefficient in others {
                    value = isa.fma_f32(value, x, isa.splat_f32(coefficient));
                }
                isa.store_f32(&mut to[k * lanes..], value);
            }
        }
        for (x, to) in a.remainder().iter().zip(values.into_remainder()) {
            *to = others.iter().fold(first, |value, coefficient| value.mul_add(*x, *coefficient));
        }
    }
}

/// The coefficients of `polynomial`, highest power first.
const SERIES: [f32; 9] =
    [1.0 / 40320.0, 1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0];

impl Contest for Polynomial {
    fn run_by_hand(&mut self, isa: Instructions) {
        isa.run(Values { a: slice(&self.a), values: slice_mut(&mut self.values) });
    }
}
