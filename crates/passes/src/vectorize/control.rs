//! Branches and loops: real ones where all lanes agree, masks and selects where they do not.
//!
//! ```text
//! if c { x = f }        c uniform   x = if c { f } else { x }              (a branch)
//!                       c varying   x = select(c, f, x)                    (f with loads under mask & c)
//!                       f is long   x = if any(mask & c) { select(c, f, x) } else { x }
//!
//! while c { x = f }     c uniform   loop carries x
//!                       c varying   loop carries x and active, while any(active & c) {
//!                                     x = select(active & c, f, x)         (only if x is read after the loop)
//!                                   }
//! ```
//!
//! A varying `for` is a uniform counter and the mask `counter < extent`. A loop under a mask always stands
//! behind `any(mask)`, so that loops that all lanes agree on run only when at least one lane does.

use super::cost::is_cheap;
use super::liveness::{VarSet, assigned, live_at_header, live_at_iteration, live_before};
use super::translate::{Env, Mask, Place, Translator};
use parfuse_ir::lane::{Block, Carried, Inst, LaneOp, LaneType, Merge, Shape, Value};
use parfuse_ir::loops::walk;
use parfuse_ir::loops::{self, Buffer, Stmt, Var};
use parfuse_ir::math::Primitives;

impl Translator<'_> {
    /// Translates an `if`.
    pub(super) fn branch(&mut self, cond: loops::Value, then: &[Stmt], otherwise: &[Stmt], live: &VarSet) {
        let cond = self.value(cond);
        match self.build.bits(cond) {
            Some(bits) => self.block(if bits & 1 == 1 { then } else { otherwise }, live),
            None if self.build.varying(cond) => self.divergent_branch(cond, then, otherwise, live),
            None => self.uniform_branch(cond, then, otherwise, live),
        }
    }

    fn uniform_branch(&mut self, cond: Value, then: &[Stmt], otherwise: &[Stmt], live: &VarSet) {
        let before = self.env.clone();
        let then_block = self.side(then, live);
        let then_env = std::mem::replace(&mut self.env, before.clone());
        let otherwise_block = self.side(otherwise, live);
        let otherwise_env = std::mem::replace(&mut self.env, before);
        let vars = &(&assigned(then) | &assigned(otherwise)) & live;
        self.merge(cond, (then_block, then_env), (otherwise_block, otherwise_env), &vars);
    }

    /// Translates a side of a branch into a block of its own.
    fn side(&mut self, side: &[Stmt], live: &VarSet) -> Block {
        self.build.open_branch();
        self.block(side, live);
        self.build.close_branch()
    }

    /// Adds a branch after which these variables hold what they held at the end of the side taken, and all
    /// others what they hold now: values of a side are not visible after it.
    fn merge(&mut self, cond: Value, then: (Block, Env), otherwise: (Block, Env), vars: &VarSet) {
        let mut results = Vec::new();
        let values: Vec<[Value; 2]> =
            vars.iter().map(|var| [&then.1, &otherwise.1].map(|env| self.var_in(env, *var))).collect();
        let nothing_else = then.0.is_empty() && otherwise.0.is_empty();
        let nothing_else = nothing_else && !values.iter().any(|sides| self.says_where_to_go(*sides));
        for (var, [then, otherwise]) in vars.iter().zip(values) {
            let value = if then == otherwise {
                then
            } else if nothing_else && self.is_plain_choice(cond, [then, otherwise]) {
                self.build.op(LaneOp::Select, &[cond, then, otherwise])
            } else {
                let varying = self.build.varying(then) || self.build.varying(otherwise);
                let ty = self.build.ty(then);
                let value = self.build.bound(ty, varying);
                results.push(Merge { value, then, otherwise });
                value
            };
            self.env.insert(*var, value);
        }
        self.build.branch(cond, then.0, otherwise.0, results);
    }

    /// Whether it takes no branch to choose between two values that are there: one that is the same for all lanes, by a
    /// condition that no branch has computed, and of floats by how floats compare.
    fn is_plain_choice(&self, cond: Value, sides: [Value; 2]) -> bool {
        let by_floats = match self.build.inst(cond) {
            Inst::Op(op, _) => op.shape() == Shape::FloatCompare,
            _ => return false,
        };
        !sides.into_iter().any(|side| self.build.varying(side))
            && (by_floats || !self.build.ty(sides[0]).is_float())
    }

    /// Whether it is known on one side what a truth value is, and a look at it on the other: whoever branches on it goes from the
    /// former at once to where that leads, in scalar code.
    fn says_where_to_go(&self, sides: [Value; 2]) -> bool {
        let is_scalar = matches!(self.place, Place::Driver) || self.walk.is_scalar();
        let known = sides.map(|side| self.build.bits(side).is_some());
        is_scalar && self.build.ty(sides[0]) == LaneType::Bool && known[0] != known[1]
    }

    fn var_in(&mut self, env: &Env, var: Var) -> Value {
        match env.get(&var) {
            Some(value) => *value,
            None => self.scalar(self.loops.vars[var].dtype.zero()),
        }
    }

    fn divergent_branch(&mut self, cond: Value, then: &[Stmt], otherwise: &[Stmt], live: &VarSet) {
        let not_cond = self.build.op(LaneOp::BNot, &[cond]);
        if is_cheap(self.loops, then) && is_cheap(self.loops, otherwise) {
            let before = self.env.clone();
            let then_env = self.masked_side(cond, then, live);
            self.env = before.clone();
            let otherwise_env = self.masked_side(not_cond, otherwise, live);
            self.env = before;
            for var in &(&assigned(then) | &assigned(otherwise)) & live {
                let [then, otherwise] = [&then_env, &otherwise_env].map(|env| self.var_in(env, var));
                let value = self.build.op(LaneOp::Select, &[cond, then, otherwise]);
                self.env.insert(var, value);
            }
        } else {
            // One side after the other: lanes of the second side pass through the first with what they will
            // read, lanes of the first pass through the second with what is read after both.
            let passing = live_before(self.loops, otherwise, live);
            self.divergent_side(cond, then, live, &passing);
            self.divergent_side(not_cond, otherwise, live, live);
        }
    }

    /// Translates a side in place under its mask and returns what variables hold at its end.
    fn masked_side(&mut self, cond: Value, side: &[Stmt], live: &VarSet) -> Env {
        let outside = self.mask;
        self.mask = Mask { lanes: Some(self.active(cond)), nonempty: false };
        self.block(side, live);
        self.mask = outside;
        std::mem::take(&mut self.env)
    }

    /// Translates a side for the lanes where the condition holds; the others keep the variables `passing`.
    fn divergent_side(&mut self, cond: Value, side: &[Stmt], live: &VarSet, passing: &VarSet) {
        let vars = &assigned(side) & live;
        let before = self.env.clone();
        if is_cheap(self.loops, side) {
            let after = self.masked_side(cond, side, live);
            self.env = before;
            for var in vars {
                let value = self.chosen(cond, &after, var, passing);
                self.env.insert(var, value);
            }
            return;
        }
        let outside = self.mask;
        let mask = self.active(cond);
        let any = self.build.any(mask);
        self.mask = Mask { lanes: Some(mask), nonempty: true };
        self.build.open_branch();
        self.block(side, live);
        let after = std::mem::replace(&mut self.env, before.clone());
        let mut chosen = before.clone();
        for var in &vars {
            let value = self.chosen(cond, &after, *var, passing);
            chosen.insert(*var, value);
        }
        let block = self.build.close_branch();
        self.mask = outside;
        self.merge(any, (block, chosen), (Block::new(), before), &vars);
    }

    /// What a variable held after a side where the condition holds, and what it holds now in passing lanes.
    fn chosen(&mut self, cond: Value, after: &Env, var: Var, passing: &VarSet) -> Value {
        let (new, old) = (self.var_in(after, var), self.var(var));
        if passing.contains(&var) { self.build.op(LaneOp::Select, &[cond, new, old]) } else { new }
    }

    /// The lanes that are here where the condition holds.
    fn active(&mut self, cond: Value) -> Value {
        match self.mask.lanes {
            Some(mask) => self.build.op(LaneOp::BAnd, &[mask, cond]),
            None => cond,
        }
    }

    /// Translates a `while`.
    pub(super) fn while_loop(&mut self, header: &[Stmt], cond: loops::Value, body: &[Stmt], live: &VarSet) {
        let divergent = match &self.place {
            Place::Driver => false,
            Place::Region { varying, .. } => varying.value(cond),
        };
        let at_header = live_at_header(self.loops, header, body, live);
        let mut after_header = live_before(self.loops, body, &at_header);
        after_header.extend(live);
        let rotated = !assigned(header).is_disjoint(live);
        let outside = self.mask;
        let vars = &assigned(header) | &assigned(body);
        let vars = &vars & if rotated { &after_header } else { &at_header };

        // What the header sets and later code reads is not known outside the loop. Such a header runs once
        // before the loop and then at the end of the body; the loop carries its outcome.
        let mut first = outside.lanes.unwrap_or_else(|| self.build.bool(true));
        if rotated {
            self.block(header, &after_header);
            let cond = self.value(cond);
            first = if divergent { self.active(cond) } else { cond };
        }

        self.build.open_loop();
        let shaped = shaped([header, body]);
        let floors = self.build.begin_reshaping(&shaped);
        let (mut carried, before) = self.carry(&vars);
        let active = (divergent || rotated).then(|| self.build.bound(LaneType::Bool, divergent));
        let go = if rotated {
            active.expect("a rotated loop carries its condition")
        } else {
            if divergent {
                self.mask = Mask { lanes: active, nonempty: true };
            }
            self.block(header, &after_header);
            let cond = self.value(cond);
            if divergent { self.active(cond) } else { cond }
        };
        let condition = if divergent { self.build.any(go) } else { go };

        self.build.open_loop_body();
        if divergent {
            self.mask = Mask { lanes: Some(go), nonempty: true };
        }
        self.block(body, &at_header);
        let mut next = go;
        if rotated {
            self.block(header, &after_header);
            let cond = self.value(cond);
            next = if divergent { self.active(cond) } else { cond };
        }
        self.end_iteration(&vars, &mut carried, divergent.then_some(go), live);
        if let Some(value) = active {
            carried.push(Carried { value, init: first, next });
        }
        self.build.close_loop(carried.clone(), condition);
        self.build.end_reshaping(&shaped, floors);
        self.mask = outside;
        self.after_loop(before, &vars, &carried);
    }

    /// Translates a `for`.
    pub(super) fn for_loop(
        &mut self,
        index: loops::Value,
        extent: loops::Value,
        until: Option<Var>,
        body: &[Stmt],
        live: &VarSet,
    ) {
        let extent = self.value(extent);
        let stops = match (&self.place, until) {
            (Place::Region { varying, .. }, Some(until)) => varying.var(until),
            _ => false,
        };
        let divergent = stops || self.build.varying(extent);
        let mut read = live.clone();
        read.extend(until);
        let at_iteration = live_at_iteration(self.loops, body, &read);
        let vars = &assigned(body) & &at_iteration;
        let outside = self.mask;
        // Lanes that were stopped stay so, whatever becomes of what stopped them.
        let all = stops.then(|| outside.lanes.unwrap_or_else(|| self.build.bool(true)));

        self.build.open_loop();
        let shaped = shaped([body]);
        let floors = self.build.begin_reshaping(&shaped);
        let (mut carried, before) = self.carry(&vars);
        let counter = self.build.bound(LaneType::I64, false);
        let active = (stops).then(|| self.build.bound(LaneType::Bool, true));
        let mut go = self.build.op(LaneOp::ULt, &[counter, extent]);
        if let Some(until) = until {
            let stopped = self.var(until);
            let on = self.build.op(LaneOp::BNot, &[stopped]);
            go = self.build.op(LaneOp::BAnd, &[go, on]);
        }
        go = match active {
            Some(active) => self.build.op(LaneOp::BAnd, &[active, go]),
            None if divergent => self.active(go),
            None => go,
        };
        let condition = self.build.any(go);

        self.build.open_loop_body();
        if divergent {
            self.mask = Mask { lanes: Some(go), nonempty: true };
        }
        self.values.insert(index, counter);
        self.block(body, &at_iteration);
        self.end_iteration(&vars, &mut carried, divergent.then_some(go), live);
        if let (Some(value), Some(init)) = (active, all) {
            carried.push(Carried { value, init, next: go });
        }
        let (zero, one) = (self.build.i64(0), self.build.i64(1));
        let next = self.build.op(LaneOp::IAdd, &[counter, one]);
        carried.push(Carried { value: counter, init: zero, next });
        self.build.close_loop(carried.clone(), condition);
        self.build.end_reshaping(&shaped, floors);
        self.mask = outside;
        self.after_loop(before, &vars, &carried);
    }

    /// Makes the carried values and has the variables hold them; the next values are still to be filled in.
    /// Returns also what variables held before the loop.
    fn carry(&mut self, vars: &VarSet) -> (Vec<Carried>, Env) {
        let before = self.env.clone();
        let mut carried = Vec::new();
        for var in vars {
            let init = self.var(*var);
            let varies = match &self.place {
                Place::Driver => false,
                Place::Region { varying, .. } => varying.var(*var),
            };
            let varying = varies || self.build.varying(init);
            let ty = self.build.ty(init);
            let value = self.build.bound(ty, varying);
            self.env.insert(*var, value);
            carried.push(Carried { value, init, next: value });
        }
        (carried, before)
    }

    /// Fills in the next values. Lanes that have left the loop keep what later code reads; what is read
    /// in the loop only may become anything in them.
    fn end_iteration(
        &mut self,
        vars: &VarSet,
        carried: &mut [Carried],
        active: Option<Value>,
        live: &VarSet,
    ) {
        for (var, carried) in vars.iter().zip(carried) {
            carried.next = self.var(*var);
            if let Some(active) = active.filter(|_| live.contains(var)) {
                carried.next = self.build.op(LaneOp::Select, &[active, carried.next, carried.value]);
            }
        }
    }

    /// After a loop, carried variables hold the carried values and all others what they held before it.
    fn after_loop(&mut self, before: Env, vars: &VarSet, carried: &[Carried]) {
        self.env = before;
        self.env.extend(vars.iter().copied().zip(carried.iter().map(|carried| carried.value)));
    }
}

/// The buffers that get other arrays in some blocks.
fn shaped<const N: usize>(blocks: [&[Stmt]; N]) -> Vec<Buffer> {
    let mut shaped = Vec::new();
    for block in blocks {
        walk::statements(block).for_each(|stmt| match stmt {
            Stmt::Alloc { buffer, .. } | Stmt::Resize { buffer, .. } => shaped.push(*buffer),
            Stmt::Move { to, from } => shaped.extend([*to, *from]),
            Stmt::Call(call) => shaped.extend(call.written()),
            _ => {}
        });
    }
    shaped.sort_unstable();
    shaped.dedup();
    shaped
}
