//! Arrays reduced along axes, and to what takes several words of state.
//!
//! | case | result |
//! |---|---|
//! | `sum_axis` and its kin, of any shape and layout | about `ndarray`'s, the same bits every way |
//! | a long row of `sum_axis` along the last axis | the bits of the row's own `sum()` |
//! | other rows of `sum_axis` | the bits of the sum by pieces and groups |
//! | `argmin`, `argmax`, `min`, `max` | the bits of plain Rust, with ties and NaN |
//! | `var`, `std` and their kin | about `ndarray`'s, also far from zero |
//! | empty arrays, `ddof` outside the elements | an error with the line |

use super::ways::{compiled_ways, error_of, every_way, same_error};
use ndarray::{
    Array, Array1, Array2, Array3, Array5, Array6, ArrayRef1, ArrayRef2, ArrayRef3, ArrayRef6, Axis, Ix2,
    ShapeBuilder, s,
};
use parfuse::prelude::*;

#[kernel]
fn sums(a: &ArrayRef2<f64>) -> (Array1<f64>, Array1<f64>) {
    (a.sum_axis(Axis(0)), a.sum_axis(Axis(1)))
}

#[kernel]
fn products(a: &ArrayRef2<i64>) -> (Array1<i64>, Array1<i64>) {
    (a.product_axis(Axis(0)), a.product_axis(Axis(1)))
}

#[kernel]
fn sums_of_three(a: &ArrayRef3<i64>) -> (Array2<i64>, Array2<i64>, Array2<i64>) {
    (a.sum_axis(Axis(0)), a.sum_axis(Axis(1)), a.sum_axis(Axis(2)))
}

#[kernel]
fn total(a: &ArrayRef1<f64>) -> f64 {
    a.sum()
}

#[kernel]
fn extremes(a: &ArrayRef2<f64>) -> (f64, f64, usize, usize) {
    (a.min(), a.max(), a.argmin(), a.argmax())
}

#[kernel]
fn extremes_of_columns(a: &ArrayRef2<f64>) -> (Array1<f64>, Array1<f64>, Array1<usize>, Array1<usize>) {
    (a.min_axis(Axis(0)), a.max_axis(Axis(0)), a.argmin_axis(Axis(0)), a.argmax_axis(Axis(0)))
}

#[kernel]
fn extremes_of_rows(a: &ArrayRef2<f64>) -> (Array1<f64>, Array1<f64>, Array1<usize>, Array1<usize>) {
    (a.min_axis(Axis(1)), a.max_axis(Axis(1)), a.argmin_axis(Axis(1)), a.argmax_axis(Axis(1)))
}

#[kernel]
fn spread(a: &ArrayRef2<f64>, ddof: f64) -> (f64, f64) {
    (a.var(ddof), a.std(ddof))
}

#[kernel]
fn spread_along(a: &ArrayRef2<f64>, ddof: f64) -> (Array1<f64>, Array1<f64>) {
    (a.var_axis(Axis(0), ddof), a.std_axis(Axis(1), ddof))
}

#[kernel]
fn centred(a: &ArrayRef2<f64>) -> Array2<f64> {
    a - a.mean_axis(Axis(0)).unwrap()
}

#[kernel]
fn means_of_squares(a: &ArrayRef2<f64>) -> Array1<f64> {
    let b = a * a;
    b.mean_axis(Axis(1)).expect("columns")
}

/// Shapes around the lengths at which rows are taken in pieces, in lanes and in blocks.
const SHAPES: [(usize, usize); 25] = [
    (1, 1),
    (2, 3),
    (3, 2),
    (5, 15),
    (5, 16),
    (5, 17),
    (17, 5),
    (33, 40),
    (5, 64),
    (5, 65),
    (64, 5),
    (65, 5),
    (130, 7),
    (7, 130),
    (200, 33),
    (2, 8192),
    (3, 8193),
    (2, 20_000),
    (20_000, 2),
    (400, 300),
    (257, 513),
    (40, 257),
    (3, 600),
    (33, 1024),
    (33, 1025),
];

/// Numbers without a pattern, some of them equal.
fn numbers(shape: (usize, usize)) -> Array2<f64> {
    Array::from_shape_fn(shape, |(i, j)| ((i * 7919 + j * 104_729) % 1009) as f64 / 7.0 - 60.0)
}

/// The same array in several layouts.
fn layouts(a: &Array2<f64>) -> [Array2<f64>; 2] {
    let mut by_columns = Array2::zeros(a.dim().f());
    by_columns.assign(a);
    [a.clone(), by_columns]
}

#[track_caller]
fn close(found: &Array1<f64>, expected: &Array1<f64>) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        let scale = expected.abs().max(1.0);
        assert!((found - expected).abs() <= 1e-11 * scale, "{found} is not {expected}");
    }
}

#[test]
fn sums_along_axes_are_about_those_of_ndarray() {
    for shape in SHAPES {
        let mut first = None;
        for a in layouts(&numbers(shape)) {
            let (found,) = compiled_ways!(sums(&a));
            close(&found.0, &a.sum_axis(Axis(0)));
            close(&found.1, &a.sum_axis(Axis(1)));
            assert_eq!(*first.get_or_insert(found.clone()), found, "{shape:?}: layouts change no bit");
        }
    }
}

