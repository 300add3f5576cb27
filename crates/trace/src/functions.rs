//! The functions of other crates that kernels may call, and `select`.
//!
//! ```text
//! ndarray::stack(Axis(0), &[a, b])     State::stack             std::cmp::max(i, j)     max i, j
//! std::iter::zip(&a, &b)               a.iter().zip(&b)         select(&m, &a, 0.0)     select m, a, 0
//! ```
//!
//! Their names and arguments are in `parfuse_names`.

use crate::errors::{At, Step, mistake};
use crate::sequences::{Item, Sequence};
use crate::state::{Kind, State};
use crate::{Tracer, Value};
use parfuse_ir::{DType, ScalarOp};
use parfuse_names::for_each_function;
use parfuse_names::functions::LibraryFunction;

type Meaning = fn(&mut State, &[u32], At) -> Step<Kind>;

macro_rules! define_meaning {
    ($($name:ident $crates:literal ($($argument:ident: $argument_kind:ident),*) read $what:ident $doc:literal)*) => {
        fn meaning(function: LibraryFunction) -> Meaning {
            match function { $(LibraryFunction::$name => State::$what),* }
        }
    };
}
for_each_function!(define_meaning);

impl Tracer {
    /// A call of a function of another crate.
    pub fn function(&self, function: LibraryFunction, args: &[Value<'_>], at: At) -> Value<'_> {
        let args = self.ids(args);
        self.step(at, |state| {
            let name = function.name();
            state.doing = format!("`{name}`").into();
            let expected = function.arguments().len();
            if args.len() != expected {
                return mistake(format!("`{name}` takes {expected} arguments, not {}", args.len()));
            }
            meaning(function)(state, &args, at)
        })
    }

    /// `select(&mask, yes, no)`: elements of one array where a mask is true, of the other elsewhere.
    pub fn select(&self, args: &[Value<'_>], at: At) -> Value<'_> {
        let args = self.ids(args);
        self.step(at, |state| {
            state.doing = "`select`".into();
            let [mask, yes, no] = args[..] else {
                return mistake(
                    "`select` takes a mask, and what to take where it is true and where it is false",
                );
            };
            let (mask, _) = state.array(mask, "the mask of `select`", at)?;
            state.unify_known(mask, DType::Bool, "the mask of `select`")?;
            let (yes, no) = (state.read(yes, at)?, state.read(no, at)?);
            state.select(mask, yes, no, at).map(Kind::Plain)
        })
    }
}

/// Iterators.
impl State {
    fn once(&mut self, args: &[u32], at: At) -> Step<Kind> {
        let one = self.usize_constant(1, at);
        self.same_items(args[0], one, at)
    }
    fn repeat(&mut self, args: &[u32], at: At) -> Step<Kind> {
        let item = self.snapshot(args[0], at)?;
        let item = Item::Same(self.handle(item));
        Ok(Kind::Sequence(Box::new(self.endless(item, at))))
    }
    fn repeat_n(&mut self, args: &[u32], at: At) -> Step<Kind> {
        let count = self.size(args[1], "the number of items", at)?;
        self.same_items(args[0], count, at)
    }
    fn same_items(&mut self, item: u32, count: parfuse_ir::program::Value, at: At) -> Step<Kind> {
        let item = self.snapshot(item, at)?;
        let item = Item::Same(self.handle(item));
        let range = self.below(count, at);
        Ok(Kind::Sequence(Box::new(Sequence::new(vec![range], item))))
    }
    fn zip_iterators(&mut self, args: &[u32], at: At) -> Step<Kind> {
        self.zipped(args[0], &args[1..], at)
    }
}

/// Numbers.
impl State {
    fn complex_of_f64(&mut self, args: &[u32], at: At) -> Step<Kind> {
        self.complex_of(DType::F64, args, at)
    }
    fn complex_of_f32(&mut self, args: &[u32], at: At) -> Step<Kind> {
        self.complex_of(DType::F32, args, at)
    }
    /// A complex number of two numbers that go into floats of a type.
    fn complex_of(&mut self, part: DType, args: &[u32], at: At) -> Step<Kind> {
        let part = self.types.known(part);
        let re = self.scalar(args[0], "a part of a complex number", at)?;
        let im = self.scalar(args[1], "a part of a complex number", at)?;
        let given = self.ty(re).dtype;
        self.unify(given, self.ty(im).dtype, "the parts of a complex number")?;
        if self.types.unify(part, given).is_ok() {
            return self.complex(re, im, at).map(Kind::Plain);
        }
        let (re, im) = (self.cast(re, part, at)?, self.cast(im, part, at)?);
        self.complex(re, im, at).map(Kind::Plain)
    }
    fn lesser(&mut self, args: &[u32], at: At) -> Step<Kind> {
        self.extreme_of_two(ScalarOp::Min, args, at)
    }
    fn greater(&mut self, args: &[u32], at: At) -> Step<Kind> {
        self.extreme_of_two(ScalarOp::Max, args, at)
    }
    fn extreme_of_two(&mut self, op: ScalarOp, args: &[u32], at: At) -> Step<Kind> {
        let a = self.scalar(args[0], "an argument", at)?;
        let b = self.scalar(args[1], "an argument", at)?;
        let integer = self.types.fresh(crate::types::Class::Integer);
        let dtype = self.ty(a).dtype;
        self.unify(integer, dtype, "the arguments, which are integers; of floats write `a.max(b)`")?;
        self.homogeneous(op, &[a, b], "the arguments", at).map(Kind::Plain)
    }
}
