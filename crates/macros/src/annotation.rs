//! Types as the user writes them: which ones a kernel can take, return and name, and what stands for them in
//! the tracing code.
//!
//! Only the spelling is judged here, so that a mistake is reported in the user's words. Aliases pass; traits
//! of the library decide about them.

use crate::diagnose::Diagnostics;
use parfuse_names::MAX_RANK;
use parfuse_names::types::{ELEMENTS, listed};
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::visit_mut::{self, VisitMut};
use syn::{GenericArgument, Ident, Lifetime, PathArguments, Type};

const OTHER_PRIMITIVES: [&str; 7] = ["u128", "i128", "f16", "f128", "char", "str", "String"];

const SUPPORTED_PARAMETERS: &str = "a kernel takes scalars (TYPES, Complex), arrays of them \
    (&ArrayRef1<f64>, &Array2<f64>, &ArrayD<f64>, ArrayView1<f64>, &[f64]), an Option of a scalar, and arrays to write (&mut ArrayRef1<f64>, \
    &mut Array2<f64>, &mut ArrayD<f64>, ArrayViewMut1<f64>, &mut [f64]) and scalars to write (&mut f64)";

const SUPPORTED_RESULTS: &str = "a kernel returns nothing, a scalar (TYPES, Complex), an array of \
    rank 0 to 6 such as Array1<f64>, ArrayD<f64>, a Vec<f64>, an Option of one of these, or a tuple of up to four";

/// A message with the names of all types in it.
fn with_types(message: &str) -> String {
    message.replace("TYPES", &listed())
}

/// Complains about a parameter's type if it is certainly none that a kernel can take; tells whether it can be.
pub fn check_parameter(ty: &Type, diagnostics: &mut Diagnostics) -> bool {
    let problem = match strip(ty) {
        Type::Path(path) => match last_name(path).as_deref() {
            Some(name) if name == "Array" || is_ranked(name, "Array") => {
                Some("an array is passed by reference".to_string())
            }
            Some("Option") => match held_by(path).map(strip) {
                Some(Type::Path(held)) if !last_name(held).is_some_and(|name| name.starts_with("Array")) => {
                    element_problem(path)
                }
                Some(Type::Tuple(tuple)) if (2..=4).contains(&tuple.elems.len()) => None,
                _ => Some(
                    "an `Option` has a scalar, a struct or a tuple of them; pass an array that may be missing as one \
                     without elements, `&[]`"
                        .to_string(),
                ),
            },
            Some("Vec") => Some("a vector is passed by reference, `&[f64]`".to_string()),
            Some(name) if is_foreign(name) => Some(format!("`{name}` is not a type that kernels know")),
            _ => element_problem(path),
        },
        Type::Reference(reference) => match strip(&reference.elem) {
            Type::Path(path) => match last_name(path).as_deref() {
                Some("Vec") => element_problem(path),
                Some(name) if is_foreign(name) => Some(format!("`{name}` is not a type that kernels know")),
                _ => element_problem(path),
            },
            Type::Slice(slice) => match strip(&slice.elem) {
                Type::Array(row) => row_problem(row),
                Type::Tuple(tuple) if (2..=4).contains(&tuple.elems.len()) => None,
                Type::Path(path) => {
                    last_name(path).filter(|name| is_foreign(name)).map(|name| no_element(&name))
                }
                _ => Some(
                    "the elements of a slice are scalars, structs, or tuples or fixed arrays of them"
                        .to_string(),
                ),
            },
            Type::Array(array) => row_problem(array),
            Type::Tuple(tuple) if (2..=4).contains(&tuple.elems.len()) => None,
            _ => Some("this reference is not a parameter that kernels know".to_string()),
        },
        Type::Array(array) => row_problem(array),
        Type::Tuple(tuple) => match tuple.elems.len() {
            2..=4 => None,
            _ => Some("a tuple has 2 to 4 scalars or structs".to_string()),
        },
        Type::Infer(_) | Type::Macro(_) | Type::Verbatim(_) => None,
        Type::ImplTrait(function) if function.to_token_stream().to_string().contains("Fn") => Some(
            "a function is not passed to a kernel: write a kernel for each, which calls what it needs, or a number that says which one"
                .to_string(),
        ),
        Type::ImplTrait(_) => Some("a kernel names its types, `<T: Float>(x: T)`".to_string()),
        _ => Some("this type is not one that kernels know".to_string()),
    };
    if let Some(problem) = &problem {
        diagnostics.report(ty, format_args!("{problem}: {}", with_types(SUPPORTED_PARAMETERS)));
    }
    problem.is_none()
}

