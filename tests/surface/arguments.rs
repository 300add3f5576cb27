//! Every spelling of a parameter: elements, ranks, references, views, slices, aliases, written or read.

use ndarray::{
    ArcArray1, Array, Array0, Array1, Array2, Array3, ArrayRef, ArrayRef0, ArrayRef1, ArrayRef2, ArrayRef3,
    ArrayView, ArrayView0, ArrayView1, ArrayView2, ArrayView3, ArrayViewMut1, ArrayViewMut2, CowArray, Ix1,
    Ix2, array, s,
};
use parfuse::ArgumentList;
use parfuse::prelude::*;

type Samples = ArrayRef1<f64>;
type Number = f64;
type Field<'a> = ArrayView<'a, Number, Ix2>;

/// Kernels that sum up what they get, one for each type of parameter.
macro_rules! sums {
    ($($name:ident: $ty:ty),* $(,)?) => { $(
        #[kernel]
        fn $name(a: $ty) -> f64 {
            a.sum()
        }
    )* };
}
sums! {
    of_ref0: &ArrayRef0<f64>, of_ref1: &ArrayRef1<f64>, of_ref2: &ArrayRef2<f64>, of_ref3: &ArrayRef3<f64>,
    of_array0: &Array0<f64>, of_array1: &Array1<f64>, of_array2: &Array2<f64>, of_array3: &Array3<f64>,
    of_view0: ArrayView0<f64>, of_view1: ArrayView1<'_, f64>, of_view2: ArrayView2<f64>, of_view3: ArrayView3<f64>,
    of_generic_ref: &ArrayRef<f64, Ix1>, of_generic_array: &Array<f64, Ix1>,
    of_alias: &Samples, of_alias_of_view: Field<'_>, of_alias_of_element: &ArrayRef1<Number>,
    of_path: &ndarray::ArrayRef1<f64>,
}

#[test]
fn arrays_are_read_through_any_reference_or_view() {
    let (a0, a1) = (ndarray::arr0(2.5), array![1.0, 2.0, 4.0]);
    let (a2, a3) = (Array2::from_elem((3, 5), 0.5), Array3::from_elem((2, 3, 4), 0.25));
    assert_eq!(of_ref0::parallel(&a0), Ok(2.5));
    assert_eq!(of_array0::parallel(&a0), Ok(2.5));
    assert_eq!(of_view0::parallel(a0.view()), Ok(2.5));
    for found in [
        of_ref1::serial(&a1),
        of_array1::serial(&a1),
        of_view1::serial(a1.view()),
        of_generic_ref::serial(&a1),
        of_generic_array::serial(&a1),
        of_alias::serial(&a1),
        of_alias_of_element::serial(&a1),
        of_path::serial(&a1),
    ] {
        assert_eq!(found, Ok(7.0));
    }
    for found in [
        of_ref2::serial(&a2),
        of_array2::serial(&a2),
        of_view2::serial(a2.view()),
        of_alias_of_view::serial(a2.view()),
    ] {
        assert_eq!(found, Ok(7.5));
    }
    for found in [of_ref3::serial(&a3), of_array3::serial(&a3), of_view3::serial(a3.view())] {
        assert_eq!(found, Ok(6.0));
    }
}

#[test]
fn views_of_any_layout_are_read_as_they_are() {
    let a = Array2::from_shape_fn((40, 30), |(i, j)| (i * 30 + j) as f64);
    let views = [
        a.view(),
        a.t(),
        a.slice(s![..;2, ..]),
        a.slice(s![.., ..;3]),
        a.slice(s![..;-1, ..;-1]),
        a.slice(s![3..4, ..]),
        a.slice(s![.., 5..6]),
        a.slice(s![2..2, ..]),
    ];
    for view in views {
        assert_eq!(of_view2::parallel(view), Ok(view.sum()), "strides {:?}", view.strides());
        assert_eq!(of_ref2::serial(&view), Ok(view.sum()));
    }
    let broadcast = array![1.0, 2.0];
    let broadcast = broadcast.broadcast((1000, 2)).unwrap();
    assert_eq!(of_view2::serial(broadcast), Ok(3000.0));
}

#[kernel]
fn of_slice(a: &[f64]) -> f64 {
    let mut total = 0.0;
    for i in 0..a.len() {
        total += a[i];
    }
    total
}

