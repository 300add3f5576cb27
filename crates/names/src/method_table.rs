//! The methods that kernels have: one row for each name and receiver.
//!
//! ```text
//! sqrt fn { Float each () op Sqrt "Square root." }
//!  │   │      │    │    │   │         └ documentation
//!  │   │      │    │    │   └ meaning, which the tracer knows: an operation, an operator, a composition, …
//!  │   │      │    │    └ arguments: `(low: same, high: same)`
//!  │   │      │    └ `each`: also on arrays of it, element by element; `one`: not; `any`, `shape`, `whole`: of structs, too
//!  │   │      └ receiver
//!  │   └ `fn`: handles have a method of this name, made from the first row; `-`: they say it otherwise
//!  └ name
//! ```
//!
//! A name with several receivers has a row for each, `len fn { Array … } { Shape … }`. Meanings are of these kinds:
//!
//! | kind | what the tracer does |
//! |---|---|
//! | `op` | one scalar operation of the receiver and the arguments |
//! | `operator` | what the operator does, with its checks |
//! | `number` | a composition of operations: a function of values |
//! | `map` | goes through an array with a closure, the last argument: a function of the tracer |
//! | `trace` | runs closures, or loops: a method of the tracer |
//! | `update` | changes all elements of an array: a function of handles |
//! | `read` | anything else: a function of handles |

