//! What becomes of partial results: accumulators of a block by halves, blocks and pieces in pairs, totals to their
//! targets.
//!
//! ```text
//! for h in 5 { for l in 16 >> h { b3[s, l] = combine(b3[s, l], b3[s, l + (16 >> h)]) } }
//! while count > 1 { for p in count / 2 { b3[p] = combine(b3[2 p], b3[2 p + 1]) } … }
//! ```
//!
//! As [`parfuse_ir::grid::fold_lanes`] and [`parfuse_ir::grid::fold_partials`].

use super::build::{Build, Words};
use parfuse_ir::grid::LANES;
use parfuse_ir::loops::{Buffer, Expr, Stmt, Target, Value, VarData};
use parfuse_ir::{Combine, DType, Scalar, ScalarOp};

/// Folds the accumulators of the block at these indices by halves: the first one then holds the block's result.
pub(super) fn fold_lanes(build: &mut Build<'_>, partials: &Words<Buffer>, block: &[Value]) {
    let halves = build.usize(LANES.trailing_zeros() as usize);
    build.repeat(halves, |build, number| {
        let half = build.usize(LANES / 2);
        let width = build.op(ScalarOp::Shr, half, number);
        build.repeat(width, |build, lane| {
            let upper = build.op(ScalarOp::Add, lane, width);
            let left = build.load(partials, &[block, &[lane]].concat());
            let right = build.load(partials, &[block, &[upper]].concat());
            let both = build.merge(&left, &right);
            build.store(partials, &[block, &[lane]].concat(), &both);
        });
    });
}

/// Combines so many partial results in pairs of neighbours until one is left, at the first place. `place` is the index of
/// one of them.
pub(super) fn in_pairs<'a>(
    build: &mut Build<'a>,
    partials: &Words<Buffer>,
    count: Value,
    place: impl Fn(&mut Build<'a>, Value) -> Vec<Value>,
) {
    let left = build.loops.vars.push(VarData { name: "count".into(), dtype: DType::Usize });
    build.set(left, count);
    let (header, more) = build.nested(|build| {
        let count = build.get(left);
        build.op_with(ScalarOp::Gt, count, 1)
    });
    let (body, ()) = build.nested(|build| {
        let count = build.get(left);
        let pairs = build.op_with(ScalarOp::Shr, count, 1);
        build.repeat(pairs, |build, pair| {
            let first = build.op_with(ScalarOp::Mul, pair, 2);
            let second = build.op_with(ScalarOp::Add, first, 1);
            let [to, first, second] = [pair, first, second].map(|number| place(build, number));
            let (first, second) = (build.load(partials, &first), build.load(partials, &second));
            let both = build.merge(&first, &second);
            build.store(partials, &to, &both);
        });
        let odd = build.op_with(ScalarOp::And, count, 1);
        let one_over = build.op_with(ScalarOp::Gt, odd, 0);
        build.when(one_over, |build| {
            let last = build.op_with(ScalarOp::Sub, count, 1);
            let [to, from] = [pairs, last].map(|number| place(build, number));
            let values = build.load(partials, &from);
            build.store(partials, &to, &values);
        });
        let after = build.op(ScalarOp::Add, pairs, odd);
        build.set(left, after);
    });
    build.block.push(Stmt::While { header, cond: more, body });
}

/// Leaves the totals of a whole space in variables.
pub(super) fn total_to_vars(build: &mut Build<'_>, totals: &Words<Value>) {
    for (reduction, total) in build.parfor.reductions.iter().zip(totals) {
        let Target::Vars(vars) = &reduction.into else { unreachable!("all go to variables") };
        for (var, total) in vars.iter().zip(total) {
            let Some(var) = *var else { continue };
            let mut total = *total;
            if let Combine::Op(op) = reduction.combine {
                let before = build.emit(Expr::Var(var), build.loops.vars[var].dtype);
                total = build.op(op.combine(), before, total);
            }
            build.set(var, total);
        }
    }
}

/// Stores the totals of a row to their elements.
pub(super) fn total_to_elements(build: &mut Build<'_>, totals: &Words<Value>, others: &[Value]) {
    for (reduction, total) in build.parfor.reductions.iter().zip(totals) {
        let Target::Elements { buffers, .. } = &reduction.into else { unreachable!("all go to elements") };
        let types: Vec<DType> = reduction.locals.iter().map(|local| build.loops.vars[*local].dtype).collect();
        let start: Vec<Scalar> = reduction.combine.of_no_elements(&types);
        for ((buffer, total), start) in buffers.iter().zip(total).zip(start) {
            let Some(buffer) = *buffer else { continue };
            let mut value = *total;
            if let Combine::Op(op) = reduction.combine {
                let start = build.constant(start);
                value = build.op(op.combine(), start, value);
            }
            let (index, loc) = (others.to_vec(), build.loc);
            build.block.push(Stmt::Store { buffer, index, value, loc });
        }
    }
}
