//! Makes arrays where they are to be: what is moved to a name is made under that name, or in place of what it replaces.
//!
//! ```text
//! alloc b2[v0]                               alloc b1[v0]
//! parfor v3 in v0 { store b2[v3], … }   ⇒    parfor v3 in v0 { store b1[v3], … }      nobody looks at b1 in between
//! move b2 to b1
//!
//! alloc b2[v0]
//! parfor v3 in v0 {                          parfor v3 in v0 {
//!   v4: f64 = load b1[v3]                      v4: f64 = load b1[v3]                  or only at the element that is
//!   store b2[v3], …                     ⇒      store b1[v3], …                        about to be stored
//! }                                          }
//! move b2 to b1
//! ```
//!
//! The second is right where both arrays have one shape, which is said of arrays that have the same lengths wherever they
//! are made, in front of all loops; and where an iteration of the one loop that stores the new array has no use for the
//! old one's element any more. What the old array held beside that is lost either way.

use crate::Changed;
use crate::effects::Effects;
use crate::hash::FastMap;
use parfuse_ir::loops::walk::{self, blocks_mut};
use parfuse_ir::loops::{Block, Buffer, Expr, Loops, Origin, Output, Parfor, Stmt, Value};

/// Makes moved arrays where they go, if nothing is in the way.
pub fn moved_arrays(loops: &mut Loops) -> Changed {
    if !walk::statements(&loops.body).any(|stmt| matches!(stmt, Stmt::Move { .. })) {
        return Changed::No;
    }
    let mut body = std::mem::take(&mut loops.body);
    let mut changed = false;
    // Each arrival changes who mentions what.
    loop {
        let arrays = Arrays::of(loops, &body);
        if !in_block(loops, &arrays, &mut body) {
            break;
        }
        changed = true;
    }
    loops.body = body;
    changed.into()
}

/// What is known of all arrays.
struct Arrays {
    /// How many statements mention each, returns among them.
    mentions: FastMap<Buffer, usize>,
    /// The lengths that each has wherever it is made, if these are the same.
    shapes: FastMap<Buffer, Option<Vec<Value>>>,
}

impl Arrays {
    fn of(loops: &Loops, body: &Block) -> Arrays {
        let mut arrays = Arrays { mentions: FastMap::default(), shapes: FastMap::default() };
        for output in &loops.results {
            if let Output::Buffer(buffer) = output {
                *arrays.mentions.entry(*buffer).or_default() += 1;
            }
        }
        walk::statements(body).for_each(|stmt| {
            mentioned(loops, stmt, |buffer| *arrays.mentions.entry(buffer).or_default() += 1)
        });
        arrays.find_shapes(loops, body);
        arrays
    }

    fn find_shapes(&mut self, loops: &Loops, body: &Block) {
        let mut everywhere: Vec<Value> = Vec::new();
        for stmt in body {
            if let Stmt::Let(value) = stmt {
                everywhere.push(*value);
            }
        }
        let is_one_number = |value: &Value| {
            loops.values[*value].expr.is_leaf() && loops.values[*value].expr != Expr::Bound
                || everywhere.contains(value)
        };
        let mut moves = Vec::new();
        walk::statements(body).for_each(|stmt| match stmt {
            Stmt::Alloc { buffer, shape, .. } => {
                let shape = shape.iter().all(is_one_number).then(|| shape.clone());
                let known = self.shapes.entry(*buffer).or_insert_with(|| shape.clone());
                if *known != shape {
                    *known = None;
                }
            }
            Stmt::Call(call) => call.written().for_each(|buffer| _ = self.shapes.insert(buffer, None)),
            Stmt::Resize { buffer, .. } => _ = self.shapes.insert(*buffer, None),
            Stmt::Move { to, from } => moves.push((*to, *from)),
            _ => {}
        });
        // What may be moved to a name has the shape of what has that name, until nothing says otherwise.
        loop {
            let mut changed = false;
            for (to, from) in &moves {
                let theirs = self.shapes.get(from).cloned().flatten();
                let known = self.shapes.entry(*to).or_insert_with(|| theirs.clone());
                if known.is_some() && *known != theirs {
                    *known = None;
                    changed = true;
                }
            }
            if !changed {
                return;
            }
        }
    }

    fn have_one_shape(&self, first: Buffer, second: Buffer) -> bool {
        let shape = |buffer| self.shapes.get(&buffer).and_then(Option::as_ref);
        shape(first).is_some() && shape(first) == shape(second)
    }
}

/// Calls `f` with each array that a statement mentions, its expression included.
fn mentioned(loops: &Loops, stmt: &Stmt, mut f: impl FnMut(Buffer)) {
    match stmt {
        Stmt::Let(value) => loops.values[*value].expr.buffer().into_iter().for_each(f),
        _ => walk::buffers(stmt, &mut f),
    }
}

