//! Expressions: each becomes a call of the tracer that returns its value.
//!
//! ```text
//! -0.5 * x.powi(2) + PI
//!
//! t.binary("+", t.binary("*", t.unary("-", t.float_literal(0.5, …), …), t.method(x, Method::powi, &[…], …), …),
//!          t.lift(PI, …), …)
//! ```

use crate::annotation;
use crate::diagnose;
use crate::exits::Kind;
use crate::slice;
use crate::stmt::{compound_operator, inside_of_some, strip};
use crate::translator::{Translator, hygienic};
use parfuse_names::types::{ELEMENTS, listed};
use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{BinOp, Expr, ExprBinary, ExprIf, ExprLit, ExprPath, ExprRange, Lit, Member, RangeLimits, UnOp};

impl Translator<'_> {
    /// Code for the value of an expression.
    pub fn expr(&mut self, expr: &Expr) -> TokenStream {
        if let Some(constant) = self.constant_of_type(expr) {
            return constant;
        }
        let t = self.t.clone();
        match expr {
            Expr::Paren(inner) => self.expr(&inner.expr),
            Expr::Group(inner) => self.expr(&inner.expr),
            Expr::Lit(literal) => self.literal(literal),
            Expr::Path(path) => self.path(path),
            Expr::Unary(unary) => {
                let op = match unary.op {
                    UnOp::Neg(_) => "-",
                    UnOp::Not(_) => "!",
                    // What a reference refers to is read where it is used.
                    _ => "*",
                };
                let (operand, place) = (self.expr(&unary.expr), self.place(unary.op.span()));
                quote!(#t.unary(#op, #operand, #place))
            }
            Expr::Reference(reference)
                if reference.mutability.is_some()
                    && let Expr::Index(indexed) = strip(&reference.expr) =>
            {
                let place = self.place(indexed.bracket_token.span.open());
                let (array, indices) = self.array_and_indices(indexed);
                quote!(#t.reference_to(#array, &[#(#indices),*], #place))
            }
            // A borrowed array stays the array it is, a moved one is a copy.
            Expr::Reference(reference) => {
                let op = if reference.mutability.is_some() { "&mut" } else { "&" };
                let (operand, place) = (self.expr(&reference.expr), self.place(reference.and_token.span()));
                quote!(#t.unary(#op, #operand, #place))
            }
            Expr::Binary(binary) => self.binary(binary),
            Expr::Cast(cast) => {
                annotation::check_cast(&cast.ty, self.diagnostics);
                let (operand, place) = (self.expr(&cast.expr), self.place(cast.as_token.span()));
                let ty = &cast.ty;
                quote_spanned!(ty.span()=> #t.cast::<#ty>(#operand, #place))
            }
            Expr::Tuple(tuple) if tuple.elems.is_empty() => self.unit(),
            Expr::Tuple(tuple) => {
                let items = self.operands(tuple.elems.iter());
                quote!(#t.tuple(&[#(#items),*]))
            }
            Expr::Field(field) => {
                let base = self.expr(&field.base);
                match &field.member {
                    Member::Unnamed(member) => {
                        let place = self.place(field.dot_token.span());
                        let index = Literal::u32_unsuffixed(member.index);
                        quote!(#t.field(#base, #index, #place))
                    }
                    Member::Named(name) => {
                        let (place, name) = (self.place(field.dot_token.span()), name.to_string());
                        quote!(#t.member(#base, #name, #place))
                    }
                }
            }
            Expr::Index(indexed) => {
                let place = self.place(indexed.bracket_token.span.open());
                let (array, indices) = self.array_and_indices(indexed);
                quote!(#t.index(#array, &[#(#indices),*], #place))
            }
            Expr::Range(range) => self.range(range),
            Expr::Call(call) => self.call(call),
            Expr::MethodCall(call) => self.method_call(call),
            Expr::Closure(closure) => self.closure_value(closure),
            Expr::If(branch) => self.branch(branch, false),
            Expr::Match(matched) => self.match_(matched, false),
            Expr::Block(inner) => {
                let Some(label) = &inner.label else { return self.block(&inner.block) };
                let place = self.place(label.name.apostrophe);
                let (block, scopes) =
                    self.around(Some(label), Kind::Block, |inside| inside.block(&inner.block));
                self.value_scope(&scopes, block, &place)
            }
            Expr::Unsafe(inner) => {
                let (block, given) = (self.block(&inner.block), hygienic("given"));
                // What is promised inside is promised of the tracing code, too.
                quote_spanned!(inner.unsafe_token.span()=> { #[allow(unsafe_code)]
                    let #given = unsafe { #t.unsafe_block(|| #block) };
                    #given
                })
            }
            Expr::Assign(_) | Expr::While(_) | Expr::ForLoop(_) => {
                let (code, unit) = (self.expression_statement(expr), self.unit());
                quote!({ #code #unit })
            }
            Expr::Try(tried) => self.question(tried),
            Expr::Loop(looped) => self.endless_loop(looped),
            Expr::Break(exit) => self.break_(exit),
            Expr::Continue(exit) => self.continue_(exit),
            Expr::Return(returned) => self.early_return(returned),
            Expr::Macro(call) if slice::is_slice(call) => self.slice_info(call),
            Expr::Array(array) => {
                let (t, value) = (self.t.clone(), self.array_literal(array));
                match array.elems.first().map(strip) {
                    Some(Expr::Array(_)) => quote!(#t.of_arrays(#value)),
                    // Perhaps an array each.
                    Some(first) if !matches!(first, Expr::Lit(_) | Expr::Tuple(_)) => {
                        let place = self.place(array.bracket_token.span.open());
                        quote!(#t.rows_of(#value, #place))
                    }
                    _ => value,
                }
            }
            Expr::Repeat(repeat) => {
                let (t, value) = (self.t.clone(), self.repeated(repeat));
                let of_arrays = matches!(strip(&repeat.expr), Expr::Repeat(_));
                if of_arrays { quote!(#t.of_arrays(#value)) } else { value }
            }
            Expr::Macro(call) => {
                if let Some(array) = self.array_macro(call) {
                    return array;
                }
                if let Some(asserted) = self.assertion(&call.mac) {
                    return asserted;
                }
                if call.mac.path.is_ident("format") {
                    return self.format_macro(&call.mac);
                }
                if call.mac.path.is_ident("matches") {
                    return self.matches_macro(call);
                }
                let name =
                    call.mac.path.segments.last().map(|last| last.ident.to_string()).unwrap_or_default();
                self.unsupported(call, diagnose::unsupported_macro(&name))
            }
            Expr::Struct(literal) => {
                self.complex_literal(literal).unwrap_or_else(|| self.record_literal(literal))
            }
            other => self.unsupported(other, diagnose::unsupported_expression(other)),
        }
    }

    /// The code for the array of `a[i]`, and for its indices.
    fn array_and_indices(&mut self, indexed: &syn::ExprIndex) -> (TokenStream, Vec<TokenStream>) {
        let (array, indices) = rows_and_indices(indexed);
        let array = self.expr(array);
        (array, indices.into_iter().map(|index| self.index(index)).collect())
    }

    /// The values between the brackets of `a[i]`, `a[[i, j]]` and `a[(i, j)]`.
    pub(crate) fn index(&mut self, index: &Expr) -> TokenStream {
        let values = match strip(index) {
            Expr::Array(array) => self.operands(array.elems.iter()),
            Expr::Tuple(tuple) => self.operands(tuple.elems.iter()),
            Expr::Range(range) => vec![self.part_of_slice(range)],
            other => vec![self.expr(other)],
        };
        quote!(#(#values),*)
    }

    /// `if` with or without `else`; in the `last` position of a function its branches may `return`.
    pub(crate) fn branch(&mut self, branch: &ExprIf, last: bool) -> TokenStream {
        let (t, place) = (self.t.clone(), self.place(branch.if_token.span()));
        if let Expr::Let(binding) = strip(&branch.cond) {
            return self.branch_of_option(branch, binding, last);
        }
        if binds(&branch.cond) {
            return self.branch_of_chain(branch, &conjuncts(&branch.cond), last);
        }
        let condition = self.expr(&branch.cond);
        // Without an `else`, a `return` in the branch would leave early.
        let last = last && branch.else_branch.is_some();
        let then = self.block_with(&branch.then_branch, last);
        let otherwise = self.otherwise(branch, last);
        quote!(#t.if_(#condition, || #then, || #otherwise, #place))
    }

    /// `if let Some(pattern) = option`.
    fn branch_of_option(&mut self, branch: &ExprIf, binding: &syn::ExprLet, last: bool) -> TokenStream {
        let (t, place) = (self.t.clone(), self.place(branch.if_token.span()));
        let Some(inside) = inside_of_some(&binding.pat) else {
            return self.branch_of_pattern(branch, binding, last);
        };
        let (option, item) = (self.expr(&binding.expr), hygienic("item"));
        let last = last && branch.else_branch.is_some();
        self.scope.enter();
        let bindings = self.bind_pattern(inside, quote!(#item), None, 0);
        let then = self.block_with(&branch.then_branch, last);
        self.scope.leave();
        let otherwise = self.otherwise(branch, last);
        quote!(#t.if_some(#option, |#item| { #bindings #then }, || #otherwise, #place))
    }

    /// `if let pattern = value`, as a `match` with two arms.
    fn branch_of_pattern(&mut self, branch: &ExprIf, binding: &syn::ExprLet, last: bool) -> TokenStream {
        let (pattern, value, then) = (&binding.pat, &binding.expr, &branch.then_branch);
        let otherwise: Expr = match &branch.else_branch {
            Some((_, otherwise)) => (**otherwise).clone(),
            None => syn::parse_quote!({}),
        };
        let mut matched: syn::ExprMatch =
            syn::parse_quote!(match #value { #pattern => #then, _ => #otherwise });
        matched.match_token.span = branch.if_token.span;
        self.match_(&matched, last && branch.else_branch.is_some())
    }

    /// `if let pattern = value && condition …`: a block that its innermost branch leaves with the value of what is to be done,
    /// and that goes on to what is to be done otherwise.
    fn branch_of_chain(&mut self, branch: &ExprIf, conditions: &[&Expr], last: bool) -> TokenStream {
        let (t, place) = (self.t.clone(), self.place(branch.if_token.span));
        let (code, scopes) = self.around(None, Kind::Block, |inside| {
            let (then, exit) = (&branch.then_branch, inside.left());
            inside.scope.enter();
            // Of each condition what is computed, the test, and what it binds.
            let mut links = Vec::new();
            for (position, condition) in conditions.iter().enumerate() {
                let Expr::Let(binding) = condition else {
                    links.push((TokenStream::new(), inside.expr(condition), TokenStream::new()));
                    continue;
                };
                let whole = format_ident!("chained{position}", span = hygienic("chained").span());
                let (place, value) = (inside.place(binding.pat.span()), inside.expr(&binding.expr));
                let test = inside.test(&binding.pat, &quote!(#whole));
                let test = test.unwrap_or_else(|| quote!(#t.bool_literal(true, #place)));
                let bindings = inside.bind_pattern(&binding.pat, quote!(#whole), None, 0);
                let computed =
                    quote!(let #whole = #t.bind("", #value, ::core::option::Option::None, #place););
                links.push((computed, test, bindings));
            }
            let then = inside.block(then);
            inside.scope.leave();
            let unit = inside.unit();
            let innermost = quote!(#t.leave_(#exit, #then, "the end of a branch", #place));
            let code = links.into_iter().rfold(innermost, |code, (computed, test, bindings)| {
                quote!({ #computed #t.if_(#test, || { #bindings #code }, || #unit, #place) })
            });
            let otherwise = inside.otherwise(branch, last && branch.else_branch.is_some());
            quote!({ #code; #otherwise })
        });
        self.value_scope(&scopes, code, &place)
    }

    fn otherwise(&mut self, branch: &ExprIf, last: bool) -> TokenStream {
        match branch.else_branch.as_ref().map(|(_, expr)| &**expr) {
            None => self.unit(),
            Some(Expr::If(next)) => self.branch(next, last),
            Some(Expr::Block(inner)) => self.block_with(&inner.block, last),
            Some(other) => self.expr(other),
        }
    }

    fn literal(&mut self, literal: &ExprLit) -> TokenStream {
        let (t, lit) = (self.t.clone(), &literal.lit);
        let place = self.place(lit.span());
        let suffix = match lit {
            Lit::Int(int) => int.suffix(),
            Lit::Float(float) => float.suffix(),
            Lit::Bool(bool) => {
                return quote!(#t.bool_literal(#bool, #place));
            }
            // A number, of which the token says that it is a `u8`.
            Lit::Byte(byte) => return quote!(#t.lift(#byte, #place)),
            Lit::Char(char) => {
                let byte = char.value();
                let instead = match byte.is_ascii() {
                    true => format!("as a byte this is `b{lit}`", lit = quote!(#char)),
                    false => format!("as a number this is `{}u32`", u32::from(byte)),
                };
                return self.unsupported(char, format!("there are no characters in a kernel: {instead}"));
            }
            Lit::ByteStr(_) | Lit::CStr(_) => {
                return self.unsupported(
                    lit,
                    "there are no strings in a kernel: pass bytes as an argument, `text: &[u8]`, or write them one by \
                     one, `b'a'`",
                );
            }
            // Which one it is.
            Lit::Str(text) => return quote!(#t.text(#text, #place)),
            other => {
                return self.unsupported(
                    other,
                    "only numbers and `true`, `false` can be written in a kernel: there are no strings",
                );
            }
        };
        match (suffix, lit) {
            ("", Lit::Int(_)) => quote!(#t.int_literal(#lit, #place)),
            ("", _) => quote!(#t.float_literal(#lit, #place)),
            (suffix, _) if ELEMENTS.contains(&suffix) => quote!(#t.lift(#lit, #place)),
            (suffix, _) => {
                let message = format!("`{suffix}` is not a type of kernels: use {}", listed());
                self.unsupported(lit, message)
            }
        }
    }

    /// A variable of the kernel, or a constant from outside.
    fn path(&mut self, path: &ExprPath) -> TokenStream {
        let (t, place) = (self.t.clone(), self.place(path.span()));
        match path.path.get_ident().filter(|_| path.qself.is_none()) {
            Some(name) if self.scope.get(&name.to_string()).is_some() => quote!(#name),
            Some(name) if name == "None" => quote!(#t.none(#place)),
            None if let Some(held) = held_by_none(&path.path) => {
                let option: syn::Type = syn::parse_quote!(::core::option::Option<#held>);
                self.typed("", quote!(#t.none(#place)), &annotation::expression(&option), &place)
            }
            _ => quote_spanned!(path.span()=> #t.lift(#path, #place)),
        }
    }

    fn binary(&mut self, binary: &ExprBinary) -> TokenStream {
        let t = self.t.clone();
        let place = self.place(binary.op.span());
        if compound_operator(&binary.op).is_some() {
            let (code, unit) = (self.expression_statement(&Expr::Binary(binary.clone())), self.unit());
            return quote!({ #code #unit });
        }
        let op = match binary.op {
            BinOp::And(_) | BinOp::Or(_) => {
                let is_and = matches!(binary.op, BinOp::And(_));
                let (left, right) = (self.expr(&binary.left), self.expr(&binary.right));
                return quote!(#t.logical(#is_and, #left, || #right, #place));
            }
            BinOp::Add(_) => "+",
            BinOp::Sub(_) => "-",
            BinOp::Mul(_) => "*",
            BinOp::Div(_) => "/",
            BinOp::Rem(_) => "%",
            BinOp::BitXor(_) => "^",
            BinOp::BitAnd(_) => "&",
            BinOp::BitOr(_) => "|",
            BinOp::Shl(_) => "<<",
            BinOp::Shr(_) => ">>",
            BinOp::Eq(_) => "==",
            BinOp::Lt(_) => "<",
            BinOp::Le(_) => "<=",
            BinOp::Ne(_) => "!=",
            BinOp::Ge(_) => ">=",
            BinOp::Gt(_) => ">",
            _ => return self.unsupported(binary.op, "this operator is not supported in a kernel"),
        };
        let operands = self.operands([&*binary.left, &*binary.right].into_iter());
        quote!(#t.binary(#op, #(#operands),*, #place))
    }

    fn range(&mut self, range: &ExprRange) -> TokenStream {
        let Some(start) = &range.start else {
            return self.unsupported(range, "a range in a kernel has a start: `0..n`");
        };
        let Some(end) = &range.end else {
            let (t, place, start) = (self.t.clone(), self.place(range.limits.span()), self.expr(start));
            return quote!(#t.range_from(#start, #place));
        };
        let (t, place) = (self.t.clone(), self.place(range.limits.span()));
        let inclusive = matches!(range.limits, RangeLimits::Closed(_));
        let ends = self.operands([&**start, &**end].into_iter());
        quote!(#t.range(#(#ends),*, #inclusive, #place))
    }
}

/// Whether a condition binds names: `let Some(x) = a`, `let Some(x) = a && x > 0`.
pub(crate) fn binds(condition: &Expr) -> bool {
    conjuncts(strip(condition)).iter().any(|condition| matches!(condition, Expr::Let(_)))
}

/// The conditions between `&&`, one after the other.
fn conjuncts(condition: &Expr) -> Vec<&Expr> {
    let (mut found, mut rest) = (Vec::new(), vec![condition]);
    while let Some(condition) = rest.pop() {
        match condition {
            Expr::Binary(ExprBinary { left, op: BinOp::And(_), right, .. }) => {
                rest.extend([&**right, &**left])
            }
            condition => found.push(condition),
        }
    }
    found
}

/// The array and all the indices of `m[i][j]`: rows of rows are an array of several axes.
pub(crate) fn rows_and_indices(indexed: &syn::ExprIndex) -> (&Expr, Vec<&Expr>) {
    let mut indices = vec![&*indexed.index];
    let mut array = strip(&indexed.expr);
    while let Expr::Index(outer) = array {
        indices.push(&outer.index);
        array = strip(&outer.expr);
    }
    indices.reverse();
    (array, indices)
}

/// What `None::<T>` could hold.
fn held_by_none(path: &syn::Path) -> Option<&syn::Type> {
    let last = path.segments.last().filter(|last| last.ident == "None")?;
    let syn::PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match arguments.args.first()? {
        syn::GenericArgument::Type(held) => Some(held),
        _ => None,
    }
}
