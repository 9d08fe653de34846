//! Where messages are sent.

/// The message was not taken. The row in the database is the promise; the sweep sends again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the queue did not take the message: {0}")]
pub struct QueueError(pub String);

/// Sends message bodies to one queue. Two implementations: Cloudflare Queues, and one in memory.
pub trait Queue: Send + Sync {
    /// Sends `bodies` (JSON text, at most 100), to be delivered at once, in any order, at least once.
    ///
    /// # Errors
    /// [`QueueError`] when some or all may not have been taken.
    fn send(&self, bodies: Vec<String>) -> impl Future<Output = Result<(), QueueError>> + Send;
}
