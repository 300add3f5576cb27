//! Builds the code of a driver or a region: places each value, and computes nothing twice.
//!
//! Open blocks form a stack of scopes. A pure value is looked up in all of them before it is made; a new one
//! goes where it runs least often without being speculated out of a branch:
//!
//! ```text
//! prologue        uniform, and nothing of the body in it
//!   body
//!     loop header
//!       loop body   a value climbs out of loops as far as its operands allow
//!     branch        and stays in branches, but for sums and products that leave a loop around them: parts of addresses
//! ```
//!
//! Since blocks stay open while the blocks inside them are written, whatever is added to an outer block runs
//! before the inner block does, so definitions dominate uses by construction.

use super::affine::Affine;
use super::borders::Run;
use super::fold;
use crate::hash::FastMap;
use parfuse_ir::arena::Id;
use parfuse_ir::lane::{Block, Carried, Code, Inst, LaneOp, LaneType, Merge, Node, Slot, Value};
use parfuse_ir::loops::Buffer;
use parfuse_ir::math::Primitives;
use smallvec::SmallVec;

/// What an open block is part of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum ScopeKind {
    /// Runs once per row segment.
    Prologue,
    /// The outermost block.
    Body,
    /// A side of an `if`.
    Branch,
    /// Runs once before a lane loop that has iterations.
    LanePrologue,
    /// The body of a lane loop; the scope below it is the loop's prologue.
    LaneBody,
    /// The header of a loop.
    Header,
    /// The body of a loop; the scope below it is the loop's header.
    LoopBody,
}

struct Scope {
    kind: ScopeKind,
    nodes: Block,
    numbers: FastMap<Key, Value>,
}

/// The outermost block is taken to define so many values: a math function expands to some twenty.
pub(super) const MANY: usize = 56;

/// What makes two pure values the same.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    Const(LaneType, u64),
    Slot(LaneType, Slot),
    Op(LaneOp, SmallVec<[Value; 3]>),
    /// With how often the buffer has got another array.
    Dim(Buffer, u8, u32),
    Stride(Buffer, u8, u32),
    Any(Value),
    Outside(Value, Value),
    LaneIndex,
    RowIndex(u8),
    LinearIndex,
}

/// What is known of a local buffer in serial code, where `alloc` and `move` give it other arrays.
#[derive(Clone, Copy, Default)]
struct Shaping {
    /// How often it has got another array so far.
    version: u32,
    /// The header of the innermost open loop in which it gets one: lengths are read inside that loop.
    floor: usize,
}

/// Code under construction.
pub(super) struct Builder {
    code: Code,
    scopes: Vec<Scope>,
    /// For each value, the position in the stack of the scope that defines it.
    levels: Vec<usize>,
    /// For varying indices that run evenly along the lanes, how.
    affine: FastMap<Value, Affine>,
    /// For those that do so but for the first or last lanes, where.
    runs: FastMap<Value, Run>,
    /// Whether there is a check so far.
    checks: bool,
    /// The local buffers that have got an array.
    shaping: FastMap<Buffer, Shaping>,
    /// Where elements run one by one: the last dimension, whose index differs between them.
    element_dimension: Option<u8>,
}

impl Builder {
    /// Starts the code of a driver.
    pub(super) fn driver() -> Builder {
        Builder::with_scopes(&[ScopeKind::Body])
    }

    /// Starts the code of a region; if its elements run one by one, with the last of its dimensions.
    pub(super) fn region(element_dimension: Option<u8>) -> Builder {
        let builder = Builder::with_scopes(&[ScopeKind::Prologue, ScopeKind::Body]);
        Builder { element_dimension, ..builder }
    }

    /// Starts the body of a lane loop, and what runs before it.
    pub(super) fn open_lane_loop(&mut self) {
        self.open(ScopeKind::LanePrologue);
        self.open(ScopeKind::LaneBody);
    }

    /// Ends a lane loop; returns what runs before it, and its body.
    pub(super) fn close_lane_loop(&mut self) -> [Block; 2] {
        let body = self.close();
        [self.close(), body]
    }

    fn with_scopes(kinds: &[ScopeKind]) -> Builder {
        let mut builder = Builder {
            code: Code::default(),
            scopes: Vec::new(),
            levels: Vec::new(),
            affine: FastMap::default(),
            runs: FastMap::default(),
            checks: false,
            shaping: FastMap::default(),
            element_dimension: None,
        };
        kinds.iter().for_each(|kind| builder.open(*kind));
        builder
    }

