//! What memory costs if a parallel loop's last dimension becomes the lanes.
//!
//! ```text
//! parfor v1, v2 in v3, v4 {          along v2
//!   load b0[v1]                      0     one element for all lanes
//!   load b1[v1, v2]                  1     neighbours
//!   load b4[v1, v2, 0]               2     a part of neighbours: `b4` has a short last axis whose elements lie together
//!   load b1[v1, n - v2]              2     neighbours in falling order, or every other one
//!   load b2[v2, v1]                  4     at a stride, one by one
//!   load b3[v5]                      6     anywhere: v5 was loaded
//!   for v6 in v7 { load b1[v1, v6] } × 4   as often as the loop runs, which is taken to be four times
//! ```
//!
//! The numbers are for comparing dimensions of one loop, not for predicting times: all that happens in
//! registers costs the same along every dimension and is left out. A last dimension that is known to be
//! shorter than two steps of the widest registers spends its time on single elements, whatever memory costs,
//! unless it may merge with the dimensions before it when the arrays are contiguous.

use crate::affine::{AffineForms, Linear, Width};
use crate::packed::of_argument;
use crate::vectorize::{Varying, collapsible};
use parfuse_ir::Scalar;
use parfuse_ir::loops::{Buffer, Expr, Loops, Origin, Parfor, Stmt, Value, walk};

const NEIGHBOURS: u64 = 1;
const PARTS: u64 = 2;
const STRIDED: u64 = 4;
const ANYWHERE: u64 = 6;
/// How often a loop inside is taken to run.
const TRIPS: u64 = 4;
/// Deeper loops inside count as much as these.
const MOST_DEPTH: u32 = 4;
/// A dimension shorter than this is too short for lanes.
pub(crate) const SHORT: usize = 16;

/// What a dimension costs as the lanes; the less the better.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct LaneCost {
    /// Whether it is known to be too short.
    short: bool,
    /// What the accesses cost.
    memory: u64,
}

/// The cost of a loop with its last dimension as the lanes, where `depth` of its dimensions stem from loops inside.
pub(crate) fn lane_cost(loops: &Loops, parfor: &Parfor, depth: u32) -> LaneCost {
    let (Some(lane), Some(extent)) = (parfor.indices.last(), parfor.extents.last()) else {
        return LaneCost { short: true, memory: 0 };
    };
    let short = matches!(loops.constant(*extent), Some(Scalar::Usize(length)) if length < SHORT)
        && !merges(loops, parfor);
    let varying = Varying::of(loops, parfor);
    let forms = AffineForms::of_lanes(loops, &varying, &parfor.body, *lane);
    let mut costs = Costs { loops, varying, forms, memory: 0 };
    costs.block(&parfor.body, depth);
    LaneCost { short, memory: costs.memory }
}

/// Whether the dimensions become one, if the arrays are in row-major order.
pub(crate) fn merges(loops: &Loops, parfor: &Parfor) -> bool {
    let in_order = |(buffer, axes): &(Buffer, Vec<Option<u8>>)| {
        let first = (loops.buffers[*buffer].rank as usize).saturating_sub(axes.len());
        let last = loops.buffers[*buffer].rank.checked_sub(1);
        unit_axis(loops, *buffer) == last
            && axes.iter().zip(first..).all(|(axis, own)| *axis == Some(own as u8))
    };
    collapsible(loops, parfor).is_some_and(|accesses| accesses.iter().all(in_order))
}

/// The axis along which elements are neighbours.
pub(crate) fn unit_axis(loops: &Loops, buffer: Buffer) -> Option<u8> {
    let data = &loops.buffers[buffer];
    match &data.origin {
        Origin::Param { layout, .. } => layout.unit,
        Origin::Local => data.rank.checked_sub(1),
    }
}

/// The axis along which elements are parts of neighbours, of a pixel each, say: the last but one of an argument with a short
/// last axis, where all lanes have the same index there.
pub(crate) fn part_axis(loops: &Loops, varying: &Varying, buffer: Buffer, index: &[Value]) -> Option<usize> {
    let (last, outer) = index.split_last()?;
    let same_part = of_argument(loops, buffer).is_some() && !varying.value(*last);
    outer.len().checked_sub(1).filter(|_| same_part)
}

/// Whether lanes at such a stride are put in order in registers: neighbours in falling order, and, to load, every other one.
pub(crate) fn is_near(stride: &Linear, stores: bool) -> bool {
    match stride.as_constant() {
        Some(-1) => true,
        Some(-2 | 2) => !stores,
        _ => false,
    }
}

/// The loops around a statement.
#[derive(Clone, Copy)]
struct Around {
    depth: u32,
    /// The index of the innermost one, if it counts.
    innermost: Option<Value>,
}

/// How many values are looked at before an index is taken to depend on a loop.
const MOST_OPERANDS: usize = 32;

/// Whether a value may depend on the index of a loop.
fn may_depend(loops: &Loops, value: Value, index: Value) -> bool {
    let mut left = vec![value];
    for _ in 0..MOST_OPERANDS {
        let Some(value) = left.pop() else { return false };
        match &loops.values[value].expr {
            _ if value == index => return true,
            Expr::Load { .. } | Expr::Var(_) | Expr::LinearIndex | Expr::Random { .. } => return true,
            expr => left.extend(expr.operands()),
        }
    }
    !left.is_empty()
}

struct Costs<'a> {
    loops: &'a Loops,
    varying: Varying,
    forms: AffineForms<'a>,
    memory: u64,
}

