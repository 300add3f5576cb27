//! What a kernel takes and returns, as its callers see it.
//!
//! ```text
//! callers     (z: Complex<f64>, a: &Array1<Complex<f64>>)     types of the function: whether a call fits
//! code        (z.re: f64, z.im: f64, a: [f64; 2])             what a call's words are for: specialisations
//! ```

use parfuse_ir::program::{Expr, Param, Program, Stmt, Type, walk};

/// The parameters and results of a kernel, complex numbers among them.
#[derive(Clone, Debug)]
pub(crate) struct Interface {
    pub(crate) params: Vec<Param>,
    pub(crate) results: Vec<Type>,
    /// Whether random numbers are drawn.
    pub(crate) draws: bool,
}

impl Interface {
    /// That of a program before complex numbers are split.
    pub(crate) fn of(program: &Program) -> Interface {
        let results = program.results.iter().map(|value| program.ty(*value)).collect();
        let draws = walk::statements(program, &program.body).any(|stmt| match stmt {
            Stmt::Let(value) => matches!(program.values[*value].expr, Expr::Random { .. }),
            _ => false,
        });
        Interface { params: program.params.clone(), results, draws }
    }
}
