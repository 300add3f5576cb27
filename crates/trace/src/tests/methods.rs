//! Every row of the vocabulary has a meaning for its receiver and its arguments.

use super::line;
use crate::{ClosureCode, Method, ReturnKind, SliceItem, Tracer, Value};
use num_complex::Complex64;
use parfuse_names::{Argument, Part, Receiver, Row};

const ALL: SliceItem<Value<'static>> =
    SliceItem::Range { start: None, end: None, inclusive: false, step: None };

/// Something of each kind of receivers, of the narrowest types that it stands for.
fn receiver(t: &Tracer, receiver: Receiver) -> Value<'_> {
    match receiver {
        Receiver::Scalar => t.var("c", true),
        Receiver::Number | Receiver::Float => t.var("x", 2.0),
        Receiver::Integer => t.var("n", 2i64),
        Receiver::Unsigned => t.var("n", 2usize),
        Receiver::Byte => t.var("b", 2u8),
        Receiver::Complex => t.var("z", t.complex(1.0, 2.0)),
        Receiver::Array => t.var("m", t.array::<f64>("a", 2)),
        Receiver::Vector => {
            let v = t.vector("v", t.empty_vector(None, line(1)), line(1));
            t.method(v, Method::push, &[t.lift(1usize, line(1))], line(1));
            t.method(v, Method::push, &[t.lift(2usize, line(1))], line(1));
            v
        }
        Receiver::Range => t.range(t.lift(0usize, line(1)), t.lift(9usize, line(1)), false, line(1)),
        Receiver::Iterator => t.method(t.array::<i64>("a", 1), Method::iter, &[], line(1)),
        Receiver::Zip => t.zip_from(t.array::<i64>("a", 1), false, line(1)),
        Receiver::Ordering => t.method(t.var("n", 2i64), Method::cmp, &[t.lift(1i64, line(1))], line(1)),
        Receiver::Option => t.array::<f64>("a", 1).mean(),
        Receiver::Shape => t.method(t.array::<f64>("a", 2), Method::shape, &[], line(1)),
        Receiver::Tuple => t.tuple(&[t.lift(1.0, line(1))]),
        Receiver::Slice => t.slice_info(&[ALL], line(1)),
    }
}

fn argument<'t>(t: &'t Tracer, kind: Argument, of: Receiver) -> Value<'t> {
    match kind {
        Argument::Same if of == Receiver::Array || of == Receiver::Option => t.lift(2.0, line(1)),
        Argument::Same => receiver(t, of),
        Argument::Part => t.lift(2.0, line(1)),
        Argument::Integer | Argument::Axis | Argument::Last => t.lift(1usize, line(1)),
        Argument::I32 => t.lift(2i32, line(1)),
        Argument::U32 => t.lift(2u32, line(1)),
        Argument::Signed => t.lift(-2isize, line(1)),
        Argument::Array => t.array::<f64>("b", 1),
        Argument::Slice => t.slice_info(&[ALL; 2], line(1)),
        Argument::AxisSlice | Argument::PartOfSlice => t.slice_info(&[ALL], line(1)),
        Argument::Slices => t.tuple(&[t.slice_info(&[ALL; 2], line(1))]),
        Argument::Index | Argument::Shape => t.tuple(&[t.lift(1usize, line(1)), t.lift(1usize, line(1))]),
        Argument::Axes => t.tuple(&[t.lift(1usize, line(1)), t.lift(0usize, line(1))]),
        Argument::Iterator => receiver(t, Receiver::Range),
        Argument::Any => t.lift(1i64, line(1)),
        Argument::Message => t.unit(),
        Argument::Arrays => t.tuple(&[t.array::<f64>("b", 1), t.array::<f64>("b", 1)]),
        Argument::Closure
        | Argument::Change
        | Argument::ChangeWith
        | Argument::Row
        | Argument::Pair
        | Argument::Comparison
        | Argument::Accumulation
        | Argument::Nothing => t.unit(),
    }
}

