//! Which variables take over an array and which need a copy of it.
//!
//! ```text
//! let mut out = Array1::zeros(n);     assign out, (fill n, 0)         nothing else uses it: taken over
//! let mut b = a;                      assign b, (copy a)              a parameter: copied
//! ```
//!
//! A variable changes in place, so what it takes over must be its own. An array value can be taken over if
//! it was computed for this execution of the assignment and is not used after it. A view is nobody's own, and whoever
//! uses it uses the array that it is of.

use parfuse_ir::program::{Block, Expr, Program, Stmt, Value, ValueData, walk};
use std::collections::{HashMap, HashSet};

/// Where a value is computed and last used: positions in the order of the text, and the innermost loop.
#[derive(Default)]
struct Uses {
    position: usize,
    defined_in: HashMap<Value, usize>,
    last_use: HashMap<Value, usize>,
    /// The arrays assigned, in the order of the text, with the position and the innermost loop.
    assigns: Vec<(Value, usize, usize)>,
}

/// Inserts copies before assignments of arrays that the variable may not take over.
pub(crate) fn take_copies(program: &mut Program) {
    let mut uses = Uses::default();
    uses.find(program);
    uses.position = usize::MAX;
    program.results.iter().for_each(|result| uses.read(program, *result));
    let mut shared: Vec<bool> = uses
        .assigns
        .iter()
        .map(|(value, position, innermost)| {
            let is_named_storage =
                matches!(program.values[*value].expr, Expr::Param(_) | Expr::Var(_) | Expr::View { .. });
            let is_used_later = uses.last_use.get(value).is_some_and(|last| last > position);
            is_named_storage || is_used_later || uses.defined_in.get(value) != Some(innermost)
        })
        .collect();
    shared.reverse();
    let mut body = std::mem::take(&mut program.body);
    copy_shared(program, &mut body, &mut shared);
    program.body = body;
}

impl Uses {
    /// Whoever reads a view reads the array that it is of.
    fn read(&mut self, program: &Program, mut array: Value) {
        self.last_use.insert(array, self.position);
        while let Expr::View { array: inner, .. } = program.values[array].expr {
            array = inner;
            self.last_use.insert(array, self.position);
        }
    }
    fn find(&mut self, program: &Program) {
        walk::visit_within(program, &program.body, 0, |stmt, innermost| {
            self.position += 1;
            match stmt {
                Stmt::Let(value) => drop(self.defined_in.insert(*value, innermost)),
                Stmt::Assign { var, value } if program.vars[*var].ty.rank().is_some() => {
                    self.assigns.push((*value, self.position, innermost));
                }
                _ => {}
            }
            walk::reads(program, stmt, |used| self.read(program, used));
            match stmt {
                Stmt::While { .. } | Stmt::For { .. } => self.position,
                _ => innermost,
            }
        });
    }
}

/// Has array variables take copies of what is shared; `shared` says of which assignments that is so, the first one last.
fn copy_shared(program: &mut Program, body: &mut Block, shared: &mut Vec<bool>) {
    let mut copies = HashSet::new();
    walk::visit_mut(body, |stmt| {
        if let Stmt::Assign { var, value } = stmt
            && program.vars[*var].ty.rank().is_some()
            && shared.pop().unwrap_or(true)
        {
            let ValueData { ty, loc, .. } = program.values[*value].clone();
            *value = program.value(Expr::Copy(*value), ty, loc);
            copies.insert(*value);
        }
    });
    walk::each_block_in_mut(body, |block| {
        let is_copy = |stmt: &Stmt| matches!(stmt, Stmt::Assign { value, .. } if copies.contains(value));
        if block.iter().any(is_copy) {
            for stmt in std::mem::take(block) {
                if let Stmt::Assign { value, .. } = stmt
                    && copies.contains(&value)
                {
                    block.push(Stmt::Let(value));
                }
                block.push(stmt);
            }
        }
    });
}
