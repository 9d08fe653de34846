//! The rows, as data, in the order in which they are tried: what is peculiar to one provider before
//! what holds for any, and within a status a rule with a sign before the one without.
//!
//! The numbers are those by which the log, the attempts and `fixtures/providers` name a row. Row 59
//! is missing: it speaks of a job's failures, deadline and chain, which no reply shows, so the run
//! decides it.

mod anthropic;
mod any;
mod azure;
mod compatible;
mod executors;
mod openai;
mod responses;
mod workers_ai;

use super::outcome::{dead, fail, retry};
use super::{Outcome, Rule};
use crate::error_code::ErrorCode;
use crate::provider::Provider::{self, Anthropic, AzureOpenAi, Compatible, OpenAi, WorkersAi};
use crate::provider::{Budget, Fallback, Row};
use crate::retry::Backoff::{Base, Standard};

/// All rules, in the order in which they are tried.
pub(in crate::provider) fn all() -> impl Iterator<Item = &'static Rule> {
    [
        openai::RULES,
        azure::RULES,
        responses::RULES,
        anthropic::RULES,
        workers_ai::RULES,
        compatible::RULES,
        executors::RULES,
        any::RULES,
    ]
    .into_iter()
    .flatten()
}

/// What is not in the table is a reply nobody can use.
pub(in crate::provider) const LAST_RESORT: (Row, Outcome) = (Row::new(6), NO_MESSAGE);

/// Everybody who has models.
const MODELS: &[Provider] = &[OpenAi, AzureOpenAi, Anthropic, WorkersAi, Compatible];

/// The prompt and the wished answer do not fit the model.
pub(super) const CONTEXT: &[&str] = &["context_length_exceeded", "exceed_context_size_error"];

/// The prompt is refused for what it says.
pub(super) const POLICY: &[&str] = &["content_policy_violation", "invalid_prompt", "cyber_policy"];

/// The account is out of money or over a limit that somebody set, although the status says 429.
pub(super) const OUT_OF_MONEY: &[&str] = &[
    "insufficient_quota",
    "credit_balance_exhausted",
    "*_spend_limit_exceeded",
    "*_usage_limit_exceeded",
    "billing_not_active",
];

/// The same in the words of other servers, and of OpenAI's own behind a gateway.
pub(super) const OUT_OF_MONEY_ELSEWHERE: &[&str] = &[
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

/// The same in Anthropic's words.
pub(super) const SPEND_LIMITS: &[&str] = &[
    "enforced_spend_limit_reached",
    "contract_spend_limit_reached",
];

const NO_MESSAGE: Outcome = retry(
    Budget::Failure,
    Standard,
    ErrorCode::ProviderBadResponse,
    "The provider's reply holds no message of a model. Check that its `base_url` in the \
     configuration leads to the interface that is configured.",
)
.at_most(1)
.another_after(1)
.possibly_billed()
.counts();

const UNREADABLE: Outcome = retry(
    Budget::Failure,
    Standard,
    ErrorCode::ProviderBadResponse,
    "The provider's reply broke off, is larger than 4 MiB, or is not JSON.",
)
.at_most(1)
.another_after(1)
.possibly_billed()
.counts();

const BILLING: Outcome = dead(
    ErrorCode::ProviderBilling,
    "The provider's account has no credit left or reached a spend limit. Top it up or raise the \
     limit, then replay the job.",
)
.or_another()
.opens_for_minutes(15);

const KEY_REFUSED: Outcome = dead(
    ErrorCode::ProviderAuth,
    "The provider refused the key. Set its secret to a valid one, then replay the job.",
)
.or_another()
.opens_for_minutes(5);

const CONTENT_REFUSED: Outcome = fail(
    ErrorCode::ContentFiltered,
    "The provider's content policy refused the request.",
)
.falls_back(Fallback::OnContentFilter);

const CONTENT_STOPPED: Outcome = fail(
    ErrorCode::ContentFiltered,
    "The provider's content filter stopped the answer.",
)
.falls_back(Fallback::OnContentFilter);

const CONTEXT_TOO_LONG: Outcome = fail(
    ErrorCode::ContextLengthExceeded,
    "The prompt and `maxTokens` together exceed the model's context. Shorten one of them or name \
     a model with a larger context.",
)
.falls_back(Fallback::ToLargerContext);

const MODEL_UNKNOWN: Outcome = dead(
    ErrorCode::ModelUnavailable,
    "The provider does not know the model, or its `base_url` in the configuration does not lead \
     to its API.",
)
.or_another();

const THROTTLED: Outcome = retry(
    Budget::Throttle,
    Base(5),
    ErrorCode::ProviderRateLimited,
    "The provider's rate limit is reached.",
)
.counts();
