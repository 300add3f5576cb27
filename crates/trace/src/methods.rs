//! Methods: the row of the vocabulary that a call means, and its meaning.
//!
//! ```text
//! x.sqrt()      (sqrt, f64)           sqrt fn { Float each () op Sqrt … }         sqrt x
//! a.clamp(l,h)  (clamp, [f64; 1])     clamp fn { Scalar each … number clamp … }   State::clamp, of each element
//! a.sum()       (sum, [f64; 1])       sum fn { Array one () read sum … }          State::sum
//! (0..n).rev()  (rev, range)          rev fn { Range one () read reverse … }      State::reverse
//! ```
//!
//! The names, receivers and arguments are in `parfuse_names`. What rows name is in `numbers.rs`, `whole_arrays.rs`
//! and, for ranges, in `control.rs`: adding a method is adding a row and the function that it names.

use crate::errors::{At, Problem, Step, mistake};
use crate::maps::{Body, Call};
use crate::state::{Kind, State, Ty};
use crate::types::Class;
use crate::{Tracer, Value};
use parfuse_ir::{DType, ScalarOp, program};
use parfuse_names::{Argument, Method, Receiver, Row, for_each_method};

/// What a row means to the tracer.
#[derive(Clone, Copy)]
pub(crate) enum Meaning {
    /// One operation, on operands of one type.
    Op(ScalarOp),
    /// A binary operator.
    Operator(&'static str),
    /// A composition of operations on scalars, or element by element.
    Number(fn(&mut State, program::Value, &[program::Value], At) -> Step<program::Value>),
    /// Anything, of handles.
    Handle(fn(&mut State, u32, &[u32], At) -> Step<Kind>),
    /// A closure is traced.
    Closure(for<'t> fn(&'t Tracer, &Call<'_>, Body<'t, '_>) -> Value<'t>),
    /// Closures are traced, by a method of the tracer's.
    Traced(Traced),
}

/// A method of the tracer's, for a receiver and arguments.
type Traced = for<'t> fn(&'t Tracer, Method, Value<'t>, &[Value<'t>], At) -> Value<'t>;

macro_rules! define_meaning {
    ($($name:ident $handle:tt $({
        $receiver:ident $each:ident ($($argument:ident: $argument_kind:ident),*) $kind:ident $what:tt $doc:literal
    })+)*) => {
        /// The meaning of a row.
        pub(crate) fn meaning(row: &Row) -> Meaning {
            match (row.method, row.receiver) {
                $($((Method::$name, Receiver::$receiver) => define_meaning!(@$kind $what),)+)*
                (method, receiver) => unreachable!("{method} of {receiver:?} is no row of the table"),
            }
        }
    };
    (@op $op:ident) => { Meaning::Op(ScalarOp::$op) };
    (@operator $symbol:literal) => { Meaning::Operator($symbol) };
    (@number $function:ident) => { Meaning::Number(State::$function) };
    (@update $function:ident) => { Meaning::Handle(State::$function) };
    (@read $function:ident) => { Meaning::Handle(State::$function) };
    (@map $function:ident) => { Meaning::Closure(Tracer::$function) };
    (@trace $function:ident) => { Meaning::Traced(Tracer::$function) };
}
for_each_method!(define_meaning);

impl Tracer {
    /// `receiver.method(args)`. The argument of `expect` may be left out.
    pub fn method(&self, receiver: Value<'_>, method: Method, args: &[Value<'_>], at: At) -> Value<'_> {
        let same = |value: &Value<'_>| Value { tracer: self, id: value.id };
        if let Some(value) =
            self.change_vector(same(&receiver), method, &args.iter().map(same).collect::<Vec<_>>(), at)
        {
            return value;
        }
        if let Some(refused) = self.copy_of_heap(same(&receiver), method, at) {
            return refused;
        }
        if let Some(value) =
            self.method_of_lists(same(&receiver), method, &args.iter().map(same).collect::<Vec<_>>(), at)
        {
            return value;
        }
        if let Some(value) = self.method_of_result(receiver, method, args, at) {
            return value;
        }
        if let Some(value) = self.method_of_record(receiver, method.name(), args, at) {
            return value;
        }
        if let Some(value) = self.extreme_of_records(method, receiver, args, at) {
            return value;
        }
        if let Some(value) = self.method_of_records(receiver, method, args, at) {
            return value;
        }
        let (receiver, args) = (self.id(receiver), self.ids(args));
        let mut traced = None;
        let value = self.step(at, |state| {
            state.doing = format!("`.{method}()`").into();
            let row = state.checked_row(receiver, method, args.len(), at)?;
            match meaning(row) {
                meaning @ (Meaning::Traced(_) | Meaning::Closure(_)) => {
                    traced = Some(meaning);
                    Ok(Kind::Poison)
                }
                meaning => state.method(row, meaning, receiver, &args, at),
            }
        });
        let Some(traced) = traced else { return value };
        let value = |id: u32| Value { tracer: self, id };
        let args: Vec<Value<'_>> = args.into_iter().map(value).collect();
        match (traced, args.split_last()) {
            (Meaning::Traced(function), _) => function(self, method, value(receiver), &args, at),
            (_, Some((closure, others))) => {
                let closure = *closure;
                self.with_closure(
                    value(receiver),
                    method,
                    others,
                    |given| self.call_closure(closure, &given, at),
                    at,
                )
            }
            _ => value(receiver),
        }
    }
}

