//! Whole kernels written with slices, rows and columns: the loops that are left of them.
//!
//! ```text
//! &u.slice(s![..-2, 1..-1]) + &u.slice(s![2.., 1..-1]) + …      one region, no copy, no check inside
//! ```
#![allow(clippy::op_ref, reason = "as users write it")]
// Negative bounds of slices count from the end.
#![allow(clippy::reversed_empty_ranges)]

use super::ways::every_way;
use ndarray::{Array1, Array2, Array3, ArrayRef1, ArrayRef2, ArrayView3, Axis, NewAxis, s};
use parfuse::prelude::*;
use parfuse::{Explanation, Kernel};

fn explained(kernel: Kernel) -> Explanation {
    kernel.explain().unwrap()
}

/// No region checks anything in its loop.
fn is_unchecked(explanation: &Explanation) -> bool {
    explanation.regions.iter().all(|region| region.checks.is_empty())
}

fn field(rows: usize, columns: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, columns), |(i, j)| ((i * 31 + j * 17) % 101) as f64 / 7.0)
}

#[kernel]
fn laplacian(u: &ArrayRef2<f64>) -> Array2<f64> {
    let centre = u.slice(s![1..-1, 1..-1]);
    let across = &u.slice(s![..-2, 1..-1]) + &u.slice(s![2.., 1..-1]);
    let along = &u.slice(s![1..-1, ..-2]) + &u.slice(s![1..-1, 2..]);
    across + along - 4.0 * &centre
}

#[kernel]
fn heat_step(u: &ArrayRef2<f64>, c: f64) -> Array2<f64> {
    let mut next = u.to_owned();
    let mut inside = next.slice_mut(s![1..-1, 1..-1]);
    let neighbours = &u.slice(s![..-2, 1..-1])
        + &u.slice(s![2.., 1..-1])
        + u.slice(s![1..-1, ..-2])
        + u.slice(s![1..-1, 2..]);
    inside += &(c * (neighbours - 4.0 * &u.slice(s![1..-1, 1..-1])));
    next
}

#[test]
fn a_stencil_of_slices_is_one_loop() {
    for (rows, columns) in [(2, 2), (3, 3), (3, 9), (50, 67), (200, 301)] {
        let u = field(rows, columns);
        assert_eq!(every_way!(laplacian(&u)).0, laplacian(&u));
        assert_eq!(every_way!(heat_step(&u, 0.1)).0, heat_step(&u, 0.1));
    }
    let explanation = explained(laplacian::kernel());
    assert_eq!((explanation.regions.len(), explanation.arrays_allocated), (1, 1), "{explanation}");
    assert!(is_unchecked(&explanation), "{explanation}");
    assert_eq!(
        (explanation.regions[0].contiguous_accesses, explanation.regions[0].scattered_accesses),
        (6, 0)
    );
    // The copy of the field, and the step.
    let explanation = explained(heat_step::kernel());
    assert_eq!((explanation.regions.len(), explanation.arrays_allocated), (2, 1), "{explanation}");
    assert!(is_unchecked(&explanation), "{explanation}");
}

#[kernel]
fn diffusion(field: ArrayView3<f64>, strength: ArrayView3<f64>) -> Array3<f64> {
    let (n, m, _) = strength.dim();
    let middle = 4.0 * &field.slice(s![1..n + 3, 1..m + 3, ..]);
    let across = &field.slice(s![2..n + 4, 1..m + 3, ..]) + &field.slice(s![0..n + 2, 1..m + 3, ..]);
    let along = &field.slice(s![1..n + 3, 2..m + 4, ..]) + &field.slice(s![1..n + 3, 0..m + 2, ..]);
    let laplacian = middle - (across + along);
    let down = &laplacian.slice(s![1.., 1..m + 1, ..]) - &laplacian.slice(s![..n + 1, 1..m + 1, ..]);
    let right = &laplacian.slice(s![1..n + 1, 1.., ..]) - &laplacian.slice(s![1..n + 1, ..m + 1, ..]);
    let balance = &down.slice(s![1.., .., ..]) - &down.slice(s![..-1, .., ..])
        + &right.slice(s![.., 1.., ..])
        - &right.slice(s![.., ..-1, ..]);
    &field.slice(s![2..n + 2, 2..m + 2, ..]) - &(&strength * &balance)
}

