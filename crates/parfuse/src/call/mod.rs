//! One call of a compiled kernel.
//!
//! ```text
//! arguments ──► frame ──► driver (machine code) ──► results
//!                          │  allocate, move, launch        three callbacks into the host
//!                          ▼
//!                        region (machine code), block by block, on the caller or the pool; each block takes
//!                        the best code that there is by then
//! ```
//!
//! Three rooms: `frame` binds arguments, `host` serves what machine code asks for, `enter` is where machine code is
//! entered and calls back, alone with what is unsafe in that. `results` hands out what the call gives.

mod enter;
mod frame;
mod host;
mod results;

pub(crate) use frame::CallFrame;
pub use results::{Output, Outputs};

use crate::argument::{Binder, Offers};
use crate::core::Core;
use crate::error::{Error, Place};
use crate::specialise::Specialisation;
use host::Host;
use parfuse_runtime::Workers;

/// Frames of up to this many slots need no allocation.
const SHORT_FRAME: usize = 96;

/// Runs a kernel and, if it succeeds, hands its results to `take`. `workers`, if given, says where parallel regions run;
/// it is asked only when one is worth it.
pub(crate) fn call(
    core: &Core,
    kernel: &Specialisation,
    binder: &Binder<'_>,
    offers: &Offers,
    key: u64,
    workers: Option<&dyn Fn() -> Workers>,
    take: &mut dyn FnMut(&mut Outputs<'_>),
) -> Result<(), Error> {
    let slots = kernel.lane.frame.len();
    let mut short: [u64; SHORT_FRAME];
    let mut long;
    let slots = match slots <= SHORT_FRAME {
        true => {
            short = [0; SHORT_FRAME];
            &mut short[..slots]
        }
        false => {
            long = host::words(slots, Place::default)?;
            &mut long[..]
        }
    };
    let frame = CallFrame::new(&kernel.lane.frame, slots);
    frame.bind(kernel, binder, key);
    let mut host = Host::new(core, kernel, frame, offers, workers);
    let finished = enter::run_driver(&mut host)?;
    take(&mut Outputs { kernel, frame, storage: &mut host.storage, finished, next: 0 });
    Ok(())
}