impl State {
    /// The row that a call means, which is given as many arguments as it takes.
    fn checked_row(&mut self, receiver: u32, method: Method, given: usize, at: At) -> Step<&'static Row> {
        let row = self.row(receiver, method, at)?;
        let counts = row.counts();
        if !counts.contains(&given) {
            let expected = match *counts.end() {
                0 => "no arguments".to_string(),
                1 => "1 argument".to_string(),
                count => format!("{count} arguments"),
            };
            return mistake(format!("`.{method}()` takes {expected}, not {given}"));
        }
        Ok(row)
    }

    fn method(&mut self, row: &Row, meaning: Meaning, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let method = row.method;
        match meaning {
            Meaning::Handle(function) => function(self, receiver, args, at),
            meaning => {
                let value = self.read(receiver, at)?;
                let mut operands = Vec::with_capacity(args.len());
                for arg in args {
                    operands.push(self.scalar(*arg, &format!("the argument of `{method}`"), at)?);
                }
                self.number_method(row, meaning, value, &operands, at).map(Kind::Plain)
            }
        }
    }

    /// An operation, an operator or a composition, of numbers or element by element.
    fn number_method(
        &mut self,
        row: &Row,
        meaning: Meaning,
        value: program::Value,
        args: &[program::Value],
        at: At,
    ) -> Step<program::Value> {
        let method = row.method;
        if let Meaning::Operator(symbol) = meaning {
            return self.binary(symbol, value, args[0], at);
        }
        for (arg, (_, kind)) in args.iter().zip(row.arguments) {
            match kind {
                Argument::Same => {
                    let (expected, found) = (self.ty(value).dtype, self.ty(*arg).dtype);
                    let what = if args.len() > 1 { "the arguments" } else { "the argument" };
                    self.unify(expected, found, &format!("{what} of `{method}`"))?;
                }
                Argument::Part => {
                    let what = format!("the argument of `{method}`");
                    let Class::Complex(part) = self.class(value) else {
                        return mistake(format!("{what}: the receiver is not complex"));
                    };
                    let found = self.ty(*arg).dtype;
                    self.unify(part, found, &what)?;
                }
                Argument::I32 => {
                    self.unify_known(*arg, DType::I32, &format!("the argument of `{method}`"))?;
                }
                Argument::U32 => {
                    self.unify_known(*arg, DType::U32, &format!("the argument of `{method}`"))?;
                }
                Argument::Signed => {
                    self.unify_signed(value, *arg, &format!("the argument of `{method}`"))?;
                }
                _ => {}
            }
        }
        match meaning {
            Meaning::Op(op) => {
                let operands: Vec<program::Value> =
                    std::iter::once(value).chain(args.iter().copied()).collect();
                self.op(op, &operands, at)
            }
            Meaning::Number(function) => function(self, value, args, at),
            _ => mistake(format!("`.{method}()` is not a method of numbers")),
        }
    }

    /// The row of a method for what a handle stands for.
    pub(crate) fn row(&mut self, receiver: u32, method: Method, at: At) -> Step<&'static Row> {
        let (of, described) = match self.kind(receiver) {
            Kind::Poison => return Err(Problem::Reported),
            Kind::Vector { .. } => (Receiver::Vector, "a vector"),
            Kind::Range(_) => (Receiver::Range, "a range"),
            Kind::Sequence(_) => (Receiver::Iterator, "an iterator"),
            Kind::Optional(_) => (Receiver::Option, "an `Option`"),
            Kind::Tuple(_) if self.option_to_set(receiver).is_some() => (Receiver::Option, "an `Option`"),
            Kind::Lengths(_) => (Receiver::Shape, "a shape"),
            Kind::Slice(_) => (Receiver::Slice, "a slice"),
            Kind::Zip(_) => (Receiver::Zip, "a `Zip`"),
            Kind::Ordering { .. } => (Receiver::Ordering, "an `Ordering`"),
            Kind::Variable { .. }
            | Kind::Plain(_)
            | Kind::Place(_)
            | Kind::Element { .. }
            | Kind::Row { .. }
            | Kind::Part { .. } => {
                let ty = self.type_of(receiver)?;
                self.close_type(ty.dtype)?;
                let row = self.row_of_value(method, ty);
                if row.is_ok() || self.types.element(ty.dtype).is_some() {
                    return row;
                }
                // Perhaps one of the type that it turns out to be has it.
                let value = self.read(receiver, at)?;
                let Some(dtype) = self.type_to_come(value)? else { return row };
                self.unify_known(value, dtype, "the type of a receiver")?;
                return self.row_of_value(method, ty);
            }
            Kind::Tuple(_)
            | Kind::Lists(_)
            | Kind::List { .. }
            | Kind::Declared(_)
            | Kind::Closure(_)
            | Kind::Never => {
                return match method.row(Receiver::Tuple) {
                    Some(row) => Ok(row),
                    // Says what a value that is none can be used for.
                    None => self.read(receiver, at).and(Err(Problem::Reported)),
                };
            }
        };
        method.row(of).map_or_else(|| none_of(method, of, described), Ok)
    }

    /// The row of a method for a scalar or an array.
    fn row_of_value(&self, method: Method, ty: Ty) -> Step<&'static Row> {
        let class = self.types.class(ty.dtype);
        let scalar = match class {
            Class::Integer => Receiver::Integer,
            Class::Float => Receiver::Float,
            Class::Known(dtype) if dtype.is_float() => Receiver::Float,
            Class::Known(dtype) if dtype.is_int() && dtype.is_signed() => Receiver::Integer,
            Class::Known(dtype) if dtype.is_unsigned() && dtype.bits() == 8 => Receiver::Byte,
            Class::Known(dtype) if dtype.is_int() => Receiver::Unsigned,
            Class::Complex(_) => Receiver::Complex,
            Class::Known(_) | Class::Any => Receiver::Scalar,
        };
        let row = match ty.rank {
            None => method.row(scalar),
            Some(_) => method.row(Receiver::Array).or_else(|| method.row_of_elements(scalar)),
        };
        // What every scalar has, and arrays whatever their elements are, needs no type.
        let needs_type = row.is_none_or(|row| match meaning(row) {
            Meaning::Handle(_) => false,
            Meaning::Traced(_) => row.receiver != Receiver::Array,
            _ => true,
        });
        match (row, ty.rank) {
            _ if class == Class::Any && needs_type => {
                mistake(format!("`.{method}()` of a value whose type is not known yet; annotate it"))
            }
            (Some(row), Some(_)) if ty.has_rows() => self.refuse_of_rows(method).map(|()| row),
            (Some(row), _) => Ok(row),
            (None, None) => none_of(method, scalar, &self.types.show(ty.dtype)),
            (None, Some(_)) => none_of(method, Receiver::Array, &self.describe(ty)),
        }
    }
}

/// The mistake that a receiver has no such method: what has, and what there is for the receiver.
fn none_of<T>(method: Method, receiver: Receiver, described: &str) -> Step<T> {
    let advice = match receiver {
        Receiver::Array => "; use `mapv` with the methods of numbers, or a loop over the indices".to_string(),
        Receiver::Range | Receiver::Iterator => {
            "; go through it with `for`, or end it with `sum()`, `fold(…)` and the like".to_string()
        }
        Receiver::Option | Receiver::Shape | Receiver::Slice => {
            let all = Method::ALL.iter().filter(|method| method.row(receiver).is_some());
            let names: Vec<&str> = all.map(|method| method.name()).collect();
            format!("; {} have {}", receiver.plural(), names.join(" "))
        }
        _ => String::new(),
    };
    mistake(format!("`.{method}()` is a method of {}, not of {described}{advice}", method.owners()))
}
