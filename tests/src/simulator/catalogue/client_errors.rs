//! Rows 17 to 35, and 48, 57: what is wrong with the request, the key or the model.

use axum::http::StatusCode;

use super::{
    ALL, ANTHROPIC, AZURE, Case, MODELS, OPENAI, OPENAI_AND_AZURE, WORKERS_AI, case, fails,
};
use crate::simulator::reply::{Failure, Reply, Words, status};
use crate::simulator::workers_ai::errors::of_code;

const INVALID: &str = "invalid_request_error";

/// An error of this status in the words that the vendor has for it.
const fn plain(name: &'static str, code: StatusCode) -> Case {
    let does = "an error of this status in the vendor's plainest words";
    case(name, ALL, does, status(code, None))
}

/// An error of `OpenAI`, and of Azure, which passes it on.
const fn openai(name: &'static str, status: u16, code: &'static str) -> Case {
    let message = "The request was refused.";
    let does = "an error of the type invalid_request_error and of this code";
    fails(
        name,
        OPENAI_AND_AZURE,
        does,
        Failure::own(status, INVALID, Some(code), message),
    )
}

const fn cloudflare(name: &'static str, code: &'static str) -> Case {
    let does = "the error of this code in the envelope";
    fails(name, WORKERS_AI, does, of_code(code))
}

const fn azure(name: &'static str, does: &'static str, status: u16, text: &'static str) -> Case {
    fails(name, AZURE, does, Failure::json(status, text))
}

/// What the filters of Azure found, as the middle of a body.
macro_rules! filtered {
    ($inner:literal) => {
        concat!(
            r#"{"error":{"message":"The response was filtered due to the prompt triggering Azure OpenAI's content management policy. Please modify your prompt and retry.","type":null,"param":"prompt","code":"content_filter","status":400,""#,
            $inner,
            r#"":{"code":"ResponsibleAIPolicyViolation","content_filter_result":{"hate":{"filtered":true,"severity":"high"},"jailbreak":{"filtered":false,"detected":false},"self_harm":{"filtered":false,"severity":"safe"},"sexual":{"filtered":false,"severity":"safe"},"violence":{"filtered":false,"severity":"safe"}}}}}"#
        )
    };
}

pub(super) const CASES: &[Case] = &[
    case(
        "row-17",
        MODELS,
        "the prompt is too long",
        Reply::ContextTooLong,
    ),
    azure(
        "row-18",
        "the content filter, with innererror",
        400,
        filtered!("innererror"),
    ),
    azure(
        "row-18-inner_error",
        "the same, with inner_error",
        400,
        filtered!("inner_error"),
    ),
    azure(
        "row-18-flat",
        "the content filter, flattened",
        400,
        r#"{"code":"content_filter","message":"The response was filtered."}"#,
    ),
    openai("row-19", 400, "content_policy_violation"),
    openai(
        "row-19-content_policy_violation",
        400,
        "content_policy_violation",
    ),
    openai("row-19-invalid_prompt", 400, "invalid_prompt"),
    openai("row-19-cyber_policy", 400, "cyber_policy"),
    fails(
        "row-21",
        ANTHROPIC,
        "the body of the request did not come in time",
        Failure::own(
            400,
            INVALID,
            Some("request_body_timeout"),
            "The request body was not received in time.",
        ),
    ),
    cloudflare("row-22", "5007"),
    cloudflare("row-22-5007", "5007"),
    cloudflare("row-22-3039", "3039"),
    plain("row-24", StatusCode::BAD_REQUEST),
    cloudflare("row-24-5004", "5004"),
    cloudflare("row-24-3003", "3003"),
    fails(
        "row-24-echo",
        MODELS,
        "400 whose message repeats the prompt, with 429 and rate limit in it",
        Failure::own(
            400,
            INVALID,
            Some("5004"),
            "Invalid value: 'what does 429 rate limit mean'.",
        ),
    ),
    fails(
        "row-24-text",
        ALL,
        "400 with plain text",
        Failure::of(400, Words::Plain("Bad Request")),
    ),
    plain("row-25", StatusCode::UNAUTHORIZED),
    azure(
        "row-25-apim",
        "401 with statusCode",
        401,
        r#"{"statusCode":401,"message":"Unauthorized. Access token is missing, invalid, audience is incorrect, or have expired."}"#,
    ),
    azure(
        "row-25-401",
        "401 with a number in a string for a code",
        401,
        r#"{"error":{"code":"401","message":"Access denied due to invalid subscription key or wrong API endpoint."}}"#,
    ),
    plain("row-27", StatusCode::FORBIDDEN),
    fails(
        "row-27-region",
        OPENAI,
        "the country is not supported",
        Failure::own(
            403,
            "request_forbidden",
            Some("unsupported_country_region_territory"),
            "Country, region, or territory not supported",
        ),
    ),
    cloudflare("row-27-5018", "5018"),
    cloudflare("row-27-5016", "5016"),
    cloudflare("row-27-3023", "3023"),
    cloudflare("row-27-3041", "3041"),
    plain("row-28", StatusCode::NOT_FOUND),
    azure(
        "row-28-404",
        "404 of the layer in front",
        404,
        r#"{"error":{"code":"404","message":"Resource not found"}}"#,
    ),
    cloudflare("row-28-3042", "3042"),
    plain("row-29", StatusCode::METHOD_NOT_ALLOWED),
    plain("row-29-405", StatusCode::METHOD_NOT_ALLOWED),
    plain("row-29-410", StatusCode::GONE),
    plain("row-29-415", StatusCode::UNSUPPORTED_MEDIA_TYPE),
    plain("row-29-501", StatusCode::NOT_IMPLEMENTED),
    plain("row-29-505", StatusCode::HTTP_VERSION_NOT_SUPPORTED),
    cloudflare("row-29-5019", "5019"),
    cloudflare("row-29-5005", "5005"),
    plain("row-30", StatusCode::REQUEST_TIMEOUT),
    cloudflare("row-30-3007", "3007"),
    cloudflare("row-30-3008", "3008"),
    plain("row-31", StatusCode::CONFLICT),
    fails(
        "row-31-lock",
        OPENAI,
        "409 for a lock that was not got in time",
        Failure::own(
            409,
            INVALID,
            Some("lock_timeout"),
            "Lock timeout. Please try again.",
        ),
    ),
    plain("row-32", StatusCode::PRECONDITION_FAILED),
    plain("row-32-412", StatusCode::PRECONDITION_FAILED),
    plain("row-32-428", StatusCode::PRECONDITION_REQUIRED),
    plain("row-33", StatusCode::PAYLOAD_TOO_LARGE),
    openai(
        "row-33-request_body_too_large_after_decoding",
        413,
        "request_body_too_large_after_decoding",
    ),
    cloudflare("row-33-3006", "3006"),
    fails(
        "row-33-html",
        ALL,
        "413 with a page of HTML",
        Failure::of(413, Words::Page),
    ),
    plain("row-34", StatusCode::UNPROCESSABLE_ENTITY),
    plain("row-35", StatusCode::FAILED_DEPENDENCY),
    plain("row-35-424", StatusCode::FAILED_DEPENDENCY),
    plain("row-35-425", StatusCode::TOO_EARLY),
    plain("row-48", StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
    plain("row-48-431", StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
    plain("row-48-414", StatusCode::URI_TOO_LONG),
    plain("row-57", StatusCode::IM_A_TEAPOT),
    plain("row-57-418", StatusCode::IM_A_TEAPOT),
    plain("row-57-451", StatusCode::UNAVAILABLE_FOR_LEGAL_REASONS),
];
