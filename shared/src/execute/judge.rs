//! From the runs of a program to one verdict a case.

use super::input::{ExecuteTestsInput, TestCase};
use super::numbers::{is_too_deep, quoted};
use super::report::{TestCaseReport, TestReport};
use super::runs::{ProgramRun, Runs};
use super::{equal, same_text};
use serde_json::Value;

const NOT_RUN: &str = "The case was not run: the time for all cases was used up.";

/// What was compared, or why nothing could be.
struct Finding {
    passed: bool,
    actual: Value,
    error: Option<String>,
}

impl Finding {
    fn compared(passed: bool, actual: Value) -> Self {
        Self {
            passed,
            actual,
            error: None,
        }
    }

    fn failed(actual: Value, error: impl Into<String>) -> Self {
        Self {
            passed: false,
            actual,
            error: Some(error.into()),
        }
    }
}

/// The report of `runs`: the first is that of the first case. Cases without one were not run.
#[must_use]
pub(crate) fn judge(input: &ExecuteTestsInput, runs: Runs) -> TestReport {
    let mut runs = runs.runs.into_iter();
    let cases = input.test_cases.iter().enumerate();
    let cases = cases.map(|(index, case)| {
        let name = case.name.clone();
        let name = name.unwrap_or_else(|| format!("case {}", index + 1));
        match runs.next() {
            Some(run) => ran(input, case, name, run),
            None => not_run(case, name),
        }
    });
    TestReport::of(cases.collect())
}

fn not_run(case: &TestCase, name: String) -> TestCaseReport {
    TestCaseReport {
        name,
        passed: false,
        expected: case.expected.clone(),
        actual: Value::Null,
        actual_truncated: false,
        stdout: String::new(),
        stdout_truncated: false,
        stderr: String::new(),
        stderr_truncated: false,
        error: Some(NOT_RUN.to_owned()),
        duration_ms: 0,
        limit: None,
    }
}

fn ran(
    input: &ExecuteTestsInput,
    case: &TestCase,
    name: String,
    mut run: ProgramRun,
) -> TestCaseReport {
    let finding = if input.function_name.is_some() {
        returned(run.value.take(), case, input.tolerance, &run)
    } else {
        printed(case, input.tolerance, &run)
    };
    let ended = ended_badly(&run);
    TestCaseReport {
        name,
        passed: finding.passed && ended.is_none(),
        expected: case.expected.clone(),
        actual: finding.actual,
        actual_truncated: run.value_truncated,
        stdout: run.stdout,
        stdout_truncated: run.stdout_truncated,
        stderr: run.stderr,
        stderr_truncated: run.stderr_truncated,
        error: ended.or(finding.error),
        duration_ms: run.duration_ms,
        limit: run.limit,
    }
}

/// What the function returned.
fn returned(value: Option<Value>, case: &TestCase, tolerance: f64, run: &ProgramRun) -> Finding {
    match value {
        Some(value) => Finding::compared(equal(&value, &case.expected, tolerance), value),
        None if run.value_truncated => Finding::failed(
            Value::Null,
            "The returned value is larger than 64 KiB, or nested deeper than 64 levels.",
        ),
        None => {
            let error = "The function returned nothing that JSON can say.";
            Finding::failed(Value::Null, error)
        }
    }
}

/// What the program wrote to its standard output.
fn printed(case: &TestCase, tolerance: f64, run: &ProgramRun) -> Finding {
    let text = || Value::String(run.stdout.clone());
    if run.stdout_truncated {
        let error = "The output is longer than what is kept, so it cannot be compared.";
        return Finding::failed(text(), error);
    }
    match &case.expected {
        Value::String(expected) => Finding::compared(same_text(&run.stdout, expected), text()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            match serde_json::from_str::<Value>(&quoted(&run.stdout)) {
                Ok(value) if is_too_deep(&value) => {
                    Finding::failed(text(), "The output is nested deeper than 64 levels.")
                }
                Ok(value) => Finding::compared(equal(&value, &case.expected, tolerance), value),
                Err(_not_json) => Finding::failed(text(), "The output is not JSON."),
            }
        }
    }
}

/// Why nothing that the run gave counts.
fn ended_badly(run: &ProgramRun) -> Option<String> {
    match (run.limit, run.exit_code) {
        (Some(limit), _) => Some(format!("The program {}.", limit.in_words())),
        (None, 0) => None,
        (None, code) => Some(format!("The program ended with exit code {code}.")),
    }
}

#[cfg(test)]
mod tests;
