//! Jobs that get an answer: who gave it, and what it took.

use anyhow::Result;
use redrive_tests::client::{PROMPT, column};
use serde_json::{Value, json};

use super::kinds::{Ended, Kind, all_ended};
use crate::stages::shared;

#[test]
fn every_kind_answers_with_its_own_key_and_tells_model_and_tokens() -> Result<()> {
    shared(async |stage| {
        let ended = all_ended(stage, "success", json!({}), |_| "sim-ok").await?;
        for (kind, ended) in ended {
            check_answer(kind, &ended);
            check_call(kind, &ended);
        }
        Ok(())
    })
}

fn check_answer(kind: Kind, ended: &Ended) {
    let told = format!("{kind:?}: {:#}", ended.document);
    let document = &ended.document;
    assert_eq!(document["status"], "succeeded", "{told}");
    assert_eq!(document["provider"], kind.provider, "{told}");
    assert_eq!(document["model"], ended.model, "{told}");
    let result = &document["result"];
    // Most models of Workers AI give no reason to stop.
    let reason = if kind.is_workers_ai() {
        "other"
    } else {
        "stop"
    };
    assert_eq!(result["finishReason"], reason, "{told}");
    assert_eq!(result["truncated"], false, "{told}");
    assert_eq!(result["warnings"], json!([]), "{told}");
    let output = result["output"].as_str().unwrap_or_default();
    assert!(output.contains(PROMPT), "{told}");
    let (input, output) = (tokens(PROMPT), tokens(output));
    for (name, count) in [
        ("inputTokens", input),
        ("outputTokens", output),
        ("totalTokens", input + output),
    ] {
        assert_eq!(document["usage"][name], count, "{name}: {told}");
    }
    let attempts = &document["attempts"];
    assert_eq!(column(attempts, "outcome"), ["succeeded"], "{told}");
    assert_eq!(column(attempts, "provider"), [kind.provider], "{told}");
    assert_eq!(column(attempts, "model"), [&ended.model], "{told}");
}

/// As the simulator counts them.
fn tokens(text: &str) -> usize {
    text.chars().count().div_ceil(4)
}

fn check_call(kind: Kind, ended: &Ended) {
    assert_eq!(ended.calls.len(), 1, "{kind:?}: {:#?}", ended.calls);
    let call = &ended.calls[0];
    assert_eq!(call["outcome"], "answered", "{kind:?}: {call:#}");
    assert_eq!(call["route"], kind.route, "{call:#}");
    assert_eq!(call["customer"], json!(kind.customer), "{call:#}");
    assert_eq!(call["auth"], json!([kind.auth]), "{call:#}");
    assert_eq!(call["model"], ended.model, "{call:#}");
    let query = (kind.provider == "azure-classic").then_some("api-version=2024-10-21");
    assert_eq!(call["query"], json!(query), "{call:#}");
    let binding = (kind.provider == "workers-ai-binding").then_some("run");
    assert_eq!(
        call["headers"]
            .get("x-simulated-binding")
            .and_then(Value::as_str),
        binding,
        "{call:#}"
    );
}
