use super::*;
use crate::request::{Message, Role};
use proptest::prelude::*;
use serde_json::json;

/// Any JSON value, with strings, keys and numbers that get past the first rules.
fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|value| json!(value)),
        any::<i64>().prop_map(|value| json!(value)),
        any::<f64>().prop_map(|value| json!(value)),
        (0..30).prop_map(|value| json!(value)),
        any::<String>().prop_map(|value| json!(value)),
        "[a-z]{0,9}".prop_map(|value| json!(value)),
        prop::sample::select(vec![
            "user",
            "system",
            "assistant",
            "json",
            "text",
            "jsonSchema",
            "image",
            "https://a.example/b.png",
            "fallback",
            "openai"
        ])
        .prop_map(|value| json!(value)),
    ];
    leaf.prop_recursive(4, 64, 8, |inner| {
        let message = (inner.clone(), inner.clone())
            .prop_map(|(role, content)| json!({"role": role, "content": content}));
        prop_oneof![
            prop::collection::vec(message, 0..4).prop_map(|items| json!(items)),
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| json!(items)),
            prop::collection::btree_map(any::<String>(), inner.clone(), 0..4)
                .prop_map(|entries| json!(entries)),
            prop::collection::btree_map(field_names(), inner, 0..8)
                .prop_map(|entries| json!(entries)),
        ]
    })
}

fn field_names() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "prompt",
        "messages",
        "system",
        "model",
        "provider",
        "maxTokens",
        "temperature",
        "responseFormat",
        "language",
        "difficulty",
        "metadata",
        "refId",
        "refType",
        "deadlineSeconds",
        "maxAttempts",
        "providers",
        "topP",
        "stop",
        "seed",
        "providerOptions",
        "onContentFilter",
        "onRefusal",
        "openai",
        "type",
        "schema",
        "name",
        "text",
        "url",
        "role",
        "content",
    ])
}

/// Requests that break no rule.
fn requests() -> impl Strategy<Value = Value> {
    let text = "[^\0]{1,40}";
    let part = prop_oneof![
        text.prop_map(|text| json!({"type": "text", "text": text})),
        "https://[a-z]{1,9}(/[a-z0-9?=]{0,9})?"
            .prop_map(|url| json!({"type": "image", "url": url})),
    ];
    let content = prop_oneof![
        text.prop_map(|text| json!(text)),
        prop::collection::vec(part, 1..5).prop_map(|parts| json!(parts)),
    ];
    let message = content.prop_map(|content| json!({"role": "user", "content": content}));
    let messages = prop::collection::vec(message, 1..4).prop_map(|messages| json!(messages));
    let format = prop_oneof![
        Just(json!("text")),
        Just(json!("json")),
        "[a-zA-Z0-9_-]{1,64}".prop_map(|name| {
            json!({"type": "jsonSchema", "name": name, "schema": {"type": "object"}})
        }),
    ];
    let optional = (
        prop::option::of((0..=200_u8).prop_map(|value| json!(f64::from(value) / 100.0))),
        prop::option::of((0..=100_u8).prop_map(|value| json!(f64::from(value) / 100.0))),
        prop::option::of((1..=1_000_000_u32).prop_map(|value| json!(value))),
        prop::option::of(limits::SEED.prop_map(|value| json!(value))),
        prop::option::of(prop::collection::vec(text, 1..=4).prop_map(|stop| json!(stop))),
        prop::option::of(format),
        prop::option::of(
            prop::sample::select(vec!["fail", "fallback"]).prop_map(|word| json!(word)),
        ),
        prop::option::of(text.prop_map(|text| json!({"openai": {"user": text}}))),
    );
    (messages, optional).prop_map(|(messages, optional)| {
        let (temperature, top_p, max_tokens, seed, stop, format, on_refusal, options) = optional;
        let mut body = json!({ "messages": messages });
        for (name, value) in [
            ("temperature", temperature),
            ("topP", top_p),
            ("maxTokens", max_tokens),
            ("seed", seed),
            ("stop", stop),
            ("responseFormat", format),
            ("onRefusal", on_refusal),
            ("providerOptions", options),
        ] {
            if let Some(value) = value {
                body[name] = value;
            }
        }
        body
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_value_is_read_or_refused_without_a_panic(value in values()) {
        match GenerateRequest::read(&value, &super::tests::known()) {
            Ok(request) => prop_assert!(!request.input.messages.is_empty()),
            Err(errors) => prop_assert!(!errors.is_empty()),
        }
    }

    #[test]
    fn any_object_of_known_fields_is_read_or_refused_without_a_panic(
        entries in prop::collection::btree_map(field_names(), values(), 1..6),
    ) {
        match GenerateRequest::read(&json!(entries), &super::tests::known()) {
            Ok(request) => {
                prop_assert!(!request.input.messages.is_empty());
                let stored = serde_json::to_string(&request.input).expect("it can be written");
                // A fraction of many digits may differ in its last bit, as `serde_json` reads it.
                let read: Result<GenerateInput, _> = serde_json::from_str(&stored);
                prop_assert!(read.is_ok());
            }
            Err(errors) => prop_assert!(!errors.is_empty()),
        }
    }

    #[test]
    fn a_request_that_breaks_no_rule_is_accepted_and_survives_its_storage(body in requests()) {
        let read = GenerateRequest::read(&body, &super::tests::known());
        prop_assert!(read.is_ok(), "{:?}", read);
        if let Ok(request) = read {
            let stored = serde_json::to_string(&request.input).expect("it can be written");
            let again: Result<GenerateInput, _> = serde_json::from_str(&stored);
            prop_assert_eq!(again.ok(), Some(request.input));
        }
    }

    #[test]
    fn any_prompt_without_nul_is_kept_exactly(prompt in "[^\0]{1,200}") {
        let request = GenerateRequest::read(&json!({"prompt": prompt}), &super::tests::known());
        let messages = request.map(|request| request.input.messages);
        prop_assert_eq!(messages, Ok(vec![Message::new(Role::User, prompt)]));
    }
}
