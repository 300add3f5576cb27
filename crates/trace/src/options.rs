//! Options: whether there is something, and what.
//!
//! ```text
//! Some(x)                 (true, x)                      None                (false, nothing)
//! it.max().map(f)         if p { (true, f(x)) } else { (false, …) }
//! it.find(f).unwrap()     check p;  x                    o.unwrap_or(y)      if p { x } else { y }
//! if let Some(x) = o { … } else { … }                    if p { … x … } else { … }
//! ```
//!
//! A closure is called only if there is something for it, as in Rust. What holds an array in another shape always has
//! something: a shape that does not fit ends the kernel.

use crate::closures::Block;
use crate::errors::{At, Problem, Step, mistake};
use crate::records::{Items, Whole};
use crate::state::{Held, Kind, Literal, State};
use crate::types::Class;
use crate::vectors::EmptyVector;
use crate::{DeclaredType, Method, Tracer, Value};
use parfuse_ir::program::{self, Type};
use parfuse_ir::{FaultKind, Scalar, ScalarOp};

impl Tracer {
    /// `Some(value)`.
    pub fn some(&self, value: Value<'_>, at: At) -> Value<'_> {
        let value = self.id(value);
        self.step(at, |state| {
            let present = state.bool_constant(true, at);
            let value = state.snapshot(value, at)?;
            Ok(state.maybe(present, value))
        })
    }

    /// An option of a value, which is there if a condition holds.
    pub fn option<'t>(&'t self, present: Value<'t>, value: Value<'t>, at: At) -> Value<'t> {
        let (present, value) = (self.id(present), self.id(value));
        self.step(at, |state| {
            let (present, value) = (state.condition(present, at)?, state.kind(value));
            Ok(state.maybe(present, value))
        })
    }

    /// `None`.
    pub fn none(&self, at: At) -> Value<'_> {
        self.step(at, |_| Ok(Kind::Optional(Held::Nothing)))
    }

    /// `if let Some(x) = option { then(x) } else { otherwise() }`.
    pub fn if_some<'t>(
        &'t self,
        option: Value<'t>,
        then: impl FnOnce(Value<'t>) -> Value<'t>,
        otherwise: impl FnOnce() -> Value<'t>,
        at: At,
    ) -> Value<'t> {
        self.trace_if_some(option, &mut Some(then), &mut Some(|()| otherwise()), at)
    }

    fn trace_if_some<'t>(
        &'t self,
        option: Value<'t>,
        then: &mut dyn Block<Value<'t>, Value<'t>>,
        otherwise: &mut dyn Block<(), Value<'t>>,
        at: At,
    ) -> Value<'t> {
        let (present, value) = self.parts_of_option(option, at);
        // A row is shown where there is one.
        let value = match self.with(|state| state.kind(value.id)) {
            Kind::Row { .. } => value,
            _ => self.bind_named("", value, None, at),
        };
        self.trace_if(present, &mut Some(|()| self.value_of(then, value)), otherwise, at)
    }

    /// `let Some(x) = option else { otherwise() };`, where that leaves: what there is.
    pub fn some_or<'t>(
        &'t self,
        option: Value<'t>,
        otherwise: impl FnOnce() -> Value<'t>,
        at: At,
    ) -> Value<'t> {
        let (present, value) = self.parts_of_option(option, at);
        self.if_(present, || self.unit(), otherwise, at);
        value
    }

    /// What `Some(…)` and `Ok(…)` have inside, or `Err(…)`.
    pub fn inside<'t>(&'t self, option: Value<'t>, failure: bool, at: At) -> Value<'t> {
        let id = self.id(option);
        self.step(at, |state| match (state.kind(id), failure) {
            (Kind::Tuple(items), true) if items.of == Whole::Result => {
                state.option(items[1], at).map(|(_, error)| state.kind(error))
            }
            (Kind::Optional(held), true) if held.has_either() => {
                state.option(id, at).map(|(_, error)| state.kind(error))
            }
            (Kind::Optional(_), true) => Ok(Kind::Declared("what `Err` holds".to_string())),
            _ => state.option(id, at).map(|(_, value)| state.kind(value)),
        })
    }

    /// Whether an option has anything, and what it has.
    pub(crate) fn parts_of_option<'t>(&'t self, option: Value<'t>, at: At) -> (Value<'t>, Value<'t>) {
        let mut value = None;
        let present = self.step(at, |state| {
            let (present, inner) = state.option(option.id, at)?;
            value = Some(inner);
            Ok(Kind::Plain(present))
        });
        (present, value.map_or(present, |id| Value { tracer: self, id }))
    }

    /// `option.map(closure)`, of what there may be.
    pub(crate) fn map_option<'t>(
        &'t self,
        _: Method,
        option: Value<'t>,
        args: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        let (present, value) = self.parts_of_option(option, at);
        let in_any_case = self.with(|state| {
            state.is_sure(present.id) || state.is_array(value.id) && state.is_there_in_any_case(option.id)
        });
        if !in_any_case {
            let then = || self.some(self.apply(args[0], &[value], at), at);
            return self.if_(present, then, || self.none(at), at);
        }
        let mapped = self.apply(args[0], &[value], at);
        self.step(at, |state| {
            let fault = match state.kind(option.id) {
                Kind::Optional(Held::Value { fault, .. }) => fault,
                _ => FaultKind::NoValue,
            };
            Ok(Kind::Optional(Held::Value { present: state.read(present.id, at)?, value: mapped.id, fault }))
        })
    }

    /// `option.and_then(closure)`, `option.filter(closure)`.
    pub(crate) fn narrow_option<'t>(
        &'t self,
        method: Method,
        option: Value<'t>,
        args: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        let (present, value) = self.parts_of_option(option, at);
        let then = || {
            let said = self.apply(args[0], &[value], at);
            match method {
                Method::filter => self.if_(said, || self.some(value, at), || self.none(at), at),
                _ => said,
            }
        };
        self.if_(present, then, || self.none(at), at)
    }

    /// `option.flatten()`.
    pub(crate) fn option_inside<'t>(
        &'t self,
        _: Method,
        option: Value<'t>,
        _: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        let (present, value) = self.parts_of_option(option, at);
        self.if_(present, || value, || self.none(at), at)
    }

    /// `option.is_some_and(closure)`, `option.is_none_or(closure)`.
    pub(crate) fn ask_option<'t>(
        &'t self,
        method: Method,
        option: Value<'t>,
        args: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        let (present, value) = self.parts_of_option(option, at);
        let ask = || self.apply(args[0], &[value], at);
        match method {
            Method::is_some_and | Method::is_ok_and => self.logical(true, present, ask, at),
            _ => self.logical(false, self.unary("!", present, at), ask, at),
        }
    }

    /// What a method takes for an option without a value: its argument, or what that computes, from the error of a `Result`.
    fn other<'t>(&'t self, method: Method, option: Value<'t>, given: Value<'t>, at: At) -> Value<'t> {
        let error = self.with(|state| match state.kind(option.id) {
            Kind::Optional(held) if held.has_either() => {
                state.option(option.id, at).ok().map(|(_, id)| Value { tracer: self, id })
            }
            _ => None,
        });
        match method {
            Method::unwrap_or_else | Method::map_or_else if let Some(error) = error => {
                self.apply(given, &[error], at)
            }
            Method::unwrap_or_else | Method::map_or_else | Method::or_else => self.apply(given, &[], at),
            _ => given,
        }
    }

    /// `option.unwrap_or(other)`, `option.unwrap_or_else(closure)`.
    pub(crate) fn unwrap_or<'t>(
        &'t self,
        method: Method,
        option: Value<'t>,
        args: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        let (present, value) = self.parts_of_option(option, at);
        if self.with(|state| state.is_sure(present.id)) {
            return value;
        }
        let otherwise = || self.other(method, option, args[0], at);
        self.if_(present, || value, otherwise, at)
    }

    /// `option.map_or(other, closure)`, `option.map_or_else(otherwise, closure)`.
    pub(crate) fn map_option_or<'t>(
        &'t self,
        method: Method,
        option: Value<'t>,
        args: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        let (present, value) = self.parts_of_option(option, at);
        let otherwise = || self.other(method, option, args[0], at);
        self.if_(present, || self.apply(args[1], &[value], at), otherwise, at)
    }

    /// `option.or(other)`, `option.or_else(closure)`.
    pub(crate) fn option_or<'t>(
        &'t self,
        method: Method,
        option: Value<'t>,
        args: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        let (present, value) = self.parts_of_option(option, at);
        let otherwise = || self.other(method, option, args[0], at);
        self.if_(present, || self.some(value, at), otherwise, at)
    }

    /// `condition.then(closure)`.
    pub(crate) fn value_computed_if<'t>(
        &'t self,
        _: Method,
        condition: Value<'t>,
        args: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        self.if_(condition, || self.some(self.apply(args[0], &[], at), at), || self.none(at), at)
    }
}

