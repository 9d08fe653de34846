//! Rows 0 to 4, and 58: what is wrong with the connection, with the body, or with the way there.

use axum::http::StatusCode;

use super::{ALL, Case, MODELS, PISTON, case, fails};
use crate::simulator::reply::{Broken, Events, Failure, GOOD, Reply, Shape, Words};

const fn broken(name: &'static str, does: &'static str, broken: Broken) -> Case {
    case(name, ALL, does, Reply::Broken(broken))
}

const fn redirect(name: &'static str, status: StatusCode, elsewhere: bool) -> Case {
    let does = "a redirect to a path of the simulator that counts who follows";
    case(name, ALL, does, Reply::Redirect { status, elsewhere })
}

const fn stream(name: &'static str, does: &'static str, events: Events) -> Case {
    case(name, MODELS, does, Reply::Stream(events))
}

/// An error with this status in the words of `OpenAI`; other vendors leave out what they do not have.
const fn told(status: u16, should_retry: bool) -> Failure {
    let message = "The simulator says in a header whether to try again.";
    Failure::own(status, "server_error", None, message).should_retry(should_retry)
}

pub(super) const CASES: &[Case] = &[
    fails(
        "row-0",
        MODELS,
        "500 with x-should-retry: false",
        told(500, false),
    ),
    fails(
        "row-0-429",
        MODELS,
        "429 with x-should-retry: false",
        told(429, false),
    ),
    fails(
        "row-0-503",
        MODELS,
        "503 with x-should-retry: false",
        told(503, false),
    ),
    fails(
        "row-0-400-true",
        MODELS,
        "400 with x-should-retry: true",
        told(400, true),
    ),
    broken(
        "row-1",
        "a connection reset before any byte of an answer",
        Broken::Drop,
    ),
    broken(
        "row-1-close",
        "a connection closed before any byte of an answer",
        Broken::Close,
    ),
    case("row-2", ALL, "nothing, until the caller goes", Reply::Hang),
    broken(
        "row-3",
        "half of the announced body, then a reset",
        Broken::Reset,
    ),
    broken(
        "row-3-stall",
        "half of the announced body, then nothing",
        Broken::Stall,
    ),
    broken(
        "row-3-truncated",
        "JSON cut in the middle, sent as if whole",
        Broken::Truncated,
    ),
    broken(
        "row-3-gzip",
        "a body that says it is gzip and is not",
        Broken::Gzip,
    ),
    broken(
        "row-3-utf8",
        "JSON with a byte that no text has",
        Broken::Utf8,
    ),
    broken(
        "row-3-nothing",
        "status 200 without a body",
        Broken::Nothing,
    ),
    broken("row-3-html", "status 200 with a page of HTML", Broken::Html),
    case(
        "row-3-too-large",
        MODELS,
        "a body of more than 4 MiB",
        Reply::Completion(Shape::Long {
            kibibytes: 4 * 1024 + 64,
        }),
    ),
    case("row-3-too-large", PISTON, "a good answer", GOOD),
    case(
        "row-3-keep-alive",
        ALL,
        "blank lines, then a good answer",
        Reply::KeepAlive(Some(5)),
    ),
    case(
        "row-3-keep-alive-forever",
        ALL,
        "blank lines without end",
        Reply::KeepAlive(None),
    ),
    redirect("row-4", StatusCode::FOUND, false),
    redirect("row-4-301", StatusCode::MOVED_PERMANENTLY, false),
    redirect("row-4-303", StatusCode::SEE_OTHER, false),
    redirect("row-4-307", StatusCode::TEMPORARY_REDIRECT, false),
    redirect("row-4-308", StatusCode::PERMANENT_REDIRECT, false),
    redirect("row-4-elsewhere", StatusCode::TEMPORARY_REDIRECT, true),
    fails(
        "row-4-304",
        ALL,
        "304, which redirects nowhere",
        Failure::of(304, Words::Plain("")),
    ),
    stream(
        "row-58",
        "events in a 200: an error before any text",
        Events::ErrorFirst,
    ),
    stream(
        "row-58-after",
        "events in a 200: text, then an error",
        Events::ErrorAfter,
    ),
    stream(
        "row-58-no-end",
        "events in a 200: text, and no end",
        Events::NoEnd,
    ),
    stream(
        "row-58-whole",
        "events in a 200: a whole answer",
        Events::Whole,
    ),
];
