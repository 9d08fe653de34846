//! One run of a use case: a future that is moved on effect by effect.

use super::gate::RunId;
use super::operation::Way;
use super::upload::Upload;
use redrive_shared::batch::CancelledBatch;
use redrive_shared::batch::intake::{Refused, Taken};
use redrive_shared::cancel::Cancelled;
use redrive_shared::clock::Instant;
use redrive_shared::database::DatabaseError;
use redrive_shared::dead_letter::purge::Purged;
use redrive_shared::ids::JobId;
use redrive_shared::replay::Replayed;
use redrive_shared::replays::{Begun, Controlled, Wish};
use redrive_shared::run::{Delivered, Disposition};
use redrive_shared::status::Standing;
use redrive_shared::submit::Submitted;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// What a run came to.
pub(crate) enum Ending {
    /// A submission: the id, or a 503.
    Submitted(Result<JobId, DatabaseError>),
    /// A delivery of a queue: its messages, and what is to become of each.
    Delivered(Way, Vec<Delivered>, Vec<Disposition>),
    /// A submission of a shape with an idempotency key of a number.
    SubmittedOnce(u8, u8, Result<Submitted, DatabaseError>),
    /// A sweep.
    Swept,
    /// A submission of a batch, with an idempotency key of a number (0: without).
    BatchTaken(Upload, u8, Result<Taken, Refused>),
    /// A cancellation of the batch.
    BatchCancelled(String, Result<CancelledBatch, DatabaseError>),
    /// A replay of many letters of the tenant.
    ReplaysBegun(String, Result<Begun, DatabaseError>),
    /// What an operator wished of the replay.
    ReplaysControlled(String, Wish, Result<Controlled, DatabaseError>),
    /// A purge.
    Purged(Result<Purged, DatabaseError>),
    /// A replay of the job.
    Replayed(String, Result<Replayed, DatabaseError>),
    /// A cancellation.
    Cancelled(String, Result<Cancelled, DatabaseError>),
    /// A read of the job, by its owner or not.
    Read {
        job: String,
        foreign: bool,
        found: Result<Option<Standing>, DatabaseError>,
    },
}

/// How far a run got when it was moved on.
pub(crate) enum Progress {
    /// It waits for an effect.
    Waits,
    /// It is over.
    Ended(Ending),
    /// It panicked.
    Panicked,
}

/// A run under way.
pub(crate) struct Run {
    pub(crate) id: RunId,
    pub(crate) begun_at: Instant,
    future: Pin<Box<dyn Future<Output = Ending>>>,
    woken: Arc<Woken>,
    waker: Waker,
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Run {
    /// A run of `future` that has not begun.
    pub(crate) fn new(
        id: RunId,
        begun_at: Instant,
        future: impl Future<Output = Ending> + 'static,
    ) -> Self {
        let woken = Arc::new(Woken(AtomicBool::new(true)));
        Self {
            id,
            begun_at,
            future: Box::pin(future),
            waker: Waker::from(Arc::clone(&woken)),
            woken,
        }
    }

    /// Moves on until every part of it waits at a gate, or it is over.
    pub(crate) fn advance(&mut self) -> Progress {
        while self.woken.0.swap(false, Ordering::Relaxed) {
            let mut context = Context::from_waker(&self.waker);
            let future = self.future.as_mut();
            let polled = std::panic::catch_unwind(AssertUnwindSafe(|| future.poll(&mut context)));
            match polled {
                Ok(Poll::Ready(ending)) => return Progress::Ended(ending),
                Ok(Poll::Pending) => {}
                Err(_) => return Progress::Panicked,
            }
        }
        Progress::Waits
    }
}