impl Held {
    /// Whether it is a `Result` that has the same thing in either case.
    pub(crate) fn has_either(&self) -> bool {
        matches!(self, Held::Either { .. } | Held::Variable { either: true, .. })
    }
}

impl State {
    /// An option of what a handle stands for.
    pub(crate) fn maybe(&mut self, present: program::Value, value: Kind) -> Kind {
        Kind::Optional(Held::Value { present, value: self.handle(value), fault: FaultKind::NoValue })
    }

    /// A value that is declared to be of a type, with zeros in each `None`, and an element for vectors without any.
    pub(crate) fn filled(&mut self, kind: Kind, ty: DeclaredType, at: At) -> Step<Kind> {
        match (kind, ty) {
            (Kind::Plain(value), DeclaredType::TupleArray(types, _)) => {
                self.elements_to_come(value, DeclaredType::Tuple(types), at)
            }
            (Kind::Plain(value), DeclaredType::RecordArray(record, _)) => {
                self.elements_to_come(value, DeclaredType::Record(record), at)
            }
            (Kind::Optional(Held::Nothing), DeclaredType::Option(held)) => self.absent(*held, at),
            (Kind::Optional(Held::Value { present, value, fault }), DeclaredType::Option(held)) => {
                let value = self.filled(self.kind(value), *held, at)?;
                Ok(Kind::Optional(Held::Value { present, value: self.handle(value), fault }))
            }
            (Kind::Tuple(items), DeclaredType::Tuple(types)) if items.len() == types.len() => {
                let (of, mut filled) = (items.of, Vec::with_capacity(items.len()));
                for (item, ty) in items.into_iter().zip(types) {
                    let item = self.filled(self.kind(item), *ty, at)?;
                    filled.push(self.handle(item));
                }
                Ok(Kind::Tuple(Items::with(of, filled)))
            }
            (kind, _) => Ok(kind),
        }
    }

