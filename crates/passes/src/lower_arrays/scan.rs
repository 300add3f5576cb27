//! What a piece of a program uses, reads and assigns, found without lowering it.

use parfuse_ir::Loc;
use parfuse_ir::program::{Block, Expr, Program, Stmt, Value, Var};
use std::collections::{BTreeSet, HashMap};

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
pub(super) fn effects(program: &Program, blocks: &[&Block], last_reads: &HashMap<Value, Var>) -> Effects {
    let mut effects = Effects::default();
    let mut pending: Vec<&Block> = blocks.to_vec();
    while let Some(block) = pending.pop() {
        for stmt in block {
            pending.extend(nested_blocks(program, stmt));
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
                Stmt::Store { var, .. } | Stmt::Update { var, .. } => {
                    effects.read.insert(*var);
                }
                Stmt::For { parallel, .. } => effects.parallel |= *parallel,
                Stmt::If { .. } | Stmt::While { .. } | Stmt::Check { .. } => {}
            }
        }
    }
    effects
}

/// Where a block assigns a variable.
pub(super) fn assignments(program: &Program, block: &Block, var: Var) -> Vec<Loc> {
    let mut locs = Vec::new();
    let mut pending: Vec<&Block> = vec![block];
    while let Some(block) = pending.pop() {
        for stmt in block {
            match stmt {
                Stmt::Assign { var: assigned, value } if *assigned == var => {
                    locs.push(program.values[*value].loc)
                }
                _ => pending.extend(nested_blocks(program, stmt)),
            }
        }
    }
    locs
}

/// The blocks that stand directly in a statement, that of a `map` among them.
pub(super) fn nested_blocks<'a>(program: &'a Program, stmt: &'a Stmt) -> Vec<&'a Block> {
    match stmt {
        Stmt::Let(value) => match &program.values[*value].expr {
            Expr::Map { body, .. } => vec![body],
            _ => Vec::new(),
        },
        Stmt::If { then, otherwise, .. } => vec![then, otherwise],
        Stmt::While { header, body, .. } => vec![header, body],
        Stmt::For { body, .. } => vec![body],
        Stmt::Assign { .. } | Stmt::Store { .. } | Stmt::Update { .. } | Stmt::Check { .. } => Vec::new(),
    }
}

/// The values that an expression uses, without those used in the block of a `map`.
pub(super) fn operands(expr: &Expr) -> Vec<Value> {
    match expr {
        Expr::Const(_) | Expr::Param(_) | Expr::Var(_) | Expr::Bound => Vec::new(),
        Expr::Op(_, args) => args.clone(),
        Expr::Cast(value) | Expr::Len(value) | Expr::Copy(value) => vec![*value],
        Expr::Index { array, index } => [&[*array], index.as_slice()].concat(),
        Expr::Dim { array, .. } | Expr::Reduce { array, .. } => vec![*array],
        Expr::Fill { shape, value } => [shape.as_slice(), &[*value]].concat(),
        Expr::Random { operands, shape, .. } => [operands.as_slice(), shape].concat(),
        Expr::Map { arrays, result, .. } => [arrays.as_slice(), &[*result]].concat(),
    }
}

/// The values that a statement uses itself, without those used in its blocks.
pub(super) fn uses_of(program: &Program, stmt: &Stmt) -> Vec<Value> {
    match stmt {
        Stmt::Let(value) => operands(&program.values[*value].expr),
        Stmt::Assign { value, .. } | Stmt::Update { value, .. } => vec![*value],
        Stmt::Store { index, value, .. } => [index.as_slice(), &[*value]].concat(),
        Stmt::If { cond, .. } | Stmt::While { cond, .. } => vec![*cond],
        Stmt::For { start, end, step, .. } => vec![*start, *end, *step],
        Stmt::Check { ok, .. } => vec![*ok],
    }
}

/// How often each value of a program is used, as a result too.
pub(super) fn uses(program: &Program) -> HashMap<Value, u32> {
    let mut uses: HashMap<Value, u32> = HashMap::new();
    let mut count = |value: Value| *uses.entry(value).or_default() += 1;
    program.results.iter().for_each(|result| count(*result));
    let mut pending: Vec<&Block> = vec![&program.body];
    while let Some(block) = pending.pop() {
        for stmt in block {
            uses_of(program, stmt).into_iter().for_each(&mut count);
            pending.extend(nested_blocks(program, stmt));
        }
    }
    uses
}
