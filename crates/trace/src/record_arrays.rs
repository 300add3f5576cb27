//! Arrays of structs: a struct whose fields are arrays, one for each field.
//!
//! ```text
//! p[i].x += a              the element of the array p.x
//! let q = p[j]             an element of each array
//! p.row(k)                 a struct of the rows of all arrays
//! for q in p.iter_mut()    one loop, whose items are structs of elements
//! p.len()                  that of the first array: all have one shape
//! ```
//!
//! The arrays lie in one memory, each element of one beside those of the others, which is the caller's affair: they have
//! strides, and no two of them an element in common. No program knows of an array of structs.

use crate::errors::{At, Problem, Step, mistake};
use crate::methods::Meaning;
use crate::records::{Items, Record, Whole};
use crate::sequences::{Item, Sequence};
use crate::state::{Held, Kind, State};
use crate::types::TypeVar;
use crate::variables::called;
use crate::{DeclaredType, Method, Tracer, Value};
use parfuse_ir::program::Expr;
use parfuse_ir::{FaultKind, ScalarOp};
use parfuse_names::{Argument, Structs};

impl Tracer {
    /// An array of structs, of the arrays of its fields, in their order. All have the shape of the first.
    pub fn record_array<'t>(&'t self, record: &'static Record, fields: &[Value<'t>], at: At) -> Value<'t> {
        let fields = self.ids(fields);
        self.step(at, |state| {
            let whole = Kind::Tuple(Items::with(Whole::Record(record), fields));
            let handle = state.handle(whole.clone());
            state.check_shapes(handle, at)?;
            Ok(whole)
        })
    }

    /// An array of tuples, of the arrays of their items. All have the shape of the first.
    pub fn tuple_array<'t>(&'t self, items: &[Value<'t>], at: At) -> Value<'t> {
        let items = self.ids(items);
        self.step(at, |state| {
            let whole = Kind::Tuple(Items::with(Whole::Tuples, items));
            let handle = state.handle(whole.clone());
            state.check_shapes(handle, at)?;
            Ok(whole)
        })
    }

    /// An array all of whose elements are the same struct, if it is one.
    pub(crate) fn filled_with_records<'t>(
        &'t self,
        shape: Value<'t>,
        element: Value<'t>,
        rank: Option<u8>,
        at: At,
    ) -> Option<Value<'t>> {
        let (of, items) = self.with(|state| match state.kind(element.id) {
            Kind::Tuple(items) if !items.is_empty() => Some((items.of, items.to_vec())),
            Kind::Optional(held) if !held.has_either() => {
                Some((Whole::Options, state.parts_of_element(element.id, at).ok()?.to_vec()))
            }
            _ => None,
        })?;
        let field =
            |id: u32| self.new_array("from_elem", None, rank, &[shape, Value { tracer: self, id }], at).id;
        let given: Vec<u32> = items.into_iter().map(field).collect();
        Some(self.step(at, |state| state.gathered(of, given)))
    }

    /// A method of arrays on an array of structs, if the receiver is one.
    pub(crate) fn method_of_records<'t>(
        &'t self,
        receiver: Value<'_>,
        method: Method,
        args: &[Value<'_>],
        at: At,
    ) -> Option<Value<'t>> {
        let handle = self.id(receiver);
        let (whole, items) = self.with(|state| state.record_array(handle))?;
        let of = |id: u32| Value { tracer: self, id };
        let row = method.row(parfuse_names::Receiver::Array);
        let structs = row.map_or(Structs::Refused, |row| row.structs);
        if let (Method::mapv | Method::map, [closure]) = (method, args) {
            return Some(self.map_of_records(of(handle), of(self.id(*closure)), at));
        }
        if let (Method::mapv_inplace | Method::map_inplace, [closure]) = (method, args) {
            return Some(self.change_records(method, of(handle), of(self.id(*closure)), at));
        }
        Some(match structs {
            Structs::Shape => self.method(of(items[0]), method, args, at),
            Structs::EachField => {
                let mut given = Vec::with_capacity(items.len());
                for (position, item) in items.iter().enumerate() {
                    let kinds = row.into_iter().flat_map(|row| row.arguments);
                    let args: Vec<Value<'t>> = args
                        .iter()
                        .zip(kinds)
                        .map(|(arg, (_, kind))| {
                            let arg = self.id(*arg);
                            let is_element = *kind == Argument::Same;
                            of(self.with(|state| state.field_of_argument(arg, whole, position, is_element)))
                        })
                        .collect();
                    given.push(self.method(of(*item), method, &args, at).id);
                }
                self.step(at, |state| state.gathered(whole, given))
            }
            Structs::Whole => match row.map(crate::methods::meaning) {
                Some(Meaning::Traced(function)) => {
                    let args: Vec<Value<'t>> = args.iter().map(|arg| of(self.id(*arg))).collect();
                    function(self, method, of(handle), &args, at)
                }
                _ => self.step(at, |_| Err(Problem::Reported)),
            },
            Structs::Refused => self.step(at, |_| {
                mistake(format!(
                    "`.{method}()` is not a method of arrays of {} in a kernel: go through them by a loop, or by \
                     `p.iter().map(|q| q.{})`",
                    if whole.record().is_some() { "structs" } else { "tuples" },
                    whole.record().map_or("0", |record| record.fields[0].0)
                ))
            }),
        })
    }

    /// `p.mapv(closure)`: a new array of what a closure computes from each struct or tuple.
    fn map_of_records<'t>(&'t self, records: Value<'t>, closure: Value<'t>, at: At) -> Value<'t> {
        let sequence = self.with(|state| state.sequence(records.id, at));
        self.collected(sequence, None, &mut Some(|item| self.apply(closure, &[item], at)), at)
    }

    /// `p.mapv_inplace(closure)`, `p.map_inplace(closure)`: each struct anew, or changed.
    fn change_records<'t>(
        &'t self,
        method: Method,
        records: Value<'t>,
        closure: Value<'t>,
        at: At,
    ) -> Value<'t> {
        let change = |item| {
            let given = self.apply(closure, &[item], at);
            if method == Method::mapv_inplace {
                self.assign(item, given, at);
            }
        };
        let items = self.method(records, Method::iter_mut, &[], at);
        self.trace_for(items, &mut Some(change), at)
    }
}

