//! What is fused, what is not and why, and that it takes no longer than it must.

use super::*;
use crate::testing::{check, parse, run};

#[test]
fn a_loop_joins_the_one_whose_elements_it_reads() {
    check(
        fuse_loops,
        "loops f(n: usize, b0 a: f64[unit]) {
           buffer b1 t: [f64; 1]
           buffer b2 r: [f64; 1]
           alloc b1[n]
           parfor v0 in n { source one @1:1 v1: f64 = load b0[v0] store b1[v0], v1 }
           v2: f64 = cast n
           alloc b2[n]
           parfor v3 in n { source two @2:1 v4: f64 = load b1[v3] v5: f64 = mul v4, v2 store b2[v3], v5 }
           return b1, b2
         }",
        "loops f(n: usize, b0 a: f64[unit]) {
           buffer b1 t: [f64; 1]
           buffer b2 r: [f64; 1]
           alloc b1[n]
           v2: f64 = cast n
           alloc b2[n]
           parfor v0 in n {
             source one @1:1
             source two @2:1
             v1: f64 = load b0[v0]
             store b1[v0], v1
             v4: f64 = load b1[v0]
             v5: f64 = mul v4, v2
             store b2[v0], v5
           }
           return b1, b2
         }",
    );
}

#[test]
fn loops_fuse_around_one_that_cannot() {
    check(
        fuse_loops,
        "loops f(n: usize, m: usize, mut b0 a: f64[unit], mut b1 b: f64[unit], mut b2 c: f64[unit]) {
           var x0 s: f64
           var x1 l: f64
           x0 = 0.0f64
           parfor v0 in n { store b0[v0], 1.0f64 }
           parfor v1 in m { store b1[v1], 2.0f64 }
           parfor v2 in n { reduce sum x1 into x0 v3: f64 = load b0[v2] x1 = v3 }
           v4: f64 = x0
           store b2[0usize], v4
         }",
        "loops f(n: usize, m: usize, mut b0 a: f64[unit], mut b1 b: f64[unit], mut b2 c: f64[unit]) {
           var x0 s: f64
           var x1 l: f64
           x0 = 0.0f64
           parfor v0 in n { reduce sum x1 into x0 store b0[v0], 1.0f64 v3: f64 = load b0[v0] x1 = v3 }
           parfor v1 in m { store b1[v1], 2.0f64 }
           v4: f64 = x0
           store b2[0usize], v4
         }",
    );
}

#[test]
fn rows_that_both_loops_keep_to_do_not_cross_iterations() {
    let loops = run(
        fuse_loops,
        "loops f(n: usize, mut b0 a: f64[_, unit]) {
           parfor v0 in n { for v1 in 4usize { store b0[v0, v1], 1.0f64 } }
           parfor v2 in n { for v3 in 3usize { v4: f64 = load b0[v2, v3] store b0[v2, 3usize], v4 } }
         }",
    );
    assert_eq!(loops.body.len(), 1);
    assert_eq!(loops.notes[0].event, Event::Fused);
}

/// Asserts that two loops stay apart, and why.
#[track_caller]
fn refused(first: &str, between: &str, second: &str, reason: FusionRefusal) {
    let text = format!(
        "loops f(n: usize, m: usize, mut b0 a: f64[unit], mut b1 b: f64[unit]) {{
           var x0 s: f64
           var x1 l: f64
           var x2 t: f64
           var x3 k: f64
           x0 = 0.0f64
           x2 = 0.0f64
           parfor v0 in n {{ source one @1:1 {first} }}
           {between}
           parfor {second} }}
           v99: f64 = x0
           store b1[0usize], v99
         }}"
    );
    let loops = run(fuse_loops, &text);
    let events: Vec<Event> = loops.notes.into_iter().map(|note| note.event).collect();
    assert_eq!(events, [Event::NotFused(reason)]);
}

