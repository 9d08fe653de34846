//! The errors of Azure `OpenAI`: those of the models in the shape of `OpenAI`, those of the layer in
//! front of them with a number in a string for a code.

use serde_json::{Value, json};

use crate::simulator::openai;
use crate::simulator::reply::Failure;

/// Azure has no prepaid money to run out of; its nearest is a quota that is used up.
pub(crate) const QUOTA_EXHAUSTED: Failure = Failure::own(
    429,
    "",
    Some("429"),
    "Requests to the ChatCompletions_Create Operation have exceeded the token quota of your \
     current OpenAI S0 pricing tier.",
);

/// The key is missing or wrong.
pub(crate) const UNAUTHORIZED: Failure = Failure::own(
    401,
    "",
    Some("401"),
    "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a \
     valid key for an active subscription and use a correct regional API endpoint for your \
     resource.",
);

/// There is nothing at this path, or not in this version of the API.
pub(crate) const NOT_FOUND: Failure = Failure::own(404, "", Some("404"), "Resource not found");

/// The error object. Without a kind it is one of the layer in front of the models.
pub(crate) fn object(message: &str, kind: &str, code: Option<&str>) -> Value {
    if kind.is_empty() {
        json!({"error": {"code": code, "message": message}})
    } else {
        openai::errors::object(message, kind, None, code)
    }
}

/// What a model named after this status answers.
pub(crate) const fn of_status(status: u16) -> Failure {
    match status {
        401 => UNAUTHORIZED,
        403 => Failure::own(
            403,
            "",
            Some("AccessDenied"),
            "Access denied due to Virtual Network/Firewall rules.",
        ),
        404 => Failure::own(
            404,
            "",
            Some("DeploymentNotFound"),
            "The API deployment for this resource does not exist. If you created the deployment \
             within the last 5 minutes, please wait a moment and try again.",
        ),
        408 => Failure::own(408, "", Some("Timeout"), "The operation was timeout."),
        429 => Failure::own(
            429,
            "",
            Some("429"),
            "Requests to the ChatCompletions_Create Operation under Azure OpenAI API have \
             exceeded call rate limit of your current OpenAI S0 pricing tier. Please retry after \
             {seconds} seconds.",
        ),
        500 => Failure::own(500, "", Some("500"), "Internal server error"),
        503 => Failure::own(
            503,
            "",
            Some("ServiceUnavailable"),
            "The service is temporarily unable to process your request. Please try again later.",
        ),
        504 => Failure::own(504, "", Some("Timeout"), "The operation was timeout."),
        _ => openai::errors::of_status(status),
    }
}
