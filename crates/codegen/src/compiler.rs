//! The compiler: a processor's instruction set, ready to compile kernels from any thread.

use crate::code::{Code, DriverBody, DriverCode, Listing, Made, RegionBody, RegionCode};
use crate::constants::Constants;
use crate::emit::Traits;
use crate::memory::Memory;
use crate::plan::Plan;
use crate::rare_calls::RareCalls;
use crate::script::Script;
use crate::uses::{calls_host, calls_host_rarely, has_plain_loops};
use crate::{Isa, driver, libcalls, region, wide};
use cranelift_codegen::isa::{OwnedTargetIsa, TargetFrontendConfig};
use cranelift_codegen::settings::{self, Configurable};
use cranelift_codegen::{Context, ir as clif};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use cranelift_jit::{JITBuilder, JITModule};
use cranelift_module::{FuncId, Module, ModuleError, ModuleReloc, default_libcall_names};
use parfuse_ir::lane::{Inst, Lane, Region, RegionId, Walk};
use std::cell::RefCell;
use std::fmt::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// How to compile.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which instructions code is made of, as far as the processor has them.
    pub isa: Isa,
    /// Whether code generators check what they are given and what they make, which takes a third of Cranelift's compile
    /// time. On in builds with debug assertions.
    pub verify: bool,
    /// The elements of a step: 4, 8, 16 or 32. Without it each region's own choice.
    pub lanes: Option<usize>,
    /// Whether the wide emitter keeps jumps inside lines of 32 bytes. On for processors that take long where they are not.
    pub jumps_in_lines: bool,
    /// Whether to do as if the system refused memory for machine code: kernels are interpreted.
    pub interpret: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            isa: Isa::best(),
            verify: cfg!(debug_assertions),
            lanes: None,
            jumps_in_lines: wide::processor::decodes_jumps_anew(),
            interpret: false,
        }
    }
}

/// How much time to spend on code. The code of both computes the same bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Effort {
    /// Few elements a step and quickly assigned registers: for code that may run only once.
    Quick,
    /// For code that runs often.
    Thorough,
}

/// Why a kernel, or any kernel, cannot be compiled.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CompileError {
    /// There is no code generator for this processor.
    #[error("no machine code can be made for this processor: {0}")]
    Processor(String),
    /// The number of elements of a step is none of the possible ones.
    #[error("a step of {0} elements; possible are 4, 8, 16 and 32")]
    Lanes(usize),
    /// Cranelift failed, or we gave it something it does not accept: an error of ours.
    #[error("code generation failed: {message}")]
    Backend {
        /// What it says.
        message: String,
        /// The function it was given.
        clif: String,
    },
}

/// Compiles lane programs for this processor.
pub struct Compiler {
    quick: OwnedTargetIsa,
    thorough: OwnedTargetIsa,
    /// For drivers with plain loops: their work is done here, and the order of their instructions is nobody's plan.
    plain_loops: OwnedTargetIsa,
    traits: Traits,
    options: Options,
    isa: Isa,
    needs_libcalls: bool,
    wide: Wide,
    /// Whether the system has refused memory for machine code.
    refused: AtomicBool,
    /// Made for the first kernel that has such calls.
    rare_calls: Mutex<Option<Arc<RareCalls>>>,
}

/// The wide emitter. Tests put one in its place that fails.
type Wide = fn(&Lane, &Region, wide::Target, Effort, &Options, i64) -> Result<wide::Compiled, String>;

/// What emitting one function takes.
pub(crate) struct Function<'a> {
    pub(crate) builder: FunctionBuilder<'a>,
    pub(crate) lane: &'a Lane,
    pub(crate) constants: &'a mut Constants,
    pub(crate) traits: Traits,
    pub(crate) config: TargetFrontendConfig,
}

/// Data structures whose memory one compilation leaves to the next on the same thread.
struct Scratch {
    context: Context,
    builder: FunctionBuilderContext,
}

thread_local! {
    static SCRATCH: RefCell<Option<Box<Scratch>>> = const { RefCell::new(None) };
}

