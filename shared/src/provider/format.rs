//! Whether an answer has the form that was asked for.

use super::schema::{self, Outcome};
use super::{Action, Answer, Failure, Fallback, FinishReason};
use crate::error_code::ErrorCode;
use crate::request::ResponseFormat;
use serde_json::Value;

const FENCE: &str = "```";

/// Checks an answer against the form that was asked for. One fence of Markdown around JSON is taken
/// away: models put it there although they were asked for nothing else.
///
/// A model that declined has answered in no form, and is not held to one.
///
/// # Errors
/// It does not have it. Another provider may do better; the answer is kept in the failure.
pub fn check(format: &ResponseFormat, answer: &mut Answer) -> Result<(), Failure> {
    let schema = match format {
        ResponseFormat::Text => return Ok(()),
        ResponseFormat::Json => None,
        ResponseFormat::JsonSchema { schema, .. } => Some(schema),
    };
    if answer.finish_reason == FinishReason::Refusal {
        return Ok(());
    }
    let Some(value) = read(&mut answer.text) else {
        return Err(failure(answer, "The answer is not JSON."));
    };
    match schema.map_or(Outcome::Fits, |schema| schema::validate(schema, &value)) {
        Outcome::Fits => Ok(()),
        Outcome::Misfits(misfits) => {
            let misfits = misfits.iter().map(|misfit| match misfit.pointer.as_str() {
                "" => format!("it {}", misfit.rule),
                pointer => format!("`{pointer}` {}", misfit.rule),
            });
            let misfits: Vec<String> = misfits.collect();
            let message = format!(
                "The answer does not fit the JSON Schema: {}.",
                misfits.join("; ")
            );
            Err(failure(answer, &message))
        }
        Outcome::TooLong => Err(failure(
            answer,
            "Whether the answer fits the JSON Schema takes too long to say: make the schema simpler.",
        )),
    }
}

/// The JSON that a text is, or that it holds within one fence, which is then left of it.
fn read(text: &mut String) -> Option<Value> {
    if let Ok(value) = serde_json::from_str(text) {
        return Some(value);
    }
    let (info, fenced) = text
        .trim()
        .strip_prefix(FENCE)?
        .strip_suffix(FENCE)?
        .split_once('\n')?;
    if info.contains(FENCE) {
        return None;
    }
    let value = serde_json::from_str(fenced).ok()?;
    *text = fenced.trim().to_owned();
    Some(value)
}

fn failure(answer: &Answer, message: &str) -> Failure {
    let message = if answer.truncated {
        format!("{message} It was cut off at the most tokens it may have: allow more `maxTokens`.")
    } else {
        message.to_owned()
    };
    Failure {
        fallback: Fallback::Now,
        partial: Some(Box::new(answer.clone())),
        ..Failure::ours(ErrorCode::InvalidOutput, Action::Fail, message)
    }
}

#[cfg(test)]
mod tests;
