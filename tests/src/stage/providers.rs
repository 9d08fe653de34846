//! The providers of a stage: one of every kind, each a customer of the simulator with a secret of
//! its own.

use anyhow::Result;
use serde_json::{Value, json};
use xtask::checkout;
use xtask::providers::Providers;
use xtask::stack::Service;

use crate::simulator::{Customer, Simulator};

/// The provider that jobs ask by default. It calls the simulator as nobody in particular.
pub(super) const DEFAULT: &str = "openai_compatible";
/// The secret that holds its key.
pub(super) const DEFAULT_SECRET: &str = "OPENAI_API_KEY";
/// Its key.
pub(super) const DEFAULT_KEY: &str = "sk-c4n4ry0provider0key0123456789abcdef";
/// The model of jobs that name none.
const MODEL: &str = "sim-ok";
/// The same, of Workers AI.
const WORKERS_AI_MODEL: &str = "@cf/redrive/sim-ok";
/// An account of Workers AI.
const ACCOUNT: &str = "0123456789abcdef0123456789abcdef";
/// The customer that runs code.
const PISTON: &str = "piston";
/// The customer behind the binding of Workers AI, and the provider's name.
const BINDING: &str = "workers-ai-binding";
/// The header of an AI Gateway, which one of the providers wants.
const GATEWAY_HEADER: &str = "cf-aig-authorization";
/// The secret in that header.
const GATEWAY: (&str, &str) = (
    "AI_GATEWAY_AUTHORIZATION",
    "Bearer c4n4ry0gateway0token0123456789",
);

/// A customer of the simulator, with the name and the value of the secret that holds its key.
struct Account {
    customer: &'static str,
    secret: &'static str,
    key: &'static str,
}

const fn account(customer: &'static str, secret: &'static str, key: &'static str) -> Account {
    Account {
        customer,
        secret,
        key,
    }
}

const ACCOUNTS: [Account; 8] = [
    account(
        "openai",
        "OPENAI_CHAT_API_KEY",
        "sk-c4n4ry0openai0chat0key0123456789",
    ),
    account(
        "openai-responses",
        "OPENAI_RESPONSES_API_KEY",
        "sk-c4n4ry0openai0responses0key01234",
    ),
    account(
        "azure-classic",
        "AZURE_CLASSIC_API_KEY",
        "c4n4ry0azure0classic0key0123456789",
    ),
    account(
        "azure-v1",
        "AZURE_V1_API_KEY",
        "c4n4ry0azure0v10key0123456789abcde",
    ),
    account(
        "anthropic",
        "ANTHROPIC_API_KEY",
        "sk-ant-c4n4ry0anthropic0key01234567",
    ),
    account(
        "workers-ai",
        "CLOUDFLARE_AI_TOKEN",
        "c4n4ry0workers0ai0token0123456789ab",
    ),
    // The consumer does not know it, so that it is redacted by its looks alone.
    account(
        BINDING,
        "PROVIDER_KEY",
        "c4n4ry0workers0ai0binding0key0123456789abcd",
    ),
    account(
        PISTON,
        "PISTON_API_KEY",
        "c4n4ry0piston0key0123456789abcdefgh",
    ),
];

/// Who may call the simulator.
pub(super) fn customers() -> Vec<Customer> {
    let customer = |account: &Account| Customer {
        name: account.customer.to_owned(),
        key: account.key.to_owned(),
        headers: if account.customer == "openai" {
            vec![(GATEWAY_HEADER.to_owned(), GATEWAY.1.to_owned())]
        } else {
            Vec::new()
        },
    };
    ACCOUNTS.iter().map(customer).collect()
}

/// The secrets of all providers, by their names.
pub(super) fn secrets() -> impl Iterator<Item = (&'static str, &'static str)> {
    let accounts = ACCOUNTS.iter().map(|one| (one.secret, one.key));
    accounts.chain([GATEWAY, (DEFAULT_SECRET, DEFAULT_KEY)])
}

/// What the Workers are told of them.
pub(super) fn providers(simulator: &Simulator) -> Result<Providers> {
    let at = |customer: &str, rest: &str| format!("{}{rest}", simulator.origin_of(customer));
    let providers = json!({
        DEFAULT: {
            "kind": "openai_compatible", "base_url": simulator.url(),
            "api_key_secret": DEFAULT_SECRET, "default_model": MODEL,
        },
        "openai": {
            "kind": "openai", "base_url": at("openai", "/v1"),
            "api_key_secret": "OPENAI_CHAT_API_KEY", "default_model": MODEL,
            "headers": { GATEWAY_HEADER: {"secret": GATEWAY.0} },
        },
        "openai-responses": {
            "kind": "openai", "api": "responses", "base_url": at("openai-responses", "/v1"),
            "api_key_secret": "OPENAI_RESPONSES_API_KEY", "default_model": MODEL,
        },
        "azure-classic": {
            "kind": "azure_openai", "api_version": "2024-10-21",
            "base_url": at("azure-classic", ""),
            "api_key_secret": "AZURE_CLASSIC_API_KEY", "default_model": MODEL,
        },
        "azure-v1": {
            "kind": "azure_openai", "api_version": "v1", "base_url": at("azure-v1", ""),
            "api_key_secret": "AZURE_V1_API_KEY", "default_model": MODEL,
        },
        "anthropic": {
            "kind": "anthropic", "base_url": at("anthropic", ""),
            "api_key_secret": "ANTHROPIC_API_KEY", "default_model": MODEL,
        },
        "workers-ai": {
            "kind": "workers_ai", "account_id": ACCOUNT,
            "base_url": at("workers-ai", "/client/v4"),
            "api_key_secret": "CLOUDFLARE_AI_TOKEN", "default_model": WORKERS_AI_MODEL,
        },
        BINDING: {"kind": "workers_ai", "binding": "AI", "default_model": WORKERS_AI_MODEL},
    });
    Providers::of(&json!({
        "default_providers": [DEFAULT],
        "providers": providers,
        "remote_executor": remote_executor(&at(PISTON, "")),
    }))
}

fn remote_executor(base_url: &str) -> Value {
    json!({
        "base_url": base_url,
        "api_key_secret": "PISTON_API_KEY",
        "languages": {"bash": "5.2.0", "java": "15.0.2", "ruby": "3.0.1", "rust": "1.68.2"},
    })
}

/// The Worker behind the binding of Workers AI.
pub(super) fn workers_ai() -> Service {
    Service {
        binding: "AI".to_owned(),
        configuration: checkout::path("tests/ai-binding/wrangler.toml"),
        secrets: vec!["PROVIDER_KEY".to_owned()],
    }
}

/// Where that Worker finds the simulator: its variable, and the value.
pub(super) fn workers_ai_url(simulator: &Simulator) -> (String, String) {
    ("PROVIDER_URL".to_owned(), simulator.origin_of(BINDING))
}
