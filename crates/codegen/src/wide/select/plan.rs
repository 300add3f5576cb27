//! What a region's body uses, and from that how many lanes a register and a step have.

use super::{Target, size};
use crate::compiler::Effort;
use parfuse_ir::grid::LANES;
use parfuse_ir::lane::{Address, Buffer, Inst, LaneType, Lanes, Node, Region, Value};

/// The most operations on numbers that are computed in four registers at a time.
const SHORT: usize = 24;

/// How a region is selected.
pub(super) struct Plan {
    /// The bytes of the widest type.
    pub(super) widest: usize,
    /// The lanes of a register.
    pub(super) group: usize,
    /// The registers of a varying value in a step.
    pub(super) count: usize,
    /// Whether accumulators stay in registers from step to step.
    pub(super) holds_lanes: bool,
    /// Whether whole stores may go past the caches, if the arrays are large.
    pub(super) may_stream: bool,
    /// Whether the body has checks.
    pub(super) checks: bool,
    /// The buffers that prologue and body access.
    pub(super) buffers: Vec<Buffer>,
    /// The uniform parts of the body's addresses.
    pub(super) bases: Vec<(Buffer, Value)>,
    /// The strides of the body's addresses.
    pub(super) strides: Vec<Value>,
    /// The uniform values that the body uses in lanes.
    pub(super) broadcasts: Vec<Value>,
    /// How often the body reads each value.
    pub(super) reads: Vec<u32>,
}

struct Scan<'a> {
    region: &'a Region,
    plan: Plan,
    loops: bool,
    branches: bool,
    operations: usize,
    /// Stores of neighbours, and other accesses.
    streams: usize,
    other_stores: usize,
}

impl Plan {
    /// The plan for a region; `lanes` overrides the choice of the step.
    pub(super) fn new(region: &Region, isa: Target, effort: Effort, lanes: Option<usize>) -> Plan {
        let mut prologue = Scan::new(region);
        prologue.block(&region.prologue);
        let mut scan = Scan::new(region);
        // What else the prologue uses is its own affair.
        scan.plan.buffers = prologue.plan.buffers;
        scan.block(&region.code.body);
        for reduction in &region.reductions {
            scan.lanes_use(reduction.contribution);
            scan.wide_as(LaneType::of(reduction.dtype));
        }
        let Scan { mut plan, loops, branches, operations, streams, other_stores, .. } = scan;
        plan.group = isa.length().bytes() / plan.widest;
        let accumulator_registers: usize = region
            .reductions
            .iter()
            .map(|reduction| match LaneType::of(reduction.dtype) {
                LaneType::Bool => LANES,
                _ => LANES / plan.group,
            })
            .sum();
        let room = isa.registers() / 2;
        // A short body that reduces is bound by its accumulators: with all of them in registers a step reads and writes
        // none. Others hide the latency of their operations behind so many registers a value.
        let lean = operations <= SHORT
            && !plan.checks
            && !loops
            && !region.reductions.is_empty()
            && accumulator_registers <= room;
        // What reduces takes in whole turns of accumulators at most.
        let most = if region.reductions.is_empty() { usize::MAX } else { LANES / plan.group };
        plan.count = match lanes {
            Some(lanes) => (lanes / plan.group).max(1),
            None if lean => LANES / plan.group,
            None if effort == Effort::Quick => 1,
            None if operations <= SHORT && !loops => 4.min(most),
            None => 2.min(most),
        };
        plan.holds_lanes = plan.count * plan.group == LANES
            && !region.reductions.is_empty()
            && accumulator_registers <= room
            && !plan.checks;
        plan.may_stream = effort == Effort::Thorough
            && streams > 0
            && other_stores == 0
            && operations <= SHORT / 2
            && !loops
            && !branches
            && region.reductions.is_empty();
        plan
    }
}

