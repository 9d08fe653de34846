//! Customers, each with a key that is good for nothing but its own path.

use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::{Stage, question, whole};
use crate::simulator::{Customer, Options};

fn stage() -> Stage {
    let customer = |name: &str, headers: &[(&str, &str)]| Customer {
        name: name.to_owned(),
        key: format!("sk-of-{name}"),
        headers: headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
    };
    Stage::with(Options {
        require_key: Some("sk-of-nobody".to_owned()),
        customers: vec![customer("one", &[("x-gate", "open")]), customer("two", &[])],
        ..Options::default()
    })
}

/// A call of each vendor for the customer `two`, without a key, and the header of the vendor.
fn calls(stage: &Stage, model: &str) -> [(RequestBuilder, &'static str, &'static str); 5] {
    let at = |path: &str, body: Value| stage.at(&format!("/as/two{path}")).json(&body);
    let messages = json!([{"role": "user", "content": "Why?"}]);
    let run = &format!("/client/v4/accounts/a/ai/run/@cf/redrive/{model}");
    let azure = &format!("/openai/deployments/{model}/chat/completions?api-version=2024-10-21");
    let source = model.replace("sim-", "simulate: ");
    let program = json!({"language": "bash", "version": "*", "files": [{"content": source}]});
    let message = json!({"model": model, "max_tokens": 9, "messages": messages});
    let anthropic = at("/v1/messages", message).header("anthropic-version", "2023-06-01");
    [
        (
            at("/v1/chat/completions", question(model)),
            "authorization",
            "Bearer ",
        ),
        (at(azure, json!({"messages": messages})), "api-key", ""),
        (anthropic, "x-api-key", ""),
        (
            at(run, json!({"messages": messages})),
            "authorization",
            "Bearer ",
        ),
        (at("/api/v2/execute", program), "authorization", ""),
    ]
}

#[tokio::test]
async fn every_vendor_takes_the_key_of_the_customer_and_no_other() {
    let stage = stage();
    for (key, expected) in [
        ("sk-of-two", 200),
        ("sk-of-one", 401),
        ("sk-of-nobody", 401),
    ] {
        for (call, header, scheme) in calls(&stage, "sim-ok") {
            let call = call.header(header, format!("{scheme}{key}"));
            let answer = whole(call.send().await.unwrap()).await;
            assert_eq!(answer.status, expected, "{key}: {}", answer.text);
        }
    }
    let log = stage.ask("log").await;
    let told = log["calls"].as_array().unwrap();
    assert_eq!(told.len(), 15);
    assert!(told.iter().all(|call| call["customer"] == "two"), "{log}");
}

#[tokio::test]
async fn headers_of_a_customer_are_wanted_and_welcome_nowhere_else() {
    let stage = stage();
    let call = |customer: &str, key: &str, gate: Option<&str>| {
        let call = stage.at(&format!("{customer}/v1/chat/completions"));
        let call = call.json(&question("sim-ok")).bearer_auth(key);
        gate.into_iter()
            .fold(call, |call, gate| call.header("x-gate", gate))
    };
    for (call, status) in [
        (call("/as/one", "sk-of-one", Some("open")), 200),
        (call("/as/one", "sk-of-one", None), 401),
        (call("/as/two", "sk-of-two", Some("open")), 401),
        (call("", "sk-of-nobody", Some("shut")), 200),
        (call("", "sk-of-nobody", Some("open")), 401),
        (call("", "sk-of-two", None), 401),
        (call("/as/three", "sk-of-nobody", None), 401),
    ] {
        let answer = whole(call.send().await.unwrap()).await;
        assert_eq!(answer.status, status, "{}", answer.text);
    }
}

#[tokio::test]
async fn unknown_path_of_a_customer_has_the_error_shape_of_the_vendor() {
    let stage = stage();
    let answer = stage.told("/as/two/v1/messages/none", &json!({})).await;
    assert_eq!(answer.status, 404);
    assert_eq!(answer.json()["type"], "error");
}

#[tokio::test]
async fn echo_repeats_the_key_in_the_error_of_every_vendor() {
    let stage = stage();
    for (call, header, scheme) in calls(&stage, "sim-echo-401") {
        let call = call.header(header, format!("{scheme}sk-of-two"));
        let answer = whole(call.send().await.unwrap()).await;
        assert_eq!(answer.status, 401);
        let repeated = format!("{header}: {scheme}sk-of-two");
        assert!(answer.text.contains(&repeated), "{}", answer.text);
    }
}
