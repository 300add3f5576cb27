//! Short kernels as users write them, a line each: iterators, options, masks and views together.
#![allow(clippy::all, unused_variables, reason = "every form is tried")]

use crate::cases::ways::agrees_with_plain;
use ndarray::{Array, Array1, Array2, ArrayRef1, ArrayRef2, Axis, NewAxis, Zip, concatenate, s, stack};
use parfuse::prelude::*;

/// Kernels of two vectors and a matrix, and a test that compares each with its function.
macro_rules! kernels {
    (|$a:ident, $b:ident, $m:ident| $($name:ident: $result:ty = $body:block)*) => {
        $(#[kernel]
        fn $name($a: &ArrayRef1<f64>, $b: &ArrayRef1<f64>, $m: &ArrayRef2<f64>) -> $result $body)*

        #[test]
        fn short_kernels_do_what_their_functions_do() {
            let a = Array1::from_shape_fn(12, |i| ((i * 37 + 11) % 101) as f64 * 0.37 - 17.0);
            let b = &a * 0.5 + 1.0;
            let m = Array2::from_shape_fn((3, 4), |(i, j)| ((i * 31 + j * 17) % 103) as f64 / 7.0 - 5.0);
            $(
                let plain = $name(&a, &b, &m);
                for compiled in [$name::serial(&a, &b, &m), $name::parallel(&a, &b, &m)] {
                    let compiled = compiled.unwrap_or_else(|error| panic!("{}: {error}", stringify!($name)));
                    agrees_with_plain(&plain, &compiled);
                }
            )*
        }
    };
}

