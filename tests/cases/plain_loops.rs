//! Serial loops of every shape: what the code of plain loops keeps in registers, tests once, chooses and leaves out; and
//! code that is exchanged while a kernel runs.

use super::ways::every_way;
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, array};
use parfuse::prelude::*;

fn numbers(n: usize) -> Array1<f64> {
    Array1::from_shape_fn(n, |i| (i as f64 * 0.754_877_666) % 1.0)
}

// Loops in loops that run never, once and often, with tests that hold and checks that do not.

#[kernel]
fn triangle(a: &ArrayRef2<f64>, sums: &mut ArrayRef1<f64>) -> (f64, usize) {
    let mut total = 0.0;
    let mut count = 0;
    for i in 0..a.nrows() {
        let mut j = i;
        while j < a.ncols() && a[[i, j]] >= 0.0 {
            for k in j..i {
                total += a[[k, j]];
            }
            sums[i] += a[[i, j]];
            j += 1;
        }
        count += j;
    }
    (total, count)
}

#[test]
fn loops_in_loops_agree_with_the_function() {
    for (rows, columns) in [(0, 0), (0, 3), (1, 1), (5, 7), (7, 5)] {
        let a = Array2::from_shape_fn((rows, columns), |(i, j)| ((i * 5 + j * 3) % 9) as f64 - 1.0);
        every_way!(triangle(&a, &mut sums) with sums = Array1::zeros(rows));
    }
}

// Which of two integers is chosen without a branch.

#[kernel]
fn choices(a: &ArrayRef1<i64>, b: &ArrayRef1<i32>) -> (i64, i32, bool, f64) {
    let (mut most, mut steps, mut odd, mut mean) = (i64::MIN, 0i32, false, 0.0);
    for i in 0..a.len() {
        if a[i] > most {
            most = a[i];
            steps = b[i] * 3 + 1;
            odd = !odd;
        } else {
            steps -= b[i];
        }
        if b[i] > 2 {
            mean = mean * 0.5 + b[i] as f64;
        }
        let mut k = i + 1;
        while k != 1 {
            if k % 2 == 0 {
                k = k / 2;
            } else {
                k = 3 * k + 1;
            }
            steps += 1;
        }
    }
    (most, steps, odd, mean)
}

#[test]
fn branches_and_choices_agree_with_the_function() {
    let a = Array1::from_shape_fn(40, |i| ((i * i * 7) % 23) as i64 - 5);
    let b = Array1::from_shape_fn(40, |i| (i % 5) as i32);
    every_way!(choices(&a, &b));
    every_way!(choices(&array![], &array![]));
}

// Local arrays that are made anew, of other lengths, in the midst of loops.

#[kernel]
fn growing(n: usize) -> (Array2<f64>, f64) {
    let mut table = Array2::zeros((1, 1));
    let mut sum = 0.0;
    for m in 1..n {
        for i in 0..table.nrows() {
            for j in 0..table.ncols() {
                table[[i, j]] += (i + 10 * j) as f64;
                sum += table[[i, j]] * m as f64;
            }
        }
        if m % 2 == 1 {
            table = Array2::ones((m, m + 1));
        }
        let (last, width) = (table.nrows() - 1, table.ncols());
        table[[last, 0]] += width as f64;
    }
    (table, sum)
}

#[test]
fn lengths_of_arrays_made_anew_are_read_anew() {
    for n in 1..8 {
        every_way!(growing(n));
    }
}

// Elements that an inner loop works on.

#[kernel]
fn forces(x: &ArrayRef2<f64>, acc: &mut ArrayRef2<f64>) {
    for i in prange(0..acc.nrows()) {
        for j in 0..x.nrows() {
            let d = x[[j, 0]] - x[[i, 0]];
            acc[[i, 0]] += d * x[[j, 1]];
            acc[[i, 1]] -= d;
        }
    }
}

#[kernel]
fn serial_forces(x: &ArrayRef2<f64>, acc: &mut ArrayRef2<f64>) {
    for i in 0..acc.nrows() {
        for j in 0..x.nrows() {
            let d = x[[j, 0]] - x[[i, 0]];
            acc[[i, 0]] += d * x[[j, 1]];
            if d > 0.0 {
                acc[[i, 1]] -= d;
            }
        }
    }
}

#[kernel]
fn neighbours(r: &mut ArrayRef1<f64>) {
    for i in 0..r.len() {
        for j in 0..r.len() {
            r[i] += r[j] * 0.5;
        }
    }
}

