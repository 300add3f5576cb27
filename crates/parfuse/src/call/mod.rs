//! One call of a compiled kernel.
//!
//! ```text
//! arguments ──► frame ──► driver (machine code) ──► results
//!                          │  allocate, move, launch, call  four callbacks into the host
//!                          ▼
//!                        region (machine code), block by block, on the caller or the pool; each block takes
//!                        the best code that there is by then
//! ```
//!
//! Three rooms: `frame` binds arguments, `host` serves what machine code asks for, `enter` is where machine code is
//! entered and calls back, alone with what is unsafe in that. `outside` calls functions of the user's. `results` hands out what the call gives.

mod enter;
mod frame;
mod host;
mod outside;
mod results;

pub(crate) use enter::{Passed, buffer_of_parts, viewed, viewed_mut};
pub(crate) use frame::CallFrame;
pub use results::{Elements, Output, Outputs};

use crate::argument::{Binder, Offers};
use crate::core::Core;
use crate::error::{Error, Place};
use crate::options::Workers;
use crate::specialise::Specialisation;
use host::Host;
use parfuse_runtime::{CancelToken, Progress};

/// Frames of up to this many slots, which are those of most kernels, are cleared in no time.
const TINY_FRAME: usize = 24;

/// Frames of up to this many slots need no allocation.
const SHORT_FRAME: usize = 96;

/// What a call needs.
pub(crate) struct Request<'c> {
    pub(crate) core: &'c Core,
    pub(crate) kernel: &'c Specialisation,
    pub(crate) binder: &'c Binder<'c>,
    /// The caller's arrays for results.
    pub(crate) offers: &'c Offers,
    /// Of the random numbers.
    pub(crate) key: u64,
    /// Whether blocks of parallel regions draw by keys of the threads that compute them instead.
    pub(crate) own_keys: bool,
    /// Where parallel regions run, if not on the calling thread. Asked only when one is worth it.
    pub(crate) workers: Option<&'c Workers<'c>>,
    /// What may stop the call: if there is any, the kernel polls.
    pub(crate) stop: Option<&'c CancelToken>,
    /// Where to show how far it has come.
    pub(crate) progress: Option<&'c Progress>,
}

/// Runs a kernel and, if it succeeds, hands its results to `take`.
pub(crate) fn call(request: &Request<'_>, take: &mut dyn FnMut(&mut Outputs<'_>)) -> Result<(), Error> {
    let kernel = request.kernel;
    let _progress = request.progress.map(|progress| progress.begin(kernel.launches()));
    let slots = kernel.lane.frame.whole_len();
    let (mut tiny, mut short, mut long);
    let slots: &mut [u64] = match slots {
        n if n <= TINY_FRAME => {
            tiny = [0; TINY_FRAME];
            &mut tiny[..slots]
        }
        n if n <= SHORT_FRAME => {
            short = [0; SHORT_FRAME];
            &mut short[..slots]
        }
        _ => {
            long = host::words(slots, Place::default)?;
            &mut long
        }
    };
    let frame = CallFrame::new(&kernel.lane.frame, slots);
    frame.bind(request);
    let mut host = Host::new(request, frame);
    host.accept_offers();
    let finished = enter::run_driver(&mut host)?;
    take(&mut Outputs { kernel, frame, storage: &mut host.storage, finished, next: 0 });
    Ok(())
}
