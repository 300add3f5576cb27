//! Iterations that are apart if elements of an array say so, which is tested in front of the loop.

use super::*;
use ndarray::array;

#[kernel]
fn segments(start: &ArrayRef1<usize>, x: &ArrayRef1<f64>, out: &mut ArrayRef1<f64>) {
    for g in prange(0..start.len() - 1) {
        let mut s = 0.0;
        for i in start[g]..start[g + 1] {
            s += x[i];
            out[i] = s;
        }
    }
}

#[kernel]
fn narrow_segments(start: &ArrayRef1<i32>, out: &mut ArrayRef1<i64>) {
    for g in prange(0..start.len() - 1) {
        for i in start[g] as usize..start[g + 1] as usize {
            out[i] += g as i64;
        }
    }
}

#[kernel]
fn sorted_rows(start: &ArrayRef1<i64>, columns: &mut ArrayRef1<i64>) {
    for row in prange(0..start.len() - 1) {
        let (first, end) = (start[row], start[row + 1]);
        for i in first + 1..end {
            let mut j = i;
            while j > first && columns[(j - 1) as usize] > columns[j as usize] {
                let t = columns[j as usize];
                columns[j as usize] = columns[(j - 1) as usize];
                columns[(j - 1) as usize] = t;
                j -= 1;
            }
        }
    }
}

#[kernel]
fn scatter(perm: &ArrayRef1<usize>, x: &ArrayRef1<f64>, out: &mut ArrayRef1<f64>) {
    for i in prange(0..perm.len()) {
        out[perm[i]] = x[i];
    }
}

#[kernel]
fn narrow_scatter(perm: &ArrayRef1<i32>, x: &ArrayRef1<f64>, out: &mut ArrayRef1<f64>) {
    for i in prange(0..perm.len()) {
        out[perm[i] as usize] = x[i];
    }
}

#[kernel]
fn scattered_rows(at: &ArrayRef1<i64>, x: &ArrayRef2<f64>, out: &mut ArrayRef2<f64>) {
    for i in prange(0..at.len()) {
        for j in 0..x.ncols() {
            out[[at[i] as usize, j]] = x[[i, j]];
        }
    }
}

#[kernel]
fn scattered_triples(at: &ArrayRef1<usize>, out: &mut ArrayRef1<f64>, by: f64) {
    for i in prange(0..at.len()) {
        let k = at[i];
        for d in 0..3 {
            out[3 * k + d] = by * d as f64;
        }
    }
}

#[kernel]
fn coloured_edges(edges: &ArrayRef2<usize>, first: usize, end: usize, u: &mut ArrayRef1<f64>) {
    for e in prange(first..end) {
        let (a, b) = (edges[[e, 0]], edges[[e, 1]]);
        let flux = 0.5 * (u[a] - u[b]);
        u[a] -= flux;
        u[b] += flux;
    }
}

#[kernel]
fn masked_scatter(
    keep: &ArrayRef1<bool>,
    at: &ArrayRef1<usize>,
    x: &ArrayRef1<f64>,
    out: &mut ArrayRef1<f64>,
) {
    for i in prange(0..keep.len()) {
        if keep[i] {
            out[at[i]] = x[i];
        }
    }
}

#[kernel]
fn spread(ptr: &ArrayRef1<usize>, columns: &ArrayRef1<usize>, x: &ArrayRef1<f64>, out: &mut ArrayRef1<f64>) {
    for i in prange(0..ptr.len() - 1) {
        for k in ptr[i]..ptr[i + 1] {
            out[columns[k]] = x[i];
        }
    }
}

#[kernel]
fn one_based(at: &ArrayRef1<usize>, out: &mut ArrayRef1<f64>) {
    for i in prange(0..at.len()) {
        out[at[i] - 1] = i as f64;
    }
}

/// Bounds of segments of lengths that differ, some of them empty.
fn bounds(groups: usize) -> Array1<usize> {
    let mut end = 0;
    Array1::from_shape_fn(groups + 1, |g| {
        let start = end;
        end += g * 7 % 11;
        start
    })
}

#[test]
fn segments_whose_bounds_do_not_decrease() {
    for groups in [0, 1, 2, 50, 3000] {
        let start = bounds(groups);
        let n = start[groups];
        every_way!(segments(&start, &floats(n), &mut out) with out = floats(n));
        every_way!(narrow_segments(&start.mapv(|x| x as i32), &mut out) with out = numbers(n));
        every_way!(sorted_rows(&start.mapv(|x| x as i64), &mut columns) with columns = numbers(n));
    }
    let mut start = bounds(3000);
    let n = start[3000];
    start[1234] += 20;
    let error = error_of!(segments(&start, &floats(n), &mut floats(n)));
    let Error::Decreasing { array, position: 1234, place } = &error else { panic!("{error}") };
    assert_eq!(array, "`start`");
    assert!(place.as_str().contains("disjoint"), "{error}");
    // One iteration meets nobody.
    every_way!(segments(&array![2, 1], &floats(4), &mut out) with out = floats(4));
    // A bound that is none.
    let mut start = bounds(3000);
    start[3000] = usize::MAX;
    let error = error_of!(segments(&start, &floats(n), &mut floats(n)));
    assert!(matches!(error, Error::IndicesTooLarge { .. }), "{error}");
}

