//! `#[derive(KernelData)]`: a struct of scalars, or an enum without fields, as kernels know it.
//!
//! ```text
//! struct Body { x: f64, v: f64 }     RECORD = Body { x: f64, v: f64 }, Fields = ((f64, f64),)
//! struct Pair(u32, f64);             RECORD = Pair { 0: u32, 1: f64 }, Fields = ((u32, f64),)
//! enum Cell { Dead, Alive }          RECORD = Cell { discriminant: u8 }, Fields = ((u8,),)
//! ```

use parfuse_names::operators::OPERATORS;
use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::{Data, DataEnum, DataStruct, DeriveInput, Expr, Fields, Ident, Type, UnOp, Variant};

/// So many fields are a tuple, and so many tuples another.
const TOGETHER: usize = 4;
const MOST: usize = TOGETHER * TOGETHER;

/// A type as kernels have it: a list of scalars.
struct Parts {
    /// The names of the scalars.
    texts: Vec<String>,
    types: Vec<TokenStream>,
    /// Each of them, of `value`.
    taken: Vec<TokenStream>,
    /// How many bytes it lies behind the beginning.
    offsets: Vec<TokenStream>,
    /// The whole, made of what `bound_names` are.
    whole: TokenStream,
    /// What has to be true, and else is an error of rustc's.
    checks: TokenStream,
    is_enum: bool,
    /// How a kernel calls the type as a function.
    call: TokenStream,
}

/// The derive.
pub(crate) fn expand(item: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(item) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let name = &input.ident;
    let refuse = |message: &str| syn::Error::new_spanned(name, message).to_compile_error();
    if !input.generics.params.is_empty() {
        return refuse("`KernelData` is for structs and enums without type parameters");
    }
    let parts = match &input.data {
        Data::Struct(data) => parts_of_struct(name, data),
        Data::Enum(data) => parts_of_enum(name, data),
        Data::Union(_) => Err("`KernelData` is for structs of scalars and for enums without fields".into()),
    };
    match parts {
        Ok(parts) => implementations(name, &parts),
        Err(Refusal { what, message }) => {
            let spanned = what.unwrap_or_else(|| name.to_token_stream());
            syn::Error::new_spanned(spanned, message).to_compile_error()
        }
    }
}

/// Why a type is none of kernels.
struct Refusal {
    /// What of it is none; its name, if that does not matter.
    what: Option<TokenStream>,
    message: &'static str,
}

impl From<&'static str> for Refusal {
    fn from(message: &'static str) -> Refusal {
        Refusal { what: None, message }
    }
}

/// What is said of a field of this type, if its spelling tells that structs of kernels have no such fields.
fn refused(ty: &Type) -> Option<Refusal> {
    let message = match ty {
        Type::Array(_) => {
            "the fields of a struct in kernels are numbers, structs and enums: write `x: f64, y: f64, z: f64` for an array, or a \
             struct of these"
        }
        Type::Tuple(_) => {
            "the fields of a struct in kernels are numbers, structs and enums: write a struct for the tuple, with names for its items"
        }
        Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Option") => {
            "the fields of a struct in kernels are numbers, structs and enums: write two for an option, a `bool` and a value"
        }
        Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Vec") => {
            "the fields of a struct in kernels are numbers, structs and enums: pass vectors beside it, `values: &[f64]`"
        }
        Type::Reference(_) | Type::Slice(_) => {
            "the fields of a struct in kernels are numbers, structs and enums: pass what it refers to beside it, `values: &[f64]`"
        }
        _ => return None,
    };
    Some(Refusal { what: Some(ty.to_token_stream()), message })
}

/// The names that the scalars of a value are bound to.
fn bound_names(count: usize) -> Vec<Ident> {
    (0..count).map(|number| format_ident!("field{number}")).collect()
}

