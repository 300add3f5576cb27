//! Finds everything in a program that the passes refuse, where they themselves stop at the first.
//!
//! ```text
//! prange v1 in … { last = v1                            refused: `last` is not a reduction
//!                  store counts[v2], … }                 refused: two iterations might store to one element
//! ```
//!
//! Each refusal to lower is taken out of a copy of the program, which is then lowered again. A variable that is not a
//! reduction becomes one of the iteration's own, so that what else stands in its loop is looked at; for other reasons the
//! whole loop goes. What has no loop around it ends the search. Races are all found in the end.

use crate::check_parallel::find_races;
use crate::{Rejection, lower_arrays};
use parfuse_ir::loops::Layout;
use parfuse_ir::program::{Block, Expr, Program, Stmt, Type, ValueData, Var, VarData, walk};
use parfuse_ir::{Loc, Scalar};

/// All that is refused of a program that the verifier accepts, in the order of the source; nothing if it can be lowered.
///
/// # Panics
/// As [`lower_arrays`].
pub fn find_mistakes(program: &Program, layouts: &[Option<Layout>]) -> Vec<Rejection> {
    let mut program = program.clone();
    let mut found: Vec<Rejection> = Vec::new();
    loop {
        let rejection = match lower_arrays(&program, layouts) {
            Ok(loops) => {
                found.append(&mut find_races(&loops));
                break;
            }
            Err(rejection) => rejection,
        };
        let first_time = !found.contains(&rejection);
        let changed = (first_time && make_variable_local(&mut program, &rejection))
            || remove_loop(&mut program, &rejection);
        if first_time {
            found.push(rejection);
        }
        if !changed {
            break;
        }
    }
    found.sort_by_key(|rejection| rejection.locs().first().map(|loc| (loc.file, loc.line, loc.column)));
    found
}

/// Makes a variable that is not a reduction one of the iteration's own; whether there was one to do that with.
fn make_variable_local(program: &mut Program, rejection: &Rejection) -> bool {
    let Rejection::NotAReduction { variable, .. } = rejection else { return false };
    let mut changed = false;
    at_refused(program, rejection, &mut |program, block, refused| {
        for (stmt, _) in block.iter_mut().zip(refused).filter(|(_, refused)| **refused) {
            let Stmt::For { body, .. } = stmt else { unreachable!("only loops are refused") };
            changed |= make_local(program, body, variable);
        }
    });
    changed
}

/// Removes the loop around what was refused; whether there is one.
fn remove_loop(program: &mut Program, rejection: &Rejection) -> bool {
    let mut changed = false;
    at_refused(program, rejection, &mut |_, block, refused| {
        let mut refused = refused.iter();
        block.retain(|_| !refused.next().expect("there is one for each statement"));
        changed = true;
    });
    changed
}

/// Shows each block with parallel loops around what was refused, and which of its statements they are.
fn at_refused(
    program: &mut Program,
    rejection: &Rejection,
    see: &mut dyn FnMut(&mut Program, &mut Block, &[bool]),
) {
    let Some(&place) = rejection.locs().first().filter(|loc| **loc != Loc::NONE) else { return };
    let mut body = std::mem::take(&mut program.body);
    walk::each_block_in_mut(&mut body, |block| {
        let parallel = |stmt: &Stmt| matches!(stmt, Stmt::For { order, .. } if order.is_parallel());
        let refused: Vec<bool> =
            block.iter().map(|stmt| parallel(stmt) && stands_in(program, stmt, place)).collect();
        if refused.contains(&true) {
            see(program, block, &refused);
        }
    });
    program.body = body;
}

/// Whether a place belongs to a statement or to one inside it.
fn stands_in(program: &Program, stmt: &Stmt, place: Loc) -> bool {
    walk::statements(program, std::slice::from_ref(stmt)).any(|stmt| program.place(stmt) == place)
}

