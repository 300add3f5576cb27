//! Code that is followed node by node instead of compiled.
//!
//! ```text
//! v0: i64 = dim b0, 0      values[0] = frame[dim b0, 0]
//! alloc b2[v0]             host.allocate(host, 2, &[values[0]], 0)
//! launch r0                host.launch(host, 0), return if nonzero
//! ```
//!
//! Most drivers are a few dozen nodes that run once a call, or once for each region that a loop launches: it takes a hundred
//! nanoseconds to follow them, and a thousand times as long to compile them. Quick code therefore has a script where a
//! driver is glue and does no work of its own. The meaning of operations is that of
//! [`LaneOp::eval`](parfuse_ir::lane::LaneOp::eval).
//!
//! Where the system refuses memory for machine code, everything is followed: the other drivers, and regions
//! ([`RegionScript`]) one element at a time. That is slow, and gives the same bits.
#![allow(unsafe_code)]

use crate::abi::{self, FaultRecord, HostTable};
use crate::code::{DriverBody, RegionBody, RegionCode};
use crate::uses;
use parfuse_ir::grid::{self, BlockRange, LANES};
use parfuse_ir::lane::{
    self, Address, Block, Buffer, Code, Frame, Inst, Lane, LaneLoop, LaneType, Lanes, Node, Output,
    Reduction, Region, Slot, Value, ValueData,
};
use parfuse_ir::message::MOST_REPORTED;
use parfuse_ir::{DType, MAX_RANK, Scalar};
use smallvec::SmallVec;
use std::ops::Add;
use std::sync::atomic::{AtomicU8, Ordering};

/// Code to be followed.
pub(crate) struct Script {
    code: Code,
    frame: Frame,
    /// By buffer: the type of its elements.
    elements: Vec<DType>,
    /// The values at the start: constants, and zeros.
    start: Vec<u64>,
    polls: bool,
}

/// A region to be followed.
pub(crate) struct RegionScript {
    script: Script,
    prologue: Block,
    extents: Vec<Slot>,
    reductions: Vec<Reduction>,
    outputs: Vec<Output>,
    walk: lane::Walk,
}

/// The element of a region that is followed.
#[derive(Clone, Copy, Default)]
struct Element {
    column: u64,
    outer: [u64; MAX_RANK],
    position: u64,
}

/// What a run works on.
struct Run<'a> {
    script: &'a Script,
    values: SmallVec<[u64; 64]>,
    frame: *mut u64,
    /// In serial code.
    host: *const HostTable,
    fault: *mut FaultRecord,
    /// The index along the lanes.
    column: u64,
    /// In regions, but where there is only one.
    element: Option<Element>,
}

/// Why a run ends before its last node: the status.
struct Ended(i32);

impl Script {
    /// The script of a kernel's driver, if following it takes little of a call.
    pub(crate) fn of_glue(lane: &Lane) -> Option<Script> {
        is_glue(&lane.driver.body).then(|| Script::of_driver(lane))
    }

    /// The script of a kernel's driver.
    pub(crate) fn of_driver(lane: &Lane) -> Script {
        Script::new(lane, &lane.driver)
    }

    fn new(lane: &Lane, code: &Code) -> Script {
        let start = code.values.iter().map(|(_, data)| match data.inst {
            Inst::Const(bits) => narrowed(bits, data.ty),
            _ => 0,
        });
        let elements = lane.buffers.iter().map(|(_, data)| data.dtype).collect();
        Script {
            start: start.collect(),
            code: code.clone(),
            frame: lane.frame.clone(),
            elements,
            polls: lane.polls,
        }
    }

    /// Whether it has loops, but for those that look for the iteration of which a check fails.
    pub(crate) fn has_loops(&self) -> bool {
        uses::has_plain_loops(&self.code)
    }

    /// The host, if a region calls it.
    fn host(&self, frame: *const u64) -> *const HostTable {
        if !uses::calls_host(&self.code.body) {
            return std::ptr::null();
        }
        // SAFETY: the frames of programs whose regions call the host have this slot (`abi::RegionFn`).
        unsafe { frame.add(self.frame.host().index()).read() as *const HostTable }
    }

    /// Follows it.
    ///
    /// # Safety
    /// As for [`abi::Driver`].
    pub(crate) unsafe fn run(&self, frame: *mut u64, host: *const HostTable, fault: *mut FaultRecord) -> i32 {
        let values = SmallVec::from_slice(&self.start);
        let mut run = Run { script: self, values, frame, host, fault, column: 0, element: None };
        match run.nodes(&self.code.body) {
            Ok(()) => abi::OK,
            Err(Ended(status)) => status,
        }
    }
}

