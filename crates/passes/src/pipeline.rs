//! The passes from array loops as lowered to loops ready for lanes, in order.

use crate::table::{Pass, Run, rows};
use parfuse_ir::loops::Loops;

/// What the pipeline may do.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Options {
    /// Whether parallel loops are fused and temporary arrays contracted.
    pub fuse: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options { fuse: true }
    }
}

/// Fusing can bring together what fuses further; programs that need more rounds than this stay as they are.
const MAX_ROUNDS: usize = 3;

/// Makes the loops of a kernel few and lean.
pub fn optimize(loops: &mut Loops, options: &Options) {
    optimize_observed(loops, options, &mut |_, _| {});
}

/// As [`optimize`]; after each pass the observer gets the pass's name and the program as it then is.
pub fn optimize_observed(loops: &mut Loops, options: &Options, observe: &mut dyn FnMut(&str, &Loops)) {
    let mut run = |pass: &Pass| {
        let Run::Loops(function) = pass.run else { unreachable!("{} is no pass over loops", pass.name) };
        let changed = function(loops);
        observe(pass.name, loops);
        changed.yes()
    };

    // All that follows takes the iterations of parallel loops to be independent.
    run(&rows::private_totals);
    // Constants first: they decide branches, and equal constants are equal extents.
    run(&rows::fold_constants);
    // What conditions have loaded and checked is known where they have led to.
    run(&rows::nest_conditions);
    // Lengths that checks found equal become one value: all that follows compares values.
    run(&rows::number_values);
    // Indices of 32 bits that cannot wrap are as good as any, to all that follows.
    run(&rows::widen_indices);
    // Arrays that nobody looks at must not keep loops apart, nor count as contracted.
    run(&rows::remove_dead_code);
    // Lengths and offsets leave the loops, so that checks of indices against them can follow …
    run(&rows::hoist_invariants);
    // … and indices that wrap around at borders are below them, as they are once they are chosen instead of divided.
    if run(&rows::wrap_indices) {
        run(&rows::number_values);
        run(&rows::remove_dead_code);
    }
    // Loops without checks inside fuse freely.
    let mut hoisted = run(&rows::hoist_checks);
    // Checks under a condition stay, unless it says which iterations have them.
    if run(&rows::stride_loops) {
        run(&rows::number_values);
        run(&rows::fold_constants);
        run(&rows::hoist_invariants);
        hoisted |= run(&rows::hoist_checks);
    }
    // Checks that two lengths are equal help the loops behind them to fuse, so they go in front of all.
    let raised = options.fuse && run(&rows::raise_checks);
    // What iterations now begin with may be checked once in front of them all.
    let hoisted = raised && run(&rows::hoist_checks) || hoisted;
    if hoisted || raised {
        // Tests in front of the loops are often decided by now, or the same for several loops.
        run(&rows::number_values);
        run(&rows::fold_constants);
    }
    // Steps over a few elements are no loops to the serial ones around them, which may then be parallel.
    let unrolled = run(&rows::unroll_regions);
    // Arrays of the iterations' own have been all to themselves so far, and checks of them are where they go.
    let small = run(&rows::small_arrays);
    if run(&rows::private_arrays) || small || unrolled {
        run(&rows::number_values);
        run(&rows::fold_constants);
        run(&rows::hoist_invariants);
        run(&rows::hoist_checks);
    }
    // Branches without checks may end in the same store: lanes store all at once then.
    run(&rows::join_stores);
    // One iteration that others need may be all that keeps a loop from being parallel.
    if run(&rows::split_loops) {
        run(&rows::number_values);
        run(&rows::fold_constants);
    }
    // Where items are kept depends on how many are, which parts of a loop can find out beforehand.
    if run(&rows::compact_loops) {
        run(&rows::number_values);
        run(&rows::fold_constants);
        run(&rows::hoist_invariants);
    }
    // Plain loops without checks may be parallel: they then are to all that follows what a `prange` is.
    run(&rows::parallelize_loops);
    // Serial loops without checks may be dimensions, and then fuse with loops over the same space.
    run(&rows::promote_loops);
    // Arrays by another name keep loops apart.
    if options.fuse && run(&rows::moved_arrays) {
        run(&rows::number_values);
    }
    let mut rounds = 0;
    while options.fuse && rounds < MAX_ROUNDS && run(&rows::fuse_loops) | sink(&mut run) {
        // What one loop makes and uses needs no array …
        run(&rows::contract_arrays);
        // … stored elements become the values that were loaded back, and fused bodies repeat each other's work.
        run(&rows::number_values);
        rounds += 1;
    }
    if rounds > 0 {
        // Elements forwarded from stores may be constants …
        run(&rows::fold_constants);
        // … or the same in all iterations.
        run(&rows::hoist_invariants);
    }
    // Loops have met whom they share their elements with; what no region can combine becomes loops, too.
    if run(&rows::lower_reductions) {
        // Counts and lengths of blocks are the same for all iterations, and often known.
        run(&rows::number_values);
        run(&rows::fold_constants);
        // Totals of a few rows are loops over a few elements, too.
        if run(&rows::unroll_regions) {
            run(&rows::number_values);
            run(&rows::fold_constants);
        }
        run(&rows::hoist_invariants);
        // Totals along an axis may go on to where they are used.
        if options.fuse && run(&rows::fuse_loops) {
            run(&rows::contract_arrays);
            run(&rows::number_values);
        }
    }
    // Fills that did not fuse with their users.
    run(&rows::zero_fills);
    // Nothing fuses any more, so dimensions need not be the same ones: short ones make way for longer ones.
    if run(&rows::unroll_packed) {
        // Copies have constants for an index, and much in common.
        run(&rows::number_values);
        run(&rows::fold_constants);
        run(&rows::hoist_invariants);
    }
    // What serial loops launch takes less time than launching it: nothing is to fuse with it any more.
    if run(&rows::inline_regions) {
        run(&rows::number_values);
        run(&rows::hoist_invariants);
    }
    // Loops that are to fuse name their dimensions in one order; now each may have its own.
    run(&rows::interchange_loops);
    // What adds bits is best looked up …
    run(&rows::tabulate_bits);
    // … and loops that are not to be dimensions need be none if they are short …
    if run(&rows::unroll_loops) {
        // … and with numbers for indices much is known.
        run(&rows::fold_constants);
        run(&rows::number_values);
        run(&rows::hoist_invariants);
    }
    // Places of bits are mostly numbers by now.
    if run(&rows::place_bits) {
        run(&rows::number_values);
        run(&rows::remove_dead_code);
    }
    // … and neither need arrays be of which all indices are numbers by now.
    if run(&rows::small_arrays) {
        run(&rows::number_values);
        run(&rows::fold_constants);
        run(&rows::hoist_invariants);
    }
    // All loops are where they will be: what is left to them may live in registers.
    run(&rows::promote_elements);
    // So may what one iteration leaves to the next.
    run(&rows::carry_elements);
    // Accumulators of long columns, variables by now, take turns.
    run(&rows::strip_columns);
    // Rows whose accumulators are variables can share registers.
    run(&rows::jam_rows);
    // What all rows read again and again is worth a copy that lanes can read together.
    run(&rows::pack_panels);
    // Loops have changed places where they could: what they load again and again may stand between them.
    run(&rows::hoist_loads);
    // Masks that are all false leave nothing to do.
    if run(&rows::stop_at_rest) {
        run(&rows::fold_constants);
        run(&rows::number_values);
    }
    // Sums of several iterations that wait for themselves alone can wait at the same time.
    if run(&rows::distribute_loops) {
        run(&rows::number_values);
        run(&rows::hoist_invariants);
    }
    // What is serial still, and gains by lanes, gets them where it stands; what loses by them goes without.
    // What is left of loops once nobody asks for what they set may be checks alone.
    run(&rows::remove_dead_code);
    run(&rows::lane_loops);
    // What is left in order need not ask in each iteration what the loop or all but one iteration know.
    if run(&rows::unswitch_loops) | run(&rows::peel_loops) {
        run(&rows::fold_constants);
        run(&rows::number_values);
    }
    run(&rows::remove_dead_code);
    // The stages behind have tables by number, and frames with a place for every array.
    run(&rows::renumber);
}

