//! What the witness sees in the tables.

use super::change::Change;
use super::history::History;
use super::many::Many;
use super::snapshot::{CircuitRow, ResultRow, SeenJob, Snapshot};
use super::watched::Owner;
use super::{Breach, CLOCKS_APART_MS, Invariant, Watched, Witness, ensure};
use crate::sim::gate::{Role, RunId};
use redrive_shared::clock::Instant;
use redrive_shared::idempotency::KEPT_SECONDS;
use redrive_shared::job::JobState;
use serde::Deserialize;
use std::collections::BTreeSet;

/// What the audit log has to tell as often as it happened.
const AUDITED: [&str; 7] = [
    "replay",
    "replay.create",
    "replay.pause",
    "replay.resume",
    "replay.abort",
    "replay.end",
    "batch.cancel",
];

impl Witness {
    /// The database refused a batch.
    pub(crate) fn batch_refused(&mut self, error: &str, expected: bool) {
        self.seen.refused += 1;
        let what = || format!("the database refused a batch: {error}");
        self.judge(ensure(expected, Invariant::CountsAddUp, what));
    }

    /// A transaction of `run` left the tables like this.
    pub(crate) fn saw(&mut self, run: RunId, now: Instant, tables: anyhow::Result<Snapshot>) {
        self.transactions += 1;
        let tables = match tables {
            Ok(tables) => tables,
            Err(error) => {
                let what = format!("the tables cannot be read: {error}");
                return self.judge(Err(Breach::new(Invariant::CountsAddUp, what)));
            }
        };
        let before = self.held(run);
        let present: BTreeSet<String> = tables.jobs.iter().map(|job| job.row.id.clone()).collect();
        for job in tables.jobs {
            let seen = self.saw_job(run, now, job);
            self.judge(seen);
        }
        let mut claimed = self.held(run);
        claimed.retain(|claim| !before.contains(claim));
        let alone = claimed.len() < 2 || claimed.iter().all(|(_, rescues)| *rescues == 0);
        self.judge(ensure(alone, Invariant::SuspectsRunAlone, || {
            format!("{run:?} claimed at once: {claimed:?}")
        }));
        let judged = self.saw_deletions(run, now, &present);
        self.judge(judged);
        self.saw_results(tables.results);
        self.saw_circuits(tables.circuits);
        self.saw_batches(run, now, &tables.many);
        self.saw_replays(run, now, &tables.many);
        self.saw_audit(&tables.many);
    }

    /// How often something was done to many jobs at once.
    pub(crate) fn done(&self, action: &str) -> u64 {
        self.done.get(action).copied().unwrap_or_default()
    }

    /// Something was done to many jobs at once.
    pub(super) fn count(&mut self, action: &'static str) {
        *self.done.entry(action).or_default() += 1;
    }

    fn saw_audit(&mut self, many: &Many) {
        let told = |action: &str| many.audited.get(action).copied().unwrap_or_default();
        let wrong = AUDITED
            .into_iter()
            .find(|action| told(action) != self.done(action))
            .map(|action| (action, told(action), self.done(action)));
        let audited = ensure(wrong.is_none(), Invariant::ReplaysAreAudited, || {
            format!(
                "what was done, how often the audit log has it, and how often it was: {wrong:?}"
            )
        });
        self.judge(audited);
        let purged = self.seen.purged;
        self.judge(ensure(
            many.purged == purged,
            Invariant::PurgesAreCounted,
            || {
                format!(
                    "{purged} were purged, and {} are in the audit log",
                    many.purged
                )
            },
        ));
    }

    /// The jobs that this run holds, with how often each was rescued.
    fn held(&self, run: RunId) -> Vec<(String, u32)> {
        self.jobs
            .values()
            .filter(|job| job.is_held_by(run.number))
            .map(|job| (job.row.id.clone(), job.row.rescues))
            .collect()
    }

