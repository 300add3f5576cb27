//! Reads the text of Loops: the inverse of its `Display`.
//!
//! Values keep the numbers that the text gives them. Constants and parameters have none in the text: they
//! take the numbers that are left. The result is well-formed as text only; `verify` judges its meaning.

use super::{
    Block, Buffer, BufferData, Expr, Layout, Loops, MOST_PACKED, Nest, Origin, Output, Parfor, Reduction,
    Source, Stmt, Target, Value, ValueData, VarData,
};
use crate::combiner::{Formula, Term};
use crate::grid::Grain;
use crate::host::{at_call, parse_call};
use crate::program::{Param, Type, parse_claim, parse_type};
use crate::text::{Cursor, ParseError, Parsed, Table};
use crate::{Arena, Combine, Combiner, DType, ElementType, Fault, Files, Loc, Scalar, ScalarOp};

impl Loops {
    /// Reads loops from their text.
    ///
    /// # Errors
    /// If the text is not that of loops. Whether they are well-formed, `verify` says.
    pub fn parse(text: &str) -> Result<Loops, ParseError> {
        let cursor = Cursor::new(text)?;
        let table = cursor.table(cursor.everything())?;
        let loops = Loops {
            name: String::new(),
            params: Vec::new(),
            buffers: Arena::new(),
            vars: Arena::new(),
            values: Arena::new(),
            body: Block::new(),
            results: Vec::new(),
            files: Files::default(),
            notes: Vec::new(),
        };
        Parser { cursor, table, loops }.loops()
    }
}

struct Parser<'a> {
    cursor: Cursor<'a>,
    table: Table<ValueData>,
    loops: Loops,
}