/// Does it for one move; answers whether there was one.
fn in_block(loops: &mut Loops, arrays: &Arrays, block: &mut Block) -> bool {
    for position in 0..block.len() {
        let Stmt::Move { to, from } = block[position] else { continue };
        let made = (0..position)
            .rev()
            .find(|at| matches!(&block[*at], Stmt::Alloc { buffer, .. } if *buffer == from));
        let Some(made) = made else { continue };
        match place(loops, arrays, &block[made..position], to, from) {
            Some(Place::New) => {
                block.remove(position);
                rename(loops, &mut block[made..position], from, to);
            }
            Some(Place::Old) => {
                block.remove(position);
                rename(loops, &mut block[made + 1..position], from, to);
                block.remove(made);
            }
            None => continue,
        }
        return true;
    }
    block.iter_mut().any(|stmt| {
        // What iterations make for themselves is not moved to where others see it.
        !matches!(stmt, Stmt::Parfor(_)) && blocks_mut(stmt).any(|inner| in_block(loops, arrays, inner))
    })
}

/// Where a moved array is to be made.
enum Place {
    /// In memory of its own, under its later name.
    New,
    /// In the memory of the array that it replaces.
    Old,
}

/// Where an array can be made that is moved at the end of `life`, which begins where it is made.
fn place(loops: &Loops, arrays: &Arrays, life: &[Stmt], to: Buffer, from: Buffer) -> Option<Place> {
    let is_local = |buffer: Buffer| loops.buffers[buffer].origin == Origin::Local;
    let mut own = 0;
    walk::statements(life)
        .for_each(|stmt| mentioned(loops, stmt, |buffer| own += usize::from(buffer == from)));
    // The last mention is the move.
    if to == from || !is_local(to) || !is_local(from) || arrays.mentions[&from] != own + 1 {
        return None;
    }
    let users: Vec<&Stmt> = life.iter().filter(|stmt| touches(loops, stmt, to)).collect();
    if users.is_empty() {
        return Some(Place::New);
    }
    let [Stmt::Parfor(user)] = users[..] else { return None };
    let in_place = arrays.have_one_shape(to, from) && replaces(loops, life, user, to, from);
    in_place.then_some(Place::Old)
}

fn touches(loops: &Loops, stmt: &Stmt, buffer: Buffer) -> bool {
    let effects = Effects::of(loops, stmt);
    effects.accesses(buffer) || effects.measured.contains(&buffer) || effects.changes.shaped.contains(&buffer)
}

/// Whether a loop stores all of the new array, each element where the iteration is done with the old one's, and is the
/// first to touch the new one.
fn replaces(loops: &Loops, life: &[Stmt], user: &Parfor, old: Buffer, new: Buffer) -> bool {
    let first = life[1..].iter().find(|stmt| touches(loops, stmt, new));
    let is_first = matches!(first, Some(Stmt::Parfor(parfor)) if std::ptr::eq(parfor, user));
    let Some(Stmt::Alloc { shape, .. }) = life.first() else { return false };
    if !is_first
        || *shape != user.extents
        || user
            .reductions
            .iter()
            .any(|reduction| reduction.target_buffers().any(|target| target == old || target == new))
    {
        return false;
    }
    let is_stored = |stmt: &Stmt| matches!(stmt, Stmt::Store { buffer, index, .. } if *buffer == new && *index == user.indices);
    let Some(stored) = user.body.iter().position(is_stored) else { return false };
    let (before, after) =
        (Effects::of_block(loops, &user.body[..stored]), Effects::of_block(loops, &user.body[stored + 1..]));
    if before.accesses(new) || before.changes.stored.contains(&old) || after.accesses(old) {
        return false;
    }
    // The new array's other accesses stay behind the store, and are the iteration's own affair as they were.
    let is_own = |stmt: &Stmt| match stmt {
        Stmt::Let(value) => match &loops.values[*value].expr {
            Expr::Load { buffer, index } => *buffer != old || *index == user.indices,
            Expr::Dim { buffer, .. } => *buffer != old,
            _ => true,
        },
        _ => true,
    };
    walk::statements(&user.body).all(is_own)
}

/// Has statements use another array.
fn rename(loops: &mut Loops, stmts: &mut [Stmt], from: Buffer, to: Buffer) {
    let replace = |buffer: &mut Buffer| {
        if *buffer == from {
            *buffer = to;
        }
    };
    walk::visit_mut(stmts, |stmt| match stmt {
        Stmt::Let(value) => loops.values[*value].expr.buffer_mut().into_iter().for_each(replace),
        _ => walk::buffers_mut(stmt, replace),
    });
}
