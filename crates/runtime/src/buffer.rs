//! Memory for the arrays that kernels make.
//!
//! A [`Buffer`] is raw memory with the exact layout of a `Vec<T>`'s, so that a finished result becomes a
//! `Vec` (and then an array) without a copy. Allocation never aborts the process: sizes are checked and a
//! refusal of the allocator is an error. What a kernel keeps to itself needs no such layout, and begins at a cache line:
//! registers that lie in two lines take two accesses each.
//!
//! One of the rooms where `unsafe` lives.
#![allow(unsafe_code)]

use std::alloc::{self, Layout};
use std::any::TypeId;
use std::fmt;
use std::ptr::NonNull;

/// Why a buffer was not made.
#[derive(Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AllocationError {
    /// The size in bytes exceeds what an allocation may have (`isize::MAX`).
    #[error("the array is larger than the address space")]
    TooLarge,
    /// The allocator has no such block.
    #[error("out of memory: no block of {bytes} bytes")]
    OutOfMemory {
        /// The size asked for.
        bytes: usize,
    },
}

/// What [`Display`](fmt::Display) says, for `unwrap` and a `main` that returns the error print this.
impl fmt::Debug for AllocationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Owned memory for `len` elements of one type, whose elements need not be initialised.
#[derive(Debug)]
pub struct Buffer {
    address: NonNull<u8>,
    layout: Layout,
    len: usize,
    element: TypeId,
}

// SAFETY: a `Buffer` owns its memory alone, as a `Vec` does; the element types are plain data (`Copy`).
unsafe impl Send for Buffer {}
// SAFETY: a shared `Buffer` gives out nothing but its address; reading and writing through it is up to unsafe
// code elsewhere.
unsafe impl Sync for Buffer {}

impl Buffer {
    /// Memory for `len` elements; all zero bytes if `zeroed`, else uninitialised.
    ///
    /// # Errors
    /// If the size overflows or the allocator refuses.
    pub fn allocate<T: Copy + 'static>(len: usize, zeroed: bool) -> Result<Buffer, AllocationError> {
        let layout = Layout::array::<T>(len).map_err(|_| AllocationError::TooLarge)?;
        Buffer::of_layout::<T>(layout, len, zeroed)
    }

    /// Memory for `len` elements that never becomes a `Vec`, uninitialised. All but small ones begin at a cache line.
    ///
    /// # Errors
    /// If the size overflows or the allocator refuses.
    pub fn scratch<T: Copy + 'static>(len: usize) -> Result<Buffer, AllocationError> {
        let layout = Layout::array::<T>(len).map_err(|_| AllocationError::TooLarge)?;
        let align = if layout.size() < SMALL { layout.align() } else { CACHE_LINE };
        let layout = layout.align_to(align).map_err(|_| AllocationError::TooLarge)?;
        Buffer::of_layout::<T>(layout, len, false)
    }

    fn of_layout<T: 'static>(layout: Layout, len: usize, zeroed: bool) -> Result<Buffer, AllocationError> {
        let element = TypeId::of::<T>();
        if layout.size() == 0 {
            return Ok(Buffer { address: NonNull::<T>::dangling().cast(), layout, len, element });
        }
        // SAFETY: the layout's size is not zero.
        let address = unsafe { if zeroed { alloc::alloc_zeroed(layout) } else { alloc::alloc(layout) } };
        let address = NonNull::new(address).ok_or(AllocationError::OutOfMemory { bytes: layout.size() })?;
        ask_for_huge_pages(address, layout.size());
        Ok(Buffer { address, layout, len, element })
    }

    /// Has room for another number of elements from here on. Those that both numbers allow for are kept, those behind them
    /// uninitialised.
    ///
    /// # Errors
    /// If the size overflows or the allocator refuses; then it stays what it was.
    ///
    /// # Panics
    /// If `T` is not the type that it was allocated for, or the memory is scratch.
    pub fn resize<T: Copy + 'static>(&mut self, len: usize) -> Result<(), AllocationError> {
        assert_eq!(self.element, TypeId::of::<T>(), "a buffer is resized as what it is");
        assert_eq!(Ok(self.layout), Layout::array::<T>(self.len), "scratch memory keeps its size");
        let layout = Layout::array::<T>(len).map_err(|_| AllocationError::TooLarge)?;
        if self.layout.size() == 0 || layout.size() == 0 {
            *self = Buffer::of_layout::<T>(layout, len, false)?;
            return Ok(());
        }
        // SAFETY: the memory is of the global allocator with this very layout (`of_layout`), the new size is not zero, and
        // it is a size that a layout of the same alignment has.
        let address = unsafe { alloc::realloc(self.address.as_ptr(), self.layout, layout.size()) };
        let address = NonNull::new(address).ok_or(AllocationError::OutOfMemory { bytes: layout.size() })?;
        if layout.size() > self.layout.size() {
            ask_for_huge_pages(address, layout.size());
        }
        // What was there belongs to the allocator by now.
        (self.address, self.layout, self.len) = (address, layout, len);
        Ok(())
    }

    /// The memory of a `Vec`, as elements of type `Part`; `T` is that type, or consists of several such elements.
    ///
    /// # Safety
    /// A `T` must be nothing but as many elements of type `Part` as it has room for, one behind the other.
    pub unsafe fn from_vec<T: Copy + 'static, Part: Copy + 'static>(elements: Vec<T>) -> Buffer {
        assert_eq!(size_of::<T>() % size_of::<Part>(), 0, "elements of several parts");
        let elements = elements.into_boxed_slice();
        let len = elements.len() * (size_of::<T>() / size_of::<Part>());
        let layout = Layout::for_value(&*elements);
        assert_eq!(Ok(layout), Layout::array::<Part>(len), "elements as aligned as their parts");
        let address = NonNull::from(Box::leak(elements)).cast();
        Buffer { address, layout, len, element: TypeId::of::<Part>() }
    }

    /// The address of the first element.
    pub fn address(&self) -> *mut u8 {
        self.address.as_ptr()
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The memory as a `Vec` of all its elements, which are of type `Part`; `T` is that type, or consists of several
    /// such elements.
    ///
    /// # Safety
    /// Every element must have been initialised, and as many of them as `T` has room for, one behind the other, must be
    /// a `T`, whatever their values are.
    ///
    /// # Panics
    /// If `Part` is not the type the buffer was allocated for, the elements make no whole number of `T`, or the memory
    /// has not the layout of a `Vec`.
    pub unsafe fn into_vec<T: Copy + 'static, Part: Copy + 'static>(self) -> Vec<T> {
        assert_eq!(self.element, TypeId::of::<Part>(), "a buffer becomes a Vec of its own element type");
        let parts = size_of::<T>() / size_of::<Part>();
        assert_eq!(size_of::<T>() % size_of::<Part>(), 0, "elements of several parts");
        assert_eq!(self.len % parts, 0, "a whole number of elements");
        let len = self.len / parts;
        assert_eq!(Ok(self.layout), Layout::array::<T>(len), "scratch memory becomes no Vec");
        let this = std::mem::ManuallyDrop::new(self);
        // SAFETY: the address is from the global allocator with the layout of `len` values of `T` (or dangling
        // for size zero), as asserted above and kept by `of_layout`; the caller has initialised the elements, and says
        // that they are values of `T`; `ManuallyDrop` hands over ownership.
        unsafe { Vec::from_raw_parts(this.address.cast::<T>().as_ptr(), len, len) }
    }
}

