//! What machine code asks for while a call runs: memory for arrays, moves of it, and launches of regions.
//!
//! ```text
//! allocate b2[1000]     storage[b2] = 8000 bytes, or the caller's array that b2 becomes the result in
//! launch r0             what runs once ──► enter.rs; others: blocks by `grid.rs` ──► enter.rs ──► partial results ──► totals in the frame
//! ```

use super::Request;
use super::enter::{self, BlockEnd, Blocks};
use super::frame::CallFrame;
use crate::argument::Offer;
use crate::error::{Error, Place};
use crate::rank::PerAxis;
use crate::specialise::Outlook;
use parfuse_ir::arena::Id;
use parfuse_ir::grid::{self, Grain, Grid};
use parfuse_ir::lane::{self, LaneOutput, Region, RegionId, Walk};
use parfuse_ir::loops::Buffer as BufferId;
use parfuse_ir::{DType, Loc, Scalar, with_dtype};
use parfuse_runtime::{AllocationError, BlockFailure, Buffer, CancelToken, StopReason, Workers};
use smallvec::SmallVec;
use std::time::Instant;

/// Up to this many partial results need no allocation.
const FEW_PARTIALS: usize = 16;

/// Memory that a local buffer of the kernel holds at present.
#[derive(Debug)]
pub(super) enum Storage {
    Nothing,
    Owned(Buffer),
    /// None yet, but the caller offers an array for the result that this buffer becomes: the result's number.
    Offer(usize),
    /// That array.
    Offered(usize),
}

/// How the blocks of a region are computed.
struct Plan<'c> {
    grid: Grid,
    /// How many neighbouring blocks a thread takes at a time.
    at_a_time: usize,
    workers: Workers<'c>,
    /// What is expected of them if that is not clear.
    outlook: Option<Outlook<'c>>,
}

/// What serves the requests of one call.
pub(super) struct Host<'c> {
    pub(super) request: &'c Request<'c>,
    pub(super) frame: CallFrame<'c>,
    /// By buffer.
    pub(super) storage: SmallVec<[Storage; 4]>,
    /// The arrays that the function called last has returned, until they are taken.
    pub(super) returned: Vec<Option<Buffer>>,
}

impl<'c> Host<'c> {
    /// The host of a call of a kernel.
    #[inline]
    pub(super) fn new(request: &'c Request<'c>, frame: CallFrame<'c>) -> Host<'c> {
        Host { request, frame, storage: SmallVec::new(), returned: Vec::new() }
    }

    /// Notes which buffers become results in the caller's arrays.
    #[inline]
    pub(super) fn accept_offers(&mut self) {
        let Request { kernel, offers, .. } = self.request;
        let lane = &kernel.lane;
        self.storage.resize_with(lane.buffers.len(), || Storage::Nothing);
        for (number, (result, offer)) in lane.results.iter().zip(offers.by_result()).enumerate() {
            if let (LaneOutput::Buffer(buffer), Some(array)) = (result, offer)
                && array.fits(&lane.buffers[*buffer])
                && kernel.makes_once(*buffer)
                && let place @ Storage::Nothing = &mut self.storage[buffer.index()]
            {
                *place = Storage::Offer(number);
            }
        }
    }

    /// The array that the caller offers for a result.
    pub(super) fn offer(&self, number: usize) -> &'c Offer {
        self.request.offers.by_result()[number].as_ref().expect("only what was offered is accepted")
    }

    /// The error of a call that machine code ends because it is told to stop.
    pub(super) fn stopped(&self) -> Error {
        // Without a reason the byte would be zero.
        let reason = self.request.stop.and_then(CancelToken::reason).unwrap_or(StopReason::Cancelled);
        Error::from_stop(reason)
    }

    fn place_of_region(&self, region: &Region) -> Place {
        let loc = region.sources.first().map_or(Loc::NONE, |source| source.loc);
        Place::new(&self.request.kernel.lane.files, loc)
    }

    fn place_of(&self, buffer: BufferId) -> Place {
        Place::new(&self.request.kernel.lane.files, self.request.kernel.allocated_at(buffer))
    }

