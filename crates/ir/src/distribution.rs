//! The distributions of random numbers: what each is, composed of uniform draws and scalar operations.
//!
//! ```text
//! random_normal          u = 1 - draw 0,  v = draw 1                   sqrt(-2 ln u) * cos(2π v)
//! random_range a, b      n = b - a,  whole, rest = draw 0 * n          a + whole
//!                        seldom, if rest is close to 2^64:             a + whole + (0 or 1, by draw 1)
//! ```
//!
//! Each is written once, over a [`Sampler`]: the lowering to Loops writes the operations down, [`sample`]
//! performs them. So compiled code, interpreters and plain Rust agree to the last bit, and later stages know
//! of uniform numbers only. How many draws a number takes depends on its type alone, never on what is drawn:
//! the numbers that follow keep their places.
//!
//! [`sample`]: Distribution::sample

use crate::{DType, Scalar, ScalarOp};
use std::fmt;

/// The low half of a 64-bit word.
const LOW_HALF: usize = 0xffff_ffff;

/// Calls a macro with one row per distribution: `(Variant, "name", operands, "documentation")`.
#[macro_export]
macro_rules! for_each_distribution {
    ($callback:ident) => {
        $callback! {
            (Uniform, "random", 0, "Uniform in `[0, 1)` for floats, over all values for other types."),
            (Range, "random_range", 2, "Uniform from `a` up to below `b`, numbers of the same type."),
            (RangeInclusive, "random_range_inclusive", 2, "Uniform from `a` up to `b`, numbers of the same type."),
            (Bool, "random_bool", 1, "`true` with probability `a`, an `f64`."),
            (Normal, "random_normal", 0, "Floats of the normal distribution with mean 0 and deviation 1."),
            (Exponential, "random_exponential", 0, "Floats of the exponential distribution with mean 1."),
        }
    };
}

macro_rules! define_distributions {
    ($(($variant:ident, $name:literal, $operands:literal, $doc:literal)),* $(,)?) => {
        /// How random numbers are distributed.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum Distribution { $(#[doc = $doc] $variant),* }

        impl Distribution {
            /// All distributions, in the order of the table.
            pub const ALL: &'static [Distribution] = &[$(Distribution::$variant),*];
            /// The name in IR text.
            pub fn name(self) -> &'static str {
                match self { $(Distribution::$variant => $name),* }
            }
            /// The number of operands.
            pub fn operands(self) -> usize {
                match self { $(Distribution::$variant => $operands),* }
            }
        }
    };
}

for_each_distribution!(define_distributions);

/// Something that can draw uniform numbers and perform scalar operations on them.
pub trait Sampler {
    /// A scalar.
    type Value: Copy;

    /// A constant.
    fn constant(&mut self, scalar: Scalar) -> Self::Value;
    /// A draw of [`Distribution::Uniform`], by its position among those of the number to be made.
    fn draw(&mut self, position: u32, dtype: DType) -> Self::Value;
    /// An operation on operands of fitting types.
    fn op(&mut self, op: ScalarOp, operands: &[Self::Value]) -> Self::Value;
    /// A conversion, as Rust's `as`.
    fn cast(&mut self, value: Self::Value, to: DType) -> Self::Value;
    /// `if condition { slow() } else { common }`, where the condition is seldom true.
    fn seldom(
        &mut self,
        condition: Self::Value,
        common: Self::Value,
        slow: &mut dyn FnMut(&mut Self) -> Self::Value,
    ) -> Self::Value;

    /// The scalar that a value is known to be, for compositions that are shorter then. Their results are not
    /// affected.
    fn known(&self, _value: Self::Value) -> Option<Scalar> {
        None
    }
    /// The high and the low word of the product of two `usize`, of which the second, if short, is at most
    /// 2^32.
    fn product(&mut self, a: Self::Value, b: Self::Value, is_short: bool) -> (Self::Value, Self::Value) {
        product_of_halves(self, a, b, is_short)
    }
}

impl Distribution {
    /// The distribution with this text name.
    pub fn from_name(name: &str) -> Option<Distribution> {
        Distribution::ALL.iter().copied().find(|distribution| distribution.name() == name)
    }

    /// Whether it has numbers of a type.
    pub fn applies_to(self, dtype: DType) -> bool {
        match self {
            Distribution::Uniform => true,
            Distribution::Range | Distribution::RangeInclusive => dtype.is_numeric(),
            Distribution::Bool => dtype.is_bool(),
            Distribution::Normal | Distribution::Exponential => dtype.is_float(),
        }
    }

