//! What the iterations of a `prange` combine at places that they choose, and what they replace together.
//!
//! ```text
//! x[k] = x[k] + v             any element, whichever other iterations combine into
//! if v < best { best = v; at = i; other = w }
//! if x[k] < x[at] { at = k }  the number looked up at its position
//! if c { found = true }
//! ```

use super::{BOOL, Generator, Rounding, Slot};
use parfuse_ir::program::{Expr, Stmt, Type, Value, Var};
use parfuse_ir::{DType, ReduceOp, Scalar, ScalarOp};

/// What a loop combines and replaces, beside its variables.
#[derive(Default)]
pub(super) struct Totals {
    elements: Vec<(Slot, ScalarOp)>,
    replaced: Vec<Replaced>,
    positions: Vec<Position>,
    flags: Vec<(Var, bool)>,
}

struct Replaced {
    comparison: ScalarOp,
    number: (Var, DType),
    others: Vec<(Var, DType)>,
    at: Option<(Var, DType)>,
}

/// The position of an element, compared with others.
struct Position {
    comparison: ScalarOp,
    slot: Slot,
    at: Vec<(Var, DType)>,
}

impl Totals {
    /// The variables that nothing else in the loop may look at.
    pub(super) fn vars(&self) -> impl Iterator<Item = Var> + '_ {
        let replaced = self.replaced.iter().flat_map(|own| {
            let others = own.others.iter().chain(&own.at).map(|(var, _)| *var);
            std::iter::once(own.number.0).chain(others)
        });
        let elements = self.elements.iter().map(|(slot, _)| slot.var);
        let positions = self.positions.iter().flat_map(|own| own.at.iter().map(|(var, _)| *var));
        elements.chain(replaced).chain(positions).chain(self.flags.iter().map(|(var, _)| *var))
    }
}

