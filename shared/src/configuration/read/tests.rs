mod kinds;
mod prices;

use super::*;
use crate::configuration::{Price, PriceOrigin};
use crate::provider::{Api, Provider};
use serde_json::json;

/// One provider of each kind, with all that may be said.
fn whole() -> Value {
    json!({
        "default_providers": ["openai", {"provider": "claude", "model": "claude-opus-5"}],
        "providers": {
            "openai": {
                "kind": "openai",
                "api": "responses",
                "base_url": "https://gateway.ai.cloudflare.com/v1/0/redrive/openai",
                "api_key_secret": "OPENAI_API_KEY",
                "headers": {
                    "openai-organization": "org-1",
                    "cf-aig-authorization": {"secret": "AI_GATEWAY_TOKEN"}
                },
                "default_model": "gpt-4o-mini",
                "models": {"gpt-4o-mini": {
                    "context_tokens": 128_000,
                    "max_output_tokens": 16_384,
                    "price": {
                        "input": 0.15, "cached_input": 0.075, "output": 0.6,
                        "priced_at": "2026-11-21", "price_source": "https://example.com/pricing"
                    }
                }},
                "only_these_models": true,
                "concurrency": 100,
                "calls_per_minute": 5000
            },
            "claude": {"kind": "anthropic", "api_key_secret": "ANTHROPIC_API_KEY"},
            "azure-eu": {
                "kind": "azure_openai", "base_url": "https://r.openai.azure.com",
                "api_version": "2024-10-21", "headers": {"authorization": {"secret": "ENTRA"}}
            },
            "azure-v1": {
                "kind": "azure_openai", "api": "responses", "api_version": "v1",
                "base_url": "https://r.openai.azure.com", "api_key_secret": "AZURE_KEY"
            },
            "workers-ai": {"kind": "workers_ai", "binding": "AI"},
            "workers-ai-rest": {
                "kind": "workers_ai", "api_key_secret": "CLOUDFLARE_API_TOKEN",
                "account_id": "0123456789abcdef0123456789abcdef"
            },
            "local": {
                "kind": "openai_compatible", "base_url": " http://127.0.0.1:11434/v1 ",
                "quirks": {
                    "loading": ["Loading model"], "billing_codes": ["1113"],
                    "forbidden_means_context": true, "retry_empty": true
                }
            }
        },
        "remote_executor": {
            "base_url": "https://piston.example.com", "api_key_secret": "PISTON_KEY",
            "languages": {"rust": "1.68.2", "c++": "10.2.0"}
        }
    })
}

fn read(value: &Value) -> Configuration {
    Configuration::read(value).unwrap_or_else(|errors| panic!("{errors:?}"))
}

fn pointers(value: &Value) -> Vec<String> {
    let errors = Configuration::read(value).expect_err("it is to be refused");
    errors.into_iter().map(|error| error.pointer).collect()
}

/// A configuration of one provider called `x`.
fn of(provider: &Value) -> Value {
    json!({"providers": {"x": provider}})
}

/// A right one, with one key changed.
fn with(key: &str, value: Value) -> Value {
    let mut provider = json!({"kind": "openai", "api_key_secret": "KEY"});
    provider[key] = value;
    of(&provider)
}

#[test]
fn everything_that_may_be_said_is_read() {
    let read = read(&whole());
    assert_eq!(
        read.default_providers,
        [
            Target::new("openai", "gpt-4o-mini"),
            Target::new("claude", "claude-opus-5")
        ]
    );
    let openai = &read.providers["openai"];
    assert_eq!(
        (openai.name.as_str(), openai.kind),
        ("openai", Provider::OpenAi)
    );
    assert_eq!(openai.api, Api::Responses);
    assert_eq!(
        (openai.concurrency, openai.calls_per_minute),
        (Some(100), Some(5000))
    );
    let model = &openai.models["gpt-4o-mini"];
    assert_eq!(model.context_tokens, Some(128_000));
    assert_eq!(model.max_output_tokens, Some(16_384));
    let price = Price {
        input: 150_000,
        cached_input: Some(75_000),
        output: 600_000,
    };
    let origin = PriceOrigin {
        priced_at: "2026-11-21".to_owned(),
        source: "https://example.com/pricing".to_owned(),
    };
    assert_eq!(
        (model.price, &model.price_origin),
        (Some(price), &Some(origin))
    );
    let local = &read.providers["local"];
    assert!(local.quirks.retry_empty && local.quirks.forbidden_means_context);
    assert_eq!(local.quirks.loading, ["Loading model"]);
    assert_eq!(local.quirks.billing_codes, ["1113"]);
    let secrets: Vec<&str> = read.secrets().into_iter().collect();
    assert_eq!(
        secrets,
        [
            "AI_GATEWAY_TOKEN",
            "ANTHROPIC_API_KEY",
            "AZURE_KEY",
            "CLOUDFLARE_API_TOKEN",
            "ENTRA",
            "OPENAI_API_KEY",
            "PISTON_KEY"
        ]
    );
    assert_eq!(read.binding(), Some("AI"));
    assert_eq!(read.remote_executor.map(|one| one.languages.len()), Some(2));
}

#[test]
fn nothing_at_all_is_a_configuration_without_providers() {
    assert_eq!(read(&json!({})), Configuration::default());
}

#[test]
fn names_are_short_and_plain_and_no_executors() {
    let named = |name: &str| json!({"providers": {name: {"kind": "openai_compatible", "base_url": "http://a"}}});
    for name in ["a", "azure-eu_2", &"n".repeat(32)] {
        read(&named(name));
    }
    for name in [
        "",
        "A",
        "a b",
        "ä",
        "a.b",
        &"n".repeat(33),
        "executor-javascript",
        "remote-executor",
    ] {
        assert_eq!(pointers(&named(name)).len(), 1, "{name}");
    }
}

