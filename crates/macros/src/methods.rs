//! The methods that can be called in a kernel; `unsupported` has those that cannot.
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

/// The methods that compute, or change, all elements of an array of any rank.
pub const OF_WHOLE_ARRAYS: &[&str] =
    &["mapv", "map", "mapv_into", "mapv_inplace", "fill", "assign", "scaled_add"];

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mappings_are_known_methods() {
        assert!(MAPPINGS.iter().all(|name| is_known(name)));
    }
}
