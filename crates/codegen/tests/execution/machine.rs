//! A small host: it lays out frames, calls compiled drivers and regions, and keeps local arrays.
#![allow(unsafe_code)]

use parfuse_codegen::abi::{self, FaultRecord, HostTable};
use parfuse_codegen::{Code, CompileError, Compiler, Effort, Isa, Options, verify};
use parfuse_ir::grid::{BlockRange, Grid};
use parfuse_ir::lane::{Lane, LaneType, RegionId, Slot};
use parfuse_ir::loops::{Buffer, Origin};
use parfuse_ir::{DType, Scalar, ScalarOp, grid, lane};
use std::sync::LazyLock;

/// The compilers that every program is run with: the choice of the step is their own, or given.
pub static COMPILERS: LazyLock<Vec<Compiler>> = LazyLock::new(|| {
    let compiler = |isa, lanes| {
        let options = Options { isa, lanes, verify: true, jumps_in_lines: false, interpret: false };
        Compiler::new(options).expect("this processor is supported")
    };
    let mut compilers = vec![
        compiler(Isa::Native128, None),
        compiler(Isa::Native128, Some(32)),
        compiler(Isa::Baseline, Some(8)),
    ];
    for isa in [Isa::Avx2, Isa::Avx512At256, Isa::Avx512] {
        if isa.is_available() {
            compilers.push(compiler(isa, None));
        }
    }
    // As on processors that take long for jumps at the ends of lines.
    let options = Options { verify: true, jumps_in_lines: true, ..Options::default() };
    compilers.push(Compiler::new(options).expect("this processor is supported"));
    // As where the system refuses memory for machine code.
    let interpreter = Options { interpret: true, ..Options::default() };
    compilers.push(Compiler::new(interpreter).expect("this processor is supported"));
    compilers
});

/// An array: elements as zero-extended bits in memory of their own size.
#[derive(Clone, PartialEq, Debug)]
pub struct Array {
    pub dtype: DType,
    pub bytes: Vec<u8>,
}

impl Array {
    pub fn new(dtype: DType, elements: impl IntoIterator<Item = u64>) -> Array {
        let size = dtype.size();
        let bytes = elements.into_iter().flat_map(|bits| bits.to_le_bytes()[..size].to_vec()).collect();
        Array { dtype, bytes }
    }
    pub fn zeros(dtype: DType, len: usize) -> Array {
        Array { dtype, bytes: vec![0; len * dtype.size()] }
    }
    pub fn floats(values: impl IntoIterator<Item = f64>) -> Array {
        Array::new(DType::F64, values.into_iter().map(f64::to_bits))
    }
    pub fn ints(values: impl IntoIterator<Item = i64>) -> Array {
        Array::new(DType::I64, values.into_iter().map(|value| value as u64))
    }
    pub fn len(&self) -> usize {
        self.bytes.len() / self.dtype.size()
    }
    pub fn bits(&self) -> Vec<u64> {
        let element = |bytes: &[u8]| {
            let mut word = [0; 8];
            word[..bytes.len()].copy_from_slice(bytes);
            u64::from_le_bytes(word)
        };
        self.bytes.chunks(self.dtype.size()).map(element).collect()
    }
}

/// Two numbers are the same bits, or both not a number.
pub fn same(ty: LaneType, a: u64, b: u64) -> bool {
    a == b
        || match ty {
            LaneType::F64 => f64::from_bits(a).is_nan() && f64::from_bits(b).is_nan(),
            LaneType::F32 => f32::from_bits(a as u32).is_nan() && f32::from_bits(b as u32).is_nan(),
            _ => false,
        }
}

/// How a run ended.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum End {
    Ok,
    Fault(FaultRecord),
    Stopped,
    Cancelled,
}

