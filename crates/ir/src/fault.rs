//! What can go wrong while a kernel runs, as data that checks carry.

use crate::Loc;
use std::fmt;

/// What a failed check reports.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum FaultKind {
    /// An index is not below the length of its axis. Reported values: index, length.
    IndexOutOfRange {
        /// The axis of the array.
        axis: u8,
    },
    /// A bound of a slice is above the length of its axis. Reported values: bound, length.
    SliceOutOfRange {
        /// The axis of the array.
        axis: u8,
    },
    /// An integer was divided by zero. No reported values.
    DivisionByZero,
    /// Two arrays of one expression do not broadcast together. Reported values: the two lengths.
    ShapeMismatch {
        /// The axis of the result on which they differ.
        axis: u8,
    },
    /// The factors of a product of vectors or matrices do not have as many terms. Reported values: the two lengths.
    ProductMismatch,
    /// `unwrap` of the mean of an empty array. No reported values.
    EmptyMean,
    /// `unwrap` of an option that has no value. No reported values.
    NoValue,
    /// The smallest or largest element of an array, or of a row along an axis, that has none. No reported values.
    EmptyExtreme,
    /// The variance of elements with so many degrees of freedom taken off that none can be left, or less than none.
    /// No reported values.
    DegreesOfFreedom,
    /// An axis of a new array is longer than any array can be. Reported values: the shape, if it has one or two axes;
    /// of others the length alone.
    ArrayTooLarge {
        /// How many lengths are reported.
        lengths: u8,
    },
    /// A range is stepped through with step zero. No reported values.
    ZeroStep,
    /// An integer does not fit into its type. No reported values.
    Overflow,
    /// A random number is to come from a range without numbers. No reported values.
    EmptyRange,
    /// Elements that bound the segments which the iterations of a parallel loop store to decrease. Reported value: the
    /// position of the greater one.
    Decreasing,
    /// Two elements that the iterations of a parallel loop take for an index to store to are equal. Reported values: their
    /// positions along the first axis.
    EqualElements,
    /// The iterations of a parallel loop store to elements that lie less far apart than each reaches. Reported values: how
    /// far they lie apart, how far that would have to be.
    IterationsOverlap,
    /// Numbers that the iterations of a parallel loop compute indices from are too large to tell whether these meet. No
    /// reported values.
    IndicesTooLarge,
    /// What the kernel asserts does not hold, or it has come to where it panics. Reported values: those that the message
    /// shows.
    Asserted {
        /// The number of the [message](crate::message) among those of the kernel's [`Files`](crate::Files).
        message: u16,
    },
}

impl FaultKind {
    /// That an array of this shape would be too large because of one length; and the lengths to report.
    pub fn array_too_large<T: Copy>(shape: &[T], length: T) -> (FaultKind, Vec<T>) {
        let reported = if shape.len() <= 2 { shape.to_vec() } else { vec![length] };
        (FaultKind::ArrayTooLarge { lengths: reported.len() as u8 }, reported)
    }

    /// Whether the values reported may be of any type, and not only lengths and indices.
    pub fn reports_any(self) -> bool {
        matches!(self, FaultKind::Asserted { .. })
    }

    /// The name used in IR text, without parameters.
    pub fn name(self) -> &'static str {
        match self {
            FaultKind::IndexOutOfRange { .. } => "index_out_of_range",
            FaultKind::SliceOutOfRange { .. } => "slice_out_of_range",
            FaultKind::DivisionByZero => "division_by_zero",
            FaultKind::ShapeMismatch { .. } => "shape_mismatch",
            FaultKind::ProductMismatch => "product_mismatch",
            FaultKind::EmptyMean => "empty_mean",
            FaultKind::NoValue => "no_value",
            FaultKind::EmptyExtreme => "empty_extreme",
            FaultKind::DegreesOfFreedom => "degrees_of_freedom",
            FaultKind::ArrayTooLarge { .. } => "array_too_large",
            FaultKind::ZeroStep => "zero_step",
            FaultKind::Overflow => "overflow",
            FaultKind::EmptyRange => "empty_range",
            FaultKind::Decreasing => "decreasing",
            FaultKind::EqualElements => "equal_elements",
            FaultKind::IterationsOverlap => "iterations_overlap",
            FaultKind::IndicesTooLarge => "indices_too_large",
            FaultKind::Asserted { .. } => "asserted",
        }
    }
    /// The parameter, an axis, a message or a number, for the kinds that have one.
    pub fn parameter(self) -> Option<u16> {
        match self {
            FaultKind::IndexOutOfRange { axis }
            | FaultKind::SliceOutOfRange { axis }
            | FaultKind::ShapeMismatch { axis } => Some(axis.into()),
            FaultKind::ArrayTooLarge { lengths } => Some(lengths.into()),
            FaultKind::Asserted { message } => Some(message),
            _ => None,
        }
    }
    /// The kind with this name.
    pub fn from_name(name: &str, parameter: Option<u16>) -> Option<FaultKind> {
        if let ("asserted", Some(message)) = (name, parameter) {
            return Some(FaultKind::Asserted { message });
        }
        let axis = parameter.map(u8::try_from).transpose().ok()?;
        Some(match (name, axis) {
            ("index_out_of_range", Some(axis)) => FaultKind::IndexOutOfRange { axis },
            ("slice_out_of_range", Some(axis)) => FaultKind::SliceOutOfRange { axis },
            ("division_by_zero", None) => FaultKind::DivisionByZero,
            ("shape_mismatch", Some(axis)) => FaultKind::ShapeMismatch { axis },
            ("product_mismatch", None) => FaultKind::ProductMismatch,
            ("empty_mean", None) => FaultKind::EmptyMean,
            ("no_value", None) => FaultKind::NoValue,
            ("empty_extreme", None) => FaultKind::EmptyExtreme,
            ("degrees_of_freedom", None) => FaultKind::DegreesOfFreedom,
            ("array_too_large", Some(lengths)) => FaultKind::ArrayTooLarge { lengths },
            ("zero_step", None) => FaultKind::ZeroStep,
            ("overflow", None) => FaultKind::Overflow,
            ("empty_range", None) => FaultKind::EmptyRange,
            ("decreasing", None) => FaultKind::Decreasing,
            ("equal_elements", None) => FaultKind::EqualElements,
            ("iterations_overlap", None) => FaultKind::IterationsOverlap,
            ("indices_too_large", None) => FaultKind::IndicesTooLarge,
            _ => return None,
        })
    }
}

/// Prints as the name with its parameter: `index_out_of_range(0)`, `division_by_zero`.
impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        self.parameter().map_or(Ok(()), |parameter| write!(f, "({parameter})"))
    }
}

/// A kind of fault at a place of the user's source, with the names of what took part.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Fault {
    /// What is wrong.
    pub kind: FaultKind,
    /// Where the user wrote it.
    pub loc: Loc,
    /// The user's name of the array concerned, if it has one.
    pub array: Option<Box<str>>,
}
