//! What the witness sees of batches.

use super::many::{BatchRow, Many};
use super::{Breach, CLOCKS_APART_MS, Invariant, Watched, Witness, ensure};
use crate::sim::gate::{Role, RunId};
use crate::sim::upload::Upload;
use redrive_shared::clock::Instant;
use redrive_shared::idempotency::KEPT_SECONDS;
use redrive_shared::ids::BatchId;
use redrive_shared::job::JobState;
use redrive_shared::store::BatchStatus;
use std::collections::BTreeMap;

/// A batch as it was last seen.
#[derive(Clone, Debug)]
pub(crate) struct WatchedBatch {
    pub(crate) row: BatchRow,
    /// The idempotency key it was submitted with.
    key: Option<String>,
    /// Whether its id was given out with a 202.
    promised: bool,
    /// Whether it was deleted when its time was over.
    pub(crate) gone: bool,
}

impl Witness {
    /// The batches that are there, each as its tenant and its id.
    pub(crate) fn batches(&self) -> impl Iterator<Item = (&str, &str)> {
        let there = self.batches.values().filter(|watched| !watched.gone);
        there.map(|watched| (watched.row.tenant.as_str(), watched.row.id.as_str()))
    }

    /// How a batch stands that is there.
    pub(crate) fn batch_status(&self, batch: &str) -> Option<BatchStatus> {
        let watched = self.batches.get(batch).filter(|watched| !watched.gone);
        watched.map(|watched| watched.row.status)
    }

    /// Lines that have still to become jobs.
    pub(crate) fn lines_owed(&self) -> u32 {
        let owing = self.batches.values().filter(|watched| !watched.gone);
        let open = owing.filter(|watched| watched.row.status == BatchStatus::InProgress);
        open.map(|watched| watched.row.lines - watched.row.jobs)
            .sum()
    }

    /// The id of a batch was given out for this upload.
    pub(crate) fn batch_promised(&mut self, batch: &str, upload: Upload) -> Result<(), Breach> {
        let Some(watched) = self.batches.get_mut(batch) else {
            let what = format!("{batch} was given out and is not in the database");
            return Err(Breach::new(Invariant::EveryLineIsOneJob, what));
        };
        watched.promised = true;
        let is_it = Upload::named(&watched.row.name) == Some(upload);
        ensure(is_it, Invariant::OneJobAKey, || {
            format!("{upload:?} was told {:?}", watched.row)
        })
    }

    /// The batches that have not ended.
    pub(crate) fn open_batches(&self) -> impl Iterator<Item = &BatchRow> {
        let rows = self.batches.values().filter(|watched| !watched.gone);
        rows.map(|watched| &watched.row)
            .filter(|row| !row.status.is_terminal())
    }

    /// A new job of a batch is that of its next line, while lines become jobs.
    pub(super) fn is_of_its_line(&self, run: RunId, watched: &Watched) -> Result<(), Breach> {
        let Some(batch) = &watched.origin.batch else {
            return Ok(());
        };
        let row = &watched.row;
        let fail = |why: &str| {
            let what = format!("{why}, by {run:?}: {row:?} {:?}", watched.origin);
            Err(Breach::new(Invariant::EveryLineIsOneJob, what))
        };
        let Some(known) = self.batches.get(batch).filter(|known| !known.gone) else {
            return fail("a job of no batch");
        };
        if known.row.status != BatchStatus::InProgress || run.role != Role::Step {
            return fail("no line becomes a job now");
        }
        let place = batch.parse().ok().zip(row.id.parse().ok());
        let place = place.and_then(|(batch, job): (BatchId, _)| batch.place(&job));
        let lines = Upload::named(&known.row.name).map(Upload::lines);
        let line = place
            .zip(lines)
            .and_then(|(place, lines)| lines.into_iter().nth(usize::try_from(place).ok()?));
        let Some(line) = line else {
            return fail("a job of no line");
        };
        let born = if line.is_valid {
            JobState::Queued
        } else {
            JobState::Failed
        };
        let sound = row.tenant == known.row.tenant
            && watched.origin.line == Some(line.number)
            && watched.origin.custom_id == line.custom_id
            && row.state == born;
        if sound {
            Ok(())
        } else {
            fail("not the job of its line")
        }
    }

    /// A transaction left the batches like this.
    pub(super) fn saw_batches(&mut self, run: RunId, now: Instant, many: &Many) {
        for row in &many.batches {
            let seen = self.saw_batch(run, row);
            self.judge(seen);
            let adds_up = self.batch_adds_up(row);
            self.judge(adds_up);
            let numbered = self.numbered(row, many);
            self.judge(numbered);
        }
        let left = many.batches_left();
        let mut judged = Ok(());
        for watched in self.batches.values_mut() {
            let row = &watched.row;
            if watched.gone || left.contains(row.id.as_str()) {
                continue;
            }
            watched.gone = true;
            let soon = now.plus_millis(CLOCKS_APART_MS);
            let is_over = row.expires_at.is_some_and(|expiry| expiry <= soon);
            let due = is_over && run.role == Role::Sweep;
            judged = judged.and(ensure(due, Invariant::KeptForItsTime, || {
                format!("{run:?} deleted {row:?}")
            }));
        }
        self.judge(judged);
    }

