//! The text of the three languages: what prints is read back as it was, what is ill-formed is refused with
//! its place or its value, and no text whatever makes a parser panic.

use parfuse_ir::lane::Lane;
use parfuse_ir::loops::Loops;
use parfuse_ir::program::{Expr, Program, Stmt, Type};
use parfuse_ir::{DType, Loc, Scalar, ScalarOp};

const REFERENCE: &str = include_str!("../../../docs/IR.md");

/// The full examples of the reference in a language.
fn examples(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    let examples: Vec<_> =
        REFERENCE.split(&fence).skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(!examples.is_empty(), "no example of {language}");
    examples
}

/// A language as these tests see it: reads, verifies and prints.
type Language = fn(&str) -> Result<(Result<(), String>, String), String>;

const LANGUAGES: &[(&str, Language)] = &[
    ("program", |text| {
        let program = Program::parse(text).map_err(|error| error.to_string())?;
        Ok((program.verify().map_err(|error| error.to_string()), program.to_string()))
    }),
    ("loops", |text| {
        let loops = Loops::parse(text).map_err(|error| error.to_string())?;
        Ok((loops.verify().map_err(|error| error.to_string()), loops.to_string()))
    }),
    ("lane", |text| {
        let lane = Lane::parse(text).map_err(|error| error.to_string())?;
        Ok((lane.verify().map_err(|error| error.to_string()), lane.to_string()))
    }),
];

fn language(name: &str) -> Language {
    LANGUAGES.iter().find(|(language, _)| *language == name).expect("a language").1
}

#[test]
fn the_reference_prints_as_it_stands_and_verifies() {
    for (name, language) in LANGUAGES {
        for example in examples(name) {
            let (verified, printed) = language(example).unwrap_or_else(|error| panic!("{error}\n{example}"));
            assert_eq!(verified, Ok(()), "{example}");
            assert_eq!(printed, example);
        }
    }
}

/// The text of an example of the reference with one part replaced.
fn altered(name: &str, example: usize, part: &str, replacement: &str) -> String {
    let text = examples(name)[example];
    assert!(text.contains(part), "{part} is not in {text}");
    text.replacen(part, replacement, 1)
}

#[track_caller]
fn refuses_to_parse(name: &str, example: usize, part: &str, replacement: &str, expected: &str) {
    let text = altered(name, example, part, replacement);
    assert_eq!(language(name)(&text).expect_err("a parse error"), expected);
}

