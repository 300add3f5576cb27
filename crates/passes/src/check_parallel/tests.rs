//! What is accepted and what is refused, with the statements that are named.

use super::*;
use parfuse_ir::loops::{EntryTest, Event};
use parfuse_ir::program::Program;

/// Expects the iterations to be apart if such things are tested in front of the loop.
fn tests(range: &str, body: &str, expected: &[EntryTest]) {
    let loops = checked(range, body).unwrap_or_else(|rejection| panic!("{rejection}\n{body}"));
    loops.verify().unwrap_or_else(|error| panic!("{error}\n{loops}"));
    let mut found: Vec<EntryTest> = Vec::new();
    for note in &loops.notes {
        if let Event::Tested(test) = &note.event
            && !found.contains(test)
        {
            found.push(test.clone());
        }
    }
    assert_eq!(found, expected, "{body}");
}

fn small() -> EntryTest {
    EntryTest::Small { array: "a".into() }
}

fn apart() -> EntryTest {
    EntryTest::Apart { array: "a".into() }
}

/// A `prange` over `0..n` with index `v1` and matrix `v2` around stores to it.
fn checked(range: &str, body: &str) -> Result<Loops, Rejection> {
    let dtype = if range.contains("i32") { "i32" } else { "usize" };
    let text = format!(
        "program f(mut a: [i64; 2], n: usize, m: usize, t: i64) {{
  var x0 a: [i64; 2] is p0
  var x1 j: usize
  v90: bool = ne n, 0usize
  check v90, zero_step
  prange v1: {dtype} in {range} {{
    v2: [i64; 2] = x0
{body}
  }}
}}"
    );
    let program = Program::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    program.verify().unwrap_or_else(|error| panic!("{error}\n{text}"));
    let layout = parfuse_ir::loops::Layout::rows(2);
    let mut loops =
        crate::lower_arrays(&program, &[Some(layout), None, None, None]).expect("it can be lowered");
    check_parallel(&mut loops).map(|()| loops)
}

/// The same for loops that need no tests.
fn check(range: &str, body: &str) -> Result<(), Rejection> {
    let loops = checked(range, body)?;
    assert!(loops.notes.is_empty(), "{loops}");
    Ok(())
}

const ALL: &str = "0usize..n step 1usize";

fn accepts(range: &str, body: &str) {
    check(range, body).unwrap_or_else(|rejection| panic!("{rejection}\n{body}"));
}

/// Expects a race between two lines.
fn refuses(range: &str, body: &str, lines: [u32; 2]) {
    match check(range, body) {
        Err(Rejection::PossibleRace { array, first, second }) => {
            assert_eq!((array.as_str(), [first.line, second.line]), ("a", lines), "{body}");
        }
        other => panic!("{other:?}\n{body}"),
    }
}

#[test]
fn an_element_or_row_per_iteration_is_fine() {
    accepts(ALL, "store x0[v1, 0usize], 1i64");
    accepts(ALL, "store x0[m, v1], 1i64");
    accepts(ALL, "for v3: usize in 0usize..v1 step 1usize {\nstore x0[v1, v3], 1i64\n}");
    accepts(ALL, "v3: i64 = index v2[v1, 5usize]\nv4: i64 = add v3, t\nstore x0[v1, m], v4");
    accepts(ALL, "v3: usize = sub n, v1\nv4: usize = sub v3, 1usize\nstore x0[v4, 0usize], 1i64");
}

#[test]
fn a_group_of_elements_per_iteration_is_fine() {
    let body = "v3: usize = mul v1, 2usize\nv4: usize = add v3, 1usize\n\
                    store x0[v3, 0usize], 1i64 @1:1\nstore x0[v4, 0usize], 2i64 @2:1";
    accepts(ALL, body);
    refuses(ALL, &body.replace("mul v1, 2usize", "mul v1, 1usize"), [1, 2]);
}