impl Compiler {
    /// A compiler for this processor.
    pub fn new(options: Options) -> Result<Compiler, CompileError> {
        if let Some(lanes) = options.lanes
            && ![4, 8, 16, 32].contains(&lanes)
        {
            return Err(CompileError::Lanes(lanes));
        }
        let processor = |message: String| CompileError::Processor(message);
        let isa = options.isa.or_available();
        let target = |flags: settings::Flags| {
            let native = cranelift_native::builder().map_err(|message| processor(message.to_owned()))?;
            let builder = match isa {
                Isa::Baseline => cranelift_codegen::isa::lookup(native.triple().clone())
                    .map_err(|error| processor(error.to_string()))?,
                _ => native,
            };
            builder.finish(flags).map_err(|error| processor(error.to_string()))
        };
        let quick = target(shared_flags(&options, Effort::Quick, false))?;
        let thorough = target(shared_flags(&options, Effort::Thorough, false))?;
        let plain_loops = target(shared_flags(&options, Effort::Thorough, true))?;
        let x64 = thorough.name() == "x64";
        let has = |flag: &str| {
            thorough.isa_flags().iter().any(|setting| setting.name == flag && setting.as_bool() == Some(true))
        };
        let traits = Traits { blendv: x64 && has("has_sse41"), pointer: thorough.pointer_type() };
        let needs_libcalls = !x64 || !has("has_sse41") || !has("has_fma");
        Ok(Compiler {
            quick,
            thorough,
            plain_loops,
            traits,
            options,
            isa,
            needs_libcalls,
            wide: wide::compile,
            refused: AtomicBool::new(false),
            rare_calls: Mutex::default(),
        })
    }

    /// Which instructions code is made of.
    pub fn isa(&self) -> Isa {
        self.isa
    }

    /// Compiles a kernel, all of it.
    ///
    /// # Errors
    /// If a code generator fails, which is an error of ours.
    pub fn compile(&self, lane: &Lane, effort: Effort) -> Result<Code, CompileError> {
        let regions = lane.regions.iter().map(|(id, _)| self.compile_region(lane, id, effort));
        Ok(Code { driver: self.compile_driver(lane, effort)?, regions: regions.collect::<Result<_, _>>()? })
    }

    /// Compiles a kernel's driver.
    ///
    /// # Errors
    /// As for [`Compiler::compile`].
    pub fn compile_driver(&self, lane: &Lane, effort: Effort) -> Result<DriverCode, CompileError> {
        self.driver(lane, effort, None)
    }

    /// Compiles one of a kernel's regions.
    ///
    /// # Errors
    /// As for [`Compiler::compile`].
    pub fn compile_region(
        &self,
        lane: &Lane,
        id: RegionId,
        effort: Effort,
    ) -> Result<RegionCode, CompileError> {
        self.region(lane, id, effort, None)
    }

    /// The kernel's functions as text.
    ///
    /// # Errors
    /// As for [`Compiler::compile`].
    pub fn listing(&self, lane: &Lane, effort: Effort) -> Result<Listing, CompileError> {
        let mut listing = Listing::default();
        self.driver(lane, effort, Some(&mut listing))?;
        for (id, _) in lane.regions.iter() {
            self.region(lane, id, effort, Some(&mut listing))?;
        }
        Ok(listing)
    }

    fn driver(
        &self,
        lane: &Lane,
        effort: Effort,
        listing: Option<&mut Listing>,
    ) -> Result<DriverCode, CompileError> {
        let followed = || DriverCode::followed(lane, effort);
        self.part(lane, listing, followed, |build| build.driver(effort))
    }

    fn region(
        &self,
        lane: &Lane,
        id: RegionId,
        effort: Effort,
        listing: Option<&mut Listing>,
    ) -> Result<RegionCode, CompileError> {
        let followed = || RegionCode::followed(lane, id, effort);
        self.part(lane, listing, followed, |build| build.region(id, effort))
    }

    /// Makes a part of a kernel, or has it followed where there is no memory for machine code.
    fn part<'a, T>(
        &'a self,
        lane: &'a Lane,
        listing: Option<&'a mut Listing>,
        followed: impl FnOnce() -> T,
        make: impl FnOnce(Build<'_>) -> Result<T, Failed>,
    ) -> Result<T, CompileError> {
        let start = Instant::now();
        if listing.is_none() && (self.options.interpret || self.refused.load(Ordering::Relaxed)) {
            return Ok(followed());
        }
        let mut scratch = SCRATCH.try_with(RefCell::take).ok().flatten().unwrap_or_else(|| {
            Box::new(Scratch { context: Context::new(), builder: FunctionBuilderContext::new() })
        });
        let build = || make(Build { compiler: self, lane, scratch: &mut scratch, listing, start });
        // Half-done state of a compilation that panicked is dropped.
        let error = match guarded(build) {
            Ok(made) => {
                // A thread that ends keeps none.
                let _ = SCRATCH.try_with(|kept| kept.replace(Some(scratch)));
                return Ok(made);
            }
            Err(Failed::Refused) => {
                // Policies of a process do not change: it need not be tried for each kernel.
                self.refused.store(true, Ordering::Relaxed);
                return Ok(followed());
            }
            Err(Failed::Here(message)) => message,
        };
        let clif = catch_unwind(AssertUnwindSafe(|| scratch.context.func.display().to_string()));
        Err(CompileError::Backend { message: error, clif: clif.unwrap_or_default() })
    }

