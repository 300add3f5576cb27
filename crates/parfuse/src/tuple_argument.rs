//! Tuples of scalars and structs as parameters of kernels: `fn cross(a: (f64, f64, f64), b: (f64, f64, f64))`.
//!
//! A call passes their items one behind the other, as it does the fields of a struct.

use crate::argument::{Argument, Binder, ParamKind};
use crate::array_element::TupleItem;
use parfuse_trace::DeclaredType;

macro_rules! tuples {
    ($(($($name:ident $index:tt),*)),*) => { $(
        #[diagnostic::do_not_recommend]
        impl<$($name: TupleItem),*> Argument for ($($name,)*) {
            const KIND: ParamKind = {
                const fn items<$($name: TupleItem),*>() -> &'static [DeclaredType] {
                    const { &[$($name::KIND.ty),*] }
                }
                ParamKind { ty: DeclaredType::Tuple(items::<$($name),*>()), mutable: false, of_arrays: false }
            };
            type Reborrowed<'b> = Self;
            fn reborrow(&mut self) -> Self {
                *self
            }
            fn bind<'a>(self, binder: &mut Binder<'a>)
            where
                Self: 'a,
            {
                $(self.$index.bind(binder);)*
            }
        }

        /// By reference it is only read.
        #[diagnostic::do_not_recommend]
        impl<$($name: TupleItem),*> Argument for &($($name,)*) {
            const KIND: ParamKind = <($($name,)*)>::KIND;
            type Reborrowed<'b>
                = Self
            where
                Self: 'b;
            fn reborrow(&mut self) -> Self {
                self
            }
            fn bind<'a>(self, binder: &mut Binder<'a>)
            where
                Self: 'a,
            {
                (*self).bind(binder);
            }
        }

        crate::__reference_argument!([$($name: TupleItem),*] ($($name,)*));
    )* };
}
tuples!((A 0, B 1), (A 0, B 1, C 2), (A 0, B 1, C 2, D 3));
