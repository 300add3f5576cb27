//! What a kernel asserts, and where it gives up.
//!
//! ```text
//! assert!(n > 0, "no rows")        check n > 0, asserted("no rows")
//! _ => unreachable!()              check false, asserted(…)        with any value, which nobody sees
//! ```

use crate::errors::{At, Step};
use crate::state::{Kind, Literal, State, Ty};
use crate::{Tracer, Value};
use parfuse_ir::program::{Block, Expr, Stmt, Var};
use parfuse_ir::{FaultKind, Scalar};

impl Tracer {
    /// `assert!(ok, message)`: a fault of this message unless it holds.
    pub fn assert_<'t>(&'t self, ok: Value<'t>, message: &str, at: At) -> Value<'t> {
        let ok = self.id(ok);
        self.step(at, |state| {
            state.doing = "`assert!`".into();
            let ok = state.condition(ok, at)?;
            state.assert_value(ok, message, at);
            Ok(Kind::Tuple(Vec::new()))
        })
    }

    /// `assert!(ok, message)`: a fault of this message unless it holds.
    #[track_caller]
    pub fn assert<'t>(&'t self, ok: Value<'t>, message: &str) {
        self.assert_(ok, message, At::caller());
    }

    /// `panic!(message)`: a fault of this message, and nothing after it.
    pub fn never(&self, message: &str, at: At) -> Value<'_> {
        self.step(at, |state| {
            let ok = state.bool_constant(false, at);
            state.assert_value(ok, message, at);
            Ok(Kind::Never)
        })
    }
}

impl State {
    /// A fault of this message unless it holds.
    pub(crate) fn assert_value(&mut self, ok: parfuse_ir::program::Value, message: &str, at: At) {
        let message = self.program.files.intern_message(message);
        self.check(ok, FaultKind::Asserted { message }, at);
    }

    /// Statements that set variables where a kernel has given up, so that they are set on all ways.
    pub(crate) fn unused_values(&mut self, vars: &[Var], at: At) -> Step<Block> {
        self.open();
        let filled = vars.iter().try_for_each(|var| {
            let Ty { dtype, rank } = self.var_type(*var);
            let mut value = self.literal(Literal::Integer(0), dtype, at);
            if let Some(rank) = rank {
                let none = self.constant(Scalar::Usize(0), at);
                let shape = vec![none; rank as usize];
                value = self.emit(Expr::Fill { shape, value }, Ty { dtype, rank: Some(rank) }, at)?;
            }
            self.push(Stmt::Assign { var: *var, value });
            Ok(())
        });
        let block = self.close();
        filled.map(|()| block)
    }
}
