//! Images: pixels of bytes and floats, colours along the last axis, filters along rows and columns.
//!
//! ```text
//! grey_bytes  grey  blur_rgb  brighten  threshold  convolution_5x5  sobel  box_blur_rows  deriche
//! image_histogram  bilinear  integral_image  max_pool  local_maxima  enlarged
//! ```

use super::data::{below, singles, uniform, zeros};
use super::row::{Row, row};
use ndarray::{ArrayRef1, ArrayRef2, ArrayRef3};
use parfuse::prelude::*;
use rayon::prelude::*;

#[kernel]
fn grey_bytes(rgb: &ArrayRef3<u8>, grey: &mut ArrayRef2<u8>) {
    let (h, w, _) = rgb.dim();
    for y in prange(0..h) {
        for x in 0..w {
            let (r, g, b) = (rgb[[y, x, 0]] as u32, rgb[[y, x, 1]] as u32, rgb[[y, x, 2]] as u32);
            grey[[y, x]] = ((r * 77 + g * 150 + b * 29) >> 8) as u8;
        }
    }
}

fn grey_bytes_by_hand(rgb: &ArrayRef3<u8>, grey: &mut ArrayRef2<u8>) {
    let pixels = rgb.as_slice().expect("neighbours").par_chunks(3).with_min_len(4096);
    let grey = grey.as_slice_mut().expect("neighbours").par_iter_mut();
    pixels.zip(grey).for_each(|(pixel, grey)| {
        let [r, g, b] = [0, 1, 2].map(|k| u32::from(pixel[k]));
        *grey = ((r * 77 + g * 150 + b * 29) >> 8) as u8;
    });
}

#[kernel]
fn grey(rgb: &ArrayRef3<f32>, out: &mut ArrayRef2<f32>) {
    let (h, w, _) = rgb.dim();
    for y in prange(0..h) {
        for x in 0..w {
            out[[y, x]] = 0.299 * rgb[[y, x, 0]] + 0.587 * rgb[[y, x, 1]] + 0.114 * rgb[[y, x, 2]];
        }
    }
}

/// The mean of four neighbours, each colour for itself.
#[kernel]
fn blur_rgb(image: &ArrayRef3<f32>, out: &mut ArrayRef3<f32>) {
    let (h, w, _) = image.dim();
    for y in prange(1..h - 1) {
        for x in 1..w - 1 {
            for c in 0..3 {
                out[[y, x, c]] = 0.25
                    * (image[[y - 1, x, c]]
                        + image[[y + 1, x, c]]
                        + image[[y, x - 1, c]]
                        + image[[y, x + 1, c]]);
            }
        }
    }
}

/// Bytes, with saturation.
#[kernel]
fn brighten(image: &ArrayRef3<u8>, gain: &ArrayRef1<f32>, out: &mut ArrayRef3<u8>) {
    let (h, w, colours) = image.dim();
    for y in prange(0..h) {
        for x in 0..w {
            for c in 0..colours {
                out[[y, x, c]] = (image[[y, x, c]] as f32 * gain[c] + 8.0).min(255.0) as u8;
            }
        }
    }
}

#[kernel]
fn threshold(image: &ArrayRef2<u8>, level: u8, out: &mut ArrayRef2<u8>) -> u64 {
    let (h, w) = image.dim();
    let mut count = 0u64;
    for y in prange(0..h) {
        for x in 0..w {
            if image[[y, x]] > level {
                out[[y, x]] = 255;
                count += 1;
            } else {
                out[[y, x]] = 0;
            }
        }
    }
    count
}

#[kernel]
fn convolution_5x5(image: &ArrayRef2<f64>, weights: &ArrayRef2<f64>, out: &mut ArrayRef2<f64>) {
    let (h, w) = out.dim();
    for y in prange(0..h) {
        for x in 0..w {
            let mut sum = 0.0;
            for dy in 0..5 {
                for dx in 0..5 {
                    sum += image[[y + dy, x + dx]] * weights[[dy, dx]];
                }
            }
            out[[y, x]] = sum;
        }
    }
}

#[kernel]
fn sobel(image: &ArrayRef2<f32>, out: &mut ArrayRef2<f32>) {
    let (h, w) = image.dim();
    for y in prange(1..h - 1) {
        for x in 1..w - 1 {
            let gx = image[[y - 1, x + 1]] - image[[y - 1, x - 1]]
                + 2.0 * (image[[y, x + 1]] - image[[y, x - 1]])
                + image[[y + 1, x + 1]]
                - image[[y + 1, x - 1]];
            let gy = image[[y + 1, x - 1]] - image[[y - 1, x - 1]]
                + 2.0 * (image[[y + 1, x]] - image[[y - 1, x]])
                + image[[y + 1, x + 1]]
                - image[[y - 1, x + 1]];
            out[[y, x]] = (gx * gx + gy * gy).sqrt();
        }
    }
}

