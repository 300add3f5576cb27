//! Products, as of matrices: sums over a further index, written as loops in any order.
//!
//! ```text
//! prange i { for j { s = 0   for k { s = s + x[i, k] * y[k, j] }   store r[i, j] s } }
//! for k { for i { for j { store r[j, i]  r[j, i] + x[i, j] * y[k, k] } } }
//! ```
//! Ranges end where the shortest axis does that their index walks along, so that no index is out of range.

use super::{Generator, Slot, USIZE};
use parfuse_ir::program::{Expr, Stmt, Type, Value};
use parfuse_ir::{DType, FaultKind, Scalar, ScalarOp};

/// The index that is summed over; the ones before it are those of the result.
const SUMMED: usize = 2;

/// An array and which of the three indices walks along each of its axes.
#[derive(Clone)]
struct Factor {
    array: Value,
    indices: Vec<usize>,
}

/// Three loops and what they compute.
struct Nest {
    result: Slot,
    /// Which indices walk along the result's axes.
    own: Vec<usize>,
    factors: Vec<Factor>,
    /// Where the range of each index ends.
    ends: [Value; 3],
    /// Whether sums are taken in a variable, rather than in the element.
    in_variable: bool,
}

impl Generator<'_> {
    /// Loops that sum products of elements.
    pub(super) fn products(&mut self) {
        let Some(result) = self.numbers_to_update() else { return };
        let mut own = vec![0, 1];
        if self.choices.one_in(3) {
            own.reverse();
        }
        own.truncate(result.ty.rank().unwrap_or(1) as usize);
        let slots = self.slots.clone();
        self.slots.iter_mut().filter(|slot| slot.var == result.var).for_each(|slot| slot.readable = false);
        let factors: Vec<Factor> = (0..1 + self.choices.below(2)).map(|number| self.factor(number)).collect();
        self.slots = slots;

        let target = self.hidden(Expr::Var(result.var), result.ty);
        let all = factors.iter().cloned().chain([Factor { array: target, indices: own.clone() }]);
        let all: Vec<Factor> = all.collect();
        let ends = [0, 1, SUMMED].map(|index| self.end_of(index, &all));
        if self.choices.one_in(6) {
            self.check_terms(&factors, ends[SUMMED]);
        }
        let mut order = vec![0, 1, SUMMED];
        let in_variable = self.choices.below(2) == 0;
        // Sums in a variable are those of the innermost loop.
        let free = if in_variable { SUMMED } else { order.len() };
        for place in 1..free {
            order.swap(place, self.choices.below(place + 1));
        }
        let nest = Nest { result, own, factors, ends, in_variable };
        self.product_loops(&nest, &order, &mut [None; 3]);
    }

    /// An array, and indices for its axes: most often those of the first or the second matrix of a product.
    fn factor(&mut self, number: usize) -> Factor {
        let array = self.any_array();
        let rank = self.program.ty(array).rank().unwrap_or(0);
        if rank == 2 && !self.choices.one_in(4) {
            return Factor { array, indices: [vec![0, SUMMED], vec![SUMMED, 1]][number].clone() };
        }
        let indices = (0..rank).map(|_| self.choices.pick(&[0, 1, SUMMED, SUMMED])).collect();
        Factor { array, indices }
    }

    /// Checks that the axes that are summed over have as many elements.
    fn check_terms(&mut self, factors: &[Factor], terms: Value) {
        let summed = |factor: &&Factor| factor.indices.last() == Some(&SUMMED);
        let Some(Factor { array, indices }) = factors.iter().find(summed) else { return };
        let length = Expr::Dim { array: *array, axis: indices.len() as u8 - 1 };
        let length = self.hidden(length, USIZE);
        let ok = self.hidden(Expr::Op(ScalarOp::Eq, vec![length, terms]), Type::scalar(DType::Bool));
        let loc = self.loc();
        let kind = FaultKind::ProductMismatch;
        self.block.push(Stmt::Check { ok, kind, args: vec![length, terms], loc });
    }

    /// The length of the shortest axis that an index walks along.
    fn end_of(&mut self, index: usize, all: &[Factor]) -> Value {
        let mut shortest = None;
        for Factor { array, indices } in all {
            for axis in (0..indices.len()).filter(|axis| indices[*axis] == index) {
                let length = self.hidden(Expr::Dim { array: *array, axis: axis as u8 }, USIZE);
                shortest = Some(match shortest {
                    None => length,
                    Some(before) => self.hidden(Expr::Op(ScalarOp::Min, vec![before, length]), USIZE),
                });
            }
        }
        shortest.unwrap_or_else(|| self.constant(Scalar::Usize(2)))
    }

    fn product_loops(&mut self, nest: &Nest, order: &[usize], indices: &mut [Option<Value>; 3]) {
        let Some((index, inner)) = order.split_first() else { return self.add_product(nest, indices) };
        let dtype = self.integer_type();
        // Iterations of a parallel loop have elements of their own.
        let outermost = indices.iter().all(Option::is_none);
        let parallel = outermost && nest.own.contains(index) && self.choices.one_in(2);
        let range = self.range_of(0, nest.ends[*index], dtype);
        let sums = nest.in_variable && *index == SUMMED;
        let ty = Type::scalar(nest.result.ty.dtype());
        let sum = sums.then(|| {
            let zero = self.constant(ty.dtype().zero());
            self.declare(ty, zero)
        });
        self.loop_over(range, parallel, &mut |inside, _, own| {
            indices[*index] = Some(inside.cast(own, USIZE.dtype()));
            match sum {
                None => inside.product_loops(nest, inner, indices),
                Some(var) => {
                    let product = inside.product_of(&nest.factors, indices, ty.dtype());
                    let before = inside.hidden(Expr::Var(var), ty);
                    let value = inside.hidden(Expr::Op(ScalarOp::Add, vec![before, product]), ty);
                    inside.block.push(Stmt::Assign { var, value });
                }
            }
            indices[*index] = None;
        });
        if let Some(var) = sum {
            let value = self.hidden(Expr::Var(var), ty);
            self.store_result(nest, indices, value);
        }
    }

    /// Adds a product to the element of the result.
    fn add_product(&mut self, nest: &Nest, indices: &[Option<Value>; 3]) {
        let ty = Type::scalar(nest.result.ty.dtype());
        let array = self.hidden(Expr::Var(nest.result.var), nest.result.ty);
        let index = at(&nest.own, indices);
        let before = self.hidden(Expr::Index { array, index }, ty);
        let value = match &nest.factors[..] {
            [a, b] if ty.dtype().is_float() && self.choices.one_in(2) => {
                let [a, b] = [a, b].map(|factor| self.term_of(factor, indices, ty.dtype()));
                self.hidden(Expr::Op(ScalarOp::MulAdd, vec![a, b, before]), ty)
            }
            factors => {
                let product = self.product_of(factors, indices, ty.dtype());
                self.hidden(Expr::Op(ScalarOp::Add, vec![before, product]), ty)
            }
        };
        self.store_result(nest, indices, value);
    }

    fn term_of(&mut self, factor: &Factor, indices: &[Option<Value>; 3], dtype: DType) -> Value {
        let element = Type::scalar(self.program.ty(factor.array).dtype());
        let index = at(&factor.indices, indices);
        let element = self.hidden(Expr::Index { array: factor.array, index }, element);
        self.cast(element, dtype)
    }

    /// The product of the factors' elements.
    fn product_of(&mut self, factors: &[Factor], indices: &[Option<Value>; 3], dtype: DType) -> Value {
        let mut product = None;
        for factor in factors {
            let element = self.term_of(factor, indices, dtype);
            product = Some(match product {
                None => element,
                Some(before) => {
                    self.hidden(Expr::Op(ScalarOp::Mul, vec![before, element]), Type::scalar(dtype))
                }
            });
        }
        product.expect("there is a factor")
    }

    fn store_result(&mut self, nest: &Nest, indices: &[Option<Value>; 3], value: Value) {
        let (index, loc) = (at(&nest.own, indices), self.loc());
        self.block.push(Stmt::Store { place: nest.result.var.into(), index, value, loc });
    }
}

/// The indices of an element.
fn at(axes: &[usize], indices: &[Option<Value>; 3]) -> Vec<Value> {
    axes.iter().map(|index| indices[*index].expect("the loop is around")).collect()
}