#[test]
fn integers_are_the_same_in_any_order() {
    for shape in SHAPES {
        let a = numbers(shape).mapv(|x| if x as i64 % 3 == 0 { -1 } else { 1 });
        every_way!(products(&a));
    }
    for shape in
        [(1, 1, 1), (4, 5, 6), (70, 3, 80), (2, 100, 3), (3, 2, 9000), (0, 3, 2), (3, 0, 2), (3, 2, 0)]
    {
        let a = Array3::from_shape_fn(shape, |(i, j, k)| (i * 31 + j * 7 + k) as i64);
        every_way!(sums_of_three(&a));
    }
}

#[test]
fn a_long_row_has_the_bits_of_its_own_sum() {
    for columns in [1025, 4000, 8193, 30_000] {
        let a = numbers((3, columns)).mapv(|x| x / 3.0);
        let (_, rows) = sums::serial(&a).unwrap();
        for (row, sum) in a.outer_iter().zip(rows) {
            assert_eq!(total::serial(&row).unwrap().to_bits(), sum.to_bits());
        }
    }
}

#[kernel]
fn sums_of_six(a: &ArrayRef6<f64>) -> Array5<f64> {
    a.sum_axis(Axis(5))
}

#[test]
fn arrays_of_as_many_axes_as_there_can_be_have_rows() {
    for length in [0, 3, 17, 300, 1025, 9000] {
        let a = Array6::from_shape_fn((2, 3, 1, 1, 2, length), |(i, j, _, _, k, l)| {
            (i * 5 + j * 3 + k) as f64 - (l % 97) as f64 / 8.0
        });
        every_way!(sums_of_six(&a));
    }
}

/// A sum in the order of rows along an axis.
fn by_groups(row: &Array1<f64>) -> f64 {
    let row = row.to_vec();
    let piece = |piece: &[f64]| piece.iter().fold(0.0, |all, x| all + x);
    let group = |group: &[f64]| group.chunks(16).fold(0.0, |all, own| all + piece(own));
    let mut groups: Vec<f64> = row.chunks(256).map(group).collect();
    while groups.len() > 1 {
        groups = groups.chunks(2).map(|pair| pair.iter().copied().reduce(|a, b| a + b).unwrap()).collect();
    }
    groups[0]
}

#[test]
fn rows_along_an_axis_add_up_by_pieces_and_groups() {
    for length in [1, 15, 16, 17, 255, 256, 257, 700, 1024, 1025, 3000] {
        for others in [1, 3, 33, 600].into_iter().filter(|others| length * others < 800_000) {
            for a in layouts(&numbers((length, others)).mapv(|x| x / 3.0)) {
                let (columns, _) = sums::serial(&a).unwrap();
                let (_, rows) = sums::serial(&a.t()).unwrap();
                for (other, column) in a.columns().into_iter().enumerate() {
                    let expected = by_groups(&column.to_owned());
                    assert_eq!(columns[other], expected, "{length} beside {others}");
                    assert!(length > 1024 || rows[other] == expected, "{length} beside {others}");
                }
            }
        }
    }
}

/// The variance in two passes, with the rounding of each sum made up for.
fn variance(x: &Array1<f64>) -> f64 {
    let sum = |terms: &mut dyn Iterator<Item = f64>| {
        let (mut sum, mut lost) = (0.0_f64, 0.0);
        for term in terms {
            let both = sum + term;
            lost += if sum.abs() >= term.abs() { (sum - both) + term } else { (term - both) + sum };
            sum = both;
        }
        sum + lost
    };
    let n = x.len() as f64;
    let mean = sum(&mut x.iter().copied()) / n;
    let off = sum(&mut x.iter().map(|x| x - mean));
    (sum(&mut x.iter().map(|x| (x - mean) * (x - mean))) - off * off / n) / n
}

#[kernel]
fn variance_of(a: &ArrayRef1<f64>) -> f64 {
    a.var(0.0)
}

#[test]
fn variances_of_hard_data_keep_their_digits() {
    for n in [2, 31, 100, 10_000, 100_001] {
        let noise = Array1::from_shape_fn(n, |i| ((i * 7919) % 1009) as f64 / 1009.0);
        let mut outlier = noise.clone();
        outlier[0] = 1e9;
        let alternating =
            Array1::from_shape_fn(n, |i| if i % 2 == 0 { 1e150 } else { -1e150 } * (1.0 + noise[i]));
        for (what, x, most) in
            [("far", &noise + 1e7, 1e-8), ("outlier", outlier, 1e-12), ("alternating", alternating, 1e-12)]
        {
            let (found, expected) = (compiled_ways!(variance_of(&x)).0, variance(&x));
            assert!((found - expected).abs() <= most * expected, "{what} {n}: {found} is not {expected}");
        }
    }
}

