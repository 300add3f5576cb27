//! Products of vectors and matrices.
//!
//! ```text
//! x.dot(&y)      check len x == len y; reduce sum (x * y)
//! a.dot(&x)      the same for each row of `a`, along axis 1
//! x.dot(&a)      the same for each column of `a`, along axis 0
//! a.dot(&b)      c = fill 0
//!                prange i { for k { for j { c[i, j] = mul_add(a[i, k], b[k, j], c[i, j]) } } }
//! ```
//!
//! Products with vectors are sums like others. Of two matrices each element has its own sum, from the first term to the
//! last, starting from 0, each term rounded once together with the sum if they are floats.

use crate::errors::{At, Step, mistake};
use crate::records::Items;
use crate::state::{Kind, Literal, State, Ty};
use crate::types::Class;
use parfuse_ir::program::{Cut, Expr, Order, Place, Stmt, Value, View, ViewAxis};
use parfuse_ir::{DType, FaultKind, ReduceOp, ScalarOp};

impl State {
    pub(crate) fn dot(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let (left, left_rank) = self.array(receiver, "dot", at)?;
        let (right, right_rank) = self.array(args[0], "the argument of `dot`", at)?;
        let (a, b) = (self.ty(left).dtype, self.ty(right).dtype);
        self.unify(a, b, "the elements of the two operands of `dot`")?;
        match (left_rank, right_rank) {
            (1 | 2, 1 | 2) => {}
            _ => return mistake("`.dot()` is for arrays with 1 or 2 axes"),
        }
        let [inner, terms] =
            [(left, left_rank - 1), (right, 0)].map(|(array, axis)| self.length_of(array, axis, at));
        let (inner, terms) = (inner?, terms?);
        let same = self.op(ScalarOp::Eq, &[inner, terms], at)?;
        self.check_with(same, FaultKind::ProductMismatch, vec![inner, terms], at);
        let product = match (left_rank, right_rank) {
            (1, 1) => self.sum_of_products(left, right, None, at),
            (2, 1) => self.sum_of_products(left, right, Some(1), at),
            (1, 2) => {
                // A column, which broadcasts along the rows.
                let view = View { cuts: vec![Cut::All], axes: vec![ViewAxis::Of(0), ViewAxis::New] };
                let ty = Ty { rank: Some(2), ..self.ty(left) };
                let column = self.emit(Expr::View { array: left, view }, ty, at)?;
                self.sum_of_products(column, right, Some(0), at)
            }
            _ => self.product_of_matrices(left, right, inner, at),
        };
        product.map(Kind::Plain)
    }

    fn length_of(&mut self, array: Value, axis: u8, at: At) -> Step<Value> {
        let ty = Ty { dtype: self.types.known(DType::Usize), rank: None, of_arrays: false };
        self.emit(Expr::Dim { array, axis }, ty, at)
    }

    fn sum_of_products(&mut self, left: Value, right: Value, axis: Option<u8>, at: At) -> Step<Value> {
        let array = self.homogeneous(ScalarOp::Mul, &[left, right], "`dot`", at)?;
        let rank = axis.map(|_| 1);
        let ty = Ty { dtype: self.ty(array).dtype, rank, of_arrays: false };
        self.emit(Expr::Reduce { fold: ReduceOp::Sum.into(), array, axis }, ty, at)
    }

