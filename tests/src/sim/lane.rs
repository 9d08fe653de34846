//! One simulated queue: at least once, in any order, with delays and delivery counts.

use super::random::nth;
use redrive_shared::clock::Instant;
use redrive_shared::queue::Backlog;
use redrive_shared::run::{Delivered, Disposition};

/// Redeliveries after which the platform moves a message to the dead-letter queue.
const MAX_RETRIES: u32 = 100;

/// Seconds until a message comes again whose delivery died.
const RETRY_DELAY_SECONDS: i64 = 5;

/// A message, as the queue keeps it.
#[derive(Clone, Debug)]
struct Message {
    /// The queue's own name for this copy.
    number: u64,
    /// The id the consumer sees; copies share it.
    id: u64,
    body: Option<String>,
    sent_at: Instant,
    due_at: Instant,
    deliveries: u32,
    /// The run that has it now.
    taken_by: Option<u32>,
}

/// A queue.
#[derive(Debug, Default)]
pub(crate) struct Lane {
    issued: u64,
    messages: Vec<Message>,
}

impl Lane {
    /// Takes a message in, to be delivered so many seconds after `sent_at` or later.
    pub(crate) fn push(&mut self, body: Option<String>, sent_at: Instant, delay_seconds: u32) {
        self.issued += 1;
        self.messages.push(Message {
            number: self.issued,
            id: self.issued,
            body,
            sent_at,
            due_at: sent_at.plus_seconds(i64::from(delay_seconds)),
            deliveries: 0,
            taken_by: None,
        });
    }

    /// How many messages may be delivered at `now`.
    pub(crate) fn due(&self, now: Instant) -> usize {
        self.messages
            .iter()
            .filter(|message| message.is_due(now))
            .count()
    }

    /// How many messages there are, those under way too.
    pub(crate) const fn len(&self) -> usize {
        self.messages.len()
    }

    /// What waits here.
    pub(crate) fn backlog(&self) -> Backlog {
        Backlog {
            messages: u64::try_from(self.messages.len()).unwrap_or(u64::MAX),
            oldest_at: self.messages.iter().map(|message| message.sent_at).min(),
        }
    }

    /// When the next message is due that nobody has.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.messages
            .iter()
            .filter(|message| message.taken_by.is_none())
            .map(|message| message.due_at)
            .min()
    }

    /// Hands messages to `run`: those that are due, from the `first` on, at most `count`.
    pub(crate) fn take(
        &mut self,
        run: u32,
        first: u8,
        count: usize,
        now: Instant,
        queue: &str,
    ) -> Vec<Delivered> {
        let due: Vec<u64> = self
            .messages
            .iter()
            .filter(|message| message.is_due(now))
            .map(|message| message.number)
            .collect();
        let mut delivered = Vec::with_capacity(count);
        for step in 0..count.min(due.len()) {
            let place = u64::from(first).saturating_add(u64::try_from(step).unwrap_or_default());
            let Some(number) = nth(&due, place) else {
                continue;
            };
            let found = self
                .messages
                .iter_mut()
                .find(|message| message.number == *number);
            if let Some(message) = found {
                message.taken_by = Some(run);
                message.deliveries += 1;
                delivered.push(Delivered {
                    id: message.name(),
                    queue: queue.to_owned(),
                    deliveries: message.deliveries,
                    body: message.body.clone(),
                });
            }
        }
        delivered
    }

    /// Does with the messages of `run`, in the order of its delivery, as it answered; gives back the
    /// bodies of those that were delivered too often.
    pub(crate) fn settle(
        &mut self,
        run: u32,
        delivered: &[Delivered],
        dispositions: &[Disposition],
        now: Instant,
    ) -> Vec<Option<String>> {
        for (answered, disposition) in delivered.iter().zip(dispositions) {
            let place = self
                .messages
                .iter()
                .position(|message| message.taken_by == Some(run) && message.name() == answered.id);
            let Some(place) = place else { continue };
            match disposition {
                Disposition::Acknowledge => {
                    self.messages.remove(place);
                }
                Disposition::Retry { delay_seconds } => {
                    if let Some(message) = self.messages.get_mut(place) {
                        message.taken_by = None;
                        message.due_at = now.plus_seconds(i64::from(*delay_seconds));
                    }
                }
            }
        }
        self.worn_out()
    }

    /// Gives back the messages of a run that died.
    pub(crate) fn release(&mut self, run: u32, now: Instant) -> Vec<Option<String>> {
        for message in &mut self.messages {
            if message.taken_by == Some(run) {
                message.taken_by = None;
                message.due_at = now.plus_seconds(RETRY_DELAY_SECONDS);
            }
        }
        self.worn_out()
    }

    /// Makes a second copy of a message that is due at `now`.
    pub(crate) fn duplicate(&mut self, index: u8, now: Instant) -> bool {
        let Some(message) = nth(&self.messages, index) else {
            return false;
        };
        self.issued += 1;
        let copy = Message {
            number: self.issued,
            due_at: now,
            deliveries: 0,
            taken_by: None,
            ..message.clone()
        };
        self.messages.push(copy);
        true
    }

    /// Loses a message that nobody has.
    pub(crate) fn lose(&mut self, index: u8) -> bool {
        let Some(number) = self.free(index) else {
            return false;
        };
        self.messages.retain(|message| message.number != number);
        true
    }

    /// Counts more deliveries of a message that nobody has.
    pub(crate) fn wear(&mut self, index: u8, deliveries: u8) -> Option<Vec<Option<String>>> {
        let number = self.free(index)?;
        let message = self
            .messages
            .iter_mut()
            .find(|message| message.number == number)?;
        message.deliveries += u32::from(deliveries);
        Some(self.worn_out())
    }

    fn free(&self, index: u8) -> Option<u64> {
        let free: Vec<u64> = self
            .messages
            .iter()
            .filter(|message| message.taken_by.is_none())
            .map(|message| message.number)
            .collect();
        nth(&free, index).copied()
    }

    fn worn_out(&mut self) -> Vec<Option<String>> {
        let is_worn =
            |message: &Message| message.taken_by.is_none() && message.deliveries > MAX_RETRIES;
        let bodies = self
            .messages
            .iter()
            .filter(|message| is_worn(message))
            .map(|message| message.body.clone())
            .collect();
        self.messages.retain(|message| !is_worn(message));
        bodies
    }
}

impl Message {
    /// The id as the consumer sees it.
    fn name(&self) -> String {
        format!("message-{}", self.id)
    }

    fn is_due(&self, now: Instant) -> bool {
        self.taken_by.is_none() && self.due_at <= now
    }
}
