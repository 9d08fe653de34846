//! From a provider's answer to what is stored: checked, and measured.

use super::plan::Task;
use crate::configuration::Cost;
use crate::error_code::ErrorCode;
use crate::provider::{Action, Answer, Failure, format};
use crate::request::Target;
use crate::store::Answered;

/// The most bytes of output that are stored: a row of D1 ends at 2 MB, and holds more than output.
const MAX_OUTPUT_BYTES: usize = 1_900_000;

/// The answer as it is stored.
///
/// # Errors
/// Why it cannot be: it is too large, or not in the form that was asked for.
pub(super) fn accept(
    task: &Task,
    target: &Target,
    mut answer: Answer,
    cost: Option<Cost>,
) -> Result<Answered, Failure> {
    match task {
        Task::Generate(input) => format::check(&input.response_format, &mut answer)?,
    }
    // Text columns hold no NUL; the replacement is longer, so it comes before the measure.
    let output = answer.text.replace('\0', "\u{fffd}");
    if output.len() > MAX_OUTPUT_BYTES {
        let message = format!(
            "The answer has {} bytes, and at most {MAX_OUTPUT_BYTES} can be stored; ask for fewer tokens.",
            output.len()
        );
        return Err(Failure {
            partial: Some(Box::new(answer)),
            ..Failure::ours(ErrorCode::OutputTooLarge, Action::Fail, message)
        });
    }
    Ok(Answered {
        output,
        finish_reason: answer.finish_reason.as_str(),
        truncated: answer.truncated,
        warnings: answer.warnings,
        usage: answer.usage,
        cost_micro_usd: cost,
        provider: target.provider.clone(),
        model: answer.model.unwrap_or_else(|| target.model.clone()),
        provider_request_id: answer.provider_request_id,
    })
}
