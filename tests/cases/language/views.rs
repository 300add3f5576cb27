//! Views: rows, columns, slices and transposes, to be read and to be written, in every form that ndarray has for them.
// Negative bounds of slices count from the end; a temporary view is written to by way of a reference.
#![allow(clippy::reversed_empty_ranges, clippy::deref_addrof)]

use crate::cases::ways::{error_of, exactly, same_bits};
use ndarray::{
    Array1, Array2, Array3, ArrayRef1, ArrayRef2, ArrayRef3, ArrayView1, ArrayView2, ArrayViewMut1,
    ArrayViewMut2, Axis, NewAxis, array, s,
};
use parfuse::prelude::*;
use parfuse::{Engine, SliceItem};

/// A matrix whose elements are all different, and exact in sums.
fn matrix(rows: usize, columns: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, columns), |(i, j)| (i * 100 + j) as f64)
}

#[kernel]
fn parts_of_a_matrix(a: ArrayView2<f64>, i: usize, j: usize) -> (Array1<f64>, Array1<f64>, Array2<f64>, f64) {
    let row = a.row(i);
    let column = a.column(j);
    let along = a.index_axis(Axis(0), i);
    let across = a.index_axis(Axis(1), j);
    let turned = a.t();
    let corner = row[j] + column[i] + turned[[j, i]] + a.row(0)[0] + along[0] * across[0];
    let square = turned.to_owned() + 0.0;
    (&row + &along, &column * 2.0 - across, square * 0.5, corner + (&a - &row).sum())
}

#[test]
fn rows_columns_and_transposes_are_those_of_ndarray() {
    for (rows, columns) in [(1, 1), (3, 5), (7, 1), (1, 8), (40, 33)] {
        let a = matrix(rows, columns);
        exactly!(parts_of_a_matrix(a.view(), rows - 1, columns / 2));
        // Of arrays that lie otherwise in memory, too.
        let turned = matrix(columns, rows);
        exactly!(parts_of_a_matrix(turned.t(), rows / 2, 0));
        let sparse = matrix(2 * rows, 3 * columns);
        exactly!(parts_of_a_matrix(sparse.slice(s![..;-2, ..;3]), rows / 2, columns - 1));
    }
}

#[kernel]
fn constant_slices(a: &ArrayRef2<f64>) -> (Array2<f64>, Array2<f64>, Array1<f64>, Array2<f64>) {
    let inside = a.slice(s![1..-1, 1..-1]);
    let some = a.slice(s![..;2, 1..;3]);
    let backwards = a.slice(s![..;-1, ..-1;-2]);
    let last = a.slice(s![-1, ..=-2]);
    let standing = a.slice(s![0..=1, NewAxis, 2]);
    (
        inside.to_owned() - some.sum(),
        backwards.to_owned() * 2.0,
        last.to_owned(),
        &standing - &a.slice(s![..2, 0, NewAxis]),
    )
}

#[test]
fn slices_of_all_forms_are_those_of_ndarray() {
    for (rows, columns) in [(2, 3), (3, 3), (5, 7), (64, 65)] {
        exactly!(constant_slices(&matrix(rows, columns)));
    }
}

#[kernel]
fn computed_slices(
    a: &ArrayRef1<f64>,
    i: usize,
    j: usize,
    back: i32,
    by: i32,
) -> (Array1<f64>, Array1<f64>, f64) {
    let range = i..j;
    let part = a.slice(s![range]);
    let stepped = a.slice(s![i..;by]);
    let tail = a.slice(s![back..]);
    (part.to_owned(), stepped.to_owned(), tail.sum() + a.slice(s![i..=j]).sum() + a.slice(s![..back]).sum())
}

#[test]
fn bounds_of_slices_may_be_computed_and_of_any_integer_type_that_ndarray_takes() {
    let a = Array1::from_shape_fn(60, |i| i as f64);
    for (i, j, back, by) in
        [(0, 59, -1, 1), (3, 3, 7, -1), (9, 4, -60, 2), (20, 40, 0, -7), (59, 59, 60, 100)]
    {
        exactly!(computed_slices(&a, i, j, back, by));
    }
}

#[kernel]
fn three_axes(a: &ArrayRef3<f64>) -> (Array2<f64>, Array3<f64>, f64) {
    let plane = a.index_axis(Axis(1), 2);
    let turned = plane.t();
    let block = a.slice(s![.., 1..3, ..;-1]);
    let all = a.t();
    (turned.to_owned(), &block + &block.slice(s![0, .., ..]), all[[1, 2, 0]] + all.slice(s![.., 0, 0]).sum())
}

#[test]
fn views_of_views_and_of_three_axes() {
    exactly!(three_axes(&Array3::from_shape_fn((3, 4, 5), |(i, j, k)| (i * 100 + j * 10 + k) as f64)));
}

