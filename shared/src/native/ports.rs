use super::{ManualClock, MemoryBucket, MemoryLog, MemoryQueue, MemoryStatusCache, SeededEntropy};
use crate::clock::Instant;
use crate::database::Database;
use crate::ports::Ports;
use crate::queue::Lane;
use crate::store::Store;

/// Every port of a native process, each open to the test that made it.
#[derive(Debug)]
pub struct NativePorts<D> {
    /// The store.
    pub store: Store<D>,
    /// The queue of single jobs.
    pub jobs: MemoryQueue,
    /// The queue of bulk jobs.
    pub bulk_jobs: MemoryQueue,
    /// The task queue.
    pub tasks: MemoryQueue,
    /// The dead-letter queue.
    pub dead_letters: MemoryQueue,
    /// The status cache.
    pub cache: MemoryStatusCache,
    /// The bucket, if the test gives one.
    pub bucket: Option<MemoryBucket>,
    /// The clock.
    pub clock: ManualClock,
    /// The source of randomness.
    pub entropy: SeededEntropy,
    /// The log.
    pub log: MemoryLog,
}

impl<D: Database> NativePorts<D> {
    /// Ports over `database`, at `now`, with randomness from `seed`.
    pub fn new(database: D, now: Instant, seed: u64) -> Self {
        Self {
            store: Store::new(database),
            jobs: MemoryQueue::default(),
            bulk_jobs: MemoryQueue::default(),
            tasks: MemoryQueue::default(),
            dead_letters: MemoryQueue::default(),
            cache: MemoryStatusCache::default(),
            bucket: None,
            clock: ManualClock::at(now),
            entropy: SeededEntropy::new(seed),
            log: MemoryLog::default(),
        }
    }
}

impl<D: Database> Ports for NativePorts<D> {
    type Database = D;
    type Queue = MemoryQueue;
    type Cache = MemoryStatusCache;
    type Bucket = MemoryBucket;
    type Clock = ManualClock;
    type Entropy = SeededEntropy;
    type Log = MemoryLog;

    fn store(&self) -> &Store<D> {
        &self.store
    }
    fn jobs(&self, lane: Lane) -> &MemoryQueue {
        match lane {
            Lane::Single => &self.jobs,
            Lane::Bulk => &self.bulk_jobs,
        }
    }
    fn tasks(&self) -> &MemoryQueue {
        &self.tasks
    }
    fn dead_letters(&self) -> &MemoryQueue {
        &self.dead_letters
    }
    fn cache(&self) -> &MemoryStatusCache {
        &self.cache
    }
    fn bucket(&self) -> Option<&MemoryBucket> {
        self.bucket.as_ref()
    }
    fn clock(&self) -> &ManualClock {
        &self.clock
    }
    fn entropy(&self) -> &SeededEntropy {
        &self.entropy
    }
    fn log(&self) -> &MemoryLog {
        &self.log
    }
}
