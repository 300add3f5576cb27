//! Calls with arguments and results whose numbers and types are known at run time only.

use crate::argument::{Binder, Offers};
use crate::call::{Output, Outputs};
use crate::error::Error;
use crate::kernel::{Kernel, Variant};
use crate::options::How;
use ndarray::{ArrayD, IxDyn};
use parfuse_ir::program::Type;
use parfuse_ir::{DType, Scalar, for_each_dtype};

macro_rules! define_dynamic {
    ($(($variant:ident, $rust:ty, $name:literal, $class:ident)),* $(,)?) => {
        /// A scalar, or an array of any element type and rank, of any strides: an argument or a result of
        /// [`Kernel::run_dynamic`].
        #[derive(Clone, PartialEq, Debug)]
        pub enum Dynamic {
            /// A scalar.
            Scalar(Scalar),
            $(#[doc = concat!("An array of `", $name, "`.")] $variant(ArrayD<$rust>)),*
        }

        impl Dynamic {
            fn bind<'a>(&'a mut self, mutable: bool, binder: &mut Binder<'a>) {
                match self {
                    Dynamic::Scalar(x) => match *x {
                        $(Scalar::$variant(x) => binder.scalar(x)),*
                    },
                    $(Dynamic::$variant(array) => {
                        if mutable { binder.array_mut(array.view_mut()) } else { binder.array(array.view()) }
                    })*
                }
            }

            fn ty(&self) -> Type {
                match self {
                    Dynamic::Scalar(x) => Type::Scalar(x.dtype()),
                    $(Dynamic::$variant(array) => Type::Array(DType::$variant, array.ndim() as u8)),*
                }
            }

            fn offer(&mut self, offers: &mut Offers) {
                match self {
                    Dynamic::Scalar(_) => offers.offer_nothing(),
                    $(Dynamic::$variant(array) => offers.offer::<$rust, _>(&mut **array)),*
                }
            }

            /// Writes the next result, unless it was computed in place.
            fn store(&mut self, outputs: &mut Outputs<'_>) -> Result<(), Error> {
                if outputs.skip_in_place() {
                    return Ok(());
                }
                match (self.ty(), Dynamic::take(self.ty(), outputs), self) {
                    (_, result @ Dynamic::Scalar(_), into) => *into = result,
                    $((_, Dynamic::$variant(result), Dynamic::$variant(into)) => {
                        if result.shape() != into.shape() {
                            let (expected, found) = (result.shape().to_vec(), into.shape().to_vec());
                            return Err(Error::OutputShape { expected, found });
                        }
                        into.assign(&result);
                    })*
                    (ty, ..) => unreachable!("a result of type {ty}"),
                }
                Ok(())
            }

            /// The next result, which is of this type.
            fn take(ty: Type, outputs: &mut Outputs<'_>) -> Dynamic {
                match (outputs.next(), ty.dtype()) {
                    (Output::Scalar(x), _) => Dynamic::Scalar(x),
                    $((Output::Array { shape, elements }, DType::$variant) => {
                        let array = ArrayD::from_shape_vec(IxDyn(&shape), elements.into_elements());
                        Dynamic::$variant(array.expect("a result has the shape it was allocated with"))
                    })*
                    (Output::InPlace, _) => unreachable!("nothing was offered"),
                }
            }
        }
    };
}
for_each_dtype!(define_dynamic);

impl Kernel {
    /// Runs one variant of the kernel on arguments, and for results, whose numbers and types are known at run time
    /// only. Arrays that the kernel takes as `&mut` are written to. For results that are known when the program is
    /// compiled, an [`ArgumentList`](crate::ArgumentList) takes the arguments without copies.
    ///
    /// ```
    /// use ndarray::array;
    /// use parfuse::{Dynamic, Engine, Variant};
    ///
    /// let kernel = Engine::new()?.trace("powers", |t| {
    ///     let x = t.array::<f64>("x", 1);
    ///     t.tuple(&(2..7).map(|n| x.powi(n)).collect::<Vec<_>>())
    /// })?;
    /// let results = kernel.run_dynamic(Variant::Serial, &mut [Dynamic::F64(array![1.0, 2.0].into_dyn())])?;
    /// assert_eq!(results.len(), 5);
    /// assert_eq!(results[1], Dynamic::F64(array![1.0, 8.0].into_dyn()));
    /// # Ok::<(), parfuse::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`serial`](Kernel::serial).
    pub fn run_dynamic(&self, variant: Variant, arguments: &mut [Dynamic]) -> Result<Vec<Dynamic>, Error> {
        self.run_dynamic_how(variant.into(), arguments)
    }

    pub(crate) fn run_dynamic_how(
        &self,
        how: How<'_>,
        arguments: &mut [Dynamic],
    ) -> Result<Vec<Dynamic>, Error> {
        let program = self.traced()?;
        self.run_bound_how(how, |binder| {
            for (position, argument) in arguments.iter_mut().enumerate() {
                let mutable = program.params.get(position).is_some_and(|param| param.mutable);
                argument.bind(mutable, binder);
            }
        })
    }

    /// Runs one variant of the kernel on the arguments that `bind` adds.
    ///
    /// # Errors
    /// As [`serial`](Kernel::serial).
    #[doc(hidden)]
    pub fn run_bound<'a>(
        &self,
        variant: Variant,
        bind: impl FnOnce(&mut Binder<'a>),
    ) -> Result<Vec<Dynamic>, Error> {
        self.run_bound_how(variant.into(), bind)
    }

    fn run_bound_how<'a>(
        &self,
        how: How<'_>,
        bind: impl FnOnce(&mut Binder<'a>),
    ) -> Result<Vec<Dynamic>, Error> {
        let program = self.traced()?;
        let mut binder = Binder::default();
        bind(&mut binder);
        self.invoke_untyped(how, &binder, &Offers::none(), |outputs| {
            let results = program.results.iter().map(|value| program.ty(*value));
            results.map(|ty| Dynamic::take(ty, outputs)).collect()
        })
    }

    /// As [`run_bound`](Kernel::run_bound), writing the results into existing arrays and scalars.
    ///
    /// # Errors
    /// As [`run_into`](Kernel::run_into).
    ///
    /// # Panics
    /// If what is there for a result is not of its type.
    #[doc(hidden)]
    pub fn run_bound_into<'a>(
        &self,
        variant: Variant,
        bind: impl FnOnce(&mut Binder<'a>),
        into: &mut [Dynamic],
    ) -> Result<(), Error> {
        let program = self.traced()?;
        assert!(
            into.iter().map(Dynamic::ty).eq(program.results.iter().map(|value| program.ty(*value))),
            "results are written into arrays and scalars of their types"
        );
        let mut binder = Binder::default();
        bind(&mut binder);
        let mut offers = Offers::none();
        into.iter_mut().for_each(|into| into.offer(&mut offers));
        self.invoke_untyped(variant.into(), &binder, &offers, |outputs| {
            into.iter_mut().try_for_each(|into| into.store(outputs))
        })?
    }
}