#[test]
fn ranges_with_steps_and_signs_are_fine() {
    accepts("m..1000usize step n", "store x0[v1, 0usize], 1i64");
    accepts("4usize..m step 3usize", "store x0[v1, 0usize], 1i64");
    accepts("-5i32..9i32 step 2usize", "v3: usize = cast v1\nstore x0[v3, 0usize], 1i64");
    accepts(
        "0i32..9i32 step 1usize",
        "v3: i32 = add v1, 1i32\nv4: usize = cast v3\nstore x0[v4, 0usize], 1i64",
    );
}

#[test]
fn a_modified_copy_of_the_index_is_fine() {
    accepts(
        ALL,
        "x1 = v1\nv3: usize = x1\nv4: usize = add v3, 1usize\nx1 = v4\nv5: usize = x1\nstore x0[v5, 0usize], 1i64",
    );
}

#[test]
fn one_element_for_all_iterations_is_a_race() {
    refuses(ALL, "store x0[m, 0usize], 1i64 @1:1", [1, 1]);
    refuses(ALL, "v3: usize = rem v1, 4usize\nstore x0[v3, 0usize], 1i64 @1:1", [1, 1]);
    refuses(
        "0i32..65537i32 step 1usize",
        "v3: i32 = mul v1, 65536i32\nv4: usize = cast v3\nstore x0[v4, 0usize], 1i64 @1:1",
        [1, 1],
    );
}

#[test]
fn reading_a_neighbour_is_a_race() {
    let body =
        "v3: usize = add v1, 1usize\nv4: i64 = index v2[v3, 0usize] @1:1\nstore x0[v1, 0usize], v4 @2:1";
    refuses(ALL, body, [2, 1]);
}

#[test]
fn an_index_from_memory_is_a_race() {
    let body = "v3: i64 = index v2[v1, 0usize] @1:1\nv4: usize = cast v3\nstore x0[v4, 0usize], t @2:1";
    refuses(ALL, body, [2, 2]);
}

#[test]
fn a_single_iteration_does_not_race() {
    accepts("0usize..1usize step 1usize", "store x0[m, 0usize], 1i64");
}

#[test]
fn a_step_checked_elsewhere_keeps_iterations_apart_only_with_tests() {
    // It may be zero when narrowed, and its multiples may wrap.
    let narrowed =
        "v3: i32 = cast n\nv4: usize = cast v3\nv5: usize = mul v1, v4\nstore x0[v5, 0usize], 1i64 @1:1";
    refuses(ALL, narrowed, [1, 1]);
    let wrapped = "v3: usize = rem v1, 2usize\nv4: bool = eq v3, 0usize\nif v4 {\nv5: usize = mul v1, n\n\
                   store x0[v5, 0usize], 1i64 @1:1\n}";
    // The range ends at the stride, so that it is one where the loop runs.
    tests(ALL, wrapped, &[small()]);
    tests(ALL, "v3: usize = mul v1, m\nstore x0[v3, 0usize], 1i64 @1:1", &[small(), apart()]);
    // Of another loop around, too.
    let other = "v3: usize = mul v1, n\nstore x0[v3, 0usize], 1i64 @1:1";
    tests("0usize..m step 2usize", other, &[small(), apart()]);
}

#[test]
fn the_step_of_the_own_range_keeps_iterations_apart() {
    let conditional =
        "v3: bool = ne v1, m\nif v3 {\nv4: usize = add v1, m\nstore x0[v4, 0usize], 1i64 @1:1\n}";
    accepts("m..n step n", conditional);
    tests("m..n step n", &conditional.replace("add v1, m", "mul v1, 2usize"), &[small()]);
}

#[test]
fn narrow_indices_are_apart_only_in_loops_that_are_not_longer_than_their_type() {
    let narrow = "v3: i32 = cast v1\nv4: usize = cast v3\nstore x0[v4, 0usize], 1i64 @1:1";
    refuses(ALL, narrow, [1, 1]);
    accepts("0usize..4294967296usize step 1usize", narrow);
    refuses("0usize..4294967297usize step 1usize", narrow, [1, 1]);
    let even = "v3: i32 = mul v1, 2i32\nv4: usize = cast v3\nstore x0[v4, 0usize], 1i64 @1:1";
    accepts("0i32..9i32 step 1usize", even);
}

