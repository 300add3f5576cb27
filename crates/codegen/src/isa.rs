//! Which instructions compiled code is made of.

use crate::wide::Target;
use std::fmt;
use std::str::FromStr;

/// Which instructions compiled code is made of. Results do not depend on it, to the last bit; times do.
///
/// What a processor lacks is never used: an engine that is asked for more takes the best there is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Isa {
    /// What every processor of the architecture has, in registers of 128 bits.
    Baseline,
    /// All that this processor has, in registers of 128 bits.
    Native128,
    /// AVX2 and FMA: registers of 256 bits.
    Avx2,
    /// AVX-512 with registers of 256 bits: twice as many of them as AVX2 has, and masks.
    Avx512At256,
    /// AVX-512: registers of 512 bits.
    Avx512,
}

impl Isa {
    /// All of them, the least first.
    pub const ALL: [Isa; 5] = [Isa::Baseline, Isa::Native128, Isa::Avx2, Isa::Avx512At256, Isa::Avx512];

    /// The best that this processor has.
    pub fn best() -> Isa {
        *Isa::ALL.iter().rev().find(|isa| isa.is_available()).expect("the first always is")
    }

    /// Whether this processor has it.
    pub fn is_available(self) -> bool {
        match self {
            Isa::Baseline | Isa::Native128 => true,
            // The functions follow the calling convention of System V.
            #[cfg(all(target_arch = "x86_64", unix))]
            Isa::Avx2 => {
                is_x86_feature_detected!("avx2")
                    && is_x86_feature_detected!("fma")
                    && is_x86_feature_detected!("bmi2")
            }
            #[cfg(all(target_arch = "x86_64", unix))]
            Isa::Avx512At256 | Isa::Avx512 => {
                Isa::Avx2.is_available()
                    && is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512vl")
            }
            #[cfg(not(all(target_arch = "x86_64", unix)))]
            _ => false,
        }
    }

    /// This one, or the best that is less and that this processor has.
    pub fn or_available(self) -> Isa {
        *Isa::ALL.iter().rev().find(|isa| **isa <= self && isa.is_available()).expect("the first always is")
    }

    /// The name: `baseline`, `native128`, `avx2`, `avx512at256`, `avx512`.
    pub fn name(self) -> &'static str {
        match self {
            Isa::Baseline => "baseline",
            Isa::Native128 => "native128",
            Isa::Avx2 => "avx2",
            Isa::Avx512At256 => "avx512at256",
            Isa::Avx512 => "avx512",
        }
    }

    /// The bits of its vector registers.
    pub fn bits(self) -> usize {
        self.wide().map_or(128, |target| 8 * target.length().bytes())
    }

    /// For which target the wide emitter works, if it does.
    pub(crate) fn wide(self) -> Option<Target> {
        match self {
            Isa::Baseline | Isa::Native128 => None,
            Isa::Avx2 => Some(Target::Avx2),
            Isa::Avx512At256 => Some(Target::Avx512At256),
            Isa::Avx512 => Some(Target::Avx512),
        }
    }
}

impl Default for Isa {
    /// The best that this processor has.
    fn default() -> Isa {
        Isa::best()
    }
}

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A name that is none of an [`Isa`].
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no instruction set {0:?}; there are baseline, native128, avx2, avx512at256 and avx512")]
pub struct UnknownIsa(String);

/// What [`Display`](fmt::Display) says, for `unwrap` and a `main` that returns the error print this.
impl fmt::Debug for UnknownIsa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Isa {
    type Err = UnknownIsa;

    fn from_str(name: &str) -> Result<Isa, UnknownIsa> {
        Isa::ALL.into_iter().find(|isa| isa.name() == name).ok_or_else(|| UnknownIsa(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_again() {
        for isa in Isa::ALL {
            assert_eq!(isa.name().parse(), Ok(isa));
        }
        assert!("sse".parse::<Isa>().is_err());
    }

    #[test]
    fn what_is_asked_for_is_never_exceeded() {
        for isa in Isa::ALL {
            assert!(isa.or_available() <= isa && isa.or_available().is_available());
        }
        assert_eq!(Isa::Baseline.or_available(), Isa::Baseline);
        assert_eq!(Isa::Avx512.or_available(), Isa::best());
    }
}
