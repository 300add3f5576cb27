//! Calls of functions outside of compiled code, with elements one by one.

use crate::value::{Array, Value};
use parfuse_ir::host::{Callee, Datum, HostFunction};
use parfuse_ir::{DType, Files, Scalar};

/// What the function called last has returned and nobody has taken.
#[derive(Default)]
pub(crate) struct Calls {
    arrays: Vec<Option<Array>>,
}

/// Calls a function. What it writes to its arguments stands there afterwards.
///
/// # Panics
/// If there is no code for it, and where it panics.
pub(crate) fn call(function: &HostFunction, arguments: &mut [Value]) -> Vec<Value> {
    let code = function.code.unwrap_or_else(|| panic!("there is no code for `{}`", function.name));
    let mut data: Vec<Datum> = arguments.iter().map(datum).collect();
    let results = code.on_elements(&mut data);
    for (argument, after) in arguments.iter_mut().zip(data) {
        *argument = value(after);
    }
    results.into_iter().map(value).collect()
}

impl Calls {
    /// A call of Loops or Lane, with all the arguments that it has there.
    pub(crate) fn perform(&mut self, files: &Files, callee: Callee, arguments: &mut [Value]) {
        let function = match callee {
            Callee::Function(number) => files.host(number).expect("the verifier knows it"),
            Callee::Result(number) => {
                let array = self.arrays[number as usize].take().expect("each result is taken once");
                arguments[0] = Value::Array(array);
                return;
            }
        };
        let (own, others) = arguments.split_at_mut(function.params.len());
        let results = call(function, own);
        let mut others = others.iter_mut();
        let mut lengths = Vec::new();
        self.arrays.clear();
        for result in results {
            match result {
                Value::Scalar(x) => {
                    let place = others.next().expect("there is an array for each scalar");
                    *place = Value::Array(Array::new(x.dtype(), &[], vec![x]));
                }
                Value::Array(array) => {
                    lengths.extend(array.shape.iter().map(|length| Scalar::Usize(*length)));
                    self.arrays.push(Some(array));
                }
            }
        }
        if let Some(place) = others.next() {
            *place = Value::Array(Array::new(DType::Usize, &[lengths.len()], lengths));
        }
    }
}

fn datum(value: &Value) -> Datum {
    match value {
        Value::Scalar(x) => Datum::Scalar(*x),
        Value::Array(array) => {
            // What nobody has stored nobody will look at.
            let elements = array.elements.iter().map(|x| x.unwrap_or(array.dtype.zero())).collect();
            Datum::Array { dtype: array.dtype, shape: array.shape.clone(), elements }
        }
    }
}

fn value(datum: Datum) -> Value {
    match datum {
        Datum::Scalar(x) => Value::Scalar(x),
        Datum::Array { dtype, shape, elements } => Value::Array(Array::new(dtype, &shape, elements)),
    }
}
