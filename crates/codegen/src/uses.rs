//! What a region or a lane loop uses: one walk over its prologue and body, from which both emitters make their plans.

use crate::distinct::Distinct;
use crate::second_run;
use parfuse_ir::lane::{
    Address, Buffer, Carried, Code, Inst, LaneLoop, LaneOp, LaneType, Lanes, Node, Reduction, Region, Value,
    walk,
};
use parfuse_ir::{DType, ReduceOp};
use smallvec::SmallVec;
use std::collections::HashSet;

/// What an emitter wants in lanes though it is uniform.
#[derive(Clone, Copy)]
pub(crate) struct Habits {
    /// Whether an operation on lanes takes the operand at a position in lanes.
    pub(crate) takes_lanes: fn(LaneOp, usize) -> bool,
    /// Whether stores that are not of neighbours take what they store in lanes.
    pub(crate) scatters_lanes: bool,
}

/// What a region uses. Lists have each item once, in the order of first use; they are of the body where nothing else is
/// said.
#[derive(Debug, Default)]
pub(crate) struct Uses {
    /// Whether there are checks.
    pub(crate) checks: bool,
    /// Whether steps can be run a second time to find which element fails.
    pub(crate) repeatable: bool,
    /// Whether there are loops.
    pub(crate) loops: bool,
    /// The most values in lanes that one loop carries.
    pub(crate) carried: usize,
    /// The buffers that prologue and body access.
    pub(crate) buffers: Distinct<Buffer>,
    /// The uniform parts of addresses.
    pub(crate) bases: Distinct<(Buffer, Value)>,
    /// The strides of addresses.
    pub(crate) strides: Distinct<Value>,
    /// The uniform values that are used in lanes.
    pub(crate) broadcasts: Distinct<Value>,
    /// The constants that are used in lanes.
    pub(crate) constants: Distinct<(u64, LaneType)>,
    /// The leaves that are the lane index or the linear index.
    pub(crate) indices: Distinct<Value>,
    /// How often each value is read.
    pub(crate) reads: Vec<u32>,
    /// The varying numbers of 64 bits that are evaluated.
    pub(crate) wide: usize,
    /// The varying numbers of 32 bits that are evaluated.
    pub(crate) narrow: usize,
    /// The operations on lanes.
    pub(crate) operations: usize,
    /// Of these, divisions and square roots of floats.
    pub(crate) divisions: usize,
    /// The loads of neighbouring numbers that every step does.
    pub(crate) neighbour_loads: usize,
    /// The loads of neighbouring numbers in loops.
    pub(crate) looped_loads: usize,
    /// The loads in loops for which each lane walks along a row of its own.
    pub(crate) looped_rows: usize,
    /// The stores of whole registers of neighbours that every step does.
    pub(crate) neighbour_stores: usize,
    /// The other stores.
    pub(crate) other_stores: usize,
    /// Whether something in lanes has 64 bits: values, indices and what is gathered by, elements stored and combined.
    pub(crate) has_wide: bool,
}

/// What runs in lanes: the rows of a region, or a lane loop.
#[derive(Clone)]
pub(crate) struct Rows<'a> {
    pub(crate) code: &'a Code,
    pub(crate) prologue: &'a [Node],
    pub(crate) body: &'a [Node],
    pub(crate) contributions: SmallVec<[Contribution; 4]>,
    repeatable: bool,
}

/// What an element or an iteration contributes to a reduction.
#[derive(Clone, Copy)]
pub(crate) struct Contribution {
    pub(crate) value: Value,
    pub(crate) dtype: DType,
    pub(crate) op: ReduceOp,
}

impl Contribution {
    fn to<Total>(reduction: &Reduction<Total>) -> Contribution {
        Contribution { value: reduction.contribution, dtype: reduction.dtype, op: reduction.op }
    }
}

impl<'a> Rows<'a> {
    /// Those of a region.
    pub(crate) fn of(region: &'a Region) -> Rows<'a> {
        Rows {
            code: &region.code,
            prologue: &region.prologue,
            body: &region.code.body,
            contributions: region.reductions.iter().map(Contribution::to).collect(),
            repeatable: second_run::goes_the_same_way(region),
        }
    }

    /// Those of a lane loop.
    pub(crate) fn of_lane_loop(code: &'a Code, own: &'a LaneLoop) -> Rows<'a> {
        Rows {
            code,
            prologue: &own.prologue,
            body: &own.body,
            contributions: own.reductions.iter().map(Contribution::to).collect(),
            repeatable: true,
        }
    }
}

struct Walk<'a> {
    code: &'a Code,
    habits: Habits,
    /// How many branches and loops we are in.
    depth: usize,
    uses: Uses,
}

impl Uses {
    /// Whether every step stores whole registers of neighbours, and nothing else.
    pub(crate) fn stores_only_neighbours(&self) -> bool {
        self.neighbour_stores > 0 && self.other_stores == 0
    }

