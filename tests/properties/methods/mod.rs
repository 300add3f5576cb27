//! Each array method that kernels have does what `ndarray`'s own does, for each element type that it is for, in all layouts.
//!
//! ```text
//! table     sum: T = { a.sum() }          a row for each method: a kernel for each type
//! types     f32 f64 i32 i64 u8 bool Complex32 Complex64
//! layouts   row-major │ column-major │ every other element │ backwards │ one element again and again
//! axes      1, 2, 3; beside arrays of more elements some with axes of length one and zero
//! ```
//!
//! The function itself is called with the same views. Where it panics, compiled code is to give an error.

mod table;

use ndarray::{ArrayD, ArrayRef, ArrayView, ArrayViewMut, Axis, Dimension, IxDyn, ShapeBuilder, Slice};
use num_complex::{Complex, Complex32, Complex64};
use parfuse::{Agreement, Error, Returned};
use parfuse_names::Method;
use parfuse_names::surface::{Form, SURFACE};
use std::any::Any;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A method for one element type.
pub struct Row {
    name: &'static str,
    check: fn(),
}

/// Element types, with numbers that no method is led out of their range by.
pub trait Sample: Copy + Debug + PartialEq + 'static {
    const ONE: Self;
    const TWO: Self;
    /// The elements of arrays, again and again.
    const NUMBERS: &'static [Self];
}

macro_rules! samples {
    ($($ty:ty: $one:expr, $two:expr, $numbers:expr;)*) => { $(impl Sample for $ty {
        const ONE: $ty = $one;
        const TWO: $ty = $two;
        const NUMBERS: &'static [$ty] = &$numbers;
    })* };
}
samples! {
    f64: 1.0, 2.0, [0.5, -1.25, 2.0, 0.0, 0.75, 3.5, -0.125, 1.0, 0.3, -2.5, 0.9];
    f32: 1.0, 2.0, [0.5, -1.25, 2.0, 0.0, 0.75, 3.5, -0.125, 1.0, 0.3, -2.5, 0.9];
    i64: 1, 2, [1, -2, 3, 1, -1, 2, 1, -1, 4, 1, 1];
    i32: 1, 2, [1, -2, 1, 1, -1, 2, 1, -1, 1, 1, 1];
    u8: 1, 2, [1, 2, 1, 1, 1, 0, 1, 1, 3, 1, 1];
    bool: true, true, [true, false, true, true, false, false, true];
    Complex64: Complex::new(1.0, 0.0), Complex::new(2.0, 0.0),
        [Complex::new(0.5, -1.0), Complex::new(-1.25, 0.5), Complex::new(0.0, 2.0), Complex::new(1.0, 0.25), Complex::new(0.75, 0.0)];
    Complex32: Complex::new(1.0, 0.0), Complex::new(2.0, 0.0),
        [Complex::new(0.5, -1.0), Complex::new(-1.25, 0.5), Complex::new(0.0, 2.0), Complex::new(1.0, 0.25), Complex::new(0.75, 0.0)];
}

/// Where elements lie in memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Layout {
    RowMajor,
    ColumnMajor,
    EveryOther,
    Backwards,
    /// All along the first axis are the same element.
    Repeated,
}

impl Layout {
    const ALL: [Layout; 5] =
        [Layout::RowMajor, Layout::ColumnMajor, Layout::EveryOther, Layout::Backwards, Layout::Repeated];

    /// An array whose elements, or some of them, are shown in this layout.
    fn memory<T: Sample>(self, shape: &[usize], first: usize) -> ArrayD<T> {
        let mut lengths = shape.to_vec();
        match self {
            Layout::EveryOther => {
                lengths.iter_mut().for_each(|length| *length = (*length * 2).saturating_sub(1))
            }
            Layout::Repeated => lengths[0] = 1,
            _ => {}
        }
        let mut numbers = T::NUMBERS.iter().copied().cycle().skip(first);
        let mut next = || numbers.next().expect("they begin again");
        match self {
            Layout::ColumnMajor => ArrayD::from_shape_simple_fn(IxDyn(&lengths).f(), next),
            _ => ArrayD::from_shape_simple_fn(IxDyn(&lengths), &mut next),
        }
    }

