//! Calls: of other kernels, of methods, of functions of primitive types and of array types.
//!
//! ```text
//! helper(x, 2.0)                  <helper as Inline>::inline(t, &[x, …], at(…))
//! random::<f64>()                 <random<f64> as Inline>::inline(t, &[], at(…))
//! x.max(0.0)   f64::max(x, 0.0)   t.method(x, Method::max, &[…], at(…))
//! a.mapv(|v| v + 1.0)             t.method(a, Method::mapv, &[t.closure(…)], at(…))
//! f(x)                            t.apply(f, &[x], at(…))                                a closure
//! Array1::zeros(n)                t.array_function::<Array1<Infer>>("zeros", &[…], at(…))
//! ```
//!
//! A called function's name is imported under a name of ours whose outer definition is the type
//! `NotAKernel`: for a function without a kernel's type beside it the import finds only the function, and
//! rustc explains, once and at the call, that `#[kernel]` is missing. For names that functions of other crates have,
//! such as `kron`, the outer definition is the type of that function.

use crate::annotation;
use crate::operands::may_change;
use crate::stmt::{is_prange, strip};
use crate::tables::FROM_WRITTEN;
use crate::translator::{Draws, Translator, hygienic};
use crate::type_functions::owner_of;
use parfuse_names::functions::{ARRAY_FUNCTIONS, COMPLEX_FUNCTIONS, LibraryFunction};
use parfuse_names::types::{ELEMENTS, listed};
use parfuse_names::{Method, refusals};
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{
    Expr, ExprCall, ExprMethodCall, ExprPath, GenericArgument, Ident, Lit, Path, PathArguments, Token, Type,
};

/// The functions that are told the type of their result, or `_`.
const RANDOM: &[&str] = &["random", "random_range", "random_normal", "random_exponential"];

/// Whether a function, or one of array types, draws random numbers.
pub(crate) fn is_random_name(name: &str) -> bool {
    name == "random_bool" || RANDOM.contains(&name)
}

fn is_random(path: &Path) -> bool {
    path.segments.last().is_some_and(|last| RANDOM.contains(&last.ident.to_string().as_str()))
}

/// Whether a generic argument is `_`.
fn is_open(argument: &GenericArgument) -> bool {
    matches!(argument, GenericArgument::Type(Type::Infer(_)))
}

/// Whether a generic argument leaves open how many axes there are.
pub(crate) fn is_open_rank(argument: &GenericArgument) -> bool {
    let dynamic = |path: &Path| path.segments.last().is_some_and(|last| last.ident == "IxDyn");
    is_open(argument) || matches!(argument, GenericArgument::Type(Type::Path(ty)) if dynamic(&ty.path))
}

