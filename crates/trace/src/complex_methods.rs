//! Methods of complex numbers, on scalars and element by element on arrays, in terms of their parts.
//!
//! ```text
//! z.norm()     hypot (re z), (im z)
//! z.ln()       complex ln (norm z), arg z
//! z.tan()      complex sin 2a, sinh 2b, divided by cos 2a + cosh 2b
//! ```
//!
//! The formulas are those of `num-complex` 0.4 (`src/lib.rs` and `src/pow.rs`), with what it does case by case as selects.
//! So the bits are the same where it adds, subtracts, multiplies, divides and takes square roots, and elsewhere as near as
//! our functions of floats are to those of the platform. The sign of NaN counts for nothing.

use crate::errors::{At, Step, mistake};
use crate::state::{Kind, Literal, State, Ty};
use parfuse_ir::program::{Stmt, Value};
use parfuse_ir::{DType, Part, ScalarOp};
use std::f64::consts::{LN_2, LN_10};

/// Parts, norms, angles.
impl State {
    pub(crate) fn norm(&mut self, z: Value, _: &[Value], at: At) -> Step<Value> {
        let parts = self.both_parts(z, at)?;
        self.op(ScalarOp::Hypot, &parts, at)
    }

    pub(crate) fn norm_sqr(&mut self, z: Value, _: &[Value], at: At) -> Step<Value> {
        let [re, im] = self.both_parts(z, at)?;
        let (re, im) = (self.op(ScalarOp::Mul, &[re, re], at)?, self.op(ScalarOp::Mul, &[im, im], at)?);
        self.op(ScalarOp::Add, &[re, im], at)
    }

    pub(crate) fn l1_norm(&mut self, z: Value, _: &[Value], at: At) -> Step<Value> {
        let [re, im] = self.both_parts(z, at)?;
        let (re, im) = (self.op(ScalarOp::Abs, &[re], at)?, self.op(ScalarOp::Abs, &[im], at)?);
        self.op(ScalarOp::Add, &[re, im], at)
    }

    pub(crate) fn arg(&mut self, z: Value, _: &[Value], at: At) -> Step<Value> {
        let [re, im] = self.both_parts(z, at)?;
        self.op(ScalarOp::Atan2, &[im, re], at)
    }

    /// Norm and angle, a tuple.
    pub(crate) fn polar_parts(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        let z = self.read(receiver, at)?;
        let (norm, angle) = (self.norm(z, &[], at)?, self.arg(z, &[], at)?);
        Ok(Kind::Tuple(vec![self.handle(Kind::Plain(norm)), self.handle(Kind::Plain(angle))].into()))
    }

    pub(crate) fn of_polar(&mut self, norm: Value, angle: Value, at: At) -> Step<Value> {
        let (cos, sin) = (self.op(ScalarOp::Cos, &[angle], at)?, self.op(ScalarOp::Sin, &[angle], at)?);
        let re = self.op(ScalarOp::Mul, &[norm, cos], at)?;
        let im = self.op(ScalarOp::Mul, &[norm, sin], at)?;
        self.complex(re, im, at)
    }

    pub(crate) fn conj(&mut self, z: Value, _: &[Value], at: At) -> Step<Value> {
        let [re, im] = self.both_parts(z, at)?;
        let im = self.op(ScalarOp::Neg, &[im], at)?;
        self.complex(re, im, at)
    }

    pub(crate) fn scale(&mut self, z: Value, args: &[Value], at: At) -> Step<Value> {
        self.binary("*", z, args[0], at)
    }

    pub(crate) fn unscale(&mut self, z: Value, args: &[Value], at: At) -> Step<Value> {
        self.binary("/", z, args[0], at)
    }

    pub(crate) fn inv(&mut self, z: Value, _: &[Value], at: At) -> Step<Value> {
        let (norm, opposite) = (self.norm_sqr(z, &[], at)?, self.conj(z, &[], at)?);
        self.binary("/", opposite, norm, at)
    }

    pub(crate) fn finv(&mut self, z: Value, _: &[Value], at: At) -> Step<Value> {
        let (norm, opposite) = (self.norm(z, &[], at)?, self.conj(z, &[], at)?);
        let once = self.binary("/", opposite, norm, at)?;
        self.binary("/", once, norm, at)
    }

