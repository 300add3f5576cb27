//! Calls of the host that few iterations of a loop come to: they leave all registers as they are.
//!
//! ```text
//! for … {                                stub, one for each function of the host:
//!     if count >= room {                     save all registers
//!         stub(host, …, &status)             status = host.allocate(host, …)
//!     }                                      restore all registers
//! }
//! ```
//!
//! An ordinary call leaves few registers alone, so that what a loop works with lies on the stack in every iteration, on account
//! of calls that hardly any of them makes. The stubs are the same for all kernels.

use crate::abi::HostTable;
use crate::driver::function_type;
use crate::memory::Memory;
use crate::wide::{self, Target};
use cranelift_codegen::Context;
use cranelift_codegen::ir::{self as clif, AbiParam, InstBuilder, MemFlagsData, types};
use cranelift_codegen::isa::{CallConv, OwnedTargetIsa};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use cranelift_jit::{JITBuilder, JITModule};
use cranelift_module::{Module, ModuleError, default_libcall_names};
use smallvec::SmallVec;
use std::mem::offset_of;

/// A function of the host.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum HostFunction {
    Allocate,
    Move,
    Resize,
    Launch,
    Call,
}

impl HostFunction {
    const ALL: [HostFunction; 5] = [
        HostFunction::Allocate,
        HostFunction::Move,
        HostFunction::Resize,
        HostFunction::Launch,
        HostFunction::Call,
    ];

    /// Where it is in the table.
    pub(crate) fn offset(self) -> i32 {
        let offset = match self {
            HostFunction::Allocate => offset_of!(HostTable, allocate),
            HostFunction::Move => offset_of!(HostTable, move_buffer),
            HostFunction::Resize => offset_of!(HostTable, resize),
            HostFunction::Launch => offset_of!(HostTable, launch),
            HostFunction::Call => offset_of!(HostTable, call),
        };
        offset as i32
    }

    /// The types of its arguments, the table first.
    pub(crate) fn params(self, pointer: clif::Type) -> SmallVec<[clif::Type; 4]> {
        let own: &[clif::Type] = match self {
            HostFunction::Allocate => &[types::I32, pointer, types::I32],
            HostFunction::Move => &[types::I32, types::I32],
            HostFunction::Resize => &[types::I32, types::I64],
            HostFunction::Launch | HostFunction::Call => &[types::I32],
        };
        std::iter::once(pointer).chain(own.iter().copied()).collect()
    }
}

/// The stubs.
pub(crate) struct RareCalls {
    addresses: [i64; HostFunction::ALL.len()],
    /// The address of the one for wide code, which has longer registers.
    wide: i64,
    _memory: Memory,
}

impl RareCalls {
    /// How many addresses a driver keeps for rare calls, and which: of the host, of lengths, and of the status.
    pub(crate) const KEPT: usize = 3;
    pub(crate) const HOST: i32 = 0;
    pub(crate) const LENGTHS: i32 = 1;
    pub(crate) const STATUS: i32 = 2;

    /// Compiles them.
    pub(crate) fn new(isa: &OwnedTargetIsa, wide: Option<Target>) -> Result<RareCalls, Box<ModuleError>> {
        let builder = JITBuilder::with_isa(isa.clone(), default_libcall_names());
        let mut memory = Memory::new(JITModule::new(builder));
        let mut context = Context::new();
        let mut of_builders = FunctionBuilderContext::new();
        let mut stubs = Vec::new();
        for function in HostFunction::ALL {
            let module = memory.module();
            context.func.signature = Self::signature(function, isa.pointer_type());
            emit(function, isa, FunctionBuilder::new(&mut context.func, &mut of_builders));
            let stub = module.declare_anonymous_function(&context.func.signature)?;
            module.define_function(stub, &mut context)?;
            module.clear_context(&mut context);
            stubs.push(stub);
        }
        let stub_of_wide = match wide {
            Some(target) => {
                let (module, signature) = (memory.module(), function_type(isa.default_call_conv(), &[]));
                let stub = module.declare_anonymous_function(&signature)?;
                module.define_function_bytes(stub, 64, &wide::stub(target), &[])?;
                Some(stub)
            }
            None => None,
        };
        memory.module().finalize_definitions()?;
        let address = |stub| memory.module().get_finalized_function(stub) as i64;
        let wide = stub_of_wide.map_or(0, address);
        let addresses = std::array::from_fn(|k| memory.module().get_finalized_function(stubs[k]) as i64);
        Ok(RareCalls { addresses, wide, _memory: memory })
    }

    /// The address of the stub that calls a function.
    pub(crate) fn address(&self, function: HostFunction) -> i64 {
        self.addresses[function as usize]
    }

    /// The address of the stub that calls any function for wide code.
    pub(crate) fn for_wide_code(&self) -> i64 {
        self.wide
    }

    /// The signature of the stub that calls a function: its arguments, and where the status belongs.
    pub(crate) fn signature(function: HostFunction, pointer: clif::Type) -> clif::Signature {
        let mut signature = clif::Signature::new(CallConv::PreserveAll);
        let params = function.params(pointer).into_iter().chain([pointer]);
        signature.params.extend(params.map(AbiParam::new));
        signature
    }
}

fn emit(function: HostFunction, isa: &OwnedTargetIsa, mut builder: FunctionBuilder<'_>) {
    let signature = function_type(isa.default_call_conv(), &function.params(isa.pointer_type()));
    let signature = builder.import_signature(signature);

    let entry = builder.create_block();
    builder.append_block_params_for_function_params(entry);
    builder.switch_to_block(entry);
    let params = builder.block_params(entry).to_vec();
    let (args, status) = params.split_at(params.len() - 1);
    let own = MemFlagsData::trusted();
    let callee = builder.ins().load(isa.pointer_type(), own, args[0], function.offset());
    let call = builder.ins().call_indirect(signature, callee, args);
    let result = builder.inst_results(call)[0];
    builder.ins().store(own, result, status[0], 0);
    builder.ins().return_(&[]);
    builder.seal_all_blocks();
    builder.finalize(isa.frontend_config());
}
