//! Options of scalars, structs and tuples as parameters of kernels: `fn peaks(x: &[f64], limit: Option<f64>)`.
//!
//! A call passes whether there is something, and what: zeros if there is nothing, at which nobody looks.

use crate::argument::{Argument, Binder, ParamKind};
use crate::array_element::ArrayElement;
use parfuse_ir::Scalar;
use parfuse_trace::DeclaredType;

#[diagnostic::do_not_recommend]
impl<T: ArrayElement + Argument> Argument for Option<T> {
    const KIND: ParamKind = {
        const fn held<T: Argument>() -> &'static DeclaredType {
            const { &T::KIND.ty }
        }
        ParamKind { ty: DeclaredType::Option(held::<T>()), mutable: false, of_arrays: false }
    };
    type Reborrowed<'b> = Self;

    fn reborrow(&mut self) -> Self {
        *self
    }
    fn bind<'a>(self, binder: &mut Binder<'a>)
    where
        Self: 'a,
    {
        binder.scalar(self.is_some());
        self.unwrap_or_else(zeros).bind(binder);
    }
}

/// A value all of whose numbers are zero.
fn zeros<T: ArrayElement + Argument>() -> T {
    let elements = T::KIND.ty.flattened().into_iter().filter_map(DeclaredType::element);
    let mut scalars = elements.flat_map(|element| {
        let parts = if element.is_complex() { 2 } else { 1 };
        std::iter::repeat_n(element.part().zero(), parts)
    });
    T::put_together(&mut scalars as &mut dyn Iterator<Item = Scalar>)
}
