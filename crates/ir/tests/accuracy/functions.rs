//! The functions that are measured, with their references and their arguments.
//!
//! ```text
//! exp    core_math::exp    random in -1..1, -745.2..709.9, ...    where it is usual, difficult, or ends
//! ```

use super::between;
use parfuse_ir::{Scalar, ScalarOp};

/// A function with its reference and the arguments that it is tried on at random.
pub(super) struct Function {
    pub(super) op: ScalarOp,
    /// The name of its data.
    pub(super) name: &'static str,
    /// Correctly rounded.
    pub(super) reference: fn(f64, f64) -> f64,
    /// The same for `f32`.
    pub(super) reference_f32: fn(f32, f32) -> f32,
    /// Intervals of `f64` arguments.
    pub(super) ranges: &'static [(f64, f64)],
    /// Intervals of `f32` arguments.
    pub(super) ranges_f32: &'static [(f64, f64)],
    /// Intervals of the second argument, in `f64`, then in `f32`; of `pow`, of the result's logarithm to base two.
    pub(super) seconds: [(f64, f64); 2],
}

const NONE: [(f64, f64); 2] = [(0.0, 0.0); 2];
const ANGLES: &[(f64, f64)] = &[(-0.8, 0.8), (-7.0, 7.0), (-2e6, 2e6), (-1e300, 1e300)];
const ANGLES_F32: &[(f64, f64)] = &[(-0.8, 0.8), (-7.0, 7.0), (-2e6, 2e6), (-3e38, 3e38)];

