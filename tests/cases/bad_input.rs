//! Bad input: every mistake of a caller, and every failure of a kernel, is a typed error; the next call works.
//!
//! | not here | because |
//! |---|---|
//! | foreign byte orders, unaligned or read-only arrays, negative lengths | `ndarray` and the type system exclude them |
//! | overlapping inputs and outputs | the borrow checker excludes them |
//! | mixed element types in one expression | rustc refuses it; in traced closures it is `Error::Trace`, below |
//! | `bool - bool`, literals that do not fit their type, integers to negative powers | rustc refuses them |

use super::ways::{compiled_ways, engines, error_of, every_way};
use ndarray::{Array1, Array2, Array3, ArrayRef1, ArrayRef2, array, s};
use parfuse::prelude::*;
use parfuse::{AllocationError, Engine, Kernel};

#[kernel]
fn golden(a: &ArrayRef1<f64>) -> f64 {
    (a * 2.0 + 1.0).sum()
}

/// After whatever went wrong, this still works.
fn the_next_call_works() {
    let a = Array1::from_shape_fn(40_000, |i| i as f64);
    for engine in engines() {
        let found = engine.install(|| (golden::serial(&a).unwrap(), golden::parallel(&a).unwrap()));
        assert_eq!(found, (1_600_000_000.0, 1_600_000_000.0));
    }
}

#[kernel]
fn add(a: &ArrayRef2<f64>, b: &ArrayRef2<f64>) -> Array2<f64> {
    a + b
}

#[kernel]
fn add_row(a: &ArrayRef2<f64>, b: &ArrayRef1<f64>) -> Array2<f64> {
    a + b
}

#[kernel]
fn add_into_first(a: &mut Array2<f64>, b: &Array2<f64>) {
    *a += b;
}

#[test]
fn shapes_that_do_not_fit_are_named_by_axis_and_lengths() {
    let zeros = |shape| Array2::<f64>::zeros(shape);
    for (a, b, expected) in [
        ((3, 4), (5, 4), (0, 3, 5)),
        ((3, 4), (3, 5), (1, 4, 5)),
        ((2, 2), (0, 2), (0, 2, 0)),
        ((300, 200), (300, 201), (1, 200, 201)),
    ] {
        let error = error_of!(add(&zeros(a), &zeros(b)));
        let Error::ShapeMismatch { axis, left, right, place } = &error else { panic!("{error}") };
        assert_eq!((*axis, *left, *right), expected, "{error}");
        assert!(place.as_str().contains("bad_input.rs:"), "{place}");
    }
    assert_eq!(every_way!(add(&zeros((3, 1)), &zeros((1, 4)))).0, zeros((3, 4)));
    assert_eq!(every_way!(add_row(&zeros((3, 4)), &Array1::zeros(4))).0, zeros((3, 4)));
    assert!(matches!(error_of!(add_row(&zeros((3, 4)), &Array1::zeros(3))), Error::ShapeMismatch { .. }));
    // The left side of `+=` keeps its shape.
    let error = error_of!(add_into_first(&mut zeros((1, 4)), &zeros((3, 4))));
    assert!(matches!(error, Error::ShapeMismatch { axis: 0, .. }), "{error}");
    the_next_call_works();
}

/// The kernel of a function, for calls that the function's signature would not allow.
fn handle() -> Kernel {
    Engine::current().kernel::<add_row>()
}

#[test]
fn handles_check_number_types_ranks_and_mutability_of_arguments() {
    let (m, v) = (Array2::<f64>::zeros((3, 4)), Array1::<f64>::zeros(4));
    let position = |result: Result<Array2<f64>, Error>| match result {
        Err(Error::Argument { kernel, position, expected, found, .. }) => {
            assert_eq!(kernel, "add_row");
            (position, expected, found)
        }
        other => panic!("{other:?}"),
    };
    let count = |result: Result<Array2<f64>, Error>| match result {
        Err(Error::ArgumentCount { expected: 2, found, .. }) => found,
        other => panic!("{other:?}"),
    };
    assert_eq!(count(handle().serial((&m,))), 1);
    assert_eq!(count(handle().parallel((&m, &v, 1.0))), 3);
    assert_eq!(count(handle().serial(())), 0);
    assert_eq!(position(handle().serial((&m, &m))).0, 1);
    assert_eq!(position(handle().parallel((&v, &v))).0, 0);
    assert_eq!(position(handle().serial((1.0, &v))).0, 0);
    assert_eq!(position(handle().serial((&m, 7i64))).0, 1);
    let single = Array1::<f32>::zeros(4);
    let (at, expected, found) = position(handle().parallel((&m, &single)));
    assert_eq!((at, expected.contains("f64"), found.contains("f32")), (1, true, true), "{expected} {found}");

    let fill = Engine::current().trace("fill", |t| {
        let a = t.array_mut::<f64>("a", 1);
        a.fill(1.0);
        t.unit()
    });
    let error = fill.unwrap().serial::<()>((&v,)).unwrap_err();
    assert!(
        matches!(&error, Error::Argument { position: 0, expected, .. } if expected.contains("mut")),
        "{error}"
    );
    the_next_call_works();
}

