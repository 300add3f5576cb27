//! Why a kernel cannot be compiled as written: typed reasons with the user's names and places.
//!
//! Each message says what to write instead. The places are kept apart from the text, so that whoever
//! knows the files can print them as `file:line:column`.

use parfuse_ir::Loc;
use std::fmt;

/// A kernel that is refused, with the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// A `prange` assigns a variable of the enclosing scope, but not as a reduction.
    NotAReduction {
        /// The variable.
        variable: String,
        /// The assignments and uses concerned.
        locs: Vec<Loc>,
        /// What is wrong with it.
        why: ReductionFlaw,
    },
    /// Two iterations of a `prange` might touch one element of an array, and one of them writes it.
    PossibleRace {
        /// The array.
        array: String,
        /// A statement that writes.
        first: Loc,
        /// A statement, perhaps the same, that might read or write the same element in another iteration.
        second: Loc,
    },
    /// The iterations of a `prange` make an array of their own whose lengths may differ.
    UnevenArray {
        /// The array.
        array: String,
        /// Where it is made.
        loc: Loc,
    },
    /// A whole-array operation stands inside a `prange` or a `map`.
    ArrayOperationInside {
        /// The operation.
        operation: String,
        /// What it stands in.
        inside: &'static str,
        /// Where it stands.
        loc: Loc,
    },
    /// `random()` is called inside a `map`.
    RandomInMap {
        /// Where.
        loc: Loc,
    },
}

/// Why a variable assigned in a `prange` is not a reduction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReductionFlaw {
    /// Assignments combine with different operators, such as `+` and `*`.
    MixedOperators,
    /// The partial result is used for something else in the loop.
    ReadElsewhere,
    /// Truncating divisions cannot be reordered.
    IntegerDivision,
    /// The new value is not the old one combined with something by an operator that can be reordered.
    NotOfTheForm,
    /// A complex number is multiplied, divided or changed otherwise, which mixes its parts.
    NoSumOfComplex,
    /// The variable is assigned something else than a combination with itself: which iteration would be the last
    /// to do so?
    LastValue,
}

impl Rejection {
    /// The places concerned, the most telling first.
    pub fn locs(&self) -> Vec<Loc> {
        match self {
            Rejection::NotAReduction { locs, .. } => locs.clone(),
            Rejection::PossibleRace { first, second, .. } if first == second => vec![*first],
            Rejection::PossibleRace { first, second, .. } => vec![*first, *second],
            Rejection::UnevenArray { loc, .. }
            | Rejection::ArrayOperationInside { loc, .. }
            | Rejection::RandomInMap { loc } => vec![*loc],
        }
    }
}

/// What to write instead of what may race on an array: a statement `alone`, with itself, or two.
pub fn race_advice(array: &str, alone: bool) -> String {
    if alone {
        format!(
            "if each iteration is to have elements of its own, index it by the loop's own index, also if it is work \
             space (`{array}[i]`, `{array}[[i, j]]`); into elements that iterations share, combine only, by one operator \
             (`{array}[k] += …`), and look at them after the loop; otherwise write `for` over a plain range, or promise that \
             they never meet: `unsafe {{ prange(…).assume_disjoint() }}`"
        )
    } else {
        format!(
            "if iterations read what others write, read from a copy made in front of the loop (`let old = \
             {array}.to_owned();`, or of the one row that they read), or go over every other element in one loop and \
             over the rest in a second, or leave out the one that all read (`if i != k`); otherwise write `for` over a \
             plain range, or promise that they never meet: `unsafe {{ prange(…).assume_disjoint() }}`"
        )
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rejection::NotAReduction { variable, why, .. } => {
                write!(
                    f,
                    "`{variable}` is shared by the iterations of a `prange` but is not a reduction: {why}"
                )
            }
            Rejection::PossibleRace { array, first, second } => {
                let alone = first == second;
                let how = if alone { "this statement" } else { "these two statements" };
                write!(
                    f,
                    "iterations of a `prange` may race on `{array}`: {how} might touch one element in two \
                     iterations; {}",
                    race_advice(array, alone)
                )
            }
            Rejection::UnevenArray { array, .. } => write!(
                f,
                "the length of `{array}`, an array of the iteration's own inside a `prange`, is what the iteration has found; make \
                 it as long as the longest, with a length that is computed in front of the loop, and use the first \
                 elements: `{array}.slice_mut(s![..k])`"
            ),
            Rejection::ArrayOperationInside { operation, inside, .. } => write!(
                f,
                "`{operation}` works on a whole array inside a `{inside}`; if it is the same each time, do it in \
                 front; otherwise write it as a `for` over single elements"
            ),
            Rejection::RandomInMap { .. } => write!(
                f,
                "`random()` inside a `map`: make an array of random numbers first and map over both, or write a \
                 `prange`"
            ),
        }
    }
}

impl fmt::Display for ReductionFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ReductionFlaw::MixedOperators => {
                "it is assigned with different operators; use one variable per operator, `+` with `-` and `*` \
                 with `/` excepted"
            }
            ReductionFlaw::ReadElsewhere => {
                "its partial result is used inside the loop; read it after the loop, compare a number with it only to \
                 replace it by that number, `if d < best { best = d; … }`, or write `for` over a plain range"
            }
            ReductionFlaw::IntegerDivision => {
                "integer divisions cannot be reordered; multiply the divisors in the loop and divide once after it"
            }
            ReductionFlaw::NotOfTheForm => {
                "it must be assigned as `x = x op …` with `+ - * / & | ^`, `min` or `max`; otherwise write `for` \
                 over a plain range"
            }
            ReductionFlaw::NoSumOfComplex => {
                "complex numbers are combined with `+ -` only, or by a real factor; put the factors of a product into an array, \
                 `factors[i] = z`, and take its `product()` behind the loop, or write `for` over a plain range"
            }
            ReductionFlaw::LastValue => {
                "it is assigned a value that is not combined with the one before, and iterations have no order in \
                 which one were the last; declare it inside the loop with `let`, combine it by `x += …`, \
                 `x = x.max(…)`, `x |= …` and the like, replace it along with the number that is compared, `if d < best \
                 { best = d; x = … }` and nothing else in that branch, or write `for` over a plain range"
            }
        })
    }
}

impl std::error::Error for Rejection {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_name_the_variable_and_say_what_to_write() {
        let rejection =
            Rejection::NotAReduction { variable: "k".into(), locs: vec![], why: ReductionFlaw::LastValue };
        let text = rejection.to_string();
        assert!(text.contains("`k`") && text.contains("inside the loop with `let`"), "{text}");
    }

    #[test]
    fn a_statement_that_races_with_itself_is_named_once() {
        let loc = Loc { file: 0, line: 3, column: 5 };
        let rejection = Rejection::PossibleRace { array: "a".into(), first: loc, second: loc };
        assert_eq!(rejection.locs(), [loc]);
    }
}
