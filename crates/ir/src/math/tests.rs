//! That an expansion means the same to whoever expands it, and how long it is.

use super::*;
use crate::lane::LaneType;

/// Knows no constants and takes both sides of everything, as a builder of lane code may; counts operations.
#[derive(Default)]
struct Plain {
    /// Operations so far, but for reinterpretations of bits, which cost nothing.
    count: usize,
    /// Those of them that belong to rare cases.
    rare: usize,
}

impl Primitives for Plain {
    type Value = Bits;

    fn constant(&mut self, ty: LaneType, bits: u64) -> Bits {
        Evaluate.constant(ty, bits)
    }
    fn op(&mut self, op: LaneOp, operands: &[Bits]) -> Bits {
        self.count += (op != LaneOp::Bitcast) as usize;
        Evaluate.op(op, operands)
    }
    fn ty(&self, value: Bits) -> LaneType {
        value.ty
    }
    fn rare(&mut self, condition: Bits, common: Bits, slow: &mut dyn FnMut(&mut Self) -> Bits) -> Bits {
        let before = self.count;
        let slow = slow(self);
        self.rare += self.count - before;
        self.select(condition, slow, common)
    }
}

const FUNCTIONS: &[ScalarOp] = &[
    ScalarOp::Exp,
    ScalarOp::Exp2,
    ScalarOp::ExpM1,
    ScalarOp::Ln,
    ScalarOp::Log2,
    ScalarOp::Log10,
    ScalarOp::Ln1p,
    ScalarOp::Sin,
    ScalarOp::Cos,
    ScalarOp::Tan,
    ScalarOp::Asin,
    ScalarOp::Acos,
    ScalarOp::Atan,
    ScalarOp::Atan2,
    ScalarOp::Sinh,
    ScalarOp::Cosh,
    ScalarOp::Tanh,
    ScalarOp::Asinh,
    ScalarOp::Acosh,
    ScalarOp::Atanh,
    ScalarOp::Cbrt,
    ScalarOp::Hypot,
    ScalarOp::Fmod,
    ScalarOp::Erf,
    ScalarOp::Erfc,
    ScalarOp::Tgamma,
    ScalarOp::Lgamma,
    ScalarOp::Powf,
    ScalarOp::Powi,
];

fn operands(op: ScalarOp, ty: LaneType, x: f64, y: f64) -> Vec<Bits> {
    let float = |x: f64| match ty {
        LaneType::F32 => Evaluate.f32(x as f32),
        _ => Evaluate.f64(x),
    };
    match op {
        ScalarOp::Powi => vec![float(x), Evaluate.i32(y as i32)],
        ScalarOp::Powf | ScalarOp::Atan2 | ScalarOp::Hypot | ScalarOp::Fmod => vec![float(x), float(y)],
        _ => vec![float(x)],
    }
}

#[test]
fn neither_constants_nor_rare_cases_change_the_result() {
    let values = [0.0, -0.0, 1.0, -1.0, 0.3, -2.5, 3.0, 17.0, 1e-310, -1e-40, 1e9, -1e30, 1e300];
    let special = [f64::INFINITY, f64::NEG_INFINITY, f64::NAN, i32::MIN as f64, i32::MAX as f64, -7.0];
    for op in FUNCTIONS.iter().copied() {
        for ty in [LaneType::F32, LaneType::F64] {
            for x in values.iter().chain(&special) {
                for y in values.iter().chain(&special) {
                    let operands = operands(op, ty, *x, *y);
                    let known = expand(&mut Evaluate, op, &operands).unwrap();
                    let plain = expand(&mut Plain::default(), op, &operands).unwrap();
                    let is_nan = |value: Bits| match ty {
                        LaneType::F32 => f32::from_bits(value.bits as u32).is_nan(),
                        _ => f64::from_bits(value.bits).is_nan(),
                    };
                    let same = known == plain || (is_nan(known) && is_nan(plain));
                    assert!(same, "{op} {ty} {x} {y}: {known:?} {plain:?}");
                    assert_eq!(known.ty, ty);
                }
            }
        }
    }
}

#[test]
fn nan_stays_nan_whatever_its_payload() {
    for op in FUNCTIONS.iter().copied() {
        for payload in [1, 2, 0x7ff, 0xfff, 0x1000, 0x7_ffff_ffff_ffff] {
            let nan = f64::from_bits(f64::NAN.to_bits() | payload);
            let mut operands = operands(op, LaneType::F64, nan, 3.0);
            let result = expand(&mut Evaluate, op, &operands).unwrap();
            assert!(f64::from_bits(result.bits).is_nan(), "{op} {payload:x}");
            operands[0] = Evaluate.f32(f32::from_bits(f32::NAN.to_bits() | (payload as u32 & 0x3f_ffff)));
            if matches!(op, ScalarOp::Powf | ScalarOp::Atan2 | ScalarOp::Hypot | ScalarOp::Fmod) {
                operands[1] = Evaluate.f32(3.0);
            }
            let result = expand(&mut Evaluate, op, &operands).unwrap();
            assert!(f32::from_bits(result.bits as u32).is_nan(), "{op} {payload:x}");
        }
    }
}

