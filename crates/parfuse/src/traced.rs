//! What `#[kernel]` makes of a function, as data: what it takes and returns, and how to trace it.

use parfuse_ir::DType;
use parfuse_ir::program::{Program, Type};
use parfuse_trace::{At, DeclaredType, Foresight, Math, ParamKind, Record, TraceError, Tracer, Value};
use std::any::TypeId;

/// What `#[kernel]` makes of a function.
pub trait KernelFunction: 'static {
    /// The function's name.
    const NAME: &'static str;
    /// What it takes and returns, and how to trace it.
    #[doc(hidden)]
    fn traced() -> &'static Traced;
}

/// A `#[kernel]` function on engines: what stands for it there, and where all else is.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Function {
    pub(crate) id: TypeId,
    pub(crate) traced: fn() -> &'static Traced,
}

impl Function {
    /// That of a type beside a function.
    pub const fn of<F: KernelFunction>() -> Function {
        Function { id: TypeId::of::<F>(), traced: F::traced }
    }
}

/// A `#[kernel]` function as data: all that tracing it takes.
#[derive(Debug)]
pub struct Traced {
    /// Its name.
    pub name: &'static str,
    /// What may become of its operations on floats.
    pub math: Math,
    /// Whether integers that overflow are an error.
    pub checked: bool,
    /// The names and kinds of its parameters.
    pub params: &'static [(&'static str, ParamKind)],
    /// The types of its results.
    pub results: fn() -> Vec<DeclaredType>,
    /// Where it stands.
    pub place: At,
    /// Traces its body.
    pub body: for<'t> fn(&'t Tracer, &[Value<'t>], At) -> Value<'t>,
}

impl Traced {
    /// The parameters as calls bring them: structs, and arrays of them, by their fields.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (&'static str, ParamKind)> {
        self.params.iter().flat_map(|(name, kind)| {
            let parts = kind.ty.flattened().into_iter();
            parts.map(|ty| (*name, ParamKind { ty, ..*kind }))
        })
    }

    /// The parameters that are arrays of any number of axes, by the positions of their first parts.
    pub(crate) fn open(&self) -> impl Iterator<Item = (&'static str, usize)> {
        self.params
            .iter()
            .scan(0, |next, (name, kind)| {
                let position = *next;
                *next += kind.ty.flattened().len();
                Some(kind.ty.is_open().then_some((*name, position)))
            })
            .flatten()
    }

    /// Traces the function, for arrays of so many axes where it leaves that open: a number for each such parameter.
    ///
    /// # Errors
    /// Every mistake found in it.
    pub fn trace(&self, ranks: &[u8]) -> Result<Program, TraceError> {
        let mut foresight = Foresight::default();
        loop {
            match self.trace_knowing(foresight, ranks) {
                (_, Some(more)) => foresight = more,
                (traced, None) => return traced,
            }
        }
    }

    /// The same, and what should have been known in front for it to succeed.
    fn trace_knowing(
        &self,
        foresight: Foresight,
        ranks: &[u8],
    ) -> (Result<Program, TraceError>, Option<Foresight>) {
        let tracer = Tracer::with_foresight(self.name, foresight);
        tracer.math(self.math);
        tracer.check_overflow(self.checked);
        let mut open = ranks.iter().copied();
        let mut declare = |(name, kind): &(&'static str, ParamKind)| {
            let ty: Type = match kind.ty {
                DeclaredType::Tuple(items) => {
                    return declare_items(&tracer, name, items, Fields::Scalars, self.place);
                }
                DeclaredType::TupleArray(items, rank) => {
                    let rank = rank.or_else(|| open.next());
                    let rank = rank.expect("a number of axes for each that is open");
                    let fields = Fields::Arrays { rank, mutable: kind.mutable };
                    return declare_items(&tracer, name, items, fields, self.place);
                }
                DeclaredType::Option(held) => return declare_option(&tracer, name, held, self.place),
                DeclaredType::Known(ty) => ty,
                DeclaredType::AnyRank(element) => {
                    Type::Array(element, open.next().expect("a number of axes for each that is open"))
                }
                DeclaredType::Record(record) => {
                    return declare_fields(&tracer, name, record, Fields::Scalars, self.place);
                }
                DeclaredType::RecordArray(record, rank) => {
                    let rank = rank.or_else(|| open.next());
                    let rank = rank.expect("a number of axes for each that is open");
                    let fields = Fields::Arrays { rank, mutable: kind.mutable };
                    return declare_fields(&tracer, name, record, fields, self.place);
                }
            };
            tracer.param(name, ty, kind.mutable)
        };
        let arguments: Vec<Value<'_>> = self.params.iter().map(&mut declare).collect();
        let result = (self.body)(&tracer, &arguments, self.place);
        let names = self.open().map(|(name, _)| name.to_string());
        let ranks = names.zip(ranks.iter().copied()).collect();
        let more = tracer.foresight();
        (tracer.finish(result, (self.results)()).map_err(|error| TraceError { ranks, ..error }), more)
    }
}

