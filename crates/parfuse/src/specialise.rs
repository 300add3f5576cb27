//! Specialisations: a program compiled for what is known of its arguments' layouts.
//!
//! Contiguous arrays get contiguous loads; arrays with an axis of length one broadcast it. Which of these holds
//! is the call's [`Signature`]; a kernel keeps one compiled [`Specialisation`] for each it has met.

use crate::argument::{Binder, Bound, RawArray};
use crate::engine::Core;
use crate::error::Error;
use parfuse_codegen::{Code, Effort};
use parfuse_ir::Loc;
use parfuse_ir::arena::Id;
use parfuse_ir::lane::{Lane, Node};
use parfuse_ir::loops::{Buffer, Layout, Loops};
use parfuse_ir::program::{Param, Program, Type};
use parfuse_passes::pipeline::Options;
use parfuse_passes::{check_parallel, invert_divisors, lower_arrays, optimize, vectorize};
use smallvec::SmallVec;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What is known of each argument: nothing of a scalar, a [`Layout`] of an array, packed into a byte.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Signature(SmallVec<[u8; 12]>);

const SCALAR: u8 = 0;
const ARRAY: u8 = 1;
/// Neighbours lie along the last axis …
const UNIT: u8 = 2;
const FIRST_SINGLE: u8 = 4;
/// … or along this one.
const FIRST_UNIT: u8 = 32;

impl Signature {
    /// The signature of these arguments.
    pub(crate) fn of(binder: &Binder<'_>) -> Signature {
        Signature(binder.arguments.iter().map(byte_of).collect())
    }

    /// The signature of contiguous arrays without axes of length one.
    pub(crate) fn contiguous(params: &[Param]) -> Signature {
        let byte = |param: &Param| if param.ty.rank().is_some() { ARRAY | UNIT } else { SCALAR };
        Signature(params.iter().map(byte).collect())
    }

    fn layouts(&self, params: &[Param]) -> Vec<Option<Layout>> {
        let layout = |(byte, param): (&u8, &Param)| match param.ty {
            Type::Scalar(_) => None,
            Type::Array(_, rank) => {
                let single = (0..rank).map(|axis| byte & (FIRST_SINGLE << axis) != 0).collect();
                let other = (0..rank.saturating_sub(1)).find(|axis| byte & (FIRST_UNIT << axis) != 0);
                let unit = if byte & UNIT != 0 { rank.checked_sub(1) } else { other };
                Some(Layout { unit, single })
            }
        };
        self.0.iter().zip(params).map(layout).collect()
    }
}

fn byte_of(argument: &Bound) -> u8 {
    let array: &RawArray = match argument {
        Bound::Scalar(_) => return SCALAR,
        Bound::Array(array) => array,
    };
    let unit = match array.unit_axis() {
        Some(axis) if axis + 1 < array.shape.len() => FIRST_UNIT << axis,
        None if !array.shape.is_empty() => 0,
        _ => UNIT,
    };
    let singles = array.shape.iter().enumerate().filter(|(_, len)| **len == 1);
    singles.fold(ARRAY | unit, |byte, (axis, _)| byte | FIRST_SINGLE << axis)
}

/// After this many elements a kernel is compiled again, thoroughly: by then it has run for about as long as
/// that takes.
const HOT: u64 = 1 << 18;

/// A program compiled for one signature: quickly at first, thoroughly once it proves to be hot. Both compute the
/// same bits.
#[derive(Debug)]
pub(crate) struct Specialisation {
    pub(crate) loops: Loops,
    pub(crate) lane: Lane,
    /// By buffer: whether every call makes its array at most once, so that it may lie in an array of the caller's.
    made_once: Vec<bool>,
    /// From the program to the first callable code.
    pub(crate) compile_time: Duration,
    /// Quick code, unless the engine compiles thoroughly at once.
    first: Code,
    thorough: OnceLock<Code>,
    /// Elements computed so far.
    work: AtomicU64,
    /// Whether some thread has taken on the thorough compilation.
    promoted: AtomicBool,
}

