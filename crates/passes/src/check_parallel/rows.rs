//! Inequalities as rows of factors, and the elimination of their unknowns.
//!
//! ```text
//!  x  y   1             x  y  1
//!  1 -1   0             0  1  3        the first times one and the second times one
//! -1  2   3      ⇒
//! ```

use super::polynomial::{Polynomial, Product, greatest_common_divisor};

/// A sum that is not negative, and which of the first ones it is made of.
pub(super) struct Row {
    /// By unknown.
    factors: Vec<i128>,
    constant: i128,
    pub(super) made_of: u128,
}

/// With more rows the search is given up.
const MAX_ROWS: usize = 700;

/// Factors and constants that are larger are not followed.
const MAX_FACTOR: u128 = 1 << 90;

impl Row {
    /// The rows of sums of these products, in order.
    pub(super) fn of(products: &[&Product], sums: &[&Polynomial]) -> Vec<Row> {
        let row = |(at, sum): (usize, &&Polynomial)| {
            let mut factors = vec![0; products.len()];
            for (product, factor) in &sum.terms {
                factors[products.binary_search(&product).expect("it is one of them")] = *factor;
            }
            // What is made of one behind the last bit might be made of too many.
            Row { factors, constant: sum.constant, made_of: 1 << at.min(127) }
        };
        sums.iter().enumerate().map(row).collect()
    }

    /// The row as a sum of products.
    pub(super) fn sum(&self, products: &[&Product]) -> Polynomial {
        let terms = products.iter().zip(&self.factors).filter(|(_, factor)| **factor != 0);
        Polynomial {
            terms: terms.map(|(product, factor)| ((*product).clone(), *factor)).collect(),
            constant: self.constant,
        }
    }

    /// The sum of multiples of two rows; nothing if numbers get too large.
    fn combined(&self, times: i128, other: &Row, others: i128) -> Option<Row> {
        let add = |a: i128, b: i128| {
            let sum = a.checked_mul(times)?.checked_add(b.checked_mul(others)?)?;
            (sum.unsigned_abs() <= MAX_FACTOR).then_some(sum)
        };
        let factors = self.factors.iter().zip(&other.factors).map(|(a, b)| match (a, b) {
            (0, 0) => Some(0),
            _ => add(*a, *b),
        });
        let factors = factors.collect::<Option<Vec<i128>>>()?;
        let constant = add(self.constant, other.constant)?;
        Some(Row { factors, constant, made_of: self.made_of | other.made_of })
    }

    /// Divides it by what divides all factors; as numbers are whole, a constant that does not divide is rounded down. Returns
    /// whether there are factors.
    fn divide(&mut self) -> bool {
        let factors = self.factors.iter().filter(|factor| **factor != 0);
        let divisor = factors.fold(0, |divisor, factor| match divisor {
            1 => 1,
            _ => greatest_common_divisor(divisor, *factor),
        });
        if divisor > 1 {
            self.factors.iter_mut().for_each(|factor| *factor /= divisor);
            self.constant = self.constant.div_euclid(divisor);
        }
        divisor > 0
    }
}

/// What is left of rows without all unknowns but those that stay; or what the rows are made of that contradict each other.
/// Nothing if there are too many.
pub(super) fn eliminate(mut rows: Vec<Row>, stays: &[bool]) -> Option<Result<Vec<Row>, u128>> {
    if let Err(made_of) = tidy(&mut rows) {
        return Some(Err(made_of));
    }
    let mut gone = 0;
    while let Some(unknown) = cheapest(&rows, stays) {
        gone += 1;
        let (with, mut rest): (Vec<Row>, Vec<Row>) =
            rows.into_iter().partition(|row| row.factors[unknown] != 0);
        let (above, below): (Vec<&Row>, Vec<&Row>) = with.iter().partition(|row| row.factors[unknown] < 0);
        for a in &above {
            for b in &below {
                // What is made of more follows from others.
                if (a.made_of | b.made_of).count_ones() > gone + 1 {
                    continue;
                }
                let (less, more) = (-a.factors[unknown], b.factors[unknown]);
                let divisor = greatest_common_divisor(less, more);
                rest.extend(a.combined(more / divisor, b, less / divisor));
            }
        }
        rows = rest;
        if let Err(made_of) = tidy(&mut rows) {
            return Some(Err(made_of));
        }
        if rows.len() > MAX_ROWS {
            return None;
        }
    }
    Some(Ok(rows))
}

/// Keeps the strongest of rows that say the same. Fails if one says what cannot be, with what that is made of.
fn tidy(rows: &mut Vec<Row>) -> Result<(), u128> {
    let mut never = None;
    rows.retain_mut(|row| {
        let has_factors = row.divide();
        if !has_factors && row.constant < 0 {
            never = Some(row.made_of);
        }
        has_factors
    });
    if let Some(made_of) = never {
        return Err(made_of);
    }
    rows.sort_unstable_by(|a, b| {
        (&a.factors, a.constant, a.made_of).cmp(&(&b.factors, b.constant, b.made_of))
    });
    rows.dedup_by(|next, kept| next.factors == kept.factors);
    Ok(())
}

/// The unknown whose elimination makes the fewest rows.
fn cheapest(rows: &[Row], stays: &[bool]) -> Option<usize> {
    let count = |unknown: usize| {
        let signs = rows.iter().map(|row| row.factors[unknown].signum());
        let (more, less) = signs.fold((0, 0), |(more, less), sign| match sign {
            1 => (more + 1, less),
            -1 => (more, less + 1),
            _ => (more, less),
        });
        (more + less > 0).then_some((more * less) as isize - (more + less) as isize)
    };
    let unknowns = (0..stays.len()).filter(|unknown| !stays[*unknown]);
    unknowns.filter_map(|unknown| Some((count(unknown)?, unknown))).min().map(|(_, unknown)| unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(factors: [i128; 3], constant: i128, at: usize) -> Row {
        Row { factors: factors.to_vec(), constant, made_of: 1 << at }
    }

    /// Whether rows contradict each other, found by trying small numbers.
    fn is_impossible(rows: &[([i128; 3], i128)]) -> bool {
        let numbers = || -12..=12i128;
        !numbers().any(|x| {
            numbers()
                .any(|y| numbers().any(|z| rows.iter().all(|([a, b, c], d)| a * x + b * y + c * z + d >= 0)))
        })
    }

    #[test]
    fn rows_that_contradict_each_other_have_no_solution() {
        let mut state = 7u64;
        let mut next = |n: i128| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 33) as i128 % n
        };
        let (mut never, mut missed) = (0, 0);
        for _ in 0..3000 {
            let mut rows: Vec<([i128; 3], i128)> =
                (0..4).map(|_| ([next(5) - 2, next(5) - 2, next(5) - 2], next(9) - 6)).collect();
            for axis in 0..3 {
                let mut limit = [0; 3];
                limit[axis] = 1;
                rows.push((limit, 3));
                limit[axis] = -1;
                rows.push((limit, 3));
            }
            let made = rows
                .iter()
                .enumerate()
                .map(|(at, (factors, constant))| row(*factors, *constant, at))
                .collect();
            let found = matches!(eliminate(made, &[false; 3]), Some(Err(_)));
            let expected = is_impossible(&rows);
            assert!(!found || expected, "{rows:?}");
            never += found as u32;
            missed += (expected && !found) as u32;
        }
        assert!(never > 500 && missed < never / 10, "{never} {missed}");
    }
}
