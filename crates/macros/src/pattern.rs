//! Patterns: how a value is taken apart into variables.
//!
//! ```text
//! let (a, mut b): (f64, i64) = pair;
//!
//! let whole = pair;
//! let a = t.bind("a", t.field(whole, 0, at(…)), Some(f64), at(…));
//! let b = t.variable("b", t.bind("", t.field(whole, 1, at(…)), Some(i64), at(…)), at(…));
//! ```

use crate::annotation;
use crate::borrowing_patterns::{ADVICE, borrows};
use crate::matches::{binds, is_struct, is_variant, names_constant};
use crate::scope::Local;
use crate::translator::{Translator, hygienic};
use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{FieldPat, Pat, PatIdent, Token, Type};

impl Translator<'_> {
    /// Statements that bind the variables of a pattern to the parts of a value. `depth` numbers the
    /// temporaries of nested tuples.
    pub fn bind_pattern(
        &mut self,
        pat: &Pat,
        value: TokenStream,
        ty: Option<&Type>,
        depth: usize,
    ) -> TokenStream {
        match pat {
            // These are compared by a `match`.
            Pat::Ident(ident) if names_constant(ident) => TokenStream::new(),
            Pat::Lit(_) | Pat::Path(_) | Pat::Const(_) | Pat::Range(_) => TokenStream::new(),
            Pat::Or(_) if !binds(pat) => TokenStream::new(),
            Pat::Or(any) => {
                self.unsupported(any, "write an arm for each of the patterns between `|`: they bind names")
            }
            Pat::Ident(ident) => self.bind_name(ident, value, ty),
            Pat::Wild(_) => quote!(let _ = #value;),
            Pat::Paren(inner) => self.bind_pattern(&inner.pat, value, ty, depth),
            Pat::Type(typed) => {
                annotation::check_local(&typed.ty, self.diagnostics);
                self.bind_pattern(&typed.pat, value, Some(&typed.ty), depth)
            }
            Pat::Reference(reference) => self.bind_pattern(&reference.pat, value, None, depth),
            Pat::Tuple(tuple) => self.bind_items(&tuple.elems, value, ty, depth),
            Pat::Slice(slice) => self.bind_elements(slice, value, depth),
            Pat::Struct(parts) => self.bind_parts(parts, value, depth),
            Pat::TupleStruct(variant) if is_variant(variant) => {
                let inside = self.inside(variant, &value);
                self.bind_pattern(&variant.elems[0], inside, None, depth)
            }
            Pat::TupleStruct(parts) if is_struct(parts) => self.bind_items(&parts.elems, value, None, depth),
            other => {
                let message = "this pattern is not supported in a kernel: use names, `_` and tuples of them";
                self.unsupported(other, message)
            }
        }
    }

    /// Binds the items of a tuple, `(a, b)`, or of a struct whose fields have no names, `Pair(a, b)`.
    fn bind_items(
        &mut self,
        items: &Punctuated<Pat, Token![,]>,
        value: TokenStream,
        ty: Option<&Type>,
        depth: usize,
    ) -> TokenStream {
        let named = items.iter().rev().skip_while(|elem| matches!(elem, Pat::Rest(_))).count();
        let rest = items.iter().take(named).find(|elem| matches!(elem, Pat::Rest(_)));
        if let Some(rest) = rest {
            return self.unsupported(rest, "write a name or `_` for each part of the tuple");
        }
        let whole = format_ident!("whole_{depth}", span = hygienic("whole").span());
        let mut bindings = quote!(let #whole = #value;);
        for (position, elem) in items.iter().enumerate().take(named) {
            let (t, place) = (&self.t, self.place(elem.span()));
            let index = Literal::usize_unsuffixed(position);
            let part = quote!(#t.field(#whole, #index, #place));
            let part_ty = match ty {
                Some(Type::Tuple(types)) => types.elems.get(position),
                _ => None,
            };
            bindings.extend(self.bind_pattern(elem, part, part_ty, depth + 1));
        }
        bindings
    }

    /// Binds the elements of an array, `[first, .., last]`.
    fn bind_elements(&mut self, slice: &syn::PatSlice, value: TokenStream, depth: usize) -> TokenStream {
        let whole = format_ident!("whole_{depth}", span = hygienic("whole").span());
        let mut bindings = quote!(let #whole = #value;);
        let rest = slice.elems.iter().position(is_rest);
        for (position, elem) in slice.elems.iter().enumerate() {
            match elem {
                Pat::Ident(name) if rest == Some(position) => {
                    let (t, place) = (self.t.clone(), self.place(elem.span()));
                    let [start, end] =
                        [position, position + 1].map(|bound| element_bound(&t, slice, bound, &whole, &place));
                    let range = quote!(#t.range(#start, #end, false, #place));
                    let part = quote!(#t.unary("&", #t.index(#whole, &[#range], #place), #place));
                    let name = PatIdent { subpat: None, ..name.clone() };
                    bindings.extend(self.bind_name(&name, part, None));
                }
                _ if rest == Some(position) => {}
                elem => {
                    let part = self.element_of(slice, position, &whole);
                    bindings.extend(self.bind_pattern(elem, part, None, depth + 1));
                }
            }
        }
        bindings
    }

    /// The element of an array that stands at a position of a pattern.
    pub(crate) fn element_of(
        &self,
        slice: &syn::PatSlice,
        position: usize,
        whole: &impl ToTokens,
    ) -> TokenStream {
        let (t, place) = (&self.t, self.place(slice.elems[position].span()));
        let index = element_bound(t, slice, position, whole, &place);
        quote!(#t.index(#whole, &[#index], #place))
    }

    /// Whether an array has as many elements as a pattern asks for.
    pub(crate) fn has_length(&self, slice: &syn::PatSlice, whole: &TokenStream) -> TokenStream {
        let (t, place) = (&self.t, self.place(slice.span()));
        let (op, count) = match slice.elems.iter().any(is_rest) {
            true => (">=", slice.elems.len() - 1),
            false => ("==", slice.elems.len()),
        };
        let count = Literal::usize_suffixed(count);
        quote!(#t.binary(
            #op,
            #t.method(#whole, ::parfuse::__private::Method::len, &[], #place),
            #t.lift(#count, #place),
            #place
        ))
    }

    /// `Complex { re, im: y }`, and those of structs.
    fn bind_parts(&mut self, parts: &syn::PatStruct, value: TokenStream, depth: usize) -> TokenStream {
        let whole = format_ident!("whole_{depth}", span = hygienic("whole").span());
        let mut bindings = quote!(let #whole = #value;);
        for field in &parts.fields {
            let part = self.part(field, &whole);
            bindings.extend(self.bind_pattern(&field.pat, part, None, depth + 1));
        }
        bindings
    }

    /// The field of a struct that a pattern names.
    pub(crate) fn part(&self, field: &FieldPat, whole: &impl ToTokens) -> TokenStream {
        let (t, place, name) =
            (&self.t, self.place(field.span()), field.member.to_token_stream().to_string());
        quote!(#t.member(#whole, #name, #place))
    }

    /// Binds an argument of a closure. A name stands for what is given itself, which may be there to be changed.
    pub fn bind_argument(&mut self, pat: &Pat, value: TokenStream) -> TokenStream {
        match pat {
            Pat::Ident(ident) if ident.mutability.is_none() && ident.subpat.is_none() => {
                let name = &ident.ident;
                self.scope.add(name.to_string(), Local::default());
                quote!(let #name = #value;)
            }
            Pat::Paren(inner) => self.bind_argument(&inner.pat, value),
            Pat::Type(typed) if annotation::is_element(&typed.ty) => {
                let (t, place) = (self.t.clone(), self.place(typed.ty.span()));
                let ty = annotation::expression(&typed.ty);
                self.bind_argument(&typed.pat, quote!(#t.declared(#value, #ty, #place)))
            }
            Pat::Type(typed) => self.bind_argument(&typed.pat, value),
            pattern => self.bind_pattern(pattern, value, None, 0),
        }
    }

    /// `let x = value` or `let mut x = value`, perhaps with a type.
    fn bind_name(&mut self, ident: &PatIdent, value: TokenStream, ty: Option<&Type>) -> TokenStream {
        if let Some((_, parts)) = &ident.subpat {
            let name = &ident.ident;
            let whole = self.bind_name(&PatIdent { subpat: None, ..ident.clone() }, value, ty);
            let parts = self.bind_pattern(parts, quote!(#name), None, 0);
            return quote!(#whole #parts);
        }
        if borrows(ident) {
            return self.unsupported(ident, ADVICE);
        }
        let (t, name, text) = (self.t.clone(), &ident.ident, ident.ident.to_string());
        let place = self.place(name.span());
        let code = match (ident.mutability.is_some(), ty) {
            (false, None) => {
                quote!(let #name = #t.bind(#text, #value, ::core::option::Option::None, #place);)
            }
            (false, Some(ty)) => {
                let typed = self.typed(&text, value, &annotation::expression(ty), &place);
                quote!(let #name = #typed;)
            }
            (true, ty) => {
                let value = match ty {
                    Some(ty) => self.typed("", value, &annotation::expression(ty), &place),
                    None => value,
                };
                let declare = match (self.growing.contains(name), self.lent.contains(&text)) {
                    _ if self.in_heap => quote!(heap),
                    _ if self.queues.contains(name) => quote!(queue),
                    (true, _) => quote!(vector),
                    (false, true) => quote!(lent),
                    (false, false) => quote!(variable),
                };
                quote!(let #name = #t.#declare(#text, #value, #place);)
            }
        };
        self.scope.add(text, Local::default());
        code
    }

    /// A value that is declared to be of a type. It is taken by value first: binding with an array type
    /// alone means passing by reference.
    pub(crate) fn typed(
        &self,
        name: &str,
        value: TokenStream,
        ty: &TokenStream,
        place: &TokenStream,
    ) -> TokenStream {
        let t = &self.t;
        quote!(#t.bind(#name, #t.bind("", #value, ::core::option::Option::None, #place), #ty, #place))
    }

    /// `let x;` or `let x: T;`, to be assigned later.
    pub fn declare_pattern(&mut self, pat: &Pat, ty: Option<&Type>) -> TokenStream {
        match pat {
            Pat::Type(typed) => {
                annotation::check_local(&typed.ty, self.diagnostics);
                self.declare_pattern(&typed.pat, Some(&typed.ty))
            }
            Pat::Ident(ident) => {
                let (t, name, text) = (self.t.clone(), &ident.ident, ident.ident.to_string());
                let place = self.place(name.span());
                let declared_type = ty.map(annotation::expression);
                self.scope.add(text.clone(), Local { declared_type });
                quote!(let #name = #t.declare(#text, #place);)
            }
            Pat::Wild(_) => TokenStream::new(),
            other => self.unsupported(other, "declare one variable at a time, or give them values here"),
        }
    }
}

/// Whether a part of the pattern of an array stands for any number of elements: `..`, `rest @ ..`.
pub(crate) fn is_rest(elem: &Pat) -> bool {
    match elem {
        Pat::Rest(_) => true,
        Pat::Ident(PatIdent { subpat: Some((_, inner)), .. }) => matches!(**inner, Pat::Rest(_)),
        _ => false,
    }
}

/// The index of what stands at a position of the pattern of an array; behind `..` it counts from the end.
fn element_bound(
    t: &syn::Ident,
    slice: &syn::PatSlice,
    position: usize,
    whole: &impl ToTokens,
    place: &TokenStream,
) -> TokenStream {
    match slice.elems.iter().position(is_rest) {
        Some(rest) if position > rest => {
            let from_end = Literal::usize_suffixed(slice.elems.len() - position);
            quote!(#t.binary(
                "-",
                #t.method(#whole, ::parfuse::__private::Method::len, &[], #place),
                #t.lift(#from_end, #place),
                #place
            ))
        }
        _ => {
            let index = Literal::usize_suffixed(position);
            quote!(#t.lift(#index, #place))
        }
    }
}