    pub(crate) fn fdiv(&mut self, z: Value, args: &[Value], at: At) -> Step<Value> {
        let inverse = self.finv(args[0], &[], at)?;
        self.binary("*", z, inverse, at)
    }

    pub(crate) fn complex_is_nan(&mut self, z: Value, _: &[Value], at: At) -> Step<Value> {
        let [re, im] = self.both_parts(z, at)?;
        let (re, im) = (self.op(ScalarOp::IsNan, &[re], at)?, self.op(ScalarOp::IsNan, &[im], at)?);
        self.op(ScalarOp::Or, &[re, im], at)
    }

    pub(crate) fn complex_is_finite(&mut self, z: Value, _: &[Value], at: At) -> Step<Value> {
        let [re, im] = self.both_parts(z, at)?;
        let (re, im) = (self.finite(re, &[], at)?, self.finite(im, &[], at)?);
        self.op(ScalarOp::And, &[re, im], at)
    }

    pub(crate) fn complex_is_infinite(&mut self, z: Value, _: &[Value], at: At) -> Step<Value> {
        let [re, im] = self.both_parts(z, at)?;
        let is_nan = self.complex_is_nan(z, &[], at)?;
        let is_number = self.op(ScalarOp::Not, &[is_nan], at)?;
        let (re, im) = (self.infinite(re, &[], at)?, self.infinite(im, &[], at)?);
        let either = self.op(ScalarOp::Or, &[re, im], at)?;
        self.op(ScalarOp::And, &[is_number, either], at)
    }
}

/// Exponentials, logarithms, powers.
impl State {
    pub(crate) fn complex_exp(&mut self, z: Value, _: &[Value], at: At) -> Step<Value> {
        let [re, im] = self.both_parts(z, at)?;
        let norm = self.op(ScalarOp::Exp, &[re], at)?;
        let finite = self.of_polar(norm, im, at)?;
        let [zero, nan] = [0.0, f64::NAN].map(|number| self.part_constant(number, re, at));
        let is_infinite = self.infinite(re, &[], at)?;
        let is_below = self.op(ScalarOp::Lt, &[re, zero], at)?;
        let without_angle = self.op(ScalarOp::Eq, &[im, zero], at)?;
        let turns = self.finite(im, &[], at)?;
        let turns_forever = self.op(ScalarOp::Not, &[turns], at)?;

        let down = self.op(ScalarOp::And, &[is_infinite, is_below], at)?;
        let vanishes = self.op(ScalarOp::And, &[down, turns_forever], at)?;
        let is_above = self.op(ScalarOp::Not, &[is_below], at)?;
        let up = self.op(ScalarOp::And, &[is_infinite, is_above], at)?;
        let special = self.op(ScalarOp::Or, &[without_angle, turns_forever], at)?;
        let infinite = self.op(ScalarOp::And, &[up, special], at)?;
        let is_nan = self.op(ScalarOp::IsNan, &[re], at)?;
        let unknown = self.op(ScalarOp::And, &[is_nan, without_angle], at)?;
        let kept = self.op(ScalarOp::Or, &[infinite, unknown], at)?;

        let no_angle = self.infinite(im, &[], at)?;
        let angle = self.op(ScalarOp::Select, &[no_angle, nan, im], at)?;
        let itself = self.complex(re, angle, at)?;
        let otherwise = self.op(ScalarOp::Select, &[kept, itself, finite], at)?;
        let nothing = self.complex_constant(0.0, 0.0, re, at)?;
        self.op(ScalarOp::Select, &[vanishes, nothing, otherwise], at)
    }

    pub(crate) fn complex_ln(&mut self, z: Value, _: &[Value], at: At) -> Step<Value> {
        let (norm, angle) = (self.norm(z, &[], at)?, self.arg(z, &[], at)?);
        let re = self.op(ScalarOp::Ln, &[norm], at)?;
        self.complex(re, angle, at)
    }

    pub(crate) fn complex_exp2(&mut self, z: Value, _: &[Value], at: At) -> Step<Value> {
        let [re, im] = self.both_parts(z, at)?;
        let norm = self.op(ScalarOp::Exp2, &[re], at)?;
        let factor = self.part_constant(LN_2, im, at);
        let angle = self.op(ScalarOp::Mul, &[im, factor], at)?;
        self.of_polar(norm, angle, at)
    }

