//! What a kernel cannot contain, in the user's terms: complaints are collected and reported all at once.

use proc_macro2::TokenStream;
use quote::ToTokens;

/// The complaints about one kernel, in the order of its text.
#[derive(Default)]
pub struct Diagnostics {
    errors: Vec<syn::Error>,
}

impl Diagnostics {
    /// Complains about these tokens. The message says what to write instead.
    pub fn report(&mut self, tokens: impl ToTokens, message: impl std::fmt::Display) {
        self.errors.push(syn::Error::new_spanned(tokens, message));
    }

    /// Takes over an error of the parser.
    pub fn report_error(&mut self, error: syn::Error) {
        self.errors.push(error);
    }

    /// How many complaints there are.
    pub fn count(&self) -> usize {
        self.errors.len()
    }

    /// Whether there is nothing to complain about.
    pub fn is_empty(&self) -> bool {
        self.errors.is_empty()
    }

    /// A `compile_error!` for each complaint.
    pub fn compile_errors(&self) -> TokenStream {
        self.errors.iter().map(syn::Error::to_compile_error).collect()
    }
}

/// Why an expression cannot stand in a kernel at all and what to write instead, for the kinds of expressions
/// that are never translated.
pub fn unsupported_expression(expr: &syn::Expr) -> &'static str {
    use syn::Expr;
    match expr {
        Expr::Async(_) | Expr::Await(_) => "a kernel cannot be asynchronous: await before calling it",
        Expr::Let(_) => {
            "`let` in a condition is supported in a kernel as `if let Some(x) = … && …`: write a comparison, or a `match`"
        }
        Expr::RawAddr(_) => "raw pointers are not supported in a kernel",
        Expr::Const(_) => "`const` blocks are not supported in a kernel: write a `const` item",
        Expr::Infer(_) => "`_` cannot be read",
        _ => "this expression is not supported in a kernel",
    }
}

/// Why a macro cannot be called in a kernel, by its name.
pub fn unsupported_macro(name: &str) -> String {
    let instead = match name {
        "println" | "print" | "eprintln" | "eprint" | "dbg" | "write" | "writeln" => {
            "return the value and print it after the call"
        }
        "vec" | "array" => "write `Array1::zeros(n)` or `Array1::from_elem(n, value)` and fill it",
        "concat" | "stringify" => "there are no strings in kernels but those of `format!`",
        "s" => "slices are not supported yet: pass the slice to the kernel",
        _ => "write out what it stands for",
    };
    format!("`{name}!` cannot be called in a kernel: {instead}")
}
