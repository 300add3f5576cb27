//! What a tracer has collected so far: the program under construction, with type variables for types.
//!
//! ```text
//! handle of the user ──kind──▶ scalar or array │ variable │ tuple │ range │ …
//!                                    │             │
//!                               program value   program variable
//! ```
//!
//! The program's own types are placeholders until the end; the true ones are here, as type variables.
//! Every value that is not a leaf is put into the innermost open block at the moment it is made, which is
//! the order in which the user's function evaluates it.

use crate::calls::Calls;
use crate::errors::{At, Complaint, Problem, Step, mistake};
use crate::exits::Exits;
use crate::foresight::Beginnings;
use crate::local_closures::Closure;
use crate::nested_arrays::Nested;
use crate::records::Items;
use crate::sequences::Sequence;
use crate::tables::Table;
use crate::types::{Class, TypeTable, TypeVar};
use crate::vectors::lists::{KEPT, Lists};
use crate::vectors::{EmptyVector, Vector};
use crate::views::Part;
use parfuse_ir::program::{Block, Claim, Expr, Place, Program, Stmt, Type, Value, Var, VarData};
use parfuse_ir::{Arena, DType, FaultKind, Loc, Scalar, ScalarOp};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

/// The type of a program value: an element type, perhaps to be inferred, and a rank if it is an array.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ty {
    pub(crate) dtype: TypeVar,
    pub(crate) rank: Option<u8>,
    /// Whether it is an array of arrays, `[[f64; 3]; 2]`, whose elements are rows.
    pub(crate) of_arrays: bool,
}

impl Ty {
    /// Whether the elements of it are arrays.
    pub(crate) fn has_rows(self) -> bool {
        self.of_arrays && self.rank.is_some_and(|rank| rank > 1)
    }
}

/// What a handle stands for.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// A scalar or an array.
    Plain(Value),
    /// A variable, read afresh whenever it is used. A borrowed one stays a reference when bound to a name.
    Variable { var: Var, borrowed: bool },
    /// A view that may be written, of a variable.
    Place(Place),
    /// An element that may be set, read afresh whenever it is used. A borrowed one stays a reference when bound to a name.
    Element { place: Place, index: Vec<Value>, borrowed: bool },
    /// A row of an array of arrays that may be set, shown where it is used: there may be none at the index.
    Row { array: u32, index: Vec<Value> },
    /// A part of a complex variable or element, which may be set, read afresh whenever it is used.
    Part { complex: u32, part: parfuse_ir::Part },
    /// The parts of `s![…]`.
    Slice(Vec<Part>),
    /// `let x;`: becomes a variable with the first assignment.
    Declared(String),
    /// Several handles; the empty tuple is `()`.
    Tuple(Items),
    /// A range of integers, or of floats to draw from.
    Range(Range),
    /// A vector that grows: its number among all. A borrowed one stays a reference when bound to a name.
    Vector { vector: usize, borrowed: bool },
    /// Vectors of vectors that grow.
    Lists(Lists),
    /// One of them, at an index.
    List { lists: Lists, index: u32 },
    /// An iterator.
    Sequence(Box<Sequence>),
    /// A `Zip`, whose items are those of its parts together.
    Zip(Box<Sequence>),
    /// A closure.
    Closure(Closure),
    /// An `Option`.
    Optional(Held),
    /// How two numbers compare; they are equal if neither is so.
    Ordering { less: Value, greater: Value },
    /// The lengths of an array's axes, as `shape()` and `raw_dim()` give them.
    Lengths(Vec<Value>),
    /// What a kernel that has given up would have.
    Never,
    /// The dummy after a mistake.
    Poison,
}

/// What an `Option` holds.
#[derive(Clone, Debug)]
pub(crate) enum Held {
    /// Whether there is anything, the handle of what there is, and the fault of unwrapping nothing.
    Value { present: Value, value: u32, fault: FaultKind },
    /// What a handle stands for: it is there, or the kernel has failed.
    Sure(u32),
    /// Nothing: `None`.
    Nothing,
    /// A `Result` that has the same thing in either case: whether it is `Ok`, and the handle of that.
    Either { present: Value, value: u32 },
    /// What variables hold: whether there is anything, the handle of what, and whether a `Result` that fails has it, too.
    Variable { present: Var, value: u32, either: bool },
}

