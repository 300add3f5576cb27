//! Cuts loops that keep some of their items, one behind the other, into parts that know where their items begin.
//!
//! ```text
//! for v1 in v0 {                      parfor v8 in shares { for v1 in share v8 { x2 = x2 + v3 }   store b8[v8], x2 }
//!   v3 = gt v2, limit                 for v8 in shares { store b9[v8], x0   x0 = x0 + b8[v8] }
//!   if v3 {                    ⇒      parfor v8 in shares { for v1 in share v8 {
//!     v4 = x0   store b1[v4], v2        v3 = gt v2, limit
//!     x0 = v4 + 1                       if x3 < b9[v8] + b8[v8] { store b1[x3], v2   x3 = x3 + v3 }
//!   }                                 } }
//! }
//! ```
//!
//! The first loop counts what each part keeps, so that the second one can store the items of all parts at the same time. It
//! stores an item whether it is kept or not, to be overwritten by the next one if it is not: the branch that is left holds
//! until the part has all its items, where the one on the item itself is anybody's guess. What is stored in the end, and
//! where, is the same, and how many parts there are is nobody's business. Items that cannot be computed where they are not kept
//! are stored in their branch.
//!
//! Short loops run as they were, and so do those that would store outside of an array, up to where they do. Loops inside others
//! are left alone.

use crate::Changed;
use crate::copies::Copies;
use crate::emit::Emit;
use crate::hash::FastSet;
use crate::replace_loops::in_body;
use crate::shares::Shares;
use parfuse_ir::grid::Grain;
use parfuse_ir::loops::walk::{self, blocks_mut};
use parfuse_ir::loops::{
    Block, Buffer, BufferData, Expr, Loops, Origin, Parfor, Source, Stmt, Value, Var, VarData,
};
use parfuse_ir::{DType, Loc, Scalar, ScalarOp};

/// The most parts.
const SHARES: usize = 64;
/// How many iterations a part has at least.
const LEAST: usize = 128;
/// Longer loops are not copied.
const MOST_STATEMENTS: usize = 64;

/// Cuts loops that keep some of their items into parts.
pub fn compact_loops(loops: &mut Loops) -> Changed {
    in_body(loops, in_block)
}

fn in_block(loops: &mut Loops, block: &mut Block) -> bool {
    let mut changed = false;
    for mut stmt in std::mem::take(block) {
        if let Stmt::If { .. } = stmt {
            blocks_mut(&mut stmt).for_each(|inner| changed |= in_block(loops, inner));
        } else if let Some(compaction) = Compaction::of(loops, &stmt) {
            changed = true;
            compaction.cut(loops, block);
            continue;
        }
        block.push(stmt);
    }
    changed
}

/// A loop that keeps items.
struct Compaction {
    index: Value,
    extent: Value,
    body: Block,
    /// Counts the items.
    count: Var,
    /// What is stored of an item.
    stores: Vec<Kept>,
    /// What the counter has to stay below.
    limits: Vec<Value>,
    /// What is computed for an item, in order, but for what becomes of the counter.
    lets: Vec<Value>,
    /// Those among them that stand where an item is kept.
    own: Vec<Value>,
    /// The conditions under which it is kept, and which way they go; none if it cannot be computed where it is not kept.
    conditions: Option<Vec<(Value, bool)>>,
}

/// An element of an item.
#[derive(Clone)]
struct Kept {
    buffer: Buffer,
    /// Nothing where the counter stands.
    index: Vec<Option<Value>>,
    value: Value,
    loc: Loc,
}

