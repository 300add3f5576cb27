//! The interpreter of Lane, for any number of lanes.

use crate::calls::Calls;
use crate::value::{Array, Failure, Outcome, Value as Argument};
use parfuse_ir::Scalar;
use parfuse_ir::arena::Id;
use parfuse_ir::grid::{self, BlockRange, Grid, LANES};
use parfuse_ir::host::{Call, CallArgument, Callee, HostFunction};
use parfuse_ir::lane::{
    Address, Block, Code, Frame, Inst, Lane, LaneLoop, LaneOutput, LaneType, Lanes, Node, Reduction, Region,
    RegionId, Slot, Value, Walk,
};
use parfuse_ir::loops::{Buffer, Origin};

/// Runs a kernel on these arguments with a random key, computing `lanes` elements at once.
///
/// # Errors
/// The fault of the first check that fails; of the lowest iteration, in a region.
///
/// # Panics
/// If the program is broken or the arguments do not fit its parameters.
pub fn run_lane(lane: &Lane, arguments: &[Argument], key: u64, lanes: usize) -> Result<Outcome, Failure> {
    let mut machine = Machine {
        lane,
        width: lanes,
        frame: vec![0; lane.frame.len()],
        buffers: vec![None; lane.buffers.len()],
        calls: Calls::default(),
    };
    machine.frame[Frame::KEY.index()] = key;
    if let Some(slot) = lane.threads {
        machine.frame[slot.index()] = crate::THREADS as u64;
    }
    for (index, argument) in arguments.iter().enumerate() {
        if let Argument::Scalar(x) = argument {
            machine.frame[lane.frame.param(index as u32).index()] = x.to_bits();
        }
    }
    for (buffer, data) in lane.buffers.iter() {
        if let Origin::Param { index, .. } = data.origin {
            machine.place(buffer, arguments[index as usize].array().clone());
        }
    }
    let mut driver = Activation::new(&lane.driver, 1);
    machine.block(&mut driver, &lane.driver.body)?;
    let mut after = arguments.to_vec();
    for (buffer, data) in lane.buffers.iter() {
        if let Origin::Param { index, .. } = data.origin {
            after[index as usize] =
                Argument::Array(machine.buffers[buffer.index()].clone().expect("a parameter"));
        }
    }
    let result = |output: &LaneOutput| match *output {
        LaneOutput::Scalar(slot, dtype) => {
            Argument::Scalar(Scalar::from_bits(dtype, machine.frame[slot.index()]))
        }
        LaneOutput::Buffer(buffer) => {
            Argument::Array(machine.buffers[buffer.index()].clone().expect("a result is made"))
        }
    };
    Ok(Outcome { results: lane.results.iter().map(result).collect(), arguments: after })
}

struct Machine<'l> {
    lane: &'l Lane,
    width: usize,
    frame: Vec<u64>,
    buffers: Vec<Option<Array>>,
    calls: Calls,
}

/// The values of a driver, or of one step of a region.
struct Activation<'l> {
    code: &'l Code,
    /// One word for a uniform value, one per lane for a varying one.
    values: Vec<Option<Vec<u64>>>,
    lanes: usize,
    /// The lane dimension's index of the first lane, the outer indices, and the position of the first lane.
    column: usize,
    rows: Vec<usize>,
    position: usize,
    /// Whether it runs in a region, so that failures have an iteration.
    in_region: bool,
    /// What failed in a lane that has been switched off with all behind it.
    failure: Option<Failure>,
}

impl<'l> Activation<'l> {
    fn new(code: &'l Code, lanes: usize) -> Self {
        let values = vec![None; code.values.len()];
        Activation {
            code,
            values,
            lanes,
            column: 0,
            rows: Vec::new(),
            position: 0,
            in_region: false,
            failure: None,
        }
    }

    /// The word of a value in each lane.
    fn get(&self, value: Value) -> Vec<u64> {
        let data = &self.code.values[value];
        let mut words = match data.inst {
            Inst::Const(bits) => vec![bits],
            Inst::LaneIndex => (0..self.lanes).map(|lane| (self.column + lane) as u64).collect(),
            Inst::LinearIndex => (0..self.lanes).map(|lane| (self.position + lane) as u64).collect(),
            Inst::RowIndex(dimension) => vec![self.rows[dimension as usize] as u64],
            _ => self.values[value.index()]
                .clone()
                .unwrap_or_else(|| panic!("{value} is used before it is defined")),
        };
        // Some lanes may have been switched off since.
        words.truncate(self.lanes);
        if words.len() == 1 { vec![words[0]; self.lanes] } else { words }
    }