    /// An array, of which is known of what type elements are if it is what a vector begins with.
    fn elements_to_come(&mut self, array: program::Value, ty: DeclaredType, at: At) -> Step<Kind> {
        if let Some(empty) = self.empty_vectors.get(&array).copied() {
            let zeros = self.zeros_of(ty, at)?;
            let element = Some(self.handle(zeros));
            self.empty_vectors.insert(array, EmptyVector { element, ..empty });
        }
        Ok(Kind::Plain(array))
    }

    /// A `None` of which is known what it could hold.
    fn absent(&mut self, held: DeclaredType, at: At) -> Step<Kind> {
        let present = self.bool_constant(false, at);
        let value = self.zeros_of(held, at)?;
        Ok(self.maybe(present, value))
    }

    /// Zeros, of which nobody looks at any.
    pub(crate) fn zeros_of(&mut self, ty: DeclaredType, at: At) -> Step<Kind> {
        let (of, types): (Whole, Vec<DeclaredType>) = match ty {
            DeclaredType::Known(Type::Scalar(element)) => {
                let dtype = self.types.of(element);
                return Ok(Kind::Plain(self.literal(Literal::Integer(0), dtype, at)));
            }
            DeclaredType::Option(held) => return self.absent(*held, at),
            DeclaredType::Tuple(items) => (Whole::Tuple, items.to_vec()),
            DeclaredType::Record(record) => {
                (Whole::Record(record), record.fields.iter().map(|(_, ty)| *ty).collect())
            }
            DeclaredType::Known(Type::Array(element, rank)) => {
                let dtype = self.types.of(element);
                return self.empty_array(dtype, rank, at).map(Kind::Plain);
            }
            DeclaredType::AnyRank(_) | DeclaredType::RecordArray(..) | DeclaredType::TupleArray(..) => {
                return mistake(
                    "an `Option` of an array that may be `None` is not supported; use a flag beside the array",
                );
            }
        };
        let mut items = Vec::with_capacity(types.len());
        for ty in types {
            let zeros = self.zeros_of(ty, at)?;
            items.push(self.handle(zeros));
        }
        Ok(Kind::Tuple(Items::with(of, items)))
    }

