//! Kernels as callers have them: the ways to call one, and to look at what became of it.
//!
//! ```text
//! Kernel ─┬─▶ Single    the kernel of a program            single.rs
//!         └─▶ Ranks     one for each combination of numbers of axes, where the function leaves them open      ranks.rs
//! ```

use crate::argument::{Arguments, Binder, Description, Offers};
use crate::call::Outputs;
use crate::core::Core;
use crate::error::Error;
use crate::explain::Explanation;
use crate::options::How;
use crate::ranks::Ranks;
use crate::returned::Returned;
use crate::room::{Nested, guarded, with_room};
use crate::single::Single;
use crate::specialise::Specialisation;
use crate::traced::Traced;
use parfuse_codegen::Effort;
use parfuse_runtime::FloatMode;
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

/// The two compiled variants of a kernel. They give the same bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Variant {
    /// On the calling thread alone.
    Serial,
    /// On the calling thread and the engine's others (or, called from a rayon worker, those of that worker's pool).
    Parallel,
}

/// A kernel: compiled on first use for the layout of its arguments. Cloning gives another handle to it; it may
/// be called from many threads at once.
///
/// ```
/// use ndarray::{Array1, ArrayRef1};
/// use parfuse::prelude::*;
///
/// #[kernel]
/// fn scaled(a: &ArrayRef1<f64>) -> Array1<f64> {
///     (a - 1.0) * 2.0 + 1.0
/// }
///
/// let kernel: &Kernel = &scaled::kernel();
/// let explanation = kernel.explain()?;
/// assert_eq!(explanation.regions.len(), 1); // three operations, one loop
/// println!("{explanation}");
/// println!("{}", kernel.asm()?);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone)]
pub struct Kernel(Form);

/// What kernels a kernel is.
#[derive(Clone)]
enum Form {
    /// One.
    Single(Single),
    /// One for each combination of numbers of axes.
    Ranks(Arc<Ranks>),
}

impl From<Single> for Kernel {
    fn from(single: Single) -> Kernel {
        Kernel(Form::Single(single))
    }
}

impl Kernel {
    /// The kernel of a `#[kernel]` function, which is traced now unless it takes calls to know the axes of its arrays.
    pub(crate) fn of_function(core: Arc<Core>, traced: &'static Traced) -> Kernel {
        if traced.open().next().is_some() {
            return Kernel(Form::Ranks(Arc::new(Ranks::new(core, traced))));
        }
        let _mode = FloatMode::standard();
        let program = with_room(0, || traced.trace(&[])).map_err(Error::from);
        Single::new(core, traced.name, program).into()
    }

