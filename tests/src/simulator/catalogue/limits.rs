//! Rows 37 to 45, and 47: slow down.

use axum::http::StatusCode;

use super::{ANTHROPIC, AZURE, Case, MODELS, OPENAI, PISTON, WORKERS_AI, case, fails};
use crate::simulator::openai::errors::RATE_LIMITED;
use crate::simulator::reply::{Failure, Hint, status};
use crate::simulator::route::Vendor;
use crate::simulator::workers_ai::errors::of_code;

const SLOW_DOWN: Failure = Failure::own(
    429,
    "rate_limit_error",
    Some("slow_down"),
    "Slow down: the rate of your requests grows too fast.",
);
const OPENAI_LIMIT: Failure =
    Failure::own(429, "requests", Some("rate_limit_exceeded"), RATE_LIMITED);
const AZURE_LIMIT: Failure = crate::simulator::azure::errors::of_status(429);
const ANTHROPIC_LIMIT: Failure = crate::simulator::anthropic::errors::of_status(429);
const RAMP: Failure = Failure::own(
    429,
    "rate_limit_error",
    Some("ramp_limit_exceeded"),
    "Your usage grows too fast. Please ramp up more slowly.",
);

/// A limit of this vendor with this hint.
const fn limit(
    name: &'static str,
    vendors: &'static [Vendor],
    does: &'static str,
    failure: Failure,
    hint: Hint,
) -> Case {
    fails(name, vendors, does, failure.hint(hint))
}

/// The limit of `OpenAI` with this hint.
const fn openai(name: &'static str, does: &'static str, hint: Hint) -> Case {
    limit(name, OPENAI, does, OPENAI_LIMIT, hint)
}

const SENT_AS_IS: &str = "429 with this Retry-After";
const ODD_LIMITS: &[(&str, &str)] = &[
    ("x-ratelimit-remaining-requests", "-1"),
    ("x-ratelimit-reset-requests", "0"),
    ("x-ratelimit-remaining-tokens", "-1"),
    ("x-ratelimit-reset-tokens", "soon"),
];
const GO_LIMITS: &[(&str, &str)] = &[
    ("x-ratelimit-remaining-requests", "17"),
    ("x-ratelimit-reset-requests", "12ms"),
    ("x-ratelimit-remaining-tokens", "0"),
    ("x-ratelimit-reset-tokens", "1h2m3s"),
];
const PAST_LIMITS: &[(&str, &str)] = &[
    ("anthropic-ratelimit-requests-remaining", "0"),
    ("anthropic-ratelimit-requests-reset", "2020-01-01T00:00:00Z"),
];
const FAR_LIMITS: &[(&str, &str)] = &[
    ("anthropic-ratelimit-requests-remaining", "0"),
    ("anthropic-ratelimit-requests-reset", "2099-01-01T00:00:00Z"),
];