    fn isa_of(&self, effort: Effort) -> &OwnedTargetIsa {
        match effort {
            Effort::Quick => &self.quick,
            Effort::Thorough => &self.thorough,
        }
    }

    fn rare_calls(&self) -> Result<Arc<RareCalls>, Failed> {
        let mut kept = self.rare_calls.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(rare_calls) = &*kept {
            return Ok(rare_calls.clone());
        }
        let made = Arc::new(
            RareCalls::new(&self.quick, self.isa.wide()).map_err(|error| Failed::of_module(*error))?,
        );
        Ok(kept.insert(made).clone())
    }
}

/// Why there is no machine code.
enum Failed {
    /// The system gives no memory for it.
    Refused,
    /// Something failed, as this message says.
    Here(String),
}

impl Failed {
    fn of_module(error: ModuleError) -> Failed {
        match error {
            // Mapping memory fails with the first, making it executable with the second.
            ModuleError::Allocation { .. } | ModuleError::Backend(_) => Failed::Refused,
            error => Failed::Here(error.to_string()),
        }
    }
}

impl From<String> for Failed {
    fn from(message: String) -> Failed {
        Failed::Here(message)
    }
}

/// A part of a kernel under construction.
struct Build<'a> {
    compiler: &'a Compiler,
    lane: &'a Lane,
    scratch: &'a mut Scratch,
    listing: Option<&'a mut Listing>,
    start: Instant,
}

/// A function, and what it consists of and reads.
struct Defined {
    function: FuncId,
    size: usize,
    memory: Memory,
    constants: Constants,
}

