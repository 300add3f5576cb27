//! The attribute `#[kernel]`: an ordinary function in, the same function and its compiled variants out.
//!
//! ```text
//! #[kernel]                         pub fn scale(x: f64) -> f64 { x * 2.0 }         unchanged
//! pub fn scale(x: f64) -> f64  ──▶  pub enum scale {}                               a type of the same name
//! { x * 2.0 }                       impl Inline for scale { t.binary("*", x, …) }   the body as tracing calls
//!                                   impl scale { serial, parallel, compare, … }
//! ```
//!
//! The tracing code handles dynamically typed values, so a type mistake in the body is reported once, by
//! rustc, in the user's own code. What a kernel cannot contain is reported here, everything at once, each
//! construct at its own place.
//!
//! ```text
//! input ──▶ stmt, pattern, expr, call, closures, exchange ──▶ emit, variants   diagnose collects the complaints of all of them
//!            (a Translator: scope inside)
//! ```

mod annotation;
mod asserts;
mod borrowing_patterns;
mod call;
mod closures;
mod data;
mod declarations;
mod diagnose;
mod emit;
mod exchange;
mod exits;
mod expr;
mod generics;
mod heaps;
mod host;
mod input;
mod lists;
mod matches;
mod methods;
mod operands;
mod operators;
mod pattern;
mod scope;
mod slice;
mod stmt;
mod surroundings;
mod tables;
#[cfg(test)]
mod tests;
mod texts;
mod translator;
mod type_functions;
mod variants;

use proc_macro2::TokenStream;

/// Makes a function over `ndarray` arrays and scalars a kernel: a type of the same name appears beside it,
/// with the compiled variants `serial` and `parallel` (and `serial_into`, `parallel_into` when something is
/// returned), with `compare`, which checks them against the function itself, and with `kernel`, the handle
/// that explains what was compiled. The function itself stays as it is.
///
/// ```ignore
/// #[kernel]
/// pub fn axpy(a: f64, x: &ArrayRef1<f64>, y: &ArrayRef1<f64>) -> Array1<f64> {
///     a * x + y
/// }
/// let slow = axpy(2.0, &x, &y);
/// let fast = axpy::parallel(2.0, &x, &y)?;
/// ```
///
/// Parameters are scalars (`bool`, `f32`, `f64`, integers of 8 to 64 bits), arrays of them (`&ArrayRef1<f64>`,
/// `&Array2<f64>`, `ArrayView1<f64>`, `&[f64]`) and arrays to write (`&mut ArrayRef1<f64>`,
/// `ArrayViewMut1<f64>`, `&mut [f64]`). It returns nothing, a scalar, an array or a tuple of these. The body
/// is made of `let`, assignments, `if`, `while`, `for` over ranges and [`prange`], arithmetic, indexing,
/// array methods and calls of other kernels.
///
/// On the methods of a struct with `#[derive(KernelData)]`, `#[kernel] impl Particle { … }`, it lets kernels call them:
/// `p[i].step(dt)`. One such block for each struct.
///
/// `#[kernel(fast)]` lets the compiled variants compute with fewer and cheaper operations on floats, which round
/// otherwise than the function does. `#[kernel(checked)]` makes an integer that overflows an error of them, where it wraps
/// otherwise.
///
/// [`prange`]: https://docs.rs/parfuse/latest/parfuse/fn.prange.html
#[proc_macro_attribute]
pub fn kernel(arguments: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let place = proc_macro::Span::call_site();
    // Reading the file takes time: a kernel that is not indented stands in no `impl`.
    let file = if place.column() > 1 { place.local_file() } else { None };
    let source = file.and_then(|file| std::fs::read_to_string(file).ok());
    expand_in(source.as_deref(), arguments.into(), item.into()).into()
}

/// Lets kernels call a function that stays outside of compiled code, as it is: one that reads a file, that other libraries
/// provide, or that keeps what it sees. It may be called between parallel loops, in plain loops and branches, not inside a
/// `prange` or a closure over elements.
///
/// ```ignore
/// #[host]
/// fn smallest_eigenvalue(matrix: &ArrayRef2<f64>) -> f64 {
///     other_library::eigenvalues(matrix)[0]
/// }
///
/// #[kernel]
/// fn condition(a: &ArrayRef2<f64>) -> f64 {
///     smallest_eigenvalue(&a.dot(&a.t())).sqrt()
/// }
/// ```
///
/// Parameters are scalars, `&ArrayRef1<f64>`, `&mut ArrayRef1<f64>`, `ArrayView1<f64>` and `ArrayViewMut1<f64>`, of all element
/// types and ranks; it returns what a kernel can return. Arrays are not copied on the way. It is called in the order of the
/// program, as often as that says, whatever it does. A panic in it is an error of the kernel's call.
#[proc_macro_attribute]
pub fn host(arguments: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    host::expand(arguments.into(), item.into()).into()
}

/// Makes a struct of scalars one that kernels know: see the trait of the same name.
#[proc_macro_derive(KernelData)]
pub fn kernel_data(item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    data::expand(item.into()).into()
}

/// The attribute on token streams that exist outside the compiler too.
#[cfg(test)]
fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand_in(None, arguments, item)
}

/// The attribute on a function in a file.
fn expand_in(source: Option<&str>, arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut diagnostics = diagnose::Diagnostics::default();
    let options = input::check_arguments(&arguments, &mut diagnostics);
    if let Ok(methods) = syn::parse2::<syn::ItemImpl>(item.clone()) {
        return methods::expand(&methods, options, diagnostics);
    }
    let Some(function) = input::parse_function("kernel", item.clone(), &mut diagnostics) else {
        let errors = diagnostics.compile_errors();
        return quote::quote!(#errors #item);
    };
    let mut input = input::KernelInput::new(function, options, &mut diagnostics);
    if input.typed && source.is_some_and(|source| surroundings::stands_in_impl(source, input.name())) {
        input.typed = false;
        diagnostics.report(
            input.name(),
            "a kernel cannot stand in an `impl` or a `trait`: write it outside, and call it from there",
        );
    }
    let traced = translator::translate(&input, &mut diagnostics);
    emit::emit(&input, &traced, &diagnostics)
}
