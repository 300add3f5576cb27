//! One call of a compiled kernel: filling the frame, entering machine code, serving its requests.
//!
//! ```text
//! arguments ──► frame ──► driver (machine code) ──► results
//!                          │  allocate, move, launch        three callbacks into the host below
//!                          ▼
//!                        region (machine code), block by block, on the caller or the pool
//! ```
//!
//! The room of the call into machine code, so one of the rooms where `unsafe` lives. What makes it sound: the
//! addresses in the frame come from [`RawArray`]s, which only live borrows can make and the `Binder` keeps
//! borrowed, or from [`Buffer`]s, which the host owns until the call returns; compiled code accesses them
//! only inside the lengths and strides in the frame (each index is checked, or proven in range, in
//! `parfuse-passes`); stores of different iterations are disjoint (`check_parallel`).
#![allow(unsafe_code)]

use crate::argument::{Binder, Bound, RawArray};
use crate::engine::Core;
use crate::error::{Error, Place};
use crate::rank::PerAxis;
use crate::specialise::Specialisation;
use parfuse_codegen::Code;
use parfuse_codegen::abi::{self, FaultRecord, HostTable};
use parfuse_ir::arena::Id;
use parfuse_ir::grid::{self, Grain, Grid};
use parfuse_ir::lane::{self, Frame, LaneOutput, RegionId};
use parfuse_ir::loops::{Buffer as BufferId, Origin};
use parfuse_ir::{DType, Element, Scalar};
use parfuse_runtime::{BlockFailure, Buffer, Workers, run_blocks};
use smallvec::{SmallVec, smallvec};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Fine-grained regions of fewer blocks than this are not worth waking threads for.
const MIN_PARALLEL_BLOCKS: usize = 4;

/// Frames of up to this many slots need no allocation.
const SHORT_FRAME: usize = 96;

/// An element with loops inside is taken to be as much work as this many without.
const COARSE_WEIGHT: usize = 1024;

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
        // SAFETY: only `Host::output` makes `Elements`, after the driver has finished without fault: compiled
        // code has stored every element of a local array before it can be a result (`Stmt::Alloc` in
        // `parfuse_ir::loops`).
        unsafe { self.0.into_vec() }
    }
}

/// The results of a call, in order.
#[derive(Debug)]
pub struct Outputs(std::iter::Peekable<smallvec::IntoIter<[Output; 2]>>);

impl Outputs {
    /// The next result.
    ///
    /// # Panics
    /// If there is none: the kernel was traced with as many results as its return type has.
    pub fn next(&mut self) -> Output {
        self.0.next().expect("a kernel has as many results as its return type")
    }
    /// The next result, left in place.
    ///
    /// # Panics
    /// As [`next`](Outputs::next).
    pub fn peek(&mut self) -> &Output {
        self.0.peek().expect("a kernel has as many results as its return type")
    }
}

/// Memory that a local buffer of the kernel holds at present.
#[derive(Debug)]
enum Storage {
    Nothing,
    Owned(Buffer),
    /// The caller's array for the result that this buffer becomes.
    Offered,
}

