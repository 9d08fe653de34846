//! The rows, as data, in the order in which they are tried: within a status, a rule with a sign
//! stands before the one without.
//!
//! The numbers are those by which the log, the attempts and `fixtures/providers` name a row; numbers
//! that are missing belong to protocols that are not spoken yet.

use super::Mark::{Truncated, Warning};
use super::Sign::{Any, Hinted, Moderated, Named, Says};
use super::Statuses::{Between, Of};
use super::Then::{Fail, Instead, Mark, Reenter};
use super::When::{self, RetryForbidden, Status, Transport};
use super::{Finding, Outcome, Rule, dead, fail, retry, rule_of};
use crate::error_code::ErrorCode;
use crate::provider::Provider::{self, Compatible, Executor, OpenAi, Piston};
use crate::provider::{Action, Budget, CircuitSign, Row, TransportError};
use crate::retry::Backoff::{Base, Fast, Standard};

const ANY: &[Provider] = &[OpenAi, Compatible, Executor, Piston];
const EXECUTORS: &[Provider] = &[Executor, Piston];
const OPENAI: &[Provider] = &[OpenAi];
const COMPATIBLE: &[Provider] = &[Compatible];

/// The prompt and the wished answer do not fit the model.
const CONTEXT: &[&str] = &["context_length_exceeded", "exceed_context_size_error"];

/// The prompt is refused for what it says.
const POLICY: &[&str] = &["content_policy_violation", "invalid_prompt", "cyber_policy"];

/// The account is out of money or over a limit that somebody set, although the status says 429.
const OUT_OF_MONEY: &[&str] = &[
    "insufficient_quota",
    "credit_balance_exhausted",
    "*_spend_limit_exceeded",
    "*_usage_limit_exceeded",
    "billing_not_active",
];

/// The same in the words of other servers, and of OpenAI's own behind a gateway.
const OUT_OF_MONEY_ELSEWHERE: &[&str] = &[
    "insufficient_quota",
    "credit_balance_exhausted",
    "*_spend_limit_exceeded",
    "*_usage_limit_exceeded",
    "billing_not_active",
    "billing_error",
    "billing_hard_limit_reached",
    "insufficient_balance",
    "insufficient_credits",
    "insufficient_funds",
];

/// Which status a code or type usually comes with, for errors inside a success (row 5).
pub(in crate::provider) static USUAL_STATUSES: &[(u16, &[&str])] = &[
    (400, CONTEXT),
    (400, POLICY),
    (429, OUT_OF_MONEY),
    (402, OUT_OF_MONEY_ELSEWHERE),
    (
        401,
        &["invalid_api_key", "authentication_error", "unauthorized"],
    ),
    (403, &["permission_error", "permission_denied", "forbidden"]),
    (
        404,
        &[
            "model_not_found",
            "not_found_error",
            "DeploymentNotFound",
            "NotFoundError",
        ],
    ),
    (408, &["request_timeout"]),
    (409, &["conflict_error"]),
    (
        413,
        &["request_too_large", "request_body_too_large_after_decoding"],
    ),
    (
        429,
        &[
            "rate_limit_exceeded",
            "rate_limit_error",
            "slow_down",
            "too_many_requests",
        ],
    ),
    (
        500,
        &[
            "server_error",
            "api_error",
            "internal_error",
            "internal_server_error",
        ],
    ),
    (
        503,
        &[
            "server_is_overloaded",
            "overloaded_error",
            "overloaded",
            "unavailable_error",
        ],
    ),
    (504, &["timeout_error", "timeout"]),
    // The vaguest last: many servers give every error of the 4xx class this type.
    (400, &["invalid_request_error", "BadRequestError"]),
];

/// What is not in the table is a reply nobody can use.
pub(in crate::provider) const LAST_RESORT: (Row, Outcome) = (Row::new(6), NO_MESSAGE);

const NO_MESSAGE: Outcome = retry(
    Budget::Failure,
    Standard,
    ErrorCode::ProviderBadResponse,
    "The provider's reply holds no message of a model. Check that OPENAI_BASE_URL leads to a \
     server of chat completions.",
)
.at_most(1)
.possibly_billed()
.counts();

const UNREADABLE: Outcome = retry(
    Budget::Failure,
    Standard,
    ErrorCode::ProviderBadResponse,
    "The provider's reply broke off, is larger than 4 MiB, or is not JSON.",
)
.at_most(1)
.possibly_billed()
.counts();

const OUT_OF_MONEY_AT_PROVIDER: Outcome = dead(
    ErrorCode::ProviderBilling,
    "The provider's account has no credit left or reached a spend limit. Top it up or raise the \
     limit, then replay the job.",
)
.opens_for_minutes(15);

const CONTENT_REFUSED: Outcome = fail(
    ErrorCode::ContentFiltered,
    "The provider's content policy refused the request.",
);

