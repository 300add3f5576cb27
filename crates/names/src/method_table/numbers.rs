//! The rows of numbers: powers, rounding, questions, integers, bytes, operators.

/// Calls the next of these macros, or what is to be called, with all rows so far.
#[doc(hidden)]
#[macro_export]
macro_rules! __methods_of_numbers {
    ($callback:ident) => {
        $crate::__methods_of_arrays! { $callback
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
            checked_abs fn { Integer one () read checked_abs "The absolute value of the integer, an `Option`: nothing if it does not fit." }
            checked_pow fn { Integer one (exponent: u32) read checked_pow "An integer to an integer power, an `Option`: nothing if it does not fit." }
            checked_shl fn { Integer one (count: u32) read checked_shl "Shifted left, an `Option`: nothing if the count is the width or more." }
            checked_shr fn { Integer one (count: u32) read checked_shr "Shifted right, an `Option`: nothing if the count is the width or more." }
            checked_div_euclid fn { Integer one (divisor: same) read checked_div_euclid "The quotient of `div_euclid`, an `Option`: nothing if there is none." }
            checked_rem_euclid fn { Integer one (divisor: same) read checked_rem_euclid "The remainder of `rem_euclid`, an `Option`: nothing if there is none." }
            checked_next_multiple_of fn { Unsigned one (divisor: same) read checked_next_multiple_of "The least multiple that is not below, an `Option`: nothing if it does not fit." }
            checked_next_power_of_two fn { Unsigned one () read checked_next_power_of_two "The least power of two that is not below, an `Option`: nothing if it does not fit." }
            overflowing_neg fn { Integer one () read overflowing_neg "The negated integer as it wraps, and whether it did." }
            overflowing_pow fn { Integer one (exponent: u32) read overflowing_pow "An integer to an integer power as it wraps, and whether it did." }
            overflowing_shl fn { Integer one (count: u32) read overflowing_shl "Shifted left by a count modulo the width, and whether that is another count." }
            overflowing_shr fn { Integer one (count: u32) read overflowing_shr "Shifted right by a count modulo the width, and whether that is another count." }
            saturating_neg fn { Integer one () number saturating_neg "The negated integer; of the least one the greatest." }
            saturating_abs fn { Integer one () number saturating_abs "The absolute value of the integer; of the least one the greatest." }
            saturating_pow fn { Integer one (exponent: u32) number saturating_pow "An integer to an integer power, or the limit that it is beyond." }
            checked_add_signed fn { Unsigned one (other: signed) read checked_add_signed "The sum with an integer that has a sign, an `Option`: nothing if it does not fit." }
            saturating_add_signed fn { Unsigned one (other: signed) number saturating_add_signed "The sum with an integer that has a sign, or the limit that it is beyond." }
            wrapping_add_signed fn { Unsigned one (other: signed) number wrapping_add_signed "The sum with an integer that has a sign; it wraps." }
            wrapping_div_euclid fn { Integer one (divisor: same) number div_euclid "The quotient of `div_euclid`; it wraps." }
            wrapping_rem_euclid fn { Integer one (divisor: same) number rem_euclid "The remainder of `rem_euclid`; it wraps." }
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
            to_le_bytes fn { Number one () trace bytes_of_number "Its bytes, an array, the least first." }
            to_be_bytes fn { Number one () trace bytes_of_number "Its bytes, an array, the least last." }
            to_ne_bytes fn { Number one () trace bytes_of_number "Its bytes, an array, as they are in memory." }

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
        }
    };
}
