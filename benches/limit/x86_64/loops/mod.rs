//! The hand-written loops, and beside which workload of ours each runs.

mod densities;
mod options;
mod orbits;
mod points;
mod streams;

use super::isa::Instructions;
use super::workloads::{self, Workload};

/// A workload that is also written by hand.
pub trait Contest: Workload {
    /// Computes what [`Workload::run`] computes, into the same memory.
    fn run_by_hand(&mut self, isa: Instructions);
}

/// How far results may be apart.
#[derive(Clone, Copy, Debug)]
pub enum Tolerance {
    /// The same operations in the same order.
    Same,
    /// This many units in the last place.
    Ulp(u64),
    /// This much of the larger of one and the result.
    Relative(f64),
}

impl Tolerance {
    /// Whether these are close enough.
    pub fn allows(self, ours: f64, hand: f64) -> bool {
        match self {
            Tolerance::Same => ours == hand,
            // Of floats of one sign the bits are ordered as they are.
            Tolerance::Ulp(most) => (ours.to_bits() as i64).abs_diff(hand.to_bits() as i64) <= most,
            Tolerance::Relative(most) => (ours - hand).abs() <= most * ours.abs().max(1.0),
        }
    }
}

/// A line of the table for each instruction set and size.
pub struct Entry {
    pub name: &'static str,
    pub make: fn(usize) -> Box<dyn Contest>,
    pub tolerance: Tolerance,
}

/// All of them.
pub const ENTRIES: &[Entry] = &[
    Entry {
        name: "gaussians",
        make: |n| Box::new(workloads::Gaussians::new(n)),
        tolerance: Tolerance::Ulp(4),
    },
    Entry { name: "kde", make: |n| Box::new(workloads::Kde::new(n)), tolerance: Tolerance::Relative(1e-12) },
    Entry {
        name: "monte_carlo_pi",
        make: |n| Box::new(workloads::MonteCarloPi::new(n)),
        tolerance: Tolerance::Same,
    },
    Entry {
        name: "mandelbrot",
        make: |n| Box::new(workloads::Mandelbrot::new(n)),
        tolerance: Tolerance::Same,
    },
    Entry { name: "add", make: |n| Box::new(workloads::Add::new(n)), tolerance: Tolerance::Same },
    Entry { name: "sum", make: |n| Box::new(workloads::Sum::new(n)), tolerance: Tolerance::Relative(1e-12) },
    Entry {
        name: "deviation",
        make: |n| Box::new(workloads::Deviation::new(n)),
        tolerance: Tolerance::Relative(1e-12),
    },
    Entry {
        name: "black_scholes",
        make: |n| Box::new(workloads::BlackScholes::new(n)),
        tolerance: Tolerance::Relative(1e-12),
    },
    Entry {
        name: "polynomial",
        make: |n| Box::new(workloads::Polynomial::new(n)),
        tolerance: Tolerance::Same,
    },
];

/// The elements of a contiguous array.
fn slice<S, D>(array: &ndarray::ArrayBase<S, D>) -> &[S::Elem]
where
    S: ndarray::Data,
    D: ndarray::Dimension,
{
    array.as_slice().expect("arrays of workloads are contiguous")
}

/// The elements of a contiguous array, to write to.
fn slice_mut<S, D>(array: &mut ndarray::ArrayBase<S, D>) -> &mut [S::Elem]
where
    S: ndarray::DataMut,
    D: ndarray::Dimension,
{
    array.as_slice_mut().expect("arrays of workloads are contiguous")
}
