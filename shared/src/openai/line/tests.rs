mod chat;
mod passing;
mod responses;

use super::*;
use crate::configuration::{Configuration, ProviderConfiguration};
use crate::provider::{Api, Provider};
use serde_json::json;
use std::sync::LazyLock;

fn deployment(kind: Provider, api: Api) -> Configuration {
    let mut one = ProviderConfiguration::new("house", kind, "https://llm.example.com/v1");
    one.api = api;
    one.default_model = Some("usual".to_owned());
    Configuration::single(one)
}

static CONFIGURATION: LazyLock<Configuration> =
    LazyLock::new(|| deployment(Provider::OpenAi, Api::Chat));

fn known() -> Known<'static> {
    Known {
        configuration: &CONFIGURATION,
        default_providers: &[],
    }
}

/// A line for `endpoint` with this body.
fn line(endpoint: Endpoint, body: &Value) -> Vec<u8> {
    let line = json!({
        "custom_id": "ask-1", "method": "POST", "url": endpoint.as_str(), "body": body,
    });
    line.to_string().into_bytes()
}

/// The request that a body becomes, which passes every rule.
fn request(endpoint: Endpoint, body: &Value) -> Value {
    let line = Line::read(&line(endpoint, body), endpoint, &known());
    let line = line.unwrap_or_else(|faults| panic!("{faults:?}"));
    line.judge(&known())
        .unwrap_or_else(|faults| panic!("{faults:?}"));
    line.request
}

/// What is wrong with a body: each parameter, and what is said of it.
fn wrong(endpoint: Endpoint, body: &Value) -> Vec<(String, String)> {
    let faults = faults(&line(endpoint, body), endpoint, &known());
    let told = |fault: Fault| (fault.param.expect("a parameter"), fault.message);
    faults.into_iter().map(told).collect()
}

fn faults(bytes: &[u8], endpoint: Endpoint, known: &Known<'_>) -> Vec<Fault> {
    let judged = Line::read(bytes, endpoint, known).and_then(|line| line.judge(known));
    judged.expect_err("the line is to be refused")
}

/// The one fault of a line of a batch for chat completions: code and parameter.
fn fault(value: &Value) -> (ValidationCode, Option<String>) {
    let bytes = value.to_string().into_bytes();
    let mut faults = faults(&bytes, Endpoint::ChatCompletions, &known());
    assert_eq!(faults.len(), 1, "{faults:?}");
    let fault = faults.remove(0);
    (fault.code, fault.param)
}

fn valid() -> Value {
    json!({
        "custom_id": "ask-1",
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": {"model": "m", "messages": [{"role": "user", "content": "Hi."}]},
    })
}

#[test]
fn a_line_has_a_name_and_becomes_a_request() {
    let bytes = valid().to_string().into_bytes();
    let line = Line::read(&bytes, Endpoint::ChatCompletions, &known()).expect("a line");
    assert_eq!(line.custom_id, "ask-1");
    let expected = json!({
        "model": "m",
        "messages": [{"role": "user", "content": "Hi."}],
        "onRefusal": "succeed",
    });
    assert_eq!(line.request, expected);
    assert!(line.judge(&known()).is_ok());
}

#[test]
fn what_is_no_json_is_told_without_repeating_it() {
    for bytes in [
        &b"{\"custom_id\": secret}"[..],
        b"",
        b"{",
        b"\xff\xfe",
        b"{} {}",
    ] {
        let faults = faults(bytes, Endpoint::ChatCompletions, &known());
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0].code, ValidationCode::InvalidJsonLine);
        assert_eq!(faults[0].param, None);
        assert!(!faults[0].message.contains("secret"), "{faults:?}");
    }
}

#[test]
fn a_line_that_is_no_object_is_refused_as_a_whole() {
    assert_eq!(
        fault(&json!([valid()])),
        (ValidationCode::InvalidRequest, None)
    );
}

#[test]
fn every_field_of_a_line_is_needed_and_no_other_is_taken() {
    for field in ["custom_id", "method", "url", "body"] {
        let mut line = valid();
        line.as_object_mut().expect("an object").remove(field);
        let expected = (ValidationCode::InvalidRequest, Some(field.to_owned()));
        assert_eq!(fault(&line), expected);
    }
    let mut line = valid();
    line["priority"] = json!(1);
    let expected = (ValidationCode::InvalidRequest, Some("priority".to_owned()));
    assert_eq!(fault(&line), expected);
}

#[test]
fn a_field_of_a_line_must_be_what_it_is() {
    for (field, value) in [
        ("custom_id", json!("")),
        ("custom_id", json!("x".repeat(257))),
        ("custom_id", json!("a\nb")),
        ("custom_id", json!(7)),
        ("method", json!("GET")),
        ("body", json!("{}")),
    ] {
        let mut line = valid();
        line[field] = value;
        let expected = (ValidationCode::InvalidRequest, Some(field.to_owned()));
        assert_eq!(fault(&line), expected, "{line}");
    }
}

#[test]
fn a_url_that_is_not_the_endpoint_is_a_mistake_of_its_own_kind() {
    for url in ["/v1/responses", "/v1/embeddings", "/v1/chat/completions/"] {
        let mut line = valid();
        line["url"] = json!(url);
        let expected = (ValidationCode::UrlMismatch, Some("url".to_owned()));
        assert_eq!(fault(&line), expected);
    }
    let mut elsewhere = valid();
    elsewhere["url"] = json!("/v1/responses");
    elsewhere["body"] = json!({"model": "m", "input": "Hi."});
    let expected = (ValidationCode::UrlMismatch, Some("url".to_owned()));
    assert_eq!(fault(&elsewhere), expected);
    let mut line = valid();
    line["url"] = json!(3);
    let expected = (ValidationCode::InvalidRequest, Some("url".to_owned()));
    assert_eq!(fault(&line), expected);
}

#[test]
fn a_model_that_nobody_serves_is_a_mistake_of_its_own_kind() {
    let mut one = ProviderConfiguration::new("house", Provider::OpenAi, "https://x.example.com");
    one.default_model = Some("usual".to_owned());
    one.models.insert(
        "usual".to_owned(),
        crate::configuration::ModelConfiguration::default(),
    );
    one.only_these_models = true;
    let configuration = Configuration::single(one);
    let known = Known {
        configuration: &configuration,
        default_providers: &[],
    };
    let bytes = valid().to_string().into_bytes();
    let faults = faults(&bytes, Endpoint::ChatCompletions, &known);
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert_eq!(faults[0].code, ValidationCode::ModelNotFound);
    assert_eq!(faults[0].param.as_deref(), Some("body.model"));
}
