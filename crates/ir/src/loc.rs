//! Places in the user's source.

use crate::host::HostFunction;
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

/// What a kernel refers to by numbers: the source files of its places, the messages of its faults, and the functions that
/// it calls.
#[derive(Clone, Debug, Default, PartialEq, Hash)]
pub struct Files {
    names: Vec<Arc<str>>,
    messages: Vec<Arc<str>>,
    hosts: Vec<HostFunction>,
}

/// The number of a text, which is added if it is new.
fn interned(texts: &mut Vec<Arc<str>>, text: &str) -> u16 {
    let known = texts.iter().position(|known| &**known == text);
    known.unwrap_or_else(|| {
        texts.push(text.into());
        texts.len() - 1
    }) as u16
}

impl Files {
    /// The number of a file, which is added if it is new.
    pub fn intern(&mut self, file: &str) -> u16 {
        interned(&mut self.names, file)
    }
    /// The number of a message, which is added if it is new.
    pub fn intern_message(&mut self, message: &str) -> u16 {
        interned(&mut self.messages, message)
    }
    /// The names of the files, in the order of their numbers.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|name| &**name)
    }
    /// The messages, in the order of their numbers.
    pub fn messages(&self) -> impl Iterator<Item = &str> {
        self.messages.iter().map(|message| &**message)
    }
    /// The message with this number; nothing if there is none.
    pub fn message(&self, number: u16) -> &str {
        self.messages.get(number as usize).map_or("", |message| message)
    }
    /// The number of a function that is called, which is added if it is new.
    pub fn intern_host(&mut self, function: HostFunction) -> u16 {
        let known = self.hosts.iter().position(|known| *known == function);
        known.unwrap_or_else(|| {
            self.hosts.push(function);
            self.hosts.len() - 1
        }) as u16
    }
    /// The functions that are called, to be changed; their numbers stay.
    pub fn hosts_mut(&mut self) -> &mut [HostFunction] {
        &mut self.hosts
    }
    /// The functions that are called, in the order of their numbers.
    pub fn hosts(&self) -> &[HostFunction] {
        &self.hosts
    }
    /// The function with this number.
    pub fn host(&self, number: u16) -> Option<&HostFunction> {
        self.hosts.get(number as usize)
    }
    /// `file:line:column`, or nothing for an unknown place.
    pub fn describe(&self, loc: Loc) -> String {
        match self.names.get(loc.file as usize) {
            Some(file) if loc.line > 0 => format!("{}:{}:{}", file, loc.line, loc.column),
            None if loc.line > 0 => format!("{}:{}", loc.line, loc.column),
            _ => String::new(),
        }
    }
}
