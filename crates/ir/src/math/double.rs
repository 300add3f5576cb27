//! Sums and products with their rounding errors: a value as an unevaluated sum of two floats.
//!
//! ```text
//! fast_two_sum(a, b) = (s, e)    s = a + b rounded, s + e = a + b exactly       needs |a| >= |b| or a = 0
//! two_sum(a, b)      = (s, e)    the same                                       needs three operations more
//! two_product(a, b)  = (s, e)    s = a * b rounded, s + e = a * b exactly
//! ```
//!
//! Source: Dekker, A floating-point technique for extending the available precision, 1971.

use super::Primitives;

/// A value as high and low part.
pub(super) type Double<V> = (V, V);

/// The sum of `a` and a `b` of no larger magnitude, with its error.
pub(super) fn fast_two_sum<P: Primitives>(p: &mut P, a: P::Value, b: P::Value) -> Double<P::Value> {
    let sum = p.fadd(a, b);
    let rest = p.fsub(a, sum);
    (sum, p.fadd(rest, b))
}

/// The sum with its error, whichever is larger.
pub(super) fn two_sum<P: Primitives>(p: &mut P, a: P::Value, b: P::Value) -> Double<P::Value> {
    let sum = p.fadd(a, b);
    let other = p.fsub(sum, a);
    let own = p.fsub(sum, other);
    let (own, other) = (p.fsub(a, own), p.fsub(b, other));
    (sum, p.fadd(own, other))
}

/// The product with its error.
pub(super) fn two_product<P: Primitives>(p: &mut P, a: P::Value, b: P::Value) -> Double<P::Value> {
    let product = p.fmul(a, b);
    let negated = p.fneg(product);
    (product, p.fma(a, b, negated))
}

/// The product of two doubles, but for the product of their low parts.
pub(super) fn multiply<P: Primitives>(
    p: &mut P,
    a: Double<P::Value>,
    b: Double<P::Value>,
) -> Double<P::Value> {
    let (product, error) = two_product(p, a.0, b.0);
    let error = p.fma(a.0, b.1, error);
    (product, p.fma(a.1, b.0, error))
}

/// The quotient of two doubles, rounded to one float, given the reciprocal of the divisor's high part: one
/// step of correction.
pub(super) fn divide<P: Primitives>(
    p: &mut P,
    a: Double<P::Value>,
    b: Double<P::Value>,
    reciprocal: P::Value,
) -> P::Value {
    let quotient = p.fmul(a.0, reciprocal);
    let negated = p.fneg(quotient);
    let rest = p.fma(negated, b.0, a.0);
    let rest = p.fma(negated, b.1, rest);
    let rest = p.fadd(rest, a.1);
    p.fma(rest, reciprocal, quotient)
}

/// `1 / a`, rounded.
pub(super) fn reciprocal<P: Primitives>(p: &mut P, a: P::Value) -> P::Value {
    let one = p.like(a, 1.0);
    p.fdiv(one, a)
}