/// Gives each iteration scalars of its own in place of the variables of this name that it assigns; whether it assigns any.
fn make_local(program: &mut Program, body: &mut Block, name: &str) -> bool {
    let mut assigned: Vec<Var> = Vec::new();
    walk::visit_mut(body, |stmt| {
        if let Stmt::Assign { var, .. } = stmt {
            assigned.push(*var);
        }
    });
    assigned.sort_unstable();
    assigned.dedup();
    let scalar =
        |var: &Var| matches!(program.vars[*var].ty, Type::Scalar(_)) && program.vars[*var].name == name;
    assigned.retain(scalar);
    for &var in &assigned {
        let ty = program.vars[var].ty;
        let own = program.vars.push(VarData { name: name.to_string(), ty, param: None });
        walk::visit_mut(body, |stmt| match stmt {
            Stmt::Assign { var: target, .. } if *target == var => *target = own,
            Stmt::Let(value) if program.values[*value].expr == Expr::Var(var) => {
                program.values[*value].expr = Expr::Var(own);
            }
            _ => {}
        });
        let zero = Expr::Const(Scalar::Bool(false).cast(ty.dtype()));
        let zero = program.values.push(ValueData { expr: zero, ty, loc: Loc::NONE, name: None });
        body.insert(0, Stmt::Assign { var: own, value: zero });
    }
    !assigned.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The array or variable that each mistake concerns.
    fn mistakes(text: &str) -> Vec<String> {
        let program = Program::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        program.verify().unwrap_or_else(|error| panic!("{error}\n{text}"));
        let layouts: Vec<Option<Layout>> =
            program.params.iter().map(|param| param.ty.rank().map(Layout::rows)).collect();
        let named = |rejection| match rejection {
            Rejection::NotAReduction { variable, .. } => variable,
            Rejection::PossibleRace { array, .. } => array,
            other => format!("{other:?}"),
        };
        find_mistakes(&program, &layouts).into_iter().map(named).collect()
    }

    #[test]
    fn variables_and_races_of_one_loop_are_all_found() {
        let text = "program f(mut a: [i64; 1], n: usize, k: usize) -> (usize, i64) {
  var x0 a: [i64; 1] is p0
  var x1 last: usize
  var x2 total: i64
  x1 = 0usize
  x2 = 0i64
  prange v1: usize in 0usize..n step 1usize @2:5 {
    v2: usize = add v1, 1usize @3:1
    x1 = v2
    v3: i64 = x2 @4:1
    v4: i64 = rem v3, 3i64 @4:2
    x2 = v4
    store x0[k], 1i64 @5:1
  }
  v5: usize = x1
  v6: i64 = x2
  return v5, v6
}";
        assert_eq!(mistakes(text), ["last", "total", "a"]);
        // An index that is the iteration's own is no race because its variable is declared too early.
        let own = text
            .replace("v2: usize = add v1, 1usize @3:1\n    x1 = v2", "x1 = v1")
            .replace("store x0[k]", "v9: usize = x1\n    store x0[v9]");
        assert_eq!(mistakes(&own), ["last", "total"]);
    }

    #[test]
    fn all_arrays_that_iterations_race_on_are_named() {
        let text =
            "program cluster(points: [f64; 1], near: [usize; 1], mut sums: [f64; 1], mut counts: [i64; 1]) {
  var x0 sums: [f64; 1] is p2
  var x1 counts: [i64; 1] is p3
  v1: usize = len points
  prange v2: usize in 0usize..v1 step 1usize {
    v3: usize = rem v2, 3usize @3:1
    v4: f64 = index points[v2] @3:2
    store x0[v3], v4 @4:1
    store x1[v3], 1i64 @5:1
  }
  prange v5: usize in 0usize..v1 step 1usize {
    store x0[0usize], 1.0f64 @7:1
  }
}";
        assert_eq!(mistakes(text), ["sums", "counts", "sums"]);
    }

    #[test]
    fn other_loops_are_looked_at_behind_one_that_is_refused() {
        let text = "program f(mut a: [f64; 1], n: usize) {
  var x0 a: [f64; 1] is p0
  prange v1: usize in 0usize..n step 1usize {
    v2: [f64; 1] = random[n] @2:1
    v3: f64 = reduce sum v2 @2:2
    store x0[v1], v3 @2:3
  }
  prange v4: usize in 0usize..n step 1usize {
    store x0[3usize], 1.0f64 @5:1
  }
}";
        let found = mistakes(text);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains("ArrayOperationInside") && found[1] == "a", "{found:?}");
    }

    #[test]
    fn nothing_is_found_in_a_program_that_can_be_lowered() {
        let text = "program f(a: [f64; 1]) -> f64 {\n  v2: f64 = reduce sum a\n  return v2\n}";
        assert!(mistakes(text).is_empty());
    }
}
