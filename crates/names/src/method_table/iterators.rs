//! The rows of iterators.

/// Calls the next of these macros, or what is to be called, with all rows so far.
#[doc(hidden)]
#[macro_export]
macro_rules! __methods_of_iterators {
    ($callback:ident $($before:tt)*) => {
        $crate::__methods_of_options! { $callback
            $($before)*
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
            remainder - { Iterator one () read remainder_of_chunks "What is left of a slice behind the parts that `chunks_exact` goes through." }
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
                { Option one () trace taken_option "What a variable holds, which then holds nothing." }
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
            is_sorted -
                { Array any () trace are_sorted "Whether no element is less than the one before." }
                { Iterator one () trace are_sorted "Whether no item is less than the one before." }
            is_sorted_by -
                { Array any (ordered: comparison) trace are_sorted "Whether a closure says of each element and the next that they are in order." }
                { Iterator one (ordered: comparison) trace are_sorted "Whether a closure says of each item and the next that they are in order." }
            is_sorted_by_key -
                { Array any (key: closure) trace are_sorted "Whether nothing that a closure computes of an element is less than that of the one before." }
                { Iterator one (key: closure) trace are_sorted "Whether nothing that a closure computes of an item is less than that of the one before." }
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
        }
    };
}
