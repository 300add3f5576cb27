//! The least and the most that an integer can be.
//!
//! ```text
//! n: i32                       -2^31 ..= 2^31 - 1
//! trips 0, n, 1                    0 ..= 2^31 - 1        how often a loop up to n runs
//! v4 of `for v4 in` that           0 ..= 2^31 - 2
//! add v4, 1                        1 ..= 2^31 - 1
//! ```
//!
//! A range says of a value of 64 bits that it is, modulo 2^64, some number in the range; of one of fewer bits that it
//! is that number. So it does not matter whether `usize` is read as signed, as long as ranges are those of sums,
//! differences and products. `None` stands for anything.

use super::MAX_DEPTH;
use crate::hash::FastMap;
use parfuse_ir::loops::walk;
use parfuse_ir::loops::{Block, Expr, Loops, Stmt, Value};
use parfuse_ir::{DType, Scalar, ScalarOp};

/// From the least to the most, both included.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Range {
    least: i128,
    most: i128,
}

/// What is kept in 64 bits without thinking of the sign.
const WIDE: Range = Range { least: -(1 << 62), most: 1 << 62 };

impl Range {
    /// All that a narrow integer can be.
    fn of_type(dtype: DType) -> Option<Range> {
        let [least, most] = [dtype.least(), dtype.greatest()].map(|end| end.as_integer());
        least.zip(most).filter(|_| is_narrow(dtype)).map(|(least, most)| Range { least, most })
    }
    /// Whether it is what a narrow type holds.
    pub(super) fn fits(self, dtype: DType) -> bool {
        Range::of_type(dtype).is_some_and(|limits| self.is_in(limits))
    }
    fn is_in(self, other: Range) -> bool {
        other.least <= self.least && self.most <= other.most
    }
    fn with(self, other: Range) -> Range {
        Range { least: self.least.min(other.least), most: self.most.max(other.most) }
    }
}

/// An integer of fewer than 64 bits.
pub(super) fn is_narrow(dtype: DType) -> bool {
    dtype.is_int() && dtype.bits() < 64
}

/// A constant, read as signed.
fn signed(constant: Scalar) -> i64 {
    constant.cast(DType::I64).to_bits() as i64
}

/// The ranges found so far.
pub(crate) struct Ranges {
    known: FastMap<Value, Option<Range>>,
    /// The number of iterations of the loop that an index belongs to.
    extents: FastMap<Value, Value>,
}

impl Ranges {
    /// Prepares the analysis of a program with this body.
    pub(super) fn of(loops: &Loops, body: &Block) -> Ranges {
        let mut extents = FastMap::default();
        // Without 32-bit arithmetic nobody asks.
        if loops.values.iter().any(|(_, data)| is_narrow(data.dtype)) {
            walk::statements(body).for_each(|stmt| match stmt {
                Stmt::For { index, extent, .. } => drop(extents.insert(*index, *extent)),
                Stmt::Parfor(parfor) => {
                    extents.extend(parfor.indices.iter().copied().zip(parfor.extents.iter().copied()));
                }
                _ => {}
            });
        }
        Ranges { known: FastMap::default(), extents }
    }

    /// The analysis of single values, of which the indices of loops are taken to be anything.
    pub(crate) fn alone() -> Ranges {
        Ranges { known: FastMap::default(), extents: FastMap::default() }
    }

    /// The most that a count can be, if it is known to be little.
    pub(crate) fn most_trips(&mut self, loops: &Loops, count: Value) -> Option<u64> {
        let range = self.range(loops, count, MAX_DEPTH)?;
        (range.least >= 0).then_some(range.most as u64)
    }

    /// Whether a value is one that a narrow type has.
    pub(super) fn fits(&mut self, loops: &Loops, value: Value, dtype: DType) -> bool {
        self.range(loops, value, MAX_DEPTH).is_some_and(|range| range.fits(dtype))
    }

    /// The range of an operation on values of 32 bits, were it done with numbers without end.
    pub(super) fn of_op(&mut self, loops: &Loops, op: ScalarOp, operands: &[Value]) -> Option<Range> {
        self.arithmetic(loops, op, operands, MAX_DEPTH)
    }

