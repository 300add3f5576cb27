//! Little programs: what people write to try a compiler on, with vectors, tables, small sorts and bits.
//!
//! ```text
//! unions  hull  digits_of_factorial  spiral  linear_sieve  postfix  improved_tour  sha256  lattice_gas
//! median_filter  lower_quartiles  lines  noise  code_lengths  sudoku  mixture_step  horner_points  compressed  cell_lists
//! ```

use super::data::{below, uniform, zeros};
use super::row::{Row, row};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, ArrayRef3, array};
use parfuse::prelude::*;

/// How many groups there are when these pairs have been joined.
#[kernel]
fn unions(n: usize, from: &[usize], to: &[usize]) -> usize {
    let mut parent: Vec<usize> = (0..n).collect();
    let mut size = vec![1u32; n];
    let mut groups = n;
    for (&a, &b) in from.iter().zip(to) {
        let (mut a, mut b) = (a, b);
        while parent[a] != a {
            parent[a] = parent[parent[a]];
            a = parent[a];
        }
        while parent[b] != b {
            parent[b] = parent[parent[b]];
            b = parent[b];
        }
        if a != b {
            if size[a] < size[b] {
                std::mem::swap(&mut a, &mut b);
            }
            parent[b] = a;
            size[a] += size[b];
            groups -= 1;
        }
    }
    groups
}

/// The corners of the convex hull of points that are sorted.
#[kernel]
fn hull(x: &ArrayRef1<f64>, y: &ArrayRef1<f64>) -> Vec<usize> {
    let mut corners: Vec<usize> = Vec::new();
    for i in 0..x.len() {
        while corners.len() >= 2 {
            let (a, b) = (corners[corners.len() - 2], corners[corners.len() - 1]);
            let turn = (x[b] - x[a]) * (y[i] - y[a]) - (y[b] - y[a]) * (x[i] - x[a]);
            if turn > 0.0 {
                break;
            }
            corners.pop();
        }
        corners.push(i);
    }
    corners
}

/// The decimal digits of a factorial, the last one first.
#[kernel]
fn digits_of_factorial(n: u32) -> Vec<u8> {
    let mut digits = vec![1u8];
    for factor in 2..=n {
        let mut carry = 0u32;
        for k in 0..digits.len() {
            let product = digits[k] as u32 * factor + carry;
            digits[k] = (product % 10) as u8;
            carry = product / 10;
        }
        while carry > 0 {
            digits.push((carry % 10) as u8);
            carry /= 10;
        }
    }
    digits
}

/// The elements of a matrix along a spiral, from outside.
#[kernel]
fn spiral(a: &ArrayRef2<i32>) -> Vec<i32> {
    let (mut top, mut bottom, mut left, mut right) = (0, a.nrows(), 0, a.ncols());
    let mut found = Vec::with_capacity(a.len());
    while top < bottom && left < right {
        for j in left..right {
            found.push(a[[top, j]]);
        }
        top += 1;
        for i in top..bottom {
            found.push(a[[i, right - 1]]);
        }
        right -= 1;
        if top < bottom {
            for j in (left..right).rev() {
                found.push(a[[bottom - 1, j]]);
            }
            bottom -= 1;
        }
        if left < right {
            for i in (top..bottom).rev() {
                found.push(a[[i, left]]);
            }
            left += 1;
        }
    }
    found
}

/// The primes below a number, each composite crossed out once.
#[kernel]
fn linear_sieve(n: usize) -> Vec<u32> {
    let mut composite = vec![false; n];
    let mut primes: Vec<u32> = Vec::new();
    for i in 2..n {
        if !composite[i] {
            primes.push(i as u32);
        }
        for &p in primes.iter() {
            let multiple = i * p as usize;
            if multiple >= n {
                break;
            }
            composite[multiple] = true;
            if i % p as usize == 0 {
                break;
            }
        }
    }
    primes
}

/// The values of expressions in postfix: numbers, and negative codes for operators.
#[kernel]
fn postfix(codes: &[i64]) -> i64 {
    let mut stack: Vec<i64> = Vec::new();
    for &code in codes {
        match code {
            -1 | -2 | -3 => {
                let (Some(b), Some(a)) = (stack.pop(), stack.pop()) else { continue };
                stack.push(match code {
                    -1 => a.wrapping_add(b),
                    -2 => a.wrapping_sub(b),
                    _ => a.wrapping_mul(b),
                });
            }
            number => stack.push(number),
        }
    }
    stack.iter().sum()
}

