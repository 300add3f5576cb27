//! Stencils with all kinds of borders, against sums that look up each neighbour.

use super::ways::{every_way, exactly};
use ndarray::{Array1, Array2, Array3, ArrayD, ArrayRef2, IxDyn, array};
use parfuse::prelude::*;
use parfuse::stencil::{border, pad1, pad2, stencil1, stencil2, stencil3};

const BORDERS: [u8; 5] = [border::CONSTANT, border::NEAREST, border::REFLECT, border::MIRROR, border::WRAP];

/// By going step by step from the border inwards.
fn place(mut i: i64, n: i64, border: u8) -> Option<i64> {
    while i < 0 || i >= n {
        i = match border {
            border::NEAREST => i.clamp(0, n - 1),
            border::REFLECT if i < 0 => -1 - i,
            border::REFLECT => 2 * n - 1 - i,
            border::MIRROR if n == 1 => 0,
            border::MIRROR if i < 0 => -i,
            border::MIRROR => 2 * n - 2 - i,
            border::WRAP if i < 0 => i + n,
            border::WRAP => i - n,
            _ => return None,
        };
    }
    Some(i)
}

/// Of any rank.
fn expected(a: &ArrayD<f64>, weights: &ArrayD<f64>, border: u8, outside: f64) -> ArrayD<f64> {
    ArrayD::from_shape_fn(a.raw_dim(), |at| {
        weights.indexed_iter().fold(0.0, |sum, (offset, weight)| {
            let places: Option<Vec<usize>> = (0..a.ndim())
                .map(|axis| {
                    let i = at[axis] as i64 + offset[axis] as i64 - (weights.shape()[axis] / 2) as i64;
                    place(i, a.shape()[axis] as i64, border).map(|place| place as usize)
                })
                .collect();
            sum + weight * places.map_or(outside, |places| a[IxDyn(&places)])
        })
    })
}

#[test]
fn lines_have_borders_of_all_kinds() {
    for border in BORDERS {
        for n in [1, 2, 3, 4, 7, 40, 9000] {
            let a = Array1::from_shape_fn(n, |i| ((i * 7 + 3) % 11) as f64);
            for weights in [
                array![1.0, -2.0, 4.0],
                array![0.5],
                array![1.0, 2.0, 3.0, 5.0],
                array![1.0, 0.0, 2.0, 0.0, 9.0],
            ] {
                let found = exactly!(stencil1(&a, &weights, border, 0.25)).0;
                let expected = expected(&a.clone().into_dyn(), &weights.into_dyn(), border, 0.25);
                assert_eq!(found.into_dyn(), expected, "{n} {border}");
            }
            let padded = exactly!(pad1(&a, 3, border, 0.25)).0;
            assert!(padded.indexed_iter().all(|(i, x)| {
                *x == place(i as i64 - 3, n as i64, border).map_or(0.25, |place| a[place as usize])
            }));
        }
    }
}

#[test]
fn planes_and_spaces_have_borders_of_all_kinds() {
    let weights = Array2::from_shape_fn((3, 5), |(p, q)| (p * 5 + q) as f64 - 6.0);
    let cube = Array3::from_shape_fn((3, 2, 3), |(o, p, q)| (o * 6 + p * 3 + q) as f64 * 0.5);
    for border in BORDERS {
        for (n, m) in [(1, 1), (2, 9), (9, 2), (20, 33)] {
            let a = Array2::from_shape_fn((n, m), |(i, j)| ((i * 5 + j * 3) % 13) as f64);
            let found = exactly!(stencil2(&a, &weights, border, -1.5)).0;
            assert_eq!(found.into_dyn(), expected(&a.into_dyn(), &weights.clone().into_dyn(), border, -1.5));
            let b = Array3::from_shape_fn((3, n, m), |(g, i, j)| ((g + i * 5 + j * 3) % 13) as f64);
            let found = exactly!(stencil3(&b, &cube, border, -1.5)).0;
            assert_eq!(found.into_dyn(), expected(&b.into_dyn(), &cube.clone().into_dyn(), border, -1.5));
        }
    }
    let nothing = Array2::<f64>::zeros((0, 4));
    assert_eq!(every_way!(pad2(&nothing, 1, 1, border::REFLECT, 2.0)).0, Array2::from_elem((2, 6), 2.0));
    exactly!(stencil2(&nothing, &weights, border::WRAP, 2.0));
}

#[kernel]
fn game_of_life(cells: &ArrayRef2<f32>, steps: usize) -> Array2<f32> {
    let around = array![[1.0, 1.0, 1.0], [1.0, 0.0, 1.0], [1.0, 1.0, 1.0]];
    let mut now = cells.to_owned();
    for _ in 0..steps {
        let neighbours = stencil2(&now, &around, border::WRAP, 0.0);
        for (i, j) in prange2(now.dim()) {
            let n = neighbours[[i, j]];
            now[[i, j]] = if n == 3.0 || n == 2.0 && now[[i, j]] == 1.0 { 1.0 } else { 0.0 };
        }
    }
    now
}

#[test]
fn kernels_call_stencils() {
    let mut glider = Array2::<f32>::zeros((12, 16));
    for (i, j) in [(1, 2), (2, 3), (3, 1), (3, 2), (3, 3)] {
        glider[[i, j]] = 1.0;
    }
    let moved = exactly!(game_of_life(&glider, 4)).0;
    assert!(glider.indexed_iter().all(|((i, j), x)| moved[[(i + 1) % 12, (j + 1) % 16]] == *x));
}
