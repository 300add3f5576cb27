//! What parallel array compilers are known to get wrong, and what users do with kernels: whole cases, from the
//! function as written to the numbers that come out.
//!
//! ```text
//! prange_spaces   trip spaces, steps, nests           array_expressions   creators, broadcasts, layouts
//! indices         computed ones, proofs and races     fusion              how many regions and arrays remain
//! reductions      totals, and what is none            threads             many callers, pools, dropped engines
//! totals          elements that are combined into     replaced            the position of the smallest, and its kin
//! random          distributions, and their numbering
//! kernels         the example kernels                 bad_input           every mistake an error, nothing dies
//! nests           which loop runs in lanes            language            each construct that kernels know
//! alignment       arrays that begin anywhere              moves           swaps, and what else is handed over
//! no_iterations   reductions over nothing            axes                along axes, extremes, variances
//! plain_loops     serial loops and their elements         small_stacks        threads with little stack, deep nests
//! refused_memory  systems without machine code        call_options        executors, cancellation, deadlines
//! slices          stencils, rows, columns             ranks               up to six axes, forty parameters
//! types           each element type, end to end          independent_loops   plain loops in lanes
//! recurrences     elements carried on, checksums        looking_ahead       what later iterations store to
//! scalar_code     choices, conditions, addresses         products            of vectors and matrices
//! arrays_inside   rows computed in a `prange`            columns             long ones, by strips
//! panels          columns of products, copied           private_arrays      work space of each iteration
//! complex         numbers of two parts, end to end    any_rank            arrays that say how many axes they have
//! small_steps     few elements in plain loops             linear_algebra  equations and decompositions
//! fourier         transforms, there and back              array_forms     what is made, gathered, reduced
//! overlapping_loads   neighbours that others have loaded
//! limits          literals, long programs, many arguments     disjoint        iterations that a person sees to be apart
//! claims          promises, and how many at a time        loop_forms      loops and totals in other words
//! ```

mod ways;

mod alignment;
mod any_rank;
mod array_expressions;
mod array_forms;
mod arrays_inside;
mod axes;
mod bad_input;
mod call_options;
mod claims;
mod columns;
mod complex;
mod disjoint;
mod equal_lengths;
mod fourier;
mod fusion;
mod independent_loops;
mod indices;
mod kernels;
mod language;
mod limits;
mod linear_algebra;
mod looking_ahead;
mod loop_forms;
mod moves;
mod nests;
mod no_iterations;
mod overlapping_loads;
mod panels;
mod parts_of_arrays;
mod plain_extremes;
mod plain_loops;
mod prange_nests;
mod prange_spaces;
mod private_arrays;
mod products;
mod progress;
mod random;
mod ranks;
mod recurrences;
mod reductions;
mod refused_memory;
mod replaced;
mod scalar_code;
mod slices;
mod small_stacks;
mod small_steps;
mod stencils;
mod step_by;
mod steps;
mod threads;
mod totals;
mod types;
