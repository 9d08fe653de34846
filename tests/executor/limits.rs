//! Programs that must be ended: each language has its own way to write them, and the same outcome.

use anyhow::Result;
use futures_util::future::try_join_all;
use redrive_tests::stage::ExecutorStage;
use serde_json::{Value, json};

/// A program that is ended by a limit, and the exit codes that it may have then.
pub(crate) struct Ended {
    /// The program.
    pub(crate) source: &'static str,
    /// The limit.
    pub(crate) limit: &'static str,
    /// What it writes before.
    pub(crate) stdout: &'static str,
}

/// Runs a program that is ended by a limit, and sees to it that the next run is unharmed.
pub(crate) async fn ends(stage: &ExecutorStage, ended: &Ended) -> Result<Value> {
    let mut request = stage.request(ended.source);
    if ended.limit != "time" {
        // On a machine that is busy it must be the other limit all the same.
        request["limits"]["timeMs"] = json!(60_000);
    }
    let run = stage.runs(&request).await?.swap_remove(0);
    assert_eq!(run["limit"], ended.limit, "{}: {run}", ended.source);
    let codes: &[u64] = match ended.limit {
        "recursion" => &[1, 134],
        _ => &[137],
    };
    let code = run["exitCode"].as_u64().unwrap_or_default();
    assert!(codes.contains(&code), "{}: {run}", ended.source);
    assert_eq!(run["stdout"], ended.stdout, "{}: {run}", ended.source);
    assert_eq!(run.get("value"), None, "{}: {run}", ended.source);
    unharmed(stage).await?;
    Ok(run)
}

/// Sees to it that a run is as if there had been none before. The program is one in every language.
pub(crate) async fn unharmed(stage: &ExecutorStage) -> Result<()> {
    let run = stage.program("40 + 2").await?;
    assert_eq!(run["value"], 42, "{run}");
    assert_eq!(run["exitCode"], 0, "{run}");
    Ok(())
}

/// Runs a program twice that sleeps for longer than it may, and sees to it that the sleep takes no
/// more time than there is, so that the second run has its own.
pub(crate) async fn oversleeps(stage: &ExecutorStage, source: &str) -> Result<()> {
    let mut request = stage.request(source);
    request["runs"] = json!([{"stdin": ""}, {"stdin": ""}]);
    request["limits"]["timeMs"] = json!(1_000);
    request["limits"]["totalTimeMs"] = json!(60_000);
    let runs = stage.runs(&request).await?;
    assert_eq!(runs.len(), 2, "{runs:?}");
    for run in &runs {
        assert_eq!(run["limit"], "time", "{run}");
        assert!(
            run["durationMs"].as_u64().is_some_and(|took| took <= 1_000),
            "{run}"
        );
    }
    Ok(())
}

/// Runs a program that writes 10 MB, and sees to it that the first 64 KiB are kept.
pub(crate) async fn floods(stage: &ExecutorStage, source: &str) -> Result<()> {
    let mut request = stage.request(source);
    request["limits"]["timeMs"] = json!(20_000);
    let run = stage.runs(&request).await?.swap_remove(0);
    assert_eq!(run["stdout"].as_str().map(str::len), Some(64 * 1024));
    assert_eq!(run["stdoutTruncated"], true);
    assert_eq!(run["stderrTruncated"], false);
    assert_eq!(run["exitCode"], 0);
    assert_eq!(run.get("limit"), None);
    unharmed(stage).await
}

/// Runs a program that takes 20 MB, and sees to it that the memory limit is the request's own.
pub(crate) async fn outgrows(stage: &ExecutorStage, source: &str) -> Result<()> {
    let mut request = stage.request(source);
    assert_eq!(stage.runs(&request).await?[0]["value"], 20_000_000);
    request["limits"]["memoryBytes"] = json!(16 * 1024 * 1024);
    assert_eq!(stage.runs(&request).await?[0]["limit"], "memory");
    Ok(())
}

/// Calls the function `f` of a program, which never ends when it is given `true`, and sees to it that
/// the next run of the same request is unharmed.
pub(crate) async fn goes_on(stage: &ExecutorStage, source: &str) -> Result<()> {
    let runs = stage
        .calls(source, "f", &[json!([true]), json!([false])])
        .await?;
    assert_eq!(runs[0]["limit"], "time");
    assert_eq!(runs[1]["value"], "fine");
    Ok(())
}

/// Runs a program that takes most of the memory and gives back 42, several times in several requests
/// at once, and sees to it that each run has all the memory there is.
pub(crate) async fn take_turns(stage: &ExecutorStage, source: &str) -> Result<()> {
    let mut request = stage.request(source);
    request["limits"]["timeMs"] = json!(60_000);
    request["runs"] = json!([{}, {}]);
    let requests = (0..3).map(|_| stage.runs(&request));
    for runs in try_join_all(requests).await? {
        assert_eq!(runs.len(), 2);
        assert!(runs.iter().all(|run| run["value"] == 42), "{runs:?}");
    }
    unharmed(stage).await
}
