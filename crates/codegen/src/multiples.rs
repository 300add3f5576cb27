//! Products with constants that shifts and sums compute faster than a multiplication.
//!
//! ```text
//! a * 33   (a << 5) + a           a * 7    (a << 3) - a
//! a * 10   (a << 3) + (a << 1)    a * 15   b = (a << 1) + a, (b << 2) + b
//! ```
//!
//! A multiplication takes three cycles, one after another two of these operations take two.

/// How to compute a multiple of a number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Multiple {
    /// A power of two.
    Shift(u8),
    /// `(a << first) + (a << second)`.
    Sum(u8, u8),
    /// `(a << first) - (a << second)`.
    Difference(u8, u8),
    /// `b = (a << first) + a`, `(b << second) + b`.
    Twice(u8, u8),
}

/// How to compute a product with a constant of so many bits, if that is faster than to multiply.
pub(crate) fn multiple(factor: u64, bits: u32) -> Option<Multiple> {
    let factor = factor & (u64::MAX >> (64 - bits));
    if factor < 2 {
        return None;
    }
    let shift = factor.trailing_zeros() as u8;
    let odd = factor >> shift;
    let power = |number: u64| number.is_power_of_two().then(|| number.trailing_zeros() as u8);
    if odd == 1 {
        return Some(Multiple::Shift(shift));
    }
    if let Some(first) = power(odd - 1) {
        return Some(Multiple::Sum(first + shift, shift));
    }
    if let Some(first) = odd.checked_add(1).and_then(power).filter(|first| u32::from(first + shift) < bits) {
        return Some(Multiple::Difference(first + shift, shift));
    }
    let few = [1, 2, 3];
    let pairs = few.into_iter().flat_map(|first| few.map(|second| (first, second)));
    let product = |(first, second): (u8, u8)| ((1u64 << first) + 1) * ((1 << second) + 1);
    let (first, second) = pairs.into_iter().find(|pair| product(*pair) == factor)?;
    Some(Multiple::Twice(first, second))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(how: Multiple, a: u64) -> u64 {
        match how {
            Multiple::Shift(by) => a << by,
            Multiple::Sum(first, second) => (a << first).wrapping_add(a << second),
            Multiple::Difference(first, second) => (a << first).wrapping_sub(a << second),
            Multiple::Twice(first, second) => {
                let b = (a << first).wrapping_add(a);
                (b << second).wrapping_add(b)
            }
        }
    }

    #[test]
    fn shifts_and_sums_give_products() {
        let edges =
            [0, 1, 2, u64::MAX, u64::MAX - 1, 1 << 31, (1 << 32) - 1, 1 << 32, 1 << 63, (1 << 63) + 1];
        let mut found = 0;
        for factor in (0..5000).chain(edges) {
            for bits in [32, 64] {
                let Some(how) = multiple(factor, bits) else { continue };
                found += 1;
                for a in [0, 1, 3, 12345, u64::MAX, 1 << 63, 0x9e37_79b9_7f4a_7c15] {
                    let mask = u64::MAX >> (64 - bits);
                    let product = a.wrapping_mul(factor) & mask;
                    assert_eq!(apply(how, a) & mask, product, "{a} * {factor}, {how:?}, {bits} bits");
                }
            }
        }
        assert!(found > 200, "{found}");
    }

    #[test]
    fn what_takes_more_than_two_operations_in_a_row_is_multiplied() {
        for factor in [0, 1, 11, 13, 37, 100, 0x0100_0193, 6364136223846793005] {
            assert_eq!(multiple(factor, 64), None, "{factor}");
        }
        assert_eq!(multiple(10, 64), Some(Multiple::Sum(3, 1)));
        assert_eq!(multiple(33, 32), Some(Multiple::Sum(5, 0)));
        assert_eq!(multiple(31, 32), Some(Multiple::Difference(5, 0)));
        assert_eq!(multiple(45, 64), Some(Multiple::Twice(2, 3)));
    }
}