    pub(crate) fn complex_log2(&mut self, z: Value, _: &[Value], at: At) -> Step<Value> {
        self.ln_divided(z, LN_2, at)
    }

    pub(crate) fn complex_log10(&mut self, z: Value, _: &[Value], at: At) -> Step<Value> {
        self.ln_divided(z, LN_10, at)
    }

    fn ln_divided(&mut self, z: Value, by: f64, at: At) -> Step<Value> {
        let logarithm = self.complex_ln(z, &[], at)?;
        let re = self.part(logarithm, Part::Re, at)?;
        let by = self.part_constant(by, re, at);
        self.binary("/", logarithm, by, at)
    }

    pub(crate) fn complex_log(&mut self, z: Value, args: &[Value], at: At) -> Step<Value> {
        let (norm, angle) = (self.norm(z, &[], at)?, self.arg(z, &[], at)?);
        let re = self.log(norm, args, at)?;
        let base = self.op(ScalarOp::Ln, &[args[0]], at)?;
        let im = self.op(ScalarOp::Div, &[angle, base], at)?;
        self.complex(re, im, at)
    }

    /// A real to a complex power.
    pub(crate) fn expf(&mut self, z: Value, args: &[Value], at: At) -> Step<Value> {
        let [re, im] = self.both_parts(z, at)?;
        let norm = self.op(ScalarOp::Powf, &[args[0], re], at)?;
        let logarithm = self.op(ScalarOp::Ln, &[args[0]], at)?;
        let angle = self.op(ScalarOp::Mul, &[im, logarithm], at)?;
        self.of_polar(norm, angle, at)
    }

    pub(crate) fn complex_powf(&mut self, z: Value, args: &[Value], at: At) -> Step<Value> {
        let exponent = args[0];
        let (norm, angle) = (self.norm(z, &[], at)?, self.arg(z, &[], at)?);
        let norm = self.op(ScalarOp::Powf, &[norm, exponent], at)?;
        let angle = self.op(ScalarOp::Mul, &[angle, exponent], at)?;
        let power = self.of_polar(norm, angle, at)?;
        let zero = self.part_constant(0.0, exponent, at);
        let is_zero = self.op(ScalarOp::Eq, &[exponent, zero], at)?;
        let one = self.complex_constant(1.0, 0.0, exponent, at)?;
        self.op(ScalarOp::Select, &[is_zero, one, power], at)
    }

    pub(crate) fn powc(&mut self, z: Value, args: &[Value], at: At) -> Step<Value> {
        let exponent = args[0];
        let logarithm = self.complex_ln(z, &[], at)?;
        let product = self.binary("*", exponent, logarithm, at)?;
        let power = self.complex_exp(product, &[], at)?;
        let re = self.part(exponent, Part::Re, at)?;
        let [zero, one] = [(0.0, 0.0), (1.0, 0.0)].map(|(a, b)| self.complex_constant(a, b, re, at));
        let is_zero = self.op(ScalarOp::Eq, &[exponent, zero?], at)?;
        self.op(ScalarOp::Select, &[is_zero, one?, power], at)
    }

    /// To an integer power, by squaring: a negative one of the inverse.
    pub(crate) fn complex_powi(&mut self, z: Value, args: &[Value], at: At) -> Step<Value> {
        let exponent = args[0];
        if let Some(exponent) = self.known_integer(exponent) {
            let base = if exponent < 0 { self.inv(z, &[], at)? } else { z };
            return self.known_power(base, exponent.unsigned_abs(), at);
        }
        let zero = self.small(0, exponent, at);
        let is_negative = self.op(ScalarOp::Lt, &[exponent, zero], at)?;
        let inverse = self.inv(z, &[], at)?;
        let base = self.op(ScalarOp::Select, &[is_negative, inverse, z], at)?;
        let opposite = self.op(ScalarOp::Neg, &[exponent], at)?;
        let magnitude = self.op(ScalarOp::Select, &[is_negative, opposite, exponent], at)?;
        let unsigned = self.types.known(DType::U32);
        let magnitude = self.cast(magnitude, unsigned, at)?;
        self.complex_powu(base, &[magnitude], at)
    }

