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
//! operations over the words of both. As for the operators of [`crate::reduce`], the left partial result stands for
//! elements in front of those of the right one, and the order of combination is [`crate::grid`]'s. Combining with the
//! identity on either side must give the other side; that is for whoever builds a combiner to see to.

use crate::verify::{Verified, VerifyError, ensure};
use crate::{DType, Scalar, ScalarOp};

/// A function that combines two partial results of several words.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Combiner {
    /// The partial result of no elements, a scalar per word.
    pub identity: Vec<Scalar>,
    /// The operations, in order.
    pub steps: Vec<(ScalarOp, Vec<Term>)>,
    /// The words of the combined result.
    pub results: Vec<Term>,
}

/// An operand in a combiner.
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

impl Combiner {
    /// One whose operations are yet to be added.
    pub fn new(identity: Vec<Scalar>) -> Combiner {
        Combiner { identity, steps: Vec::new(), results: Vec::new() }
    }

    /// Adds an operation.
    pub fn op(&mut self, op: ScalarOp, operands: &[Term]) -> Term {
        self.steps.push((op, operands.to_vec()));
        Term::Step(self.steps.len() as u32 - 1)
    }

    /// How many words a partial result has.
    pub fn words(&self) -> usize {
        self.identity.len()
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

    /// Combines two partial results.
    pub fn eval(&self, left: &[Scalar], right: &[Scalar]) -> Vec<Scalar> {
        self.apply(left, right, |scalar| scalar, |op, operands| op.eval(operands))
    }

    /// Checks that every operand exists and that types fit.
    pub(crate) fn verify(&self) -> Verified {
        ensure!(!self.identity.is_empty(), "a combiner without words");
        let mut types: Vec<DType> = Vec::with_capacity(self.steps.len());
        let word = |word: u32| self.identity.get(word as usize).map(|scalar| scalar.dtype());
        let ty = |term: &Term, types: &[DType]| {
            let found = match term {
                Term::Left(index) | Term::Right(index) => word(*index),
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
        ensure!(
            self.results.len() == self.words(),
            "a combiner of {} words yields {}",
            self.words(),
            self.results.len()
        );
        for (result, identity) in self.results.iter().zip(&self.identity) {
            let found = ty(result, &types)?;
            ensure!(
                found == identity.dtype(),
                "a combiner yields {found} for a word of {}",
                identity.dtype()
            );
        }
        Ok(())
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
