//! One call of a compiled kernel: filling the frame, entering machine code, serving its requests.
//!
//! ```text
//! arguments ──► frame ──► driver (machine code) ──► results
//!                          │  allocate, move, launch        three callbacks into the host below
//!                          ▼
//!                        region (machine code), block by block, on the caller or the pool; each block takes
//!                        the best code that there is by then
//! ```
//!
//! The room of the call into machine code, so one of the rooms where `unsafe` lives. What makes it sound: the
//! addresses in the frame come from [`RawArray`]s, which only live borrows can make and the `Binder` keeps
//! borrowed, or from [`Buffer`]s, which the host owns until the call returns; compiled code accesses them
//! only inside the lengths and strides in the frame (each index is checked, or proven in range, in
//! `parfuse-passes`); stores of different iterations are disjoint (`check_parallel`).
#![allow(unsafe_code)]

use crate::argument::{Binder, Bound, Offers, RawArray};
use crate::engine::Core;
use crate::error::{Error, Place};
use crate::rank::PerAxis;
use crate::specialise::Specialisation;
use parfuse_codegen::abi::{self, FaultRecord, HostTable};
use parfuse_ir::arena::Id;
use parfuse_ir::grid::{self, Grain, Grid};
use parfuse_ir::lane::{self, Frame, LaneOutput, Region, RegionId, Slot};
use parfuse_ir::loops::Buffer as BufferId;
use parfuse_ir::{DType, Element, Loc, Scalar};
use parfuse_runtime::{AllocationError, BlockFailure, Buffer, Workers, run_blocks};
use smallvec::SmallVec;
use std::any::Any;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

/// Fine-grained regions of fewer blocks than this are not worth waking threads for.
const MIN_PARALLEL_BLOCKS: usize = 4;

/// Frames of up to this many slots need no allocation.
const SHORT_FRAME: usize = 96;

/// Up to this many partial results need no allocation.
const FEW_PARTIALS: usize = 16;

/// A result of a call.
#[derive(Debug)]
pub enum Output {
    /// A scalar.
    Scalar(Scalar),
    /// An array in row-major order.
    Array {
        /// Its shape.
        shape: PerAxis<usize>,
        /// Its elements.
        elements: Elements,
    },
    /// An array computed in the memory that the caller offered.
    InPlace,
}

/// The initialised elements of a result.
#[derive(Debug)]
pub struct Elements(Buffer);

impl Elements {
    /// The elements.
    ///
    /// # Panics
    /// If `T` is not their type.
    pub fn into_elements<T: Element>(self) -> Vec<T> {
        // SAFETY: only `Outputs::next` makes `Elements`, after the driver has finished without fault: compiled
        // code has stored every element of a local array before it can be a result (`Stmt::Alloc` in
        // `parfuse_ir::loops`).
        unsafe { self.0.into_vec() }
    }
}

/// The results of a call that has succeeded, in order, each made when it is asked for.
#[derive(Debug)]
pub struct Outputs<'h> {
    kernel: &'h Specialisation,
    frame: &'h [u64],
    storage: &'h mut [Storage],
    /// The number of the next result.
    next: usize,
}

impl Outputs<'_> {
    /// The next result.
    ///
    /// # Panics
    /// If there is none: the kernel was traced with as many results as its return type has.
    #[inline]
    pub fn next(&mut self) -> Output {
        let lane = &self.kernel.lane;
        let result = lane.results.get(self.next).expect("a kernel has as many results as its return type");
        self.next += 1;
        match *result {
            LaneOutput::Scalar(slot, dtype) => {
                Output::Scalar(Scalar::from_bits(dtype, self.frame[slot.index()]))
            }
            LaneOutput::Buffer(buffer) => self.array(buffer),
        }
    }

    /// Whether the next result is an array in the memory that the caller offered. If it is, it is passed over.
    pub fn skip_in_place(&mut self) -> bool {
        let in_place = match self.kernel.lane.results.get(self.next) {
            Some(LaneOutput::Buffer(buffer)) => {
                matches!(self.storage[buffer.index()], Storage::Offered)
            }
            _ => false,
        };
        self.next += in_place as usize;
        in_place
    }

    fn array(&mut self, buffer: BufferId) -> Output {
        let layout = &self.kernel.lane.frame;
        let rank = self.kernel.lane.buffers[buffer].rank;
        let length = |axis| self.frame[layout.dim(buffer, axis as u8).index()] as usize;
        let shape = PerAxis::from_fn(rank as usize, length);
        match std::mem::replace(&mut self.storage[buffer.index()], Storage::Nothing) {
            Storage::Offered => Output::InPlace,
            Storage::Owned(elements) => Output::Array { shape, elements: Elements(elements) },
            Storage::Nothing | Storage::Offer(_) => unreachable!("a kernel makes every array it returns"),
        }
    }
}