#[kernel]
fn writes(a: &mut ArrayRef2<f64>, v: &ArrayRef1<f64>, i: usize) {
    a.row_mut(0).fill(-1.0);
    a.column_mut(1).assign(v);
    a.index_axis_mut(Axis(0), i).fill(7.0);
    a.row_mut(i)[2] = 4.0;
    a.row_mut(i)[0] += 0.5;
    let mut inside = a.slice_mut(s![1..-1, 1..-1]);
    inside += 10.0;
    inside *= 2.0;
    inside -= &v.slice(s![1..-1, NewAxis]);
    inside /= 4.0;
    inside[[0, 0]] = 100.0;
    inside.row_mut(1).fill(3.0);
    inside.mapv_inplace(|x| x + 1.0);
    inside.scaled_add(0.5, &v.slice(s![..;-1]).slice(s![1..-1]));
    *&mut a.slice_mut(s![..;2, 0]) += 1000.0;
    let mut turned = a.view_mut().reversed_axes();
    turned[[0, 3]] = 5.0;
    let mut last = turned.slice_mut(s![-1, ..]);
    last.assign(v);
}

#[test]
fn views_are_written_and_nothing_else_is() {
    for n in [4, 5, 33] {
        let v = Array1::from_shape_fn(n, |i| i as f64 * 8.0);
        exactly!(writes(&mut a, &v, 2) with a = matrix(n, n));
    }
}

#[kernel]
fn own_arrays(n: usize) -> (Array2<f64>, Array1<f64>) {
    let mut grid = Array2::zeros((n, n));
    for k in 0..n {
        grid.row_mut(k).fill(k as f64);
        let mut rest = grid.slice_mut(s![.., k..]);
        rest += 0.25;
    }
    let diagonal = grid.t().to_owned() + &grid;
    let first = diagonal.row(0).to_owned();
    grid = diagonal;
    let mut column = grid.column_mut(n - 1);
    column -= &first;
    (grid, first)
}

#[test]
fn arrays_of_the_kernels_own_have_views_inside_of_loops_too() {
    for n in [1, 2, 9, 40] {
        exactly!(own_arrays(n));
    }
}

#[kernel]
fn row_totals(a: &ArrayRef2<f64>) -> (Array1<f64>, Array1<f64>) {
    let mut totals = Array1::zeros(a.nrows());
    let mut ends = Array1::zeros(a.nrows());
    for i in prange(0..a.nrows()) {
        let row = a.row(i);
        let mut total = 0.0;
        for j in 0..row.len() {
            total += row[j];
        }
        totals[i] = total;
        ends[i] = a.slice(s![i, ..;-1])[0];
    }
    (totals, ends)
}

#[kernel]
fn row_writes(a: &mut ArrayRef2<f64>) {
    for i in prange(0..a.nrows()) {
        let mut row = a.row_mut(i);
        for j in 0..row.len() {
            row[j] = (i + j) as f64;
        }
    }
}

#[test]
fn elements_of_views_are_read_and_written_in_parallel_loops() {
    for (rows, columns) in [(1, 1), (30, 20), (300, 3)] {
        exactly!(row_totals(&matrix(rows, columns)));
        exactly!(row_writes(&mut a) with a = matrix(rows, columns));
    }
}

#[kernel]
fn norm(v: ArrayView1<f64>) -> f64 {
    (&v * &v).sum().sqrt()
}

#[kernel]
fn scale(mut v: ArrayViewMut1<f64>, by: f64) {
    v *= by;
}

#[kernel]
fn normalised(mut a: ArrayViewMut2<f64>) -> f64 {
    let mut largest = 0.0f64;
    for i in 0..a.nrows() {
        let length = norm(a.row(i));
        largest = largest.max(length);
        scale(a.row_mut(i), 1.0 / length);
    }
    largest
}

#[test]
fn views_are_passed_to_other_kernels() {
    let a = Array2::from_elem((6, 4), 3.0);
    exactly!(normalised(a.view_mut()) with a = a.clone());
}

#[kernel]
fn element_of_row(a: &ArrayRef2<f64>, i: usize, j: usize) -> f64 {
    let row = a.row(i);
    row[j]
}

#[kernel]
fn bounds(a: &ArrayRef1<f64>, i: i32, j: i32, by: i32) -> f64 {
    a.slice(s![i..j;by]).sum()
}

#[kernel]
fn assigns(a: &mut ArrayRef2<f64>, b: &ArrayRef1<f64>) {
    a.row_mut(1).assign(b);
}

#[test]
fn what_is_out_of_range_is_an_error_with_its_place() {
    let a = matrix(3, 4);
    let message = error_of!(element_of_row(&a, 3, 0)).to_string();
    assert!(message.contains("index 3 is out of range for axis 0 of `a` with length 3"), "{message}");
    let message = error_of!(element_of_row(&a, 1, 4)).to_string();
    assert!(message.contains("index 4 is out of range for axis 0 of `row` with length 4"), "{message}");
    let v = Array1::zeros(5);
    for (i, j, by, part) in [
        (6, 6, 1, "the bound 6 of a slice is out of range for axis 0 of `a` with length 5"),
        (-6, 5, 1, "the bound -6 (as `usize` 18446744073709551610) of a slice is out of range"),
        (0, 6, 1, "the bound 6 of a slice"),
        (0, -6, 1, "the bound -6"),
        (0, 5, 0, "step 0"),
    ] {
        let message = error_of!(bounds(&v, i, j, by)).to_string();
        assert!(message.contains(part) && message.contains("views.rs"), "{message}");
    }
    let message = error_of!(assigns(&mut matrix(3, 4), &Array1::zeros(3))).to_string();
    assert!(message.contains("shapes do not broadcast together"), "{message}");
}