    pub(crate) fn complex_powu(&mut self, z: Value, args: &[Value], at: At) -> Step<Value> {
        let exponent = args[0];
        if let Some(exponent) = self.known_integer(exponent) {
            return self.known_power(z, exponent.unsigned_abs(), at);
        }
        self.unify_known(exponent, DType::U32, "the exponent of `powu`")?;
        let ty = self.ty(z);
        if ty.rank.is_some() {
            return mistake("the exponent of a power of arrays must be a constant; use `mapv`");
        }
        let re = self.part(z, Part::Re, at)?;
        let one = self.complex_constant(1.0, 0.0, re, at)?;
        let bool_type = Ty { dtype: self.types.known(DType::Bool), rank: None, of_arrays: false };
        let [power, square] = ["power", "square"].map(|name| self.new_var(name, ty, None));
        let rest = self.new_var("exponent", self.ty(exponent), None);
        let begun = self.new_var("begun", bool_type, None);
        let not_yet = self.bool_constant(false, at);
        for (var, value) in [(power, one), (square, z), (rest, exponent), (begun, not_yet)] {
            self.set_var(var, value);
        }
        let [none, bit] = [0, 1].map(|number| self.small(number, exponent, at));

        self.open();
        let present = self.read_var(rest, at)?;
        let cond = self.op(ScalarOp::Gt, &[present, none], at)?;
        let header = self.close();

        self.open();
        let present = self.read_var(rest, at)?;
        let low = self.op(ScalarOp::And, &[present, bit], at)?;
        let is_odd = self.op(ScalarOp::Eq, &[low, bit], at)?;
        let (product, factor) = (self.read_var(power, at)?, self.read_var(square, at)?);
        let has_begun = self.read_var(begun, at)?;
        let multiplied = self.op(ScalarOp::Mul, &[product, factor], at)?;
        let multiplied = self.op(ScalarOp::Select, &[has_begun, multiplied, factor], at)?;
        let chosen = self.op(ScalarOp::Select, &[is_odd, multiplied, product], at)?;
        let begins = self.op(ScalarOp::Or, &[has_begun, is_odd], at)?;
        let squared = self.op(ScalarOp::Mul, &[factor, factor], at)?;
        let halved = self.op(ScalarOp::Shr, &[present, bit], at)?;
        for (var, value) in [(power, chosen), (begun, begins), (square, squared), (rest, halved)] {
            self.set_var(var, value);
        }
        let body = self.close();

        self.push(Stmt::While { header, cond, body });
        self.read_var(power, at)
    }

    fn known_power(&mut self, base: Value, exponent: u128, at: At) -> Step<Value> {
        match self.product_of_squares(base, exponent, at)? {
            Some(power) => Ok(power),
            None => {
                let re = self.part(base, Part::Re, at)?;
                self.complex_constant(1.0, 0.0, re, at)
            }
        }
    }
}

/// Roots.
impl State {
    pub(crate) fn complex_sqrt(&mut self, z: Value, _: &[Value], at: At) -> Step<Value> {
        let [re, im] = self.both_parts(z, at)?;
        let [zero, two] = [0.0, 2.0].map(|number| self.part_constant(number, re, at));
        let (norm, angle) = (self.norm(z, &[], at)?, self.arg(z, &[], at)?);
        let norm = self.op(ScalarOp::Sqrt, &[norm], at)?;
        let half = self.op(ScalarOp::Div, &[angle, two], at)?;
        let general = self.of_polar(norm, half, at)?;

        let of_positive = self.op(ScalarOp::Sqrt, &[re], at)?;
        let of_positive = self.complex(of_positive, im, at)?;
        let opposite = self.op(ScalarOp::Neg, &[re], at)?;
        let of_negative = self.op(ScalarOp::Sqrt, &[opposite], at)?;
        let of_negative = self.with_sign_of(zero, of_negative, im, at)?;
        let of_real = self.by_sign(re, of_negative, of_positive, at)?;

        let magnitude = self.op(ScalarOp::Abs, &[im], at)?;
        let halved = self.op(ScalarOp::Div, &[magnitude, two], at)?;
        let part = self.op(ScalarOp::Sqrt, &[halved], at)?;
        let of_imaginary = self.with_sign_of(part, part, im, at)?;
        self.on_an_axis([re, im], of_real, of_imaginary, general, at)
    }

