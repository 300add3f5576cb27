//! Views read and write the elements that they show, and cost nothing but their checks.

use super::*;
use parfuse_ir::FaultKind;

fn elements(value: &Value) -> Vec<i64> {
    let element = |x: Scalar| x.to_bits() as i64;
    value.array().scalars().into_iter().map(element).collect()
}

/// The elements of the only result.
fn result(text: &str, arguments: &[Value]) -> (Vec<usize>, Vec<i64>) {
    let outcome = run(text, arguments).expect("it runs");
    (outcome.results[0].array().shape.clone(), elements(&outcome.results[0]))
}

/// A kernel that returns a view of a matrix.
fn viewing(view: &str, rank: u8) -> String {
    format!(
        "program f(a: [i64; 2]) -> [i64; {rank}] {{\nv1: [i64; {rank}] = view a{view} @1:1\nreturn v1\n}}"
    )
}

#[test]
fn cuts_show_what_ndarray_shows() {
    for (view, shape, expected) in [
        ("[1usize, ..]", vec![4], vec![14, 15, 16, 17]),
        ("[.., -1i64]", vec![3], vec![13, 17, 21]),
        ("[2i32, 0usize]", vec![], vec![18]),
        ("[1usize.., ..2usize]", vec![2, 2], vec![14, 15, 18, 19]),
        ("[..-1i64, 1usize..-1i64]", vec![2, 2], vec![11, 12, 15, 16]),
        ("[0usize, .. by -1i64]", vec![4], vec![13, 12, 11, 10]),
        ("[0usize, .. by -2i64]", vec![2], vec![13, 11]),
        ("[0usize, 1usize.. by 2i64]", vec![2], vec![11, 13]),
        ("[0usize, -3i64..-1i64 by 3i64]", vec![1], vec![11]),
        ("[0usize, 3usize..1usize]", vec![0], vec![]),
        ("[0usize, 4usize..]", vec![0], vec![]),
        ("[0usize, 2usize..1usize by -1i64]", vec![0], vec![]),
        ("[1usize..2usize, ..2usize] as [1, 0]", vec![2, 1], vec![14, 15]),
        ("[1usize, 2usize..] as [1, new]", vec![2, 1], vec![16, 17]),
        ("[.., ..] as [1, 0]", vec![4, 3], vec![10, 14, 18, 11, 15, 19, 12, 16, 20, 13, 17, 21]),
    ] {
        let text = viewing(view, shape.len() as u8);
        assert_eq!(result(&text, &[array(&[3, 4], 10)]), (shape, expected), "{view}");
    }
}

#[test]
fn bounds_that_are_known_only_when_the_kernel_runs_are_checked_and_cut_likewise() {
    let text = "program f(a: [i64; 1], i: i64, j: i64, k: i64) -> [i64; 1] {
  v4: [i64; 1] = view a[i..j by k] @1:1
  return v4
}";
    let all: Vec<i64> = (0..5).collect();
    for i in -6..7i64 {
        for j in -6..7i64 {
            for k in [-2, -1, 0, 1, 2, 7, i64::MIN, i64::MAX] {
                let arguments = [array(&[5], 0), integer(i), integer(j), integer(k)];
                let (start, end) = ((if i < 0 { i + 5 } else { i }), (if j < 0 { j + 5 } else { j }));
                let outcome = run(text, &arguments);
                if !(0..=5).contains(&start) || !(0..=5).contains(&end) {
                    let failure = outcome.unwrap_err();
                    assert_eq!(failure.kind, FaultKind::SliceOutOfRange { axis: 0 });
                    let wrong = if (0..=5).contains(&start) { j } else { i };
                    assert_eq!(failure.args, [wrong as u64, 5]);
                    continue;
                }
                if k == 0 {
                    assert_eq!(outcome.unwrap_err().kind, FaultKind::ZeroStep);
                    continue;
                }
                let mut expected = all[start as usize..end.max(start) as usize].to_vec();
                if k < 0 {
                    expected.reverse();
                }
                let by = usize::try_from(k.unsigned_abs()).unwrap();
                let expected: Vec<i64> = expected.into_iter().step_by(by).collect();
                assert_eq!(elements(&outcome.unwrap().results[0]), expected, "{i}..{j};{k}");
            }
        }
    }
}