    /// The kernel for these arguments.
    #[inline]
    pub(crate) fn for_arguments(&self, arguments: &[Description]) -> Result<Cow<'_, Single>, Error> {
        match &self.0 {
            Form::Single(single) => Ok(Cow::Borrowed(single)),
            Form::Ranks(ranks) => ranks.kernel(arguments).map(Cow::Owned),
        }
    }

    /// The kernel that speaks for all: the one that was called last.
    fn shown(&self) -> Cow<'_, Single> {
        match &self.0 {
            Form::Single(single) => Cow::Borrowed(single),
            Form::Ranks(ranks) => Cow::Owned(ranks.shown()),
        }
    }

    fn core(&self) -> &Arc<Core> {
        match &self.0 {
            Form::Single(single) => single.core(),
            Form::Ranks(ranks) => &ranks.core,
        }
    }

    /// Whether it may write to an argument.
    pub(crate) fn may_write(&self, position: usize) -> Result<bool, Error> {
        Ok(match &self.0 {
            Form::Single(single) => {
                single.interface()?.params.get(position).is_some_and(|param| param.mutable)
            }
            Form::Ranks(ranks) => ranks.traced.params.get(position).is_some_and(|(_, kind)| kind.mutable),
        })
    }

    /// The kernel's name.
    pub fn name(&self) -> &str {
        match &self.0 {
            Form::Single(single) => single.name(),
            Form::Ranks(ranks) => ranks.traced.name,
        }
    }

    /// Runs the kernel on the calling thread. The arguments are a tuple.
    ///
    /// # Errors
    /// If the kernel makes no sense, the arguments or the result type do not fit it, or it fails.
    pub fn serial<R: Returned>(&self, args: impl Arguments) -> Result<R, Error> {
        self.run(Variant::Serial, args)
    }

    /// Runs the kernel on the engine's pool, with the same bits as [`serial`](Kernel::serial).
    ///
    /// # Errors
    /// As [`serial`](Kernel::serial).
    pub fn parallel<R: Returned>(&self, args: impl Arguments) -> Result<R, Error> {
        self.run(Variant::Parallel, args)
    }

    /// Runs one variant of the kernel.
    ///
    /// # Errors
    /// As [`serial`](Kernel::serial).
    pub fn run<R: Returned>(&self, variant: Variant, mut args: impl Arguments) -> Result<R, Error> {
        self.call(variant, |binder| args.bind_all(binder))
    }

    /// Runs one variant of the kernel and writes the result into existing arrays (or scalars), which saves the
    /// allocation.
    ///
    /// # Errors
    /// As [`serial`](Kernel::serial), and [`Error::OutputShape`] if an array has not the result's shape.
    pub fn run_into<R: Returned>(
        &self,
        variant: Variant,
        mut args: impl Arguments,
        into: R::Into<'_>,
    ) -> Result<(), Error> {
        self.call_into::<R>(variant, |binder| args.bind_all(binder), into)
    }

    /// Runs one variant on the arguments that `bind` adds.
    fn call<'a, R: Returned>(
        &self,
        variant: Variant,
        bind: impl FnOnce(&mut Binder<'a>),
    ) -> Result<R, Error> {
        self.call_how(variant.into(), bind)
    }

    pub(crate) fn call_how<'a, R: Returned>(
        &self,
        how: How<'_>,
        bind: impl FnOnce(&mut Binder<'a>),
    ) -> Result<R, Error> {
        let mut binder = Binder::default();
        bind(&mut binder);
        self.invoke::<R, R>(how, &binder, &Offers::none(), R::take)
    }

    /// As [`call`](Kernel::call), writing the result into `into`.
    fn call_into<'a, R: Returned>(
        &self,
        variant: Variant,
        bind: impl FnOnce(&mut Binder<'a>),
        into: R::Into<'_>,
    ) -> Result<(), Error> {
        self.call_into_how::<R>(variant.into(), bind, into)
    }

    pub(crate) fn call_into_how<'a, R: Returned>(
        &self,
        how: How<'_>,
        bind: impl FnOnce(&mut Binder<'a>),
        mut into: R::Into<'_>,
    ) -> Result<(), Error> {
        let (mut binder, mut offers) = (Binder::default(), Offers::none());
        bind(&mut binder);
        R::offer(&mut into, &mut offers);
        self.invoke::<R, _>(how, &binder, &offers, |outputs| R::store(into, outputs))?
    }

    /// Runs one variant and takes its results, which are of the types of `R`.
    pub(crate) fn invoke<R: Returned, T>(
        &self,
        how: How<'_>,
        binder: &Binder<'_>,
        offers: &Offers,
        take: impl FnOnce(&mut Outputs<'_>) -> T,
    ) -> Result<T, Error> {
        self.for_arguments(binder.descriptions())?.invoke::<R, T>(how, binder, offers, take)
    }

    /// The kernel as if it had never been called.
    pub(crate) fn uncalled(&self) -> Kernel {
        Kernel(match &self.0 {
            Form::Single(single) => Form::Single(single.uncalled()),
            Form::Ranks(ranks) => Form::Ranks(Arc::new(ranks.uncalled())),
        })
    }

    /// The specialisation that calls with these arguments run, in thorough code from now on.
    pub(crate) fn made_thorough<R: Returned>(
        &self,
        binder: &Binder<'_>,
    ) -> Result<Arc<Nested<Specialisation>>, Error> {
        self.for_arguments(binder.descriptions())?.made_thorough::<R>(binder)
    }

    /// Looks for mistakes without arguments and without making code: what a call would refuse before it runs, whatever
    /// its arguments are. Meant for a test of each kernel. One over arrays of any number of axes is looked at with those
    /// numbers that calls have brought; before the first call with one axis, or as many as it needs.
    ///
    /// ```
    /// # use ndarray::ArrayRef1;
    /// # use parfuse::prelude::*;
    /// #[kernel]
    /// fn norm(a: &ArrayRef1<f64>) -> f64 {
    ///     (a * a).sum().sqrt()
    /// }
    ///
    /// // In the body of a test:
    /// norm::kernel().check().unwrap();
    /// ```
    ///
    /// # Errors
    /// Every mistake found: [`Error::Trace`] with all those of types and of what is supported; if there are none,
    /// the races and the variables that are not reductions, as [`Error::Several`] if there is more than one.
    pub fn check(&self) -> Result<(), Error> {
        let called = match &self.0 {
            Form::Single(_) => Vec::new(),
            Form::Ranks(ranks) => ranks.all(),
        };
        match called.is_empty() {
            true => self.shown().check(),
            false => called.iter().try_for_each(Single::check),
        }
    }

    /// The number of threads that parallel calls use.
    pub fn threads(&self) -> usize {
        self.core().pool.threads()
    }

    /// Shows something of the specialisation last compiled.
    fn show<T>(&self, what: impl FnOnce(&Single, &Specialisation) -> Result<T, Error>) -> Result<T, Error> {
        let kernel = self.shown();
        let representative = kernel.representative()?;
        guarded(kernel.depth(), || {
            representative.complete(self.core())?;
            what(&kernel, &representative)
        })
    }

    /// How long it has taken to make all code that there has been so far, from the program on, for the arguments last compiled
    /// for. What has no code yet is compiled first.
    ///
    /// # Errors
    /// If the kernel does not compile.
    pub fn compile_time(&self) -> Result<Duration, Error> {
        self.show(|_, specialisation| Ok(specialisation.compile_time()))
    }

    /// What became of the kernel: parallel regions and what they stem from, fusions and refusals with reasons,
    /// lanes, what runs serially, allocations, which code calls run now, compile time. Compiles it for contiguous arguments if it has not run yet.
    ///
    /// # Errors
    /// If the kernel does not compile.
    pub fn explain(&self) -> Result<Explanation, Error> {
        let isa = self.core().compiler.isa();
        self.show(|kernel, specialisation| {
            Ok(Explanation::new(kernel.name(), kernel.interface()?, specialisation, isa))
        })
    }

    /// The traced program as text, with real and imaginary parts in place of complex numbers.
    ///
    /// # Errors
    /// If tracing failed.
    pub fn program(&self) -> Result<String, Error> {
        let kernel = self.shown();
        guarded(kernel.depth(), || Ok(kernel.traced()?.to_string()))
    }

    /// The optimised loops as text, for the arguments last compiled for.
    ///
    /// # Errors
    /// If the kernel does not compile.
    pub fn loops(&self) -> Result<String, Error> {
        self.show(|_, specialisation| Ok(specialisation.loops.to_string()))
    }

    /// The lane programs as text, for the arguments last compiled for.
    ///
    /// # Errors
    /// If the kernel does not compile.
    pub fn lane(&self) -> Result<String, Error> {
        self.show(|_, specialisation| Ok(specialisation.lane.to_string()))
    }

    /// Cranelift's input to the code that calls run now, for the arguments last compiled for.
    ///
    /// # Errors
    /// If the kernel does not compile.
    pub fn clif(&self) -> Result<String, Error> {
        Ok(self.listing(None)?.clif)
    }

    /// Cranelift's input to quick or to thorough code.
    ///
    /// # Errors
    /// If the kernel does not compile.
    pub fn clif_of(&self, effort: Effort) -> Result<String, Error> {
        Ok(self.listing(Some(effort))?.clif)
    }

    /// The machine code that calls run now as assembly, for the arguments last compiled for. Whether that is quick or
    /// thorough code, and why, [`explain`](Kernel::explain) tells; [`asm_of`](Kernel::asm_of) shows either.
    ///
    /// # Errors
    /// If the kernel does not compile.
    pub fn asm(&self) -> Result<String, Error> {
        Ok(self.listing(None)?.asm)
    }

    /// Quick or thorough machine code as assembly, whether calls run it now or not.
    ///
    /// # Errors
    /// If the kernel does not compile.
    pub fn asm_of(&self, effort: Effort) -> Result<String, Error> {
        Ok(self.listing(Some(effort))?.asm)
    }

    /// The code of an effort, or what calls run now.
    fn listing(&self, effort: Option<Effort>) -> Result<parfuse_codegen::Listing, Error> {
        self.show(|kernel, specialisation| {
            let effort = effort.unwrap_or(specialisation.tiers().tier().0);
            let listing = kernel.core().compiler.listing(&specialisation.lane, effort);
            listing.map_err(|e| Error::Compile(e.to_string()))
        })
    }
}

impl std::fmt::Debug for Kernel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Kernel").field(&self.name()).finish()
    }
}
