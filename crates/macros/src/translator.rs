//! The state of the translation of one kernel, and the frame of its tracing function.
//!
//! ```text
//! pub fn scale(x: f64) -> f64 { x * 2.0 }
//!
//! let at = |line, column| At { file: file!(), line, column };
//! let x = t.parameter(arguments, 0, "x", <f64 as Argument>::KIND.ty, at(1, 14));
//! let result = { t.binary("*", x, t.float_literal(2.0, at(1, 36)), at(1, 34)) };
//! ```
//!
//! Variables of the user keep their names and spans; our own (`t`, `at`, …) are hygienic.

use crate::annotation;
use crate::declarations::{self, Changed};
use crate::diagnose::Diagnostics;
use crate::exits::Around;
use crate::generics::KernelGenerics;
use crate::input::KernelInput;
use crate::scope::{Local, Scope};
use parfuse_names::Method;
use proc_macro2::{Literal, Span, TokenStream};
use quote::{ToTokens, quote};
use std::collections::HashSet;
use syn::Ident;
use syn::visit::Visit;

/// Translates a kernel's body into the body of its tracing function, which has `t: &Tracer`,
/// `arguments: &[Value]` and `place: At` in scope and ends with the value returned.
pub fn translate(input: &KernelInput, diagnostics: &mut Diagnostics) -> Translation {
    let mut translator = Translator::new(input, diagnostics);
    Translation { body: translator.function(input), draws: translator.draws }
}

/// What a kernel's body becomes.
pub struct Translation {
    /// The tracing code.
    pub body: TokenStream,
    /// Whether it draws random numbers.
    pub draws: Draws,
}

/// Whether a kernel draws random numbers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Draws {
    /// Neither it nor what it calls: it calls nothing that could.
    Nothing,
    /// If one of the functions does that it calls.
    IfCalled,
    /// It does so itself.
    Numbers,
}

/// An identifier of ours that cannot meet one of the user's.
pub fn hygienic(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// Translates statements and expressions into tracing code.
pub(crate) struct Translator<'a> {
    /// The tracer in the generated code.
    pub t: Ident,
    /// The closure that makes places in the generated code.
    at: Ident,
    /// The kernel's own name, which it must not call.
    pub kernel: String,
    /// What it is generic over.
    pub generics: &'a KernelGenerics,
    /// The local variables.
    pub scope: Scope,
    /// Those that may be vectors which grow.
    pub growing: Changed,
    /// Those that change at their front.
    pub queues: Changed,
    /// Those with vectors in them that change their lengths.
    pub lists: Changed,
    /// Whether what a `let mut` declares here is a heap.
    pub in_heap: bool,
    /// The names of those that functions are passed as `&mut name`.
    pub lent: HashSet<String>,
    /// What is around that can be left.
    pub around: Vec<Around>,
    /// What it returns.
    pub returned: Option<&'a syn::Type>,
    /// How often the kernel returns early.
    pub returns: usize,
    /// How many exits there have been out of what stands around.
    pub exits: usize,
    /// How many `match`es there have been.
    pub matches: usize,
    /// Whether what has been translated so far draws random numbers.
    pub draws: Draws,
    /// The complaints.
    pub diagnostics: &'a mut Diagnostics,
}

