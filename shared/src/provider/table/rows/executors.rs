//! The same for what runs code: our own executor, and a server that speaks Piston's interface.
//!
//! They answer for code, which is never billed a call, and what the client sent was judged at the
//! submit: a request that they refuse is an operator's to put right.

use super::{dead, fail, retry};
use crate::error_code::ErrorCode;
use crate::provider::Provider::{self, Executor, Piston};
use crate::provider::table::Sign::Any;
use crate::provider::table::Statuses::{Between, Of};
use crate::provider::table::Then::{Fail, Instead, Reenter};
use crate::provider::table::When::{self, RetryForbidden, Status, Transport};
use crate::provider::table::{Finding, Outcome, Rule, Waits, rule_of};
use crate::provider::{Action, Budget, CircuitSign, TransportError};
use crate::retry::Backoff::{Base, Fast, Standard};

const EXECUTORS: &[Provider] = &[Executor, Piston];

const UNREADABLE: Outcome = retry(
    Budget::Failure,
    Standard,
    ErrorCode::ProviderBadResponse,
    "The executor's reply broke off, is larger than 4 MiB, or is not JSON.",
)
.at_most(1)
.another_after(1)
.counts();

/// The request itself is refused.
const REFUSED: Outcome = dead(
    ErrorCode::ProviderMisconfigured,
    "The executor refused the request: it does not know the language or its version, allows less \
     time or memory than the configuration says, or is of another version than the consumer.",
);

const NOT_THERE: Outcome = dead(
    ErrorCode::ProviderMisconfigured,
    "The executor does not serve this interface at this address. Check its `base_url` in the \
     configuration.",
);

const UNREACHABLE: Outcome = retry(
    Budget::Failure,
    Standard,
    ErrorCode::ProviderUnreachable,
    "The network in front of the executor could not reach it.",
)
.counts()
.another_after(1);

const FAILED: Outcome = retry(
    Budget::Failure,
    Standard,
    ErrorCode::ProviderError,
    "The executor failed on its side.",
)
.counts();