/// A tour with crossings undone, once around.
#[kernel]
fn improved_tour(x: &[f64], y: &[f64], tour: &mut ArrayRef1<usize>) -> usize {
    let n = tour.len();
    let mut changes = 0;
    for i in 0..n - 2 {
        for j in i + 2..n - 1 {
            let (a, b, c, d) = (tour[i], tour[i + 1], tour[j], tour[j + 1]);
            let before = (x[a] - x[b]).hypot(y[a] - y[b]) + (x[c] - x[d]).hypot(y[c] - y[d]);
            let after = (x[a] - x[c]).hypot(y[a] - y[c]) + (x[b] - x[d]).hypot(y[b] - y[d]);
            if after < before {
                let (mut first, mut last) = (i + 1, j);
                while first < last {
                    tour.swap(first, last);
                    first += 1;
                    last -= 1;
                }
                changes += 1;
            }
        }
    }
    changes
}

const ROUND: [u32; 64] = [
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
];

/// SHA-256 of whole blocks.
#[kernel]
fn sha256(words: &[u32], out: &mut ArrayRef1<u32>) {
    let mut hash =
        [0x6a09e667u32, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];
    let mut w = [0u32; 64];
    for block in words.chunks_exact(16) {
        for i in 0..16 {
            w[i] = block[i];
        }
        for i in 16..64 {
            let s0 = w[i - 15].rotate_right(7) ^ w[i - 15].rotate_right(18) ^ (w[i - 15] >> 3);
            let s1 = w[i - 2].rotate_right(17) ^ w[i - 2].rotate_right(19) ^ (w[i - 2] >> 10);
            w[i] = w[i - 16].wrapping_add(s0).wrapping_add(w[i - 7]).wrapping_add(s1);
        }
        let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = hash;
        for i in 0..64 {
            let s1 = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
            let choice = (e & f) ^ (!e & g);
            let t1 = h.wrapping_add(s1).wrapping_add(choice).wrapping_add(ROUND[i]).wrapping_add(w[i]);
            let s0 = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
            let majority = (a & b) ^ (a & c) ^ (b & c);
            let t2 = s0.wrapping_add(majority);
            h = g;
            g = f;
            f = e;
            e = d.wrapping_add(t1);
            d = c;
            c = b;
            b = a;
            a = t1.wrapping_add(t2);
        }
        for (own, add) in hash.iter_mut().zip([a, b, c, d, e, f, g, h]) {
            *own = own.wrapping_add(add);
        }
    }
    for i in 0..8 {
        out[i] = hash[i];
    }
}

/// A step of a lattice gas of nine velocities, around both axes.
#[kernel]
fn lattice_gas(f: &ArrayRef3<f64>, next: &mut ArrayRef3<f64>, omega: f64) {
    const CX: [i64; 9] = [0, 1, 0, -1, 0, 1, -1, -1, 1];
    const CY: [i64; 9] = [0, 0, 1, 0, -1, 1, 1, -1, -1];
    const W: [f64; 9] = [
        4.0 / 9.0,
        1.0 / 9.0,
        1.0 / 9.0,
        1.0 / 9.0,
        1.0 / 9.0,
        1.0 / 36.0,
        1.0 / 36.0,
        1.0 / 36.0,
        1.0 / 36.0,
    ];
    let (_, h, w) = f.dim();
    for y in prange(0..h) {
        for x in 0..w {
            let (mut rho, mut ux, mut uy) = (0.0, 0.0, 0.0);
            for k in 0..9 {
                let g = f[[k, y, x]];
                rho += g;
                ux += g * CX[k] as f64;
                uy += g * CY[k] as f64;
            }
            ux /= rho;
            uy /= rho;
            let square = ux * ux + uy * uy;
            for k in 0..9 {
                let along = CX[k] as f64 * ux + CY[k] as f64 * uy;
                let rest = W[k] * rho * (1.0 + 3.0 * along + 4.5 * along * along - 1.5 * square);
                next[[k, y, x]] = f[[k, y, x]] + omega * (rest - f[[k, y, x]]);
            }
        }
    }
}

