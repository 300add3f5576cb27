//! The logarithm of the gamma function's magnitude at negative arguments, which is zero twice between neighbouring
//! integers from -2 down.
//!
//! ```text
//! x = n - r,  |r| <= 1/2
//! gamma(-x) = gamma(r + 1) / (r (r - 1) ... (r - n))          the recurrence
//! P         = |r| (1 + r) (1 - r) ... (n - r)                 x < 35/2, as a sum of two floats: n - r - j is x - j
//! ln |gamma(-x)| = ln gamma(r + 2) - ln P
//!                = (r - s) D(r, s) - ln (P / gamma(s + 2))    gamma(s - n) = +-1, D the slope of r (r + 1) N(r)
//!                = -ln |x sin(pi x) / pi| - ln gamma(x)       beyond
//! ```
//!
//! Close to the zero at `s` both terms are small and as accurate as their differences from it are: `P` is rounded to
//! 100 bits. Where there is no zero `s` is 0. From -10 down zeros are so close to integers that this will do: of their
//! neighbourhood few floats are left.

use super::super::Primitives;
use super::super::double::{Double, fast_two_sum, multiply, two_product, two_sum};
use super::super::gamma::sine;
use super::super::powers::{ln_precise, ln_short};
use super::{NEAR, NEAR_SHORT};
use crate::lane::LaneOp;

/// For the `x` from 2 to 5/2, from 5/2 to 3 and so on: that for which the gamma function of `-x` is one or minus one,
/// rounded; and, with `s` its distance below the nearest integer, `gamma(s + 2)` in two parts.
const ZEROS: [[f64; 3]; 17] = [
    [2.4570247382208006, 0.8883747507670711, 2.2553331794175717e-17],
    [2.7476826467274127, 1.1345090509830873, -1.0390231925602792e-16],
    [3.14358088834998, 0.9475767391705476, -3.9265650133995126e-17],
    [3.955294284858598, 1.0197315659613935, -8.84194232871912e-17],
    [4.039361839740537, 0.9839917206939783, -1.2818569209609393e-17],
    [4.991544640560048, 1.0036042869548452, 1.568654283473899e-17],
    [5.0082181683225935, 0.9965532572220697, -4.5721982206334924e-17],
    [5.998607480080875, 1.0005895344330895, 2.170435167073124e-17],
    [6.001385294453155, 0.9994151093274786, 4.155437881886762e-17],
    [6.999801507890638, 1.0000839355812627, -6.929729416347763e-17],
    [7.000198333407325, 0.999916163941829, 2.1238774803240424e-17],
    [7.999975197095821, 1.0000104865327109, -8.362005763014452e-18],
    [8.000024800270682, 0.9999895150873522, -2.043234561234364e-17],
    [8.999997244250977, 1.000001165090646, -9.716374824891422e-17],
    [9.000002755714823, 0.9999988349300685, 5.412717633936232e-17],
    [9.99999972442663, 1.0000001165081354, 6.611781824860192e-17],
    [10.000000275573013, 0.999999883492078, 5.3992199127691775e-17],
];

/// From here on there is no zero that needs its place known.
const LAST_ZERO: f64 = 2.0 + ZEROS.len() as f64 / 2.0;

/// The last `n` for which there are floats close to a zero, in `f64` and in `f32`: that many factors. Beyond, results
/// are large.
const FACTORS: [usize; 2] = [17, 9];

/// `ln |gamma(-x)|` for positive `x`, given Stirling's formula for `ln gamma(x)`.
pub(super) fn lgamma_negative<P: Primitives>(
    p: &mut P,
    x: P::Value,
    stirling: Double<P::Value>,
    single: bool,
) -> P::Value {
    let (zero, infinity) = (p.f64(0.0), p.f64(f64::INFINITY));
    let far = reflection(p, x, stirling);
    let near = recurrence(p, x, single);
    let limit = p.f64(FACTORS[single as usize] as f64 + 0.5);
    let is_near = p.op(LaneOp::FLt, &[x, limit]);
    let mut choose = |near, far| p.select(is_near, near, far);
    let term = (choose(near.term.0, far.term.0), choose(near.term.1, far.term.1));
    let argument = (choose(near.argument.0, far.argument.0), choose(near.argument.1, far.argument.1));
    let more = p.fdiv(argument.1, argument.0);
    let logarithm = if single { (ln_short(p, argument.0), zero) } else { ln_precise(p, argument.0) };
    let minus_logarithm = p.fneg(logarithm.0);
    let (high, low) = two_sum(p, term.0, minus_logarithm);
    let more = p.fadd(logarithm.1, more);
    let rest = p.fsub(term.1, more);
    let rest = p.fadd(low, rest);
    let result = p.fadd(high, rest);
    let truncated = p.op(LaneOp::FTrunc, &[x]);
    let distance = p.fsub(x, truncated);
    let pole = p.op(LaneOp::FEq, &[distance, zero]);
    p.select(pole, infinity, result)
}

/// `term - ln argument`.
struct Difference<V> {
    term: Double<V>,
    argument: Double<V>,
}

