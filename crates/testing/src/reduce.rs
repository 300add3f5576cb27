//! Makes a failing program small: statements are left out, blocks take the place of what encloses them, and constants
//! that of scalars, as long as the failure stays.
//!
//! ```text
//! v1 = …; if v2 { v3 = …; store x[v3], v1 }; return v9, v4     →     v1 = …; store x[0], v1; return v4
//! ```

use crate::Sample;
use parfuse_ir::program::{Block, Expr, Program, Stmt, Type, Value, walk};
use parfuse_ir::walk::Statement;
use parfuse_ir::{ElementType, FaultKind};

/// How many programs are tried at most: so many, and a few for each statement.
const TRIES: usize = 600;
const TRIES_A_STATEMENT: usize = 4;

/// The smallest program found that still fails. It calls `fails` for well-formed programs only.
pub fn reduced(sample: &Sample, mut fails: impl FnMut(&Sample) -> bool) -> Sample {
    let mut best = sample.clone();
    let mut tries = 0;
    let most = TRIES + TRIES_A_STATEMENT * count(&best.program, &best.program.body);
    loop {
        let before = best.clone();
        // From the end on, where users stand behind what they use.
        for edit in [Edit::Results, Edit::LeaveOut, Edit::Unwrap, Edit::Constant] {
            for position in (0..edit.places(&best.program)).rev() {
                let mut smaller = best.clone();
                edit.apply(&mut smaller.program, position);
                if tries < most && smaller.program.verify().is_ok() && ends(&smaller.program, &best.program) {
                    tries += 1;
                    if fails(&smaller) {
                        best = smaller;
                    }
                }
            }
        }
        if best.program == before.program || tries >= most {
            return best;
        }
    }
}

/// Whether a program that was made smaller ends as surely as before: what `while` loops count with is still there, and
/// so are what ranges of loops are made of and the checks of their steps.
fn ends(smaller: &Program, before: &Program) -> bool {
    let (mut loops, mut zero_steps) = ([Vec::new(), Vec::new()], [0, 0]);
    for (program, (loops, zero_steps)) in
        [smaller, before].into_iter().zip(loops.iter_mut().zip(&mut zero_steps))
    {
        walk::statements(program, &program.body).for_each(|stmt| match stmt {
            Stmt::While { header, cond, body } => loops.push((header.clone(), *cond, body.clone())),
            Stmt::Check { kind: FaultKind::ZeroStep, .. } => *zero_steps += 1,
            _ => {}
        });
    }
    let [left, all] = loops;
    let mut steps_vary = false;
    let mut ranges_stay = true;
    walk::statements(smaller, &smaller.body).for_each(|stmt| {
        if let Stmt::For { start, end, step, .. } = stmt {
            steps_vary |= smaller.constant(*step).is_none();
            let became =
                |value: &Value| smaller.constant(*value).is_some() && before.constant(*value).is_none();
            ranges_stay &= ![start, end, step].into_iter().any(became);
        }
    });
    left.iter().all(|one| all.contains(one)) && ranges_stay && (!steps_vary || zero_steps[0] == zero_steps[1])
}

/// A way to make a program smaller, at one of several places.
#[derive(Clone, Copy, PartialEq)]
enum Edit {
    /// Leaves out a result.
    Results,
    /// Leaves out a statement and all that is in it.
    LeaveOut,
    /// Puts what is in a statement in its place.
    Unwrap,
    /// Makes a scalar zero.
    Constant,
}

impl Edit {
    fn places(self, program: &Program) -> usize {
        match self {
            Edit::Results => program.results.len(),
            Edit::LeaveOut | Edit::Unwrap | Edit::Constant => count(program, &program.body),
        }
    }

    fn apply(self, program: &mut Program, mut position: usize) {
        if self == Edit::Results {
            program.results.remove(position);
            return;
        }
        let mut body = std::mem::take(&mut program.body);
        self.edit(program, &mut body, &mut position);
        program.body = body;
    }

    /// Edits the statement at a position counted down through the blocks. True once that is done. (Programs made up by
    /// tests nest a few blocks only.)
    fn edit(self, program: &mut Program, block: &mut Block, position: &mut usize) -> bool {
        for place in 0..block.len() {
            if *position == 0 {
                let stmt = block.remove(place);
                if let (Edit::Constant, Stmt::Let(value)) = (self, &stmt)
                    && let Type::Scalar(ElementType::Real(dtype)) = program.ty(*value)
                {
                    // A leaf, which no statement defines.
                    program.values[*value].expr = Expr::Const(dtype.zero());
                } else if self != Edit::LeaveOut {
                    let inside = match stmt {
                        Stmt::If { then, otherwise, .. } => then.into_iter().chain(otherwise).collect(),
                        Stmt::While { header, body, .. } => header.into_iter().chain(body).collect(),
                        Stmt::For { index, start, body, .. } => {
                            // The first iteration.
                            program.values[index].expr = Expr::Cast(start);
                            [vec![Stmt::Let(index)], body].concat()
                        }
                        other => vec![other],
                    };
                    block.splice(place..place, inside);
                }
                return true;
            }
            *position -= 1;
            if let Stmt::Let(value) = block[place]
                && let Expr::Map { body, .. } = &mut program.values[value].expr
            {
                let mut body = std::mem::take(body);
                let done = self.edit(program, &mut body, position);
                if let Expr::Map { body: place, .. } = &mut program.values[value].expr {
                    *place = body;
                }
                if done {
                    return true;
                }
            }
            for inside in block[place].blocks_mut() {
                if self.edit(program, inside, position) {
                    return true;
                }
            }
        }
        false
    }
}

/// The statements in a block and in all blocks inside.
fn count(program: &Program, block: &Block) -> usize {
    walk::statements(program, block).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Choices, random_program};

    #[test]
    fn a_program_shrinks_to_what_matters() {
        let stores = |sample: &Sample| sample.program.to_string().contains("store ");
        let (mut found, mut left) = (0, 0);
        for sample in (0..40).map(|seed| random_program(&mut Choices::seeded(seed))).filter(stores) {
            let small = reduced(&sample, stores);
            assert!(stores(&small) && small.program.verify().is_ok());
            found += 1;
            left += count(&small.program, &small.program.body);
        }
        // A store with a few values that it needs.
        assert!(found > 5 && left < 4 * found, "{found} programs, {left} statements");
    }
}
