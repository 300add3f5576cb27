//! Whether numbers can be such that sums are zero, and others not negative.
//!
//! ```text
//! v1' - v1 - 1 ≥ 0      v1' comes later
//! v1 + v4 - v1' - v4' = 0        the same index
//! 1 - v1 - v4 + 2 q = 0,  1 - v1' - v4' + 2 q' = 0          … both odd: no way
//! ```
//!
//! Equations are solved for one of their numbers, which all others then do without; one whose factors have a divisor that its
//! constant has not has no solution in whole numbers. What is left are inequalities, of which numbers are eliminated one after the other: each sum that bounds
//! one from above is added to each that bounds it from below (Fourier and Motzkin), and divided as whole numbers allow. A product is a
//! number of its own, about which something is known from its factors: what is not negative may be multiplied by what is
//! not negative. To leave a fact out is safe: it only makes possible what is not.

use super::numbers::SMALL;
use super::polynomial::{Atom, Of, Polynomial, Product, Side};
use super::rows::{Row, eliminate};
use crate::hash::FastSet;
use smallvec::smallvec;
use std::collections::BTreeSet;

/// What is to hold at the same time.
#[derive(Clone, Default, Debug)]
pub(super) struct System {
    /// Sums that are zero.
    pub(super) zero: Vec<Polynomial>,
    /// Sums that are not negative.
    pub(super) not_negative: Vec<Polynomial>,
    /// Sums that are not zero.
    pub(super) not_zero: Vec<Polynomial>,
    /// Atoms that are not negative.
    pub(super) natural: FastSet<Atom>,
}

/// As many products are taken to be small at most.
const MAX_ASSUMED: usize = 24;

/// As many facts about products are made from others at most.
const MAX_PRODUCTS: usize = 160;

/// What elimination has left.
pub(super) enum Left {
    /// There are no such numbers, if these products are small.
    Impossible(Vec<Product>),
    /// There are some only if the numbers that were to stay are such that these sums are not negative, or products are not small.
    Possible(Vec<(Polynomial, Vec<Product>)>),
}

impl System {
    /// What has to be small for there to be no such numbers, if only what is `small` may be taken to be that.
    pub(super) fn contradiction(&self, small: bool, thoroughly: bool) -> Option<Vec<Product>> {
        match self.left(small, thoroughly, &|_| false) {
            Some(Left::Impossible(assumed)) => Some(assumed),
            _ => None,
        }
    }

    /// What is left without all numbers but those that are to stay; nothing if that is too much to find out.
    pub(super) fn left(
        &self,
        small: bool,
        thoroughly: bool,
        stays: &dyn Fn(&Product) -> bool,
    ) -> Option<Left> {
        let mut system = self.clone();
        if thoroughly {
            // What follows about products that equations are about is lost once they are solved.
            if !system.zero.iter().any(|sum| sum.terms.iter().any(|(product, _)| product.len() > 1)) {
                return None;
            }
            system.multiply();
        }
        if system.solve(stays) {
            return Some(Left::Impossible(Vec::new()));
        }
        system.multiply();
        let assumed = if small { system.outside() } else { Vec::new() };
        system.eliminate(assumed, stays)
    }

    /// The products of numbers from outside, which can be looked at in front of the loop.
    fn outside(&self) -> Vec<Product> {
        let mut products: BTreeSet<&Product> = BTreeSet::new();
        for sum in &self.not_negative {
            products.extend(sum.terms.iter().map(|(product, _)| product));
        }
        let is_outside = |atom: &Atom| atom.side == Side::Shared && atom.of == Of::Itself;
        let natural = |atom: &Atom| self.natural.contains(atom);
        products.retain(|product| product.iter().all(is_outside) && product.iter().all(natural));
        products.into_iter().take(MAX_ASSUMED).cloned().collect()
    }

    /// Solves the equations; whether they have no solution.
    fn solve(&mut self, stays: &dyn Fn(&Product) -> bool) -> bool {
        loop {
            for sum in &mut self.zero {
                let divisor = sum.divisor();
                if divisor == 0 {
                    if sum.constant != 0 {
                        return true;
                    }
                    continue;
                }
                if sum.constant % divisor != 0 {
                    return true;
                }
                divide(sum, divisor);
            }
            self.zero.retain(|sum| !sum.terms.is_empty());
            if self.not_zero.iter().any(|sum| sum.as_constant() == Some(0)) {
                return true;
            }
            let Some((at, product, factor)) = self.unknown(stays) else { return false };
            let equation = self.zero.swap_remove(at);
            let mut rest = equation.clone();
            rest.terms.retain(|(own, _)| *own != product);
            // factor · product = -rest
            let Some(is) = rest.times(-factor.signum()) else { continue };
            self.replace(&product, factor.abs(), &is);
        }
    }