    /// The finished prologue (empty for a driver) and code.
    pub(super) fn finish(mut self) -> (Block, Code) {
        self.code.body = self.close();
        let prologue = self.scopes.pop().map_or_else(Vec::new, |scope| scope.nodes);
        assert!(self.scopes.is_empty(), "all blocks are closed");
        (prologue, self.code)
    }

    fn open(&mut self, kind: ScopeKind) {
        let values = if kind == ScopeKind::Body { MANY } else { 0 };
        let numbers = FastMap::with_capacity_and_hasher(values, Default::default());
        self.scopes.push(Scope { kind, nodes: Vec::with_capacity(values), numbers });
    }

    fn close(&mut self) -> Block {
        self.scopes.pop().expect("a block is open").nodes
    }

    /// Starts a side of a branch.
    pub(super) fn open_branch(&mut self) {
        self.open(ScopeKind::Branch);
    }

    /// Ends a side of a branch.
    pub(super) fn close_branch(&mut self) -> Block {
        self.close()
    }

    /// Starts the header of a loop.
    pub(super) fn open_loop(&mut self) {
        self.open(ScopeKind::Header);
    }

    /// Ends the header of a loop and starts its body.
    pub(super) fn open_loop_body(&mut self) {
        self.open(ScopeKind::LoopBody);
    }

    /// Ends a loop.
    pub(super) fn close_loop(&mut self, carried: Vec<Carried>, cond: Value) {
        let body = self.close();
        let header = self.close();
        self.node(Node::Loop { carried, header, cond, body });
    }

    /// Notes that a buffer gets another array here.
    pub(super) fn reshape(&mut self, buffer: Buffer) {
        self.shaping.entry(buffer).or_default().version += 1;
    }

    /// Notes that the loop whose header is open gives other arrays to these buffers; returns what was known of them.
    pub(super) fn begin_reshaping(&mut self, buffers: &[Buffer]) -> Vec<usize> {
        let floor = self.scopes.len() - 1;
        let begin = |buffer: &Buffer| {
            let shaping = self.shaping.entry(*buffer).or_default();
            shaping.version += 1;
            std::mem::replace(&mut shaping.floor, floor)
        };
        buffers.iter().map(begin).collect()
    }

    /// Notes that this loop has ended.
    pub(super) fn end_reshaping(&mut self, buffers: &[Buffer], floors: Vec<usize>) {
        for (buffer, floor) in buffers.iter().zip(floors) {
            let shaping = self.shaping.entry(*buffer).or_default();
            *shaping = Shaping { version: shaping.version + 1, floor };
        }
    }

    /// Adds a branch unless it does nothing.
    pub(super) fn branch(&mut self, cond: Value, then: Block, otherwise: Block, results: Vec<Merge>) {
        if !(then.is_empty() && otherwise.is_empty() && results.is_empty()) {
            self.node(Node::If { cond, then, otherwise, results });
        }
    }

    /// Adds a statement to the innermost open block.
    pub(super) fn node(&mut self, node: Node) {
        self.checks |= matches!(node, Node::Check { .. });
        self.scopes.last_mut().expect("a block is open").nodes.push(node);
    }

    /// A value that a node of the innermost open block binds, or the loop whose header that is.
    pub(super) fn bound(&mut self, ty: LaneType, varying: bool) -> Value {
        self.define(Inst::Bound, ty, varying, self.scopes.len() - 1)
    }

    /// A value computed exactly here, each time anew.
    pub(super) fn here(&mut self, inst: Inst, ty: LaneType, varying: bool) -> Value {
        let value = self.define(inst, ty, varying, self.scopes.len() - 1);
        self.node(Node::Let(value));
        value
    }

    /// A load for all elements of a row, or all iterations of a lane loop, at once, if that is the same: every element
    /// comes by here, none has a check before it, and the address is known in front of the row.
    pub(super) fn once_a_row(&mut self, load: Inst, ty: LaneType, base: Value) -> Option<Value> {
        let in_front = self.scopes.len().checked_sub(2)?;
        let first = match self.scopes[in_front].kind {
            ScopeKind::Prologue => !self.checks,
            kind => kind == ScopeKind::LanePrologue,
        };
        if !first || self.levels[base.index()] > in_front {
            return None;
        }
        let value = self.define(load, ty, false, in_front);
        self.scopes[in_front].nodes.push(Node::Let(value));
        Some(value)
    }