/// A range. In a loop the indices are `j`, or `total - j` if reversed, for `j` in `start, start + step, …` below
/// `end`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Range {
    pub(crate) start: Value,
    pub(crate) end: Value,
    pub(crate) step: Option<Value>,
    pub(crate) total: Option<Value>,
    /// What is said of its iterations, if it is a `prange`.
    pub(crate) claim: Option<Claim>,
    /// Whether `end` belongs to it; that of a loop's does not.
    pub(crate) inclusive: bool,
    pub(crate) dtype: TypeVar,
}

/// A constant whose type is not known when it is made.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Literal {
    Integer(i128),
    Float(f64),
}

/// A check that matters only if the type of the divisor turns out to be an integer type.
pub(crate) struct IntegerCheck {
    pub(crate) divisor: TypeVar,
    /// The values computed for it alone, its condition among them, as positions in the arena.
    pub(crate) values: std::ops::Range<usize>,
}

pub(crate) struct Scope {
    id: u32,
    pub(crate) block: Block,
    pub(crate) repeats: Repeats,
}

/// How often a block runs each time that it is come to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Repeats {
    /// Once, or not at all.
    Once,
    /// Once for each index from the first to before the second, or for some of them.
    Range(Value, Value),
    /// As long as a condition holds.
    AnyNumber,
}

impl Scope {
    pub(crate) fn outermost() -> Scope {
        Scope { id: 0, block: Block::new(), repeats: Repeats::Once }
    }
}

pub(crate) struct State {
    pub(crate) program: Program,
    pub(crate) types: TypeTable,
    pub(crate) value_types: Vec<Ty>,
    pub(crate) var_types: Vec<Ty>,
    pub(crate) literals: HashMap<Value, Literal>,
    /// What `ndim()` has given.
    pub(crate) numbers_of_axes: Vec<Value>,
    /// How often each literal is read, less the times when another literal took its place.
    literal_uses: HashMap<Value, i64>,
    pub(crate) integer_checks: Vec<IntegerCheck>,
    /// Whether integers that overflow are an error, and what may.
    pub(crate) checked: bool,
    pub(crate) watched: HashSet<Value>,
    /// What is known of arrays of arrays.
    pub(crate) nested: Nested,
    /// The vectors that grow.
    pub(crate) vectors: Vec<Vector>,
    /// What begins empty.
    pub(crate) beginnings: Beginnings,
    /// Arrays without elements that vectors begin with.
    pub(crate) empty_vectors: HashMap<Value, EmptyVector>,
    /// Views of what there is of vectors.
    pub(crate) vector_views: HashMap<Value, Value>,
    pub(crate) complaints: Vec<Complaint>,
    /// How many `mapv` closures are being traced.
    pub(crate) map_depth: usize,
    /// How many closures over rows are being traced.
    pub(crate) row_closures: usize,
    /// The place that all that is done now has, if it is not the call's own.
    pub(crate) place: Option<Loc>,
    /// The calls of kernels.
    pub(crate) calls: Calls,
    /// The scopes that can be left.
    pub(crate) exits: Exits,
    /// How many `unsafe` blocks are being traced.
    pub(crate) unsafe_depth: usize,
    /// How many `prange` loops are being traced.
    pub(crate) parallel_depth: usize,
    /// What the user calls what is being done, for complaints about it.
    pub(crate) doing: Cow<'static, str>,
    kinds: Vec<Kind>,
    value_scopes: Vec<u32>,
    pub(crate) scopes: Vec<Scope>,
    /// The arrays that are written out, and how many statements in front of all others make them.
    pub(crate) tables: Vec<Table>,
    pub(crate) front: usize,
    next_scope: u32,
}