/// The median of each pixel's neighbourhood of nine.
#[kernel]
fn median_filter(image: &ArrayRef2<u8>, out: &mut ArrayRef2<u8>) {
    for y in prange(1..image.nrows() - 1) {
        for x in 1..image.ncols() - 1 {
            let mut window = [0u8; 9];
            for dy in 0..3 {
                for dx in 0..3 {
                    window[3 * dy + dx] = image[[y + dy - 1, x + dx - 1]];
                }
            }
            window.sort_unstable();
            out[[y, x]] = window[4];
        }
    }
}

/// The lower quartile of each pixel's neighbourhood of twenty-five.
#[kernel]
fn lower_quartiles(image: &ArrayRef2<u16>, out: &mut ArrayRef2<u16>) {
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
}

/// The median of each number's neighbourhood of twenty-five.
#[kernel]
fn wide_medians(field: &ArrayRef2<f64>, out: &mut ArrayRef2<f64>) {
    for y in prange(2..field.nrows() - 2) {
        for x in 2..field.ncols() - 2 {
            let mut window = [0.0; 25];
            for dy in 0..5 {
                for dx in 0..5 {
                    window[dy * 5 + dx] = field[[y + dy - 2, x + dx - 2]];
                }
            }
            window.sort_by(|a, b| a.partial_cmp(b).unwrap());
            out[[y, x]] = window[12];
        }
    }
}

/// Lines from the centre to points, drawn by Bresenham.
#[kernel]
fn lines(canvas: &mut ArrayRef2<u8>, ends: &ArrayRef2<i64>) {
    let (h, w) = canvas.dim();
    for row in ends.rows() {
        let (mut x, mut y) = (w as i64 / 2, h as i64 / 2);
        let (x1, y1) = (row[0], row[1]);
        let (dx, dy) = ((x1 - x).abs(), -(y1 - y).abs());
        let (sx, sy) = (if x < x1 { 1 } else { -1 }, if y < y1 { 1 } else { -1 });
        let mut error = dx + dy;
        loop {
            canvas[[y as usize, x as usize]] = 255;
            if x == x1 && y == y1 {
                break;
            }
            let twice = 2 * error;
            if twice >= dy {
                error += dy;
                x += sx;
            }
            if twice <= dx {
                error += dx;
                y += sy;
            }
        }
    }
}

/// Smooth noise from random numbers at the corners of cells.
#[kernel]
fn noise(corners: &ArrayRef2<f64>, scale: f64, out: &mut ArrayRef2<f64>) {
    let smooth = |t: f64| t * t * (3.0 - 2.0 * t);
    for y in prange(0..out.nrows()) {
        for x in 0..out.ncols() {
            let (fx, fy) = (x as f64 * scale, y as f64 * scale);
            let (cx, cy) = (fx as usize, fy as usize);
            let (tx, ty) = (smooth(fx.fract()), smooth(fy.fract()));
            let top = corners[[cy, cx]] * (1.0 - tx) + corners[[cy, cx + 1]] * tx;
            let bottom = corners[[cy + 1, cx]] * (1.0 - tx) + corners[[cy + 1, cx + 1]] * tx;
            out[[y, x]] = top * (1.0 - ty) + bottom * ty;
        }
    }
}

/// The lengths of Huffman codes of symbols with these counts.
#[kernel]
fn code_lengths(counts: &[u64]) -> Vec<u32> {
    let n = counts.len();
    let mut weight: Vec<u64> = counts.to_vec();
    let mut parent = vec![usize::MAX; 2 * n];
    let mut open: Vec<usize> = (0..n).collect();
    while open.len() > 1 {
        let mut least = [0usize, 1];
        if weight[open[1]] < weight[open[0]] {
            least = [1, 0];
        }
        for k in 2..open.len() {
            if weight[open[k]] < weight[open[least[0]]] {
                least = [k, least[0]];
            } else if weight[open[k]] < weight[open[least[1]]] {
                least[1] = k;
            }
        }
        let (a, b) = (open[least[0]], open[least[1]]);
        let new = weight.len();
        weight.push(weight[a] + weight[b]);
        parent[a] = new;
        parent[b] = new;
        open.swap_remove(least[0].max(least[1]));
        open.swap_remove(least[0].min(least[1]));
        open.push(new);
    }
    (0..n)
        .map(|leaf| {
            let (mut node, mut length) = (leaf, 0);
            while parent[node] != usize::MAX {
                node = parent[node];
                length += 1;
            }
            length
        })
        .collect()
}

