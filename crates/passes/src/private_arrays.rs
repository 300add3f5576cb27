//! Gives the arrays that the iterations of a parallel loop make for themselves memory in front of it.
//!
//! ```text
//! parfor v1 in v0 {                            alloc b2[v5, v3]
//!   alloc b1[v3]                               parfor v6 in v5 {
//!   for v4 in v3 { store b1[v4], … }     ⇒       for v8 in v7 {
//!   …                                              for v4 in v3 { store b2[v6, v4], … }
//! }                                                …
//! ```
//!
//! The loop becomes one over shares, each of which goes through some iterations in order and has arrays of its own: as
//! many as keep threads busy, and fewer where the arrays are large. What iterations combine is kept for each of them and
//! combined afterwards by a loop over the space there was, in its order.

use crate::Changed;
use crate::copies::Copies;
use crate::emit::Emit;
use crate::hash::{FastMap, FastSet};
use crate::kept::Kept;
use crate::replace_loops::replace_loops;
use crate::shares::Shares;
use parfuse_ir::grid::Grain;
use parfuse_ir::loops::walk::{self, blocks_mut};
use parfuse_ir::loops::{
    Block, Buffer, BufferData, Expr, Loops, Origin, Parfor, Source, Stmt, Target, Value, Var, VarData,
};
use parfuse_ir::{DType, Loc, Scalar, ScalarOp};
use std::collections::BTreeMap;

/// The most shares.
const SHARES: usize = 128;
/// As many there are at least, if there are iterations.
const FEWEST: usize = 16;
/// What the arrays of all shares may take, in bytes, if these are not the fewest.
const MEMORY: usize = 1 << 26;

/// Moves the arrays made inside parallel loops out of them.
pub fn private_arrays(loops: &mut Loops) -> Changed {
    replace_loops(loops, share)
}

/// Arrays, with the lengths of their axes wherever they are made.
type Made = BTreeMap<Buffer, Vec<Vec<Value>>>;

/// The arrays that are made inside a block, with the lengths that they are given.
pub(crate) fn made(body: &Block) -> Made {
    let mut made = Made::new();
    walk::statements(body).for_each(|stmt| {
        if let Stmt::Alloc { buffer, shape, .. } = stmt {
            made.entry(*buffer).or_default().push(shape.clone());
        }
    });
    made
}

/// The first array made inside a parallel loop that iterations may give different lengths to, and where.
pub(crate) fn of_uneven_length(loops: &Loops, parfor: &Parfor) -> Option<(Buffer, Loc)> {
    let own = made(&parfor.body);
    if own.is_empty() {
        return None;
    }
    let inside = defined(parfor);
    let is_uneven = |buffer: &Buffer, shape: &[Value]| {
        (0..shape.len()).any(|axis| {
            let lengths = lengths(loops, &own, &inside, *buffer, axis as u8);
            needed(loops, &inside, &lengths).is_none()
        })
    };
    let mut uneven = None;
    walk::statements(&parfor.body).for_each(|stmt| {
        if let Stmt::Alloc { buffer, shape, loc, .. } = stmt
            && uneven.is_none()
            && is_uneven(buffer, shape)
        {
            uneven = Some((*buffer, *loc));
        }
    });
    uneven
}

/// The lengths that an axis of an array is given wherever it is made, or what they are at most. It may be given that of another
/// one.
fn lengths(loops: &Loops, made: &Made, inside: &FastSet<Value>, buffer: Buffer, axis: u8) -> Vec<Value> {
    let mut lengths = Vec::new();
    let mut pending = vec![(buffer, axis)];
    let mut seen: FastSet<(Buffer, u8)> = FastSet::default();
    while let Some((buffer, axis)) = pending.pop() {
        if !seen.insert((buffer, axis)) {
            continue;
        }
        for shape in &made[&buffer] {
            let length = shape[axis as usize];
            match loops.values[length].expr {
                Expr::Dim { buffer, axis } if made.contains_key(&buffer) => pending.push((buffer, axis)),
                _ => lengths.push(at_most(loops, inside, length)),
            }
        }
    }
    lengths.sort_unstable();
    lengths.dedup();
    lengths
}