pub(super) const CASES: &[Case] = &[
    limit(
        "row-37",
        OPENAI,
        "slow_down with a hint",
        SLOW_DOWN,
        Hint::Seconds(2),
    ),
    limit(
        "row-37-hint",
        OPENAI,
        "slow_down with a hint",
        SLOW_DOWN,
        Hint::Seconds(2),
    ),
    limit(
        "row-37-bare",
        OPENAI,
        "slow_down without a hint",
        SLOW_DOWN,
        Hint::None,
    ),
    limit(
        "row-38",
        OPENAI,
        "the request alone is larger than the limit",
        Failure::own(
            429,
            "tokens",
            Some("rate_limit_exceeded"),
            "Request too large for {model} in organization org-simulated on tokens per min \
             (TPM): Limit 1, Requested {prompt_tokens}. The input or output tokens must be \
             reduced in order to run successfully.",
        ),
        Hint::Headers(&[
            ("x-ratelimit-limit-tokens", "1"),
            ("x-ratelimit-remaining-tokens", "1"),
            ("x-ratelimit-reset-tokens", "0s"),
        ]),
    ),
    openai(
        "row-39",
        "429 with Retry-After: 2 and limits to match",
        Hint::Seconds(2),
    ),
    openai(
        "row-39-hint",
        "429 with Retry-After: 2 and limits to match",
        Hint::Seconds(2),
    ),
    openai(
        "row-39-ms",
        "429 with retry-after-ms: 1500",
        Hint::Milliseconds(1_500),
    ),
    openai(
        "row-39-limits",
        "429 with used up limits alone",
        Hint::Limits(3),
    ),
    openai(
        "row-39-go",
        "429 with limits as Go writes durations",
        Hint::Headers(GO_LIMITS),
    ),
    openai(
        "row-39-odd",
        "429 with limits that make no sense",
        Hint::Headers(ODD_LIMITS),
    ),
    openai("row-39-bare", "429 without a hint", Hint::None),
    openai(
        "row-39-date",
        "429 with an HTTP date 3 seconds ahead",
        Hint::Date(3),
    ),
    openai("row-39-half", SENT_AS_IS, Hint::Text("0.5")),
    openai("row-39-zero", SENT_AS_IS, Hint::Text("0")),
    openai("row-39-negative", SENT_AS_IS, Hint::Text("-5")),
    openai("row-39-nan", SENT_AS_IS, Hint::Text("NaN")),
    openai("row-39-inf", SENT_AS_IS, Hint::Text("inf")),
    openai("row-39-words", SENT_AS_IS, Hint::Text("a while")),
    openai(
        "row-39-past",
        SENT_AS_IS,
        Hint::Text("Wed, 01 Jan 2020 00:00:00 GMT"),
    ),
    openai("row-39-121", SENT_AS_IS, Hint::Text("121")),
    openai("row-39-day", SENT_AS_IS, Hint::Text("86400")),
    openai("row-39-huge", SENT_AS_IS, Hint::Text("1e300")),
    limit(
        "row-40",
        AZURE,
        "429 with retry-after-ms: 1500",
        AZURE_LIMIT,
        Hint::Milliseconds(1_500),
    ),
    limit(
        "row-40-ms",
        AZURE,
        "429 with retry-after-ms: 1500",
        AZURE_LIMIT,
        Hint::Milliseconds(1_500),
    ),
    limit(
        "row-40-bare",
        AZURE,
        "429 without a hint",
        AZURE_LIMIT,
        Hint::None,
    ),
    limit(
        "row-40-odd",
        AZURE,
        "429 with limits of -1 and 0",
        AZURE_LIMIT,
        Hint::Headers(ODD_LIMITS),
    ),
    limit(
        "row-40-long",
        AZURE,
        "429 with Retry-After: 30",
        AZURE_LIMIT,
        Hint::Seconds(30),
    ),
    limit(
        "row-42",
        ANTHROPIC,
        "ramp_limit_exceeded",
        RAMP,
        Hint::Seconds(2),
    ),
    limit(
        "row-42-bare",
        ANTHROPIC,
        "ramp_limit_exceeded without a hint",
        RAMP,
        Hint::None,
    ),
    limit(
        "row-43",
        ANTHROPIC,
        "429 with Retry-After: 2",
        ANTHROPIC_LIMIT,
        Hint::Seconds(2),
    ),
    limit(
        "row-43-hint",
        ANTHROPIC,
        "429 with Retry-After: 2",
        ANTHROPIC_LIMIT,
        Hint::Seconds(2),
    ),
    limit(
        "row-43-limits",
        ANTHROPIC,
        "429 with resets alone",
        ANTHROPIC_LIMIT,
        Hint::Limits(3),
    ),
    limit(
        "row-43-bare",
        ANTHROPIC,
        "429 without a hint",
        ANTHROPIC_LIMIT,
        Hint::None,
    ),
    limit(
        "row-43-past",
        ANTHROPIC,
        "a reset in the past",
        ANTHROPIC_LIMIT,
        Hint::Headers(PAST_LIMITS),
    ),
    limit(
        "row-43-far",
        ANTHROPIC,
        "a reset in 2099",
        ANTHROPIC_LIMIT,
        Hint::Headers(FAR_LIMITS),
    ),
    limit(
        "row-43-unknown",
        ANTHROPIC,
        "429 with an error_code that nobody knows",
        Failure::own(429, "rate_limit_error", Some("moon_phase"), "Not now."),
        Hint::None,
    ),
    fails("row-45", WORKERS_AI, "3040: no capacity", of_code("3040")),
    fails(
        "row-45-3040",
        WORKERS_AI,
        "3040: no capacity",
        of_code("3040"),
    ),
    // The same rows, asked of vendors whose own limits stand in other rows.
    case(
        "row-39",
        MODELS,
        "429",
        status(StatusCode::TOO_MANY_REQUESTS, Some(2)),
    ),
    case(
        "row-40",
        MODELS,
        "429",
        status(StatusCode::TOO_MANY_REQUESTS, Some(2)),
    ),
    case(
        "row-43",
        MODELS,
        "429",
        status(StatusCode::TOO_MANY_REQUESTS, Some(2)),
    ),
    case(
        "row-47",
        MODELS,
        "429",
        status(StatusCode::TOO_MANY_REQUESTS, Some(2)),
    ),
    case(
        "row-39",
        PISTON,
        "429",
        status(StatusCode::TOO_MANY_REQUESTS, None),
    ),
    case(
        "row-47",
        PISTON,
        "429",
        status(StatusCode::TOO_MANY_REQUESTS, None),
    ),
];
