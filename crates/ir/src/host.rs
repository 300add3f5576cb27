//! Functions outside of compiled code that a kernel calls.
//!
//! ```text
//! host "solve"([f64; 2], mut [f64; 1]) -> (f64, [f64; 1])      by number among those of `Files`
//! ```
//!
//! What such a function does besides reading its arguments, writing the mutable ones and returning its results is nobody's
//! affair, but that it happens in the order of the program, as often as that says.

use crate::loops::Buffer;
use crate::program::Type;
use crate::program::parse_type;
use crate::text::{At, Cursor, Parsed, list};
use crate::{DType, Files, Loc, Scalar, VerifyError};
use std::any::Any;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::panic::RefUnwindSafe;

/// A function that kernels call.
#[derive(Clone)]
pub struct HostFunction {
    /// Its name.
    pub name: String,
    /// What it takes, and whether it may write to it.
    pub params: Vec<(Type, bool)>,
    /// What it returns.
    pub results: Vec<Type>,
    /// How it is called; nothing for one that is known from a text only.
    pub code: Option<&'static dyn HostCode>,
}

/// How a function is called.
pub trait HostCode: Any + Send + Sync + RefUnwindSafe + fmt::Debug {
    /// Calls it with elements one by one, as interpreters do. What it writes to its arguments stands there afterwards.
    ///
    /// # Panics
    /// Where it fails.
    fn on_elements(&self, arguments: &mut [Datum]) -> Vec<Datum>;
    /// The code itself, for those who know its type.
    fn as_any(&self) -> &dyn Any;
}

/// An argument or a result.
#[derive(Clone, PartialEq, Debug)]
pub enum Datum {
    /// A scalar.
    Scalar(Scalar),
    /// An array, with its elements in row-major order.
    Array {
        /// The type of its elements.
        dtype: DType,
        /// Its shape.
        shape: Vec<usize>,
        /// Its elements.
        elements: Vec<Scalar>,
    },
}

/// Functions are the same if they are called so and have the same code, where it is known.
impl PartialEq for HostFunction {
    fn eq(&self, other: &Self) -> bool {
        let address = |code: &Option<&'static dyn HostCode>| {
            code.map(|code| std::ptr::from_ref::<dyn HostCode>(code).cast::<()>())
        };
        let same_code = match (address(&self.code), address(&other.code)) {
            (Some(own), Some(others)) => own == others,
            _ => true,
        };
        (&self.name, &self.params, &self.results) == (&other.name, &other.params, &other.results) && same_code
    }
}

impl Hash for HostFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.name, &self.params, &self.results).hash(state);
    }
}

impl fmt::Debug for HostFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Prints as it stands in a text.
impl fmt::Display for HostFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let params = self.params.iter().map(|(ty, mutable)| {
            let word = if *mutable { "mut " } else { "" };
            format!("{word}{ty}")
        });
        let (params, results) = (list(params), list(&self.results));
        write!(f, "host \"{}\"({params}) -> ({results})", self.name.escape_debug())
    }
}

/// A call, by what holds its scalars: values of Loops, slots of Lane. Only the driver calls.
#[derive(Clone, PartialEq, Debug)]
pub struct Call<S> {
    /// What is called.
    pub callee: Callee,
    /// The arguments of a function; behind them arrays without axes for its scalar results, and, if it returns arrays, one
    /// of `usize` for the lengths of all their axes. All of these have been made.
    pub arguments: Vec<CallArgument<S>>,
    /// Where the user wrote it.
    pub loc: Loc,
}

/// What is called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Callee {
    /// A function, by its number among those of [`Files`].
    Function(u16),
    /// One of the arrays that the function called last has returned, by its number among these: the buffer that is the only
    /// argument, and has been made in its shape, takes it over. Each is taken once, and no function called in between.
    Result(u16),
}

/// An argument of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CallArgument<S> {
    /// A scalar.
    Scalar(S),
    /// An array that is read.
    Read(Buffer),
    /// An array that is read and written.
    Written(Buffer),
}

impl<S> Call<S> {
    /// The arrays that it may read.
    pub fn read(&self) -> impl Iterator<Item = Buffer> {
        self.arguments.iter().filter_map(|argument| match argument {
            CallArgument::Scalar(_) => None,
            CallArgument::Read(buffer) | CallArgument::Written(buffer) => Some(*buffer),
        })
    }
    /// The arrays that it may write.
    pub fn written(&self) -> impl Iterator<Item = Buffer> {
        self.arguments.iter().filter_map(|argument| match argument {
            CallArgument::Scalar(_) | CallArgument::Read(_) => None,
            CallArgument::Written(buffer) => Some(*buffer),
        })
    }
}

/// Prints as `call 0(v1, b0, mut b1)` or `take 0 into b2`.
impl<S: fmt::Display> fmt::Display for Call<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arguments = self.arguments.iter().map(|argument| match argument {
            CallArgument::Scalar(scalar) => scalar.to_string(),
            CallArgument::Read(buffer) => buffer.to_string(),
            CallArgument::Written(buffer) => format!("mut {buffer}"),
        });
        match (self.callee, &self.arguments[..]) {
            (Callee::Result(number), [CallArgument::Written(buffer)]) => {
                write!(f, "take {number} into {buffer}{}", At(self.loc))
            }
            (Callee::Function(number) | Callee::Result(number), _) => {
                write!(f, "call {number}({}){}", list(arguments), At(self.loc))
            }
        }
    }
}

