//! The text that the three languages share: names, tokens with positions, and a cursor over them.
//!
//! ```text
//!   v3 sum: f64 = add v1, 2.0f64 @4:20
//!   word word : word = word word , number @ number : number
//! ```
//!
//! Line breaks mean nothing and `//` starts a comment. Any text whatever gives a value or a [`ParseError`]:
//! nesting is limited, and so are the gaps that a text may leave between its value numbers.

mod lexer;
mod table;

pub(crate) use table::Table;

use crate::arena::{Arena, Id};
use crate::host::parse_function;
use crate::{DType, FaultKind, Files, Fold, Loc, ReduceOp, Scalar};
use lexer::{Kind, Token, continues_word, starts_word};
use std::fmt;
use std::ops::Range;

/// Why and where a text is not a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// The line, from 1.
    pub line: u32,
    /// The column, in characters from 1.
    pub column: u32,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for ParseError {}

/// The result of reading.
pub(crate) type Parsed<T> = Result<T, ParseError>;

/// How deep blocks may nest in a text.
const MAX_DEPTH: usize = 300;

/// The words that a name must not be mistaken for, besides ids such as `v3` and the element types.
const RESERVED: &[&str] = &[
    "true",
    "false",
    "mut",
    "in",
    "is",
    "of",
    "with",
    "into",
    "step",
    "by",
    "lanes",
    "mask",
    "return",
    "zeroed",
    "lane_index",
    "row_index",
    "linear_index",
    "trips",
    "scope",
    "leave",
    "until",
    "_",
];

/// Prints a user's name: as it is if it reads as one word, else quoted.
pub(crate) struct Name<'a>(pub &'a str);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if is_plain(self.0) {
            return f.write_str(self.0);
        }
        write!(f, "\"{}\"", self.0.escape_debug())
    }
}

fn is_plain(name: &str) -> bool {
    let word = name.chars().next().is_some_and(starts_word) && name.chars().all(continues_word);
    let like_id = name.strip_prefix(['v', 'x', 'b', 'r', 'f', 'p']);
    let like_id = like_id.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|c| c.is_ascii_digit()));
    word && !like_id && !RESERVED.contains(&name) && DType::from_name(name).is_none()
}

/// Prints ` @line:column`, or nothing for an unknown place.
pub(crate) struct At(pub Loc);

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == Loc::NONE { Ok(()) } else { write!(f, " {}", self.0) }
    }
}

/// Prints items with commas between them.
pub(crate) fn list<T: fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
    let texts: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    texts.join(", ")
}

/// Prints a line `file "name"` for each source file, `message "text"` for each message, and `host "name"…` for each
/// function that is called.
pub(crate) fn write_files(f: &mut fmt::Formatter<'_>, files: &Files) -> fmt::Result {
    files.names().try_for_each(|name| writeln!(f, "  file \"{}\"", name.escape_debug()))?;
    files.messages().try_for_each(|text| writeln!(f, "  message \"{}\"", text.escape_debug()))?;
    files.hosts().iter().try_for_each(|host| writeln!(f, "  {host}"))
}

/// A position in a text that is being read.
pub(crate) struct Cursor<'a> {
    tokens: Vec<Token<'a>>,
    position: usize,
    depth: usize,
}

impl<'a> Cursor<'a> {
    /// At the start of a text.
    pub fn new(text: &'a str) -> Parsed<Cursor<'a>> {
        Ok(Cursor { tokens: lexer::tokens(text)?, position: 0, depth: 0 })
    }

    fn token(&self) -> &Token<'a> {
        &self.tokens[self.position]
    }

    fn advance(&mut self) {
        // The last token is the end: it stays.
        self.position = (self.position + 1).min(self.tokens.len() - 1);
    }

    /// An error at the present token.
    pub fn error(&self, message: impl Into<String>) -> ParseError {
        self.token().error(message)
    }

    /// An error that says what was expected instead of the present token.
    pub fn expected(&self, what: &str) -> ParseError {
        self.error(format!("expected {what}, found {}", self.token().describe()))
    }

    /// Whether the present token is this word or sign.
    pub fn at(&self, text: &str) -> bool {
        self.token().is(text)
    }

    /// Whether the text is read to its end.
    pub fn at_end(&self) -> bool {
        self.token().kind == Kind::End
    }

    /// The present token's text if it is a word.
    pub fn word(&self) -> Option<&str> {
        Some(&*self.token().text).filter(|_| self.token().kind == Kind::Word)
    }

    /// Passes this word or sign, if it is the present token.
    pub fn eat(&mut self, text: &str) -> bool {
        let found = self.at(text);
        if found {
            self.advance();
        }
        found
    }

