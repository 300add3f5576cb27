//! Whether lanes are faster than one iteration after the other.
//!
//! ```text
//!                          one by one      in lanes, an element
//! add, compare …                    4           1
//! load, neighbours                  4           1
//! load at a stride                  4           8         in loops inside: 16, for each lane reads a cache line of its own
//!                                             or 6, where that loop is along the rows of what nobody stores to
//! load of a part of neighbours       4           2         as of a colour, if they are known to lie together
//! load anywhere                     4          20
//! store of some lanes               4          16         by processors whose registers of masks are vectors
//! quotient of integers             24          12
//!   by a constant                   8          16         products of 64 bits; of fewer 4
//! exp, sin …                       80          20
//! while, as long as differs                     twice     lanes wait for the last of them
//! ```
//!
//! The numbers are quarters of what an addition takes one by one, for registers of four elements. They are rough, and only
//! ever compared with each other: what is close may be wrong either way.

use crate::affine::{AffineForms, Width};
use crate::lane_cost::{SHORT, unit_axis};
use crate::vectorize::Varying;
use parfuse_ir::loops::{Buffer, Expr, Loops, Origin, Parfor, Stmt, Value, walk};
use parfuse_ir::math::is_expansion;
use parfuse_ir::{DType, Scalar, ScalarOp};

/// What an operation takes one by one, and an element of it in lanes.
#[derive(Clone, Copy)]
struct Cost {
    alone: u64,
    lanes: u64,
}

const SIMPLE: Cost = Cost { alone: 4, lanes: 1 };
const NEIGHBOURS: Cost = SIMPLE;
/// Of several neighbours that each lane has.
const PARTS: Cost = Cost { alone: 4, lanes: 2 };
const STRIDED: Cost = Cost { alone: 4, lanes: 8 };
/// At a stride in a loop inside, which often is along the rows: one by one that would read neighbours.
const ROWS: Cost = Cost { alone: 4, lanes: 16 };
/// The same in a loop along the rows, of an array that nothing in it stores to.
const TILED: Cost = Cost { alone: 4, lanes: 6 };
const ANYWHERE: Cost = Cost { alone: 4, lanes: 20 };
/// A store of those lanes that go a way.
const SOME: Cost = Cost { alone: 4, lanes: 16 };
const QUOTIENT: Cost = Cost { alone: 16, lanes: 8 };
const WHOLE_QUOTIENT: Cost = Cost { alone: 24, lanes: 12 };
/// By a constant: the upper half of a product.
const WIDE_PART: Cost = Cost { alone: 8, lanes: 16 };
const PART: Cost = Cost { alone: 8, lanes: 4 };
/// Products of 64-bit integers, and conversions between them and floats, which not every processor has for lanes.
const WIDE: Cost = Cost { alone: 4, lanes: 4 };
const FUNCTION: Cost = Cost { alone: 80, lanes: 20 };

/// What it takes to enter a loop in lanes and to leave it.
const ENTRY: u64 = 60;
/// How often a loop is taken to run of which nothing is known.
const TRIPS: u64 = 32;
/// Deeper loops inside count as much as these.
const MOST_DEPTH: u32 = 4;

/// Whether lanes along one of its dimensions are worth it for a parallel loop without checks and sums of floats.
pub(crate) fn lanes_pay(loops: &Loops, parfor: &Parfor) -> bool {
    let elements = parfor.extents.iter().map(|extent| length(loops, *extent));
    let elements = elements.reduce(|n, extent| n?.checked_mul(extent?)).flatten();
    if elements.is_some_and(|elements| elements < SHORT as u64) {
        return false;
    }
    (0..parfor.indices.len()).any(|axis| {
        let mut turned = parfor.clone();
        turned.indices[axis..].rotate_left(1);
        turned.extents[axis..].rotate_left(1);
        let (lanes, alone) = per_element(loops, &turned);
        lanes < alone
    })
}