    /// Makes the array of a local buffer.
    pub(super) fn allocate(&mut self, buffer: BufferId, shape: &[usize], zeroed: bool) -> Result<(), Error> {
        let kernel = self.request.kernel;
        let data = &kernel.lane.buffers[buffer];
        if let Storage::Offer(number) = self.storage[buffer.index()] {
            let offer = self.offer(number);
            if *offer.shape != *shape {
                return Err(Error::OutputShape { expected: shape.to_vec(), found: offer.shape.to_vec() });
            }
            if zeroed {
                enter::fill_with_zeros(offer);
            }
            self.storage[buffer.index()] = Storage::Offered(number);
            self.frame.describe(buffer, offer.address, shape);
            return Ok(());
        }
        // Release what the buffer held before, so that a loop reuses the memory.
        self.storage[buffer.index()] = Storage::Nothing;
        let allocated = number_of_elements(shape)
            .and_then(|len| match zeroed || kernel.may_leave(buffer) {
                true => allocate_elements(data.dtype, len, zeroed),
                false => with_dtype!(data.dtype, T => Buffer::scratch::<T>(len)),
            })
            .map_err(|cause| Error::Allocation {
                shape: shape.to_vec(),
                cause,
                place: self.place_of(buffer),
            })?;
        self.frame.describe(buffer, allocated.address(), shape);
        self.storage[buffer.index()] = Storage::Owned(allocated);
        Ok(())
    }

    /// Hands the array of one buffer to another.
    pub(super) fn move_buffer(&mut self, to: BufferId, from: BufferId) -> Result<(), Error> {
        let data = &self.request.kernel.lane.buffers[from];
        let shape = self.frame.shape(from, data.rank);
        let moved = match std::mem::replace(&mut self.storage[from.index()], Storage::Nothing) {
            // The offered memory belongs to the result `from`, which may be made anew: move a copy.
            Storage::Offered(number) => {
                let offer = self.offer(number);
                let copy = allocate_elements(data.dtype, shape.iter().product(), false).map_err(|cause| {
                    Error::Allocation { shape: shape.to_vec(), cause, place: self.place_of(from) }
                })?;
                enter::copy_offered(offer, &copy);
                Storage::Owned(copy)
            }
            moved => moved,
        };
        let address = match &moved {
            Storage::Owned(array) => array.address(),
            _ => unreachable!("what is moved has been made"),
        };
        self.frame.describe(to, address, &shape);
        self.storage[to.index()] = moved;
        Ok(())
    }

    /// Gives the array of a buffer another length along its first axis.
    pub(super) fn resize(&mut self, buffer: BufferId, length: usize) -> Result<(), Error> {
        let data = &self.request.kernel.lane.buffers[buffer];
        let mut shape = self.frame.shape(buffer, data.rank);
        shape[0] = length;
        let Storage::Owned(array) = &mut self.storage[buffer.index()] else {
            unreachable!("what is resized has been made, and not for a result that is offered")
        };
        let resized =
            number_of_elements(&shape).and_then(|len| with_dtype!(data.dtype, T => array.resize::<T>(len)));
        let address = array.address();
        resized.map_err(|cause| Error::Allocation {
            shape: shape.to_vec(),
            cause,
            place: self.place_of(buffer),
        })?;
        self.frame.describe(buffer, address, &shape);
        Ok(())
    }

    /// Whether a region runs once: serial code, which may call the host.
    #[inline]
    pub(super) fn is_nest(&self, id: RegionId) -> bool {
        self.request.kernel.lane.regions[id].walk == Walk::Once
    }

    /// Notes that a region that runs once begins.
    pub(super) fn begin_nest(&self, id: RegionId) -> Result<(), Error> {
        let Request { core, kernel, stop, progress, .. } = self.request;
        if stop.is_some_and(CancelToken::is_cancelled) {
            return Err(self.stopped());
        }
        kernel.launched(core, id, 1, self.frame, &[])?;
        if let Some(progress) = progress {
            progress.begin_loop(1, 1);
            progress.begin_block();
        }
        Ok(())
    }

    /// Takes in what it has left.
    pub(super) fn end_nest(&mut self, id: RegionId, results: &mut [u64]) {
        if let Some(progress) = self.request.progress {
            progress.end_loop();
        }
        let kernel = self.request.kernel;
        self.total(&kernel.lane.regions[id], results, &mut []);
    }

    /// Runs all blocks of a region and leaves the totals of its reductions in the frame.
    pub(super) fn launch(&mut self, id: RegionId) -> Result<(), Error> {
        let kernel = self.request.kernel;
        let region = &kernel.lane.regions[id];
        if let Some(elements) = self.single_block(id, region) {
            return self.launch_single_block(id, elements);
        }
        let extents = PerAxis::from_fn(region.extents.len(), |d| self.frame.read(region.extents[d]) as usize);
        match &region.collapsible {
            Some(accesses) if extents.len() > 1 => self.launch_merged(id, &extents, accesses),
            _ => self.launch_blocks(id, &extents, &extents),
        }
    }