/// Declares a tuple of scalars and structs, or an array of such tuples: a parameter for each number.
fn declare_items<'t>(
    tracer: &'t Tracer,
    name: &str,
    items: &[DeclaredType],
    fields: Fields,
    at: At,
) -> Value<'t> {
    let item = |(position, ty): (usize, &DeclaredType)| {
        let name = format!("{name}.{position}");
        match (ty, fields) {
            (DeclaredType::Record(record), _) => declare_fields(tracer, &name, record, fields, at),
            (DeclaredType::Known(ty), Fields::Scalars) => tracer.param(&name, *ty, false),
            (DeclaredType::Known(ty), Fields::Arrays { rank, mutable }) => {
                tracer.param(&name, Type::Array(ty.element(), rank), mutable)
            }
            (other, _) => unreachable!("items of tuples are scalars and structs, not {other}"),
        }
    };
    let items: Vec<Value<'t>> = items.iter().enumerate().map(item).collect();
    match fields {
        Fields::Scalars => tracer.tuple(&items),
        Fields::Arrays { .. } => tracer.tuple_array(&items, at),
    }
}

/// Declares an option of a scalar, a struct or a tuple: whether there is something, and what.
fn declare_option<'t>(tracer: &'t Tracer, name: &str, held: &DeclaredType, at: At) -> Value<'t> {
    let present = tracer.param(&format!("{name}.is_some"), Type::scalar(DType::Bool), false);
    let value = match held {
        DeclaredType::Tuple(items) => declare_items(tracer, name, items, Fields::Scalars, at),
        DeclaredType::Record(record) => declare_fields(tracer, name, record, Fields::Scalars, at),
        DeclaredType::Known(ty) if ty.rank().is_none() => tracer.param(name, *ty, false),
        _ => tracer.mistake("an `Option` has a scalar, a struct or a tuple of these, not an array", at),
    };
    tracer.option(present, value, at)
}

/// What the fields of a struct are, as parameters.
#[derive(Clone, Copy)]
enum Fields {
    Scalars,
    /// Arrays: the parameter is an array of structs.
    Arrays {
        rank: u8,
        mutable: bool,
    },
}

/// Declares a struct, or an array of structs: a parameter for each field.
fn declare_fields<'t>(
    tracer: &'t Tracer,
    name: &str,
    record: &'static Record,
    fields: Fields,
    at: At,
) -> Value<'t> {
    let field = |(field, ty): &(&'static str, DeclaredType)| {
        let name = format!("{name}.{field}");
        let value = match (ty, fields) {
            (DeclaredType::Record(inner), _) => declare_fields(tracer, &name, inner, fields, at),
            (DeclaredType::Known(ty), Fields::Scalars) => tracer.param(&name, *ty, false),
            (DeclaredType::Known(ty), Fields::Arrays { rank, mutable }) => {
                tracer.param(&name, Type::Array(ty.element(), rank), mutable)
            }
            (other, _) => unreachable!("fields are scalars, not {other}"),
        };
        (*field, value)
    };
    let values: Vec<(&'static str, Value<'t>)> = record.fields.iter().map(field).collect();
    match fields {
        Fields::Scalars => tracer.record(record, &values, None, at),
        Fields::Arrays { .. } => {
            let arrays: Vec<Value<'t>> = values.into_iter().map(|(_, array)| array).collect();
            tracer.record_array(record, &arrays, at)
        }
    }
}
