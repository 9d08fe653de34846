//! Programs that somebody submits, and test cases of theirs: run, judged, ended by limits.

mod api;
mod cases;
mod crashes;
mod documented;
mod failing;
mod limits;
mod programs;
mod remote;

use anyhow::Result;
use redrive_tests::client::{Client, PROMPT_MARK, text};
use serde_json::{Value, json};

/// Where a program is submitted.
const EXECUTE: &str = "/api/v1/execute";
/// Where a program is submitted with its test cases.
const TESTS: &str = "/api/v1/execute/tests";

/// A request that runs a program, with these fields beside. The program ends with a remark that no
/// log may hold.
fn program(language: &str, source: &str, fields: Value) -> Value {
    let remark = if ["python", "bash", "ruby"].contains(&language) {
        "#"
    } else {
        "//"
    };
    let source = format!("{source}\n{remark} {PROMPT_MARK}");
    let mut request = json!({"language": language, "sourceCode": source});
    if let (Some(request), Value::Object(fields)) = (request.as_object_mut(), fields) {
        request.extend(fields);
    }
    request
}

/// Submits a request, and gives back the job's id.
async fn submit(client: &Client, path: &str, request: &Value) -> Result<String> {
    text(&client.post(path, request).await?.json(202)?, "jobId")
}

/// Submits a request, and gives back the job's document once it has succeeded.
async fn succeeded(client: &Client, path: &str, request: &Value) -> Result<Value> {
    let job = submit(client, path, request).await?;
    client.job_in(&job, "succeeded").await
}

/// Runs a program, whose job succeeds, and gives back what the program came to.
async fn ran(client: &Client, request: &Value) -> Result<Value> {
    Ok(succeeded(client, EXECUTE, request).await?["result"].take())
}

/// Has test cases judged, and gives back the report.
async fn judged(client: &Client, request: &Value) -> Result<Value> {
    Ok(succeeded(client, TESTS, request).await?["result"].take())
}

/// Has every interpreter started: on a busy machine that may take longer than an attempt may where
/// attempts are short, and is tried again until it has.
async fn warm_up(client: &Client) -> Result<()> {
    for language in ["python", "javascript"] {
        ran(client, &program(language, "1", json!({"maxAttempts": 20}))).await?;
    }
    Ok(())
}

/// Takes the time out of a run or of a verdict: it must be there, and is another each time.
fn timeless(run: &mut Value) {
    let duration = run.as_object_mut().and_then(|run| run.remove("durationMs"));
    let millis = duration.as_ref().and_then(Value::as_u64);
    assert!(
        millis.is_some_and(|millis| millis < 60_000),
        "{duration:?}: {run:#}"
    );
}
