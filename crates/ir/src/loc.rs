//! Places in the user's source.

use std::fmt;
use std::sync::Arc;

/// A place in the user's source: an index into the kernel's [`Files`], a line and a column, both from 1.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Loc {
    /// Which file of [`Files`].
    pub file: u16,
    /// The line, from 1; 0 says that the place is unknown.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
}

impl Loc {
    /// No place in particular.
    pub const NONE: Loc = Loc { file: 0, line: 0, column: 0 };
}

/// Prints as `@line:column`, with the file's number in front when it is not the first: `@1/12:5`.
impl fmt::Display for Loc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.file {
            0 => write!(f, "@{}:{}", self.line, self.column),
            file => write!(f, "@{}/{}:{}", file, self.line, self.column),
        }
    }
}

/// The source files that a kernel's places refer to.
#[derive(Clone, Debug, Default, PartialEq, Hash)]
pub struct Files(Vec<Arc<str>>);

impl Files {
    /// The number of a file, which is added if it is new.
    pub fn intern(&mut self, file: &str) -> u16 {
        let known = self.0.iter().position(|name| &**name == file);
        known.unwrap_or_else(|| {
            self.0.push(file.into());
            self.0.len() - 1
        }) as u16
    }
    /// The names of the files, in the order of their numbers.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|name| &**name)
    }
    /// `file:line:column`, or nothing for an unknown place.
    pub fn describe(&self, loc: Loc) -> String {
        match self.0.get(loc.file as usize) {
            Some(file) if loc.line > 0 => format!("{}:{}:{}", file, loc.line, loc.column),
            None if loc.line > 0 => format!("{}:{}", loc.line, loc.column),
            _ => String::new(),
        }
    }
}
