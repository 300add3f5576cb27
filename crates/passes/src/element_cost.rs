//! What an element of a parallel loop takes in lanes, and what it takes one by one.
//!
//! ```text
//!                          one by one      in lanes, an element
//! add, compare …                    4           1
//! load, neighbours                  4           1
//! load at a stride                  4           8         in loops inside: 40, for each lane reads a cache line of its own
//!                                             or 6, where that loop is along the rows of what nobody stores to
//! load of a part of neighbours      4           2         as of a colour, if they are known to lie together; falling
//!                                                         neighbours, and every other one
//! load anywhere                     8          18         in loops inside: 40
//! store of some lanes               4          16         by processors whose registers of masks are vectors
//! quotient or root of floats       72          28
//! quotient of integers             64          36
//!   by a constant                  16          28         products of 64 bits; of fewer 8
//! exp, sin …                      100          25
//! a branch nobody foresees        100                     lanes take both sides
//! a loop inside        as often as it runs    twice that, if that differs: lanes wait for the last of them;
//!                                             eight times that where they search, see [`crate::waiting`]
//!                      at least its chain      a fraction: many elements wait at the same time
//! ```
//!
//! The numbers are quarters of what an addition takes one by one, for registers of four elements, whatever the
//! type. They are rough, and only ever compared with each other: what is close may be wrong either way, so that today's
//! way, lanes, has to be clearly the worse. Chains, see [`crate::chains`], are those of loops whose iterations need one another: a sum of
//! floats, say.

use crate::affine::{AffineForms, Width};
use crate::chains::chain;
use crate::lane_cost::{SHORT, is_near, part_axis, unit_axis};
use crate::vectorize::{Varying, is_cheap};
use crate::waiting::{UNEVEN, waiting};
use parfuse_ir::loops::{Buffer, Expr, Loops, Parfor, Reduction, Stmt, Value, Var, walk};
use parfuse_ir::math::is_expansion;
use parfuse_ir::{DType, Scalar, ScalarOp};

/// What something takes one by one, and an element of it in lanes.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct Cost {
    /// One by one.
    pub(crate) alone: u64,
    /// In lanes.
    pub(crate) lanes: u64,
}

impl Cost {
    fn add(&mut self, times: u64, other: Cost) {
        self.alone = self.alone.saturating_add(other.alone.saturating_mul(times));
        self.lanes = self.lanes.saturating_add(other.lanes.saturating_mul(times));
    }
}

const SIMPLE: Cost = Cost { alone: 4, lanes: 1 };
const PLACE: Cost = Cost { alone: 2, lanes: 0 };
const NEIGHBOURS: Cost = SIMPLE;
/// Of several neighbours that each lane has.
const PARTS: Cost = Cost { alone: 4, lanes: 2 };
const STRIDED: Cost = Cost { alone: 4, lanes: 8 };
/// At a stride in a loop inside, which often is along the rows: one by one that would read neighbours.
const ROWS: Cost = Cost { alone: 4, lanes: 40 };
/// The same in a loop along the rows, of an array that nothing in it stores to.
const TILED: Cost = Cost { alone: 4, lanes: 6 };
const ANYWHERE: Cost = Cost { alone: 8, lanes: 18 };
/// Anywhere in a loop inside, where some lanes wait already.
const ANYWHERE_INSIDE: Cost = Cost { alone: 6, lanes: 40 };
/// One by one of elements shorter than a lane, which no instruction gathers.
const SHORT_ELEMENTS: u64 = 80;
/// A store of those lanes that go a way.
const SOME: Cost = Cost { alone: 4, lanes: 16 };
/// A contribution to the accumulators that elements are taken in by in turn: those of scalar code are in memory.
const IN_TURN: Cost = Cost { alone: 12, lanes: 1 };
const QUOTIENT: Cost = Cost { alone: 72, lanes: 28 };
const WHOLE_QUOTIENT: Cost = Cost { alone: 64, lanes: 36 };
/// The same by a constant, which becomes a product and shifts; of 64 bits that is many products of 32.
const BY_CONSTANT: Cost = Cost { alone: 16, lanes: 8 };
const WIDE_BY_CONSTANT: Cost = Cost { alone: 16, lanes: 28 };
/// Products of 64-bit integers, which not every processor has for lanes.
const WIDE_PRODUCT: Cost = Cost { alone: 4, lanes: 6 };
/// Conversions from 64-bit integers to `f64`, the same.
const WIDE_CONVERSION: Cost = Cost { alone: 4, lanes: 4 };
/// Conversions from floats to 64-bit integers, and of these to `f32`, which are done by halves.
const BY_HALVES: Cost = Cost { alone: 10, lanes: 12 };
const FUNCTION: Cost = Cost { alone: 100, lanes: 25 };

