mod bounds;
mod conversation;
mod fields;

use super::*;
use crate::configuration::{Configuration, ProviderConfiguration};
use crate::provider::Provider;
use crate::request::{Message, ResponseFormat, Role};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// A deployment with one provider.
static CONFIGURATION: LazyLock<Configuration> = LazyLock::new(|| {
    let url = "https://api.openai.com/v1";
    let mut one = ProviderConfiguration::new("openai", Provider::OpenAi, url);
    one.default_model = Some("usual".to_owned());
    Configuration::single(one)
});

pub(super) fn known() -> Known<'static> {
    Known {
        configuration: &CONFIGURATION,
        default_providers: &[],
    }
}

/// A valid request with one field set to `value`.
fn with(name: &str, value: Value) -> Value {
    let mut body = json!({"prompt": "Say hello."});
    body[name] = value;
    body
}

fn accepted(body: &Value) -> GenerateRequest {
    GenerateRequest::read(body, &known()).unwrap_or_else(|errors| panic!("{errors:?}"))
}

fn pointers(body: &Value) -> Vec<String> {
    let errors = GenerateRequest::read(body, &known()).expect_err("the request is to be refused");
    errors.into_iter().map(|error| error.pointer).collect()
}

#[test]
fn a_prompt_alone_is_a_request_with_the_defaults() {
    let expected = GenerateRequest {
        input: GenerateInput::new(
            vec![Target::new("openai", "usual")],
            vec![Message::new(Role::User, "Say hello.")],
        ),
        submission: Submission {
            ref_type: None,
            ref_id: None,
            metadata: BTreeMap::new(),
            deadline_seconds: 86_400,
            max_attempts: 5,
        },
    };
    assert_eq!(accepted(&json!({"prompt": "Say hello."})), expected);
}

#[test]
fn every_field_is_read() {
    let request = accepted(&json!({
        "messages": [
            {"role": "user", "content": "Hi."},
            {"role": "assistant", "content": "Hello."},
            {"role": "user", "content": "Again."},
        ],
        "system": "Be brief.",
        "model": "openai/gpt-4o-mini:2024-07-18@eu+x_y",
        "maxTokens": 1_000_000,
        "temperature": 2,
        "responseFormat": "json",
        "language": "Rust",
        "difficulty": "hard",
        "metadata": {"team": "a", "__proto__": "b", "constructor": ""},
        "refId": "4711",
        "refType": "ticket",
        "deadlineSeconds": 604_800,
        "maxAttempts": 20,
    }));
    let roles: Vec<Role> = request
        .input
        .messages
        .iter()
        .map(|message| message.role)
        .collect();
    assert_eq!(
        roles,
        [Role::System, Role::User, Role::Assistant, Role::User]
    );
    assert_eq!(
        request.input.messages[0],
        Message::new(Role::System, "Be brief.")
    );
    assert_eq!(
        request.input.providers,
        [Target::new(
            "openai",
            "openai/gpt-4o-mini:2024-07-18@eu+x_y"
        )]
    );
    assert_eq!(request.input.max_tokens, Some(1_000_000));
    assert_eq!(request.input.temperature, Some(2.0));
    assert_eq!(request.input.response_format, ResponseFormat::Json);
    assert_eq!(request.input.language.as_deref(), Some("Rust"));
    assert_eq!(request.input.difficulty.as_deref(), Some("hard"));
    let submission = request.submission;
    assert_eq!(submission.metadata.len(), 3);
    assert_eq!(submission.metadata["__proto__"], "b");
    assert_eq!(submission.ref_id.as_deref(), Some("4711"));
    assert_eq!(submission.ref_type.as_deref(), Some("ticket"));
    assert_eq!(
        (submission.deadline_seconds, submission.max_attempts),
        (604_800, 20)
    );
}

#[test]
fn system_leads_a_prompt_as_well() {
    let request = accepted(&with("system", json!("Be brief.")));
    assert_eq!(
        request.input.messages,
        [
            Message::new(Role::System, "Be brief."),
            Message::new(Role::User, "Say hello.")
        ]
    );
}

#[test]
fn there_is_a_prompt_or_messages_and_never_both() {
    let messages = json!([{"role": "user", "content": "Hi."}]);
    assert_eq!(pointers(&json!({})), ["/prompt"]);
    assert_eq!(pointers(&json!({"system": "Be brief."})), ["/prompt"]);
    assert_eq!(pointers(&with("messages", messages)), ["/messages"]);
    assert_eq!(pointers(&json!({"prompt": null})), ["/prompt"]);
    assert_eq!(
        pointers(&json!({"prompt": 1, "messages": 2})),
        ["/prompt", "/messages", "/messages"]
    );
}

#[test]
fn a_body_that_is_no_object_is_refused_once() {
    for body in [json!(null), json!([]), json!("prompt"), json!(1)] {
        assert_eq!(pointers(&body), [""]);
    }
}

#[test]
fn text_is_kept_byte_for_byte() {
    for text in [
        " leading and trailing \r\n",
        "\u{202e}right to left\u{200b}",
        "👩\u{200d}👩\u{200d}👧",
        "e\u{301} and é",
        "\u{1}\u{7f}\u{feff}",
        "'; DROP TABLE jobs;--",
    ] {
        let request = accepted(&json!({"prompt": text, "system": text}));
        assert_eq!(
            request.input.messages,
            [
                Message::new(Role::System, text),
                Message::new(Role::User, text)
            ]
        );
    }
}

#[test]
fn a_nul_character_is_refused_in_every_string() {
    for name in [
        "prompt",
        "system",
        "model",
        "provider",
        "responseFormat",
        "language",
        "difficulty",
        "refId",
        "refType",
    ] {
        assert_eq!(pointers(&with(name, json!("a\0b"))), [format!("/{name}")]);
    }
    assert_eq!(
        pointers(&with("metadata", json!({"k": "a\0b"}))),
        ["/metadata/k"]
    );
    assert_eq!(
        pointers(&with("metadata", json!({"a\0b": "v"}))),
        ["/metadata/a\0b"]
    );
    assert_eq!(
        pointers(&json!({"messages": [{"role": "user", "content": "a\0"}]})),
        ["/messages/0/content"]
    );
}

#[test]
fn fields_that_are_not_the_clients_to_set_are_unknown() {
    for name in [
        "state",
        "status",
        "tenantId",
        "tenant_id",
        "attempt",
        "max_tokens",
        "Prompt",
        "",
    ] {
        assert_eq!(
            pointers(&with(name, json!("succeeded"))),
            [format!("/{name}")]
        );
    }
}

#[test]
fn every_violation_is_reported_and_no_value_repeated() {
    let body = json!({
        "prompt": "",
        "model": "hunter 2",
        "maxTokens": "hunter2",
        "metadata": {"k": ["hunter2"]},
        "state": "hunter2",
    });
    let errors = GenerateRequest::read(&body, &known()).expect_err("it is to be refused");
    let found: Vec<&str> = errors.iter().map(|error| error.pointer.as_str()).collect();
    assert_eq!(
        found,
        ["/prompt", "/model", "/maxTokens", "/metadata/k", "/state"]
    );
    assert!(errors.iter().all(|error| !error.detail.contains("hunter")));
}

#[test]
fn what_was_read_survives_its_storage() {
    let input = accepted(&with("temperature", json!(0.7))).input;
    let stored = serde_json::to_string(&input).expect("it can be written");
    assert_eq!(
        serde_json::from_str::<GenerateInput>(&stored).ok(),
        Some(input)
    );
}
