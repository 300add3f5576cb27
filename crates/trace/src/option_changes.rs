//! Methods that change what an option in a variable, or an element that is one, holds.
//!
//! ```text
//! best.take()                 let old = best; best = None; old
//! best.replace(x)             let old = best; best = Some(x); old
//! best.get_or_insert(x)       if best.is_none() { best = Some(x) }; what it holds, to be changed
//! ```

use crate::errors::{At, Step};
use crate::state::{Held, Kind, State};
use crate::{Method, Tracer, Value};

impl Tracer {
    /// `option.take()`: what it held.
    pub(crate) fn taken_option<'t>(
        &'t self,
        _: Method,
        option: Value<'t>,
        _: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        let held = self.content_now(option, at);
        self.assign(option, self.none(at), at);
        held
    }

    /// `option.replace(x)`: what it held.
    pub(crate) fn replaced_option<'t>(
        &'t self,
        _: Method,
        option: Value<'t>,
        args: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        let held = self.content_now(option, at);
        self.assign(option, self.some(args[0], at), at);
        held
    }

    /// `option.insert(x)`, `option.get_or_insert(x)`, `option.get_or_insert_with(closure)`: what it holds then, to be changed.
    pub(crate) fn filled_option<'t>(
        &'t self,
        method: Method,
        option: Value<'t>,
        args: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        let fill = || {
            let content = match method {
                Method::get_or_insert_with => self.apply(args[0], &[], at),
                _ => args[0],
            };
            self.assign(option, self.some(content, at), at)
        };
        match method {
            Method::insert => fill(),
            _ => self.if_(self.method(option, Method::is_none, &[], at), fill, || self.unit(), at),
        };
        self.method(self.unary("&mut", option, at), Method::unwrap, &[], at)
    }
}

impl State {
    /// `option.as_mut()`, `&mut option`: of an option in a variable what is there may be changed.
    pub(crate) fn option_to_change(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        match self.kind(receiver) {
            Kind::Optional(Held::Variable { present, value, .. }) => {
                let present = self.read_var(present, at)?;
                let value = self.borrow(value);
                Ok(self.maybe(present, value))
            }
            kind => Ok(kind),
        }
    }
}
