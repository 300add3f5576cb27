//! The function under `#[kernel]`: its parameters and result, checked for what a kernel can take and return.

use crate::annotation;
use crate::diagnose::Diagnostics;
use crate::generics::KernelGenerics;
use parfuse_names::MAX_PARAMETERS;
use proc_macro2::{Span, TokenStream};
use quote::format_ident;
use syn::spanned::Spanned;
use syn::{FnArg, Ident, ItemFn, Pat, ReturnType, Type};

/// The names of crates that a type of the same name would hide from the code around it.
const CRATES: [&str; 6] = ["std", "core", "alloc", "ndarray", "num_complex", "parfuse"];

/// A function to be made a kernel.
pub struct KernelInput {
    /// The function as the user wrote it.
    pub function: ItemFn,
    /// Its body as it is translated.
    pub body: syn::Block,
    /// Its parameters.
    pub params: Vec<Param>,
    /// Its return type, `None` if it returns nothing.
    pub returns: Option<Type>,
    /// Whether a kernel can return that type, as far as its spelling tells.
    pub returnable: bool,
    /// What the attribute asks for.
    pub options: KernelOptions,
    /// What it is generic over.
    pub generics: KernelGenerics,
    /// Whether a type of the function's name can stand beside it.
    pub typed: bool,
}

/// A parameter.
pub struct Param {
    /// Its name, made up for `_`.
    pub name: Ident,
    /// Whether the body can refer to it.
    pub named: bool,
    /// Whether it is declared `mut`.
    pub variable: bool,
    /// Whether a kernel can have a parameter of its type, as far as its spelling tells.
    pub known: bool,
    /// Its type, with all lifetimes elided.
    pub ty: Type,
    /// Whether it stands for what is passed, `&self`, and not for a copy of it.
    pub borrowed: bool,
    /// Whether it is a vector of which the body changes the length.
    pub grows: bool,
}

/// What stands in the attribute's parentheses.
#[derive(Clone, Copy, Default)]
pub struct KernelOptions {
    /// Whether operations on floats may be replaced by cheaper ones.
    pub fast: bool,
    /// Whether integers that overflow are an error.
    pub checked: bool,
}

/// The arguments of the attribute; complains about any that there is not.
pub fn check_arguments(arguments: &TokenStream, diagnostics: &mut Diagnostics) -> KernelOptions {
    let mut options = KernelOptions::default();
    let text = arguments.to_string();
    for argument in text.split(',').map(str::trim).filter(|argument| !argument.is_empty()) {
        match argument {
            "fast" => options.fast = true,
            "checked" => options.checked = true,
            _ => {
                let message = "`#[kernel]` takes no arguments but `fast` and `checked`: other options are set on the engine";
                diagnostics.report(arguments, message);
                break;
            }
        }
    }
    options
}

/// Parses the annotated item, which has to be a function with a body.
pub fn parse_function(attribute: &str, item: TokenStream, diagnostics: &mut Diagnostics) -> Option<ItemFn> {
    match syn::parse2::<ItemFn>(item.clone()) {
        Ok(function) => Some(function),
        Err(error) => {
            match syn::parse2::<syn::Item>(item.clone()) {
                Ok(_) => diagnostics.report(
                    item,
                    format_args!("`#[{attribute}]` stands on a function: `fn name(…) {{ … }}`"),
                ),
                Err(_) => diagnostics.report_error(error),
            }
            None
        }
    }
}

/// Whether a type can have the kernel's name without hiding what the code around it refers to; complains if not.
pub(crate) fn check_name(name: &Ident, diagnostics: &mut Diagnostics) -> bool {
    let text = name.to_string();
    let hidden = match text.as_str() {
        krate if CRATES.contains(&krate) => "crate",
        primitive if annotation::is_primitive(primitive) => "type",
        _ => return true,
    };
    diagnostics.report(
        name,
        format_args!(
            "a kernel cannot be named `{text}`: the type beside the function would hide the {hidden} `{text}`; \
             write another name, such as `{text}_of`"
        ),
    );
    false
}

