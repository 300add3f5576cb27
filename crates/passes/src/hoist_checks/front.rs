//! The test in front of a loop.
//!
//! ```text
//! v4 - v0 + 1 ≥ 0       v5 = sub v0, 1   v6 = lt v5, v4                   as few operations as may be
//! v4 - 2 v0 - v1 ≥ 0    v0 | v1 | v4 < 2^41 and v5 = mul v0, 2   v6 = add v5, v1   v7 = le v6, v4
//! ```
//!
//! What is compared is what the sum says, as numbers: values that are added up must be small, for nothing to wrap; where
//! they are not, the test says no.

use super::search::{Condition, What};
use crate::affine::{Linear, Term};
use crate::bounds::{is_not_negative, values};
use crate::ordered_set::OrderedSet;
use parfuse_ir::loops::{Block, Expr, Loops, Stmt, Value};
use parfuse_ir::{DType, Loc, Scalar, ScalarOp};
use std::collections::BTreeMap;

/// Values with a sign are small from the negative of this on, others from zero on, and up to its double.
const SMALL: usize = 1 << 40;

/// The type in which sums are computed.
const NUMBER: DType = DType::I64;

/// Writes the test.
pub(super) struct Front<'a> {
    loops: &'a mut Loops,
    pub(super) block: Block,
}

/// What conditions ask that hold where some loops run.
#[derive(Default)]
struct Asked {
    known: Vec<Value>,
    sums: Vec<Linear>,
    small: OrderedSet<Value>,
}

