//! The attribute as a function on token streams: what it emits, what it complains about.

use crate::expand;
use proc_macro2::TokenStream;
use quote::ToTokens;
use std::str::FromStr;
use syn::{Item, ItemFn};

/// The items that a kernel's text expands to, without complaints.
fn items(source: &str) -> Vec<Item> {
    let expanded = expand(TokenStream::new(), TokenStream::from_str(source).unwrap());
    let file: syn::File = syn::parse2(expanded).unwrap();
    let errors: Vec<String> = complaints(source);
    assert!(errors.is_empty(), "{errors:?}");
    file.items
}

/// The translation of the body, without white space.
fn traced(source: &str) -> String {
    let items = items(source);
    let inline = items.iter().find_map(|item| match item {
        Item::Impl(item) if item.trait_.as_ref().is_some_and(|(path, _)| ends_with(path, "Inline")) => {
            Some(item)
        }
        _ => None,
    });
    let text = inline.expect("an implementation of Inline").to_token_stream().to_string();
    text.replace([' ', '\n'], "")
}

fn ends_with(path: &syn::Path, name: &str) -> bool {
    path.segments.last().is_some_and(|last| last.ident == name)
}

/// The messages of all `compile_error!`s.
fn complaints(source: &str) -> Vec<String> {
    complaints_with("", source)
}

fn complaints_with(arguments: &str, source: &str) -> Vec<String> {
    let arguments = TokenStream::from_str(arguments).unwrap();
    let expanded = expand(arguments, TokenStream::from_str(source).unwrap());
    let file: syn::File = syn::parse2(expanded).unwrap();
    file.items
        .iter()
        .filter_map(|item| match item {
            Item::Macro(item) => Some(item.mac.parse_body::<syn::LitStr>().unwrap().value()),
            _ => None,
        })
        .collect()
}

#[track_caller]
fn contains(source: &str, parts: &[&str]) {
    let text = traced(source);
    for part in parts {
        assert!(text.contains(&part.replace(' ', "")), "no {part}\nin {text}");
    }
}

#[track_caller]
fn complains(body: &str, expected: &str) {
    let source = format!("fn k(a: &ArrayRef1<f64>, n: i64, x: f64) {{ {body} }}");
    let errors = complaints(&source);
    assert!(
        errors.iter().any(|message| message.contains(expected)),
        "{expected:?} is not among {errors:#?} for {body}"
    );
}

#[test]
fn the_function_itself_is_unchanged() {
    let source =
        "/// Doubles.\n#[inline] pub(crate) fn double<'a>(x: f64, a: ArrayView1<'a, f64>) -> f64 { x * 2.0 }";
    let function: ItemFn = syn::parse_str(source).unwrap();
    let items = items(source);
    assert_eq!(items[0].to_token_stream().to_string(), function.to_token_stream().to_string());
    assert!(matches!(&items[1], Item::Enum(item) if item.ident == "double" && item.variants.is_empty()));
    assert!(matches!(&items[1], Item::Enum(item) if matches!(item.vis, syn::Visibility::Restricted(_))));
}

#[test]
fn functions_with_a_result_have_variants_that_write_into_memory() {
    let names = |source: &str| -> Vec<String> {
        let items = items(source);
        let Some(Item::Impl(item)) = items.last() else { panic!("an impl") };
        let functions = item.items.iter().filter_map(|item| match item {
            syn::ImplItem::Fn(function) => Some(function.sig.ident.to_string()),
            _ => None,
        });
        // What variants share is no one else's.
        functions.filter(|name| !name.starts_with("__")).collect()
    };
    let with = ["kernel", "serial", "parallel", "serial_into", "parallel_into", "compare", "compare_with"];
    assert_eq!(names("fn f(x: f64) -> f64 { x }"), with);
    assert_eq!(names("fn f(x: f64) { }"), ["kernel", "serial", "parallel", "compare", "compare_with"]);
    assert_eq!(names("fn f(x: f64) -> () { }"), ["kernel", "serial", "parallel", "compare", "compare_with"]);
}