/// Solves sudokus one behind the other; how many tries it took.
#[kernel]
fn sudoku(puzzles: &mut ArrayRef2<u8>) -> usize {
    let mut tries = 0;
    for mut board in puzzles.rows_mut() {
        let mut open = Vec::new();
        let (mut rows, mut columns, mut boxes) = ([0u16; 9], [0u16; 9], [0u16; 9]);
        for cell in 0..81 {
            let digit = board[cell];
            if digit == 0 {
                open.push(cell);
            } else {
                let bit = 1u16 << digit;
                rows[cell / 9] |= bit;
                columns[cell % 9] |= bit;
                boxes[cell / 27 * 3 + cell % 9 / 3] |= bit;
            }
        }
        let mut at = 0;
        while at < open.len() {
            let cell = open[at];
            let (r, c, b) = (cell / 9, cell % 9, cell / 27 * 3 + cell % 9 / 3);
            let last = board[cell];
            if last > 0 {
                let bit = !(1u16 << last);
                rows[r] &= bit;
                columns[c] &= bit;
                boxes[b] &= bit;
                board[cell] = 0;
            }
            let taken = rows[r] | columns[c] | boxes[b];
            let mut digit = last + 1;
            while digit <= 9 && taken >> digit & 1 == 1 {
                digit += 1;
            }
            tries += 1;
            if digit <= 9 {
                let bit = 1u16 << digit;
                rows[r] |= bit;
                columns[c] |= bit;
                boxes[b] |= bit;
                board[cell] = digit;
                at += 1;
            } else if at == 0 {
                break;
            } else {
                at -= 1;
            }
        }
    }
    tries
}

/// One step of expectation and maximisation for two clouds on a line.
#[kernel]
fn mixture_step(
    x: &ArrayRef1<f64>,
    means: &mut ArrayRef1<f64>,
    widths: &mut ArrayRef1<f64>,
    shares: &mut ArrayRef1<f64>,
) {
    let mut totals = [0.0; 2];
    let mut sums = [0.0; 2];
    let mut squares = [0.0; 2];
    for &v in x {
        let mut weight = [0.0; 2];
        for k in 0..2 {
            let z = (v - means[k]) / widths[k];
            weight[k] = shares[k] / widths[k] * (-0.5 * z * z).exp();
        }
        let all = weight[0] + weight[1];
        for k in 0..2 {
            let r = weight[k] / all;
            totals[k] += r;
            sums[k] += r * v;
            squares[k] += r * v * v;
        }
    }
    for k in 0..2 {
        means[k] = sums[k] / totals[k];
        widths[k] = (squares[k] / totals[k] - means[k] * means[k]).sqrt();
        shares[k] = totals[k] / x.len() as f64;
    }
}

/// A polynomial at many points.
#[kernel]
fn horner_points(coefficients: &[f64], points: &ArrayRef1<f64>) -> Array1<f64> {
    points.mapv(|x| coefficients.iter().rev().fold(0.0, |sum, c| sum * x + c))
}

/// How long a text would be as references to what stood before, at most so far back.
#[kernel]
fn compressed(text: &[u8], back: usize) -> usize {
    let (mut i, mut size) = (0, 0);
    while i < text.len() {
        let (mut best, start) = (0, i.saturating_sub(back));
        for j in start..i {
            let mut length = 0;
            while i + length < text.len() && length < 255 && text[j + length] == text[i + length] {
                length += 1;
            }
            best = best.max(length);
        }
        if best >= 3 {
            size += 3;
            i += best;
        } else {
            size += 1;
            i += 1;
        }
    }
    size
}