#[track_caller]
fn refuses_to_verify(name: &str, example: usize, part: &str, replacement: &str, expected: &str) {
    let text = altered(name, example, part, replacement);
    let (verified, printed) = language(name)(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(verified, Err(expected.to_string()), "{printed}");
    // What is ill-formed in meaning still prints and reads back.
    assert_eq!(language(name)(&printed).unwrap().1, printed);
}

#[test]
fn parse_errors_say_where_and_what() {
    refuses_to_parse("program", 0, "sub x, means", "sub y, means", "4:22: expected a value, found `y`");
    refuses_to_parse("program", 0, "powi v5", "pow v5", "6:18: expected an operation, found `pow`");
    refuses_to_parse("program", 0, "2i32", "2", "6:27: expected a constant with its type, found `2`");
    refuses_to_parse("program", 0, "exp v9", "exp v90", "8:23: v90 is defined nowhere");
    refuses_to_parse("program", 0, "exp v9", "exp v90000", "8:23: too large a number for so short a text");
    refuses_to_parse(
        "program",
        0,
        "-> [f64; 1]",
        "-> f64",
        "14:1: the results are not of the types that the first line gives",
    );
    refuses_to_parse("program", 0, "return v15\n}", "return v15\n", "15:1: expected `}`, found the end");
    refuses_to_parse("loops", 0, "f64[unit]", "f64[2]", "1:40: no length but 1 is known before this");
    let twice = "1:50: only one axis can be `unit` before this";
    refuses_to_parse("loops", 0, "f64[unit]", "f64[unit, unit]", twice);
    refuses_to_parse(
        "loops",
        0,
        "buffer b2",
        "buffer b3",
        "4:3: the buffers before this are not numbered one by one: b3",
    );
    refuses_to_parse(
        "lane",
        0,
        "is p1 at 4",
        "is p1 at 5",
        "6:3: the frame before this is not laid out as its buffers demand",
    );
    refuses_to_parse(
        "lane",
        1,
        "yield v0, v1",
        "yield v0",
        "15:5: the branches before this do not yield one value for each result",
    );
}

#[test]
fn ill_formed_programs_are_refused() {
    let refuses = |example, part, replacement, expected| {
        refuses_to_verify("program", example, part, replacement, expected)
    };
    refuses(0, "v4: [f64; 1]", "v4: [f64; 2]", "v4: declared [f64; 2] but is [f64; 1]");
    refuses(0, "2i32", "2i64", "v7: powi does not apply to f64, i64");
    refuses(0, "sub x, means", "sub v5, means", "v4: v5 is used where it is not visible");
    refuses(0, "len means", "len x", "v3: x is a scalar where an array is needed");
    refuses(0, "len means", "dim means, 1", "v3: means has no axis 1");
    refuses(4, "view v0[.., i]", "view v0[.., v0]", "v1: v0 is [f64; 2] where an integer is needed");
    refuses(4, "view v0[.., i]", "view v0[i]", "v1: a view of other axes than v0 has");
    refuses(4, "as [1, new, 0]", "as [1, new, 1]", "v7: a view of other axes than v0 has");
    refuses(4, "update v2 of x0, v6", "update v3 of x0, v6", "update of x0 (q): v3 is no view of x0");
    refuses(1, "is p1", "is p0", "x1: p0 is no mutable parameter of type [bool; 1]");
    refuses(1, "x0 = 0i64", "x0 = 0i32", "assignment to x0 (acc): 0i32 is i32 where i64 is needed");
    refuses(1, "x0 = 0i64", "x9 = 0i64", "assignment to x9: x9 does not exist");
    refuses(
        1,
        "store x1[v7], v6",
        "store x1[v7, v7], v6",
        "store to x1 (history): 2 indices or lengths for 1 axes",
    );
    refuses(
        1,
        "store x1[v7], v6",
        "store x1[v1], v6",
        "store to x1 (history): v1 is i64 where usize is needed",
    );
    refuses(1, "v1 k: i64 in", "v1 k: i32 in", "loop over v1: v1 is i32 but counts over i64");
    refuses(1, "v16: i64 = x0", "v16: i64 = add v11, v11", "v16: v11 is used where it is not visible");
    refuses(3, "reduce max v9", "reduce and v9", "v13: no and of f64");
    refuses(3, "map v10 r: f64 in", "map v10 r: f32 in", "v9: v10 is f32 but walks through f64");
}

#[test]
fn ill_formed_loops_are_refused() {
    let refuses = |example, part, replacement, expected| {
        refuses_to_verify("loops", example, part, replacement, expected)
    };
    refuses(0, "load b0[v3]", "load b0[v0, v3]", "v4: 2 indices or lengths for 1 axes");
    refuses(0, "store b2[v3]", "store b1[v3]", "store to b1: b1 is stored to but not mutable");
    refuses(0, "return b2", "return b0", "b0 is returned but belongs to the caller");
    refuses(0, "return b2", "return v4", "v4 is used where it is not visible");
    refuses(
        0,
        "    store b2[v3]",
        "    parfor v9 in v0 { alloc b2[v0] } store b2[v3]",
        "alloc of b2: b2 is made or moved in a lane loop",
    );
    refuses(0, "    store b2[v3]", "    parfor { } store b2[v3]", "a lane loop of 0 dimensions");
    refuses(0, "dim b0, 0", "linear_index", "v0: a linear index outside parallel loops");
    refuses(1, "reduce sum x0", "reduce or x2", "or of x2 into x1: the types differ");
    refuses(1, "    x2 = v4\n", "", "v5: reads x2 before this iteration has set it");
    refuses(
        1,
        "      x0 = 2i64",
        "      x1 = 2i64",
        "setting x1: x1 is set in the loop that reduces into it",
    );
    refuses(1, "move b2 to b1", "move b2 to b2", "b2 cannot be moved to b2");
    refuses(1, "move b2 to b1", "resize b1 to 2i64", "resizing of b1: 2i64 is i64 where usize is needed");
    refuses(1, "for v10 in n", "for v10: i64 in n", "v10 is bound but is no bound usize");
    refuses(1, "random seed, v3", "random n, v3", "v4: n is usize where i64 is needed");
}

#[test]
fn ill_formed_lane_loops_and_nests_are_refused() {
    let refuses = |part, replacement, expected| refuses_to_verify("loops", 2, part, replacement, expected);
    refuses("parfor v4 in v1", "parfor v4, v20 in v1, v1", "a lane loop of 2 dimensions");
    refuses("v5: f64 = load", "parfor v20 in v0 { } v5: f64 = load", "a parallel loop in a lane loop");
    refuses(
        "v5: f64 = load",
        "check v3, division_by_zero v5: f64 = load",
        "check for division_by_zero: a check in a lane loop",
    );
    refuses("if v3 {", "nest { } if v3 {", "a nest in another one");
    refuses("x1 = 0i64", "nest { } x1 = 0i64", "a nest in a parallel loop");
    refuses("    x1 = 0i64\n", "", "x1 takes in a total before this iteration has set it");
    refuses("x0 = v14", "x1 = v14", "setting x1: x1 is set in the loop that reduces into it");
    refuses("v14: i64 = cast v13", "v14: i64 = x1", "v14: reads x1, which takes in the loop's total");
    refuses("v14: i64 = cast v13", "v14: i64 = linear_index", "v14: declared i64 but is usize");
    refuses("v15: i64 = x1", "v15: i64 = x0", "v15: reads x0 before this iteration has set it");
    refuses(
        "v6: f64 = div v5, v2",
        "v6: f64 = div v5, v2 v20: usize = linear_index",
        "v20: a linear index outside parallel loops",
    );
    refuses(
        "reduce sum x0 into x1",
        "reduce sum x0 into _",
        "a lane loop reduces by operators into variables",
    );
}

#[test]
fn ill_formed_lane_loops_of_lane_programs_are_refused() {
    let refuses = |part, replacement, expected: &str| {
        refuses_to_verify("lane", 2, part, replacement, expected);
    };
    let in_body = "          v10: f64 lanes = load b0[v6 + lanes]";
    refuses(
        in_body,
        "check v9, f0 v10: f64 lanes = load b0[v6 + lanes]",
        "region r0: check for f0: a check in a lane loop",
    );
    refuses(
        in_body,
        "lanes v2 { body { } } v10: f64 lanes = load b0[v6 + lanes]",
        "region r0: a lane loop where there are lanes, or none may be",
    );
    refuses(
        "check v9, f0\n",
        "v20: f64 lanes = load b0[v6 + lanes]\n",
        "region r0: v20: an address with lanes outside the body of a region",
    );
    refuses("lanes v2 {", "lanes v8 {", "region r0: v8 is f64 where i64 is needed");
    refuses("[] coarse once", "[] coarse elements", "region r0: outputs of more than one element");
    refuses("[] coarse once", "[11] coarse once", "region r0: what runs once has no dimensions");
    refuses("coarse elements", "coarse once", "region r1: what runs once has no dimensions");
    refuses("coarse elements", "coarse", "region r1: v2: row_index(0): no dimension 0 of rows");
    refuses(
        "v1: i64 = stride b0, 0\n    }\n    body {\n      v2",
        "v1: i64 = iadd row_index(0), v0\n    }\n    body {\n      v2",
        "region r1: prologue: v1: row_index(0): no dimension 0 of rows",
    );
    refuses(
        "reduce sum i64 v6 into v3: i64",
        "reduce sum i64 v6 into v3: i64 lanes",
        "region r1: v3 takes in a total of i64",
    );
    refuses(
        "reduce sum i64 v6 into v3: i64",
        "reduce sum f64 v7 into v3: f64",
        "region r1: no exact sum of f64",
    );
    refuses(
        "store b1[row_index(0)], v3",
        "store b1[row_index(0)], v6",
        "region r1: store to b1: v6 is used where it is not visible",
    );
}

#[test]
fn lane_loops_reduce_what_is_exact_in_any_order() {
    let loops = |dtype: &str, op: &str| {
        let text = format!(
            "loops f(n: usize, z: {dtype}, mut b0 a: {dtype}[unit]) {{
               var x0 own: {dtype}
               var x1 total: {dtype}
               parfor v0 in n {{
                 x1 = z
                 parfor v1 in v0 {{ reduce {op} x0 into x1 v2: {dtype} = load b0[v1] x0 = v2 }}
                 v3: {dtype} = x1
                 store b0[v0], v3
               }}
             }}"
        );
        Loops::parse(&text).unwrap().verify().map_err(|error| error.to_string())
    };
    for dtype in DType::ALL {
        for op in parfuse_ir::ReduceOp::ALL.iter().filter(|op| op.applies_to(*dtype)) {
            let expected = if dtype.is_float() {
                Err(format!("a lane loop with a {} of {dtype}", op.name()))
            } else {
                Ok(())
            };
            assert_eq!(loops(dtype.name(), op.name()), expected);
        }
    }
}

