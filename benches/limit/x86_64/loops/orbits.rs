//! Escape times of the Mandelbrot set: a loop of several dependent operations, which only other pixels can hide.

use super::super::isa::{Instructions, Isa, Loop};
use super::super::workloads::Mandelbrot;
use super::{Contest, slice_mut};

struct EscapeTimes<'a> {
    height: usize,
    width: usize,
    limit: i32,
    counts: &'a mut [i32],
}

impl Loop for EscapeTimes<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        // As many side by side as the registers hold.
        if I::REGISTERS == 32 { self.by_vectors::<I, 4>(isa) } else { self.by_vectors::<I, 2>(isa) }
    }
}

impl EscapeTimes<'_> {
    /// Iterates this many vectors of pixels side by side.
    #[inline(always)]
    fn by_vectors<I: Isa, const VECTORS: usize>(self, isa: I) {
        let lane_numbers = isa.load(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
        let pixels = VECTORS * I::LANES;
        for (row, counts) in self.counts.chunks_mut(self.width).enumerate() {
            let cy = isa.splat(3.0 * row as f64 / self.height as f64 - 1.5);
            for (group, counts) in counts.chunks_mut(pixels).enumerate() {
                let mut cx = [cy; VECTORS];
                for (k, cx) in cx.iter_mut().enumerate() {
                    let first = (group * VECTORS + k) * I::LANES;
                    let column = isa.add(isa.splat(first as f64), lane_numbers);
                    let scaled = isa.div(isa.mul(isa.splat(3.0), column), isa.splat(self.width as f64));
                    *cx = isa.sub(scaled, isa.splat(2.0));
                }
                let escaped = escape(isa, cx, cy, self.limit);
                if counts.len() == pixels {
                    for (k, n) in escaped.iter().enumerate() {
                        isa.store_i32(&mut counts[k * I::LANES..], *n);
                    }
                } else {
                    let mut all = [0; 32];
                    for (k, n) in escaped.iter().enumerate() {
                        isa.store_i32(&mut all[k * I::LANES..], *n);
                    }
                    counts.copy_from_slice(&all[..counts.len()]);
                }
            }
        }
    }
}

/// For some vectors of points, after how many steps their orbits escape.
#[inline(always)]
fn escape<I: Isa, const VECTORS: usize>(
    isa: I,
    cx: [I::F64; VECTORS],
    cy: I::F64,
    limit: i32,
) -> [I::U64; VECTORS] {
    let (zero, four) = (isa.splat(0.0), isa.splat(4.0));
    let (mut x, mut y) = ([zero; VECTORS], [zero; VECTORS]);
    let mut counts = [isa.splat_u64(0); VECTORS];
    // What a step counts: one, and nothing from when an orbit has escaped.
    let mut steps = [isa.splat_u64(1); VECTORS];
    for step in 0..limit {
        let mut some = isa.lt(zero, zero);
        for k in 0..VECTORS {
            let (xx, yy) = (isa.mul(x[k], x[k]), isa.mul(y[k], y[k]));
            let inside = isa.le(isa.add(xx, yy), four);
            some = isa.either(some, inside);
            steps[k] = isa.keep(steps[k], inside);
            counts[k] = isa.add_u64(counts[k], steps[k]);
            y[k] = isa.add(isa.mul(isa.add(x[k], x[k]), y[k]), cy);
            x[k] = isa.add(isa.sub(xx, yy), cx[k]);
        }
        // Looking seldom costs less than the steps in vain.
        if step % 2 == 1 && !isa.any(some) {
            break;
        }
    }
    counts
}

impl Contest for Mandelbrot {
    fn run_by_hand(&mut self, isa: Instructions) {
        let (height, width) = self.counts.dim();
        let limit = self.limit;
        isa.run(EscapeTimes { height, width, limit, counts: slice_mut(&mut self.counts) });
    }
}