    fn saw_job(&mut self, run: RunId, now: Instant, seen: SeenJob) -> Result<(), Breach> {
        if let Some(origin) = seen.origin.clone() {
            self.deeds.entry(run.number).or_default().changes += 1;
            let watched = Watched::new(seen.row, origin);
            let judged = self.is_fresh(&watched);
            let judged = judged.and_then(|()| self.is_of_its_line(run, &watched));
            self.jobs.insert(watched.row.id.clone(), watched);
            return judged;
        }
        let Some(watched) = self.jobs.get_mut(&seen.row.id) else {
            return Ok(());
        };
        let kept = self
            .retention
            .get(&seen.row.tenant)
            .map(|(payload, _)| *payload);
        let (mut is_put_back, mut died_at) = (false, None);
        let mut judged = saw_payload(watched, run, is_over(watched, kept, now), &seen);
        if watched.row != seen.row {
            let deeds = self.deeds.entry(run.number).or_default();
            deeds.changes += 1;
            let row = seen.row;
            let unreadable = || Breach::new(Invariant::CountsAddUp, format!("no history: {row:?}"));
            let history = History::read(&row.attempts).ok_or_else(unreadable)?;
            let changed = Change {
                old: watched,
                new: &row,
                history: &history,
                run,
                now,
            }
            .check();
            judged = judged.and(changed);
            if row.attempt != watched.row.attempt {
                watched.owner = Some(Owner {
                    attempt: row.attempt,
                    run: run.number,
                    transaction: self.transactions,
                    asked_after: deeds.asked_after,
                });
            }
            if row.rescues > watched.row.rescues {
                watched.losses += 1;
                self.seen.rescued += 1;
            }
            if watched.row.state == JobState::DeadLettered && row.state == JobState::Queued {
                watched.losses = row.rescues;
                deeds.replays += 1;
                is_put_back = true;
                died_at = watched.row.completed_at;
            }
            if row.state.is_terminal() && !watched.row.state.is_terminal() {
                watched.ends += 1;
            }
            watched.history = history;
            watched.row = row;
        }
        judged = judged.and_then(|()| saw_dropped(watched, &seen.dropped));
        if !is_put_back {
            return judged;
        }
        let (job, replay) = (watched.row.id.clone(), watched.row.replay.clone());
        if run.role == Role::Step {
            self.seen.put_back += 1;
            return judged.and(self.put_back(run, &job, replay.as_deref(), died_at));
        }
        self.count("replay");
        judged.and(ensure(
            replay.is_none(),
            Invariant::LettersArePutBackOnce,
            || format!("{job} was put back by {run:?}, for {replay:?}"),
        ))
    }

    /// Whether a job is as a new one has to be.
    fn is_fresh(&self, watched: &Watched) -> Result<(), Breach> {
        let row = &watched.row;
        let counters = row.attempt + row.failures + row.deferrals + row.rescues;
        let begins = match row.state {
            JobState::Queued => true,
            JobState::Failed => watched.origin.batch.is_some(),
            JobState::Running
            | JobState::RetryScheduled
            | JobState::Succeeded
            | JobState::DeadLettered
            | JobState::Cancelled => false,
        };
        let fresh = begins && counters == 0 && row.attempts == "[]";
        ensure(fresh, Invariant::TransitionAllowed, || {
            format!("a job began as {row:?}")
        })?;
        let Some(key) = &watched.origin.key else {
            return Ok(());
        };
        let since = watched.origin.created_at.plus_seconds(-KEPT_SECONDS);
        let twin = self.jobs.values().find(|other| {
            // With a letter that was purged its key is gone.
            !other.gone
                && other.row.tenant == row.tenant
                && other.origin.key.as_ref() == Some(key)
                && other.origin.created_at > since
        });
        ensure(twin.is_none(), Invariant::OneJobAKey, || {
            format!("{key:?} made {twin:?}, and then {row:?}")
        })
    }

    /// Jobs that are not there any more.
    fn saw_deletions(
        &mut self,
        run: RunId,
        now: Instant,
        present: &BTreeSet<String>,
    ) -> Result<(), Breach> {
        let mut judged = Ok(());
        let mut purged = 0;
        for watched in self.jobs.values_mut() {
            if watched.gone || present.contains(&watched.row.id) {
                continue;
            }
            watched.gone = true;
            watched.result = None;
            let kept = self.retention.get(&watched.row.tenant);
            let is_over = is_over(watched, kept.map(|(_, row)| *row), now);
            let is_purged = run.role == Role::Purge && watched.row.state == JobState::DeadLettered;
            purged += usize::from(is_purged);
            let due = is_purged || (is_over && run.role == Role::Sweep);
            judged = judged.and(ensure(due, Invariant::KeptForItsTime, || {
                format!("{run:?} deleted {:?}", watched.row)
            }));
        }
        self.deeds.entry(run.number).or_default().purged += purged;
        self.seen.purged += u64::try_from(purged).unwrap_or(u64::MAX);
        judged
    }

