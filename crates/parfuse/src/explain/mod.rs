//! What became of a kernel, as data first and as text second.
//!
//! ```text
//! Explanation   the kernel: signature, code that calls run now, arrays, plain loops
//!   RegionReport    one for each parallel region: lanes, accesses, checks, with places (`places.rs`)
//!   Refusal         what was not done, and why
//! Display       `text.rs`
//! ```

mod places;
mod text;

use crate::error::Place;
use crate::fits;
use crate::interface::Interface;
use crate::specialise::Specialisation;
use parfuse_codegen::{Effort, Isa};
use parfuse_ir::arena::Id;
use parfuse_ir::grid::Grain;
use parfuse_ir::host::{Call, Callee};
use parfuse_ir::lane::{FaultId, Lane, Lanes, Node, Region, RegionId, Slot, Walk, walk};
use parfuse_ir::loops::{Event, Loops, Note, Source, Ways};
use parfuse_ir::{FaultKind, Files, Loc};
use std::time::Duration;

/// What became of a kernel. `Display` prints it for people.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The kernel's name.
    pub kernel: String,
    /// The signature, as users read it.
    pub signature: String,
    /// The parallel regions, in order.
    pub regions: Vec<RegionReport>,
    /// The `for` and `while` loops outside of regions, in the order of the program. Serial code runs them on the calling
    /// thread, one element at a time.
    pub plain_loops: Vec<PlainLoop>,
    /// Serial loops that run in lanes where they stand, with scalar code around them.
    pub lane_loops: Vec<Place>,
    /// The functions outside of compiled code that it calls, in the order of the text, and where.
    pub calls: Vec<(String, Place)>,
    /// How many arrays a call allocates (each `alloc` counted once).
    pub arrays_allocated: usize,
    /// Which arrays these are.
    pub allocations: Vec<Allocation>,
    /// Temporary arrays that fusion made disappear, by name.
    pub arrays_contracted: Vec<String>,
    /// Loops that were not fused, or not run in parallel, and why.
    pub refusals: Vec<Refusal>,
    /// What is tested in front of parallel loops, so that their iterations do not meet.
    pub tests: Vec<LoopTest>,
    /// Which instructions the regions are made of.
    pub isa: Isa,
    /// The code that calls run now where they compute much. The numbers of lanes and bytes are of the code that each region has
    /// now, which may be quick where it has computed little.
    pub effort: Effort,
    /// Why calls run that code.
    pub effort_reason: String,
    /// Whether what is around the regions is machine code. If not, it is followed step by step, which takes less time
    /// than compiling it would, for it has no loops.
    pub serial_code_compiled: bool,
    /// How long it has taken to make all code that there has been so far, from the program on.
    pub compile_time: Duration,
    /// The size of the machine code in bytes.
    pub code_size: usize,
    /// Why a kernel that is called often stays with code that was made quickly: an error of ours.
    pub stays_quick: Option<String>,
    /// Whether the system refuses memory for machine code, so that the kernel is interpreted, which is slow.
    pub interpreted: bool,
}

/// One parallel region.
#[derive(Clone, Debug)]
pub struct RegionReport {
    /// The loops and array expressions of the source that it computes.
    pub sources: Vec<(String, Place)>,
    /// The number of dimensions of its index space.
    pub rank: usize,
    /// Serial loops inside a parallel one that became dimensions of its space, outermost first. The last of them runs
    /// along the lanes; without any the last dimension of the parallel loop or array expression does.
    pub promoted_loops: Vec<Place>,
    /// The dimension of the loop or array expression, from 0, that runs along the lanes in place of the last.
    pub interchanged: Option<usize>,
    /// Plain loops that the region computes: their iterations do not need one another.
    pub plain_loops: Vec<Place>,
    /// Loops of which the inner one now runs around the outer one, as its iterations do not need one another.
    pub exchanged: Vec<(Place, Place)>,
    /// Elements computed at once, by one pass through the body.
    pub lanes: usize,
    /// Whether its elements run one by one, in scalar code: with lanes in loops inside only, or without any.
    pub one_by_one: bool,
    /// What each way to run it was estimated to take, if it had a choice.
    pub estimates: Option<Estimates>,
    /// Why it is made of registers of 128 bits where the engine has longer ones: an error of ours.
    pub narrower: Option<String>,
    /// What it combines over its iterations, such as `sum f64`.
    pub reductions: Vec<String>,
    /// Loads and stores of neighbouring elements by neighbouring lanes, or of parts of neighbours: of one colour of pixels,
    /// say, which are loaded together and shuffled apart.
    pub contiguous_accesses: usize,
    /// Loads and stores that lanes do one by one.
    pub scattered_accesses: usize,
    /// Stores, of either kind.
    pub stores: usize,
    /// The arrays that lanes access one by one, and where.
    pub scattered: Vec<Scattered>,
    /// Checks that remain in the loop; others were proven or hoisted to its entry.
    pub checks_in_loop: usize,
    /// What these checks are of, and where.
    pub checks: Vec<(String, Place)>,
    /// Whether an element is much work, so that few make a block.
    pub coarse: bool,
}

