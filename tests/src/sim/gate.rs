//! Gates: where a run waits before each of its effects until the scheduler lets it go on.

use super::core::{Core, lock};
use super::operation::Outcome;
use redrive_shared::clock::Instant;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// Who runs, and what for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RunId {
    /// Counted from 0 in each world.
    pub(crate) number: u32,
    /// What it is for.
    pub(crate) role: Role,
    /// The machine that runs it, by number.
    pub(crate) machine: usize,
}

/// What a run is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// A client submits.
    Submit,
    /// A client submits a batch.
    Batch,
    /// The consumer takes a delivery of a queue of jobs.
    Delivery,
    /// The consumer takes steps of batches and of replays of many.
    Step,
    /// The consumer takes a delivery of the dead-letter queue.
    Letters,
    /// The cron sweeps.
    Sweep,
    /// A client cancels.
    Cancel,
    /// An operator replays.
    Replay,
    /// A client cancels a batch, or an operator begins, pauses, goes on with or ends a replay of many.
    Control,
    /// An operator deletes dead letters.
    Purge,
    /// A client reads.
    Read,
}

/// What a run is about to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// A batch of the database.
    Database,
    /// Sending to a queue.
    Send,
    /// Asking a queue what waits in it.
    Backlog,
    /// Reading the cache.
    CacheGet,
    /// Writing the cache.
    CachePut,
    /// Sleeping until the instant.
    Sleep(Instant),
    /// Calling the provider. A deadly call takes the run down.
    Call {
        /// Whether the run dies of it.
        deadly: bool,
    },
}

/// An effect that waits.
#[derive(Debug)]
struct Ticket {
    number: u64,
    run: u32,
    effect: Effect,
    outcome: Option<Outcome>,
    waker: Waker,
}

/// The effects that wait, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Gates {
    issued: u64,
    tickets: Vec<Ticket>,
}

impl Gates {
    /// What `run` waits for, oldest first, each with the number to let it go by.
    pub(crate) fn waiting(&self, run: u32) -> Vec<(u64, Effect)> {
        self.tickets
            .iter()
            .filter(|ticket| ticket.run == run)
            .map(|ticket| (ticket.number, ticket.effect))
            .collect()
    }

    /// Lets an effect take place, with this outcome.
    pub(crate) fn open(&mut self, number: u64, outcome: Outcome) {
        let found = self
            .tickets
            .iter_mut()
            .find(|ticket| ticket.number == number);
        if let Some(ticket) = found {
            ticket.outcome = Some(outcome);
            ticket.waker.wake_by_ref();
        }
    }

    fn issue(&mut self, run: u32, effect: Effect, waker: Waker) -> u64 {
        self.issued += 1;
        self.tickets.push(Ticket {
            number: self.issued,
            run,
            effect,
            outcome: None,
            waker,
        });
        self.issued
    }

    /// The outcome of an effect that was let go; else remembers whom to wake.
    fn take(&mut self, number: u64, waker: &Waker) -> Option<Outcome> {
        let place = self
            .tickets
            .iter()
            .position(|ticket| ticket.number == number)?;
        let ticket = self.tickets.get_mut(place)?;
        let outcome = ticket.outcome;
        if outcome.is_some() {
            self.tickets.remove(place);
        } else {
            ticket.waker.clone_from(waker);
        }
        outcome
    }

    fn forget(&mut self, number: u64) {
        self.tickets.retain(|ticket| ticket.number != number);
    }
}

/// Waits until the scheduler lets the effect take place, and answers how it goes.
pub(crate) struct Gate {
    core: Arc<Core>,
    run: u32,
    effect: Effect,
    ticket: Option<u64>,
}

impl Gate {
    /// A gate before `effect` of `run`.
    pub(crate) const fn new(core: Arc<Core>, run: RunId, effect: Effect) -> Self {
        Self {
            core,
            run: run.number,
            effect,
            ticket: None,
        }
    }
}

impl Future for Gate {
    type Output = Outcome;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Outcome> {
        let mut gates = lock(&self.core.gates);
        let Some(number) = self.ticket else {
            let number = gates.issue(self.run, self.effect, context.waker().clone());
            drop(gates);
            self.ticket = Some(number);
            return Poll::Pending;
        };
        let taken = gates.take(number, context.waker());
        drop(gates);
        match taken {
            Some(outcome) => {
                self.ticket = None;
                Poll::Ready(outcome)
            }
            None => Poll::Pending,
        }
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        if let Some(number) = self.ticket {
            lock(&self.core.gates).forget(number);
        }
    }
}
