//! Reads the text of Lane programs: the inverse of their `Display`.
//!
//! Values keep the numbers that the text gives them, separately in the driver and in each region. Constants
//! and indices have none in the text: they take the numbers that are left. The result is well-formed as text
//! only; `verify` judges its meaning.

use super::{
    Address, Block, Carried, Code, Frame, Inst, Lane, LaneLoop, LaneOp, LaneOutput, LaneType, Lanes, Merge,
    Node, Output, Reduction, Region, Slot, Value, ValueData, Walk,
};
use crate::grid::Grain;
use crate::host::parse_call;
use crate::loops::{Buffer, BufferData, arrange_buffers, parse_buffer, parse_fault, parse_sources};
use crate::text::{Cursor, ParseError, Parsed, Table};
use crate::{Arena, Files};

/// More slots or parameters than any kernel has.
const MAX_SLOTS: usize = 1 << 20;

/// What [`Region::collapsible`] lists.
type Accesses = Vec<(Buffer, Vec<Option<u8>>)>;

impl Lane {
    /// Reads lane programs from their text.
    ///
    /// # Errors
    /// If the text is not that of lane programs. Whether they are well-formed, `verify` says.
    pub fn parse(text: &str) -> Result<Lane, ParseError> {
        let mut cursor = Cursor::new(text)?;
        let cursor = &mut cursor;
        let mut lane = Lane {
            name: String::new(),
            buffers: Arena::new(),
            frame: Frame::default(),
            driver: Code::default(),
            regions: Arena::new(),
            calls: Arena::new(),
            faults: Arena::new(),
            results: Vec::new(),
            files: Files::default(),
            threads: None,
            polls: false,
        };
        cursor.expect("lane")?;
        lane.name = cursor.name()?;
        cursor.expect("params")?;
        let params = limited(cursor)?;
        cursor.expect("frame")?;
        let slots = limited(cursor)?;
        lane.threads = if cursor.eat("threads") { Some(slot(cursor)?) } else { None };
        lane.polls = cursor.eat("polls");
        cursor.open()?;
        lane.files = cursor.files()?;
        (lane.buffers, lane.frame) = buffers(cursor, params, slots)?;
        while cursor.at_id('c') {
            cursor.declared('c', &lane.calls)?;
            let call = parse_call(
                cursor,
                |cursor| cursor,
                |cursor| {
                    cursor.expect("slot")?;
                    slot(cursor)
                },
            )?;
            lane.calls.push(call);
        }
        while cursor.eat("fault") {
            cursor.declared('f', &lane.faults)?;
            let mut fault = parse_fault(cursor)?;
            fault.loc = cursor.place()?;
            lane.faults.push(fault);
        }
        cursor.expect("driver")?;
        lane.driver = CodeParser::within(cursor, false, |code| {
            let body = code.block()?;
            Ok((body, ()))
        })?
        .0;
        while cursor.eat("region") {
            cursor.declared('r', &lane.regions)?;
            let region = region(cursor)?;
            lane.regions.push(region);
        }
        if cursor.eat("return") {
            lane.results = cursor.list(output)?;
        }
        cursor.close()?;
        cursor.expect_end()?;
        Ok(lane)
    }
}

fn limited(cursor: &mut Cursor<'_>) -> Parsed<usize> {
    let number = cursor.number()?;
    if number > MAX_SLOTS { Err(cursor.error("more than any kernel has before this")) } else { Ok(number) }
}

/// The buffers, each with the slot of its address, and the frame that follows from them.
fn buffers(
    cursor: &mut Cursor<'_>,
    params: usize,
    slots: usize,
) -> Parsed<(Arena<Buffer, BufferData>, Frame)> {
    let (mut buffers, mut addresses) = (Vec::new(), Vec::new());
    while cursor.at("buffer") {
        let buffer = parse_buffer(cursor)?;
        cursor.expect("at")?;
        addresses.push((buffer.0, slot(cursor)?));
        buffers.push(buffer);
    }
    let buffers = arrange_buffers(cursor, buffers)?;
    let mut frame = Frame::with_param_count(params, &buffers);
    if frame.len() > slots || addresses.iter().any(|(buffer, slot)| frame.address(*buffer) != *slot) {
        return Err(cursor.error("the frame before this is not laid out as its buffers demand"));
    }
    while frame.len() < slots {
        frame.add();
    }
    Ok((buffers, frame))
}

