//! Bits that are shifted once are those that are shifted twice: at all places of numbers of all types.

use parfuse_interp::{Value, run_loops};
use parfuse_ir::loops::Loops;
use parfuse_ir::{DType, Scalar};
use parfuse_passes::place_bits;

const TYPES: [DType; 9] = [
    DType::I8,
    DType::U8,
    DType::I16,
    DType::U16,
    DType::I32,
    DType::U32,
    DType::I64,
    DType::U64,
    DType::Usize,
];

#[test]
fn bits_are_those_of_two_shifts() {
    let mut placed = 0;
    for (from, to) in TYPES.iter().flat_map(|from| TYPES.map(|to| (*from, to))) {
        for (down, mask, up) in places(from.bits(), to.bits()) {
            let constant = |dtype: DType, bits: u64| Scalar::from_bits(dtype, bits);
            let [mask, down] = [mask, down as u64].map(|bits| constant(from, bits));
            let text = format!(
                "loops f(x: {from}) {{ v0: {from} = shr x, {down} v1: {from} = and v0, {mask} v2: {to} = cast v1
                 v3: {to} = shl v2, {} return v3 }}",
                constant(to, up as u64)
            );
            let mut loops = Loops::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
            let before = loops.clone();
            placed += place_bits(&mut loops).yes() as u32;
            loops.verify().unwrap_or_else(|error| panic!("{error}\n{loops}"));
            for bits in [0, 1, u64::MAX, 0x8080_8080_8080_8080, 0x9e37_79b9_7f4a_7c15] {
                let arguments = [Value::Scalar(constant(from, bits))];
                let outcomes =
                    [&before, &loops].map(|loops| run_loops(loops, &arguments, 0).unwrap().results);
                assert_eq!(outcomes[0], outcomes[1], "{bits:x}\n{before}\n{loops}");
            }
        }
    }
    assert!(placed > 500, "{placed}");
}

/// Shifts down, masks and shifts up, of types of so many bits.
fn places(from: u32, to: u32) -> impl Iterator<Item = (u32, u64, u32)> {
    let downs = [0, 1, from / 2, from - 1];
    let masks = [1, 3, 0x55, u64::MAX >> 1];
    let ups = [0, 1, to / 2, to - 1];
    let all = move |down| masks.into_iter().flat_map(move |mask| ups.map(|up| (down, mask, up)));
    downs.into_iter().flat_map(all)
}