    /// A value that depends on its operands alone.
    pub(super) fn pure(&mut self, inst: Inst, ty: LaneType, varying: bool) -> Value {
        let key = self.key(&inst, ty);
        if let Some(known) = self.scopes.iter().rev().find_map(|scope| scope.numbers.get(&key)) {
            return *known;
        }
        let leaf = inst.is_leaf();
        let level = if leaf { self.level_of_leaf(&inst) } else { self.placement(&inst, varying) };
        let value = self.define(inst, ty, varying, level);
        if !leaf {
            self.scopes[level].nodes.push(Node::Let(value));
        }
        self.scopes[level].numbers.insert(key, value);
        value
    }

    /// Whether any lane is true.
    pub(super) fn any(&mut self, mask: Value) -> Value {
        if self.varying(mask) { self.pure(Inst::Any(mask), LaneType::Bool, false) } else { mask }
    }

    /// A truth value.
    pub(super) fn bool(&mut self, x: bool) -> Value {
        self.constant(LaneType::Bool, x as u64)
    }

    /// Whether lanes may differ in a value.
    pub(super) fn varying(&self, value: Value) -> bool {
        self.code.values[value].varying
    }

    /// How a value is computed.
    pub(super) fn inst(&self, value: Value) -> &Inst {
        &self.code.values[value].inst
    }

    /// The bits of a constant.
    pub(super) fn bits(&self, value: Value) -> Option<u64> {
        match self.inst(value) {
            Inst::Const(bits) => Some(*bits),
            _ => None,
        }
    }

    /// How a uniform value or an index that runs evenly along the lanes does so.
    pub(super) fn affine(&mut self, value: Value) -> Option<Affine> {
        if !self.varying(value) {
            return Some(Affine { coefficient: self.i64(0), offset: value });
        }
        self.affine.get(&value).copied()
    }

    /// Where and how an index runs evenly along the lanes, if that is known.
    pub(super) fn run(&mut self, value: Value) -> Option<Run> {
        match self.affine(value) {
            Some(affine) => Some(Run::everywhere(self, affine)),
            None => self.runs.get(&value).copied(),
        }
    }

    /// Records where a value runs evenly along the lanes.
    pub(super) fn set_run(&mut self, value: Value, run: Run) {
        self.runs.insert(value, run);
    }

    /// Records that a value runs evenly along the lanes.
    pub(super) fn set_affine(&mut self, value: Value, affine: Affine) {
        self.affine.insert(value, affine);
    }

    fn define(&mut self, inst: Inst, ty: LaneType, varying: bool, level: usize) -> Value {
        self.levels.push(level);
        self.code.value(inst, ty, varying)
    }

    fn key(&self, inst: &Inst, ty: LaneType) -> Key {
        let version = |buffer| self.shaping.get(buffer).map_or(0, |shaping| shaping.version);
        match inst {
            Inst::Const(bits) => Key::Const(ty, *bits),
            Inst::Slot(slot) => Key::Slot(ty, *slot),
            Inst::Op(op, operands) => Key::Op(*op, operands.clone()),
            Inst::Dim(buffer, axis) => Key::Dim(*buffer, *axis, version(buffer)),
            Inst::Stride(buffer, axis) => Key::Stride(*buffer, *axis, version(buffer)),
            Inst::Any(mask) => Key::Any(*mask),
            Inst::Outside(first, end) => Key::Outside(*first, *end),
            Inst::LaneIndex => Key::LaneIndex,
            Inst::RowIndex(dimension) => Key::RowIndex(*dimension),
            Inst::LinearIndex => Key::LinearIndex,
            Inst::Bound | Inst::Load { .. } => panic!("{inst:?} is not pure"),
        }
    }

    /// What a leaf is the same throughout: a row, an element, a lane loop.
    fn level_of_leaf(&self, inst: &Inst) -> usize {
        match inst {
            Inst::RowIndex(dimension) if self.element_dimension == Some(*dimension) => 1,
            Inst::LinearIndex if self.element_dimension.is_some() => 1,
            Inst::LaneIndex => {
                self.scopes.iter().rposition(|scope| scope.kind == ScopeKind::LaneBody).unwrap_or(0)
            }
            _ => 0,
        }
    }

