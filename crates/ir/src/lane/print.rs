//! Prints Lane programs as text that [`Lane::parse`] reads back.
//!
//! Constants and indices print where they are used, values bound by an `if` or a `loop` where they are bound,
//! every other value where its `Let` stands. Programs that would not verify print too.

use super::{
    Address, Block, Code, Frame, Inst, Lane, LaneOutput, LaneType, Lanes, Node, Reduction, Region, RegionId,
    Value,
};
use crate::host::{Call, CallArgument};
use crate::loops::{Declaration, FaultText};
use crate::text::{At, Name, list, write_files};
use crate::{DType, Scalar};
use std::fmt::{self, Display, Formatter};

impl Display for Lane {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (params, slots) = (self.frame.param_count(), self.frame.len());
        let polls = if self.polls { " polls" } else { "" };
        write!(f, "lane {} params {params} frame {slots}", Name(&self.name))?;
        self.threads.iter().try_for_each(|slot| write!(f, " threads {slot}"))?;
        writeln!(f, "{polls} {{")?;
        write_files(f, &self.files)?;
        let layout = Frame::with_param_count(params, &self.buffers);
        for (buffer, data) in self.buffers.iter() {
            writeln!(f, "  {} at {}", Declaration(buffer, data), layout.address(buffer))?;
        }
        for (id, call) in self.calls.iter() {
            let arguments = call.arguments.iter().map(|argument| match *argument {
                CallArgument::Scalar(slot) => CallArgument::Scalar(format!("slot {slot}")),
                CallArgument::Read(buffer) => CallArgument::Read(buffer),
                CallArgument::Written(buffer) => CallArgument::Written(buffer),
            });
            let arguments = arguments.collect();
            writeln!(f, "  {id} {}", Call { callee: call.callee, arguments, loc: call.loc })?;
        }
        for (id, fault) in self.faults.iter() {
            writeln!(f, "  fault {id} {}{}", FaultText(fault), At(fault.loc))?;
        }
        f.write_str("  driver ")?;
        Printer { f, code: &self.driver }.nested(&self.driver.body, "", &[], 1)?;
        f.write_str("\n")?;
        for (id, region) in self.regions.iter() {
            write_region(f, id, region)?;
        }
        if !self.results.is_empty() {
            let results = self.results.iter().map(|output| match output {
                LaneOutput::Scalar(slot, dtype) => format!("slot {slot}: {dtype}"),
                LaneOutput::Buffer(buffer) => buffer.to_string(),
            });
            writeln!(f, "  return {}", list(results))?;
        }
        f.write_str("}\n")
    }
}

fn write_region(f: &mut Formatter<'_>, id: RegionId, region: &Region) -> fmt::Result {
    let grain = region.grain.name();
    let walk = region.walk.name().map_or(String::new(), |name| format!(" {name}"));
    writeln!(f, "  region {id} extents [{}] {grain}{walk} {{", list(&region.extents))?;
    for source in &region.sources {
        writeln!(f, "    source {}{}{}", Name(&source.what), source.claim, At(source.loc))?;
    }
    if let Some(accesses) = &region.collapsible {
        let accesses = accesses.iter().map(|(buffer, axes)| {
            let axes = axes.iter().map(|axis| axis.map_or("_".to_string(), |axis| axis.to_string()));
            format!("{buffer}[{}]", list(axes))
        });
        writeln!(f, "    collapsible ({})", list(accesses))?;
    }
    let mut printer = Printer { f, code: &region.code };
    for reduction in &region.reductions {
        let contribution = printer.operand(reduction.contribution);
        let (op, dtype, total) = (reduction.op.name(), reduction.dtype, reduction.total);
        writeln!(printer.f, "    reduce {op} {dtype} {contribution} into slot {total}")?;
    }
    for output in &region.outputs {
        let value = printer.operand(output.value);
        writeln!(printer.f, "    slot {} = {value}", output.slot)?;
    }
    if !region.prologue.is_empty() {
        printer.f.write_str("    prologue ")?;
        printer.nested(&region.prologue, "", &[], 2)?;
        printer.f.write_str("\n")?;
    }
    printer.f.write_str("    body ")?;
    printer.nested(&region.code.body, "", &[], 2)?;
    f.write_str("\n  }\n")
}

