//! The engine: owns the thread pool, the compiler, the compiled kernels and the options.
//!
//! Nothing is global. Functions marked `#[kernel]` run on the engine that is *current* on the calling thread:
//! the one whose [`Engine::install`] scope they are called in, or else a default engine that the first such
//! call makes.

use crate::core::Core;
use crate::error::Error;
use crate::functions::Functions;
use crate::kernel::Kernel;
use crate::lazy::{EvalCache, Session};
use crate::returned::Returned;
use crate::room::with_room;
use crate::single::Single;
use crate::traced::{Function, KernelFunction};
use parfuse_codegen::{Compiler, Effort, Isa, Options as CompilerOptions};
use parfuse_ir::program::Program;
use parfuse_runtime::{Alarm, FloatMode, Pool};
use parfuse_trace::{ReturnKind, Tracer, Value};
use std::cell::RefCell;
use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

/// Compiles and runs kernels. Cloning gives another handle to the same engine.
///
/// ```
/// use ndarray::{ArrayRef1, array};
/// use parfuse::prelude::*;
///
/// #[kernel]
/// fn energy(velocities: &ArrayRef1<f64>, mass: f64) -> f64 {
///     0.5 * mass * (velocities * velocities).sum()
/// }
///
/// let engine = Engine::builder().threads(4).build()?;
/// let velocities = array![1.0, 2.0, 3.0];
/// // For a while, on this thread, in place of the default engine …
/// assert_eq!(engine.install(|| energy::parallel(&velocities, 2.0))?, 14.0);
/// // … or by a handle, which can be sent to other threads.
/// let kernel = engine.kernel::<energy>();
/// assert_eq!(kernel.parallel::<f64>((&velocities, 2.0))?, 14.0);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    core: Arc<Core>,
    functions: Functions,
    expressions: EvalCache,
}

/// The choices of an engine.
#[derive(Clone, Debug)]
pub struct EngineBuilder {
    threads: usize,
    fuse: bool,
    thorough: bool,
    isa: Isa,
}

impl EngineBuilder {
    /// The number of threads that parallel calls use; 0, the default, means as many as the machine runs at once. The
    /// calling thread is one of them, with 1 the only one.
    /// Results do not depend on it.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }
    /// Whether kernels are compiled thoroughly on first use (off by default). Otherwise parallel loops are compiled in
    /// half the time at first, and thoroughly once they have run for about a millisecond or are about to run for
    /// longer. Results do not depend on it.
    pub fn thorough(mut self, thorough: bool) -> Self {
        self.thorough = thorough;
        self
    }
    /// Whether loops are fused (on by default). Results do not depend on it, times do.
    pub fn fuse(mut self, fuse: bool) -> Self {
        self.fuse = fuse;
        self
    }
    /// Which instructions compiled code may use. Results do not depend on it, times do.
    /// By default the best that the processor has; more than it has is never used.
    pub fn isa(mut self, isa: Isa) -> Self {
        self.isa = isa;
        self
    }
    /// Makes the engine. No thread is started before the first parallel call.
    ///
    /// # Errors
    /// If there is no code generator for this machine.
    pub fn build(self) -> Result<Engine, Error> {
        let compiler = Compiler::new(CompilerOptions { isa: self.isa, ..CompilerOptions::default() })
            .map_err(|e| Error::Compile(e.to_string()))?;
        let core = Arc::new(Core {
            compiler,
            pool: Pool::new(self.threads),
            alarm: Alarm::new(),
            fuse: self.fuse,
            first_effort: if self.thorough { Effort::Thorough } else { Effort::Quick },
            compilations: AtomicUsize::new(0),
        });
        Ok(Engine(Arc::new(Inner { core, functions: Functions::new(), expressions: EvalCache::default() })))
    }
}

thread_local! {
    /// The engines of the scopes that this thread is in. Without a destructor it is there as long as the thread is, for
    /// destructors of other thread-local values too; the last scope to end leaves nothing to free.
    static INSTALLED: ManuallyDrop<RefCell<Vec<Engine>>> =
        const { ManuallyDrop::new(RefCell::new(Vec::new())) };
}

/// Runs something as if no engine were installed on this thread.
pub(crate) fn without_engine<R>(work: impl FnOnce() -> R) -> R {
    struct Reinstall(Vec<Engine>);
    impl Drop for Reinstall {
        fn drop(&mut self) {
            let engines = std::mem::take(&mut self.0);
            INSTALLED.with(|installed| installed.replace(engines));
        }
    }
    let _engines = Reinstall(INSTALLED.with(|installed| installed.take()));
    work()
}

