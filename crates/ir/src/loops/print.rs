//! Prints Loops as text that [`Loops::parse`] reads back.
//!
//! Constants, parameters and loop indices print where they are used or bound; every other value where its
//! `Let` stands. Notes are not part of the text. Loops that would not verify print too.

use super::{
    Block, Buffer, BufferData, Expr, Layout, Loops, Origin, Output, Reduction, Source, Stmt, Target, Value,
};
use crate::combiner::Formula;
use crate::grid::Grain;
use crate::host::{Call, CallArgument};
use crate::program::{Param, Type, param_text};
use crate::text::{At, Name, list, write_files};
use crate::{Arena, Combine, Fault};
use std::fmt::{self, Display, Formatter};

impl Display for Loops {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let headed: Vec<Option<Buffer>> =
            (0..self.params.len()).map(|index| headed_buffer(&self.params, &self.buffers, index)).collect();
        let params = self.params.iter().zip(&headed).map(|(param, buffer)| {
            let mutable = if param.mutable { "mut " } else { "" };
            let name = Name(&param.name);
            match buffer {
                Some(buffer) => format!("{mutable}{buffer} {name}: {}", Contents(&self.buffers[*buffer])),
                None => format!("{mutable}{name}: {}", param.ty),
            }
        });
        writeln!(f, "loops {}({}) {{", Name(&self.name), list(params))?;
        write_files(f, &self.files)?;
        for (buffer, data) in self.buffers.iter().filter(|(buffer, _)| !headed.contains(&Some(*buffer))) {
            writeln!(f, "  {}", Declaration(buffer, data))?;
        }
        for (var, data) in self.vars.iter() {
            writeln!(f, "  var {var} {}: {}", Name(&data.name), data.dtype)?;
        }
        let mut printer = Printer { f, loops: self };
        printer.block(&self.body, 1)?;
        if !self.results.is_empty() {
            let results = list(self.results.iter().map(|output| match output {
                Output::Scalar(value) => printer.operand(*value),
                Output::Buffer(buffer) => buffer.to_string(),
            }));
            writeln!(printer.f, "  return {results}")?;
        }
        f.write_str("}\n")
    }
}

/// The buffer of an array parameter, if the parameter's place in the head says all there is to say of it.
fn headed_buffer(params: &[Param], buffers: &Arena<Buffer, BufferData>, index: usize) -> Option<Buffer> {
    let of_param = |data: &BufferData| match data.origin {
        Origin::Param { index: of, .. } => of as usize == index,
        Origin::Local => false,
    };
    let (buffer, data) = buffers.iter().find(|(_, data)| of_param(data))?;
    let param = &params[index];
    (data.name == param.name && param.ty == Type::array(data.dtype, data.rank)).then_some(buffer)
}

/// Prints the declaration of a buffer that is no parameter of the head: `buffer b2 sum: [f64; 1]`.
pub(crate) struct Declaration<'a>(pub Buffer, pub &'a BufferData);

impl Display for Declaration<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Declaration(buffer, data) = self;
        write!(f, "buffer {buffer} {}: {}", Name(&data.name), Contents(data))?;
        match data.origin {
            Origin::Param { index, .. } => write!(f, " is p{index}"),
            Origin::Local => Ok(()),
        }
    }
}

/// Prints what a buffer holds: `f64[_, unit]` for a parameter with its layout, `[f64; 2]` for a local one.
struct Contents<'a>(&'a BufferData);

impl Display for Contents<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let BufferData { dtype, rank, origin, .. } = self.0;
        match origin {
            Origin::Param { layout, .. } => write!(f, "{dtype}[{}]", axes(layout, *rank)),
            Origin::Local => write!(f, "{}", Type::array(*dtype, *rank)),
        }
    }
}

fn axes(layout: &Layout, rank: u8) -> String {
    list((0..rank).map(|axis| match (layout.length(axis), layout.unit == Some(axis)) {
        (None, false) => "_".into(),
        (None, true) => "unit".into(),
        (Some(1), true) => "1 unit".into(),
        (Some(length), _) => length.to_string(),
    }))
}

/// Prints a fault without its place: `index_out_of_range(0) of means`.
pub(crate) struct FaultText<'a>(pub &'a Fault);

impl Display for FaultText<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.kind)?;
        self.0.array.as_ref().map_or(Ok(()), |array| write!(f, " of {}", Name(array)))
    }
}

