use super::lock;
use crate::bucket::{Bucket, BucketError};
use std::collections::BTreeMap;
use std::sync::Mutex;

/// A bucket in memory.
#[derive(Debug, Default)]
pub struct MemoryBucket {
    texts: Mutex<BTreeMap<String, String>>,
}

impl MemoryBucket {
    /// The keys that have a text.
    pub fn keys(&self) -> Vec<String> {
        lock(&self.texts).keys().cloned().collect()
    }
}

impl Bucket for MemoryBucket {
    async fn put(&self, key: &str, text: String) -> Result<(), BucketError> {
        lock(&self.texts).insert(key.to_owned(), text);
        Ok(())
    }

    async fn get(&self, key: &str) -> Result<Option<String>, BucketError> {
        Ok(lock(&self.texts).get(key).cloned())
    }

    async fn delete(&self, keys: Vec<String>) -> Result<(), BucketError> {
        lock(&self.texts).retain(|key, _| !keys.contains(key));
        Ok(())
    }
}
