//! Calls: of other kernels, of methods, of functions of primitive types and of array types.
//!
//! ```text
//! helper(x, 2.0)                  <helper as Inline>::inline(t, &[x, …], at(…))
//! random::<f64>()                 <random<f64> as Inline>::inline(t, &[], at(…))
//! x.max(0.0)   f64::max(x, 0.0)   t.method(x, Method::max, &[…], at(…))
//! a.mapv(|v| v + 1.0)             t.mapv(a, Method::mapv, |v| …, at(…))
//! Array1::zeros(n)                t.array_function::<Array1<Infer>>("zeros", &[…], at(…))
//! ```
//!
//! A called function's name is imported under a name of ours whose outer definition is the type
//! `NotAKernel`: for a function without a kernel's type beside it the import finds only the function, and
//! rustc explains, once and at the call, that `#[kernel]` is missing.

use crate::annotation;
use crate::exits::Kind;
use crate::stmt::strip;
use crate::translator::{Translator, hygienic};
use parfuse_names::methods::ARRAY_FUNCTIONS;
use parfuse_names::types::{ELEMENTS, listed};
use parfuse_names::{Argument, Method, refusals};
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{
    Expr, ExprCall, ExprClosure, ExprMethodCall, ExprPath, Ident, Lit, Path, PathArguments, Token, Type,
};

/// The functions that may be told the type of their result.
const GENERIC: &[&str] = &["random", "random_range", "random_normal", "random_exponential"];

