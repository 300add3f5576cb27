//! Specialisations: a program compiled for what is known of its arguments' layouts.
//!
//! Contiguous arrays get contiguous loads; arrays with an axis of length one broadcast it. Which of these holds
//! is the call's [`Signature`]; a kernel keeps one compiled [`Specialisation`] for each it has met.

use crate::argument::words_of;
use crate::call::CallFrame;
use crate::core::Core;
use crate::error::Error;
use crate::pace::Pace;
use crate::signature::Signature;
use crate::tiers::Tiers;
use crate::work::{Known, Work};
use parfuse_codegen::Isa;
use parfuse_codegen::abi::FaultRecord;
use parfuse_ir::Loc;
use parfuse_ir::arena::Id;
use parfuse_ir::grid::Grid;
use parfuse_ir::lane::{FaultId, Frame, Inst, Lane, LaneOutput, Node, Region, RegionId, Slot, walk};
use parfuse_ir::loops::{Buffer, BufferData, Loops, Origin};
use parfuse_ir::program::{Claim, Param, Program, Type};
use parfuse_passes::pipeline::Options;
use parfuse_passes::{
    GivenLength, Lowered, check_parallel, divide_in_floats, find_mistakes, invert_divisors,
    lower_arrays_of_lengths, optimize, vectorize,
};
use parfuse_runtime::Expected;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// A launch that has taken so long in quick code is worth thorough code, whatever was estimated.
const LONG: Duration = Duration::from_millis(1);

/// A program compiled for one signature.
#[derive(Debug)]
pub(crate) struct Specialisation {
    pub(crate) loops: Loops,
    pub(crate) lane: Lane,
    /// Which of the words of a call's arguments go where: all but those of arrays that the kernel does not look at.
    pub(crate) arguments: Vec<(usize, Slot)>,
    /// By buffer: whether every call makes its array at most once, so that it may lie in an array of the caller's.
    made_once: Vec<bool>,
    /// By buffer: whether its array may become a result.
    may_leave: Vec<bool>,
    /// Whether it draws random numbers, and needs a key.
    pub(crate) draws: bool,
    /// From the program to what code is made of.
    front_time: Duration,
    /// Its code.
    tiers: Tiers,
    /// By region: the work of an element.
    estimates: Vec<Work>,
    /// By region: how many iterations a thread takes at a time, at least.
    grains: Vec<usize>,
    /// By region: how fast it goes.
    paces: Vec<Pace>,
}

/// What is expected of a launch, and where to tell how it went.
#[derive(Clone, Copy)]
pub(crate) struct Outlook<'s> {
    pub(crate) expected: Expected,
    /// The operations of an element.
    of_element: u64,
    pace: &'s Pace,
}

impl Outlook<'_> {
    /// Whether it is to be measured how long a block takes.
    pub(crate) fn is_measured(&self) -> bool {
        !self.expected.is_short() || self.pace.wants_measure()
    }

    /// Notes how long a whole block of so many elements took.
    pub(crate) fn block_took(&self, elements: usize, time: Duration) {
        self.pace.took(self.of_element.saturating_mul(elements as u64), time);
    }
}

impl Specialisation {
    /// Runs the whole pipeline, from the program's loops on; `start` is when these were begun.
    pub(crate) fn new(
        core: &Core,
        program: &Program,
        mut loops: Loops,
        signature: &Signature,
        depth: usize,
        start: Instant,
    ) -> Specialisation {
        optimize(&mut loops, &Options { fuse: core.fuse });
        let mut lane = vectorize(&loops);
        lane.polls = signature.polls();
        // Short registers hold so few lanes that dividing them one by one takes no longer.
        if core.compiler.isa() >= Isa::Avx2 {
            let _ = divide_in_floats(&mut lane);
        }
        // Without masks in registers of their own, or many lanes, its tests take longer than the divisions.
        if core.compiler.isa() >= Isa::Avx512At256 {
            let _ = invert_divisors(&mut lane);
        }
        let estimates: Vec<Work> = lane.regions.iter().map(|(_, region)| Work::of(region)).collect();
        let grain = |region: &Region| Claim::of(&region.sources).grain as usize;
        let grains = lane.regions.iter().map(|(_, region)| grain(region)).collect();
        core.compilations.fetch_add(1, Ordering::Relaxed);
        let tiers = Tiers::new(core, &lane, &estimates, depth);
        let arguments = arguments(&program.params, &lane);
        let (made_once, may_leave) = (made_once(&lane), may_leave(&lane));
        let draws = draws(&lane);
        Specialisation {
            loops,
            lane,
            arguments,
            made_once,
            may_leave,
            draws,
            front_time: start.elapsed(),
            tiers,
            paces: estimates.iter().map(|_| Pace::default()).collect(),
            estimates,
            grains,
        }
    }

