//! An alias of a type that kernels do not take is found too, by the trait, at the type.

use ndarray::ArrayRef2;
use parfuse::prelude::*;

type Image = ArrayRef2<u128>;

#[kernel]
fn pixels(image: &Image) -> usize {
    image.len()
}

fn main() {}