/// A cycle.
pub(crate) const CYCLE: u64 = 14;
/// What it takes if the processor has gone the wrong way at a branch or at the end of a loop, as often as it does.
const UNFORESEEN: u64 = 100;
/// How many elements of lanes wait for the chain of a loop at the same time.
const IN_FLIGHT: u64 = 8;

/// What it takes to enter a loop in lanes and to leave it.
pub(crate) const ENTRY: u64 = 60;
/// How often a loop is taken to run of which nothing is known.
const TRIPS: u64 = 32;
/// Deeper loops inside count as much as these.
const MOST_DEPTH: u32 = 4;

/// What an element of a parallel loop takes in lanes along its last dimension, and one by one.
pub(crate) fn per_element(loops: &Loops, parfor: &Parfor) -> Cost {
    let Some(lane) = parfor.indices.last().copied() else { return Cost { alone: 0, lanes: u64::MAX } };
    let varying = Varying::of(loops, parfor);
    let forms = AffineForms::of_lanes(loops, &varying, &parfor.body, lane);
    let mut sum = Sum { loops, lanes_along: Some((varying, forms)), stored: stored(&parfor.body) };
    let mut cost = sum.block(&parfor.body, ONCE);
    let ordered =
        |own: &&Reduction| own.as_simple().is_some() && own.locals.iter().any(|var| is_float(loops, *var));
    cost.add(parfor.reductions.iter().filter(ordered).count() as u64, IN_TURN);
    cost
}

fn is_float(loops: &Loops, var: Var) -> bool {
    loops.vars[var].dtype.is_float()
}

/// The least that an element of a parallel loop takes in lanes along one of its dimensions, and what it takes one by one.
/// Lanes along what is known to be too short take forever.
pub(crate) fn along_any(loops: &Loops, parfor: &Parfor) -> Cost {
    let elements = parfor.extents.iter().map(|extent| length(loops, *extent));
    let elements = elements.reduce(|n, extent| n?.checked_mul(extent?)).flatten();
    let along = |axis: usize| {
        let mut turned = parfor.clone();
        turned.indices[axis..].rotate_left(1);
        turned.extents[axis..].rotate_left(1);
        per_element(loops, &turned)
    };
    let least = (0..parfor.indices.len()).map(along).min_by_key(|cost| cost.lanes);
    let least = least.unwrap_or(Cost { alone: 0, lanes: u64::MAX });
    match elements {
        Some(elements) if elements < SHORT as u64 => Cost { lanes: u64::MAX, ..least },
        _ => least,
    }
}

/// What a statement takes one by one, but for the blocks inside it.
pub(crate) fn alone(loops: &Loops, stmt: &Stmt) -> u64 {
    let mut sum = Sum { loops, lanes_along: None, stored: Vec::new() };
    sum.statement(stmt, ONCE).alone
}

/// What all iterations of a loop take in lanes, if one takes so much.
pub(crate) fn of_lane_loop(loops: &Loops, extent: Value, lanes: u64) -> u64 {
    trips(loops, extent).saturating_mul(lanes).saturating_add(ENTRY)
}

/// How often a loop is taken to run.
pub(crate) fn trips(loops: &Loops, extent: Value) -> u64 {
    length(loops, extent).unwrap_or(TRIPS).min(2 * TRIPS)
}

/// How often a `while` is taken to run.
pub(crate) const TRIPS_OF_WHILE: u64 = TRIPS / 2;

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
}

/// Where a block stands.
#[derive(Clone, Copy)]
struct Around {
    depth: u32,
    /// The index of the innermost loop around, if it runs as often for all lanes.
    walks: Option<Value>,
    /// Whether only some lanes come by.
    some: bool,
}

const ONCE: Around = Around { depth: 0, walks: None, some: false };

