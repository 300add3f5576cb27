//! Runs random programs for as long as one likes, with what is found written small.
//!
//! ```text
//! cargo run --release -p parfuse-testing --example random_programs -- 1000000 50000
//! ```
//! runs 50,000 programs from seed 1000000 on; every 25th has arrays of several blocks.

use parfuse_testing::{Case, Ran};
use std::time::Instant;

fn main() {
    let mut numbers = std::env::args().skip(1).map(|number| number.parse::<u64>().expect("a number"));
    let (first, count) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(1000));
    // A panic that is caught says enough where it ends up.
    std::panic::set_hook(Box::new(|_| {}));
    let start = Instant::now();
    let (mut finished, mut failed, mut refused, mut wrong) = (0, 0, 0, 0);
    for (done, seed) in (1..).zip(first..first + count) {
        let large = if done % 25 == 0 { Case::large_arrays(seed) } else { None };
        let case = large.unwrap_or_else(|| Case::small_arrays(seed));
        match case.run() {
            Ok(Ran::Finished) => finished += 1,
            Ok(Ran::Failed) => failed += 1,
            Ok(Ran::Refused) => refused += 1,
            Err(message) => {
                wrong += 1;
                println!("{}\n", case.explained(&message));
            }
        }
        if done % 1000 == 0 || done == count {
            let rate = done as f64 / start.elapsed().as_secs_f64();
            println!(
                "seeds {first} to {seed}: {finished} finished, {failed} failed, {refused} refused, {wrong} wrong, \
                 {rate:.1} a second"
            );
        }
    }
}
