//! What kernels return, and where: new memory, existing arrays, scalars, tuples.

use ndarray::{Array0, Array1, Array2, Array3, ArrayRef1, array, s};
use parfuse::prelude::*;

#[kernel]
fn powers(a: &ArrayRef1<f64>) -> (Array1<f64>, f64, Array2<f64>, usize) {
    let squares = a * a;
    let total = squares.sum();
    let mut table = Array2::<f64>::zeros((a.len(), 2));
    for i in prange(0..a.len()) {
        table[[i, 0]] = a[i];
        table[[i, 1]] = squares[i];
    }
    (squares, total, table, a.len())
}

#[test]
fn up_to_four_results_come_as_a_tuple() {
    let a = array![1.0, 2.0, 3.0];
    let (squares, total, table, n) = powers::parallel(&a).unwrap();
    assert_eq!((squares, total, n), (array![1.0, 4.0, 9.0], 14.0, 3));
    assert_eq!(table, array![[1.0, 1.0], [2.0, 4.0], [3.0, 9.0]]);
}

#[test]
fn results_are_written_into_existing_memory() {
    let a = array![1.0, 2.0, 3.0];
    let (mut squares, mut total, mut n) = (Array1::zeros(3), 0.0, 0);
    let mut wide = Array2::zeros((3, 4));
    // A part of a larger array takes a result too.
    powers::serial_into(&a, (&mut squares, &mut total, &mut wide.slice_mut(s![.., ..;3]), &mut n)).unwrap();
    assert_eq!((squares, total, n), (array![1.0, 4.0, 9.0], 14.0, 3));
    assert_eq!(wide, array![[1.0, 0.0, 0.0, 1.0], [2.0, 0.0, 0.0, 4.0], [3.0, 0.0, 0.0, 9.0]]);
}

#[kernel]
fn halves(a: &ArrayRef1<f64>) -> Array1<f64> {
    a / 2.0
}

#[test]
fn memory_of_another_shape_is_refused() {
    let mut short = Array1::zeros(2);
    let error = halves::parallel_into(&array![1.0, 2.0, 3.0], &mut short).unwrap_err();
    assert!(
        matches!(&error, Error::OutputShape { expected, found } if expected == &[3] && found == &[2]),
        "{error}"
    );
    assert_eq!(short, array![0.0, 0.0]);
}

#[kernel]
fn filled(n: usize) -> (Array0<f64>, Array3<i32>, bool) {
    let number = Array0::<f64>::from_elem((), 1.5);
    let mut cube = Array3::<i32>::zeros((n, 2, 3));
    cube.fill(7);
    (number, cube, n > 1)
}

#[test]
fn results_have_any_rank_and_element() {
    let (number, cube, large) = filled::serial(2).unwrap();
    assert_eq!((number[()], large), (1.5, true));
    assert_eq!(cube, Array3::from_elem((2, 2, 3), 7));
    let (_, empty, large) = filled::serial(0).unwrap();
    assert_eq!((empty.shape(), large), (&[0, 2, 3][..], false));
}

type Row = Array1<f32>;
type Both = (Row, f32);

#[kernel]
fn aliased(n: usize) -> Both {
    let row = Row::ones(n);
    (row.mapv(|x| x + 1.0), 2.0)
}

#[kernel]
fn nothing(_n: usize) {}

#[test]
fn aliases_and_nothing_are_returned() {
    assert_eq!(aliased::parallel(3), Ok((array![2.0, 2.0, 2.0], 2.0)));
    assert_eq!(nothing::parallel(3), Ok(()));
}

mod elsewhere {
    //! Kernels are items: public ones can be used from elsewhere, under the name of the function.
    use parfuse::prelude::*;

    #[kernel]
    pub fn thrice(x: f64) -> f64 {
        3.0 * x
    }
}

#[kernel]
fn nine_times(x: f64) -> f64 {
    elsewhere::thrice(elsewhere::thrice(x))
}

#[test]
fn kernels_call_kernels_of_other_modules_and_live_in_functions() {
    use elsewhere::thrice;

    #[kernel]
    fn local(x: f64) -> f64 {
        thrice(x) + 1.0
    }
    assert_eq!(nine_times::serial(2.0), Ok(18.0));
    assert_eq!(thrice::serial(2.0), Ok(6.0));
    assert_eq!(local::parallel(2.0), Ok(7.0));
}

#[test]
fn kernels_built_at_run_time_write_into_existing_memory_too() {
    let engine = Engine::new().unwrap();
    let doubled = engine.trace("doubled", |t| t.array::<f64>("a", 1) * 2.0).unwrap();
    let (a, mut out) = (array![1.0, 2.0, 3.0], Array1::zeros(3));
    for variant in [Variant::Serial, Variant::Parallel] {
        out.fill(0.0);
        doubled.run_into::<Array1<f64>>(variant, (&a,), &mut out).unwrap();
        assert_eq!(out, array![2.0, 4.0, 6.0]);
    }
    let mut short = Array1::from_elem(2, 7.0);
    let error = doubled.run_into::<Array1<f64>>(Variant::Serial, (&a,), &mut short).unwrap_err();
    assert!(matches!(error, Error::OutputShape { .. }), "{error}");
    assert_eq!(short, array![7.0, 7.0]);
}