impl<'a> Translator<'a> {
    /// For the body of a kernel.
    pub fn new(input: &'a KernelInput, diagnostics: &'a mut Diagnostics) -> Translator<'a> {
        Translator {
            t: hygienic("t"),
            at: hygienic("at"),
            kernel: input.name().to_string(),
            generics: &input.generics,
            scope: Scope::new(),
            growing: growing(&input.body),
            queues: changed_by(&input.body, &|method, _| QUEUES.contains(&method.name())),
            lists: crate::lists::changed(&input.body),
            in_heap: false,
            lent: lent(&input.body),
            around: Vec::new(),
            returned: input.returns.as_ref(),
            returns: 0,
            exits: 0,
            matches: 0,
            draws: Draws::Nothing,
            diagnostics,
        }
    }

    /// The whole function: parameters, body, result.
    fn function(&mut self, input: &KernelInput) -> TokenStream {
        let (t, arguments, result) = (&hygienic("t"), hygienic("arguments"), hygienic("result"));
        let mut bindings = TokenStream::new();
        for (position, param) in input.params.iter().enumerate().filter(|(_, param)| param.named) {
            let (name, text) = (&param.name, param.name.to_string());
            let kind = annotation::item(&param.ty, "Argument", "KIND");
            let place = self.place(name.span());
            let position = Literal::usize_unsuffixed(position);
            let parameter = match param.borrowed {
                true => quote!(receiver),
                false if annotation::is_vector_to_change(&param.ty) => quote!(vector_parameter),
                false if annotation::is_reference_to_change(&param.ty) => quote!(reference_parameter),
                false => quote!(parameter),
            };
            let bound = quote! {
                #t.#parameter(#arguments, #position, #text, #kind.ty, #place)
            };
            let bound = match may_nest(&param.ty) {
                true => quote!(if #kind.of_arrays { #t.of_arrays(#bound) } else { #bound }),
                false => bound,
            };
            let bound = match (fixed_length(&param.ty), fixed_rows(&param.ty)) {
                (Some(length), _) => quote!(#t.of_lengths(#bound, &[#length])),
                (None, Some(length)) => quote!(#t.of_row_lengths(#bound, &[#length])),
                (None, None) => bound,
            };
            self.scope.add(text.clone(), Local::default());
            let bound = match param.grows {
                true => quote!(#t.grown_parameter(#text, #bound, #place)),
                false => bound,
            };
            bindings.extend(if param.variable && matches!(param.ty, syn::Type::Array(_)) {
                // It is the kernel's own.
                let own = quote!(#t.method(#bound, ::parfuse::__private::Method::to_owned, &[], #place));
                quote!(let #name = #t.variable(#text, #own, #place);)
            } else if param.variable {
                quote!(let #name = #t.variable(#text, #bound, #place);)
            } else {
                quote!(let #name = #bound;)
            });
        }
        let mut body = self.function_body(&input.body);
        if self.returns > 0 {
            let (exit, place) = (hygienic("returned"), self.place(input.name().span()));
            body = quote!(#t.scope_(|#exit| #body, #place));
        }
        let ending = match &input.returns {
            None => quote!(#result),
            Some(ty) => {
                let place = self.place(input.returns_span());
                let kinds = annotation::item(ty, "Returned", "kinds");
                quote! {
                    ::parfuse::__private::returned(
                        #t,
                        #result,
                        #kinds,
                        #place,
                    )
                }
            }
        };
        let grown: Vec<&Ident> = input.grown().map(|param| &param.name).collect();
        let ending = match grown.is_empty() {
            true => ending,
            false => quote!(#t.with_grown({ #ending }, &[#(#grown),*])),
        };
        let places = self.places();
        quote! {
            #places
            #bindings
            let #result = #body;
            #ending
        }
    }

    /// Code for what makes places.
    pub fn places(&self) -> TokenStream {
        let at = &self.at;
        quote! {
            let #at = |line: u32, column: u32| ::parfuse::__private::At { file: ::core::file!(), line, column };
        }
    }

    /// Code for the place of a token in the user's file; lines and columns count from one.
    pub fn place(&self, span: Span) -> TokenStream {
        let (start, at) = (span.start(), &self.at);
        let line = Literal::usize_unsuffixed(start.line);
        let column = Literal::usize_unsuffixed(start.column + 1);
        quote!(#at(#line, #column))
    }

    /// Complains about tokens; the value stands in for what cannot be translated.
    pub fn unsupported(&mut self, tokens: impl ToTokens, message: impl std::fmt::Display) -> TokenStream {
        self.diagnostics.report(tokens, message);
        self.unit()
    }

    /// Code for the value `()`.
    pub fn unit(&self) -> TokenStream {
        let t = &self.t;
        quote!(#t.unit())
    }
}

/// The length of a fixed array of numbers, or of what a reference to one refers to.
fn fixed_length(ty: &syn::Type) -> Option<&syn::Expr> {
    match ty {
        syn::Type::Reference(reference) => fixed_length(&reference.elem),
        syn::Type::Paren(inner) => fixed_length(&inner.elem),
        syn::Type::Array(array) => matches!(&*array.elem, syn::Type::Path(_)).then_some(&array.len),
        _ => None,
    }
}

/// The length of the fixed arrays of numbers that a slice, or an array, consists of.
fn fixed_rows(ty: &syn::Type) -> Option<&syn::Expr> {
    match ty {
        syn::Type::Reference(reference) => fixed_rows(&reference.elem),
        syn::Type::Paren(inner) => fixed_rows(&inner.elem),
        syn::Type::Slice(slice) => fixed_length(&slice.elem),
        syn::Type::Array(array) => fixed_length(&array.elem),
        syn::Type::Path(path) => annotation::element_of_vector(path).and_then(fixed_length),
        _ => None,
    }
}

/// Whether a parameter may be an array of arrays, perhaps by another name.
fn may_nest(ty: &syn::Type) -> bool {
    match ty {
        syn::Type::Reference(reference) => may_nest(&reference.elem),
        syn::Type::Paren(inner) => may_nest(&inner.elem),
        syn::Type::Group(inner) => may_nest(&inner.elem),
        syn::Type::Slice(slice) => matches!(&*slice.elem, syn::Type::Array(_) | syn::Type::Path(_)),
        syn::Type::Array(array) => matches!(&*array.elem, syn::Type::Array(_) | syn::Type::Path(_)),
        syn::Type::Path(path) => path.path.segments.last().is_some_and(|last| {
            let name = last.ident.to_string();
            !name.starts_with("Array") && !parfuse_names::types::ELEMENTS.contains(&name.as_str())
        }),
        _ => false,
    }
}

/// The names that occur as `&mut name`.
fn lent(body: &syn::Block) -> HashSet<String> {
    struct Names(HashSet<String>);
    impl<'ast> Visit<'ast> for Names {
        fn visit_expr_reference(&mut self, reference: &'ast syn::ExprReference) {
            if let (Some(_), syn::Expr::Path(path)) =
                (&reference.mutability, crate::stmt::strip(&reference.expr))
                && let Some(name) = path.path.get_ident()
            {
                self.0.insert(name.to_string());
            }
            syn::visit::visit_expr_reference(self, reference);
        }
    }
    let mut names = Names(HashSet::new());
    names.visit_block(body);
    names.0
}

/// The vectors that become longer or shorter.
pub(crate) fn growing(body: &syn::Block) -> Changed {
    changed_by(body, &|method, given| {
        let row = method.row(parfuse_names::Receiver::Vector);
        row.is_some_and(|row| row.counts().contains(&given))
    })
}

/// The methods that only queues have.
const QUEUES: [&str; 4] = ["push_front", "push_back", "pop_front", "pop_back"];

/// The variables that certain methods are called on, with so many arguments.
fn changed_by(body: &syn::Block, changes: &dyn Fn(Method, usize) -> bool) -> Changed {
    declarations::changed(body, &|call| {
        let method = Method::named(&call.method.to_string());
        let is_one = method.is_some_and(|method| changes(method, call.args.len()));
        match crate::stmt::strip(&call.receiver) {
            syn::Expr::Path(path) if is_one => path.path.get_ident().map(ToString::to_string),
            _ => None,
        }
    })
}