/// A kernel being run.
#[repr(C)]
pub struct Machine<'a> {
    table: HostTable,
    lane: &'a Lane,
    code: &'a Code,
    pub frame: Vec<u64>,
    pub arrays: Vec<Option<Array>>,
    fault: FaultRecord,
    /// What the driver asked for.
    pub log: Vec<String>,
    /// Stops the driver at this launch.
    pub stop_at: Option<u32>,
    /// Stops it where an array is resized.
    pub refuses_to_resize: bool,
}

impl<'a> Machine<'a> {
    pub fn new(lane: &'a Lane, code: &'a Code, arrays: Vec<Array>) -> Machine<'a> {
        let table = HostTable { allocate, move_buffer, resize, launch, call };
        let mut arrays: Vec<Option<Array>> = arrays.into_iter().map(Some).collect();
        arrays.resize(lane.buffers.len(), None);
        let frame = vec![0; lane.frame.whole_len()];
        let fault = FaultRecord::default();
        let (log, stop_at, refuses_to_resize) = (Vec::new(), None, false);
        let mut machine =
            Machine { table, lane, code, frame, arrays, fault, log, stop_at, refuses_to_resize };
        for (buffer, data) in lane.buffers.iter() {
            if matches!(data.origin, Origin::Param { .. }) {
                machine.describe(buffer);
            }
        }
        machine
    }

    pub fn set(&mut self, slot: Slot, bits: u64) {
        self.frame[slot.index()] = bits;
    }

    pub fn array(&self, buffer: u32) -> &Array {
        self.arrays[buffer as usize].as_ref().expect("the array is there")
    }

    /// What a failed check has left.
    pub fn fault(&self) -> FaultRecord {
        self.fault
    }

    /// Fills in a one-dimensional buffer's slots.
    fn describe(&mut self, buffer: Buffer) {
        let array = self.arrays[buffer.0 as usize].as_mut().expect("the array is there");
        let (address, len) = (array.bytes.as_mut_ptr() as u64, array.len() as u64);
        let frame = &self.lane.frame;
        self.frame[frame.address(buffer).index()] = address;
        self.frame[frame.dim(buffer, 0).index()] = len;
        self.frame[frame.stride(buffer, 0).index()] = 1;
    }

    /// Runs the driver.
    pub fn run(&mut self) -> End {
        let (code, machine): (&Code, *mut Machine<'a>) = (self.code, self);
        self.set(self.lane.frame.host(), machine as u64);
        // SAFETY: the frame has all its slots, the arrays are as long as the test's program needs, and the
        // machine, whose first field is the table, outlives the call.
        let status = unsafe {
            code.driver.run((*machine).frame.as_mut_ptr(), machine.cast(), &raw mut (*machine).fault)
        };
        self.end(status)
    }

    fn end(&self, status: i32) -> End {
        match status {
            abi::OK => End::Ok,
            abi::FAULT => End::Fault(self.fault),
            abi::STOPPED => End::Stopped,
            abi::CANCELLED => End::Cancelled,
            other => panic!("status {other}"),
        }
    }

    /// Runs one block of a region: its partial results.
    pub fn block(&mut self, region: RegionId, range: BlockRange) -> Result<Vec<u64>, FaultRecord> {
        match self.end_of_block(region, range) {
            (End::Ok, partials) => Ok(partials),
            (End::Fault(fault), _) => Err(fault),
            (end, _) => panic!("{end:?}: regions do not call the host"),
        }
    }

    /// Runs one block of a region: how that ends, and its partial results.
    pub fn end_of_block(&mut self, region: RegionId, range: BlockRange) -> (End, Vec<u64>) {
        let mut partials = vec![u64::MAX; self.lane.regions[region].words() + 1];
        let (frame, fault) = (self.frame.as_ptr(), &mut self.fault);
        // SAFETY: as in `run`; there is room for one word per reduction and output.
        let status = unsafe {
            self.code.regions[region.0 as usize].run_block(frame, &range, partials.as_mut_ptr(), fault)
        };
        let end = self.end(status);
        if end == End::Ok {
            assert_eq!(partials.pop(), Some(u64::MAX), "no more partials than reductions");
        }
        (end, partials)
    }

    fn launch(&mut self, id: u32) -> i32 {
        self.log.push(format!("launch {id}"));
        if self.stop_at == Some(id) {
            return 1;
        }
        let id = RegionId(id);
        let region = &self.lane.regions[id];
        let extents: Vec<usize> =
            region.extents.iter().map(|slot| self.frame[slot.index()] as usize).collect();
        let grid = Grid::new(&extents, region.grain);
        let mut partials = Vec::new();
        for block in 0..grid.blocks() {
            match self.block(id, grid.block(block)) {
                Ok(block) => partials.push(block),
                Err(fault) => {
                    self.fault = fault;
                    return 1;
                }
            }
        }
        for (number, output) in region.outputs.iter().enumerate() {
            self.frame[output.slot.index()] = partials[0][region.reductions.len() + number];
        }
        for (number, reduction) in region.reductions.iter().enumerate() {
            let mut column: Vec<u64> = partials.iter().map(|block| block[number]).collect();
            let total = grid::fold_partials(&mut column, |a, b| combine(reduction, a, b));
            let identity = reduction.op.identity(reduction.dtype).to_bits();
            self.frame[reduction.total.index()] = total.unwrap_or(identity);
        }
        0
    }
}