/// The engine that is installed on this thread, if one is.
#[inline]
fn installed() -> Option<Engine> {
    INSTALLED.with(|installed| installed.borrow().last().cloned())
}

/// The engine that is current where none is installed, or why there is none.
struct DefaultEngine(OnceLock<Result<Engine, Error>>);

static DEFAULT: DefaultEngine = DefaultEngine(OnceLock::new());

impl DefaultEngine {
    #[inline]
    fn get(&self, make: impl FnOnce() -> Result<Engine, Error>) -> Result<&Engine, Error> {
        match self.0.get() {
            Some(Ok(engine)) => Ok(engine),
            _ => self.0.get_or_init(make).as_ref().map_err(Error::clone),
        }
    }
}

impl Engine {
    /// An engine with the default options.
    ///
    /// # Errors
    /// As [`EngineBuilder::build`].
    pub fn new() -> Result<Engine, Error> {
        Engine::builder().build()
    }

    /// The options to choose from.
    pub fn builder() -> EngineBuilder {
        EngineBuilder { threads: 0, fuse: true, thorough: false, isa: Isa::default() }
    }

    /// The engine that `#[kernel]` functions called on this thread run on.
    ///
    /// # Panics
    /// If there is no code generator for this machine.
    pub fn current() -> Engine {
        let default =
            || DEFAULT.get(Engine::new).cloned().unwrap_or_else(|e| panic!("no default engine: {e}"));
        installed().unwrap_or_else(default)
    }

    /// Makes this engine current on this thread while `scope` runs.
    ///
    /// That is: for all that the thread does meanwhile. A rayon worker that waits inside the scope for other threads of
    /// its pool may take up another job there, which then runs on this engine. (Kernel calls wait without taking up
    /// any.)
    pub fn install<R>(&self, scope: impl FnOnce() -> R) -> R {
        struct Uninstall;
        impl Drop for Uninstall {
            fn drop(&mut self) {
                let _engine = INSTALLED.with(|installed| {
                    let mut installed = installed.borrow_mut();
                    let engine = installed.pop();
                    if installed.is_empty() {
                        *installed = Vec::new();
                    }
                    engine
                });
            }
        }
        INSTALLED.with(|installed| installed.borrow_mut().push(self.clone()));
        let _uninstall = Uninstall;
        scope()
    }

    /// The number of threads that parallel calls use, the caller's included: as many as were asked for, unless the system
    /// has refused to start some. It is asked again when later calls need them.
    pub fn threads(&self) -> usize {
        self.0.core.pool.threads()
    }

    /// Which instructions its compiled code is made of.
    pub fn isa(&self) -> Isa {
        self.0.core.compiler.isa()
    }

    /// How often this engine has compiled a kernel so far: once for each layout of arguments that a kernel met.
    pub fn compilations(&self) -> usize {
        self.0.core.compilations.load(Ordering::Relaxed)
    }