    /// The program as loops, or every mistake that keeps it from becoming that, for arguments of which these axes are equally
    /// long; and which others it would help to know to be.
    pub(crate) fn lower(
        program: &Program,
        signature: &Signature,
        equal: &[[GivenLength; 2]],
    ) -> (Result<Loops, Error>, Vec<[GivenLength; 2]>) {
        match lower_arrays_of_lengths(program, &signature.layouts(&program.params), equal) {
            Ok(Lowered { loops, wished }) => (Ok(loops), wished),
            Err(_) => (Err(mistakes(program, signature)), Vec::new()),
        }
    }

    /// Makes sure that the iterations of parallel loops are independent, or says what is wrong with the program.
    pub(crate) fn check(program: &Program, signature: &Signature, loops: &mut Loops) -> Result<(), Error> {
        check_parallel(loops).map_err(|_| mistakes(program, signature))
    }

    /// Whether every call makes this buffer's array at most once. What a loop or another statement makes anew may
    /// have another shape each time.
    pub(crate) fn makes_once(&self, buffer: Buffer) -> bool {
        self.made_once[buffer.index()]
    }

    /// Whether this buffer's array may become a result, and so a `Vec`.
    pub(crate) fn may_leave(&self, buffer: Buffer) -> bool {
        self.may_leave[buffer.index()]
    }

    /// How many iterations of a region a thread takes at a time, at least; nothing is said by 0.
    pub(crate) fn grain(&self, region: RegionId) -> usize {
        self.grains[region.index()]
    }

    /// The code of its parts, as far as it has been needed.
    pub(crate) fn tiers(&self) -> &Tiers {
        &self.tiers
    }

    /// How long it has taken to make all code that there has been so far, from the program on.
    pub(crate) fn compile_time(&self) -> Duration {
        self.front_time + self.tiers.compile_time()
    }

    /// Notes that a region is launched for this many elements, and makes the code that it deserves.
    #[inline]
    pub(crate) fn launched(
        &self,
        core: &Core,
        region: RegionId,
        elements: usize,
        frame: CallFrame<'_>,
        extents: &[usize],
    ) -> Result<(), Error> {
        if elements == 0 {
            return Ok(());
        }
        self.tiers.launched(core, &self.lane, region, || self.work_of(region, elements, frame, extents))
    }

    fn work_of(&self, region: RegionId, elements: usize, frame: CallFrame<'_>, extents: &[usize]) -> u64 {
        let code = &self.lane.regions[region].code;
        let known = Known { code, frame, extents };
        self.estimates[region.index()].of_elements(elements, known)
    }

    /// What is expected of a launch, if it is of several blocks.
    pub(crate) fn outlook(
        &self,
        region: RegionId,
        grid: &Grid,
        frame: CallFrame<'_>,
        extents: &[usize],
    ) -> Outlook<'_> {
        let of_element = self.work_of(region, 1, frame, extents);
        let of_block = of_element.saturating_mul(grid.elements_per_block() as u64);
        let all = of_element.saturating_mul(grid.elements() as u64);
        let pace = &self.paces[region.index()];
        let expected = Expected { all: pace.expect(all), block: pace.expect(of_block) };
        Outlook { expected, of_element, pace }
    }

    /// Notes that a launch has been running since then, and not yet in the best code.
    #[cold]
    pub(crate) fn still_running(&self, core: &Core, region: RegionId, since: Instant) {
        if !self.tiers.is_promoted(region) && since.elapsed() >= LONG {
            self.tiers.promote(core, &self.lane, region);
        }
    }

    /// Makes thorough code of all of it.
    pub(crate) fn promote(&self, core: &Core) {
        self.tiers.promote_all(core, &self.lane);
    }

    /// Makes code of what has none yet.
    pub(crate) fn complete(&self, core: &Core) -> Result<(), Error> {
        self.tiers.complete(core, &self.lane)
    }

    /// The error for a check that has failed in its code.
    pub(crate) fn fault_error(&self, record: FaultRecord) -> Error {
        let fault = &self.lane.faults[FaultId(record.fault)];
        Error::from_fault(fault, &self.lane.files, record.iteration, record.args)
    }

    /// How many parallel regions a call runs, if it runs each once at most.
    pub(crate) fn launches(&self) -> Option<u64> {
        launches(&self.lane)
    }

    /// Where the user wrote what makes this buffer.
    pub(crate) fn allocated_at(&self, buffer: Buffer) -> Loc {
        let mut made = None;
        walk::visit_serial(&self.lane, (), |node, ()| {
            if let Node::Alloc { buffer: allocated, loc, .. } | Node::Resize { buffer: allocated, loc, .. } =
                node
                && *allocated == buffer
            {
                made.get_or_insert(*loc);
            }
        });
        made.unwrap_or(Loc::NONE)
    }
}

