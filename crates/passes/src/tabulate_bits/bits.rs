//! Numbers whose bits are sums modulo two of the bits of another number, and of ones.
//!
//! ```text
//! x                       bit i is x[i]
//! x >> 1                  bit i is x[i + 1]
//! (x >> 1) ^ 5            bit 0 is x[1] + 1, bit 1 is x[2], bit 2 is x[3] + 1, …
//! if x & 1 == 1 { a ^ 5 } else { a }      bits 0 and 2 are those of a, plus x[0]
//! ```
//!
//! A branch on such a bit stays in this world if its sides differ in known bits only.

use parfuse_ir::{DType, Scalar, ScalarOp};

/// A number of up to 64 bits without a sign.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Bits {
    /// By bit: which bits of the origin it is the sum of.
    pub(super) of: Vec<u64>,
    /// The ones that are added.
    pub(super) ones: u64,
}

impl Bits {
    /// The origin itself.
    pub(super) fn origin(dtype: DType) -> Option<Bits> {
        let width = width(dtype)?;
        Some(Bits { of: (0..width).map(|bit| 1 << bit).collect(), ones: 0 })
    }

    /// A known number.
    pub(super) fn constant(scalar: Scalar) -> Option<Bits> {
        let width = width(scalar.dtype())?;
        Some(Bits { of: vec![0; width], ones: scalar.to_bits() & low(width) })
    }

    /// The number, if it is known.
    fn known(&self) -> Option<u64> {
        self.of.iter().all(|of| *of == 0).then_some(self.ones)
    }

    /// The lowest bit and whether a one is added, if all others are zeros.
    fn single(&self) -> Option<(u64, u64)> {
        (self.of[1..].iter().all(|of| *of == 0) && self.ones <= 1).then_some((self.of[0], self.ones))
    }

    fn plus(&self, other: &Bits) -> Bits {
        let of = self.of.iter().zip(&other.of).map(|(a, b)| a ^ b).collect();
        Bits { of, ones: self.ones ^ other.ones }
    }

    fn masked(&self, mask: u64) -> Bits {
        let of = (0..).zip(&self.of).map(|(bit, of)| if mask >> bit & 1 == 1 { *of } else { 0 }).collect();
        Bits { of, ones: self.ones & mask }
    }

    /// Moves bits up, or down.
    fn moved(&self, by: i64) -> Bits {
        let width = self.of.len() as i64;
        let from = |bit: i64| (0..width).contains(&(bit - by)).then(|| (bit - by) as usize);
        let of = (0..width).map(|bit| from(bit).map_or(0, |from| self.of[from])).collect();
        let ones = (0..width).filter_map(|bit| from(bit).map(|from| (self.ones >> from & 1) << bit)).sum();
        Bits { of, ones }
    }

    /// The number in another type.
    pub(super) fn cast(&self, to: DType) -> Option<Bits> {
        let width = width(to)?;
        let mut of = self.of.clone();
        of.resize(width, 0);
        Some(Bits { of, ones: self.ones & low(width) })
    }

    /// One or the other.
    pub(super) fn choose(cond: &Bits, yes: &Bits, no: &Bits) -> Option<Bits> {
        let (of, one) = cond.single()?;
        let difference = yes.plus(no).known()?;
        let part = |bit: usize| if difference >> bit & 1 == 1 { of } else { 0 };
        let chosen = Bits { of: (0..yes.of.len()).map(part).collect(), ones: difference * one };
        Some(no.plus(&chosen))
    }

