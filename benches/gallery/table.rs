//! The table: worst rows first, and how it gets into the documents.
//!
//! ```text
//! times and answers of a kernel and size ──► Line ──► a row of Markdown
//!                                 sorted by function / serial ──► docs/BENCHMARKS.md between <!-- gallery --> and <!-- end -->
//! ```

use crate::measure::Times;
use crate::peers::Others;
use std::fmt::Write;
use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

/// A kernel of a size.
pub struct Line {
    /// The name of the kernel.
    pub name: &'static str,
    /// The size.
    pub n: usize,
    /// What was measured here.
    pub times: Times,
    /// What others answered.
    pub others: Others,
}

/// From here on neither is slower than the other.
const EQUAL: f64 = 0.97;
const FIRST_CALL: f64 = 0.8;
const NUMBA: f64 = 0.9;

/// How many times as long as ours something takes.
fn quotient(theirs: Option<Duration>, ours: Duration) -> Option<f64> {
    Some(theirs?.as_secs_f64() / ours.as_secs_f64())
}

/// A column of quotients.
struct Column {
    title: &'static str,
    what: &'static str,
    /// Below this the kernel is called slower.
    least: f64,
    of: fn(&Line) -> Option<f64>,
}

const COLUMNS: [Column; 7] = [
    Column {
        title: "/ function",
        what: "serial, beside the function",
        least: EQUAL,
        of: |line| quotient(Some(line.times.function), line.times.serial),
    },
    Column {
        title: "/ native",
        what: "serial, beside the function made for this processor",
        least: EQUAL,
        of: |line| quotient(line.others.native, line.times.serial),
    },
    Column {
        title: "first",
        what: "first calls, beside the function",
        least: FIRST_CALL,
        of: |line| quotient(Some(line.times.function), line.times.first?),
    },
    Column {
        title: "/ Numba",
        what: "serial, beside Numba on one thread",
        least: NUMBA,
        of: |line| quotient(line.others.numba.map(|[one, _]| one), line.times.serial),
    },
    Column {
        title: "/ serial",
        what: "parallel, beside serial",
        least: EQUAL,
        of: |line| quotient(Some(line.times.serial), line.times.parallel),
    },
    Column {
        title: "/ rayon",
        what: "parallel, beside loops by hand on as many threads",
        least: EQUAL,
        of: |line| quotient(line.times.rayon, line.times.parallel),
    },
    Column {
        title: "/ Numba, 2",
        what: "parallel, beside Numba on as many threads",
        least: NUMBA,
        of: |line| quotient(line.others.numba.map(|[_, two]| two), line.times.parallel),
    },
];

/// The text of a table.
pub fn table(mut lines: Vec<Line>) -> String {
    let worst = |line: &Line| (COLUMNS[0].of)(line).unwrap_or(f64::INFINITY);
    lines.sort_by(|a, b| worst(a).total_cmp(&worst(b)));
    // Nobody there, no column.
    let columns: Vec<&Column> =
        COLUMNS.iter().filter(|column| lines.iter().any(|line| (column.of)(line).is_some())).collect();
    let mut text = String::new();
    writeln!(text, "{}\n", processor()).unwrap();
    writeln!(text, "| quotients | kernels and sizes | geometric mean | least | below |").unwrap();
    writeln!(text, "|---|--:|--:|--:|--:|").unwrap();
    for column in &columns {
        let found: Vec<f64> = lines.iter().filter_map(column.of).collect();
        let mean = (found.iter().map(|x| x.ln()).sum::<f64>() / found.len() as f64).exp();
        let (least, below) = (found.iter().copied().fold(f64::INFINITY, f64::min), column.least);
        let slow = found.iter().filter(|x| **x < below).count();
        let what = column.what;
        writeln!(text, "| {what} | {} | {mean:.2} | {least:.2} | {slow} below {below} |", found.len())
            .unwrap();
    }
    let titles: String = columns.iter().map(|column| format!(" {} |", column.title)).collect();
    writeln!(text, "\n| kernel | n | function | serial | parallel |{titles}").unwrap();
    writeln!(text, "|---|--:|--:|--:|--:|{}", "--:|".repeat(columns.len())).unwrap();
    for line in &lines {
        let Times { function, serial, parallel, .. } = line.times;
        let [function, serial, parallel] = [function, serial, parallel].map(readable);
        write!(text, "| `{}` | {} | {function} | {serial} | {parallel} |", line.name, line.n).unwrap();
        for column in &columns {
            let cell = (column.of)(line).map_or(String::new(), |quotient| format!("{quotient:.2}"));
            write!(text, " {cell} |").unwrap();
        }
        text.push('\n');
    }
    text
}

/// A time with three digits.
fn readable(time: Duration) -> String {
    let micros = time.as_secs_f64() * 1e6;
    let (number, unit) = if micros < 1000.0 { (micros, "µs") } else { (micros / 1000.0, "ms") };
    let digits = if number < 10.0 { 2 } else { usize::from(number < 100.0) };
    format!("{number:.digits$} {unit}")
}

fn processor() -> String {
    let information = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = information.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let isa = parfuse::Isa::best();
    format!("{}, {isa}:", name.map_or("unknown processor", |(_, name)| name))
}

/// Puts a table into the document.
///
/// # Errors
/// If the document cannot be read or written, or has no place for it.
pub fn write(table: &str) -> io::Result<()> {
    const MARK: &str = "<!-- gallery -->\n";
    const END: &str = "<!-- end -->\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/BENCHMARKS.md");
    let text = fs::read_to_string(&path)?;
    let start = text.find(MARK).ok_or_else(|| io::Error::other("no mark"))? + MARK.len();
    let length = text[start..].find(END).ok_or_else(|| io::Error::other("no end"))?;
    fs::write(path, format!("{}\n{table}\n{}", &text[..start], &text[start + length..]))
}
