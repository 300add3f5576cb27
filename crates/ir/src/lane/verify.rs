//! Checks that Lane programs are well-formed: every id and slot exists, every value is defined once and used
//! where it is visible, types fit, and what is uniform depends on nothing that is not.
//!
//! The driver and prologues hold uniform values only; launches and slots are the driver's business, arrays that of the driver and of
//! regions that run once.
//! Branches and loops have uniform conditions everywhere: divergence is expressed with masks. Where elements run one by
//! one, only bodies of lane loops have lanes; they have no checks.

use super::{
    Address, Block, Buffer, Code, Frame, Inst, Lane, LaneLoop, LaneOutput, LaneType, Lanes, Node, Output,
    Region, Slot, Value, ValueData, Walk,
};
use crate::MAX_RANK;
use crate::arena::Id;
use crate::grid::Grain;
use crate::host::call_problem;
use crate::loops::{BufferData, MOST_PACKED, Origin};
use crate::message::MOST_REPORTED;
use crate::program::Type;
use crate::verify::{Scope, Verified, VerifyError, ensure};
use std::cell::Cell;

impl Lane {
    /// Checks that the lane programs are well-formed.
    ///
    /// # Errors
    /// Names the first statement or value that is not, and why.
    pub fn verify(&self) -> Result<(), VerifyError> {
        let fixed = Frame::with_param_count(self.frame.param_count(), &self.buffers);
        let mut frame = fixed.clone();
        while frame.len() < self.frame.len() {
            frame.add();
        }
        ensure!(frame == self.frame, "the frame is not laid out as its buffers demand");
        for (buffer, data) in self.buffers.iter() {
            ensure!(data.rank as usize <= MAX_RANK, "{buffer}: too many axes");
            if let Origin::Param { index, layout } = &data.origin {
                ensure!((*index as usize) < self.frame.param_count(), "{buffer}: there is no p{index}");
                ensure!(
                    layout.single.len() == data.rank as usize,
                    "{buffer}: its layout has not {} axes",
                    data.rank
                );
            }
        }
        let first_free = fixed.len();
        let mut driver = Verifier::new(self, &self.driver, Place::Driver, 0, first_free);
        driver.nodes(&self.driver.body).map_err(|error| inside("driver", error))?;
        for (id, region) in self.regions.iter() {
            let dimensions = region.extents.len();
            let mut verifier = Verifier::new(self, &region.code, Place::Prologue, dimensions, first_free);
            verifier.walk = region.walk;
            verifier.region(region).map_err(|error| inside(&format!("region {id}"), error))?;
        }
        for (i, output) in self.results.iter().enumerate() {
            match output {
                LaneOutput::Scalar(slot, _) => {
                    ensure!(slot.index() < self.frame.len(), "slot {slot} does not exist")
                }
                LaneOutput::Buffer(buffer) => {
                    let local = self.buffers.get(*buffer).is_some_and(|data| data.origin == Origin::Local);
                    ensure!(local, "{buffer} is returned but is no local buffer");
                    ensure!(!self.results[..i].contains(output), "{buffer} is returned twice");
                }
            }
        }
        Ok(())
    }
}

fn inside(what: &str, error: VerifyError) -> VerifyError {
    VerifyError { message: format!("{what}: {}", error.message) }
}

/// Where a verifier stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Driver,
    Prologue,
    /// The body of a region: with lanes, or element by element.
    Body,
    /// The prologue of a lane loop.
    LanePrologue,
    /// The body of a lane loop.
    LaneBody,
}

struct Verifier<'a> {
    lane: &'a Lane,
    code: &'a Code,
    place: Place,
    /// The number of dimensions of the region.
    dimensions: usize,
    /// How the elements of the region run.
    walk: Walk,
    /// The values that are indices of lane loops that have ended.
    ended: Vec<Value>,
    /// The index of the lane loop around, once it is used.
    lane_index: Cell<Option<Value>>,
    /// The first slot that is neither the key nor a parameter's nor a buffer's.
    first_free: usize,
    scope: Scope,
}

impl<'a> Verifier<'a> {
    fn new(lane: &'a Lane, code: &'a Code, place: Place, dimensions: usize, first_free: usize) -> Self {
        let scope = Scope::new(code.values.len());
        let (walk, ended, lane_index) = (Walk::Lanes, Vec::new(), Cell::new(None));
        Verifier { lane, code, place, dimensions, walk, ended, lane_index, first_free, scope }
    }

