//! What is checked when a run ends that acted on many jobs.

use super::breach::{Breach, Invariant, ensure};
use super::core::lock;
use super::upload::Upload;
use super::witness::Deeds;
use super::world::World;
use redrive_shared::batch::CancelledBatch;
use redrive_shared::batch::intake::{Refused, Taken};
use redrive_shared::database::DatabaseError;
use redrive_shared::dead_letter::purge::Purged;
use redrive_shared::replays::{Begun, Controlled, Wish};
use redrive_shared::store::{BatchStatus, ReplayStatus};

impl World {
    pub(super) fn batch_taken(
        &self,
        upload: Upload,
        key: u8,
        answer: &Result<Taken, Refused>,
        deeds: &Deeds,
    ) -> Result<(), Breach> {
        let told = || format!("{upload:?} with key {key}: {answer:?}, and {deeds:?}");
        let mut witness = lock(&self.core.witness);
        match answer {
            Ok(taken) => {
                let lines = u32::try_from(upload.lines().len()).ok();
                let invalid = u32::try_from(upload.invalid_lines()).ok();
                let counted = Some(taken.lines) == lines
                    && Some(taken.invalid_lines) == invalid
                    && taken.errors.len() == upload.invalid_lines();
                let made = usize::from(!taken.is_repeated);
                let sound = counted && upload.is_fit() && deeds.batches == made;
                ensure(sound, Invariant::EveryLineIsOneJob, told)?;
                witness.batch_promised(taken.id.as_str(), upload)
            }
            Err(Refused::Invalid(invalid, errors)) => {
                let counted = usize::try_from(*invalid) == Ok(upload.invalid_lines())
                    && errors.len() == upload.invalid_lines();
                let sound = counted && !upload.is_fit() && deeds.batches == 0 && deeds.sent == 0;
                ensure(sound, Invariant::RefusalChangesNothing, told)
            }
            Err(Refused::KeyReused) => {
                let sound = key > 0 && deeds.batches == 0 && deeds.sent == 0;
                ensure(sound, Invariant::RefusalChangesNothing, told)
            }
            Err(Refused::Database(_)) => {
                ensure(deeds.sent == 0, Invariant::RefusalChangesNothing, told)
            }
            Err(
                Refused::NotAnArray(_) | Refused::Empty | Refused::TooManyLines | Refused::TooLarge,
            ) => Err(Breach::new(Invariant::EveryLineIsOneJob, told())),
        }
    }

    pub(super) fn batch_cancelled(
        &self,
        batch: &str,
        answer: &Result<CancelledBatch, DatabaseError>,
        deeds: &Deeds,
    ) -> Result<(), Breach> {
        let status = lock(&self.core.witness).batch_status(batch);
        let told = || format!("{batch} is {status:?}, and its cancellation did {deeds:?}");
        match answer {
            Ok(CancelledBatch::Done(_)) => {
                let gone_on = matches!(
                    status,
                    None | Some(BatchStatus::Cancelling | BatchStatus::Cancelled)
                );
                ensure(gone_on, Invariant::BatchMoves, told)
            }
            Ok(CancelledBatch::NotPossible(_) | CancelledBatch::Unknown) => {
                let sound = deeds.moves == 0 && deeds.sent == 0;
                ensure(sound, Invariant::RefusalChangesNothing, told)
            }
            Err(_) => Ok(()),
        }
    }

    pub(super) fn replays_begun(
        &self,
        tenant: &str,
        answer: &Result<Begun, DatabaseError>,
        deeds: &Deeds,
    ) -> Result<(), Breach> {
        let witness = lock(&self.core.witness);
        let told = || format!("of {tenant}: {answer:?}, and {deeds:?}");
        match answer {
            Ok(Begun::New(replay, matched)) => {
                let is_it = deeds.begun.as_deref() == Some(replay.as_str());
                let counted = witness.matched(tenant, replay.as_str()) == Some(*matched);
                ensure(is_it && counted, Invariant::LettersArePutBackOnce, told)
            }
            Ok(Begun::Repeated(replay, _) | Begun::Running(replay)) => {
                let sound = deeds.begun.is_none()
                    && deeds.sent == 0
                    && witness.matched(tenant, replay.as_str()).is_some();
                ensure(sound, Invariant::RefusalChangesNothing, told)
            }
            Ok(Begun::KeyReused | Begun::NothingMatches) => {
                let sound = deeds.begun.is_none() && deeds.sent == 0;
                ensure(sound, Invariant::RefusalChangesNothing, told)
            }
            Err(_) => Ok(()),
        }
    }
}

pub(super) fn replays_controlled(
    replay: &str,
    wish: Wish,
    answer: &Result<Controlled, DatabaseError>,
    deeds: &Deeds,
) -> Result<(), Breach> {
    let told = || format!("{wish:?} of {replay}: {answer:?}, and {deeds:?}");
    match answer {
        Ok(Controlled::Done(row)) => {
            let expected = match wish {
                Wish::Pause => ReplayStatus::Paused,
                Wish::Resume => ReplayStatus::Running,
                Wish::Abort => ReplayStatus::Aborted,
            };
            ensure(row.status == expected, Invariant::OneReplayAtATime, told)
        }
        Ok(Controlled::Ended(_) | Controlled::Unknown) => {
            ensure(deeds.sent == 0, Invariant::RefusalChangesNothing, told)
        }
        Err(_) => Ok(()),
    }
}

pub(super) fn purged(answer: &Result<Purged, DatabaseError>, deeds: &Deeds) -> Result<(), Breach> {
    let told = || format!("{answer:?}, and {deeds:?}");
    match answer {
        Ok(Purged::Done { purged, .. }) => {
            let counted = usize::try_from(*purged) == Ok(deeds.purged);
            ensure(counted, Invariant::PurgesAreCounted, told)
        }
        Ok(Purged::CountChanged(_)) => {
            ensure(deeds.purged == 0, Invariant::RefusalChangesNothing, told)
        }
        Err(_) => Ok(()),
    }
}
