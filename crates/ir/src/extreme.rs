//! The combiner of variables that a loop replaces together, wherever a number is better than the best so far.
//!
//! ```text
//! if d < best { best = d; at = i; x = p[i] }         a partial result is: the best number, the iteration's, x
//! if d <= best { … }                                 the same, and the last of equal numbers wins
//! ```
//!
//! The iteration tells equal numbers apart, in whatever order they are combined. A number that is not better than the
//! identity, which none is that is NaN, leaves no trace: for `<` the identity is the largest number there is, and nothing
//! replaced by it can be less; for `<=` its iteration, counted from one, is zero.

use crate::combiner::{Combiner, Formula, Term};
use crate::{DType, ReduceOp, Scalar, ScalarOp};

/// How the best of two numbers is found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Extreme {
    /// `min` or `max`.
    pub op: ReduceOp,
    /// Whether the last of equal numbers wins, and not the first.
    pub last: bool,
}

impl Extreme {
    /// The comparison that a number has to pass to be better than another.
    ///
    /// # Panics
    /// If the operator is neither `min` nor `max`.
    pub fn comparison(self) -> ScalarOp {
        match (self.op, self.last) {
            (ReduceOp::Min, false) => ScalarOp::Lt,
            (ReduceOp::Min, true) => ScalarOp::Le,
            (ReduceOp::Max, false) => ScalarOp::Gt,
            (ReduceOp::Max, true) => ScalarOp::Ge,
            (op, _) => panic!("{op:?} is no extreme"),
        }
    }

    /// The number of an iteration in a partial result that has taken in nothing.
    pub fn nowhere(self) -> Scalar {
        Scalar::Usize(if self.last { 0 } else { usize::MAX })
    }

    /// The combiner of a number, an iteration, and whatever is replaced with them. The iteration is counted from one
    /// where the last of equal numbers wins.
    pub fn combiner(self, number: DType, others: &[DType]) -> Combiner {
        let words = 2 + others.len() as u32;
        let strictly = Extreme { last: false, ..self }.comparison();
        let formula = |of_element: bool| {
            let mut build = Formula::default();
            let ([left, left_at], [right, right_at]) =
                ([Term::Left(0), Term::Left(1)], [Term::Right(0), Term::Right(1)]);
            let mut takes = build.op(strictly, &[right, left]);
            // Elements come in order: an equal one is behind what there is.
            if !of_element || self.last {
                let equal = build.op(ScalarOp::Eq, &[right, left]);
                let order = if self.last { ScalarOp::Gt } else { ScalarOp::Lt };
                let ahead = build.op(order, &[right_at, left_at]);
                let tie = build.op(ScalarOp::And, &[equal, ahead]);
                takes = build.op(ScalarOp::Or, &[takes, tie]);
            }
            let mut word =
                |word: u32| build.op(ScalarOp::Select, &[takes, Term::Right(word), Term::Left(word)]);
            build.results = (0..words).map(&mut word).collect();
            build
        };
        let rest = others.iter().map(|dtype| Scalar::Bool(false).cast(*dtype));
        let identity = [self.op.of_no_elements(number), self.nowhere()].into_iter().chain(rest).collect();
        Combiner { identity, merge: formula(false), take_in: Some(formula(true)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Combine;

    /// What a loop leaves, one element after the other.
    fn serially(extreme: Extreme, start: f64, elements: &[f64]) -> (u64, Option<usize>) {
        let (mut best, mut at) = (start, None);
        for (i, x) in elements.iter().enumerate() {
            let better = extreme.comparison().eval(&[Scalar::F64(*x), Scalar::F64(best)]);
            if better == Scalar::Bool(true) {
                (best, at) = (*x, Some(i));
            }
        }
        (best.to_bits(), at)
    }

    /// The same from partial results of every other element.
    fn in_parts(extreme: Extreme, start: f64, elements: &[f64]) -> (u64, Option<usize>) {
        let combine = Combine::State(Box::new(extreme.combiner(DType::F64, &[])));
        let identity = combine.identity(&[]);
        let mut parts = [identity.clone(), identity.clone(), identity.clone()];
        for (i, x) in elements.iter().enumerate() {
            let better = extreme.comparison().eval(&[Scalar::F64(*x), identity[0]]) == Scalar::Bool(true);
            let own = match (better, extreme.last) {
                (true, false) => vec![Scalar::F64(*x), Scalar::Usize(i)],
                (true, true) => vec![Scalar::F64(*x), Scalar::Usize(i + 1)],
                (false, false) => vec![identity[0], Scalar::Usize(i)],
                (false, true) => identity.clone(),
            };
            parts[i % 3] = combine.eval_element(&parts[i % 3], &own);
        }
        let total = parts.into_iter().reduce(|a, b| combine.eval(&a, &b)).expect("there are parts");
        let [Scalar::F64(best), Scalar::Usize(at)] = total[..] else { panic!("{total:?}") };
        let better = extreme.comparison().eval(&[Scalar::F64(best), Scalar::F64(start)]);
        match better == Scalar::Bool(true) && !(extreme.last && at == 0) {
            true => (best.to_bits(), Some(if extreme.last { at - 1 } else { at })),
            false => (start.to_bits(), None),
        }
    }

    #[test]
    fn parts_find_what_a_loop_finds() {
        let numbers = [0.0, -0.0, 1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
        for op in [ReduceOp::Min, ReduceOp::Max] {
            for last in [false, true] {
                let extreme = Extreme { op, last };
                extreme.combiner(DType::F64, &[DType::Bool, DType::I32]).verify().unwrap();
                for start in numbers {
                    for code in 0..numbers.len().pow(5) {
                        let digit = |place: u32| numbers[code / numbers.len().pow(place) % numbers.len()];
                        let elements: Vec<f64> = (0..5).map(digit).collect();
                        let found = in_parts(extreme, start, &elements);
                        assert_eq!(found, serially(extreme, start, &elements), "{extreme:?} {elements:?}");
                    }
                }
            }
        }
    }
}