#[test]
fn extremes_are_those_of_plain_rust() {
    for shape in SHAPES.into_iter().filter(|(rows, columns)| rows * columns < 2000).chain([(2, 8200)]) {
        for mut a in layouts(&numbers(shape)) {
            every_way!(extremes(&a));
            a[[shape.0 / 2, shape.1 / 2]] = f64::NAN;
            a[[shape.0 - 1, shape.1 - 1]] = f64::NAN;
            every_way!(extremes(&a));
            every_way!(extremes_of_columns(&a));
            every_way!(extremes_of_rows(&a));
        }
    }
}

#[test]
fn variances_are_about_those_of_ndarray() {
    for shape in SHAPES {
        for offset in [0.0, 1e6] {
            let a = numbers(shape) + offset;
            let ((var, std),) = compiled_ways!(spread(&a, 0.0));
            close(&[var, std].into_iter().collect(), &[a.var(0.0), a.std(0.0)].into_iter().collect());
            let ((vars, stds),) = compiled_ways!(spread_along(&a, 0.0));
            close(&vars, &a.var_axis(Axis(0), 0.0));
            close(&stds, &a.std_axis(Axis(1), 0.0));
        }
    }
}

#[test]
fn a_total_along_an_axis_meets_what_it_came_from() {
    for shape in SHAPES {
        let a = numbers(shape);
        let found = compiled_ways!(centred(&a)).0;
        let sums: Array1<f64> = found.sum_axis(Axis(0));
        close(&sums, &Array1::zeros(shape.1));
        let found = compiled_ways!(means_of_squares(&a)).0;
        close(&found, &means_of_squares(&a));
    }
}

#[test]
fn what_is_not_there_has_no_extreme_and_no_mean() {
    let empty = Array2::<f64>::zeros((0, 3));
    let error = same_error(|parallel| match parallel {
        true => extremes::parallel(&empty),
        false => extremes::serial(&empty),
    });
    assert!(matches!(error, Error::EmptyExtreme { .. }), "{error}");
    assert!(matches!(extremes_of_columns::serial(&empty), Err(Error::EmptyExtreme { .. })));
    assert!(matches!(centred::serial(&empty), Err(Error::EmptyMean { .. })));
    let no_rows = extremes_of_rows::serial(&empty).unwrap();
    assert!(no_rows.0.is_empty() && no_rows.3.is_empty());
    assert_eq!(sums::serial(&empty).unwrap(), (Array1::zeros(3), Array1::zeros(0)));
}

#[test]
fn degrees_of_freedom_are_among_the_elements() {
    let a = numbers((2, 2));
    for (ddof, fine) in [(0.0, true), (4.0, true), (4.5, false), (-1.0, false)] {
        let found = spread::serial(&a, ddof);
        assert_eq!(found.is_ok(), fine, "{ddof}");
        if let Err(error) = found {
            assert!(matches!(error, Error::DegreesOfFreedom { .. }), "{error}");
        }
    }
    assert_eq!(spread::serial(&a, 4.0).unwrap().0, a.var(4.0));
}

#[test]
fn handles_and_lazy_expressions_reduce_along_axes() {
    let a = numbers((70, 90));
    let engine = Engine::builder().threads(2).build().unwrap();
    let kernel = engine
        .trace("means", |t| {
            let a = t.array::<f64>("a", 2);
            a.mean_axis(1usize).unwrap() + a.largest() - a.smallest()
        })
        .unwrap();
    let found: Array1<f64> = kernel.run(Variant::Serial, (&a,)).unwrap();
    let expected = a.mean_axis(Axis(1)).unwrap() + (a.max() - a.min());
    close(&found, &expected);
    let lazy: Array1<f64> = engine.eval(|e| e.lift(&a).std_axis(0usize, 1.0)).unwrap();
    close(&lazy, &a.std_axis(Axis(0), 1.0));
}

#[test]
fn what_is_summed_up_needs_no_array_of_its_own() {
    let kernel = means_of_squares::kernel();
    let explanation = kernel.explain().unwrap();
    let arrays: Vec<_> = explanation.allocations.iter().map(|array| array.array.clone()).collect();
    assert!(!arrays.iter().any(|name| name == "b"), "{arrays:?}");
}

#[test]
fn views_are_reduced_where_they_are() {
    let a = numbers((150, 200));
    let view = a.slice(s![10..140;2, ..;-1]);
    let found = sums::serial(&view).unwrap();
    let owned: Array<f64, Ix2> = view.to_owned();
    assert_eq!(found, sums::serial(&owned).unwrap());
}

#[kernel]
fn differences(a: &ArrayRef2<f64>) -> Array2<f64> {
    a.diff(2, Axis(1))
}

/// The function itself panics.
#[test]
fn differences_take_elements() {
    every_way!(differences(&Array2::ones((2, 3))));
    for (rows, columns) in [(2, 2), (3, 1), (0, 0)] {
        let error = error_of!(differences(&Array2::ones((rows, columns))));
        assert!(error.to_string().contains("no longer than it takes differences"), "{error}");
    }
}