#[test]
fn a_view_of_a_view_is_a_view_of_the_array() {
    let text = "program f(a: [i64; 2]) -> [i64; 1] {
  v1: [i64; 2] = view a[1usize.. by 2i64, .. by -1i64] as [1, 0]
  v2: [i64; 2] = view v1[1usize..3usize, 1usize..]
  v3: [i64; 1] = view v2[.. by -1i64, 0usize]
  return v3
}";
    // a[[3, 2]], a[[3, 1]] from the end: columns 3 2 1 0, of those 2 and 1, backwards.
    assert_eq!(result(text, &[array(&[5, 4], 0)]), (vec![2], vec![13, 14]));
    assert_eq!(count(&lowered(text).unwrap(), "alloc"), 1);
}

#[test]
fn elements_of_views_are_checked_against_the_view_and_named_after_it() {
    let text = "program f(a: [i64; 2], i: i64, j: usize) -> i64 {
  v3 row: [i64; 1] = view a[i, 1usize..] @1:1
  v4: i64 = index v3[j] @2:1
  return v4
}";
    let at = |i: i64, j: usize| run(text, &[array(&[3, 4], 0), integer(i), Value::Scalar(Scalar::Usize(j))]);
    assert_eq!(total(at(2, 2)), 11);
    assert_eq!(total(at(-3, 0)), 1);
    let failure = at(0, 3).unwrap_err();
    assert_eq!((failure.kind, failure.loc.line), (FaultKind::IndexOutOfRange { axis: 0 }, 2));
    assert_eq!(failure.args, [3, 3]);
    for i in [3, -4, i64::MIN, i64::MAX] {
        let failure = at(i, 0).unwrap_err();
        assert_eq!((failure.loc.line, failure.args[1]), (1, 3), "{i}");
    }
}

/// Sets part of a mutable matrix.
fn setting(statements: &str) -> String {
    format!(
        "program f(mut a: [i64; 2], b: [i64; 1]) {{\nvar x0 a: [i64; 2] is p0\nv1: [i64; 2] = x0\n{statements}\n}}"
    )
}

#[test]
fn places_set_the_elements_that_they_show_and_no_others() {
    let set = |statements: &str| {
        let outcome = run(&setting(statements), &[array(&[3, 3], 0), array(&[3], 70)]).expect("it runs");
        elements(&outcome.arguments[0])
    };
    let column = "v2: [i64; 1] = view v1[.., 1usize]\nupdate v2 of x0, b";
    assert_eq!(set(column), [0, 70, 2, 3, 71, 5, 6, 72, 8]);
    let corner = "v2: [i64; 2] = view v1[1usize.., 1usize..]\nupdate v2 of x0, -1i64\nstore v2 of x0[1usize, 0usize], 5i64";
    assert_eq!(set(corner), [0, 1, 2, 3, -1, -1, 6, 5, -1]);
    let again = "v2: [i64; 1] = view v1[-1i64, ..]\nv3: [i64; 1] = add v2, b\nupdate v2 of x0, v3\nv4: [i64; 1] = mul v2, v2\nupdate v2 of x0, v4";
    assert_eq!(set(again)[6..], [76 * 76, 78 * 78, 80 * 80]);
}

#[test]
fn what_is_assigned_is_read_before_the_first_element_is_set() {
    let text = setting("v2: [i64; 2] = view v1[.., ..] as [1, 0]\nupdate x0, v2");
    let outcome = run(&text, &[array(&[3, 3], 0), array(&[1], 0)]).expect("it runs");
    assert_eq!(elements(&outcome.arguments[0]), [0, 3, 6, 1, 4, 7, 2, 5, 8]);
    let text = setting(
        "v2: [i64; 2] = view v1[1usize.., ..]\nv3: [i64; 2] = view v1[..-1i64, ..]\nupdate v2 of x0, v3",
    );
    let outcome = run(&text, &[array(&[4, 1], 0), array(&[1], 0)]).expect("it runs");
    assert_eq!(elements(&outcome.arguments[0]), [0, 0, 1, 2]);
}