fn slot(cursor: &mut Cursor<'_>) -> Parsed<Slot> {
    cursor.number().map(Slot)
}

fn output(cursor: &mut Cursor<'_>) -> Parsed<LaneOutput> {
    if cursor.at_id('b') {
        return cursor.id('b').map(LaneOutput::Buffer);
    }
    cursor.expect("slot")?;
    let slot = slot(cursor)?;
    cursor.expect(":")?;
    Ok(LaneOutput::Scalar(slot, cursor.dtype()?))
}

fn region(cursor: &mut Cursor<'_>) -> Parsed<Region> {
    cursor.expect("extents")?;
    cursor.expect("[")?;
    let extents = if cursor.at("]") { Vec::new() } else { cursor.list(slot)? };
    cursor.expect("]")?;
    let grain = Grain::ALL.into_iter().find(|grain| cursor.eat(grain.name()));
    let Some(grain) = grain else { return Err(cursor.expected("a grain")) };
    let walk = [Walk::Elements, Walk::Once].into_iter();
    let walk = walk.into_iter().find(|walk| walk.name().is_some_and(|name| cursor.eat(name)));
    let walk = walk.unwrap_or(Walk::Lanes);
    let (code, (sources, collapsible, reductions, outputs, prologue)) =
        CodeParser::within(cursor, walk.is_scalar(), |code| {
            code.cursor.open()?;
            let sources = parse_sources(code.cursor)?;
            let collapsible =
                if code.cursor.eat("collapsible") { Some(accesses(code.cursor)?) } else { None };
            let reductions = code.reductions()?;
            let outputs = code.outputs()?;
            let prologue = if code.cursor.eat("prologue") { code.block()? } else { Block::new() };
            code.cursor.expect("body")?;
            let body = code.block()?;
            code.cursor.close()?;
            Ok((body, (sources, collapsible, reductions, outputs, prologue)))
        })?;
    Ok(Region { code, prologue, extents, grain, walk, collapsible, reductions, outputs, sources })
}

/// `(b0[0, 1], b1[_, 0])`.
fn accesses(cursor: &mut Cursor<'_>) -> Parsed<Accesses> {
    cursor.expect("(")?;
    if cursor.eat(")") {
        return Ok(Vec::new());
    }
    let accesses = cursor.list(|cursor| {
        let buffer = cursor.id('b')?;
        cursor.expect("[")?;
        let axis = |cursor: &mut Cursor<'_>| Ok(if cursor.eat("_") { None } else { Some(cursor.number()?) });
        let axes = if cursor.at("]") { Vec::new() } else { cursor.list(axis)? };
        cursor.expect("]")?;
        Ok((buffer, axes))
    })?;
    cursor.expect(")")?;
    Ok(accesses)
}

/// Reads one piece of code with its own numbering of values.
struct CodeParser<'c, 'a> {
    cursor: &'c mut Cursor<'a>,
    table: Table<ValueData>,
    /// Whether elements run one by one: then the position is uniform.
    scalar: bool,
    /// The lane loops so far, each of which has its own index.
    lane_loops: usize,
}

impl<'c, 'a> CodeParser<'c, 'a> {
    /// Reads code, and what else stands with it, from the next block in braces.
    fn within<T>(
        cursor: &'c mut Cursor<'a>,
        scalar: bool,
        read: impl FnOnce(&mut Self) -> Parsed<(Block, T)>,
    ) -> Parsed<(Code, T)> {
        let table = cursor.table(cursor.next_block())?;
        let mut parser = CodeParser { cursor, table, scalar, lane_loops: 0 };
        let (body, rest) = read(&mut parser)?;
        let filler = ValueData { inst: Inst::Const(0), ty: LaneType::Bool, varying: false };
        let values = parser.cursor.arena(parser.table, filler)?;
        Ok((Code { values, body }, rest))
    }

