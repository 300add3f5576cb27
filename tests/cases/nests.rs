//! Loops inside a `prange`: which of them run in lanes, and that nothing else changes thereby.

use super::ways::{error_of, every_way};
use ndarray::{Array1, Array2, Array3, Array4, ArrayRef1, ArrayRef2, ArrayRef3, ArrayRef4, ShapeBuilder};
use parfuse::prelude::*;
use parfuse::{Engine, Error, Explanation, Kernel, RegionReport};

/// The only region of a kernel.
#[track_caller]
fn region(kernel: Kernel) -> (RegionReport, Explanation) {
    let explanation = kernel.explain().unwrap();
    let [region] = &explanation.regions[..] else { panic!("{explanation}") };
    (region.clone(), explanation)
}

#[kernel]
fn escape(rows: usize, columns: usize, limit: i32) -> Array2<i32> {
    let mut steps = Array2::<i32>::zeros((rows, columns));
    for i in prange(0..rows) {
        let y0 = 2.0 * i as f64 / rows as f64 - 1.0;
        for j in 0..columns {
            let x0 = 3.0 * j as f64 / columns as f64 - 2.0;
            let (mut x, mut y, mut n) = (0.0, 0.0, 0);
            while n < limit && x * x + y * y <= 4.0 {
                let next = x * x - y * y + x0;
                y = 2.0 * x * y + y0;
                x = next;
                n += 1;
            }
            steps[[i, j]] = n;
        }
    }
    steps
}

#[kernel]
fn matmul(a: &ArrayRef2<f64>, b: &ArrayRef2<f64>) -> Array2<f64> {
    let mut c = Array2::<f64>::zeros((a.nrows(), b.ncols()));
    for i in prange(0..a.nrows()) {
        for j in 0..b.ncols() {
            let mut s = 0.0;
            for k in 0..b.nrows() {
                s += a[[i, k]] * b[[k, j]];
            }
            c[[i, j]] = s;
        }
    }
    c
}

#[test]
fn elements_of_a_row_are_the_lanes() {
    for (rows, columns) in [(0, 5), (5, 0), (1, 1), (3, 7), (13, 40)] {
        every_way!(escape(rows, columns, 30));
    }
    let (region, explanation) = region(escape::kernel());
    assert_eq!((region.rank, region.contiguous_accesses, region.scattered_accesses), (2, 1, 0));
    assert_eq!(region.promoted_loops.len(), 1);
    assert!(explanation.to_string().contains("at once along the loop at"), "{explanation}");
    assert!(explanation.refusals.is_empty(), "{explanation}");
}

#[test]
fn a_product_of_matrices_reads_rows() {
    let matrix = |n, m| Array2::from_shape_fn((n, m), |(i, j)| (i * 7 + j * 3) as f64 / 8.0 - 2.0);
    for (n, p, m) in [(0, 2, 3), (4, 0, 5), (3, 2, 0), (1, 1, 1), (5, 7, 33)] {
        every_way!(matmul(&matrix(n, p), &matrix(p, m)));
    }
    every_way!(matmul(&matrix(7, 5).t(), &matrix(21, 7).t()));
    every_way!(matmul(&matrix(5, 7), &matrix(7, 21)));
    // Copies of columns in strips, six rows at a time of these and of the last columns, two of the last rows, and the very
    // last.
    let explanation = matmul::kernel().explain().unwrap();
    let accesses =
        |region: &RegionReport| (region.rank, region.contiguous_accesses, region.scattered_accesses);
    let accesses: Vec<_> = explanation.regions.iter().map(accesses).collect();
    assert_eq!(accesses, [(3, 2, 0), (3, 7, 0), (2, 7, 0), (2, 3, 0), (2, 2, 0)], "{explanation}");
}

#[kernel]
fn contrast(images: &ArrayRef4<f32>, out: &mut ArrayRef4<f32>, gain: f32) {
    for b in prange(0..images.shape()[0]) {
        for i in 0..images.shape()[1] {
            for j in 0..images.shape()[2] {
                let grey = (images[[b, i, j, 0]] + images[[b, i, j, 1]] + images[[b, i, j, 2]]) / 3.0;
                for c in 0..images.shape()[3] {
                    out[[b, i, j, c]] = grey + gain * (images[[b, i, j, c]] - grey) + (i + j) as f32;
                }
            }
        }
    }
}

#[test]
fn pixels_of_many_images_are_the_lanes() {
    let images = |shape| Array4::from_shape_fn(shape, |(b, i, j, c)| (b * 7 + i * 3 + j * 5 + c) as f32);
    for shape in [(0, 2, 2, 3), (1, 4, 0, 3), (2, 3, 70, 3), (1, 2, 5, 11), (2, 1, 9, 4)] {
        every_way!(contrast(&images(shape), &mut out, 1.5) with out = Array4::zeros(shape));
    }
    let engine = Engine::builder().build().unwrap();
    let (coloured, mut out) = (images((2, 3, 70, 3)), Array4::zeros((2, 3, 70, 3)));
    engine.install(|| contrast::serial(&coloured, &mut out, 1.5)).unwrap();
    let (region, explanation) = region(engine.kernel::<contrast>());
    assert_eq!(
        (region.rank, region.contiguous_accesses, region.scattered_accesses),
        (3, 6, 0),
        "{explanation}"
    );
}

