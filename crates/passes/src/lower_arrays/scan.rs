//! What a piece of a program uses, reads and assigns, found without lowering it.

use crate::hash::FastMap;
use parfuse_ir::Loc;
use parfuse_ir::program::{Block, CallArgument, Expr, Program, Stmt, Value, Var, walk};
use std::collections::BTreeSet;

/// What running a block may do to what is known before it.
#[derive(Clone, Default, Debug)]
pub(super) struct Effects {
    /// The variables it assigns, and those whose array it hands over.
    pub assigned: BTreeSet<Var>,
    /// The variables it reads, or of which it sets elements.
    pub read: BTreeSet<Var>,
    /// Whether it draws random numbers.
    pub draws: bool,
    /// Whether it contains a `prange`.
    pub parallel: bool,
}

/// What some blocks of a program do; `last_reads` are the copies that take over the array of a variable.
pub(super) fn effects(program: &Program, blocks: &[&Block], last_reads: &FastMap<Value, Var>) -> Effects {
    let mut effects = Effects::default();
    for stmt in blocks.iter().flat_map(|block| walk::statements(program, block)) {
        match stmt {
            Stmt::Let(value) => match &program.values[*value].expr {
                Expr::Var(var) => {
                    effects.read.insert(*var);
                }
                Expr::Copy(_) => effects.assigned.extend(last_reads.get(value)),
                Expr::Random { .. } => effects.draws = true,
                _ => {}
            },
            Stmt::Assign { var, .. } => {
                effects.assigned.insert(*var);
            }
            Stmt::Store { place, .. } | Stmt::Update { place, .. } => {
                effects.read.insert(place.var);
            }
            Stmt::Resize { var, .. } => {
                effects.read.insert(*var);
                effects.assigned.insert(*var);
            }
            Stmt::For { order, until, .. } => {
                effects.parallel |= order.is_parallel();
                effects.read.extend(until);
            }
            Stmt::Call { arguments, results, .. } => {
                effects.assigned.extend(results);
                effects.read.extend(written(arguments));
            }
            Stmt::If { .. }
            | Stmt::While { .. }
            | Stmt::Scope { .. }
            | Stmt::Leave { .. }
            | Stmt::Check { .. } => {}
        }
    }
    effects
}

/// The variables that some blocks of a program assign, or set elements of.
pub(super) fn changed(program: &Program, blocks: &[&Block]) -> BTreeSet<Var> {
    let statements = blocks.iter().flat_map(|block| walk::statements(program, block));
    let mut changed = BTreeSet::new();
    statements.for_each(|stmt| match stmt {
        Stmt::Store { place, .. } | Stmt::Update { place, .. } => drop(changed.insert(place.var)),
        Stmt::Assign { var, .. } | Stmt::Resize { var, .. } => drop(changed.insert(*var)),
        Stmt::Call { arguments, results, .. } => {
            changed.extend(results);
            changed.extend(written(arguments));
        }
        _ => {}
    });
    changed
}

/// The variables whose elements a call may write.
pub(super) fn written(arguments: &[CallArgument]) -> impl Iterator<Item = Var> {
    arguments.iter().filter_map(|argument| match argument {
        CallArgument::Value(_) => None,
        CallArgument::Place(place) => Some(place.var),
    })
}

/// Where a block assigns a variable.
pub(super) fn assignments(program: &Program, block: &Block, var: Var) -> Vec<Loc> {
    let locs = walk::statements(program, block).filter_map(|stmt| match stmt {
        Stmt::Assign { var: assigned, value } if *assigned == var => Some(program.values[*value].loc),
        Stmt::Call { results, loc, .. } if results.contains(&var) => Some(*loc),
        _ => None,
    });
    locs.collect()
}

/// How often a block of a program uses each value.
pub(super) fn uses(program: &Program, block: &Block) -> FastMap<Value, u32> {
    let mut uses: FastMap<Value, u32> = FastMap::default();
    for stmt in walk::statements(program, block) {
        walk::reads(program, stmt, |value| *uses.entry(value).or_default() += 1);
    }
    uses
}