impl Generator<'_> {
    /// Chooses what a `prange` combines that stores to some arrays; declares the variables.
    pub(super) fn totals(&mut self, stored: &[(Slot, u8)]) -> Totals {
        let mut totals = Totals::default();
        if self.choices.one_in(4) {
            self.choose_elements(stored, &mut totals);
        }
        if self.choices.one_in(4) {
            let number = self.declare_start();
            let others = (0..self.choices.pick(&[0, 1, 1, 2])).map(|_| self.declare_start()).collect();
            let comparisons = [ScalarOp::Lt, ScalarOp::Le, ScalarOp::Gt, ScalarOp::Ge];
            let at = self.choices.one_in(2).then(|| {
                let dtype = self.integer_type();
                let start = self.scalar(dtype);
                (self.declare(Type::scalar(dtype), start), dtype)
            });
            let comparison = self.choices.pick(&comparisons);
            totals.replaced.push(Replaced { comparison, number, others, at });
        }
        if self.choices.one_in(4) {
            self.choose_position(stored, &mut totals);
        }
        if self.choices.one_in(6) {
            let start = self.scalar(DType::Bool);
            totals.flags.push((self.declare(BOOL, start), self.choices.one_in(2)));
        }
        totals
    }

    fn choose_elements(&mut self, stored: &[(Slot, u8)], totals: &mut Totals) {
        let fits =
            |slot: &&Slot| slot.ty.rank().is_some() && stored.iter().all(|(other, _)| other.var != slot.var);
        let arrays: Vec<Slot> = self.slots.iter().filter(fits).copied().collect();
        if arrays.is_empty() {
            return;
        }
        // Of few elements, so that shares have their own of them.
        let slot = match self.choices.one_in(2) {
            true => self.few_elements(),
            false => self.choices.pick(&arrays),
        };
        let dtype = slot.ty.dtype();
        let rounds = dtype.is_float() && self.rounding != Rounding::Free;
        let fitting = ReduceOp::ALL.iter().copied().filter(|op| op.applies_to(dtype));
        let fitting: Vec<ScalarOp> = fitting.map(ReduceOp::combine).collect();
        let op = self.choices.pick(&fitting);
        if !rounds {
            totals.elements.push((slot, op));
        }
    }

    fn choose_position(&mut self, stored: &[(Slot, u8)], totals: &mut Totals) {
        let stays = |slot: &&Slot| {
            let combined = totals.elements.iter().any(|(other, _)| other.var == slot.var);
            slot.readable && !combined && stored.iter().all(|(other, _)| other.var != slot.var)
        };
        let fits = |slot: &&Slot| matches!(slot.ty, Type::Array(element, rank) if element.part().is_numeric() && rank > 0);
        let arrays: Vec<Slot> = self.slots.iter().filter(fits).filter(stays).copied().collect();
        if arrays.is_empty() {
            return;
        }
        let slot = self.choices.pick(&arrays);
        let axes = 0..slot.ty.rank().unwrap_or(0);
        let at = axes.map(|_| {
            let dtype = self.choices.pick(&[DType::Usize, DType::Usize, DType::I64, DType::I32]);
            let start = self.choices.pick(&[0, 0, 0, 1, 40]);
            let start = self.constant(Scalar::Usize(start).cast(dtype));
            (self.declare(Type::scalar(dtype), start), dtype)
        });
        let at = at.collect();
        let comparison = self.choices.pick(&[ScalarOp::Lt, ScalarOp::Le, ScalarOp::Gt, ScalarOp::Ge]);
        totals.positions.push(Position { comparison, slot, at });
    }

    /// A new array of a few elements.
    pub(super) fn few_elements(&mut self) -> Slot {
        let (dtype, few) = (self.dtype(), self.choices.pick(&[1, 2, 3, 17]));
        let mut shape = vec![self.constant(Scalar::Usize(few))];
        if self.choices.one_in(3) {
            shape.push(self.constant(Scalar::Usize(2)));
        }
        let (value, ty) = (self.scalar(dtype), Type::array(dtype, shape.len() as u8));
        let value = self.hidden(Expr::Fill { shape, value }, ty);
        let var = self.declare(ty, value);
        Slot { var, ty, readable: true, assignable: false }
    }

    /// A new variable of a type of numbers.
    fn declare_start(&mut self) -> (Var, DType) {
        let dtype = Some(self.dtype()).filter(|dtype| dtype.is_numeric()).unwrap_or(DType::F64);
        let start = self.scalar(dtype);
        (self.declare(Type::scalar(dtype), start), dtype)
    }

    /// Combines and replaces in the iteration with this index.
    pub(super) fn contribute_totals(&mut self, totals: &Totals, index: Value) {
        for &(slot, op) in &totals.elements {
            self.perhaps(|inside| inside.combine_element(slot, op));
        }
        for replaced in &totals.replaced {
            for _ in 0..self.choices.pick(&[1, 1, 2]) {
                self.perhaps(|inside| inside.replace(replaced, index));
            }
        }
        for position in &totals.positions {
            for _ in 0..self.choices.pick(&[1, 1, 1, 2]) {
                self.perhaps(|inside| inside.move_to(position));
            }
        }
        for &(var, to) in &totals.flags {
            let cond = self.scalar(DType::Bool);
            let value = self.constant(Scalar::Bool(to));
            self.block.push(Stmt::If {
                cond,
                then: vec![Stmt::Assign { var, value }],
                otherwise: Vec::new(),
            });
        }
    }

    fn perhaps(&mut self, build: impl FnOnce(&mut Self)) {
        if self.choices.one_in(3) {
            let cond = self.scalar(DType::Bool);
            let (then, ()) = self.nested(build);
            self.block.push(Stmt::If { cond, then, otherwise: Vec::new() });
        } else {
            build(self);
        }
    }

    fn combine_element(&mut self, slot: Slot, op: ScalarOp) {
        let dtype = slot.ty.dtype();
        let array = self.hidden(Expr::Var(slot.var), slot.ty);
        let axes = 0..slot.ty.rank().unwrap_or(0);
        let index: Vec<Value> = axes.map(|axis| self.index_into(array, axis)).collect();
        let value = self.scalar_of(dtype);
        let old = self.hidden(Expr::Index { array, index: index.clone() }, Type::scalar(dtype));
        let both = if self.choices.one_in(4) { vec![value, old] } else { vec![old, value] };
        let value = self.hidden(Expr::Op(op, both), Type::scalar(dtype));
        let loc = self.loc();
        self.block.push(Stmt::Store { place: slot.var.into(), index, value, loc });
    }

    fn replace(&mut self, replaced: &Replaced, index: Value) {
        let Replaced { comparison, number: (var, dtype), others, at } = replaced;
        let value = self.scalar_of(*dtype);
        let best = self.hidden(Expr::Var(*var), Type::scalar(*dtype));
        let (op, operands) = match (comparison, self.choices.one_in(3)) {
            (op, false) => (*op, vec![value, best]),
            (ScalarOp::Lt, true) => (ScalarOp::Gt, vec![best, value]),
            (ScalarOp::Le, true) => (ScalarOp::Ge, vec![best, value]),
            (ScalarOp::Gt, true) => (ScalarOp::Lt, vec![best, value]),
            (_, true) => (ScalarOp::Le, vec![best, value]),
        };
        let cond = self.hidden(Expr::Op(op, operands), BOOL);
        let (then, ()) = self.nested(|inside| {
            inside.block.push(Stmt::Assign { var: *var, value });
            for (other, dtype) in others {
                let value = inside.scalar_of(*dtype);
                inside.block.push(Stmt::Assign { var: *other, value });
            }
            if let Some((other, dtype)) = at {
                let value = inside.cast(index, *dtype);
                inside.block.push(Stmt::Assign { var: *other, value });
            }
        });
        self.block.push(Stmt::If { cond, then, otherwise: Vec::new() });
    }

    /// Moves a position to an element that compares so with the one there.
    fn move_to(&mut self, position: &Position) {
        let Position { comparison, slot, at } = position;
        let ty = Type::scalar(slot.ty.dtype());
        let array = self.hidden(Expr::Var(slot.var), slot.ty);
        let here: Vec<Value> = (0..at.len()).map(|axis| self.index_into(array, axis as u8)).collect();
        let own: Vec<Value> =
            here.iter().zip(at).map(|(index, (_, dtype))| self.cast(*index, *dtype)).collect();
        let here = own.iter().map(|own| self.cast(*own, DType::Usize)).collect();
        let mut new = self.hidden(Expr::Index { array, index: here }, ty);
        let there = at.iter().map(|(var, dtype)| {
            let read = self.hidden(Expr::Var(*var), Type::scalar(*dtype));
            self.cast(read, DType::Usize)
        });
        let there = there.collect();
        let mut old = self.hidden(Expr::Index { array, index: there }, ty);
        if self.choices.one_in(3) {
            let factor = self.constant(Scalar::I32(3).cast(ty.dtype()));
            [new, old] =
                [new, old].map(|number| self.hidden(Expr::Op(ScalarOp::Mul, vec![number, factor]), ty));
        }
        let cond = self.hidden(Expr::Op(*comparison, vec![new, old]), BOOL);
        let then = at.iter().zip(own).map(|((var, _), value)| Stmt::Assign { var: *var, value }).collect();
        self.block.push(Stmt::If { cond, then, otherwise: Vec::new() });
    }
}
