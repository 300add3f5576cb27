//! Compiled kernels: functions, the memory that holds them, and what is known about them.

use crate::abi;
use crate::compiler::Effort;
use crate::constants::Constants;
use crate::memory::Memory;
use crate::rare_calls::RareCalls;
use crate::script::{RegionScript, Script};
use parfuse_ir::lane::{Lane, Region, RegionId};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A kernel's machine code. Its functions may be called, from any thread, while it is alive.
pub struct Code {
    pub(crate) driver: DriverCode,
    pub(crate) regions: Vec<RegionCode>,
    pub(crate) effort: Effort,
    pub(crate) code_size: usize,
    pub(crate) compile_time: Duration,
    // Owners of what the functions consist of and read.
    pub(crate) _memory: Option<Memory>,
    pub(crate) _rare_calls: Option<Arc<RareCalls>>,
    pub(crate) _constants: Constants,
}

/// A driver.
pub(crate) enum DriverCode {
    Compiled(abi::Driver),
    Followed(Script),
}

/// A region's code.
pub(crate) struct RegionCode {
    pub(crate) body: RegionBody,
    pub(crate) lanes: usize,
    /// Why its registers are shorter than those of the instruction set.
    pub(crate) narrower: Option<String>,
}

/// What a region's code is.
pub(crate) enum RegionBody {
    Compiled(abi::RegionFn),
    Followed(Box<RegionScript>),
}

impl Code {
    /// Code that is followed and not compiled, for systems that refuse memory for machine code.
    pub(crate) fn followed(lane: &Lane, effort: Effort) -> Code {
        let region = |(_, region): (RegionId, &Region)| RegionCode {
            body: RegionBody::Followed(Box::new(RegionScript::new(lane, region))),
            lanes: 1,
            narrower: None,
        };
        Code {
            driver: DriverCode::Followed(Script::of_driver(lane)),
            regions: lane.regions.iter().map(region).collect(),
            effort,
            code_size: 0,
            compile_time: Duration::ZERO,
            _memory: None,
            _rare_calls: None,
            _constants: Constants::new(0),
        }
    }
    /// Whether the system has refused memory for machine code, so that the kernel is interpreted.
    pub fn is_interpreted(&self) -> bool {
        self._memory.is_none()
    }
    /// How many elements of a region are computed at once.
    pub fn lanes(&self, region: RegionId) -> usize {
        self.regions[region.0 as usize].lanes
    }
    /// Why a region has code of 128 bits where there are longer registers: what the wide emitter failed of.
    pub fn narrower(&self, region: RegionId) -> Option<&str> {
        self.regions[region.0 as usize].narrower.as_deref()
    }
    /// How much time was spent on it.
    pub fn effort(&self) -> Effort {
        self.effort
    }
    /// Whether the driver is machine code, or else followed node by node.
    pub fn is_driver_compiled(&self) -> bool {
        matches!(self.driver, DriverCode::Compiled(_))
    }
    /// The size of all functions in bytes.
    pub fn code_size(&self) -> usize {
        self.code_size
    }
    /// How long compilation took.
    pub fn compile_time(&self) -> Duration {
        self.compile_time
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lanes: Vec<usize> = self.regions.iter().map(|region| region.lanes).collect();
        f.debug_struct("Code")
            .field("lanes", &lanes)
            .field("code_size", &self.code_size)
            .field("compile_time", &self.compile_time)
            .finish_non_exhaustive()
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