impl Build<'_> {
    fn driver(mut self, effort: Effort) -> Result<DriverCode, Failed> {
        let (compiler, lane) = (self.compiler, self.lane);
        if effort == Effort::Quick
            && let Some(script) = Script::of_glue(lane)
        {
            if let Some(listing) = &mut self.listing {
                let followed = "; driver is not compiled but followed: see the lane program\n\n";
                listing.clif.push_str(followed);
                listing.asm.push_str(followed);
            }
            let body = DriverBody::Followed(script);
            return Ok(DriverCode { body, interpreted: false, made: Made::nothing(effort) });
        }
        // There is no moment at which a loop could go on in better code: it gets it at once.
        let (isa, effort) = match has_plain_loops(&lane.driver) {
            true => (&compiler.plain_loops, Effort::Thorough),
            false => (compiler.isa_of(effort), effort),
        };
        let calls = if calls_host_rarely(&lane.driver) { Some(compiler.rare_calls()?) } else { None };
        let signature = driver::signature(compiler.traits.pointer, isa.default_call_conv());
        let emit = |function: Function<'_>| driver::emit(function, calls.as_deref());
        let mut defined = self.define("driver", isa, signature, count_constants(&lane.driver), emit)?;
        let body = DriverBody::Compiled(defined.memory.driver(defined.function));
        Ok(DriverCode { body, interpreted: false, made: self.made(defined, effort, calls) })
    }

    fn region(mut self, id: RegionId, effort: Effort) -> Result<RegionCode, Failed> {
        let (compiler, region) = (self.compiler, &self.lane.regions[id]);
        // Serial code runs once a call: it is in good code from the start or never.
        let effort = if region.walk == Walk::Once { Effort::Thorough } else { effort };
        let calls = if calls_host(&region.code.body) { Some(compiler.rare_calls()?) } else { None };
        let (pointer, convention) = (compiler.traits.pointer, compiler.quick.default_call_conv());
        let (mut name, signature) = (id.to_string(), region::signature(pointer, convention));
        let (lane, options) = (self.lane, &compiler.options);
        let wide = compiler.isa.wide().map(|target| {
            let stub = calls.as_ref().map_or(0, |calls| calls.for_wide_code());
            guarded::<_, String>(|| (compiler.wide)(lane, region, target, effort, options, stub))
        });
        let narrower = match wide {
            Some(Ok(compiled)) => {
                let mut defined = self.define_wide(&name, signature, &compiled)?;
                let body = RegionBody::Compiled(defined.memory.region(defined.function));
                let (lanes, made) = (compiled.lanes, self.made(defined, effort, calls));
                return Ok(RegionCode { body, lanes, narrower: None, made });
            }
            Some(Err(reason)) => Some(reason),
            None => None,
        };
        if let Some(reason) = &narrower {
            let _ = write!(name, ", in registers of 128 bits, because of a failure of ours: {reason}");
        }
        let plan = Plan::new(region, effort, options.lanes);
        // The order of the instructions of scalar code is nobody's plan.
        let isa = match (region.walk.is_scalar(), effort) {
            (true, Effort::Thorough) => &compiler.plain_loops,
            _ => compiler.isa_of(effort),
        };
        let emit = |function: Function<'_>| region::emit(function, region, &plan, calls.as_deref());
        let mut defined = self.define(&name, isa, signature, count_constants(&region.code), emit)?;
        let body = RegionBody::Compiled(defined.memory.region(defined.function));
        let (lanes, made) = (plan.lanes, self.made(defined, effort, calls));
        Ok(RegionCode { body, lanes, narrower, made })
    }

    fn made(&self, defined: Defined, effort: Effort, rare_calls: Option<Arc<RareCalls>>) -> Made {
        let Defined { size, memory, constants, .. } = defined;
        let (time, memory) = (self.start.elapsed(), Some(memory));
        Made { effort, size, time, _memory: memory, _rare_calls: rare_calls, _constants: constants }
    }

    /// Memory for one function.
    fn memory(&self, isa: &OwnedTargetIsa) -> Memory {
        let mut builder = JITBuilder::with_isa(isa.clone(), default_libcall_names());
        if self.compiler.needs_libcalls {
            libcalls::provide(&mut builder);
        }
        Memory::new(JITModule::new(builder))
    }

    /// Emits a function by way of Cranelift.
    fn define(
        &mut self,
        name: &str,
        isa: &OwnedTargetIsa,
        signature: clif::Signature,
        constants: usize,
        emit: impl FnOnce(Function<'_>),
    ) -> Result<Defined, Failed> {
        let (mut memory, mut constants) = (self.memory(isa), Constants::new(constants));
        let module = memory.module();
        let function = module.declare_anonymous_function(&signature).map_err(|error| error.to_string())?;
        let Scratch { context, builder } = &mut *self.scratch;
        context.func.signature = signature;
        context.set_disasm(self.listing.is_some());
        emit(Function {
            builder: FunctionBuilder::new(&mut context.func, builder),
            lane: self.lane,
            constants: &mut constants,
            traits: self.compiler.traits,
            config: isa.frontend_config(),
        });
        // The module's own way would take its instruction set, which is one for all.
        context.compile(&**isa, &mut Default::default()).map_err(|error| format!("{error:?}"))?;
        let compiled = context.compiled_code().expect("it has just been compiled");
        let relocations: Vec<ModuleReloc> = (compiled.buffer.relocs().iter())
            .map(|relocation| ModuleReloc::from_mach_reloc(relocation, &context.func, function))
            .collect();
        let (alignment, code) = (compiled.buffer.alignment as u64, compiled.code_buffer());
        let size = code.len();
        module.define_function_bytes(function, alignment, code, &relocations).map_err(Failed::of_module)?;
        if let Some(listing) = &mut self.listing {
            let asm = compiled.vcode.as_deref().unwrap_or_default();
            write!(listing.clif, "; {name}\n{}\n", context.func.display()).expect("strings take all");
            write!(listing.asm, "; {name}\n{asm}\n").expect("strings take all");
        }
        module.finalize_definitions().map_err(Failed::of_module)?;
        module.clear_context(context);
        Ok(Defined { function, size, memory, constants })
    }

    /// Places a function that the wide emitter made.
    fn define_wide(
        &mut self,
        name: &str,
        signature: clif::Signature,
        compiled: &wide::Compiled,
    ) -> Result<Defined, Failed> {
        let mut memory = self.memory(&self.compiler.quick);
        let module = memory.module();
        let function = module.declare_anonymous_function(&signature).map_err(|error| error.to_string())?;
        module.define_function_bytes(function, 64, &compiled.bytes, &[]).map_err(Failed::of_module)?;
        module.finalize_definitions().map_err(Failed::of_module)?;
        if let Some(listing) = &mut self.listing {
            let isa = self.compiler.isa;
            writeln!(listing.clif, "; {name} is not Cranelift's: see its instructions, {isa}\n")
                .expect("strings take all");
            write!(listing.asm, "; {name}, {isa}\n{}\n", wide::disassemble(compiled))
                .expect("strings take all");
        }
        Ok(Defined { function, size: compiled.bytes.len(), memory, constants: Constants::new(0) })
    }
}