impl Parser<'_> {
    fn loops(mut self) -> Parsed<Loops> {
        self.cursor.expect("loops")?;
        self.loops.name = self.cursor.name()?;
        let mut buffers = Vec::new();
        self.cursor.expect("(")?;
        if !self.cursor.at(")") {
            self.param(&mut buffers)?;
            while self.cursor.eat(",") {
                self.param(&mut buffers)?;
            }
        }
        self.cursor.expect(")")?;
        self.cursor.open()?;
        self.loops.files = self.cursor.files()?;
        while self.cursor.at("buffer") {
            buffers.push(parse_buffer(&mut self.cursor)?);
        }
        self.loops.buffers = arrange_buffers(&self.cursor, buffers)?;
        while self.cursor.eat("var") {
            self.cursor.declared('x', &self.loops.vars)?;
            let name = self.cursor.name()?;
            self.cursor.expect(":")?;
            let dtype = self.cursor.dtype()?;
            self.loops.vars.push(VarData { name, dtype });
        }
        self.loops.body = self.statements()?;
        if self.cursor.eat("return") {
            self.loops.results = vec![self.output()?];
            while self.cursor.eat(",") {
                let output = self.output()?;
                self.loops.results.push(output);
            }
        }
        self.cursor.close()?;
        self.cursor.expect_end()?;
        let filler = ValueData { expr: Expr::Const(Scalar::Bool(false)), dtype: DType::Bool, loc: Loc::NONE };
        self.loops.values = self.cursor.arena(self.table, filler)?;
        Ok(self.loops)
    }

    /// `x: f64`, `mut b0 means: f64[unit]`, or `means: [f64; 1]` when the buffer is declared by itself.
    fn param(&mut self, buffers: &mut Vec<(Buffer, BufferData)>) -> Parsed<()> {
        let mutable = self.cursor.eat("mut");
        let buffer = if self.cursor.at_id('b') { Some(self.cursor.id('b')?) } else { None };
        let name = self.cursor.name()?;
        self.cursor.expect(":")?;
        let ty = match buffer {
            None => parse_type(&mut self.cursor)?,
            Some(buffer) => {
                let dtype = self.cursor.dtype()?;
                let layout = parse_layout(&mut self.cursor)?;
                let (rank, index) = (layout.single.len() as u8, self.loops.params.len() as u32);
                let origin = Origin::Param { index, layout };
                buffers.push((buffer, BufferData { name: name.clone(), dtype, rank, origin }));
                Type::array(dtype, rank)
            }
        };
        self.loops.params.push(Param { name, ty, mutable });
        Ok(())
    }

    fn output(&mut self) -> Parsed<Output> {
        if self.cursor.at_id('b') {
            return self.cursor.id('b').map(Output::Buffer);
        }
        self.operand().map(Output::Scalar)
    }

    /// The statements up to a closing line or brace.
    fn statements(&mut self) -> Parsed<Block> {
        let mut block = Block::new();
        while !["}", "return", "test"].iter().any(|word| self.cursor.at(word)) {
            block.push(self.stmt()?);
        }
        Ok(block)
    }

    fn nested(&mut self) -> Parsed<Block> {
        self.cursor.open()?;
        let block = self.statements()?;
        self.cursor.close()?;
        Ok(block)
    }

    fn stmt(&mut self) -> Parsed<Stmt> {
        if self.cursor.at_id('v') {
            return self.define().map(Stmt::Let);
        }
        if self.cursor.at_id('x') {
            let var = self.cursor.id('x')?;
            self.cursor.expect("=")?;
            return Ok(Stmt::Set { var, value: self.operand()? });
        }
        if self.cursor.eat("alloc") {
            let (buffer, shape) = (self.cursor.id('b')?, self.bracketed()?);
            let zeroed = self.cursor.eat("zeroed");
            return Ok(Stmt::Alloc { buffer, shape, zeroed, loc: self.cursor.place()? });
        }
        if self.cursor.eat("move") {
            let from = self.cursor.id('b')?;
            self.cursor.expect("to")?;
            return Ok(Stmt::Move { to: self.cursor.id('b')?, from });
        }
        if self.cursor.eat("resize") {
            let buffer = self.cursor.id('b')?;
            self.cursor.expect("to")?;
            let length = self.operand()?;
            return Ok(Stmt::Resize { buffer, length, loc: self.cursor.place()? });
        }
        if self.cursor.eat("store") {
            let (buffer, index) = (self.cursor.id('b')?, self.bracketed()?);
            self.cursor.expect(",")?;
            let value = self.operand()?;
            return Ok(Stmt::Store { buffer, index, value, loc: self.cursor.place()? });
        }
        if at_call(&self.cursor) {
            return parse_call(self, |parser| &mut parser.cursor, |parser| parser.operand()).map(Stmt::Call);
        }
        if self.cursor.eat("check") {
            let ok = self.operand()?;
            self.cursor.expect(",")?;
            let mut fault = parse_fault(&mut self.cursor)?;
            let args = if self.cursor.eat("with") { self.operands()? } else { Vec::new() };
            let iteration = if self.cursor.eat("in") { Some(self.operand()?) } else { None };
            fault.loc = self.cursor.place()?;
            return Ok(Stmt::Check { ok, fault, args, iteration });
        }
        if self.cursor.eat("if") {
            let (cond, then) = (self.operand()?, self.nested()?);
            let otherwise = if self.cursor.eat("else") { self.nested()? } else { Block::new() };
            return Ok(Stmt::If { cond, then, otherwise });
        }
        if self.cursor.eat("while") {
            self.cursor.open()?;
            let header = self.statements()?;
            self.cursor.expect("test")?;
            let cond = self.operand()?;
            self.cursor.close()?;
            self.cursor.expect("do")?;
            return Ok(Stmt::While { header, cond, body: self.nested()? });
        }
        if self.cursor.eat("for") {
            let index = self.index()?;
            self.cursor.expect("in")?;
            let extent = self.operand()?;
            let until = if self.cursor.eat("until") { Some(self.cursor.id('x')?) } else { None };
            return Ok(Stmt::For { index, extent, until, body: self.nested()? });
        }
        if self.cursor.eat("parfor") {
            return self.parfor().map(Stmt::Parfor);
        }
        if self.cursor.eat("nest") {
            self.cursor.open()?;
            let sources = parse_sources(&mut self.cursor)?;
            let body = self.statements()?;
            self.cursor.close()?;
            return Ok(Stmt::Nest(Nest { body, sources }));
        }
        Err(self.cursor.expected("a statement"))
    }

    fn parfor(&mut self) -> Parsed<Parfor> {
        let (mut indices, mut extents) = (Vec::new(), Vec::new());
        while self.cursor.at_id('v') {
            indices.push(self.index()?);
            if !self.cursor.eat(",") {
                break;
            }
        }
        if self.cursor.eat("in") {
            extents = if self.cursor.at("{") { Vec::new() } else { self.operands()? };
        }
        self.cursor.open()?;
        let sources = parse_sources(&mut self.cursor)?;
        let grain = Grain::ALL.into_iter().find(|grain| self.cursor.eat(grain.name()));
        let elements = self.cursor.eat("elements");
        let mut reductions = Vec::new();
        while self.cursor.eat("reduce") {
            reductions.push(self.reduction()?);
        }
        let body = self.statements()?;
        self.cursor.close()?;
        let grain = grain.unwrap_or_else(|| Grain::of(&body));
        Ok(Parfor { indices, extents, reductions, body, sources, grain, elements })
    }

    fn reduction(&mut self) -> Parsed<Reduction> {
        let combine = match self.cursor.eat("state") {
            true => Combine::State(Box::new(self.combiner()?)),
            false => Combine::Op(self.cursor.reduce_op()?),
        };
        let locals = self.cursor.list(|cursor| cursor.id('x'))?;
        self.cursor.expect("into")?;
        if locals.len() != combine.words() {
            return Err(self.cursor.error(format!("not {} locals before this", combine.words())));
        }
        let (mut vars, mut buffers) = (Vec::new(), Vec::new());
        for word in 0..locals.len() {
            if word > 0 {
                self.cursor.expect(",")?;
            }
            if self.cursor.eat("_") {
                vars.push(None);
                buffers.push(None);
            } else if self.cursor.at_id('x') {
                vars.push(Some(self.cursor.id('x')?));
            } else {
                buffers.push(Some(self.cursor.id('b')?));
            }
        }
        let into = if self.cursor.at("[") {
            Target::Elements { buffers, index: self.bracketed()? }
        } else {
            Target::Vars(vars)
        };
        let targets = match &into {
            Target::Vars(vars) => vars.len(),
            Target::Elements { buffers, .. } => buffers.len(),
        };
        if targets != locals.len() {
            return Err(self.cursor.error("variables and arrays before this"));
        }
        Ok(Reduction { combine, locals, into })
    }

    /// `0.0f64, 0usize { t0 = lt r0, l0 … yield t0, r1 }`.
    fn combiner(&mut self) -> Parsed<Combiner> {
        let scalar = |cursor: &mut Cursor<'_>| {
            let expected = cursor.expected("a constant");
            cursor.scalar()?.ok_or(expected)
        };
        let identity = self.cursor.list(scalar)?;
        self.cursor.open()?;
        let merge = self.formula()?;
        let take_in = if self.cursor.eat("take") { Some(self.formula()?) } else { None };
        self.cursor.close()?;
        Ok(Combiner { identity, merge, take_in })
    }

    fn formula(&mut self) -> Parsed<Formula> {
        let mut formula = Formula::default();
        while !self.cursor.eat("yield") {
            self.cursor.expect(&format!("t{}", formula.steps.len()))?;
            self.cursor.expect("=")?;
            let op = self.cursor.word().and_then(ScalarOp::from_name);
            let op = op.ok_or_else(|| self.cursor.expected("an operation"))?;
            self.cursor.expect(op.name())?;
            let operands = self.cursor.list(term)?;
            formula.steps.push((op, operands));
        }
        formula.results = self.cursor.list(term)?;
        Ok(formula)
    }

    /// A loop index, a `usize` unless the text says otherwise.
    fn index(&mut self) -> Parsed<Value> {
        let value = self.cursor.id('v')?;
        let dtype = if self.cursor.eat(":") { self.cursor.dtype()? } else { DType::Usize };
        self.enter(value, ValueData { expr: Expr::Bound, dtype, loc: Loc::NONE })
    }

    fn enter(&mut self, value: Value, data: ValueData) -> Parsed<Value> {
        if self.table.define(value, data) {
            return Ok(value);
        }
        Err(self.cursor.error(format!("{value} is defined a second time before this")))
    }

    fn define(&mut self) -> Parsed<Value> {
        let value = self.cursor.id('v')?;
        self.cursor.expect(":")?;
        let dtype = self.cursor.dtype()?;
        self.cursor.expect("=")?;
        let expr = self.expr()?;
        let loc = self.cursor.place()?;
        self.enter(value, ValueData { expr, dtype, loc })
    }

    fn expr(&mut self) -> Parsed<Expr> {
        if self.cursor.at_id('x') {
            return self.cursor.id('x').map(Expr::Var);
        }
        if let Some(op) = self.cursor.word().and_then(ScalarOp::from_name) {
            self.cursor.expect(op.name())?;
            return Ok(Expr::Op(op, self.operands()?));
        }
        if self.cursor.eat("cast") {
            return self.operand().map(Expr::Cast);
        }
        if self.cursor.eat("load") {
            return Ok(Expr::Load { buffer: self.cursor.id('b')?, index: self.bracketed()? });
        }
        if self.cursor.eat("dim") {
            let buffer = self.cursor.id('b')?;
            self.cursor.expect(",")?;
            return Ok(Expr::Dim { buffer, axis: self.cursor.number()? });
        }
        if self.cursor.eat("linear_index") {
            return Ok(Expr::LinearIndex);
        }
        if self.cursor.eat("threads") {
            return Ok(Expr::Threads);
        }
        if self.cursor.eat("random") {
            let [stream, element, draw] = self.three_operands()?;
            return Ok(Expr::Random { stream, element, draw });
        }
        if self.cursor.eat("trips") {
            let [start, end, step] = self.three_operands()?;
            return Ok(Expr::Trips { start, end, step });
        }
        Err(self.cursor.expected("an operation"))
    }

    fn bracketed(&mut self) -> Parsed<Vec<Value>> {
        self.cursor.expect("[")?;
        let values = if self.cursor.at("]") { Vec::new() } else { self.operands()? };
        self.cursor.expect("]")?;
        Ok(values)
    }

    fn operands(&mut self) -> Parsed<Vec<Value>> {
        let mut operands = vec![self.operand()?];
        while self.cursor.eat(",") {
            operands.push(self.operand()?);
        }
        Ok(operands)
    }

    fn three_operands(&mut self) -> Parsed<[Value; 3]> {
        let first = self.operand()?;
        self.cursor.expect(",")?;
        let second = self.operand()?;
        self.cursor.expect(",")?;
        Ok([first, second, self.operand()?])
    }

    fn operand(&mut self) -> Parsed<Value> {
        if self.cursor.at_id('v') {
            return self.cursor.id('v');
        }
        if let Some(scalar) = self.cursor.scalar()? {
            return Ok(self.leaf(scalar.to_string(), Expr::Const(scalar), scalar.dtype()));
        }
        let unknown = self.cursor.expected("a value");
        let index = if self.cursor.at_id('p') {
            self.cursor.id::<Value>('p')?.0
        } else {
            let name = self.cursor.name()?;
            self.loops.params.iter().position(|param| param.name == name).ok_or(unknown.clone())? as u32
        };
        let dtype = self.loops.params.get(index as usize).ok_or(unknown)?.ty.dtype();
        Ok(self.leaf(format!("p{index}"), Expr::Param(index), dtype))
    }

    fn leaf(&mut self, text: String, expr: Expr, dtype: DType) -> Value {
        self.table.leaf(text, ValueData { expr, dtype, loc: Loc::NONE })
    }
}

