use super::{ACCEPTED_HEADERS, Described};
use crate::openapi::content;
use crate::problem::ProblemCode;
use serde_json::{Value, json};

const TAG: &str = "execute";

pub(super) fn submit() -> Described {
    let example = json!({
        "sourceCode": "name = input()\nprint(f\"Hello, {name}!\")",
        "language": "python",
        "stdin": "Ada",
        "timeLimit": 5
    });
    let described = Described::new(
        "submitExecute",
        TAG,
        "Run a program",
        "Accepts a job that runs a program once, and answers at once, like `POST /api/v1/generate`. \
         Code that fails is an answer like any other: the job ends as `succeeded`, and `exitCode`, \
         `stderr` and `limit` tell what happened. A job fails, and is tried again, only where the \
         executor fails.\n\nThe result is a `ProgramRun`.",
    );
    accepted(described, "ExecuteBody", example)
}

pub(super) fn submit_tests() -> Described {
    let example = json!({
        "userCode": "def add(a, b):\n    return a + b",
        "language": "python",
        "functionName": "add",
        "testCases": [
            {"name": "small", "input": [1, 2], "expected": 3},
            {"name": "fractions", "input": [0.1, 0.2], "expected": 0.3}
        ]
    });
    let described = Described::new(
        "submitExecuteTests",
        TAG,
        "Run a program against test cases",
        "Accepts a job that runs a program once for each test case, each time afresh, and compares \
         what it gives with what is expected. With `functionName` that function is called; without \
         it the program reads the input and prints.\n\nThe job ends as `succeeded` whether or not \
         cases are passed. The result is a `TestReport` with one verdict a case.",
    );
    accepted(described, "ExecuteTestsBody", example)
}

fn accepted(described: Described, body: &str, example: Value) -> Described {
    described
        .idempotency_key()
        .body(body, example, true)
        .answers(
            202,
            "The job is accepted.",
            Some(content("AcceptedDocument")),
        )
        .headers(ACCEPTED_HEADERS)
        .problems(&[
            ProblemCode::IdempotencyKeyInvalid,
            ProblemCode::IdempotencyKeyReused,
        ])
}

pub(super) fn languages() -> Described {
    Described::new(
        "listLanguages",
        TAG,
        "Which languages can be run?",
        "Gives the languages that `execute` jobs may name, who runs each, and what a run may use.",
    )
    .answers(200, "The languages.", Some(content("LanguageList")))
}