    /// What rows use.
    pub(crate) fn of(rows: &Rows<'_>, habits: Habits) -> Uses {
        let code = rows.code;
        let walk = |buffers: Distinct<Buffer>| {
            let reads = vec![0; code.values.len()];
            Walk { code, habits, depth: 0, uses: Uses { buffers, reads, ..Uses::default() } }
        };
        let mut prologue = walk(Distinct::default());
        prologue.block(rows.prologue);
        // What else the prologue uses is its own affair.
        let mut body = walk(prologue.uses.buffers);
        body.block(rows.body);
        for Contribution { value, dtype, .. } in &rows.contributions {
            body.lanes_use(*value);
            body.lanes_of(LaneType::of(*dtype));
        }
        body.uses.repeatable = rows.repeatable;
        body.uses
    }
}

impl Walk<'_> {
    fn ty(&self, value: Value) -> LaneType {
        self.code.values[value].ty
    }

    fn lanes_of(&mut self, ty: LaneType) {
        self.uses.has_wide |= matches!(ty, LaneType::I64 | LaneType::F64);
    }

    fn block(&mut self, nodes: &[Node]) {
        for node in nodes {
            match node {
                Node::Let(value) => self.evaluation(*value),
                Node::Store { buffer, address, value, mask } => {
                    self.access(*buffer, address);
                    let neighbours = matches!(address.lanes, Lanes::Unit);
                    let always = mask.is_none() && self.depth == 0;
                    if neighbours && always && self.ty(*value) != LaneType::Bool {
                        self.uses.neighbour_stores += 1;
                    } else {
                        self.uses.other_stores += 1;
                    }
                    if neighbours || self.habits.scatters_lanes {
                        self.lanes_use(*value);
                    } else {
                        self.read(*value);
                    }
                    self.lanes_of(self.ty(*value));
                    mask.iter().for_each(|mask| self.read(*mask));
                }
                Node::If { cond, then, otherwise, results } => {
                    self.read(*cond);
                    self.depth += 1;
                    let operations = self.uses.operations;
                    self.block(then);
                    if matches!(self.code.values[*cond].inst, Inst::Outside(..)) {
                        // At borders only.
                        self.uses.operations = operations;
                    }
                    self.block(otherwise);
                    self.depth -= 1;
                    for merge in results {
                        self.read(merge.then);
                        self.read(merge.otherwise);
                    }
                }
                Node::Loop { carried, header, cond, body } => {
                    self.uses.loops = true;
                    let varying = |carry: &&Carried| self.code.values[carry.value].varying;
                    self.uses.carried = self.uses.carried.max(carried.iter().filter(varying).count());
                    for carry in carried {
                        self.read(carry.init);
                        // Once for each end of the loop: what a loop carries does not die inside it.
                        self.read(carry.next);
                        self.read(carry.next);
                    }
                    self.depth += 1;
                    self.block(header);
                    self.block(body);
                    self.depth -= 1;
                    self.read(*cond);
                }
                Node::Lanes(own) => {
                    self.read(own.extent);
                    self.depth += 1;
                    self.block(&own.prologue);
                    self.block(&own.body);
                    self.depth -= 1;
                    own.reductions.iter().for_each(|own| self.read(own.contribution));
                }
                Node::Check { ok, args, iteration, mask, .. } => {
                    self.uses.checks = true;
                    self.read(*ok);
                    args.iter().chain(iteration).chain(mask).for_each(|value| self.read(*value));
                }
                Node::SetSlot { .. }
                | Node::Alloc { .. }
                | Node::Move { .. }
                | Node::Resize { .. }
                | Node::Launch(_)
                | Node::Call(_) => {}
            }
        }
    }

    fn evaluation(&mut self, value: Value) {
        let data = &self.code.values[value];
        if data.varying {
            self.lanes_of(data.ty);
            match data.ty {
                LaneType::F64 | LaneType::I64 => self.uses.wide += 1,
                LaneType::F32 | LaneType::I32 => self.uses.narrow += 1,
                LaneType::Bool => {}
            }
        }
        match &data.inst {
            Inst::Op(op, args) => {
                self.uses.operations += data.varying as usize;
                let divides = matches!(op, LaneOp::FDiv | LaneOp::FSqrt);
                self.uses.divisions += (data.varying && divides) as usize;
                for (position, arg) in args.iter().enumerate() {
                    if data.varying {
                        self.lanes_of(self.ty(*arg));
                    }
                    if data.varying && (self.habits.takes_lanes)(*op, position) {
                        self.lanes_use(*arg);
                    } else {
                        self.read(*arg);
                    }
                }
            }
            Inst::Load { buffer, address, mask } => {
                self.access(*buffer, address);
                match address.lanes {
                    Lanes::Unit if data.ty == LaneType::Bool => {}
                    Lanes::Unit if self.depth == 0 => self.uses.neighbour_loads += 1,
                    Lanes::Unit => self.uses.looped_loads += 1,
                    Lanes::Strided(_) if self.depth > 0 => self.uses.looped_rows += 1,
                    _ => {}
                }
                mask.iter().for_each(|mask| self.read(*mask));
            }
            Inst::Any(mask) => self.read(*mask),
            Inst::Outside(first, end) => [first, end].into_iter().for_each(|bound| self.read(*bound)),
            _ => self.read(value),
        }
    }

    fn access(&mut self, buffer: Buffer, address: &Address) {
        self.uses.buffers.insert(buffer);
        self.uses.bases.insert((buffer, address.base));
        self.read(address.base);
        match address.lanes {
            Lanes::Uniform | Lanes::Unit | Lanes::Part { .. } => return,
            Lanes::Strided(stride) => {
                self.uses.strides.insert(stride);
                self.read(stride);
            }
            Lanes::Gather(index) => self.read(index),
        }
        self.lanes_of(LaneType::I64);
    }

    /// A use, in lanes or not.
    fn read(&mut self, value: Value) {
        self.uses.reads[value.0 as usize] += 1;
        if matches!(self.code.values[value].inst, Inst::LaneIndex | Inst::LinearIndex) {
            self.lanes_of(LaneType::I64);
            self.uses.indices.insert(value);
        }
    }

    /// A use in lanes.
    fn lanes_use(&mut self, value: Value) {
        self.read(value);
        let data = &self.code.values[value];
        match data.inst {
            _ if data.varying || data.ty == LaneType::Bool => {}
            Inst::Const(bits) => drop(self.uses.constants.insert((bits, data.ty))),
            _ => drop(self.uses.broadcasts.insert(value)),
        }
    }
}

