//! The rows of orderings, options and ranges.

/// Calls the next of these macros, or what is to be called, with all rows so far.
#[doc(hidden)]
#[macro_export]
macro_rules! __methods_of_options {
    ($callback:ident $($before:tt)*) => {
        $callback! {
            $($before)*
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
            replace - { Option one (content: any) trace replaced_option "What a variable held, which holds something else then." }
            get_or_insert - { Option one (content: any) trace filled_option "What a variable holds, to be changed; a value, if it held nothing." }
            get_or_insert_with - { Option one (function: nothing) trace filled_option "What a variable holds, to be changed; what a closure gives, if it held nothing." }
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
