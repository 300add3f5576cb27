//! The methods that can be called in a kernel, and advice for those that cannot.
//!
//! Whether a method exists on its receiver is for rustc to say, and what it means for the tracer; this table
//! catches what no receiver supports, at compile time, with a word on what to write instead.

/// The methods that a kernel may call, by what they belong to.
pub const METHODS: &[&[&str]] = &[FLOATS, INTEGERS, OPERATORS, ARRAYS, OPTIONS, RANGES, COPIES];

/// Methods of `f32` and `f64`, many of them also of integers and of arrays.
const FLOATS: &[&str] = &[
    "abs",
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "cbrt",
    "ceil",
    "clamp",
    "cos",
    "cosh",
    "div_euclid",
    "erf",
    "erfc",
    "exp",
    "exp2",
    "exp_m1",
    "floor",
    "fract",
    "hypot",
    "is_finite",
    "is_infinite",
    "is_nan",
    "lgamma",
    "ln",
    "ln_1p",
    "log",
    "log10",
    "log2",
    "max",
    "min",
    "mul_add",
    "pow2",
    "powf",
    "powi",
    "recip",
    "rem_euclid",
    "round",
    "signum",
    "sin",
    "sin_cos",
    "sinh",
    "sqrt",
    "tan",
    "tanh",
    "tgamma",
    "to_degrees",
    "to_radians",
    "trunc",
];

/// Methods of the integer types.
const INTEGERS: &[&str] = &[
    "abs_diff",
    "is_negative",
    "is_positive",
    "pow",
    "saturating_add",
    "saturating_sub",
    "wrapping_abs",
    "wrapping_add",
    "wrapping_div",
    "wrapping_mul",
    "wrapping_neg",
    "wrapping_rem",
    "wrapping_sub",
];

/// Operators written as methods.
const OPERATORS: &[&str] =
    &["add", "sub", "mul", "div", "rem", "neg", "not", "eq", "ne", "lt", "le", "gt", "ge"];

/// Methods of arrays, and of the shapes that `shape` returns.
const ARRAYS: &[&str] = &[
    "assign",
    "dim",
    "fill",
    "into_pattern",
    "is_empty",
    "len",
    "map",
    "mapv",
    "mapv_inplace",
    "mapv_into",
    "mean",
    "ncols",
    "ndim",
    "nrows",
    "product",
    "raw_dim",
    "scaled_add",
    "shape",
    "sum",
    "to_vec",
    "view",
    "view_mut",
];

/// Methods of options, such as the result of `mean`.
const OPTIONS: &[&str] = &["expect", "is_none", "is_some", "unwrap", "unwrap_or", "unwrap_or_default"];

/// Methods of ranges, for loops.
const RANGES: &[&str] = &["rev", "step_by"];

/// Conversions that copy or do nothing.
const COPIES: &[&str] = &["as_mut", "as_ref", "borrow", "borrow_mut", "clone", "into_owned", "to_owned"];

/// The methods that take a closure over elements.
pub const MAPPINGS: &[&str] = &["mapv", "map", "mapv_into", "mapv_inplace"];

/// The functions of array types that a kernel may call: `Array2::<f64>::zeros((h, w))`.
pub const ARRAY_FUNCTIONS: &[&str] = &[
    "zeros",
    "ones",
    "from_elem",
    "default",
    "random",
    "random_range",
    "random_bool",
    "random_normal",
    "random_exponential",
];

/// Whether a kernel may call a method of this name.
pub fn is_known(name: &str) -> bool {
    METHODS.iter().any(|group| group.contains(&name))
}

/// What to say about a method that a kernel cannot call.
pub fn advice(name: &str) -> String {
    let instead =
        match name {
            "rows" | "columns" | "iter" | "into_iter" | "iter_mut" | "indexed_iter" | "enumerate" | "zip"
            | "for_each" | "windows" | "axis_iter" | "outer_iter" | "chunks" | "exact_chunks" | "lanes"
            | "genrows" => "loop over indices: `for i in 0..a.len() { … a[i] … }`",
            "par_iter" | "into_par_iter" | "par_iter_mut" | "par_for_each" => {
                "loop over indices: `for i in prange(0..a.len()) { … a[i] … }`"
            }
            "par_mapv_inplace" | "par_map_inplace" | "par_map_collect" => {
                "write `mapv`, the compiler makes it parallel"
            }
            "fold" | "filter" | "collect" | "take" | "skip" | "flat_map" | "scan" | "reduce" | "chain"
            | "take_while" | "skip_while" | "count" => {
                "write a `for` loop over a range, with a `let mut` variable"
            }
            "dot" => "for vectors write `(a * b).sum()`, for matrices loops over `prange`",
            "unwrap_or_else" | "map_or" | "map_or_else" | "ok_or" | "and_then" => "write `unwrap_or(value)`",
            "slice" | "slice_mut" | "row" | "column" | "row_mut" | "column_mut" | "index_axis"
            | "split_at" => "index the elements, or pass the slice to the kernel",
            "sum_axis" | "mean_axis" | "var_axis" | "std_axis" | "fold_axis" | "map_axis"
            | "product_axis" => "loop over the other axis with `prange` and sum in an inner loop",
            "push" | "extend" | "insert" | "remove" | "pop" | "append" | "resize" => {
                "make the array in its final size with `Array1::zeros(n)` and set its elements"
            }
            "into_raw_vec" | "as_slice" | "as_slice_mut" | "into_vec" => "use the array itself",
            "sort" | "sort_by" | "sort_unstable" | "sort_by_key" => "sort before the call",
            "to_string" | "parse" => "do it outside of the kernel",
            "into" | "try_into" => "convert with `as`",
            "var" | "std" => "compute it from `sum` and `mean`",
            "t" | "reversed_axes" => "index the array with the axes exchanged",
            "get" | "uget" | "first" | "last" => "index with `a[i]`, perhaps after a comparison",
            "gamma" => "write `x.tgamma()`, of `parfuse::prelude::SpecialFunctions`",
            "ln_gamma" => "write `x.lgamma()`, of `parfuse::prelude::SpecialFunctions`",
            "checked_add" | "checked_sub" | "checked_mul" | "checked_div" => "write the comparison out",
            "is_sign_negative" | "is_sign_positive" => "compare with zero",
            _ => "if it is a function of yours, make it a `#[kernel]` function and call that",
        };
    format!("the method `{name}` is not supported in a kernel: {instead}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_with_advice_are_not_listed_as_known() {
        for name in ["iter", "dot", "collect", "unwrap_or_else", "sum_axis", "slice", "par_iter"] {
            assert!(!is_known(name), "{name}");
            assert!(advice(name).contains(name));
        }
    }

    #[test]
    fn mappings_are_known_methods() {
        assert!(MAPPINGS.iter().all(|name| is_known(name)));
    }
}
