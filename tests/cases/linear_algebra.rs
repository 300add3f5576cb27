//! Linear algebra in kernels: small known answers, identities, and what has none.

use super::ways::{error_of, every_way};
use ndarray::{Array, Array1, Array2, ArrayRef1, ArrayRef2, Dimension, ShapeBuilder, array, s};
use parfuse::linalg::{LinalgError, cholesky, det, eigh, inv, lstsq, qr, solve, svd};
use parfuse::prelude::*;

/// Numbers without a pattern that elimination would see.
fn matrix(rows: usize, columns: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, columns), |(i, j)| {
        ((i * 7919 + j * 104_729 + 13) % 1009) as f64 / 500.0 - 1.0
    })
}

/// A matrix that is far from singular.
fn regular(n: usize) -> Array2<f64> {
    matrix(n, n) + Array2::<f64>::eye(n) * 4.0
}

#[track_caller]
fn close<D: Dimension>(found: &Array<f64, D>, expected: &Array<f64, D>) {
    assert_eq!(found.shape(), expected.shape());
    let far = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(far < 1e-9, "{far}: {found} is not {expected}");
}

/// What an error was caused by.
#[track_caller]
fn cause(error: Error) -> LinalgError {
    match &error {
        Error::Host { cause: Some(cause), place, .. } if place.as_str().contains("linear_algebra.rs:") => {
            *cause.downcast_ref().expect("an error of linear algebra")
        }
        other => panic!("{other}"),
    }
}

#[kernel]
fn solved(a: &ArrayRef2<f64>, b: &ArrayRef1<f64>, many: &ArrayRef2<f64>) -> (Array1<f64>, Array2<f64>) {
    let x = solve(a, b).unwrap();
    (x * 2.0, solve(&a.t(), many).unwrap())
}

#[kernel]
fn inverted(a: &ArrayRef2<f64>) -> (Array2<f64>, f64) {
    (inv(a).unwrap(), det(&(a * 2.0)).expect("a square"))
}

#[kernel]
fn rooted(a: &ArrayRef2<f64>) -> Array2<f64> {
    cholesky(&a.dot(&a.t())).unwrap()
}

#[kernel]
fn reflected(a: &ArrayRef2<f64>) -> (Array2<f64>, Array2<f64>) {
    let (q, r) = qr(a).unwrap();
    (q, r)
}

#[kernel]
fn decomposed(a: &ArrayRef2<f64>) -> (Array2<f64>, Array1<f64>, Array2<f64>) {
    let (u, s, v) = svd(a).unwrap();
    (u, s, v)
}

/// A call whose result is an operand of an expression.
#[kernel]
fn transposed_plus_values(a: &ArrayRef2<f64>, b: &ArrayRef2<f64>) -> Array2<f64> {
    let (_, s, _) = svd(b).unwrap();
    &a.t() + &s
}

#[kernel]
fn symmetric(a: &ArrayRef2<f64>) -> (Array1<f64>, Array2<f64>) {
    let both = &a.view() + &a.t();
    eigh(&both).unwrap()
}

#[kernel]
fn fitted(a: &ArrayRef2<f64>, b: &ArrayRef1<f64>, many: &ArrayRef2<f64>) -> (Array1<f64>, Array2<f64>) {
    (lstsq(a, b).unwrap(), lstsq(a, many).unwrap())
}

#[test]
fn equations_are_solved_and_matrices_inverted() {
    let a = array![[2.0, 1.0], [1.0, 3.0]];
    let (x, y) = every_way!(solved(&a, &array![3.0, 4.0], &array![[2.0, 1.0], [1.0, 3.0]])).0;
    close(&x, &array![2.0, 2.0]);
    close(&y, &Array2::eye(2));
    let (inverse, determinant) = every_way!(inverted(&a)).0;
    close(&inverse, &(array![[3.0, -1.0], [-1.0, 2.0]] / 5.0));
    assert!((determinant - 20.0).abs() < 1e-12, "{determinant}");
    // A row exchange changes the sign.
    assert_eq!(det(&array![[0.0, 1.0], [1.0, 0.0]]), Ok(-1.0));
    assert_eq!(
        (det(&array![[1.0, 2.0], [2.0, 4.0]]), det(&Array2::<f64>::zeros((0, 0)))),
        (Ok(0.0), Ok(1.0))
    );
    for n in [0, 1, 3, 17, 70, 130] {
        let (a, x, y) = (regular(n), matrix(n, 1).column(0).to_owned(), matrix(n, 3));
        let (found, of_many) = every_way!(solved(&a, &a.dot(&x), &a.t().dot(&y))).0;
        close(&found, &(x * 2.0));
        close(&of_many, &y);
        close(&a.dot(&inv(&a).unwrap()), &Array2::eye(n));
    }
    let columns = regular(9).reversed_axes();
    let b = Array1::linspace(0.0, 1.0, 9);
    close(&columns.dot(&solve(&columns, &b).unwrap()), &b);
    let every_other = regular(18);
    let every_other = every_other.slice(s![..;-2, ..;-2]);
    close(&every_other.dot(&solve(&every_other, &b).unwrap()), &b);
}

