//! The functions of the type beside a kernel: its handle, and the variants with the kernel's own parameters.
//!
//! ```text
//! fn serial(x: f64) -> Result<R, Error> {
//!     Self::__call(Variant::Serial, x)
//! }
//! fn __call(variant: Variant, x: f64) -> Result<R, Error> {
//!     let mut binder = Binder::default();
//!     <f64 as Argument>::bind(x, &mut binder);
//!     <R as Returned>::call(&Function::of::<Self>(), variant, &mut binder)
//! }
//! ```
//!
//! What is the same for all kernels, or for all with one type of results, is done in functions of the library that are
//! compiled once: a kernel's own code adds its arguments to a binder, and no more.
//!
//! Types are asked for their traits only in the form `<T as Trait>::item`, never by a generic function's
//! bound: if one is not supported, all these places give the same error, which rustc shows once.

use crate::annotation;
use crate::input::KernelInput;
use crate::translator::hygienic;
use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::{Ident, Type, Visibility};

/// All the functions; if the kernel is not `correct`, they have bodies that are never run.
pub fn functions(input: &KernelInput, correct: bool) -> TokenStream {
    let mut functions = kernel_handle(input, correct);
    let variants = Variants::new(input, correct);
    functions.extend(variants.calls());
    functions.extend(variants.comparisons());
    functions
}

