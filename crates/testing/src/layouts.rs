//! Where in memory the arrays of a call lie: axes in any order, reversed, with gaps, repeated, or one array in another.
//!
//! ```text
//! values       a = [1, 2, 3]   b = [2, 3, 5]   c = [7, 7, 7]
//! memory       1 2 3 5         a and b overlap          7     c has stride 0
//! ```
//!
//! Which layouts are possible is found in the values: arrays that are only read may share memory where they agree, and
//! an axis along which all elements are the same may be a single one.

use crate::Choices;
use ndarray::{ArrayView, ArrayViewMut, Axis, IxDyn, ShapeBuilder};
use parfuse::Binder;
use parfuse_interp::{Array, Value};
use parfuse_ir::program::Param;
use parfuse_ir::{DType, Scalar, for_each_dtype};
use std::rc::Rc;

/// How far apart two arrays begin at most that share memory.
const MOST_APART: usize = 4;

/// The arguments of a call, laid out.
pub(crate) struct Arguments(Vec<Argument>);

enum Argument {
    Scalar(Scalar),
    Read(Rc<Memory>, Layout),
    Written(Memory, Layout),
}

/// Which elements of the memory are those of an array.
struct Layout {
    offset: usize,
    shape: Vec<usize>,
    strides: Vec<usize>,
    /// An axis that goes backwards.
    reversed: Option<usize>,
}

impl Layout {
    /// In an order of axes, the last one's elements beside each other or with gaps.
    fn ordered(shape: &[usize], axes: impl Iterator<Item = usize>, gap: usize) -> Layout {
        let (mut strides, mut stride) = (vec![0; shape.len()], gap);
        for axis in axes {
            strides[axis] = stride;
            stride *= shape[axis].max(1);
        }
        Layout { offset: 0, shape: shape.to_vec(), strides, reversed: None }
    }

    fn row_major(shape: &[usize]) -> Layout {
        Layout::ordered(shape, (0..shape.len()).rev(), 1)
    }

    fn any(shape: &[usize], choices: &mut Choices) -> Layout {
        let axes = 0..shape.len();
        let layout = match choices.below(8) {
            1 => Layout::ordered(shape, axes, 1),
            // Such as those of a field of structs.
            2 => Layout::ordered(shape, axes.rev(), choices.pick(&[2, 2, 3, 5, 16])),
            3 => Layout { offset: 1, ..Layout::row_major(shape) },
            _ => Layout::row_major(shape),
        };
        let reversed = (!shape.is_empty() && choices.one_in(6)).then(|| choices.below(shape.len()));
        Layout { reversed, ..layout }
    }

    /// With stride 0 along the axes on which all elements are the same, if there are any.
    fn repeating(array: &Array) -> Option<Layout> {
        let (mut layout, mut found) = (Layout::row_major(&array.shape), false);
        let elements = array.scalars();
        for (axis, (n, stride)) in array.shape.iter().zip(layout.strides.clone()).enumerate() {
            let repeats =
                |(at, x): (usize, &Scalar)| (at / stride).is_multiple_of(*n) || elements[at - stride] == *x;
            if *n > 1 && elements.iter().enumerate().all(repeats) {
                (layout.strides[axis], found) = (0, true);
            }
        }
        found.then_some(layout)
    }

    /// Where in memory each element lies, in row-major order.
    fn positions(&self) -> Vec<usize> {
        let mut positions = vec![self.offset];
        for (axis, (n, stride)) in self.shape.iter().zip(&self.strides).enumerate() {
            let reversed = self.reversed == Some(axis);
            let along =
                |start: usize| (0..*n).map(move |i| start + if reversed { n - 1 - i } else { i } * stride);
            positions = positions.into_iter().flat_map(along).collect();
        }
        positions
    }
}

