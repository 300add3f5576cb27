//! Programs that no tracer made: what safe code can hand in by the public traits ends in an error, never in memory.

use ndarray::{Array1, array};
use parfuse::__private::{Argument, At, Binder, Function, Traced};
use parfuse::prelude::*;
use parfuse::{Error, Isa, KernelFunction, Math, Method, Returned, Variant};
use parfuse_ir::program::Program;

/// Says that it returns an array of `f32`, and makes one of `f64`.
enum Liar {}

impl KernelFunction for Liar {
    const NAME: &'static str = "liar";
    fn traced() -> &'static Traced {
        &Traced {
            name: "liar",
            math: Math::Strict,
            checked: false,
            params: &[("n", <usize as Argument>::KIND), ("x", <f64 as Argument>::KIND)],
            results: <Array1<f32> as Returned>::kinds,
            place: At::NONE,
            body: |t, given, _| t.full::<f64>(&given[..1], given[1]),
        }
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
        let function = Function::of::<Liar>();
        let results = [
            kernel.serial::<Array1<f32>>((1000usize, 1.0)).map(drop),
            kernel.parallel::<Array1<f64>>((1000usize, 1.0)).map(drop),
            engine
                .install(|| <f64 as Returned>::call(&function, Variant::Serial, &mut Binder::default()))
                .map(drop),
        ];
        for result in results {
            let Err(Error::Trace(error)) = result else { panic!("{result:?}") };
            assert!(error.to_string().contains("is declared to return Array1<f32>"), "{error}");
        }
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

#[test]
fn it_takes_unsafe_code_to_promise_that_iterations_do_not_meet() {
    let engine = Engine::builder().threads(1).build().unwrap();
    let text = "program p(mut a: [f64; 1], n: usize) {
        var x0 a: [f64; 1] is p0
        prange v2: usize in 0usize..n step 1usize assumed { store x0[0usize], 1.0f64 }
    }";
    let program = Program::parse(text).unwrap();
    assert!(program.verify().is_ok() && program.promises());
    let kernel = engine.kernel_of(program);
    is_refused(&kernel, kernel.serial::<()>((&mut array![1.0], 1usize)));

    let promised = engine.trace("promised", |t| {
        let (a, n) = (t.array_mut::<f64>("a", 1), t.scalar::<usize>("n"));
        let range = t.method(t.prange_of((0, n)), Method::assume_disjoint, &[], At::NONE);
        t.prange(range, |_, _| a.store(&[t.value(0usize)], 1.0));
        t.unit()
    });
    let Err(Error::Trace(error)) = promised else { panic!("{promised:?}") };
    assert!(error.to_string().contains("write it in an `unsafe` block"), "{error}");
}
