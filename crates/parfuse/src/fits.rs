//! Whether the arguments and the result of a call fit the kernel; if not, the error says so in Rust's types.
//!
//! ```text
//! argument `samples` of `half`: expected &Array1<f64>, found &Array1<f32>
//! `half` takes 1 argument, not 2
//! ```

use crate::argument::Description;
use crate::error::Error;
use crate::interface::Interface;
use crate::returned::Returned;
use parfuse_ir::program::{Param, Type};

/// Checks the arguments of a call.
pub(crate) fn check_arguments(
    kernel: &str,
    interface: &Interface,
    arguments: &[Description],
) -> Result<(), Error> {
    let (expected, found) = (interface.params.len(), arguments.len());
    if expected != found {
        return Err(Error::ArgumentCount { kernel: kernel.to_string(), expected, found });
    }
    for (position, (argument, param)) in arguments.iter().zip(&interface.params).enumerate() {
        let Description { ty, mutable, .. } = *argument;
        if ty != param.ty || (param.mutable && !mutable) {
            let found = Param { name: String::new(), ty, mutable };
            let (parameter, expected, found) = (param.name.clone(), taken(param), taken(&found));
            return Err(Error::Argument { kernel: kernel.to_string(), position, parameter, expected, found });
        }
    }
    Ok(())
}

/// Checks that a call asks for the types that the kernel returns.
pub(crate) fn check_results<R: Returned>(kernel: &str, interface: &Interface) -> Result<(), Error> {
    let mut results = interface.results.iter().copied();
    if R::accepts(&mut results) && results.next().is_none() {
        return Ok(());
    }
    let (returned, expected) = (returned(&interface.results), returned(&R::kinds()));
    Err(Error::Result { kernel: kernel.to_string(), returned, expected })
}

/// A parameter's type as Rust spells it.
pub(crate) fn taken(param: &Param) -> String {
    match (param.ty, param.mutable) {
        (Type::Scalar(_), _) => rust_type(param.ty),
        (ty, false) => format!("&{}", rust_type(ty)),
        (ty, true) => format!("&mut {}", rust_type(ty)),
    }
}

/// The type of these results as Rust spells it.
pub(crate) fn returned(results: &[Type]) -> String {
    match results {
        [single] => rust_type(*single),
        many => format!("({})", many.iter().map(|ty| rust_type(*ty)).collect::<Vec<_>>().join(", ")),
    }
}

fn rust_type(ty: Type) -> String {
    match ty {
        Type::Scalar(element) => element.rust_name(),
        Type::Array(element, rank) => format!("Array{rank}<{}>", element.rust_name()),
    }
}
