//! `assert!` and its kin, and the macros that panic: faults with a message.
//!
//! ```text
//! assert!(n > 0, "no rows")       t.assert_(n > 0, "no rows", at(…))
//! debug_assert_eq!(a, b)          if cfg!(debug_assertions) { t.assert_(a == b, "assertion failed: a == b", at(…)); }
//! panic!("cannot be")             t.never("cannot be", at(…))
//! ```
//!
//! panic!("{x} at {}", i + 1)      t.never_with("{} at {}", &[x, i + 1], at(…))
//! assert!(x > 0.0, "{}", a[i])    if !(x > 0.0) { panic!("{}", a[i]) }
//!
//! What a message has in braces is filled in where it is a number made of variables and elements by operators; else it
//! stands in the error as it is written.

use crate::stmt::strip;
use crate::translator::Translator;
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Expr, ExprLit, Lit, Macro, Token, parse_quote_spanned};

/// The macros that panic, and what they say by themselves.
const PANICS: [(&str, &str, &str); 5] = [
    ("fail", "explicit failure", ""),
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

/// A message whose holes, `{}` or `{:.3}`, are for these values.
pub(crate) struct Message {
    pub(crate) text: String,
    pub(crate) shown: Vec<Expr>,
    /// How they are shown, each with its colon.
    pub(crate) forms: Vec<String>,
    /// Whether all holes can be filled.
    pub(crate) is_complete: bool,
}

/// What is shown of a hole that cannot be filled: itself.
fn as_written(hole: &str) -> String {
    format!("{{{{{hole}}}}}")
}

/// Whether an expression takes no computation that might fail.
fn is_at_hand(expr: &Expr) -> bool {
    matches!(strip(expr), Expr::Path(_) | Expr::Lit(_))
}

impl Translator<'_> {
    /// The message that stands at this position, with what it shows of the arguments behind it.
    fn message(&self, arguments: &Punctuated<Expr, Token![,]>, position: usize) -> Option<Message> {
        self.message_of(arguments, position, &|expr| self.can_be_shown(expr))
    }

    /// The same, of whatever can be shown.
    pub(crate) fn message_of(
        &self,
        arguments: &Punctuated<Expr, Token![,]>,
        position: usize,
        can_be_shown: &dyn Fn(&Expr) -> bool,
    ) -> Option<Message> {
        let written = text(arguments, position)?;
        let given: Vec<&Expr> = arguments.iter().skip(position + 1).collect();
        let named = |name: &str| {
            let assigned = |expr: &&Expr| match expr {
                Expr::Assign(assign) if assign.left.to_token_stream().to_string() == name => {
                    Some((*assign.right).clone())
                }
                _ => None,
            };
            let variable = || syn::parse_str(name).ok();
            given.iter().find_map(assigned).or_else(variable)
        };
        let mut message =
            Message { text: String::new(), shown: Vec::new(), forms: Vec::new(), is_complete: true };
        let (mut rest, mut next) = (&written[..], 0);
        while let Some(brace) = rest.find(['{', '}']) {
            message.text.push_str(&rest[..brace]);
            let behind = &rest[brace + 1..];
            if behind.starts_with(&rest[brace..=brace]) {
                message.text.push_str(&rest[brace..brace + 2]);
                rest = &behind[1..];
                continue;
            }
            let end = behind.find('}')?;
            let hole = &behind[..end];
            rest = &behind[end + 1..];
            let (name, form) = hole.split_at(hole.find(':').unwrap_or(hole.len()));
            let expr = match (name.trim(), name.trim().parse::<usize>()) {
                ("", _) => {
                    next += 1;
                    given.get(next - 1).map(|expr| (*expr).clone())
                }
                (_, Ok(number)) => given.get(number).map(|expr| (*expr).clone()),
                (name, _) => named(name),
            };
            match expr.filter(|expr| can_be_shown(expr) && !form.contains('$')) {
                Some(expr) => {
                    message.text.push_str(&format!("{{{form}}}"));
                    message.shown.push(expr);
                    message.forms.push(form.to_string());
                }
                None => {
                    message.text.push_str(&as_written(hole));
                    message.is_complete = false;
                }
            }
        }
        message.text.push_str(rest);
        Some(message)
    }

    /// Whether an expression may be a number to show: variables of the kernel and elements, and what operators make of
    /// them.
    fn can_be_shown(&self, expr: &Expr) -> bool {
        match strip(expr) {
            Expr::Path(path) => {
                path.path.get_ident().is_some_and(|name| self.scope.get(&name.to_string()).is_some())
            }
            Expr::Lit(ExprLit { lit: Lit::Int(_) | Lit::Float(_) | Lit::Bool(_), .. }) => true,
            Expr::Index(index) => {
                let place = match strip(&index.index) {
                    Expr::Array(several) => several.elems.iter().all(|index| self.can_be_shown(index)),
                    index => self.can_be_shown(index),
                };
                place && self.can_be_shown(&index.expr)
            }
            Expr::Field(field) => self.can_be_shown(&field.base),
            Expr::Unary(unary) => self.can_be_shown(&unary.expr),
            Expr::Cast(cast) => self.can_be_shown(&cast.expr),
            Expr::Reference(reference) => self.can_be_shown(&reference.expr),
            Expr::Binary(binary) => self.can_be_shown(&binary.left) && self.can_be_shown(&binary.right),
            _ => false,
        }
    }

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
            return Some(match self.message(&arguments, 0) {
                Some(Message { text, shown, .. }) if !shown.is_empty() => {
                    let (text, shown) = (format!("{before}{text}"), self.operands(shown.iter()));
                    quote!(#t.never_with(#text, &[#(#shown),*], #place))
                }
                _ => {
                    let message =
                        text(&arguments, 0).map_or(alone.to_string(), |text| format!("{before}{text}"));
                    quote!(#t.never(#message, #place))
                }
            });
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
        let asserted = match self.message(&arguments, sides) {
            Some(Message { shown, .. }) if !shown.iter().all(is_at_hand) => {
                // What is shown is computed only where it fails.
                let said = arguments.iter().skip(sides);
                let failing = parse_quote_spanned!(mac.path.span()=> if !(#condition) { panic!(#(#said),*) });
                self.expr(&failing)
            }
            Some(Message { text, shown, .. }) if !shown.is_empty() => {
                let (holds, shown) = (self.expr(&condition), self.operands(shown.iter()));
                quote!(#t.assert_with(#holds, #text, &[#(#shown),*], #place))
            }
            _ => {
                let message = match text(&arguments, sides) {
                    Some(text) => quote!(#text),
                    None => quote!(::core::concat!("assertion failed: ", ::core::stringify!(#condition))),
                };
                let holds = self.expr(&condition);
                quote!(#t.assert_(#holds, #message, #place))
            }
        };
        let unit = self.unit();
        Some(match in_debug {
            false => asserted,
            true => quote!(if ::core::cfg!(debug_assertions) { #asserted } else { #unit }),
        })
    }
}
