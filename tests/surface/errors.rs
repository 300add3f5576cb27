//! What errors say to people: in `Display`, and in `Debug`, which is what `unwrap` and `main` print.

use ndarray::{Array1, ArrayRef1};
use parfuse::prelude::*;
use parfuse::{AllocationError, Engine, Isa};

#[kernel]
fn histogram(bins: &ArrayRef1<usize>, n: usize) -> Array1<i64> {
    let mut counts = Array1::zeros(n);
    for i in prange(0..bins.len()) {
        counts[bins[i]] += 1;
    }
    counts
}

#[test]
fn debug_prints_the_message_with_place_and_advice() {
    let engine = Engine::new().unwrap();
    let race = histogram::serial(&Array1::zeros(3), 3).unwrap_err();
    let mistakes = engine.trace("mistakes", |t| t.scalar::<f64>("x") + t.scalar::<i64>("n")).unwrap_err();
    let Error::Trace(trace) = &mistakes else { panic!("{mistakes}") };
    let count =
        engine.trace("one", |t| t.scalar::<f64>("x") + 1.0).unwrap().serial::<f64>((1.0, 2.0)).unwrap_err();
    let said = [
        (format!("{race:?}"), race.to_string()),
        (format!("{mistakes:?}"), mistakes.to_string()),
        (format!("{trace:?}"), trace.to_string()),
        (format!("{count:?}"), count.to_string()),
        (format!("{:?}", AllocationError::TooLarge), AllocationError::TooLarge.to_string()),
    ];
    for (debug, display) in &said {
        assert_eq!(debug, display);
    }
    assert!(said[0].0.contains("errors.rs:11:"), "{}", said[0].0);
    assert!(said[1].0.contains("convert one"), "{}", said[1].0);
    let unknown = "sse".parse::<Isa>().unwrap_err();
    assert_eq!(format!("{unknown:?}"), unknown.to_string());
}
