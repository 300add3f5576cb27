//! The functions of other crates that kernels may call, one row for each name, and those of array types.
//!
//! ```text
//! stack "ndarray" (axis: axis, arrays: arrays) read stack "Arrays one behind the other along a new axis."
//!  │        │               │                   │     │     └ documentation
//!  │        │               │                   │     └ meaning, which the tracer knows
//!  │        │               │                   └ `read`: a function of handles; `trace`: one of the tracer's
//!  │        │               └ arguments
//!  │        └ crates that have it
//!  └ name
//! ```
//!
//! A kernel of the user's with such a name is called in its place.

/// Calls a macro with the rows of the table.
#[macro_export]
macro_rules! for_each_function {
    ($callback:ident) => {
        $callback! {
            stack "ndarray" (axis: axis, arrays: arrays) read stack "Arrays one behind the other along a new axis, a `Result`."
            concatenate "ndarray" (axis: axis, arrays: arrays) read concatenate "Arrays one behind the other along an axis, a `Result`."
            kron "ndarray" (a: array, b: array) read kron "The Kronecker product of two matrices."
            general_mat_mul "ndarray" (alpha: same, a: array, b: array, beta: same, c: array) read general_mat_mul "Sets `c` to `alpha * a.dot(b) + beta * c`."
            general_mat_vec_mul "ndarray" (alpha: same, a: array, x: array, beta: same, y: array) read general_mat_vec_mul "Sets `y` to `alpha * a.dot(x) + beta * y`."
            once "std core" (value: any) read once "An iterator of one item."
            repeat "std core" (value: any) read repeat "An iterator of the same item again and again."
            repeat_n "std core" (value: any, count: integer) read repeat_n "An iterator of the same item so many times."
            zip "std core" (first: iterator, second: iterator) read zip_iterators "Pairs of items, as many as the shorter iterator has."
            min "std core" (first: same, second: same) read lesser "The smaller one of two integers."
            max "std core" (first: same, second: same) read greater "The larger one of two integers."
            c64 "num_complex" (re: any, im: any) read complex_of_f64 "A complex number of two `f64`."
            c32 "num_complex" (re: any, im: any) read complex_of_f32 "A complex number of two `f32`."
        }
    };
}

macro_rules! define_functions {
    ($($name:ident $crates:literal ($($argument:ident: $kind:ident),*) $form:ident $what:ident $doc:literal)*) => {
        /// The name of a function of another crate.
        #[allow(non_camel_case_types, reason = "a variant is spelled as users write the function")]
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum LibraryFunction { $(#[doc = $doc] $name),* }

        impl LibraryFunction {
            /// All of them, in the order of the table.
            pub const ALL: &'static [LibraryFunction] = &[$(LibraryFunction::$name),*];

            /// The name as it is written.
            pub fn name(self) -> &'static str {
                match self { $(LibraryFunction::$name => stringify!($name)),* }
            }
            /// The crates that have it.
            pub fn crates(self) -> &'static str {
                match self { $(LibraryFunction::$name => $crates),* }
            }
            /// What its arguments are called.
            pub fn arguments(self) -> &'static [&'static str] {
                match self { $(LibraryFunction::$name => &[$(stringify!($argument)),*]),* }
            }
            /// What it gives, in a sentence.
            pub fn doc(self) -> &'static str {
                match self { $(LibraryFunction::$name => $doc),* }
            }
        }
    };
}
for_each_function!(define_functions);

impl LibraryFunction {
    /// The function of this name.
    pub fn named(name: &str) -> Option<LibraryFunction> {
        LibraryFunction::ALL.iter().copied().find(|function| function.name() == name)
    }

    /// The function that a path names: `ndarray::linalg::kron`, or by its name alone.
    pub fn of_path(path: &[String]) -> Option<LibraryFunction> {
        let (name, prefix) = path.split_last()?;
        let function = LibraryFunction::named(name)?;
        let of_crate = |krate: &String| function.crates().split(' ').any(|name| name == krate);
        prefix.first().is_none_or(of_crate).then_some(function)
    }
}

/// The functions of types of complex numbers that a kernel may call: `Complex::new(re, im)`.
pub const COMPLEX_FUNCTIONS: &[&str] = &["new", "i", "from", "from_polar", "cis", "zero", "one", "default"];

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
    "from_shape_fn",
    "from_shape_simple_fn",
    "from_iter",
    "from_vec",
    "from_shape_vec",
    "from",
    "linspace",
    "range",
    "logspace",
    "geomspace",
    "eye",
    "from_diag",
    "from_diag_elem",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_found_by_their_paths() {
        let of =
            |path: &str| LibraryFunction::of_path(&path.split("::").map(str::to_string).collect::<Vec<_>>());
        assert_eq!(of("ndarray::linalg::kron"), Some(LibraryFunction::kron));
        assert_eq!(of("max"), Some(LibraryFunction::max));
        assert_eq!(of("core::cmp::max"), Some(LibraryFunction::max));
        assert_eq!(of("filters::max"), None);
        assert_eq!(of("ndarray::azip"), None);
    }
}