#[test]
fn slices_as_long_as_other_arrays_have_lengths_that_are_known_to_be_equal() {
    for (n, m, k) in [(1, 1, 1), (2, 3, 4), (8, 7, 20)] {
        let of =
            |n, m, k| Array3::from_shape_fn((n, m, k), |(i, j, k)| ((i * 7 + j * 5 + k * 3) % 13) as f64);
        let (field, strength) = (of(n + 4, m + 4, k), of(n, m, k));
        let found = every_way!(diffusion(field.view(), strength.view())).0;
        assert_eq!(found, diffusion(field.view(), strength.view()));
    }
    let explanation = explained(diffusion::kernel());
    // What is used at several places is one each, the Laplacian and the two differences, and the result.
    assert_eq!((explanation.regions.len(), explanation.arrays_allocated), (4, 4), "{explanation}");
    assert!(is_unchecked(&explanation), "{explanation}");
}

#[kernel]
fn gram_schmidt(q: &mut ArrayRef2<f64>) {
    for j in 0..q.ncols() {
        for i in 0..j {
            let onto = q.column(i).to_owned();
            let overlap = (&onto * &q.column(j)).sum();
            let mut target = q.column_mut(j);
            target -= &(onto * overlap);
        }
        let norm = (&q.column(j) * &q.column(j)).sum().sqrt();
        let mut target = q.column_mut(j);
        target /= norm;
    }
}

#[test]
fn columns_are_made_orthogonal() {
    let start = Array2::from_shape_fn((40, 12), |(i, j)| {
        ((i * 7 + j * j * 13) % 19) as f64 + f64::from(i == j) * 9.0
    });
    let q = every_way!(gram_schmidt(&mut q) with q = start.clone()).1;
    for (i, j) in (0..12).flat_map(|i| (0..12).map(move |j| (i, j))) {
        let dot = q.column(i).dot(&q.column(j));
        assert!((dot - f64::from(i == j)).abs() < 1e-10, "{i} {j}: {dot}");
    }
    let explanation = explained(gram_schmidt::kernel());
    // The copy with the overlap, the subtraction, the norm, the division: each total stands between two loops.
    assert_eq!((explanation.regions.len(), explanation.arrays_allocated), (4, 1), "{explanation}");
    assert!(is_unchecked(&explanation), "{explanation}");
}

#[kernel]
fn lu(a: &mut ArrayRef2<f64>) {
    for k in 0..a.nrows() {
        let pivot = a[[k, k]];
        let mut below = a.slice_mut(s![k + 1.., k]);
        below /= pivot;
        let column = a.slice(s![k + 1.., k, NewAxis]).to_owned();
        let row = a.slice(s![k, k + 1..]).to_owned();
        let mut rest = a.slice_mut(s![k + 1.., k + 1..]);
        rest -= &(&column * &row);
    }
}

#[test]
fn a_matrix_is_decomposed_to_the_bits_of_the_function() {
    for n in [1, 2, 5, 40] {
        let start = field(n, n) + Array2::<f64>::eye(n) * 50.0;
        let (_, found) = every_way!(lu(&mut a) with a = start.clone());
        let mut expected = start.clone();
        lu(&mut expected);
        assert_eq!(found, expected);
    }
    let explanation = explained(lu::kernel());
    // The division, a copy of the column and one of the row, and the update with its product.
    assert_eq!((explanation.regions.len(), explanation.arrays_allocated), (4, 2), "{explanation}");
    assert!(is_unchecked(&explanation), "{explanation}");
}

#[kernel]
fn covariance(data: &ArrayRef2<f64>) -> Array2<f64> {
    let (samples, variables) = data.dim();
    let mut centred = data.to_owned();
    for j in 0..variables {
        let mean = centred.column(j).sum() / samples as f64;
        let mut column = centred.column_mut(j);
        column -= mean;
    }
    let mut result = Array2::zeros((variables, variables));
    for i in 0..variables {
        for j in 0..variables {
            result[[i, j]] = (&centred.column(i) * &centred.column(j)).sum() / (samples - 1) as f64;
        }
    }
    result
}

#[kernel]
fn covariance_of_columns(data: &ArrayRef2<f64>) -> Array2<f64> {
    let (samples, variables) = data.dim();
    let centred = data - data.mean_axis(Axis(0)).unwrap();
    let mut result = Array2::zeros((variables, variables));
    for i in prange(0..variables) {
        for j in 0..variables {
            let mut sum = 0.0;
            for k in 0..samples {
                sum += centred[[k, i]] * centred[[k, j]];
            }
            result[[i, j]] = sum / (samples as f64 - 1.0);
        }
    }
    result
}