#[test]
fn handles_check_the_result_asked_for() {
    let (m, v) = (Array2::<f64>::zeros((3, 4)), Array1::<f64>::zeros(4));
    let wrong = [
        handle().serial::<Array1<f64>>((&m, &v)).unwrap_err(),
        handle().serial::<Array2<f32>>((&m, &v)).unwrap_err(),
        handle().parallel::<f64>((&m, &v)).unwrap_err(),
        handle().parallel::<()>((&m, &v)).unwrap_err(),
        handle().parallel::<(Array2<f64>, Array2<f64>)>((&m, &v)).unwrap_err(),
    ];
    for error in wrong {
        let Error::Result { kernel, returned, .. } = &error else { panic!("{error}") };
        assert_eq!((kernel.as_str(), returned.contains("f64")), ("add_row", true), "{error}");
    }
    the_next_call_works();
}

#[test]
fn mistakes_in_traced_closures_are_collected() {
    let traced = Engine::current().trace("mixed", |t| {
        let (a, b) = (t.array::<f64>("a", 1), t.array::<f32>("b", 1));
        let _ = a + b;
        let _ = a.at(&[t.value(0usize), t.value(1usize)]);
        a + a.shape(7)
    });
    let Err(Error::Trace(error)) = traced else { panic!("{traced:?}") };
    assert_eq!(error.kernel, "mixed");
    assert!(error.complaints.len() >= 2, "{error}");
    assert!(error.complaints.iter().all(|complaint| !complaint.message.is_empty()), "{error}");
    the_next_call_works();
}

#[kernel]
fn gather(a: &ArrayRef1<f64>, index: &ArrayRef1<i64>) -> Array1<f64> {
    let mut r = Array1::zeros(index.len());
    for i in prange(0..index.len()) {
        r[i] = a[index[i] as usize];
    }
    r
}

#[kernel]
fn shifted_store(a: &mut ArrayRef1<f64>, by: usize) {
    for i in prange(0..a.len()) {
        a[i + by] = i as f64;
    }
}

#[kernel]
fn element(m: &ArrayRef2<i64>, i: usize, j: usize) -> i64 {
    m[[i, j]]
}

#[kernel]
fn serial_walk(a: &ArrayRef1<i64>, n: usize) -> i64 {
    let mut hash = 0;
    for i in 0..n {
        hash = (hash * 31 + a[i]) % 1_000_003;
    }
    hash
}

#[test]
fn indices_out_of_range_name_array_axis_index_length_and_place() {
    let index_error = |error: Error| match error {
        Error::Index { array, axis, index, len, iteration, place } => {
            assert!(place.as_str().contains("bad_input.rs:"), "{place}");
            (array, axis, index, len, iteration)
        }
        other => panic!("{other}"),
    };
    for n in [1, 9, 1000, 40_000] {
        let a = Array1::<f64>::zeros(7);
        let mut index = Array1::<i64>::from_elem(n, 6);
        assert_eq!(every_way!(gather(&a, &index)).0.len(), n);
        for (k, bad) in [(n - 1, 7), (n / 2, i64::MAX), (0, -1)] {
            index[k] = bad;
            let found = index_error(error_of!(gather(&a, &index)));
            assert_eq!(found, ("`a`".into(), 0, bad as usize, 7, Some(k)));
        }
    }

    let (array, axis, index, len, _) = index_error(error_of!(shifted_store(&mut Array1::zeros(9), 1)));
    assert_eq!((array.as_str(), axis, index, len), ("`a`", 0, 9, 9));
    assert!(matches!(error_of!(shifted_store(&mut Array1::zeros(9), usize::MAX)), Error::Index { .. }));

    let m = Array2::<i64>::zeros((3, 4));
    assert_eq!(index_error(error_of!(element(&m, 3, 0))), ("`m`".into(), 0, 3, 3, None));
    assert_eq!(index_error(error_of!(element(&m, 2, 4))), ("`m`".into(), 1, 4, 4, None));
    assert_eq!(index_error(error_of!(element(&m, 5, 9))), ("`m`".into(), 0, 5, 3, None));
    assert!(matches!(error_of!(element(&Array2::zeros((0, 0)), 0, 0)), Error::Index { .. }));
    assert_eq!(index_error(error_of!(serial_walk(&Array1::zeros(9), 10))), ("`a`".into(), 0, 9, 9, None));
    the_next_call_works();
}

