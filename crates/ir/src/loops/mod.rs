//! Loops: parallel and serial loops over scalars, with explicit buffers, loads, stores and reductions.
//!
//! ```text
//! loops gaussians(x: f64, b0 means: f64[unit], b1 widths: f64[unit]) {
//!   buffer b2 result: [f64; 1]
//!   v0: usize = dim b0, 0
//!   alloc b2[v0]
//!   parfor v3 in v0 {
//!     source sub @6:30
//!     v4: f64 = load b0[v3]
//!     ...
//!     store b2[v3], v9
//!   }
//!   return b2
//! }
//! ```
//! (`docs/IR.md` describes the text.)
//!
//! Every loop counts from zero: `parfor` and `for` bind their indices to `0..extent` as `usize`, and code
//! for other starts, steps and types stands at the head of the body. Values are in SSA form as in Program;
//! scalar variables are mutable. A parallel loop's iterations may run in any order, so its body sets only
//! variables that it sets before reading (private ones) and the locals of its reductions.
//!
//! A reduction's `locals` are set to the identity at the start of each iteration; what they hold at the iteration's end
//! is the iteration's contribution. After the loop the total, in the order that [`crate::grid`] fixes, goes to variables,
//! or to the elements of arrays: then each iteration belongs to the element at its indices but the one along the
//! dimension that is reduced. An operator combines what a variable held with the total; several words of state become
//! the total; without iterations variables stay as they are. An element becomes what
//! [`Combine::of_no_elements`](crate::Combine::of_no_elements) says, with the total taken in likewise.
//!
//! A parallel loop inside another one or inside a *nest* is a *lane loop*: the thread that runs the code around it runs
//! it too, in lanes. A nest is serial code outside parallel loops that runs as one region.

mod notes;
mod parse;
mod print;
mod trips;
mod verify;
pub mod walk;

pub use notes::{EntryTest, Event, FusionRefusal, Note, PromotionRefusal, SerialReason, Way, Ways};
pub(crate) use parse::{arrange_buffers, parse_buffer, parse_fault, parse_sources};
pub(crate) use print::{Declaration, FaultText};
pub use trips::{Count, expand as expand_trips, trips};

use crate::grid::Grain;
use crate::host::Call;
use crate::program::Claim;
use crate::{Arena, Combine, DType, Fault, Files, Loc, ReduceOp, Scalar, ScalarOp, program};

id!(
    /// A value of [`Loops`]: a scalar.
    Value,
    "v"
);
id!(
    /// A mutable scalar variable of [`Loops`].
    Var,
    "x"
);
id!(
    /// A buffer of [`Loops`]: an array in memory.
    Buffer,
    "b"
);

/// A kernel whose array operations have become loops.
#[derive(Clone, Debug, PartialEq)]
pub struct Loops {
    /// The kernel's name.
    pub name: String,
    /// The parameters, scalars and arrays, in order.
    pub params: Vec<program::Param>,
    /// The buffers: array parameters and local arrays.
    pub buffers: Arena<Buffer, BufferData>,
    /// The mutable scalars.
    pub vars: Arena<Var, VarData>,
    /// The values.
    pub values: Arena<Value, ValueData>,
    /// What the kernel does.
    pub body: Block,
    /// What it returns.
    pub results: Vec<Output>,
    /// The source files that places refer to.
    pub files: Files,
    /// What was done and what was refused on the way here, for `explain`.
    pub notes: Vec<Note>,
}

/// A returned scalar or array.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Output {
    /// A scalar value, defined in the outermost block.
    Scalar(Value),
    /// A local buffer, which the caller receives.
    Buffer(Buffer),
}

/// An array in memory.
#[derive(Clone, Debug, PartialEq)]
pub struct BufferData {
    /// The user's name, or one made up.
    pub name: String,
    /// The element type.
    pub dtype: DType,
    /// The number of axes.
    pub rank: u8,
    /// Where it comes from.
    pub origin: Origin,
}

/// Where a buffer comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Origin {
    /// The caller passes it.
    Param {
        /// Which parameter.
        index: u32,
        /// What is known of its layout when this kernel is compiled.
        layout: Layout,
    },
    /// An `alloc` makes it, in row-major order.
    Local,
}

/// What is known of an array argument when a kernel is specialised to it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Layout {
    /// The axis along which elements are known to lie next to each other: the last one, or the first in an array in
    /// column-major order.
    pub unit: Option<u8>,
    /// Per axis, whether its length is one: such an axis broadcasts.
    pub single: Vec<bool>,
    /// The length of the last axis, if it is known to be this short and its elements are neighbours, and those of the next
    /// index along the axis before it follow right behind: pixels, points, pairs.
    pub packed: Option<u8>,
}

