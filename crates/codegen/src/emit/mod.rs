//! One walk over a lane program that emits it for several elements at once, or for one.
//!
//! ```text
//! lanes = 8                       lanes = 1
//! f64 │ ab │ cd │ ef │ gh │       f64 a
//! f32 │ abcd │ efgh │             f32 a
//! ```
//!
//! A varying value of a step of `lanes` elements lives in as many 128-bit registers as it takes, a uniform
//! value in one scalar register. With `lanes == 1` there is no difference between the two: everything is
//! scalar. The driver is emitted so, prologues are, and the tail of a row segment is.
//!
//! | file | emits |
//! |---|---|
//! | `values` | operands: what is bound to a value, and the same value splat or converted |
//! | `scalar` | operations on scalars |
//! | `vector` | operations on registers of lanes |
//! | `convert` | operations that change the width of lanes |
//! | `masks` | truth values of lanes |
//! | `address`, `load`, `store` | accesses to buffers |
//! | `sums` | the parts of addresses that loops leave as they are |
//! | `control`, `branch` | blocks, loops; branches |
//! | `check` | checks and the fault record |

mod address;
mod branch;
mod check;
mod control;
mod convert;
mod element;
mod load;
mod masks;
mod scalar;
mod store;
mod sums;
mod values;
mod vector;

pub(crate) use check::OnFault;
pub(crate) use values::repeat;

use crate::conditions::Conditions;
use crate::constants::Constants;
use crate::driver::Rare;
use crate::folding::Folding;
use crate::known::Known;
use crate::ranges::Ranges;
use cranelift_codegen::ir::{self as clif, InstBuilder, MemFlagsData, StackSlotData, StackSlotKind, types};
use cranelift_frontend::FunctionBuilder;
use parfuse_ir::lane::{self, Buffer, Lane, LaneType, Value};
use smallvec::SmallVec;

/// A value of Cranelift's.
pub(crate) type Reg = clif::Value;
/// The registers of a varying value, lowest lanes first.
pub(crate) type Registers = SmallVec<[Reg; 8]>;

/// What code generation needs to know of the processor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Traits {
    /// Whether lanes can be chosen by a mask in one instruction, under a name that only x86-64 has.
    pub(crate) blendv: bool,
    /// The type of an address.
    pub(crate) pointer: clif::Type,
}

/// The width of lanes in a register.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Width {
    /// Four lanes of 32 bits.
    Narrow,
    /// Two lanes of 64 bits.
    Wide,
}

impl Width {
    /// The lanes of one register.
    pub(crate) fn lanes(self) -> usize {
        match self {
            Width::Narrow => 4,
            Width::Wide => 2,
        }
    }
    /// The registers' type as integers, which is also the type of masks.
    pub(crate) fn integers(self) -> clif::Type {
        match self {
            Width::Narrow => types::I32X4,
            Width::Wide => types::I64X2,
        }
    }
}

/// What is known of a value at the present point of emission.
#[derive(Clone, Default)]
struct Binding {
    scalar: Option<Reg>,
    /// Inside how many plain loops the scalar was computed.
    depth: usize,
    narrow: Registers,
    wide: Registers,
}

/// A part of a binding.
#[derive(Clone, Copy)]
enum Part {
    Scalar,
    Lanes(Width),
}

/// Emits the code of one function.
pub(crate) struct Emitter<'a> {
    pub(crate) builder: FunctionBuilder<'a>,
    pub(crate) lane: &'a Lane,
    pub(crate) code: &'a lane::Code,
    pub(crate) constants: &'a mut Constants,
    pub(crate) traits: Traits,
    /// The address of the frame.
    pub(crate) frame: Reg,
    /// Where the address of the fault record is: not in a register, which loops that nobody leaves by a fault would keep.
    pub(crate) fault: clif::StackSlot,
    /// The address of the table of constants.
    pub(crate) table: Reg,
    /// The address of the table of host functions, in the driver.
    pub(crate) host: Option<Reg>,
    /// What calls of the host take that loops rarely come to, in a driver that has some.
    pub(crate) rare_calls: Option<Rare<'a>>,
    /// Whether we are in a branch inside a plain loop.
    pub(crate) is_rare: bool,
    /// The lane index of the first (or only) element of the step, in a region.
    pub(crate) index: Option<Reg>,
    /// The row-major position of the row's first element, in a region.
    pub(crate) row_position: Option<Reg>,
    /// The elements of a step.
    pub(crate) lanes: usize,
    /// Whether the region's elements run one by one.
    pub(crate) one_by_one: bool,
    /// Where constants can be memory operands, in lanes.
    pub(crate) folding: Option<&'a Folding>,
    /// The width of masks that nothing else decides.
    pub(crate) mask_width: Width,
    /// What a failed check does.
    pub(crate) on_fault: OnFault,
    /// What the loops around say of truth values.
    pub(crate) known: Known,
    /// Which truth values only lead on, in scalar code.
    pub(crate) conditions: Conditions,
    /// How large integers can be.
    ranges: Ranges<'a>,
    /// For each plain loop around, the parts of addresses that it leaves as they are.
    loops: Vec<Vec<sums::Fixed>>,
    /// The addresses of buffers that stay where they are, by number.
    pub(crate) buffers: Vec<Option<Reg>>,
    /// The addresses of elements that hold for the whole row.
    pub(crate) row_pointers: Vec<((Buffer, Value), Reg)>,
    /// The address of the byte that says whether to stop, if the program polls.
    stop: Option<Reg>,
    /// Where lanes that do not store store.
    dump: Option<clif::StackSlot>,
    bindings: Vec<Binding>,
    bound: Vec<(Value, Part)>,
}

