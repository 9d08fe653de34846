//! The fields that tune an answer, and those of the providers' own.

use super::{accepted, known, pointers, with};
use crate::request::{GenerateInput, GenerateRequest, OnContentFilter, OnRefusal, ResponseFormat};
use serde_json::{Value, json};

#[test]
fn what_tunes_an_answer_is_read() {
    let input = accepted(&json!({
        "prompt": "Hi.", "topP": 0.9, "stop": ["\n\n", "END"], "seed": -7,
        "onContentFilter": "fallback", "onRefusal": "succeed",
        "providerOptions": {"openai": {"reasoning_effort": "low", "nested": {"a": [1, null]}}},
        "responseFormat": {"type": "jsonSchema", "name": "person", "schema": {"type": "object"}}
    }))
    .input;
    assert_eq!((input.top_p, input.seed), (Some(0.9), Some(-7)));
    assert_eq!(input.stop, ["\n\n", "END"]);
    assert_eq!(input.on_content_filter, OnContentFilter::Fallback);
    assert_eq!(input.on_refusal, OnRefusal::Succeed);
    assert_eq!(
        input.provider_options["openai"]["nested"],
        json!({"a": [1, null]})
    );
    let format = ResponseFormat::JsonSchema {
        name: "person".to_owned(),
        schema: json!({"type": "object"}),
    };
    assert_eq!(input.response_format, format);
}

#[test]
fn what_tunes_an_answer_is_bounded() {
    for (field, value, named) in [
        ("topP", json!(1.01), "/topP"),
        ("topP", json!(-0.1), "/topP"),
        ("topP", json!(null), "/topP"),
        ("stop", json!([]), "/stop"),
        ("stop", json!("END"), "/stop"),
        ("stop", json!(["a", "b", "c", "d", "e"]), "/stop"),
        ("stop", json!(["a", ""]), "/stop/1"),
        ("stop", json!(["s".repeat(257)]), "/stop/0"),
        ("stop", json!(["a\u{0}"]), "/stop/0"),
        ("seed", json!(1.5), "/seed"),
        ("seed", json!(9_007_199_254_740_992_i64), "/seed"),
        ("onContentFilter", json!("succeed"), "/onContentFilter"),
        ("onRefusal", json!("retry"), "/onRefusal"),
        ("onRefusal", json!(null), "/onRefusal"),
    ] {
        assert_eq!(
            pointers(&with(field, value.clone())),
            [named],
            "{field} {value}"
        );
    }
}

#[test]
fn a_format_is_a_word_or_a_schema() {
    let format = |value: Value| {
        accepted(&with("responseFormat", value))
            .input
            .response_format
    };
    assert_eq!(format(json!("text")), ResponseFormat::Text);
    assert_eq!(format(json!("json")), ResponseFormat::Json);
    let unnamed = format(json!({"type": "jsonSchema", "schema": {}}));
    let expected = ResponseFormat::JsonSchema {
        name: "answer".to_owned(),
        schema: json!({}),
    };
    assert_eq!(unnamed, expected);
    let long = json!({"type": "jsonSchema", "schema": {"description": "d".repeat(65_536)}});
    for (value, below) in [
        (json!("yaml"), ""),
        (json!(1), ""),
        (json!([]), ""),
        (json!({"type": "json"}), "/type"),
        (json!({"schema": {}}), "/type"),
        (json!({"type": "jsonSchema"}), "/schema"),
        (json!({"type": "jsonSchema", "schema": true}), "/schema"),
        (
            json!({"type": "jsonSchema", "schema": {"const": "a\u{0}"}}),
            "/schema",
        ),
        (
            json!({"type": "jsonSchema", "schema": {}, "name": ""}),
            "/name",
        ),
        (
            json!({"type": "jsonSchema", "schema": {}, "name": "a b"}),
            "/name",
        ),
        (
            json!({"type": "jsonSchema", "schema": {}, "strict": true}),
            "/strict",
        ),
        (long, "/schema"),
    ] {
        let named = pointers(&with("responseFormat", value));
        let expected: Vec<String> = match below {
            // Both are missing or wrong.
            "/type" => named
                .iter()
                .filter(|pointer| pointer.ends_with("/type"))
                .cloned()
                .collect(),
            _ => vec![format!("/responseFormat{below}")],
        };
        assert!(
            !expected.is_empty() && named.starts_with(&expected),
            "{named:?} {expected:?}"
        );
    }
}

#[test]
fn options_are_objects_of_providers_that_the_job_asks() {
    for (options, named) in [
        (json!({"anthropic": {}}), "/providerOptions/anthropic"),
        (json!({"openai": []}), "/providerOptions/openai"),
        (json!({"openai": null}), "/providerOptions/openai"),
        (
            json!({"openai": {"user": "a\u{0}"}}),
            "/providerOptions/openai",
        ),
        (
            json!({"openai": {"long": "l".repeat(65_536)}}),
            "/providerOptions/openai",
        ),
        (json!([]), "/providerOptions"),
    ] {
        assert_eq!(pointers(&with("providerOptions", options)), [named]);
    }
    // Whom the job asks is not known, so that nothing is said of the name.
    let both = json!({"prompt": "Hi.", "provider": "nobody", "providerOptions": {"x": {}}});
    assert_eq!(pointers(&both), ["/provider"]);
}

#[test]
fn whatever_is_accepted_survives_its_storage() {
    let body = json!({
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "x"}, {"type": "image", "url": "https://a"}]},
            {"role": "assistant", "content": "y"}
        ],
        "system": "s", "model": "m", "maxTokens": 5, "temperature": 0.1, "topP": 0.2, "stop": ["z"],
        "seed": 3, "responseFormat": {"type": "jsonSchema", "schema": {"type": "object"}},
        "language": "rust", "difficulty": "hard", "providerOptions": {"openai": {"user": "u"}},
        "onContentFilter": "fallback", "onRefusal": "fallback"
    });
    let input = GenerateRequest::read(&body, &known())
        .expect("it is right")
        .input;
    let stored = serde_json::to_string(&input).expect("it can be written");
    assert_eq!(
        serde_json::from_str::<GenerateInput>(&stored).ok(),
        Some(input)
    );
}
