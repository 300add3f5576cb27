//! The passes: one row each, in the order in which the pipeline first runs them.
//!
//! ```text
//! structure_exits, …    Program ─▶ Program
//! fold_constants, …     Loops ─▶ Loops          pipeline.rs says when, and why there
//! divide_in_floats, …   Lane ─▶ Lane
//! ```
//!
//! A pass is a function of the name of its row, in a file of that name. The pipeline, the files of what passes do, and
//! the documents read the table. What goes from one language to the next, or only looks, is no pass.

use crate::Changed;
use parfuse_ir::lane::Lane;
use parfuse_ir::loops::Loops;
use parfuse_ir::program::Program;

/// A pass.
#[derive(Clone, Copy, Debug)]
pub struct Pass {
    /// The name of its function, its file and its folder of examples.
    pub name: &'static str,
    /// The function.
    pub run: Run,
    /// What it does, in a sentence.
    pub doc: &'static str,
}

/// The function of a pass, by what it works on.
#[derive(Clone, Copy, Debug)]
pub enum Run {
    /// A program, before it is lowered.
    Program(fn(&mut Program) -> Changed),
    /// Loops.
    Loops(fn(&mut Loops) -> Changed),
    /// A lane program, after vectorization.
    Lane(fn(&mut Lane) -> Changed),
}

macro_rules! passes {
    ($($language:ident $name:ident $doc:literal)*) => {
        /// The rows by the names of their passes.
        #[allow(non_upper_case_globals, reason = "a row is spelled as its pass")]
        pub(crate) mod rows {
            use super::{Pass, Run};
            $(pub(crate) const $name: Pass =
                Pass { name: stringify!($name), run: Run::$language(crate::$name), doc: $doc };)*
        }

        /// All passes.
        pub const PASSES: &[Pass] = &[$(rows::$name),*];
    };
}

passes! {
    Program structure_exits "Makes branches, and conditions of loops, of all exits: `break`, `continue` and `return`."
    Program split_complex "Makes two real values of every complex one."
    Program track_best "Makes variables of the numbers at positions that the iterations of loops replace."
    Program unordered_extremes "Lets plain loops go through their iterations in any order that do nothing but replace numbers by better ones."
    Program relax_floats "Makes the operations on floats fewer and cheaper, if the program allows it."
    Loops private_totals "Gives shares of parallel loops totals of their own where iterations combine values into the same elements."
    Loops fold_constants "Evaluates operations on constants, and resolves branches and loops that constants decide."
    Loops nest_conditions "Makes branches inside branches of those on `&&`."
    Loops number_values "Makes equal expressions one value where one of them dominates the other."
    Loops widen_indices "Makes conversions of indices of 32 bits or fewer arithmetic of 64 bits where nothing wraps."
    Loops remove_dead_code "Removes what nobody can notice."
    Loops hoist_invariants "Moves loop-invariant values in front of the loop, out of as many loops as possible."
    Loops wrap_indices "Makes selects of remainders and branches that wrap indices around."
    Loops hoist_checks "Removes the checks that loops imply, and moves others in front of them where one test can answer for all iterations."
    Loops stride_loops "Makes loops over the iterations alone that a remainder singles out, where these have checks."
    Loops raise_checks "Moves checks up past parallel loops."
    Loops unroll_regions "Makes straight code of parallel loops over few elements inside serial loops."
    Loops small_arrays "Keeps small arrays in variables: those that iterations make for themselves, and those of plain code."
    Loops private_arrays "Gives the arrays that iterations make for themselves memory in front of the loop."
    Loops join_stores "Makes one store of two with which both sides of a branch end."
    Loops split_loops "Splits loops at the one iteration that stores what the others load."
    Loops compact_loops "Cuts loops that keep some of their items, one behind the other, into parts that know where their items begin."
    Loops parallelize_loops "Makes plain loops parallel whose iterations do not meet and do better in lanes."
    Loops promote_loops "Makes serial loops dimensions of the parallel loops around them where lanes do better along them."
    Loops moved_arrays "Makes arrays that are moved to a name under that name, or in place of what they replace."
    Loops fuse_loops "Fuses parallel loops of the same block wherever that changes no result."
    Loops contract_arrays "Replaces local arrays that each iteration uses one element of by variables."
    Loops sink_loops "Moves serial loops into the parallel loop that is all they do, where iterations keep to elements of their own."
    Loops lower_reductions "Makes plain loops of all reductions but those by an operator into a variable."
    Loops zero_fills "Replaces loops that only fill a fresh array with zeros by allocations of zeroed memory."
    Loops unroll_packed "Writes out loops and dimensions along short axes whose elements lie together."
    Loops inline_regions "Makes plain loops of small regions inside serial loops, and the arrays of their iterations once, in front."
    Loops interchange_loops "Makes the dimension with the cheapest accesses the last one."
    Loops tabulate_bits "Looks up in a table what short loops do bit by bit."
    Loops unroll_loops "Makes straight code of loops that are known to be short."
    Loops place_bits "Has bits that are cut out of a number and put elsewhere shifted once."
    Loops promote_elements "Makes elements that a serial loop loads, or loads and stores, again and again variables of the loop."
    Loops carry_elements "Keeps the elements that a serial loop has stored last in variables for the iterations that load them."
    Loops strip_columns "Goes through long columns row after row, by strips that stay in the cache."
    Loops jam_rows "Does several rows of a parallel loop at a time where their inner loops load the same."
    Loops pack_panels "Copies what all rows of a loop read, a few columns at a time, to where these columns lie together."
    Loops hoist_loads "Moves loads out of loops that are known to run from what stands around them."
    Loops stop_at_rest "Ends serial loops once a condition says that all further iterations will do nothing."
    Loops distribute_loops "Computes what iterations of a serial loop know in advance some iterations ahead, or what nobody waits for behind, in a loop of its own."
    Loops lane_loops "Has loops run in lanes inside scalar code, or parallel loops in scalar code alone, where that costs less, and makes nests of the loops of drivers."
    Loops unswitch_loops "Decides in front of serial loops what is the same in all of their iterations."
    Loops peel_loops "Takes the first or the last iteration of serial loops apart where it decides conditions of the others."
    Loops renumber "Drops values, variables and local arrays that nothing mentions, and numbers the others one by one."
    Lane divide_in_floats "Divides lanes of integers as floats where these are exact, for want of a divider of integers."
    Lane invert_divisors "Replaces the divisions of lanes by uniform numbers by multiplications with reciprocals."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_once() {
        for (position, pass) in PASSES.iter().enumerate() {
            assert!(PASSES[..position].iter().all(|before| before.name != pass.name), "{}", pass.name);
        }
    }
}
