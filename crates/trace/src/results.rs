//! `Result`s: an option of what there is, beside one of what went wrong; and texts, of which a kernel knows which one it is.
//!
//! ```text
//! Ok(x)                    (Some(x), None)              r?              unless r.0 is there, leave with (None, r.1)
//! Err("too large")         (None, Some(text 0))         r.map_err(f)    (r.0, r.1.map(f))
//! option.ok_or(error)      if p { (Some(x), None) } else { (None, Some(error)) }
//! ```
//!
//! What carries tuples and options, variables, branches and exits, carries them.

use crate::errors::{At, Problem, Step};
use crate::own_operators::ByFields;
use crate::records::{Items, Record, Whole};
use crate::state::{Held, Kind, State};
use crate::{DeclaredType, Method, Tracer, Value};
use parfuse_ir::program::Type;
use parfuse_ir::{DType, ElementType, FaultKind};
use std::sync::{Mutex, PoisonError};

/// A `&'static str`, by its number among all that kernels mention.
pub static TEXT: Record = Record {
    name: "&str",
    methods: &[],
    operators: &[],
    by_fields: ByFields::WITHOUT_ORDER,
    is_enum: false,
    fields: &[("number", DeclaredType::Known(Type::Scalar(ElementType::Real(DType::U32))))],
};

/// The texts that kernels mention, each once.
static TEXTS: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

/// The number of a text.
pub fn number_of_text(text: &'static str) -> u32 {
    let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    let number = texts.iter().position(|known| *known == text).unwrap_or_else(|| {
        texts.push(text);
        texts.len() - 1
    });
    number as u32
}

/// The text with a number; an empty one if there is none.
pub fn text_of_number(number: u32) -> &'static str {
    let texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    texts.get(number as usize).copied().unwrap_or_default()
}

impl Tracer {
    /// `"too large"`.
    pub fn text(&self, text: &'static str, at: At) -> Value<'_> {
        let number = self.lift(number_of_text(text), at);
        self.record(&TEXT, &[("number", number)], None, at)
    }

    /// `Ok(value)`.
    pub fn ok<'t>(&'t self, value: Value<'t>, at: At) -> Value<'t> {
        self.result([self.some(value, at), self.none(at)], at)
    }

    /// `Err(error)`.
    pub fn err<'t>(&'t self, error: Value<'t>, at: At) -> Value<'t> {
        self.result([self.none(at), self.some(error, at)], at)
    }

    fn result<'t>(&'t self, options: [Value<'t>; 2], at: At) -> Value<'t> {
        let options = self.ids(&options);
        self.step(at, |_| Ok(Kind::Tuple(Items::with(Whole::Result, options))))
    }

    /// What a function returns, whose values are declared to be of these types, one for each that is no tuple.
    pub fn declared_results<'t>(
        &'t self,
        v: Value<'t>,
        types: &mut dyn Iterator<Item = DeclaredType>,
        at: At,
    ) -> Value<'t> {
        let v = self.as_two_options(v, at);
        let items = self.with(|state| {
            // What is there of a vector of options, which are two results.
            let present = state.as_present(v.id, at).unwrap_or(v.id);
            match (state.kind(v.id), state.kind(present)) {
                (Kind::Tuple(items), _)
                    if matches!(items.of, Whole::Tuple | Whole::Result | Whole::Options) =>
                {
                    Some((items.of, items.to_vec()))
                }
                (_, Kind::Tuple(items)) if items.of == Whole::Options => Some((items.of, items.to_vec())),
                _ => None,
            }
        });
        match items {
            Some((of, items)) => {
                let items = items.into_iter().map(|id| Value { tracer: self, id });
                let items: Vec<Value<'t>> =
                    items.map(|item| self.declared_results(item, types, at)).collect();
                let items = self.ids(&items);
                self.step(at, |_| Ok(Kind::Tuple(Items::with(of, items))))
            }
            None => types.next().map_or(v, |ty| self.bind("", self.as_made_text(v, ty, at), Some(ty), at)),
        }
    }