    fn region(&mut self, region: &Region) -> Verified {
        ensure!(self.dimensions <= MAX_RANK, "too many dimensions");
        let once = region.walk == Walk::Once;
        ensure!(!once || self.dimensions == 0, "what runs once has no dimensions");
        ensure!(!once || region.reductions.is_empty(), "what runs once reduces nothing");
        let panels = region.grain == Grain::Panels;
        ensure!(!panels || region.reductions.is_empty(), "panels reduce nothing");
        ensure!(once || region.outputs.is_empty(), "outputs of more than one element");
        ensure!(region.collapsible.is_none() || !region.walk.is_scalar(), "collapsible elements");
        region.extents.iter().try_for_each(|slot| self.readable(*slot))?;
        for (buffer, axes) in region.collapsible.iter().flatten() {
            let rank = self.buffer(*buffer)?.rank;
            let fits = axes.len() == self.dimensions && axes.iter().flatten().all(|axis| *axis < rank);
            ensure!(fits, "collapsible: the axes of {buffer} do not fit");
        }
        self.nodes(&region.prologue).map_err(|error| inside("prologue", error))?;
        self.place = Place::Body;
        self.nodes(&region.code.body)?;
        for (i, reduction) in region.reductions.iter().enumerate() {
            let op = reduction.op.name();
            ensure!(reduction.op.applies_to(reduction.dtype), "no {op} of {}", reduction.dtype);
            self.typed(reduction.contribution, LaneType::of(reduction.dtype))?;
            self.writable(reduction.total)?;
            let before = &region.reductions[..i];
            let own = before.iter().all(|other| other.total != reduction.total);
            ensure!(own, "slot {} takes in two totals", reduction.total);
        }
        for (i, Output { slot, value }) in region.outputs.iter().enumerate() {
            self.operand(*value)?;
            self.writable(*slot)?;
            ensure!(
                region.outputs[..i].iter().all(|other| other.slot != *slot),
                "slot {slot} takes in two values"
            );
        }
        Ok(())
    }

    /// Whether there are lanes here.
    fn in_lanes(&self) -> bool {
        match self.place {
            Place::Body => !self.walk.is_scalar(),
            Place::LaneBody => true,
            Place::Driver | Place::Prologue | Place::LanePrologue => false,
        }
    }

    fn lane_loop(&mut self, own: &LaneLoop) -> Verified {
        ensure!(
            self.place == Place::Body && self.walk.is_scalar(),
            "a lane loop where there are lanes, or none may be"
        );
        self.uniform(own.extent, LaneType::I64)?;
        self.place = Place::LanePrologue;
        let mark = self.scope.enter();
        self.nodes(&own.prologue).map_err(|error| inside("prologue", error))?;
        self.place = Place::LaneBody;
        self.nodes(&own.body)?;
        for reduction in &own.reductions {
            let op = reduction.op.name();
            ensure!(reduction.op.is_exact(reduction.dtype), "no exact {op} of {}", reduction.dtype);
            self.typed(reduction.contribution, LaneType::of(reduction.dtype))?;
        }
        self.scope.leave(mark);
        self.place = Place::Body;
        self.ended.extend(self.lane_index.take());
        for reduction in &own.reductions {
            let total = self.code.values.get(reduction.total);
            let fits = total.is_some_and(|data| data.ty == LaneType::of(reduction.dtype) && !data.varying);
            ensure!(fits, "{} takes in a total of {}", reduction.total, reduction.dtype);
            self.bind(reduction.total)?;
        }
        Ok(())
    }