/// An operand in a combiner.
fn term(cursor: &mut Cursor<'_>) -> Parsed<Term> {
    for (prefix, term) in [('l', Term::Left as fn(u32) -> Term), ('r', Term::Right), ('t', Term::Step)] {
        if cursor.at_id(prefix) {
            return Ok(term(cursor.id::<Value>(prefix)?.0));
        }
    }
    let expected = cursor.expected("an operand");
    cursor.scalar()?.map(Term::Const).ok_or(expected)
}

/// The declaration of a buffer: `buffer b2 sum: [f64; 1]`, `buffer b0 means: f64[unit] is p1`.
pub(crate) fn parse_buffer(cursor: &mut Cursor<'_>) -> Parsed<(Buffer, BufferData)> {
    cursor.expect("buffer")?;
    let buffer = cursor.id('b')?;
    let name = cursor.name()?;
    cursor.expect(":")?;
    if cursor.at("[") {
        return match parse_type(cursor)? {
            Type::Array(ElementType::Real(dtype), rank) => {
                Ok((buffer, BufferData { name, dtype, rank, origin: Origin::Local }))
            }
            Type::Array(ElementType::Complex(_), _) | Type::Scalar(_) => {
                Err(cursor.error("no array type of Loops before this"))
            }
        };
    }
    let dtype = cursor.dtype()?;
    let layout = parse_layout(cursor)?;
    let rank = layout.single.len() as u8;
    cursor.expect("is")?;
    let index = cursor.id::<Value>('p')?.0;
    Ok((buffer, BufferData { name, dtype, rank, origin: Origin::Param { index, layout } }))
}