impl State {
    pub(crate) fn new(name: &str) -> State {
        State {
            program: Program::new(name),
            types: TypeTable::new(),
            value_types: Vec::new(),
            var_types: Vec::new(),
            literals: HashMap::new(),
            numbers_of_axes: Vec::new(),
            literal_uses: HashMap::new(),
            integer_checks: Vec::new(),
            checked: false,
            watched: HashSet::new(),
            nested: Nested::default(),
            vectors: Vec::new(),
            beginnings: Beginnings::default(),
            empty_vectors: HashMap::new(),
            vector_views: HashMap::new(),
            complaints: Vec::new(),
            map_depth: 0,
            row_closures: 0,
            place: None,
            calls: Calls::default(),
            exits: Exits::default(),
            unsafe_depth: 0,
            parallel_depth: 0,
            doing: Cow::Borrowed(""),
            kinds: Vec::new(),
            value_scopes: Vec::new(),
            scopes: vec![Scope::outermost()],
            tables: Vec::new(),
            front: 0,
            next_scope: 1,
        }
    }

    // Handles

    pub(crate) fn handle(&mut self, kind: Kind) -> u32 {
        self.kinds.push(kind);
        self.kinds.len() as u32 - 1
    }
    pub(crate) fn kind(&self, handle: u32) -> Kind {
        self.kinds.get(handle as usize).cloned().unwrap_or(Kind::Poison)
    }
    pub(crate) fn set_kind(&mut self, handle: u32, kind: Kind) {
        if let Some(slot) = self.kinds.get_mut(handle as usize) {
            *slot = kind;
        }
    }
    pub(crate) fn complain(&mut self, at: At, message: String) {
        let loc = self.loc(at);
        let place = self.program.files.describe(loc);
        self.complaints.push(Complaint { place, message });
    }
    pub(crate) fn loc(&mut self, at: At) -> Loc {
        if let Some(place) = self.place {
            return place;
        }
        if at.line == 0 {
            return Loc::NONE;
        }
        Loc { file: self.program.files.intern(at.file), line: at.line, column: at.column }
    }

    // Blocks

    pub(crate) fn open(&mut self) {
        self.open_repeated(Repeats::Once);
    }
    pub(crate) fn open_repeated(&mut self, repeats: Repeats) {
        self.scopes.push(Scope { id: self.next_scope, block: Block::new(), repeats });
        self.next_scope += 1;
    }
    /// Whether the block that binds a value is open.
    pub(crate) fn is_in_open_scope(&self, value: Value) -> bool {
        let scope = self.value_scopes[value.0 as usize];
        self.scopes.iter().any(|open| open.id == scope)
    }
    /// How many blocks are open.
    pub(crate) fn depth(&self) -> usize {
        self.scopes.len()
    }
    pub(crate) fn close(&mut self) -> Block {
        let outermost = self.scopes.len() == 1;
        if outermost {
            return std::mem::take(&mut self.scopes[0].block);
        }
        self.scopes.pop().map(|scope| scope.block).unwrap_or_default()
    }
    /// The statements so far of the block being traced.
    pub(crate) fn present(&self) -> &Block {
        &self.scopes.last().expect("the outermost block stays open").block
    }
    /// Adds a statement, unless what comes before has left the block.
    pub(crate) fn push(&mut self, stmt: Stmt) {
        if !matches!(self.present().last(), Some(Stmt::Leave { .. })) {
            self.scopes.last_mut().expect("the outermost block stays open").block.push(stmt);
        }
    }
    /// Takes out the statement that was added last.
    pub(crate) fn pop(&mut self) -> Option<Stmt> {
        self.scopes.last_mut().expect("the outermost block stays open").block.pop()
    }
    /// Puts the statements of a closed block into the present one, with the values they define.
    pub(crate) fn splice(&mut self, block: Block) {
        let scope = self.scopes.last().map_or(0, |scope| scope.id);
        for stmt in &block {
            if let Stmt::Let(value) = stmt {
                self.value_scopes[value.0 as usize] = scope;
            }
        }
        self.scopes.last_mut().expect("the outermost block stays open").block.extend(block);
    }

    // Values

