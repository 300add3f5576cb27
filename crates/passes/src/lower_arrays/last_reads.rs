//! Which copies of array variables are the last that is seen of the array: it can be handed over instead.
//!
//! ```text
//! v1: [f64; 1] = var b        v2 = copy v1        b is assigned before it is read again: handed over
//! v3: [f64; 1] = var a        v4 = copy v3        so is a
//! assign a, v2                assign b, v4        two arrays have changed places, and no element was touched
//! ```
//!
//! A variable is *live* where its array may yet be read, or changed in part, before it is assigned as a whole.
//! A program is structured, so one walk against the order of execution finds what is live; what a loop's next
//! iteration reads is found by another walk over its body. Copies in parallel loops are left alone: they are
//! refused there.
//!
//! A copy that only element by element operations read before the variable takes their result stays a copy as
//! well: fused with them it costs nothing, and the variable's own elements are overwritten where they are.

use crate::hash::FastMap;
use parfuse_ir::program::{Block, CallArgument, Expr, Place, Program, Stmt, Value, Var, walk};
use std::collections::BTreeSet;

/// The copies of variables that are not live after them, with the variable.
pub(super) fn last_reads(program: &Program, uses: &FastMap<Value, u32>) -> FastMap<Value, Var> {
    let mut search = Search { program, uses, found: FastMap::default() };
    if search.has_copies() {
        let mut live = BTreeSet::new();
        program.results.iter().for_each(|result| search.read(*result, &mut live));
        search.walk(&program.body, &mut live, true);
    }
    search.found
}

struct Search<'a> {
    program: &'a Program,
    uses: &'a FastMap<Value, u32>,
    found: FastMap<Value, Var>,
}

impl Search<'_> {
    /// The local array variable whose array a value is, or is a view of.
    fn variable(&self, value: Value) -> Option<Var> {
        self.program.viewed_variable(value).filter(|var| self.is_local_array(*var))
    }

    fn is_local_array(&self, var: Var) -> bool {
        let data = &self.program.vars[var];
        data.param.is_none() && data.ty.rank().is_some()
    }

    /// The variable that a copy is of.
    fn copied(&self, value: Value) -> Option<Var> {
        match self.program.values[value].expr {
            Expr::Copy(array) if self.program.viewed(array) == array => self.variable(array),
            _ => None,
        }
    }

    fn has_copies(&self) -> bool {
        self.program.values.ids().any(|value| self.copied(value).is_some())
    }

    fn read(&self, value: Value, live: &mut BTreeSet<Var>) {
        live.extend(self.variable(value));
    }

    /// From what is live after a block to what is live before it. Notes what is found only if asked to.
    fn walk(&mut self, block: &Block, live: &mut BTreeSet<Var>, note: bool) {
        for (position, stmt) in block.iter().enumerate().rev() {
            match stmt {
                Stmt::Let(value) => {
                    if note
                        && let Some(var) = self.copied(*value)
                        && !live.contains(&var)
                        && !self.is_overwritten_in_place(*value, var, &block[position + 1..])
                    {
                        self.found.insert(*value, var);
                    }
                    for inner in walk::blocks(self.program, stmt) {
                        self.walk(inner, live, false);
                    }
                }
                Stmt::Assign { var, .. } => {
                    live.remove(var);
                }
                Stmt::Store { place: Place { var, .. }, .. }
                | Stmt::Update { place: Place { var, .. }, .. }
                | Stmt::Resize { var, .. } => {
                    if self.is_local_array(*var) {
                        live.insert(*var);
                    }
                }
                Stmt::If { then, otherwise, .. } => {
                    let mut other = live.clone();
                    self.walk(otherwise, &mut other, note);
                    self.walk(then, live, note);
                    live.append(&mut other);
                }
                Stmt::While { header, body, .. } => {
                    let mut again = BTreeSet::new();
                    self.walk(header, &mut again, false);
                    self.walk(body, &mut again, false);
                    live.append(&mut again);
                    self.walk(header, live, note);
                    if note {
                        self.walk(body, &mut live.clone(), true);
                    }
                }
                Stmt::For { body, order, .. } => {
                    let mut again = BTreeSet::new();
                    self.walk(body, &mut again, false);
                    live.append(&mut again);
                    if note && !order.is_parallel() {
                        self.walk(body, &mut live.clone(), true);
                    }
                }
                Stmt::Scope { .. } | Stmt::Leave { .. } => unreachable!("exits have been structured"),
                Stmt::Call { arguments, results, .. } => {
                    live.retain(|var| !results.contains(var));
                    for argument in arguments {
                        if let CallArgument::Place(place) = argument
                            && self.is_local_array(place.var)
                        {
                            live.insert(place.var);
                        }
                    }
                }
                Stmt::Check { .. } => {}
            }
            walk::reads(self.program, stmt, |value| self.read(value, live));
        }
    }

    /// Whether nothing but element by element operations reads a copy before its variable is assigned what they
    /// compute.
    fn is_overwritten_in_place(&self, copy: Value, var: Var, rest: &[Stmt]) -> bool {
        let mut uses = 0;
        for stmt in rest {
            let mut reads = 0;
            walk::reads(self.program, stmt, |value| reads += (value == copy) as u32);
            match stmt {
                Stmt::Let(value) => {
                    let expr = &self.program.values[*value].expr;
                    let by_element = matches!(expr, Expr::Op(..) | Expr::Cast(_) | Expr::Map { .. });
                    if reads > 0 && !by_element {
                        return false;
                    }
                    uses += reads;
                }
                Stmt::Assign { var: assigned, value } if *assigned == var => {
                    let expr = &self.program.values[*value].expr;
                    let computed = matches!(expr, Expr::Op(..) | Expr::Cast(_) | Expr::Map { .. });
                    return computed && uses > 0 && self.uses.get(&copy) == Some(&uses);
                }
                Stmt::Assign { .. } if reads == 0 => {}
                _ => return false,
            }
        }
        false
    }
}