impl Front<'_> {
    pub(super) fn new(loops: &mut Loops) -> Front<'_> {
        Front { loops, block: Block::new() }
    }

    fn value(&mut self, expr: Expr, dtype: DType) -> Value {
        let leaf = expr.is_leaf();
        let value = self.loops.value(expr, dtype, Loc::NONE);
        if !leaf {
            self.block.push(Stmt::Let(value));
        }
        value
    }

    fn constant(&mut self, scalar: Scalar) -> Value {
        self.value(Expr::Const(scalar), scalar.dtype())
    }

    pub(super) fn op(&mut self, op: ScalarOp, args: &[Value]) -> Value {
        let types: Vec<DType> = args.iter().map(|arg| self.loops.dtype(*arg)).collect();
        let dtype = op.result_type(&types).expect("operands fit");
        self.value(Expr::Op(op, args.to_vec()), dtype)
    }

    fn all(&mut self, tests: Vec<Value>) -> Value {
        let all = tests.into_iter().reduce(|a, b| self.op(ScalarOp::And, &[a, b]));
        all.unwrap_or_else(|| self.constant(Scalar::Bool(true)))
    }

    /// Whether the conditions hold in all iterations; `false` for some other reason is possible, too.
    pub(super) fn tests(&mut self, conditions: &[Condition]) -> Value {
        let mut asked: BTreeMap<Vec<Value>, Asked> = BTreeMap::new();
        for condition in conditions {
            match &condition.what {
                What::Invariant(ok) => {
                    asked.entry(condition.extents.clone()).or_default().known.push(*ok);
                }
                What::Sums { proof, .. } => {
                    for sum in &proof.sums {
                        let extents = self.that_matter(&condition.extents, sum);
                        asked.entry(extents).or_default().sums.push(sum.clone());
                    }
                    if proof.small.iter().next().is_some() {
                        let asked = asked.entry(condition.extents.clone()).or_default();
                        asked.small.extend(proof.small.iter());
                    }
                }
            }
        }
        let tests = asked.into_iter().map(|(extents, asked)| self.test(&extents, asked)).collect();
        self.all(tests)
    }

    /// The extents that may be zero without the sum being what is asked anyhow.
    fn that_matter(&self, extents: &[Value], sum: &Linear) -> Vec<Value> {
        let holds_without = |extent: Value| {
            let mut rest = sum.clone();
            rest.terms.retain(|(term, _)| *term != Term::Value(extent));
            is_not_negative(self.loops, &rest)
        };
        extents.iter().copied().filter(|extent| !holds_without(*extent)).collect()
    }

    fn test(&mut self, extents: &[Value], mut asked: Asked) -> Value {
        let mut tests = Vec::new();
        asked.known.sort_unstable();
        asked.known.dedup();
        tests.append(&mut asked.known);
        // What others ask as well is said once.
        let mut sums: Vec<Linear> = Vec::new();
        for sum in asked.sums {
            if !sums.iter().any(|other| is_not_negative(self.loops, &sum.minus(other))) {
                sums.retain(|other| !is_not_negative(self.loops, &other.minus(&sum)));
                sums.push(sum);
            }
        }
        for sum in sums {
            let test = match self.simple(&sum) {
                Some(test) => test,
                None => {
                    values(&sum).for_each(|value| asked.small.insert(value));
                    self.not_negative(&sum)
                }
            };
            tests.push(test);
        }
        tests.extend(self.are_small(&asked.small));
        let ok = self.all(tests);
        // Without iterations nothing is checked.
        extents.iter().fold(ok, |ok, extent| {
            let zero = self.constant(Scalar::Usize(0));
            let empty = self.op(ScalarOp::Eq, &[*extent, zero]);
            self.op(ScalarOp::Or, &[ok, empty])
        })
    }

    /// A test that a sum is not negative, as a comparison of two values, or of one with a constant.
    fn simple(&mut self, sum: &Linear) -> Option<Value> {
        let (mut more, mut less) = (None, None);
        for (term, factor) in &sum.terms {
            let Term::Value(value) = *term else { unreachable!("only values are collected") };
            let side = match factor {
                1 => &mut more,
                -1 => &mut less,
                _ => return None,
            };
            if side.replace(value).is_some() {
                return None;
            }
        }
        let dtype = self.loops.dtype(more.or(less)?);
        let unsigned = dtype.is_unsigned();
        if more.zip(less).is_some_and(|(more, less)| self.loops.dtype(more) != self.loops.dtype(less)) {
            return None;
        }
        let constant = |number: i64| Scalar::I64(number).cast(dtype);
        Some(match (more, less, sum.constant) {
            (Some(more), Some(less), 0) => self.op(ScalarOp::Le, &[less, more]),
            (Some(more), Some(less), -1) => self.op(ScalarOp::Lt, &[less, more]),
            (Some(more), None, _) if !unsigned || sum.constant <= 0 => {
                let least = self.constant(constant(-sum.constant));
                self.op(ScalarOp::Le, &[least, more])
            }
            (None, Some(less), _) if !unsigned || sum.constant >= 0 => {
                let most = self.constant(constant(sum.constant));
                self.op(ScalarOp::Le, &[less, most])
            }
            _ => return None,
        })
    }

    /// The same for any sum of small values.
    fn not_negative(&mut self, sum: &Linear) -> Value {
        let mut total = None;
        let (more, less): (Vec<_>, Vec<_>) = sum.terms.iter().copied().partition(|(_, factor)| *factor > 0);
        for (term, factor) in more.into_iter().chain(less) {
            let Term::Value(mut value) = term else { unreachable!("only values are collected") };
            if self.loops.dtype(value) != NUMBER {
                value = self.value(Expr::Cast(value), NUMBER);
            }
            total = Some(match (total, factor) {
                (Some(total), -1) => self.op(ScalarOp::Sub, &[total, value]),
                (total, factor) => {
                    if factor != 1 {
                        let factor = self.constant(Scalar::I64(factor));
                        value = self.op(ScalarOp::Mul, &[value, factor]);
                    }
                    total.map_or(value, |total| self.op(ScalarOp::Add, &[total, value]))
                }
            });
        }
        let least = self.constant(Scalar::I64(-sum.constant));
        match total {
            Some(total) => self.op(ScalarOp::Le, &[least, total]),
            None => self.constant(Scalar::Bool(sum.constant >= 0)),
        }
    }

    /// Tests that values are small.
    fn are_small(&mut self, values: &OrderedSet<Value>) -> Option<Value> {
        values.iter().next()?;
        let shift = self.constant(Scalar::Usize(SMALL));
        let mut bits: Option<Value> = None;
        for value in values.iter().copied().collect::<Vec<Value>>() {
            let dtype = self.loops.dtype(value);
            let mut wide = if dtype.is_index() { value } else { self.value(Expr::Cast(value), DType::Usize) };
            if dtype.is_signed() {
                wide = self.op(ScalarOp::Add, &[wide, shift]);
            }
            bits = Some(bits.map_or(wide, |bits| self.op(ScalarOp::Or, &[bits, wide])));
        }
        let limit = self.constant(Scalar::Usize(2 * SMALL));
        bits.map(|bits| self.op(ScalarOp::Lt, &[bits, limit]))
    }
}
