//! Every executor passes the conformance suite.

use parfuse::{Features, Variant};
use parfuse_testing::conformance;
use parfuse_testing::executors::{compiled, lane_interpreter, loops_interpreter, program_interpreter};

conformance!(program: |program, arguments, seed| program_interpreter(program, arguments, seed));
conformance!(loops: |program, arguments, seed| loops_interpreter(program, arguments, seed));
conformance!(one_lane: |program, arguments, seed| lane_interpreter(program, arguments, seed, 1));
conformance!(four_lanes: |program, arguments, seed| lane_interpreter(program, arguments, seed, 4));
conformance!(seven_lanes: |program, arguments, seed| lane_interpreter(program, arguments, seed, 7));
conformance!(native: |program, arguments, seed| {
    compiled(program, arguments, seed, Features::Native, Variant::Serial)
});
conformance!(native_parallel: |program, arguments, seed| {
    compiled(program, arguments, seed, Features::Native, Variant::Parallel)
});
conformance!(baseline: |program, arguments, seed| {
    compiled(program, arguments, seed, Features::Baseline, Variant::Serial)
});
