//! Arrays that are written out, and macros that go through arrays.
//!
//! ```text
//! [[1.0, x], [y, 2.0]]                 t.array_literal(&[2, 2], &[…, x, y, …], at(…))
//! array![1.0, 2.0]  vec![1.0, 2.0]     the same
//! stack![Axis(0), a, b]                t.function(LibraryFunction::stack, &[0, (a, b)], at(…)), unwrapped
//! [0.0; n]                             t.array_function::<Array1<Infer>>("from_elem", &[n, …], at(…))
//! azip!((c in &mut c, &a in &a) *c = a)  Zip::from(&mut c).and(&a).for_each(|c, &a| *c = a)
//! ```

use crate::stmt::strip;
use crate::translator::Translator;
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{Expr, ExprArray, ExprMacro, ExprRepeat, Ident, Pat, Token};

/// Functions of ndarray that make an array of one that is written out.
pub(crate) const FROM_WRITTEN: &[&str] =
    &["arr0", "arr1", "arr2", "arr3", "aview0", "aview1", "aview2", "rcarr1", "rcarr2"];

const ROWS_DIFFER: &str = "the rows of an array have as many elements each";

/// The number that a length is written as.
fn literal_length(length: &Expr) -> Option<usize> {
    match strip(length) {
        Expr::Lit(literal) => match &literal.lit {
            syn::Lit::Int(number) => number.base10_parse().ok(),
            _ => None,
        },
        _ => None,
    }
}

/// Whether it makes no difference how often an expression is evaluated, by its form.
fn is_simple(expr: &Expr) -> bool {
    match strip(expr) {
        Expr::Lit(_) | Expr::Path(_) => true,
        Expr::Unary(unary) => is_simple(&unary.expr),
        _ => false,
    }
}

/// One part of `azip!`: a pattern, and what it goes through.
struct Part {
    indexed: bool,
    pattern: Pat,
    of: Option<Expr>,
}

fn part(input: ParseStream) -> syn::Result<Part> {
    if input.peek(Ident) && !input.peek2(Token![in]) && input.fork().parse::<Ident>()? == "index" {
        input.parse::<Ident>()?;
        return Ok(Part { indexed: true, pattern: Pat::parse_single(input)?, of: None });
    }
    let pattern = Pat::parse_single(input)?;
    input.parse::<Token![in]>()?;
    Ok(Part { indexed: false, pattern, of: Some(input.parse()?) })
}

/// `(parts) body`.
fn azip(input: ParseStream) -> syn::Result<(Vec<Part>, Expr)> {
    let inside;
    syn::parenthesized!(inside in input);
    let mut parts = Vec::new();
    while !inside.is_empty() {
        parts.push(part(&inside)?);
        if !inside.is_empty() {
            inside.parse::<Token![,]>()?;
        }
    }
    Ok((parts, input.parse()?))
}

