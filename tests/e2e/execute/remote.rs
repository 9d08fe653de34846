//! Languages that a remote executor runs: its results, its limits, and its failures.

use anyhow::Result;
use futures_util::future::try_join_all;
use redrive_tests::client::{Client, column, text};
use serde_json::{Value, json};

use super::{EXECUTE, TESTS, judged, program, ran, submit, succeeded};
use crate::stages::{alone, shared};

/// A program that the simulator makes this of.
fn simulated(language: &str, what: &str, fields: Value) -> Value {
    let remark = if language == "rust" { "//" } else { "#" };
    program(language, &format!("{remark} simulate: {what}"), fields)
}

#[test]
fn program_goes_to_the_remote_executor_with_its_input_and_its_limits() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        let fields = json!({"stdin": "1 2\n", "timeLimit": 1.5, "memoryLimit": 128});
        let request = program("rust", "fn main() {}", fields);
        let document = succeeded(&tenant.client, EXECUTE, &request).await?;
        assert_eq!(document["provider"], "remote-executor", "{document:#}");
        assert_eq!(document["model"], "rust", "{document:#}");
        assert_eq!(
            document["result"],
            json!({"stdout": "1 2\n", "stderr": "", "exitCode": 0, "durationMs": 31})
        );
        let job = text(&document, "jobId")?;
        let calls = stage.calls(&job).await?;
        assert_eq!(calls.len(), 1, "{calls:?}");
        assert_eq!(calls[0]["route"], "piston.execute");
        assert_eq!(
            (&calls[0]["customer"], &calls[0]["attempt"]),
            (&json!("piston"), &json!(1))
        );
        assert_eq!(calls[0]["auth"], json!(["authorization"]));
        assert_eq!(
            calls[0]["limits"],
            json!({"run_timeout": 1_500, "run_cpu_time": 1_500, "run_memory_limit": 134_217_728})
        );
        Ok(())
    })
}

/// What the simulator does, and what becomes of it.
struct Ending {
    what: &'static str,
    exit_code: i64,
    limit: Option<&'static str>,
    stdout: &'static str,
    stderr: &'static str,
}

const fn ending(what: &'static str, exit_code: i64, limit: Option<&'static str>) -> Ending {
    Ending {
        what,
        exit_code,
        limit,
        stdout: "",
        stderr: "",
    }
}

const ENDINGS: [Ending; 9] = [
    Ending {
        stdout: "to standard output\n",
        stderr: "to standard error\n",
        ..ending("both", 0, None)
    },
    Ending {
        stdout: "3 4\n",
        ..ending("print 3 4", 0, None)
    },
    Ending {
        stderr: "main: error: simulated\n",
        ..ending("compile-error", 1, None)
    },
    ending("compile-timeout", 137, Some("time")),
    ending("timeout", 137, Some("time")),
    ending("cpu-timeout", 137, Some("time")),
    ending("memory", 137, Some("memory")),
    ending("segfault", 139, None),
    Ending {
        stderr: "RuntimeError: simulated\n",
        ..ending("exit", 3, None)
    },
];

#[test]
fn program_that_the_remote_executor_ends_is_an_answer() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        let results = try_join_all(ENDINGS.iter().map(async |ending| {
            let fields = json!({"maxAttempts": 1, "timeLimit": 2.5});
            let request = simulated("rust", ending.what, fields);
            anyhow::Ok((ending, ran(&tenant.client, &request).await?))
        }))
        .await?;
        for (ending, result) in results {
            let told = format!("{}: {result:#}", ending.what);
            assert_eq!(result["exitCode"], ending.exit_code, "{told}");
            assert_eq!(result["limit"], json!(ending.limit), "{told}");
            assert_eq!(result["stdout"], ending.stdout, "{told}");
            let stderr = result["stderr"].as_str().unwrap_or_default();
            assert!(stderr.ends_with(ending.stderr), "{told}");
            assert_eq!(stderr.is_empty(), ending.stderr.is_empty(), "{told}");
            if ending.what == "timeout" {
                assert_eq!(result["durationMs"], 2_500, "{told}");
            }
        }
        Ok(())
    })
}

#[test]
fn output_beyond_what_the_remote_executor_takes_ends_the_program() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        for (what, cut, whole) in [
            ("output", "stdout", "stderr"),
            ("error-output", "stderr", "stdout"),
        ] {
            let result = ran(&tenant.client, &simulated("bash", what, json!({}))).await?;
            assert_eq!(result["limit"], "output", "{result:#}");
            assert_eq!(result["exitCode"], 137, "{result:#}");
            assert_eq!(result[cut].as_str().map(str::len), Some(1_024));
            assert_eq!(result[format!("{cut}Truncated")], true, "{result:#}");
            assert_eq!(result[whole], "", "{result:#}");
        }
        Ok(())
    })
}

/// The cases of a program that prints its input; the second one fails.
fn cases() -> Value {
    json!([
        {"input": "a", "expected": "a"},
        {"name": "other", "input": "a", "expected": "b"},
        {"input": [1, 2], "expected": [1.0, 2]},
    ])
}

#[test]
fn each_case_is_a_call_of_its_own() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        let request = json!({"language": "ruby", "userCode": "puts gets", "testCases": cases()});
        let document = succeeded(&tenant.client, TESTS, &request).await?;
        let report = &document["result"];
        assert_eq!(
            column(&report["cases"], "passed"),
            [true, false, true],
            "{report:#}"
        );
        assert_eq!(
            column(&report["cases"], "durationMs"),
            [31; 3],
            "{report:#}"
        );
        let calls = stage.calls(&text(&document, "jobId")?).await?;
        assert_eq!(calls.len(), 3, "{calls:?}");

        let source = "# simulate: compile-error";
        let request = json!({"language": "ruby", "userCode": source, "testCases": cases()});
        let report = judged(&tenant.client, &request).await?;
        assert_eq!(
            (&report["total"], &report["failed"]),
            (&json!(3), &json!(3)),
            "{report:#}"
        );
        assert_eq!(
            column(&report["cases"], "stderr"),
            ["main: error: simulated\n"; 3]
        );
        Ok(())
    })
}

