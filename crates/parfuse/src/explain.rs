//! What became of a kernel, as data first and as text second.

use crate::error::Place;
use crate::fits;
use crate::specialise::Specialisation;
use parfuse_codegen::Isa;
use parfuse_ir::grid::Grain;
use parfuse_ir::lane::{Block, Inst, Lanes, Node, Region, RegionId};
use parfuse_ir::loops::{Event, FusionRefusal, Note, PromotionRefusal, Source};
use parfuse_ir::program::{Program, Type};
use parfuse_ir::{Files, Loc};
use std::fmt;
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
    /// How many arrays a call allocates (each `alloc` counted once).
    pub arrays_allocated: usize,
    /// Temporary arrays that fusion made disappear, by name.
    pub arrays_contracted: Vec<String>,
    /// Loops that were not fused, or not run in parallel, and why.
    pub refusals: Vec<Refusal>,
    /// Which instructions the regions are made of.
    pub isa: Isa,
    /// From the program to callable code.
    pub compile_time: Duration,
    /// The size of the machine code in bytes.
    pub code_size: usize,
    /// Why a kernel that is called often stays with code that was made quickly: an error of ours.
    pub stays_quick: Option<String>,
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
    /// Elements computed at once, by one pass through the body.
    pub lanes: usize,
    /// Why it is made of registers of 128 bits where the engine has longer ones: an error of ours.
    pub narrower: Option<String>,
    /// What it combines over its iterations, such as `sum f64`.
    pub reductions: Vec<String>,
    /// Loads and stores of neighbouring elements by neighbouring lanes.
    pub contiguous_accesses: usize,
    /// Loads and stores that lanes do one by one.
    pub scattered_accesses: usize,
    /// Stores, of either kind.
    pub stores: usize,
    /// Checks that remain in the loop; others were proven or hoisted to its entry.
    pub checks_in_loop: usize,
    /// Whether an element is much work, so that few make a block.
    pub coarse: bool,
}

/// Something that was not done, with the reason.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The reason, in words.
    pub reason: String,
    /// The places concerned.
    pub places: Vec<Place>,
}

impl Explanation {
    pub(crate) fn new(name: &str, program: &Program, made: &Specialisation, isa: Isa) -> Explanation {
        let files = &program.files;
        let params = program
            .params
            .iter()
            .map(|p| format!("{}: {}", p.name, fits::taken(p)))
            .collect::<Vec<_>>()
            .join(", ");
        let results: Vec<Type> = program.results.iter().map(|v| program.ty(*v)).collect();
        let contracted = |note: &Note| match &note.event {
            Event::Contracted { array } => Some(array.clone()),
            _ => None,
        };
        let mut arrays_allocated = 0;
        visit(&made.lane.driver.body, &mut |node| {
            arrays_allocated += matches!(node, Node::Alloc { .. }) as usize
        });
        Explanation {
            kernel: name.to_string(),
            signature: format!("({params}) -> {}", fits::returned(&results)),
            regions: made
                .lane
                .regions
                .iter()
                .map(|(id, region)| RegionReport::new(made, id, region))
                .collect(),
            arrays_allocated,
            arrays_contracted: made.loops.notes.iter().filter_map(contracted).collect(),
            refusals: made.loops.notes.iter().filter_map(|note| Refusal::new(note, files)).collect(),
            isa,
            compile_time: made.compile_time,
            code_size: made.best_code().code_size(),
            stays_quick: made.stays_quick().map(str::to_owned),
        }
    }
}

/// Visits all nodes of a block and of the blocks in it.
fn visit<'l>(block: &'l Block, see: &mut dyn FnMut(&'l Node)) {
    let mut blocks = vec![block];
    while let Some(block) = blocks.pop() {
        for node in block {
            see(node);
            match node {
                Node::If { then, otherwise, .. } => blocks.extend([then, otherwise]),
                Node::Loop { header, body, .. } => blocks.extend([header, body]),
                _ => {}
            }
        }
    }
}