/// What is known in front of the loop of a length: it, or what it is at most.
fn at_most(loops: &Loops, inside: &FastSet<Value>, length: Value) -> Value {
    match &loops.values[length].expr {
        Expr::Op(ScalarOp::Min, operands) if needed(loops, inside, &[length]).is_none() => {
            let known = operands.iter().find(|operand| needed(loops, inside, &[**operand]).is_some());
            known.copied().unwrap_or(length)
        }
        _ => length,
    }
}

fn defined(parfor: &Parfor) -> FastSet<Value> {
    let mut inside: FastSet<Value> = parfor.indices.iter().copied().collect();
    walk::statements(&parfor.body).for_each(|stmt| {
        walk::defined(stmt, |value| {
            inside.insert(value);
        });
    });
    inside
}

/// What is to be computed in front of a loop so that these values are known there; nothing if they differ between
/// iterations.
fn needed(loops: &Loops, inside: &FastSet<Value>, values: &[Value]) -> Option<FastSet<Value>> {
    let mut found: FastSet<Value> = FastSet::default();
    let mut pending: Vec<Value> = values.to_vec();
    while let Some(value) = pending.pop() {
        if !inside.contains(&value) || !found.insert(value) {
            continue;
        }
        match &loops.values[value].expr {
            expr @ (Expr::Op(..) | Expr::Cast(_) | Expr::Trips { .. }) => {
                walk::operands(expr, |operand| pending.push(operand));
            }
            Expr::Dim { buffer, .. } if matches!(loops.buffers[*buffer].origin, Origin::Param { .. }) => {}
            Expr::Const(_) | Expr::Param(_) | Expr::Threads => {}
            // Of an array of the iteration's own, or of one that is the same for all: then it is known in front.
            Expr::Dim { .. }
            | Expr::Var(_)
            | Expr::Bound
            | Expr::Load { .. }
            | Expr::LinearIndex
            | Expr::Random { .. } => return None,
        }
    }
    Some(found)
}

/// Replaces a loop whose iterations make arrays.
fn share(loops: &mut Loops, parfor: Parfor, block: &mut Block) -> Option<Parfor> {
    let made = made(&parfor.body);
    let ([index], [extent]) = (&parfor.indices[..], &parfor.extents[..]) else { return Some(parfor) };
    let to_vars = parfor.reductions.iter().all(|own| matches!(own.into, Target::Vars(_)));
    if made.is_empty() || !to_vars {
        return Some(parfor);
    }
    let (index, extent) = (*index, *extent);
    let inside = defined(&parfor);
    let mut axes: BTreeMap<Buffer, Vec<Vec<Value>>> = BTreeMap::new();
    for (buffer, shapes) in &made {
        let rank = shapes[0].len() as u8;
        axes.insert(*buffer, (0..rank).map(|axis| lengths(loops, &made, &inside, *buffer, axis)).collect());
    }
    let all: Vec<Value> = axes.values().flatten().flatten().copied().collect();
    let Some(needed) = needed(loops, &inside, &all) else { return Some(parfor) };
    let loc = loops.values[index].loc;

    // The lengths, in front of the loop.
    let mut computing = Block::new();
    walk::statements(&parfor.body).for_each(|stmt| {
        if matches!(stmt, Stmt::Let(value) if needed.contains(value)) {
            computing.push(stmt.clone());
        }
    });
    let mut copies = Copies::default();
    copies.block(loops, &computing, block);
    let mut to = Emit { loops, block, loc };
    let mut shapes: BTreeMap<Buffer, Vec<Value>> = BTreeMap::new();
    let mut bytes = to.constant(1);
    for (buffer, axes) in &axes {
        let longest = |lengths: &Vec<Value>| {
            let lengths = lengths.iter().map(|length| copies.value(*length));
            lengths.reduce(|a, b| to.op(ScalarOp::Max, a, b)).expect("it is made somewhere")
        };
        let shape: Vec<Value> = axes.iter().map(longest).collect();
        let width = to.constant(to.loops.buffers[*buffer].dtype.size());
        let size = shape.iter().fold(width, |size, length| to.op(ScalarOp::Mul, size, *length));
        bytes = to.op(ScalarOp::Add, bytes, size);
        shapes.insert(*buffer, shape);
    }

    // How many shares there are.
    let [memory, fewest, most] = [MEMORY, FEWEST, SHARES].map(|number| to.constant(number));
    let fitting = to.op(ScalarOp::Div, memory, bytes);
    let at_least = to.op(ScalarOp::Max, fitting, fewest);
    let at_most = to.op(ScalarOp::Min, at_least, most);
    let shares = to.op(ScalarOp::Min, at_most, extent);
    let cut = Shares::new(&mut to, extent, shares);

    let mut sharing =
        Sharing { index, share: to.bound(), arrays: FastMap::default(), dims: FastMap::default() };
    for (buffer, lengths) in &shapes {
        let data = to.loops.buffers[*buffer].clone();
        let own = to.loops.buffers.push(BufferData { rank: data.rank + 1, origin: Origin::Local, ..data });
        let shape = std::iter::once(shares).chain(lengths.iter().copied()).collect();
        to.block.push(Stmt::Alloc { buffer: own, shape, zeroed: false, loc });
        sharing.arrays.insert(*buffer, own);
    }
    let kept = Kept::new(&mut to, &parfor.reductions, &[extent]).expect("all totals go to variables");

    let mut body = Block::new();
    let mut to = Emit { loops: to.loops, block: &mut body, loc };
    let [first, number] = cut.of(&mut to, sharing.share);
    let counter = to.bound();

    let mut inner = vec![Stmt::Let(index)];
    to.loops.values[index].expr = Expr::Op(ScalarOp::Add, vec![first, counter]);
    let Parfor { body: mut iteration, sources, grain, .. } = parfor;
    kept.begin(to.loops, &mut inner);
    sharing.block(to.loops, &mut iteration);
    inner.append(&mut iteration);
    kept.keep(to.loops, &[index], &mut inner, loc);
    to.block.push(Stmt::For { index: counter, extent: number, until: None, body: inner });
    block.push(Stmt::Parfor(Parfor {
        indices: vec![sharing.share],
        extents: vec![shares],
        reductions: Vec::new(),
        body,
        sources: Source::of_groups(&sources),
        grain: Grain::Coarse,
        elements: true,
    }));
    // What they contribute is combined in the order of the space there was.
    kept.combine(loops, sources, grain, block, loc);
    None
}