/// Buffers by their numbers, which must be all from 0 up.
pub(crate) fn arrange_buffers(
    cursor: &Cursor<'_>,
    mut buffers: Vec<(Buffer, BufferData)>,
) -> Parsed<Arena<Buffer, BufferData>> {
    buffers.sort_by_key(|(buffer, _)| *buffer);
    let mut arena = Arena::new();
    for (buffer, data) in buffers {
        if arena.push(data) != buffer {
            return Err(
                cursor.error(format!("the buffers before this are not numbered one by one: {buffer}"))
            );
        }
    }
    Ok(arena)
}

/// The axes of a parameter in brackets, each `_`, `1`, `unit` or `1 unit`, or the length of a packed last one.
fn parse_layout(cursor: &mut Cursor<'_>) -> Parsed<Layout> {
    cursor.expect("[")?;
    if cursor.eat("]") {
        return Ok(Layout { unit: None, single: Vec::new(), packed: None });
    }
    let (mut packed, mut axis) = (None, 0);
    let axes = cursor.list(|cursor| {
        axis += 1;
        if packed.is_some() {
            return Err(cursor.error("only the last axis can be packed before this"));
        }
        if cursor.eat("_") {
            return Ok((false, false));
        }
        if cursor.eat("unit") {
            return Ok((false, true));
        }
        match cursor.number::<u8>()? {
            1 => Ok((true, cursor.eat("unit"))),
            length if axis == 1 || !(2..=MOST_PACKED).contains(&length) => {
                Err(cursor.error("no length but 1 is known before this"))
            }
            length => {
                packed = Some(length);
                Ok((false, true))
            }
        }
    })?;
    cursor.expect("]")?;
    let units = axes.iter().filter(|(_, unit)| *unit).count();
    if axes.len() > 255 || units > 1 {
        return Err(cursor.error("only one axis can be `unit` before this"));
    }
    let unit = axes.iter().position(|(_, unit)| *unit).map(|axis| axis as u8);
    Ok(Layout { unit, single: axes.into_iter().map(|(single, _)| single).collect(), packed })
}

/// A fault up to its place: `index_out_of_range(0) of means`.
pub(crate) fn parse_fault(cursor: &mut Cursor<'_>) -> Parsed<Fault> {
    let kind = cursor.fault_kind()?;
    let array = if cursor.eat("of") { Some(cursor.name()?.into()) } else { None };
    Ok(Fault { kind, loc: Loc::NONE, array })
}

/// The lines `source mul @4:10` at the head of a parallel loop.
pub(crate) fn parse_sources(cursor: &mut Cursor<'_>) -> Parsed<Vec<Source>> {
    let mut sources = Vec::new();
    while cursor.eat("source") {
        let (what, claim) = (cursor.name()?.into(), parse_claim(cursor)?);
        sources.push(Source { what, claim, loc: cursor.place()? });
    }
    Ok(sources)
}