#[test]
fn places_are_those_of_the_users_tokens() {
    contains(
        "fn f(x: f64) -> f64 { x * 2.0 }",
        &["t.binary(\"*\", x, t.float_literal(2.0, at(1, 27)), at(1, 25))"],
    );
}

#[test]
fn names_are_variables_if_local_and_constants_otherwise() {
    contains(
        "fn f(x: f64) -> f64 { x + PI + std::f64::consts::E }",
        &["x, t.lift(PI, at(", "t.lift(std::f64::consts::E, at("],
    );
    contains("fn f() -> f64 { { let y = 1.0; } y }", &["t.lift(y,"]);
}

#[test]
fn statements_become_hooks() {
    contains(
        "fn f(n: i64, out: &mut ArrayRef2<f64>) {
            let mut s = 0;
            let t: f64;
            t = 1.0;
            let (a, mut b): (i64, i64) = (n, n);
            while s < n && a != b { s += 1; }
            for i in prange(0..=n) { out[[i, 0]] = t; out[(0, i)] *= 2.0; }
            for _ in (0..10).rev().step_by(2) { (a, b) = (b, a); }
        }",
        &[
            "let s = t.variable(\"s\", t.int_literal(0,",
            "let t = t.declare(\"t\",",
            "<f64 as ::parfuse::__private::Annotated>::annotation()",
            "let a = t.bind(\"a\", t.bind(\"\", t.field(whole_0, 0,",
            "let b = t.variable(\"b\", t.bind(\"\",",
            "t.while_(|| t.logical(true, t.binary(\"<\", s, n,",
        ],
    );
    contains(
        "fn f(out: &mut [f64]) { out[3] = 1.0; out[4] += 2.0; }",
        &["t.store(out, &[t.int_literal(3,", "t.store_op(\"+\", out, &[t.int_literal(4,"],
    );
    contains(
        "fn f(n: i64) { for i in prange(0..=n) { } }",
        &[
            "use prange as __Callee",
            "t.range(t.int_literal(0, at(1, 32)), n, true,",
            "let i = t.bind(\"i\", index,",
        ],
    );
}

#[test]
fn calls_become_hooks() {
    contains(
        "fn f(x: f64) -> f64 { m::g(x) }",
        &[
            "use ::parfuse::__private::NotAKernel as __Callee",
            "use m::g as __Callee",
            "<__Callee as ::parfuse::__private::Inline>::inline(t, &[x],",
        ],
    );
    contains("fn f() -> f64 { random::<f64>() }", &["<__Callee::<f64> as ::parfuse::__private::Inline>"]);
    contains(
        "fn f(x: f64) -> f64 { f64::max(x, 1.0).powi(2) }",
        &[
            "t.method(t.method(x, ::parfuse::__private::Method::max, &[t.float_literal(1.0,",
            "Method::powi, &[t.int_literal(2,",
        ],
    );
    contains("fn f(x: i32) -> f64 { f64::from(x) }", &["t.cast::<f64>(x,"]);
    contains(
        "fn f(n: usize) -> Array2<f64> { Array2::zeros((n, n)) }",
        &["t.array_function::<Array2::<::parfuse::__private::Infer>>(\"zeros\", &[t.tuple(&[n, n])],"],
    );
    contains(
        "fn f(n: usize) -> Grid { Grid::from_elem([n, n], 1.0) }",
        &["t.array_function::<Grid>(\"from_elem\", &[t.tuple(&[n, n]), t.float_literal(1.0,"],
    );
    contains(
        "fn f(a: &ArrayRef1<f64>) -> Array1<f64> { a.mapv(|v| v + 1.0) }",
        &[
            "t.method(a, ::parfuse::__private::Method::mapv, &[t.closure(&[], false, 1usize, |t, given| {",
            "let v = given[0usize];",
        ],
    );
    contains("fn f(a: &ArrayRef1<f64>) -> f64 { a.mean().expect(\"elements\") }", &["Method::expect, &[],"]);
}

