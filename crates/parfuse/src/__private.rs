//! What the code that `#[kernel]` generates refers to. Not for other use: it may change at any time.

pub use crate::annotation::{Annotated, NotAKernel, returned};
pub use crate::argument::{Argument, Binder, reference_kind};
pub use crate::array_element::{Laid, TupleItem};
pub use crate::by_fields::{Equates, Known, Orders, OrdersWhole, compares_by_fields};
pub use crate::call::Outputs;
pub use crate::compare::{CompareOptions, Step, Steps};
pub use crate::host_function::{
    HostArguments, HostItem, HostParameter, HostReturned, HostThunk, host_function,
};
pub use crate::kernel::Variant;
pub use crate::kernel_data::Discriminant;
pub use crate::plain::PlainCall;
pub use crate::rank::Rank;
pub use crate::returned::Returned;
pub use crate::traced::{Function, KernelFunction, Traced};
pub use crate::type_argument::TypeArgument;
pub use parfuse_ir::ElementType;
pub use parfuse_trace::*;

/// The functions of other crates that kernels may call: types, where the functions are values.
pub mod functions {
    use parfuse_trace::{At, Inline, LibraryFunction, Tracer, Value};

    macro_rules! define_types {
        ($($name:ident $crates:literal ($($argument:ident: $kind:ident),*) $form:ident $what:ident $doc:literal)*) => { $(
            #[doc = $doc]
            #[allow(non_camel_case_types)]
            #[derive(Debug)]
            pub enum $name {}

            impl Inline for $name {
                fn inline<'t>(t: &'t Tracer, args: &[Value<'t>], at: At) -> Value<'t> {
                    t.function(LibraryFunction::$name, args, at)
                }
            }
        )* };
    }
    parfuse_trace::for_each_function!(define_types);
}

/// The kernel of a function on the current engine.
pub fn kernel(function: &Function) -> crate::Kernel {
    crate::Engine::current().function(function).clone()
}

/// A closure as what does the steps of a comparison.
pub fn steps<R, F: FnMut(Step<'_, R>)>(steps: F) -> F {
    steps
}
