//! `#[kernel] impl Add for Vec3 { … }`: operators of a struct, which kernels use.
//!
//! ```text
//! impl Mul<f64> for Vec3 { … }     impl Vec3 { const __KERNELS_MUL_SCALAR: … = &[RecordMethod { name, inline }] }
//! impl Mul<Vec3> for f64 { … }     impl Vec3 { const __KERNELS_SCALAR_MUL: … }
//! impl Ord for Task { … }          impl Task { const __KERNELS_CMP: … }
//! ```
//!
//! They are methods that kernels find by the operator and by what stands on its other side.

use crate::annotation::is_primitive;
use crate::diagnose::Diagnostics;
use crate::emit::allow;
use crate::methods::traced;
use parfuse_names::{Operator, Other};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{GenericArgument, GenericParam, ImplItem, ItemImpl, Path, PathArguments, ReturnType, Type};

/// What is said of other traits.
const ONLY_OPERATORS: &str = "`#[kernel]` stands on methods of a struct itself, `impl Particle { … }`, or on its operators, `impl Add for \
     Particle` and its kin, `PartialEq`, `PartialOrd` and `Ord`, not of another trait";

/// The attribute on an `impl` of a trait.
pub(crate) fn expand(item: &ItemImpl, name: &Path, diagnostics: &mut Diagnostics) -> TokenStream {
    let Some(operator) = name.segments.last().and_then(|last| Operator::of_trait(&last.ident.to_string()))
    else {
        diagnostics.report(name, ONLY_OPERATORS);
        return TokenStream::new();
    };
    if item.generics.params.iter().any(|param| !matches!(param, GenericParam::Lifetime(_))) {
        diagnostics.report(&item.generics, "`#[kernel]` is for operators of structs without type parameters");
        return TokenStream::new();
    }
    let this = referred(&item.self_ty);
    let other = argument(name).map(referred);
    let (owner, side) = match other {
        _ if is_scalar(this) => match other {
            Some(other) if !is_scalar(other) => (other, Other::ScalarInFront),
            _ => {
                diagnostics.report(
                    &item.self_ty,
                    "`#[kernel]` is for operators of structs with `#[derive(KernelData)]`",
                );
                return TokenStream::new();
            }
        },
        Some(other) if is_scalar(other) => (this, Other::Scalar),
        Some(other) if !is_same(other, this) => (this, Other::Struct),
        _ => (this, Other::Same),
    };
    let Some(constant) = operator.constant(side) else {
        diagnostics.report(name, "kernels know this operator of two values of the same struct only");
        return TokenStream::new();
    };
    let output = item.items.iter().find_map(|item| match item {
        ImplItem::Type(output) if output.ident == "Output" => Some(&output.ty),
        _ => None,
    });
    let mut methods = TokenStream::new();
    for item in &item.items {
        let ImplItem::Fn(method) = item else { continue };
        if method.sig.ident != operator.method {
            continue;
        }
        let mut method = method.clone();
        match output {
            // An `Ordering` is nothing that kernels return, but what they compare with.
            _ if operator.compares() => method.sig.output = ReturnType::Default,
            Some(output) if !matches!(method.sig.output, ReturnType::Default) => {
                method.sig.output = syn::parse_quote!(-> #output);
            }
            _ => {}
        }
        methods.extend(traced(&method, this, constant, diagnostics));
    }
    let (constant, allow) = (Ident::new(constant, Span::call_site()), allow());
    quote! {
        #[automatically_derived]
        #allow
        impl #owner {
            #[doc(hidden)]
            pub const #constant: &'static [::parfuse::__private::RecordMethod] = &[#methods];
        }
    }
}

/// What a reference refers to.
fn referred(ty: &Type) -> &Type {
    match ty {
        Type::Reference(reference) => referred(&reference.elem),
        Type::Paren(inner) => referred(&inner.elem),
        Type::Group(inner) => referred(&inner.elem),
        ty => ty,
    }
}

/// `f64` of `Mul<f64>`.
fn argument(name: &Path) -> Option<&Type> {
    let PathArguments::AngleBracketed(arguments) = &name.segments.last()?.arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

fn is_scalar(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.get_ident().is_some_and(|name| is_primitive(&name.to_string())))
}

fn is_same(ty: &Type, this: &Type) -> bool {
    let text = |ty: &Type| ty.to_token_stream().to_string();
    text(ty) == "Self" || text(ty) == text(this)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(item: &str) -> (String, bool) {
        let item: ItemImpl = syn::parse_str(item).unwrap();
        let mut diagnostics = Diagnostics::default();
        let code = expand(&item, &item.trait_.as_ref().unwrap().0, &mut diagnostics);
        (code.to_string(), diagnostics.is_empty())
    }

    #[test]
    fn operators_stand_with_the_struct_by_what_is_beside_them() {
        let constant = |item: &str| {
            let (code, fine) = expanded(item);
            assert!(fine, "{code}");
            code.split("pub const ").nth(1).unwrap().split(' ').next().unwrap().to_string()
        };
        let add = "type Output = V; fn add(self, o: V) -> V { V { x: self.x + o.x } }";
        assert_eq!(constant(&format!("impl Add for V {{ {add} }}")), "__KERNELS_ADD");
        assert_eq!(
            constant(&format!("impl<'a> std::ops::Add<&'a V> for &'a V {{ {add} }}")),
            "__KERNELS_ADD"
        );
        let mul = "type Output = V; fn mul(self, o: f64) -> Self::Output { V { x: self.x * o } }";
        assert_eq!(constant(&format!("impl Mul<f64> for V {{ {mul} }}")), "__KERNELS_MUL_SCALAR");
        let mul = "type Output = V; fn mul(self, o: V) -> V { V { x: self * o.x } }";
        assert_eq!(constant(&format!("impl Mul<V> for f64 {{ {mul} }}")), "__KERNELS_SCALAR_MUL");
        assert_eq!(constant(&format!("impl Mul<V> for M {{ {mul} }}")), "__KERNELS_MUL_OTHER");
    }

    #[test]
    fn other_traits_are_refused() {
        assert!(!expanded("impl Shape for V { fn f(&self) {} }").1);
        assert!(!expanded("impl<T> Add for V<T> { fn add(self, o: V<T>) -> V<T> { o } }").1);
        assert!(!expanded("impl Add for f64 { fn add(self, o: f64) -> f64 { o } }").1);
    }
}
