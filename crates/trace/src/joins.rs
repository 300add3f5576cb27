//! Arrays made of several: joined, stacked, with rows added or removed, the Kronecker product.
//!
//! ```text
//! concatenate![Axis(0), a, b]     check columns a == columns b
//!                                 c = fill[rows a + rows b, columns a] 0
//!                                 update (view c[..rows a, ..]), a;  update (view c[rows a.., ..]), b
//! a.push_row(x)                   a = concatenate of a and a view of x with another axis
//! kron(&a, &b)                    reshape (view a[i, new, j, new] * view b[new, k, new, l]), [i * k, j * l]
//! ```

use crate::errors::{At, Problem, Step, mistake};
use crate::records::Items;
use crate::state::{Held, Kind, State, Ty};
use parfuse_ir::program::{Cut, Expr, Place, Value, Var, View, ViewAxis};
use parfuse_ir::{FaultKind, MAX_RANK, Scalar, ScalarOp};

/// How arrays lie beside each other.
#[derive(Clone, Copy, PartialEq)]
enum Join {
    /// Along an axis that they have.
    Along,
    /// Along a new axis.
    Stacked,
}

impl State {
    /// `concatenate(Axis(k), &[a, b])`.
    pub(crate) fn concatenate(&mut self, args: &[u32], at: At) -> Step<Kind> {
        self.joined("concatenate", Join::Along, args, at)
    }

    /// `stack(Axis(k), &[a, b])`.
    pub(crate) fn stack(&mut self, args: &[u32], at: At) -> Step<Kind> {
        self.joined("stack", Join::Stacked, args, at)
    }

    fn joined(&mut self, name: &str, join: Join, args: &[u32], at: At) -> Step<Kind> {
        let Kind::Tuple(parts) = self.kind(args[1]) else {
            return mistake(format!(
                "`{name}` takes the arrays one by one, `{name}![Axis(0), a, b]` or `{name}(Axis(0), &[a.view(), b.view()])`"
            ));
        };
        let mut arrays = Vec::new();
        for part in parts {
            arrays.push(self.array(part, &format!("`{name}`"), at)?);
        }
        let Some((_, rank)) = arrays.first().copied() else {
            return mistake(format!("`{name}` of no arrays has no shape"));
        };
        if arrays.iter().any(|(_, other)| *other != rank) {
            return mistake(format!("`{name}` joins arrays with as many axes"));
        }
        let axes = rank + u8::from(join == Join::Stacked);
        if axes as usize > MAX_RANK {
            return mistake(format!("`{name}`: arrays have at most {MAX_RANK} axes"));
        }
        let axis = self.axis(args[0], axes, at)?;
        let mut values = Vec::new();
        for (array, _) in arrays {
            values.push(match join {
                Join::Along => array,
                Join::Stacked => self.with_axis(array, rank, axis, at)?,
            });
        }
        let joined = self.join(&values, axes, axis, at)?;
        let joined = self.handle(Kind::Plain(joined));
        Ok(Kind::Optional(Held::Sure(joined)))
    }

    /// A view with a new axis of length one.
    fn with_axis(&mut self, array: Value, rank: u8, axis: u8, at: At) -> Step<Value> {
        let cuts = vec![Cut::All; rank as usize];
        let mut axes = View::kept(&cuts);
        axes.insert(axis as usize, ViewAxis::New);
        let ty = Ty { rank: Some(rank + 1), ..self.ty(array) };
        self.emit(Expr::View { array, view: View { cuts, axes } }, ty, at)
    }

    /// A new array with others one behind the other along an axis.
    fn join(&mut self, parts: &[Value], rank: u8, axis: u8, at: At) -> Step<Value> {
        let along = axis as usize;
        let mut shape = self.lengths(parts[0], rank, at)?;
        let (mut lengths, dtype) = (vec![shape[along]], self.ty(parts[0]).dtype);
        for part in &parts[1..] {
            let own = self.ty(*part).dtype;
            self.unify(dtype, own, "the elements of arrays that are joined")?;
            let other = self.lengths(*part, rank, at)?;
            for (number, (a, b)) in
                (0u8..).zip(shape.iter().zip(&other)).filter(|(number, _)| *number != axis)
            {
                let same = self.op(ScalarOp::Eq, &[*a, *b], at)?;
                self.check_with(same, FaultKind::ShapeMismatch { axis: number }, vec![*a, *b], at);
            }
            lengths.push(other[along]);
        }
        let mut ends = vec![lengths[0]];
        for length in &lengths[1..] {
            let end = self.op(ScalarOp::Add, &[ends[ends.len() - 1], *length], at)?;
            ends.push(end);
        }
        shape[along] = ends[ends.len() - 1];
        let (var, _) = self.zeros("joined", shape, dtype, at)?;
        let ty = Ty { dtype, rank: Some(rank), of_arrays: false };
        let mut start = None;
        for (part, end) in parts.iter().zip(ends) {
            let mut cuts = vec![Cut::All; rank as usize];
            cuts[along] = Cut::Range { start, end: Some(end), step: None };
            let array = self.read_var(var, at)?;
            let view = self.emit(Expr::View { array, view: View::of_cuts(cuts) }, ty, at)?;
            self.update(Place { var, view: Some(view) }, *part, at)?;
            start = Some(end);
        }
        self.read_var(var, at)
    }
}

