//! Rows 50 to 56, and 59: what is wrong on the other side.

use axum::http::StatusCode;

use super::{ALL, ANTHROPIC, AZURE, Case, OPENAI, case, fails};
use crate::simulator::reply::{Failure, Hint, Words, status};

const fn plain(name: &'static str, code: StatusCode) -> Case {
    let does = "an error of this status in the vendor's plainest words";
    case(name, ALL, does, status(code, None))
}

/// The page of a proxy in front of the vendor.
const fn page(name: &'static str, status: u16) -> Case {
    let does = "a page of HTML from what stands in front";
    fails(name, ALL, does, Failure::of(status, Words::Page))
}

const OVERLOADED: Failure = Failure::own(
    503,
    "service_unavailable_error",
    Some("server_is_overloaded"),
    "Our servers are currently overloaded. Please try again later.",
);

pub(super) const CASES: &[Case] = &[
    plain("row-50", StatusCode::INTERNAL_SERVER_ERROR),
    fails(
        "row-50-text",
        ALL,
        "500 with plain text",
        Failure::of(500, Words::Plain("oops")),
    ),
    fails(
        "row-50-nothing",
        ALL,
        "500 without a body",
        Failure::of(500, Words::Plain("")),
    ),
    page("row-51", 502),
    page("row-51-html", 502),
    plain("row-52", StatusCode::SERVICE_UNAVAILABLE),
    fails(
        "row-52-server_is_overloaded",
        OPENAI,
        "503 with this code",
        OVERLOADED,
    ),
    fails(
        "row-52-hint",
        OPENAI,
        "503 with Retry-After: 2",
        OVERLOADED.hint(Hint::Seconds(2)),
    ),
    fails(
        "row-52-slow_down",
        OPENAI,
        "503 with the code slow_down",
        Failure::own(503, "server_error", Some("slow_down"), "Slow down"),
    ),
    fails(
        "row-52-overloaded",
        AZURE,
        "503 for capacity",
        Failure::own(
            503,
            "",
            Some("overloaded"),
            "The engine is currently overloaded.",
        ),
    ),
    page("row-52-html", 503),
    plain("row-53", StatusCode::GATEWAY_TIMEOUT),
    page("row-53-html", 504),
    fails(
        "row-54",
        ANTHROPIC,
        "529 overloaded_error",
        Failure::own(529, "overloaded_error", None, "Overloaded"),
    ),
    fails(
        "row-54-compaction_unavailable",
        ANTHROPIC,
        "529 with this error_code",
        Failure::own(
            529,
            "overloaded_error",
            Some("compaction_unavailable"),
            "Compaction is unavailable.",
        ),
    ),
    page("row-55", 520),
    page("row-55-520", 520),
    page("row-55-521", 521),
    page("row-55-522", 522),
    page("row-55-523", 523),
    page("row-55-524", 524),
    page("row-55-525", 525),
    page("row-55-526", 526),
    page("row-55-527", 527),
    page("row-55-530", 530),
    fails(
        "row-55-text",
        ALL,
        "530 with a text",
        Failure::of(530, Words::Plain("error code: 1033")),
    ),
    plain("row-56", StatusCode::INSUFFICIENT_STORAGE),
    plain("row-56-507", StatusCode::INSUFFICIENT_STORAGE),
    plain("row-59", StatusCode::INTERNAL_SERVER_ERROR),
];
