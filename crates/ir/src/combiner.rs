//! Combiners: how two partial results of several words become one.
//!
//! ```text
//! state f64(0x7ff0000000000000), 18446744073709551615usize {     the smallest element, and where it is
//!   t0 = lt r0, l0                              l: the left partial result, r: the right one
//!   …
//!   yield t6, t7
//! }
//! ```
//!
//! A combiner is a function of two partial results, each a word per entry of the identity: straight-line scalar
//! operations over the words of both. A second one, behind `take`, may stand for it where the right partial result is
//! what one element contributes, and gives the same to the bit. As for the operators of [`crate::reduce`], the left partial result stands for
//! elements in front of those of the right one, and the order of combination is [`crate::grid`]'s. Combining with the
//! identity on either side must give the other side; that is for whoever builds a combiner to see to.

use crate::verify::{Verified, VerifyError, ensure};
use crate::{DType, Scalar, ScalarOp};

/// How partial results of several words are combined.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Combiner {
    /// The partial result of no elements, a scalar per word.
    pub identity: Vec<Scalar>,
    /// Two partial results become one.
    pub merge: Formula,
    /// A partial result takes in what one element contributes, where that is cheaper than merging it.
    pub take_in: Option<Formula>,
}

/// A function of two partial results.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Formula {
    /// The operations, in order.
    pub steps: Vec<(ScalarOp, Vec<Term>)>,
    /// The words of the combined result.
    pub results: Vec<Term>,
}

/// An operand in a formula.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Term {
    /// A word of the left partial result.
    Left(u32),
    /// A word of the right partial result.
    Right(u32),
    /// The result of an operation before.
    Step(u32),
    /// A constant.
    Const(Scalar),
}

impl Formula {
    /// Adds an operation.
    pub fn op(&mut self, op: ScalarOp, operands: &[Term]) -> Term {
        self.steps.push((op, operands.to_vec()));
        Term::Step(self.steps.len() as u32 - 1)
    }

    /// Combines two partial results by whatever can perform scalar operations.
    pub fn apply<T: Clone>(
        &self,
        left: &[T],
        right: &[T],
        mut constant: impl FnMut(Scalar) -> T,
        mut perform: impl FnMut(ScalarOp, &[T]) -> T,
    ) -> Vec<T> {
        let mut done: Vec<T> = Vec::with_capacity(self.steps.len());
        let mut term = |term: &Term, done: &[T]| match term {
            Term::Left(word) => left[*word as usize].clone(),
            Term::Right(word) => right[*word as usize].clone(),
            Term::Step(step) => done[*step as usize].clone(),
            Term::Const(scalar) => constant(*scalar),
        };
        for (op, operands) in &self.steps {
            let operands: Vec<T> = operands.iter().map(|operand| term(operand, &done)).collect();
            done.push(perform(*op, &operands));
        }
        self.results.iter().map(|result| term(result, &done)).collect()
    }

    /// Checks that every operand exists and that types fit those of partial results.
    fn verify(&self, words: &[DType]) -> Verified {
        let mut types: Vec<DType> = Vec::with_capacity(self.steps.len());
        let ty = |term: &Term, types: &[DType]| {
            let found = match term {
                Term::Left(index) | Term::Right(index) => words.get(*index as usize).copied(),
                Term::Step(step) => types.get(*step as usize).copied(),
                Term::Const(scalar) => Some(scalar.dtype()),
            };
            found.ok_or_else(|| VerifyError { message: format!("{term} does not exist in a combiner") })
        };
        for (op, operands) in &self.steps {
            let operands =
                operands.iter().map(|operand| ty(operand, &types)).collect::<Verified<Vec<_>>>()?;
            let result = op.result_type(&operands);
            ensure!(result.is_some(), "{op} in a combiner does not apply to {operands:?}");
            types.extend(result);
        }
        let results = self.results.len();
        ensure!(results == words.len(), "a combiner of {} words yields {results}", words.len());
        for (result, word) in self.results.iter().zip(words) {
            let found = ty(result, &types)?;
            ensure!(found == *word, "a combiner yields {found} for a word of {word}");
        }
        Ok(())
    }
}

impl Combiner {
    /// How many words a partial result has.
    pub fn words(&self) -> usize {
        self.identity.len()
    }

    /// How a partial result takes in what one element contributes.
    pub fn taking_in(&self) -> &Formula {
        self.take_in.as_ref().unwrap_or(&self.merge)
    }

    /// Checks that every operand exists and that types fit.
    pub(crate) fn verify(&self) -> Verified {
        ensure!(!self.identity.is_empty(), "a combiner without words");
        let words: Vec<DType> = self.identity.iter().map(|scalar| scalar.dtype()).collect();
        self.merge.verify(&words)?;
        self.take_in.iter().try_for_each(|formula| formula.verify(&words))
    }
}

impl std::fmt::Display for Term {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Term::Left(word) => write!(f, "l{word}"),
            Term::Right(word) => write!(f, "r{word}"),
            Term::Step(step) => write!(f, "t{step}"),
            Term::Const(scalar) => write!(f, "{scalar}"),
        }
    }
}