/// Whether a block does nothing but check: it ends the kernel or leaves no trace.
pub(crate) fn only_checks(block: &[Node]) -> bool {
    walk::statements(block)
        .all(|node| matches!(node, Node::Let(_) | Node::Check { .. } | Node::Loop { .. } | Node::If { .. }))
}

/// Whether a node looks for the iteration of which a check fails.
pub(crate) fn is_search(node: &Node) -> bool {
    matches!(node, Node::If { then, otherwise, results, .. }
        if results.is_empty() && otherwise.is_empty() && only_checks(then))
}

/// Whether a driver has loops of its own: not those that look for the iteration of which a check fails.
pub(crate) fn has_plain_loops(driver: &Code) -> bool {
    let mut plain = false;
    walk::visit_within(&driver.body, true, |node, ours| {
        plain |= ours && matches!(node, Node::Loop { .. });
        ours && !is_search(node)
    });
    plain
}

/// Whether a node calls the host.
pub(crate) fn is_host_call(node: &Node) -> bool {
    matches!(
        node,
        Node::Alloc { .. } | Node::Move { .. } | Node::Resize { .. } | Node::Launch(_) | Node::Call(_)
    )
}

/// Whether a block calls the host.
pub(crate) fn calls_host(block: &[Node]) -> bool {
    walk::statements(block).any(is_host_call)
}

/// Whether a block calls the host in each run, and not only in branches.
pub(crate) fn always_calls_host(block: &[Node]) -> bool {
    let mut calls = false;
    walk::visit_within(block, true, |node, always| {
        calls |= always && is_host_call(node);
        always && !matches!(node, Node::If { .. })
    });
    calls
}

/// Whether a driver has loops that call the host in branches.
pub(crate) fn calls_host_rarely(driver: &Code) -> bool {
    walk::statements(&driver.body).any(|node| match node {
        Node::Loop { body, .. } => walk::statements(body)
            .any(|node| matches!(node, Node::If { then, otherwise, .. } if calls_host(then) || calls_host(otherwise))),
        _ => false,
    })
}

/// The buffers of which some blocks of a driver access elements, if they stay where they are. There are none where the host is
/// called each time: what lives across a call lies on the stack, and loops read it from there.
pub(crate) fn stationary(code: &Code, roots: &[&[Node]]) -> Vec<Buffer> {
    let (mut accessed, mut moved) = (Distinct::default(), Distinct::default());
    if roots.iter().any(|root| always_calls_host(root)) {
        return Vec::new();
    }
    for node in roots.iter().flat_map(|block| walk::statements(block)) {
        match node {
            Node::Let(value) => {
                if let Inst::Load { buffer, .. } = code.values[*value].inst {
                    accessed.insert(buffer);
                }
            }
            Node::Store { buffer, .. } => {
                accessed.insert(*buffer);
            }
            Node::Alloc { buffer, .. } | Node::Resize { buffer, .. } => {
                moved.insert(*buffer);
            }
            Node::Move { to, from } => {
                moved.insert(*to);
                moved.insert(*from);
            }
            // What it gives is an array each time.
            Node::Call(_) => return Vec::new(),
            _ => {}
        }
    }
    let moved = moved.into_items();
    accessed.into_items().into_iter().filter(|buffer| !moved.contains(buffer)).collect()
}

/// The values that a block, with the blocks inside, uses.
pub(crate) fn mentioned(code: &Code, block: &[Node]) -> HashSet<Value> {
    let mut values = HashSet::new();
    for node in walk::statements(block) {
        walk::reads(code, node, |value| {
            values.insert(value);
        });
    }
    values
}
