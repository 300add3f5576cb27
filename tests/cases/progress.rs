//! How far a call has come, as other threads see it.

use ndarray::{Array1, ArrayRef1};
use parfuse::prelude::*;
use parfuse::{CallOptions, CancelToken, Progress};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

#[kernel]
fn slow(a: &ArrayRef1<f64>, rounds: i64) -> (Array1<f64>, f64) {
    let mut out = Array1::zeros(a.len());
    for i in prange(0..a.len()) {
        let mut x = a[i];
        for _ in 0..rounds {
            x = (x + 1.0).sqrt();
        }
        out[i] = x;
    }
    let mut total = 0.0;
    for i in prange(0..a.len()) {
        if i > 0 {
            total += out[i] * out[i - 1];
        }
    }
    (out, total)
}

/// Elements need those beside them, so that no two steps are one loop.
#[kernel]
fn steps(a: &ArrayRef1<f64>, count: usize) -> Array1<f64> {
    let mut now = a.to_owned();
    for _ in 0..count {
        let mut next = now.to_owned();
        for i in prange(1..now.len() - 1) {
            next[i] = 0.5 * (now[i - 1] + now[i + 1]).sin();
        }
        now = next;
    }
    now
}

#[test]
fn a_fraction_grows_from_nothing_to_one() {
    let a = Array1::from_elem(4000, 2.0);
    let expected = slow::serial(&a, 100).unwrap();
    for parallel in [false, true] {
        let (progress, ended) = (Progress::new(), AtomicBool::new(false));
        assert_eq!((progress.fraction(), progress.calls()), (None, 0));
        let options = CallOptions::new().progress(&progress);
        thread::scope(|scope| {
            let watcher = scope.spawn(|| {
                let mut seen = 0.0f64;
                while !ended.load(Ordering::Relaxed) {
                    let fraction = progress.fraction().unwrap_or(0.0);
                    assert!((seen..=1.0).contains(&fraction), "{fraction} after {seen}");
                    seen = fraction;
                    thread::yield_now();
                }
            });
            let run = || if parallel { slow::parallel(&a, 100) } else { slow::serial(&a, 100) };
            assert_eq!(options.install(run), Ok(expected.clone()));
            ended.store(true, Ordering::Relaxed);
            watcher.join().unwrap();
        });
        assert_eq!((progress.fraction(), progress.calls()), (Some(1.0), 1));
    }
}

#[test]
fn loops_that_are_run_again_and_again_are_counted() {
    let progress = Progress::new();
    let a = Array1::from_shape_fn(3000, |i| i as f64);
    CallOptions::new().progress(&progress).install(|| steps::parallel(&a, 5)).unwrap();
    assert!(progress.loops() >= 5, "{}", progress.loops());
    assert_eq!(progress.fraction(), Some(1.0));
}

#[test]
fn a_call_that_is_cancelled_has_ended() {
    let (progress, token) = (Progress::new(), CancelToken::new());
    token.cancel();
    let a = Array1::from_elem(4000, 2.0);
    let options = CallOptions::new().progress(&progress).cancel(&token);
    thread::scope(|scope| {
        scope.spawn(|| token.cancel());
        assert_eq!(options.install(|| slow::parallel(&a, 1 << 40)), Err(Error::Cancelled));
    });
    assert_eq!(progress.fraction_of_loop(), 0.0);
}