#[kernel]
fn constant_index(a: &ArrayRef1<f64>) -> f64 {
    let own = Array1::<f64>::ones(3);
    let mut sum = 0.0;
    for i in prange(0..a.len()) {
        sum += a[i] * own[5];
    }
    sum
}

#[test]
fn an_index_that_is_written_out_is_checked_too() {
    let error = error_of!(constant_index(&Array1::ones(9000)));
    assert!(matches!(error, Error::Index { axis: 0, index: 5, len: 3, iteration: Some(0), .. }), "{error}");
    assert_eq!(every_way!(constant_index(&Array1::ones(0))).0, 0.0);
}

#[test]
fn nothing_outside_an_array_is_written_when_an_index_is_out_of_range() {
    for by in [1, 2, 8, usize::MAX, usize::MAX / 8] {
        for parallel in [false, true] {
            let mut memory = Array1::from_elem(30_000, -1.0);
            let mut middle = memory.slice_mut(s![10_000..20_000]);
            let failed = match parallel {
                true => shifted_store::parallel(&mut middle, by),
                false => shifted_store::serial(&mut middle, by),
            };
            assert!(matches!(failed, Err(Error::Index { .. })));
            assert!(memory.slice(s![..10_000]).iter().chain(memory.slice(s![20_000..])).all(|x| *x == -1.0));
        }
    }
}

#[kernel]
fn divide(a: &ArrayRef1<i64>, b: &ArrayRef1<i64>) -> (Array1<i64>, Array1<i64>) {
    let (mut quotients, mut remainders) = (Array1::zeros(a.len()), Array1::zeros(a.len()));
    for i in prange(0..a.len()) {
        quotients[i] = a[i] / b[i];
        remainders[i] = a[i] % b[i];
    }
    (quotients, remainders)
}

#[kernel]
fn divide_scalars(a: i32, b: i32) -> i32 {
    a / b
}

#[kernel]
fn remainder_usize(a: usize, b: usize) -> usize {
    a % b
}

#[kernel]
fn divide_wholes(a: &Array1<i64>, b: &Array1<i64>) -> Array1<i64> {
    a / b
}

#[kernel]
fn remainders_by_rows(a: &ArrayRef2<i32>, b: &ArrayRef2<i32>) -> Array2<i32> {
    a % (b - 1)
}

#[test]
fn an_array_divided_by_zero_tells_the_element() {
    let at = |error: Error| match error {
        Error::DivisionByZero { iteration, .. } => iteration,
        other => panic!("{other}"),
    };
    for n in [5, 9000] {
        let mut divisors = Array1::<i64>::ones(n);
        divisors[4] = 0;
        divisors[n - 1] = 0;
        assert_eq!(at(error_of!(divide_wholes(&Array1::ones(n), &divisors))), Some(4));
    }
    let (ones, mut divisors) = (Array2::ones((4, 3)), Array2::from_elem((4, 3), 7));
    divisors[[2, 1]] = 1;
    assert_eq!(at(error_of!(remainders_by_rows(&ones, &divisors))), Some(7));
    // The row is the same for all rows.
    let row = divisors.slice(s![2..3, ..]).to_owned();
    assert_eq!(at(error_of!(remainders_by_rows(&ones, &row))), Some(1));
    assert_eq!(every_way!(remainders_by_rows(&Array2::ones((0, 3)), &row)).0.dim(), (0, 3));
}