#[test]
fn decompositions_multiply_to_what_they_are_of() {
    let orthonormal = |q: &Array2<f64>| close(&q.t().dot(q), &Array2::eye(q.ncols()));
    for n in [0, 1, 2, 16, 50] {
        let a = regular(n);
        let l = every_way!(rooted(&a)).0;
        close(&l.dot(&l.t()), &a.dot(&a.t()));
        assert!(l.indexed_iter().all(|((i, j), x)| i >= j || *x == 0.0));
        let (values, vectors) = every_way!(symmetric(&a)).0;
        orthonormal(&vectors);
        close(&vectors.dot(&Array2::from_diag(&values)).dot(&vectors.t()), &(&a + &a.t()));
        assert!(values.iter().zip(values.iter().skip(1)).all(|(a, b)| a <= b));
    }
    for (m, n) in [(0, 0), (0, 3), (3, 0), (1, 1), (5, 2), (2, 5), (40, 40), (90, 30), (30, 90)] {
        let a = matrix(m, n);
        let (q, r) = every_way!(reflected(&a)).0;
        orthonormal(&q);
        close(&q.dot(&r), &a);
        assert!(r.indexed_iter().all(|((i, j), x)| i <= j || *x == 0.0));
        let (u, s, v) = every_way!(decomposed(&a)).0;
        assert_eq!((u.dim(), s.len(), v.dim()), ((m, m.min(n)), m.min(n), (m.min(n), n)));
        orthonormal(&u);
        orthonormal(&v.t().to_owned());
        close(&u.dot(&Array2::from_diag(&s)).dot(&v), &a);
        assert!(s.iter().zip(s.iter().skip(1)).all(|(a, b)| a >= b) && s.iter().all(|x| *x >= 0.0));
    }
    let (s, of) =
        (every_way!(decomposed(&Array2::from_diag(&array![1.0, -3.0, 2.0]))).0.1, array![3.0, 2.0, 1.0]);
    close(&s, &of);
    every_way!(transposed_plus_values(&matrix(3, 4), &matrix(3, 3)));
    let explanation = transposed_plus_values::kernel().explain().unwrap();
    assert_eq!((explanation.regions.len(), explanation.calls.len()), (1, 1), "{explanation}");
}

#[test]
fn least_squares_are_the_least_and_the_shortest() {
    // A line through points on it, and through others.
    let x = Array1::linspace(0.0, 9.0, 10);
    let a = ndarray::stack![ndarray::Axis(1), x, Array1::<f64>::ones(10)];
    let (line, lines) =
        every_way!(fitted(&a, &(&x * 2.0 + 1.0), &ndarray::stack![ndarray::Axis(1), x, &x * 0.0])).0;
    close(&line, &array![2.0, 1.0]);
    close(&lines, &array![[1.0, 0.0], [0.0, 0.0]]);
    let a = matrix(30, 4);
    let b = matrix(1, 30).row(0).to_owned();
    let rest = &b - &a.dot(&lstsq(&a, &b).unwrap());
    close(&a.t().dot(&rest), &Array1::zeros(4));
    // Of all solutions that of fewest digits: both columns are the same.
    let twice = array![[1.0, 1.0], [1.0, 1.0], [1.0, 1.0]];
    close(&lstsq(&twice, &array![2.0, 2.0, 2.0]).unwrap(), &array![1.0, 1.0]);
    close(&lstsq(&Array2::zeros((3, 2)), &array![1.0, 2.0, 3.0]).unwrap(), &array![0.0, 0.0]);
    close(&lstsq(&Array2::zeros((0, 2)), &array![]).unwrap(), &array![0.0, 0.0]);
}

#[kernel]
fn in_single(a: &ArrayRef2<f32>, b: &ArrayRef1<f32>) -> (Array1<f32>, f32, Array1<f32>) {
    let x = solve(a, b).unwrap();
    let (values, _) = eigh(&a.dot(&a.t())).unwrap();
    (x, det(a).unwrap(), values)
}

