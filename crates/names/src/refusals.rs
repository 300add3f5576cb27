//! The methods and functions of others that a kernel cannot call: what each belongs to and what to write instead.
//!
//! ```text
//! a.swap_axes(0, 1)          a method of arrays      → a view with the axes exchanged
//! Zip::from(&a)              a function of `Zip`     → write the expression over whole arrays
//! x.smooth()                 not in the table        → perhaps the user's own
//! ```
//!
//! A macro does not see types, so a name that several types have stands in the row of the one that kernels most
//! likely mean. `*` at the end of a name stands for any ending. The names are those of `ndarray` 0.17 and its
//! companions, `num` and the standard library.

/// Names with one advice.
struct Row {
    /// What they belong to.
    of: &'static str,
    /// The names, with spaces between them.
    names: &'static str,
    /// What to write instead.
    instead: &'static str,
}

const fn row(of: &'static str, names: &'static str, instead: &'static str) -> Row {
    Row { of, names, instead }
}

/// The methods that kernels do not have.
const METHODS: &[Row] = &[
    row(
        "arrays and iterators",
        "into_indexed_iter into_indexed_iter_mut into_axis_iter into_axis_iter_mut into_outer_iter \
         into_outer_iter_mut into_axis_chunks_iter into_axis_chunks_iter_mut array_windows map_windows \
         rchunks rchunks_mut rchunks_exact rchunks_exact_mut as_chunks as_chunks_mut as_rchunks \
         as_rchunks_mut chunk_by chunk_by_mut array_chunks genrows genrows_mut gencolumns gencolumns_mut \
         cell_view into_cell_view zip_with try_for_each next_back next_chunk nth_back by_ref \
         axes indices",
        "loop over indices: `for i in 0..a.len() { … a[i] … }`",
    ),
    row(
        "parallel iterators",
        "par_iter par_iter_mut into_par_iter par_bridge par_fold par_chunks par_chunks_mut \
         par_windows axis_par_iter par_extend par_split with_min_len with_max_len",
        "loop over indices: `for i in prange(0..a.len()) { … a[i] … }`",
    ),
    row(
        "arrays",
        "par_azip",
        "write `a.mapv(|x| …)` or the expression over whole arrays; the compiler makes it parallel",
    ),
    row("arrays", "map_mut", "write `a.map_inplace(|x| …)`"),
    row(
        "iterators",
        "try_rfold collect_into try_collect collect_vec try_reduce try_find \
         intersperse intersperse_with partition_in_place is_partitioned size_hint fuse advance_by \
         advance_back_by cmp_by eq_by partial_cmp_by sorted \
         tuple_windows cartesian_product",
        "write a `for` loop over a range, with a `let mut` variable",
    ),
    row(
        "arrays",
        "slice_each_axis slice_each_axis_mut slice_each_axis_inplace multi_slice_move \
         split_at_checked split_at_mut_checked split_complex split_first_chunk split_first_chunk_mut split_last_chunk split_last_chunk_mut \
         split_off_* first_chunk_mut \
         last_chunk_mut index_axis_inplace first_chunk last_chunk \
         subview",
        "write `a.slice(s![…])`, or index the elements",
    ),
    row(
        "slices",
        "splitn rsplit rsplitn split_inclusive split_mut splitn_mut rsplit_mut rsplitn_mut split_inclusive_mut",
        "loop over the elements and remember where a part begins: `if x[i] == 0 { … &x[start..i] …; start = i + 1; }`",
    ),
    row(
        "arrays",
        "transpose",
        "write `a.t()` or `a.permuted_axes([1, 0])`, or index the array with the axes exchanged, `a[[j, i]]`",
    ),
    row(
        "arrays",
        "insert_axis_inplace squeeze",
        "operands with fewer axes broadcast by themselves; otherwise index the elements in a loop",
    ),
    row(
        "arrays",
        "into_shape reshape flatten_with_order merge_axes concat \
         as_flattened as_flattened_mut",
        "make the array in its final shape, and set its elements in a loop",
    ),
    row("arrays", "cumsum", "write `a.accumulate_axis_inplace(Axis(0), |&sum, x| *x += sum)`"),
    row(
        "arrays",
        "argmin_skipnan argmax_skipnan min_skipnan max_skipnan quantile_mut quantile_axis_mut \
         histogram central_moment skewness kurtosis entropy cov pearson_correlation weighted_mean weighted_sum",
        "write a `for` loop over the indices with `let mut` variables",
    ),
    row("arrays", "norm_l2", "write `(a * a).sum().sqrt()`"),
    row("arrays", "norm_l1", "write `a.abs().sum()`"),
    row("arrays", "norm_max", "write a loop over the indices with `max`"),
    row(
        "matrices",
        "inv_into det sln_det solve solve_into solve_inplace eig eigh eigvals eigvalsh svd qr \
         cholesky cholesky_into trace least_squares factorize matmul kron",
        "do it outside of the kernel, or write loops over the indices",
    ),
    row(
        "arrays",
        "uget uget_mut get_ptr get_mut_ptr get_unchecked get_unchecked_mut get_disjoint_mut index \
         index_mut",
        "index with `a[i]`, perhaps after a comparison",
    ),
    row("arrays", "uswap swap_unchecked", "write `a.swap(i, j)`"),
    row(
        "arrays",
        "push_mut extend_from_within insert_mut \
         pop_if resize_with reserve reserve_exact reserve_rows \
         reserve_columns retain_mut \
         splice shrink_to shrink_to_fit capacity try_reserve try_reserve_exact spare_capacity_mut repeat \
         join extract_if",
        "make the array in its final size with `Array1::zeros(n)` and set its elements",
    ),
    row("heaps", "peek_mut", "take the element away and push another: `heap.pop()`, `heap.push(x)`"),
    row(
        "arrays",
        "as_slice_memory_order as_slice_memory_order_mut as_mut_slice as_ptr as_mut_ptr as_array \
         as_mut_array as_layout_ref as_layout_ref_mut as_raw_ref as_raw_ref_mut raw_view raw_view_mut \
         into_raw_vec into_raw_vec_and_offset into_vec into_slice into_slice_memory_order to_slice \
         to_slice_memory_order into_boxed_slice into_shared to_shared reborrow deref_into_view \
         deref_into_view_mut try_into_owned_nocopy as_view as_ptr_range as_mut_ptr_range element_offset \
         into_flattened into_raw_parts as_deref as_deref_mut leak iter_cloned into_array",
        "use the array itself",
    ),
    row(
        "arrays",
        "move_into move_into_uninit assume_init clone_from write_clone_of_slice write_copy_of_slice \
         swap_with_slice fill_with rotate_axis shift_left shift_right",
        "write `b.assign(&a)`, or set the elements in a loop",
    ),
    row(
        "arrays",
        "strides stride_of max_stride_axis min_stride_axis is_standard_layout is_unique is_view is_owned \
         shape_mut",
        "how elements lie in memory is not seen in a kernel; do it outside",
    ),
    row(
        "arrays and numbers",
        "abs_diff_eq abs_diff_ne relative_eq relative_ne ulps_eq ulps_ne",
        "compare `(x - y).abs()` with a tolerance",
    ),
    row(
        "arrays",
        "sort_floats partial_sort_unstable partial_sort_unstable_by partial_sort_unstable_by_key partition_dedup \
         partition_mut get_from_sorted_mut get_many_from_sorted_mut",
        "sort all elements, `v.sort_by(f64::total_cmp)`, and take those that you need",
    ),
    row("ranges", "start end start_bound end_bound", "name the ends with `let` before making the range"),
    row(
        "options and results",
        "map_or_default xor get_or_insert_default \
         as_slice_option unwrap_unchecked take_if into_ok into_err as_pin_ref as_pin_mut try_insert",
        "write `unwrap_or(value)`, or compare before",
    ),
    row("numbers", "to_int_unchecked as_", "convert with `as`"),
    row("numbers", "to_isize to_i128 to_u128", "convert with `as`"),
    row("numbers", "is_zero is_one set_zero set_one", "compare with a literal, or assign one"),
    row("floats", "gamma", "write `x.tgamma()`, of `parfuse::prelude::SpecialFunctions`"),
    row("floats", "ln_gamma", "write `x.lgamma()`, of `parfuse::prelude::SpecialFunctions`"),
    row("floats", "maximum minimum", "write `max` or `min`, after a comparison with `is_nan()`"),
    row("floats", "abs_sub", "write `(x - y).max(0.0)`"),
    row("numbers", "clamp_magnitude", "write `x.clamp(-limit, limit)`"),
    row("floats", "algebraic_*", "write the operator, in a kernel marked `#[kernel(fast)]`"),
    row(
        "floats",
        "classify is_normal is_subnormal next_up next_down integer_decode epsilon",
        "compare with numbers instead, or look at `x.to_bits()`",
    ),
    row(
        "integers",
        "checked_div_rem_euclid checked_isqrt checked_ilog checked_ilog10 checked_add_unsigned \
         checked_sub_unsigned checked_sub_signed checked_signed_diff checked_div_exact checked_cast_* \
         checked_*_half",
        "write the comparison out, or use `checked_add`, `checked_sub`, `checked_mul`, `checked_div`",
    ),
    row(
        "integers",
        "strict_* carrying_* borrowing_* widening_* unchecked_* unbounded_* carryless_mul carrying_carryless_mul \
         shl_exact shr_exact div_exact",
        "write the operator, which wraps, and compare before it",
    ),
    row(
        "integers",
        "overflowing_abs overflowing_div \
         overflowing_div_euclid overflowing_rem overflowing_rem_euclid overflowing_add_signed overflowing_add_unsigned \
         overflowing_sub_signed overflowing_sub_unsigned",
        "write the operator, which wraps, and compare before it",
    ),
    row(
        "integers",
        "saturating_div saturating_add_unsigned saturating_sub_unsigned \
         saturating_sub_signed saturating_cast_*",
        "write the operator, and `clamp` in a wider type",
    ),
    row(
        "integers",
        "wrapping_add_unsigned wrapping_sub_unsigned wrapping_sub_signed \
         wrapping_next_power_of_two wrapping_cast_*",
        "write the operator, which wraps",
    ),
    row(
        "integers",
        "to_be to_le from_be from_le deposit_bits extract_bits funnel_shl funnel_shr",
        "write shifts and masks: `(x >> 8) & 255`",
    ),
    row(
        "integers",
        "ilog highest_one lowest_one isolate_highest_one isolate_lowest_one bit_width",
        "write it by `leading_zeros`, `trailing_zeros` and shifts",
    ),
    row("integers", "div_floor", "write `a.div_euclid(b)`, which is the same for positive divisors"),
    row("integers", "divides is_even is_odd", "write `a % b == 0`"),
    row("integers", "gcd lcm gcd_lcm extended_gcd extended_gcd_lcm nth_root", "write a `while` loop"),
    row("integers", "inc dec", "write `x += 1` or `x -= 1`"),
    row("integers", "average_floor average_ceil", "write `x + (y - x) / 2`, with a literal of the type"),
    row(
        "integers",
        "div_rem div_rem_euclid div_mod_floor",
        "write the quotient and the remainder by themselves",
    ),
    row("integers", "div_trunc", "write `a / b`"),
    row("integers", "mod_floor", "write `a.rem_euclid(b)`, which is the same for positive divisors"),
    row("integers", "prev_multiple_of", "write `a / b * b`"),
    row("integers", "signed_shl signed_shr unsigned_shl unsigned_shr", "write `<<` or `>>`"),
    row("complex numbers", "re im", "write the field: `z.re`"),
    row(
        "random number generators",
        "random random_range random_bool random_iter random_ratio gen gen_range gen_bool sample sample_iter \
         next_u32 next_u64 fill_bytes try_fill_bytes shuffle choose choose_mut choose_multiple",
        "write `random::<f64>()` or `random_range(0.0..1.0)`, of `parfuse::prelude`",
    ),
    row(
        "values",
        "to_string parse as_str chars format escape_ascii as_ascii as_ascii_unchecked make_ascii_lowercase \
         make_ascii_uppercase trim_ascii trim_ascii_* strip_* utf8_chunks connect",
        "do it outside of the kernel",
    ),
    row(
        "values",
        "add_assign sub_assign mul_assign div_assign rem_assign mul_add_assign",
        "write the operator: `x += y`",
    ),
    row(
        "strings",
        "push_str lines split_whitespace trim trim_start trim_end to_uppercase to_lowercase char_indices bytes as_bytes \
         into_bytes fmt description serialize",
        "do it outside of the kernel",
    ),
    row(
        "maps and sets",
        "contains_key entry or_insert or_insert_with or_default keys values values_mut into_keys into_values union \
         intersection difference symmetric_difference is_subset is_superset is_disjoint",
        "use an array, indexed by an integer",
    ),
    row(
        "atomics and cells",
        "load store fetch_* compare_exchange compare_exchange_weak set",
        "use a variable with `let mut`; what is summed up in a `prange` is combined by itself",
    ),
    row(
        "times",
        "elapsed duration_since as_secs as_secs_f32 as_secs_f64 as_millis as_micros as_nanos subsec_nanos",
        "take the time outside of the kernel",
    ),
    row("shapes", "size", "write `a.len()`"),
    row(
        "values",
        "try_clone hash borrow_and_update lock read write get_or_init",
        "do it outside of the kernel",
    ),
];

