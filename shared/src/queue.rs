//! Where messages are sent.

use crate::clock::Instant;
use crate::log::{Event, Log};
use crate::ports::Ports;

/// By which queue a job's message goes. Those of bulk work never stand before a job that somebody
/// waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lane {
    /// A job that was submitted, or replayed, by itself.
    Single,
    /// One of many: a job of a batch, or of a replay of many letters.
    Bulk,
}

impl Lane {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Single, Self::Bulk];

    /// The lane that a job's column `bulk` names.
    #[must_use]
    pub const fn of(bulk: bool) -> Self {
        if bulk { Self::Bulk } else { Self::Single }
    }

    /// The lane's queue, as the log names it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Single => "jobs",
            Self::Bulk => "bulk_jobs",
        }
    }
}

/// The message was not taken. The row in the database is the promise; the sweep sends again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the queue did not take the message: {0}")]
pub struct QueueError(pub String);

/// What waits in a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backlog {
    /// Messages that were not acknowledged yet.
    pub messages: u64,
    /// When the oldest of them was sent; `None` when there is none, or the platform does not say.
    pub oldest_at: Option<Instant>,
}

/// Sends message bodies to one queue. Two implementations: Cloudflare Queues, and one in memory.
pub trait Queue: Send + Sync {
    /// Sends `bodies` (JSON text), to be delivered `delay_seconds` from now or later (at most a
    /// day), in any order, at least once.
    ///
    /// # Errors
    /// [`QueueError`] when some or all may not have been taken.
    fn send(
        &self,
        bodies: Vec<String>,
        delay_seconds: u32,
    ) -> impl Future<Output = Result<(), QueueError>> + Send;

    /// What waits in the queue; `None` when the platform does not tell.
    fn backlog(&self) -> impl Future<Output = Option<Backlog>> + Send;
}

/// Logs that messages were not taken. `queue` is `jobs`, `bulk_jobs`, `tasks` or `dead_letters`.
pub(crate) fn log_send_failed(
    ports: &impl Ports,
    queue: &'static str,
    messages: usize,
    error: &QueueError,
) {
    ports.log().write(
        Event::new("send_failed")
            .with("queue", queue)
            .with("messages", messages)
            .with("error.message", error.0.as_str()),
    );
}