    /// An equation with the product that it is best solved for, and its factor.
    fn unknown(&self, stays: &dyn Fn(&Product) -> bool) -> Option<(usize, Product, i128)> {
        let candidates =
            self.zero.iter().enumerate().flat_map(|(at, sum)| {
                sum.terms.iter().map(move |(product, factor)| (at, sum, product, *factor))
            });
        let solves = |(_, sum, product, _): &(usize, &Polynomial, &Product, i128)| {
            let stands_elsewhere =
                |(own, _): &(Product, i128)| own != *product && own.iter().any(|atom| product.contains(atom));
            let is_atom = product.len() == 1;
            !(stays(product) || is_atom && sum.terms.iter().any(stands_elsewhere))
        };
        let best = candidates.filter(solves).min_by_key(|(_, sum, product, factor)| {
            (factor.abs() != 1, product.len(), factor.abs(), sum.terms.len())
        });
        best.map(|(at, _, product, factor)| (at, product.clone(), factor))
    }

    /// Puts a sum in place of so many times a product.
    fn replace(&mut self, product: &Product, times: i128, is: &Polynomial) {
        // An atom is replaced in other products, too.
        let atom = product.first().copied().filter(|_| product.len() == 1 && times == 1);
        if let Some(atom) = atom
            && self.natural.contains(&atom)
        {
            self.not_negative.push(is.clone());
            if let [(product, 1)] = &is.terms[..]
                && let [same] = product[..]
                && is.constant <= 0
            {
                self.natural.insert(same);
            }
        }
        let stands_in = |sum: &Polynomial| match atom {
            Some(atom) => sum.mentions(atom),
            None => sum.factor(product) != 0,
        };
        let replaced = |sum: &Polynomial| match atom {
            Some(atom) => sum.with(atom, is),
            None => sum.with_product(product, times, is),
        };
        for sums in [&mut self.zero, &mut self.not_negative, &mut self.not_zero] {
            sums.retain_mut(|sum| !stands_in(sum) || replaced(sum).map(|replaced| *sum = replaced).is_some());
        }
    }

    /// Adds what follows about products from what is known of their factors.
    fn multiply(&mut self) {
        let mut products: BTreeSet<Product> = BTreeSet::new();
        for sum in self.not_negative.iter().chain(&self.zero) {
            let own = sum.terms.iter().map(|(product, _)| product);
            products.extend(own.filter(|product| product.len() > 1).cloned());
        }
        let is_natural = |product: &[Atom]| product.iter().all(|atom| self.natural.contains(atom));
        let mut known: FastSet<Polynomial> = self.not_negative.iter().cloned().collect();
        let mut new: Vec<Polynomial> = Vec::new();
        let mut by: BTreeSet<(Atom, Product)> = BTreeSet::new();
        for product in &products {
            if is_natural(product) {
                new.push(Polynomial::product(product));
            }
            for (at, atom) in product.iter().enumerate() {
                let mut rest = product.clone();
                rest.remove(at);
                if is_natural(&rest) {
                    by.insert((*atom, rest));
                }
            }
        }
        for (atom, rest) in &by {
            let single: Product = smallvec![*atom];
            for sum in &self.not_negative {
                if new.len() >= MAX_PRODUCTS {
                    break;
                }
                let linear = sum.terms.iter().all(|(product, _)| product.len() <= 2);
                if linear
                    && sum.factor(&single) != 0
                    && let Some(more) = sum.by_product(rest)
                    && known.insert(more.clone())
                {
                    new.push(more);
                }
            }
        }
        self.not_negative.append(&mut new);
    }

    fn eliminate(self, assumed: Vec<Product>, stays: &dyn Fn(&Product) -> bool) -> Option<Left> {
        let mut products: BTreeSet<&Product> = BTreeSet::new();
        for sum in &self.not_negative {
            products.extend(sum.terms.iter().map(|(product, _)| product));
        }
        let products: Vec<&Product> = products.into_iter().collect();
        let small =
            assumed.iter().map(|product| Polynomial { terms: vec![(product.clone(), -1)], constant: SMALL });
        let small: Vec<Polynomial> = small.collect();
        let sums: Vec<&Polynomial> = small.iter().chain(&self.not_negative).collect();
        let stays: Vec<bool> = products.iter().map(|product| stays(product)).collect();
        let used = |made_of: u128| {
            let used = assumed.iter().enumerate().filter(|(at, _)| made_of >> at & 1 == 1);
            used.map(|(_, product)| product.clone()).collect::<Vec<Product>>()
        };
        match eliminate(Row::of(&products, &sums), &stays)? {
            Err(made_of) => Some(Left::Impossible(used(made_of))),
            Ok(rows) => {
                let left = rows.into_iter().map(|row| (row.sum(&products), used(row.made_of)));
                Some(Left::Possible(left.collect()))
            }
        }
    }
}

/// Divides a sum by what divides all of its factors.
fn divide(sum: &mut Polynomial, divisor: i128) {
    if divisor > 1 {
        sum.terms.iter_mut().for_each(|(_, factor)| *factor /= divisor);
        sum.constant /= divisor;
    }
}