#[test]
fn slices_are_arrays_of_one_axis() {
    assert_eq!(of_slice::serial(&[1.0, 2.0, 4.0]), Ok(7.0));
    assert_eq!(of_slice::parallel(&vec![0.5; 1000]), Ok(500.0));
    assert_eq!(of_slice::serial(&[]), Ok(0.0));
    assert_eq!(of_slice::serial(Array1::<f64>::ones(5).as_slice().unwrap()), Ok(5.0));
}

/// Kernels that double what they get, in place.
macro_rules! doubles {
    ($($name:ident: $ty:ty),* $(,)?) => { $(
        #[kernel]
        fn $name(a: $ty) {
            for i in prange(0..a.len()) {
                a[i] *= 2.0;
            }
        }
    )* };
}
doubles! { double_ref: &mut ArrayRef1<f64>, double_array: &mut Array1<f64>, double_slice: &mut [f64], double_alias: &mut Samples }

#[kernel]
fn double_view(mut a: ArrayViewMut1<f64>) {
    for i in prange(0..a.len()) {
        a[i] *= 2.0;
    }
}

#[kernel]
fn double_field(mut field: ArrayViewMut2<'_, f64>) {
    field *= 2.0;
}

#[test]
fn arrays_are_written_through_any_mutable_reference_or_view() {
    let mut a = array![1.0, 2.0, 3.0];
    double_ref::serial(&mut a).unwrap();
    double_array::parallel(&mut a).unwrap();
    double_alias::serial(&mut a).unwrap();
    double_view::parallel(a.view_mut()).unwrap();
    double_slice::serial(a.as_slice_mut().unwrap()).unwrap();
    assert_eq!(a, array![32.0, 64.0, 96.0]);
    double_view(a.view_mut());
    assert_eq!(a, array![64.0, 128.0, 192.0]);

    // Views of parts leave the rest alone.
    let mut a = Array1::<f64>::ones(10);
    double_view::serial(a.slice_mut(s![1..;3])).unwrap();
    assert_eq!(a, array![1.0, 2.0, 1.0, 1.0, 2.0, 1.0, 1.0, 2.0, 1.0, 1.0]);
    let mut field = Array2::<f64>::ones((4, 6));
    double_field::parallel(field.slice_mut(s![..;2, ..;-2]).reversed_axes()).unwrap();
    assert_eq!(field.sum(), 24.0 + 6.0);
    assert_eq!(field[[2, 5]], 2.0);
}

/// For each scalar type, a kernel that adds a scalar to an array.
macro_rules! shifts {
    ($($name:ident: $ty:ty),* $(,)?) => { $(
        #[kernel]
        fn $name(a: &ArrayRef1<$ty>, by: $ty) -> Array1<$ty> {
            a + by
        }
    )* };
}
shifts! { shift_f64: f64, shift_f32: f32, shift_i64: i64, shift_i32: i32, shift_usize: usize }

#[kernel]
fn opposite(a: &ArrayRef1<bool>, flip: bool) -> Array1<bool> {
    a.mapv(|x| x ^ flip)
}

#[test]
fn elements_and_scalars_have_one_of_six_types() {
    assert_eq!(shift_f64::parallel(&array![1.0, 2.0], 0.5), Ok(array![1.5, 2.5]));
    assert_eq!(shift_f32::parallel(&array![1.0, 2.0], 0.5), Ok(array![1.5, 2.5]));
    assert_eq!(shift_i64::parallel(&array![1, i64::MAX], 1), Ok(array![2, i64::MIN]));
    assert_eq!(shift_i32::parallel(&array![1, i32::MAX], 1), Ok(array![2, i32::MIN]));
    assert_eq!(shift_usize::parallel(&array![1, usize::MAX], 1), Ok(array![2, 0]));
    assert_eq!(opposite::parallel(&array![true, false], true), Ok(array![false, true]));
}

#[kernel]
fn twelve(
    a: f64,
    b: f64,
    c: f64,
    d: f64,
    e: f64,
    f: f64,
    g: f64,
    h: f64,
    i: f64,
    j: f64,
    k: f64,
    l: f64,
) -> f64 {
    a + 2.0 * b
        + 3.0 * c
        + 4.0 * d
        + 5.0 * e
        + 6.0 * f
        + 7.0 * g
        + 8.0 * h
        + 9.0 * i
        + 10.0 * j
        + 11.0 * k
        + 12.0 * l
}

#[kernel]
fn none() -> i64 {
    42
}

/// Names that the generated code might use as well.
#[kernel]
fn clashing(
    into: f64,
    binder: f64,
    t: f64,
    arguments: f64,
    place: f64,
    value: f64,
    options: f64,
    clashing: f64,
) -> f64 {
    let kernel = into + binder + t + arguments;
    kernel + place + value + options + clashing
}