    fn add(&mut self, expr: Expr, ty: Ty, at: At) -> Value {
        let loc = self.loc(at);
        // The element type is a placeholder until all types are inferred.
        let placeholder = match ty.rank {
            None => Type::scalar(DType::Bool),
            Some(rank) => Type::array(DType::Bool, rank),
        };
        let leaf = expr.is_leaf();
        let value = self.program.value(expr, placeholder, loc);
        self.value_types.push(ty);
        let global = matches!(self.program.values[value].expr, Expr::Const(_) | Expr::Param(_));
        let scope = self.scopes.last().map_or(0, |scope| scope.id);
        self.value_scopes.push(if global { 0 } else { scope });
        if !leaf {
            self.push(Stmt::Let(value));
        }
        value
    }
    /// Evaluates an expression here.
    pub(crate) fn emit(&mut self, expr: Expr, ty: Ty, at: At) -> Step<Value> {
        let refers = matches!(expr, Expr::Var(_) | Expr::Param(_) | Expr::Bound | Expr::View { .. });
        let whole_array = ty.rank.is_some() && !refers;
        if self.parallel_depth > 0 && whole_array && matches!(expr, Expr::Random { .. }) {
            return mistake(
                "an array of random numbers inside a `prange` is not supported; make it in front with one axis more, as \
                 long as the loop, and use the row at the loop's own index, or draw single numbers in a `for`",
            );
        }
        if self.map_depth > 0 && (whole_array || matches!(expr, Expr::Reduce { .. })) {
            return mistake(
                "operations on whole arrays are not supported inside the closure of `mapv`; \
                 compute the array before it",
            );
        }
        Ok(self.add(expr, ty, at))
    }
    pub(crate) fn param(&mut self, index: u32, ty: Ty) -> Value {
        self.add(Expr::Param(index), ty, At::NONE)
    }
    /// A value that the construct whose block is open binds.
    pub(crate) fn bound(&mut self, dtype: TypeVar, at: At) -> Value {
        self.add(Expr::Bound, Ty { dtype, rank: None, of_arrays: false }, at)
    }
    pub(crate) fn constant(&mut self, scalar: Scalar, at: At) -> Value {
        let dtype = self.types.known(scalar.dtype());
        self.add(Expr::Const(scalar), Ty { dtype, rank: None, of_arrays: false }, at)
    }
    pub(crate) fn bool_constant(&mut self, value: bool, at: At) -> Value {
        self.constant(Scalar::Bool(value), at)
    }
    pub(crate) fn literal(&mut self, literal: Literal, dtype: TypeVar, at: At) -> Value {
        let value =
            self.add(Expr::Const(Scalar::Bool(false)), Ty { dtype, rank: None, of_arrays: false }, at);
        self.literals.insert(value, literal);
        value
    }
    /// A literal in the place of one that was read: `2147483648` in `-2147483648` need not fit its type.
    pub(crate) fn replace_literal(&mut self, old: Value, literal: Literal, dtype: TypeVar, at: At) -> Value {
        *self.literal_uses.entry(old).or_default() -= 1;
        self.literal(literal, dtype, at)
    }
    /// Whether other literals have taken the place of a literal wherever it was read.
    pub(crate) fn is_replaced(&self, literal: Value) -> bool {
        self.literal_uses.get(&literal) == Some(&0)
    }
    /// A small integer of the same element type as a value, whatever that turns out to be.
    pub(crate) fn small(&mut self, number: i32, like: Value, at: At) -> Value {
        let dtype = self.ty(like).dtype;
        self.literal(Literal::Integer(number.into()), dtype, at)
    }
    /// The integer that a constant value is, if it is one.
    pub(crate) fn known_integer(&self, value: Value) -> Option<i128> {
        match (self.literals.get(&value), self.program.constant(value)) {
            (Some(Literal::Integer(number)), _) => Some(*number),
            (None, Some(scalar)) => crate::traits::integer(scalar),
            _ => None,
        }
    }
    pub(crate) fn ty(&self, value: Value) -> Ty {
        self.value_types[value.0 as usize]
    }
    pub(crate) fn class(&self, value: Value) -> Class {
        self.types.class(self.ty(value).dtype)
    }
    /// The type of a value as messages show it: `f64`, `array of {float}`.
    pub(crate) fn describe(&self, ty: Ty) -> String {
        let class = self.types.show(ty.dtype);
        match ty.rank {
            None => class,
            Some(1) => format!("an array of {class} with 1 axis"),
            Some(rank) => format!("an array of {class} with {rank} axes"),
        }
    }

