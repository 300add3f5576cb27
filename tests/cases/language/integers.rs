//! Methods of integers that look at bits, stay within limits or say that they are left, and of bytes as characters.

use crate::cases::ways::{error_of, exactly};
use ndarray::{Array1, Array2};
use parfuse::prelude::*;

/// Kernels that put what each method gives for each number into a row, as bits.
macro_rules! integers {
    ($($module:ident $ty:ty),*) => { $(#[allow(unused_comparisons, reason = "some of the types have no sign")]
    mod $module {
        use super::*;

        #[kernel]
        fn bits(x: &Array1<$ty>, k: u32) -> Array2<u64> {
            let mut out = Array2::zeros((x.len(), 16));
            for i in prange(0..x.len()) {
                let n = x[i];
                out[[i, 0]] = n.count_ones() as u64;
                out[[i, 1]] = n.count_zeros() as u64;
                out[[i, 2]] = n.leading_zeros() as u64;
                out[[i, 3]] = n.leading_ones() as u64;
                out[[i, 4]] = n.trailing_zeros() as u64;
                out[[i, 5]] = n.trailing_ones() as u64;
                out[[i, 6]] = n.rotate_left(k) as u64;
                out[[i, 7]] = n.rotate_right(k) as u64;
                out[[i, 8]] = n.swap_bytes() as u64;
                out[[i, 9]] = n.reverse_bits() as u64;
                out[[i, 10]] = n.wrapping_shl(k) as u64;
                out[[i, 11]] = n.wrapping_shr(k) as u64;
                out[[i, 12]] = n.rotate_left(3) as u64;
                out[[i, 13]] = n.checked_neg().map_or(7, |m| m as u64);
                out[[i, 14]] = if n > 0 { (n.ilog2() * 100 + n.ilog10()) as u64 } else { 0 };
                out[[i, 15]] = if n >= 0 { n.isqrt() as u64 } else { 0 };
            }
            out
        }

        #[kernel]
        fn pairs(x: &Array1<$ty>, b: $ty) -> Array2<u64> {
            let mut out = Array2::zeros((x.len(), 14));
            for i in prange(0..x.len()) {
                let a = x[i];
                out[[i, 0]] = a.saturating_add(b) as u64;
                out[[i, 1]] = a.saturating_sub(b) as u64;
                out[[i, 2]] = a.saturating_mul(b) as u64;
                out[[i, 3]] = a.abs_diff(b) as u64;
                out[[i, 4]] = a.midpoint(b) as u64;
                out[[i, 5]] = a.checked_add(b).unwrap_or(1) as u64;
                out[[i, 6]] = a.checked_sub(b).unwrap_or(1) as u64;
                out[[i, 7]] = match a.checked_mul(b) {
                    Some(product) => product as u64,
                    None => 99,
                };
                out[[i, 8]] = a.checked_div(b).unwrap_or(3) as u64;
                out[[i, 9]] = if let Some(rest) = a.checked_rem(b) { rest as u64 } else { 77 };
                let (sum, wrapped) = a.overflowing_add(b);
                let (difference, below) = a.overflowing_sub(b);
                out[[i, 10]] = (sum as u64) ^ (wrapped as u64);
                out[[i, 11]] = (difference as u64) ^ (below as u64);
                out[[i, 12]] = a.overflowing_mul(b).1 as u64;
                out[[i, 13]] = a.saturating_mul(3) as u64 ^ a.checked_mul(5).is_some() as u64;
            }
            out
        }

        #[test]
        fn are_what_rust_has() {
            let (least, greatest) = (<$ty>::MIN, <$ty>::MAX);
            let mut numbers = vec![least, least / 2, least.wrapping_add(1), 0, 1, 2, 3, 5, 7, 8, 9, 10, 11, 63, 64, 65, 99, 100, 101];
            numbers.extend([greatest, greatest - 1, greatest / 2, greatest / 2 + 1, greatest / 3, greatest / 7 * 3]);
            numbers.extend(numbers.clone().iter().map(|n| n.wrapping_neg()));
            let x = Array1::from(numbers.clone());
            for k in [0, 1, 5, 7, 8, 31, 32, 33, 64] {
                exactly!(bits(&x, k));
            }
            for b in numbers {
                exactly!(pairs(&x, b));
            }
        }
    })* };
}
integers!(of_i8 i8, of_i16 i16, of_i32 i32, of_i64 i64, of_isize isize, of_u8 u8, of_u16 u16, of_u32 u32, of_u64 u64, of_usize usize);