    fn range(&mut self, loops: &Loops, value: Value, depth: u32) -> Option<Range> {
        if let Some(known) = self.known.get(&value) {
            return *known;
        }
        let data = &loops.values[value];
        let anything = Range::of_type(data.dtype);
        if depth == 0 || !data.dtype.is_int() {
            return anything;
        }
        let range = match &data.expr {
            Expr::Const(scalar) => {
                let number = signed(*scalar) as i128;
                Some(Range { least: number, most: number })
            }
            Expr::Bound => self.extents.get(&value).copied().and_then(|extent| {
                let trips = self.range(loops, extent, depth - 1)?;
                (trips.least >= 0).then_some(Range { least: 0, most: (trips.most - 1).max(0) })
            }),
            Expr::Cast(from) if loops.dtype(*from).is_int() => self.range(loops, *from, depth - 1),
            Expr::Trips { start, end, step } => self.trips(loops, [*start, *end, *step], depth - 1),
            Expr::Op(ScalarOp::Select, operands) => self.choice(loops, operands, depth - 1),
            Expr::Op(ScalarOp::Min, operands) => self.least_of(loops, operands, depth - 1),
            Expr::Op(op, operands) => self
                .index_of_range(loops, *op, operands, depth - 1)
                .or_else(|| self.arithmetic(loops, *op, operands, depth - 1)),
            _ => None,
        };
        let limits = anything.unwrap_or(WIDE);
        let range = range.filter(|range| range.is_in(limits)).or(anything);
        self.known.insert(value, range);
        range
    }

    fn arithmetic(&mut self, loops: &Loops, op: ScalarOp, operands: &[Value], depth: u32) -> Option<Range> {
        if !matches!(op, ScalarOp::Add | ScalarOp::Sub | ScalarOp::Mul) {
            return None;
        }
        let a = self.range(loops, operands[0], depth)?;
        let b = self.range(loops, operands[1], depth)?;
        Some(match op {
            ScalarOp::Add => Range { least: a.least + b.least, most: a.most + b.most },
            ScalarOp::Sub => Range { least: a.least - b.most, most: a.most - b.least },
            _ => {
                let corners = [a.least * b.least, a.least * b.most, a.most * b.least, a.most * b.most];
                Range {
                    least: *corners.iter().min().expect("four products"),
                    most: *corners.iter().max().expect("four products"),
                }
            }
        })
    }

    /// The smaller of two counts is no more than either.
    fn least_of(&mut self, loops: &Loops, operands: &[Value], depth: u32) -> Option<Range> {
        let counts: Vec<Range> = operands
            .iter()
            .filter_map(|operand| self.range(loops, *operand, depth).filter(|range| range.least >= 0))
            .collect();
        let unsigned = loops.dtype(operands[0]).is_unsigned();
        let most = counts.iter().map(|range| range.most).min();
        most.filter(|_| unsigned).map(|most| Range { least: 0, most })
    }

    /// The range of `select cond, a, b`.
    fn choice(&mut self, loops: &Loops, operands: &[Value], depth: u32) -> Option<Range> {
        let [_, taken, otherwise] = *operands else { return None };
        Some(self.range(loops, taken, depth)?.with(self.range(loops, otherwise, depth)?))
    }

    /// The range of the number of steps from `start` to `end`.
    fn trips(&mut self, loops: &Loops, [start, end, step]: [Value; 3], depth: u32) -> Option<Range> {
        let (from, to) = self.bounds(loops, start, end, depth)?;
        let step = loops.constant(step).map_or(1, |step| i128::from(step.to_bits().max(1)));
        let most = (to.most - from.least + step - 1) / step;
        Some(Range { least: 0, most: most.max(0) })
    }

    /// What the start and the end of a range of the user's can be: numbers, not numbers modulo 2^64.
    fn bounds(&mut self, loops: &Loops, start: Value, end: Value, depth: u32) -> Option<(Range, Range)> {
        let (from, to) = (self.range(loops, start, depth)?, self.range(loops, end, depth)?);
        // What is kept modulo 2^64 is compared with its sign, or known not to need one.
        let dtype = loops.dtype(start);
        let exact = dtype.is_signed() || is_narrow(dtype);
        (exact || from.least >= 0 && to.least >= 0).then_some((from, to))
    }

    /// The range of `start + index` in a loop from `start` to `end` by ones.
    fn index_of_range(
        &mut self,
        loops: &Loops,
        op: ScalarOp,
        operands: &[Value],
        depth: u32,
    ) -> Option<Range> {
        let (ScalarOp::Add, [a, b]) = (op, operands) else { return None };
        let (first, index) = if self.extents.contains_key(b) { (*a, *b) } else { (*b, *a) };
        let extent = self.extents.get(&index)?;
        let Expr::Trips { start, end, step } = loops.values[*extent].expr else { return None };
        let by_ones = loops.constant(step).is_some_and(|step| step.to_bits() == 1);
        if !by_ones || first != start && bare(loops, first) != start {
            return None;
        }
        let (from, to) = self.bounds(loops, start, end, depth)?;
        Some(Range { least: from.least, most: to.most - 1 })
    }
}

/// A value without the conversions to 64 bits around it.
fn bare(loops: &Loops, mut value: Value) -> Value {
    while let Expr::Cast(from) = loops.values[value].expr {
        if !loops.dtype(from).is_int() || is_narrow(loops.dtype(value)) {
            break;
        }
        value = from;
    }
    value
}
