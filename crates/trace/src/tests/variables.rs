//! Variables are references until bound; names and ownership of arrays.

use super::{check, check_mistakes, line, trace};
use crate::Method;
use parfuse_ir::DType;
use parfuse_ir::program::Type;

#[test]
fn a_bound_scalar_variable_is_a_snapshot() {
    check(
        |t| {
            let x = t.scalar::<f64>("x");
            let acc = t.variable("acc", x, line(1));
            let before = t.bind("before", acc, None, line(2));
            t.assign_op("+", acc, x, line(3));
            t.binary("-", acc, before, line(4))
        },
        "program kernel(x: f64) -> f64 {
           var x0 acc: f64
           x0 = x
           v1 before: f64 = x0
           v2: f64 = x0
           v3: f64 = add v2, x
           x0 = v3
           v4: f64 = x0
           v5: f64 = sub v4, v1
           return v5
         }",
    );
}

#[test]
fn variables_change_places_in_tuple_assignment() {
    check(
        |t| {
            let pair = t.tuple(&[t.scalar::<i64>("p"), t.scalar::<i64>("q")]);
            let pair = t.variable("pair", pair, line(1));
            let (a, b) = (t.field(pair, 0, line(2)), t.field(pair, 1, line(2)));
            t.assign(pair, t.tuple(&[b, a]), line(2));
            a
        },
        "program kernel(p: i64, q: i64) -> i64 {
           var x0 \"pair.0\": i64
           var x1 \"pair.1\": i64
           x0 = p
           x1 = q
           v2: i64 = x1
           v3: i64 = x0
           x0 = v2
           x1 = v3
           v4: i64 = x0
           return v4
         }",
    );
}

#[test]
fn names_go_to_values_that_have_none() {
    let program = trace(|t| {
        let x = t.scalar::<f64>("x");
        let y = t.bind("y", t.binary("*", x, x, line(1)), None, line(1));
        t.bind("z", y, None, line(2));
        t.bind("", x, None, line(2));
        y
    });
    let names: Vec<_> = program.values.iter().filter_map(|(_, data)| data.name.as_deref()).collect();
    assert_eq!(names, ["x", "y"]);
}

#[test]
fn a_declared_variable_gets_its_type_from_its_first_assignment() {
    let program = trace(|t| {
        let x = t.declare("x", line(1));
        let cond = t.scalar::<bool>("cond");
        let assign = |value: f32| {
            t.assign(x, t.lift(value, line(2)), line(2));
            t.unit()
        };
        t.if_(cond, || assign(1.0), || assign(2.0), line(2));
        x
    });
    assert_eq!(program.ty(program.results[0]), Type::scalar(DType::F32));
    assert_eq!(program.vars.len(), 1);
}

#[test]
fn a_fresh_array_is_taken_over_and_a_parameter_copied() {
    check(
        |t| {
            let (a, n) = (t.array::<f64>("a", 1), t.scalar::<usize>("n"));
            let fresh = t.variable("fresh", t.zeros::<f64>(&[n]), line(1));
            let copied = t.variable("copied", t.method(a, Method::to_owned, &[], line(2)), line(2));
            t.tuple(&[fresh, copied])
        },
        "program kernel(a: [f64; 1], n: usize) -> ([f64; 1], [f64; 1]) {
           var x0 fresh: [f64; 1]
           var x1 copied: [f64; 1]
           v3: [f64; 1] = fill[n] 0.0f64
           x0 = v3
           v4: [f64; 1] = copy a
           x1 = v4
           v5: [f64; 1] = x0
           v6: [f64; 1] = x1
           return v5, v6
         }",
    );
}

#[test]
fn an_array_used_after_it_was_taken_over_is_copied() {
    let program = trace(|t| {
        let n = t.scalar::<usize>("n");
        let base = t.bind("base", t.ones::<f64>(&[n]), None, line(1));
        let changed = t.variable("changed", base, line(2));
        t.method(changed, Method::fill, &[t.lift(2.0, line(3))], line(3));
        t.binary("+", base, changed, line(4))
    });
    assert_eq!(program.to_string().matches("copy v2").count(), 1, "{program}");
}

#[test]
fn an_array_taken_over_again_in_each_iteration_is_copied() {
    let program = trace(|t| {
        let n = t.scalar::<usize>("n");
        let base = t.bind("base", t.ones::<f64>(&[n]), None, line(1));
        let last = t.variable("last", t.zeros::<f64>(&[n]), line(1));
        t.for_each(..n, |t, _| {
            t.assign(last, base, line(2));
            t.method(last, Method::fill, &[t.lift(2.0, line(3))], line(3));
        });
        last
    });
    assert_eq!(program.to_string().matches("= copy").count(), 1, "{program}");
}

