//! Lane: width-agnostic SIMD programs in structured SSA form, one per parallel region, and one *driver*
//! per kernel that allocates, launches the regions and does the serial work between them.
//!
//! ```text
//! lane gaussians params 3 frame 14 {
//!   buffer b0 means: f64[unit] is p1 at 4
//!   buffer b1 widths: f64[unit] is p2 at 7
//!   buffer b2 result: [f64; 1] at 10
//!   driver {
//!     v0: i64 = dim b0, 0
//!     alloc b2[v0]
//!     slot 13 = v0
//!     launch r0
//!   }
//!   region r0 extents [13] fine {
//!     prologue {
//!       v0: f64 = slot 1
//!     }
//!     body {
//!       v1: f64 lanes = load b0[0i64 + lanes]
//!       v2: f64 lanes = fsub v0, v1
//!       ...
//!       store b2[0i64 + lanes], v9
//!     }
//!   }
//!   return b2
//! }
//! ```
//! (`docs/IR.md` describes the text.)
//!
//! A value is *uniform* (one for all lanes) or *varying* (one per lane); a uniform operand of a varying
//! operation is broadcast. No register width appears: an emitter chooses how many elements it computes at
//! once. Everything random and every mathematical function is already expanded into [`LaneOp`]s.
//!
//! All communication goes through the *frame*, a row of 64-bit slots laid out by [`Frame`]: the random key,
//! the scalar parameters, each buffer's address, lengths and strides, live-in scalars and extents of
//! regions, totals of reductions, results.
//!
//! How a region runs is said in [`crate::grid`]: for each block, for each row segment, the prologue runs
//! once; the body runs for the elements of the segment, any number at a time.
//!
//! In a region whose elements run one by one ([`Walk`]) nothing varies but inside *lane loops* ([`LaneLoop`]), whose
//! iterations run any number at a time.

mod frame;
mod op;
mod parse;
mod print;
mod verify;
pub mod walk;

pub use frame::{Frame, Slot};
pub use op::{LaneOp, Shape};

use crate::grid::Grain;
use crate::host::Call;
use crate::loops;
use crate::{Arena, DType, Fault, Files, Loc, ReduceOp};
use smallvec::SmallVec;
use std::fmt;

pub use crate::loops::Buffer;

id!(
    /// A value of a lane program.
    Value,
    "v"
);
id!(
    /// A region of a [`Lane`] kernel.
    RegionId,
    "r"
);
id!(
    /// A call of a function outside of compiled code.
    CallId,
    "c"
);
id!(
    /// A fault that a lane program can report.
    FaultId,
    "f"
);

/// The type of a lane value. `usize` elements are `I64`; `Bool` is a mask.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum LaneType {
    /// A truth value.
    Bool,
    /// A 32-bit integer.
    I32,
    /// A 64-bit integer.
    I64,
    /// A 32-bit float.
    F32,
    /// A 64-bit float.
    F64,
}

impl LaneType {
    /// All lane types.
    pub const ALL: &'static [LaneType] =
        &[LaneType::Bool, LaneType::I32, LaneType::I64, LaneType::F32, LaneType::F64];
    /// The lane type that computes with elements of a type.
    pub fn of(dtype: DType) -> LaneType {
        dtype.lane()
    }
    /// The name in IR text.
    pub fn name(self) -> &'static str {
        match self {
            LaneType::Bool => "bool",
            LaneType::I32 => "i32",
            LaneType::I64 => "i64",
            LaneType::F32 => "f32",
            LaneType::F64 => "f64",
        }
    }
    /// Whether it is a float.
    pub fn is_float(self) -> bool {
        matches!(self, LaneType::F32 | LaneType::F64)
    }
}

