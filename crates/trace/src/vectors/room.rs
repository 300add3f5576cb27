//! How much room a vector needs that begins empty in an iteration of a `prange`: as much as the loops around its pushes can fill.
//!
//! ```text
//! let mut v = Vec::new();            room = 0;  room = room + len row;  v = fill[room] 0;  count = 0
//! for x in row.iter() {
//!     if *x > 0.0 { v.push(*x); }    at most once for each element
//! }
//! ```
//!
//! How often loops run is computed where the vector begins, from what is there already: lengths of arrays, parameters, constants. A loop
//! of which that is not known, and every `while`, may push any number of elements.

use crate::errors::{At, Step, mistake};
use crate::state::{Repeats, State};
use parfuse_ir::ScalarOp;
use parfuse_ir::program::{Expr, Stmt, Value, Var, walk};
use std::collections::HashSet;

/// Expressions are followed through so many operations.
const MOST_STEPS: usize = 16;

impl State {
    /// Has a vector have room for what the loops around this place may push.
    pub(super) fn make_room(&mut self, room: Var, at: At) -> Step<()> {
        let Some((depth, position)) = self.first_assignment(room) else { return self.refuse_growth() };
        let repeats: Vec<Repeats> = self.scopes[depth + 1..].iter().map(|scope| scope.repeats).collect();
        let behind = self.scopes[depth].block[position + 1..].iter();
        let statements = behind.chain(self.scopes[depth + 1..].iter().flat_map(|scope| &scope.block));
        let mut changed = HashSet::new();
        for stmt in statements {
            for stmt in walk::statements(&self.program, std::slice::from_ref(stmt)) {
                if let Stmt::Assign { var, .. } | Stmt::Resize { var, .. } = stmt {
                    changed.insert(*var);
                }
            }
        }
        self.behind_assignment(room, |state| {
            let mut pushed = state.usize_constant(1, at);
            for repeats in repeats {
                let times = match repeats {
                    Repeats::Once => continue,
                    Repeats::Range(start, end) => state.times(start, end, &changed, at)?,
                    Repeats::AnyNumber => None,
                };
                let Some(times) = times else { return state.refuse_growth() };
                pushed = state.op(ScalarOp::Mul, &[pushed, times], at)?;
            }
            let before = state.read_var(room, at)?;
            let all = state.op(ScalarOp::Add, &[before, pushed], at)?;
            state.set_var(room, all);
            Ok(())
        })
    }

    pub(super) fn refuse_growth(&self) -> Step<()> {
        mistake(
            "in a `prange` a vector does not grow in a `while`, nor in a `for` whose range is not known where the vector begins: say how \
             many elements it may have, in front of the loop if that is computed, `let mut v = Vec::with_capacity(n);`",
        )
    }

    /// How often a loop through a range runs at most, if that can be told here.
    fn times(&mut self, start: Value, end: Value, changed: &HashSet<Var>, at: At) -> Step<Option<Value>> {
        let size = self.size_type().dtype;
        let Some(end) = self.again(end, changed, MOST_STEPS, at)? else { return Ok(None) };
        let start = match self.again(start, changed, MOST_STEPS, at)? {
            Some(start) => start,
            // From wherever it starts it does not run longer than from zero.
            None if self.types.dtype(self.ty(end).dtype).is_some_and(|dtype| dtype.is_unsigned()) => {
                return self.cast(end, size, at).map(Some);
            }
            None => return Ok(None),
        };
        let end = self.op(ScalarOp::Max, &[end, start], at)?;
        let distance = self.op(ScalarOp::Sub, &[end, start], at)?;
        self.cast(distance, size, at).map(Some)
    }

    /// A value where it can be seen already, or computed once more of what can.
    fn again(&mut self, value: Value, changed: &HashSet<Var>, steps: usize, at: At) -> Step<Option<Value>> {
        let expr = self.program.values[value].expr.clone();
        let is_here = match &expr {
            Expr::Const(_) | Expr::Param(_) => true,
            Expr::Bound => self.is_in_open_scope(value),
            _ => self.scopes.iter().any(|scope| scope.block.contains(&Stmt::Let(value))),
        };
        if is_here {
            return Ok(Some(value));
        }
        let can_be_repeated = match &expr {
            Expr::Op(..) | Expr::Cast(_) | Expr::Len(_) | Expr::Dim { .. } | Expr::View { .. } => true,
            Expr::Index { array, .. } => {
                matches!(self.program.values[*array].expr, Expr::Param(_))
            }
            Expr::Var(var) => !changed.contains(var),
            _ => false,
        };
        if !can_be_repeated || steps == 0 {
            return Ok(None);
        }
        let mut operands = Vec::new();
        for operand in expr.operands() {
            let Some(operand) = self.again(operand, changed, steps - 1, at)? else { return Ok(None) };
            operands.push(operand);
        }
        let (mut expr, mut operands) = (expr, operands.into_iter());
        walk::operands_mut(&mut expr, |operand| *operand = operands.next().unwrap_or(*operand));
        let place = self.program.values[value].loc;
        let before = self.place.replace(place);
        let repeated = self.emit(expr, self.ty(value), at);
        self.place = before;
        repeated.map(Some)
    }
}
