//! `break`, `continue`, `return`, labels and `loop`.
//!
//! ```text
//! 'rows: for i in 0..n {              t.scope_(|break0| {
//!     if p { continue; }                t.for_(…, |index| { t.scope_(|continue0| {
//!     if q { break 'rows; }      ⇒          … t.leave_(continue0, t.unit(), "`continue`", …)
//! }                                         … t.leave_(break0, t.unit(), "`break 'rows`", …)
//! ```
//!
//! A scope is made only for what something leaves: kernels without exits are traced as if there were none.

use crate::annotation::may_give_up;
use crate::translator::{Translator, hygienic};
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Expr, Ident, Lifetime};

/// Something around that can be left.
pub(crate) struct Around {
    label: Option<String>,
    kind: Kind,
    /// Whether something leaves it, or goes on with its next iteration.
    left: bool,
    continued: bool,
    /// The number in the names of its scopes.
    number: usize,
}

/// What can be left.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Loop,
    /// A loop over `prange`.
    Parallel,
    /// A block with a label.
    Block,
    /// A closure, which `return` leaves, and nothing else.
    Closure,
}

impl Around {
    fn scope(&self, continues: bool) -> Ident {
        hygienic(&format!("{}{}", if continues { "continue" } else { "break" }, self.number))
    }
}

/// What the translation of something that can be left needs to be wrapped in.
pub(crate) struct Scopes {
    leave: Option<Ident>,
    go_on: Option<Ident>,
}