/// The functions of types that kernels do not have: by the type.
const FUNCTIONS: &[(&str, Row)] = &[
    (
        "Zip",
        row(
            "`Zip`",
            "*",
            "write the expression over whole arrays, `&a + &b`, or loop over `prange(0..a.len())`",
        ),
    ),
    (
        "Complex*",
        row(
            "complex numbers",
            "*",
            "kernels make complex numbers by `new`, `i`, `from`, `from_polar`, `cis`, `zero`, `one` and `default`",
        ),
    ),
    ("*Rng", row("random number generators", "*", "write `random::<f64>()`, of `parfuse::prelude`")),
    ("Normal", row("distributions", "*", "write `random_normal(mean, deviation)`, of `parfuse::prelude`")),
    ("Uniform", row("distributions", "*", "write `random_range(low..high)`, of `parfuse::prelude`")),
    ("Exp", row("distributions", "*", "write `random_exponential(rate)`, of `parfuse::prelude`")),
    ("Instant", row("`Instant`", "*", "take the time outside of the kernel")),
    ("*Map", row("maps", "*", "use an array, indexed by an integer")),
    ("*Set", row("sets", "*", "use an array of `bool`, indexed by an integer")),
    (
        "Array*",
        row(
            "arrays",
            "from_fn build_uninit uninit",
            "make the array with `zeros` and set its elements in a loop over the indices",
        ),
    ),
    (
        "Array*",
        row(
            "arrays",
            "from_shape from_shape_vec_unchecked from_shape_ptr \
             from_raw_parts from_data_ptr",
            "pass the array to the kernel, or make it with `zeros` and set its elements",
        ),
    ),
    (
        "Array*",
        row(
            "arrays",
            "random_using",
            "write `random(shape)`, `random_normal(shape, mean, deviation)` or their kin",
        ),
    ),
];

