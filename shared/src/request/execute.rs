//! Reads `execute` and `execute_tests` requests field by field.
//!
//! Clients write names in two ways, `timeLimit` and `time_limit`: both are taken, one at a time.

use super::{Submission, limits};
use crate::configuration::Configuration;
use crate::execute::{
    ExecuteInput, ExecuteTestsInput, LanguageLimits, RunLimits, Runner, TestCase, find, names,
};
use crate::json::rules::{Ruling, array, checked, integer, label, number, object, text};
use crate::json::{FieldError, Fields, Item};
use serde_json::Value;
use std::time::Duration;

/// A field by its two names; the first is the one that is asked for.
type Names = [&'static str; 2];

const SOURCE_CODE: Names = ["sourceCode", "source_code"];
const USER_CODE: Names = ["userCode", "user_code"];
const TEST_CASES: Names = ["testCases", "test_cases"];
const FUNCTION_NAME: Names = ["functionName", "function_name"];
const TIME_LIMIT: Names = ["timeLimit", "time_limit"];
const MEMORY_LIMIT: Names = ["memoryLimit", "memory_limit"];

/// An `execute` request that passed every rule.
#[derive(Clone, Debug, PartialEq)]
pub struct ExecuteRequest {
    /// What is run; stored with the job and read by the consumer.
    pub input: ExecuteInput,
    /// What else is said about the job.
    pub submission: Submission,
}

/// An `execute_tests` request that passed every rule.
#[derive(Clone, Debug, PartialEq)]
pub struct ExecuteTestsRequest {
    /// What is run and compared; stored with the job and read by the consumer.
    pub input: ExecuteTestsInput,
    /// What else is said about the job.
    pub submission: Submission,
}

impl ExecuteRequest {
    /// Reads the body of an `execute` request, as [`crate::json::parse`] gives it.
    ///
    /// # Errors
    /// Every violation, with a pointer to it, unknown fields among them; see [`limits`] for the
    /// bounds.
    pub fn read(value: &Value, configuration: &Configuration) -> Result<Self, Vec<FieldError>> {
        let mut fields = Fields::of(value);
        let source_code = required(&mut fields, SOURCE_CODE, text(limits::SOURCE_BYTES));
        let language = fields.required("language", known(configuration));
        let stdin = fields.optional("stdin", text(limits::STDIN_BYTES));
        let limits = read_limits(&mut fields, configuration, language.as_ref());
        let submission = Submission::read(&mut fields);
        fields.finish(|| {
            Some(Self {
                input: ExecuteInput {
                    language: language?.0,
                    source_code: source_code?.to_owned(),
                    stdin: stdin.unwrap_or_default().to_owned(),
                    limits,
                },
                submission,
            })
        })
    }
}

impl ExecuteTestsRequest {
    /// Reads the body of an `execute_tests` request, as [`crate::json::parse`] gives it.
    ///
    /// # Errors
    /// Every violation, with a pointer to it, unknown fields among them; see [`limits`] for the
    /// bounds.
    pub fn read(value: &Value, configuration: &Configuration) -> Result<Self, Vec<FieldError>> {
        let mut fields = Fields::of(value);
        let source_code = required(&mut fields, USER_CODE, text(limits::SOURCE_BYTES));
        let language = fields.required("language", known(configuration));
        let test_cases = required(&mut fields, TEST_CASES, read_test_cases);
        let function_name = either(&mut fields, FUNCTION_NAME, read_function_name);
        if let (Some(_), Some((_, runner))) = (function_name, &language)
            && !runner.calls_functions()
        {
            let [name, other] = FUNCTION_NAME;
            let given = if fields.has(other) { other } else { name };
            let rule = "must be absent: this language is run by a remote executor, which calls no functions";
            fields.refuse(given, rule);
        }
        let tolerance = fields.optional("tolerance", number(limits::TOLERANCE));
        let limits = read_limits(&mut fields, configuration, language.as_ref());
        let submission = Submission::read(&mut fields);
        fields.finish(|| {
            Some(Self {
                input: ExecuteTestsInput {
                    language: language?.0,
                    source_code: source_code?.to_owned(),
                    function_name: function_name.map(str::to_owned),
                    test_cases: test_cases?,
                    tolerance: tolerance.unwrap_or(limits::DEFAULT_TOLERANCE),
                    limits,
                },
                submission,
            })
        })
    }
}

/// Reads a field that has two names. With both it is refused by the second.
fn either<'v, T>(
    fields: &mut Fields<'v>,
    names: Names,
    rule: impl FnOnce(Item<'v>) -> Ruling<T>,
) -> Option<T> {
    let [name, other] = names;
    let (given, left) = if fields.has(name) || !fields.has(other) {
        (name, other)
    } else {
        (other, name)
    };
    let read = fields.optional(given, rule);
    let excluded = |item: Item<'v>| -> Ruling<()> {
        Err(item.refuse(format!("must be absent when `{given}` is given")))
    };
    fields.optional(left, excluded);
    read
}

