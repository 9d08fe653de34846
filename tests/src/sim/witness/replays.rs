//! What the witness sees of replays of many letters.

use super::many::{Many, ReplaysRow};
use super::{Breach, CLOCKS_APART_MS, Invariant, Watched, Witness, ensure};
use crate::sim::gate::{Role, RunId};
use redrive_shared::clock::Instant;
use redrive_shared::dead_letter::filter::DeadLetterFilter;
use redrive_shared::job::JobState;
use redrive_shared::store::ReplayStatus;
use std::collections::{BTreeMap, BTreeSet};

/// A replay as it was last seen.
#[derive(Clone, Debug)]
pub(crate) struct WatchedReplays {
    pub(crate) row: ReplaysRow,
    /// The letters that it meant when it was made.
    meant: BTreeSet<String>,
    /// The letters that it put back.
    put_back: BTreeSet<String>,
    /// Whether it was deleted when its time was over.
    pub(crate) gone: bool,
}

impl Witness {
    /// The replays that are there, each as its tenant and its id.
    pub(crate) fn replays(&self) -> impl Iterator<Item = (&str, &str)> {
        let there = self.replays.values().filter(|watched| !watched.gone);
        there.map(|watched| (watched.row.tenant.as_str(), watched.row.id.as_str()))
    }

    /// How many letters a replay of the tenant matched.
    pub(crate) fn matched(&self, tenant: &str, replay: &str) -> Option<u64> {
        let watched = self.replays.get(replay);
        let own = watched.filter(|watched| watched.row.tenant == tenant);
        own.map(|watched| watched.row.matched)
    }

    /// The replays that have not ended.
    pub(crate) fn open_replays(&self) -> impl Iterator<Item = &ReplaysRow> {
        let rows = self.replays.values().filter(|watched| !watched.gone);
        rows.map(|watched| &watched.row)
            .filter(|row| !row.status.is_ended())
    }

    /// The index of a replay that is paused.
    pub(crate) fn paused(&self) -> Option<u8> {
        let there = self.replays.values().filter(|watched| !watched.gone);
        let mut numbered = (0_u8..).zip(there);
        numbered
            .find(|(_, watched)| watched.row.status == ReplayStatus::Paused)
            .map(|(index, _)| index)
    }

    /// The dead letters of a tenant.
    pub(crate) fn letters_of(&self, tenant: &str) -> Vec<&Watched> {
        let there = self.jobs.values().filter(|job| !job.gone);
        there
            .filter(|job| job.row.state == JobState::DeadLettered && job.row.tenant == tenant)
            .collect()
    }

    /// A replay of many put this letter back: it runs, the letter was dead when it was made, and it
    /// did not put it back before.
    pub(super) fn put_back(
        &mut self,
        run: RunId,
        job: &str,
        replay: Option<&str>,
        died_at: Option<Instant>,
    ) -> Result<(), Breach> {
        let known = replay.and_then(|replay| self.replays.get_mut(replay));
        let sound = known.is_some_and(|known| {
            known.row.status == ReplayStatus::Running
                && !known.gone
                && died_at <= Some(known.row.created_at)
                && known.put_back.insert(job.to_owned())
        });
        ensure(sound, Invariant::LettersArePutBackOnce, || {
            format!("{run:?} put {job} back for {replay:?}")
        })
    }

