//! `s![…]`, the argument of `slice`, and `Slice::from(…)`, that of `slice_axis`.
//!
//! ```text
//! s![1.., ..;2, i, NewAxis]
//!
//! t.slice_info(&[SliceItem::Range { start: Some(t.int_literal(1, …)), end: None, inclusive: false, step: None },
//!                SliceItem::Range { start: None, end: None, inclusive: false, step: Some(t.int_literal(2, …)) },
//!                SliceItem::Of(i, None), SliceItem::NewAxis], at(…))
//! ```
//!
//! A macro's tokens are nobody's but its own, so they are read here as ndarray's macro reads them.

use crate::stmt::strip;
use crate::translator::Translator;
use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{Expr, ExprCall, ExprMacro, RangeLimits, Token};

/// One part of `s![…]`, with its step.
struct Item {
    expr: Expr,
    step: Option<Expr>,
}

fn items(input: ParseStream) -> syn::Result<Vec<Item>> {
    let mut items = Vec::new();
    while !input.is_empty() {
        let expr = input.parse()?;
        let step = if input.parse::<Option<Token![;]>>()?.is_some() { Some(input.parse()?) } else { None };
        items.push(Item { expr, step });
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
    }
    Ok(items)
}

/// `Some(…)`.
fn is_some(call: &ExprCall) -> bool {
    matches!(strip(&call.func), Expr::Path(path) if path.path.is_ident("Some")) && call.args.len() == 1
}

/// Whether a macro is `s![…]`.
pub(crate) fn is_slice(call: &ExprMacro) -> bool {
    call.mac.path.segments.last().is_some_and(|last| last.ident == "s")
}

impl Translator<'_> {
    /// `s![…]`.
    pub(crate) fn slice_info(&mut self, call: &ExprMacro) -> TokenStream {
        let items = match items.parse2(call.mac.tokens.clone()) {
            Ok(items) => items,
            Err(error) => {
                let message = "`s![…]` has an index or a range for each axis: `s![1.., ..;2, i]`";
                self.diagnostics.report(&call.mac, format!("{message} ({error})"));
                return self.unit();
            }
        };
        // All parts are evaluated in order, whatever they are part of.
        let mut parts: Vec<&Expr> = Vec::new();
        for Item { expr, step } in &items {
            match strip(expr) {
                Expr::Range(range) => parts.extend(range.start.iter().chain(&range.end).map(|end| &**end)),
                expr if self.is_new_axis(expr) => {}
                expr => parts.push(expr),
            }
            parts.extend(step);
        }
        let mut values = self.operands(parts.into_iter()).into_iter();
        let optional = |given: bool, values: &mut dyn Iterator<Item = TokenStream>| match given {
            true => {
                let value = values.next();
                quote!(::core::option::Option::Some(#value))
            }
            false => quote!(::core::option::Option::None),
        };
        let mut code = Vec::new();
        for Item { expr, step } in &items {
            let item = quote!(::parfuse::__private::SliceItem);
            code.push(match strip(expr) {
                Expr::Range(range) => {
                    let inclusive = matches!(range.limits, RangeLimits::Closed(_));
                    let given = [range.start.is_some(), range.end.is_some(), step.is_some()];
                    let [start, end, step] = given.map(|given| optional(given, &mut values));
                    quote!(#item::Range { start: #start, end: #end, inclusive: #inclusive, step: #step })
                }
                expr if self.is_new_axis(expr) => quote!(#item::NewAxis),
                _ => {
                    let of = values.next();
                    let step = optional(step.is_some(), &mut values);
                    quote!(#item::Of(#of, #step))
                }
            });
        }
        let (t, place) = (self.t.clone(), self.place(call.span()));
        quote!(#t.slice_info(&[#(#code),*], #place))
    }

    /// `Slice::from(1..)`, `Slice::new(0, None, -1)`: a slice of one axis.
    pub(crate) fn slice_of_axis(&mut self, call: &ExprCall, name: &str) -> Option<TokenStream> {
        let arguments: Vec<&Expr> = call.args.iter().map(strip).collect();
        let (start, end, inclusive, step) = match (name, arguments.as_slice()) {
            ("from", [Expr::Range(range)]) => {
                let inclusive = matches!(range.limits, RangeLimits::Closed(_));
                (range.start.as_deref(), range.end.as_deref(), inclusive, None)
            }
            ("new", [start, Expr::Path(none), step]) if none.path.is_ident("None") => {
                (Some(*start), None, false, Some(*step))
            }
            ("new", [start, Expr::Call(some), step]) if is_some(some) => {
                (Some(*start), some.args.first(), false, Some(*step))
            }
            _ => return None,
        };
        Some(self.slice_along([start, end, step], inclusive, call.span()))
    }

    /// The range of `x[1..n]`.
    pub(crate) fn part_of_slice(&mut self, range: &syn::ExprRange) -> TokenStream {
        let inclusive = matches!(range.limits, RangeLimits::Closed(_));
        self.slice_along([range.start.as_deref(), range.end.as_deref(), None], inclusive, range.span())
    }

    /// What is seen of one axis: from a start to an end by steps.
    fn slice_along(&mut self, given: [Option<&Expr>; 3], inclusive: bool, span: Span) -> TokenStream {
        let mut values = self.operands(given.into_iter().flatten()).into_iter();
        let [start, end, step] = given.map(|part| match part.and_then(|_| values.next()) {
            Some(value) => quote!(::core::option::Option::Some(#value)),
            None => quote!(::core::option::Option::None),
        });
        let (t, place) = (self.t.clone(), self.place(span));
        let item = quote!(::parfuse::__private::SliceItem::Range {
            start: #start, end: #end, inclusive: #inclusive, step: #step
        });
        quote!(#t.slice_info(&[#item], #place))
    }

    fn is_new_axis(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Path(path) => {
                let name = path.path.segments.last().map(|last| last.ident.to_string()).unwrap_or_default();
                name == "NewAxis" && self.scope.get(&name).is_none()
            }
            _ => false,
        }
    }
}
