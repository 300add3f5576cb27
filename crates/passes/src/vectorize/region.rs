//! Parallel loops: a region each, and in the driver the launch with all that goes in and comes out.
//!
//! ```text
//! parfor v3 in v0 reduce(sum x1 -> x0) { … v2 … }
//!
//! driver   slot 20 = v0     extent            region   prologue { v0 = slot 21 }
//!          slot 21 = v2     live-in                    body     { …; contribution of x1 }
//!          launch r0
//!          v9 = slot 22     total
//!          x0 = x0 + v9
//! ```
//!
//! A parallel loop without indices has no extents: one element, at lane index zero, in which nothing varies.

use super::affine;
use super::collapse::collapsible;
use super::dead;
use super::legalize::{legalize, narrow};
use super::liveness::{VarSet, assigned, live_before, live_into};
use super::parts;
use super::translate::{Place, Translator};
use super::varying::Varying;
use crate::effects::Changes;
use crate::hash::{FastMap, FastSet};
use parfuse_ir::grid::Grain;
use parfuse_ir::lane::{Inst, LaneOp, LaneType, Node, Output, Reduction, Region, Slot, Value, Walk};
use parfuse_ir::loops::{self, Buffer, Loops, Nest, Origin, Parfor, Stmt, Var, walk};
use parfuse_ir::math::Primitives;
use parfuse_ir::{DType, ReduceOp};

/// What the driver hands to a region.
#[derive(Clone, Copy)]
enum Input {
    Constant(u64),
    Slot(Slot),
}

/// The values and variables that a region reads from outside, with their types.
#[derive(Default)]
struct Inputs {
    values: Vec<(loops::Value, LaneType, Input)>,
    vars: Vec<(Var, LaneType, Input)>,
    slots: FastMap<Value, Slot>,
}

