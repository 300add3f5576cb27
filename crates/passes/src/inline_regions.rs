//! Makes plain loops of small regions inside serial loops, and the arrays of their iterations once, in front.
//!
//! ```text
//! for v1 in v0 {                                 alloc b1[8usize, 8usize]
//!   alloc b1[8usize, 8usize] zeroed              for v1 in v0 {
//!   parfor v2, v3 in 8usize, 8usize {              for v4 in 8usize { for v5 in 8usize { store b1[v4, v5], 0.0f64 } }
//!     …                                   ⇒        for v2 in 8usize { for v3 in 8usize {
//!     store b1[v2, v3], …                             …
//!   }                                                 store b1[v2, v3], …
//!   …                                              } }  …
//! ```
//!
//! To launch a region, or to have an array made, takes longer than a block of a picture does, and blocks are many. Without
//! either the loop is one of those that may be compiled as a whole, with lanes where its inner loops have them. All that it
//! launches has to be small for that, and its arrays of lengths that are known, not handed on, and nobody else's.

use crate::Changed;
use crate::element_cost::per_element;
use crate::emit::Emit;
use crate::hash::FastMap;
use crate::loop_order::launches;
use crate::replace_loops::in_body;
use parfuse_ir::loops::walk::{self, blocks_mut};
use parfuse_ir::loops::{Block, Buffer, Expr, Loops, Output, Parfor, Stmt, Value};
use parfuse_ir::{Loc, Scalar};

/// The most that a region may be expected to take, in units of [`crate::element_cost`]: a few times what it takes to launch one.
const MOST: u64 = 16_000;
/// The most elements of an array that is made in front, whether or not an iteration comes to it.
const MOST_ELEMENTS: usize = 4096;

/// Makes plain loops of small regions inside serial loops, and the arrays of their iterations once.
pub fn inline_regions(loops: &mut Loops) -> Changed {
    let is_loop = |stmt: &Stmt| matches!(stmt, Stmt::For { .. } | Stmt::While { .. });
    if !walk::statements(&loops.body).any(is_loop) {
        return Changed::No;
    }
    let mut mentions = mentions(loops, &loops.body);
    for result in &loops.results {
        if let Output::Buffer(buffer) = result {
            *mentions.entry(*buffer).or_default() += 1;
        }
    }
    in_body(loops, |loops, body| in_block(loops, body, &mentions))
}

/// How often a block mentions arrays.
fn mentions(loops: &Loops, block: &[Stmt]) -> FastMap<Buffer, usize> {
    let mut mentions: FastMap<Buffer, usize> = FastMap::default();
    let mut mention = |buffer: Buffer| *mentions.entry(buffer).or_default() += 1;
    for stmt in walk::statements(block) {
        walk::buffers(stmt, &mut mention);
        if let Stmt::Let(value) = stmt {
            loops.values[*value].expr.buffer().into_iter().for_each(&mut mention);
        }
    }
    mentions
}

fn in_block(loops: &mut Loops, block: &mut Block, mentions: &FastMap<Buffer, usize>) -> bool {
    let mut changed = false;
    for mut stmt in std::mem::take(block) {
        let serial = matches!(stmt, Stmt::For { .. } | Stmt::While { .. });
        if serial && is_to_be_inlined(loops, &stmt, mentions) {
            blocks_mut(&mut stmt).for_each(|inner| inline(loops, inner, block));
            changed = true;
        } else if !matches!(stmt, Stmt::Parfor(_)) {
            blocks_mut(&mut stmt).for_each(|inner| changed |= in_block(loops, inner, mentions));
        }
        block.push(stmt);
    }
    changed
}

/// Whether a loop launches something, all of it small.
fn is_to_be_inlined(loops: &Loops, stmt: &Stmt, mentioned: &FastMap<Buffer, usize>) -> bool {
    let whole = std::slice::from_ref(stmt);
    let launched: Vec<&Stmt> = walk::statements(whole).filter(|stmt| launches(stmt)).collect();
    if launched.is_empty() {
        return false;
    }
    let own = mentions(loops, whole);
    let made_once = |buffer: Buffer| {
        let makes = |stmt: &&&Stmt| matches!(stmt, Stmt::Alloc { buffer: made, .. } if *made == buffer);
        launched.iter().filter(makes).count() == 1
    };
    launched.iter().all(|stmt| match stmt {
        Stmt::Parfor(parfor) => is_small(loops, parfor),
        Stmt::Alloc { buffer, shape, .. } => {
            elements(loops, shape).is_some_and(|elements| elements <= MOST_ELEMENTS)
                && own.get(buffer) == mentioned.get(buffer)
                && made_once(*buffer)
        }
        _ => false,
    })
}

/// How many elements there are, if that is known.
fn elements(loops: &Loops, shape: &[Value]) -> Option<usize> {
    let lengths = shape.iter().map(|length| match loops.constant(*length) {
        Some(Scalar::Usize(length)) => Some(length),
        _ => None,
    });
    lengths.reduce(|all, length| all?.checked_mul(length?)).unwrap_or(Some(1))
}

fn is_small(loops: &Loops, parfor: &Parfor) -> bool {
    let plain = walk::statements(&parfor.body).all(|stmt| match stmt {
        Stmt::Let(value) => !matches!(loops.values[*value].expr, Expr::LinearIndex | Expr::Random { .. }),
        // How long it takes has to be known.
        Stmt::For { extent, until: None, .. } => loops.constant(*extent).is_some(),
        stmt => matches!(stmt, Stmt::Set { .. } | Stmt::Store { .. } | Stmt::If { .. }),
    });
    let work = || {
        let elements = elements(loops, &parfor.extents)?;
        Some(per_element(loops, parfor).lanes.saturating_mul(elements as u64))
    };
    plain
        && parfor.reductions.is_empty()
        && !parfor.indices.is_empty()
        && work().is_some_and(|work| work <= MOST)
}

/// Makes loops of regions, and has arrays made in a block in front.
fn inline(loops: &mut Loops, block: &mut Block, front: &mut Block) {
    for mut stmt in std::mem::take(block) {
        match stmt {
            Stmt::Parfor(parfor) => block.push(nest(&parfor.indices, &parfor.extents, parfor.body)),
            Stmt::Alloc { buffer, shape, zeroed, loc } => {
                if zeroed {
                    let fill = fill(loops, buffer, &shape, loc);
                    block.push(fill);
                }
                front.push(Stmt::Alloc { buffer, shape, zeroed: false, loc });
            }
            _ => {
                blocks_mut(&mut stmt).for_each(|inner| inline(loops, inner, front));
                block.push(stmt);
            }
        }
    }
}

/// Loops over a space, the last dimension innermost.
fn nest(indices: &[Value], extents: &[Value], body: Block) -> Stmt {
    let mut body = body;
    for (index, extent) in indices.iter().zip(extents).rev() {
        body = vec![Stmt::For { index: *index, extent: *extent, until: None, body }];
    }
    body.pop().expect("a space has dimensions")
}

fn fill(loops: &mut Loops, buffer: Buffer, shape: &[Value], loc: Loc) -> Stmt {
    let dtype = loops.buffers[buffer].dtype;
    let mut body = Block::new();
    let mut to = Emit { loops, block: &mut body, loc };
    let indices: Vec<Value> = shape.iter().map(|_| to.bound()).collect();
    let value = to.loops.value(Expr::Const(Scalar::from_bits(dtype, 0)), dtype, loc);
    body.push(Stmt::Store { buffer, index: indices.clone(), value, loc });
    nest(&indices, shape, body)
}
