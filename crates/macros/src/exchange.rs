//! `std::mem::swap` and `std::mem::replace`: variables and elements that change values.
//!
//! ```text
//! std::mem::swap(&mut a, &mut b)          (a, b) = (b, a)
//! std::mem::swap(x, y)                    (*x, *y) = (*y, *x)      references, whose arrays change places
//! std::mem::replace(&mut a, new)          { let old = a; a = new; old }
//! ```

use crate::stmt::strip;
use crate::translator::{Translator, hygienic};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::spanned::Spanned;
use syn::{Expr, ExprCall, ExprUnary, UnOp};

impl Translator<'_> {
    /// A call of one of the functions of `std::mem` that a kernel may call.
    pub fn exchange(&mut self, call: &ExprCall, name: &str) -> TokenStream {
        let arguments: Vec<&Expr> = call.args.iter().collect();
        match (name, arguments.as_slice()) {
            ("swap", [a, b]) => {
                let (a, b) = (place_behind(a), place_behind(b));
                let values = [self.expr(&b), self.expr(&a)];
                let code = self.assign_all(&[a, b], &values, call.func.span());
                let unit = self.unit();
                quote!({ #code #unit })
            }
            ("replace", [target, new]) => {
                let target = place_behind(target);
                let old = self.expr(&target);
                let new = self.expr(new);
                let (t, place, result) = (self.t.clone(), self.place(call.func.span()), hygienic("old"));
                let code = self.assign_all(&[target], &[new], call.func.span());
                quote!({
                    let #result = #t.bind("", #old, ::core::option::Option::None, #place);
                    #code
                    #result
                })
            }
            ("take", [target]) => {
                let target = self.expr(&place_behind(target));
                let (t, place) = (self.t.clone(), self.place(call.func.span()));
                quote!(#t.taken(#target, #place))
            }
            ("swap" | "replace", _) => {
                self.unsupported(&call.args, format!("`{name}` takes two arguments: `{name}(&mut a, …)`"))
            }
            _ => self.unsupported(
                &call.func,
                format!(
                    "`mem::{name}` is not supported in a kernel: write `std::mem::swap(&mut a, &mut b)`, \
                     `std::mem::replace(&mut a, new)` or an assignment"
                ),
            ),
        }
    }

    /// Assigns to all targets once all values are read.
    pub(crate) fn assign_all(
        &mut self,
        targets: &[Expr],
        values: &[TokenStream],
        span: proc_macro2::Span,
    ) -> TokenStream {
        let (t, place, span_of_ours) = (self.t.clone(), self.place(span), hygienic("part").span());
        let (mut parts, mut assignments) = (TokenStream::new(), TokenStream::new());
        for (position, (target, value)) in targets.iter().zip(values).enumerate() {
            let part = format_ident!("part_{position}", span = span_of_ours);
            parts.extend(quote! {
                let #part = #t.bind("", #value, ::core::option::Option::None, #place);
            });
            if !matches!(target, Expr::Infer(_)) {
                assignments.extend(self.assign_value(target, quote!(#part), &place));
            }
        }
        quote!({ #parts #assignments })
    }
}

/// The place that an argument refers to: `a` of `&mut a`, `*x` of `x`.
fn place_behind(argument: &Expr) -> Expr {
    match strip(argument) {
        Expr::Reference(reference) => strip(&reference.expr).clone(),
        other => Expr::Unary(ExprUnary {
            attrs: Vec::new(),
            op: UnOp::Deref(syn::Token![*](other.span())),
            expr: Box::new(other.clone()),
        }),
    }
}
