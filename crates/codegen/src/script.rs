//! Drivers that are followed node by node instead of compiled.
//!
//! ```text
//! v0: i64 = dim b0, 0      values[0] = frame[dim b0, 0]
//! alloc b2[v0]             host.allocate(host, 2, &[values[0]], 0)
//! launch r0                host.launch(host, 0), return if nonzero
//! ```
//!
//! Most drivers are a few dozen nodes that run once a call: it takes a hundred nanoseconds to follow them, and a thousand
//! times as long to compile them. Quick code therefore has a script where a driver has no loops, and touches no
//! elements of arrays. The meaning of operations is that of [`LaneOp::eval`](parfuse_ir::lane::LaneOp::eval).
#![allow(unsafe_code)]

use crate::abi::{self, FaultRecord, HostTable};
use crate::code::DriverCode;
use parfuse_ir::lane::{Code, Frame, Inst, Lane, LaneType, Node, Value};
use smallvec::SmallVec;

/// A driver to be followed.
pub(crate) struct Script {
    code: Code,
    frame: Frame,
    /// The values at the start: constants, and zeros.
    start: Vec<u64>,
}

/// What a run works on.
struct Run<'a> {
    script: &'a Script,
    values: SmallVec<[u64; 64]>,
    frame: *mut u64,
    host: *const HostTable,
    fault: *mut FaultRecord,
}

/// Why a run ends before its last node: the status.
struct Ended(i32);

impl Script {
    /// The script of a kernel's driver, if it has none of what scripts cannot do.
    pub(crate) fn new(lane: &Lane) -> Option<Script> {
        let code = &lane.driver;
        let reads_elements =
            |data: &parfuse_ir::lane::ValueData| matches!(data.inst, Inst::Load { .. } | Inst::Any(_));
        if !is_simple(&code.body) || code.values.iter().any(|(_, data)| reads_elements(data)) {
            return None;
        }
        let start = code.values.iter().map(|(_, data)| match data.inst {
            Inst::Const(bits) => narrowed(bits, data.ty),
            _ => 0,
        });
        Some(Script { start: start.collect(), code: code.clone(), frame: lane.frame.clone() })
    }

    /// Follows it.
    ///
    /// # Safety
    /// As for [`abi::Driver`].
    pub(crate) unsafe fn run(&self, frame: *mut u64, host: *const HostTable, fault: *mut FaultRecord) -> i32 {
        let values = SmallVec::from_slice(&self.start);
        let mut run = Run { script: self, values, frame, host, fault };
        match run.nodes(&self.code.body) {
            Ok(()) => abi::OK,
            Err(Ended(status)) => status,
        }
    }
}

impl crate::Code {
    /// Runs the serial code of the kernel; the result is one of the statuses in [`abi`].
    ///
    /// # Safety
    /// As for [`abi::Driver`].
    pub unsafe fn run(&self, frame: *mut u64, host: *const HostTable, fault: *mut FaultRecord) -> i32 {
        match &self.driver {
            // SAFETY: the caller's promise is what a driver asks for; `self` owns its code.
            DriverCode::Compiled(driver) => unsafe { driver(frame, host, fault) },
            // SAFETY: as above.
            DriverCode::Followed(script) => unsafe { script.run(frame, host, fault) },
        }
    }
}

fn is_simple(nodes: &[Node]) -> bool {
    nodes.iter().all(|node| match node {
        Node::If { then, otherwise, .. } => is_simple(then) && is_simple(otherwise),
        Node::Loop { .. } | Node::Store { .. } => false,
        _ => true,
    })
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

    fn slot(&self, slot: parfuse_ir::lane::Slot) -> u64 {
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
                    self.values[merge.value.0 as usize] = self.value(chosen);
                }
            }
            Node::Check { ok, fault, args, iteration, mask } => {
                let counts = mask.is_none_or(|mask| self.value(mask) & 1 == 1);
                if counts && self.value(*ok) & 1 == 0 {
                    let mut record = FaultRecord {
                        fault: fault.0,
                        iteration: iteration.map_or(FaultRecord::NOWHERE, |value| self.value(value)),
                        args: [0; 2],
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
            Node::Launch(region) => {
                let launch = self.table().launch;
                self.done(launch(self.host, region.0))?;
            }
            Node::Loop { .. } | Node::Store { .. } => unreachable!("scripts have none: {node:?}"),
        }
        Ok(())
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
            inst => unreachable!("scripts have none: {inst:?}"),
        };
        self.values[value.0 as usize] = bits;
    }
}
