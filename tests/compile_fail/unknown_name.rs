//! A misspelt name is reported by rustc, at the name.

use parfuse::prelude::*;

#[kernel]
fn area(radius: f64) -> f64 {
    3.14 * raduis * radius
}

fn main() {
    let _ = area::serial(1.0);
}
