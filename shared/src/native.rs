//! Adapters for a native process: what the tests run the domain on.

mod clock;
mod entropy;
mod log;
mod queue;
mod sqlite;
mod status_cache;

pub use clock::ManualClock;
pub use entropy::SeededEntropy;
pub use log::MemoryLog;
pub use queue::MemoryQueue;
pub use sqlite::SqliteDatabase;
pub use status_cache::MemoryStatusCache;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks, and goes on with the value when another thread panicked while it held the lock.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
