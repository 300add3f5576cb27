//! Lengths and broadcasting: which lengths are known to be equal or one, and what must be checked.
//!
//! ```text
//! a: known one    b: any           → b        a[0]                      no check
//! a: v0           b: v0            → v0       a[i], b[i]                no check
//! a: not one      b: not one       → a        a[i], b[i]                check a == b
//! a: not one      b: unknown       → a        a[i], b[b == 1 ? 0 : i]   check b == 1 | a == b
//! a: unknown      b: unknown       → select(a == 1, b, a)               check a == 1 | b == 1 | a == b
//! ```
//!
//! Lengths are values; two are equal if they are the same value or if a check passed before has found them
//! equal. The layout a kernel is specialised to says of each parameter's axis whether its length is one.

use super::{GivenLength, Known, Lowering, scan::Effects};
use parfuse_ir::loops::{Buffer, Expr, Layout, Origin, Value};
use parfuse_ir::{DType, FaultKind, Loc, Scalar, ScalarOp, program};

/// How an axis of an operand is indexed inside a loop over the result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Access {
    /// By the loop's index of a dimension.
    Direct(usize),
    /// By zero: the axis has length one.
    Zero,
    /// By zero if the condition holds, otherwise by the loop's index of a dimension.
    Either(Value, usize),
}

/// What is known of a length.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Length {
    One,
    NotOne,
    Unknown,
}

