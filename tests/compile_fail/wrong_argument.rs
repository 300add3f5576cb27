//! The variants have the parameters of the function: an argument that does not fit is an ordinary error.

use parfuse::prelude::*;

#[kernel]
fn area(radius: f64) -> f64 {
    3.14 * radius * radius
}

fn main() {
    let _ = area::parallel("one");
}
