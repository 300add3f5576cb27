//! Calls of functions outside of compiled code.
//!
//! ```text
//! do c0     call 0(slot 9, b0, mut b1)     arguments ──► f ──► scalars and lengths into arrays of the kernel's
//! do c1     take 0 into b2                 the array that f has returned becomes b2's
//! ```
//!
//! A panic of the function, or an error that it returns, ends the call with an error; no machine code is unwound through,
//! for it only asked for the call.

use super::enter::{self, Passed};
use super::host::{Host, Storage};
use crate::error::{Error, Place};
use crate::host_function::{Given, HostFailure, HostThunk};
use crate::room::panic_message;
use parfuse_ir::arena::Id;
use parfuse_ir::host::{Call, CallArgument, Callee};
use parfuse_ir::lane::{CallId, Slot};
use parfuse_ir::loops::Buffer as BufferId;
use parfuse_ir::{DType, Element, Scalar, with_dtype};
use std::panic::{AssertUnwindSafe, catch_unwind};

impl Host<'_> {
    /// Calls a function, or takes over what it has returned.
    pub(super) fn call(&mut self, id: CallId) -> Result<(), Error> {
        let call = &self.request.kernel.lane.calls[id];
        match (call.callee, &call.arguments[..]) {
            (Callee::Function(number), _) => self.call_function(number, call),
            (Callee::Result(number), [CallArgument::Written(buffer)]) => {
                self.take_over(number as usize, *buffer);
                Ok(())
            }
            (Callee::Result(_), _) => unreachable!("one buffer takes a result"),
        }
    }

    fn call_function(&mut self, number: u16, call: &Call<Slot>) -> Result<(), Error> {
        let lane = &self.request.kernel.lane;
        let function = lane.files.host(number).expect("the verifier knows it");
        let failed = |message: String, cause: Option<HostFailure>| Error::Host {
            function: function.name.clone(),
            message,
            cause,
            place: Place::new(&lane.files, call.loc),
        };
        let thunk = function.code.and_then(|code| code.as_any().downcast_ref::<HostThunk>());
        let thunk = *thunk.ok_or_else(|| failed("there is no code for it".to_string(), None))?;
        let (own, others) = call.arguments.split_at(function.params.len());
        let passed = own.iter().zip(&function.params).map(|(argument, (ty, _))| match *argument {
            CallArgument::Scalar(slot) => {
                Passed::Scalar(Scalar::from_bits(ty.dtype(), self.frame.read(slot)))
            }
            CallArgument::Read(buffer) => Passed::Array(enter::passed_array(self, buffer, false)),
            CallArgument::Written(buffer) => Passed::Array(enter::passed_array(self, buffer, true)),
        });
        let passed: Vec<Passed<'_>> = passed.collect();
        let given = catch_unwind(AssertUnwindSafe(|| thunk.call(passed)));
        let given = given.map_err(|payload| failed(panic_message(&*payload), None))?;
        let given = given.map_err(|cause| failed(cause.to_string(), Some(cause)))?;
        let mut places = others.iter().map(|argument| match argument {
            CallArgument::Written(buffer) => *buffer,
            _ => unreachable!("results go to arrays"),
        });
        let mut lengths = Vec::new();
        let mut returned = Vec::new();
        for result in given {
            match result {
                Given::Scalar(scalar) => {
                    let place = places.next().expect("there is an array for each scalar");
                    self.store(place, &[scalar]);
                }
                Given::Array { shape, elements } => {
                    lengths.extend(shape.iter().map(|length| Scalar::Usize(*length)));
                    returned.push(Some(elements.into_buffer()));
                }
            }
        }
        self.returned = returned;
        if let Some(place) = places.next() {
            self.store(place, &lengths);
        }
        Ok(())
    }

    /// Stores the elements of an array of the kernel's own, of one axis at most.
    fn store(&mut self, buffer: BufferId, scalars: &[Scalar]) {
        let dtype = self.request.kernel.lane.buffers[buffer].dtype;
        let array = Passed::Array(enter::passed_array(self, buffer, true));
        match scalars.first().map_or(DType::Usize, |first| first.dtype()) == dtype {
            true => with_dtype!(dtype, T => store_elements::<T>(array, scalars)),
            false => unreachable!("results have the types that the function returns"),
        }
    }

    /// Gives an array that a function has returned to a buffer, which has been made in its shape.
    fn take_over(&mut self, number: usize, buffer: BufferId) {
        let elements = self.returned[number].take().expect("each result is taken once");
        let rank = self.request.kernel.lane.buffers[buffer].rank;
        let shape = self.frame.shape(buffer, rank);
        assert_eq!(elements.len(), shape.iter().product::<usize>(), "it was made in the shape of the result");
        if let Storage::Offered(offered) = self.storage[buffer.index()] {
            return enter::copy_to_offered(&elements, self.offer(offered));
        }
        self.frame.describe(buffer, elements.address(), &shape);
        self.storage[buffer.index()] = Storage::Owned(elements);
    }
}

/// Stores elements in the order of the array.
fn store_elements<T: Element>(array: Passed<'_>, scalars: &[Scalar]) {
    let values = scalars.iter().map(|scalar| T::from_scalar(*scalar).expect("of the type of the array"));
    match array.rank() {
        0 => enter::viewed_mut::<T, ndarray::Ix0>(array).iter_mut().zip(values).for_each(|(to, x)| *to = x),
        _ => enter::viewed_mut::<T, ndarray::Ix1>(array).iter_mut().zip(values).for_each(|(to, x)| *to = x),
    }
}