impl fmt::Display for LaneType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A kernel as lane programs.
#[derive(Clone, Debug, PartialEq)]
pub struct Lane {
    /// The kernel's name.
    pub name: String,
    /// The buffers, as in Loops.
    pub buffers: Arena<Buffer, loops::BufferData>,
    /// The layout of the frame.
    pub frame: Frame,
    /// The code between regions: all its values are uniform, its prologue is empty.
    pub driver: Code,
    /// The parallel regions.
    pub regions: Arena<RegionId, Region>,
    /// The calls of functions outside of compiled code. Their scalars stand in slots, as elements do in 64 bits.
    pub calls: Arena<CallId, Call<Slot>>,
    /// What checks report.
    pub faults: Arena<FaultId, Fault>,
    /// What the kernel returns: for scalars, see [`LaneOutput`].
    pub results: Vec<LaneOutput>,
    /// The source files that places refer to.
    pub files: Files,
    /// The slot of the number of threads that the call may use, if it depends on that how anything is computed.
    pub threads: Option<Slot>,
    /// Whether its loops look at every turn whether to stop ([`Frame::stop`]).
    pub polls: bool,
}

/// A returned scalar, left in a slot, or array.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LaneOutput {
    /// A scalar.
    Scalar(Slot, DType),
    /// A local buffer.
    Buffer(Buffer),
}

/// The values of a lane program.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Code {
    /// All values.
    pub values: Arena<Value, ValueData>,
    /// What the driver does, or a region for each step.
    pub body: Block,
}

/// A parallel region.
#[derive(Clone, Debug, PartialEq)]
pub struct Region {
    /// Its values and the body of one step.
    pub code: Code,
    /// Uniform code that runs once per row segment, before the steps.
    pub prologue: Block,
    /// The slots that hold the extents, outermost first; the last is the lane dimension.
    pub extents: Vec<Slot>,
    /// How much work an element is.
    pub grain: Grain,
    /// How many elements run at a time.
    pub walk: Walk,
    /// If its indices serve only for accesses that [`crate::grid::collapse`] understands: for each access the
    /// buffer and, per dimension of the space, the buffer's axis it walks along (`None` where it broadcasts).
    pub collapsible: Option<Vec<(Buffer, Vec<Option<u8>>)>>,
    /// What it combines.
    pub reductions: Vec<Reduction>,
    /// The slots that receive values of the top level of the body, where there is one element.
    pub outputs: Vec<Output>,
    /// Where the user wrote what became this region.
    pub sources: Vec<loops::Source>,
}

impl Region {
    /// The words that a block results in: a partial result for each reduction, and the outputs.
    pub fn words(&self) -> usize {
        self.reductions.len() + self.outputs.len()
    }
}

/// How many elements of a region run at a time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Walk {
    /// Any number of elements of a row: the last dimension is that of the lanes.
    Lanes,
    /// One, with the index along the last dimension an index of rows like the others.
    Elements,
    /// There is but one element, no space: serial code, whose checks report no iteration.
    Once,
}

impl Walk {
    /// The name in IR text, if it is not the usual one.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Walk::Lanes => None,
            Walk::Elements => Some("elements"),
            Walk::Once => Some("once"),
        }
    }

    /// Whether lanes are those of lane loops only.
    pub fn is_scalar(self) -> bool {
        self != Walk::Lanes
    }
}

/// A value that goes to a slot when a region has run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Output {
    /// The slot.
    pub slot: Slot,
    /// The value, zero-extended to 64 bits.
    pub value: Value,
}

/// A value combined over the elements of a region, or over the iterations of a lane loop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reduction<Total = Slot> {
    /// The operator.
    pub op: ReduceOp,
    /// The element type combined.
    pub dtype: DType,
    /// The element's contribution, varying or uniform, defined at the top level of the body.
    pub contribution: Value,
    /// What receives the total: of a region the slot for that over all blocks ([`ReduceOp::nothing`] for an empty
    /// space), of a lane loop a value that it binds, [`ReduceOp::identity`] without iterations. Of types shorter than
    /// their lanes the latter may have any bits above those of the type.
    pub total: Total,
}

