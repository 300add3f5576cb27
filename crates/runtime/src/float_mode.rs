//! The mode in which floats are computed: rounding to nearest, subnormal numbers kept, no traps.
//!
//! ```text
//! a thread of a program built with -ffast-math:   flush to zero ── call: standard ── flush to zero
//! ```
//!
//! The mode belongs to the thread, and Rust takes the standard one for granted. Libraries built otherwise leave another
//! behind, with which results would be others, and others on each thread.
//!
//! One of the rooms where `unsafe` lives: the control register is read and written by instructions that Rust has no
//! functions for. On processors other than x86-64 and AArch64 nothing is done.
#![allow(unsafe_code)]

use std::marker::PhantomData;

/// The standard mode, on this thread, until it is dropped: then what was before.
#[derive(Debug)]
pub struct FloatMode {
    /// What the control register held, if that was another mode.
    before: Option<Control>,
    /// It belongs to the thread.
    _here: PhantomData<*const ()>,
}

impl FloatMode {
    /// Sees to it that floats are computed in the standard mode.
    #[inline]
    pub fn standard() -> FloatMode {
        let found = control();
        let differs = found & MODE != STANDARD;
        if differs {
            set_control(STANDARD);
        }
        FloatMode { before: differs.then_some(found), _here: PhantomData }
    }
}

impl Drop for FloatMode {
    #[inline]
    fn drop(&mut self) {
        if let Some(before) = self.before {
            set_control(before);
        }
    }
}

#[cfg(target_arch = "x86_64")]
use mxcsr::{Control, MODE, STANDARD, control, set_control};

#[cfg(target_arch = "x86_64")]
mod mxcsr {
    use std::arch::asm;

    pub type Control = u32;
    /// All but the flags that say what has happened.
    pub const MODE: Control = 0xffc0;
    /// Exceptions are masked, everything else is off.
    pub const STANDARD: Control = 0x1f80;

    #[inline]
    pub fn control() -> Control {
        let mut word = 0;
        // SAFETY: stores the register, 32 bits, in `word`; every x86-64 processor has it.
        unsafe { asm!("stmxcsr [{}]", in(reg) &mut word, options(nostack, preserves_flags)) };
        word
    }

    #[inline]
    pub fn set_control(word: Control) {
        // SAFETY: the word was read from the register or is `STANDARD`, so no reserved bit is set. What compiled Rust
        // expects of the mode is what `STANDARD` gives; the other modes were there before this thread came here.
        unsafe { asm!("ldmxcsr [{}]", in(reg) &word, options(nostack, preserves_flags, readonly)) };
    }
}

#[cfg(target_arch = "aarch64")]
use fpcr::{Control, MODE, STANDARD, control, set_control};

#[cfg(target_arch = "aarch64")]
mod fpcr {
    use std::arch::asm;

    pub type Control = u64;
    pub const MODE: Control = !0;
    /// No traps, no flushing, rounding to nearest.
    pub const STANDARD: Control = 0;

    #[inline]
    pub fn control() -> Control {
        let word;
        // SAFETY: reads a register that every program may read.
        unsafe { asm!("mrs {}, fpcr", out(reg) word, options(nomem, nostack, preserves_flags)) };
        word
    }

    #[inline]
    pub fn set_control(word: Control) {
        // SAFETY: the word was read from the register or is `STANDARD`, which is what compiled Rust expects.
        unsafe { asm!("msr fpcr, {}", in(reg) word, options(nostack, preserves_flags)) };
    }
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
use unknown::{Control, MODE, STANDARD, control, set_control};

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
mod unknown {
    pub type Control = u8;
    pub const MODE: Control = 0;
    pub const STANDARD: Control = 0;

    pub fn control() -> Control {
        STANDARD
    }

    pub fn set_control(_: Control) {}
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::*;

    /// Flush to zero, subnormal operands are zeros, rounding up.
    const UNUSUAL: Control = STANDARD | 1 << 15 | 1 << 6 | 2 << 13;

    #[test]
    fn the_mode_before_comes_back() {
        set_control(UNUSUAL);
        {
            let _outer = FloatMode::standard();
            assert_eq!(control() & MODE, STANDARD);
            drop(FloatMode::standard());
            assert_eq!(control() & MODE, STANDARD);
        }
        let found = control();
        set_control(STANDARD);
        assert_eq!(found & MODE, UNUSUAL);
    }

    #[test]
    fn panics_bring_it_back_too() {
        set_control(UNUSUAL);
        let result = std::panic::catch_unwind(|| {
            let _mode = FloatMode::standard();
            std::panic::resume_unwind(Box::new(()));
        });
        let found = control();
        set_control(STANDARD);
        assert!(result.is_err() && found & MODE == UNUSUAL);
    }
}
