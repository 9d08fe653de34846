//! Keys that were looked up a moment ago, kept in the memory of the isolate.

use redrive_shared::access::{KeyHash, KeyRecord};
use redrive_shared::clock::Instant;
use redrive_shared::ids::KeyId;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How long a key may be used without asking the database, in milliseconds: a revocation takes
/// effect everywhere within this time, and so does another list of a tenant's default providers.
const TIME_TO_LIVE_MS: i64 = 5_000;

/// The most keys kept.
const CAPACITY: usize = 1_000;

/// Keys by their hash. Only keys that exist are kept: a new key works at once.
#[derive(Debug, Default)]
pub struct KeyCache(Mutex<HashMap<KeyHash, Entry>>);

#[derive(Debug)]
struct Entry {
    record: KeyRecord,
    fetched_at: Instant,
}

impl Entry {
    /// Also false when the clock went back, so that no entry lives longer for it.
    fn is_fresh(&self, now: Instant) -> bool {
        (0..TIME_TO_LIVE_MS).contains(&now.millis_since(self.fetched_at))
    }
}

impl KeyCache {
    /// The key with this hash, if it was looked up less than five seconds before `now`.
    pub(crate) fn get(&self, hash: &KeyHash, now: Instant) -> Option<KeyRecord> {
        self.entries()
            .get(hash)
            .filter(|entry| entry.is_fresh(now))
            .map(|entry| entry.record.clone())
    }

    /// Keeps a key that was looked up at `now`.
    pub(crate) fn put(&self, hash: KeyHash, record: KeyRecord, now: Instant) {
        let mut entries = self.entries();
        if entries.len() >= CAPACITY {
            entries.retain(|_, entry| entry.is_fresh(now));
        }
        if entries.len() < CAPACITY {
            entries.insert(
                hash,
                Entry {
                    record,
                    fetched_at: now,
                },
            );
        }
    }

    /// Forgets a key that was revoked here.
    pub(crate) fn forget(&self, key: &KeyId) {
        self.entries().retain(|_, entry| entry.record.id != *key);
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<KeyHash, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use redrive_shared::access::{ApiKey, KeyHashSecret, Scope, Scopes};
    use redrive_shared::ids::TenantId;
    use redrive_shared::native::SeededEntropy;
    use std::sync::Arc;

    const NOW: Instant = Instant::from_millis(1_795_258_517_372);

    fn key(entropy: &SeededEntropy) -> (KeyHash, KeyRecord) {
        let secret = KeyHashSecret::new(&"s".repeat(32)).expect("it is long enough");
        let record = KeyRecord {
            id: KeyId::new(NOW, entropy),
            tenant_id: TenantId::new(NOW, entropy),
            scopes: Scopes::new([Scope::JobsRead]).expect("not empty"),
            expires_at: None,
            revoked_at: None,
            default_providers: Arc::from([]),
        };
        (ApiKey::generate(entropy).hash(&secret), record)
    }

    #[test]
    fn a_full_cache_makes_room_of_what_is_stale_only() {
        let cache = KeyCache::default();
        let entropy = SeededEntropy::new(1);
        for _ in 0..CAPACITY {
            let (hash, record) = key(&entropy);
            cache.put(hash, record, NOW);
        }
        let (hash, record) = key(&entropy);
        cache.put(hash.clone(), record.clone(), NOW);
        assert_eq!(cache.get(&hash, NOW), None);
        assert_eq!(cache.entries().len(), CAPACITY);

        let later = NOW.plus_millis(TIME_TO_LIVE_MS);
        cache.put(hash.clone(), record.clone(), later);
        assert_eq!(cache.get(&hash, later), Some(record));
        assert_eq!(cache.entries().len(), 1);
    }

    #[test]
    fn a_clock_that_goes_back_does_not_lengthen_the_life_of_a_key() {
        let cache = KeyCache::default();
        let (hash, record) = key(&SeededEntropy::new(1));
        cache.put(hash.clone(), record, NOW);
        assert_eq!(cache.get(&hash, NOW.plus_millis(-1)), None);
    }
}
