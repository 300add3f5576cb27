//! What loops choose is what the interpreter of Loops says, whether branches, moves or masks choose it; and multiples are.
//!
//! ```text
//! if a[i] < a[p] { p = i }                               the place of an extreme: a branch
//! if a[m] < key { low = m } else { high = m }            a search by halves: moves
//! ```

use crate::lane_loops::{agrees, elements};
use parfuse_interp::Array as Elements;
use parfuse_ir::{DType, Scalar};

const N: usize = 40;

/// Runs a loop alone, and in each iteration of a nest and of a region.
#[track_caller]
fn agrees_everywhere(dtype: DType, before: &str, body: &str) {
    let name = dtype.name();
    for n in [0, 1, 2, 9, N] {
        for (open, close) in
            [("", ""), ("nest { for v90 in 3usize {", "} }"), ("parfor v90 in 1usize {", "}")]
        {
            let text = format!(
                "loops f(b0 a: {name}[unit], mut b1 found: u64[unit], n: usize, key: {name}) {{
                   var x0 first: usize
                   var x1 second: usize
                   {open}
                   x0 = 0usize
                   x1 = 0usize
                   {before}
                   {body}
                   v91: usize = x0
                   v92: u64 = cast v91
                   store b1[0usize], v92
                   v93: usize = x1
                   v94: u64 = cast v93
                   store b1[1usize], v94
                   {close}
                 }}"
            );
            let a = elements(dtype, N);
            let key = a.scalars()[7];
            agrees(&text, &[a, elements(DType::U64, 2)], &[Scalar::Usize(n), key]);
        }
    }
}

#[test]
fn places_of_extremes() {
    for dtype in [DType::F64, DType::F32, DType::I64, DType::U8] {
        let name = dtype.name();
        agrees_everywhere(
            dtype,
            "",
            &format!(
                "for v1 in n {{
                   v2: {name} = load b0[v1]
                   v3: usize = x0
                   v4: {name} = load b0[v3]
                   v5: bool = lt v2, v4
                   v6: usize = select v5, v1, v3
                   x0 = v6
                   v7: usize = x1
                   v8: {name} = load b0[v7]
                   v9: bool = lt v8, v2
                   v10: bool = not v9
                   v11: usize = select v10, v7, v1
                   x1 = v11
                 }}"
            ),
        );
    }
}

#[test]
fn places_of_extremes_of_which_one_holds_off_the_other() {
    agrees_everywhere(
        DType::F64,
        "",
        "for v1 in n {
           v2: f64 = load b0[v1]
           v3: usize = x0
           v4: f64 = load b0[v3]
           v5: f64 = sub v2, v4
           v6: bool = lt v5, 0.0f64
           if v6 {
             x1 = v3
             x0 = v1
           } else {
             v7: bool = lt v2, key
             if v7 {
               x1 = v1
             }
           }
         }",
    );
}

#[test]
fn one_choice_after_the_other() {
    agrees_everywhere(
        DType::I32,
        "",
        "for v1 in n {
           v2: i32 = load b0[v1]
           v3: usize = x0
           v4: i32 = load b0[v3]
           v5: bool = lt v2, v4
           v6: usize = select v5, v1, v3
           v7: i32 = load b0[v6]
           v8: bool = lt key, v7
           v9: usize = select v8, v6, 0usize
           v10: bool = eq v7, key
           v11: usize = select v10, v1, v9
           x0 = v11
           x1 = v6
         }",
    );
}

#[test]
fn searches_by_halves() {
    agrees_everywhere(
        DType::F64,
        "x1 = n",
        "for v1 in 6usize {
           v2: usize = x0
           v3: usize = x1
           v4: usize = add v2, v3
           v5: usize = div v4, 2usize
           v6: usize = rem v5, 40usize
           v7: f64 = load b0[v6]
           v8: bool = lt v7, key
           v9: usize = select v8, v6, v2
           v10: usize = select v8, v3, v6
           x0 = v9
           x1 = v10
         }",
    );
}

