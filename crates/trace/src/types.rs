//! Inference of element types: union-find over type variables, as rustc treats numeric literals.
//!
//! ```text
//! let mut acc = 0;      acc: {integer}
//! acc += x;             x: i64, so acc: i64, and so is the literal
//! ```
//!
//! A variable starts in a class: any type, an integer, a float, one known type, or a complex number of two floats of a
//! type that is a variable again. Unifying two variables makes them one; what is still open in the end becomes `i32` or
//! `f64`.
//!
//! ```text
//! let mut a = Array1::zeros(n);   a: any
//! a[i] * 0.5                      any · {float}: a real, or a complex number of such parts
//! a[i] = z;                       z: Complex<f32>, so a: Complex<f32>, and so 0.5: f32
//! ```
//!
//! A complex number computes with reals of its parts' type. What stands beside a real, and may still turn out to be a
//! complex number, waits.

use parfuse_ir::{DType, ElementType};

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
    /// It is a complex number with parts of a float type.
    Complex(TypeVar),
}

impl Class {
    fn contains(self, dtype: DType) -> bool {
        match self {
            Class::Any => true,
            Class::Integer => dtype.is_int(),
            Class::Float => dtype.is_float(),
            Class::Known(known) => known == dtype,
            Class::Complex(_) => false,
        }
    }

    /// The class of what belongs to both, unless both are complex.
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

/// A type beside a real in an operation: it is that of the real, or complex with such parts.
struct Beside {
    open: TypeVar,
    real: TypeVar,
    /// What it is if nothing else says so.
    otherwise: TypeVar,
}

/// All type variables of a kernel.
pub(crate) struct TypeTable {
    parents: Vec<u32>,
    classes: Vec<Class>,
    /// The types that may still turn out real or complex.
    open: Vec<Beside>,
}

impl TypeTable {
    /// A table in which only the element types themselves exist.
    pub(crate) fn new() -> TypeTable {
        let classes: Vec<Class> = DType::ALL.iter().map(|dtype| Class::Known(*dtype)).collect();
        TypeTable { parents: (0..classes.len() as u32).collect(), classes, open: Vec::new() }
    }

    /// The variable of a known type.
    pub(crate) fn known(&self, dtype: DType) -> TypeVar {
        let known = DType::ALL.iter().position(|other| *other == dtype);
        TypeVar(known.expect("every element type is in the table") as u32)
    }

    /// The variable of an element type.
    pub(crate) fn of(&mut self, element: ElementType) -> TypeVar {
        match element {
            ElementType::Real(dtype) => self.known(dtype),
            ElementType::Complex(part) => self.fresh(Class::Complex(self.known(part))),
        }
    }

    /// The variable of a type that may be written, or left to be inferred.
    pub(crate) fn annotated(&mut self, element: Option<ElementType>) -> TypeVar {
        match element {
            Some(element) => self.of(element),
            None => self.fresh(Class::Any),
        }
    }