    /// The data of a value that may be used here.
    fn operand(&self, value: Value) -> Verified<&ValueData> {
        let data = self.code.values.get(value);
        let data = data.ok_or_else(|| VerifyError { message: format!("{value} does not exist") })?;
        let shown = self.shown(value);
        match data.inst {
            Inst::Const(_) => ensure!(!data.varying, "{shown}: a constant is uniform"),
            Inst::LinearIndex if self.walk.is_scalar() => {
                ensure!(!data.varying && data.ty == LaneType::I64, "{shown}: the position is a uniform i64");
                ensure!(self.place != Place::Prologue, "{shown}: the position outside the body of a region");
            }
            Inst::LaneIndex | Inst::LinearIndex => {
                ensure!(
                    data.varying && data.ty == LaneType::I64,
                    "{shown}: an index along lanes is a varying i64"
                );
                ensure!(self.in_lanes(), "{shown}: an index along lanes outside the body of a region");
                if self.place == Place::LaneBody {
                    let own = self.lane_index.get().is_none_or(|own| own == value);
                    ensure!(own && !self.ended.contains(&value), "{shown}: the index of another lane loop");
                    self.lane_index.set(Some(value));
                }
            }
            Inst::RowIndex(dimension) => {
                ensure!(
                    !data.varying && data.ty == LaneType::I64,
                    "{shown}: an index of a row is a uniform i64"
                );
                let last = (dimension as usize) + 1 == self.dimensions;
                let row = (dimension as usize) < self.dimensions && !last;
                let element = last && self.walk.is_scalar() && self.place != Place::Prologue;
                ensure!(row || element, "{shown}: no dimension {dimension} of rows");
            }
            _ => ensure!(self.scope.sees(value.index()), "{value} is used where it is not visible"),
        }
        Ok(data)
    }

    /// A value as it prints.
    fn shown(&self, value: Value) -> String {
        self.code.operand_text(value)
    }

    fn typed(&self, value: Value, ty: LaneType) -> Verified<bool> {
        let data = self.operand(value)?;
        ensure!(data.ty == ty, "{} is {} where {ty} is needed", self.shown(value), data.ty);
        Ok(data.varying)
    }

    fn uniform(&self, value: Value, ty: LaneType) -> Verified {
        ensure!(!self.typed(value, ty)?, "{} is varying where a uniform value is needed", self.shown(value));
        Ok(())
    }

    fn buffer(&self, buffer: Buffer) -> Verified<&BufferData> {
        let data = self.lane.buffers.get(buffer);
        data.ok_or_else(|| VerifyError { message: format!("{buffer} does not exist") })
    }

    fn local(&self, buffer: Buffer) -> Verified<&BufferData> {
        let data = self.buffer(buffer)?;
        ensure!(data.origin == Origin::Local, "{buffer} belongs to the caller: it cannot be made or moved");
        Ok(data)
    }

    fn readable(&self, slot: Slot) -> Verified {
        ensure!(slot.index() < self.lane.frame.len(), "slot {slot} does not exist");
        Ok(())
    }

    fn writable(&self, slot: Slot) -> Verified {
        self.readable(slot)?;
        ensure!(slot.index() >= self.first_free, "slot {slot} is the key's, a parameter's or a buffer's");
        Ok(())
    }

    /// Whether the address differs between lanes.
    fn address(&self, address: &Address) -> Verified<bool> {
        self.uniform(address.base, LaneType::I64)?;
        match address.lanes {
            Lanes::Uniform => return Ok(false),
            Lanes::Unit => {}
            Lanes::Strided(stride) => self.uniform(stride, LaneType::I64)?,
            Lanes::Part { of, part } => {
                ensure!((2..=MOST_PACKED).contains(&of) && part < of, "part {part} of {of} neighbours");
            }
            Lanes::Gather(offset) => drop(self.typed(offset, LaneType::I64)?),
        }
        ensure!(self.in_lanes(), "an address with lanes outside the body of a region");
        Ok(true)
    }

    fn mask(&self, mask: Option<Value>) -> Verified<bool> {
        mask.map_or(Ok(false), |mask| self.typed(mask, LaneType::Bool))
    }

    fn define(&mut self, value: Value) -> Verified {
        ensure!(self.scope.define(value.index()), "{value} is defined a second time");
        let outside = !self.in_lanes() && self.code.values[value].varying;
        ensure!(!outside, "{value} is varying outside the body of a region");
        Ok(())
    }

    fn bind(&mut self, value: Value) -> Verified {
        let bound = self.code.values.get(value).is_some_and(|data| data.inst == Inst::Bound);
        ensure!(bound, "{value} is bound but is no bound value");
        self.define(value)
    }