/// A closure that a method can take as its argument at a position.
fn closure(t: &Tracer, method: Method, position: usize) -> Value<'_> {
    let code: ClosureCode = match method {
        Method::filter
        | Method::partition_point
        | Method::take_while
        | Method::skip_while
        | Method::partition
        | Method::is_some_and
        | Method::is_none_or
        | Method::is_sorted_by
        | Method::any
        | Method::retain
        | Method::dedup_by
        | Method::all
        | Method::find
        | Method::rfind
        | Method::rposition
        | Method::position => |t, _| t.bool_literal(true, line(1)),
        Method::filter_map | Method::find_map | Method::map_while | Method::scan | Method::and_then => {
            |t, given| t.method(t.bool_literal(true, line(1)), Method::then_some, &[given[0]], line(1))
        }
        Method::min_by | Method::max_by => |t, given| t.method(given[0], Method::cmp, &[given[1]], line(1)),
        Method::sort_by | Method::sort_unstable_by | Method::select_nth_unstable_by => {
            |t, given| t.method(given[0], Method::total_cmp, &[given[1]], line(1))
        }
        Method::binary_search_by => {
            |t, given| t.method(given[0], Method::total_cmp, &[t.lift(1.0, line(1))], line(1))
        }
        Method::map_axis_mut => |_, given| given[0].sum(),
        Method::fold_while => |t, given| t.step_of_fold(given[0], true, line(1)),
        Method::try_fold => |t, given| t.some(given[0], line(1)),
        Method::then_with => |t, _| receiver(t, Receiver::Ordering),
        Method::unwrap_or_else | Method::map_or_else | Method::then | Method::get_or_insert_with
            if position == 0 =>
        {
            |t, _| t.lift(1.0, line(1))
        }
        Method::ok_or_else => |t, _| t.lift(1usize, line(1)),
        Method::is_ok_and | Method::is_err_and => |t, _| t.bool_literal(true, line(1)),
        Method::or_else => |t, _| receiver(t, Receiver::Option),
        Method::flat_map => |t, _| receiver(t, Receiver::Range),
        _ => |_, given| given[given.len() - 1],
    };
    t.closure(&[], false, method.closure_parameters(position).unwrap_or(1), code, line(1))
}

/// An argument of a method that takes others than its kind tells.
fn argument_of<'t>(t: &'t Tracer, method: Method, kind: Argument, of: Receiver) -> Value<'t> {
    match (method, kind) {
        // As many items of one type.
        (Method::eq | Method::ne, Argument::Iterator) => receiver(t, Receiver::Iterator),
        (_, Argument::Any) if of == Receiver::Option && changes_option(method) => t.lift(1.0, line(1)),
        (
            Method::push | Method::push_back | Method::push_front | Method::insert | Method::resize,
            Argument::Any,
        ) => t.lift(1usize, line(1)),
        (Method::contains | Method::binary_search | Method::binary_search_by_key, Argument::Any) => {
            t.lift(1.0, line(1))
        }
        (Method::then, Argument::Any) => receiver(t, Receiver::Ordering),
        (Method::cmp | Method::partial_cmp, Argument::Any) => receiver(t, Receiver::Tuple),
        (Method::or, _) => receiver(t, Receiver::Option),
        (Method::map_or, _) => t.lift(1.0, line(1)),
        (Method::fold, Argument::Any) if of == Receiver::Array => t.lift(1.0, line(1)),
        (Method::append, Argument::Array) => t.array::<f64>("b", 2),
        (Method::append, _) if of == Receiver::Vector => receiver(t, of),
        (Method::select, Argument::Array) => t.array::<usize>("b", 1),
        (Method::triu | Method::tril, _) => t.lift(1isize, line(1)),
        (Method::assign_to, _) => t.array_mut::<f64>("b", 2),
        (Method::contains, _) if of == Receiver::Range => t.lift(1usize, line(1)),
        (Method::map_assign_into | Method::par_map_assign_into, _) => t.array_mut::<i64>("b", 1),
        _ => argument(t, kind, of),
    }
}

/// Whether a method changes the option that it is called on.
fn changes_option(method: Method) -> bool {
    use Method::{get_or_insert, get_or_insert_with, insert, replace, take};
    matches!(method, take | replace | insert | get_or_insert | get_or_insert_with)
}

/// What a method of arrays is called on in the test, if not on any.
fn array_for(t: &Tracer, method: Method) -> Value<'_> {
    match method {
        Method::into_scalar => t.array::<f64>("m", 0),
        Method::chunks
        | Method::chunks_mut
        | Method::copy_within
        | Method::partition_point
        | Method::split_at_mut
        | Method::split_first
        | Method::split_first_mut
        | Method::split_last
        | Method::split_last_mut
        | Method::reverse
        | Method::rotate_left
        | Method::rotate_right => t.array_mut::<f64>("m", 1),
        Method::binary_search
        | Method::binary_search_by
        | Method::binary_search_by_key
        | Method::starts_with
        | Method::ends_with
        | Method::is_sorted
        | Method::is_sorted_by
        | Method::is_sorted_by_key
        | Method::into_sorted_vec => t.array::<f64>("m", 1),
        method if method.name().starts_with("sort") || method.name().starts_with("select_nth") => {
            t.array_mut::<f64>("m", 1)
        }
        Method::map_axis_mut => t.array_mut::<f64>("m", 2),
        // It must be the kernel's own.
        Method::append
        | Method::push
        | Method::push_row
        | Method::push_column
        | Method::remove_index
        | Method::swap_axes
        | Method::invert_axis
        | Method::reverse_axes
        | Method::permute_axes
        | Method::collapse_axis
        | Method::slice_collapse
        | Method::slice_axis_inplace => t.var("m", t.zeros::<f64>(&[t.lift(2usize, line(1)); 2])),
        _ => receiver(t, Receiver::Array),
    }
}