kernels! {
    |a, b, m|
    any_rank: Array2<f64> = { let mut c = Array::zeros((3, 4)); c[[1, 1]] = a[0]; c }
    any_rank2: Array1<f64> = { Array::from_iter(a.iter().map(|x| x * 2.0)) }
    any_rank3: Array1<f64> = { let c: Array1<f64> = Array::from_vec(vec![1.0, a[0]]); c }
    any_rank4: Array2<f64> = { Array::<f64, _>::ones((2, 2)) * a[0] }
    any_rank5: Array1<f64> = { Array::linspace(0.0, 1.0, 5) + a[0] }
    any_rank6: Array2<f64> = { Array::from_shape_fn((2, 3), |(i, j)| (i + j) as f64) }
    let_some_else: f64 = { let Some(i) = a.iter().position(|&x| x > 3.0) else { return -1.0 }; a[i] }
    let_else_continue: f64 = { let mut s = 0.0; for i in 0..20 { let Some(x) = a.get(i) else { continue }; s += x; } s }
    if_let_chain: f64 = { if let Some(x) = a.iter().copied().reduce(f64::max) { x * 2.0 } else { 0.0 } }
    if_let_else_if: f64 = { if let Some(x) = a.get(40) { *x } else if a[0] > 0.0 { 1.0 } else { 2.0 } }
    ret_some: Array1<f64> = { a.iter().filter_map(|&x| { if x < 0.0 { return None; } Some(x.sqrt()) }).collect() }
    closure_named: Array1<f64> = { let f = |x: f64| if x > 0.0 { Some(x) } else { None }; a.iter().filter_map(|&x| f(x)).collect() }
    select_scalar: Array1<f64> = { select(&a.mapv(|x| x > 0.0), 1.0, 0.0) }
    mean_of: Array1<f64> = { m.axis_iter(Axis(0)).map(|r| r.mean().unwrap()).collect() }
    rows_vec: f64 = { let v: Vec<f64> = m.rows().into_iter().map(|r| r[0]).collect(); v.iter().sum::<f64>() + v.len() as f64 + v[1] }
    slice_iter_mut: Array1<f64> = { let mut c = a.to_owned(); c.slice_mut(s![2..5]).iter_mut().for_each(|x| *x = 0.0); c }
    zip_rows: Array2<f64> = { let mut c = Array2::<f64>::zeros((3, 4)); Zip::from(c.rows_mut()).and(m.rows()).for_each(|mut o, r| o.assign(&r)); c }
    sum_into_iter: f64 = { m.sum_axis(Axis(0)).into_iter().fold(0.0, |s, x| s * 0.5 + x) }
    windows2: Array1<f64> = { m.windows((2, 2)).into_iter().map(|w| w[[0, 0]] + w[[1, 1]]).collect() }
    sorted_flags: bool = { a.iter().zip(a.iter().skip(1)).all(|(x, y)| x <= y) }
    windows_all: usize = { a.windows(2).into_iter().filter(|w| w[0] > w[1]).count() }
    max_index: usize = { a.iter().enumerate().max_by(|x, y| x.1.partial_cmp(y.1).unwrap()).map(|(i, _)| i).unwrap() }
    max_total: f64 = { *a.iter().max_by(|x, y| x.total_cmp(y)).unwrap() }
    fold_tuple: (f64, f64) = { a.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), &x| (lo.min(x), hi.max(x))) }
    fold_tuple3: f64 = { let (s, q, n) = a.iter().fold((0.0, 0.0, 0usize), |(s, q, n), x| (s + x, q + x * x, n + 1)); s + q / n as f64 }
    cumsum: Array1<f64> = { let mut s = 0.0; a.iter().map(|x| { s += x; s }).collect() }
    cumsum_mapv: Array1<f64> = { let mut c = a.to_owned(); c.accumulate_axis_inplace(Axis(0), |&p, x| *x += p); c }
    diff: Array1<f64> = { &a.slice(s![1..]) - &a.slice(s![..-1]) }
    outer: Array2<f64> = { let x = a.view().insert_axis(Axis(1)); let y = b.view().insert_axis(Axis(0)); x.dot(&y) }
    outer2: Array2<f64> = { &a.slice(s![.., NewAxis]) * &b.slice(s![NewAxis, ..]) }
    normalise: Array2<f64> = { let norms = m.map_axis(Axis(1), |r| r.dot(&r).sqrt()); m / norms.insert_axis(Axis(1)) }
    ret_mapv: Array1<f64> = { a.mapv(|x| { if x < 0.0 { return 0.5; } if x > 10.0 { return 10.0; } x }) }
    ret_loop: f64 = { let f = |t: f64| { for i in 0..a.len() { if a[i] > t { return i as f64; } } -1.0 }; f(0.0) + f(5.0) + f(1000.0) }
    softmax: Array2<f64> = { let mut c = m.to_owned(); for mut row in c.rows_mut() { let top = row.fold(f64::NEG_INFINITY, |t, &x| t.max(x)); row.mapv_inplace(|x| (x - top).exp()); let s = row.sum(); row /= s; } c }
    nested_select: Array1<f64> = { let hi = a.mapv(|x| x > 5.0); let lo = a.mapv(|x| x < -5.0); select(&hi, 5.0, &select(&lo, -5.0, a)) }
    count_true: usize = { a.mapv(|x| x > 0.0).iter().filter(|&&x| x).count() }
    mask_to_f64: f64 = { a.mapv(|x| (x > 0.0) as u8 as f64).sum() }
    mask_any: bool = { a.mapv(|x| x > 15.0).iter().any(|&x| x) }
    argsorted: f64 = { a.iter().zip(b.iter()).map(|(x, y)| (x - y).powi(2)).sum::<f64>().sqrt() }
    min_by_fold: f64 = { a.iter().cloned().fold(f64::INFINITY, f64::min) }
    to_vec: f64 = { let v = a.to_vec(); v.iter().map(|x| x * x).sum() }
    std_max: usize = { std::cmp::max(a.len(), b.len()) + std::cmp::min(m.nrows(), 2) }
    chunk_means: Array1<f64> = { a.exact_chunks(3).into_iter().map(|c| c.sum() / 3.0).collect() }
    chained_once: f64 = { std::iter::once(0.5).chain(a.iter().copied()).map(|x| x * 2.0).sum() }
    rev_enumerate: f64 = { a.iter().enumerate().rev().map(|(i, x)| i as f64 * x).sum() }
    horner: f64 = { a.iter().rev().fold(0.0, |s, &c| s * 0.5 + c) }
    step_zip: f64 = { a.iter().step_by(2).zip(b.iter().skip(1).step_by(2)).map(|(x, y)| x * y).sum() }
    flat_pairs: f64 = { (0..a.len()).flat_map(|i| (i + 1..a.len()).map(move |j| (i, j))).map(|(i, j)| a[i] * b[j]).sum() }
    nested_iter: f64 = { m.outer_iter().map(|r| r.iter().map(|x| x.abs()).sum::<f64>()).fold(0.0, f64::max) }
    indexed: Array2<f64> = { let mut c = m.to_owned(); c.indexed_iter_mut().for_each(|((i, j), x)| *x += (i * j) as f64); c }
    trace_sum: f64 = { m.slice(s![.., ..3]).diag().sum() }
    take_last: f64 = { a.slice(s![-3..]).sum() + a[a.len() - 1] }
    split: (f64, f64) = { let (l, r) = a.view().split_at(Axis(0), 4); (l.sum(), r.iter().copied().fold(0.0, f64::max)) }
    weights: f64 = { const W: [f64; 3] = [0.25, 0.5, 0.25]; a.windows(3).into_iter().map(|w| w.iter().zip(W.iter()).map(|(x, y)| x * y).sum::<f64>()).sum() }
    mutable_it: f64 = { let mut it = a.iter(); let first = it.next().unwrap(); it.fold(*first, |s, x| s * 0.5 + x) }
    it_skip: f64 = { let mut it = a.iter().skip(2); let x = it.next().unwrap() + it.next().unwrap(); x + it.next().copied().unwrap_or(0.0) }
    clone_it: f64 = { let it = a.iter().filter(|x| **x > 0.0); it.clone().sum::<f64>() / it.count() as f64 }
    bool_then: f64 = { (a[0] > 0.0).then(|| a[1]).unwrap_or(7.0) }
    cmp_ordering: i64 = { let mut n = 0; for (x, y) in a.iter().zip(b) { if x.total_cmp(y).is_lt() { n += 1; } } n }
    min_max: (f64, f64) = { (a.min(), a.max()) }
    scan_pairs: Array1<f64> = { a.iter().zip(b).scan(0.0, |s, (x, y)| { *s = 0.9 * *s + x * y; Some(*s) }).collect() }
    ewma: Array1<f64> = { a.iter().scan(None, |_s: &mut Option<f64>, &x| Some(x)).collect() }
    concat3: Array2<f64> = { concatenate(Axis(0), &[m.view(), m.slice(s![..1, ..]), m.view()]).unwrap() }
    stack3: Array2<f64> = { stack(Axis(1), &[a.view(), b.view()]).unwrap() }
    while_let: f64 = { let mut it = a.iter(); let mut s = 0.0; while let Some(x) = it.next() { s = s * 0.5 + x; } s }
    sum_of_bools: usize = { a.iter().map(|&x| (x > 0.0) as usize).sum() }
    product_ints: i64 = { (1..=10i64).product() }
    partial: f64 = { a.iter().take(5).sum::<f64>() - a.iter().skip(5).sum::<f64>() }
    last_of: f64 = { *a.iter().last().unwrap() + a.iter().nth(3).unwrap() }
    dot_iter: f64 = { a.iter().zip(b.iter()).fold(0.0, |s, (x, y)| x.mul_add(*y, s)) }
    best_so_far: f64 = { let mut best = None; for (i, &x) in a.iter().enumerate() { if best.is_none_or(|b| x > a[b]) { best = Some(i); } } best.map_or(-1.0, |i| i as f64) }
    first_found: f64 = { let mut found: Option<usize> = None; for i in 0..a.len() { if a[i] > 5.0 { found = Some(i); break; } } if let Some(i) = found { a[i] } else { 0.0 } }
    previous: f64 = { let mut previous: Option<f64> = None; let mut s = 0.0; for &x in a.iter() { if let Some(p) = previous { s += (x - p).abs(); } previous = Some(x); } s }
    pair_so_far: (f64, f64) = { let mut best = Some((0.0, a[0])); for (i, &x) in a.iter().enumerate() { if let Some((_, top)) = best { if x > top { best = Some((i as f64, x)); } } } best.unwrap() }
    reset: f64 = { let mut run: Option<f64> = None; let mut most = 0.0f64; for &x in a { if x > 0.0 { run = Some(run.unwrap_or(0.0) + x); most = most.max(run.unwrap()); } else { run = None; } } most }
    in_parallel: Array1<f64> = { let mut out = Array1::zeros(a.len()); for i in prange(0..a.len()) { let Some(j) = a.iter().position(|&x| x > b[i]) else { continue; }; out[i] = a[j]; } out }
    rows_in_parallel: Array1<f64> = { let mut out = Array1::zeros(m.nrows()); for i in prange(0..m.nrows()) { let row = m.row(i); out[i] = row.iter().scan(0.0, |s, x| { *s += x; Some(*s) }).filter(|s| *s > 0.0).take(2).sum(); } out }
    compacted_in_parallel: Array1<f64> = { let mut out = Array1::zeros(m.nrows()); for i in prange(0..m.nrows()) { let kept = m.row(i).iter().filter(|x| **x > 0.0).copied().collect::<Array1<f64>>(); out[i] = kept.len() as f64 + kept.sum(); } out }
    chosen_in_parallel: Array2<f64> = { let mut out = m.to_owned(); for (i, mut row) in prange(out.rows_mut().into_iter().enumerate()) { let mask = row.mapv(|x| x > 0.0); let new = select(&mask, &m.row(i), 0.5); row.assign(&new); } out }
    joined_in_parallel: Array1<f64> = { let mut out = Array1::zeros(m.nrows()); for i in prange(0..m.nrows()) { let both = concatenate![Axis(0), m.row(i), m.row(0)]; out[i] = both.sum(); } out }
    cycled: f64 = { a.iter().cycle().skip(5).take(20).fold(0.0, |s, x| s * 0.5 + x) }
    cycled_pairs: f64 = { m.iter().zip(a.slice(s![..3]).iter().cycle()).map(|(x, y)| x * y).sum() }
    in_range: usize = { a.iter().filter(|x| (-5.0..5.0).contains(*x)).count() + (0..=3).contains(&m.nrows()) as usize }
    of_slices: f64 = { let mut v = vec![0.0; 12]; v.copy_from_slice(a.as_slice().unwrap()); v.reverse(); v[0] + v.contains(&a[3]) as i64 as f64 }
    clones_go_on_alone: f64 = { let mut it = a.iter(); let mut other = it.clone(); let x = it.clone().next().unwrap() + other.next().unwrap() * 2.0; x + it.next().unwrap() * 4.0 + other.next().unwrap() * 8.0 }
    zipped_behind: f64 = { a.iter().filter(|x| **x > 0.0).zip(b).map(|(x, y)| x * y).sum() }
    zipped_before: f64 = { b.iter().zip(a.iter().filter(|x| **x < 0.0)).fold(0.0, |s, (y, x)| s * 0.5 + x * y) }
}
