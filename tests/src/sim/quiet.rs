//! The quiet after the operations: no faults any more, and everything has to end.

use super::breach::Invariant;
use super::core::lock;
use super::operation::{Operation, Way, Wish};
use super::shape::GRACE_SECONDS;
use super::witness::Dusk;
use super::world::World;
use redrive_shared::clock::Instant;
use redrive_shared::store::RETENTION_SECONDS;

/// Turns after which what has not ended never will.
const TURNS: u32 = 400;

/// Deliveries of steps in a turn.
const STEPS: u32 = 20;

/// For how many seconds a file is kept at most whose batch was not taken, and a minute.
const LONGEST_KEPT_SECONDS: i64 = 90 * 86_400 + 60;

/// Milliseconds between two sweeps.
const CRON_MS: i64 = 60_000;

impl World {
    /// Lets the world come to rest: runs end, messages are delivered, the cron sweeps, time passes.
    /// Then every job has ended, all queues are empty, and the cache says what the database says.
    pub(crate) fn quiet(&mut self, watched: &[Invariant]) {
        let dusk = lock(&self.core.witness).dusk(self.core.now());
        for _ in 0..TURNS {
            self.deliver_all();
            if self.breach(watched).is_some() {
                return;
            }
            if self.is_at_rest() {
                self.check_rest(&dusk);
                return self.end();
            }
            if let Some(paused) = self.paused() {
                self.apply(Operation::Control(paused, Wish::Resume));
                self.finish_all();
            }
            self.pass_to_next_event();
            self.apply(Operation::Sweep);
            self.finish_all();
        }
        self.check_rest(&dusk);
    }

    /// Lets so much time pass that nothing is kept any more, and sweeps it out.
    fn end(&mut self) {
        self.sweep_after(i64::from(RETENTION_SECONDS) + 60);
        lock(&self.core.witness).at_the_end();
        self.sweep_after(LONGEST_KEPT_SECONDS);
        let rows = self.core.database.with_connection(|connection| {
            let sql = "SELECT (SELECT count(*) FROM files) + (SELECT count(*) FROM file_chunks)";
            connection.query_row(sql, [], |row| row.get::<_, u32>(0))
        });
        let rows = rows.map(u64::from).map_err(Into::into);
        lock(&self.core.witness).files_left(&rows);
    }

    fn sweep_after(&mut self, seconds: i64) {
        let end = self.core.now().plus_seconds(seconds);
        self.core.pass_until(end);
        self.apply(Operation::Sweep);
        self.finish_all();
    }

    /// A replay that waits for an operator, by its index.
    fn paused(&self) -> Option<u8> {
        lock(&self.core.witness).paused()
    }

    fn finish_all(&mut self) {
        while !self.runs.is_empty() {
            self.finish(0);
        }
    }

    /// Delivers what is due until nothing is.
    fn deliver_all(&mut self) {
        self.finish_all();
        for round in 0..TURNS {
            let now = self.core.now();
            let mut ways = Way::ALL.to_vec();
            // A step that waits for jobs is followed by another, a second later, without an end.
            ways.retain(|way| *way != Way::Task || round < STEPS);
            ways.retain(|way| self.core.lane(*way).due(now) > 0);
            if ways.is_empty() {
                return;
            }
            for way in ways {
                self.deliver(way, 0, 10);
            }
            self.finish_all();
        }
    }

    fn is_at_rest(&self) -> bool {
        let witness = lock(&self.core.witness);
        self.queued() == 0
            && witness.unfinished().next().is_none()
            && witness.open_batches().next().is_none()
            && witness.open_replays().next().is_none()
    }

    /// Messages in all queues.
    fn queued(&self) -> usize {
        let lengths = Way::ALL.map(|way| self.core.lane(way).len());
        lengths.into_iter().sum()
    }

    /// Lets time pass until something can happen, at least until the next sweep.
    fn pass_to_next_event(&self) {
        let now = self.core.now();
        let grace = i64::from(GRACE_SECONDS) * 1_000 + 1;
        let witness = lock(&self.core.witness);
        let rows = witness
            .unfinished()
            .filter_map(|known| Some(known.row.due_at?.plus_millis(grace)));
        let due = |ways: &[Way]| {
            let ways = ways.iter();
            ways.filter_map(|way| self.core.lane(*way).next_due()).min()
        };
        let jobs = rows.chain(due(&[Way::Single, Way::Bulk, Way::Letter]));
        // Steps come again and again while jobs are waited for: those, and not the steps, are what
        // time has to pass for.
        let steps = || {
            let batches = witness.open_batches().filter_map(|row| row.due_at);
            let replays = witness.open_replays().filter_map(|row| row.due_at);
            let overdue = batches
                .chain(replays)
                .map(|due_at| due_at.plus_millis(grace));
            overdue.chain(due(&[Way::Task])).min()
        };
        let next = jobs.min().or_else(steps);
        let sweep = now.plus_millis(CRON_MS);
        self.core
            .pass_until(next.map_or(sweep, |next: Instant| next.max(sweep)));
    }

    fn check_rest(&self, dusk: &Dusk) {
        let mut witness = lock(&self.core.witness);
        witness.at_rest(dusk);
        let now = self.core.now();
        let kept = lock(&self.core.kept);
        for (key, text) in kept.entries(now) {
            let seen = witness.cached(&self.core.database, key, text);
            witness.judge(seen);
        }
        let queued = self.queued();
        drop(witness);
        if queued > 0 {
            let what = format!("{queued} messages never end");
            self.broke(Invariant::NothingHangs, what);
        }
    }
}
