//! Rows 13 to 16: what becomes of a response of `OpenAI`.

use super::{Case, OPENAI_AND_AZURE, case};
use crate::simulator::reply::{Background, Ending, Failure, Hint, Reply, Shape};

const RATE_LIMITED: Failure = Failure::own(
    429,
    "rate_limit_error",
    Some("rate_limit_exceeded"),
    "Rate limit reached for {model}.",
);

const fn failed(name: &'static str, code: &'static str, elsewhere: Failure) -> Case {
    let does = "a response that failed with this code; elsewhere an error of this code";
    case(
        name,
        OPENAI_AND_AZURE,
        does,
        Reply::FailedResponse { code, elsewhere },
    )
}

const fn broke(name: &'static str, code: &'static str) -> Case {
    let message = "An error occurred while processing your request.";
    failed(
        name,
        code,
        Failure::own(500, "server_error", Some(code), message),
    )
}

const fn refused(name: &'static str, code: &'static str) -> Case {
    let message = "The request was refused.";
    failed(
        name,
        code,
        Failure::own(400, "invalid_request_error", Some(code), message),
    )
}

const fn background(name: &'static str, does: &'static str, polls: u32, ending: Ending) -> Case {
    let background = Background { polls, ending };
    case(name, OPENAI_AND_AZURE, does, Reply::Background(background))
}

pub(super) const CASES: &[Case] = &[
    broke("row-13", "server_error"),
    broke("row-13-server_error", "server_error"),
    broke("row-13-vector_store_timeout", "vector_store_timeout"),
    failed("row-14", "rate_limit_exceeded", RATE_LIMITED),
    failed(
        "row-14-hint",
        "rate_limit_exceeded",
        RATE_LIMITED.hint(Hint::Seconds(2)),
    ),
    refused("row-15", "invalid_prompt"),
    refused("row-15-invalid_prompt", "invalid_prompt"),
    refused("row-15-invalid_image", "invalid_image"),
    refused("row-15-invalid_image_format", "invalid_image_format"),
    refused("row-15-image_too_large", "image_too_large"),
    refused(
        "row-15-image_content_policy_violation",
        "image_content_policy_violation",
    ),
    refused("row-15-bio_policy", "bio_policy"),
    refused("row-15-cyber_policy", "cyber_policy"),
    refused(
        "row-15-misalignment_policy_violation",
        "misalignment_policy_violation",
    ),
    refused("row-15-data_residency_mismatch", "data_residency_mismatch"),
    refused(
        "row-15-failed_to_download_image",
        "failed_to_download_image",
    ),
    refused("row-15-context_length_exceeded", "context_length_exceeded"),
    failed(
        "row-15-insufficient_quota",
        "insufficient_quota",
        crate::simulator::openai::errors::QUOTA_EXHAUSTED,
    ),
    background(
        "row-16",
        "queued, once in progress, then completed",
        1,
        Ending::Whole(Shape::Good),
    ),
    background(
        "row-16-slow",
        "queued, five times in progress, then completed",
        5,
        Ending::Whole(Shape::Good),
    ),
    background(
        "row-16-failed",
        "queued, then failed",
        1,
        Ending::Failed("server_error"),
    ),
    background(
        "row-16-incomplete",
        "queued, then incomplete",
        1,
        Ending::Whole(Shape::Cut),
    ),
    background(
        "row-16-cancelled",
        "queued, then cancelled",
        1,
        Ending::Cancelled,
    ),
    background(
        "row-16-forever",
        "queued, then in progress for ever",
        0,
        Ending::Never,
    ),
    background("row-16-lost", "queued, then 404", 0, Ending::Lost),
];
