//! Products of all elements of an array of complex numbers, or along an axis: element after element, for the product is none
//! of the parts.
//!
//! ```text
//! v4 = reduce product v3 along 0     for i { x0 = 1; x1 = 0;  for k { (x0, x1) = (x0, x1) · v3[k, i] }
//!                                            store x2[i], x0;  store x3[i], x1 }
//! ```

use super::{Split, part_name};
use parfuse_ir::Part;
use parfuse_ir::program::{Expr, Order, Stmt, Type, Value, Var, VarData};
use parfuse_ir::{DType, Loc};

impl Split<'_> {
    /// The parts of the product of an array's elements; with an axis, arrays of the parts of those along it.
    pub(super) fn product(&mut self, value: Value, array: Value, axis: Option<u8>) -> [Value; 2] {
        let loc = self.program.values[value].loc;
        let lengths = self.lengths(array, loc);
        let Some(axis) = axis.map(usize::from) else {
            return self.multiplied(value, array, &lengths, |indices| indices.to_vec());
        };
        let (mut others, along) = (lengths, axis);
        let length = others.remove(along);
        let ty = super::part_type(self.program.ty(value));
        let into = self.new_vars(ty);
        for var in into {
            let zero = self.constant(ty.dtype().zero());
            let fill = self.define(Expr::Fill { shape: others.clone(), value: zero }, ty, loc);
            self.block.push(Stmt::Assign { var, value: fill });
        }
        self.loops(&others, loc, |split, indices| {
            let product = split.multiplied(value, array, &[length], |position| {
                let mut index = indices.to_vec();
                index.insert(along, position[0]);
                index
            });
            for (var, value) in into.into_iter().zip(product) {
                let index = indices.to_vec();
                split.block.push(Stmt::Store { place: var.into(), index, value, loc });
            }
        });
        into.map(|var| self.define(Expr::Var(var), ty, loc))
    }

    /// The product of the elements whose indices `index` makes of those of loops of these lengths.
    fn multiplied(
        &mut self,
        value: Value,
        array: Value,
        lengths: &[Value],
        index: impl FnOnce(&[Value]) -> Vec<Value>,
    ) -> [Value; 2] {
        let loc = self.program.values[value].loc;
        let dtype = self.program.ty(value).dtype();
        let ty = Type::scalar(dtype);
        let product = self.new_vars(ty);
        for (var, number) in product.into_iter().zip([dtype.one(), dtype.zero()]) {
            let value = self.constant(number);
            self.block.push(Stmt::Assign { var, value });
        }
        self.loops(lengths, loc, |split, indices| {
            let element = split.element(array, &index(indices), dtype, loc);
            let before = product.map(|var| split.define(Expr::Var(var), ty, loc));
            let after = split.product_of_two(before, element, value);
            for (var, value) in product.into_iter().zip(after) {
                split.block.push(Stmt::Assign { var, value });
            }
        });
        product.map(|var| self.define(Expr::Var(var), ty, loc))
    }

    /// The parts of an element.
    fn element(&mut self, array: Value, index: &[Value], dtype: DType, loc: Loc) -> [Value; 2] {
        Part::BOTH.map(|part| {
            let expr = match self.wholes.get(&array).copied() {
                Some(whole) => Expr::Index { array: whole, index: self.with_part(index, part) },
                None => Expr::Index { array: self.parts[&array][part.index()], index: index.to_vec() },
            };
            self.define(expr, Type::scalar(dtype), loc)
        })
    }

    fn lengths(&mut self, array: Value, loc: Loc) -> Vec<Value> {
        let first = self.first_part(array);
        let rank = self.program.ty(first).rank().unwrap_or(0);
        (0..rank).map(|axis| self.define(Expr::Dim { array: first, axis }, Type::USIZE, loc)).collect()
    }

    fn new_vars(&mut self, ty: Type) -> [Var; 2] {
        Part::BOTH
            .map(|part| self.program.vars.push(VarData { name: part_name("product", part), ty, param: None }))
    }

    /// Plain loops of these lengths, one inside the other: those of a `prange` would number random numbers.
    fn loops(&mut self, lengths: &[Value], loc: Loc, body: impl FnOnce(&mut Self, &[Value])) {
        let outer = std::mem::take(&mut self.block);
        let indices: Vec<Value> =
            lengths.iter().map(|_| self.program.value(Expr::Bound, Type::USIZE, loc)).collect();
        body(self, &indices);
        for (&index, &end) in indices.iter().zip(lengths).rev() {
            let body = std::mem::take(&mut self.block);
            let [start, step] = [0, 1].map(|number| self.constant(parfuse_ir::Scalar::Usize(number)));
            let order = Order::Serial;
            self.block.push(Stmt::For { index, start, end, step, order, until: None, body, loc });
        }
        let loops = std::mem::replace(&mut self.block, outer);
        self.block.extend(loops);
    }
}