/// A struct: its fields.
fn parts_of_struct(name: &Ident, data: &DataStruct) -> Result<Parts, Refusal> {
    let fields = &data.fields;
    if fields.is_empty() || fields.len() > MOST {
        return Err(
            "a struct in kernels has from 1 to 16 fields: put some of them into a struct of their own".into(),
        );
    }
    if let Some(refusal) = fields.iter().find_map(|field| refused(&field.ty)) {
        return Err(refusal);
    }
    let (bound, types) = (bound_names(fields.len()), fields.iter().map(|field| &field.ty));
    let types: Vec<TokenStream> = types.map(|ty| quote!(#ty)).collect();
    let members: Vec<TokenStream> = fields
        .iter()
        .enumerate()
        .map(|(position, field)| match &field.ident {
            Some(name) => quote!(#name),
            None => Literal::usize_unsuffixed(position).into_token_stream(),
        })
        .collect();
    let call = match fields {
        Fields::Unnamed(_) => called_as_function(name, fields.len()),
        _ => TokenStream::new(),
    };
    // Compiled code reads and writes fields of elements where they lie.
    let checks = quote!(const fn stands_in_structs<T: ::parfuse::__private::TupleItem>() {}
    #(stands_in_structs::<#types>();)*
    #(::core::assert!(
        ::core::mem::align_of::<#name>() >= ::core::mem::align_of::<#types>(),
        "`KernelData` is for structs whose fields are aligned: without `repr(packed)`",
    );)*);
    Ok(Parts {
        texts: members.iter().map(ToString::to_string).collect(),
        taken: members.iter().map(|member| quote!(value.#member)).collect(),
        offsets: members.iter().map(|member| quote!(::core::mem::offset_of!(#name, #member))).collect(),
        whole: quote!(#name { #(#members: #bound),* }),
        types,
        checks,
        is_enum: false,
        call,
    })
}

/// `Pair(a, b)` in a kernel.
fn called_as_function(name: &Ident, count: usize) -> TokenStream {
    let texts = (0..count).map(|position| position.to_string());
    let positions = (0..count).map(Literal::usize_unsuffixed);
    quote! {
        #[automatically_derived]
        impl ::parfuse::__private::Inline for #name {
            fn inline<'t>(
                tracer: &'t ::parfuse::__private::Tracer,
                arguments: &[::parfuse::__private::Value<'t>],
                at: ::parfuse::__private::At,
            ) -> ::parfuse::__private::Value<'t> {
                let fields = [#((#texts, arguments[#positions])),*];
                tracer.record(<#name as ::parfuse::KernelData>::RECORD, &fields, ::core::option::Option::None, at)
            }
        }
    }
}

/// An enum: the number of its variant, in the integers that it is in memory.
fn parts_of_enum(name: &Ident, data: &DataEnum) -> Result<Parts, Refusal> {
    let variants: Vec<&Ident> = data.variants.iter().map(|variant| &variant.ident).collect();
    if data.variants.iter().any(|variant| !matches!(variant.fields, Fields::Unit)) {
        return Err(
            "an enum in kernels has no fields: write a struct of what all variants have, with such an enum for the kind".into(),
        );
    }
    let [others @ .., last] = &variants[..] else {
        return Err("an enum in kernels has two variants or more".into());
    };
    if others.is_empty() {
        return Err("an enum in kernels has two variants or more".into());
    }
    let sign = match data.variants.iter().any(is_negative) {
        true => format_ident!("Signed"),
        false => format_ident!("Unsigned"),
    };
    let ty = quote!(<[(); ::core::mem::size_of::<#name>()] as ::parfuse::__private::Discriminant>::#sign);
    // Compiled code reads and writes such numbers where the enum lies.
    let checks = quote!(#(::core::assert!(
        // SAFETY: an enum without fields is as large as the integer, and all of it is its number.
        unsafe { ::core::mem::transmute::<#name, #ty>(#name::#variants) == #name::#variants as #ty
            && #name::#variants as #ty as i128 == #name::#variants as i128 },
        "the variants of this enum are other numbers in memory: write `#[repr(i64)]` on it",
    );)*);
    let field = &bound_names(1)[0];
    Ok(Parts {
        texts: vec!["discriminant".to_string()],
        taken: vec![quote!((value as #ty))],
        offsets: vec![quote!(0)],
        whole: quote!(match #field {
            #(number if number == #name::#others as #ty => #name::#others,)*
            _ => #name::#last,
        }),
        types: vec![ty],
        checks,
        is_enum: true,
        call: TokenStream::new(),
    })
}

/// Whether a variant is given a number below zero.
fn is_negative(variant: &Variant) -> bool {
    matches!(&variant.discriminant, Some((_, Expr::Unary(unary))) if matches!(unary.op, UnOp::Neg(_)))
}

/// What makes it known to kernels.
fn implementations(name: &Ident, parts: &Parts) -> TokenStream {
    let Parts { texts, types, taken, offsets, whole, checks, is_enum, call } = parts;
    let text = name.to_string();
    let bound = bound_names(types.len());
    let (first, others) = (&bound[0], &bound[1..]);
    let (first_type, other_types) = (&types[0], &types[1..]);
    let (own, packed) = (together(types), together(&bound));
    let operators = OPERATORS.iter().flat_map(|operator| operator.constants);
    let operators = operators.map(|constant| format_ident!("{constant}"));
    quote! {
        const _: () = { #checks };
        #call

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
                let value = self;
                let fields = [#((#texts, tracer.lift(#taken, at))),*];
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

        /// Constant arrays of it.
        #[automatically_derived]
        impl ::parfuse::__private::TableRow for #name {
            const PARTS: usize = 1;
            const RECORD: ::core::option::Option<&'static ::parfuse::__private::Record> =
                ::core::option::Option::Some(<#name as ::parfuse::KernelData>::RECORD);
            fn shape(&self, _: &mut ::std::vec::Vec<usize>) {}
            fn numbers(&self, numbers: &mut ::std::vec::Vec<::parfuse::Scalar>) {
                ::parfuse::KernelData::field_scalars(*self, numbers);
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
                operators: {
                    use ::parfuse::__private::NoMethods as _;
                    &[#(<#name>::#operators),*]
                },
                by_fields: ::parfuse::__private::ByFields(|asked| {
                    use ::parfuse::__private::{Equates as _, Orders as _, OrdersWhole as _};
                    let known = ::parfuse::__private::Known::<#name>::NEW;
                    ::parfuse::__private::compares_by_fields::<#name>(
                        asked,
                        (&known).equates(),
                        (&known).orders(),
                        (&known).orders_whole(),
                    )
                }),
                is_enum: #is_enum,
                fields: &[#((#texts, <#types as ::parfuse::__private::Argument>::KIND.ty)),*],
            };
            type Fields = #own;
            fn into_fields(self) -> Self::Fields {
                let value = self;
                #(let #bound = #taken;)*
                #packed
            }
            fn from_fields(fields: Self::Fields) -> Self {
                let #packed = fields;
                #whole
            }
            fn bind_fields<'a>(self, binder: &mut ::parfuse::Binder<'a>) {
                let value = self;
                #(::parfuse::__private::Argument::bind(#taken, binder);)*
            }
            fn bind_arrays(array: &::parfuse::__private::Laid<'_>, binder: &mut ::parfuse::Binder<'_>) {
                #(<#types as ::parfuse::ArrayElement>::add_laid(
                    binder,
                    &array.at(#offsets),
                );)*
            }
            fn take_arrays(
                outputs: &mut ::parfuse::__private::Outputs<'_>,
            ) -> (::std::vec::Vec<usize>, ::std::vec::Vec<Self>) {
                let (shape, #first) = <#first_type as ::parfuse::ArrayElement>::take_array(outputs);
                #(let (_, #others) = <#other_types as ::parfuse::ArrayElement>::take_array(outputs);)*
                #(let mut #bound = #bound.into_iter();)*
                let next = || {
                    #(let #bound = #bound.next()?;)*
                    ::core::option::Option::Some(#whole)
                };
                (shape.into_vec(), ::core::iter::from_fn(next).collect())
            }
            fn field_scalars(self, into: &mut ::std::vec::Vec<::parfuse::Scalar>) {
                let value = self;
                #(::parfuse::ArrayElement::take_apart(#taken, into);)*
            }
            fn of_field_scalars(scalars: &mut dyn ::core::iter::Iterator<Item = ::parfuse::Scalar>) -> Self {
                #(let #bound = <#types as ::parfuse::ArrayElement>::put_together(scalars);)*
                #whole
            }
        }
    }
}

/// Tuples of tuples of these.
fn together<T: quote::ToTokens>(items: &[T]) -> TokenStream {
    let tuples = items.chunks(TOGETHER).map(|items| quote!((#(#items,)*)));
    quote!((#(#tuples,)*))
}