    /// Passes this word or sign.
    pub fn expect(&mut self, text: &str) -> Parsed<()> {
        if self.eat(text) { Ok(()) } else { Err(self.expected(&format!("`{text}`"))) }
    }

    /// Nothing may follow.
    pub fn expect_end(&self) -> Parsed<()> {
        if self.at_end() { Ok(()) } else { Err(self.expected("the end")) }
    }

    /// Whether the present token is an id with this prefix.
    pub fn at_id(&self, prefix: char) -> bool {
        self.token().id(prefix).is_some()
    }

    /// Passes an id with this prefix.
    pub fn id<I: Id>(&mut self, prefix: char) -> Parsed<I> {
        let number =
            self.token().id(prefix).ok_or_else(|| self.expected(&format!("an id like `{prefix}0`")))?;
        self.advance();
        Ok(I::from_index(number as usize))
    }

    /// Passes the id of an entity that is being declared: the next of its arena.
    pub fn declared<I: Id, T>(&mut self, prefix: char, arena: &Arena<I, T>) -> Parsed<()> {
        let wanted = format!("{prefix}{}", arena.len());
        self.expect(&wanted)
    }

    /// Whether the present token can be a name.
    pub fn at_name(&self) -> bool {
        matches!(self.token().kind, Kind::Word | Kind::Text)
    }

    /// Passes a name.
    pub fn name(&mut self) -> Parsed<String> {
        if !self.at_name() {
            return Err(self.expected("a name"));
        }
        let name = self.token().text.to_string();
        self.advance();
        Ok(name)
    }

    /// Passes a plain number.
    pub fn number<T: std::str::FromStr>(&mut self) -> Parsed<T> {
        let number = self.token().text.parse().ok().filter(|_| self.token().kind == Kind::Number);
        let number = number.ok_or_else(|| self.expected("a number in range"))?;
        self.advance();
        Ok(number)
    }

    /// Passes an element type.
    pub fn dtype(&mut self) -> Parsed<DType> {
        let dtype = self.word().and_then(DType::from_name).ok_or_else(|| self.expected("an element type"))?;
        self.advance();
        Ok(dtype)
    }

    /// Passes a reduction operator.
    pub fn reduce_op(&mut self) -> Parsed<ReduceOp> {
        let op = ReduceOp::ALL.iter().copied().find(|op| self.at(op.name()));
        let op = op.ok_or_else(|| self.expected("a reduction operator"))?;
        self.advance();
        Ok(op)
    }

    /// Passes the name of a fold.
    pub fn fold(&mut self) -> Parsed<Fold> {
        let fold = Fold::all().find(|fold| self.at(fold.name()));
        let fold = fold.ok_or_else(|| self.expected("what to reduce to"))?;
        self.advance();
        Ok(fold)
    }

    /// Passes a kind of fault.
    pub fn fault_kind(&mut self) -> Parsed<FaultKind> {
        let unknown = self.expected("a kind of fault");
        let name = self.name()?;
        let parameter = if self.eat("(") { Some(self.number()?) } else { None };
        if parameter.is_some() {
            self.expect(")")?;
        }
        FaultKind::from_name(&name, parameter).ok_or(unknown)
    }

    /// Passes a place, if one stands here.
    pub fn place(&mut self) -> Parsed<Loc> {
        if !self.eat("@") {
            return Ok(Loc::NONE);
        }
        let first: u32 = self.number()?;
        let (file, line) = if self.eat("/") {
            (u16::try_from(first).map_err(|_| self.error("no such file"))?, self.number()?)
        } else {
            (0, first)
        };
        self.expect(":")?;
        Ok(Loc { file, line, column: self.number()? })
    }

    /// Passes the lines with source files, messages and functions.
    pub fn files(&mut self) -> Parsed<Files> {
        let mut files = Files::default();
        while self.eat("file") {
            let known = files.names().count();
            let name = self.name()?;
            if files.intern(&name) as usize != known || known == u16::MAX as usize {
                return Err(self.error("a file is named twice, or there are too many"));
            }
        }
        while self.eat("message") {
            let known = files.messages().count();
            let text = self.name()?;
            if files.intern_message(&text) as usize != known || known == u16::MAX as usize {
                return Err(self.error("a message is there twice, or there are too many"));
            }
        }
        while self.at("host") {
            let known = files.hosts().len();
            let host = parse_function(self)?;
            if files.intern_host(host) as usize != known || known == u16::MAX as usize {
                return Err(self.error("a function is there twice, or there are too many"));
            }
        }
        Ok(files)
    }