    fn reductions(&mut self) -> Parsed<Vec<Reduction>> {
        let mut reductions = Vec::new();
        while self.cursor.eat("reduce") {
            let (op, dtype) = (self.cursor.reduce_op()?, self.cursor.dtype()?);
            let contribution = self.operand()?;
            self.cursor.expect("into")?;
            self.cursor.expect("slot")?;
            reductions.push(Reduction { op, dtype, contribution, total: slot(self.cursor)? });
        }
        Ok(reductions)
    }

    fn outputs(&mut self) -> Parsed<Vec<Output>> {
        let mut outputs = Vec::new();
        while self.cursor.eat("slot") {
            let slot = slot(self.cursor)?;
            self.cursor.expect("=")?;
            outputs.push(Output { slot, value: self.operand()? });
        }
        Ok(outputs)
    }

    fn lane_loop(&mut self) -> Parsed<LaneLoop> {
        let extent = self.operand()?;
        self.lane_loops += 1;
        self.cursor.open()?;
        let mut reductions = Vec::new();
        while self.cursor.eat("reduce") {
            let (op, dtype) = (self.cursor.reduce_op()?, self.cursor.dtype()?);
            let contribution = self.operand()?;
            self.cursor.expect("into")?;
            let (total, ty, varying) = self.binder()?;
            self.define(total, ValueData { inst: Inst::Bound, ty, varying })?;
            reductions.push(Reduction { op, dtype, contribution, total });
        }
        let prologue = if self.cursor.eat("prologue") { self.block()? } else { Block::new() };
        self.cursor.expect("body")?;
        let body = self.block()?;
        self.cursor.close()?;
        Ok(LaneLoop { extent, reductions, prologue, body })
    }

    fn block(&mut self) -> Parsed<Block> {
        Ok(self.closed("")?.0)
    }

    /// A block, which may close with a line such as `yield v1, v2`.
    fn closed(&mut self, word: &str) -> Parsed<(Block, Vec<Value>)> {
        self.cursor.open()?;
        let mut block = Block::new();
        while !["}", "yield", "test", "next"].iter().any(|word| self.cursor.at(word)) {
            block.push(self.node()?);
        }
        let values = if self.cursor.eat(word) { self.operands()? } else { Vec::new() };
        self.cursor.close()?;
        Ok((block, values))
    }

    fn node(&mut self) -> Parsed<Node> {
        if self.cursor.at_id('v') {
            return self.defining();
        }
        if self.cursor.eat("store") {
            let (buffer, address) = (self.cursor.id('b')?, self.address()?);
            self.cursor.expect(",")?;
            return Ok(Node::Store { buffer, address, value: self.operand()?, mask: self.mask()? });
        }
        if self.cursor.eat("if") {
            return self.branch(Vec::new());
        }
        if self.cursor.eat("loop") {
            return self.repetition();
        }
        if self.cursor.eat("lanes") {
            return self.lane_loop().map(Node::Lanes);
        }
        if self.cursor.eat("check") {
            let ok = self.operand()?;
            self.cursor.expect(",")?;
            let fault = self.cursor.id('f')?;
            let args = if self.cursor.eat("with") { self.operands()? } else { Vec::new() };
            let iteration = if self.cursor.eat("in") { Some(self.operand()?) } else { None };
            return Ok(Node::Check { ok, fault, args: args.into(), iteration, mask: self.mask()? });
        }
        if self.cursor.eat("slot") {
            let slot = slot(self.cursor)?;
            self.cursor.expect("=")?;
            return Ok(Node::SetSlot { slot, value: self.operand()? });
        }
        if self.cursor.eat("alloc") {
            let buffer = self.cursor.id('b')?;
            self.cursor.expect("[")?;
            let shape = if self.cursor.at("]") { Vec::new() } else { self.operands()? };
            self.cursor.expect("]")?;
            let zeroed = self.cursor.eat("zeroed");
            return Ok(Node::Alloc { buffer, shape: shape.into(), zeroed, loc: self.cursor.place()? });
        }
        if self.cursor.eat("move") {
            let from = self.cursor.id('b')?;
            self.cursor.expect("to")?;
            return Ok(Node::Move { to: self.cursor.id('b')?, from });
        }
        if self.cursor.eat("resize") {
            let buffer = self.cursor.id('b')?;
            self.cursor.expect("to")?;
            let length = self.operand()?;
            return Ok(Node::Resize { buffer, length, loc: self.cursor.place()? });
        }
        if self.cursor.eat("launch") {
            return self.cursor.id('r').map(Node::Launch);
        }
        if self.cursor.eat("do") {
            return self.cursor.id('c').map(Node::Call);
        }
        Err(self.cursor.expected("a statement"))
    }