struct Printer<'a, 'f> {
    f: &'a mut Formatter<'f>,
    code: &'a Code,
}

impl Printer<'_, '_> {
    /// The block in braces; if there are values, with a closing line such as `yield v1, v2`.
    fn nested(&mut self, block: &Block, word: &str, values: &[Value], depth: usize) -> fmt::Result {
        let indent = 2 * depth;
        self.f.write_str("{\n")?;
        for node in block {
            write!(self.f, "{:indent$}  ", "")?;
            self.node(node, depth + 1)?;
            self.f.write_str("\n")?;
        }
        if !values.is_empty() {
            writeln!(self.f, "{:indent$}  {word} {}", "", self.operands(values))?;
        }
        write!(self.f, "{:indent$}}}", "")
    }

    fn node(&mut self, node: &Node, depth: usize) -> fmt::Result {
        match node {
            Node::Let(value) => self.define(*value),
            Node::Store { buffer, address, value, mask } => {
                let (address, value) = (self.address(address), self.operand(*value));
                write!(self.f, "store {buffer}[{address}], {value}{}", self.mask(*mask))
            }
            Node::If { cond, then, otherwise, results } => {
                if !results.is_empty() {
                    write!(self.f, "{} = ", list(results.iter().map(|merge| self.binder(merge.value))))?;
                }
                write!(self.f, "if {} ", self.operand(*cond))?;
                let values: Vec<Value> = results.iter().map(|merge| merge.then).collect();
                self.nested(then, "yield", &values, depth)?;
                if otherwise.is_empty() && results.is_empty() {
                    return Ok(());
                }
                self.f.write_str(" else ")?;
                let values: Vec<Value> = results.iter().map(|merge| merge.otherwise).collect();
                self.nested(otherwise, "yield", &values, depth)
            }
            Node::Loop { carried, header, cond, body } => {
                self.f.write_str("loop ")?;
                if !carried.is_empty() {
                    let carried = carried.iter().map(|carried| {
                        format!("{} = {}", self.binder(carried.value), self.operand(carried.init))
                    });
                    write!(self.f, "{} ", list(carried))?;
                }
                self.nested(header, "test", &[*cond], depth)?;
                self.f.write_str(" do ")?;
                let next: Vec<Value> = carried.iter().map(|carried| carried.next).collect();
                self.nested(body, "next", &next, depth)
            }
            Node::Lanes(own) => {
                let indent = 2 * depth;
                writeln!(self.f, "lanes {} {{", self.operand(own.extent))?;
                for Reduction { op, dtype, contribution, total } in &own.reductions {
                    let (op, own, total) = (op.name(), self.operand(*contribution), self.binder(*total));
                    writeln!(self.f, "{:indent$}  reduce {op} {dtype} {own} into {total}", "")?;
                }
                if !own.prologue.is_empty() {
                    write!(self.f, "{:indent$}  prologue ", "")?;
                    self.nested(&own.prologue, "", &[], depth + 1)?;
                    self.f.write_str("\n")?;
                }
                write!(self.f, "{:indent$}  body ", "")?;
                self.nested(&own.body, "", &[], depth + 1)?;
                write!(self.f, "\n{:indent$}}}", "")
            }
            Node::Check { ok, fault, args, iteration, mask } => {
                write!(self.f, "check {}, {fault}", self.operand(*ok))?;
                if !args.is_empty() {
                    write!(self.f, " with {}", self.operands(args))?;
                }
                if let Some(iteration) = iteration {
                    write!(self.f, " in {}", self.operand(*iteration))?;
                }
                write!(self.f, "{}", self.mask(*mask))
            }
            Node::SetSlot { slot, value } => write!(self.f, "slot {slot} = {}", self.operand(*value)),
            Node::Alloc { buffer, shape, zeroed, loc } => {
                let zeroed = if *zeroed { " zeroed" } else { "" };
                write!(self.f, "alloc {buffer}[{}]{zeroed}{}", self.operands(shape), At(*loc))
            }
            Node::Move { to, from } => write!(self.f, "move {from} to {to}"),
            Node::Resize { buffer, length, loc } => {
                write!(self.f, "resize {buffer} to {}{}", self.operand(*length), At(*loc))
            }
            Node::Launch(region) => write!(self.f, "launch {region}"),
            Node::Call(call) => write!(self.f, "do {call}"),
        }
    }