    /// What flows into a bound value has its type, and is uniform if it is.
    fn flows(&self, from: Value, to: Value) -> Verified {
        let target = self.code.values.get(to);
        let target = target.ok_or_else(|| VerifyError { message: format!("{to} does not exist") })?;
        let varying = self.typed(from, target.ty).map_err(|error| inside(&format!("into {to}"), error))?;
        ensure!(
            target.varying || !varying,
            "{} is varying but flows into {to}, which is uniform",
            self.shown(from)
        );
        Ok(())
    }

    /// Nodes whose values stay visible.
    fn nodes(&mut self, block: &Block) -> Verified {
        block.iter().try_for_each(|node| {
            self.node(node).map_err(|error| VerifyError { message: located(node, error.message) })
        })
    }

    fn driver_only(&self) -> Verified {
        ensure!(self.place == Place::Driver, "only the driver does this");
        Ok(())
    }

    /// In the driver, and in what runs once, outside lane loops.
    fn serial_only(&self) -> Verified {
        let runs_once = self.walk == Walk::Once && self.place == Place::Body;
        ensure!(self.place == Place::Driver || runs_once, "only serial code does this");
        Ok(())
    }

    fn node(&mut self, node: &Node) -> Verified {
        match node {
            Node::Let(value) => {
                let data = self.code.values.get(*value);
                let data = data.ok_or_else(|| VerifyError { message: format!("{value} does not exist") })?;
                self.inst(*value, data)?;
                self.define(*value)
            }
            Node::Store { buffer, address, value, mask } => {
                let prologue = matches!(self.place, Place::Prologue | Place::LanePrologue);
                ensure!(!prologue, "a prologue does not store");
                let ty = LaneType::of(self.buffer(*buffer)?.dtype);
                self.address(address)?;
                self.typed(*value, ty)?;
                self.mask(*mask).map(drop)
            }
            Node::If { cond, then, otherwise, results } => {
                self.uniform(*cond, LaneType::Bool)?;
                let mark = self.scope.enter();
                self.nodes(then)?;
                results.iter().try_for_each(|merge| self.flows(merge.then, merge.value))?;
                self.scope.leave(mark);
                let mark = self.scope.enter();
                self.nodes(otherwise)?;
                results.iter().try_for_each(|merge| self.flows(merge.otherwise, merge.value))?;
                self.scope.leave(mark);
                results.iter().try_for_each(|merge| self.bind(merge.value))
            }
            Node::Loop { carried, header, cond, body } => {
                carried.iter().try_for_each(|carried| self.flows(carried.init, carried.value))?;
                carried.iter().try_for_each(|carried| self.bind(carried.value))?;
                let mark = self.scope.enter();
                self.nodes(header)?;
                self.uniform(*cond, LaneType::Bool)?;
                self.nodes(body)?;
                carried.iter().try_for_each(|carried| self.flows(carried.next, carried.value))?;
                self.scope.leave(mark);
                Ok(())
            }
            Node::Lanes(own) => self.lane_loop(own),
            Node::Check { ok, fault, args, iteration, mask } => {
                let scalar = !matches!(self.place, Place::LanePrologue | Place::LaneBody);
                ensure!(scalar, "a check in a lane loop");
                ensure!(self.lane.faults.get(*fault).is_some(), "{fault} does not exist");
                self.typed(*ok, LaneType::Bool)?;
                ensure!(args.len() <= MOST_REPORTED, "{} values to report", args.len());
                args.iter().try_for_each(|arg| self.typed(*arg, LaneType::I64).map(drop))?;
                iteration.iter().try_for_each(|value| self.uniform(*value, LaneType::I64))?;
                self.mask(*mask).map(drop)
            }
            Node::SetSlot { slot, value } => {
                self.driver_only()?;
                self.operand(*value)?;
                self.writable(*slot)
            }
            Node::Alloc { buffer, shape, .. } => {
                self.serial_only()?;
                let rank = self.local(*buffer)?.rank;
                ensure!(shape.len() == rank as usize, "{} lengths for {rank} axes", shape.len());
                shape.iter().try_for_each(|length| self.uniform(*length, LaneType::I64))
            }
            Node::Move { to, from } => {
                self.serial_only()?;
                let (receiver, giver) = (self.local(*to)?, self.local(*from)?);
                let same = receiver.dtype == giver.dtype && receiver.rank == giver.rank && to != from;
                ensure!(same, "{from} cannot be moved to {to}");
                Ok(())
            }
            Node::Resize { buffer, length, .. } => {
                self.serial_only()?;
                ensure!(self.local(*buffer)?.rank > 0, "{buffer} has no axis");
                self.uniform(*length, LaneType::I64)
            }
            Node::Launch(region) => {
                self.driver_only()?;
                ensure!(self.lane.regions.get(*region).is_some(), "{region} does not exist");
                Ok(())
            }
            Node::Call(call) => {
                self.driver_only()?;
                let Some(call) = self.lane.calls.get(*call) else {
                    return Err(VerifyError { message: format!("{call} does not exist") });
                };
                let buffer = |buffer: Buffer| {
                    let data = self.buffer(buffer)?;
                    // Which parameters are written to, nobody says here.
                    Ok((Type::array(data.dtype, data.rank), true))
                };
                call_problem(call, &self.lane.files, |slot, _| self.readable(slot), buffer)
            }
        }
    }

