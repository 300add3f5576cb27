//! Calls of generic kernels that do not say what they are generic over.
//!
//! ```text
//! fn norm<T: Float>(x: &Array1<T>, scale: T) -> T
//!
//! norm(&a, 2.0)      T is the element type of `a`, or else of `2.0`; then as norm::<f64>(&a, 2.0)
//! ```

use crate::errors::{At, Problem, mistake};
use crate::state::{Kind, State};
use crate::types::Class;
use crate::{Inline, Tracer, Value};
use parfuse_ir::DType;
use std::marker::PhantomData;

/// What traces the call of one instance of a generic kernel.
pub type Inlined = for<'t> fn(&'t Tracer, &[Value<'t>], At) -> Value<'t>;

/// Asks whether a generic kernel is there for certain types: `Instance::<K>::INLINE` is this constant if `K` traces
/// calls, and else that of [`NoInstance`].
#[derive(Debug)]
pub struct Instance<K>(PhantomData<K>);

impl<K: Inline> Instance<K> {
    /// What traces a call of it.
    pub const INLINE: Option<Inlined> = Some(K::inline);
}

/// What types have that are no [`Inline`].
pub trait NoInstance {
    /// Nothing traces a call of it.
    const INLINE: Option<Inlined> = None;
}

impl<K> NoInstance for Instance<K> {}

impl Tracer {
    /// The call of a generic kernel. `parameters` are the types that it is generic over: the name of each, and the
    /// positions of the arguments of that element type. `instances` are the types that it is there for.
    pub fn call_instance<'t>(
        &'t self,
        name: &str,
        parameters: &[(&str, &[usize])],
        instances: &[(&[DType], Option<Inlined>)],
        arguments: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        let given = self.ids(arguments);
        let mut found = None;
        let dummy = self.step(at, |state| {
            let mut types = Vec::with_capacity(parameters.len());
            for (parameter, positions) in parameters {
                let handles = positions.iter().filter_map(|position| given.get(*position).copied());
                types.push(state.common_type(handles).ok_or_else(|| {
                    Problem::Mistake(format!(
                        "what `{parameter}` of `{name}` is cannot be told from the arguments: write it, \
                         `{name}::<f64>(…)`"
                    ))
                })?);
            }
            let instance = instances.iter().find(|(of, _)| *of == types).and_then(|(_, inline)| *inline);
            if instance.is_none() {
                let types: Vec<String> = types.iter().map(DType::to_string).collect();
                let types = types.join(", ");
                return mistake(format!(
                    "`{name}` is not there for {types}, or not without saying so: write `{name}::<{types}>(…)`"
                ));
            }
            found = instance;
            Ok(Kind::Poison)
        });
        match found {
            Some(inline) => inline(self, arguments, at),
            None => dummy,
        }
    }
}

impl State {
    /// The element type that values have in common: one that is known, or else that of literals.
    fn common_type(&mut self, handles: impl Iterator<Item = u32>) -> Option<DType> {
        let mut of_literals = None;
        for handle in handles {
            let Ok(ty) = self.type_of(handle) else { continue };
            match self.types.class(ty.dtype) {
                Class::Known(dtype) => return Some(dtype),
                Class::Float => of_literals = Some(DType::F64),
                Class::Integer => of_literals = of_literals.or(Some(DType::I32)),
                Class::Any | Class::Complex(_) => {}
            }
        }
        of_literals
    }
}
