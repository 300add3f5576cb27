//! Constants of other types are pointed at, and conversions to them.

use parfuse::prelude::*;

const SIDES: u128 = 6;
const WEIGHTS: [f64; 3] = [0.25, 0.5, 0.25];
type Small = i128;

#[kernel]
fn dice(x: f64) -> f64 {
    x * SIDES as f64 + WEIGHTS[1] + (x as Small) as f64
}

fn main() {}