/// Calls a macro with the rows of the table.
#[macro_export]
macro_rules! for_each_method {
    ($callback:ident) => {
        $callback! {
            // Powers, roots and logarithms.
            sqrt fn { Float each () op Sqrt "Square root." } { Complex each () number complex_sqrt "The square root with a real part that is not negative." }
            cbrt fn { Float each () op Cbrt "Cube root." } { Complex each () number complex_cbrt "The cube root nearest to the positive real axis." }
            hypot fn { Float each (other: same) op Hypot "The square root of the sum of two squares." }
            pow2 fn { Number each () number square "Its square, of arrays." }
            powi fn { Float each (exponent: i32) op Powi "To an integer power." } { Complex each (exponent: i32) number complex_powi "To an integer power." }
            powf fn { Float each (exponent: same) op Powf "To a power." } { Complex each (exponent: part) number complex_powf "To a real power." }
            pow fn { Integer one (exponent: integer) number pow "An integer to an integer power; it wraps." }
            exp fn { Float each () op Exp "e to the power of it." } { Complex each () number complex_exp "e to the power of it." }
            exp2 fn { Float each () op Exp2 "2 to the power of it." } { Complex each () number complex_exp2 "2 to the power of it." }
            exp_m1 fn { Float each () op ExpM1 "e to the power of it, minus 1." }
            ln fn { Float each () op Ln "Natural logarithm." } { Complex each () number complex_ln "Natural logarithm." }
            log fn { Float each (base: same) number log "The logarithm to a base." } { Complex each (base: part) number complex_log "The logarithm to a base." }
            log2 fn { Float each () op Log2 "Logarithm to base 2." } { Complex each () number complex_log2 "Logarithm to base 2." }
            log10 fn { Float each () op Log10 "Logarithm to base 10." } { Complex each () number complex_log10 "Logarithm to base 10." }
            ln_1p fn { Float each () op Ln1p "Natural logarithm of 1 and it." }

            // Angles.
            sin fn { Float each () op Sin "Sine of radians." } { Complex each () number complex_sin "Sine." }
            cos fn { Float each () op Cos "Cosine of radians." } { Complex each () number complex_cos "Cosine." }
            tan fn { Float each () op Tan "Tangent of radians." } { Complex each () number complex_tan "Tangent." }
            sin_cos fn { Float one () read sin_cos "Its sine and cosine, a tuple." }
            asin fn { Float each () op Asin "Arc sine in radians." } { Complex each () number complex_asin "Arc sine." }
            acos fn { Float each () op Acos "Arc cosine in radians." } { Complex each () number complex_acos "Arc cosine." }
            atan fn { Float each () op Atan "Arc tangent in radians." } { Complex each () number complex_atan "Arc tangent." }
            atan2 fn { Float one (abscissa: same) op Atan2 "The angle of the point with this ordinate." }
            to_degrees fn { Float each () number degrees "Radians in degrees." }
            to_radians fn { Float each () number radians "Degrees in radians." }

            // Hyperbolic functions.
            sinh fn { Float each () op Sinh "Hyperbolic sine." } { Complex each () number complex_sinh "Hyperbolic sine." }
            cosh fn { Float each () op Cosh "Hyperbolic cosine." } { Complex each () number complex_cosh "Hyperbolic cosine." }
            tanh fn { Float each () op Tanh "Hyperbolic tangent." } { Complex each () number complex_tanh "Hyperbolic tangent." }
            asinh fn { Float each () op Asinh "Inverse of the hyperbolic sine." } { Complex each () number complex_asinh "Inverse of the hyperbolic sine." }
            acosh fn { Float each () op Acosh "Inverse of the hyperbolic cosine." } { Complex each () number complex_acosh "Inverse of the hyperbolic cosine." }
            atanh fn { Float each () op Atanh "Inverse of the hyperbolic tangent." } { Complex each () number complex_atanh "Inverse of the hyperbolic tangent." }

            // What the standard library does not have.
            erf fn { Float one () op Erf "The error function." }
            erfc fn { Float one () op Erfc "One minus the error function." }
            tgamma fn { Float one () op Tgamma "The gamma function." }
            lgamma fn { Float one () op Lgamma "The natural logarithm of the magnitude of the gamma function." }

            // Rounding, signs, limits.
            abs fn { Number each () op Abs "Absolute value." }
            signum fn { Float each () number float_signum "Its sign: 1, -1, or NaN for NaN." } { Integer each () number integer_signum "Its sign: 1, -1, or 0 for 0." }
            copysign fn { Float one (sign: same) number copysign "With the sign of another number; that of NaN is positive." }
            is_sign_negative fn { Float one () number is_sign_negative "Whether it has a minus sign, as -0.0 has; NaN has none." }
            is_sign_positive fn { Float one () number is_sign_positive "Whether it has no minus sign." }
            round_ties_even fn { Float one () number round_ties_even "Rounded to the nearest integer, halves to the even one." }
            floor fn { Float each () op Floor "Rounded down." }
            ceil fn { Float each () op Ceil "Rounded up." }
            round fn { Float each () op Round "Rounded to the nearest integer, halves away from zero." }
            trunc fn { Float each () op Trunc "Rounded towards zero." }
            fract fn { Float each () number fract "The part behind the point." }
            recip fn { Float each () number recip "Its reciprocal." }
            mul_add - { Float one (factor: same, term: same) op MulAdd "`self * factor + term`, rounded once." }
            min -
                { Number one (other: same) op Min "The smaller one; the other one if one is NaN." }
                { Iterator one () trace extreme_item "The smallest item, an `Option`; of integers." }
                { Array one () read smallest "The smallest element, NaN passed over; a fault if the array is empty." }
            max -
                { Number one (other: same) op Max "The larger one; the other one if one is NaN." }
                { Iterator one () trace extreme_item "The largest item, an `Option`; of integers." }
                { Array one () read largest "The largest element, NaN passed over; a fault if the array is empty." }
            clamp fn { Scalar each (low: same, high: same) number clamp "The nearest number between two." }
            rem_euclid fn { Number one (divisor: same) number rem_euclid "The remainder that is never negative." }
            div_euclid fn { Number one (divisor: same) number div_euclid "The quotient that leaves the remainder of `rem_euclid`." }

            to_bits fn { Float one () op ToBits "Its bits, an integer without a sign." }

            // Questions.
            is_nan fn { Float each () op IsNan "Whether it is NaN." } { Complex each () number complex_is_nan "Whether a part is NaN." }
            is_infinite fn { Float each () number infinite "Whether it is positive or negative infinity." } { Complex each () number complex_is_infinite "Whether a part is infinite and none NaN." }
            is_finite fn { Float one () number finite "Whether it is neither infinite nor NaN." } { Complex one () number complex_is_finite "Whether neither part is infinite or NaN." }
            is_positive fn { Integer one () number positive "Whether the integer is above zero." }
            is_negative fn { Integer one () number negative "Whether the integer is below zero." }

            // Complex numbers.
            norm fn { Complex one () number norm "Its distance from zero." }
            norm_sqr fn { Complex each () number norm_sqr "The square of its distance from zero." }
            l1_norm fn { Complex one () number l1_norm "The sum of the magnitudes of its parts." }
            arg fn { Complex each () number arg "Its angle in radians." }
            conj fn { Complex each () number conj "The complex number with the opposite imaginary part." }
            to_polar fn { Complex one () read polar_parts "Its distance from zero and its angle, a tuple." }
            scale fn { Complex each (factor: part) number scale "Its product with a real number." }
            unscale fn { Complex each (divisor: part) number unscale "Its quotient by a real number." }
            inv fn { Complex one () number inv "Its reciprocal." }
            finv fn { Complex each () number finv "Its reciprocal, which does not overflow in between." }
            fdiv fn { Complex one (divisor: same) number fdiv "Its quotient, which does not overflow in between." }
            powu fn { Complex each (exponent: integer) number complex_powu "To a power that is an unsigned integer." }
            powc fn { Complex one (exponent: same) number powc "To a complex power." }
            expf fn { Complex each (base: part) number expf "A real number to the power of it." }

            // Arithmetic of integers that says what it does at the limits.
            abs_diff fn { Integer one (other: same) number abs_diff "The distance of two integers, of the type without a sign." }
            saturating_add fn { Integer one (other: same) number saturating_add "The sum of two integers, or the limit that it is beyond." }
            saturating_sub fn { Integer one (other: same) number saturating_sub "The difference of two integers, or the limit that it is beyond." }
            saturating_mul fn { Integer one (other: same) number saturating_mul "The product of two integers, or the limit that it is beyond." }
            checked_add fn { Integer one (other: same) read checked_add "The sum of two integers, an `Option`: nothing if it does not fit." }
            checked_sub fn { Integer one (other: same) read checked_sub "The difference of two integers, an `Option`: nothing if it does not fit." }
            checked_mul fn { Integer one (other: same) read checked_mul "The product of two integers, an `Option`: nothing if it does not fit." }
            checked_div fn { Integer one (divisor: same) read checked_div "The quotient of two integers, an `Option`: nothing if there is none." }
            checked_rem fn { Integer one (divisor: same) read checked_rem "The remainder of two integers, an `Option`: nothing if there is none." }
            checked_neg fn { Integer one () read checked_neg "The negated integer, an `Option`: nothing if it does not fit." }
            overflowing_add fn { Integer one (other: same) read overflowing_add "The sum of two integers as it wraps, and whether it did." }
            overflowing_sub fn { Integer one (other: same) read overflowing_sub "The difference of two integers as it wraps, and whether it did." }
            overflowing_mul fn { Integer one (other: same) read overflowing_mul "The product of two integers as it wraps, and whether it did." }
            checked_add_signed fn { Unsigned one (other: signed) read checked_add_signed "The sum with an integer that has a sign, an `Option`: nothing if it does not fit." }
            saturating_add_signed fn { Unsigned one (other: signed) number saturating_add_signed "The sum with an integer that has a sign, or the limit that it is beyond." }
            wrapping_add_signed fn { Unsigned one (other: signed) number wrapping_add_signed "The sum with an integer that has a sign; it wraps." }
            wrapping_pow fn { Integer one (exponent: integer) number pow "An integer to an integer power; it wraps." }
            wrapping_shl fn { Integer one (count: u32) number wrapping_shl "Shifted left by a count modulo the width." }
            wrapping_shr fn { Integer one (count: u32) number wrapping_shr "Shifted right by a count modulo the width." }
            unsigned_abs fn { Integer one () number unsigned_abs "The absolute value of the integer, of the type without a sign." }
            cast_signed fn { Integer one () number with_sign "The same bits as an integer with a sign." }
            cast_unsigned fn { Integer one () number without_sign "The same bits as an integer without a sign." }
            midpoint fn { Integer one (other: same) number midpoint "The number half way between two integers, rounded towards zero." }
            div_ceil fn { Unsigned one (divisor: same) number div_ceil "The quotient of two unsigned integers, rounded up." }
            next_multiple_of fn { Unsigned one (divisor: same) number next_multiple_of "The least multiple of an unsigned integer that is not below." }
            is_multiple_of fn { Unsigned one (divisor: same) number is_multiple_of "Whether an unsigned integer divides it." }
            isqrt fn { Integer one () number isqrt "The square root of an integer, rounded down; a fault if it is negative." }

            // Integers as bits.
            count_ones fn { Integer one () number count_ones "How many bits are set, a `u32`." }
            count_zeros fn { Integer one () number count_zeros "How many bits are not set, a `u32`." }
            leading_zeros fn { Integer one () number leading_zeros "How many bits in front of the highest one that is set, a `u32`." }
            leading_ones fn { Integer one () number leading_ones "How many bits in front of the highest one that is not set, a `u32`." }
            trailing_zeros fn { Integer one () number trailing_zeros "How many bits behind the lowest one that is set, a `u32`." }
            trailing_ones fn { Integer one () number trailing_ones "How many bits behind the lowest one that is not set, a `u32`." }
            ilog2 fn { Integer one () number ilog2 "The logarithm to base 2, rounded down, a `u32`; a fault unless the integer is above zero." }
            ilog10 fn { Integer one () number ilog10 "The logarithm to base 10, rounded down, a `u32`; a fault unless the integer is above zero." }
            checked_ilog2 fn { Integer one () read checked_ilog2 "The logarithm to base 2, rounded down, an `Option`." }
            is_power_of_two fn { Unsigned one () number is_power_of_two "Whether one bit is set." }
            next_power_of_two fn { Unsigned one () number next_power_of_two "The least power of two that is not below; it wraps." }
            rotate_left fn
                { Integer one (count: u32) number rotate_left "Shifted left, with the bits that leave coming in again." }
                { Array one (count: integer) trace rotated "Moves the elements of a slice so many places to the front, and those in front to the end." }
            rotate_right fn
                { Integer one (count: u32) number rotate_right "Shifted right, with the bits that leave coming in again." }
                { Array one (count: integer) trace rotated "Moves the elements of a slice so many places to the end, and those at the end to the front." }
            swap_bytes fn { Integer one () number swap_bytes "The bytes in the opposite order." }
            reverse_bits fn { Integer one () number reverse_bits "The bits in the opposite order." }

            // Bytes as characters.
            is_ascii fn { Byte one () number is_ascii "Whether it is below 128." }
            is_ascii_digit fn { Byte one () number is_ascii_digit "Whether it is a decimal digit." }
            is_ascii_hexdigit fn { Byte one () number is_ascii_hexdigit "Whether it is a hexadecimal digit." }
            is_ascii_lowercase fn { Byte one () number is_ascii_lowercase "Whether it is a small letter." }
            is_ascii_uppercase fn { Byte one () number is_ascii_uppercase "Whether it is a capital letter." }
            is_ascii_alphabetic fn { Byte one () number is_ascii_alphabetic "Whether it is a letter." }
            is_ascii_alphanumeric fn { Byte one () number is_ascii_alphanumeric "Whether it is a letter or a digit." }
            is_ascii_punctuation fn { Byte one () number is_ascii_punctuation "Whether it shows and is no letter or digit." }
            is_ascii_graphic fn { Byte one () number is_ascii_graphic "Whether it shows." }
            is_ascii_whitespace fn { Byte one () number is_ascii_whitespace "Whether it is a blank, a tabulator, or ends a line or page." }
            is_ascii_control fn { Byte one () number is_ascii_control "Whether it is a control character." }
            to_ascii_lowercase fn { Byte one () number small_letter "The small letter, if it is a capital one." }
            to_ascii_uppercase fn { Byte one () number capital_letter "The capital letter, if it is a small one." }
            eq_ignore_ascii_case fn { Byte one (other: same) number eq_ignore_ascii_case "Whether two bytes are one letter, or equal." }

            // Integers that wrap, and conversions.
            wrapping_add fn { Integer one (other: same) op Add "The sum of two integers, as `+` of handles is." }
            wrapping_sub fn { Integer one (other: same) op Sub "The difference of two integers, as `-` of handles is." }
            wrapping_mul fn { Integer one (other: same) op Mul "The product of two integers, as `*` of handles is." }
            wrapping_div fn { Integer one (divisor: same) operator "/" "The quotient of two integers, as `/` of handles is." }
            wrapping_rem fn { Integer one (divisor: same) operator "%" "The remainder of two integers, as `%` of handles is." }
            wrapping_neg fn { Integer one () number wrapping_neg "The negated integer; that of the least one is itself." }
            wrapping_abs fn { Integer one () op Abs "The absolute value of the integer; that of the least one is itself." }
            to_f64 fn { Number one () read as_f64 "It as a `f64`, an `Option`: nothing if it does not fit." }
            to_f32 fn { Number one () read as_f32 "It as a `f32`, an `Option`: nothing if it does not fit." }
            to_i64 fn { Number one () read as_i64 "It as a `i64`, an `Option`: nothing if it does not fit." }
            to_i32 fn { Number one () read as_i32 "It as a `i32`, an `Option`: nothing if it does not fit." }
            to_i16 fn { Number one () read as_i16 "It as a `i16`, an `Option`: nothing if it does not fit." }
            to_i8 fn { Number one () read as_i8 "It as a `i8`, an `Option`: nothing if it does not fit." }
            to_u64 fn { Number one () read as_u64 "It as a `u64`, an `Option`: nothing if it does not fit." }
            to_u32 fn { Number one () read as_u32 "It as a `u32`, an `Option`: nothing if it does not fit." }
            to_u16 fn { Number one () read as_u16 "It as a `u16`, an `Option`: nothing if it does not fit." }
            to_u8 fn { Number one () read as_u8 "It as a `u8`, an `Option`: nothing if it does not fit." }
            to_usize fn { Number one () read as_usize "It as a `usize`, an `Option`: nothing if it does not fit." }

            into -
                { Scalar one () read in_a_type_to_come "It in another type that has all its numbers." }
                { Array any () read itself "The array itself." }
            try_into - { Integer one () read try_into "It in another integer type, a `Result`: `Err` if it does not fit." }

            // Operators, written as methods.
            add - { Scalar one (other: same) operator "+" "`self + other`." }
            sub - { Scalar one (other: same) operator "-" "`self - other`." }
            mul - { Scalar one (other: same) operator "*" "`self * other`." }
            div - { Scalar one (other: same) operator "/" "`self / other`." }
            rem - { Scalar one (other: same) operator "%" "`self % other`." }
            neg - { Number one () op Neg "`-self`." } { Complex one () op Neg "`-self`." }
            not - { Scalar one () op Not "`!self`." }
            eq -
                { Scalar one (other: same) operator "==" "`self == other`." }
                { Iterator one (other: iterator) trace equal_items "Whether the items are those of another iterator." }
            ne -
                { Scalar one (other: same) operator "!=" "`self != other`." }
                { Iterator one (other: iterator) trace equal_items "Whether an item differs, or one iterator has more." }
            lt - { Scalar one (other: same) operator "<" "`self < other`." }
            le - { Scalar one (other: same) operator "<=" "`self <= other`." }
            gt - { Scalar one (other: same) operator ">" "`self > other`." }
            ge - { Scalar one (other: same) operator ">=" "`self >= other`." }

            // Arrays: all elements.
            sum fn { Array one () read sum "The sum of all elements." } { Iterator one () trace sum_items "The sum of all items, from the first to the last." }
            product fn { Array one () read product "The product of all elements." } { Iterator one () trace multiply_items "The product of all items, from the first to the last." }
            mean fn { Array one () read mean "The mean of all elements, an `Option`." }
            var fn { Array one (ddof: same) read var "The variance of all elements; `ddof` is taken off their number." }
            std fn { Array one (ddof: same) read std "The standard deviation of all elements, the root of `var`." }
            argmin fn { Array one () read argmin "The row-major position of the smallest element, the first of equal ones, or of the first NaN." }
            argmax fn { Array one () read argmax "The row-major position of the largest element, the first of equal ones, or of the first NaN." }

            dot fn { Array one (other: array) read dot "The product of two vectors, of two matrices, or of a matrix and a vector." }

            // Arrays: rows along an axis.
            sum_axis fn { Array one (axis: axis) read sum_axis "The sums along an axis." }
            product_axis fn { Array one (axis: axis) read product_axis "The products along an axis." }
            mean_axis fn { Array one (axis: axis) read mean_axis "The means along an axis, an `Option`." }
            var_axis fn { Array one (axis: axis, ddof: same) read var_axis "The variances along an axis." }
            std_axis fn { Array one (axis: axis, ddof: same) read std_axis "The standard deviations along an axis." }
            min_axis fn { Array one (axis: axis) read min_axis "The smallest elements along an axis." }
            max_axis fn { Array one (axis: axis) read max_axis "The largest elements along an axis." }
            argmin_axis fn { Array one (axis: axis) read argmin_axis "The positions of the smallest elements along an axis." }
            argmax_axis fn { Array one (axis: axis) read argmax_axis "The positions of the largest elements along an axis." }

            // Arrays: elements anew.
            mapv - { Array one (function: closure) map new_elements "A new array of what a closure computes from each element." }
            map -
                { Array one (function: closure) map new_elements "A new array of what a closure computes from each element." }
                { Iterator one (function: closure) read mapped "What a closure computes from each item." }
                { Option one (function: closure) trace map_option "What a closure computes from the value, if there is one." }
            mapv_into - { Array one (function: closure) map new_elements "A new array of what a closure computes from each element." }
            mapv_into_any - { Array one (function: closure) map new_elements "A new array of what a closure computes from each element." }
            mapv_inplace - { Array one (function: closure) map replaced_elements "Replaces each element by what a closure computes from it." }
            par_mapv_inplace - { Array one (function: closure) map replaced_elements "Replaces each element by what a closure computes from it." }
            map_inplace - { Array one (function: change) map changed_elements "Has a closure change each element." }
            par_map_inplace - { Array one (function: change) map changed_elements "Has a closure change each element." }
            zip_mut_with - { Array one (other: array, function: change_with) map changed_elements "Has a closure change each element, given that of another array." }
            map_axis - { Array one (axis: axis, function: row) map map_axis "A new array of what a closure computes from each row along an axis." }
            map_axis_mut - { Array one (axis: axis, function: closure) trace map_axis_mut "The same, where the closure may change the rows." }
            fold_axis - { Array one (axis: axis, start: same, function: pair) map fold_axis "Rows along an axis folded by a closure, one element after the other." }
            accumulate_axis_inplace - { Array one (axis: axis, function: change_with) map accumulate_axis "Has a closure change each element along an axis, given the one before it." }
            cumprod fn { Array one (axis: axis) read running_products "The products of all elements up to each along an axis." }
            fill fn { Array any (value: same) update fill "Sets all elements." }
            assign fn { Array any (array: array) update overwrite "Overwrites the elements with those of an array." }
            swap - { Array any (first: index, second: index) update exchange "Has two elements change places." }
            scaled_add fn { Array one (factor: same, array: array) update scaled_add "Adds a multiple of an array." }
            assign_to - { Array any (to: array) update assign_to "Sets the elements of another array." }
            sort - { Array whole () trace sort_elements "Puts the elements in order; equal ones keep theirs." }
            sort_unstable - { Array whole () trace sort_elements "The same." }
            sort_by - { Array whole (compare: comparison) trace sort_elements "Puts the elements in the order that a closure says; equal ones keep theirs." }
            sort_unstable_by - { Array whole (compare: comparison) trace sort_elements "The same." }
            sort_by_key - { Array whole (key: closure) trace sort_elements "Puts the elements in the order of what a closure computes from them; equal ones keep theirs." }
            sort_by_cached_key - { Array whole (key: closure) trace sort_elements "The same." }
            sort_unstable_by_key - { Array whole (key: closure) trace sort_elements "The same." }
            select_nth_unstable - { Array whole (index: integer) trace select_nth "Has the element at an index be what it is in order: those in front, it, and those behind, a tuple." }
            select_nth_unstable_by - { Array whole (index: integer, compare: comparison) trace select_nth "The same in the order that a closure says." }
            select_nth_unstable_by_key - { Array whole (index: integer, key: closure) trace select_nth "The same in the order of what a closure computes from elements." }
            copy_from_slice - { Array any (from: array) update copy_from "Takes the elements of another array." }
            clone_from_slice - { Array any (from: array) update copy_from "Takes the elements of another array." }
            reverse_axes - { Array any () update reverse_axes "Has the axes stand in the opposite order." }
            permute_axes - { Array any (axes: axes) update permute_axes "Has the axes stand in another order." }
            collapse_axis - { Array any (axis: axis, index: integer) update collapse_axis "Keeps what has an index along an axis." }
            swap_axes - { Array any (first: axis, second: axis) update swap_axes "Has two axes change places." }
            invert_axis - { Array any (axis: axis) update invert_axis "Turns the order along an axis around." }
            slice_collapse - { Array any (info: slice) update slice_collapse "Keeps the part that `s![…]` says." }
            slice_axis_inplace - { Array any (axis: axis, indices: axis_slice) update slice_axis_inplace "Keeps the part that `Slice::from(1..)` says of one axis." }
            append - { Array any (axis: axis, array: array) update append "Adds an array along an axis, a `Result`." }
            push_row - { Array any (row: array) update push_row "Adds a row to a matrix, a `Result`." }
            push_column - { Array any (column: array) update push_column "Adds a column to a matrix, a `Result`." }
            remove_index - { Array any (axis: axis, index: integer) update remove_index "Removes what has an index along an axis." }

            // Arrays: elements chosen.
            select - { Array any (axis: axis, indices: array) trace select_along "What has each of some indices along an axis, a new array." }
            get - { Array any (index: index) trace element_if_any "An element, an `Option`." }
            get_mut - { Array any (index: index) trace place_if_any "An element to be set, an `Option`." }
            first_mut - { Array any () trace place_if_any "The first element to be set, an `Option`." }
            last_mut - { Array any () trace place_if_any "The last element to be set, an `Option`." }
            front_mut - { Array any () trace place_if_any "The first element of a queue to be set, an `Option`." }
            back_mut - { Array any () trace place_if_any "The last element of a queue to be set, an `Option`." }
            contains - { Range one (value: same) read range_contains "Whether a number is in the range." } { Array whole (value: any) trace contains_element "Whether an element is equal to a value." }
            partition_point - { Array whole (predicate: closure) trace partition_point "How many elements there are in front of the first of which a closure says no." }
            binary_search - { Array whole (value: any) trace binary_search "Where a value is among elements in order, or would have to be: a `Result`." }
            binary_search_by - { Array whole (compare: closure) trace binary_search "Where a closure says `Equal` of an element, or where one would have to be: a `Result`." }
            binary_search_by_key - { Array whole (value: any, key: closure) trace binary_search "Where a closure computes a value from an element, or where one would have to be: a `Result`." }
            starts_with - { Array one (start: array) trace has_at_end "Whether the first elements are those of another slice." }
            ends_with - { Array one (end: array) trace has_at_end "Whether the last elements are those of another slice." }
            diff - { Array one (times: integer, axis: axis) read differences "What each element is more than the one before it along an axis." }
            first - { Array any () trace element_if_any "The first element, an `Option`." }
            front - { Array any () trace element_if_any "The first element of a queue, an `Option`." }
            back - { Array any () trace element_if_any "The last element of a queue, an `Option`." }
            into_sorted_vec - { Array whole () trace sorted_vector "The elements of a heap in order." }
            make_contiguous - { Array any () read reference "The elements of a queue, as a slice." }
            triu - { Array one (diagonal: integer) trace triangle "The matrix with zeros below a diagonal." }
            tril - { Array one (diagonal: integer) trace triangle "The matrix with zeros above a diagonal." }
            into_scalar - { Array any () read only_element "The element of an array without axes." }

            // Arrays: views of a part, and with other axes.
            row fn { Array any (index: integer) read row_view "A row of a matrix, a view." }
            row_mut fn { Array any (index: integer) read row_place "A row of a matrix, to be changed." }
            column fn { Array any (index: integer) read column_view "A column of a matrix, a view." }
            column_mut fn { Array any (index: integer) read column_place "A column of a matrix, to be changed." }
            index_axis fn { Array any (axis: axis, index: integer) read index_axis_view "What has an index along an axis, a view." }
            index_axis_mut fn { Array any (axis: axis, index: integer) read index_axis_place "What has an index along an axis, to be changed." }
            slice fn { Array any (info: slice) read slice_view "The part that `s![…]` says, a view." }
            slice_mut fn { Array any (info: slice) read slice_place "The part that `s![…]` says, to be changed." }
            slice_move fn { Array any (info: slice) read slice_moved "The part that `s![…]` says, of what is moved." }
            slice_axis fn { Array any (axis: axis, indices: axis_slice) read slice_axis_view "The part that `Slice::from(1..)` says of one axis, a view." }
            slice_axis_mut fn { Array any (axis: axis, indices: axis_slice) read slice_axis_place "The part that `Slice::from(1..)` says of one axis, to be changed." }
            slice_axis_move fn { Array any (axis: axis, indices: axis_slice) read slice_axis_moved "The part that `Slice::from(1..)` says of one axis, of what is moved." }
            multi_slice_mut - { Array any (slices: slices) read several_slices "Several parts to be changed, a tuple: `a.multi_slice_mut((s![..k], s![k..]))`." }
            split_at fn { Array any (axis: axis, index: last) read divided "What is in front of an index along an axis, and the rest; of a slice `x.split_at(index)`." }
            split_first - { Array whole () trace split_end "The first element and the rest of a slice, an `Option`." }
            split_first_mut - { Array whole () trace split_end "The first element and the rest of a slice, both to be changed, an `Option`." }
            split_last - { Array whole () trace split_end "The last element and the rest of a slice, an `Option`." }
            split_last_mut - { Array whole () trace split_end "The last element and the rest of a slice, both to be changed, an `Option`." }
            split_at_mut - { Array any (index: integer) read divided_to_change "What is in front of an index of a slice, and the rest, both to be changed." }
            index_axis_move fn { Array any (axis: axis, index: integer) read index_axis_moved "What has an index along an axis, of what is moved." }
            diag fn { Array any () read diagonal_view "The diagonal, a view." }
            diag_mut fn { Array any () read diagonal_place "The diagonal, to be changed." }
            into_diag fn { Array any () read diagonal_moved "The diagonal of what is moved." }
            t fn { Array any () read transposed "The array with its axes in the opposite order, a view." }
            reversed_axes fn { Array any () read reversed_axes "The array with its axes in the opposite order." }
            permuted_axes - { Array any (axes: axes) read permuted_axes "The array with its axes in another order: `a.permuted_axes([1, 0, 2])`." }
            insert_axis fn { Array any (axis: axis) read with_new_axis "The array with a new axis of length one." }
            remove_axis fn { Array any (axis: axis) read without_axis "The array without an axis: what has index zero along it." }
            broadcast - { Array any (shape: shape) read broadcast "The array drawn out to a shape, a view to be read: an `Option`." }

            into_shape_with_order - { Array any (shape: shape) read reshaped "The elements in another shape, in row-major order: a `Result`." }
            into_shape_clone - { Array any (shape: shape) read seen_reshaped "The elements in another shape, in row-major order: a `Result`." }
            to_shape - { Array any (shape: shape) read seen_reshaped "The elements in another shape, in row-major order: a `Result`." }
            flatten fn { Array any () read flattened "All elements in row-major order." } { Iterator one () read items_flattened "The items of each item." } { Option one () trace option_inside "The option that an option holds, if it does." }
            into_flat - { Array any () read flattened "All elements in row-major order." }

            // Arrays: lengths.
            len_of fn { Array shape (axis: axis) read axis_length "The length of an axis." }
            is_square fn { Array shape () read all_lengths_equal "Whether all axes have the same length." }
            len fn
                { Array shape () read array_len "The number of elements." }
                { Iterator one () read sequence_len "The number of items." }
                { Shape one () read axis_count "The number of axes." }
            is_empty fn { Array shape () read without_elements "Whether the array has no elements." }
            dim fn { Array shape () read dim "The lengths of all axes: a scalar for one axis, else a tuple." }
            raw_dim - { Array shape () read shape "The lengths of all axes, for a new array." }
            shape - { Array shape () read shape "The lengths of all axes, to be indexed." }
            ndim fn { Array shape () read array_ndim "The number of axes." } { Shape one () read axis_count "The number of axes." }
            nrows fn { Array shape () read nrows "The length of axis 0 of two." }
            ncols fn { Array shape () read ncols "The length of axis 1 of two." }
            into_pattern - { Shape one () read itself "The lengths themselves." }

            // Copies, references and what does nothing.
            clone -
                { Scalar one () read number_itself "A copy." }
                { Array any () read array_copy "A copy." }
                { Tuple one () read itself "A copy." }
                { Range one () read itself "A copy." }
                { Iterator one () read sequence_itself "A copy." }
                { Shape one () read itself "A copy." }
            to_owned fn
                { Array any () read array_copy "A copy." }
                { Scalar one () read number_itself "A copy." }
                { Tuple one () read itself "A copy." }
                { Shape one () read itself "A copy." }
            into_owned - { Array any () read itself "The array itself." }
            into_dyn - { Array any () read itself "The array itself, in a type that leaves open how many axes it has." }
            into_dimensionality - { Array any () read in_dimensionality "The array itself, in a type that says how many axes it has: a `Result`." }
            to_vec - { Shape one () read itself "The lengths themselves." } { Array any () read array_copy "A copy." }
            as_slice - { Array any () read as_slice "The array itself, an `Option`." }
            as_slice_mut - { Array any () read as_slice "The array itself, to be changed: an `Option`." }
            as_standard_layout - { Array any () read reference "The array itself." }
            f - { Tuple one () read itself "The shape itself: how elements lie in memory is not seen." }
            view - { Array any () read reference "The array itself, to be read." }
            view_mut - { Array any () read reference "The array itself, to be changed." }
            as_ref -
                { Option one () read itself "The option itself." }
                { Array any () read reference "The array itself." }
                { Scalar one () read number_itself "The number itself." }
                { Shape one () read itself "The lengths themselves." }
            as_mut - { Array any () read reference "The array itself." } { Option one () read option_to_change "The option, of which a variable holds what may be changed." }
            borrow - { Array any () read reference "The array itself." } { Scalar one () read number_itself "The number itself." }
            borrow_mut - { Array any () read reference "The array itself." }

            // Vectors that grow.
            push - { Vector one (item: any) trace changed_vector "Adds an element behind the others." } { Array any (axis: axis, array: array) update push_along "Adds an array with an axis less along an axis, a `Result`." }
            pop - { Vector one () trace changed_vector "Takes away the last element, an `Option`." }
            clear - { Vector one () trace changed_vector "Takes away all elements." }
            truncate - { Vector one (length: integer) trace changed_vector "Takes away all but so many of the first elements." }
            extend - { Vector one (items: iterator) trace changed_vector "Adds the items of an iterator behind the others." }
            extend_from_slice - { Vector one (items: iterator) trace changed_vector "Adds copies of elements behind the others." }
            insert - { Vector one (index: integer, item: any) trace changed_vector "Adds an element at an index, and moves those from there on up." }
            remove - { Vector one (index: integer) trace changed_vector "Takes away the element at an index, and moves those behind down." }
            resize - { Vector one (length: integer, item: any) trace changed_vector "Takes away the last elements, or adds copies of one." }
            retain - { Vector one (predicate: closure) trace changed_vector "Keeps the elements of which a closure says yes." }
            dedup - { Vector one () trace changed_vector "Keeps the first of equal elements one behind the other." }
            dedup_by_key - { Vector one (key: closure) trace changed_vector "Keeps the first of elements one behind the other from which a closure computes the same." }
            dedup_by - { Vector one (same: comparison) trace changed_vector "Keeps the first of elements one behind the other of which a closure, given the later one first, says yes." }
            swap_remove - { Vector one (index: integer) trace changed_vector "Takes away an element, in whose place the last one comes." }
            push_back - { Vector one (item: any) trace changed_vector "Adds an element behind the others of a queue." }
            push_front - { Vector one (item: any) trace changed_vector "Adds an element in front of the others of a queue." }
            pop_back - { Vector one () trace changed_vector "Takes away the last element of a queue, an `Option`." }
            pop_front - { Vector one () trace changed_vector "Takes away the first element of a queue, an `Option`." }

            // Iterators over arrays.
            iter - { Array any () read elements "Its elements, row by row." }
            iter_mut - { Array any () read elements_mut "Its elements, row by row, to be set." }
            into_iter - { Array any () read sequence_itself "Its elements, row by row." } { Iterator one () read sequence_itself "The iterator itself." }
            indexed_iter - { Array any () read indexed_elements "Its elements with their indices." }
            indexed_iter_mut - { Array any () read indexed_elements_mut "Its elements with their indices, to be set." }
            outer_iter - { Array any () read outer_parts "What has each index along the first axis: rows of a matrix." }
            outer_iter_mut - { Array any () read outer_parts_mut "What has each index along the first axis, to be set." }
            axis_iter - { Array any (axis: axis) read axis_parts "What has each index along an axis." }
            axis_iter_mut - { Array any (axis: axis) read axis_parts_mut "What has each index along an axis, to be set." }
            rows - { Array any () read all_rows "Its rows along the last axis." }
            rows_mut - { Array any () read all_rows_mut "Its rows along the last axis, to be set." }
            columns - { Array any () read all_columns "Its rows along the first axis: columns of a matrix." }
            columns_mut - { Array any () read all_columns_mut "Its rows along the first axis, to be set." }
            lanes - { Array any (axis: axis) read lanes_along "Its rows along an axis." }
            lanes_mut - { Array any (axis: axis) read lanes_along_mut "Its rows along an axis, to be set." }
            windows - { Array any (size: shape) read overlapping "Its parts of a size, which overlap." }
            exact_chunks - { Array any (size: shape) read chunks "Its parts of a size, one beside the other." }
            exact_chunks_mut - { Array any (size: shape) read chunks_mut "Its parts of a size, one beside the other, to be set." }
            chunks_exact - { Array any (size: shape) read chunks "Its parts of a length, one after the other." }
            windows_with_stride - { Array any (size: shape, stride: shape) read overlapping_strided "Every so many of its parts of a size." }
            axis_windows_with_stride - { Array any (axis: axis, size: integer, stride: integer) read axis_windows_strided "Every so many of its parts of a length along an axis." }
            axis_windows - { Array any (axis: axis, size: integer) read axis_windows "Its parts of a length along an axis, which overlap." }
            axis_chunks_iter - { Array any (axis: axis, size: integer) read axis_strips "Its parts of a length along an axis, of which the last may be shorter." }
            axis_chunks_iter_mut - { Array any (axis: axis, size: integer) read axis_strips_mut "Its parts of a length along an axis, to be set." }
            chunks - { Array any (size: integer) read slice_chunks "Its parts of a length, of which the last may be shorter." }
            chunks_mut - { Array any (size: integer) read slice_chunks_mut "Its parts of a length, to be set." }
            chunks_exact_mut - { Array any (size: shape) read chunks_mut "Its parts of a length, one after the other, to be set." }

            split - { Array any (ends: closure) trace split_parts "Its parts between the elements of which a closure says yes." }

            // Iterators made of others.
            enumerate - { Iterator one () read counted "Each item with its number." }
            cycle - { Iterator one () read cycled "Its items again and again." }
            chain - { Iterator one (other: iterator) read chained "Its items, and then those of another iterator." }
            zip - { Iterator one (other: iterator) read zipped "Pairs of items, as many as the shorter iterator has." }
            skip - { Iterator one (count: integer) read without_first "All but the first items." }
            take -
                { Iterator one (count: integer) read only_first "The first items." }
                { Option one () read take_option "What a variable holds, which then holds nothing." }
            take_while - { Iterator one (goes_on: closure) read taken_while "The items before the first of which a closure says no." }
            skip_while - { Iterator one (leaves_out: closure) read skipped_while "The items from the first on of which a closure says no." }
            map_while - { Iterator one (function: closure) read mapped_while "What a closure computes from each item, up to the first of which it makes nothing." }
            scan - { Iterator one (start: any, function: accumulation) read scanned "What a closure computes from a value that it keeps and each item." }
            inspect - { Iterator one (function: closure) read inspected "The items, which a closure sees on their way." }
            filter -
                { Iterator one (predicate: closure) read filtered "The items of which a closure says yes." }
                { Option one (predicate: closure) trace narrow_option "The value, if there is one and a closure says yes of it." }
            filter_map - { Iterator one (function: closure) read filter_mapped "What a closure computes from each item, if anything." }
            flat_map - { Iterator one (function: closure) read flat_mapped "The items of what a closure makes of each item." }
            copied -
                { Iterator one () read sequence_itself "The iterator itself." }
                { Option one () read itself "The option itself." }
            cloned -
                { Iterator one () read sequence_itself "The iterator itself." }
                { Option one () read itself "The option itself." }

            // What iterators end with.
            unzip - { Iterator one () trace unzip_items "Two new arrays of the parts of all items." }
            partition - { Iterator one (predicate: closure) trace partition_items "A new array of the items of which a closure says yes, and one of the others." }
            collect - { Iterator one () trace collect_items "A new array of all items." }
            count - { Iterator one () trace count_items "The number of items." }
            fold -
                { Array one (start: any, function: closure) trace fold_items "What a closure computes from a value so far and each element, row by row." }
                { Iterator one (start: any, function: closure) trace fold_items "What a closure computes from a value so far and each item." }
                { Zip one (start: any, function: closure) trace fold_zip "What a closure computes from a value so far and items of all parts." }
            fold_while -
                { Iterator one (start: any, function: closure) trace fold_until "What a closure computes from a value so far and each item, until it says `FoldWhile::Done`." }
                { Zip one (start: any, function: closure) trace fold_until "What a closure computes from a value so far and items of all parts, until it says `FoldWhile::Done`." }
            try_fold - { Iterator one (start: any, function: closure) trace fold_until "What a closure computes from a value so far and each item, until it gives `None`: an `Option`." }
            rfold - { Iterator one (start: any, function: closure) trace fold_items "The same from the last item to the first." }
            reduce - { Iterator one (function: closure) trace reduce_items "What a closure computes from two items, and then another, an `Option`." }
            for_each -
                { Iterator one (function: closure) trace for_each_item "Calls a closure with each item." }
                { Zip one (function: closure) trace for_each_of_zip "Calls a closure with the items of all parts." }
            par_for_each - { Zip one (function: closure) trace for_each_of_zip "The same, whose calls are independent." }
            and - { Zip one (part: iterator) read zip_and "One more array, or iterator of rows, columns or windows." }
            map_collect - { Zip one (function: closure) trace collect_zip "A new array of what a closure computes." }
            par_map_collect - { Zip one (function: closure) trace collect_zip "A new array of what a closure computes." }
            map_assign_into - { Zip one (array: array, function: closure) trace assign_zip "Gives the elements of an array what a closure computes." }
            par_map_assign_into - { Zip one (array: array, function: closure) trace assign_zip "Gives the elements of an array what a closure computes." }
            and_broadcast - { Zip one (part: array) read zip_and_broadcast "One more array, drawn out to the others' shape." }
            any -
                { Iterator one (predicate: closure) trace any_item "Whether a closure says yes of an item." }
                { Zip one (predicate: closure) trace any_of_zip "Whether a closure says yes of the items of all parts." }
            all -
                { Iterator one (predicate: closure) trace any_item "Whether a closure says yes of all items." }
                { Zip one (predicate: closure) trace any_of_zip "Whether a closure says yes of the items of all parts, each time." }
            next - { Iterator one () trace next_item "The first item, or that where an iterator in a variable is: an `Option`." }
            peekable - { Iterator one () read itself "The iterator, whose next item can be looked at." }
            peek - { Iterator one () trace next_item "The item that `next` gives next, an `Option`." } { Array any () trace element_if_any "The greatest element of a heap, an `Option`." }
            next_if - { Iterator one (predicate: closure) trace next_item "The next item if a closure says yes of it, an `Option`." }
            nth - { Iterator one (count: integer) trace next_item "The item behind so many, an `Option`." }
            find - { Iterator one (predicate: closure) trace find_item "The first item of which a closure says yes, an `Option`." }
            find_map - { Iterator one (function: closure) trace find_item "The first value that a closure makes of an item, an `Option`." }
            position - { Iterator one (predicate: closure) trace find_item "The number of the first item of which a closure says yes, an `Option`." }
            rfind - { Iterator one (predicate: closure) trace find_item "The last item of which a closure says yes, an `Option`." }
            rposition - { Iterator one (predicate: closure) trace find_item "The number of the last item of which a closure says yes, an `Option`." }
            last - { Iterator one () trace last_item "The last item, an `Option`." } { Array any () trace element_if_any "The last element, an `Option`." }
            min_by - { Iterator one (compare: comparison) trace reduce_items "The first of the least items, an `Option`." }
            max_by - { Iterator one (compare: comparison) trace reduce_items "The last of the greatest items, an `Option`." }
            min_by_key - { Iterator one (key: closure) trace reduce_items "The first item with the least key, an `Option`." }
            max_by_key - { Iterator one (key: closure) trace reduce_items "The last item with the greatest key, an `Option`." }

            // Orderings.
            partial_cmp fn
                { Number one (other: same) read partial_order "How it compares with another number, an `Option`." }
                { Tuple one (other: any) read partial_order "How the first parts compare that differ, an `Option`." }
            total_cmp fn { Float one (other: same) read total_order "How it compares with another number, by their bits." }
            cmp fn
                { Integer one (other: same) read whole_order "How it compares with another number." }
                { Tuple one (other: any) read whole_order "How the first parts compare that differ." }
            then_with - { Ordering one (other: nothing) trace order_then "It, or if it is `Equal` what a closure gives." }
            is_lt - { Ordering one () trace ordering_is "Whether it is `Less`." }
            is_le - { Ordering one () trace ordering_is "Whether it is not `Greater`." }
            is_gt - { Ordering one () trace ordering_is "Whether it is `Greater`." }
            is_ge - { Ordering one () trace ordering_is "Whether it is not `Less`." }
            is_eq - { Ordering one () trace ordering_is "Whether it is `Equal`." }
            is_ne - { Ordering one () trace ordering_is "Whether it is not `Equal`." }
            reverse -
                { Ordering one () read reversed_order "The opposite." }
                { Array any () trace reversed_elements "Turns the order of the elements around." }

            // Options, such as the result of `mean`.
            unwrap fn { Option one () read unwrap "What there is; a fault if there is nothing." }
            expect - { Option one (message: message) read unwrap "What there is; a fault if there is nothing." }
            unwrap_or fn { Option one (other: same) trace unwrap_or "What there is, or another value." }
            unwrap_or_else - { Option one (function: nothing) trace unwrap_or "What there is, or what a closure gives." }
            map_or - { Option one (other: any, function: closure) trace map_option_or "What a closure computes from the value, or another one." }
            map_or_else - { Option one (otherwise: nothing, function: closure) trace map_option_or "What a closure computes from the value, or what another gives." }
            and_then - { Option one (function: closure) trace narrow_option "The option that a closure makes of the value, if there is one." }
            or - { Option one (other: any) trace option_or "The option, or another one if there is no value." }
            or_else - { Option one (function: nothing) trace option_or "The option, or the one that a closure gives." }
            is_some_and - { Option one (predicate: closure) trace ask_option "Whether there is a value of which a closure says yes." }
            is_none_or - { Option one (predicate: closure) trace ask_option "Whether there is no value, or one of which a closure says yes." }
            then -
                { Scalar one (function: nothing) trace value_computed_if "An `Option` with what a closure gives if it is true." }
                { Ordering one (other: any) trace order_then "It, or if it is `Equal` another." }
            unwrap_or_default fn { Option one () read unwrap_or_default "What there is, or 0." }
            is_some fn { Option one () read presence "Whether there is a value." }
            then_some fn { Scalar one (value: any) read value_if "An `Option` with a value if it is true." }
            is_none fn { Option one () read absence "Whether there is no value." }
            into_inner - { Option one () read inner_value "What `FoldWhile` has, whether it is `Done` or not." }
            is_done - { Option one () read absence "Whether `FoldWhile` is `Done`." }
            is_ok - { Option one () read presence "Whether a `Result` is `Ok`." }
            is_err - { Option one () read absence "Whether a `Result` is `Err`." }
            ok - { Option one () read success "What a `Result` has if it is `Ok`, an `Option`." }
            ok_or - { Option one (error: any) trace option_as_result "What there is as a `Result`, or an error." }
            ok_or_else - { Option one (function: nothing) trace option_as_result "What there is as a `Result`, or the error that a closure gives." }
            map_err - { Option one (function: closure) trace option_as_result "A `Result` with what a closure makes of its error." }
            is_ok_and - { Option one (predicate: closure) trace ask_option "Whether a `Result` has a value of which a closure says yes." }
            is_err_and - { Option one (predicate: closure) read unseen_error "Whether a `Result` has an error of which a closure says yes." }
            unwrap_err - { Option one () read unseen_error "The error of a `Result`; a fault if there is none." }
            expect_err - { Option one (message: message) read unseen_error "The error of a `Result`; a fault if there is none." }
            err - { Option one () read failure "What a `Result` has if it is `Err`, an `Option`." }

            // Ranges, for loops, and what is said of the iterations of a `prange`.
            grain fn { Iterator one (count: integer) read claim_grain "The iterations of a `prange`, of which threads take so many at a time, at least." }
            assume_disjoint - { Iterator one () read claim_disjoint "The iterations of a `prange`, with the promise that they do not meet: `unsafe`." }
            rev fn { Range one () read reverse "The range backwards." } { Iterator one () read backwards "The items backwards." }
            step_by fn
                { Range one (step: integer) read step_by "Every `step`-th index of the range." }
                { Iterator one (step: integer) read every "Every `step`-th item." }
                { Slice one (step: integer) read slice_stepped "Every `step`-th index of the slice." }
        }
    };
}
