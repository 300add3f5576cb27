//! Inference of element types: union-find over type variables, as rustc treats numeric literals.
//!
//! ```text
//! let mut acc = 0;      acc: {integer}
//! acc += x;             x: i64, so acc: i64, and so is the literal
//! ```
//!
//! A variable starts in a class: any type, an integer, a float, or one known type. Unifying two variables
//! makes them one; what is still open in the end becomes `i32` or `f64`.

use parfuse_ir::DType;
use std::fmt;

/// An element type, perhaps still to be inferred.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct TypeVar(u32);

/// What is known about an element type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Class {
    /// Nothing.
    Any,
    /// It is an integer type: that of a literal such as `1`.
    Integer,
    /// It is a float type: that of a literal such as `1.0`.
    Float,
    /// Everything.
    Known(DType),
}

impl Class {
    fn contains(self, dtype: DType) -> bool {
        match self {
            Class::Any => true,
            Class::Integer => dtype.is_int(),
            Class::Float => dtype.is_float(),
            Class::Known(known) => known == dtype,
        }
    }

    /// The class of what belongs to both.
    fn meet(self, other: Class) -> Option<Class> {
        match (self, other) {
            (Class::Any, class) | (class, Class::Any) => Some(class),
            (Class::Known(dtype), class) | (class, Class::Known(dtype)) => {
                class.contains(dtype).then_some(Class::Known(dtype))
            }
            (a, b) => (a == b).then_some(a),
        }
    }
}

/// Prints as rustc's messages do: `f64`, `{integer}`, `{float}`, `_`.
impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Class::Any => f.write_str("_"),
            Class::Integer => f.write_str("{integer}"),
            Class::Float => f.write_str("{float}"),
            Class::Known(dtype) => write!(f, "{dtype}"),
        }
    }
}

/// All type variables of a kernel.
pub(crate) struct TypeTable {
    parents: Vec<u32>,
    classes: Vec<Class>,
}

impl TypeTable {
    /// A table in which only the element types themselves exist.
    pub(crate) fn new() -> TypeTable {
        let classes: Vec<Class> = DType::ALL.iter().map(|dtype| Class::Known(*dtype)).collect();
        TypeTable { parents: (0..classes.len() as u32).collect(), classes }
    }

    /// The variable of a known type.
    pub(crate) fn known(&self, dtype: DType) -> TypeVar {
        let known = DType::ALL.iter().position(|other| *other == dtype);
        TypeVar(known.expect("every element type is in the table") as u32)
    }

    /// A new variable.
    pub(crate) fn fresh(&mut self, class: Class) -> TypeVar {
        if let Class::Known(dtype) = class {
            return self.known(dtype);
        }
        self.parents.push(self.parents.len() as u32);
        self.classes.push(class);
        TypeVar(self.parents.len() as u32 - 1)
    }

    /// What is known about a variable.
    pub(crate) fn class(&self, var: TypeVar) -> Class {
        self.classes[self.root(var) as usize]
    }

    /// The type of a variable, once it is known.
    pub(crate) fn dtype(&self, var: TypeVar) -> Option<DType> {
        match self.class(var) {
            Class::Known(dtype) => Some(dtype),
            _ => None,
        }
    }

    /// Makes two variables one, or says what each is known to be if they cannot be.
    pub(crate) fn unify(&mut self, a: TypeVar, b: TypeVar) -> Result<(), (Class, Class)> {
        let (a, b) = (self.root(a), self.root(b));
        if a == b {
            return Ok(());
        }
        let (class_a, class_b) = (self.classes[a as usize], self.classes[b as usize]);
        let meet = class_a.meet(class_b).ok_or((class_a, class_b))?;
        // The roots of known types stay roots: they are shared by all values of the type.
        let (child, root) = if matches!(class_a, Class::Known(_)) { (b, a) } else { (a, b) };
        self.parents[child as usize] = root;
        self.classes[root as usize] = meet;
        Ok(())
    }

    /// Gives every variable that is still open the type that rustc would: `i32` or `f64`.
    pub(crate) fn default_literals(&mut self) {
        for index in 0..self.parents.len() {
            let var = TypeVar(index as u32);
            let default = match self.class(var) {
                Class::Integer => DType::I32,
                Class::Float => DType::F64,
                Class::Any | Class::Known(_) => continue,
            };
            let root = self.root(var) as usize;
            self.parents[root] = self.known(default).0;
        }
    }

    fn root(&self, var: TypeVar) -> u32 {
        let mut at = var.0;
        while self.parents[at as usize] != at {
            at = self.parents[at as usize];
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_takes_the_type_it_meets_later() {
        let mut types = TypeTable::new();
        let (a, b) = (types.fresh(Class::Float), types.fresh(Class::Float));
        types.unify(a, b).unwrap();
        types.unify(b, types.known(DType::F32)).unwrap();
        assert_eq!(types.dtype(a), Some(DType::F32));
    }

    #[test]
    fn open_literals_become_i32_and_f64() {
        let mut types = TypeTable::new();
        let (a, b) = (types.fresh(Class::Integer), types.fresh(Class::Float));
        types.default_literals();
        assert_eq!((types.dtype(a), types.dtype(b)), (Some(DType::I32), Some(DType::F64)));
    }

    #[test]
    fn conflicts_name_both_sides() {
        let mut types = TypeTable::new();
        let a = types.fresh(Class::Integer);
        let conflict = types.unify(a, types.known(DType::F64));
        assert_eq!(conflict, Err((Class::Integer, Class::Known(DType::F64))));
    }
}
