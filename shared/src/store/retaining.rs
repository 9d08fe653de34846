//! Retention: what is deleted when its time is over, in steps of a bounded size.

use super::{ExpiredFile, Store};
use crate::clock::Instant;
use crate::database::{Database, DatabaseError, Statement, Value};
use crate::day::Day;

/// How long a message that could not be read is kept for the operator: 30 days.
const UNDECODABLE_RETENTION_SECONDS: i64 = 2_592_000;

/// How many days usage is kept, today included.
const USAGE_RETENTION_DAYS: i32 = 400;

/// The most files whose time is over that one step names.
pub const EXPIRED_FILES: u32 = 5;

/// What replays had put back, that one step deletes at most: short rows.
const REPLAY_ITEMS: u32 = 1_000;

/// What one step of retention deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deleted {
    /// Jobs whose request, output and quoted words of the provider were deleted. Their rows stay.
    pub payloads: u64,
    /// Jobs that were deleted, with their results.
    pub jobs: u64,
    /// Messages that could not be read, deleted.
    pub undecodable_messages: u64,
    /// Rows of usage that were too old, deleted.
    pub usage: u64,
    /// Batches that were deleted, with the order of their jobs.
    pub batches: u64,
    /// Files that were deleted, with their text.
    pub files: u64,
    /// Replays of many letters that were deleted.
    pub replays: u64,
    /// What such replays had put back, deleted before them.
    pub replay_items: u64,
}

impl Deleted {
    /// Whether a step that looked at `rows` rows may have left some for another step.
    ///
    /// Of the jobs that it looked at, each lost its payload or went.
    pub(crate) fn is_full(self, rows: u32) -> bool {
        [
            self.payloads + self.jobs,
            self.undecodable_messages,
            self.usage,
            self.batches,
            self.replays,
        ]
        .into_iter()
        .any(|deleted| deleted >= u64::from(rows))
            || self.files >= u64::from(EXPIRED_FILES)
            || self.replay_items >= u64::from(REPLAY_ITEMS)
    }
}

impl std::ops::AddAssign for Deleted {
    fn add_assign(&mut self, other: Self) {
        self.payloads += other.payloads;
        self.jobs += other.jobs;
        self.undecodable_messages += other.undecodable_messages;
        self.usage += other.usage;
        self.batches += other.batches;
        self.files += other.files;
        self.replays += other.replays;
        self.replay_items += other.replay_items;
    }
}

impl<D: Database> Store<D> {
    /// One step of retention, in one transaction: of the `rows` jobs that are over the longest, the
    /// payloads are deleted; then, of those that are over the longest now, the ones without a
    /// payload. Results go before their jobs, so that no result is left behind. Two steps at once
    /// share the rows between them.
    ///
    /// # Errors
    /// [`DatabaseError`]: the next step finds the same rows, or what is left of them.
    ///
    /// Answers beside that the files whose time is over, at most [`EXPIRED_FILES`]: their text may lie
    /// elsewhere, and is deleted first.
    pub async fn delete_expired(
        &self,
        now: Instant,
        rows: u32,
    ) -> Result<(Deleted, Vec<ExpiredFile>), DatabaseError> {
        let over: Vec<Value> = vec![now.into(), rows.into()];
        let first_kept = Day::of(now).plus_days(1 - USAGE_RETENTION_DAYS);
        let received = now.plus_seconds(-UNDECODABLE_RETENTION_SECONDS);
        let mut items = over.clone();
        items.push(REPLAY_ITEMS.into());
        let mut results = self
            .batch(vec![
                Statement::new(include_str!("../../sql/delete_outputs.sql"), over.clone()),
                Statement::new(include_str!("../../sql/delete_payloads.sql"), over.clone()),
                Statement::new(include_str!("../../sql/delete_results.sql"), over.clone()),
                Statement::new(include_str!("../../sql/delete_jobs.sql"), over.clone()),
                Statement::new(
                    include_str!("../../sql/delete_undecodable_messages.sql"),
                    vec![received.into(), rows.into()],
                ),
                Statement::new(
                    include_str!("../../sql/delete_usage.sql"),
                    vec![first_kept.to_string().into(), rows.into()],
                ),
                Statement::new(
                    include_str!("../../sql/delete_completions.sql"),
                    over.clone(),
                ),
                Statement::new(include_str!("../../sql/delete_batches.sql"), over.clone()),
                Statement::new(include_str!("../../sql/delete_replay_items.sql"), items),
                Statement::new(include_str!("../../sql/delete_replays.sql"), over),
                Statement::new(
                    include_str!("../../sql/list_expired_files.sql"),
                    vec![now.into(), EXPIRED_FILES.into()],
                ),
            ])
            .await?;
        results.next()?;
        let payloads = results.next()?.changes;
        results.next()?;
        let mut deleted = Deleted {
            payloads,
            jobs: results.next()?.changes,
            undecodable_messages: results.next()?.changes,
            usage: results.next()?.changes,
            ..Deleted::default()
        };
        results.next()?;
        deleted.batches = results.next()?.changes;
        deleted.replay_items = results.next()?.changes;
        deleted.replays = results.next()?.changes;
        Ok((deleted, results.next()?.decode()?))
    }
}
