//! Calls of functions outside of compiled code.
//!
//! ```text
//! let y = f(&a, &mut b, k)      call 0(v0, mut x1, v2) to x3;  y = var x3
//! ```

use crate::errors::{At, Step, mistake};
use crate::state::{Kind, State, Ty};
use crate::{Inline, Tracer, Value};
use parfuse_ir::host::HostFunction;
use parfuse_ir::program::{CallArgument, Stmt, Type};

impl Tracer {
    /// Calls a `#[host]` function, or a kernel.
    #[track_caller]
    pub fn host<'t, F: Inline>(&'t self, arguments: &[Value<'t>]) -> Value<'t> {
        F::inline(self, arguments, At::caller())
    }

    /// Calls a function.
    pub fn call_host<'t>(&'t self, function: HostFunction, arguments: &[Value<'t>], at: At) -> Value<'t> {
        let arguments = self.ids(arguments);
        self.step(at, |state| state.call_host(function, &arguments, at))
    }
}

impl State {
    fn call_host(&mut self, function: HostFunction, arguments: &[u32], at: At) -> Step<Kind> {
        let name = function.name.clone();
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
        for (handle, (ty, mutable)) in arguments.iter().zip(&function.params) {
            let what = format!("an argument of `{name}`");
            let (argument, found) = match (mutable, ty.rank()) {
                (true, _) => {
                    let place = self.target(*handle, &name)?;
                    if written.contains(&place.var) {
                        return mistake(format!("`{name}` is passed one array twice, to be written"));
                    }
                    written.push(place.var);
                    (CallArgument::Place(place), self.place_type(place))
                }
                (false, None) => {
                    let value = self.scalar(*handle, &what, at)?;
                    (CallArgument::Value(value), self.ty(value))
                }
                (false, Some(_)) => {
                    let (value, _) = self.array(*handle, &what, at)?;
                    (CallArgument::Value(value), self.ty(value))
                }
            };
            if found.rank != ty.rank() {
                let found = self.describe(found);
                return mistake(format!("{what} is {ty}, not {found}"));
            }
            let known = self.types.known(ty.dtype());
            self.unify(known, found.dtype, &what)?;
            passed.push(argument);
        }
        let results: Vec<_> = function
            .results
            .iter()
            .map(|ty: &Type| {
                let ty = Ty { dtype: self.types.known(ty.dtype()), rank: ty.rank() };
                self.new_var(&name, ty, None)
            })
            .collect();
        let loc = self.loc(at);
        let function = self.program.files.intern_host(function);
        self.push(Stmt::Call { function, arguments: passed, results: results.clone(), loc });
        let mut given = Vec::with_capacity(results.len());
        for var in results {
            let value = self.read_var(var, at)?;
            given.push(self.handle(Kind::Plain(value)));
        }
        match given[..] {
            [only] => Ok(self.kind(only)),
            _ => Ok(Kind::Tuple(given)),
        }
    }
}