/// As [`agrees_everywhere`], with floats among what is chosen and written: `x1` and `x2`, of the type of the array.
#[track_caller]
fn floats_agree_everywhere(dtype: DType, body: &str) {
    let name = dtype.name();
    let mut numbers = elements(dtype, N).scalars();
    for (position, special) in [f64::NAN, 0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY].into_iter().enumerate()
    {
        numbers[3 * position + 4] = Scalar::F64(special).cast(dtype);
    }
    let numbers = Elements::new(dtype, &[N], numbers);
    for (n, key) in [(0, 0), (9, 4), (N, 7), (N, 10)] {
        for (open, close) in
            [("", ""), ("nest { for v90 in 3usize {", "} }"), ("parfor v90 in 1usize {", "}")]
        {
            let text = format!(
                "loops f(b0 a: {name}[unit], mut b1 found: {name}[unit], n: usize, key: {name}) {{
                       var x0 place: usize
                       var x1 first: {name}
                       var x2 second: {name}
                       {open}
                       x0 = 0usize
                       x1 = key
                       x2 = 0.5{name}
                       for v1 in n {{
                         v2: {name} = load b0[v1]
                         v3: {name} = x1
                         v4: {name} = x2
                         {body}
                       }}
                       v91: {name} = x1
                       store b1[0usize], v91
                       v92: {name} = x2
                       store b1[1usize], v92
                       v93: usize = x0
                       v94: {name} = cast v93
                       store b1[2usize], v94
                       {close}
                     }}"
            );
            let key = numbers.scalars()[key];
            agrees(&text, &[numbers.clone(), elements(dtype, 3)], &[Scalar::Usize(n), key]);
        }
    }
}

#[test]
fn floats_by_how_floats_compare() {
    for dtype in [DType::F64, DType::F32] {
        let name = dtype.name();
        for compare in ["lt", "le", "gt", "ge", "eq", "ne"] {
            for (yes, no) in [("v2", "v3"), ("v3", "v2"), ("v4", "v2"), ("v2", "0.25"), ("-0.0", "v3")] {
                let [yes, no] = [yes, no]
                    .map(|side| if side.contains('.') { format!("{side}{name}") } else { side.into() });
                floats_agree_everywhere(
                    dtype,
                    &format!(
                        "v5: bool = {compare} v2, v3
                         v6: {name} = select v5, {yes}, {no}
                         if v5 {{ x2 = v2 x0 = v1 }} else {{ v7: {name} = mul v4, 0.5{name} x2 = v7 }}
                         x1 = v6"
                    ),
                );
            }
        }
    }
}

#[test]
fn floats_by_whether_one_is_a_number() {
    for dtype in [DType::F64, DType::F32] {
        let name = dtype.name();
        floats_agree_everywhere(
            dtype,
            &format!(
                "v5: {name} = max v3, v2
                 v6: {name} = min v2, v4
                 v7: bool = is_nan v2
                 v8: {name} = select v7, v3, v6
                 if v7 {{ x0 = v1 }}
                 x1 = v5
                 x2 = v8"
            ),
        );
    }
}

#[test]
fn what_goes_round_through_long_waits() {
    for dtype in [DType::F64, DType::F32] {
        let name = dtype.name();
        floats_agree_everywhere(
            dtype,
            &format!(
                "v5: {name} = add v3, v2
                 v6: bool = gt v5, 0.5{name}
                 if v6 {{ v7: {name} = sub v5, v4 x1 = v7 x0 = v1 }} else {{ x1 = v5 }}
                 v8: {name} = x1
                 v9: bool = le v8, v4
                 v10: {name} = select v9, v2, v8
                 x1 = v10
                 v11: bool = lt v10, -2.0{name}
                 v12: {name} = select v11, v10, v4
                 x2 = v12"
            ),
        );
    }
}