/// What an [`Emitter`] starts with.
pub(crate) struct Start<'a> {
    pub(crate) builder: FunctionBuilder<'a>,
    pub(crate) lane: &'a Lane,
    pub(crate) code: &'a lane::Code,
    pub(crate) constants: &'a mut Constants,
    pub(crate) traits: Traits,
    pub(crate) frame: Reg,
    pub(crate) fault: Reg,
}

impl<'a> Emitter<'a> {
    /// An emitter of scalar code, standing in the function's entry block.
    pub(crate) fn new(start: Start<'a>) -> Emitter<'a> {
        let Start { mut builder, lane, code, constants, traits, frame, fault } = start;
        let table = builder.ins().iconst(traits.pointer, constants.address());
        let table = builder.ins().load(traits.pointer, Self::own(), table, Constants::address_offset());
        let slot = StackSlotData::new(StackSlotKind::ExplicitSlot, traits.pointer.bytes(), 3);
        let slot = builder.create_sized_stack_slot(slot);
        builder.ins().stack_store(traits.pointer, fault, slot, 0);
        let stop = lane
            .polls
            .then(|| builder.ins().load(traits.pointer, Self::own(), frame, slot_offset(lane.frame.stop())));
        Emitter {
            builder,
            lane,
            code,
            constants,
            traits,
            frame,
            fault: slot,
            table,
            host: None,
            rare_calls: None,
            is_rare: false,
            index: None,
            row_position: None,
            lanes: 1,
            one_by_one: false,
            folding: None,
            mask_width: Width::Wide,
            on_fault: OnFault::Record,
            known: Known::default(),
            conditions: Conditions::default(),
            ranges: Ranges::of(lane, code),
            loops: Vec::new(),
            buffers: vec![None; lane.buffers.len()],
            row_pointers: Vec::new(),
            stop,
            dump: None,
            bindings: vec![Binding::default(); code.values.len()],
            bound: Vec::new(),
        }
    }

    /// Whether loops are the user's own: in a driver, and where elements run one by one.
    pub(crate) fn is_serial(&self) -> bool {
        self.host.is_some() || self.one_by_one
    }

    /// Flags of accesses to memory of our own: aligned and there.
    pub(crate) fn own() -> MemFlagsData {
        MemFlagsData::trusted()
    }

    /// Flags of accesses to elements: there.
    pub(crate) fn elements() -> MemFlagsData {
        MemFlagsData::new().with_notrap()
    }

    /// Reads a 64-bit slot of the frame as a narrower type.
    pub(crate) fn slot(&mut self, slot: lane::Slot, ty: LaneType) -> Reg {
        let offset = slot_offset(slot);
        let load = if ty == LaneType::Bool { types::I8 } else { scalar_type(ty) };
        let bits = self.builder.ins().load(load, Self::own(), self.frame, offset);
        if ty == LaneType::Bool { self.builder.ins().band_imm_u(bits, 1) } else { bits }
    }
}

/// The offset of a slot in the frame in bytes.
pub(crate) fn slot_offset(slot: lane::Slot) -> i32 {
    (slot.index() * size_of::<u64>()) as i32
}

/// The type of a scalar: truth values are bytes 0 and 1.
pub(crate) fn scalar_type(ty: LaneType) -> clif::Type {
    match ty {
        LaneType::Bool => types::I8,
        LaneType::I32 => types::I32,
        LaneType::I64 => types::I64,
        LaneType::F32 => types::F32,
        LaneType::F64 => types::F64,
    }
}

/// The width of a type's lanes; masks have either.
pub(crate) fn width_of(ty: LaneType) -> Option<Width> {
    match ty {
        LaneType::Bool => None,
        LaneType::I32 | LaneType::F32 => Some(Width::Narrow),
        LaneType::I64 | LaneType::F64 => Some(Width::Wide),
    }
}

/// The type of a register of lanes.
pub(crate) fn register_type(ty: LaneType, width: Width) -> clif::Type {
    match ty {
        LaneType::F32 => types::F32X4,
        LaneType::F64 => types::F64X2,
        LaneType::Bool | LaneType::I32 | LaneType::I64 => width.integers(),
    }
}
