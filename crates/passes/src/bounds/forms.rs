//! Integers of 64 bits as sums of multiples of others.
//!
//! ```text
//! v2: usize = sub v0, 1usize      v0 - 1
//! v3: i64 = cast v2               v0 - 1          the same modulo 2^64
//! v4: i64 = mul v3, 3i64          3 v0 - 3
//! v5: i64 = mul v4, v1            v5
//! ```

use super::{Bounds, Goal};
use crate::affine::{Linear, Term};
use parfuse_ir::loops::{Expr, Loops, Value};
use parfuse_ir::{Scalar, ScalarOp};

/// Expressions of greater depth are taken as they are.
const MAX_DEPTH: u32 = 16;

/// So are sums of more terms …
const MAX_TERMS: usize = 8;

/// … with larger factors in all …
const MAX_FACTORS: i64 = 1 << 16;

/// … or larger constants. Sums of this size do not overflow when some of them are combined.
const MAX_CONSTANT: i64 = 1 << 40;

/// The number that a constant is modulo 2^64, if it is small.
pub(super) fn number(scalar: Scalar) -> Option<i64> {
    let number = scalar.to_bits() as i64;
    (scalar.dtype().is_wide_int() && number.saturating_abs() <= MAX_CONSTANT).then_some(number)
}

/// Whether factors and constant are such that some such sums can be added without overflow.
pub(super) fn is_small(form: &Linear) -> bool {
    form.terms.len() <= MAX_TERMS
        && form.terms.iter().map(|(_, factor)| factor.saturating_abs()).fold(0, i64::saturating_add)
            <= MAX_FACTORS
        && form.constant.saturating_abs() <= MAX_CONSTANT
}

/// The factor of a value in a sum.
pub(super) fn factor(form: &Linear, value: Value) -> i64 {
    let found = form.terms.iter().find(|(term, _)| *term == Term::Value(value));
    found.map_or(0, |(_, factor)| *factor)
}

impl Bounds {
    /// A value of 64 bits as a sum, modulo 2^64.
    pub(crate) fn form(&mut self, loops: &Loops, value: Value) -> Linear {
        self.form_within(loops, value, MAX_DEPTH)
    }

    fn form_within(&mut self, loops: &Loops, value: Value, depth: u32) -> Linear {
        if let Some(known) = self.forms.get(&value) {
            return known.clone();
        }
        let own = Linear::term(Term::Value(value));
        if depth == 0 {
            return own;
        }
        let data = &loops.values[value];
        let form = match &data.expr {
            Expr::Const(scalar) => number(*scalar).map(Linear::constant),
            _ if !data.dtype.is_wide_int() => None,
            Expr::Cast(from) if loops.dtype(*from).is_wide_int() => {
                Some(self.form_within(loops, *from, depth - 1))
            }
            Expr::Op(op @ (ScalarOp::Add | ScalarOp::Sub | ScalarOp::Mul), args) => {
                let a = self.form_within(loops, args[0], depth - 1);
                let b = self.form_within(loops, args[1], depth - 1);
                match (op, a.as_constant(), b.as_constant()) {
                    (ScalarOp::Add, ..) => Some(a.plus(&b)),
                    (ScalarOp::Sub, ..) => Some(a.minus(&b)),
                    (_, _, Some(by)) if by.abs() <= MAX_FACTORS => Some(a.times(by)),
                    (_, Some(by), _) if by.abs() <= MAX_FACTORS => Some(b.times(by)),
                    _ => None,
                }
            }
            _ => None,
        };
        let form = form.filter(is_small).unwrap_or(own);
        self.forms.insert(value, form.clone());
        form
    }

    /// What has to hold for a value to be, as a number, the sum that it is modulo 2^64.
    pub(super) fn exact(&mut self, loops: &Loops, value: Value) -> Vec<Goal> {
        let form = self.form(loops, value);
        let signed = loops.dtype(value).is_signed();
        let same_kind = |other: Value| loops.dtype(other).is_signed() == signed;
        match form.terms[..] {
            [] if signed || form.constant >= 0 => return Vec::new(),
            [(Term::Value(only), 1)] if form.constant == 0 && same_kind(only) => return Vec::new(),
            _ => {}
        }
        let least = match signed {
            true => Goal::Below { form: form.times(-1), signed },
            false => Goal::NotNegative(form.clone()),
        };
        vec![least, Goal::Below { form, signed }]
    }
}
