//! `#[kernel] impl Particle { … }`: methods of a struct, which kernels call.
//!
//! ```text
//! impl Particle { fn energy(&self) -> f64 { 0.5 * self.m * self.v * self.v } }        unchanged
//! impl Particle { const METHODS: … = &[RecordMethod { name: "energy", inline }] }     how to trace a call of each
//! ```
//!
//! A method becomes part of the kernel that calls it, as a called kernel does. In its body `self` is a parameter like any
//! other; of `&self` and `&mut self` it stands for what the method is called on, of `self` for a copy.

use crate::diagnose::Diagnostics;
use crate::emit::{allow, inline};
use crate::input::{KernelInput, KernelOptions};
use crate::operators;
use crate::translator::{hygienic, translate};
use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::{FnArg, ImplItem, ImplItemFn, ItemFn, ItemImpl, ReceiverKind, Type, Visibility};

/// What `self` is called in the translation.
const THIS: &str = "__self";

/// The attribute on an `impl`.
pub(crate) fn expand(item: &ItemImpl, options: KernelOptions, mut diagnostics: Diagnostics) -> TokenStream {
    if item.trait_.is_none() && !item.generics.params.is_empty() {
        let message = "`#[kernel]` is for methods of structs without type parameters";
        diagnostics.report(&item.generics, message);
    }
    if options.fast || options.checked {
        let message = "`fast` and `checked` are for the kernel that calls the methods: it decides for all that it calls";
        diagnostics.report(&item.self_ty, message);
    }
    let known = match &item.trait_ {
        Some((name, _)) => operators::expand(item, name, &mut diagnostics),
        None => own_methods(item, &mut diagnostics),
    };
    let errors = diagnostics.compile_errors();
    if !diagnostics.is_empty() {
        return quote!(#errors #item);
    }
    quote!(#item #known)
}

/// The constant with the methods of a struct.
fn own_methods(item: &ItemImpl, diagnostics: &mut Diagnostics) -> TokenStream {
    let mut methods = TokenStream::new();
    for item_of_it in &item.items {
        if let ImplItem::Fn(method) = item_of_it {
            let name = method.sig.ident.to_string();
            methods.extend(traced(method, &item.self_ty, &name, diagnostics));
        }
    }
    let (ty, allow) = (&item.self_ty, allow());
    quote! {
        #[automatically_derived]
        #allow
        impl #ty {
            #[doc(hidden)]
            pub const __METHODS_OF_KERNELS: &'static [::parfuse::__private::RecordMethod] = &[#methods];
        }
    }
}

/// How to trace a call of a method, which kernels find by a name.
pub(crate) fn traced(
    method: &ImplItemFn,
    owner: &Type,
    name: &str,
    diagnostics: &mut Diagnostics,
) -> TokenStream {
    if let Some(attribute) = method.attrs.iter().find(|attribute| attribute.path().is_ident("cfg")) {
        diagnostics.report(attribute, "`cfg` on methods is not supported here: put it on the whole `impl`");
    }
    let before = diagnostics.count();
    let (function, borrowed) = function(method, owner, diagnostics);
    let Some(function) = function else { return TokenStream::new() };
    let mut input = KernelInput::new(function, KernelOptions::default(), diagnostics);
    if !input.generics.is_empty() {
        diagnostics.report(&method.sig.generics, "a method of a struct cannot be generic in a kernel");
    }
    if borrowed && let Some(this) = input.params.first_mut() {
        this.borrowed = true;
    }
    let body = translate(&input, diagnostics).body;
    if diagnostics.count() > before {
        return TokenStream::new();
    }
    let (t, arguments, place) = (hygienic("t"), hygienic("arguments"), hygienic("place"));
    let called = format!("{}::{}", owner.to_token_stream(), method.sig.ident);
    let identity = hygienic("Identity");
    let call = quote! {
        #[cold]
        #[inline(never)]
        fn body<'t>(
            #t: &'t ::parfuse::__private::Tracer,
            #arguments: &[::parfuse::__private::Value<'t>],
        ) -> ::parfuse::__private::Value<'t> {
            #body
        }
        #t.call_body(::core::any::TypeId::of::<#identity>(), #called, #place, #arguments, body)
    };
    let inline = inline(&t, &arguments, &place, call);
    quote! {
        ::parfuse::__private::RecordMethod {
            name: #name,
            borrowed: #borrowed,
            inline: {
                enum #identity {}
                #inline
                inline
            },
        },
    }
}

/// The method as a function, with whether `self` is a reference.
fn function(method: &ImplItemFn, owner: &Type, diagnostics: &mut Diagnostics) -> (Option<ItemFn>, bool) {
    let mut signature = method.sig.clone();
    let mut borrowed = false;
    if let Some(FnArg::Receiver(receiver)) = signature.inputs.first() {
        borrowed = matches!(receiver.kind, ReceiverKind::Reference(..));
        if !borrowed && !matches!(receiver.kind, ReceiverKind::Value) {
            diagnostics.report(receiver, "a method that kernels call takes `self`, `&self` or `&mut self`");
        }
        let this = Ident::new(THIS, receiver.self_token.span());
        let mutable = receiver.mutability;
        let first: FnArg = syn::parse_quote!(#mutable #this: #owner);
        signature.inputs[0] = first;
    }
    let block = &method.block;
    let tokens = renamed(quote!(#signature #block), owner);
    match syn::parse2::<ItemFn>(tokens) {
        Ok(function) => (Some(ItemFn { vis: Visibility::Inherited, ..function }), borrowed),
        Err(error) => {
            diagnostics.report_error(error);
            (None, borrowed)
        }
    }
}

/// Tokens with the type in the place of `Self`, and a name in that of `self`.
fn renamed(tokens: TokenStream, owner: &Type) -> TokenStream {
    let mut all = TokenStream::new();
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), renamed(group.stream(), owner));
                inner.set_span(group.span());
                all.extend([TokenTree::Group(inner)]);
            }
            TokenTree::Ident(name) if name == "self" => {
                all.extend([TokenTree::Ident(Ident::new(THIS, name.span()))]);
            }
            TokenTree::Ident(name) if name == "Self" => all.extend(spanned(owner, name.span())),
            other => all.extend([other]),
        }
    }
    all
}

/// The type at another place.
fn spanned(owner: &Type, span: Span) -> TokenStream {
    let respanned = |mut token: TokenTree| {
        token.set_span(span);
        token
    };
    owner.to_token_stream().into_iter().map(respanned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(item: &str) -> String {
        let item = syn::parse_str(item).unwrap();
        expand(&item, KernelOptions::default(), Diagnostics::default()).to_string()
    }

    #[test]
    fn each_method_gets_a_way_to_trace_it() {
        let code =
            expanded("impl Body { fn energy(&self) -> f64 { self.m } fn at(x: f64) -> Self { Self { x } } }");
        assert!(code.contains("\"energy\"") && code.contains("\"at\"") && code.contains("__self"), "{code}");
        assert!(!code.contains("compile_error"), "{code}");
    }

    #[test]
    fn what_is_no_method_of_a_struct_is_refused() {
        assert!(expanded("impl Shape for Body { fn f(&self) {} }").contains("not of another trait"));
        assert!(expanded("impl<T> Body<T> { fn f(&self) {} }").contains("without type parameters"));
        assert!(
            expanded("impl Body { fn f(&self) { self.name.push_str(\"x\"); } }").contains("compile_error")
        );
    }
}
