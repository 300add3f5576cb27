//! The functions of the type beside a kernel: its handle, and the variants with the kernel's own parameters.
//!
//! ```text
//! fn serial(x: f64) -> Result<R, Error> {
//!     Engine::with_current::<Self, _>(|kernel| {
//!         <R as Returned>::call(kernel, Variant::Serial, |binder| { <f64 as Argument>::bind(x, binder); })
//!     })
//! }
//! ```
//!
//! Types are asked for their traits only in the form `<T as Trait>::item`, never by a generic function's
//! bound: if one is not supported, all these places give the same error, which rustc shows once.

use crate::annotation;
use crate::input::KernelInput;
use crate::translator::hygienic;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Ident, Type, Visibility};

/// All the functions; if the kernel is not `correct`, they have bodies that are never run.
pub fn functions(input: &KernelInput, correct: bool) -> TokenStream {
    let mut functions = kernel_handle(input, correct);
    let variants = Variants::new(input, correct);
    functions.extend(variants.calls("Serial", "serial", "on the calling thread"));
    functions.extend(variants.calls("Parallel", "parallel", "on the thread pool"));
    functions.extend(variants.comparisons());
    functions
}

/// The function `kernel`.
fn kernel_handle(input: &KernelInput, correct: bool) -> TokenStream {
    let visibility = &input.function.vis;
    let body = match correct {
        false => quote!(::core::unreachable!()),
        true => quote! {
            ::parfuse::Engine::current().kernel::<Self>()
        },
    };
    quote! {
        /// The kernel: what it compiles to, why, and how to configure it.
        #visibility fn kernel() -> ::parfuse::Kernel { #body }
    }
}

/// What the functions have in common.
struct Variants<'a> {
    correct: bool,
    kernel: &'a Ident,
    visibility: &'a Visibility,
    generics: syn::Generics,
    names: Vec<Ident>,
    types: Vec<&'a Type>,
    returns: Type,
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
        Variants {
            correct,
            kernel,
            visibility: &input.function.vis,
            generics: input.generics.clone().unwrap_or_default(),
            names: names.collect(),
            types: input.params.iter().map(|param| &param.ty).collect(),
            returns: input.returns.clone().unwrap_or_else(|| syn::parse_quote!(())),
            // A type that cannot be returned has been complained about: it must not be asked for `Into`.
            has_result: input.returns.is_some(),
            writes_into: input.returns.is_some() && input.returnable,
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
        annotation::call_item(&self.returns, "Returned", function, arguments)
    }

    /// One variant, and with a result the form that writes into existing memory.
    fn calls(&self, variant: &str, function: &str, wording: &str) -> TokenStream {
        let Variants { visibility, generics, names, types, returns, .. } = self;
        let clause = &generics.where_clause;
        let (variant, function, into_function) =
            (format_ident!("{variant}"), format_ident!("{function}"), format_ident!("{function}_into"));
        let (kernel, binder) = (hygienic("kernel"), hygienic("binder"));
        let binds = self.of_arguments("bind", |name| quote!(#name, #binder));
        let call = quote!(#kernel, ::parfuse::__private::Variant::#variant, |#binder| { #(#binds;)* });
        let with_kernel =
            |body: TokenStream| quote!(::parfuse::Engine::with_current::<Self, _>(|#kernel| #body));
        let body = self.body(with_kernel(self.of_result("call", call.clone())));
        let doc = format!("Runs the compiled kernel {wording}.");
        let mut functions = quote! {
            #[doc = #doc]
            #visibility fn #function #generics(
                #(#names: #types),*
            ) -> ::core::result::Result<#returns, ::parfuse::Error> #clause {
                #body
            }
        };
        if self.has_result {
            // Errors about the type of `into` belong to the return type, so the name has its place.
            let taken = names.iter().any(|name| name == "into");
            let into = Ident::new(if taken { "into_memory" } else { "into" }, annotation::last_span(returns));
            let mut generics = generics.clone();
            let into_type = if self.writes_into {
                annotation::into_type(returns)
            } else {
                let any = hygienic("Into");
                generics.params.push(syn::parse_quote!(#any));
                quote!(#any)
            };
            let body = self.body(with_kernel(self.of_result("call_into", quote!(#call, #into))));
            let doc =
                format!("Runs the compiled kernel {wording} and writes the result into existing memory.");
            functions.extend(quote! {
                #[doc = #doc]
                #visibility fn #into_function #generics(
                    #(#names: #types,)*
                    #into: #into_type,
                ) -> ::core::result::Result<(), ::parfuse::Error> #clause {
                    #body
                }
            });
        }
        functions
    }

    /// `compare` and `compare_with`.
    fn comparisons(&self) -> TokenStream {
        let Variants { kernel, visibility, generics, names, types, .. } = self;
        let clause = &generics.where_clause;
        let (options, arguments) = (hygienic("options"), hygienic("arguments"));
        let reborrows = self.of_arguments("reborrow", |name| quote!(&mut #name));
        let again = self.of_arguments("reborrow", |name| quote!(#name));
        let body = self.body(self.of_result(
            "compare_variants",
            quote! {
                &Self::kernel(),
                #options,
                (#(#reborrows,)*),
                |#arguments| {
                    let (#(#names,)*) = #arguments;
                    #kernel(#(#again),*)
                }
            },
        ));
        let default = self.body(quote! {
            Self::compare_with(&::parfuse::__private::CompareOptions::default(), #(#names),*)
        });
        let result = quote!(::core::result::Result<::parfuse::Comparison, ::parfuse::Error>);
        quote! {
            /// Runs the function itself and both compiled variants, times them, and compares what they return
            /// and write.
            #visibility fn compare #generics(#(#names: #types),*) -> #result #clause {
                #default
            }

            /// As `compare`, with options.
            #visibility fn compare_with #generics(
                #options: &::parfuse::__private::CompareOptions,
                #(mut #names: #types),*
            ) -> #result #clause {
                #body
            }
        }
    }
}
