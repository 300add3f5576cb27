//! Conversions that say whether the number fits, as those of `num_traits`: `T::from(x)`, `x.to_usize()`.
//!
//! ```text
//! x.to_usize()     trunc x is in 0 .. 2^64      ? x as usize
//! n.to_u8()        (n as u8) as i64 is n        ? n as u8        and both have one sign
//! x.to_f64()       always                       x as f64
//! u8::try_from(n)  as `to_u8`                   let m: u8 = n.try_into().unwrap();  the type shows later
//! x.into()         x as f64                     likewise
//! ```

use crate::errors::{At, Step, mistake};
use crate::state::{Held, Kind, Literal, State};
use crate::types::{Class, TypeVar};
use crate::{CastTarget, Tracer, Value};
use parfuse_ir::program;
use parfuse_ir::{DType, FaultKind, ScalarOp};

impl Tracer {
    /// `<T as NumCast>::from(v)`: an `Option`.
    pub fn convert<T: CastTarget>(&self, v: Value<'_>, at: At) -> Value<'_> {
        let v = self.id(v);
        self.step(at, |state| state.convert(v, T::DTYPE, at))
    }

    /// `T::try_from(v)` of integers: a `Result`.
    pub fn try_from<T: CastTarget>(&self, v: Value<'_>, at: At) -> Value<'_> {
        let v = self.id(v);
        self.step(at, |state| {
            let target = state.types.known(T::DTYPE);
            state.convert_integer(v, target, at)
        })
    }

    /// `f64::from_bits(v)`.
    pub fn from_bits<T: CastTarget>(&self, v: Value<'_>, at: At) -> Value<'_> {
        let v = self.id(v);
        self.step(at, |state| {
            let bits = state.scalar(v, "the bits of a float", at)?;
            if !T::DTYPE.is_float() {
                return mistake(format!("`{}::from_bits` does not exist", T::DTYPE));
            }
            state.unify_known(bits, T::DTYPE.with_same_bits(), "the bits of a float")?;
            state.op(ScalarOp::FromBits, &[bits], at).map(Kind::Plain)
        })
    }
}

macro_rules! conversions {
    ($($name:ident $dtype:ident),*) => {
        impl State { $(
            pub(crate) fn $name(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
                self.convert(receiver, DType::$dtype, at)
            }
        )* }
    };
}
conversions!(
    as_f64 F64, as_f32 F32, as_i64 I64, as_i32 I32, as_i16 I16, as_i8 I8, as_u64 U64, as_u32 U32,
    as_u16 U16, as_u8 U8, as_usize Usize
);

impl State {
    /// A number in another type: an `Option` that holds it if it fits.
    fn convert(&mut self, handle: u32, to: DType, at: At) -> Step<Kind> {
        let value = self.scalar(handle, "what is converted", at)?;
        let from = self.settled(value, "a conversion")?;
        if from.is_bool() || to.is_bool() {
            return mistake("truth values are not converted; write `if condition { one } else { zero }`");
        }
        let target = self.types.known(to);
        let present = match (to.is_float(), from.is_float()) {
            (true, _) => self.bool_constant(true, at),
            (false, true) => self.is_in_range(value, to, at)?,
            (false, false) => self.is_kept(value, target, at)?,
        };
        let converted = self.cast(value, target, at)?;
        let value = self.handle(Kind::Plain(converted));
        Ok(Kind::Optional(Held::Value { present, value, fault: FaultKind::NoValue }))
    }

    /// `x.into()`: in a type that shows later.
    pub(crate) fn in_a_type_to_come(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        let value = self.scalar(receiver, "what is converted", at)?;
        self.settled(value, "`into`")?;
        let target = self.types.fresh(Class::Any);
        self.cast(value, target, at).map(Kind::Plain)
    }

    /// `n.try_into()`: in an integer type that shows later.
    pub(crate) fn try_into(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        let target = self.types.fresh(Class::Integer);
        self.convert_integer(receiver, target, at)
    }

    /// An integer in another integer type, if it fits.
    fn convert_integer(&mut self, handle: u32, target: TypeVar, at: At) -> Step<Kind> {
        let value = self.scalar(handle, "what is converted", at)?;
        if !self.settled(value, "a conversion")?.is_int() {
            return mistake("`try_from` and `try_into` are for integers; convert with `as`");
        }
        let present = self.is_kept(value, target, at)?;
        let converted = self.cast(value, target, at)?;
        let value = self.handle(Kind::Plain(converted));
        Ok(Kind::Optional(Held::Value { present, value, fault: FaultKind::NoValue }))
    }

    /// Whether the whole part of a float is a number of an integer type. Both limits are powers of two, or zero.
    fn is_in_range(&mut self, value: program::Value, to: DType, at: At) -> Step<program::Value> {
        let bits = to.bits() as i32 - i32::from(to.is_signed());
        let above = 2f64.powi(bits);
        let least = if to.is_signed() { -above } else { 0.0 };
        let whole = self.op(ScalarOp::Trunc, &[value], at)?;
        let dtype = self.ty(value).dtype;
        let [least, above] = [least, above].map(|limit| self.literal(Literal::Float(limit), dtype, at));
        let from_below = self.op(ScalarOp::Ge, &[whole, least], at)?;
        let from_above = self.op(ScalarOp::Lt, &[whole, above], at)?;
        self.op(ScalarOp::And, &[from_below, from_above], at)
    }

    /// Whether an integer is the same number in another integer type.
    fn is_kept(&mut self, value: program::Value, target: TypeVar, at: At) -> Step<program::Value> {
        let own = self.ty(value).dtype;
        let converted = self.cast(value, target, at)?;
        let back = self.cast(converted, own, at)?;
        let same = self.op(ScalarOp::Eq, &[back, value], at)?;
        let signs = [value, converted].map(|number| self.is_below_zero(number, at));
        let [before, after] = signs;
        let same_sign = self.op(ScalarOp::Eq, &[before?, after?], at)?;
        self.op(ScalarOp::And, &[same, same_sign], at)
    }

    fn is_below_zero(&mut self, value: program::Value, at: At) -> Step<program::Value> {
        if matches!(self.class(value), Class::Known(dtype) if dtype.is_unsigned()) {
            return Ok(self.bool_constant(false, at));
        }
        let zero = self.small(0, value, at);
        self.op(ScalarOp::Lt, &[value, zero], at)
    }
}
