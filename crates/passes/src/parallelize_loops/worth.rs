//! Whether lanes are faster than one iteration after the other.
//!
//! ```text
//!                          one by one      in lanes, an element
//! add, compare …                    4           1
//! load, neighbours                  4           1
//! load at a stride                  4           8         in loops inside: 16, for each lane reads a cache line of its own
//! load anywhere                     4          20
//! quotient of integers             24          40         lane by lane
//! exp, sin …                       80          20
//! while, as long as differs                     twice     lanes wait for the last of them
//! ```
//!
//! The numbers are quarters of what an addition takes one by one, for registers of four elements. They are rough, and only
//! ever compared with each other: what is close may be wrong either way.

use crate::affine::{AffineForms, Width};
use crate::lane_cost::{SHORT, unit_axis};
use crate::vectorize::Varying;
use parfuse_ir::loops::{Buffer, Expr, Loops, Parfor, Stmt, Value, walk};
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
const STRIDED: Cost = Cost { alone: 4, lanes: 8 };
/// At a stride in a loop inside, which often is along the rows: one by one that would read neighbours.
const ROWS: Cost = Cost { alone: 4, lanes: 16 };
const ANYWHERE: Cost = Cost { alone: 4, lanes: 20 };
const QUOTIENT: Cost = Cost { alone: 16, lanes: 8 };
const WHOLE_QUOTIENT: Cost = Cost { alone: 24, lanes: 40 };
/// Products of 64-bit integers, and conversions between them and floats, which not every processor has for lanes.
const WIDE: Cost = Cost { alone: 4, lanes: 4 };
const FUNCTION: Cost = Cost { alone: 80, lanes: 20 };

/// How often a loop inside is taken to run.
const TRIPS: u64 = 4;
/// Deeper loops inside count as much as these.
const MOST_DEPTH: u32 = 4;

/// Whether lanes along one of its dimensions are worth it for a parallel loop without checks and sums of floats.
pub(super) fn lanes_pay(loops: &Loops, parfor: &Parfor) -> bool {
    let constant = |extent: &Value| match loops.constant(*extent) {
        Some(Scalar::Usize(length)) => Some(length),
        _ => None,
    };
    let elements = parfor.extents.iter().map(constant).try_fold(1usize, |n, extent| n.checked_mul(extent?));
    if elements.is_some_and(|elements| elements < SHORT) {
        return false;
    }
    (0..parfor.indices.len()).any(|axis| {
        let mut turned = parfor.clone();
        turned.indices[axis..].rotate_left(1);
        turned.extents[axis..].rotate_left(1);
        let lane = turned.indices.last().copied().expect("it has a dimension");
        let forms = AffineForms::new(loops, &turned.indices, &turned.body, lane);
        let mut sum = Sum { loops, varying: Varying::of(loops, &turned), forms, alone: 0, lanes: 0 };
        sum.block(&turned.body);
        sum.lanes < sum.alone
    })
}

struct Sum<'a> {
    loops: &'a Loops,
    varying: Varying,
    forms: AffineForms<'a>,
    alone: u64,
    lanes: u64,
}

/// How often a block runs, one by one and in lanes, in halves.
#[derive(Clone, Copy)]
struct Times {
    depth: u32,
    alone: u64,
    lanes: u64,
}

impl Sum<'_> {
    fn block(&mut self, block: &[Stmt]) {
        let once = Times { depth: 0, alone: 2, lanes: 2 };
        walk::visit_within(block, once, |stmt, times| {
            match stmt {
                Stmt::Let(value) => {
                    let cost = self.expression(*value, times.depth);
                    self.add(cost, times);
                }
                Stmt::Store { buffer, index, .. } => {
                    let cost = self.access(*buffer, index, times.depth);
                    self.add(cost, times);
                }
                Stmt::While { .. } | Stmt::For { .. } => self.add(SIMPLE, times),
                _ => {}
            }
            self.inside(stmt, times)
        });
    }

    fn add(&mut self, cost: Cost, times: Times) {
        self.alone += cost.alone * times.alone;
        self.lanes += cost.lanes * times.lanes;
    }

    /// How often the blocks inside a statement run.
    fn inside(&self, stmt: &Stmt, times: Times) -> Times {
        let differs = match stmt {
            Stmt::While { cond, .. } => self.varying.value(*cond),
            Stmt::For { extent, until, .. } => until.is_some() || self.varying.value(*extent),
            // Of two sides one by one takes one, lanes mostly take both.
            Stmt::If { cond, .. } if self.varying.value(*cond) => {
                return Times { alone: times.alone.div_ceil(2), ..times };
            }
            _ => return times,
        };
        let factor = if times.depth < MOST_DEPTH { TRIPS } else { 1 };
        let waiting = if differs { 2 } else { 1 };
        Times {
            depth: times.depth + 1,
            alone: times.alone * factor,
            lanes: times.lanes.saturating_mul(factor * waiting),
        }
    }

    fn expression(&mut self, value: Value, depth: u32) -> Cost {
        let data = &self.loops.values[value];
        let cost = match &data.expr {
            Expr::Op(op, args) => operation(*op, self.loops.dtype(args[0])),
            Expr::Cast(from) => {
                let from = self.loops.dtype(*from);
                let meets = from.is_float() != data.dtype.is_float();
                let wide = from.is_wide_int() || data.dtype.is_wide_int();
                if meets && wide { WIDE } else { SIMPLE }
            }
            Expr::Load { buffer, index } => self.access(*buffer, index, depth),
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
        if self.varying.value(value) { cost } else { Cost { lanes: cost.alone.div_ceil(16), ..cost } }
    }

    fn access(&mut self, buffer: Buffer, index: &[Value], depth: u32) -> Cost {
        let unit = unit_axis(self.loops, buffer);
        let mut found = Cost { lanes: 1, ..SIMPLE };
        for (axis, index) in index.iter().enumerate() {
            if !self.varying.value(*index) {
                continue;
            }
            let form = self.forms.of(*index).filter(|form| form.width == Width::FULL);
            let cost = match form {
                Some(form) if form.coefficient.as_constant() == Some(1) && unit == Some(axis as u8) => {
                    NEIGHBOURS
                }
                Some(_) if depth > 0 => ROWS,
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