impl State {
    /// What an array of structs is made of, if a handle stands for one.
    pub(crate) fn record_array(&mut self, handle: u32) -> Option<(Whole, Vec<u32>)> {
        let Kind::Tuple(items) = self.kind(handle) else { return None };
        let first = *items.first()?;
        match items.of {
            Whole::Tuple | Whole::Result => return None,
            Whole::Tuples => return Some((Whole::Tuples, items.to_vec())),
            Whole::Record(_) | Whole::Options | Whole::TurnedAround => {}
        }
        let is_array = self.record_array(first).is_some()
            || matches!(self.kind(first), Kind::Plain(_) | Kind::Variable { .. } | Kind::Place(_))
                && self.is_array(first);
        is_array.then(|| (items.of, items.to_vec()))
    }

    /// What an argument is to a part: that of a struct, or of an array of structs, of a tuple that is an element or of an
    /// array of tuples, and of all else the same.
    fn field_of_argument(&mut self, argument: u32, of: Whole, position: usize, is_element: bool) -> u32 {
        match self.kind(argument) {
            Kind::Tuple(items) if items.of == of || is_element && items.of == Whole::Tuple => items[position],
            _ => argument,
        }
    }

    /// The struct of what has been made for each field.
    pub(crate) fn gathered(&mut self, of: Whole, given: Vec<u32>) -> Step<Kind> {
        let kinds: Vec<Kind> = given.iter().map(|handle| self.kind(*handle)).collect();
        if kinds.iter().any(|kind| matches!(kind, Kind::Poison)) {
            return Err(Problem::Reported);
        }
        match &kinds[0] {
            Kind::Sequence(first) => {
                let items = kinds.iter().filter_map(|kind| match kind {
                    Kind::Sequence(sequence) => Some(sequence.item.clone()),
                    _ => None,
                });
                let item = match of {
                    Whole::Record(record) => Item::Fields(record, items.collect()),
                    Whole::Options => Item::Options(items.collect()),
                    Whole::Tuple | Whole::Tuples | Whole::Result | Whole::TurnedAround => {
                        Item::Tuples(items.collect())
                    }
                };
                Ok(Kind::Sequence(Box::new(Sequence { item, ..(**first).clone() })))
            }
            Kind::Optional(Held::Sure(_)) => {
                let contents = kinds.iter().filter_map(|kind| match kind {
                    Kind::Optional(Held::Sure(content)) => Some(*content),
                    _ => None,
                });
                let content = self.gathered(of, contents.collect())?;
                Ok(self.sure(content))
            }
            Kind::Optional(Held::Value { present, fault, .. }) => {
                let (present, fault) = (*present, *fault);
                let contents = kinds.iter().filter_map(|kind| match kind {
                    Kind::Optional(Held::Value { value, .. }) => Some(*value),
                    _ => None,
                });
                let content = self.gathered(of, contents.collect())?;
                let value = self.handle(content);
                Ok(Kind::Optional(Held::Value { present, value, fault }))
            }
            Kind::Tuple(parts)
                if parts.of == Whole::Tuple && parts.iter().all(|part| self.is_array(*part)) =>
            {
                // Several parts of each, as `split_at` gives: several structs.
                let mut together = Vec::with_capacity(parts.len());
                for position in 0..parts.len() {
                    let of_fields = kinds.iter().filter_map(|kind| match kind {
                        Kind::Tuple(parts) => parts.get(position).copied(),
                        _ => None,
                    });
                    let part = self.gathered(of, of_fields.collect())?;
                    together.push(self.handle(part));
                }
                Ok(Kind::Tuple(together.into()))
            }
            _ => Ok(self.together(of, given)),
        }
    }

