//! Densities of normal distributions, and their mean: divisions and the exponential function.
//!
//! Bound by the divider, which vectors of any width pass at the same rate an element; everything else runs beside it.
//! To multiply by corrected reciprocals instead, which gives the same bits, was not faster where it was tried.

use super::super::isa::{Instructions, Isa, Loop};
use super::super::math::{exp, load, padded, store};
use super::super::workloads::kernels::SQRT_2PI;
use super::super::workloads::{Gaussians, Kde, Mixture};
use super::{Contest, slice, slice_mut};

/// `exp(-((x - mean) / width)² / 2) / width`
#[inline(always)]
fn density<I: Isa, const K: usize>(isa: I, x: I::F64, means: &[f64], widths: &[f64]) -> [I::F64; K] {
    let (mut t, widths): ([_; K], [_; K]) = (load(isa, means), load(isa, widths));
    for k in 0..K {
        t[k] = isa.div(isa.sub(x, t[k]), widths[k]);
        t[k] = isa.mul(isa.splat(-0.5), isa.mul(t[k], t[k]));
    }
    let mut result = exp(isa, t);
    for k in 0..K {
        result[k] = isa.div(result[k], widths[k]);
    }
    result
}

struct AllDensities<'a> {
    inputs: &'a Mixture,
    densities: &'a mut [f64],
}

impl Loop for AllDensities<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        // With wide vectors the divider is busy in any case.
        if I::LANES == 8 { self.by_groups::<I, 1>(isa) } else { self.by_groups::<I, 2>(isa) }
    }
}

impl AllDensities<'_> {
    /// Computes this many vectors side by side.
    #[inline(always)]
    fn by_groups<I: Isa, const K: usize>(self, isa: I) {
        let (x, n) = (self.inputs.x, self.densities.len() as f64);
        let mut means = slice(&self.inputs.means).chunks_exact(K * I::LANES);
        let mut widths = slice(&self.inputs.widths).chunks_exact(K * I::LANES);
        let mut densities = self.densities.chunks_exact_mut(K * I::LANES);
        for ((means, widths), to) in (&mut means).zip(&mut widths).zip(&mut densities) {
            Self::group::<I, K>(isa, x, n, means, widths, to);
        }
        let (means, widths) = (padded(means.remainder()), padded(widths.remainder()));
        let (rest, mut to) = (densities.into_remainder(), padded(&[]));
        Self::group::<I, K>(isa, x, n, &means, &widths, &mut to);
        rest.copy_from_slice(&to[..rest.len()]);
    }

    #[inline(always)]
    fn group<I: Isa, const K: usize>(isa: I, x: f64, n: f64, means: &[f64], widths: &[f64], to: &mut [f64]) {
        let mut result: [_; K] = density(isa, isa.splat(x), means, widths);
        for divisor in [SQRT_2PI, n] {
            for result in &mut result {
                *result = isa.div(*result, isa.splat(divisor));
            }
        }
        store(isa, to, result);
    }
}

impl Contest for Gaussians {
    fn run_by_hand(&mut self, isa: Instructions) {
        isa.run(AllDensities { inputs: &self.inputs, densities: slice_mut(&mut self.densities) });
    }
}

struct MeanDensity<'a>(&'a Mixture);

impl Loop for MeanDensity<'_> {
    type Output = f64;

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> f64 {
        // Vectors side by side.
        const K: usize = 2;
        let x = isa.splat(self.0.x);
        let mut means = slice(&self.0.means).chunks_exact(K * I::LANES);
        let mut widths = slice(&self.0.widths).chunks_exact(K * I::LANES);
        let mut sums = [isa.splat(0.0); K];
        for (means, widths) in (&mut means).zip(&mut widths) {
            let densities: [_; K] = density(isa, x, means, widths);
            for (sum, density) in sums.iter_mut().zip(densities) {
                *sum = isa.add(*sum, density);
            }
        }
        let mut sum = 0.0;
        for lanes in sums {
            sum += isa.total(lanes);
        }
        let rest = means.remainder().len();
        let (means, widths) = (padded(means.remainder()), padded(widths.remainder()));
        let mut densities = padded(&[]);
        store(isa, &mut densities, density::<I, K>(isa, x, &means, &widths));
        sum += densities[..rest].iter().sum::<f64>();
        sum / self.0.means.len() as f64 / SQRT_2PI
    }
}

impl Contest for Kde {
    fn run_by_hand(&mut self, isa: Instructions) {
        self.density = isa.run(MeanDensity(&self.inputs));
    }
}
