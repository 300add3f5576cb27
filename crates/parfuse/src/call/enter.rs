//! Where machine code is entered, and where it calls back.
//!
//! ```text
//! run_driver ──► driver ──► serve(request) ──► Host: allocate, move, launch, call
//! run_blocks ──► region, block by block            │
//!      ▲───────────────────────────────────────────┘
//! ```
//!
//! The one room of `unsafe` of a call. What makes it sound: the addresses in the frame come from the `Binder`, which
//! keeps what it describes borrowed, from [`Offer`]s, which live borrows make for the call, or from [`Buffer`]s, which
//! the host owns until the call returns; compiled code accesses them only inside the lengths and strides in the frame
//! (each index is checked, or proven in range, in `parfuse-passes`); stores of different iterations are disjoint
//! (`check_parallel`).
#![allow(unsafe_code)]

use super::frame::CallFrame;
use super::host::Host;
use crate::argument::Offer;
use crate::error::Error;
use crate::rank::{PerAxis, Rank};
use crate::room::panic_message;
use crate::specialise::{Outlook, Specialisation};
use ndarray::{ArrayView, ArrayViewMut, Axis, IxDyn, ShapeBuilder, StrideShape};
use parfuse_codegen::abi::{self, FaultRecord, HostTable};
use parfuse_ir::AnyElement;
use parfuse_ir::grid::{BlockRange, Grid};
use parfuse_ir::lane::{CallId, Frame, RegionId};
use parfuse_ir::loops::Buffer as BufferId;
use parfuse_ir::{DType, Element, Scalar};
use parfuse_runtime::{BlockFailure, Buffer, Workers};
use smallvec::SmallVec;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

/// That a driver has come to its end without a fault: it has stored every element of the arrays that are its results.
/// Nobody else can make one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Finished(());

impl Finished {
    /// The elements of a result of the call that has finished.
    ///
    /// # Panics
    /// If `T` is not their type, nor made of it.
    pub(super) fn into_elements<T: AnyElement>(self, result: Buffer) -> Vec<T> {
        // SAFETY: `Outputs::array` pairs a result with the proof that its driver has finished: compiled code has stored
        // every element of a local array before it can be a result (`Stmt::Alloc` in `parfuse_ir::loops`). An
        // `AnyElement`, which is a sealed trait, lies in memory as its parts do.
        unsafe { result.into_vec::<T, T::Part>() }
    }
}

/// The results of a nest need no allocation up to this many.
const FEW_RESULTS: usize = 16;

/// What machine code gets the address of. The table comes first: its address is that of all of it.
#[repr(C)]
struct Entered<'h, 'c> {
    table: HostTable,
    host: &'h mut Host<'c>,
    error: Option<Error>,
}

/// Runs a kernel's driver, which asks the host for what it needs.
#[inline]
pub(super) fn run_driver(host: &mut Host<'_>) -> Result<Finished, Error> {
    let (kernel, frame) = (host.request.kernel, host.frame);
    let code = kernel.tiers().driver(host.request.core, &kernel.lane)?;
    let mut fault = FaultRecord::default();
    let table = HostTable { allocate, move_buffer, resize, launch, call };
    let mut entered = Entered { table, host, error: None };
    let address: *mut Entered<'_, '_> = &mut entered;
    frame.write(frame.layout().host(), address as u64);
    // SAFETY: the frame has the length and layout that the driver was compiled for (`CallFrame::new`) and outlives the
    // call, as does the token that says whether to stop; `entered` starts with the table, outlives the call, and is
    // reached only through `address` until the call returns; the module documentation says why the code stays inside
    // the arrays.
    let status = unsafe { code.run(frame.address(), address.cast(), &mut fault) };
    match status {
        abi::OK => Ok(Finished(())),
        abi::FAULT => Err(kernel.fault_error(fault)),
        abi::CANCELLED => Err(entered.host.stopped()),
        _ => {
            let stopped = || Error::Panic("the host stopped the kernel".to_string());
            Err(entered.error.take().unwrap_or_else(stopped))
        }
    }
}

