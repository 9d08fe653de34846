//! Randomness as an argument.

/// Gives random bytes. Two implementations: the runtime's generator, and a seeded one for tests.
pub trait Entropy: Send + Sync {
    /// Fills `bytes` with random bytes; cryptographically strong outside tests.
    fn fill(&self, bytes: &mut [u8]);

    /// A number spread evenly over `0.0..1.0`.
    fn unit(&self) -> f64 {
        let mut bytes = [0_u8; 4];
        self.fill(&mut bytes);
        f64::from(u32::from_le_bytes(bytes)) / (f64::from(u32::MAX) + 1.0)
    }
}
