//! What stands in the user's code in the end: the function, the type of the same name, and its functions.
//!
//! If there were complaints, the function and the type are emitted all the same, with bodies that are never
//! run, so that the code that uses the kernel is not blamed as well.

use crate::annotation;
use crate::diagnose::Diagnostics;
use crate::input::{KernelInput, Param};
use crate::translator::hygienic;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Attribute, Ident};

/// Lints are for the user's function, not for its translation.
fn allow() -> TokenStream {
    quote! {
        #[allow(warnings, clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction)]
    }
}

/// The kernel's items: from the function, the translation of its body, and the complaints.
pub fn emit(input: &KernelInput, traced: &TokenStream, diagnostics: &Diagnostics) -> TokenStream {
    let (function, errors) = (&input.function, diagnostics.compile_errors());
    if input.method {
        return quote!(#errors #function);
    }
    let (name, visibility, allow) = (input.name(), &function.vis, allow());
    let cfg: Vec<&Attribute> =
        function.attrs.iter().filter(|attribute| attribute.path().is_ident("cfg")).collect();
    let doc = format!("The compiled variants of the function [`{name}`](fn@{name}).");
    let correct = diagnostics.is_empty();
    let (inline, kernel_function) = traits(input, correct.then_some(traced));
    let mut functions = kernel_handle(input, correct);
    if input.callable {
        functions.extend(variants(input, correct));
    }
    quote! {
        #errors
        #function

        #(#cfg)*
        #[doc = #doc]
        #[allow(non_camel_case_types, clippy::empty_enums)]
        #visibility enum #name {}

        #(#cfg)*
        #[automatically_derived]
        #allow
        impl ::parfuse::__private::Inline for #name { #inline }

        #(#cfg)*
        #[automatically_derived]
        #allow
        impl ::parfuse::__private::KernelFunction for #name { #kernel_function }

        #(#cfg)*
        #[automatically_derived]
        #allow
        impl #name { #functions }
    }
}

/// The contents of the implementations of `Inline` and `KernelFunction`; without a translation they are
/// never run.
fn traits(input: &KernelInput, traced: Option<&TokenStream>) -> (TokenStream, TokenStream) {
    let (t, arguments, place) = (hygienic("t"), hygienic("arguments"), hygienic("place"));
    let value = hygienic("value");
    let name_text = input.name().to_string();
    let never = quote!(::core::unreachable!());
    let body = match traced {
        None => never.clone(),
        // Both branches of every `if` are traced, so kernels that call each other would never end.
        Some(traced) => quote! {
            ::std::thread_local! {
                static __PARFUSE_ACTIVE: ::core::cell::Cell<bool> = const { ::core::cell::Cell::new(false) };
            }
            if __PARFUSE_ACTIVE.replace(true) {
                return #t.mistake(
                    "a kernel cannot call itself, not even through others: write a `while` loop",
                    #place,
                );
            }
            let #value = { #traced };
            __PARFUSE_ACTIVE.set(false);
            #value
        },
    };
    let inline = quote! {
        fn inline<'t>(
            #t: &'t ::parfuse::__private::Tracer,
            #arguments: &[::parfuse::__private::Value<'t>],
            #place: ::parfuse::__private::At,
        ) -> ::parfuse::__private::Value<'t> {
            #body
        }
    };
    let trace = match traced {
        None => never.clone(),
        Some(_) => {
            let params = input.params.iter().map(|param| {
                let (kind, text) = (annotation::item(&param.ty, "Argument", "KIND"), param.name.to_string());
                quote!(#t.param(#text, #kind))
            });
            let results = match &input.returns {
                None => quote!(&[]),
                Some(ty) => {
                    let kinds = annotation::call_item(ty, "Returned", "kinds", TokenStream::new());
                    quote!(&#kinds)
                }
            };
            let start = input.name().span().start();
            let (line, column) = (start.line as u32, start.column as u32 + 1);
            quote! {
                let #t = ::parfuse::__private::Tracer::new(#name_text);
                let #arguments = [#(#params),*];
                let #place = ::parfuse::__private::At { file: ::core::file!(), line: #line, column: #column };
                let result = <Self as ::parfuse::__private::Inline>::inline(&#t, &#arguments, #place);
                #t.finish(result, #results)
            }
        }
    };
    let kernel_function = quote! {
        const NAME: &'static str = #name_text;
        fn trace() -> ::core::result::Result<
            ::parfuse::__private::Program,
            ::parfuse::__private::TraceError,
        > {
            #trace
        }
    };
    (inline, kernel_function)
}

/// The function `kernel`.
fn kernel_handle(input: &KernelInput, correct: bool) -> TokenStream {
    let visibility = &input.function.vis;
    let body = match correct {
        false => quote!(::core::unreachable!()),
        true => quote! {
            static KERNEL: ::parfuse::__private::StaticKernel = ::parfuse::__private::StaticKernel::new();
            KERNEL.get::<Self>()
        },
    };
    quote! {
        /// The kernel: what it compiles to, why, and how to configure it.
        #visibility fn kernel() -> &'static ::parfuse::Kernel { #body }
    }
}

/// The functions with the kernel's own parameters.
fn variants(input: &KernelInput, correct: bool) -> TokenStream {
    let visibility = &input.function.vis;
    let name = input.name();
    let unit: syn::Type = syn::parse_quote!(());
    let returns = input.returns.as_ref().unwrap_or(&unit);
    // A parameter named as the function would hide it in `compare`.
    let names: Vec<Ident> = input
        .params
        .iter()
        .map(|param| if param.name == *name { hygienic("argument") } else { param.name.clone() })
        .collect();
    let types: Vec<_> = input.params.iter().map(|param| &param.ty).collect();
    let argument_calls = |function: &str, more: TokenStream| -> Vec<TokenStream> {
        let call = |(param, name): (&Param, &Ident)| {
            annotation::call_item(&param.ty, "Argument", function, quote!(#name #more))
        };
        input.params.iter().zip(&names).map(call).collect()
    };
    let returned_call =
        |function: &str, arguments| annotation::call_item(returns, "Returned", function, arguments);
    // Errors about the type of `into` belong to the return type, so the name has its place, all of it.
    let taken = names.iter().any(|name| name == "into");
    let into = Ident::new(if taken { "into_memory" } else { "into" }, annotation::last_span(returns));
    let binder = hygienic("binder");
    let never = quote!(::core::unreachable!());
    let binds = argument_calls("bind", quote!(, #binder));
    let bindings = quote!(|#binder| { #(#binds;)* });
    let mut functions = TokenStream::new();
    for (variant, function, into_function, wording) in [
        ("Serial", "serial", "serial_into", "on the calling thread"),
        ("Parallel", "parallel", "parallel_into", "on the thread pool"),
    ] {
        let (variant, function) = (format_ident!("{variant}"), format_ident!("{function}"));
        let into_function = format_ident!("{into_function}");
        let body = match correct {
            false => never.clone(),
            true => returned_call(
                "call",
                quote!(Self::kernel(), ::parfuse::__private::Variant::#variant, #bindings),
            ),
        };
        let doc = format!("Runs the compiled kernel {wording}.");
        functions.extend(quote! {
            #[doc = #doc]
            #visibility fn #function(
                #(#names: #types),*
            ) -> ::core::result::Result<#returns, ::parfuse::Error> {
                #body
            }
        });
        // A type that cannot be returned has been complained about: it must not be asked for its `Into`.
        if input.returns.is_none() || !input.returnable {
            continue;
        }
        let into_type = annotation::into_type(returns);
        let body = match correct {
            false => never.clone(),
            true => returned_call(
                "call_into",
                quote!(Self::kernel(), ::parfuse::__private::Variant::#variant, #bindings, #into),
            ),
        };
        let doc =
            format!("Runs the compiled kernel {wording} and writes what it returns into existing memory.");
        functions.extend(quote! {
            #[doc = #doc]
            #visibility fn #into_function(
                #(#names: #types,)*
                #into: #into_type,
            ) -> ::core::result::Result<(), ::parfuse::Error> {
                #body
            }
        });
    }
    let body = match correct {
        false => never,
        true => {
            let holds = argument_calls("hold", TokenStream::new());
            returned_call(
                "compare",
                quote!(Self::kernel(), (#(#holds,)*), |(#(#names,)*)| #name(#(#names),*)),
            )
        }
    };
    functions.extend(quote! {
        /// Runs the function itself and both compiled variants, and compares what they return and write.
        #visibility fn compare(
            #(#names: #types),*
        ) -> ::core::result::Result<::parfuse::Comparison, ::parfuse::Error> {
            #body
        }
    });
    functions
}
