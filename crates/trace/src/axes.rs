//! Views with other axes: exchanged, added, removed, drawn out, the diagonal; arrays divided in two, and in other shapes.
//!
//! ```text
//! a.permuted_axes([1, 0, 2])             view a[.., .., ..] as [1, 0, 2]
//! a.diag()                               view a[.., ..] as [diagonal]
//! a.broadcast((n, a.len())).unwrap()     view (view a[..] as [new, 0]) as [0 to n, 1 to len a]
//! a.split_at(Axis(0), k)                 (view a[..k, ..], view a[k.., ..])
//! ```

use crate::errors::{At, Step, mistake};
use crate::state::{Held, Kind, State, Ty};
use parfuse_ir::program::{Cut, Expr, View, ViewAxis};
use parfuse_ir::{FaultKind, MAX_RANK, ScalarOp};

/// Exchanged axes.
impl State {
    /// The axes in the opposite order, to be read.
    pub(crate) fn transposed(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        let order: Vec<u8> = (0..self.axes_of(receiver)?).rev().collect();
        self.view(receiver, View::permuted(&order), false, at)
    }
    /// The axes in the opposite order, of what is moved.
    pub(crate) fn reversed_axes(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        let order: Vec<u8> = (0..self.axes_of(receiver)?).rev().collect();
        self.moved_view(receiver, View::permuted(&order), at)
    }
    /// The axes in a given order, of what is moved.
    pub(crate) fn permuted_axes(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let order = self.order_of_axes(receiver, args, at)?;
        self.moved_view(receiver, View::permuted(&order), at)
    }

    /// The numbers of all axes, in an order.
    pub(crate) fn order_of_axes(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Vec<u8>> {
        let axes = self.axes_of(receiver)?;
        let numbers = self.indices(args, at)?;
        let numbers = numbers.into_iter().map(|number| self.computed_integer(number));
        let order: Vec<u8> = numbers.filter_map(|number| u8::try_from(number?).ok()).collect();
        let mut sorted = order.clone();
        sorted.sort_unstable();
        if !sorted.into_iter().eq(0..axes) {
            return mistake(format!(
                "the axes of an array with {axes} are permuted by the constant numbers of all of them: \
                 `a.permuted_axes([1, 0])`"
            ));
        }
        Ok(order)
    }
}

/// Axes that come and go.
impl State {
    /// A new axis of length one in front of another one, or at the end.
    pub(crate) fn with_new_axis(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let axes = self.axes_of(receiver)?;
        let axis = self.axis(args[0], axes + 1, at)?;
        let cuts = vec![Cut::All; axes as usize];
        let mut kept = View::kept(&cuts);
        kept.insert(axis as usize, ViewAxis::New);
        self.moved_view(receiver, View { cuts, axes: kept }, at)
    }
    /// The first of what there is along an axis, of what is moved.
    pub(crate) fn without_axis(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let first = self.usize_constant(0, at);
        let first = self.handle(Kind::Plain(first));
        self.index_axis_moved(receiver, &[args[0], first], at)
    }
    pub(crate) fn diagonal_view(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        let view = self.diagonal(receiver)?;
        self.view(receiver, view, false, at)
    }
    pub(crate) fn diagonal_place(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        let view = self.diagonal(receiver)?;
        self.view(receiver, view, true, at)
    }
    pub(crate) fn diagonal_moved(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        let view = self.diagonal(receiver)?;
        self.moved_view(receiver, view, at)
    }
    fn diagonal(&mut self, receiver: u32) -> Step<View> {
        match self.axes_of(receiver)? {
            0 => mistake("an array without axes has no diagonal"),
            axes => Ok(View { cuts: vec![Cut::All; axes as usize], axes: vec![ViewAxis::Diagonal] }),
        }
    }

    /// The array drawn out to a shape, an `Option` that shapes which do not fit end the kernel in place of.
    pub(crate) fn broadcast(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let (mut array, axes) = self.array(receiver, "`broadcast`", at)?;
        let shape = self.indices(args, at)?;
        let Some(more) = shape.len().checked_sub(axes.into()).filter(|_| shape.len() <= MAX_RANK) else {
            return mistake(format!(
                "an array with {axes} axes does not broadcast to a shape of {} lengths",
                shape.len()
            ));
        };
        let ty = Ty { rank: Some(shape.len() as u8), ..self.ty(array) };
        if more > 0 {
            let cuts = vec![Cut::All; axes.into()];
            let mut axes = vec![ViewAxis::New; more];
            axes.extend(View::kept(&cuts));
            array = self.emit(Expr::View { array, view: View { cuts, axes } }, ty, at)?;
        }
        let cuts = vec![Cut::All; shape.len()];
        let axes = (0u8..).zip(shape).map(|(axis, length)| ViewAxis::Spread { axis, length }).collect();
        let drawn_out = self.emit(Expr::View { array, view: View { cuts, axes } }, ty, at)?;
        Ok(self.sure(Kind::Plain(drawn_out)))
    }

