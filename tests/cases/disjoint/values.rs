//! What the kernels compute, every way.

use super::*;

/// A matrix that can be divided by its diagonal.
fn regular(n: usize, m: usize) -> Array2<f64> {
    let mut a = grid(n, m);
    for i in 0..n.min(m) {
        a[[i, i]] = 200.0 + i as f64;
    }
    a
}

const SHAPES: [(usize, usize); 6] = [(2, 2), (3, 9), (8, 5), (17, 33), (70, 64), (130, 131)];

#[test]
fn levels_of_time() {
    for (n, m) in SHAPES {
        every_way!(wave(&mut u, 0.125) with u = grid(n, m));
        every_way!(leapfrog(&mut u, 0.125) with u = grid(n, m));
        every_way!(two_levels(&mut u, 5) with u = Array3::from_shape_fn((2, n, m), |(t, i, j)| (t + i * j % 7) as f64));
    }
}

#[test]
fn antidiagonals() {
    for (n, m) in [(1, 1), (5, 9), (40, 33), (90, 300)] {
        let (a, b) = (numbers(n).mapv(|x| x % 3), numbers(m).mapv(|x| x % 3));
        every_way!(clipped_diagonals(&mut v) with v = matrix(n, m));
        every_way!(longest_common(&a, &b, &mut best) with best = Array2::zeros((n + 1, m + 1)));
    }
}

#[test]
fn rows_beside_the_pivot() {
    for n in [1, 2, 9, 33, 90] {
        every_way!(factorise(&mut a) with a = regular(n, n));
        every_way!(cholesky(&mut a) with a = {
            let a = grid(n, n);
            a.dot(&a.t()) + regular(n, n) * Array2::<f64>::eye(n) * 100.0
        });
        every_way!(eliminate(&mut a) with a = regular(n, n + 1));
        every_way!(pivot_by_views(&mut a) with a = regular(n, n + 1));
        every_way!(guarded(&mut a, n / 2, n / 3) with a = grid(n, n));
        every_way!(skipped(&mut a, n / 2, n / 3) with a = grid(n, n));
        every_way!(row_against_rows(&mut a) with a = grid(n, n));
        every_way!(rows_by_views(&mut a, &floats(n)) with a = grid(n, n));
    }
}

#[test]
fn colours() {
    for n in [3, 4, 9, 1000, 20_001] {
        every_way!(red_black_line(&mut u) with u = floats(n));
        every_way!(red_black_guard(&mut u) with u = floats(n));
        every_way!(three_colours(&mut u, 1) with u = floats(n));
        every_way!(three_colours(&mut u, 7) with u = floats(n));
    }
    for (n, m) in SHAPES {
        every_way!(checkerboard(&mut u) with u = grid(n, m));
        every_way!(checkerboard_steps(&mut u) with u = grid(n, m));
        every_way!(checkerboard_bits(&mut u, 1) with u = grid(n, m));
        every_way!(checkerboard_signed(&mut u, 0) with u = grid(n, m));
    }
    every_way!(even_from_odd(&mut a, 40) with a = numbers(80));
}

#[test]
fn rows_in_one_axis() {
    for (n, w) in [(0, 0), (1, 5), (7, 1), (33, 40), (300, 17)] {
        every_way!(linear_rows(&mut a, &numbers(w), n, w) with a = numbers(n * w));
        every_way!(linear_signed(&mut a, n as i64, w as i64) with a = numbers(n * w));
        every_way!(linear_cast(&mut a, n as i32, w as i32) with a = numbers(n * w));
        every_way!(linear_cells(&mut a, n, 3, w) with a = numbers(n * 3 * w));
        every_way!(linear_planes(&mut a, n, 3, w) with a = numbers(n * 3 * w));
        every_way!(padded(&mut a, n, w, w + 3) with a = numbers(n * (w + 3)));
        every_way!(blocks(&mut a, n) with a = numbers(16 * n));
    }
    for (h, w) in [(3, 3), (20, 31), (100, 90)] {
        every_way!(stencil_in_one_axis(&numbers(h * w), &mut new, h, w) with new = numbers(h * w));
    }
    for (n, stride) in [(5, 1), (8000, 3), (100, 77)] {
        every_way!(one_column(&mut a, n, stride) with a = numbers(n * stride));
    }
}

#[test]
fn rows_that_overlap_are_an_error() {
    let error = error_of!(padded(&mut numbers(1000), 9, 20, 19));
    let Error::IterationsOverlap { array, apart, needed, place } = &error else { panic!("{error}") };
    assert_eq!((array.as_str(), *apart, *needed), ("`a`", 19, 20), "{error}");
    assert!(place.as_str().contains("disjoint"), "{error}");
    // One iteration meets nobody.
    every_way!(padded(&mut a, 1, 20, 19) with a = numbers(1000));
    every_way!(padded(&mut a, 0, 20, 19) with a = numbers(1000));
    let error = error_of!(one_column(&mut numbers(10), 5, 0));
    assert!(matches!(error, Error::IterationsOverlap { apart: 0, needed: 1, .. }), "{error}");
    let error = error_of!(linear_rows(&mut numbers(10), &numbers(4), 1 << 40, 1 << 40));
    assert!(matches!(error, Error::IndicesTooLarge { .. }), "{error}");
}

#[test]
fn pieces() {
    for n in [0, 1, 63, 64, 65, 1000, 9001] {
        every_way!(chunks(&mut a, 37) with a = numbers(n));
        every_way!(chunks_of_64(&mut a) with a = numbers(n));
        every_way!(reversed(&mut a) with a = numbers(n));
        every_way!(halves(&mut a) with a = numbers(n));
        every_way!(rows_as_slices(&mut a, 7) with a = floats(n));
        every_way!(folded(&mut a, n / 2) with a = numbers(n));
        every_way!(skip_lists(&mut a, 3) with a = numbers(n));
    }
    for (n, m) in SHAPES {
        every_way!(steps_of_tiles(&mut a) with a = matrix(n, m));
        every_way!(nested_ranges(&mut a, 4) with a = matrix(n, n.max(m)));
        every_way!(symmetric(&mut a, &numbers(n)) with a = matrix(n, n));
        every_way!(transpose_in_place(&mut a) with a = matrix(n, n));
        every_way!(above_from_below(&mut a) with a = matrix(n, n));
    }
    every_way!(several(&mut a, &mut b, 500) with a = numbers(500), b = matrix(2, 500));
}

#[test]
fn pairs_that_change_places() {
    for bits in [1, 3, 10, 14] {
        let n = 1 << bits;
        for half in [1, 2, n / 4, n / 2].into_iter().filter(|half| *half > 0 && 2 * half <= n) {
            every_way!(butterflies(&mut a, half) with a = numbers(n));
            every_way!(butterflies_inside(&mut a, half) with a = numbers(n));
            every_way!(bitonic(&mut a, half, 2 * half) with a = numbers(n));
        }
    }
    let sorted = every_way!(odd_even_sort(&mut a) with a = numbers(300)).1;
    assert!(sorted.windows(2).into_iter().all(|pair| pair[0] <= pair[1]));
}
