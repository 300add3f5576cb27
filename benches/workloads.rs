//! The kernels of `compare` as workloads: inputs that are the same in every run and every language, memory for the
//! results, and a call that computes them.
//!
//! ```text
//! new(n) ──► inputs, outputs        not timed
//! run(variant)                      timed: one call, into the outputs that are there
//! results()                         what the last call left, for comparing with others
//! ```

#[path = "../examples/compare/kernels.rs"]
pub mod kernels;

use ndarray::{Array1, Array2};
use parfuse::Error;
use parfuse::prelude::*;

/// Which compiled code of ours runs.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Variant {
    /// On the calling thread.
    Serial,
    /// On the engine's threads.
    Parallel,
}

/// Something to run repeatedly.
pub trait Workload {
    /// The number of elements, samples or pixels of a call.
    fn elements(&self) -> usize;
    /// One call of our compiled code, on the engine that is current.
    fn run(&mut self, variant: Variant) -> Result<(), Error>;
    /// The results of the last call, one after the other.
    fn results(&self) -> Vec<f64>;
}

/// The seed of random numbers.
pub const SEED: u64 = 42;

/// Numbers spread evenly over `[0, 1)`, from any position of one sequence on.
fn spread(from: usize, n: usize) -> Array1<f64> {
    Array1::from_shape_fn(n, |i| ((from + i) as f64 * 0.754_877_666_246_692_7).fract())
}

/// `kernel::serial_into(…)` or `kernel::parallel_into(…)`.
macro_rules! call_into {
    ($variant:expr, $kernel:ident($($argument:expr),*)) => {
        match $variant {
            Variant::Serial => kernels::$kernel::serial_into($($argument),*),
            Variant::Parallel => kernels::$kernel::parallel_into($($argument),*),
        }
    };
}

/// The inputs of densities: a point, and means and widths of normal distributions.
pub struct Mixture {
    pub x: f64,
    pub means: Array1<f64>,
    pub widths: Array1<f64>,
}

impl Mixture {
    /// Means over [-1, 1] and widths over [0.1, 0.4].
    fn new(n: usize) -> Mixture {
        Mixture { x: 0.4, means: 2.0 * spread(0, n) - 1.0, widths: 0.1 + 0.3 * spread(n, n) }
    }
}

/// `gaussians`
pub struct Gaussians {
    pub inputs: Mixture,
    pub densities: Array1<f64>,
}

impl Gaussians {
    pub fn new(n: usize) -> Self {
        Gaussians { inputs: Mixture::new(n), densities: Array1::zeros(n) }
    }
}

impl Workload for Gaussians {
    fn elements(&self) -> usize {
        self.densities.len()
    }
    fn run(&mut self, variant: Variant) -> Result<(), Error> {
        let Mixture { x, means, widths } = &self.inputs;
        call_into!(variant, gaussians(*x, means, widths, &mut self.densities))
    }
    fn results(&self) -> Vec<f64> {
        self.densities.to_vec()
    }
}

/// `kde`
pub struct Kde {
    pub inputs: Mixture,
    pub density: f64,
}

impl Kde {
    pub fn new(n: usize) -> Self {
        Kde { inputs: Mixture::new(n), density: 0.0 }
    }
}

impl Workload for Kde {
    fn elements(&self) -> usize {
        self.inputs.means.len()
    }
    fn run(&mut self, variant: Variant) -> Result<(), Error> {
        let Mixture { x, means, widths } = &self.inputs;
        call_into!(variant, kde(*x, means, widths, &mut self.density))
    }
    fn results(&self) -> Vec<f64> {
        vec![self.density]
    }
}

/// `monte_carlo_pi`
pub struct MonteCarloPi {
    pub samples: usize,
    pub estimate: f64,
}

impl MonteCarloPi {
    pub fn new(n: usize) -> Self {
        MonteCarloPi { samples: n, estimate: 0.0 }
    }
}

impl Workload for MonteCarloPi {
    fn elements(&self) -> usize {
        self.samples
    }
    fn run(&mut self, variant: Variant) -> Result<(), Error> {
        with_seed(SEED, || call_into!(variant, monte_carlo_pi(self.samples as i64, &mut self.estimate)))
    }
    fn results(&self) -> Vec<f64> {
        vec![self.estimate]
    }
}

/// `mandelbrot` of a square
pub struct Mandelbrot {
    pub limit: i32,
    pub counts: Array2<i32>,
}

impl Mandelbrot {
    pub fn new(n: usize) -> Self {
        Mandelbrot { limit: 100, counts: Array2::zeros((n.isqrt(), n.isqrt())) }
    }
}

impl Workload for Mandelbrot {
    fn elements(&self) -> usize {
        self.counts.len()
    }
    fn run(&mut self, variant: Variant) -> Result<(), Error> {
        let (height, width) = self.counts.dim();
        call_into!(variant, mandelbrot(height, width, self.limit, &mut self.counts))
    }
    fn results(&self) -> Vec<f64> {
        self.counts.iter().map(|count| f64::from(*count)).collect()
    }
}

