//! What a kernel asserts, and where it gives up.
//!
//! ```text
//! assert!(n > 0, "no rows")        check n > 0, asserted("no rows")
//! panic!("{x} at {i}")             check false, asserted("{} at {}", x, i), and once types are known "{f64} at {i32}"
//! _ => unreachable!()              check false, asserted(…)        with any value, which nobody sees
//! ```

use crate::errors::{At, Step};
use crate::records::Items;
use crate::state::{Kind, Literal, State, Ty};
use crate::types::Class;
use crate::{Tracer, Value};
use parfuse_ir::message::{self, MOST_REPORTED};
use parfuse_ir::program::{Block, Stmt, Type, Var, walk};
use parfuse_ir::{DType, FaultKind};

impl Tracer {
    /// `assert!(ok, message)`: a fault of this message unless it holds.
    pub fn assert_<'t>(&'t self, ok: Value<'t>, message: &str, at: At) -> Value<'t> {
        let ok = self.id(ok);
        self.step(at, |state| {
            state.doing = "`assert!`".into();
            let ok = state.condition(ok, at)?;
            state.assert_value(ok, message, at);
            Ok(Kind::Tuple(Items::default()))
        })
    }

    /// `assert!(ok, message, numbers…)`: a fault of this message unless it holds. Holes in the message, `{}` or `{:.3}`, show
    /// these values, where they are numbers.
    pub fn assert_with<'t>(&'t self, ok: Value<'t>, message: &str, shown: &[Value<'t>], at: At) -> Value<'t> {
        let (ok, shown) = (self.id(ok), self.ids(shown));
        self.step(at, |state| {
            state.doing = "`assert!`".into();
            let ok = state.condition(ok, at)?;
            state.assert_values(ok, message, &shown, at);
            Ok(Kind::Tuple(Items::default()))
        })
    }

    /// `panic!(message, numbers…)`: a fault of this message, with the values in its holes, and nothing after it.
    pub fn never_with(&self, message: &str, shown: &[Value<'_>], at: At) -> Value<'_> {
        let shown = self.ids(shown);
        self.step(at, |state| {
            let ok = state.bool_constant(false, at);
            state.assert_values(ok, message, &shown, at);
            Ok(Kind::Never)
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
        let message = self.program.files.intern_message(&message::plain(message));
        self.check(ok, FaultKind::Asserted { message }, at);
    }

    /// The same with values in the holes of the message.
    fn assert_values(&mut self, ok: parfuse_ir::program::Value, message: &str, shown: &[u32], at: At) {
        let mut numbers = Vec::new();
        let mut has_number = Vec::new();
        for id in shown {
            let number = self.scalar(*id, "what is shown", at).ok();
            let number = number.filter(|number| !matches!(self.class(*number), Class::Complex(_)));
            let number = number.filter(|_| numbers.len() < MOST_REPORTED);
            has_number.push(number.is_some());
            numbers.extend(number);
        }
        let message = self.program.files.intern_message(&message::kept(message, &has_number));
        self.check_with(ok, FaultKind::Asserted { message }, numbers, at);
    }

    /// Gives the holes of messages the types of their values, which are known by now.
    pub(crate) fn settle_messages(&mut self) {
        let types: Vec<Type> = self.program.values.iter().map(|(_, data)| data.ty).collect();
        let mut files = std::mem::take(&mut self.program.files);
        walk::each_block_mut(&mut self.program, |block| {
            for stmt in block {
                let Stmt::Check { kind: FaultKind::Asserted { message }, args, .. } = stmt else { continue };
                let types: Vec<DType> = args.iter().map(|arg| types[arg.0 as usize].dtype()).collect();
                if !types.is_empty() {
                    let typed = message::typed(files.message(*message), &types);
                    *message = files.intern_message(&typed);
                }
            }
        });
        self.program.files = files;
    }

    /// Statements that set variables where a kernel has given up, so that they are set on all ways.
    pub(crate) fn unused_values(&mut self, vars: &[Var], at: At) -> Step<Block> {
        self.open();
        let filled = vars.iter().try_for_each(|var| {
            let Ty { dtype, rank, .. } = self.var_type(*var);
            let value = match rank {
                Some(rank) => self.empty_array(dtype, rank, at)?,
                None => self.literal(Literal::Integer(0), dtype, at),
            };
            self.push(Stmt::Assign { var: *var, value });
            Ok(())
        });
        let block = self.close();
        filled.map(|()| block)
    }
}
