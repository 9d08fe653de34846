//! What one transaction may do to one job.

use super::super::breach::{Breach, Invariant};
use super::super::gate::{Role, RunId};
use super::CLOCKS_APART_MS;
use super::history::{Entry, History, count};
use super::snapshot::JobRow;
use super::watched::Watched;
use redrive_shared::clock::Instant;
use redrive_shared::job::JobState;

/// A job before and after one transaction, and whose it was.
pub(super) struct Change<'a> {
    pub(super) old: &'a Watched,
    pub(super) new: &'a JobRow,
    pub(super) history: &'a History,
    pub(super) run: RunId,
    pub(super) now: Instant,
}

impl Change<'_> {
    /// Holds the change against every rule for it.
    ///
    /// # Errors
    /// The first rule it breaks.
    pub(super) fn check(&self) -> Result<(), Breach> {
        self.state()?;
        self.attempt()?;
        let added = self.added()?;
        self.counters(added)?;
        self.takeover(added)?;
        self.reason()
    }

    fn fail(&self, invariant: Invariant, why: &str) -> Breach {
        let (old, new) = (&self.old.row, self.new);
        let what = format!("{why}, by {:?}: {old:?} became {new:?}", self.run);
        Breach::new(invariant, what)
    }

    fn state(&self) -> Result<(), Breach> {
        let (old, new) = (&self.old.row, self.new);
        if old.state == JobState::DeadLettered
            && new.state == JobState::Queued
            && matches!(self.run.role, Role::Replay | Role::Step)
        {
            return self.replay();
        }
        if old.state.is_terminal() {
            return Err(self.fail(Invariant::TerminalIsFinal, "a job that had ended changed"));
        }
        let moves = if old.state == new.state {
            // A claim of a running job takes it over; everything else stays where it is.
            old.state != JobState::Running || new.attempt != old.attempt || new.due_at >= old.due_at
        } else {
            old.state.may_become(new.state)
        };
        if !moves {
            return Err(self.fail(Invariant::TransitionAllowed, "no such transition"));
        }
        let by = match new.state {
            JobState::Succeeded | JobState::Failed | JobState::RetryScheduled => {
                self.run.role == Role::Delivery
                    || (old.state == new.state && self.run.role == Role::Sweep)
            }
            JobState::Running => self.run.role == Role::Delivery,
            JobState::Cancelled => self.is_cancelled_by_right(),
            JobState::Queued => self.run.role == Role::Sweep,
            JobState::DeadLettered => matches!(self.run.role, Role::Sweep | Role::Delivery),
        };
        if by {
            Ok(())
        } else {
            Err(self.fail(Invariant::TransitionAllowed, "not this use case's to make"))
        }
    }

    /// A client cancels a job, and a step of a batch that is cancelled those that wait.
    fn is_cancelled_by_right(&self) -> bool {
        let waited = match self.old.row.state {
            JobState::Queued | JobState::RetryScheduled => true,
            JobState::Running
            | JobState::Succeeded
            | JobState::Failed
            | JobState::DeadLettered
            | JobState::Cancelled => false,
        };
        let in_batch = self.old.origin.batch.is_some();
        self.run.role == Role::Cancel || (self.run.role == Role::Step && in_batch && waited)
    }

    /// A replay gives a fresh budget, and the job runs alone if it did.
    fn replay(&self) -> Result<(), Breach> {
        let (old, new) = (&self.old.row, self.new);
        let fresh = new.failures == 0
            && new.rescues == old.rescues.min(1)
            && new.deferrals == old.deferrals
            && new.attempt == old.attempt
            && new.attempts == old.attempts
            && new.completed_at.is_none()
            && new.due_at.is_some_and(|due_at| due_at < new.deadline_at)
            && !self.old.payload_deleted;
        if fresh {
            Ok(())
        } else {
            Err(self.fail(Invariant::CountsAddUp, "no fresh budget, or no history"))
        }
    }

    fn attempt(&self) -> Result<(), Breach> {
        let (old, new) = (&self.old.row, self.new);
        let claimed = new.attempt == old.attempt + 1 && new.state == JobState::Running;
        if new.attempt != old.attempt && !claimed {
            return Err(self.fail(
                Invariant::AttemptsOnlyGrow,
                "an attempt number out of order",
            ));
        }
        if claimed && new.started_at.is_none_or(|start| start >= new.deadline_at) {
            let why = "an attempt began after the deadline";
            return Err(self.fail(Invariant::TransitionAllowed, why));
        }
        let left = old.state == JobState::Running && new.state != JobState::Running;
        let own = self.old.is_claimed_by(old.attempt, self.run.number);
        if left && self.run.role == Role::Delivery && !own {
            let why = "a run committed an attempt that is not its own";
            return Err(self.fail(Invariant::AttemptsOnlyGrow, why));
        }
        Ok(())
    }

    /// The attempts this change adds to the history.
    fn added(&self) -> Result<&[Entry], Breach> {
        let (old, new) = (&self.old.row, self.new);
        if self.history.is_full() {
            return Ok(&[]);
        }
        let Some(added) = self.history.since(&self.old.history) else {
            return Err(self.fail(Invariant::AttemptsOnlyGrow, "the history was rewritten"));
        };
        let left = old.state == JobState::Running
            && (new.state != JobState::Running || new.attempt != old.attempt);
        let numbers: Vec<u32> = added.iter().map(|entry| entry.attempt).collect();
        let expected: &[u32] = if left { &[old.attempt] } else { &[] };
        if numbers == expected {
            Ok(added)
        } else {
            Err(self.fail(
                Invariant::CountsAddUp,
                "the history does not name the attempt that ended",
            ))
        }
    }

    fn counters(&self, added: &[Entry]) -> Result<(), Breach> {
        let (old, new) = (&self.old.row, self.new);
        let adds_up = self.history.is_full()
            || (old.state == JobState::DeadLettered && new.state == JobState::Queued)
            || (new.failures == old.failures + count(added, "failed")
                && new.deferrals == old.deferrals + count(added, "deferred")
                && new.rescues == old.rescues + count(added, "rescued")
                && (count(added, "succeeded") == 1) == (new.state == JobState::Succeeded));
        let within = new.failures + new.deferrals + new.rescues <= new.attempt
            && new.failures <= new.max_attempts;
        if adds_up && within {
            Ok(())
        } else {
            Err(self.fail(Invariant::CountsAddUp, "the counters do not add up"))
        }
    }

    fn takeover(&self, added: &[Entry]) -> Result<(), Breach> {
        let (old, new) = (&self.old.row, self.new);
        if old.state != JobState::Running {
            return Ok(());
        }
        let over = old
            .due_at
            .is_some_and(|lease| lease.millis_since(self.now) <= CLOCKS_APART_MS);
        let taken = count(added, "rescued") > 0
            || (new.state == JobState::Running && new.attempt != old.attempt);
        if taken && !over {
            return Err(self.fail(Invariant::PoisonIsEarned, "taken over under its lease"));
        }
        let losses = self.old.losses + u32::from(taken);
        let poison =
            new.state == JobState::DeadLettered && new.error_code.as_deref() == Some("poison");
        if poison && losses < 3 {
            let why = format!("poison after {losses} lost leases");
            return Err(self.fail(Invariant::PoisonIsEarned, &why));
        }
        Ok(())
    }

    fn reason(&self) -> Result<(), Breach> {
        let new = self.new;
        let owes = matches!(new.state, JobState::Failed | JobState::DeadLettered);
        let told = new.error_code.is_some()
            && new.error.as_deref().is_some_and(|error| {
                serde_json::from_str::<serde_json::Value>(error)
                    .ok()
                    .and_then(|error| Some(!error.get("message")?.as_str()?.is_empty()))
                    .unwrap_or(false)
            });
        if owes && !told {
            return Err(self.fail(Invariant::ReasonGiven, "no reason"));
        }
        Ok(())
    }
}