    /// What begins with values being defined: a `Let`, or an `if` with results.
    fn defining(&mut self) -> Parsed<Node> {
        let mut binders = vec![self.binder()?];
        while self.cursor.eat(",") {
            binders.push(self.binder()?);
        }
        self.cursor.expect("=")?;
        if self.cursor.eat("if") {
            return self.branch(binders);
        }
        let [(value, ty, varying)] = binders[..] else { return Err(self.cursor.expected("`if`")) };
        let inst = self.inst()?;
        self.define(value, ValueData { inst, ty, varying })?;
        Ok(Node::Let(value))
    }

    fn branch(&mut self, binders: Vec<(Value, LaneType, bool)>) -> Parsed<Node> {
        let cond = self.operand()?;
        let (then, yielded) = self.closed("yield")?;
        let (otherwise, yielded_otherwise) =
            if self.cursor.eat("else") { self.closed("yield")? } else { Default::default() };
        if yielded.len() != binders.len() || yielded_otherwise.len() != binders.len() {
            return Err(self.cursor.error("the branches before this do not yield one value for each result"));
        }
        let mut results = Vec::new();
        for ((value, ty, varying), (then, otherwise)) in
            binders.into_iter().zip(yielded.into_iter().zip(yielded_otherwise))
        {
            self.define(value, ValueData { inst: Inst::Bound, ty, varying })?;
            results.push(Merge { value, then, otherwise });
        }
        Ok(Node::If { cond, then, otherwise, results })
    }

    fn repetition(&mut self) -> Parsed<Node> {
        let mut started = Vec::new();
        while self.cursor.at_id('v') {
            let (value, ty, varying) = self.binder()?;
            self.define(value, ValueData { inst: Inst::Bound, ty, varying })?;
            self.cursor.expect("=")?;
            started.push((value, self.operand()?));
            if !self.cursor.eat(",") {
                break;
            }
        }
        let (header, tested) = self.closed("test")?;
        let [cond] = tested[..] else {
            return Err(self.cursor.error("the block before this has no one test"));
        };
        self.cursor.expect("do")?;
        let (body, next) = self.closed("next")?;
        if next.len() != started.len() {
            return Err(self
                .cursor
                .error("the body before this has not one next value for each carried one"));
        }
        let carried = started.into_iter().zip(next);
        let carried = carried.map(|((value, init), next)| Carried { value, init, next }).collect();
        Ok(Node::Loop { carried, header, cond, body })
    }

    /// `v3: f64`, `v3: f64 lanes`.
    fn binder(&mut self) -> Parsed<(Value, LaneType, bool)> {
        let value = self.cursor.id('v')?;
        self.cursor.expect(":")?;
        let ty = LaneType::ALL.iter().copied().find(|ty| self.cursor.eat(ty.name()));
        let ty = ty.ok_or_else(|| self.cursor.expected("the type of a lane"))?;
        Ok((value, ty, self.cursor.eat("lanes")))
    }