    fn placement(&self, inst: &Inst, varying: bool) -> usize {
        let operands: &[Value] = match inst {
            Inst::Op(_, operands) => operands,
            Inst::Any(mask) => std::slice::from_ref(mask),
            _ => &[],
        };
        let mut needed = operands.iter().map(|value| self.levels[value.index()]).max().unwrap_or(0);
        if let Inst::Outside(first, end) = inst {
            // It changes from step to step.
            let step = self.scopes.iter().rposition(|scope| scope.kind == ScopeKind::LaneBody).unwrap_or(1);
            needed = [first, end].map(|bound| self.levels[bound.index()]).into_iter().fold(step, usize::max);
        }
        let shaping = match inst {
            Inst::Dim(buffer, _) | Inst::Stride(buffer, _) => self.shaping.get(buffer),
            _ => None,
        };
        let in_front = self.scopes[0].kind == ScopeKind::Prologue && shaping.is_none();
        if needed == 0 && !varying && in_front {
            return 0;
        }
        let floor = shaping.map_or(0, |shaping| shaping.floor);
        // A few instructions of addresses leave a branch if they leave a loop around it: once, needed or not, is less than often.
        let is_cheap = matches!(inst, Inst::Op(LaneOp::IAdd | LaneOp::ISub | LaneOp::IMul, _)) && !varying;
        let mut level = self.scopes.len() - 1;
        let mut found = level;
        loop {
            let kind = self.scopes[level].kind;
            let outside = match kind {
                ScopeKind::LoopBody => level - 2,
                ScopeKind::Header | ScopeKind::LanePrologue | ScopeKind::LaneBody => level - 1,
                ScopeKind::Branch if is_cheap => level - 1,
                ScopeKind::Prologue | ScopeKind::Body | ScopeKind::Branch => return found,
            };
            if needed > outside || floor > outside {
                return found;
            }
            level = outside;
            if kind != ScopeKind::Branch {
                found = level;
            }
        }
    }
}

impl Primitives for Builder {
    type Value = Value;

    fn constant(&mut self, ty: LaneType, bits: u64) -> Value {
        self.pure(Inst::Const(bits), ty, false)
    }

    fn op(&mut self, op: LaneOp, operands: &[Value]) -> Value {
        let operands = fold::in_order(self, op, operands);
        if let Some(known) = fold::fold(self, op, &operands) {
            return known;
        }
        let types: SmallVec<[LaneType; 3]> = operands.iter().map(|value| self.ty(*value)).collect();
        let ty = op.result_type(&types).unwrap_or_else(|| panic!("{op} of {types:?} in {:?}", self.code));
        let varying = operands.iter().any(|value| self.varying(*value));
        let value = self.pure(Inst::Op(op, operands.clone()), ty, varying);
        if varying && !self.affine.contains_key(&value) && !self.runs.contains_key(&value) {
            super::affine::derive(self, value, op, &operands);
            if !self.affine.contains_key(&value) {
                super::borders::derive(self, value, op, &operands);
            }
        }
        value
    }

    fn ty(&self, value: Value) -> LaneType {
        self.code.values[value].ty
    }

    fn as_constant(&self, value: Value) -> Option<u64> {
        self.bits(value)
    }

    /// A branch where it can be one; the prologue has no place for one, and computes both sides.
    fn rare(
        &mut self,
        condition: Value,
        common: Value,
        slow: &mut dyn FnMut(&mut Builder) -> Value,
    ) -> Value {
        let in_prologue = |value: Value| !self.varying(value) && self.levels[value.index()] == 0;
        let both =
            in_prologue(condition) && in_prologue(common) && self.scopes[0].kind == ScopeKind::Prologue;
        if both || self.bits(condition).is_some() {
            let slow = slow(self);
            return self.op(LaneOp::Select, &[condition, slow, common]);
        }
        let any = self.any(condition);
        self.open_branch();
        let slow = slow(self);
        let chosen = self.op(LaneOp::Select, &[condition, slow, common]);
        let block = self.close_branch();
        let varying = self.varying(chosen) || self.varying(common);
        let value = self.bound(self.ty(common), varying);
        let merge = Merge { value, then: chosen, otherwise: common };
        self.branch(any, block, Block::new(), vec![merge]);
        value
    }
}
