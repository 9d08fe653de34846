//! The errors of Workers AI, by the code that Cloudflare documents for each.

use serde_json::{Value, json};

use crate::simulator::reply::Failure;

/// Every documented code with its status and its message.
pub(crate) const DOCUMENTED: [(&str, u16, &str); 17] = [
    ("5007", 400, "No such model {model} or task"),
    ("5004", 400, "Invalid data type for base64 input: string"),
    (
        "3039",
        400,
        "Finetune is missing required files (model.safetensors and config.json)",
    ),
    ("3003", 400, "Request is missing headers or body: body"),
    (
        "5018",
        403,
        "The account is not allowed to access this model",
    ),
    ("5016", 403, "User has not agreed to Llama3.2 model terms"),
    ("3023", 403, "Service unavailable for account"),
    (
        "3041",
        403,
        "The account is not allowed to access this model",
    ),
    ("5019", 405, "Request trying to use deprecated SDK version"),
    (
        "5005",
        405,
        "The model {model} does not support LoRa inference",
    ),
    ("3042", 404, "The model name is invalid"),
    ("3006", 413, "Request is too large"),
    ("3007", 408, "Request timeout"),
    ("3008", 408, "Request was aborted"),
    (
        "3036",
        429,
        "You have used up your daily free allocation of 10,000 neurons. Please upgrade to \
         Cloudflare's Workers Paid plan if you would like to continue usage.",
    ),
    ("3040", 429, "Capacity temporarily exceeded"),
    ("10000", 401, "Authentication error"),
];

/// The prompt has more tokens than the model can read. The code is not among the documented ones.
pub(crate) const CONTEXT_TOO_LONG: Failure = Failure::own(
    400,
    "",
    Some("5021"),
    "AiError: The estimated number of input and maximum output tokens ({prompt_tokens}) exceeded \
     this model context window limit (0).",
);

/// The free allocation of the day is used up.
pub(crate) const QUOTA_EXHAUSTED: Failure = of_code("3036");

/// There is no such model.
pub(crate) const UNKNOWN_MODEL: Failure = of_code("5007");

/// The error object: the envelope of Cloudflare's API.
pub(crate) fn object(message: &str, code: Option<&str>) -> Value {
    let code: i64 = code.and_then(|code| code.parse().ok()).unwrap_or_default();
    json!({
        "result": null,
        "success": false,
        "errors": [{"code": code, "message": message}],
        "messages": [],
    })
}

/// The error of a documented code.
pub(crate) const fn of_code(code: &'static str) -> Failure {
    let mut rest: &[(&'static str, u16, &'static str)] = &DOCUMENTED;
    while let [(documented, status, message), others @ ..] = rest {
        if same(documented.as_bytes(), code.as_bytes()) {
            return Failure::own(*status, "", Some(documented), message);
        }
        rest = others;
    }
    Failure::own(500, "", Some("3000"), "Internal server error")
}

/// What a model named after this status answers.
pub(crate) const fn of_status(status: u16) -> Failure {
    match status {
        400 => of_code("5004"),
        401 => of_code("10000"),
        403 => of_code("5018"),
        404 => of_code("3042"),
        405 => of_code("5019"),
        408 => of_code("3007"),
        413 => of_code("3006"),
        429 => of_code("3040"),
        402..=499 => Failure::own(status, "", Some("7000"), "The request was refused."),
        _ => Failure::own(status, "", Some("3000"), "Internal server error"),
    }
}

const fn same(one: &[u8], other: &[u8]) -> bool {
    match (one, other) {
        ([], []) => true,
        ([a, one @ ..], [b, other @ ..]) => *a == *b && same(one, other),
        _ => false,
    }
}
