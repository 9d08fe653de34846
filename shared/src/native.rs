//! Adapters for a native process: what the tests run the domain on.

mod bucket;
mod clock;
mod entropy;
mod faults;
mod log;
mod ports;
mod queue;
mod sqlite;
mod status_cache;
mod transport;

pub use bucket::MemoryBucket;
pub use clock::ManualClock;
pub use entropy::SeededEntropy;
pub use faults::{Fault, FaultyDatabase};
pub use log::MemoryLog;
pub use ports::NativePorts;
pub use queue::MemoryQueue;
pub use sqlite::{MIGRATIONS, SqliteDatabase};
pub use status_cache::MemoryStatusCache;
pub use transport::{Scripted, ScriptedTransport};

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks, and goes on with the value when another thread panicked while it held the lock.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
