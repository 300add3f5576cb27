//! The element types: one table, one row a type.
//!
//! ```text
//! (I32, i32, "i32", Signed)     variant, Rust type, name, class
//! ```
//!
//! The sizes are those of the Rust types. What a type means is in `parfuse_ir`, by class and size alone: a row here is
//! all that a further integer type takes.

/// Calls a macro with one `(Variant, rust type, "name", class)` row per element type: `for_each_dtype!(rows)`. What
/// stands in brackets after a path goes first: `for_each_dtype!((path::rows) [first, second])`.
#[macro_export]
macro_rules! for_each_dtype {
    ($callback:ident) => {
        $crate::for_each_dtype! { ($callback) [] }
    };
    (($($callback:tt)+) [$($first:tt)*]) => {
        $($callback)+! {
            $($first)*
            (Bool, bool, "bool", Bool),
            (I8, i8, "i8", Signed),
            (I16, i16, "i16", Signed),
            (I32, i32, "i32", Signed),
            (I64, i64, "i64", Signed),
            (Isize, isize, "isize", Signed),
            (U8, u8, "u8", Unsigned),
            (U16, u16, "u16", Unsigned),
            (U32, u32, "u32", Unsigned),
            (U64, u64, "u64", Unsigned),
            (Usize, usize, "usize", Unsigned),
            (F32, f32, "f32", Float),
            (F64, f64, "f64", Float),
        }
    };
}

macro_rules! name_types {
    ($(($variant:ident, $rust:ty, $name:literal, $class:ident)),* $(,)?) => {
        /// The names of all element types, which are also those of scalars.
        pub const ELEMENTS: &[&str] = &[$($name),*];
    };
}
for_each_dtype!(name_types);

/// The names in one line, for messages.
pub fn listed() -> String {
    ELEMENTS.join(" ")
}
