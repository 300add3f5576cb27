//! Constants of other types are pointed at, and conversions to them.

use parfuse::prelude::*;

const SIDES: u128 = 6;
const WIDE: [u128; 3] = [2, 5, 2];
type Small = i128;

#[kernel]
fn dice(x: f64) -> f64 {
    x * SIDES as f64 + WIDE[1] as f64 + (x as Small) as f64
}

fn main() {}
