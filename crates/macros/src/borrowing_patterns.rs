//! `ref mut` in patterns: a reference in front of what is taken apart says the same.
//!
//! ```text
//! if let Some(ref mut t) = total { *t += x; }     ⇒     if let Some(t) = &mut total { *t += x; }
//! ```
//!
//! Patterns that bind other names by value beside are left as they are, and complained about where names are bound.

use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};
use syn::{Block, Expr, ExprLet, ExprMatch, ExprReference, Local, Pat, PatIdent, Token};

/// What is said of names with `ref mut` that could not be replaced.
pub(crate) const ADVICE: &str = "`ref mut` beside names that are bound by value is not supported in a kernel: take `&mut value` apart instead";

/// A body with references in place of `ref mut`.
pub(crate) fn with_references(body: &Block) -> Block {
    let mut body = body.clone();
    Replace.visit_block_mut(&mut body);
    body
}

/// Whether a name is bound by `ref mut`.
pub(crate) fn borrows(name: &PatIdent) -> bool {
    name.by_ref.is_some() && name.mutability.is_some()
}

struct Replace;

impl VisitMut for Replace {
    fn visit_expr_let_mut(&mut self, binding: &mut ExprLet) {
        visit_mut::visit_expr_let_mut(self, binding);
        replace(&mut [&mut binding.pat], &mut binding.expr);
    }
    fn visit_local_mut(&mut self, local: &mut Local) {
        visit_mut::visit_local_mut(self, local);
        if let Some(init) = &mut local.init {
            replace(&mut [&mut local.pat], &mut init.expr);
        }
    }
    fn visit_expr_match_mut(&mut self, matched: &mut ExprMatch) {
        visit_mut::visit_expr_match_mut(self, matched);
        let mut patterns: Vec<&mut Pat> = matched.arms.iter_mut().map(|arm| &mut arm.pat).collect();
        replace(&mut patterns, &mut matched.expr);
    }
}

/// Takes `ref` and `ref mut` from patterns, and what they take apart by reference, if that is the same.
fn replace(patterns: &mut [&mut Pat], taken_apart: &mut Expr) {
    let mut names = Names::default();
    patterns.iter().for_each(|pattern| names.visit_pat(pattern));
    if !names.borrowed || names.by_value {
        return;
    }
    patterns.iter_mut().for_each(|pattern| Bare.visit_pat_mut(pattern));
    let and_token = Token![&](syn::spanned::Spanned::span(taken_apart));
    let mutability = Some(Token![mut](and_token.span));
    let expr = Box::new(std::mem::replace(taken_apart, Expr::Verbatim(Default::default())));
    *taken_apart = Expr::Reference(ExprReference { attrs: Vec::new(), and_token, mutability, expr });
}

/// How names are bound in patterns.
#[derive(Default)]
struct Names {
    borrowed: bool,
    by_value: bool,
}

impl<'ast> Visit<'ast> for Names {
    fn visit_pat_ident(&mut self, name: &'ast PatIdent) {
        self.borrowed |= borrows(name);
        self.by_value |= name.by_ref.is_none() && !crate::matches::names_constant(name);
        visit::visit_pat_ident(self, name);
    }
}

/// Removes `ref` and `ref mut`.
struct Bare;

impl VisitMut for Bare {
    fn visit_pat_ident_mut(&mut self, name: &mut PatIdent) {
        if name.by_ref.take().is_some() {
            name.mutability = None;
        }
        visit_mut::visit_pat_ident_mut(self, name);
    }
}