struct Printer<'a, 'f> {
    f: &'a mut Formatter<'f>,
    loops: &'a Loops,
}

impl Printer<'_, '_> {
    fn block(&mut self, block: &Block, depth: usize) -> fmt::Result {
        block.iter().try_for_each(|stmt| {
            write!(self.f, "{:1$}", "", 2 * depth)?;
            self.stmt(stmt, depth)?;
            self.f.write_str("\n")
        })
    }

    /// The block in braces.
    fn nested(&mut self, block: &Block, depth: usize) -> fmt::Result {
        self.f.write_str("{\n")?;
        self.block(block, depth + 1)?;
        write!(self.f, "{:1$}}}", "", 2 * depth)
    }

    fn stmt(&mut self, stmt: &Stmt, depth: usize) -> fmt::Result {
        let indent = 2 * depth;
        match stmt {
            Stmt::Let(value) => self.define(*value),
            Stmt::Set { var, value } => write!(self.f, "{var} = {}", self.operand(*value)),
            Stmt::Alloc { buffer, shape, zeroed, loc } => {
                let zeroed = if *zeroed { " zeroed" } else { "" };
                write!(self.f, "alloc {buffer}[{}]{zeroed}{}", self.operands(shape), At(*loc))
            }
            Stmt::Move { to, from } => write!(self.f, "move {from} to {to}"),
            Stmt::Resize { buffer, length, loc } => {
                write!(self.f, "resize {buffer} to {}{}", self.operand(*length), At(*loc))
            }
            Stmt::Store { buffer, index, value, loc } => {
                let (index, value) = (self.operands(index), self.operand(*value));
                write!(self.f, "store {buffer}[{index}], {value}{}", At(*loc))
            }
            Stmt::Call(call) => {
                let arguments = call.arguments.iter().map(|argument| match *argument {
                    CallArgument::Scalar(value) => CallArgument::Scalar(self.operand(value)),
                    CallArgument::Read(buffer) => CallArgument::Read(buffer),
                    CallArgument::Written(buffer) => CallArgument::Written(buffer),
                });
                let arguments = arguments.collect();
                write!(self.f, "{}", Call { callee: call.callee, arguments, loc: call.loc })
            }
            Stmt::Check { ok, fault, args, iteration } => {
                write!(self.f, "check {}, {}", self.operand(*ok), FaultText(fault))?;
                if !args.is_empty() {
                    write!(self.f, " with {}", self.operands(args))?;
                }
                if let Some(iteration) = iteration {
                    write!(self.f, " in {}", self.operand(*iteration))?;
                }
                write!(self.f, "{}", At(fault.loc))
            }
            Stmt::If { cond, then, otherwise } => {
                write!(self.f, "if {} ", self.operand(*cond))?;
                self.nested(then, depth)?;
                if otherwise.is_empty() {
                    return Ok(());
                }
                self.f.write_str(" else ")?;
                self.nested(otherwise, depth)
            }
            Stmt::While { header, cond, body } => {
                self.f.write_str("while {\n")?;
                self.block(header, depth + 1)?;
                write!(self.f, "{:indent$}  test {}\n{:indent$}}} do ", "", self.operand(*cond), "")?;
                self.nested(body, depth)
            }
            Stmt::For { index, extent, until, body } => {
                write!(self.f, "for {} in {} ", self.index(*index), self.operand(*extent))?;
                if let Some(until) = until {
                    write!(self.f, "until {until} ")?;
                }
                self.nested(body, depth)
            }
            Stmt::Parfor(parfor) => {
                self.f.write_str("parfor ")?;
                if !parfor.indices.is_empty() || !parfor.extents.is_empty() {
                    let indices = list(parfor.indices.iter().map(|index| self.index(*index)));
                    write!(self.f, "{indices} in {} ", self.operands(&parfor.extents))?;
                }
                self.f.write_str("{\n")?;
                self.sources(&parfor.sources, indent)?;
                if parfor.grain != Grain::of(&parfor.body) {
                    writeln!(self.f, "{:indent$}  {}", "", parfor.grain.name())?;
                }
                if parfor.elements {
                    writeln!(self.f, "{:indent$}  elements", "")?;
                }
                for reduction in &parfor.reductions {
                    write!(self.f, "{:indent$}  reduce ", "")?;
                    self.reduction(reduction, indent)?;
                }
                self.block(&parfor.body, depth + 1)?;
                write!(self.f, "{:indent$}}}", "")
            }
            Stmt::Nest(nest) => {
                self.f.write_str("nest {\n")?;
                self.sources(&nest.sources, indent)?;
                self.block(&nest.body, depth + 1)?;
                write!(self.f, "{:indent$}}}", "")
            }
        }
    }