    fn product_of_matrices(&mut self, left: Value, right: Value, inner: Value, at: At) -> Step<Value> {
        let dtype = self.ty(left).dtype;
        let fused = match self.class(left) {
            Class::Known(dtype) => dtype.is_float(),
            Class::Float => true,
            Class::Integer | Class::Complex(_) => false,
            _ => {
                return mistake(
                    "`.dot()` of matrices whose type of elements is not known yet; name it where they are made, \
                     `Array2::<f64>::zeros(…)`",
                );
            }
        };
        let shape = vec![self.length_of(left, 0, at)?, self.length_of(right, 1, at)?];
        let zero = self.literal(Literal::Integer(0), dtype, at);
        let ty = Ty { dtype, rank: Some(2), of_arrays: false };
        let zeros = self.emit(Expr::Fill { shape: shape.clone(), value: zero }, ty, at)?;
        let name = format!("product{}", self.program.vars.len());
        let var = self.new_var(&name, ty, None);
        self.set_var(var, zeros);

        let element = Ty { dtype, rank: None, of_arrays: false };
        let [unordered, serial] = [Order::Unordered, Order::Serial];
        let nest = [(unordered, shape[0]), (serial, inner), (serial, shape[1])];
        let [i, k, j] = nest.map(|(order, end)| {
            self.open();
            self.parallel_depth += order.is_parallel() as usize;
            let index = self.types.known(DType::Usize);
            (self.bound(index, at), end, order)
        });
        let [i_index, k_index, j_index] = [i.0, k.0, j.0];
        let a = self.emit(Expr::Index { array: left, index: vec![i_index, k_index] }, element, at)?;
        let b = self.emit(Expr::Index { array: right, index: vec![k_index, j_index] }, element, at)?;
        let array = self.read_var(var, at)?;
        let index = vec![i_index, j_index];
        let sum = self.emit(Expr::Index { array, index: index.clone() }, element, at)?;
        let value = match fused {
            true => self.op(ScalarOp::MulAdd, &[a, b, sum], at)?,
            false => {
                let term = self.op(ScalarOp::Mul, &[a, b], at)?;
                self.op(ScalarOp::Add, &[sum, term], at)?
            }
        };
        let loc = self.loc(at);
        self.push(Stmt::Store { place: Place::from(var), index, value, loc });
        for (index, end, order) in [j, k, i] {
            let body = self.close();
            self.parallel_depth -= order.is_parallel() as usize;
            let (start, step) = (self.usize_constant(0, at), self.usize_constant(1, at));
            self.push(Stmt::For { index, start, end, step, order, until: None, body, loc });
        }
        self.read_var(var, at)
    }

    /// `general_mat_mul(alpha, &a, &b, beta, &mut c)`.
    pub(crate) fn general_mat_mul(&mut self, args: &[u32], at: At) -> Step<Kind> {
        self.general_product(args, 2, at)
    }

    /// `general_mat_vec_mul(alpha, &a, &x, beta, &mut y)`.
    pub(crate) fn general_mat_vec_mul(&mut self, args: &[u32], at: At) -> Step<Kind> {
        self.general_product(args, 1, at)
    }

    /// `c = alpha * (a dot b) + beta * c`, which does not look at `c` if `beta` is zero.
    fn general_product(&mut self, args: &[u32], rank: u8, at: At) -> Step<Kind> {
        let [alpha, a, b, beta, c] = args else {
            return mistake("a product into an array takes 5 arguments");
        };
        let place = self.target(*c, "the product")?;
        let axes = [self.axes_of(*a)?, self.axes_of(*b)?, self.axes_of(*c)?];
        if axes != [2, rank, rank] {
            return mistake(format!("this product is of arrays with 2 and {rank} axes into one with {rank}"));
        }
        let product = self.dot(*a, &[*b], at)?;
        let product = self.handle(product);
        let (product, _) = self.array(product, "the product", at)?;
        let alpha = self.scalar(*alpha, "the factor of the product", at)?;
        let beta = self.scalar(*beta, "the factor of what is there", at)?;
        let contents = self.read_place(place, at)?;
        for axis in 0..rank {
            let [own, other] = [contents, product].map(|array| self.length_of(array, axis, at));
            let (own, other) = (own?, other?);
            let same = self.op(ScalarOp::Eq, &[own, other], at)?;
            self.check_with(same, FaultKind::ShapeMismatch { axis }, vec![own, other], at);
        }
        let what = "the factors of a product and its elements";
        let product = self.homogeneous(ScalarOp::Mul, &[alpha, product], what, at)?;
        let kept = self.homogeneous(ScalarOp::Mul, &[beta, contents], what, at)?;
        let sum = self.homogeneous(ScalarOp::Add, &[product, kept], what, at)?;
        let zero = self.small(0, beta, at);
        let forgets = self.op(ScalarOp::Eq, &[beta, zero], at)?;
        let value = self.select(forgets, product, sum, at)?;
        self.update(place, value, at)?;
        Ok(Kind::Tuple(Items::default()))
    }
}
