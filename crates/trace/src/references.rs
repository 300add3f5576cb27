//! Parameters that are references to one number, struct or tuple: `fn kick(body: &mut Body, by: &mut f64)`.
//!
//! ```text
//! kick(&mut bodies[i], &mut total)     from a kernel: the element and the variable themselves
//! kick::serial(&mut body, &mut by)     from outside: an array without axes for each number, and its only element
//! ```

use crate::errors::{At, Step};
use crate::records::{Items, Whole};
use crate::state::{Kind, State};
use crate::{DeclaredType, Tracer, Value};
use parfuse_ir::program::{Place, Type};

impl Tracer {
    /// The argument for a parameter of type `&mut T`, which is declared to be an array without axes.
    pub fn reference_parameter<'t>(
        &'t self,
        arguments: &[Value<'t>],
        position: usize,
        name: &'static str,
        ty: DeclaredType,
        at: At,
    ) -> Value<'t> {
        let (Some(argument), Some(element)) = (arguments.get(position), element_of(ty)) else {
            return self.parameter(arguments, position, name, ty, at);
        };
        let id = self.id(*argument);
        let elements = self.step(at, |state| state.only_elements(id));
        self.declared(elements, Some(element), at)
    }
}

impl Tracer {
    /// `&mut array[index]`: an element, a row or a part that may be set.
    pub fn reference_to<'t>(&'t self, array: Value<'t>, index: &[Value<'t>], at: At) -> Value<'t> {
        if let Some((list, rest)) = self.in_lists(array, index, at) {
            return if rest.is_empty() { list } else { self.reference_to(list, &rest, at) };
        }
        let (array_id, index_ids) = (self.id(array), self.ids(index));
        let is_option = self.with(|state| {
            state.record_array(array_id).is_some_and(|(of, _)| of == crate::records::Whole::Options)
        });
        if !is_option && !self.with(|state| state.is_one_element(array_id, &index_ids)) {
            return self.unary("&mut", self.index(array, index, at), at);
        }
        self.unary("&mut", self.element(array, index, at), at)
    }
}

/// The type of the only element of an array without axes, if that is one.
fn element_of(array: DeclaredType) -> Option<DeclaredType> {
    match array {
        DeclaredType::Known(Type::Array(element, 0)) => Some(DeclaredType::Known(Type::Scalar(element))),
        DeclaredType::RecordArray(record, Some(0)) => Some(DeclaredType::Record(record)),
        DeclaredType::TupleArray(items, Some(0)) => Some(DeclaredType::Tuple(items)),
        _ => None,
    }
}

impl State {
    /// Whether an array that can be changed has a number at such an index.
    fn is_one_element(&mut self, array: u32, index: &[u32]) -> bool {
        let numbers = |handle: &u32| match self.kind(*handle) {
            Kind::Tuple(items) => Some(items.len()),
            Kind::Plain(_) | Kind::Variable { .. } | Kind::Element { .. } => Some(1),
            _ => None,
        };
        let count: Option<usize> = index.iter().map(numbers).sum();
        let can_change = matches!(self.kind(array), Kind::Variable { .. } | Kind::Place(_));
        let rank = self.type_of(array).ok().and_then(|ty| ty.rank);
        can_change && rank.is_some() && rank.map(usize::from) == count
    }

    /// The elements of arrays without axes, which may be set; all else as it is.
    fn only_elements(&mut self, handle: u32) -> Step<Kind> {
        match self.kind(handle) {
            Kind::Variable { var, .. } if self.var_type(var).rank == Some(0) => {
                Ok(Kind::Element { place: Place::from(var), index: Vec::new(), borrowed: true })
            }
            Kind::Tuple(items) => {
                let of = if items.of == Whole::Tuples { Whole::Tuple } else { items.of };
                let mut elements = Vec::with_capacity(items.len());
                for item in items {
                    let element = self.only_elements(item)?;
                    elements.push(self.handle(element));
                }
                Ok(Kind::Tuple(Items::with(of, elements)))
            }
            kind => Ok(kind),
        }
    }
}
