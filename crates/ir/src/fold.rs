//! Folds: what an array, or each row of one along an axis, can be reduced to.
//!
//! ```text
//! fold         a partial result is                     an element contributes            the result is
//! sum …        one word, by an operator                 itself                            that word
//! argmin       the smallest element, its position       itself, its position              the position
//! deviations   count, mean, sum of squared deviations   1, itself, 0                      the last word
//! ```
//!
//! Partial results are combined by an operator ([`ReduceOp`]) or a [`Combiner`], in the order of [`crate::grid`].

use crate::combiner::{Combiner, Formula, Term};
use crate::{DType, ReduceOp, Scalar, ScalarOp};

/// What an array can be reduced to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Fold {
    /// All elements combined by an operator.
    Op(ReduceOp),
    /// The position of the smallest element: the first of equal ones, and the first NaN if there is one.
    ArgMin,
    /// The position of the largest element, likewise.
    ArgMax,
    /// The sum of the squares of the elements' deviations from their mean, in one pass.
    Deviations,
}

/// How partial results are combined.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Combine {
    /// One word, by an operator.
    Op(ReduceOp),
    /// Several words.
    State(Box<Combiner>),
}

/// A word that an element contributes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Word {
    /// The element.
    Element,
    /// Its position along the axis, or in row-major order, as `usize`.
    Position,
    /// The number one, of the element's type.
    One,
    /// The number zero, of the element's type.
    Zero,
}

impl Fold {
    /// All folds, those of operators first.
    pub fn all() -> impl Iterator<Item = Fold> {
        ReduceOp::ALL.iter().map(|op| Fold::Op(*op)).chain([Fold::ArgMin, Fold::ArgMax, Fold::Deviations])
    }

    /// The name in IR text.
    pub fn name(self) -> &'static str {
        match self {
            Fold::Op(op) => op.name(),
            Fold::ArgMin => "argmin",
            Fold::ArgMax => "argmax",
            Fold::Deviations => "deviations",
        }
    }

    /// Whether arrays of this element type can be reduced so.
    pub fn applies_to(self, dtype: DType) -> bool {
        match self {
            Fold::Op(op) => op.applies_to(dtype),
            Fold::ArgMin | Fold::ArgMax => dtype.is_numeric(),
            Fold::Deviations => dtype.is_float(),
        }
    }

    /// The type of the result, given that of the elements.
    pub fn result_type(self, dtype: DType) -> DType {
        match self {
            Fold::Op(_) | Fold::Deviations => dtype,
            Fold::ArgMin | Fold::ArgMax => DType::Usize,
        }
    }

    /// What an element contributes.
    pub fn contribution(self) -> &'static [Word] {
        match self {
            Fold::Op(_) => &[Word::Element],
            Fold::ArgMin | Fold::ArgMax => &[Word::Element, Word::Position],
            Fold::Deviations => &[Word::One, Word::Element, Word::Zero],
        }
    }

    /// Which word of the total is the result: the last one.
    pub fn result_word(self) -> usize {
        self.contribution().len() - 1
    }

    /// How partial results of elements of a type are combined.
    ///
    /// # Panics
    /// If the fold does not apply to the type.
    pub fn combine(self, dtype: DType) -> Combine {
        assert!(self.applies_to(dtype), "{self:?} of {dtype}");
        match self {
            Fold::Op(op) => Combine::Op(op),
            Fold::ArgMin => Combine::State(Box::new(first_extreme(ReduceOp::Min, ScalarOp::Lt, dtype))),
            Fold::ArgMax => Combine::State(Box::new(first_extreme(ReduceOp::Max, ScalarOp::Gt, dtype))),
            Fold::Deviations => Combine::State(Box::new(deviations(dtype))),
        }
    }
}

impl From<ReduceOp> for Fold {
    fn from(op: ReduceOp) -> Fold {
        Fold::Op(op)
    }
}

