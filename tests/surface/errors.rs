//! What errors say to people: in `Display`, and in `Debug`, which is what `unwrap` and `main` print.

use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2};
use parfuse::prelude::*;
use parfuse::{AllocationError, Engine, Isa};

#[kernel]
fn last_of_each(bins: &ArrayRef1<usize>, n: usize) -> Array1<i64> {
    let mut counts = Array1::zeros(n);
    for i in prange(0..bins.len()) {
        counts[bins[i]] = i as i64;
    }
    counts
}

#[test]
fn debug_prints_the_message_with_place_and_advice() {
    let engine = Engine::new().unwrap();
    let race = last_of_each::serial(&Array1::zeros(3), 3).unwrap_err();
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

#[kernel]
fn three_mistakes(labels: &ArrayRef1<usize>, x: &ArrayRef1<f64>, k: usize) -> (Array1<f64>, f64) {
    let mut sums = Array1::zeros(k);
    let mut last = 0.0;
    for i in prange(0..x.len()) {
        sums[labels[i] / 2] = x[i];
        last = x[i];
    }
    for i in prange(0..x.len()) {
        sums[0] = x[i];
    }
    (sums, last)
}

#[test]
fn a_check_finds_all_mistakes_without_arguments() {
    assert_eq!(histogram_of_rows::kernel().check(), Ok(()));
    let error = three_mistakes::kernel().check().unwrap_err();
    let Error::Several(errors) = &error else { panic!("{error}") };
    let concerned = errors.iter().map(|error| match error {
        Error::PossibleRace { array, .. } => array.as_str(),
        Error::NotAReduction { variable, .. } => variable.as_str(),
        other => panic!("{other}"),
    });
    assert_eq!(concerned.collect::<Vec<_>>(), ["sums", "last", "sums"]);
    assert_eq!(error.to_string().lines().count(), 3, "{error}");
    let called = three_mistakes::parallel(&Array1::zeros(3), &Array1::zeros(3), 3).unwrap_err();
    assert_eq!(called, error, "a call says the same");
}

#[test]
fn a_check_compiles_nothing() {
    let engine = Engine::new().unwrap();
    let kernel = engine.kernel::<histogram_of_rows>();
    kernel.check().unwrap();
    assert_eq!(engine.compilations(), 0);
    let one = engine.trace("one", |t| t.scalar::<f64>("x") + 1.0).unwrap();
    one.check().unwrap();
    assert_eq!(engine.compilations(), 0);
}

#[kernel]
fn histogram_of_rows(bins: &ArrayRef2<usize>, n: usize) -> Array2<i64> {
    let (rows, columns) = bins.dim();
    let mut counts = Array2::zeros((rows, n));
    for i in prange(0..rows) {
        for j in 0..columns {
            counts[[i, bins[[i, j]]]] += 1;
        }
    }
    counts
}
