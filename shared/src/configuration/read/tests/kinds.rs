//! What each kind of provider needs.

use super::{of, pointers, read, whole};
use crate::configuration::Reached;
use serde_json::{Value, json};

#[test]
fn every_kind_is_reached_in_its_own_way() {
    let read = read(&whole());
    let url = |name: &str| match &read.providers[name].reached {
        Reached::Url {
            base_url,
            api_version,
            account_id,
        } => (base_url.clone(), api_version.clone(), account_id.is_some()),
        Reached::Binding(binding) => (binding.clone(), None, false),
    };
    let version = Some("2024-10-21".to_owned());
    let azure = "https://r.openai.azure.com".to_owned();
    assert_eq!(url("azure-eu"), (azure.clone(), version, false));
    assert_eq!(url("azure-v1"), (azure, None, false));
    assert_eq!(url("workers-ai"), ("AI".to_owned(), None, false));
    let cloudflare = "https://api.cloudflare.com/client/v4".to_owned();
    assert_eq!(url("workers-ai-rest"), (cloudflare, None, true));
    let local = "http://127.0.0.1:11434/v1".to_owned();
    assert_eq!(url("local"), (local, None, false));
}

#[test]
fn whoever_sells_answers_wants_a_key() {
    for provider in [
        json!({"kind": "openai"}),
        json!({"kind": "anthropic"}),
        json!({"kind": "azure_openai", "base_url": "https://a", "api_version": "v1"}),
        json!({"kind": "workers_ai", "account_id": "0".repeat(32)}),
        json!({"kind": "openai", "headers": {"openai-organization": "org-1"}}),
    ] {
        assert_eq!(
            pointers(&of(&provider)),
            ["/providers/x/api_key_secret"],
            "{provider}"
        );
    }
    read(&of(
        &json!({"kind": "openai", "headers": {"cf-aig-authorization": {"secret": "TOKEN"}}}),
    ));
    read(&of(
        &json!({"kind": "openai_compatible", "base_url": "http://127.0.0.1:8080/v1"}),
    ));
}

#[test]
fn kinds_without_a_usual_address_want_one() {
    let compatible = json!({"kind": "openai_compatible"});
    assert_eq!(pointers(&of(&compatible)), ["/providers/x/base_url"]);
    let azure = json!({"kind": "azure_openai", "api_version": "v1", "api_key_secret": "KEY"});
    assert_eq!(pointers(&of(&azure)), ["/providers/x/base_url"]);
}

#[test]
fn azure_says_which_interface_it_has() {
    let azure = |more: Value| {
        let mut azure =
            json!({"kind": "azure_openai", "base_url": "https://a", "api_key_secret": "KEY"});
        let map = azure.as_object_mut().expect("an object");
        map.extend(more.as_object().expect("an object").clone());
        of(&azure)
    };
    for version in ["v1", "2024-10-21", "2025-04-01-preview"] {
        read(&azure(json!({"api_version": version})));
    }
    for version in ["v2", "latest", "2024-13-01", "2024-10-21-beta"] {
        assert_eq!(
            pointers(&azure(json!({"api_version": version}))),
            ["/providers/x/api_version"]
        );
    }
    assert_eq!(pointers(&azure(json!({}))), ["/providers/x/api_version"]);
    let responses = azure(json!({"api": "responses", "api_version": "2024-10-21"}));
    assert_eq!(pointers(&responses), ["/providers/x/api_version"]);
}

#[test]
fn workers_ai_is_reached_by_one_binding_or_by_its_account() {
    let neither = json!({"kind": "workers_ai", "api_key_secret": "KEY"});
    assert_eq!(pointers(&of(&neither)), ["/providers/x/binding"]);
    let both = json!({"kind": "workers_ai", "binding": "AI", "account_id": "0".repeat(32), "api_key_secret": "K"});
    assert_eq!(
        pointers(&of(&both)),
        ["/providers/x/account_id", "/providers/x/api_key_secret"]
    );
    let account = json!({"kind": "workers_ai", "account_id": "mine", "api_key_secret": "KEY"});
    assert_eq!(pointers(&of(&account)), ["/providers/x/account_id"]);
    let two = json!({"providers": {
        "a": {"kind": "workers_ai", "binding": "AI"}, "b": {"kind": "workers_ai", "binding": "AI_TOO"}
    }});
    assert_eq!(pointers(&two), ["/providers/b/binding"]);
    let responses = json!({"kind": "workers_ai", "binding": "AI", "api": "responses"});
    assert_eq!(pointers(&of(&responses)), ["/providers/x/api"]);
}
