//! What is known of quotients and remainders.
//!
//! ```text
//! v3 = rem v1, 8          v1 = 8 q + v3,  0 ≤ v3 ≤ 7
//! v3 = rem v1, v2         v1 = v2 · q + v3,  v3 ≤ v2 - 1         unsigned
//! v4 = div v1, v2         v2 · v4 ≤ v1 ≤ v2 · v4 + v2 - 1,  v4 ≤ v1, and what v1 is at most;  v4 = q
//! ```

use super::numbers::Numbers;
use super::polynomial::{Atom, Of, Polynomial};
use parfuse_ir::loops::Value;

impl Numbers<'_> {
    pub(super) fn is_quotient(&mut self, own: &Polynomial, dividend: &Polynomial, divisor: &Polynomial) {
        let Some(product) = own.by(divisor) else { return };
        self.at_most(&product, dividend);
        if let Some(next) = product.plus(divisor) {
            self.at_most(dividend, &next.plus_constant(-1));
        }
    }

    /// Learns that a value is a remainder. By which number of times the divisor it differs from the dividend nobody knows.
    pub(super) fn is_remainder(&mut self, value: Value, own: &Polynomial, dividend: Value, divisor: Value) {
        let unsigned = self.loops.dtype(value).is_unsigned();
        let by = self.number(divisor);
        if let Some(divisor) = by.as_constant() {
            let divisor = divisor.abs();
            if divisor == 0 {
                return;
            }
            let number = self.number(dividend);
            if unsigned || self.is_between(&number, 0, i128::MAX >> 2) {
                self.is_residue(value, own, dividend, divisor);
            } else {
                self.differs_by_multiple(value, own, dividend, divisor);
                self.facts.not_negative.push(own.plus_constant(divisor - 1));
                self.facts.not_negative.extend(own.times(-1).map(|own| own.plus_constant(divisor - 1)));
            }
        } else if unsigned {
            let dividend_value = dividend;
            let dividend = self.number(dividend);
            let times = Polynomial::atom(self.division(value));
            self.at_most(own, &by.plus_constant(-1));
            if let Some(multiple) = by.by(&times) {
                self.facts.zero.extend(multiple.plus(own).and_then(|sum| sum.minus(&dividend)));
            }
            self.facts.natural.insert(self.division(value));
            self.is_known_quotient([dividend_value, divisor], &times);
            self.facts.not_negative.push(times);
        }
    }

    /// Learns that a number is at most another, and at most what that is known to be at most.
    pub(super) fn is_below_limits_of(&mut self, own: &Polynomial, other: &Polynomial) {
        self.at_most(own, other);
        let Some(atom) = other.as_atom() else { return };
        let limits: Vec<Polynomial> = self
            .facts
            .not_negative
            .iter()
            .filter(|fact| {
                let terms = fact.terms.iter().filter(|(product, _)| product.contains(&atom));
                terms.map(|(product, factor)| (product.len(), *factor)).eq([(1, -1)])
            })
            .filter_map(|fact| fact.with(atom, own))
            .collect();
        self.facts.not_negative.extend(limits);
    }

    /// Learns that a number is what `dividend / divisor` gives, which may be known by another name: `t / n` from `t % n`.
    pub(super) fn is_known_quotient(&mut self, of: [Value; 2], quotient: &Polynomial) {
        if let Some((_, known)) = self.quotients.iter().find(|(known, _)| *known == of) {
            self.facts.zero.extend(known.minus(quotient));
        }
        self.quotients.push((of, quotient.clone()));
    }

    pub(super) fn division(&self, value: Value) -> Atom {
        self.atom(value, Of::Division)
    }

    /// Learns that a value is from zero to below a number and differs from another by a multiple of it.
    pub(super) fn is_residue(&mut self, value: Value, own: &Polynomial, of: Value, modulus: i128) {
        self.differs_by_multiple(value, own, of, modulus);
        self.facts.not_negative.push(own.clone());
        self.facts.not_negative.extend(own.times(-1).map(|own| own.plus_constant(modulus - 1)));
    }

    pub(super) fn differs_by_multiple(&mut self, value: Value, own: &Polynomial, of: Value, modulus: i128) {
        // Whether something has wrapped does not matter to a power of two.
        let wide = self.loops.dtype(of).is_wide_int();
        let of = if wide && modulus & (modulus - 1) == 0 { self.modular(of) } else { self.number(of) };
        let times = Polynomial::atom(self.division(value));
        let difference = of.minus(own).and_then(|difference| difference.combined(1, &times, -modulus));
        self.facts.zero.extend(difference);
    }
}
