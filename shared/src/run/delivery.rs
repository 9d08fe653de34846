//! The messages of one delivery, and what is to become of each.

use super::{GHOST_DELIVERIES, log_database_error, retry_delay_seconds};
use crate::clock::{Clock, Instant};
use crate::dead_letter;
use crate::job::{JobStanding, JobState};
use crate::log::{Event, Log};
use crate::message::{JobMessage, Undecodable};
use crate::ports::Ports;
use crate::queue::{Lane, Queue, log_send_failed};
use crate::repeat::repeat;
use crate::store::{EARLY_MS, MAX_RESCUES};

/// Deliveries after which a message is sent anew: half of what the platform allows.
const WORN_OUT_DELIVERIES: u32 = 50;

/// The longest delay the platform takes, in seconds.
const MAX_DELAY_SECONDS: u32 = 86_400;

/// A message as the queue delivered it.
#[derive(Clone, Debug)]
pub struct Delivered {
    /// The queue's id of the message.
    pub id: String,
    /// The queue's name.
    pub queue: String,
    /// How often it was delivered, this time included.
    pub deliveries: u32,
    /// The body, when it is text.
    pub body: Option<String>,
}

impl Delivered {
    /// The job the message names.
    ///
    /// # Errors
    /// [`Undecodable`]: keep it for the operator.
    pub(crate) fn decode(&self) -> Result<JobMessage, Undecodable> {
        self.body
            .as_deref()
            .map_or(Err(Undecodable::NotText), JobMessage::decode)
    }
}

/// What is to become of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// The queue may forget it.
    Acknowledge,
    /// The queue delivers it again.
    Retry {
        /// After so many seconds, at most a day.
        delay_seconds: u32,
    },
}

/// Why a delivery did not get the job of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unclaimed {
    /// There is no such job. The insert may be on its way, so the message comes again a few times.
    Unknown,
    /// It may run from this instant on.
    Early(Instant),
    /// It runs elsewhere, until this instant at most. A message that comes for the first time is
    /// a duplicate. One that was delivered before is what remains of a run that may have died:
    /// it comes again when the lease is over.
    Leased(Instant),
    /// It was rescued before, or its lease is over now: it runs alone.
    Suspect,
    /// It waits, and its deadline is over.
    Late,
    /// It is terminal, or the sweep is about to end it.
    Over,
}

impl Unclaimed {
    /// Reads where the job stands at `now`.
    pub(super) fn of(standing: Option<&JobStanding>, now: Instant) -> Self {
        let Some(standing) = standing else {
            return Self::Unknown;
        };
        let Some(due_at) = standing.due_at else {
            return Self::Over;
        };
        let is_late = standing.deadline_at <= now;
        match standing.state {
            JobState::Queued | JobState::RetryScheduled => {
                if is_late {
                    Self::Late
                } else if due_at > now.plus_millis(EARLY_MS) {
                    Self::Early(due_at)
                } else {
                    Self::Suspect
                }
            }
            JobState::Running => {
                if due_at > now {
                    Self::Leased(due_at)
                } else if is_late || standing.rescues >= MAX_RESCUES {
                    Self::Over
                } else {
                    Self::Suspect
                }
            }
            JobState::Succeeded
            | JobState::Failed
            | JobState::DeadLettered
            | JobState::Cancelled => Self::Over,
        }
    }
}

/// The messages of a delivery with what is decided so far.
pub(super) struct Board<'a> {
    rows: Vec<(
        &'a Delivered,
        Result<JobMessage, Undecodable>,
        Option<Disposition>,
    )>,
}

impl<'a> Board<'a> {
    pub(super) fn new(messages: &'a [Delivered]) -> Self {
        Self {
            rows: messages
                .iter()
                .map(|message| (message, message.decode(), None))
                .collect(),
        }
    }

    /// The jobs that messages name, each once.
    pub(super) fn jobs(&self) -> Vec<JobMessage> {
        let mut jobs: Vec<JobMessage> = Vec::with_capacity(self.rows.len());
        for (_, decoded, _) in &self.rows {
            if let Ok(job) = decoded
                && !jobs.contains(job)
            {
                jobs.push(job.clone());
            }
        }
        jobs
    }

    /// Decides for every message of `job`.
    pub(super) fn settle(&mut self, job: &JobMessage, disposition: Disposition) {
        for (_, decoded, decided) in &mut self.rows {
            if decoded.as_ref() == Ok(job) {
                *decided = Some(disposition);
            }
        }
    }

    /// Decides for a message whose job this delivery did not get.
    pub(super) fn settle_unclaimed(
        &mut self,
        ports: &impl Ports,
        job: &JobMessage,
        unclaimed: Unclaimed,
        now: Instant,
    ) {
        let deliveries = self.deliveries(job);
        let disposition = match unclaimed {
            Unclaimed::Unknown if deliveries <= GHOST_DELIVERIES => {
                Disposition::Retry { delay_seconds: 5 }
            }
            Unclaimed::Unknown => {
                let event = Event::new("ghost_message").with("job.id", job.job_id.as_str());
                ports.log().write(event.with("deliveries", deliveries));
                Disposition::Acknowledge
            }
            Unclaimed::Leased(_) if deliveries == 1 => Disposition::Acknowledge,
            Unclaimed::Early(due_at) | Unclaimed::Leased(due_at) => Disposition::Retry {
                delay_seconds: seconds_until(Some(due_at), now),
            },
            Unclaimed::Suspect | Unclaimed::Late => Disposition::Retry { delay_seconds: 1 },
            Unclaimed::Over => Disposition::Acknowledge,
        };
        self.settle(job, disposition);
    }

