//! How long, how many and how large the fields may be.

use super::{accepted, pointers, with};
use crate::request::Content;
use serde_json::json;
use std::collections::BTreeMap;

#[test]
fn text_has_one_byte_to_one_mebibyte() {
    let longest = "é".repeat(524_288);
    assert_eq!(
        accepted(&json!({"prompt": longest})).input.messages[0].content,
        Content::Text(longest.clone())
    );
    let too_long = format!("{longest}a");
    for text in ["", &too_long] {
        assert_eq!(pointers(&json!({"prompt": text})), ["/prompt"]);
        assert_eq!(pointers(&with("system", json!(text))), ["/system"]);
        assert_eq!(
            pointers(&json!({"messages": [{"role": "user", "content": text}]})),
            ["/messages/0/content"]
        );
    }
}

#[test]
fn messages_are_one_to_a_thousand_objects_of_role_and_content() {
    let one = json!({"role": "user", "content": "Hi."});
    let many = |count: usize| json!({"messages": vec![one.clone(); count]});
    assert_eq!(accepted(&many(1000)).input.messages.len(), 1000);
    for count in [0, 1001] {
        assert_eq!(pointers(&many(count)), ["/messages"]);
    }
    for wrong in [json!({}), json!("Hi."), json!(null)] {
        assert_eq!(pointers(&json!({ "messages": wrong })), ["/messages"]);
    }
    let body = json!({"messages": [
        one,
        {"role": "tool", "content": "x"},
        {"role": "user"},
        {"role": "user", "content": {"text": "x"}, "name": "Ada"},
        "Hi.",
    ]});
    assert_eq!(
        pointers(&body),
        [
            "/messages/1/role",
            "/messages/2/content",
            "/messages/3/content",
            "/messages/3/name",
            "/messages/4"
        ]
    );
}

#[test]
fn numbers_out_of_bounds_or_of_another_type_are_refused() {
    for (name, accepted_values) in [
        ("maxTokens", [json!(1), json!(1_000_000)]),
        ("temperature", [json!(0), json!(2.0)]),
        ("deadlineSeconds", [json!(1), json!(604_800)]),
        ("maxAttempts", [json!(1), json!(20)]),
    ] {
        for value in accepted_values {
            accepted(&with(name, value));
        }
        for value in [
            json!(-1),
            json!(604_801.5),
            json!(1_u64 << 31),
            json!("1"),
            json!(null),
        ] {
            assert_eq!(
                pointers(&with(name, value.clone())),
                [format!("/{name}")],
                "{value}"
            );
        }
    }
    for (name, value) in [
        ("maxTokens", json!(0)),
        ("maxTokens", json!(1_000_001)),
        ("maxTokens", json!(1.0)),
        ("temperature", json!(2.01)),
        ("deadlineSeconds", json!(0)),
        ("deadlineSeconds", json!(604_801)),
        ("maxAttempts", json!(0)),
        ("maxAttempts", json!(21)),
    ] {
        assert_eq!(pointers(&with(name, value)), [format!("/{name}")]);
    }
}

#[test]
fn a_model_is_a_short_name_of_known_characters() {
    accepted(&with("model", json!("m".repeat(128))));
    for model in [
        "",
        &"m".repeat(129),
        "a b",
        "modèle",
        "' OR 1=1;--",
        "a\nb",
        "a\\b",
        "a\"b",
    ] {
        assert_eq!(
            pointers(&with("model", json!(model))),
            ["/model"],
            "{model:?}"
        );
    }
}

#[test]
fn short_strings_are_bounded_and_without_control_characters() {
    for (name, longest) in [
        ("language", 64),
        ("difficulty", 64),
        ("refId", 128),
        ("refType", 128),
    ] {
        accepted(&with(name, json!("x".repeat(longest))));
        for text in ["", &"x".repeat(longest + 1), "a\nb", "\u{7f}"] {
            assert_eq!(
                pointers(&with(name, json!(text))),
                [format!("/{name}")],
                "{text:?}"
            );
        }
    }
}

#[test]
fn metadata_is_bounded_in_keys_and_values() {
    let keys = |count: usize| {
        let entries: BTreeMap<String, &str> =
            (0..count).map(|index| (format!("k{index}"), "v")).collect();
        with("metadata", json!(entries))
    };
    assert_eq!(accepted(&keys(64)).submission.metadata.len(), 64);
    assert_eq!(pointers(&keys(65)), ["/metadata"]);

    let long_key = "k".repeat(64);
    accepted(&with("metadata", json!({ long_key: "v".repeat(512) })));
    let too_long = "k".repeat(65);
    assert_eq!(
        pointers(&with("metadata", json!({ too_long: "v" }))).len(),
        1
    );
    assert_eq!(
        pointers(&with("metadata", json!({"k": "v".repeat(513)}))),
        ["/metadata/k"]
    );
    for value in [json!(1), json!(null), json!({}), json!(["v"])] {
        assert_eq!(
            pointers(&with("metadata", json!({ "k": value }))),
            ["/metadata/k"]
        );
    }
    for metadata in [json!([]), json!("k=v"), json!(null)] {
        assert_eq!(pointers(&with("metadata", metadata)), ["/metadata"]);
    }
}
