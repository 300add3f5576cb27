//! Instruction selection: one walk over a region that chooses instructions for a step of several registers a value, and
//! once more for the masked tail.
//!
//! ```text
//! group = 8 (the widest type is f64, 512 bits)       a value of a step of 16 elements
//!   f64 │ abcdefgh │ ijklmnop │  64 bytes each         two registers
//!   i32 │ abcdefgh │ ijklmnop │  32 bytes each         two registers
//!  bool │ abcdefgh │ ijklmnop │  mask registers        two registers
//! ```
//!
//! All types of a region have the same number of lanes in a register, the *group*: as many as the widest type has in the
//! longest register. So lanes of different types meet without shuffling, and a mask fits every type.
//! A uniform value lives in a general register, or if it is a float in lane 0 of a vector register.
//!
//! | file | selects |
//! |---|---|
//! | `values` | operands: what is bound to a value, constants, broadcasts |
//! | `lanes`, `convert`, `emulate` | operations on lanes; the latter what AVX2 lacks or what goes lane by lane |
//! | `narrow` | what lanes of 8 and 16 bits need |
//! | `fuse` | two operations in one instruction with a mask |
//! | `masks` | truth values of lanes |
//! | `scalars`, `scalar_convert` | operations on uniform values |
//! | `memory` | loads and stores |
//! | `near` | falling neighbours, and every other one |
//! | `overlaps` | neighbours that other loads have in registers, but for some |
//! | `parts` | loads and stores of the parts of neighbours, as the colours of pixels |
//! | `walks` | the addresses of loops |
//! | `tiles` | loads of several iterations of a loop in which each lane walks along a row |
//! | `control`, `branch` | nodes, loops; branches |
//! | `check` | checks and the fault record |
//! | `host` | calls of the host |
//! | `reductions`, `short_totals` | accumulators |
//! | `region`, `region::align` | the function around all that, and where its steps begin |
//! | `elements` | the function of a region whose elements run one by one |
//! | `lane_loop` | loops in lanes inside such code |
//! | `plan` | nothing: how many lanes and registers the others work with |

mod branch;
mod check;
mod control;
mod convert;
mod elements;
mod emulate;
mod fuse;
mod host;
mod lane_loop;
mod lanes;
mod masks;
mod memory;
mod narrow;
mod near;
mod overlaps;
mod parts;
mod plan;
mod reductions;
mod region;
mod scalar_convert;
mod scalars;
mod short_totals;
mod shorts;
mod strided;
mod tiles;
mod update;
mod values;
mod walks;

pub(super) use region::region;

use super::Target;
use super::assembler::{Condition, Length};
use super::machine::{Machine, Numbers, Reg};
use crate::compiler::Effort;
use crate::conditions::Conditions;
use crate::known::Known;
use crate::narrow::Narrow;
use crate::ranges::Ranges;
use check::OnFault;
use parfuse_ir::lane::{self, Buffer, Lane, LaneType, Region, Value};
use regalloc2::RegClass;
use smallvec::SmallVec;
use std::rc::Rc;

/// The registers of a varying value, lowest lanes first.
type Registers = SmallVec<[Reg; 4]>;

/// What is known of a value at the present point.
#[derive(Clone, Default)]
struct Binding {
    scalar: Option<Reg>,
    lanes: Registers,
    /// For whether any lane is true: a mask register with a bit for each that is.
    any: Option<Reg>,
    /// For how two numbers compare: what a branch on it tests.
    comparison: Option<Comparison>,
}

/// A comparison that is not done before somebody asks for its result.
#[derive(Clone, Copy)]
struct Comparison {
    condition: Condition,
    /// Of what.
    numbers: Numbers,
    first: Reg,
    second: Second,
}

/// What a number is compared with.
#[derive(Clone, Copy)]
enum Second {
    Register(Reg),
    Constant(i32),
}

impl Second {
    /// The registers that are compared.
    fn with(self, first: Reg) -> SmallVec<[Reg; 2]> {
        let mut registers: SmallVec<[Reg; 2]> = SmallVec::from_slice(&[first]);
        if let Second::Register(second) = self {
            registers.push(second);
        }
        registers
    }

    fn constant(self) -> Option<i32> {
        if let Second::Constant(imm) = self { Some(imm) } else { None }
    }
}