#[test]
fn a_negative_index_is_shown_with_its_sign() {
    let a = Array1::<f64>::zeros(7);
    let error = error_of!(gather(&a, &Array1::from_elem(3, -2))).to_string();
    let expected =
        "index -2 (as `usize` 18446744073709551614) is out of range for axis 0 of `a` with length 7";
    assert!(error.contains(expected), "{error}");
    // Also if it is checked in front of the loop.
    let error = error_of!(shifted_store(&mut Array1::zeros(9), usize::MAX)).to_string();
    assert!(error.contains("index -1 ("), "{error}");
}

#[test]
fn division_by_zero_is_an_error_and_overflow_wraps() {
    let ones = Array1::<i64>::ones(9);
    let mut divisors = ones.clone();
    divisors[4] = 0;
    let error = error_of!(divide(&ones, &divisors));
    assert!(matches!(error, Error::DivisionByZero { iteration: Some(4), .. }), "{error}");
    for error in [
        error_of!(divide_scalars(1, 0)),
        error_of!(remainder_usize(1, 0)),
        error_of!(divide_wholes(&ones, &divisors)),
    ] {
        let Error::DivisionByZero { place, .. } = &error else { panic!("{error}") };
        assert!(place.as_str().contains("bad_input.rs:"), "{place}");
    }
    let least = Array1::from_elem(20, i64::MIN);
    let (quotients, remainders) = compiled_ways!(divide(&least, &Array1::from_elem(20, -1))).0;
    assert_eq!((quotients, remainders), (least.clone(), Array1::zeros(20)));
    assert_eq!(compiled_ways!(divide_wholes(&least, &Array1::from_elem(20, -1))).0, least);
    assert_eq!(compiled_ways!(divide_scalars(i32::MIN, -1)).0, i32::MIN);
    the_next_call_works();
}

#[kernel]
fn shifts(a: &ArrayRef1<i64>, count: &ArrayRef1<i64>) -> (Array1<i64>, Array1<i64>) {
    let (mut left, mut right) = (Array1::zeros(a.len()), Array1::zeros(a.len()));
    for i in prange(0..a.len()) {
        left[i] = a[i] << count[i];
        right[i] = a[i] >> count[i];
    }
    (left, right)
}

#[kernel]
fn overflows(a: &ArrayRef1<i32>) -> (Array1<i32>, Array1<i32>, Array1<i32>) {
    let (mut sums, mut products, mut magnitudes) =
        (Array1::zeros(a.len()), Array1::zeros(a.len()), Array1::zeros(a.len()));
    for i in prange(0..a.len()) {
        sums[i] = a[i] + i32::MAX;
        products[i] = a[i] * a[i];
        magnitudes[i] = -a[i].abs();
    }
    (sums, products, magnitudes)
}

#[kernel]
fn to_integers(a: &ArrayRef1<f64>) -> (Array1<i64>, Array1<i32>, Array1<usize>) {
    (a.mapv(|x| x as i64), a.mapv(|x| x as i32), a.mapv(|x| x as usize))
}

#[test]
fn shifts_overflow_and_casts_have_one_result_everywhere() {
    let a = array![-5, 5, -5, 5, -5, 5, -5, 5, 1, -1];
    let counts = array![64, 64, 65, 1000, -1, -1, i64::MIN, i64::MAX, 63, 63];
    let (left, right) = compiled_ways!(shifts(&a, &counts)).0;
    assert_eq!(left, array![0, 0, 0, 0, 0, 0, 0, 0, i64::MIN, i64::MIN]);
    assert_eq!(right, array![-1, 0, -1, 0, -1, 0, -1, 0, 0, -1]);

    let a = array![1, i32::MIN, i32::MAX, 46_341, 0];
    let (sums, products, magnitudes) = compiled_ways!(overflows(&a)).0;
    assert_eq!(sums, a.mapv(|x: i32| x.wrapping_add(i32::MAX)));
    assert_eq!(products, a.mapv(|x: i32| x.wrapping_mul(x)));
    assert_eq!(magnitudes, a.mapv(|x: i32| x.wrapping_abs().wrapping_neg()));

    let floats = array![f64::NAN, f64::INFINITY, -f64::INFINITY, 1e300, -1e300, -0.9, 2.9, -2.9];
    every_way!(to_integers(&floats));
}

#[kernel]
fn totals(a: &ArrayRef1<f64>) -> (f64, f64, f64) {
    (a.sum(), a.product(), a.mean().unwrap_or(f64::NAN))
}

