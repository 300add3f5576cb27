//! Element types and scalar values.
//!
//! ```text
//! (I32, i32, "i32", Signed)     a row of `parfuse_names::for_each_dtype`; the size is that of the Rust type
//!        │
//!        ├── DType::I32         what a program says: name, class, bits, least and greatest value
//!        ├── Scalar::I32(7)     a value: bits, text, conversions
//!        ├── impl Element       the Rust type, for those who compute with it: `with_dtype!`
//!        └── LaneType::I32      what lanes compute in: by class and bits
//! ```
//!
//! Everything else asks a type for its class and bits, or computes with the Rust type, and names no type.

use crate::element_type::AnyElement;
use crate::lane::LaneType;
use parfuse_names::for_each_dtype;
use std::fmt;

/// An expression over the Rust type of a [`DType`] that is known when the program runs only.
///
/// ```
/// use parfuse_ir::{DType, with_dtype};
/// assert_eq!(with_dtype!(DType::I32, T => std::mem::align_of::<T>()), 4);
/// ```
#[macro_export]
macro_rules! with_dtype {
    ($dtype:expr, $element:ident => $body:expr) => {
        $crate::for_each_dtype! { ($crate::with_dtype) [@types $dtype, $element => $body;] }
    };
    (@types $dtype:expr, $element:ident => $body:expr;
        $(($variant:ident, $rust:ty, $name:literal, $class:ident)),* $(,)?) => {
        match $dtype { $($crate::DType::$variant => { type $element = $rust; $body })* }
    };
}

/// An expression over the number in a [`Scalar`], whatever its type.
macro_rules! with_scalar {
    ($scalar:expr, $x:ident => $body:expr) => {
        for_each_dtype! { (with_scalar) [@types $scalar, $x => $body;] }
    };
    (@types $scalar:expr, $x:ident => $body:expr;
        $(($variant:ident, $rust:ty, $name:literal, $class:ident)),* $(,)?) => {
        match $scalar { $(Scalar::$variant($x) => $body,)* }
    };
}

