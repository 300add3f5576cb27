//! Tries random parallel loops for as long as one likes.
//!
//! ```text
//! cargo run --release -p parfuse-testing --example random_nests -- 1000000 50000
//! ```
//! tries 50,000 loops from seed 1000000 on. With a third number it prints the seeds of those that are refused for nothing.

use parfuse_testing::{Nest, check_nest};

fn main() {
    let mut numbers = std::env::args().skip(1).map(|number| number.parse::<u64>().expect("a number"));
    let (first, count) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(1000));
    let tells = numbers.next().is_some();
    let (mut taken, mut tested, mut careful, mut racy, mut needless, mut wrong) = (0, 0, 0, 0, 0, 0);
    for seed in first..first + count {
        match check_nest(seed, 60) {
            Ok(Nest::Taken { tested: has_tests, carefully }) => {
                taken += 1;
                tested += has_tests as u64;
                careful += carefully as u64;
            }
            Ok(Nest::Refused { rightly: Some(true) }) => racy += 1,
            Ok(Nest::Refused { rightly: None }) => {}
            Ok(Nest::Refused { rightly: Some(false) }) => {
                needless += 1;
                if tells {
                    println!("{seed}:\n{}", parfuse_testing::nest_text(seed));
                }
            }
            Err(message) => {
                wrong += 1;
                println!("{message}\n");
            }
        }
    }
    println!(
        "seeds {first} to {}: {taken} taken, {tested} with tests, of these {careful} too careful; {racy} refused with a \
         race, {needless} without; {wrong} wrong",
        first + count - 1
    );
}