/// What is wrong with the elements of a fixed array, or of the rows in it.
fn row_problem(array: &syn::TypeArray) -> Option<String> {
    match strip(&array.elem) {
        Type::Array(row) => row_problem(row),
        Type::Path(path) => last_name(path).filter(|name| is_foreign(name)).map(|name| no_element(&name)),
        _ => Some("the elements of an array are scalars".to_string()),
    }
}

/// Complains about a return type if it is certainly none that a kernel can return; tells whether it can be.
pub fn check_returned(ty: &Type, diagnostics: &mut Diagnostics) -> bool {
    let problem = match strip(ty) {
        Type::Tuple(tuple) if tuple.elems.len() > 4 => Some("this tuple is too long".to_string()),
        Type::Tuple(tuple) => {
            let returnable: Vec<bool> =
                tuple.elems.iter().map(|part| check_returned(part, diagnostics)).collect();
            return returnable.into_iter().all(|part| part);
        }
        Type::Path(path) => match last_name(path).as_deref() {
            Some("Vec") if is_of_vectors(path) || is_of_options(path) => None,
            Some("Vec") => element_problem(path),
            Some("Option") => match held_by(path) {
                Some(held) => return check_returned(held, diagnostics),
                None => None,
            },
            Some("Result") => return check_result(path, diagnostics),
            Some("String") => None,
            Some(name) if is_borrowed(name) => Some(format!("`{name}` cannot be returned")),
            Some(name) if is_foreign(name) => Some(format!("`{name}` cannot be returned")),
            _ => element_problem(path),
        },
        Type::Array(array) => row_problem(array),
        Type::Macro(_) | Type::Verbatim(_) => None,
        text if is_text(text) => None,
        _ => Some("this type cannot be returned".to_string()),
    };
    if let Some(problem) = &problem {
        diagnostics.report(ty, format_args!("{problem}: {}", with_types(SUPPORTED_RESULTS)));
    }
    problem.is_none()
}

/// Complains about the target of `as` if it is none that kernels know.
pub fn check_cast(ty: &Type, diagnostics: &mut Diagnostics) {
    let known = match strip(ty) {
        Type::Path(path) => !last_name(path).is_some_and(|name| is_foreign(&name)),
        Type::Macro(_) => true,
        _ => false,
    };
    if !known {
        diagnostics.report(ty, format_args!("a kernel converts to {} only", listed()));
    }
}

/// Complains about the type at a `let` if it is none that kernels know.
pub fn check_local(ty: &Type, diagnostics: &mut Diagnostics) {
    if let Type::Path(path) = strip(ty)
        && let Some(problem) = last_name(path)
            .filter(|name| is_foreign(name) && !matches!(name.as_str(), "Vec" | "Option"))
            .map(|name| format!("`{name}` is not a type that kernels know"))
            .or_else(|| element_problem(path).filter(|_| !is_of_vectors(path) && !is_of_options(path)))
    {
        diagnostics.report(ty, format_args!("{problem}: use {} and arrays of them", listed()));
    }
}

/// Whether a type is a vector of options.
fn is_of_options(path: &syn::TypePath) -> bool {
    last_name(path).is_some_and(|name| name == "Vec")
        && matches!(held_by(path).map(strip), Some(Type::Path(held)) if last_name(held).as_deref() == Some("Option"))
}

/// Whether a type is a vector of vectors, which have one length each.
fn is_of_vectors(path: &syn::TypePath) -> bool {
    let is_vector =
        |ty: &Type| matches!(strip(ty), Type::Path(path) if last_name(path).as_deref() == Some("Vec"));
    let Some(last) = path.path.segments.last().filter(|last| last.ident == "Vec") else { return false };
    match &last.arguments {
        PathArguments::AngleBracketed(given) => {
            given.args.iter().any(|given| matches!(given, GenericArgument::Type(ty) if is_vector(ty)))
        }
        _ => false,
    }
}

/// The tracing code's expression for the type written at a `let`: an optional type of the program.
pub fn expression(ty: &Type) -> TokenStream {
    match strip(ty) {
        Type::Infer(_) => quote!(::core::option::Option::None),
        _ => call_item(&elide_lifetimes(&infer(ty)), "Annotated", "annotation", TokenStream::new()),
    }
}