/// Has elements go through all steps at once, where a step is one loop in place of the arrays that it makes anew.
fn sink(run: &mut impl FnMut(&Pass) -> bool) -> bool {
    run(&rows::moved_arrays) | run(&rows::sink_loops)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::parse;
    use parfuse_ir::loops::Stmt;
    use std::fmt::Write;

    /// `exp((x - means) / widths * …) / widths / …` as lowered: a temporary array, a check and a loop for each
    /// operation.
    fn gaussians() -> String {
        let mut text = String::from("loops gaussians(x: f64, b0 means: f64[unit], b1 widths: f64[unit]) {\n");
        for temporary in 2..10 {
            writeln!(text, "buffer b{temporary} t{temporary}: [f64; 1]").unwrap();
        }
        let operations = [
            "sub x, A",
            "div A, W",
            "powi A, 2i32",
            "mul A, -0.5f64",
            "exp A",
            "div A, W",
            "div A, 2.5f64",
            "div A, N",
        ];
        for (step, operation) in operations.iter().enumerate() {
            let (from, to, v) = (if step == 0 { 0 } else { step + 1 }, step + 2, 10 * step);
            writeln!(text, "v{v}: usize = dim b{from}, 0").unwrap();
            let mut extent = v;
            if operation.contains('W') {
                writeln!(text, "v{}: usize = dim b1, 0", v + 1).unwrap();
                writeln!(text, "v{}: bool = eq v{v}, v{}", v + 2, v + 1).unwrap();
                writeln!(text, "check v{}, shape_mismatch(0) with v{v}, v{} @{step}:1", v + 2, v + 1)
                    .unwrap();
                extent = v + 1;
            }
            writeln!(text, "v{}: usize = dim b0, 0", v + 3).unwrap();
            writeln!(text, "v{}: f64 = cast v{}", v + 4, v + 3).unwrap();
            writeln!(text, "alloc b{to}[v{extent}]").unwrap();
            writeln!(text, "parfor v{} in v{extent} {{", v + 5).unwrap();
            writeln!(text, "source op{step} @{step}:1").unwrap();
            writeln!(text, "v{}: f64 = load b{from}[v{}]", v + 6, v + 5).unwrap();
            writeln!(text, "v{}: f64 = load b1[v{}]", v + 7, v + 5).unwrap();
            let operation = operation
                .replace('A', &format!("v{}", v + 6))
                .replace('W', &format!("v{}", v + 7))
                .replace('N', &format!("v{}", v + 4));
            writeln!(text, "v{}: f64 = {operation}", v + 8).unwrap();
            writeln!(text, "store b{to}[v{}], v{}\n}}", v + 5, v + 8).unwrap();
        }
        text + "return b9\n}\n"
    }

    fn count(loops: &Loops, property: impl Fn(&Stmt) -> bool) -> usize {
        let mut number = 0;
        parfuse_ir::loops::walk::statements(&loops.body).for_each(|stmt| number += property(stmt) as usize);
        number
    }

    fn optimized(text: &str, options: &Options) -> Loops {
        let mut loops = parse(text);
        optimize_observed(&mut loops, options, &mut |pass, loops| {
            loops.verify().unwrap_or_else(|error| panic!("after {pass}: {error}\n{loops}"));
        });
        loops
    }

    #[test]
    fn an_expression_of_arrays_becomes_one_loop_with_one_allocation() {
        let loops = optimized(&gaussians(), &Options::default());
        println!("{loops}");
        assert_eq!(count(&loops, |stmt| matches!(stmt, Stmt::Parfor(_))), 1, "{loops}");
        assert_eq!(count(&loops, |stmt| matches!(stmt, Stmt::Alloc { .. })), 1, "{loops}");
        assert_eq!(count(&loops, |stmt| matches!(stmt, Stmt::Check { .. })), 1, "{loops}");
    }

    #[test]
    fn without_fusion_every_operation_stays_a_loop() {
        let loops = optimized(&gaussians(), &Options { fuse: false });
        assert_eq!(count(&loops, |stmt| matches!(stmt, Stmt::Parfor(_))), 8, "{loops}");
    }

    #[test]
    fn rows_and_columns_that_change_all_others_leave_parallel_loops_on_both_sides() {
        let text = "loops shortest(mut b0 d: f64[_, unit]) {
               v0: usize = dim b0, 0
               for v1 in v0 { for v2 in v0 { for v3 in v0 {
                 v4: f64 = load b0[v2, v3] v5: f64 = load b0[v2, v1] v6: f64 = load b0[v1, v3]
                 v7: f64 = add v5, v6 v8: f64 = min v4, v7 store b0[v2, v3], v8 } } }
             }";
        let loops = optimized(text, &Options::default());
        // Rows above and below in parallel; in these, and in the row itself, columns left and right in lanes.
        assert_eq!(count(&loops, |stmt| matches!(stmt, Stmt::Parfor(_))), 2 + 6, "{loops}");
    }
}
