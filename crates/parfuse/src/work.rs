//! How much work a region is, estimated before it runs: what decides which code runs it.
//!
//! ```text
//! body {                                  12 operations
//!   loop while ult v4, v1 { … }           9 operations, as often as v1 says: a slot of the frame
//! }                                       work = elements · (12 + 9 · slot)
//! ```
//!
//! The number of iterations is that of the counter's bound where it follows from the frame; indices of the space stand
//! for the middle of their range. It only decides about time: all code computes the same bits.

use crate::call::CallFrame;
use parfuse_ir::lane::{Block, Code, Inst, LaneOp, Node, Region, Value};

/// As many iterations as a loop is taken to have of which nothing is known.
const UNKNOWN: u64 = 1 << 16;

/// A body is taken to be at least this many operations: loads and stores take longer than others.
const LEAST: u64 = 16;

/// How deep the computation of a bound is looked into.
const MAX_DEPTH: u32 = 8;

/// The work of one element.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Work {
    operations: u64,
    loops: Vec<(Option<Value>, Work)>,
}

/// What is known when a region is launched.
#[derive(Clone, Copy)]
pub(crate) struct Known<'a> {
    pub(crate) code: &'a Code,
    pub(crate) frame: CallFrame<'a>,
    pub(crate) extents: &'a [usize],
}

impl Work {
    /// The work of an element of a region.
    pub(crate) fn of(region: &Region) -> Work {
        Work::of_block(&region.code, &region.code.body)
    }

    fn of_block(code: &Code, block: &Block) -> Work {
        let mut work = Work::default();
        let mut left = vec![block];
        while let Some(block) = left.pop() {
            for node in block {
                work.operations += 1;
                match node {
                    Node::If { then, otherwise, .. } => left.extend([then, otherwise]),
                    Node::Loop { header, body, .. } => {
                        let mut inside = Work::of_block(code, body);
                        inside.operations += header.len() as u64;
                        work.loops.push((bound(code, header), inside));
                    }
                    Node::Lanes(own) => {
                        let mut inside = Work::of_block(code, &own.body);
                        inside.operations += own.prologue.len() as u64;
                        work.loops.push((Some(own.extent), inside));
                    }
                    _ => {}
                }
            }
        }
        work
    }

    /// The operations of the text.
    pub(crate) fn text(&self) -> u64 {
        self.operations + self.loops.iter().map(|(_, inside)| inside.text()).sum::<u64>()
    }

    /// Whether there is a loop of whose iterations nothing will be known.
    pub(crate) fn is_open(&self) -> bool {
        self.loops.iter().any(|(bound, inside)| bound.is_none() || inside.is_open())
    }

    /// The work of this many elements, in operations.
    pub(crate) fn of_elements(&self, elements: usize, known: Known<'_>) -> u64 {
        self.each(known).max(LEAST).saturating_mul(elements as u64)
    }

    fn each(&self, known: Known<'_>) -> u64 {
        let loops = self.loops.iter().map(|(bound, inside)| {
            let iterations = bound.and_then(|bound| evaluate(known, bound, 0)).unwrap_or(UNKNOWN);
            inside.each(known).saturating_mul(iterations)
        });
        loops.fold(self.operations, u64::saturating_add)
    }
}

/// What the counter of a loop is compared with.
fn bound(code: &Code, header: &Block) -> Option<Value> {
    header.iter().find_map(|node| match node {
        Node::Let(value) => match &code.values[*value].inst {
            Inst::Op(LaneOp::ULt, args) if matches!(code.values[args[0]].inst, Inst::Bound) => Some(args[1]),
            _ => None,
        },
        _ => None,
    })
}

/// A value, if it follows from the frame and the space.
fn evaluate(known: Known<'_>, value: Value, depth: u32) -> Option<u64> {
    let Known { code, frame, extents } = known;
    let layout = frame.layout();
    if depth > MAX_DEPTH {
        return None;
    }
    let middle = |dimension: Option<usize>| {
        dimension.and_then(|dimension| extents.get(dimension)).map(|extent| *extent as u64 / 2)
    };
    match &code.values[value].inst {
        Inst::Const(bits) => Some(*bits),
        Inst::Slot(slot) => Some(frame.read(*slot)),
        Inst::Dim(buffer, axis) => Some(frame.read(layout.dim(*buffer, *axis))),
        Inst::Stride(buffer, axis) => Some(frame.read(layout.stride(*buffer, *axis))),
        Inst::RowIndex(dimension) => middle(Some(*dimension as usize)),
        Inst::LaneIndex => middle(extents.len().checked_sub(1)),
        Inst::LinearIndex => {
            Some(extents.iter().fold(1u64, |n, extent| n.saturating_mul(*extent as u64)) / 2)
        }
        Inst::Op(op, args) => {
            let mut operands = [0; 3];
            for (operand, arg) in operands.iter_mut().zip(args) {
                *operand = evaluate(known, *arg, depth + 1)?;
            }
            Some(op.eval(code.values[args[0]].ty, &operands[..args.len()]))
        }
        Inst::Bound | Inst::Load { .. } | Inst::Any(_) | Inst::Outside(..) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parfuse_ir::lane::Lane;

    fn work(loop_bound: &str) -> (bool, u64) {
        let text = format!(
            "lane f params 1 frame 3 {{
              driver {{
                v0: i64 = slot 1
                slot 2 = v0
                launch r0
              }}
              region r0 extents [2] coarse {{
                prologue {{
                  v0: i64 = slot 1
                }}
                body {{
                  loop v2: i64 = 0i64 {{
                    v3: bool = ult v2, {loop_bound}
                    test v3
                  }} do {{
                    v5: i64 = iadd v2, 1i64
                    next v5
                  }}
                }}
              }}
            }}"
        );
        let lane = Lane::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let region = lane.regions.iter().next().unwrap().1;
        let work = Work::of(region);
        let mut slots = vec![0, 1000, 1000];
        slots.resize(lane.frame.whole_len(), 0);
        let frame = CallFrame::new(&lane.frame, &mut slots);
        let known = Known { code: &region.code, frame, extents: &[1000] };
        (work.is_open(), work.of_elements(1000, known))
    }

    #[test]
    fn iterations_are_those_that_the_frame_tells() {
        let (open, all) = work("v0");
        assert!(!open && (1_000_000..4_000_000).contains(&all), "{all}");
    }
}
