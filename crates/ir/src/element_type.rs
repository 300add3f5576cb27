//! What a Program computes with: real elements, and complex numbers of two of them.
//!
//! ```text
//! f64            ElementType::Real(F64)        a row of the table of element types
//! complex<f64>   ElementType::Complex(F64)     a real and an imaginary part, `num_complex::Complex<f64>`
//! ```
//!
//! Complex numbers exist in Program alone: `split_complex` makes two real values of each, and all that comes after
//! knows [`DType`] only.

use crate::scalar_op::Signature;
use crate::{DType, Element, Fold, ReduceOp, Scalar, ScalarOp, for_each_dtype};
use num_complex::Complex;
use std::fmt;

/// The type of a scalar or of an array's elements in a Program.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ElementType {
    /// A number, or a truth value.
    Real(DType),
    /// A complex number whose parts are floats of this type.
    Complex(DType),
}

impl ElementType {
    /// The type of it, or of its parts.
    #[inline]
    pub fn part(self) -> DType {
        match self {
            ElementType::Real(dtype) | ElementType::Complex(dtype) => dtype,
        }
    }
    /// The type itself, if it is not complex.
    #[inline]
    pub fn real(self) -> Option<DType> {
        match self {
            ElementType::Real(dtype) => Some(dtype),
            ElementType::Complex(_) => None,
        }
    }
    /// The type as Rust spells it.
    pub fn rust_name(self) -> String {
        match self {
            ElementType::Real(dtype) => dtype.to_string(),
            ElementType::Complex(part) => format!("Complex<{part}>"),
        }
    }
    /// Whether it has an imaginary part.
    #[inline]
    pub fn is_complex(self) -> bool {
        matches!(self, ElementType::Complex(_))
    }

    /// The result type of an operation on operands of these types, or `None` if it does not apply to them.
    ///
    /// Of complex numbers there are sums, differences, products and quotients, also with reals of the parts' type on
    /// either side, the opposite, equality and `select`.
    pub fn of_operation(op: ScalarOp, operands: &[ElementType]) -> Option<ElementType> {
        use ElementType::{Complex, Real};
        let real: Option<Vec<DType>> = operands.iter().map(|operand| operand.real()).collect();
        if let Some(real) = real {
            return op.result_type(&real).map(Real);
        }
        match (op, operands) {
            (ScalarOp::Neg, [Complex(dtype)]) => Some(Complex(*dtype)),
            (ScalarOp::Eq | ScalarOp::Ne, [Complex(a), Complex(b)]) => (a == b).then_some(Real(DType::Bool)),
            (ScalarOp::Add | ScalarOp::Sub | ScalarOp::Mul | ScalarOp::Div, [a, b]) => {
                (a.part() == b.part()).then_some(Complex(a.part()))
            }
            (op, [Real(cond), Complex(a), Complex(b)]) if op.signature() == Signature::Select => {
                (cond.is_bool() && a == b).then_some(Complex(*a))
            }
            _ => None,
        }
    }

    /// The result type of a reduction of such elements, or `None` if it does not apply to them. Complex numbers have a
    /// sum, those of their parts, and a product, from the first to the last.
    pub fn of_fold(fold: Fold, element: ElementType) -> Option<ElementType> {
        match element {
            ElementType::Real(dtype) => fold.applies_to(dtype).then(|| fold.result_type(dtype).into()),
            ElementType::Complex(_) => {
                matches!(fold, Fold::Op(ReduceOp::Sum | ReduceOp::Product)).then_some(element)
            }
        }
    }
}

impl From<DType> for ElementType {
    fn from(dtype: DType) -> ElementType {
        ElementType::Real(dtype)
    }
}

/// Prints `f64` or `complex<f64>`.
impl fmt::Display for ElementType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ElementType::Real(dtype) => write!(f, "{dtype}"),
            ElementType::Complex(dtype) => write!(f, "complex<{dtype}>"),
        }
    }
}

/// One of the two numbers that a complex number is made of.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Part {
    /// The real part.
    Re,
    /// The imaginary part.
    Im,
}

impl Part {
    /// Both, in the order in which they lie in memory.
    pub const BOTH: [Part; 2] = [Part::Re, Part::Im];

    /// The field of `num_complex::Complex`, and the word in IR text.
    pub fn name(self) -> &'static str {
        match self {
            Part::Re => "re",
            Part::Im => "im",
        }
    }
    /// The part with this name.
    pub fn from_name(name: &str) -> Option<Part> {
        Part::BOTH.into_iter().find(|part| part.name() == name)
    }
    /// Its position among the parts.
    pub fn index(self) -> usize {
        self as usize
    }
}

