use super::lock;
use crate::log::{Event, Log};
use std::sync::Mutex;

/// A log that keeps its lines.
#[derive(Debug, Default)]
pub struct MemoryLog(Mutex<Vec<String>>);

impl MemoryLog {
    /// The lines so far.
    pub fn lines(&self) -> Vec<String> {
        lock(&self.0).clone()
    }
}

impl Log for MemoryLog {
    fn write(&self, event: Event) {
        lock(&self.0).push(event.to_line());
    }
}