    /// The type of the operands for numbers of a type.
    pub fn operand_type(self, dtype: DType) -> DType {
        if self == Distribution::Bool { DType::F64 } else { dtype }
    }

    /// How many draws a number of a type takes.
    pub fn draws(self, dtype: DType) -> u32 {
        match self {
            Distribution::Range | Distribution::RangeInclusive if dtype.is_int() => 2,
            Distribution::Normal => 2,
            _ => 1,
        }
    }

    /// Whether there are numbers to draw, for these operands; `None` if there always are.
    ///
    /// Ranges must not be empty, those of floats must have a finite length.
    pub fn nonempty<S: Sampler>(self, s: &mut S, dtype: DType, operands: &[S::Value]) -> Option<S::Value> {
        let inclusive = match self {
            Distribution::Range => false,
            Distribution::RangeInclusive => true,
            _ => return None,
        };
        let (low, high) = (operands[0], operands[1]);
        let below = if inclusive { ScalarOp::Le } else { ScalarOp::Lt };
        if !dtype.is_float() {
            return Some(s.op(below, &[low, high]));
        }
        // Different floats have a difference other than zero, and NaN is on neither side of anything.
        let width = s.op(ScalarOp::Sub, &[high, low]);
        let (zero, infinity) = (float(s, dtype, 0.0), float(s, dtype, f64::INFINITY));
        let (some, finite) = (s.op(below, &[zero, width]), s.op(ScalarOp::Lt, &[width, infinity]));
        Some(s.op(ScalarOp::And, &[some, finite]))
    }

    /// A number of a type; any number of the type if there is none to draw.
    pub fn compose<S: Sampler>(self, s: &mut S, dtype: DType, operands: &[S::Value]) -> S::Value {
        match (self, operands) {
            (Distribution::Range, [low, high]) if dtype.is_float() => {
                // Rounding gives each end half the share of a number between them. What falls on the upper end,
                // which does not belong to the range, makes up for the other half of the lower end.
                let x = between(s, dtype, *low, *high);
                let inside = s.op(ScalarOp::Lt, &[x, *high]);
                s.op(ScalarOp::Select, &[inside, x, *low])
            }
            (Distribution::RangeInclusive, [low, high]) if dtype.is_float() => {
                let x = between(s, dtype, *low, *high);
                let beyond = s.op(ScalarOp::Gt, &[x, *high]);
                s.op(ScalarOp::Select, &[beyond, *high, x])
            }
            (Distribution::Range, [low, high]) => integer(s, dtype, *low, *high, false),
            (Distribution::RangeInclusive, [low, high]) => integer(s, dtype, *low, *high, true),
            (Distribution::Bool, [probability]) => {
                let u = s.draw(0, DType::F64);
                s.op(ScalarOp::Lt, &[u, *probability])
            }
            (Distribution::Normal, []) => normal(s, dtype),
            (Distribution::Exponential, []) => {
                let u = positive(s, dtype);
                let (zero, ln) = (float(s, dtype, 0.0), s.op(ScalarOp::Ln, &[u]));
                s.op(ScalarOp::Sub, &[zero, ln])
            }
            (Distribution::Uniform, []) => s.draw(0, dtype),
            _ => panic!("{self} of {} operands", operands.len()),
        }
    }

    /// Whether there are numbers to draw, for these operands.
    pub fn is_nonempty(self, dtype: DType, operands: &[Scalar]) -> bool {
        let never = |_, _| panic!("no number is drawn");
        self.nonempty(&mut Immediate { draw: never }, dtype, operands) != Some(Scalar::Bool(false))
    }

    /// A number of a type, given a function from the position and type of a draw to a uniform number.
    pub fn sample(self, dtype: DType, operands: &[Scalar], draw: impl FnMut(u32, DType) -> Scalar) -> Scalar {
        self.compose(&mut Immediate { draw }, dtype, operands)
    }
}

/// Draws and computes on the spot.
struct Immediate<F> {
    draw: F,
}

impl<F: FnMut(u32, DType) -> Scalar> Sampler for Immediate<F> {
    type Value = Scalar;

