//! Vectors of vectors, `vec![vec![0; m]; n]`, and arrays repeated: rows of one length each.

use crate::cases::ways::exactly;
use ndarray::{Array2, ArrayRef2};
use parfuse::prelude::*;

#[kernel]
fn longest_common(a: &[u8], b: &[u8]) -> Vec<u8> {
    let (n, m) = (a.len(), b.len());
    let mut dp = vec![vec![0usize; m + 1]; n + 1];
    for i in 1..=n {
        for j in 1..=m {
            dp[i][j] =
                if a[i - 1] == b[j - 1] { dp[i - 1][j - 1] + 1 } else { dp[i - 1][j].max(dp[i][j - 1]) };
        }
    }
    let mut out = Vec::new();
    let (mut i, mut j) = (n, m);
    while i > 0 && j > 0 {
        if a[i - 1] == b[j - 1] {
            out.push(a[i - 1]);
            i -= 1;
            j -= 1;
        } else if dp[i - 1][j] >= dp[i][j - 1] {
            i -= 1;
        } else {
            j -= 1;
        }
    }
    out.reverse();
    out
}

#[kernel]
fn paths(grid: &ArrayRef2<i64>) -> i64 {
    let (h, w) = grid.dim();
    let mut dp: Vec<Vec<i64>> = vec![vec![i64::MAX; w]; h];
    dp[0][0] = grid[[0, 0]];
    for i in 0..h {
        for j in 0..w {
            if i > 0 {
                dp[i][j] = dp[i][j].min(dp[i - 1][j] + grid[[i, j]]);
            }
            if j > 0 {
                dp[i][j] = dp[i][j].min(dp[i][j - 1] + grid[[i, j]]);
            }
        }
    }
    let total: i64 = dp.iter().map(|row| row.iter().sum::<i64>()).sum();
    dp[h - 1][w - 1] + total + dp.last().unwrap()[0] + dp.len() as i64 + dp[0].len() as i64
}

#[kernel]
fn rows_swap(n: usize) -> f64 {
    let mut m = vec![vec![1.5; n]; 3];
    for r in 0..3 {
        for c in 0..n {
            m[r][c] = (r * c) as f64;
        }
    }
    m.swap(0, 2);
    let first = m[0].clone();
    m[1] = first;
    let mut t = 0.0;
    for row in &m {
        for (j, v) in row.iter().enumerate() {
            t += v * j as f64;
        }
    }
    for row in m.iter_mut() {
        row[0] += 1.0;
    }
    t + m[2][0] + m[1].iter().cloned().fold(0.0, f64::max)
}

#[kernel]
fn repeated_rows(p: [f64; 2], n: usize) -> Vec<[f64; 2]> {
    let mut v = vec![[1.0, 2.0]; n];
    let w = vec![p; n];
    for i in 0..n {
        v[i][0] += w[i][1];
        v[i][1] *= w[n - 1 - i][0];
    }
    v
}

#[kernel]
fn three_deep(n: usize) -> usize {
    let mut c = vec![vec![vec![0usize; 3]; 2]; n];
    for i in 0..n {
        for j in 0..2 {
            for k in 0..3 {
                c[i][j][k] = i * j + k;
            }
        }
    }
    c.iter().map(|p| p.iter().map(|r| r.iter().sum::<usize>()).sum::<usize>()).sum()
}

#[kernel]
fn dp_in_prange(x: &ArrayRef2<u8>, n: usize) -> Vec<usize> {
    let m = x.ncols();
    let mut out = vec![0; x.nrows()];
    for r in prange(0..x.nrows()) {
        let mut dp = vec![vec![0usize; m + 1]; 2];
        for i in 1..=n {
            for j in 1..=m {
                dp[i % 2][j] = if x[[r, j - 1]] as usize % 3 == i % 3 {
                    dp[(i + 1) % 2][j - 1] + 1
                } else {
                    dp[(i + 1) % 2][j].max(dp[i % 2][j - 1])
                };
            }
        }
        out[r] = dp[n % 2][m];
    }
    out
}

fn bytes(n: usize, k: usize) -> Vec<u8> {
    (0..n).map(|i| b'a' + ((i * 7919 % 31) * i % k) as u8).collect()
}

#[test]
fn vectors_of_vectors_are_tables() {
    for n in [1, 2, 17, 40] {
        exactly!(longest_common(&bytes(n, 5), &bytes(33, 4)));
        exactly!(paths(&Array2::from_shape_fn((n, 9), |(i, j)| ((i * 31 + j * 17) % 23) as i64)));
        exactly!(rows_swap(n));
        exactly!(repeated_rows([0.5, 3.0], n));
        exactly!(three_deep(n));
        let x = Array2::from_shape_fn((n, 30), |(i, j)| ((i * 31 + j * 17) % 23) as u8);
        exactly!(dp_in_prange(&x, 12));
    }
}

#[kernel]
fn pascal(n: usize) -> Vec<Vec<u64>> {
    let mut t = vec![vec![0u64; n]; n];
    for i in 0..n {
        t[i][0] = 1;
        for j in 1..=i {
            t[i][j] = t[i - 1][j - 1] + t[i - 1][j];
        }
    }
    t
}

#[test]
fn vectors_of_vectors_are_results() {
    for n in [0, 1, 20] {
        exactly!(pascal(n));
    }
    let mut into = vec![vec![7]];
    pascal::serial_into(2, &mut into).unwrap();
    assert_eq!(into, [[1, 0], [1, 1]]);
}