/// Combines two partial results.
pub fn combine(reduction: &lane::Reduction, a: u64, b: u64) -> u64 {
    let scalar = |bits| Scalar::from_bits(reduction.dtype, bits);
    let op: ScalarOp = reduction.op.combine();
    op.eval(&[scalar(a), scalar(b)]).to_bits()
}

fn machine<'a>(host: *const HostTable) -> &'a mut Machine<'a> {
    // SAFETY: every table in these tests is the first field of a machine, which `run` lends out mutably and
    // does not touch before the driver returns.
    unsafe { &mut *host.cast_mut().cast::<Machine<'a>>() }
}

/// Leaves other numbers in all registers that a call may change.
#[cfg(target_arch = "x86_64")]
fn scramble() {
    macro_rules! scrambler {
        ($name:ident, $features:literal, $ones:literal, $last:literal, $($register:tt)*) => {
            #[target_feature(enable = $features)]
            fn $name() {
                // SAFETY: it changes registers alone, and says which.
                unsafe {
                    std::arch::asm!(
                        "mov rax, -1", "mov rcx, -1", "mov rdx, -1", "mov rsi, -1", "mov rdi, -1",
                        "mov r8, -1", "mov r9, -1", "mov r10, -1", "mov r11, -1",
                        $(concat!($ones, $register, ", ", $register, ", ", $register, $last),)*
                        $(out($register) _,)*
                        out("rax") _, out("rcx") _, out("rdx") _, out("rsi") _, out("rdi") _,
                        out("r8") _, out("r9") _, out("r10") _, out("r11") _,
                    );
                }
            }
        };
    }
    scrambler!(of_256, "avx2", "vpcmpeqd ", "",
        "ymm0" "ymm1" "ymm2" "ymm3" "ymm4" "ymm5" "ymm6" "ymm7" "ymm8" "ymm9" "ymm10" "ymm11" "ymm12" "ymm13" "ymm14" "ymm15");
    scrambler!(of_512, "avx512f", "vpternlogd ", ", 255",
        "zmm16" "zmm17" "zmm18" "zmm19" "zmm20" "zmm21" "zmm22" "zmm23" "zmm24" "zmm25" "zmm26" "zmm27" "zmm28" "zmm29" "zmm30" "zmm31");
    scrambler!(of_masks, "avx512bw", "kxnorq ", "", "k1" "k2" "k3" "k4" "k5" "k6" "k7");
    if is_x86_feature_detected!("avx512bw") {
        // SAFETY: the processor has it, and what it came from.
        unsafe { of_512() };
        // SAFETY: as above.
        unsafe { of_masks() };
    }
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has it.
        unsafe { of_256() };
    }
}

