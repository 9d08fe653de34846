use super::*;
use crate::execute::{LimitReached, RunLimits};
use serde_json::json;

fn run(stdout: &str) -> ProgramRun {
    ProgramRun {
        stdout: stdout.to_owned(),
        stdout_truncated: false,
        stderr: String::new(),
        stderr_truncated: false,
        exit_code: 0,
        value: None,
        value_truncated: false,
        duration_ms: 7,
        limit: None,
    }
}

fn returning(value: Value) -> ProgramRun {
    ProgramRun {
        value: Some(value),
        ..run("printed by the way")
    }
}

fn input(function_name: Option<&str>, expected: &[Value]) -> ExecuteTestsInput {
    let case = |expected: &Value| TestCase {
        name: None,
        input: Value::Null,
        expected: expected.clone(),
    };
    ExecuteTestsInput {
        language: "python".to_owned(),
        source_code: "…".to_owned(),
        function_name: function_name.map(str::to_owned),
        test_cases: expected.iter().map(case).collect(),
        tolerance: 1e-9,
        limits: RunLimits {
            time_ms: 1_000,
            memory_mib: 64,
        },
    }
}

/// The verdict about one run.
fn verdict(function_name: Option<&str>, expected: Value, run: ProgramRun) -> TestCaseReport {
    let runs = Runs {
        runs: vec![run],
        not_run: 0,
    };
    let mut report = judge(&input(function_name, &[expected]), runs);
    assert_eq!(report.total, 1);
    assert_eq!(report.passed, usize::from(report.cases[0].passed));
    report.cases.remove(0)
}

#[test]
fn a_function_is_judged_by_what_it_returns() {
    let passed = verdict(Some("f"), json!(1), returning(json!(1.0)));
    assert!(passed.passed);
    assert_eq!((passed.actual, passed.error), (json!(1.0), None));
    assert_eq!(
        (
            passed.name.as_str(),
            passed.stdout.as_str(),
            passed.duration_ms
        ),
        ("case 1", "printed by the way", 7)
    );
    let failed = verdict(Some("f"), json!([1]), returning(json!([2])));
    assert!(!failed.passed);
    assert_eq!((failed.actual, failed.error), (json!([2]), None));
    let null = verdict(Some("f"), json!(null), returning(json!(null)));
    assert!(null.passed, "null is a value like any other");
}

#[test]
fn a_function_that_returns_nothing_to_compare_says_why() {
    let nothing = verdict(Some("f"), json!(null), run(""));
    assert!(!nothing.passed && nothing.error.is_some());
    let large = ProgramRun {
        value_truncated: true,
        ..run("")
    };
    let large = verdict(Some("f"), json!(null), large);
    assert!(!large.passed && large.actual_truncated);
    assert!(large.error.expect("told").contains("64 KiB"));
}

#[test]
fn a_program_is_judged_by_what_it_prints() {
    assert!(verdict(None, json!("a\nb"), run("a \nb\n")).passed);
    let wrong = verdict(None, json!("a"), run("b\n"));
    assert!(!wrong.passed);
    assert_eq!((wrong.actual, wrong.error), (json!("b\n"), None));
    let read = verdict(None, json!({"x": 1}), run("{\"x\": 1.0}\n"));
    assert!(read.passed);
    assert_eq!(read.actual, json!({"x": 1.0}));
    let no_json = verdict(None, json!(1), run("one"));
    assert!(!no_json.passed);
    assert_eq!(no_json.actual, json!("one"));
    assert_eq!(no_json.error.as_deref(), Some("The output is not JSON."));
}

#[test]
fn printed_json_may_be_as_large_and_as_deep_as_programs_make_it() {
    let digits = "7".repeat(375);
    assert!(verdict(None, json!([digits]), run(&format!("[{digits}]\n"))).passed);
    let large = verdict(None, json!(7), run(&digits));
    assert_eq!((large.passed, large.actual), (false, json!(digits)));
    let deep = "[".repeat(65) + &"]".repeat(65);
    let deep = verdict(None, json!([]), run(&deep));
    assert!(!deep.passed && deep.actual.is_string());
    assert!(deep.error.expect("told").contains("64 levels"));
}

#[test]
fn what_was_cut_is_not_compared() {
    let cut = ProgramRun {
        stdout_truncated: true,
        ..run("aaa")
    };
    let verdict = verdict(None, json!("aaa"), cut);
    assert!(!verdict.passed && verdict.stdout_truncated);
    assert!(verdict.error.expect("told").contains("cannot be compared"));
}

#[test]
fn a_run_that_ended_badly_is_never_passed() {
    let right = || returning(json!(4));
    let ends = [
        (1, None, "exit code 1"),
        (137, Some(LimitReached::Time), "out of time"),
        (137, Some(LimitReached::Memory), "out of memory"),
        (1, Some(LimitReached::Recursion), "too deep"),
        (137, Some(LimitReached::Output), "more than is allowed"),
        (0, Some(LimitReached::Time), "out of time"),
    ];
    for (exit_code, limit, told) in ends {
        let run = ProgramRun {
            exit_code,
            limit,
            ..right()
        };
        let verdict = verdict(Some("f"), json!(4), run);
        assert!(!verdict.passed, "{told}");
        assert_eq!(
            verdict.actual,
            json!(4),
            "what it gave is told all the same"
        );
        assert_eq!(verdict.limit, limit);
        let error = verdict.error.expect("told");
        assert!(error.contains(told), "{error}");
    }
}

#[test]
fn cases_that_were_not_run_have_failed_and_say_so() {
    let mut input = input(Some("f"), &[json!(1), json!(2), json!(3)]);
    input.test_cases[2].name = Some("the last".to_owned());
    let runs = Runs {
        runs: vec![returning(json!(1))],
        not_run: 2,
    };
    let report = judge(&input, runs);
    assert_eq!((report.total, report.passed, report.failed), (3, 1, 2));
    let last = &report.cases[2];
    assert_eq!(last.name, "the last");
    assert_eq!((&last.expected, &last.actual), (&json!(3), &json!(null)));
    assert_eq!(last.error.as_deref(), Some(NOT_RUN));
}