    // Operands

    /// The scalar or array that a handle stands for, read now if it is a variable.
    pub(crate) fn read(&mut self, handle: u32, at: At) -> Step<Value> {
        match self.kind(handle) {
            Kind::Plain(value) | Kind::Place(Place { view: Some(value), .. }) => {
                let scope = self.value_scopes[value.0 as usize];
                if scope != 0 && self.scopes.iter().all(|open| open.id != scope) {
                    return mistake(
                        "a value computed inside a branch, loop or closure is used outside of it; \
                         carry it out in a variable",
                    );
                }
                if self.literals.contains_key(&value) {
                    *self.literal_uses.entry(value).or_default() += 1;
                }
                Ok(value)
            }
            Kind::Variable { var, .. } | Kind::Place(Place { var, view: None }) => self.read_var(var, at),
            Kind::Element { place, index, .. } => self.read_element(place, &index, at),
            Kind::Row { array, index } => {
                let row = self.shown_row(array, &index, at)?;
                let row = self.handle(row);
                self.read(row, at)
            }
            Kind::Part { complex, part } => {
                let complex = self.read(complex, at)?;
                self.part(complex, part, at)
            }
            Kind::Vector { .. } | Kind::List { .. } => {
                let present = self.as_present(handle, at)?;
                self.read(present, at)
            }
            Kind::Lists(_) => mistake(KEPT),
            Kind::Sequence(_) => mistake(
                "an iterator is not supported here; go through it with `for`, or end it with `sum()`, `fold(…)` and the like",
            ),
            Kind::Zip(_) => mistake("a `Zip` is not supported here; end it with `for_each` or `map_collect`"),
            Kind::Closure(_) => mistake("a closure is not supported here; call it"),
            Kind::Ordering { .. } => mistake("an `Ordering` is not supported here; write `<`, `==` or `>`"),
            Kind::Slice(_) => mistake("`s![…]` is not supported here; it is the argument of `slice`"),
            Kind::Declared(name) => mistake(format!("`{name}` is used before a value is assigned to it")),
            Kind::Tuple(items) if items.is_empty() => mistake("`()` has no value to compute with"),
            Kind::Tuple(items) if items.of.record().is_some() => {
                mistake("a struct, or an array of structs, is not supported here; use its fields")
            }
            Kind::Tuple(_) => mistake("a tuple is not supported here; use its fields"),
            Kind::Range(_) => {
                mistake("a range is not supported here; ranges are for `for` loops and `random_range`")
            }
            Kind::Optional(_) => {
                mistake("an `Option` is not supported here; `unwrap()` or `unwrap_or(…)` it first")
            }
            Kind::Lengths(_) => mistake("a shape is not supported here; index it, or use `len()`, `dim()`"),
            Kind::Never => mistake("nothing is left to compute with here: the kernel has given up"),
            Kind::Poison => Err(Problem::Reported),
        }
    }
    /// The type of the scalar or array that a handle stands for.
    pub(crate) fn type_of(&mut self, handle: u32) -> Step<Ty> {
        match self.kind(handle) {
            Kind::Plain(value) | Kind::Place(Place { view: Some(value), .. }) => Ok(self.ty(value)),
            Kind::Variable { var, .. } | Kind::Place(Place { var, view: None }) => {
                Ok(self.var_types[var.0 as usize])
            }
            Kind::Element { place, .. } => Ok(Ty { rank: None, ..self.place_type(place) }),
            _ => self.read(handle, At::NONE).map(|value| self.ty(value)),
        }
    }
    pub(crate) fn scalar(&mut self, handle: u32, what: &str, at: At) -> Step<Value> {
        let value = self.read(handle, at)?;
        match self.ty(value).rank {
            None => Ok(value),
            Some(_) => mistake(format!("{what} must be a scalar, not an array")),
        }
    }
    /// The array that a handle stands for, with its rank.
    pub(crate) fn array(&mut self, handle: u32, what: &str, at: At) -> Step<(Value, u8)> {
        let value = self.read(handle, at)?;
        match self.ty(value).rank {
            Some(rank) => Ok((value, rank)),
            None => mistake(format!("{what} needs an array, not a scalar")),
        }
    }
    pub(crate) fn condition(&mut self, handle: u32, at: At) -> Step<Value> {
        let value = self.scalar(handle, "a condition", at)?;
        self.unify_known(value, DType::Bool, "a condition")?;
        Ok(value)
    }
    /// The type of lengths.
    pub(crate) fn size_type(&mut self) -> Ty {
        Ty { dtype: self.types.known(DType::Usize), rank: None, of_arrays: false }
    }
    /// A scalar of type `usize`.
    pub(crate) fn size(&mut self, handle: u32, what: &str, at: At) -> Step<Value> {
        let value = self.scalar(handle, what, at)?;
        self.unify_known(value, DType::Usize, what)?;
        Ok(value)
    }