/// The alignment of scratch memory.
const CACHE_LINE: usize = 64;

/// Scratch memory of fewer bytes is aligned as its elements are: aligned memory takes the allocator longer.
const SMALL: usize = 1 << 12;

/// Above this size huge pages are asked for: making small pages present costs more than computing what goes there.
#[cfg(target_os = "linux")]
const HUGE: usize = 4 << 20;

/// Asks the system to back fresh memory with huge pages. Only a hint: nothing depends on the answer.
#[cfg(target_os = "linux")]
fn ask_for_huge_pages(address: NonNull<u8>, bytes: usize) {
    if bytes < HUGE {
        return;
    }
    let page = 4096;
    let start = (address.as_ptr() as usize).next_multiple_of(page);
    let end = (address.as_ptr() as usize + bytes) / page * page;
    // SAFETY: the range lies inside the block just allocated, and this advice changes how memory is backed, never
    // what it holds.
    unsafe { libc::madvise(start as *mut libc::c_void, end - start, libc::MADV_HUGEPAGE) };
}

#[cfg(not(target_os = "linux"))]
fn ask_for_huge_pages(_: NonNull<u8>, _: usize) {}

impl Drop for Buffer {
    fn drop(&mut self) {
        if self.layout.size() > 0 {
            // SAFETY: allocated in `of_layout` with this very layout and not yet freed.
            unsafe { alloc::dealloc(self.address.as_ptr(), self.layout) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeroed_memory_becomes_a_vec() {
        let buffer = Buffer::allocate::<f64>(1000, true).unwrap();
        // SAFETY: zeroed memory is initialised.
        assert_eq!(unsafe { buffer.into_vec::<f64, f64>() }, vec![0.0; 1000]);
    }

    #[test]
    fn memory_becomes_a_vec_of_pairs() {
        let buffer = Buffer::allocate::<f32>(6, true).unwrap();
        // SAFETY: zeroed memory is initialised, and any two floats are an array of two.
        assert_eq!(unsafe { buffer.into_vec::<[f32; 2], f32>() }, vec![[0.0; 2]; 3]);
    }

    #[test]
    #[should_panic(expected = "whole number")]
    fn an_odd_number_of_elements_makes_no_pairs() {
        let buffer = Buffer::allocate::<f32>(5, true).unwrap();
        // SAFETY: as above.
        let _ = unsafe { buffer.into_vec::<[f32; 2], f32>() };
    }

    #[test]
    fn the_memory_of_a_vec_becomes_one_again() {
        for len in [0, 1, 1000] {
            let mut elements = Vec::with_capacity(len + 7);
            elements.extend((0..len).map(|i| i as i16));
            // SAFETY: numbers are one part each.
            let of_vec = |elements| unsafe { Buffer::from_vec::<i16, i16>(elements) };
            let buffer = of_vec(elements.clone());
            assert_eq!(buffer.len(), len);
            // SAFETY: all elements are those of a `Vec`.
            assert_eq!(unsafe { buffer.into_vec::<i16, i16>() }, elements);
            drop(of_vec(elements));
        }
    }

    #[test]
    fn the_memory_of_pairs_is_that_of_their_parts() {
        let pairs = vec![[1.5f32, 2.5], [3.5, 4.5]];
        // SAFETY: an array of two floats is two floats.
        let buffer = unsafe { Buffer::from_vec::<[f32; 2], f32>(pairs) };
        assert_eq!(buffer.len(), 4);
        // SAFETY: all elements are those of a `Vec`.
        assert_eq!(unsafe { buffer.into_vec::<f32, f32>() }, [1.5, 2.5, 3.5, 4.5]);
    }

    #[test]
    fn resized_memory_keeps_its_elements() {
        for (before, after) in [(0, 9), (9, 0), (1000, 3), (3, 1000), (1 << 19, 1 << 20), (1 << 20, 7)] {
            // SAFETY: numbers are one part each.
            let mut buffer = unsafe { Buffer::from_vec::<i64, i64>((0..before).collect()) };
            buffer.resize::<i64>(after as usize).unwrap();
            assert_eq!(buffer.len(), after as usize);
            buffer.resize::<i64>(before.min(after) as usize).unwrap();
            // SAFETY: these elements were in it from the first.
            let kept = unsafe { buffer.into_vec::<i64, i64>() };
            assert_eq!(kept, (0..before.min(after)).collect::<Vec<_>>());
        }
        let mut small = Buffer::allocate::<f64>(1, true).unwrap();
        assert_eq!(small.resize::<f64>(usize::MAX / 4).unwrap_err(), AllocationError::TooLarge);
        assert_eq!(small.len(), 1);
    }

    #[test]
    fn empty_buffers_need_no_memory() {
        let buffer = Buffer::allocate::<i32>(0, false).unwrap();
        assert!(buffer.is_empty());
        // SAFETY: there is no element.
        assert_eq!(unsafe { buffer.into_vec::<i32, i32>() }, Vec::<i32>::new());
    }

    #[test]
    fn impossible_sizes_are_errors() {
        assert_eq!(Buffer::allocate::<f64>(usize::MAX / 4, false).unwrap_err(), AllocationError::TooLarge);
        let huge = Buffer::allocate::<u8>(1 << 62, false).unwrap_err();
        assert_eq!(huge, AllocationError::OutOfMemory { bytes: 1 << 62 });
    }

    #[test]
    fn scratch_memory_begins_at_a_cache_line() {
        let buffers = [1000, 1001, 20_000, 1 << 20].map(|len| Buffer::scratch::<f64>(len).unwrap());
        assert!(buffers.iter().all(|buffer| buffer.address().addr() % CACHE_LINE == 0));
        assert!(Buffer::scratch::<f64>(0).unwrap().is_empty());
    }

    #[test]
    #[should_panic(expected = "becomes no Vec")]
    fn scratch_memory_becomes_no_vec() {
        // SAFETY: the memory is not read.
        let _ = unsafe { Buffer::scratch::<f64>(1000).unwrap().into_vec::<f64, f64>() };
    }

    #[test]
    #[should_panic(expected = "own element type")]
    fn element_types_cannot_be_mixed_up() {
        let buffer = Buffer::allocate::<f64>(1, true).unwrap();
        // SAFETY: zeroed memory is initialised.
        let _ = unsafe { buffer.into_vec::<i64, i64>() };
    }
}