    fn define(&mut self, value: Value) -> fmt::Result {
        let Some(data) = self.code.values.get(value) else { return write!(self.f, "{value} = ?") };
        write!(self.f, "{} = ", self.binder(value))?;
        match &data.inst {
            Inst::Const(bits) => write!(self.f, "const {}", constant(data.ty, *bits)),
            Inst::Bound => write!(self.f, "bound"),
            Inst::LaneIndex | Inst::RowIndex(_) | Inst::LinearIndex => {
                write!(self.f, "{}", self.operand(value))
            }
            Inst::Slot(slot) => write!(self.f, "slot {slot}"),
            Inst::Op(op, operands) => write!(self.f, "{op} {}", self.operands(operands)),
            Inst::Dim(buffer, axis) => write!(self.f, "dim {buffer}, {axis}"),
            Inst::Stride(buffer, axis) => write!(self.f, "stride {buffer}, {axis}"),
            Inst::Load { buffer, address, mask } => {
                write!(self.f, "load {buffer}[{}]{}", self.address(address), self.mask(*mask))
            }
            Inst::Any(operand) => write!(self.f, "any {}", self.operand(*operand)),
            Inst::Outside(first, end) => {
                write!(self.f, "outside {}, {}", self.operand(*first), self.operand(*end))
            }
        }
    }

    /// `v3: f64`, or `v3: f64 lanes` where lanes may differ.
    fn binder(&self, value: Value) -> String {
        match self.code.values.get(value) {
            Some(data) => format!("{value}: {}{}", data.ty, if data.varying { " lanes" } else { "" }),
            None => value.to_string(),
        }
    }

    fn address(&self, address: &Address) -> String {
        let base = self.operand(address.base);
        match address.lanes {
            Lanes::Uniform => base,
            Lanes::Unit => format!("{base} + lanes"),
            Lanes::Strided(stride) => format!("{base} + lanes * {}", self.operand(stride)),
            Lanes::Part { of, part } => format!("{base} + lanes of {of} at {part}"),
            Lanes::Gather(offset) => format!("{base} + {}", self.operand(offset)),
        }
    }

    fn mask(&self, mask: Option<Value>) -> String {
        mask.map_or(String::new(), |mask| format!(" mask {}", self.operand(mask)))
    }

    fn operands(&self, values: &[Value]) -> String {
        list(values.iter().map(|value| self.operand(*value)))
    }

    fn operand(&self, value: Value) -> String {
        self.code.operand_text(value)
    }
}

impl Code {
    /// A value as it prints where it is used: leaves as what they are, others by their number.
    pub(super) fn operand_text(&self, value: Value) -> String {
        let data = self.values.get(value);
        match data.map(|data| (&data.inst, data.ty)) {
            Some((Inst::Const(bits), ty)) => constant(ty, *bits).to_string(),
            Some((Inst::LaneIndex, _)) => "lane_index".to_string(),
            Some((Inst::LinearIndex, _)) => "linear_index".to_string(),
            Some((Inst::RowIndex(dimension), _)) => format!("row_index({dimension})"),
            _ => value.to_string(),
        }
    }
}

fn constant(ty: LaneType, bits: u64) -> Scalar {
    let dtype = match ty {
        LaneType::Bool => DType::Bool,
        LaneType::I32 => DType::I32,
        LaneType::I64 => DType::I64,
        LaneType::F32 => DType::F32,
        LaneType::F64 => DType::F64,
    };
    Scalar::from_bits(dtype, bits)
}
