//! Discrete Fourier transforms along the last axis of `ndarray` arrays, by the algorithms of [`rustfft`] and [`realfft`]:
//! what `parfuse::fft` hands to kernels.
//!
//! ```text
//! X[k] = Σ x[j] e^(-2πi jk/n)      fft, rfft of real numbers (k up to n/2)
//! x[j] = Σ X[k] e^(+2πi jk/n) / n  ifft, irfft
//! ```
//!
//! Everything runs on the calling thread. Plans are kept, by thread, for some lengths.

use ndarray::{Array, ArrayView, Dimension};
use num_complex::Complex;
use realfft::RealFftPlanner;
use rustfft::{FftDirection, FftNum, FftPlanner};
use std::cell::RefCell;
use std::thread::LocalKey;

/// Why a transform has no result.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FourierError {
    /// There is nothing to transform, or it is to have no elements.
    #[error("a transform of no elements")]
    Empty,
    /// A spectrum has another length than one of so many real numbers.
    #[error("the spectrum of {length} real numbers has {expected} elements, not {found}")]
    WrongLength {
        /// How many real numbers are asked for.
        length: usize,
        /// How many elements their spectrum has.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// The allocator has no memory for the result.
    #[error("out of memory")]
    OutOfMemory,
}

/// How many lengths a thread keeps plans for.
const KEPT: usize = 32;

/// What a thread knows of transforms of some lengths.
struct Plans<T: FftNum> {
    complex: FftPlanner<T>,
    real: RealFftPlanner<T>,
    lengths: Vec<usize>,
}

impl<T: FftNum> Plans<T> {
    fn new() -> Plans<T> {
        Plans { complex: FftPlanner::new(), real: RealFftPlanner::new(), lengths: Vec::new() }
    }

    /// The plans, with room for another length.
    fn with(&mut self, length: usize) -> &mut Plans<T> {
        if !self.lengths.contains(&length) {
            if self.lengths.len() == KEPT {
                *self = Plans::new();
            }
            self.lengths.push(length);
        }
        self
    }
}

