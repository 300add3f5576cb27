//! Arrays that change hands: which are handed over as they are, and which must be copied.
//!
//! ```text
//! (a, b) = (b, a)        two arrays change places: nothing is allocated or copied
//! let old = a; a = …     handed over, since `a` is assigned before it is read again
//! let old = a.clone()    a copy if `a` is read later
//! ```

use super::ways::every_way;
use ndarray::{Array1, ArrayRef1};
use parfuse::Kernel;
use parfuse::prelude::*;

/// How often a call allocates an array at least, and how many regions copy one.
fn costs(kernel: Kernel) -> (usize, usize) {
    let explanation = kernel.explain().unwrap();
    let copies = |region: &&parfuse::RegionReport| region.sources.iter().any(|(what, _)| what == "copy");
    (explanation.arrays_allocated, explanation.regions.iter().filter(copies).count())
}

fn numbers() -> Array1<f64> {
    Array1::from_shape_fn(50, |i| ((i * 7) % 11) as f64)
}

#[test]
fn copies_of_arguments_are_where_variables_take_them() {
    let first = line!() + 1;
    #[kernel]
    fn doubled(start: &ArrayRef1<f64>, from_zero: bool) -> Array1<f64> {
        let mut a = start.to_owned();
        a *= 2.0;
        a = if from_zero { start * 0.0 } else { start.to_owned() };
        a *= 2.0;
        a
    }
    every_way!(doubled(&numbers(), true));
    every_way!(doubled(&numbers(), false));
    let explanation = doubled::kernel().explain().unwrap();
    let sources = || explanation.regions.iter().flat_map(|region| &region.sources);
    let copies: Vec<String> =
        sources().filter(|(what, _)| what == "copy").map(|(_, place)| place.to_string()).collect();
    for line in [2, 4] {
        let line = format!("moves.rs:{}:", first + line);
        assert!(copies.iter().any(|place| place.contains(&line)), "{line} in {copies:?}, {explanation}");
    }
    assert!(!explanation.to_string().contains("unknown place"), "{explanation}");
}

// One step of the heat equation in each turn.

#[kernel]
fn swapped(start: &ArrayRef1<f64>, steps: usize) -> Array1<f64> {
    let n = start.len();
    let mut a = start.to_owned();
    let mut b = start.to_owned();
    for _ in 0..steps {
        for i in prange(1..n - 1) {
            b[i] = a[i] + 0.1 * (a[i - 1] - 2.0 * a[i] + a[i + 1]);
        }
        (a, b) = (b, a);
    }
    a
}

#[kernel]
#[allow(clippy::manual_swap)]
fn through_a_third(start: &ArrayRef1<f64>, steps: usize) -> Array1<f64> {
    let n = start.len();
    let mut a = start.to_owned();
    let mut b = start.to_owned();
    for _ in 0..steps {
        for i in prange(1..n - 1) {
            b[i] = a[i] + 0.1 * (a[i - 1] - 2.0 * a[i] + a[i + 1]);
        }
        let t = a;
        a = b;
        b = t;
    }
    a
}

#[kernel]
fn by_mem_swap(start: &ArrayRef1<f64>, steps: usize) -> Array1<f64> {
    let n = start.len();
    let mut a = start.to_owned();
    let mut b = start.to_owned();
    for _ in 0..steps {
        for i in prange(1..n - 1) {
            b[i] = a[i] + 0.1 * (a[i - 1] - 2.0 * a[i] + a[i + 1]);
        }
        std::mem::swap(&mut a, &mut b);
    }
    a
}

#[kernel]
fn by_mem_replace(start: &ArrayRef1<f64>, steps: usize) -> Array1<f64> {
    let n = start.len();
    let mut a = start.to_owned();
    let mut b = start.to_owned();
    for _ in 0..steps {
        for i in prange(1..n - 1) {
            b[i] = a[i] + 0.1 * (a[i - 1] - 2.0 * a[i] + a[i + 1]);
        }
        b = std::mem::replace(&mut a, b);
    }
    a
}

#[kernel]
fn through_references(start: &ArrayRef1<f64>, steps: usize) -> Array1<f64> {
    let n = start.len();
    let mut a = start.to_owned();
    let mut b = start.to_owned();
    for _ in 0..steps {
        for i in prange(1..n - 1) {
            b[i] = a[i] + 0.1 * (a[i - 1] - 2.0 * a[i] + a[i + 1]);
        }
        let (x, y) = (&mut a, &mut b);
        std::mem::swap(x, y);
    }
    a
}

#[kernel]
fn rotated(start: &ArrayRef1<f64>, steps: usize) -> Array1<f64> {
    let n = start.len();
    let mut a = start.to_owned();
    let mut b = start.to_owned();
    let mut c = start.to_owned();
    for _ in 0..steps {
        for i in prange(1..n - 1) {
            b[i] = a[i] + 0.1 * (a[i - 1] - 2.0 * a[i] + a[i + 1]);
        }
        (a, b, c) = (b, c, a);
    }
    a
}

#[kernel]
fn swapped_sometimes(start: &ArrayRef1<f64>, steps: usize) -> Array1<f64> {
    let n = start.len();
    let mut a = start.to_owned();
    let mut b = start.to_owned();
    for _ in 0..steps {
        for i in prange(1..n - 1) {
            b[i] = a[i] + 0.1 * (a[i - 1] - 2.0 * a[i] + a[i + 1]);
        }
        if steps > 0 {
            (a, b) = (b, a);
        }
    }
    a
}

