//! What a job of the kinds `execute` and `execute_tests` asks for, as it is stored.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;

/// A program to run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExecuteInput {
    /// The language, by the name that stands in the list of languages.
    pub language: String,
    /// The program, byte for byte.
    pub source_code: String,
    /// What it reads from its standard input.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub stdin: String,
    /// What it may use.
    pub limits: RunLimits,
}

/// A program to run once for each test case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExecuteTestsInput {
    /// The language, by the name that stands in the list of languages.
    pub language: String,
    /// The program, byte for byte.
    pub source_code: String,
    /// The function to call; `None`: the program reads its standard input and prints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function_name: Option<String>,
    /// What is tried; never empty.
    pub test_cases: Vec<TestCase>,
    /// How far numbers may lie apart; see [`equal`](super::equal).
    pub tolerance: f64,
    /// What each run may use.
    pub limits: RunLimits,
}

/// One thing that is tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TestCase {
    /// What the client calls it; `None`: it is called by its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What the function or the program is given.
    pub input: Value,
    /// What it is to give.
    pub expected: Value,
}

/// What one run may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunLimits {
    /// Time, in milliseconds.
    pub time_ms: u32,
    /// Memory, in MiB.
    pub memory_mib: u32,
}

impl RunLimits {
    /// The memory in bytes.
    #[must_use]
    pub fn memory_bytes(self) -> u64 {
        1_048_576 * u64::from(self.memory_mib)
    }
}

/// A program and everything it is run with: what both kinds have in common.
#[derive(Debug)]
pub(crate) struct Program<'a> {
    pub(crate) language: &'a str,
    /// The version to ask a remote executor for.
    pub(crate) version: Option<&'a str>,
    pub(crate) source_code: &'a str,
    pub(crate) function_name: Option<&'a str>,
    pub(crate) limits: RunLimits,
    /// One entry a run; never empty.
    pub(crate) runs: Vec<RunInput<'a>>,
}

/// What one run is given, as our executor reads it.
#[derive(Debug, Serialize)]
pub(crate) struct RunInput<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stdin: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) arguments: Option<&'a [Value]>,
}

impl ExecuteInput {
    pub(crate) fn program<'a>(&'a self, version: Option<&'a str>) -> Program<'a> {
        Program {
            language: &self.language,
            version,
            source_code: &self.source_code,
            function_name: None,
            limits: self.limits,
            runs: vec![RunInput {
                stdin: Some(Cow::Borrowed(&self.stdin)),
                arguments: None,
            }],
        }
    }
}

impl ExecuteTestsInput {
    pub(crate) fn program<'a>(&'a self, version: Option<&'a str>) -> Program<'a> {
        let calls = self.function_name.is_some();
        let runs = self.test_cases.iter().map(|case| RunInput {
            stdin: (!calls).then(|| case.stdin()),
            arguments: calls.then(|| case.arguments()),
        });
        Program {
            language: &self.language,
            version,
            source_code: &self.source_code,
            function_name: self.function_name.as_deref(),
            limits: self.limits,
            runs: runs.collect(),
        }
    }
}

impl TestCase {
    /// The arguments of the function: an array is the list of them, anything else the only one.
    fn arguments(&self) -> &[Value] {
        match &self.input {
            Value::Array(arguments) => arguments,
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Object(_) => std::slice::from_ref(&self.input),
        }
    }

    /// The standard input of the program: a string as it is, nothing for `null`, else JSON.
    fn stdin(&self) -> Cow<'_, str> {
        match &self.input {
            Value::String(text) => Cow::Borrowed(text),
            Value::Null => Cow::Borrowed(""),
            Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                Cow::Owned(self.input.to_string())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn tests(function_name: Option<&str>, inputs: &[Value]) -> ExecuteTestsInput {
        let case = |input: &Value| TestCase {
            name: None,
            input: input.clone(),
            expected: Value::Null,
        };
        ExecuteTestsInput {
            language: "python".to_owned(),
            source_code: "…".to_owned(),
            function_name: function_name.map(str::to_owned),
            test_cases: inputs.iter().map(case).collect(),
            tolerance: 0.0,
            limits: RunLimits {
                time_ms: 1_000,
                memory_mib: 64,
            },
        }
    }

    #[test]
    fn an_array_is_the_list_of_arguments_and_anything_else_the_only_one() {
        let inputs = [json!([1, [2]]), json!([]), json!({"a": 1}), json!(null)];
        let tests = tests(Some("f"), &inputs);
        let sent = serde_json::to_value(tests.program(None).runs);
        let expected = json!([
            {"arguments": [1, [2]]}, {"arguments": []}, {"arguments": [{"a": 1}]},
            {"arguments": [null]}
        ]);
        assert_eq!(sent.ok(), Some(expected));
    }

    #[test]
    fn a_program_reads_text_as_it_is_and_other_json_as_json() {
        let inputs = [json!("a\nb"), json!(null), json!([1.0, "x"]), json!(true)];
        let tests = tests(None, &inputs);
        let sent = serde_json::to_value(tests.program(None).runs);
        let expected = json!([
            {"stdin": "a\nb"}, {"stdin": ""}, {"stdin": "[1.0,\"x\"]"}, {"stdin": "true"}
        ]);
        assert_eq!(sent.ok(), Some(expected));
    }

    #[test]
    fn memory_is_counted_in_bytes() {
        let limits = RunLimits {
            time_ms: 1,
            memory_mib: 512,
        };
        assert_eq!(limits.memory_bytes(), 536_870_912);
    }
}