/// A float whose sequences are transformed: `f64` or `f32`.
pub trait Float: FftNum {
    /// The plans of this thread.
    #[doc(hidden)]
    fn plans<R>(length: usize, work: impl FnOnce(&mut Planners<'_, Self>) -> R) -> R;
    /// The reciprocal of a count.
    #[doc(hidden)]
    fn reciprocal(count: usize) -> Self;
}

/// The planners of a thread.
#[doc(hidden)]
pub struct Planners<'p, T: FftNum> {
    complex: &'p mut FftPlanner<T>,
    real: &'p mut RealFftPlanner<T>,
}

fn planned<T: FftNum, R>(
    plans: &'static LocalKey<RefCell<Plans<T>>>,
    length: usize,
    work: impl FnOnce(&mut Planners<'_, T>) -> R,
) -> R {
    let with = |plans: &mut Plans<T>| {
        let Plans { complex, real, .. } = plans.with(length);
        work(&mut Planners { complex, real })
    };
    plans.with_borrow_mut(with)
}

macro_rules! floats {
    ($($ty:ty: $plans:ident),*) => { $(
        thread_local! {
            static $plans: RefCell<Plans<$ty>> = RefCell::new(Plans::new());
        }
        impl Float for $ty {
            fn plans<R>(length: usize, work: impl FnOnce(&mut Planners<'_, $ty>) -> R) -> R {
                planned(&$plans, length, work)
            }
            fn reciprocal(count: usize) -> $ty {
                1.0 / count as $ty
            }
        }
    )* };
}
floats!(f64: PLANS_OF_F64, f32: PLANS_OF_F32);

/// The length of the last axis, and what is shaped like an array but for that.
fn lengths<T, D: Dimension>(a: &ArrayView<'_, T, D>, last: impl FnOnce(usize) -> usize) -> (usize, D) {
    let mut shape = a.raw_dim();
    let axis = shape.ndim().checked_sub(1);
    let length = axis.map_or(0, |axis| shape[axis]);
    if let Some(axis) = axis {
        shape[axis] = last(length);
    }
    (length, shape)
}

/// A vector with room for an array.
fn room<T, D: Dimension>(shape: &D) -> Result<Vec<T>, FourierError> {
    let mut elements = Vec::new();
    let len = shape.size_checked().ok_or(FourierError::OutOfMemory)?;
    elements.try_reserve_exact(len).map_err(|_| FourierError::OutOfMemory)?;
    Ok(elements)
}

fn array<T, D: Dimension>(shape: D, elements: Vec<T>) -> Array<T, D> {
    Array::from_shape_vec(shape, elements).expect("as many elements as the shape has")
}

/// The transforms of all rows.
fn transformed<T: Float, D: Dimension>(
    a: &ArrayView<'_, Complex<T>, D>,
    direction: FftDirection,
) -> Result<Array<Complex<T>, D>, FourierError> {
    let (length, shape) = lengths(a, |length| length);
    if length == 0 {
        return Err(FourierError::Empty);
    }
    let mut elements: Vec<Complex<T>> = room(&shape)?;
    a.rows().into_iter().for_each(|row| elements.extend(row));
    T::plans(length, |plans| plans.complex.plan_fft(length, direction).process(&mut elements));
    if direction == FftDirection::Inverse {
        let scale = T::reciprocal(length);
        elements.iter_mut().for_each(|x| *x = *x * scale);
    }
    Ok(array(shape, elements))
}

/// The transform of each row.
///
/// # Errors
/// If rows are empty, or there is no memory.
pub fn fft<T: Float, D: Dimension>(
    a: &ArrayView<'_, Complex<T>, D>,
) -> Result<Array<Complex<T>, D>, FourierError> {
    transformed(a, FftDirection::Forward)
}

/// What each row is the transform of.
///
/// # Errors
/// If rows are empty, or there is no memory.
pub fn ifft<T: Float, D: Dimension>(
    a: &ArrayView<'_, Complex<T>, D>,
) -> Result<Array<Complex<T>, D>, FourierError> {
    transformed(a, FftDirection::Inverse)
}

/// The transform of each row of real numbers: the first half of it, which tells the other.
///
/// # Errors
/// If rows are empty, or there is no memory.
pub fn rfft<T: Float, D: Dimension>(a: &ArrayView<'_, T, D>) -> Result<Array<Complex<T>, D>, FourierError> {
    let (length, shape) = lengths(a, |length| length / 2 + 1);
    if length == 0 {
        return Err(FourierError::Empty);
    }
    let mut elements: Vec<Complex<T>> = room(&shape)?;
    T::plans(length, |plans| {
        let plan = plans.real.plan_fft_forward(length);
        let (mut from, mut to, mut work) =
            (plan.make_input_vec(), plan.make_output_vec(), plan.make_scratch_vec());
        for row in a.rows() {
            from.iter_mut().zip(row).for_each(|(to, x)| *to = *x);
            plan.process_with_scratch(&mut from, &mut to, &mut work).expect("vectors of the plan's lengths");
            elements.extend_from_slice(&to);
        }
    });
    Ok(array(shape, elements))
}

/// The rows of so many real numbers that have these transforms. The imaginary parts of the first element, and of the last
/// one if the number is even, are taken for 0.
///
/// # Errors
/// If the number is 0 or the rows are not of its length, or there is no memory.
pub fn irfft<T: Float, D: Dimension>(
    a: &ArrayView<'_, Complex<T>, D>,
    length: usize,
) -> Result<Array<T, D>, FourierError> {
    let (found, shape) = lengths(a, |_| length);
    if length == 0 {
        return Err(FourierError::Empty);
    }
    let expected = length / 2 + 1;
    if found != expected {
        return Err(FourierError::WrongLength { length, expected, found });
    }
    let mut elements: Vec<T> = room(&shape)?;
    let scale = T::reciprocal(length);
    T::plans(length, |plans| {
        let plan = plans.real.plan_fft_inverse(length);
        let (mut from, mut to, mut work) =
            (plan.make_input_vec(), plan.make_output_vec(), plan.make_scratch_vec());
        for row in a.rows() {
            from.iter_mut().zip(row).for_each(|(to, x)| *to = *x);
            from[0].im = T::zero();
            if length.is_multiple_of(2) {
                from[expected - 1].im = T::zero();
            }
            plan.process_with_scratch(&mut from, &mut to, &mut work).expect("vectors of the plan's lengths");
            elements.extend(to.iter().map(|x| *x * scale));
        }
    });
    Ok(array(shape, elements))
}
