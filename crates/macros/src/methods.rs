//! The methods that can be called in a kernel, and advice for those that cannot.
//!
//! Whether a method exists on its receiver is for rustc to say, and what it means for the tracer; this table
//! catches what no receiver supports, at compile time, with a word on what to write instead.

/// The methods that a kernel may call, by what they belong to.
pub const METHODS: &[&[&str]] = &[FLOATS, INTEGERS, COMPARISONS, ARRAYS, OPTIONS, RANGES, COPIES];

/// Methods of `f32` and `f64`, and of arrays of them.
const FLOATS: &[&str] = &[
    "abs",
    "abs_sub",
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
    "copysign",
    "cos",
    "cosh",
    "div_euclid",
    "exp",
    "exp2",
    "exp_m1",
    "floor",
    "fract",
    "from_bits",
    "hypot",
    "is_finite",
    "is_infinite",
    "is_nan",
    "is_normal",
    "is_sign_negative",
    "is_sign_positive",
    "ln",
    "ln_1p",
    "log",
    "log10",
    "log2",
    "max",
    "maximum",
    "min",
    "minimum",
    "mul_add",
    "pow2",
    "powf",
    "powi",
    "recip",
    "rem_euclid",
    "round",
    "round_ties_even",
    "signum",
    "sin",
    "sin_cos",
    "sinh",
    "sqrt",
    "tan",
    "tanh",
    "to_bits",
    "to_degrees",
    "to_radians",
    "total_cmp",
    "trunc",
    "erf",
    "erfc",
];

/// Methods of the integer types and `bool`.
const INTEGERS: &[&str] = &[
    "abs_diff",
    "checked_div",
    "checked_rem",
    "count_ones",
    "count_zeros",
    "div_ceil",
    "ilog2",
    "is_multiple_of",
    "is_negative",
    "is_positive",
    "is_power_of_two",
    "isqrt",
    "leading_zeros",
    "next_multiple_of",
    "next_power_of_two",
    "not",
    "pow",
    "reverse_bits",
    "rotate_left",
    "rotate_right",
    "saturating_add",
    "saturating_sub",
    "saturating_mul",
    "swap_bytes",
    "trailing_zeros",
    "unsigned_abs",
    "wrapping_abs",
    "wrapping_add",
    "wrapping_div",
    "wrapping_mul",
    "wrapping_neg",
    "wrapping_pow",
    "wrapping_rem",
    "wrapping_shl",
    "wrapping_shr",
    "wrapping_sub",
];

/// Comparisons and arithmetic written as methods.
const COMPARISONS: &[&str] = &[
    "add", "sub", "mul", "div", "rem", "neg", "eq", "ne", "lt", "le", "gt", "ge", "bitand", "bitor", "bitxor",
];

/// Methods of arrays.
const ARRAYS: &[&str] = &[
    "all",
    "any",
    "argmax",
    "argmin",
    "assign",
    "cols",
    "dim",
    "fill",
    "first",
    "get",
    "into_dyn",
    "is_empty",
    "last",
    "len",
    "len_of",
    "map",
    "map_inplace",
    "mapv",
    "mapv_inplace",
    "mapv_into",
    "max_skipnan",
    "mean",
    "min_skipnan",
    "ncols",
    "ndim",
    "nrows",
    "product",
    "raw_dim",
    "reversed_axes",
    "rows",
    "scaled_add",
    "shape",
    "std",
    "sum",
    "swap",
    "t",
    "uget",
    "var",
    "view",
    "view_mut",
];

/// Methods of options, such as the result of `mean`.
const OPTIONS: &[&str] = &["unwrap", "unwrap_or", "unwrap_or_default", "expect", "is_some", "is_none"];

/// Methods of ranges, for loops.
const RANGES: &[&str] = &["rev", "step_by"];

/// Conversions that copy or do nothing.
const COPIES: &[&str] =
    &["clone", "to_owned", "into_owned", "into", "as_ref", "as_mut", "borrow", "copied", "cloned"];

/// The methods that take a closure over elements.
pub const MAPPINGS: &[&str] = &["mapv", "map", "mapv_into", "mapv_inplace", "map_inplace"];

/// The functions of array types that a kernel may call: `Array2::<f64>::zeros((h, w))`.
pub const ARRAY_FUNCTIONS: &[&str] = &["zeros", "ones", "from_elem", "random", "default"];

/// Whether a kernel may call a method of this name.
pub fn is_known(name: &str) -> bool {
    METHODS.iter().any(|group| group.contains(&name))
}

/// What to say about a method that a kernel cannot call.
pub fn advice(name: &str) -> String {
    let instead =
        match name {
            "iter" | "into_iter" | "iter_mut" | "indexed_iter" | "enumerate" | "zip" | "for_each"
            | "windows" | "axis_iter" | "outer_iter" | "chunks" | "exact_chunks" | "lanes" | "genrows" => {
                "loop over indices: `for i in 0..a.len() { … a[i] … }`"
            }
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
            "to_vec" | "into_raw_vec" | "as_slice" | "as_slice_mut" | "into_vec" => "use the array itself",
            "sort" | "sort_by" | "sort_unstable" | "sort_by_key" => "sort before the call",
            "unsigned_abs" | "to_string" | "parse" => "do it outside of the kernel",
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
