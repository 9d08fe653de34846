//! Replies after which the same provider is asked again.

use anyhow::Result;
use redrive_tests::client::column;
use serde_json::{Value, json};

use super::kinds::{Ended, Kind, all_ended, instant, with_all};
use crate::stages::{alone, shared};

/// How a call fails that is made again, and how long the job waits: from so many milliseconds to so
/// many.
struct Throttling {
    behaviour: &'static str,
    code: &'static str,
    wait: (i64, i64),
}

/// Who hints is taken at his word and up to a tenth more; Workers AI never does.
fn throttling(kind: Kind) -> Throttling {
    let (behaviour, code, wait) = match kind.provider {
        "openai_compatible" => (
            "sim-row-47-then-ok-1",
            "provider_rate_limited",
            (2_000, 2_200),
        ),
        "openai" | "openai-responses" => (
            "sim-row-39-then-ok-1",
            "provider_rate_limited",
            (2_000, 2_200),
        ),
        "anthropic" => (
            "sim-row-43-then-ok-1",
            "provider_rate_limited",
            (2_000, 2_200),
        ),
        "workers-ai" | "workers-ai-binding" => (
            "sim-row-45-then-ok-1",
            "provider_unavailable",
            (2_500, 5_000),
        ),
        _ => (
            "sim-row-40-then-ok-1",
            "provider_rate_limited",
            (1_500, 1_650),
        ),
    };
    Throttling {
        behaviour,
        code,
        wait,
    }
}

#[test]
fn throttled_job_comes_again_when_the_provider_said_and_at_no_cost() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        // One failure would be the end of it.
        let fields = json!({"maxAttempts": 1});
        let seen = with_all(async |kind| {
            let model = kind.model(throttling(kind).behaviour, "throttled");
            let job = kind.submit(&tenant, &model, &fields).await?;
            let waiting = tenant.client.job_in(&job, "retry_scheduled").await?;
            let ended = tenant.client.ended(&job).await?;
            Ok((waiting, ended, stage.calls(&job).await?))
        });
        for (kind, (waiting, ended, calls)) in seen.await? {
            let throttling = throttling(kind);
            check_wait(kind, &throttling, &waiting)?;
            let told = format!("{kind:?}: {ended:#}");
            assert_eq!(ended["status"], "succeeded", "{told}");
            let attempts = &ended["attempts"];
            assert_eq!(
                column(attempts, "outcome"),
                ["deferred", "succeeded"],
                "{told}"
            );
            assert_eq!(attempts[0]["code"], throttling.code, "{told}");
            assert_eq!(attempts[0]["providerStatus"], 429, "{told}");
            let again = between(attempts, 0, "finishedAt", 1, "startedAt")?;
            assert!(again >= throttling.wait.0 - CLOCKS, "{again}: {told}");
            assert_eq!(calls.len(), 2, "{told}: {calls:#?}");
        }
        Ok(())
    })
}

/// How much later than the wait began an attempt may be written down as finished, in milliseconds.
const CLOCKS: i64 = 250;

fn check_wait(kind: Kind, throttling: &Throttling, waiting: &Value) -> Result<()> {
    let told = format!("{kind:?}: {waiting:#}");
    assert_eq!(waiting["error"]["code"], throttling.code, "{told}");
    assert_eq!(waiting["error"]["retryable"], true, "{told}");
    let due_at = instant(&waiting["nextAttemptAt"])?;
    let finished_at = instant(&waiting["attempts"][0]["finishedAt"])?;
    let wait = due_at.millis_since(finished_at);
    let (least, most) = throttling.wait;
    assert!((least - CLOCKS..=most).contains(&wait), "{wait}: {told}");
    Ok(())
}

/// The milliseconds from one attempt's instant to another one's.
fn between(attempts: &Value, one: usize, from: &str, other: usize, to: &str) -> Result<i64> {
    let to = instant(&attempts[other][to])?;
    Ok(to.millis_since(instant(&attempts[one][from])?))
}

/// The first attempt failed like this, and the second one brought the answer.
fn check_second(kind: Kind, ended: &Ended, code: &str, provider_status: Option<u16>, billed: bool) {
    let document = &ended.document;
    let told = format!("{kind:?}: {document:#}");
    assert_eq!(document["status"], "succeeded", "{told}");
    assert_eq!(document["provider"], kind.provider, "{told}");
    let attempts = &document["attempts"];
    assert_eq!(
        column(attempts, "outcome"),
        ["failed", "succeeded"],
        "{told}"
    );
    assert_eq!(
        column(attempts, "code"),
        [&json!(code), &Value::Null],
        "{told}"
    );
    let status = &attempts[0]["providerStatus"];
    assert_eq!(*status, json!(provider_status), "{told}");
    assert_eq!(attempts[0]["possiblyBilled"] == true, billed, "{told}");
    assert_eq!(ended.calls.len(), 2, "{told}: {:#?}", ended.calls);
}

#[test]
fn error_inside_a_success_is_an_error() -> Result<()> {
    shared(async |stage| {
        let behaviour = |_| "sim-row-5-then-ok-1";
        let ended = all_ended(stage, "inside", json!({}), behaviour).await?;
        for (kind, ended) in ended {
            check_second(kind, &ended, "provider_error", Some(200), false);
        }
        Ok(())
    })
}

#[test]
fn reply_that_breaks_off_is_asked_for_once_more() -> Result<()> {
    shared(async |stage| {
        let ended = all_ended(stage, "truncated", json!({}), |_| "sim-truncated").await?;
        for (kind, ended) in ended {
            let document = &ended.document;
            let told = format!("{kind:?}: {document:#}");
            assert_eq!(document["status"], "dead_lettered", "{told}");
            assert_eq!(document["error"]["code"], "provider_bad_response", "{told}");
            let attempts = &document["attempts"];
            assert_eq!(
                column(attempts, "code"),
                ["provider_bad_response"; 2],
                "{told}"
            );
            assert_eq!(column(attempts, "providerStatus"), [200, 200], "{told}");
            assert_eq!(column(attempts, "possiblyBilled"), [true, true], "{told}");
            assert_eq!(ended.calls.len(), 2, "{told}: {:#?}", ended.calls);
        }
        Ok(())
    })
}

#[test]
fn provider_that_never_answers_is_given_up_in_time_and_asked_again() -> Result<()> {
    alone(async |stage| {
        let behaviour = |_| "sim-hang-then-ok-1";
        let ended = all_ended(stage, "hang", json!({}), behaviour).await?;
        for (kind, ended) in ended {
            check_second(kind, &ended, "provider_timeout", None, true);
            let attempts = &ended.document["attempts"];
            let time = between(attempts, 0, "startedAt", 0, "finishedAt")?;
            assert!((3_900..10_000).contains(&time), "{kind:?}: {attempts:#}");
        }
        Ok(())
    })
}
