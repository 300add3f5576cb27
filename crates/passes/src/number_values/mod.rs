//! Computes each thing once: global value numbering.
//!
//! ```text
//! v3: usize = dim b0, 0                v3: usize = dim b0, 0
//! check eq v3, v4 …                    check eq v3, v4 …
//! parfor v5 in v4 {              ⇒     parfor v5 in v3 {            the check made both one
//!   v6: f64 = load b0[v5]                v6: f64 = load b0[v5]
//!   v7: f64 = load b0[v5]                v8: f64 = mul v6, v6
//!   v8: f64 = mul v6, v7
//! ```
//!
//! The block structure is the dominator tree, so the table of known expressions is a stack of tables, one
//! per block around. Variables, elements and lengths are numbered with the version of what they read; a
//! version ends where something may write to it, for a loop before its first iteration. A `Set`, a `Store`
//! and an `Alloc` say what the next read gives. Passing a check makes its condition true and, if it
//! compares integers for equality, the two integers one value, unless that would do without a loop's index. Operands of commuting operations are put in
//! order, constants last, and `gt`, `ge` become `lt`, `le`.

use crate::Changed;
use crate::hash::FastMap;
use crate::renames::Renames;
use parfuse_ir::arena::Id;
use parfuse_ir::loops::walk;
use parfuse_ir::loops::{Block, Buffer, Expr, Loops, Stmt, Value};
use parfuse_ir::{DType, Loc, Scalar, ScalarOp};

/// Makes equal expressions one value where one of them dominates the other.
pub fn number_values(loops: &mut Loops) -> Changed {
    let mut body = std::mem::take(&mut loops.body);
    let mut numbering = Numbering::new(loops);
    numbering.number_leaves();
    numbering.block(&mut body);
    let Numbering { renames, mut changed, .. } = numbering;
    changed |= renames.results(&mut loops.results);
    loops.body = body;
    changed.into()
}

/// An expression of numbered operands, its type, and the version of what it reads (0 if it is pure).
type Key = (Expr, DType, u32);

struct Numbering<'a> {
    loops: &'a mut Loops,
    renames: Renames,
    /// The expressions known in the blocks around, outermost first.
    scopes: Vec<FastMap<Key, Value>>,
    /// Tables of blocks that are left: empty, with room.
    spare: Vec<FastMap<Key, Value>>,
    /// The values that stand for others in the innermost blocks only, with the depth of the block.
    facts: Vec<(usize, Value)>,
    /// Values that are lengths of arrays made in the blocks around, with the depth of the block.
    lengths: Vec<(usize, Value)>,
    /// What holds if a condition does, for checks have found it so, with the depth of the block.
    implied: Vec<(usize, Value, Vec<Value>)>,
    /// When each value was first met.
    order: Vec<u32>,
    met: u32,
    versions: Versions,
    changed: bool,
}

/// Which version of what can change is the present one.
#[derive(Clone)]
struct Versions {
    vars: Vec<u32>,
    contents: Vec<u32>,
    shapes: Vec<u32>,
}