/// The product of a matrix of a band, by diagonals, and a vector.
#[kernel]
fn band(a: &ArrayRef2<f64>, x: &ArrayRef1<f64>, half: usize) -> Array1<f64> {
    let n = x.len();
    let mut y = Array1::<f64>::zeros(n);
    for i in prange(0..n) {
        let mut s = 0.0;
        for j in i.saturating_sub(half)..(i + half + 1).min(n) {
            s += a[[i, j + half - i]] * x[j];
        }
        y[i] = s;
    }
    y
}

#[test]
fn windows_that_end_at_borders_are_checked_in_front() {
    let matrix = |n, m| Array2::from_shape_fn((n, m), |(i, j)| (i * 7 + j * 3) as f64 / 8.0);
    for (n, half) in [(0, 1), (1, 0), (5, 9), (40, 3)] {
        every_way!(band(&matrix(n, 2 * half + 1), &Array1::from_elem(n, 0.5), half));
    }
    let (region, explanation) = region(band::kernel());
    assert_eq!(region.checks_in_loop, 0, "{explanation}");
    let error = error_of!(band(&matrix(40, 6), &Array1::zeros(40), 3)).to_string();
    assert!(
        error.contains("index 6 is out of range for axis 1 of `a` with length 6, in iteration 0"),
        "{error}"
    );
}

#[kernel]
fn nested(a: &ArrayRef3<f64>, out: &mut ArrayRef3<f64>) {
    let (n, m, p) = out.dim();
    for i in prange(0..n) {
        let x = a[[i, 0, 0]] + 1.0;
        for j in prange(0..m) {
            for k in 0..p {
                out[[i, j, k]] = a[[i, j, k]] * x + j as f64;
            }
        }
    }
}

#[test]
fn a_prange_inside_another_is_a_dimension() {
    let a = Array3::from_shape_fn((3, 4, 35), |(i, j, k)| (i + 2 * j) as f64 / (k + 1) as f64);
    every_way!(nested(&a, &mut out) with out = Array3::zeros((3, 4, 35)));
    let (region, explanation) = region(nested::kernel());
    assert_eq!((region.rank, region.promoted_loops.len(), region.scattered_accesses), (3, 2, 0));
    assert!(explanation.refusals.is_empty(), "{explanation}");
}

#[kernel]
fn count_below(a: &ArrayRef2<i64>, limits: &ArrayRef1<i64>) -> (i64, i64) {
    let (mut below, mut least) = (0, i64::MAX);
    for i in prange(0..a.nrows()) {
        let limit = limits[i];
        for j in 0..a.ncols() {
            if a[[i, j]] < limit {
                below += 1;
            }
            least = least.min(a[[i, j]] - limit);
        }
    }
    (below, least)
}

#[kernel]
fn total(a: &ArrayRef2<f64>) -> f64 {
    let mut total = 0.0;
    for i in prange(0..a.nrows()) {
        for j in 0..a.ncols() {
            total += a[[i, j]];
        }
    }
    total
}

#[test]
fn integers_are_combined_by_element_and_floats_by_row() {
    let a = Array2::from_shape_fn((40, 37), |(i, j)| ((i * 31 + j * 17) % 101) as i64);
    every_way!(count_below(&a, &Array1::from_shape_fn(40, |i| i as i64 + 20)));
    every_way!(count_below(&Array2::zeros((3, 0)), &Array1::zeros(3)));
    assert_eq!(region(count_below::kernel()).0.rank, 2);
    every_way!(total(&a.mapv(|x| x as f64 / 3.0)));
    let (by_row, explanation) = region(total::kernel());
    assert_eq!(by_row.rank, 1);
    assert!(explanation.refusals.iter().any(|refusal| refusal.reason.contains("`total`")), "{explanation}");
}

#[kernel]
fn divided(a: &ArrayRef2<i64>, b: &ArrayRef1<i64>) -> Array2<i64> {
    let mut quotients = Array2::<i64>::zeros((a.nrows(), a.ncols()));
    for i in prange(0..a.nrows()) {
        for j in 0..a.ncols() {
            quotients[[i, j]] = a[[i, j]] / b[a[[i, j]] as usize];
        }
    }
    quotients
}

#[test]
fn faults_are_those_of_the_lowest_iteration_of_the_prange() {
    let a = Array2::from_shape_fn((9, 50), |(i, j)| (i * 50 + j) as i64 % 90);
    let b = Array1::from_shape_fn(90, |i| 1 + i as i64);
    every_way!(divided(&a, &b));
    assert_eq!(region(divided::kernel()).0.rank, 2);
    let mut zeros = b.clone();
    zeros[77] = 0;
    let error = error_of!(divided(&a, &zeros));
    assert!(matches!(error, Error::DivisionByZero { iteration: Some(1), .. }), "{error}");
    let mut far = a.clone();
    far[[4, 20]] = 90;
    far[[4, 21]] = 1000;
    far[[6, 0]] = 90;
    let error = error_of!(divided(&far, &b));
    assert!(matches!(error, Error::Index { iteration: Some(4), index: 90, .. }), "{error}");
}

