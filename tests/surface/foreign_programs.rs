//! Programs that no tracer made: what safe code can hand in by the public traits ends in an error, never in memory.

use ndarray::Array1;
use parfuse::__private::{Binder, Function, Program};
use parfuse::prelude::*;
use parfuse::{Error, Isa, KernelFunction, Returned, TraceError, Variant};

fn parsed(text: &str) -> Program {
    Program::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// Says that an `f64` is an element of an array of `f32`.
enum Liar {}

impl KernelFunction for Liar {
    const NAME: &'static str = "liar";
    fn trace() -> Result<Program, TraceError> {
        Ok(parsed("program liar(n: usize, x: f64) -> [f32; 1] { v2: [f32; 1] = fill[n] x return v2 }"))
    }
}

#[track_caller]
fn is_refused(kernel: &Kernel, result: Result<impl Sized, Error>) {
    let Err(Error::Compile(message)) = result else { panic!("a program that is not well-formed runs") };
    assert!(message.contains("is not well-formed"), "{message}");
    assert!(kernel.explain().is_err() && kernel.asm().is_err() && kernel.lane().is_err());
}

#[test]
fn a_hand_made_kernel_function_cannot_lie_about_types() {
    for isa in [Isa::Baseline, Isa::best()] {
        let engine = Engine::builder().threads(1).isa(isa).build().unwrap();
        let kernel = engine.kernel::<Liar>();
        is_refused(&kernel, kernel.serial::<Array1<f32>>((1000usize, 1.0)));
        is_refused(&kernel, kernel.parallel::<Array1<f32>>((1000usize, 1.0)));
        is_refused(
            &kernel,
            engine.install(|| {
                let function = Function::of::<Liar>();
                <f64 as Returned>::call(&function, Variant::Serial, &mut Binder::default())
            }),
        );
    }
}

#[test]
fn programs_are_verified_however_they_get_in() {
    let engine = Engine::builder().threads(1).build().unwrap();
    for text in [
        "program p(n: usize) -> [f64; 7] { v1: [f64; 7] = fill[n, n, n, n, n, n, n] 1.0f64 return v1 }",
        "program p(a: [f64; 1]) -> f64 { v1: f64 = index a[] return v1 }",
        "program p(a: [f64; 1], i: i32) -> f64 { v2: f64 = index a[i] return v2 }",
        "program p(a: [f64; 1]) -> [f64; 2] { v1: [f64; 2] = copy a return v1 }",
    ] {
        // Some the parser refuses already.
        let Ok(program) = Program::parse(text) else { continue };
        let kernel = engine.kernel_of(program);
        is_refused(&kernel, kernel.serial::<f64>(()));
    }
}
