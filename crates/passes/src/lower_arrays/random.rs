//! Random numbers: which stream, element and draws each one is made of, and how.
//!
//! ```text
//! for j in prange(n) {         v1 = get streams; set streams, v1 + 1         (i64, from 0)
//!   x = random()          →    parfor v2 in v0 {
//!   y = random()                 v3: i64 = cast v2
//! }                              v4: f64 = random v1, v3, 0i64
//!                                v5: f64 = random v1, v3, 1i64
//! ```
//!
//! Each executed `prange` that is not nested in another, each random array and each scalar outside any
//! `prange` takes the next stream. The element is the iteration's number or the row-major position; the
//! draw counts on within the iteration, in a variable of its own where branches and loops make the
//! number unknown. A program that draws nothing has no counter.
//!
//! What is not uniform is composed of uniform numbers and scalar operations here, by
//! [`parfuse_ir::distribution`]: later stages know of uniform numbers only.

use super::{Lowering, Parallel, scan};
use crate::rejection::Rejection;
use parfuse_ir::distribution::Sampler;
use parfuse_ir::loops::{Expr, Stmt, Value, Var};
use parfuse_ir::{DType, Distribution, FaultKind, Loc, Scalar, ScalarOp};

/// The random numbers of the iterations of a parallel loop.
#[derive(Clone)]
pub(super) struct Draws {
    stream: Value,
    /// The iteration's number.
    element: Value,
    /// Counts the draws of an iteration.
    pub counter: Var,
}

/// The draws that one random number is made of.
#[derive(Clone, Copy)]
pub(super) struct DrawPlace {
    stream: Value,
    element: Value,
    /// The first of them.
    first: Value,
}

impl Lowering<'_> {
    /// Makes the counter of streams if the program draws any random number.
    pub(super) fn start_streams(&mut self) {
        if scan::effects(self.program, &[&self.program.body], self.last_reads).draws {
            let streams = self.variable("streams", DType::I64);
            let zero = self.constant(Scalar::I64(0));
            self.set(streams, zero);
            self.streams = Some(streams);
        }
    }

    /// Takes the next stream.
    ///
    /// # Panics
    /// If the program draws no random numbers.
    pub(super) fn next_stream(&mut self) -> Value {
        let streams = self.streams.expect("the program draws random numbers");
        self.post_increment(streams, 1)
    }

    /// Starts the numbering of an iteration, at the head of its body.
    pub(super) fn start_draws(&mut self, stream: Value, iteration: Value, loc: Loc) -> Draws {
        let element = self.cast(iteration, DType::I64, loc);
        let counter = self.variable("draws", DType::I64);
        let zero = self.constant(Scalar::I64(0));
        self.set(counter, zero);
        Draws { stream, element, counter }
    }

    /// Checks that there are numbers to draw.
    pub(super) fn check_distribution(
        &mut self,
        distribution: Distribution,
        dtype: DType,
        operands: &[Value],
        loc: Loc,
    ) {
        let nonempty =
            distribution.nonempty(&mut Writer { lowering: self, place: None, loc }, dtype, operands);
        if let Some(ok) = nonempty {
            self.check(ok, FaultKind::EmptyRange, loc, None, Vec::new());
        }
    }

    /// A random number, at these draws.
    pub(super) fn random_number(
        &mut self,
        place: DrawPlace,
        distribution: Distribution,
        dtype: DType,
        operands: &[Value],
        loc: Loc,
    ) -> Value {
        distribution.compose(&mut Writer { lowering: self, place: Some(place), loc }, dtype, operands)
    }

    /// The next draws for a scalar: of the iteration, or of a stream of its own outside parallel loops.
    pub(super) fn next_draws(
        &mut self,
        distribution: Distribution,
        dtype: DType,
        loc: Loc,
    ) -> Result<DrawPlace, Rejection> {
        let draws = match &self.parallel {
            Some(Parallel { draws: Some(draws), .. }) => draws.clone(),
            Some(Parallel { draws: None, .. }) => return Err(Rejection::RandomInMap { loc }),
            None => {
                let (stream, zero) = (self.next_stream(), self.constant(Scalar::I64(0)));
                return Ok(DrawPlace { stream, element: zero, first: zero });
            }
        };
        let first = self.post_increment(draws.counter, distribution.draws(dtype));
        Ok(DrawPlace { stream: draws.stream, element: draws.element, first })
    }

    /// The draws for the element at the present place of an array of a rank.
    pub(super) fn draws_of_element(&mut self, stream: Value, rank: usize, loc: Loc) -> DrawPlace {
        let zero = self.constant(Scalar::I64(0));
        let element = if rank == 0 {
            zero
        } else {
            let position = self.emit(Expr::LinearIndex, DType::Usize, loc);
            self.cast(position, DType::I64, loc)
        };
        DrawPlace { stream, element, first: zero }
    }

    fn post_increment(&mut self, counter: Var, by: u32) -> Value {
        let (now, by) = (self.get(counter, Loc::NONE), self.constant(Scalar::I64(by.into())));
        let next = self.op(ScalarOp::Add, &[now, by], Loc::NONE);
        self.set(counter, next);
        now
    }
}

/// Writes down how a random number is composed.
struct Writer<'l, 'a> {
    lowering: &'l mut Lowering<'a>,
    /// Where draws stand; nowhere while a check is written.
    place: Option<DrawPlace>,
    loc: Loc,
}

impl Sampler for Writer<'_, '_> {
    type Value = Value;

    fn constant(&mut self, scalar: Scalar) -> Value {
        self.lowering.constant(scalar)
    }
    fn draw(&mut self, position: u32, dtype: DType) -> Value {
        let DrawPlace { stream, element, first } = self.place.expect("a check draws nothing");
        let draw = match position {
            0 => first,
            _ => {
                let position = self.lowering.constant(Scalar::I64(position.into()));
                self.lowering.op(ScalarOp::Add, &[first, position], Loc::NONE)
            }
        };
        self.lowering.emit(Expr::Random { stream, element, draw }, dtype, self.loc)
    }
    fn op(&mut self, op: ScalarOp, operands: &[Value]) -> Value {
        self.lowering.op(op, operands, self.loc)
    }
    fn cast(&mut self, value: Value, to: DType) -> Value {
        self.lowering.cast(value, to, self.loc)
    }
    fn seldom(&mut self, condition: Value, common: Value, slow: &mut dyn FnMut(&mut Self) -> Value) -> Value {
        let dtype = self.lowering.output.dtype(common);
        let var = self.lowering.variable("number", dtype);
        self.lowering.set(var, common);
        let (outer, before) = (std::mem::take(&mut self.lowering.block), self.lowering.known.clone());
        let value = slow(self);
        self.lowering.set(var, value);
        let then = std::mem::replace(&mut self.lowering.block, outer);
        self.lowering.known = before;
        self.lowering.block.push(Stmt::If { cond: condition, then, otherwise: Vec::new() });
        self.lowering.known.contents.remove(&var);
        self.lowering.get(var, self.loc)
    }
    fn known(&self, value: Value) -> Option<Scalar> {
        self.lowering.output.constant(value)
    }
}