/// Compiles a kernel for an instruction set that this processor need not have, has every checker look at it, and throws
/// the code away: what the checkers say is all that can be known of code that cannot be run. A region that the wide
/// emitter cannot compile is an error here, where [`Compiler::compile`] falls back to 128 bits.
///
/// For tests. To check a program on all that there is:
///
/// ```no_run
/// # fn check(lane: &parfuse_ir::lane::Lane) -> Result<(), parfuse_codegen::CompileError> {
/// use parfuse_codegen::{Effort, Isa, verify};
///
/// for isa in Isa::ALL {
///     for effort in [Effort::Quick, Effort::Thorough] {
///         verify(lane, isa, effort)?;
///     }
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// What a checker or a code generator says, as [`CompileError::Backend`].
pub fn verify(lane: &Lane, isa: Isa, effort: Effort) -> Result<(), CompileError> {
    let options = Options { isa, verify: true, ..Options::default() };
    let Some(target) = isa.wide() else {
        return Compiler::new(options)?.compile(lane, effort).map(|_| ());
    };
    for (id, region) in lane.regions.iter() {
        guarded(|| wide::compile(lane, region, target, effort, &options, 0)).map_err(|message: String| {
            CompileError::Backend {
                message: format!("{id}, {isa}, {effort:?}: {message}"),
                clif: String::new(),
            }
        })?;
    }
    Ok(())
}

/// Compiles. A panic of a code generator is an error like others: it must not take the process's work along.
fn guarded<T, E: From<String>>(compile: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    catch_unwind(AssertUnwindSafe(compile)).unwrap_or_else(|panic| {
        let message = match (panic.downcast_ref::<String>(), panic.downcast_ref::<&str>()) {
            (Some(message), _) => message.clone(),
            (None, Some(message)) => (*message).to_owned(),
            (None, None) => "panic".to_owned(),
        };
        Err(message.into())
    })
}

fn shared_flags(options: &Options, effort: Effort, optimise: bool) -> settings::Flags {
    let mut flags = settings::builder();
    let register_allocation = match effort {
        Effort::Quick => "single_pass",
        Effort::Thorough => "backtracking",
    };
    let verifier = if options.verify { "true" } else { "false" };
    for (name, value) in [
        // The order of a region's instructions is ours: the optimiser would undo the interleaving.
        ("opt_level", if optimise { "speed" } else { "none" }),
        ("enable_alias_analysis", if optimise { "true" } else { "false" }),
        ("enable_verifier", verifier),
        ("regalloc_algorithm", register_allocation),
        ("unwind_info", "false"),
        ("is_pic", "false"),
        ("use_colocated_libcalls", "false"),
    ] {
        flags.set(name, value).expect("these settings exist");
    }
    settings::Flags::new(flags)
}

fn count_constants(code: &parfuse_ir::lane::Code) -> usize {
    code.values.iter().filter(|(_, data)| matches!(data.inst, Inst::Const(_))).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KERNEL: &str = "lane sums params 1 frame 6 {
  buffer b0 a: f64[unit] is p0 at 2
  driver {
    v0: i64 = dim b0, 0
    slot 5 = v0
    launch r0
  }
  region r0 extents [5] fine {
    prologue {
    }
    body {
      v0: f64 lanes = load b0[0i64 + lanes]
      v1: f64 lanes = fmul v0, v0
      store b0[0i64 + lanes], v1
    }
  }
}
";

    #[test]
    fn regions_that_the_wide_emitter_fails_at_are_made_of_128_bits() {
        let lane = Lane::parse(KERNEL).unwrap();
        let failing: [Wide; 2] =
            [|_, _, _, _, _, _| Err("no room".to_owned()), |_, _, _, _, _, _| panic!("no {}", "room")];
        for (isa, wide) in
            [Isa::Avx2, Isa::Avx512].into_iter().flat_map(|isa| failing.map(|wide| (isa, wide)))
        {
            let mut compiler = Compiler::new(Options::default()).unwrap();
            (compiler.isa, compiler.wide) = (isa, wide);
            for effort in [Effort::Quick, Effort::Thorough] {
                let code = compiler.compile(&lane, effort).unwrap();
                assert_eq!(code.regions[0].narrower(), Some("no room"));
            }
            let asm = compiler.listing(&lane, Effort::Thorough).unwrap().asm;
            assert!(
                asm.contains("r0, in registers of 128 bits, because of a failure of ours: no room"),
                "{asm}"
            );
        }
    }

    #[test]
    fn code_is_verified_for_processors_that_are_not_there() {
        let lane = Lane::parse(KERNEL).unwrap();
        for isa in Isa::ALL {
            verify(&lane, isa, Effort::Quick).unwrap();
            verify(&lane, isa, Effort::Thorough).unwrap();
        }
    }
}