    /// The handles of all that a result consists of: of an option whether it is there, and what.
    pub(crate) fn results_of(&mut self, handle: u32, at: At) -> Step<Vec<u32>> {
        match self.kind(handle) {
            Kind::Tuple(items) => {
                let mut all = Vec::new();
                for item in items {
                    all.extend(self.results_of(item, at)?);
                }
                Ok(all)
            }
            Kind::Optional(_) => {
                let (present, value) = self.option(handle, at)?;
                let mut all = vec![self.handle(Kind::Plain(present))];
                all.extend(self.results_of(value, at)?);
                Ok(all)
            }
            _ => Ok(vec![handle]),
        }
    }

    /// The two parts of an option as an element of an array: of `None` some number that shows later.
    pub(crate) fn parts_of_element(&mut self, option: u32, at: At) -> Step<[u32; 2]> {
        let is_nothing = matches!(self.kind(option), Kind::Optional(Held::Nothing));
        let (present, value) = self.option(option, at)?;
        let value = match is_nothing {
            true => {
                let dtype = self.types.fresh(Class::Any);
                let zero = self.literal(Literal::Integer(0), dtype, at);
                self.handle(Kind::Plain(zero))
            }
            false => value,
        };
        Ok([self.handle(Kind::Plain(present)), value])
    }

    /// The option that a handle stands for: whether there is anything, and what.
    pub(crate) fn option(&mut self, handle: u32, at: At) -> Step<(program::Value, u32)> {
        if let Some([value, _]) = self.result(handle) {
            return self.option(value, at);
        }
        if let Some([present, value]) = self.option_to_set(handle) {
            return Ok((self.condition(present, at)?, value));
        }
        match self.kind(handle) {
            Kind::Optional(Held::Value { present, value, .. } | Held::Either { present, value, .. }) => {
                Ok((present, value))
            }
            Kind::Optional(Held::Sure(content)) => Ok((self.bool_constant(true, at), content)),
            Kind::Optional(Held::Nothing) => {
                let value = self.handle(Kind::Declared("what `None` holds".to_string()));
                Ok((self.bool_constant(false, at), value))
            }
            Kind::Optional(Held::Variable { present, value, .. }) => {
                let value = self.snapshot(value, at)?;
                Ok((self.read_var(present, at)?, self.handle(value)))
            }
            Kind::Poison => Err(Problem::Reported),
            _ => mistake("this must be an `Option`"),
        }
    }

    /// `let mut name = option;`. What begins as `None` holds a number, whose type is found later, if nothing else has been
    /// [foreseen](crate::foresight).
    pub(crate) fn option_variable(&mut self, name: &str, held: Held, init: u32, at: At) -> Step<Kind> {
        let beginning = matches!(held, Held::Nothing).then(|| self.begin_empty());
        let value = match held {
            Held::Sure(_) => return Ok(Kind::Optional(held)),
            Held::Value { value, .. } if self.is_array(value) && self.is_there_in_any_case(init) => {
                return Ok(Kind::Optional(held));
            }
            Held::Nothing => match beginning.and_then(|number| self.foreseen(number, at)) {
                Some(foreseen) => foreseen,
                None => {
                    let dtype = self.types.fresh(Class::Any);
                    let zero = self.literal(Literal::Integer(0), dtype, at);
                    self.handle(Kind::Plain(zero))
                }
            },
            _ => self.option(init, at)?.1,
        };
        let either = held.has_either();
        let (now, _) = self.option(init, at)?;
        let bool_type = self.ty(now);
        let present = self.new_var(&format!("{name}.is_some"), bool_type, None);
        self.set_var(present, now);
        if let Some(number) = beginning {
            self.miss(number);
            self.begin_without(number, present);
        }
        let value = self.variable(name, value, at)?;
        Ok(Kind::Optional(Held::Variable { present, value: self.handle(value), either }))
    }

