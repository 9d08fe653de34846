//! What every executor answers, whatever its language. The programs are ones in all of them.

use anyhow::{Context as _, Result};
use futures_util::future::try_join_all;
use redrive_tests::stage::ExecutorStage;
use serde_json::{Value, json};

/// One test for each executor.
macro_rules! in_every_language {
    ($($test:ident)+) => {
        mod javascript {
            $(#[test]
            fn $test() -> anyhow::Result<()> {
                crate::javascript(super::$test)
            })+
        }

        mod python {
            $(#[test]
            fn $test() -> anyhow::Result<()> {
                crate::python(super::$test)
            })+
        }
    };
}

in_every_language! {
    health_tells_what_runs
    value_keeps_its_digits
    runs_come_in_order_and_share_nothing
    what_does_not_fit_the_contract_is_refused
    other_paths_and_methods_are_refused
    runs_that_no_time_is_left_for_are_counted
    requests_at_the_same_time_are_all_answered
}

async fn health_tells_what_runs(stage: &ExecutorStage) -> Result<()> {
    let health = stage.client()?.get("/health").await?.json(200)?;
    assert_eq!(health["status"], "ok");
    assert_eq!(health["language"], stage.request("")["language"]);
    for name in ["version", "runtime"] {
        assert!(
            health[name].as_str().is_some_and(|text| !text.is_empty()),
            "{health}"
        );
    }
    Ok(())
}

async fn value_keeps_its_digits(stage: &ExecutorStage) -> Result<()> {
    let answer = stage.send(&stage.request("[1.5, 'x', []]")).await?;
    assert!(
        answer.body.contains(r#""value":[1.5,"x",[]]"#),
        "{}",
        answer.body
    );
    Ok(())
}

async fn runs_come_in_order_and_share_nothing(stage: &ExecutorStage) -> Result<()> {
    let mut request = stage.request("40 + 2");
    request["runs"] = json!([{}, {"stdin": "x"}, {}]);
    let answer = stage.send(&request).await?.json(200)?;
    assert_eq!(answer["notRun"], 0);
    let runs = answer["runs"].as_array().cloned().unwrap_or_default();
    assert_eq!(runs.len(), 3);
    for run in runs {
        assert_eq!(run["value"], 42);
        assert_eq!(run["valueTruncated"], false);
        assert!(run["durationMs"].is_u64());
    }
    Ok(())
}

async fn what_does_not_fit_the_contract_is_refused(stage: &ExecutorStage) -> Result<()> {
    let changes: [(&str, Value, &str); 12] = [
        ("/language", json!("cobol"), "language"),
        ("/sourceCode", json!(5), "sourceCode"),
        (
            "/sourceCode",
            json!("x".repeat(256 * 1024 + 1)),
            "sourceCode",
        ),
        ("/functionName", json!("f()"), "functionName"),
        ("/runs", json!([]), "runs"),
        ("/runs", json!(vec![json!({}); 101]), "runs"),
        ("/runs/0", json!("x"), "runs[0]"),
        ("/runs/0/stdin", json!(1), "runs[0].stdin"),
        ("/runs/0/arguments", json!([1]), "functionName"),
        ("/limits/timeMs", json!(0), "limits.timeMs"),
        ("/limits/memoryBytes", json!(1.5), "limits.memoryBytes"),
        ("/limits", Value::Null, "limits"),
    ];
    for (path, value, named) in changes {
        let mut request = stage.request("1");
        request["functionName"] = Value::Null;
        request["runs"][0] = json!({"stdin": "", "arguments": null});
        *request.pointer_mut(path).context(path)? = value;
        let refused = stage.send(&request).await?.json(400)?;
        assert_eq!(refused["error"]["code"], "bad_request", "{path}");
        let message = refused["error"]["message"].as_str().unwrap_or_default();
        assert!(message.contains(named), "{path}: {message}");
    }
    Ok(())
}

async fn other_paths_and_methods_are_refused(stage: &ExecutorStage) -> Result<()> {
    let client = stage.client()?;
    client.get("/run").await?.json(405)?;
    client.post("/health", &json!({})).await?.json(405)?;
    client.get("/").await?.json(404)?;
    Ok(())
}

async fn runs_that_no_time_is_left_for_are_counted(stage: &ExecutorStage) -> Result<()> {
    let mut request = stage.request("40 + 2");
    request["runs"] = json!(vec![json!({}); 100]);
    request["limits"]["totalTimeMs"] = json!(1);
    let answer = stage.send(&request).await?.json(200)?;
    let ran = answer["runs"].as_array().map_or(0, Vec::len);
    let left = answer["notRun"].as_u64().unwrap_or_default();
    // A run may take no measurable time, but a hundred do not.
    assert!((1..100).contains(&ran), "{ran}");
    assert_eq!(u64::try_from(ran)? + left, 100);
    Ok(())
}

async fn requests_at_the_same_time_are_all_answered(stage: &ExecutorStage) -> Result<()> {
    let mut request = stage.request("40 + 2");
    request["runs"] = json!(vec![json!({}); 5]);
    let answers = (0..4).map(|_| stage.runs(&request));
    for runs in try_join_all(answers).await? {
        assert!(runs.iter().all(|run| run["value"] == 42), "{runs:?}");
        assert_eq!(runs.len(), 5);
    }
    Ok(())
}
