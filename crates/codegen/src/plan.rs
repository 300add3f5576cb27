//! What a region's body uses, and from that how many elements make a step and what to compute once a row.

use crate::compiler::Effort;
use crate::emit::Width;
use crate::folding::Folding;
use parfuse_ir::grid::LANES;
use parfuse_ir::lane::{Address, Buffer, Inst, LaneOp, LaneType, Lanes, Node, Region, Value};

/// The most numeric values of a body whose accumulators have room in registers beside them.
const LEAN: usize = 2;

/// The emission plan of a region.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The elements of a step.
    pub(crate) lanes: usize,
    /// Whether accumulators stay in registers from step to step.
    pub(crate) holds_lanes: bool,
    /// The width of masks that nothing else decides.
    pub(crate) mask_width: Width,
    /// Whether the body has checks.
    pub(crate) checks: bool,
    /// The buffers that prologue and body access.
    pub(crate) buffers: Vec<Buffer>,
    /// The uniform parts of the body's addresses.
    pub(crate) bases: Vec<(Buffer, Value)>,
    /// The uniform values that the body uses in lanes.
    pub(crate) splats: Vec<Value>,
    /// Where constants can be memory operands.
    pub(crate) folding: Folding,
    /// The body's leaves that are the lane index or the linear index.
    pub(crate) indices: Vec<Value>,
}

/// Collects what a body uses.
struct Scan<'a> {
    region: &'a Region,
    plan: Plan,
    loops: bool,
    wide: usize,
    narrow: usize,
}

impl Plan {
    /// The plan for a region; `lanes` overrides the choice of the step.
    pub(crate) fn new(region: &Region, effort: Effort, lanes: Option<usize>) -> Plan {
        let mut prologue = Scan::new(region);
        prologue.block(&region.prologue);
        let mut scan = Scan::new(region);
        // What else the prologue uses is its own affair.
        scan.plan.buffers = prologue.plan.buffers;
        scan.block(&region.code.body);
        for reduction in &region.reductions {
            scan.lanes_use(reduction.contribution);
        }
        let Scan { mut plan, loops, wide, narrow, .. } = scan;
        plan.mask_width = if wide > 0 && wide >= narrow { Width::Wide } else { Width::Narrow };
        // Registers per value: four hide the latency of straight-line bodies. Very long bodies and bodies with
        // loops have enough independent work with two, and more values than registers; and two compile faster.
        let registers = if effort == Effort::Quick || loops || wide + narrow > 64 { 2 } else { 4 };
        let width = if wide > 0 { Width::Wide } else { Width::Narrow };
        // Barely more than a sum of 32-bit numbers: its time is that of its accumulators, and eight registers hold all
        // of them. Of 64-bit numbers they would take all sixteen, and Cranelift spills every one.
        let lean =
            registers == 4 && region.reductions.len() == 1 && wide == 0 && narrow <= LEAN && !plan.checks;
        let own = if lean { LANES } else { registers * width.lanes() };
        plan.lanes = lanes.unwrap_or(own);
        plan.holds_lanes = plan.lanes == LANES && !region.reductions.is_empty();
        assert!(plan.lanes.is_power_of_two() && (4..=LANES).contains(&plan.lanes), "{}", plan.lanes);
        plan
    }
}

impl<'a> Scan<'a> {
    fn new(region: &'a Region) -> Scan<'a> {
        let plan = Plan {
            lanes: 1,
            holds_lanes: false,
            mask_width: Width::Wide,
            checks: false,
            buffers: Vec::new(),
            bases: Vec::new(),
            splats: Vec::new(),
            folding: Folding::new(region),
            indices: Vec::new(),
        };
        Scan { region, plan, loops: false, wide: 0, narrow: 0 }
    }

    fn block(&mut self, nodes: &[Node]) {
        for node in nodes {
            match node {
                Node::Let(value) => self.evaluation(*value),
                Node::Store { buffer, address, value, mask } => {
                    self.access(*buffer, address);
                    if matches!(address.lanes, Lanes::Unit) {
                        self.lanes_use(*value);
                    }
                    self.uses(*value);
                    mask.iter().for_each(|mask| self.uses(*mask));
                }
                Node::If { cond, then, otherwise, results } => {
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
                    self.block(header);
                    self.block(body);
                    self.uses(*cond);
                    for carry in carried {
                        self.uses(carry.init);
                        self.uses(carry.next);
                    }
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

    fn evaluation(&mut self, value: Value) {
        let data = &self.region.code.values[value];
        if data.varying {
            match data.ty {
                LaneType::F64 | LaneType::I64 => self.wide += 1,
                LaneType::F32 | LaneType::I32 => self.narrow += 1,
                LaneType::Bool => {}
            }
        }
        match &data.inst {
            Inst::Op(op, args) => {
                for (position, arg) in args.iter().enumerate() {
                    if data.varying && takes_lanes(*op, position) {
                        self.lanes_use(*arg);
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
            Lanes::Strided(value) | Lanes::Gather(value) => self.uses(value),
        }
    }

    /// A use, in lanes or not.
    fn uses(&mut self, value: Value) {
        if matches!(self.region.code.values[value].inst, Inst::LaneIndex | Inst::LinearIndex) {
            push_new(&mut self.plan.indices, value);
        }
    }

    /// A use that needs one register per lanes.
    fn lanes_use(&mut self, value: Value) {
        self.uses(value);
        let data = &self.region.code.values[value];
        if !data.varying && data.ty != LaneType::Bool && !matches!(data.inst, Inst::Const(_)) {
            push_new(&mut self.plan.splats, value);
        }
    }
}

/// Whether an operation on lanes takes an operand in lanes even if it is uniform.
fn takes_lanes(op: LaneOp, position: usize) -> bool {
    match op {
        LaneOp::SDiv | LaneOp::SRem | LaneOp::UDiv | LaneOp::URem => false,
        LaneOp::Shl | LaneOp::UShr | LaneOp::SShr => position == 0,
        _ => true,
    }
}

fn push_new<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}
