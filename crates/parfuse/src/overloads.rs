//! Functions of ours that are generic in plain Rust, for kernels: a `#[host]` function for each type of the parameters.

/// For each function `name`, the type `name`, which is how kernels call it. `T` stands for `f64`, then for `f32`.
macro_rules! kernel_functions {
    (
        $error:ident;
        $($name:ident($($param:ident),*): $($signature:tt -> $result:ty),+;)*
    ) => { $(
        #[doc = concat!("How kernels call the function [`", stringify!($name), "`](fn@", stringify!($name), ").")]
        #[allow(non_camel_case_types, clippy::empty_enums)]
        #[derive(Debug)]
        pub enum $name {}

        impl ::parfuse::__private::Inline for $name {
            fn inline<'t>(
                t: &'t ::parfuse::__private::Tracer,
                arguments: &[::parfuse::__private::Value<'t>],
                place: ::parfuse::__private::At,
            ) -> ::parfuse::__private::Value<'t> {
                let functions = [
                    kernel_functions!(@of f64, $error, $name($($param),*): [$($signature -> $result),+]),
                    kernel_functions!(@of f32, $error, $name($($param),*): [$($signature -> $result),+]),
                ];
                t.succeeded(t.call_one_of(&functions.concat(), arguments, place), place)
            }
        }
    )* };
    (@of $float:ty, $error:ident, $name:ident $params:tt: [$($signature:tt -> $result:ty),+]) => {{
        type T = $float;
        vec![$(kernel_functions!(@one $error, $name $params: $signature -> $result)),+]
    }};
    (@one $error:ident, $name:ident($($param:ident),*): ($($ty:ty),*) -> $result:ty) => {{
        #[::parfuse::host]
        fn $name($($param: $ty),*) -> Result<$result, $error> {
            self::$name($($param),*)
        }
        <$name as ::parfuse::__private::HostItem>::function()
    }};
}
