//! Which variables are changed by certain methods: each by where it is declared, since others may have its name.
//!
//! ```text
//! { let mut rows = Vec::new(); rows[i].push(x); }      the first `rows` holds vectors that grow
//! let mut rows = Vec::new(); rows.push(y);             the second one grows itself
//! ```

use proc_macro2::LineColumn;
use std::collections::{HashMap, HashSet};
use syn::visit::{self, Visit};
use syn::{
    Arm, Block, ExprClosure, ExprForLoop, ExprIf, ExprMethodCall, ExprWhile, Ident, Local, Pat, PatIdent,
};

/// Where a variable is declared.
type Declaration = (usize, usize);

/// Variables that a method was found on.
#[derive(Default)]
pub(crate) struct Changed {
    declared: HashSet<Declaration>,
    /// Those that are declared outside, by their names.
    outside: HashSet<String>,
}

impl Changed {
    /// Whether a variable is among them, by the name where it is declared.
    pub(crate) fn contains(&self, name: &Ident) -> bool {
        self.declared.contains(&position(name))
    }

    /// Whether one from outside is among them: a parameter, or what a closure finds around it.
    pub(crate) fn contains_outside(&self, name: &str) -> bool {
        self.outside.contains(name)
    }
}

fn position(name: &Ident) -> Declaration {
    let LineColumn { line, column } = name.span().start();
    (line, column)
}

/// The variables of a block that calls are found on: `owner` tells which one a call is about.
pub(crate) fn changed(body: &Block, owner: &dyn Fn(&ExprMethodCall) -> Option<String>) -> Changed {
    let mut walk = Walk { scopes: vec![HashMap::new()], changed: Changed::default(), owner };
    walk.visit_block(body);
    walk.changed
}

struct Walk<'w> {
    scopes: Vec<HashMap<String, Declaration>>,
    changed: Changed,
    owner: &'w dyn Fn(&ExprMethodCall) -> Option<String>,
}

impl Walk<'_> {
    fn inside(&mut self, walk: impl FnOnce(&mut Self)) {
        self.scopes.push(HashMap::new());
        walk(self);
        self.scopes.pop();
    }

    fn declare(&mut self, pattern: &Pat) {
        self.visit_pat(pattern);
    }
}

impl<'ast> Visit<'ast> for Walk<'_> {
    fn visit_block(&mut self, block: &'ast Block) {
        self.inside(|walk| visit::visit_block(walk, block));
    }

    fn visit_local(&mut self, local: &'ast Local) {
        if let Some(init) = &local.init {
            self.visit_expr(&init.expr);
            if let Some((_, otherwise)) = &init.diverge {
                self.visit_expr(otherwise);
            }
        }
        self.declare(&local.pat);
    }

    fn visit_pat_ident(&mut self, name: &'ast PatIdent) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.insert(name.ident.to_string(), position(&name.ident));
        }
        visit::visit_pat_ident(self, name);
    }

    fn visit_expr_closure(&mut self, closure: &'ast ExprClosure) {
        self.inside(|walk| visit::visit_expr_closure(walk, closure));
    }

    fn visit_expr_for_loop(&mut self, looped: &'ast ExprForLoop) {
        self.visit_expr(&looped.expr);
        self.inside(|walk| {
            walk.declare(&looped.pat);
            walk.visit_block(&looped.body);
        });
    }

    fn visit_expr_if(&mut self, branch: &'ast ExprIf) {
        // What `if let` binds is there in the first block.
        self.inside(|walk| {
            walk.visit_expr(&branch.cond);
            walk.visit_block(&branch.then_branch);
        });
        if let Some((_, otherwise)) = &branch.else_branch {
            self.visit_expr(otherwise);
        }
    }

    fn visit_expr_while(&mut self, looped: &'ast ExprWhile) {
        self.inside(|walk| visit::visit_expr_while(walk, looped));
    }

    fn visit_expr_let(&mut self, binding: &'ast syn::ExprLet) {
        self.visit_expr(&binding.expr);
        self.declare(&binding.pat);
    }

    fn visit_arm(&mut self, arm: &'ast Arm) {
        self.inside(|walk| visit::visit_arm(walk, arm));
    }

    /// A function inside has variables of its own.
    fn visit_item(&mut self, _: &'ast syn::Item) {}

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        if let Some(name) = (self.owner)(call) {
            match self.scopes.iter().rev().find_map(|scope| scope.get(&name)) {
                Some(declaration) => drop(self.changed.declared.insert(*declaration)),
                None => drop(self.changed.outside.insert(name)),
            }
        }
        visit::visit_expr_method_call(self, call);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use syn::spanned::Spanned;

    fn of(source: &str) -> (Vec<usize>, Vec<String>) {
        let block: Block = syn::parse_str(source).unwrap();
        assert_eq!(block.span().start().line, 1);
        let owner = |call: &ExprMethodCall| match &*call.receiver {
            syn::Expr::Path(path) if call.method == "push" => path.path.get_ident().map(ToString::to_string),
            _ => None,
        };
        let found = changed(&block, &owner);
        let mut columns: Vec<usize> = found.declared.into_iter().map(|(_, column)| column).collect();
        columns.sort_unstable();
        (columns, found.outside.into_iter().collect())
    }

    #[test]
    fn the_innermost_variable_is_meant() {
        assert_eq!(of("{ let v = 1; { let v = 2; v.push(1); } }"), (vec![19], vec![]));
        assert_eq!(of("{ let v = 1; v.push(1); let v = v.len(); }"), (vec![6], vec![]));
        assert_eq!(of("{ for v in 0..3 { } v.push(1); }"), (vec![], vec!["v".to_string()]));
        assert_eq!(of("{ let v = 1; if let Some(v) = w { } else { v.push(1); } }"), (vec![6], vec![]));
        assert_eq!(of("{ let v = 1; let f = |v| 2; v.push(1); }"), (vec![6], vec![]));
        assert_eq!(of("{ let v = 1; let f = |x| v.push(x); }"), (vec![6], vec![]));
    }
}
