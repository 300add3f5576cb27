//! Arrays inside the iterations of a parallel loop: computed element by element, where they are used.
//!
//! ```text
//! prange i in n {                                        parfor v0 in n {
//!   v3: [f64; 1] = mul (view a[i, ..]), w                  for v1 in m {
//!   update (view out[i, ..]) of out, v3           →          v4 = load b0[v0, v1]; v5 = load b1[v1]
//! }                                                          store b2[v0, v1], mul v4, v5
//!                                                          }
//!                                                        }
//! ```
//!
//! No array is made where that can be avoided: what an operation gives is kept as what it is computed from, until a
//! statement assigns it to the elements of a place, reduces it or takes one of its elements. By then its operands must
//! still hold what they held. As an iteration runs by itself, these loops are plain ones (`iterations`), which later passes
//! treat as the user's own.
//!
//! What is needed after its operands have changed is made an array of the iteration's own after all: the program is
//! lowered once more, with that known.

use super::Lowering;
use super::arrays::{Operand, name_of_operation};
use super::shapes::Access;
use super::views::{Shown, Source};
use crate::hash::{FastMap, FastSet};
use crate::rejection::Rejection;
use parfuse_ir::loops::{Buffer, Expr, Stmt, Value, walk};
use parfuse_ir::math::is_expansion;
use parfuse_ir::program::{self, Block};
use parfuse_ir::{DType, Loc, ScalarOp};
use std::rc::Rc;

/// An array that is not stored anywhere.
#[derive(Debug)]
pub(super) struct Computed {
    pub(super) shape: Vec<Value>,
    pub(super) dtype: DType,
    step: Step,
    operands: Vec<Operand>,
    loc: Loc,
}

/// How an element is computed from those of the operands.
#[derive(Clone, Copy, Debug)]
enum Step {
    Op(ScalarOp),
    Cast,
    Same,
    /// The block of a `map`.
    Map(program::Value),
}

/// An element on its way.
struct Frame {
    computed: Rc<Computed>,
    index: Vec<Value>,
    elements: Vec<Value>,
}

/// The variables that arrays inside iterations are computed from, and which arrays those no longer give.
#[derive(Clone, Default)]
pub(super) struct Inside {
    reads: FastMap<program::Value, FastSet<program::Var>>,
    outdated: FastSet<program::Value>,
    /// One that is used after that.
    pub(super) needed: Option<program::Value>,
    /// What a compound assignment sets a place to: its operands are drawn out to the shape of the place.
    pub(super) compound: Option<program::Value>,
}