#[test]
fn borrows_are_told_from_moves() {
    contains(
        "fn f(a: &ArrayRef1<f64>) { let b = &a; let c = a; g(&mut c); }",
        &["let b = t.bind(\"b\", t.unary(\"&\", a,", "let c = t.bind(\"c\", a,", "&[t.unary(\"&mut\", c,"],
    );
}

#[test]
fn a_variable_is_read_before_a_later_operand_changes_it() {
    contains(
        "fn f(mut x: f64) -> f64 { x + { x += 1.0; x } }",
        &["t.binary(\"+\", t.bind(\"\", t.value_now(x,"],
    );
}

#[test]
fn return_may_stand_anywhere_and_makes_a_scope_only_where_it_is_early() {
    let last = ["return x;", "if x > 0.0 { return x; } else if x < 1.0 { 0.0 } else { return -x }"];
    for body in last {
        let items = items(&format!("fn f(x: f64) -> f64 {{ {body} }}"));
        let code: String = items.iter().map(|item| item.to_token_stream().to_string()).collect();
        assert!(!code.contains("scope_"), "{body}");
    }
    contains(
        "fn f(x: f64) -> f64 { if x > 0.0 { return x; } 0.0 }",
        &["t.scope_(|returned|", "t.leave_(returned, x, \"`return`\","],
    );
}

#[test]
fn all_complaints_come_at_once() {
    let errors = complaints(
        "fn f(a: Vec<f64>, b: u128) -> char {
            let x = match b { Shape::Inner(y) => 1, _ => 2 };
            loop { }
            for i in a.by_ref() { }
            println!();
            a.norm_l1(b)
        }",
    );
    assert_eq!(errors.len(), 8, "{errors:#?}");
}

#[test]
fn complaints_say_what_to_write_instead() {
    for (body, expected) in [
        ("match n { k if k > 0 => 1, _ if true => 0 };", "without an `if`"),
        ("match x { Shape::Inner(y) if y > 0 => y, _ => x };", "pattern"),
        ("if let Shape::Inner(y) = x { }", "pattern"),
        ("match (n, x) { (0, y) | (y, 0) => y, (.., y) => y };", "each part of the tuple"),
        ("match (n, (n, x)) { (0, (1, y) | (y, 1)) => y, _ => x };", "an arm for each"),
        ("loop { }", "never ends"),
        ("for i in prange(0..n) { if i > 3 { break; } }", "`continue` or an `if`"),
        ("'a: for i in 0..n { for j in prange(0..n) { continue 'a; } }", "`continue` or an `if`"),
        ("for i in prange(0..n) { for j in 0..n { return x; } }", "a plain `for`"),
        ("for i in 0..n { a.mapv(|y| { if y > 0.0 { break; } y }); }", "leave a closure"),
        ("let y = a.first()?;", "`?`"),
        ("let s = c\"text\";", "strings"),
        ("let s = b\"text\";", "`text: &[u8]`"),
        ("let s = 'x';", "as a byte this is `b'x'`"),
        ("let s = 'é';", "`233u32`"),
        ("let y = || { for i in prange(0..n) { a.get(i)?; } None };", "`?` would leave a `prange`"),
        ("match n { k if let Some(y) = a.get(k) => 1, _ => 0 };", "`if let Some(x) = … && …`"),
        ("let y = vec![1.0; 2; 3];", "Array1::zeros"),
        ("assert!();", "what is to hold"),
        ("println!(\"{n}\");", "print it after the call"),
        ("let y = a.subview(1);", "index the elements"),
        ("let y = a.slice(s![1 2]);", "an index or a range for each axis"),
        ("let y = a.iter().intersperse(0.0);", "`for` loop over a range"),
        ("let y = a.mean().xor(None);", "unwrap_or(value)"),
        ("let y = x as u128;", "converts to"),
        ("let y = 3u128;", "`u128`"),
        ("let y: u128 = 3;", "`u128`"),
        ("k(a, n, x);", "call itself"),
        ("let y = Array1::uninit(3);", "in a loop"),
        ("let y = Array1::arrange(3);", "zeros, ones"),
        ("let y = Zip::new(a);", "write the expression over whole arrays"),
        ("azip!((c in a, d) c + d);", "has patterns and arrays"),
        ("let y = Complex64::from_str(x);", "make complex numbers by `new`"),
        ("let y = std::cmp::max_by(n, 1);", "write out what it does"),
        ("let y = a.transpose();", "axes exchanged"),
        ("let y = a.squeeze();", "broadcast by themselves"),
        ("let y = n.to_be();", "shifts and masks"),
        ("let y = std::mem::forget(a);", "std::mem::replace"),
        ("let y = f64::sqrtt(x);", "`sqrtt`"),
        ("let b = [[x, x], [0.0; 3]];", "as many elements each"),
        ("let b = [[x, x], [k(x); 2]];", "`[x, x, x]` for `[x; 3]`"),
        ("let b = [[x, x], c];", "`[row[0], row[1]]` for `row`"),
        ("GLOBAL = 3;", "its own variables"),
        ("f(a).b = 3;", "a variable or an array element"),
        ("struct Inner;", "move it out"),
        ("for i in ..n { }", "has a start"),
    ] {
        complains(body, expected);
    }
}

