//! The rows of arrays, and of vectors that grow.

/// Calls the next of these macros, or what is to be called, with all rows so far.
#[doc(hidden)]
#[macro_export]
macro_rules! __methods_of_arrays {
    ($callback:ident $($before:tt)*) => {
        $crate::__methods_of_iterators! { $callback
            $($before)*
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
            copy_within - { Array any (from: part_of_slice, index: integer) trace copied_within "Sets the elements from an index on to copies of those of a range." }
            copy_from_slice - { Array any (from: array) update copy_from "Takes the elements of another array." }
            clone_from_slice - { Array any (from: array) update copy_from "Takes the elements of another array." }
            reverse_axes - { Array any () update reverse_axes "Has the axes stand in the opposite order." }
            permute_axes - { Array any (axes: axes) update permute_axes "Has the axes stand in another order." }
            collapse_axis - { Array any (axis: axis, index: integer) update collapse_axis "Keeps what has an index along an axis." }
            swap_axes - { Array any (first: axis, second: axis) update swap_axes "Has two axes change places." }
            invert_axis - { Array any (axis: axis) update invert_axis "Turns the order along an axis around." }
            slice_collapse - { Array any (info: slice) update slice_collapse "Keeps the part that `s![…]` says." }
            slice_axis_inplace - { Array any (axis: axis, indices: axis_slice) update slice_axis_inplace "Keeps the part that `Slice::from(1..)` says of one axis." }
            append -
                { Vector one (other: any) trace changed_vector "Adds the elements of another vector, and takes them away from that." }
                { Array any (axis: axis, array: array) update append "Adds an array along an axis, a `Result`." }
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
            insert -
                { Vector one (index: integer, item: any) trace changed_vector "Adds an element at an index, and moves those from there on up." }
                { Option one (content: any) trace filled_option "What a variable holds now, to be changed." }
            remove - { Vector one (index: integer) trace changed_vector "Takes away the element at an index, and moves those behind down." }
            resize - { Vector one (length: integer, item: any) trace changed_vector "Takes away the last elements, or adds copies of one." }
            retain - { Vector one (predicate: closure) trace changed_vector "Keeps the elements of which a closure says yes." }
            dedup - { Vector one () trace changed_vector "Keeps the first of equal elements one behind the other." }
            dedup_by_key - { Vector one (key: closure) trace changed_vector "Keeps the first of elements one behind the other from which a closure computes the same." }
            dedup_by - { Vector one (same: comparison) trace changed_vector "Keeps the first of elements one behind the other of which a closure, given the later one first, says yes." }
            drain - { Vector one (range: part_of_slice) trace changed_vector "Takes away the elements of a range, and goes through them." }
            split_off - { Vector one (index: integer) trace changed_vector "Takes away the elements from an index on, a vector of their own." }
            swap_remove - { Vector one (index: integer) trace changed_vector "Takes away an element, in whose place the last one comes." }
            push_back - { Vector one (item: any) trace changed_vector "Adds an element behind the others of a queue." }
            push_front - { Vector one (item: any) trace changed_vector "Adds an element in front of the others of a queue." }
            pop_back - { Vector one () trace changed_vector "Takes away the last element of a queue, an `Option`." }
            pop_front - { Vector one () trace changed_vector "Takes away the first element of a queue, an `Option`." }
        }
    };
}
