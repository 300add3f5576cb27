//! Methods of bytes as characters, in terms of comparisons.
//!
//! ```text
//! b.is_ascii_digit()           b - b'0' < 10                     the difference wraps
//! b.is_ascii_alphabetic()      (b | 32) - b'a' < 26              small and capital letters differ by that bit
//! b.to_ascii_lowercase()   select capital, b | 32, b
//! ```

use crate::errors::{At, Step};
use crate::state::State;
use parfuse_ir::program::Value;
use parfuse_ir::{Scalar, ScalarOp};

/// The bit that capital letters lack.
const SMALL: u8 = 0x20;

impl State {
    fn byte(&mut self, byte: u8, at: At) -> Value {
        self.constant(Scalar::U8(byte), at)
    }

    /// Whether a byte is one of those from one on.
    fn is_among(&mut self, value: Value, from: u8, to: u8, at: At) -> Step<Value> {
        let (first, count) = (self.byte(from, at), self.byte(to - from + 1, at));
        let distance = self.op(ScalarOp::Sub, &[value, first], at)?;
        self.op(ScalarOp::Lt, &[distance, count], at)
    }

    fn with_small_bit(&mut self, value: Value, at: At) -> Step<Value> {
        let bit = self.byte(SMALL, at);
        self.op(ScalarOp::Or, &[value, bit], at)
    }

    pub(crate) fn is_ascii(&mut self, value: Value, _: &[Value], at: At) -> Step<Value> {
        self.is_among(value, 0, 0x7f, at)
    }

    pub(crate) fn is_ascii_digit(&mut self, value: Value, _: &[Value], at: At) -> Step<Value> {
        self.is_among(value, b'0', b'9', at)
    }

    pub(crate) fn is_ascii_lowercase(&mut self, value: Value, _: &[Value], at: At) -> Step<Value> {
        self.is_among(value, b'a', b'z', at)
    }

    pub(crate) fn is_ascii_uppercase(&mut self, value: Value, _: &[Value], at: At) -> Step<Value> {
        self.is_among(value, b'A', b'Z', at)
    }

    pub(crate) fn is_ascii_graphic(&mut self, value: Value, _: &[Value], at: At) -> Step<Value> {
        self.is_among(value, b'!', b'~', at)
    }

    pub(crate) fn is_ascii_alphabetic(&mut self, value: Value, _: &[Value], at: At) -> Step<Value> {
        let small = self.with_small_bit(value, at)?;
        self.is_among(small, b'a', b'z', at)
    }

    pub(crate) fn is_ascii_alphanumeric(&mut self, value: Value, _: &[Value], at: At) -> Step<Value> {
        let is_letter = self.is_ascii_alphabetic(value, &[], at)?;
        let is_digit = self.is_ascii_digit(value, &[], at)?;
        self.op(ScalarOp::Or, &[is_letter, is_digit], at)
    }

    pub(crate) fn is_ascii_hexdigit(&mut self, value: Value, _: &[Value], at: At) -> Step<Value> {
        let small = self.with_small_bit(value, at)?;
        let is_letter = self.is_among(small, b'a', b'f', at)?;
        let is_digit = self.is_ascii_digit(value, &[], at)?;
        self.op(ScalarOp::Or, &[is_letter, is_digit], at)
    }

    pub(crate) fn is_ascii_punctuation(&mut self, value: Value, _: &[Value], at: At) -> Step<Value> {
        let shows = self.is_ascii_graphic(value, &[], at)?;
        let is_other = self.is_ascii_alphanumeric(value, &[], at)?;
        let is_none = self.op(ScalarOp::Not, &[is_other], at)?;
        self.op(ScalarOp::And, &[shows, is_none], at)
    }

    pub(crate) fn is_ascii_whitespace(&mut self, value: Value, _: &[Value], at: At) -> Step<Value> {
        // Between the line feed and the carriage return the vertical tabulator is none.
        let ends = self.is_among(value, b'\x0c', b'\r', at)?;
        let tab = self.is_among(value, b'\t', b'\n', at)?;
        let blank = self.is_among(value, b' ', b' ', at)?;
        let others = self.op(ScalarOp::Or, &[ends, tab], at)?;
        self.op(ScalarOp::Or, &[others, blank], at)
    }

    pub(crate) fn is_ascii_control(&mut self, value: Value, _: &[Value], at: At) -> Step<Value> {
        let first = self.is_among(value, 0, 0x1f, at)?;
        let delete = self.is_among(value, 0x7f, 0x7f, at)?;
        self.op(ScalarOp::Or, &[first, delete], at)
    }

    pub(crate) fn small_letter(&mut self, value: Value, _: &[Value], at: At) -> Step<Value> {
        let is_capital = self.is_ascii_uppercase(value, &[], at)?;
        let small = self.with_small_bit(value, at)?;
        self.op(ScalarOp::Select, &[is_capital, small, value], at)
    }

    pub(crate) fn capital_letter(&mut self, value: Value, _: &[Value], at: At) -> Step<Value> {
        let is_small = self.is_ascii_lowercase(value, &[], at)?;
        let bit = self.byte(SMALL, at);
        let capital = self.op(ScalarOp::Xor, &[value, bit], at)?;
        self.op(ScalarOp::Select, &[is_small, capital, value], at)
    }

    pub(crate) fn eq_ignore_ascii_case(&mut self, value: Value, args: &[Value], at: At) -> Step<Value> {
        let first = self.small_letter(value, &[], at)?;
        let second = self.small_letter(args[0], &[], at)?;
        self.op(ScalarOp::Eq, &[first, second], at)
    }
}
