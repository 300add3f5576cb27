//! Branches merge values, ranges become loops, conditions short-circuit.

use super::{check, check_mistakes, line, trace};
use crate::Method;
use parfuse_ir::FaultKind;
use parfuse_ir::program::Stmt;

#[test]
fn a_choice_between_values_at_hand_is_a_select() {
    check(
        |t| {
            let (c, x) = (t.scalar::<bool>("c"), t.scalar::<f64>("x"));
            t.if_(c, || x, || t.float_literal(0.0, line(1)), line(1))
        },
        "program kernel(c: bool, x: f64) -> f64 {
           v3: f64 = select c, x, 0.0f64
           return v3
         }",
    );
}

#[test]
fn branches_merge_scalars_and_tuples_through_variables() {
    check(
        |t| {
            let (c, x) = (t.scalar::<bool>("c"), t.scalar::<f64>("x"));
            let pair = t.if_(
                c,
                || t.tuple(&[t.binary("*", x, x, line(1)), t.int_literal(1, line(1))]),
                || t.tuple(&[x, t.int_literal(2, line(1))]),
                line(1),
            );
            t.field(pair, 0, line(2))
        },
        "program kernel(c: bool, x: f64) -> f64 {
           var x0 merged0: f64
           var x1 merged1: i32
           if c {
             v2: f64 = mul x, x
             x0 = v2
             x1 = 1i32
           } else {
             x0 = x
             x1 = 2i32
           }
           v5: f64 = x0
           v6: i32 = x1
           return v5
         }",
    );
}

#[test]
fn loops_run_over_ranges_of_all_forms() {
    check(
        |t| {
            let n = t.scalar::<i64>("n");
            let acc = t.var("acc", 0i64);
            let add = |i| {
                t.assign_op("+", acc, i, line(2));
            };
            let zero = || t.int_literal(0, line(1));
            t.for_(t.range(zero(), n, true, line(1)), add, line(1));
            let back = t.method(t.range(zero(), n, false, line(3)), Method::rev, &[], line(3));
            t.for_(back, add, line(3));
            let two = t.int_literal(2, line(4));
            let steps = t.method(t.range(zero(), n, false, line(4)), Method::step_by, &[two], line(4));
            t.for_(t.parallel(steps, line(4)), add, line(4));
            acc
        },
        "program kernel(n: i64) -> i64 {
           var x0 acc: i64
           x0 = 0i64
           v4: i64 = add n, 1i64
           for v6: i64 in 0i64..v4 step 1usize {
             v7: i64 = x0
             v8: i64 = add v7, v6
             x0 = v8
           }
           v11: i64 = sub n, 1i64
           v12: i64 = add 0i64, v11
           for v14: i64 in 0i64..n step 1usize {
             v15: i64 = sub v12, v14
             v16: i64 = x0
             v17: i64 = add v16, v15
             x0 = v17
           }
           prange v20: i64 in 0i64..n step 2usize {
             v21: i64 = x0
             v22: i64 = add v21, v20
             x0 = v22
           }
           v23: i64 = x0
           return v23
         }",
    );
}

#[test]
fn a_step_that_may_be_zero_is_checked() {
    let program = trace(|t| {
        let (n, step) = (t.scalar::<i32>("n"), t.scalar::<usize>("step"));
        let acc = t.var("acc", 0i32);
        t.for_each(t.range_of((0, n)).step_by(step), |_, i| acc.add(i));
        acc
    });
    let check = program.body.iter().any(|stmt| matches!(stmt, Stmt::Check { kind: FaultKind::ZeroStep, .. }));
    assert!(check, "{program}");
    // It is no number of the range's type.
    assert!(program.to_string().contains("0i32..n step \"step\""), "{program}");
}

#[test]
fn while_computes_its_condition_anew() {
    check(
        |t| {
            let x = t.variable("x", t.scalar::<f64>("p"), line(1));
            let one = || t.float_literal(1.0, line(2));
            t.while_(
                || t.binary(">", x, one(), line(2)),
                || {
                    t.assign_op("/", x, t.float_literal(2.0, line(3)), line(3));
                },
                line(2),
            );
            x
        },
        "program kernel(p: f64) -> f64 {
           var x0 x: f64
           x0 = p
           while {
             v2: f64 = x0
             v3: bool = gt v2, 1.0f64
             test v3
           } do {
             v5: f64 = x0
             v6: f64 = div v5, 2.0f64
             x0 = v6
           }
           v7: f64 = x0
           return v7
         }",
    );
}

#[test]
fn a_quiet_right_side_is_evaluated_at_once_and_another_only_if_needed() {
    check(
        |t| {
            let (a, x) = (t.scalar::<bool>("a"), t.scalar::<f64>("x"));
            t.logical(true, a, || t.binary("<", x, t.float_literal(1.0, line(1)), line(1)), line(1))
        },
        "program kernel(a: bool, x: f64) -> bool {
           v3: bool = lt x, 1.0f64
           v4: bool = and a, v3
           return v4
         }",
    );
    check(
        |t| {
            let (a, flags) = (t.scalar::<bool>("a"), t.array::<bool>("flags", 1));
            t.logical(false, a, || t.index(flags, &[t.int_literal(3, line(1))], line(1)), line(1))
        },
        "program kernel(a: bool, flags: [bool; 1]) -> bool {
           var x0 or: bool
           if a {
             x0 = true
           } else {
             v3: bool = index flags[3usize]
             x0 = v3
           }
           v5: bool = x0
           return v5
         }",
    );
}

#[test]
fn mistakes_of_control_flow_are_reported_once() {
    check_mistakes(
        |t| {
            let x = t.scalar::<f64>("x");
            t.if_(x, || t.unit(), || t.unit(), line(1));
            t.if_(t.bool_literal(true, line(2)), || x, || t.unit(), line(2));
            t.for_(x, |_| (), line(3));
            t.for_(t.range(x, x, false, line(4)), |i| _ = t.binary("+", i, x, line(5)), line(4));
            t.parallel(x, line(6));
            t.while_(|| x, || _ = t.binary("+", x, t.lift(1i32, line(8)), line(8)), line(7))
        },
        &[
            "kernel.rs:1:5: a condition: expected bool, found f64",
            "kernel.rs:2:5: the branches of `if` give different types: values and tuples, or `()`",
            "kernel.rs:3:5: a loop goes through a range of integers, an array or an iterator: `for i in 0..n`, `for x in \
             a.iter()`",
            "kernel.rs:4:5: the bounds of a range: expected {integer}, found f64",
            "kernel.rs:6:5: a loop goes through a range of integers, an array or an iterator: `for i in 0..n`, `for x in \
             a.iter()`",
            "kernel.rs:7:5: a condition: expected bool, found f64",
            "kernel.rs:8:5: `+` of f64 and i32: both sides must have one type; convert one with `as`",
        ],
    );
}

#[test]
fn values_do_not_leave_the_block_that_computes_them() {
    check_mistakes(
        |t| {
            let x = t.scalar::<f64>("x");
            let leaked = std::cell::Cell::new(x);
            t.if_(
                t.bool_literal(true, line(1)),
                || {
                    leaked.set(t.binary("*", x, x, line(1)));
                    t.unit()
                },
                || t.unit(),
                line(1),
            );
            t.binary("+", leaked.get(), x, line(2))
        },
        &["kernel.rs:2:5: a value computed inside a branch, loop or closure is used outside of it; \
           carry it out in a variable"],
    );
}
