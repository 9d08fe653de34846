//! The errors of Piston: a message, and nothing else.

use serde_json::{Value, json};

use crate::simulator::reply::Failure;

/// The source asks for a program that is not simulated.
pub(crate) const UNKNOWN_PROGRAM: Failure =
    Failure::own(400, "", None, "{model} runtime is unknown");

/// The error object.
pub(crate) fn object(message: &str) -> Value {
    json!({"message": message})
}

/// What a program named after this status answers.
pub(crate) const fn of_status(status: u16) -> Failure {
    let message = match status {
        401 | 403 => UNAUTHORIZED,
        404 => "Not Found",
        413 => "request entity too large",
        415 => "requests must be of type application/json",
        429 => "Requests limited to 1 per 200ms",
        400..=499 => "The request was refused.",
        _ => "Internal Server Error",
    };
    Failure::own(status, "", None, message)
}

/// The key is missing or wrong.
pub(crate) const UNAUTHORIZED: &str = "Authorization is required to use this API";
