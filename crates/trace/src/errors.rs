//! Mistakes in the traced function: collected with their places, never a panic.
//!
//! ```text
//! src/lib.rs:12:9: `+` of f64 and i64: both sides must have one type, convert one with `as`
//! src/lib.rs:14:5: `.dot()` is not supported in a kernel; write `(&a * &b).sum()`
//! ```
//!
//! Tracing goes on after a mistake with a dummy value that silences whatever is done with it, so that one
//! mistake is reported once and independent ones are all reported.

use std::fmt;

/// A place in the user's source.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct At {
    /// The file, as `file!()` gives it.
    pub file: &'static str,
    /// The line, from 1; 0 says that the place is unknown.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
}

impl At {
    /// No place in particular.
    pub const NONE: At = At { file: "", line: 0, column: 0 };

    /// The place of the call of the innermost function that is not `#[track_caller]`.
    #[track_caller]
    pub fn caller() -> At {
        let place = std::panic::Location::caller();
        At { file: place.file(), line: place.line(), column: place.column() }
    }
}

/// One mistake.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Complaint {
    /// `file:line:column`, or nothing for an unknown place.
    pub place: String,
    /// What is wrong, and what to write instead.
    pub message: String,
}

/// The function cannot become a kernel: all mistakes found in it, in the order of the source.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
pub struct TraceError {
    /// The kernel's name.
    pub kernel: String,
    /// How many axes those arrays have, by the parameters' names, of which the function leaves that open.
    pub ranks: Vec<(String, u8)>,
    /// The mistakes; at least one.
    pub complaints: Vec<Complaint>,
}

impl fmt::Display for TraceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` cannot be compiled as a kernel", self.kernel)?;
        for (position, (array, rank)) in self.ranks.iter().enumerate() {
            let (word, axes) =
                (if position == 0 { "where" } else { "and" }, if *rank == 1 { "axis" } else { "axes" });
            write!(f, " {word} `{array}` has {rank} {axes}")?;
        }
        write!(f, ":")?;
        for complaint in &self.complaints {
            write!(f, "\n  {complaint}")?;
        }
        Ok(())
    }
}

/// What [`Display`](fmt::Display) says, for `unwrap` and a `main` that returns the error print this.
impl fmt::Debug for TraceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place.as_str() {
            "" => write!(f, "{}", self.message),
            place => write!(f, "{place}: {}", self.message),
        }
    }
}

/// Why a step of tracing has no result.
pub(crate) enum Problem {
    /// A mistake to report at the place of the step.
    Mistake(String),
    /// An operand is itself the dummy of a mistake already reported.
    Reported,
}

/// The outcome of a step of tracing.
pub(crate) type Step<T> = Result<T, Problem>;

impl From<String> for Problem {
    fn from(message: String) -> Problem {
        Problem::Mistake(message)
    }
}

/// A mistake as the result of a step.
pub(crate) fn mistake<T>(message: impl Into<String>) -> Step<T> {
    Err(Problem::Mistake(message.into()))
}