#[test]
fn the_default_chain_names_providers_of_the_file_and_models_they_have() {
    let providers = json!({
        "a": {"kind": "openai_compatible", "base_url": "http://a", "default_model": "m"},
        "b": {"kind": "openai_compatible", "base_url": "http://b"},
        "c": {
            "kind": "openai_compatible", "base_url": "http://b",
            "only_these_models": true, "models": {"m": {}}
        }
    });
    let chain = |chain: Value| json!({"default_providers": chain, "providers": providers});
    read(&chain(
        json!(["a", {"provider": "a", "model": "n"}, {"provider": "b", "model": "m"}]),
    ));
    for (wrong, pointer) in [
        (json!(["z"]), "/default_providers/0"),
        (json!(["a", "b"]), "/default_providers/1"),
        (
            json!(["a", {"provider": "a", "model": "m"}]),
            "/default_providers/1",
        ),
        (
            json!([{"provider": "c", "model": "n"}]),
            "/default_providers/0",
        ),
        (
            json!([{"provider": "a", "modle": "n"}]),
            "/default_providers/0/modle",
        ),
        (json!([]), "/default_providers"),
        (json!(["a", "a", "a", "a", "a", "a"]), "/default_providers"),
        (json!("a"), "/default_providers"),
    ] {
        assert_eq!(pointers(&chain(wrong.clone())), [pointer], "{wrong}");
    }
    // Each mistake in the list is told, also beside one that cannot be read.
    let wrong = json!(["z", 7, "a", "a"]);
    assert_eq!(
        pointers(&chain(wrong)),
        [
            "/default_providers/0",
            "/default_providers/1",
            "/default_providers/3"
        ]
    );
}

#[test]
fn a_provider_that_cannot_be_read_is_still_one_that_may_be_named() {
    let value = json!({"default_providers": ["x"], "providers": {"x": {"kind": "opnai"}}});
    assert_eq!(pointers(&value), ["/providers/x/kind"]);
}

#[test]
fn every_mistake_in_a_provider_is_named_by_its_key() {
    for (key, value) in [
        ("kind", json!("executor")),
        ("api", json!("completions")),
        ("base_url", json!("api.openai.com")),
        ("base_url", json!("https://user@api.openai.com")),
        ("base_url", json!("https://api.openai.com?key=1")),
        ("base_url", json!("")),
        ("api_version", json!("2024-10-21")),
        ("account_id", json!("0123456789abcdef0123456789abcdef")),
        ("binding", json!("AI")),
        ("api_key_secret", json!("sk-live-123")),
        ("api_key_secret", json!("ADMIN_KEY")),
        ("api_key_secret", json!("PROVIDERS_2")),
        ("default_model", json!("a b")),
        ("models", json!([])),
        ("only_these_models", json!("yes")),
        ("concurrency", json!(0)),
        ("calls_per_minute", json!(1.5)),
        ("quirks", json!({"loading": []})),
        ("modles", json!({})),
    ] {
        let found = pointers(&with(key, value.clone()));
        assert!(
            found
                .iter()
                .all(|pointer| pointer.starts_with(&format!("/providers/x/{key}"))),
            "{key} {value}: {found:?}"
        );
    }
}

#[test]
fn only_these_models_names_them_and_the_default_is_one() {
    let provider = |models: Value| {
        of(&json!({
            "kind": "openai", "api_key_secret": "KEY", "only_these_models": true,
            "default_model": "m", "models": models
        }))
    };
    read(&provider(json!({"m": {}, "n": {}})));
    assert_eq!(
        pointers(&provider(json!({"n": {}}))),
        ["/providers/x/default_model"]
    );
    assert_eq!(
        pointers(&with("only_these_models", json!(true))),
        ["/providers/x/models"]
    );
}

#[test]
fn header_fields_hold_no_key_and_are_not_those_that_are_sent_anyway() {
    let headers = |headers: Value| with("headers", headers);
    read(&headers(
        json!({"openai-project": "p", "x-title": "Redrive: jobs"}),
    ));
    for (name, value) in [
        ("cf-aig-authorization", json!("Bearer abc")),
        ("Accept-Language", json!("en")),
        ("content-type", json!("text/plain")),
        ("x-redrive-job", json!("1")),
        ("x-note", json!("a\nb")),
        ("x-note", json!(1)),
        ("authorization", json!({"secret": "TOKEN"})),
    ] {
        let found = pointers(&headers(json!({name: value})));
        assert_eq!(
            found,
            [format!("/providers/x/headers/{name}")],
            "{name} {value}"
        );
    }
}

#[test]
fn all_mistakes_are_told_at_once_and_no_value_repeated() {
    let value = json!({
        "default_providers": ["nobody"],
        "providers": {
            "a": {"kind": "sk-hunter2", "base_url": "hunter2"},
            "b": {"kind": "azure_openai", "api_key_secret": "sk-hunter2"}
        },
        "remote_executor": {"languages": {"Rust!": "1"}},
        "provider": {}
    });
    let errors = Configuration::read(&value).expect_err("it is to be refused");
    assert!(
        errors.iter().all(|error| !error.detail.contains("hunter2")),
        "{errors:?}"
    );
    let found: Vec<&str> = errors.iter().map(|error| error.pointer.as_str()).collect();
    assert_eq!(
        found,
        [
            "/providers/a/kind",
            "/providers/a/base_url",
            "/providers/b/api_key_secret",
            "/providers/b/api_version",
            "/providers/b/base_url",
            "/remote_executor/base_url",
            "/remote_executor/languages/Rust!",
            "/default_providers/0",
            "/provider"
        ]
    );
}