    /// Traces a closure into a kernel. The closure declares the parameters (`t.scalar`, `t.array`) in order and
    /// returns the result: one value, or a tuple of values.
    ///
    /// ```
    /// use ndarray::{Array1, array};
    /// let engine = parfuse::Engine::new()?;
    /// let axpy = engine.trace("axpy", |t| {
    ///     let (a, x, y) = (t.scalar::<f64>("a"), t.array::<f64>("x", 1), t.array::<f64>("y", 1));
    ///     a * x + y
    /// })?;
    /// let result: Array1<f64> = axpy.serial((2.0, &array![1.0, 2.0], &array![10.0, 20.0]))?;
    /// assert_eq!(result, array![12.0, 24.0]);
    /// # Ok::<(), parfuse::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Trace`] with every mistake found.
    pub fn trace(
        &self,
        name: &str,
        body: impl for<'t> FnOnce(&'t Tracer) -> Value<'t>,
    ) -> Result<Kernel, Error> {
        with_room(0, || {
            let tracer = Tracer::new(name);
            let result = body(&tracer);
            self.finish(&tracer, result)
        })
    }

    /// As [`trace`](Engine::trace), with a closure that may fail with an error of the caller's own, as one that reads
    /// a formula does. [`Tracer::at`] gives what it does places in the caller's own text, and [`Tracer::refuse`] adds
    /// mistakes to those that tracing finds.
    ///
    /// ```
    /// use parfuse::{Engine, Error};
    ///
    /// #[derive(Debug)]
    /// enum Failure {
    ///     UnknownName(String),
    ///     Kernel(Error),
    /// }
    /// impl From<Error> for Failure {
    ///     fn from(error: Error) -> Failure {
    ///         Failure::Kernel(error)
    ///     }
    /// }
    ///
    /// let formula = |text: &str| {
    ///     Engine::new()?.try_trace("formula", |t| match text {
    ///         "double" => Ok(t.at("formula.txt", 1, 1, || t.scalar::<f64>("x") * 2.0)),
    ///         name => Err(Failure::UnknownName(name.to_string())),
    ///     })
    /// };
    /// assert_eq!(formula("double")?.serial((4.0,)), Ok(8.0));
    /// assert!(matches!(formula("triple"), Err(Failure::UnknownName(name)) if name == "triple"));
    /// # Ok::<(), Failure>(())
    /// ```
    ///
    /// # Errors
    /// The closure's error; [`Error::Trace`] with every mistake found.
    pub fn try_trace<E: From<Error>>(
        &self,
        name: &str,
        body: impl for<'t> FnOnce(&'t Tracer) -> Result<Value<'t>, E>,
    ) -> Result<Kernel, E> {
        with_room(0, || {
            let tracer = Tracer::new(name);
            let result = body(&tracer)?;
            Ok(self.finish(&tracer, result)?)
        })
    }

    /// The kernel of what has been traced.
    fn finish(&self, tracer: &Tracer, result: Value<'_>) -> Result<Kernel, Error> {
        let mode = FloatMode::standard();
        let program = tracer.finish(result, ReturnKind::Any)?;
        drop(mode);
        let name = program.name.clone();
        Ok(Single::new(self.core(), &name, Ok(program)).into())
    }

    /// The kernel of a program made by other means than tracing. If it is not
    /// well-formed, or promises what takes `unsafe` to promise, every use of the kernel says so.
    #[doc(hidden)]
    pub fn kernel_of(&self, program: Program) -> Kernel {
        let name = program.name.clone();
        let program = match program.promises() {
            true => Err(Error::Compile(format!(
                "the program of `{name}` is not well-formed: its loops are said to be disjoint, which nobody has promised"
            ))),
            false => Ok(program),
        };
        Single::new(self.core(), &name, program).into()
    }

    /// Evaluates one expression over arrays: `lift` the operands, combine them, and the result is computed in
    /// one compiled, fused, parallel kernel. The kernel is kept by the structure of the expression, so
    /// evaluating it again compiles nothing.
    ///
    /// ```
    /// use ndarray::array;
    /// let (a, b) = (array![1.0, 2.0, 3.0], array![4.0, 5.0, 6.0]);
    /// let engine = parfuse::Engine::new()?;
    /// let dot: f64 = engine.eval(|s| (s.lift(&a) * s.lift(&b)).sum())?;
    /// assert_eq!(dot, 32.0);
    /// # Ok::<(), parfuse::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the expression makes no sense, or fails for these operands.
    pub fn eval<'a, R: Returned>(
        &self,
        expression: impl for<'t> FnOnce(&Session<'t, 'a>) -> Value<'t>,
    ) -> Result<R, Error> {
        with_room(0, || self.0.expressions.eval(self, expression))
    }

    /// The kernel of a `#[kernel]` function on this engine.
    pub fn kernel<F: KernelFunction>(&self) -> Kernel {
        self.function(&Function::of::<F>()).clone()
    }

    /// Runs `scope` with the kernel of a `#[kernel]` function on the current engine.
    pub(crate) fn with_current<T>(
        function: &Function,
        scope: impl FnOnce(&Kernel) -> Result<T, Error>,
    ) -> Result<T, Error> {
        match installed() {
            Some(engine) => scope(engine.function(function)),
            None => scope(DEFAULT.get(Engine::new)?.function(function)),
        }
    }

    /// The kernel of a `#[kernel]` function, which is traced now if it is new.
    #[inline]
    pub(crate) fn function(&self, function: &Function) -> &Kernel {
        self.0.functions.get(function.id).unwrap_or_else(|| self.add(function))
    }

    /// Traces a function. It is traced before it is added: tracing runs code of the user's crate.
    #[cold]
    fn add(&self, function: &Function) -> &Kernel {
        self.0.functions.add(function.id, Kernel::of_function(self.core(), (function.traced)()))
    }

    pub(crate) fn core(&self) -> Arc<Core> {
        self.0.core.clone()
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("threads", &self.threads()).field("fuse", &self.0.core.fuse).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_without_code_generator_gives_errors_and_no_panic() {
        let default = DefaultEngine(OnceLock::new());
        for _ in 0..2 {
            let error = default.get(|| Err(Error::Compile("no such processor".to_string()))).unwrap_err();
            assert_eq!(error, Error::Compile("no such processor".to_string()));
        }
    }
}