    fn sources(&mut self, sources: &[Source], indent: usize) -> fmt::Result {
        sources.iter().try_for_each(|source| {
            let Source { what, claim, loc } = source;
            writeln!(self.f, "{:indent$}  source {}{claim}{}", "", Name(what), At(*loc))
        })
    }

    fn reduction(&mut self, reduction: &Reduction, indent: usize) -> fmt::Result {
        match &reduction.combine {
            Combine::Op(op) => self.f.write_str(op.name())?,
            Combine::State(combiner) => {
                writeln!(self.f, "state {} {{", list(&combiner.identity))?;
                self.formula(&combiner.merge, indent)?;
                if let Some(take_in) = &combiner.take_in {
                    writeln!(self.f, "{:indent$}    take", "")?;
                    self.formula(take_in, indent)?;
                }
                write!(self.f, "{:indent$}  }}", "")?;
            }
        }
        write!(self.f, " {} into ", list(&reduction.locals))?;
        match &reduction.into {
            Target::Vars(vars) => writeln!(self.f, "{}", words(vars)),
            Target::Elements { buffers, index } => {
                writeln!(self.f, "{}[{}]", words(buffers), self.operands(index))
            }
        }
    }

    fn formula(&mut self, formula: &Formula, indent: usize) -> fmt::Result {
        for (number, (op, operands)) in formula.steps.iter().enumerate() {
            writeln!(self.f, "{:indent$}    t{number} = {op} {}", "", list(operands))?;
        }
        writeln!(self.f, "{:indent$}    yield {}", "", list(&formula.results))
    }

    fn define(&mut self, value: Value) -> fmt::Result {
        let Some(data) = self.loops.values.get(value) else { return write!(self.f, "{value} = ?") };
        write!(self.f, "{value}: {} = ", data.dtype)?;
        match &data.expr {
            Expr::Const(scalar) => write!(self.f, "const {scalar}")?,
            Expr::Param(param) => write!(self.f, "param p{param}")?,
            Expr::Bound => write!(self.f, "bound")?,
            Expr::Var(var) => write!(self.f, "{var}")?,
            Expr::Op(op, operands) => write!(self.f, "{op} {}", self.operands(operands))?,
            Expr::Cast(operand) => write!(self.f, "cast {}", self.operand(*operand))?,
            Expr::Load { buffer, index } => write!(self.f, "load {buffer}[{}]", self.operands(index))?,
            Expr::Dim { buffer, axis } => write!(self.f, "dim {buffer}, {axis}")?,
            Expr::Trips { start, end, step } => {
                write!(self.f, "trips {}", self.operands(&[*start, *end, *step]))?;
            }
            Expr::LinearIndex => write!(self.f, "linear_index")?,
            Expr::Threads => write!(self.f, "threads")?,
            Expr::Random { stream, element, draw } => {
                write!(self.f, "random {}", self.operands(&[*stream, *element, *draw]))?;
            }
        }
        write!(self.f, "{}", At(data.loc))
    }

    /// A loop index, with its type only if that is not the right one.
    fn index(&self, value: Value) -> String {
        match self.loops.values.get(value) {
            Some(data) if !data.dtype.is_index() => format!("{value}: {}", data.dtype),
            _ => value.to_string(),
        }
    }

    fn operands(&self, values: &[Value]) -> String {
        list(values.iter().map(|value| self.operand(*value)))
    }

    fn operand(&self, value: Value) -> String {
        self.loops.operand_text(value)
    }
}

impl Loops {
    /// A value as it prints where it is used: leaves as what they are, others by their number.
    pub(super) fn operand_text(&self, value: Value) -> String {
        match self.values.get(value).map(|data| &data.expr) {
            Some(Expr::Const(scalar)) => scalar.to_string(),
            Some(Expr::Param(index)) => param_text(&self.params, *index),
            _ => value.to_string(),
        }
    }
}

/// The targets of words, `_` where there is none.
fn words<T: Display>(targets: &[Option<T>]) -> String {
    list(targets.iter().map(|target| target.as_ref().map_or("_".to_string(), T::to_string)))
}