    fn view<'a, T: Sample, D: Dimension>(
        self,
        memory: &'a ArrayD<T>,
        shape: &[usize],
    ) -> ArrayView<'a, T, D> {
        let mut view = memory.view();
        match self {
            Layout::EveryOther => view.slice_each_axis_inplace(|_| Slice::new(0, None, 2)),
            Layout::Backwards => (0..shape.len()).for_each(|axis| view.invert_axis(Axis(axis))),
            Layout::Repeated => {
                view = memory.broadcast(IxDyn(shape)).expect("the first axis has one element")
            }
            Layout::RowMajor | Layout::ColumnMajor => {}
        }
        view.into_dimensionality().expect("a shape of as many axes")
    }

    fn view_mut<'a, T: Sample, D: Dimension>(self, memory: &'a mut ArrayD<T>) -> ArrayViewMut<'a, T, D> {
        let mut view = memory.view_mut();
        match self {
            Layout::EveryOther => view.slice_each_axis_inplace(|_| Slice::new(0, None, 2)),
            Layout::Backwards => (0..view.ndim()).for_each(|axis| view.invert_axis(Axis(axis))),
            _ => {}
        }
        view.into_dimensionality().expect("a shape of as many axes")
    }
}

/// In all layouts.
const SHAPES: [&[usize]; 3] = [&[13], &[4, 6], &[2, 3, 4]];

/// In a layout each.
const SHORT: [&[usize]; 7] = [&[1], &[0], &[3, 1], &[5, 5], &[0, 3], &[1, 2, 5], &[2, 0, 2]];

/// The shapes of arrays of a dimension type, and their layouts. The method decides which layout a short one has: compiling
/// takes its time.
fn arrangements<D: Dimension>(method: &str) -> impl Iterator<Item = (&'static [usize], Layout)> {
    let all = SHAPES.into_iter().flat_map(|shape| Layout::ALL.map(|layout| (shape, layout)));
    let salt = method.len();
    let short = SHORT.into_iter().enumerate();
    let short = short.map(move |(number, shape)| (shape, Layout::ALL[(number + salt) % Layout::ALL.len()]));
    all.chain(short).filter(|(shape, _)| D::NDIM.is_none_or(|axes| axes == shape.len()))
}

/// A variant of a kernel of two arrays.
type Function<T, D, R> = fn(&ArrayRef<T, D>, &ArrayRef<T, D>) -> R;

/// The variants of such a kernel.
type Functions<T, D, R> = Variants<Function<T, D, R>, Function<T, D, Result<R, Error>>>;

/// A variant of a kernel that writes to the first of two.
type Change<T, D, R> = fn(&mut ArrayRef<T, D>, &ArrayRef<T, D>) -> R;

/// The variants of such a kernel.
type Changes<T, D> = Variants<Change<T, D, ()>, Change<T, D, Result<(), Error>>>;

/// The three variants of a kernel.
pub struct Variants<F, G> {
    pub plain: F,
    pub serial: G,
    pub parallel: G,
}

/// The message of a panic.
fn message_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or_default().to_string()
}

/// Whether all variants agree; what went wrong if not.
fn disagreement<R: Returned + Debug>(
    plain: impl FnOnce() -> R,
    serial: Result<R, Error>,
    parallel: Result<R, Error>,
) -> Option<String> {
    let plain = catch_unwind(AssertUnwindSafe(plain));
    match (plain, serial, parallel) {
        (Ok(plain), Ok(serial), Ok(parallel)) => {
            let (mut with_plain, mut with_each_other) = (Agreement::default(), Agreement::default());
            plain.compare_elements(&serial, &mut with_plain);
            serial.compare_elements(&parallel, &mut with_each_other);
            let agree = with_plain.agrees() && with_each_other.same_bits;
            (!agree).then(|| format!("plain {plain:?}\nserial {serial:?}\nparallel {parallel:?}"))
        }
        // Here `ndarray` has numbers overflow that it means to wrap, such as strides below zero.
        (Err(panic), ..) if message_of(&*panic).ends_with("with overflow") => None,
        (Err(_), Err(one), Err(other)) => (one != other).then(|| format!("serial: {one}\nparallel: {other}")),
        (plain, serial, parallel) => {
            let plain = plain.map_err(|_| "a panic");
            Some(format!("plain {plain:?}\nserial {serial:?}\nparallel {parallel:?}"))
        }
    }
}