macro_rules! define_memory {
    ($(($variant:ident, $rust:ty, $name:literal, $class:ident)),* $(,)?) => {
        /// Elements of one type.
        enum Memory {
            $($variant(Vec<$rust>)),*
        }

        impl Memory {
            /// So many elements that belong to no array.
            fn filler(dtype: DType, length: usize) -> Memory {
                match dtype {
                    $(DType::$variant => match Scalar::from_bits(dtype, 0x5a5a_5a5a_5a5a_5a5b) {
                        Scalar::$variant(x) => Memory::$variant(vec![x; length]),
                        other => unreachable!("{other} of {dtype}"),
                    })*
                }
            }

            fn set(&mut self, position: usize, x: Scalar) {
                match (self, x) {
                    $((Memory::$variant(elements), Scalar::$variant(x)) => elements[position] = x,)*
                    (_, other) => unreachable!("{other} in memory of another type"),
                }
            }

            fn get(&self, position: usize) -> Scalar {
                match self {
                    $(Memory::$variant(elements) => Scalar::$variant(elements[position])),*
                }
            }

            fn dtype(&self) -> DType {
                match self {
                    $(Memory::$variant(_) => DType::$variant),*
                }
            }

            fn bind<'a>(&'a self, layout: &Layout, binder: &mut Binder<'a>) {
                let shape = IxDyn(&layout.shape).strides(IxDyn(&layout.strides));
                match self {
                    $(Memory::$variant(elements) => {
                        let view = ArrayView::from_shape(shape, &elements[layout.offset..]);
                        let mut view = view.expect("the layout lies in the memory");
                        layout.reversed.into_iter().for_each(|axis| view.invert_axis(Axis(axis)));
                        binder.array(view);
                    })*
                }
            }

            fn bind_mut<'a>(&'a mut self, layout: &Layout, binder: &mut Binder<'a>) {
                let shape = IxDyn(&layout.shape).strides(IxDyn(&layout.strides));
                match self {
                    $(Memory::$variant(elements) => {
                        let view = ArrayViewMut::from_shape(shape, &mut elements[layout.offset..]);
                        let mut view = view.expect("the layout lies in the memory");
                        layout.reversed.into_iter().for_each(|axis| view.invert_axis(Axis(axis)));
                        binder.array_mut(view);
                    })*
                }
            }
        }
    };
}
for_each_dtype!(define_memory);

impl Memory {
    /// The array in memory of its own.
    fn of(array: &Array, layout: &Layout) -> Memory {
        // Axes reach so far even if another has no elements.
        let reach = layout.shape.iter().zip(&layout.strides).map(|(n, stride)| n.saturating_sub(1) * stride);
        let mut memory = Memory::filler(array.dtype, layout.offset + reach.sum::<usize>() + 1);
        for (position, x) in layout.positions().into_iter().zip(array.scalars()) {
            memory.set(position, x);
        }
        memory
    }

    /// Memory in which both arrays lie, the second some elements after the first.
    fn of_both(first: &Array, second: &Array) -> Option<(Memory, usize)> {
        let (xs, ys) = (first.scalars(), second.scalars());
        if first.dtype != second.dtype || xs.is_empty() || ys.is_empty() {
            return None;
        }
        let common = |apart: usize| (xs.len() - apart).min(ys.len());
        let apart = (0..xs.len().min(MOST_APART + 1))
            .find(|apart| xs[*apart..*apart + common(*apart)] == ys[..common(*apart)])?;
        let all: Vec<Scalar> = xs.iter().chain(&ys[common(apart)..]).copied().collect();
        let all = Array::new(first.dtype, &[all.len()], all);
        Some((Memory::of(&all, &Layout::row_major(&all.shape)), apart))
    }
}

impl Arguments {
    /// Lays out the arguments of a program: arrays that it writes each in memory of its own.
    pub(crate) fn new(values: &[Value], params: &[Param], choices: &mut Choices) -> Arguments {
        let mut arguments: Vec<Argument> = Vec::new();
        for (value, param) in values.iter().zip(params) {
            let argument = match value {
                Value::Scalar(x) => Argument::Scalar(*x),
                Value::Array(array) if param.mutable => {
                    let layout = Layout::any(&array.shape, choices);
                    Argument::Written(Memory::of(array, &layout), layout)
                }
                Value::Array(array) => match sharing(values, &mut arguments, array, choices) {
                    Some(argument) => argument,
                    None => {
                        let repeating = if choices.one_in(4) { None } else { Layout::repeating(array) };
                        let layout = repeating.unwrap_or_else(|| Layout::any(&array.shape, choices));
                        Argument::Read(Rc::new(Memory::of(array, &layout)), layout)
                    }
                },
            };
            arguments.push(argument);
        }
        Arguments(arguments)
    }

