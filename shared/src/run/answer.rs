//! From a provider's answer to what is stored: checked, and measured.

use super::plan::Task;
use crate::configuration::Cost;
use crate::error_code::ErrorCode;
use crate::execute::{ExecuteTestsInput, Runs, judge};
use crate::provider::{Action, Answer, Failure, FinishReason, format};
use crate::request::Target;
use crate::store::Answered;
use serde::Serialize;

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
        Task::Generate(input) => {
            format::check(&input.response_format, &mut answer)?;
            // A job has nobody who could run a tool and come back with what it gave.
            if answer.finish_reason == FinishReason::ToolCalls {
                answer.warnings.push("tool_calls_not_kept");
            }
        }
        Task::Execute(_) => only_run(&mut answer)?,
        Task::ExecuteTests(input) => report(input, &mut answer)?,
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
        raw_finish_reason: answer.raw_finish_reason,
        stop_category: answer.stop_category,
        truncated: answer.truncated,
        warnings: answer.warnings,
        usage: answer.usage,
        cost_micro_usd: cost,
        provider: target.provider.clone(),
        model: answer.model.unwrap_or_else(|| target.model.clone()),
        provider_request_id: answer.provider_request_id,
    })
}

/// What came of the one run of a program.
fn only_run(answer: &mut Answer) -> Result<(), Failure> {
    let run = runs(answer)?.runs.pop().ok_or_else(no_runs)?;
    answer.truncated = run.is_cut();
    write(answer, &run)
}

/// What came of the test cases, cut so that it can be stored.
fn report(input: &ExecuteTestsInput, answer: &mut Answer) -> Result<(), Failure> {
    let report = judge(input, runs(answer)?).within(MAX_OUTPUT_BYTES);
    answer.truncated = report.is_cut();
    write(answer, &report)
}

/// The runs that make up an executor's answer.
fn runs(answer: &Answer) -> Result<Runs, Failure> {
    serde_json::from_str(&answer.text).map_err(|_unreadable| no_runs())
}

fn write(answer: &mut Answer, result: &impl Serialize) -> Result<(), Failure> {
    answer.text = serde_json::to_string(result).map_err(|_unwritable| no_runs())?;
    Ok(())
}

fn no_runs() -> Failure {
    let message = "The executor answered without the run it was asked for.";
    Failure::ours(ErrorCode::ProviderBadResponse, Action::DeadLetter, message)
}
