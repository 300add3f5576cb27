//! A comparison as an aligned table.

use super::{Comparison, Measurement};
use std::fmt;
use std::time::Duration;

/// A time with three significant digits and a fitting unit.
pub(super) fn time(t: Duration) -> String {
    let ns = t.as_nanos() as f64;
    let (value, unit) = match ns {
        ns if ns < 1e3 => (ns, "ns"),
        ns if ns < 1e6 => (ns / 1e3, "µs"),
        ns if ns < 1e9 => (ns / 1e6, "ms"),
        _ => (ns / 1e9, "s"),
    };
    let digits = if value < 10.0 {
        2
    } else if value < 100.0 {
        1
    } else {
        0
    };
    format!("{value:.digits$} {unit}")
}

/// A count with its digits in groups of three: `1,000,000`.
pub(super) fn grouped(n: usize) -> String {
    let digits = n.to_string();
    let mut grouped = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

fn rate(elements: usize, t: Duration) -> String {
    let per_second = elements as f64 / t.as_secs_f64();
    match per_second {
        r if r >= 1e9 => format!("{:.2} G/s", r / 1e9),
        r if r >= 1e6 => format!("{:.1} M/s", r / 1e6),
        r => format!("{:.0} k/s", r / 1e3),
    }
}

impl Comparison {
    fn row(&self, m: &Measurement) -> [String; 10] {
        let speedup = |than| self.speedup(m.variant, than).map_or_else(String::new, |x| format!("{x:.2}×"));
        let agreement = match (m.variant, m.agreement.agrees()) {
            ("reference", _) => String::new(),
            (_, false) => "DIFFERS".to_string(),
            (_, true) if m.agreement.same_bits => "equal".to_string(),
            (_, true) => format!("{} ulp", m.agreement.max_ulp),
        };
        [
            m.variant.to_string(),
            m.threads.to_string(),
            time(m.first),
            time(m.best),
            time(m.median),
            time(m.worst),
            speedup("reference"),
            if m.variant == "reference" { String::new() } else { speedup("serial") },
            self.elements.map_or_else(String::new, |n| rate(n, m.best)),
            agreement,
        ]
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let elements = self.elements.map_or_else(String::new, |n| format!(", {} elements", grouped(n)));
        writeln!(f, "{}{elements}, compiled in {}", self.kernel, time(self.compile_time))?;
        let heads = [
            "variant",
            "threads",
            "first call",
            "best",
            "median",
            "worst",
            "vs reference",
            "vs serial",
            "elements",
            "agreement",
        ];
        let mut rows = vec![heads.map(str::to_string)];
        rows.extend(self.measurements.iter().map(|m| self.row(m)));
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..heads.len()).map(width).collect();
        for row in &rows {
            let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, &width))| match column {
                0 => format!("{cell:<width$}"),
                _ => format!("{cell:>width$}"),
            });
            writeln!(f, "  {}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
        }
        let same = if self.same_bits { "the same bits" } else { "DIFFERENT BITS" };
        writeln!(f, "  serial and parallel give {same}")?;
        let numbers = if self.draws {
            ", which draws the same random numbers by calls of this library's plain functions"
        } else {
            ""
        };
        writeln!(f, "  the reference is the function as rustc compiles it{numbers}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_grouped() {
        assert_eq!([0, 12, 123, 1234, 1_000_000].map(grouped), ["0", "12", "123", "1,234", "1,000,000"]);
    }

    #[test]
    fn times_have_three_digits() {
        assert_eq!(time(Duration::from_nanos(1)), "1.00 ns");
        assert_eq!(time(Duration::from_nanos(12_345)), "12.3 µs");
        assert_eq!(time(Duration::from_millis(1234)), "1.23 s");
    }
}
