use super::Meter;
use crate::status_cache::{CacheError, StatusCache, TIME_TO_LIVE};
use std::sync::Arc;
use worker::KvStore;
use worker::send::SendFuture;

/// Workers KV.
#[derive(Debug)]
pub struct Kv {
    store: KvStore,
    meter: Arc<Meter>,
}

impl Kv {
    /// The store behind a binding; its operations are counted on `meter`.
    #[must_use]
    pub const fn new(store: KvStore, meter: Arc<Meter>) -> Self {
        Self { store, meter }
    }
}

impl StatusCache for Kv {
    fn get(&self, key: &str) -> impl Future<Output = Result<Option<String>, CacheError>> + Send {
        self.meter.count_cache_read();
        SendFuture::new(async move {
            self.store
                .get(key)
                .text()
                .await
                .map_err(|error| CacheError(error.to_string()))
        })
    }

    fn put(&self, key: &str, text: String) -> impl Future<Output = Result<(), CacheError>> + Send {
        self.meter.count_cache_write();
        SendFuture::new(async move {
            let put = self
                .store
                .put(key, text)
                .map_err(|error| CacheError(error.to_string()))?;
            put.expiration_ttl(TIME_TO_LIVE.as_secs())
                .execute()
                .await
                .map_err(|error| CacheError(error.to_string()))
        })
    }
}
