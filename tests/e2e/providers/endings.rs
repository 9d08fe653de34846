//! Replies that end a job at the first call.

use anyhow::Result;
use redrive_tests::client::column;
use serde_json::{Value, json};

use super::kinds::{Ended, Kind, all_ended};
use crate::stages::shared;

/// How a job ends that is asked for once.
#[derive(Clone, Copy)]
struct Ending {
    behaviour: &'static str,
    status: &'static str,
    code: &'static str,
    provider_status: u16,
}

const fn dead(behaviour: &'static str, code: &'static str, provider_status: u16) -> Ending {
    Ending {
        behaviour,
        status: "dead_lettered",
        code,
        provider_status,
    }
}

const fn failed(behaviour: &'static str, code: &'static str) -> Ending {
    Ending {
        behaviour,
        status: "failed",
        code,
        provider_status: 200,
    }
}

fn check(kind: Kind, ending: Ending, ended: &Ended) {
    let document = &ended.document;
    let told = format!("{kind:?}: {document:#}");
    assert_eq!(document["status"], ending.status, "{told}");
    assert_eq!(document["result"], Value::Null, "{told}");
    let error = &document["error"];
    assert_eq!(error["code"], ending.code, "{told}");
    assert_eq!(error["retryable"], false, "{told}");
    assert_eq!(error["provider"], kind.provider, "{told}");
    assert_eq!(error["model"], ended.model, "{told}");
    assert_eq!(error["providerStatus"], ending.provider_status, "{told}");
    let attempts = &document["attempts"];
    assert_eq!(column(attempts, "outcome"), ["failed"], "{told}");
    assert_eq!(column(attempts, "code"), [ending.code], "{told}");
    assert_eq!(column(attempts, "provider"), [kind.provider], "{told}");
    assert_eq!(ended.calls.len(), 1, "{told}: {:#?}", ended.calls);
    assert_eq!(ended.calls[0]["customer"], json!(kind.customer), "{told}");
}

fn out_of_money(kind: Kind) -> Ending {
    let (behaviour, provider_status) = match kind.provider {
        "openai_compatible" => ("sim-row-46", 429),
        "openai" | "openai-responses" => ("sim-row-36", 429),
        "anthropic" => ("sim-row-41", 429),
        _ => ("sim-402", 402),
    };
    dead(behaviour, "provider_billing", provider_status)
}

#[test]
fn account_without_money_is_dead_lettered_at_once_and_no_retry_is_paid_for() -> Result<()> {
    shared(async |stage| {
        let behaviour = |kind| out_of_money(kind).behaviour;
        let ended = all_ended(stage, "billing", json!({}), behaviour).await?;
        for (kind, ended) in ended {
            check(kind, out_of_money(kind), &ended);
        }
        Ok(())
    })
}

fn filtered(kind: Kind) -> Ending {
    match kind.provider {
        "anthropic" => failed("sim-row-9-partial", "refused"),
        _ => failed("sim-row-8", "content_filtered"),
    }
}

#[test]
fn filtered_answer_fails_its_job_and_what_was_said_is_kept() -> Result<()> {
    shared(async |stage| {
        let behaviour = |kind| filtered(kind).behaviour;
        let ended = all_ended(stage, "filtered", json!({}), behaviour).await?;
        for (kind, ended) in ended {
            check(kind, filtered(kind), &ended);
            let document = &ended.document;
            // Azure takes back what it filters, and says why.
            let is_azure = kind.provider.starts_with("azure");
            let partial = document["error"]["partialOutput"].as_str();
            assert_eq!(partial.is_none(), is_azure, "{document:#}");
            let message = document["error"]["message"].as_str().unwrap_or_default();
            assert_eq!(message.contains("`hate`"), is_azure, "{document:#}");
            let usage = &document["attempts"][0]["usage"];
            assert!(usage["outputTokens"].is_u64(), "{document:#}");
        }
        Ok(())
    })
}

#[test]
fn redirect_is_followed_by_nobody() -> Result<()> {
    shared(async |stage| {
        let ending = dead("sim-redirect", "provider_misconfigured", 302);
        let ended = all_ended(stage, "redirect", json!({}), |_| ending.behaviour).await?;
        for (kind, ended) in ended {
            check(kind, ending, &ended);
        }
        let counts = stage.provider_counts().await?;
        assert_eq!(counts["redirectsFollowed"], 0, "{counts:#}");
        Ok(())
    })
}