macro_rules! define_dtypes {
    ($(($variant:ident, $rust:ty, $name:literal, $class:ident)),* $(,)?) => {
        /// The type of an array element or a scalar.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
        pub enum DType { $(#[doc = concat!("Rust's `", $name, "`.")] $variant),* }

        impl DType {
            /// All element types, in the order of the table.
            pub const ALL: &'static [DType] = &[$(DType::$variant),*];
            /// The Rust name.
            pub fn name(self) -> &'static str {
                match self { $(DType::$variant => $name),* }
            }
            /// The size of an array element in bytes.
            #[inline]
            pub fn size(self) -> usize {
                match self { $(DType::$variant => std::mem::size_of::<$rust>()),* }
            }
            /// What kind of type it is.
            #[inline]
            pub fn class(self) -> Class {
                match self { $(DType::$variant => Class::$class),* }
            }
        }

        /// A scalar value of any element type. Equality is equality of bits.
        #[derive(Clone, Copy, Debug)]
        pub enum Scalar { $(#[doc = concat!("A `", $name, "`.")] $variant($rust)),* }

        impl Scalar {
            /// The type of this value.
            #[inline]
            pub fn dtype(self) -> DType {
                match self { $(Scalar::$variant(_) => DType::$variant),* }
            }
        }

        $(implement_row!($class, $rust, $name);
        impl Sealed for $rust {}
        #[diagnostic::do_not_recommend]
        impl Element for $rust {
            const DTYPE: DType = DType::$variant;
            #[inline]
            fn scalar(self) -> Scalar { Scalar::$variant(self) }
            fn from_scalar(scalar: Scalar) -> Option<Self> {
                match scalar { Scalar::$variant(x) => Some(x), _ => None }
            }
        })*
    };
}

/// The kinds of element types.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Class {
    /// Truth values.
    Bool,
    /// Integers with negative ones.
    Signed,
    /// Integers from zero on.
    Unsigned,
    /// Floats.
    Float,
}

/// What a Rust type of a class is and does as a row of the table.
trait Row: Copy {
    const ONE: Self;
    const LEAST: Self;
    const GREATEST: Self;
    fn to_bits(self) -> u64;
    fn from_bits(bits: u64) -> Self;
    fn number(self) -> Number;
    /// As `as` converts.
    fn of_number(number: Number) -> Self;
    /// The number, if the type has it (to a float: rounded).
    fn of_integer(integer: i128) -> Option<Self>;
    /// The number that digits without suffix stand for.
    fn parse(digits: &str) -> Option<Self>;
    fn print(self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

/// Any scalar without loss, but for the payload of a NaN.
#[derive(Clone, Copy)]
enum Number {
    Integer(i128),
    Float(f64),
}

macro_rules! implement_row {
    (Bool, $rust:ty, $name:literal) => {
        impl Row for $rust {
            const ONE: Self = true;
            const LEAST: Self = false;
            const GREATEST: Self = true;
            #[inline]
            fn to_bits(self) -> u64 {
                self as u64
            }
            #[inline]
            fn from_bits(bits: u64) -> Self {
                bits & 1 != 0
            }
            fn number(self) -> Number {
                Number::Integer(self as i128)
            }
            fn of_number(number: Number) -> Self {
                match number {
                    Number::Integer(x) => x != 0,
                    Number::Float(x) => x != 0.0,
                }
            }
            fn of_integer(integer: i128) -> Option<Self> {
                matches!(integer, 0 | 1).then_some(integer == 1)
            }
            fn parse(_: &str) -> Option<Self> {
                None
            }
            fn print(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{self}")
            }
        }
    };
    (Float, $rust:ty, $name:literal) => {
        impl Row for $rust {
            const ONE: Self = 1.0;
            const LEAST: Self = <$rust>::NEG_INFINITY;
            const GREATEST: Self = <$rust>::INFINITY;
            #[inline]
            fn to_bits(self) -> u64 {
                <$rust>::to_bits(self).into()
            }
            #[inline]
            fn from_bits(bits: u64) -> Self {
                <$rust>::from_bits(bits as _)
            }
            fn number(self) -> Number {
                Number::Float(self.into())
            }
            fn of_number(number: Number) -> Self {
                match number {
                    Number::Integer(x) => x as $rust,
                    Number::Float(x) => x as $rust,
                }
            }
            fn of_integer(integer: i128) -> Option<Self> {
                Some(integer as $rust)
            }
            fn parse(digits: &str) -> Option<Self> {
                digits.parse().ok().filter(|x: &$rust| x.is_finite())
            }
            fn print(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                if self.is_finite() {
                    write!(f, concat!("{:?}", $name), self)
                } else {
                    write!(f, concat!($name, "({:#x})"), <$rust>::to_bits(self))
                }
            }
        }
    };
    ($integer:ident, $rust:ty, $name:literal) => {
        impl Row for $rust {
            const ONE: Self = 1;
            const LEAST: Self = <$rust>::MIN;
            const GREATEST: Self = <$rust>::MAX;
            #[inline]
            fn to_bits(self) -> u64 {
                if <$rust>::BITS < 32 {
                    self as i32 as u32 as u64
                } else {
                    in_width(self as u64, <$rust>::BITS)
                }
            }
            #[inline]
            fn from_bits(bits: u64) -> Self {
                bits as $rust
            }
            fn number(self) -> Number {
                Number::Integer(self as i128)
            }
            fn of_number(number: Number) -> Self {
                match number {
                    Number::Integer(x) => x as $rust,
                    Number::Float(x) => x as $rust,
                }
            }
            fn of_integer(integer: i128) -> Option<Self> {
                integer.try_into().ok()
            }
            fn parse(digits: &str) -> Option<Self> {
                digits.parse().ok()
            }
            fn print(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!("{}", $name), self)
            }
        }
    };
}

/// The low bits of a word.
#[inline]
fn in_width(word: u64, bits: u32) -> u64 {
    word & (u64::MAX >> (u64::BITS - bits))
}

for_each_dtype!(define_dtypes);

/// What keeps [`Element`] to the types of the table: compiled code trusts that a type is what it says it is.
mod sealed {
    pub trait Sealed {}
}
use sealed::Sealed;

/// A Rust type that can be an array element.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an element type of kernels",
    label = "`{Self}` is not an element type of kernels",
    note = "kernels compute with scalars and arrays of bool, f32, f64 and integers of 8 to 64 bits"
)]
pub trait Element: Sealed + AnyElement<Part = Self> {
    /// The element type.
    const DTYPE: DType;
    /// This value as a [`Scalar`].
    fn scalar(self) -> Scalar;
    /// The value of a scalar of this very type.
    fn from_scalar(scalar: Scalar) -> Option<Self>;
}

impl DType {
    /// The type with this Rust name.
    pub fn from_name(name: &str) -> Option<DType> {
        DType::ALL.iter().copied().find(|dtype| dtype.name() == name)
    }
    /// The number of bits of an array element.
    #[inline]
    pub fn bits(self) -> u32 {
        8 * self.size() as u32
    }
    /// Truth values.
    #[inline]
    pub fn is_bool(self) -> bool {
        self.class() == Class::Bool
    }
    /// `f32` or `f64`.
    #[inline]
    pub fn is_float(self) -> bool {
        self.class() == Class::Float
    }
    /// An integer type, signed or not.
    #[inline]
    pub fn is_int(self) -> bool {
        matches!(self.class(), Class::Signed | Class::Unsigned)
    }
    /// A type with negative values.
    #[inline]
    pub fn is_signed(self) -> bool {
        matches!(self.class(), Class::Signed | Class::Float)
    }
    /// An integer type without negative values.
    #[inline]
    pub fn is_unsigned(self) -> bool {
        self.class() == Class::Unsigned
    }
    /// The integer type of as many bits with negative values: the type itself, if it has them.
    pub fn with_sign(self) -> DType {
        self.counterpart('i')
    }
    /// The integer type of as many bits without negative values: the type itself, if it has none.
    pub fn without_sign(self) -> DType {
        self.counterpart('u')
    }
    /// The names of such types differ in their first letter.
    fn counterpart(self, letter: char) -> DType {
        let name = format!("{letter}{}", self.name().trim_start_matches(['i', 'u']));
        DType::from_name(&name).filter(|_| self.is_int()).unwrap_or(self)
    }
    /// Of a float the integer type without a sign that is as wide, and of that the float; any other type itself.
    pub fn with_same_bits(self) -> DType {
        match self {
            DType::F32 => DType::U32,
            DType::F64 => DType::U64,
            DType::U32 => DType::F32,
            DType::U64 => DType::F64,
            other => other,
        }
    }
    /// An integer type of which lanes must know that it has no sign: numbers of fewer bits than the lane has are not
    /// negative there either.
    #[inline]
    pub fn fills_unsigned_lane(self) -> bool {
        self.is_unsigned() && self.bits() >= 32
    }
    /// An integer type as wide as indices.
    #[inline]
    pub fn is_wide_int(self) -> bool {
        self.is_int() && self.bits() == 64
    }
    /// The type of lengths and indices, `usize`.
    #[inline]
    pub fn is_index(self) -> bool {
        self == DType::Usize
    }
    /// A type with arithmetic: everything but `bool`.
    #[inline]
    pub fn is_numeric(self) -> bool {
        self.class() != Class::Bool
    }
    /// The type that lanes compute in with elements of this type: integers have 32 bits at least.
    #[inline]
    pub fn lane(self) -> LaneType {
        match (self.class(), self.bits()) {
            (Class::Bool, _) => LaneType::Bool,
            (Class::Float, 32) => LaneType::F32,
            (Class::Float, _) => LaneType::F64,
            (Class::Signed | Class::Unsigned, 64) => LaneType::I64,
            (Class::Signed | Class::Unsigned, _) => LaneType::I32,
        }
    }
    /// Whether an element in memory has the bytes of a lane. Truth values and short integers are widened and truncated.
    #[inline]
    pub fn fills_lane(self) -> bool {
        !self.is_bool() && self.bits() >= 32
    }
    /// The zero (or `false`) of this type.
    pub fn zero(self) -> Scalar {
        Scalar::from_bits(self, 0)
    }
    /// The one (or `true`) of this type.
    pub fn one(self) -> Scalar {
        with_dtype!(self, T => <T as Row>::ONE.scalar())
    }
    /// All bits set.
    pub fn all_ones(self) -> Scalar {
        Scalar::from_bits(self, u64::MAX)
    }
    /// The least value: of floats negative infinity.
    pub fn least(self) -> Scalar {
        with_dtype!(self, T => <T as Row>::LEAST.scalar())
    }
    /// The greatest value: of floats infinity.
    pub fn greatest(self) -> Scalar {
        with_dtype!(self, T => <T as Row>::GREATEST.scalar())
    }
    /// Whether each number of another integer type is one of this integer type.
    pub fn holds_all(self, other: DType) -> bool {
        let [least, greatest] = [other.least(), other.greatest()].map(Scalar::as_integer);
        let holds = |number: Option<i128>| number.is_some_and(|x| self.is_int() && self.integer(x).is_some());
        holds(least) && holds(greatest)
    }
    /// An integer in this type, `None` if the type does not have it. Floats have all, rounded.
    pub fn integer(self, number: i128) -> Option<Scalar> {
        with_dtype!(self, T => <T as Row>::of_integer(number).map(T::scalar))
    }
    /// The value that digits in a text stand for, without the type's name behind them.
    pub fn parse(self, digits: &str) -> Option<Scalar> {
        with_dtype!(self, T => <T as Row>::parse(digits).map(T::scalar))
    }
    /// The bits of a value in a lane, given those of the element in memory. Of truth values any but zero is true.
    #[inline]
    pub fn widen(self, stored: u64) -> u64 {
        if self.is_bool() { (stored != 0) as u64 } else { Scalar::from_bits(self, stored).to_bits() }
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Scalar {
    /// The bits of this value as a lane or a slot of the frame holds it: integers of less than 32 bits are extended to
    /// that with their sign, and all is zero-extended to 64.
    #[inline]
    pub fn to_bits(self) -> u64 {
        with_scalar!(self, x => Row::to_bits(x))
    }
    /// The value of a type with these bits; higher bits than the type has are ignored.
    #[inline]
    pub fn from_bits(dtype: DType, bits: u64) -> Scalar {
        with_dtype!(dtype, T => <T as Row>::from_bits(bits).scalar())
    }
    /// This value converted as Rust's `as` converts: integers wrap, floats saturate and NaN becomes 0.
    /// Converting *to* `bool` gives `self != 0`.
    pub fn cast(self, to: DType) -> Scalar {
        if self.dtype() == to {
            return self;
        }
        let number = with_scalar!(self, x => x.number());
        with_dtype!(to, T => <T as Row>::of_number(number).scalar())
    }
    /// The number, if this is one of an integer type.
    pub fn as_integer(self) -> Option<i128> {
        match with_scalar!(self, x => x.number()) {
            Number::Integer(x) if self.dtype().is_int() => Some(x),
            _ => None,
        }
    }
    /// The number, if this is a float.
    pub fn as_float(self) -> Option<f64> {
        match with_scalar!(self, x => x.number()) {
            Number::Float(x) => Some(x),
            Number::Integer(_) => None,
        }
    }
    /// The truth value, if this is one.
    #[inline]
    pub fn as_bool(self) -> Option<bool> {
        bool::from_scalar(self)
    }
    /// Whether it is a float that is not a number.
    pub fn is_nan(self) -> bool {
        self.as_float().is_some_and(f64::is_nan)
    }
}

impl PartialEq for Scalar {
    fn eq(&self, other: &Scalar) -> bool {
        self.dtype() == other.dtype() && self.to_bits() == other.to_bits()
    }
}
impl Eq for Scalar {}
impl std::hash::Hash for Scalar {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (self.dtype(), self.to_bits()).hash(state);
    }
}

/// Prints as a Rust literal with suffix: `1i64`, `0.5f64`, `true`; NaN and infinities as `nan f64` would
/// not round-trip, so they print their bits: `f64(0x7ff8000000000000)`.
impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        with_scalar!(*self, x => x.print(f))
    }
}
