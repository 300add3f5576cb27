//! What compiled code and its caller exchange: function types, records, status codes.
//!
//! ```text
//! caller ── Driver(frame, host, fault) ──▶ driver
//!   ▲                                        │ host.allocate / host.move_buffer / host.resize / host.launch / host.call
//!   └──────────── host function ◀────────────┘
//!   └── RegionFn(frame, range, partials, fault) ──▶ one block of a region (any thread; one that runs once calls the host, too)
//! ```
//!
//! The frame is the row of 64-bit slots that [`parfuse_ir::lane::Frame`] lays out.

use parfuse_ir::grid::BlockRange;
use parfuse_ir::message::MOST_REPORTED;

/// The kernel's serial code.
///
/// # Safety
/// `frame` points to as many slots as the kernel's frame has, with key, scalar parameters and the slots of
/// all parameter buffers filled in; the described arrays are valid for what the kernel does to them; `host`
/// and `fault` are valid; if the program polls, the slot behind the frame holds the address of a byte; if regions call the host, the next one holds
/// what `host` is; and the
/// [`Code`](crate::Code) that gave this function is alive.
pub type Driver =
    unsafe extern "C" fn(frame: *mut u64, host: *const HostTable, fault: *mut FaultRecord) -> i32;

/// One block of a region. Writes one partial result per reduction (zero-extended bits), unless it fails.
///
/// # Safety
/// As for [`Driver`]; the slots that the region reads are filled in, `range` lies within the extents in the
/// frame, and `partials` has room for one word per reduction of the region. One that calls the host writes to the frame through it.
pub type RegionFn = unsafe extern "C" fn(
    frame: *const u64,
    range: *const BlockRange,
    partials: *mut u64,
    fault: *mut FaultRecord,
) -> i32;

/// Status: everything was done.
pub const OK: i32 = 0;
/// Status: a check failed, and the fault record says which.
pub const FAULT: i32 = 1;
/// Status: a host function returned nonzero.
pub const STOPPED: i32 = 2;
/// Status: the byte that [`Frame::stop`](parfuse_ir::lane::Frame::stop) leads to was not zero.
pub const CANCELLED: i32 = 3;

/// What serial code asks of its caller. Each function gets the table's own address first, so that a caller
/// can put the table at the head of a larger structure; each returns zero, or nonzero to stop the driver.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct HostTable {
    /// Makes a local buffer with this shape (one word per axis) and fills in its slots in the frame.
    pub allocate: extern "C" fn(host: *const HostTable, buffer: u32, shape: *const u64, zeroed: u32) -> i32,
    /// Hands the array of buffer `from` to buffer `to` and updates the slots of both.
    pub move_buffer: extern "C" fn(host: *const HostTable, to: u32, from: u32) -> i32,
    /// Gives the array of a buffer another length along its first axis, and updates its slots.
    pub resize: extern "C" fn(host: *const HostTable, buffer: u32, length: u64) -> i32,
    /// Runs all blocks of a region and leaves the totals of its reductions in the frame.
    pub launch: extern "C" fn(host: *const HostTable, region: u32) -> i32,
    /// Calls a function outside of compiled code, by the number of its [`CallId`](parfuse_ir::lane::CallId): its scalars stand
    /// in the frame.
    pub call: extern "C" fn(host: *const HostTable, call: u32) -> i32,
}

/// Which check failed, and where.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct FaultRecord {
    /// The number of the [`FaultId`](parfuse_ir::lane::FaultId).
    pub fault: u32,
    /// The row-major position in the region's space, or what the check says; else, in the driver,
    /// [`FaultRecord::NOWHERE`]. In a region's
    /// prologue it is the first element of the row segment.
    pub iteration: u64,
    /// The values reported with it, as far as it has any.
    pub args: [u64; MOST_REPORTED],
}

impl FaultRecord {
    /// The iteration of a check that stands outside all regions.
    pub const NOWHERE: u64 = u64::MAX;
}