    /// The elements in another shape, a `Result` that an array of another length ends the kernel in place of.
    pub(crate) fn reshaped(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        self.in_shape(receiver, args, true, at)
    }
    /// The same of an array that is not moved.
    pub(crate) fn seen_reshaped(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        self.in_shape(receiver, args, false, at)
    }
    fn in_shape(&mut self, receiver: u32, args: &[u32], moved: bool, at: At) -> Step<Kind> {
        let (array, axes) = self.array(receiver, "another shape", at)?;
        let shape = self.indices(args, at)?;
        if shape.len() > MAX_RANK {
            return mistake(format!("arrays have at most {MAX_RANK} axes, not {}", shape.len()));
        }
        // A vector with new axes of length one around it is a view.
        let longer: Vec<usize> =
            (0..shape.len()).filter(|axis| self.known_integer(shape[*axis]) != Some(1)).collect();
        if let ([long], 1) = (&longer[..], axes) {
            let (wanted, present) = (shape[*long], self.len(array, at)?);
            let fits = self.op(ScalarOp::Eq, &[wanted, present], at)?;
            self.check_with(fits, FaultKind::ShapeMismatch { axis: 0 }, vec![wanted, present], at);
            let mut axes = vec![ViewAxis::New; shape.len()];
            axes[*long] = ViewAxis::Of(0);
            let view = View { cuts: vec![Cut::All], axes };
            let view = match moved {
                true => self.moved_view(receiver, view, at)?,
                false => self.view(receiver, view, false, at)?,
            };
            return Ok(self.sure(view));
        }
        let ty = Ty { rank: Some(shape.len() as u8), ..self.ty(array) };
        let elements = self.emit(Expr::Reshape { array, shape }, ty, at)?;
        Ok(self.sure(Kind::Plain(elements)))
    }
    /// All elements in row-major order.
    pub(crate) fn flattened(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        let (array, _) = self.array(receiver, "`flatten`", at)?;
        let (shape, ty) = (vec![self.len(array, at)?], self.ty(array));
        self.emit(Expr::Reshape { array, shape }, Ty { rank: Some(1), ..ty }, at).map(Kind::Plain)
    }

    /// An option that always holds something.
    pub(crate) fn sure(&mut self, content: Kind) -> Kind {
        let content = self.handle(content);
        Kind::Optional(Held::Sure(content))
    }

    /// What is in front of an index along an axis, and the rest.
    pub(crate) fn divided(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let mutable = matches!(self.kind(receiver), Kind::Place(_) | Kind::Variable { borrowed: true, .. });
        match args {
            [axis, index] => {
                let axes = self.axes_of(receiver)?;
                let axis = self.axis(*axis, axes, at)?;
                self.divided_along(receiver, axis, *index, mutable, at)
            }
            _ => self.divided_along(receiver, 0, args[0], mutable, at),
        }
    }

    /// `slice.split_at_mut(index)`.
    pub(crate) fn divided_to_change(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        self.target(receiver, "split_at_mut")?;
        self.divided_along(receiver, 0, args[0], true, at)
    }

    fn divided_along(&mut self, receiver: u32, axis: u8, index: u32, mutable: bool, at: At) -> Step<Kind> {
        let (axes, index) = (self.axes_of(receiver)?, self.size(index, "an index", at)?);
        let mut parts = Vec::new();
        for (start, end) in [(None, Some(index)), (Some(index), None)] {
            let mut cuts = vec![Cut::All; axes as usize];
            cuts[axis as usize] = Cut::Range { start, end, step: None };
            let part = self.view(receiver, View::of_cuts(cuts), mutable, at)?;
            parts.push(self.handle(part));
        }
        Ok(Kind::Tuple(parts.into()))
    }
}

/// What is moved.
impl State {
    /// A view of an array that is moved: of a variable it shows its own from then on, of a reference what that refers to.
    pub(crate) fn moved_view(&mut self, receiver: u32, view: View, at: At) -> Step<Kind> {
        match self.kind(receiver) {
            Kind::Variable { var, borrowed: false } => {
                let contents = self.read_var(var, at)?;
                let own = self.copy(contents, at)?;
                let own = self.handle(Kind::Plain(own));
                self.view(own, view, false, at)
            }
            Kind::Variable { .. } | Kind::Place(_) => self.view(receiver, view, true, at),
            _ => self.view(receiver, view, false, at),
        }
    }
}