#[test]
fn ill_formed_lane_programs_are_refused() {
    let refuses = |example, part, replacement, expected| {
        refuses_to_verify("lane", example, part, replacement, expected)
    };
    refuses(0, "v2: f64 lanes", "v2: f64", "region r0: v2: declared uniform but its operands are varying");
    refuses(0, "fsub v0, v1", "isub v0, v1", "region r0: v2: isub does not apply to [F64, F64]");
    refuses(0, "v0: f64 = slot 1", "v0: f64 = slot 15", "region r0: prologue: v0: slot 15 does not exist");
    refuses(
        0,
        "slot 13 = v0",
        "slot 12 = v0",
        "driver: setting slot 12: slot 12 is the key's, a parameter's or a buffer's",
    );
    refuses(0, "launch r0", "launch r1", "driver: launch of r1: r1 does not exist");
    refuses(0, "store b2", "launch r0 store b2", "region r0: launch of r0: only the driver does this");
    refuses(0, "reduce max f64 v4", "reduce max f32 v4", "region r0: v4 is f64 where f32 is needed");
    refuses(
        1,
        "v3: f64 lanes = v1",
        "v3: f64 = v1",
        "region r0: v1 is varying but flows into v3, which is uniform",
    );
    refuses(1, "test v5", "test v4", "region r0: v4 is varying where a uniform value is needed");
    refuses(1, "row_index(0)", "row_index(1)", "region r0: v1: row_index(1): no dimension 1 of rows");
    refuses(
        1,
        "row_index(0) +",
        "lane_index +",
        "region r0: v1: lane_index is varying where a uniform value is needed",
    );
    refuses(
        1,
        "slot 10 = v2",
        "slot 10 = lane_index",
        "driver: setting slot 10: lane_index: an index along lanes outside the body of a region",
    );
    refuses(1, "check v13, f0", "check v13, f1", "region r0: check for f1: f1 does not exist");
}

