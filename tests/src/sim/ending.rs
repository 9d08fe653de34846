//! What is checked when a run ends, and what its ending does to the world.

use super::breach::{Breach, Invariant, ensure};
use super::core::lock;
use super::ending_many::{purged, replays_controlled};
use super::gate::RunId;
use super::operation::Way;
use super::run::Ending;
use super::shape::idempotency;
use super::witness::Deeds;
use super::world::World;
use redrive_shared::cancel::Cancelled;
use redrive_shared::database::DatabaseError;
use redrive_shared::document::JobDocument;
use redrive_shared::ids::JobId;
use redrive_shared::job::JobState;
use redrive_shared::message::JobMessage;
use redrive_shared::replay::Replayed;
use redrive_shared::run::{Delivered, Disposition};
use redrive_shared::status::Standing;
use redrive_shared::submit::Submitted;

/// The longest that the platform delays a message.
const MAX_DELAY_SECONDS: u32 = 86_400;

impl World {
    /// Does with the world what the run's ending asks for, and checks the ending.
    pub(super) fn ended(&self, run: RunId, ending: Ending) {
        let deeds = lock(&self.core.witness).ended(run.number);
        let deeds = &deeds;
        let judged = match ending {
            Ending::Submitted(answer) => self.submitted(answer, deeds),
            Ending::Delivered(way, messages, dispositions) => {
                self.delivered(run, way, deeds, &messages, &dispositions)
            }
            Ending::SubmittedOnce(key, shape, answer) => {
                self.submitted_once(key, shape, answer, deeds)
            }
            Ending::Swept => Ok(()),
            Ending::BatchTaken(upload, key, answer) => {
                self.batch_taken(upload, key, &answer, deeds)
            }
            Ending::BatchCancelled(batch, answer) => self.batch_cancelled(&batch, &answer, deeds),
            Ending::ReplaysBegun(tenant, answer) => self.replays_begun(&tenant, &answer, deeds),
            Ending::ReplaysControlled(replay, wish, answer) => {
                replays_controlled(&replay, wish, &answer, deeds)
            }
            Ending::Purged(answer) => purged(&answer, deeds),
            Ending::Replayed(job, answer) => replayed(&job, &answer, deeds),
            Ending::Cancelled(job, answer) => self.cancelled(&job, answer, deeds),
            Ending::Read {
                job,
                foreign,
                found,
            } => self.was_read(&job, foreign, found),
        };
        lock(&self.core.witness).judge(judged);
    }

    fn submitted(&self, answer: Result<JobId, DatabaseError>, deeds: &Deeds) -> Result<(), Breach> {
        match answer {
            Ok(job) => {
                lock(&self.core.witness).promised(job.as_str());
                Ok(())
            }
            Err(error) => ensure(deeds.sent == 0, Invariant::RefusalChangesNothing, || {
                format!("a submission was refused ({error}) and a message sent")
            }),
        }
    }

    fn submitted_once(
        &self,
        key: u8,
        shape: u8,
        answer: Result<Submitted, DatabaseError>,
        deeds: &Deeds,
    ) -> Result<(), Breach> {
        let mut witness = lock(&self.core.witness);
        let own = idempotency(key, shape).ok();
        let own = own.as_ref();
        let is_own = |job: &JobId| {
            let origin = witness.jobs().get(job.as_str()).map(|known| &known.origin);
            let key = origin.and_then(|origin| origin.key.as_deref());
            let hash = origin.and_then(|origin| origin.request_hash.as_deref());
            key == own.map(|own| own.key.as_str())
                && hash == own.map(|own| own.request_hash.as_str())
        };
        match answer {
            Ok(Submitted::New(job)) => {
                let sound = deeds.changes == 1 && is_own(&job);
                let what = || format!("{job} is not what key {key} asked for: {deeds:?}");
                ensure(sound, Invariant::OneJobAKey, what)?;
                witness.promised(job.as_str());
                Ok(())
            }
            Ok(Submitted::Repeated(job)) => {
                let sound = deeds.changes == 0 && deeds.sent == 0 && is_own(&job);
                let what = || format!("{job} is not what key {key} asked for: {deeds:?}");
                ensure(sound, Invariant::OneJobAKey, what)?;
                witness.promised(job.as_str());
                Ok(())
            }
            Ok(Submitted::KeyReused) => ensure(
                deeds.changes == 0 && deeds.sent == 0,
                Invariant::RefusalChangesNothing,
                || format!("key {key} was refused, and {deeds:?}"),
            ),
            Err(error) => ensure(deeds.sent == 0, Invariant::RefusalChangesNothing, || {
                format!("a submission was refused ({error}) and a message sent")
            }),
        }
    }

