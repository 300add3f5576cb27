//! Where random decisions come from: a seed, or the bytes that a fuzzer invents.

/// A source of decisions. The same source makes the same decisions again.
#[derive(Clone, Debug)]
pub struct Choices(Source);

#[derive(Clone, Debug)]
enum Source {
    /// The state of a xorshift64* generator.
    Generator(u64),
    /// Bytes, and how many have been used. After the last every decision is the first possible one.
    Bytes(Vec<u8>, usize),
}

impl Choices {
    /// Decisions that follow from a seed.
    pub fn seeded(seed: u64) -> Choices {
        Choices(Source::Generator(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1))
    }

    /// Decisions that follow from bytes.
    pub fn from_bytes(bytes: &[u8]) -> Choices {
        Choices(Source::Bytes(bytes.to_vec(), 0))
    }

    /// 32 random bits.
    pub fn bits(&mut self) -> u32 {
        match &mut self.0 {
            Source::Generator(state) => {
                *state ^= *state >> 12;
                *state ^= *state << 25;
                *state ^= *state >> 27;
                (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) as u32
            }
            Source::Bytes(bytes, used) => {
                let mut next = || {
                    *used += 1;
                    bytes.get(*used - 1).copied().unwrap_or(0)
                };
                u32::from_le_bytes([next(), next(), 0, 0])
            }
        }
    }

    /// A number below `n`, which is not zero.
    pub fn below(&mut self, n: usize) -> usize {
        self.bits() as usize % n
    }

    /// True once in so many times.
    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == n - 1
    }

    /// One of some things, of which there is at least one.
    pub fn pick<T: Copy>(&mut self, things: &[T]) -> T {
        things[self.below(things.len())]
    }
}
