//! A heap begins in a `let mut` of its own.

use parfuse::prelude::*;
use std::collections::BinaryHeap;

#[kernel]
fn heaps(x: &[i32]) -> Option<i32> {
    let (mut a, mut b) = (BinaryHeap::new(), BinaryHeap::new());
    let heap = BinaryHeap::from(x.to_vec());
    let mut late;
    late = BinaryHeap::new();
    late.push(1);
    a.push(x.iter().copied().collect::<BinaryHeap<i32>>().len() as i32);
    b.push(2);
    heap.peek().copied()
}

fn main() {}
