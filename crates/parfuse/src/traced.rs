//! What `#[kernel]` makes of a function, as data: what it takes and returns, and how to trace it.

use parfuse_ir::program::{Program, Type};
use parfuse_trace::{At, DeclaredType, Math, ParamKind, Record, TraceError, Tracer, Value};
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
    /// The parameters that are arrays of any number of axes, by their positions.
    pub(crate) fn open(&self) -> impl Iterator<Item = usize> {
        let params = self.params.iter().enumerate();
        params.filter(|(_, (_, kind))| kind.ty.is_open()).map(|(position, _)| position)
    }

    /// Traces the function, for arrays of so many axes where it leaves that open: a number for each such parameter.
    ///
    /// # Errors
    /// Every mistake found in it.
    pub fn trace(&self, ranks: &[u8]) -> Result<Program, TraceError> {
        let tracer = Tracer::new(self.name);
        tracer.math(self.math);
        tracer.check_overflow(self.checked);
        let mut open = ranks.iter().copied();
        let mut declare = |(name, kind): &(&'static str, ParamKind)| {
            let ty: Type = match kind.ty {
                DeclaredType::Known(ty) => ty,
                DeclaredType::AnyRank(element) => {
                    Type::Array(element, open.next().expect("a number of axes for each that is open"))
                }
                DeclaredType::Record(record) => return declare_fields(&tracer, name, record, self.place),
            };
            tracer.param(name, ty, kind.mutable)
        };
        let arguments: Vec<Value<'_>> = self.params.iter().map(&mut declare).collect();
        let result = (self.body)(&tracer, &arguments, self.place);
        let names = self.open().map(|position| self.params[position].0.to_string());
        let ranks = names.zip(ranks.iter().copied()).collect();
        tracer.finish(result, (self.results)()).map_err(|error| TraceError { ranks, ..error })
    }
}

/// Declares a struct: a parameter for each of its fields.
fn declare_fields<'t>(tracer: &'t Tracer, name: &str, record: &'static Record, at: At) -> Value<'t> {
    let field = |(field, ty): &(&'static str, DeclaredType)| {
        let name = format!("{name}.{field}");
        let value = match ty {
            DeclaredType::Record(inner) => declare_fields(tracer, &name, inner, at),
            DeclaredType::Known(ty) => tracer.param(&name, *ty, false),
            DeclaredType::AnyRank(_) => unreachable!("fields are scalars"),
        };
        (*field, value)
    };
    let fields: Vec<(&'static str, Value<'t>)> = record.fields.iter().map(field).collect();
    tracer.record(record, &fields, None, at)
}