    /// `name = option`.
    pub(crate) fn assign_option(
        &mut self,
        present: program::Var,
        value: u32,
        option: u32,
        at: At,
    ) -> Step<()> {
        let (now, new) = self.option(option, at)?;
        if !matches!(self.kind(option), Kind::Optional(Held::Nothing)) {
            let new = self.snapshot(new, at)?;
            let new = self.handle(new);
            self.see_option(present, new);
            self.assign(value, new, at)?;
        }
        self.set_var(present, now);
        Ok(())
    }

    /// Whether what an option has is computed also where it is said to have nothing: means along an axis, of which there are none
    /// or all, and not what branches give.
    fn is_there_in_any_case(&self, option: u32) -> bool {
        matches!(self.kind(option), Kind::Optional(Held::Value { fault, .. }) if fault != FaultKind::NoValue)
    }

    /// Whether a condition is known to hold.
    fn is_sure(&self, condition: u32) -> bool {
        matches!(self.kind(condition), Kind::Plain(value) if self.program.constant(value) == Some(Scalar::Bool(true)))
    }

    pub(crate) fn unwrap(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        let (present, value) = self.option(receiver, at)?;
        let fault = match self.kind(receiver) {
            Kind::Optional(Held::Value { fault, .. }) => fault,
            _ => FaultKind::NoValue,
        };
        if self.program.constant(present) != Some(Scalar::Bool(true)) {
            self.check(present, fault, at);
        }
        match self.kind(value) {
            Kind::Row { array, index } => self.shown_row(array, &index, at),
            kind => Ok(kind),
        }
    }

    pub(crate) fn unwrap_or_default(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        let (present, value) = self.option(receiver, at)?;
        let value = self.scalar(value, "what `unwrap_or_default` gives", at)?;
        let zero = self.small(0, value, at);
        self.select(present, value, zero, at).map(Kind::Plain)
    }

    pub(crate) fn value_if(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let present = self.condition(receiver, at)?;
        let value = self.snapshot(args[0], at)?;
        Ok(self.maybe(present, value))
    }

    /// `result.ok()`.
    pub(crate) fn success(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        let (present, value) = self.option(receiver, at)?;
        Ok(Kind::Optional(Held::Value { present, value, fault: FaultKind::NoValue }))
    }

    /// `result.err()`.
    pub(crate) fn failure(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        match self.kind(receiver) {
            Kind::Optional(held) if held.has_either() => {
                let (present, value) = self.option(receiver, at)?;
                let present = self.op(ScalarOp::Not, &[present], at)?;
                Ok(Kind::Optional(Held::Value { present, value, fault: FaultKind::NoValue }))
            }
            _ => mistake("what this fails with is not seen in a kernel; ask `is_err()`"),
        }
    }

    /// `fold.into_inner()`.
    pub(crate) fn inner_value(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        match self.kind(receiver) {
            Kind::Optional(held) if held.has_either() => {
                self.option(receiver, at).map(|(_, value)| self.kind(value))
            }
            _ => mistake("`.into_inner()` is for what `fold_while` gives"),
        }
    }

    pub(crate) fn presence(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        Ok(Kind::Plain(self.option(receiver, at)?.0))
    }

    pub(crate) fn absence(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        let (present, _) = self.option(receiver, at)?;
        Ok(Kind::Plain(self.op(ScalarOp::Not, &[present], at)?))
    }
}