#[test]
fn covariances_of_centred_columns_are_those_of_the_function() {
    for (samples, variables) in [(2, 1), (300, 7), (17, 40)] {
        let data = field(samples, variables);
        let found = every_way!(covariance_of_columns(&data)).0;
        assert_eq!(found, found.t());
        let other = covariance::serial(&data).unwrap();
        assert!((found - other).iter().all(|difference| difference.abs() < 1e-9));
    }
    let explanation = explained(covariance_of_columns::kernel());
    // Means take two, one for rows of up to sixteen samples each; what is centred is the only matrix beside the result.
    assert!(is_unchecked(&explanation), "{explanation}");
    let copies =
        explanation.regions.iter().flat_map(|region| &region.sources).filter(|source| source.0 == "copy");
    assert_eq!(copies.count(), 0, "{explanation}");
}

#[test]
fn columns_are_centred_and_multiplied() {
    let found = every_way!(covariance(&field(300, 7))).0;
    assert_eq!(found, found.t());
    let explanation = explained(covariance::kernel());
    assert!(is_unchecked(&explanation), "{explanation}");
}

#[kernel]
fn differences(a: &ArrayRef1<f64>) -> Array1<f64> {
    let (n, by) = (a.len(), 0.5);
    (&a.slice(s![1..]) - &a.slice(s![..n - 1])) / by
}

#[kernel]
fn red_and_black(u: &mut ArrayRef1<f64>) {
    let mut black = u.slice_mut(s![1..;2]);
    black *= 0.5;
    let mut red = u.slice_mut(s![..;2]);
    red += 1.0;
}

#[test]
fn neighbours_and_every_other_element() {
    for n in [1usize, 2, 3, 100, 10_001] {
        let a = Array1::from_shape_fn(n, |i| (i * i % 37) as f64);
        assert_eq!(every_way!(differences(&a)).0, differences(&a));
        let mut expected = a.clone();
        red_and_black(&mut expected);
        assert_eq!(every_way!(red_and_black(&mut u) with u = a.clone()).1, expected);
    }
    let explanation = explained(differences::kernel());
    assert_eq!((explanation.regions.len(), explanation.arrays_allocated), (1, 1), "{explanation}");
    assert!(is_unchecked(&explanation), "{explanation}");
}

#[kernel]
fn smoothed(u: &ArrayRef2<f64>, out: &mut ArrayRef2<f64>) {
    let across = &u.slice(s![..-2, 1..-1]) + &u.slice(s![2.., 1..-1]);
    let along = &u.slice(s![1..-1, ..-2]) + &u.slice(s![1..-1, 2..]);
    let mut inside = out.slice_mut(s![1..-1, 1..-1]);
    inside.assign(&((across + along) * 0.25));
}

#[test]
fn a_stencil_into_another_array_is_one_loop_where_lengths_are_equal() {
    // Where the inside has length one it broadcasts to whatever the other inside has.
    for (rows, columns, others) in [
        (3, 3, (3, 3)),
        (50, 67, (50, 67)),
        (3, 9, (20, 9)),
        (9, 3, (9, 30)),
        (3, 3, (12, 13)),
        (2, 2, (2, 2)),
    ] {
        let u = field(rows, columns);
        let mut expected = field(others.0, others.1);
        smoothed(&u, &mut expected);
        assert_eq!(every_way!(smoothed(&u, &mut out) with out = field(others.0, others.1)).1, expected);
    }
    let error = smoothed::serial(&field(5, 5), &mut field(6, 5)).unwrap_err().to_string();
    assert!(error.contains("lengths 4 and 3 along axis 0"), "{error}");
    let explanation = explained(smoothed::kernel());
    let fused = &explanation.regions[0];
    assert_eq!((fused.contiguous_accesses, fused.scattered_accesses), (5, 0), "{explanation}");
    assert_eq!(fused.sources.len(), 5, "{explanation}");
    // The other two regions are for a length of one.
    assert_eq!((explanation.regions.len(), explanation.arrays_allocated), (3, 1), "{explanation}");
    assert!(is_unchecked(&explanation), "{explanation}");
}
