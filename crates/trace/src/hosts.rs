//! Calls of functions outside of compiled code.
//!
//! ```text
//! let y = f(&a, &mut b, k)      call 0(v0, mut x1, v2) to x3;  y = var x3
//! ```

use crate::errors::{At, Step, mistake};
use crate::state::{Held, Kind, State, Ty};
use crate::types::Class;
use crate::{DeclaredType, Inline, ParamKind, Tracer, Value};
use parfuse_ir::host::{HostCode, HostFunction};
use parfuse_ir::program::{CallArgument, Stmt, Type};

/// A `#[host]` function as it is declared: its arguments say how many axes arrays have where that is open.
#[derive(Clone, Debug)]
pub struct HostDeclaration {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub params: Vec<ParamKind>,
    /// What it returns.
    pub results: Vec<DeclaredType>,
    /// How it is called.
    pub code: &'static dyn HostCode,
}

impl HostDeclaration {
    /// The function itself, if it leaves nothing open.
    pub fn known(&self) -> Option<HostFunction> {
        let known = |ty: DeclaredType| match ty {
            DeclaredType::Known(ty) => Some(ty),
            _ => None,
        };
        let params =
            self.params.iter().map(|kind| Some((known(kind.ty)?, kind.mutable))).collect::<Option<_>>()?;
        let results = self.results.iter().map(|ty| known(*ty)).collect::<Option<_>>()?;
        Some(HostFunction { name: self.name.to_string(), params, results, code: Some(self.code) })
    }
}

