//! Prints a Program as text that [`Program::parse`] reads back.
//!
//! Constants, parameters and bound values print where they are used or bound; every other value where its
//! `Let` stands. A program that would not verify prints too, for the sake of the message it appears in.

use super::{
    Block, CallArgument, Cut, Expr, Math, Param, Place, Program, Stmt, Type, Value, Var, View, ViewAxis,
};
use crate::text::{At, Name, list, write_files};
use std::fmt::{self, Display, Formatter};

impl Display for Program {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "program {}(", Name(&self.name))?;
        let params = self.params.iter().map(|param| {
            let mutable = if param.mutable { "mut " } else { "" };
            format!("{mutable}{}: {}", Name(&param.name), param.ty)
        });
        write!(f, "{})", list(params))?;
        let types: Vec<&Type> = self.results.iter().filter_map(|v| Some(&self.values.get(*v)?.ty)).collect();
        match types[..] {
            [] => {}
            [ty] => write!(f, " -> {ty}")?,
            _ => write!(f, " -> ({})", list(&types))?,
        }
        f.write_str(" {\n")?;
        write_files(f, &self.files)?;
        if self.math == Math::Fast {
            f.write_str("  math fast\n")?;
        }
        for (var, data) in self.vars.iter() {
            write!(f, "  var {var} {}: {}", Name(&data.name), data.ty)?;
            data.param.map_or(Ok(()), |param| write!(f, " is p{param}"))?;
            f.write_str("\n")?;
        }
        let mut printer = Printer { f, program: self };
        printer.block(&self.body, 1)?;
        if !self.results.is_empty() {
            let results = printer.operands(&self.results);
            writeln!(printer.f, "  return {results}")?;
        }
        f.write_str("}\n")
    }
}

struct Printer<'a, 'f> {
    f: &'a mut Formatter<'f>,
    program: &'a Program,
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

    /// The block in braces with a closing line such as `test v3`.
    fn closed(&mut self, block: &Block, word: &str, values: &[Value], depth: usize) -> fmt::Result {
        let indent = 2 * depth;
        self.f.write_str("{\n")?;
        self.block(block, depth + 1)?;
        let values = self.operands(values);
        write!(self.f, "{:2$}  {word} {values}\n{:2$}}}", "", "", indent)
    }

    fn stmt(&mut self, stmt: &Stmt, depth: usize) -> fmt::Result {
        match stmt {
            Stmt::Let(value) => self.define(*value, depth),
            Stmt::Assign { var, value } => {
                let value = self.operand(*value);
                write!(self.f, "{var} = {value}")
            }
            Stmt::Store { place, index, value, loc } => {
                let (index, value) = (self.operands(index), self.operand(*value));
                write!(self.f, "store {place}[{index}], {value}{}", At(*loc))
            }
            Stmt::Update { place, value, loc } => {
                let value = self.operand(*value);
                write!(self.f, "update {place}, {value}{}", At(*loc))
            }
            Stmt::Resize { var, length, loc } => {
                let length = self.operand(*length);
                write!(self.f, "resize {var}, {length}{}", At(*loc))
            }
            Stmt::If { cond, then, otherwise } => {
                let cond = self.operand(*cond);
                write!(self.f, "if {cond} ")?;
                self.nested(then, depth)?;
                if otherwise.is_empty() {
                    return Ok(());
                }
                self.f.write_str(" else ")?;
                self.nested(otherwise, depth)
            }
            Stmt::While { header, cond, body } => {
                self.f.write_str("while ")?;
                self.closed(header, "test", &[*cond], depth)?;
                self.f.write_str(" do ")?;
                self.nested(body, depth)
            }
            Stmt::For { index, start, end, step, order, until, body, loc } => {
                let word = order.name();
                let index = self.binder(*index);
                let (start, end, step) = (self.operand(*start), self.operand(*end), self.operand(*step));
                write!(self.f, "{word} {index} in {start}..{end} step {step}")?;
                if let Some(until) = until {
                    write!(self.f, " until {until}")?;
                }
                write!(self.f, "{}{} ", order.claim(), At(*loc))?;
                self.nested(body, depth)
            }
            Stmt::Scope { body } => {
                self.f.write_str("scope ")?;
                self.nested(body, depth)
            }
            Stmt::Leave { outward, loc } => write!(self.f, "leave {outward}{}", At(*loc)),
            Stmt::Call { function, arguments, results, loc } => {
                let arguments = arguments.iter().map(|argument| match argument {
                    CallArgument::Value(value) => self.operand(*value),
                    CallArgument::Place(place) => format!("mut {place}"),
                });
                write!(self.f, "call {function}({})", list(arguments))?;
                if !results.is_empty() {
                    write!(self.f, " to {}", list(results))?;
                }
                write!(self.f, "{}", At(*loc))
            }
            Stmt::Check { ok, kind, args, loc } => {
                write!(self.f, "check {}, {kind}", self.operand(*ok))?;
                if !args.is_empty() {
                    write!(self.f, " with {}", self.operands(args))?;
                }
                write!(self.f, "{}", At(*loc))
            }
        }
    }

