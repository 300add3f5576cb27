//! Parts that iterations have for themselves, chunks and segments, inside of which indices may be anything.
// As people write it.
#![allow(clippy::manual_memcpy)]

use super::floats;
use crate::cases::ways::{error_of, every_way, exactly};
use ndarray::{ArrayRef1, ArrayRef2, Axis};
use parfuse::prelude::*;

#[kernel]
fn chunk_sums(x: &mut [f64], size: usize) {
    for chunk in prange(x.chunks_mut(size)) {
        for i in 1..chunk.len() {
            chunk[i] += chunk[i - 1];
        }
    }
}

#[kernel]
fn heaps(x: &mut [i64]) {
    for part in prange(x.chunks_mut(40)) {
        let n = part.len();
        for start in (0..n / 2).rev() {
            let mut i = start;
            loop {
                let mut child = 2 * i + 1;
                if child >= n {
                    break;
                }
                if child + 1 < n && part[child] < part[child + 1] {
                    child += 1;
                }
                if part[i] >= part[child] {
                    break;
                }
                part.swap(i, child);
                i = child;
            }
        }
    }
}

#[kernel]
fn sorted_chunks(x: &mut [f64]) {
    for chunk in prange(x.chunks_mut(50)) {
        chunk.sort_by(f64::total_cmp);
    }
}

#[kernel]
fn sorted_segments(x: &mut [i64], start: &[usize]) {
    for g in prange(0..start.len() - 1) {
        x[start[g]..start[g + 1]].sort();
    }
}

#[kernel]
fn segment_sums(x: &mut [f64], start: &[u32]) {
    for g in prange(1..start.len()) {
        let (first, last) = (start[g - 1] as usize, start[g] as usize);
        let part = &mut x[first..last];
        for i in 1..part.len() {
            part[i] += part[i - 1];
        }
    }
}

#[kernel]
fn turned_blocks(x: &mut [f64], size: usize) {
    for b in prange(0..x.len() / size) {
        let part = &mut x[b * size..(b + 1) * size];
        for i in 1..part.len() {
            part[i] += part[i - 1];
        }
        part.reverse();
    }
}

#[kernel]
fn both_halves(x: &mut [f64]) {
    for chunk in prange(x.chunks_mut(32)) {
        let (front, back) = chunk.split_at_mut(chunk.len() / 2);
        for i in 1..front.len() {
            front[i] += front[i - 1] * back[i];
            back[i - 1] = front[i];
        }
    }
}

#[kernel]
fn tiles(m: &mut ArrayRef2<f64>, h: usize) {
    for mut tile in prange(m.axis_chunks_iter_mut(Axis(0), h)) {
        for i in 1..tile.nrows() {
            for j in 0..tile.ncols() {
                let before = tile[[i - 1, j]];
                tile[[i, j]] = tile[[i, j]] * 0.5 + before;
            }
        }
    }
}

#[kernel]
fn exact_parts(x: &mut ArrayRef1<f64>, size: usize) {
    for mut part in prange(x.exact_chunks_mut(size)) {
        for i in 1..part.len() {
            let before = part[i - 1];
            part[i] = part[i] * 0.5 + before;
        }
        part.swap(0, size - 1);
    }
}

#[kernel]
fn overlapping_parts(x: &mut [f64]) {
    for b in prange(0..x.len() / 8 - 1) {
        let part = &mut x[b * 8..b * 8 + 9];
        for i in 1..part.len() {
            part[i] += part[i - 1];
        }
    }
}

#[kernel]
fn parts_that_grow(x: &mut [f64], by: usize) {
    for b in prange(0..4) {
        let part = &mut x[b * by..(b + 1) * by + b];
        for i in 1..part.len() {
            part[i] += part[i - 1];
        }
    }
}

#[test]
fn iterations_have_chunks_for_themselves() {
    for n in [0, 1, 31, 32, 33, 1003, 40_000] {
        let x = floats(n).to_vec();
        for size in [1, 7, 16] {
            every_way!(chunk_sums(&mut x, size) with x = x.clone());
            every_way!(turned_blocks(&mut x, size) with x = x.clone());
            every_way!(exact_parts(&mut x, size) with x = floats(n));
        }
        exactly!(sorted_chunks(&mut x) with x = x.clone());
        every_way!(both_halves(&mut x) with x = x.clone());
        exactly!(heaps(&mut x) with x = super::numbers(n).to_vec());
    }
    for h in [1, 3, 40] {
        every_way!(tiles(&mut m, h) with m = super::grid(40, 17));
    }
}

#[test]
fn iterations_have_segments_for_themselves() {
    let (x, y) = (super::numbers(301).to_vec(), floats(301).to_vec());
    exactly!(sorted_segments(&mut x, &[0, 5, 5, 17, 300]) with x = x.clone());
    every_way!(segment_sums(&mut y, &[0, 5, 5, 17, 300]) with y = y.clone());
    let unordered = error_of!(segment_sums(&mut y.clone(), &[0, 5, 3, 17, 300]));
    assert!(unordered.to_string().contains("`start`"), "{unordered}");
    let beyond = error_of!(segment_sums(&mut y.clone(), &[0, 5, 5, 17, 302]));
    assert!(beyond.to_string().contains("302"), "{beyond}");
    assert!(sorted_segments::kernel().explain().unwrap().to_string().contains("start"));
}

#[test]
fn parts_that_overlap_are_refused() {
    for error in
        [overlapping_parts::kernel().check().unwrap_err(), parts_that_grow::kernel().check().unwrap_err()]
    {
        assert!(error.to_string().contains("may touch the same element of `x`"), "{error}");
    }
}
