use crate::log::Event;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts what one request or delivery used, as the bindings tell it: the platform bills by these.
#[derive(Debug, Default)]
pub struct Meter {
    database_round_trips: AtomicU64,
    database_statements: AtomicU64,
    rows_read: AtomicU64,
    rows_written: AtomicU64,
    cache_reads: AtomicU64,
    cache_writes: AtomicU64,
    messages_sent: AtomicU64,
}

fn add(counter: &AtomicU64, amount: u64) {
    counter.fetch_add(amount, Ordering::Relaxed);
}

impl Meter {
    pub(super) fn count_database_round_trip(&self, statements: usize) {
        add(&self.database_round_trips, 1);
        add(
            &self.database_statements,
            u64::try_from(statements).unwrap_or(u64::MAX),
        );
    }

    pub(super) fn count_rows(&self, read: u64, written: u64) {
        add(&self.rows_read, read);
        add(&self.rows_written, written);
    }

    pub(super) fn count_cache_read(&self) {
        add(&self.cache_reads, 1);
    }

    pub(super) fn count_cache_write(&self) {
        add(&self.cache_writes, 1);
    }

    pub(super) fn count_messages_sent(&self, messages: usize) {
        add(
            &self.messages_sent,
            u64::try_from(messages).unwrap_or(u64::MAX),
        );
    }

    /// The event with the counts as fields `d1.…`, `kv.…` and `queue.sent`.
    #[must_use]
    pub fn on(&self, event: Event) -> Event {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        event
            .with("d1.round_trips", read(&self.database_round_trips))
            .with("d1.statements", read(&self.database_statements))
            .with("d1.rows_read", read(&self.rows_read))
            .with("d1.rows_written", read(&self.rows_written))
            .with("kv.reads", read(&self.cache_reads))
            .with("kv.writes", read(&self.cache_writes))
            .with("queue.sent", read(&self.messages_sent))
    }
}
