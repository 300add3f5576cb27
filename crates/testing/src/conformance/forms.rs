//! The kernels of the suite for the forms of the language: rows along axes, ranges in long steps, exits, views.
//!
//! ```text
//! reduce argmin m along 1        for v1: i8 in -128i8..127i8 step v0        leave 1        view a[.. by -1i64]
//! ```

use super::{Case, array, elements, matrix, numbers, scalar, whole};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "rows_folded",
        program:
            "program rows_folded(m: [i16; 2]) -> ([i16; 1], [i16; 1], [i16; 1], [usize; 1], [usize; 1]) {
            v0: [i16; 1] = reduce sum m along 0
            v1: [i16; 1] = reduce product m along 1
            v2: [i16; 1] = reduce max m along 1
            v3: [usize; 1] = reduce argmin m along 1
            v4: [usize; 1] = reduce argmax m along 0
            return v0, v1, v2, v3, v4
        }",
        arguments: |n| vec![matrix(5, n + 1, (0..5 * (n + 1)).map(|i| whole(i) as i16))],
        expected: |args| {
            let m: Vec<i16> = elements(&args[0]);
            let n = m.len() / 5;
            let column = |j: usize| m[j..].iter().step_by(n).copied();
            let rows = || m.chunks(n);
            // The first of equal ones.
            let first = |row: &[i16], best: i16| row.iter().position(|x| *x == best).expect("it has one");
            let largest = |j: usize| first(&column(j).collect::<Vec<_>>(), column(j).max().expect("5"));
            Ok(vec![
                array((0..n).map(|j| column(j).fold(0, i16::wrapping_add))),
                array(rows().map(|row| row.iter().copied().fold(1, i16::wrapping_mul))),
                array(rows().map(|row| *row.iter().max().expect("some"))),
                array(rows().map(|row| first(row, *row.iter().min().expect("some")))),
                array((0..n).map(largest)),
            ])
        },
    },
    Case {
        name: "long_steps",
        program: "program long_steps(n: usize) -> (i64, i64) {
            var x0 serial: i64
            var x1 parallel: i64
            x0 = 0i64
            x1 = 0i64
            v0: usize = add n, 1usize
            for v1: i8 in -128i8..127i8 step v0 {
              v2: i64 = cast v1
              v3: i64 = x0
              v4: i64 = mul v3, 3i64
              v5: i64 = add v4, v2
              x0 = v5
            }
            prange v6: i8 in -100i8..100i8 step v0 {
              v7: i64 = cast v6
              v8: i64 = mul v7, v7
              v9: i64 = x1
              v10: i64 = add v9, v8
              x1 = v10
            }
            v11: i64 = x0
            v12: i64 = x1
            return v11, v12
        }",
        // Beyond the largest number of the ranges' type, too.
        arguments: |n| vec![scalar(2 * n)],
        expected: |args| {
            let step = args[0].scalar().to_bits() as usize + 1;
            let each = |start: i8, end: i8| (start..end).step_by(step).map(i64::from);
            let serial = each(-128, 127).fold(0i64, |sum, i| sum.wrapping_mul(3).wrapping_add(i));
            Ok(vec![scalar(serial), scalar(each(-100, 100).map(|i| i * i).sum::<i64>())])
        },
    },
    Case {
        name: "exits",
        program: "program exits(a: [f64; 1]) -> (usize, f64) {
            var x0 found: usize
            var x1 sum: f64
            v0: usize = len a
            x0 = v0
            x1 = 0.0f64
            scope {
              for v1: usize in 0usize..v0 step 1usize {
                scope {
                  v2: f64 = index a[v1]
                  v3: bool = lt v2, -4.0f64
                  if v3 {
                    leave 0
                  }
                  v4: bool = gt v2, 7.0f64
                  if v4 {
                    x0 = v1
                    leave 1
                  }
                  v5: f64 = x1
                  v6: f64 = add v5, v2
                  x1 = v6
                }
              }
            }
            v7: usize = x0
            v8: f64 = x1
            return v7, v8
        }",
        arguments: |n| vec![array(numbers(n))],
        expected: |args| {
            let a: Vec<f64> = elements(&args[0]);
            let found = a.iter().position(|x| *x > 7.0).unwrap_or(a.len());
            // Multiples of an eighth: no sum is rounded.
            let sum: f64 = a[..found].iter().filter(|x| **x >= -4.0).fold(0.0, |sum, x| sum + x);
            Ok(vec![scalar(found), scalar(sum)])
        },
    },
    Case {
        name: "views",
        program: "program views(mut a: [f64; 1], m: [f64; 2]) -> ([f64; 1], [f64; 2]) {
            var x0 a: [f64; 1] is p0
            v0: [f64; 1] = x0
            v1: [f64; 1] = view v0[.. by -1i64]
            v2: [f64; 1] = mul v1, 2.0f64
            v3: [f64; 1] = view v0[.. by 2i64]
            update v3 of x0, 0.5f64
            v4: [f64; 2] = view m[1usize..-1i64, ..] as [1, 0]
            v5: [f64; 2] = neg v4
            return v2, v5
        }",
        arguments: |n| vec![array(numbers(n)), matrix(4, n, numbers(4 * n))],
        expected: |args| {
            let (a, m): (Vec<f64>, Vec<f64>) = (elements(&args[0]), elements(&args[1]));
            let n = a.len();
            Ok(vec![
                array(a.iter().rev().map(|x| 2.0 * x)),
                matrix(n, 2, (0..2 * n).map(|k| -m[(1 + k % 2) * n + k / 2])),
                array(a.iter().enumerate().map(|(i, x)| if i % 2 == 0 { 0.5 } else { *x })),
            ])
        },
    },
];