impl Translator<'_> {
    /// Translates something that can be left; returns what leaves it.
    pub(crate) fn around<T>(
        &mut self,
        label: Option<&syn::Label>,
        kind: Kind,
        translate: impl FnOnce(&mut Self) -> T,
    ) -> (T, Scopes) {
        let label = label.map(|label| label.name.ident.to_string());
        let number = self.around.len();
        self.around.push(Around { label, kind, left: false, continued: false, number });
        let translated = translate(self);
        let around = self.around.pop().expect("it was pushed");
        let leave = around.left.then(|| around.scope(false));
        let go_on = around.continued.then(|| around.scope(true));
        (translated, Scopes { leave, go_on })
    }

    /// What leaves the innermost of what stands around.
    pub(crate) fn left(&mut self) -> Ident {
        let innermost = self.around.last_mut().expect("something is around");
        innermost.left = true;
        innermost.scope(false)
    }

    /// The code of a loop's body, which `continue` leaves.
    pub(crate) fn body_scope(&self, scopes: &Scopes, body: TokenStream, place: &TokenStream) -> TokenStream {
        let (t, unit) = (&self.t, self.unit());
        match &scopes.go_on {
            Some(exit) => quote!(#t.scope_(|#exit| { #body #unit }, #place);),
            None => body,
        }
    }

    /// A value that may be given early, by what leaves its code.
    pub(crate) fn value_scope(
        &self,
        scopes: &Scopes,
        value: TokenStream,
        place: &TokenStream,
    ) -> TokenStream {
        let t = &self.t;
        match &scopes.leave {
            Some(exit) => quote!(#t.scope_(|#exit| #value, #place)),
            None => value,
        }
    }

    /// `loop { … }`, whose value is what it is left with.
    pub(crate) fn endless_loop(&mut self, looped: &syn::ExprLoop) -> TokenStream {
        let (t, place) = (self.t.clone(), self.place(looped.loop_token.span));
        let exits = self.exits;
        let (body, scopes) =
            self.around(looped.label.as_ref(), Kind::Loop, |translator| translator.statements(&looped.body));
        if scopes.leave.is_none() && self.exits == exits {
            let message = "this `loop` never ends: there is no `break` or `return` in it";
            return self.unsupported(looped.loop_token, message);
        }
        let body = self.body_scope(&scopes, body, &place);
        let exit = scopes.leave.unwrap_or_else(|| hygienic("_break"));
        quote!(#t.loop_(|#exit| { #body }, #place))
    }

    /// `break`, perhaps with a label and a value.
    pub(crate) fn break_(&mut self, exit: &syn::ExprBreak) -> TokenStream {
        let value = exit.expr.as_deref();
        self.exit(exit, exit.break_token.span, "break", exit.label.as_ref(), value)
    }

    /// `continue`, perhaps with a label.
    pub(crate) fn continue_(&mut self, exit: &syn::ExprContinue) -> TokenStream {
        self.exit(exit, exit.continue_token.span, "continue", exit.label.as_ref(), None)
    }

    /// A `return` that is not the last thing that a kernel does, or one that leaves a closure.
    pub(crate) fn early_return(&mut self, returned: &syn::ExprReturn) -> TokenStream {
        let place = self.place(returned.return_token.span);
        if let Some(problem) = self.barrier(self.closure_around().map_or(0, |closure| closure + 1), "return")
        {
            return self.unsupported(returned, problem);
        }
        let t = self.t.clone();
        let value = match &returned.expr {
            Some(expr) => self.expr(expr),
            None => self.unit(),
        };
        let exit = self.exit_of_function();
        quote!(#t.leave_(#exit, #value, "`return`", #place))
    }

    /// `option?`, `result?`: what there is, or `None` or the error for the function or the closure around.
    pub(crate) fn question(&mut self, tried: &syn::ExprTry) -> TokenStream {
        let closure = self.closure_around();
        if closure.is_none() && !self.returned.is_some_and(may_give_up) {
            let message = "`?` in a kernel stands in a function that returns an `Option` or a `Result`: take what it is for apart \
                           with `if let Some(x)` or `unwrap()`, and give up with `fail!(\"…\")`";
            self.expr(&tried.expr);
            return self.unsupported(tried.question_token, message);
        }
        if let Some(problem) = self.barrier(closure.map_or(0, |closure| closure + 1), "?") {
            return self.unsupported(tried.question_token, problem);
        }
        let (t, place) = (self.t.clone(), self.place(tried.question_token.span));
        let option = self.expr(&tried.expr);
        let (exit, nothing) = (self.exit_of_function(), hygienic("nothing"));
        // `?` makes a `String` of a `&'static str`.
        let failed = match closure.is_none() && self.returned.is_some_and(crate::texts::fails_with_string) {
            true => quote!(#t.failed_with_string(#nothing, #place)),
            false => quote!(#nothing),
        };
        quote!(#t.tried(#option, |#nothing| #t.leave_(#exit, #failed, "`?`", #place), #place))
    }

    /// The position of the closure around, if there is one.
    fn closure_around(&self) -> Option<usize> {
        self.around.iter().rposition(|around| around.kind == Kind::Closure)
    }

    /// What leaves the closure around, or the kernel.
    fn exit_of_function(&mut self) -> Ident {
        self.exits += 1;
        match self.closure_around() {
            Some(closure) => {
                self.around[closure].left = true;
                self.around[closure].scope(false)
            }
            None => {
                self.returns += 1;
                hygienic("returned")
            }
        }
    }

    fn exit(
        &mut self,
        tokens: impl ToTokens,
        span: Span,
        word: &str,
        label: Option<&Lifetime>,
        value: Option<&Expr>,
    ) -> TokenStream {
        let name = label.map(|label| label.ident.to_string());
        let named = |around: &&Around| match &name {
            Some(_) => around.label == name,
            None => !matches!(around.kind, Kind::Block),
        };
        // rustc complains about what is missing.
        let Some(target) = self.around.iter().rfind(named).map(|around| around.number) else {
            return self.unit();
        };
        let continues = word == "continue";
        let text = label.map_or(word.to_string(), |label| format!("{word} {label}"));
        if let Some(problem) = self.barrier(target + continues as usize, &text) {
            return self.unsupported(tokens, problem);
        }
        // What goes on with this very loop does not end it.
        self.exits += (name.is_some()) as usize;
        let around = &mut self.around[target];
        around.left |= !continues;
        around.continued |= continues;
        let exit = around.scope(continues);
        let (t, place) = (self.t.clone(), self.place(span));
        let value = match value {
            Some(expr) => self.expr(expr),
            None => self.unit(),
        };
        let text = format!("`{text}`");
        quote!(#t.leave_(#exit, #value, #text, #place))
    }

    /// Why an exit cannot lead out of what stands around from this one on.
    fn barrier(&self, from: usize, text: &str) -> Option<String> {
        let mut inside = self.around.iter().skip(from).map(|around| around.kind);
        inside.rfind(|kind| matches!(kind, Kind::Parallel | Kind::Closure)).map(|kind| match kind {
            Kind::Closure => format!("`{text}` cannot leave a closure: write `if` / `else`"),
            _ => parfuse_names::leaves_prange(&format!("`{text}`")),
        })
    }
}
