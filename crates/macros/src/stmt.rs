//! Statements and blocks. Blocks stay blocks and `let`s stay `let`s in the tracing code, so scoping is Rust's.
//!
//! ```text
//! { let mut n = 0; n += 1; n }
//!
//! { let n = t.variable("n", t.int_literal(0, …), …); t.assign_op("+", n, t.int_literal(1, …), …); n }
//! ```

use crate::annotation;
use crate::asserts::panics;
use crate::diagnose;
use crate::exits::Kind;
use crate::expr::{binds, rows_and_indices};
use crate::matches::{fits_all, is_failure, is_variant};
use crate::translator::{Translator, hygienic};
use crate::type_functions::with_length;
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Block, Expr, Item, Member, Stmt, StmtMacro};

impl Translator<'_> {
    /// The body of the kernel, in whose last position a `return` may stand.
    pub fn function_body(&mut self, block: &Block) -> TokenStream {
        self.block_with(block, true)
    }

    /// A block with a value, which is `()` if it ends with a statement.
    pub fn block(&mut self, block: &Block) -> TokenStream {
        self.block_with(block, false)
    }

    /// The `last` block of a function returns its value from the function.
    pub(crate) fn block_with(&mut self, block: &Block, last: bool) -> TokenStream {
        self.scope.enter();
        let mut code = TokenStream::new();
        let mut value = None;
        for (position, stmt) in block.stmts.iter().enumerate() {
            let at_end = position + 1 == block.stmts.len();
            match stmt {
                Stmt::Expr(expr, semicolon) if at_end && (semicolon.is_none() || last) => {
                    value = match expr {
                        Expr::Return(_) if last => Some(self.value_in(expr, true)),
                        _ if semicolon.is_some() => {
                            code.extend(self.expression_statement(expr));
                            None
                        }
                        expr => Some(self.value_in(expr, last)),
                    };
                }
                // What has such an end has any type.
                Stmt::Macro(StmtMacro { mac, .. }) if at_end && panics(mac) => value = self.assertion(mac),
                stmt => code.extend(self.stmt(stmt)),
            }
        }
        self.scope.leave();
        let value = value.unwrap_or_else(|| self.unit());
        quote!({ #code #value })
    }

    /// A value, which in the `last` position of a function is returned.
    pub(crate) fn value_in(&mut self, expr: &Expr, last: bool) -> TokenStream {
        match expr {
            Expr::Return(returned) if last => match &returned.expr {
                Some(expr) => self.expr(expr),
                None => self.unit(),
            },
            Expr::If(branch) if last => self.branch(branch, true),
            Expr::Match(matched) if last => self.match_(matched, true),
            Expr::Block(inner) if last && inner.label.is_none() => self.block_with(&inner.block, true),
            expr if last && let Some(array) = with_length(expr, self.returned) => self.expr(&array),
            expr => self.expr(expr),
        }
    }

    /// A block run for what it does, such as the body of a loop: code without braces.
    pub fn statements(&mut self, block: &Block) -> TokenStream {
        self.scope.enter();
        let code = block.stmts.iter().map(|stmt| self.stmt(stmt)).collect();
        self.scope.leave();
        code
    }

    fn stmt(&mut self, stmt: &Stmt) -> TokenStream {
        match stmt {
            Stmt::Local(local) => self.local(local),
            Stmt::Expr(expr, _) => self.expression_statement(expr),
            Stmt::Item(item) => self.item(item),
            Stmt::Macro(StmtMacro { mac, .. }) if is_zip(mac) => {
                let call = syn::ExprMacro { attrs: Vec::new(), mac: mac.clone() };
                self.value_statement(&Expr::Macro(call))
            }
            Stmt::Macro(StmtMacro { mac, .. }) if let Some(asserted) = self.assertion(mac) => {
                quote!(let _ = #asserted;)
            }
            Stmt::Macro(StmtMacro { mac, .. }) => {
                let name = mac.path.segments.last().map(|last| last.ident.to_string()).unwrap_or_default();
                self.diagnostics.report(mac, diagnose::unsupported_macro(&name));
                TokenStream::new()
            }
        }
    }

    fn local(&mut self, local: &syn::Local) -> TokenStream {
        let is_heap = crate::heaps::is_of_heap(local);
        if is_heap && !crate::heaps::is_variable(&local.pat) {
            return self.unsupported(&local.pat, crate::heaps::ALONE);
        }
        let around = std::mem::replace(&mut self.in_heap, is_heap);
        let code = self.local_inside(local);
        self.in_heap = around;
        code
    }

    fn local_inside(&mut self, local: &syn::Local) -> TokenStream {
        if let Some(attribute) = local.attrs.iter().find(|attribute| attribute.path().is_ident("cfg")) {
            self.diagnostics.report(attribute, "`cfg` on statements is not supported in a kernel");
        }
        let Some(init) = &local.init else { return self.declare_pattern(&local.pat, None) };
        let declared = match &local.pat {
            syn::Pat::Type(typed) => Some(&*typed.ty),
            _ => None,
        };
        if let Some(lists) = self.lists(&local.pat, &init.expr) {
            return lists;
        }
        let value =
            match with_length(&init.expr, declared).or_else(|| with_type_of_none(&init.expr, declared)) {
                Some(array) => self.expr(&array),
                None => self.expr(&init.expr),
            };
        let value = match (&local.pat, strip(&init.expr)) {
            (syn::Pat::Ident(name), Expr::Reference(reference))
                if name.mutability.is_some() && reference.mutability.is_some() =>
            {
                let (t, place) = (&self.t, self.place(reference.and_token.span()));
                quote!(#t.reference_to_be_moved(#value, #place))
            }
            _ => value,
        };
        let Some((token, otherwise)) = &init.diverge else {
            return self.bind_pattern(&local.pat, value, None, 0);
        };
        let (t, place) = (self.t.clone(), self.place(token.span()));
        let otherwise = self.expr(otherwise);
        if let Some(inside) = inside_of_some(&local.pat) {
            return self.bind_pattern(inside, quote!(#t.some_or(#value, || #otherwise, #place)), None, 0);
        }
        let whole = hygienic("tested");
        let bound = quote!(let #whole = #t.bind("", #value, ::core::option::Option::None, #place););
        let test = self.test(&local.pat, &quote!(#whole)).map(|test| {
            let unit = self.unit();
            quote!(#t.if_(#test, || #unit, || #otherwise, #place);)
        });
        let bindings = self.bind_pattern(&local.pat, quote!(#whole), None, 0);
        quote!(#bound #test #bindings)
    }

    /// Constants, imports and other items are repeated in the tracing code.
    fn item(&mut self, item: &Item) -> TokenStream {
        match item {
            Item::Const(_) | Item::Static(_) | Item::Use(_) | Item::Type(_) => quote!(#item),
            // A function inside is one that the kernel calls.
            Item::Fn(function) if function.attrs.iter().any(says_what_it_is) => quote!(#item),
            Item::Fn(_) => quote!(#[::parfuse::kernel] #item),
            Item::Macro(item) => {
                let name =
                    item.mac.path.segments.last().map(|last| last.ident.to_string()).unwrap_or_default();
                self.diagnostics.report(item, diagnose::unsupported_macro(&name));
                TokenStream::new()
            }
            other => {
                self.diagnostics
                    .report(other, "this item cannot stand in a kernel: move it out of the function");
                TokenStream::new()
            }
        }
    }

    /// An expression for what it does; its value is dropped.
    pub(crate) fn expression_statement(&mut self, expr: &Expr) -> TokenStream {
        match expr {
            Expr::Paren(inner) => self.expression_statement(&inner.expr),
            Expr::Group(inner) => self.expression_statement(&inner.expr),
            Expr::Assign(assign) => self.assign(&assign.left, &assign.right, assign.eq_token.span()),
            Expr::Binary(binary) => match compound_operator(&binary.op) {
                Some(op) => self.assign_op(op, &binary.left, &binary.right, binary.op.span()),
                None => self.value_statement(expr),
            },
            Expr::While(_) | Expr::ForLoop(_) => self.loop_statement(expr),
            _ => self.value_statement(expr),
        }
    }

    fn value_statement(&mut self, expr: &Expr) -> TokenStream {
        let value = self.expr(expr);
        quote!(let _ = #value;)
    }

    /// `while` and `for`.
    fn loop_statement(&mut self, expr: &Expr) -> TokenStream {
        let t = self.t.clone();
        match expr {
            Expr::While(looped) if binds(&looped.cond) => {
                let (label, condition, body) = (&looped.label, &looped.cond, &looped.body);
                let looped: syn::ExprLoop =
                    syn::parse_quote!(#label loop { if #condition #body else { break; } });
                let looped = self.endless_loop(&looped);
                quote!(let _ = #looped;)
            }
            Expr::While(looped) => {
                let place = self.place(looped.while_token.span());
                let condition = self.expr(&looped.cond);
                let (body, scopes) =
                    self.around(looped.label.as_ref(), Kind::Loop, |inside| inside.statements(&looped.body));
                let body = self.body_scope(&scopes, body, &place);
                let looped = quote!(#t.while_(|| #condition, || { #body }, #place));
                let looped = self.value_scope(&scopes, looped, &place);
                quote!(#looped;)
            }
            Expr::ForLoop(looped) => {
                let place = self.place(looped.for_token.span());
                let range = self.loop_items(&looped.expr);
                let index = hygienic("index");
                self.scope.enter();
                let bindings = self.bind_pattern(&looped.pat, quote!(#index), None, 0);
                let parallel = is_call_of_prange(&looped.expr);
                let kind = if parallel { Kind::Parallel } else { Kind::Loop };
                let (body, scopes) =
                    self.around(looped.label.as_ref(), kind, |inside| inside.statements(&looped.body));
                self.scope.leave();
                let body = self.body_scope(&scopes, quote!(#bindings #body), &place);
                let looped = quote!(#t.for_(#range, |#index| { #body }, #place));
                let looped = self.value_scope(&scopes, looped, &place);
                quote!(#looped;)
            }
            _ => TokenStream::new(),
        }
    }

    /// What a `for` goes through. Of `&a` the elements are only read.
    pub(crate) fn loop_items(&mut self, expr: &Expr) -> TokenStream {
        let items = self.expr(expr);
        match strip(expr) {
            Expr::Reference(reference) if reference.mutability.is_none() => {
                let (t, place) = (self.t.clone(), self.place(reference.and_token.span()));
                quote!(#t.method(#items, ::parfuse::__private::Method::iter, &[], #place))
            }
            _ => items,
        }
    }

    /// `target = value`.
    fn assign(&mut self, target: &Expr, value: &Expr, span: proc_macro2::Span) -> TokenStream {
        let (t, place) = (self.t.clone(), self.place(span));
        match strip(target) {
            Expr::Tuple(tuple) => {
                // All parts are evaluated before the first is assigned: `(a, b) = (b, a)` swaps.
                let whole = hygienic("whole");
                let value = self.expr(value);
                let part = |position| {
                    let index = proc_macro2::Literal::usize_unsuffixed(position);
                    quote!(#t.field(#whole, #index, #place))
                };
                let targets: Vec<Expr> = tuple.elems.iter().cloned().collect();
                let values: Vec<TokenStream> = (0..targets.len()).map(part).collect();
                let assignments = self.assign_all(&targets, &values, span);
                quote!({ let #whole = #value; #assignments })
            }
            Expr::Infer(_) => self.value_statement(value),
            target => {
                let value = self.array_like(target, value).unwrap_or_else(|| self.expr(value));
                self.assign_value(target, value, &place)
            }
        }
    }

    /// Sets a variable or an element. The value is evaluated before the index, as in Rust.
    pub(crate) fn assign_value(
        &mut self,
        target: &Expr,
        value: TokenStream,
        place: &TokenStream,
    ) -> TokenStream {
        let (t, new) = (self.t.clone(), hygienic("new"));
        match strip(target) {
            Expr::Index(indexed) => {
                let Some((array, index)) = self.element(indexed) else { return TokenStream::new() };
                quote!({ let #new = #value; #t.store(#array, &[#index], #new, #place); })
            }
            target => {
                let Some(variable) = self.assigned_variable(target) else { return TokenStream::new() };
                let declared = match target {
                    Expr::Path(path) => path.path.get_ident().and_then(|name| {
                        self.scope.get(&name.to_string()).and_then(|local| local.declared_type.clone())
                    }),
                    _ => None,
                };
                let value = match declared {
                    Some(ty) => self.typed("", value, &ty, place),
                    None => value,
                };
                quote!({ let #new = #value; #t.assign(#variable, #new, #place); })
            }
        }
    }

    /// `target += value` and the like.
    fn assign_op(&mut self, op: &str, target: &Expr, value: &Expr, span: proc_macro2::Span) -> TokenStream {
        let (t, new, place) = (self.t.clone(), hygienic("new"), self.place(span));
        let value = self.expr(value);
        match strip(target) {
            Expr::Index(indexed) => {
                let Some((array, index)) = self.element(indexed) else { return TokenStream::new() };
                quote!({ let #new = #value; #t.store_op(#op, #array, &[#index], #new, #place); })
            }
            target => {
                let Some(variable) = self.assigned_variable(target) else { return TokenStream::new() };
                quote!({ let #new = #value; #t.assign_op(#op, #variable, #new, #place); })
            }
        }
    }

    /// The array and the index of an element that is set.
    fn element(&mut self, indexed: &syn::ExprIndex) -> Option<(TokenStream, TokenStream)> {
        let (array, indices) = rows_and_indices(indexed);
        let array = self.assigned_variable(array)?;
        let indices: Vec<TokenStream> = indices.into_iter().map(|index| self.index(index)).collect();
        Some((array, quote!(#(#indices),*)))
    }

    /// A variable that is set, by its name, perhaps dereferenced, or a view of one.
    fn assigned_variable(&mut self, target: &Expr) -> Option<TokenStream> {
        match strip(target) {
            Expr::Path(path)
                if path.path.get_ident().is_some_and(|name| self.scope.get(&name.to_string()).is_some()) =>
            {
                Some(quote_spanned!(path.span()=> #path))
            }
            Expr::Unary(unary) if matches!(unary.op, syn::UnOp::Deref(_)) => {
                let (variable, t) = (self.assigned_variable(&unary.expr)?, self.t.clone());
                let place = self.place(unary.span());
                Some(quote!(#t.unary("*", #variable, #place)))
            }
            Expr::Reference(reference) => self.assigned_variable(&reference.expr),
            // A part of a tuple or of a complex number, or a field of a struct.
            Expr::Field(field) => {
                let (t, place) = (self.t.clone(), self.place(field.dot_token.span()));
                let whole = match strip(&field.base) {
                    Expr::Index(indexed) => {
                        let (array, index) = self.element(indexed)?;
                        quote!(#t.element(#array, &[#index], #place))
                    }
                    base => self.assigned_variable(base)?,
                };
                Some(match &field.member {
                    Member::Unnamed(part) => {
                        let part = proc_macro2::Literal::u32_unsuffixed(part.index);
                        quote!(#t.field(#whole, #part, #place))
                    }
                    Member::Named(name) => {
                        let name = name.to_string();
                        quote!(#t.member(#whole, #name, #place))
                    }
                })
            }
            // A view to be written: `a.row_mut(i)[j] = x`, `*&mut a.row_mut(i) += &b`.
            Expr::MethodCall(call) => Some(self.method_call(call)),
            Expr::Path(path) => {
                self.diagnostics.report(path, "a kernel can only set its own variables and `&mut` arrays");
                None
            }
            other => {
                let message = "a kernel can set a variable or an array element, `a[i]` or `a[[i, j]]`, only";
                self.diagnostics.report(other, message);
                None
            }
        }
    }
}

/// `vec![None; n]` as `vec![None::<T>; n]`, where a vector or an array of `Option<T>` is expected.
fn with_type_of_none(expr: &Expr, expected: Option<&syn::Type>) -> Option<Expr> {
    let option = match expected? {
        syn::Type::Array(array) => &*array.elem,
        syn::Type::Path(path) => annotation::element_of_vector(path)?,
        _ => return None,
    };
    let held = annotation::held_by_option(option)?;
    let repeat = |repeat: &syn::ExprRepeat| {
        let is_none = matches!(strip(&repeat.expr), Expr::Path(path) if path.path.is_ident("None"));
        is_none.then(|| repeat.len.clone())
    };
    match strip(expr) {
        Expr::Repeat(array) => {
            let length = repeat(array)?;
            Some(syn::parse_quote!([None::<#held>; #length]))
        }
        Expr::Macro(call) if call.mac.path.is_ident("vec") => {
            let tokens = &call.mac.tokens;
            let length = repeat(&syn::parse2(quote!([#tokens])).ok()?)?;
            Some(syn::parse_quote!(vec![None::<#held>; #length]))
        }
        _ => None,
    }
}

/// The expression without parentheses and invisible groups.
pub(crate) fn strip(mut expr: &Expr) -> &Expr {
    loop {
        expr = match expr {
            Expr::Paren(inner) => &inner.expr,
            Expr::Group(inner) => &inner.expr,
            other => return other,
        }
    }
}

/// What `Some(…)` or `Ok(…)` has inside, if a pattern is that and what is inside fits all there may be.
pub(crate) fn inside_of_some(pattern: &syn::Pat) -> Option<&syn::Pat> {
    match pattern {
        syn::Pat::TupleStruct(some) if is_variant(some) && !is_failure(some) => {
            some.elems.first().filter(|inner| fits_all(inner))
        }
        syn::Pat::Paren(inner) => inside_of_some(&inner.pat),
        _ => None,
    }
}

/// The operator of a compound assignment, without `=`.
pub(crate) fn compound_operator(op: &syn::BinOp) -> Option<&'static str> {
    use syn::BinOp;
    Some(match op {
        BinOp::AddAssign(_) => "+",
        BinOp::SubAssign(_) => "-",
        BinOp::MulAssign(_) => "*",
        BinOp::DivAssign(_) => "/",
        BinOp::RemAssign(_) => "%",
        BinOp::BitXorAssign(_) => "^",
        BinOp::BitAndAssign(_) => "&",
        BinOp::BitOrAssign(_) => "|",
        BinOp::ShlAssign(_) => "<<",
        BinOp::ShrAssign(_) => ">>",
        _ => return None,
    })
}

/// Whether an attribute says what a function is to kernels.
fn says_what_it_is(attribute: &syn::Attribute) -> bool {
    attribute.path().segments.last().is_some_and(|last| last.ident == "kernel" || last.ident == "host")
}

/// Whether a macro goes through arrays.
fn is_zip(mac: &syn::Macro) -> bool {
    mac.path.segments.last().is_some_and(|last| last.ident == "azip" || last.ident == "par_azip")
}

/// Whether a function with this name says that iterations are independent.
pub(crate) fn is_prange(name: &syn::Ident) -> bool {
    ["prange", "prange2", "prange3"].iter().any(|known| name == known)
}

/// Whether an expression is `prange(…)`, or an iterator made of it.
fn is_call_of_prange(expr: &Expr) -> bool {
    match strip(expr) {
        Expr::MethodCall(call) => is_call_of_prange(&call.receiver),
        Expr::Unsafe(inner) => {
            matches!(&inner.block.stmts[..], [Stmt::Expr(expr, None)] if is_call_of_prange(expr))
        }
        Expr::Call(call) => match strip(&call.func) {
            Expr::Path(path) => path.path.segments.last().is_some_and(|last| is_prange(&last.ident)),
            _ => false,
        },
        _ => false,
    }
}
