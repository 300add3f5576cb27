//! Executable memory: the one place that turns addresses of compiled code into functions, and frees them.
#![allow(unsafe_code)]

use crate::abi;
use cranelift_jit::JITModule;
use cranelift_module::FuncId;
use std::sync::{Mutex, PoisonError};

/// The memory of one kernel, executable once its module is finalized. Freed when dropped.
pub(crate) struct Memory {
    // A module is `Send` but not `Sync`; after finalization nothing but `drop` touches it.
    module: Mutex<Option<JITModule>>,
}

impl Memory {
    /// Takes over a module and all memory it will allocate.
    pub(crate) fn new(module: JITModule) -> Memory {
        Memory { module: Mutex::new(Some(module)) }
    }

    /// The module.
    pub(crate) fn module(&mut self) -> &mut JITModule {
        let module = self.module.get_mut().unwrap_or_else(PoisonError::into_inner);
        module.as_mut().expect("only drop takes the module")
    }

    /// A finalized function that was compiled with the signature of a driver.
    pub(crate) fn driver(&mut self, id: FuncId) -> abi::Driver {
        let address = self.module().get_finalized_function(id);
        // SAFETY: `compiler.rs` defines this function from `driver::emit` with `driver::signature`, which is
        // that of `abi::Driver`. It lives as long as `self`, which `Code` keeps, and calling it is unsafe.
        unsafe { std::mem::transmute::<*const u8, abi::Driver>(address) }
    }

    /// A finalized function that was compiled with the signature of a region.
    pub(crate) fn region(&mut self, id: FuncId) -> abi::RegionFn {
        let address = self.module().get_finalized_function(id);
        // SAFETY: as above, with `region::signature` and `abi::RegionFn`.
        unsafe { std::mem::transmute::<*const u8, abi::RegionFn>(address) }
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        let module = self.module.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(module) = module {
            // SAFETY: functions of this memory may be called only while their `Code`, which owns it, is alive:
            // that is part of the contract of `abi::Driver` and `abi::RegionFn`.
            unsafe { module.free_memory() }
        }
    }
}
