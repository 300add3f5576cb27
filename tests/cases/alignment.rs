//! Arrays that begin anywhere: steps begin where memory is aligned, and no bit depends on where that is.

use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, s};
use parfuse::prelude::*;
use parfuse::{Engine, Isa};

#[kernel]
fn sums(a: &ArrayRef1<f64>) -> (f64, f64) {
    (a.sum(), (a * a).sum())
}

#[kernel]
fn extremes(a: &ArrayRef1<f32>) -> (f32, f32, bool) {
    let (mut low, mut high, mut positive) = (f32::INFINITY, f32::NEG_INFINITY, true);
    for i in prange(0..a.len()) {
        low = low.min(a[i]);
        high = high.max(a[i]);
        positive &= a[i] > 0.0;
    }
    (low, high, positive)
}

#[kernel]
fn of_rows(a: &ArrayRef2<f64>, b: &ArrayRef2<f32>) -> f64 {
    let mut sum = 0.0;
    for i in prange(0..a.nrows()) {
        for j in prange(0..a.ncols()) {
            sum += a[[i, j]] * f64::from(b[[i, j]]);
        }
    }
    sum + a.sum()
}

#[kernel]
fn halves(a: &ArrayRef1<f64>) -> Array1<f64> {
    a * 0.5
}

/// Engines with thorough code of every length of registers; the first has the shortest.
fn engines() -> Vec<Engine> {
    let all = [Isa::Native128, Isa::Avx2, Isa::Avx512At256, Isa::Avx512];
    let engine = |isa| Engine::builder().threads(2).thorough(true).isa(isa).build().unwrap();
    all.into_iter().filter(|isa| isa.is_available()).map(engine).collect()
}

/// Runs `check` for many places of an array's first element and many lengths, on every engine.
fn anywhere(mut check: impl FnMut(usize, usize)) {
    for start in 0..9 {
        for len in [0, 1, 31, 127, 128, 129, 135, 136, 137, 200, 8192, 8200, 16500] {
            check(start, len);
        }
    }
}

#[test]
fn sums_do_not_depend_on_where_an_array_begins() {
    let numbers = Array1::from_shape_fn(17_000, |i| (i as f64 * 0.37).sin());
    let engines = engines();
    anywhere(|start, len| {
        let copy = numbers.slice(s![start..start + len]).to_owned();
        let mut expected = None;
        for engine in &engines {
            engine.install(|| {
                for found in [sums::serial(&numbers.slice(s![start..start + len])), sums::parallel(&copy)] {
                    let (a, b) = found.unwrap();
                    let found = (a.to_bits(), b.to_bits());
                    assert_eq!(*expected.get_or_insert(found), found, "{start} {len} {:?}", engine.isa());
                }
            });
        }
    });
}

#[test]
fn extremes_do_not_depend_on_where_an_array_begins() {
    let numbers = Array1::from_shape_fn(17_000, |i| ((i * 7919) % 10_007) as f32 - 3.0);
    let engines = engines();
    anywhere(|start, len| {
        let part = numbers.slice(s![start..start + len]);
        let plain = extremes(&part);
        for engine in &engines {
            assert_eq!(engine.install(|| extremes::serial(&part)).unwrap(), plain, "{start} {len}");
        }
    });
}

#[test]
fn rows_begin_at_different_places() {
    let engines = engines();
    for (rows, columns) in [(1, 150), (3, 127), (5, 131), (7, 300), (2, 9001)] {
        let a = Array2::from_shape_fn((rows, columns + 5), |(i, j)| ((i * 31 + j) as f64 * 0.11).cos());
        let b = a.mapv(|x| x as f32 + 1.0);
        for start in 0..5 {
            let (a, b) = (a.slice(s![.., start..start + columns]), b.slice(s![.., start..start + columns]));
            let mut expected = None;
            for engine in &engines {
                let found = engine.install(|| of_rows::serial(&a, &b)).unwrap().to_bits();
                assert_eq!(
                    *expected.get_or_insert(found),
                    found,
                    "{rows} {columns} {start} {:?}",
                    engine.isa()
                );
            }
        }
    }
}

#[test]
fn outputs_may_begin_anywhere_and_nothing_around_them_is_written() {
    let numbers = Array1::from_shape_fn(17_000, |i| i as f64);
    let engines = engines();
    anywhere(|start, len| {
        for engine in &engines {
            let mut out = Array1::from_elem(17_000, -1.0);
            let into = &mut out.slice_mut(s![start..start + len]);
            engine.install(|| halves::serial_into(&numbers.slice(s![7..7 + len]), into)).unwrap();
            for (i, x) in out.iter().enumerate() {
                let inside = (start..start + len).contains(&i);
                assert_eq!(*x, if inside { (i - start + 7) as f64 * 0.5 } else { -1.0 }, "{start} {len} {i}");
            }
        }
    });
}
