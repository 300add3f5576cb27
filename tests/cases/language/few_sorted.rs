//! Few elements, of a number that is known, are sorted by the same exchanges in every iteration, and so in lanes.

use crate::cases::ways::{error_of, exactly};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2};
use parfuse::prelude::*;

#[kernel]
fn bytes_of_nine(image: &ArrayRef2<u8>) -> Array2<u8> {
    let mut out = image.to_owned();
    for y in prange(1..image.nrows() - 1) {
        for x in 1..image.ncols() - 1 {
            let mut window = [0u8; 9];
            for k in 0..9 {
                window[k] = image[[y + k / 3 - 1, x + k % 3 - 1]];
            }
            window.sort_unstable();
            out[[y, x]] = window[4] / 2 + window[0] / 4 + window[8] / 4;
        }
    }
    out
}

#[kernel]
fn floats_of_five(x: &ArrayRef1<f64>) -> Array1<f64> {
    let mut out = x.to_owned();
    for i in prange(2..x.len() - 2) {
        let mut window = [x[i - 2], x[i - 1], x[i], x[i + 1], x[i + 2]];
        window.sort_by(|a, b| a.partial_cmp(b).unwrap());
        out[i] = window[2];
    }
    out
}

#[kernel]
fn in_total_order(x: &ArrayRef1<f32>) -> Array1<f32> {
    let mut out = x.to_owned();
    for i in prange(0..x.len() / 4) {
        let mut four = [x[4 * i], x[4 * i + 1], x[4 * i + 2], x[4 * i + 3]];
        four.sort_by(|a, b| b.total_cmp(a));
        for k in 0..4 {
            out[4 * i + k] = four[k];
        }
    }
    out
}

/// Which of equal ones comes first is seen.
#[kernel]
fn by_a_key(x: &ArrayRef1<i64>) -> Array1<i64> {
    let mut out = x.to_owned();
    for i in prange(0..x.len() / 8) {
        let mut pairs = [(0i64, 0i64); 8];
        for k in 0..8 {
            pairs[k] = (x[8 * i + k], k as i64);
        }
        pairs.sort_by_key(|pair| pair.0 % 3);
        for k in 0..8 {
            out[8 * i + k] = 10 * pairs[k].0 + pairs[k].1;
        }
    }
    out
}

/// A vector of another length takes the place of one whose length was known.
#[kernel]
fn of_other_lengths(x: &[i32], n: usize) -> Vec<i32> {
    let mut v = vec![3, 1, 2, x[0]];
    v.sort();
    if n > 4 {
        v = x[..n].to_vec();
    } else {
        v.push(0);
    }
    v.sort();
    v
}

#[kernel]
fn rows_of_sixteen(x: &mut ArrayRef2<i32>) {
    for mut row in prange(x.rows_mut()) {
        let mut own = [0i32; 16];
        for k in 0..16 {
            own[k] = row[k];
        }
        own.sort();
        for k in 0..16 {
            row[k] = own[k];
        }
    }
}

/// Truth values have an order, too, but no lesser of two.
/// Of more elements than loops of a few iterations have.
#[kernel]
fn quartile_of_twenty_five(image: &ArrayRef2<u16>) -> Array2<u16> {
    let mut out = Array2::<u16>::zeros(image.dim());
    for y in prange(2..image.nrows() - 2) {
        for x in 2..image.ncols() - 2 {
            let mut window = [0u16; 25];
            for (k, own) in window.iter_mut().enumerate() {
                *own = image[[y + k / 5 - 2, x + k % 5 - 2]];
            }
            window.sort();
            out[[y, x]] = window[6];
        }
    }
    out
}

#[kernel]
fn rows_of_thirty_two(x: &mut ArrayRef2<i64>) {
    for i in prange(0..x.nrows()) {
        let mut own = [0i64; 32];
        for k in 0..32 {
            own[k] = x[[i, k]];
        }
        own.sort_unstable();
        for k in 0..32 {
            x[[i, k]] = own[k];
        }
    }
}

#[kernel]
fn majority(x: &[bool]) -> (bool, usize) {
    let mut three = [x[0], x[1], x[2]];
    three.sort();
    let mut pairs = [(three[1], 2usize), (x[0], 1), (x[1], 0)];
    pairs.sort_unstable();
    (three[1], pairs[0].1)
}

#[test]
fn few_elements_are_sorted_by_networks() {
    for bits in 0..8 {
        exactly!(majority(&[bits & 1 == 1, bits & 2 == 2, bits & 4 == 4]));
    }
    for n in [3, 4, 20, 70] {
        let image = Array2::from_shape_fn((n, n + 3), |(y, x)| ((y * 131 + x * x * 17) % 256) as u8);
        exactly!(bytes_of_nine(&image));
    }
    for n in [8, 16, 83] {
        let x = Array1::from_iter(
            (0..n).map(|i| [0.0, -0.0, 1.5, -2.5, f64::INFINITY][i * i % 5] * (i % 3) as f64),
        );
        let x = x.mapv(|v| if v.is_nan() { 0.25 } else { v });
        exactly!(floats_of_five(&x));
        exactly!(in_total_order(&x.mapv(|v| v as f32)));
        exactly!(by_a_key(&Array1::from_iter((0..n as i64).map(|i| i * i * 7 % 11))));
        exactly!(of_other_lengths(&(0..n as i32).map(|i| i * 37 % 23).collect::<Vec<_>>(), n));
        exactly!(of_other_lengths(&[5], 1));
        exactly!(quartile_of_twenty_five(&Array2::from_shape_fn((n, 11), |(i, j)| (i * 97 + j * j * 31)
            as u16
            % 500)));
        exactly!(rows_of_thirty_two(&mut b) with b = Array2::from_shape_fn((n, 32), |(i, j)| (i * 97 + j * j * 31) as i64 % 50 - 9));
        exactly!(rows_of_sixteen(&mut a) with a = Array2::from_shape_fn((n, 16), |(i, j)| (i * 97 + j * j * 31) as i32 % 50));
    }
    let x = Array1::from(vec![1.0, 2.0, f64::NAN, 4.0, 5.0]);
    let error = error_of!(floats_of_five(&x));
    assert!(error.to_string().contains("few_sorted.rs"), "{error}");
}

#[test]
fn medians_of_images_run_in_lanes() {
    let image = Array2::<u8>::zeros((20, 300));
    bytes_of_nine::serial(&image).unwrap();
    let wide = quartile_of_twenty_five::kernel().explain().unwrap();
    assert!(wide.regions.iter().all(|region| region.lanes > 1) && wide.arrays_allocated == 1, "{wide}");
    let explanation = bytes_of_nine::kernel().explain().unwrap();
    assert!(explanation.regions.iter().all(|region| region.lanes > 1), "{explanation}");
}
