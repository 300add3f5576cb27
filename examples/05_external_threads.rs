//! One kernel, several threads of the program: kernels are `Send + Sync`, calls need no lock.
//!
//! ```text
//! thread 1 ──► kernel.serial(…)   ┐
//! thread 2 ──► kernel.serial(…)   ├── one compiled kernel
//! thread 3 ──► kernel.parallel(…) ┘   the engine's pool joins in here
//! ```
//!
//! `cargo run --release --example 05_external_threads`

use ndarray::{Array1, ArrayRef1, Axis};
use parfuse::prelude::*;
use std::thread;

#[kernel]
fn energy(amplitudes: &ArrayRef1<f64>, frequency: f64) -> f64 {
    (amplitudes * frequency).powi(2).sum() / 2.0
}

fn main() -> Result<(), Error> {
    let amplitudes = Array1::linspace(0.0, 1.0, 80_000);
    let expected = energy::serial(&amplitudes, 3.0)?;

    // The same call from several threads gives the same bits on each, compiled variant or pool notwithstanding.
    thread::scope(|scope| {
        let callers: Vec<_> = (0..4)
            .map(|i| {
                let amplitudes = &amplitudes;
                scope.spawn(move || {
                    if i % 2 == 0 {
                        energy::serial(amplitudes, 3.0)
                    } else {
                        energy::parallel(amplitudes, 3.0)
                    }
                })
            })
            .collect();
        for caller in callers {
            assert_eq!(caller.join().expect("no call panics"), Ok(expected));
        }
    });

    // A program with threads of its own gives each a part, and lets it run the serial code there.
    let parts: Result<Vec<f64>, Error> = thread::scope(|scope| {
        let callers: Vec<_> = amplitudes
            .axis_chunks_iter(Axis(0), 20_000)
            .map(|part| scope.spawn(move || energy::serial(&part, 3.0)))
            .collect();
        callers.into_iter().map(|caller| caller.join().expect("no call panics")).collect()
    });
    let total: f64 = parts?.iter().sum();
    println!("the energy is {total:.6} in parts and {expected:.6} at once");
    assert!((total - expected).abs() < 1e-9 * expected);

    // A handle can be sent away too. It belongs to one engine; dropping the engine first is fine.
    let engine = Engine::builder().threads(2).build()?;
    let kernel = engine.kernel::<energy>();
    drop(engine);
    let sent = thread::spawn(move || kernel.parallel::<f64>((&Array1::<f64>::ones(10), 2.0)));
    assert_eq!(sent.join().expect("no call panics")?, 20.0);
    Ok(())
}
