//! Closures, and functions in their place: values that the tracer keeps and calls.
//!
//! ```text
//! |x| x * k        t.closure(&[k], false, 1, |t, given| { let k = given[0]; let x = t.bind("x", given[1], …); … }, at(…))
//! f64::max         t.closure(&[], false, 2, |t, given| t.method(given[0], Method::max, &[given[1]], …), at(…))
//! ```
//!
//! The closure in the tracing code captures nothing, so that it can be kept: what the user's captures is handed to it. These
//! are all variables of the kernel whose names occur in it; one more than needed does no harm.

use crate::call::{byte_order, is_vector, method_path};
use crate::declarations::Changed;
use crate::exits::Kind;
use crate::translator::{Translator, growing, hygienic};
use crate::type_functions::owner_of;
use parfuse_names::types::ELEMENTS;
use parfuse_names::{Method, refusals};
use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{ExprClosure, ExprPath};

/// Those of which a closure changes the length.
fn changes_length(body: &syn::Expr) -> Changed {
    growing(&syn::parse_quote!({ #body }))
}

/// Whether a type is one of references to what may be changed.
fn is_mutable(ty: &syn::Type) -> bool {
    matches!(ty, syn::Type::Reference(reference) if reference.mutability.is_some())
}

impl Translator<'_> {
    /// A closure as a value.
    pub(crate) fn closure_value(&mut self, closure: &ExprClosure) -> TokenStream {
        if let Some(token) = &closure.asyncness {
            self.diagnostics.report(token, "a kernel cannot be asynchronous");
        }
        let (t, place, given) = (self.t.clone(), self.place(closure.span()), hygienic("given"));
        let captured = self.captured(closure.to_token_stream());
        let changed = changes_length(&closure.body);
        let handed = captured.iter().map(|name| match changed.contains_outside(&name.to_string()) {
            true => quote!(#t.unary("&mut", #name, #place)),
            false => quote!(#name),
        });
        let handed: Vec<TokenStream> = handed.collect();
        let restored =
            captured.iter().enumerate().map(|(position, name)| quote!(let #name = #given[#position];));
        let restored: TokenStream = restored.collect();
        self.scope.enter();
        let mut bindings = TokenStream::new();
        for (position, pattern) in closure.inputs.iter().enumerate() {
            let position = captured.len() + position;
            bindings.extend(match pattern {
                syn::Pat::Type(typed) if !is_mutable(&typed.ty) => {
                    self.bind_pattern(pattern, quote!(#given[#position]), None, 0)
                }
                pattern => self.bind_argument(pattern, quote!(#given[#position])),
            });
        }
        let (value, scopes) = self.around(None, Kind::Closure, |inside| inside.expr(&closure.body));
        let value = self.value_scope(&scopes, value, &place);
        self.scope.leave();
        let (moves, count, at) = (closure.capture.is_some(), closure.inputs.len(), self.places());
        quote! {
            #t.closure(&[#(#handed),*], #moves, #count, |#t, #given| { #at #restored #bindings #value }, #place)
        }
    }

    /// Whether a path is not a variable of the kernel's.
    pub(crate) fn is_function(&self, path: &ExprPath) -> bool {
        let name = path.path.get_ident();
        path.qself.is_none() && name.is_none_or(|name| self.scope.get(&name.to_string()).is_none())
    }

    /// A function in the place of a closure with so many parameters.
    pub(crate) fn function_value(&mut self, path: &ExprPath, count: usize) -> TokenStream {
        let (t, place, given) = (self.t.clone(), self.place(path.span()), hygienic("given"));
        let names: Vec<String> = path.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        let arguments: Vec<TokenStream> = (0..count).map(|position| quote!(#given[#position])).collect();
        let value = match names.as_slice() {
            [primitive, name] if ELEMENTS.contains(&primitive.as_str()) && count == 0 => {
                let owner = owner_of(&path.path);
                match name.as_str() {
                    "default" => self.default_of(&owner),
                    name => self.unsupported(path, refusals::method(name)),
                }
            }
            [primitive, name] if ELEMENTS.contains(&primitive.as_str()) => {
                let ty = Ident::new(primitive, path.span());
                let (receiver, others) = (&arguments[0], &arguments[1..]);
                match name.as_str() {
                    "from" => quote!(#t.cast::<#ty>(#receiver, #place)),
                    "try_from" => quote!(#t.try_from::<#ty>(#receiver, #place)),
                    "from_bits" => quote!(#t.from_bits::<#ty>(#receiver, #place)),
                    name if let Some(order) = byte_order(name) => {
                        quote!(#t.from_bytes::<#ty>(#receiver, #order, #place))
                    }
                    name if let Some(method) = Method::named(name) => {
                        let method = method_path(method);
                        quote!(#t.method(#receiver, #method, &[#(#others),*], #place))
                    }
                    name => self.unsupported(path, refusals::method(name)),
                }
            }
            [name]
                if count > 0
                    && let Some(wrap) = wrapper(name) =>
            {
                let wrap = hygienic(wrap);
                quote!(#t.#wrap(#(#arguments),*, #place))
            }
            [.., ty, name] if is_vector(ty) && ty != "BinaryHeap" && name == "new" && count == 0 => {
                quote!(#t.empty_vector(::core::option::Option::None, #place))
            }
            [.., ty, name]
                if is_of_arrays(ty)
                    && count > 0
                    && let Some(method) = Method::named(name) =>
            {
                let (method, receiver, others) = (method_path(method), &arguments[0], &arguments[1..]);
                quote!(#t.method(#receiver, #method, &[#(#others),*], #place))
            }
            [.., ty, name] if ty.starts_with(char::is_uppercase) => {
                let owner = owner_of(&path.path);
                quote_spanned!(path.span()=> #t.function_of::<#owner>(#name, &[#(#arguments),*], #place))
            }
            [name] if name.starts_with(char::is_uppercase) => {
                let path = &path.path;
                quote_spanned!(path.span()=>
                    <#path as ::parfuse::__private::Inline>::inline(#t, &[#(#arguments),*], #place)
                )
            }
            _ => self.kernel_call(path, &arguments, &place),
        };
        let at = self.places();
        quote!(#t.closure(&[], false, #count, |#t, #given| { #at #value }, #place))
    }

    /// The variables of the kernel whose names occur, each once.
    fn captured(&self, tokens: TokenStream) -> Vec<Ident> {
        let (mut found, mut names, mut rest) = (Vec::new(), Vec::new(), vec![tokens.into_iter()]);
        let mut occurs = |name: Ident| {
            let text = name.to_string();
            if self.scope.get(&text).is_some() && !names.contains(&text) {
                names.push(text);
                found.push(name);
            }
        };
        while let Some(tokens) = rest.last_mut() {
            match tokens.next() {
                None => drop(rest.pop()),
                Some(TokenTree::Group(group)) => rest.push(group.stream().into_iter()),
                Some(TokenTree::Ident(name)) => occurs(name),
                Some(TokenTree::Literal(literal)) => {
                    for name in in_braces(&literal.to_string()) {
                        occurs(Ident::new(&name, literal.span()));
                    }
                }
                Some(TokenTree::Punct(_)) => {}
            }
        }
        found
    }
}

/// The names that a text shows, `"{x} at {i:?}"`.
fn in_braces(text: &str) -> Vec<String> {
    let holes = text.split('{').skip(1);
    let names = holes.map(|hole| hole.split(['}', ':']).next().unwrap_or_default().trim());
    names.filter(|name| syn::parse_str::<Ident>(name).is_ok()).map(str::to_string).collect()
}

/// What makes the value that a variant has inside, `Some` say, by the name of the tracer's method.
fn wrapper(name: &str) -> Option<&'static str> {
    Some(match name {
        "Some" => "some",
        "Ok" => "ok",
        "Err" => "err",
        "Reverse" => "turned_around",
        _ => return None,
    })
}

/// Whether a type's methods are those of arrays, options and what is made of them: `Vec::len`, `Option::is_some`.
fn is_of_arrays(ty: &str) -> bool {
    is_vector(ty)
        || ty.starts_with("Array")
        || matches!(ty, "Option" | "Result" | "Iterator" | "Clone" | "ToOwned")
}