mod sealed {
    pub trait Sealed {}
}

/// A Rust type that can be a scalar or an array element of a kernel: an [`Element`], or a complex number of two floats.
///
/// Compiled code trusts that a value lies in memory as its parts do, one behind the other.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an element type of kernels",
    label = "`{Self}` is not an element type of kernels",
    note = "kernels compute with scalars and arrays of bool, f32, f64, integers of 8 to 64 bits, Complex<f32> and Complex<f64>"
)]
pub trait AnyElement: sealed::Sealed + Copy + Send + Sync + PartialEq + fmt::Debug + 'static {
    /// The type as Programs know it.
    const TYPE: ElementType;
    /// How many numbers it is made of.
    const PARTS: usize;
    /// The type of its parts: itself, if it is not complex.
    type Part: Element;

    /// The number at a position among the parts.
    fn part(self, position: usize) -> Self::Part;
    /// The value made of these parts.
    fn of_parts(part: impl FnMut(usize) -> Self::Part) -> Self;
}

macro_rules! real_elements {
    ($(($variant:ident, $rust:ty, $name:literal, $class:ident)),* $(,)?) => { $(
        impl sealed::Sealed for $rust {}
        #[diagnostic::do_not_recommend]
        impl AnyElement for $rust {
            const TYPE: ElementType = ElementType::Real(DType::$variant);
            const PARTS: usize = 1;
            type Part = $rust;
            #[inline]
            fn part(self, _: usize) -> $rust {
                self
            }
            #[inline]
            fn of_parts(mut part: impl FnMut(usize) -> $rust) -> $rust {
                part(0)
            }
        }
    )* };
}
for_each_dtype!(real_elements);

macro_rules! complex_elements {
    ($($variant:ident $rust:ty),*) => { $(
        impl sealed::Sealed for Complex<$rust> {}
        #[diagnostic::do_not_recommend]
        impl AnyElement for Complex<$rust> {
            const TYPE: ElementType = ElementType::Complex(DType::$variant);
            const PARTS: usize = 2;
            type Part = $rust;
            #[inline]
            fn part(self, position: usize) -> $rust {
                [self.re, self.im][position]
            }
            #[inline]
            fn of_parts(mut part: impl FnMut(usize) -> $rust) -> Complex<$rust> {
                let re = part(Part::Re.index());
                Complex::new(re, part(Part::Im.index()))
            }
        }
    )* };
}
complex_elements!(F32 f32, F64 f64);

/// The parts of a value as scalars.
pub fn scalars<T: AnyElement>(value: T) -> impl Iterator<Item = Scalar> {
    (0..T::PARTS).map(move |position| value.part(position).scalar())
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPLEX: ElementType = ElementType::Complex(DType::F64);
    const REAL: ElementType = ElementType::Real(DType::F64);

    #[test]
    fn reals_stand_on_either_side_of_complex_numbers() {
        for op in [ScalarOp::Add, ScalarOp::Sub, ScalarOp::Mul, ScalarOp::Div] {
            for operands in [[COMPLEX, COMPLEX], [COMPLEX, REAL], [REAL, COMPLEX]] {
                assert_eq!(ElementType::of_operation(op, &operands), Some(COMPLEX));
            }
            let narrow = ElementType::Real(DType::F32);
            assert_eq!(ElementType::of_operation(op, &[COMPLEX, narrow]), None);
        }
    }

    #[test]
    fn complex_numbers_have_no_order() {
        for op in [ScalarOp::Lt, ScalarOp::Min, ScalarOp::Rem, ScalarOp::Sqrt, ScalarOp::And] {
            let operands = vec![COMPLEX; op.arity()];
            assert_eq!(ElementType::of_operation(op, &operands), None, "{op}");
        }
        assert_eq!(ElementType::of_operation(ScalarOp::Eq, &[COMPLEX, REAL]), None);
    }

    #[test]
    fn complex_numbers_lie_as_their_parts_do() {
        let z = Complex::new(1.5, -2.5);
        assert_eq!(scalars(z).collect::<Vec<_>>(), [Scalar::F64(1.5), Scalar::F64(-2.5)]);
        assert_eq!(Complex::of_parts(|position| z.part(position)), z);
        assert_eq!(std::mem::size_of::<Complex<f32>>(), 2 * std::mem::size_of::<f32>());
        assert_eq!(std::mem::align_of::<Complex<f32>>(), std::mem::align_of::<f32>());
    }
}
