//! The passes from array loops as lowered to loops ready for lanes, in order.

use crate::{
    Changed, contract_arrays, fold_constants, fuse_loops, hoist_checks, hoist_invariants, number_values,
    remove_dead_code, zero_fills,
};
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
    let mut run = |name: &str, pass: fn(&mut Loops) -> Changed| {
        let changed = pass(loops);
        observe(name, loops);
        changed.yes()
    };

    // Constants first: they decide branches, and equal constants are equal extents.
    run("fold_constants", fold_constants);
    // Lengths that checks found equal become one value: all that follows compares values.
    run("number_values", number_values);
    // Arrays that nobody looks at must not keep loops apart, nor count as contracted.
    run("remove_dead_code", remove_dead_code);
    // Lengths and offsets leave the loops, so that checks of indices against them can follow …
    run("hoist_invariants", hoist_invariants);
    // … and loops without checks inside fuse freely.
    if run("hoist_checks", hoist_checks) {
        // Tests in front of the loops are often decided by now, or the same for several loops.
        run("number_values", number_values);
        run("fold_constants", fold_constants);
    }
    if options.fuse {
        for _ in 0..MAX_ROUNDS {
            let fused = run("fuse_loops", fuse_loops);
            // What one loop makes and uses needs no array.
            let contracted = fused && run("contract_arrays", contract_arrays);
            if !contracted {
                break;
            }
            // Stored elements become the values that were loaded back.
            run("number_values", number_values);
        }
    }
    // Fills that did not fuse with their users.
    run("zero_fills", zero_fills);
    // Fused bodies repeat each other's work …
    run("number_values", number_values);
    // … elements forwarded from stores may be constants …
    run("fold_constants", fold_constants);
    // … and what was the same in all iterations of one loop may now stand in another.
    run("hoist_invariants", hoist_invariants);
    run("remove_dead_code", remove_dead_code);
}
