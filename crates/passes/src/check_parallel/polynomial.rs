//! Sums of products of numbers, as numbers without end.
//!
//! ```text
//! v9: usize = mul v1, v8        v1 · v8 + v4         of one iteration
//! v10: usize = add v9, v4       v1' · v8 + v4'       of another: v8 is the same in both
//! ```

use parfuse_ir::loops::Value;
use smallvec::{SmallVec, smallvec};
use std::fmt;

/// A number that a value is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Atom {
    pub(super) value: Value,
    pub(super) of: Of,
    pub(super) side: Side,
}

/// Which number a value stands for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Of {
    /// The one that it is.
    Itself,
    /// The one that a division leaves out of which it is the remainder; or what is cut off of which it is the quotient.
    Division,
    /// Some number below the one that it is.
    Offset,
}

/// Whose value it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Side {
    /// Of all iterations: defined in front of the loop.
    Shared,
    /// Of one iteration.
    First,
    /// Of another.
    Second,
}

/// A product of atoms, in their order; none is one.
pub(super) type Product = SmallVec<[Atom; 2]>;

/// A sum of multiples of products and a constant.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Polynomial {
    /// In the order of the products; no factor is zero.
    pub(super) terms: Vec<(Product, i128)>,
    pub(super) constant: i128,
}

/// Prints as `2 v1 - v4'·v8 + 3`: with a prime for values of the other iteration.
impl fmt::Debug for Polynomial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (product, factor) in &self.terms {
            write!(f, "{factor:+} ")?;
            for (at, atom) in product.iter().enumerate() {
                let dot = if at == 0 { "" } else { "·" };
                let of = match atom.of {
                    Of::Itself => "",
                    Of::Division => "q",
                    Of::Offset => "o",
                };
                let prime = if atom.side == Side::Second { "'" } else { "" };
                write!(f, "{dot}{of}{}{prime}", atom.value)?;
            }
            f.write_str(" ")?;
        }
        write!(f, "{:+}", self.constant)
    }
}

/// Products of more are not followed.
const MAX_DEGREE: usize = 4;

/// Nor are longer sums.
const MAX_TERMS: usize = 24;

/// Nor larger factors: the product of two such is still a number.
const MAX_FACTOR: u128 = 1 << 90;

impl Polynomial {
    pub(super) fn constant(constant: i128) -> Polynomial {
        Polynomial { terms: Vec::new(), constant }
    }

    pub(super) fn atom(atom: Atom) -> Polynomial {
        Polynomial { terms: vec![(smallvec![atom], 1)], constant: 0 }
    }

    pub(super) fn product(product: &Product) -> Polynomial {
        Polynomial { terms: vec![(product.clone(), 1)], constant: 0 }
    }

    /// The number, if there are no terms.
    pub(super) fn as_constant(&self) -> Option<i128> {
        self.terms.is_empty().then_some(self.constant)
    }

    pub(super) fn factor(&self, product: &Product) -> i128 {
        let found = self.terms.binary_search_by(|(own, _)| own.cmp(product));
        found.map_or(0, |at| self.terms[at].1)
    }

    /// Whether an atom stands in one of its products.
    pub(super) fn mentions(&self, atom: Atom) -> bool {
        self.terms.iter().any(|(product, _)| product.contains(&atom))
    }

    pub(super) fn atoms(&self) -> impl Iterator<Item = Atom> {
        self.terms.iter().flat_map(|(product, _)| product.iter().copied())
    }

    /// The sum of multiples of two; nothing if it is too large to be followed.
    pub(super) fn combined(&self, times: i128, other: &Polynomial, others: i128) -> Option<Polynomial> {
        let mut sum =
            Polynomial { terms: Vec::with_capacity(self.terms.len() + other.terms.len()), constant: 0 };
        let (mut own, mut rest) = (self.terms.iter().peekable(), other.terms.iter().peekable());
        loop {
            let (product, factor) = match (own.peek(), rest.peek()) {
                (Some(a), Some(b)) if a.0 == b.0 => {
                    let factor = a.1.checked_mul(times)?.checked_add(b.1.checked_mul(others)?)?;
                    let product = a.0.clone();
                    own.next();
                    rest.next();
                    (product, factor)
                }
                (Some(a), Some(b)) if a.0 > b.0 => {
                    let (product, factor) = (b.0.clone(), b.1.checked_mul(others)?);
                    rest.next();
                    (product, factor)
                }
                (Some(a), _) => {
                    let (product, factor) = (a.0.clone(), a.1.checked_mul(times)?);
                    own.next();
                    (product, factor)
                }
                (None, Some(b)) => {
                    let (product, factor) = (b.0.clone(), b.1.checked_mul(others)?);
                    rest.next();
                    (product, factor)
                }
                (None, None) => break,
            };
            if factor != 0 {
                sum.terms.push((product, factor));
            }
        }
        let constants = [self.constant.checked_mul(times)?, other.constant.checked_mul(others)?];
        sum.constant = constants[0].checked_add(constants[1])?;
        sum.is_small().then_some(sum)
    }

