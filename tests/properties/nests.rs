//! Random parallel loops: what is taken has no races and gives the same bits everywhere, and little is refused for nothing.
//!
//! `PARFUSE_CASES=10000` tries more of them.

use parfuse_testing::{Nest, check_nest};

#[test]
fn what_is_taken_has_no_races_and_little_is_refused_for_nothing() {
    let cases = std::env::var("PARFUSE_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(400);
    let (mut taken, mut tested, mut careful, mut racy, mut needless) = (0, 0, 0, 0, 0);
    for seed in 0..cases {
        match check_nest(seed, 60).unwrap_or_else(|message| panic!("{message}")) {
            Nest::Taken { tested: has_tests, carefully } => {
                taken += 1;
                tested += has_tests as u64;
                careful += carefully as u64;
            }
            Nest::Refused { rightly: Some(true) } => racy += 1,
            Nest::Refused { rightly: None } => {}
            Nest::Refused { rightly: Some(false) } => needless += 1,
        }
    }
    println!(
        "{taken} taken, {tested} with tests, of these {careful} too careful; {racy} refused with a race, {needless} without"
    );
    assert!(taken > cases / 4 && tested > cases / 20 && racy > cases / 10, "{taken} {tested} {racy}");
    assert!(needless * 20 < taken + needless, "{needless} of {} are refused for nothing", taken + needless);
}