    /// The number of elements of a region of one dimension that is one block, if there is nothing to be counted, measured or
    /// asked about it: loops launch many such regions.
    #[inline]
    fn single_block(&self, id: RegionId, region: &Region) -> Option<usize> {
        let [extent] = region.extents[..] else { return None };
        let elements = self.frame.read(extent) as usize;
        let fits =
            (1..=grid::least_block(region.grain)).contains(&elements) && region.words() <= FEW_PARTIALS;
        // Something is said of how it is cut.
        let fits = fits && self.request.kernel.grain(id) == 0;
        let unwatched = self.request.stop.is_none() && self.request.progress.is_none();
        (fits && unwatched && self.request.kernel.tiers().is_settled(id)).then_some(elements)
    }

    fn launch_single_block(&mut self, id: RegionId, elements: usize) -> Result<(), Error> {
        let kernel = self.request.kernel;
        let region = &kernel.lane.regions[id];
        let mut partials = [0; FEW_PARTIALS];
        let partials = &mut partials[..region.words()];
        let range = Grid::new(&[elements], region.grain).block(0);
        enter::run_single_block(kernel, id, self.frame, &range, partials)
            .map_err(|record| kernel.fault_error(record))?;
        self.total(region, partials, &mut [0]);
        Ok(())
    }

    /// Runs a region with dimensions merged that its accesses walk through alike.
    fn launch_merged(
        &mut self,
        id: RegionId,
        extents: &[usize],
        accesses: &[(BufferId, Vec<Option<u8>>)],
    ) -> Result<(), Error> {
        let lane = &self.request.kernel.lane;
        let (region, layout, frame) = (&lane.regions[id], &lane.frame, self.frame);
        let stride = |buffer: BufferId, axis: Option<u8>| match axis {
            None => 0,
            // Neighbours count as lying along a last axis of one element, whatever its stride is: see `signature`.
            Some(axis)
                if axis + 1 == lane.buffers[buffer].rank && frame.read(layout.dim(buffer, axis)) == 1 =>
            {
                1
            }
            Some(axis) => frame.read(layout.stride(buffer, axis)) as isize,
        };
        let strides: SmallVec<[PerAxis<isize>; 8]> = accesses
            .iter()
            .map(|(buffer, axes)| PerAxis::from_fn(axes.len(), |d| stride(*buffer, axes[d])))
            .collect();
        let mut merged = PerAxis::new(extents);
        grid::collapse(&mut merged, &strides);
        region.extents.iter().zip(merged.iter()).for_each(|(slot, n)| frame.write(*slot, *n as u64));
        let result = self.launch_blocks(id, &merged, extents);
        region.extents.iter().zip(extents).for_each(|(slot, n)| frame.write(*slot, *n as u64));
        result
    }