    fn constant(&mut self, scalar: Scalar) -> Scalar {
        scalar
    }
    fn draw(&mut self, position: u32, dtype: DType) -> Scalar {
        (self.draw)(position, dtype)
    }
    fn op(&mut self, op: ScalarOp, operands: &[Scalar]) -> Scalar {
        op.eval(operands)
    }
    fn cast(&mut self, value: Scalar, to: DType) -> Scalar {
        value.cast(to)
    }
    fn seldom(
        &mut self,
        condition: Scalar,
        common: Scalar,
        slow: &mut dyn FnMut(&mut Self) -> Scalar,
    ) -> Scalar {
        if condition == Scalar::Bool(true) { slow(self) } else { common }
    }
    fn known(&self, value: Scalar) -> Option<Scalar> {
        Some(value)
    }
    fn product(&mut self, a: Scalar, b: Scalar, _: bool) -> (Scalar, Scalar) {
        let product = u128::from(a.to_bits()) * u128::from(b.to_bits());
        (Scalar::Usize((product >> 64) as usize), Scalar::Usize(product as usize))
    }
}

/// A float constant, rounded to its type.
fn float<S: Sampler>(s: &mut S, dtype: DType, x: f64) -> S::Value {
    s.constant(Scalar::F64(x).cast(dtype))
}

/// The transformation of Box and Muller (A note on the generation of random normal deviates, 1958): a point
/// of the plane at a random angle, at a distance whose square is exponential; one of its coordinates.
///
/// A cosine of an `f32` draw would leave few numbers near zero, and wide gaps: they come of angles near a quarter
/// turn. There the coordinate is a sine, of angles from minus a quarter turn to a quarter, where those near zero are
/// the densest.
fn normal<S: Sampler>(s: &mut S, dtype: DType) -> S::Value {
    let angle_type = if dtype.bits() == 32 { DType::I32 } else { dtype };
    let (u, v) = (positive(s, dtype), s.draw(1, angle_type));
    let (ln, minus_two) = (s.op(ScalarOp::Ln, &[u]), float(s, dtype, -2.0));
    let square = s.op(ScalarOp::Mul, &[minus_two, ln]);
    let distance = s.op(ScalarOp::Sqrt, &[square]);
    if dtype.bits() == 32 {
        let sine = sine_of_quarters(s, v);
        return s.op(ScalarOp::Mul, &[distance, sine]);
    }
    let turn = float(s, dtype, std::f64::consts::TAU);
    let angle = s.op(ScalarOp::Mul, &[turn, v]);
    let cos = s.op(ScalarOp::Cos, &[angle]);
    s.op(ScalarOp::Mul, &[distance, cos])
}

/// `sin(π/2 w) / w` as a polynomial in `w^2` for `w` from -1 to 1, the highest power first, by interpolation at the
/// Chebyshev nodes; its relative error as one of `f32` is below 4e-8 before rounding.
pub const SINE_OF_QUARTERS: [f64; 5] = [
    0.000_151_671_703_665_053_94,
    -0.004_674_143_838_151_915_5,
    0.079_689_918_329_028_48,
    -0.645_963_759_583_539,
    1.570_796_320_038_601_5,
];

/// `sin(π/2 w)` as an `f32`, where `w` is an `i32` times 2^-31.
fn sine_of_quarters<S: Sampler>(s: &mut S, w: S::Value) -> S::Value {
    let (w, scale) = (s.cast(w, DType::F32), float(s, DType::F32, 1.0 / 2f64.powi(31)));
    let w = s.op(ScalarOp::Mul, &[w, scale]);
    let square = s.op(ScalarOp::Mul, &[w, w]);
    let mut sum = float(s, DType::F32, SINE_OF_QUARTERS[0]);
    for coefficient in &SINE_OF_QUARTERS[1..] {
        let coefficient = float(s, DType::F32, *coefficient);
        sum = s.op(ScalarOp::MulAdd, &[sum, square, coefficient]);
    }
    s.op(ScalarOp::Mul, &[sum, w])
}

/// Draw 0 as a float in `(0, 1]`, for logarithms: `f64` on a grid of 2^52 points; `f32` from 31 bits, so that
/// small ones keep their precision where a grid of 2^24 points would end at 2^-24.
fn positive<S: Sampler>(s: &mut S, dtype: DType) -> S::Value {
    let one = float(s, dtype, 1.0);
    if dtype.bits() == 64 {
        let u = s.draw(0, dtype);
        return s.op(ScalarOp::Sub, &[one, u]);
    }
    let (word, mask) = (s.draw(0, DType::I32), s.constant(Scalar::I32(i32::MAX)));
    let bits = s.op(ScalarOp::And, &[word, mask]);
    let count = s.cast(bits, dtype);
    let count = s.op(ScalarOp::Add, &[count, one]);
    let scale = float(s, dtype, 1.0 / 2f64.powi(31));
    s.op(ScalarOp::Mul, &[count, scale])
}

