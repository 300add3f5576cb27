//! Arguments for random programs: of chosen lengths, with the values that matter. Some arrays repeat their elements, and
//! some show those of others, so that they can share memory (`layouts`).

use crate::Choices;
use crate::extremes::extreme;
use crate::generate::COMPLEX;
use ndarray::{ArrayD, Axis, IxDyn, Slice};
use parfuse::Dynamic;
use parfuse_interp::{Array, Value};
use parfuse_ir::program::{Program, Type};
use parfuse_ir::{AnyElement, Class, DType, MAX_RANK, Scalar, element_type, for_each_dtype};

/// The length of an axis, by its position counted from the last. Axes before these have lengths of their own.
pub type Sizes = [usize; 3];

/// The lengths of further axes.
const FURTHER: [usize; MAX_RANK - 3] = [2, 1, 3];

/// Arguments for a program. Most arrays have the lengths asked for, some an axis of length one, few another.
pub fn random_arguments(program: &Program, sizes: Sizes, choices: &mut Choices) -> Vec<Value> {
    let mut arguments: Vec<Value> = Vec::new();
    for param in &program.params {
        let parts = param.ty.rank().filter(|_| param.name.starts_with(COMPLEX)).map(|_| 2);
        let mut argument = random_argument(param.ty, parts, sizes, choices);
        if let Value::Array(array) = &mut argument {
            match choices.below(12) {
                10 => repeat(array),
                11 => show(&arguments, array, choices),
                _ => {}
            }
        }
        arguments.push(argument);
    }
    arguments
}

/// An argument of a type; `parts` is the length of an array's last axis if it is one of complex numbers.
fn random_argument(ty: Type, parts: Option<usize>, sizes: Sizes, choices: &mut Choices) -> Value {
    let wild = choices.one_in(4);
    let dtype = ty.dtype();
    match ty {
        Type::Scalar(_) => Value::Scalar(element(dtype, wild, choices)),
        Type::Array(_, rank) => {
            let lengths = sizes.iter().chain(&FURTHER).copied();
            let mut shape: Vec<usize> = lengths.take(rank as usize - parts.iter().len()).collect();
            shape.reverse();
            for length in &mut shape {
                if choices.one_in(10) {
                    *length = 1;
                } else if choices.one_in(60) {
                    *length += 1;
                }
            }
            shape.extend(parts);
            let count = shape.iter().product();
            let elements = (0..count).map(|_| element(dtype, wild, choices)).collect();
            Value::Array(Array::new(dtype, &shape, elements))
        }
    }
}

/// A small number, or with some luck one at which something changes.
fn element(dtype: DType, wild: bool, choices: &mut Choices) -> Scalar {
    let small = choices.below(40) as i64 - 12;
    if wild && choices.below(4) > 0 {
        return extreme(dtype, choices);
    }
    match dtype.class() {
        Class::Bool => Scalar::Bool(small > 4),
        Class::Unsigned => Scalar::Usize(small.unsigned_abs() as usize).cast(dtype),
        Class::Signed => Scalar::I64(small).cast(dtype),
        Class::Float => Scalar::F64(small as f64 / 4.0 + 0.1).cast(dtype),
    }
}

/// Makes all elements of the array the first.
fn repeat(array: &mut Array) {
    let first = array.elements.first().copied();
    first.into_iter().for_each(|first| array.elements.fill(first));
}

/// Makes the array show the elements of one before it, perhaps some elements on.
fn show(others: &[Value], array: &mut Array, choices: &mut Choices) {
    let same_type = |value: &&Array| value.dtype == array.dtype;
    let mut arrays = others.iter().filter_map(|value| match value {
        Value::Array(array) => Some(array),
        Value::Scalar(_) => None,
    });
    let Some(other) = arrays.rfind(same_type) else { return };
    let apart = choices.pick(&[0, 0, 1, 2]);
    for (element, shown) in array.elements.iter_mut().zip(other.elements.iter().skip(apart)) {
        *element = *shown;
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

        /// What the library returned, as the interpreters have it: of a complex number its parts.
        pub(crate) fn plain(dynamic: &Dynamic) -> Vec<Value> {
            match dynamic {
                Dynamic::Scalar(x) => vec![Value::Scalar(*x)],
                Dynamic::Complex(re, im) => vec![Value::Scalar(*re), Value::Scalar(*im)],
                Dynamic::Complex32(array) => vec![plain_array(array)],
                Dynamic::Complex64(array) => vec![plain_array(array)],
                $(Dynamic::$variant(array) => vec![plain_array(array)],)*
            }
        }
    };
}
for_each_dtype!(define_conversions);

/// An array as the interpreters have it: the parts of complex numbers lie along one axis more.
fn plain_array<T: AnyElement>(array: &ArrayD<T>) -> Value {
    let elements = array.iter().flat_map(|x| element_type::scalars(*x)).collect();
    let mut shape = array.shape().to_vec();
    shape.extend((T::PARTS > 1).then_some(T::PARTS));
    Value::Array(Array::new(T::TYPE.part(), &shape, elements))
}

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