#[test]
fn single_precision_has_its_own_functions() {
    let a = array![[2.0f32, 0.0], [0.0, 4.0]];
    let (x, determinant, values) = every_way!(in_single(&a, &array![2.0, 2.0])).0;
    assert_eq!((x, determinant, values), (array![1.0, 0.5], 8.0, array![4.0, 16.0]));
}

#[kernel]
fn square_of(a: &ArrayRef2<f64>) -> f64 {
    det(a).unwrap()
}

#[kernel]
fn lower(a: &ArrayRef2<f64>) -> Array2<f64> {
    cholesky(a).unwrap()
}

#[kernel]
fn values(a: &ArrayRef2<f64>) -> Array1<f64> {
    let (values, _) = eigh(a).unwrap();
    values
}

#[kernel]
fn inverse(a: &ArrayRef2<f64>) -> Array2<f64> {
    inv(a).unwrap()
}

#[test]
fn what_has_no_answer_is_an_error_of_its_kind_and_the_next_call_works() {
    let zeros = |rows, columns| Array2::<f64>::zeros((rows, columns));
    let (ones, one) = (Array1::<f64>::ones(2), Array2::<f64>::ones((2, 1)));
    let not_square = LinalgError::NotSquare { rows: 2, columns: 3 };
    assert_eq!(cause(error_of!(solved(&zeros(2, 3), &ones, &one))), not_square);
    assert_eq!(cause(error_of!(square_of(&zeros(2, 3)))), not_square);
    assert_eq!(cause(error_of!(lower(&zeros(2, 3)))), not_square);
    assert_eq!(cause(error_of!(values(&zeros(2, 3)))), not_square);
    assert_eq!(cause(error_of!(inverse(&zeros(2, 3)))), not_square);
    let wrong = LinalgError::WrongLength { expected: 3, found: 2 };
    assert_eq!(cause(error_of!(solved(&regular(3), &ones, &one))), wrong);
    assert_eq!(cause(error_of!(fitted(&zeros(3, 2), &ones, &one))), wrong);
    for singular in [zeros(2, 2), array![[1.0, 2.0], [2.0, 4.0]], array![[0.0, 1.0], [0.0, 5.0]]] {
        assert_eq!(cause(error_of!(solved(&singular, &ones, &one))), LinalgError::Singular);
        assert_eq!(cause(error_of!(inverse(&singular))), LinalgError::Singular);
    }
    let indefinite = array![[1.0, 2.0], [2.0, 1.0]];
    assert_eq!(cause(error_of!(lower(&indefinite))), LinalgError::NotPositiveDefinite { order: 2 });
    assert_eq!(cause(error_of!(lower(&zeros(3, 3)))), LinalgError::NotPositiveDefinite { order: 1 });
    for odd in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for n in [1, 2, 40] {
            let mut a = regular(n);
            a[[n / 2, n / 2]] = odd;
            assert_eq!(cause(error_of!(values(&a))), LinalgError::NotFinite);
            assert_eq!(cause(error_of!(decomposed(&a))), LinalgError::NotFinite);
            // Nothing dies of it elsewhere either.
            let _ = (solve(&a, &Array1::ones(n)), inv(&a), det(&a), qr(&a), lstsq(&a, &Array1::ones(n)));
            assert!(cholesky(&a).is_err() || odd == f64::INFINITY);
        }
    }
    assert_eq!(every_way!(square_of(&Array2::eye(3))).0, 1.0);
    assert_eq!(
        cause(error_of!(square_of(&Array2::zeros((3, 4).f())))).to_string(),
        "a square matrix is needed, not one of 3 rows and 4 columns"
    );
}

#[test]
fn arguments_that_no_function_takes_are_told_with_what_is_taken() {
    let engine = Engine::new().unwrap();
    let traced = engine.trace("kernel", |t| {
        let (a, b) = (t.array::<f64>("a", 2), t.array::<f64>("b", 3));
        t.host::<solve>(&[a, b])
    });
    let message = traced.unwrap_err().to_string();
    assert!(
        message.contains("`solve` does not take an array of f64 with 2 axes and an array of f64 with 3 axes"),
        "{message}"
    );
    assert!(
        message.contains("(Array2<f64>, Array1<f64>)") && message.contains("(Array2<f32>, Array2<f32>)"),
        "{message}"
    );
    let kernel = engine.trace("kernel", |t| {
        let (a, b) = (t.array::<f64>("a", 2), t.array::<f64>("b", 1));
        t.host::<solve>(&[a, b]).unwrap() * 2.0
    });
    assert_eq!(kernel.unwrap().parallel((&Array2::<f64>::eye(2), &array![1.0, 2.0])), Ok(array![2.0, 4.0]));
}
