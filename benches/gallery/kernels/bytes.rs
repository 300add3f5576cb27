//! Integers of 8 and 16 bits: pixels, samples and cells that are computed as they are.
//!
//! ```text
//! eroded  contrast  blended  sharpened  edges  median_of_three  mixed  cells  masked  differences
//! ```

use super::data::{below, zeros};
use super::row::{Row, row};
use ndarray::{ArrayRef1, ArrayRef2};
use parfuse::prelude::*;

/// The least of nine neighbours.
#[kernel]
fn eroded(image: &ArrayRef2<u8>, out: &mut ArrayRef2<u8>) {
    let (h, w) = image.dim();
    for y in prange(1..h - 1) {
        for x in 1..w - 1 {
            let mut least = 255u8;
            for dy in 0..3 {
                for dx in 0..3 {
                    least = least.min(image[[y + dy - 1, x + dx - 1]]);
                }
            }
            out[[y, x]] = least;
        }
    }
}

/// The greatest of five neighbours in a row less the least of them.
#[kernel]
fn contrast(image: &ArrayRef2<u8>, out: &mut ArrayRef2<u8>) {
    let (h, w) = image.dim();
    for y in prange(0..h) {
        for x in 2..w - 2 {
            let (mut least, mut most) = (image[[y, x]], image[[y, x]]);
            for d in 0..5 {
                let pixel = image[[y, x + d - 2]];
                least = least.min(pixel);
                most = most.max(pixel);
            }
            out[[y, x]] = most - least;
        }
    }
}

/// Two images in proportions out of 256.
#[kernel]
fn blended(a: &ArrayRef2<u8>, b: &ArrayRef2<u8>, share: u8, out: &mut ArrayRef2<u8>) {
    let (h, w) = a.dim();
    for y in prange(0..h) {
        for x in 0..w {
            let (p, q, s) = (a[[y, x]] as u32, b[[y, x]] as u32, share as u32);
            out[[y, x]] = ((p * s + q * (255 - s) + 128) >> 8) as u8;
        }
    }
}

/// Five times a pixel less its neighbours, within the range of bytes.
#[kernel]
fn sharpened(image: &ArrayRef2<u8>, out: &mut ArrayRef2<u8>) {
    let (h, w) = image.dim();
    for y in prange(1..h - 1) {
        for x in 1..w - 1 {
            let around = image[[y - 1, x]] as i32
                + image[[y + 1, x]] as i32
                + image[[y, x - 1]] as i32
                + image[[y, x + 1]] as i32;
            let sharp = 5 * image[[y, x]] as i32 - around;
            out[[y, x]] = sharp.clamp(0, 255) as u8;
        }
    }
}

/// Slopes along rows and columns, their sizes added.
#[kernel]
fn edges(image: &ArrayRef2<u8>, out: &mut ArrayRef2<u8>) {
    let (h, w) = image.dim();
    for y in prange(1..h - 1) {
        for x in 1..w - 1 {
            let at = |dy: usize, dx: usize| image[[y + dy - 1, x + dx - 1]] as i32;
            let gx = at(0, 2) - at(0, 0) + 2 * (at(1, 2) - at(1, 0)) + at(2, 2) - at(2, 0);
            let gy = at(2, 0) - at(0, 0) + 2 * (at(2, 1) - at(0, 1)) + at(2, 2) - at(0, 2);
            out[[y, x]] = (gx.abs() + gy.abs()).min(255) as u8;
        }
    }
}

/// The one in the middle of three frames.
#[kernel]
fn median_of_three(a: &ArrayRef1<u16>, b: &ArrayRef1<u16>, c: &ArrayRef1<u16>, out: &mut ArrayRef1<u16>) {
    for i in prange(0..out.len()) {
        let (low, high) = (a[i].min(b[i]), a[i].max(b[i]));
        out[i] = high.min(c[i]).max(low);
    }
}

/// Two channels of sound, within the range of samples.
#[kernel]
fn mixed(left: &ArrayRef1<i16>, right: &ArrayRef1<i16>, out: &mut ArrayRef1<i16>) {
    for i in prange(0..out.len()) {
        out[i] = ((left[i] >> 1) + (right[i] >> 1)).clamp(-12_000, 12_000);
    }
}

