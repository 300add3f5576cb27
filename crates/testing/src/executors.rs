//! The executors, each as a function from a program and its arguments to what can be seen of the run.

use crate::agreement::{Seen, seen};
use crate::arguments::{dynamic, plain};
use crate::properties::failure;
use parfuse::{CallOptions, CancelToken, Engine, Isa, Kernel, Variant, with_seed};
use parfuse_interp::{Value, run_lane, run_loops, run_program};
use parfuse_ir::loops::{Layout, Loops};
use parfuse_ir::program::Program;
use parfuse_ir::random::seed_key;
use parfuse_passes::pipeline::Options;
use parfuse_passes::{
    divide_in_floats, invert_divisors, lower_arrays, optimize, private_totals, structure_exits, track_best,
    unordered_extremes, vectorize,
};

/// The interpreter of Program.
pub fn program_interpreter(program: &Program, arguments: &[Value], seed: u64) -> Seen {
    seen(program, run_program(program, arguments, seed_key(seed)))
}

/// The interpreter of Loops, on loops as they are lowered, whose iterations are independent.
pub fn loops_interpreter(program: &Program, arguments: &[Value], seed: u64) -> Seen {
    seen(program, run_loops(&lowered(program, arguments), arguments, seed_key(seed)))
}

/// The interpreter of Lane, computing so many elements at once.
pub fn lane_interpreter(program: &Program, arguments: &[Value], seed: u64, lanes: usize) -> Seen {
    let mut loops = lowered(program, arguments);
    optimize(&mut loops, &Options::default());
    let mut lane = vectorize(&loops);
    let _ = divide_in_floats(&mut lane);
    let _ = invert_divisors(&mut lane);
    seen(program, run_lane(&lane, arguments, seed_key(seed), lanes))
}

/// Compiled code that uses some instructions of this processor.
///
/// # Panics
/// If the kernel does not compile.
pub fn compiled(program: &Program, arguments: &[Value], seed: u64, isa: Isa, variant: Variant) -> Seen {
    let builder = Engine::builder().threads(2).isa(isa).thorough(variant == Variant::Parallel);
    let engine = builder.build().expect("this machine is supported");
    let kernel = engine.kernel_of(program.clone());
    // Some in code that looks whether to stop, which must not matter.
    let token = CancelToken::new();
    let options = if seed.is_multiple_of(3) { CallOptions::new().cancel(&token) } else { CallOptions::new() };
    called(&kernel, program, arguments, seed, &options, variant)
}

/// Compiled code in a call of these options.
///
/// # Panics
/// If the kernel does not compile.
pub fn called(
    kernel: &Kernel,
    program: &Program,
    arguments: &[Value],
    seed: u64,
    options: &CallOptions<'_>,
    variant: Variant,
) -> Seen {
    let mut bound: Vec<_> = arguments.iter().map(dynamic).collect();
    let run = || kernel.with(options).run_dynamic(variant, &mut bound);
    match with_seed(seed, run) {
        Ok(results) => {
            let written = bound.iter().zip(&program.params).filter(|(_, param)| param.mutable);
            Ok(results.iter().chain(written.map(|(array, _)| array)).flat_map(plain).collect())
        }
        Err(error) => Err(failure(&error).unwrap_or_else(|error| panic!("{error}\n{program}"))),
    }
}

/// The layout of an argument of an interpreter.
pub fn layout(argument: &Value) -> Option<Layout> {
    match argument {
        Value::Scalar(_) => None,
        Value::Array(array) => Some(Layout::row_major(&array.shape)),
    }
}

fn lowered(program: &Program, arguments: &[Value]) -> Loops {
    let layouts: Vec<Option<Layout>> = arguments.iter().map(layout).collect();
    let mut structured = program.clone();
    let _ = structure_exits(&mut structured);
    let _ = track_best(&mut structured);
    let _ = unordered_extremes(&mut structured);
    let lowered = lower_arrays(&structured, &layouts);
    let mut loops = lowered.unwrap_or_else(|rejection| panic!("{rejection}\n{program}"));
    let _ = private_totals(&mut loops);
    loops
}
