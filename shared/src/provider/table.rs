//! The decision table: what its rows can say, and how evidence is matched with them.
//!
//! The rows themselves are in [`rows`]; nothing about a provider is decided anywhere else.

pub(super) mod rows;

use super::error_body::ErrorBody;
use super::{Action, Budget, CircuitSign, Provider, Row, TransportError};
use crate::error_code::ErrorCode;
use crate::retry::Backoff;

/// One rule of a row. A row with several rules differs by status or provider.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) row: Row,
    /// Whose replies it is for.
    providers: &'static [Provider],
    when: When,
    pub(super) then: Then,
}

/// What a rule waits for.
#[derive(Debug)]
pub(super) enum When {
    /// The call brought no whole reply.
    Transport(TransportError),
    /// This was found in a reply whose status is a success.
    Finding(Finding),
    /// The reply failed with this status and this sign.
    Status(Statuses, Sign),
    /// The provider forbade a retry that the row for this status allows.
    RetryForbidden(Statuses),
}

/// Some statuses.
#[derive(Clone, Copy, Debug)]
pub(super) enum Statuses {
    Of(&'static [u16]),
    /// From the first to the last, both included.
    Between(u16, u16),
}

/// What has to be true of a failed reply besides its status.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sign {
    /// Nothing.
    Any,
    /// Its code or type is one of these; `*_limit` stands for every word that ends in `_limit`.
    Named(&'static [&'static str]),
    /// It lists why the prompt was flagged.
    Moderated,
    /// It says how long to wait.
    Hinted,
    /// Its message begins with the first text and holds the second.
    ///
    /// The beginning is the provider's own, so a prompt quoted further on cannot imitate it.
    Says(&'static str, &'static str),
}

/// What reading a successful reply can find, in the order in which it is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finding {
    /// The body is no JSON in UTF-8, breaks off, or is too large.
    Unreadable,
    /// The body is an error all the same.
    ErrorInside,
    /// The body holds no message.
    NoMessage,
    /// A filter stopped the answer.
    ContentFiltered,
    /// The model declined.
    Refused,
    /// The model said nothing, and wants no tool called.
    EmptyOutput,
    /// The answer was cut off at the token limit.
    CutShort,
}

/// What a rule says.
#[derive(Clone, Copy, Debug)]
pub(super) enum Then {
    /// The attempt failed.
    Fail(Outcome),
    /// The attempt succeeded, and the answer is marked.
    Mark(Mark),
    /// The table is read again for the error in the body.
    Reenter,
    /// The row's retry is replaced, and with it what it says to the circuit.
    Instead(Action, CircuitSign),
}

/// How an answer is marked.
#[derive(Clone, Copy, Debug)]
pub(super) enum Mark {
    /// With this warning.
    Warning(&'static str),
    /// As truncated.
    Truncated,
}

/// What a failure means.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outcome {
    pub(super) action: Action,
    pub(super) budget: Budget,
    pub(super) circuit: CircuitSign,
    pub(super) backoff: Backoff,
    pub(super) code: ErrorCode,
    pub(super) message: &'static str,
    pub(super) max_retries: Option<u8>,
    pub(super) possibly_billed: bool,
    /// Wait for the provider's rate limit budgets when it sends no `retry-after`.
    pub(super) waits_for_reset: bool,
}

/// What is known about a call when the table is read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Evidence<'a> {
    Transport(TransportError),
    Finding(Finding),
    Status {
        status: u16,
        error: &'a ErrorBody,
        hinted: bool,
    },
    RetryForbidden(u16),
}

