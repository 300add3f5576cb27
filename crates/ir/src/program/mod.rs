//! Program: typed structured code over scalars and whole arrays, close to what the user wrote.
//!
//! ```text
//! program gaussians(x: f64, means: [f64; 1], widths: [f64; 1]) -> [f64; 1] {
//!   v3 n: usize = len means @5:13
//!   v4: [f64; 1] = sub x, means @6:30
//!   v5: [f64; 1] = div v4, widths @6:40
//!   ...
//!   return v15
//! }
//! ```
//! (`docs/IR.md` describes the text.)
//!
//! Values are in SSA form and evaluated where their `Let` stands; constants and parameters are leaves that
//! need no `Let`. A value is visible in the blocks nested in the one that defines it, never outside.
//! Mutable variables are explicit: [`Expr::Var`] reads one, [`Stmt::Assign`] sets it. Reading an array
//! variable refers to its contents, it does not copy them: the reading value must be used before the
//! variable changes (`Expr::Copy` takes a copy). A view ([`Expr::View`]) refers to the elements that the array has
//! whenever the view is used. Elements are set in a [`Place`]: a variable, or what a view shows of it.

mod parse;
mod print;
mod verify;
mod view;
pub mod walk;

pub(crate) use parse::{parse_claim, parse_type};
pub(crate) use print::param_text;
pub use view::{Cut, Place, View, ViewAxis};

use crate::{Arena, DType, Distribution, ElementType, FaultKind, Files, Fold, Loc, Part, Scalar, ScalarOp};
use std::fmt;

id!(
    /// A value of a [`Program`].
    Value,
    "v"
);
id!(
    /// A mutable variable of a [`Program`].
    Var,
    "x"
);

/// The type of a value.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Type {
    /// One element.
    Scalar(ElementType),
    /// An array of a rank.
    Array(ElementType, u8),
}

impl Type {
    /// A truth value.
    pub const BOOL: Type = Type::Scalar(ElementType::Real(DType::Bool));
    /// A length or an index.
    pub const USIZE: Type = Type::Scalar(ElementType::Real(DType::Usize));

    /// One element.
    pub fn scalar(element: impl Into<ElementType>) -> Type {
        Type::Scalar(element.into())
    }
    /// An array of a rank.
    pub fn array(element: impl Into<ElementType>, rank: u8) -> Type {
        Type::Array(element.into(), rank)
    }
    /// The type of the value or of its elements.
    pub fn element(self) -> ElementType {
        match self {
            Type::Scalar(element) | Type::Array(element, _) => element,
        }
    }
    /// The type of the value or of its elements; of complex numbers that of their parts.
    pub fn dtype(self) -> DType {
        self.element().part()
    }
    /// Whether it is or has complex numbers.
    pub fn is_complex(self) -> bool {
        self.element().is_complex()
    }
    /// The rank of an array, `None` for a scalar.
    pub fn rank(self) -> Option<u8> {
        match self {
            Type::Scalar(_) => None,
            Type::Array(_, rank) => Some(rank),
        }
    }
    /// The same shape of type with another element type.
    pub fn with_element(self, element: impl Into<ElementType>) -> Type {
        match self {
            Type::Scalar(_) => Type::scalar(element),
            Type::Array(_, rank) => Type::array(element, rank),
        }
    }
}

/// Prints `f64` for a scalar, `[f64; 2]` for an array of rank 2.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Scalar(element) => write!(f, "{element}"),
            Type::Array(element, rank) => write!(f, "[{element}; {rank}]"),
        }
    }
}

/// What may become of the operations on floats.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Math {
    /// They are performed as written.
    #[default]
    Strict,
    /// Cheaper ones may take their place: `a * b + c` with one rounding, multiplication by a reciprocal for division,
    /// factors that are multiplied with each other first. Each quotient stays within 4 units in the last place as long
    /// as the reciprocal of its divisor is a normal number.
    Fast,
}

