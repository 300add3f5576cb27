//! Arguments for random programs: of chosen lengths, with the values that matter, in any layout.

use crate::Choices;
use ndarray::{ArrayD, Axis, IxDyn, Slice};
use parfuse::Dynamic;
use parfuse_interp::{Array, Value};
use parfuse_ir::program::{Program, Type};
use parfuse_ir::{DType, Scalar, for_each_dtype};

/// The length of an axis, by its position counted from the last.
pub type Sizes = [usize; 3];

/// Arguments for a program. Most arrays have the lengths asked for, some an axis of length one, few another.
pub fn random_arguments(program: &Program, sizes: Sizes, choices: &mut Choices) -> Vec<Value> {
    program.params.iter().map(|param| random_argument(param.ty, sizes, choices)).collect()
}

fn random_argument(ty: Type, sizes: Sizes, choices: &mut Choices) -> Value {
    let wild = choices.one_in(4);
    match ty {
        Type::Scalar(dtype) => Value::Scalar(element(dtype, wild, choices)),
        Type::Array(dtype, rank) => {
            let mut shape: Vec<usize> = sizes[..rank as usize].iter().rev().copied().collect();
            for length in &mut shape {
                if choices.one_in(10) {
                    *length = 1;
                } else if choices.one_in(60) {
                    *length += 1;
                }
            }
            let count = shape.iter().product();
            let elements = (0..count).map(|_| element(dtype, wild, choices)).collect();
            Value::Array(Array::new(dtype, &shape, elements))
        }
    }
}

/// A small number, or with some luck one from the far ends of its type.
fn element(dtype: DType, wild: bool, choices: &mut Choices) -> Scalar {
    let small = choices.below(40) as i64 - 12;
    if !wild {
        return match dtype {
            DType::Bool => Scalar::Bool(small > 4),
            DType::Usize => Scalar::Usize(small.unsigned_abs() as usize),
            DType::I32 | DType::I64 => Scalar::I64(small).cast(dtype),
            DType::F32 | DType::F64 => Scalar::F64(small as f64 / 4.0 + 0.1).cast(dtype),
        };
    }
    match dtype {
        DType::F32 => Scalar::F32(choices.pick(&[
            0.0,
            -0.0,
            1.5,
            -2.5,
            1e-40,
            3.0e38,
            f32::INFINITY,
            f32::NEG_INFINITY,
            f32::NAN,
            0.1,
        ])),
        DType::F64 => Scalar::F64(choices.pick(&[
            0.0,
            -0.0,
            1.5,
            -2.5,
            1e-310,
            1.0e308,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::NAN,
            0.1,
        ])),
        _ => {
            let extremes = [0, 1, u64::MAX, 1 << 63, (1 << 63) - 1, 1 << 31, (1 << 31) - 1, small as u64];
            Scalar::from_bits(dtype, choices.pick(&extremes))
        }
    }
}

/// The argument as the library takes it, in row-major order.
pub fn dynamic(argument: &Value) -> Dynamic {
    rearranged(argument, &mut Choices::from_bytes(&[]))
}

macro_rules! define_conversions {
    ($(($variant:ident, $rust:ty, $name:literal, $class:ident)),* $(,)?) => {
        /// The argument as the library takes it: in row-major or column-major order, reversed, or with gaps.
        pub fn rearranged(argument: &Value, choices: &mut Choices) -> Dynamic {
            let array = match argument {
                Value::Scalar(x) => return Dynamic::Scalar(*x),
                Value::Array(array) => array,
            };
            match array.dtype {
                $(DType::$variant => {
                    let elements = array.scalars().into_iter().map(|x| match x {
                        Scalar::$variant(x) => x,
                        other => unreachable!("{other} in an array of {}", $name),
                    });
                    let elements = elements.collect();
                    let array = ArrayD::from_shape_vec(IxDyn(&array.shape), elements);
                    Dynamic::$variant(in_some_layout(array.expect("as many elements"), choices))
                })*
            }
        }

        /// What the library returned, as the interpreters have it.
        pub(crate) fn plain(dynamic: &Dynamic) -> Value {
            match dynamic {
                Dynamic::Scalar(x) => Value::Scalar(*x),
                $(Dynamic::$variant(array) => {
                    let elements = array.iter().map(|x| Scalar::$variant(*x)).collect();
                    Value::Array(Array::new(DType::$variant, array.shape(), elements))
                })*
            }
        }
    };
}
for_each_dtype!(define_conversions);

/// The same array with other strides.
fn in_some_layout<T: Copy>(array: ArrayD<T>, choices: &mut Choices) -> ArrayD<T> {
    let rank = array.ndim();
    if rank == 0 || array.is_empty() {
        return array;
    }
    let axis = Axis(choices.below(rank));
    match choices.below(8) {
        1 => {
            let mut reversed = array.clone();
            reversed.invert_axis(axis);
            let mut moved = reversed.as_standard_layout().into_owned();
            moved.invert_axis(axis);
            moved
        }
        2 => {
            let (length, mut shape) = (array.len_of(axis), array.shape().to_vec());
            shape[axis.0] = 2 * length;
            let first = *array.iter().next().expect("it is not empty");
            let mut wide = ArrayD::from_elem(IxDyn(&shape), first);
            wide.slice_axis_mut(axis, Slice::new(0, None, 2)).assign(&array);
            wide.slice_axis_inplace(axis, Slice::new(0, None, 2));
            wide
        }
        3 => array.t().as_standard_layout().into_owned().reversed_axes(),
        _ => array,
    }
}
