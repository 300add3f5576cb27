//! Makes branches and conditions of loops of all exits: `break`, `continue`, `return`.
//!
//! ```text
//! scope {                                     x9 = false
//!   for v1: usize in 0usize..n step 1usize {  for v1: usize in 0usize..n step 1usize until x9 {
//!     if v2 { leave 0 }                 ⇒       if v2 { x9 = true } else {
//!     store x0[v1], v3                            store x0[v1], v3
//!   }                                           }
//! }                                           }
//! ```
//!
//! What follows a branch that leaves goes into its other side. Where it cannot, because both sides may go on, or because
//! it follows a loop that was left, it goes into a branch of its own, on a variable that says whether the scope was left.
//! A loop that is left on the way out keeps its range: a variable ends it. So trip counts, affine indices and disjoint
//! elements stay what they are, and the stages behind know branches and loops only.

use crate::Changed;
use crate::hash::FastSet;
use parfuse_ir::program::{Block, Expr, Program, Stmt, Type, Value, Var, VarData, walk};
use parfuse_ir::{Loc, Scalar, ScalarOp};
use std::collections::BTreeSet;

const BOOL: Type = Type::BOOL;

/// Replaces scopes and the statements that leave them.
pub fn structure_exits(program: &mut Program) -> Changed {
    let is_scope = |stmt: &Stmt| matches!(stmt, Stmt::Scope { .. });
    if !walk::statements(program, &program.body).any(is_scope) {
        return Changed::No;
    }
    let body = std::mem::take(&mut program.body);
    let mut structure =
        Structure { program, around: Vec::new(), asked: FastSet::default(), flags: FastSet::default() };
    let (mut body, _) = structure.block(body);
    let Structure { asked, flags, .. } = structure;
    // What no branch asks for need not be said.
    let said = |stmt: &Stmt| match stmt {
        Stmt::Assign { var, .. } => !flags.contains(var) || asked.contains(var),
        _ => true,
    };
    parfuse_ir::walk::retain(&mut body, said);
    program.body = body;
    Changed::Yes
}

/// What stands around a statement.
enum Around {
    /// A scope, and the variable that says whether it was left.
    Scope(Var),
    /// A loop, and the variable that says whether it was left, once something leaves it.
    Loop(Option<Var>),
}

/// How a block ends.
#[derive(Default)]
struct Exits {
    /// The scopes that it may leave, by their variables.
    left: BTreeSet<Var>,
    /// Whether its end is never reached.
    always: bool,
}

struct Structure<'a> {
    program: &'a mut Program,
    around: Vec<Around>,
    /// The variables that are read.
    asked: FastSet<Var>,
    /// All variables made here.
    flags: FastSet<Var>,
}

