//! Stencils: weighted sums over the neighbours of each element, and arrays with a border around them.
//!
//! ```text
//!             before            the array     behind
//! constant    x x x             a b c d       x x x
//! nearest     a a a             a b c d       d d d
//! reflect     c b a             a b c d       d c b
//! mirror      d c b             a b c d       c b a
//! wrap        b c d             a b c d       a b c
//! ```
//!
//! These are kernels like those of users: the functions work in plain Rust, in other kernels, and by themselves,
//! `stencil2::<f64>::parallel(…)`. In one and two dimensions elements with all their neighbours inside the array are computed without
//! asking where these are, in three the array is padded first; for any other function of the neighbours, go through the [windows](ndarray::ArrayRef::windows) of a padded
//! array.
//!
//! ```
//! use ndarray::{Array2, ArrayRef2, array};
//! use parfuse::prelude::*;
//! use parfuse::stencil::{border, pad2, stencil2};
//!
//! /// One step of diffusion, on a torus.
//! #[kernel]
//! fn diffused(u: &ArrayRef2<f64>, c: f64) -> Array2<f64> {
//!     let weights = array![[0.0, c, 0.0], [c, 1.0 - 4.0 * c, c], [0.0, c, 0.0]];
//!     stencil2(u, &weights, border::WRAP, 0.0)
//! }
//!
//! /// The largest of nine neighbours.
//! #[kernel]
//! fn dilated(u: &ArrayRef2<f64>) -> Array2<f64> {
//!     let padded = pad2(u, 1, 1, border::NEAREST, 0.0);
//!     let mut out = u.to_owned();
//!     for (i, j) in prange2(u.dim()) {
//!         for p in 0..3 {
//!             for q in 0..3 {
//!                 out[[i, j]] = out[[i, j]].max(padded[[i + p, j + q]]);
//!             }
//!         }
//!     }
//!     out
//! }
//!
//! let u = Array2::from_shape_fn((6, 5), |(i, j)| (i * j) as f64);
//! assert_eq!(diffused::parallel(&u, 0.1)?, diffused(&u, 0.1));
//! assert_eq!(dilated::serial(&u)?, dilated(&u));
//! # Ok::<(), parfuse::Error>(())
//! ```

use crate::kernel;
use crate::plain::{prange, prange2, prange3};
use ndarray::{Array1, Array2, Array3, ArrayRef1, ArrayRef2, ArrayRef3};
use num_traits::Float;

/// What is taken for the neighbours that an array does not have.
pub mod border {
    /// A number given.
    pub const CONSTANT: u8 = 0;
    /// The element next to the border.
    pub const NEAREST: u8 = 1;
    /// The elements seen in a mirror that stands between the border and what is outside: the first is there twice.
    pub const REFLECT: u8 = 2;
    /// The elements seen in a mirror that stands on the one next to the border.
    pub const MIRROR: u8 = 3;
    /// The elements at the other end.
    pub const WRAP: u8 = 4;
}

/// The index of the element, among `n`, that stands at index `i` of a line without ends; -1 if that is a constant, or
/// there are none.
#[kernel]
fn place(i: i64, n: i64, border: u8) -> i64 {
    if i >= 0 && i < n {
        i
    } else if n == 0 {
        -1
    } else if border == border::NEAREST {
        i.clamp(0, n - 1)
    } else if border == border::REFLECT {
        let k = i.rem_euclid(2 * n);
        k.min(2 * n - 1 - k)
    } else if border == border::MIRROR {
        let period = (2 * n - 2).max(1);
        let k = i.rem_euclid(period);
        k.min(period - k)
    } else if border == border::WRAP {
        i.rem_euclid(n)
    } else {
        -1
    }
}

/// The weighted sum of the neighbours of element `i`, some of which are outside.
#[kernel]
fn at_border1<T: Float>(a: &ArrayRef1<T>, weights: &ArrayRef1<T>, i: usize, border: u8, outside: T) -> T {
    let mut sum = T::zero();
    for p in 0..weights.len() {
        let k = place((i + p) as i64 - (weights.len() / 2) as i64, a.len() as i64, border);
        sum = sum + weights[p] * if k < 0 { outside } else { a[k as usize] };
    }
    sum
}

/// The sums of the neighbours of each element, times these weights: `out[i]` is the sum of all `weights[p] * a[i + p - k / 2]`,
/// where `k` is the number of weights. `outside` is the constant of [`border::CONSTANT`].
#[kernel]
pub fn stencil1<T: Float>(a: &ArrayRef1<T>, weights: &ArrayRef1<T>, border: u8, outside: T) -> Array1<T> {
    let (n, k) = (a.len(), weights.len());
    let before = k / 2;
    let first = before.min(n);
    let last = (n + before + 1).saturating_sub(k).min(n).max(first);
    let mut out = Array1::<T>::zeros(n);
    for i in prange(first..last) {
        let mut sum = T::zero();
        for p in 0..k {
            sum = sum + weights[p] * a[i - before + p];
        }
        out[i] = sum;
    }
    for i in prange(0..first) {
        out[i] = at_border1(a, weights, i, border, outside);
    }
    for i in prange(last..n) {
        out[i] = at_border1(a, weights, i, border, outside);
    }
    out
}

