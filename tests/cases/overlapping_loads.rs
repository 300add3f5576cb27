//! Neighbours that are loaded again a few elements further on, and rows that begin anywhere in a cache line: nothing changes.

use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, s};
use parfuse::Isa;
use parfuse::prelude::*;
use std::sync::OnceLock;

/// Around registers, steps and long rows of each type.
const LENGTHS: [usize; 12] = [3, 7, 34, 63, 66, 97, 130, 161, 255, 300, 517, 1100];

#[kernel]
fn five_points(a: &ArrayRef2<f64>, out: &mut ArrayRef2<f64>) {
    let (n, m) = a.dim();
    for i in prange(1..n - 1) {
        for j in 1..m - 1 {
            out[[i, j]] = 0.2 * (a[[i, j]] + a[[i, j - 1]] + a[[i, j + 1]] + a[[i - 1, j]] + a[[i + 1, j]]);
        }
    }
}

#[kernel]
fn seven_in_a_row(a: &ArrayRef1<f32>, out: &mut ArrayRef1<f32>) {
    for i in prange(3..a.len() - 3) {
        let far = a[i - 3] + a[i + 3] - (a[i - 2] + a[i + 2]) * 0.5;
        out[i] = far + (a[i - 1] + a[i + 1]) * 0.25 - a[i];
    }
}

#[kernel]
fn contrast(image: &ArrayRef2<u8>, out: &mut ArrayRef2<u8>) {
    let (n, m) = image.dim();
    for i in prange(0..n) {
        for j in 1..m - 1 {
            let (left, here, right) = (image[[i, j - 1]], image[[i, j]], image[[i, j + 1]]);
            out[[i, j]] = left.max(here).max(right) - left.min(here).min(right);
        }
    }
}

#[kernel]
fn middle_of_words(a: &ArrayRef1<u16>, out: &mut ArrayRef1<u16>) {
    for i in prange(0..a.len() - 2) {
        out[i + 1] = a[i].min(a[i + 1]).max(a[i + 2].min(a[i + 1]));
    }
}

#[kernel]
fn window(a: &ArrayRef2<f64>, weights: &ArrayRef2<f64>, out: &mut ArrayRef2<f64>) {
    let (n, m) = a.dim();
    for i in prange(0..n - 4) {
        for j in 0..m - 4 {
            let mut sum = 0.0;
            for p in 0..5 {
                for q in 0..5 {
                    sum += weights[[p, q]] * a[[i + p, j + q]];
                }
            }
            out[[i, j]] = sum;
        }
    }
}

/// The same in loops of which nobody knows beforehand how long they are.
#[kernel]
fn smoothed_parts(image: &ArrayRef2<u8>, ends: &ArrayRef1<usize>, out: &mut ArrayRef2<u8>) {
    for i in prange(0..image.nrows()) {
        for j in 2..ends[i] {
            let (first, left) = (image[[i, j - 2]], image[[i, j - 1]]);
            out[[i, j]] = first.max(left).min(image[[i, j]]).max(image[[i, j + 1]].min(image[[i, j + 2]]));
        }
    }
}

/// Every other element, from its neighbours.
#[kernel]
fn every_other(a: &mut ArrayRef2<f64>, first: usize) {
    let (n, m) = a.dim();
    for i in 0..n {
        for j in (first..m - 1).step_by(2) {
            a[[i, j]] = 0.5 * (a[[i, j - 1]] + a[[i, j + 1]]);
        }
    }
}

#[kernel]
fn interleaved(a: &ArrayRef1<f32>, b: &ArrayRef1<f32>, out: &mut ArrayRef1<f32>) {
    for i in prange(0..a.len()) {
        out[2 * i] = a[i] - b[i];
        out[2 * i + 1] = a[i] * b[i];
    }
}

/// More indices than a loop has addresses for, each computed where it is used.
#[kernel]
fn many_rows(
    a: &ArrayRef2<f64>,
    b: &ArrayRef2<f64>,
    c: &ArrayRef2<f64>,
    rows: usize,
    out: &mut ArrayRef2<f64>,
) {
    let m = a.ncols();
    for i in prange(0..out.nrows()) {
        for j in 0..m - 2 {
            let mut sum = 0.0;
            for p in i..i + rows {
                sum += a[[p, j]] + a[[p, j + 1]] * a[[p, j + 2]] - b[[p, j]] + b[[p, j + 1]] + c[[p, j]];
                sum += c[[p, j + 1]] - c[[p, j + 2]] + a[[p + 1, j + 1]] + a[[p + 1, j + 2]] - b[[p, j + 2]];
                sum -= b[[p + 1, j + 1]] * b[[p + 1, j + 2]] + c[[p + 1, j]] - c[[p + 1, j + 1]];
            }
            out[[i, j]] = sum;
        }
    }
}

