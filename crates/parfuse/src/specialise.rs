//! Specialisations: a program compiled for what is known of its arguments' layouts.
//!
//! Contiguous arrays get contiguous loads; arrays with an axis of length one broadcast it. Which of these holds
//! is the call's [`Signature`]; a kernel keeps one compiled [`Specialisation`] for each it has met.

use crate::argument::words_of;
use crate::call::CallFrame;
use crate::core::Core;
use crate::error::Error;
use crate::pace::Pace;
use crate::room::guarded;
use crate::signature::Signature;
use crate::work::{Known, Work};
use parfuse_codegen::abi::FaultRecord;
use parfuse_codegen::{Code, Effort, Isa};
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
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// After this many operations on elements, for each operation of its text, a kernel is compiled again, thoroughly: by
/// then it has run for about as long as that takes.
const HOT: u64 = 1 << 16;

/// At least this many, however short it is.
const LEAST_HOT: u64 = 1 << 22;

/// The same for launches that take longer than estimated.
const LONG: Duration = Duration::from_millis(1);

/// A program compiled for one signature: quickly at first, thoroughly once it proves to be hot. Both compute the
/// same bits, so that each launch, and each block of a launch, may take what there is.
#[derive(Debug)]
pub(crate) struct Specialisation {
    pub(crate) loops: Loops,
    pub(crate) lane: Lane,
    /// How deep its blocks nest.
    depth: usize,
    /// Which of the words of a call's arguments go where: all but those of arrays that the kernel does not look at.
    pub(crate) arguments: Vec<(usize, Slot)>,
    /// By buffer: whether every call makes its array at most once, so that it may lie in an array of the caller's.
    made_once: Vec<bool>,
    /// By buffer: whether its array may become a result.
    may_leave: Vec<bool>,
    /// Whether it draws random numbers, and needs a key.
    pub(crate) draws: bool,
    /// From the program to the first callable code.
    pub(crate) compile_time: Duration,
    /// Quick code, unless the engine compiles thoroughly at once.
    first: Code,
    /// Thorough code, or why there is none.
    thorough: OnceLock<Result<Code, String>>,
    /// By region: the work of an element.
    estimates: Vec<Work>,
    /// By region: how many iterations a thread takes at a time, at least.
    grains: Vec<usize>,
    /// By region: how fast it goes.
    paces: Vec<Pace>,
    /// How many operations make it hot.
    hot: u64,
    /// Operations done so far.
    work: AtomicU64,
    /// Whether some thread has taken on the thorough compilation.
    promoted: AtomicBool,
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
    ) -> Result<Self, Error> {
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
        // A loop of which nothing is known may run for hours before there is a moment to change its code.
        let effort = if estimates.iter().any(Work::is_open) { Effort::Thorough } else { core.first_effort };
        let compiled = match core.compiler.compile(&lane, effort) {
            Err(_) if effort != core.first_effort => core.compiler.compile(&lane, core.first_effort),
            compiled => compiled,
        };
        let first = compiled.map_err(|e| Error::Compile(e.to_string()))?;
        core.compilations.fetch_add(1, Ordering::Relaxed);
        let compile_time = start.elapsed();
        // Without regions there is nothing that thorough code would do better.
        let promoted = AtomicBool::new(effort == Effort::Thorough || lane.regions.is_empty());
        let (thorough, work) = (OnceLock::new(), AtomicU64::new(0));
        let arguments = arguments(&program.params, &lane);
        let (made_once, may_leave) = (made_once(&lane), may_leave(&lane));
        let draws = draws(&lane);
        Ok(Specialisation {
            loops,
            lane,
            depth,
            arguments,
            made_once,
            may_leave,
            draws,
            compile_time,
            first,
            thorough,
            hot: LEAST_HOT.max(HOT * estimates.iter().map(Work::text).sum::<u64>()),
            paces: estimates.iter().map(|_| Pace::default()).collect(),
            estimates,
            grains,
            work,
            promoted,
        })
    }

    /// The program as loops whose iterations are independent, or every mistake that keeps it from becoming that, for
    /// arguments of which these axes are equally long; and which others it would help to know to be.
    pub(crate) fn lower(
        program: &Program,
        signature: &Signature,
        equal: &[[GivenLength; 2]],
    ) -> (Result<Loops, Error>, Vec<[GivenLength; 2]>) {
        let layouts = signature.layouts(&program.params);
        let mistakes = || Error::from_rejections(find_mistakes(program, &layouts), &program.files);
        match lower_arrays_of_lengths(program, &layouts, equal) {
            Ok(Lowered { mut loops, wished }) => {
                (check_parallel(&mut loops).map(|()| loops).map_err(|_| mistakes()), wished)
            }
            Err(_) => (Err(mistakes()), Vec::new()),
        }
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

    /// Why a hot kernel stays with quick code, if it has to.
    pub(crate) fn stays_quick(&self) -> Option<&str> {
        self.thorough.get()?.as_ref().err().map(String::as_str)
    }

    /// How the code that calls run now was made, and why it is that code.
    pub(crate) fn tier(&self) -> (Effort, &'static str) {
        let effort = self.best_code().effort();
        let reason = match (effort, self.first.effort()) {
            (Effort::Thorough, Effort::Thorough) => "it was made thoroughly for the first call",
            (Effort::Thorough, Effort::Quick) => "calls have computed enough to be worth it, or are compared",
            _ if self.lane.regions.is_empty() => "there is no parallel region to make thoroughly",
            _ if self.stays_quick().is_some() => "thorough code could not be made",
            _ if self.promoted.load(Ordering::Relaxed) => "thorough code is being made",
            _ => "thorough code follows when calls have computed more",
        };
        (effort, reason)
    }

    /// The best code there is so far.
    pub(crate) fn best_code(&self) -> &Code {
        self.thorough.get().and_then(|code| code.as_ref().ok()).unwrap_or(&self.first)
    }

    /// Whether all code is the best there will be, or somebody is at it.
    pub(crate) fn is_promoted(&self) -> bool {
        self.promoted.load(Ordering::Relaxed)
    }

    /// Notes that a region is launched for this many elements. A kernel that proves to be hot, or is about to be, is
    /// compiled thoroughly first, on one thread; others go on with what they have.
    #[inline]
    pub(crate) fn launched(
        &self,
        core: &Core,
        region: RegionId,
        elements: usize,
        frame: CallFrame<'_>,
        extents: &[usize],
    ) {
        if self.is_promoted() {
            return;
        }
        let work = self.work_of(region, elements, frame, extents);
        if self.work.fetch_add(work, Ordering::Relaxed).saturating_add(work) >= self.hot {
            self.promote(core);
        }
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
    pub(crate) fn still_running(&self, core: &Core, since: Instant) {
        if !self.is_promoted() && since.elapsed() >= LONG {
            self.promote(core);
        }
    }

    /// Compiles thoroughly, unless that has been done or another thread is at it.
    pub(crate) fn promote(&self, core: &Core) {
        if self.promoted.swap(true, Ordering::Relaxed) {
            return;
        }
        let compiled = guarded(self.depth, || {
            let compiled = core.compiler.compile(&self.lane, Effort::Thorough);
            compiled.map_err(|e| Error::Compile(e.to_string()))
        });
        // Without better code the kernel goes on with what it has.
        self.thorough.get_or_init(|| compiled.map_err(|error| error.to_string()));
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