/// The mistakes in a call of a row's method.
fn mistakes(row: &Row, of: Receiver) -> Vec<String> {
    let t = Tracer::new("kernel");
    let on = match row.method {
        Method::flatten if of != Receiver::Option => {
            t.method(t.array::<f64>("a", 2), Method::outer_iter, &[], line(1))
        }
        Method::unzip => t.method(receiver(&t, of), Method::enumerate, &[], line(1)),
        Method::remainder => {
            t.method(t.array::<f64>("a", 1), Method::chunks_exact, &[t.lift(2usize, line(1))], line(1))
        }
        Method::grain | Method::assume_disjoint => {
            // As in an `unsafe` block.
            t.with(|state| state.unsafe_depth = 1);
            t.parallel(receiver(&t, of), line(1))
        }
        Method::into_inner => t.step_of_fold(t.lift(1.0, line(1)), false, line(1)),
        Method::err => {
            t.method(t.array::<f64>("a", 1), Method::binary_search, &[t.lift(1.0, line(1))], line(1))
        }
        Method::is_err_and | Method::unwrap_err | Method::expect_err => t.err(t.lift(1.0, line(1)), line(1)),
        Method::push_front | Method::pop_front => {
            let queue = t.queue("q", t.empty_vector(None, line(1)), line(1));
            t.method(queue, Method::push_back, &[t.lift(1usize, line(1))], line(1));
            queue
        }
        Method::flatten if of == Receiver::Option => t.some(t.some(t.lift(1.0, line(1)), line(1)), line(1)),
        method if of == Receiver::Option && changes_option(method) => {
            t.variable("o", receiver(&t, of), line(1))
        }
        method if of == Receiver::Array => array_for(&t, method),
        _ => receiver(&t, of),
    };
    if row.part == Part::Maps {
        let (closure, others) = row.arguments.split_last().expect("it takes a closure");
        let args: Vec<Value> = others.iter().map(|(_, kind)| argument(&t, *kind, of)).collect();
        let of_row = closure.1 == Argument::Row;
        t.with_closure(
            on,
            row.method,
            &args,
            |given| if of_row { given[0].sum() } else { given[0] },
            line(1),
        );
    } else {
        let required = &row.arguments[..*row.counts().start()];
        let argument = |(position, (_, kind)): (usize, &(&str, Argument))| match kind {
            Argument::Closure | Argument::Comparison | Argument::Accumulation | Argument::Nothing => {
                closure(&t, row.method, position)
            }
            kind => argument_of(&t, row.method, *kind, of),
        };
        let args: Vec<Value> = required.iter().enumerate().map(argument).collect();
        t.method(on, row.method, &args, line(1));
    }
    match t.finish(t.unit(), ReturnKind::Any) {
        Ok(_) => Vec::new(),
        Err(error) => error.complaints.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn rows_have_a_meaning_for_their_receivers_and_arguments() {
    // `bool` has no arithmetic, and floats no remainders.
    let of_integers = [
        Method::add,
        Method::sub,
        Method::mul,
        Method::div,
        Method::rem,
        Method::rem_euclid,
        Method::div_euclid,
    ];
    for row in Method::ALL.iter().flat_map(|method| method.rows()) {
        let of = match row.receiver {
            Receiver::Scalar | Receiver::Number if of_integers.contains(&row.method) => Receiver::Integer,
            receiver => receiver,
        };
        assert_eq!(mistakes(row, of), [""; 0], "{} of {}", row.method, of.plural());
    }
}

#[test]
fn methods_of_each_element_are_methods_of_arrays() {
    for row in Method::ALL.iter().flat_map(|method| method.rows()).filter(|row| row.each) {
        let t = Tracer::new("kernel");
        let array = match row.receiver {
            Receiver::Integer => t.array::<i64>("a", 1),
            Receiver::Complex => t.array::<Complex64>("a", 1),
            _ => t.array::<f64>("a", 1),
        };
        let of = match row.receiver {
            Receiver::Integer | Receiver::Complex => row.receiver,
            _ => Receiver::Float,
        };
        let args: Vec<Value> = row.arguments.iter().map(|(_, kind)| argument(&t, *kind, of)).collect();
        let result = t.method(array, row.method, &args, line(1));
        let program =
            t.finish(result, ReturnKind::Any).unwrap_or_else(|error| panic!("{}: {error}", row.method));
        assert!(program.results.iter().all(|result| program.values[*result].ty.rank() == Some(1)));
    }
}
