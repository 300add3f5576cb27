//! The numbering of random numbers: which stream, element and draw each one is.
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
//! draw counts the calls within the iteration, in a variable of its own where branches and loops make the
//! number unknown. A program that draws nothing has no counter.

use super::{Lowering, scan};
use parfuse_ir::loops::{Expr, Value, Var};
use parfuse_ir::{DType, Loc, Scalar, ScalarOp};

/// The random numbers of the iterations of a parallel loop.
#[derive(Clone)]
pub(super) struct Draws {
    /// The stream.
    pub stream: Value,
    /// The iteration's number.
    pub element: Value,
    /// Counts the numbers drawn in an iteration.
    pub counter: Var,
}

impl Lowering<'_> {
    /// Makes the counter of streams if the program draws any random number.
    pub(super) fn start_streams(&mut self) {
        if scan::effects(self.program, &[&self.program.body]).draws {
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
        self.post_increment(streams)
    }

    /// Starts the numbering of an iteration, at the head of its body.
    pub(super) fn start_draws(&mut self, stream: Value, iteration: Value, loc: Loc) -> Draws {
        let element = self.cast(iteration, DType::I64, loc);
        let counter = self.variable("draws", DType::I64);
        let zero = self.constant(Scalar::I64(0));
        self.set(counter, zero);
        Draws { stream, element, counter }
    }

    /// The next random number of an iteration.
    pub(super) fn draw(&mut self, draws: &Draws, dtype: DType, loc: Loc) -> Value {
        let draw = self.post_increment(draws.counter);
        self.emit(Expr::Random { stream: draws.stream, element: draws.element, draw }, dtype, loc)
    }

    /// A random number outside parallel loops.
    pub(super) fn random_outside(&mut self, dtype: DType, loc: Loc) -> Value {
        let (stream, zero) = (self.next_stream(), self.constant(Scalar::I64(0)));
        self.emit(Expr::Random { stream, element: zero, draw: zero }, dtype, loc)
    }

    /// The random number at the present place of an array of a rank.
    pub(super) fn random_element(&mut self, stream: Value, rank: usize, dtype: DType, loc: Loc) -> Value {
        let zero = self.constant(Scalar::I64(0));
        let element = if rank == 0 {
            zero
        } else {
            let position = self.emit(Expr::LinearIndex, DType::Usize, loc);
            self.cast(position, DType::I64, loc)
        };
        self.emit(Expr::Random { stream, element, draw: zero }, dtype, loc)
    }

    fn post_increment(&mut self, counter: Var) -> Value {
        let (now, one) = (self.get(counter, Loc::NONE), self.constant(Scalar::I64(1)));
        let next = self.op(ScalarOp::Add, &[now, one], Loc::NONE);
        self.set(counter, next);
        now
    }
}