const POSITIVE: &[(f64, f64)] = &[(0.5, 2.0), (0.98, 1.02), (0.0, 1e10), (0.0, 1e-307)];
const POSITIVE_F32: &[(f64, f64)] = &[(0.5, 2.0), (0.98, 1.02), (0.0, 1e10), (0.0, 2e-38)];

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        op: ScalarOp::Exp,
        name: "exp",
        reference: |x, _| core_math::exp(x),
        reference_f32: |x, _| core_math::expf(x),
        ranges: &[(-1.0, 1.0), (-745.2, 709.9), (-745.2, -708.0)],
        ranges_f32: &[(-1.0, 1.0), (-104.0, 89.0), (-104.0, -87.0)],
        seconds: NONE,
    },
    Function {
        op: ScalarOp::Exp2,
        name: "exp2",
        reference: |x, _| core_math::exp2(x),
        reference_f32: |x, _| core_math::exp2f(x),
        ranges: &[(-1.0, 1.0), (-1075.5, 1024.5), (-1075.5, -1021.0)],
        ranges_f32: &[(-1.0, 1.0), (-150.5, 128.5), (-150.5, -125.0)],
        seconds: NONE,
    },
    Function {
        op: ScalarOp::ExpM1,
        name: "expm1",
        reference: |x, _| core_math::expm1(x),
        reference_f32: |x, _| core_math::expm1f(x),
        ranges: &[(-0.4, 0.4), (-1.1, 1.1), (-45.0, 60.0), (-1e-8, 1e-8), (600.0, 709.9)],
        ranges_f32: &[(-0.4, 0.4), (-1.1, 1.1), (-20.0, 30.0), (-1e-4, 1e-4), (60.0, 89.0)],
        seconds: NONE,
    },
    Function {
        op: ScalarOp::Ln,
        name: "log",
        reference: |x, _| core_math::log(x),
        reference_f32: |x, _| core_math::logf(x),
        ranges: POSITIVE,
        ranges_f32: POSITIVE_F32,
        seconds: NONE,
    },
    Function {
        op: ScalarOp::Log2,
        name: "log2",
        reference: |x, _| core_math::log2(x),
        reference_f32: |x, _| core_math::log2f(x),
        ranges: POSITIVE,
        ranges_f32: POSITIVE_F32,
        seconds: NONE,
    },
    Function {
        op: ScalarOp::Log10,
        name: "log10",
        reference: |x, _| core_math::log10(x),
        reference_f32: |x, _| core_math::log10f(x),
        ranges: POSITIVE,
        ranges_f32: POSITIVE_F32,
        seconds: NONE,
    },
    Function {
        op: ScalarOp::Ln1p,
        name: "log1p",
        reference: |x, _| core_math::log1p(x),
        reference_f32: |x, _| core_math::log1pf(x),
        ranges: &[(-0.5, 0.5), (-1.0, 10.0), (-1e-8, 1e-8), (-1.0, -0.9999), (1e6, 1e300)],
        ranges_f32: &[(-0.5, 0.5), (-1.0, 10.0), (-1e-4, 1e-4), (-1.0, -0.999), (1e6, 1e38)],
        seconds: NONE,
    },
    Function {
        op: ScalarOp::Sin,
        name: "sin",
        reference: |x, _| core_math::sin(x),
        reference_f32: |x, _| core_math::sinf(x),
        ranges: ANGLES,
        ranges_f32: ANGLES_F32,
        seconds: NONE,
    },
    Function {
        op: ScalarOp::Cos,
        name: "cos",
        reference: |x, _| core_math::cos(x),
        reference_f32: |x, _| core_math::cosf(x),
        ranges: ANGLES,
        ranges_f32: ANGLES_F32,
        seconds: NONE,
    },
    Function {
        op: ScalarOp::Tan,
        name: "tan",
        reference: |x, _| core_math::tan(x),
        reference_f32: |x, _| core_math::tanf(x),
        ranges: ANGLES,
        ranges_f32: ANGLES_F32,
        seconds: NONE,
    },
    Function {
        op: ScalarOp::Asin,
        name: "asin",
        reference: |x, _| core_math::asin(x),
        reference_f32: |x, _| core_math::asinf(x),
        ranges: &[(-0.5, 0.5), (-1.0, 1.0), (0.5, 0.6), (0.999, 1.0), (-1e-307, 1e-307)],
        ranges_f32: &[(-0.5, 0.5), (-1.0, 1.0), (0.5, 0.6), (0.999, 1.0), (-2e-38, 2e-38)],
        seconds: NONE,
    },
    Function {
        op: ScalarOp::Acos,
        name: "acos",
        reference: |x, _| core_math::acos(x),
        reference_f32: |x, _| core_math::acosf(x),
        ranges: &[(-0.5, 0.5), (-1.0, 1.0), (0.5, 0.6), (0.999, 1.0), (-1.0, -0.999)],
        ranges_f32: &[(-0.5, 0.5), (-1.0, 1.0), (0.5, 0.6), (0.999, 1.0), (-1.0, -0.999)],
        seconds: NONE,
    },
    Function {
        op: ScalarOp::Atan,
        name: "atan",
        reference: |x, _| core_math::atan(x),
        reference_f32: |x, _| core_math::atanf(x),
        ranges: &[(-1.0, 1.0), (0.9, 1.1), (-10.0, 10.0), (-1e6, 1e6), (-1e-307, 1e-307)],
        ranges_f32: &[(-1.0, 1.0), (0.9, 1.1), (-10.0, 10.0), (-1e6, 1e6), (-2e-38, 2e-38)],
        seconds: NONE,
    },
    Function {
        op: ScalarOp::Atan2,
        name: "atan2",
        reference: core_math::atan2,
        reference_f32: core_math::atan2f,
        ranges: &[(-10.0, 10.0), (-1.0, 1.0), (-1e3, 1e3), (-1e-307, 1e-307)],
        ranges_f32: &[(-10.0, 10.0), (-1.0, 1.0), (-1e3, 1e3), (-2e-38, 2e-38)],
        seconds: [(-10.0, 10.0); 2],
    },
    Function {
        op: ScalarOp::Sinh,
        name: "sinh",
        reference: |x, _| core_math::sinh(x),
        reference_f32: |x, _| core_math::sinhf(x),
        ranges: &[(-1.1, 1.1), (-25.0, 25.0), (-711.0, 711.0), (-1e-8, 1e-8), (-1e-307, 1e-307)],
        ranges_f32: &[(-1.1, 1.1), (-15.0, 15.0), (-89.5, 89.5), (-1e-4, 1e-4), (-2e-38, 2e-38)],
        seconds: NONE,
    },
    Function {
        op: ScalarOp::Cosh,
        name: "cosh",
        reference: |x, _| core_math::cosh(x),
        reference_f32: |x, _| core_math::coshf(x),
        ranges: &[(-1.1, 1.1), (-25.0, 25.0), (-711.0, 711.0)],
        ranges_f32: &[(-1.1, 1.1), (-15.0, 15.0), (-89.5, 89.5)],
        seconds: NONE,
    },
    Function {
        op: ScalarOp::Tanh,
        name: "tanh",
        reference: |x, _| core_math::tanh(x),
        reference_f32: |x, _| core_math::tanhf(x),
        ranges: &[(-1.0, 1.0), (-20.0, 20.0), (-1e-8, 1e-8), (-1e-307, 1e-307)],
        ranges_f32: &[(-1.0, 1.0), (-10.0, 10.0), (-1e-4, 1e-4), (-2e-38, 2e-38)],
        seconds: NONE,
    },
    Function {
        op: ScalarOp::Erf,
        name: "erf",
        reference: |x, _| core_math::erf(x),
        reference_f32: |x, _| core_math::erff(x),
        ranges: &[(-1.0, 1.0), (0.8, 1.0), (-6.1, 6.1), (-1e-8, 1e-8), (-1e-307, 1e-307)],
        ranges_f32: &[(-1.0, 1.0), (0.8, 1.0), (-4.0, 4.0), (-1e-4, 1e-4), (-2e-38, 2e-38)],
        seconds: NONE,
    },
    Function {
        op: ScalarOp::Erfc,
        name: "erfc",
        reference: |x, _| core_math::erfc(x),
        reference_f32: |x, _| core_math::erfcf(x),
        ranges: &[(-1.0, 1.0), (-6.0, 6.0), (5.0, 28.0), (25.0, 26.5), (26.5, 27.3)],
        ranges_f32: &[(-1.0, 1.0), (-4.0, 4.0), (3.0, 10.5), (9.0, 10.2)],
        seconds: NONE,
    },
    Function {
        op: ScalarOp::Tgamma,
        name: "tgamma",
        reference: |x, _| core_math::tgamma(x),
        reference_f32: |x, _| core_math::tgammaf(x),
        ranges: &[(0.5, 3.0), (0.0, 172.0), (0.0, 1e-307), (-20.0, 0.0), (-186.0, 0.0)],
        ranges_f32: &[(0.5, 3.0), (0.0, 35.5), (0.0, 2e-38), (-20.0, 0.0), (-43.0, 0.0)],
        seconds: NONE,
    },
    Function {
        op: ScalarOp::Lgamma,
        name: "lgamma",
        reference: |x, _| core_math::lgamma(x),
        reference_f32: |x, _| core_math::lgammaf(x),
        ranges: &[(0.0, 3.0), (0.9, 1.1), (1.9, 2.1), (1.0, 20.0), (0.0, 1e307), (-20.0, 0.0), (-3.0, -2.0)],
        ranges_f32: &[(0.0, 3.0), (0.9, 1.1), (1.9, 2.1), (1.0, 20.0), (0.0, 1e37), (-20.0, 0.0)],
        seconds: NONE,
    },
    Function {
        op: ScalarOp::Powf,
        name: "pow",
        reference: core_math::pow,
        reference_f32: core_math::powf,
        ranges: &[(0.5, 2.0), (0.7, 0.71), (1.41, 1.42), (0.0, 1e10), (0.0, 1e-307), (-10.0, 10.0)],
        ranges_f32: &[(0.5, 2.0), (0.0, 1e10), (0.0, 2e-38), (-10.0, 10.0)],
        seconds: [(-1080.0, 1030.0), (-152.0, 130.0)],
    },
    Function {
        op: ScalarOp::Asinh,
        name: "asinh",
        reference: |x, _| core_math::asinh(x),
        reference_f32: |x, _| core_math::asinhf(x),
        ranges: &[(-0.5, 0.5), (-3.0, 3.0), (-1e3, 1e3), (-1e-7, 1e-7), (-1e308, 1e308)],
        ranges_f32: &[(-0.5, 0.5), (-3.0, 3.0), (-1e3, 1e3), (-1e-3, 1e-3), (-3e38, 3e38)],
        seconds: NONE,
    },
    Function {
        op: ScalarOp::Acosh,
        name: "acosh",
        reference: |x, _| core_math::acosh(x),
        reference_f32: |x, _| core_math::acoshf(x),
        ranges: &[(1.0, 1.000001), (1.0, 1.1), (1.0, 3.0), (1.0, 1e3), (1.0, 1e308)],
        ranges_f32: &[(1.0, 1.001), (1.0, 1.1), (1.0, 3.0), (1.0, 1e3), (1.0, 3e38)],
        seconds: NONE,
    },
    Function {
        op: ScalarOp::Atanh,
        name: "atanh",
        reference: |x, _| core_math::atanh(x),
        reference_f32: |x, _| core_math::atanhf(x),
        ranges: &[(-0.4, 0.4), (-1.0, 1.0), (0.999, 1.0), (-1e-7, 1e-7), (-1e-307, 1e-307)],
        ranges_f32: &[(-0.4, 0.4), (-1.0, 1.0), (0.999, 1.0), (-1e-3, 1e-3), (-2e-38, 2e-38)],
        seconds: NONE,
    },
    Function {
        op: ScalarOp::Cbrt,
        name: "cbrt",
        reference: |x, _| core_math::cbrt(x),
        reference_f32: |x, _| core_math::cbrtf(x),
        ranges: &[(0.3, 3.0), (-100.0, 100.0), (-1e308, 1e308), (-1e-307, 1e-307)],
        ranges_f32: &[(0.3, 3.0), (-100.0, 100.0), (-3e38, 3e38), (-2e-38, 2e-38)],
        seconds: NONE,
    },
    Function {
        op: ScalarOp::Hypot,
        name: "hypot",
        reference: core_math::hypot,
        reference_f32: core_math::hypotf,
        ranges: &[(-2.0, 2.0), (-40.0, 40.0), (-1e-3, 1e-3)],
        ranges_f32: &[(-2.0, 2.0), (-40.0, 40.0), (-1e-3, 1e-3)],
        seconds: [(-2.0, 2.0), (-2.0, 2.0)],
    },
];