/// For large `x`.
fn reflection<P: Primitives>(p: &mut P, x: P::Value, stirling: Double<P::Value>) -> Difference<P::Value> {
    let sine = sine(p, x);
    let distance = p.fabs(sine.rest);
    let product = two_product(p, x, distance);
    let more = multiply(p, product, sine.tail);
    let (high, low) = fast_two_sum(p, product.0, more.0);
    let more = p.fadd(product.1, more.1);
    let argument = (high, p.fadd(low, more));
    Difference { term: (p.fneg(stirling.0), p.fneg(stirling.1)), argument }
}

/// For `x` that are not large.
fn recurrence<P: Primitives>(p: &mut P, x: P::Value, single: bool) -> Difference<P::Value> {
    let (half, one) = (p.f64(0.5), p.f64(1.0));
    let n = p.fadd(x, half);
    let n = p.op(LaneOp::FTrunc, &[n]);
    let r = p.fsub(n, x);
    let product = product(p, x, n, r, FACTORS[single as usize]);

    // The zero nearby, s and gamma(s + 2).
    let (mut place, mut power) = (n, (one, p.f64(0.0)));
    for (i, [zero, high, low]) in ZEROS.into_iter().enumerate() {
        let from = p.f64(2.0 + 0.5 * i as f64);
        let is_here = p.op(LaneOp::FLe, &[from, x]);
        let [zero, high, low] = [zero, high, low].map(|value| p.f64(value));
        place = p.select(is_here, zero, place);
        power = (p.select(is_here, high, power.0), p.select(is_here, low, power.1));
    }
    let last = p.f64(LAST_ZERO);
    let is_beyond = p.op(LaneOp::FLe, &[last, x]);
    let zero = p.f64(0.0);
    place = p.select(is_beyond, n, place);
    power = (p.select(is_beyond, one, power.0), p.select(is_beyond, zero, power.1));
    let (s, difference) = (p.fsub(n, place), p.fsub(place, x));

    // N(r) = N(s) + (r - s) e, by division of the polynomial; N(s) as a sum of two floats.
    let coefficients: &[f64] = if single { &NEAR_SHORT } else { &NEAR };
    let (mut at_s, mut e) = (p.f64(coefficients[0]), zero);
    let mut error = zero;
    for (i, coefficient) in coefficients.iter().enumerate().skip(1) {
        e = if i == 1 { at_s } else { p.fma(e, r, at_s) };
        let (before, coefficient) = (at_s, p.f64(*coefficient));
        at_s = p.fma(before, s, coefficient);
        if i + 1 == coefficients.len() {
            error = p.fsub(coefficient, at_s);
            error = p.fma(before, s, error);
        }
    }
    // D = (1 + r + s) N(s) + r (1 + r) e.
    let above = fast_two_sum(p, one, r);
    let (both, low) = fast_two_sum(p, above.0, s);
    let low = p.fadd(low, above.1);
    let slope = multiply(p, (both, low), (at_s, error));
    let more = p.fmul(r, above.0);
    let more = p.fmul(more, e);
    let (high, low) = fast_two_sum(p, slope.0, more);
    let slope = (high, p.fadd(low, slope.1));
    let (change, low) = two_product(p, difference, slope.0);
    let change = (change, p.fma(difference, slope.1, low));

    // P / gamma(s + 2) as a sum of two floats, the first of them one if it is close to that.
    let quotient = p.fdiv(product.0, power.0);
    let distance = p.fsub(quotient, one);
    let distance = p.fabs(distance);
    let is_close = p.op(LaneOp::FLt, &[distance, half]);
    let quotient = p.select(is_close, one, quotient);
    let negated = p.fneg(quotient);
    let rest = p.fma(negated, power.0, product.0);
    let low = p.fma(negated, power.1, product.1);
    let rest = fast_two_sum(p, rest, low);
    let more = p.fdiv(rest.0, power.0);
    let negated = p.fneg(more);
    let last = p.fma(negated, power.0, rest.0);
    let last = p.fma(negated, power.1, last);
    let last = p.fadd(last, rest.1);
    let last = p.fdiv(last, power.0);
    let (quotient, low) = fast_two_sum(p, quotient, more);
    Difference { term: change, argument: (quotient, p.fadd(low, last)) }
}

/// `|r| (1 + r) x (x - 1) ...` with `n` of the last factors, at most so many.
fn product<P: Primitives>(p: &mut P, x: P::Value, n: P::Value, r: P::Value, most: usize) -> Double<P::Value> {
    let one = p.f64(1.0);
    let magnitude = p.fabs(r);
    let above = fast_two_sum(p, one, r);
    let (high, low) = two_product(p, magnitude, above.0);
    let mut product = (high, p.fma(magnitude, above.1, low));
    for j in 0..most {
        let j = p.f64(j as f64);
        let factor = p.fsub(x, j);
        let is_factor = p.op(LaneOp::FLt, &[j, n]);
        let factor = p.select(is_factor, factor, one);
        let (high, low) = two_product(p, product.0, factor);
        product = (high, p.fma(product.1, factor, low));
    }
    product
}