impl Compaction {
    fn of(loops: &Loops, stmt: &Stmt) -> Option<Compaction> {
        let Stmt::For { index, extent, until: None, body } = stmt else { return None };
        if walk::statements(body).count() > MOST_STATEMENTS {
            return None;
        }
        let (keeping, path) = kept(body)?;
        let count = keeping.iter().find_map(|stmt| match stmt {
            Stmt::Set { var, .. } if loops.vars[*var].dtype.is_index() => Some(*var),
            _ => None,
        })?;
        let mut inside: FastSet<Value> = FastSet::from_iter([*index]);
        let mut stored: FastSet<Buffer> = FastSet::default();
        for stmt in walk::statements(body) {
            walk::defined(stmt, |value| {
                inside.insert(value);
            });
            match stmt {
                Stmt::Store { buffer, .. } => drop(stored.insert(*buffer)),
                Stmt::Let(_) | Stmt::If { .. } | Stmt::Check { .. } | Stmt::Set { .. } => {}
                _ => return None,
            }
        }
        let mut found = Compaction {
            index: *index,
            extent: *extent,
            body: body.clone(),
            count,
            stores: Vec::new(),
            limits: Vec::new(),
            lets: Vec::new(),
            own: Vec::new(),
            conditions: None,
        };
        // What becomes of the counter: the place, the test that it is one, the next one.
        let mut places: FastSet<Value> = FastSet::default();
        let mut others: FastSet<Value> = FastSet::default();
        for stmt in walk::statements(body) {
            let here = || keeping.iter().any(|own| std::ptr::eq(own, stmt));
            match stmt {
                Stmt::Let(value) => {
                    let expr = &loops.values[*value].expr;
                    let of_counter = match expr {
                        Expr::Var(var) if *var == count => true,
                        Expr::Cast(from) => places.contains(from) && loops.dtype(*value).is_index(),
                        _ => false,
                    };
                    let depends = expr.operands().iter().any(|operand| places.contains(operand));
                    match expr {
                        _ if of_counter && here() => drop(places.insert(*value)),
                        Expr::Op(ScalarOp::Lt | ScalarOp::Add, _) if depends && here() => {
                            others.insert(*value);
                        }
                        _ if of_counter || depends => return None,
                        Expr::Random { .. } | Expr::LinearIndex => return None,
                        Expr::Load { buffer, .. } if stored.contains(buffer) => return None,
                        _ => {
                            found.lets.push(*value);
                            found.own.extend(here().then_some(*value));
                        }
                    }
                }
                Stmt::Check { ok, .. } => {
                    let Expr::Op(ScalarOp::Lt, operands) = &loops.values[*ok].expr else { return None };
                    let fits = here() && places.contains(&operands[0]) && !inside.contains(&operands[1]);
                    if !fits {
                        return None;
                    }
                    found.limits.push(operands[1]);
                }
                Stmt::Store { buffer, index, value, loc } => {
                    let at = |value: &Value| (!places.contains(value)).then_some(*value);
                    let index: Vec<Option<Value>> = index.iter().map(at).collect();
                    // Along the other axes all items are alike.
                    let apart =
                        index.contains(&None) && index.iter().flatten().all(|value| !inside.contains(value));
                    if !here() || !apart || places.contains(value) {
                        return None;
                    }
                    found.stores.push(Kept { buffer: *buffer, index, value: *value, loc: *loc });
                }
                Stmt::Set { value, .. } => {
                    let Expr::Op(ScalarOp::Add, operands) = &loops.values[*value].expr else { return None };
                    let one = |value: &Value| {
                        loops
                            .constant(*value)
                            .is_some_and(|known| known.cast(DType::Usize) == Scalar::Usize(1))
                    };
                    let next = matches!(&operands[..], [a, b] if places.contains(a) && one(b) || places.contains(b) && one(a));
                    if !next || !here() {
                        return None;
                    }
                }
                _ => {}
            }
        }
        // Nobody else sees the next place, or the outcome of the test.
        let mut seen = false;
        for stmt in walk::statements(body) {
            let own = matches!(stmt, Stmt::Set { .. } | Stmt::Check { .. });
            walk::uses(stmt, |value| seen |= !own && others.contains(&value));
            if let Stmt::Let(value) = stmt {
                walk::operands(&loops.values[*value].expr, |value| seen |= others.contains(&value));
            }
        }
        if seen || found.stores.is_empty() {
            return None;
        }
        let top: FastSet<Value> = body.iter().filter_map(defined).collect();
        let free = found.lets.iter().all(|value| match &loops.values[*value].expr {
            Expr::Load { .. } => top.contains(value),
            _ => true,
        });
        found.conditions = free.then_some(path);
        Some(found)
    }