/// Compares what a kernel computes of two arrays.
pub fn check<T: Sample, D: Dimension, R: Returned + Debug>(name: &str, kernel: &Functions<T, D, R>) {
    for (number, (shape, layout)) in arrangements::<D>(name).enumerate() {
        let other = Layout::ALL[number % Layout::ALL.len()];
        let (a, b) = (layout.memory::<T>(shape, 0), other.memory::<T>(shape, 4));
        let (a, b) = (layout.view::<T, D>(&a, shape), other.view::<T, D>(&b, shape));
        let found =
            disagreement(|| (kernel.plain)(&a, &b), (kernel.serial)(&a, &b), (kernel.parallel)(&a, &b));
        if let Some(found) = found {
            panic!("{} {shape:?} {layout:?}\n{a:?}\n{b:?}\n{found}", std::any::type_name::<T>());
        }
    }
}

/// Compares what a kernel makes of an array, with another one.
pub fn check_change<T: Sample, D: Dimension>(name: &str, kernel: &Changes<T, D>)
where
    ArrayD<T>: Returned,
{
    for (shape, layout) in arrangements::<D>(name).filter(|(_, layout)| *layout != Layout::Repeated) {
        let b = Layout::Backwards.memory::<T>(shape, 4);
        let b = Layout::Backwards.view::<T, D>(&b, shape);
        let compiled = |run: Change<T, D, Result<(), Error>>| {
            let mut memory = layout.memory::<T>(shape, 0);
            run(&mut layout.view_mut::<T, D>(&mut memory), &b).map(|()| memory)
        };
        let plain = || {
            let mut memory = layout.memory::<T>(shape, 0);
            (kernel.plain)(&mut layout.view_mut::<T, D>(&mut memory), &b);
            memory
        };
        if let Some(found) = disagreement(plain, compiled(kernel.serial), compiled(kernel.parallel)) {
            panic!("{} {shape:?} {layout:?}\n{found}", std::any::type_name::<T>());
        }
    }
}

/// Runs the rows of a group, and reports all that fail.
fn run(rows: &[&Row]) {
    let failed: Vec<String> = rows
        .iter()
        .filter_map(|row| {
            let panic = catch_unwind(row.check).err()?;
            Some(format!("`{}`: {}", row.name, message_of(&*panic)))
        })
        .collect();
    assert!(failed.is_empty(), "{} of {}:\n{}", failed.len(), rows.len(), failed.join("\n\n"));
}

macro_rules! tests_of_groups {
    ($($group:ident)*) => {
        $(#[test]
        fn $group() {
            run(&table::$group::rows());
        })*

        fn all_rows() -> Vec<&'static Row> {
            [$(table::$group::rows()),*].concat()
        }
    };
}
tests_of_groups!(numbers signed floats anything truth_values complex_numbers vectors matrices changes changes_of_floats
    changes_of_vectors changes_of_matrices);

/// What is compared elsewhere, or differs from `ndarray` as documented.
const ELSEWHERE: &[&str] = &[
    // `Zip`, and what is for rayon.
    "and",
    "and_broadcast",
    "for_each",
    "map_collect",
    "map_assign_into",
    "any",
    "all",
    "fold_while",
    "par_for_each",
    "par_map_collect",
    "par_map_assign_into",
    "par_mapv_inplace",
    "par_map_inplace",
    // Where `ndarray` refuses other layouts, or has one that is not seen.
    "into_shape_with_order",
    "as_slice",
    "as_slice_mut",
    // Changes an array and gives another.
    "map_axis_mut",
    // Of options, iterators and variables rather than of arrays.
    "partition",
    "push",
    "push_row",
    "push_column",
    "collapse_axis",
    "slice_collapse",
    "slice_axis_inplace",
    "into_scalar",
    "multi_slice_mut",
    "reverse_axes",
    "permute_axes",
    "into_dimensionality",
    "assign_to",
];

#[test]
fn the_table_has_each_method_of_the_surface() {
    let rows = all_rows();
    let of_methods = SURFACE.iter().filter(|group| matches!(group.form, Form::Method));
    let names = of_methods.flat_map(|group| group.names.split_whitespace());
    let missing: Vec<&str> = names
        .filter(|name| Method::named(name).is_some() && !ELSEWHERE.contains(name))
        .filter(|name| rows.iter().all(|row| row.name != *name))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
