//! Structs of scalars: tuples whose items have names.
//!
//! ```text
//! Particle { x: 1.0, v }        a tuple of two items, called x and v
//! p.v += a;                     sets the variable of the second
//! ```
//!
//! A struct is taken apart where a tuple is: variables, branches, results. No program knows of one.

use crate::declared::DeclaredType;
use crate::errors::{At, Problem, Step, mistake};
use crate::own_operators::ByFields;
use crate::record_methods::RecordMethod;
use crate::state::{Kind, State};
use crate::variables::called;
use crate::{Tracer, Value};
use std::ops::Deref;

/// A struct of scalars, as `#[derive(KernelData)]` describes it.
#[derive(PartialEq, Eq, Hash, Debug)]
pub struct Record {
    /// Its name.
    pub name: &'static str,
    /// Its methods that kernels may call.
    pub methods: &'static [RecordMethod],
    /// Its operators that kernels may use, by the constants that they stand in.
    pub operators: &'static [&'static [RecordMethod]],
    /// Whether its values compare by their fields.
    pub by_fields: ByFields,
    /// Whether it is an enum, whose one field is the number of its variant.
    pub is_enum: bool,
    /// The names and types of its fields.
    pub fields: &'static [(&'static str, DeclaredType)],
}

/// What several handles are together.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(crate) enum Whole {
    /// A tuple.
    #[default]
    Tuple,
    /// An array of tuples, by the arrays of their items.
    Tuples,
    /// A `Result`: an option of what there is, and one of what went wrong.
    Result,
    /// An array of options: of whether there is anything, and of what; or one of its elements, to be set.
    Options,
    /// `Reverse(x)`: a value that compares the other way around.
    TurnedAround,
    /// A struct, or an array of structs, by the arrays of their fields.
    Record(&'static Record),
}

impl Whole {
    /// The struct.
    pub(crate) fn record(self) -> Option<&'static Record> {
        match self {
            Whole::Record(record) => Some(record),
            Whole::Tuple | Whole::Tuples | Whole::Result | Whole::Options | Whole::TurnedAround => None,
        }
    }
}

/// The handles of a tuple's items, or of a struct's.
#[derive(Clone, Debug, Default)]
pub(crate) struct Items {
    pub(crate) of: Whole,
    list: Vec<u32>,
}

impl Items {
    /// The items of a tuple, a struct, or an array of these.
    pub(crate) fn with(of: Whole, list: Vec<u32>) -> Items {
        Items { of, list }
    }
}

impl From<Vec<u32>> for Items {
    fn from(list: Vec<u32>) -> Items {
        Items { of: Whole::Tuple, list }
    }
}

impl Deref for Items {
    type Target = [u32];

    fn deref(&self) -> &[u32] {
        &self.list
    }
}

impl IntoIterator for Items {
    type Item = u32;
    type IntoIter = std::vec::IntoIter<u32>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

impl Tracer {
    /// `Particle { x: 1.0, v, ..base }`.
    pub fn record<'t>(
        &'t self,
        record: &'static Record,
        given: &[(&'static str, Value<'t>)],
        base: Option<Value<'t>>,
        at: At,
    ) -> Value<'t> {
        let given: Vec<(&str, u32)> = given.iter().map(|(name, value)| (*name, self.id(*value))).collect();
        let base = base.map(|base| self.id(base));
        self.step(at, |state| {
            let mut items = Vec::with_capacity(record.fields.len());
            for (position, (name, ty)) in record.fields.iter().enumerate() {
                let of_base = || match state.kind(base?) {
                    Kind::Tuple(items) if items.of == Whole::Record(record) => items.get(position).copied(),
                    _ => None,
                };
                let value = given.iter().find(|(field, _)| field == name).map(|(_, value)| *value);
                let Some(value) = value.or_else(of_base) else {
                    return mistake(format!("no value for the field `{name}` of `{}`", record.name));
                };
                let kind = state.snapshot(value, at)?;
                state.expect_type(&kind, *ty, name)?;
                items.push(state.handle(kind));
            }
            Ok(Kind::Tuple(Items::with(Whole::Record(record), items)))
        })
    }

    /// The field of a struct; nothing if it is none.
    pub(crate) fn field_of_record<'t>(&'t self, v: Value<'_>, name: &str) -> Option<Value<'t>> {
        let v = self.id(v);
        let id = self.with(|state| match state.kind(v) {
            Kind::Tuple(items) => {
                let position = items.of.record()?.fields.iter().position(|(field, _)| *field == name)?;
                items.get(position).copied()
            }
            _ => None,
        })?;
        Some(Value { tracer: self, id })
    }
}

impl State {
    /// What a name declared as a struct has to be.
    pub(crate) fn expect_record(&mut self, kind: &Kind, record: &'static Record, name: &str) -> Step<()> {
        let handle = self.handle(kind.clone());
        let is_array = self.record_array(handle).is_some();
        match kind {
            Kind::Tuple(items) if items.of == Whole::Record(record) && !is_array => Ok(()),
            Kind::Poison => Err(Problem::Reported),
            _ => mistake(format!(
                "{} is declared as `{}`, but its value is of another kind",
                called(name),
                record.name
            )),
        }
    }

    /// What `as` converts: of an enum the number of its variant.
    pub(crate) fn number_of(&self, handle: u32) -> u32 {
        match self.kind(handle) {
            Kind::Tuple(items) if items.of.record().is_some_and(|record| record.is_enum) => items[0],
            _ => handle,
        }
    }

    /// The number in a struct that has no other, and the structs around it, the outermost first.
    pub(crate) fn only_number(&self, handle: u32) -> (u32, Vec<Whole>) {
        let (mut handle, mut around) = (handle, Vec::new());
        while let Kind::Tuple(items) = self.kind(handle)
            && let (Whole::Record(_), [only]) = (items.of, &items[..])
        {
            around.push(items.of);
            handle = *only;
        }
        (handle, around)
    }

    /// The values of a tuple, and those of tuples and structs in it.
    pub(crate) fn leaves_of(&self, handle: u32) -> Vec<u32> {
        match self.kind(handle) {
            Kind::Tuple(items) => items.into_iter().flat_map(|item| self.leaves_of(item)).collect(),
            _ => vec![handle],
        }
    }
}
