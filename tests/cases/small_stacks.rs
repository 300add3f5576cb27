//! Threads with little stack, and kernels whose blocks nest deep.

use ndarray::{Array1, ArrayRef1};
use parfuse::prelude::*;
use parfuse::{Tracer, Value};
use std::thread;

/// Runs something on a thread with so many KiB of stack.
fn with_stack<T: Send>(kibibytes: usize, work: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(kibibytes << 10);
        thread.spawn_scoped(scope, work).unwrap().join().unwrap()
    })
}

#[kernel]
fn waves(a: &ArrayRef1<f64>) -> f64 {
    let mut sum = 0.0;
    for i in prange(0..a.len()) {
        sum += (a[i].sin() * a[i].exp()).powf(1.5) / a[i].tanh();
    }
    sum
}

#[test]
fn kernels_are_compiled_on_any_stack() {
    let a = Array1::from_shape_fn(100_000, |i| 0.1 + i as f64 * 1e-5);
    let expected = Engine::new().unwrap().install(|| waves::serial(&a)).unwrap();
    with_stack(64, || {
        let engine = Engine::builder().threads(2).build().unwrap();
        // Quick code at first, thorough code in the midst of good calls.
        for _ in 0..8 {
            assert_eq!(engine.install(|| waves::serial(&a)), Ok(expected));
        }
        assert!(!engine.kernel::<waves>().explain().unwrap().to_string().is_empty());
    });
}

/// `if x > 0 { if x > 1 { … count += 1 … } }`.
fn nested<'t>(t: &'t Tracer, x: Value<'t>, count: Value<'t>, level: usize, levels: usize) {
    if level == levels {
        count.add(1i64);
        return;
    }
    t.when(x.gt(level as f64), || nested(t, x, count, level + 1, levels));
}

fn nest(engine: &Engine, levels: usize) -> Result<Kernel, Error> {
    engine.trace("nest", |t| {
        let n = t.scalar::<f64>("n");
        let count = t.var("count", 0i64);
        t.prange(..t.scalar::<i64>("m"), |t, _| nested(t, n, count, 0, levels));
        nested(t, n, count, 0, levels);
        count
    })
}

#[test]
fn blocks_nest_deep_on_any_stack() {
    for kibibytes in [64, 2048] {
        with_stack(kibibytes, || {
            let engine = Engine::builder().threads(1).build().unwrap();
            let kernel = nest(&engine, 200).unwrap();
            assert_eq!(kernel.serial((1e3, 5i64)), Ok(6i64));
            assert_eq!(kernel.serial((199.5, 5i64)), Ok(6i64));
            assert_eq!(kernel.serial((198.5, 5i64)), Ok(0i64));
            kernel.explain().unwrap();
            assert!(kernel.program().unwrap().len() > 200 && kernel.lane().unwrap().len() > 200);
        });
    }
}

#[test]
fn blocks_that_nest_too_deep_are_a_mistake() {
    for kibibytes in [64, 2048] {
        with_stack(kibibytes, || {
            let engine = Engine::builder().threads(1).build().unwrap();
            for levels in [1_000, 100_000] {
                let message = nest(&engine, levels).unwrap_err().to_string();
                assert!(message.contains("small_stacks.rs") && message.contains("256"), "{message}");
            }
        });
    }
}