    fn inst(&self, value: Value, data: &ValueData) -> Verified {
        let (ty, varying) = match &data.inst {
            Inst::Const(_) | Inst::Bound | Inst::LaneIndex | Inst::RowIndex(_) | Inst::LinearIndex => {
                return Err(VerifyError { message: format!("{value}: a leaf, which no statement defines") });
            }
            Inst::Slot(slot) => {
                self.readable(*slot)?;
                ensure!(!data.varying, "{value}: a slot is uniform");
                (data.ty, false)
            }
            Inst::Op(op, operands) => {
                let operands =
                    operands.iter().map(|operand| self.operand(*operand)).collect::<Verified<Vec<_>>>()?;
                let types: Vec<LaneType> = operands.iter().map(|data| data.ty).collect();
                let result = op.result_type(&types);
                let inapplicable =
                    || VerifyError { message: format!("{value}: {op} does not apply to {types:?}") };
                (result.ok_or_else(inapplicable)?, operands.iter().any(|data| data.varying))
            }
            Inst::Dim(buffer, axis) | Inst::Stride(buffer, axis) => {
                ensure!(*axis < self.buffer(*buffer)?.rank, "{value}: {buffer} has no axis {axis}");
                ensure!(!data.varying, "{value}: lengths and strides are uniform");
                (LaneType::I64, false)
            }
            Inst::Load { buffer, address, mask } => {
                let ty = LaneType::of(self.buffer(*buffer)?.dtype);
                let (scattered, masked) = (self.address(address)?, self.mask(*mask)?);
                (ty, scattered || masked)
            }
            Inst::Any(operand) => {
                self.typed(*operand, LaneType::Bool)?;
                ensure!(!data.varying, "{value}: whether any lane is true is uniform");
                (LaneType::Bool, false)
            }
            Inst::Outside(first, end) => {
                for bound in [first, end] {
                    self.typed(*bound, LaneType::I64)?;
                    ensure!(!self.code.values[*bound].varying, "{value}: the bounds of lanes are uniform");
                }
                ensure!(!data.varying, "{value}: whether any lane is outside is uniform");
                ensure!(self.in_lanes(), "{value}: lanes outside the body of a region");
                (LaneType::Bool, false)
            }
        };
        ensure!(data.ty == ty, "{value}: declared {} but is {ty}", data.ty);
        ensure!(data.varying || !varying, "{value}: declared uniform but its operands are varying");
        Ok(())
    }
}

/// The message with the node in front, for nodes that are not blocks.
fn located(node: &Node, message: String) -> String {
    match node {
        Node::Let(value) if message.starts_with(&format!("{value}:")) => message,
        Node::Let(value) => format!("{value}: {message}"),
        Node::Store { buffer, .. } => format!("store to {buffer}: {message}"),
        Node::Check { fault, .. } => format!("check for {fault}: {message}"),
        Node::SetSlot { slot, .. } => format!("setting slot {slot}: {message}"),
        Node::Alloc { buffer, .. } => format!("alloc of {buffer}: {message}"),
        Node::Resize { buffer, .. } => format!("resizing of {buffer}: {message}"),
        Node::Launch(region) => format!("launch of {region}: {message}"),
        Node::Call(call) => format!("{call}: {message}"),
        Node::Move { .. } | Node::If { .. } | Node::Loop { .. } | Node::Lanes(_) => message,
    }
}
