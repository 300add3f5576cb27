//! Random programs give the same bits, or fail in the same way, wherever they run.
//!
//! `PARFUSE_CASES=10000` runs more programs, `PARFUSE_SEED=123` a single one and prints it.

use parfuse_ir::loops::Event;
use parfuse_passes::pipeline::{Options, optimize_observed};
use parfuse_passes::{lower_arrays, optimize, structure_exits, track_best};
use parfuse_testing::executors::layout;
use parfuse_testing::{Case, Choices, Ran, check_same_bits, random_arguments, random_program};

/// What came of many programs.
#[derive(Default, Debug)]
struct Tally {
    finished: usize,
    failed: usize,
    refused: usize,
}

fn run_all(cases: impl Iterator<Item = Case>) -> Tally {
    let mut tally = Tally::default();
    for case in cases {
        match case.run() {
            Ok(Ran::Finished) => tally.finished += 1,
            Ok(Ran::Failed) => tally.failed += 1,
            Ok(Ran::Refused) => tally.refused += 1,
            Err(message) => panic!("{}", case.explained(&message)),
        }
    }
    tally
}

/// The seed that the environment names.
fn only() -> Option<u64> {
    std::env::var("PARFUSE_SEED").ok().and_then(|seed| seed.parse().ok())
}

/// How many programs to run, unless the environment says otherwise.
fn cases(few: u64) -> u64 {
    std::env::var("PARFUSE_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(few)
}

#[test]
fn small_arrays() {
    let cases = cases(150);
    let seeds = match only() {
        Some(seed) => seed..seed + 1,
        None => 0..cases,
    };
    let tally = run_all(seeds.map(|seed| {
        let case = Case::small_arrays(seed);
        only().into_iter().for_each(|_| println!("{}", case.make().0.program));
        case
    }));
    println!("{tally:?}");
    // The programs are such that there is something to see.
    if cases >= 150 && only().is_none() {
        let third = cases as usize / 3;
        assert!(tally.finished > third && tally.failed > third / 4 && tally.refused < third / 2, "{tally:?}");
    }
}

#[test]
fn arrays_of_several_blocks() {
    let seeds = (1 << 32..).filter_map(Case::large_arrays);
    run_all(seeds.take(cases(200) as usize / 40));
}

#[test]
fn many_blocks_run_on_many_threads() {
    // Short programs: interpreters take their time.
    let short = |case: &Case| random_program(&mut Choices::seeded(case.seed)).program.values.len() < 100;
    let seeds = (1 << 33..).filter_map(Case::large_arrays).filter(short);
    run_all(seeds.map(|case| Case { sizes: [40_000, 1, 1], ..case }).take(cases(100) as usize / 100));
}

#[test]
fn rows_of_random_programs_become_dimensions() {
    let promoted = (0..400).filter(|seed| {
        let choices = &mut Choices::seeded(*seed);
        let mut sample = random_program(choices);
        let _ = structure_exits(&mut sample.program);
        let _ = track_best(&mut sample.program);
        let arguments = random_arguments(&sample.program, [7, 3, 2], choices);
        let layouts: Vec<_> = arguments.iter().map(layout).collect();
        let Ok(mut loops) = lower_arrays(&sample.program, &layouts) else { return false };
        optimize(&mut loops, &Options::default());
        loops.notes.iter().any(|note| note.event == Event::Promoted)
    });
    let promoted = promoted.count();
    println!("{promoted} of 400");
    assert!(promoted >= 20, "{promoted} of 400");
}

/// In how many of the first random programs a pass finds something to do.
fn changed_by(pass: &str) -> usize {
    let changed = |seed: &u64| {
        let choices = &mut Choices::seeded(*seed);
        let mut sample = random_program(choices);
        let _ = structure_exits(&mut sample.program);
        let _ = track_best(&mut sample.program);
        let arguments = random_arguments(&sample.program, [7, 3, 2], choices);
        let layouts: Vec<_> = arguments.iter().map(layout).collect();
        let Ok(mut loops) = lower_arrays(&sample.program, &layouts) else { return false };
        let (mut before, mut changed) = (loops.to_string(), false);
        optimize_observed(&mut loops, &Options::default(), &mut |name, loops| {
            let after = loops.to_string();
            changed |= name == pass && after != before;
            before = after;
        });
        changed
    };
    (0..400).filter(changed).count()
}

#[test]
fn random_programs_have_what_passes_look_for() {
    let passes = [
        ("private_totals", 10),
        ("nest_conditions", 5),
        ("unroll_regions", 10),
        ("small_arrays", 10),
        ("moved_arrays", 20),
        ("sink_loops", 5),
        ("stop_at_rest", 5),
        ("distribute_loops", 10),
    ];
    for (pass, least) in passes {
        let changed = changed_by(pass);
        println!("{pass}: {changed} of 400");
        assert!(changed >= least, "{pass}: {changed} of 400");
    }
}

#[test]
fn bytes_decide_programs_as_seeds_do() {
    for length in [0, 20, 200, 2000] {
        let bytes: Vec<u8> = (0..length).map(|i: usize| (i * i * 31 + i / 3) as u8).collect();
        let [first, second] = [(); 2].map(|()| random_program(&mut Choices::from_bytes(&bytes)));
        assert_eq!(first.program, second.program);
        let arguments = random_arguments(&first.program, [5, 2, 3], &mut Choices::from_bytes(&bytes));
        check_same_bits(&first, &arguments, 7).unwrap_or_else(|message| panic!("{message}"));
    }
}