#[kernel]
fn at_border2<T: Float>(
    a: &ArrayRef2<T>,
    weights: &ArrayRef2<T>,
    i: usize,
    j: usize,
    border: u8,
    outside: T,
) -> T {
    let (rows, columns) = weights.dim();
    let mut sum = T::zero();
    for p in 0..rows {
        let k = place((i + p) as i64 - (rows / 2) as i64, a.nrows() as i64, border);
        for q in 0..columns {
            let l = place((j + q) as i64 - (columns / 2) as i64, a.ncols() as i64, border);
            sum = sum + weights[[p, q]] * if k < 0 || l < 0 { outside } else { a[[k as usize, l as usize]] };
        }
    }
    sum
}

/// [`stencil1()`] in two dimensions: `out[[i, j]]` is the sum of all `weights[[p, q]] * a[[i + p - k / 2, j + q - l / 2]]`, row by
/// row, where there are `k` rows of `l` weights.
#[kernel]
pub fn stencil2<T: Float>(a: &ArrayRef2<T>, weights: &ArrayRef2<T>, border: u8, outside: T) -> Array2<T> {
    let ((n, m), (k, l)) = (a.dim(), weights.dim());
    let (above, before) = (k / 2, l / 2);
    let (top, first) = (above.min(n), before.min(m));
    let bottom = (n + above + 1).saturating_sub(k).min(n).max(top);
    let last = (m + before + 1).saturating_sub(l).min(m).max(first);
    let mut out = Array2::<T>::zeros((n, m));
    for (i, j) in prange2((top..bottom, first..last)) {
        let mut sum = T::zero();
        for p in 0..k {
            for q in 0..l {
                sum = sum + weights[[p, q]] * a[[i - above + p, j - before + q]];
            }
        }
        out[[i, j]] = sum;
    }
    for (i, j) in prange2((0..top, 0..m)) {
        out[[i, j]] = at_border2(a, weights, i, j, border, outside);
    }
    for (i, j) in prange2((bottom..n, 0..m)) {
        out[[i, j]] = at_border2(a, weights, i, j, border, outside);
    }
    for (i, j) in prange2((top..bottom, 0..first)) {
        out[[i, j]] = at_border2(a, weights, i, j, border, outside);
    }
    for (i, j) in prange2((top..bottom, last..m)) {
        out[[i, j]] = at_border2(a, weights, i, j, border, outside);
    }
    out
}

/// An array with `width` more elements on either side.
#[kernel]
pub fn pad1<T: Float>(a: &ArrayRef1<T>, width: usize, border: u8, outside: T) -> Array1<T> {
    let n = a.len();
    let mut out = Array1::<T>::zeros(n + 2 * width);
    for i in prange(0..n + 2 * width) {
        let k = place(i as i64 - width as i64, n as i64, border);
        out[i] = if k < 0 { outside } else { a[k as usize] };
    }
    out
}

/// [`pad1()`] in two dimensions: `rows` more rows above and below, `columns` more columns on either side.
#[kernel]
pub fn pad2<T: Float>(a: &ArrayRef2<T>, rows: usize, columns: usize, border: u8, outside: T) -> Array2<T> {
    let (n, m) = a.dim();
    let mut out = Array2::<T>::zeros((n + 2 * rows, m + 2 * columns));
    for (i, j) in prange2((n + 2 * rows, m + 2 * columns)) {
        let k = place(i as i64 - rows as i64, n as i64, border);
        let l = place(j as i64 - columns as i64, m as i64, border);
        out[[i, j]] = if k < 0 || l < 0 { outside } else { a[[k as usize, l as usize]] };
    }
    out
}

/// [`pad1()`] in three dimensions: so many more planes, rows and columns on either side.
#[kernel]
pub fn pad3<T: Float>(
    a: &ArrayRef3<T>,
    planes: usize,
    rows: usize,
    columns: usize,
    border: u8,
    outside: T,
) -> Array3<T> {
    let (h, n, m) = a.dim();
    let mut out = Array3::<T>::zeros((h + 2 * planes, n + 2 * rows, m + 2 * columns));
    for (g, i, j) in prange3((h + 2 * planes, n + 2 * rows, m + 2 * columns)) {
        let f = place(g as i64 - planes as i64, h as i64, border);
        let k = place(i as i64 - rows as i64, n as i64, border);
        let l = place(j as i64 - columns as i64, m as i64, border);
        let is_outside = f < 0 || k < 0 || l < 0;
        out[[g, i, j]] = if is_outside { outside } else { a[[f as usize, k as usize, l as usize]] };
    }
    out
}

/// [`stencil1()`] in three dimensions: `out[[g, i, j]]` is the sum of all
/// `weights[[o, p, q]] * a[[g + o - h / 2, i + p - k / 2, j + q - l / 2]]`, in row-major order, where the weights have the
/// shape `(h, k, l)`.
#[kernel]
pub fn stencil3<T: Float>(a: &ArrayRef3<T>, weights: &ArrayRef3<T>, border: u8, outside: T) -> Array3<T> {
    let (h, k, l) = weights.dim();
    let padded = pad3(a, h / 2, k / 2, l / 2, border, outside);
    let mut out = Array3::<T>::zeros(a.raw_dim());
    for (g, i, j) in prange3(a.dim()) {
        let mut sum = T::zero();
        for o in 0..h {
            for p in 0..k {
                for q in 0..l {
                    sum = sum + weights[[o, p, q]] * padded[[g + o, i + p, j + q]];
                }
            }
        }
        out[[g, i, j]] = sum;
    }
    out
}