/// A part of a binding.
#[derive(Clone, Copy)]
enum Part {
    Scalar,
    Lanes,
    Any,
    Comparison,
}

/// A constant in lanes of a size, and the register that has it.
#[derive(Clone, Copy)]
struct SharedConstant {
    bits: u64,
    size: usize,
    extent: Extent,
    register: Reg,
}

/// What holds for a whole row. It is forgotten where the row ends: nothing behind that need have come through a row.
#[derive(Default)]
struct Row {
    /// The row-major position of its first element.
    position: Option<Reg>,
    /// The addresses of elements.
    pointers: Vec<((Buffer, Value), Reg)>,
    /// The lanes' distances from the first in elements, by stride.
    strides: Vec<(Value, Reg)>,
    /// The uniform values that are broadcast once.
    lanes: Vec<(Value, Reg)>,
    /// The constants that are in lanes.
    constants: Vec<SharedConstant>,
}

/// A register's worth of own memory, for as long as an operation goes lane by lane.
#[derive(Clone, Copy)]
enum Scratch {
    /// Lanes that are read one by one: the first or the second operand.
    Operand(usize),
    /// Lanes that are written one by one.
    Result,
    /// Where lanes store that must not store; nobody reads it.
    Dump,
}

/// How many lanes of a vector register count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Extent {
    /// As many as a group has.
    Group,
    /// The first.
    One,
}

/// Selects the instructions of one function.
struct Selector<'a> {
    machine: Machine,
    lane: &'a Lane,
    code: &'a lane::Code,
    isa: Target,
    /// The lanes of a register.
    group: usize,
    /// The bytes of the widest type.
    widest: usize,
    /// How integers are computed in short lanes, if they are.
    narrow: Option<Rc<Narrow>>,
    /// The registers of a varying value, here and now.
    count: usize,
    /// Whether one element is computed at a time, in scalar code: then nothing varies.
    one_by_one: bool,
    /// Whether control flow is the user's own, around lane loops and where these do one element at a time.
    is_scalar: bool,
    /// How much time to spend on the code.
    effort: Effort,
    /// The elements of a step, if somebody else has chosen.
    chosen_lanes: Option<usize>,
    /// The address of what saves all registers when the host is called.
    stub: i64,
    /// Whether the host is called: it may give buffers other addresses.
    calls_host: bool,
    /// The lanes that count, in the tail.
    active: Option<Reg>,
    /// The address of the frame.
    frame: Reg,
    /// The address of the fault record.
    fault: Reg,
    /// The address of the byte that says whether to stop, if the program polls.
    stop: Option<Reg>,
    /// The lane index of the first element.
    index: Option<Reg>,
    /// What a failed check does.
    on_fault: OnFault,
    /// The addresses of buffers, by number.
    buffers: Vec<Option<Reg>>,
    /// What has been computed for the row, at points that come before all others of it.
    row: Row,
    /// How often a value is yet to be read; it dies where this becomes zero, if it was made in the step.
    remaining: Vec<u32>,
    /// Whether a value waits to be selected together with its reader.
    waiting: Vec<bool>,
    /// Whether a uniform value of the body is wanted in lanes.
    broadcast: Vec<bool>,
    /// During an operation on several registers: the constants that it has in registers.
    shared_constants: Option<Vec<SharedConstant>>,
    /// Own memory for going lane by lane, once something needs it.
    scratch: Option<i32>,
    /// The addresses of the loops around.
    walks: Vec<walks::Walk>,
    /// How many plain loops are around.
    loops: usize,
    /// Which truth values only lead on.
    conditions: Conditions,
    /// What the loops around say of truth values.
    known: Known,
    /// How large integers can be.
    ranges: Ranges<'a>,
    /// Loads of the present iterations of a loop that are done together.
    tiles: tiles::Tiles,
    /// The loads of the present body that share registers.
    overlaps: overlaps::Overlaps,
    /// The registers of those whose registers others share.
    leaders: Vec<overlaps::Leader>,
    /// The parts of neighbours that are in registers.
    loaded: Vec<parts::Loaded>,
    /// The parts of neighbours that are yet to be stored.
    collected: Vec<parts::Collected>,
    bindings: Vec<Binding>,
    bound: Vec<(Value, Part)>,
}