/// What an element of a parallel loop takes in lanes along its last dimension, and one by one.
pub(crate) fn per_element(loops: &Loops, parfor: &Parfor) -> (u64, u64) {
    let Some(lane) = parfor.indices.last().copied() else { return (u64::MAX, 0) };
    let forms = AffineForms::new(loops, &parfor.indices, &parfor.body, lane);
    let varying = Varying::of(loops, parfor);
    let mut sum =
        Sum { loops, lanes_along: Some((varying, forms)), stored: stored(&parfor.body), alone: 0, lanes: 0 };
    sum.block(&parfor.body);
    (sum.lanes / 2, sum.alone / 2)
}

/// What a statement takes one by one, but for the blocks inside it.
pub(crate) fn alone(loops: &Loops, stmt: &Stmt) -> u64 {
    let mut sum = Sum { loops, lanes_along: None, stored: Vec::new(), alone: 0, lanes: 0 };
    sum.statement(stmt, ONCE);
    sum.alone / 2
}

/// What all iterations of a loop take in lanes, if one takes so much.
pub(crate) fn of_lane_loop(loops: &Loops, extent: Value, lanes: u64) -> u64 {
    trips(loops, extent).saturating_mul(lanes).saturating_add(ENTRY)
}

/// How often a loop is taken to run.
pub(crate) fn trips(loops: &Loops, extent: Value) -> u64 {
    length(loops, extent).unwrap_or(TRIPS).min(2 * TRIPS)
}

fn length(loops: &Loops, extent: Value) -> Option<u64> {
    match loops.constant(extent) {
        Some(Scalar::Usize(length)) => Some(length as u64),
        _ => None,
    }
}

fn stored(body: &[Stmt]) -> Vec<Buffer> {
    let stored = |stmt: &Stmt| match stmt {
        Stmt::Store { buffer, .. } => Some(*buffer),
        _ => None,
    };
    walk::statements(body).filter_map(stored).collect()
}

struct Sum<'a> {
    loops: &'a Loops,
    /// What varies along the lanes, and how; nothing if there are none.
    lanes_along: Option<(Varying, AffineForms<'a>)>,
    stored: Vec<Buffer>,
    alone: u64,
    lanes: u64,
}

/// How often a block runs, one by one and in lanes, in halves.
#[derive(Clone, Copy)]
struct Times {
    depth: u32,
    /// The index of the innermost loop around, if it runs as often for all lanes.
    walks: Option<Value>,
    /// Whether only some lanes come by.
    some: bool,
    alone: u64,
    lanes: u64,
}

const ONCE: Times = Times { depth: 0, walks: None, some: false, alone: 2, lanes: 2 };

