//! Values and straight-line statements: from Loops, with variables, to Lane, without.
//!
//! The translator keeps for each variable the value it holds at this point ([`Env`]), and the mask of the
//! lanes that are here. Inactive lanes compute along and hold garbage; only memory, checks, loop conditions
//! and the joins of [`super::control`] tell them apart.

use super::Shared;
use super::affine;
use super::builder::{Builder, MANY};
use super::legalize::{cast, legalize, reported};
use super::liveness::{VarSet, live_points};
use super::varying::Varying;
use crate::hash::FastMap;
use crate::ordered_set::OrderedSet;
use parfuse_ir::host::{Call, CallArgument};
use parfuse_ir::lane::{Frame, Inst, LaneType, Node, Value, Walk};
use parfuse_ir::loops::{self, Buffer, Count, Expr, Loops, Stmt, Var, expand_trips};
use parfuse_ir::math::Primitives;
use parfuse_ir::{DType, Fault, Scalar, ScalarOp, random};

/// What each variable holds.
pub(super) type Env = FastMap<Var, Value>;

/// The lanes that are here.
#[derive(Clone, Copy)]
pub(super) struct Mask {
    /// A varying `bool`; `None` for all.
    pub(super) lanes: Option<Value>,
    /// Whether at least one lane is known to be here. No loop starts without.
    pub(super) nonempty: bool,
}

/// Where code is translated to.
pub(super) enum Place {
    /// The driver, where nothing varies.
    Driver,
    /// A region, with what varies in it and the buffers that it stores to.
    Region { varying: Varying, stored: OrderedSet<Buffer> },
}

/// Translates blocks of statements to nodes.
pub(super) struct Translator<'a> {
    pub(super) loops: &'a Loops,
    pub(super) shared: &'a mut Shared,
    pub(super) build: Builder,
    pub(super) place: Place,
    pub(super) mask: Mask,
    /// Whether a check under a mask may have failed by now in all lanes that are here, which switches them off.
    pub(super) deserted: bool,
    pub(super) env: Env,
    pub(super) values: FastMap<loops::Value, Value>,
    /// The number of dimensions of the region's space.
    pub(super) rank: usize,
    /// How the region's elements run.
    pub(super) walk: Walk,
}

