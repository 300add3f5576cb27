//! Slices, vectors and arrays as parameters and results whose elements are tuples or fixed arrays: points, edges, lists of
//! findings.

use crate::cases::ways::{every_way, exactly};
use ndarray::{Array1, Array2, ArrayRef1};
use parfuse::prelude::*;

#[kernel]
fn path_length(points: &[(f64, f64)]) -> f64 {
    let mut total = 0.0;
    for i in 1..points.len() {
        let (x0, y0) = points[i - 1];
        let (x1, y1) = points[i];
        total += (x1 - x0).hypot(y1 - y0);
    }
    total
}

#[kernel]
fn total_weight(edges: &[(u32, u8, f64)], of: u8) -> (f64, Option<u32>) {
    let total = edges.iter().filter(|(_, kind, _)| *kind == of).map(|&(_, _, w)| w).sum();
    (total, edges.iter().map(|e| e.0).max())
}

#[kernel]
fn moved(points: &mut [(f64, i32)], by: f64) {
    for i in prange(0..points.len()) {
        points[i].0 += by;
        let (x, n) = points[i];
        if n % 3 == 0 {
            points[i] = (x * 2.0, n + 1);
        }
    }
    points.sort_by(|a, b| b.0.total_cmp(&a.0));
}

#[kernel]
fn in_array(points: &Array2<(f32, i64)>) -> Array1<(i64, f32)> {
    points.rows().into_iter().map(|row| (row[0].1 + row[1].1, row[0].0)).collect()
}

#[kernel]
fn calls(points: &[(f64, f64)], rows: &[[f64; 3]]) -> f64 {
    path_length(points) + path_length(&points[1..]) + centre(rows)[1]
}

#[kernel]
fn centre(points: &[[f64; 3]]) -> [f64; 3] {
    let mut c = [0.0; 3];
    for p in points {
        for k in 0..3 {
            c[k] += p[k];
        }
    }
    for k in 0..3 {
        c[k] /= points.len() as f64;
    }
    c
}

#[kernel]
fn shifted(points: &mut [[f64; 3]], by: f64) {
    for i in prange(0..points.len()) {
        points[i][0] += by;
        let p = points[i];
        points[i][2] = p[0] * p[1];
    }
    points.swap(0, 1);
}

#[kernel]
fn closest(points: &[[f64; 2]]) -> Option<(usize, usize, f64)> {
    let mut best: Option<(usize, usize, f64)> = None;
    for i in 0..points.len() {
        for j in i + 1..points.len() {
            let [dx, dy] = [points[i][0] - points[j][0], points[i][1] - points[j][1]];
            let d = dx * dx + dy * dy;
            if best.is_none_or(|(_, _, b)| d < b) {
                best = Some((i, j, d));
            }
        }
    }
    best
}

#[kernel]
fn pairs(x: &[f64]) -> Vec<(usize, f64)> {
    let mut out = Vec::new();
    for (i, &v) in x.iter().enumerate() {
        if v > 0.0 {
            out.push((i, v));
        }
    }
    out.sort_by(|a, b| b.1.total_cmp(&a.1));
    out
}

#[kernel]
fn grid(n: usize) -> Vec<[f64; 2]> {
    let mut out = vec![[0.0; 2]; n];
    for i in 0..n {
        out[i] = [i as f64, 1.0];
    }
    out
}

#[kernel]
fn rotated(points: &[[f64; 2]], angle: f64) -> Vec<[f64; 2]> {
    let (s, c) = angle.sin_cos();
    let mut out = points.to_vec();
    for i in prange(0..points.len()) {
        let [x, y] = points[i];
        out[i] = [c * x - s * y, s * x + c * y];
    }
    out
}

#[kernel]
fn collected(points: &[[f64; 2]]) -> Vec<[f64; 2]> {
    points.iter().map(|&[x, y]| [y, x]).collect()
}

#[kernel]
fn kept(points: &[[f64; 2]], low: f64) -> Vec<[f64; 2]> {
    let mut kept: Vec<[f64; 2]> = points.iter().copied().filter(|p| p[0] > low).collect();
    for p in points {
        if p[1] > low {
            kept.push(*p);
        }
    }
    kept
}

