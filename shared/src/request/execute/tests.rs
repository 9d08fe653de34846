use super::*;
use crate::configuration::RemoteExecutor;
use serde_json::json;

pub(super) fn configuration() -> Configuration {
    let languages = [("rust".to_owned(), "1.68.2".to_owned())];
    Configuration {
        remote_executor: Some(RemoteExecutor {
            base_url: "http://piston".to_owned(),
            api_key_secret: None,
            languages: languages.into(),
            time_limit_seconds: 3,
            memory_limit_mib: 512,
        }),
        ..Configuration::default()
    }
}

fn execute(body: &Value) -> Result<ExecuteRequest, Vec<String>> {
    ExecuteRequest::read(body, &configuration()).map_err(pointers)
}

fn tests(body: &Value) -> Result<ExecuteTestsRequest, Vec<String>> {
    ExecuteTestsRequest::read(body, &configuration()).map_err(pointers)
}

fn pointers(errors: Vec<FieldError>) -> Vec<String> {
    errors.into_iter().map(|error| error.pointer).collect()
}

fn refused(pointers: &[&str]) -> Vec<String> {
    pointers.iter().map(|&pointer| pointer.to_owned()).collect()
}

/// The least that is accepted, changed.
fn with(changes: &Value) -> Value {
    changed(json!({"sourceCode": "1", "language": "js"}), changes)
}

fn tests_with(changes: &Value) -> Value {
    let least = json!({
        "userCode": "1", "language": "js", "testCases": [{"input": 1, "expected": 2}]
    });
    changed(least, changes)
}

fn changed(mut body: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().expect("changes") {
        body[name] = value.clone();
    }
    body
}

#[test]
fn source_and_language_are_a_request_with_the_defaults() {
    let request = execute(&with(&json!({}))).expect("it is right");
    let expected = ExecuteInput {
        language: "javascript".to_owned(),
        source_code: "1".to_owned(),
        stdin: String::new(),
        limits: RunLimits {
            time_ms: 10_000,
            memory_mib: 64,
        },
    };
    assert_eq!(request.input, expected);
    assert_eq!(request.submission.deadline_seconds, 86_400);
    assert_eq!(request.submission.max_attempts, 5);
}

#[test]
fn both_spellings_of_a_name_are_read_but_not_together() {
    let camel = json!({
        "sourceCode": "x", "language": "py", "timeLimit": 0.1, "memoryLimit": 16, "stdin": "é\n",
        "refType": "t", "refId": "r", "metadata": {"a": "b"}, "deadlineSeconds": 9, "maxAttempts": 1
    });
    let snake = json!({
        "source_code": "x", "language": "py", "time_limit": 0.1, "memory_limit": 16, "stdin": "é\n",
        "refType": "t", "refId": "r", "metadata": {"a": "b"}, "deadlineSeconds": 9, "maxAttempts": 1
    });
    let read = execute(&camel).expect("it is right");
    assert_eq!(read.input.limits.time_ms, 100);
    assert_eq!(execute(&snake), Ok(read));
    for (name, other, value) in [
        ("sourceCode", "source_code", json!("x")),
        ("timeLimit", "time_limit", json!(1)),
        ("memoryLimit", "memory_limit", json!(32)),
    ] {
        let twice = with(&json!({name: value, other: value}));
        assert_eq!(
            execute(&twice),
            Err(refused(&[&format!("/{other}")])),
            "{name}"
        );
    }
    let snake = json!({
        "user_code": "1", "language": "js", "test_cases": [{"input": 1, "expected": 2}],
        "function_name": "f"
    });
    assert_eq!(
        tests(&snake),
        tests(&tests_with(&json!({"functionName": "f"})))
    );
    for (name, other, value) in [
        ("userCode", "user_code", json!("x")),
        (
            "testCases",
            "test_cases",
            json!([{"input": 1, "expected": 2}]),
        ),
        ("functionName", "function_name", json!("f")),
    ] {
        let twice = tests_with(&json!({name: value, other: value}));
        assert_eq!(
            tests(&twice),
            Err(refused(&[&format!("/{other}")])),
            "{name}"
        );
    }
}

#[test]
fn what_is_missing_is_named() {
    assert_eq!(
        execute(&json!({})),
        Err(refused(&["/sourceCode", "/language"]))
    );
    assert_eq!(
        tests(&json!({})),
        Err(refused(&["/userCode", "/language", "/testCases"]))
    );
    assert_eq!(execute(&json!([])), Err(refused(&[""])));
    let null = with(&json!({"stdin": null}));
    assert_eq!(execute(&null), Err(refused(&["/stdin"])));
}

#[test]
fn an_unknown_language_is_refused_with_the_known_ones() {
    for language in [json!("cobol"), json!("Python"), json!(1), json!(null)] {
        let body = with(&json!({"language": language}));
        let errors = ExecuteRequest::read(&body, &configuration()).expect_err("unknown");
        assert_eq!(errors.len(), 1);
        assert_eq!(errors[0].pointer, "/language");
        assert_eq!(
            errors[0].detail,
            "must be one of `javascript`, `python`, `rust`"
        );
    }
}