    /// The variable of complex numbers with such parts, or what the parts are if they cannot be.
    pub(crate) fn complex(&mut self, part: TypeVar) -> Result<TypeVar, String> {
        let float = self.fresh(Class::Float);
        self.unify(float, part).map_err(|(_, part)| part)?;
        Ok(self.fresh(Class::Complex(part)))
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

    /// The real type of a variable, once it is known.
    pub(crate) fn dtype(&self, var: TypeVar) -> Option<DType> {
        self.element(var)?.real()
    }

    /// The type of a variable, once it is known.
    pub(crate) fn element(&self, var: TypeVar) -> Option<ElementType> {
        match self.class(var) {
            Class::Known(dtype) => Some(ElementType::Real(dtype)),
            Class::Complex(part) => self.dtype(part).map(ElementType::Complex),
            Class::Any | Class::Integer | Class::Float => None,
        }
    }

    /// What is known about a variable, as rustc's messages say it: `f64`, `{integer}`, `{float}`, `_`.
    pub(crate) fn show(&self, var: TypeVar) -> String {
        match self.class(var) {
            Class::Any => "_".to_string(),
            Class::Integer => "{integer}".to_string(),
            Class::Float => "{float}".to_string(),
            Class::Known(dtype) => dtype.to_string(),
            Class::Complex(part) => format!("Complex<{}>", self.show(part)),
        }
    }

    /// Makes two variables one, or says what each is known to be if they cannot be.
    pub(crate) fn unify(&mut self, a: TypeVar, b: TypeVar) -> Result<(), (String, String)> {
        let shown = (self.show(a), self.show(b));
        let (a, b) = (self.root(a), self.root(b));
        if a == b {
            return Ok(());
        }
        let (class_a, class_b) = (self.classes[a as usize], self.classes[b as usize]);
        let meet = match (class_a, class_b) {
            (Class::Complex(x), Class::Complex(y)) => self.unify(x, y).map(|()| class_a).ok(),
            _ => class_a.meet(class_b),
        };
        let meet = meet.ok_or_else(|| shown.clone())?;
        // The roots of known types stay roots: they are shared by all values of the type.
        let (child, root) = if matches!(class_a, Class::Known(_)) { (b, a) } else { (a, b) };
        self.parents[child as usize] = root;
        self.classes[root as usize] = meet;
        self.settle_open(false).map_err(|()| shown)
    }

    /// Says that a type stands beside a real in an operation: unless it turns out complex with such parts, it is
    /// `otherwise`.
    pub(crate) fn stands_beside(&mut self, open: TypeVar, real: TypeVar, otherwise: TypeVar) {
        self.open.push(Beside { open, real, otherwise });
    }

    /// Takes a type that may be real or complex for what it is if nothing else says so.
    pub(crate) fn close(&mut self, var: TypeVar) -> Result<(), (String, String)> {
        let root = self.root(var);
        match self.open.iter().find(|beside| self.root(beside.open) == root) {
            Some(Beside { open, otherwise, .. }) => self.unify(*open, *otherwise),
            None => Ok(()),
        }
    }

    /// Looks which types beside reals are known by now; with `all`, those that are not are settled.
    fn settle_open(&mut self, all: bool) -> Result<(), ()> {
        while let Some(position) =
            self.open.iter().position(|beside| all || self.class(beside.open) != Class::Any)
        {
            let Beside { open, real, otherwise } = self.open.remove(position);
            let (found, expected) = match self.class(open) {
                Class::Any => (open, otherwise),
                Class::Complex(part) => (part, real),
                _ => (open, real),
            };
            self.unify(found, expected).map_err(drop)?;
        }
        Ok(())
    }

    /// Gives every variable that is still open the type that rustc would: `i32` or `f64`.
    pub(crate) fn default_literals(&mut self) {
        // What does not fit has been complained about, or will be with the operation.
        let _ = self.settle_open(true);
        for index in 0..self.parents.len() {
            let var = TypeVar(index as u32);
            let default = match self.class(var) {
                Class::Integer => DType::I32,
                Class::Float => DType::F64,
                Class::Any | Class::Known(_) | Class::Complex(_) => continue,
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
        assert_eq!(conflict, Err(("{integer}".to_string(), "f64".to_string())));
    }

    #[test]
    fn complex_numbers_agree_if_their_parts_do() {
        let mut types = TypeTable::new();
        let part = types.fresh(Class::Float);
        let z = types.complex(part).unwrap();
        assert_eq!(types.show(z), "Complex<{float}>");
        let w = types.of(ElementType::Complex(DType::F32));
        types.unify(z, w).unwrap();
        assert_eq!(types.dtype(part), Some(DType::F32));
        let other = types.of(ElementType::Complex(DType::F64));
        let conflict = types.unify(other, z).unwrap_err();
        assert_eq!(conflict, ("Complex<f64>".to_string(), "Complex<f32>".to_string()));
        let integer = types.fresh(Class::Integer);
        assert!(types.complex(integer).is_err());
    }

    #[test]
    fn what_stands_beside_a_real_may_turn_out_complex() {
        let mut types = TypeTable::new();
        let (a, half) = (types.fresh(Class::Any), types.fresh(Class::Float));
        types.stands_beside(a, half, half);
        let z = types.of(ElementType::Complex(DType::F32));
        types.unify(a, z).unwrap();
        assert_eq!(types.dtype(half), Some(DType::F32));
    }

    #[test]
    fn what_stands_beside_a_real_is_real_if_nothing_else_says_so() {
        let mut types = TypeTable::new();
        let (a, half) = (types.fresh(Class::Any), types.fresh(Class::Float));
        types.stands_beside(a, half, half);
        types.default_literals();
        assert_eq!(types.dtype(a), Some(DType::F64));
    }
}