#[kernel]
fn halves(x: &ArrayRef1<f64>) -> Vec<f64> {
    let rows = (1..3).map(|k| x / f64::from(k)).collect::<Vec<_>>();
    rows[0].to_vec()
}

#[kernel]
fn hull(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut sorted = points.to_vec();
    sorted.sort_by(|a, b| a.partial_cmp(b).unwrap());
    let mut hull: Vec<(f64, f64)> = Vec::new();
    for &q in &sorted {
        while hull.len() >= 2 {
            let (a, b) = (hull[hull.len() - 2], hull[hull.len() - 1]);
            if (b.0 - a.0) * (q.1 - a.1) - (b.1 - a.1) * (q.0 - a.0) > 0.0 {
                break;
            }
            hull.pop();
        }
        hull.push(q);
    }
    hull
}

#[derive(Clone, Copy, Debug, PartialEq, KernelData)]
struct Step {
    height: i64,
    at: u32,
}

#[kernel]
fn steps(x: &[f64]) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::with_capacity(4);
    for (i, &v) in x.iter().enumerate() {
        if let Some(last) = steps.last()
            && last.height >= v as i64
        {
            continue;
        }
        steps.push(Step { height: v as i64, at: i as u32 });
    }
    steps
}

#[kernel]
fn found(pairs: &[(i64, i64)], key: i64) -> (bool, usize, Option<i64>) {
    let place = pairs.binary_search_by_key(&key, |p| p.0);
    (pairs.contains(&(key, 2)), pairs.partition_point(|p| p.0 < key), place.ok().map(|i| pairs[i].1))
}

fn numbers(n: usize) -> Vec<f64> {
    (0..n).map(|i| (i * 7919 % 1013) as f64 / 100.0 - 5.0).collect()
}

#[test]
fn elements_are_tuples() {
    for n in [0, 1, 2, 10, 1000] {
        let x = numbers(n);
        let points: Vec<(f64, f64)> = x.iter().map(|&x| (x, x * x)).collect();
        every_way!(path_length(&points));
        let edges: Vec<(u32, u8, f64)> =
            x.iter().enumerate().map(|(i, &x)| (i as u32, (i % 3) as u8, x)).collect();
        exactly!(total_weight(&edges, 1));
        exactly!(moved(&mut p, 0.5) with p = x.iter().enumerate().map(|(i, &x)| (x, i as i32)).collect::<Vec<_>>());
        exactly!(pairs(&x));
        exactly!(hull(&x.iter().map(|&x| ((x * 7.0) % 3.0, x)).collect::<Vec<_>>()));
        exactly!(steps(&x));
        let table: Vec<(i64, i64)> = (0..n as i64).map(|i| (i / 2, i % 3)).collect();
        for key in [-1, 0, 3, 4, 600] {
            exactly!(found(&table, key));
        }
        let m = Array2::from_shape_fn((n, 3), |(i, j)| (i as f32, j as i64));
        exactly!(in_array(&m));
    }
}
#[test]
fn elements_are_fixed_arrays() {
    for n in [2, 10, 1000] {
        let x = numbers(n);
        let p3: Vec<[f64; 3]> = x.iter().map(|&x| [x, x + 1.0, -x]).collect();
        exactly!(centre(&p3));
        exactly!(shifted(&mut p, 0.5) with p = p3.clone());
        let p2: Vec<[f64; 2]> = x.iter().map(|&x| [x, x * 7.0 % 3.0]).collect();
        exactly!(closest(&p2));
        exactly!(grid(n));
        every_way!(rotated(&p2, 0.3));
        exactly!(collected(&p2));
        exactly!(kept(&p2, 0.5));
        let points: Vec<(f64, f64)> = x.iter().map(|&x| (x, x * x)).collect();
        every_way!(calls(&points, &p3));
    }
    exactly!(grid(0));
    exactly!(closest(&[]));
    let error = halves::kernel().check().unwrap_err().to_string();
    assert!(error.contains("set the rows of an array that is there"), "{error}");
}
