//! How a provider is reached, and with which key.

use super::model::date;
use super::names;
use crate::configuration::{HeaderSource, Reached};
use crate::json::rules::{Ruling, checked, names as named, object, text};
use crate::json::{Fields, Item};
use crate::provider::{Api, HeaderText, Provider, host_of};
use std::collections::BTreeMap;

/// The most header fields.
const HEADERS: usize = 16;

/// Where and how, as far as it could be read.
pub(super) struct Read {
    pub(super) reached: Option<Reached>,
    pub(super) api_key_secret: Option<String>,
    pub(super) headers: BTreeMap<String, HeaderSource>,
}

/// The base URL of a kind whose address everybody knows.
const fn usual_base_url(kind: Provider) -> Option<&'static str> {
    match kind {
        Provider::OpenAi => Some("https://api.openai.com/v1"),
        Provider::Anthropic => Some("https://api.anthropic.com"),
        Provider::WorkersAi => Some("https://api.cloudflare.com/client/v4"),
        Provider::AzureOpenAi | Provider::Compatible | Provider::Executor | Provider::Piston => {
            None
        }
    }
}

/// Reads `base_url`, `api_version`, `account_id`, `binding`, `api_key_secret` and `headers`.
pub(super) fn read(fields: &mut Fields<'_>, kind: Option<Provider>, api: Api) -> Read {
    let base_url = fields.optional("base_url", base_url);
    let version = fields.optional("api_version", api_version);
    let account_id = fields.optional("account_id", checked(text(1..=128), account));
    let binding = fields.optional("binding", names::variable);
    let api_key_secret = fields.optional("api_key_secret", names::variable);
    let headers = fields
        .optional("headers", named(HEADERS, names::header, header))
        .unwrap_or_default();
    let reached = kind.and_then(|kind| {
        check_version(fields, kind, api, version.as_ref());
        check_binding(fields, kind);
        check_key(fields, kind, &headers);
        if let Some(binding) = binding {
            return Some(Reached::Binding(binding));
        }
        let base_url = base_url.or_else(|| {
            if fields.has("base_url") {
                return None;
            }
            let usual = usual_base_url(kind);
            if usual.is_none() {
                fields.refuse("base_url", "is required");
            }
            usual.map(str::to_owned)
        });
        Some(Reached::Url {
            base_url: base_url?,
            api_version: version.flatten(),
            account_id,
        })
    });
    Read {
        reached,
        api_key_secret,
        headers,
    }
}

/// Azure has two interfaces, and each deployment must say which: nothing else has versions.
fn check_version(
    fields: &mut Fields<'_>,
    kind: Provider,
    api: Api,
    version: Option<&Option<String>>,
) {
    let is_there = fields.has("api_version");
    if kind != Provider::AzureOpenAi {
        if is_there {
            fields.refuse("api_version", "is for `azure_openai` alone");
        }
    } else if !is_there {
        let detail = "is required: `v1`, or the date of the interface of classic deployments";
        fields.refuse("api_version", detail);
    } else if api == Api::Responses && version.is_some_and(Option::is_some) {
        let detail = "must be `v1` for `responses`: classic deployments have no such interface";
        fields.refuse("api_version", detail);
    }
}

/// Workers AI is reached by a binding, or over HTTP by its account or by a gateway, whose URL names
/// the account; all others over HTTP.
fn check_binding(fields: &mut Fields<'_>, kind: Provider) {
    if kind != Provider::WorkersAi {
        for name in ["account_id", "binding"] {
            if fields.has(name) {
                fields.refuse(name, "is for `workers_ai` alone");
            }
        }
    } else if fields.has("binding") {
        for name in ["account_id", "base_url", "api_key_secret", "headers"] {
            if fields.has(name) {
                fields.refuse(name, "must be absent with `binding`");
            }
        }
    } else if !fields.has("account_id") && !fields.has("base_url") {
        let detail = "is required, or `account_id`, or the `base_url` of a gateway";
        fields.refuse("binding", detail);
    }
}

/// Whoever sells answers wants a key: as `api_key_secret`, or in a header field of a gateway that
/// has the provider's key itself.
fn check_key(fields: &mut Fields<'_>, kind: Provider, headers: &BTreeMap<String, HeaderSource>) {
    let in_header = headers.iter().any(|(name, source)| {
        names::carries_a_key(name) && matches!(source, HeaderSource::Secret(_))
    });
    let wants_one = match kind {
        Provider::OpenAi | Provider::AzureOpenAi | Provider::Anthropic => true,
        Provider::WorkersAi => !fields.has("binding"),
        Provider::Compatible | Provider::Executor | Provider::Piston => false,
    };
    let unread = fields.has("headers") && headers.is_empty();
    if wants_one && !in_header && !unread && !fields.has("api_key_secret") {
        let detail = "is required: the name of the secret that holds the key";
        fields.refuse("api_key_secret", detail);
    }
    for name in ["authorization", "api-key", "x-api-key"] {
        if fields.has("api_key_secret") && headers.contains_key(name) {
            let detail = "must be absent with `api_key_secret`, which is sent in its place";
            fields.refuse_at(&format!("/headers/{name}"), detail);
        }
    }
}

/// A URL that we would call.
pub(super) fn base_url(item: Item<'_>) -> Ruling<String> {
    checked(text(0..=2048), |url| {
        host_of(url).map(|_host| url.trim().to_owned())
    })(item)
}

/// `v1`, or the date of the interface; `None` stands for `v1`.
fn api_version(item: Item<'_>) -> Ruling<Option<String>> {
    checked(text(1..=32), |version| {
        if version == "v1" {
            return Ok(None);
        }
        let day = version.strip_suffix("-preview").unwrap_or(version);
        match date(day) {
            Ok(_) => Ok(Some(version.to_owned())),
            Err(_) => Err("must be `v1`, or a date like 2024-10-21 or 2024-10-01-preview"),
        }
    })(item)
}

fn account(id: &str) -> Result<String, &'static str> {
    let hexadecimal = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if id.len() == 32 && id.bytes().all(hexadecimal) {
        Ok(id.to_owned())
    } else {
        Err("must be the account's id: 32 of `0-9` and `a-f`")
    }
}

/// The value of a header field: its text, or `{ secret = "…" }`.
fn header(name: &str, item: Item<'_>) -> Ruling<HeaderSource> {
    if item.is_string() {
        return checked(text(0..=1024), |value| {
            if names::carries_a_key(name) {
                Err("carries a key: name a secret instead, like { secret = \"NAME\" }")
            } else if HeaderText::new(value).is_err() {
                Err("must consist of visible ASCII characters")
            } else {
                Ok(HeaderSource::Text(value.to_owned()))
            }
        })(item);
    }
    object(|mut fields: Fields<'_>| {
        let secret = fields.required("secret", names::variable);
        fields.finish(|| Some(HeaderSource::Secret(secret?)))
    })(item)
}