/// Functions of crates, by the crate's name.
const CRATE_FUNCTIONS: &[(&str, Row)] = &[
    (
        "std",
        row(
            "`std`",
            "from_fn",
            "say how many elements there are, `let w: [f64; 4] = std::array::from_fn(…)`; elsewhere set the elements of `[0.0; 4]` in a \
             loop",
        ),
    ),
    ("std", row("`std`", "*", "write out what it does, or do it outside of the kernel")),
    ("core", row("`core`", "*", "write out what it does, or do it outside of the kernel")),
    ("ndarray", row("`ndarray`", "indices indices_of", "loop over indices: `for i in 0..a.len()`")),
    ("ndarray", row("`ndarray`", "*", "make the array with `zeros` and set its elements in a loop")),
    ("rand", row("`rand`", "*", "write `random::<f64>()`, of `parfuse::prelude`")),
    ("fastrand", row("`fastrand`", "*", "write `random::<f64>()`, of `parfuse::prelude`")),
    ("rayon", row("`rayon`", "*", "loop over `prange`")),
];

/// Whether a name is one of some names with spaces between them.
fn is_among(name: &str, names: &str) -> bool {
    names.split_whitespace().any(|pattern| fits(name, pattern))
}

/// Whether a name fits a pattern, which may begin or end with `*`.
fn fits(name: &str, pattern: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(end), _) => name.ends_with(end),
        (_, Some(start)) => name.starts_with(start),
        _ => name == pattern,
    }
}

