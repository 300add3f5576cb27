//! A call that shows how far it has come, and can be cancelled.
//!
//! ```text
//! compare ── serial ── parallel ──▶ blocks done ──▶ Progress ◀── a thread that draws a bar
//!                                       ▲── CancelToken ◀── (if one has waited long enough)
//! ```
//!
//! `cargo run --release --example 09_progress`

use ndarray::Array2;
use parfuse::prelude::*;
use parfuse::{CallOptions, CancelToken, Progress};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// How many steps points of the plane take to leave the circle of radius two.
#[kernel]
fn escape_times(n: usize, limit: i64) -> Array2<i64> {
    let mut times = Array2::<i64>::zeros((n, n));
    for (i, j) in prange2((n, n)) {
        let (cx, cy) = (3.0 * j as f64 / n as f64 - 2.0, 2.0 * i as f64 / n as f64 - 1.0);
        let (mut x, mut y, mut k) = (0.0, 0.0, 0);
        while k < limit && x * x + y * y <= 4.0 {
            (x, y) = (x * x - y * y + cx, 2.0 * x * y + cy);
            k += 1;
        }
        times[[i, j]] = k;
    }
    times
}

fn bar(fraction: f64) -> String {
    let done = (fraction * 30.0) as usize;
    format!("[{}{}] {:3.0} %", "#".repeat(done), " ".repeat(30 - done), fraction * 100.0)
}

fn main() -> Result<(), Error> {
    let (progress, token, ended) = (Progress::new(), CancelToken::new(), AtomicBool::new(false));
    let options = CallOptions::new().progress(&progress).cancel(&token);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !ended.load(Ordering::Relaxed) {
                if let Some(fraction) = progress.fraction() {
                    eprint!("\rcall {:2} {}", progress.calls() + 1, bar(fraction));
                }
                thread::sleep(Duration::from_millis(20));
            }
            eprintln!();
        });
        let compared = options.install(|| escape_times::compare(200, 200));
        ended.store(true, Ordering::Relaxed);
        println!("{}", compared?);
        Ok::<(), Error>(())
    })?;
    println!("{} calls have ended", progress.calls());

    // Who has waited long enough cancels it: all calls that have the token end soon after.
    token.cancel();
    assert_eq!(options.install(|| escape_times::parallel(200, 1 << 40)), Err(Error::Cancelled));
    Ok(())
}