    /// A `Result` that has the same thing in either case, `v.binary_search(&x)`, as two options; anything else as it is.
    fn as_two_options<'t>(&'t self, v: Value<'t>, at: At) -> Value<'t> {
        let kind = self.with(|state| state.kind(v.id));
        let is_either =
            matches!(kind, Kind::Optional(Held::Either { .. } | Held::Variable { either: true, .. }));
        if !is_either {
            return v;
        }
        let (is_ok, value) = self.parts_of_option(v, at);
        let option = |present: Value<'t>| {
            self.step(at, |state| {
                let present = state.read(present.id, at)?;
                Ok(Kind::Optional(Held::Value { present, value: value.id, fault: FaultKind::NoValue }))
            })
        };
        self.result([option(is_ok), option(self.unary("!", is_ok, at))], at)
    }

    /// `value?`: what there is, or what `leave` gives, which leaves with what there is instead.
    pub fn tried<'t>(
        &'t self,
        value: Value<'t>,
        leave: impl FnOnce(Value<'t>) -> Value<'t>,
        at: At,
    ) -> Value<'t> {
        let never_is = |option: Value<'_>| {
            self.with(|state| matches!(state.kind(option.id), Kind::Optional(Held::Nothing)))
        };
        match self.parts_of_result(value) {
            // `Err(error)?`, as a `return`.
            Some([value, error]) if never_is(value) => leave(self.result([value, error], at)),
            Some([value, error]) => {
                self.some_or(value, || leave(self.result([self.none(at), error], at)), at)
            }
            None => self.some_or(value, || leave(self.none(at)), at),
        }
    }

    /// What a `Result` has if it is `Ok`, and what it has else, if it is one.
    fn parts_of_result<'t>(&'t self, value: Value<'_>) -> Option<[Value<'t>; 2]> {
        let id = self.id(value);
        let [ok, error] = self.with(|state| state.result(id))?;
        Some([ok, error].map(|id| Value { tracer: self, id }))
    }

    /// A method of a `Result`, if the receiver is one.
    pub(crate) fn method_of_result<'t>(
        &'t self,
        receiver: Value<'_>,
        method: Method,
        args: &[Value<'_>],
        at: At,
    ) -> Option<Value<'t>> {
        let [ok, error] = self.parts_of_result(receiver)?;
        let args: Vec<Value<'t>> =
            args.iter().map(|arg| Value { tracer: self, id: self.passed(*arg) }).collect();
        let option = |option: Value<'t>, method| self.method(option, method, &args, at);
        let what_failed = || self.parts_of_option(error, at).1;
        Some(match (method, &args[..]) {
            (Method::map, _) => self.result([option(ok, Method::map), error], at),
            (Method::map_err, _) => self.result([ok, option(error, Method::map)], at),
            (Method::ok, []) => ok,
            (Method::err, []) => error,
            (Method::is_ok, _) => option(ok, Method::is_some),
            (Method::is_err, _) => option(ok, Method::is_none),
            (Method::is_ok_and, _) => option(ok, Method::is_some_and),
            (Method::is_err_and, _) => option(error, Method::is_some_and),
            (Method::unwrap_err | Method::expect_err, _) => self.method(error, Method::unwrap, &[], at),
            (Method::as_ref | Method::as_mut | Method::copied | Method::cloned, []) => {
                self.result([option(ok, method), error], at)
            }
            (Method::unwrap_or_else, [otherwise]) => {
                let (present, value) = self.parts_of_option(ok, at);
                self.if_(present, || value, || self.apply(*otherwise, &[what_failed()], at), at)
            }
            (Method::map_or_else, [otherwise, function]) => {
                let (present, value) = self.parts_of_option(ok, at);
                let otherwise = || self.apply(*otherwise, &[what_failed()], at);
                self.if_(present, || self.apply(*function, &[value], at), otherwise, at)
            }
            (Method::and_then, [function]) => {
                let (present, value) = self.parts_of_option(ok, at);
                let failed = || self.result([self.none(at), error], at);
                self.if_(present, || self.apply(*function, &[value], at), failed, at)
            }
            (Method::or_else | Method::or, [otherwise]) => {
                let (present, value) = self.parts_of_option(ok, at);
                let otherwise = || match method {
                    Method::or => *otherwise,
                    _ => self.apply(*otherwise, &[what_failed()], at),
                };
                self.if_(present, || self.ok(value, at), otherwise, at)
            }
            // All others see what there is, as those of options do.
            _ => option(ok, method),
        })
    }

    /// `option.ok_or(error)`, `option.ok_or_else(closure)`, and `map_err` of what fails with nothing that is seen.
    pub(crate) fn option_as_result<'t>(
        &'t self,
        method: Method,
        option: Value<'t>,
        args: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        let (present, value) = self.parts_of_option(option, at);
        let error = || match method {
            Method::ok_or => args[0],
            Method::ok_or_else => self.apply(args[0], &[], at),
            _ => self.apply(args[0], &[value], at),
        };
        self.if_(present, || self.ok(value, at), || self.err(error(), at), at)
    }
}

impl State {
    /// The two options of a `Result`.
    pub(crate) fn result(&self, handle: u32) -> Option<[u32; 2]> {
        match self.kind(handle) {
            Kind::Tuple(items) if items.of == Whole::Result => items[..].try_into().ok(),
            _ => None,
        }
    }

    /// `result.unwrap_err()` of what is no `Result` of the kernel's.
    pub(crate) fn unseen_error(&mut self, receiver: u32, _: &[u32], _: At) -> Step<Kind> {
        match self.kind(receiver) {
            Kind::Poison => Err(Problem::Reported),
            _ => crate::errors::mistake("what this fails with is not seen in a kernel; ask `is_err()`"),
        }
    }
}