/// The longest last axis whose length kernels are specialised to.
pub const MOST_PACKED: u8 = 8;

impl Layout {
    /// Elements next to each other along the last axis, and no axis of length one.
    pub fn rows(rank: u8) -> Layout {
        Layout { unit: rank.checked_sub(1), single: vec![false; rank as usize], packed: None }
    }

    /// What is known of an array of these lengths in row-major order.
    pub fn row_major(shape: &[usize]) -> Layout {
        let packed = match *shape {
            [_, .., last] if (2..=MOST_PACKED as usize).contains(&last) => Some(last as u8),
            _ => None,
        };
        let single = shape.iter().map(|length| *length == 1).collect();
        Layout { single, packed, ..Layout::rows(shape.len() as u8) }
    }

    /// The length of an axis, if it is known.
    pub fn length(&self, axis: u8) -> Option<usize> {
        if self.single.get(axis as usize) == Some(&true) {
            return Some(1);
        }
        self.packed.filter(|_| axis as usize + 1 == self.single.len()).map(usize::from)
    }

    /// How far apart neighbours along an axis lie in elements, if that is known.
    pub fn stride(&self, axis: u8) -> Option<usize> {
        match self.packed {
            _ if self.unit == Some(axis) => Some(1),
            Some(length) if axis as usize + 2 == self.single.len() => Some(length as usize),
            _ => None,
        }
    }
}

/// A mutable scalar variable.
#[derive(Clone, Debug, PartialEq)]
pub struct VarData {
    /// The user's name, or one made up.
    pub name: String,
    /// Its type.
    pub dtype: DType,
}

/// A value: how it is computed, its type, and where the user wrote it.
#[derive(Clone, Debug, PartialEq)]
pub struct ValueData {
    /// How it is computed.
    pub expr: Expr,
    /// Its type.
    pub dtype: DType,
    /// Where the user wrote it.
    pub loc: Loc,
}

/// A sequence of statements.
pub type Block = Vec<Stmt>;

/// A statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Stmt {
    /// Evaluates a value here.
    Let(Value),
    /// Sets a variable.
    Set {
        /// The variable.
        var: Var,
        /// Its new value.
        value: Value,
    },
    /// Makes (or makes anew) a local buffer. In a parallel loop it is the iteration's own, as long as the passes have not
    /// moved it out; in lane loops and nests there is none.
    Alloc {
        /// The buffer.
        buffer: Buffer,
        /// One `usize` per axis.
        shape: Vec<Value>,
        /// Whether all elements start as zero; otherwise every element is stored before it is loaded.
        zeroed: bool,
        /// Where the user wrote it.
        loc: Loc,
    },
    /// Hands the array of one local buffer to another, which drops its own. Outside parallel loops only.
    Move {
        /// The receiving buffer.
        to: Buffer,
        /// The giving buffer, which holds nothing afterwards.
        from: Buffer,
    },
    /// Gives the array of a local buffer another length along its first axis. The elements that both lengths have stay;
    /// what those behind them hold is unspecified until they are stored. Outside parallel loops only.
    Resize {
        /// The buffer.
        buffer: Buffer,
        /// The new length, a `usize`.
        length: Value,
        /// Where the user wrote it.
        loc: Loc,
    },
    /// Stores one element. Checks of the index stand before it.
    Store {
        /// The buffer.
        buffer: Buffer,
        /// One `usize` per axis.
        index: Vec<Value>,
        /// The element.
        value: Value,
        /// Where the user wrote it.
        loc: Loc,
    },
    /// Calls a function outside of compiled code, or takes over what it has returned. Outside parallel loops and nests only.
    Call(Call<Value>),
    /// Ends the kernel with a fault unless the condition holds.
    Check {
        /// A `bool`.
        ok: Value,
        /// What to report.
        fault: Fault,
        /// Up to two `usize` values to report with it.
        args: Vec<Value>,
        /// The iteration to report, a `usize`, if it is another than that of the parallel loop around: a check
        /// that stands in front of the loop it belongs to.
        iteration: Option<Value>,
    },
    /// A two-way branch.
    If {
        /// A `bool`.
        cond: Value,
        /// When true.
        then: Block,
        /// When false.
        otherwise: Block,
    },
    /// A loop with a condition, which the header computes anew before each iteration.
    While {
        /// Computes the condition.
        header: Block,
        /// A `bool` defined in the header or outside.
        cond: Value,
        /// The body.
        body: Block,
    },
    /// A serial loop.
    For {
        /// The index, an [`Expr::Bound`] `usize` value.
        index: Value,
        /// The number of iterations, a `usize`.
        extent: Value,
        /// A variable of type `bool` that ends the loop before an iteration when it is true.
        until: Option<Var>,
        /// The body.
        body: Block,
    },
    /// A parallel loop; inside another one or inside a nest a lane loop.
    Parfor(Parfor),
    /// Serial code that runs as one region, in order, by the caller. Outside parallel loops and other nests only.
    Nest(Nest),
}

