//! Texts that a kernel makes, to return them: `format!` and literals that become a `String`.
//!
//! ```text
//! format!("{x} at {}", i + 1)     t.made_text("{} at {}", &[x, i + 1], at(…))
//! "too large".to_string()         t.made_text("too large", &[], at(…))
//! ```
//!
//! What the call returns is put together from the numbers when it is over.

use crate::asserts::Message;
use crate::stmt::strip;
use crate::translator::Translator;
use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Expr, ExprCall, ExprLit, ExprMethodCall, Lit, LitStr, Macro, Token};

/// The most numbers in a text.
const MOST: usize = 4;

impl Translator<'_> {
    /// `format!("{x} at {i}")`.
    pub(crate) fn format_macro(&mut self, mac: &Macro) -> TokenStream {
        let parser = Punctuated::<Expr, Token![,]>::parse_terminated;
        let arguments = match parser.parse2(mac.tokens.clone()) {
            Ok(arguments) => arguments,
            Err(error) => return self.unsupported(mac, error),
        };
        let (t, place) = (self.t.clone(), self.place(mac.path.span()));
        match self.message_of(&arguments, 0, &|_| true) {
            Some(Message { text, shown, forms, is_complete: true })
                if forms.iter().all(|form| is_plain(form)) && shown.len() <= MOST =>
            {
                let shown = self.operands(shown.iter());
                quote!(#t.made_text(#text, &[#(#shown),*], #place))
            }
            _ => self.unsupported(
                mac,
                "a text that a kernel makes shows up to four numbers, as `{}`, `{:?}`, \
                 `{:8.3}` or `{:e}`",
            ),
        }
    }

    /// `"too large".to_string()` and its kin.
    pub(crate) fn text_method(&mut self, call: &ExprMethodCall) -> Option<TokenStream> {
        let is_made = matches!(call.method.to_string().as_str(), "to_string" | "to_owned" | "into");
        let literal = literal(&call.receiver)?;
        (is_made && call.args.is_empty()).then(|| self.literal_text(literal))
    }

    /// `String::from("too large")`.
    pub(crate) fn text_function(&mut self, call: &ExprCall) -> Option<TokenStream> {
        let literal = call.args.first().and_then(literal)?;
        let Expr::Path(function) = strip(&call.func) else { return None };
        let mut names = function.path.segments.iter().rev().map(|segment| segment.ident.to_string());
        let is_from = names.next()? == "from" && names.next()? == "String";
        is_from.then(|| self.literal_text(literal))
    }

    fn literal_text(&mut self, literal: &LitStr) -> TokenStream {
        let (t, place) = (self.t.clone(), self.place(literal.span()));
        let text = literal.value().replace('{', "{{").replace('}', "}}");
        quote!(#t.made_text(#text, &[], #place))
    }
}

/// Whether a type is `Result<_, String>`.
pub(crate) fn fails_with_string(ty: &syn::Type) -> bool {
    let syn::Type::Path(path) = ty else { return false };
    let Some(last) = path.path.segments.last().filter(|last| last.ident == "Result") else { return false };
    let syn::PathArguments::AngleBracketed(arguments) = &last.arguments else { return false };
    matches!(arguments.args.last(), Some(syn::GenericArgument::Type(syn::Type::Path(error)))
        if error.path.segments.last().is_some_and(|last| last.ident == "String"))
}

fn literal(expr: &Expr) -> Option<&LitStr> {
    match strip(expr) {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text),
        _ => None,
    }
}

/// Whether a form is a width, a precision, `?` and `e` alone: what is behind the colon.
fn is_plain(form: &str) -> bool {
    let form = form.strip_prefix(':').unwrap_or(form);
    let digits = form.strip_suffix(['?', 'e']).unwrap_or(form);
    let (width, precision) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_number = |text: &str| text.len() < 4 && text.chars().all(|c| c.is_ascii_digit());
    is_number(width) && !width.starts_with('0') && is_number(precision) && !precision.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_with_flags_are_told_apart() {
        assert!(["", ":?", ":e", ":8", ":.3", ":8.3", ":12.4e"].into_iter().all(is_plain));
        assert!(![":>8", ":+", ":08", ":x", ":#?", ":.*", ":^5.1"].into_iter().any(is_plain));
    }
}
