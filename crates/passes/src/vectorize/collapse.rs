//! Whether the dimensions of a parallel loop may be merged when all its arrays are contiguous.
//!
//! ```text
//! parfor i, j { b2[i, j] = b0[i, j] + b1[0, j] }      b2: axes 0, 1    b0: axes 0, 1    b1: broadcast, 1
//! parfor i, j { b2[i, j] = b0[i + 1, j] }            the same, elsewhere
//! parfor i, j { b2[i, j] = i }                        no: the index is more than a place
//! ```
//!
//! Merging walks the elements in the same order in longer rows. Rows decide in which order a reduction of
//! floats rounds, so a loop with one is left alone: its result is to depend on shapes, not on strides.

use crate::hash::FastMap;
use parfuse_ir::ScalarOp;
use parfuse_ir::loops::{Buffer, Expr, Loops, Parfor, Stmt, Value, walk};
use smallvec::SmallVec;

/// For each access the buffer and the axis that each dimension walks along.
type Accesses = Vec<(Buffer, Vec<Option<u8>>)>;

/// The accesses of a loop whose indices serve for nothing else.
pub(crate) fn collapsible(loops: &Loops, parfor: &Parfor) -> Option<Accesses> {
    let rounds = |var| loops.vars[var].dtype.is_float();
    if parfor.indices.len() < 2
        || parfor.reductions.iter().flat_map(|reduction| &reduction.locals).any(|local| rounds(*local))
    {
        return None;
    }
    accesses(loops, parfor)
}

fn accesses(loops: &Loops, parfor: &Parfor) -> Option<Accesses> {
    let mut found = Found { loops, parfor, forms: FastMap::default(), accesses: Accesses::new() };
    for (dimension, index) in parfor.indices.iter().enumerate() {
        let own = (0..parfor.indices.len()).map(|other| (other == dimension) as i64).collect();
        found.forms.insert(*index, own);
    }
    for stmt in walk::statements(&parfor.body) {
        match stmt {
            Stmt::Let(value) => match &loops.values[*value].expr {
                Expr::Load { buffer, index } => found.access(*buffer, index)?,
                _ => found.evaluation(*value)?,
            },
            Stmt::Store { buffer, index, value, .. } => {
                found.no_index(&[*value])?;
                found.access(*buffer, index)?;
            }
            Stmt::Alloc { .. } | Stmt::Move { .. } | Stmt::Resize { .. } | Stmt::Parfor(_) => return None,
            _ => {
                let mut used = Vec::new();
                walk::uses(stmt, |value| used.push(value));
                found.no_index(&used)?;
            }
        }
    }
    Some(found.accesses)
}

struct Found<'a> {
    loops: &'a Loops,
    parfor: &'a Parfor,
    /// Of the indices, and of what is a fixed distance from sums of them: how often each dimension's is in it.
    forms: FastMap<Value, Form>,
    accesses: Accesses,
}

/// By dimension, what a step along it adds to a number.
type Form = SmallVec<[i64; 6]>;

impl Found<'_> {
    fn no_index(&self, values: &[Value]) -> Option<()> {
        values.iter().all(|value| !self.forms.contains_key(value)).then_some(())
    }

    /// A value that is computed from indices must be one, too.
    fn evaluation(&mut self, value: Value) -> Option<()> {
        let data = &self.loops.values[value];
        let operands = data.expr.operands();
        if self.no_index(&operands).is_some() {
            return Some(());
        }
        let wide = |value: &Value| self.loops.dtype(*value).is_wide_int();
        let minus = match &data.expr {
            _ if !wide(&value) || !operands.iter().all(wide) => return None,
            Expr::Cast(_) | Expr::Op(ScalarOp::Add, _) => 1,
            Expr::Op(ScalarOp::Sub, _) => -1,
            _ => return None,
        };
        let mut sum = Form::from_elem(0, self.parfor.indices.len());
        for (operand, sign) in operands.iter().zip([1, minus]) {
            let Some(form) = self.forms.get(operand) else { continue };
            // As the numbers wrap.
            sum.iter_mut().zip(form).for_each(|(sum, by)| *sum = sum.wrapping_add(by.wrapping_mul(sign)));
        }
        self.forms.insert(value, sum);
        Some(())
    }

    fn access(&mut self, buffer: Buffer, index: &[Value]) -> Option<()> {
        let mut axes = vec![None; self.parfor.indices.len()];
        for (axis, index) in index.iter().enumerate() {
            let Some(form) = self.forms.get(index) else { continue };
            for (walked, by) in axes.iter_mut().zip(form) {
                match by {
                    0 => {}
                    1 if walked.is_none() => *walked = Some(axis as u8),
                    _ => return None,
                }
            }
        }
        if !self.accesses.contains(&(buffer, axes.clone())) {
            self.accesses.push((buffer, axes));
        }
        Some(())
    }
}