/// Runs a callback on the host; an error or a panic stops the kernel.
fn serve(table: *const HostTable, callback: impl FnOnce(&mut Host<'_>) -> Result<(), Error>) -> i32 {
    // SAFETY: this is the address that `run_driver` gave to the driver: of a live `Entered`, whose first field is the
    // table, not otherwise referenced while the driver runs.
    let entered = unsafe { &mut *(table as *mut Entered<'_, '_>) };
    let result = catch_unwind(AssertUnwindSafe(|| callback(entered.host)));
    let error = match result {
        Ok(Ok(())) => return abi::OK,
        Ok(Err(error)) => error,
        Err(payload) => Error::Panic(panic_message(&*payload)),
    };
    entered.error = Some(error);
    abi::STOPPED
}

extern "C" fn allocate(table: *const HostTable, buffer: u32, shape: *const u64, zeroed: u32) -> i32 {
    serve(table, |host| {
        let buffer = BufferId(buffer);
        let rank = host.request.kernel.lane.buffers[buffer].rank as usize;
        // SAFETY: the driver passes the address of as many lengths as the buffer has axes (and none is read for
        // rank 0).
        let shape = PerAxis::from_fn(rank, |axis| unsafe { shape.add(axis).read() } as usize);
        host.allocate(buffer, &shape, zeroed != 0)
    })
}

extern "C" fn move_buffer(table: *const HostTable, to: u32, from: u32) -> i32 {
    serve(table, |host| host.move_buffer(BufferId(to), BufferId(from)))
}

extern "C" fn resize(table: *const HostTable, buffer: u32, length: u64) -> i32 {
    serve(table, |host| host.resize(BufferId(buffer), length as usize))
}

extern "C" fn launch(table: *const HostTable, region: u32) -> i32 {
    let id = RegionId(region);
    let mut is_nest = false;
    let status = serve(table, |host| {
        is_nest = host.is_nest(id);
        if is_nest { host.begin_nest(id) } else { host.launch(id) }
    });
    if is_nest && status == abi::OK { run_nest(table, id) } else { status }
}

/// Runs a region that runs once, which may itself call back.
fn run_nest(table: *const HostTable, id: RegionId) -> i32 {
    // SAFETY: as in `serve`; the reference is gone before the region runs.
    let (kernel, frame) = unsafe {
        let entered = &*table.cast::<Entered<'_, '_>>();
        (entered.host.request.kernel, entered.host.frame)
    };
    let region = &kernel.lane.regions[id];
    let mut results = SmallVec::<[u64; FEW_RESULTS]>::from_elem(0, region.words());
    let range = Grid::new(&[], region.grain).block(0);
    let mut fault = FaultRecord::default();
    let code = kernel.tiers().region(id);
    // SAFETY: as in `run_driver`, which runs: the frame is its own, and what the region asks of the host goes the same way; it
    // has a word for each result.
    let status = unsafe { code.run_block(frame.address(), &range, results.as_mut_ptr(), &mut fault) };
    match status {
        abi::OK => serve(table, |host| {
            host.end_nest(id, &mut results);
            Ok(())
        }),
        // The host has said why.
        abi::STOPPED => status,
        abi::CANCELLED => serve(table, |host| Err(host.stopped())),
        _ => serve(table, |host| Err(host.request.kernel.fault_error(fault))),
    }
}

extern "C" fn call(table: *const HostTable, call: u32) -> i32 {
    serve(table, |host| host.call(CallId(call)))
}

/// What a kernel passes to a function outside of compiled code.
pub(crate) enum Passed<'a> {
    /// A scalar.
    Scalar(Scalar),
    /// An array, which is borrowed for the call.
    Array(PassedArray<'a>),
}

/// An array that is borrowed, exclusively if it is mutable: only this room makes one.
pub(crate) struct PassedArray<'a> {
    address: *mut u8,
    dtype: DType,
    mutable: bool,
    shape: PerAxis<usize>,
    strides: PerAxis<isize>,
    borrow: PhantomData<&'a mut ()>,
}

