//! Compiled code does what the lane program says, to the last bit.
//!
//! | module | what it runs |
//! |---|---|
//! | `machine` | a small host: frames, arrays, blocks |
//! | `build` | lane programs by hand |
//! | `ops` | every operation, on every type, in lanes, as a scalar, and in the tail |
//! | `accesses` | every way to load and store |
//! | `choices` | integers that loops choose |
//! | `control` | branches and loops |
//! | `memory` | what is left of dropped kernels |
//! | `narrow` | rows of integers of 8 and 16 bits |
//! | `pages` | arrays that begin or end at protected pages |
//! | `reductions` | every operator, against the rules of `grid` |
//! | `tiles` | loops along rows, a row a lane |
//! | `checks` | which fault is reported |
//! | `drivers` | the serial code and its calls |
//! | `polls` | programs that can be stopped |
//! | `growing` | nests that have arrays made, exchanged and resized |
//! | `lane_loops` | loops in lanes inside scalar code, against the interpreter of Loops |
//! | `listings` | the instructions chosen |

mod accesses;
mod borders;
mod build;
mod checks;
mod choices;
mod control;
mod drivers;
mod exits;
mod growing;
mod lane_loops;
mod listings;
mod machine;
mod memory;
mod narrow;
mod ops;
mod pages;
#[cfg(unix)]
mod parts;
mod polls;
mod reductions;
mod tiles;
