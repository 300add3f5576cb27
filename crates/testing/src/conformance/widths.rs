//! The kernels of the suite for integers of every width: what wraps, what extends, and totals.
//!
//! ```text
//! (a + b) * b - 100      wraps in its own width
//! … as i64, … as f64     extended with the sign, or without
//! sum, min, max, xor     as wide as the elements
//! ```

use super::{Case, array, elements, scalar, whole};

macro_rules! width {
    ($name:literal, $ty:ident) => {
        Case {
            name: $name,
            program: width!(@program stringify!($ty)),
            arguments: |n| {
                vec![
                    array((0..n).map(|i| whole(i) as $ty)),
                    array((0..n).map(|i| whole(7 * i + 3) as $ty)),
                ]
            },
            expected: |args| {
                let (a, b): (Vec<$ty>, Vec<$ty>) = (elements(&args[0]), elements(&args[1]));
                let number = |(a, b): (&$ty, &$ty)| a.wrapping_add(*b).wrapping_mul(*b).wrapping_sub(100);
                let numbers: Vec<$ty> = a.iter().zip(&b).map(number).collect();
                let each = || numbers.iter().copied();
                Ok(vec![
                    array(each()),
                    array(each().map(|x| x / 7)),
                    array(each().map(|x| x >> 3)),
                    array(each().zip(a).map(|(x, a)| x < a)),
                    array(each().map(|x| x as f64)),
                    array(each().map(|x| x as i64)),
                    scalar(each().fold(0, $ty::wrapping_add)),
                    scalar(each().fold(1, $ty::wrapping_mul)),
                    scalar(each().fold($ty::MAX, Ord::min)),
                    scalar(each().fold($ty::MIN, Ord::max)),
                    scalar(each().fold(0, |a, b| a ^ b)),
                ])
            },
        }
    };
    (@program $ty:expr) => {
        concat!(
            "program width(a: [", $ty, "; 1], b: [", $ty, "; 1]) -> ([", $ty, "; 1], [", $ty, "; 1], [", $ty,
            "; 1], [bool; 1], [f64; 1], [i64; 1], ", $ty, ", ", $ty, ", ", $ty, ", ", $ty, ", ", $ty, ") {
            v0: [", $ty, "; 1] = add a, b
            v1: [", $ty, "; 1] = mul v0, b
            v2: [", $ty, "; 1] = sub v1, 100", $ty, "
            v3: [", $ty, "; 1] = div v2, 7", $ty, "
            v4: [", $ty, "; 1] = shr v2, 3", $ty, "
            v5: [bool; 1] = lt v2, a
            v6: [f64; 1] = cast v2
            v7: [i64; 1] = cast v2
            v8: ", $ty, " = reduce sum v2
            v9: ", $ty, " = reduce product v2
            v10: ", $ty, " = reduce min v2
            v11: ", $ty, " = reduce max v2
            v12: ", $ty, " = reduce xor v2
            return v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12
        }"
        )
    };
}

pub(super) const CASES: &[Case] = &[
    width!("width_i8", i8),
    width!("width_i16", i16),
    width!("width_i32", i32),
    width!("width_i64", i64),
    width!("width_isize", isize),
    width!("width_u8", u8),
    width!("width_u16", u16),
    width!("width_u32", u32),
    width!("width_u64", u64),
    width!("width_usize", usize),
];
