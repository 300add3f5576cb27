//! Loops that have been cut into parts do what they did: at lengths with several parts, which random kernels seldom have.
//!
//! ```text
//! check_parallel      equal numbers are found in whichever parts they are
//! compact_loops       all items come in their order, and none where there is no room for them
//! ```

use parfuse_interp::{Array, Value, run_loops, run_loops_apart};
use parfuse_ir::loops::Loops;
use parfuse_ir::{DType, FaultKind, Scalar};
use parfuse_passes::{check_parallel, compact_loops, stride_loops};

fn integers(elements: impl Iterator<Item = usize>) -> Value {
    let elements: Vec<Scalar> = elements.map(Scalar::Usize).collect();
    Value::Array(Array::new(DType::Usize, &[elements.len()], elements.into_iter().collect()))
}

#[test]
fn equal_numbers_are_found_in_different_parts() {
    let text = "loops f(mut b0 out: usize[unit], b1 at: usize[unit]) {
                  v0: usize = dim b1, 0
                  v9: usize = dim b0, 0
                  parfor v1 in v0 {
                    v2: usize = load b1[v1]
                    v3: bool = lt v2, v9
                    check v3, index_out_of_range(0) with v2, v9
                    store b0[v2], v1
                  }
                }";
    let mut loops = Loops::parse(text).unwrap();
    check_parallel(&mut loops).unwrap();
    loops.verify().unwrap();
    const N: usize = 40_000;
    // Every number once, or that of one place at another, too.
    for twice in [None, Some((0, 1)), Some((3, N - 1)), Some((N / 2 - 1, N / 2)), Some((N - 2, N - 1))] {
        let number = |i: usize| match twice {
            Some((first, second)) if i == second => first * 7 % N,
            _ => i * 7 % N,
        };
        let arguments = [integers((0..N).map(|_| 0)), integers((0..N).map(number))];
        let failure = run_loops_apart(&loops, &arguments, 0).expect("no race").err();
        assert_eq!(failure.map(|failure| failure.kind), twice.map(|_| FaultKind::EqualElements));
    }
}

#[test]
fn parts_keep_what_the_loop_keeps() {
    for inside in [
        "if v3 { v4: usize = x0 v5: bool = lt v4, v0 check v5, index_out_of_range(0) with v4, v0
           store b1[v4], v2 v6: usize = add v4, 1usize x0 = v6 }",
        "if v3 { v7: usize = load b0[v2] v8: bool = lt v7, 90usize if v8 { v4: usize = x0 v5: bool = lt v4, v0
           check v5, index_out_of_range(0) with v4, v0 store b1[v4], v7 v6: usize = add v4, 1usize x0 = v6 } }",
    ] {
        let text = format!(
            "loops f(n: usize, b0 x: usize[unit], mut b1 out: usize[unit]) {{
               var x0 count: usize
               v0: usize = dim b1, 0
               x0 = 3usize
               for v1 in n {{ v2: usize = load b0[v1] v3: bool = lt v2, 50usize {inside} }}
               v99: usize = x0
               return v99
             }}"
        );
        let before = Loops::parse(&text).unwrap();
        before.verify().unwrap();
        let mut after = before.clone();
        assert!(compact_loops(&mut after).yes());
        after.verify().unwrap();
        for n in [0, 1, 255, 256, 257, 600, 8200, 20_000] {
            for room in [0, 3, 4, n / 3, n + 3] {
                let numbers = integers((0..n).map(|i| (i * 7919 + i / 13) % 101 % n.max(1)));
                let arguments = [Value::Scalar(Scalar::Usize(n)), numbers, integers((0..room).map(|_| 7))];
                let [expected, found] = [&before, &after].map(|loops| run_loops(loops, &arguments, 0));
                assert_eq!(expected, found, "{n} {room}");
                run_loops_apart(&after, &arguments, 0).expect("no race").ok();
            }
        }
    }
}

#[test]
fn strides_have_the_iterations_of_their_remainder() {
    for op in ["rem v3, 4usize", "and v3, 3usize"] {
        let text = format!(
            "loops f(n: usize, s: usize, c: usize, mut b0 out: usize[unit]) {{
               v0: usize = dim b0, 0
               for v2 in n {{
                 v3: usize = add s, v2 v4: usize = {op} v5: bool = eq c, v4
                 if v5 {{ v6: bool = lt v2, v0 check v6, index_out_of_range(0) with v2, v0 store b0[v2], v3 }}
               }}
             }}"
        );
        let before = Loops::parse(&text).unwrap();
        before.verify().unwrap();
        let mut after = before.clone();
        assert!(stride_loops(&mut after).yes());
        after.verify().unwrap();
        for n in [0, 1, 3, 4, 5, 33] {
            for s in [0, 1, 2, 7, usize::MAX - 5] {
                for c in [0, 1, 3, 4, 9] {
                    for room in [n, n / 2] {
                        let numbers = [n, s, c].map(|number| Value::Scalar(Scalar::Usize(number)));
                        let arguments: Vec<Value> =
                            numbers.into_iter().chain([integers((0..room).map(|_| 7))]).collect();
                        let [expected, found] =
                            [&before, &after].map(|loops| run_loops(loops, &arguments, 0));
                        assert_eq!(expected, found, "{n} {s} {c} {room}");
                    }
                }
            }
        }
    }
}
