//! The numeric surface of `ndarray` 0.17, by what it is for: all that users may look for in kernels.
//!
//! ```text
//! methods     sum mean argmin …      in the tables here, or refused with an advice
//! functions   Array1::zeros …        in `ARRAY_FUNCTIONS`, or refused
//! free        stack kron …           in `functions`, or refused
//! ```
//!
//! `docs/ARRAY_API.md` is written from it, by a test that has a kernel for each name that is supported.

use crate::functions::{ARRAY_FUNCTIONS, LibraryFunction};
use crate::methods::Method;
use crate::refusals;

/// How a name is used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// A method.
    Method,
    /// A function of array types.
    OfType,
    /// A function of the crate.
    Free,
}

/// Names with one purpose, with spaces between them.
#[derive(Debug)]
pub struct Group {
    /// What they are for.
    pub of: &'static str,
    /// How they are used.
    pub form: Form,
    /// The names.
    pub names: &'static str,
}

const fn group(of: &'static str, form: Form, names: &'static str) -> Group {
    Group { of, form, names }
}

/// All groups.
pub const SURFACE: &[Group] = &[
    group(
        "New arrays",
        Form::OfType,
        "zeros ones from_elem default from_shape_fn from_iter from_vec from_shape_vec from linspace range logspace geomspace eye \
         from_diag from_diag_elem from_shape_simple_fn from_fn uninit build_uninit",
    ),
    group(
        "Functions",
        Form::Free,
        "stack concatenate general_mat_mul general_mat_vec_mul kron indices indices_of",
    ),
    group(
        "Lengths",
        Form::Method,
        "len dim raw_dim shape ndim nrows ncols len_of is_empty is_square axes strides stride_of max_stride_axis \
         min_stride_axis is_standard_layout is_unique",
    ),
    group(
        "Parts",
        Form::Method,
        "row row_mut column column_mut index_axis index_axis_mut index_axis_move index_axis_inplace slice slice_mut slice_move \
         slice_collapse slice_axis slice_axis_mut slice_axis_move slice_axis_inplace slice_each_axis slice_each_axis_mut \
         slice_each_axis_inplace multi_slice_mut multi_slice_move split_at split_complex diag diag_mut into_diag view \
         view_mut reborrow deref_into_view deref_into_view_mut",
    ),
    group(
        "Axes and shapes",
        Form::Method,
        "t reversed_axes permuted_axes swap_axes invert_axis insert_axis remove_axis broadcast into_shape_with_order \
         into_shape_clone to_shape flatten into_flat reverse_axes permute_axes insert_axis_inplace collapse_axis merge_axes \
         squeeze into_shape flatten_with_order into_dimensionality into_dyn",
    ),
    group(
        "Elements",
        Form::Method,
        "get first last swap select into_scalar get_mut first_mut last_mut uget uget_mut uswap get_ptr get_mut_ptr",
    ),
    group(
        "Iterators",
        Form::Method,
        "iter iter_mut indexed_iter indexed_iter_mut outer_iter outer_iter_mut axis_iter axis_iter_mut rows rows_mut columns \
         columns_mut lanes lanes_mut windows axis_windows exact_chunks exact_chunks_mut axis_chunks_iter axis_chunks_iter_mut \
         into_indexed_iter into_outer_iter into_axis_iter windows_with_stride axis_windows_with_stride",
    ),
    group(
        "Each element",
        Form::Method,
        "map mapv mapv_into mapv_inplace map_inplace par_mapv_inplace par_map_inplace zip_mut_with assign fill scaled_add clamp \
         pow2 abs signum floor ceil round trunc fract recip sqrt cbrt hypot powi powf exp exp2 exp_m1 ln log log2 log10 ln_1p \
         sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh to_degrees to_radians is_nan is_infinite map_mut \
         mapv_into_any assign_to abs_sub",
    ),
    group(
        "Reductions and axes",
        Form::Method,
        "sum product mean var std sum_axis product_axis mean_axis var_axis std_axis fold_axis map_axis accumulate_axis_inplace \
         cumprod fold diff map_axis_mut abs_diff_eq relative_eq partition",
    ),
    group("Products and triangles", Form::Method, "dot triu tril"),
    group(
        "Copies, and arrays that grow",
        Form::Method,
        "to_owned into_owned to_vec as_standard_layout append push_row push_column remove_index push reserve reserve_rows \
         reserve_columns into_shared to_shared try_into_owned_nocopy move_into move_into_uninit assume_init",
    ),
    group(
        "Memory",
        Form::Method,
        "as_slice as_slice_mut as_slice_memory_order as_slice_memory_order_mut to_slice into_slice as_ptr as_mut_ptr \
         as_layout_ref as_layout_ref_mut as_raw_ref as_raw_ref_mut raw_view raw_view_mut into_raw_vec \
         into_raw_vec_and_offset cell_view into_cell_view",
    ),
    group(
        "`Zip`",
        Form::Method,
        "and and_broadcast for_each map_collect map_assign_into all any par_for_each par_map_collect par_map_assign_into \
         fold_while par_fold",
    ),
];

impl Group {
    /// The advice on a name that kernels do not have.
    pub fn advice(&self, name: &str) -> Option<String> {
        let path = |krate: &str| [krate.to_string(), name.to_string()];
        match self.form {
            Form::Method => Method::named(name).is_none().then(|| refusals::method(name)),
            Form::OfType if ARRAY_FUNCTIONS.contains(&name) => None,
            Form::OfType => refusals::function("Array1", name),
            Form::Free if LibraryFunction::named(name).is_some() => None,
            Form::Free => refusals::crate_function(&path("ndarray")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_public_methods_of_arrays_are_there_once() {
        let all = include_str!("methods_of_others.txt");
        // The names of `ndarray` come first, in alphabetical order.
        let mut of_ndarray: Vec<&str> = Vec::new();
        for name in all.split_whitespace() {
            if of_ndarray.last().is_some_and(|last| *last > name) {
                break;
            }
            of_ndarray.push(name);
        }
        let mut listed: Vec<&str> = SURFACE.iter().flat_map(|group| group.names.split_whitespace()).collect();
        let missing: Vec<&&str> = of_ndarray.iter().filter(|name| !listed.contains(name)).collect();
        assert!(missing.is_empty(), "{missing:?}");
        let count = listed.len();
        listed.sort_unstable();
        listed.dedup();
        assert_eq!(listed.len(), count, "a name stands twice");
    }
}