impl<'a> Numbering<'a> {
    fn new(loops: &'a mut Loops) -> Numbering<'a> {
        let (vars, buffers) = (loops.vars.len(), loops.buffers.len());
        Numbering {
            renames: Renames::new(loops),
            scopes: vec![FastMap::with_capacity_and_hasher(loops.values.len(), Default::default())],
            spare: Vec::new(),
            facts: Vec::new(),
            lengths: Vec::new(),
            implied: Vec::new(),
            order: vec![0; loops.values.len()],
            // Version 0 is that of pure expressions, version 1 that of everything at the start.
            met: 1,
            versions: Versions { vars: vec![1; vars], contents: vec![1; buffers], shapes: vec![1; buffers] },
            loops,
            changed: false,
        }
    }

    /// Equal constants and equal parameters are one value everywhere, since they need no `Let`.
    fn number_leaves(&mut self) {
        for value in self.loops.values.ids() {
            let data = &self.loops.values[value];
            if let Expr::Const(_) | Expr::Param(_) = data.expr {
                match self.scopes[0].entry((data.expr.clone(), data.dtype, 0)) {
                    std::collections::hash_map::Entry::Occupied(known) => {
                        self.renames.set(value, *known.get())
                    }
                    std::collections::hash_map::Entry::Vacant(free) => {
                        free.insert(value);
                    }
                }
            }
        }
    }

    fn truth(&mut self, known: bool) -> Value {
        let key = (Expr::Const(Scalar::Bool(known)), DType::Bool, 0);
        if let Some(value) = self.scopes[0].get(&key) {
            return *value;
        }
        let value = self.loops.value(key.0.clone(), DType::Bool, Loc::NONE);
        self.order.push(0);
        self.scopes[0].insert(key, value);
        value
    }

    fn fresh(&mut self) -> u32 {
        self.met += 1;
        self.met
    }

    /// Walks a block with a table of its own.
    fn scoped(&mut self, block: &mut Block) {
        self.enter();
        self.block(block);
        self.leave();
    }

    fn enter(&mut self) {
        self.scopes.push(self.spare.pop().unwrap_or_default());
    }

    fn leave(&mut self) {
        if let Some(mut left) = self.scopes.pop() {
            left.clear();
            self.spare.push(left);
        }
        let depth = self.scopes.len();
        while self.lengths.pop_if(|(at, _)| *at > depth).is_some() {}
        while self.implied.pop_if(|(at, ..)| *at > depth).is_some() {}
        while let Some((_, value)) = self.facts.pop_if(|(at, _)| *at > depth) {
            self.renames.reset(value);
        }
    }

    fn block(&mut self, block: &mut Block) {
        block.retain_mut(|stmt| {
            self.changed |= self.renames.stmt(stmt);
            let stays = self.statement(stmt);
            self.changed |= !stays;
            stays
        });
    }

    /// Walks a statement; answers whether it stays.
    fn statement(&mut self, stmt: &mut Stmt) -> bool {
        // What a loop writes may change before any of its iterations but the first.
        if matches!(stmt, Stmt::While { .. } | Stmt::For { .. } | Stmt::Parfor(_)) {
            self.forget(std::slice::from_ref(stmt));
        }
        match stmt {
            Stmt::Let(value) => return self.define(*value),
            Stmt::Set { var, value } => {
                let version = self.fresh();
                self.versions.vars[var.index()] = version;
                let dtype = self.loops.vars[*var].dtype;
                self.learn((Expr::Var(*var), dtype, version), *value);
            }
            Stmt::Alloc { buffer, shape, .. } => {
                let version = self.fresh();
                self.versions.reshape(*buffer, version);
                for (axis, length) in shape.iter().enumerate() {
                    let dim = Expr::Dim { buffer: *buffer, axis: axis as u8 };
                    self.learn((dim, DType::Usize, version), *length);
                }
                // With more axes, an array without elements may have any other length.
                if let [length] = shape[..] {
                    self.lengths.push((self.scopes.len(), length));
                }
            }
            Stmt::Move { .. } | Stmt::Resize { .. } | Stmt::Call(_) => {
                self.forget(std::slice::from_ref(stmt))
            }
            Stmt::Store { buffer, index, value, .. } => {
                let version = self.fresh();
                self.versions.contents[buffer.index()] = version;
                let dtype = self.loops.buffers[*buffer].dtype;
                self.learn((Expr::Load { buffer: *buffer, index: index.clone() }, dtype, version), *value);
            }
            Stmt::Check { ok, .. } => {
                if self.loops.constant_bool(*ok) == Some(true) {
                    return false;
                }
                self.assume(*ok, true);
            }
            Stmt::If { cond, then, otherwise } => {
                let before = self.versions.clone();
                for (known, branch) in [(true, then), (false, otherwise)] {
                    self.versions = before.clone();
                    self.enter();
                    self.assume(*cond, known);
                    self.block(branch);
                    self.leave();
                }
                self.versions = before;
                self.forget(std::slice::from_ref(stmt));
                self.imply(stmt);
            }
            Stmt::While { header, cond, body } => {
                self.enter();
                self.block(header);
                let renamed = self.renames.get(*cond);
                self.changed |= renamed != *cond;
                *cond = renamed;
                // What the header defines is not visible in the body.
                self.leave();
                self.scoped(body);
                self.forget(std::slice::from_ref(stmt));
            }
            Stmt::For { index, extent, body, .. } => {
                self.meet(*index);
                self.enter();
                self.assume_that_it_runs(*extent);
                self.block(body);
                self.leave();
                self.forget(std::slice::from_ref(stmt));
            }
            Stmt::Parfor(parfor) => {
                parfor.indices.iter().for_each(|index| self.meet(*index));
                self.scoped(&mut parfor.body);
                self.forget(std::slice::from_ref(stmt));
            }
            Stmt::Nest(nest) => self.scoped(&mut nest.body),
        }
        true
    }

    fn meet(&mut self, value: Value) {
        self.met += 1;
        self.order[value.index()] = self.met;
    }

    fn learn(&mut self, key: Key, value: Value) {
        self.scopes.last_mut().expect("the outermost table stays").insert(key, value);
    }

    /// A length has no more than 63 bits, so its number is not negative as an `i64` either. Hence a range of `i64` from
    /// zero to it is gone through as often as the length says.
    fn counted_length(&self, value: Value) -> Option<Value> {
        let expr = |value: Value| &self.loops.values[value].expr;
        let number = |value: Value| self.loops.constant(value).map(|number| number.to_bits());
        let Expr::Trips { start, end, step } = *expr(value) else { return None };
        let by_ones_from_zero = number(start) == Some(0) && number(step) == Some(1);
        if !by_ones_from_zero || !self.loops.dtype(end).is_wide_int() {
            return None;
        }
        let known = || self.lengths.iter().map(|(_, length)| *length);
        match *expr(end) {
            Expr::Cast(length) if self.loops.dtype(length).is_index() => {
                let is_length =
                    matches!(expr(length), Expr::Dim { .. }) || known().any(|known| known == length);
                is_length.then_some(length)
            }
            _ => known().find(|length| *expr(*length) == Expr::Cast(end)),
        }
    }

    /// From here to the end of the block, a condition is known, and so is what it says of integers.
    fn assume(&mut self, cond: Value, known: bool) {
        if self.loops.values[cond].expr.is_leaf() && self.loops.constant(cond).is_some() {
            return;
        }
        let equality = match &self.loops.values[cond].expr {
            Expr::Op(ScalarOp::Eq, args) if known => Some((args[0], args[1])),
            Expr::Op(ScalarOp::Ne, args) if !known => Some((args[0], args[1])),
            _ => None,
        };
        let truth = self.truth(known);
        self.stand_for(truth, cond);
        if let Some((a, b)) = equality {
            let (a, b) = (self.renames.get(a), self.renames.get(b));
            if a != b && !self.loops.dtype(a).is_float() {
                let age =
                    |value: Value| (self.loops.constant(value).is_none(), self.order[value.index()], value);
                let (old, young) = if age(a) < age(b) { (a, b) } else { (b, a) };
                // That each iteration has an index of its own says more than which one this is.
                let is_index = self.loops.values[young].expr == Expr::Bound;
                if self.loops.constant(young).is_none() && !is_index {
                    self.stand_for(old, young);
                }
            }
        }
    }

    /// Behind `if c { check … }` all that was checked holds if `c` does.
    fn imply(&mut self, stmt: &Stmt) {
        let Stmt::If { cond, then, otherwise } = stmt else { return };
        let mut own: Vec<Value> = Vec::new();
        let mut checked: Vec<Value> = Vec::new();
        for stmt in then {
            match stmt {
                Stmt::Let(value) => own.push(*value),
                // What is computed in the branch nobody else sees.
                Stmt::Check { ok, .. } if !own.contains(ok) => checked.push(*ok),
                _ => {}
            }
        }
        if otherwise.is_empty() && !checked.is_empty() {
            self.implied.push((self.scopes.len(), *cond, checked));
        }
    }

    /// In the body of a loop it is known that there are iterations, and what was checked for these.
    fn assume_that_it_runs(&mut self, extent: Value) {
        let runs = |cond: &Value| match &self.loops.values[*cond].expr {
            Expr::Op(ScalarOp::Ne, args) => {
                args[0] == extent && self.loops.constant(args[1]).is_some_and(|number| number.to_bits() == 0)
            }
            _ => false,
        };
        let known = self.implied.iter().filter(|(_, cond, _)| runs(cond));
        let known: Vec<Value> = known.flat_map(|(.., checked)| checked).copied().collect();
        known.into_iter().for_each(|ok| self.assume(ok, true));
    }

    fn stand_for(&mut self, old: Value, young: Value) {
        self.renames.set(young, old);
        self.facts.push((self.scopes.len(), young));
    }

    /// Numbers a value; answers whether it keeps its `Let`.
    fn define(&mut self, value: Value) -> bool {
        self.meet(value);
        let data = &mut self.loops.values[value];
        self.changed |= self.renames.expr(&mut data.expr);
        self.changed |= normalize(self.loops, value);
        if let Some(length) = self.counted_length(value) {
            self.renames.set(value, length);
            return false;
        }
        let data = &mut self.loops.values[value];
        let version = match &data.expr {
            Expr::Var(var) => self.versions.vars[var.index()],
            Expr::Load { buffer, .. } => self.versions.contents[buffer.index()],
            Expr::Dim { buffer, .. } => self.versions.shapes[buffer.index()],
            _ => 0,
        };
        // Lent for the look into the tables: copies take memory.
        let key = (std::mem::replace(&mut data.expr, Expr::Bound), data.dtype, version);
        let known = self.scopes.iter().rev().find_map(|scope| scope.get(&key)).copied();
        match known {
            Some(known) => {
                data.expr = key.0;
                // What was known may since have come to stand for something else.
                self.renames.set(value, self.renames.get(known));
                false
            }
            None => {
                data.expr = key.0.clone();
                self.learn(key, value);
                true
            }
        }
    }

    /// Gives new versions to all that some statements write to.
    fn forget(&mut self, stmts: &[Stmt]) {
        let version = self.fresh();
        let versions = &mut self.versions;
        walk::statements(stmts).for_each(|stmt| match stmt {
            Stmt::Set { var, .. } => versions.vars[var.index()] = version,
            Stmt::Store { buffer, .. } => versions.contents[buffer.index()] = version,
            Stmt::Alloc { buffer, .. } | Stmt::Resize { buffer, .. } => versions.reshape(*buffer, version),
            Stmt::Move { to, from } => {
                versions.reshape(*to, version);
                versions.reshape(*from, version);
            }
            Stmt::Call(call) => {
                call.written().for_each(|buffer| versions.contents[buffer.index()] = version);
            }
            Stmt::Parfor(parfor) => {
                for reduction in &parfor.reductions {
                    for var in reduction.target_vars().chain(reduction.locals.iter().copied()) {
                        versions.vars[var.index()] = version;
                    }
                    for buffer in reduction.target_buffers() {
                        versions.contents[buffer.index()] = version;
                    }
                }
            }
            Stmt::Let(_)
            | Stmt::Check { .. }
            | Stmt::If { .. }
            | Stmt::While { .. }
            | Stmt::For { .. }
            | Stmt::Nest(_) => {}
        });
    }
}

impl Versions {
    /// A buffer gets or loses its array.
    fn reshape(&mut self, buffer: Buffer, version: u32) {
        self.contents[buffer.index()] = version;
        self.shapes[buffer.index()] = version;
    }
}

/// Puts operands of commuting operations in order, older first and constants last, and turns comparisons
/// to `lt` and `le`; answers whether it changed anything.
fn normalize(loops: &mut Loops, value: Value) -> bool {
    let rank = |value: Value| (loops.constant(value).is_some(), value);
    let swapped = match &loops.values[value].expr {
        Expr::Op(ScalarOp::Gt, _) => Some(ScalarOp::Lt),
        Expr::Op(ScalarOp::Ge, _) => Some(ScalarOp::Le),
        Expr::Op(op, args) if op.commutes() && rank(args[1]) < rank(args[0]) => Some(*op),
        _ => None,
    };
    match (&mut loops.values[value].expr, swapped) {
        (Expr::Op(op, args), Some(new)) => {
            *op = new;
            args.swap(0, 1);
            true
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
