//! Room on the stack for work that goes into the blocks of a kernel, and an end for panics of our own.
//!
//! ```text
//! caller's stack   ▓▓▓▓▓▓▓░        64 KiB, say
//! with_room             └─▶ ▓▓▓▓░░░░░░░   memory mapped for this work
//! ```
//!
//! Stages walk through nested blocks by recursion, and code generation takes more stack than some threads have. The depth
//! of blocks is limited (`parfuse-trace`), so that the room for all of them is known.

use crate::error::Error;
use std::any::Any;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What code generation takes, and tracing through the closures of users.
const LEAST: usize = 1 << 20;

/// What a level of nested blocks takes, in builds without optimisation.
const LEVEL: usize = 16 << 10;

/// Runs work on blocks nested to this depth, on a larger stack if this thread has too little left.
pub(crate) fn with_room<T>(depth: usize, work: impl FnOnce() -> T) -> T {
    let room = LEAST + depth * LEVEL;
    stacker::maybe_grow(room, 2 * room, work)
}

/// As [`with_room`]. A panic in it, which is a defect of ours, becomes an error.
pub(crate) fn guarded<T>(depth: usize, work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    let result = catch_unwind(AssertUnwindSafe(|| with_room(depth, work)));
    result.unwrap_or_else(|payload| Err(Error::Panic(panic_message(&*payload))))
}

/// The text of a panic's payload.
pub(crate) fn panic_message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("a panic without message").to_string()
}

/// What contains nested blocks, and is dropped with room for them.
#[derive(Debug)]
pub(crate) struct Nested<T> {
    value: Option<T>,
    depth: usize,
}

impl<T> Nested<T> {
    /// With blocks nested to this depth.
    pub(crate) fn new(value: T, depth: usize) -> Nested<T> {
        Nested { value: Some(value), depth }
    }
}

impl<T> Deref for Nested<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        self.value.as_ref().expect("there until it is dropped")
    }
}

impl<T> Drop for Nested<T> {
    fn drop(&mut self) {
        let value = self.value.take();
        with_room(self.depth, move || drop(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_on_small_stacks() {
        fn deep(levels: usize) -> usize {
            let filled = std::hint::black_box([levels; 512]);
            if levels == 0 { filled[1] } else { deep(levels - 1) + filled[0] - levels + 1 }
        }
        let thread = std::thread::Builder::new().stack_size(64 << 10);
        let levels = thread.spawn(|| with_room(0, || deep(100))).unwrap().join().unwrap();
        assert_eq!(levels, 100);
    }

    #[test]
    fn panics_become_errors() {
        let result: Result<(), Error> = guarded(0, || panic!("a defect"));
        assert_eq!(result, Err(Error::Panic("a defect".to_string())));
    }
}