#[test]
fn factors_of_two_repeat_themselves_in_long_loops() {
    let far = |store: &str| format!("v3: usize = mul v1, 16777216usize\nv4: bool = lt v3, m\n{store}");
    refuses(ALL, &far("if v4 {\nstore x0[v3, 0usize], 1i64 @1:1\n}"), [1, 1]);
    accepts(&ALL.replace("..n", "..1099511627776usize"), &far("if v4 {\nstore x0[v3, 0usize], 1i64 @1:1\n}"));
    // Where each iteration has such an index, one that is out of range comes before one that has wrapped.
    accepts(ALL, &far("store x0[v3, 0usize], 1i64 @1:1"));
    accepts(ALL, &far("store x0[v1, 0usize], 1i64 @1:1").replace("16777216", "16"));
    accepts("0usize..n step 64usize", "v3: bool = lt v1, m\nif v3 {\nstore x0[v1, 0usize], 1i64 @1:1\n}");
}

#[test]
fn every_other_element_may_depend_on_its_neighbours() {
    let body = "v3: usize = mul v1, 2usize\nv4: usize = add v3, 1usize\nv5: usize = add v3, 2usize\n\
                v6: i64 = index v2[v3, 0usize]\nv7: i64 = index v2[v5, 0usize]\nv8: i64 = add v6, v7\n\
                store x0[v4, 0usize], v8";
    accepts(ALL, body);
}

#[test]
fn each_pair_may_be_apart_by_an_axis_of_its_own() {
    let body = "v3: usize = add v1, 1usize\nv4: i64 = index v2[v1, v1] @1:1\nv5: i64 = index v2[m, v1] @2:1\n\
                store x0[v3, v1], v4 @3:1";
    accepts(ALL, body);
    // No iteration is at both ends of it at once.
    accepts(ALL, &body.replace("v2[m, v1]", "v2[m, m]"));
    refuses(ALL, &body.replace("v2[m, v1]", "v2[m, 0usize]"), [3, 2]);
}

#[test]
fn an_element_that_all_read_lies_before_those_that_they_write() {
    let body = "v3: usize = add v1, m\nv4: usize = add v3, 1usize\nv5: i64 = index v2[m, 0usize] @1:1\n\
                store x0[v4, 0usize], v5 @2:1";
    accepts(ALL, body);
    refuses(ALL, &body.replace("add v3, 1usize", "add v3, 0usize"), [2, 1]);
    refuses(ALL, &body.replace("v2[m,", "v2[n,"), [2, 1]);
    // Going down it comes by.
    let down = body.replace("add v1, m", "sub m, v1");
    refuses(ALL, &down, [2, 1]);
    accepts(ALL, &down.replace("add v3, 1usize", "sub v3, 1usize"));
}

#[test]
fn an_element_that_all_read_may_be_left_out_or_lie_behind_the_last_iteration() {
    let read = "v4: i64 = index v2[m, 0usize] @1:1\nstore x0[v1, 0usize], v4 @2:1";
    let branch = format!("v3: bool = ne v1, m\nif v3 {{\n{read}\n}}");
    accepts(ALL, &branch);
    accepts(ALL, &branch.replace("ne v1", "lt v1"));
    refuses(ALL, &branch.replace("ne v1", "le v1"), [2, 1]);
    accepts("0usize..m step 1usize", read);
    refuses(ALL, read, [2, 1]);
}

#[test]
fn an_element_and_its_mirror_image_are_touched_by_one_iteration() {
    let both = "store x0[v1, m], 1i64 @1:1\nstore x0[m, v1], 2i64 @2:1";
    accepts(ALL, both);
    accepts("m..n step 1usize", both);
    // Mirrored at another diagonal it is another iteration that comes there.
    let shifted = format!("v3: usize = add v1, 1usize\n{}", both.replace("[m, v1]", "[m, v3]"));
    refuses(ALL, &shifted, [1, 2]);
    // Over a whole row, two iterations come to each other's elements.
    let row = both.replace("m", "v3");
    refuses(ALL, &format!("for v3: usize in 0usize..n step 1usize {{\n{row}\n}}"), [1, 2]);
    refuses(ALL, &both.replace("[m, v1]", "[m, m]"), [2, 2]);
}