impl Translator<'_> {
    /// Translates a parallel loop: a region, and its launch here in the driver.
    pub(super) fn parfor(&mut self, parfor: &Parfor) {
        let extents = parfor.extents.iter().map(|extent| {
            let value = self.value(*extent);
            let slot = self.shared.frame.add();
            self.build.node(Node::SetSlot { slot, value });
            slot
        });
        let extents = extents.collect();
        let inputs = self.inputs(parfor, &live_into(self.loops, parfor));
        let has_lane_loops = walk::statements(&parfor.body).any(|stmt| matches!(stmt, Stmt::Parfor(_)));
        let walk = if parfor.elements || has_lane_loops { Walk::Elements } else { Walk::Lanes };
        let region = self.region(parfor, walk, extents, &inputs, &VarSet::new());
        let totals: Vec<(Slot, LaneType)> = region
            .reductions
            .iter()
            .map(|reduction| (reduction.total, LaneType::of(reduction.dtype)))
            .collect();
        let region = self.shared.regions.push(region);
        self.build.node(Node::Launch(region));
        for ((op, _, target), (slot, ty)) in simple(parfor).zip(totals) {
            let total = self.build.here(Inst::Slot(slot), ty, false);
            let dtype = self.loops.vars[target].dtype;
            let before = self.var(target);
            let after = legalize(&mut self.build, op.combine(), &[dtype; 2], &[before, total]);
            self.env.insert(target, after);
        }
    }

    /// Translates a nest: a region of one element, and its launch here in the driver.
    pub(super) fn nest(&mut self, nest: &Nest, live: &VarSet) {
        let Nest { body, sources } = nest;
        let element = Parfor {
            indices: Vec::new(),
            extents: Vec::new(),
            reductions: Vec::new(),
            body: body.clone(),
            sources: sources.clone(),
            grain: Grain::Coarse,
            elements: false,
        };
        let outputs = &assigned(body) & live;
        let inputs = self.inputs(&element, &live_before(self.loops, body, &outputs));
        let region = self.region(&element, Walk::Once, Vec::new(), &inputs, &outputs);
        let slots: Vec<(Slot, LaneType)> =
            region.outputs.iter().map(|output| (output.slot, region.code.values[output.value].ty)).collect();
        let region = self.shared.regions.push(region);
        self.build.node(Node::Launch(region));
        let shaped = Changes::of_block(body).shaped;
        shaped.iter().for_each(|buffer| self.build.reshape(*buffer));
        for (var, (slot, ty)) in outputs.into_iter().zip(slots) {
            let after = self.build.here(Inst::Slot(slot), ty, false);
            self.env.insert(var, after);
        }
    }

    /// Stores what the region reads into slots.
    fn inputs(&mut self, parfor: &Parfor, vars: &VarSet) -> Inputs {
        let mut inputs = Inputs::default();
        for value in self::inputs(self.loops, parfor) {
            let outside = self.value(value);
            let input = self.input(outside, &mut inputs.slots);
            inputs.values.push((value, self.build.ty(outside), input));
        }
        for var in vars {
            let outside = self.var(*var);
            let input = self.input(outside, &mut inputs.slots);
            inputs.vars.push((*var, self.build.ty(outside), input));
        }
        inputs
    }

    fn input(&mut self, value: Value, slots: &mut FastMap<Value, Slot>) -> Input {
        if let Some(bits) = self.build.bits(value) {
            return Input::Constant(bits);
        }
        let slot = *slots.entry(value).or_insert_with(|| {
            let slot = self.shared.frame.add();
            self.build.node(Node::SetSlot { slot, value });
            slot
        });
        Input::Slot(slot)
    }

    fn region(
        &mut self,
        parfor: &Parfor,
        walk: Walk,
        extents: Vec<Slot>,
        inputs: &Inputs,
        outputs: &VarSet,
    ) -> Region {
        let Changes { mut stored, shaped, .. } = Changes::of_block(&parfor.body);
        stored.extend(shaped.iter());
        let varying = match walk {
            Walk::Lanes => Varying::of(self.loops, parfor),
            Walk::Elements | Walk::Once => Varying::nothing(self.loops),
        };
        let place = Place::Region { varying, stored };
        let mut inside = Translator::new(self.loops, self.shared, place, parfor.indices.len(), walk);
        for (value, ty, input) in &inputs.values {
            let input = inside.receive(*ty, self.loops.values[*value].dtype, *input);
            inside.values.insert(*value, input);
        }
        for (var, ty, input) in &inputs.vars {
            let input = inside.receive(*ty, self.loops.vars[*var].dtype, *input);
            inside.env.insert(*var, input);
        }
        let (rows, lane) = match parfor.indices.split_last() {
            Some((lane, rows)) if !walk.is_scalar() => (rows, Some(lane)),
            _ => (&parfor.indices[..], None),
        };
        for (dimension, index) in rows.iter().enumerate() {
            let row = inside.build.pure(Inst::RowIndex(dimension as u8), LaneType::I64, false);
            inside.values.insert(*index, row);
        }
        if let Some(lane) = lane {
            let index = affine::lane_index(&mut inside.build);
            inside.values.insert(*lane, index);
        }
        for (op, local, _) in simple(parfor) {
            let dtype = inside.loops.vars[local].dtype;
            let identity = inside.scalar(op.identity(dtype));
            inside.env.insert(local, identity);
        }
        let locals: VarSet = simple(parfor).map(|(_, local, _)| local).collect();
        inside.block(&parfor.body, &(&locals | outputs));

        let reductions: Vec<Reduction> = simple(parfor)
            .map(|(op, local, _)| Reduction {
                op,
                dtype: inside.loops.vars[local].dtype,
                contribution: inside.contribution(op, local),
                total: inside.shared.frame.add(),
            })
            .collect();
        let outputs: Vec<Output> = outputs
            .iter()
            .map(|var| Output { value: inside.var(*var), slot: inside.shared.frame.add() })
            .collect();
        let (mut prologue, mut code) = inside.build.finish();
        if walk == Walk::Lanes {
            let packed = &self.shared.packed;
            let neighbours = |buffer: Buffer| match &self.loops.buffers[buffer].origin {
                Origin::Param { layout, .. } => layout.stride(self.loops.buffers[buffer].rank - 1) == Some(1),
                Origin::Local => true,
            };
            parts::join(&mut code, |buffer| neighbours(buffer) && packed.of_buffer(buffer).is_none());
        }
        let contributions = reductions.iter().map(|reduction| reduction.contribution);
        let roots: Vec<Value> = contributions.chain(outputs.iter().map(|output| output.value)).collect();
        dead::remove(&mut code, &mut prologue, &roots);
        Region {
            code,
            prologue,
            extents,
            grain: parfor.grain,
            walk,
            collapsible: collapsible(self.loops, parfor).filter(|_| !walk.is_scalar()),
            reductions,
            outputs,
            sources: parfor.sources.clone(),
        }
    }

    fn receive(&mut self, ty: LaneType, dtype: DType, input: Input) -> Value {
        match input {
            Input::Constant(bits) => self.build.constant(ty, bits),
            Input::Slot(slot) => self.contents(slot, dtype),
        }
    }

    /// What a slot holds. In regions it is said again what the type of a short integer says, such that whoever computes
    /// with it can rely on that.
    pub(super) fn contents(&mut self, slot: Slot, dtype: DType) -> Value {
        let word = self.build.pure(Inst::Slot(slot), LaneType::of(dtype), false);
        if matches!(self.place, Place::Region { .. }) { narrow(&mut self.build, word, dtype) } else { word }
    }

    /// An iteration's contribution, without the identity that it starts from.
    ///
    /// Accumulators start as the identity too, so that taking in `combine(identity, e)` and `e` differ for no
    /// `e`: an accumulator that starts as 0.0 never becomes -0.0, which is what `0.0 + e` could have saved it
    /// from, and one that takes a minimum drops NaN by itself.
    pub(super) fn contribution(&mut self, op: ReduceOp, local: Var) -> Value {
        let value = self.var(local);
        let dtype = self.loops.vars[local].dtype;
        let identity = self.scalar(op.identity(dtype));
        if let Some(element) = self.without_identity(op, value, identity) {
            return element;
        }
        let Inst::Op(LaneOp::Select, choice) = self.build.inst(value).clone() else { return value };
        let sides = [choice[1], choice[2]];
        let [yes, no] = sides.map(|side| self.without_identity(op, side, identity).unwrap_or(side));
        self.build.op(LaneOp::Select, &[choice[0], yes, no])
    }

    /// The `e` of `combine(identity, e)`, where folding has left any of it.
    fn without_identity(&self, op: ReduceOp, value: Value, identity: Value) -> Option<Value> {
        let Inst::Op(primitive, operands) = self.build.inst(value) else { return None };
        match (op, primitive, &operands[..]) {
            (ReduceOp::Sum, LaneOp::FAdd, [start, element]) if *start == identity => Some(*element),
            (ReduceOp::Min, LaneOp::FMin, [element, start]) if *start == identity => Some(*element),
            (ReduceOp::Max, LaneOp::FMax, [element, start]) if *start == identity => Some(*element),
            _ => None,
        }
    }
}

/// The operators, locals and targets of a loop's reductions. Others have become loops of their own.
pub(super) fn simple(parfor: &Parfor) -> impl Iterator<Item = (ReduceOp, Var, Var)> + '_ {
    parfor.reductions.iter().map(|reduction| reduction.as_simple().expect("lowered to loops otherwise"))
}

/// The values that a parallel loop uses and does not define, but constants and parameters: older ones first.
fn inputs(loops: &Loops, parfor: &Parfor) -> Vec<loops::Value> {
    let mut used = Vec::new();
    let mut defined: FastSet<loops::Value> = parfor.indices.iter().copied().collect();
    for stmt in walk::statements(&parfor.body) {
        walk::reads(loops, stmt, |value| {
            let expr = &loops.values[value].expr;
            if !defined.contains(&value) && (!expr.is_leaf() || matches!(expr, loops::Expr::Bound)) {
                used.push(value);
            }
        });
        walk::defined(stmt, |value| {
            defined.insert(value);
        });
    }
    // Conditions of loops are used in front of their definitions.
    used.retain(|value| !defined.contains(value));
    used.sort_unstable();
    used.dedup();
    used
}
