//! Numbers as the bytes that they consist of.
//!
//! ```text
//! x.to_le_bytes()            [x as u8, (x >> 8) as u8, …]        of the type without a sign, of floats their bits
//! u32::from_be_bytes(b)      b[3] | b[2] << 8 | …                a slice of four bytes, or of another number a fault
//! ```

use crate::errors::{At, Problem, Step, mistake};
use crate::records::Items;
use crate::state::{Kind, State};
use crate::{CastTarget, Method, Tracer, Value};
use parfuse_ir::{DType, ScalarOp, program};

/// In which order the bytes of a number lie.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ByteOrder {
    /// The least first.
    Little,
    /// The least last.
    Big,
}

impl ByteOrder {
    /// That of the processor.
    pub const NATIVE: ByteOrder =
        if cfg!(target_endian = "little") { ByteOrder::Little } else { ByteOrder::Big };

    /// Where each byte lies, from the least on.
    fn positions(self, count: usize) -> Vec<usize> {
        match self {
            ByteOrder::Little => (0..count).collect(),
            ByteOrder::Big => (0..count).rev().collect(),
        }
    }
}

impl Tracer {
    /// `x.to_le_bytes()` and its kin.
    pub(crate) fn bytes_of_number<'t>(
        &'t self,
        method: Method,
        number: Value<'t>,
        _: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        let order = match method {
            Method::to_le_bytes => ByteOrder::Little,
            Method::to_be_bytes => ByteOrder::Big,
            _ => ByteOrder::NATIVE,
        };
        match self.with(|state| state.bytes_from_least(number.id, at)) {
            Ok(bytes) => {
                let positions = order.positions(bytes.len());
                let of = |position: usize| Value { tracer: self, id: bytes[position] };
                let elements: Vec<Value<'t>> = positions.into_iter().map(of).collect();
                self.array_literal(&[elements.len()], &elements, at)
            }
            Err(problem) => self.step(at, |_| Err(problem)),
        }
    }

    /// `u32::from_le_bytes(bytes)` and its kin.
    pub fn from_bytes<T: CastTarget>(&self, bytes: Value<'_>, order: ByteOrder, at: At) -> Value<'_> {
        let bytes = self.bind_named("", bytes, None, at);
        if T::DTYPE.is_bool() {
            return self.mistake("truth values are not made of bytes", at);
        }
        let count = (T::DTYPE.bits() / 8) as usize;
        let right = self.binary("==", self.method(bytes, Method::len, &[], at), self.lift(count, at), at);
        self.step(at, |state| {
            let right = state.condition(right.id, at)?;
            state.assert_value(right, &format!("a number of {count} bytes is made of as many"), at);
            Ok(Kind::Tuple(Items::default()))
        });
        let positions = order.positions(count);
        let from_least =
            positions.into_iter().map(|position| self.index(bytes, &[self.lift(position, at)], at).id);
        let from_least: Vec<u32> = from_least.collect();
        self.step(at, |state| state.number_of_bytes(&from_least, T::DTYPE, at).map(Kind::Plain))
    }
}

impl State {
    /// Handles of the bytes of a number, from the least on.
    fn bytes_from_least(&mut self, number: u32, at: At) -> Step<Vec<u32>> {
        let value = self.scalar(number, "a number as bytes", at)?;
        let value = match self.settled(value, "a number as bytes")?.is_float() {
            true => self.op(ScalarOp::ToBits, &[value], at)?,
            false => value,
        };
        let (bits, dtype) = self.bits(value, "a number as bytes", at)?;
        let of_bytes = self.types.known(DType::U8);
        let mut bytes = Vec::new();
        for position in 0..dtype.bits() / 8 {
            let shifted = self.shifted(ScalarOp::Shr, bits, 8 * position, dtype, at)?;
            let byte = self.cast(shifted, of_bytes, at)?;
            bytes.push(self.handle(Kind::Plain(byte)));
        }
        Ok(bytes)
    }

    /// The number of bytes that handles stand for, from the least on.
    fn number_of_bytes(&mut self, bytes: &[u32], dtype: DType, at: At) -> Step<program::Value> {
        let of_bits = if dtype.is_float() { dtype.with_same_bits() } else { dtype.without_sign() };
        let target = self.types.known(of_bits);
        let mut bits = None;
        for (byte, position) in bytes.iter().zip(0..) {
            let byte = self.scalar(*byte, "a byte", at)?;
            self.unify_known(byte, DType::U8, "the bytes of a number")?;
            let byte = self.cast(byte, target, at)?;
            let shifted = self.shifted(ScalarOp::Shl, byte, 8 * position, of_bits, at)?;
            bits = Some(match bits {
                Some(below) => self.op(ScalarOp::Or, &[below, shifted], at)?,
                None => shifted,
            });
        }
        let Some(bits) = bits else { return Err(Problem::Reported) };
        if dtype.is_float() {
            return self.op(ScalarOp::FromBits, &[bits], at);
        }
        if !dtype.is_int() {
            return mistake(format!("`{dtype}` is not made of bytes in a kernel"));
        }
        let target = self.types.known(dtype);
        self.cast(bits, target, at)
    }
}