#[rustfmt::skip]
pub(super) static RULES: &[Rule] = &[
    rule_of(0, EXECUTORS, RetryForbidden(Between(400, 499)), Instead(Action::Fail, CircuitSign::Counts)),
    rule_of(0, EXECUTORS, RetryForbidden(Between(500, 599)), Instead(Action::DeadLetter, CircuitSign::Counts)),
    rule_of(1, EXECUTORS, Transport(TransportError::Unreachable), Fail(retry(
        Budget::Failure, Fast, ErrorCode::ProviderUnreachable,
        "The executor could not be reached, or the connection broke before it answered.",
    ).counts().another_after(2))),
    rule_of(2, EXECUTORS, Transport(TransportError::Timeout), Fail(retry(
        Budget::Failure, Standard, ErrorCode::ProviderTimeout,
        "The executor did not answer within the time of an attempt.",
    ).counts().another_after(1))),
    rule_of(3, EXECUTORS, Transport(TransportError::BodyInterrupted), Fail(UNREADABLE)),
    rule_of(3, EXECUTORS, Transport(TransportError::BodyTooLarge), Fail(UNREADABLE)),
    rule_of(3, EXECUTORS, When::Finding(Finding::Unreadable), Fail(UNREADABLE)),
    rule_of(3, EXECUTORS, When::Finding(Finding::EventStream), Fail(UNREADABLE)),
    rule_of(3, EXECUTORS, Status(Between(0, 199), Any), Fail(UNREADABLE)),
    rule_of(3, EXECUTORS, Status(Between(600, u16::MAX), Any), Fail(UNREADABLE)),
    rule_of(4, EXECUTORS, Status(Between(300, 399), Any), Fail(dead(
        ErrorCode::ProviderMisconfigured,
        "The executor answered with a redirect, which is never followed because the key would \
         follow it. Set its `base_url` in the configuration to where it leads.",
    ))),
    rule_of(5, EXECUTORS, When::Finding(Finding::ErrorInside), Reenter),
    rule_of(6, EXECUTORS, When::Finding(Finding::NoMessage), Fail(retry(
        Budget::Failure, Standard, ErrorCode::ProviderBadResponse,
        "The executor's reply holds no result of a run.",
    ).at_most(1).another_after(1).counts())),
    rule_of(24, EXECUTORS, Status(Of(&[400]), Any), Fail(REFUSED)),
    rule_of(25, EXECUTORS, Status(Of(&[401]), Any), Fail(dead(
        ErrorCode::ProviderAuth,
        "The executor refused the key. Set its secret to a valid one, then replay the job.",
    ).or_another().opens_for_minutes(5))),
    rule_of(26, EXECUTORS, Status(Of(&[402]), Any), Fail(dead(
        ErrorCode::ProviderBilling,
        "The executor's account has no credit left. Top it up, then replay the job.",
    ).or_another().opens_for_minutes(15))),
    rule_of(27, EXECUTORS, Status(Of(&[403]), Any), Fail(dead(
        ErrorCode::ProviderForbidden, "The executor forbids this call: check the key's permissions.",
    ).or_another())),
    rule_of(28, EXECUTORS, Status(Of(&[404]), Any), Fail(NOT_THERE.or_another())),
    rule_of(29, EXECUTORS, Status(Of(&[405, 410, 415, 501, 505]), Any), Fail(NOT_THERE)),
    rule_of(30, EXECUTORS, Status(Of(&[408]), Any), Fail(retry(
        Budget::Failure, Standard, ErrorCode::ProviderTimeout,
        "The executor took too long to read the request.",
    ).counts().another_after(1))),
    rule_of(31, EXECUTORS, Status(Of(&[409]), Any), Fail(retry(
        Budget::Failure, Fast, ErrorCode::ProviderError,
        "The executor was busy with a conflicting call.",
    ))),
    rule_of(32, EXECUTORS, Status(Of(&[412, 428]), Any), Fail(dead(
        ErrorCode::ProviderMisconfigured,
        "The executor wants a condition that is never sent. Check its `base_url` in the \
         configuration.",
    ))),
    rule_of(33, EXECUTORS, Status(Of(&[413]), Any), Fail(fail(
        ErrorCode::PayloadTooLarge, "The request is larger than the executor takes.",
    ))),
    rule_of(34, EXECUTORS, Status(Of(&[422]), Any), Fail(fail(
        ErrorCode::InvalidRequest, "The executor could not work with the request's values.",
    ))),
    rule_of(35, EXECUTORS, Status(Of(&[424, 425]), Any), Fail(retry(
        Budget::Failure, Standard, ErrorCode::ProviderError,
        "The executor was not ready for the call.",
    ))),
    rule_of(47, EXECUTORS, Status(Of(&[429]), Any), Fail(retry(
        Budget::Throttle, Base(5), ErrorCode::ProviderRateLimited,
        "The executor's rate limit is reached.",
    ).counts().waits_for(Waits::Reset))),
    rule_of(48, EXECUTORS, Status(Of(&[414, 431]), Any), Fail(dead(
        ErrorCode::ProviderMisconfigured,
        "The executor refuses the length of the address or of the header. Check its `base_url` \
         and key.",
    ))),
    rule_of(49, EXECUTORS, Status(Of(&[498, 499]), Any), Fail(retry(
        Budget::Throttle, Standard, ErrorCode::ProviderUnavailable,
        "The executor has no room for the call at the moment.",
    ))),
    rule_of(50, EXECUTORS, Status(Of(&[500]), Any), Fail(FAILED.another_after(2))),
    rule_of(51, EXECUTORS, Status(Of(&[502]), Any), Fail(retry(
        Budget::Failure, Fast, ErrorCode::ProviderError,
        "The executor's gateway could not pass the call on.",
    ).counts().another_after(2))),
    rule_of(52, EXECUTORS, Status(Of(&[503]), Any), Fail(retry(
        Budget::Throttle, Base(5), ErrorCode::ProviderUnavailable, "The executor is overloaded.",
    ).counts().another_after(2))),
    rule_of(53, EXECUTORS, Status(Of(&[504]), Any), Fail(retry(
        Budget::Failure, Standard, ErrorCode::ProviderTimeout,
        "The executor's gateway gave up waiting for it.",
    ).counts().another_after(1))),
    rule_of(55, EXECUTORS, Status(Of(&[520, 521, 522, 523, 524, 525, 526, 527, 530]), Any), Fail(UNREACHABLE)),
    rule_of(56, EXECUTORS, Status(Between(500, 599), Any), Fail(FAILED)),
    rule_of(57, EXECUTORS, Status(Between(400, 499), Any), Fail(fail(
        ErrorCode::InvalidRequest, "The executor refused the request.",
    ))),
];
