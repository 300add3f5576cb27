//! A comparison as JSON.

use super::Comparison;
use std::fmt::Write;

impl Comparison {
    /// One JSON object per variant and line:
    /// `{"kernel":…,"variant":"reference|serial|parallel","n":…,"threads":…,"first_ns":…,"best_ns":…,"median_ns":…,"worst_ns":…,"compile_us":…,"agrees":true,"max_ulp":…,"same_bits":true}`.
    ///
    /// `first_ns` is the first call, which compiles; the other times are of thorough code. `n` is `null` if no number of elements is known. `same_bits` says whether serial and parallel code gave
    /// the same bits.
    pub fn to_json(&self) -> String {
        let mut lines = String::new();
        for m in &self.measurements {
            let n = self.elements.map_or_else(|| "null".to_string(), |n| n.to_string());
            let compile_us =
                if m.variant == "reference" { 0.0 } else { self.compile_time.as_secs_f64() * 1e6 };
            writeln!(
                lines,
                r#"{{"kernel":{},"variant":"{}","n":{n},"threads":{},"first_ns":{},"best_ns":{},"median_ns":{},"worst_ns":{},"compile_us":{compile_us:.1},"agrees":{},"max_ulp":{},"same_bits":{}}}"#,
                quoted(&self.kernel),
                m.variant,
                m.threads,
                m.first.as_nanos(),
                m.best.as_nanos(),
                m.median.as_nanos(),
                m.worst.as_nanos(),
                m.agreement.agrees(),
                m.agreement.max_ulp,
                self.same_bits,
            )
            .expect("writing to a string");
        }
        lines
    }
}

/// A JSON string: kernel names given to `Engine::trace` may hold anything.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if (c as u32) < 0x20 => write!(quoted, "\\u{:04x}", c as u32).expect("writing to a string"),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn names_are_escaped() {
        assert_eq!(quoted("a\"b\\c\n"), r#""a\"b\\c\u000a""#);
    }
}