impl Structure<'_> {
    fn block(&mut self, block: Block) -> (Block, Exits) {
        let mut out = Block::with_capacity(block.len());
        let mut exits = Exits::default();
        let mut rest = block.into_iter();
        while let Some(stmt) = rest.next() {
            match stmt {
                Stmt::Leave { outward, loc } => {
                    exits.left.insert(self.leave(outward, loc, &mut out));
                    exits.always = true;
                    return (out, exits);
                }
                Stmt::If { cond, then, otherwise } => {
                    let (mut then, a) = self.block(then);
                    let (mut otherwise, b) = self.block(otherwise);
                    if a.left.is_empty() && b.left.is_empty() {
                        out.push(Stmt::If { cond, then, otherwise });
                        continue;
                    }
                    let rest: Block = rest.collect();
                    let after = match (a.always, b.always) {
                        (true, true) => Exits { left: BTreeSet::new(), always: true },
                        (true, false) => self.go_on(&mut otherwise, &b.left, rest),
                        (false, true) => self.go_on(&mut then, &a.left, rest),
                        (false, false) => {
                            let left = &a.left | &b.left;
                            out.push(Stmt::If { cond, then, otherwise });
                            let after = self.go_on(&mut out, &left, rest);
                            exits.left.extend(&left | &after.left);
                            return (out, exits);
                        }
                    };
                    out.push(Stmt::If { cond, then, otherwise });
                    exits.left.extend(&(&a.left | &b.left) | &after.left);
                    exits.always = after.always;
                    return (out, exits);
                }
                Stmt::Scope { body } => {
                    let flag = self.flag("left");
                    self.around.push(Around::Scope(flag));
                    let (mut body, mut inner) = self.block(body);
                    self.around.pop();
                    self.set(flag, false, Loc::NONE, &mut out);
                    out.append(&mut body);
                    let goes_on = inner.left.remove(&flag) || !inner.always;
                    if !inner.left.is_empty() {
                        return self.behind(out, exits, inner.left, goes_on, rest.collect());
                    }
                }
                Stmt::For { index, start, end, step, order, until, body, loc } => {
                    self.around.push(Around::Loop(until));
                    let (body, inner) = self.block(body);
                    let until = self.end_loop(&inner, loc, &mut out);
                    out.push(Stmt::For { index, start, end, step, order, until, body, loc });
                    if !inner.left.is_empty() {
                        return self.behind(out, exits, inner.left, true, rest.collect());
                    }
                }
                Stmt::While { header, cond, body } => {
                    self.around.push(Around::Loop(None));
                    let (header, before) = self.block(header);
                    let (body, mut inner) = self.block(body);
                    inner.left.extend(before.left);
                    let loc = self.program.values[cond].loc;
                    let stop = self.end_loop(&inner, loc, &mut out);
                    let (header, cond) = match stop {
                        Some(stop) => self.unless(stop, header, cond, loc),
                        None => (header, cond),
                    };
                    out.push(Stmt::While { header, cond, body });
                    if !inner.left.is_empty() {
                        return self.behind(out, exits, inner.left, true, rest.collect());
                    }
                }
                Stmt::Let(value) => {
                    self.closure(value);
                    out.push(stmt);
                }
                other => out.push(other),
            }
        }
        (out, exits)
    }

    /// The block of a `map` is left at its end only, but may contain scopes.
    fn closure(&mut self, value: Value) {
        let Expr::Map { body, .. } = &mut self.program.values[value].expr else { return };
        let body = std::mem::take(body);
        let around = std::mem::take(&mut self.around);
        let (structured, _) = self.block(body);
        self.around = around;
        if let Expr::Map { body, .. } = &mut self.program.values[value].expr {
            *body = structured;
        }
    }

    /// Says that the scope was left, and every loop on the way. Returns the variable of the scope.
    fn leave(&mut self, outward: u32, loc: Loc, out: &mut Block) -> Var {
        let mut scopes = outward;
        for position in (0..self.around.len()).rev() {
            match self.around[position] {
                Around::Scope(flag) if scopes == 0 => {
                    self.set(flag, true, loc, out);
                    return flag;
                }
                Around::Scope(_) => scopes -= 1,
                Around::Loop(stop) => {
                    let stop = stop.unwrap_or_else(|| self.flag("stopped"));
                    self.around[position] = Around::Loop(Some(stop));
                    self.asked.insert(stop);
                    self.set(stop, true, loc, out);
                }
            }
        }
        unreachable!("the verifier has seen to the scopes")
    }

    /// The variable that ends the loop that was around, which is set to `false` in front of it.
    fn end_loop(&mut self, inner: &Exits, loc: Loc, out: &mut Block) -> Option<Var> {
        let Some(Around::Loop(stop)) = self.around.pop() else { unreachable!("it was pushed") };
        if let Some(stop) = stop.filter(|_| !inner.left.is_empty()) {
            self.set(stop, false, loc, out);
        }
        stop
    }

    /// What follows in a block, behind what may have left these scopes.
    fn go_on(&mut self, out: &mut Block, left: &BTreeSet<Var>, rest: Block) -> Exits {
        let (mut rest, mut exits) = self.block(rest);
        if rest.is_empty() {
            return Exits { left: exits.left, always: exits.always && left.is_empty() };
        }
        if left.is_empty() {
            out.append(&mut rest);
            return exits;
        }
        let mut condition: Option<Value> = None;
        for flag in self.telling(left) {
            self.asked.insert(flag);
            let is_left = self.compute(Expr::Var(flag), Loc::NONE, out);
            let stays = self.compute(Expr::Op(ScalarOp::Not, vec![is_left]), Loc::NONE, out);
            condition = Some(match condition {
                Some(others) => self.compute(Expr::Op(ScalarOp::And, vec![others, stays]), Loc::NONE, out),
                None => stays,
            });
        }
        let cond = condition.expect("some scope may have been left");
        out.push(Stmt::If { cond, then: rest, otherwise: Block::new() });
        exits.always = false;
        exits
    }

    /// The variables that tell whether one of these scopes was left. Whoever leaves a scope around a loop ends the loop, so inside
    /// it the variable that ends it tells of them all, and there is one less to carry.
    fn telling(&self, left: &BTreeSet<Var>) -> BTreeSet<Var> {
        let is_loop = |around: &Around| matches!(around, Around::Loop(_));
        let innermost = self.around.iter().rposition(is_loop);
        let ends = innermost.and_then(|position| match self.around[position] {
            Around::Loop(stop) => Some((position, stop.filter(|stop| self.flags.contains(stop))?)),
            Around::Scope(_) => None,
        });
        let Some((position, stop)) = ends else { return left.clone() };
        let is_outside = |flag: &Var| {
            self.around[..position].iter().any(|around| matches!(around, Around::Scope(own) if own == flag))
        };
        left.iter().map(|flag| if is_outside(flag) { stop } else { *flag }).collect()
    }

    /// The end of a block behind a statement that may leave these scopes; `goes_on` says whether it may not.
    fn behind(
        &mut self,
        mut out: Block,
        mut exits: Exits,
        left: BTreeSet<Var>,
        goes_on: bool,
        rest: Block,
    ) -> (Block, Exits) {
        if goes_on {
            exits.left.extend(self.go_on(&mut out, &left, rest).left);
        }
        exits.left.extend(left);
        exits.always = !goes_on;
        (out, exits)
    }

    /// The header of a loop and its condition, neither looked at once the loop was left.
    fn unless(&mut self, stop: Var, header: Block, cond: Value, loc: Loc) -> (Block, Value) {
        let mut out = Block::new();
        let stopped = self.compute(Expr::Var(stop), loc, &mut out);
        let on = self.compute(Expr::Op(ScalarOp::Not, vec![stopped]), loc, &mut out);
        if header.is_empty() && self.program.constant(cond) == Some(Scalar::Bool(true)) {
            return (out, on);
        }
        let again = self.program.vars.push(VarData { name: "again".into(), ty: BOOL, param: None });
        self.set(again, false, loc, &mut out);
        let then = [header, vec![Stmt::Assign { var: again, value: cond }]].concat();
        out.push(Stmt::If { cond: on, then, otherwise: Block::new() });
        let cond = self.compute(Expr::Var(again), loc, &mut out);
        (out, cond)
    }

    fn flag(&mut self, name: &str) -> Var {
        let flag = self.program.vars.push(VarData { name: name.to_string(), ty: BOOL, param: None });
        self.flags.insert(flag);
        flag
    }

    fn set(&mut self, var: Var, to: bool, loc: Loc, out: &mut Block) {
        let value = self.program.value(Expr::Const(Scalar::Bool(to)), BOOL, loc);
        out.push(Stmt::Assign { var, value });
    }

    fn compute(&mut self, expr: Expr, loc: Loc, out: &mut Block) -> Value {
        let value = self.program.value(expr, BOOL, loc);
        out.push(Stmt::Let(value));
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parfuse_interp::{Array, Value as Argument, run_program};

    /// What the pass makes of a program, which computes the same; a second run finds nothing to do.
    fn structured(text: &str) -> Program {
        let before = Program::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        before.verify().unwrap_or_else(|error| panic!("{error}\n{text}"));
        let mut program = before.clone();
        assert_eq!(structure_exits(&mut program), Changed::Yes);
        program.verify().unwrap_or_else(|error| panic!("{error}\n{program}"));
        assert_eq!(structure_exits(&mut program), Changed::No);
        let exits = |stmt: &Stmt| matches!(stmt, Stmt::Scope { .. } | Stmt::Leave { .. });
        assert!(!walk::statements(&program, &program.body).any(exits), "{program}");
        for n in 0..9usize {
            let elements = (0..9).map(|k| Scalar::F64(f64::from(k * 7 % 5))).collect();
            let array = Array::new(parfuse_ir::DType::F64, &[9], elements);
            let arguments = [Argument::Array(array), Argument::Scalar(Scalar::Usize(n))];
            let run = |program: &Program| run_program(program, &arguments, 0).map(|outcome| outcome.results);
            assert_eq!(run(&before), run(&program), "{n}\n{program}");
        }
        program
    }

    const HEAD: &str = "program f(a: [f64; 1], n: usize) -> (f64, usize) {
        var x0 s: f64
        var x1 at: usize
        x0 = 0.0f64
        x1 = 100usize\n";
    const END: &str = "v98: f64 = x0 v99: usize = x1 return v98, v99 }";

    fn text(body: &str) -> String {
        format!("{HEAD}{body}{END}")
    }

    #[test]
    fn a_search_ends_and_keeps_its_range() {
        let program = structured(&text(
            "scope { for v10: usize in 0usize..n step 1usize {
               v11: f64 = index a[v10]
               v12: bool = gt v11, 3.0f64
               if v12 { x1 = v10 leave 0 }
               v13: f64 = x0 v14: f64 = add v13, v11 x0 = v14
             } }",
        ));
        let text = program.to_string();
        assert!(text.contains("in 0usize..n step 1usize until x3"), "{text}");
        assert!(text.contains("else {") && !text.contains("not"), "{text}");
    }

    #[test]
    fn inside_a_loop_what_ends_it_tells_of_all_that_was_left() {
        let program = structured(&text(
            "scope { for v10: usize in 0usize..n step 1usize {
               v11: f64 = index a[v10]
               v12: bool = gt v11, 1.0f64
               if v12 { v13: bool = gt v11, 3.0f64 if v13 { x1 = v10 leave 0 } }
               v14: f64 = x0 v15: f64 = add v14, v11 x0 = v15
             } }",
        ));
        let text = program.to_string();
        assert_eq!(text.matches("= true").count(), 1, "{text}");
    }

    #[test]
    fn iterations_that_go_on_early_are_branches() {
        let program = structured(&text(
            "for v10: usize in 0usize..n step 1usize { scope {
               v11: f64 = index a[v10]
               v12: bool = gt v11, 3.0f64
               if v12 { leave 0 }
               v20: bool = lt v11, 1.0f64
               if v20 { x1 = v10 if v20 { leave 0 } else { x1 = 7usize } }
               v13: f64 = x0 v14: f64 = add v13, v11 x0 = v14
             } }",
        ));
        assert!(!program.to_string().contains("until"), "{program}");
    }

    #[test]
    fn loops_in_loops_are_left_together() {
        let program = structured(&text(
            "scope { for v10: usize in 0usize..n step 1usize {
               scope { for v15: usize in v10..n step 2usize {
                 v11: f64 = index a[v15]
                 v12: bool = gt v11, 3.0f64
                 if v12 { x1 = v15 leave 1 }
                 v16: bool = eq v11, 0.0f64
                 if v16 { leave 0 }
                 v13: f64 = x0 v14: f64 = add v13, v11 x0 = v14
               } }
               v17: f64 = x0 v18: f64 = mul v17, 1.5f64 x0 = v18
             }
             v21: f64 = x0 v22: f64 = add v21, 0.25f64 x0 = v22 }",
        ));
        assert_eq!(program.to_string().matches("until").count(), 2, "{program}");
    }

    #[test]
    fn loops_with_conditions_do_not_look_at_them_again() {
        structured(&text(
            "scope { while { v10: usize = x1 v11: usize = sub v10, 100usize v12: f64 = index a[v11]
                 v13: bool = lt v12, 4.0f64 test v13 } do {
               v14: usize = x1 v15: usize = add v14, 1usize x1 = v15
               v16: usize = sub v15, 100usize v17: bool = ge v16, n
               if v17 { leave 0 }
               v18: f64 = x0 v19: f64 = add v18, 1.0f64 x0 = v19
             } }",
        ));
        structured(&text(
            "scope { while { test true } do {
               v14: usize = x1 v15: usize = add v14, 1usize x1 = v15
               v16: usize = sub v15, 100usize v17: bool = ge v16, n
               if v17 { leave 0 } else { x0 = 2.0f64 }
             } }",
        ));
    }

    #[test]
    fn what_follows_is_skipped_from_anywhere() {
        structured(&text(
            "scope { scope {
               v10: bool = lt n, 2usize if v10 { x0 = 1.0f64 leave 1 } else { v11: bool = lt n, 4usize if v11 { leave 0 } }
               v12: bool = eq n, 5usize if v12 { leave 1 } else { leave 0 }
               x0 = 7.0f64
             }
             v13: f64 = x0 v14: f64 = add v13, 2.0f64 x0 = v14
             leave 0
             x0 = 9.0f64 }",
        ));
    }

    #[test]
    fn programs_without_exits_stay() {
        let mut program = Program::parse(&text("x0 = 1.0f64\n")).unwrap();
        assert_eq!(structure_exits(&mut program), Changed::No);
    }
}
