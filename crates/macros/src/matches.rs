//! `match`: patterns become comparisons, arms become branches.
//!
//! ```text
//! match n {                          let whole = n;
//!     0 => a,                  ⇒     let test0 = whole == 0;
//!     k if k < m => b,               if test0 { a } else { if { let k = whole; k < m } { let k = whole; b } else { c } }
//!     _ => c,
//! }
//! ```
//!
//! That the arms leave nothing out rustc has checked in the user's function, so that the last one without an `if` needs no
//! test. Comparisons can do no harm: all stand in front, where they leave arms that are numbers a choice between numbers.

use crate::pattern::is_rest;
use crate::stmt::inside_of_some;
use crate::translator::{Translator, hygienic};
use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::visit::Visit;
use syn::{
    Arm, Expr, ExprIf, ExprMacro, ExprMatch, Ident, Pat, PatIdent, PatTupleStruct, RangeLimits, Token,
};

/// An arm: its pattern, perhaps one of several between `|`, its `if`, and its body.
struct Choice<'a> {
    pattern: &'a Pat,
    guard: Option<&'a Expr>,
    body: &'a Expr,
}

impl<'a> Choice<'a> {
    /// The choices of an arm. Patterns that bind names are choices of their own.
    fn of(arm: &'a Arm) -> Vec<Choice<'a>> {
        let (pattern, guard) = match &arm.pat {
            Pat::Guard(guarded) => (&*guarded.pat, Some(&*guarded.guard)),
            pattern => (pattern, None),
        };
        let patterns: Vec<&Pat> = match pattern {
            Pat::Or(any) if binds(pattern) => any.cases.iter().collect(),
            pattern => vec![pattern],
        };
        patterns.into_iter().map(|pattern| Choice { pattern, guard, body: &arm.body }).collect()
    }
}

/// An arm in the tracing code.
struct TracedArm {
    /// When it is taken; always, if there is none.
    condition: Option<TokenStream>,
    body: TokenStream,
}

impl Translator<'_> {
    /// `match`; in the `last` position of a function its arms may `return`.
    pub(crate) fn match_(&mut self, matched: &ExprMatch, last: bool) -> TokenStream {
        if let Some(branch) = as_branch_of_option(matched) {
            return self.branch(&branch, last);
        }
        let place = self.place(matched.match_token.span());
        let whole = format_ident!("matched{}", self.matches, span = hygienic("matched").span());
        self.matches += 1;
        let value = self.expr(&matched.expr);
        let mut choices: Vec<Choice> = matched.arms.iter().flat_map(Choice::of).collect();
        let Some(taken) = choices.iter().rposition(|choice| choice.guard.is_none()) else {
            return self.unsupported(matched, "a `match` in a kernel has an arm without an `if`");
        };
        choices.truncate(taken + 1);
        let mut tests = TokenStream::new();
        let mut names = Vec::new();
        for (position, choice) in choices.iter().enumerate() {
            let test = self.test(choice.pattern, &quote!(#whole));
            let needed = position < taken;
            names.push(test.filter(|_| needed).map(|test| {
                let name = format_ident!("{whole}_is{position}", span = whole.span());
                tests.extend(quote!(let #name = #test;));
                name
            }));
        }
        let arms: Vec<TracedArm> =
            choices.iter().zip(names).map(|(choice, test)| self.arm(choice, test, &whole, last)).collect();
        let t = &self.t;
        let code = arms.into_iter().rev().reduce(|rest, arm| match &arm.condition {
            None => arm,
            Some(condition) => {
                let (body, rest) = (&arm.body, rest.body);
                TracedArm { condition: None, body: quote!(#t.if_(#condition, || #body, || #rest, #place)) }
            }
        });
        let code = code.map(|arm| arm.body);
        quote!({
            let #whole = #t.bind("", #value, ::core::option::Option::None, #place);
            #tests
            #code
        })
    }

    /// `matches!(value, pattern)`.
    pub(crate) fn matches_macro(&mut self, call: &ExprMacro) -> TokenStream {
        let parse = |input: ParseStream| {
            let value = input.parse::<Expr>()?;
            input.parse::<Token![,]>()?;
            let rest: TokenStream = input.parse()?;
            syn::parse2::<ExprMatch>(quote!(match #value { #rest => true, _ => false }))
        };
        match parse.parse2(call.mac.tokens.clone()) {
            Ok(matched) => self.match_(&matched, false),
            Err(error) => self.unsupported(&call.mac, error),
        }
    }

    /// One arm.
    fn arm(&mut self, choice: &Choice, test: Option<Ident>, whole: &Ident, last: bool) -> TracedArm {
        let place = self.place(choice.pattern.span());
        let t = self.t.clone();
        self.scope.enter();
        let bindings = self.bind_pattern(choice.pattern, quote!(#whole), None, 0);
        let guard = choice.guard.map(|guard| self.expr(guard));
        let body = self.value_in(choice.body, last);
        self.scope.leave();
        let condition = match (test, guard) {
            (None, None) => None,
            (Some(test), None) => Some(quote!(#test)),
            (None, Some(guard)) => Some(quote!({ #bindings #guard })),
            (Some(test), Some(guard)) => {
                Some(quote!(#t.logical(true, #test, || { #bindings #guard }, #place)))
            }
        };
        TracedArm { condition, body: quote!({ #bindings #body }) }
    }

    /// Whether a value is as a pattern says: `None` for one that every value is like.
    pub(crate) fn test(&mut self, pattern: &Pat, value: &TokenStream) -> Option<TokenStream> {
        let t = self.t.clone();
        let place = self.place(pattern.span());
        match pattern {
            Pat::Wild(_) | Pat::Rest(_) => None,
            Pat::Ident(PatIdent { subpat: Some((_, inner)), .. }) => self.test(inner, value),
            Pat::Ident(ident) if !names_constant(ident) => None,
            Pat::Ident(ident) if ident.ident == "None" => {
                Some(quote!(#t.method(#value, ::parfuse::__private::Method::is_none, &[], #place)))
            }
            Pat::Ident(ident) => {
                let name = &ident.ident;
                Some(quote!(#t.is_constant(#value, #t.lift(#name, #place), #place)))
            }
            Pat::Lit(_) | Pat::Path(_) | Pat::Const(_) => {
                let constant = self.pattern_value(pattern);
                Some(quote!(#t.is_constant(#value, #constant, #place)))
            }
            Pat::Range(range) => {
                let below = match range.limits {
                    RangeLimits::Closed(_) => "<=",
                    RangeLimits::HalfOpen(_) => "<",
                };
                let limits = [(">=", &range.start), (below, &range.end)];
                let tests: Vec<TokenStream> = limits
                    .into_iter()
                    .filter_map(|(op, limit)| {
                        let limit = self.pattern_value(limit.as_deref()?);
                        Some(quote!(#t.binary(#op, #value, #limit, #place)))
                    })
                    .collect();
                self.joined("&", tests, &place)
            }
            Pat::Or(any) => {
                let tests: Option<Vec<TokenStream>> =
                    any.cases.iter().map(|case| self.test(case, value)).collect();
                self.joined("|", tests?, &place)
            }
            Pat::Tuple(tuple) => {
                let mut tests = Vec::new();
                for (position, element) in tuple.elems.iter().enumerate() {
                    let index = Literal::usize_unsuffixed(position);
                    tests.extend(self.test(element, &quote!(#t.field(#value, #index, #place))));
                }
                self.joined("&", tests, &place)
            }
            Pat::TupleStruct(variant) if is_variant(variant) => {
                let (asked, inside) =
                    (if is_failure(variant) { "is_err" } else { "is_some" }, self.inside(variant, value));
                let asked = hygienic(asked);
                let mut tests =
                    vec![quote!(#t.method(#value, ::parfuse::__private::Method::#asked, &[], #place))];
                tests.extend(self.test(&variant.elems[0], &inside));
                self.joined("&", tests, &place)
            }
            Pat::TupleStruct(parts) => {
                let mut tests = Vec::new();
                for (position, element) in parts.elems.iter().enumerate() {
                    let index = Literal::usize_unsuffixed(position);
                    tests.extend(self.test(element, &quote!(#t.field(#value, #index, #place))));
                }
                self.joined("&", tests, &place)
            }
            Pat::Struct(parts) => {
                let mut tests = Vec::new();
                for field in &parts.fields {
                    let part = self.part(field, value);
                    tests.extend(self.test(&field.pat, &part));
                }
                self.joined("&", tests, &place)
            }
            Pat::Paren(inner) => self.test(&inner.pat, value),
            Pat::Reference(reference) => self.test(&reference.pat, value),
            // There are elements to look at if there are as many.
            Pat::Slice(slice) => {
                let (length, mut tests) = (self.has_length(slice, value), Vec::new());
                for (position, element) in slice.elems.iter().enumerate().filter(|(_, elem)| !is_rest(elem)) {
                    tests.extend(self.test(element, &self.element_of(slice, position, value)));
                }
                Some(match self.joined("&", tests, &place) {
                    Some(tests) => quote!(#t.logical(true, #length, || #tests, #place)),
                    None => length,
                })
            }
            // What cannot stand in a kernel is complained about where its names are bound.
            _ => None,
        }
    }

    /// What an option or a `Result` has inside if it is of a variant.
    pub(crate) fn inside(&self, variant: &PatTupleStruct, value: &TokenStream) -> TokenStream {
        let (t, place, failure) = (&self.t, self.place(variant.span()), is_failure(variant));
        quote!(#t.inside(#value, #failure, #place))
    }

    /// What a pattern that is a value stands for.
    fn pattern_value(&mut self, pattern: &(impl ToTokens + Spanned)) -> TokenStream {
        match syn::parse2::<Expr>(quote!(#pattern)) {
            Ok(expr) => self.expr(&expr),
            Err(error) => self.unsupported(pattern, error),
        }
    }

    /// Several truth values, all of them computed, as one.
    fn joined(&self, op: &str, tests: Vec<TokenStream>, place: &TokenStream) -> Option<TokenStream> {
        let t = &self.t;
        tests.into_iter().reduce(|all, next| quote!(#t.binary(#op, #all, #next, #place)))
    }
}

/// `match option { Some(x) => …, None => … }` as `if let Some(x) = option { … } else { … }`.
fn as_branch_of_option(matched: &ExprMatch) -> Option<ExprIf> {
    let [first, second] = &matched.arms[..] else { return None };
    let is_rest = |pattern: &Pat| match pattern {
        Pat::Wild(_) => true,
        Pat::Ident(name) => name.ident == "None",
        _ => false,
    };
    let (some, none) = match (inside_of_some(&first.pat), inside_of_some(&second.pat)) {
        (Some(_), None) if is_rest(&second.pat) => (first, second),
        (None, Some(_)) if is_rest(&first.pat) && !matches!(first.pat, Pat::Wild(_)) => (second, first),
        _ => return None,
    };
    let (pattern, option, then, otherwise) = (&some.pat, &matched.expr, &some.body, &none.body);
    let mut branch: ExprIf = syn::parse_quote!(if let #pattern = #option { #then } else { #otherwise });
    branch.if_token.span = matched.match_token.span;
    Some(branch)
}

/// Whether a pattern is `Some(…)`, `Ok(…)` or `Err(…)`.
pub(crate) fn is_variant(pattern: &PatTupleStruct) -> bool {
    let is = |name| pattern.path.is_ident(name);
    pattern.elems.len() == 1 && (is("Some") || is("Ok") || is("Err"))
}

/// Whether a pattern is of a struct whose fields have no names, `Pair(a, b)`, as far as its spelling tells.
pub(crate) fn is_struct(pattern: &PatTupleStruct) -> bool {
    !is_variant(pattern) && pattern.path.segments.len() == 1
}

/// Whether a pattern is `Err(…)`.
pub(crate) fn is_failure(pattern: &PatTupleStruct) -> bool {
    pattern.path.is_ident("Err")
}

/// Whether a pattern fits all values of its type, as far as its spelling tells.
pub(crate) fn fits_all(pattern: &Pat) -> bool {
    struct Tests(bool);
    impl<'ast> Visit<'ast> for Tests {
        fn visit_pat(&mut self, pattern: &'ast Pat) {
            self.0 |= match pattern {
                Pat::Lit(_) | Pat::Path(_) | Pat::Const(_) | Pat::Range(_) | Pat::Slice(_) | Pat::Or(_) => {
                    true
                }
                Pat::TupleStruct(parts) => !is_struct(parts),
                Pat::Ident(ident) => names_constant(ident),
                _ => false,
            };
            syn::visit::visit_pat(self, pattern);
        }
    }
    let mut tests = Tests(false);
    tests.visit_pat(pattern);
    !tests.0
}

/// Whether a name in a pattern is that of a constant, as far as its spelling tells.
pub(crate) fn names_constant(ident: &PatIdent) -> bool {
    let name = ident.ident.to_string();
    ident.subpat.is_none() && ident.mutability.is_none() && name.starts_with(char::is_uppercase)
}

/// Whether a pattern binds a name.
pub(crate) fn binds(pattern: &Pat) -> bool {
    struct Names(bool);
    impl<'ast> Visit<'ast> for Names {
        fn visit_pat_ident(&mut self, ident: &'ast PatIdent) {
            self.0 |= !names_constant(ident);
            syn::visit::visit_pat_ident(self, ident);
        }
    }
    let mut names = Names(false);
    names.visit_pat(pattern);
    names.0
}
