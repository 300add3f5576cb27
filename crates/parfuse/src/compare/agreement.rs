//! Whether two results agree.

use parfuse_ir::Scalar;

/// How far two results are apart.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Agreement {
    /// The largest distance between two corresponding floats, in units in the last place; 0 for integers.
    pub max_ulp: u64,
    /// The largest relative difference between two corresponding floats.
    pub max_relative: f64,
    /// Whether every bit is the same (one NaN counts as equal to another).
    pub same_bits: bool,
    /// Whether shapes, integers and truth values are equal, NaNs stand in the same places, and floats of arrays that have
    /// been seen to their end agree.
    same_kind: bool,
    /// Of the array that elements come from: the largest of them …
    largest: f64,
    /// … and how large one would have to be for those to agree that differ too much by themselves.
    wanted: f64,
}

impl Default for Agreement {
    fn default() -> Self {
        Agreement {
            max_ulp: 0,
            max_relative: 0.0,
            same_bits: true,
            same_kind: true,
            largest: 0.0,
            wanted: 0.0,
        }
    }
}

/// Within this many ULP two floats agree whatever their relative difference is.
const ULP: u64 = 16;
/// Results of another order of summation may differ by this much, relatively: in `f64` and in `f32`.
const RELATIVE: f64 = 1e-9;
const RELATIVE_SINGLE: f64 = 1e-4;
/// What is left when numbers nearly cancel may differ by this much of the array's largest element.
const CANCELLED: f64 = 1e-12;
const CANCELLED_SINGLE: f64 = 1e-5;

impl Agreement {
    /// Whether the results are the same but for rounding: floats within 16 ULP, or within a relative difference of
    /// 1e-9 (`f32`: 1e-4), which sums in another order need, or within 1e-12 (`f32`: 1e-5) of their array's largest
    /// element, which differences from such sums need; everything else equal.
    pub fn agrees(&self) -> bool {
        self.same_kind && self.wanted <= self.largest
    }

    /// Takes in two corresponding elements.
    pub(crate) fn add(&mut self, a: Scalar, b: Scalar) {
        let tolerances = match a.dtype().bits() {
            64 => (RELATIVE, CANCELLED),
            _ => (RELATIVE_SINGLE, CANCELLED_SINGLE),
        };
        match (a.as_float(), b.as_float()) {
            (Some(x), Some(y)) if a.dtype() == b.dtype() => self.add_floats(x, y, ulp(a, b), tolerances),
            _ => {
                self.same_bits &= a == b;
                self.same_kind &= a == b;
            }
        }
    }

    fn add_floats(&mut self, x: f64, y: f64, ulp: u64, (relative, cancelled): (f64, f64)) {
        if x.is_nan() || y.is_nan() {
            let both = x.is_nan() && y.is_nan();
            self.same_bits &= both;
            self.same_kind &= both;
            return;
        }
        let larger = x.abs().max(y.abs());
        if larger.is_finite() {
            self.largest = self.largest.max(larger);
        }
        self.same_bits &= ulp == 0 && x.is_sign_positive() == y.is_sign_positive();
        if ulp == 0 {
            return;
        }
        let distance = (x - y).abs();
        self.max_ulp = self.max_ulp.max(ulp);
        self.max_relative = self.max_relative.max(distance / larger);
        let agree = ulp <= ULP || distance / larger <= relative;
        if !agree {
            self.wanted = self.wanted.max(distance / cancelled);
        }
    }

    /// Takes in the shapes of two corresponding arrays, whose elements come next.
    pub(crate) fn add_shapes(&mut self, a: &[usize], b: &[usize]) {
        self.same_kind = self.agrees();
        (self.largest, self.wanted) = (0.0, 0.0);
        self.same_bits &= a == b;
        self.same_kind &= a == b;
    }
}

/// The number of floats between two floats of one type; `+0` and `-0` are the same place.
fn ulp(a: Scalar, b: Scalar) -> u64 {
    let place = |x: Scalar| {
        let magnitude = (x.to_bits() & (u64::MAX >> (65 - x.dtype().bits()))) as i128;
        if x.as_float().is_some_and(|x| x < 0.0) { -magnitude } else { magnitude }
    };
    u64::try_from(place(a).abs_diff(place(b))).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::returned::Returned;

    fn compare<T: Returned>(a: T, b: T) -> Agreement {
        let mut agreement = Agreement::default();
        a.compare_elements(&b, &mut agreement);
        agreement
    }

    #[test]
    fn distances_are_counted_in_floats() {
        let next = f64::from_bits(1.0f64.to_bits() + 3);
        assert_eq!(compare(1.0, next).max_ulp, 3);
        assert_eq!(compare(-f64::from_bits(2), f64::from_bits(1)).max_ulp, 3);
        assert_eq!(compare(1.0f32, 1.0f32.next_up()).max_ulp, 1);
        assert!(compare(1.0, next).agrees() && !compare(1.0, next).same_bits);
    }

    #[test]
    fn zeros_of_both_signs_agree_but_differ_in_bits() {
        let zeros = compare(0.0, -0.0);
        assert!(zeros.agrees() && !zeros.same_bits && zeros.max_ulp == 0);
    }

    #[test]
    fn nan_agrees_with_nan_alone() {
        assert!(compare(f64::NAN, -f64::NAN).same_bits);
        assert!(!compare(f64::NAN, 1.0).agrees());
    }

    #[test]
    fn integers_and_shapes_must_be_equal() {
        assert!(!compare(1i64, 2).agrees());
        assert!(!compare(ndarray::array![1.0, 2.0], ndarray::array![1.0]).agrees());
        assert!(!compare(1.0, 1.0001).agrees());
    }

    #[test]
    fn what_cancels_agrees_beside_larger_elements_of_the_same_array() {
        let near =
            |large: f64| compare(ndarray::array![1e-7, large], ndarray::array![1.0001e-7, large]).agrees();
        assert!(near(100.0) && !near(1.0));
        let arrays = |small: f64| (ndarray::array![small], ndarray::array![100.0]);
        assert!(!compare(arrays(1e-7), arrays(1.0001e-7)).agrees());
        assert!(!compare(ndarray::array![1.0, f64::INFINITY], ndarray::array![1.1, f64::INFINITY]).agrees());
        assert!(!compare(1.0, f64::INFINITY).agrees() && !compare(-f64::INFINITY, f64::INFINITY).agrees());
    }
}
