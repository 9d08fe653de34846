//! Randomness and time of this machine.

use std::time::{SystemTime, UNIX_EPOCH};

use redrive_shared::clock::Instant;
use redrive_shared::entropy::Entropy;
use uuid::Builder;

/// The operating system's generator.
pub(crate) struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        // Without a generator the bytes stay as they are: what they are for here, jitter and the low
        // bits of names that also hold the time, is no secret.
        getrandom::getrandom(bytes).unwrap_or_default();
    }
}

/// The present time by this machine's clock.
pub(crate) fn now() -> Instant {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Instant::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// A new name for one request, however often it is sent: a UUID v7.
pub(crate) fn new_idempotency_key() -> String {
    let mut random = [0; 10];
    SystemEntropy.fill(&mut random);
    let millis = u64::try_from(now().as_millis()).unwrap_or_default();
    Builder::from_unix_timestamp_millis(millis, &random)
        .into_uuid()
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_version_7_and_differ() {
        let keys = [new_idempotency_key(), new_idempotency_key()];
        assert_ne!(keys[0], keys[1]);
        let version = uuid::Uuid::parse_str(&keys[0]).unwrap().get_version_num();
        assert_eq!(version, 7);
    }
}