#[test]
fn refusals_say_why() {
    let store = "store b0[v0], 1.0f64";
    refused(store, "", "v1 in m { store b1[v1], 1.0f64", FusionRefusal::DifferentSpaces);
    refused(
        store,
        "",
        "v1 in n { v2: usize = add v1, 1usize v3: f64 = load b0[v2] store b1[v1], v3",
        FusionRefusal::CrossIteration { array: "a".into() },
    );
    refused(
        "v5: usize = add v0, 1usize v6: f64 = load b0[v5] store b1[v0], v6",
        "",
        "v1 in n { store b0[v1], 1.0f64",
        FusionRefusal::CrossIteration { array: "a".into() },
    );
    let sum = "reduce sum x1 into x0 v5: f64 = cast v0 x1 = v5";
    let uses = FusionRefusal::UsesReduction { variable: "s".into() };
    refused(sum, "", "v1 in n { v2: f64 = x0 store b1[v1], v2", uses.clone());
    refused(sum, "v2: f64 = x0", "v1 in n { store b1[v1], v2", uses);
    refused(
        store,
        "v2: f64 = load b0[0usize]",
        "v1 in n { store b1[v1], v2",
        FusionRefusal::StatementBetween,
    );
    let checked = "v5: bool = lt v0, m check v5, index_out_of_range(0) store b0[v0], 1.0f64";
    let also = "v1 in n { v2: bool = lt v1, 7usize check v2, index_out_of_range(0) store b1[v1], 1.0f64";
    refused(checked, "", also, FusionRefusal::Faults);
    let unlike = "v1 in n { reduce sum x3 into x2 for v2 in m { } x3 = 1.0f64";
    refused(store, "", unlike, FusionRefusal::DifferentBlocks);
}

#[test]
fn a_loop_with_checks_fuses_with_one_without() {
    let loops = run(
        fuse_loops,
        "loops f(n: usize, m: usize, mut b0 a: f64[unit], mut b1 b: f64[unit]) {
           parfor v0 in n { v1: bool = lt v0, m check v1, index_out_of_range(0) store b0[v0], 1.0f64 }
           parfor v2 in n { store b1[v2], 2.0f64 }
         }",
    );
    assert_eq!(loops.body.len(), 1);
}

/// Loops of which each reads what the one before it has made, and sums it up.
fn chain(length: usize) -> Loops {
    let mut text = String::from("loops f(n: usize, b0 a: f64[unit]) {\n");
    (1..=length).for_each(|k| text += &format!("buffer b{k} t: [f64; 1]\n"));
    (0..2 * length).for_each(|k| text += &format!("var x{k} s: f64\n"));
    for k in 1..=length {
        let (v, element, total) = (10 * k, 10 * k + 1, 10 * k + 2);
        let (target, local, before) = (k - 1, length + k - 1, k - 1);
        text += &format!(
            "alloc b{k}[n] x{target} = 0.0f64
             parfor v{v} in n {{ source add @{k}:1 reduce sum x{local} into x{target}
               v{element}: f64 = load b{before}[v{v}] store b{k}[v{v}], v{element} x{local} = v{element}
             }}
             v{total}: f64 = x{target}\n"
        );
    }
    parse(&(text + "}\n"))
}

#[test]
fn chains_take_work_in_proportion_to_their_length() {
    let of = |length: usize| {
        let mut loops = chain(length);
        let (changed, work) = fuse(&mut loops);
        assert!(changed.yes());
        assert_eq!(loops.notes.len(), length - 1);
        assert!(loops.notes.iter().all(|note| note.locs.len() <= Note::MAX_PLACES));
        work
    };
    let (short, long) = (of(200), of(1600));
    assert!(long <= 8 * short + 100, "{short} {long}");
}

#[test]
fn loops_that_never_fuse_are_not_compared_for_ever() {
    let apart = |count: usize| {
        let loop_at = |k: usize| format!("parfor v{} in n {{ store b{k}[v{}], 0.0f64 }}\n", k + 1, k + 1);
        let buffers: String = (0..count).map(|k| format!(", mut b{k} a: f64[unit]")).collect();
        let mut loops = parse(&format!(
            "loops f(n: usize{buffers}) {{ {} }}",
            (0..count).map(loop_at).collect::<String>()
        ));
        let (changed, work) = fuse(&mut loops);
        assert!(!changed.yes());
        work
    };
    // Fills with zeros stay apart; up to a few thousand loops each is compared with each.
    assert_eq!(apart(100), 99 * 100 / 2);
    assert!(apart(4000) < PATIENCE / 4);
}
