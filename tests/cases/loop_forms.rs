//! Loops and totals in the forms that users of other compilers write, beside those of `prange_spaces` and `reductions`.

use super::ways::{SIZES, error_of, every_way, exactly, same_bits};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, array};
use parfuse::prelude::*;

#[kernel(fast)]
fn signed_branch() -> Array1<i64> {
    let mut a = Array1::zeros(4);
    for i in prange(-2i64..2) {
        a[((i + 4) % 4) as usize] = if i == 0 {
            3
        } else if i < 1 {
            -1
        } else {
            7
        };
    }
    a
}

#[kernel]
fn wrapped_branch() -> Array1<i64> {
    let mut a = Array1::zeros(100);
    for i in prange(-50i64..50) {
        let at = if i < 0 { i + 100 } else { i };
        a[at as usize] = i;
    }
    a
}

#[kernel]
fn moved_behind(a: &ArrayRef1<f64>, k: usize) -> Array1<f64> {
    let n = a.len();
    let mut out = Array1::zeros(n);
    for i in prange(0..n) {
        let at = if i < k { i + n - k } else { i - k };
        out[at] = a[i];
    }
    out
}

#[kernel]
fn turned(a: &ArrayRef1<f64>) -> Array1<f64> {
    let n = a.len();
    let mut out = Array1::zeros(n);
    for i in prange(0..n) {
        let mut next = i + 1;
        if next == n {
            next = 0;
        }
        out[next] = a[i];
    }
    out
}

#[kernel]
fn chosen_twice(n: usize, k: usize) -> Array1<i64> {
    let mut a = Array1::zeros(n);
    for i in prange(0..n) {
        let at = if i < k { 0 } else { i };
        a[at] = i as i64;
    }
    a
}

#[kernel]
fn changed_index(n: usize) -> Array1<usize> {
    let mut a = Array1::zeros(n);
    for mut i in prange(0..n) {
        let at = i;
        i = i * 2 + 1;
        a[at] = i;
    }
    a
}

#[kernel]
fn stepped_down(n: i64, step: usize) -> Array1<i64> {
    let mut a = Array1::from_elem(n.max(0) as usize, -1);
    for i in prange((0..n).rev().step_by(step)) {
        a[i as usize] = n - i;
    }
    a
}

#[kernel]
fn set_before_it_is_read(a: &ArrayRef1<f64>) -> Array1<f64> {
    let mut out = Array1::zeros(a.len());
    for i in prange(0..a.len()) {
        let sign;
        if a[i] < 0.0 {
            sign = -1.0;
        } else {
            sign = 1.0;
        }
        out[i] = sign * a[i].abs().sqrt();
    }
    out
}

#[test]
fn indices_and_variables_of_an_iteration_are_its_own() {
    assert_eq!(exactly!(signed_branch()).0, array![3, 7, -1, -1]);
    exactly!(wrapped_branch());
    assert!(matches!(error_of!(chosen_twice(9, 3)), Error::PossibleRace { .. }));
    for n in SIZES {
        exactly!(moved_behind(&Array1::from_shape_fn(n, |i| i as f64), n / 3));
        exactly!(turned(&Array1::from_shape_fn(n, |i| i as f64)));
        assert_eq!(exactly!(changed_index(n)).0, Array1::from_shape_fn(n, |i| 2 * i + 1));
        for step in [1, 3, 64] {
            exactly!(stepped_down(n as i64, step));
        }
        exactly!(set_before_it_is_read(&Array1::from_shape_fn(n, |i| i as f64 - 40.5)));
    }
}

#[kernel]
fn one_in_each(n: usize) -> f64 {
    let mut acc = 0.0;
    for _ in prange(0..n) {
        let x = Array2::<f64>::ones((1, 1));
        acc += x[[0, 0]];
    }
    acc
}

#[kernel]
fn into_shorter_floats(step: &ArrayRef2<f64>, n: usize) -> Array2<f32> {
    let mut total = Array2::<f32>::zeros(step.dim());
    for _ in prange(0..n) {
        total += &step.mapv(|x| x as f32);
    }
    total
}

#[kernel]
fn into_all(x: &ArrayRef1<i64>, y: &mut ArrayRef1<i64>) {
    for i in prange(0..x.len()) {
        *y += x[i];
    }
}

#[kernel]
fn in_three_loops(n: usize, m: usize, l: usize) -> (i64, i64) {
    let (mut all, mut some) = (0, 0);
    for i in prange(0..n) {
        for j in 0..m {
            for k in 0..l {
                all += 1;
                if (i + j + k) % 3 == 0 {
                    some += (i * j) as i64 - k as i64;
                }
            }
        }
    }
    (all, some)
}

#[test]
fn totals_of_every_form_count_once() {
    for n in SIZES {
        assert_eq!(exactly!(one_in_each(n)).0, n as f64);
        let step = array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
        let total = every_way!(into_shorter_floats(&step, n)).0;
        assert_eq!(total, step.mapv(|x| (x * n as f64) as f32));
        let x = Array1::from_shape_fn(n, |i| i as i64 % 7 - 2);
        let (_, y) = exactly!(into_all(&x, &mut y) with y = array![1, 2, 3, 4, 5]);
        assert_eq!(y - array![1, 2, 3, 4, 5], Array1::from_elem(5, x.sum()));
        if n < 1000 {
            exactly!(in_three_loops(n, 3, 5));
        }
    }
    assert_eq!(exactly!(in_three_loops(1, 1, 1)).0, (1, 0));
}

#[kernel]
fn pi(n: usize) -> f64 {
    let x = 2.0 * Array1::<f64>::random(n) - 1.0;
    let y = 2.0 * Array1::<f64>::random(n) - 1.0;
    let inside = (&x * &x + &y * &y).mapv(|d| if d < 1.0 { 1.0 } else { 0.0 });
    4.0 * inside.sum() / n as f64
}

#[kernel]
fn weights_between(a: &Array1<f64>, z: f64) -> Array2<f64> {
    let n = a.len();
    let column = a.to_owned().into_shape_with_order((n, 1)).unwrap();
    (&column - a) / z
}

#[kernel]
fn square_of_a_line(a: &Array1<f64>) -> Array2<f64> {
    a.to_owned().into_shape_with_order((3, 3)).unwrap()
}

#[kernel]
fn whole_quotients(a: &Array1<i32>, by: i32) -> (Array1<i32>, Array1<i32>) {
    (a / by, a % by)
}

#[test]
fn array_expressions_draw_reshape_and_divide() {
    for n in [9, 943, 40_000] {
        let found =
            same_bits(|parallel| with_seed(3, || if parallel { pi::parallel(n) } else { pi::serial(n) }));
        let plain = with_seed(3, || pi(n));
        assert!((found - plain).abs() < 1e-12, "{found} {plain}");
    }
    let explanation = pi::kernel().explain().unwrap();
    assert_eq!((explanation.regions.len(), explanation.arrays_allocated), (1, 0), "{explanation}");
    exactly!(weights_between(&Array1::from_shape_fn(9, |i| i as f64 * 0.7), 1.5));
    let error = error_of!(square_of_a_line(&Array1::zeros(8)));
    assert!(matches!(error, Error::ShapeMismatch { .. }), "{error}");
    let a = array![7, -7, i32::MIN, i32::MAX];
    exactly!(whole_quotients(&a, -3));
    assert!(matches!(error_of!(whole_quotients(&a, 0)), Error::DivisionByZero { .. }));
}
