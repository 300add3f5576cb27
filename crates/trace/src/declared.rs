//! Types as functions declare them, which may leave open how many axes an array has.
//!
//! ```text
//! f64          Known(f64)
//! Array2<f64>  Known([f64; 2])
//! ArrayD<f64>  AnyRank(f64)       each array that meets it says how many
//! Body         Record(Body)       a struct of scalars; an array of them is RecordArray
//! (f64, Body)  Tuple([f64, Body])
//! Option<f64>  Option(f64)        a bool and an f64
//! ```

use crate::records::Record;
use parfuse_ir::program::Type;
use parfuse_ir::{DType, ElementType};
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// A type as a function declares it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum DeclaredType {
    /// This one.
    Known(Type),
    /// An array of any number of axes.
    AnyRank(ElementType),
    /// A struct of scalars.
    Record(&'static Record),
    /// An array of such structs, of so many axes, or of any number.
    RecordArray(&'static Record, Option<u8>),
    /// A tuple of scalars and structs.
    Tuple(&'static [DeclaredType]),
    /// An array of such tuples, of so many axes, or of any number.
    TupleArray(&'static [DeclaredType], Option<u8>),
    /// An `Option` of a scalar, a struct or a tuple: a truth value, and what there is if it is true.
    Option(&'static DeclaredType),
}

/// What a parameter of a function is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ParamKind {
    /// Its type.
    pub ty: DeclaredType,
    /// Whether it is an array that the function may write to.
    pub mutable: bool,
    /// Whether it is an array of arrays, `[[f64; 3]; 2]`, whose elements are rows.
    pub of_arrays: bool,
}

impl DeclaredType {
    /// An array, of any number of axes where none is given.
    pub const fn array(element: ElementType, rank: Option<u8>) -> DeclaredType {
        match rank {
            Some(rank) => DeclaredType::Known(Type::Array(element, rank)),
            None => DeclaredType::AnyRank(element),
        }
    }
    /// An option of a value of this type, or of a tuple of these types.
    pub fn option(held: Vec<DeclaredType>) -> DeclaredType {
        match DeclaredType::tuple(held) {
            DeclaredType::Tuple([single]) => DeclaredType::Option(single),
            tuple => DeclaredType::Option(&kept(vec![tuple])[0]),
        }
    }
    /// A tuple of these types.
    pub fn tuple(types: Vec<DeclaredType>) -> DeclaredType {
        DeclaredType::Tuple(kept(types))
    }
    /// The type of the value or of its elements; none of a struct.
    pub fn element(self) -> Option<ElementType> {
        match self {
            DeclaredType::Known(ty) => Some(ty.element()),
            DeclaredType::AnyRank(element) => Some(element),
            DeclaredType::Record(_)
            | DeclaredType::RecordArray(..)
            | DeclaredType::Tuple(_)
            | DeclaredType::TupleArray(..)
            | DeclaredType::Option(_) => None,
        }
    }
    /// Whether it is an array.
    pub fn is_array(self) -> bool {
        match self {
            DeclaredType::Known(ty) => ty.rank().is_some(),
            DeclaredType::AnyRank(_) | DeclaredType::RecordArray(..) | DeclaredType::TupleArray(..) => true,
            DeclaredType::Record(_) | DeclaredType::Tuple(_) | DeclaredType::Option(_) => false,
        }
    }
    /// Whether a scalar, or an array of so many axes, can be of this type.
    pub fn admits_rank(self, rank: Option<u8>) -> bool {
        match self {
            DeclaredType::Known(ty) => ty.rank() == rank,
            DeclaredType::AnyRank(_)
            | DeclaredType::RecordArray(_, None)
            | DeclaredType::TupleArray(_, None) => rank.is_some(),
            DeclaredType::RecordArray(_, declared) | DeclaredType::TupleArray(_, declared) => {
                rank == declared
            }
            DeclaredType::Record(_) | DeclaredType::Tuple(_) | DeclaredType::Option(_) => false,
        }
    }
    /// Whether a type is what is declared.
    pub fn admits(self, ty: Type) -> bool {
        self.element() == Some(ty.element()) && self.admits_rank(ty.rank())
    }
    /// The type itself, with so many axes where that is open; none of a struct.
    pub fn of_rank(self, rank: u8) -> Option<Type> {
        match self {
            DeclaredType::Known(ty) => Some(ty),
            DeclaredType::AnyRank(element) => Some(Type::Array(element, rank)),
            DeclaredType::Record(_)
            | DeclaredType::RecordArray(..)
            | DeclaredType::Tuple(_)
            | DeclaredType::TupleArray(..)
            | DeclaredType::Option(_) => None,
        }
    }
    /// It alone, or the types of a struct's fields and those of structs among them, of an array of structs as arrays.
    pub fn flattened(self) -> Vec<DeclaredType> {
        match self {
            DeclaredType::Record(record) => {
                record.fields.iter().flat_map(|(_, field)| field.flattened()).collect()
            }
            DeclaredType::RecordArray(record, rank) => arrays_of(DeclaredType::Record(record), rank),
            DeclaredType::TupleArray(items, rank) => arrays_of(DeclaredType::Tuple(items), rank),
            DeclaredType::Tuple(items) => items.iter().flat_map(|item| item.flattened()).collect(),
            DeclaredType::Option(held) => {
                let present = DeclaredType::Known(Type::scalar(DType::Bool));
                std::iter::once(present).chain(held.flattened()).collect()
            }
            other => vec![other],
        }
    }
    /// Whether it leaves open how many axes there are.
    pub fn is_open(self) -> bool {
        matches!(
            self,
            DeclaredType::AnyRank(_) | DeclaredType::RecordArray(_, None) | DeclaredType::TupleArray(_, None)
        )
    }
}

/// An array for each number in a struct or a tuple.
fn arrays_of(whole: DeclaredType, rank: Option<u8>) -> Vec<DeclaredType> {
    let elements = whole.flattened().into_iter().filter_map(DeclaredType::element);
    elements.map(|element| DeclaredType::array(element, rank)).collect()
}

/// Types that are kept for ever, each list once.
fn kept(types: Vec<DeclaredType>) -> &'static [DeclaredType] {
    static KEPT: Mutex<Vec<&'static [DeclaredType]>> = Mutex::new(Vec::new());
    let mut all = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(same) = all.iter().find(|list| **list == types) {
        return same;
    }
    let list: &'static [DeclaredType] = Box::leak(types.into());
    all.push(list);
    list
}

impl From<Type> for DeclaredType {
    fn from(ty: Type) -> DeclaredType {
        DeclaredType::Known(ty)
    }
}

/// Prints `f64`, `[f64; 2]`, and `[f64; _]` where the number of axes is open.
impl fmt::Display for DeclaredType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DeclaredType::Known(Type::Scalar(element)) => element.fmt(f),
            DeclaredType::Known(Type::Array(element, rank)) => write_array(f, element, Some(*rank)),
            DeclaredType::AnyRank(element) => write_array(f, element, None),
            DeclaredType::Record(record) => f.write_str(record.name),
            DeclaredType::RecordArray(record, rank) => write_array(f, &record.name, *rank),
            DeclaredType::Tuple(items) => {
                let items: Vec<String> = items.iter().map(ToString::to_string).collect();
                write!(f, "({})", items.join(", "))
            }
            DeclaredType::TupleArray(items, rank) => write_array(f, &DeclaredType::Tuple(items), *rank),
            DeclaredType::Option(held) => write!(f, "Option<{held}>"),
        }
    }
}

/// An array type as users write it.
fn write_array(f: &mut fmt::Formatter<'_>, element: &dyn fmt::Display, rank: Option<u8>) -> fmt::Result {
    match rank {
        Some(rank) => write!(f, "Array{rank}<{element}>"),
        None => write!(f, "ArrayD<{element}>"),
    }
}
