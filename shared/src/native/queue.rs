use super::lock;
use crate::queue::{Backlog, Queue, QueueError};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// A queue that keeps what was sent until it is taken.
#[derive(Debug, Default)]
pub struct MemoryQueue {
    bodies: Mutex<Vec<String>>,
    delays: Mutex<Vec<u32>>,
    backlog: Mutex<Option<Backlog>>,
    broken: AtomicBool,
}

impl MemoryQueue {
    /// Takes everything sent so far, in order.
    pub fn take(&self) -> Vec<String> {
        lock(&self.delays).clear();
        std::mem::take(&mut *lock(&self.bodies))
    }

    /// The delays in seconds of the messages that [`MemoryQueue::take`] would give, in order.
    pub fn delays(&self) -> Vec<u32> {
        lock(&self.delays).clone()
    }

    /// What the queue says about itself from now on.
    pub fn set_backlog(&self, backlog: Option<Backlog>) {
        *lock(&self.backlog) = backlog;
    }

    /// From now on every send fails, or no longer.
    pub fn set_broken(&self, broken: bool) {
        self.broken.store(broken, Ordering::Relaxed);
    }
}

impl Queue for MemoryQueue {
    async fn send(&self, bodies: Vec<String>, delay_seconds: u32) -> Result<(), QueueError> {
        if self.broken.load(Ordering::Relaxed) {
            return Err(QueueError("Too Many Requests".to_owned()));
        }
        lock(&self.delays).extend(bodies.iter().map(|_| delay_seconds));
        lock(&self.bodies).extend(bodies);
        Ok(())
    }

    async fn backlog(&self) -> Option<Backlog> {
        *lock(&self.backlog)
    }
}
