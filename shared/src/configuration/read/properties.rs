use super::*;
use proptest::prelude::*;
use serde_json::json;

/// Any JSON value, with strings and keys that get past the first rules.
fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|value| json!(value)),
        any::<i64>().prop_map(|value| json!(value)),
        any::<f64>().prop_map(|value| json!(value)),
        any::<String>().prop_map(|value| json!(value)),
        words().prop_map(|value| json!(value)),
    ];
    leaf.prop_recursive(5, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| json!(items)),
            prop::collection::btree_map(any::<String>(), inner.clone(), 0..4)
                .prop_map(|entries| json!(entries)),
            prop::collection::btree_map(words(), inner, 0..8).prop_map(|entries| json!(entries)),
        ]
    })
}

fn words() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "default_providers",
        "providers",
        "remote_executor",
        "kind",
        "api",
        "base_url",
        "api_version",
        "account_id",
        "binding",
        "api_key_secret",
        "headers",
        "default_model",
        "models",
        "only_these_models",
        "concurrency",
        "quirks",
        "price",
        "input",
        "output",
        "priced_at",
        "price_source",
        "provider",
        "model",
        "openai",
        "azure_openai",
        "anthropic",
        "workers_ai",
        "openai_compatible",
        "chat",
        "responses",
        "https://a",
        "v1",
        "2026-11-21",
        "KEY",
        "AI",
        "secret",
        "languages",
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_value_is_read_or_refused_without_a_panic(value in values()) {
        match Configuration::read(&value) {
            Ok(read) => prop_assert!(value.get("providers").is_some() || read.providers.is_empty()),
            Err(errors) => prop_assert!(!errors.is_empty()),
        }
    }

    #[test]
    fn any_provider_is_read_or_refused_without_a_panic(
        provider in prop::collection::btree_map(words(), values(), 0..12),
    ) {
        let value = json!({"default_providers": ["x"], "providers": {"x": provider}});
        match Configuration::read(&value) {
            Ok(read) => prop_assert_eq!(read.default_providers.len(), 1),
            Err(errors) => prop_assert!(!errors.is_empty()),
        }
    }

    #[test]
    fn a_price_of_six_decimals_is_kept_exactly(micro in 0_u64..=10_000_000_000) {
        let dollars: Value = serde_json::from_str(&format!("{}.{:06}", micro / 1_000_000, micro % 1_000_000))
            .expect("it is a number");
        let value = json!({"providers": {"x": {
            "kind": "openai", "api_key_secret": "KEY",
            "models": {"m": {"price": {
                "input": dollars, "output": 0, "priced_at": "2026-11-21", "price_source": "https://a"
            }}}
        }}});
        let read = Configuration::read(&value).expect("it is right");
        prop_assert_eq!(read.providers["x"].models["m"].price.map(|price| price.input), Some(micro));
    }
}