/// Serial code outside parallel loops that runs as a region of one element. Every
/// parallel loop in it is a lane loop. It may set variables declared outside it.
#[derive(Clone, Debug, PartialEq)]
pub struct Nest {
    /// What it does.
    pub body: Block,
    /// The loops of the user's that it stems from, for `explain`.
    pub sources: Vec<Source>,
}

/// A parallel loop over a space of up to three dimensions.
///
/// Inside another one or inside a [`Nest`] it is a lane loop: of one dimension, whose extent may depend on all that is
/// around it. Its iterations run in any order, but by the thread that runs the code around it. It reduces by operators
/// that are exact in any order ([`ReduceOp::is_exact`]), into variables, and has no checks in it. The position in the
/// space is that of the loop around it.
#[derive(Clone, Debug, PartialEq)]
pub struct Parfor {
    /// One [`Expr::Bound`] `usize` value per dimension, outermost first.
    pub indices: Vec<Value>,
    /// The `usize` extents, defined outside.
    pub extents: Vec<Value>,
    /// What the iterations combine.
    pub reductions: Vec<Reduction>,
    /// The body.
    pub body: Block,
    /// What of the user's this is, for `explain`: one entry per loop or array expression fused into it.
    pub sources: Vec<Source>,
    /// How much work an iteration is. It decides how the space is cut into blocks, and so how sums of floats
    /// round: passes keep what the loop was made with, whatever they find out about its body.
    pub grain: Grain,
    /// Whether its iterations run one by one, in scalar code, though there may be no lane loop in it that asks for that.
    pub elements: bool,
}

impl Grain {
    /// The grain of a new parallel loop with this body.
    pub fn of(body: &Block) -> Grain {
        let mut inside = walk::statements(body);
        match inside.any(|stmt| matches!(stmt, Stmt::While { .. } | Stmt::For { .. } | Stmt::Parfor(_))) {
            true => Grain::Coarse,
            false => Grain::Fine,
        }
    }
}

/// The loop or array expression of the user's that a parallel loop stems from.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// What it is, such as `prange` or `mul`.
    pub what: Box<str>,
    /// What is said of its iterations.
    pub claim: Claim,
    /// Where it is.
    pub loc: Loc,
}

impl Source {
    /// One of which nothing else is said.
    pub fn new(what: impl Into<Box<str>>, loc: Loc) -> Source {
        Source { what: what.into(), claim: Claim::default(), loc }
    }

    /// The same, of a loop that goes through groups of the iterations: how many belong together is not said of groups.
    pub fn of_groups(sources: &[Source]) -> Vec<Source> {
        let of_groups = |source: &Source| {
            let claim = Claim { grain: 0, ..source.claim };
            Source { claim, ..source.clone() }
        };
        sources.iter().map(of_groups).collect()
    }
}

impl Parfor {
    /// What is said of its iterations.
    pub fn claim(&self) -> Claim {
        Claim::of(&self.sources)
    }
}

impl Claim {
    /// What is said of the iterations of a loop that stems from these.
    pub fn of(sources: &[Source]) -> Claim {
        sources.iter().fold(Claim::default(), |all, source| all.and(source.claim))
    }
}

/// What is combined over the iterations of a parallel loop.
#[derive(Clone, Debug, PartialEq)]
pub struct Reduction {
    /// How partial results are combined.
    pub combine: Combine,
    /// Hold the iteration's contribution, a variable for each word of a partial result.
    pub locals: Vec<Var>,
    /// Where the total goes.
    pub into: Target,
}

