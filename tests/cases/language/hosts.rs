//! Functions outside of compiled code: what goes in and comes back, how often and in which order they are called.

use crate::cases::ways::{compiled_ways, error_of, every_way, exactly};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, ArrayView2, ArrayViewMut1, array, s};
use num_complex::Complex64;
use parfuse::prelude::*;
use std::cell::RefCell;

thread_local! {
    static SEEN: RefCell<Vec<f64>> = const { RefCell::new(Vec::new()) };
}

/// What has been noted since it was asked last.
fn seen() -> Vec<f64> {
    SEEN.with(|seen| seen.take())
}

#[host]
fn note(x: f64) {
    SEEN.with(|seen| seen.borrow_mut().push(x));
}

#[host]
fn sorted(a: &ArrayRef1<f64>, descending: bool) -> Array1<f64> {
    let mut all = a.to_vec();
    all.sort_by(|x, y| if descending { y.total_cmp(x) } else { x.total_cmp(y) });
    Array1::from_vec(all)
}

#[host]
fn rotate(mut a: ArrayViewMut1<f64>, by: usize) -> usize {
    let copy = a.to_owned();
    for i in 0..a.len() {
        a[i] = copy[(i + by) % copy.len()];
    }
    a.len()
}

#[host]
fn parts(a: ArrayView2<i32>) -> (Array2<i32>, i64, Array1<bool>, u8) {
    let sum: i32 = a.iter().sum();
    (a.t().to_owned(), sum.into(), a.iter().map(|x| x % 2 == 0).collect(), a.len() as u8)
}

#[kernel]
fn ranked(a: &ArrayRef1<f64>, b: &ArrayRef1<f64>) -> (Array1<f64>, f64) {
    let both = a * b + 1.0;
    let up = sorted(&both, false);
    let down = sorted(&(&both - 1.0), true);
    (&up + &down, up[0])
}

#[kernel]
fn rotated(a: &mut ArrayRef1<f64>, k: usize) -> (usize, f64) {
    let mut own = a.mapv(|x| x * 2.0);
    let mut total = 0;
    for i in 0..k {
        total += rotate(a.view_mut(), i + 1);
        total += rotate(own.slice_mut(s![1..;2]), 1);
        own[0] += a[i % 2];
    }
    (total, (&own * a.to_owned()).sum())
}

#[kernel]
fn taken_apart(a: &ArrayRef2<i32>) -> (Array2<i32>, i64, i32) {
    let (turned, sum, even, count) = parts(a.view());
    let (again, _, _, _) = parts(a.slice(s![..;-1, 1..]));
    let evens = even.iter().filter(|x| **x).count() as i32;
    (turned * count as i32, sum, again.sum() + evens)
}

#[test]
fn arrays_and_scalars_go_in_and_come_back() {
    for n in [2, 3, 7, 1000] {
        let (a, b) = (Array1::from_shape_fn(n, |i| (i * 37 % 101) as f64), Array1::linspace(-1.0, 1.0, n));
        exactly!(ranked(&a, &b));
        exactly!(ranked(&a.slice(s![..;-1]), &b));
        exactly!(rotated(&mut a, 5) with a = Array1::from_shape_fn(n, |i| (i * 37 % 101) as f64));
    }
    let a = Array2::from_shape_fn((3, 4), |(i, j)| (i * 5 + j * 3) as i32);
    exactly!(taken_apart(&a));
    exactly!(taken_apart(&a.t()));
    exactly!(taken_apart(&a.slice(s![..;-1, ..;2])));
}

#[kernel]
fn noted(a: &mut ArrayRef1<f64>, limit: f64) -> f64 {
    note(-1.0);
    let mut x = 1.0;
    note(-1.0);
    while x < limit {
        for i in prange(0..a.len()) {
            a[i] += x;
        }
        note(a[0]);
        if x > 3.0 {
            note(x);
        }
        x *= 2.0;
    }
    let _unused = sorted(a, false);
    note(a.sum());
    note(a.sum());
    x
}

#[test]
fn each_call_happens_in_its_turn() {
    let fresh = || Array1::from_elem(100, 0.5);
    seen();
    noted(&mut fresh(), 10.0);
    let expected = seen();
    assert_eq!(expected.len(), 2 + 4 + 2 + 2);
    for parallel in [false, true] {
        let mut a = fresh();
        match parallel {
            true => noted::parallel(&mut a, 10.0).unwrap(),
            false => noted::serial(&mut a, 10.0).unwrap(),
        };
        assert_eq!(seen(), expected);
    }
}