#[test]
fn moved_arrays_can_change_places() {
    let program = trace(|t| {
        let n = t.scalar::<usize>("n");
        let a = t.variable("a", t.ones::<f64>(&[n]), line(1));
        let b = t.variable("b", t.zeros::<f64>(&[n]), line(1));
        let old = t.bind("old", a, None, line(2));
        t.assign(a, b, line(3));
        t.assign(b, old, line(4));
        t.tuple(&[a, b])
    });
    let text = program.to_string();
    assert!(text.contains("old: [f64; 1] = copy"), "{text}");
}

#[test]
fn a_borrowed_array_stays_a_reference() {
    let program = trace(|t| {
        let n = t.scalar::<usize>("n");
        let a = t.variable("a", t.ones::<f64>(&[n]), line(1));
        let view = t.bind("view", t.unary("&mut", a, line(2)), None, line(2));
        t.store(view, &[t.int_literal(0, line(3))], t.float_literal(5.0, line(3)), line(3));
        a
    });
    let text = program.to_string();
    assert!(text.contains("store x0[0usize]") && !text.contains("copy"), "{text}");
}

#[test]
fn annotating_a_result_copies_nothing() {
    let program = trace(|t| {
        let n = t.scalar::<usize>("n");
        let a = t.variable("a", t.ones::<f64>(&[n]), line(1));
        t.bind("", a, Some(Type::array(DType::F64, 1).into()), line(2))
    });
    assert!(!program.to_string().contains("copy"), "{program}");
}

#[test]
fn an_annotated_array_is_moved_like_any_other() {
    let program = trace(|t| {
        let n = t.scalar::<usize>("n");
        let a = t.variable("a", t.ones::<f64>(&[n]), line(1));
        let old = t.bind("old", a, Some(Type::array(DType::F64, 1).into()), line(2));
        t.assign(a, t.zeros::<f64>(&[n]), line(3));
        t.binary("+", a, old, line(4))
    });
    assert!(program.to_string().contains("old: [f64; 1] = copy"), "{program}");
}

#[test]
fn arrays_change_in_place() {
    check(
        |t| {
            let (out, b) = (t.array_mut::<f64>("out", 2), t.array::<f64>("b", 1));
            t.assign_op("+=", out, b, line(1));
            t.method(out, Method::assign, &[b], line(2));
            t.unit()
        },
        "program kernel(mut out: [f64; 2], b: [f64; 1]) {
           var x0 out: [f64; 2] is p0
           v1: [f64; 2] = x0
           v2: [f64; 2] = add v1, b
           update x0, v2
           update x0, b
         }",
    );
}

#[test]
fn what_is_not_a_variable_cannot_be_changed() {
    check_mistakes(
        |t| {
            let (x, a) = (t.scalar::<f64>("x"), t.array::<f64>("a", 1));
            t.assign(x, x, line(1));
            t.store(a, &[t.int_literal(0, line(2))], x, line(2));
            let out = t.array_mut::<f64>("out", 1);
            t.assign(out, a, line(3));
            let y = t.declare("y", line(4));
            t.binary("+", y, x, line(5))
        },
        &[
            "kernel.rs:1:5: `=`: `x` cannot be changed; declare it with `let mut`",
            "kernel.rs:2:5: `=`: `a` cannot be changed; declare it with `let mut`",
            "kernel.rs:3:5: the parameter `out` cannot be replaced; write `out.assign(&…)` to overwrite its \
             elements",
            "kernel.rs:5:5: `y` is used before a value is assigned to it",
        ],
    );
}

#[test]
fn references_keep_referring_to_their_arrays() {
    check_mistakes(
        |t| {
            let zeros =
                || t.new_array("zeros", Some(DType::F64.into()), None, &[t.lift(3usize, line(1))], line(1));
            let (a, b) = (t.variable("a", zeros(), line(1)), t.variable("b", zeros(), line(2)));
            let r = t.variable("r", t.unary("&mut", a, line(3)), line(3));
            t.assign(r, t.unary("&mut", b, line(4)), line(4));
            // What is behind it may be replaced.
            t.assign(t.unary("*", r, line(5)), b, line(5));
            t.unit()
        },
        &[
            "kernel.rs:4:5: a reference to `a` cannot be made to refer to another array in a kernel; assign to the \
           array behind it, `*reference = …`, or swap the arrays themselves, `(a, b) = (b, a)`",
        ],
    );
}
