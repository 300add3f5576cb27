//! Options are truth values beside what there may be; iterators say what cannot be had of them.

use super::{check, check_mistakes, line};
use crate::{ClosureCode, Method, Tracer, Value};

fn closure<'t>(t: &'t Tracer, parameters: usize, code: ClosureCode) -> Value<'t> {
    t.closure(&[], false, parameters, code, line(1))
}

#[test]
fn a_branch_that_gives_none_gives_a_zero_that_nobody_looks_at() {
    check(
        |t| {
            let (c, x) = (t.scalar::<bool>("c"), t.scalar::<f64>("x"));
            let option = t.if_(c, || t.none(line(1)), || t.some(x, line(1)), line(1));
            t.if_some(option, |value| value, || t.float_literal(0.5, line(2)), line(2))
        },
        "program kernel(c: bool, x: f64) -> f64 {
           var x0 merged0: bool
           var x1 merged1: f64
           if c {
             x0 = false
             x1 = 0.0f64
           } else {
             x0 = true
             x1 = x
           }
           v5: bool = x0
           v6: f64 = x1
           v8: f64 = select v5, v6, 0.5f64
           return v8
         }",
    );
}

#[test]
fn what_is_unwrapped_is_checked_unless_it_is_known_to_be_there() {
    check(
        |t| {
            let x = t.scalar::<f64>("x");
            let sure = t.method(t.some(x, line(1)), Method::unwrap, &[], line(1));
            let positive = t.binary(">", x, t.float_literal(0.0, line(2)), line(2));
            let option = t.method(positive, Method::then_some, &[sure], line(2));
            t.method(option, Method::unwrap, &[], line(2))
        },
        "program kernel(x: f64) -> f64 {
           v3: bool = gt x, 0.0f64 @2:5
           check v3, no_value @2:5
           return x
         }",
    );
}

#[test]
fn options_and_iterators_say_what_to_write_instead() {
    check_mistakes(
        |t| {
            let (a, b) = (t.array::<f64>("a", 1), t.array::<f64>("b", 1));
            let c = t.scalar::<bool>("c");
            let items = t.method(b, Method::iter, &[], line(1));
            t.if_(c, || t.some(items, line(1)), || t.none(line(1)), line(1));
            let mut_items = t.variable("items", t.method(a, Method::iter, &[], line(2)), line(2));
            t.method(mut_items, Method::any, &[closure(t, 1, |t, _| t.bool_literal(true, line(2)))], line(2));
            let endless = t.range_from(t.lift(0usize, line(3)), line(3));
            t.method(endless, Method::collect, &[], line(3));
            let kept = closure(t, 1, |t, _| t.bool_literal(true, line(4)));
            let filtered =
                t.method(t.method(a, Method::iter, &[], line(4)), Method::filter, &[kept], line(4));
            t.method(filtered, Method::chain, &[b], line(4));
            let joined = t.tuple(&[a, t.array::<f64>("m", 2)]);
            t.function(crate::LibraryFunction::concatenate, &[t.lift(0usize, line(5)), joined], line(5));
            t.method(a, Method::swap_axes, &[t.lift(0usize, line(6)), t.lift(0usize, line(6))], line(6))
        },
        &[
            "kernel.rs:1:5: the value of a branch must be a scalar, an array, an option or a tuple of them",
            "kernel.rs:2:5: an iterator in a variable goes on where this has left it, which a kernel does not remember; \
             write out the iterator where it is used, `a.iter().position(…)`, or go through it with `for`",
            "kernel.rs:3:5: `.collect()` of a range without an end; write `take(n)` in front of it",
            "kernel.rs:4:5: `.chain()` behind `filter` and its kin is not supported in a kernel; write it in front, or a \
             loop",
            "kernel.rs:5:5: `concatenate` joins arrays with as many axes",
            "kernel.rs:6:5: `.swap_axes()` is for arrays that the kernel has made and holds in a `let mut` variable, not \
             for views and parameters; bind a view with other axes to a name of its own",
        ],
    );
}