#[test]
fn every_field_has_its_bounds() {
    let long = |bytes: usize| json!("x".repeat(bytes));
    for (field, taken) in [
        ("sourceCode", long(262_144)),
        ("stdin", long(262_144)),
        ("stdin", json!("")),
        ("timeLimit", json!(30)),
        ("timeLimit", json!(0.25)),
        ("memoryLimit", json!(64)),
    ] {
        assert!(execute(&with(&json!({field: taken}))).is_ok(), "{field}");
    }
    for (field, refused_value) in [
        ("sourceCode", long(262_145)),
        ("sourceCode", json!("")),
        ("sourceCode", json!("a\0")),
        ("stdin", long(262_145)),
        ("stdin", json!(["a"])),
        ("timeLimit", json!(30.1)),
        ("timeLimit", json!(0)),
        ("timeLimit", json!(-1)),
        ("timeLimit", json!("5")),
        ("memoryLimit", json!(15)),
        ("memoryLimit", json!(65)),
        ("memoryLimit", json!(32.5)),
        ("functionName", json!("f")),
        ("maxAttempts", json!(0)),
    ] {
        let body = with(&json!({field: refused_value}));
        assert_eq!(execute(&body), Err(refused(&[&format!("/{field}")])));
    }
}

#[test]
fn a_remote_language_has_the_limits_of_its_server() {
    let rust = |changes: &Value| {
        let body = changed(json!({"sourceCode": "1", "language": "rust"}), changes);
        execute(&body).map(|request| request.input.limits)
    };
    let limits = |time_ms, memory_mib| {
        Ok(RunLimits {
            time_ms,
            memory_mib,
        })
    };
    assert_eq!(rust(&json!({})), limits(3_000, 64));
    assert_eq!(
        rust(&json!({"timeLimit": 2.5, "memoryLimit": 512})),
        limits(2_500, 512)
    );
    assert_eq!(
        rust(&json!({"timeLimit": 3.1, "memory_limit": 513})),
        Err(refused(&["/timeLimit", "/memory_limit"]))
    );
}

#[test]
fn only_our_executors_call_functions() {
    let named = |language: &str, name: &str| {
        tests(&tests_with(&json!({"language": language, name: "f"}))).map(|_read| ())
    };
    assert_eq!(named("python", "functionName"), Ok(()));
    assert_eq!(
        named("rust", "functionName"),
        Err(refused(&["/functionName"]))
    );
    assert_eq!(
        named("rust", "function_name"),
        Err(refused(&["/function_name"]))
    );
    assert!(tests(&tests_with(&json!({"language": "rust"}))).is_ok());
}

#[test]
fn a_function_has_a_plain_name() {
    let named = |name: &str| tests(&tests_with(&json!({"functionName": name}))).is_ok();
    for name in [
        "f",
        "_",
        "$x",
        "camelCase",
        "snake_case_2",
        &"f".repeat(128),
    ] {
        assert!(named(name), "{name}");
    }
    for name in ["", "2f", "a b", "a.b", "f()", "é", "a\n", &"f".repeat(129)] {
        assert!(!named(name), "{name}");
    }
}

#[test]
fn test_cases_are_read_one_by_one() {
    let case = json!({"input": null, "expected": null});
    let many = |count: usize| {
        tests(&tests_with(
            &json!({"testCases": vec![case.clone(); count]}),
        ))
    };
    assert_eq!(
        many(100).map(|request| request.input.test_cases.len()),
        Ok(100)
    );
    for count in [0, 101] {
        assert_eq!(
            many(count).map(|_read| ()),
            Err(refused(&["/testCases"])),
            "{count}"
        );
    }
    let wrong = json!([
        {"input": 1}, {"expected": 1}, {"input": 1, "expected": 1, "name": ""},
        {"input": 1, "expected": 1, "output": 1}, 7
    ]);
    assert_eq!(
        tests(&tests_with(&json!({"testCases": wrong}))),
        Err(refused(&[
            "/testCases/0/expected",
            "/testCases/1/input",
            "/testCases/2/name",
            "/testCases/3/output",
            "/testCases/4",
        ]))
    );
    for tolerance in [json!(-0.1), json!(1.1), json!("0")] {
        let body = tests_with(&json!({"tolerance": tolerance}));
        assert_eq!(tests(&body), Err(refused(&["/tolerance"])));
    }
}

#[test]
fn test_cases_that_would_be_stored_larger_than_a_body_are_refused() {
    // Written in five bytes with its comma, stored in nineteen.
    let numbers = format!("[{}]", vec!["1e15"; 60_000].join(","));
    let body = format!(
        r#"{{"userCode": "1", "language": "js", "testCases": [{{"input": {numbers}, "expected": 1}}]}}"#
    );
    assert!(body.len() < 400_000);
    let body = crate::json::parse(body.as_bytes()).expect("JSON");
    assert_eq!(tests(&body), Err(refused(&["/testCases"])));
}

#[test]
fn what_is_stored_is_read_back_alike() {
    let body = tests_with(&json!({
        "functionName": "f", "tolerance": 0.5,
        "testCases": [{"name": "a", "input": [1.0, "é\u{0}", {"x": null}], "expected": 1e300}]
    }));
    let input = tests(&body).expect("it is right").input;
    let stored = serde_json::to_string(&input).expect("JSON");
    assert!(!stored.contains('\0'), "a column of text holds no NUL");
    assert_eq!(serde_json::from_str(&stored).ok(), Some(input));
    let input = execute(&with(&json!({"stdin": "x"})))
        .expect("it is right")
        .input;
    let stored = serde_json::to_string(&input).expect("JSON");
    assert_eq!(serde_json::from_str(&stored).ok(), Some(input));
}
