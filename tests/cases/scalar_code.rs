//! Loops that stay scalar: choices, conditions with `&&` and `||`, addresses that are sums, and what inner loops only load.
// Conditions are written the long way on purpose.
#![allow(clippy::double_comparisons, clippy::manual_is_multiple_of)]

use super::ways::{error_of, every_way};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, s};
use parfuse::prelude::*;

fn floats(n: usize) -> Array1<f64> {
    let number = |i: usize| if i % 7 == 3 { f64::NAN } else { (i * 37 % 23) as f64 / 4.0 - 2.5 };
    (0..n).map(number).collect()
}

/// Merges, as long as both have elements; `||` and `&&` with loads behind them.
#[kernel]
fn merged(a: &ArrayRef1<f64>, b: &ArrayRef1<f64>, out: &mut ArrayRef1<f64>) {
    let (mut i, mut j) = (0, 0);
    for k in 0..out.len() {
        if j == b.len() || (i < a.len() && a[i] <= b[j]) {
            out[k] = a[i];
            i += 1;
        } else {
            out[k] = b[j];
            j += 1;
        }
    }
}

/// Each row by itself: a loop with a condition of two, one of which loads.
#[kernel]
fn sorted_rows(a: &mut ArrayRef2<f64>) {
    for r in prange(0..a.nrows()) {
        for i in 1..a.ncols() {
            let value = a[[r, i]];
            let mut j = i;
            while j > 0 && a[[r, j - 1]] > value {
                a[[r, j]] = a[[r, j - 1]];
                j -= 1;
            }
            a[[r, j]] = value;
        }
    }
}

/// How far one can go before an element fits none of three conditions; an index that is too large fails on the way.
#[kernel]
fn run_length(a: &ArrayRef1<f64>, starts: &ArrayRef1<usize>, lengths: &mut ArrayRef1<usize>) {
    for s in prange(0..starts.len()) {
        let mut k = starts[s];
        while k + 1 < a.len() && (a[k] < a[k + 1] || a[k] == a[k + 1] || k % 5 == 0 && a[k] > 0.0) {
            k += 1;
        }
        lengths[s] = k - starts[s];
    }
}

#[test]
fn conditions_lead_on_where_their_operands_say() {
    let ascending = |n: usize, step: f64| -> Array1<f64> { (0..n).map(|i| i as f64 * step).collect() };
    for (n, m) in [(0, 0), (0, 3), (3, 0), (1, 1), (9, 14), (40, 17)] {
        every_way!(merged(&ascending(n, 1.5), &ascending(m, 2.5), &mut out) with out = Array1::zeros(n + m));
    }
    for (rows, columns) in [(0, 3), (1, 1), (2, 2), (5, 16), (9, 33)] {
        let a = Array2::from_shape_fn((rows, columns), |(i, j)| floats(rows * columns)[i * columns + j]);
        every_way!(sorted_rows(&mut a) with a = a.clone());
    }
    for n in [1, 2, 30, 64] {
        let starts: Array1<usize> = (0..n).collect();
        every_way!(run_length(&floats(n), &starts, &mut lengths) with lengths = Array1::zeros(n));
    }
}

#[test]
fn a_check_in_a_condition_fails_where_it_is_reached() {
    let (a, b) = (Array1::from_vec(vec![1.0, 2.0]), Array1::from_vec(vec![5.0]));
    let error = error_of!(merged(&a, &b, &mut Array1::zeros(4)));
    assert!(error.to_string().contains('a'), "{error}");
}

/// Choices between integers and floats, by comparisons of both, of what is not a number among them.
#[kernel]
fn choices(x: &ArrayRef1<f64>, y: &ArrayRef1<f32>, k: &ArrayRef1<i32>, out: &mut ArrayRef2<f64>) {
    for i in prange(0..x.len()) {
        let (mut best, mut place, mut sum, mut other) = (x[i], 0i64, 0i32, 1.0f32);
        let mut n = k[i];
        while n > 0 {
            let t = x[(i + n as usize) % x.len()];
            if t < best {
                best = t;
                place = n as i64;
            }
            if y[i] <= other {
                sum += 3;
            } else if best >= t {
                sum -= n;
            }
            other = if y[i] < other { y[i] } else { other * 0.5 };
            n = if n % 2 == 0 {
                n / 2
            } else if n > 20 {
                3
            } else {
                n - 1
            };
        }
        out[[i, 0]] = best;
        out[[i, 1]] = place as f64;
        out[[i, 2]] = sum as f64 + other as f64;
    }
}

