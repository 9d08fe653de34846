use super::lock;
use crate::queue::{Queue, QueueError};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// A queue that keeps what was sent until it is taken.
#[derive(Debug, Default)]
pub struct MemoryQueue {
    bodies: Mutex<Vec<String>>,
    broken: AtomicBool,
}

impl MemoryQueue {
    /// Takes everything sent so far, in order.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *lock(&self.bodies))
    }

    /// From now on every send fails, or no longer.
    pub fn set_broken(&self, broken: bool) {
        self.broken.store(broken, Ordering::Relaxed);
    }
}

impl Queue for MemoryQueue {
    async fn send(&self, bodies: Vec<String>) -> Result<(), QueueError> {
        if self.broken.load(Ordering::Relaxed) {
            return Err(QueueError("Too Many Requests".to_owned()));
        }
        lock(&self.bodies).extend(bodies);
        Ok(())
    }
}