#[test]
fn arrays_that_change_places_are_neither_allocated_nor_copied() {
    let start = numbers();
    let expected = every_way!(swapped(&start, 7)).0;
    assert_ne!(expected, start);
    assert_eq!(every_way!(through_a_third(&start, 7)).0, expected);
    assert_eq!(every_way!(by_mem_swap(&start, 7)).0, expected);
    assert_eq!(every_way!(by_mem_replace(&start, 7)).0, expected);
    assert_eq!(every_way!(through_references(&start, 7)).0, expected);
    assert_eq!(every_way!(swapped_sometimes(&start, 7)).0, expected);
    every_way!(rotated(&start, 7));
    // The arrays made in front of the loop are all there are, and copies of the argument.
    let kernels = [
        swapped::kernel(),
        through_a_third::kernel(),
        by_mem_swap::kernel(),
        by_mem_replace::kernel(),
        through_references::kernel(),
        swapped_sometimes::kernel(),
    ];
    for kernel in kernels {
        assert_eq!(costs(kernel.clone()), (2, 1), "{}", kernel.explain().unwrap());
    }
    assert_eq!(costs(rotated::kernel()), (3, 1));
}

#[kernel]
fn unequal_lengths(n: usize, turns: usize) -> (Array1<i64>, usize) {
    let mut a = Array1::<i64>::zeros(n);
    let mut b = Array1::<i64>::ones(n + 3);
    for k in 0..turns {
        (a, b) = (b, a);
        for i in prange(0..a.len()) {
            a[i] += (i + k) as i64;
        }
    }
    (a, b.len())
}

#[test]
fn lengths_go_along_with_the_arrays() {
    for turns in 0..4 {
        let (a, other) = every_way!(unequal_lengths(5, turns)).0;
        assert_eq!((a.len(), other), if turns % 2 == 0 { (5, 8) } else { (8, 5) });
    }
}

#[kernel]
fn shifted_along(start: &ArrayRef1<f64>, rows: usize) -> Array1<f64> {
    let mut last = start.to_owned();
    let mut total = Array1::<f64>::zeros(start.len());
    for _ in 0..rows {
        let next = &last * 0.5 + 1.0;
        last = next;
        total += &last;
    }
    let mut other = total;
    other[0] = -1.0;
    other
}

#[kernel]
fn fresh_every_time(start: &ArrayRef1<f64>, turns: usize) -> Array1<f64> {
    let n = start.len();
    let mut a = start.to_owned();
    for _ in 0..turns {
        let old = a;
        a = Array1::zeros(n);
        for i in prange(0..n) {
            a[i] = old[n - 1 - i] + old[i / 2];
        }
    }
    a
}

#[test]
fn an_array_assigned_anew_is_handed_over_to_the_name_before() {
    every_way!(shifted_along(&numbers(), 4));
    assert_eq!(costs(shifted_along::kernel()).0, 1);
    every_way!(fresh_every_time(&numbers(), 4));
    assert_eq!(costs(fresh_every_time::kernel()), (2, 1));
}

#[kernel]
fn still_read(start: &ArrayRef1<f64>, turns: usize) -> (Array1<f64>, f64) {
    let mut a = start.to_owned();
    let mut seen = 0.0;
    let mut kept = a.clone();
    for k in 0..turns {
        let before = a.clone();
        a[k] = -7.0;
        seen += before[k] + kept[k];
        if k == 1 {
            kept = a.clone();
        }
    }
    (a, seen)
}

#[kernel]
fn both_returned(start: &ArrayRef1<f64>) -> (Array1<f64>, Array1<f64>, Array1<f64>) {
    let mut a = start * 2.0;
    let b = a.clone();
    a[0] = 5.0;
    (a.clone(), b, a)
}

#[kernel]
fn read_in_the_next_turn(start: &ArrayRef1<f64>, turns: usize) -> Array1<f64> {
    let mut a = start.to_owned();
    let mut b = start * 0.0;
    let mut k = 0;
    while k < turns && a[k] + b[0] < 100.0 {
        b = a.clone();
        b[k] = 40.0;
        if k == 2 {
            a = b.clone();
        }
        k += 1;
    }
    b
}

#[kernel]
fn argument_assigned(start: &ArrayRef1<f64>, other: &mut ArrayRef1<f64>) -> Array1<f64> {
    let mut a = start * 1.5;
    a[1] += other[1];
    other.assign(&a);
    let b = a;
    for i in prange(0..other.len()) {
        other[i] += b[i];
    }
    b
}

#[test]
fn arrays_that_are_read_later_are_copied() {
    let start = numbers();
    every_way!(still_read(&start, 4));
    every_way!(both_returned(&start));
    let (a, b, c) = both_returned::serial(&start).unwrap();
    assert!(a == c && a != b);
    for turns in 0..6 {
        every_way!(read_in_the_next_turn(&start, turns));
    }
    every_way!(argument_assigned(&start, &mut other) with other = Array1::ones(50));
}

#[kernel]
fn handed_over_in_a_branch(start: &ArrayRef1<f64>, turns: usize) -> (Array1<f64>, f64) {
    let mut a = start.to_owned();
    let mut b = start * 3.0;
    let mut sum = 0.0;
    for k in 0..turns {
        if k % 2 == 0 {
            let t = a;
            a = &t + 1.0;
            sum += t[k] + t[0];
        } else if k % 3 == 0 {
            let t = b;
            sum += t[1];
            b = a;
            a = t;
        } else {
            a[k] = 9.0;
            b = a.clone();
        }
        sum += a[0] - b[1];
    }
    (if sum > 0.0 { a } else { b }, sum)
}

#[test]
fn branches_hand_over_what_they_assign_anew() {
    for turns in 0..8 {
        every_way!(handed_over_in_a_branch(&numbers(), turns));
    }
}