/// The same for a field that must be there.
fn required<'v, T>(
    fields: &mut Fields<'v>,
    names: Names,
    rule: impl FnOnce(Item<'v>) -> Ruling<T>,
) -> Option<T> {
    if !names.iter().any(|name| fields.has(name)) {
        let [name, _] = names;
        fields.refuse(name, "is required");
    }
    either(fields, names, rule)
}

/// A language that somebody runs, under its own name.
fn known<'v, 'c>(
    configuration: &'c Configuration,
) -> impl Fn(Item<'v>) -> Ruling<(String, Runner<'c>)> {
    move |item| {
        let name = item.value().as_str();
        let found = name.and_then(|name| find(configuration, name));
        found.ok_or_else(|| {
            let names = names(configuration).into_iter();
            let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
            item.refuse(match names.as_slice() {
                [] => "cannot be run: no executor is deployed".to_owned(),
                [only] => format!("must be {only}"),
                several => format!("must be one of {}", several.join(", ")),
            })
        })
    }
}

/// Time and memory, within what the language's runner allows. Where the language is not known they
/// are only read by what any runner allows.
fn read_limits(
    fields: &mut Fields<'_>,
    configuration: &Configuration,
    language: Option<&(String, Runner<'_>)>,
) -> RunLimits {
    let allowed = language.map(|(_, runner)| LanguageLimits::of(configuration, *runner));
    let allowed = allowed.unwrap_or(LanguageLimits {
        max_time_limit: *limits::TIME_LIMIT_SECONDS.end(),
        default_time_limit: limits::DEFAULT_TIME_LIMIT_SECONDS,
        max_memory_limit: limits::REMOTE_MEMORY_LIMIT_MIB,
        default_memory_limit: limits::DEFAULT_MEMORY_LIMIT_MIB,
    });
    let seconds = *limits::TIME_LIMIT_SECONDS.start()..=allowed.max_time_limit;
    let seconds = either(fields, TIME_LIMIT, number(seconds));
    let memory = *limits::MEMORY_LIMIT_MIB.start()..=allowed.max_memory_limit;
    let memory = either(fields, MEMORY_LIMIT, integer(memory));
    RunLimits {
        time_ms: millis(seconds.unwrap_or(allowed.default_time_limit)),
        memory_mib: memory.unwrap_or(allowed.default_memory_limit),
    }
}

/// Whole milliseconds of a time that passed its bounds.
fn millis(seconds: f64) -> u32 {
    let time = Duration::try_from_secs_f64(seconds).unwrap_or_default();
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
}

/// The name of a function, as both languages spell it.
fn read_function_name(item: Item<'_>) -> Ruling<&str> {
    checked(text(limits::FUNCTION_NAME_BYTES), |name| {
        let begins = |byte: u8| byte.is_ascii_alphabetic() || b"_$".contains(&byte);
        let named = name.bytes().next().is_some_and(begins)
            && name
                .bytes()
                .all(|byte| begins(byte) || byte.is_ascii_digit());
        if named {
            Ok(name)
        } else {
            Err(
                "must be the name of a function: letters of ASCII, digits, `_` and `$`, not a digit first",
            )
        }
    })(item)
}

fn read_test_cases(item: Item<'_>) -> Ruling<Vec<TestCase>> {
    let cases = array(limits::TEST_CASES, object(read_test_case));
    checked(cases, |cases| {
        let stored = serde_json::to_string(&cases).map_or(usize::MAX, |text| text.len());
        if stored <= limits::TEST_CASES_BYTES {
            return Ok(cases);
        }
        let most = limits::TEST_CASES_BYTES;
        Err(format!(
            "must be at most {most} bytes long as JSON, with every number written out"
        ))
    })(item)
}

fn read_test_case(mut fields: Fields<'_>) -> Ruling<TestCase> {
    let name = fields.optional("name", label(limits::TEST_NAME_BYTES));
    let any = |item: Item<'_>| Ok(item.value().clone());
    let input = fields.required("input", any);
    let expected = fields.required("expected", any);
    fields.finish(|| {
        Some(TestCase {
            name: name.map(str::to_owned),
            input: input?,
            expected: expected?,
        })
    })
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