    /// The struct at an index, whose fields may be set if the array may; nothing if it is no array of structs.
    pub(crate) fn record_at(
        &mut self,
        array: u32,
        index: &[u32],
        to_set: bool,
        at: At,
    ) -> Option<Step<Kind>> {
        let (of, items) = self.record_array(array)?;
        Some(self.fields_at(of, items, index, to_set, at))
    }

    fn fields_at(&mut self, of: Whole, items: Vec<u32>, index: &[u32], to_set: bool, at: At) -> Step<Kind> {
        let mut fields = Vec::with_capacity(items.len());
        for item in items {
            let kind = match self.record_at(item, index, to_set, at) {
                Some(inner) => inner?,
                // What may be set is read where it is used: nobody sees the other fields.
                None if to_set || matches!(self.kind(item), Kind::Variable { .. } | Kind::Place(_)) => {
                    let (place, index) = self.place(item, index, at)?;
                    Kind::Element { place, index, borrowed: false }
                }
                None => self.element_or_rows(item, index, at)?,
            };
            fields.push(self.handle(kind));
        }
        match of {
            Whole::Options if !to_set => self.option_of(&fields, at),
            _ => Ok(self.together(of, fields)),
        }
    }

    /// The option of an array of options, of whether there is anything and what.
    pub(crate) fn option_of(&mut self, parts: &[u32], at: At) -> Step<Kind> {
        let &[present, value] = parts else { return Err(Problem::Reported) };
        let (present, value) = (self.condition(present, at)?, self.snapshot(value, at)?);
        Ok(self.maybe(present, value))
    }

    /// The parts of an element of an array of options that may be set.
    pub(crate) fn option_to_set(&mut self, handle: u32) -> Option<[u32; 2]> {
        let Kind::Tuple(items) = self.kind(handle) else { return None };
        let is_element = items.of == Whole::Options && self.record_array(handle).is_none();
        if is_element { items[..].try_into().ok() } else { None }
    }

    /// A struct, a tuple or an array of these, of what there is for each of its parts.
    pub(crate) fn together(&mut self, of: Whole, parts: Vec<u32>) -> Kind {
        let of = match of {
            Whole::Record(_) | Whole::Result | Whole::Options | Whole::TurnedAround => of,
            Whole::Tuple | Whole::Tuples => match parts.first() {
                Some(first) if self.is_array(*first) || self.record_array(*first).is_some() => Whole::Tuples,
                _ => Whole::Tuple,
            },
        };
        Kind::Tuple(Items::with(of, parts))
    }

    /// Whether what an array holds shows later: it is a vector that begins empty.
    pub(crate) fn shows_later(&self, kind: &Kind) -> Step<bool> {
        match kind {
            Kind::Poison => Err(Problem::Reported),
            Kind::Plain(value) => Ok(self.empty_vectors.contains_key(value)),
            _ => Ok(false),
        }
    }