    fn define(&mut self, value: Value, data: ValueData) -> Parsed<()> {
        if self.table.define(value, data) {
            return Ok(());
        }
        Err(self.cursor.error(format!("{value} is defined a second time before this")))
    }

    fn inst(&mut self) -> Parsed<Inst> {
        if let Some(op) = self.cursor.word().and_then(LaneOp::from_name) {
            self.cursor.expect(op.name())?;
            return Ok(Inst::Op(op, self.operands()?.into()));
        }
        if self.cursor.eat("slot") {
            return slot(self.cursor).map(Inst::Slot);
        }
        if self.cursor.eat("dim") {
            let (buffer, axis) = self.buffer_axis()?;
            return Ok(Inst::Dim(buffer, axis));
        }
        if self.cursor.eat("stride") {
            let (buffer, axis) = self.buffer_axis()?;
            return Ok(Inst::Stride(buffer, axis));
        }
        if self.cursor.eat("load") {
            let (buffer, address) = (self.cursor.id('b')?, self.address()?);
            return Ok(Inst::Load { buffer, address, mask: self.mask()? });
        }
        if self.cursor.eat("any") {
            return self.operand().map(Inst::Any);
        }
        if self.cursor.eat("outside") {
            let first = self.operand()?;
            self.cursor.expect(",")?;
            return Ok(Inst::Outside(first, self.operand()?));
        }
        Err(self.cursor.expected("an operation"))
    }

    fn buffer_axis(&mut self) -> Parsed<(Buffer, u8)> {
        let buffer = self.cursor.id('b')?;
        self.cursor.expect(",")?;
        Ok((buffer, self.cursor.number()?))
    }

    /// `[v0]`, `[v0 + lanes]`, `[v0 + lanes * v1]`, `[v0 + lanes of 3 at 1]` or `[v0 + v1]`.
    fn address(&mut self) -> Parsed<Address> {
        self.cursor.expect("[")?;
        let base = self.operand()?;
        let lanes = if !self.cursor.eat("+") {
            Lanes::Uniform
        } else if !self.cursor.eat("lanes") {
            Lanes::Gather(self.operand()?)
        } else if self.cursor.eat("*") {
            Lanes::Strided(self.operand()?)
        } else if self.cursor.eat("of") {
            let of = self.cursor.number()?;
            self.cursor.expect("at")?;
            Lanes::Part { of, part: self.cursor.number()? }
        } else {
            Lanes::Unit
        };
        self.cursor.expect("]")?;
        Ok(Address { base, lanes })
    }

    fn mask(&mut self) -> Parsed<Option<Value>> {
        if self.cursor.eat("mask") { self.operand().map(Some) } else { Ok(None) }
    }

    fn operands(&mut self) -> Parsed<Vec<Value>> {
        let mut operands = vec![self.operand()?];
        while self.cursor.eat(",") {
            operands.push(self.operand()?);
        }
        Ok(operands)
    }

    fn operand(&mut self) -> Parsed<Value> {
        if self.cursor.at_id('v') {
            return self.cursor.id('v');
        }
        if let Some(scalar) = self.cursor.scalar()? {
            let data = ValueData {
                inst: Inst::Const(scalar.to_bits()),
                ty: LaneType::of(scalar.dtype()),
                varying: false,
            };
            return Ok(self.table.leaf(scalar.to_string(), data));
        }
        let (inst, varying) = if self.cursor.eat("lane_index") {
            (Inst::LaneIndex, true)
        } else if self.cursor.eat("linear_index") {
            (Inst::LinearIndex, !self.scalar)
        } else if self.cursor.eat("row_index") {
            self.cursor.expect("(")?;
            let dimension = self.cursor.number()?;
            self.cursor.expect(")")?;
            (Inst::RowIndex(dimension), false)
        } else {
            return Err(self.cursor.expected("a value"));
        };
        let own = if inst == Inst::LaneIndex { self.lane_loops } else { 0 };
        Ok(self.table.leaf(format!("{inst:?} {own}"), ValueData { inst, ty: LaneType::I64, varying }))
    }
}