impl<'a> Selector<'a> {
    /// A selector in the function's first block, and the function's arguments: the frame, the block's range, where
    /// results go, the fault record.
    fn start(lane: &'a Lane, region: &'a Region, isa: Target, effort: Effort) -> (Self, [Reg; 4]) {
        let mut machine = Machine::default();
        let entry = machine.block();
        machine.fill(entry);
        let arguments = machine.arguments();
        let [frame, _, _, fault] = arguments;
        let values = region.code.values.len();
        let mut selector = Selector {
            machine,
            lane,
            code: &region.code,
            isa,
            group: isa.length().bytes() / 8,
            widest: 8,
            narrow: None,
            count: 1,
            one_by_one: false,
            is_scalar: false,
            effort,
            chosen_lanes: None,
            stub: 0,
            calls_host: false,
            active: None,
            frame,
            fault,
            stop: None,
            index: None,
            on_fault: OnFault::Record,
            buffers: vec![None; lane.buffers.len()],
            row: Row::default(),
            tiles: tiles::Tiles::default(),
            remaining: vec![u32::MAX; values],
            waiting: vec![false; values],
            broadcast: vec![false; values],
            walks: Vec::new(),
            loops: 0,
            conditions: Conditions::of(&region.code, read_outside(region)),
            known: Known::default(),
            ranges: Ranges::of(lane, &region.code),
            scratch: None,
            shared_constants: None,
            overlaps: overlaps::Overlaps::default(),
            leaders: Vec::new(),
            loaded: Vec::new(),
            collected: Vec::new(),
            bindings: vec![Binding::default(); values],
            bound: Vec::new(),
        };
        selector.stop = lane.polls.then(|| selector.slot(lane.frame.stop(), LaneType::I64));
        (selector, arguments)
    }
}

impl Selector<'_> {
    fn ty(&self, value: Value) -> LaneType {
        self.code.values[value].ty
    }

    /// The place of some scratch memory in the function's own.
    fn scratch(&mut self, scratch: Scratch) -> i32 {
        let register = Length::L512.bytes();
        let start = match self.scratch {
            Some(start) => start,
            None => *self.scratch.insert(self.machine.own_memory(4 * register)),
        };
        let number = match scratch {
            Scratch::Operand(number) => number,
            Scratch::Result => 2,
            Scratch::Dump => 3,
        };
        start + (number * register) as i32
    }

    /// The class of registers that masks live in.
    fn mask_class(&self) -> RegClass {
        if self.isa.evex() { RegClass::Vector } else { RegClass::Float }
    }

    /// The class of registers that lanes of a type live in.
    fn lane_class(&self, ty: LaneType) -> RegClass {
        if ty == LaneType::Bool { self.mask_class() } else { RegClass::Float }
    }

    /// The class of registers that a uniform value of a type lives in.
    fn scalar_class(ty: LaneType) -> RegClass {
        if ty.is_float() { RegClass::Float } else { RegClass::Int }
    }

    /// The length of a register of lanes of a type.
    fn length(&self, ty: LaneType, extent: Extent) -> Length {
        match extent {
            Extent::Group => Length::holding(self.group * self.lane_size(ty, extent)),
            Extent::One => Length::L128,
        }
    }

    /// The bytes of a lane of a type here.
    fn lane_size(&self, ty: LaneType, extent: Extent) -> usize {
        match (&self.narrow, ty, extent) {
            (Some(narrow), LaneType::I32 | LaneType::I64, Extent::Group) => narrow.bytes,
            _ => size(ty),
        }
    }

    /// The length of masks in vector registers.
    fn mask_length(&self, extent: Extent) -> Length {
        match extent {
            Extent::Group => Length::holding(self.group * self.widest),
            Extent::One => Length::L128,
        }
    }
}

/// The values of a region's body that are read at its end.
fn read_outside(region: &Region) -> impl Iterator<Item = Value> {
    let contributions = region.reductions.iter().map(|own| own.contribution);
    contributions.chain(region.outputs.iter().map(|output| output.value))
}

/// The bytes of a lane of a type, unless it is a short one.
fn size(ty: LaneType) -> usize {
    match ty {
        LaneType::Bool => 1,
        LaneType::I32 | LaneType::F32 => 4,
        LaneType::I64 | LaneType::F64 => 8,
    }
}