/// A traced kernel.
#[derive(Clone, Debug, PartialEq, Hash)]
pub struct Program {
    /// The kernel's name.
    pub name: String,
    /// What may become of the operations on floats, before anyone performs them.
    pub math: Math,
    /// The parameters, in order.
    pub params: Vec<Param>,
    /// The mutable variables.
    pub vars: Arena<Var, VarData>,
    /// The values.
    pub values: Arena<Value, ValueData>,
    /// What the kernel does.
    pub body: Block,
    /// What it returns: nothing, one value or several.
    pub results: Vec<Value>,
    /// The source files that places refer to.
    pub files: Files,
}

/// A parameter of a kernel.
#[derive(Clone, Debug, PartialEq, Hash)]
pub struct Param {
    /// The user's name.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// Whether the kernel may write to the array. Such a parameter is read and written through the
    /// variable whose [`VarData::param`] names it.
    pub mutable: bool,
}

/// A mutable variable.
#[derive(Clone, Debug, PartialEq, Hash)]
pub struct VarData {
    /// The user's name.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// The mutable array parameter it stands for.
    pub param: Option<u32>,
}

/// A value: how it is computed, its type, and where the user wrote it.
#[derive(Clone, Debug, PartialEq, Hash)]
pub struct ValueData {
    /// How it is computed.
    pub expr: Expr,
    /// Its type.
    pub ty: Type,
    /// Where the user wrote it.
    pub loc: Loc,
    /// The user's name for it, if it was bound to one.
    pub name: Option<Box<str>>,
}

/// A sequence of statements.
pub type Block = Vec<Stmt>;

/// In which order the iterations of a loop over a range run.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Order {
    /// One after the other.
    Serial,
    /// In any, at the same time: the loops that operations on arrays are made of. They draw no random numbers, and the
    /// numbering of those knows nothing of them.
    Unordered,
    /// The same, of a `prange`: it takes a stream of random numbers.
    Prange(Claim),
}

/// What is said of the iterations of a `prange`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Claim {
    /// Whether it is promised that no two of them touch an element that one of them stores to. Then nobody looks.
    pub assumed: bool,
    /// How many a thread takes at a time, at least; nothing is said by 0.
    pub grain: u32,
}

impl Claim {
    /// What is said of the iterations of several loops that become one.
    pub fn and(self, other: Claim) -> Claim {
        Claim { assumed: self.assumed || other.assumed, grain: self.grain.max(other.grain) }
    }
}

/// Prints ` assumed grain 64`, nothing for what is not said.
impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.assumed {
            f.write_str(" assumed")?;
        }
        match self.grain {
            0 => Ok(()),
            grain => write!(f, " grain {grain}"),
        }
    }
}

impl Order {
    /// All of them, of loops of which nothing else is said.
    pub const ALL: [Order; 3] =
        [Order::Serial, Order::Unordered, Order::Prange(Claim { assumed: false, grain: 0 })];

    /// The word for such loops in IR text.
    pub fn name(self) -> &'static str {
        match self {
            Order::Serial => "for",
            Order::Unordered => "unordered",
            Order::Prange(_) => "prange",
        }
    }

    /// Whether it is that of a `prange`.
    pub fn is_prange(self) -> bool {
        matches!(self, Order::Prange(_))
    }

    /// What is said of the iterations.
    pub fn claim(self) -> Claim {
        match self {
            Order::Serial | Order::Unordered => Claim::default(),
            Order::Prange(claim) => claim,
        }
    }

    /// Whether iterations may run at the same time.
    pub fn is_parallel(self) -> bool {
        self != Order::Serial
    }
}