#[test]
fn kernels_take_none_to_twelve_parameters_of_any_name() {
    assert_eq!(none::parallel(), Ok(42));
    let one = 1.0;
    assert_eq!(twelve::serial(one, one, one, one, one, one, one, one, one, one, one, one), Ok(78.0));
    assert_eq!(clashing::serial(1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0), Ok(36.0));
    assert_eq!(clashing(1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0), 36.0);
}

#[test]
fn handles_take_references_to_everything_that_holds_such_an_array() {
    let engine = Engine::new().unwrap();
    let sum = engine.trace("sum", |t| t.array::<f64>("a", 1).sum()).unwrap();
    let vector = vec![1.0, 2.0, 4.0];
    let (owned, shared) = (Array1::from(vector.clone()), ArcArray1::from(vector.clone()));
    let cow = CowArray::from(owned.view());
    let mut changed = owned.clone();
    for found in [
        sum.serial((&vector,)),
        sum.serial((&vector[..],)),
        sum.serial((&owned,)),
        sum.serial((&shared,)),
        sum.serial((&cow,)),
        sum.serial((owned.view(),)),
        sum.serial((&owned.view(),)),
        sum.serial((&changed.view_mut(),)),
    ] {
        assert_eq!(found, Ok(7.0));
    }
    let double = engine.trace("double", |t| {
        let a = t.array_mut::<f64>("a", 1);
        a.mul(2.0);
        t.unit()
    });
    let double = double.unwrap();
    let mut vector = vector;
    double.serial::<()>((&mut vector,)).unwrap();
    double.serial::<()>((&mut changed.view_mut(),)).unwrap();
    assert_eq!((vector, changed), (vec![2.0, 4.0, 8.0], array![2.0, 4.0, 8.0]));
}

#[test]
fn lists_hold_as_many_arguments_as_are_known_at_run_time() {
    let engine = Engine::new().unwrap();
    let columns: Vec<Array1<f64>> = (0..20).map(|i| Array1::from_elem(3, i as f64)).collect();
    let weighted = engine.trace("weighted", |t| {
        let mut total = t.scalar::<f64>("first");
        for i in 0..columns.len() {
            total = total
                + t.array::<f64>(&format!("column{i}"), 1)
                    * t.scalar::<i64>(&format!("weight{i}")).cast::<f64>();
        }
        let out = t.array_mut::<f64>("out", 1);
        out.assign(total);
        total
    });
    let weighted = weighted.unwrap();
    let mut out = vec![0.0; 3];
    let mut arguments = ArgumentList::new();
    arguments.push(0.5);
    for (i, column) in columns.iter().enumerate() {
        arguments.push(column).push(i as i64);
    }
    arguments.push(&mut out);
    assert_eq!(arguments.len(), 42);
    let expected = 0.5 + (0..20).map(|i| i * i).sum::<i64>() as f64;
    assert_eq!(weighted.parallel(arguments), Ok(Array1::from_elem(3, expected)));
    assert_eq!(out, [expected; 3]);
    let mut few = ArgumentList::new();
    few.push(0.5);
    let error = weighted.serial::<Array1<f64>>(few).unwrap_err();
    assert_eq!(error.to_string(), "`weighted` takes 42 arguments, not 1");
}

#[kernel]
fn halved(a: &ArrayRef2<f64>) -> Array2<f64> {
    a * 0.5
}

#[kernel]
fn doubled_in_place(a: &mut ArrayRef2<f64>) {
    *a *= 2.0;
}

#[test]
fn axes_of_one_element_may_have_any_stride() {
    // Strides of -1 along both axes: the elements lie in front of the first.
    let mut column = array![[1.0], [2.0], [3.0]];
    column.invert_axis(ndarray::Axis(0));
    column.invert_axis(ndarray::Axis(1));
    assert_eq!(halved::serial(&column), Ok(array![[1.5], [1.0], [0.5]]));
    doubled_in_place::parallel(&mut column).unwrap();
    assert_eq!(column, array![[6.0], [4.0], [2.0]]);

    use ndarray::ShapeBuilder;
    let numbers = [1.0, 2.0, 3.0, 4.0, 5.0];
    let odd = ArrayView2::from_shape((3, 1).strides((2, 2)), &numbers).unwrap();
    assert_eq!(halved::parallel(&odd), Ok(array![[0.5], [1.5], [2.5]]));
}