/// What an element of a region was estimated to take in each way that it could run, as so many additions one by one. The
/// numbers are for comparing ways, not for predicting times.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Estimates {
    /// In lanes.
    pub lanes: f64,
    /// One by one, with lanes in loops inside, if there are any that would gain by it.
    pub lanes_inside: Option<f64>,
    /// One by one, without lanes.
    pub one_by_one: f64,
}

/// A loop that serial code runs.
#[derive(Clone, Debug)]
pub struct PlainLoop {
    /// `for` or `while`.
    pub what: &'static str,
    /// Where it is written.
    pub place: Place,
    /// The number of plain loops around it.
    pub depth: usize,
    /// Why its iterations run one after the other, if there is something to be said about it.
    pub reason: Option<String>,
}

/// An array that a call allocates.
#[derive(Clone, Debug)]
pub struct Allocation {
    /// The user's name of the array, or of the operation that makes it.
    pub array: String,
    /// Where it is made.
    pub place: Place,
    /// Whether that is in a loop, so that it is made many times.
    pub in_loop: bool,
}

/// Accesses to an array that lanes do one by one.
#[derive(Clone, Debug)]
pub struct Scattered {
    /// The user's name of the array.
    pub array: String,
    /// How many.
    pub count: usize,
    /// Where they are written; if it is not known which of several they are, all accesses to the array in the loop.
    pub places: Vec<Place>,
}

/// Something that was not done, with the reason.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The reason, in words.
    pub reason: String,
    /// The places concerned; of loops that were not fused, where each begins.
    pub places: Vec<Place>,
    /// The regions that loops which were not fused became, from 0, if they can be told.
    pub regions: Vec<usize>,
}

/// A test in front of a parallel loop, on which it depends that its iterations do not meet.
#[derive(Clone, Debug)]
pub struct LoopTest {
    /// What has to hold, in words.
    pub what: String,
    /// The accesses that would meet otherwise.
    pub places: Vec<Place>,
}

impl Explanation {
    pub(crate) fn new(name: &str, interface: &Interface, made: &Specialisation, isa: Isa) -> Explanation {
        let params = interface
            .params
            .iter()
            .map(|p| format!("{}: {}", p.name, fits::taken(p)))
            .collect::<Vec<_>>()
            .join(", ");
        let contracted = |note: &Note| match &note.event {
            Event::Contracted { array } => Some(array.clone()),
            _ => None,
        };
        let allocations = allocations(&made.lane);
        let tiers = made.tiers();
        let (effort, reason) = tiers.tier();
        // A nest without lanes is plain loops, whoever compiles it.
        let in_lanes = |node: &Node| matches!(node, Node::Lanes(_));
        let is_plain =
            |region: &Region| region.walk == Walk::Once && !walk::statements(&region.code.body).any(in_lanes);
        let regions: Vec<RegionReport> = made
            .lane
            .regions
            .iter()
            .filter(|(_, region)| !is_plain(region))
            .map(|(id, region)| RegionReport::new(made, id, region))
            .collect();
        Explanation {
            kernel: name.to_string(),
            signature: format!("({params}) -> {}", fits::returned(&interface.results)),
            plain_loops: places::plain_loops(&made.loops),
            lane_loops: lane_loops(&made.loops),
            calls: calls(&made.lane),
            arrays_allocated: allocations.len(),
            allocations,
            arrays_contracted: made.loops.notes.iter().filter_map(contracted).collect(),
            refusals: refusals(&made.loops, &regions),
            tests: tests(&made.loops),
            regions,
            isa,
            effort,
            effort_reason: reason.to_string(),
            serial_code_compiled: tiers.is_driver_compiled()
                || made.lane.regions.iter().any(|(_, region)| is_plain(region)),
            compile_time: made.compile_time(),
            code_size: tiers.size(),
            stays_quick: tiers.stays_quick().map(str::to_owned),
            interpreted: tiers.is_interpreted(),
        }
    }
}

/// The serial loops that run in lanes inside scalar code.
fn lane_loops(loops: &Loops) -> Vec<Place> {
    let notes = loops.notes.iter().filter(|note| note.event == Event::InLanes);
    notes.map(|note| Place::new(&loops.files, note.locs[0])).collect()
}