    pub(crate) fn complex_cbrt(&mut self, z: Value, _: &[Value], at: At) -> Step<Value> {
        let [re, im] = self.both_parts(z, at)?;
        let [two, three] = [2.0, 3.0].map(|number| self.part_constant(number, re, at));
        let root_of_three = self.op(ScalarOp::Sqrt, &[three], at)?;
        let (norm, angle) = (self.norm(z, &[], at)?, self.arg(z, &[], at)?);
        let norm = self.op(ScalarOp::Cbrt, &[norm], at)?;
        let third = self.op(ScalarOp::Div, &[angle, three], at)?;
        let general = self.of_polar(norm, third, at)?;

        let of_positive = self.op(ScalarOp::Cbrt, &[re], at)?;
        let of_positive = self.complex(of_positive, im, at)?;
        let opposite = self.op(ScalarOp::Neg, &[re], at)?;
        let root = self.op(ScalarOp::Cbrt, &[opposite], at)?;
        let half = self.op(ScalarOp::Div, &[root, two], at)?;
        let long = self.op(ScalarOp::Mul, &[root_of_three, half], at)?;
        let of_negative = self.with_sign_of(half, long, im, at)?;
        let of_real = self.by_sign(re, of_negative, of_positive, at)?;

        let magnitude = self.op(ScalarOp::Abs, &[im], at)?;
        let root = self.op(ScalarOp::Cbrt, &[magnitude], at)?;
        let half = self.op(ScalarOp::Div, &[root, two], at)?;
        let long = self.op(ScalarOp::Mul, &[root_of_three, half], at)?;
        let of_imaginary = self.with_sign_of(long, half, im, at)?;
        self.on_an_axis([re, im], of_real, of_imaginary, general, at)
    }

    /// One of three: of a number on the real axis, on the imaginary axis, or beside them.
    fn on_an_axis(
        &mut self,
        [re, im]: [Value; 2],
        of_real: Value,
        of_imaginary: Value,
        general: Value,
        at: At,
    ) -> Step<Value> {
        let zero = self.part_constant(0.0, re, at);
        let is_imaginary = self.op(ScalarOp::Eq, &[re, zero], at)?;
        let beside = self.op(ScalarOp::Select, &[is_imaginary, of_imaginary, general], at)?;
        let is_real = self.op(ScalarOp::Eq, &[im, zero], at)?;
        self.op(ScalarOp::Select, &[is_real, of_real, beside], at)
    }

    /// A complex number whose imaginary part takes the sign of a number.
    fn with_sign_of(&mut self, re: Value, im: Value, of: Value, at: At) -> Step<Value> {
        let opposite = self.op(ScalarOp::Neg, &[im], at)?;
        let im = self.by_sign(of, opposite, im, at)?;
        self.complex(re, im, at)
    }

    /// One of two values, by the sign of a number. That of a zero shows in its reciprocal.
    fn by_sign(&mut self, of: Value, negative: Value, positive: Value, at: At) -> Step<Value> {
        let [zero, one] = [0.0, 1.0].map(|number| self.part_constant(number, of, at));
        let reciprocal = self.op(ScalarOp::Div, &[one, of], at)?;
        let is_below = self.op(ScalarOp::Lt, &[of, zero], at)?;
        let has_sign = self.op(ScalarOp::Lt, &[reciprocal, zero], at)?;
        let is_negative = self.op(ScalarOp::Or, &[is_below, has_sign], at)?;
        self.op(ScalarOp::Select, &[is_negative, negative, positive], at)
    }
}

/// Circular and hyperbolic functions.
impl State {
    pub(crate) fn complex_sin(&mut self, z: Value, _: &[Value], at: At) -> Step<Value> {
        let [re, im] = self.both_parts(z, at)?;
        self.products(
            [(ScalarOp::Sin, re), (ScalarOp::Cosh, im)],
            [(ScalarOp::Cos, re), (ScalarOp::Sinh, im)],
            at,
        )
    }

    pub(crate) fn complex_cos(&mut self, z: Value, _: &[Value], at: At) -> Step<Value> {
        let [re, im] = self.both_parts(z, at)?;
        let (cos, cosh) = (self.op(ScalarOp::Cos, &[re], at)?, self.op(ScalarOp::Cosh, &[im], at)?);
        let (sin, sinh) = (self.op(ScalarOp::Sin, &[re], at)?, self.op(ScalarOp::Sinh, &[im], at)?);
        let opposite = self.op(ScalarOp::Neg, &[sin], at)?;
        let re = self.op(ScalarOp::Mul, &[cos, cosh], at)?;
        let im = self.op(ScalarOp::Mul, &[opposite, sinh], at)?;
        self.complex(re, im, at)
    }

