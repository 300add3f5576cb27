//! What became of a kernel: `explain`, and the text of every stage.
//!
//! ```text
//! program()   what the function says: whole arrays
//! loops()     fused loops over elements
//! lane()      vectors, one program per parallel loop
//! clif()      the code generator's input
//! asm()       machine code
//! ```
//!
//! `cargo run --release --example 07_explain`

use ndarray::{Array1, ArrayRef1};
use parfuse::prelude::*;

/// Numbers with mean zero and variance one.
#[kernel]
fn standardise(samples: &ArrayRef1<f64>) -> Array1<f64> {
    let n = samples.len() as f64;
    let mean = samples.sum() / n;
    let centred = samples - mean;
    let variance = (&centred * &centred).sum() / n;
    centred / variance.sqrt()
}

fn main() -> Result<(), Error> {
    let samples = Array1::linspace(0.0, 10.0, 100_000);
    let standardised = standardise::parallel(&samples)?;
    assert!(standardised.sum().abs() < 1e-6);

    // A report to read …
    let kernel = standardise::kernel();
    let explanation = kernel.explain()?;
    println!("{explanation}");
    // … and to test. There are three passes over memory, as each total is needed before the next pass begins;
    // the squares are never stored.
    assert_eq!(explanation.regions.len(), 3);
    assert!(explanation.regions.iter().all(|region| region.lanes > 1));
    assert_eq!(explanation.arrays_contracted, ["mul"]);
    assert!(explanation.refusals.iter().any(|refusal| refusal.reason.contains("total")));

    // The stages, each a small language with a text of its own.
    for (stage, text) in [
        ("program", kernel.program()?),
        ("loops", kernel.loops()?),
        ("lane", kernel.lane()?),
        ("clif", kernel.clif()?),
        ("asm", kernel.asm()?),
    ] {
        assert!(!text.is_empty());
        println!("--- {stage}: {} lines, beginning with", text.lines().count());
        text.lines().take(6).for_each(|line| println!("{line}"));
    }
    Ok(())
}