#[test]
fn a_chain_of_iterators_is_complained_about_once() {
    for chain in ["a.iter().fuse().sum::<f64>()", "a.iter().fuse().scan(0, |p, q| p).peekable()"] {
        let errors = complaints(&format!("fn f(a: &ArrayRef1<f64>) {{ let y = {chain}; }}"));
        assert_eq!(errors.len(), 1, "{errors:?}");
    }
}

#[test]
fn signatures_are_checked() {
    for (source, expected) in [
        ("fn f<D: Dimension>(x: &Array<f64, D>) { }", "the number of axes"),
        ("fn f<S>(x: &ArrayBase<S, Ix1>) where S: Data<Elem = f64> { }", "`&ArrayRef1<T>`"),
        ("fn f<F: Fn(f64) -> f64>(g: F) { }", "takes no functions"),
        ("fn f<'a, 'b: 'a>(x: ArrayView1<'b, f64>) { }", "lifetimes"),
        ("fn f<'a, T: From<&'a u8>>(x: T) { }", "no lifetimes"),
        ("fn f(x: impl Float) { }", "`<T: Float>(x: T)`"),
        ("fn std(x: f64) { }", "the crate `std`"),
        ("fn f64(x: i64) { }", "the type `f64`"),
        ("fn f(&self) { }", "method"),
        ("async fn f() { }", "asynchronous"),
        ("unsafe fn f() { }", "`unsafe`"),
        ("fn f(x: Array1<f64>) { }", "by reference"),
        ("fn f(g: impl Fn(f64) -> f64) { }", "not passed to a kernel"),
        ("fn f(x: Vec<f64>) { }", "by reference"),
        ("fn f(x: &[Vec<f64>]) { }", "vectors of vectors"),
        ("fn f(x: &Vec<Vec<f64>>) { }", "vectors of vectors"),
        ("fn f(x: &[u128]) { }", "`u128`"),
        ("fn f(x: &ArrayRef1<u128>) { }", "`u128`"),
        ("fn f((x, y): (f64, f64)) { }", "in the body"),
        ("fn f(a: &ArrayRef1<f64>) -> ArrayView1<f64> { a }", "cannot be returned"),
        ("fn f() -> (f64, f64, f64, f64, f64) { }", "too long"),
        ("fn f(x: f64) -> Result<f64, Box<f64>> { Ok(x) }", "`fail!("),
        ("fn f(x: f64) -> Option<u128> { None }", "cannot be returned"),
        ("struct S;", "stands on a function"),
        (&format!("fn f({}) {{ }}", "_: f64, ".repeat(65)), "at most 64"),
    ] {
        let errors = complaints(source);
        assert!(errors.iter().any(|message| message.contains(expected)), "{expected}: {errors:?}");
    }
    let references = "fn f(a: &f64, b: &mut f64, c: &Vec<f64>, d: &mut Vec<f64>, e: &ArrayView1<f64>, g: &mut (f64, u8)) { }";
    assert!(complaints(references).is_empty());
    assert_eq!(complaints_with("fast", "fn f() { }").len(), 0);
    assert_eq!(complaints_with("slow", "fn f() { }").len(), 1);
}

