//! Comparisons as a bar chart.

use super::{Comparison, table};
use std::fmt::Write;
use std::time::Duration;

const WIDTH: f64 = 760.0;
const LABELS: f64 = 150.0;
const BARS: f64 = 440.0;
/// As far as the line to the worst time reaches at most.
const LONGEST: f64 = 480.0;
const ROW: f64 = 26.0;
const TITLE: f64 = 40.0;
const GAP: f64 = 18.0;

impl Comparison {
    /// A bar chart of the best times as an SVG picture; shorter is faster. A line goes on from each bar to the worst time,
    /// with a stroke at the median.
    pub fn to_svg(&self) -> String {
        Comparison::chart(std::slice::from_ref(self))
    }

    /// One picture with a bar chart for each comparison, each scaled to its own slowest variant.
    pub fn chart(comparisons: &[Comparison]) -> String {
        let height_of = |c: &Comparison| TITLE + ROW * c.measurements.len() as f64 + GAP;
        let height = GAP + comparisons.iter().map(height_of).sum::<f64>();
        let mut svg = String::new();
        let mut line = |text: std::fmt::Arguments<'_>| writeln!(svg, "{text}").expect("writing to a string");
        line(format_args!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" font-family="Helvetica, Arial, sans-serif" font-size="14">"#
        ));
        line(format_args!(r##"<rect width="100%" height="100%" fill="#ffffff"/>"##));
        let mut y = GAP;
        for comparison in comparisons {
            let elements =
                comparison.elements.map_or_else(String::new, |n| format!(", {} elements", table::grouped(n)));
            let title = format!("{}{elements}", comparison.kernel);
            line(format_args!(
                r##"<text x="20" y="{:.1}" font-size="16" font-weight="bold" fill="#222222">{}</text>"##,
                y + 16.0,
                escaped(&title)
            ));
            let slowest =
                comparison.measurements.iter().map(|m| m.best).max().unwrap_or_default().as_secs_f64();
            for (row, m) in comparison.measurements.iter().enumerate() {
                let top = y + TITLE - 10.0 + ROW * row as f64;
                // Times far off are cut: they would leave no room for the others.
                let length = |t: Duration| {
                    (BARS * t.as_secs_f64() / slowest.max(f64::MIN_POSITIVE)).clamp(1.0, LONGEST)
                };
                let width = length(m.best);
                let middle = top + ROW / 2.0 + 1.0;
                let threads = if m.threads > 1 { format!(" ({} threads)", m.threads) } else { String::new() };
                let speedup = comparison.speedup(m.variant, "reference").unwrap_or(1.0);
                let times =
                    if m.variant == "reference" { String::new() } else { format!(", {speedup:.1}×") };
                line(format_args!(
                    r##"<text x="{:.1}" y="{middle:.1}" text-anchor="end" fill="#444444">{}{threads}</text>"##,
                    LABELS + 12.0,
                    m.variant
                ));
                line(format_args!(
                    r##"<rect x="{:.1}" y="{:.1}" width="{width:.1}" height="{:.1}" rx="2" fill="{}"/>"##,
                    LABELS + 20.0,
                    top + 2.0,
                    ROW - 8.0,
                    colour(m.variant)
                ));
                for (from, to, half) in [(m.best, m.worst, 0.5), (m.median, m.median, (ROW - 8.0) / 4.0)] {
                    line(format_args!(
                        r##"<rect x="{:.1}" y="{:.1}" width="{:.1}" height="{:.1}" fill="#222222"/>"##,
                        LABELS + 20.0 + length(from),
                        top + ROW / 2.0 - 2.0 - half,
                        (length(to) - length(from)).max(1.0),
                        2.0 * half
                    ));
                }
                line(format_args!(
                    r##"<text x="{:.1}" y="{middle:.1}" fill="#222222">{}{times}</text>"##,
                    LABELS + 28.0 + length(m.worst),
                    table::time(m.best)
                ));
            }
            y += height_of(comparison);
        }
        svg.push_str("</svg>\n");
        svg
    }
}

fn colour(variant: &str) -> &'static str {
    match variant {
        "reference" => "#b8bec8",
        "serial" => "#4c8fd6",
        _ => "#2f9e6b",
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
