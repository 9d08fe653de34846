//! Faults that end a job: where it ends, why, and what its owner is told.

use anyhow::Result;
use futures_util::future::try_join_all;
use redrive_tests::client::column;
use serde_json::{Value, json};

use crate::stages::shared;

/// What a model does to a job.
struct Fault {
    model: &'static str,
    max_attempts: u32,
    status: &'static str,
    code: &'static str,
    /// Of each attempt.
    reasons: &'static [&'static str],
    /// The provider's status of the last attempt.
    provider_status: Option<u16>,
}

const fn dead(model: &'static str, code: &'static str, provider_status: u16) -> Fault {
    Fault {
        model,
        max_attempts: 5,
        status: "dead_lettered",
        code,
        reasons: &[],
        provider_status: Some(provider_status),
    }
}

const fn failed(model: &'static str, code: &'static str, provider_status: u16) -> Fault {
    Fault {
        status: "failed",
        ..dead(model, code, provider_status)
    }
}

/// One failure is all the job may have.
const fn exhausted(
    model: &'static str,
    reasons: &'static [&'static str],
    provider_status: Option<u16>,
) -> Fault {
    Fault {
        max_attempts: 1,
        reasons,
        provider_status,
        ..dead(model, "attempts_exhausted", 0)
    }
}

const BAD_RESPONSE: &[&str] = &["provider_bad_response"];

const FAULTS: [Fault; 16] = [
    dead("sim-401", "provider_auth", 401),
    dead("sim-403", "provider_forbidden", 403),
    dead("sim-404", "model_unavailable", 404),
    dead("sim-quota", "provider_billing", 429),
    dead("sim-redirect", "provider_misconfigured", 302),
    failed("sim-400", "invalid_request", 400),
    failed("sim-context", "context_length_exceeded", 400),
    failed("sim-filter", "content_filtered", 200),
    failed("sim-refusal", "refused", 200),
    exhausted("sim-500", &["provider_error"], Some(500)),
    exhausted("sim-error200", &["provider_error"], Some(200)),
    exhausted("sim-html200", BAD_RESPONSE, Some(200)),
    exhausted("sim-empty", BAD_RESPONSE, Some(200)),
    exhausted("sim-huge", BAD_RESPONSE, None),
    exhausted("sim-reset", BAD_RESPONSE, None),
    exhausted("sim-drop", &["provider_unreachable"], None),
];

#[test]
fn each_fault_ends_its_job_with_a_reason_to_act_on() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        let ended = try_join_all(FAULTS.iter().map(async |fault| {
            let fields = json!({"maxAttempts": fault.max_attempts});
            let model = format!("{}@failures", fault.model);
            let job = tenant.client.submit(&model, fields).await?;
            let document = tenant.client.ended(&job).await?;
            anyhow::Ok((fault, document, stage.calls(&job).await?))
        }))
        .await?;
        for (fault, document, calls) in ended {
            check_fault(fault, &document);
            assert_eq!(calls.len(), 1, "{}: {calls:?}", fault.model);
        }
        Ok(())
    })
}

fn check_fault(fault: &Fault, document: &Value) {
    let told = format!("{}: {document:#}", fault.model);
    assert_eq!(document["status"], fault.status, "{told}");
    let error = &document["error"];
    assert_eq!(error["code"], fault.code, "{told}");
    assert_eq!(error["retryable"], false, "{told}");
    assert!(
        error["message"]
            .as_str()
            .is_some_and(|message| message.len() > 20),
        "{told}"
    );
    assert_eq!(
        error["providerStatus"],
        json!(fault.provider_status),
        "{told}"
    );
    let reasons = if fault.reasons.is_empty() {
        &[fault.code][..]
    } else {
        fault.reasons
    };
    assert_eq!(column(&document["attempts"], "code"), reasons, "{told}");
    assert_eq!(
        column(&document["attempts"], "outcome"),
        ["failed"],
        "{told}"
    );
    assert!(document["completedAt"].is_string(), "{told}");
    assert_eq!(document["result"], Value::Null, "{told}");
}

#[test]
fn unreadable_reply_is_asked_for_once_more_and_no_oftener() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        let job = tenant
            .client
            .submit("sim-truncated@twice", json!({}))
            .await?;
        let ended = tenant.client.job_in(&job, "dead_lettered").await?;
        assert_eq!(ended["error"]["code"], "provider_bad_response", "{ended:#}");
        assert_eq!(
            column(&ended["attempts"], "code"),
            ["provider_bad_response"; 2]
        );
        // The provider did its work, and may charge for it.
        assert_eq!(column(&ended["attempts"], "possiblyBilled"), [true; 2]);
        assert_eq!(stage.calls(&job).await?.len(), 2);
        Ok(())
    })
}

#[test]
fn key_does_not_follow_a_redirect() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        let job = tenant.client.submit("sim-redirect@key", json!({})).await?;
        let ended = tenant.client.job_in(&job, "dead_lettered").await?;
        assert_eq!(ended["error"]["providerStatus"], 302, "{ended:#}");
        assert_eq!(stage.calls(&job).await?[0]["authorization"], true);
        assert_eq!(stage.provider_counts().await?["redirectsFollowed"], 0);
        Ok(())
    })
}

#[test]
fn what_the_provider_wrote_is_not_told_to_the_tenant() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        for model in ["sim-401@words", "sim-500@words", "sim-html200@words"] {
            let job = tenant
                .client
                .submit(model, json!({"maxAttempts": 1}))
                .await?;
            let ended = tenant
                .client
                .job_in(&job, "dead_lettered")
                .await?
                .to_string();
            let reply = stage.provider_reply(model).await?;
            for words in wording(&reply) {
                assert!(!ended.contains(&words), "{model}: {words}: {ended}");
            }
            assert!(!ended.contains("excerpt"), "{model}: {ended}");
        }
        Ok(())
    })
}

/// What a reply says, in pieces: the message of an error, or else the lines of a page.
fn wording(reply: &str) -> Vec<String> {
    let message = serde_json::from_str::<Value>(reply)
        .ok()
        .and_then(|body| Some(body["error"]["message"].as_str()?.to_owned()));
    let pieces = message.map_or_else(
        || reply.lines().map(str::to_owned).collect(),
        |message| vec![message],
    );
    let said: Vec<String> = pieces.into_iter().filter(|piece| piece.len() > 8).collect();
    assert!(!said.is_empty(), "the reply says nothing: {reply}");
    said
}

#[test]
fn odd_answers_are_answers_and_say_what_is_odd() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        for (model, finish_reason, truncated, warnings) in [
            ("sim-length", "length", true, json!([])),
            ("sim-blank", "stop", false, json!(["empty_output"])),
            ("sim-null", "stop", false, json!(["empty_output"])),
            ("sim-nousage", "stop", false, json!([])),
            ("sim-big-1024", "stop", false, json!([])),
        ] {
            let job = tenant.client.submit(model, json!({})).await?;
            let ended = tenant.client.job_in(&job, "succeeded").await?;
            let result = &ended["result"];
            assert_eq!(result["finishReason"], finish_reason, "{model}");
            assert_eq!(result["truncated"], truncated, "{model}");
            assert_eq!(result["warnings"], warnings, "{model}");
            assert_eq!(ended["usage"].is_null(), model == "sim-nousage", "{model}");
            let bytes = result["output"].as_str().map_or(0, str::len);
            assert_eq!(
                bytes == 1024 * 1024,
                model == "sim-big-1024",
                "{model}: {bytes}"
            );
        }
        Ok(())
    })
}
