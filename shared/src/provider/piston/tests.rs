use super::*;
use crate::configuration::ProviderConfiguration;
use crate::execute::{ExecuteInput, RunLimits};
use crate::provider::Provider;
use serde_json::json;

fn settings(url: &str) -> ProviderSettings {
    let mut one = ProviderConfiguration::new("remote-executor", Provider::Piston, url);
    one.api_key_secret = Some("PISTON_KEY".to_owned());
    ProviderSettings::new(one, |_| Some("piston-key".to_owned())).expect("it is right")
}

fn sent(url: &str, time: Duration) -> ProviderRequest {
    let input = ExecuteInput {
        language: "rust".to_owned(),
        source_code: "fn main() {}".to_owned(),
        stdin: "in".to_owned(),
        limits: RunLimits {
            time_ms: 3_000,
            memory_mib: 256,
        },
    };
    let program = input.program(Some("1.68.2"));
    request(&settings(url), &program, program.runs.first(), time).unwrap()
}

#[test]
fn a_program_is_sent_with_its_version_and_its_limits() {
    let request = sent("https://piston.example.com/", Duration::from_secs(100));
    let url = "https://piston.example.com/api/v2/execute";
    assert_eq!(request.to, Destination::Url(url.to_owned()));
    let body: Value = serde_json::from_str(&request.body).expect("JSON");
    assert_eq!(
        body,
        json!({
            "language": "rust", "version": "1.68.2", "files": [{"content": "fn main() {}"}],
            "stdin": "in", "args": [], "run_timeout": 3000, "run_cpu_time": 3000,
            "run_memory_limit": 268_435_456
        })
    );
    let key = request
        .headers
        .iter()
        .find(|(name, _)| name == "authorization");
    assert_eq!(key.map(|(_, value)| value.as_str()), Some("piston-key"));
    assert!(!format!("{request:?}").contains("piston-key"));
}

#[test]
fn a_run_gets_no_more_time_than_is_left() {
    let request = sent("https://piston", Duration::from_millis(1_200));
    let body: Value = serde_json::from_str(&request.body).expect("JSON");
    assert_eq!(body["run_timeout"], 1_200);
}

/// What a reply with this run says.
fn read(body: &Value) -> ProgramRun {
    let Reading::Answer(answer, findings) = answer(body) else {
        panic!("no answer: {body}");
    };
    assert!(findings.is_empty());
    let runs: Runs = serde_json::from_str(&answer.text).expect("runs");
    assert_eq!((runs.runs.len(), runs.not_run), (1, 0));
    runs.runs.into_iter().next().expect("one")
}

fn stage(code: Option<i64>, signal: Option<&str>, status: Option<&str>) -> Value {
    json!({
        "stdout": "out", "stderr": "err", "output": "outerr", "code": code, "signal": signal,
        "status": status, "message": null, "memory": 9_400_000, "cpu_time": 12, "wall_time": 31.9
    })
}

#[test]
fn how_a_run_ended_is_read_from_code_signal_and_status() {
    let cases = [
        (Some(0), None, None, 0, None),
        (Some(3), None, Some("RE"), 3, None),
        (
            None,
            Some("SIGKILL"),
            Some("TO"),
            137,
            Some(LimitReached::Time),
        ),
        (
            None,
            Some("SIGKILL"),
            Some("OL"),
            137,
            Some(LimitReached::Output),
        ),
        (
            None,
            Some("SIGKILL"),
            Some("EL"),
            137,
            Some(LimitReached::Output),
        ),
        (
            None,
            Some("SIGKILL"),
            Some("SG"),
            137,
            Some(LimitReached::Memory),
        ),
        (None, Some("SIGKILL"), None, 137, Some(LimitReached::Memory)),
        (None, Some("SIGSEGV"), Some("SG"), 139, None),
        (None, Some("SIGABRT"), Some("SG"), 134, None),
        (None, None, None, 137, None),
    ];
    for (code, signal, status, exit_code, limit) in cases {
        let body = json!({"run": stage(code, signal, status), "language": "rust"});
        let run = read(&body);
        assert_eq!((run.exit_code, run.limit), (exit_code, limit), "{body}");
        assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("out", "err"));
        assert_eq!(run.stdout_truncated, status == Some("OL"));
        assert_eq!(run.stderr_truncated, status == Some("EL"));
        assert_eq!((run.duration_ms, run.value), (31, None));
    }
}

#[test]
fn what_does_not_compile_is_told_by_its_compilation() {
    let compile = json!({"stdout": "", "stderr": "expected `;`", "code": 1, "signal": null});
    let run = read(&json!({"compile": compile, "run": compile}));
    assert_eq!((run.exit_code, run.stderr.as_str()), (1, "expected `;`"));
    let run = read(&json!({"compile": compile}));
    assert_eq!(run.exit_code, 1);
    // An older server runs it all the same.
    let run = read(&json!({"compile": compile, "run": stage(Some(127), None, None)}));
    assert_eq!(run.exit_code, 1);
    let slow = json!({"compile": stage(None, Some("SIGKILL"), Some("TO"))});
    assert_eq!(read(&slow).limit, Some(LimitReached::Time));
    let compiled = stage(Some(0), None, None);
    let run = read(&json!({"compile": compiled, "run": stage(Some(2), None, None)}));
    assert_eq!(run.exit_code, 2);
}

#[test]
fn long_output_is_cut_and_marked() {
    let mut stage = stage(Some(0), None, None);
    stage["stdout"] = json!("é".repeat(40_000));
    let run = read(&json!({"run": stage}));
    assert_eq!(run.stdout.len(), 65_536);
    assert!(run.stdout_truncated && !run.stderr_truncated && run.is_cut());
}

#[test]
fn a_sandbox_that_fails_is_not_the_program_that_fails() {
    let body = json!({"run": stage(None, None, Some("XX"))});
    assert!(matches!(answer(&body), Reading::Error(_)));
    for body in [
        json!({}),
        json!({"run": null}),
        json!({"run": []}),
        json!({"run": {"stdout": 1}}),
        json!("ok"),
    ] {
        assert!(matches!(answer(&body), Reading::NoMessage), "{body}");
    }
}
