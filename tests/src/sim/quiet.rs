//! The quiet after the operations: no faults any more, and everything has to end.

use super::breach::Invariant;
use super::core::lock;
use super::operation::Operation;
use super::shape::GRACE_SECONDS;
use super::witness::Dusk;
use super::world::World;
use redrive_shared::clock::Instant;
use redrive_shared::store::RETENTION_SECONDS;

/// Turns after which what has not ended never will.
const TURNS: u32 = 400;

/// Milliseconds between two sweeps.
const CRON_MS: i64 = 60_000;

impl World {
    /// Lets the world come to rest: runs end, messages are delivered, the cron sweeps, time passes.
    /// Then every job has ended, both queues are empty, and the cache says what the database says.
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
            self.pass_to_next_event();
            self.apply(Operation::Sweep);
            self.finish_all();
        }
        self.check_rest(&dusk);
    }

    /// Lets so much time pass that nothing is kept any more, and sweeps it out.
    fn end(&mut self) {
        let end = self
            .core
            .now()
            .plus_seconds(i64::from(RETENTION_SECONDS) + 60);
        self.core.pass_until(end);
        self.apply(Operation::Sweep);
        self.finish_all();
        lock(&self.core.witness).at_the_end();
    }

    fn finish_all(&mut self) {
        while !self.runs.is_empty() {
            self.finish(0);
        }
    }

    /// Delivers what is due until nothing is.
    fn deliver_all(&mut self) {
        self.finish_all();
        for _ in 0..TURNS {
            let now = self.core.now();
            let jobs = lock(&self.core.jobs).due(now);
            let letters = lock(&self.core.letters).due(now);
            if jobs == 0 && letters == 0 {
                return;
            }
            self.deliver(0, 10);
            self.deliver_letters(10);
            self.finish_all();
        }
    }

    fn is_at_rest(&self) -> bool {
        let queued = lock(&self.core.jobs).len() + lock(&self.core.letters).len();
        queued == 0 && lock(&self.core.witness).unfinished().next().is_none()
    }

    /// Lets time pass until something can happen, at least until the next sweep.
    fn pass_to_next_event(&self) {
        let now = self.core.now();
        let grace = i64::from(GRACE_SECONDS) * 1_000 + 1;
        let witness = lock(&self.core.witness);
        let rows = witness
            .unfinished()
            .filter_map(|known| Some(known.row.due_at?.plus_millis(grace)));
        let messages = [&self.core.jobs, &self.core.letters]
            .into_iter()
            .filter_map(|lane| lock(lane).next_due());
        let next = rows.chain(messages).min();
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
        let queued = lock(&self.core.jobs).len() + lock(&self.core.letters).len();
        drop(witness);
        if queued > 0 {
            let what = format!("{queued} messages never end");
            self.broke(Invariant::NothingHangs, what);
        }
    }
}