    /// Passes a constant, if one stands here.
    pub fn scalar(&mut self) -> Parsed<Option<Scalar>> {
        let token = self.token();
        let scalar = match token.kind {
            Kind::Word if token.text == "true" => Scalar::Bool(true),
            Kind::Word if token.text == "false" => Scalar::Bool(false),
            Kind::Word => match (DType::from_name(&token.text), self.tokens.get(self.position + 1)) {
                (Some(dtype), Some(next)) if next.is("(") => return self.bits(dtype).map(Some),
                _ => return Ok(None),
            },
            Kind::Number => literal(&token.text).ok_or_else(|| self.expected("a constant with its type"))?,
            Kind::Text | Kind::Sign | Kind::End => return Ok(None),
        };
        self.advance();
        Ok(Some(scalar))
    }

    /// Passes `f64(0x7ff8000000000000)`.
    fn bits(&mut self, dtype: DType) -> Parsed<Scalar> {
        self.advance();
        self.expect("(")?;
        let digits = self.token().text.strip_prefix("0x").filter(|_| self.token().kind == Kind::Number);
        let bits = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok());
        let bits = bits.ok_or_else(|| self.expected("bits like `0x7ff8000000000000`"))?;
        self.advance();
        self.expect(")")?;
        Ok(Scalar::from_bits(dtype, bits))
    }

    /// Passes items with commas between them.
    pub fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        let mut items = vec![item(self)?];
        while self.eat(",") {
            items.push(item(self)?);
        }
        Ok(items)
    }

    /// Passes an opening brace and enters the block.
    pub fn open(&mut self) -> Parsed<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error("blocks nest too deeply"));
        }
        self.expect("{")
    }

    /// Passes a closing brace and leaves the block.
    pub fn close(&mut self) -> Parsed<()> {
        self.depth = self.depth.saturating_sub(1);
        self.expect("}")
    }

    /// The tokens of the whole text.
    pub fn everything(&self) -> Range<usize> {
        0..self.tokens.len()
    }

    /// The tokens from here to the closing brace of the next block that opens.
    pub fn next_block(&self) -> Range<usize> {
        let mut depth = 0usize;
        for (i, token) in self.tokens.iter().enumerate().skip(self.position) {
            if token.is("{") {
                depth += 1;
            } else if token.is("}") {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return self.position..i;
                }
            }
        }
        self.position..self.tokens.len()
    }
}

/// The constant that a number with a type stands for.
fn literal(text: &str) -> Option<Scalar> {
    let dtype =
        DType::ALL.iter().copied().find(|dtype| dtype.is_numeric() && text.ends_with(dtype.name()))?;
    let digits = text.strip_suffix(dtype.name())?;
    dtype.parse(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        Cursor::new(text).unwrap().tokens.iter().map(|token| token.text.to_string()).collect()
    }

    #[test]
    fn texts_become_tokens() {
        assert_eq!(
            words("v1: f64 = -1.5e-7f64..2i64 // rest\n->"),
            ["v1", ":", "f64", "=", "-1.5e-7f64", "..", "2i64", "->", ""]
        );
    }

    #[test]
    fn names_survive_whatever_they_are() {
        for name in ["x", "v1", "in", "f64", "", "größe", "a b", "\"\\\n\u{7f}\u{301}", "p", "v1x"] {
            assert_eq!(Cursor::new(&Name(name).to_string()).unwrap().name().as_deref(), Ok(name));
        }
        assert_eq!(Name("v1").to_string(), "\"v1\"");
        assert_eq!(Name("v1x").to_string(), "v1x");
    }

    #[test]
    fn constants_survive_to_the_bit() {
        for scalar in [
            Scalar::F64(-0.0),
            Scalar::F64(5e-324),
            Scalar::F64(f64::MAX),
            Scalar::F64(f64::from_bits(0x7ff8_0000_dead_beef)),
            Scalar::F32(f32::NEG_INFINITY),
            Scalar::F32(0.1),
            Scalar::I64(i64::MIN),
            Scalar::I32(-1),
            Scalar::Usize(usize::MAX),
            Scalar::Bool(true),
        ] {
            let text = scalar.to_string();
            assert_eq!(Cursor::new(&text).unwrap().scalar().unwrap(), Some(scalar), "{text}");
        }
        for text in ["300000000000i32", "1e999f64", "1", "1.0i32", "0x1f32g"] {
            assert!(Cursor::new(text).unwrap().scalar().is_err(), "{text}");
        }
    }

    #[test]
    fn errors_say_where() {
        let error = Cursor::new("a\n  \"b").err().unwrap();
        assert_eq!(error.to_string(), "2:5: a quoted text does not end");
    }
}
