//! When two iterations of a loop reach the same number by the same multiple of their indices.
//!
//! ```text
//! 6 i, 6 i + 1, 6 i + 12        0 and 12 meet two iterations apart, nothing meets 1
//! 32 i modulo 2^64              meets itself 2^59 iterations apart
//! ```
//!
//! Numbers are taken modulo 2^64, or two to the power of fewer bits. The multiple is `odd · 2^twos`. Divided by `odd`, which is possible in such
//! arithmetic, `multiple · i + offset` becomes `2^twos · i + offset / odd`: The low bits of that tell classes which
//! never meet; the high bits are a position on a circle, on which an iteration is one step.

use crate::affine::Width;

/// The multiple by which iterations move, and the arithmetic in which they do.
pub(super) struct Meetings {
    /// The inverse of the odd part of the multiple.
    inverse: u64,
    /// How many factors of two the multiple has: all, if it is zero.
    twos: u32,
    bits: u32,
}

impl Meetings {
    pub(super) fn new(multiple: u64, width: Width) -> Meetings {
        let bits = width.bits();
        let twos = multiple.trailing_zeros().min(bits);
        let odd = multiple.checked_shr(twos).unwrap_or(0) | 1;
        // Newton's iteration doubles the number of bits that are right, from the three that `odd` has itself.
        let better = |inverse: u64| inverse.wrapping_mul(2u64.wrapping_sub(odd.wrapping_mul(inverse)));
        let inverse = (0..5).fold(odd, |inverse, _| better(inverse));
        Meetings { inverse, twos, bits }
    }

    /// Whether no two of so many iterations meet at numbers with these offsets where one of the two stores. Each offset
    /// comes with whether it is stored at.
    pub(super) fn none(&self, offsets: &[(u64, bool)], trips: u64) -> bool {
        let circle = 1u128 << (self.bits - self.twos);
        if u128::from(trips) > circle {
            // Each meets itself, a time round later.
            return !offsets.iter().any(|(_, stores)| *stores);
        }
        if trips <= 1 {
            return true;
        }
        let mut places: Vec<Place> =
            offsets.iter().map(|(offset, stores)| self.place(*offset, *stores)).collect();
        places.sort_unstable();
        places.dedup_by(|next, kept| {
            let same = (next.class, next.position) == (kept.class, kept.position);
            kept.stores |= same && next.stores;
            same
        });
        // Who meets a store also meets it at the nearest place on either side of it.
        places.chunk_by(|a, b| a.class == b.class).all(|class| {
            let next = class.iter().cycle().skip(1);
            class.iter().zip(next).all(|(place, next)| {
                let way = match next.position.checked_sub(place.position) {
                    Some(way @ 1..) => u128::from(way),
                    _ => circle - u128::from(place.position - next.position),
                };
                way >= u128::from(trips) || !(place.stores || next.stores)
            })
        })
    }

    /// Whether one of so many iterations, which start at zero, reaches a number.
    pub(super) fn reach(&self, number: u64, trips: u64) -> bool {
        let place = self.place(number, false);
        // Where all have been passed the first ones come again.
        place.class == 0 && place.position < trips
    }

    fn place(&self, offset: u64, stores: bool) -> Place {
        let unused = 64 - self.bits;
        let number = offset.wrapping_mul(self.inverse) << unused >> unused;
        // Of a multiple of zero every number is a class of its own.
        let position = number.checked_shr(self.twos).unwrap_or(0);
        Place { class: number - position.checked_shl(self.twos).unwrap_or(0), position, stores }
    }
}

/// Where an offset is among those that iterations can reach from each other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    class: u64,
    position: u64,
    stores: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use parfuse_ir::DType;

    /// Whether none meet, found by looking at all of them.
    fn none_of_all(multiple: u64, width: Width, offsets: &[(u64, bool)], trips: u64) -> bool {
        let number = |k: u64, offset: u64| {
            let number = multiple.wrapping_mul(k).wrapping_add(offset);
            number & (u64::MAX >> (64 - width.bits()))
        };
        (0..trips).all(|k| {
            (0..trips).filter(|l| *l != k).all(|l| {
                offsets
                    .iter()
                    .all(|(a, stores)| !stores || offsets.iter().all(|(b, _)| number(k, *a) != number(l, *b)))
            })
        })
    }

    #[test]
    fn meetings_are_those_that_are_found_by_trying() {
        let hostile =
            [0, 1, 2, 3, 6, 12, 1 << 30, 1 << 31, 3 << 30, 1 << 32, 5 << 61, 1 << 62, 1 << 63, 3 << 62];
        let (mut apart, mut met) = (0, 0);
        for width in DType::ALL.iter().filter(|dtype| dtype.is_int()).map(|dtype| Width::of(*dtype)) {
            for multiple in hostile.into_iter().flat_map(|x: u64| [x, x.wrapping_neg(), x ^ 1]) {
                for distance in
                    hostile.into_iter().flat_map(|x: u64| [x, x.wrapping_neg(), x.wrapping_mul(5)])
                {
                    for (trips, stores) in [(1, true), (2, true), (3, false), (5, true), (9, false)] {
                        let offsets = [(7, true), (distance.wrapping_add(7), stores), (8, false)];
                        let found = Meetings::new(multiple, width).none(&offsets, trips);
                        let expected = none_of_all(multiple, width, &offsets, trips);
                        assert_eq!(found, expected, "{multiple:#x} {width:?} {distance:#x} {trips} {stores}");
                        if found { apart += 1 } else { met += 1 }
                    }
                }
            }
        }
        assert!(apart > 1000 && met > 1000, "{apart} {met}");
    }

    #[test]
    fn numbers_are_reached_that_are_found_by_trying() {
        let hostile = [0, 1, 2, 3, 6, 12, 1 << 31, 1 << 32, 5 << 61, 1 << 62, 1 << 63, 3 << 62];
        let (mut reached, mut passed) = (0, 0);
        for width in DType::ALL.iter().filter(|dtype| dtype.is_int()).map(|dtype| Width::of(*dtype)) {
            let known = |number: u64| number & (u64::MAX >> (64 - width.bits()));
            for multiple in hostile.into_iter().flat_map(|x: u64| [x, x.wrapping_neg(), x ^ 1]) {
                for number in hostile.into_iter().flat_map(|x: u64| [x, x.wrapping_neg(), x.wrapping_mul(3)])
                {
                    for trips in [0, 1, 2, 3, 9] {
                        let expected = (0..trips).any(|k| known(multiple.wrapping_mul(k)) == known(number));
                        let found = Meetings::new(multiple, width).reach(number, trips);
                        assert_eq!(found, expected, "{multiple:#x} {width:?} {number:#x} {trips}");
                        if found { reached += 1 } else { passed += 1 }
                    }
                }
            }
        }
        assert!(reached > 500 && passed > 500, "{reached} {passed}");
    }

    #[test]
    fn a_multiple_repeats_itself_when_its_factors_of_two_have_wrapped() {
        let alone = |multiple: u64, trips| Meetings::new(multiple, Width::FULL).none(&[(5, true)], trips);
        assert!(alone(3, u64::MAX) && alone(32, 1 << 59) && alone(1 << 24, 1 << 40));
        assert!(!alone(32, (1 << 59) + 1) && !alone(1 << 24, (1 << 40) + 1) && !alone(0, 2));
    }
}