impl RegionReport {
    fn new(made: &Specialisation, id: RegionId, region: &Region) -> RegionReport {
        let (files, code) = (&made.lane.files, made.best_code());
        let mut report = RegionReport {
            sources: region.sources.iter().map(|source| described(source, files)).collect(),
            rank: region.extents.len(),
            promoted_loops: promoted_loops(&made.loops.notes, region, files),
            interchanged: interchanged(&made.loops.notes, region),
            lanes: code.lanes(id),
            narrower: code.narrower(id).map(str::to_owned),
            reductions: region.reductions.iter().map(|r| format!("{} {}", r.op.name(), r.dtype)).collect(),
            contiguous_accesses: 0,
            scattered_accesses: 0,
            stores: 0,
            checks_in_loop: 0,
            coarse: region.grain == Grain::Coarse,
        };
        visit(&region.code.body, &mut |node| {
            let address = match node {
                Node::Let(value) => match &region.code.values[*value].inst {
                    Inst::Load { address, .. } => address,
                    _ => return,
                },
                Node::Store { address, .. } => {
                    report.stores += 1;
                    address
                }
                Node::Check { .. } => {
                    report.checks_in_loop += 1;
                    return;
                }
                _ => return,
            };
            match address.lanes {
                Lanes::Unit => report.contiguous_accesses += 1,
                Lanes::Strided(_) | Lanes::Gather(_) => report.scattered_accesses += 1,
                Lanes::Uniform => {}
            }
        });
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

/// The loops that became dimensions of a region, the same for all that is fused in it.
fn promoted_loops(notes: &[Note], region: &Region, files: &Files) -> Vec<Place> {
    let own = |note: &&Note| {
        let outer = note.locs.first();
        note.event == Event::Promoted && region.sources.iter().any(|source| Some(&source.loc) == outer)
    };
    let note = notes.iter().find(own);
    note.map_or_else(Vec::new, |note| note.locs[1..].iter().map(|loc| Place::new(files, *loc)).collect())
}

fn described(source: &Source, files: &Files) -> (String, Place) {
    (source.what.to_string(), Place::new(files, source.loc))
}

impl Refusal {
    fn new(note: &Note, files: &Files) -> Option<Refusal> {
        let reason = match &note.event {
            Event::Fused | Event::Contracted { .. } | Event::Promoted | Event::Interchanged { .. } => {
                return None;
            }
            Event::NestedSerial => "runs serially: it is inside another parallel loop".to_string(),
            Event::NotFused(refusal) => format!("not fused: {}", words(refusal)),
            Event::NotPromoted(refusal) => {
                format!("the inner loop is not what runs in lanes: {}", promotion_words(refusal))
            }
        };
        let known = note.locs.iter().filter(|loc| **loc != Loc::NONE);
        Some(Refusal { reason, places: known.map(|loc| Place::new(files, *loc)).collect() })
    }
}

fn words(refusal: &FusionRefusal) -> String {
    match refusal {
        FusionRefusal::DifferentSpaces => "their lengths are not known to be equal".to_string(),
        FusionRefusal::DifferentBlocks => {
            "one has loops inside and runs in smaller blocks, which would change how a sum of floats rounds"
                .to_string()
        }
        FusionRefusal::UsesReduction { variable } => {
            format!("the second needs the total `{variable}` of the first")
        }
        FusionRefusal::CrossIteration { array } => {
            format!("iterations of one touch elements of `{array}` that other iterations of the other touch")
        }
        FusionRefusal::StatementBetween => "a statement between them must stay between them".to_string(),
        FusionRefusal::Faults => "a failure in the second could hide one in the first".to_string(),
    }
}

fn promotion_words(refusal: &PromotionRefusal) -> String {
    match refusal {
        PromotionRefusal::WorkAround => {
            "the iteration around it does more than compute, before or behind it".to_string()
        }
        PromotionRefusal::LengthDiffers => {
            "its length is not the same in all iterations around it".to_string()
        }
        PromotionRefusal::Dimensions => "there are three dimensions already".to_string(),
        PromotionRefusal::Carried { variable } => {
            format!("`{variable}` passes from one of its iterations to the next")
        }
        PromotionRefusal::CrossIteration { array } => {
            format!("its iterations touch elements of `{array}` that others write")
        }
        PromotionRefusal::Rounding { variable } => {
            format!("the sum `{variable}` of floats would round in another order")
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = |n: usize, what: &str| if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") };
        writeln!(f, "{}{}", self.kernel, self.signature)?;
        writeln!(
            f,
            "  {}, {} allocated, compiled in {:.0} µs to {} bytes for {}",
            plural(self.regions.len(), "parallel region"),
            plural(self.arrays_allocated, "array"),
            self.compile_time.as_secs_f64() * 1e6,
            self.code_size,
            self.isa
        )?;
        for (index, region) in self.regions.iter().enumerate() {
            write!(
                f,
                "  region {index}: {}-dimensional, {} at once",
                region.rank,
                plural(region.lanes, "element")
            )?;
            if let Some(place) = region.promoted_loops.last() {
                write!(f, " along the loop at {place}")?;
            }
            if let Some(axis) = region.interchanged {
                write!(f, " along axis {axis}")?;
            }
            if region.coarse {
                write!(f, ", with loops inside")?;
            }
            writeln!(f)?;
            let mut sources =
                region.sources.iter().map(|(what, place)| format!("{what} ({place})")).collect::<Vec<_>>();
            sources.dedup();
            match sources.len() {
                1 => writeln!(f, "    computes {}", sources[0])?,
                n => writeln!(f, "    computes {n} fused: {}", sources.join(", "))?,
            }
            if !region.reductions.is_empty() {
                writeln!(f, "    combines {}", region.reductions.join(", "))?;
            }
            let scattered = match region.scattered_accesses {
                0 => String::new(),
                n => format!(", {n} element by element"),
            };
            writeln!(f, "    array accesses: {} contiguous{scattered}", region.contiguous_accesses)?;
            writeln!(f, "    {} left in the loop", plural(region.checks_in_loop, "check"))?;
            if let Some(reason) = &region.narrower {
                writeln!(f, "    in registers of 128 bits, because of a failure of ours: {reason}")?;
            }
        }
        if let Some(reason) = &self.stays_quick {
            writeln!(f, "  stays with quickly made code, because of a failure of ours: {reason}")?;
        }
        if !self.arrays_contracted.is_empty() {
            writeln!(f, "  never stored: {}", self.arrays_contracted.join(", "))?;
        }
        for refusal in &self.refusals {
            let places = refusal.places.iter().map(Place::to_string).collect::<Vec<_>>().join(" and ");
            writeln!(f, "  {}: {}", places, refusal.reason)?;
        }
        Ok(())
    }
}
