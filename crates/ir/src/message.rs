//! The messages of faults, with the numbers that are known only when the kernel runs.
//!
//! ```text
//! "{i32} of {f64:.2} is {{odd}}", words 3 and 0x4004000000000000        3 of 2.50 is {odd}
//! ```
//!
//! A hole names the type of its number, and how it is printed, as in Rust: `:?`, `:e`, a width, a precision.

use crate::{DType, Scalar};

/// So many values are reported with a fault at most.
pub const MOST_REPORTED: usize = 4;

/// A text as a message without holes.
pub fn plain(text: &str) -> String {
    text.replace('{', "{{").replace('}', "}}")
}

/// A message with holes that name no types, with those of its numbers.
pub fn typed(message: &str, types: &[DType]) -> String {
    let mut types = types.iter();
    with_holes(message, &mut |spec| Some(format!("{}{spec}", types.next()?)))
}

/// A message without the holes for which there are no numbers, which are shown as such.
pub fn kept(message: &str, has_number: &[bool]) -> String {
    let mut has_number = has_number.iter();
    with_holes(message, &mut |spec| has_number.next().copied().unwrap_or(false).then(|| spec.to_owned()))
}

fn with_holes(message: &str, hole: &mut dyn FnMut(&str) -> Option<String>) -> String {
    let mut result = String::new();
    parts(message, &mut |part| match part {
        Part::Text(text) => result.push_str(&plain(text)),
        Part::Hole(spec) => match hole(spec) {
            Some(hole) => result.push_str(&format!("{{{hole}}}")),
            None => result.push_str("{{…}}"),
        },
    });
    result
}

/// The message with the numbers that these words stand for.
pub fn filled(message: &str, words: &[u64]) -> String {
    let (mut result, mut words) = (String::new(), words.iter());
    parts(message, &mut |part| match part {
        Part::Text(text) => result.push_str(text),
        Part::Hole(hole) => {
            let (dtype, spec) = hole.split_once(':').unwrap_or((hole, ""));
            match (DType::from_name(dtype), words.next()) {
                (Some(dtype), Some(word)) => result.push_str(&shown(number(*word, dtype), spec)),
                _ => result.push_str("{…}"),
            }
        }
    });
    result
}

/// What is reported of a number: a float as `f64`, anything else as `i64`.
pub fn word(number: Scalar) -> u64 {
    match number.dtype().is_float() {
        true => number.cast(DType::F64).to_bits(),
        false => number.cast(DType::I64).to_bits(),
    }
}

fn number(word: u64, dtype: DType) -> Scalar {
    match dtype.is_float() {
        true => Scalar::F64(f64::from_bits(word)).cast(dtype),
        false => Scalar::I64(word as i64).cast(dtype),
    }
}

/// Prints as Rust does. What a specification says beyond width, precision and form is passed over.
fn shown(number: Scalar, spec: &str) -> String {
    let (debug, exponent) = (spec.ends_with('?'), spec.ends_with('e'));
    let spec = spec.trim_end_matches(['?', 'e']);
    let (width, precision) = spec.split_once('.').unwrap_or((spec, ""));
    let width =
        width.trim_start_matches(|c: char| !c.is_ascii_digit()).parse().unwrap_or(0usize).min(MOST_DIGITS);
    let precision = precision.parse::<usize>().ok().map(|digits| digits.min(MOST_DIGITS));
    macro_rules! print {
        ($x:expr) => {
            match (precision, debug, exponent) {
                (Some(digits), _, true) => format!("{:width$.digits$e}", $x),
                (None, _, true) => format!("{:width$e}", $x),
                (Some(digits), true, _) => format!("{:width$.digits$?}", $x),
                (Some(digits), ..) => format!("{:width$.digits$}", $x),
                (None, true, _) => format!("{:width$?}", $x),
                (None, ..) => format!("{:width$}", $x),
            }
        };
    }
    match (number, number.as_integer()) {
        (Scalar::Bool(truth), _) => format!("{truth:width$}"),
        (Scalar::F32(x), _) => print!(x),
        (Scalar::F64(x), _) => print!(x),
        (_, Some(x)) => print!(x),
        (other, None) => other.to_string(),
    }
}

/// Nobody wants to read more, and someone else's text says how many.
const MOST_DIGITS: usize = 1000;

enum Part<'m> {
    Text(&'m str),
    /// What stands between braces.
    Hole(&'m str),
}

fn parts<'m>(message: &'m str, see: &mut dyn FnMut(Part<'m>)) {
    let mut rest = message;
    while let Some(brace) = rest.find(['{', '}']) {
        see(Part::Text(&rest[..brace]));
        let (this, behind) = rest[brace..].split_at(1);
        rest = behind;
        if let Some(behind) = rest.strip_prefix(this) {
            see(Part::Text(this));
            rest = behind;
        } else if let (true, Some(end)) = (this == "{", rest.find('}')) {
            see(Part::Hole(&rest[..end]));
            rest = &rest[end + 1..];
        } else {
            see(Part::Text(this));
        }
    }
    see(Part::Text(rest));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_printed_as_rust_prints_them() {
        let numbers = [
            Scalar::I32(-7),
            Scalar::F64(0.1),
            Scalar::F32(0.1),
            Scalar::Bool(true),
            Scalar::U64(u64::MAX),
            Scalar::U8(200),
        ];
        let words: Vec<u64> = numbers.iter().map(|number| word(*number)).collect();
        let types: Vec<DType> = numbers.iter().map(|number| number.dtype()).collect();
        let message = typed("{} {:?} {:8.3} {} {{x}} {} {:>5}.", &types);
        assert_eq!(message, "{i32} {f64:?} {f32:8.3} {bool} {{x}} {u64} {u8:>5}.");
        assert_eq!(
            filled(&message, &words),
            format!("{} {:?} {:8.3} {} {{x}} {} {:>5}.", -7, 0.1, 0.1f32, true, u64::MAX, 200)
        );
        assert_eq!(
            filled("{f64:e} {f64:.2e}", &[word(Scalar::F64(1250.0)); 2]),
            format!("{:e} {:.2e}", 1250.0, 1250.0)
        );
    }

    #[test]
    fn what_has_no_number_is_shown_as_a_hole() {
        assert_eq!(filled(&plain("a {b} c"), &[]), "a {b} c");
        assert_eq!(filled(&kept("{} and {:?} {{}}", &[false]), &[]), "{…} and {…} {}");
        assert_eq!(filled("} {", &[]), "} {");
    }
}