/// Means of windows along rows, by running sums.
#[kernel]
fn box_blur_rows(image: &ArrayRef2<f64>, radius: usize, out: &mut ArrayRef2<f64>) {
    let (h, w) = image.dim();
    let size = (2 * radius + 1) as f64;
    for y in prange(0..h) {
        let mut sum = 0.0;
        for x in 0..2 * radius + 1 {
            sum += image[[y, x]];
        }
        out[[y, radius]] = sum / size;
        for x in radius + 1..w - radius {
            sum += image[[y, x + radius]] - image[[y, x - radius - 1]];
            out[[y, x]] = sum / size;
        }
    }
}

/// Deriche's recursive edge detector, along rows and then along columns.
#[kernel]
fn deriche(
    alpha: f32,
    input: &ArrayRef2<f32>,
    y1: &mut ArrayRef2<f32>,
    y2: &mut ArrayRef2<f32>,
    out: &mut ArrayRef2<f32>,
) {
    let (w, h) = input.dim();
    let e = (-alpha).exp();
    let k = (1.0 - e) * (1.0 - e) / (1.0 + 2.0 * alpha * e - (2.0 * alpha).exp());
    let (a1, a2, a3, a4) = (k, k * e * (alpha - 1.0), k * e * (alpha + 1.0), -k * e * e);
    let (b1, b2) = (2.0 * e, -e * e);
    for i in 0..w {
        let (mut before, mut earlier, mut input_before) = (0.0, 0.0, 0.0);
        for j in 0..h {
            y1[[i, j]] = a1 * input[[i, j]] + a2 * input_before + b1 * before + b2 * earlier;
            input_before = input[[i, j]];
            earlier = before;
            before = y1[[i, j]];
        }
    }
    for i in 0..w {
        let (mut after, mut later, mut input_after, mut input_later) = (0.0, 0.0, 0.0, 0.0);
        for j in (0..h).rev() {
            y2[[i, j]] = a3 * input_after + a4 * input_later + b1 * after + b2 * later;
            input_later = input_after;
            input_after = input[[i, j]];
            later = after;
            after = y2[[i, j]];
        }
    }
    for i in 0..w {
        for j in 0..h {
            out[[i, j]] = y1[[i, j]] + y2[[i, j]];
        }
    }
    for j in 0..h {
        let (mut before, mut earlier, mut input_before) = (0.0, 0.0, 0.0);
        for i in 0..w {
            y1[[i, j]] = a1 * out[[i, j]] + a2 * input_before + b1 * before + b2 * earlier;
            input_before = out[[i, j]];
            earlier = before;
            before = y1[[i, j]];
        }
    }
    for j in 0..h {
        let (mut after, mut later, mut input_after, mut input_later) = (0.0, 0.0, 0.0, 0.0);
        for i in (0..w).rev() {
            y2[[i, j]] = a3 * input_after + a4 * input_later + b1 * after + b2 * later;
            input_later = input_after;
            input_after = out[[i, j]];
            later = after;
            after = y2[[i, j]];
        }
    }
    for i in 0..w {
        for j in 0..h {
            out[[i, j]] = y1[[i, j]] + y2[[i, j]];
        }
    }
}

#[kernel]
fn image_histogram(image: &ArrayRef2<u8>, counts: &mut ArrayRef1<i64>) {
    for y in 0..image.nrows() {
        for x in 0..image.ncols() {
            counts[image[[y, x]] as usize] += 1;
        }
    }
}

/// Another size, by interpolation.
#[kernel]
fn bilinear(image: &ArrayRef2<f32>, out: &mut ArrayRef2<f32>) {
    let (h, w) = image.dim();
    let (oh, ow) = out.dim();
    let (sy, sx) = ((h - 1) as f32 / oh as f32, (w - 1) as f32 / ow as f32);
    for y in prange(0..oh) {
        let fy = y as f32 * sy;
        let y0 = fy as usize;
        let ty = fy - y0 as f32;
        for x in 0..ow {
            let fx = x as f32 * sx;
            let x0 = fx as usize;
            let tx = fx - x0 as f32;
            let top = image[[y0, x0]] * (1.0 - tx) + image[[y0, x0 + 1]] * tx;
            let bottom = image[[y0 + 1, x0]] * (1.0 - tx) + image[[y0 + 1, x0 + 1]] * tx;
            out[[y, x]] = top * (1.0 - ty) + bottom * ty;
        }
    }
}