/// A small generator of numbers, enough to choose where to spoil a text.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        (self.0 >> 33) as usize % end.max(1)
    }
}

#[test]
fn spoilt_texts_never_panic_and_what_parses_is_stable() {
    let mut numbers = Numbers(7);
    let pieces: Vec<&str> =
        LANGUAGES.iter().flat_map(|(name, _)| examples(name)).flat_map(str::split_whitespace).collect();
    let odd = [
        "\"",
        "\\u{110000}",
        "-",
        "..",
        "1e",
        "0x",
        "v4294967296",
        "v1000",
        "é",
        "//",
        "{",
        "}",
        "[",
        "255",
        "f64(",
    ];
    for (name, language) in LANGUAGES {
        for example in examples(name) {
            for _ in 0..150 {
                let mut text: Vec<char> = example.chars().collect();
                for _ in 0..1 + numbers.below(3) {
                    let at = numbers.below(text.len());
                    let until = (at + numbers.below(12)).min(text.len());
                    let piece = match numbers.below(3) {
                        0 => "",
                        1 => odd[numbers.below(odd.len())],
                        _ => pieces[numbers.below(pieces.len())],
                    };
                    text.splice(at..until, piece.chars());
                }
                let text: String = text.into_iter().collect();
                for (_, any) in LANGUAGES {
                    any(&text).ok();
                }
                let Ok((_, printed)) = language(&text) else { continue };
                assert_eq!(language(&printed).map(|(_, again)| again).as_ref(), Ok(&printed), "{text}");
            }
        }
    }
}