/// The length of the common path is what kernels pay for each element: it must not grow unnoticed.
#[test]
fn the_common_path_is_short() {
    for (op, f64_limit, f32_limit) in [
        (ScalarOp::Exp, 23, 18),
        (ScalarOp::Exp2, 22, 17),
        (ScalarOp::ExpM1, 37, 32),
        (ScalarOp::Ln, 34, 30),
        (ScalarOp::Log2, 37, 33),
        (ScalarOp::Log10, 39, 35),
        (ScalarOp::Ln1p, 46, 42),
        (ScalarOp::Sin, 43, 33),
        (ScalarOp::Cos, 42, 32),
        (ScalarOp::Tan, 59, 33),
        (ScalarOp::Asin, 38, 30),
        (ScalarOp::Acos, 42, 34),
        (ScalarOp::Atan, 47, 40),
        (ScalarOp::Atan2, 56, 49),
        (ScalarOp::Sinh, 40, 35),
        (ScalarOp::Cosh, 36, 31),
        (ScalarOp::Tanh, 45, 40),
        (ScalarOp::Asinh, 54, 50),
        (ScalarOp::Acosh, 52, 48),
        (ScalarOp::Atanh, 59, 55),
        (ScalarOp::Cbrt, 47, 44),
        (ScalarOp::Hypot, 25, 9),
        (ScalarOp::Fmod, 16, 19),
        (ScalarOp::Erf, 72, 22),
        (ScalarOp::Erfc, 84, 52),
        (ScalarOp::Tgamma, 145, 67),
        (ScalarOp::Lgamma, 141, 65),
        (ScalarOp::Powf, 105, 57),
    ] {
        for (ty, limit) in [(LaneType::F64, f64_limit), (LaneType::F32, f32_limit)] {
            let mut plain = Plain::default();
            expand(&mut plain, op, &operands(op, ty, 0.5, 0.5));
            let common = plain.count - plain.rare;
            println!("{op:5} {ty}: {common} operations, {} rare", plain.rare);
            assert!(common <= limit, "{op} {ty}: {common}");
        }
    }
}

#[test]
fn a_constant_power_is_few_multiplications() {
    struct Known(Plain);
    impl Primitives for Known {
        type Value = Bits;
        fn constant(&mut self, ty: LaneType, bits: u64) -> Bits {
            self.0.constant(ty, bits)
        }
        fn op(&mut self, op: LaneOp, operands: &[Bits]) -> Bits {
            self.0.op(op, operands)
        }
        fn ty(&self, value: Bits) -> LaneType {
            value.ty
        }
        fn as_constant(&self, value: Bits) -> Option<u64> {
            Some(value.bits)
        }
    }
    for (n, expected) in [(0, 0), (1, 0), (2, 1), (3, 2), (4, 2), (5, 3), (-1, 1), (-2, 2)] {
        let mut known = Known(Plain::default());
        expand(&mut known, ScalarOp::Powi, &operands(ScalarOp::Powi, LaneType::F64, 1.5, n as f64));
        assert_eq!(known.0.count, expected, "{n}");
    }
}

#[test]
fn functions_of_doubles_have_the_bits_of_values_with_types() {
    let mut bits = 0x243f_6a88_85a3_08d3u64;
    let mut next = || {
        bits = bits.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        bits ^ bits >> 29
    };
    let special =
        [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 709.0, 1e22, f64::INFINITY, f64::NAN, f64::MIN_POSITIVE / 8.0];
    let word = |bits| Bits { ty: LaneType::F64, bits };
    let functions = ScalarOp::ALL.iter().filter(|op| is_expansion(**op) && **op != ScalarOp::Powi);
    for op in functions {
        let random: Vec<f64> =
            (0..200).flat_map(|_| [f64::from_bits(next()), next() as f64 * 1e-18 - 9.0]).collect();
        for (position, x) in special.iter().chain(&random).enumerate() {
            let operands = [*x, special[position % special.len()]];
            let operands = &operands[..op.arity()];
            let words: Vec<Bits> = operands.iter().map(|x| word(x.to_bits())).collect();
            let expected = f64::from_bits(expand(&mut Evaluate, *op, &words).unwrap().bits);
            let scalars: Vec<Scalar> = operands.iter().map(|x| Scalar::F64(*x)).collect();
            let Scalar::F64(found) = eval(*op, &scalars) else { panic!("{op}") };
            let same = found.to_bits() == expected.to_bits() || (found.is_nan() && expected.is_nan());
            assert!(same, "{op} of {operands:?}: {found} is not {expected}");
        }
    }
}