/// Arrays that grow.
impl State {
    /// `a.append(Axis(k), b)`: a `Result` that shapes which do not fit end the kernel in place of.
    pub(crate) fn append(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let rank = self.axes_of(receiver)?;
        let axis = self.axis(args[0], rank, at)?;
        let (other, other_rank) = self.array(args[1], "`append`", at)?;
        if other_rank != rank {
            return mistake(
                "`.append()` adds an array with as many axes; a row is added to a matrix by `push_row`",
            );
        }
        self.grow(receiver, "append", other, axis, at)
    }

    /// `a.push_row(x)`.
    pub(crate) fn push_row(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        self.push_part(receiver, "push_row", args[0], 0, at)
    }

    /// `a.push_column(x)`.
    pub(crate) fn push_column(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        self.push_part(receiver, "push_column", args[0], 1, at)
    }

    /// `a.push(Axis(k), x)`.
    pub(crate) fn push_along(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let rank = self.axes_of(receiver)?;
        let axis = self.axis(args[0], rank, at)?;
        let (part, part_rank) = self.array(args[1], "`push`", at)?;
        if part_rank + 1 != rank {
            return mistake(format!(
                "`.push()` adds an array with an axis less, not one with {part_rank} to one with {rank}"
            ));
        }
        let part = self.with_axis(part, part_rank, axis, at)?;
        self.grow(receiver, "push", part, axis, at)
    }

    fn push_part(&mut self, receiver: u32, name: &str, part: u32, axis: u8, at: At) -> Step<Kind> {
        let rank = self.axes_of(receiver)?;
        let (part, part_rank) = self.array(part, &format!("`{name}`"), at)?;
        if (part_rank, rank) != (1, 2) {
            return mistake(format!(
                "`.{name}()` adds an array with 1 axis to one with 2, not {part_rank} to {rank}"
            ));
        }
        let part = self.with_axis(part, part_rank, axis, at)?;
        self.grow(receiver, name, part, axis, at)
    }

    fn grow(&mut self, receiver: u32, name: &str, part: Value, axis: u8, at: At) -> Step<Kind> {
        let (var, rank) = self.owned(receiver, name)?;
        let contents = self.read_var(var, at)?;
        let joined = self.join(&[contents, part], rank, axis, at)?;
        self.set_var(var, joined);
        let unit = self.handle(Kind::Tuple(Items::default()));
        Ok(Kind::Optional(Held::Sure(unit)))
    }

    /// `a.remove_index(Axis(k), i)`.
    pub(crate) fn remove_index(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let (var, rank) = self.owned(receiver, "remove_index")?;
        let axis = self.axis(args[0], rank, at)?;
        let index = self.size(args[1], "an index", at)?;
        let array = self.read_var(var, at)?;
        let length = self.lengths(array, rank, at)?[axis as usize];
        let inside = self.op(ScalarOp::Lt, &[index, length], at)?;
        self.check_with(inside, FaultKind::IndexOutOfRange { axis }, vec![index, length], at);
        let one = self.usize_constant(1, at);
        let next = self.op(ScalarOp::Add, &[index, one], at)?;
        let ty = self.ty(array);
        let mut parts = Vec::new();
        for (start, end) in [(None, Some(index)), (Some(next), None)] {
            let mut cuts = vec![Cut::All; rank as usize];
            cuts[axis as usize] = Cut::Range { start, end, step: None };
            parts.push(self.emit(Expr::View { array, view: View::of_cuts(cuts) }, ty, at)?);
        }
        let joined = self.join(&parts, rank, axis, at)?;
        self.set_var(var, joined);
        Ok(Kind::Tuple(Items::default()))
    }

    /// The variable of an array that is the kernel's own, of which other elements may be made.
    pub(crate) fn owned(&self, receiver: u32, name: &str) -> Step<(Var, u8)> {
        match self.kind(receiver) {
            Kind::Variable { var, .. } if self.program.vars[var].param.is_none() => {
                match self.var_type(var).rank {
                    Some(rank) => Ok((var, rank)),
                    None => mistake(format!("`.{name}()` is for arrays")),
                }
            }
            Kind::Poison => Err(Problem::Reported),
            _ => mistake(format!(
                "`.{name}()` is for arrays that the kernel has made and holds in a `let mut` variable, not for views and \
                 parameters; bind a view with other axes to a name of its own"
            )),
        }
    }
}