impl Costs<'_> {
    fn block(&mut self, block: &[Stmt], depth: u32) {
        let around = Around { depth, innermost: None };
        walk::visit_within(block, around, |stmt, around| {
            match stmt {
                Stmt::Let(value) => {
                    if let Expr::Load { buffer, index } = &self.loops.values[*value].expr {
                        self.access(*buffer, index, self.depth_of(index, around), false);
                    }
                }
                Stmt::Store { buffer, index, .. } => {
                    self.access(*buffer, index, self.depth_of(index, around), true);
                }
                _ => {}
            }
            match stmt {
                Stmt::While { .. } => Around { depth: around.depth + 1, innermost: None },
                Stmt::For { index, .. } => Around { depth: around.depth + 1, innermost: Some(*index) },
                _ => around,
            }
        });
    }

    /// How many loops an access is done again in. An element that the innermost one does not move away from will be a
    /// variable of it.
    fn depth_of(&self, index: &[Value], around: Around) -> u32 {
        let stays = |of| !index.iter().any(|index| may_depend(self.loops, *index, of));
        around.depth - around.innermost.is_some_and(stays) as u32
    }

    fn access(&mut self, buffer: Buffer, index: &[Value], depth: u32, stores: bool) {
        let unit = unit_axis(self.loops, buffer);
        let parts = part_axis(self.loops, &self.varying, buffer, index);
        let mut cost = 0;
        for (axis, index) in index.iter().enumerate() {
            if !self.varying.value(*index) {
                continue;
            }
            let form = self.forms.between_borders(*index).filter(|form| form.width == Width::FULL);
            let by_ones = form.as_ref().is_some_and(|form| form.coefficient.as_constant() == Some(1));
            cost += match form {
                Some(_) if by_ones && unit == Some(axis as u8) => NEIGHBOURS,
                Some(_) if by_ones && parts == Some(axis) => PARTS,
                Some(form) if unit == Some(axis as u8) && is_near(&form.coefficient, stores) => PARTS,
                Some(_) => STRIDED,
                None => ANYWHERE,
            };
        }
        self.memory += cost * TRIPS.pow(depth.min(MOST_DEPTH));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::parse;

    /// The cost of the only loop of a kernel over matrices, and a vector of indices.
    fn cost(extents: &str, body: &str) -> LaneCost {
        let text = format!(
            "loops f(n: usize, b0 a: f64[_, unit], b1 t: f64[_, _], b2 k: i64[unit], mut b3 r: f64[_, unit]) {{
               parfor v0, v1 in {extents} {{ {body} }}
             }}"
        );
        let loops = parse(&text);
        let Stmt::Parfor(parfor) = &loops.body[0] else { panic!("{loops}") };
        lane_cost(&loops, parfor, 0)
    }

    #[test]
    fn neighbours_are_cheaper_than_strides_and_strides_than_anything_else() {
        let row = cost("n, n", "v2: f64 = load b0[v0, v0]");
        let unit = cost("n, n", "v2: f64 = load b0[v0, v1]");
        let strided = cost("n, n", "v2: f64 = load b0[v1, v0]");
        let unknown = cost("n, n", "v2: f64 = load b1[v0, v1]");
        let falling = cost("n, n", "v2: usize = sub n, v1 v3: f64 = load b0[v0, v2]");
        let gather = cost("n, n", "v2: i64 = load b2[v1] v3: usize = cast v2 v4: f64 = load b0[v0, v3]");
        assert!(row < unit && unit < falling && falling < strided && strided < gather);
        assert_eq!(strided, unknown);
    }

    #[test]
    fn parts_of_neighbours_are_cheaper_than_strides() {
        let along = |indices: &str, layout: &str| {
            let text = format!(
                "loops f(n: usize, b0 a: f64[{layout}], mut b1 r: f64[_, unit]) {{
                   parfor v0, v1 in n, n {{ v2: f64 = load b0[{indices}, 2usize] }}
                 }}"
            );
            let loops = parse(&text);
            let Stmt::Parfor(parfor) = &loops.body[0] else { panic!("{loops}") };
            lane_cost(&loops, parfor, 0).memory
        };
        assert_eq!(along("v0, v1", "_, _, 3"), PARTS);
        assert_eq!(along("v1, v0", "_, _, 3"), STRIDED);
        assert_eq!(along("v0, v1", "_, _, unit"), STRIDED);
    }

    #[test]
    fn accesses_in_loops_count_more() {
        let once = cost("n, n", "store b3[v0, v1], 0.0f64");
        let often = cost("n, n", "for v3 in n { store b3[v3, v1], 0.0f64 }");
        assert!(once < often);
    }

    #[test]
    fn accesses_that_a_loop_does_not_move_count_as_in_front_of_it() {
        let moved = cost("n, n", "for v3 in n { store b3[v3, v1], 0.0f64 }");
        let stays = cost("n, n", "for v3 in n { store b3[v0, v1], 0.0f64 }");
        assert!(stays < moved);
        assert_eq!(stays, cost("n, n", "store b3[v0, v1], 0.0f64"));
    }

    #[test]
    fn short_dimensions_count_only_if_they_cannot_merge() {
        let merges = "v2: f64 = load b0[v0, v1] store b3[v0, v1], v2";
        let stays = "v2: f64 = load b0[v0, v1] v3: f64 = cast v1 v4: f64 = add v2, v3 store b3[v0, v1], v4";
        assert_eq!(cost("n, 3usize", merges), cost("n, n", merges));
        assert!(cost("n, 3usize", stays) > cost("n, n", stays));
        assert_eq!(cost("n, 300usize", stays), cost("n, n", stays));
    }
}
