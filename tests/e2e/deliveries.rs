//! What the queue may do: deliver twice, and deliver what nobody can read.

use anyhow::{Context as _, Result};
use futures_util::future::try_join3;
use redrive_tests::client::{PROMPT, column};
use redrive_tests::poll;
use redrive_tests::stage::{DEAD_LETTERS, JOBS};
use serde_json::{Value, json};

use crate::stages::{alone, shared};

/// The ids that were acknowledged, if nothing is to come again.
fn acknowledged(outcome: &Value) -> Result<Vec<&str>> {
    assert_eq!(outcome["outcome"], "ok", "{outcome}");
    assert_eq!(outcome["retryMessages"], json!([]), "{outcome}");
    assert_eq!(outcome["retryBatch"]["retry"], false, "{outcome}");
    let ids = outcome["explicitAcks"].as_array().context("no acks")?;
    Ok(ids.iter().filter_map(Value::as_str).collect())
}

#[test]
fn f16_message_delivered_three_times_at_once_runs_its_job_once() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        let job = tenant.client.submit("sim-slow-300", json!({})).await?;
        let body = json!({"v": 1, "job": job, "tenant": tenant.id}).to_string();
        let messages = |id: &str| json!([{"id": format!("{job}-{id}"), "body": body}]);
        let (one, two) = (messages("one"), messages("two"));
        // The queue's own delivery is the third.
        let (one, two, ended) = try_join3(
            stage.deliver(JOBS, &one),
            stage.deliver(JOBS, &two),
            tenant.client.job_in(&job, "succeeded"),
        )
        .await?;
        assert_eq!(acknowledged(&one)?, [format!("{job}-one")]);
        assert_eq!(acknowledged(&two)?, [format!("{job}-two")]);
        assert_eq!(column(&ended["attempts"], "outcome"), ["succeeded"]);
        assert_eq!(stage.calls(&job).await?.len(), 1);
        Ok(())
    })
}

/// JSON as the queue carries it.
fn text(body: &Value) -> Value {
    body.to_string().into()
}

/// The place of the good message among [`bodies`].
const GOOD: usize = 6;

/// Bodies of messages: one that names the job, among others that nobody can read.
fn bodies(tenant: &str, job: &str) -> [Value; 13] {
    let good = json!({"v": 1, "job": job, "tenant": tenant});
    [
        json!("c4n4ry is not JSON"),
        json!(""),
        json!("\u{0}\u{fffd}"),
        json!("{}"),
        json!("[1, 2]"),
        text(&json!({"v": 2, "job": job, "tenant": tenant})),
        text(&good),
        text(&json!({"v": PROMPT, "job": PROMPT, "tenant": PROMPT})),
        text(&json!({"v": 1, "job": job, "tenant": tenant, PROMPT: 1})),
        json!(PROMPT.repeat(3_000)),
        // Not text: what a producer sends that does not say `contentType: "text"`.
        good,
        json!(7),
        Value::Null,
    ]
}

#[test]
fn f35_undecodable_messages_are_put_aside_and_the_good_one_among_them_runs() -> Result<()> {
    alone(async |stage| {
        let tenant = stage.tenant().await?;
        // The queue waits behind the held call, so that the job runs by this delivery only.
        let held = tenant.client.submit("sim-hold", json!({})).await?;
        stage.called(&held, 1).await?;
        let job = tenant.client.submit("sim-ok", json!({})).await?;
        let bodies = bodies(&tenant.id, &job);
        let ids: Vec<String> = (0..bodies.len())
            .map(|place| format!("{job}-{place}"))
            .collect();
        let messages: Vec<Value> = ids
            .iter()
            .zip(bodies)
            .map(|(id, body)| json!({"id": id, "body": body}))
            .collect();
        let outcome = stage.deliver(JOBS, &json!(messages)).await?;
        assert_eq!(acknowledged(&outcome)?, ids);
        tenant.client.job_in(&job, "succeeded").await?;
        let (_, garbage): (Vec<_>, Vec<_>) = ids
            .iter()
            .enumerate()
            .partition(|(place, _)| *place == GOOD);
        poll::until("every other message is put aside", async || {
            let events = stage.events("event", "undecodable_message")?;
            let told = |id: &str| events.iter().any(|event| event["message.id"] == id);
            Ok(garbage.iter().all(|(_, id)| told(id)).then_some(()))
        })
        .await?;
        stage.release().await?;
        tenant.client.ended(&held).await?;
        assert_eq!(stage.calls(&job).await?.len(), 1);
        Ok(())
    })
}

#[test]
fn message_for_a_job_that_nobody_knows_is_given_up_after_a_few_deliveries() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        let job = "job_019dc2d7c93c7c3a9d2f5a1b7c8e9f00";
        let body = json!({"v": 1, "job": job, "tenant": tenant.id}).to_string();
        let message = |attempts: u32| json!([{"id": "ghost", "body": body, "attempts": attempts}]);
        let early = stage.deliver(JOBS, &message(1)).await?;
        assert_eq!(
            column(&early["retryMessages"], "msgId"),
            ["ghost"],
            "{early}"
        );
        let late = stage.deliver(JOBS, &message(4)).await?;
        assert_eq!(acknowledged(&late)?, ["ghost"]);
        Ok(())
    })
}

#[test]
fn dead_letter_queue_takes_whatever_comes() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        let job = tenant
            .client
            .submit("sim-401@deliveries", json!({}))
            .await?;
        let before = tenant.client.job_in(&job, "dead_lettered").await?;
        let message = json!({"v": 1, "job": job, "tenant": tenant.id}).to_string();
        let messages = json!([
            {"id": format!("{job}-known"), "body": message},
            {"id": format!("{job}-garbage"), "body": "c4n4ry is not JSON"},
        ]);
        let outcome = stage.deliver(DEAD_LETTERS, &messages).await?;
        assert_eq!(acknowledged(&outcome)?.len(), 2);
        assert_eq!(tenant.client.job(&job).await?, before);
        Ok(())
    })
}