    /// The word of a uniform value.
    fn uniform(&self, value: Value) -> u64 {
        assert!(!self.code.values[value].varying, "{value} is uniform");
        self.get(value)[0]
    }

    fn set(&mut self, value: Value, words: Vec<u64>) {
        let words = if self.code.values[value].varying { words } else { vec![words[0]] };
        self.values[value.index()] = Some(words);
    }

    fn mask(&self, mask: Option<Value>) -> Vec<bool> {
        mask.map_or_else(
            || vec![true; self.lanes],
            |mask| self.get(mask).iter().take(self.lanes).map(|bit| bit & 1 != 0).collect(),
        )
    }
}

impl Machine<'_> {
    /// Puts an array into a buffer and describes it in the frame.
    fn place(&mut self, buffer: Buffer, array: Array) {
        let layout = &self.lane.frame;
        let mut stride = 1;
        for (axis, len) in array.shape.iter().enumerate().rev() {
            self.frame[layout.dim(buffer, axis as u8).index()] = *len as u64;
            self.frame[layout.stride(buffer, axis as u8).index()] = stride as u64;
            stride *= len;
        }
        self.buffers[buffer.index()] = Some(array);
    }

    fn offsets(&self, at: &Activation<'_>, address: &Address) -> Vec<usize> {
        let base = at.uniform(address.base);
        let lane = |lane: usize| match address.lanes {
            Lanes::Uniform => 0,
            Lanes::Unit => (at.column + lane) as u64,
            Lanes::Strided(stride) => at.uniform(stride).wrapping_mul((at.column + lane) as u64),
            Lanes::Part { of, part } => (of as usize * (at.column + lane) + part as usize) as u64,
            Lanes::Gather(offsets) => at.get(offsets)[lane],
        };
        (0..at.lanes).map(|l| base.wrapping_add(lane(l)) as usize).collect()
    }

    fn eval(&self, at: &Activation<'_>, value: Value) -> Vec<u64> {
        let slot = |slot: parfuse_ir::lane::Slot| vec![self.frame[slot.index()]; at.lanes];
        match &at.code.values[value].inst {
            Inst::Const(_) | Inst::Bound | Inst::LaneIndex | Inst::RowIndex(_) | Inst::LinearIndex => {
                at.get(value)
            }
            Inst::Slot(from) => {
                slot(*from).iter().map(|word| narrowed(*word, at.code.values[value].ty)).collect()
            }
            Inst::Dim(buffer, axis) => slot(self.lane.frame.dim(*buffer, *axis)),
            Inst::Stride(buffer, axis) => slot(self.lane.frame.stride(*buffer, *axis)),
            Inst::Op(op, args) => {
                let operands: Vec<Vec<u64>> = args.iter().map(|arg| at.get(*arg)).collect();
                let ty = at.code.values[args[0]].ty;
                let lane = |l: usize| op.eval(ty, &operands.iter().map(|words| words[l]).collect::<Vec<_>>());
                (0..at.lanes).map(lane).collect()
            }
            Inst::Load { buffer, address, mask } => {
                let array = self.buffers[buffer.index()].as_ref().expect("a loaded buffer holds an array");
                let offsets = self.offsets(at, address);
                let load = |(active, offset): (bool, usize)| match active {
                    false => 0,
                    true => {
                        array.elements[offset].expect("an element is stored before it is loaded").to_bits()
                    }
                };
                at.mask(*mask).into_iter().zip(offsets).map(load).collect()
            }
            Inst::Any(mask) => vec![at.mask(Some(*mask)).contains(&true) as u64; at.lanes],
            Inst::Outside(first, end) => {
                let [first, end] = [first, end].map(|bound| at.uniform(*bound) as i64);
                let inside = (first..end).contains(&(at.column as i64))
                    && (first..end).contains(&((at.column + at.lanes - 1) as i64));
                vec![!inside as u64; at.lanes]
            }
        }
    }

    fn block(&mut self, at: &mut Activation<'_>, block: &Block) -> Result<(), Failure> {
        block.iter().try_for_each(|node| self.node(at, node))
    }

    fn node(&mut self, at: &mut Activation<'_>, node: &Node) -> Result<(), Failure> {
        match node {
            Node::Let(value) => {
                let words = self.eval(at, *value);
                at.set(*value, words);
            }
            Node::Store { buffer, address, value, mask } => {
                let (offsets, words, mask) = (self.offsets(at, address), at.get(*value), at.mask(*mask));
                let array = self.buffers[buffer.index()].as_mut().expect("a stored buffer holds an array");
                for lane in (0..at.lanes).filter(|lane| mask[*lane]) {
                    array.elements[offsets[lane]] = Some(Scalar::from_bits(array.dtype, words[lane]));
                }
            }
            Node::If { cond, then, otherwise, results } => {
                let taken = at.uniform(*cond) & 1 != 0;
                self.block(at, if taken { then } else { otherwise })?;
                for merge in results {
                    let words = at.get(if taken { merge.then } else { merge.otherwise });
                    at.set(merge.value, words);
                }
            }
            Node::Loop { carried, header, cond, body } => {
                let initial: Vec<_> = carried.iter().map(|c| at.get(c.init)).collect();
                carried.iter().zip(initial).for_each(|(c, words)| at.set(c.value, words));
                loop {
                    self.block(at, header)?;
                    if at.uniform(*cond) & 1 == 0 {
                        break;
                    }
                    self.block(at, body)?;
                    let next: Vec<_> = carried.iter().map(|c| at.get(c.next)).collect();
                    carried.iter().zip(next).for_each(|(c, words)| at.set(c.value, words));
                }
            }
            Node::Lanes(own) => self.lane_loop(at, own)?,
            Node::Check { ok, fault, args, iteration, mask } => {
                let (ok, mask) = (at.get(*ok), at.mask(*mask));
                if let Some(lane) = (0..at.lanes).find(|lane| mask[*lane] && ok[*lane] & 1 == 0) {
                    let fault = &self.lane.faults[*fault];
                    let failure = Failure {
                        kind: fault.kind,
                        loc: fault.loc,
                        iteration: match iteration {
                            Some(iteration) => Some(at.uniform(*iteration)),
                            None => at.in_region.then_some((at.position + lane) as u64),
                        },
                        args: args.iter().map(|arg| at.get(*arg)[lane]).collect(),
                    };
                    if lane == 0 {
                        return Err(failure);
                    }
                    // A lower lane may fail at a later check.
                    (at.failure, at.lanes) = (Some(failure), lane);
                }
            }
            Node::SetSlot { slot, value } => self.frame[slot.index()] = at.uniform(*value),
            Node::Alloc { buffer, shape, zeroed, .. } => {
                let shape: Vec<usize> = shape.iter().map(|n| at.uniform(*n) as usize).collect();
                self.place(*buffer, Array::allocate(self.lane.buffers[*buffer].dtype, &shape, *zeroed));
            }
            Node::Move { to, from } => {
                let array = self.buffers[from.index()].take().expect("a moved buffer holds an array");
                self.place(*to, array);
            }
            Node::Resize { buffer, length, .. } => {
                let mut array = self.buffers[buffer.index()].take().expect("a resized buffer holds an array");
                array.resize(at.uniform(*length) as usize);
                self.place(*buffer, array);
            }
            Node::Launch(region) => self.launch(*region)?,
            Node::Call(call) => self.call(&self.lane.calls[*call]),
        }
        Ok(())
    }

    /// Calls a function, or takes over what it has returned.
    fn call(&mut self, call: &Call<Slot>) {
        let params = match call.callee {
            Callee::Function(number) => self.lane.files.host(number).map(HostFunction::call_params),
            Callee::Result(_) => None,
        };
        let mut types = params.unwrap_or_default().into_iter();
        let mut arguments = Vec::with_capacity(call.arguments.len());
        for argument in &call.arguments {
            let ty = types.next();
            arguments.push(match argument {
                CallArgument::Scalar(slot) => {
                    let (ty, _) = ty.expect("there are as many arguments as parameters");
                    Argument::Scalar(Scalar::from_bits(ty.dtype(), self.frame[slot.index()]))
                }
                CallArgument::Read(buffer) | CallArgument::Written(buffer) => {
                    let array = self.buffers[buffer.index()].clone();
                    Argument::Array(array.expect("a passed buffer holds an array"))
                }
            });
        }
        self.calls.perform(&self.lane.files, call.callee, &mut arguments);
        for (argument, after) in call.arguments.iter().zip(arguments) {
            if let (CallArgument::Written(buffer), Argument::Array(array)) = (argument, after) {
                self.place(*buffer, array);
            }
        }
    }

    /// A loop in lanes, in scalar code.
    fn lane_loop(&mut self, at: &mut Activation<'_>, own: &LaneLoop) -> Result<(), Failure> {
        let extent = at.uniform(own.extent) as usize;
        let identity = |reduction: &Reduction<Value>| reduction.op.identity(reduction.dtype);
        let mut totals: Vec<Scalar> = own.reductions.iter().map(identity).collect();
        let outer = at.column;
        let before = at.values.clone();
        if extent > 0 {
            self.block(at, &own.prologue)?;
        }
        for first in (0..extent).step_by(self.width) {
            (at.column, at.lanes) = (first, self.width.min(extent - first));
            let prologue = at.values.clone();
            self.block(at, &own.body)?;
            for (reduction, total) in own.reductions.iter().zip(&mut totals) {
                for word in at.get(reduction.contribution) {
                    let own = Scalar::from_bits(reduction.dtype, word);
                    *total = reduction.op.combine().eval(&[*total, own]);
                }
            }
            at.values = prologue;
        }
        (at.column, at.lanes, at.values) = (outer, 1, before);
        for (reduction, total) in own.reductions.iter().zip(totals) {
            at.set(reduction.total, vec![total.to_bits()]);
        }
        Ok(())
    }

    fn launch(&mut self, id: RegionId) -> Result<(), Failure> {
        let lane = self.lane;
        let region = &lane.regions[id];
        let extents: Vec<usize> =
            region.extents.iter().map(|slot| self.frame[slot.index()] as usize).collect();
        let grid = Grid::new(&extents, region.grain);
        let mut partials: Vec<Vec<Scalar>> = vec![Vec::new(); region.reductions.len()];
        for block in (0..grid.blocks()).map(|block| grid.block(block)) {
            for (own, partials) in self.run_block(region, &extents, &block)?.into_iter().zip(&mut partials) {
                partials.push(own);
            }
        }
        for (reduction, partials) in region.reductions.iter().zip(&mut partials) {
            let combine = |a, b| reduction.op.combine().eval(&[a, b]);
            let nothing = reduction.op.nothing(reduction.dtype);
            let total = grid::fold_partials(partials, combine).unwrap_or(nothing);
            self.frame[reduction.total.index()] = total.to_bits();
        }
        Ok(())
    }

    /// Runs a block; gives the block's value of each reduction.
    fn run_block(
        &mut self,
        region: &Region,
        extents: &[usize],
        block: &BlockRange,
    ) -> Result<Vec<Scalar>, Failure> {
        let identity = |r: &Reduction| [r.op.identity(r.dtype); LANES];
        let mut accumulators: Vec<[Scalar; LANES]> = region.reductions.iter().map(identity).collect();
        let columns = extents.last().copied().unwrap_or(1);
        for row in block.row_start..block.row_end {
            let mut at = Activation::new(&region.code, 1);
            at.in_region = region.walk != Walk::Once;
            at.rows = outer_indices(row, extents);
            at.column = block.column_start;
            at.position = row * columns + block.column_start;
            self.block(&mut at, &region.prologue)?;
            while at.column < block.column_end {
                at.lanes = match region.walk {
                    Walk::Lanes => self.width.min(block.column_end - at.column),
                    Walk::Elements | Walk::Once => 1,
                };
                if region.walk == Walk::Elements {
                    at.rows.truncate(extents.len().saturating_sub(1));
                    at.rows.push(at.column);
                }
                let prologue = at.values.clone();
                self.block(&mut at, &region.code.body)?;
                if let Some(failure) = at.failure {
                    return Err(failure);
                }
                for (reduction, lanes) in region.reductions.iter().zip(&mut accumulators) {
                    for (l, word) in at.get(reduction.contribution).into_iter().enumerate() {
                        let lane = &mut lanes[(at.column - block.column_start + l) % LANES];
                        *lane =
                            reduction.op.combine().eval(&[*lane, Scalar::from_bits(reduction.dtype, word)]);
                    }
                }
                for output in &region.outputs {
                    self.frame[output.slot.index()] = at.uniform(output.value);
                }
                at.values = prologue;
                at.column += at.lanes;
                at.position += at.lanes;
            }
        }
        let fold = |(r, lanes): (&Reduction, [Scalar; LANES])| {
            grid::fold_lanes(lanes, |a, b| r.op.combine().eval(&[a, b]))
        };
        Ok(region.reductions.iter().zip(accumulators).map(fold).collect())
    }
}

fn outer_indices(row: usize, extents: &[usize]) -> Vec<usize> {
    let outer = &extents[..extents.len().saturating_sub(1)];
    let mut rest = row;
    let mut indices: Vec<usize> = outer
        .iter()
        .rev()
        .map(|extent| {
            let index = rest % extent;
            rest /= extent;
            index
        })
        .collect();
    indices.reverse();
    indices
}

/// The low bits of a slot, for narrower types.
fn narrowed(word: u64, ty: LaneType) -> u64 {
    match ty {
        LaneType::Bool => word & 1,
        LaneType::I32 | LaneType::F32 => word as u32 as u64,
        LaneType::I64 | LaneType::F64 => word,
    }
}