#[test]
fn walks_by_turns() {
    for dtype in [DType::F64, DType::I64, DType::U8] {
        let name = dtype.name();
        agrees_everywhere(
            dtype,
            "",
            &format!(
                "for v1 in n {{
                   v2: usize = x0
                   v3: usize = x1
                   v4: {name} = load b0[v2]
                   v5: {name} = load b0[v3]
                   v6: bool = lt v4, v5
                   v7: bool = eq v4, v5
                   if v7 {{
                     v8: usize = add v2, 1usize x0 = v8
                     v9: usize = rem v8, 3usize x1 = v9
                   }} else {{
                     v10: usize = add v2, 1usize
                     v11: usize = add v3, 1usize
                     v12: usize = select v6, v10, v2
                     v13: usize = select v6, v3, v11
                     v14: usize = rem v12, 40usize
                     v15: usize = rem v13, 40usize
                     x0 = v14
                     x1 = v15
                   }}
                 }}"
            ),
        );
    }
}

#[test]
fn products_with_constants() {
    for dtype in [DType::I32, DType::U32, DType::I64, DType::U64, DType::U8, DType::I16] {
        let name = dtype.name();
        let factors = [3, 5, 6, 7, 9, 10, 12, 15, 17, 24, 25, 27, 31, 33, 45, 63, 81, 96, 100, 120, 127];
        let mut body = String::new();
        for (number, factor) in factors.into_iter().enumerate() {
            let v = 10 + 4 * number;
            body += &format!(
                "v{v}: {name} = mul v2, {factor}{name} v{}: u64 = cast v{v}
                 v{}: u64 = x0 v{}: u64 = xor v{}, v{} x0 = v{}\n",
                v + 1,
                v + 2,
                v + 3,
                v + 1,
                v + 2,
                v + 3
            );
        }
        for (open, close) in
            [("", ""), ("nest { for v190 in 3usize {", "} }"), ("parfor v190 in 1usize {", "}")]
        {
            let text = format!(
                "loops f(b0 a: {name}[unit], mut b1 found: u64[unit], n: usize) {{
                   var x0 all: u64
                   {open}
                   x0 = 0u64
                   for v1 in n {{
                     v2: {name} = load b0[v1]
                     {body}
                     v200: u64 = x0
                     v201: u64 = mul v200, 33u64
                     v202: u64 = mul v201, 18446744073709551615u64
                     x0 = v202
                   }}
                   v203: u64 = x0
                   store b1[0usize], v203
                   {close}
                 }}"
            );
            agrees(&text, &[elements(dtype, N), elements(DType::U64, 1)], &[Scalar::Usize(N)]);
        }
    }
}

#[test]
fn shifts_and_signs_of_numbers_that_are_known_to_be_small() {
    for dtype in [DType::U8, DType::U16, DType::I8, DType::U32, DType::U64] {
        let name = dtype.name();
        for (open, close) in
            [("", ""), ("nest { for v190 in 3usize {", "} }"), ("parfor v190 in 1usize {", "}")]
        {
            let text = format!(
                "loops f(b0 a: {name}[unit], mut b1 found: u64[unit], n: usize) {{
                   var x0 all: u64
                   var x1 count: u64
                   {open}
                   x0 = 1u64
                   x1 = 7u64
                   for v1 in n {{
                     v2: {name} = load b0[v1]
                     v3: u64 = cast v2
                     v4: u64 = x1
                     v5: u64 = shl v3, v4
                     v6: u64 = shr v5, v3
                     v7: u32 = cast v3
                     v8: u32 = and v7, 31u32
                     v9: u32 = shr 3735928559u32, v8
                     v10: i32 = cast v7
                     v11: i32 = cast v8
                     v12: i32 = shr v10, v11
                     v13: i64 = cast v12
                     v14: i64 = shl v13, v13
                     v15: u64 = cast v14
                     v16: u64 = cast v9
                     v17: u64 = x0
                     v18: u64 = xor v17, v6
                     v19: u64 = xor v18, v15
                     v20: u64 = add v19, v16
                     x0 = v20
                     v21: u64 = add v4, 9u64
                     v22: u64 = and v21, 63u64
                     v23: bool = lt v3, 60u64
                     v24: u64 = select v23, v22, 3u64
                     x1 = v24
                     v25: bool = le 40u64, v3
                     v26: bool = le v3, 90u64
                     v27: bool = and v25, v26
                     v28: bool = le -70i32, v10
                     v29: bool = le v10, 2000000000i32
                     v30: bool = and v28, v29
                     v31: bool = xor v27, v30
                     if v31 {{ v32: u64 = add v20, 1000u64 x0 = v32 }}
                   }}
                   v33: u64 = x0
                   store b1[0usize], v33
                   {close}
                 }}"
            );
            for n in [0, 1, N] {
                agrees(&text, &[elements(dtype, N), elements(DType::U64, 1)], &[Scalar::Usize(n)]);
            }
        }
    }
}

