//! Functions and literals of types: of arrays, of complex numbers, of structs.
//!
//! ```text
//! Array1::zeros(n)                t.array_function::<Array1<Infer>>("zeros", &[n], at(…))
//! Complex::new(x, y)              t.complex_function::<Complex<Infer>>("new", &[x, y], at(…))
//! Particle { x, ..base }          t.record(Particle::RECORD, &[("x", x)], Some(base), at(…))
//! Particle::default()             t.lift(<Particle as Default>::default(), at(…))
//! ```

use crate::annotation;
use crate::call::{is_open_rank, is_random_name};
use crate::stmt::strip;
use crate::translator::{Draws, Translator, hygienic};
use parfuse_names::functions::ARRAY_FUNCTIONS;
use parfuse_names::refusals;
use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, ExprCall, GenericArgument, Path, PathArguments, Type};

impl Translator<'_> {
    /// Whether a function of `Vec` makes one without elements.
    pub(crate) fn is_empty_vector(&self, call: &ExprCall, name: &str) -> bool {
        matches!((name, call.args.len()), ("new" | "default", 0) | ("with_capacity", 1))
    }

    /// `Vec::new()`, `Vec::<f64>::with_capacity(n)`.
    pub(crate) fn empty_vector(&mut self, call: &ExprCall, path: &Path) -> TokenStream {
        let (t, place) = (self.t.clone(), self.place(path.span()));
        let room = match call.args.first() {
            Some(room) => {
                let room = self.expr(room);
                quote!(::core::option::Option::Some(#room))
            }
            None => quote!(::core::option::Option::None),
        };
        let empty = quote!(#t.empty_vector(#room, #place));
        self.declared_by_owner(empty, path, &place)
    }

    /// `Vec::from(array)`, `VecDeque::from_iter(items)`.
    pub(crate) fn vector_of(&mut self, call: &ExprCall, path: &Path, name: &str) -> TokenStream {
        let (t, place, given) = (self.t.clone(), self.place(path.span()), self.expr(&call.args[0]));
        let method = |name: &str, of: TokenStream| {
            let name = hygienic(name);
            quote!(#t.method(#of, ::parfuse::__private::Method::#name, &[], #place))
        };
        let vector = match name {
            "from" => method("to_vec", given),
            _ => method("collect", method("into_iter", given)),
        };
        self.declared_by_owner(vector, path, &place)
    }

    /// A vector of the type that stands in front of a function's name, if it says of what.
    fn declared_by_owner(&self, vector: TokenStream, path: &Path, place: &TokenStream) -> TokenStream {
        let owner = owner_of(path);
        match owner.segments.last().is_some_and(|last| !last.arguments.is_none()) {
            true => {
                let ty = Type::Path(syn::TypePath { attrs: Vec::new(), qself: None, path: owner });
                self.typed("", vector, &annotation::expression(&ty), place)
            }
            false => vector,
        }
    }

    /// `Array2::<f64>::zeros((h, w))`, also through an alias of the type.
    pub(crate) fn array_function(&mut self, call: &ExprCall, path: &Path, name: &str) -> TokenStream {
        if is_random_name(name) {
            self.draws = Draws::Numbers;
        }
        let (t, place) = (self.t.clone(), self.place(path.span()));
        let owner = path.segments.iter().rev().nth(1).map(|ty| ty.ident.to_string()).unwrap_or_default();
        if let Some(message) = refusals::function(&owner, name) {
            return self.refused(path, message, &call.args);
        }
        if !ARRAY_FUNCTIONS.contains(&name) && owner.starts_with("Array") {
            let message = format!(
                "`{owner}::{name}` is not supported in a kernel: arrays are made by {}, and filled by expressions or \
                 loops",
                ARRAY_FUNCTIONS.join(", "),
            );
            return self.refused(path, message, &call.args);
        }
        if !ARRAY_FUNCTIONS.contains(&name) {
            return self.function_of_struct(call, path, name);
        }
        let mut path = owner_of(path);
        if let Some(last) = path.segments.last_mut() {
            let array = last.ident.to_string();
            let known = annotation::is_ranked(&array, "Array");
            let inferred_rank = match &last.arguments {
                PathArguments::None => true,
                PathArguments::AngleBracketed(generics) => {
                    generics.args.iter().nth(1).is_some_and(is_open_rank)
                }
                PathArguments::Parenthesized(_) => false,
            };
            if array == "ArrayD" || (array == "Array" && inferred_rank) {
                return self.array_of_any_rank(call, &last.arguments, name, &place);
            }
            if known && last.arguments.is_none() {
                last.arguments =
                    PathArguments::AngleBracketed(syn::parse_quote!(::<::parfuse::__private::Infer>));
            }
        }
        let ty = annotation::infer(&Type::Path(syn::TypePath { attrs: Vec::new(), qself: None, path }));
        let arguments = self.array_arguments(call, name);
        quote!(#t.array_function::<#ty>(#name, &[#(#arguments),*], #place))
    }

    /// `Array::zeros((h, w))`: the arguments say how many axes there are.
    fn array_of_any_rank(
        &mut self,
        call: &ExprCall,
        generics: &PathArguments,
        name: &str,
        place: &TokenStream,
    ) -> TokenStream {
        let element = match generics {
            PathArguments::AngleBracketed(generics) => generics.args.first(),
            _ => None,
        };
        let dtype = match element {
            Some(syn::GenericArgument::Type(ty)) if !matches!(ty, Type::Infer(_)) => {
                quote_spanned!(ty.span()=> <#ty as ::parfuse::__private::DTypeArg>::ELEMENT)
            }
            _ => quote!(::core::option::Option::None),
        };
        let t = self.t.clone();
        let arguments = self.array_arguments(call, name);
        quote!(#t.new_array(#name, #dtype, ::core::option::Option::None, &[#(#arguments),*], #place))
    }

    fn array_arguments(&mut self, call: &ExprCall, name: &str) -> Vec<TokenStream> {
        let parameters = |position| match (name, position) {
            ("from_shape_fn", 1) => Some(1),
            ("from_shape_simple_fn", 1) => Some(0),
            _ => None,
        };
        let may_be_shape = |position| {
            position == 0 && !matches!(name, "from_iter" | "from_vec" | "from" | "from_diag" | "linspace")
        };
        self.arguments_with(call.args.iter(), parameters, may_be_shape)
    }

    /// `std::array::from_fn::<_, 4, _>(f)`, if it says how many elements there are.
    pub(crate) fn array_from_fn(&mut self, call: &ExprCall, path: &Path) -> Option<TokenStream> {
        let PathArguments::AngleBracketed(given) = &path.segments.last()?.arguments else { return None };
        let length = match given.args.iter().nth(1)? {
            GenericArgument::Const(length) => length.clone(),
            GenericArgument::Type(Type::Path(name)) => syn::parse_quote!(#name),
            _ => return None,
        };
        let (t, place) = (self.t.clone(), self.place(path.span()));
        let lengths: Vec<TokenStream> =
            lengths_of(&length).into_iter().map(|length| self.expr(length)).collect();
        let (shape, rank) =
            (lengths.iter().map(|length| quote!(#t.cast::<usize>(#length, #place))), lengths.len());
        let array = self.array_of_function(call, &quote!(#t.tuple(&[#(#shape),*])), rank as u8, &place);
        Some(match rank {
            1 => array,
            _ => quote!(#t.of_arrays(#array)),
        })
    }

    /// `array = std::array::from_fn(f)`: it is as long as the array that it is assigned to.
    pub(crate) fn array_like(&mut self, target: &Expr, value: &Expr) -> Option<TokenStream> {
        let (Expr::Path(target), Expr::Call(call)) = (strip(target), strip(value)) else { return None };
        let (name, path) = (target.path.get_ident()?, path_of_from_fn(call)?);
        let is_open = path.segments.last().is_some_and(|last| last.arguments.is_none());
        if !is_open || self.scope.get(&name.to_string()).is_none() {
            return None;
        }
        let (t, place) = (self.t.clone(), self.place(path.span()));
        let length = quote!(#t.method(#name, ::parfuse::__private::Method::len, &[], #place));
        Some(self.array_of_function(call, &length, 1, &place))
    }

    /// An array of what the function computes that `from_fn` is given.
    fn array_of_function(
        &mut self,
        call: &ExprCall,
        shape: &TokenStream,
        rank: u8,
        place: &TokenStream,
    ) -> TokenStream {
        let t = self.t.clone();
        let function = self.arguments_with(call.args.iter(), |_| Some(1), |_| false);
        quote! {
            #t.new_array(
                "from_shape_fn",
                ::core::option::Option::None,
                ::core::option::Option::Some(#rank),
                &[#shape, #(#function),*],
                #place
            )
        }
    }

    /// What stands in `IxDyn(&[n, m])`: lengths that are written out, or a shape.
    pub(crate) fn shape_of_any_rank(&mut self, lengths: &Expr) -> TokenStream {
        let lengths = match strip(lengths) {
            Expr::Reference(reference) => strip(&reference.expr),
            other => other,
        };
        match lengths {
            Expr::Array(array) => {
                let (t, lengths) = (self.t.clone(), self.operands(array.elems.iter()));
                quote!(#t.tuple(&[#(#lengths),*]))
            }
            other => self.expr(other),
        }
    }

    /// `Particle::new(x, v)`, `Particle::energy(&p)`: a function of a struct's.
    fn function_of_struct(&mut self, call: &ExprCall, path: &Path, name: &str) -> TokenStream {
        self.draws = self.draws.max(Draws::IfCalled);
        let (t, place) = (self.t.clone(), self.place(path.span()));
        let owner = owner_of(path);
        let arguments = self.arguments(call.args.iter());
        quote_spanned!(path.span()=> #t.function_of::<#owner>(#name, &[#(#arguments),*], #place))
    }

    /// `Complex::new(re, im)`, also through an alias of the type, which may be a struct's.
    pub(crate) fn complex_function(&mut self, call: &ExprCall, path: &Path, name: &str) -> TokenStream {
        let (t, place) = (self.t.clone(), self.place(path.span()));
        let ty = complex_type(path);
        let arguments = self.arguments(call.args.iter());
        let owner = path.segments.iter().rev().nth(1).map(|ty| ty.ident.to_string()).unwrap_or_default();
        if !owner.starts_with("Complex") {
            self.draws = self.draws.max(Draws::IfCalled);
            return quote!(#t.function_of::<#ty>(#name, &[#(#arguments),*], #place));
        }
        quote!(#t.complex_function::<#ty>(#name, &[#(#arguments),*], #place))
    }

    /// `Complex { re, im }`.
    pub(crate) fn complex_literal(&mut self, literal: &syn::ExprStruct) -> Option<TokenStream> {
        let names: Vec<String> =
            literal.fields.iter().map(|field| field.member.to_token_stream().to_string()).collect();
        let order = ["re", "im"].map(|part| names.iter().position(|name| name == part));
        let [Some(re), Some(im)] = order else { return None };
        if literal.rest.is_some() || names.len() != 2 || !is_complex_type(&literal.path) {
            return None;
        }
        let (t, place) = (self.t.clone(), self.place(literal.path.span()));
        let values = self.operands(literal.fields.iter().map(|field| &field.expr));
        let ty = annotation::infer(&complex_literal_type(&literal.path));
        let (first, second) = (hygienic("first"), hygienic("second"));
        let parts = [&first, &second];
        let (re, im) = (parts[re], parts[im]);
        Some(quote!({
            let (#first, #second) = (#(#values),*);
            #t.complex_function::<#ty>("new", &[#re, #im], #place)
        }))
    }

    /// `Particle::default()`.
    pub(crate) fn default_of(&self, owner: &Path) -> TokenStream {
        let (t, place) = (self.t.clone(), self.place(owner.span()));
        quote_spanned!(owner.span()=> #t.lift(<#owner as ::core::default::Default>::default(), #place))
    }

    /// `Particle { x, v: 0.0, ..base }`.
    pub(crate) fn record_literal(&mut self, literal: &syn::ExprStruct) -> TokenStream {
        let (t, place, path) = (self.t.clone(), self.place(literal.path.span()), &literal.path);
        let names = literal.fields.iter().map(|field| field.member.to_token_stream().to_string());
        let names: Vec<String> = names.collect();
        let values = self.operands(literal.fields.iter().map(|field| &field.expr));
        let base = match &literal.rest {
            Some(base) => {
                let base = if is_default(base) { self.default_of(path) } else { self.expr(base) };
                quote!(::core::option::Option::Some(#base))
            }
            None => quote!(::core::option::Option::None),
        };
        let record = quote_spanned!(path.span()=> <#path as ::parfuse::KernelData>::RECORD);
        quote!(#t.record(#record, &[#((#names, #values)),*], #base, #place))
    }
}

/// `std::array::from_fn(f)` as `std::array::from_fn::<_, 4, _>(f)`, where an array of so many elements is expected.
pub(crate) fn with_length(expr: &Expr, expected: Option<&Type>) -> Option<Expr> {
    let (Expr::Call(call), Some(Type::Array(array))) = (strip(expr), expected) else { return None };
    let mut path = path_of_from_fn(call)?.clone();
    if !path.segments.last()?.arguments.is_none() {
        return None;
    }
    let (mut lengths, mut row, mut arguments) = (vec![&array.len], &*array.elem, call.args.clone());
    // Rows of rows: one function of all the indices.
    while let (Type::Array(array), Some(Expr::Closure(closure))) = (row, arguments.first().map(strip)) {
        let inner = closure_of_rows(closure)?;
        lengths.push(&array.len);
        row = &array.elem;
        arguments = std::iter::once(Expr::Closure(inner)).collect();
    }
    path.segments.last_mut()?.arguments =
        PathArguments::AngleBracketed(syn::parse_quote!(::<_, { (#(#lengths),*) }, _>));
    Some(syn::parse_quote!(#path(#arguments)))
}

/// The path of `from_fn`, if it is what is called.
fn path_of_from_fn(call: &ExprCall) -> Option<&Path> {
    match strip(&call.func) {
        Expr::Path(function) if function.path.segments.last()?.ident == "from_fn" => Some(&function.path),
        _ => None,
    }
}

/// The lengths in `{ (n, m) }`, or the one that is all.
fn lengths_of(length: &Expr) -> Vec<&Expr> {
    let inside = match length {
        Expr::Block(block) => match &block.block.stmts[..] {
            [syn::Stmt::Expr(inside, None)] => strip(inside),
            _ => length,
        },
        _ => length,
    };
    match inside {
        Expr::Tuple(tuple) => tuple.elems.iter().collect(),
        _ => vec![length],
    }
}

/// `|i| from_fn(|j| x)` as `|(i, j)| x`, where what stands in front of the inner function stays there.
fn closure_of_rows(closure: &syn::ExprClosure) -> Option<syn::ExprClosure> {
    let mut whole = closure.clone();
    let outer = whole.inputs.first()?.clone();
    let end = match &mut *whole.body {
        Expr::Block(block) => match block.block.stmts.last_mut()? {
            syn::Stmt::Expr(end, None) => end,
            _ => return None,
        },
        end => end,
    };
    let Expr::Call(call) = strip(end) else { return None };
    path_of_from_fn(call)?;
    let Some(Expr::Closure(inner)) = call.args.first().map(strip) else { return None };
    let (index, body) = (inner.inputs.first()?.clone(), (*inner.body).clone());
    *end = body;
    let pair: syn::Pat = syn::parse_quote!((#outer, #index));
    whole.inputs = std::iter::once(pair).collect();
    Some(whole)
}

/// Whether an expression is `Default::default()`.
fn is_default(expr: &Expr) -> bool {
    let Expr::Call(call) = strip(expr) else { return false };
    let Expr::Path(path) = strip(&call.func) else { return false };
    let mut names = path.path.segments.iter().rev().map(|segment| segment.ident.to_string());
    names.next().is_some_and(|name| name == "default") && names.next().is_some_and(|name| name == "Default")
}

/// The type that a function belongs to, as it is written.
pub(crate) fn owner_of(function: &Path) -> Path {
    let mut owner = function.clone();
    owner.segments.pop();
    // The punctuation after the type goes with the function's name.
    owner.segments.pop_punct();
    owner
}

/// Whether a path is spelled as a type of complex numbers.
pub(crate) fn is_complex_type(path: &Path) -> bool {
    path.segments.last().is_some_and(|last| last.ident.to_string().starts_with("Complex"))
}

/// The type that a function belongs to, with what is not written to be inferred.
fn complex_type(path: &Path) -> Type {
    annotation::infer(&complex_literal_type(&owner_of(path)))
}

/// The type of a path such as `Complex`, `Complex::<f32>`, `Complex64`.
fn complex_literal_type(path: &Path) -> Type {
    let mut path = path.clone();
    if let Some(last) = path.segments.last_mut()
        && last.ident == "Complex"
        && last.arguments.is_none()
    {
        last.arguments = PathArguments::AngleBracketed(syn::parse_quote!(::<_>));
    }
    Type::Path(syn::TypePath { attrs: Vec::new(), qself: None, path })
}
