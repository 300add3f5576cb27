//! What stands in the user's code in the end: the function, the type of the same name, and its functions.
//!
//! If there were complaints, the function and the type are emitted all the same, with bodies that are never
//! run, so that the code that uses the kernel is not blamed as well.

use crate::annotation;
use crate::diagnose::Diagnostics;
use crate::input::KernelInput;
use crate::translator::{Draws, Translation, hygienic};
use crate::variants;
use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{Attribute, Ident, ItemFn, Stmt, Type};

/// Lints are for the user's function, not for its translation.
pub(crate) fn allow() -> TokenStream {
    quote! {
        #[allow(warnings, clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction)]
    }
}

/// The kernel's items: from the function, the translation of its body, and the complaints.
pub fn emit(input: &KernelInput, traced: &Translation, diagnostics: &Diagnostics) -> TokenStream {
    let (function, errors) = (counted(&input.function, traced.draws), diagnostics.compile_errors());
    if !input.typed {
        return quote!(#errors #function);
    }
    let (name, visibility, allow) = (input.name(), &function.vis, allow());
    let cfg: Vec<&Attribute> =
        function.attrs.iter().filter(|attribute| attribute.path().is_ident("cfg")).collect();
    // Methods of `SpecialFunctions` that the standard library may have one day.
    let collides = mentions(function.block.to_token_stream(), &["erf", "erfc"]);
    let collisions = collides.then(|| quote!(#[allow(unstable_name_collisions)]));
    let doc = format!("The compiled variants of the function [`{name}`](fn@{name}).");
    let correct = diagnostics.is_empty();
    let (inline, kernel_function) = traits(input, correct.then_some(&traced.body));
    let inferred = correct.then(|| inferred(input)).flatten();
    let functions = variants::functions(input, correct);
    let declaration = input.generics.type_named(name);
    let (parameters, generic_arguments) = (input.generics.parameters(), input.generics.arguments());
    let clause = input.generics.clause();
    quote! {
        #errors
        #collisions
        #function

        #(#cfg)*
        #[doc = #doc]
        #[allow(non_camel_case_types, clippy::empty_enums)]
        #visibility #declaration

        #(#cfg)*
        #[automatically_derived]
        #allow
        impl #parameters ::parfuse::__private::Inline for #name #generic_arguments #clause { #inline }

        #(#cfg)*
        #[automatically_derived]
        #allow
        impl #parameters ::parfuse::__private::KernelFunction for #name #generic_arguments #clause { #kernel_function }

        #(#cfg)*
        #[automatically_derived]
        #allow
        impl #parameters #name #generic_arguments #clause { #functions }

        #inferred
    }
}

/// The function. One that draws random numbers notes that it is called, since each call in the scope of a seed has numbers of
/// its own; behind its items, where lints want no other statement.
fn counted(function: &ItemFn, draws: Draws) -> ItemFn {
    let mut function = function.clone();
    if draws != Draws::Nothing && function.sig.constness.is_none() {
        let (call, numbers) = (hygienic("call"), draws == Draws::Numbers);
        let note = syn::parse_quote!(let #call = ::parfuse::__private::PlainCall::begin(#numbers););
        let items = function.block.stmts.iter().take_while(|stmt| matches!(stmt, Stmt::Item(_))).count();
        function.block.stmts.insert(items, note);
    }
    function
}

/// The implementation of `Inline` for calls in kernels that do not say what the kernel's types are.
fn inferred(input: &KernelInput) -> Option<TokenStream> {
    let (name, allow) = (input.name(), allow());
    let (t, arguments, place) = (hygienic("t"), hygienic("arguments"), hygienic("place"));
    let types: Vec<&Type> = input.params.iter().map(|param| &param.ty).collect();
    let body = input.generics.inferred(name, &types, &t, &arguments, &place)?;
    let inline = inline(&t, &arguments, &place, body);
    let cfg = input.function.attrs.iter().filter(|attribute| attribute.path().is_ident("cfg"));
    Some(quote! {
        #(#cfg)*
        #[automatically_derived]
        #allow
        impl ::parfuse::__private::Inline for #name {
            #inline
        }
    })
}

/// The function that writes down a call of what it is made for. What runs once need not be fast, but compiled quickly and
/// small.
pub(crate) fn inline(t: &Ident, arguments: &Ident, place: &Ident, body: TokenStream) -> TokenStream {
    quote! {
        #[cold]
        #[inline(never)]
        fn inline<'t>(
            #t: &'t ::parfuse::__private::Tracer,
            #arguments: &[::parfuse::__private::Value<'t>],
            #place: ::parfuse::__private::At,
        ) -> ::parfuse::__private::Value<'t> {
            #body
        }
    }
}

/// Whether one of these names occurs.
fn mentions(tokens: TokenStream, names: &[&str]) -> bool {
    let mut rest = vec![tokens];
    while let Some(tokens) = rest.pop() {
        for token in tokens {
            match token {
                TokenTree::Group(group) => rest.push(group.stream()),
                TokenTree::Ident(name) if names.iter().any(|known| name == known) => return true,
                _ => {}
            }
        }
    }
    false
}

/// The contents of the implementations of `Inline` and `KernelFunction`; without a translation they are
/// never run.
fn traits(input: &KernelInput, traced: Option<&TokenStream>) -> (TokenStream, TokenStream) {
    let (t, arguments, place) = (hygienic("t"), hygienic("arguments"), hygienic("place"));
    let name_text = input.name().to_string();
    let never = quote!(::core::unreachable!());
    let generics = &input.generics;
    let (clause, given) = (generics.clause(), generics.given(&t, &name_text, &place));
    let declared = generics.declared();
    let arguments_of_body = generics.turbofish();
    let body = match traced {
        None => never.clone(),
        Some(traced) => quote! {
            #given
            #[cold]
            #[inline(never)]
            fn body<'t, #(#declared),*>(
                #t: &'t ::parfuse::__private::Tracer,
                #arguments: &[::parfuse::__private::Value<'t>],
            ) -> ::parfuse::__private::Value<'t> #clause {
                #traced
            }
            #t.call_body(::core::any::TypeId::of::<Self>(), #name_text, #place, #arguments, body #arguments_of_body)
        },
    };
    let inline = inline(&t, &arguments, &place, body);
    let traced = match traced {
        // The types are asked about all the same, so that all mistakes are seen at once.
        None => {
            let params = input.params.iter().filter(|param| param.known && input.generics.is_empty());
            let kinds = params.map(|param| annotation::item(&param.ty, "Argument", "KIND"));
            quote!(#(let _ = #kinds;)* #never)
        }
        Some(_) => {
            let params = input.params.iter().map(|param| {
                let (kind, text) = (annotation::item(&param.ty, "Argument", "KIND"), param.name.to_string());
                quote!((#text, #kind))
            });
            let results = annotation::item(&input.results(), "Returned", "kinds");
            let start = input.name().span().start();
            let (line, column) = (start.line as u32, start.column as u32 + 1);
            let checked = input.options.checked;
            let math = if input.options.fast { quote!(Fast) } else { quote!(Strict) };
            quote! {
                &const {
                    ::parfuse::__private::Traced {
                        name: #name_text,
                        math: ::parfuse::__private::Math::#math,
                        checked: #checked,
                        params: &[#(#params),*],
                        results: #results,
                        place: ::parfuse::__private::At { file: ::core::file!(), line: #line, column: #column },
                        body: <Self as ::parfuse::__private::Inline>::inline,
                    }
                }
            }
        }
    };
    let kernel_function = quote! {
        const NAME: &'static str = #name_text;
        #[cold]
        #[inline(never)]
        fn traced() -> &'static ::parfuse::__private::Traced {
            #traced
        }
    };
    (inline, kernel_function)
}