/// The table.
#[rustfmt::skip]
pub(in crate::provider) static TABLE: &[Rule] = &[
    // A retry that the provider forbids, whatever the row below says.
    rule_of(0, ANY, RetryForbidden(Between(400, 499)), Instead(Action::Fail, CircuitSign::Counts)),
    rule_of(0, ANY, RetryForbidden(Between(500, 599)), Instead(Action::DeadLetter, CircuitSign::Counts)),
    // No whole reply.
    rule_of(1, ANY, Transport(TransportError::Unreachable), Fail(retry(
        Budget::Failure, Fast, ErrorCode::ProviderUnreachable,
        "The provider could not be reached, or the connection broke before it answered.",
    ).counts())),
    rule_of(2, ANY, Transport(TransportError::Timeout), Fail(retry(
        Budget::Failure, Standard, ErrorCode::ProviderTimeout,
        "The provider did not answer within the time of an attempt. It may charge for the call.",
    ).possibly_billed().counts())),
    rule_of(3, ANY, Transport(TransportError::BodyInterrupted), Fail(UNREADABLE)),
    rule_of(3, ANY, Transport(TransportError::BodyTooLarge), Fail(UNREADABLE)),
    // Replies that say they succeeded.
    rule_of(3, ANY, When::Finding(Finding::Unreadable), Fail(UNREADABLE)),
    rule_of(5, ANY, When::Finding(Finding::ErrorInside), Reenter),
    rule_of(6, ANY, When::Finding(Finding::NoMessage), Fail(NO_MESSAGE)),
    rule_of(7, ANY, When::Finding(Finding::EmptyOutput), Mark(Warning("empty_output"))),
    rule_of(8, ANY, When::Finding(Finding::ContentFiltered), Fail(fail(
        ErrorCode::ContentFiltered, "The provider's content filter stopped the answer.",
    ))),
    rule_of(8, ANY, When::Finding(Finding::Refused), Fail(fail(
        ErrorCode::Refused, "The model declined to answer.",
    ))),
    rule_of(10, ANY, When::Finding(Finding::CutShort), Mark(Truncated)),
    // A status that no server of HTTP sends as its last word.
    rule_of(3, ANY, Status(Between(0, 199), Any), Fail(UNREADABLE)),
    rule_of(3, ANY, Status(Between(600, u16::MAX), Any), Fail(UNREADABLE)),
    rule_of(4, ANY, Status(Between(300, 399), Any), Fail(dead(
        ErrorCode::ProviderMisconfigured,
        "The provider answered with a redirect, which is never followed because the key would \
         follow it. Set OPENAI_BASE_URL to where it leads.",
    ))),
    // The request.
    rule_of(17, ANY, Status(Of(&[400, 413]), Named(CONTEXT)), Fail(fail(
        ErrorCode::ContextLengthExceeded,
        "The prompt and `maxTokens` together exceed the model's context. Shorten one of them or \
         name a model with a larger context.",
    ))),
    // A gateway in front of OpenAI passes its codes on, so the row holds for both.
    rule_of(19, ANY, Status(Of(&[400]), Named(POLICY)), Fail(CONTENT_REFUSED)),
    rule_of(19, COMPATIBLE, Status(Of(&[403]), Moderated), Fail(CONTENT_REFUSED)),
    // What the client sent was judged at the submit, so it is ours and the operator's to put right.
    rule_of(24, EXECUTORS, Status(Of(&[400]), Any), Fail(dead(
        ErrorCode::ProviderMisconfigured,
        "The executor refused the request: it knows the language or its version not, allows less \
         time or memory than the configuration says, or is of another version than the consumer.",
    ))),
    rule_of(24, ANY, Status(Of(&[400]), Any), Fail(fail(
        ErrorCode::InvalidRequest, "The provider refused the request as invalid.",
    ))),
    // The account.
    rule_of(25, ANY, Status(Of(&[401]), Any), Fail(dead(
        ErrorCode::ProviderAuth,
        "The provider refused the key. Set OPENAI_API_KEY to a valid one, then replay the job.",
    ).opens_for_minutes(5))),
    rule_of(26, COMPATIBLE, Status(Of(&[402]), Hinted), Fail(retry(
        Budget::Throttle, Standard, ErrorCode::ProviderBilling,
        "The provider holds back credit for calls that are under way.",
    ).counts())),
    rule_of(26, ANY, Status(Of(&[402]), Any), Fail(OUT_OF_MONEY_AT_PROVIDER)),
    rule_of(27, ANY, Status(Of(&[403]), Any), Fail(dead(
        ErrorCode::ProviderForbidden,
        "The provider forbids this call: check the key's permissions, the model's terms and the \
         region.",
    ))),
    // Every 404 is an operator's to solve: what is unknown is the model or the address.
    rule_of(28, ANY, Status(Of(&[404]), Any), Fail(dead(
        ErrorCode::ModelUnavailable,
        "The provider does not know the model, or OPENAI_BASE_URL does not lead to its API.",
    ))),
    rule_of(29, ANY, Status(Of(&[405, 410, 415, 501, 505]), Any), Fail(dead(
        ErrorCode::ProviderMisconfigured,
        "The provider does not serve chat completions at this address. Check OPENAI_BASE_URL.",
    ))),
    rule_of(30, ANY, Status(Of(&[408]), Any), Fail(retry(
        Budget::Failure, Standard, ErrorCode::ProviderTimeout,
        "The provider took too long to read the request.",
    ).counts())),
    rule_of(31, ANY, Status(Of(&[409]), Any), Fail(retry(
        Budget::Failure, Fast, ErrorCode::ProviderError,
        "The provider was busy with a conflicting call.",
    ))),
    rule_of(32, ANY, Status(Of(&[412, 428]), Any), Fail(dead(
        ErrorCode::ProviderMisconfigured,
        "The provider wants a condition that is never sent. Check OPENAI_BASE_URL.",
    ))),
    rule_of(33, ANY, Status(Of(&[413]), Any), Fail(fail(
        ErrorCode::PayloadTooLarge, "The request is larger than the provider takes.",
    ))),
    rule_of(34, ANY, Status(Of(&[422]), Any), Fail(fail(
        ErrorCode::InvalidRequest, "The provider could not work with the request's values.",
    ))),
    rule_of(35, ANY, Status(Of(&[424, 425]), Any), Fail(retry(
        Budget::Failure, Standard, ErrorCode::ProviderError,
        "The provider was not ready for the call.",
    ))),
    // 429: out of money or out of patience, told apart by code and type alone.
    rule_of(36, OPENAI, Status(Of(&[429]), Named(OUT_OF_MONEY)), Fail(OUT_OF_MONEY_AT_PROVIDER)),
    rule_of(37, OPENAI, Status(Of(&[429]), Named(&["slow_down"])), Fail(retry(
        Budget::Throttle, Base(15), ErrorCode::ProviderRateLimited,
        "The provider asks for fewer calls.",
    ).counts())),
    rule_of(38, OPENAI, Status(Of(&[429]), Says("Request too large", "tokens per min")), Fail(fail(
        ErrorCode::PayloadTooLarge,
        "The request alone exceeds the account's tokens per minute, so waiting never helps. \
         Shorten it or have the limit raised.",
    ))),
    rule_of(39, OPENAI, Status(Of(&[429]), Any), Fail(retry(
        Budget::Throttle, Base(5), ErrorCode::ProviderRateLimited,
        "The provider's rate limit is reached.",
    ).waits_for_reset().counts())),
    rule_of(46, COMPATIBLE, Status(Of(&[429]), Named(OUT_OF_MONEY_ELSEWHERE)), Fail(OUT_OF_MONEY_AT_PROVIDER)),
    rule_of(47, COMPATIBLE, Status(Of(&[429]), Any), Fail(retry(
        Budget::Throttle, Base(5), ErrorCode::ProviderRateLimited,
        "The provider's rate limit is reached.",
    ).waits_for_reset().counts())),
    rule_of(48, ANY, Status(Of(&[414, 431]), Any), Fail(dead(
        ErrorCode::ProviderMisconfigured,
        "The provider refuses the length of the address or of the header. Check OPENAI_BASE_URL \
         and OPENAI_API_KEY.",
    ))),
    rule_of(49, COMPATIBLE, Status(Of(&[498, 499]), Any), Fail(retry(
        Budget::Throttle, Standard, ErrorCode::ProviderUnavailable,
        "The provider has no room for the call at the moment.",
    ))),
    // The provider.
    rule_of(50, ANY, Status(Of(&[500]), Any), Fail(retry(
        Budget::Failure, Standard, ErrorCode::ProviderError, "The provider failed on its side.",
    ).counts())),
    rule_of(51, ANY, Status(Of(&[502]), Any), Fail(retry(
        Budget::Failure, Fast, ErrorCode::ProviderError,
        "The provider's gateway could not pass the call on.",
    ).counts())),
    rule_of(52, ANY, Status(Of(&[503]), Any), Fail(retry(
        Budget::Throttle, Base(5), ErrorCode::ProviderUnavailable,
        "The provider is overloaded, or still loads the model.",
    ).counts())),
    rule_of(53, ANY, Status(Of(&[504]), Any), Fail(retry(
        Budget::Failure, Standard, ErrorCode::ProviderTimeout,
        "The provider's gateway gave up waiting for the model. It may charge for the call.",
    ).possibly_billed().counts())),
    rule_of(55, ANY, Status(Of(&[524]), Any), Fail(retry(
        Budget::Failure, Standard, ErrorCode::ProviderUnreachable,
        "The network in front of the provider gave up waiting. It may charge for the call.",
    ).possibly_billed().counts())),
    rule_of(55, ANY, Status(Of(&[520, 521, 522, 523, 525, 526, 527, 530]), Any), Fail(retry(
        Budget::Failure, Standard, ErrorCode::ProviderUnreachable,
        "The network in front of the provider could not reach it.",
    ).counts())),
    rule_of(56, ANY, Status(Between(500, 599), Any), Fail(retry(
        Budget::Failure, Standard, ErrorCode::ProviderError, "The provider failed on its side.",
    ).counts())),
    rule_of(57, ANY, Status(Between(400, 499), Any), Fail(fail(
        ErrorCode::InvalidRequest, "The provider refused the request.",
    ))),
];