/// What to say about a method that a kernel cannot call.
pub fn method(name: &str) -> String {
    match METHODS.iter().find(|row| is_among(name, row.names)) {
        Some(Row { of, instead, .. }) => {
            format!("the method `{name}` of {of} is not supported in a kernel: {instead}")
        }
        None => format!(
            "kernels have no method `{name}`: if it is yours, put `#[kernel]` on the `impl` of the struct, or write it as a \
             function with `#[kernel]` and call that"
        ),
    }
}

/// Whether there is something to say about a method of this name.
pub fn knows_method(name: &str) -> bool {
    METHODS.iter().any(|row| is_among(name, row.names))
}

/// Whether a method is one of iterators.
pub fn is_of_iterators(name: &str) -> bool {
    METHODS.iter().any(|row| row.of.ends_with("iterators") && is_among(name, row.names))
}

/// What to say about a function of a type, `Zip::from`, that a kernel cannot call.
pub fn function(ty: &str, name: &str) -> Option<String> {
    let row = FUNCTIONS.iter().find(|(types, row)| fits(ty, types) && is_among(name, row.names));
    row.map(|(_, Row { of, instead, .. })| {
        format!("the function `{ty}::{name}` of {of} is not supported in a kernel: {instead}")
    })
}

/// What to say about a function of a crate, `std::cmp::max`, that a kernel cannot call.
pub fn crate_function(path: &[String]) -> Option<String> {
    let [krate, .., name] = path else { return None };
    let row = CRATE_FUNCTIONS.iter().find(|(crates, row)| krate == *crates && is_among(name, row.names));
    row.map(|(_, Row { of, instead, .. })| {
        format!("the function `{name}` of {of} is not supported in a kernel: {instead}")
    })
}

