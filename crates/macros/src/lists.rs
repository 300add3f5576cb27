//! Vectors of vectors that grow: `adj[u].push(v)`.
//!
//! ```text
//! let mut adj = vec![Vec::new(); n];      let adj = t.lists("adj", Some(n), at(…));
//! let mut rows = Vec::new();              let rows = t.lists("rows", None, at(…));      if `rows[i].push(…)` is somewhere
//! ```

use crate::declarations::{self, Changed};
use crate::scope::Local;
use crate::stmt::strip;
use crate::translator::Translator;
use parfuse_names::{Method, Receiver};
use proc_macro2::TokenStream;
use quote::quote;
use syn::spanned::Spanned;
use syn::{Expr, Pat, Token};

impl Translator<'_> {
    /// `let mut name = vec![Vec::new(); n];` of what has vectors that change their lengths in it.
    pub(crate) fn lists(&mut self, pattern: &Pat, init: &Expr) -> Option<TokenStream> {
        let pattern = match pattern {
            Pat::Type(typed) => &*typed.pat,
            pattern => pattern,
        };
        let Pat::Ident(name) = pattern else { return None };
        let text = name.ident.to_string();
        if !self.lists.contains(&name.ident) {
            return None;
        }
        let count = match strip(init) {
            init if is_empty_vector(init) => quote!(::core::option::Option::None),
            init => {
                let count = self.expr(&count_of_empty(init)?);
                quote!(::core::option::Option::Some(#count))
            }
        };
        let (t, name, place) = (self.t.clone(), &name.ident, self.place(name.span()));
        self.scope.add(text.clone(), Local::default());
        Some(quote!(let #name = #t.lists(#text, #count, #place);))
    }
}

/// How many empty vectors there are in `vec![Vec::new(); n]`, or `(0..n).map(|_| Vec::new()).collect()`.
fn count_of_empty(init: &Expr) -> Option<Expr> {
    match init {
        Expr::Macro(call) if call.mac.path.is_ident("vec") => {
            let parse = |input: syn::parse::ParseStream| {
                let value = input.parse::<Expr>()?;
                input.parse::<Token![;]>()?;
                Ok((value, input.parse::<Expr>()?))
            };
            let (value, count) = syn::parse::Parser::parse2(parse, call.mac.tokens.clone()).ok()?;
            is_empty_vector(&value).then_some(count)
        }
        Expr::MethodCall(collect) if collect.method == "collect" => match strip(&collect.receiver) {
            Expr::MethodCall(map) if map.method == "map" => {
                let (Expr::Range(range), Some(Expr::Closure(closure))) =
                    (strip(&map.receiver), map.args.first().map(strip))
                else {
                    return None;
                };
                let from_zero = range.start.as_deref().is_some_and(|start| {
                    matches!(strip(start), Expr::Lit(literal)
                        if matches!(&literal.lit, syn::Lit::Int(int) if int.base10_digits() == "0"))
                });
                let ends_before = matches!(range.limits, syn::RangeLimits::HalfOpen(_));
                let is_plain = from_zero && ends_before && is_empty_vector(&closure.body);
                is_plain.then(|| range.end.as_deref().cloned()).flatten()
            }
            _ => None,
        },
        _ => None,
    }
}

/// `Vec::new()`, `Vec::with_capacity(n)`, `vec![]`.
fn is_empty_vector(expr: &Expr) -> bool {
    match strip(expr) {
        Expr::Macro(call) => call.mac.path.is_ident("vec") && call.mac.tokens.is_empty(),
        Expr::Call(call) => match strip(&call.func) {
            Expr::Path(function) => {
                let mut names = function.path.segments.iter().rev().map(|segment| segment.ident.to_string());
                let name = names.next().unwrap_or_default();
                matches!(name.as_str(), "new" | "with_capacity") && names.next().is_some_and(|ty| ty == "Vec")
            }
            _ => false,
        },
        _ => false,
    }
}

/// What has vectors in it that change their lengths, `name[i].push(x)`, `name.last_mut().unwrap().push(x)`.
pub(crate) fn changed(body: &syn::Block) -> Changed {
    declarations::changed(body, &|call| {
        let method = Method::named(&call.method.to_string())?;
        method.row(Receiver::Vector)?;
        owner(strip(&call.receiver), 0)
    })
}

/// What a vector stands in, `name` of `name[i]` and `name.last_mut().unwrap()`.
fn owner(vector: &Expr, depth: usize) -> Option<String> {
    match vector {
        Expr::Path(path) if depth > 0 => path.path.get_ident().map(ToString::to_string),
        Expr::Index(indexed) if depth == 0 => owner(strip(&indexed.expr), 1),
        Expr::MethodCall(call) if matches!(call.method.to_string().as_str(), "unwrap" | "expect") => {
            owner(strip(&call.receiver), depth)
        }
        Expr::MethodCall(call)
            if depth == 0
                && matches!(call.method.to_string().as_str(), "last_mut" | "get_mut" | "first_mut") =>
        {
            owner(strip(&call.receiver), 1)
        }
        _ => None,
    }
}
