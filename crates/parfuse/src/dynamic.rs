//! Calls with arguments and results whose numbers and types are known at run time only.

use crate::argument::{Binder, Offers};
use crate::array_element::ArrayElement;
use crate::call::{Elements, Output, Outputs};
use crate::error::Error;
use crate::kernel::{Kernel, Variant};
use crate::options::How;
use ndarray::{ArrayD, IxDyn};
use num_complex::Complex;
use parfuse_ir::program::Type;
use parfuse_ir::{AnyElement, DType, ElementType, Scalar, for_each_dtype};

macro_rules! define_dynamic {
    ($(($variant:ident, $rust:ty, $name:literal, $class:ident)),* $(,)?) => {
        /// A scalar, or an array of any element type and rank, of any strides: an argument or a result of
        /// [`Kernel::run_dynamic`].
        #[derive(Clone, PartialEq, Debug)]
        pub enum Dynamic {
            /// A scalar.
            Scalar(Scalar),
            /// A complex number, by its parts, which are floats of one type.
            Complex(Scalar, Scalar),
            /// An array of `Complex<f32>`.
            Complex32(ArrayD<Complex<f32>>),
            /// An array of `Complex<f64>`.
            Complex64(ArrayD<Complex<f64>>),
            $(#[doc = concat!("An array of `", $name, "`.")] $variant(ArrayD<$rust>)),*
        }

        impl Dynamic {
            fn bind<'a>(&'a mut self, mutable: bool, binder: &mut Binder<'a>) {
                match self {
                    Dynamic::Scalar(x) => match *x {
                        $(Scalar::$variant(x) => binder.scalar(x)),*
                    },
                    Dynamic::Complex(Scalar::F32(re), Scalar::F32(im)) => binder.scalar(Complex::new(*re, *im)),
                    Dynamic::Complex(Scalar::F64(re), Scalar::F64(im)) => binder.scalar(Complex::new(*re, *im)),
                    // Of parts that no complex number has: no kernel takes them.
                    Dynamic::Complex(..) => {}
                    Dynamic::Complex32(array) => Dynamic::bind_array(array, mutable, binder),
                    Dynamic::Complex64(array) => Dynamic::bind_array(array, mutable, binder),
                    $(Dynamic::$variant(array) => Dynamic::bind_array(array, mutable, binder),)*
                }
            }

            fn ty(&self) -> Type {
                match self {
                    Dynamic::Scalar(x) => Type::scalar(x.dtype()),
                    Dynamic::Complex(re, _) => Type::scalar(ElementType::Complex(re.dtype())),
                    Dynamic::Complex32(array) => Dynamic::array_type(array),
                    Dynamic::Complex64(array) => Dynamic::array_type(array),
                    $(Dynamic::$variant(array) => Dynamic::array_type(array)),*
                }
            }

            fn offer(&mut self, offers: &mut Offers) {
                match self {
                    Dynamic::Scalar(_) => offers.offer_nothing(),
                    Dynamic::Complex(..) => [(); 2].iter().for_each(|()| offers.offer_nothing()),
                    Dynamic::Complex32(array) => offers.offer(&mut **array),
                    Dynamic::Complex64(array) => offers.offer(&mut **array),
                    $(Dynamic::$variant(array) => offers.offer::<$rust, _>(&mut **array)),*
                }
            }

            /// Writes the next result, unless it was computed in place.
            fn store(&mut self, outputs: &mut Outputs<'_>) -> Result<(), Error> {
                if outputs.skip_in_place() {
                    return Ok(());
                }
                match (self.ty(), Dynamic::take(self.ty(), outputs), self) {
                    (_, result @ (Dynamic::Scalar(_) | Dynamic::Complex(..)), into) => {
                        *into = result;
                        Ok(())
                    }
                    (_, Dynamic::Complex32(result), Dynamic::Complex32(into)) => Dynamic::overwrite(into, &result),
                    (_, Dynamic::Complex64(result), Dynamic::Complex64(into)) => Dynamic::overwrite(into, &result),
                    $((_, Dynamic::$variant(result), Dynamic::$variant(into)) => Dynamic::overwrite(into, &result),)*
                    (ty, ..) => unreachable!("a result of type {ty}"),
                }
            }

            /// The next result, which is of this type.
            fn take(ty: Type, outputs: &mut Outputs<'_>) -> Dynamic {
                match (outputs.take_next(), ty.element()) {
                    (Output::Scalar(re), ElementType::Complex(_)) => match outputs.take_next() {
                        Output::Scalar(im) => Dynamic::Complex(re, im),
                        _ => unreachable!("a complex number has two parts"),
                    },
                    (Output::Scalar(x), _) => Dynamic::Scalar(x),
                    (Output::Array { shape, elements }, ElementType::Complex(part)) if part.bits() == 32 => {
                        Dynamic::Complex32(Dynamic::array(&shape, elements))
                    }
                    (Output::Array { shape, elements }, ElementType::Complex(_)) => {
                        Dynamic::Complex64(Dynamic::array(&shape, elements))
                    }
                    $((Output::Array { shape, elements }, ElementType::Real(DType::$variant)) => {
                        Dynamic::$variant(Dynamic::array(&shape, elements))
                    })*
                    (Output::InPlace, _) => unreachable!("nothing was offered"),
                }
            }
        }
    };
}
for_each_dtype!(define_dynamic);

impl Dynamic {
    fn bind_array<'a, T: ArrayElement>(array: &'a mut ArrayD<T>, mutable: bool, binder: &mut Binder<'a>) {
        if mutable { binder.array_mut(array.view_mut()) } else { binder.array(array.view()) }
    }

    fn array_type<T: AnyElement>(array: &ArrayD<T>) -> Type {
        Type::Array(T::TYPE, array.ndim() as u8)
    }

    fn array<T: AnyElement>(shape: &[usize], elements: Elements) -> ArrayD<T> {
        let shape = &shape[..shape.len() - (T::PARTS - 1)];
        let array = ArrayD::from_shape_vec(IxDyn(shape), elements.into_elements());
        array.expect("a result has the shape it was allocated with")
    }

    fn overwrite<T: AnyElement>(into: &mut ArrayD<T>, result: &ArrayD<T>) -> Result<(), Error> {
        if result.shape() != into.shape() {
            let (expected, found) = (result.shape().to_vec(), into.shape().to_vec());
            return Err(Error::OutputShape { expected, found });
        }
        into.assign(result);
        Ok(())
    }
}

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
        let written: Vec<bool> =
            (0..arguments.len()).map(|position| self.may_write(position)).collect::<Result<_, _>>()?;
        self.run_bound_how(how, |binder| {
            arguments.iter_mut().zip(written).for_each(|(argument, mutable)| argument.bind(mutable, binder));
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
        let mut binder = Binder::default();
        bind(&mut binder);
        let kernel = self.for_arguments(binder.descriptions())?;
        let interface = kernel.interface()?;
        kernel.invoke_untyped(how, &binder, &Offers::none(), |outputs| {
            interface.results.iter().map(|ty| Dynamic::take(*ty, outputs)).collect()
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
        let mut binder = Binder::default();
        bind(&mut binder);
        let kernel = self.for_arguments(binder.descriptions())?;
        assert!(
            into.iter().map(Dynamic::ty).eq(kernel.interface()?.results.iter().copied()),
            "results are written into arrays and scalars of their types"
        );
        let mut offers = Offers::none();
        into.iter_mut().for_each(|into| into.offer(&mut offers));
        kernel.invoke_untyped(variant.into(), &binder, &offers, |outputs| {
            into.iter_mut().try_for_each(|into| into.store(outputs))
        })?
    }
}