impl Combine {
    /// The operator's name in IR text; that of state is the same for all combiners.
    pub fn name(&self) -> &'static str {
        match self {
            Combine::Op(op) => op.name(),
            Combine::State(_) => "state",
        }
    }

    /// The partial result of no elements, for words of these types.
    pub fn identity(&self, types: &[DType]) -> Vec<Scalar> {
        match self {
            Combine::Op(op) => vec![op.identity(types[0])],
            Combine::State(combiner) => combiner.identity.clone(),
        }
    }

    /// What an array without elements is reduced to; for those with elements, an operator takes the total in to it.
    pub fn of_no_elements(&self, types: &[DType]) -> Vec<Scalar> {
        match self {
            Combine::Op(op) => vec![op.of_no_elements(types[0])],
            Combine::State(combiner) => combiner.identity.clone(),
        }
    }

    /// Merges two partial results.
    pub fn eval(&self, left: &[Scalar], right: &[Scalar]) -> Vec<Scalar> {
        self.merge(left, right, |scalar| scalar, |op, operands| op.eval(operands))
    }

    /// Has a partial result take in what an element contributes.
    pub fn eval_element(&self, partial: &[Scalar], element: &[Scalar]) -> Vec<Scalar> {
        self.take_in(partial, element, |scalar| scalar, |op, operands| op.eval(operands))
    }

    /// Merges two partial results by whatever can perform scalar operations.
    pub fn merge<T: Clone>(
        &self,
        left: &[T],
        right: &[T],
        constant: impl FnMut(Scalar) -> T,
        mut perform: impl FnMut(ScalarOp, &[T]) -> T,
    ) -> Vec<T> {
        match self {
            Combine::Op(op) => vec![perform(op.combine(), &[left[0].clone(), right[0].clone()])],
            Combine::State(combiner) => combiner.merge.apply(left, right, constant, perform),
        }
    }

    /// Has a partial result take in what an element contributes, likewise.
    pub fn take_in<T: Clone>(
        &self,
        partial: &[T],
        element: &[T],
        constant: impl FnMut(Scalar) -> T,
        perform: impl FnMut(ScalarOp, &[T]) -> T,
    ) -> Vec<T> {
        match self {
            Combine::Op(_) => self.merge(partial, element, constant, perform),
            Combine::State(combiner) => combiner.taking_in().apply(partial, element, constant, perform),
        }
    }

    /// How many words a partial result has.
    pub fn words(&self) -> usize {
        match self {
            Combine::Op(_) => 1,
            Combine::State(combiner) => combiner.words(),
        }
    }
}

/// The right side where its element comes first in the order, or is the first NaN, or is equal and stands in front.
/// The identity is the last element that there can be, behind all others.
fn first_extreme(op: ReduceOp, precedes: ScalarOp, dtype: DType) -> Combiner {
    let mut build = Formula::default();
    let [(left, left_at), (right, right_at)] =
        [(Term::Left(0), Term::Left(1)), (Term::Right(0), Term::Right(1))];
    let mut better = build.op(precedes, &[right, left]);
    let mut equal = build.op(ScalarOp::Eq, &[right, left]);
    if dtype.is_float() {
        let [left_nan, right_nan] = [left, right].map(|x| build.op(ScalarOp::IsNan, &[x]));
        let left_number = build.op(ScalarOp::Not, &[left_nan]);
        let first_nan = build.op(ScalarOp::And, &[right_nan, left_number]);
        better = build.op(ScalarOp::Or, &[better, first_nan]);
        let both_nan = build.op(ScalarOp::And, &[right_nan, left_nan]);
        equal = build.op(ScalarOp::Or, &[equal, both_nan]);
    }
    let in_front = build.op(ScalarOp::Lt, &[right_at, left_at]);
    let tie = build.op(ScalarOp::And, &[equal, in_front]);
    let takes = build.op(ScalarOp::Or, &[better, tie]);
    let element = build.op(ScalarOp::Select, &[takes, right, left]);
    let position = build.op(ScalarOp::Select, &[takes, right_at, left_at]);
    build.results = vec![element, position];
    let identity = vec![op.of_no_elements(dtype), Scalar::Usize(usize::MAX)];
    Combiner { identity, merge: build, take_in: None }
}