/// Where the total of a reduction goes, for each word that anybody asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// To variables.
    Vars(Vec<Option<Var>>),
    /// To an element of local arrays for each position along all dimensions of the space but one.
    Elements {
        /// The arrays, of one axis less than the space has dimensions.
        buffers: Vec<Option<Buffer>>,
        /// The indices of the loop but that of the dimension reduced, in their order.
        index: Vec<Value>,
    },
}

impl Reduction {
    /// One by an operator, into a variable.
    pub fn simple(op: ReduceOp, local: Var, target: Var) -> Reduction {
        Reduction { combine: Combine::Op(op), locals: vec![local], into: Target::Vars(vec![Some(target)]) }
    }

    /// The operator, the local and the target of a reduction by an operator into a variable. Every reduction is one
    /// when a program becomes lanes.
    pub fn as_simple(&self) -> Option<(ReduceOp, Var, Var)> {
        match (&self.combine, &self.locals[..], &self.into) {
            (Combine::Op(op), [local], Target::Vars(targets)) => Some((*op, *local, targets[0]?)),
            _ => None,
        }
    }

    /// The variables that the total goes to.
    pub fn target_vars(&self) -> impl Iterator<Item = Var> + '_ {
        let vars = match &self.into {
            Target::Vars(vars) => &vars[..],
            Target::Elements { .. } => &[],
        };
        vars.iter().flatten().copied()
    }

    /// The arrays that the total goes to elements of.
    pub fn target_buffers(&self) -> impl Iterator<Item = Buffer> + '_ {
        let buffers = match &self.into {
            Target::Elements { buffers, .. } => &buffers[..],
            Target::Vars(_) => &[],
        };
        buffers.iter().flatten().copied()
    }

    /// The dimension that is reduced for each position along the others, of a loop with these indices; `None` if all are.
    pub fn axis(&self, indices: &[Value]) -> Option<usize> {
        match &self.into {
            Target::Elements { index, .. } => indices.iter().position(|own| !index.contains(own)),
            Target::Vars(_) => None,
        }
    }
}

/// How a value is computed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Expr {
    /// A constant. A leaf.
    Const(Scalar),
    /// A scalar parameter. A leaf.
    Param(u32),
    /// The present contents of a variable.
    Var(Var),
    /// The index of an enclosing loop. A leaf.
    Bound,
    /// A scalar operation.
    Op(ScalarOp, Vec<Value>),
    /// Conversion to the value's own type, as Rust's `as` (to `bool`: whether it is not zero).
    Cast(Value),
    /// Loads one element. Checks of the index stand before it.
    Load {
        /// The buffer.
        buffer: Buffer,
        /// One `usize` per axis.
        index: Vec<Value>,
    },
    /// The length of an axis of a buffer, as `usize`.
    Dim {
        /// The buffer.
        buffer: Buffer,
        /// The axis.
        axis: u8,
    },
    /// How often a loop through `start, start + step, …` below `end` runs, as `usize`: see [`trips`].
    Trips {
        /// The first index, of any integer type.
        start: Value,
        /// One past the last, of the same type.
        end: Value,
        /// The distance between indices, a `usize` that is not zero: that is checked before.
        step: Value,
    },
    /// The row-major position, as `usize`, of the iteration in the space of the parallel loop around it.
    LinearIndex,
    /// How many threads the call may use, as `usize`: of what is right with any number it decides what is fastest.
    Threads,
    /// A random number: a pure function of the kernel's key and three `i64` values.
    Random {
        /// Which random array or loop of the call.
        stream: Value,
        /// Which element or iteration.
        element: Value,
        /// Which number of the iteration.
        draw: Value,
    },
}

impl Expr {
    /// Whether the value needs no `Let`.
    pub fn is_leaf(&self) -> bool {
        matches!(self, Expr::Const(_) | Expr::Param(_) | Expr::Bound)
    }
}

impl Loops {
    /// The type of a value.
    pub fn dtype(&self, value: Value) -> DType {
        self.values[value].dtype
    }
    /// Adds a value.
    pub fn value(&mut self, expr: Expr, dtype: DType, loc: Loc) -> Value {
        self.values.push(ValueData { expr, dtype, loc })
    }
    /// The truth value that a value is known to be.
    pub fn constant_bool(&self, value: Value) -> Option<bool> {
        match self.constant(value) {
            Some(Scalar::Bool(known)) => Some(known),
            _ => None,
        }
    }
    /// The scalar of a constant value.
    pub fn constant(&self, value: Value) -> Option<Scalar> {
        match self.values[value].expr {
            Expr::Const(scalar) => Some(scalar),
            _ => None,
        }
    }
}