impl Sum<'_> {
    /// What a block takes, with all that is inside.
    fn block(&mut self, block: &[Stmt], around: Around) -> Cost {
        let mut cost = Cost::default();
        for stmt in block {
            let own = self.statement(stmt, around);
            cost.add(1, own);
            let inside = match stmt {
                Stmt::While { header, cond, body } => {
                    let differs = self.varies(*cond);
                    let inside =
                        Around { depth: around.depth + 1, walks: None, some: around.some || differs };
                    let mut each = self.block(header, inside);
                    each.add(1, self.block(body, inside));
                    let chain = chain(self.loops, header).max(chain(self.loops, body));
                    let waiting = if differs { waiting(self.loops, header, body, None) } else { 1 };
                    self.repeated(each, chain, TRIPS_OF_WHILE, waiting, around)
                }
                Stmt::For { index, extent, until, body } => {
                    let differs = until.is_some() || self.varies(*extent);
                    let inside = Around {
                        depth: around.depth + 1,
                        walks: (!differs).then_some(*index),
                        some: around.some || differs,
                    };
                    let each = self.block(body, inside);
                    let waiting = match differs {
                        true if until.is_some() => waiting(self.loops, body, body, Some(*index)),
                        true => UNEVEN,
                        false => 1,
                    };
                    self.repeated(each, chain(self.loops, body), trips(self.loops, *extent), waiting, around)
                }
                Stmt::If { cond, then, otherwise } => self.branch(*cond, then, otherwise, around),
                _ => continue,
            };
            cost.add(1, inside);
        }
        cost
    }

    /// All iterations of a loop.
    fn repeated(&self, mut each: Cost, chain: u64, trips: u64, waiting: u64, around: Around) -> Cost {
        each.add(1, SIMPLE);
        let each = Cost {
            alone: each.alone.max(chain.saturating_mul(CYCLE)),
            lanes: each.lanes.max(chain.saturating_mul(CYCLE) / IN_FLIGHT),
        };
        let trips = if around.depth < MOST_DEPTH { trips } else { 1 };
        let mut all = Cost { alone: if waiting > 1 { UNFORESEEN } else { 0 }, lanes: 0 };
        all.add(trips, Cost { lanes: each.lanes.saturating_mul(waiting), ..each });
        all
    }

    /// Of two sides one by one takes one, lanes mostly take both.
    fn branch(&mut self, cond: Value, then: &[Stmt], otherwise: &[Stmt], around: Around) -> Cost {
        let differs = self.varies(cond);
        let inside = Around { walks: None, some: around.some || differs, ..around };
        let mut sides = self.block(then, inside);
        sides.add(1, self.block(otherwise, inside));
        sides.alone = sides.alone.div_ceil(2);
        if !differs {
            sides.lanes = sides.lanes.div_ceil(2);
        } else if !(is_cheap(self.loops, then) && is_cheap(self.loops, otherwise)) {
            sides.alone = sides.alone.saturating_add(UNFORESEEN / 4);
        }
        sides
    }

    /// What a statement takes, but for the blocks inside it.
    fn statement(&mut self, stmt: &Stmt, around: Around) -> Cost {
        match stmt {
            Stmt::Let(value) => self.expression(*value, around),
            Stmt::Store { buffer, index, .. } => {
                let cost = self.access(*buffer, index, around, true);
                let least = if around.some { SOME.lanes } else { 0 };
                Cost { lanes: cost.lanes.max(least), ..cost }
            }
            Stmt::While { .. } | Stmt::For { .. } | Stmt::Check { .. } => SIMPLE,
            _ => Cost::default(),
        }
    }

    fn varies(&self, value: Value) -> bool {
        self.lanes_along.as_ref().is_some_and(|(varying, _)| varying.value(value))
    }

    /// Whether a value is affine along the lanes.
    fn is_place(&mut self, value: Value) -> bool {
        let Some((varying, forms)) = &mut self.lanes_along else { return false };
        varying.value(value) && forms.of(value).is_some_and(|form| form.width == Width::FULL)
    }

    fn expression(&mut self, value: Value, around: Around) -> Cost {
        let data = &self.loops.values[value];
        let cost = match &data.expr {
            // What is a place alone is part of addresses.
            Expr::Op(..) | Expr::Cast(_) if data.dtype.is_int() && self.is_place(value) => PLACE,
            Expr::Op(op, args) => {
                let constant = args.last().and_then(|arg| self.loops.constant(*arg));
                let is_power = constant.is_some_and(|constant| constant.to_bits().is_power_of_two());
                match op {
                    ScalarOp::Div | ScalarOp::Rem if data.dtype.is_int() && is_power => SIMPLE,
                    op => operation(*op, self.loops.dtype(args[0]), constant.is_some()),
                }
            }
            Expr::Cast(from) => {
                let from = self.loops.dtype(*from);
                let meets = from.is_float() != data.dtype.is_float();
                let wide = from.is_wide_int() || data.dtype.is_wide_int();
                let is_short = [from, data.dtype].iter().any(|dtype| dtype.is_float() && dtype.bits() == 32);
                match meets && wide {
                    false => SIMPLE,
                    true if is_short || from.is_float() => BY_HALVES,
                    true => WIDE_CONVERSION,
                }
            }
            Expr::Load { buffer, index } => self.access(*buffer, index, around, false),
            Expr::Random { .. } => FUNCTION,
            Expr::Const(_)
            | Expr::Param(_)
            | Expr::Bound
            | Expr::Var(_)
            | Expr::Dim { .. }
            | Expr::Trips { .. }
            | Expr::LinearIndex
            | Expr::Threads => Cost::default(),
        };
        // What is the same for all lanes is done once for several registers.
        if self.varies(value) { cost } else { Cost { lanes: cost.alone.div_ceil(16), ..cost } }
    }

    fn access(&mut self, buffer: Buffer, index: &[Value], around: Around, stores: bool) -> Cost {
        let unit = unit_axis(self.loops, buffer);
        let mut found = Cost { lanes: 1, ..SIMPLE };
        let Some((varying, forms)) = &mut self.lanes_along else { return found };
        let short = self.loops.buffers[buffer].dtype.bits() < 32;
        // Along rows of their own lanes load tiles.
        let along = unit.and_then(|unit| index.get(unit as usize).copied());
        let tiles =
            along.zip(around.walks).is_some_and(|(along, walks)| walks_with(self.loops, along, walks))
                && !around.some
                && !short
                && !self.stored.contains(&buffer);
        let parts = part_axis(self.loops, varying, buffer, index);
        for (axis, index) in index.iter().enumerate() {
            if !varying.value(*index) {
                continue;
            }
            let form = forms.between_borders(*index).filter(|form| form.width == Width::FULL);
            let cost = match form {
                Some(form) if form.coefficient.as_constant() == Some(0) => continue,
                Some(form) if form.coefficient.as_constant() == Some(1) && unit == Some(axis as u8) => {
                    NEIGHBOURS
                }
                Some(form)
                    if form.coefficient.as_constant() == Some(1) && parts == Some(axis) && !around.some =>
                {
                    PARTS
                }
                Some(form)
                    if unit == Some(axis as u8) && !around.some && is_near(&form.coefficient, stores) =>
                {
                    PARTS
                }
                Some(_) if tiles => TILED,
                Some(_) if around.depth > 0 => ROWS,
                Some(_) => STRIDED,
                None if around.depth > 0 => ANYWHERE_INSIDE,
                None => ANYWHERE,
            };
            let cost = match cost.lanes > PARTS.lanes && short {
                true => Cost { lanes: SHORT_ELEMENTS, ..cost },
                false => cost,
            };
            if cost.lanes > found.lanes {
                found = cost;
            }
        }
        found
    }
}