/// Whether a call begins here.
pub(crate) fn at_call(cursor: &Cursor<'_>) -> bool {
    cursor.at("call") || cursor.at("take")
}

/// Passes a call with scalars that `scalar` passes; `cursor` is where a parser stands.
pub(crate) fn parse_call<'a, P, S>(
    parser: &mut P,
    cursor: impl Fn(&mut P) -> &mut Cursor<'a>,
    mut scalar: impl FnMut(&mut P) -> Parsed<S>,
) -> Parsed<Call<S>> {
    let mut argument = |parser: &mut P| match () {
        () if cursor(parser).eat("mut") => cursor(parser).id('b').map(CallArgument::Written),
        () if cursor(parser).at_id('b') => cursor(parser).id('b').map(CallArgument::Read),
        () => scalar(parser).map(CallArgument::Scalar),
    };
    if cursor(parser).eat("take") {
        let callee = Callee::Result(cursor(parser).number()?);
        cursor(parser).expect("into")?;
        let arguments = vec![CallArgument::Written(cursor(parser).id('b')?)];
        return Ok(Call { callee, arguments, loc: cursor(parser).place()? });
    }
    cursor(parser).expect("call")?;
    let callee = Callee::Function(cursor(parser).number()?);
    cursor(parser).expect("(")?;
    let mut arguments = Vec::new();
    while !cursor(parser).eat(")") {
        if !arguments.is_empty() {
            cursor(parser).expect(",")?;
        }
        arguments.push(argument(parser)?);
    }
    Ok(Call { callee, arguments, loc: cursor(parser).place()? })
}

/// Passes a function as it stands at the head of a text.
pub(crate) fn parse_function(cursor: &mut Cursor<'_>) -> Parsed<HostFunction> {
    cursor.expect("host")?;
    let name = cursor.name()?;
    cursor.expect("(")?;
    let param = |cursor: &mut Cursor<'_>| {
        let mutable = cursor.eat("mut");
        Ok((parse_type(cursor)?, mutable))
    };
    let params = if cursor.at(")") { Vec::new() } else { cursor.list(param)? };
    cursor.expect(")")?;
    cursor.expect("->")?;
    cursor.expect("(")?;
    let results = if cursor.at(")") { Vec::new() } else { cursor.list(parse_type)? };
    cursor.expect(")")?;
    Ok(HostFunction { name, params, results, code: None })
}

impl HostFunction {
    /// What the arguments of a call have to be, behind those of the function those that take its results: types, and
    /// whether it may write to them.
    pub fn call_params(&self) -> Vec<(Type, bool)> {
        let mut params = self.params.clone();
        let scalars = self.results.iter().filter(|ty| ty.rank().is_none());
        params.extend(scalars.map(|ty| (Type::array(ty.dtype(), 0), true)));
        if self.results.iter().any(|ty| ty.rank().is_some()) {
            params.push((Type::array(DType::Usize, 1), true));
        }
        params
    }
    /// The types of the arrays that it returns.
    pub fn arrays(&self) -> impl Iterator<Item = Type> {
        self.results.iter().copied().filter(|ty| ty.rank().is_some())
    }
}

/// What is wrong with the arguments of a call, of which `ty` says what they are, and whether they may be written to.
pub(crate) fn call_problem<S: Copy>(
    call: &Call<S>,
    files: &Files,
    scalar: impl Fn(S, DType) -> Result<(), VerifyError>,
    buffer: impl Fn(Buffer) -> Result<(Type, bool), VerifyError>,
) -> Result<(), VerifyError> {
    let problem = |message: &str| Err(VerifyError { message: format!("call: {message}") });
    let params = match call.callee {
        Callee::Function(number) => match files.host(number) {
            Some(function) => function.call_params(),
            None => return problem("no such function"),
        },
        Callee::Result(_) => {
            return match call.arguments[..] {
                [CallArgument::Written(taker)] => buffer(taker).map(drop),
                _ => problem("one buffer takes a result"),
            };
        }
    };
    if params.len() != call.arguments.len() {
        return problem(&format!("{} arguments for {} parameters", call.arguments.len(), params.len()));
    }
    for (argument, (ty, mutable)) in call.arguments.iter().zip(params) {
        match *argument {
            CallArgument::Scalar(value) if ty.rank().is_none() => scalar(value, ty.dtype())?,
            CallArgument::Scalar(_) => return problem(&format!("a scalar for {ty}")),
            CallArgument::Read(read) if !mutable && buffer(read)?.0 == ty => {}
            CallArgument::Written(written) if mutable && buffer(written)? == (ty, true) => {}
            CallArgument::Read(buffer) | CallArgument::Written(buffer) => {
                return problem(&format!("{buffer} for {ty}"));
            }
        }
    }
    let mut written: Vec<Buffer> = call.written().collect();
    let all = call.read().filter(|buffer| written.contains(buffer)).count();
    written.sort();
    written.dedup();
    if all > written.len() { problem("an array that it writes stands twice") } else { Ok(()) }
}
