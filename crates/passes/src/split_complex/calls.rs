//! Calls of functions outside of compiled code that take or return complex numbers.
//!
//! ```text
//! host "f"([complex<f64>; 1], complex<f64>) -> ([complex<f64>; 1])    host "f"([f64; 2], f64, f64) -> ([f64; 2])
//! ```
//!
//! A function gets the parts side by side, as its own arrays have them. Variables that it writes to, or that take what it
//! returns, have them so; a part of such a variable, such as a row, goes in as a copy, which is copied back.

use super::{Split, Stored, part_type, together_type};
use parfuse_ir::Loc;
use parfuse_ir::program::{CallArgument, Expr, Place, Program, Stmt, Type, Value, Var, VarData, walk};

/// The variables that functions write to or return to.
pub(super) fn variables<'a>(program: &'a Program, body: &'a [Stmt]) -> impl Iterator<Item = Var> + 'a {
    let calls = walk::statements(program, body).filter_map(|stmt| match stmt {
        Stmt::Call { arguments, results, .. } => Some((arguments, results)),
        _ => None,
    });
    calls.flat_map(|(arguments, results)| {
        let written = arguments.iter().filter_map(|argument| match argument {
            CallArgument::Place(place) => Some(place.var),
            CallArgument::Value(_) => None,
        });
        written.chain(results.iter().copied())
    })
}

/// The types that stand for one.
fn real_types(ty: Type) -> impl Iterator<Item = Type> {
    let types = match (ty.is_complex(), ty.rank()) {
        (false, _) => [Some(ty), None],
        (true, Some(_)) => [Some(together_type(ty)), None],
        (true, None) => [Some(part_type(ty)); 2],
    };
    types.into_iter().flatten()
}

impl Split<'_> {
    /// Makes the functions that the program calls those of real numbers.
    pub(super) fn functions(&mut self) {
        for function in self.program.files.hosts_mut() {
            let params = std::mem::take(&mut function.params).into_iter();
            function.params =
                params.flat_map(|(ty, mutable)| real_types(ty).map(move |ty| (ty, mutable))).collect();
            function.results =
                std::mem::take(&mut function.results).into_iter().flat_map(real_types).collect();
        }
    }

    /// A call, with the parts of what it has complex.
    pub(super) fn call(&mut self, function: u16, arguments: Vec<CallArgument>, results: &[Var], loc: Loc) {
        let mut passed = Vec::with_capacity(arguments.len());
        let mut copies: Vec<(Place, Var)> = Vec::new();
        for argument in arguments {
            match argument {
                CallArgument::Value(value) if !self.program.ty(value).is_complex() => {
                    passed.push(CallArgument::Value(self.real(value)));
                }
                CallArgument::Value(value) if self.program.ty(value).rank().is_none() => {
                    passed.extend(self.parts[&value].map(CallArgument::Value));
                }
                CallArgument::Value(value) => passed.push(CallArgument::Value(self.whole(value))),
                CallArgument::Place(place) => match (place.view, self.stored.get(&place.var)) {
                    (Some(view), Some(_)) => {
                        let copy = self.copy_side_by_side(view, loc);
                        copies.push((place, copy));
                        passed.push(CallArgument::Place(copy.into()));
                    }
                    (None, Some(Stored::Apart(_))) => unreachable!("what functions write to is side by side"),
                    (Some(view), None) => {
                        let view = Some(self.real(view));
                        passed.push(CallArgument::Place(Place { view, ..place }));
                    }
                    (None, _) => passed.push(CallArgument::Place(place)),
                },
            }
        }
        let vars = results.iter().flat_map(|var| match self.stored.get(var) {
            Some(Stored::Apart(parts)) => parts.to_vec(),
            Some(Stored::Together(var)) => vec![*var],
            None => vec![*var],
        });
        let results = vars.collect();
        self.block.push(Stmt::Call { function, arguments: passed, results, loc });
        for (place, copy) in copies {
            let values = self.views_of_variable(copy, loc);
            for (place, value) in self.places(place, loc).into_iter().zip(values) {
                self.block.push(Stmt::Update { place, value, loc });
            }
        }
    }

    /// A variable of its own with the elements of a complex view, side by side.
    fn copy_side_by_side(&mut self, view: Value, loc: Loc) -> Var {
        let ty = together_type(self.program.ty(view));
        let is_of_others = self.wholes.contains_key(&view);
        let whole = self.whole(view);
        if !is_of_others && let Some(var) = self.variable_of(whole) {
            return var;
        }
        let var = self.program.vars.push(VarData { name: "part".to_string(), ty, param: None });
        let copy = self.define(Expr::Copy(whole), ty, loc);
        self.block.push(Stmt::Assign { var, value: copy });
        var
    }
}