impl Specialisation {
    /// Runs the whole pipeline.
    pub(crate) fn new(core: &Core, program: &Program, signature: &Signature) -> Result<Self, Error> {
        let start = Instant::now();
        let rejected = |rejection| Error::from_rejection(rejection, &program.files);
        let mut loops = lower_arrays(program, &signature.layouts(&program.params)).map_err(rejected)?;
        check_parallel(&loops).map_err(rejected)?;
        optimize(&mut loops, &Options { fuse: core.fuse });
        let mut lane = vectorize(&loops);
        // Registers of 128 bits keep no divider waiting.
        if core.compiler.isa().bits() > 128 {
            let _ = invert_divisors(&mut lane);
        }
        let compiled = core.compiler.compile(&lane, core.first_effort);
        let first = compiled.map_err(|e| Error::Compile(e.to_string()))?;
        core.compilations.fetch_add(1, Ordering::Relaxed);
        let compile_time = start.elapsed();
        let promoted = AtomicBool::new(core.first_effort == Effort::Thorough);
        let (thorough, work) = (OnceLock::new(), AtomicU64::new(0));
        let made_once = made_once(&lane);
        Ok(Specialisation { loops, lane, made_once, compile_time, first, thorough, work, promoted })
    }

    /// Whether every call makes this buffer's array at most once. What a loop or another statement makes anew may
    /// have another shape each time.
    pub(crate) fn makes_once(&self, buffer: Buffer) -> bool {
        self.made_once[buffer.index()]
    }

    /// The best code there is. Compiles a hot kernel thoroughly, on one thread; others go on with what they have.
    pub(crate) fn code(&self, core: &Core) -> &Code {
        let hot = self.work.load(Ordering::Relaxed) >= HOT;
        if hot
            && !self.promoted.swap(true, Ordering::Relaxed)
            && let Ok(code) = core.compiler.compile(&self.lane, Effort::Thorough)
        {
            self.thorough.get_or_init(|| code);
        }
        self.best_code()
    }

    /// The best code there is so far.
    pub(crate) fn best_code(&self) -> &Code {
        self.thorough.get().unwrap_or(&self.first)
    }

    /// Notes that this many elements are being computed.
    pub(crate) fn count(&self, elements: usize) {
        self.work.fetch_add(elements as u64, Ordering::Relaxed);
    }

    /// Where the user wrote what makes this buffer.
    pub(crate) fn allocated_at(&self, buffer: Buffer) -> Loc {
        let mut blocks = vec![&self.lane.driver.body];
        while let Some(block) = blocks.pop() {
            for node in block {
                match node {
                    Node::Alloc { buffer: allocated, loc, .. } if *allocated == buffer => return *loc,
                    Node::If { then, otherwise, .. } => blocks.extend([then, otherwise]),
                    Node::Loop { header, body, .. } => blocks.extend([header, body]),
                    _ => {}
                }
            }
        }
        Loc::NONE
    }
}

/// By buffer: whether its array is made by one statement, outside loops, and never exchanged.
fn made_once(lane: &Lane) -> Vec<bool> {
    let mut makers = vec![0u32; lane.buffers.ids().count()];
    let mut blocks = vec![(&lane.driver.body, 1)];
    while let Some((block, times)) = blocks.pop() {
        for node in block {
            match node {
                Node::Alloc { buffer, .. } => makers[buffer.index()] += times,
                Node::Move { to, .. } => makers[to.index()] += 2,
                Node::If { then, otherwise, .. } => blocks.extend([(then, times), (otherwise, times)]),
                Node::Loop { header, body, .. } => blocks.extend([(header, 2), (body, 2)]),
                _ => {}
            }
        }
    }
    makers.iter().map(|makers| *makers <= 1).collect()
}