    fn is_small(&self) -> bool {
        self.terms.len() <= MAX_TERMS
            && self.terms.iter().all(|(_, factor)| factor.unsigned_abs() <= MAX_FACTOR)
            && self.constant.unsigned_abs() <= MAX_FACTOR
    }

    pub(super) fn plus(&self, other: &Polynomial) -> Option<Polynomial> {
        self.combined(1, other, 1)
    }

    pub(super) fn minus(&self, other: &Polynomial) -> Option<Polynomial> {
        self.combined(1, other, -1)
    }

    pub(super) fn times(&self, factor: i128) -> Option<Polynomial> {
        self.combined(factor, &Polynomial::default(), 0)
    }

    pub(super) fn plus_constant(&self, constant: i128) -> Polynomial {
        Polynomial { terms: self.terms.clone(), constant: self.constant + constant }
    }

    /// The product with another.
    pub(super) fn by(&self, other: &Polynomial) -> Option<Polynomial> {
        let mut sum = self.times(other.constant)?;
        for (product, factor) in &other.terms {
            sum = sum.plus(&self.by_product(product)?.times(*factor)?)?;
        }
        Some(sum)
    }

    /// The product with a product of atoms.
    pub(super) fn by_product(&self, by: &Product) -> Option<Polynomial> {
        let mut terms = Vec::with_capacity(self.terms.len() + 1);
        for (product, factor) in &self.terms {
            let mut product: Product = product.iter().chain(by).copied().collect();
            product.sort_unstable();
            if product.len() > MAX_DEGREE {
                return None;
            }
            terms.push((product, *factor));
        }
        if self.constant != 0 {
            terms.push((by.clone(), self.constant));
        }
        terms.sort_unstable();
        let sum = Polynomial { terms, constant: 0 };
        sum.is_small().then_some(sum)
    }

    /// What becomes of the sum with another in place of an atom, wherever it stands.
    pub(super) fn with(&self, atom: Atom, is: &Polynomial) -> Option<Polynomial> {
        let mut sum = Polynomial::constant(self.constant);
        for (product, factor) in &self.terms {
            let others: Product = product.iter().copied().filter(|own| *own != atom).collect();
            let mut term = Polynomial::constant(*factor);
            for _ in others.len()..product.len() {
                term = term.by(is)?;
            }
            if !others.is_empty() {
                term = term.by_product(&others)?;
            }
            sum = sum.plus(&term)?;
        }
        Some(sum)
    }

    /// What becomes of multiples of it where a product, as it stands, is another in as many.
    pub(super) fn with_product(&self, product: &Product, times: i128, is: &Polynomial) -> Option<Polynomial> {
        let mut rest = self.clone();
        rest.terms.retain(|(own, _)| own != product);
        rest.combined(times, is, self.factor(product))
    }

    /// The atom that it is, if it is one.
    pub(super) fn as_atom(&self) -> Option<Atom> {
        match (&self.terms[..], self.constant) {
            ([(product, 1)], 0) if product.len() == 1 => Some(product[0]),
            _ => None,
        }
    }

    /// The greatest number that divides all factors; zero without terms.
    pub(super) fn divisor(&self) -> i128 {
        self.terms.iter().fold(0, |divisor, (_, factor)| greatest_common_divisor(divisor, *factor))
    }
}

pub(super) fn greatest_common_divisor(a: i128, b: i128) -> i128 {
    let (mut a, mut b) = (a.unsigned_abs(), b.unsigned_abs());
    // Nearly all factors are small, and divisions of 128 bits take long.
    while b > u64::MAX as u128 || a > u64::MAX as u128 && b != 0 {
        (a, b) = (b, a % b);
    }
    let (mut a, mut b) = match b {
        0 => return a as i128,
        _ => (a as u64, b as u64),
    };
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a as i128
}
