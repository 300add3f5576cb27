//! Times of two ways to do a thing, on a machine that is shared and whose speed changes.
//!
//! ```text
//! slots    | first | second | first | second | …     2 ms or one call each, in turn
//! samples  | calls | calls | …                       in a slot: as many calls as take 100 µs
//! time     the shortest sample, per call
//! ```
//!
//! Both see the machine in the same states, and the shortest samples are from its best one. A processor that has run
//! wide vectors stays at their lower frequency for up to a millisecond: a slot is longer than that, so that the first
//! way is not slowed by the second.

use super::clock::thread_time;
use std::time::{Duration, Instant};

const SLOT: Duration = Duration::from_millis(2);
const SAMPLE: Duration = Duration::from_micros(100);
/// At least this many slots each, however long a call takes.
const MIN_SLOTS: usize = 5;

/// The shortest times of one call, of either way, alternating until this much time has passed.
pub fn alternate<T: ?Sized>(subject: &mut T, ways: [&dyn Fn(&mut T); 2], budget: Duration) -> [Duration; 2] {
    let calls = ways.map(|way| {
        way(subject);
        let start = thread_time();
        way(subject);
        (SAMPLE.as_nanos() / (thread_time() - start).as_nanos().max(1)) as u32 + 1
    });
    let mut best = [Duration::MAX; 2];
    let (start, mut slots) = (Instant::now(), 0);
    while slots < MIN_SLOTS || start.elapsed() < budget {
        for ((way, calls), best) in ways.iter().zip(calls).zip(&mut best) {
            let slot = Instant::now();
            while {
                let sample = thread_time();
                (0..calls).for_each(|_| way(subject));
                *best = (*best).min((thread_time() - sample) / calls);
                slot.elapsed() < SLOT
            } {}
        }
        slots += 1;
    }
    best
}