impl Lowering<'_> {
    /// Whether it is the block of a `map` that is being lowered.
    pub(super) fn is_inside_map(&self) -> bool {
        self.parallel.as_ref().is_some_and(|parallel| parallel.what == "map")
    }

    /// Whether an array inside an iteration is kept as what it is computed from: unless it is to stay, or be costly more
    /// than once.
    pub(super) fn is_deferred(&self, value: program::Value, destination: Option<program::Var>) -> bool {
        let costs = match &self.program.values[value].expr {
            program::Expr::Op(op, _) => is_expansion(*op),
            // What gives several elements at a time is computed once.
            program::Expr::Map { results, .. } if results.len() > 1 => return false,
            program::Expr::Map { .. } => true,
            program::Expr::Cast(_) | program::Expr::Copy(_) => false,
            _ => return false,
        };
        let again = self.uses.get(&value).is_some_and(|uses| *uses > 1);
        destination.is_none() && !self.made.contains(&value) && !(costs && again)
    }

    /// Keeps what an array inside an iteration is computed from.
    pub(super) fn computed(&mut self, value: program::Value) -> Result<Shown, Rejection> {
        let program = self.program;
        let data = &program.values[value];
        let (dtype, loc) = (data.ty.dtype(), data.loc);
        let (step, operands) = match &data.expr {
            program::Expr::Op(op, operands) => (Step::Op(*op), &operands[..]),
            program::Expr::Cast(from) => (Step::Cast, std::slice::from_ref(from)),
            program::Expr::Copy(from) => (Step::Same, std::slice::from_ref(from)),
            program::Expr::Map { arrays, body, results, .. } if results.len() == 1 => {
                self.refuse_assignments(body)?;
                (Step::Map(value), &arrays[..])
            }
            _ => return Err(self.refused_inside(value)),
        };
        self.note_reads(value, operands);
        let own = self.read_by_block(step);
        self.inside.reads.entry(value).or_default().extend(own);
        let (shape, operands) = match step {
            Step::Map(_) => {
                let first = self.array(operands[0]);
                let shape = self.shape_of(&first);
                let operands = operands.iter().map(|array| self.operand_to(*array, &shape, loc)).collect();
                (shape, operands)
            }
            _ if self.inside.compound == Some(value) => {
                let place = self.array(operands[0]);
                let shape = self.shape_of(&place);
                let operands = operands.iter().map(|array| self.operand_to(*array, &shape, loc)).collect();
                (shape, operands)
            }
            _ => self.operands(operands, loc),
        };
        let computed = Rc::new(Computed { shape, dtype, step, operands, loc });
        self.check_map(&computed)?;
        Ok(computed.into())
    }

    /// Performs the checks of a `map`'s block for all elements where it is written, whoever asks for which of them later.
    fn check_map(&mut self, computed: &Rc<Computed>) -> Result<(), Rejection> {
        let program::Expr::Map { params, body, results, .. } = (match computed.step {
            Step::Map(value) => &self.program.values[value].expr,
            _ => return Ok(()),
        }) else {
            unreachable!("it is a `map`")
        };
        let outer = std::mem::take(&mut self.block);
        let mut mapped = Ok(());
        self.plain_loops(&computed.shape, computed.loc, |lowering, indices| {
            let element = |operand: &Operand| lowering.element(operand, indices, computed.loc);
            let elements = computed.operands.iter().map(element).collect();
            mapped = lowering.mapped(params, body, results[0], elements).map(drop);
        });
        let mut loops = std::mem::replace(&mut self.block, outer);
        if walk::statements(&loops).any(|stmt| matches!(stmt, Stmt::Check { .. })) {
            self.block.append(&mut loops);
        }
        mapped
    }

    /// The refusal of an operation on arrays inside an iteration.
    pub(super) fn refused_inside(&self, value: program::Value) -> Rejection {
        let data = &self.program.values[value];
        Rejection::ArrayOperationInside {
            operation: name_of_operation(&data.expr).to_string(),
            inside: self.parallel.as_ref().map_or("prange", |parallel| parallel.what),
            loc: data.loc,
        }
    }

    /// Remembers which variables an array is computed from, or a view is of.
    pub(super) fn note_reads(&mut self, value: program::Value, operands: &[program::Value]) {
        let mut reads = FastSet::default();
        for operand in operands {
            match self.inside.reads.get(operand) {
                Some(own) => reads.extend(own.iter().copied()),
                None => reads.extend(self.program.viewed_variable(*operand)),
            }
        }
        self.inside.reads.insert(value, reads);
    }

    /// The variables that the block of a `map` reads.
    fn read_by_block(&self, step: Step) -> FastSet<program::Var> {
        let mut reads = FastSet::default();
        if let Step::Map(value) = step
            && let program::Expr::Map { body, .. } = &self.program.values[value].expr
        {
            reads.extend(super::scan::effects(self.program, &[body], self.last_reads).read);
        }
        reads
    }

    /// A variable or its elements change: what was computed from them cannot be computed any more.
    pub(super) fn outdate(&mut self, var: program::Var) {
        let program = self.program;
        let Inside { reads, outdated, .. } = &mut self.inside;
        let concerned = reads.iter().filter(|(value, reads)| {
            // Views show what there is.
            !matches!(program.values[**value].expr, program::Expr::View { .. }) && reads.contains(&var)
        });
        outdated.extend(concerned.map(|(value, _)| *value));
    }

    /// The same in front of a loop, for all that its body changes.
    pub(super) fn outdate_before(&mut self, blocks: &[&Block]) {
        if self.parallel.is_some() {
            super::scan::changed(self.program, blocks).into_iter().for_each(|var| self.outdate(var));
        }
    }

    /// Whether a statement uses what cannot be computed any more.
    pub(super) fn uses_outdated(&mut self, stmt: &program::Stmt) -> bool {
        if self.inside.outdated.is_empty() {
            return false;
        }
        let Inside { outdated, needed, .. } = &mut self.inside;
        program::walk::reads(self.program, stmt, |value| {
            if outdated.contains(&value) {
                *needed = needed.or(Some(value));
            }
        });
        needed.is_some()
    }

    /// An element of an array that is computed, and the elements that it takes: those of operands first.
    pub(super) fn computed_element(&mut self, computed: &Rc<Computed>, index: Vec<Value>) -> Value {
        let frame = |computed: &Rc<Computed>, index| Frame {
            computed: Rc::clone(computed),
            index,
            elements: Vec::new(),
        };
        let mut known: FastMap<(*const Computed, Vec<Value>), Value> = FastMap::default();
        let mut frames = vec![frame(computed, index)];
        loop {
            let Frame { computed, index, elements } = frames.last().expect("one is left");
            let (computed, index) = (Rc::clone(computed), index.clone());
            let Some(operand) = computed.operands.get(elements.len()) else {
                let Frame { elements, .. } = frames.pop().expect("it was the last");
                let value = self.performed(&computed, elements);
                let Some(outer) = frames.last_mut() else { return value };
                outer.elements.push(value);
                known.insert((Rc::as_ptr(&computed), index), value);
                continue;
            };
            let element = match operand {
                Operand::Scalar(value) => Some(*value),
                Operand::Array { array, accesses } => {
                    let own = self.accessed(accesses, &index, computed.loc);
                    let own = self.indices_of(array, &own, computed.loc);
                    match &array.source {
                        Source::Buffer(buffer) => Some(self.loaded(*buffer, own, computed.loc)),
                        Source::Computed(inner) => {
                            let before = known.get(&(Rc::as_ptr(inner), own.clone())).copied();
                            if before.is_none() {
                                frames.push(frame(inner, own));
                            }
                            before
                        }
                    }
                }
            };
            if let Some(element) = element {
                frames.last_mut().expect("one is left").elements.push(element);
            }
        }
    }

    fn performed(&mut self, computed: &Computed, elements: Vec<Value>) -> Value {
        match computed.step {
            Step::Op(op) => self.emit(Expr::Op(op, elements), computed.dtype, computed.loc),
            Step::Cast => self.emit(Expr::Cast(elements[0]), computed.dtype, computed.loc),
            Step::Same => elements[0],
            Step::Map(value) => {
                let program::Expr::Map { params, body, results, .. } = &self.program.values[value].expr
                else {
                    unreachable!("it is a `map`")
                };
                self.mapped(params, body, results[0], elements).expect("it has been tried")
            }
        }
    }

    /// Whether overwriting the elements of a place one by one never changes what is still to be read of an operand: of the
    /// same buffer it reads the very element that is written, or the one in its place in another row.
    pub(super) fn is_in_step(&self, place: &Shown, operand: &Operand) -> bool {
        let mut pending: Vec<(Rc<Computed>, bool)> = Vec::new();
        let mut seen: FastSet<(*const Computed, bool)> = FastSet::default();
        let mut fits = |operand: &Operand, direct: bool, pending: &mut Vec<(Rc<Computed>, bool)>| {
            let Operand::Array { array, accesses } = operand else { return true };
            let own = accesses.iter().enumerate().all(|(axis, access)| *access == Access::Direct(axis));
            let direct = direct && own;
            match &array.source {
                Source::Buffer(_) if array.source == place.source => direct && place.runs_beside(array),
                Source::Buffer(_) => true,
                // A block may read any element.
                Source::Computed(inner) if self.reads_in_block(inner, place) => false,
                Source::Computed(inner) => {
                    let direct = direct && array.is_whole();
                    if seen.insert((Rc::as_ptr(inner), direct)) {
                        pending.push((Rc::clone(inner), direct));
                    }
                    true
                }
            }
        };
        if !fits(operand, true, &mut pending) {
            return false;
        }
        while let Some((inner, direct)) = pending.pop() {
            if !inner.operands.iter().all(|operand| fits(operand, direct, &mut pending)) {
                return false;
            }
        }
        true
    }

    fn reads_in_block(&self, computed: &Computed, place: &Shown) -> bool {
        let is_place = |var: &program::Var| {
            self.array_vars.get(var).is_some_and(|buffer| Source::Buffer(*buffer) == place.source)
        };
        self.read_by_block(computed.step).iter().any(is_place)
    }

    /// Whether an operand takes elements of a buffer.
    pub(super) fn takes_from(&self, operand: &Operand, buffer: Buffer) -> bool {
        let place = Shown::from(buffer);
        let mut pending: Vec<Operand> = vec![operand.clone()];
        let mut seen: FastSet<*const Computed> = FastSet::default();
        while let Some(operand) = pending.pop() {
            let Operand::Array { array, .. } = operand else { continue };
            match &array.source {
                Source::Buffer(_) if array.source == place.source => return true,
                Source::Buffer(_) => {}
                Source::Computed(inner) if self.reads_in_block(inner, &place) => return true,
                Source::Computed(inner) => {
                    if seen.insert(Rc::as_ptr(inner)) {
                        pending.extend(inner.operands.iter().cloned());
                    }
                }
            }
        }
        false
    }
}