/// A loop in scalar code whose iterations run any number at a time.
#[derive(Clone, Debug, PartialEq)]
pub struct LaneLoop {
    /// The number of iterations, a uniform `i64`, unsigned.
    pub extent: Value,
    /// What the iterations combine; of types and by operators that are exact in any order.
    pub reductions: Vec<Reduction<Value>>,
    /// Uniform code that runs once if there are iterations, before them.
    pub prologue: Block,
    /// The body of one step.
    pub body: Block,
}

/// A value: how it is computed, its type, and whether lanes differ in it.
#[derive(Clone, Debug, PartialEq)]
pub struct ValueData {
    /// How it is computed.
    pub inst: Inst,
    /// Its type.
    pub ty: LaneType,
    /// Whether lanes may differ.
    pub varying: bool,
}

/// A sequence of nodes.
pub type Block = Vec<Node>;

/// How a value is computed.
#[derive(Clone, Debug, PartialEq)]
pub enum Inst {
    /// A constant, as bits of the value's type. A leaf: needs no `Let`.
    Const(u64),
    /// The contents of a frame slot: low bits, for narrower types.
    Slot(Slot),
    /// Defined by the node that binds it: carried through a loop, or the result of an `if`. A leaf.
    Bound,
    /// The index along the lane dimension or of the lane loop around, as `i64`. Varying. A leaf. Each lane loop has its own.
    LaneIndex,
    /// The index along an outer dimension of the region, as `i64`; where elements run one by one, along any. Uniform. A
    /// leaf.
    RowIndex(u8),
    /// The row-major position in the region's space, as `i64`. Varying, but where elements run one by one. A leaf.
    LinearIndex,
    /// A primitive operation.
    Op(LaneOp, SmallVec<[Value; 3]>),
    /// The length of an axis of a buffer, as `i64`.
    Dim(Buffer, u8),
    /// The stride of an axis of a buffer in elements, as `i64`.
    Stride(Buffer, u8),
    /// Loads an element of a buffer (`bool` elements are bytes, any nonzero is true).
    Load {
        /// The buffer.
        buffer: Buffer,
        /// Which element.
        address: Address,
        /// Only the lanes where this holds touch memory; the others give zero. A load without a mask is in
        /// bounds for every lane.
        mask: Option<Value>,
    },
    /// Whether any lane is true. Uniform.
    Any(Value),
    /// Whether the index along the lanes of any lane is below a first uniform `i64` or not below a second one, with signs.
    /// It may say so though none is; what it says may not matter to any result. Uniform.
    Outside(Value, Value),
}

/// An element of a buffer: `base + lane part`, in elements from the buffer's address.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Address {
    /// A uniform `i64`.
    pub base: Value,
    /// What the lanes add.
    pub lanes: Lanes,
}

/// How an address differs between lanes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Lanes {
    /// Not at all: one element for all lanes.
    Uniform,
    /// The lane index: neighbouring lanes touch neighbouring elements.
    Unit,
    /// The lane index times a uniform `i64`.
    Strided(Value),
    /// One of as many neighbours as there are for each lane, those of the next lane right behind: `of * lane index + part`.
    /// All of them exist for each lane that counts, so that whole registers can be loaded and shuffled apart.
    Part {
        /// How many neighbours a lane has, 2 to [`loops::MOST_PACKED`].
        of: u8,
        /// Which of them.
        part: u8,
    },
    /// A varying `i64`.
    Gather(Value),
}