/// `<ty as ::parfuse::__private::Trait>::item`, spelled so that rustc places every error about it at exactly
/// the user's type: equal errors at one place are shown once.
pub fn item(ty: &Type, trait_name: &str, item: &str) -> TokenStream {
    let (first, last) = ends(ty);
    let (trait_name, item) = (Ident::new(trait_name, last), Ident::new(item, last));
    let start = quote_spanned!(first=> <);
    let end = quote_spanned!(last=> as ::parfuse::__private::#trait_name>::#item);
    quote!(#start #ty #end)
}

/// A call of such an item, all of it at the type's place.
pub fn call_item(ty: &Type, trait_name: &str, name: &str, arguments: TokenStream) -> TokenStream {
    let function = item(ty, trait_name, name);
    let arguments = quote_spanned!(last_span(ty)=> (#arguments));
    quote!(#function #arguments)
}

/// `<ty as Returned>::Into<'_>`: where a result is written to.
pub fn into_type(ty: &Type) -> TokenStream {
    let into = item(ty, "Returned", "Into");
    let lifetime = quote_spanned!(last_span(ty)=> <'_>);
    quote!(#into #lifetime)
}

/// The place of the type's last token.
pub fn last_span(ty: &Type) -> Span {
    ends(ty).1
}

/// The places of the first and the last token.
fn ends(ty: &Type) -> (Span, Span) {
    let mut spans = ty.to_token_stream().into_iter().map(|token| token.span());
    let first = spans.next().unwrap_or_else(Span::call_site);
    (first, spans.last().unwrap_or(first))
}

/// The type with `Infer` for each `_`, which an associated constant cannot have in it.
pub fn infer(ty: &Type) -> Type {
    struct ReplaceInfer;
    impl VisitMut for ReplaceInfer {
        fn visit_type_mut(&mut self, ty: &mut Type) {
            if let Type::Infer(_) = ty {
                *ty = syn::parse_quote!(::parfuse::__private::Infer);
            } else {
                visit_mut::visit_type_mut(self, ty);
            }
        }
    }
    let mut ty = ty.clone();
    ReplaceInfer.visit_type_mut(&mut ty);
    ty
}

/// The type with `'_` for each named lifetime: the compiled variants leave them to elision.
pub fn elide_lifetimes(ty: &Type) -> Type {
    struct Elide;
    impl VisitMut for Elide {
        fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
            if lifetime.ident != "static" {
                *lifetime = Lifetime::new("'_", lifetime.span());
            }
        }
    }
    let mut ty = ty.clone();
    Elide.visit_type_mut(&mut ty);
    ty
}

/// The type in `Vec<…>`.
pub fn element_of_vector(path: &syn::TypePath) -> Option<&Type> {
    match last_name(path)?.as_str() {
        "Vec" => held_by(path),
        _ => None,
    }
}

/// The type in `Option<…>`.
pub fn held_by_option(ty: &Type) -> Option<&Type> {
    match strip(ty) {
        Type::Path(path) if last_name(path).as_deref() == Some("Option") => held_by(path),
        _ => None,
    }
}

/// The first type in the angle brackets of a type.
fn held_by(path: &syn::TypePath) -> Option<&Type> {
    match &path.path.segments.last()?.arguments {
        PathArguments::AngleBracketed(arguments) => {
            arguments.args.iter().find_map(|argument| match argument {
                GenericArgument::Type(ty) => Some(ty),
                _ => None,
            })
        }
        _ => None,
    }
}

/// Whether a type is spelled as an `Option` or a `Result`.
pub fn may_give_up(ty: &Type) -> bool {
    matches!(strip(ty), Type::Path(path)
        if last_name(path).is_some_and(|name| name == "Option" || name == "Result"))
}

/// Whether a type is `&'static str`.
fn is_text(ty: &Type) -> bool {
    matches!(strip(ty), Type::Reference(reference)
        if reference.lifetime.as_ref().is_some_and(|lifetime| lifetime.ident == "static")
            && matches!(strip(&reference.elem), Type::Path(path) if path.path.is_ident("str")))
}

/// Complains about the types in a `Result` that is returned; tells whether it can be.
fn check_result(path: &syn::TypePath, diagnostics: &mut Diagnostics) -> bool {
    let types = match path.path.segments.last().map(|last| &last.arguments) {
        Some(PathArguments::AngleBracketed(arguments)) => arguments.args.iter().collect(),
        _ => Vec::new(),
    };
    let is_made = |ty: &Type| matches!(strip(ty), Type::Path(path) if matches!(last_name(path).as_deref(), Some("Box")));
    match &types[..] {
        [_, GenericArgument::Type(error)] if is_made(error) => {
            diagnostics.report(
                error,
                "a kernel boxes nothing: return `Result<T, String>` or `Result<T, &'static str>`, or an enum without fields for the error; or give up \
                 with `fail!(\"{x} at {i}\")`, which makes the call an error with that message",
            );
            false
        }
        [GenericArgument::Type(value), GenericArgument::Type(error)] => {
            let (value, error) = (check_returned(value, diagnostics), check_returned(error, diagnostics));
            value && error
        }
        _ => true,
    }
}

/// Whether a type is spelled as that of a vector which a function may have grow, `&mut Vec<f64>`.
pub fn is_vector_to_change(ty: &Type) -> bool {
    match strip(ty) {
        Type::Reference(reference) if reference.mutability.is_some() => {
            matches!(strip(&reference.elem), Type::Path(path) if last_name(path).as_deref() == Some("Vec"))
        }
        _ => false,
    }
}

/// The vector that such a reference refers to.
pub fn vector_to_change(ty: &Type) -> Option<Type> {
    match strip(ty) {
        Type::Reference(reference) if is_vector_to_change(ty) => Some((*reference.elem).clone()),
        _ => None,
    }
}

/// Whether a type is spelled as a reference to one number, struct or tuple that a function may change, `&mut f64`.
pub fn is_reference_to_change(ty: &Type) -> bool {
    match strip(ty) {
        Type::Reference(reference) if reference.mutability.is_some() => match strip(&reference.elem) {
            Type::Path(path) => {
                last_name(path).is_some_and(|name| name != "Vec" && !name.starts_with("Array"))
            }
            Type::Tuple(_) => true,
            _ => false,
        },
        _ => false,
    }
}

/// Whether the type is `()`.
pub fn is_unit(ty: &Type) -> bool {
    matches!(strip(ty), Type::Tuple(tuple) if tuple.elems.is_empty())
}

/// Whether a type is spelled as one of elements, or as a reference to one.
pub fn is_element(ty: &Type) -> bool {
    match strip(ty) {
        Type::Reference(reference) => is_element(&reference.elem),
        Type::Path(path) => {
            last_name(path).is_some_and(|name| ELEMENTS.contains(&&*name) || name.starts_with("Complex"))
        }
        _ => false,
    }
}

/// Whether a name is that of a type that Rust itself has.
pub fn is_primitive(name: &str) -> bool {
    ELEMENTS.contains(&name) || OTHER_PRIMITIVES.contains(&name)
}

/// Whether a name is a well-known type that kernels do not have.
pub fn is_foreign(name: &str) -> bool {
    OTHER_PRIMITIVES.contains(&name) || matches!(name, "Vec" | "Option" | "Result" | "Box" | "HashMap")
}

/// Whether a name is that of an array type that begins so and says how many axes there are, `ArrayRef3`, or that it leaves it
/// open, `ArrayRefD`.
pub fn is_ranked(name: &str, start: &str) -> bool {
    let rank = name.strip_prefix(start).unwrap_or("");
    rank == "D" || rank.parse().is_ok_and(|rank: usize| rank <= MAX_RANK)
}

/// Whether a name is that of arrays that others own.
fn is_borrowed(name: &str) -> bool {
    ["ArrayView", "ArrayViewMut", "ArrayRef"].iter().any(|kind| name == *kind || is_ranked(name, kind))
}

/// The type without parentheses and invisible groups.
fn strip(mut ty: &Type) -> &Type {
    loop {
        ty = match ty {
            Type::Paren(inner) => &inner.elem,
            Type::Group(inner) => &inner.elem,
            other => return other,
        }
    }
}

/// The last segment's name.
fn last_name(path: &syn::TypePath) -> Option<String> {
    path.path.segments.last().map(|segment| segment.ident.to_string())
}

/// What is wrong with the element type of an array type, `Array1<u8>`.
fn element_problem(path: &syn::TypePath) -> Option<String> {
    let PathArguments::AngleBracketed(arguments) = &path.path.segments.last()?.arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(Type::Path(element)) => {
            last_name(element).filter(|name| is_foreign(name)).map(|name| no_element(&name))
        }
        _ => None,
    })
}

/// What to say of elements of a type that is none of kernels.
fn no_element(name: &str) -> String {
    match name {
        "Vec" => {
            "vectors of vectors are passed as an `Array2`, or as one vector beside the positions where its parts begin"
                .to_string()
        }
        _ => format!("`{name}` is not an element type that kernels know"),
    }
}