/// Nothing is known of the registers.
#[cfg(not(target_arch = "x86_64"))]
fn scramble() {}

extern "C" fn allocate(host: *const HostTable, buffer: u32, shape: *const u64, zeroed: u32) -> i32 {
    let machine = machine(host);
    // SAFETY: the driver passes one length per axis, and these buffers have one axis.
    let len = unsafe { *shape };
    machine.log.push(format!("allocate {buffer}[{len}] {zeroed}"));
    let dtype = machine.lane.buffers[Buffer(buffer)].dtype;
    machine.arrays[buffer as usize] = Some(Array::zeros(dtype, len as usize));
    machine.describe(Buffer(buffer));
    0
}

extern "C" fn move_buffer(host: *const HostTable, to: u32, from: u32) -> i32 {
    let machine = machine(host);
    machine.log.push(format!("move {to} {from}"));
    machine.arrays[to as usize] = machine.arrays[from as usize].take();
    machine.describe(Buffer(to));
    0
}

extern "C" fn resize(host: *const HostTable, buffer: u32, length: u64) -> i32 {
    let machine = machine(host);
    machine.log.push(format!("resize {buffer} to {length}"));
    if machine.refuses_to_resize {
        return 1;
    }
    let array = machine.arrays[buffer as usize].as_mut().expect("the array is there");
    // Elsewhere, each time.
    let mut bytes = Vec::with_capacity(length as usize * array.dtype.size());
    bytes.extend(array.bytes.iter().take(bytes.capacity()));
    bytes.resize(length as usize * array.dtype.size(), 0);
    array.bytes = bytes;
    machine.describe(Buffer(buffer));
    scramble();
    0
}

extern "C" fn launch(host: *const HostTable, region: u32) -> i32 {
    let (code, lane) = (machine(host).code, machine(host).lane);
    let id = RegionId(region);
    if lane.regions[id].walk != lane::Walk::Once || machine(host).stop_at == Some(region) {
        return machine(host).launch(region);
    }
    // It may come back for more: nobody has the machine meanwhile.
    machine(host).log.push(format!("launch {region}"));
    let frame: *mut u64 = machine(host).frame.as_mut_ptr();
    let outputs = &lane.regions[id].outputs;
    let (mut partials, mut fault) = (vec![0; outputs.len()], FaultRecord::default());
    let range = Grid::new(&[], lane.regions[id].grain).block(0);
    // SAFETY: as in `run`; there is room for one word per output.
    let status =
        unsafe { code.regions[id.0 as usize].run_block(frame, &range, partials.as_mut_ptr(), &mut fault) };
    for (output, word) in outputs.iter().zip(partials) {
        machine(host).set(output.slot, word);
    }
    if status == abi::FAULT {
        machine(host).fault = fault;
    }
    (status != abi::OK) as i32
}

extern "C" fn call(host: *const HostTable, call: u32) -> i32 {
    machine(host).log.push(format!("call c{call}"));
    0
}

/// Compiles with every compiler and hands each result to a closure. What this processor cannot run is verified.
pub fn with_all(lane: &Lane, mut run: impl FnMut(&Code)) {
    fn compiled<T>(result: Result<T, CompileError>) -> T {
        result.unwrap_or_else(|error| match error {
            CompileError::Backend { message, clif } => panic!("{message}\n{clif}"),
            error => panic!("{error}"),
        })
    }
    for effort in [Effort::Quick, Effort::Thorough] {
        for compiler in COMPILERS.iter() {
            let code = compiled(compiler.compile(lane, effort));
            for region in &code.regions {
                assert_eq!(region.narrower(), None, "{}", compiler.isa());
            }
            run(&code);
        }
        for isa in Isa::ALL.into_iter().filter(|isa| !isa.is_available()) {
            compiled(verify(lane, isa, effort));
        }
    }
}
