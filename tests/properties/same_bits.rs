//! Random programs give the same bits, or fail in the same way, wherever they run.
//!
//! `PARFUSE_CASES=10000` runs more programs, `PARFUSE_SEED=123` a single one and prints it.

use parfuse_ir::loops::Event;
use parfuse_passes::pipeline::Options;
use parfuse_passes::{lower_arrays, optimize};
use parfuse_testing::executors::layout;
use parfuse_testing::{Choices, Ran, Sizes, check_same_bits, random_arguments, random_program};

/// What came of many programs.
#[derive(Default, Debug)]
struct Tally {
    finished: usize,
    failed: usize,
    refused: usize,
}

/// Runs the program of a seed with arrays of these lengths.
fn run(seed: u64, sizes: Sizes) -> Ran {
    let choices = &mut Choices::seeded(seed);
    let sample = random_program(choices);
    let arguments = random_arguments(&sample.program, sizes, choices);
    check_same_bits(&sample, &arguments, seed)
        .unwrap_or_else(|message| panic!("PARFUSE_SEED={seed} with lengths {sizes:?}: {message}"))
}

fn run_many(seeds: impl IntoIterator<Item = u64>, sizes: impl Fn(&mut Choices) -> Sizes) -> Tally {
    let mut tally = Tally::default();
    let only = std::env::var("PARFUSE_SEED").ok().and_then(|seed| seed.parse::<u64>().ok());
    let seeds: Vec<u64> = only.map_or_else(|| seeds.into_iter().collect(), |only| vec![only]);
    for seed in seeds {
        if only.is_some() {
            println!("{}", random_program(&mut Choices::seeded(seed)).program);
        }
        match run(seed, sizes(&mut Choices::seeded(!seed))) {
            Ran::Finished => tally.finished += 1,
            Ran::Failed => tally.failed += 1,
            Ran::Refused => tally.refused += 1,
        }
    }
    tally
}

/// Seeds of programs whose loops over lengths are not nested: with long arrays others take for ever.
fn linear_programs(start: u64) -> impl Iterator<Item = u64> {
    (start..).filter(|seed| {
        let text = random_program(&mut Choices::seeded(*seed)).program.to_string();
        !text.lines().any(|line| {
            let statement = line.trim_start();
            let is_loop = statement.starts_with("for ") || statement.starts_with("prange ");
            is_loop && line.starts_with("    ") && statement.contains("..v")
        })
    })
}

/// How many programs to run, unless the environment says otherwise.
fn cases(few: u64) -> u64 {
    std::env::var("PARFUSE_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(few)
}

#[test]
fn small_arrays() {
    let lengths = [0, 1, 3, 4, 5, 13, 31, 32, 33];
    let cases = cases(150);
    let tally = run_many(0..cases, |choices| {
        let short = |choices: &mut Choices| choices.pick(&[0, 1, 2, 3, 5]);
        [choices.pick(&lengths), short(choices), short(choices)]
    });
    println!("{tally:?}");
    // The programs are such that there is something to see.
    if cases >= 150 && std::env::var("PARFUSE_SEED").is_err() {
        let third = cases as usize / 3;
        assert!(tally.finished > third && tally.failed > third / 4 && tally.refused < third / 2, "{tally:?}");
    }
}

#[test]
fn lengths_around_a_block() {
    let seeds = linear_programs(1 << 32).take(cases(200) as usize / 50);
    run_many(seeds, |choices| [choices.pick(&[8191, 8192, 8193]), 1, 2]);
}

#[test]
fn many_blocks_run_on_many_threads() {
    let seeds = linear_programs(1 << 33).take(cases(100) as usize / 100);
    run_many(seeds, |_| [40_000, 1, 1]);
}

#[test]
fn rows_of_random_programs_become_dimensions() {
    let promoted = (0..400).filter(|seed| {
        let choices = &mut Choices::seeded(*seed);
        let sample = random_program(choices);
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