/// Conway's cells, step after step.
#[kernel]
fn cells(world: &mut ArrayRef2<u8>, next: &mut ArrayRef2<u8>, steps: usize) {
    let (h, w) = world.dim();
    for _ in 0..steps {
        for y in prange(1..h - 1) {
            for x in 1..w - 1 {
                let around = world[[y - 1, x - 1]]
                    + world[[y - 1, x]]
                    + world[[y - 1, x + 1]]
                    + world[[y, x - 1]]
                    + world[[y, x + 1]]
                    + world[[y + 1, x - 1]]
                    + world[[y + 1, x]]
                    + world[[y + 1, x + 1]];
                next[[y, x]] = (around == 3 || (around == 2 && world[[y, x]] == 1)) as u8;
            }
        }
        world.assign(&*next);
    }
}

/// Pixels between two levels, where a mask holds.
#[kernel]
fn masked(image: &ArrayRef2<u8>, mask: &ArrayRef2<bool>, low: u8, high: u8, out: &mut ArrayRef2<u8>) {
    let (h, w) = image.dim();
    for y in prange(0..h) {
        for x in 0..w {
            let pixel = image[[y, x]];
            out[[y, x]] = if mask[[y, x]] && pixel >= low && pixel < high { pixel } else { 0 };
        }
    }
}

/// How far two images are apart, pixel by pixel.
#[kernel]
fn differences(a: &ArrayRef2<u8>, b: &ArrayRef2<u8>, out: &mut ArrayRef2<u8>) {
    let (h, w) = a.dim();
    for y in prange(0..h) {
        for x in 0..w {
            out[[y, x]] = a[[y, x]].abs_diff(b[[y, x]]);
        }
    }
}

fn samples(n: usize, seed: u64) -> ndarray::Array1<i16> {
    below::<i32, _>(65536, n, seed).mapv(|sample| (sample - 32768) as i16)
}

/// The kernels of this file.
pub const ROWS: &[Row] = &[
    row!(eroded [400, 5000] least 1 |n| reads image = below(256, (n, 3 * n + 5), 1);
        writes out = zeros((n, 3 * n + 5)); call(&image, out)),
    row!(contrast [400, 5000] least 1 |n| reads image = below(256, (n, 3 * n + 5), 1);
        writes out = zeros((n, 3 * n + 5)); call(&image, out)),
    row!(blended [400, 5000] |n| reads a = below(256, (n, 3 * n + 1), 1), b = below(256, (n, 3 * n + 1), 2);
        writes out = zeros((n, 3 * n + 1)); call(&a, &b, 77, out)),
    row!(sharpened [400, 5000] least 1 |n| reads image = below(256, (n, 3 * n + 5), 1);
        writes out = zeros((n, 3 * n + 5)); call(&image, out)),
    row!(edges [400, 5000] least 1 |n| reads image = below(256, (n, 3 * n + 5), 1);
        writes out = zeros((n, 3 * n + 5)); call(&image, out)),
    row!(median_of_three [100_000, 8_000_000] |n| reads a = below(65536, n, 1), b = below(65536, n, 2),
        c = below(65536, n, 3); writes out = zeros(n); call(&a, &b, &c, out)),
    row!(mixed [100_000, 8_000_000] |n| reads left = samples(n, 1), right = samples(n, 2); writes out = zeros(n);
        call(&left, &right, out)),
    row!(cells [300, 2000] least 1 |n| writes world = below(2, (n, 3 * n + 5), 1), next = zeros((n, 3 * n + 5));
        call(world, next, 4)),
    row!(masked [400, 5000] |n| reads image = below(256, (n, 3 * n + 1), 1),
        mask = below::<u8, _>(2, (n, 3 * n + 1), 2).mapv(|bit| bit == 1);
        writes out = zeros((n, 3 * n + 1)); call(&image, &mask, 50, 200, out)),
    row!(differences [400, 5000] |n| reads a = below(256, (n, 3 * n + 1), 1), b = below(256, (n, 3 * n + 1), 2);
        writes out = zeros((n, 3 * n + 1)); call(&a, &b, out)),
];