impl Translator<'_> {
    /// `path(arguments)`.
    pub fn call(&mut self, call: &ExprCall) -> TokenStream {
        if let Some(text) = self.text_function(call) {
            return text;
        }
        let Expr::Path(function) = strip(&call.func) else {
            return self.refused(&call.func, "only named functions can be called in a kernel", &call.args);
        };
        if self.is_of_type_parameter(function) {
            return self.function_of_type(call, function);
        }
        if function.qself.is_some() {
            let message = "write `Type::function(…)` instead of `<Type>::function(…)`";
            return self.refused(function, message, &call.args);
        }
        let place = self.place(function.span());
        let names: Vec<String> =
            function.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        let Some((name, prefix)) = names.split_last() else { return self.unit() };
        match prefix {
            [primitive] if ELEMENTS.contains(&primitive.as_str()) => {
                self.primitive_function(call, function, primitive, name)
            }
            [.., ty] if ty == "BinaryHeap" && !self.in_heap => {
                self.refused(function, crate::heaps::ALONE, &call.args)
            }
            [.., ty] if is_vector(ty) && self.is_empty_vector(call, name) => {
                self.empty_vector(call, &function.path)
            }
            [.., ty]
                if is_vector(ty) && matches!(name.as_str(), "from" | "from_iter") && call.args.len() == 1 =>
            {
                self.vector_of(call, &function.path, name)
            }
            [primitive] if annotation::is_foreign(primitive) => {
                let message = refusals::function(primitive, name)
                    .unwrap_or_else(|| format!("`{primitive}` is not a type of kernels: use {}", listed()));
                self.refused(function, message, &call.args)
            }
            [.., module] if module == "mem" => self.exchange(call, name),
            [.., ty]
                if ty == "Slice"
                    && let Some(slice) = self.slice_of_axis(call, name) =>
            {
                slice
            }
            [.., ty]
                if ty == "Zip" && matches!(name.as_str(), "from" | "indexed") && call.args.len() == 1 =>
            {
                self.zip_function(call, name)
            }
            // A view of a slice or of a fixed array is the array itself.
            [.., ty] if ty.starts_with("ArrayView") && name == "from" && call.args.len() == 1 => {
                self.written_out(&call.args[0], &place)
            }
            // What a type has as its default is a constant.
            [.., ty]
                if name == "default"
                    && call.args.is_empty()
                    && ty.starts_with(char::is_uppercase)
                    && !ty.starts_with("Array")
                    && !ty.starts_with("Complex") =>
            {
                self.default_of(&owner_of(&function.path))
            }
            [.., ty] if ty == "FoldWhile" && is_step_of_fold(name) && call.args.len() == 1 => {
                self.step_of_fold(call, name, &place)
            }
            [.., ty] if is_complex_function(ty, name) => self.complex_function(call, &function.path, name),
            [.., ty] if ty.starts_with(char::is_uppercase) => self.array_function(call, &function.path, name),
            // What is written out, and the number of an axis, is an argument like any other.
            [] | [_]
                if call.args.len() == 1
                    && prefix.iter().all(|krate| krate == "ndarray")
                    && (name == "Axis" || FROM_WRITTEN.contains(&name.as_str())) =>
            {
                match name == "Axis" {
                    true => self.expr(&call.args[0]),
                    false => self.written_out(&call.args[0], &place),
                }
            }
            [.., module]
                if module == "array"
                    && name == "from_fn"
                    && let Some(array) = self.array_from_fn(call, &function.path) =>
            {
                array
            }
            _ if name == "Reverse" && call.args.len() == 1 => {
                let (t, value) = (self.t.clone(), self.expr(&call.args[0]));
                quote!(#t.turned_around(#value, #place))
            }
            [_, ..]
                if LibraryFunction::of_path(&names).is_none()
                    && let Some(message) = refusals::crate_function(&names) =>
            {
                self.refused(function, message, &call.args)
            }
            [] | [_] if name == "IxDyn" && call.args.len() == 1 => self.shape_of_any_rank(&call.args[0]),
            [] if self.scope.get(name).is_some() => {
                let (t, closure) = (self.t.clone(), self.expr(&call.func));
                let arguments = self.operands(call.args.iter());
                quote!(#t.value_now(#t.apply(#closure, &[#(#arguments),*], #place), #place))
            }
            [] if *name == self.kernel => {
                let message = "a kernel cannot call itself: write a `while` loop";
                self.refused(function, message, &call.args)
            }
            _ if name == "Some" && call.args.len() == 1 => {
                let (t, value) = (self.t.clone(), self.expr(&call.args[0]));
                quote!(#t.some(#value, #place))
            }
            _ if is_step_of_fold(name) && call.args.len() == 1 => self.step_of_fold(call, name, &place),
            _ if (name == "Ok" || name == "Err") && call.args.len() == 1 => {
                let (t, value) = (self.t.clone(), self.expr(&call.args[0]));
                let outcome = hygienic(if name == "Ok" { "ok" } else { "err" });
                quote!(#t.#outcome(#value, #place))
            }
            // A struct whose fields have no names is a function that makes it.
            _ if name.starts_with(char::is_uppercase) => {
                let (t, path, fields) = (self.t.clone(), &function.path, self.operands(call.args.iter()));
                quote_spanned!(path.span()=>
                    <#path as ::parfuse::__private::Inline>::inline(#t, &[#(#fields),*], #place)
                )
            }
            _ => {
                let arguments = match joined_arrays(call) {
                    Some((axis, arrays)) => {
                        let (t, axis) = (self.t.clone(), self.expr(axis));
                        let arrays = self.operands(arrays.elems.iter());
                        vec![axis, quote!(#t.tuple(&[#(#arrays),*]))]
                    }
                    None => self.operands(call.args.iter()),
                };
                self.kernel_call(function, &arguments, &place)
            }
        }
    }

    /// `FoldWhile::Continue(x)`, `FoldWhile::Done(x)`.
    fn step_of_fold(&mut self, call: &ExprCall, name: &str, place: &TokenStream) -> TokenStream {
        let (t, value, goes_on) = (self.t.clone(), self.expr(&call.args[0]), name == "Continue");
        quote!(#t.step_of_fold(#value, #goes_on, #place))
    }

    /// What `arr2` and its kin are given, as an array with axes.
    fn written_out(&mut self, given: &Expr, place: &TokenStream) -> TokenStream {
        let given = match strip(given) {
            Expr::Reference(reference) => strip(&reference.expr),
            given => given,
        };
        match given {
            Expr::Array(array) => self.array_literal(array),
            given => {
                let (t, value) = (self.t.clone(), self.expr(given));
                quote!(#t.with_axes(#value, #place))
            }
        }
    }

    /// The call of another kernel, of `prange`, of `random` or its kin.
    pub(crate) fn kernel_call(
        &mut self,
        function: &ExprPath,
        arguments: &[TokenStream],
        place: &TokenStream,
    ) -> TokenStream {
        self.draws = self.draws.max(match function.path.segments.last() {
            Some(last) if is_prange(&last.ident) => Draws::Nothing,
            Some(last) if is_random_name(&last.ident.to_string()) => Draws::Numbers,
            _ => Draws::IfCalled,
        });
        let t = &self.t;
        let mut path = function.path.clone();
        let (span, generics) = match path.segments.last_mut() {
            Some(last) => (last.ident.span(), std::mem::replace(&mut last.arguments, PathArguments::None)),
            None => (Span::call_site(), PathArguments::None),
        };
        // What is left open by `_` is for the call to find out.
        let generics = match &generics {
            PathArguments::AngleBracketed(given) if !is_random(&path) && given.args.iter().any(is_open) => {
                PathArguments::None
            }
            _ => generics,
        };
        let callee = Ident::new("__Callee", span);
        let names: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        let otherwise = match LibraryFunction::of_path(&names) {
            Some(function) => {
                let name = Ident::new(function.name(), span);
                quote!(functions::#name)
            }
            None => quote!(NotAKernel),
        };
        quote_spanned! {span=> {
            use ::parfuse::__private::#otherwise as #callee;
            {
                use #path as #callee;
                <#callee #generics as ::parfuse::__private::Inline>::inline(#t, &[#(#arguments),*], #place)
            }
        }}
    }

    /// `f64::max(a, b)`, `f64::from(n)`, `f64::default()`.
    fn primitive_function(
        &mut self,
        call: &ExprCall,
        function: &ExprPath,
        primitive: &str,
        name: &str,
    ) -> TokenStream {
        let (t, place) = (self.t.clone(), self.place(function.span()));
        let ty = Ident::new(primitive, function.span());
        if let (Some(order), Some(bytes)) = (byte_order(name), call.args.first()) {
            let bytes = self.expr(bytes_given(bytes));
            return quote!(#t.from_bytes::<#ty>(#bytes, #order, #place));
        }
        let arguments = self.arguments(call.args.iter());
        match (name, arguments.split_first()) {
            ("from", Some((value, []))) => quote!(#t.cast::<#ty>(#value, #place)),
            ("try_from", Some((value, []))) => quote!(#t.try_from::<#ty>(#value, #place)),
            ("from_bits", Some((value, []))) => quote!(#t.from_bits::<#ty>(#value, #place)),
            ("default", None) => quote!(#t.lift(#ty::default(), #place)),
            (name, Some((receiver, rest))) if let Some(method) = Method::named(name) => {
                let method = method_path(method);
                quote!(#t.method(#receiver, #method, &[#(#rest),*], #place))
            }
            _ => self.unsupported(function, refusals::method(name)),
        }
    }

    /// `T::from(x)` and `T::max(x, y)`, where `T` is what the kernel is generic over, of what is not constant.
    fn function_of_type(&mut self, call: &ExprCall, function: &ExprPath) -> TokenStream {
        let (t, place) = (self.t.clone(), self.place(function.span()));
        let Some(name) = function.path.segments.last().map(|last| last.ident.to_string()) else {
            return self.unit();
        };
        let ty = match &function.qself {
            Some(of) => of.ty.to_token_stream(),
            None => function.path.segments[0].ident.to_token_stream(),
        };
        let arguments = self.arguments(call.args.iter());
        let of_num_cast = function.path.segments.iter().rev().nth(1).is_some_and(|of| of.ident == "NumCast");
        match (name.as_str(), arguments.split_first()) {
            ("from", Some((value, []))) if of_num_cast => quote!(#t.convert::<#ty>(#value, #place)),
            ("from", Some((value, []))) => quote!(#t.cast::<#ty>(#value, #place)),
            (name, Some((value, [])))
                if name.strip_prefix("from_").is_some_and(|of| ELEMENTS.contains(&of)) =>
            {
                quote!(#t.convert::<#ty>(#value, #place))
            }
            (name, Some((receiver, rest))) if let Some(method) = Method::named(name) => {
                let method = method_path(method);
                quote!(#t.method(#receiver, #method, &[#(#rest),*], #place))
            }
            _ => self.unsupported(function, refusals::method(&name)),
        }
    }

    /// `receiver.method(arguments)`.
    pub fn method_call(&mut self, call: &ExprMethodCall) -> TokenStream {
        let unwrapped = self.with_num_cast(call).or_else(|| with_element_to_change(call));
        let call = unwrapped.as_ref().unwrap_or(call);
        let (t, name) = (self.t.clone(), call.method.to_string());
        let place = self.place(call.method.span());
        if !self.in_heap && call.turbofish.as_ref().is_some_and(crate::heaps::names_heap) {
            return self.unsupported(&call.method, crate::heaps::ALONE);
        }
        if let Some(text) = self.text_method(call) {
            return text;
        }
        let complaints = self.diagnostics.count();
        let Some(method) = Method::named(&name) else {
            if !refusals::knows_method(&name) {
                // A method of a struct, if it is one; the tracer knows.
                self.draws = self.draws.max(Draws::IfCalled);
                let (value, before) = (hygienic("receiver"), hygienic("before"));
                let receiver = self.expr(&call.receiver);
                let copy = match call.args.iter().any(may_change) {
                    true => quote!(#t.record_now(#value, #place)),
                    false => quote!(#value),
                };
                let arguments = self.arguments(call.args.iter());
                return quote!({
                    let #value = #receiver;
                    let #before = #copy;
                    #t.record_method(#value, #before, #name, &[#(#arguments),*], #place)
                });
            }
            // Receiver and arguments may have complaints of their own.
            self.expr(&call.receiver);
            // Of a chain of iterators the first is enough: there is one loop to write.
            if self.diagnostics.count() > complaints && refusals::is_of_iterators(&name) {
                self.refused_arguments(&call.args);
                return self.unit();
            }
            return self.refused(&call.method, refusals::method(&name), &call.args);
        };
        let path = method_path(method);
        let message_only = method == Method::expect
            && call.args.len() == 1
            && matches!(strip(&call.args[0]), Expr::Lit(literal) if matches!(literal.lit, Lit::Str(_)));
        let operands = match (message_only, call.args.first().map(strip)) {
            (true, _) => self.arguments([&*call.receiver].into_iter()),
            (_, Some(Expr::Range(range))) if method.takes_part_of_slice() => {
                let values = std::iter::once(&*call.receiver).chain(call.args.iter().skip(1));
                let mut operands = self.receiver_and_arguments(values, |_| None, |_| false, &name);
                operands.insert(1, self.part_of_slice(range));
                operands
            }
            (false, _) => self.receiver_and_arguments(
                std::iter::once(&*call.receiver).chain(call.args.iter()),
                |position| method.closure_parameters(position.checked_sub(1)?),
                |position| position > 0 && method.may_take_shape(position - 1),
                &name,
            ),
        };
        // What the receiver is complained about for comes first.
        let (receiver, arguments) = (&operands[0], &operands[1..]);
        let value = quote!(#t.method(#receiver, #path, &[#(#arguments),*], #place));
        match call.turbofish.as_ref().filter(|_| self.diagnostics.count() == complaints) {
            Some(turbofish) => match (method, turbofish.args.first()) {
                (Method::into_dimensionality, Some(syn::GenericArgument::Type(ty)))
                    if !matches!(ty, Type::Infer(_)) =>
                {
                    let rank = annotation::item(ty, "Rank", "RANK");
                    quote!(#t.method(#t.of_rank(#receiver, #rank, #place), #path, &[], #place))
                }
                (Method::collect, Some(syn::GenericArgument::Type(Type::Path(ty))))
                    if ty.path.segments.last().is_some_and(|last| last.ident == "Option" || last.ident == "Result") =>
                {
                    self.unsupported(
                        turbofish,
                        "options and results are not collected into one in a kernel: push what `item?` gives in a `for` loop",
                    )
                }
                (
                    Method::sum | Method::product | Method::collect | Method::unzip,
                    Some(syn::GenericArgument::Type(ty)),
                ) => self.typed("", value, &annotation::expression(ty), &place),
                _ => self.unsupported(
                    turbofish,
                    "type arguments are not supported here: annotate the `let` instead",
                ),
            },
            None => value,
        }
    }

    /// Complains about a call, and looks for more mistakes in its arguments: all of a kernel's come at once.
    pub(crate) fn refused(
        &mut self,
        tokens: impl ToTokens,
        message: impl std::fmt::Display,
        arguments: &Punctuated<Expr, Token![,]>,
    ) -> TokenStream {
        self.diagnostics.report(tokens, message);
        self.refused_arguments(arguments);
        self.unit()
    }

    /// Looks for mistakes in the arguments of a call that is refused. What only such a call could take is none: a
    /// closure, `s![…]`, `Axis(1)`.
    fn refused_arguments(&mut self, arguments: &Punctuated<Expr, Token![,]>) {
        for argument in arguments {
            self.refused_argument(argument);
        }
    }

    fn refused_argument(&mut self, argument: &Expr) {
        match strip(argument) {
            Expr::Closure(closure) => {
                self.scope.enter();
                for pattern in &closure.inputs {
                    self.scope.add_names(pattern);
                }
                self.expr(&closure.body);
                self.scope.leave();
            }
            Expr::Reference(reference) => self.refused_argument(&reference.expr),
            Expr::Tuple(tuple) => tuple.elems.iter().for_each(|part| self.refused_argument(part)),
            Expr::Array(array) => array.elems.iter().for_each(|part| self.refused_argument(part)),
            Expr::Call(call) if constructs(call) => self.refused_arguments(&call.args),
            Expr::Macro(_) | Expr::Path(_) => {}
            other => {
                self.expr(other);
            }
        }
    }

    /// Arguments of a call; `[h, w]` among them is a shape.
    pub(crate) fn arguments<'e>(&mut self, arguments: impl Iterator<Item = &'e Expr>) -> Vec<TokenStream> {
        self.arguments_with(arguments, |_| None, |_| true)
    }

    /// What a method is called on, and its arguments.
    fn receiver_and_arguments<'e>(
        &mut self,
        arguments: impl Iterator<Item = &'e Expr>,
        parameters: impl Fn(usize) -> Option<usize>,
        may_be_shape: impl Fn(usize) -> bool,
        method: &str,
    ) -> Vec<TokenStream> {
        self.arguments_of(arguments, parameters, may_be_shape, Some(method))
    }

    /// Arguments of which some are closures, perhaps by the names of functions, with so many parameters, and `[h, w]` may be a
    /// shape.
    pub(crate) fn arguments_with<'e>(
        &mut self,
        arguments: impl Iterator<Item = &'e Expr>,
        parameters: impl Fn(usize) -> Option<usize>,
        may_be_shape: impl Fn(usize) -> bool,
    ) -> Vec<TokenStream> {
        self.arguments_of(arguments, parameters, may_be_shape, None)
    }

    fn arguments_of<'e>(
        &mut self,
        arguments: impl Iterator<Item = &'e Expr>,
        parameters: impl Fn(usize) -> Option<usize>,
        may_be_shape: impl Fn(usize) -> bool,
        method: Option<&str>,
    ) -> Vec<TokenStream> {
        let mut functions: Vec<(usize, TokenStream)> = Vec::new();
        let mut values: Vec<Expr> = Vec::new();
        for (position, argument) in arguments.enumerate() {
            match (strip(argument), parameters(position)) {
                (Expr::Path(path), Some(count)) if self.is_function(path) => {
                    functions.push((position, self.function_value(path, count)));
                }
                (Expr::Array(array), _) if may_be_shape(position) => {
                    values.push(Expr::Tuple(syn::ExprTuple {
                        attrs: Vec::new(),
                        paren_token: syn::token::Paren(array.bracket_token.span),
                        elems: array.elems.clone(),
                    }))
                }
                _ => values.push(argument.clone()),
            }
        }
        let mut code = self.operands_of(values.iter(), method);
        for (position, function) in functions {
            code.insert(position, function);
        }
        code
    }
}

/// `memo[i].take()` as `(&mut memo[i]).take()`: a method that changes the option that it is called on.
fn with_element_to_change(call: &ExprMethodCall) -> Option<ExprMethodCall> {
    let method = Method::named(&call.method.to_string())?;
    let receiver = &call.receiver;
    let is_element = matches!(strip(receiver), Expr::Index(_)) && method.changes_option(call.args.len());
    is_element.then(|| {
        let receiver = Box::new(syn::parse_quote!(&mut #receiver));
        ExprMethodCall { receiver, ..call.clone() }
    })
}

/// The order of the bytes that a function of a primitive type makes a number of.
pub(crate) fn byte_order(function: &str) -> Option<TokenStream> {
    let order = Ident::new(
        match function {
            "from_le_bytes" => "Little",
            "from_be_bytes" => "Big",
            "from_ne_bytes" => "NATIVE",
            _ => return None,
        },
        proc_macro2::Span::mixed_site(),
    );
    Some(quote!(::parfuse::__private::ByteOrder::#order))
}

/// What `slice.try_into().unwrap()` is made of, or what else is given: that there are as many bytes as there have to be is
/// looked at in any case.
fn bytes_given(bytes: &Expr) -> &Expr {
    let Expr::MethodCall(unwrapped) = strip(bytes) else { return bytes };
    match strip(&unwrapped.receiver) {
        Expr::MethodCall(converted)
            if converted.method == "try_into"
                && (unwrapped.method == "unwrap" || unwrapped.method == "expect") =>
        {
            &converted.receiver
        }
        _ => bytes,
    }
}

/// The axis and the arrays of `concatenate(Axis(0), &[a.view(), b.view()])`, and of `stack`.
fn joined_arrays(call: &ExprCall) -> Option<(&Expr, &syn::ExprArray)> {
    let (Expr::Path(function), [axis, arrays]) =
        (strip(&call.func), &call.args.iter().collect::<Vec<_>>()[..])
    else {
        return None;
    };
    let name = &function.path.segments.last()?.ident;
    match strip(arrays) {
        Expr::Reference(arrays) if name == "concatenate" || name == "stack" => match strip(&arrays.expr) {
            Expr::Array(arrays) => Some((axis, arrays)),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a type is `Vec`, or what is one in a kernel.
pub(crate) fn is_vector(ty: &str) -> bool {
    matches!(ty, "Vec" | "VecDeque" | "BinaryHeap")
}

/// Whether a name is that of a variant of `FoldWhile`.
fn is_step_of_fold(name: &str) -> bool {
    name == "Continue" || name == "Done"
}

/// Whether a call is spelled as one that makes a struct: `Axis(1)`.
fn constructs(call: &ExprCall) -> bool {
    match strip(&call.func) {
        Expr::Path(path) => path
            .path
            .segments
            .last()
            .is_some_and(|last| last.ident.to_string().starts_with(char::is_uppercase)),
        _ => false,
    }
}

/// Whether a function makes a complex number, by its name. Types of other names may be aliases.
fn is_complex_function(ty: &str, name: &str) -> bool {
    let known = COMPLEX_FUNCTIONS.contains(&name);
    let other = || ty.starts_with(char::is_uppercase) && refusals::function(ty, name).is_none();
    known
        && (ty.starts_with("Complex")
            || (!ARRAY_FUNCTIONS.contains(&name) && !ty.starts_with("Array") && other()))
}

/// The method in the generated code.
pub(crate) fn method_path(method: Method) -> TokenStream {
    let name = hygienic(method.name());
    quote!(::parfuse::__private::Method::#name)
}
