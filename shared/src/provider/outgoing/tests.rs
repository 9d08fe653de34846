use super::*;
use crate::configuration::ProviderConfiguration;
use crate::provider::Provider;
use serde_json::json;
use std::collections::BTreeMap;

#[test]
fn a_base_url_is_not_given_twice_what_it_holds() {
    for (base, path, whole) in [
        ("http://h", "/v1/messages", "http://h/v1/messages"),
        ("http://h/", "/v1/messages", "http://h/v1/messages"),
        ("http://h/v1", "/v1/messages", "http://h/v1/messages"),
        (" http://h/v1/ ", "/v1/messages", "http://h/v1/messages"),
        (
            "http://h/v1/messages",
            "/v1/messages",
            "http://h/v1/messages",
        ),
        (
            "http://h/a/v1",
            "/chat/completions",
            "http://h/a/v1/chat/completions",
        ),
        (
            "http://h/a/chat",
            "/chat/completions",
            "http://h/a/chat/completions",
        ),
        (
            "http://h/my-v1",
            "/v1/messages",
            "http://h/my-v1/v1/messages",
        ),
    ] {
        assert_eq!(joined(base, path), whole);
    }
}

#[test]
fn a_host_is_no_piece_of_the_path() {
    assert_eq!(
        joined("http://responses", "/responses"),
        "http://responses/responses"
    );
    assert_eq!(
        joined("http://chat/", "/chat/completions"),
        "http://chat/chat/completions"
    );
}

#[test]
fn a_model_cannot_climb_out_of_its_path() {
    for model in ["@cf/meta/llama-3.1-8b-instruct", "gpt-4o", "a.b:c+d"] {
        assert!(fits_path(model), "{model}");
    }
    for model in [
        "..",
        "../x",
        "@cf/../../d1",
        "a//b",
        "/a",
        "a/",
        ".",
        "a/./b",
        "a?b",
        "a%2e",
        "a b",
        "",
    ] {
        assert!(!fits_path(model), "{model}");
    }
}

fn settings() -> ProviderSettings {
    let one = ProviderConfiguration::new("p", Provider::Compatible, "http://127.0.0.1/v1");
    ProviderSettings::new(one, |_| None).unwrap()
}

#[test]
fn options_are_the_named_providers_and_lose_what_is_reserved() {
    let Value::Object(own) =
        json!({"stream": true, "user": "u", "text": {"format": 1, "verbosity": "low"}})
    else {
        unreachable!()
    };
    let Value::Object(foreign) = json!({"thinking": {}}) else {
        unreachable!()
    };
    let given = BTreeMap::from([("p".to_owned(), own), ("q".to_owned(), foreign)]);
    let kept = options(
        &settings(),
        &given,
        &["/stream", "/text/format", "/absent/field"],
    );
    assert_eq!(
        Value::Object(kept),
        json!({"user": "u", "text": {"verbosity": "low"}})
    );
}

#[test]
fn a_field_of_ours_joins_an_object_of_the_options() {
    let taken = |options: Value, value| {
        let Value::Object(mut options) = options else {
            unreachable!()
        };
        let taken = with_field(&mut options, "text", "format", value);
        assert!(options.is_empty());
        taken
    };
    assert_eq!(taken(json!({}), None), None);
    assert_eq!(
        taken(json!({"text": {"a": 1}}), None),
        Some(json!({"a": 1}))
    );
    assert_eq!(taken(json!({}), Some(json!(2))), Some(json!({"format": 2})));
    assert_eq!(
        taken(json!({"text": {"a": 1}}), Some(json!(2))),
        Some(json!({"a": 1, "format": 2}))
    );
    assert_eq!(
        taken(json!({"text": 7}), Some(json!(2))),
        Some(json!({"format": 2}))
    );
}

#[test]
fn a_field_of_the_configuration_stands_instead_of_ours() {
    let mut settings = settings();
    let value = HeaderText::new("text/plain").unwrap();
    settings.headers.push(("Accept".to_owned(), value));
    let to = Destination::Url(String::new());
    let request = get(&settings, to, KeyField::Bearer, &[("x-version", "1")]);
    let fields: Vec<_> = request
        .headers
        .iter()
        .map(|(name, value)| (name.as_ref(), value.as_str()))
        .collect();
    assert_eq!(fields, [("x-version", "1"), ("accept", "text/plain")]);
}
