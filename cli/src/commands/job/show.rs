use serde_json::Value;

use super::replays::print_replays;
use crate::commands::Context;
use crate::commands::page::plain;
use crate::console::{
    BAD, Table, cost, day_time, grouped, one_line, painted, printable, style_of_state,
};
use crate::documents::{Attempt, Job};
use crate::failure::Failure;

/// Prints everything about a job that is shown to people.
pub(crate) fn print_job(context: &Context<'_>, job: &Job) -> Result<(), Failure> {
    let console = context.console;
    let status = painted(style_of_state(&job.status), &printable(&job.status));
    console.line(&format!("{} {status}", printable(&job.job_id)))?;
    console.table(&facts(job), "")?;
    if let Some(error) = &job.error {
        let code = painted(BAD, &printable(&error.code));
        console.line(&format!("\n{code}: {}", printable(&error.message)))?;
    }
    if job.attempts.len() > 1 || job.error.is_some() {
        console.line("")?;
        console.table(&attempts(&job.attempts), "No attempt has finished.")?;
    }
    print_replays(context, &job.job_id, &job.replays)?;
    print_result_of_job(context, job)
}

fn facts(job: &Job) -> Table {
    let mut table = Table::facts();
    table.fact("kind", Some(&job.kind));
    table.fact("created", Some(day_time(&job.created_at)));
    table.fact("started", job.started_at.as_deref().map(day_time));
    table.fact("ended", job.completed_at.as_deref().map(day_time));
    table.fact("next attempt", job.next_attempt_at.as_deref().map(day_time));
    let deadline = job.deadline_at.as_deref().filter(|_| !job.has_ended());
    table.fact("deadline", deadline.map(day_time));
    table.fact("provider", job.provider.as_ref());
    table.fact("model", job.model.as_ref());
    table.fact("tokens", tokens(job));
    table.fact("cost", job.cost_micro_usd.map(cost));
    table.fact("reference", Some(job.reference()));
    table.fact("batch", batch(job));
    table
}

fn tokens(job: &Job) -> Option<String> {
    let usage = job.usage.as_ref()?;
    let count = |tokens: Option<u64>| tokens.map_or_else(|| "?".to_owned(), grouped);
    Some(format!(
        "{} read, {} written",
        count(usage.input_tokens),
        count(usage.output_tokens)
    ))
}

fn batch(job: &Job) -> Option<String> {
    let id = job.batch_id.as_ref()?;
    let line = job.line.map(|line| format!(", line {line}"));
    let custom = job.custom_id.as_ref().map(|custom| format!(", {custom}"));
    Some(format!(
        "{id}{}{}",
        line.unwrap_or_default(),
        custom.unwrap_or_default()
    ))
}

/// The attempts of a job, one a line.
pub(crate) fn attempts(attempts: &[Attempt]) -> Table {
    let mut table = Table::new([
        "ATTEMPT", "OUTCOME", "CODE", "PROVIDER", "MODEL", "STARTED", "FINISHED",
    ])
    .right([0]);
    for attempt in attempts {
        let time = |time: &Option<String>| time.as_deref().map(day_time).unwrap_or_default();
        table.row([
            attempt.attempt.to_string(),
            attempt.outcome.clone(),
            attempt.code.clone().unwrap_or_default(),
            attempt.provider.clone().unwrap_or_default(),
            attempt.model.clone().unwrap_or_default(),
            time(&attempt.started_at),
            time(&attempt.finished_at),
        ]);
    }
    table
}

fn print_result_of_job(context: &Context<'_>, job: &Job) -> Result<(), Failure> {
    if job.payload_deleted {
        context
            .console
            .line("\nRequest and result were deleted when their time was over.")?;
    }
    match &job.result {
        Some(result) => {
            context.console.line("")?;
            print_result(context, result)
        }
        None => Ok(()),
    }
}

/// Prints what a job brought: a model's text, what a program wrote, or a verdict a case.
pub(crate) fn print_result(context: &Context<'_>, result: &Value) -> Result<(), Failure> {
    let console = context.console;
    let text = |name: &str| result.get(name).and_then(Value::as_str);
    if let Some(output) = text("output") {
        if result.get("truncated") == Some(&Value::Bool(true)) {
            console.warn("the answer was cut at a limit");
        }
        return console.line(&printable(output));
    }
    if let Some(cases) = result.get("cases").and_then(Value::as_array) {
        return console.table(&verdicts(cases), "No test case.");
    }
    if let Some(stdout) = text("stdout") {
        if !stdout.is_empty() {
            console.line(printable(stdout).trim_end_matches('\n'))?;
        }
        let stderr = text("stderr").filter(|stderr| !stderr.is_empty());
        if let Some(stderr) = stderr {
            console.note(printable(stderr).trim_end_matches('\n'));
        }
        if let Some(code) = result.get("exitCode").filter(|code| **code != 0) {
            let limit = text("limit").map(|limit| format!(", ended by the limit of {limit}"));
            console.note(&format!("exit code {code}{}", limit.unwrap_or_default()));
        }
        return Ok(());
    }
    console.line(&result.to_string())
}

fn verdicts(cases: &[Value]) -> Table {
    let mut table = Table::new(["CASE", "VERDICT", "EXPECTED", "ACTUAL", "MS"]).right([4]);
    for case in cases {
        let shown = |name: &str| {
            let value = case.get(name).map(Value::to_string).unwrap_or_default();
            one_line(&value, 60)
        };
        let name = case.get("name").and_then(Value::as_str);
        let error = case.get("error").and_then(Value::as_str);
        let is_passed = case.get("passed") == Some(&Value::Bool(true));
        let (verdict, style) = if is_passed {
            ("passed", style_of_state("succeeded"))
        } else {
            ("failed", BAD)
        };
        table.styled([
            plain(name.unwrap_or_default()),
            (verdict.to_owned(), style),
            plain(shown("expected")),
            plain(error.map_or_else(|| shown("actual"), |error| one_line(error, 60))),
            plain(shown("durationMs")),
        ]);
    }
    table
}