/// Count, mean and sum of squared deviations of two samples together: T. F. Chan, G. H. Golub and R. J. LeVeque,
/// "Updating Formulae and a Pairwise Algorithm for Computing Sample Variances", 1979, formulas 2.1. With a right side of
/// one element it is the step of B. P. Welford, "Note on a Method for Calculating Corrected Sums of Squares and
/// Products", Technometrics 4 (1962).
///
/// ```text
/// n = n₁ + n₂    δ = m₂ - m₁    s = δ · n₂ / n    m = m₁ + s    d = (d₁ + d₂) + s · (δ · n₁)
/// ```
/// The share `n₂ / n` is multiplied first: zero then makes zero of all but infinities, so that the identity has no part
/// in the result. Without elements it is `0 / 1`. For an element, `n₂` is one and `d₂` zero, which leaves three operations
/// out that change nothing: `n` is at least one, and `d₁`, which starts from 0 and takes in squares, is never -0.
fn deviations(dtype: DType) -> Combiner {
    let (zero, one) = (dtype.zero(), Term::Const(dtype.one()));
    let [n1, m1, d1] = [0, 1, 2].map(Term::Left);
    let [n2, m2, d2] = [0, 1, 2].map(Term::Right);
    let formula = |of_element: bool| {
        let mut build = Formula::default();
        let n = build.op(ScalarOp::Add, &[n1, if of_element { one } else { n2 }]);
        let share = match of_element {
            true => build.op(ScalarOp::Div, &[one, n]),
            false => {
                let divisor = build.op(ScalarOp::Max, &[n, one]);
                build.op(ScalarOp::Div, &[n2, divisor])
            }
        };
        let delta = build.op(ScalarOp::Sub, &[m2, m1]);
        let shift = build.op(ScalarOp::Mul, &[delta, share]);
        let mean = build.op(ScalarOp::Add, &[m1, shift]);
        let weighted = build.op(ScalarOp::Mul, &[delta, n1]);
        let between = build.op(ScalarOp::Mul, &[shift, weighted]);
        let within = if of_element { d1 } else { build.op(ScalarOp::Add, &[d1, d2]) };
        let total = build.op(ScalarOp::Add, &[within, between]);
        build.results = vec![n, mean, total];
        build
    };
    Combiner { identity: vec![zero; 3], merge: formula(false), take_in: Some(formula(true)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(fold: Fold, elements: &[f64]) -> Scalar {
        let types: Vec<DType> = fold.contribution().iter().map(|_| DType::F64).collect();
        let combine = fold.combine(DType::F64);
        let contribution = |(position, x): (usize, &f64)| -> Vec<Scalar> {
            let word = |word: &Word| match word {
                Word::Element => Scalar::F64(*x),
                Word::Position => Scalar::Usize(position),
                Word::One => Scalar::F64(1.0),
                Word::Zero => Scalar::F64(0.0),
            };
            fold.contribution().iter().map(word).collect()
        };
        let parts = elements.iter().enumerate().map(contribution);
        let total = parts.fold(combine.identity(&types), |total, part| combine.eval(&total, &part));
        total[fold.result_word()]
    }

    #[test]
    fn the_first_of_equal_elements_is_the_smallest() {
        assert_eq!(folded(Fold::ArgMin, &[3.0, 1.0, 2.0, 1.0]), Scalar::Usize(1));
        assert_eq!(folded(Fold::ArgMax, &[1.0, 3.0, 3.0]), Scalar::Usize(1));
        assert_eq!(folded(Fold::ArgMin, &[f64::INFINITY, f64::INFINITY]), Scalar::Usize(0));
    }

    #[test]
    fn the_first_nan_is_the_smallest_and_the_largest() {
        for fold in [Fold::ArgMin, Fold::ArgMax] {
            assert_eq!(folded(fold, &[3.0, f64::NAN, -1.0, f64::NAN, 9.0]), Scalar::Usize(1));
        }
    }

    #[test]
    fn identities_have_no_part_in_totals() {
        let states: [&[f64]; 3] = [&[7.0], &[1e200, -1e200], &[1.0, 2.0, 4.0, 4.5]];
        for fold in [Fold::ArgMin, Fold::ArgMax, Fold::Deviations] {
            let combine = fold.combine(DType::F64);
            let identity = combine.identity(&[DType::F64; 3]);
            assert_eq!(combine.eval(&identity, &identity), identity);
            for state in states {
                let alone: Vec<Scalar> = match fold {
                    Fold::Deviations => [state.len() as f64, state[0], 2.5].map(Scalar::F64).to_vec(),
                    _ => vec![Scalar::F64(state[0]), Scalar::Usize(3)],
                };
                assert_eq!(combine.eval(&alone, &identity), alone, "{fold:?} {state:?}");
                assert_eq!(combine.eval(&identity, &alone), alone, "{fold:?} {state:?}");
            }
        }
    }

    #[test]
    fn taking_in_an_element_is_merging_what_it_contributes() {
        let numbers = [0.0, -0.0, 1.5, 1e200, -1e300, f64::INFINITY, f64::NAN, 3e-320];
        let combine = Fold::Deviations.combine(DType::F64);
        for first in numbers {
            let mut state = combine.identity(&[DType::F64; 3]);
            for x in [first, 7.0, first, -2.0] {
                let own = [1.0, x, 0.0].map(Scalar::F64);
                let bits = |words: Vec<Scalar>| -> Vec<Option<u64>> {
                    let number = |word: Scalar| match word {
                        Scalar::F64(x) => (!x.is_nan()).then_some(x.to_bits()),
                        word => panic!("{word} is no f64"),
                    };
                    words.into_iter().map(number).collect()
                };
                assert_eq!(bits(combine.eval_element(&state, &own)), bits(combine.eval(&state, &own)));
                state = combine.eval(&state, &own);
            }
        }
    }

    #[test]
    fn deviations_are_squared_and_added_up() {
        let Scalar::F64(total) = folded(Fold::Deviations, &[1.0, 2.0, 3.0, 6.0]) else { unreachable!() };
        assert!((total - 14.0).abs() < 1e-14, "{total}");
        assert_eq!(folded(Fold::Deviations, &[1e200]), Scalar::F64(0.0));
    }

    #[test]
    fn combiners_are_well_formed() {
        for fold in Fold::all() {
            for dtype in DType::ALL.iter().copied().filter(|dtype| fold.applies_to(*dtype)) {
                if let Combine::State(combiner) = fold.combine(dtype) {
                    combiner.verify().unwrap_or_else(|error| panic!("{fold:?} of {dtype}: {error}"));
                }
            }
        }
    }
}