impl<'a> Passed<'a> {
    /// The number of axes of an array.
    pub(super) fn rank(&self) -> usize {
        match self {
            Passed::Scalar(_) => 0,
            Passed::Array(array) => array.shape.len(),
        }
    }
    /// An array of the caller's.
    pub(crate) fn array<T: Element>(mut view: ArrayViewMut<'a, T, IxDyn>) -> Passed<'a> {
        let (shape, strides) = (PerAxis::new(view.shape()), PerAxis::new(view.strides()));
        let (address, dtype) = (view.as_mut_ptr().cast(), T::DTYPE);
        Passed::Array(PassedArray { address, dtype, mutable: true, shape, strides, borrow: PhantomData })
    }
}

/// The array of a buffer of the kernel that runs, whose driver is suspended until the function that it is passed to has
/// returned.
pub(super) fn passed_array<'h>(host: &'h Host<'_>, buffer: BufferId, mutable: bool) -> PassedArray<'h> {
    let data = &host.request.kernel.lane.buffers[buffer];
    let layout = host.frame.layout();
    let address = host.frame.read(layout.address(buffer)) as *mut u8;
    let shape = host.frame.shape(buffer, data.rank);
    let stride = |axis: usize| host.frame.read(layout.stride(buffer, axis as u8)) as isize;
    let strides = PerAxis::from_fn(data.rank as usize, stride);
    PassedArray { address, dtype: data.dtype, mutable, shape, strides, borrow: PhantomData }
}

impl PassedArray<'_> {
    /// The address of the element with the lowest one, the shape with its strides as numbers, and the axes to be turned
    /// round to have them as they are.
    fn layout<T: AnyElement, D: Rank>(&self) -> (*mut T, StrideShape<D>, Vec<Axis>) {
        let rank = self.shape.len() - (T::PARTS - 1);
        let fits = D::RANK.is_none_or(|expected| expected as usize == rank);
        assert!(fits && self.dtype == T::Part::DTYPE, "the type of the parameter");
        let (mut shape, mut strides) = (D::zeros(rank), D::zeros(rank));
        let (mut first, mut turned) = (0isize, Vec::new());
        // To `ndarray` the strides of an array without elements are zero.
        let strided = !self.shape.contains(&0);
        let parts = T::PARTS as isize;
        if parts > 1 && strided {
            let last = (self.shape[rank], self.strides[rank]);
            assert_eq!(last, (T::PARTS, 1), "the parts of an element lie side by side");
        }
        for (axis, (length, stride)) in self.shape.iter().zip(self.strides.iter()).take(rank).enumerate() {
            shape[axis] = *length;
            if !strided {
                continue;
            }
            assert_eq!(stride % parts, 0, "elements lie whole elements apart");
            let stride = stride / parts;
            strides[axis] = stride.unsigned_abs();
            if stride < 0 {
                first += stride * (length.saturating_sub(1) as isize);
                turned.push(Axis(axis));
            }
        }
        (self.address.cast::<T>().wrapping_offset(first), shape.strides(strides), turned)
    }
}

