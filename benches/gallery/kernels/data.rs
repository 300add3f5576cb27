//! What the kernels run on: numbers that look random, and are a pure function of a position and a seed.
//!
//! ```text
//! uniform((2, 3), 7)    floats in [0, 1), row by row      bits(0, 7) bits(1, 7) … as fractions
//! below(5, 10, 7)       integers below 5                  bits(0, 7) % 5, …
//! csr(rows, columns)    a sparse matrix by rows           starts of rows, columns, values
//! ```
//!
//! `benches/gallery/numba/data.py` has the same.

use ndarray::{Array, Array1, Array2, Dimension, IntoDimension};

/// 64 bits (SplitMix64's mix of a counter).
fn bits(position: usize, seed: u64) -> u64 {
    let z =
        (position as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ seed.wrapping_mul(0xd1b5_4a32_d192_ed03);
    let z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}

fn fraction(position: usize, seed: u64) -> f64 {
    (bits(position, seed) >> 11) as f64 / (1u64 << 53) as f64
}

fn filled<T, S: IntoDimension>(shape: S, element: impl FnMut(usize) -> T) -> Array<T, S::Dim> {
    let shape = shape.into_dimension();
    let elements = (0..shape.size()).map(element).collect();
    Array::from_shape_vec(shape, elements).expect("there are as many elements as the shape has")
}

/// Floats in `[0, 1)`.
pub fn uniform<S: IntoDimension>(shape: S, seed: u64) -> Array<f64, S::Dim> {
    filled(shape, |position| fraction(position, seed))
}

/// The same in single precision.
pub fn singles<S: IntoDimension>(shape: S, seed: u64) -> Array<f32, S::Dim> {
    filled(shape, |position| (bits(position, seed) >> 40) as f32 / (1u32 << 24) as f32)
}

/// Integers from 0 to below a limit.
pub fn below<T: TryFrom<u64>, S: IntoDimension>(limit: u64, shape: S, seed: u64) -> Array<T, S::Dim> {
    let integer =
        |position| T::try_from(bits(position, seed) % limit).ok().expect("the limit is of the type");
    filled(shape, integer)
}

/// All zeros.
pub fn zeros<T: Default, S: IntoDimension>(shape: S) -> Array<T, S::Dim> {
    filled(shape, |_| T::default())
}

/// A symmetric matrix with a diagonal that outweighs the rest of its row.
pub fn dominant(n: usize, seed: u64) -> Array2<f64> {
    let mut a = uniform((n, n), seed);
    for i in 0..n {
        for j in 0..i {
            a[[i, j]] = a[[j, i]];
        }
        a[[i, i]] += n as f64;
    }
    a
}

/// How many elements the rows of a sparse matrix have.
#[derive(Clone, Copy, PartialEq)]
pub enum Rows {
    /// Nine each.
    Even,
    /// Up to five, and every 64th row 300.
    Uneven,
}

/// A sparse matrix by rows: where the elements of each row start, their columns, and their values.
pub fn csr(n: usize, rows: Rows, seed: u64) -> (Array1<usize>, Array1<usize>, Array1<f64>) {
    let mut starts = vec![0];
    for i in 0..n {
        let word = bits(i, seed);
        let length = match rows {
            Rows::Even => 9,
            Rows::Uneven if word.is_multiple_of(64) => 300,
            Rows::Uneven => (word >> 8) % 6,
        };
        starts.push(starts[i] + length as usize);
    }
    let count = starts[n];
    (starts.into(), below(n.max(1) as u64, count, seed + 1), uniform(count, seed + 2))
}

/// The same matrix as a list: rows, columns, values.
pub fn coo(n: usize, rows: Rows, seed: u64) -> (Array1<usize>, Array1<usize>, Array1<f64>) {
    let (starts, columns, values) = csr(n, rows, seed);
    let numbers = (0..n).flat_map(|i| std::iter::repeat_n(i, starts[i + 1] - starts[i])).collect();
    (numbers, columns, values)
}

/// A permutation of the numbers below `n`.
pub fn permutation(n: usize, seed: u64) -> Array1<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by_key(|i| bits(*i, seed));
    order.into()
}

/// Numbers that do not decrease.
pub fn ascending(n: usize) -> Array1<f64> {
    filled(n, |position| position as f64 / n as f64)
}

/// Elements of an array as another type.
pub fn scaled<D: Dimension>(a: Array<f64, D>, factor: f64, offset: f64) -> Array<f64, D> {
    a * factor + offset
}