#[test]
fn a_variable_is_not_overwritten_in_place_while_a_view_of_it_is_read() {
    let text = "program f(a: [i64; 2]) -> [i64; 2] {
  var x0: [i64; 2]
  v1: [i64; 2] = copy a
  x0 = v1
  v2: [i64; 2] = x0
  v3: [i64; 2] = view v2[.., ..] as [1, 0]
  v4: [i64; 2] = sub v2, v3
  x0 = v4
  v5: [i64; 2] = x0
  return v5
}"
    .replace("x0:", "x0 y:");
    assert_eq!(result(&text, &[array(&[2, 2], 0)]).1, [0, -1, 1, 0]);
}

#[test]
fn lengths_that_are_equal_need_no_check() {
    // A five-point stencil: the centre first, so that nothing is known of the lengths yet.
    let text = "program f(a: [f64; 2]) -> [f64; 2] {
  v1: [f64; 2] = view a[1usize..-1i64, 1usize..-1i64]
  v2: [f64; 2] = view a[..-2i64, 1usize..-1i64]
  v3: [f64; 2] = view a[2usize.., 1usize..-1i64]
  v4: [f64; 2] = view a[1usize..-1i64, ..-2i64]
  v5: [f64; 2] = view a[1usize..-1i64, 2usize..]
  v6: [f64; 2] = add v2, v3
  v7: [f64; 2] = add v6, v4
  v8: [f64; 2] = add v7, v5
  v9: [f64; 2] = mul v1, 4.0f64
  v10: [f64; 2] = sub v8, v9
  return v10
}";
    let loops = lowered(text).unwrap();
    let text = loops.to_string();
    assert!(!text.contains("shape_mismatch") && !text.contains("select"), "{text}");
    // Both ends of both axes.
    assert_eq!(count(&loops, "check"), 4, "{text}");
}

#[test]
fn a_view_is_not_used_once_its_variable_has_another_array() {
    let program = |statements: &str| {
        let text = format!(
            "program f(a: [i64; 1], n: usize) -> i64 {{\nvar x0 y: [i64; 1]\nv1: [i64; 1] = copy a\nx0 = v1\nv2: [i64; 1] = x0\n\
             v3: [i64; 1] = view v2[1usize..]\n{statements}\nv9: i64 = reduce sum v3\nreturn v9\n}}"
        );
        Program::parse(&text).unwrap().verify()
    };
    let assign = "v4: [i64; 1] = copy a\nx0 = v4";
    assert_eq!(program("update x0, 1i64"), Ok(()));
    assert!(program(assign).is_err());
    assert!(program(&format!("v5: bool = lt n, 3usize\nif v5 {{\n{assign}\n}}")).is_err());
    let use_in_loop = |first: &str, second: &str| {
        program(&format!("for v5: usize in 0usize..n step 1usize {{\n{first}\n{second}\n}}"))
    };
    let sum = "v6: i64 = reduce sum v3";
    assert!(use_in_loop(sum, assign).is_err());
    let branches = |then: &str, otherwise: &str| {
        let text = format!("v5: bool = lt n, 3usize\nif v5 {{\n{then}\n}} else {{\n{otherwise}\n}}");
        let text = format!(
            "program f(a: [i64; 1], n: usize) {{\nvar x0 y: [i64; 1]\nv1: [i64; 1] = copy a\nx0 = v1\nv2: [i64; 1] = x0\n\
             v3: [i64; 1] = view v2[1usize..]\n{text}\n}}"
        );
        Program::parse(&text).unwrap().verify()
    };
    assert_eq!(branches(assign, sum), Ok(()));
}
