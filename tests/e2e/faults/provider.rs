//! A provider that hangs, answers nonsense, or answers too much.

use anyhow::{Context as _, Result};
use futures_util::future::try_join_all;
use redrive_shared::clock::Instant;
use redrive_tests::client::{PROMPT_MARK, column};
use redrive_tests::poll;
use redrive_tests::stage::JOBS;
use serde_json::{Value, json};

use super::{every_message_lost, submit_all};
use crate::stages::{faulty, shared};

/// How long it was from one instant of a document to another, in milliseconds.
fn millis_between(earlier: &Value, later: &Value) -> Result<i64> {
    let read = |instant: &Value| Instant::parse_rfc3339(instant.as_str()?);
    let instants = read(earlier).zip(read(later)).context("no instants")?;
    Ok(instants.1.millis_since(instants.0))
}

#[test]
fn f09_call_that_hangs_ends_at_its_timeout_and_holds_up_nothing_of_its_delivery() -> Result<()> {
    faulty(async |stage| {
        let tenant = stage.tenant().await?;
        stage.set_faults(every_message_lost())?;
        let once = json!({"maxAttempts": 1});
        let hanging = tenant.client.submit("sim-hang@f09", once).await?;
        let others = submit_all(&tenant.client, "sim-ok@f09", 4).await?;
        let jobs = [&hanging].into_iter().chain(&others);
        let messages: Vec<Value> = jobs.map(|job| tenant.message(job, 1)).collect();
        let outcome = stage.deliver(JOBS, &json!(messages)).await?;
        assert_eq!(outcome["retryMessages"], json!([]), "{outcome}");

        let ended = tenant.client.job_in(&hanging, "dead_lettered").await?;
        assert_eq!(ended["error"]["code"], "attempts_exhausted", "{ended:#}");
        assert_eq!(column(&ended["attempts"], "code"), ["provider_timeout"]);
        assert_eq!(column(&ended["attempts"], "possiblyBilled"), [true]);
        assert_eq!(
            stage.row(&hanging)?.rescues,
            0,
            "the lease outlasts the call"
        );
        let attempt = &ended["attempts"][0];
        let took = millis_between(&attempt["startedAt"], &attempt["finishedAt"])?;
        assert!((3_000..=5_000).contains(&took), "{took} ms: {ended:#}");
        for other in &others {
            let other = tenant.client.job_in(other, "succeeded").await?;
            let earlier = millis_between(&other["completedAt"], &attempt["finishedAt"])?;
            assert!(earlier > 2_000, "{earlier} ms: {other:#}");
        }
        // The connection is closed, so that nobody works for an answer that nobody wants.
        poll::until("the call is given up", async || {
            let calls = stage.calls(&hanging).await?;
            Ok((calls.len() == 1 && calls[0]["outcome"] == "abandoned").then_some(()))
        })
        .await
    })
}

/// What a reply that says 200, or a page of a proxy, comes to: the reason of each attempt.
const NONSENSE: [(&str, &str, &str); 5] = [
    (
        "sim-truncated@f14",
        "provider_bad_response",
        "provider_bad_response",
    ),
    (
        "sim-html200@f14",
        "provider_bad_response",
        "provider_bad_response",
    ),
    (
        "sim-empty@f14",
        "provider_bad_response",
        "provider_bad_response",
    ),
    ("sim-error200@f14", "attempts_exhausted", "provider_error"),
    ("sim-502@f14", "attempts_exhausted", "provider_error"),
];

#[test]
fn f14_replies_that_are_no_answers_are_asked_for_again_and_end_with_their_reason() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        let ended = try_join_all(NONSENSE.iter().map(async |(model, code, reason)| {
            // The table lets an unreadable reply have one retry, whatever the job allows.
            let attempts = if code == reason { 5 } else { 2 };
            let fields = json!({"maxAttempts": attempts});
            let job = tenant.client.submit(model, fields).await?;
            let document = tenant.client.job_in(&job, "dead_lettered").await?;
            anyhow::Ok((code, reason, document, stage.calls(&job).await?))
        }))
        .await?;
        for (code, reason, document, calls) in ended {
            assert_eq!(document["error"]["code"], *code, "{document:#}");
            assert_eq!(column(&document["attempts"], "code"), [reason; 2]);
            assert_eq!(document["result"], Value::Null, "{document:#}");
            assert_eq!(calls.len(), 2, "{calls:?}");
        }
        Ok(())
    })
}

#[test]
fn f27_prompt_and_answer_of_a_megabyte_are_kept_whole() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        let room = 1024 * 1024 - PROMPT_MARK.len() - 100;
        let prompt = format!("{PROMPT_MARK}{}", "ü".repeat(room / 2));
        let fields = json!({"prompt": prompt});
        let job = tenant.client.submit("sim-big-1024@f27", fields).await?;
        let ended = tenant.client.job_in(&job, "succeeded").await?;
        let output = ended["result"]["output"].as_str().context("no output")?;
        assert_eq!(output.len(), 1024 * 1024);
        let asked = ended["usage"]["inputTokens"].as_u64();
        assert_eq!(
            asked,
            Some(u64::try_from(prompt.chars().count().div_ceil(4))?)
        );
        assert_eq!(stage.calls(&job).await?.len(), 1);
        Ok(())
    })
}

#[test]
fn f27_answer_too_large_to_store_fails_its_job_at_once() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        let job = tenant.client.submit("sim-big-2048@f27", json!({})).await?;
        let ended = tenant.client.job_in(&job, "failed").await?;
        assert_eq!(ended["error"]["code"], "output_too_large", "{ended:#}");
        assert_eq!(column(&ended["attempts"], "outcome"), ["failed"]);
        assert_eq!(stage.calls(&job).await?.len(), 1);
        // The database never saw it, and so never refused it.
        let events = stage.events("job.id", &job)?;
        let refused = events.iter().any(|event| event["event"] == "commit_failed");
        assert!(!refused, "{events:#?}");
        Ok(())
    })
}
