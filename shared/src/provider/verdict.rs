//! What a reply means for the job.

use super::Answer;
use crate::error_code::ErrorCode;
use crate::retry::Backoff;
use serde::Serialize;
use std::fmt;
use std::time::Duration;

/// A hint longer than this sends the job to the next provider of its chain.
const LONGEST_PATIENCE: Duration = Duration::from_mins(2);

/// What one call to a provider came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// The provider answered.
    Answered(Answer),
    /// It works on it, and is to be asked again for what came of it.
    Pending(Pending),
    /// It stopped in the middle of its turn, and goes on when it is given back what it said.
    Paused(Box<Paused>),
    /// It did not, and this is what to do about it.
    Failed(Failure),
}

/// An answer that the provider works on in the background.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// The provider's own name of the answer to come.
    pub response_id: String,
    /// When to ask for it.
    pub poll_after: Duration,
}

/// A turn that is not over.
#[derive(Clone, Debug, PartialEq)]
pub struct Paused {
    /// What it said, in its own form, to be given back to it.
    pub content: serde_json::Value,
    /// The same as an answer, for when the turn is not gone on with.
    pub answer: Answer,
}

/// An attempt that brought no answer, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The row of the decision table; `None` when no request could be made.
    pub row: Option<Row>,
    /// The error was found in the body of a reply whose status was a success (row 5).
    pub inside_success: bool,
    /// The row would retry, but the provider forbade it with `x-should-retry` (row 0).
    pub retry_refused: bool,
    /// Why, for the tenant, the log and the dead letters.
    pub code: ErrorCode,
    /// When the next provider of the chain is asked instead; see [`Failure::falls_back`].
    pub fallback: Fallback,
    /// What to do when no other provider is asked; see [`Failure::action_after`].
    pub action: Action,
    /// How often in a row this row may be retried before it is dead-lettered; `None` leaves it to
    /// the job's budget.
    pub max_retries_of_kind: Option<u8>,
    /// What the attempt costs the job.
    pub budget: Budget,
    /// What it says about other calls by the same circuit.
    pub circuit: CircuitSign,
    /// The series of delays when it is retried without a hint.
    pub backoff: Backoff,
    /// How long the provider asks to wait.
    pub hint: Option<Duration>,
    /// The reply's status; `None` when there was no reply.
    pub provider_status: Option<u16>,
    /// The provider's own name for the call, to quote in a complaint.
    pub provider_request_id: Option<String>,
    /// What happened and what can be done, in our words; never the provider's.
    pub message: String,
    /// The beginning of the reply's body, redacted, for operators only: it may echo the prompt, so
    /// it is neither logged nor shown to the tenant.
    pub excerpt: Option<String>,
    /// The provider may charge for the call all the same.
    pub possibly_billed: bool,
    /// What the model had said before a filter stopped it or it declined, with its usage.
    pub partial: Option<Box<Answer>>,
}

impl Failure {
    /// A failure that no reply brought: found on our side, and ended at once.
    #[must_use]
    pub fn ours(code: ErrorCode, action: Action, message: impl Into<String>) -> Self {
        Self {
            row: None,
            inside_success: false,
            retry_refused: false,
            code,
            fallback: Fallback::Never,
            action,
            max_retries_of_kind: None,
            budget: Budget::Immediate,
            circuit: CircuitSign::Unmoved,
            backoff: Backoff::Standard,
            hint: None,
            provider_status: None,
            provider_request_id: None,
            message: message.into(),
            excerpt: None,
            possibly_billed: false,
            partial: None,
        }
    }

    /// Whether the next provider of the chain is asked, when this one failed by the same row in
    /// `earlier` attempts directly before.
    ///
    /// [`Fallback::ToLargerContext`], [`Fallback::OnContentFilter`] and [`Fallback::OnRefusal`] say
    /// yes: which provider that is, and whether the job wants it, is for the caller to know.
    #[must_use]
    pub fn falls_back(&self, earlier: u32) -> bool {
        let long = self.hint.is_some_and(|hint| hint > LONGEST_PATIENCE);
        match self.fallback {
            Fallback::Never => false,
            Fallback::Now
            | Fallback::ToLargerContext
            | Fallback::OnContentFilter
            | Fallback::OnRefusal => true,
            Fallback::After(times) => long || earlier >= u32::from(times),
            Fallback::WhenHintOver(seconds) => {
                let longest = Duration::from_secs(seconds.into());
                self.hint.is_some_and(|hint| hint > longest)
            }
        }
    }

    /// The answer to be content with when `earlier` attempts of this job, directly before this one,
    /// failed by the same row: a model that was asked again and says nothing once more has answered.
    #[must_use]
    pub fn content_with(&self, earlier: u32) -> Option<&Answer> {
        let again = self.action == Action::Retry && self.action_after(earlier) != Action::Retry;
        self.partial.as_deref().filter(|_| again)
    }

    /// What to do when `earlier` attempts of this job, directly before this one, failed by the same
    /// row: a retry that is allowed only so often becomes a dead letter.
    #[must_use]
    pub fn action_after(&self, earlier: u32) -> Action {
        match (self.action, self.max_retries_of_kind) {
            (Action::Retry, Some(limit)) if earlier >= u32::from(limit) => Action::DeadLetter,
            (action, _) => action,
        }
    }
}

/// When a failure sends the job to the next provider of its chain, in the same attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fallback {
    /// Never: no provider would do better.
    Never,
    /// At once.
    Now,
    /// When this provider failed by the same row so many times before, one after the other.
    After(u8),
    /// When the provider asks for longer than this, in seconds.
    WhenHintOver(u16),
    /// To one whose model has a larger context.
    ToLargerContext,
    /// When the job says so for filtered answers and prompts.
    OnContentFilter,
    /// When the job says so for answers that the model declined.
    OnRefusal,
}

/// What to do about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Try the same provider again, at its hint or after the backoff.
    Retry,
    /// End the job as `failed`: the request itself is at fault.
    Fail,
    /// Dead-letter the job: an operator can put it right and replay it.
    DeadLetter,
}

/// What an attempt that did not succeed costs the job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Budget {
    /// Nothing: the provider asked for patience. Only the job's deadline ends this.
    Throttle,
    /// One of the failures the job may have.
    Failure,
    /// The budget does not matter, because nothing is retried.
    Immediate,
}

/// What a failure says about other calls to the same model with the same key: what the
/// [circuit](crate::circuit) makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CircuitSign {
    /// Nothing: the request is at fault, or the provider would answer others.
    Unmoved,
    /// Others may fail as well: it counts, and opens the circuit together with its like.
    Counts,
    /// Others will fail as well, for so long at least: it opens the circuit by itself.
    Opens {
        /// How long.
        minutes: u8,
    },
    /// Others will fail as well until the failure's hint is over: it opens the circuit by itself.
    OpensUntilHint,
}

/// The number of a row of the decision table, the same in the table, the fixtures and the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Row(u8);

impl Row {
    pub(crate) const fn new(number: u8) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

impl fmt::Display for Row {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}