impl RegionScript {
    /// The script of a region.
    pub(crate) fn new(lane: &Lane, region: &Region) -> RegionScript {
        RegionScript {
            script: Script::new(lane, &region.code),
            prologue: region.prologue.clone(),
            extents: region.extents.clone(),
            reductions: region.reductions.clone(),
            outputs: region.outputs.clone(),
            walk: region.walk,
        }
    }

    /// Follows it for the elements of a block.
    ///
    /// # Safety
    /// As for [`abi::RegionFn`].
    unsafe fn run(
        &self,
        frame: *const u64,
        block: &BlockRange,
        partials: *mut u64,
        fault: *mut FaultRecord,
    ) -> i32 {
        let values = SmallVec::from_slice(&self.script.start);
        let (frame, host) = (frame.cast_mut(), self.script.host(frame));
        let mut run = Run { script: &self.script, values, frame, host, fault, column: 0, element: None };
        let identity = |reduction: &Reduction| [reduction.op.identity(reduction.dtype); LANES];
        let mut accumulators: Vec<[Scalar; LANES]> = self.reductions.iter().map(identity).collect();
        match run.block(self, block, &mut accumulators) {
            Ok(()) => {
                for (number, (reduction, lanes)) in self.reductions.iter().zip(accumulators).enumerate() {
                    let combine = |a, b| reduction.op.combine().eval(&[a, b]);
                    let partial = grid::fold_lanes(lanes, combine).to_bits();
                    // SAFETY: the caller has room for a word per reduction.
                    unsafe { partials.add(number).write(partial) };
                }
                for (number, output) in self.outputs.iter().enumerate() {
                    let word = run.value(output.value);
                    // SAFETY: … and behind those for one per output.
                    unsafe { partials.add(self.reductions.len() + number).write(word) };
                }
                abi::OK
            }
            Err(Ended(status)) => status,
        }
    }
}

impl RegionCode {
    /// Runs one block; the result is one of the statuses in [`abi`].
    ///
    /// # Safety
    /// As for [`abi::RegionFn`].
    #[inline]
    pub unsafe fn run_block(
        &self,
        frame: *const u64,
        block: &BlockRange,
        partials: *mut u64,
        fault: *mut FaultRecord,
    ) -> i32 {
        match &self.body {
            // SAFETY: the caller's promise is what a region asks for; `self` owns its code.
            RegionBody::Compiled(function) => unsafe { function(frame, block, partials, fault) },
            // SAFETY: as above.
            RegionBody::Followed(script) => unsafe { script.run(frame, block, partials, fault) },
        }
    }
}

impl crate::DriverCode {
    /// Runs the serial code of a kernel; the result is one of the statuses in [`abi`].
    ///
    /// # Safety
    /// As for [`abi::Driver`].
    pub unsafe fn run(&self, frame: *mut u64, host: *const HostTable, fault: *mut FaultRecord) -> i32 {
        match &self.body {
            // SAFETY: the caller's promise is what a driver asks for; `self` owns its code.
            DriverBody::Compiled(driver) => unsafe { driver(frame, host, fault) },
            // SAFETY: as above.
            DriverBody::Followed(script) => unsafe { script.run(frame, host, fault) },
        }
    }
}

/// Turns of loops that are followed have at most so many nodes for each call of the host: following them takes less time than
/// the calls do.
const NODES_PER_CALL: usize = 32;

/// Whether all loops of a block do little but call the host, or look for the iteration of which a check fails.
fn is_glue(block: &[Node]) -> bool {
    block.iter().all(|node| match node {
        Node::Loop { header, body, .. } => {
            let turn = Turn::of(header) + Turn::of(body);
            turn.nodes <= NODES_PER_CALL * turn.calls && is_glue(body)
        }
        node if uses::is_search(node) => true,
        Node::If { then, otherwise, .. } => is_glue(then) && is_glue(otherwise),
        Node::Lanes(_) => false,
        _ => true,
    })
}

/// What happens in every turn of a loop, without the loops inside.
#[derive(Clone, Copy, Default)]
struct Turn {
    nodes: usize,
    calls: usize,
}

impl Turn {
    fn of(block: &[Node]) -> Turn {
        block.iter().map(Turn::of_node).fold(Turn::default(), Add::add)
    }