impl Lowering<'_> {
    /// The lengths of a buffer's axes.
    pub(super) fn shape(&mut self, buffer: Buffer) -> Vec<Value> {
        let shape = self.param_shapes.get(&buffer).or_else(|| self.known.shapes.get(&buffer));
        if let Some(shape) = shape {
            return shape.clone();
        }
        let data = self.output.buffers[buffer].clone();
        let axes = 0..data.rank;
        match data.origin {
            Origin::Param { index, layout } => {
                let mut shape: Vec<Value> = Vec::new();
                for axis in axes {
                    let length = self.param_length(index, axis, &layout, &shape);
                    shape.push(length);
                }
                self.param_shapes.insert(buffer, shape.clone());
                shape
            }
            Origin::Local => {
                let dim = |axis| self.emit(Expr::Dim { buffer, axis }, DType::Usize, Loc::NONE);
                let shape: Vec<Value> = axes.map(dim).collect();
                self.known.shapes.insert(buffer, shape.clone());
                shape
            }
        }
    }

    /// The length of an axis of a parameter, after those of the axes before it.
    fn param_length(&mut self, param: u32, axis: u8, layout: &Layout, before: &[Value]) -> Value {
        if let Some(length) = layout.length(axis) {
            return self.usize(length);
        }
        let length = match self.axes.first(GivenLength::Axis { param, axis }) {
            GivenLength::Number { param } => self.param_number(param),
            GivenLength::Axis { param: first, axis: first_axis } => {
                let buffer = self.param_buffers[first as usize].expect("axes are those of arrays");
                match () {
                    () if first != param => return self.shape(buffer)[first_axis as usize],
                    () if first_axis != axis => return before[first_axis as usize],
                    () => {}
                }
                let length = self.output.value(Expr::Dim { buffer, axis }, DType::Usize, Loc::NONE);
                self.prologue.push(parfuse_ir::loops::Stmt::Let(length));
                length
            }
        };
        self.not_one.insert(length);
        length
    }

    /// The number that a parameter is.
    fn param_number(&mut self, param: u32) -> Value {
        let is_it =
            |(_, data): &(program::Value, &program::ValueData)| data.expr == program::Expr::Param(param);
        match self.program.values.iter().find(is_it) {
            Some((value, _)) => self.scalar(value),
            None => self.output.value(Expr::Param(param), DType::Usize, Loc::NONE),
        }
    }

    /// Broadcasts shapes against each other: the shape of the result, and how each operand is indexed.
    pub(super) fn broadcast(&mut self, shapes: &[Vec<Value>], loc: Loc) -> (Vec<Value>, Vec<Vec<Access>>) {
        let rank = shapes.iter().map(Vec::len).max().unwrap_or(0);
        let mut joined: Vec<Option<Value>> = vec![None; rank];
        for shape in shapes {
            for (dimension, &length) in (rank - shape.len()..).zip(shape) {
                let wider = joined[dimension].map(|before| self.join(before, length, dimension, loc));
                joined[dimension] = wider.or(Some(length));
            }
        }
        let result: Vec<Value> = joined
            .into_iter()
            .map(|length| self.canonical(length.expect("some operand has this rank")))
            .collect();
        let accesses = shapes.iter().map(|shape| {
            let axes = shape.iter().enumerate().map(|(i, length)| (rank - shape.len() + i, *length));
            axes.map(|(dimension, length)| self.access(length, result[dimension], dimension, loc)).collect()
        });
        let accesses = accesses.collect();
        (result, accesses)
    }

    /// Broadcasts a shape to a given one: how the operand is indexed.
    pub(super) fn broadcast_to(&mut self, shape: &[Value], target: &[Value], loc: Loc) -> Vec<Access> {
        assert!(
            shape.len() <= target.len(),
            "an array of rank {} does not fit rank {}",
            shape.len(),
            target.len()
        );
        let mut accesses = Vec::new();
        for (i, &length) in shape.iter().enumerate() {
            let dimension = target.len() - shape.len() + i;
            accesses.push(self.fit(length, target[dimension], dimension, loc));
        }
        accesses
    }

    /// Broadcasts a length to that of a dimension, after the check that it needs.
    pub(super) fn fit(&mut self, length: Value, wanted: Value, dimension: usize, loc: Loc) -> Access {
        if !self.same_length(length, wanted) {
            match self.length(length) {
                Length::One => {}
                Length::NotOne => self.require_equal(wanted, length, dimension, loc),
                Length::Unknown => self.require_one_or_equal(&[length], wanted, length, dimension, loc),
            }
        }
        self.access(length, wanted, dimension, loc)
    }

    /// The length that two lengths of one dimension broadcast to, after the checks they need.
    fn join(&mut self, a: Value, b: Value, dimension: usize, loc: Loc) -> Value {
        if self.same_length(a, b) {
            return a;
        }
        match (self.length(a), self.length(b)) {
            (Length::One, _) => b,
            (_, Length::One) => a,
            (Length::NotOne, Length::NotOne) => {
                self.require_equal(a, b, dimension, loc);
                a
            }
            (Length::NotOne, Length::Unknown) => {
                self.require_one_or_equal(&[b], a, b, dimension, loc);
                a
            }
            (Length::Unknown, Length::NotOne) => {
                self.require_one_or_equal(&[a], a, b, dimension, loc);
                b
            }
            (Length::Unknown, Length::Unknown) => {
                self.require_one_or_equal(&[a, b], a, b, dimension, loc);
                let a_is_one = self.is_one(a, loc);
                self.op(ScalarOp::Select, &[a_is_one, b, a], loc)
            }
        }
    }

    /// How an axis is indexed in a loop whose extent its length broadcasts to.
    fn access(&mut self, length: Value, extent: Value, dimension: usize, loc: Loc) -> Access {
        if self.same_length(length, extent) {
            return Access::Direct(dimension);
        }
        match self.length(length) {
            Length::One => Access::Zero,
            Length::NotOne => Access::Direct(dimension),
            Length::Unknown => Access::Either(self.is_one(length, loc), dimension),
        }
    }

    fn require_equal(&mut self, a: Value, b: Value, dimension: usize, loc: Loc) {
        let ok = self.op(ScalarOp::Eq, &[a, b], loc);
        self.check(ok, FaultKind::ShapeMismatch { axis: dimension as u8 }, loc, None, vec![a, b]);
        let (a, b) = (self.canonical(a), self.canonical(b));
        // A constant is the better representative: more is known of it.
        if self.output.constant(b).is_some() { self.make_equal(a, b) } else { self.make_equal(b, a) }
    }

    /// From now on a length is represented by another one that it is equal to.
    fn make_equal(&mut self, from: Value, to: Value) {
        if from != to {
            self.known.equal.insert(from, to);
            if let Some(&least) = self.known.at_least.get(&from) {
                let known = self.known.at_least.entry(to).or_default();
                *known = least.max(*known);
            }
        }
    }

    fn require_one_or_equal(&mut self, ones: &[Value], a: Value, b: Value, dimension: usize, loc: Loc) {
        let mut ok = self.op(ScalarOp::Eq, &[a, b], loc);
        for one in ones {
            let is_one = self.is_one(*one, loc);
            ok = self.op(ScalarOp::Or, &[is_one, ok], loc);
        }
        self.check(ok, FaultKind::ShapeMismatch { axis: dimension as u8 }, loc, None, vec![a, b]);
    }

    fn is_one(&mut self, length: Value, loc: Loc) -> Value {
        let one = self.usize(1);
        self.op(ScalarOp::Eq, &[length, one], loc)
    }

    fn length(&self, length: Value) -> Length {
        let length = self.canonical(length);
        match self.output.constant(length) {
            Some(Scalar::Usize(1)) => Length::One,
            Some(_) => Length::NotOne,
            None if self.not_one.contains(&length) => Length::NotOne,
            None => Length::Unknown,
        }
    }

    /// Whether two lengths are known to be equal; if so, one represents both from now on.
    pub(super) fn same_length(&mut self, a: Value, b: Value) -> bool {
        if self.known.same_length(a, b) {
            return true;
        }
        let (own, other) = (self.form(a), self.form(b));
        if own != other {
            if !(self.not_one.contains(&self.canonical(a)) && self.not_one.contains(&self.canonical(b))) {
                self.wish_equal(&own, &other);
            }
            return false;
        }
        let (a, b) = (self.canonical(a), self.canonical(b));
        let first = self.output.constant(a).is_some() || (self.output.constant(b).is_none() && a < b);
        if first {
            self.make_equal(b, a)
        } else {
            self.make_equal(a, b)
        }
        true
    }

    /// Whether two shapes are known to be equal.
    pub(super) fn same_shape(&mut self, a: &[Value], b: &[Value]) -> bool {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| self.same_length(*a, *b))
    }

    pub(super) fn canonical(&self, length: Value) -> Value {
        self.known.canonical(length)
    }

    /// Forgets what running something may change: contents of variables, and shapes if asked to.
    pub(super) fn forget(&mut self, effects: &Effects, shapes: bool) {
        for var in &effects.assigned {
            match (self.scalar_vars.get(var), self.array_vars.get(var)) {
                (Some(scalar), _) => {
                    self.known.contents.remove(scalar);
                }
                (None, Some(buffer)) if shapes => {
                    self.known.shapes.remove(buffer);
                }
                _ => {}
            }
        }
        if effects.draws || effects.parallel {
            let draws = self.parallel.as_ref().and_then(|parallel| parallel.draws.as_ref());
            for counter in self.streams.iter().chain(draws.map(|draws| &draws.counter)) {
                self.known.contents.remove(counter);
            }
        }
    }

    /// The buffers of the local array variables among some variables.
    pub(super) fn local_arrays(&self, effects: &Effects) -> Vec<Buffer> {
        let buffers =
            effects.assigned.iter().filter_map(|var: &program::Var| self.array_vars.get(var).copied());
        buffers.filter(|buffer| self.output.buffers[*buffer].origin == Origin::Local).collect()
    }
}

impl Known {
    fn same_length(&self, a: Value, b: Value) -> bool {
        self.canonical(a) == self.canonical(b)
    }

    /// Whether two shapes are known to be equal.
    pub(super) fn same_shape(&self, a: &[Value], b: &[Value]) -> bool {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| self.same_length(*a, *b))
    }

    fn canonical(&self, mut length: Value) -> Value {
        while let Some(representative) = self.equal.get(&length) {
            length = *representative;
        }
        length
    }
}
