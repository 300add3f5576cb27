//! Comparing the variants: what is measured, and the forms it is shown in.

use ndarray::{Array1, ArrayRef1};
use parfuse::prelude::*;
use parfuse::{Comparison, Effort, Measurement};
use std::sync::Mutex;
use std::time::Duration;

#[kernel]
fn noise(a: &ArrayRef1<f64>, level: f64) -> Array1<f64> {
    a + level * Array1::<f64>::random(a.len())
}

#[kernel]
fn accumulate(a: &mut ArrayRef1<f64>, b: &ArrayRef1<f64>) {
    *a += b;
}

fn comparison() -> Comparison {
    let options = CompareOptions::default().repetitions(2).seed(3);
    noise::compare_with(&options, &Array1::ones(10_000), 0.5).unwrap()
}

#[test]
fn all_variants_are_measured_on_the_same_random_numbers() {
    let comparison = comparison();
    let variants: Vec<&str> = comparison.measurements.iter().map(|m| m.variant).collect();
    assert_eq!(variants, ["reference", "serial", "parallel"]);
    assert!(comparison.agrees() && comparison.same_bits);
    assert!(comparison.measurements.iter().all(|m| m.agreement.same_bits), "products and sums round alike");
    assert_eq!(comparison.elements, Some(10_000));
    let ordered = |m: &Measurement| m.best <= m.median && m.median <= m.worst;
    assert!(comparison.measurements.iter().all(|m| m.best > Duration::ZERO && ordered(m)));
    assert!(comparison.measurements.iter().all(|m| m.first > Duration::ZERO) && comparison.draws);
    assert!(comparison.speedup("serial", "reference").unwrap() > 0.0);
    assert!(comparison.of("unknown").is_none());
}

#[test]
fn all_compiled_variants_run_in_thorough_code_and_take_turns() {
    static TOLD: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let options = CompareOptions::default().repetitions(3).progress(|variant| {
        TOLD.lock().unwrap().push(variant.to_string());
    });
    let engine = Engine::new().unwrap();
    let comparison =
        engine.install(|| accumulate::compare_with(&options, &mut Array1::zeros(9), &Array1::ones(9)));
    assert!(comparison.unwrap().agrees());
    // However little they have computed.
    assert_eq!(engine.kernel::<accumulate>().explain().unwrap().effort, Effort::Thorough);
    let told = TOLD.lock().unwrap();
    assert_eq!(told.len(), 1 + 3 * 3);
    for round in told[1..].chunks(3) {
        let mut variants = round.to_vec();
        variants.sort();
        assert_eq!(variants, ["parallel", "reference", "serial"]);
    }
    assert_eq!([&told[1], &told[4], &told[7]], ["reference", "serial", "parallel"], "each is first once");
}

#[test]
fn arrays_to_write_start_anew_for_each_run() {
    let (mut a, b) = (Array1::zeros(100), Array1::ones(100));
    let comparison = accumulate::compare(&mut a, &b).unwrap();
    assert!(comparison.agrees(), "{comparison}");
    assert_eq!(a, b, "the result of one run");
}

#[test]
fn a_function_that_does_something_else_is_found_out() {
    let engine = Engine::new().unwrap();
    let kernel = engine.trace("half", |t| t.array::<f64>("a", 1) / 2.0).unwrap();
    let a = Array1::<f64>::ones(10);
    let comparison = kernel.compare(&CompareOptions::default(), (&a,), |(a,)| *a / 3.0).unwrap();
    assert!(!comparison.agrees() && comparison.same_bits);
    assert!(comparison.to_string().contains("DIFFERS"));
}

#[test]
fn the_table_is_aligned() {
    let text = comparison().to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("noise, 10,000 elements, compiled in "), "{text}");
    assert_eq!(lines.len(), 7, "{text}");
    let column = lines[1].find("threads").unwrap() + "threads".len();
    assert!(lines[2..5].iter().all(|line| line.as_bytes()[column - 1].is_ascii_digit()), "{text}");
    assert_eq!(lines[5].trim(), "serial and parallel give the same bits");
    assert!(
        lines[6].contains("the function as rustc compiles it, which draws the same random numbers"),
        "{text}"
    );
}

