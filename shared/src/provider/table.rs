//! The decision table: what its rows can say, and how evidence is matched with them.
//!
//! The rows themselves are in [`rows`]; nothing about a provider is decided anywhere else.

mod outcome;
pub(super) mod rows;
mod sign;
pub(super) mod usual;

pub(super) use outcome::{Outcome, Waits};
pub(super) use sign::{Sign, Statuses};

use super::error_body::ErrorBody;
use super::{Action, CircuitSign, Provider, Quirks, Row, TransportError};

/// One rule of a row. A row with several rules differs by status or provider.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) row: Row,
    /// Whose replies it is for.
    pub(super) providers: &'static [Provider],
    pub(super) when: When,
    pub(super) then: Then,
}

/// What a rule waits for.
#[derive(Debug)]
pub(super) enum When {
    /// The call brought no whole reply.
    Transport(TransportError),
    /// This was found in a reply whose status is a success.
    Finding(Finding),
    /// The reply failed with this status and this sign. The status 200 is that of a response that
    /// failed in its body.
    Status(Statuses, Sign),
    /// The provider forbade a retry that the row for this status allows.
    RetryForbidden(Statuses),
}

/// What reading a successful reply can find, in the order in which it is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finding {
    /// The body is no JSON in UTF-8, breaks off, or is too large.
    Unreadable,
    /// The body is a stream of events, which nobody asked for, and no error begins it.
    EventStream,
    /// The body is an error all the same.
    ErrorInside,
    /// The provider works on the answer in the background.
    InProgress,
    /// The body holds no message.
    NoMessage,
    /// The model stopped in the middle of its turn.
    TurnPaused,
    /// A filter stopped the answer.
    ContentFiltered,
    /// The model declined.
    Refused,
    /// The model said nothing, and wants no tool called.
    EmptyOutput,
    /// The same, where the configuration wants it asked once more.
    EmptyUnwanted,
    /// The answer was cut off at the token limit.
    CutShort,
    /// The answer was cut off where the model's context ended.
    ContextFull,
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
    /// The answer is to be asked for so many seconds later.
    Poll(u8),
    /// The turn is to be gone on with.
    GoOn,
    /// The row's retry is replaced, and with it what it says to the circuit; another provider is
    /// asked at once.
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

/// What is known about a call when the table is read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Evidence<'a> {
    Transport(TransportError),
    Finding(Finding),
    Status {
        status: u16,
        error: &'a ErrorBody,
        quirks: &'a Quirks,
        hinted: bool,
    },
    RetryForbidden(u16),
}

/// The first rule for this evidence.
fn rule(provider: Provider, evidence: Evidence<'_>) -> Option<&'static Rule> {
    rows::all().find(|rule| rule.providers.contains(&provider) && rule.when.matches(evidence))
}

/// The row and what it says of a failure; `None` when the table says nothing about the evidence.
pub(super) fn failing_if_known(
    provider: Provider,
    evidence: Evidence<'_>,
) -> Option<(Row, Outcome)> {
    let rule = rule(provider, evidence)?;
    match rule.then {
        Then::Fail(outcome) => Some((rule.row, outcome)),
        Then::Mark(_) | Then::Reenter | Then::Poll(_) | Then::GoOn | Then::Instead(..) => None,
    }
}

/// The row and what it says of a failure.
///
/// A test shows that the table has one for every status and every finding that fails; the last
/// resort stands here so that the function is total without a panic.
pub(super) fn failing(provider: Provider, evidence: Evidence<'_>) -> (Row, Outcome) {
    failing_if_known(provider, evidence).unwrap_or(rows::LAST_RESORT)
}

/// How an answer with this finding is marked; `None` when the finding makes it a failure.
pub(super) fn mark(provider: Provider, finding: Finding) -> Option<Mark> {
    match rule(provider, Evidence::Finding(finding))?.then {
        Then::Mark(mark) => Some(mark),
        Then::Fail(_) | Then::Reenter | Then::Poll(_) | Then::GoOn | Then::Instead(..) => None,
    }
}

/// Whether this finding is an error to read the table again for.
pub(super) fn reenters(provider: Provider, finding: Finding) -> bool {
    rule(provider, Evidence::Finding(finding))
        .is_some_and(|rule| matches!(rule.then, Then::Reenter))
}

/// In how many seconds to ask for an answer that the provider works on; `None` when it is none
/// that does.
pub(super) fn polls(provider: Provider) -> Option<u8> {
    match rule(provider, Evidence::Finding(Finding::InProgress))?.then {
        Then::Poll(seconds) => Some(seconds),
        Then::Fail(_) | Then::Mark(_) | Then::Reenter | Then::GoOn | Then::Instead(..) => None,
    }
}

/// Whether a turn that paused is gone on with.
pub(super) fn goes_on(provider: Provider) -> bool {
    rule(provider, Evidence::Finding(Finding::TurnPaused))
        .is_some_and(|rule| matches!(rule.then, Then::GoOn))
}

/// What to do instead of a retry that the provider forbids, and what that says to the circuit.
pub(super) fn instead_of_retry(provider: Provider, status: u16) -> Option<(Action, CircuitSign)> {
    match rule(provider, Evidence::RetryForbidden(status))?.then {
        Then::Instead(action, circuit) => Some((action, circuit)),
        Then::Fail(_) | Then::Mark(_) | Then::Reenter | Then::Poll(_) | Then::GoOn => None,
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
                    quirks,
                    hinted,
                },
            ) => statuses.contain(status) && sign.shows(error, quirks, hinted),
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

const fn rule_of(row: u8, providers: &'static [Provider], when: When, then: Then) -> Rule {
    Rule {
        row: Row::new(row),
        providers,
        when,
        then,
    }
}