impl KernelInput {
    /// Takes the signature apart, complaining about what a kernel cannot have.
    pub fn new(function: ItemFn, options: KernelOptions, diagnostics: &mut Diagnostics) -> KernelInput {
        let signature = &function.sig;
        if let Some(token) = &signature.asyncness {
            diagnostics.report(token, "a kernel cannot be asynchronous: await before calling it");
        }
        if let syn::Safety::Unsafe(token) = &signature.safety {
            diagnostics.report(token, "a kernel cannot be `unsafe`");
        }
        if let Some(abi) = &signature.abi {
            diagnostics.report(abi, "a kernel cannot have a foreign ABI: call it from an `extern` function");
        }
        if let Some(variadic) = &signature.variadic {
            diagnostics.report(variadic, "a kernel has a fixed number of parameters");
        }
        let generics = KernelGenerics::new(signature, diagnostics);
        let mut typed = check_name(&signature.ident, diagnostics);
        let mut params = Vec::new();
        for (position, argument) in signature.inputs.iter().enumerate() {
            match argument {
                FnArg::Receiver(receiver) => {
                    typed = false;
                    diagnostics.report(
                        receiver,
                        "a kernel cannot be a method: write a function outside of the `impl`, or put `#[kernel]` on the `impl` of a struct \
                         with `#[derive(KernelData)]`",
                    );
                }
                FnArg::Typed(typed) => params.push(Param::new(position, &typed.pat, &typed.ty, diagnostics)),
            }
        }
        if let Some(extra) = signature.inputs.iter().nth(MAX_PARAMETERS) {
            diagnostics.report(
                extra,
                format_args!("a kernel has at most {MAX_PARAMETERS} parameters: put some into one array"),
            );
        }
        let growing = crate::translator::growing(&function.block);
        for param in &mut params {
            param.grows = annotation::is_vector_to_change(&param.ty)
                && growing.contains_outside(&param.name.to_string());
        }
        let mut returnable = true;
        let returns = match &signature.output {
            ReturnType::Default => None,
            ReturnType::Type(_, ty) if annotation::is_unit(ty) => None,
            ReturnType::Type(_, ty) => {
                returnable = annotation::check_returned(ty, diagnostics);
                Some(annotation::elide_lifetimes(ty))
            }
        };
        // Whether a type that a kernel cannot be generic over can be returned is not known.
        returnable &= generics.supported;
        let body = crate::borrowing_patterns::with_references(&function.block);
        KernelInput { params, returns, returnable, options, generics, typed, body, function }
    }

    /// The kernel's name.
    pub fn name(&self) -> &Ident {
        &self.function.sig.ident
    }

    /// What compiled code returns: the result, beside the vectors of the caller's that have changed their lengths.
    pub fn results(&self) -> Type {
        let returns = self.returns.clone().unwrap_or_else(|| syn::parse_quote!(()));
        let grown: Vec<Type> =
            self.grown().filter_map(|param| annotation::vector_to_change(&param.ty)).collect();
        if grown.is_empty() { returns } else { syn::parse_quote!((#returns, (#(#grown,)*))) }
    }

    /// The vectors of which the body changes the length.
    pub fn grown(&self) -> impl Iterator<Item = &Param> {
        self.params.iter().filter(|param| param.grows)
    }

    /// The place of the return type, or of the name if there is none.
    pub fn returns_span(&self) -> Span {
        self.returns.as_ref().map_or_else(|| self.name().span(), Spanned::span)
    }
}

impl Param {
    fn new(position: usize, pat: &Pat, ty: &Type, diagnostics: &mut Diagnostics) -> Param {
        let known = annotation::check_parameter(ty, diagnostics);
        let ty = annotation::elide_lifetimes(ty);
        match pat {
            Pat::Ident(ident) if ident.by_ref.is_none() && ident.subpat.is_none() => Param {
                name: ident.ident.clone(),
                named: true,
                variable: ident.mutability.is_some(),
                known,
                ty,
                borrowed: false,
                grows: false,
            },
            other => {
                if !matches!(other, Pat::Wild(_)) {
                    diagnostics.report(
                        other,
                        "a kernel's parameter is a name: take it apart in the body, with `let`",
                    );
                }
                let name = format_ident!("argument_{position}", span = other.span());
                Param { name, named: false, variable: false, known, ty, borrowed: false, grows: false }
            }
        }
    }
}