impl Translator<'_> {
    /// `path(arguments)`.
    pub fn call(&mut self, call: &ExprCall) -> TokenStream {
        let Expr::Path(function) = strip(&call.func) else {
            return self.refused(&call.func, "only named functions can be called in a kernel", &call.args);
        };
        if function.qself.is_some() {
            let message = "write `Type::function(…)` instead of `<Type>::function(…)`";
            return self.refused(function, message, &call.args);
        }
        let place = self.place(function.span());
        let names: Vec<String> =
            function.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        let Some((name, prefix)) = names.split_last() else { return self.unit() };
        match prefix {
            [primitive] if ELEMENTS.contains(&primitive.as_str()) => {
                self.primitive_function(call, function, primitive, name)
            }
            [primitive] if annotation::is_foreign(primitive) => {
                let message = refusals::function(primitive, name)
                    .unwrap_or_else(|| format!("`{primitive}` is not a type of kernels: use {}", listed()));
                self.refused(function, message, &call.args)
            }
            [.., module] if module == "mem" => self.exchange(call, name),
            [.., ty]
                if ty == "Slice"
                    && let Some(slice) = self.slice_of_axis(call, name) =>
            {
                slice
            }
            [.., ty] if ty.starts_with(char::is_uppercase) => self.array_function(call, &function.path, name),
            [_, ..] if let Some(message) = refusals::crate_function(&names) => {
                self.refused(function, message, &call.args)
            }
            [] if self.scope.get(name).is_some() => {
                let message = "only functions with `#[kernel]` can be called, not variables";
                self.refused(function, message, &call.args)
            }
            [] if *name == self.kernel => {
                let message = "a kernel cannot call itself: write a `while` loop";
                self.refused(function, message, &call.args)
            }
            // The number of an axis is an argument like any other.
            _ if name == "Axis" && call.args.len() == 1 => self.expr(&call.args[0]),
            _ if name.starts_with(char::is_uppercase) => {
                let message = format!(
                    "`{name}(…)` is not supported in a kernel: values are scalars, arrays and tuples"
                );
                self.refused(function, message, &call.args)
            }
            _ => {
                let arguments = self.arguments(call.args.iter());
                self.kernel_call(function, &arguments, &place)
            }
        }
    }

    /// The call of another kernel, of `prange`, of `random` or its kin.
    fn kernel_call(
        &mut self,
        function: &ExprPath,
        arguments: &[TokenStream],
        place: &TokenStream,
    ) -> TokenStream {
        let t = &self.t;
        let mut path = function.path.clone();
        let (span, generics) = match path.segments.last_mut() {
            Some(last) => (last.ident.span(), std::mem::replace(&mut last.arguments, PathArguments::None)),
            None => (Span::call_site(), PathArguments::None),
        };
        if let PathArguments::AngleBracketed(generics) = &generics
            && path.segments.last().is_some_and(|last| !GENERIC.contains(&last.ident.to_string().as_str()))
        {
            return self.unsupported(generics, "kernels are not generic: there is nothing to choose here");
        }
        let callee = Ident::new("__Callee", span);
        quote_spanned! {span=> {
            use ::parfuse::__private::NotAKernel as #callee;
            {
                use #path as #callee;
                <#callee #generics as ::parfuse::__private::Inline>::inline(#t, &[#(#arguments),*], #place)
            }
        }}
    }

    /// `f64::max(a, b)`, `f64::from(n)`, `f64::default()`.
    fn primitive_function(
        &mut self,
        call: &ExprCall,
        function: &ExprPath,
        primitive: &str,
        name: &str,
    ) -> TokenStream {
        let (t, place) = (self.t.clone(), self.place(function.span()));
        let arguments = self.arguments(call.args.iter());
        let ty = Ident::new(primitive, function.span());
        match (name, arguments.split_first()) {
            ("from", Some((value, []))) => quote!(#t.cast::<#ty>(#value, #place)),
            ("default", None) => quote!(#t.lift(#ty::default(), #place)),
            (name, Some((receiver, rest))) if let Some(method) = Method::named(name) => {
                let method = method_path(method);
                quote!(#t.method(#receiver, #method, &[#(#rest),*], #place))
            }
            _ => self.unsupported(function, refusals::method(name)),
        }
    }

    /// `Array2::<f64>::zeros((h, w))`, also through an alias of the type.
    fn array_function(&mut self, call: &ExprCall, path: &Path, name: &str) -> TokenStream {
        let (t, place) = (self.t.clone(), self.place(path.span()));
        let owner = path.segments.iter().rev().nth(1).map(|ty| ty.ident.to_string()).unwrap_or_default();
        if let Some(message) = refusals::function(&owner, name) {
            return self.refused(path, message, &call.args);
        }
        if !ARRAY_FUNCTIONS.contains(&name) {
            let message = match owner.starts_with("Array") {
                true => format!(
                    "`{owner}::{name}` is not supported in a kernel: arrays are made by {}, and filled by expressions \
                     or loops",
                    ARRAY_FUNCTIONS.join(", "),
                ),
                false => format!(
                    "kernels have no function `{owner}::{name}`: if it is yours, write it as a function with \
                     `#[kernel]` outside of the `impl`"
                ),
            };
            return self.refused(path, message, &call.args);
        }
        if let Some(problem) = annotation::rank_problem(&owner) {
            return self.refused(path, problem, &call.args);
        }
        self.whole_array(path, &format!("{owner}::{name}"));
        let mut path = path.clone();
        path.segments.pop();
        // The punctuation after the type goes with the function's name.
        path.segments.pop_punct();
        if let Some(last) = path.segments.last_mut() {
            let array = last.ident.to_string();
            let known = annotation::rank_of(&array, "Array").is_some();
            let inferred_rank = match &last.arguments {
                PathArguments::None => true,
                PathArguments::AngleBracketed(generics) => generics
                    .args
                    .iter()
                    .nth(1)
                    .is_some_and(|arg| matches!(arg, syn::GenericArgument::Type(Type::Infer(_)))),
                PathArguments::Parenthesized(_) => false,
            };
            if array == "Array" && inferred_rank {
                return self.unsupported(&path, "write `Array1`, `Array2` and so on to give the rank");
            }
            if known && last.arguments.is_none() {
                last.arguments =
                    PathArguments::AngleBracketed(syn::parse_quote!(::<::parfuse::__private::Infer>));
            }
        }
        let ty = annotation::infer(&Type::Path(syn::TypePath { attrs: Vec::new(), qself: None, path }));
        let arguments = self.arguments(call.args.iter());
        quote!(#t.array_function::<#ty>(#name, &[#(#arguments),*], #place))
    }

    /// `receiver.method(arguments)`.
    pub fn method_call(&mut self, call: &ExprMethodCall) -> TokenStream {
        let (t, name) = (self.t.clone(), call.method.to_string());
        let place = self.place(call.method.span());
        if let Some(array) = iterated(call) {
            return self.unsupported(
                &call.method,
                format!("arrays are not iterated over in a kernel: write `{array}.{name}()`"),
            );
        }
        let complaints = self.diagnostics.count();
        let Some(method) = Method::named(&name) else {
            // Receiver and arguments may have complaints of their own.
            self.expr(&call.receiver);
            // Of a chain of iterators the first is enough: there is one loop to write.
            if self.diagnostics.count() > complaints && refusals::is_of_iterators(&name) {
                self.refused_arguments(&call.args);
                return self.unit();
            }
            return self.refused(&call.method, refusals::method(&name), &call.args);
        };
        let path = method_path(method);
        if let Some(row) = method.row_with_closure()
            && call.args.len() == row.arguments.len()
            && let (Some((_, kind)), Some(function)) = (row.arguments.last(), call.args.last())
            && let Some(count) = kind.closure_arguments()
        {
            let given = call.args.iter().take(call.args.len() - 1);
            let operands = self.arguments(std::iter::once(&*call.receiver).chain(given));
            let (receiver, arguments) = (&operands[0], &operands[1..]);
            if *kind == Argument::Closure {
                let closure = self.element_function(function);
                return quote!(#t.mapv(#receiver, #path, #closure, #place));
            }
            let closure = self.closure(function, count);
            return quote!(#t.with_closure(#receiver, #path, &[#(#arguments),*], #closure, #place));
        }
        let message_only = method == Method::expect
            && call.args.len() == 1
            && matches!(strip(&call.args[0]), Expr::Lit(literal) if matches!(literal.lit, Lit::Str(_)));
        let operands = match message_only {
            true => self.arguments([&*call.receiver].into_iter()),
            false => self.arguments(std::iter::once(&*call.receiver).chain(call.args.iter())),
        };
        // What the receiver is complained about for comes first.
        if let Some(turbofish) = call.turbofish.as_ref().filter(|_| self.diagnostics.count() == complaints) {
            self.diagnostics
                .report(turbofish, "type arguments are not supported here: annotate the `let` instead");
        }
        let (receiver, arguments) = (&operands[0], &operands[1..]);
        quote!(#t.method(#receiver, #path, &[#(#arguments),*], #place))
    }

    /// The argument of `mapv`: a closure of one element, or the name of a function.
    fn element_function(&mut self, function: &Expr) -> TokenStream {
        let (t, element) = (self.t.clone(), hygienic("element"));
        match strip(function) {
            Expr::Closure(closure) => self.element_closure(closure, &element),
            Expr::Path(path) if path.qself.is_none() => {
                let place = self.place(path.span());
                let names: Vec<String> =
                    path.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
                let value = match names.as_slice() {
                    [primitive, name] if ELEMENTS.contains(&primitive.as_str()) => {
                        let ty = Ident::new(primitive, path.span());
                        match name.as_str() {
                            "from" => quote!(#t.cast::<#ty>(#element, #place)),
                            name if let Some(method) = Method::named(name) => {
                                let method = method_path(method);
                                quote!(#t.method(#element, #method, &[], #place))
                            }
                            name => self.unsupported(path, refusals::method(name)),
                        }
                    }
                    _ => self.kernel_call(path, &[quote!(#element)], &place),
                };
                quote!(|#element| #value)
            }
            other => self.unsupported(other, "write a closure of one element, `|x| …`, or a function's name"),
        }
    }

    /// A closure of several arguments, of which some may be changed.
    fn closure(&mut self, function: &Expr, count: usize) -> TokenStream {
        let Expr::Closure(closure) = strip(function) else {
            return self.unsupported(function, "write a closure here: `|x| …`");
        };
        if let Some(token) = &closure.asyncness {
            self.diagnostics.report(token, "a kernel cannot be asynchronous");
        }
        if closure.inputs.len() != count {
            let message = format!("this closure takes {count} arguments, not {}", closure.inputs.len());
            return self.unsupported(closure, message);
        }
        self.scope.enter();
        let arguments = hygienic("arguments");
        let mut bindings = TokenStream::new();
        for (position, pattern) in closure.inputs.iter().enumerate() {
            bindings.extend(self.bind_argument(pattern, quote!(#arguments[#position])));
        }
        let (value, _) = self.around(None, Kind::Closure, |inside| inside.expr(&closure.body));
        self.scope.leave();
        quote!(|#arguments| { #bindings #value })
    }

    fn element_closure(&mut self, closure: &ExprClosure, element: &Ident) -> TokenStream {
        if let Some(token) = &closure.asyncness {
            self.diagnostics.report(token, "a kernel cannot be asynchronous");
        }
        let Some(pat) = closure.inputs.first().filter(|_| closure.inputs.len() == 1) else {
            return self.unsupported(closure, "the closure takes one element: `|x| …`");
        };
        self.scope.enter();
        let bindings = self.bind_pattern(pat, quote!(#element), None, 0);
        let (value, _) = self.around(None, Kind::Closure, |inside| inside.expr(&closure.body));
        self.scope.leave();
        quote!(|#element| { #bindings #value })
    }

    /// Complains about a call, and looks for more mistakes in its arguments: all of a kernel's come at once.
    fn refused(
        &mut self,
        tokens: impl ToTokens,
        message: impl std::fmt::Display,
        arguments: &Punctuated<Expr, Token![,]>,
    ) -> TokenStream {
        self.diagnostics.report(tokens, message);
        self.refused_arguments(arguments);
        self.unit()
    }

    /// Looks for mistakes in the arguments of a call that is refused. What only such a call could take is none: a
    /// closure, `s![…]`, `Axis(1)`.
    fn refused_arguments(&mut self, arguments: &Punctuated<Expr, Token![,]>) {
        for argument in arguments {
            self.refused_argument(argument);
        }
    }

    fn refused_argument(&mut self, argument: &Expr) {
        match strip(argument) {
            Expr::Closure(closure) => {
                self.scope.enter();
                for pattern in &closure.inputs {
                    self.scope.add_names(pattern);
                }
                self.expr(&closure.body);
                self.scope.leave();
            }
            Expr::Reference(reference) => self.refused_argument(&reference.expr),
            Expr::Tuple(tuple) => tuple.elems.iter().for_each(|part| self.refused_argument(part)),
            Expr::Array(array) => array.elems.iter().for_each(|part| self.refused_argument(part)),
            Expr::Call(call) if constructs(call) => self.refused_arguments(&call.args),
            Expr::Macro(_) | Expr::Path(_) => {}
            other => {
                self.expr(other);
            }
        }
    }

    /// Arguments of a call; `[h, w]` among them is a shape.
    fn arguments<'e>(&mut self, arguments: impl Iterator<Item = &'e Expr>) -> Vec<TokenStream> {
        let arguments: Vec<&Expr> = arguments.collect();
        let shapes: Vec<Expr> = arguments
            .into_iter()
            .map(|argument| match strip(argument) {
                Expr::Array(array) => Expr::Tuple(syn::ExprTuple {
                    attrs: Vec::new(),
                    paren_token: syn::token::Paren(array.bracket_token.span),
                    elems: array.elems.clone(),
                }),
                _ => argument.clone(),
            })
            .collect();
        self.operands(shapes.iter())
    }
}

/// Whether a call is spelled as one that makes a struct: `Axis(1)`.
fn constructs(call: &ExprCall) -> bool {
    match strip(&call.func) {
        Expr::Path(path) => path
            .path
            .segments
            .last()
            .is_some_and(|last| last.ident.to_string().starts_with(char::is_uppercase)),
        _ => false,
    }
}

/// The method in the generated code.
fn method_path(method: Method) -> TokenStream {
    let name = hygienic(method.name());
    quote!(::parfuse::__private::Method::#name)
}

/// The array of `a.iter().sum()`, `a.iter().copied().product::<f64>()` and their kin, which arrays can do themselves.
fn iterated(call: &ExprMethodCall) -> Option<String> {
    if !matches!(call.method.to_string().as_str(), "sum" | "product") {
        return None;
    }
    let mut receiver = strip(&call.receiver);
    loop {
        let Expr::MethodCall(inner) = receiver else { return None };
        receiver = strip(&inner.receiver);
        match inner.method.to_string().as_str() {
            "copied" | "cloned" => {}
            "iter" | "into_iter" => {
                let text = quote!(#receiver).to_string();
                return Some(if matches!(receiver, Expr::Path(_)) { text } else { "array".to_string() });
            }
            _ => return None,
        }
    }
}