    fn deliveries(&self, job: &JobMessage) -> u32 {
        self.rows
            .iter()
            .filter(|(_, decoded, _)| decoded.as_ref() == Ok(job))
            .map(|(message, ..)| message.deliveries)
            .max()
            .unwrap_or(1)
    }

    /// Asks for redelivery of everything not decided yet.
    /// The delay follows from how often a message was delivered.
    pub(super) fn retry_rest(&mut self, delay_seconds: impl Fn(u32) -> u32) {
        for (message, _, decided) in &mut self.rows {
            decided.get_or_insert_with(|| Disposition::Retry {
                delay_seconds: delay_seconds(message.deliveries),
            });
        }
    }

    /// What is decided, in the order of the delivery. A message nobody decided for comes again;
    /// of several for one job, one does.
    pub(super) fn into_dispositions(mut self) -> Vec<Disposition> {
        self.retry_rest(|_| 5);
        let mut coming: Vec<&JobMessage> = Vec::new();
        self.rows
            .iter()
            .filter_map(|(_, decoded, decided)| {
                let decided = (*decided)?;
                if let (Ok(job), Disposition::Retry { .. }) = (decoded, decided) {
                    if coming.contains(&job) {
                        return Some(Disposition::Acknowledge);
                    }
                    coming.push(job);
                }
                Some(decided)
            })
            .collect()
    }
}

/// Ends the jobs of messages that came after the deadline.
pub(super) async fn expire<P: Ports>(ports: &P, board: &mut Board<'_>, late: &[JobMessage]) {
    if late.is_empty() {
        return;
    }
    let now = ports.clock().now();
    match repeat(ports.clock(), || ports.store().expire(late, now)).await {
        Ok(ended) => {
            for job in late {
                board.settle(job, Disposition::Acknowledge);
            }
            dead_letter::tell(ports, ended.into_iter().map(Into::into).collect()).await;
        }
        Err(error) => {
            log_database_error(ports, "expire_failed", &error);
            for job in late {
                let delay_seconds = retry_delay_seconds(&error, board.deliveries(job));
                board.settle(job, Disposition::Retry { delay_seconds });
            }
        }
    }
}

/// Sends a message anew that the platform has delivered so often that it would soon take it for
/// undeliverable, and lets go of the old one. How often a job may be deferred is the job's affair.
pub(super) async fn renew_worn_out<P: Ports>(ports: &P, lane: Lane, board: &mut Board<'_>) {
    for (message, decoded, decided) in &mut board.rows {
        let (Ok(job), Some(Disposition::Retry { delay_seconds })) = (&*decoded, *decided) else {
            continue;
        };
        if message.deliveries < WORN_OUT_DELIVERIES {
            continue;
        }
        let queue = ports.jobs(lane);
        match queue.send(vec![job.encode()], delay_seconds).await {
            Ok(()) => *decided = Some(Disposition::Acknowledge),
            Err(error) => log_send_failed(ports, lane.as_str(), 1, &error),
        }
    }
}

/// Whole seconds from `now` to `due`, rounded up, within what the platform takes.
pub(super) fn seconds_until(due: Option<Instant>, now: Instant) -> u32 {
    let millis = due.map_or(0, |due| due.millis_since(now)).max(0);
    u32::try_from(millis.saturating_add(999) / 1000)
        .unwrap_or(MAX_DELAY_SECONDS)
        .min(MAX_DELAY_SECONDS)
}

/// Keeps a message that cannot be decoded for the operator, and acknowledges it once it is kept.
pub(crate) async fn record_undecodable<P: Ports>(
    ports: &P,
    message: &Delivered,
    reason: &Undecodable,
) -> Disposition {
    let now = ports.clock().now();
    let reason = reason.to_string();
    let body = message.body.as_deref().unwrap_or_default();
    match ports
        .store()
        .record_undecodable(&message.id, &message.queue, &reason, body, now)
        .await
    {
        Ok(()) => {
            let event = Event::new("undecodable_message").with("message.id", message.id.as_str());
            ports.log().write(
                event
                    .with("queue", message.queue.as_str())
                    .with("reason", reason),
            );
            Disposition::Acknowledge
        }
        Err(error) => {
            log_database_error(ports, "record_undecodable_failed", &error);
            Disposition::Retry {
                delay_seconds: retry_delay_seconds(&error, message.deliveries),
            }
        }
    }
}

/// Records every message of the delivery that cannot be decoded.
pub(super) async fn record_all_undecodable<P: Ports>(ports: &P, board: &mut Board<'_>) {
    for (message, decoded, decided) in &mut board.rows {
        if let Err(reason) = decoded {
            *decided = Some(record_undecodable(ports, message, reason).await);
        }
    }
}
