//! The order of evaluation: what an operand is before those behind it change anything.
//!
//! ```text
//! x + { x += 1; x }          let left = t.bind("", x, …);                  assigned there
//! body.x + body.step()       let left = t.value_now(body.x, …);            perhaps changed by what is called
//! v.push(draw(&mut state))   t.receiver_now(v, "push", …)                  a vector stays what it is
//! ```

use crate::stmt::strip;
use crate::translator::Translator;
use parfuse_names::Method;
use parfuse_names::types::ELEMENTS;
use proc_macro2::TokenStream;
use quote::quote;
use std::collections::HashSet;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Block, Expr, UnOp};

impl Translator<'_> {
    /// Several operands in order. One that may be a variable is read at once if a later operand may change it,
    /// as in `x + { x += 1; x }`.
    pub(crate) fn operands<'e>(&mut self, exprs: impl Iterator<Item = &'e Expr>) -> Vec<TokenStream> {
        self.operands_of(exprs, None)
    }

    /// The same of a method: what it is called on comes first.
    pub(crate) fn operands_of<'e>(
        &mut self,
        exprs: impl Iterator<Item = &'e Expr>,
        method: Option<&str>,
    ) -> Vec<TokenStream> {
        let exprs: Vec<&Expr> = exprs.collect();
        let mut later = Effects::default();
        let mut read_now = vec![Reading::WhereUsed; exprs.len()];
        for (position, expr) in exprs.iter().enumerate().rev() {
            read_now[position] = later.reading_of(expr);
            // A closure assigns when it is called, which is after all operands are evaluated.
            if !matches!(strip(expr), Expr::Closure(_)) {
                later.visit_expr(expr);
            }
        }
        let t = self.t.clone();
        let mut values = Vec::new();
        for (expr, reading) in exprs.into_iter().zip(read_now) {
            let (value, place) = (self.expr(expr), self.place(expr.span()));
            let content = || match strip(expr) {
                Expr::Field(_) | Expr::Index(_) | Expr::Unary(_) => quote!(#t.content_now(#value, #place)),
                _ => quote!(#t.value_now(#value, #place)),
            };
            values.push(match (reading, method) {
                (Reading::WhereUsed, _) => value,
                (_, Some(method)) if values.is_empty() => quote!(#t.receiver_now(#value, #method, #place)),
                (Reading::Numbers, _) => content(),
                (Reading::All, _) => {
                    let content = content();
                    quote!(#t.bind("", #content, ::core::option::Option::None, #place))
                }
            });
        }
        values
    }
}

/// When an operand is read.
#[derive(Clone, Copy)]
enum Reading {
    /// Where it is used: nothing changes it before.
    WhereUsed,
    /// At once, if it is a number, or a struct or tuple of these: what is called may change it.
    Numbers,
    /// At once: it may be assigned.
    All,
}

/// What evaluating some expressions may do to variables, by their form.
#[derive(Default)]
struct Effects {
    assign: bool,
    /// Functions of the user's are called, which may have references to any.
    call: bool,
    /// The variables that other methods are called on, or parts of them.
    owners: HashSet<String>,
}

impl Effects {
    fn reading_of(&self, expr: &Expr) -> Reading {
        let changed = || self.call || owner(expr).is_some_and(|owner| self.owners.contains(&owner));
        match may_be_a_variable(expr) {
            true if self.assign => Reading::All,
            true if changed() => Reading::Numbers,
            _ => Reading::WhereUsed,
        }
    }
}

impl<'ast> Visit<'ast> for Effects {
    fn visit_expr_assign(&mut self, _: &'ast syn::ExprAssign) {
        self.assign = true;
    }
    fn visit_block(&mut self, block: &'ast Block) {
        self.assign |= block.stmts.len() > 1;
        visit::visit_block(self, block);
    }
    fn visit_expr_reference(&mut self, reference: &'ast syn::ExprReference) {
        self.assign |= reference.mutability.is_some();
        visit::visit_expr_reference(self, reference);
    }
    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        self.call |= match strip(&call.func) {
            Expr::Path(function) => {
                let names: Vec<String> =
                    function.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
                let is_primitive = names.first().is_some_and(|first| ELEMENTS.contains(&first.as_str()));
                !is_primitive && names.last().is_some_and(|last| !last.starts_with(char::is_uppercase))
            }
            _ => true,
        };
        visit::visit_expr_call(self, call);
    }
    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        match Method::named(&call.method.to_string()) {
            Some(_) => self.owners.extend(owner(&call.receiver)),
            None => self.call = true,
        }
        visit::visit_expr_method_call(self, call);
    }
}

/// Whether evaluating the expression may change a variable, by its form.
pub(crate) fn may_change(expr: &Expr) -> bool {
    let mut effects = Effects::default();
    effects.visit_expr(expr);
    effects.assign || effects.call || !effects.owners.is_empty()
}

/// The variable that an expression is, or a part of.
fn owner(expr: &Expr) -> Option<String> {
    match strip(expr) {
        Expr::Path(path) => path.path.get_ident().map(ToString::to_string),
        Expr::Field(field) => owner(&field.base),
        Expr::Index(indexed) => owner(&indexed.expr),
        Expr::Unary(unary) if matches!(unary.op, UnOp::Deref(_)) => owner(&unary.expr),
        Expr::Reference(reference) => owner(&reference.expr),
        _ => None,
    }
}

/// Whether the value of the expression may be a variable, not yet read, by its form.
fn may_be_a_variable(expr: &Expr) -> bool {
    match strip(expr) {
        Expr::Path(_) | Expr::Field(_) | Expr::Block(_) | Expr::If(_) | Expr::Match(_) => true,
        // An element of an array of structs.
        Expr::Index(_) => true,
        Expr::Unary(unary) => matches!(unary.op, UnOp::Deref(_)),
        _ => false,
    }
}
