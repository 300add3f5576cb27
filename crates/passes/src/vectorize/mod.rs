//! Vectorization: parallel loops become width-agnostic lane programs, the rest becomes the driver.
//!
//! ```text
//! parfor v3 in v0 {                    region {
//!   v4 = load b0[v3]                     v1 = load b0[0 + lanes]
//!   if lt v4, 0 { x0 = neg v4 }   ==>    v2 = select(flt v1, 0; fneg v1; v1)
//!   store b1[v3], x0                     store b1[0 + lanes], v2
//! }                                    }
//! ```
//!
//! The innermost dimension of a parallel loop becomes the lanes. Where there are lane loops in it, its elements run one by
//! one, and so does a nest: then what is outside lane loops is uniform. The rooms:
//!
//! * [`varying`], [`liveness`], [`cost`], [`collapse`]: what is asked of the loops beforehand;
//! * [`translate`], [`memory`], [`control`], [`region`], [`lane_loop`]: the translation, statement by statement;
//! * [`legalize`]: what each scalar operation is made of;
//! * [`builder`], [`fold`], [`divide`], [`affine`], [`borders`]: where a lane value is placed, and what is known of it;
//! * [`parts`]: strided accesses that reach all of as many neighbours;
//! * [`dead`]: what nothing needs goes.
//!
//! Iterations run in lock step, so a later iteration may fail a check before an earlier one fails a later
//! check: which of them is reported is for the executor to settle.

mod affine;
mod borders;
mod builder;
mod collapse;
mod control;
mod cost;
mod dead;
mod divide;
mod fold;
mod lane_loop;
mod legalize;
mod liveness;
mod memory;
mod parts;
mod region;
mod translate;
mod varying;

#[cfg(test)]
mod tests;

pub(crate) use collapse::collapsible;
pub(crate) use cost::is_cheap;
pub(crate) use liveness::{VarSet, assigned, before_stmt, live_at_header, live_at_iteration, live_before};
pub(crate) use varying::Varying;

use crate::hash::FastMap;
use crate::packed::Packed;
use parfuse_ir::host::Call;
use parfuse_ir::lane::{CallId, FaultId, Frame, Lane, LaneOutput, Node, Region, RegionId, Slot, Walk};
use parfuse_ir::loops::{Loops, Output};
use parfuse_ir::{Arena, Fault};
use translate::{Place, Translator};

/// Turns loops into lane programs.
///
/// # Panics
/// If the loops are ill-formed.
pub fn vectorize(loops: &Loops) -> Lane {
    let mut shared = Shared {
        frame: Frame::new(&loops.params, &loops.buffers),
        threads: None,
        faults: Arena::new(),
        fault_ids: FastMap::default(),
        regions: Arena::new(),
        calls: Arena::new(),
        packed: Packed::of(loops),
    };
    let mut driver = Translator::new(loops, &mut shared, Place::Driver, 0, Walk::Lanes);
    driver.block(&loops.body, &VarSet::new());
    let results = loops.results.iter().map(|output| match output {
        Output::Scalar(value) => {
            let slot = driver.shared.frame.add();
            let result = driver.value(*value);
            driver.build.node(Node::SetSlot { slot, value: result });
            LaneOutput::Scalar(slot, loops.dtype(*value))
        }
        Output::Buffer(buffer) => LaneOutput::Buffer(*buffer),
    });
    let results = results.collect();
    let (mut prologue, mut driver) = driver.build.finish();
    dead::remove(&mut driver, &mut prologue, &[]);
    Lane {
        name: loops.name.clone(),
        buffers: loops.buffers.clone(),
        frame: shared.frame,
        threads: shared.threads,
        driver,
        regions: shared.regions,
        calls: shared.calls,
        faults: shared.faults,
        results,
        files: loops.files.clone(),
        polls: false,
    }
}

/// What the driver and the regions add to in common.
struct Shared {
    frame: Frame,
    threads: Option<Slot>,
    faults: Arena<FaultId, Fault>,
    fault_ids: FastMap<Fault, FaultId>,
    regions: Arena<RegionId, Region>,
    calls: Arena<CallId, Call<Slot>>,
    packed: Packed,
}

impl Shared {
    /// Where the number of threads stands.
    fn threads(&mut self) -> Slot {
        *self.threads.get_or_insert_with(|| self.frame.add())
    }

    /// The id of a fault.
    fn fault(&mut self, fault: &Fault) -> FaultId {
        if let Some(known) = self.fault_ids.get(fault) {
            return *known;
        }
        let id = self.faults.push(fault.clone());
        self.fault_ids.insert(fault.clone(), id);
        id
    }
}