    // Operations

    /// An operation on operands whose types already agree; the result has the broadcast rank.
    pub(crate) fn op(&mut self, op: ScalarOp, operands: &[Value], at: At) -> Step<Value> {
        use parfuse_ir::scalar_op::Signature;
        let rank = operands.iter().filter_map(|value| self.ty(*value).rank).max();
        let dtype = match op.signature() {
            Signature::Same | Signature::Power => self.ty(operands[0]).dtype,
            Signature::Compare => self.types.known(DType::Bool),
            Signature::Select => self.ty(operands[1]).dtype,
            Signature::Bits => {
                let dtype = self.settled(operands[0], op.name())?;
                self.types.known(dtype.with_same_bits())
            }
        };
        self.emit(Expr::Op(op, operands.to_vec()), Ty { dtype, rank, of_arrays: false }, at)
    }
    /// An operation on operands that must have one type.
    pub(crate) fn homogeneous(
        &mut self,
        op: ScalarOp,
        operands: &[Value],
        what: &str,
        at: At,
    ) -> Step<Value> {
        for operand in &operands[1..] {
            let (first, other) = (self.ty(operands[0]).dtype, self.ty(*operand).dtype);
            self.unify(first, other, what)?;
        }
        self.op(op, operands, at)
    }
    pub(crate) fn cast(&mut self, value: Value, dtype: TypeVar, at: At) -> Step<Value> {
        let rank = self.ty(value).rank;
        self.emit(Expr::Cast(value), Ty { dtype, rank, of_arrays: false }, at)
    }
    pub(crate) fn check(&mut self, ok: Value, kind: FaultKind, at: At) {
        self.check_with(ok, kind, Vec::new(), at);
    }
    /// A check that reports values.
    pub(crate) fn check_with(&mut self, ok: Value, kind: FaultKind, args: Vec<Value>, at: At) {
        let loc = self.loc(at);
        self.push(Stmt::Check { ok, kind, args, loc });
    }

    // Variables

    pub(crate) fn new_var(&mut self, name: &str, ty: Ty, param: Option<u32>) -> Var {
        let placeholder = match ty.rank {
            None => Type::scalar(DType::Bool),
            Some(rank) => Type::array(DType::Bool, rank),
        };
        self.var_types.push(ty);
        self.program.vars.push(VarData { name: name.to_string(), ty: placeholder, param })
    }
    pub(crate) fn set_var(&mut self, var: Var, value: Value) {
        self.push(Stmt::Assign { var, value });
    }
    pub(crate) fn var_type(&self, var: Var) -> Ty {
        self.var_types[var.0 as usize]
    }
    pub(crate) fn read_var(&mut self, var: Var, at: At) -> Step<Value> {
        let ty = self.var_types[var.0 as usize];
        self.emit(Expr::Var(var), ty, at)
    }
    /// The name of a variable for messages.
    pub(crate) fn var_name(&self, var: Var) -> String {
        let vars: &Arena<Var, VarData> = &self.program.vars;
        vars[var].name.clone()
    }
    /// Gives a value its user's name, if it has none yet.
    pub(crate) fn name_value(&mut self, value: Value, name: &str) {
        let slot = &mut self.program.values[value].name;
        if slot.is_none() && !name.is_empty() {
            *slot = Some(name.into());
        }
    }
}
