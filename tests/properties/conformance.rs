//! Every executor passes the conformance suite.

use parfuse::{Isa, Variant};
use parfuse_testing::conformance;
use parfuse_testing::executors::{compiled, lane_interpreter, loops_interpreter, program_interpreter};

conformance!(program: |program, arguments, seed| program_interpreter(program, arguments, seed));
conformance!(loops: |program, arguments, seed| loops_interpreter(program, arguments, seed));
conformance!(one_lane: |program, arguments, seed| lane_interpreter(program, arguments, seed, 1));
conformance!(four_lanes: |program, arguments, seed| lane_interpreter(program, arguments, seed, 4));
conformance!(seven_lanes: |program, arguments, seed| lane_interpreter(program, arguments, seed, 7));
conformance!(native: |program, arguments, seed| {
    compiled(program, arguments, seed, Isa::Native128, Variant::Serial)
});
conformance!(native_parallel: |program, arguments, seed| {
    compiled(program, arguments, seed, Isa::Native128, Variant::Parallel)
});
conformance!(baseline: |program, arguments, seed| {
    compiled(program, arguments, seed, Isa::Baseline, Variant::Serial)
});
conformance!(avx2: |program, arguments, seed| {
    compiled(program, arguments, seed, Isa::Avx2, Variant::Serial)
});
conformance!(avx2_parallel: |program, arguments, seed| {
    compiled(program, arguments, seed, Isa::Avx2, Variant::Parallel)
});
conformance!(avx512_at_256: |program, arguments, seed| {
    compiled(program, arguments, seed, Isa::Avx512At256, Variant::Serial)
});
conformance!(avx512_at_256_parallel: |program, arguments, seed| {
    compiled(program, arguments, seed, Isa::Avx512At256, Variant::Parallel)
});
conformance!(avx512: |program, arguments, seed| {
    compiled(program, arguments, seed, Isa::Avx512, Variant::Serial)
});
conformance!(avx512_parallel: |program, arguments, seed| {
    compiled(program, arguments, seed, Isa::Avx512, Variant::Parallel)
});
