//! `#[derive(KernelData)]`: a struct of scalars as kernels know it.
//!
//! ```text
//! struct Body { x: f64, v: f64 }     RECORD = Body { x: f64, v: f64 }, Fields = ((f64, f64),)
//! ```

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Data, DeriveInput, Fields, Ident, Type};

/// So many fields are a tuple, and so many tuples another.
const TOGETHER: usize = 4;
const MOST: usize = TOGETHER * TOGETHER;

/// The derive on a struct.
pub(crate) fn expand(item: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(item) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let name = &input.ident;
    let refuse = |message: &str| syn::Error::new_spanned(name, message).to_compile_error();
    let Data::Struct(data) = &input.data else {
        return refuse(
            "`KernelData` is for structs of scalars: in place of an enum use a number for its kind",
        );
    };
    let Fields::Named(fields) = &data.fields else {
        return refuse("`KernelData` is for structs whose fields have names: use a tuple otherwise");
    };
    if !input.generics.params.is_empty() {
        return refuse("`KernelData` is for structs without type parameters");
    }
    if fields.named.is_empty() || fields.named.len() > MOST {
        return refuse(
            "a struct in kernels has from 1 to 16 fields: put some of them into a struct of their own",
        );
    }
    let names: Vec<&Ident> = fields.named.iter().filter_map(|field| field.ident.as_ref()).collect();
    let types: Vec<&Type> = fields.named.iter().map(|field| &field.ty).collect();
    let bound: Vec<Ident> = (0..names.len()).map(|number| format_ident!("field{number}")).collect();
    let texts: Vec<String> = names.iter().map(|name| name.to_string()).collect();
    let text = name.to_string();
    let (first, others) = (&bound[0], &bound[1..]);
    let (first_type, other_types) = (&types[0], &types[1..]);
    let (own, packed) = (together(&types), together(&bound));
    quote! {
        // Compiled code reads and writes fields of elements where they lie.
        const _: () = {
            #(::core::assert!(
                ::core::mem::align_of::<#name>() >= ::core::mem::align_of::<#types>(),
                "`KernelData` is for structs whose fields are aligned: without `repr(packed)`",
            );)*
        };

        #[automatically_derived]
        impl ::parfuse::__private::Annotated for #name {
            fn annotation() -> ::core::option::Option<::parfuse::__private::DeclaredType> {
                ::core::option::Option::Some(::parfuse::__private::DeclaredType::Record(
                    <#name as ::parfuse::KernelData>::RECORD,
                ))
            }
        }

        /// By reference it is only read.
        #[automatically_derived]
        impl<'r> ::parfuse::__private::Argument for &'r #name {
            const KIND: ::parfuse::__private::ParamKind = <#name as ::parfuse::__private::Argument>::KIND;
            type Reborrowed<'b> = &'r #name where Self: 'b;
            fn reborrow(&mut self) -> &'r #name {
                *self
            }
            fn bind<'a>(self, binder: &mut ::parfuse::Binder<'a>) where Self: 'a {
                ::parfuse::KernelData::bind_fields(*self, binder);
            }
        }

        ::parfuse::__reference_argument!([] #name);

        /// A constant.
        #[automatically_derived]
        impl<'t> ::parfuse::__private::Lift<'t> for #name {
            fn lift(
                self,
                tracer: &'t ::parfuse::__private::Tracer,
                at: ::parfuse::__private::At,
            ) -> ::parfuse::__private::Value<'t> {
                let fields = [#((#texts, tracer.lift(self.#names, at))),*];
                tracer.record(
                    <#name as ::parfuse::KernelData>::RECORD,
                    &fields,
                    ::core::option::Option::None,
                    at,
                )
            }
        }

        #[automatically_derived]
        impl<'t> ::parfuse::__private::Lift<'t> for &#name {
            fn lift(
                self,
                tracer: &'t ::parfuse::__private::Tracer,
                at: ::parfuse::__private::At,
            ) -> ::parfuse::__private::Value<'t> {
                tracer.lift(*self, at)
            }
        }

        #[automatically_derived]
        impl ::parfuse::__private::DTypeArg for #name {
            const ELEMENT: ::core::option::Option<::parfuse::__private::ElementType> = ::core::option::Option::None;
        }

        #[automatically_derived]
        impl ::parfuse::__private::FunctionOwner for #name {
            fn call_function<'t>(
                tracer: &'t ::parfuse::__private::Tracer,
                name: &'static str,
                arguments: &[::parfuse::__private::Value<'t>],
                at: ::parfuse::__private::At,
            ) -> ::parfuse::__private::Value<'t> {
                tracer.record_function(<#name as ::parfuse::KernelData>::RECORD, name, arguments, at)
            }
        }

        #[automatically_derived]
        unsafe impl ::parfuse::KernelData for #name {
            const RECORD: &'static ::parfuse::__private::Record = &::parfuse::__private::Record {
                name: #text,
                methods: {
                    use ::parfuse::__private::NoMethods as _;
                    <#name>::__METHODS_OF_KERNELS
                },
                fields: &[#((#texts, <#types as ::parfuse::__private::Argument>::KIND.ty)),*],
            };
            type Fields = #own;
            fn into_fields(self) -> Self::Fields {
                let #name { #(#names: #bound),* } = self;
                #packed
            }
            fn from_fields(fields: Self::Fields) -> Self {
                let #packed = fields;
                #name { #(#names: #bound),* }
            }
            fn bind_fields<'a>(self, binder: &mut ::parfuse::Binder<'a>) {
                #(::parfuse::__private::Argument::bind(self.#names, binder);)*
            }
            fn bind_arrays(array: &::parfuse::__private::Laid<'_>, binder: &mut ::parfuse::Binder<'_>) {
                #(<#types as ::parfuse::ArrayElement>::add_laid(
                    binder,
                    &array.at(::core::mem::offset_of!(#name, #names)),
                );)*
            }
            fn take_arrays(
                outputs: &mut ::parfuse::__private::Outputs<'_>,
            ) -> (::std::vec::Vec<usize>, ::std::vec::Vec<Self>) {
                let (shape, #first) = <#first_type as ::parfuse::ArrayElement>::take_array(outputs);
                #(let (_, #others) = <#other_types as ::parfuse::ArrayElement>::take_array(outputs);)*
                #(let mut #bound = #bound.into_iter();)*
                let next = || ::core::option::Option::Some(#name { #(#names: #bound.next()?),* });
                (shape.into_vec(), ::core::iter::from_fn(next).collect())
            }
            fn field_scalars(self, into: &mut ::std::vec::Vec<::parfuse::Scalar>) {
                #(::parfuse::ArrayElement::take_apart(self.#names, into);)*
            }
            fn of_field_scalars(scalars: &mut dyn ::core::iter::Iterator<Item = ::parfuse::Scalar>) -> Self {
                #name { #(#names: ::parfuse::ArrayElement::put_together(scalars)),* }
            }
        }
    }
}

/// Tuples of tuples of these.
fn together<T: quote::ToTokens>(items: &[T]) -> TokenStream {
    let tuples = items.chunks(TOGETHER).map(|items| quote!((#(#items,)*)));
    quote!((#(#tuples,)*))
}