/// Every mistake of a program.
fn mistakes(program: &Program, signature: &Signature) -> Error {
    Error::from_rejections(find_mistakes(program, &signature.layouts(&program.params)), &program.files)
}

/// How many regions the driver launches, if it launches each once.
fn launches(lane: &Lane) -> Option<u64> {
    // The context is whether a loop is around.
    let (mut count, mut again) = (0, false);
    walk::visit_within(&lane.driver.body, false, |node, repeated: bool| {
        if let Node::Launch(_) = node {
            count += 1;
            again |= repeated;
        }
        repeated || matches!(node, Node::Loop { .. })
    });
    (!again).then_some(count)
}

/// Whether any code looks at the key.
fn draws(lane: &Lane) -> bool {
    let regions = lane.regions.iter().map(|(_, region)| &region.code);
    let mut codes = std::iter::once(&lane.driver).chain(regions);
    codes.any(|code| code.values.iter().any(|(_, data)| data.inst == Inst::Slot(Frame::KEY)))
}

/// Which of the words of a call's arguments go to which slots of its frame.
fn arguments(params: &[Param], lane: &Lane) -> Vec<(usize, Slot)> {
    let first_slot = |index: usize, ty: Type| match ty {
        Type::Scalar(_) => Some(lane.frame.param(index as u32)),
        Type::Array(..) => {
            let of_param = |data: &BufferData| matches!(data.origin, Origin::Param { index: other, .. } if other as usize == index);
            lane.buffers.iter().find(|(_, data)| of_param(data)).map(|(buffer, _)| lane.frame.address(buffer))
        }
    };
    let (mut before, mut places) = (0, Vec::new());
    for (index, param) in params.iter().enumerate() {
        let count = words_of(param.ty);
        if let Some(Slot(first)) = first_slot(index, param.ty) {
            places.extend((0..count).map(|word| (before + word, Slot(first + word as u32))));
        }
        before += count;
    }
    places
}

/// By buffer: whether its array is made by one statement, outside loops, and never exchanged.
fn made_once(lane: &Lane) -> Vec<bool> {
    let mut makers = vec![0u32; lane.buffers.ids().count()];
    walk::visit_serial(lane, 1, |node, times| {
        match node {
            Node::Alloc { buffer, .. } => makers[buffer.index()] += times,
            Node::Move { to: buffer, .. } | Node::Resize { buffer, .. } => makers[buffer.index()] += 2,
            _ => {}
        }
        if matches!(node, Node::Loop { .. }) { 2 } else { times }
    });
    makers.iter().map(|makers| *makers <= 1).collect()
}

/// By buffer: whether its array is a result, is handed to another buffer, which may be one, or gets another length, which
/// costs least in memory from the allocator.
fn may_leave(lane: &Lane) -> Vec<bool> {
    let mut leaves = vec![false; lane.buffers.ids().count()];
    for result in &lane.results {
        if let LaneOutput::Buffer(buffer) = result {
            leaves[buffer.index()] = true;
        }
    }
    walk::visit_serial(lane, (), |node, ()| {
        if let Node::Move { from, .. } | Node::Resize { buffer: from, .. } = node {
            leaves[from.index()] = true;
        }
    });
    leaves
}
