//! `BinaryHeap`s: only what a `let mut` of its own declares is one, so that nobody takes a heap for a vector.
//!
//! ```text
//! let mut heap = BinaryHeap::new();                    let heap = t.heap("heap", …);
//! let mut heap: BinaryHeap<_> = x.iter().collect();    likewise
//! ```

use crate::stmt::strip;
use quote::ToTokens;
use syn::{Expr, Pat};

/// What is said of all others.
pub(crate) const ALONE: &str = "a heap in a kernel begins in a `let mut` of its own, `let mut heap = BinaryHeap::new();`, `let mut heap = \
     BinaryHeap::from(v);`, and is emptied by `heap.clear()`";

/// Whether a `let` says that what it declares is a heap.
pub(crate) fn is_of_heap(local: &syn::Local) -> bool {
    let is_declared = match &local.pat {
        Pat::Type(typed) => names_heap(&typed.ty),
        _ => false,
    };
    is_declared
        || local.init.as_ref().is_some_and(|init| match strip(&init.expr) {
            Expr::Call(call) => names_heap(&call.func),
            Expr::MethodCall(call) => call.turbofish.as_ref().is_some_and(names_heap),
            _ => false,
        })
}

/// Whether it declares one variable.
pub(crate) fn is_variable(pattern: &Pat) -> bool {
    match pattern {
        Pat::Type(typed) => is_variable(&typed.pat),
        Pat::Ident(name) => name.mutability.is_some() && name.subpat.is_none(),
        _ => false,
    }
}

/// Whether the type is mentioned.
pub(crate) fn names_heap(tokens: &impl ToTokens) -> bool {
    tokens.to_token_stream().into_iter().any(|token| match token {
        proc_macro2::TokenTree::Ident(name) => name == "BinaryHeap",
        _ => false,
    })
}
