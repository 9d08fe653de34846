use super::lock;
use crate::entropy::Entropy;
use std::sync::Mutex;

/// Pseudo-random bytes from a seed (`SplitMix64`): the same seed gives the same bytes. Not for secrets.
#[derive(Debug)]
pub struct SeededEntropy(Mutex<u64>);

impl SeededEntropy {
    /// A generator that begins at `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(Mutex::new(seed))
    }

    fn next(state: &mut u64) -> [u8; 8] {
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = *state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)).to_le_bytes()
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        let mut state = lock(&self.0);
        for chunk in bytes.chunks_mut(8) {
            for (byte, random) in chunk.iter_mut().zip(Self::next(&mut state)) {
                *byte = random;
            }
        }
    }
}