#[test]
fn elements_that_differ_are_indices_to_store_to() {
    for n in [0, 1, 2, 100, 9973, 40_000] {
        let perm = Array1::from_shape_fn(n, |i| if n == 9973 { i * 7919 % n } else { n - 1 - i });
        let narrow = perm.mapv(|k| k as i32);
        every_way!(scatter(&perm, &floats(n), &mut out) with out = floats(n));
        every_way!(narrow_scatter(&narrow, &floats(n), &mut out) with out = floats(n));
        every_way!(scattered_rows(&perm.mapv(|k| k as i64), &grid(n, 3), &mut out) with out = grid(n, 3));
        every_way!(scattered_triples(&perm, &mut out, 0.5) with out = floats(3 * n));
        let keep = Array1::from_shape_fn(n, |i| i % 3 > 0);
        // What is left out may be anything.
        let at = Array1::from_shape_fn(n, |i| if i % 3 > 0 { perm[i] } else { 1 });
        every_way!(masked_scatter(&keep, &at, &floats(n), &mut out) with out = floats(n));
    }
    every_way!(one_based(&array![3, 1, 4, 2], &mut out) with out = floats(4));
    let (ptr, columns) = (array![0, 2, 2, 5], array![3, 3, 0, 2, 1]);
    every_way!(spread(&ptr, &columns, &floats(3), &mut out) with out = floats(4));
    let edges = Array2::from_shape_fn((300, 2), |(e, side)| (2 * e + side) * 7 % 600);
    every_way!(coloured_edges(&edges, 10, 290, &mut u) with u = floats(600));
    // Both ends of an edge may be one.
    let mut loops = edges.clone();
    loops[[50, 1]] = loops[[50, 0]];
    every_way!(coloured_edges(&loops, 0, 300, &mut u) with u = floats(600));
}

#[test]
fn elements_that_are_equal_are_an_error_that_names_them() {
    let mut perm = Array1::from_shape_fn(9000, |i| 8999 - i);
    perm[7000] = perm[17];
    let positions = |error: Error| match error {
        Error::EqualElements { array, positions, place } => {
            assert!(place.as_str().contains("disjoint"));
            (array, positions)
        }
        other => panic!("{other}"),
    };
    let x = floats(9000);
    let found = positions(error_of!(scatter(&perm, &x, &mut floats(9000))));
    assert_eq!(found, ("`perm`".into(), [17, 7000]));
    let found = positions(error_of!(narrow_scatter(&perm.mapv(|k| k as i32), &x, &mut floats(9000))));
    assert_eq!(found, ("`perm`".into(), [17, 7000]));
    let found = positions(error_of!(scattered_triples(&perm, &mut floats(27_000), 1.0)));
    assert_eq!(found, ("`at`".into(), [17, 7000]));
    let mut edges = Array2::from_shape_fn((300, 2), |(e, side)| 2 * e + side);
    edges[[200, 1]] = edges[[31, 0]];
    let found = positions(error_of!(coloured_edges(&edges, 10, 290, &mut floats(600))));
    assert_eq!(found, ("`edges`".into(), [31, 200]));
    let found = positions(error_of!(one_based(&array![1, 3, 4, 3], &mut floats(4))));
    assert_eq!(found, ("`at`".into(), [1, 3]));
    let columns = array![3, 3, 0, 2, 3];
    let found = positions(error_of!(spread(&array![0, 2, 2, 5], &columns, &floats(3), &mut floats(4))));
    assert_eq!(found, ("`columns`".into(), [0, 4]));
    // Not among those that are gone through.
    every_way!(coloured_edges(&edges, 32, 290, &mut u) with u = floats(600));
}

#[test]
fn an_index_out_of_range_is_what_it_was_before() {
    let perm = Array1::from(vec![3, 1, 9, 0]);
    let error = error_of!(scatter(&perm, &floats(4), &mut floats(4)));
    assert!(matches!(error, Error::Index { index: 9, len: 4, iteration: Some(2), .. }), "{error}");
    let narrow = Array1::from(vec![3, 1, -2, 0]);
    let error = error_of!(narrow_scatter(&narrow, &floats(4), &mut floats(4)));
    assert!(matches!(error, Error::Index { len: 4, iteration: Some(2), .. }), "{error}");
    let start = Array1::from(vec![0, 2, 9]);
    let error = error_of!(segments(&start, &floats(4), &mut floats(4)));
    assert!(matches!(error, Error::Index { index: 4, len: 4, iteration: Some(1), .. }), "{error}");
}