#[test]
fn closures_and_lazy_expressions_make_views_too() {
    let engine = Engine::new().unwrap();
    let traced = engine.trace("flow", |t| {
        let (a, i) = (t.array::<f64>("a", 2), t.scalar::<usize>("i"));
        let own = t.var("own", a.to_owned());
        own.row_mut(i).fill(1.5);
        own.slice_mut(s![1.., ..;2]).add(a.slice(s![..-1, ..;2]));
        own.slice_mut([SliceItem::from(i), SliceItem::from(i..)]).mul(2.0);
        let flow = own.slice([SliceItem::from(..), SliceItem::from(..i).step_by(-1)]);
        flow.to_owned() + own.index_axis(Axis(1), 0).insert_axis(Axis(1)) + own.t().column(i).at(&[i])
    });
    let traced = traced.unwrap();
    let a = matrix(6, 6);
    let found: Array2<f64> = traced.serial((&a, 3usize)).unwrap();
    let mut own = a.clone();
    own.row_mut(3).fill(1.5);
    *&mut own.slice_mut(s![1.., ..;2]) += &a.slice(s![..-1, ..;2]);
    *&mut own.slice_mut(s![3, 3..]) *= 2.0;
    let expected = own.slice(s![.., ..3;-1]).to_owned() + own.column(0).insert_axis(Axis(1)) + own[[3, 3]];
    assert_eq!(found, expected);

    let lazy: Array2<f64> = engine
        .eval(|s| {
            let a = s.lift(&a);
            a.slice(s![1.., 1..]) - a.slice(s![..-1, ..-1]) + a.row(2).slice(s![1..])
        })
        .unwrap();
    assert_eq!(lazy, &a.slice(s![1.., 1..]) - &a.slice(s![..-1, ..-1]) + a.row(2).slice(s![1..]));
}

#[test]
fn a_view_of_an_array_that_has_gone_is_a_mistake() {
    let engine = Engine::new().unwrap();
    let message = |trace: &dyn Fn(&parfuse::Tracer)| {
        let traced = engine.trace("stale", |t| {
            trace(t);
            t.unit()
        });
        traced.err().map(|error| error.to_string()).unwrap_or_default()
    };
    let stale = message(&|t| {
        let x = t.var("x", t.array::<f64>("a", 1).to_owned());
        let view = x.slice(s![1..]).named("tail");
        x.set(t.array::<f64>("b", 1) * 2.0);
        t.var("sum", view.sum());
    });
    assert!(stale.contains("the view `tail` of `x` is used after `x` may have been assigned"), "{stale}");
    let written = message(&|t| t.array_mut::<f64>("a", 2).row(0).fill(1.0));
    assert!(written.contains("make it with `slice_mut`"), "{written}");
    let axes = message(&|t| {
        t.array::<f64>("a", 1).row(0);
    });
    assert!(axes.contains("`.row()` is for arrays with 2 axes, not 1"), "{axes}");
    let count = message(&|t| {
        t.array::<f64>("a", 2).slice(s![1..]);
    });
    assert!(count.contains("one for each axis"), "{count}");
    let axis = message(&|t| {
        t.array::<f64>("a", 2).index_axis(Axis(2), 0);
    });
    assert!(axis.contains("there is no axis 2"), "{axis}");
}

#[test]
fn the_type_of_a_view_may_be_written() {
    let compiled = same_bits(|parallel| match parallel {
        true => annotated::parallel(&matrix(4, 3)),
        false => annotated::serial(&matrix(4, 3)),
    });
    assert_eq!(compiled, annotated(&matrix(4, 3)));
}

#[kernel]
fn annotated(a: &ArrayRef2<f64>) -> Array1<f64> {
    let row: ArrayView1<f64> = a.row(1);
    let both: ArrayView2<'_, f64> = a.slice(s![..2, ..]);
    let sum: Array1<f64> = &row + &both.row(0);
    sum
}

#[kernel]
fn views_of_parameters_of_one_axis(a: &mut ArrayRef1<i64>, b: &ArrayRef1<i64>) -> i64 {
    let mut odd = a.slice_mut(s![1..;2]);
    odd += &b.slice(s![..;2]);
    let total = odd.sum();
    a.slice_mut(s![..]).fill(total);
    total
}

#[test]
fn integers_and_single_elements() {
    for n in [2usize, 4, 40] {
        let b = Array1::from_iter(0..n as i64);
        exactly!(views_of_parameters_of_one_axis(&mut a, &b) with a = Array1::from_iter(0..n as i64));
    }
    assert_eq!(views_of_parameters_of_one_axis::serial(&mut array![1, 2], &array![5, 6]), Ok(7));
}