/// The functions that it calls.
fn calls(lane: &Lane) -> Vec<(String, Place)> {
    let called = |call: &Call<Slot>| {
        let Callee::Function(number) = call.callee else { return None };
        Some((lane.files.host(number)?.name.clone(), Place::new(&lane.files, call.loc)))
    };
    let nodes = walk::statements(&lane.driver.body).filter_map(|node| match node {
        Node::Call(call) => called(&lane.calls[*call]),
        _ => None,
    });
    nodes.collect()
}

/// The arrays that a call allocates.
fn allocations(lane: &Lane) -> Vec<Allocation> {
    let mut found = Vec::new();
    walk::visit_serial(lane, false, |node, in_loop| {
        if let Node::Alloc { buffer, loc, .. } | Node::Resize { buffer, loc, .. } = node {
            found.push((*loc, *buffer, in_loop));
        }
        in_loop || matches!(node, Node::Loop { .. })
    });
    found.sort_by_key(|(loc, buffer, _)| (loc.file, loc.line, loc.column, *buffer));
    let allocation = |(loc, buffer, in_loop)| Allocation {
        array: lane.buffers[buffer].name.clone(),
        place: Place::new(&lane.files, loc),
        in_loop,
    };
    found.into_iter().map(allocation).collect()
}

impl RegionReport {
    fn new(made: &Specialisation, id: RegionId, region: &Region) -> RegionReport {
        let source = places::parallel_loop(&made.loops, id.index(), region);
        let code = made.tiers().region(id);
        let files = &made.lane.files;
        let mut report = RegionReport {
            sources: region.sources.iter().map(|source| described(source, files)).collect(),
            rank: region.extents.len(),
            promoted_loops: promoted_loops(&made.loops.notes, region, files),
            interchanged: interchanged(&made.loops.notes, region),
            plain_loops: plain_loops(&made.loops.notes, region, files),
            exchanged: exchanged(&made.loops.notes, region, files),
            lanes: code.lanes(),
            one_by_one: region.walk == Walk::Elements,
            estimates: estimates(&made.loops.notes, region),
            narrower: code.narrower().map(str::to_owned),
            reductions: region.reductions.iter().map(|r| format!("{} {}", r.op.name(), r.dtype)).collect(),
            contiguous_accesses: 0,
            scattered_accesses: 0,
            stores: 0,
            scattered: places::scattered(&made.lane, region, source, &made.loops),
            checks_in_loop: 0,
            checks: Vec::new(),
            coarse: region.grain != Grain::Fine,
        };
        for node in walk::statements(&region.code.body) {
            if let Node::Check { fault, .. } = node {
                report.checks_in_loop += 1;
                report.checks.push(checked(&made.lane, *fault));
            }
            report.stores += matches!(node, Node::Store { .. }) as usize;
            match places::access(region, node).map(|(_, lanes)| lanes) {
                Some(Lanes::Unit | Lanes::Part { .. }) => report.contiguous_accesses += 1,
                Some(Lanes::Strided(_) | Lanes::Gather(_)) => report.scattered_accesses += 1,
                Some(Lanes::Uniform) | None => {}
            }
        }
        report.checks.dedup();
        report
    }
}

/// The dimension that became the last.
fn interchanged(notes: &[Note], region: &Region) -> Option<usize> {
    notes.iter().find_map(|note| match note.event {
        Event::Interchanged { axis } => {
            let own = note.locs.iter().eq(region.sources.iter().map(|source| &source.loc));
            own.then_some(axis)
        }
        _ => None,
    })
}

/// What the ways to run a region were estimated to take.
fn estimates(notes: &[Note], region: &Region) -> Option<Estimates> {
    let additions = |quarters: u64| quarters as f64 / 4.0;
    notes.iter().find_map(|note| match note.event {
        Event::Chosen(Ways { lanes, inside, alone }) => {
            let own = note.locs.iter().eq(region.sources.iter().map(|source| &source.loc));
            own.then(|| Estimates {
                lanes: additions(lanes),
                lanes_inside: inside.map(additions),
                one_by_one: additions(alone),
            })
        }
        _ => None,
    })
}

/// The notes of an event whose first place is that of something which a region computes.
fn notes_on<'n>(notes: &'n [Note], region: &'n Region, event: Event) -> impl Iterator<Item = &'n Note> {
    let own = move |note: &&Note| {
        note.event == event && region.sources.iter().any(|source| Some(&source.loc) == note.locs.first())
    };
    notes.iter().filter(own)
}

