//! A kernel of one program: its compiled specialisations, and how a call finds the one that it runs.
//!
//! ```text
//! arguments ── described as those of the first call? ──▶ its specialisation, without a lock
//!           ── of a known signature? ──────────────────▶ the specialisation that is kept for it
//!           ── otherwise ──────────────────────────────▶ lowered and compiled now
//! ```

use crate::argument::{Binder, Description, Offers};
use crate::call::{self, Outputs, Request};
use crate::core::Core;
use crate::error::Error;
use crate::fits;
use crate::interface::Interface;
use crate::kernel::Variant;
use crate::options::{CallOptions, How};
use crate::returned::Returned;
use crate::room::{Nested, guarded, with_room};
use crate::signature::Signature;
use crate::specialisations::Specialisations;
use crate::specialise::Specialisation;
use crate::wishes::Wishes;
use parfuse_ir::loops::Loops;
use parfuse_ir::program::Program;
use parfuse_passes::{relax_floats, split_complex, structure_exits, track_best, unordered_extremes};
use parfuse_runtime::{CancelToken, FloatMode};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Instant;

/// Blocks nested no deeper than this are run on any stack.
const SHALLOW: usize = 16;

/// The kernel of a program.
#[derive(Clone)]
pub(crate) struct Single(Arc<Nested<Inner>>);

struct Inner {
    name: String,
    core: Arc<Core>,
    /// What the code is made of, without complex numbers, and what callers see of it.
    program: Result<(Program, Interface), Error>,
    /// How deep its blocks nest.
    depth: usize,
    specialisations: RwLock<Specialisations>,
    /// The first call, for most kernels like all others.
    first: OnceLock<Call>,
}

/// A call that was: the arguments of another that are described alike fit the kernel too, and have the same code, which
/// is found without a lock.
struct Call {
    arguments: Box<[Description]>,
    polls: bool,
    wishes: Wishes,
    /// Which of the wishes came true.
    equal: u64,
    specialisation: Arc<Nested<Specialisation>>,
}

impl Call {
    /// Whether another call has the same code, which is made to poll or not, if its arguments are described alike.
    #[inline]
    fn serves(&self, binder: &Binder<'_>, polls: bool) -> bool {
        self.polls == polls && self.wishes.granted(binder) == self.equal
    }
}

impl Single {
    /// The kernel of a program. What fast mathematics makes of it is settled here, for whoever runs or shows it.
    ///
    /// Whoever made the program: all stages, and in the end machine code, rely on its being well-formed.
    pub(crate) fn new(core: Arc<Core>, name: &str, program: Result<Program, Error>) -> Single {
        let depth = program.as_ref().map_or(0, Program::nesting);
        let program = guarded(depth, || {
            let mut program = program?;
            program.verify().map_err(|error| {
                Error::Compile(format!("the program of `{name}` is not well-formed: {error}"))
            })?;
            let _mode = FloatMode::standard();
            let interface = Interface::of(&program);
            let _ = structure_exits(&mut program);
            let _ = split_complex(&mut program);
            let _ = track_best(&mut program);
            let _ = unordered_extremes(&mut program);
            let _ = relax_floats(&mut program);
            Ok((program, interface))
        });
        let inner = Inner {
            name: name.to_string(),
            core,
            program,
            depth,
            specialisations: RwLock::default(),
            first: OnceLock::new(),
        };
        Single(Arc::new(Nested::new(inner, depth)))
    }

    /// The kernel's name.
    pub(crate) fn name(&self) -> &str {
        &self.0.name
    }