/// What is said of an exit, `break` say, that leads out of a `prange`.
pub fn leaves_prange(what: &str) -> String {
    format!(
        "{what} would leave a `prange`, whose iterations run in any order: skip the rest of an iteration with `continue` or \
         an `if`, search with `(0..n).find(…)` or `prange(0..n).any(…)`, or write a plain `for`"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Method;

    /// The public methods of `ndarray` 0.17 that take an array, those of the standard library's iterators,
    /// slices, vectors, options, `f64`, `i64` and `usize`, and those of `num-traits`, `num-complex` and `num-integer`.
    const OF_OTHERS: &str = include_str!("methods_of_others.txt");

    #[test]
    fn a_method_of_others_is_known_or_has_an_advice_of_its_own() {
        let listed = |name: &&str| METHODS.iter().any(|row| is_among(name, row.names));
        let missing: Vec<&str> = OF_OTHERS
            .split_whitespace()
            .filter(|name| Method::named(name).is_none() && !listed(name))
            .collect();
        assert!(missing.is_empty(), "neither supported nor listed: {missing:?}");
        for name in OF_OTHERS.split_whitespace().filter(|name| Method::named(name).is_none()) {
            let message = method(name);
            assert!(message.contains(name) && !message.contains("if it is yours"), "{message}");
        }
    }

    #[test]
    fn names_stand_in_one_row() {
        for (position, row) in METHODS.iter().enumerate() {
            for name in row.names.split_whitespace() {
                let again = METHODS[position + 1..].iter().any(|other| is_among(name, other.names));
                assert!(!again, "{name} stands in two rows");
                assert!(Method::named(name).is_none(), "{name} is supported");
            }
        }
    }

    #[test]
    fn functions_of_types_and_crates_have_advices() {
        for (ty, name, advice) in [
            ("Zip", "new", "prange"),
            ("Complex64", "from_str", "kernels make complex numbers by `new`"),
            ("Array2", "from_shape_ptr", "zeros"),
            ("Array2", "from_fn", "in a loop"),
            ("StdRng", "seed_from_u64", "random::<f64>()"),
            ("HashMap", "new", "an array"),
        ] {
            let message = function(ty, name).unwrap_or_default();
            assert!(message.contains(advice), "{ty}::{name}: {message}");
        }
        assert_eq!(function("Image", "blur"), None);
        let path = |text: &str| -> Vec<String> { text.split("::").map(str::to_string).collect() };
        let message = crate_function(&path("ndarray::indices")).unwrap_or_default();
        assert!(message.contains("for i in 0..a.len()"), "{message}");
        assert_eq!(crate_function(&path("filters::max")), None);
    }

    #[test]
    fn other_methods_may_be_the_users() {
        assert!(method("smooth").contains("if it is yours"));
    }
}