impl Sum<'_> {
    fn block(&mut self, block: &[Stmt]) {
        walk::visit_within(block, ONCE, |stmt, times| {
            self.statement(stmt, times);
            self.inside(stmt, times)
        });
    }

    fn statement(&mut self, stmt: &Stmt, times: Times) {
        let cost = match stmt {
            Stmt::Let(value) => self.expression(*value, times),
            Stmt::Store { buffer, index, .. } => {
                let cost = self.access(*buffer, index, times);
                let least = if times.some { SOME.lanes } else { 0 };
                Cost { lanes: cost.lanes.max(least), ..cost }
            }
            Stmt::While { .. } | Stmt::For { .. } => SIMPLE,
            _ => return,
        };
        self.alone = self.alone.saturating_add(cost.alone.saturating_mul(times.alone));
        self.lanes = self.lanes.saturating_add(cost.lanes.saturating_mul(times.lanes));
    }

    fn varies(&self, value: Value) -> bool {
        self.lanes_along.as_ref().is_some_and(|(varying, _)| varying.value(value))
    }

    /// How often the blocks inside a statement run.
    fn inside(&self, stmt: &Stmt, times: Times) -> Times {
        let (differs, factor, index) = match stmt {
            Stmt::While { cond, .. } => (self.varies(*cond), TRIPS / 2, None),
            Stmt::For { index, extent, until, .. } => {
                let differs = until.is_some() || self.varies(*extent);
                (differs, trips(self.loops, *extent), (!differs).then_some(*index))
            }
            // Of two sides one by one takes one, lanes mostly take both.
            Stmt::If { cond, .. } => {
                let differs = self.varies(*cond);
                let lanes = if differs { times.lanes } else { times.lanes.div_ceil(2) };
                let (alone, some) = (times.alone.div_ceil(2), times.some || differs);
                return Times { alone, lanes, some, walks: None, ..times };
            }
            _ => return times,
        };
        let factor = if times.depth < MOST_DEPTH { factor } else { 1 };
        let waiting = if differs { 2 } else { 1 };
        Times {
            depth: times.depth + 1,
            walks: index,
            some: times.some || differs,
            alone: times.alone.saturating_mul(factor),
            lanes: times.lanes.saturating_mul(factor * waiting),
        }
    }

    fn expression(&mut self, value: Value, times: Times) -> Cost {
        let data = &self.loops.values[value];
        let cost = match &data.expr {
            Expr::Op(op @ (ScalarOp::Div | ScalarOp::Rem), args) if data.dtype.is_int() => {
                match self.loops.constant(args[1]) {
                    Some(divisor) if divisor.to_bits().is_power_of_two() => SIMPLE,
                    Some(_) if data.dtype.is_wide_int() => WIDE_PART,
                    Some(_) => PART,
                    None => operation(*op, data.dtype),
                }
            }
            Expr::Op(op, args) => operation(*op, self.loops.dtype(args[0])),
            Expr::Cast(from) => {
                let from = self.loops.dtype(*from);
                let meets = from.is_float() != data.dtype.is_float();
                let wide = from.is_wide_int() || data.dtype.is_wide_int();
                if meets && wide { WIDE } else { SIMPLE }
            }
            Expr::Load { buffer, index } => self.access(*buffer, index, times),
            Expr::Random { .. } => FUNCTION,
            Expr::Const(_)
            | Expr::Param(_)
            | Expr::Bound
            | Expr::Var(_)
            | Expr::Dim { .. }
            | Expr::Trips { .. }
            | Expr::LinearIndex => Cost { alone: 0, lanes: 0 },
        };
        // What is the same for all lanes is done once for several registers.
        if self.varies(value) { cost } else { Cost { lanes: cost.alone.div_ceil(16), ..cost } }
    }

    fn access(&mut self, buffer: Buffer, index: &[Value], times: Times) -> Cost {
        let unit = unit_axis(self.loops, buffer);
        let mut found = Cost { lanes: 1, ..SIMPLE };
        let Some((varying, forms)) = &mut self.lanes_along else { return found };
        // Along rows of their own lanes load tiles.
        let tiles = times.walks.is_some()
            && unit.and_then(|unit| index.get(unit as usize).copied()) == times.walks
            && !self.stored.contains(&buffer);
        let packed = matches!(&self.loops.buffers[buffer].origin,
            Origin::Param { layout, .. } if layout.packed.is_some());
        let same = index.last().is_some_and(|last| !varying.value(*last));
        let parts = (packed && same).then(|| index.len() - 2);
        for (axis, index) in index.iter().enumerate() {
            if !varying.value(*index) {
                continue;
            }
            let form = forms.between_borders(*index).filter(|form| form.width == Width::FULL);
            let cost = match form {
                Some(form) if form.coefficient.as_constant() == Some(1) && unit == Some(axis as u8) => {
                    NEIGHBOURS
                }
                Some(form) if form.coefficient.as_constant() == Some(1) && parts == Some(axis) => PARTS,
                Some(_) if tiles => TILED,
                Some(_) if times.depth > 0 => ROWS,
                Some(_) => STRIDED,
                None => ANYWHERE,
            };
            if cost.lanes > found.lanes {
                found = cost;
            }
        }
        found
    }
}

fn operation(op: ScalarOp, dtype: DType) -> Cost {
    match op {
        op if is_expansion(op) => FUNCTION,
        ScalarOp::Rem => WHOLE_QUOTIENT,
        ScalarOp::Div if dtype.is_float() => QUOTIENT,
        ScalarOp::Div => WHOLE_QUOTIENT,
        ScalarOp::Sqrt => QUOTIENT,
        ScalarOp::Mul if dtype.is_wide_int() => WIDE,
        _ => SIMPLE,
    }
}