    pub(crate) fn bind<'a>(&'a mut self, binder: &mut Binder<'a>) {
        for argument in &mut self.0 {
            match argument {
                Argument::Scalar(x) => bind_scalar(*x, binder),
                Argument::Read(memory, layout) => memory.bind(layout, binder),
                Argument::Written(memory, layout) => memory.bind_mut(layout, binder),
            }
        }
    }

    /// The arrays that the program may have written.
    pub(crate) fn written(&self) -> impl Iterator<Item = Value> {
        self.0.iter().filter_map(|argument| match argument {
            Argument::Written(memory, layout) => {
                let elements = layout.positions().into_iter().map(|at| memory.get(at)).collect();
                Some(Value::Array(Array::new(memory.dtype(), &layout.shape, elements)))
            }
            _ => None,
        })
    }
}

/// An array that is read, in memory shared with one of those before it, if it can be.
fn sharing(
    values: &[Value],
    arguments: &mut [Argument],
    array: &Array,
    choices: &mut Choices,
) -> Option<Argument> {
    let read = |argument: &Argument| matches!(argument, Argument::Read(..));
    let found = arguments.iter().zip(values).enumerate().find_map(|(other, (argument, value))| match value {
        Value::Array(first) if read(argument) => Some((other, first, Memory::of_both(first, array)?)),
        _ => None,
    });
    let (other, first, (memory, offset)) = found?;
    if choices.one_in(4) {
        return None;
    }
    let memory = Rc::new(memory);
    arguments[other] = Argument::Read(memory.clone(), Layout::row_major(&first.shape));
    Some(Argument::Read(memory, Layout { offset, ..Layout::row_major(&array.shape) }))
}

macro_rules! define_bind_scalar {
    ($(($variant:ident, $rust:ty, $name:literal, $class:ident)),* $(,)?) => {
        fn bind_scalar(x: Scalar, binder: &mut Binder<'_>) {
            match x {
                $(Scalar::$variant(x) => binder.scalar(x)),*
            }
        }
    };
}
for_each_dtype!(define_bind_scalar);

#[cfg(test)]
mod tests {
    use super::*;

    fn array(shape: &[usize], numbers: &[i64]) -> Array {
        Array::new(DType::I64, shape, numbers.iter().map(|x| Scalar::I64(*x)).collect())
    }

    #[test]
    fn equal_elements_along_an_axis_are_repeated() {
        let strides = |shape: &[usize], numbers: &[i64]| {
            Layout::repeating(&array(shape, numbers)).map(|layout| layout.strides)
        };
        assert_eq!(strides(&[3], &[7, 7, 7]), Some(vec![0]));
        assert_eq!(strides(&[2, 3], &[1, 2, 3, 1, 2, 3]), Some(vec![0, 1]));
        assert_eq!(strides(&[2, 2], &[1, 1, 2, 2]), Some(vec![2, 0]));
        assert_eq!(strides(&[2, 2], &[1, 2, 2, 1]), None);
        assert_eq!(strides(&[0], &[]), None);
    }

    #[test]
    fn arrays_that_agree_overlap() {
        let (memory, apart) =
            Memory::of_both(&array(&[3], &[1, 2, 3]), &array(&[2, 2], &[2, 3, 4, 5])).unwrap();
        assert_eq!(apart, 1);
        let all: Vec<Scalar> = (0..5).map(|at| memory.get(at)).collect();
        assert_eq!(all, [1, 2, 3, 4, 5].map(Scalar::I64));
        assert!(Memory::of_both(&array(&[2], &[1, 2]), &array(&[2], &[3, 1])).is_none());
    }

    #[test]
    fn arrays_are_read_back_from_any_layout() {
        let numbers: Vec<i64> = (0..24).collect();
        let value = Value::Array(array(&[2, 3, 4], &numbers));
        let param = Param { name: "a".into(), ty: value.ty(), mutable: true };
        for seed in 0..40 {
            let params = std::slice::from_ref(&param);
            let laid = Arguments::new(std::slice::from_ref(&value), params, &mut Choices::seeded(seed));
            assert_eq!(laid.written().collect::<Vec<_>>(), std::slice::from_ref(&value));
        }
    }
}