    /// The type of the numbers in it.
    pub(crate) fn dtype_to_come(&self, kind: &Kind) -> Step<TypeVar> {
        match kind {
            Kind::Plain(value) => Ok(self.ty(*value).dtype),
            _ => Err(Problem::Reported),
        }
    }

    /// What a name declared as an array of structs has to be.
    pub(crate) fn expect_record_array(
        &mut self,
        kind: &Kind,
        record: &'static Record,
        rank: Option<u8>,
        name: &str,
    ) -> Step<()> {
        if self.shows_later(kind)? {
            return Ok(());
        }
        let handle = self.handle(kind.clone());
        let declared = DeclaredType::RecordArray(record, rank);
        match self.record_array(handle) {
            Some((Whole::Record(found), _)) if found == record => {
                let first = self.leaves_of(handle)[0];
                match (self.axes_of(first)?, rank) {
                    (axes, Some(rank)) if axes != rank => mistake(format!(
                        "{} is declared as {declared}, but its value is an array with {axes} axes",
                        called(name)
                    )),
                    _ => Ok(()),
                }
            }
            _ => mistake(format!(
                "{} is declared as {declared}, but its value is of another kind",
                called(name)
            )),
        }
    }

    /// What a name declared as an array of tuples has to be.
    pub(crate) fn expect_tuple_array(
        &mut self,
        kind: &Kind,
        types: &'static [DeclaredType],
        rank: Option<u8>,
        name: &str,
    ) -> Step<()> {
        if self.shows_later(kind)? {
            return Ok(());
        }
        let handle = self.handle(kind.clone());
        match self.record_array(handle) {
            Some((Whole::Tuples, items)) if items.len() == types.len() => {
                items.into_iter().zip(types).try_for_each(|(item, ty)| {
                    let array = match ty {
                        DeclaredType::Known(ty) => DeclaredType::array(ty.element(), rank),
                        DeclaredType::Record(record) => DeclaredType::RecordArray(record, rank),
                        DeclaredType::Tuple(items) => DeclaredType::TupleArray(items, rank),
                        other => *other,
                    };
                    self.expect_type(&self.kind(item), array, name)
                })
            }
            _ => {
                let declared = DeclaredType::TupleArray(types, rank);
                mistake(format!(
                    "{} is declared as {declared}, but its value is of another kind",
                    called(name)
                ))
            }
        }
    }

    /// The items of an array of structs, as those of any other are gone through.
    pub(crate) fn sequence_of_records(&mut self, handle: u32, at: At) -> Option<Step<Sequence>> {
        let (of, items) = self.record_array(handle)?;
        let mut sequences = Vec::with_capacity(items.len());
        for item in items {
            match self.sequence(item, at) {
                Ok(sequence) => sequences.push(sequence),
                Err(problem) => return Some(Err(problem)),
            }
        }
        let ranges = sequences[0].ranges.clone();
        let items = sequences.into_iter().map(|sequence| sequence.item).collect();
        let item = match of {
            Whole::Record(record) => Item::Fields(record, items),
            Whole::Options => Item::Options(items),
            Whole::Tuple | Whole::Tuples | Whole::Result | Whole::TurnedAround => Item::Tuples(items),
        };
        Some(Ok(Sequence::new(ranges, item)))
    }

    /// Says that all arrays have the lengths of the first, so that one check of an index is enough.
    fn check_shapes(&mut self, whole: u32, at: At) -> Step<()> {
        let leaves = self.leaves_of(whole);
        let (first, rank) = self.array(leaves[0], "an array of structs", at)?;
        for leaf in &leaves[1..] {
            let (other, _) = self.array(*leaf, "an array of structs", at)?;
            for axis in 0..rank {
                let lengths = [first, other].map(|array| {
                    let ty = self.size_type();
                    self.emit(Expr::Dim { array, axis }, ty, at)
                });
                let [length, other] = lengths;
                let (length, other) = (length?, other?);
                let same = self.op(ScalarOp::Eq, &[length, other], at)?;
                self.check_with(same, FaultKind::ShapeMismatch { axis }, vec![length, other], at);
            }
        }
        Ok(())
    }
}