/// `low + (high - low) * u`.
fn between<S: Sampler>(s: &mut S, dtype: DType, low: S::Value, high: S::Value) -> S::Value {
    let (u, width) = (s.draw(0, dtype), s.op(ScalarOp::Sub, &[high, low]));
    let distance = s.op(ScalarOp::Mul, &[width, u]);
    s.op(ScalarOp::Add, &[low, distance])
}

/// An integer of a range with `n` values: the whole part of `n` times a fraction of 128 bits, computed with
/// the first 64 of them unless those leave open whether it is one more (Canon: An optimal algorithm for
/// bounded random integers, 2020). Each value has probability `1/n` to within 2^-128, far below what 64-bit
/// keys could show; nothing is rejected, so there is no loop.
fn integer<S: Sampler>(s: &mut S, dtype: DType, low: S::Value, high: S::Value, inclusive: bool) -> S::Value {
    // As `usize`, modulo 2^64: a range of all 64-bit integers has length 0.
    let (low, high) = (s.cast(low, DType::Usize), s.cast(high, DType::Usize));
    let mut length = s.op(ScalarOp::Sub, &[high, low]);
    if inclusive {
        let one = s.constant(Scalar::Usize(1));
        length = s.op(ScalarOp::Add, &[length, one]);
    }
    let zero = s.constant(Scalar::Usize(0));
    let is_short = match s.known(length) {
        Some(Scalar::Usize(length)) => length <= LOW_HALF + 1,
        _ => dtype.bits() <= 32,
    };
    let first = s.draw(0, DType::Usize);
    let (whole, rest) = s.product(first, length, is_short);
    // The second word adds less than `length` to the rest.
    let safe = s.op(ScalarOp::Sub, &[zero, length]);
    let open = s.op(ScalarOp::Gt, &[rest, safe]);
    let mut offset = s.seldom(open, whole, &mut |s| {
        let second = s.draw(1, DType::Usize);
        let (more, _) = s.product(second, length, is_short);
        let sum = s.op(ScalarOp::Add, &[rest, more]);
        let carries = s.op(ScalarOp::Lt, &[sum, rest]);
        let carry = s.cast(carries, DType::Usize);
        s.op(ScalarOp::Add, &[whole, carry])
    });
    if inclusive && dtype.bits() == 64 {
        let all = s.op(ScalarOp::Eq, &[length, zero]);
        offset = s.op(ScalarOp::Select, &[all, first, offset]);
    }
    let number = s.op(ScalarOp::Add, &[low, offset]);
    s.cast(number, dtype)
}

/// [`Sampler::product`] by operations on 64 bits.
fn product_of_halves<S: Sampler + ?Sized>(
    s: &mut S,
    a: S::Value,
    b: S::Value,
    is_short: bool,
) -> (S::Value, S::Value) {
    use ScalarOp::{Add, And, Mul, Or, Shl, Shr};
    let (mask, half) = (s.constant(Scalar::Usize(LOW_HALF)), s.constant(Scalar::Usize(32)));
    let (a_low, a_high) = (s.op(And, &[a, mask]), s.op(Shr, &[a, half]));
    let b_low = if is_short { b } else { s.op(And, &[b, mask]) };
    let lowest = s.op(Mul, &[a_low, b_low]);
    let (carry, lowest) = (s.op(Shr, &[lowest, half]), s.op(And, &[lowest, mask]));
    let middle = s.op(Mul, &[a_high, b_low]);
    let mut middle = s.op(Add, &[middle, carry]);
    let mut high = s.op(Shr, &[middle, half]);
    if !is_short {
        let b_high = s.op(Shr, &[b, half]);
        let (cross, below) = (s.op(Mul, &[a_low, b_high]), s.op(And, &[middle, mask]));
        middle = s.op(Add, &[cross, below]);
        let (highest, carry) = (s.op(Mul, &[a_high, b_high]), s.op(Shr, &[middle, half]));
        high = s.op(Add, &[high, highest]);
        high = s.op(Add, &[high, carry]);
    }
    let middle = s.op(Shl, &[middle, half]);
    (high, s.op(Or, &[middle, lowest]))
}

impl fmt::Display for Distribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests;
