//! Compiled kernels: functions, the memory that holds them, and what is known about them.

use crate::abi;
use crate::compiler::Effort;
use crate::constants::Constants;
use crate::memory::Memory;
use crate::script::Script;
use parfuse_ir::lane::RegionId;
use std::fmt;
use std::time::Duration;

/// A kernel's machine code. Its functions may be called, from any thread, while it is alive.
pub struct Code {
    pub(crate) driver: DriverCode,
    pub(crate) regions: Vec<RegionCode>,
    pub(crate) effort: Effort,
    pub(crate) code_size: usize,
    pub(crate) compile_time: Duration,
    // Owners of what the functions consist of and read.
    pub(crate) _memory: Memory,
    pub(crate) _constants: Constants,
}

/// A driver.
pub(crate) enum DriverCode {
    Compiled(abi::Driver),
    Followed(Script),
}

/// A region's function.
pub(crate) struct RegionCode {
    pub(crate) function: abi::RegionFn,
    pub(crate) lanes: usize,
    /// Why its registers are shorter than those of the instruction set.
    pub(crate) narrower: Option<String>,
}

impl Code {
    /// The code of one block of a region.
    pub fn region(&self, region: RegionId) -> abi::RegionFn {
        self.regions[region.0 as usize].function
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