/// `add`
pub struct Add {
    pub a: Array1<f64>,
    pub b: Array1<f64>,
    pub sums: Array1<f64>,
}

impl Add {
    pub fn new(n: usize) -> Self {
        Add { a: spread(0, n), b: spread(n, n), sums: Array1::zeros(n) }
    }
}

impl Workload for Add {
    fn elements(&self) -> usize {
        self.sums.len()
    }
    fn run(&mut self, variant: Variant) -> Result<(), Error> {
        call_into!(variant, add(&self.a, &self.b, &mut self.sums))
    }
    fn results(&self) -> Vec<f64> {
        self.sums.to_vec()
    }
}

/// `add` into an array of its own on each call
pub struct AddFresh {
    pub a: Array1<f64>,
    pub b: Array1<f64>,
    pub sums: Array1<f64>,
}

impl AddFresh {
    pub fn new(n: usize) -> Self {
        AddFresh { a: spread(0, n), b: spread(n, n), sums: Array1::zeros(0) }
    }
}

impl Workload for AddFresh {
    fn elements(&self) -> usize {
        self.a.len()
    }
    fn run(&mut self, variant: Variant) -> Result<(), Error> {
        self.sums = match variant {
            Variant::Serial => kernels::add::serial(&self.a, &self.b)?,
            Variant::Parallel => kernels::add::parallel(&self.a, &self.b)?,
        };
        Ok(())
    }
    fn results(&self) -> Vec<f64> {
        self.sums.to_vec()
    }
}

/// `sum`
pub struct Sum {
    pub a: Array1<f64>,
    pub total: f64,
}

impl Sum {
    pub fn new(n: usize) -> Self {
        Sum { a: spread(0, n), total: 0.0 }
    }
}

impl Workload for Sum {
    fn elements(&self) -> usize {
        self.a.len()
    }
    fn run(&mut self, variant: Variant) -> Result<(), Error> {
        call_into!(variant, sum(&self.a, &mut self.total))
    }
    fn results(&self) -> Vec<f64> {
        vec![self.total]
    }
}

/// `deviation`
pub struct Deviation {
    pub a: Array1<f64>,
    pub deviation: f64,
}

impl Deviation {
    pub fn new(n: usize) -> Self {
        Deviation { a: spread(0, n), deviation: 0.0 }
    }
}

impl Workload for Deviation {
    fn elements(&self) -> usize {
        self.a.len()
    }
    fn run(&mut self, variant: Variant) -> Result<(), Error> {
        call_into!(variant, deviation(&self.a, &mut self.deviation))
    }
    fn results(&self) -> Vec<f64> {
        vec![self.deviation]
    }
}

/// `black_scholes`
pub struct BlackScholes {
    pub prices: Array1<f64>,
    pub strikes: Array1<f64>,
    pub years: Array1<f64>,
    pub rate: f64,
    pub volatility: f64,
    pub calls: Array1<f64>,
    pub puts: Array1<f64>,
}

impl BlackScholes {
    /// Prices over [20, 40], strikes over [25, 55], one to four years.
    pub fn new(n: usize) -> Self {
        BlackScholes {
            prices: 20.0 + 20.0 * spread(0, n),
            strikes: 25.0 + 30.0 * spread(n, n),
            years: 1.0 + 3.0 * spread(2 * n, n),
            rate: 0.02,
            volatility: 0.3,
            calls: Array1::zeros(n),
            puts: Array1::zeros(n),
        }
    }
}

impl Workload for BlackScholes {
    fn elements(&self) -> usize {
        self.prices.len()
    }
    fn run(&mut self, variant: Variant) -> Result<(), Error> {
        let BlackScholes { prices, strikes, years, rate, volatility, calls, puts } = self;
        call_into!(variant, black_scholes(prices, strikes, years, *rate, *volatility, (calls, puts)))
    }
    fn results(&self) -> Vec<f64> {
        self.calls.iter().chain(&self.puts).copied().collect()
    }
}

/// `polynomial`
pub struct Polynomial {
    pub a: Array1<f32>,
    pub values: Array1<f32>,
}

impl Polynomial {
    pub fn new(n: usize) -> Self {
        Polynomial { a: spread(0, n).mapv(|x| x as f32), values: Array1::zeros(n) }
    }
}

impl Workload for Polynomial {
    fn elements(&self) -> usize {
        self.a.len()
    }
    fn run(&mut self, variant: Variant) -> Result<(), Error> {
        call_into!(variant, polynomial(&self.a, &mut self.values))
    }
    fn results(&self) -> Vec<f64> {
        self.values.iter().map(|value| f64::from(*value)).collect()
    }
}