macro_rules! unsigned {
    ($($module:ident $ty:ty, $signed:ty);*) => { $(mod $module {
        use super::*;

        #[kernel]
        fn multiples(x: &Array1<$ty>, b: $ty) -> Array2<$ty> {
            let mut out = Array2::zeros((x.len(), 5));
            for i in prange(0..x.len()) {
                let a = x[i];
                out[[i, 0]] = a.is_multiple_of(b) as $ty;
                out[[i, 1]] = a.is_power_of_two() as $ty;
                if b > 0 && a <= <$ty>::MAX / 2 {
                    out[[i, 2]] = a.div_ceil(b);
                    out[[i, 3]] = if b <= <$ty>::MAX / 2 { a.next_multiple_of(b) } else { 0 };
                    out[[i, 4]] = a.next_power_of_two();
                }
            }
            out
        }

        #[kernel]
        fn moved(x: &Array1<$ty>, by: $signed) -> Array2<$ty> {
            let mut out = Array2::zeros((x.len(), 3));
            for i in prange(0..x.len()) {
                out[[i, 0]] = x[i].checked_add_signed(by).unwrap_or(42);
                out[[i, 1]] = x[i].saturating_add_signed(by);
                out[[i, 2]] = x[i].wrapping_add_signed(by).cast_signed().unsigned_abs() ^ by.cast_unsigned();
            }
            out
        }

        #[test]
        fn are_what_rust_has() {
            let greatest = <$ty>::MAX;
            let numbers = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 63, 64, 65, greatest / 2, greatest / 2 + 1, greatest - 1, greatest];
            let x = Array1::from(numbers.to_vec());
            for b in numbers {
                exactly!(multiples(&x, b));
                exactly!(moved(&x, b as $signed));
            }
        }
    })* };
}
unsigned!(unsigned_8 u8, i8; unsigned_16 u16, i16; unsigned_32 u32, i32; unsigned_64 u64, i64; unsigned_size usize, isize);

#[kernel]
fn characters(text: &[u8]) -> Array2<bool> {
    let mut out = Array2::from_elem((text.len(), 13), false);
    for i in prange(0..text.len()) {
        let b = text[i];
        out[[i, 0]] = b.is_ascii();
        out[[i, 1]] = b.is_ascii_digit();
        out[[i, 2]] = b.is_ascii_hexdigit();
        out[[i, 3]] = b.is_ascii_lowercase();
        out[[i, 4]] = b.is_ascii_uppercase();
        out[[i, 5]] = b.is_ascii_alphabetic();
        out[[i, 6]] = b.is_ascii_alphanumeric();
        out[[i, 7]] = b.is_ascii_punctuation();
        out[[i, 8]] = b.is_ascii_graphic();
        out[[i, 9]] = b.is_ascii_whitespace();
        out[[i, 10]] = b.is_ascii_control();
        out[[i, 11]] = b.eq_ignore_ascii_case(&b'k');
        out[[i, 12]] = b.to_ascii_lowercase() > b.to_ascii_uppercase();
    }
    out
}

#[kernel]
fn capitals(text: &[u8]) -> (Array1<u8>, Array1<u8>) {
    let upper = text.iter().map(|b| b.to_ascii_uppercase()).collect();
    let lower = text.iter().map(|b| b.to_ascii_lowercase()).collect();
    (upper, lower)
}

#[test]
fn bytes_are_characters() {
    let all: Vec<u8> = (0..=255).collect();
    exactly!(characters(&all));
    exactly!(capitals(&all));
}

#[kernel]
fn signs(x: &Array1<f64>, y: f64) -> Array2<f64> {
    let mut out = Array2::zeros((x.len(), 4));
    for i in prange(0..x.len()) {
        out[[i, 0]] = x[i].copysign(y);
        out[[i, 1]] = x[i].is_sign_negative() as i32 as f64;
        out[[i, 2]] = x[i].is_sign_positive() as i32 as f64;
        out[[i, 3]] = x[i].round_ties_even();
    }
    out
}

#[test]
fn floats_have_signs_and_round_to_even() {
    let largest = 4_503_599_627_370_497.5; // the largest number that is half of an odd one
    let numbers =
        [0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.5, 3.5, 0.499_999_999_999_999_94, largest, 1e300, f64::INFINITY];
    let x: Array1<f64> = numbers.iter().flat_map(|x| [*x, -*x]).collect();
    for y in [1.0, -1.0, 0.0, -0.0, f64::NEG_INFINITY] {
        let (compiled, _) = (exactly!(signs(&x, y)), ());
        let plain = signs(&x, y);
        assert!(compiled.0.iter().zip(&plain).all(|(a, b)| a.to_bits() == b.to_bits()), "{y}");
    }
}

#[kernel]
fn logarithm(n: i32) -> u32 {
    n.ilog2()
}

#[kernel]
fn root(n: i64) -> i64 {
    n.isqrt()
}

#[test]
fn where_rust_panics_is_an_error_with_its_words() {
    assert!(error_of!(logarithm(0)).to_string().contains("argument of integer logarithm must be positive"));
    assert!(error_of!(root(-1)).to_string().contains("argument of integer square root cannot be negative"));
}

#[kernel]
fn numbers_in(text: &[u8]) -> i64 {
    let mut total = 0;
    let mut current: Option<i64> = None;
    for &b in text {
        if b.is_ascii_digit() {
            current = Some(current.unwrap_or(0) * 10 + (b - b'0') as i64);
        } else if let Some(n) = current.take() {
            total += n;
        }
    }
    total + current.take().unwrap_or(0)
}

#[test]
fn options_in_variables_are_taken() {
    exactly!(numbers_in(b"12 and 30, 5x"));
    exactly!(numbers_in(b"none"));
}
