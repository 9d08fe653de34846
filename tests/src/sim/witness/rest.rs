//! What the witness asks of the quiet: every job ends, in time, and none for another's sake.

use super::{Breach, Invariant, Watched, Witness, ensure};
use redrive_shared::clock::Instant;
use std::collections::BTreeMap;

/// How long after it is due a job may take to end in the quiet, in milliseconds: three leases and
/// as many sweeps, after the longest that a backlog holds a sweep back.
const IN_TIME_MS: i64 = 2 * 3_600_000;

/// Where the jobs that had not ended stood when the quiet began.
#[derive(Clone, Debug)]
pub(crate) struct Dusk {
    at: Instant,
    /// When each was due, and how often its lease was lost.
    jobs: BTreeMap<String, (Option<Instant>, u32)>,
}

impl Witness {
    /// The quiet begins.
    pub(crate) fn dusk(&self, at: Instant) -> Dusk {
        let note = |watched: &Watched| {
            let noted = (watched.row.due_at, watched.losses);
            (watched.row.id.clone(), noted)
        };
        Dusk {
            at,
            jobs: self.unfinished().map(note).collect(),
        }
    }

    /// The world came to rest.
    pub(crate) fn at_rest(&mut self, dusk: &Dusk) {
        let judged = dusk.jobs.iter().try_for_each(|(job, (due_at, losses))| {
            self.jobs
                .get(job)
                .map_or(Ok(()), |watched| rests(watched, dusk.at, *due_at, *losses))
        });
        self.judge(judged);
        let unfinished = self.unfinished().next().map(|watched| {
            let what = format!("{:?} never ends", watched.row);
            Breach::new(Invariant::EveryJobEnds, what)
        });
        self.judge(unfinished.map_or(Ok(()), Err));
        let rest = self.batches_rest().and_then(|()| self.replays_rest());
        self.judge(rest);
    }
}

impl Witness {
    /// Everything was kept for its time, and that is over.
    pub(crate) fn at_the_end(&mut self) {
        let kept = self.jobs.values().find(|watched| !watched.gone);
        let judged = kept.map(|watched| {
            let what = format!("kept for longer than its time: {:?}", watched.row);
            Breach::new(Invariant::KeptForItsTime, what)
        });
        self.judge(judged.map_or(Ok(()), Err));
        let batch = self.batches().next().map(|(_, id)| id.to_owned());
        let replay = self.replays().next().map(|(_, id)| id.to_owned());
        let kept = batch.or(replay);
        self.judge(ensure(kept.is_none(), Invariant::KeptForItsTime, || {
            format!("kept for longer than its time: {kept:?}")
        }));
    }

    /// What is left of files when the time of each is over.
    pub(crate) fn files_left(&mut self, rows: &anyhow::Result<u64>) {
        let sound = matches!(rows, Ok(0));
        self.judge(ensure(sound, Invariant::KeptForItsTime, || {
            format!("rows of files that are kept for longer than their time: {rows:?}")
        }));
    }
}

fn rests(
    watched: &Watched,
    dusk: Instant,
    due_at: Option<Instant>,
    losses: u32,
) -> Result<(), Breach> {
    let from = due_at.unwrap_or(dusk).max(dusk);
    if watched.gone {
        return Ok(());
    }
    let Some(completed_at) = watched.row.completed_at else {
        let what = format!("{:?} never ends", watched.row);
        return Err(Breach::new(Invariant::EveryJobEnds, what));
    };
    let took = completed_at.millis_since(from);
    ensure(took <= IN_TIME_MS, Invariant::EndsInTime, || {
        format!("{took} ms from {from:?} on: {:?}", watched.row)
    })?;
    // Its run may have died before the quiet, or a deadly neighbour took it down once; from then
    // on it runs alone.
    let lost = watched.losses - losses;
    ensure(
        watched.origin.deadly || lost <= 1,
        Invariant::SuspectsRunAlone,
        || format!("{lost} leases lost in the quiet: {:?}", watched.row),
    )
}
