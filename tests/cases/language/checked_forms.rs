//! Methods of integers that say whether their result fits, at the limits of all types.

use crate::cases::ways::exactly;
use parfuse::prelude::*;

const COUNTS: [u32; 16] = [0, 1, 2, 3, 5, 7, 8, 15, 16, 31, 32, 33, 63, 64, 65, 200];

macro_rules! at_limits {
    ($($ty:ident),*) => { $(
        mod $ty {
            use super::*;

            #[kernel]
            #[allow(clippy::type_complexity)]
            fn forms(x: &[$ty], n: &[u32]) -> (Vec<Option<$ty>>, Vec<$ty>, Vec<bool>) {
                let (mut options, mut values, mut wrapped) = (vec![], vec![], vec![]);
                for &a in x {
                    for &k in n {
                        options.push(a.checked_pow(k));
                        options.push(a.checked_shl(k));
                        options.push(a.checked_shr(k));
                        for (value, is) in [a.overflowing_pow(k), a.overflowing_shl(k), a.overflowing_shr(k)] {
                            values.push(value);
                            wrapped.push(is);
                        }
                        values.push(a.saturating_pow(k));
                    }
                    let (opposite, is) = a.overflowing_neg();
                    values.push(opposite);
                    wrapped.push(is);
                    for &b in x {
                        options.push(a.checked_div_euclid(b));
                        options.push(a.checked_rem_euclid(b));
                        if b != 0 {
                            values.push(a.wrapping_div_euclid(b));
                            values.push(a.wrapping_rem_euclid(b));
                        }
                    }
                }
                (options, values, wrapped)
            }

            #[test]
            fn are_rusts() {
                let mut numbers = vec![$ty::MIN, $ty::MIN + 1, $ty::MAX, $ty::MAX.isqrt(), $ty::MAX.isqrt() + 1];
                numbers.extend([0 as $ty, 1, 2, 3, 7, 15, (0 as $ty).wrapping_sub(1), (0 as $ty).wrapping_sub(3)]);
                exactly!(forms(&numbers, &COUNTS));
            }
        }
    )* };
}
at_limits!(i8, i16, i32, i64, isize, u8, u16, u32, u64, usize);

#[kernel]
fn multiples(x: &[u16]) -> Vec<Option<u16>> {
    let mut found = vec![];
    for &a in x {
        found.push(a.checked_next_power_of_two());
        for &b in x {
            found.push(a.checked_next_multiple_of(b));
        }
    }
    found
}

#[kernel]
fn magnitudes(x: &[i16]) -> (Vec<Option<i16>>, Vec<i16>) {
    let (mut options, mut values) = (vec![], vec![]);
    for &a in x {
        options.push(a.checked_abs());
        values.push(a.saturating_abs());
        values.push(a.saturating_neg());
    }
    (options, values)
}

#[kernel(checked)]
fn in_a_checked_kernel(x: &[i32]) -> Vec<Option<i32>> {
    let mut found = vec![];
    for &a in x {
        found.push(a.checked_rem_euclid(-1));
        found.push(a.checked_div_euclid(-1));
        found.push(a.checked_pow(5));
        found.push(a.checked_shl(40));
    }
    found
}

#[test]
fn multiples_and_magnitudes_fit_or_not() {
    exactly!(multiples(&[0, 1, 2, 3, 7, 32768, 32769, u16::MAX]));
    exactly!(magnitudes(&[0, 1, -1, i16::MIN, i16::MAX]));
    exactly!(in_a_checked_kernel(&[0, 1, -1, i32::MIN, i32::MAX]));
}
