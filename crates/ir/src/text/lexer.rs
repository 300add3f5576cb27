//! Tokens: words, numbers, quoted texts and signs, each with its position.

use super::{ParseError, Parsed};
use std::borrow::Cow;

/// Cuts a text into tokens; the last is the end.
pub(super) fn tokens(text: &str) -> Parsed<Vec<Token<'_>>> {
    let mut lexer = Lexer { rest: text, line: 1, column: 1 };
    let mut tokens = Vec::new();
    loop {
        let token = lexer.token()?;
        let end = token.kind == Kind::End;
        tokens.push(token);
        if end {
            return Ok(tokens);
        }
    }
}

/// Whether a word may start with this.
pub(super) fn starts_word(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

/// Whether a word may go on with this.
pub(super) fn continues_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// What a token is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Word,
    Number,
    Text,
    Sign,
    End,
}

/// A token with its position.
#[derive(Clone, Debug)]
pub(super) struct Token<'a> {
    pub kind: Kind,
    /// As it stands; what is between the quotes of a quoted text.
    pub text: Cow<'a, str>,
    line: u32,
    column: u32,
}

impl Token<'_> {
    /// An error at this token.
    pub fn error(&self, message: impl Into<String>) -> ParseError {
        ParseError { line: self.line, column: self.column, message: message.into() }
    }
    /// What the token is, for a message.
    pub fn describe(&self) -> String {
        match self.kind {
            Kind::End => "the end".to_string(),
            Kind::Text => format!("\"{}\"", self.text.escape_debug()),
            Kind::Word | Kind::Number | Kind::Sign => format!("`{}`", self.text),
        }
    }
    /// Whether it is this word or sign.
    pub fn is(&self, text: &str) -> bool {
        matches!(self.kind, Kind::Word | Kind::Sign) && self.text == text
    }
    /// The number of an id with this prefix.
    pub fn id(&self, prefix: char) -> Option<u32> {
        let digits = self.text.strip_prefix(prefix).filter(|_| self.kind == Kind::Word)?;
        digits.bytes().all(|c| c.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
    }
}

struct Lexer<'a> {
    rest: &'a str,
    line: u32,
    column: u32,
}

impl<'a> Lexer<'a> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let c = chars.next()?;
        self.rest = chars.as_str();
        if c == '\n' {
            self.line = self.line.saturating_add(1);
            self.column = 1;
        } else {
            self.column = self.column.saturating_add(1);
        }
        Some(c)
    }

    fn skip_while(&mut self, wanted: impl Fn(char) -> bool) {
        while self.peek().is_some_and(&wanted) {
            self.bump();
        }
    }

    fn followed_by_digit(&self, skip: usize) -> bool {
        self.rest.as_bytes().get(skip).is_some_and(u8::is_ascii_digit)
    }

    fn token(&mut self) -> Parsed<Token<'a>> {
        self.skip_while(char::is_whitespace);
        while self.rest.starts_with("//") {
            self.skip_while(|c| c != '\n');
            self.skip_while(char::is_whitespace);
        }
        let (start, line, column) = (self.rest, self.line, self.column);
        let token = |kind, text| Token { kind, text, line, column };
        let Some(first) = self.bump() else { return Ok(token(Kind::End, "".into())) };
        let kind = match first {
            '"' => return Ok(token(Kind::Text, self.quoted()?.into())),
            c if starts_word(c) => {
                self.skip_while(continues_word);
                Kind::Word
            }
            c if c.is_ascii_digit() || (c == '-' && self.followed_by_digit(0)) => {
                self.number();
                Kind::Number
            }
            '-' if self.peek() == Some('>') => {
                self.bump();
                Kind::Sign
            }
            '.' if self.peek() == Some('.') => {
                self.bump();
                Kind::Sign
            }
            _ => Kind::Sign,
        };
        Ok(token(kind, start[..start.len() - self.rest.len()].into()))
    }

    /// Digits, a fraction, an exponent and a type: everything after the first character.
    fn number(&mut self) {
        let before = self.rest;
        self.skip_while(continues_word);
        if self.peek() == Some('.') && self.followed_by_digit(1) {
            self.bump();
            self.skip_while(continues_word);
        }
        let read = &before[..before.len() - self.rest.len()];
        if read.ends_with('e') && self.peek() == Some('-') && self.followed_by_digit(1) {
            self.bump();
            self.skip_while(continues_word);
        }
    }

    /// The contents of a quoted text, up to and with the closing quote.
    fn quoted(&mut self) -> Parsed<String> {
        let mut contents = String::new();
        loop {
            let (line, column) = (self.line, self.column);
            let error = |message: &str| ParseError { line, column, message: message.to_string() };
            match self.bump().ok_or_else(|| error("a quoted text does not end"))? {
                '"' => return Ok(contents),
                '\\' => match self.bump() {
                    Some('n') => contents.push('\n'),
                    Some('t') => contents.push('\t'),
                    Some('r') => contents.push('\r'),
                    Some('0') => contents.push('\0'),
                    Some(c @ ('\\' | '"' | '\'')) => contents.push(c),
                    Some('u') => {
                        let code = self.rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
                        let code = code.map(|(digits, _)| digits).filter(|digits| digits.len() <= 6);
                        let c = code
                            .and_then(|digits| u32::from_str_radix(digits, 16).ok())
                            .and_then(char::from_u32);
                        contents.push(c.ok_or_else(|| error("no such character"))?);
                        self.skip_while(|c| c != '}');
                        self.bump();
                    }
                    _ => return Err(error("no such escape")),
                },
                c => contents.push(c),
            }
        }
    }
}