#[test]
fn choices_are_the_same_with_and_without_branches() {
    for n in [1, 5, 64] {
        let y: Array1<f32> = floats(n).iter().map(|x| *x as f32 * 0.75).collect();
        let k: Array1<i32> = (0..n).map(|i| (i * 13 % 41) as i32 - 3).collect();
        every_way!(choices(&floats(n), &y, &k, &mut out) with out = Array2::zeros((n, 3)));
    }
}

/// Neighbours before and after, rows above and below, indices that fall, and more rows than a loop has pointers for.
#[kernel]
fn neighbours(a: &ArrayRef2<f64>, w: &ArrayRef1<f64>, out: &mut ArrayRef2<f64>, down: usize) {
    let (n, m) = a.dim();
    for i in 4..n - 4 {
        for j in (2..m - 2).rev() {
            let mut s = out[[i, m - 1 - j]] * w[i];
            s = s * 0.5 + a[[i - 4, j]] + a[[i - 3, j + 1]] + a[[i - 2, j - 1]] + a[[i - 1, j - 2]];
            s = s * 0.5
                + a[[i, j]]
                + a[[i + 1, j]]
                + a[[i + 2, j]]
                + a[[i + 3, j + 2]]
                + a[[i + 4, m - 1 - j]];
            out[[i, m - 1 - j]] = s + w[down - i];
            out[[i + 1, j]] = out[[i, j + 1]] + w[0];
        }
    }
}

#[test]
fn sums_in_addresses_may_be_taken_apart() {
    for (n, m) in [(9, 5), (10, 12), (14, 33)] {
        let a = Array2::from_shape_fn((n, m), |(i, j)| (i * 31 + j * 7) as f64 / 16.0);
        let out = Array2::from_shape_fn((n, m), |(i, j)| (i + j) as f64);
        let w: Array1<f64> = (0..2 * n).map(|i| i as f64 / 8.0).collect();
        every_way!(neighbours(&a, &w, &mut r, 2 * n - 1) with r = out.clone());
        let (across, upside_down) = (a.t().to_owned(), a.slice(s![..;-1, ..]).to_owned());
        every_way!(neighbours(&across.t(), &w, &mut r, n) with r = out.clone());
        every_way!(neighbours(&upside_down.slice(s![..;-1, ..]), &w, &mut r, n) with r = out.clone());
    }
}

/// What the inner loop only loads is not there where the loop does not run.
#[kernel]
fn items(weight: &ArrayRef1<usize>, value: &ArrayRef1<i64>, best: &mut ArrayRef1<i64>) {
    for item in 0..weight.len() {
        for room in (weight[item]..best.len()).rev() {
            let with = best[room - weight[item]] + value[item];
            if with > best[room] {
                best[room] = with;
            }
        }
    }
}

#[test]
fn what_an_inner_loop_only_loads_is_loaded_if_the_loop_runs() {
    let weight: Array1<usize> = (0..9).map(|i| (i * 5) % 7 + 1).collect();
    let value: Array1<i64> = (0..9).map(|i| (i * 11) % 13).collect();
    for n in [0, 1, 3, 20] {
        every_way!(items(&weight, &value, &mut best) with best = Array1::zeros(n));
    }
    // No room for anything: the values that are missing are not asked for.
    every_way!(items(&weight, &Array1::zeros(0), &mut best) with best = Array1::zeros(1));
    let error = error_of!(items(&weight, &Array1::zeros(3), &mut Array1::zeros(20)));
    assert!(error.to_string().contains("value"), "{error}");
}

