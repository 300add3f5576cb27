//! Methods of structs, which `#[kernel] impl Particle { … }` lets kernels call: each is traced into the kernel that calls it.
//!
//! ```text
//! p[i].step(dt)           Particle::step(p[i], dt)     the method is found by the struct that it is called on
//! Particle::new(x, v)     by the type's name
//! ```

use crate::errors::{At, Problem, Step, mistake};
use crate::records::{Items, Record, Whole};
use crate::state::{Held, Kind, State};
use crate::{DTypeArg, DeclaredType, Inlined, Tracer, Value};
use num_complex::Complex;
use parfuse_names::operators::OPERATORS;
use parfuse_names::{Operator, Other};
use std::hash::{Hash, Hasher};

/// A method of a struct.
#[derive(Clone, Copy, Debug)]
pub struct RecordMethod {
    /// Its name.
    pub name: &'static str,
    /// Whether it is given what it is called on, `&self`, and not a copy of it.
    pub borrowed: bool,
    /// Traces a call of it.
    pub inline: Inlined,
}

impl PartialEq for RecordMethod {
    fn eq(&self, other: &RecordMethod) -> bool {
        self.name == other.name
    }
}
impl Eq for RecordMethod {}
impl Hash for RecordMethod {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

macro_rules! define_no_methods {
    ($($name:ident $method:ident $symbol:literal [$($constant:ident)*];)*) => {
        /// What structs have that kernels know no methods and operators of: the constants of `#[kernel] impl` take the place of
        /// these.
        pub trait NoMethods {
            /// None.
            const __METHODS_OF_KERNELS: &'static [RecordMethod] = &[];
            $($(
                /// None.
                const $constant: &'static [RecordMethod] = &[];
            )*)*
        }
    };
}
parfuse_names::for_each_operator!(define_no_methods);

impl<T> NoMethods for T {}

/// A type whose functions a kernel may call, `Particle::new(x, v)`.
#[diagnostic::on_unimplemented(
    message = "a kernel cannot call functions of `{Self}`",
    label = "not a type whose functions kernels know",
    note = "if the type is yours, write `#[derive(Clone, Copy, KernelData)]` on it and `#[kernel]` on its `impl`; or write a function with `#[kernel]` outside of the `impl`"
)]
pub trait FunctionOwner {
    /// Traces a call of one of its functions.
    fn call_function<'t>(
        tracer: &'t Tracer,
        name: &'static str,
        arguments: &[Value<'t>],
        at: At,
    ) -> Value<'t>;
}

#[diagnostic::do_not_recommend]
impl<T: DTypeArg> FunctionOwner for Complex<T> {
    fn call_function<'t>(
        tracer: &'t Tracer,
        name: &'static str,
        arguments: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        tracer.complex_function::<Complex<T>>(name, arguments, at)
    }
}