    pub(crate) fn complex_sinh(&mut self, z: Value, _: &[Value], at: At) -> Step<Value> {
        let [re, im] = self.both_parts(z, at)?;
        self.products(
            [(ScalarOp::Sinh, re), (ScalarOp::Cos, im)],
            [(ScalarOp::Cosh, re), (ScalarOp::Sin, im)],
            at,
        )
    }

    pub(crate) fn complex_cosh(&mut self, z: Value, _: &[Value], at: At) -> Step<Value> {
        let [re, im] = self.both_parts(z, at)?;
        self.products(
            [(ScalarOp::Cosh, re), (ScalarOp::Cos, im)],
            [(ScalarOp::Sinh, re), (ScalarOp::Sin, im)],
            at,
        )
    }

    /// A complex number whose parts are products of two functions.
    fn products(&mut self, re: [(ScalarOp, Value); 2], im: [(ScalarOp, Value); 2], at: At) -> Step<Value> {
        let mut product = |[(f, x), (g, y)]: [(ScalarOp, Value); 2]| {
            let (left, right) = (self.op(f, &[x], at)?, self.op(g, &[y], at)?);
            self.op(ScalarOp::Mul, &[left, right], at)
        };
        let (re, im) = (product(re)?, product(im)?);
        self.complex(re, im, at)
    }

    pub(crate) fn complex_tan(&mut self, z: Value, _: &[Value], at: At) -> Step<Value> {
        self.tangent(z, [ScalarOp::Sin, ScalarOp::Sinh], [ScalarOp::Cos, ScalarOp::Cosh], at)
    }

    pub(crate) fn complex_tanh(&mut self, z: Value, _: &[Value], at: At) -> Step<Value> {
        self.tangent(z, [ScalarOp::Sinh, ScalarOp::Sin], [ScalarOp::Cosh, ScalarOp::Cos], at)
    }

    /// Functions of twice the parts, divided by the sum of two others.
    fn tangent(&mut self, z: Value, above: [ScalarOp; 2], below: [ScalarOp; 2], at: At) -> Step<Value> {
        let [re, im] = self.both_parts(z, at)?;
        let (re, im) = (self.op(ScalarOp::Add, &[re, re], at)?, self.op(ScalarOp::Add, &[im, im], at)?);
        let (a, b) = (self.op(above[0], &[re], at)?, self.op(above[1], &[im], at)?);
        let numerator = self.complex(a, b, at)?;
        let (a, b) = (self.op(below[0], &[re], at)?, self.op(below[1], &[im], at)?);
        let denominator = self.op(ScalarOp::Add, &[a, b], at)?;
        self.binary("/", numerator, denominator, at)
    }

    pub(crate) fn complex_asin(&mut self, z: Value, _: &[Value], at: At) -> Step<Value> {
        let [_, i, minus_i] = self.units(z, at)?;
        let cosine = self.root_of_one_less_square(z, at)?;
        let turned = self.binary("*", i, z, at)?;
        let sum = self.binary("+", cosine, turned, at)?;
        let logarithm = self.complex_ln(sum, &[], at)?;
        self.binary("*", minus_i, logarithm, at)
    }

    pub(crate) fn complex_acos(&mut self, z: Value, _: &[Value], at: At) -> Step<Value> {
        let [_, i, minus_i] = self.units(z, at)?;
        let sine = self.root_of_one_less_square(z, at)?;
        let turned = self.binary("*", i, sine, at)?;
        let sum = self.binary("+", turned, z, at)?;
        let logarithm = self.complex_ln(sum, &[], at)?;
        self.binary("*", minus_i, logarithm, at)
    }

    fn root_of_one_less_square(&mut self, z: Value, at: At) -> Step<Value> {
        let [one, ..] = self.units(z, at)?;
        let square = self.binary("*", z, z, at)?;
        let difference = self.binary("-", one, square, at)?;
        self.complex_sqrt(difference, &[], at)
    }