#[test]
fn depth_is_limited_and_the_limit_is_out_of_reach() {
    let nested =
        |depth: usize| format!("program deep() {{ {} {} }}", "if true {".repeat(depth), "}".repeat(depth));
    let program = Program::parse(&nested(99)).unwrap();
    program.verify().unwrap();
    assert_eq!(Program::parse(&program.to_string()).unwrap(), program);
    assert_eq!(Program::parse(&nested(100_000)).unwrap_err().message, "blocks nest too deeply");
}

#[test]
fn a_built_program_survives_with_its_numbers() {
    let mut program = Program::new("awkward name");
    let ty = Type::scalar(DType::F64);
    for name in ["v1", "x", "x"] {
        program.params.push(parfuse_ir::program::Param { name: name.into(), ty, mutable: false });
    }
    let loc = Loc { file: program.files.intern("src/a \"b\".rs"), line: 3, column: 4 };
    let leaves: Vec<_> = (0..3).map(|i| program.value(Expr::Param(i), ty, loc)).collect();
    program.value(Expr::Var(parfuse_ir::program::Var(3)), ty, loc);
    let nan = program.value(Expr::Const(Scalar::F64(f64::NAN)), ty, loc);
    let sum = program.value(Expr::Op(ScalarOp::MulAdd, vec![leaves[0], leaves[1], nan]), ty, loc);
    let result = program.value(Expr::Op(ScalarOp::Add, vec![sum, leaves[2]]), ty, Loc { file: 1, ..loc });
    program.values[result].name = Some("f64".into());
    program.body = vec![Stmt::Let(sum), Stmt::Let(result)];
    program.results = vec![result];
    program.verify().unwrap();
    let text = program.to_string();
    assert_eq!(
        text,
        r#"program "awkward name"("v1": f64, x: f64, x: f64) -> f64 {
  file "src/a \"b\".rs"
  v5: f64 = mul_add "v1", p1, f64(0x7ff8000000000000) @3:4
  v6 "f64": f64 = add v5, p2 @1/3:4
  return v6
}
"#
    );
    let again = Program::parse(&text).unwrap();
    again.verify().unwrap();
    assert_eq!(again.to_string(), text);
    assert_eq!((again.body, again.results), (program.body, program.results));
}