impl<'a> Scan<'a> {
    fn new(region: &'a Region) -> Scan<'a> {
        let plan = Plan {
            widest: 4,
            group: 0,
            count: 0,
            holds_lanes: false,
            may_stream: false,
            checks: false,
            buffers: Vec::new(),
            bases: Vec::new(),
            strides: Vec::new(),
            broadcasts: Vec::new(),
            reads: vec![0; region.code.values.len()],
        };
        Scan { region, plan, loops: false, branches: false, operations: 0, streams: 0, other_stores: 0 }
    }

    fn wide_as(&mut self, ty: LaneType) {
        self.plan.widest = self.plan.widest.max(size(ty));
    }

    fn block(&mut self, nodes: &[Node]) {
        for node in nodes {
            match node {
                Node::Let(value) => self.evaluation(*value),
                Node::Store { buffer, address, value, mask } => {
                    self.access(*buffer, address);
                    match address.lanes {
                        Lanes::Unit if mask.is_none() && self.ty(*value) != LaneType::Bool => {
                            self.streams += 1
                        }
                        _ => self.other_stores += 1,
                    }
                    self.lanes_use(*value);
                    self.wide_as(self.ty(*value));
                    mask.iter().for_each(|mask| self.uses(*mask));
                }
                Node::If { cond, then, otherwise, results } => {
                    self.branches = true;
                    self.uses(*cond);
                    self.block(then);
                    self.block(otherwise);
                    for merge in results {
                        self.uses(merge.then);
                        self.uses(merge.otherwise);
                    }
                }
                Node::Loop { carried, header, cond, body } => {
                    self.loops = true;
                    for carry in carried {
                        self.uses(carry.init);
                        // Once for each end of the loop: what a loop carries does not die inside it.
                        self.uses(carry.next);
                        self.uses(carry.next);
                    }
                    self.block(header);
                    self.block(body);
                    self.uses(*cond);
                }
                Node::Check { ok, args, iteration, mask, .. } => {
                    self.plan.checks = true;
                    self.uses(*ok);
                    args.iter().chain(iteration).chain(mask).for_each(|value| self.uses(*value));
                }
                Node::SetSlot { .. } | Node::Alloc { .. } | Node::Move { .. } | Node::Launch(_) => {}
            }
        }
    }

    fn ty(&self, value: Value) -> LaneType {
        self.region.code.values[value].ty
    }

    fn evaluation(&mut self, value: Value) {
        let data = &self.region.code.values[value];
        if data.varying {
            self.wide_as(data.ty);
        }
        match &data.inst {
            Inst::Op(_, args) => {
                self.operations += data.varying as usize;
                for arg in args {
                    if data.varying {
                        self.lanes_use(*arg);
                        self.wide_as(self.ty(*arg));
                    } else {
                        self.uses(*arg);
                    }
                }
            }
            Inst::Load { buffer, address, mask } => {
                self.access(*buffer, address);
                mask.iter().for_each(|mask| self.uses(*mask));
            }
            Inst::Any(mask) => self.uses(*mask),
            _ => self.uses(value),
        }
    }

    fn access(&mut self, buffer: Buffer, address: &Address) {
        push_new(&mut self.plan.buffers, buffer);
        push_new(&mut self.plan.bases, (buffer, address.base));
        self.uses(address.base);
        match address.lanes {
            Lanes::Uniform | Lanes::Unit => {}
            Lanes::Strided(value) => {
                self.wide_as(LaneType::I64);
                push_new(&mut self.plan.strides, value);
                self.uses(value);
            }
            Lanes::Gather(value) => {
                self.wide_as(LaneType::I64);
                self.uses(value);
            }
        }
    }

    fn uses(&mut self, value: Value) {
        self.plan.reads[value.0 as usize] += 1;
        if matches!(self.region.code.values[value].inst, Inst::LaneIndex | Inst::LinearIndex) {
            self.wide_as(LaneType::I64);
        }
    }

    /// A use in lanes.
    fn lanes_use(&mut self, value: Value) {
        self.uses(value);
        let data = &self.region.code.values[value];
        if !data.varying && data.ty != LaneType::Bool && !matches!(data.inst, Inst::Const(_)) {
            push_new(&mut self.plan.broadcasts, value);
        }
    }
}

fn push_new<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}