#[kernel]
fn mean(a: &ArrayRef2<f64>) -> f64 {
    a.mean().expect("elements")
}

#[kernel]
fn everything_empty(a: &mut ArrayRef2<f64>, v: &ArrayRef1<i64>) -> (Array2<f64>, i64, Array3<bool>) {
    *a += 1.0;
    a.mapv_inplace(|x| x * 2.0);
    let mut count = 0;
    for i in prange(0..v.len()) {
        count += v[i];
    }
    (a.to_owned() - 3.0, count + v.sum(), Array3::from_elem((0, v.len(), 7), true))
}

#[test]
fn empty_arrays_are_fine_and_only_their_mean_is_missing() {
    let (sum, product, mean_or) = every_way!(totals(&Array1::zeros(0))).0;
    assert!(sum == 0.0 && product == 1.0 && mean_or.is_nan());
    for shape in [(0, 0), (0, 5), (5, 0)] {
        let error = error_of!(mean(&Array2::zeros(shape)));
        let Error::EmptyMean { place } = &error else { panic!("{error}") };
        assert!(place.as_str().contains("bad_input.rs:"), "{place}");
        every_way!(everything_empty(&mut a, &Array1::zeros(0)) with a = Array2::zeros(shape));
    }
    the_next_call_works();
}

#[kernel]
fn extremes(a: &ArrayRef1<i64>) -> (i64, i64, usize, i64) {
    (a.min(), a.max(), a.argmax(), a.iter().copied().max().unwrap())
}

#[kernel]
fn along_no_axis(a: &ArrayRef2<f64>) -> Array1<f64> {
    a.sum_axis(ndarray::Axis(5))
}

#[kernel]
fn rows_of_a_row(a: &ArrayRef2<f64>, k: usize) -> f64 {
    a.axis_chunks_iter(ndarray::Axis(0), k).map(|part| part.sum()).sum()
}

#[test]
fn extremes_of_nothing_axes_that_are_not_there_and_parts_of_no_length_are_errors() {
    assert_eq!(every_way!(extremes(&array![3, -1, 7])).0, (-1, 7, 2, 7));
    assert!(matches!(error_of!(extremes(&Array1::zeros(0))), Error::EmptyExtreme { .. }));
    let error = along_no_axis::kernel().check().unwrap_err();
    assert!(error.to_string().contains("there is no axis 5 in an array with 2"), "{error}");
    assert!(matches!(error_of!(rows_of_a_row(&Array2::zeros((2, 2)), 0)), Error::ZeroStep { .. }));
    the_next_call_works();
}

#[kernel]
fn neighbours_race(a: &mut ArrayRef1<f64>) {
    for i in prange(0..a.len() - 1) {
        a[i] = 1.0;
        a[i + 1] = 2.0;
    }
}

#[kernel]
fn one_element_race(a: &mut ArrayRef1<f64>, at: usize) {
    for i in prange(0..a.len()) {
        a[at] = i as f64;
    }
}

#[kernel]
fn read_behind(a: &mut ArrayRef1<f64>) {
    for i in prange(1..a.len()) {
        a[i] += a[i - 1];
    }
}

#[test]
fn iterations_that_touch_one_element_are_refused_and_both_places_named() {
    for (error, lines_apart) in [
        (error_of!(neighbours_race(&mut Array1::zeros(9))), 1),
        (error_of!(one_element_race(&mut Array1::zeros(9), 3)), 0),
        (error_of!(read_behind(&mut Array1::zeros(9))), 0),
    ] {
        let Error::PossibleRace { array, first, second } = &error else { panic!("{error}") };
        assert_eq!(array, "a");
        let line = |place: &parfuse::Place| -> i64 {
            let parts: Vec<&str> = place.as_str().rsplitn(3, ':').collect();
            assert!(parts[2].ends_with("bad_input.rs"), "{place}");
            parts[1].parse().unwrap()
        };
        assert_eq!((line(first) - line(second)).abs(), lines_apart, "{error}");
    }
    the_next_call_works();
}

#[kernel]
fn make(h: usize, w: usize) -> Array2<f64> {
    Array2::<f64>::ones((h, w))
}

#[kernel]
fn make_random(n: usize) -> Array1<f64> {
    Array1::<f64>::random(n)
}