impl<'a> Translator<'a> {
    /// A translator that has seen nothing yet.
    pub(super) fn new(
        loops: &'a Loops,
        shared: &'a mut Shared,
        place: Place,
        rank: usize,
        walk: Walk,
    ) -> Translator<'a> {
        let build = match place {
            Place::Driver => Builder::driver(),
            // The last dimension of elements that run one by one, too, is one of rows.
            Place::Region { .. } => Builder::region(walk.is_scalar().then(|| rank.saturating_sub(1) as u8)),
        };
        let mask = Mask { lanes: None, nonempty: true };
        Translator {
            loops,
            shared,
            build,
            place,
            mask,
            deserted: false,
            env: Env::default(),
            values: FastMap::with_capacity_and_hasher(MANY, Default::default()),
            rank,
            walk,
        }
    }

    /// Translates a block into the innermost open one.
    pub(super) fn block(&mut self, block: &[Stmt], live_after: &VarSet) {
        let points = live_points(self.loops, block, live_after);
        for (stmt, live) in block.iter().zip(&points) {
            self.stmt(stmt, live.as_ref());
        }
    }

    fn stmt(&mut self, stmt: &Stmt, live: Option<&VarSet>) {
        let live = || live.expect("it is known for statements with blocks");
        match stmt {
            Stmt::Let(value) => {
                let computed = self.compute(*value);
                self.values.insert(*value, computed);
            }
            Stmt::Set { var, value } => {
                let value = self.value(*value);
                self.env.insert(*var, value);
            }
            Stmt::Store { buffer, index, value, .. } => {
                let index = self.operands(index);
                let value = self.value(*value);
                self.store(*buffer, &index, value);
            }
            Stmt::Check { ok, fault, args, iteration } => self.check(*ok, fault, args, *iteration),
            Stmt::If { cond, then, otherwise } => self.branch(*cond, then, otherwise, live()),
            Stmt::While { header, cond, body } => self.while_loop(header, *cond, body, live()),
            Stmt::For { index, extent, until, body } => self.for_loop(*index, *extent, *until, body, live()),
            Stmt::Alloc { buffer, shape, zeroed, loc } => {
                let shape = self.operands(shape).into();
                self.build.reshape(*buffer);
                self.build.node(Node::Alloc { buffer: *buffer, shape, zeroed: *zeroed, loc: *loc });
            }
            Stmt::Resize { buffer, length, loc } => {
                let length = self.value(*length);
                self.build.reshape(*buffer);
                self.build.node(Node::Resize { buffer: *buffer, length, loc: *loc });
            }
            Stmt::Move { to, from } => {
                [*to, *from].into_iter().for_each(|buffer| self.build.reshape(buffer));
                self.build.node(Node::Move { to: *to, from: *from });
            }
            Stmt::Call(call) => self.call(call),
            Stmt::Parfor(parfor) => match self.place {
                Place::Driver => self.parfor(parfor),
                Place::Region { .. } => self.lane_loop(parfor),
            },
            Stmt::Nest(nest) => self.nest(nest, live()),
        }
    }

    /// A call, whose scalars go through slots.
    fn call(&mut self, call: &Call<loops::Value>) {
        let mut arguments = Vec::with_capacity(call.arguments.len());
        for argument in &call.arguments {
            arguments.push(match *argument {
                CallArgument::Scalar(value) => {
                    let (slot, value) = (self.shared.frame.add(), self.value(value));
                    self.build.node(Node::SetSlot { slot, value });
                    CallArgument::Scalar(slot)
                }
                CallArgument::Read(buffer) => CallArgument::Read(buffer),
                CallArgument::Written(buffer) => {
                    self.build.reshape(buffer);
                    CallArgument::Written(buffer)
                }
            });
        }
        let call = self.shared.calls.push(Call { callee: call.callee, arguments, loc: call.loc });
        self.build.node(Node::Call(call));
    }

    fn check(
        &mut self,
        ok: loops::Value,
        fault: &Fault,
        args: &[loops::Value],
        iteration: Option<loops::Value>,
    ) {
        let ok = self.value(ok);
        if self.build.bits(ok) == Some(1) {
            return;
        }
        let args = args
            .iter()
            .map(|arg| {
                let (value, dtype) = (self.value(*arg), self.loops.dtype(*arg));
                reported(&mut self.build, value, dtype)
            })
            .collect();
        // A `usize` is an `i64` in Lane.
        let iteration = iteration.map(|iteration| self.value(iteration));
        let fault = self.shared.fault(fault);
        self.deserted |= self.mask.lanes.is_some() && !self.build.varying(ok);
        self.build.node(Node::Check { ok, fault, args, iteration, mask: self.mask.lanes });
    }

    fn compute(&mut self, value: loops::Value) -> Value {
        let data = &self.loops.values[value];
        match &data.expr {
            Expr::Const(_) | Expr::Param(_) | Expr::Bound => self.value(value),
            Expr::Var(var) => self.var(*var),
            Expr::Op(op, operands) => {
                let dtypes: Vec<DType> = operands.iter().map(|operand| self.loops.dtype(*operand)).collect();
                let operands = self.operands(operands);
                legalize(&mut self.build, *op, &dtypes, &operands)
            }
            Expr::Cast(operand) => {
                let from = self.loops.dtype(*operand);
                let operand = self.value(*operand);
                cast(&mut self.build, operand, from, data.dtype)
            }
            Expr::Load { buffer, index } => {
                let index = self.operands(index);
                self.load(*buffer, &index)
            }
            Expr::Dim { buffer, axis } => self.dim(*buffer, *axis),
            Expr::Trips { start, end, step } => {
                let [start, end, step] = [*start, *end, *step].map(|operand| {
                    let number = self.value(operand);
                    (number, self.loops.dtype(operand))
                });
                expand_trips(&mut Counting { build: &mut self.build }, start, end, step).0
            }
            Expr::LinearIndex if self.walk.is_scalar() => match self.rank {
                0 => self.build.i64(0),
                1 => self.build.pure(Inst::RowIndex(0), LaneType::I64, false),
                _ => self.build.pure(Inst::LinearIndex, LaneType::I64, false),
            },
            Expr::LinearIndex => match self.rank {
                0 => self.build.i64(0),
                1 => affine::lane_index(&mut self.build),
                _ => self.build.pure(Inst::LinearIndex, LaneType::I64, true),
            },
            Expr::Threads => {
                let slot = self.shared.threads();
                self.build.pure(Inst::Slot(slot), LaneType::I64, false)
            }
            Expr::Random { stream, element, draw } => {
                let key = self.build.pure(Inst::Slot(Frame::KEY), LaneType::I64, false);
                let [stream, element, draw] = [*stream, *element, *draw].map(|value| self.value(value));
                random::random(&mut self.build, key, stream, element, draw, data.dtype)
            }
        }
    }

    /// The value of a value.
    pub(super) fn value(&mut self, value: loops::Value) -> Value {
        if let Some(known) = self.values.get(&value) {
            return *known;
        }
        let data = &self.loops.values[value];
        match data.expr {
            Expr::Const(scalar) => self.scalar(scalar),
            Expr::Param(index) => {
                let slot = self.shared.frame.param(index);
                self.contents(slot, data.dtype)
            }
            _ => panic!("{value} is used before it is defined, in {:?}", self.loops),
        }
    }

    /// The values of values.
    pub(super) fn operands(&mut self, values: &[loops::Value]) -> Vec<Value> {
        values.iter().map(|value| self.value(*value)).collect()
    }

    /// What a variable holds. One that was never set, which no program goes on to use, holds zero.
    pub(super) fn var(&mut self, var: Var) -> Value {
        match self.env.get(&var) {
            Some(value) => *value,
            None => self.scalar(self.loops.vars[var].dtype.zero()),
        }
    }

    /// A constant.
    pub(super) fn scalar(&mut self, scalar: Scalar) -> Value {
        self.build.constant(LaneType::of(scalar.dtype()), scalar.to_bits())
    }
}

/// The arithmetic of numbers of iterations, on values with their types.
struct Counting<'a> {
    build: &'a mut Builder,
}

impl Count for Counting<'_> {
    type Number = (Value, DType);
    fn op(&mut self, op: ScalarOp, operands: &[(Value, DType)]) -> (Value, DType) {
        let (values, dtypes): (Vec<Value>, Vec<DType>) = operands.iter().copied().unzip();
        let dtype = op.result_type(&dtypes).expect("numbers of one type");
        (legalize(self.build, op, &dtypes, &values), dtype)
    }
    fn widen(&mut self, (value, dtype): (Value, DType)) -> (Value, DType) {
        (cast(self.build, value, dtype, DType::Usize), DType::Usize)
    }
    fn constant(&mut self, number: usize) -> (Value, DType) {
        (self.build.i64(number as i64), DType::Usize)
    }
    fn is(&self, (value, _): (Value, DType), constant: usize) -> bool {
        self.build.bits(value) == Some(constant as u64)
    }
}
