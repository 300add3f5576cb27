//! Element types and scalar values.
//!
//! One table lists the element types; everything that needs one row per type (the Rust types that carry
//! them, the parser's names, the arithmetic) is generated from it.

use std::fmt;

/// Calls a macro with one `(Variant, rust type, "name", class)` row per element type.
#[macro_export]
macro_rules! for_each_dtype {
    ($callback:ident) => {
        $callback! {
            (Bool, bool, "bool", Bool),
            (I32, i32, "i32", Signed),
            (I64, i64, "i64", Signed),
            (Usize, usize, "usize", Unsigned),
            (F32, f32, "f32", Float),
            (F64, f64, "f64", Float),
        }
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
            pub fn size(self) -> usize {
                match self { $(DType::$variant => std::mem::size_of::<$rust>()),* }
            }
            fn class(self) -> Class {
                match self { $(DType::$variant => Class::$class),* }
            }
        }

        /// A scalar value of any element type. Equality is equality of bits.
        #[derive(Clone, Copy, Debug)]
        pub enum Scalar { $(#[doc = concat!("A `", $name, "`.")] $variant($rust)),* }

        impl Scalar {
            /// The type of this value.
            pub fn dtype(self) -> DType {
                match self { $(Scalar::$variant(_) => DType::$variant),* }
            }
        }

        $(impl Sealed for $rust {}
        #[diagnostic::do_not_recommend]
        impl Element for $rust {
            const DTYPE: DType = DType::$variant;
            fn scalar(self) -> Scalar { Scalar::$variant(self) }
            fn from_scalar(scalar: Scalar) -> Option<Self> {
                match scalar { Scalar::$variant(x) => Some(x), _ => None }
            }
        })*
    };
}

#[derive(PartialEq)]
enum Class {
    Bool,
    Signed,
    Unsigned,
    Float,
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
    note = "kernels compute with scalars and arrays of f64, f32, i64, i32, usize and bool"
)]
pub trait Element: Sealed + Copy + Send + Sync + PartialEq + fmt::Debug + 'static {
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
    /// `f32` or `f64`.
    pub fn is_float(self) -> bool {
        self.class() == Class::Float
    }
    /// An integer type, signed or not.
    pub fn is_int(self) -> bool {
        matches!(self.class(), Class::Signed | Class::Unsigned)
    }
    /// A type with negative values.
    pub fn is_signed(self) -> bool {
        matches!(self.class(), Class::Signed | Class::Float)
    }
    /// A type with arithmetic: everything but `bool`.
    pub fn is_numeric(self) -> bool {
        self.class() != Class::Bool
    }
    /// The zero (or `false`) of this type.
    pub fn zero(self) -> Scalar {
        Scalar::from_bits(self, 0)
    }
    /// The one (or `true`) of this type.
    pub fn one(self) -> Scalar {
        match self {
            DType::Bool => Scalar::Bool(true),
            DType::I32 => Scalar::I32(1),
            DType::I64 => Scalar::I64(1),
            DType::Usize => Scalar::Usize(1),
            DType::F32 => Scalar::F32(1.0),
            DType::F64 => Scalar::F64(1.0),
        }
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Scalar {
    /// The bits of this value, zero-extended to 64.
    #[inline]
    pub fn to_bits(self) -> u64 {
        match self {
            Scalar::Bool(x) => x as u64,
            Scalar::I32(x) => x as u32 as u64,
            Scalar::I64(x) => x as u64,
            Scalar::Usize(x) => x as u64,
            Scalar::F32(x) => x.to_bits() as u64,
            Scalar::F64(x) => x.to_bits(),
        }
    }
    /// The value of a type with these bits; higher bits than the type has are ignored.
    #[inline]
    pub fn from_bits(dtype: DType, bits: u64) -> Scalar {
        match dtype {
            DType::Bool => Scalar::Bool(bits & 1 != 0),
            DType::I32 => Scalar::I32(bits as i32),
            DType::I64 => Scalar::I64(bits as i64),
            DType::Usize => Scalar::Usize(bits as usize),
            DType::F32 => Scalar::F32(f32::from_bits(bits as u32)),
            DType::F64 => Scalar::F64(f64::from_bits(bits)),
        }
    }
    /// This value converted as Rust's `as` converts: integers wrap, floats saturate and NaN becomes 0.
    /// Converting *to* `bool` gives `self != 0`.
    pub fn cast(self, to: DType) -> Scalar {
        macro_rules! from {
            ($x:expr) => {
                match to {
                    DType::Bool => Scalar::Bool(($x as f64) != 0.0),
                    DType::I32 => Scalar::I32($x as i32),
                    DType::I64 => Scalar::I64($x as i64),
                    DType::Usize => Scalar::Usize($x as usize),
                    DType::F32 => Scalar::F32($x as f32),
                    DType::F64 => Scalar::F64($x as f64),
                }
            };
        }
        match self {
            Scalar::Bool(x) => from!(x as u8),
            Scalar::I32(x) => from!(x),
            Scalar::I64(x) => from!(x),
            Scalar::Usize(x) => from!(x),
            Scalar::F32(x) => from!(x),
            Scalar::F64(x) => from!(x),
        }
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
        match *self {
            Scalar::Bool(x) => write!(f, "{x}"),
            Scalar::I32(x) => write!(f, "{x}i32"),
            Scalar::I64(x) => write!(f, "{x}i64"),
            Scalar::Usize(x) => write!(f, "{x}usize"),
            Scalar::F32(x) if x.is_finite() => write!(f, "{x:?}f32"),
            Scalar::F64(x) if x.is_finite() => write!(f, "{x:?}f64"),
            Scalar::F32(x) => write!(f, "f32({:#x})", x.to_bits()),
            Scalar::F64(x) => write!(f, "f64({:#x})", x.to_bits()),
        }
    }
}
