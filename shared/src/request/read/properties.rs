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
        "role",
        "content",
    ])
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
            Ok(request) => prop_assert!(!request.input.messages.is_empty()),
            Err(errors) => prop_assert!(!errors.is_empty()),
        }
    }

    #[test]
    fn any_prompt_without_nul_is_kept_exactly(prompt in "[^\0]{1,200}") {
        let request = GenerateRequest::read(&json!({"prompt": prompt}), &super::tests::known());
        let messages = request.map(|request| request.input.messages);
        prop_assert_eq!(messages, Ok(vec![Message::new(Role::User, prompt)]));
    }
}