/// Arrays seen otherwise from now on.
impl State {
    /// Has a variable hold what a view shows of its array.
    fn seen_as(&mut self, receiver: u32, name: &str, view: View, at: At) -> Step<Kind> {
        let (var, rank) = self.owned(receiver, name)?;
        if view.rank() != rank {
            return mistake(format!("`.{name}()` cannot change the number of axes of a variable"));
        }
        let array = self.read_var(var, at)?;
        let ty = self.ty(array);
        // What becomes the variable's own is copied where it is assigned.
        let seen = self.emit(Expr::View { array, view }, ty, at)?;
        self.set_var(var, seen);
        Ok(Kind::Tuple(Items::default()))
    }

    /// `a.swap_axes(0, 1)`.
    pub(crate) fn swap_axes(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let rank = self.axes_of(receiver)?;
        let (first, second) = (self.axis(args[0], rank, at)?, self.axis(args[1], rank, at)?);
        let mut order: Vec<u8> = (0..rank).collect();
        order.swap(first as usize, second as usize);
        self.seen_as(receiver, "swap_axes", View::permuted(&order), at)
    }

    /// `a.reverse_axes()`.
    pub(crate) fn reverse_axes(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        let order: Vec<u8> = (0..self.axes_of(receiver)?).rev().collect();
        self.seen_as(receiver, "reverse_axes", View::permuted(&order), at)
    }

    /// `a.permute_axes([1, 0])`.
    pub(crate) fn permute_axes(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let order = self.order_of_axes(receiver, args, at)?;
        self.seen_as(receiver, "permute_axes", View::permuted(&order), at)
    }

    /// `a.collapse_axis(Axis(k), i)`.
    pub(crate) fn collapse_axis(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let rank = self.axes_of(receiver)?;
        let axis = self.axis(args[0], rank, at)?;
        let index = self.size(args[1], "an index", at)?;
        let (array, _) = self.array(receiver, "`collapse_axis`", at)?;
        let length = self.lengths(array, rank, at)?[axis as usize];
        let inside = self.op(ScalarOp::Lt, &[index, length], at)?;
        self.check_with(inside, FaultKind::IndexOutOfRange { axis }, vec![index, length], at);
        let one = self.usize_constant(1, at);
        let next = self.op(ScalarOp::Add, &[index, one], at)?;
        let mut cuts = vec![Cut::All; rank as usize];
        cuts[axis as usize] = Cut::Range { start: Some(index), end: Some(next), step: None };
        self.seen_as(receiver, "collapse_axis", View::of_cuts(cuts), at)
    }

    /// `a.invert_axis(Axis(k))`.
    pub(crate) fn invert_axis(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let rank = self.axes_of(receiver)?;
        let axis = self.axis(args[0], rank, at)?;
        let back = self.constant(Scalar::I64(-1), at);
        let mut cuts = vec![Cut::All; rank as usize];
        cuts[axis as usize] = Cut::Range { start: None, end: None, step: Some(back) };
        self.seen_as(receiver, "invert_axis", View::of_cuts(cuts), at)
    }

    /// `a.slice_collapse(s![…])`, without indices.
    pub(crate) fn slice_collapse(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let view = self.sliced(receiver, args[0], at)?;
        self.seen_as(receiver, "slice_collapse", view, at)
    }

    /// `a.slice_axis_inplace(Axis(k), indices)`.
    pub(crate) fn slice_axis_inplace(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let view = self.sliced_along(receiver, args, at)?;
        self.seen_as(receiver, "slice_axis_inplace", view, at)
    }
}

impl State {
    /// `kron(&a, &b)`: each element of one times all of the other.
    pub(crate) fn kron(&mut self, args: &[u32], at: At) -> Step<Kind> {
        let mut spread = Vec::new();
        let mut shape: Vec<Value> = Vec::new();
        for (number, arg) in args.iter().enumerate() {
            let (array, rank) = self.array(*arg, "`kron`", at)?;
            if rank != 2 {
                return mistake("`kron` is for arrays with 2 axes");
            }
            let lengths = self.lengths(array, 2, at)?;
            shape = match shape.is_empty() {
                true => lengths,
                false => {
                    let products = shape.iter().zip(lengths);
                    products.map(|(a, b)| self.op(ScalarOp::Mul, &[*a, b], at)).collect::<Step<_>>()?
                }
            };
            let axes = match number {
                0 => [ViewAxis::Of(0), ViewAxis::New, ViewAxis::Of(1), ViewAxis::New],
                _ => [ViewAxis::New, ViewAxis::Of(0), ViewAxis::New, ViewAxis::Of(1)],
            };
            let view = View { cuts: vec![Cut::All; 2], axes: axes.to_vec() };
            let ty = Ty { rank: Some(4), ..self.ty(array) };
            spread.push(self.emit(Expr::View { array, view }, ty, at)?);
        }
        let array = self.homogeneous(ScalarOp::Mul, &spread, "`kron`", at)?;
        let ty = Ty { rank: Some(2), ..self.ty(array) };
        self.emit(Expr::Reshape { array, shape }, ty, at).map(Kind::Plain)
    }
}