#[test]
fn what_the_remote_executor_cannot_do_is_refused_at_the_submit() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        let call = json!({
            "language": "rust", "userCode": "x", "functionName": "f", "testCases": cases(),
        });
        let long = program("rust", "x", json!({"timeLimit": 4}));
        for (path, request, pointer, rule) in [
            (TESTS, &call, "/functionName", "calls no functions"),
            (EXECUTE, &long, "/timeLimit", "3"),
        ] {
            let problem = tenant.client.post(path, request).await?.json(422)?;
            assert_eq!(
                column(&problem["errors"], "pointer"),
                [pointer],
                "{problem:#}"
            );
            let detail = text(&problem["errors"][0], "detail")?;
            assert!(detail.contains(rule), "{detail}");
        }
        let listed = tenant.client.get("/api/v1/languages").await?.json(200)?;
        let languages = listed["data"].as_array().into_iter().flatten();
        let rust = languages.filter(|one| one["language"] == "rust");
        let expected = json!({
            "language": "rust", "aliases": [], "runner": "remote", "version": "1.68.2",
            "functionCalls": false,
            "limits": {
                "maxTimeLimit": 3.0, "defaultTimeLimit": 3.0,
                "maxMemoryLimit": 512, "defaultMemoryLimit": 64,
            },
        });
        assert_eq!(rust.collect::<Vec<_>>(), [&expected]);
        Ok(())
    })
}

#[test]
fn remote_executor_that_fails_is_asked_again_from_the_first_case() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        let source = "# simulate: row-50-then-ok-1";
        let request = json!({"language": "bash", "userCode": source, "testCases": cases()});
        let document = succeeded(&tenant.client, TESTS, &request).await?;
        let attempts = &document["attempts"];
        assert_eq!(
            column(attempts, "outcome"),
            ["failed", "succeeded"],
            "{document:#}"
        );
        assert_eq!(
            column(attempts, "code"),
            [&json!("provider_error"), &Value::Null]
        );
        let calls = stage.calls(&text(&document, "jobId")?).await?;
        let statuses: Vec<&Value> = calls.iter().map(|call| &call["status"]).collect();
        assert_eq!(statuses, [500, 200, 200, 200]);
        Ok(())
    })
}

#[test]
fn throttled_program_waits_as_long_as_it_is_told_and_is_not_blamed() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        // One failure would be the end of it.
        let fields = json!({"maxAttempts": 1});
        let request = simulated("ruby", "429-2-then-ok-1", fields);
        let document = succeeded(&tenant.client, EXECUTE, &request).await?;
        let attempts = &document["attempts"];
        assert_eq!(
            column(attempts, "outcome"),
            ["deferred", "succeeded"],
            "{document:#}"
        );
        assert_eq!(
            column(attempts, "code"),
            [&json!("provider_rate_limited"), &Value::Null]
        );
        let calls = stage.calls(&text(&document, "jobId")?).await?;
        let at = |place: usize, name: &str| calls[place][name].as_u64().unwrap_or_default();
        let waited = at(1, "startedAtMs").saturating_sub(at(0, "finishedAtMs"));
        assert!(waited >= 1_900, "{waited} ms: {calls:?}");
        Ok(())
    })
}

/// The end of a job whose remote executor does this: its state, and the code of its error.
async fn ended(client: &Client, what: &str) -> Result<(String, Value)> {
    let request = simulated("bash", what, json!({"maxAttempts": 1}));
    let job = submit(client, EXECUTE, &request).await?;
    let document = client.ended(&job).await?;
    assert_eq!(document["result"], Value::Null, "{what}: {document:#}");
    assert_eq!(
        document["error"]["provider"], "remote-executor",
        "{document:#}"
    );
    let code = document["attempts"][0]["code"].clone();
    Ok((text(&document, "status")?, code))
}

#[test]
fn failure_of_the_remote_executor_ends_its_job_with_a_reason() -> Result<()> {
    alone(async |stage| {
        let tenant = stage.tenant().await?;
        for (what, state, code) in [
            ("500", "dead_lettered", "provider_error"),
            ("ok", "succeeded", ""),
            ("sandbox", "dead_lettered", "provider_error"),
            ("drop", "dead_lettered", "provider_unreachable"),
            ("hang", "dead_lettered", "provider_timeout"),
            ("ok", "succeeded", ""),
            ("html200", "dead_lettered", "provider_bad_response"),
            ("truncated", "dead_lettered", "provider_bad_response"),
            ("ok", "succeeded", ""),
            ("400", "dead_lettered", "provider_misconfigured"),
            ("404", "dead_lettered", "provider_misconfigured"),
            ("redirect", "dead_lettered", "provider_misconfigured"),
            (
                "nothing-of-that-name",
                "dead_lettered",
                "provider_misconfigured",
            ),
            ("413", "failed", "payload_too_large"),
            // The last one: for five minutes nobody asks again.
            ("401", "dead_lettered", "provider_auth"),
        ] {
            if what == "ok" {
                // The circuit stays closed.
                ran(&tenant.client, &simulated("bash", what, json!({}))).await?;
                continue;
            }
            let (ended, reason) = ended(&tenant.client, what).await?;
            assert_eq!((ended.as_str(), &reason), (state, &json!(code)), "{what}");
        }
        Ok(())
    })
}
