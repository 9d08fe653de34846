//! Rows 20, 26, 36, 41, 44 and 46: waiting does not help, since the money is gone.

use super::{ANTHROPIC, AZURE, Case, MODELS, OPENAI, WORKERS_AI, case, fails};
use crate::simulator::reply::{Failure, Hint, Reply};
use crate::simulator::route::Vendor;
use crate::simulator::workers_ai::errors::QUOTA_EXHAUSTED;

/// 429 of `OpenAI` with a code that says that no waiting helps.
const fn openai(name: &'static str, code: &'static str) -> Case {
    let message = "Your account has no budget left, please check your plan and billing details.";
    let does = "429 with this code, which no waiting helps";
    fails(
        name,
        OPENAI,
        does,
        Failure::own(429, "billing_error", Some(code), message),
    )
}

/// An error of Anthropic with this code in its details.
const fn anthropic(
    name: &'static str,
    status: u16,
    kind: &'static str,
    code: Option<&'static str>,
    message: &'static str,
) -> Case {
    fails(
        name,
        ANTHROPIC,
        "no money, told by Anthropic",
        Failure::own(status, kind, code, message),
    )
}

const fn compatible(name: &'static str, status: u16, text: &'static str) -> Case {
    let does = "no money, told by a server that follows OpenAI";
    fails(name, OPENAI, does, Failure::json(status, text))
}

const fn out_of_money(name: &'static str, vendors: &'static [Vendor]) -> Case {
    case(
        name,
        vendors,
        "429, and the account is out of money",
        Reply::QuotaExhausted,
    )
}

const SPENT: &str = "You have reached your specified API usage limits. You will regain access on \
    2026-12-01 at 00:00 UTC.";
const WOULD_SPEND: &str = "This request would exceed the spend limit of your organization.";
const HELD: &str = "Your organization is on hold. Please contact support.";

pub(super) const CASES: &[Case] = &[
    anthropic("row-20", 400, "invalid_request_error", None, SPENT),
    anthropic(
        "row-20-spend_limit",
        400,
        "invalid_request_error",
        None,
        SPENT,
    ),
    anthropic(
        "row-20-organization_on_hold",
        400,
        "invalid_request_error",
        Some("organization_on_hold"),
        HELD,
    ),
    compatible(
        "row-26",
        402,
        r#"{"error":{"code":402,"message":"Insufficient credits"}}"#,
    ),
    fails(
        "row-26-in-flight",
        OPENAI,
        "402 with Retry-After: the budget is in flight",
        Failure::json(
            402,
            r#"{"error":{"code":402,"message":"Insufficient credits"}}"#,
        )
        .hint(Hint::Seconds(2)),
    ),
    compatible(
        "row-26-balance",
        402,
        r#"{"error":{"message":"Insufficient Balance","type":"unknown_error","param":null,"code":"invalid_request_error"}}"#,
    ),
    anthropic(
        "row-26",
        402,
        "billing_error",
        None,
        "Your credit balance is too low to access the Anthropic API.",
    ),
    out_of_money("row-36", MODELS),
    out_of_money("row-36-insufficient_quota", OPENAI),
    fails(
        "row-36-type",
        OPENAI,
        "429 with the type insufficient_quota and no code",
        Failure::own(
            429,
            "insufficient_quota",
            None,
            "You exceeded your current quota.",
        ),
    ),
    openai(
        "row-36-credit_balance_exhausted",
        "credit_balance_exhausted",
    ),
    openai(
        "row-36-organization_spend_limit_exceeded",
        "organization_spend_limit_exceeded",
    ),
    openai(
        "row-36-project_spend_limit_exceeded",
        "project_spend_limit_exceeded",
    ),
    openai(
        "row-36-organization_usage_limit_exceeded",
        "organization_usage_limit_exceeded",
    ),
    openai(
        "row-36-project_usage_limit_exceeded",
        "project_usage_limit_exceeded",
    ),
    openai("row-36-billing_not_active", "billing_not_active"),
    out_of_money("row-41", ANTHROPIC),
    anthropic(
        "row-41-enforced_spend_limit_reached",
        429,
        "rate_limit_error",
        Some("enforced_spend_limit_reached"),
        WOULD_SPEND,
    ),
    anthropic(
        "row-41-contract_spend_limit_reached",
        429,
        "rate_limit_error",
        Some("contract_spend_limit_reached"),
        WOULD_SPEND,
    ),
    fails(
        "row-44",
        WORKERS_AI,
        "3036: the free allocation of the day",
        QUOTA_EXHAUSTED,
    ),
    fails(
        "row-44-3036",
        WORKERS_AI,
        "3036: the free allocation of the day",
        QUOTA_EXHAUSTED,
    ),
    compatible(
        "row-46",
        429,
        r#"{"error":{"message":"insufficient balance","type":"insufficient_balance_error","param":null,"code":"insufficient_balance"}}"#,
    ),
    compatible(
        "row-46-quota",
        429,
        r#"{"error":{"message":"Your quota is used up","type":"quota_error","param":null,"code":"quota_exceeded"}}"#,
    ),
    out_of_money("row-46", AZURE),
];