#[test]
fn corners_survive() {
    let texts = [
        (
            "loops",
            r#"loops corners(b1 p: f64[], q: [f64; 2], "in": bool, mut b2 r: i64[_, 1 unit], b4 s: f64[unit, _], b5 t: u8[1, 8]) {
  buffer b0 other: f64[_, 1 unit] is p1
  buffer b3 "v3": [bool; 0]
  alloc b3[]
  store b3[], "in" @2:2
  parfor {
    source "a b"
    v0: f64 = load b1[]
    v5: usize = linear_index
    check "in", empty_mean of "of" with v5, 1usize
    if "in" {
    } else {
      store b2[v5, v5], -1i64
    }
  }
  return 1.5f32, "in", b3
}
"#,
        ),
        (
            "lane",
            r#"lane pixels params 1 frame 8 {
  buffer b0 image: f32[_, 3] is p0 at 2
  driver {
    v0: i64 = dim b0, 0
    slot 7 = v0
    launch r0
  }
  region r0 extents [7] fine {
    body {
      v0: f32 lanes = load b0[0i64 + lanes of 3 at 2]
      store b0[0i64 + lanes of 3 at 0], v0
    }
  }
}
"#,
        ),
        (
            "lane",
            r#"lane "" params 0 frame 2 {
  driver {
    loop {
      v9: i64 = slot 1
      v3: bool = slt v9, -9223372036854775808i64
      test v3
    } do {
      launch r0
    }
  }
  region r0 extents [] coarse {
    collapsible ()
    reduce sum i64 linear_index into slot 1
    body {
    }
  }
}
"#,
        ),
    ];
    for (name, text) in texts {
        let (verified, printed) = language(name)(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!((verified, printed), (Ok(()), text.to_string()));
    }
}

#[test]
fn parameters_may_be_called_like_anything_in_the_text() {
    let words = REFERENCE.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
    for word in words {
        let mut program = Program::new(word);
        let ty = Type::scalar(DType::Bool);
        program.params.push(parfuse_ir::program::Param { name: word.into(), ty, mutable: false });
        let param = program.value(Expr::Param(0), ty, Loc::NONE);
        let not = program.value(Expr::Op(ScalarOp::Not, vec![param]), ty, Loc::NONE);
        program.values[not].name = Some(word.into());
        program.body = vec![
            Stmt::Let(not),
            Stmt::If { cond: param, then: vec![], otherwise: vec![] },
            Stmt::Check {
                ok: param,
                kind: parfuse_ir::FaultKind::ZeroStep,
                args: Vec::new(),
                loc: Loc::NONE,
            },
        ];
        program.results = vec![param];
        let text = program.to_string();
        let again = Program::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(again, program, "{text}");
    }
}

#[test]
fn ill_formed_calls_are_refused() {
    let last = |name: &str| examples(name).len() - 1;
    for (name, part, replacement, expected) in [
        ("program", "call 0(v3, mut x0, limit)", "call 1(v3, mut x0, limit)", "function 1 does not exist"),
        ("program", "call 0(v3, mut x0, limit)", "call 0(v3, limit)", "2 arguments"),
        ("program", "call 0(v3, mut x0, limit)", "call 0(v3, a, limit)", "writes to"),
        ("program", "to x1, x2", "to x2, x1", "takes no usize"),
        ("program", "to x1, x2", "to x1", "1 results"),
        ("loops", "call 0(b2, mut b1,", "call 0(b2, b1,", "b1 for [f64; 1]"),
        ("loops", "call 0(b2, mut b1,", "call 0(mut b2, mut b1,", "b2 for [f64; 1]"),
        ("loops", "call 0(b2, mut b1,", "call 0(b1, mut b1,", "stands twice"),
        ("loops", ", mut b3, mut b4)", ", mut b3)", "4 arguments for 5"),
        ("loops", "call 0(b2, mut b1, limit", "call 0(b2, mut b1, v0", "v0 is usize"),
        ("lane", "c0 call 0(", "c0 call 7(", "no such function"),
        ("lane", "do c1", "do c2", "c2 does not exist"),
    ] {
        let (verified, _) = language(name)(&altered(name, last(name), part, replacement)).unwrap();
        let message = verified.expect_err("it is ill-formed");
        assert!(message.contains(expected), "{name}, {replacement}: {message}");
    }
}
