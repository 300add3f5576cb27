//! Types that the user wrote in a traced function, as types of the program.
//!
//! ```text
//! let x: f64 = …              <f64 as Annotated>::annotation()            Some(f64)
//! let a: Array1<_> = …        <Array1<Infer> as Annotated>::annotation()  None
//! fn helper(…) -> f64         returned(t, result, &[f64], at)
//! ```

use crate::errors::{At, mistake};
use crate::state::Kind;
use crate::{DTypeArg, Infer, Tracer, Value};
use ndarray::{ArrayBase, ArrayRef, Dimension, RawData};
use parfuse_ir::program::Type;

/// A type that can stand at a `let`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a type of kernels",
    note = "kernels have f64 f32 i64 i32 usize bool and arrays of them with up to 3 axes"
)]
pub trait Annotated {
    /// The type, `None` if it is to be inferred.
    fn annotation() -> Option<Type>;
}

/// What stands for a called function that is no kernel, so that rustc says so.
#[derive(Clone, Copy, Debug)]
pub enum NotAKernel {}

macro_rules! annotated_scalars {
    ($($ty:ty),*) => { $(impl Annotated for $ty {
        fn annotation() -> Option<Type> {
            <$ty as DTypeArg>::DTYPE.map(Type::Scalar)
        }
    })* };
}
annotated_scalars!(bool, i32, i64, usize, f32, f64, Infer);

fn array_type<T: DTypeArg, D: Dimension>() -> Option<Type> {
    let rank = D::NDIM.and_then(|rank| u8::try_from(rank).ok())?;
    Some(Type::Array(T::DTYPE?, rank))
}
impl<S: RawData<Elem: DTypeArg>, D: Dimension> Annotated for ArrayBase<S, D> {
    fn annotation() -> Option<Type> {
        array_type::<S::Elem, D>()
    }
}
impl<T: DTypeArg, D: Dimension> Annotated for ArrayRef<T, D> {
    fn annotation() -> Option<Type> {
        array_type::<T, D>()
    }
}
impl<T: DTypeArg> Annotated for [T] {
    fn annotation() -> Option<Type> {
        Some(Type::Array(T::DTYPE?, 1))
    }
}
impl<T: Annotated + ?Sized> Annotated for &T {
    fn annotation() -> Option<Type> {
        T::annotation()
    }
}
impl<T: Annotated + ?Sized> Annotated for &mut T {
    fn annotation() -> Option<Type> {
        T::annotation()
    }
}

/// What the call of a function gives, whose body gave `result` and which is declared to return `types`.
pub fn returned<'t>(t: &'t Tracer, result: Value<'t>, types: &[Type], at: At) -> Value<'t> {
    let result = t.id(result);
    t.step(at, |state| {
        let kind = state.moved_out(result, at)?;
        match (&kind, types) {
            (Kind::Tuple(items), _) if items.len() == types.len() => {
                for (item, ty) in items.iter().zip(types) {
                    let item = state.kind(*item);
                    state.expect_type(&item, *ty, "the result")?;
                }
            }
            (Kind::Tuple(items), _) => {
                let (declared, found) = (types.len(), items.len());
                return mistake(format!("{declared} values are to be returned, but there are {found}"));
            }
            (_, [ty]) => state.expect_type(&kind, *ty, "the result")?,
            _ => return mistake(format!("{} values are to be returned, but there is one", types.len())),
        }
        Ok(kind)
    })
}