#[test]
fn json_has_an_object_for_each_variant_and_line() {
    let engine = Engine::new().unwrap();
    let name = "a \"quoted\"\\\n name";
    let kernel = engine.trace(name, |t| t.scalar::<f64>("x") + 1.0).unwrap();
    let unnamed = kernel.compare(&CompareOptions::default(), (1.0,), |(x,)| *x + 1.0).unwrap();
    for (comparison, n) in [(comparison(), "10000"), (unnamed, "null")] {
        let json = comparison.to_json();
        assert_eq!(json.lines().count(), 3);
        for (line, variant) in json.lines().zip(["reference", "serial", "parallel"]) {
            let fields = object(line).unwrap_or_else(|| panic!("no JSON object: {line}"));
            let keys: Vec<&str> = fields.iter().map(|(key, _)| key.as_str()).collect();
            let expected = [
                "kernel",
                "variant",
                "n",
                "threads",
                "first_ns",
                "best_ns",
                "median_ns",
                "worst_ns",
                "compile_us",
                "agrees",
                "max_ulp",
                "same_bits",
            ];
            assert_eq!(keys, expected);
            assert_eq!(fields[1].1, format!("\"{variant}\""));
            assert_eq!(fields[2].1, n);
            for number in [3, 4, 5, 6, 7, 8, 10] {
                assert!(fields[number].1.parse::<f64>().is_ok(), "{line}");
            }
            assert_eq!((fields[9].1.as_str(), fields[11].1.as_str()), ("true", "true"));
        }
    }
}

/// The fields of a flat JSON object: keys, and values as they stand there.
fn object(line: &str) -> Option<Vec<(String, String)>> {
    let mut rest = line.strip_prefix('{')?;
    let mut fields = Vec::new();
    loop {
        let (key, after) = string(rest)?;
        rest = after.strip_prefix(':')?;
        let (value, after) = match string(rest) {
            Some((text, after)) => (format!("\"{text}\""), after),
            None => {
                let end = rest.find([',', '}'])?;
                (rest[..end].to_string(), &rest[end..])
            }
        };
        fields.push((key, value));
        match after.strip_prefix(',') {
            Some(after) => rest = after,
            None => return (after == "}").then_some(fields),
        }
    }
}

/// A JSON string at the start, without its quotes, and what follows it.
fn string(text: &str) -> Option<(String, &str)> {
    let text = text.strip_prefix('"')?;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => {
                if !matches!(c, '"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't' | 'u') {
                    return None;
                }
                escaped = false;
            }
            '\\' => escaped = true,
            '"' => return Some((text[..at].to_string(), &text[at + 1..])),
            c if (c as u32) < 0x20 => return None,
            _ => {}
        }
    }
    None
}

#[test]
fn the_chart_is_well_formed() {
    let engine = Engine::new().unwrap();
    let kernel = engine.trace("a < b & c", |t| t.scalar::<f64>("x") + 1.0).unwrap();
    let named = kernel.compare(&CompareOptions::default(), (1.0,), |(x,)| *x + 1.0).unwrap();
    let comparison = comparison();
    let svg = Comparison::chart(&[comparison.clone(), named]);
    assert!(svg.contains("a &lt; b &amp; c"));
    for svg in [svg, comparison.to_svg()] {
        assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
        let mut open = Vec::new();
        for part in svg.split('<').skip(1) {
            let (tag, text) = part.split_once('>').expect("tags are closed");
            assert!(!text.contains('>') && tag.matches('"').count() % 2 == 0, "{part}");
            match tag.strip_prefix('/') {
                Some(name) => assert_eq!(open.pop(), Some(name)),
                None if tag.ends_with('/') => {}
                None => open.push(tag.split(' ').next().unwrap()),
            }
        }
        assert!(open.is_empty(), "{open:?} are not closed");
    }
}

#[kernel]
fn mean(a: &ArrayRef1<f64>) -> f64 {
    a.mean().unwrap()
}

#[test]
fn a_kernel_that_fails_is_an_error_where_the_function_would_panic() {
    let error = mean::compare(&Array1::zeros(0)).unwrap_err();
    assert!(matches!(error, Error::EmptyMean { .. }), "{error}");
}
