//! Engines: options, which one is current, kernels sent between threads and outliving their engine.

use ndarray::{Array1, ArrayRef1};
use parfuse::prelude::*;
use std::thread;

#[kernel]
fn spread(a: &ArrayRef1<f64>) -> f64 {
    let centred = a - a.sum() / a.len() as f64;
    (&centred * &centred).sum()
}

fn samples() -> Array1<f64> {
    Array1::from_shape_fn(50_000, |i| (i as f64 * 0.37).sin())
}

#[test]
fn options_change_no_result() {
    let expected = spread::serial(&samples()).unwrap();
    for (threads, fuse) in [(0, true), (1, true), (2, true), (5, false), (1, false)] {
        let engine = Engine::builder().threads(threads).fuse(fuse).build().unwrap();
        assert!(engine.threads() >= 1 && (threads == 0 || engine.threads() == threads));
        for variant in [Variant::Serial, Variant::Parallel] {
            let found = engine.kernel::<spread>().run(variant, (&samples(),));
            assert_eq!(found, Ok(expected), "{threads} threads, fuse: {fuse}");
        }
    }
}

#[test]
fn kernels_run_on_the_engine_installed_on_the_thread() {
    let (outer, inner) = (Engine::new().unwrap(), Engine::new().unwrap());
    outer.install(|| {
        spread::serial(&samples()).unwrap();
        assert_eq!((outer.compilations(), inner.compilations()), (1, 0));
        inner.install(|| spread::parallel(&samples()).unwrap());
        assert_eq!((outer.compilations(), inner.compilations()), (1, 1));
        spread::parallel(&samples()).unwrap();
        assert_eq!(outer.compilations(), 1);
        // Another thread has its own current engine.
        thread::scope(|scope| scope.spawn(|| spread::serial(&samples()).unwrap()).join().unwrap());
        assert_eq!((outer.compilations(), inner.compilations()), (1, 1));
    });
}

#[test]
fn a_scope_that_panics_leaves_the_engine() {
    let engine = Engine::new().unwrap();
    let panicked = std::panic::catch_unwind(|| engine.install(|| panic!("on purpose")));
    assert!(panicked.is_err());
    spread::serial(&samples()).unwrap();
    assert_eq!(engine.compilations(), 0);
}

#[test]
fn handles_are_shared_between_threads() {
    fn shared<T: Send + Sync + Clone>(_: &T) {}
    let engine = Engine::builder().threads(2).build().unwrap();
    let kernel = engine.kernel::<spread>();
    shared(&engine);
    shared(&kernel);
    let expected: f64 = kernel.serial((&samples(),)).unwrap();
    thread::scope(|scope| {
        for i in 0..6 {
            let kernel = &kernel;
            scope.spawn(move || {
                let variant = if i % 2 == 0 { Variant::Serial } else { Variant::Parallel };
                assert_eq!(kernel.run(variant, (&samples(),)), Ok(expected));
            });
        }
    });
    assert_eq!(engine.compilations(), 1);
}

#[test]
fn a_kernel_outlives_its_engine() {
    let kernel = Engine::builder().threads(2).build().unwrap().kernel::<spread>();
    let found: f64 = kernel.parallel((&samples(),)).unwrap();
    assert_eq!(kernel.threads(), 2);
    assert_eq!(Ok(found), thread::spawn(move || kernel.serial((&samples(),))).join().unwrap());
}