/// What is passed as a view to be read.
///
/// # Panics
/// If it is no array of this type.
pub(crate) fn viewed<T: AnyElement, D: Rank>(passed: Passed<'_>) -> ArrayView<'_, T, D> {
    let Passed::Array(array) = passed else { unreachable!("an array is passed") };
    let (address, shape, turned) = array.layout::<T, D>();
    // SAFETY: the frame describes arrays that are alive until the call ends (see the head of the file), borrowed here for
    // as long as the driver waits; their elements are of this type, or are the parts of such, side by side, and have been
    // stored (`Stmt::Call` in `parfuse_ir::loops` counts as a load of all of them). Nobody writes to an array that is
    // passed to be read.
    let mut view = unsafe { ArrayView::from_shape_ptr(shape, address) };
    turned.into_iter().for_each(|axis| view.invert_axis(axis));
    view
}

/// What is passed as a view to be written.
///
/// # Panics
/// If it is no array of this type, or not to be written.
pub(crate) fn viewed_mut<T: AnyElement, D: Rank>(passed: Passed<'_>) -> ArrayViewMut<'_, T, D> {
    let Passed::Array(array) = passed else { unreachable!("an array is passed") };
    assert!(array.mutable, "an array to be written is passed");
    let (address, shape, turned) = array.layout::<T, D>();
    // SAFETY: as above; and what is passed to be written is passed once (`call_problem` in `parfuse_ir::host`), different
    // buffers have different arrays, and elements of one array have different addresses: those of arguments by the borrow
    // that the binder holds, those of local ones by their layout.
    let mut view = unsafe { ArrayViewMut::from_shape_ptr(shape, address) };
    turned.into_iter().for_each(|axis| view.invert_axis(axis));
    view
}

/// The memory of what a function has returned, as the parts that its elements are made of.
pub(crate) fn buffer_of_parts<T: AnyElement>(elements: Vec<T>) -> Buffer {
    // SAFETY: an `AnyElement`, which is a sealed trait, lies in memory as its parts do.
    unsafe { Buffer::from_vec::<T, T::Part>(elements) }
}

/// The blocks of a region that is launched.
pub(super) struct Blocks<'l> {
    pub(super) kernel: &'l Specialisation,
    pub(super) region: RegionId,
    pub(super) grid: Grid,
    /// How many neighbouring ones a thread takes at a time.
    pub(super) at_a_time: usize,
    pub(super) frame: CallFrame<'l>,
    /// Whether each draws random numbers by a key of the thread that computes it.
    pub(super) own_keys: bool,
    /// A word for each reduction of each block.
    pub(super) partials: &'l mut [u64],
    /// Where to tell how long the first block takes, if anybody wants to know.
    pub(super) outlook: Option<Outlook<'l>>,
}

/// Frames of up to this many slots are copied without an allocation.
const FEW_SLOTS: usize = 64;

/// Addresses that blocks on several threads use at once.
struct SharedAddresses {
    frame: *const u64,
    /// How many slots the frame has.
    slots: usize,
    partials: *mut u64,
}

// SAFETY: the frame is only read while blocks run, and each block writes only its own partials.
unsafe impl Sync for SharedAddresses {}

/// Why a block was not computed.
pub(super) enum BlockEnd {
    /// A check has failed.
    Fault(FaultRecord),
    /// It is time to stop.
    Stopped,
}

/// Runs the one block of a region that has no more elements, on the calling thread.
#[inline]
pub(super) fn run_single_block(
    kernel: &Specialisation,
    region: RegionId,
    frame: CallFrame<'_>,
    range: &BlockRange,
    partials: &mut [u64],
) -> Result<(), FaultRecord> {
    assert_eq!(partials.len(), kernel.lane.regions[region].words(), "there is a word for each reduction");
    let mut fault = FaultRecord::default();
    let code = kernel.tiers().region(region);
    // SAFETY: as in `run_blocks`; nobody else has the partials, and the caller gives all of the region's extents.
    let status = unsafe { code.run_block(frame.address(), range, partials.as_mut_ptr(), &mut fault) };
    if status == abi::OK { Ok(()) } else { Err(fault) }
}

/// Runs all blocks, each once, on these workers. `begin` is called before each with its number, and may say no.
#[inline]
pub(super) fn run_blocks(
    blocks: Blocks<'_>,
    workers: &Workers<'_>,
    begin: impl Fn(usize) -> Result<(), BlockEnd> + Sync,
) -> Result<(), BlockFailure<BlockEnd>> {
    let Blocks { kernel, region, grid, at_a_time, frame, own_keys, partials, outlook } = blocks;
    let count = kernel.lane.regions[region].words();
    assert_eq!(partials.len(), grid.blocks() * count, "each block has a word for each reduction");
    let (frame, slots) = (frame.address(), frame.slots());
    let shared = SharedAddresses { frame, slots, partials: partials.as_mut_ptr() };
    let run = |block: usize| {
        let shared = &shared;
        begin(block)?;
        let own = own_keys.then(|| shared.frame_with_own_key());
        let frame = own.as_ref().map_or(shared.frame, |own| own.as_ptr());
        let code = kernel.tiers().region(region);
        let timed = outlook.filter(|_| block == 0).map(|outlook| (outlook, Instant::now()));
        let mut fault = FaultRecord::default();
        // SAFETY: the frame outlives the call and nobody writes to it while blocks run, since the thread that holds its
        // cells is in this function; `block` is below the number of blocks, so its partials lie inside the slice, and
        // no other block has the same ones; the module documentation says why the code stays inside the arrays and
        // blocks do not race.
        let status = unsafe {
            let partials = shared.partials.add(block * count);
            code.run_block(frame, &grid.block(block), partials, &mut fault)
        };
        if let Some((outlook, started)) = timed {
            outlook.block_took(grid.elements_per_block(), started.elapsed());
        }
        match status {
            abi::OK => Ok(()),
            abi::CANCELLED => Err(BlockEnd::Stopped),
            _ => Err(BlockEnd::Fault(fault)),
        }
    };
    let blocks = grid.blocks();
    parfuse_runtime::run_blocks(blocks.div_ceil(at_a_time), workers, |claim| {
        (claim * at_a_time..blocks.min((claim + 1) * at_a_time)).try_for_each(&run)
    })
}

impl SharedAddresses {
    /// A copy of the frame with a key of the calling thread's.
    fn frame_with_own_key(&self) -> SmallVec<[u64; FEW_SLOTS]> {
        // SAFETY: the frame has so many slots, and nobody writes to it while blocks run.
        let slots = unsafe { std::slice::from_raw_parts(self.frame, self.slots) };
        let mut own = SmallVec::from_slice(slots);
        own[Frame::KEY.index()] = parfuse_runtime::fresh_key();
        own
    }
}

/// Fills an array that the caller has offered with zeros: one in row-major order.
pub(super) fn fill_with_zeros(offer: &Offer) {
    let bytes = offer.shape.iter().product::<usize>() * offer.dtype.size();
    // SAFETY: an offer is an array borrowed for the call (`Offers`), and takes up so many bytes if it is in row-major
    // order, as `Offer::fits` makes sure of; all-zero bytes are a valid element of every type.
    unsafe { offer.address.write_bytes(0, bytes) };
}

/// Copies the elements of memory, in row-major order, into an array that the caller has offered, one in row-major order.
pub(super) fn copy_to_offered(from: &Buffer, offer: &Offer) {
    let len = offer.shape.iter().product::<usize>();
    assert_eq!(from.len(), len, "there are as many elements");
    // SAFETY: both hold `len` elements of this type (as below); those of `from` are what a `Vec` had.
    unsafe { offer.address.copy_from_nonoverlapping(from.address(), len * offer.dtype.size()) };
}

/// Copies the elements of an array that the caller has offered, one in row-major order, into memory for as many.
pub(super) fn copy_offered(offer: &Offer, to: &Buffer) {
    let len = offer.shape.iter().product::<usize>();
    assert_eq!(to.len(), len, "there is room for all elements");
    // SAFETY: both hold `len` elements of this type, in row-major order (as above); the copy is freshly allocated.
    unsafe { to.address().copy_from_nonoverlapping(offer.address, len * offer.dtype.size()) };
}
