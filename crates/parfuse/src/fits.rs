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
use crate::traced::Traced;
use parfuse_ir::MAX_RANK;
use parfuse_ir::program::{Param, Type};
use parfuse_trace::DeclaredType;

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

/// Checks the arguments of a call of a function that leaves open how many axes arrays have.
pub(crate) fn check_declared(function: &Traced, arguments: &[Description]) -> Result<(), Error> {
    let (kernel, expected, found) = (function.name.to_string(), function.parts().count(), arguments.len());
    if expected != found {
        return Err(Error::ArgumentCount { kernel, expected, found });
    }
    for (position, (argument, (name, kind))) in arguments.iter().zip(function.parts()).enumerate() {
        let Description { ty, mutable, .. } = *argument;
        let most = most_axes(ty);
        let few_enough = ty.rank().is_none_or(|rank| rank <= most);
        if !kind.ty.admits(ty) || !few_enough || (kind.mutable && !mutable) {
            let mut expected = by_reference(&declared_type(kind.ty), kind.ty.is_array(), kind.mutable);
            if !few_enough {
                expected.push_str(&format!(" of at most {most} axes"));
            }
            let found = by_reference(&rust_type(ty), ty.rank().is_some(), mutable);
            return Err(Error::Argument { kernel, position, parameter: name.to_string(), expected, found });
        }
    }
    Ok(())
}

/// The parts of complex numbers take an axis of an array.
fn most_axes(ty: Type) -> u8 {
    MAX_RANK as u8 - ty.is_complex() as u8
}

/// Checks that a call asks for the types that the kernel returns.
pub(crate) fn check_results<R: Returned>(kernel: &str, interface: &Interface) -> Result<(), Error> {
    let mut results = interface.results.iter().copied();
    if R::accepts(&mut results) && results.next().is_none() {
        return Ok(());
    }
    let returned = returned(&interface.results);
    let expected = together(R::kinds().into_iter().map(declared_type));
    Err(Error::Result { kernel: kernel.to_string(), returned, expected })
}

/// A parameter's type as Rust spells it.
pub(crate) fn taken(param: &Param) -> String {
    by_reference(&rust_type(param.ty), param.ty.rank().is_some(), param.mutable)
}

/// A type, or if it is an array a reference to it.
fn by_reference(ty: &str, is_array: bool, mutable: bool) -> String {
    match (is_array, mutable) {
        (false, _) => ty.to_string(),
        (true, false) => format!("&{ty}"),
        (true, true) => format!("&mut {ty}"),
    }
}

/// The type of these results as Rust spells it.
pub(crate) fn returned(results: &[Type]) -> String {
    together(results.iter().map(|ty| rust_type(*ty)))
}

/// A type, or the tuple of several.
fn together(types: impl Iterator<Item = String>) -> String {
    let types: Vec<String> = types.collect();
    match &types[..] {
        [single] => single.clone(),
        many => format!("({})", many.join(", ")),
    }
}

fn declared_type(ty: DeclaredType) -> String {
    match ty {
        DeclaredType::Known(ty) => rust_type(ty),
        DeclaredType::AnyRank(element) => format!("ArrayD<{}>", element.rust_name()),
        DeclaredType::Record(record) => record.name.to_string(),
        DeclaredType::RecordArray(record, Some(rank)) => format!("Array{rank}<{}>", record.name),
        DeclaredType::RecordArray(record, None) => format!("ArrayD<{}>", record.name),
        DeclaredType::Tuple(items) => together(items.iter().map(|item| declared_type(*item))),
        DeclaredType::TupleArray(items, rank) => {
            let rank = rank.map_or("D".to_string(), |rank| rank.to_string());
            format!("Array{rank}<{}>", declared_type(DeclaredType::Tuple(items)))
        }
        DeclaredType::Option(held) => format!("Option<{}>", declared_type(*held)),
    }
}

fn rust_type(ty: Type) -> String {
    match ty {
        Type::Scalar(element) => element.rust_name(),
        Type::Array(element, rank) => format!("Array{rank}<{}>", element.rust_name()),
    }
}