    /// A transaction left the replays like this.
    pub(super) fn saw_replays(&mut self, run: RunId, now: Instant, many: &Many) {
        for row in &many.replays {
            let seen = self.saw_replay(run, row);
            self.judge(seen);
            let items = many.items.get(&row.id);
            let adds_up = self.replay_adds_up(row, items.unwrap_or(&BTreeMap::new()));
            self.judge(adds_up);
        }
        let left: BTreeSet<&str> = many.replays.iter().map(|row| row.id.as_str()).collect();
        let orphan = many.items.keys().find(|id| !left.contains(id.as_str()));
        let mut judged = ensure(orphan.is_none(), Invariant::KeptForItsTime, || {
            format!("letters of {orphan:?}, which is not there")
        });
        for watched in self.replays.values_mut() {
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
        let mut tenants = BTreeSet::new();
        let second = self
            .open_replays()
            .find(|row| !tenants.insert(row.tenant.as_str()));
        let judged = ensure(second.is_none(), Invariant::OneReplayAtATime, || {
            format!("beside another: {second:?}")
        });
        self.judge(judged);
    }

    fn saw_replay(&mut self, run: RunId, row: &ReplaysRow) -> Result<(), Breach> {
        let Some(known) = self.replays.get(&row.id) else {
            return self.saw_new_replay(run, row);
        };
        let old = known.row.clone();
        if old == *row {
            return Ok(());
        }
        let judged = replay_moved(run, &old, row);
        let left_out = (row.status == ReplayStatus::Completed && old.status != row.status)
            .then(|| self.left_out(row, &known.meant, &known.put_back))
            .flatten();
        let left_out = ensure(left_out.is_none(), Invariant::LettersArePutBackOnce, || {
            format!("{left_out:?} was left out by {row:?}")
        });
        if let Some(watched) = self.replays.get_mut(&row.id) {
            watched.row = row.clone();
        }
        if old.status != row.status {
            self.count(match row.status {
                ReplayStatus::Running => "replay.resume",
                ReplayStatus::Paused => "replay.pause",
                ReplayStatus::Completed => "replay.end",
                ReplayStatus::Aborted => "replay.abort",
            });
        }
        judged.and(left_out)
    }

    fn saw_new_replay(&mut self, run: RunId, row: &ReplaysRow) -> Result<(), Breach> {
        self.deeds.entry(run.number).or_default().begun = Some(row.id.clone());
        self.count("replay.create");
        let filter = serde_json::from_str::<DeadLetterFilter>(&row.selection);
        let named = filter.ok().and_then(|filter| filter.job_ids);
        let meant: BTreeSet<String> = self
            .letters_of(&row.tenant)
            .into_iter()
            .filter(|job| job.row.completed_at <= Some(row.created_at))
            .map(|job| job.row.id.clone())
            .filter(|id| {
                let named = named.as_ref();
                named.is_none_or(|named| named.iter().any(|one| one.as_str() == id))
            })
            .collect();
        let counted = u64::try_from(meant.len()) == Ok(row.matched) && !meant.is_empty();
        let fresh = row.status == ReplayStatus::Running && row.replayed + row.skipped == 0;
        let judged = ensure(
            counted && fresh && run.role == Role::Control,
            Invariant::LettersArePutBackOnce,
            || format!("{} letters, and {run:?} made {row:?}", meant.len()),
        );
        let watched = WatchedReplays {
            row: row.clone(),
            meant,
            put_back: BTreeSet::new(),
            gone: false,
        };
        self.replays.insert(row.id.clone(), watched);
        judged
    }

    /// A letter that a replay meant, and that is as it was then when the replay is completed.
    fn left_out<'a>(
        &self,
        row: &ReplaysRow,
        meant: &'a BTreeSet<String>,
        put_back: &BTreeSet<String>,
    ) -> Option<&'a String> {
        meant.iter().find(|letter| {
            let job = self.jobs.get(*letter).filter(|job| !job.gone);
            job.is_some_and(|job| {
                job.row.state == JobState::DeadLettered
                    && job.row.completed_at <= Some(row.created_at)
                    && !job.payload_deleted
                    && !put_back.contains(*letter)
            })
        })
    }

    /// The counts of a replay are its letters, and each stands there as its job does.
    fn replay_adds_up(
        &self,
        row: &ReplaysRow,
        items: &BTreeMap<String, JobState>,
    ) -> Result<(), Breach> {
        let put_back = self.replays.get(&row.id).map(|known| &known.put_back);
        let put_back = put_back.unwrap_or(const { &BTreeSet::new() });
        let counted = u64::try_from(put_back.len()) == Ok(row.replayed)
            && put_back.iter().eq(items.keys())
            && row.open_sample.is_none_or(|sample| row.replayed <= sample);
        ensure(counted, Invariant::ReplaysAddUp, || {
            format!("{put_back:?} were put back, {items:?} are told: {row:?}")
        })?;
        let wrong = items.iter().find(|(id, told)| {
            self.jobs.get(*id).is_none_or(|job| {
                let is_latest = job.row.replay.as_ref() == Some(&row.id);
                let stands = match job.row.state {
                    _ if !is_latest => JobState::DeadLettered,
                    JobState::Queued | JobState::Running | JobState::RetryScheduled => {
                        JobState::Queued
                    }
                    ended @ (JobState::Succeeded
                    | JobState::Failed
                    | JobState::DeadLettered
                    | JobState::Cancelled) => ended,
                };
                stands != **told
            })
        });
        ensure(wrong.is_none(), Invariant::ReplaysAddUp, || {
            format!("{wrong:?} is told by {row:?}")
        })
    }

    /// Every replay has ended.
    pub(super) fn replays_rest(&self) -> Result<(), Breach> {
        let open = self.open_replays().next();
        ensure(open.is_none(), Invariant::LettersArePutBackOnce, || {
            format!("{open:?} never ends")
        })
    }
}

/// What one transaction may do to one replay.
fn replay_moved(run: RunId, old: &ReplaysRow, new: &ReplaysRow) -> Result<(), Breach> {
    let by = match (old.status, new.status) {
        (one, other) if one == other => one == ReplayStatus::Running,
        (ReplayStatus::Running, ReplayStatus::Paused) => {
            matches!(run.role, Role::Control | Role::Step)
        }
        (ReplayStatus::Running, ReplayStatus::Completed) => run.role == Role::Step,
        (ReplayStatus::Paused, ReplayStatus::Running)
        | (ReplayStatus::Running | ReplayStatus::Paused, ReplayStatus::Aborted) => {
            run.role == Role::Control
        }
        (_, _) => false,
    };
    let looked = (new.replayed, new.skipped) != (old.replayed, old.skipped);
    let grows = new.replayed >= old.replayed && new.skipped >= old.skipped;
    let fenced =
        new.step == old.step + 1 || (new.step == old.step && !looked && run.role == Role::Sweep);
    let whole = new.status != ReplayStatus::Completed || new.replayed + new.skipped >= new.matched;
    let sound = by && grows && fenced && whole && (!looked || run.role == Role::Step);
    ensure(sound, Invariant::ReplaysAddUp, || {
        format!("by {run:?}: {old:?} became {new:?}")
    })
}