/// What iterations become.
struct Sharing {
    /// The iteration.
    index: Value,
    /// Its share.
    share: Value,
    /// What holds the arrays of all shares.
    arrays: FastMap<Buffer, Buffer>,
    /// The present lengths of an iteration's own arrays.
    dims: FastMap<(Buffer, u8), Var>,
}

impl Sharing {
    fn block(&mut self, loops: &mut Loops, block: &mut Block) {
        for mut stmt in std::mem::take(block) {
            match &mut stmt {
                Stmt::Alloc { buffer, shape, .. } => {
                    for (axis, value) in shape.iter().enumerate() {
                        let var = self.dim(loops, *buffer, axis as u8);
                        block.push(Stmt::Set { var, value: *value });
                    }
                    continue;
                }
                Stmt::Store { buffer, index, .. } => self.shared(buffer, index),
                Stmt::Check { iteration, .. } => *iteration = iteration.or(Some(self.index)),
                Stmt::Let(value) => self.expr(loops, *value),
                _ => {}
            }
            blocks_mut(&mut stmt).for_each(|inner| self.block(loops, inner));
            block.push(stmt);
        }
    }

    fn expr(&mut self, loops: &mut Loops, value: Value) {
        let mut expr = loops.values[value].expr.clone();
        match &mut expr {
            Expr::Load { buffer, index } => self.shared(buffer, index),
            Expr::Dim { buffer, axis } if self.arrays.contains_key(buffer) => {
                expr = Expr::Var(self.dim(loops, *buffer, *axis));
            }
            // It is the number of the iteration.
            Expr::LinearIndex => {
                let none = loops.value(Expr::Const(Scalar::Usize(0)), DType::Usize, Loc::NONE);
                expr = Expr::Op(ScalarOp::Add, vec![self.index, none]);
            }
            _ => return,
        }
        loops.values[value].expr = expr;
    }

    fn shared(&self, buffer: &mut Buffer, index: &mut Vec<Value>) {
        if let Some(all) = self.arrays.get(buffer) {
            *buffer = *all;
            index.insert(0, self.share);
        }
    }

    fn dim(&mut self, loops: &mut Loops, buffer: Buffer, axis: u8) -> Var {
        *self.dims.entry((buffer, axis)).or_insert_with(|| {
            let name = loops.buffers[buffer].name.clone();
            loops.vars.push(VarData { name, dtype: DType::Usize })
        })
    }
}