#[kernel]
fn fails_between(a: &ArrayRef1<f64>, k: usize) -> f64 {
    note(1.0);
    for i in 0..k {
        note(a[i]);
    }
    note(2.0);
    a[k]
}

#[test]
fn what_comes_before_a_fault_has_happened_and_nothing_else() {
    let a = array![5.0, 6.0];
    seen();
    assert!(matches!(fails_between::serial(&a, 3), Err(Error::Index { index: 2, .. })));
    assert_eq!(seen(), [1.0, 5.0, 6.0]);
    assert!(matches!(fails_between::parallel(&a, 2), Err(Error::Index { index: 2, .. })));
    assert_eq!(seen(), [1.0, 5.0, 6.0, 2.0]);
}

#[host]
fn picky(x: f64) -> f64 {
    assert!(x >= 0.0, "{x} is negative");
    x.sqrt()
}

#[kernel]
fn roots(a: &mut ArrayRef1<f64>) {
    for i in 0..a.len() {
        let root = picky(a[i]);
        a[i] = root;
    }
}

#[test]
fn a_panic_is_an_error_with_its_place() {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let mut a = array![4.0, -9.0, 16.0];
    let error = roots::serial(&mut a).unwrap_err();
    std::panic::set_hook(hook);
    let Error::Host { function, message, cause, place } = &error else { panic!("{error}") };
    assert_eq!((function.as_str(), message.as_str(), cause), ("picky", "-9 is negative", &None));
    assert!(place.as_str().contains("hosts.rs:"), "{place}");
    assert_eq!(a, array![2.0, -9.0, 16.0]);
    assert_eq!(compiled_ways!(roots(&mut a) with a = array![4.0, 9.0]).1, array![2.0, 3.0]);
}

#[kernel]
fn helper(a: &ArrayRef1<f64>) -> Array1<f64> {
    if a.len() > 2 { sorted(a, true) } else { a.to_owned() }
}

#[kernel]
fn calls_helper(a: &ArrayRef1<f64>, out: &mut ArrayRef1<f64>) {
    let mut best = helper(a);
    for _ in 0..3 {
        best = helper(&(&best * 0.5 - a));
    }
    out.assign(&best);
}

#[kernel]
fn given_back(a: &ArrayRef1<f64>) -> Array1<f64> {
    sorted(&a.mapv(|x| -x), false)
}

#[test]
fn kernels_that_are_called_call_them_too() {
    for n in [0, 2, 3, 50] {
        let a = Array1::from_shape_fn(n, |i| (i * 7 % 11) as f64);
        exactly!(calls_helper(&a, &mut out) with out = Array1::zeros(n));
        exactly!(given_back(&a));
        let mut into = Array1::zeros(n);
        given_back::parallel_into(&a, &mut into).unwrap();
        assert_eq!(into, given_back(&a));
    }
}

#[kernel]
fn inside(a: &ArrayRef1<f64>) -> f64 {
    let mut sum = 0.0;
    for i in prange(0..a.len()) {
        sum += picky(a[i]);
    }
    sum
}

#[kernel]
fn in_closure(a: &ArrayRef1<f64>) -> Array1<f64> {
    a.mapv(|x| picky(x))
}

#[test]
fn iterations_call_nothing_outside() {
    for error in [error_of!(inside(&array![1.0])), error_of!(in_closure(&array![1.0]))] {
        let text = error.to_string();
        assert!(
            text.contains("`picky` runs outside of compiled code") && text.contains("a plain `for`"),
            "{text}"
        );
    }
}

#[test]
fn traced_kernels_call_them() {
    let engine = Engine::new().unwrap();
    let kernel = engine
        .trace("kernel", |t| {
            let a = t.array::<f64>("a", 1);
            let sorted = t.host::<sorted>(&[a * 2.0, t.value(true)]);
            sorted + 1.0
        })
        .unwrap();
    let result: Array1<f64> = kernel.parallel((&array![1.0, 3.0, 2.0],)).unwrap();
    assert_eq!(result, array![7.0, 5.0, 3.0]);
    let explanation = kernel.explain().unwrap();
    assert_eq!(explanation.calls.len(), 1);
    assert!(explanation.to_string().contains("`sorted`"), "{explanation}");
    let twice = engine.trace("twice", |t| {
        let a = t.array_mut::<f64>("a", 1);
        let both = [a, t.value(1usize)];
        t.host::<rotate>(&both)
    });
    assert_eq!(twice.unwrap().serial::<usize>((&mut array![1.0, 2.0],)), Ok(2));
}