    fn define(&mut self, value: Value, depth: usize) -> fmt::Result {
        let Some(data) = self.program.values.get(value) else { return write!(self.f, "{value} = ?") };
        let binder = self.binder(value);
        write!(self.f, "{binder} = ")?;
        match &data.expr {
            Expr::Const(scalar) => write!(self.f, "const {scalar}")?,
            Expr::Param(param) => write!(self.f, "param p{param}")?,
            Expr::Bound => write!(self.f, "bound")?,
            Expr::Var(var) => write!(self.f, "{var}")?,
            Expr::Op(op, operands) => {
                let operands = self.operands(operands);
                write!(self.f, "{op} {operands}")?;
            }
            Expr::Cast(operand) => self.unary("cast", *operand)?,
            Expr::Complex { re, im } => {
                let (re, im) = (self.operand(*re), self.operand(*im));
                write!(self.f, "complex {re}, {im}")?;
            }
            Expr::Part { complex, part } => self.unary(part.name(), *complex)?,
            Expr::Len(operand) => self.unary("len", *operand)?,
            Expr::Copy(operand) => self.unary("copy", *operand)?,
            Expr::View { array, view } => {
                self.unary("view", *array)?;
                self.view(view)?;
            }
            Expr::Index { array, index } => {
                let (array, index) = (self.operand(*array), self.operands(index));
                write!(self.f, "index {array}[{index}]")?;
            }
            Expr::Dim { array, axis } => {
                self.unary("dim", *array)?;
                write!(self.f, ", {axis}")?;
            }
            Expr::Reshape { array, shape } => {
                let shape = list(shape.iter().map(|length| self.operand(*length)));
                let array = self.operand(*array);
                write!(self.f, "reshape[{shape}] {array}")?;
            }
            Expr::Fill { shape, value } => {
                let (shape, value) = (self.operands(shape), self.operand(*value));
                write!(self.f, "fill[{shape}] {value}")?;
            }
            Expr::Random { distribution, operands, shape } => {
                write!(self.f, "{distribution}")?;
                if !shape.is_empty() {
                    write!(self.f, "[{}]", self.operands(shape))?;
                }
                if !operands.is_empty() {
                    write!(self.f, " {}", self.operands(operands))?;
                }
            }
            Expr::Reduce { fold, array, axis } => {
                self.unary(&format!("reduce {}", fold.name()), *array)?;
                if let Some(axis) = axis {
                    write!(self.f, " along {axis}")?;
                }
            }
            Expr::Map { arrays, params, body, results } => {
                let walked = params
                    .iter()
                    .zip(arrays)
                    .map(|(param, array)| format!("{} in {}", self.binder(*param), self.operand(*array)));
                let walked = list(walked);
                write!(self.f, "map {walked}{} ", At(data.loc))?;
                // The place of a map stands before its code, as with loops.
                return self.closed(body, "yield", results, depth);
            }
        }
        write!(self.f, "{}", At(data.loc))
    }

    fn view(&mut self, view: &View) -> fmt::Result {
        let cuts = view.cuts.iter().map(|cut| match cut {
            Cut::All => "..".to_string(),
            Cut::At(index) => self.operand(*index),
            Cut::Range { start, end, step } => {
                let [start, end] =
                    [start, end].map(|bound| bound.map(|v| self.operand(v)).unwrap_or_default());
                let step = step.map(|step| format!(" by {}", self.operand(step))).unwrap_or_default();
                format!("{start}..{end}{step}")
            }
        });
        let cuts = list(cuts);
        write!(self.f, "[{cuts}]")?;
        if view.axes == View::kept(&view.cuts) {
            return Ok(());
        }
        let axes = view.axes.iter().map(|axis| match axis {
            ViewAxis::Of(axis) => axis.to_string(),
            ViewAxis::New => "new".to_string(),
            ViewAxis::Diagonal => "diagonal".to_string(),
            ViewAxis::Spread { axis, length } => format!("{axis} to {}", self.operand(*length)),
        });
        write!(self.f, " as [{}]", list(axes))
    }

    fn unary(&mut self, word: &str, operand: Value) -> fmt::Result {
        let operand = self.operand(operand);
        write!(self.f, "{word} {operand}")
    }

    /// `v3: f64`, with the user's name if there is one: `v3 sum: f64`.
    fn binder(&self, value: Value) -> String {
        let Some(data) = self.program.values.get(value) else { return value.to_string() };
        match &data.name {
            Some(name) => format!("{value} {}: {}", Name(name), data.ty),
            None => format!("{value}: {}", data.ty),
        }
    }

    fn operands(&self, values: &[Value]) -> String {
        list(values.iter().map(|value| self.operand(*value)))
    }

    fn operand(&self, value: Value) -> String {
        self.program.operand_text(value)
    }
}

/// `x0`, or `v3 of x0`.
impl Display for Place {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.view.map_or(Ok(()), |view| write!(f, "{view} of "))?;
        write!(f, "{}", self.var)
    }
}

impl Program {
    /// A value as it prints where it is used: leaves as what they are, others by their number.
    pub(super) fn operand_text(&self, value: Value) -> String {
        match self.values.get(value).map(|data| &data.expr) {
            Some(Expr::Const(scalar)) => scalar.to_string(),
            Some(Expr::Param(index)) => param_text(&self.params, *index),
            _ => value.to_string(),
        }
    }
    /// A variable with its name, for messages: `x0 (acc)`.
    pub(super) fn describe_var(&self, var: Var) -> String {
        self.vars.get(var).map_or_else(|| var.to_string(), |data| format!("{var} ({})", data.name))
    }
}

/// A parameter as it prints where it is used: its name, or its position if that is not enough.
pub(crate) fn param_text(params: &[Param], index: u32) -> String {
    match params.get(index as usize) {
        Some(param) if params.iter().filter(|other| other.name == param.name).count() == 1 => {
            Name(&param.name).to_string()
        }
        _ => format!("p{index}"),
    }
}