    fn saw_batch(&mut self, run: RunId, row: &BatchRow) -> Result<(), Breach> {
        let Some(known) = self.batches.get(&row.id) else {
            self.deeds.entry(run.number).or_default().batches += 1;
            self.count("batch");
            let judged = self.is_fresh_batch(run, row);
            let watched = WatchedBatch {
                row: row.clone(),
                key: row.key.clone(),
                promised: false,
                gone: false,
            };
            self.batches.insert(row.id.clone(), watched);
            return judged;
        };
        let old = known.row.clone();
        if old == *row {
            return Ok(());
        }
        if let Some(watched) = self.batches.get_mut(&row.id) {
            watched.row = row.clone();
        }
        if old.status != row.status {
            self.deeds.entry(run.number).or_default().moves += 1;
        }
        if row.status == BatchStatus::Cancelling && old.status != row.status {
            self.count("batch.cancel");
        }
        self.moved(run, &old, row)
    }

    fn is_fresh_batch(&self, run: RunId, row: &BatchRow) -> Result<(), Breach> {
        let upload = Upload::named(&row.name).filter(|upload| upload.is_fit());
        let expected = upload.map(|upload| (upload.lines().len(), upload.invalid_lines()));
        let told = (
            usize::try_from(row.lines).ok(),
            usize::try_from(row.invalid_lines).ok(),
        );
        let counted = expected.map(|(lines, invalid)| (Some(lines), Some(invalid))) == Some(told);
        let fresh = row.status == BatchStatus::InProgress && row.jobs == 0 && row.step == 0;
        let sound = counted && fresh && run.role == Role::Batch;
        ensure(sound, Invariant::EveryLineIsOneJob, || {
            format!("a batch began as {row:?}, by {run:?}")
        })?;
        let since = row.created_at.plus_seconds(-KEPT_SECONDS);
        let twin = self.batches.values().find(|other| {
            other.row.tenant == row.tenant
                && row.key.is_some()
                && other.key == row.key
                && other.row.created_at > since
        });
        ensure(twin.is_none(), Invariant::OneJobAKey, || {
            format!("a key made {twin:?}, and then {row:?}")
        })
    }

    /// What one transaction may do to one batch.
    fn moved(&self, run: RunId, old: &BatchRow, new: &BatchRow) -> Result<(), Breach> {
        let by = match (old.status, new.status) {
            (one, other) if one == other => None,
            (BatchStatus::InProgress, BatchStatus::Cancelling) => Some(Role::Control),
            (BatchStatus::InProgress, BatchStatus::Completed)
            | (BatchStatus::Cancelling, BatchStatus::Cancelled) => Some(Role::Step),
            (_, _) => {
                let what = format!("no such transition, by {run:?}: {old:?} became {new:?}");
                return Err(Breach::new(Invariant::BatchMoves, what));
            }
        };
        let stepped = old.status != new.status || old.jobs != new.jobs;
        let fenced = new.step == old.step + u32::from(stepped)
            || (new.step == old.step + 1 && run.role == Role::Step);
        let grows = old.jobs == new.jobs
            || (old.jobs < new.jobs
                && new.status == BatchStatus::InProgress
                && run.role == Role::Step);
        let made_all = new.status != BatchStatus::Completed || new.jobs == new.lines;
        let ended = !new.status.is_terminal()
            || old.status == new.status
            || self.jobs_of(&new.id).all(|job| job.ends > 0);
        let sound = by.is_none_or(|role| role == run.role) && fenced && grows && made_all && ended;
        ensure(sound, Invariant::BatchMoves, || {
            format!("by {run:?}: {old:?} became {new:?}")
        })
    }

    fn jobs_of(&self, batch: &str) -> impl Iterator<Item = &Watched> {
        let jobs = self.jobs.values();
        jobs.filter(move |job| job.origin.batch.as_deref() == Some(batch))
    }

    /// The counts of a batch are its jobs.
    fn batch_adds_up(&self, row: &BatchRow) -> Result<(), Breach> {
        let mut counts = [0; 7];
        let mut jobs = 0;
        for job in self.jobs_of(&row.id) {
            jobs += 1;
            if let Some(count) = counts.get_mut(column(job.row.state)) {
                *count += 1;
            }
        }
        let sound = counts == row.counts && jobs == row.jobs;
        ensure(sound, Invariant::BatchAddsUp, || {
            format!("{jobs} jobs, {counts:?} by state: {row:?}")
        })
    }

    /// The endings of a batch's jobs are numbered from 1, each once.
    fn numbered(&self, row: &BatchRow, many: &Many) -> Result<(), Breach> {
        let ended = self.jobs_of(&row.id).filter(|job| job.ends > 0);
        let ends: BTreeMap<&str, usize> =
            ended.map(|job| (job.row.id.as_str(), job.ends)).collect();
        let completions = many.completions.get(&row.id);
        let completions = completions.map(Vec::as_slice).unwrap_or_default();
        let mut told: BTreeMap<&str, usize> = BTreeMap::new();
        for (_, job) in completions {
            *told.entry(job).or_default() += 1;
        }
        let numbered = (1..)
            .zip(completions)
            .all(|(number, (sequence, _))| *sequence == number);
        let sound =
            numbered && usize::try_from(row.completions) == Ok(completions.len()) && told == ends;
        ensure(sound, Invariant::CompletionsAreNumbered, || {
            format!("{completions:?} of {row:?}; ended: {ends:?}")
        })
    }

    /// Every batch has ended, each line of one that was not cancelled as a job.
    pub(super) fn batches_rest(&self) -> Result<(), Breach> {
        let open = self.open_batches().next();
        ensure(open.is_none(), Invariant::EveryLineIsOneJob, || {
            format!("{open:?} never ends")
        })
    }
}

/// Where a batch counts its jobs in a state.
const fn column(state: JobState) -> usize {
    match state {
        JobState::Queued => 0,
        JobState::Running => 1,
        JobState::RetryScheduled => 2,
        JobState::Succeeded => 3,
        JobState::Failed => 4,
        JobState::DeadLettered => 5,
        JobState::Cancelled => 6,
    }
}