/// Why there is no nearest number.
#[derive(PartialEq, Debug)]
struct TooFar(f64);

impl std::fmt::Display for TooFar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} is too far", self.0)
    }
}

impl std::error::Error for TooFar {}

#[host]
fn nearest(x: f64, grid: &ArrayRef1<f64>) -> Result<(Array1<f64>, usize), TooFar> {
    let at = grid.iter().position(|g| (g - x).abs() <= 0.5).ok_or(TooFar(x))?;
    Ok((grid - x, at))
}

#[host]
fn worded(x: f64) -> Result<f64, String> {
    if x > 0.0 { Ok(x) } else { Err(format!("{x} is not positive")) }
}

#[kernel]
fn looked_up(x: &ArrayRef1<f64>, grid: &ArrayRef1<f64>) -> (f64, usize) {
    let (mut distances, mut places) = (0.0, 0);
    for i in 0..x.len() {
        let (distance, place) = nearest(worded(x[i]).expect("positive"), grid).unwrap();
        distances += distance.mapv(|d| d.abs()).sum();
        places += place;
    }
    (distances, places)
}

#[test]
fn a_function_that_fails_ends_the_call_with_its_error() {
    let grid = array![1.0, 2.0, 3.0];
    every_way!(looked_up(&array![1.2, 2.9, 2.0], &grid));
    let error = error_of!(looked_up(&array![2.0, 7.0, -1.0], &grid));
    let Error::Host { function, message, cause: Some(cause), place } = &error else { panic!("{error}") };
    assert_eq!((function.as_str(), message.as_str()), ("nearest", "7 is too far"));
    assert_eq!(cause.downcast_ref(), Some(&TooFar(7.0)));
    let source = std::error::Error::source(&error).and_then(|source| source.downcast_ref());
    assert_eq!(source, Some(&TooFar(7.0)));
    assert!(place.as_str().contains("hosts.rs:"), "{place}");
    let error = error_of!(looked_up(&array![-1.0], &grid));
    assert!(error.to_string().ends_with("`worded`: -1 is not positive"), "{error}");
}

#[host]
fn turned(a: &ArrayRef2<Complex64>, by: Complex64) -> (Array2<Complex64>, Complex64, f64) {
    let turned = a.t().mapv(|z| z * by);
    let sum = turned.sum();
    (turned, sum * Complex64::i(), sum.norm_sqr())
}

#[host]
fn conjugate(mut a: ArrayViewMut1<Complex64>) -> usize {
    a.mapv_inplace(|z| z.conj());
    a.len()
}

#[kernel]
fn of_complex(a: &mut ArrayRef2<Complex64>, w: Complex64) -> (Array2<Complex64>, Complex64, f64) {
    let doubled = &*a * 2.0;
    let (first, sum, size) = turned(&doubled, w + 1.0);
    let (second, _, _) = turned(a, w);
    let (third, more, _) = turned(&first.t(), sum);
    let mut row = a.row(0).to_owned();
    let mut count = conjugate(row.view_mut());
    count += conjugate(a.row_mut(0));
    count += conjugate(a.column_mut(1));
    row[0] += Complex64::new(count as f64, 1.0);
    a.row_mut(1).assign(&row);
    (first + third - &second, sum * more, size)
}

#[test]
fn complex_numbers_go_in_and_come_back() {
    let start =
        |n, m| Array2::from_shape_fn((n, m), |(i, j)| Complex64::new(i as f64 - 1.5, j as f64 * 0.25));
    exactly!(of_complex(&mut a, Complex64::new(0.5, -0.25)) with a = start(2, 2));
    exactly!(of_complex(&mut a.slice_mut(s![..;-2, ..;3]), Complex64::i()) with a = start(5, 9));
    exactly!(of_complex(&mut a.view_mut().reversed_axes(), Complex64::i()) with a = start(7, 3));
}

#[kernel]
fn stepped(a: &mut ArrayRef1<f64>) -> f64 {
    for i in prange(0..a.len()) {
        a[i] += 1.0;
    }
    note(a.sum());
    for i in prange(0..a.len()) {
        a[i] *= 2.0;
    }
    a.sum()
}

#[test]
fn loops_on_either_side_of_a_call_that_reads_their_array_stay_apart() {
    every_way!(stepped(&mut a) with a = Array1::ones(100));
    // The sums fuse with the loops in front of them.
    assert_eq!(stepped::kernel().explain().unwrap().regions.len(), 2);
    seen();
}
