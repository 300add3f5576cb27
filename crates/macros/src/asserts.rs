//! `assert!` and its kin, and the macros that panic: faults with a message.
//!
//! ```text
//! assert!(n > 0, "no rows")       t.assert_(n > 0, "no rows", at(…))
//! debug_assert_eq!(a, b)          if cfg!(debug_assertions) { t.assert_(a == b, "assertion failed: a == b", at(…)); }
//! panic!("cannot be")             t.never("cannot be", at(…))
//! ```
//!
//! A message stands in the error as it is written: what it has in braces is not filled in.

use crate::translator::Translator;
use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Expr, ExprLit, Lit, Macro, Token};

/// The macros that panic, and what they say by themselves.
const PANICS: [(&str, &str, &str); 4] = [
    ("panic", "explicit panic", ""),
    ("unreachable", "internal error: entered unreachable code", "internal error: entered unreachable code: "),
    ("todo", "not yet implemented", "not yet implemented: "),
    ("unimplemented", "not implemented", "not implemented: "),
];

/// Whether nothing comes after the call of this macro.
pub(crate) fn panics(mac: &Macro) -> bool {
    name_of(mac).is_some_and(|name| PANICS.iter().any(|(panics, ..)| name == *panics))
}

fn name_of(mac: &Macro) -> Option<String> {
    mac.path.segments.last().map(|last| last.ident.to_string())
}

/// The text that stands at this position.
fn text(arguments: &Punctuated<Expr, Token![,]>, position: usize) -> Option<String> {
    match arguments.get(position) {
        Some(Expr::Lit(ExprLit { lit: Lit::Str(text), .. })) => Some(text.value()),
        _ => None,
    }
}

impl Translator<'_> {
    /// A macro that asserts or panics: `None` for others.
    pub(crate) fn assertion(&mut self, mac: &Macro) -> Option<TokenStream> {
        let name = name_of(mac)?;
        let (always, in_debug) = (name.strip_prefix("debug_").unwrap_or(&name), name.starts_with("debug_"));
        let panic = PANICS.iter().find(|(panics, ..)| name == *panics);
        if panic.is_none() && !matches!(always, "assert" | "assert_eq" | "assert_ne") {
            return None;
        }
        let parser = Punctuated::<Expr, Token![,]>::parse_terminated;
        let arguments = match parser.parse2(mac.tokens.clone()) {
            Ok(arguments) => arguments,
            Err(error) => return Some(self.unsupported(mac, error)),
        };
        let (t, place) = (self.t.clone(), self.place(mac.path.span()));
        if let Some((_, alone, before)) = panic {
            let message = text(&arguments, 0).map_or(alone.to_string(), |text| format!("{before}{text}"));
            return Some(quote!(#t.never(#message, #place)));
        }
        let sides = if always == "assert" { 1 } else { 2 };
        if arguments.len() < sides {
            return Some(self.unsupported(mac, format!("`{name}!` says what is to hold")));
        }
        let op = match always {
            "assert" => None,
            "assert_eq" => Some(syn::parse_quote!(==)),
            _ => Some(syn::parse_quote!(!=)),
        };
        let condition: Expr = match op {
            None => arguments[0].clone(),
            Some(op) => Expr::Binary(syn::ExprBinary {
                attrs: Vec::new(),
                left: Box::new(arguments[0].clone()),
                op,
                right: Box::new(arguments[1].clone()),
            }),
        };
        let message = match text(&arguments, sides) {
            Some(text) => quote!(#text),
            None => quote!(::core::concat!("assertion failed: ", ::core::stringify!(#condition))),
        };
        let holds = self.expr(&condition);
        let asserted = quote!(#t.assert_(#holds, #message, #place));
        let unit = self.unit();
        Some(match in_debug {
            false => asserted,
            true => quote!(if ::core::cfg!(debug_assertions) { #asserted } else { #unit }),
        })
    }
}