impl Tracer {
    /// Calls a `#[host]` function, or a kernel.
    #[track_caller]
    pub fn host<'t, F: Inline>(&'t self, arguments: &[Value<'t>]) -> Value<'t> {
        F::inline(self, arguments, At::caller())
    }

    /// Calls a function.
    pub fn call_host<'t>(&'t self, function: HostDeclaration, arguments: &[Value<'t>], at: At) -> Value<'t> {
        let arguments = self.ids(arguments);
        self.step(at, |state| state.call_host(&function, &arguments, at))
    }

    /// Calls the first of several functions of one name whose parameters fit the arguments.
    pub fn call_one_of<'t>(
        &'t self,
        functions: &[HostDeclaration],
        arguments: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        let arguments = self.ids(arguments);
        self.step(at, |state| {
            let function = state.fitting(functions, &arguments)?;
            state.call_host(function, &arguments, at)
        })
    }

    /// What a function gives that has not failed, where in Rust it is a `Result`.
    pub fn succeeded<'t>(&'t self, results: Value<'t>, at: At) -> Value<'t> {
        let results = self.id(results);
        self.step(at, |_| Ok(Kind::Optional(Held::Sure(results))))
    }
}

impl State {
    /// The first function whose parameters fit the arguments.
    fn fitting<'f>(
        &mut self,
        functions: &'f [HostDeclaration],
        arguments: &[u32],
    ) -> Step<&'f HostDeclaration> {
        let mut given = Vec::with_capacity(arguments.len());
        for argument in arguments {
            given.push(self.type_of(*argument)?);
        }
        let fits = |function: &&HostDeclaration| {
            let params = function.params.iter().zip(&given);
            function.params.len() == given.len()
                && params.into_iter().all(|(kind, found)| self.fits(kind.ty, *found))
        };
        if let Some(function) = functions.iter().find(fits) {
            return Ok(function);
        }
        let name = functions.first().map_or("", |function| function.name);
        let given: Vec<String> = given.into_iter().map(|ty| self.describe(ty)).collect();
        let known: Vec<String> = functions
            .iter()
            .map(|function| {
                let params: Vec<String> = function.params.iter().map(|kind| kind.ty.to_string()).collect();
                format!("({})", params.join(", "))
            })
            .collect();
        mistake(format!("`{name}` does not take {}: it takes {}", given.join(" and "), known.join(", ")))
    }

    /// Whether something may be of the type of a parameter.
    fn fits(&self, ty: DeclaredType, found: Ty) -> bool {
        let Some(element) = ty.element() else { return false };
        let of_class = |class: Class| match class {
            Class::Known(dtype) => dtype == element.part(),
            Class::Float => element.part().is_float(),
            Class::Integer => !element.part().is_bool(),
            Class::Any => true,
            Class::Complex(_) => false,
        };
        let fits = match self.types.class(found.dtype) {
            Class::Complex(part) => element.is_complex() && of_class(self.types.class(part)),
            Class::Any => true,
            class => !element.is_complex() && of_class(class),
        };
        ty.admits_rank(found.rank) && fits
    }

    fn call_host(&mut self, function: &HostDeclaration, arguments: &[u32], at: At) -> Step<Kind> {
        let name = function.name;
        if self.parallel_depth > 0 || self.map_depth > 0 || self.row_closures > 0 {
            return mistake(format!(
                "`{name}` runs outside of compiled code, which nothing does inside a `prange` or a closure over elements or \
                 rows: call it in front, or write a plain `for`"
            ));
        }
        if arguments.len() != function.params.len() {
            let (count, given) = (function.params.len(), arguments.len());
            return mistake(format!("`{name}` takes {count} arguments, not {given}"));
        }
        let mut passed = Vec::with_capacity(arguments.len());
        let mut written = Vec::new();
        let mut params = Vec::with_capacity(arguments.len());
        for (handle, ParamKind { ty, mutable, .. }) in arguments.iter().zip(&function.params) {
            let what = format!("an argument of `{name}`");
            let (argument, found) = match (mutable, ty.is_array()) {
                (true, _) => {
                    let place = self.target(*handle, name)?;
                    if written.contains(&place.var) {
                        return mistake(format!("`{name}` is passed one array twice, to be written"));
                    }
                    written.push(place.var);
                    (CallArgument::Place(place), self.place_type(place))
                }
                (false, false) => {
                    let value = self.scalar(*handle, &what, at)?;
                    (CallArgument::Value(value), self.ty(value))
                }
                (false, true) => {
                    let (value, _) = self.array(*handle, &what, at)?;
                    (CallArgument::Value(value), self.ty(value))
                }
            };
            if !ty.admits_rank(found.rank) {
                let found = self.describe(found);
                return mistake(format!("{what} is {ty}, not {found}"));
            }
            let (Some(element), Some(own)) = (ty.element(), ty.of_rank(found.rank.unwrap_or(0))) else {
                return mistake(format!(
                    "{what}: a struct is not passed to functions outside; pass its fields"
                ));
            };
            let known = self.types.of(element);
            self.unify(known, found.dtype, &what)?;
            params.push((own, *mutable));
            passed.push(argument);
        }
        let mut types = Vec::with_capacity(function.results.len());
        for ty in &function.results {
            match ty {
                DeclaredType::Known(ty) => types.push(*ty),
                DeclaredType::Record(record) | DeclaredType::RecordArray(record, _) => {
                    return mistake(format!(
                        "`{name}` returns `{}`; let it return a tuple, or arrays of the fields",
                        record.name
                    ));
                }
                DeclaredType::Tuple(_) => {
                    return mistake(format!("`{name}` returns a tuple in a tuple; let it return one"));
                }
                DeclaredType::TupleArray(..) => {
                    return mistake(format!(
                        "`{name}` returns an array of tuples; let it return an array for each of their parts"
                    ));
                }
                DeclaredType::Option(_) => {
                    return mistake(format!(
                        "`{name}` returns an `Option`; let it return a tuple with a `bool`, or a `Result`"
                    ));
                }
                DeclaredType::AnyRank(element) => {
                    let element = element.rust_name();
                    return mistake(format!(
                        "how many axes the array has that `{name}` returns is not known before it is called: declare that it \
                         returns an `Array2<{element}>`, or as many axes as it has"
                    ));
                }
            }
        }
        let results: Vec<_> = types
            .iter()
            .map(|ty: &Type| {
                let ty = Ty { dtype: self.types.of(ty.element()), rank: ty.rank(), of_arrays: false };
                self.new_var(name, ty, None)
            })
            .collect();
        let loc = self.loc(at);
        let function =
            HostFunction { name: name.to_string(), params, results: types, code: Some(function.code) };
        let function = self.program.files.intern_host(function);
        self.push(Stmt::Call { function, arguments: passed, results: results.clone(), loc });
        let mut given = Vec::with_capacity(results.len());
        for var in results {
            let value = self.read_var(var, at)?;
            given.push(self.handle(Kind::Plain(value)));
        }
        match given[..] {
            [only] => Ok(self.kind(only)),
            _ => Ok(Kind::Tuple(given.into())),
        }
    }
}
