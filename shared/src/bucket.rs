//! A bucket for the text of large files, where the deployment has one.

/// The bucket did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the bucket failed: {0}")]
pub struct BucketError(pub String);

/// Keeps texts by key. Two implementations: Cloudflare R2, and one in memory.
pub trait Bucket: Send + Sync {
    /// Keeps `text` under `key`, in place of what was there.
    ///
    /// # Errors
    /// [`BucketError`]: it may be kept or not. Repeating is safe.
    fn put(&self, key: &str, text: String) -> impl Future<Output = Result<(), BucketError>> + Send;

    /// The text under `key`; `None`: there is none.
    ///
    /// # Errors
    /// [`BucketError`].
    fn get(&self, key: &str) -> impl Future<Output = Result<Option<String>, BucketError>> + Send;

    /// Forgets what is under `keys`, at most 1,000 of them; those without a text as well.
    ///
    /// # Errors
    /// [`BucketError`]: some may be left. Repeating is safe.
    fn delete(&self, keys: Vec<String>) -> impl Future<Output = Result<(), BucketError>> + Send;
}