impl Tracer {
    /// `Type::function(arguments)`.
    pub fn function_of<'t, T: FunctionOwner>(
        &'t self,
        name: &'static str,
        arguments: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        T::call_function(self, name, arguments, at)
    }

    /// A function of a struct's, by its name.
    pub fn record_function<'t>(
        &'t self,
        record: &'static Record,
        name: &str,
        arguments: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        match record.methods.iter().find(|method| method.name == name) {
            Some(method) => (method.inline)(self, arguments, at),
            None => self.step(at, |_| {
                mistake(format!(
                    "kernels have no function `{owner}::{name}`: put `#[kernel]` on the `impl` of `{owner}` that it stands in",
                    owner = record.name
                ))
            }),
        }
    }

    /// `receiver.name(arguments)`, where no other kind of values has a method of this name. `before` is the receiver as it
    /// was before the arguments were evaluated.
    pub fn record_method<'t>(
        &'t self,
        receiver: Value<'t>,
        before: Value<'t>,
        name: &str,
        arguments: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        let borrowed = self.own_method(receiver, name).is_none_or(|method| method.borrowed);
        let receiver = if borrowed { receiver } else { before };
        if let Some(value) = self.method_of_record(receiver, name, arguments, at) {
            return value;
        }
        let receiver = self.id(receiver);
        self.step(at, |state| match state.kind(receiver) {
            Kind::Poison => Err(Problem::Reported),
            _ => mistake(parfuse_names::refusals::method(name)),
        })
    }

    /// The method of a struct, if the receiver is one that has it.
    pub(crate) fn method_of_record<'t>(
        &'t self,
        receiver: Value<'_>,
        name: &str,
        arguments: &[Value<'_>],
        at: At,
    ) -> Option<Value<'t>> {
        let method = self.own_method(receiver, name)?;
        let of = |id: u32| Value { tracer: self, id };
        let arguments = arguments.iter().map(|argument| self.passed(*argument));
        let arguments = std::iter::once(self.id(receiver)).chain(arguments).map(of);
        Some((method.inline)(self, &arguments.collect::<Vec<_>>(), at))
    }

    fn own_method(&self, receiver: Value<'_>, name: &str) -> Option<&'static RecordMethod> {
        let id = self.id(receiver);
        self.with(|state| match state.kind(id) {
            Kind::Tuple(Items { of: Whole::Record(record), .. }) if state.record_array(id).is_none() => {
                record.methods.iter().find(|method| method.name == name).or_else(|| {
                    let of_name = |operator: &&Operator| operator.method == name;
                    let operator = OPERATORS.iter().find(of_name)?;
                    record.operator(operator.constant(Other::Same)?)
                })
            }
            _ => None,
        })
    }

    /// A struct as it is now; all else is what it was.
    pub fn record_now<'t>(&'t self, v: Value<'t>, at: At) -> Value<'t> {
        let id = self.id(v);
        self.step(at, |state| match state.kind(id) {
            Kind::Tuple(Items { of: Whole::Record(_), .. }) if state.record_array(id).is_none() => {
                state.snapshot(id, at)
            }
            kind => Ok(kind),
        })
    }

    /// What a method is called on, when its arguments may set variables: the present value of what is passed by value. Vectors,
    /// arrays and what else is borrowed nobody can set meanwhile.
    pub fn receiver_now<'t>(&'t self, v: Value<'t>, method: &str, at: At) -> Value<'t> {
        let borrowed = self.own_method(v, method).is_some_and(|method| method.borrowed);
        if borrowed { v } else { self.content_now(v, at) }
    }

    /// The same of what is no reference itself, but may be a part of what one refers to, `body.x`.
    pub fn content_now<'t>(&'t self, v: Value<'t>, at: At) -> Value<'t> {
        self.step(at, |state| state.present_content(v.id, at))
    }

    /// A number as it is now, and so a struct, a tuple or an option of numbers; all else is what it was.
    pub fn value_now<'t>(&'t self, v: Value<'t>, at: At) -> Value<'t> {
        self.step(at, |state| match state.kind(v.id) {
            Kind::Optional(Held::Variable { .. }) => state.snapshot(v.id, at),
            Kind::Tuple(_) if state.leaves_of(v.id).iter().all(|leaf| !state.is_array(*leaf)) => {
                state.snapshot(v.id, at)
            }
            _ => state.snapshot_scalar(v.id, at).map(|present| state.kind(present)),
        })
    }

    /// The `self` of a method: what it is called on, not a copy.
    pub fn receiver<'t>(
        &'t self,
        arguments: &[Value<'t>],
        position: usize,
        _name: &'static str,
        ty: DeclaredType,
        at: At,
    ) -> Value<'t> {
        match arguments.get(position) {
            Some(receiver) => self.declared(*receiver, Some(ty), at),
            None => self.mistake("a method is called without what it is a method of", at),
        }
    }
}

impl State {
    /// What a number holds now, and so a struct, a tuple or an option of numbers, also if it is borrowed; all else is what it was.
    fn present_content(&mut self, handle: u32, at: At) -> Step<Kind> {
        match self.kind(handle) {
            Kind::Variable { var, .. } if self.var_type(var).rank.is_none() => {
                self.read_var(var, at).map(Kind::Plain)
            }
            Kind::Element { place, index, .. } => self.read_element(place, &index, at).map(Kind::Plain),
            Kind::Optional(Held::Variable { .. }) => self.snapshot(handle, at),
            Kind::Tuple(_) if let Some([present, value]) = self.option_to_set(handle) => {
                let (present, value) = (self.condition(present, at)?, self.present_content(value, at)?);
                Ok(self.maybe(present, value))
            }
            Kind::Tuple(items) if self.leaves_of(handle).iter().all(|leaf| !self.is_array(*leaf)) => {
                let (of, mut contents) = (items.of, Vec::with_capacity(items.len()));
                for item in items {
                    let content = self.present_content(item, at)?;
                    contents.push(self.handle(content));
                }
                Ok(Kind::Tuple(Items::with(of, contents)))
            }
            _ => self.snapshot_scalar(handle, at).map(|present| self.kind(present)),
        }
    }
}
