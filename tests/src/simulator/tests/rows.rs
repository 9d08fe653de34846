//! The catalogue: every row of the decision table, on every route.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;

use super::{Stage, whole};
use crate::simulator::behaviour::Behaviour;
use crate::simulator::reply::{Broken, Reply};
use crate::simulator::{Vendor, models};

#[test]
fn every_row_has_a_model_in_plain_words() {
    let names: BTreeSet<String> = models().into_iter().map(|model| model.name).collect();
    for row in 0..=59 {
        assert!(names.contains(&format!("sim-row-{row}")), "{row}");
    }
}

#[test]
fn every_vendor_knows_its_models_and_each_only_once() {
    let mut seen = BTreeSet::new();
    for model in models()
        .into_iter()
        .filter(|model| !model.name.contains('N'))
    {
        for vendor in model.vendors {
            let behaviour = Behaviour::of_model(&model.name, vendor);
            assert_ne!(
                behaviour,
                Behaviour::Always(Reply::UnknownModel),
                "{}",
                model.name
            );
            // The rows of limits have a second entry for vendors whose own stand in other rows.
            let is_new = seen.insert((model.name.clone(), vendor.to_string()));
            let again = ["sim-row-39", "sim-row-40", "sim-row-43"];
            assert!(
                is_new || again.contains(&model.name.as_str()),
                "{}",
                model.name
            );
        }
    }
}

#[test]
fn discriminator_of_another_vendor_gets_the_row_in_plain_words() {
    let of = |model, vendor| Behaviour::of_model(model, vendor);
    let foreign = of("sim-row-36-billing_not_active", Vendor::Anthropic);
    assert_eq!(foreign, of("sim-row-36", Vendor::Anthropic));
    let unknown = Behaviour::Always(Reply::UnknownModel);
    assert_ne!(foreign, unknown);
    assert_eq!(of("sim-row-9", Vendor::OpenAi), unknown);
    assert_eq!(of("sim-row-36-nonsense", Vendor::OpenAi), unknown);
}

/// A call that every vendor reads: the route's path, its headers, its body.
fn call(stage: &Stage, vendor: Vendor, model: &str) -> reqwest::RequestBuilder {
    let messages = json!([{"role": "user", "content": "hi"}]);
    let chat = json!({"model": model, "messages": messages});
    match vendor {
        Vendor::OpenAi => stage.at("/v1/chat/completions").json(&chat),
        Vendor::Azure => {
            let path = "/openai/v1/chat/completions";
            stage.at(path).header("api-key", "k").json(&chat)
        }
        Vendor::Anthropic => stage
            .at("/v1/messages")
            .header("x-api-key", "k")
            .header("anthropic-version", "2026-10-21")
            .json(&json!({"model": model, "messages": messages, "max_tokens": 64})),
        Vendor::WorkersAi => stage
            .at(&format!("/client/v4/accounts/a/ai/run/@cf/sim/{model}"))
            .bearer_auth("k")
            .json(&json!({"messages": messages})),
        Vendor::Piston => stage.at("/api/v2/execute").json(&json!({
            "language": "python", "version": "*",
            "files": [{"content": format!("# simulate: {}", model.trim_start_matches("sim-"))}],
        })),
    }
}

/// Whether a model takes for ever, or ends its connection.
fn has_no_answer(model: &str, vendor: Vendor) -> bool {
    matches!(
        Behaviour::of_model(model, vendor),
        Behaviour::Always(
            Reply::Hang
                | Reply::Hold
                | Reply::KeepAlive(None)
                | Reply::Broken(Broken::Drop | Broken::Close | Broken::Reset | Broken::Stall),
        )
    )
}

#[tokio::test]
async fn every_model_answers_on_the_route_of_each_of_its_vendors() {
    let stage = Stage::new();
    for model in models()
        .into_iter()
        .filter(|model| !model.name.contains('N'))
    {
        for vendor in model.vendors {
            if has_no_answer(&model.name, vendor)
                || ["sim-random", "sim-chaos"].contains(&model.name.as_str())
            {
                continue;
            }
            let call = call(&stage, vendor, &model.name).timeout(Duration::from_secs(30));
            let response = call.send().await;
            let response = response.unwrap_or_else(|error| panic!("{}: {error}", model.name));
            let status = response.status().as_u16();
            assert!((200..600).contains(&status), "{} {vendor}", model.name);
            response.bytes().await.unwrap();
        }
    }
}

#[tokio::test]
async fn plain_row_has_the_status_of_the_table() {
    let stage = Stage::new();
    for (row, status) in [
        (4, 302),
        (17, 400),
        (19, 400),
        (23, 400),
        (24, 400),
        (25, 401),
        (26, 402),
        (27, 403),
        (28, 404),
        (29, 405),
        (30, 408),
        (31, 409),
        (32, 412),
        (33, 413),
        (34, 422),
        (35, 424),
        (36, 429),
        (37, 429),
        (38, 429),
        (39, 429),
        (46, 429),
        (47, 429),
        (48, 431),
        (49, 498),
        (50, 500),
        (51, 502),
        (52, 503),
        (53, 504),
        (55, 520),
        (56, 507),
        (57, 418),
    ] {
        let answer = stage.answer(&format!("sim-row-{row}")).await;
        assert_eq!(answer.status, status, "{row}");
    }
}

#[tokio::test]
async fn error_without_a_shape_of_its_own_is_in_the_shape_of_its_vendor() {
    let stage = Stage::new();
    for (vendor, pointer) in [
        (Vendor::OpenAi, "/error/message"),
        (Vendor::Azure, "/error/message"),
        (Vendor::Anthropic, "/error/type"),
        (Vendor::WorkersAi, "/errors/0/code"),
        (Vendor::Piston, "/message"),
    ] {
        for model in [
            "sim-row-25",
            "sim-row-30",
            "sim-row-50",
            "sim-row-53",
            "sim-row-57",
        ] {
            let answer = whole(call(&stage, vendor, model).send().await.unwrap()).await;
            let found = answer.json().pointer(pointer).is_some();
            assert!(found, "{vendor} {model}: {}", answer.text);
        }
    }
}
