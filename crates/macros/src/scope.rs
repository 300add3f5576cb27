//! Which names are local variables of the kernel; every other name is a constant from outside.
//!
//! ```text
//! fn area(r: f64) -> f64 { let s = r * r; PI * s }      r, s: traced values      PI: lifted
//! ```
//!
//! The generated code has the same blocks and `let`s as the user's, so shadowing is rustc's business; here
//! only the question "local or not?" and the type written at a declaration without a value are answered.

use proc_macro2::TokenStream;
use std::collections::HashMap;
use syn::visit::Visit;

/// A local variable.
#[derive(Clone, Default)]
pub struct Local {
    /// For `let x: T;`, an expression for the type: the values assigned later have to agree with it.
    pub declared_type: Option<TokenStream>,
}

/// The nested blocks at some point of the body, innermost last.
pub struct Scope {
    blocks: Vec<HashMap<String, Local>>,
}

impl Scope {
    /// A scope with one empty block.
    pub fn new() -> Scope {
        Scope { blocks: vec![HashMap::new()] }
    }

    /// Enters a block.
    pub fn enter(&mut self) {
        self.blocks.push(HashMap::new());
    }

    /// Leaves the innermost block and forgets its variables.
    pub fn leave(&mut self) {
        self.blocks.pop();
    }

    /// Adds a variable to the innermost block, shadowing those of the same name.
    pub fn add(&mut self, name: String, local: Local) {
        if let Some(block) = self.blocks.last_mut() {
            block.insert(name, local);
        }
    }

    /// Adds all names of a pattern that is not translated.
    pub fn add_names(&mut self, pattern: &syn::Pat) {
        struct Names<'s>(&'s mut Scope);
        impl<'ast> Visit<'ast> for Names<'_> {
            fn visit_pat_ident(&mut self, ident: &'ast syn::PatIdent) {
                self.0.add(ident.ident.to_string(), Local::default());
                syn::visit::visit_pat_ident(self, ident);
            }
        }
        Names(self).visit_pat(pattern);
    }

    /// The visible variable of this name.
    pub fn get(&self, name: &str) -> Option<&Local> {
        self.blocks.iter().rev().find_map(|block| block.get(name))
    }
}