/// What `&` and `|` join is asked for one after the other.
#[test]
fn joined_comparisons() {
    for dtype in [DType::I64, DType::I32, DType::U8] {
        let name = dtype.name();
        for joined in [
            "v8: bool = or v5, v6 v9: bool = or v8, v7",
            "v8: bool = and v5, v6 v9: bool = and v7, v8",
            "v8: bool = or v5, v6 v9: bool = and v8, v7",
            "v8: bool = and v5, v6 v10: bool = not v8 v9: bool = or v10, v7",
        ] {
            agrees_everywhere(
                dtype,
                "",
                &format!(
                    "for v1 in n {{
                       v2: {name} = load b0[v1]
                       v3: usize = x0
                       v4: usize = add v3, v1
                       v5: bool = lt v2, key
                       v6: bool = eq v2, 40{name}
                       v7: bool = gt v2, 9{name}
                       {joined}
                       if v9 {{
                         x0 = v4
                         v20: u64 = cast v4
                         store b1[1usize], v20
                       }} else {{
                         v21: u64 = load b1[0usize]
                         v22: usize = cast v21
                         v23: usize = add v22, 1usize
                         x1 = v23
                       }}
                     }}"
                ),
            );
        }
    }
}

#[test]
fn quotients_of_numbers_of_32_bits_and_less() {
    for (dtype, divisors) in [
        (DType::U8, &["7", "26", "200"][..]),
        (DType::I16, &["10", "-7"]),
        (DType::I32, &["3", "-7", "641", "2147483647"]),
        (DType::U32, &["7", "10", "3000000000"]),
    ] {
        let name = dtype.name();
        for divisor in divisors {
            agrees_everywhere(
                dtype,
                "",
                &format!(
                    "for v1 in n {{
                       v2: {name} = load b0[v1]
                       v3: {name} = div v2, {divisor}{name}
                       v4: {name} = rem v2, {divisor}{name}
                       v5: usize = cast v3
                       v6: usize = cast v4
                       v7: usize = x0
                       v8: usize = mul v7, 31usize
                       v9: usize = add v8, v5
                       x0 = v9
                       v10: usize = x1
                       v11: usize = mul v10, 37usize
                       v12: usize = add v11, v6
                       x1 = v12
                     }}"
                ),
            );
        }
    }
}

#[test]
fn rotations() {
    for dtype in [DType::U32, DType::U64] {
        let (name, width) = (dtype.name(), dtype.bits());
        for count in [1, 7, width - 1] {
            let rest = width - count;
            let rotated = format!(
                "v2: {name} = load b0[v1]
                 v3: {name} = shr v2, {count}{name}
                 v4: {name} = shl v2, {rest}{name}
                 v5: {name} = or v3, v4
                 v6: {name} = xor v5, v2"
            );
            agrees_everywhere(
                dtype,
                "",
                &format!(
                    "for v1 in n {{
                       {rotated}
                       v7: usize = cast v6
                       v8: usize = x0
                       v9: usize = mul v8, 31usize
                       v10: usize = add v9, v7
                       x0 = v10
                     }}"
                ),
            );
            let lanes = format!(
                "loops f(b0 a: {name}[unit], mut b1 r: {name}[unit], n: usize) {{
                   parfor v1 in n {{ {rotated} store b1[v1], v6 }}
                 }}"
            );
            agrees(&lanes, &[elements(dtype, N), elements(dtype, N)], &[Scalar::Usize(N)]);
        }
    }
}
