use crate::entropy::Entropy;

/// The runtime's cryptographic generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct WebCrypto;

impl Entropy for WebCrypto {
    fn fill(&self, bytes: &mut [u8]) {
        // Without a generator there are no ids and no keys: to go on would be to repeat them.
        if getrandom::getrandom(bytes).is_err() {
            std::process::abort();
        }
    }
}