impl Translator<'_> {
    /// `[a, b]`, perhaps of rows.
    pub(crate) fn array_literal(&mut self, array: &ExprArray) -> TokenStream {
        let mut shape = Vec::new();
        let mut elements: Vec<&Expr> = array.elems.iter().collect();
        shape.push(elements.len());
        while let Some(Expr::Array(first)) = elements.first().map(|first| strip(first)) {
            let length = first.elems.len();
            let mut inner = Vec::new();
            for row in &elements {
                match strip(row) {
                    Expr::Array(row) if row.elems.len() == length => inner.extend(row.elems.iter()),
                    Expr::Repeat(repeat) => {
                        let message = match literal_length(&repeat.len) {
                            Some(written) if written != length => ROWS_DIFFER,
                            Some(_) if is_simple(&repeat.expr) => {
                                inner.extend(std::iter::repeat_n(&*repeat.expr, length));
                                continue;
                            }
                            _ => {
                                "beside rows that are written out write out this one, too: `[x, x, x]` for `[x; 3]`"
                            }
                        };
                        return self.unsupported(repeat, message);
                    }
                    Expr::Array(row) => return self.unsupported(row, ROWS_DIFFER),
                    other => {
                        let message = "beside rows that are written out write out this one, too: \
                                       `[row[0], row[1]]` for `row`";
                        return self.unsupported(other, message);
                    }
                }
            }
            shape.push(length);
            elements = inner;
        }
        let place = self.place(array.bracket_token.span.open());
        let (t, values) = (self.t.clone(), self.operands(elements.into_iter()));
        quote!(#t.array_literal(&[#(#shape),*], &[#(#values),*], #place))
    }

    /// `[value; n]`.
    pub(crate) fn repeated(&mut self, repeat: &ExprRepeat) -> TokenStream {
        let place = self.place(repeat.bracket_token.span.open());
        let mut lengths = vec![self.expr(&repeat.len)];
        let mut value = strip(&repeat.expr);
        while let Expr::Repeat(row) = value {
            lengths.push(self.expr(&row.len));
            value = strip(&row.expr);
        }
        let (t, value, rank) = (self.t.clone(), self.expr(value), lengths.len() as u8);
        quote!(#t.new_array(
            "from_elem",
            ::core::option::Option::None,
            ::core::option::Option::Some(#rank),
            &[#t.tuple(&[#(#lengths),*]), #value],
            #place
        ))
    }

    /// A macro that a kernel may call: `None` for others.
    pub(crate) fn array_macro(&mut self, call: &ExprMacro) -> Option<TokenStream> {
        let name = call.mac.path.segments.last()?.ident.to_string();
        let tokens = &call.mac.tokens;
        Some(match name.as_str() {
            "vec" if tokens.is_empty() => {
                let (t, place) = (self.t.clone(), self.place(call.mac.path.span()));
                quote!(#t.empty_vector(::core::option::Option::None, #place))
            }
            "array" | "vec" => match syn::parse2::<Expr>(quote_spanned!(call.mac.path.span()=> [#tokens])) {
                Ok(Expr::Array(array)) if name == "array" => self.array_literal(&array),
                Ok(array) => self.expr(&array),
                Err(_) => return None,
            },
            "stack" | "concatenate" => match syn::parse2::<Expr>(quote!([#tokens])) {
                Ok(Expr::Array(parts)) if parts.elems.len() > 1 => {
                    let (t, place) = (self.t.clone(), self.place(call.mac.path.span()));
                    let function = syn::Ident::new(&name, call.mac.path.span());
                    let values = self.operands(parts.elems.iter());
                    let (axis, arrays) = (&values[0], &values[1..]);
                    let joined = quote!(#t.function(
                        ::parfuse::__private::LibraryFunction::#function,
                        &[#axis, #t.tuple(&[#(#arrays),*])],
                        #place
                    ));
                    quote!(#t.method(#joined, ::parfuse::__private::Method::unwrap, &[], #place))
                }
                _ => return None,
            },
            "azip" | "par_azip" => match azip.parse2(tokens.clone()) {
                Ok((parts, body)) => self.zip_macro(call, &parts, &body, name == "par_azip"),
                Err(error) => {
                    let message = "`azip!` has patterns and arrays, and what is done: `azip!((a in &mut a, &b in &b) *a += b)`";
                    self.unsupported(&call.mac, format!("{message} ({error})"))
                }
            },
            _ => return None,
        })
    }

    fn zip_macro(&mut self, call: &ExprMacro, parts: &[Part], body: &Expr, parallel: bool) -> TokenStream {
        let indexed = parts.first().is_some_and(|part| part.indexed);
        let patterns = parts.iter().map(|part| &part.pattern);
        let mut of = parts.iter().filter_map(|part| part.of.as_ref());
        let Some(first) = of.next() else {
            return self.unsupported(&call.mac, "`azip!` goes through one array at least");
        };
        let from = if indexed { quote!(indexed) } else { quote!(from) };
        let method = if parallel { quote!(par_for_each) } else { quote!(for_each) };
        let others: Vec<&Expr> = of.collect();
        let written = quote!(Zip::#from(#first) #(.and(#others))* .#method(|#(#patterns),*| #body));
        match syn::parse2::<Expr>(written) {
            Ok(zip) => self.expr(&zip),
            Err(error) => self.unsupported(&call.mac, error),
        }
    }

    /// `Zip::from(part)` and `Zip::indexed(part)`.
    pub(crate) fn zip_function(&mut self, call: &syn::ExprCall, name: &str) -> TokenStream {
        let indexed = name == "indexed";
        let (t, place, part) = (self.t.clone(), self.place(call.func.span()), self.loop_items(&call.args[0]));
        quote!(#t.zip_from(#part, #indexed, #place))
    }
}
