//! The cache of immutable job documents.
//!
//! It holds only states that can never change ([`JobState::is_immutable`]), written after the
//! database: a hit is never stale, and a miss or a failure falls through to the database.
//!
//! [`JobState::is_immutable`]: crate::job::JobState::is_immutable

use crate::document::JobDocument;
use crate::ids::{JobId, TenantId};
use crate::log::{Event, Log};
use crate::ports::Ports;
use std::time::Duration;

/// How long a document stays cached: less than the day for which every payload is kept at least,
/// so that no cached document outlives what it repeats ([`crate::retention`]).
pub const TIME_TO_LIVE: Duration = Duration::from_hours(23);

/// The cache did not answer. Never shown to a client: the database is asked instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the status cache did not answer: {0}")]
pub struct CacheError(pub String);

/// Keeps text under a key. Two implementations: Workers KV, and one in memory.
pub trait StatusCache: Send + Sync {
    /// The text under `key`, or `None`.
    ///
    /// # Errors
    /// [`CacheError`]: ask the database.
    fn get(&self, key: &str) -> impl Future<Output = Result<Option<String>, CacheError>> + Send;

    /// Puts `text` under `key` for [`TIME_TO_LIVE`].
    ///
    /// # Errors
    /// [`CacheError`]: go on without; the database answers.
    fn put(&self, key: &str, text: String) -> impl Future<Output = Result<(), CacheError>> + Send;
}

/// The key of a job's document. It begins with the tenant, so a foreign id finds nothing.
#[must_use]
pub fn key(tenant: &TenantId, job: &JobId) -> String {
    format!("job:{tenant}:{job}")
}

/// Puts the document of a job whose state can never change into the cache; others are passed over.
/// Best effort: what fails is logged, and the database answers as well.
pub(crate) async fn remember<P: Ports>(ports: &P, tenant: &TenantId, document: &JobDocument) {
    let Some((key, text)) = document.cache_entry(tenant) else {
        return;
    };
    if let Err(error) = ports.cache().put(&key, text).await {
        ports.log().write(
            Event::new("status_cache_failed")
                .with("job.id", document.job_id.as_str())
                .with("error.message", error.0),
        );
    }
}
