//! Structs of scalars in kernels: the [`KernelData`] trait and what follows from it.

use crate::argument::{Argument, Binder, Offers};
use crate::array_element::Laid;
use crate::call::Outputs;
use crate::compare::Agreement;
use crate::error::Error;
use crate::returned::Returned;
use crate::sealed::Sealed;
use parfuse_ir::Scalar;
use parfuse_ir::program::Type;
use parfuse_trace::{DeclaredType, ParamKind, Record};

/// A struct of scalars that kernels know: made by `#[derive(KernelData)]`, for structs that are `Clone` and `Copy`.
///
/// In a kernel it is made by `Particle { x, v: 0.0 }`, its fields are read and set, it is a parameter, a result, a variable and
/// what kernels pass to each other; the pattern `Particle { x, v }` takes it apart. Compiled code knows its fields alone.
/// Arrays of it, `&Array1<Particle>` and `&mut Array1<Particle>`, are used where they lie: `p[i].x += p[i].v * dt`.
///
/// An enum without fields is such a struct of one number, that of its variant: `grid[[y, x]] = Cell::Alive`, `match cell { … }`.
///
/// ```
/// use parfuse::prelude::*;
///
/// #[derive(Clone, Copy, PartialEq, Debug, KernelData)]
/// struct Body {
///     position: f64,
///     velocity: f64,
/// }
///
/// #[kernel]
/// fn step(body: Body, dt: f64) -> Body {
///     let velocity = body.velocity - body.position * dt;
///     Body { position: body.position + velocity * dt, velocity }
/// }
///
/// #[kernel]
/// fn orbit(start: Body, steps: usize) -> Body {
///     let mut body = start;
///     for _ in 0..steps {
///         body = step(body, 0.01);
///     }
///     body
/// }
///
/// let start = Body { position: 1.0, velocity: 0.0 };
/// assert_eq!(orbit::serial(start, 100)?, orbit(start, 100));
/// # Ok::<(), Error>(())
/// ```
///
/// Methods that kernels call have `#[kernel]` on their `impl`; they become part of the kernel that calls them, and stay methods
/// in plain Rust. There is one such block for each struct. So have operators, `#[kernel] impl Add for Particle`, and comparisons that
/// are not derived.
///
/// ```
/// use ndarray::{Array1, array};
/// use parfuse::prelude::*;
///
/// #[derive(Clone, Copy, PartialEq, Debug, KernelData)]
/// struct Particle {
///     x: f64,
///     v: f64,
/// }
///
/// #[kernel]
/// impl Particle {
///     fn at_rest(x: f64) -> Self {
///         Self { x, v: 0.0 }
///     }
///     fn energy(&self) -> f64 {
///         0.5 * (self.v * self.v + self.x * self.x)
///     }
///     fn step(&mut self, dt: f64) {
///         self.v -= self.x * dt;
///         self.x += self.v * dt;
///     }
/// }
///
/// #[kernel]
/// fn advance(particles: &mut Array1<Particle>, dt: f64) {
///     for i in prange(0..particles.len()) {
///         particles[i].step(dt);
///         if particles[i].energy() < 1e-3 {
///             particles[i] = Particle::at_rest(particles[i].x);
///         }
///     }
/// }
///
/// let mut particles = array![Particle { x: 1.0, v: 0.5 }, Particle::at_rest(0.01)];
/// let mut same = particles.clone();
/// advance::parallel(&mut particles, 0.1)?;
/// advance(&mut same, 0.1);
/// assert_eq!(particles, same);
/// # Ok::<(), Error>(())
/// ```
///
/// Fields are read and written where they lie, so they have to be aligned:
///
/// ```compile_fail
/// use parfuse::prelude::*;
///
/// #[derive(Clone, Copy, KernelData)]
/// #[repr(C, packed)]
/// struct Unaligned {
///     kind: u8,
///     weight: f64,
/// }
/// ```
///
/// # Safety
/// The derive implements it, and nothing else should: calls trust that the fields lie where it says.
#[diagnostic::on_unimplemented(
    message = "kernels do not know the struct `{Self}`",
    note = "write `#[derive(Clone, Copy, KernelData)]` on it; its fields are scalars, or such structs"
)]
#[allow(unsafe_code, reason = "what implements it wrongly makes kernels write anywhere")]
// SAFETY: see above; the derive keeps what is asked for.
pub unsafe trait KernelData: Copy + Send + Sync + 'static {
    /// Its name, and those of its fields with their types.
    #[doc(hidden)]
    const RECORD: &'static Record;
    /// Its fields, as tuples.
    #[doc(hidden)]
    type Fields: Returned;
    /// Takes it apart.
    #[doc(hidden)]
    fn into_fields(self) -> Self::Fields;
    /// Puts it together.
    #[doc(hidden)]
    fn from_fields(fields: Self::Fields) -> Self;
    /// Adds its fields to a call.
    #[doc(hidden)]
    fn bind_fields<'a>(self, binder: &mut Binder<'a>);
    /// Adds an array of it to a call, as an array for each field.
    #[doc(hidden)]
    fn bind_arrays(array: &Laid<'_>, binder: &mut Binder<'_>);
    /// Takes an array of it from the results of a call.
    #[doc(hidden)]
    fn take_arrays(outputs: &mut Outputs<'_>) -> (Vec<usize>, Vec<Self>);
    /// Adds the numbers that its fields are made of.
    #[doc(hidden)]
    fn field_scalars(self, into: &mut Vec<Scalar>);
    /// The struct of such numbers.
    #[doc(hidden)]
    fn of_field_scalars(scalars: &mut dyn Iterator<Item = Scalar>) -> Self;
}

