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
    factors: Vec<i64>,
    constant: i128,
    pub(super) made_of: u128,
}

/// With more rows the search is given up.
const MAX_ROWS: usize = 700;

/// Constants that are larger are not followed, nor are factors of more than 64 bits.
const MAX_CONSTANT: u128 = 1 << 90;

impl Row {
    /// The rows of sums of these products, in order, but for those of large factors.
    pub(super) fn of(products: &[&Product], sums: &[&Polynomial]) -> Vec<Row> {
        let row = |(at, sum): (usize, &&Polynomial)| {
            let mut factors = vec![0; products.len()];
            for (product, factor) in &sum.terms {
                let at = products.binary_search(&product).expect("it is one of them");
                factors[at] = i64::try_from(*factor).ok()?;
            }
            // What is made of one behind the last bit might be made of too many.
            Some(Row { factors, constant: sum.constant, made_of: 1 << at.min(127) })
        };
        sums.iter().enumerate().filter_map(row).collect()
    }

    /// The row as a sum of products.
    pub(super) fn sum(&self, products: &[&Product]) -> Polynomial {
        let terms = products.iter().zip(&self.factors).filter(|(_, factor)| **factor != 0);
        Polynomial {
            terms: terms.map(|(product, factor)| ((*product).clone(), *factor as i128)).collect(),
            constant: self.constant,
        }
    }

    /// The sum of multiples of two rows; nothing if numbers get too large.
    fn combined(&self, times: i64, other: &Row, others: i64) -> Option<Row> {
        let mut factors = Vec::with_capacity(self.factors.len());
        for (a, b) in self.factors.iter().zip(&other.factors) {
            factors.push(a.checked_mul(times)?.checked_add(b.checked_mul(others)?)?);
        }
        let of = |constant: i128, times: i64| constant.checked_mul(times as i128);
        let constant = of(self.constant, times)?.checked_add(of(other.constant, others)?)?;
        let made_of = self.made_of | other.made_of;
        (constant.unsigned_abs() <= MAX_CONSTANT).then_some(Row { factors, constant, made_of })
    }

    /// Divides it by what divides all factors; as numbers are whole, a constant that does not divide is rounded down. Returns
    /// whether there are factors.
    fn divide(&mut self) -> bool {
        let factors = self.factors.iter().filter(|factor| **factor != 0);
        let divisor = factors.fold(0, |divisor, factor| match divisor {
            1 => 1,
            _ => greatest_common_divisor(divisor, *factor as i128),
        });
        if divisor > 1 {
            self.factors.iter_mut().for_each(|factor| *factor = (*factor as i128 / divisor) as i64);
            self.constant = self.constant.div_euclid(divisor);
        }
        divisor > 0
    }
}

/// What is left of rows without all unknowns but those that stay; or what the rows are made of that contradict each other.
/// Nothing if there are too many.
pub(super) fn eliminate(rows: Vec<Row>, stays: &[bool]) -> Option<Result<Vec<Row>, u128>> {
    let (mut rows, mut given) = (Vec::new(), rows);
    let mut gone = 0;
    loop {
        if let Err(made_of) = add(&mut rows, given) {
            return Some(Err(made_of));
        }
        if gone > 0 && rows.len() > MAX_ROWS {
            return None;
        }
        let Some(unknown) = cheapest(&rows, stays) else { return Some(Ok(rows)) };
        gone += 1;
        let (with, rest): (Vec<Row>, Vec<Row>) = rows.into_iter().partition(|row| row.factors[unknown] != 0);
        let (above, below): (Vec<&Row>, Vec<&Row>) = with.iter().partition(|row| row.factors[unknown] < 0);
        given = Vec::new();
        for a in &above {
            for b in &below {
                // What is made of more follows from others.
                if (a.made_of | b.made_of).count_ones() > gone + 1 {
                    continue;
                }
                let [less, more] = [a, b].map(|row| row.factors[unknown].unsigned_abs() as i128);
                let divisor = greatest_common_divisor(less, more);
                let times = [more, less].map(|factor| i64::try_from(factor / divisor));
                if let [Ok(times), Ok(others)] = times {
                    given.extend(a.combined(times, b, others));
                }
            }
        }
        rows = rest;
    }
}

/// Adds rows to some that are in order, and keeps the strongest of those that say the same. Fails if one says what cannot be,
/// with what that is made of.
fn add(rows: &mut Vec<Row>, given: Vec<Row>) -> Result<(), u128> {
    let before = rows.len();
    for mut row in given {
        if row.divide() {
            rows.push(row);
        } else if row.constant < 0 {
            return Err(row.made_of);
        }
    }
    let order =
        |a: &Row, b: &Row| (&a.factors, a.constant, a.made_of).cmp(&(&b.factors, b.constant, b.made_of));
    if rows.len() > before {
        rows[before..].sort_unstable_by(order);
        // There are two runs to merge, which the stable sort knows how to do.
        rows.sort_by(order);
        rows.dedup_by(|next, kept| next.factors == kept.factors);
    }
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
        Row { factors: factors.map(|factor| factor as i64).to_vec(), constant, made_of: 1 << at }
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