    fn of_node(node: &Node) -> Turn {
        match node {
            Node::Loop { .. } => Turn::default(),
            node if uses::is_search(node) => Turn { nodes: 1, calls: 0 },
            Node::If { then, otherwise, .. } => {
                let [then, otherwise] = [then, otherwise].map(|block| Turn::of(block));
                let nodes = 1 + then.nodes.max(otherwise.nodes);
                Turn { nodes, calls: then.calls.min(otherwise.calls) }
            }
            node if uses::is_host_call(node) => Turn { nodes: 0, calls: 1 },
            _ => Turn { nodes: 1, calls: 0 },
        }
    }
}

impl Add for Turn {
    type Output = Turn;

    fn add(self, other: Turn) -> Turn {
        Turn { nodes: self.nodes + other.nodes, calls: self.calls + other.calls }
    }
}

/// The bits of a value of a type without what lies above it.
fn narrowed(bits: u64, ty: LaneType) -> u64 {
    match ty {
        LaneType::Bool => bits & 1,
        LaneType::I32 | LaneType::F32 => bits as u32 as u64,
        LaneType::I64 | LaneType::F64 => bits,
    }
}

impl Run<'_> {
    fn value(&self, value: Value) -> u64 {
        self.values[value.0 as usize]
    }

    fn set(&mut self, value: Value, bits: u64) {
        self.values[value.0 as usize] = bits;
    }

    /// Whether something under a mask happens.
    fn counts(&self, mask: Option<Value>) -> bool {
        mask.is_none_or(|mask| self.value(mask) & 1 == 1)
    }

    fn slot(&self, slot: Slot) -> u64 {
        // SAFETY: the caller's frame has all slots of the kernel's; it is read anew each time since calls change it.
        unsafe { self.frame.add(slot.index()).read() }
    }

    fn nodes(&mut self, nodes: &[Node]) -> Result<(), Ended> {
        nodes.iter().try_for_each(|node| self.node(node))
    }

    fn node(&mut self, node: &Node) -> Result<(), Ended> {
        match node {
            Node::Let(value) => self.evaluate(*value),
            Node::If { cond, then, otherwise, results } => {
                let yes = self.value(*cond) & 1 == 1;
                self.nodes(if yes { then } else { otherwise })?;
                for merge in results {
                    let chosen = if yes { merge.then } else { merge.otherwise };
                    let bits = self.value(chosen);
                    self.set(merge.value, bits);
                }
            }
            Node::Loop { carried, header, cond, body } => {
                let start: SmallVec<[u64; 8]> = carried.iter().map(|carry| self.value(carry.init)).collect();
                carried.iter().zip(start).for_each(|(carry, bits)| self.set(carry.value, bits));
                loop {
                    self.nodes(header)?;
                    if self.value(*cond) & 1 == 0 {
                        break;
                    }
                    self.poll()?;
                    self.nodes(body)?;
                    let next: SmallVec<[u64; 8]> =
                        carried.iter().map(|carry| self.value(carry.next)).collect();
                    carried.iter().zip(next).for_each(|(carry, bits)| self.set(carry.value, bits));
                }
            }
            Node::Store { buffer, address, value, mask } => {
                if self.counts(*mask) {
                    let (place, bits) = (self.place(*buffer, address), self.value(*value));
                    self.write(*buffer, place, bits);
                }
            }
            Node::Lanes(own) => self.lane_loop(own)?,
            Node::Check { ok, fault, args, iteration, mask } => {
                if self.counts(*mask) && self.value(*ok) & 1 == 0 {
                    let here = self.element.map_or(FaultRecord::NOWHERE, |element| element.position);
                    let mut record = FaultRecord {
                        fault: fault.0,
                        iteration: iteration.map_or(here, |value| self.value(value)),
                        args: [0; MOST_REPORTED],
                    };
                    for (place, arg) in record.args.iter_mut().zip(args) {
                        *place = self.value(*arg);
                    }
                    // SAFETY: the caller's record is valid.
                    unsafe { self.fault.write(record) };
                    return Err(Ended(abi::FAULT));
                }
            }
            Node::SetSlot { slot, value } => {
                let bits = self.value(*value);
                // SAFETY: as in `slot`.
                unsafe { self.frame.add(slot.index()).write(bits) };
            }
            Node::Alloc { buffer, shape, zeroed, .. } => {
                let lengths: SmallVec<[u64; 4]> = shape.iter().map(|length| self.value(*length)).collect();
                let allocate = self.table().allocate;
                self.done(allocate(self.host, buffer.0, lengths.as_ptr(), *zeroed as u32))?;
            }
            Node::Move { to, from } => {
                let move_buffer = self.table().move_buffer;
                self.done(move_buffer(self.host, to.0, from.0))?;
            }
            Node::Resize { buffer, length, .. } => {
                let resize = self.table().resize;
                self.done(resize(self.host, buffer.0, self.value(*length)))?;
            }
            Node::Launch(region) => {
                let launch = self.table().launch;
                self.done(launch(self.host, region.0))?;
            }
            Node::Call(call) => {
                let function = self.table().call;
                self.done(function(self.host, call.0))?;
            }
        }
        Ok(())
    }

    /// Ends the run if it is time to stop.
    fn poll(&self) -> Result<(), Ended> {
        if !self.script.polls {
            return Ok(());
        }
        let byte = self.slot(self.script.frame.stop()) as *mut u8;
        // SAFETY: the caller's frame has the address of a byte there, which others access as an atomic one too.
        let asked = unsafe { AtomicU8::from_ptr(byte) }.load(Ordering::Relaxed);
        if asked == 0 { Ok(()) } else { Err(Ended(abi::CANCELLED)) }
    }

    fn table(&self) -> HostTable {
        // SAFETY: the caller's table is valid; it is copied, so that nothing of it is borrowed during the call.
        unsafe { self.host.read() }
    }

    fn done(&self, status: i32) -> Result<(), Ended> {
        if status == 0 { Ok(()) } else { Err(Ended(abi::STOPPED)) }
    }

    fn evaluate(&mut self, value: Value) {
        let script = self.script;
        let data = &script.code.values[value];
        let bits = match &data.inst {
            Inst::Slot(slot) => narrowed(self.slot(*slot), data.ty),
            Inst::Dim(buffer, axis) => self.slot(script.frame.dim(*buffer, *axis)),
            Inst::Stride(buffer, axis) => self.slot(script.frame.stride(*buffer, *axis)),
            Inst::Op(op, args) => {
                let mut operands = [0; 3];
                for (operand, arg) in operands.iter_mut().zip(args) {
                    *operand = self.value(*arg);
                }
                op.eval(script.code.values[args[0]].ty, &operands[..args.len()])
            }
            Inst::Load { buffer, address, mask } => {
                if self.counts(*mask) {
                    self.read(*buffer, self.place(*buffer, address))
                } else {
                    0
                }
            }
            Inst::Any(mask) => self.value(*mask) & 1,
            Inst::Outside(first, end) => {
                let [first, end] = [first, end].map(|bound| self.value(*bound) as i64);
                !(first..end).contains(&(self.column as i64)) as u64
            }
            Inst::Const(_) | Inst::Bound => return,
            Inst::LaneIndex | Inst::RowIndex(_) | Inst::LinearIndex => return,
        };
        self.set(value, bits);
    }

    /// The address of an element.
    fn place(&self, buffer: Buffer, address: &Address) -> *mut u8 {
        let column = self.column;
        let lane = match address.lanes {
            Lanes::Uniform => 0,
            Lanes::Unit => column,
            Lanes::Strided(stride) => self.value(stride).wrapping_mul(column),
            Lanes::Part { of, part } => column.wrapping_mul(of as u64).wrapping_add(part as u64),
            Lanes::Gather(index) => self.value(index),
        };
        let index = self.value(address.base).wrapping_add(lane);
        let bytes = index.wrapping_mul(self.script.elements[buffer.0 as usize].size() as u64);
        (self.slot(self.script.frame.address(buffer)) as *mut u8).wrapping_add(bytes as usize)
    }

    fn read(&self, buffer: Buffer, place: *mut u8) -> u64 {
        // SAFETY: the caller's arrays are valid for what the kernel does to them, and it does not touch other elements
        // (`abi::Driver`); no alignment is asked for.
        unsafe {
            let dtype = self.script.elements[buffer.0 as usize];
            dtype.widen(match dtype.bits() {
                8 => place.read() as u64,
                16 => place.cast::<u16>().read_unaligned() as u64,
                32 => place.cast::<u32>().read_unaligned() as u64,
                _ => place.cast::<u64>().read_unaligned(),
            })
        }
    }

    fn write(&self, buffer: Buffer, place: *mut u8, bits: u64) {
        // SAFETY: as in `read`.
        unsafe {
            match self.script.elements[buffer.0 as usize].bits() {
                8 => place.write(bits as u8),
                16 => place.cast::<u16>().write_unaligned(bits as u16),
                32 => place.cast::<u32>().write_unaligned(bits as u32),
                _ => place.cast::<u64>().write_unaligned(bits),
            }
        }
    }

    /// The iterations of a lane loop, in their order.
    fn lane_loop(&mut self, own: &LaneLoop) -> Result<(), Ended> {
        let extent = self.value(own.extent);
        let identity = |own: &Reduction<Value>| own.op.identity(own.dtype);
        let mut totals: SmallVec<[Scalar; 4]> = own.reductions.iter().map(identity).collect();
        let is_index =
            |(value, data): (Value, &ValueData)| matches!(data.inst, Inst::LaneIndex).then_some(value);
        let indices: SmallVec<[Value; 4]> = self.script.code.values.iter().filter_map(is_index).collect();
        if extent > 0 {
            self.nodes(&own.prologue)?;
        }
        let outer = self.column;
        for index in 0..extent {
            self.poll()?;
            self.column = index;
            indices.iter().for_each(|value| self.set(*value, index));
            self.nodes(&own.body)?;
            for (own, total) in own.reductions.iter().zip(&mut totals) {
                let contribution = Scalar::from_bits(own.dtype, self.value(own.contribution));
                *total = own.op.combine().eval(&[*total, contribution]);
            }
        }
        self.column = outer;
        for (own, total) in own.reductions.iter().zip(totals) {
            self.set(own.total, total.to_bits());
        }
        Ok(())
    }

    /// The elements of a block, in their order.
    fn block(
        &mut self,
        region: &RegionScript,
        block: &BlockRange,
        accumulators: &mut [[Scalar; LANES]],
    ) -> Result<(), Ended> {
        let extents: SmallVec<[u64; MAX_RANK]> = region.extents.iter().map(|slot| self.slot(*slot)).collect();
        let columns = extents.last().copied().unwrap_or(1);
        for row in block.row_start as u64..block.row_end as u64 {
            let before_last = &extents[..extents.len().saturating_sub(1)];
            let mut outer = [0; MAX_RANK];
            let indices = grid::row_indices(row, before_last, |row, extent| [row / extent, row % extent]);
            outer[..indices.len()].copy_from_slice(&indices);
            for column in block.column_start as u64..block.column_end as u64 {
                if region.walk == lane::Walk::Elements
                    && let Some(last) = extents.len().checked_sub(1)
                {
                    outer[last] = column;
                }
                let position = row.wrapping_mul(columns).wrapping_add(column);
                self.begin(Element { column, outer, position });
                if region.walk == lane::Walk::Once {
                    self.element = None;
                }
                if column == block.column_start as u64 {
                    self.nodes(&region.prologue)?;
                }
                self.poll()?;
                self.nodes(&self.script.code.body)?;
                let lane = (column as usize - block.column_start) % LANES;
                for (reduction, lanes) in region.reductions.iter().zip(&mut *accumulators) {
                    let own = Scalar::from_bits(reduction.dtype, self.value(reduction.contribution));
                    lanes[lane] = reduction.op.combine().eval(&[lanes[lane], own]);
                }
            }
        }
        Ok(())
    }

    /// Goes to an element.
    fn begin(&mut self, element: Element) {
        (self.element, self.column) = (Some(element), element.column);
        let script = self.script;
        for (value, data) in script.code.values.iter() {
            match data.inst {
                Inst::LaneIndex => self.set(value, element.column),
                Inst::RowIndex(dimension) => self.set(value, element.outer[dimension as usize]),
                Inst::LinearIndex => self.set(value, element.position),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(driver: &str) -> Option<Script> {
        let region = "  region r0 extents [5] fine {\n    prologue {\n    }\n    body {\n    }\n  }\n";
        let head = "lane f params 1 frame 6 {\n  buffer b0 a: f64[unit] is p0 at 2\n";
        let text = format!("{head}  driver {{\n    v0: i64 = dim b0, 0\n{driver}  }}\n{region}}}\n");
        Script::of_glue(&Lane::parse(&text).unwrap())
    }

    fn looped(body: &str) -> String {
        let head = "    loop v1: i64 = 0i64 {\n      v2: bool = ult v1, v0\n      test v2\n    } do {\n";
        format!("{head}{body}      v3: i64 = iadd v1, 1i64\n      next v3\n    }}\n")
    }

    #[test]
    fn drivers_are_followed_whose_loops_launch_regions() {
        assert!(!of("    launch r0\n").unwrap().has_loops());
        assert!(of(&looped("      launch r0\n")).unwrap().has_loops());
        assert!(of(&looped("")).is_none());
        assert!(of(&looped("      if v2 {\n        launch r0\n      }\n")).is_none());
        let work: String = (4..40)
            .map(|v| format!("      v{v}: i64 = iadd v{}, 1i64\n", v - 1 - (v == 4) as u32 * 2))
            .collect();
        assert!(of(&looped(&format!("{work}      launch r0\n"))).is_none());
    }
}