#[kernel]
fn noise(rows: usize, columns: usize) -> Array2<f64> {
    let mut result = Array2::<f64>::zeros((rows, columns));
    for i in prange(0..rows) {
        let offset = random::<f64>();
        for j in 0..columns {
            result[[i, j]] = offset + j as f64;
        }
    }
    result
}

#[kernel]
fn noise_each(rows: usize, columns: usize) -> Array2<f64> {
    let mut result = Array2::<f64>::zeros((rows, columns));
    for i in prange(0..rows) {
        for j in 0..columns {
            result[[i, j]] = random::<f64>();
        }
    }
    result
}

#[test]
fn random_numbers_are_those_of_the_row() {
    for (kernel, rank) in [(noise::kernel(), 2), (noise_each::kernel(), 1)] {
        assert_eq!(region(kernel).0.rank, rank);
    }
    let plain = with_seed(5, || noise(20, 17));
    assert_eq!(with_seed(5, || noise::parallel(20, 17)).unwrap(), plain);
    let plain = with_seed(5, || noise_each(20, 17));
    assert_eq!(with_seed(5, || noise_each::serial(20, 17)).unwrap(), plain);
}

#[kernel]
fn columns(a: &ArrayRef2<f64>, out: &mut ArrayRef2<f64>) {
    for j in prange(0..a.ncols()) {
        for i in 0..a.nrows() {
            out[[i, j]] = 2.0 * a[[i, j]];
        }
    }
}

#[kernel]
fn centred(points: &mut ArrayRef2<f64>, middle: &ArrayRef1<f64>) {
    for i in prange(0..points.nrows()) {
        for axis in 0..3 {
            points[[i, axis]] -= middle[axis];
        }
    }
}

#[test]
fn columns_and_short_rows_stay_as_they_are() {
    let a = Array2::from_shape_fn((6, 41), |(i, j)| i as f64 - j as f64);
    every_way!(columns(&a, &mut out) with out = Array2::zeros((6, 41)));
    let (by_column, explanation) = region(columns::kernel());
    assert_eq!((by_column.rank, by_column.scattered_accesses), (1, 0), "{explanation}");
    let points = || Array2::from_shape_fn((20, 3), |(i, j)| (i * j) as f64);
    every_way!(centred(&mut points, &Array1::ones(3)) with points = points());
    assert_eq!(region(centred::kernel()).0.rank, 1, "three elements are few for lanes");
}

#[kernel]
fn multiplied(a: &mut ArrayRef2<f64>, b: &ArrayRef2<f64>) {
    *a *= b;
}

#[kernel]
fn filled_with_noise(a: &mut ArrayRef2<f64>) {
    let noise = Array2::<f64>::random(a.dim());
    a.assign(&noise);
}

#[kernel]
fn sum_of_all(a: &ArrayRef2<f64>) -> f64 {
    a.sum()
}

#[test]
fn columns_in_memory_are_the_lanes() {
    let matrix = |shape: (usize, usize)| Array2::from_shape_fn(shape, |(i, j)| i as f64 / (j + 1) as f64);
    let in_columns = |shape: (usize, usize)| {
        let mut columns = Array2::zeros(shape.f());
        columns.assign(&matrix(shape));
        columns
    };
    for shape in [(0, 3), (1, 1), (3, 1), (1, 5), (37, 3), (5, 200)] {
        let (_, rows) = every_way!(multiplied(&mut a, &matrix(shape)) with a = matrix(shape));
        let (_, columns) = every_way!(multiplied(&mut a, &in_columns(shape)) with a = in_columns(shape));
        let (_, mixed) = every_way!(multiplied(&mut a, &in_columns(shape)) with a = matrix(shape));
        assert_eq!((&rows, &rows), (&columns, &mixed), "{shape:?}");
        let noise = |mut a: Array2<f64>| {
            with_seed(3, || filled_with_noise::parallel(&mut a)).unwrap();
            a
        };
        assert_eq!(
            noise(matrix(shape)),
            noise(in_columns(shape)),
            "numbered by rows in any layout: {shape:?}"
        );
        let sums = [sum_of_all::serial(&matrix(shape)), sum_of_all::serial(&in_columns(shape))];
        assert_eq!(sums[0].clone().unwrap().to_bits(), sums[1].clone().unwrap().to_bits());
    }
    let engine = Engine::builder().build().unwrap();
    let mut a = in_columns((37, 3));
    engine.install(|| multiplied::serial(&mut a, &in_columns((37, 3)))).unwrap();
    let (by_column, explanation) = region(engine.kernel::<multiplied>());
    assert_eq!((by_column.interchanged, by_column.scattered_accesses), (Some(0), 0), "{explanation}");
    assert!(explanation.to_string().contains("along axis 0"), "{explanation}");
}