/// How often the letters of two texts differ where the first has letters, and the largest of some numbers there: conditions whose
/// second operand loads what they lead to.
#[kernel]
fn letters(a: &ArrayRef1<u8>, b: &ArrayRef1<u8>, x: &ArrayRef1<f64>, out: &mut ArrayRef1<f64>) {
    let (mut differ, mut most, mut hash, mut after) = (0i64, f64::NEG_INFINITY, 5381u32, 0i64);
    for i in 0..a.len() {
        if a[i] >= b'a' && a[i] <= b'z' && b[i] != a[i] {
            differ += b[i] as i64;
            after = 0;
        } else {
            after = 1;
        }
        if b[i] < 100 && x[i] > most {
            most = x[i];
        }
        hash = hash.wrapping_mul(33) ^ (a[i] as u32) >> (b[i] & 7);
        out[0] += (hash % 1000) as f64 + after as f64;
    }
    out[1] = differ as f64;
    out[2] = most;
}

/// A level that rules of its own change, and the peak so far.
#[kernel]
fn levels(inflow: &ArrayRef1<f64>, out: &mut ArrayRef1<f64>) {
    let (mut level, mut peak) = (5.0, inflow[0]);
    for i in 0..inflow.len() {
        level += inflow[i];
        let leaves = if level > 8.0 {
            6.0
        } else if level > 4.0 {
            2.5
        } else {
            f64::min(2.0, level)
        };
        level -= leaves;
        if level < 0.0 {
            level = 0.0;
        }
        peak = peak.max(level);
        out[i] = leaves + peak.max(inflow[i]);
    }
}

#[test]
fn what_conditions_have_loaded_is_known_where_they_lead() {
    for n in [1, 2, 9, 64] {
        let a: Array1<u8> = (0..n).map(|i| (i * 37 % 128) as u8).collect();
        let b: Array1<u8> = (0..n).map(|i| (i * 91 % 256) as u8).collect();
        every_way!(letters(&a, &b, &floats(n), &mut out) with out = Array1::zeros(3));
        every_way!(levels(&floats(n), &mut out) with out = Array1::zeros(n));
        let error = error_of!(letters(&a, &b.slice(s![..n - 1]), &floats(n), &mut Array1::zeros(3)));
        assert!(error.to_string().contains('b'), "{error}");
    }
}

/// Elements changed where they lie, by numbers that are known and by others; some of what is computed is needed elsewhere, too.
#[kernel]
fn changed_in_place(
    keys: &ArrayRef2<u8>,
    x: &ArrayRef1<i64>,
    wide: &mut ArrayRef2<i64>,
    short: &mut ArrayRef2<u32>,
    last: &mut ArrayRef1<i64>,
) {
    for r in prange(0..keys.nrows()) {
        for i in 0..keys.ncols() {
            let k = keys[[r, i]] as usize;
            wide[[r, k]] += x[i];
            wide[[r, k + 1]] = x[i] - wide[[r, k + 1]];
            wide[[r, k]] ^= 0x1234_5678_9abc;
            wide[[r, k + 2]] -= 3;
            wide[[r, k + 2]] |= x[i] & 5;
            short[[r, k]] += i as u32;
            short[[r, k]] ^= 0xffff_0000;
            short[[r, k + 1]] &= 7;
            short[[r, k + 2]] += 1;
            let once_more = wide[[r, k]] + 1;
            wide[[r, k]] = once_more;
            last[r] = once_more;
        }
    }
}

#[test]
fn elements_are_changed_where_they_lie() {
    for n in [0, 1, 2, 7, 40] {
        let keys = Array2::from_shape_fn((3, n), |(r, i)| (i * i + 3 * r) as u8 % 5);
        let x: Array1<i64> = (0..n as i64).map(|i| (i - 3) * 1_000_000_007).collect();
        let wide = Array2::from_shape_fn((3, 8), |(r, k)| (r * 8 + k) as i64 - 9);
        let short = Array2::from_shape_fn((3, 8), |(r, k)| (r * 8 + k) as u32 * 65_536);
        every_way!(
            changed_in_place(&keys, &x, &mut wide, &mut short, &mut last)
                with wide = wide.clone(), short = short.clone(), last = Array1::zeros(3)
        );
        // A key too many: what came before it has been changed.
        let mut keys = keys;
        if n > 0 {
            keys[[2, n - 1]] = 7;
            let last = Array1::zeros(3);
            error_of!(changed_in_place(&keys, &x, &mut wide.clone(), &mut short.clone(), &mut last.clone()));
        }
    }
}
