//! Everything a use case reaches out to, as one argument.

use crate::bucket::Bucket;
use crate::clock::Clock;
use crate::database::Database;
use crate::entropy::Entropy;
use crate::log::Log;
use crate::queue::{Lane, Queue};
use crate::status_cache::StatusCache;
use crate::store::Store;

/// Where a use case stores, sends, caches, logs, and asks for time and randomness.
///
/// Two implementations: the bindings of a Worker, and the fakes of the tests.
pub trait Ports: Send + Sync {
    /// What the store runs on.
    type Database: Database;
    /// The job queues, the task queue and the dead-letter queue.
    type Queue: Queue;
    /// The cache of immutable job documents.
    type Cache: StatusCache;
    /// The bucket for large files.
    type Bucket: Bucket;
    /// The clock.
    type Clock: Clock;
    /// The source of randomness.
    type Entropy: Entropy;
    /// The log.
    type Log: Log;

    /// The store: the truth.
    fn store(&self) -> &Store<Self::Database>;
    /// The queue that carries the jobs of a lane.
    fn jobs(&self, lane: Lane) -> &Self::Queue;
    /// The queue that carries the steps of batches and replays.
    fn tasks(&self) -> &Self::Queue;
    /// The queue that carries word of dead letters.
    fn dead_letters(&self) -> &Self::Queue;
    /// The status cache.
    fn cache(&self) -> &Self::Cache;
    /// The bucket for large files; `None`: there is none, and they lie in the database.
    fn bucket(&self) -> Option<&Self::Bucket>;
    /// The clock.
    fn clock(&self) -> &Self::Clock;
    /// The source of randomness.
    fn entropy(&self) -> &Self::Entropy;
    /// The log.
    fn log(&self) -> &Self::Log;
}
