//! Operands are read in their order, whatever those behind them change.

use crate::cases::ways::{every_way, exactly};
use ndarray::Array1;
use parfuse::prelude::*;

#[derive(Clone, Copy, PartialEq, Debug, KernelData)]
struct Walk {
    x: f64,
    n: u64,
}

#[kernel]
impl Walk {
    fn step(&mut self) -> f64 {
        self.x += 1.0;
        self.n += 2;
        self.x * 0.5
    }
    fn next(&mut self) -> u64 {
        self.n = self.n.wrapping_mul(31).wrapping_add(7);
        self.n
    }
    fn push(&mut self, v: f64) {
        self.x += v;
    }
    fn scaled(self, k: f64) -> f64 {
        self.x * k
    }
    fn inside(&mut self) -> (f64, f64, f64) {
        let sum = self.x + self.step();
        (sum + self.x.max(self.step()), self.x, self.step())
    }
}

#[kernel]
fn raised(v: &mut f64) -> f64 {
    *v += 2.0;
    *v
}

#[kernel]
fn lowered(v: &mut f64) -> f64 {
    *v -= 0.5;
    *v
}

#[kernel]
#[allow(clippy::blocks_in_conditions)]
fn of_reference(v: &mut f64, k: f64) -> f64 {
    let r = *v * k + {
        *v += k;
        *v
    };
    r - v.min(lowered(v)) + *v * raised(v)
}

#[kernel]
fn of_struct(w: &mut Walk) -> f64 {
    let sum = w.x + {
        w.x = 3.0;
        1.0
    };
    let larger = w.x.max(w.step()) + (w.n ^ w.next()) as f64;
    let (before, half, after) = (w.x, w.step(), *w);
    let of_part = of_reference(&mut w.x, 2.0);
    sum + larger * 10.0 + before + half + after.x + of_part
}

#[kernel]
fn of_elements(walks: &mut [Walk]) -> (f64, Walk) {
    let mut total = 0.0;
    for i in 0..walks.len() {
        total += walks[i].x + walks[i].step();
        total += walks[i].x * raised(&mut walks[i].x);
        total += of_struct(&mut walks[i]);
    }
    let mut w = walks[0];
    let (a, b, c) = w.inside();
    let mut v = 1.0;
    w.push(raised(&mut v));
    total += w.scaled({
        w.x = 100.0;
        2.0
    });
    let made = Walk { x: w.x + w.step(), n: w.n ^ w.next() };
    (total + a * b - c + v, made)
}

#[test]
fn fields_elements_and_references_are_read_before_methods_change_them() {
    exactly!(of_elements(&mut w) with w = vec![Walk { x: 1.5, n: 3 }, Walk { x: -2.0, n: 8 }]);
    exactly!(of_reference(&mut v, 3.0) with v = 2.0);
}

#[kernel]
fn shifted(s: &mut u64) -> u64 {
    *s ^= *s << 13;
    *s ^= *s >> 7;
    *s ^= *s << 17;
    *s
}

#[kernel]
fn of_calls(seed: u64) -> (u64, [u64; 3], i32) {
    let mut s = seed;
    let twice = shifted(&mut s) ^ (shifted(&mut s) >> 3);
    let mut w = Walk { x: 0.0, n: seed };
    let of_methods = [w.next() ^ w.next(), w.n, w.next()];
    let mut count = 0;
    let mut tick = || {
        count += 1;
        count
    };
    let ticks = tick() * 100 + tick() * 10 + tick();
    let pair = (tick(), tick());
    (twice.wrapping_mul(shifted(&mut s)), of_methods, ticks * 100 + pair.0 * 10 + pair.1)
}

#[test]
fn what_calls_return_of_a_variable_is_what_it_held_then() {
    exactly!(of_calls(88_172_645_463_325_252));
}

#[kernel]
fn square(x: f64) -> f64 {
    x * x
}

#[kernel]
fn reductions(x: &Array1<f64>) -> (f64, f64) {
    let (mut sum, mut largest) = (0.0, 0.0f64);
    for i in prange(0..x.len()) {
        sum = sum + square(x[i]);
        largest = largest.max(square(x[i]));
    }
    (sum, largest)
}

#[test]
fn reductions_with_calls_are_reductions() {
    every_way!(reductions(&Array1::from_shape_fn(20_000, |i| (i % 37) as f64 - 12.0)));
}