    pub(crate) fn complex_atan(&mut self, z: Value, _: &[Value], at: At) -> Step<Value> {
        let [one, i, minus_i] = self.units(z, at)?;
        let turned = self.binary("*", i, z, at)?;
        let (above, below) = (self.binary("+", one, turned, at)?, self.binary("-", one, turned, at)?);
        let (above, below) = (self.complex_ln(above, &[], at)?, self.complex_ln(below, &[], at)?);
        let difference = self.binary("-", above, below, at)?;
        let re = self.part(z, Part::Re, at)?;
        let two = self.complex_constant(2.0, 0.0, re, at)?;
        let divisor = self.binary("*", two, i, at)?;
        let quotient = self.binary("/", difference, divisor, at)?;
        let infinity = f64::INFINITY;
        let quotient = self.unless(z, minus_i, (0.0, -infinity), quotient, at)?;
        self.unless(z, i, (0.0, infinity), quotient, at)
    }

    pub(crate) fn complex_asinh(&mut self, z: Value, _: &[Value], at: At) -> Step<Value> {
        let [one, ..] = self.units(z, at)?;
        let square = self.binary("*", z, z, at)?;
        let sum = self.binary("+", one, square, at)?;
        let root = self.complex_sqrt(sum, &[], at)?;
        let sum = self.binary("+", z, root, at)?;
        self.complex_ln(sum, &[], at)
    }

    pub(crate) fn complex_acosh(&mut self, z: Value, _: &[Value], at: At) -> Step<Value> {
        let [one, ..] = self.units(z, at)?;
        let re = self.part(z, Part::Re, at)?;
        let two = self.complex_constant(2.0, 0.0, re, at)?;
        let mut roots = Vec::with_capacity(2);
        for sign in ["+", "-"] {
            let shifted = self.binary(sign, z, one, at)?;
            let half = self.binary("/", shifted, two, at)?;
            roots.push(self.complex_sqrt(half, &[], at)?);
        }
        let sum = self.binary("+", roots[0], roots[1], at)?;
        let logarithm = self.complex_ln(sum, &[], at)?;
        self.binary("*", two, logarithm, at)
    }

    pub(crate) fn complex_atanh(&mut self, z: Value, _: &[Value], at: At) -> Step<Value> {
        let [one, ..] = self.units(z, at)?;
        let re = self.part(z, Part::Re, at)?;
        let two = self.complex_constant(2.0, 0.0, re, at)?;
        let minus_one = self.complex_constant(-1.0, -0.0, re, at)?;
        let (above, below) = (self.binary("+", one, z, at)?, self.binary("-", one, z, at)?);
        let (above, below) = (self.complex_ln(above, &[], at)?, self.complex_ln(below, &[], at)?);
        let difference = self.binary("-", above, below, at)?;
        let quotient = self.binary("/", difference, two, at)?;
        let infinity = f64::INFINITY;
        let quotient = self.unless(z, minus_one, (-infinity, 0.0), quotient, at)?;
        self.unless(z, one, (infinity, 0.0), quotient, at)
    }

    /// A value, but a constant where the argument is a pole.
    fn unless(&mut self, z: Value, pole: Value, (re, im): (f64, f64), value: Value, at: At) -> Step<Value> {
        let is_pole = self.op(ScalarOp::Eq, &[z, pole], at)?;
        let part = self.part(z, Part::Re, at)?;
        let there = self.complex_constant(re, im, part, at)?;
        self.op(ScalarOp::Select, &[is_pole, there, value], at)
    }
}

/// Constants.
impl State {
    /// A float of the type of a part.
    fn part_constant(&mut self, number: f64, part: Value, at: At) -> Value {
        let dtype = self.ty(part).dtype;
        self.literal(Literal::Float(number), dtype, at)
    }

    /// A complex number with parts of the type of one.
    fn complex_constant(&mut self, re: f64, im: f64, part: Value, at: At) -> Step<Value> {
        let [re, im] = [re, im].map(|number| self.part_constant(number, part, at));
        self.complex(re, im, at)
    }

    /// 1, i and -i.
    fn units(&mut self, z: Value, at: At) -> Step<[Value; 3]> {
        let re = self.part(z, Part::Re, at)?;
        let one = self.complex_constant(1.0, 0.0, re, at)?;
        let i = self.complex_constant(0.0, 1.0, re, at)?;
        Ok([one, i, self.complex_constant(-0.0, -1.0, re, at)?])
    }
}