    /// Puts the parts in place of the loop.
    fn cut(&self, loops: &mut Loops, block: &mut Block) {
        let loc = loops.values[self.index].loc;
        let done = loops.vars.push(VarData { name: "done".into(), dtype: DType::Bool });
        let [yes, no] =
            [true, false].map(|known| loops.value(Expr::Const(Scalar::Bool(known)), DType::Bool, Loc::NONE));
        let mut to = Emit { loops, block, loc };
        let [least, most, one] = [LEAST, SHARES, 1].map(|number| to.constant(number));
        let worth = to.op(ScalarOp::Div, self.extent, least);
        let shares = to.op(ScalarOp::Min, worth, most);
        let several = to.op(ScalarOp::Lt, one, shares);
        to.block.push(Stmt::Set { var: done, value: no });
        let (mut then, mut inner) = (Block::new(), Block::new());
        let parts = Parts::new(self, loops, shares, &mut then);
        let [end, fits] = parts.count(loops, &mut then);
        parts.store(loops, end, &mut inner);
        inner.push(Stmt::Set { var: done, value: yes });
        then.push(Stmt::If { cond: fits, then: inner, otherwise: Block::new() });
        block.push(Stmt::If { cond: several, then, otherwise: Block::new() });
        let (index, extent, body) = (self.index, self.extent, self.body.clone());
        block.push(Stmt::For { index, extent, until: Some(done), body });
    }

    /// The body with other statements where it keeps an item.
    fn keeping(&self, keep: Block) -> Block {
        let mut body = self.body.clone();
        let mut keep = Some(keep);
        walk::each_block_mut(&mut body, |block| {
            if block.iter().any(|stmt| matches!(stmt, Stmt::Set { .. }))
                && let Some(keep) = keep.take()
            {
                *block = keep;
            }
        });
        body
    }
}

fn defined(stmt: &Stmt) -> Option<Value> {
    match stmt {
        Stmt::Let(value) => Some(*value),
        _ => None,
    }
}

/// The block in a branch that alone sets a variable, and the conditions that lead there.
fn kept(body: &Block) -> Option<(&Block, Vec<(Value, bool)>)> {
    let (mut block, mut path) = (body, Vec::new());
    let sets =
        |block: &[Stmt]| walk::statements(block).filter(|stmt| matches!(stmt, Stmt::Set { .. })).count();
    if sets(body) != 1 {
        return None;
    }
    while !block.iter().any(|stmt| matches!(stmt, Stmt::Set { .. })) {
        let (cond, side, holds) = block.iter().find_map(|stmt| match stmt {
            Stmt::If { cond, then, .. } if sets(then) == 1 => Some((*cond, then, true)),
            Stmt::If { cond, otherwise, .. } if sets(otherwise) == 1 => Some((*cond, otherwise, false)),
            _ => None,
        })?;
        path.push((cond, holds));
        block = side;
    }
    (!path.is_empty()).then_some((block, path))
}

/// The parts of a loop.
struct Parts<'a> {
    of: &'a Compaction,
    shares: Value,
    cut: Shares,
    /// How many items each part keeps, and where they begin.
    counts: Buffer,
    starts: Buffer,
    loc: Loc,
}

/// An iteration of a part.
#[derive(Clone, Copy)]
struct Turn {
    share: Value,
    /// The first iteration of the part, and how many it has.
    first: Value,
    extent: Value,
    /// Its number in the part.
    number: Value,
}

