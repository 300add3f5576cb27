//! Building the loops: statements one by one, and copies of the body for iterations of choice.
//!
//! ```text
//! v3: f64 = load b0[v0, v1]         v9: f64 = load b0[v7, v8]
//! x0 = v3                      →    x4 = v9                      values and variables of the copy's own
//! ```

use crate::hash::FastMap;
use crate::vectorize::assigned;
use parfuse_ir::grid::Grain;
use parfuse_ir::loops::{
    Block, Buffer, BufferData, Expr, Loops, Origin, Parfor, Reduction, Source, Stmt, Value, Var, VarData,
    walk,
};
use parfuse_ir::{Combine, DType, Loc, Scalar, ScalarOp};
use std::cell::RefCell;

/// The statements that take the place of a loop.
pub(super) struct Build<'a> {
    pub(super) loops: &'a mut Loops,
    pub(super) parfor: &'a Parfor,
    /// The block under construction.
    pub(super) block: Block,
    pub(super) loc: Loc,
}

/// A variable for each word of each reduction.
pub(super) type Words<T> = Vec<Vec<T>>;

impl<'a> Build<'a> {
    pub(super) fn new(loops: &'a mut Loops, parfor: &'a Parfor) -> Build<'a> {
        let loc = parfor.sources.last().map_or(Loc::NONE, |source| source.loc);
        Build { loops, parfor, block: Block::new(), loc }
    }

    pub(super) fn constant(&mut self, scalar: Scalar) -> Value {
        self.loops.value(Expr::Const(scalar), scalar.dtype(), Loc::NONE)
    }

    pub(super) fn usize(&mut self, x: usize) -> Value {
        self.constant(Scalar::Usize(x))
    }

    pub(super) fn emit(&mut self, expr: Expr, dtype: DType) -> Value {
        let value = self.loops.value(expr, dtype, self.loc);
        self.block.push(Stmt::Let(value));
        value
    }

    /// Performs an operation, at once if the operands are constant.
    pub(super) fn perform(&mut self, op: ScalarOp, operands: &[Value]) -> Value {
        let constants: Option<Vec<Scalar>> =
            operands.iter().map(|operand| self.loops.constant(*operand)).collect();
        if let Some(constants) = constants {
            return self.constant(op.eval(&constants));
        }
        let dtypes: Vec<DType> = operands.iter().map(|operand| self.loops.dtype(*operand)).collect();
        let dtype = op.result_type(&dtypes).unwrap_or_else(|| panic!("{op} of {dtypes:?}"));
        self.emit(Expr::Op(op, operands.to_vec()), dtype)
    }

    pub(super) fn op(&mut self, op: ScalarOp, a: Value, b: Value) -> Value {
        self.perform(op, &[a, b])
    }

    /// An operation with a constant.
    pub(super) fn op_with(&mut self, op: ScalarOp, a: Value, b: usize) -> Value {
        let b = self.usize(b);
        self.op(op, a, b)
    }

    /// How many pieces of a length, a constant or not below one, there are in another.
    pub(super) fn pieces(&mut self, length: Value, piece: Value) -> Value {
        let whole = self.op(ScalarOp::Div, length, piece);
        let rest = self.op(ScalarOp::Rem, length, piece);
        let zero = self.usize(0);
        let more = self.op(ScalarOp::Gt, rest, zero);
        let one = self.usize(1);
        let last = self.perform(ScalarOp::Select, &[more, one, zero]);
        self.op(ScalarOp::Add, whole, last)
    }

    pub(super) fn set(&mut self, var: Var, value: Value) {
        self.block.push(Stmt::Set { var, value });
    }

    pub(super) fn get(&mut self, var: Var) -> Value {
        self.emit(Expr::Var(var), self.loops.vars[var].dtype)
    }

    /// A block inside the one under construction.
    pub(super) fn nested<T>(&mut self, build: impl FnOnce(&mut Self) -> T) -> (Block, T) {
        let outer = std::mem::take(&mut self.block);
        let result = build(self);
        (std::mem::replace(&mut self.block, outer), result)
    }

    /// A loop in order.
    pub(super) fn repeat(&mut self, extent: Value, body: impl FnOnce(&mut Self, Value)) {
        let index = self.loops.value(Expr::Bound, DType::Usize, self.loc);
        let (body, ()) = self.nested(|build| body(build, index));
        self.block.push(Stmt::For { index, extent, until: None, body });
    }

    pub(super) fn when(&mut self, cond: Value, then: impl FnOnce(&mut Self)) {
        let (then, ()) = self.nested(then);
        self.block.push(Stmt::If { cond, then, otherwise: Block::new() });
    }

    /// A parallel loop; over no dimensions its body by itself.
    pub(super) fn parallel(&mut self, extents: &[Value], what: &str, body: impl FnOnce(&mut Self, &[Value])) {
        if extents.is_empty() {
            return body(self, &[]);
        }
        let indices: Vec<Value> =
            extents.iter().map(|_| self.loops.value(Expr::Bound, DType::Usize, self.loc)).collect();
        let (body, ()) = self.nested(|build| body(build, &indices));
        let sources = match what {
            "" => self.parfor.sources.clone(),
            _ => vec![Source::new(what, self.loc)],
        };
        let (extents, grain) = (extents.to_vec(), Grain::of(&body));
        let (reductions, elements) = (Vec::new(), false);
        self.block.push(Stmt::Parfor(Parfor {
            indices,
            extents,
            reductions,
            body,
            sources,
            grain,
            elements,
        }));
    }

    fn reductions(&self) -> &'a [Reduction] {
        &self.parfor.reductions
    }

    /// The type of each word of each reduction.
    pub(super) fn types(&self) -> Words<DType> {
        let ty = |local: &Var| self.loops.vars[*local].dtype;
        self.reductions().iter().map(|own| own.locals.iter().map(ty).collect()).collect()
    }

    /// New variables that hold the identities.
    pub(super) fn accumulators(&mut self) -> Words<Var> {
        let mut all = Words::new();
        for (reduction, types) in self.reductions().iter().zip(self.types()) {
            let identity = reduction.combine.identity(&types);
            let own = identity.into_iter().map(|word| {
                let data = VarData { name: "partial".into(), dtype: word.dtype() };
                let var = self.loops.vars.push(data);
                let word = self.constant(word);
                self.set(var, word);
                var
            });
            all.push(own.collect());
        }
        all
    }

    /// New variables that hold what others hold.
    pub(super) fn copies(&mut self, vars: &Words<Var>) -> Words<Var> {
        let mut copy = |var: &Var| {
            let data = self.loops.vars[*var].clone();
            let copy = self.loops.vars.push(data);
            let value = self.get(*var);
            self.set(copy, value);
            copy
        };
        vars.iter().map(|words| words.iter().map(&mut copy).collect()).collect()
    }

    pub(super) fn get_all(&mut self, vars: &Words<Var>) -> Words<Value> {
        vars.iter().map(|words| words.iter().map(|var| self.get(*var)).collect()).collect()
    }

    /// Merges partial results.
    pub(super) fn merge(&mut self, left: &Words<Value>, right: &Words<Value>) -> Words<Value> {
        self.each(left, right, |combine, build, left, right| {
            combine.merge(
                left,
                right,
                |scalar| build.borrow_mut().constant(scalar),
                |op, operands| build.borrow_mut().perform(op, operands),
            )
        })
    }

    /// The words of each reduction, made of those of two partial results.
    fn each(
        &mut self,
        left: &Words<Value>,
        right: &Words<Value>,
        made: impl Fn(&Combine, &RefCell<&mut Self>, &[Value], &[Value]) -> Vec<Value>,
    ) -> Words<Value> {
        let reductions = self.reductions();
        let build = RefCell::new(self);
        let both = left.iter().zip(right);
        let words = reductions.iter().zip(both);
        words.map(|(reduction, (left, right))| made(&reduction.combine, &build, left, right)).collect()
    }

    /// Runs an iteration and has accumulators take in what it contributes.
    pub(super) fn take_in(&mut self, accumulators: &Words<Var>, indices: &[Value]) {
        let own = self.iteration(indices);
        let before = self.get_all(accumulators);
        let after = self.each(&before, &own, |combine, build, before, own| {
            combine.take_in(
                before,
                own,
                |scalar| build.borrow_mut().constant(scalar),
                |op, operands| build.borrow_mut().perform(op, operands),
            )
        });
        self.set_all(accumulators, &after);
    }

    pub(super) fn set_all(&mut self, vars: &Words<Var>, values: &Words<Value>) {
        for (var, value) in vars.iter().flatten().zip(values.iter().flatten()) {
            self.set(*var, *value);
        }
    }

    /// Local arrays of this shape, for each word of each reduction.
    pub(super) fn arrays(&mut self, shape: &[Value]) -> Words<Buffer> {
        let rank = shape.len() as u8;
        let mut array = |dtype: &DType| {
            let data = BufferData { name: "partials".into(), dtype: *dtype, rank, origin: Origin::Local };
            let buffer = self.loops.buffers.push(data);
            self.block.push(Stmt::Alloc { buffer, shape: shape.to_vec(), zeroed: false, loc: self.loc });
            buffer
        };
        let types: Words<DType> = {
            let ty = |local: &Var| self.loops.vars[*local].dtype;
            self.parfor.reductions.iter().map(|own| own.locals.iter().map(ty).collect()).collect()
        };
        types.iter().map(|words| words.iter().map(&mut array).collect()).collect()
    }

    pub(super) fn load(&mut self, arrays: &Words<Buffer>, index: &[Value]) -> Words<Value> {
        let mut load = |buffer: &Buffer| {
            let expr = Expr::Load { buffer: *buffer, index: index.to_vec() };
            self.emit(expr, self.loops.buffers[*buffer].dtype)
        };
        arrays.iter().map(|words| words.iter().map(&mut load).collect()).collect()
    }

    pub(super) fn store(&mut self, arrays: &Words<Buffer>, index: &[Value], values: &Words<Value>) {
        for (buffer, value) in arrays.iter().flatten().zip(values.iter().flatten()) {
            let (buffer, index, value, loc) = (*buffer, index.to_vec(), *value, self.loc);
            self.block.push(Stmt::Store { buffer, index, value, loc });
        }
    }

    /// A copy of the body for the iteration at these indices. Returns what it contributes.
    fn iteration(&mut self, indices: &[Value]) -> Words<Value> {
        let parfor = self.parfor;
        let mut body = parfor.body.clone();
        let position = self.needs_position(&body).then(|| self.position(indices));
        let mut vars: FastMap<Var, Var> = FastMap::default();
        let locals = parfor.reductions.iter().flat_map(|own| &own.locals).copied();
        for var in assigned(&body).into_iter().chain(locals) {
            let data = self.loops.vars[var].clone();
            vars.entry(var).or_insert_with(|| self.loops.vars.push(data));
        }
        for (reduction, types) in parfor.reductions.iter().zip(self.types()) {
            for (local, word) in reduction.locals.iter().zip(reduction.combine.identity(&types)) {
                let word = self.constant(word);
                self.set(vars[local], word);
            }
        }
        // What is used may be defined further down: the condition of a `while` is, in its header.
        let mut values: FastMap<Value, Value> =
            parfor.indices.iter().copied().zip(indices.iter().copied()).collect();
        for stmt in walk::statements(&parfor.body) {
            walk::defined(stmt, |value| {
                let data = self.loops.values[value].clone();
                values.insert(value, self.loops.values.push(data));
            });
        }
        let renamed = |value: &mut Value| *value = values.get(value).copied().unwrap_or(*value);
        walk::visit_mut(&mut body, |stmt| {
            walk::uses_mut(stmt, renamed);
            match stmt {
                Stmt::Let(value) => {
                    renamed(value);
                    let expr = &mut self.loops.values[*value].expr;
                    walk::operands_mut(expr, renamed);
                    match expr {
                        Expr::Var(var) => *var = vars.get(var).copied().unwrap_or(*var),
                        Expr::LinearIndex => *expr = Expr::Cast(position.expect("asked for")),
                        _ => {}
                    }
                }
                Stmt::For { index, until, .. } => {
                    renamed(index);
                    until.iter_mut().for_each(|var| *var = vars[var]);
                }
                Stmt::Set { var, .. } => *var = vars[var],
                Stmt::Check { iteration: iteration @ None, .. } => *iteration = position,
                _ => {}
            }
        });
        self.block.append(&mut body);
        let contribution = |own: &Reduction| own.locals.iter().map(|local| self.get(vars[local])).collect();
        parfor.reductions.iter().map(contribution).collect()
    }

    /// Whether an iteration asks for its number.
    fn needs_position(&self, body: &Block) -> bool {
        walk::statements(body).any(|stmt| match stmt {
            Stmt::Let(value) => self.loops.values[*value].expr == Expr::LinearIndex,
            Stmt::Check { iteration, .. } => iteration.is_none(),
            _ => false,
        })
    }

    /// The number of the iteration at these indices.
    fn position(&mut self, indices: &[Value]) -> Value {
        let dimensions = indices.iter().copied().zip(self.parfor.extents.iter().copied());
        let number = dimensions.reduce(|(rows, _), (index, extent)| {
            let rows = self.op(ScalarOp::Mul, rows, extent);
            (self.op(ScalarOp::Add, rows, index), extent)
        });
        number.expect("a space without dimensions needs no loop").0
    }
}