/// What machine code calls back into. The table comes first: its address is the host's.
#[repr(C)]
struct Host<'c> {
    table: HostTable,
    kernel: &'c Specialisation,
    code: &'c Code,
    frame: *mut u64,
    workers: Option<&'c dyn Fn() -> Workers>,
    storage: SmallVec<[Storage; 4]>,
    /// By buffer: the array the caller offers for it.
    offers: SmallVec<[(BufferId, &'c RawArray); 2]>,
    error: Option<Error>,
}

/// Runs a kernel. `workers`, if given, says where parallel regions run; it is asked only when one is worth it.
pub(crate) fn call(
    core: &Core,
    kernel: &Specialisation,
    binder: &Binder<'_>,
    key: u64,
    workers: Option<&dyn Fn() -> Workers>,
) -> Result<Outputs, Error> {
    let (lane, code) = (&kernel.lane, kernel.code(core));
    let (mut short, mut long) = ([0; SHORT_FRAME], Vec::new());
    let frame: &mut [u64] = match short.get_mut(..lane.frame.len()) {
        Some(frame) => frame,
        None => {
            long.resize(lane.frame.len(), 0);
            &mut long
        }
    };
    frame[Frame::KEY.index()] = key;
    bind_arguments(lane, binder, frame);
    let frame = frame.as_mut_ptr();
    let mut storage = SmallVec::new();
    storage.resize_with(lane.buffers.len(), || Storage::Nothing);
    let offers =
        lane.results.iter().zip(&binder.offers).filter_map(|(result, offer)| match (result, offer) {
            (LaneOutput::Buffer(buffer), Some(array))
                if array.is_row_major() && kernel.makes_once(*buffer) =>
            {
                Some((*buffer, array))
            }
            _ => None,
        });
    let mut host = Host {
        table: HostTable { allocate: host_allocate, move_buffer: host_move, launch: host_launch },
        kernel,
        code,
        frame,
        workers,
        storage,
        offers: offers.collect(),
        error: None,
    };
    let mut fault = FaultRecord::default();
    let host_address: *mut Host<'_> = &mut host;
    // SAFETY: the frame has the length and layout that the driver was compiled for and outlives the call; the
    // host starts with its table, outlives the call, and is reached only through `host_address` until the
    // call returns; the module documentation says why the code stays inside the arrays.
    let status = unsafe { code.run(frame, host_address.cast(), &mut fault) };
    match status {
        abi::OK => Ok(host.outputs()),
        abi::FAULT => Err(host.fault_error(fault)),
        _ => {
            Err(host.error.take().unwrap_or_else(|| Error::Panic("the host stopped the kernel".to_string())))
        }
    }
}

fn bind_arguments(lane: &lane::Lane, binder: &Binder<'_>, frame: &mut [u64]) {
    for (index, argument) in binder.arguments.iter().enumerate() {
        if let Bound::Scalar(x) = argument {
            frame[lane.frame.param(index as u32).index()] = x.to_bits();
        }
    }
    for (buffer, data) in lane.buffers.iter() {
        if let Origin::Param { index, .. } = data.origin {
            let Bound::Array(array) = &binder.arguments[index as usize] else {
                unreachable!("argument kinds are checked before the call")
            };
            describe(&lane.frame, frame, buffer, array.address, &array.shape, &array.strides);
        }
    }
}

/// Writes a buffer's address, lengths and strides into the frame.
fn describe(
    layout: &Frame,
    frame: &mut [u64],
    buffer: BufferId,
    address: *mut u8,
    shape: &[usize],
    strides: &[isize],
) {
    frame[layout.address(buffer).index()] = address as u64;
    for (axis, (&len, &stride)) in shape.iter().zip(strides).enumerate() {
        frame[layout.dim(buffer, axis as u8).index()] = len as u64;
        frame[layout.stride(buffer, axis as u8).index()] = stride as u64;
    }
}

fn row_major_strides(shape: &[usize]) -> PerAxis<isize> {
    let inner = |axis: usize| shape[axis + 1..].iter().map(|n| *n.max(&1) as isize).product();
    PerAxis::from_fn(shape.len(), inner)
}

fn allocate_elements(
    dtype: DType,
    len: usize,
    zeroed: bool,
) -> Result<Buffer, parfuse_runtime::AllocationError> {
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

    fn place_of(&self, buffer: BufferId) -> Place {
        Place::new(&self.kernel.lane.files, self.kernel.allocated_at(buffer))
    }

    fn allocate(&mut self, buffer: BufferId, shape: &[usize], zeroed: bool) -> Result<(), Error> {
        let kernel = self.kernel;
        let data = &kernel.lane.buffers[buffer];
        if let Some((_, offer)) = self.offers.iter().find(|(offered, _)| *offered == buffer) {
            let offer: &RawArray = offer;
            if *offer.shape != *shape {
                return Err(Error::OutputShape { expected: shape.to_vec(), found: offer.shape.to_vec() });
            }
            if zeroed {
                let bytes = shape.iter().product::<usize>() * data.dtype.size();
                // SAFETY: the offer is a borrowed, row-major array of this shape and element type; all-zero bytes
                // are a valid element of every type.
                unsafe { offer.address.write_bytes(0, bytes) };
            }
            self.storage[buffer.index()] = Storage::Offered;
            describe(
                &kernel.lane.frame,
                self.frame(),
                buffer,
                offer.address,
                shape,
                &row_major_strides(shape),
            );
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
            .ok_or(parfuse_runtime::AllocationError::TooLarge)
            .and_then(|len| allocate_elements(data.dtype, len, zeroed))
            .map_err(|cause| Error::Allocation {
                shape: shape.to_vec(),
                cause,
                place: self.place_of(buffer),
            })?;
        describe(
            &kernel.lane.frame,
            self.frame(),
            buffer,
            allocated.address(),
            shape,
            &row_major_strides(shape),
        );
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
        describe(layout, self.frame(), to, address, &shape, &row_major_strides(&shape));
        self.storage[to.index()] = moved;
        Ok(())
    }

    /// Runs all blocks of a region and leaves the totals of its reductions in the frame.
    fn launch(&mut self, id: RegionId) -> Result<(), FaultRecord> {
        let kernel = self.kernel;
        let region = &kernel.lane.regions[id];
        let layout = &kernel.lane.frame;
        let frame = self.frame();
        let extents = PerAxis::from_fn(region.extents.len(), |d| frame[region.extents[d].index()] as usize);
        let mut merged = extents;
        if let (Some(accesses), true) = (&region.collapsible, extents.len() > 1) {
            let stride = |buffer, axis: Option<u8>| {
                axis.map_or(0, |axis| frame[layout.stride(buffer, axis).index()] as isize)
            };
            let strides: SmallVec<[PerAxis<isize>; 8]> = accesses
                .iter()
                .map(|(buffer, axes)| PerAxis::from_fn(axes.len(), |d| stride(*buffer, axes[d])))
                .collect();
            grid::collapse(&mut merged, &strides);
            region.extents.iter().zip(merged.iter()).for_each(|(slot, n)| frame[slot.index()] = *n as u64);
        }
        let grid = Grid::new(&merged, region.grain);
        let count = region.reductions.len();
        let mut partials: SmallVec<[u64; 8]> = smallvec![0; grid.blocks() * count];
        let shared = SharedAddresses { frame: self.frame, partials: partials.as_mut_ptr() };
        let weight = if region.grain == Grain::Coarse { COARSE_WEIGHT } else { 1 };
        kernel.count(grid.elements().saturating_mul(weight));
        let code = self.code.region(id);
        let result = run_blocks(grid.blocks(), &self.workers_for(&grid, region.grain), |block| {
            let shared = &shared;
            let mut fault = FaultRecord::default();
            // SAFETY: the frame outlives the call and nobody writes to it while blocks run; `block` is below the
            // number of blocks, so its partials lie inside the vector, and no other block has the same ones; the
            // module documentation says why the code stays inside the arrays and blocks do not race.
            let status = unsafe {
                code(shared.frame, &grid.block(block), shared.partials.add(block * count), &mut fault)
            };
            if status == abi::OK { Ok(()) } else { Err(fault) }
        });
        let frame = self.frame();
        region.extents.iter().zip(extents.iter()).for_each(|(slot, n)| frame[slot.index()] = *n as u64);
        result.map_err(|BlockFailure { error, .. }| error)?;
        for (index, reduction) in region.reductions.iter().enumerate() {
            if grid.blocks() == 1 {
                frame[reduction.total.index()] = partials[index];
                continue;
            }
            let own = partials.iter().skip(index).step_by(count);
            let own: Vec<Scalar> = own.map(|bits| Scalar::from_bits(reduction.dtype, *bits)).collect();
            let combine = |a, b| reduction.op.combine().eval(&[a, b]);
            let total = grid::fold_partials(own, combine);
            let total = total.unwrap_or_else(|| reduction.op.identity(reduction.dtype));
            frame[reduction.total.index()] = total.to_bits();
        }
        Ok(())
    }

    fn workers_for(&self, grid: &Grid, grain: Grain) -> Workers {
        let enough = match grain {
            Grain::Fine => grid.blocks() >= MIN_PARALLEL_BLOCKS,
            Grain::Coarse => grid.blocks() > 1,
        };
        self.workers.filter(|_| enough).map_or(Workers::Caller, |workers| workers())
    }

    fn outputs(&mut self) -> Outputs {
        let kernel = self.kernel;
        let outputs: SmallVec<[Output; 2]> = kernel
            .lane
            .results
            .iter()
            .map(|result| match *result {
                LaneOutput::Scalar(slot, dtype) => {
                    Output::Scalar(Scalar::from_bits(dtype, self.frame()[slot.index()]))
                }
                LaneOutput::Buffer(buffer) => self.output(buffer),
            })
            .collect();
        Outputs(outputs.into_iter().peekable())
    }

    fn output(&mut self, buffer: BufferId) -> Output {
        let layout = &self.kernel.lane.frame;
        let rank = self.kernel.lane.buffers[buffer].rank;
        let frame = self.frame();
        let shape =
            PerAxis::from_fn(rank as usize, |axis| frame[layout.dim(buffer, axis as u8).index()] as usize);
        match std::mem::replace(&mut self.storage[buffer.index()], Storage::Nothing) {
            Storage::Offered => Output::InPlace,
            Storage::Owned(elements) => Output::Array { shape, elements: Elements(elements) },
            Storage::Nothing => unreachable!("a kernel makes every array it returns"),
        }
    }

    fn fault_error(&self, record: FaultRecord) -> Error {
        let lane = &self.kernel.lane;
        let fault = &lane.faults[lane::FaultId(record.fault)];
        Error::from_fault(fault, &lane.files, record.iteration, record.args)
    }
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
    serve(host, |host| host.launch(RegionId(region)).map_err(|record| host.fault_error(record)))
}
