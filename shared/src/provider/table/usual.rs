//! Which status an error usually comes with, for errors found inside a success (row 5).

use super::rows::{CONTEXT, OUT_OF_MONEY, OUT_OF_MONEY_ELSEWHERE, POLICY, SPEND_LIMITS};
use super::sign::is_named;
use crate::provider::Provider;
use crate::provider::error_body::ErrorBody;

/// Statuses, each with the codes and types that it usually comes with.
type Usual = &'static [(u16, &'static [&'static str])];

/// The statuses of Workers AI's own codes.
///
/// Source: <https://developers.cloudflare.com/workers-ai/platform/errors/>
pub(in crate::provider) const WORKERS_AI: Usual = &[
    (400, &["5007", "5004", "3039", "3003"]),
    (403, &["5018", "5016", "3023", "3041"]),
    (405, &["5019", "5005"]),
    (404, &["3042"]),
    (413, &["3006"]),
    (408, &["3007", "3008"]),
    (429, &["3036", "3040"]),
];

const ANTHROPIC: Usual = &[
    (400, &["organization_on_hold", "request_body_timeout"]),
    (429, SPEND_LIMITS),
    (429, &["ramp_limit_exceeded"]),
    (529, &["overloaded_error", "compaction_unavailable"]),
];

const EVERYBODY: Usual = &[
    (400, CONTEXT),
    (400, POLICY),
    (400, &["content_filter", "ResponsibleAIPolicyViolation"]),
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

/// The status to read the table with for an error found in a successful reply: the code if it
/// spells one, else the one that its code or type usually comes with, else 502.
pub(in crate::provider) fn implied_status(provider: Provider, error: &ErrorBody) -> u16 {
    let own = match provider {
        Provider::Anthropic => ANTHROPIC,
        Provider::WorkersAi => WORKERS_AI,
        Provider::OpenAi
        | Provider::AzureOpenAi
        | Provider::Compatible
        | Provider::Executor
        | Provider::Piston => &[],
    };
    let usual = |name| usual_status(own, name).or_else(|| usual_status(EVERYBODY, name));
    error
        .status()
        .or_else(|| error.names().find_map(usual))
        .unwrap_or(502)
}

/// The status that usually comes with a code or type.
pub(in crate::provider) fn usual_status(usual: Usual, name: &str) -> Option<u16> {
    usual
        .iter()
        .find(|(_, patterns)| is_named(patterns, name))
        .map(|(status, _)| *status)
}
