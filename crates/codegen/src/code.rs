//! Compiled kernels: functions, the memory that holds them, and what is known about them.

use crate::abi;
use crate::compiler::Effort;
use crate::constants::Constants;
use crate::memory::Memory;
use crate::rare_calls::RareCalls;
use crate::script::{RegionScript, Script};
use parfuse_ir::lane::{Lane, RegionId};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The code of a whole kernel.
#[derive(Debug)]
pub struct Code {
    /// Its serial code.
    pub driver: DriverCode,
    /// By region.
    pub regions: Vec<RegionCode>,
}

/// The code of a driver. It may be run, from any thread, while it is alive.
pub struct DriverCode {
    pub(crate) body: DriverBody,
    /// Whether the system has refused memory for machine code.
    pub(crate) interpreted: bool,
    pub(crate) made: Made,
}

/// The code of a region. It may be run, from any thread, while it is alive.
pub struct RegionCode {
    pub(crate) body: RegionBody,
    pub(crate) lanes: usize,
    /// Why its registers are shorter than those of the instruction set.
    pub(crate) narrower: Option<String>,
    pub(crate) made: Made,
}

/// What a driver's code is.
pub(crate) enum DriverBody {
    Compiled(abi::Driver),
    Followed(Script),
}

/// What a region's code is.
pub(crate) enum RegionBody {
    Compiled(abi::RegionFn),
    Followed(Box<RegionScript>),
}

/// How code was made, and the owners of what it consists of and reads.
pub struct Made {
    pub(crate) effort: Effort,
    pub(crate) size: usize,
    pub(crate) time: Duration,
    pub(crate) _memory: Option<Memory>,
    pub(crate) _rare_calls: Option<Arc<RareCalls>>,
    pub(crate) _constants: Constants,
}

impl Made {
    /// That no machine code was made.
    pub(crate) fn nothing(effort: Effort) -> Made {
        let (size, time) = (0, Duration::ZERO);
        Made { effort, size, time, _memory: None, _rare_calls: None, _constants: Constants::new(0) }
    }
    /// How much time was spent on it.
    pub fn effort(&self) -> Effort {
        self.effort
    }
    /// Its size in bytes.
    pub fn size(&self) -> usize {
        self.size
    }
    /// How long compilation took.
    pub fn compile_time(&self) -> Duration {
        self.time
    }
}

impl DriverCode {
    /// A driver that is followed and not compiled, for systems that refuse memory for machine code.
    pub(crate) fn followed(lane: &Lane, effort: Effort) -> DriverCode {
        let body = DriverBody::Followed(Script::of_driver(lane));
        DriverCode { body, interpreted: true, made: Made::nothing(effort) }
    }
    /// Whether the system has refused memory for machine code.
    pub fn is_interpreted(&self) -> bool {
        self.interpreted
    }
    /// Whether it is machine code, or else followed node by node.
    pub fn is_compiled(&self) -> bool {
        matches!(self.body, DriverBody::Compiled(_))
    }
    /// Whether it is straight code that is followed: machine code saves little of each call.
    pub fn is_short_script(&self) -> bool {
        matches!(&self.body, DriverBody::Followed(script) if !script.has_loops())
    }
    /// How it was made.
    pub fn made(&self) -> &Made {
        &self.made
    }
}

impl RegionCode {
    /// A region that is followed and not compiled, for systems that refuse memory for machine code.
    pub(crate) fn followed(lane: &Lane, region: RegionId, effort: Effort) -> RegionCode {
        let script = Box::new(RegionScript::new(lane, &lane.regions[region]));
        let body = RegionBody::Followed(script);
        RegionCode { body, lanes: 1, narrower: None, made: Made::nothing(effort) }
    }
    /// Whether the system has refused memory for machine code.
    pub fn is_interpreted(&self) -> bool {
        matches!(self.body, RegionBody::Followed(_))
    }
    /// How many elements are computed at once.
    pub fn lanes(&self) -> usize {
        self.lanes
    }
    /// Why it has code of 128 bits where there are longer registers: what the wide emitter failed of.
    pub fn narrower(&self) -> Option<&str> {
        self.narrower.as_deref()
    }
    /// How it was made.
    pub fn made(&self) -> &Made {
        &self.made
    }
}

impl fmt::Debug for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Made { effort, size, time, .. } = self;
        let mut debug = f.debug_struct("Made");
        debug.field("effort", effort).field("size", size).field("compile_time", time).finish_non_exhaustive()
    }
}

impl fmt::Debug for DriverCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DriverCode").field("made", &self.made).finish_non_exhaustive()
    }
}

impl fmt::Debug for RegionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("RegionCode");
        debug.field("lanes", &self.lanes).field("made", &self.made).finish_non_exhaustive()
    }
}

/// A kernel's functions as text, for people.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Listing {
    /// As Cranelift's input.
    pub clif: String,
    /// As machine instructions.
    pub asm: String,
}