/// Sums of all pixels above and left.
#[kernel]
fn integral_image(image: &ArrayRef2<f64>, sums: &mut ArrayRef2<f64>) {
    let (h, w) = image.dim();
    for y in 0..h {
        let mut row = 0.0;
        for x in 0..w {
            row += image[[y, x]];
            sums[[y + 1, x + 1]] = sums[[y, x + 1]] + row;
        }
    }
}

/// The brightest of four, as between layers of a network.
#[kernel]
fn max_pool(image: &ArrayRef2<f32>, out: &mut ArrayRef2<f32>) {
    let (h, w) = out.dim();
    for y in prange(0..h) {
        for x in 0..w {
            let mut most = f32::NEG_INFINITY;
            for a in 0..2 {
                for b in 0..2 {
                    most = most.max(image[[2 * y + a, 2 * x + b]]);
                }
            }
            out[[y, x]] = most;
        }
    }
}

/// Where a pixel is more than its neighbours, each of which is looked at only if it may be.
#[kernel]
fn local_maxima(image: &ArrayRef2<f64>, peaks: &mut ArrayRef2<bool>) {
    let (h, w) = image.dim();
    for y in prange(1..h - 1) {
        for x in 1..w - 1 {
            let own = image[[y, x]];
            peaks[[y, x]] = own > image[[y - 1, x]]
                && own > image[[y + 1, x]]
                && own > image[[y, x - 1]]
                && own > image[[y, x + 1]];
        }
    }
}

/// Twice as high and as wide.
#[kernel]
fn enlarged(image: &ArrayRef2<f32>, out: &mut ArrayRef2<f32>) {
    let (h, w) = out.dim();
    for y in prange(0..h) {
        for x in 0..w {
            out[[y, x]] = image[[y / 2, x / 2]];
        }
    }
}

/// The kernels of this file.
pub const ROWS: &[Row] = &[
    row!(grey_bytes [300, 4000] |n| reads rgb = below(256, (n, n + 1, 3), 1); writes grey = zeros((n, n + 1));
        call(&rgb, grey) rayon grey_bytes_by_hand),
    row!(grey [150, 2200] |n| reads rgb = singles((n, n + 1, 3), 1); writes out = zeros((n, n + 1));
        call(&rgb, out)),
    row!(blur_rgb [130, 1800] least 1 |n| reads image = singles((n, n + 1, 3), 1);
        writes out = zeros((n, n + 1, 3)); call(&image, out)),
    row!(brighten [250, 3000] |n| reads image = below(256, (n, n + 1, 3), 1), gain = singles(3, 2);
        writes out = zeros((n, n + 1, 3)); call(&image, &gain, out)),
    row!(threshold [400, 6000] |n| reads image = below(256, (n, n + 1), 1); writes out = zeros((n, n + 1));
        call(&image, 128, out)),
    row!(convolution_5x5 [150, 1500] |n| reads image = uniform((n + 4, n + 5), 1), weights = uniform((5, 5), 2);
        writes out = zeros((n, n + 1)); call(&image, &weights, out)),
    row!(sobel [200, 3000] least 1 |n| reads image = singles((n, n + 1), 1); writes out = zeros((n, n + 1));
        call(&image, out)),
    row!(box_blur_rows [150, 2200] |n| reads image = uniform((n, n + 9), 1); writes out = zeros((n, n + 9));
        call(&image, 4, out)),
    row!(deriche rounded [150, 1000] |n| reads input = singles((n, n + 1), 1); writes y1 = zeros((n, n + 1)),
        y2 = zeros((n, n + 1)), out = zeros((n, n + 1)); call(0.25, &input, y1, y2, out)),
    row!(image_histogram [500, 5000] |n| reads image = below(256, (n, n + 1), 1); writes counts = zeros(256);
        call(&image, counts)),
    row!(bilinear [200, 2500] least 2 |n| reads image = singles((n, n + 1), 1); writes out = zeros((n + 3, n + 5));
        call(&image, out)),
    row!(integral_image [150, 2200] |n| reads image = uniform((n, n + 1), 1); writes sums = zeros((n + 1, n + 2));
        call(&image, sums)),
    row!(local_maxima [150, 1500] least 2 |n| reads image = uniform((n, n + 1), 1);
        writes peaks = ndarray::Array2::from_elem((n, n + 1), false); call(&image, peaks)),
    row!(enlarged [120, 1500] |n| reads image = singles((n, n + 1), 1); writes out = zeros((2 * n, 2 * n + 2));
        call(&image, out)),
    row!(max_pool [200, 2500] |n| reads image = singles((2 * n, 2 * n + 1), 1); writes out = zeros((n, n));
        call(&image, out)),
];