impl Function {
    /// The largest error in ULP.
    pub(super) fn bound(&self) -> f64 {
        match self.op {
            ScalarOp::Erfc | ScalarOp::Lgamma | ScalarOp::Tgamma => 2.0,
            _ => 1.0,
        }
    }
    /// The magnitudes of positive and of negative `f32` arguments where each argument counts. Elsewhere the function is
    /// its first term or its limit, does not exist, or mirrors what it is at the positive arguments.
    pub(super) fn busy(&self) -> [(f32, f32); 2] {
        use ScalarOp::*;
        // Where the second term of a function is half an ULP of the first, or less: linear terms, square ones.
        let (linear, square) = (2f32.powi(-27), 2f32.powi(-14));
        let nowhere = (0.0, 0.0);
        match self.op {
            Exp | Exp2 | ExpM1 => [(linear, 256.0); 2],
            Ln | Log2 | Log10 => [(0.0, f32::MAX), nowhere],
            Ln1p => [(linear, f32::MAX), (linear, 1.0)],
            Sin | Cos | Tan | Asinh => [(square, f32::MAX), nowhere],
            Acos => [(linear, 1.0); 2],
            Asin | Atanh => [(square, 1.0), nowhere],
            Atan => [(square, 2f32.powi(27)), nowhere],
            Sinh | Cosh | Tanh => [(square, 128.0), nowhere],
            Acosh => [(1.0, f32::MAX), nowhere],
            Cbrt => [(0.0, f32::MAX), nowhere],
            Erf => [(square, 8.0), nowhere],
            Erfc => [(linear, 16.0); 2],
            Tgamma => [(linear, 64.0); 2],
            Lgamma => [(linear, f32::MAX), (linear, 2f32.powi(24))],
            _ => [(0.0, f32::INFINITY); 2],
        }
    }
    /// Two arguments that are random, the second within an interval of `seconds`.
    pub(super) fn arguments(&self, range: (f64, f64), seconds: (f64, f64), state: &mut u64) -> (f64, f64) {
        let (x, second) = (between(range, state), between(seconds, state));
        match self.op {
            ScalarOp::Powf => (x, second / x.abs().log2()),
            _ => (x, second),
        }
    }
    pub(super) fn apply_f64(&self, x: f64, y: f64) -> f64 {
        match self.op.eval(&[Scalar::F64(x), Scalar::F64(y)][..self.op.arity()]) {
            Scalar::F64(result) => result,
            other => panic!("{other:?}"),
        }
    }
    pub(super) fn apply_f32(&self, x: f32, y: f32) -> f32 {
        match self.op.eval(&[Scalar::F32(x), Scalar::F32(y)][..self.op.arity()]) {
            Scalar::F32(result) => result,
            other => panic!("{other:?}"),
        }
    }
}