/// A statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// Evaluates a value here.
    Let(Value),
    /// Stores an element of a buffer (`bool` as byte 0 or 1).
    Store {
        /// The buffer.
        buffer: Buffer,
        /// Which element.
        address: Address,
        /// The element.
        value: Value,
        /// Only the lanes where this holds store; with no mask all (in-range) lanes do.
        mask: Option<Value>,
    },
    /// A uniform branch.
    If {
        /// A uniform `bool`.
        cond: Value,
        /// When true.
        then: Block,
        /// When false.
        otherwise: Block,
        /// The values that leave the branch.
        results: Vec<Merge>,
    },
    /// A loop: `while { header; cond } { body }`. The carried values start as `init` and become `next` at the
    /// end of the body; they are visible in header and body, and after the loop they hold what they held when
    /// the condition failed. The body sees the header's values too, such as the mask of the lanes that go on.
    Loop {
        /// The carried values.
        carried: Vec<Carried>,
        /// Computes the condition.
        header: Block,
        /// A uniform `bool`.
        cond: Value,
        /// The body.
        body: Block,
    },
    /// A loop in lanes. Where elements run one by one only, and not inside another one.
    Lanes(LaneLoop),
    /// Ends the kernel with a fault unless the condition holds (for all lanes where the mask holds).
    Check {
        /// A `bool`.
        ok: Value,
        /// What to report.
        fault: FaultId,
        /// Up to two `i64` values to report with it.
        args: SmallVec<[Value; 2]>,
        /// The iteration to report, a uniform `i64`, if it is not the position in the region's space.
        iteration: Option<Value>,
        /// Only these lanes count.
        mask: Option<Value>,
    },
    /// Writes a frame slot. Driver only.
    SetSlot {
        /// The slot.
        slot: Slot,
        /// The value, zero-extended to 64 bits.
        value: Value,
    },
    /// Makes a local buffer: fills in its address, lengths and strides in the frame. In serial code only.
    Alloc {
        /// The buffer.
        buffer: Buffer,
        /// One `i64` (an unsigned number) per axis.
        shape: SmallVec<[Value; 4]>,
        /// Whether its elements start as zero.
        zeroed: bool,
        /// Where the user wrote it.
        loc: Loc,
    },
    /// Hands a local buffer's array to another buffer, which drops its own. In serial code only.
    Move {
        /// The receiver.
        to: Buffer,
        /// The giver.
        from: Buffer,
    },
    /// Gives a local buffer's array another length along its first axis; the elements that both have stay. In serial code only.
    Resize {
        /// The buffer.
        buffer: Buffer,
        /// The new length, uniform `i64`.
        length: Value,
        /// Where the user wrote it.
        loc: Loc,
    },
    /// Runs a region over its space; reads its extents from the frame, writes its totals there. Driver only.
    Launch(RegionId),
    /// Calls a function outside of compiled code. Driver only.
    Call(CallId),
}

/// A result of an `if`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Merge {
    /// The result, an [`Inst::Bound`] value.
    pub value: Value,
    /// Its value from the first branch.
    pub then: Value,
    /// Its value from the second.
    pub otherwise: Value,
}

/// A value carried through a loop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Carried {
    /// The value, an [`Inst::Bound`] value.
    pub value: Value,
    /// What it starts as.
    pub init: Value,
    /// What it becomes at the end of the body.
    pub next: Value,
}

impl Inst {
    /// Whether the value needs no `Let`.
    pub fn is_leaf(&self) -> bool {
        matches!(self, Inst::Const(_) | Inst::Bound | Inst::LaneIndex | Inst::RowIndex(_) | Inst::LinearIndex)
    }
}

impl Code {
    /// Adds a value.
    pub fn value(&mut self, inst: Inst, ty: LaneType, varying: bool) -> Value {
        self.values.push(ValueData { inst, ty, varying })
    }

    /// A constant, of which a narrow type takes the low bits.
    pub fn constant(&mut self, ty: LaneType, bits: u64) -> Value {
        let bits = if matches!(ty, LaneType::I32 | LaneType::F32) { bits as u32 as u64 } else { bits };
        self.value(Inst::Const(bits), ty, false)
    }

    /// An operation, evaluated at the end of a block.
    ///
    /// # Panics
    /// If it does not apply to the operands.
    pub fn operation(&mut self, block: &mut Block, op: LaneOp, operands: &[Value]) -> Value {
        let types: SmallVec<[LaneType; 3]> = operands.iter().map(|v| self.values[*v].ty).collect();
        let ty = op.result_type(&types).expect("the operation applies");
        let varying = operands.iter().any(|operand| self.values[*operand].varying);
        let value = self.value(Inst::Op(op, SmallVec::from_slice(operands)), ty, varying);
        block.push(Node::Let(value));
        value
    }
}