/// What is loaded after a store to the same array is what was stored.
#[kernel]
fn steps_in_place(a: &mut ArrayRef2<f64>) {
    let (n, m) = a.dim();
    for i in 0..n - 1 {
        for j in 1..m - 1 {
            a[[i + 1, j]] += 0.5 * a[[i, j - 1]] - 0.25 * a[[i, j + 1]];
        }
    }
}

/// Rows of any length inside scalar code, which store to what lies anywhere.
#[kernel]
fn eliminated(a: &mut ArrayRef2<f64>) {
    let n = a.nrows();
    for k in 0..n {
        for i in k + 1..n {
            a[[i, k]] /= a[[k, k]];
            for j in k + 1..a.ncols() {
                a[[i, j]] -= a[[i, k]] * a[[k, j]];
            }
        }
    }
}

fn floats(n: usize, m: usize) -> Array2<f64> {
    Array2::from_shape_fn((n, m), |(i, j)| {
        ((i * 31 + j * 17) % 101) as f64 / 16.0 - 2.0 + (i == j) as i32 as f64 * 40.0
    })
}

/// Asserts that thorough code of every length of registers writes what the function writes.
macro_rules! exact {
    ($kernel:ident($($arg:expr),*; $out:expr)) => {{
        let mut expected = $out;
        $kernel($($arg,)* &mut expected);
        for engine in engines() {
            let mut found = $out;
            engine.install(|| $kernel::serial($($arg,)* &mut found)).unwrap();
            assert_eq!(found, expected, "{}", engine.isa());
        }
    }};
}

fn engines() -> &'static [Engine] {
    static ENGINES: OnceLock<Vec<Engine>> = OnceLock::new();
    let engine = |isa| Engine::builder().threads(1).thorough(true).isa(isa).build().unwrap();
    let available = || Isa::ALL.into_iter().filter(|isa| isa.is_available());
    ENGINES.get_or_init(|| available().map(engine).collect())
}

#[test]
fn neighbours_are_those_of_the_function() {
    for m in LENGTHS {
        let a = floats(5, m);
        exact!(five_points(&a; Array2::zeros((5, m))));
        exact!(steps_in_place(; a.clone()));
        for first in [1, 2] {
            let mut expected = a.clone();
            every_other(&mut expected, first);
            for engine in engines() {
                let mut found = a.clone();
                engine.install(|| every_other::serial(&mut found, first)).unwrap();
                assert_eq!(found, expected, "from {first}, {}", engine.isa());
            }
        }
        if m > 6 {
            exact!(window(&floats(6, m), &floats(5, 5); Array2::zeros((6, m))));
            let row: Array1<f32> = a.row(0).mapv(|x| x as f32);
            let [a, b, c] = [1.0, 0.5, -2.0].map(|factor| floats(7, m) * factor);
            exact!(many_rows(&a, &b, &c, 4; Array2::zeros((3, m))));
            exact!(seven_in_a_row(&row; Array1::zeros(m)));
            exact!(interleaved(&row, &row.mapv(|x| x * 3.0 - 1.0); Array1::zeros(2 * m + 1)));
        }
    }
}

#[test]
fn stencils_shift_registers() {
    if !Isa::Avx512.is_available() {
        return;
    }
    // One of its own: it shows the code of calls, if there were any, and others make some with few columns.
    let engine = Engine::builder().threads(1).isa(Isa::Avx512).build().unwrap();
    let kernels = [engine.kernel::<five_points>(), engine.kernel::<many_rows>()];
    for kernel in kernels {
        let asm = kernel.asm_of(parfuse::Effort::Thorough).unwrap();
        assert!(asm.contains("valignq"), "{asm}");
    }
}

#[test]
fn short_neighbours_are_those_of_the_function() {
    for m in LENGTHS {
        let image = Array2::from_shape_fn((3, m), |(i, j)| ((i * 57 + j * 131 + j * j) % 256) as u8);
        exact!(contrast(&image; Array2::zeros((3, m))));
        if m > 2 {
            let ends = Array1::from(vec![m - 2, m / 2, m - 3]);
            exact!(smoothed_parts(&image, &ends; Array2::zeros((3, m))));
        }
        let words = Array1::from_shape_fn(m, |i| (i * 7919 % 65536) as u16);
        exact!(middle_of_words(&words; Array1::zeros(m)));
    }
}

#[test]
fn rows_begin_anywhere() {
    for m in LENGTHS {
        exact!(eliminated(; floats(9, m.max(9))));
        let whole = floats(7, m + 9);
        for first in 0..9 {
            let part = whole.slice(s![.., first..first + m]);
            let mut expected = Array2::zeros((7, m + 9));
            five_points(&part, &mut expected.slice_mut(s![.., first..first + m]));
            for engine in engines() {
                let mut out = Array2::zeros((7, m + 9));
                let mut own = out.slice_mut(s![.., first..first + m]);
                engine.install(|| five_points::serial(&part, &mut own)).unwrap();
                assert_eq!(out, expected, "from {first}, {}", engine.isa());
            }
        }
    }
}