impl<'a> Parts<'a> {
    fn new(of: &'a Compaction, loops: &mut Loops, shares: Value, block: &mut Block) -> Parts<'a> {
        let loc = loops.values[of.index].loc;
        let [counts, starts] = ["counts", "starts"].map(|name| {
            let data = BufferData { name: name.into(), dtype: DType::Usize, rank: 1, origin: Origin::Local };
            let buffer = loops.buffers.push(data);
            block.push(Stmt::Alloc { buffer, shape: vec![shares], zeroed: false, loc });
            buffer
        });
        let cut = Shares::new(&mut Emit { loops, block, loc }, of.extent, shares);
        Parts { of, shares, cut, counts, starts, loc }
    }

    /// Counts what the parts keep, and finds out where that begins. Returns the end of it, and whether there is room.
    fn count(&self, loops: &mut Loops, block: &mut Block) -> [Value; 2] {
        let loc = self.loc;
        let kept = loops.vars.push(VarData { name: "kept".into(), dtype: DType::Usize });
        let (mut body, mut inner) = (Block::new(), Block::new());
        let turn = self.enter(loops, &mut body);
        let mut to = Emit { loops: &mut *loops, block: &mut body, loc };
        let zero = to.constant(0);
        to.block.push(Stmt::Set { var: kept, value: zero });
        if self.of.conditions.is_some() {
            let (_, keeps) = self.item(to.loops, turn, &mut inner);
            let mut to = Emit { loops: to.loops, block: &mut inner, loc };
            let one = to.define(Expr::Cast(keeps));
            step(&mut to, kept, one);
        } else {
            let mut keep = Block::new();
            let mut to = Emit { loops: &mut *loops, block: &mut keep, loc };
            let one = to.constant(1);
            step(&mut to, kept, one);
            self.copy(loops, turn, &self.of.keeping(keep), &mut inner);
        }
        body.push(Stmt::For { index: turn.number, extent: turn.extent, until: None, body: inner });
        let mut to = Emit { loops, block: &mut body, loc };
        let value = to.define(Expr::Var(kept));
        body.push(Stmt::Store { buffer: self.counts, index: vec![turn.share], value, loc });
        self.region(turn, body, block);

        let end = loops.vars.push(VarData { name: "end".into(), dtype: DType::Usize });
        let dtype = loops.vars[self.of.count].dtype;
        let mut to = Emit { loops, block, loc };
        let before = to.typed(Expr::Var(self.of.count), dtype);
        let first = to.define(Expr::Cast(before));
        to.block.push(Stmt::Set { var: end, value: first });
        let share = to.bound();
        let mut body = Block::new();
        let mut inside = Emit { loops: &mut *to.loops, block: &mut body, loc };
        let start = inside.define(Expr::Var(end));
        inside.block.push(Stmt::Store { buffer: self.starts, index: vec![share], value: start, loc });
        let number = inside.load(self.counts, vec![share]);
        step(&mut inside, end, number);
        to.block.push(Stmt::For { index: share, extent: self.shares, until: None, body });
        let end = to.define(Expr::Var(end));
        let mut fits = to.typed(Expr::Op(ScalarOp::Le, vec![first, end]), DType::Bool);
        for limit in &self.of.limits {
            let limit = to.define(Expr::Cast(*limit));
            let below = to.typed(Expr::Op(ScalarOp::Le, vec![end, limit]), DType::Bool);
            fits = to.op(ScalarOp::And, fits, below);
        }
        [end, fits]
    }

    /// Stores what the parts keep, up to the end, and sets the counter.
    fn store(&self, loops: &mut Loops, end: Value, block: &mut Block) {
        let loc = self.loc;
        let place = loops.vars.push(VarData { name: "place".into(), dtype: DType::Usize });
        let (mut body, mut inner) = (Block::new(), Block::new());
        let turn = self.enter(loops, &mut body);
        let mut to = Emit { loops: &mut *loops, block: &mut body, loc };
        let start = to.load(self.starts, vec![turn.share]);
        let number = to.load(self.counts, vec![turn.share]);
        let last = to.op(ScalarOp::Add, start, number);
        to.block.push(Stmt::Set { var: place, value: start });
        if self.of.conditions.is_some() {
            let (copies, keeps) = self.item(to.loops, turn, &mut inner);
            let mut to = Emit { loops: to.loops, block: &mut inner, loc };
            let at = to.define(Expr::Var(place));
            let more = to.op(ScalarOp::Lt, at, last);
            let mut then = Block::new();
            let mut inside = Emit { loops: to.loops, block: &mut then, loc };
            self.elements(&mut inside, at, |value| copies.value(value));
            let one = inside.define(Expr::Cast(keeps));
            step(&mut inside, place, one);
            inner.push(Stmt::If { cond: more, then, otherwise: Block::new() });
        } else {
            let mut keep: Block = self.of.own.iter().map(|value| Stmt::Let(*value)).collect();
            let mut to = Emit { loops: &mut *loops, block: &mut keep, loc };
            let at = to.define(Expr::Var(place));
            self.elements(&mut to, at, |value| value);
            let one = to.constant(1);
            step(&mut to, place, one);
            self.copy(loops, turn, &self.of.keeping(keep), &mut inner);
        }
        body.push(Stmt::For { index: turn.number, extent: turn.extent, until: None, body: inner });
        self.region(turn, body, block);
        let dtype = loops.vars[self.of.count].dtype;
        let value = Emit { loops, block, loc }.typed(Expr::Cast(end), dtype);
        block.push(Stmt::Set { var: self.of.count, value });
    }

    /// The head of a part.
    fn enter(&self, loops: &mut Loops, body: &mut Block) -> Turn {
        let mut to = Emit { loops, block: body, loc: self.loc };
        let share = to.bound();
        let [first, extent] = self.cut.of(&mut to, share);
        Turn { share, first, extent, number: to.bound() }
    }

    /// The loop over the parts.
    fn region(&self, turn: Turn, body: Block, block: &mut Block) {
        block.push(Stmt::Parfor(Parfor {
            indices: vec![turn.share],
            extents: vec![self.shares],
            reductions: Vec::new(),
            body,
            sources: vec![Source::new("for", self.loc)],
            grain: Grain::Coarse,
            elements: true,
        }));
    }

    /// Computes an item, and whether it is kept.
    fn item(&self, loops: &mut Loops, turn: Turn, block: &mut Block) -> (Copies, Value) {
        let lets: Block = self.of.lets.iter().map(|value| Stmt::Let(*value)).collect();
        let copies = self.copy(loops, turn, &lets, block);
        let mut to = Emit { loops, block, loc: self.loc };
        let mut keeps: Option<Value> = None;
        for (cond, holds) in self.of.conditions.iter().flatten() {
            let mut cond = copies.value(*cond);
            if !holds {
                cond = to.typed(Expr::Op(ScalarOp::Not, vec![cond]), DType::Bool);
            }
            keeps = Some(match keeps {
                Some(others) => to.op(ScalarOp::And, others, cond),
                None => cond,
            });
        }
        (copies, keeps.expect("an item is kept under some condition"))
    }

    /// Copies statements of an iteration.
    fn copy(&self, loops: &mut Loops, turn: Turn, from: &Block, block: &mut Block) -> Copies {
        let number = Emit { loops, block, loc: self.loc }.op(ScalarOp::Add, turn.first, turn.number);
        let mut copies = Copies::default();
        copies.values.insert(self.of.index, number);
        copies.block(loops, from, block);
        copies
    }

    /// Stores an item at a place.
    fn elements(&self, to: &mut Emit<'_>, at: Value, value: impl Fn(Value) -> Value) {
        for own in &self.of.stores {
            let index = own.index.iter().map(|along| along.unwrap_or(at)).collect();
            let (buffer, loc) = (own.buffer, own.loc);
            to.block.push(Stmt::Store { buffer, index, value: value(own.value), loc });
        }
    }
}

/// Adds to a counter.
fn step(to: &mut Emit<'_>, counter: Var, more: Value) {
    let before = to.define(Expr::Var(counter));
    let value = to.op(ScalarOp::Add, before, more);
    to.block.push(Stmt::Set { var: counter, value });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{parse, unchanged};

    fn loop_of(body: &str) -> String {
        format!(
            "loops f(n: usize, b0 x: f64[unit], mut b1 out: f64[unit], mut b2 at: i64[unit]) {{
               var x0 count: usize
               v0: usize = dim b1, 0
               x0 = n
               for v1 in n {{ v2: f64 = load b0[v1] v3: bool = gt v2, 0.5f64 {body} }}
               v99: usize = x0
               return v99
             }}"
        )
    }

    fn parts(body: &str) -> usize {
        let mut loops = parse(&loop_of(body));
        assert!(compact_loops(&mut loops).yes(), "{loops}");
        loops.verify().unwrap_or_else(|error| panic!("{error}\n{loops}"));
        assert!(!compact_loops(&mut loops).yes(), "{loops}");
        let all = walk::statements(&loops.body);
        all.filter(|stmt| matches!(stmt, Stmt::Parfor(_))).count()
    }

    #[test]
    fn items_are_counted_and_then_stored() {
        let simple = "if v3 { v4: usize = x0 store b1[v4], v2 v5: usize = add v4, 1usize x0 = v5 }";
        assert_eq!(parts(simple), 2);
        let checked = "v6: i64 = cast v1 if v3 { v4: usize = x0 v7: bool = lt v4, v0
            check v7, index_out_of_range(0) with v4, v0
            store b1[v4], v2 store b2[v4], v6 v5: usize = add 1usize, v4 x0 = v5 }";
        assert_eq!(parts(checked), 2);
        let otherwise = "if v3 { } else { v8: f64 = load b0[v1] v9: bool = lt v8, 0.25f64 if v9 {
            v4: usize = x0 store b1[v4], v8 v5: usize = add v4, 1usize x0 = v5 } }";
        assert_eq!(parts(otherwise), 2);
    }

    #[test]
    fn others_stay() {
        let others = [
            // Every iteration keeps its item; something else is counted, or counted otherwise.
            "v4: usize = x0 store b1[v4], v2 v5: usize = add v4, 1usize x0 = v5",
            "if v3 { v4: usize = x0 store b1[v4], v2 v5: usize = add v4, 2usize x0 = v5 }",
            "if v3 { v4: usize = x0 v5: usize = add v4, 1usize x0 = v5 }",
            // Somebody sees the counter, or what has been stored.
            "v4: usize = x0 if v3 { store b1[v4], v2 v5: usize = add v4, 1usize x0 = v5 }",
            "if v3 { v4: usize = x0 v6: i64 = cast v4 store b2[v4], v6 v5: usize = add v4, 1usize x0 = v5 }",
            "v6: f64 = load b1[v1] if v3 { v4: usize = x0 store b1[v4], v6 v5: usize = add v4, 1usize x0 = v5 }",
            // Others are stored to as well.
            "if v3 { v4: usize = x0 store b1[v4], v2 v5: usize = add v4, 1usize x0 = v5 } else { store b1[v1], v2 }",
            "if v3 { v4: usize = x0 store b1[v1], v2 v5: usize = add v4, 1usize x0 = v5 }",
            // A check that belongs to an iteration.
            "v6: bool = lt v1, v0 check v6, index_out_of_range(0) with v1, v0
             if v3 { v4: usize = x0 store b1[v4], v2 v5: usize = add v4, 1usize x0 = v5 }",
        ];
        for body in others {
            unchanged(compact_loops, &loop_of(body));
        }
    }
}
