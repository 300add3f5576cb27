//! Closures over elements: a `map` of complex numbers.
//!
//! ```text
//! v9 = map v3 in a { v5 = mul v3, w; yield v5 }     v10 = map v11 in a.re, v12 in a.im { …; yield v15 }
//!                                                   v20 = map v21 in a.re, v22 in a.im { …; yield v28 }
//! ```
//!
//! One with complex results becomes two, each with the whole block. Loops of one space fuse, equal values are computed once,
//! and what only the other part needs is nobody's: two such blocks end up as one. Not so if there are loops in them, which
//! nothing makes one of. Such a `map` gives both parts, side by side:
//!
//! ```text
//! v9 = map v3 in a { while … { … }; yield v5 }      v10 = map v11 in a.re, v12 in a.im { while … { … }; yield v15, v16 }
//! ```
//!
//! Inside an iteration it stays two in any case: arrays of an iteration's own are computed where they are needed, if they can
//! be, and those of both parts need not be.

use super::{Split, part_type, together_type};
use crate::hash::FastMap;
use parfuse_ir::Part;
use parfuse_ir::program::{Block, Expr, Stmt, Value, walk};

impl Split<'_> {
    /// A `map` whose arrays or result may be complex.
    pub(super) fn map(
        &mut self,
        value: Value,
        arrays: Vec<Value>,
        params: Vec<Value>,
        body: Block,
        results: &[Value],
    ) {
        let (mut walked, mut elements) = (Vec::new(), Vec::new());
        for (array, param) in arrays.into_iter().zip(params) {
            match self.parts.get(&array).copied() {
                None => {
                    walked.push(self.real(array));
                    elements.push(param);
                }
                Some(parts) => {
                    let loc = self.program.values[param].loc;
                    let ty = part_type(self.program.ty(param));
                    let bound = Part::BOTH.map(|_| self.program.value(Expr::Bound, ty, loc));
                    self.parts.insert(param, bound);
                    walked.extend(parts);
                    elements.extend(bound);
                }
            }
        }
        let body = self.nested(body);
        let ty = self.program.ty(value);
        if !ty.is_complex() {
            let results = results.iter().map(|result| self.real(*result)).collect();
            self.program.values[value].expr = Expr::Map { arrays: walked, params: elements, body, results };
            self.block.push(Stmt::Let(value));
            return;
        }
        let [re, im] = self.parts[&results[0]];
        let loops = walk::statements(self.program, &body);
        let has_loops = loops.into_iter().any(|stmt| matches!(stmt, Stmt::While { .. } | Stmt::For { .. }));
        if has_loops && self.iterations == 0 {
            let expr = Expr::Map { arrays: walked, params: elements, body, results: vec![re, im] };
            let whole = self.emit(expr, together_type(ty), value);
            return self.side_by_side(value, whole, self.program.values[value].loc);
        }
        let again = self.copy(&elements, &body, im);
        let mut map = |(params, body, result): (Vec<Value>, Block, Value)| {
            let expr = Expr::Map { arrays: walked.clone(), params, body, results: vec![result] };
            self.emit(expr, part_type(ty), value)
        };
        let parts = [map((elements, body, re)), map(again)];
        self.parts.insert(value, parts);
    }

    /// A block with the values that it defines, those bound in front of it among them, made anew.
    fn copy(&mut self, bound: &[Value], body: &Block, result: Value) -> (Vec<Value>, Block, Value) {
        let mut copies = FastMap::default();
        let bound = bound.iter().map(|value| self.copied(*value, &mut copies)).collect();
        let body = self.copied_block(body, &mut copies);
        (bound, body, copies.get(&result).copied().unwrap_or(result))
    }

    fn copied(&mut self, value: Value, copies: &mut FastMap<Value, Value>) -> Value {
        let copy = self.program.values[value].clone();
        let copy = self.program.values.push(copy);
        copies.insert(value, copy);
        copy
    }

    fn copied_block(&mut self, block: &Block, copies: &mut FastMap<Value, Value>) -> Block {
        block.iter().map(|stmt| self.copied_statement(stmt, copies)).collect()
    }

    fn copied_statement(&mut self, stmt: &Stmt, copies: &mut FastMap<Value, Value>) -> Stmt {
        let mut stmt = match stmt {
            Stmt::Let(value) => return Stmt::Let(self.copied_value(*value, copies)),
            Stmt::If { cond, then, otherwise } => Stmt::If {
                cond: *cond,
                then: self.copied_block(then, copies),
                otherwise: self.copied_block(otherwise, copies),
            },
            Stmt::While { header, cond, body } => Stmt::While {
                header: self.copied_block(header, copies),
                cond: *cond,
                body: self.copied_block(body, copies),
            },
            Stmt::For { index, start, end, step, order, until, body, loc } => Stmt::For {
                index: self.copied(*index, copies),
                start: *start,
                end: *end,
                step: *step,
                order: *order,
                until: *until,
                body: self.copied_block(body, copies),
                loc: *loc,
            },
            Stmt::Scope { body } => Stmt::Scope { body: self.copied_block(body, copies) },
            other => other.clone(),
        };
        walk::uses_mut(&mut stmt, |used| *used = copies.get(used).copied().unwrap_or(*used));
        stmt
    }

    fn copied_value(&mut self, value: Value, copies: &mut FastMap<Value, Value>) -> Value {
        let mut expr = self.program.values[value].expr.clone();
        if let Expr::Map { params, body, .. } = &mut expr {
            params.iter_mut().for_each(|param| *param = self.copied(*param, copies));
            *body = self.copied_block(body, copies);
        }
        walk::operands_mut(&mut expr, |used| *used = copies.get(used).copied().unwrap_or(*used));
        let copy = self.copied(value, copies);
        self.program.values[copy].expr = expr;
        copy
    }
}
