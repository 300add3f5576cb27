//! The compiler: a processor's instruction set, ready to compile kernels from any thread.

use crate::code::{Code, DriverCode, Listing, RegionBody, RegionCode};
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
use parfuse_ir::lane::{Inst, Lane, Region, Walk};
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

    /// Compiles a kernel.
    pub fn compile(&self, lane: &Lane, effort: Effort) -> Result<Code, CompileError> {
        self.build(lane, effort, None)
    }

    /// The kernel's functions as text.
    pub fn listing(&self, lane: &Lane, effort: Effort) -> Result<Listing, CompileError> {
        let mut listing = Listing::default();
        self.build(lane, effort, Some(&mut listing))?;
        Ok(listing)
    }

    fn build(
        &self,
        lane: &Lane,
        effort: Effort,
        mut listing: Option<&mut Listing>,
    ) -> Result<Code, CompileError> {
        let start = Instant::now();
        if listing.is_none() && (self.options.interpret || self.refused.load(Ordering::Relaxed)) {
            return Ok(Code::followed(lane, effort));
        }
        let mut scratch = SCRATCH.try_with(RefCell::take).ok().flatten().unwrap_or_else(|| {
            Box::new(Scratch { context: Context::new(), builder: FunctionBuilderContext::new() })
        });
        // Half-done state of a compilation that panicked is dropped.
        let error = match guarded(|| self.build_all(lane, effort, &mut scratch, &mut listing)) {
            Ok(mut code) => {
                // A thread that ends keeps none.
                let _ = SCRATCH.try_with(|kept| kept.replace(Some(scratch)));
                code.compile_time = start.elapsed();
                return Ok(code);
            }
            Err(Failed::Refused) => {
                // Policies of a process do not change: it need not be tried for each kernel.
                self.refused.store(true, Ordering::Relaxed);
                return Ok(Code::followed(lane, effort));
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

    fn build_all(
        &self,
        lane: &Lane,
        effort: Effort,
        scratch: &mut Scratch,
        listing: &mut Option<&mut Listing>,
    ) -> Result<Code, Failed> {
        let isa = self.isa_of(effort);
        let mut builder = JITBuilder::with_isa(isa.clone(), default_libcall_names());
        if self.needs_libcalls {
            libcalls::provide(&mut builder);
        }
        let mut build = Build {
            compiler: self,
            lane,
            scratch,
            listing: listing.as_deref_mut(),
            memory: Memory::new(JITModule::new(builder)),
            constants: Constants::new(count_constants(lane)),
            code_size: 0,
        };
        let (pointer, convention) = (self.traits.pointer, isa.default_call_conv());
        let script = if effort == Effort::Quick { Script::of_simple_driver(lane) } else { None };
        // There is no moment at which a loop could go on in better code: it gets it at once.
        let plain_loops = has_plain_loops(&lane.driver);
        let driver_isa = if plain_loops { &self.plain_loops } else { isa };
        let regions_call = lane.regions.iter().any(|(_, region)| calls_host(&region.code.body));
        let driver_calls = script.is_none() && calls_host_rarely(&lane.driver);
        let rare_calls = if driver_calls || regions_call { Some(self.rare_calls()?) } else { None };
        let driver = match script {
            Some(script) => {
                if let Some(listing) = &mut build.listing {
                    let followed = "; driver is not compiled but followed: see the lane program

";
                    listing.clif.push_str(followed);
                    listing.asm.push_str(followed);
                }
                Err(script)
            }
            None => {
                let signature = driver::signature(pointer, convention);
                let calls = rare_calls.as_deref().filter(|_| driver_calls);
                let emit = |function: Function<'_>| driver::emit(function, calls);
                Ok(build.define("driver", driver_isa, signature, emit)?)
            }
        };
        let mut regions = Vec::new();
        for (id, region) in lane.regions.iter() {
            let (name, signature) = (id.to_string(), region::signature(pointer, convention));
            // Serial code runs once a call: it is in good code from the start or never.
            let effort = if region.walk == Walk::Once { Effort::Thorough } else { effort };
            let wide = self.isa.wide().map(|target| {
                let stub = rare_calls.as_ref().map_or(0, |calls| calls.for_wide_code());
                guarded::<_, String>(|| (self.wide)(lane, region, target, effort, &self.options, stub))
            });
            let narrower = match wide {
                Some(Ok(compiled)) => {
                    regions.push((build.define_wide(&name, signature, &compiled)?, compiled.lanes, None));
                    continue;
                }
                Some(Err(reason)) => Some(reason),
                None => None,
            };
            let name = match &narrower {
                Some(reason) => {
                    format!("{name}, in registers of 128 bits, because of a failure of ours: {reason}")
                }
                None => name,
            };
            let plan = Plan::new(region, effort, self.options.lanes);
            let calls = rare_calls.as_deref();
            let emit = |function: Function<'_>| region::emit(function, region, &plan, calls);
            // The order of the instructions of scalar code is nobody's plan.
            let isa = match (region.walk.is_scalar(), effort) {
                (true, Effort::Thorough) => &self.plain_loops,
                _ => self.isa_of(effort),
            };
            regions.push((build.define(&name, isa, signature, emit)?, plan.lanes, narrower));
        }
        let once = |(_, region): (_, &Region)| region.walk == Walk::Once;
        let has_serial_code = plain_loops || !lane.regions.is_empty();
        let only_serial = has_serial_code && lane.regions.iter().all(once);
        let Build { mut memory, constants, code_size, .. } = build;
        memory.module().finalize_definitions().map_err(Failed::of_module)?;
        Ok(Code {
            driver: match driver {
                Ok(function) => DriverCode::Compiled(memory.driver(function)),
                Err(script) => DriverCode::Followed(script),
            },
            regions: regions
                .into_iter()
                .map(|(id, lanes, narrower)| RegionCode {
                    body: RegionBody::Compiled(memory.region(id)),
                    lanes,
                    narrower,
                })
                .collect(),
            effort: if only_serial { Effort::Thorough } else { effort },
            code_size,
            compile_time: std::time::Duration::ZERO,
            _memory: Some(memory),
            _rare_calls: rare_calls,
            _constants: constants,
        })
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

/// A kernel's code under construction.
struct Build<'a> {
    compiler: &'a Compiler,
    lane: &'a Lane,
    scratch: &'a mut Scratch,
    listing: Option<&'a mut Listing>,
    memory: Memory,
    constants: Constants,
    code_size: usize,
}

impl Build<'_> {
    /// Emits a function by way of Cranelift.
    fn define(
        &mut self,
        name: &str,
        isa: &OwnedTargetIsa,
        signature: clif::Signature,
        emit: impl FnOnce(Function<'_>),
    ) -> Result<FuncId, Failed> {
        let module = self.memory.module();
        let id = module.declare_anonymous_function(&signature).map_err(|error| error.to_string())?;
        let Scratch { context, builder } = &mut *self.scratch;
        context.func.signature = signature;
        context.set_disasm(self.listing.is_some());
        emit(Function {
            builder: FunctionBuilder::new(&mut context.func, builder),
            lane: self.lane,
            constants: &mut self.constants,
            traits: self.compiler.traits,
            config: isa.frontend_config(),
        });
        // The module's own way would take its instruction set, which is one for all.
        context.compile(&**isa, &mut Default::default()).map_err(|error| format!("{error:?}"))?;
        let compiled = context.compiled_code().expect("it has just been compiled");
        let relocations: Vec<ModuleReloc> = (compiled.buffer.relocs().iter())
            .map(|relocation| ModuleReloc::from_mach_reloc(relocation, &context.func, id))
            .collect();
        let (alignment, code) = (compiled.buffer.alignment as u64, compiled.code_buffer());
        module.define_function_bytes(id, alignment, code, &relocations).map_err(Failed::of_module)?;
        if let (Some(code), Some(listing)) = (context.compiled_code(), &mut self.listing) {
            let asm = code.vcode.as_deref().unwrap_or_default();
            write!(listing.clif, "; {name}\n{}\n", context.func.display()).expect("strings take all");
            write!(listing.asm, "; {name}\n{asm}\n").expect("strings take all");
        }
        self.code_size += context.compiled_code().map_or(0, |code| code.code_buffer().len());
        module.clear_context(context);
        Ok(id)
    }

    /// Places a function that the wide emitter made.
    fn define_wide(
        &mut self,
        name: &str,
        signature: clif::Signature,
        compiled: &wide::Compiled,
    ) -> Result<FuncId, Failed> {
        let module = self.memory.module();
        let id = module.declare_anonymous_function(&signature).map_err(|error| error.to_string())?;
        module.define_function_bytes(id, 64, &compiled.bytes, &[]).map_err(Failed::of_module)?;
        if let Some(listing) = &mut self.listing {
            let isa = self.compiler.isa;
            writeln!(listing.clif, "; {name} is not Cranelift's: see its instructions, {isa}\n")
                .expect("strings take all");
            write!(listing.asm, "; {name}, {isa}\n{}\n", wide::disassemble(compiled))
                .expect("strings take all");
        }
        self.code_size += compiled.bytes.len();
        Ok(id)
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

fn count_constants(lane: &Lane) -> usize {
    let constants = |code: &parfuse_ir::lane::Code| {
        code.values.iter().filter(|(_, data)| matches!(data.inst, Inst::Const(_))).count()
    };
    let regions = lane.regions.iter().map(|(_, region): (_, &Region)| constants(&region.code));
    constants(&lane.driver) + regions.sum::<usize>()
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
                assert_eq!(code.narrower(parfuse_ir::lane::RegionId(0)), Some("no room"));
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