    /// What it is compiled and run with.
    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.0.core
    }

    /// How deep its blocks nest.
    pub(crate) fn depth(&self) -> usize {
        self.0.depth
    }

    /// Runs one variant and takes its results, which are of the types of `R`.
    pub(crate) fn invoke<R: Returned, T>(
        &self,
        how: How<'_>,
        binder: &Binder<'_>,
        offers: &Offers,
        take: impl FnOnce(&mut Outputs<'_>) -> T,
    ) -> Result<T, Error> {
        fits::check_results::<R>(&self.0.name, self.interface()?)?;
        self.invoke_untyped(how, binder, offers, take)
    }

    /// Runs one variant; whoever takes the results knows their types.
    pub(crate) fn invoke_untyped<T>(
        &self,
        how: How<'_>,
        binder: &Binder<'_>,
        offers: &Offers,
        take: impl FnOnce(&mut Outputs<'_>) -> T,
    ) -> Result<T, Error> {
        let (mut take, mut taken) = (Some(take), None);
        let mut take = |outputs: &mut Outputs<'_>| taken = take.take().map(|take| take(outputs));
        match how.options {
            Some(options) => self.launch(how.variant, options, binder, offers, &mut take)?,
            None => CallOptions::with_installed(|options| {
                self.launch(how.variant, options, binder, offers, &mut take)
            })?,
        }
        Ok(taken.expect("the results of a call that succeeds are taken once"))
    }

    /// Runs one variant on arguments that may not fit.
    #[inline(never)]
    fn launch(
        &self,
        variant: Variant,
        options: &CallOptions<'_>,
        binder: &Binder<'_>,
        offers: &Offers,
        take: &mut dyn FnMut(&mut Outputs<'_>),
    ) -> Result<(), Error> {
        let arguments = binder.descriptions();
        let first = self.0.first.get().filter(|first| *first.arguments == *arguments);
        if first.is_none() {
            fits::check_arguments(&self.0.name, self.interface()?, arguments)?;
        }
        let _mode = FloatMode::standard();
        let core = &self.0.core;
        let stop = options.stop(&core.alarm);
        if let Some(reason) = stop.as_ref().and_then(CancelToken::reason) {
            return Err(Error::from_stop(reason));
        }
        let (stop, polls) = (stop.as_ref(), stop.is_some());
        let held;
        let specialisation = match first.filter(|first| first.serves(binder, polls)) {
            Some(first) => &first.specialisation,
            None => {
                held =
                    self.specialisation(&Signature::of(arguments, polls), &|wishes| wishes.granted(binder))?;
                self.0.first.get_or_init(|| {
                    let wishes = self.wishes();
                    let (arguments, equal) = (arguments.into(), wishes.granted(binder));
                    Call { arguments, polls, wishes, equal, specialisation: held.clone() }
                });
                &held
            }
        };
        let draws = self.interface()?.draws;
        let (own_keys, key) = (draws && options.has_own_keys(), options.next_key(draws));
        let workers = (variant == Variant::Parallel).then(|| options.chosen_workers());
        let progress = options.chosen_progress();
        let kernel = specialisation;
        let request = Request { core, kernel, binder, offers, key, own_keys, workers, stop, progress };
        let mut call = || call::call(&request, &mut *take);
        // Code that is followed and not compiled goes into blocks by recursion.
        if self.0.depth > SHALLOW { with_room(self.0.depth, call) } else { call() }
    }

    #[inline]
    pub(crate) fn traced(&self) -> Result<&Program, Error> {
        match &self.0.program {
            Ok((program, _)) => Ok(program),
            Err(error) => Err(error.clone()),
        }
    }

    /// What it takes and returns.
    #[inline]
    pub(crate) fn interface(&self) -> Result<&Interface, Error> {
        match &self.0.program {
            Ok((_, interface)) => Ok(interface),
            Err(error) => Err(error.clone()),
        }
    }

    /// The specialisation for arguments of these layouts for which `granted` says what wishes come true, compiled now if it
    /// is not known. Compilation happens outside the lock; of two threads that compile the same one, the first to finish
    /// wins.
    fn specialisation(
        &self,
        layouts: &Signature,
        granted: &dyn Fn(&Wishes) -> u64,
    ) -> Result<Arc<Nested<Specialisation>>, Error> {
        // Constants are folded while compiling, and may be for all calls to come.
        let _mode = FloatMode::standard();
        let all = &self.0.specialisations;
        let known = all.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known.find(&layouts.with_equal(granted(&known.wishes))) {
            return Ok(found);
        }
        drop(known);
        let (program, depth) = (self.traced()?, self.0.depth);
        let (signature, made) = guarded(depth, || {
            let start = Instant::now();
            let (signature, loops) = self.lower(program, layouts, granted)?;
            let made = Specialisation::new(&self.0.core, program, loops, &signature, depth, start);
            Ok((signature, Arc::new(Nested::new(made, depth))))
        })?;
        let mut known = all.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known.find(&signature) {
            return Ok(found);
        }
        let forgotten = known.add(&signature, &made);
        drop(known);
        drop(forgotten);
        Ok(made)
    }

    /// The program as loops, made better by what it wishes for of the lengths, as far as that is granted; and for what
    /// arguments it is that.
    fn lower(
        &self,
        program: &Program,
        layouts: &Signature,
        granted: &dyn Fn(&Wishes) -> u64,
    ) -> Result<(Signature, Loops), Error> {
        loop {
            let wishes = self.wishes();
            let signature = layouts.with_equal(granted(&wishes));
            let (lowered, wished) =
                Specialisation::lower(program, &signature, &wishes.lengths(signature.equal()));
            let mut known = self.0.specialisations.write().unwrap_or_else(PoisonError::into_inner);
            known.wishes.add(&wished, &program.params);
            // What comes true of new wishes, another thread's among them, goes into the code.
            if granted(&known.wishes) == signature.equal() {
                drop(known);
                let mut loops = lowered?;
                Specialisation::check(program, &signature, &mut loops)?;
                return Ok((signature, loops));
            }
        }
    }

    /// What the kernel has wished for so far.
    fn wishes(&self) -> Wishes {
        self.0.specialisations.read().unwrap_or_else(PoisonError::into_inner).wishes.clone()
    }

    /// The kernel as if it had never been called.
    pub(crate) fn uncalled(&self) -> Single {
        let inner = Inner {
            name: self.0.name.clone(),
            core: self.0.core.clone(),
            program: self.0.program.clone(),
            specialisations: RwLock::default(),
            first: OnceLock::new(),
            depth: self.0.depth,
        };
        Single(Arc::new(Nested::new(inner, self.0.depth)))
    }

    /// The specialisation that calls with these arguments run, in thorough code from now on.
    pub(crate) fn made_thorough<R: Returned>(
        &self,
        binder: &Binder<'_>,
    ) -> Result<Arc<Nested<Specialisation>>, Error> {
        let interface = self.interface()?;
        fits::check_results::<R>(&self.0.name, interface)?;
        fits::check_arguments(&self.0.name, interface, binder.descriptions())?;
        let layouts = Signature::of(binder.descriptions(), false);
        let specialisation = self.specialisation(&layouts, &|wishes| wishes.granted(binder))?;
        specialisation.promote(&self.0.core);
        Ok(specialisation)
    }

    /// The specialisation last compiled, or the one for contiguous arguments.
    pub(crate) fn representative(&self) -> Result<Arc<Nested<Specialisation>>, Error> {
        let newest = self.0.specialisations.read().unwrap_or_else(PoisonError::into_inner).newest();
        match newest {
            Some(found) => Ok(found),
            None => self.specialisation(&Signature::contiguous(&self.interface()?.params), &Wishes::all),
        }
    }

    /// Looks for mistakes without arguments and without making code.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let (program, interface) = (self.traced()?, self.interface()?);
        guarded(self.0.depth, || {
            self.lower(program, &Signature::contiguous(&interface.params), &Wishes::all).map(|_| ())
        })
    }
}