/// The plain loops among what a region computes.
fn plain_loops(notes: &[Note], region: &Region, files: &Files) -> Vec<Place> {
    let plain = notes_on(notes, region, Event::Parallelized).chain(notes_on(notes, region, Event::Exchanged));
    plain.map(|note| Place::new(files, note.locs[0])).collect()
}

/// The loops of a region that changed places.
fn exchanged(notes: &[Note], region: &Region, files: &Files) -> Vec<(Place, Place)> {
    let place = |loc| Place::new(files, loc);
    let notes = notes_on(notes, region, Event::Exchanged).chain(notes_on(notes, region, Event::Sunk));
    notes.map(|note| (place(note.locs[0]), place(note.locs[1]))).collect()
}

/// The loops that became dimensions of a region, the same for all that is fused in it.
fn promoted_loops(notes: &[Note], region: &Region, files: &Files) -> Vec<Place> {
    let note = notes_on(notes, region, Event::Promoted).next();
    note.map_or_else(Vec::new, |note| note.locs[1..].iter().map(|loc| Place::new(files, *loc)).collect())
}

fn described(source: &Source, files: &Files) -> (String, Place) {
    let what = match source.claim.assumed {
        true => format!("{} assumed to be disjoint", source.what),
        false => source.what.to_string(),
    };
    (what, Place::new(files, source.loc))
}

/// What a check is of, and where.
fn checked(lane: &Lane, fault: FaultId) -> (String, Place) {
    let fault = &lane.faults[fault];
    let array = fault.array.as_ref().map_or_else(|| "an array".to_string(), |name| format!("`{name}`"));
    let what = match fault.kind {
        FaultKind::IndexOutOfRange { axis } => format!("index into axis {axis} of {array}"),
        FaultKind::SliceOutOfRange { axis } => format!("slice of axis {axis} of {array}"),
        FaultKind::DivisionByZero => "divisor".to_string(),
        FaultKind::ShapeMismatch { axis } => format!("lengths along axis {axis}"),
        FaultKind::ProductMismatch => "lengths of the operands of a product".to_string(),
        FaultKind::NoValue => "option without a value".to_string(),
        FaultKind::ArrayTooLarge { .. } => "length of a new array".to_string(),
        FaultKind::EmptyMean => "mean of an empty array".to_string(),
        FaultKind::EmptyExtreme => "smallest or largest element of an empty array".to_string(),
        FaultKind::DegreesOfFreedom => "degrees of freedom".to_string(),
        FaultKind::ZeroStep => "step of a range".to_string(),
        FaultKind::Overflow => "overflow of an integer".to_string(),
        FaultKind::EmptyRange => "range of random numbers".to_string(),
        FaultKind::Decreasing => format!("order of the elements of {array}"),
        FaultKind::EqualElements => format!("equal elements of {array}"),
        FaultKind::IterationsOverlap => format!("distance of iterations in {array}"),
        FaultKind::IndicesTooLarge => format!("size of indices of {array}"),
        FaultKind::Asserted { .. } => "assertion".to_string(),
    };
    (what, Place::new(&lane.files, fault.loc))
}

/// What is tested in front of parallel loops.
fn tests(loops: &Loops) -> Vec<LoopTest> {
    let test = |note: &Note| {
        let Event::Tested(test) = &note.event else { return None };
        let mut places: Vec<Place> = note.locs.iter().map(|loc| Place::new(&loops.files, *loc)).collect();
        places.dedup();
        Some(LoopTest { what: text::tested(test), places })
    };
    loops.notes.iter().filter_map(test).collect()
}

/// What was refused. Loops that were not fused are named by where they begin, and by the regions that they became.
fn refusals(loops: &Loops, regions: &[RegionReport]) -> Vec<Refusal> {
    let mut found: Vec<Refusal> = Vec::new();
    for note in &loops.notes {
        let Some(reason) = text::refusal(&note.event) else { continue };
        let known = note.locs.iter().filter(|loc| **loc != Loc::NONE);
        let mut places: Vec<Place> = known.map(|loc| Place::new(&loops.files, *loc)).collect();
        let mut own = Vec::new();
        if let (Event::NotFused(_), Some(first)) = (&note.event, places.first()) {
            let of = |place: &Place| {
                let has = |region: &RegionReport| region.sources.iter().any(|(_, source)| source == place);
                regions.iter().position(has)
            };
            let first_region = of(first);
            let other = places.iter().find(|place| of(place) != first_region).or(places.last()).cloned();
            let ends: Vec<Place> = [Some(first.clone()), other].into_iter().flatten().collect();
            own = ends.iter().filter_map(of).collect();
            own.dedup();
            places = ends;
        }
        places.dedup();
        found.push(Refusal { reason, places, regions: own });
    }
    found
}
