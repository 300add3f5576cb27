//! Makes a failing program small: statements are left out, blocks take the place of what encloses them, and constants
//! that of scalars, as long as the failure stays.
//!
//! ```text
//! v1 = …; if v2 { v3 = …; store x[v3], v1 }; return v9, v4     →     v1 = …; store x[0], v1; return v4
//! ```

use crate::Sample;
use parfuse_ir::program::{Block, Expr, Program, Stmt, Type};

/// How many programs are tried at most.
const TRIES: usize = 600;

/// The smallest program found that still fails. It calls `fails` for well-formed programs only.
pub fn reduced(sample: &Sample, mut fails: impl FnMut(&Sample) -> bool) -> Sample {
    let mut best = sample.clone();
    let mut tries = 0;
    loop {
        let before = best.clone();
        // From the end on, where users stand behind what they use.
        for edit in [Edit::Results, Edit::LeaveOut, Edit::Unwrap, Edit::Constant] {
            for position in (0..edit.places(&best.program)).rev() {
                let mut smaller = best.clone();
                edit.apply(&mut smaller.program, position);
                if tries < TRIES && smaller.program.verify().is_ok() {
                    tries += 1;
                    if fails(&smaller) {
                        best = smaller;
                    }
                }
            }
        }
        if best.program == before.program || tries >= TRIES {
            return best;
        }
    }
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
                    && let Type::Scalar(dtype) = program.ty(*value)
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
            let blocks: Vec<&mut Block> = match &mut block[place] {
                Stmt::If { then, otherwise, .. } => vec![then, otherwise],
                Stmt::While { header, body, .. } => vec![header, body],
                Stmt::For { body, .. } => vec![body],
                _ => Vec::new(),
            };
            for inside in blocks {
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
    let inside = |stmt: &Stmt| match stmt {
        Stmt::Let(value) => match &program.values[*value].expr {
            Expr::Map { body, .. } => count(program, body),
            _ => 0,
        },
        Stmt::If { then, otherwise, .. } => count(program, then) + count(program, otherwise),
        Stmt::While { header, body, .. } => count(program, header) + count(program, body),
        Stmt::For { body, .. } => count(program, body),
        _ => 0,
    };
    block.iter().map(|stmt| 1 + inside(stmt)).sum()
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
