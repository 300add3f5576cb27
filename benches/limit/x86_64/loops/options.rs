//! Prices of options: three exponentials, a logarithm, six divisions and a root for each, all independent.

use super::super::isa::{Instructions, Isa, Loop};
use super::super::math::{exp, ln, load, padded, store};
use super::super::workloads::BlackScholes;
use super::super::workloads::kernels::SQRT_2PI;
use super::{Contest, slice, slice_mut};

struct Prices<'a> {
    prices: &'a [f64],
    strikes: &'a [f64],
    years: &'a [f64],
    rate: f64,
    volatility: f64,
    calls: &'a mut [f64],
    puts: &'a mut [f64],
}

/// Vectors side by side.
const K: usize = 4;

/// The cumulative normal distribution: `examples/compare/kernels.rs`.
#[inline(always)]
fn cumulative_normal<I: Isa>(isa: I, d: [I::F64; K]) -> [I::F64; K] {
    let (one, half, mut exponents, mut series) = (isa.splat(1.0), isa.splat(-0.5), d, d);
    for k in 0..K {
        let x = isa.div(one, isa.add(one, isa.mul(isa.splat(0.2316419), isa.abs(d[k]))));
        series[k] = isa.splat(1.330274429);
        for coefficient in [-1.821255978, 1.781477937, -0.356563782, 0.31938153] {
            series[k] = isa.add(isa.splat(coefficient), isa.mul(x, series[k]));
        }
        series[k] = isa.mul(x, series[k]);
        exponents[k] = isa.mul(isa.mul(half, d[k]), d[k]);
    }
    let mut result = exp(isa, exponents);
    for k in 0..K {
        let tail = isa.mul(isa.div(result[k], isa.splat(SQRT_2PI)), series[k]);
        result[k] = isa.select(isa.lt(isa.splat(0.0), d[k]), isa.sub(one, tail), tail);
    }
    result
}

/// Prices to buy and to sell.
#[inline(always)]
fn call_and_put<I: Isa>(
    isa: I,
    [price, strike, time]: [[I::F64; K]; 3],
    [rate, volatility]: [f64; 2],
) -> [[I::F64; K]; 2] {
    let one = isa.splat(1.0);
    let drift = isa.splat(rate + 0.5 * volatility * volatility);
    let (mut ratio, mut exponent) = (price, time);
    for k in 0..K {
        ratio[k] = isa.div(price[k], strike[k]);
        exponent[k] = isa.mul(isa.splat(-rate), time[k]);
    }
    let (mut d1, mut d2) = (ln(isa, ratio), time);
    for k in 0..K {
        let spread = isa.mul(isa.splat(volatility), isa.sqrt(time[k]));
        d1[k] = isa.div(isa.add(d1[k], isa.mul(drift, time[k])), spread);
        d2[k] = isa.sub(d1[k], spread);
    }
    let (n1, n2) = (cumulative_normal(isa, d1), cumulative_normal(isa, d2));
    let discount = exp(isa, exponent);
    let (mut calls, mut puts) = (price, price);
    for k in 0..K {
        let discounted = isa.mul(strike[k], discount[k]);
        calls[k] = isa.sub(isa.mul(price[k], n1[k]), isa.mul(discounted, n2[k]));
        puts[k] = isa.sub(isa.mul(discounted, isa.sub(one, n2[k])), isa.mul(price[k], isa.sub(one, n1[k])));
    }
    [calls, puts]
}

impl Loop for Prices<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let market = [self.rate, self.volatility];
        let mut inputs =
            [self.prices, self.strikes, self.years].map(|input| input.chunks_exact(K * I::LANES));
        let mut calls = self.calls.chunks_exact_mut(K * I::LANES);
        let mut puts = self.puts.chunks_exact_mut(K * I::LANES);
        let [prices, strikes, years] = &mut inputs;
        let rows = prices.zip(strikes).zip(years);
        for (((prices, strikes), years), (calls, puts)) in rows.zip((&mut calls).zip(&mut puts)) {
            let inputs = [load(isa, prices), load(isa, strikes), load(isa, years)];
            let [call, put] = call_and_put(isa, inputs, market);
            store(isa, calls, call);
            store(isa, puts, put);
        }
        let [prices, strikes, years] = inputs.map(|input| padded(input.remainder()));
        let inputs = [load(isa, &prices), load(isa, &strikes), load(isa, &years)];
        let outputs = [calls.into_remainder(), puts.into_remainder()];
        for (result, rest) in call_and_put(isa, inputs, market).into_iter().zip(outputs) {
            let mut to = padded(&[]);
            store(isa, &mut to, result);
            rest.copy_from_slice(&to[..rest.len()]);
        }
    }
}

impl Contest for BlackScholes {
    fn run_by_hand(&mut self, isa: Instructions) {
        isa.run(Prices {
            prices: slice(&self.prices),
            strikes: slice(&self.strikes),
            years: slice(&self.years),
            rate: self.rate,
            volatility: self.volatility,
            calls: slice_mut(&mut self.calls),
            puts: slice_mut(&mut self.puts),
        });
    }
}
