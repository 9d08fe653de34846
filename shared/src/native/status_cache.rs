use super::lock;
use crate::status_cache::{CacheError, StatusCache};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// A cache in memory that never forgets.
#[derive(Debug, Default)]
pub struct MemoryStatusCache {
    entries: Mutex<BTreeMap<String, String>>,
    broken: AtomicBool,
}

impl MemoryStatusCache {
    /// Everything cached, by key.
    pub fn entries(&self) -> BTreeMap<String, String> {
        lock(&self.entries).clone()
    }

    /// From now on every call fails, or no longer.
    pub fn set_broken(&self, broken: bool) {
        self.broken.store(broken, Ordering::Relaxed);
    }

    fn check(&self) -> Result<(), CacheError> {
        if self.broken.load(Ordering::Relaxed) {
            Err(CacheError("KV GET failed: 503".to_owned()))
        } else {
            Ok(())
        }
    }
}

impl StatusCache for MemoryStatusCache {
    async fn get(&self, key: &str) -> Result<Option<String>, CacheError> {
        self.check()?;
        Ok(lock(&self.entries).get(key).cloned())
    }

    async fn put(&self, key: &str, text: String) -> Result<(), CacheError> {
        self.check()?;
        lock(&self.entries).insert(key.to_owned(), text);
        Ok(())
    }
}