/// A statement.
#[derive(Clone, Debug, PartialEq, Hash)]
pub enum Stmt {
    /// Evaluates a value here.
    Let(Value),
    /// Sets a variable. An array variable takes over the value, shape and all.
    Assign {
        /// The variable.
        var: Var,
        /// Its new value.
        value: Value,
    },
    /// Sets one element of a place.
    Store {
        /// The array variable, or a view of it.
        place: Place,
        /// One index per axis, of type `usize`.
        index: Vec<Value>,
        /// The element.
        value: Value,
        /// Where the user wrote it.
        loc: Loc,
    },
    /// Overwrites all elements of a place, with a value that is evaluated before and broadcast to its shape.
    Update {
        /// The array variable, or a view of it.
        place: Place,
        /// A scalar or an array.
        value: Value,
        /// Where the user wrote it.
        loc: Loc,
    },
    /// Gives the array of a local variable another length along its first axis. The elements that both lengths have stay;
    /// what those behind them hold is unspecified until they are set. In no parallel loop.
    Resize {
        /// The array variable.
        var: Var,
        /// The new length, a `usize`.
        length: Value,
        /// Where the user wrote it.
        loc: Loc,
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
    /// A loop over `start, start + step, …` below `end`, both of the index's integer type; a step of zero is a fault
    /// checked beforehand.
    For {
        /// The index, an [`Expr::Bound`] value.
        index: Value,
        /// The first index.
        start: Value,
        /// One past the last.
        end: Value,
        /// The distance between indices, a `usize`: it may be more than the index's type has.
        step: Value,
        /// Whether its iterations follow each other.
        order: Order,
        /// A variable of type `bool` that ends the loop before an iteration when it is true. Only of one in order.
        until: Option<Var>,
        /// The body.
        body: Block,
        /// Where the user wrote it.
        loc: Loc,
    },
    /// A block that can be left from inside: what `break`, `continue` and `return` leave is a scope around a loop, around
    /// the body of a loop, around the body of a function.
    Scope {
        /// The block.
        body: Block,
    },
    /// Goes on behind a scope around. It does not lead out of a `prange` or of the block of a `map`.
    Leave {
        /// How many scopes stand between this and the one that is left.
        outward: u32,
        /// Where the user wrote it.
        loc: Loc,
    },
    /// Calls a function outside of compiled code. Outside of `prange` and the blocks of `map`s only.
    Call {
        /// The function, by its number among those of [`Files`].
        function: u16,
        /// The arguments.
        arguments: Vec<CallArgument>,
        /// The variables that its results go to.
        results: Vec<Var>,
        /// Where the user wrote it.
        loc: Loc,
    },
    /// Ends the kernel with a fault unless the condition holds.
    Check {
        /// A `bool`.
        ok: Value,
        /// What to report.
        kind: FaultKind,
        /// The values to report with it, at most two, of type `usize`.
        args: Vec<Value>,
        /// Where the user wrote it.
        loc: Loc,
    },
}

/// An argument of a call.
#[derive(Clone, Copy, Debug, PartialEq, Hash)]
pub enum CallArgument {
    /// A scalar, or an array that is read.
    Value(Value),
    /// An array that is read and written.
    Place(Place),
}

impl CallArgument {
    /// The value that it uses.
    pub(crate) fn value(&self) -> Option<&Value> {
        match self {
            CallArgument::Value(value) => Some(value),
            CallArgument::Place(place) => place.view.as_ref(),
        }
    }
    /// The same, for changing it.
    pub(crate) fn value_mut(&mut self) -> Option<&mut Value> {
        match self {
            CallArgument::Value(value) => Some(value),
            CallArgument::Place(place) => place.view.as_mut(),
        }
    }
}

/// How a value is computed.
#[derive(Clone, Debug, PartialEq, Hash)]
pub enum Expr {
    /// A constant scalar. A leaf.
    Const(Scalar),
    /// A scalar or an array parameter that is not mutable. A leaf.
    Param(u32),
    /// The present contents of a variable.
    Var(Var),
    /// Bound by the enclosing construct: the index of a `for`, the parameter of a `map`. A leaf.
    Bound,
    /// A scalar operation; element by element, with ndarray's broadcasting, if an operand is an array.
    Op(ScalarOp, Vec<Value>),
    /// Conversion to the value's own element type, as Rust's `as`; of a real to a complex number without imaginary part.
    Cast(Value),
    /// A complex number of two floats; element by element if they are arrays, which have one shape.
    Complex {
        /// The real part.
        re: Value,
        /// The imaginary part.
        im: Value,
    },
    /// A part of a complex number; of each element if it is an array.
    Part {
        /// The complex number.
        complex: Value,
        /// Which one.
        part: Part,
    },
    /// One element.
    Index {
        /// The array.
        array: Value,
        /// One index per axis, of type `usize`.
        index: Vec<Value>,
    },
    /// The length of an axis, as `usize`.
    Dim {
        /// The array.
        array: Value,
        /// The axis.
        axis: u8,
    },
    /// The number of elements, as `usize`.
    Len(Value),
    /// A new array with all elements equal.
    Fill {
        /// One `usize` per axis.
        shape: Vec<Value>,
        /// The element.
        value: Value,
    },
    /// A copy of an array.
    Copy(Value),
    /// A new array of another shape with the same elements in row-major order, of which there must be as many.
    Reshape {
        /// The array.
        array: Value,
        /// One `usize` per axis.
        shape: Vec<Value>,
    },
    /// Part of an array under other indices.
    View {
        /// The array.
        array: Value,
        /// What is seen of it.
        view: View,
    },
    /// Random numbers: one for a scalar value, an array of independent ones for an array. That there are
    /// numbers to draw is checked where it is evaluated.
    Random {
        /// How they are distributed.
        distribution: Distribution,
        /// What the distribution needs, scalars.
        operands: Vec<Value>,
        /// One `usize` per axis; empty for a scalar.
        shape: Vec<Value>,
    },
    /// A new array whose elements are computed by a block of scalar code from the corresponding elements. If that gives
    /// several for each, they lie side by side, along one axis more, the last.
    Map {
        /// The arrays walked together (broadcast to the first's shape).
        arrays: Vec<Value>,
        /// The element of each array, [`Expr::Bound`] values.
        params: Vec<Value>,
        /// The code.
        body: Block,
        /// The elements computed, scalars of one type.
        results: Vec<Value>,
    },
    /// All elements reduced to one, or with an axis each row along it: to an array of the other axes.
    Reduce {
        /// What they are reduced to; of none [`Combine::of_no_elements`](crate::Combine::of_no_elements).
        fold: Fold,
        /// The array.
        array: Value,
        /// The axis that is reduced, of several.
        axis: Option<u8>,
    },
}

impl Expr {
    /// Whether the value needs no `Let`.
    pub fn is_leaf(&self) -> bool {
        matches!(self, Expr::Const(_) | Expr::Param(_) | Expr::Bound)
    }
}

impl Program {
    /// An empty program.
    pub fn new(name: &str) -> Program {
        Program {
            name: name.to_string(),
            math: Math::default(),
            params: Vec::new(),
            vars: Arena::new(),
            values: Arena::new(),
            body: Vec::new(),
            results: Vec::new(),
            files: Files::default(),
        }
    }
    /// The type of a value.
    #[inline]
    pub fn ty(&self, value: Value) -> Type {
        self.values[value].ty
    }
    /// Adds a value without a name.
    pub fn value(&mut self, expr: Expr, ty: Type, loc: Loc) -> Value {
        self.values.push(ValueData { expr, ty, loc, name: None })
    }
    /// Where the user wrote a statement.
    pub fn place(&self, stmt: &Stmt) -> Loc {
        match stmt {
            Stmt::Let(value) | Stmt::Assign { value, .. } => self.values[*value].loc,
            Stmt::If { cond, .. } | Stmt::While { cond, .. } => self.values[*cond].loc,
            Stmt::Store { loc, .. }
            | Stmt::Update { loc, .. }
            | Stmt::Resize { loc, .. }
            | Stmt::For { loc, .. }
            | Stmt::Leave { loc, .. }
            | Stmt::Call { loc, .. }
            | Stmt::Check { loc, .. } => *loc,
            Stmt::Scope { .. } => Loc::NONE,
        }
    }
    /// How deep blocks nest in blocks at most, also when what follows an exit has gone into a branch.
    pub fn nesting(&self) -> usize {
        let leaves = |stmt: &&Stmt| matches!(stmt, Stmt::Leave { .. });
        walk::nesting(self) + walk::statements(self, &self.body).filter(leaves).count()
    }
    /// Whether something is promised of its loops that nobody checks.
    pub fn promises(&self) -> bool {
        let promised = |stmt: &Stmt| matches!(stmt, Stmt::For { order, .. } if order.claim().assumed);
        walk::statements(self, &self.body).any(promised)
    }
    /// The scalar of a constant value.
    pub fn constant(&self, value: Value) -> Option<Scalar> {
        match self.values[value].expr {
            Expr::Const(scalar) => Some(scalar),
            _ => None,
        }
    }
}