    fn saw_results(&mut self, rows: Vec<ResultRow>) {
        let mut last: Option<String> = None;
        let mut found = 0_usize;
        for row in rows {
            let second = last.as_deref() == Some(row.job.as_str());
            last = Some(row.job.clone());
            found += 1;
            let seen = self.saw_result(&row, second);
            self.judge(seen);
        }
        let succeeded = self
            .jobs
            .values()
            .filter(|watched| watched.row.state == JobState::Succeeded && !watched.gone)
            .count();
        let told = ensure(found == succeeded, Invariant::ResultIsOfTheAttempt, || {
            format!("{succeeded} jobs succeeded, and there are {found} results")
        });
        self.judge(told);
    }

    fn saw_result(&mut self, row: &ResultRow, second: bool) -> Result<(), Breach> {
        let attempt = row.attempt.to_string();
        let answer = self
            .calls
            .iter()
            .filter(|((job, of, _), _)| *job == row.job && *of == attempt)
            .find_map(|(_, call)| call.answer.as_deref());
        let Some(watched) = self.jobs.get_mut(&row.job) else {
            let what = format!("a result without a job: {row:?}");
            return Err(Breach::new(Invariant::ResultIsOfTheAttempt, what));
        };
        let answer = if watched.payload_deleted {
            Some("")
        } else {
            answer
        };
        let given = answer == Some(row.output.as_str());
        let other = watched
            .result
            .as_ref()
            .is_some_and(|known| known.attempt != row.attempt);
        let first = watched.result.get_or_insert_with(|| row.clone());
        ensure(!second && !other, Invariant::OneResult, || {
            format!("{first:?}, and then {row:?}")
        })?;
        let job = &watched.row;
        let earned = job.state == JobState::Succeeded && job.attempt == row.attempt;
        ensure(earned && given, Invariant::ResultIsOfTheAttempt, || {
            format!("{row:?} beside {job:?}; the provider said {answer:?}")
        })
    }

    fn saw_circuits(&mut self, rows: Vec<CircuitRow>) {
        let transaction = self.transactions;
        let known = std::mem::take(&mut self.circuits);
        self.circuits = rows
            .into_iter()
            .map(|row| {
                let before = known.iter().find(|(known, _)| *known == row);
                let since = before.map_or(transaction, |(_, since)| *since);
                (row, since)
            })
            .collect();
    }
}

/// Whether what is kept for so many seconds after the job's end was kept for long enough.
fn is_over(watched: &Watched, seconds: Option<u32>, now: Instant) -> bool {
    let soon = now.plus_millis(CLOCKS_APART_MS);
    watched
        .row
        .completed_at
        .zip(seconds)
        .is_some_and(|(ended, seconds)| ended.plus_seconds(i64::from(seconds)) <= soon)
}

/// A payload is deleted once, by the sweep; what a provider said goes with it.
fn saw_payload(
    watched: &mut Watched,
    run: RunId,
    is_over: bool,
    seen: &SeenJob,
) -> Result<(), Breach> {
    if watched.payload_deleted == seen.payload_deleted {
        return Ok(());
    }
    watched.payload_deleted = seen.payload_deleted;
    watched.row.error.clone_from(&seen.row.error);
    let excerpt = seen.row.error.as_deref().unwrap_or_default();
    let sound = seen.payload_deleted
        && run.role == Role::Sweep
        && seen.row.state.is_terminal()
        && is_over
        && !excerpt.contains("excerpt");
    ensure(sound, Invariant::KeptForItsTime, || {
        format!("{run:?} deleted the payload of {:?}", seen.row)
    })
}

#[derive(Deserialize)]
struct Dropped {
    attempt: u32,
}

/// Dropped answers are only added, one an attempt, and only of attempts that committed nothing.
fn saw_dropped(watched: &mut Watched, column: &str) -> Result<(), Breach> {
    if column == "[]" && watched.dropped.is_empty() {
        return Ok(());
    }
    let fail = |what: &str| {
        let what = format!("{what}: {column} beside {:?}", watched.row);
        Err(Breach::new(Invariant::CostIsKept, what))
    };
    let Ok(entries) = serde_json::from_str::<Vec<Dropped>>(column) else {
        return fail("no list of dropped answers");
    };
    let dropped: Vec<u32> = entries.iter().map(|entry| entry.attempt).collect();
    let Some(added) = dropped.strip_prefix(watched.dropped.as_slice()) else {
        return fail("a dropped answer is forgotten");
    };
    let told_before = |attempt: &u32| {
        let committed = watched.history.outcome(*attempt);
        committed.is_some_and(|outcome| !matches!(outcome, "rescued" | "cancelled"))
            || watched.dropped.contains(attempt)
    };
    if added.len() > 1 || added.iter().any(told_before) {
        return fail("a cost is told twice");
    }
    watched.dropped = dropped;
    Ok(())
}
