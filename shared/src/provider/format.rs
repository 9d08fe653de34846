//! Whether an answer has the form that was asked for.

use super::{Action, Answer, Failure};
use crate::error_code::ErrorCode;
use crate::request::ResponseFormat;
use serde_json::Value;

/// Checks an answer against the form that was asked for.
///
/// # Errors
/// It does not have it.
pub fn check(format: &ResponseFormat, answer: &mut Answer) -> Result<(), Failure> {
    match format {
        ResponseFormat::Text => Ok(()),
        ResponseFormat::Json | ResponseFormat::JsonSchema { .. } => {
            if serde_json::from_str::<Value>(&answer.text).is_ok() {
                return Ok(());
            }
            Err(Failure {
                partial: Some(Box::new(answer.clone())),
                ..Failure::ours(
                    ErrorCode::InvalidOutput,
                    Action::Fail,
                    "The answer is not JSON.",
                )
            })
        }
    }
}