#[test]
fn arrays_that_cannot_be_are_errors() {
    for (h, w) in [(1 << 60, 1), (1, 1 << 60), (1 << 33, 1 << 33), (usize::MAX, usize::MAX), (usize::MAX, 2)]
    {
        let error = error_of!(make(h, w));
        let Error::Allocation { shape, cause, place } = &error else { panic!("{error}") };
        assert_eq!((&shape[..], *cause), (&[h, w][..], AllocationError::TooLarge));
        assert!(place.as_str().contains("bad_input.rs:"), "{place}");
    }
    // Within the address space, beyond any memory.
    assert!(matches!(error_of!(make(1 << 28, 1 << 28)), Error::Allocation { .. }));
    assert!(matches!(error_of!(make_random(1 << 58)), Error::Allocation { .. }));
    // No elements, but strides that `ndarray` refuses.
    assert!(matches!(error_of!(make(0, usize::MAX)), Error::Allocation { .. }));
    assert_eq!(every_way!(make(0, isize::MAX as usize)).0.shape(), [0, isize::MAX as usize]);
    the_next_call_works();
}

#[kernel]
fn count_all(n: i64) -> i64 {
    let mut count = 0;
    for _ in prange(0..n) {
        count += 1;
    }
    count
}

#[kernel]
fn no_work(n: i64) -> i64 {
    for i in prange(0..n) {
        let unused = i * 2;
        let _ = unused;
    }
    n
}

#[test]
fn loops_without_effect_take_no_time() {
    assert_eq!(compiled_ways!(no_work(i64::MAX)).0, i64::MAX);
    assert_eq!(compiled_ways!(no_work(i64::MIN)).0, i64::MIN);
}

#[test]
fn results_go_only_where_they_fit() {
    let (a, b) = (Array2::<f64>::ones((3, 4)), Array2::<f64>::ones((3, 4)));
    for mut out in [Array2::zeros((4, 3)), Array2::zeros((3, 5)), Array2::zeros((0, 0))] {
        let (before, found) = (out.clone(), out.shape().to_vec());
        let expected = Error::OutputShape { expected: vec![3, 4], found };
        assert_eq!(add::serial_into(&a, &b, &mut out).unwrap_err(), expected);
        assert_eq!(add::parallel_into(&a, &b, &mut out).unwrap_err(), expected);
        assert_eq!(out, before);
    }
    let mut wide = Array2::from_elem((4, 9), -1.0);
    add::parallel_into(&a, &b, &mut wide.slice_mut(s![..3;-1, 1..;2])).unwrap();
    assert_eq!(wide.slice(s![..3, 1..;2]), &a + &b);
    assert_eq!(wide.sum(), 24.0 - 24.0);
    let mut turned = Array2::zeros((4, 3));
    add::serial_into(&a, &b, &mut turned.view_mut().reversed_axes()).unwrap();
    assert_eq!(turned, Array2::from_elem((4, 3), 2.0));
    assert_eq!(compiled_ways!(count_all(3_000_000)).0, 3_000_000);
}

#[test]
fn a_thousand_mistakes_later_all_is_well() {
    let (m, v) = (Array2::<f64>::zeros((3, 4)), Array1::<f64>::zeros(3));
    let (ones, zeros) = (Array1::<i64>::ones(9000), Array1::<i64>::zeros(9000));
    let index = Array1::from_elem(9000, -1);
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
    for round in 0..1000 {
        let parallel = round % 2 == 0;
        macro_rules! fails {
            ($kernel:ident($($arg:expr),*)) => {
                assert!(if parallel { $kernel::parallel($($arg),*).is_err() } else { $kernel::serial($($arg),*).is_err() })
            };
        }
        fails!(add_row(&m, &v));
        fails!(gather(&v, &index));
        fails!(shifted_store(&mut Array1::zeros(50), 3));
        fails!(element(&Array2::zeros((2, 2)), 2, 2));
        fails!(divide(&ones, &zeros));
        fails!(mean(&Array2::zeros((0, 1))));
        fails!(make(1 << 40, 1 << 40));
        fails!(neighbours_race(&mut Array1::zeros(9)));
        assert!(handle().serial::<f64>((&m,)).is_err());
        assert!(handle().serial::<f64>((&m, &v)).is_err());
        assert!(add::serial_into(&m, &m, &mut Array2::zeros((1, 1))).is_err());
    }
    the_next_call_works();
    assert_eq!(Engine::current().threads(), threads);
}
