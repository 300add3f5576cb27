//! The kernels of the suite for operations, loops and faults, each with its meaning in plain Rust.

use super::{Case, array, elements, matrix, numbers, scalar, whole};
use parfuse_ir::FaultKind;

pub(super) const CASES: &[Case] = &[
    Case {
        name: "elementwise",
        program: "program elementwise(x: f64, a: [f64; 1], b: [f64; 1]) -> [f64; 1] {
            v0: [f64; 1] = mul x, a
            v1: [f64; 1] = add v0, b
            v2: [f64; 1] = sqrt v1
            return v2
        }",
        arguments: |n| vec![scalar(1.5), array(numbers(n)), array(numbers(n).map(|x| x * x))],
        expected: |args| {
            let (a, b): (Vec<f64>, Vec<f64>) = (elements(&args[1]), elements(&args[2]));
            Ok(vec![array(a.iter().zip(b).map(|(a, b)| (1.5 * a + b).sqrt()))])
        },
    },
    Case {
        name: "rows",
        program: "program rows(a: [f64; 2], row: [f64; 1], column: [f64; 2]) -> [f64; 2] {
            v0: [f64; 2] = sub a, row
            v1: [f64; 2] = mul v0, column
            return v1
        }",
        arguments: |n| vec![matrix(3, n, numbers(3 * n)), array(numbers(n)), matrix(3, 1, [2.0, -1.0, 0.5])],
        expected: |args| {
            let (a, row): (Vec<f64>, Vec<f64>) = (elements(&args[0]), elements(&args[1]));
            let (column, n): (Vec<f64>, usize) = (elements(&args[2]), row.len());
            Ok(vec![matrix(3, n, (0..3 * n).map(|k| (a[k] - row[k % n]) * column[k / n]))])
        },
    },
    Case {
        name: "select",
        program: "program select(a: [f64; 1]) -> [f64; 1] {
            v0: [bool; 1] = lt a, 0.0f64
            v1: [f64; 1] = neg a
            v2: [f64; 1] = select v0, v1, a
            return v2
        }",
        arguments: |n| vec![array(numbers(n))],
        expected: |args| {
            Ok(vec![array(elements::<f64>(&args[0]).into_iter().map(|x| if x < 0.0 { -x } else { x }))])
        },
    },
    Case {
        name: "divergent_branch",
        program: "program divergent_branch(a: [f64; 1]) -> [f64; 1] {
            var x0 y: f64
            v9: [f64; 1] = map v0: f64 in a {
              x0 = v0
              v1: bool = gt v0, 2.0f64
              if v1 {
                v2: f64 = mul v0, v0
                x0 = v2
              } else {
                v3: bool = lt v0, -2.0f64
                if v3 {
                  v4: f64 = div 1.0f64, v0
                  x0 = v4
                }
              }
              v5: f64 = x0
              yield v5
            }
            return v9
        }",
        arguments: |n| vec![array(numbers(n))],
        expected: |args| {
            let branch = |x: f64| match x {
                x if x > 2.0 => x * x,
                x if x < -2.0 => 1.0 / x,
                x => x,
            };
            Ok(vec![array(elements::<f64>(&args[0]).into_iter().map(branch))])
        },
    },
    Case {
        name: "divergent_while",
        program: "program divergent_while(a: [i64; 1]) -> [i64; 1] {
            var x0 n: i64
            var x1 steps: i64
            v20: [i64; 1] = map v0: i64 in a {
              x0 = v0
              x1 = 0i64
              while {
                v1: i64 = x0
                v2: bool = gt v1, 1i64
                test v2
              } do {
                v3: i64 = x0
                v4: i64 = and v3, 1i64
                v5: bool = eq v4, 0i64
                if v5 {
                  v6: i64 = shr v3, 1i64
                  x0 = v6
                } else {
                  v7: i64 = mul v3, 3i64
                  v8: i64 = add v7, 1i64
                  x0 = v8
                }
                v9: i64 = x1
                v10: i64 = add v9, 1i64
                x1 = v10
              }
              v11: i64 = x1
              yield v11
            }
            return v20
        }",
        arguments: |n| vec![array((0..n as i64).map(|i| i % 50))],
        expected: |args| {
            let steps = |mut n: i64| {
                let mut steps = 0i64;
                while n > 1 {
                    n = if n % 2 == 0 { n / 2 } else { 3 * n + 1 };
                    steps += 1;
                }
                steps
            };
            Ok(vec![array(elements::<i64>(&args[0]).into_iter().map(steps))])
        },
    },
    Case {
        name: "inner_loop",
        program: "program inner_loop(a: [i64; 1], n: i64) -> i64 {
            var x0 total: i64
            var x1 own: i64
            x0 = 0i64
            prange v0: i64 in 0i64..n step 1usize {
              x1 = 0i64
              v1: i64 = and v0, 3i64
              for v2: i64 in 0i64..v1 step 1usize {
                v3: i64 = x1
                v4: i64 = mul v0, v2
                v5: i64 = add v3, v4
                x1 = v5
              }
              v6: i64 = x1
              v7: i64 = x0
              v8: i64 = add v7, v6
              x0 = v8
            }
            v9: i64 = x0
            return v9
        }",
        arguments: |n| vec![array((0..n as i64).map(|i| i * i)), scalar(n as i64)],
        expected: |args| {
            let n = args[0].array().shape[0] as i64;
            let own = |i: i64| (0..i & 3).map(|j| i * j).sum::<i64>();
            Ok(vec![scalar((0..n).map(own).sum::<i64>())])
        },
    },
    Case {
        name: "gather",
        program: "program gather(a: [f64; 1], k: [usize; 1]) -> [f64; 1] {
            v3: [f64; 1] = map v0: usize in k {
              v1: f64 = index a[v0]
              yield v1
            }
            return v3
        }",
        arguments: |n| vec![array(numbers(n)), array((0..n).map(|i| (i * 7 + 3) % n))],
        expected: |args| {
            let (a, k): (Vec<f64>, Vec<usize>) = (elements(&args[0]), elements(&args[1]));
            Ok(vec![array(k.into_iter().map(|k| a[k]))])
        },
    },
    Case {
        name: "neighbours",
        program: "program neighbours(a: [f64; 1], mut r: [f64; 1]) {
            var x0 r: [f64; 1] is p1
            v0: usize = len a
            v1: usize = max v0, 1usize
            v2: usize = sub v1, 1usize
            prange v3: usize in 1usize..v2 step 1usize {
              v4: usize = sub v3, 1usize
              v5: f64 = index a[v4]
              v6: usize = add v3, 1usize
              v7: f64 = index a[v6]
              v8: f64 = add v5, v7
              store x0[v3], v8
            }
        }",
        arguments: |n| vec![array(numbers(n)), array(numbers(n))],
        expected: |args| {
            let a: Vec<f64> = elements(&args[0]);
            let mut r = a.clone();
            (1..a.len().max(1) - 1).for_each(|i| r[i] = a[i - 1] + a[i + 1]);
            Ok(vec![array(r)])
        },
    },
    Case {
        name: "integers",
        program: "program integers(a: [i64; 1], b: [i64; 1]) -> ([i64; 1], [i64; 1], [i64; 1]) {
            v0: [i64; 1] = div a, b
            v1: [i64; 1] = rem a, b
            v2: [i64; 1] = mul a, a
            return v0, v1, v2
        }",
        arguments: |n| vec![array((0..n).map(whole)), array((0..n).map(|i| [1, -1, 2, -3, i64::MAX][i % 5]))],
        expected: |args| {
            let (a, b): (Vec<i64>, Vec<i64>) = (elements(&args[0]), elements(&args[1]));
            let pairs = || a.iter().zip(&b);
            Ok(vec![
                array(pairs().map(|(a, b)| a.wrapping_div(*b))),
                array(pairs().map(|(a, b)| a.wrapping_rem(*b))),
                array(a.iter().map(|a| a.wrapping_mul(*a))),
            ])
        },
    },
    Case {
        name: "shifts",
        program: "program shifts(a: [i32; 1], by: [i32; 1]) -> ([i32; 1], [i32; 1]) {
            v0: [i32; 1] = shl a, by
            v1: [i32; 1] = shr a, by
            return v0, v1
        }",
        arguments: |n| {
            vec![array((0..n).map(|i| whole(i) as i32)), array((0..n).map(|i| (i % 40) as i32 - 4))]
        },
        expected: |args| {
            let (a, by): (Vec<i32>, Vec<i32>) = (elements(&args[0]), elements(&args[1]));
            let inside = |by: i32| (0..32).contains(&by);
            Ok(vec![
                array(a.iter().zip(&by).map(|(a, by)| if inside(*by) { a << by } else { 0 })),
                array(a.iter().zip(&by).map(|(a, by)| a >> if inside(*by) { *by } else { 31 })),
            ])
        },
    },
    Case {
        name: "saturating_casts",
        program: "program saturating_casts(a: [f64; 1]) -> ([i64; 1], [i32; 1], [usize; 1], [f32; 1]) {
            v0: [i64; 1] = cast a
            v1: [i32; 1] = cast a
            v2: [usize; 1] = cast a
            v3: [f32; 1] = cast a
            return v0, v1, v2, v3
        }",
        arguments: |n| {
            let special = [f64::NAN, 1e300, -1e300, 0.99, -0.99, 3e9, -3e9, 1.8e19, f64::NEG_INFINITY, -0.0];
            vec![array((0..n).map(move |i| special[i % special.len()]))]
        },
        expected: |args| {
            let a: Vec<f64> = elements(&args[0]);
            Ok(vec![
                array(a.iter().map(|x| *x as i64)),
                array(a.iter().map(|x| *x as i32)),
                array(a.iter().map(|x| *x as usize)),
                array(a.iter().map(|x| *x as f32)),
            ])
        },
    },
    Case {
        name: "narrow_types",
        program: "program narrow_types(a: [f32; 1], b: [i32; 1]) -> ([f32; 1], [i32; 1], [f64; 1]) {
            v0: [f32; 1] = cast b
            v1: [f32; 1] = mul a, v0
            v2: [i32; 1] = add b, b
            v3: [f64; 1] = cast v1
            v4: [f64; 1] = mul v3, v3
            return v1, v2, v4
        }",
        arguments: |n| vec![array((0..n).map(|i| i as f32 / 3.0)), array((0..n).map(|i| whole(i) as i32))],
        expected: |args| {
            let (a, b): (Vec<f32>, Vec<i32>) = (elements(&args[0]), elements(&args[1]));
            let product: Vec<f32> = a.iter().zip(&b).map(|(a, b)| a * *b as f32).collect();
            Ok(vec![
                array(product.clone()),
                array(b.iter().map(|b| b.wrapping_add(*b))),
                array(product.iter().map(|x| *x as f64 * *x as f64)),
            ])
        },
    },
    Case {
        name: "truth_values",
        program: "program truth_values(a: [bool; 1], b: [i64; 1]) -> ([bool; 1], [i64; 1]) {
            v0: [bool; 1] = cast b
            v1: [bool; 1] = xor a, v0
            v2: [bool; 1] = not v1
            v3: [i64; 1] = cast v2
            return v2, v3
        }",
        arguments: |n| vec![array((0..n).map(|i| i % 3 == 0)), array((0..n).map(|i| (i % 4) as i64))],
        expected: |args| {
            let (a, b): (Vec<bool>, Vec<i64>) = (elements(&args[0]), elements(&args[1]));
            let result: Vec<bool> = a.iter().zip(b).map(|(a, b)| !(a ^ (b != 0))).collect();
            Ok(vec![array(result.clone()), array(result.iter().map(|x| *x as i64))])
        },
    },
    Case {
        name: "count",
        program: "program count(a: [f64; 1], n: i64) -> i64 {
            var x0 count: i64
            x0 = 10i64
            prange v0: i64 in 0i64..n step 1usize {
              v1: usize = cast v0
              v2: f64 = index a[v1]
              v3: bool = lt v2, 1.0f64
              if v3 {
                v4: i64 = x0
                v5: i64 = add v4, 1i64
                x0 = v5
              }
            }
            v6: i64 = x0
            return v6
        }",
        arguments: |n| vec![array(numbers(n)), scalar(n as i64)],
        expected: |args| {
            let below = elements::<f64>(&args[0]).into_iter().filter(|x| *x < 1.0).count();
            Ok(vec![scalar(10 + below as i64)])
        },
    },
    Case {
        name: "extrema",
        program: "program extrema(a: [f64; 1], b: [i32; 1]) -> (f64, f64, i32, i32) {
            v0: f64 = reduce min a
            v1: f64 = reduce max a
            v2: i32 = reduce min b
            v3: i32 = reduce max b
            return v0, v1, v2, v3
        }",
        arguments: |n| {
            let or_nan = |(i, x)| if i % 5 == 2 { f64::NAN } else { x };
            vec![array(numbers(n).enumerate().map(or_nan)), array((0..n).map(|i| whole(i) as i32))]
        },
        expected: |args| {
            let (a, b): (Vec<f64>, Vec<i32>) = (elements(&args[0]), elements(&args[1]));
            Ok(vec![
                scalar(a.iter().copied().fold(f64::INFINITY, f64::min)),
                scalar(a.iter().copied().fold(f64::NEG_INFINITY, f64::max)),
                scalar(b.iter().copied().min().unwrap_or(i32::MAX)),
                scalar(b.iter().copied().max().unwrap_or(i32::MIN)),
            ])
        },
    },
    Case {
        name: "wrapping_product",
        program: "program wrapping_product(a: [i64; 1]) -> (i64, i64, i64) {
            v0: i64 = reduce product a
            v1: i64 = reduce xor a
            v2: i64 = reduce and a
            return v0, v1, v2
        }",
        arguments: |n| vec![array((0..n).map(|i| whole(i) | 1))],
        expected: |args| {
            let a: Vec<i64> = elements(&args[0]);
            Ok(vec![
                scalar(a.iter().fold(1i64, |product, x| product.wrapping_mul(*x))),
                scalar(a.iter().fold(0, |all, x| all ^ x)),
                scalar(a.iter().fold(-1, |all, x| all & x)),
            ])
        },
    },
    Case {
        name: "matrix_sum",
        program: "program matrix_sum(a: [i64; 2]) -> i64 {
            v0: i64 = reduce sum a
            return v0
        }",
        arguments: |n| vec![matrix(4, n, (0..4 * n).map(whole))],
        expected: |args| {
            Ok(vec![scalar(elements::<i64>(&args[0]).into_iter().fold(0i64, |sum, x| sum.wrapping_add(x)))])
        },
    },
    Case {
        name: "masked_store",
        program: "program masked_store(a: [f64; 1], mut r: [f64; 1]) {
            var x0 r: [f64; 1] is p1
            v0: usize = len a
            prange v1: usize in 0usize..v0 step 1usize {
              v2: f64 = index a[v1]
              v3: bool = gt v2, 0.0f64
              if v3 {
                store x0[v1], 1.0f64
              }
            }
        }",
        arguments: |n| vec![array(numbers(n)), array(numbers(n))],
        expected: |args| {
            let a: Vec<f64> = elements(&args[0]);
            Ok(vec![array(a.into_iter().map(|x| if x > 0.0 { 1.0 } else { x }))])
        },
    },
    Case {
        name: "first_fault",
        program: "program first_fault(a: [f64; 1], n: usize) -> f64 {
            var x0 s: f64
            x0 = 0.0f64
            prange v0: usize in 0usize..n step 1usize {
              v1: usize = add v0, 1usize
              v2: f64 = index a[v1]
              v3: f64 = x0
              v4: f64 = max v3, v2
              x0 = v4
            }
            v5: f64 = x0
            return v5
        }",
        arguments: |n| vec![array(numbers(n)), scalar(n)],
        expected: |args| match args[0].array().shape[0] as u64 {
            0 => Ok(vec![scalar(0.0)]),
            n => Err((FaultKind::IndexOutOfRange { axis: 0 }, Some(n - 1), vec![n, n])),
        },
    },
    Case {
        name: "fault_in_a_branch",
        program: "program fault_in_a_branch(a: [f64; 1], k: [usize; 1]) -> f64 {
            var x0 s: f64
            x0 = -100.0f64
            v0: usize = len k
            prange v1: usize in 0usize..v0 step 1usize {
              v2: usize = index k[v1]
              v3: bool = gt v2, 2usize
              if v3 {
                v4: f64 = index a[v2]
                v5: f64 = x0
                v6: f64 = max v5, v4
                x0 = v6
              }
            }
            v7: f64 = x0
            return v7
        }",
        arguments: |n| vec![array(numbers(10)), array((0..n).map(|i| if i == 33 { 77 } else { i % 10 }))],
        expected: |args| {
            let (a, k): (Vec<f64>, Vec<usize>) = (elements(&args[0]), elements(&args[1]));
            match k.iter().position(|k| *k > 9) {
                Some(i) => Err((FaultKind::IndexOutOfRange { axis: 0 }, Some(i as u64), vec![77, 10])),
                None => {
                    Ok(vec![scalar(k.into_iter().filter(|k| *k > 2).map(|k| a[k]).fold(-100.0, f64::max))])
                }
            }
        },
    },
    Case {
        name: "division_by_zero",
        program: "program division_by_zero(a: [i64; 1], mut r: [i64; 1]) {
            var x0 r: [i64; 1] is p1
            v0: usize = len a
            prange v1: usize in 0usize..v0 step 1usize {
              v2: i64 = index a[v1]
              v3: bool = ne v2, 0i64
              check v3, division_by_zero
              v4: i64 = div 1000i64, v2
              store x0[v1], v4
            }
        }",
        arguments: |n| {
            let a = |i| if i == 20 || i == 21 { 0 } else { 1 + i as i64 };
            vec![array((0..n).map(a)), array((0..n).map(whole))]
        },
        expected: |args| match elements::<i64>(&args[0]) {
            a if a.len() > 20 => Err((FaultKind::DivisionByZero, Some(20), vec![])),
            a => Ok(vec![array(a.into_iter().map(|x| 1000 / x))]),
        },
    },
    Case {
        name: "written_in_place",
        program: "program written_in_place(mut a: [f64; 1]) -> f64 {
            var x0 a: [f64; 1] is p0
            v0: [f64; 1] = x0
            v1: [f64; 1] = mul v0, 2.0f64
            update x0, v1
            v2: [f64; 1] = x0
            v3: f64 = reduce max v2
            return v3
        }",
        arguments: |n| vec![array(numbers(n))],
        expected: |args| {
            let doubled: Vec<f64> = elements::<f64>(&args[0]).into_iter().map(|x| 2.0 * x).collect();
            let largest = doubled.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            Ok(vec![scalar(largest), array(doubled)])
        },
    },
];