/// The function `kernel`.
fn kernel_handle(input: &KernelInput, correct: bool) -> TokenStream {
    let visibility = &input.function.vis;
    let body = match correct {
        false => quote!(::core::unreachable!()),
        true => {
            let function_data = function_data();
            quote!(::parfuse::__private::kernel(#function_data))
        }
    };
    quote! {
        /// The kernel: what it compiles to, why, and how to configure it.
        #visibility fn kernel() -> ::parfuse::Kernel { #body }
    }
}

/// The kernel's function as data.
fn function_data() -> TokenStream {
    quote!(&const { ::parfuse::__private::Function::of::<Self>() })
}

/// One form of calls: the name of what its variants share, and what theirs end with.
struct Called {
    shared: &'static str,
    suffix: &'static str,
    doc: &'static str,
}

/// What the functions have in common.
struct Variants<'a> {
    correct: bool,
    kernel: &'a Ident,
    visibility: &'a Visibility,
    /// What the kernel's function is told to be generic over.
    turbofish: TokenStream,
    names: Vec<Ident>,
    types: Vec<&'a Type>,
    returns: Type,
    /// What compiled code returns: the result, beside the vectors that have changed their lengths.
    results: Type,
    /// The names of these vectors.
    grown: Vec<Ident>,
    /// Whether there is a result, so that there are functions that write it into existing memory.
    has_result: bool,
    /// Whether the type of that memory is known; for a type that cannot be returned it may be any.
    writes_into: bool,
}

impl<'a> Variants<'a> {
    fn new(input: &'a KernelInput, correct: bool) -> Variants<'a> {
        let kernel = input.name();
        // A parameter named as the function would hide it in the comparison.
        let names = input.params.iter().map(|param| match param.name == *kernel {
            true => hygienic("argument"),
            false => param.name.clone(),
        });
        let names: Vec<Ident> = names.collect();
        let grown = input.params.iter().zip(&names).filter(|(param, _)| param.grows);
        let grown: Vec<Ident> = grown.map(|(_, name)| name.clone()).collect();
        let has_result = input.returns.is_some() && grown.is_empty();
        Variants {
            correct,
            kernel,
            visibility: &input.function.vis,
            turbofish: input.generics.turbofish(),
            names,
            types: input.params.iter().map(|param| &param.ty).collect(),
            returns: input.returns.clone().unwrap_or_else(|| syn::parse_quote!(())),
            // A type that cannot be returned has been complained about: it must not be asked for `Into`.
            has_result,
            writes_into: has_result && input.returnable,
            results: input.results(),
            grown,
        }
    }

    /// The body, or for a wrong kernel one that is never run.
    fn body(&self, body: TokenStream) -> TokenStream {
        if self.correct { body } else { quote!(::core::unreachable!()) }
    }

    /// `<T as Argument>::function(name …)` for each parameter.
    fn of_arguments(&self, function: &str, argument: impl Fn(&Ident) -> TokenStream) -> Vec<TokenStream> {
        let call = |(ty, name)| annotation::call_item(ty, "Argument", function, argument(name));
        self.types.iter().copied().zip(&self.names).map(call).collect()
    }

    fn of_result(&self, function: &str, arguments: TokenStream) -> TokenStream {
        annotation::call_item(&self.results, "Returned", function, arguments)
    }

    /// The four variants, or two if there is no result: what they do is in two functions that take the variant.
    fn calls(&self) -> TokenStream {
        let Variants { names, types, returns, .. } = self;
        let (binder, variant) = (hygienic("binder"), hygienic("variant"));
        let binds = self.of_arguments("bind", |name| quote!(#name, &mut #binder));
        let bound = quote! {
            let mut #binder = ::parfuse::__private::Binder::default();
            #(#binds;)*
        };
        let function_data = function_data();
        let call = quote!(#function_data, #variant, &mut #binder);
        let called = self.kept(self.of_result("call", call.clone()));
        let body = self.body(quote!(#bound #called));
        let parameters = quote!(#(#names: #types),*);
        let result = quote!(::core::result::Result<#returns, ::parfuse::Error>);
        let mut functions = self.pair(
            &Called { shared: "__call", suffix: "", doc: "" },
            &TokenStream::new(),
            &[],
            &parameters,
            &result,
            &body,
        );
        if self.has_result {
            // Errors about the type of `into` belong to the return type, so the name has its place.
            let taken = names.iter().any(|name| name == "into");
            let into = Ident::new(if taken { "into_memory" } else { "into" }, annotation::last_span(returns));
            let mut generics = TokenStream::new();
            let into_type = if self.writes_into {
                annotation::into_type(returns)
            } else {
                let any = hygienic("Into");
                generics = quote!(<#any>);
                quote!(#any)
            };
            let called = self.of_result("call_into", quote!(#call, #into));
            let body = self.body(quote!(#bound #called));
            functions.extend(self.pair(
                &Called {
                    shared: "__call_into",
                    suffix: "_into",
                    doc: " and writes the result into existing memory",
                },
                &generics,
                std::slice::from_ref(&into),
                &quote!(#(#names: #types,)* #into: #into_type),
                &quote!(::core::result::Result<(), ::parfuse::Error>),
                &body,
            ));
        }
        functions
    }

    /// A call whose vectors that have changed their lengths are those of the caller's.
    fn kept(&self, called: TokenStream) -> TokenStream {
        if self.grown.is_empty() {
            return called;
        }
        let (result, grown) = (hygienic("result"), &self.grown);
        let new: Vec<Ident> =
            (0..grown.len()).map(|position| hygienic(&format!("grown_{position}"))).collect();
        quote! {
            // What was bound is not in use any more.
            let (#result, (#(#new,)*)) = { #called }?;
            #(*#grown = #new;)*
            ::core::result::Result::Ok(#result)
        }
    }

    /// The serial and the parallel function of one form, and what they have in common.
    fn pair(
        &self,
        called: &Called,
        generics: &TokenStream,
        more_names: &[Ident],
        parameters: &TokenStream,
        result: &TokenStream,
        body: &TokenStream,
    ) -> TokenStream {
        let (visibility, names) = (self.visibility, &self.names);
        let (shared, variant) = (format_ident!("{}", called.shared), hygienic("variant"));
        let mut functions = quote! {
            #[inline(never)]
            fn #shared #generics(
                #variant: ::parfuse::__private::Variant,
                #parameters
            ) -> #result {
                #body
            }
        };
        for (which, name, place) in
            [("Serial", "serial", "on the calling thread"), ("Parallel", "parallel", "on the thread pool")]
        {
            let (which, function) = (format_ident!("{which}"), format_ident!("{name}{}", called.suffix));
            let doc = format!("Runs the compiled kernel {place}{}.", called.doc);
            let passed = quote!(#(#names,)* #(#more_names),*);
            // Again, errors about the type of `into` are those of the return type.
            let span = annotation::last_span(&self.returns);
            let called = quote_spanned! {span=>
                Self::#shared(::parfuse::__private::Variant::#which, #passed)
            };
            let body = self.body(called);
            functions.extend(quote! {
                #[doc = #doc]
                #visibility fn #function #generics(#parameters) -> #result {
                    #body
                }
            });
        }
        functions
    }

    /// `compare` and `compare_with`.
    fn comparisons(&self) -> TokenStream {
        let Variants { kernel, visibility, turbofish, names, types, results, grown, .. } = self;
        let (options, step) = (hygienic("options"), hygienic("step"));
        let (show, reference) = (hygienic("show"), hygienic("reference"));
        let any = self.of_arguments("any", |name| quote!(&mut #name));
        // Those that change their lengths have to be the same for all.
        let again = self.types.iter().copied().zip(names).map(|(ty, name)| match grown.contains(name) {
            true => quote!(&mut #name),
            false => annotation::call_item(ty, "Argument", "reborrow", quote!(&mut #name)),
        });
        let result = quote!(#kernel #turbofish(#(#again),*));
        let result = match grown.is_empty() {
            true => result,
            false => quote!({
                #(let mut #grown = ::core::clone::Clone::clone(&*#grown);)*
                (#result, (#(#grown,)*))
            }),
        };
        let function_data = function_data();
        let body = self.body(self.of_result(
            "compare_variants",
            quote! {
                #function_data,
                #options,
                &mut ::parfuse::__private::steps::<#results, _>(|#step| match #step {
                    ::parfuse::__private::Step::Arguments(#show) => #show(&mut [#(#any),*]),
                    ::parfuse::__private::Step::Reference(#reference) => {
                        *#reference = ::core::option::Option::Some(#result);
                    }
                }),
            },
        ));
        let default = self.body(quote! {
            Self::compare_with(&::parfuse::__private::CompareOptions::default(), #(#names),*)
        });
        let result = quote!(::core::result::Result<::parfuse::Comparison, ::parfuse::Error>);
        quote! {
            /// Runs the function itself and both compiled variants, times them, and compares what they return
            /// and write.
            #visibility fn compare(#(#names: #types),*) -> #result {
                #default
            }

            /// As `compare`, with options.
            #visibility fn compare_with(
                #options: &::parfuse::__private::CompareOptions,
                #(mut #names: #types),*
            ) -> #result {
                #body
            }
        }
    }
}
