//! Views in the interpreter of Program: for each axis of an array, where the indices of a view lie.
//!
//! ```text
//! view a[1..-1, 3]      axis 0: 1 + 1 · i0      axis 1: 3
//! ```

use crate::value::Array;
use parfuse_ir::program::{Cut, Value, Var, View, ViewAxis};
use parfuse_ir::{FaultKind, Scalar};
use std::rc::Rc;

/// The array that a view is of.
#[derive(Clone)]
pub(crate) enum Base {
    /// The present contents of a variable.
    Var(Var),
    /// An array that does not change.
    Array(Rc<Array>),
}

/// A view whose indices have been checked.
#[derive(Clone)]
pub(crate) struct Seen {
    pub(crate) base: Base,
    /// The lengths of its axes.
    pub(crate) shape: Vec<usize>,
    /// For each axis of the array the index that zeros lead to, and how it moves with which index of the view.
    axes: Vec<(i128, Option<(usize, i128)>)>,
}

/// What is wrong with a cut, with the values to report.
type Flaw = (FaultKind, Vec<usize>);

impl Seen {
    /// All of an array.
    pub(crate) fn whole(base: Base, shape: &[usize]) -> Seen {
        let axes = (0..shape.len()).map(|axis| (0, Some((axis, 1)))).collect();
        Seen { base, shape: shape.to_vec(), axes }
    }

    /// A view of this view. `number` gives the value of an operand.
    pub(crate) fn cut(&self, view: &View, number: impl Fn(Value) -> Scalar) -> Result<Seen, Flaw> {
        let mut cuts = Vec::new();
        for (axis, (cut, length)) in view.cuts.iter().zip(&self.shape).enumerate() {
            cuts.push(run(cut, *length, axis as u8, &number)?);
        }
        let shape = view.axes.iter().map(|axis| match axis {
            ViewAxis::Of(axis) => Ok(cuts[*axis as usize].length),
            ViewAxis::New => Ok(1),
            ViewAxis::Diagonal => Ok(cuts.iter().map(|cut| cut.length).min().unwrap_or(1)),
            ViewAxis::Spread { axis, length } => cuts[*axis as usize].spread(*axis, integer(number(*length))),
        });
        let shape = shape.collect::<Result<_, Flaw>>()?;
        let position = |axis: usize| view.axes.iter().position(|own| own.follows(axis));
        let axes = self.axes.iter().map(|(start, moves)| match moves {
            None => (*start, None),
            Some((axis, step)) => {
                let run = &cuts[*axis];
                let moves = position(*axis).map(|own| (own, step * run.step));
                (start + step * run.start, moves)
            }
        });
        Ok(Seen { base: self.base.clone(), shape, axes: axes.collect() })
    }

    /// The index into the array for one into the view.
    pub(crate) fn index(&self, own: &[usize]) -> Vec<usize> {
        let index = self
            .axes
            .iter()
            .map(|(start, moves)| start + moves.map_or(0, |(axis, step)| own[axis] as i128 * step));
        index.map(|i| i as usize).collect()
    }

    /// The elements that it shows of an array.
    pub(crate) fn elements(&self, array: &Array) -> Array {
        let mut elements = Array::allocate(array.dtype, &self.shape, false);
        for index in crate::program::indices(&self.shape) {
            elements.store(&index, array.load(&self.index(&index)));
        }
        elements
    }
}

/// The indices of an axis that a cut leaves.
struct Run {
    start: i128,
    step: i128,
    length: usize,
}

impl Run {
    /// Draws it out to a length, if it has another one. Returns the length.
    fn spread(&mut self, axis: u8, to: i128) -> Result<usize, Flaw> {
        if self.length as i128 != to {
            if self.length != 1 {
                return Err((FaultKind::ShapeMismatch { axis }, vec![to as usize, self.length]));
            }
            self.step = 0;
        }
        Ok(to as usize)
    }
}

fn run(cut: &Cut, length: usize, axis: u8, number: &impl Fn(Value) -> Scalar) -> Result<Run, Flaw> {
    let written = |value: Value| integer(number(value));
    let absolute = |index: i128| if index < 0 { index + length as i128 } else { index };
    let bound = |value: Option<Value>, default: i128| {
        value.map_or((default, default), |value| {
            let written = written(value);
            (written, absolute(written))
        })
    };
    match cut {
        Cut::All => Ok(Run { start: 0, step: 1, length }),
        Cut::At(index) => {
            let written = written(*index);
            let start = absolute(written);
            match (0..length as i128).contains(&start) {
                true => Ok(Run { start, step: 0, length: 1 }),
                false => Err((FaultKind::IndexOutOfRange { axis }, vec![written as usize, length])),
            }
        }
        Cut::Range { start, end, step } => {
            let flaw = |written: i128| (FaultKind::SliceOutOfRange { axis }, vec![written as usize, length]);
            let inside = 0..=length as i128;
            let (written_start, start) = bound(*start, 0);
            let (written_end, end) = bound(*end, length as i128);
            if !inside.contains(&start) {
                return Err(flaw(written_start));
            }
            if !inside.contains(&end) {
                return Err(flaw(written_end));
            }
            let step = step.map_or(1, written);
            if step == 0 {
                return Err((FaultKind::ZeroStep, Vec::new()));
            }
            let all = (end - start).max(0);
            let length = all.unsigned_abs().div_ceil(step.unsigned_abs()) as usize;
            let first = if step < 0 && all > 0 { end - 1 } else { start };
            Ok(Run { start: first, step, length })
        }
    }
}

/// An integer of any type.
fn integer(x: Scalar) -> i128 {
    x.as_integer().expect("an integer bounds a view")
}