/// The integers that enums are in memory, by how many bytes an array of `()` is long.
#[doc(hidden)]
pub trait Discriminant {
    /// Those from zero.
    type Unsigned;
    /// Those of both signs.
    type Signed;
}

macro_rules! discriminants {
    ($($bytes:literal $unsigned:ty, $signed:ty;)*) => { $(
        impl Discriminant for [(); $bytes] {
            type Unsigned = $unsigned;
            type Signed = $signed;
        }
    )* };
}
discriminants!(1 u8, i8; 2 u16, i16; 4 u32, i32; 8 u64, i64;);

impl<T: KernelData> Argument for T {
    const KIND: ParamKind =
        ParamKind { ty: DeclaredType::Record(T::RECORD), mutable: false, of_arrays: false };
    type Reborrowed<'b> = T;

    fn reborrow(&mut self) -> T {
        *self
    }
    fn bind<'a>(self, binder: &mut Binder<'a>)
    where
        Self: 'a,
    {
        self.bind_fields(binder);
    }
}

impl<T: KernelData> Sealed for T {}

#[diagnostic::do_not_recommend]
impl<T: KernelData> Returned for T {
    type Into<'b> = &'b mut T;

    fn kinds() -> Vec<DeclaredType> {
        vec![DeclaredType::Record(T::RECORD)]
    }
    fn accepts(types: &mut dyn Iterator<Item = Type>) -> bool {
        T::Fields::accepts(types)
    }
    fn take(outputs: &mut Outputs<'_>) -> T {
        T::from_fields(T::Fields::take(outputs))
    }
    fn offer(_: &mut &mut T, offers: &mut Offers) {
        for field in DeclaredType::Record(T::RECORD).flattened() {
            let parts = if field.element().is_some_and(|element| element.is_complex()) { 2 } else { 1 };
            (0..parts).for_each(|_| offers.offer_nothing());
        }
    }
    fn store(into: &mut T, outputs: &mut Outputs<'_>) -> Result<(), Error> {
        *into = Self::take(outputs);
        Ok(())
    }
    fn compare_elements(&self, other: &T, agreement: &mut Agreement) {
        self.into_fields().compare_elements(&other.into_fields(), agreement);
    }
    fn longest(&self) -> usize {
        0
    }
}
