//! Rows 5 to 12: status 200, and an answer of some kind or none.

use super::{
    ANTHROPIC, AZURE, Case, MODELS, OPENAI, OPENAI_AND_AZURE, OPENAI_AND_CLOUDFLARE, PISTON,
    WORKERS_AI, case,
};
use crate::simulator::reply::{Failure, Reply, Shape};
use crate::simulator::route::Vendor;
use crate::simulator::{anthropic, azure, openai, workers_ai};

const fn whole(
    name: &'static str,
    vendors: &'static [Vendor],
    does: &'static str,
    shape: Shape,
) -> Case {
    case(name, vendors, does, Reply::Completion(shape))
}

const fn good_with(
    name: &'static str,
    vendors: &'static [Vendor],
    does: &'static str,
    failure: Failure,
) -> Case {
    case(name, vendors, does, Reply::FailInGood(failure))
}

const fn odd(name: &'static str, does: &'static str, text: &'static str) -> Case {
    case(name, MODELS, does, Reply::Verbatim(text))
}

const fn openrouter(name: &'static str, does: &'static str, text: &'static str) -> Case {
    good_with(name, OPENAI, does, Failure::json(200, text))
}

pub(super) const CASES: &[Case] = &[
    case(
        "row-5",
        MODELS,
        "200 with an error that may pass",
        Reply::ErrorInBody,
    ),
    openrouter(
        "row-5-429",
        "200 with an error of code 429",
        r#"{"error":{"code":429,"message":"Rate limit exceeded","metadata":{}}}"#,
    ),
    openrouter(
        "row-5-400",
        "200 with an error of code 400",
        r#"{"error":{"code":400,"message":"Invalid parameter","metadata":{}}}"#,
    ),
    openrouter(
        "row-5-no-code",
        "200 with an error without a code",
        r#"{"error":{"message":"Something went wrong"}}"#,
    ),
    openrouter(
        "row-5-string",
        "200 with an error that is a text",
        r#"{"error":"model runner ended"}"#,
    ),
    good_with(
        "row-5-quota",
        OPENAI,
        "200 with an error of the code insufficient_quota",
        openai::errors::QUOTA_EXHAUSTED,
    ),
    good_with(
        "row-5-429",
        AZURE,
        "200 with an error of code \"429\"",
        azure::errors::of_status(429),
    ),
    good_with(
        "row-5-429",
        ANTHROPIC,
        "200 with a rate_limit_error",
        anthropic::errors::of_status(429),
    ),
    good_with(
        "row-5-overloaded",
        ANTHROPIC,
        "200 with an overloaded_error",
        anthropic::errors::of_status(529),
    ),
    good_with(
        "row-5-400",
        ANTHROPIC,
        "200 with an invalid_request_error",
        anthropic::errors::of_status(400),
    ),
    good_with(
        "row-5-3036",
        WORKERS_AI,
        "200 with 3036",
        workers_ai::errors::of_code("3036"),
    ),
    good_with(
        "row-5-3040",
        WORKERS_AI,
        "200 with 3040",
        workers_ai::errors::of_code("3040"),
    ),
    good_with(
        "row-5-5007",
        WORKERS_AI,
        "200 with 5007",
        workers_ai::errors::of_code("5007"),
    ),
    whole(
        "row-6",
        MODELS,
        "200 without choices, content or output",
        Shape::NoChoices,
    ),
    whole(
        "row-6-no-message",
        MODELS,
        "200 without a message",
        Shape::NoMessage,
    ),
    odd(
        "row-6-unknown",
        "200 with an object of another kind",
        r#"{"hello":"world"}"#,
    ),
    odd("row-6-array", "200 with an array", "[]"),
    odd("row-6-null", "200 with null", "null"),
    odd("row-6-text", "200 with a string", r#""ok""#),
    case(
        "row-6",
        PISTON,
        "200 with an object of another kind",
        Reply::Verbatim(r#"{"hello":"world"}"#),
    ),
    whole("row-7", MODELS, "the text \"\"", Shape::Blank),
    whole("row-7-null", MODELS, "no text: null", Shape::Null),
    whole(
        "row-7-missing",
        MODELS,
        "no text: the field is missing",
        Shape::Missing,
    ),
    whole(
        "row-8",
        OPENAI_AND_CLOUDFLARE,
        "stopped by a content filter",
        Shape::Filtered,
    ),
    whole(
        "row-8-content_filter",
        OPENAI_AND_CLOUDFLARE,
        "stopped by a content filter",
        Shape::Filtered,
    ),
    whole(
        "row-8-refusal",
        OPENAI_AND_AZURE,
        "a refusal of the model",
        Shape::Refused,
    ),
    whole(
        "row-9",
        ANTHROPIC,
        "the stop reason refusal, with a category",
        Shape::Refused,
    ),
    whole(
        "row-9-partial",
        ANTHROPIC,
        "the stop reason refusal after some text",
        Shape::Filtered,
    ),
    whole("row-10", MODELS, "cut short by a token limit", Shape::Cut),
    whole("row-11", ANTHROPIC, "the turn is paused", Shape::Paused),
    whole(
        "row-12",
        ANTHROPIC,
        "the context window was full",
        Shape::WindowFull,
    ),
];