#[test]
fn a_wrong_kernel_still_has_all_its_items() {
    let source = "fn f(x: u128) -> f64 { loop { } }";
    let expanded = expand(TokenStream::new(), TokenStream::from_str(source).unwrap());
    let file: syn::File = syn::parse2(expanded).unwrap();
    let text = file.to_token_stream().to_string();
    for part in ["enum f", "fn serial ", "fn serial_into", "fn compare", "KernelFunction for f"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!text.contains("Argument"), "nothing about the wrong type is asked again: {text}");
}

#[test]
fn slices_keep_the_order_of_their_parts() {
    contains(
        "fn f(a: &ArrayRef3<f64>, i: usize, n: usize) -> f64 { a.slice(s![1.., i, ..=n; 2, NewAxis, ..,]).sum() }",
        &[
            "t.slice_info(&[",
            "SliceItem::Range { start: ::core::option::Option::Some(t.int_literal(1,",
            "SliceItem::Of(i, ::core::option::Option::None)",
            "end: ::core::option::Option::Some(n), inclusive: true, step: ::core::option::Option::Some(",
            "SliceItem::NewAxis,",
        ],
    );
    contains(
        "fn f(a: &ArrayRef2<f64>) -> f64 { a.index_axis(Axis(1), 0).sum() }",
        &["Method::index_axis, &[t.int_literal(1,"],
    );
    contains(
        "fn f(a: &mut ArrayRef2<f64>) { a.row_mut(1)[2] = 3.0; *&mut a.t() += 1.0; }",
        &["t.store(t.method(a,"],
    );
}

#[test]
fn generic_kernels_are_generic_types() {
    let source = "pub fn f<'a, T: Float, const N: usize>(x: ArrayView1<'a, T>, y: T, k: usize) -> T { y + T::from(N).unwrap() }";
    let items = items(source);
    let text: Vec<String> =
        items.iter().map(|item| item.to_token_stream().to_string().replace([' ', '\n'], "")).collect();
    assert!(
        text[1].contains("enumf<T=&'staticf<(),{<usize>::MAX}>,constN:usize={<usize>::MAX}>"),
        "{}",
        text[1]
    );
    let bounded = "<T:Float+::parfuse::__private::TypeArgument,constN:usize>";
    for part in [
        format!("impl{bounded}::parfuse::__private::Inlineforf<T,N>"),
        "t.lift(T::from(N).unwrap(),".to_string(),
        "t.call_instance(\"f\",&[(\"T\",&[0usize,1usize])],&[],".to_string(),
    ] {
        assert!(text.iter().any(|item| item.contains(&part)), "no {part} in {text:#?}");
    }
}

#[test]
fn the_tests_of_a_match_stand_in_front() {
    let source = "fn f(n: i64) -> i64 { match n { 0 => 1, k @ (1 | 2..=3) if k > n => k, _ => 2 } }";
    contains(
        source,
        &[
            "let matched0_is0 = t.is_constant(matched0, t.int_literal(0,",
            "let matched0_is1 = t.binary(\"|\", t.is_constant(",
            "t.if_(matched0_is0, || {",
            "t.if_(t.logical(true, matched0_is1, || { let k = t.bind(\"k\", matched0,",
        ],
    );
}