/// Memory that a local buffer of the kernel holds at present.
#[derive(Debug)]
enum Storage {
    Nothing,
    Owned(Buffer),
    /// None yet, but the caller offers an array for the result that this buffer becomes: the result's number.
    Offer(usize),
    /// That array.
    Offered,
}

/// What machine code calls back into. The table comes first: its address is the host's.
#[repr(C)]
struct Host<'c> {
    table: HostTable,
    core: &'c Core,
    kernel: &'c Specialisation,
    frame: *mut u64,
    workers: Option<&'c dyn Fn() -> Workers>,
    storage: SmallVec<[Storage; 4]>,
    /// The caller's arrays for results.
    offers: &'c [Option<RawArray>],
    error: Option<Error>,
}

/// Runs a kernel and, if it succeeds, hands its results to `take`. `workers`, if given, says where parallel regions run;
/// it is asked only when one is worth it.
pub(crate) fn call(
    core: &Core,
    kernel: &Specialisation,
    binder: &Binder<'_>,
    offers: &Offers,
    key: u64,
    workers: Option<&dyn Fn() -> Workers>,
    take: &mut dyn FnMut(&mut Outputs<'_>),
) -> Result<(), Error> {
    let (lane, code) = (&kernel.lane, kernel.best_code());
    let mut short = [const { MaybeUninit::uninit() }; SHORT_FRAME];
    let mut long;
    let frame: &mut [u64] = match short.get_mut(..lane.frame.len()) {
        Some(frame) => zeroed(frame),
        None => {
            long = words(lane.frame.len(), Place::default)?;
            &mut long
        }
    };
    frame[Frame::KEY.index()] = key;
    bind_arguments(kernel, binder, frame);
    let frame = frame.as_mut_ptr();
    let mut host = Host {
        table: HostTable { allocate: host_allocate, move_buffer: host_move, launch: host_launch },
        core,
        kernel,
        frame,
        workers,
        storage: SmallVec::new(),
        offers: offers.by_result(),
        error: None,
    };
    host.storage.resize_with(lane.buffers.len(), || Storage::Nothing);
    for (number, (result, offer)) in lane.results.iter().zip(host.offers).enumerate() {
        if let (LaneOutput::Buffer(buffer), Some(array)) = (result, offer)
            && array.fits(&lane.buffers[*buffer])
            && array.is_row_major()
            && kernel.makes_once(*buffer)
            && let place @ Storage::Nothing = &mut host.storage[buffer.index()]
        {
            *place = Storage::Offer(number);
        }
    }
    let mut fault = FaultRecord::default();
    let host_address: *mut Host<'_> = &mut host;
    // SAFETY: the frame has the length and layout that the driver was compiled for and outlives the call; the
    // host starts with its table, outlives the call, and is reached only through `host_address` until the
    // call returns; the module documentation says why the code stays inside the arrays.
    let status = unsafe { code.run(frame, host_address.cast(), &mut fault) };
    match status {
        abi::OK => {
            let frame = host.frame.cast_const();
            // SAFETY: the frame of this call, of this length; machine code has returned, so nobody writes to it.
            let frame = unsafe { std::slice::from_raw_parts(frame, lane.frame.len()) };
            take(&mut Outputs { kernel, frame, storage: &mut host.storage, next: 0 });
            Ok(())
        }
        abi::FAULT => Err(host.fault_error(fault)),
        _ => {
            Err(host.error.take().unwrap_or_else(|| Error::Panic("the host stopped the kernel".to_string())))
        }
    }
}

/// So many words of zeros.
fn words(len: usize, place: impl FnOnce() -> Place) -> Result<Vec<u64>, Error> {
    let mut words = Vec::new();
    if words.try_reserve_exact(len).is_err() {
        let cause = AllocationError::OutOfMemory { bytes: len.saturating_mul(size_of::<u64>()) };
        return Err(Error::Allocation { shape: vec![len], cause, place: place() });
    }
    words.resize(len, 0);
    Ok(words)
}

/// This memory, filled with zeros.
fn zeroed(memory: &mut [MaybeUninit<u64>]) -> &mut [u64] {
    for word in memory.iter_mut() {
        word.write(0);
    }
    // SAFETY: each word has just been written.
    unsafe { memory.assume_init_mut() }
}

fn bind_arguments(kernel: &Specialisation, binder: &Binder<'_>, frame: &mut [u64]) {
    for (argument, slot) in binder.arguments.iter().zip(&kernel.argument_slots) {
        match (argument, slot) {
            (Bound::Scalar(x), Some(slot)) => frame[slot.index()] = x.to_bits(),
            (Bound::Array(array), Some(slot)) => {
                describe(*slot, frame, array.address, &array.shape, &array.strides);
            }
            (_, None) => {}
        }
    }
}

/// Writes a buffer's address, lengths and strides into the frame, from its first slot on.
fn describe(first: Slot, frame: &mut [u64], address: *mut u8, shape: &[usize], strides: &[isize]) {
    let (rank, slots) = (shape.len(), &mut frame[first.index()..]);
    slots[0] = address as u64;
    for (axis, (len, stride)) in shape.iter().zip(strides).enumerate() {
        slots[1 + axis] = *len as u64;
        slots[1 + rank + axis] = *stride as u64;
    }
}

fn row_major_strides(shape: &[usize]) -> PerAxis<isize> {
    let inner = |axis: usize| shape[axis + 1..].iter().map(|n| *n.max(&1) as isize).product();
    PerAxis::from_fn(shape.len(), inner)
}

fn allocate_elements(dtype: DType, len: usize, zeroed: bool) -> Result<Buffer, AllocationError> {
    match dtype {
        DType::Bool => Buffer::allocate::<bool>(len, zeroed),
        DType::I32 => Buffer::allocate::<i32>(len, zeroed),
        DType::I64 => Buffer::allocate::<i64>(len, zeroed),
        DType::Usize => Buffer::allocate::<usize>(len, zeroed),
        DType::F32 => Buffer::allocate::<f32>(len, zeroed),
        DType::F64 => Buffer::allocate::<f64>(len, zeroed),
    }
}

impl Host<'_> {
    fn frame(&mut self) -> &mut [u64] {
        // SAFETY: the frame of `call`, alive and of this length; machine code is suspended while the host runs,
        // and regions read the frame only while `launch` holds no reference to it.
        unsafe { std::slice::from_raw_parts_mut(self.frame, self.kernel.lane.frame.len()) }
    }

    /// Writes what a local buffer is now into the frame.
    fn describe(&mut self, buffer: BufferId, address: *mut u8, shape: &[usize]) {
        let first = self.kernel.lane.frame.address(buffer);
        describe(first, self.frame(), address, shape, &row_major_strides(shape));
    }

    fn place_of_region(&self, region: &Region) -> Place {
        let loc = region.sources.first().map_or(Loc::NONE, |source| source.loc);
        Place::new(&self.kernel.lane.files, loc)
    }

    fn place_of(&self, buffer: BufferId) -> Place {
        Place::new(&self.kernel.lane.files, self.kernel.allocated_at(buffer))
    }

    fn allocate(&mut self, buffer: BufferId, shape: &[usize], zeroed: bool) -> Result<(), Error> {
        let kernel = self.kernel;
        let data = &kernel.lane.buffers[buffer];
        if let Storage::Offer(number) = self.storage[buffer.index()]
            && let Some(offer) = &self.offers[number]
        {
            if !offer.shape.iter().eq(shape) {
                return Err(Error::OutputShape { expected: shape.to_vec(), found: offer.shape.to_vec() });
            }
            if zeroed {
                let bytes = shape.iter().product::<usize>() * data.dtype.size();
                // SAFETY: the offer is a borrowed, row-major array of this shape and element type; all-zero bytes
                // are a valid element of every type.
                unsafe { offer.address.write_bytes(0, bytes) };
            }
            self.storage[buffer.index()] = Storage::Offered;
            self.describe(buffer, offer.address, shape);
            return Ok(());
        }
        // As for `ndarray`: even an array without elements must have strides that fit.
        let len = shape
            .iter()
            .filter(|n| **n != 0)
            .try_fold(1isize, |len, n| isize::try_from(*n).ok().and_then(|n| len.checked_mul(n)));
        let len = len.map(|len| if shape.contains(&0) { 0 } else { len as usize });
        // Release what the buffer held before, so that a loop reuses the memory.
        self.storage[buffer.index()] = Storage::Nothing;
        let allocated = len
            .ok_or(AllocationError::TooLarge)
            .and_then(|len| allocate_elements(data.dtype, len, zeroed))
            .map_err(|cause| Error::Allocation {
                shape: shape.to_vec(),
                cause,
                place: self.place_of(buffer),
            })?;
        self.describe(buffer, allocated.address(), shape);
        self.storage[buffer.index()] = Storage::Owned(allocated);
        Ok(())
    }

    fn move_buffer(&mut self, to: BufferId, from: BufferId) -> Result<(), Error> {
        let layout = &self.kernel.lane.frame;
        let rank = self.kernel.lane.buffers[from].rank;
        let mut moved = std::mem::replace(&mut self.storage[from.index()], Storage::Nothing);
        let frame = self.frame();
        let shape =
            PerAxis::from_fn(rank as usize, |axis| frame[layout.dim(from, axis as u8).index()] as usize);
        let mut address = frame[layout.address(from).index()] as *mut u8;
        if let Storage::Offered = moved {
            // The offered memory belongs to the result `from`, which may be made anew: move a copy.
            let data = &self.kernel.lane.buffers[from];
            let len = shape.iter().product::<usize>();
            let copy = allocate_elements(data.dtype, len, false).map_err(|cause| Error::Allocation {
                shape: shape.to_vec(),
                cause,
                place: self.place_of(from),
            })?;
            // SAFETY: both hold `len` elements of this type, in row-major order; the copy is freshly allocated.
            unsafe { copy.address().copy_from_nonoverlapping(address, len * data.dtype.size()) };
            address = copy.address();
            moved = Storage::Owned(copy);
        }
        self.describe(to, address, &shape);
        self.storage[to.index()] = moved;
        Ok(())
    }

    /// Runs all blocks of a region and leaves the totals of its reductions in the frame.
    fn launch(&mut self, id: RegionId) -> Result<(), Error> {
        let kernel = self.kernel;
        let region = &kernel.lane.regions[id];
        let frame = self.frame();
        let extents = PerAxis::from_fn(region.extents.len(), |d| frame[region.extents[d].index()] as usize);
        match &region.collapsible {
            Some(accesses) if extents.len() > 1 => self.launch_merged(id, &extents, accesses),
            _ => self.launch_blocks(id, &extents),
        }
    }

    /// Runs a region with dimensions merged that its accesses walk through alike.
    fn launch_merged(
        &mut self,
        id: RegionId,
        extents: &[usize],
        accesses: &[(BufferId, Vec<Option<u8>>)],
    ) -> Result<(), Error> {
        let lane = &self.kernel.lane;
        let (region, layout) = (&lane.regions[id], &lane.frame);
        let frame = self.frame();
        let stride = |buffer: BufferId, axis: Option<u8>| match axis {
            None => 0,
            // Neighbours count as lying along a last axis of one element, whatever its stride is: see `signature`.
            Some(axis)
                if axis + 1 == lane.buffers[buffer].rank && frame[layout.dim(buffer, axis).index()] == 1 =>
            {
                1
            }
            Some(axis) => frame[layout.stride(buffer, axis).index()] as isize,
        };
        let strides: SmallVec<[PerAxis<isize>; 8]> = accesses
            .iter()
            .map(|(buffer, axes)| PerAxis::from_fn(axes.len(), |d| stride(*buffer, axes[d])))
            .collect();
        let mut merged = PerAxis::new(extents);
        grid::collapse(&mut merged, &strides);
        region.extents.iter().zip(merged.iter()).for_each(|(slot, n)| frame[slot.index()] = *n as u64);
        let result = self.launch_blocks(id, &merged);
        let frame = self.frame();
        region.extents.iter().zip(extents).for_each(|(slot, n)| frame[slot.index()] = *n as u64);
        result
    }

    fn launch_blocks(&mut self, id: RegionId, extents: &[usize]) -> Result<(), Error> {
        let region = &self.kernel.lane.regions[id];
        let grid = Grid::new(extents, region.grain);
        let (blocks, count) = (grid.blocks(), region.reductions.len());
        let mut few = [0; FEW_PARTIALS];
        let mut many;
        // Those of one reduction are then gathered behind the others, unless there is but one.
        let gathered = if count > 1 { blocks } else { 0 };
        let len = blocks.checked_mul(count).and_then(|len| len.checked_add(gathered)).unwrap_or(usize::MAX);
        let memory = match few.get_mut(..len) {
            Some(few) => few,
            None => {
                many = words(len, || self.place_of_region(region))?;
                &mut many[..]
            }
        };
        let (partials, gathered) = memory.split_at_mut(blocks * count);
        let shared = SharedAddresses { frame: self.frame, partials: partials.as_mut_ptr() };
        let (core, kernel) = (self.core, self.kernel);
        kernel.launched(core, id, grid.elements(), self.frame(), extents);
        let started = (!kernel.is_promoted()).then(Instant::now);
        run_blocks(blocks, &self.workers_for(&grid, region.grain), |block| {
            let shared = &shared;
            if let Some(started) = started.filter(|_| block > 0) {
                kernel.still_running(core, started);
            }
            let code = kernel.best_code();
            let mut fault = FaultRecord::default();
            // SAFETY: the frame outlives the call and nobody writes to it while blocks run; `block` is below the
            // number of blocks, so its partials lie inside the slice, and no other block has the same ones; the
            // module documentation says why the code stays inside the arrays and blocks do not race.
            let status = unsafe {
                let partials = shared.partials.add(block * count);
                code.run_block(id, shared.frame, &grid.block(block), partials, &mut fault)
            };
            if status == abi::OK { Ok(()) } else { Err(fault) }
        })
        .map_err(|BlockFailure { error, .. }| self.fault_error(error))?;
        self.total(region, partials, gathered);
        Ok(())
    }

    /// Leaves the totals of a region's reductions in the frame, from the partial results of its blocks.
    /// Those of one of several are gathered on the way.
    fn total(&mut self, region: &Region, partials: &mut [u64], gathered: &mut [u64]) {
        let (frame, count) = (self.frame(), region.reductions.len());
        for (index, reduction) in region.reductions.iter().enumerate() {
            let combine = |a, b| combine_bits(reduction, a, b);
            let total = match (partials.len(), count) {
                (1, 1) => Some(partials[0]),
                (_, 1) => grid::fold_partials(partials, combine),
                _ => {
                    let own = partials.iter().skip(index).step_by(count);
                    gathered.iter_mut().zip(own).for_each(|(to, from)| *to = *from);
                    grid::fold_partials(gathered, combine)
                }
            };
            frame[reduction.total.index()] =
                total.unwrap_or_else(|| reduction.op.nothing(reduction.dtype).to_bits());
        }
    }

    fn workers_for(&self, grid: &Grid, grain: Grain) -> Workers {
        let enough = match grain {
            Grain::Fine => grid.blocks() >= MIN_PARALLEL_BLOCKS,
            Grain::Coarse => grid.blocks() > 1,
        };
        self.workers.filter(|_| enough).map_or(Workers::Caller, |workers| workers())
    }

    fn fault_error(&self, record: FaultRecord) -> Error {
        let lane = &self.kernel.lane;
        let fault = &lane.faults[lane::FaultId(record.fault)];
        Error::from_fault(fault, &lane.files, record.iteration, record.args)
    }
}

