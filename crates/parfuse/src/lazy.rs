//! Lazy expressions: `engine.eval(|s| …)`.
//!
//! The closure runs on every call, which is cheap: it only builds the expression. The kernel compiled for it is
//! kept in the engine by the expression's structure. Equality of the whole structure decides; the hash only
//! finds the bucket.

use crate::argument::{Argument, Binder, Offers};
use crate::engine::Engine;
use crate::error::Error;
use crate::kernel::Variant;
use crate::returned::Returned;
use crate::room::Nested;
use crate::single::Single;
use parfuse_ir::program::Program;
use parfuse_runtime::FloatMode;
use parfuse_trace::{ReturnKind, Tracer, Value};
use std::cell::RefCell;
use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::{Mutex, PoisonError};

/// The expression under construction: lifts operands into it.
pub struct Session<'t, 'a> {
    tracer: &'t Tracer,
    binder: RefCell<Binder<'a>>,
}

impl<'t, 'a> Session<'t, 'a> {
    /// A handle to an array (or scalar) in the expression. Handles are `Copy`; operators on them build the
    /// expression. A lifted scalar may change from one evaluation to the next without compiling anew; a literal
    /// is part of the structure.
    pub fn lift(&self, operand: impl Argument + 'a) -> Value<'t> {
        let mut binder = self.binder.borrow_mut();
        let kind = kind_of(&operand);
        operand.bind(&mut binder);
        let position = binder.descriptions().len() - 1;
        // How many axes an array has it may not say before.
        let ty = binder.descriptions()[position].ty;
        self.tracer.param(&format!("operand{position}"), ty, kind.mutable)
    }

    /// The tracer, for arrays made in the expression, conditions and loops.
    pub fn tracer(&self) -> &'t Tracer {
        self.tracer
    }
}

fn kind_of<A: Argument>(_: &A) -> parfuse_trace::ParamKind {
    A::KIND
}

/// At most this many expressions are kept; the least recently used go first.
const CAPACITY: usize = 256;

/// The kernels of expressions evaluated before.
#[derive(Default)]
pub(crate) struct EvalCache(Mutex<Known>);

#[derive(Default)]
struct Known {
    buckets: HashMap<u64, Vec<Entry>>,
    len: usize,
    clock: u64,
}

struct Entry {
    program: Nested<Program>,
    kernel: Single,
    used: u64,
}

impl EvalCache {
    pub(crate) fn eval<'a, R: Returned>(
        &self,
        engine: &Engine,
        expression: impl for<'t> FnOnce(&Session<'t, 'a>) -> Value<'t>,
    ) -> Result<R, Error> {
        let tracer = Tracer::new("expression");
        let session = Session { tracer: &tracer, binder: RefCell::default() };
        let result = expression(&session);
        let binder = session.binder.into_inner();
        let mode = FloatMode::standard();
        let program = tracer.finish(result, ReturnKind::Types(R::kinds()))?;
        drop(mode);
        let kernel = self.kernel(engine, program);
        kernel.invoke::<R, R>(Variant::Parallel.into(), &binder, &Offers::none(), R::take)
    }

    fn kernel(&self, engine: &Engine, program: Program) -> Single {
        let mut hasher = DefaultHasher::new();
        program.hash(&mut hasher);
        let hash = hasher.finish();
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.clock += 1;
        let clock = known.clock;
        let bucket = known.buckets.entry(hash).or_default();
        if let Some(entry) = bucket.iter_mut().find(|entry| *entry.program == program) {
            entry.used = clock;
            return entry.kernel.clone();
        }
        let kernel = Single::new(engine.core(), "expression", Ok(program.clone()));
        let depth = program.nesting();
        bucket.push(Entry { program: Nested::new(program, depth), kernel: kernel.clone(), used: clock });
        known.len += 1;
        if known.len > CAPACITY {
            known.forget_oldest();
        }
        kernel
    }
}

impl Known {
    fn forget_oldest(&mut self) {
        let oldest = self.buckets.values().flatten().map(|entry| entry.used).min();
        self.buckets.retain(|_, bucket| {
            bucket.retain(|entry| Some(entry.used) != oldest);
            !bucket.is_empty()
        });
        self.len -= 1;
    }
}
