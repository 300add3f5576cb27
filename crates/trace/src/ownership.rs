//! Which variables take over an array and which need a copy of it.
//!
//! ```text
//! let mut out = Array1::zeros(n);     assign out, (fill n, 0)         nothing else uses it: taken over
//! let mut b = a;                      assign b, (copy a)              a parameter: copied
//! ```
//!
//! A variable changes in place, so what it takes over must be its own. An array value can be taken over if
//! it was computed for this execution of the assignment and is not used after it.

use parfuse_ir::program::{Block, Expr, Program, Stmt, Value, ValueData};
use std::collections::HashMap;

/// Where a value is computed and last used: positions in the order of the text, and the innermost loop.
#[derive(Default)]
struct Uses {
    position: usize,
    loops: Vec<usize>,
    defined_in: HashMap<Value, usize>,
    last_use: HashMap<Value, usize>,
    assigns: Vec<(Value, usize, usize)>,
}

/// Inserts copies before assignments of arrays that the variable may not take over.
pub(crate) fn take_copies(program: &mut Program) {
    let mut uses = Uses { loops: vec![0], ..Uses::default() };
    let body = std::mem::take(&mut program.body);
    uses.walk(program, &body);
    for result in &program.results {
        uses.last_use.insert(*result, usize::MAX);
    }
    let mut shared: Vec<bool> = uses
        .assigns
        .iter()
        .map(|(value, position, innermost)| {
            let is_named_storage = matches!(program.values[*value].expr, Expr::Param(_) | Expr::Var(_));
            let is_used_later = uses.last_use.get(value).is_some_and(|last| last > position);
            is_named_storage || is_used_later || uses.defined_in.get(value) != Some(innermost)
        })
        .collect();
    shared.reverse();
    program.body = copy_shared(program, body, &mut shared);
}

impl Uses {
    fn walk(&mut self, program: &Program, block: &Block) {
        for stmt in block {
            self.position += 1;
            match stmt {
                Stmt::Let(value) => {
                    let innermost = *self.loops.last().unwrap_or(&0);
                    self.defined_in.insert(*value, innermost);
                    for operand in operands(&program.values[*value].expr) {
                        self.last_use.insert(operand, self.position);
                    }
                    if let Expr::Map { body, .. } = &program.values[*value].expr {
                        self.walk(program, body);
                    }
                }
                Stmt::Assign { var, value } => {
                    if program.vars[*var].ty.rank().is_some() {
                        let innermost = *self.loops.last().unwrap_or(&0);
                        self.assigns.push((*value, self.position, innermost));
                    }
                    self.last_use.insert(*value, self.position);
                }
                Stmt::Update { value, .. } => {
                    self.last_use.insert(*value, self.position);
                }
                // The other statements use scalars only.
                Stmt::Store { .. } | Stmt::Check { .. } => {}
                Stmt::If { then, otherwise, .. } => {
                    self.walk(program, then);
                    self.walk(program, otherwise);
                }
                Stmt::While { header, body, .. } => self.inside_loop(program, &[header, body]),
                Stmt::For { body, .. } => self.inside_loop(program, &[body]),
            }
        }
    }
    fn inside_loop(&mut self, program: &Program, blocks: &[&Block]) {
        self.loops.push(self.position);
        for block in blocks {
            self.walk(program, block);
        }
        self.loops.pop();
    }
}

fn copy_shared(program: &mut Program, block: Block, shared: &mut Vec<bool>) -> Block {
    let mut result = Block::with_capacity(block.len());
    for stmt in block {
        let stmt = match stmt {
            Stmt::Assign { var, value } if program.vars[var].ty.rank().is_some() => {
                let mut value = value;
                if shared.pop().unwrap_or(true) {
                    let ValueData { ty, loc, .. } = program.values[value].clone();
                    value = program.value(Expr::Copy(value), ty, loc);
                    result.push(Stmt::Let(value));
                }
                Stmt::Assign { var, value }
            }
            Stmt::If { cond, then, otherwise } => {
                let then = copy_shared(program, then, shared);
                let otherwise = copy_shared(program, otherwise, shared);
                Stmt::If { cond, then, otherwise }
            }
            Stmt::While { header, cond, body } => {
                let header = copy_shared(program, header, shared);
                let body = copy_shared(program, body, shared);
                Stmt::While { header, cond, body }
            }
            Stmt::For { index, start, end, step, parallel, body, loc } => {
                let body = copy_shared(program, body, shared);
                Stmt::For { index, start, end, step, parallel, body, loc }
            }
            other => other,
        };
        result.push(stmt);
    }
    result
}

/// The arrays that an expression uses, but for those that a `mapv` closure does.
fn operands(expr: &Expr) -> Vec<Value> {
    match expr {
        Expr::Const(_) | Expr::Param(_) | Expr::Var(_) | Expr::Bound => Vec::new(),
        Expr::Op(_, operands) => operands.clone(),
        Expr::Cast(value) | Expr::Len(value) | Expr::Copy(value) => vec![*value],
        Expr::Index { array, .. } | Expr::Dim { array, .. } | Expr::Reduce { array, .. } => vec![*array],
        Expr::Fill { .. } | Expr::Random { .. } => Vec::new(),
        Expr::Map { arrays, .. } => arrays.clone(),
    }
}
