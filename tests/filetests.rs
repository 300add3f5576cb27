//! Each pass on small programs: the files `tests/ir/<pass>/*.ir`.
//!
//! ```text
//! // what the file shows
//! loops f(…) { … }
//! ----
//! the program after the pass, or `// unchanged`
//! // fuse_loops: not fused, the spaces differ @1:1 @2:1
//! ```
//!
//! A file that starts with a `program` is lowered first. What a pass over lanes gets is vectorized before. `BLESS=1` writes
//! down what the passes do now; read what it wrote before you commit it.

use parfuse_ir::loops::{
    EntryTest, Event, FusionRefusal, Layout, Loops, Note, PromotionRefusal, SerialReason, Way, Ways,
};
use parfuse_ir::program::Program;
use parfuse_ir::{Loc, lane};
use parfuse_passes::pipeline::Options;
use parfuse_passes::table::{PASSES, Run};
use parfuse_passes::{self as passes, Changed, Rejection};
use std::fmt::Write;
use std::path::{Path, PathBuf};

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ir")
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap_or_else(|error| panic!("{directory:?}: {error}"));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

fn name(path: &Path) -> &str {
    path.file_stem().and_then(|name| name.to_str()).expect("a name")
}

#[test]
fn passes_do_what_the_files_say() {
    let bless = std::env::var("BLESS").is_ok_and(|value| value == "1");
    let mut wrong = String::new();
    for folder in entries(&directory()) {
        for file in entries(&folder) {
            let text = std::fs::read_to_string(&file).expect("a text");
            let (input, expected) = text.split_once("----\n").unwrap_or((&text, ""));
            let found = result(name(&folder), input, &file);
            if bless && found != expected {
                std::fs::write(&file, format!("{input}----\n{found}")).expect("a file that can be written");
            } else if found != expected {
                writeln!(wrong, "{}\nfound:\n{found}\nexpected:\n{expected}", file.display()).unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}(BLESS=1 rewrites the files)");
}

#[test]
fn every_pass_has_files_for_what_it_does_and_what_it_refuses() {
    let steps = ["lower_arrays", "check_parallel", "vectorize"];
    for pass in PASSES.iter().map(|pass| pass.name).chain(steps) {
        let files = entries(&directory().join(pass));
        assert!(files.len() >= 2, "tests/ir/{pass} has {} files", files.len());
    }
}

/// What a pass makes of the text of a file.
fn result(pass: &str, input: &str, file: &Path) -> String {
    let fail = |error: &dyn std::fmt::Display| -> ! { panic!("{}: {error}", file.display()) };
    let run = PASSES.iter().find(|row| row.name == pass).map(|row| row.run);
    if let Some(Run::Program(run)) = run {
        return of_program(run, input, file);
    }
    let mut loops = match read(input, file) {
        Ok(loops) => loops,
        Err(rejection) => return rejected(&rejection),
    };
    match pass {
        "lower_arrays" => loops.to_string() + &notes(&loops),
        "check_parallel" => match passes::check_parallel(&mut loops) {
            Ok(()) if notes(&loops).is_empty() => "// accepted\n".to_string(),
            Ok(()) => {
                loops.verify().unwrap_or_else(|error| fail(&error));
                loops.to_string() + &notes(&loops)
            }
            Err(rejection) => rejected(&rejection),
        },
        "vectorize" => {
            let lane: lane::Lane = passes::vectorize(&loops);
            lane.verify().unwrap_or_else(|error| fail(&error));
            lane.to_string()
        }
        "pipeline" => {
            passes::check_parallel(&mut loops).unwrap_or_else(|error| fail(&error));
            passes::optimize(&mut loops, &Options::default());
            loops.verify().unwrap_or_else(|error| fail(&error));
            loops.to_string()
        }
        _ => {
            let run = match run {
                Some(Run::Loops(run)) => run,
                Some(Run::Lane(run)) => return of_lanes(run, &loops, file),
                _ => fail(&"a folder for a pass that does not exist"),
            };
            loops.notes.clear();
            let before = loops.to_string();
            let changed = run(&mut loops).yes();
            loops.verify().unwrap_or_else(|error| fail(&error));
            let after = loops.to_string();
            assert_eq!(changed, before != after, "{}: the pass says {changed}", file.display());
            (if changed { after } else { "// unchanged\n".to_string() }) + &notes(&loops)
        }
    }
}

/// What a pass over lane programs makes of loops that are vectorized before.
fn of_lanes(run: fn(&mut lane::Lane) -> Changed, loops: &Loops, file: &Path) -> String {
    let mut lane: lane::Lane = passes::vectorize(loops);
    let changed = run(&mut lane).yes();
    lane.verify().unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    if changed { lane.to_string() } else { "// unchanged\n".to_string() }
}

/// What a pass over programs makes of one.
fn of_program(run: fn(&mut Program) -> Changed, input: &str, file: &Path) -> String {
    let fail = |error: &dyn std::fmt::Display| -> ! { panic!("{}: {error}", file.display()) };
    let mut program = Program::parse(input).unwrap_or_else(|error| fail(&error));
    program.verify().unwrap_or_else(|error| fail(&error));
    let before = program.to_string();
    let changed = run(&mut program).yes();
    program.verify().unwrap_or_else(|error| fail(&error));
    let after = program.to_string();
    assert_eq!(changed, before != after, "{}: the pass says {changed}", file.display());
    if changed { after } else { "// unchanged\n".to_string() }
}

/// Reads loops, or a program over contiguous arrays without axes of length one.
fn read(input: &str, file: &Path) -> Result<Loops, Rejection> {
    let fail = |error: &dyn std::fmt::Display| -> ! { panic!("{}: {error}", file.display()) };
    let is_program = input.lines().any(|line| line.starts_with("program "));
    let loops = if is_program {
        let program = Program::parse(input).unwrap_or_else(|error| fail(&error));
        program.verify().unwrap_or_else(|error| fail(&error));
        let layouts: Vec<_> = program.params.iter().map(|param| param.ty.rank().map(Layout::rows)).collect();
        passes::lower_arrays(&program, &layouts)?
    } else {
        Loops::parse(input).unwrap_or_else(|error| fail(&error))
    };
    loops.verify().unwrap_or_else(|error| fail(&error));
    Ok(loops)
}

fn rejected(rejection: &Rejection) -> String {
    format!("// rejected: {rejection}{}\n", places(&rejection.locs()))
}

/// What a pass noted, a line each.
fn notes(loops: &Loops) -> String {
    let line = |note: &Note| {
        let event = match &note.event {
            Event::Fused => "fused".to_string(),
            Event::NotFused(refusal) => format!("not fused, {}", reason(refusal)),
            Event::Contracted { array } => format!("contracted {array}"),
            Event::NestedSerial => "a prange inside another runs serially".to_string(),
            Event::Promoted => "promoted".to_string(),
            Event::Interchanged { axis } => format!("dimension {axis} is the last"),
            Event::Parallelized => "parallel".to_string(),
            Event::Sunk => "sunk".to_string(),
            Event::Exchanged => "exchanged".to_string(),
            Event::InLanes => "in lanes".to_string(),
            Event::Chosen(ways) => chosen(ways),
            Event::Tested(test) => format!("tested, {}", tested(test)),
            Event::StaysSerial(reason) => format!("serial, {}", serial_reason(reason)),
            Event::NotPromoted(refusal) => format!("not promoted, {}", promotion_reason(refusal)),
        };
        format!("// {}: {event}{}\n", note.pass, places(&note.locs))
    };
    loops.notes.iter().map(line).collect()
}

/// Which way a parallel loop runs, and what the ways were estimated to take.
fn chosen(ways: &Ways) -> String {
    let way = match ways.best() {
        Way::Lanes => "in lanes",
        Way::Inside => "one by one, with lanes inside",
        Way::Alone => "one by one",
    };
    let inside = ways.inside.map_or_else(String::new, |inside| format!(", {inside} with lanes inside"));
    format!("{way}: {} in lanes{inside}, {} one by one", ways.lanes, ways.alone)
}

fn reason(refusal: &FusionRefusal) -> String {
    match refusal {
        FusionRefusal::DifferentSpaces => "the spaces differ".to_string(),
        FusionRefusal::DifferentBlocks => "the blocks differ".to_string(),
        FusionRefusal::UsesReduction { variable } => format!("it needs the total of {variable}"),
        FusionRefusal::CrossIteration { array } => format!("iterations meet in {array}"),
        FusionRefusal::StatementBetween => "something stands between".to_string(),
        FusionRefusal::Faults => "both may fail".to_string(),
    }
}

fn tested(test: &EntryTest) -> String {
    match test {
        EntryTest::NotDecreasing { array } => format!("{array} does not decrease"),
        EntryTest::Different { array } => format!("no number is twice in {array}"),
        EntryTest::Apart { array } => format!("iterations are apart in {array}"),
        EntryTest::Small { array } => format!("indices of {array} are small"),
    }
}

fn promotion_reason(refusal: &PromotionRefusal) -> String {
    match refusal {
        PromotionRefusal::WorkAround => "there is work around it".to_string(),
        PromotionRefusal::LengthDiffers => "its length differs".to_string(),
        PromotionRefusal::Dimensions => "the space has no room".to_string(),
        PromotionRefusal::Carried { variable } => format!("it carries {variable}"),
        PromotionRefusal::CrossIteration { array } => format!("iterations meet in {array}"),
        PromotionRefusal::Rounding { variable } => format!("{variable} would round in another order"),
    }
}

fn serial_reason(reason: &SerialReason) -> String {
    match reason {
        SerialReason::Carried { variable } => format!("it carries {variable}"),
        SerialReason::CrossIteration { array } => format!("iterations meet in {array}"),
        SerialReason::Checks => "it checks".to_string(),
        SerialReason::Ends => "it may end early".to_string(),
        SerialReason::Launches => "it launches".to_string(),
        SerialReason::Dear => "lanes are dear".to_string(),
        SerialReason::Small => "a launch is dear".to_string(),
    }
}

fn places(locs: &[Loc]) -> String {
    let known = locs.iter().filter(|loc| **loc != Loc::NONE);
    known.map(|loc| format!(" {loc}")).collect()
}
