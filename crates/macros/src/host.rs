//! The attribute `#[host]`: a function that kernels call, and that stays outside of compiled code.
//!
//! ```text
//! #[host]                                        fn solve(…) -> … { … }                  unchanged
//! fn solve(a: &ArrayRef2<f64>, …) -> …    ──▶    enum solve {}
//! { … }                                          impl Inline for solve { a call, by a function that takes views of the
//!                                                                        kernel's arrays and hands over what it returns }
//! ```

use crate::annotation;
use crate::diagnose::Diagnostics;
use crate::emit::{self, allow};
use crate::input;
use crate::translator::hygienic;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{FnArg, ItemFn, ReturnType, Type};

/// The attribute on token streams that exist outside the compiler too.
pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::default();
    if !arguments.is_empty() {
        diagnostics.report(&arguments, "`#[host]` takes no arguments");
    }
    let Some(function) = input::parse_function("host", item.clone(), &mut diagnostics) else {
        let errors = diagnostics.compile_errors();
        return quote!(#errors #item);
    };
    let params = check(&function, &mut diagnostics);
    let errors = diagnostics.compile_errors();
    match diagnostics.is_empty() {
        true => emit(&function, &params),
        false => quote!(#errors #function),
    }
}

/// The types of the parameters; complains about what such a function cannot have.
fn check(function: &ItemFn, diagnostics: &mut Diagnostics) -> Vec<Type> {
    let signature = &function.sig;
    if let Some(token) = &signature.asyncness {
        diagnostics.report(token, "a function that kernels call cannot be asynchronous");
    }
    if let syn::Safety::Unsafe(token) = &signature.safety {
        diagnostics
            .report(token, "a function that kernels call cannot be `unsafe`: write a safe one around it");
    }
    if signature.generics.type_params().next().is_some() || signature.generics.const_params().next().is_some()
    {
        diagnostics.report(
            &signature.generics,
            "a function that kernels call is not generic: write one for each type around it",
        );
    }
    input::check_name(&signature.ident, diagnostics);
    let mut types = Vec::new();
    for argument in &signature.inputs {
        match argument {
            FnArg::Receiver(receiver) => diagnostics.report(
                receiver,
                "a function that kernels call cannot be a method: write a function outside of the `impl`",
            ),
            FnArg::Typed(typed) => {
                if let Some(instead) = instead_of(&typed.ty) {
                    diagnostics.report(&typed.ty, instead);
                }
                types.push(annotation::elide_lifetimes(&typed.ty));
            }
        }
    }
    types
}

/// What to write instead of a type that needs memory of its own.
fn instead_of(ty: &Type) -> Option<&'static str> {
    let Type::Reference(reference) = ty else { return None };
    match &*reference.elem {
        Type::Slice(_) => {
            Some("kernels pass arrays, whose elements need not be neighbours: write `&ArrayRef1<f64>`")
        }
        Type::Path(path) => {
            let name = path.path.segments.last()?.ident.to_string();
            let owned = name == "Vec" || name == "Array" || annotation::is_ranked(&name, "Array");
            owned.then_some(
                "kernels pass views of their arrays: write `&ArrayRef1<f64>` or `&mut ArrayRef1<f64>`",
            )
        }
        _ => None,
    }
}

fn emit(function: &ItemFn, params: &[Type]) -> TokenStream {
    let (name, visibility, allow) = (&function.sig.ident, &function.vis, allow());
    let name_text = name.to_string();
    let cfg: Vec<_> = function.attrs.iter().filter(|attribute| attribute.path().is_ident("cfg")).collect();
    let returns: Type = match &function.sig.output {
        ReturnType::Default => syn::parse_quote!(()),
        ReturnType::Type(_, ty) => annotation::elide_lifetimes(ty),
    };
    let (t, arguments, place, result) =
        (hygienic("t"), hygienic("arguments"), hygienic("place"), hygienic("result"));
    let held: Vec<_> = (0..params.len())
        .map(|position| format_ident!("held{position}", span = hygienic("held").span()))
        .collect();
    let kinds = params.iter().map(|ty| annotation::item(ty, "HostParameter", "KIND"));
    let holds =
        params.iter().map(|ty| annotation::call_item(ty, "HostParameter", "hold", quote!(#arguments)));
    let lends = params
        .iter()
        .zip(&held)
        .map(|(ty, held)| annotation::call_item(ty, "HostParameter", "lend", quote!(&mut #held)));
    let gives = annotation::call_item(&returns, "HostReturned", "give", quote!(#result, #arguments));
    let results = annotation::call_item(&returns, "HostReturned", "kinds", TokenStream::new());
    let seen = annotation::call_item(&returns, "HostReturned", "seen", quote!(#t, #result, #place));
    let call = quote! {
        let #result =
            #t.call_host(<Self as ::parfuse::__private::HostItem>::function(), #arguments, #place);
        #seen
    };
    let inline = emit::inline(&t, &arguments, &place, call);
    let doc = format!("How kernels call the function [`{name}`](fn@{name}).");
    quote! {
        #function

        #(#cfg)*
        #[doc = #doc]
        #[allow(non_camel_case_types, clippy::empty_enums)]
        #visibility enum #name {}

        #(#cfg)*
        #[automatically_derived]
        #allow
        impl ::parfuse::__private::Inline for #name {
            #inline
        }

        #(#cfg)*
        #[automatically_derived]
        #allow
        impl ::parfuse::__private::HostItem for #name {
            #[cold]
            #[inline(never)]
            fn function() -> ::parfuse::__private::HostDeclaration {
                fn call(#arguments: &mut ::parfuse::__private::HostArguments<'_>) {
                    #(let mut #held = #holds;)*
                    let #result = #name(#(#lends),*);
                    #gives
                }
                static THUNK: ::parfuse::__private::HostThunk = ::parfuse::__private::HostThunk::new(call);
                ::parfuse::__private::host_function(#name_text, &[#(#kinds),*], #results, &THUNK)
            }
        }
    }
}