    /// An operation on such numbers, if it gives one.
    pub(super) fn operation(op: ScalarOp, args: &[&Bits]) -> Option<Bits> {
        let (a, b) = (args[0], args.get(1).copied().unwrap_or(args[0]));
        let width = a.of.len();
        let count = || b.known().filter(|count| *count < width as u64).map(|count| count as i64);
        match op {
            ScalarOp::Xor => Some(a.plus(b)),
            ScalarOp::Not => Some(Bits { ones: !a.ones & low(width), ..a.clone() }),
            ScalarOp::And => match (a.known(), b.known()) {
                (_, Some(mask)) => Some(a.masked(mask)),
                (Some(mask), _) => Some(b.masked(mask)),
                _ => None,
            },
            ScalarOp::Or => {
                let zero = |x: &Bits, bit: usize| x.of[bit] == 0 && x.ones >> bit & 1 == 0;
                (0..width).all(|bit| zero(a, bit) || zero(b, bit)).then(|| a.plus(b))
            }
            ScalarOp::Shl => Some(a.moved(count()?)),
            ScalarOp::Shr => Some(a.moved(-count()?)),
            ScalarOp::Eq | ScalarOp::Ne => {
                let difference = a.plus(b);
                // Equal are numbers whose only unknown bit is.
                let at = difference.of.iter().position(|of| *of != 0)?;
                let others =
                    difference.of.iter().skip(at + 1).all(|of| *of == 0) && difference.ones & !(1 << at) == 0;
                let differs = difference.ones >> at & 1;
                let ones = if op == ScalarOp::Ne { differs } else { differs ^ 1 };
                others.then(|| Bits { of: vec![difference.of[at]], ones })
            }
            ScalarOp::Select => Bits::choose(a, b, args[2]),
            // One bit times a number is the number or nothing; so is what it is negated to.
            ScalarOp::Mul => match (a.known(), b.known()) {
                (_, Some(_)) => Bits::choose(a, b, &b.masked(0)),
                (Some(_), _) => Bits::choose(b, a, &a.masked(0)),
                _ => None,
            },
            ScalarOp::Sub if a.known() == Some(0) => {
                let all = Bits { ones: low(width), ..a.clone() };
                Bits::choose(b, &all, a)
            }
            _ => None,
        }
    }
}

/// The bits of a type of these numbers.
fn width(dtype: DType) -> Option<usize> {
    match dtype.is_bool() {
        true => Some(1),
        false => dtype.is_unsigned().then(|| dtype.bits() as usize),
    }
}

/// So many ones.
pub(super) fn low(bits: usize) -> u64 {
    if bits >= 64 { u64::MAX } else { (1 << bits) - 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn x() -> Bits {
        Bits::origin(DType::U8).unwrap()
    }

    fn number(number: u8) -> Bits {
        Bits::constant(Scalar::U8(number)).unwrap()
    }

    /// What a number is for an origin.
    fn at(bits: &Bits, origin: u64) -> u64 {
        let sum = |of: &u64| (of & origin).count_ones() as u64 & 1;
        bits.ones ^ (0..).zip(&bits.of).map(|(bit, of)| sum(of) << bit).sum::<u64>()
    }

    #[test]
    fn steps_of_a_shift_register_are_sums_of_bits() {
        use ScalarOp::*;
        let (one, poly) = (number(1), number(0x8c));
        let bit = Bits::operation(And, &[&x(), &one]).unwrap();
        let down = Bits::operation(Shr, &[&x(), &one]).unwrap();
        let with = Bits::operation(Xor, &[&down, &poly]).unwrap();
        let cond = Bits::operation(Eq, &[&bit, &one]).unwrap();
        let branch = Bits::choose(&cond, &with, &down).unwrap();
        let product = Bits::operation(Xor, &[&down, &Bits::operation(Mul, &[&bit, &poly]).unwrap()]).unwrap();
        let mask = Bits::operation(Sub, &[&number(0), &bit]).unwrap();
        let masked = Bits::operation(And, &[&poly, &mask]).unwrap();
        let masked = Bits::operation(Xor, &[&down, &masked]).unwrap();
        for origin in 0..256 {
            let expected = (origin >> 1) ^ if origin & 1 == 1 { 0x8c } else { 0 };
            assert_eq!([&branch, &product, &masked].map(|bits| at(bits, origin)), [expected; 3], "{origin}");
        }
    }

    #[test]
    fn what_is_no_sum_of_bits_is_refused() {
        use ScalarOp::*;
        assert_eq!(Bits::operation(And, &[&x(), &x().moved(1)]), None);
        assert_eq!(Bits::operation(Add, &[&x(), &number(1)]), None);
        assert_eq!(Bits::operation(Eq, &[&x(), &number(1)]), None);
        assert_eq!(Bits::operation(Shl, &[&x(), &number(8)]), None);
    }
}
