//! Where a kernel stands in its file, which the attribute itself is not told.
//!
//! ```text
//! impl Model {
//!     #[kernel]                        no type can stand beside it here
//!     fn energy(x: f64) -> f64 { … }
//! }
//! ```
//!
//! Without this, rustc would complain of an `enum` that the user has not written.

use syn::visit::{self, Visit};
use syn::{Attribute, Ident};

/// Whether the kernel of this name stands in an `impl` or a `trait`, and none of the name elsewhere in the file.
pub fn stands_in_impl(source: &str, name: &Ident) -> bool {
    let Ok(file) = syn::parse_file(source) else { return false };
    let mut search = Search { name, inside: 0, outside: 0 };
    search.visit_file(&file);
    search.inside > 0 && search.outside == 0
}

/// How many kernels of a name stand inside of `impl`s and `trait`s, and outside.
struct Search<'a> {
    name: &'a Ident,
    inside: usize,
    outside: usize,
}

impl Search<'_> {
    fn is_it(&self, attributes: &[Attribute], name: &Ident) -> bool {
        let is_kernel = |attribute: &Attribute| {
            attribute.path().segments.last().is_some_and(|last| last.ident == "kernel")
        };
        name == self.name && attributes.iter().any(is_kernel)
    }
}

impl<'ast> Visit<'ast> for Search<'_> {
    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.outside += self.is_it(&function.attrs, &function.sig.ident) as usize;
        visit::visit_item_fn(self, function);
    }
    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.inside += self.is_it(&function.attrs, &function.sig.ident) as usize;
        visit::visit_impl_item_fn(self, function);
    }
    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        self.inside += self.is_it(&function.attrs, &function.sig.ident) as usize;
        visit::visit_trait_item_fn(self, function);
    }
    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        // What a macro makes of its tokens is not known.
        self.outside += call.tokens.to_string().contains("kernel") as usize;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proc_macro2::Span;

    #[test]
    fn kernels_in_impls_are_found() {
        let source = "mod m { impl S { #[kernel] fn inside(x: f64) {} fn plain() {} } }
            trait T { #[parfuse::kernel(fast)] fn provided(x: f64) {} }
            mod n { #[kernel] fn outside() {} }
            impl S { #[kernel] fn both() {} } #[kernel] fn both() {}
            impl S { fn f() { #[kernel] fn nested() {} } }";
        for (name, expected) in [
            ("inside", true),
            ("provided", true),
            ("plain", false),
            ("outside", false),
            ("both", false),
            ("nested", false),
            ("absent", false),
        ] {
            assert_eq!(stands_in_impl(source, &Ident::new(name, Span::call_site())), expected, "{name}");
        }
    }
}
