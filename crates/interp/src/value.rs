//! Arguments, results and failures of an interpreted kernel.

use parfuse_ir::program::Type;
use parfuse_ir::{DType, FaultKind, Loc, Scalar};

/// An array in row-major order.
#[derive(Clone, PartialEq, Debug)]
pub struct Array {
    /// The element type.
    pub dtype: DType,
    /// The shape.
    pub shape: Vec<usize>,
    /// The elements in row-major order; `None` where nothing was stored yet.
    pub elements: Vec<Option<Scalar>>,
}

impl Array {
    /// An array of these elements.
    ///
    /// # Panics
    /// If there are not as many as the shape has, or not of this type.
    pub fn new(dtype: DType, shape: &[usize], elements: Vec<Scalar>) -> Array {
        assert_eq!(elements.len(), shape.iter().product::<usize>(), "elements for shape {shape:?}");
        assert!(elements.iter().all(|x| x.dtype() == dtype), "elements of type {dtype}");
        Array { dtype, shape: shape.to_vec(), elements: elements.into_iter().map(Some).collect() }
    }

    /// An array whose elements are still to be stored (or all zero).
    pub(crate) fn allocate(dtype: DType, shape: &[usize], zeroed: bool) -> Array {
        let initial = zeroed.then(|| dtype.zero());
        Array { dtype, shape: shape.to_vec(), elements: vec![initial; shape.iter().product()] }
    }

    /// Gives it another length along its first axis. What is new, which is unspecified, is zero.
    pub(crate) fn resize(&mut self, length: usize) {
        self.shape[0] = length;
        self.elements.resize(self.shape.iter().product(), Some(self.dtype.zero()));
    }

    /// The elements, all of which have been stored.
    ///
    /// # Panics
    /// If one has not.
    pub fn scalars(&self) -> Vec<Scalar> {
        self.elements.iter().map(|x| x.expect("every element of a result is stored")).collect()
    }

    /// The row-major position of an index.
    pub(crate) fn position(&self, index: &[usize]) -> usize {
        assert_eq!(index.len(), self.shape.len(), "as many indices as axes");
        index.iter().zip(&self.shape).fold(0, |position, (i, n)| {
            assert!(i < n, "index {index:?} is checked against shape {:?} before use", self.shape);
            position * n + i
        })
    }

    /// The element at an index.
    pub(crate) fn load(&self, index: &[usize]) -> Scalar {
        self.elements[self.position(index)].expect("an element is stored before it is loaded")
    }

    /// Sets the element at an index.
    pub(crate) fn store(&mut self, index: &[usize], element: Scalar) {
        assert_eq!(element.dtype(), self.dtype, "an element of the array's type");
        let position = self.position(index);
        self.elements[position] = Some(element);
    }
}

/// A scalar or an array.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// A scalar.
    Scalar(Scalar),
    /// An array.
    Array(Array),
}

impl Value {
    /// Its type.
    pub fn ty(&self) -> Type {
        match self {
            Value::Scalar(x) => Type::scalar(x.dtype()),
            Value::Array(array) => Type::array(array.dtype, array.shape.len() as u8),
        }
    }

    /// The scalar.
    ///
    /// # Panics
    /// If it is an array.
    pub fn scalar(&self) -> Scalar {
        match self {
            Value::Scalar(x) => *x,
            Value::Array(array) => panic!("an array of shape {:?} where a scalar belongs", array.shape),
        }
    }

    /// The array.
    ///
    /// # Panics
    /// If it is a scalar.
    pub fn array(&self) -> &Array {
        match self {
            Value::Array(array) => array,
            Value::Scalar(x) => panic!("the scalar {x} where an array belongs"),
        }
    }
}

/// What a finished kernel leaves behind.
#[derive(Clone, PartialEq, Debug)]
pub struct Outcome {
    /// The results.
    pub results: Vec<Value>,
    /// The arguments as they are afterwards: arrays passed to be written have changed.
    pub arguments: Vec<Value>,
}

/// Why a kernel ended without results.
#[derive(Clone, PartialEq, Debug)]
pub struct Failure {
    /// What was wrong.
    pub kind: FaultKind,
    /// Where.
    pub loc: Loc,
    /// The iteration of the parallel loop it happened in, counted from 0 in row-major order.
    pub iteration: Option<u64>,
    /// The values reported with it, as 64-bit words.
    pub args: Vec<u64>,
}