/// The sum of a pair potential over neighbours, by lists of what is in each cell.
#[kernel]
fn cell_lists(x: &[f64], y: &[f64], cells: usize) -> f64 {
    let n = x.len();
    let mut head = vec![usize::MAX; cells * cells];
    let mut next = vec![usize::MAX; n];
    let cell = |i: usize| {
        let (cx, cy) = ((x[i] * cells as f64) as usize, (y[i] * cells as f64) as usize);
        cy.min(cells - 1) * cells + cx.min(cells - 1)
    };
    for i in 0..n {
        let c = cell(i);
        next[i] = head[c];
        head[c] = i;
    }
    let range = 1.0 / (cells * cells) as f64;
    let mut energy = 0.0;
    for cy in 0..cells {
        for cx in 0..cells {
            let mut i = head[cy * cells + cx];
            while i != usize::MAX {
                for dy in 0..3 {
                    for dx in 0..3 {
                        let (oy, ox) = (cy + dy, cx + dx);
                        if oy == 0 || ox == 0 || oy > cells || ox > cells {
                            continue;
                        }
                        let mut j = head[(oy - 1) * cells + ox - 1];
                        while j != usize::MAX {
                            let (rx, ry) = (x[i] - x[j], y[i] - y[j]);
                            let r2 = rx * rx + ry * ry;
                            if j > i && r2 < range {
                                energy += 1.0 / (r2 + 1e-3);
                            }
                            j = next[j];
                        }
                    }
                }
                i = next[i];
            }
        }
    }
    energy
}

/// Boards with some fields given.
fn puzzles(n: usize) -> Array2<u8> {
    let given = b"530070000600195000098000060800060003400803001700020006060000280000419005000080079";
    Array2::from_shape_fn((n, 81), |(_, cell)| given[cell] - b'0')
}

/// The kernels of this file.
pub const ROWS: &[Row] = &[
    row!(unions [1000, 1_000_000] least 1 |n| reads from = below(n as u64, n, 1).to_vec(), to = below(n as u64, n, 2).to_vec(); call(n, &from, &to)),
    row!(hull [1000, 1_000_000] |n| reads x = Array1::from_iter((0..n).map(|i| i as f64)), y = uniform(n, 1); call(&x, &y)),
    row!(digits_of_factorial [100, 1500] |n| call(n as u32)),
    row!(spiral [60, 1500] |n| reads a = below(100, (n, n), 1); call(&a)),
    row!(linear_sieve [10_000, 2_000_000] |n| call(n)),
    row!(postfix [5000, 2_000_000] |n| reads codes = (0..n as i64).map(|i| if i % 3 == 2 { -1 - i % 5 % 3 } else { i % 7 }).collect::<Vec<i64>>(); call(&codes)),
    row!(improved_tour [60, 1000] least 3 |n| reads x = uniform(n, 1).to_vec(), y = uniform(n, 2).to_vec(); writes tour = (0..n).collect::<Array1<usize>>(); call(&x, &y, tour)),
    row!(sha256 [64, 100_000] |n| reads words = below(1 << 31, 16 * n, 1).to_vec(); writes out = zeros(8); call(&words, out)),
    row!(lattice_gas [40, 400] |n| reads f = uniform((9, n, n), 1); writes next = zeros((9, n, n)); call(&f, next, 0.8)),
    row!(median_filter [60, 1000] least 3 |n| reads image = below(256, (n, n), 1); writes out = zeros((n, n)); call(&image, out)),
    row!(lower_quartiles [60, 1000] least 5 |n| reads image = below(4096, (n, n), 1); writes out = zeros((n, n)); call(&image, out)),
    row!(wide_medians [60, 1000] least 5 |n| reads field = uniform((n, n), 1); writes out = zeros((n, n)); call(&field, out)),
    row!(lines [100, 1500] least 1 |n| reads ends = below(n as u64, (200, 2), 1); writes canvas = zeros((n, n)); call(canvas, &ends)),
    row!(noise [60, 1000] |n| reads corners = uniform((n / 10 + 2, n / 10 + 2), 1); writes out = zeros((n, n)); call(&corners, 0.1, out)),
    row!(code_lengths [60, 1000] least 2 |n| reads counts = below(1000, n, 1).to_vec(); call(&counts)),
    row!(sudoku [1, 100] |n| writes board = puzzles(n); call(board)),
    row!(mixture_step [5000, 500_000] |n| reads x = uniform(n, 1); writes means = array![0.3, 0.7], widths = array![0.1, 0.1], shares = array![0.5, 0.5]; call(&x, means, widths, shares)),
    row!(horner_points [5000, 500_000] |n| reads coefficients = uniform(12, 1).to_vec(), points = uniform(n, 2); call(&coefficients, &points)),
    row!(compressed [1000, 20_000] |n| reads text = below(4, n, 1).to_vec(); call(&text, 200)),
    row!(cell_lists [500, 50_000] |n| reads x = uniform(n, 1).to_vec(), y = uniform(n, 2).to_vec(); call(&x, &y, (n as f64).sqrt() as usize / 2 + 1)),
];
