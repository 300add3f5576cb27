//! Everything that kernels cannot contain is reported at once, one message each, with what to write instead.

use ndarray::ArrayRef1;
use parfuse::prelude::*;

#[kernel]
fn busy(a: &ArrayRef1<f64>, n: i64) -> f64 {
    let kind = match a.get(0) {
        Some(_) => 1.0,
        None => 2.0,
    };
    let mut total = 0.0;
    for x in a.iter().fuse() {
        total += x;
    }
    let mut i = 0;
    loop {
        i += 1;
        if i > n {
            break;
        }
    }
    println!("total {total}");
    let doubled = async |x: f64| 2.0 * x;
    let first = a.first().unwrap();
    kind * total + first
}

fn main() {
    let _ = busy::serial;
}
