//! A hundred kernels as text: eight kinds of bodies with operators and constants that differ.
//!
//! ```text
//! arithmetic of numbers with branches │ an array expression │ a sum in `prange` │ a `prange` with an inner loop
//! a `while` loop │ elements changed in place │ a result of two │ a `mapv` that calls another kernel
//! ```

use std::fmt::Write;

/// The text of a library with this many functions, which are kernels or not.
pub fn library(count: usize, kernels: bool) -> String {
    let attribute = if kernels { "#[kernel]\n" } else { "" };
    let mut text = "#![allow(unused)]\nuse ndarray::*;\nuse parfuse::prelude::*;\n".to_string();
    for number in 0..count {
        text.push_str(attribute);
        function(&mut text, number);
    }
    text
}

fn function(text: &mut String, number: usize) {
    let op = ["+", "-", "*"][number % 3];
    let (a, b) = (1.0 + number as f64 / 8.0, 0.25 * (number % 7) as f64 + 0.5);
    let method = ["sin", "exp", "sqrt", "abs", "floor"][number % 5];
    match number % 8 {
        0 => write!(
            text,
            "pub fn k{number}(x: f64, y: f64, n: i64) -> f64 {{
                let z = x {op} y * {a:?};
                let w = if n > {number} {{ z.{method}() }} else {{ (z - y).powi(2) }};
                let mut total = w;
                if w > {b:?} && x < y {{ total += x / (y * y + {a:?}); }} else {{ total -= w.min(x); }}
                total {op} n as f64
            }}\n"
        ),
        1 => write!(
            text,
            "pub fn k{number}(x: f64, a: &ArrayRef1<f64>, b: &ArrayRef1<f64>) -> Array1<f64> {{
                let n = a.len();
                let scaled = (-{b:?} * ((x - a) / b).powi(2)).exp() / b;
                scaled {op} (a * {a:?}).{method}() / n as f64
            }}\n"
        ),
        2 => write!(
            text,
            "pub fn k{number}(a: &ArrayRef1<f64>, limit: f64) -> f64 {{
                let mut total = 0.0;
                for i in prange(0..a.len()) {{
                    if a[i] > limit {{ total += (a[i] {op} {a:?}).{method}(); }} else {{ total += {b:?}; }}
                }}
                total / a.len() as f64
            }}\n"
        ),
        3 => write!(
            text,
            "pub fn k{number}(x: &ArrayRef1<f64>, weights: &ArrayRef1<f64>) -> Array1<f64> {{
                let n = x.len() + 1 - weights.len();
                let mut out = Array1::zeros(n);
                for i in prange(0..n) {{
                    let mut s = {b:?};
                    for j in 0..weights.len() {{ s += x[i + j] {op} weights[j]; }}
                    out[i] = s.{method}() * {a:?};
                }}
                out
            }}\n"
        ),
        4 => write!(
            text,
            "pub fn k{number}(re: f64, im: f64, limit: i64) -> i64 {{
                let (mut x, mut y, mut count) = (0.0, 0.0, 0);
                while count < limit && x * x + y * y < {a:?} {{
                    let t = x * x - y * y + re;
                    y = 2.0 * x * y {op} im;
                    x = t;
                    count += 1;
                }}
                if count == limit {{ {number} }} else {{ count }}
            }}\n"
        ),
        5 => write!(
            text,
            "pub fn k{number}(a: &mut ArrayRef2<f64>, factors: &ArrayRef1<f64>) {{
                let (rows, columns) = a.dim();
                for i in prange(0..rows) {{
                    for j in 0..columns {{
                        a[[i, j]] *= factors[i];
                        if a[[i, j]] > {a:?} {{ a[[i, j]] = (a[[i, j]] {op} {b:?}).{method}(); }}
                    }}
                }}
            }}\n"
        ),
        6 => write!(
            text,
            "pub fn k{number}(a: &ArrayRef1<f32>, seed: usize) -> (f32, Array1<f32>) {{
                let m = a.mean().unwrap_or(0.0);
                let centred = a - m;
                let variance = (&centred * &centred).sum() / (a.len() + seed % {}) as f32;
                (variance.sqrt(), centred {op} variance.max({b:?}))
            }}\n",
            number + 2
        ),
        _ => write!(
            text,
            "pub fn k{number}(a: &ArrayRef2<f64>, c: f64) -> Array2<f64> {{
                let shifted = a.mapv(|v| {{ let u = v {op} c; k{}(u, c, {number}) * {a:?} }});
                let total = shifted.sum();
                shifted / total
            }}\n",
            number - 7
        ),
    }
    .expect("a text can be written to");
}
