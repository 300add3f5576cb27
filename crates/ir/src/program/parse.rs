//! Reads the text of a Program: the inverse of its `Display`.
//!
//! Values keep the numbers that the text gives them. Constants and parameters have none in the text: they
//! take the numbers that are left. The result is well-formed as text only; `verify` judges its meaning.

use super::{
    Block, CallArgument, Claim, Cut, Expr, Math, Order, Param, Place, Program, Stmt, Type, Value, ValueData,
    VarData, View, ViewAxis,
};
use crate::text::{Cursor, ParseError, Parsed, Table};
use crate::{DType, Distribution, ElementType, Loc, Part, Scalar, ScalarOp};

impl Program {
    /// Reads a program from its text.
    ///
    /// # Errors
    /// If the text is not that of a program. Whether the program is well-formed, `verify` says.
    pub fn parse(text: &str) -> Result<Program, ParseError> {
        let cursor = Cursor::new(text)?;
        let table = cursor.table(cursor.everything())?;
        Parser { cursor, table, program: Program::new("") }.program()
    }
}

struct Parser<'a> {
    cursor: Cursor<'a>,
    table: Table<ValueData>,
    program: Program,
}

impl Parser<'_> {
    fn program(mut self) -> Parsed<Program> {
        self.cursor.expect("program")?;
        self.program.name = self.cursor.name()?;
        self.cursor.expect("(")?;
        if !self.cursor.at(")") {
            self.program.params = self.cursor.list(|cursor| {
                let mutable = cursor.eat("mut");
                let name = cursor.name()?;
                cursor.expect(":")?;
                Ok(Param { name, ty: parse_type(cursor)?, mutable })
            })?;
        }
        self.cursor.expect(")")?;
        let result_types = self.result_types()?;
        self.cursor.open()?;
        self.program.files = self.cursor.files()?;
        if self.cursor.eat("math") {
            self.cursor.expect("fast")?;
            self.program.math = Math::Fast;
        }
        while self.cursor.eat("var") {
            self.declare_var()?;
        }
        self.program.body = self.statements()?;
        if self.cursor.at("return") {
            self.cursor.expect("return")?;
            self.program.results = self.operands()?;
        }
        let end = self.cursor.error("the results are not of the types that the first line gives");
        self.cursor.close()?;
        self.cursor.expect_end()?;
        let filler = ValueData {
            expr: Expr::Const(Scalar::Bool(false)),
            ty: Type::scalar(DType::Bool),
            loc: Loc::NONE,
            name: None,
        };
        self.program.values = self.cursor.arena(self.table, filler)?;
        let returned = self.program.results.iter().map(|value| self.program.ty(*value));
        if !returned.eq(result_types) {
            return Err(end);
        }
        Ok(self.program)
    }

    fn result_types(&mut self) -> Parsed<Vec<Type>> {
        if !self.cursor.eat("->") {
            return Ok(Vec::new());
        }
        if !self.cursor.eat("(") {
            return Ok(vec![parse_type(&mut self.cursor)?]);
        }
        let types = self.cursor.list(parse_type)?;
        self.cursor.expect(")")?;
        Ok(types)
    }

    fn declare_var(&mut self) -> Parsed<()> {
        self.cursor.declared('x', &self.program.vars)?;
        let name = self.cursor.name()?;
        self.cursor.expect(":")?;
        let ty = parse_type(&mut self.cursor)?;
        let param = if self.cursor.eat("is") { Some(param_number(&mut self.cursor)?) } else { None };
        self.program.vars.push(VarData { name, ty, param });
        Ok(())
    }

    /// The statements up to a closing line or brace.
    fn statements(&mut self) -> Parsed<Block> {
        let mut block = Block::new();
        while !["}", "return", "test", "yield"].iter().any(|word| self.cursor.at(word)) {
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

    /// A block that closes with a line such as `test v3`.
    fn closed<T>(&mut self, word: &str, ending: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<(Block, T)> {
        self.cursor.open()?;
        let block = self.statements()?;
        self.cursor.expect(word)?;
        let ending = ending(self)?;
        self.cursor.close()?;
        Ok((block, ending))
    }

    /// A statement. Those without blocks are read elsewhere, for the sake of the stack: blocks nest.
    fn stmt(&mut self) -> Parsed<Stmt> {
        if self.cursor.eat("if") {
            let cond = self.operand()?;
            let then = self.nested()?;
            let otherwise = if self.cursor.eat("else") { self.nested()? } else { Block::new() };
            return Ok(Stmt::If { cond, then, otherwise });
        }
        if self.cursor.eat("while") {
            let (header, cond) = self.closed("test", Self::operand)?;
            self.cursor.expect("do")?;
            return Ok(Stmt::While { header, cond, body: self.nested()? });
        }
        for order in Order::ALL {
            if self.cursor.eat(order.name()) {
                return self.for_loop(order);
            }
        }
        if self.cursor.eat("scope") {
            return Ok(Stmt::Scope { body: self.nested()? });
        }
        self.flat_stmt()
    }

    /// A statement without blocks.
    fn flat_stmt(&mut self) -> Parsed<Stmt> {
        if self.cursor.at_id('v') {
            return self.define().map(Stmt::Let);
        }
        if self.cursor.at_id('x') {
            let var = self.cursor.id('x')?;
            self.cursor.expect("=")?;
            return Ok(Stmt::Assign { var, value: self.operand()? });
        }
        if self.cursor.eat("store") {
            let place = self.stored_place()?;
            let index = self.bracketed()?;
            self.cursor.expect(",")?;
            let value = self.operand()?;
            return Ok(Stmt::Store { place, index, value, loc: self.cursor.place()? });
        }
        if self.cursor.eat("update") {
            let place = self.stored_place()?;
            self.cursor.expect(",")?;
            let value = self.operand()?;
            return Ok(Stmt::Update { place, value, loc: self.cursor.place()? });
        }
        if self.cursor.eat("resize") {
            let var = self.cursor.id('x')?;
            self.cursor.expect(",")?;
            let length = self.operand()?;
            return Ok(Stmt::Resize { var, length, loc: self.cursor.place()? });
        }
        if self.cursor.eat("call") {
            let function = self.cursor.number()?;
            self.cursor.expect("(")?;
            let mut arguments = Vec::new();
            while !self.cursor.eat(")") {
                if !arguments.is_empty() {
                    self.cursor.expect(",")?;
                }
                arguments.push(match self.cursor.eat("mut") {
                    true => CallArgument::Place(self.stored_place()?),
                    false => CallArgument::Value(self.operand()?),
                });
            }
            let results =
                if self.cursor.eat("to") { self.cursor.list(|cursor| cursor.id('x'))? } else { Vec::new() };
            return Ok(Stmt::Call { function, arguments, results, loc: self.cursor.place()? });
        }
        if self.cursor.eat("check") {
            let ok = self.operand()?;
            self.cursor.expect(",")?;
            let kind = self.cursor.fault_kind()?;
            let args = if self.cursor.eat("with") { self.operands()? } else { Vec::new() };
            return Ok(Stmt::Check { ok, kind, args, loc: self.cursor.place()? });
        }
        if self.cursor.eat("leave") {
            let outward = self.cursor.number()?;
            return Ok(Stmt::Leave { outward, loc: self.cursor.place()? });
        }
        Err(self.cursor.expected("a statement"))
    }

    /// `x0`, or `v3 of x0` for what a view shows of it.
    fn stored_place(&mut self) -> Parsed<Place> {
        let view = if self.cursor.at_id('v') { Some(self.cursor.id('v')?) } else { None };
        if view.is_some() {
            self.cursor.expect("of")?;
        }
        Ok(Place { var: self.cursor.id('x')?, view })
    }

    fn for_loop(&mut self, order: Order) -> Parsed<Stmt> {
        let index = self.bound()?;
        self.cursor.expect("in")?;
        let start = self.operand()?;
        self.cursor.expect("..")?;
        let end = self.operand()?;
        self.cursor.expect("step")?;
        let step = self.operand()?;
        let until = if self.cursor.eat("until") { Some(self.cursor.id('x')?) } else { None };
        let order = match order {
            Order::Prange(_) => Order::Prange(parse_claim(&mut self.cursor)?),
            other => other,
        };
        let loc = self.cursor.place()?;
        Ok(Stmt::For { index, start, end, step, order, until, body: self.nested()?, loc })
    }

    /// `v3 name: f64`, the name optional.
    fn binder(&mut self) -> Parsed<(Value, Option<Box<str>>, Type)> {
        let value = self.cursor.id('v')?;
        let name = if self.cursor.at(":") { None } else { Some(self.cursor.name()?.into()) };
        self.cursor.expect(":")?;
        Ok((value, name, parse_type(&mut self.cursor)?))
    }

    fn bound(&mut self) -> Parsed<Value> {
        let (value, name, ty) = self.binder()?;
        self.enter(value, ValueData { expr: Expr::Bound, ty, loc: Loc::NONE, name })?;
        Ok(value)
    }

    fn enter(&mut self, value: Value, data: ValueData) -> Parsed<()> {
        if self.table.define(value, data) {
            return Ok(());
        }
        Err(self.cursor.error(format!("{value} is defined a second time before this")))
    }

    fn define(&mut self) -> Parsed<Value> {
        let (value, name, ty) = self.binder()?;
        self.cursor.expect("=")?;
        let (expr, loc) = self.expr()?;
        self.enter(value, ValueData { expr, ty, loc, name })?;
        Ok(value)
    }

    fn expr(&mut self) -> Parsed<(Expr, Loc)> {
        if self.cursor.eat("map") {
            return self.map();
        }
        let expr = if self.cursor.at_id('x') {
            Expr::Var(self.cursor.id('x')?)
        } else if let Some(op) = self.cursor.word().and_then(ScalarOp::from_name) {
            self.cursor.expect(op.name())?;
            Expr::Op(op, self.operands()?)
        } else if self.cursor.eat("cast") {
            Expr::Cast(self.operand()?)
        } else if self.cursor.eat("complex") {
            let re = self.operand()?;
            self.cursor.expect(",")?;
            Expr::Complex { re, im: self.operand()? }
        } else if let Some(part) = self.cursor.word().and_then(Part::from_name) {
            self.cursor.expect(part.name())?;
            Expr::Part { complex: self.operand()?, part }
        } else if self.cursor.eat("len") {
            Expr::Len(self.operand()?)
        } else if self.cursor.eat("copy") {
            Expr::Copy(self.operand()?)
        } else if self.cursor.eat("view") {
            Expr::View { array: self.operand()?, view: self.view()? }
        } else if self.cursor.eat("index") {
            Expr::Index { array: self.operand()?, index: self.bracketed()? }
        } else if self.cursor.eat("dim") {
            let array = self.operand()?;
            self.cursor.expect(",")?;
            Expr::Dim { array, axis: self.cursor.number()? }
        } else if self.cursor.eat("reshape") {
            let shape = self.bracketed()?;
            Expr::Reshape { array: self.operand()?, shape }
        } else if self.cursor.eat("fill") {
            Expr::Fill { shape: self.bracketed()?, value: self.operand()? }
        } else if let Some(distribution) = self.cursor.word().and_then(Distribution::from_name) {
            self.cursor.expect(distribution.name())?;
            let shape = if self.cursor.at("[") { self.bracketed()? } else { Vec::new() };
            let operands = if distribution.operands() > 0 { self.operands()? } else { Vec::new() };
            Expr::Random { distribution, operands, shape }
        } else if self.cursor.eat("reduce") {
            let (fold, array) = (self.cursor.fold()?, self.operand()?);
            let axis = if self.cursor.eat("along") { Some(self.cursor.number()?) } else { None };
            Expr::Reduce { fold, array, axis }
        } else {
            return Err(self.cursor.expected("an operation"));
        };
        Ok((expr, self.cursor.place()?))
    }

    /// `[.., v1, 1usize..v2 by -1i64]`, and ` as [1, new]` if the axes are not those of the array in order.
    fn view(&mut self) -> Parsed<View> {
        self.cursor.expect("[")?;
        let mut cuts = Vec::new();
        while !self.cursor.at("]") {
            cuts.push(self.cut()?);
            if !self.cursor.eat(",") {
                break;
            }
        }
        self.cursor.expect("]")?;
        if !self.cursor.eat("as") {
            return Ok(View::of_cuts(cuts));
        }
        self.cursor.expect("[")?;
        let mut axes = Vec::new();
        while !self.cursor.at("]") {
            axes.push(self.view_axis()?);
            if !self.cursor.eat(",") {
                break;
            }
        }
        self.cursor.expect("]")?;
        Ok(View { cuts, axes })
    }

    fn view_axis(&mut self) -> Parsed<ViewAxis> {
        if self.cursor.eat("new") {
            return Ok(ViewAxis::New);
        }
        if self.cursor.eat("diagonal") {
            return Ok(ViewAxis::Diagonal);
        }
        let axis = self.cursor.number()?;
        Ok(match self.cursor.eat("to") {
            true => ViewAxis::Spread { axis, length: self.operand()? },
            false => ViewAxis::Of(axis),
        })
    }

    fn cut(&mut self) -> Parsed<Cut> {
        let start = if self.cursor.at("..") { None } else { Some(self.operand()?) };
        if !self.cursor.eat("..") {
            return start.map(Cut::At).ok_or_else(|| self.cursor.expected("an index or a range"));
        }
        let ends = ["]", ",", "by"].iter().any(|sign| self.cursor.at(sign));
        let end = if ends { None } else { Some(self.operand()?) };
        let step = if self.cursor.eat("by") { Some(self.operand()?) } else { None };
        Ok(match (start, end, step) {
            (None, None, None) => Cut::All,
            (start, end, step) => Cut::Range { start, end, step },
        })
    }

    fn map(&mut self) -> Parsed<(Expr, Loc)> {
        let (mut params, mut arrays) = (Vec::new(), Vec::new());
        loop {
            params.push(self.bound()?);
            self.cursor.expect("in")?;
            arrays.push(self.operand()?);
            if !self.cursor.eat(",") {
                break;
            }
        }
        let loc = self.cursor.place()?;
        let (body, results) = self.closed("yield", Self::operands)?;
        Ok((Expr::Map { arrays, params, body, results }, loc))
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

    fn operand(&mut self) -> Parsed<Value> {
        if self.cursor.at_id('v') {
            return self.cursor.id('v');
        }
        if let Some(scalar) = self.cursor.scalar()? {
            let ty = Type::scalar(scalar.dtype());
            return Ok(self.leaf(scalar.to_string(), Expr::Const(scalar), ty));
        }
        let index = if self.cursor.at_id('p') {
            param_number(&mut self.cursor)?
        } else {
            let unknown = self.cursor.expected("a value");
            let name = self.cursor.name()?;
            self.program.params.iter().position(|param| param.name == name).ok_or(unknown)? as u32
        };
        let param = self.program.params.get(index as usize);
        let ty = param.ok_or_else(|| self.cursor.error("no such parameter before this"))?.ty;
        Ok(self.leaf(format!("p{index}"), Expr::Param(index), ty))
    }

    fn leaf(&mut self, text: String, expr: Expr, ty: Type) -> Value {
        self.table.leaf(text, ValueData { expr, ty, loc: Loc::NONE, name: None })
    }
}

/// The number of a parameter given as `p3`.
fn param_number(cursor: &mut Cursor<'_>) -> Parsed<u32> {
    cursor.id::<Value>('p').map(|id| id.0)
}

/// What is said of the iterations of a loop: ` assumed grain 64`.
pub(crate) fn parse_claim(cursor: &mut Cursor<'_>) -> Parsed<Claim> {
    let assumed = cursor.eat("assumed");
    let grain = if cursor.eat("grain") { cursor.number()? } else { 0 };
    Ok(Claim { assumed, grain })
}

/// `f64`, `complex<f64>` or `[f64; 2]`.
pub(crate) fn parse_type(cursor: &mut Cursor<'_>) -> Parsed<Type> {
    if !cursor.eat("[") {
        return Ok(Type::Scalar(element_type(cursor)?));
    }
    let element = element_type(cursor)?;
    cursor.expect(";")?;
    let rank = cursor.number()?;
    cursor.expect("]")?;
    Ok(Type::Array(element, rank))
}

/// `f64` or `complex<f64>`.
fn element_type(cursor: &mut Cursor<'_>) -> Parsed<ElementType> {
    if !cursor.eat("complex") {
        return cursor.dtype().map(ElementType::Real);
    }
    cursor.expect("<")?;
    let part = cursor.dtype()?;
    cursor.expect(">")?;
    Ok(ElementType::Complex(part))
}
