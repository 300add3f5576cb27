//! What types the values of a kernel are of: made one where an operation needs that, and settled where it has to be known.
//!
//! ```text
//! a + b                 unify(a, b)            the types of both are one from here on
//! a.rotate_left(5)      settled(a)             how many bits are there?
//! ```

use crate::errors::{Step, mistake};
use crate::state::State;
use crate::types::{Class, TypeVar};
use parfuse_ir::DType;
use parfuse_ir::program::Value;

impl State {
    /// Makes two types one; `what` says what needs them to be.
    pub(crate) fn unify(&mut self, a: TypeVar, b: TypeVar, what: &str) -> Step<()> {
        self.types.unify(a, b).or_else(|(a, b)| mistake(format!("{what}: expected {a}, found {b}")))
    }
    /// Takes a type that may be real or complex for what it is if nothing else says so.
    pub(crate) fn close_type(&mut self, var: TypeVar) -> Step<()> {
        self.types.close(var).or_else(|(a, b)| mistake(format!("expected {a}, found {b}")))
    }
    pub(crate) fn unify_known(&mut self, value: Value, dtype: DType, what: &str) -> Step<()> {
        let (known, found) = (self.types.known(dtype), self.ty(value).dtype);
        self.unify(known, found, what)
    }
    /// The element type of a value, which must be known by now, or be [foreseen](crate::foresight); literals take their
    /// default.
    pub(crate) fn settled(&mut self, value: Value, what: &str) -> Step<DType> {
        let var = self.ty(value).dtype;
        self.close_type(var)?;
        let class = self.types.class(var);
        let dtype = match class {
            Class::Known(dtype) => return Ok(dtype),
            Class::Complex(_) => return mistake(format!("{what} of a complex number")),
            Class::Integer | Class::Float | Class::Any => match (self.type_to_come(value)?, class) {
                (Some(dtype), _) => dtype,
                (None, Class::Integer) => DType::I32,
                (None, Class::Float) => DType::F64,
                (None, _) => {
                    return mistake(format!("{what} of a value whose type is not known yet; annotate it"));
                }
            },
        };
        self.unify_known(value, dtype, what)?;
        Ok(dtype)
    }
}
