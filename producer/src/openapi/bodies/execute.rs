use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A program to run, and how patiently.
///
/// `source_code`, `time_limit` and `memory_limit` are taken as well, in place of the names below.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::openapi) struct ExecuteBody {
    /// The program. At most 256 KiB of UTF-8. Give either this or `source_code`.
    #[schema(nullable = false, min_length = 1, example = "print(6 * 7)")]
    source_code: Option<String>,
    /// The program. Give either this or `sourceCode`.
    #[serde(rename = "source_code")]
    #[schema(nullable = false, min_length = 1)]
    source_code_: Option<String>,
    /// One of `GET /api/v1/languages`, by its name or an alias.
    #[schema(example = "python")]
    language: String,
    /// What the program reads from its standard input. At most 256 KiB of UTF-8.
    #[schema(nullable = false)]
    stdin: Option<String>,
    /// The longest the program may run, in seconds; 10 when absent, where the language allows it.
    #[schema(nullable = false, minimum = 0.1, maximum = 30)]
    time_limit: Option<f64>,
    /// The same; give one of the two.
    #[serde(rename = "time_limit")]
    #[schema(nullable = false, minimum = 0.1, maximum = 30)]
    time_limit_: Option<f64>,
    /// The most memory the program may take, in MiB; 64 when absent. Only a remote executor gives
    /// more than that.
    #[schema(nullable = false, minimum = 16, maximum = 512)]
    memory_limit: Option<u32>,
    /// The same; give one of the two.
    #[serde(rename = "memory_limit")]
    #[schema(nullable = false, minimum = 16, maximum = 512)]
    memory_limit_: Option<u32>,
    /// Your own labels, given back with the job: at most 64, keys of at most 64 bytes, values of at
    /// most 512.
    #[schema(nullable = false)]
    metadata: Option<BTreeMap<String, String>>,
    /// Your own name for what the job belongs to; with `refId` it finds the job in the list. At
    /// most 128 bytes.
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 128,
        example = "exercise"
    )]
    ref_type: Option<String>,
    /// Your own id within `refType`. At most 128 bytes.
    #[schema(nullable = false, min_length = 1, max_length = 128, example = "4711")]
    ref_id: Option<String>,
    /// Seconds after which no attempt begins any more and the job is dead-lettered; a day when
    /// absent.
    #[schema(nullable = false, minimum = 1, maximum = 604_800, default = 86_400)]
    deadline_seconds: Option<u32>,
    /// How many attempts may fail before the job is dead-lettered. Code that fails makes no attempt
    /// fail: only an executor does.
    #[schema(nullable = false, minimum = 1, maximum = 20, default = 5)]
    max_attempts: Option<u8>,
}

/// A program, what it is tried with, and how patiently.
///
/// `user_code`, `test_cases`, `function_name`, `time_limit` and `memory_limit` are taken as well, in
/// place of the names below.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::openapi) struct ExecuteTestsBody {
    /// The program. At most 256 KiB of UTF-8. Give either this or `user_code`.
    #[schema(nullable = false, min_length = 1)]
    user_code: Option<String>,
    /// The program. Give either this or `userCode`.
    #[serde(rename = "user_code")]
    #[schema(nullable = false, min_length = 1)]
    user_code_: Option<String>,
    /// What is tried. Give either this or `test_cases`.
    #[schema(nullable = false, min_items = 1, max_items = 100)]
    test_cases: Option<Vec<TestCaseBody>>,
    /// What is tried. Give either this or `testCases`.
    #[serde(rename = "test_cases")]
    #[schema(nullable = false, min_items = 1, max_items = 100)]
    test_cases_: Option<Vec<TestCaseBody>>,
    /// One of `GET /api/v1/languages`, by its name or an alias.
    #[schema(example = "python")]
    language: String,
    /// The function to call with each input, where the language allows it. Without it the program
    /// reads each input from its standard input, and what it prints is compared.
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 128,
        pattern = "^[A-Za-z_$][A-Za-z0-9_$]*$"
    )]
    function_name: Option<String>,
    /// The same; give one of the two.
    #[serde(rename = "function_name")]
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 128,
        pattern = "^[A-Za-z_$][A-Za-z0-9_$]*$"
    )]
    function_name_: Option<String>,
    /// How far numbers may lie apart and still be equal.
    #[schema(nullable = false, minimum = 0, maximum = 1, default = 1e-9)]
    tolerance: Option<f64>,
    /// The longest each run may take, in seconds; 10 when absent, where the language allows it.
    #[schema(nullable = false, minimum = 0.1, maximum = 30)]
    time_limit: Option<f64>,
    /// The same; give one of the two.
    #[serde(rename = "time_limit")]
    #[schema(nullable = false, minimum = 0.1, maximum = 30)]
    time_limit_: Option<f64>,
    /// The most memory each run may take, in MiB; 64 when absent. Only a remote executor gives more
    /// than that.
    #[schema(nullable = false, minimum = 16, maximum = 512)]
    memory_limit: Option<u32>,
    /// The same; give one of the two.
    #[serde(rename = "memory_limit")]
    #[schema(nullable = false, minimum = 16, maximum = 512)]
    memory_limit_: Option<u32>,
    /// Your own labels, given back with the job: at most 64, keys of at most 64 bytes, values of at
    /// most 512.
    #[schema(nullable = false)]
    metadata: Option<BTreeMap<String, String>>,
    /// Your own name for what the job belongs to; with `refId` it finds the job in the list. At
    /// most 128 bytes.
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 128,
        example = "exercise"
    )]
    ref_type: Option<String>,
    /// Your own id within `refType`. At most 128 bytes.
    #[schema(nullable = false, min_length = 1, max_length = 128, example = "4711")]
    ref_id: Option<String>,
    /// Seconds after which no attempt begins any more and the job is dead-lettered; a day when
    /// absent.
    #[schema(nullable = false, minimum = 1, maximum = 604_800, default = 86_400)]
    deadline_seconds: Option<u32>,
    /// How many attempts may fail before the job is dead-lettered. Code that fails makes no attempt
    /// fail: only an executor does.
    #[schema(nullable = false, minimum = 1, maximum = 20, default = 5)]
    max_attempts: Option<u8>,
}

/// One thing that is tried.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TestCaseBody {
    /// What you call it; `case` and its number when absent. At most 128 bytes, on one line.
    #[schema(nullable = false, min_length = 1, max_length = 128)]
    name: Option<String>,
    /// Any JSON. For a function, an array is the list of its arguments and anything else its only
    /// one. For a program, a string is its standard input as it is, `null` is an empty one, and
    /// anything else is written as JSON.
    input: serde_json::Value,
    /// Any JSON. What a program prints is compared as text where this is a string, and as JSON
    /// otherwise.
    expected: serde_json::Value,
}