fn combine_bits(reduction: &lane::Reduction, a: u64, b: u64) -> u64 {
    let [a, b] = [a, b].map(|bits| Scalar::from_bits(reduction.dtype, bits));
    reduction.op.combine().eval(&[a, b]).to_bits()
}

/// Addresses that blocks on several threads use at once.
struct SharedAddresses {
    frame: *const u64,
    partials: *mut u64,
}

// SAFETY: the frame is only read while blocks run, and each block writes only its own partials.
unsafe impl Sync for SharedAddresses {}

/// Runs a callback on the host; an error or a panic stops the kernel.
fn serve(host: *const HostTable, callback: impl FnOnce(&mut Host<'_>) -> Result<(), Error>) -> i32 {
    // SAFETY: `host` is the address that `call` gave to the driver: a live `Host`, whose first field is the
    // table, not otherwise referenced while the driver runs.
    let host = unsafe { &mut *(host as *mut Host<'_>) };
    let result = catch_unwind(AssertUnwindSafe(|| callback(host)));
    let error = match result {
        Ok(Ok(())) => return abi::OK,
        Ok(Err(error)) => error,
        Err(payload) => Error::Panic(panic_message(&*payload)),
    };
    host.error = Some(error);
    abi::STOPPED
}

/// The text of a panic's payload.
pub(crate) fn panic_message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("a panic without message").to_string()
}

extern "C" fn host_allocate(host: *const HostTable, buffer: u32, shape: *const u64, zeroed: u32) -> i32 {
    serve(host, |host| {
        let buffer = BufferId(buffer);
        let rank = host.kernel.lane.buffers[buffer].rank as usize;
        // SAFETY: the driver passes the address of as many lengths as the buffer has axes (and none is read for
        // rank 0).
        let shape = PerAxis::from_fn(rank, |axis| unsafe { shape.add(axis).read() } as usize);
        host.allocate(buffer, &shape, zeroed != 0)
    })
}

extern "C" fn host_move(host: *const HostTable, to: u32, from: u32) -> i32 {
    serve(host, |host| host.move_buffer(BufferId(to), BufferId(from)))
}

extern "C" fn host_launch(host: *const HostTable, region: u32) -> i32 {
    serve(host, |host| host.launch(RegionId(region)))
}
