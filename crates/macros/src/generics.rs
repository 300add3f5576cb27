//! What a kernel is generic over: element types and constants.
//!
//! ```text
//! fn axpy<T: Float>(a: T, x: &Array1<T>) -> Array1<T>
//!
//! enum axpy<T = &'static axpy<()>> { … }              a type for each T; without one, that of no T in particular
//! impl<T: Float + TypeArgument> Inline for axpy<T>    the tracing code, in which T is T
//! impl Inline for axpy                                a call in a kernel, `axpy(a, &x)`: T is that of the arguments
//! ```
//!
//! What a kernel computes of `T` alone, `T::from(2.0).unwrap()`, is a constant: the tracing code has Rust compute it.

use crate::diagnose::Diagnostics;
use crate::stmt::strip;
use crate::translator::Translator;
use parfuse_names::types::ELEMENTS;
use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::visit::Visit;
use syn::{
    Expr, ExprMethodCall, GenericParam, Generics, Ident, Lifetime, Signature, Type, TypeParamBound,
    WherePredicate,
};

/// Calls in kernels find out this many types from their arguments, and no more.
const MOST_INFERRED: usize = 2;

/// What stands for a constant that a call in a kernel does not give. Only lengths of arrays can be left for rustc to find
/// out, and no array is so long.
fn not_given(ty: &Type) -> TokenStream {
    match ty.to_token_stream().to_string().as_str() {
        "bool" => quote!(false),
        "char" => quote!('?'),
        _ => quote!({ <#ty>::MAX }),
    }
}

/// The types and constants that a kernel is generic over.
pub struct KernelGenerics {
    /// The parameters with their bounds, and the `where` clause, as they stand at an `impl`.
    declared: Generics,
    /// Whether the kernel can be generic over them.
    pub supported: bool,
}

/// What gives the contents of an `Option`.
const UNWRAPS: [&str; 4] = ["unwrap", "expect", "unwrap_or", "unwrap_or_default"];

/// What is wrong with a bound of a type.
fn bound_problem(bound: &TypeParamBound) -> Option<&'static str> {
    let TypeParamBound::Trait(bound) = bound else { return None };
    match bound.path.segments.last()?.ident.to_string().as_str() {
        "Dimension" | "RemoveAxis" | "DimMax" | "IntoDimension" | "ShapeBuilder" => Some(
            "a kernel is generic over element types, not over the number of axes: write `ArrayRef<f64, IxDyn>`, which \
             takes arrays of any number of axes (`a.view().into_dyn()` is one), or `ArrayRef1`, `ArrayRef2` and so on",
        ),
        "Data" | "DataMut" | "DataOwned" | "DataShared" | "RawData" | "RawDataMut" | "RawDataClone" => Some(
            "a kernel takes all arrays of an element type by one type: write `&ArrayRef1<T>` or `&mut ArrayRef1<T>`, \
             which can be passed owned arrays and views",
        ),
        "Fn" | "FnMut" | "FnOnce" => Some(
            "a kernel takes no functions: write one kernel for each, which call another one for what they have in \
             common",
        ),
        _ => None,
    }
}

impl KernelGenerics {
    /// Takes the generics of a function apart; complains about what a kernel cannot have.
    pub fn new(signature: &Signature, diagnostics: &mut Diagnostics) -> KernelGenerics {
        let before = diagnostics.count();
        let lifetimes: Vec<&Lifetime> =
            signature.generics.lifetimes().map(|declared| &declared.lifetime).collect();
        let mut declared = signature.generics.clone();
        declared.params = Punctuated::new();
        for param in &signature.generics.params {
            match param {
                GenericParam::Lifetime(lifetime) if lifetime.bounds.is_empty() => continue,
                GenericParam::Lifetime(_) => {
                    diagnostics.report(param, "the lifetimes of a kernel have no bounds: leave them out");
                    continue;
                }
                GenericParam::Type(ty) => check_bounds(&ty.bounds, &lifetimes, diagnostics),
                GenericParam::Const(_) => {}
            }
            declared.params.push(param.clone());
        }
        for predicate in signature.generics.where_clause.iter().flat_map(|clause| &clause.predicates) {
            match predicate {
                WherePredicate::Type(predicate) => check_bounds(&predicate.bounds, &lifetimes, diagnostics),
                other => {
                    diagnostics.report(other, "the lifetimes of a kernel have no bounds: leave them out")
                }
            }
        }
        let supported = diagnostics.count() == before;
        for ty in declared.type_params_mut() {
            ty.bounds.push(match supported {
                true => syn::parse_quote!(::parfuse::__private::TypeArgument),
                false => syn::parse_quote!('static),
            });
        }
        KernelGenerics { declared, supported }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.declared.params.is_empty()
    }

    /// Whether a name is that of a type among them.
    pub fn is_type(&self, name: &Ident) -> bool {
        self.declared.type_params().any(|param| param.ident == *name)
    }

    /// `<T: Float, const N: usize>`, behind `impl` or the name of a function.
    pub fn parameters(&self) -> TokenStream {
        self.declared.split_for_impl().0.to_token_stream()
    }

    /// `<T, N>`, behind the name of the kernel's type.
    pub fn arguments(&self) -> TokenStream {
        self.declared.split_for_impl().1.to_token_stream()
    }

    /// What stands between the brackets of [`parameters`](Self::parameters).
    pub fn declared(&self) -> Vec<TokenStream> {
        self.declared.params.iter().map(ToTokens::to_token_stream).collect()
    }

    /// `::<T, N>`, behind the name of a function.
    pub fn turbofish(&self) -> TokenStream {
        self.declared.split_for_impl().1.as_turbofish().to_token_stream()
    }

    /// `where …`.
    pub fn clause(&self) -> TokenStream {
        self.declared.split_for_impl().2.to_token_stream()
    }

    /// The kernel's type.
    pub fn type_named(&self, name: &Ident) -> TokenStream {
        let (arguments, contents) = (self.arguments(), self.contents());
        let none = self.declared.params.iter().map(|param| match param {
            GenericParam::Const(number) => not_given(&number.ty),
            _ => quote!(()),
        });
        let none: Vec<TokenStream> = none.collect();
        let params = self.declared.params.iter().map(|param| match param {
            GenericParam::Type(ty) => {
                let ident = &ty.ident;
                quote!(#ident = &'static #name<#(#none),*>)
            }
            GenericParam::Const(number) => {
                let (ident, ty, default) = (&number.ident, &number.ty, not_given(&number.ty));
                quote!(const #ident: #ty = #default)
            }
            other => other.to_token_stream(),
        });
        let params = if arguments.is_empty() { quote!() } else { quote!(<#(#params),*>) };
        quote!(enum #name #params { #contents })
    }

    /// A type has to mention what it is generic over.
    fn contents(&self) -> TokenStream {
        let types: Vec<&Ident> = self.declared.type_params().map(|param| &param.ident).collect();
        if types.is_empty() {
            return quote!();
        }
        quote! {
            #[doc(hidden)]
            __Never(::core::convert::Infallible, ::core::marker::PhantomData<fn() -> (#(#types,)*)>),
        }
    }

    /// Complaints of the tracing code about numbers that are not given.
    pub fn given(&self, t: &Ident, name: &str, place: &Ident) -> TokenStream {
        let numbers = self.declared.const_params().filter(|number| is_usize(&number.ty));
        let checks = numbers.map(|number| {
            let ident = &number.ident;
            let message = format!(
                "what `{ident}` of `{name}` is cannot be told from the arguments: write it, `{name}::<…>(…)`"
            );
            quote! {
                if #ident == ::core::primitive::usize::MAX {
                    return #t.mistake(#message, #place);
                }
            }
        });
        quote!(#(#checks)*)
    }

    /// The tracing code of a call that does not say what the kernel's types are; nothing if it has none.
    pub fn inferred(
        &self,
        name: &Ident,
        params: &[&Type],
        t: &Ident,
        arguments: &Ident,
        place: &Ident,
    ) -> Option<TokenStream> {
        let types: Vec<&Ident> = self.declared.type_params().map(|param| &param.ident).collect();
        if types.is_empty() {
            return None;
        }
        let positions = types.iter().map(|ident| {
            let of_it = params.iter().enumerate().filter(|(_, ty)| mentions(ty.to_token_stream(), ident));
            let positions = of_it.map(|(position, _)| position);
            quote!(&[#(#positions),*])
        });
        let name_text = name.to_string();
        let texts = types.iter().map(|ident| ident.to_string());
        let told = self.declared.const_params().next().is_none() && types.len() <= MOST_INFERRED;
        let elements: Vec<TokenStream> =
            ELEMENTS.iter().map(|ty| ty.parse().expect("the name of a type")).collect();
        let rows = if told { combinations(&elements, types.len()) } else { Vec::new() };
        let rows = rows.iter().map(|row| {
            quote!((
                &[#(<#row as ::parfuse::Element>::DTYPE),*],
                <::parfuse::__private::Instance<#name<#(#row),*>>>::INLINE
            ))
        });
        Some(quote! {
            use ::parfuse::__private::NoInstance as _;
            #t.call_instance(
                #name_text,
                &[#((#texts, #positions)),*],
                &[#(#rows),*],
                #arguments,
                #place,
            )
        })
    }
}

fn check_bounds<'b>(
    bounds: impl IntoIterator<Item = &'b TypeParamBound>,
    lifetimes: &[&Lifetime],
    diagnostics: &mut Diagnostics,
) {
    for bound in bounds {
        if let Some(problem) = bound_problem(bound) {
            diagnostics.report(bound, problem);
        } else if mentions_lifetime(bound, lifetimes) {
            diagnostics
                .report(bound, "a bound of a kernel's type has no lifetimes in it: elements live forever");
        }
    }
}

fn mentions_lifetime(bound: &TypeParamBound, lifetimes: &[&Lifetime]) -> bool {
    struct Search<'a>(&'a [&'a Lifetime], bool);
    impl<'ast> Visit<'ast> for Search<'_> {
        fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
            self.1 |= self.0.contains(&lifetime);
        }
    }
    let mut search = Search(lifetimes, false);
    search.visit_type_param_bound(bound);
    search.1
}

fn is_usize(ty: &Type) -> bool {
    ty.to_token_stream().to_string() == "usize"
}

/// Whether a name occurs.
fn mentions(tokens: TokenStream, name: &Ident) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) => mentions(group.stream(), name),
        TokenTree::Ident(ident) => ident == *name,
        _ => false,
    })
}

/// All rows of so many of these.
fn combinations(of: &[TokenStream], count: usize) -> Vec<Vec<TokenStream>> {
    let mut rows: Vec<Vec<TokenStream>> = vec![Vec::new()];
    for _ in 0..count {
        let longer = |row: &Vec<TokenStream>| {
            let row = row.clone();
            of.iter().map(move |last| [&row[..], std::slice::from_ref(last)].concat())
        };
        rows = rows.iter().flat_map(longer).collect();
    }
    rows
}

impl Translator<'_> {
    /// Code for what Rust computes of a type that the kernel is generic over: `T::zero()`, `T::from(0.5).unwrap()`.
    pub(crate) fn constant_of_type(&self, expr: &Expr) -> Option<TokenStream> {
        if self.generics.is_empty() || !self.is_constant_chain(expr) {
            return None;
        }
        let (t, place) = (&self.t, self.place(expr.span()));
        Some(quote!(#t.lift(#expr, #place)))
    }

    /// Whether a path is `T::name`, or `<T as Trait>::name`.
    pub(crate) fn is_of_type_parameter(&self, path: &syn::ExprPath) -> bool {
        match &path.qself {
            None => path.path.segments.len() == 2 && self.generics.is_type(&path.path.segments[0].ident),
            Some(of) => matches!(&*of.ty, Type::Path(ty)
                if ty.qself.is_none() && ty.path.get_ident().is_some_and(|name| self.generics.is_type(name))),
        }
    }

    /// `T::from(x).unwrap()` as what it means: `<T as NumCast>::from(x).unwrap()`. The `from` of others is no `Option`.
    pub(crate) fn with_num_cast(&self, unwrapping: &ExprMethodCall) -> Option<ExprMethodCall> {
        let Expr::Call(call) = strip(&unwrapping.receiver) else { return None };
        let Expr::Path(function) = strip(&call.func) else { return None };
        let is_from = self.is_of_type_parameter(function)
            && function.qself.is_none()
            && function.path.segments[1].ident == "from";
        if !is_from || !UNWRAPS.contains(&unwrapping.method.to_string().as_str()) {
            return None;
        }
        let (ty, from) = (&function.path.segments[0].ident, &function.path.segments[1].ident);
        let (num_cast, arguments) = (Ident::new("NumCast", from.span()), &call.args);
        let receiver = syn::parse_quote!(<#ty as #num_cast>::#from(#arguments));
        Some(ExprMethodCall { receiver: Box::new(receiver), ..unwrapping.clone() })
    }

    fn is_constant_chain(&self, expr: &Expr) -> bool {
        match strip(expr) {
            Expr::MethodCall(call) => {
                UNWRAPS.contains(&call.method.to_string().as_str())
                    && self.is_constant_chain(&call.receiver)
                    && call.args.iter().all(|argument| self.is_constant(argument))
            }
            Expr::Call(call) => {
                matches!(strip(&call.func), Expr::Path(path) if self.is_of_type_parameter(path))
                    && call.args.iter().all(|argument| self.is_constant(argument))
            }
            _ => false,
        }
    }

    /// Whether an expression has nothing in it but literals and constants.
    fn is_constant(&self, expr: &Expr) -> bool {
        match strip(expr) {
            Expr::Lit(_) => true,
            Expr::Path(path) => self.is_function(path),
            Expr::Unary(unary) => self.is_constant(&unary.expr),
            Expr::Cast(cast) => self.is_constant(&cast.expr),
            Expr::Binary(binary) => {
                crate::stmt::compound_operator(&binary.op).is_none()
                    && self.is_constant(&binary.left)
                    && self.is_constant(&binary.right)
            }
            chain => self.is_constant_chain(chain),
        }
    }
}