/// Whether a number goes on by one whenever another does: the same, or more or less by something else.
fn walks_with(loops: &Loops, number: Value, other: Value) -> bool {
    const MOST_STEPS: usize = 4;
    let step = |number: &Value| match &loops.values[*number].expr {
        Expr::Op(ScalarOp::Add, args) if args[1] == other => Some(other),
        Expr::Op(ScalarOp::Add | ScalarOp::Sub, args) => Some(args[0]),
        _ => None,
    };
    std::iter::successors(Some(number), step).take(MOST_STEPS).any(|number| number == other)
}

fn operation(op: ScalarOp, dtype: DType, constant: bool) -> Cost {
    match op {
        op if is_expansion(op) => FUNCTION,
        ScalarOp::Div if dtype.is_float() => QUOTIENT,
        ScalarOp::Div | ScalarOp::Rem if constant && dtype.is_wide_int() => WIDE_BY_CONSTANT,
        ScalarOp::Div | ScalarOp::Rem if constant => BY_CONSTANT,
        ScalarOp::Rem => WHOLE_QUOTIENT,
        ScalarOp::Div => WHOLE_QUOTIENT,
        ScalarOp::Sqrt => QUOTIENT,
        ScalarOp::Mul if dtype.is_wide_int() => WIDE_PRODUCT,
        _ => SIMPLE,
    }
}
