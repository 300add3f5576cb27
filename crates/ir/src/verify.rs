//! What the verifiers of the three languages share: the error, and which values are in scope.
//!
//! A value is visible from its definition to the end of the block that defines it, in nested blocks too. A
//! program that fails verification is a mistake of ours, never of the user's: callers panic with the IR.

use std::fmt;

/// What makes a program ill-formed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyError {
    /// The statement or value and what is wrong with it.
    pub message: String,
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for VerifyError {}

/// The result of verifying.
pub(crate) type Verified<T = ()> = Result<T, VerifyError>;

/// Returns an error with this message unless the condition holds.
macro_rules! ensure {
    ($condition:expr, $($message:tt)*) => {
        if !$condition {
            return Err(crate::verify::VerifyError { message: format!($($message)*) });
        }
    };
}
pub(crate) use ensure;

/// Which values are visible where a verifier stands, and which were defined anywhere so far.
pub(crate) struct Scope {
    visible: Vec<bool>,
    defined: Vec<bool>,
    trail: Vec<usize>,
}

/// The place to return to when a block ends.
pub(crate) struct Mark(usize);

impl Scope {
    /// No value of this many is defined.
    pub fn new(values: usize) -> Scope {
        Scope { visible: vec![false; values], defined: vec![false; values], trail: Vec::new() }
    }
    /// Defines a value; false if it was defined before, in whatever block.
    pub fn define(&mut self, value: usize) -> bool {
        self.visible[value] = true;
        self.trail.push(value);
        !std::mem::replace(&mut self.defined[value], true)
    }
    /// Whether a value is visible.
    pub fn sees(&self, value: usize) -> bool {
        self.visible[value]
    }
    /// Enters a block.
    pub fn enter(&self) -> Mark {
        Mark(self.trail.len())
    }
    /// Leaves the block that was entered with this mark.
    pub fn leave(&mut self, mark: Mark) {
        for value in self.trail.drain(mark.0..) {
            self.visible[value] = false;
        }
    }
}