    fn delivered(
        &self,
        run: RunId,
        way: Way,
        deeds: &Deeds,
        messages: &[Delivered],
        dispositions: &[Disposition],
    ) -> Result<(), Breach> {
        let sound = messages.len() == dispositions.len()
            && dispositions.iter().all(|disposition| match disposition {
                Disposition::Acknowledge => true,
                Disposition::Retry { delay_seconds } => *delay_seconds <= MAX_DELAY_SECONDS,
            });
        let what = || format!("{} messages, answered {dispositions:?}", messages.len());
        ensure(sound, Invariant::NothingHangs, what)?;
        let now = self.core.now();
        let settled = self
            .core
            .lane(way)
            .settle(run.number, messages, dispositions, now);
        if way == Way::Letter {
            return Ok(());
        }
        self.move_to_letters(settled);
        if way == Way::Task {
            return Ok(());
        }
        for job in let_go(messages, dispositions) {
            let mut witness = lock(&self.core.witness);
            witness.acknowledged(run.number, deeds, job.job_id.as_str(), now);
        }
        Ok(())
    }

    fn cancelled(
        &self,
        job: &str,
        answer: Result<Cancelled, DatabaseError>,
        deeds: &Deeds,
    ) -> Result<(), Breach> {
        let state = self.state(job);
        match answer {
            Ok(Cancelled::Done(document)) => {
                let sound = state == Some(JobState::Cancelled)
                    && document.status == JobState::Cancelled
                    && document.job_id.as_str() == job;
                ensure(sound, Invariant::RefusalChangesNothing, || {
                    format!("{job} was said to be cancelled and is {state:?}")
                })
            }
            Ok(Cancelled::NotPossible(_) | Cancelled::Unknown) => ensure(
                deeds.changes == 0 && deeds.sent == 0,
                Invariant::RefusalChangesNothing,
                || format!("the cancellation of {job} was refused and changed something"),
            ),
            Err(_) => Ok(()),
        }
    }

    fn was_read(
        &self,
        job: &str,
        foreign: bool,
        found: Result<Option<Standing>, DatabaseError>,
    ) -> Result<(), Breach> {
        let Ok(found) = found else { return Ok(()) };
        let Some(standing) = found else {
            let unknown = foreign || self.state(job).is_none();
            return ensure(unknown, Invariant::ReadsAreTrue, || {
                format!("{job} was not found by its owner")
            });
        };
        let wrong = |why: String| Breach::new(Invariant::ReadsAreTrue, format!("{job}: {why}"));
        if foreign {
            return Err(wrong("found by another tenant".to_owned()));
        }
        let document: JobDocument =
            serde_json::from_str(&standing.text).map_err(|error| wrong(error.to_string()))?;
        let told = document.status;
        let state = self.state(job);
        let settled = standing.poll_after_seconds.is_none();
        let sound = document.job_id.as_str() == job
            && settled == told.is_terminal()
            && (!told.is_immutable() || state == Some(told));
        ensure(sound, Invariant::ReadsAreTrue, || {
            format!("{job} was told to be {told:?} and is {state:?}")
        })
    }

    fn state(&self, job: &str) -> Option<JobState> {
        lock(&self.core.witness).state(job)
    }
}

fn replayed(
    job: &str,
    answer: &Result<Replayed, DatabaseError>,
    deeds: &Deeds,
) -> Result<(), Breach> {
    match answer {
        Ok(Replayed::Done) => {
            let once = deeds.replays == 1 && deeds.changes == 1;
            ensure(once, Invariant::ReplaysAreAudited, || {
                format!("{job} was said to be replayed, and {deeds:?}")
            })
        }
        Ok(
            refused @ (Replayed::Repeated
            | Replayed::KeyReused
            | Replayed::NotDead(_)
            | Replayed::PayloadDeleted
            | Replayed::Refused(_)
            | Replayed::Unknown),
        ) => ensure(
            deeds.changes == 0 && deeds.sent == 0,
            Invariant::RefusalChangesNothing,
            || format!("the replay of {job} was refused as {refused:?}, and {deeds:?}"),
        ),
        Err(_) => Ok(()),
    }
}

/// The jobs whose messages were all acknowledged.
fn let_go(messages: &[Delivered], dispositions: &[Disposition]) -> Vec<JobMessage> {
    let named = |acknowledged: bool| {
        messages
            .iter()
            .zip(dispositions)
            .filter(move |(_, disposition)| {
                (**disposition == Disposition::Acknowledge) == acknowledged
            })
            .filter_map(|(message, _)| JobMessage::decode(message.body.as_deref()?).ok())
    };
    named(true)
        .filter(|job| !named(false).any(|kept| kept == *job))
        .collect()
}