    /// How a region is cut into blocks, and how they are computed.
    fn plan(&self, id: RegionId, extents: &[usize], of_program: &[usize]) -> Result<Plan<'c>, Error> {
        let (&Request { core, kernel, .. }, frame) = (self.request, self.frame);
        let region = &kernel.lane.regions[id];
        let grain = kernel.grain(id);
        let is_divisible = region.grain == Grain::Coarse && region.walk.is_scalar() && region.words() == 0;
        let mut grid = Grid::new(extents, region.grain);
        kernel.launched(core, id, grid.elements(), frame, extents)?;
        if is_divisible && grain > 0 {
            grid = grid.cut(grain);
        }
        let mut outlook = None;
        if let Some(workers) = self.request.workers.filter(|_| grid.blocks() > 1) {
            let mut expected = kernel.outlook(id, &grid, frame, extents);
            if is_divisible && grain == 0 && expected.expected.has_long_blocks() {
                grid = grid.cut(1);
                expected = kernel.outlook(id, &grid, frame, extents);
            }
            outlook = Some((workers, expected));
        }
        let least = least_together(grain, &grid, of_program);
        let claims = grid.blocks().div_ceil(least);
        let (workers, outlook) = match outlook.filter(|_| claims > 1) {
            None => (Workers::Caller, None),
            Some((workers, outlook)) => (workers.on(&core.pool, claims, outlook.expected), Some(outlook)),
        };
        let together = match outlook {
            _ if region.grain != Grain::Coarse || region.words() > 0 => 1,
            // Somebody wants to see them end.
            _ if self.request.progress.is_some() => 1,
            Some(outlook) if workers.threads() > 1 => {
                outlook.expected.together(grid.blocks(), workers.threads())
            }
            _ if kernel.tiers().is_promoted(id) => grid.blocks(),
            // From the next block on there may be better code.
            _ => 1,
        };
        let (grid, at_a_time) = (grid.joined(together), least.div_ceil(together.max(1)));
        Ok(Plan { grid, at_a_time, workers, outlook: outlook.filter(Outlook::is_measured) })
    }

    /// Runs the blocks of a space, which has these extents in the program.
    fn launch_blocks(&mut self, id: RegionId, extents: &[usize], of_program: &[usize]) -> Result<(), Error> {
        let (&Request { core, kernel, stop, progress, own_keys, .. }, frame) = (self.request, self.frame);
        let region = &kernel.lane.regions[id];
        let Plan { grid, at_a_time, workers, outlook } = self.plan(id, extents, of_program)?;
        let (blocks, count) = (grid.blocks(), region.words());
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
        let started = (blocks > 1 && !kernel.tiers().is_promoted(id)).then(Instant::now);
        if let Some(progress) = progress {
            progress.begin_loop(blocks, workers.threads());
        }
        let begin = |block| {
            if stop.is_some_and(CancelToken::is_cancelled) {
                return Err(BlockEnd::Stopped);
            }
            if let Some(progress) = progress {
                progress.begin_block();
            }
            if let Some(started) = started.filter(|_| block > 0) {
                kernel.still_running(core, id, started);
            }
            Ok(())
        };
        let words = &mut *partials;
        let blocks =
            Blocks { kernel, region: id, grid, at_a_time, frame, own_keys, partials: words, outlook };
        enter::run_blocks(blocks, &workers, begin).map_err(|BlockFailure { error, .. }| match error {
            BlockEnd::Fault(record) => kernel.fault_error(record),
            BlockEnd::Stopped => self.stopped(),
        })?;
        if let Some(progress) = progress {
            progress.end_loop();
        }
        self.total(region, partials, gathered);
        Ok(())
    }

    /// Leaves a region's outputs and the totals of its reductions in the frame, from the results of its blocks.
    /// Those of one of several are gathered on the way.
    fn total(&mut self, region: &Region, partials: &mut [u64], gathered: &mut [u64]) {
        let count = region.words();
        // Where there are outputs, there is one block.
        let outputs = partials.iter().skip(region.reductions.len());
        for (output, bits) in region.outputs.iter().zip(outputs) {
            self.frame.write(output.slot, *bits);
        }
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
            // Of types shorter than their lanes, a block leaves bits above those of the type.
            let total = total.map_or_else(
                || reduction.op.nothing(reduction.dtype),
                |bits| Scalar::from_bits(reduction.dtype, bits),
            );
            self.frame.write(reduction.total, total.to_bits());
        }
    }
}

/// How many neighbouring blocks a thread takes at a time, at least: what the program says of iterations, which are along the
/// first of the extents that it has in the program.
fn least_together(grain: usize, grid: &Grid, of_program: &[usize]) -> usize {
    let iterations = of_program.first().copied().unwrap_or(1);
    if grain <= 1 || iterations == 0 {
        return 1;
    }
    let elements = (grid.elements() / iterations).max(1).saturating_mul(grain);
    elements.div_ceil(grid.elements_per_block().max(1)).min(grid.blocks()).max(1)
}

fn combine_bits(reduction: &lane::Reduction, a: u64, b: u64) -> u64 {
    let [a, b] = [a, b].map(|bits| Scalar::from_bits(reduction.dtype, bits));
    reduction.op.combine().eval(&[a, b]).to_bits()
}

/// How many elements an array of this shape has. As for `ndarray`: even one without elements must have strides that fit.
fn number_of_elements(shape: &[usize]) -> Result<usize, AllocationError> {
    let len = shape
        .iter()
        .filter(|n| **n != 0)
        .try_fold(1isize, |len, n| isize::try_from(*n).ok().and_then(|n| len.checked_mul(n)));
    let len = len.ok_or(AllocationError::TooLarge)?;
    Ok(if shape.contains(&0) { 0 } else { len as usize })
}

fn allocate_elements(dtype: DType, len: usize, zeroed: bool) -> Result<Buffer, AllocationError> {
    with_dtype!(dtype, T => Buffer::allocate::<T>(len, zeroed))
}

/// So many words of zeros.
pub(super) fn words(len: usize, place: impl FnOnce() -> Place) -> Result<Vec<u64>, Error> {
    let mut words = Vec::new();
    if words.try_reserve_exact(len).is_err() {
        let cause = AllocationError::OutOfMemory { bytes: len.saturating_mul(size_of::<u64>()) };
        return Err(Error::Allocation { shape: vec![len], cause, place: place() });
    }
    words.resize(len, 0);
    Ok(words)
}