/// The first rule for this evidence.
fn rule(provider: Provider, evidence: Evidence<'_>) -> Option<&'static Rule> {
    rows::TABLE
        .iter()
        .find(|rule| rule.providers.contains(&provider) && rule.when.matches(evidence))
}

/// The row and what it says of a failure.
///
/// A test shows that the table has one for every status and every finding that fails; the last
/// resort stands here so that the function is total without a panic.
pub(super) fn failing(provider: Provider, evidence: Evidence<'_>) -> (Row, Outcome) {
    match rule(provider, evidence).map(|rule| (rule.row, rule.then)) {
        Some((row, Then::Fail(outcome))) => (row, outcome),
        Some((_, Then::Mark(_) | Then::Reenter | Then::Instead(..))) | None => rows::LAST_RESORT,
    }
}

/// How an answer with this finding is marked; `None` when the finding makes it a failure.
pub(super) fn mark(provider: Provider, finding: Finding) -> Option<Mark> {
    match rule(provider, Evidence::Finding(finding))?.then {
        Then::Mark(mark) => Some(mark),
        Then::Fail(_) | Then::Reenter | Then::Instead(..) => None,
    }
}

/// Whether this finding is an error to read the table again for.
pub(super) fn reenters(provider: Provider, finding: Finding) -> bool {
    rule(provider, Evidence::Finding(finding))
        .is_some_and(|rule| matches!(rule.then, Then::Reenter))
}

/// What to do instead of a retry that the provider forbids, and what that says to the circuit.
pub(super) fn instead_of_retry(provider: Provider, status: u16) -> Option<(Action, CircuitSign)> {
    match rule(provider, Evidence::RetryForbidden(status))?.then {
        Then::Instead(action, circuit) => Some((action, circuit)),
        Then::Fail(_) | Then::Mark(_) | Then::Reenter => None,
    }
}

impl When {
    fn matches(&self, evidence: Evidence<'_>) -> bool {
        match (self, evidence) {
            (Self::Transport(error), Evidence::Transport(seen)) => *error == seen,
            (Self::Finding(finding), Evidence::Finding(seen)) => *finding == seen,
            (
                Self::Status(statuses, sign),
                Evidence::Status {
                    status,
                    error,
                    hinted,
                },
            ) => statuses.contain(status) && sign.shows(error, hinted),
            (Self::RetryForbidden(statuses), Evidence::RetryForbidden(status)) => {
                statuses.contain(status)
            }
            (
                Self::Transport(_) | Self::Finding(_) | Self::Status(..) | Self::RetryForbidden(_),
                Evidence::Transport(_)
                | Evidence::Finding(_)
                | Evidence::Status { .. }
                | Evidence::RetryForbidden(_),
            ) => false,
        }
    }
}

impl Statuses {
    fn contain(self, status: u16) -> bool {
        match self {
            Self::Of(list) => list.contains(&status),
            Self::Between(first, last) => (first..=last).contains(&status),
        }
    }
}

impl Sign {
    fn shows(self, error: &ErrorBody, hinted: bool) -> bool {
        match self {
            Self::Any => true,
            Self::Named(patterns) => error.names().any(|name| is_named(patterns, name)),
            Self::Moderated => error.moderated,
            Self::Hinted => hinted,
            Self::Says(beginning, part) => error
                .message
                .as_deref()
                .and_then(|message| message.strip_prefix(beginning))
                .is_some_and(|rest| rest.contains(part)),
        }
    }
}

fn is_named(patterns: &[&str], name: &str) -> bool {
    patterns
        .iter()
        .any(|pattern| match pattern.strip_prefix('*') {
            Some(ending) => name.ends_with(ending),
            None => *pattern == name,
        })
}

/// The status to read the table with for an error found in a successful reply (row 5): the code if
/// it spells one, else the one that its code or type usually comes with, else 502.
pub(super) fn implied_status(error: &ErrorBody) -> u16 {
    error.status().unwrap_or_else(|| {
        error
            .names()
            .find_map(|name| {
                rows::USUAL_STATUSES
                    .iter()
                    .find(|(_, patterns)| is_named(patterns, name))
            })
            .map_or(502, |(status, _)| *status)
    })
}

const fn rule_of(row: u8, providers: &'static [Provider], when: When, then: Then) -> Rule {
    Rule {
        row: Row::new(row),
        providers,
        when,
        then,
    }
}

/// The request is at fault: the job ends as `failed`.
const fn fail(code: ErrorCode, message: &'static str) -> Outcome {
    Outcome {
        action: Action::Fail,
        budget: Budget::Immediate,
        circuit: CircuitSign::Unmoved,
        backoff: Backoff::Standard,
        code,
        message,
        max_retries: None,
        possibly_billed: false,
        waits_for_reset: false,
    }
}

/// An operator has to act: the job is dead-lettered.
const fn dead(code: ErrorCode, message: &'static str) -> Outcome {
    Outcome {
        action: Action::DeadLetter,
        ..fail(code, message)
    }
}

/// The same call may succeed later.
const fn retry(
    budget: Budget,
    backoff: Backoff,
    code: ErrorCode,
    message: &'static str,
) -> Outcome {
    Outcome {
        action: Action::Retry,
        budget,
        backoff,
        ..fail(code, message)
    }
}

impl Outcome {
    /// It counts towards the circuit.
    const fn counts(self) -> Self {
        Self {
            circuit: CircuitSign::Counts,
            ..self
        }
    }

    /// It opens the circuit at once.
    const fn opens_for_minutes(self, minutes: u8) -> Self {
        Self {
            circuit: CircuitSign::Opens { minutes },
            ..self
        }
    }

    const fn at_most(self, retries: u8) -> Self {
        Self {
            max_retries: Some(retries),
            ..self
        }
    }

    const fn possibly_billed(self) -> Self {
        Self {
            possibly_billed: true,
            ..self
        }
    }

    const fn waits_for_reset(self) -> Self {
        Self {
            waits_for_reset: true,
            ..self
        }
    }
}