#[kernel]
fn scratch(a: &ArrayRef1<f64>) -> (Array1<f64>, Array1<f64>) {
    let mut t = Array1::zeros(2);
    let mut r = Array1::zeros(a.len());
    for i in 0..a.len() {
        t[1] = a[i];
        r[i] = t[1] + t[0];
        t[0] += t[1];
    }
    (r, t)
}

#[test]
fn elements_that_loops_work_on_agree_with_the_function() {
    for n in [0, 1, 2, 9, 40] {
        let x = Array2::from_shape_fn((n, 2), |(i, k)| ((i * 7 + k * 3) % 11) as f64);
        every_way!(forces(&x, &mut acc) with acc = Array2::ones((n, 2)));
        every_way!(serial_forces(&x, &mut acc) with acc = Array2::ones((n, 2)));
        every_way!(neighbours(&mut r) with r = numbers(n));
        every_way!(scratch(&numbers(n)));
    }
}

#[kernel]
fn overrun(r: &mut ArrayRef1<f64>, n: usize, m: usize) {
    for i in 0..n {
        for j in 0..m {
            r[i] += j as f64;
        }
    }
}

#[test]
fn elements_that_do_not_exist_are_reported_only_where_they_are_touched() {
    let mut r = Array1::zeros(3);
    overrun::serial(&mut r, 3, 4).unwrap();
    assert_eq!(r, array![6.0, 6.0, 6.0]);
    let error = overrun::serial(&mut r, 5, 4).unwrap_err();
    assert!(matches!(error, Error::Index { index: 3, len: 3, iteration: None, .. }), "{error}");
    // Without inner iterations nothing is touched.
    assert_eq!(overrun::serial(&mut r, 5, 0), Ok(()));
}

// Launches that prove to be long get better code on the way.

#[kernel]
fn long(n: usize, m: usize) -> (Array1<f64>, f64) {
    let mut r = Array1::zeros(n);
    let mut sum = 0.0;
    for i in prange(0..n) {
        let mut x = i as f64 / n as f64;
        for _ in 0..m {
            x = (x * 3.7 * (1.0 - x)).abs();
        }
        r[i] = x;
        sum += x;
    }
    (r, sum)
}

#[test]
fn code_that_is_exchanged_in_the_midst_of_a_call_changes_no_bit() {
    let thorough = Engine::builder().threads(1).thorough(true).build().unwrap();
    for (n, m) in [(1, 10), (300, 3), (2_000, 900)] {
        let expected = thorough.install(|| long::serial(n, m)).unwrap();
        for threads in [1, 3] {
            let engine = Engine::builder().threads(threads).build().unwrap();
            for _ in 0..3 {
                assert_eq!(engine.install(|| long::parallel(n, m)).unwrap(), expected);
            }
        }
    }
}

// Many layouts of arguments.

#[kernel]
fn picked(a: &ArrayRef2<f64>, b: &ArrayRef2<f64>, c: &ArrayRef2<f64>, d: &ArrayRef2<f64>) -> Array2<f64> {
    a + b + c + d
}

#[test]
fn specialisations_that_were_forgotten_are_made_again() {
    let engine = Engine::builder().threads(1).build().unwrap();
    let kernel = engine.kernel::<picked>();
    let columns = Array2::from_shape_fn((3, 4), |(i, j)| (i * 4 + j) as f64).reversed_axes();
    let rows = columns.as_standard_layout().to_owned();
    let one = Array2::from_elem((1, 1), 2.0);
    let all = [rows.view(), columns.view(), one.view()];
    let mut calls = 0;
    let mut round = |expect_new: bool| {
        let before = engine.compilations();
        for layouts in 0..81usize {
            let [a, b, c, d] = [1, 3, 9, 27].map(|by| all[layouts / by % 3]);
            let found: Array2<f64> = kernel.serial((&*a, &*b, &*c, &*d)).unwrap();
            assert_eq!(found, &a + &b + c + d);
            calls += 1;
        }
        assert_eq!(engine.compilations() > before, expect_new);
    };
    round(true);
    round(true);
    // The first is found without looking, and stays.
    let before = engine.compilations();
    let _: Array2<f64> = kernel.serial((&rows, &rows, &rows, &rows)).unwrap();
    assert_eq!(engine.compilations(), before);
}
